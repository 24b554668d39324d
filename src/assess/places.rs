//! Where people live, and sums by place.
//!
//! Takes the people table; gives each place once, in order of codes, so that counts by town and village are sums over small
//! vectors. Cost: one pass over the assessed persons, then one addition per person counted.

use super::subjects::{NONE, Subjects, index};
use crate::model::columns::{TOWN, TOWN_CODE, VILLAGE, VILLAGE_CODE};
use crate::model::link::PersonIx;

/// Where somebody lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place<'a> {
    pub(crate) town_code: Option<&'a str>,
    pub(crate) village_code: Option<&'a str>,
    pub(crate) town: Option<&'a str>,
    pub(crate) village: Option<&'a str>,
}

/// The places of the assessed persons.
#[derive(Debug)]
pub(crate) struct Places<'a> {
    /// Each once, in order; the last is that of persons of whom none is known.
    all: Vec<Place<'a>>,
    /// Position in `all` by person.
    of_person: Vec<u32>,
}

impl<'a> Places<'a> {
    pub(crate) fn new(subjects: &Subjects<'a>) -> Self {
        let home = |person: &PersonIx| {
            let text = |column| subjects.people_text(column, *person);
            Place { town_code: text(TOWN_CODE), village_code: text(VILLAGE_CODE), town: text(TOWN), village: text(VILLAGE) }
        };
        let mut all: Vec<Place<'a>> = subjects.persons.iter().map(home).collect();
        all.sort_unstable();
        all.dedup();
        let mut of_person = vec![NONE; subjects.linked.people.0.num_rows()];
        for person in &subjects.persons {
            of_person[person.0 as usize] = all.binary_search(&home(person)).map_or(NONE, index);
        }
        all.push(Place::default());
        Self { all, of_person }
    }

    fn at(&self, person: PersonIx) -> usize {
        let nowhere = self.all.len() - 1;
        self.of_person.get(person.0 as usize).map_or(nowhere, |at| (*at as usize).min(nowhere))
    }

    /// Every place, and nowhere.
    pub(crate) fn all(&self) -> &[Place<'a>] {
        &self.all
    }

    /// Two sums over persons by where they live, in order of codes; places where none of them lives are left out.
    pub(crate) fn sums(&self, persons: impl Iterator<Item = (PersonIx, (i64, i64))>) -> Vec<(Place<'a>, (i64, i64))> {
        let mut sums: Vec<Option<(i64, i64)>> = vec![None; self.all.len()];
        for (person, (one, other)) in persons {
            let sum = sums[self.at(person)].get_or_insert_default();
            *sum = (sum.0.saturating_add(one), sum.1.saturating_add(other));
        }
        self.all.iter().zip(sums).filter_map(|(place, sum)| Some((*place, sum?))).collect()
    }
}
