//! Who could be whom: reasons to hold back an accusation by absence.
//!
//! Takes the accused of one rule and the registries in which they were not found; gives, per accused, the rows there
//! that could be that person: the other side of an open review pair, or a row that nobody joined and that shares the
//! household, or name and village with a damaged number. Cost: one pass over the unjoined rows of those registries.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::array::{Array, Date32Array};

use super::compose::Composer;
use super::subjects::{NONE, Subjects, text_at};
use crate::model::columns::{BIRTH, ID_STATE, IdState, NAME, SEX, TOWN_CODE, VILLAGE_CODE};
use crate::model::link::{LinkStatus, PersonIx, Suspicion};
use crate::model::record::{RegistryRecords, RowId};
use crate::model::registry::RegistryId;

/// Looks for who could be whom.
pub(crate) struct Doubter<'a> {
    composer: &'a Composer<'a>,
    /// By registry, in row order: rows that nobody joined, as position within the registry.
    alone: BTreeMap<RegistryId, Vec<usize>>,
    /// Rows with a number that two names bear: what it says of such a row is said of somebody else.
    borrowed: BTreeSet<RowId>,
}

impl<'a> Doubter<'a> {
    /// One pass over the rows of `registries`.
    pub(crate) fn new(composer: &'a Composer<'a>, registries: &BTreeSet<RegistryId>) -> Self {
        let subjects = composer.subjects;
        let alone = |registry: &RegistryId| {
            let (position, records) = subjects.records.registry(registry.as_str())?;
            let links = subjects.linked.links.iter().skip(subjects.records.offset(position) as usize).take(records.len());
            let alone = links.enumerate().filter(|(_, link)| link.status == LinkStatus::Alone).map(|(row, _)| row);
            Some((registry.clone(), alone.collect()))
        };
        let borrowed = subjects.linked.suspicions.iter().flat_map(|suspicion| match suspicion {
            Suspicion::NumberTwoNames { left, right } => vec![*left, *right],
            _ => Vec::new(),
        });
        Self { composer, alone: registries.iter().filter_map(alone).collect(), borrowed: borrowed.collect() }
    }

    /// Rows of `registries` that could be each of `accused`, in row order.
    pub(crate) fn doubts(&self, registries: &[RegistryId], accused: &[PersonIx]) -> Vec<Vec<RowId>> {
        let subjects = self.composer.subjects;
        let mut found: Vec<BTreeSet<RowId>> = vec![BTreeSet::new(); accused.len()];
        let mut by_person: HashMap<PersonIx, Vec<usize>> = HashMap::new();
        let mut by_household: HashMap<u32, Vec<usize>> = HashMap::new();
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        let known: Vec<Known<'_>> = accused.iter().map(|person| Known::person(subjects, *person)).collect();
        for (at, person) in accused.iter().enumerate() {
            by_person.entry(*person).or_default().push(at);
            let household = subjects.attached[person.0 as usize];
            if household != NONE {
                by_household.entry(household).or_default().push(at);
            }
            if let Some(name) = known[at].name {
                by_name.entry(name).or_default().push(at);
            }
        }
        for pair in subjects.reviews() {
            for (one, other) in [(pair.left, pair.right), (pair.right, pair.left)] {
                let Some(person) = subjects.person(one) else { continue };
                // The other row, or another row of whoever it belongs to.
                let rows = subjects.person(other).into_iter().flat_map(|stranger| self.composer.rows_of(stranger)).chain([other]);
                if rows.into_iter().any(|row| in_registries(subjects, row, registries)) {
                    for at in by_person.get(&person).into_iter().flatten() {
                        found[*at].insert(other);
                    }
                }
            }
        }
        let sources = registries.iter().filter_map(|id| Some((subjects.records.registry(id.as_str())?, self.alone.get(id)?)));
        for ((position, records), rows) in sources {
            let offset = subjects.records.offset(position);
            for row in rows.iter().copied() {
                let id = RowId(offset + super::subjects::index(row));
                let Some(person) = subjects.person(id).map(|person| person.0 as usize) else { continue };
                let household = subjects.attached[person];
                let mates = by_household.get(&household).filter(|_| household != NONE);
                let namesakes = text_at(records.text(NAME), row).and_then(|name| by_name.get(name));
                if mates.is_none() && namesakes.is_none() {
                    continue;
                }
                let mut candidate = Known::row(records, row);
                if self.borrowed.contains(&id) {
                    (candidate.number_valid, candidate.birth, candidate.sex) = (false, None, None);
                }
                for at in mates.into_iter().flatten() {
                    if accused[*at].0 as usize != person && known[*at].could_be_housemate(&candidate) {
                        found[*at].insert(id);
                    }
                }
                for at in namesakes.into_iter().flatten() {
                    if accused[*at].0 as usize != person && known[*at].could_be_namesake(&candidate) {
                        found[*at].insert(id);
                    }
                }
            }
        }
        // Whom people have told apart nobody need tell apart again.
        let decided = &subjects.linked.decided;
        let open = |person: PersonIx, row: &RowId| !subjects.person(*row).is_some_and(|other| decided.are_apart(person, other));
        found.into_iter().zip(accused).map(|(rows, person)| rows.into_iter().filter(|row| open(*person, row)).collect()).collect()
    }
}

fn in_registries(subjects: &Subjects<'_>, row: RowId, registries: &[RegistryId]) -> bool {
    let position = subjects.records.locate(row).map(|(position, _)| position);
    position.and_then(|position| subjects.records.registries.get(position)).is_some_and(|r| registries.contains(&r.registry))
}

/// What is known of a person or a row.
#[derive(Debug)]
struct Known<'a> {
    name: Option<&'a str>,
    birth: Option<i32>,
    sex: Option<&'a str>,
    town: Option<&'a str>,
    village: Option<&'a str>,
    number_valid: bool,
}

impl<'a> Known<'a> {
    fn person(subjects: &Subjects<'a>, person: PersonIx) -> Self {
        let birth = subjects.linked.people.0.column_by_name("birth");
        let birth = birth.and_then(|array| array.as_any().downcast_ref::<Date32Array>());
        let at = person.0 as usize;
        Self {
            name: subjects.people_text("name", person),
            birth: birth.filter(|array| array.is_valid(at)).map(|array| array.value(at)),
            sex: subjects.people_text("sex", person),
            town: subjects.people_text("town_code", person),
            village: subjects.people_text("village_code", person),
            number_valid: subjects.number_valid[at],
        }
    }

    fn row(records: &'a RegistryRecords, row: usize) -> Self {
        let birth = records.date(BIRTH);
        Self {
            name: records.text_at(NAME, row),
            birth: birth.filter(|array| array.is_valid(row)).map(|array| array.value(row)),
            sex: records.text_at(SEX, row),
            town: records.text_at(TOWN_CODE, row),
            village: records.text_at(VILLAGE_CODE, row),
            number_valid: records.text_at(ID_STATE, row) == Some(IdState::Valid.as_str()),
        }
    }

    fn could_be_housemate(&self, other: &Self) -> bool {
        if self.name.is_some() && self.name == other.name {
            return true;
        }
        // Two valid numbers and two names are two people, twins included.
        if self.number_valid && other.number_valid || differ(self.sex, other.sex) {
            return false;
        }
        match (self.birth, other.birth) {
            (Some(own), Some(others)) => own == others,
            _ => similar(self.name, other.name),
        }
    }

    fn could_be_namesake(&self, other: &Self) -> bool {
        let place = match (self.village, other.village) {
            (Some(own), Some(others)) => own == others,
            _ => self.town.is_some() && self.town == other.town,
        };
        let contradicted = differ(self.birth, other.birth) || differ(self.sex, other.sex);
        let two_numbers = self.number_valid && other.number_valid;
        place && !contradicted && !two_numbers
    }
}

/// Both known and not the same.
fn differ<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one != other)
}

/// Same length and all but one character in place, or nothing known.
fn similar(one: Option<&str>, other: Option<&str>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return true };
    let (count, others) = (one.chars().count(), other.chars().count());
    let same = one.chars().zip(other.chars()).filter(|(left, right)| left == right).count();
    count == others && count > 2 && same + 1 >= count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str, birth: Option<i32>, number_valid: bool) -> Known<'_> {
        Known { name: Some(name), birth, sex: None, town: Some("520324101"), village: Some("520324101001"), number_valid }
    }

    #[test]
    fn a_damaged_namesake_in_the_village_could_be_the_person() {
        let accused = known("张小明", Some(7305), true);
        assert!(accused.could_be_namesake(&known("张小明", None, false)));
        assert!(!accused.could_be_namesake(&known("张小明", Some(9000), false)), "another birth date");
        assert!(!accused.could_be_namesake(&known("张小明", Some(7305), true)), "two valid numbers");
    }

    #[test]
    fn twins_with_valid_numbers_are_two_people() {
        let accused = known("张小明", Some(7305), true);
        assert!(!accused.could_be_housemate(&known("张小亮", Some(7305), true)));
        assert!(accused.could_be_housemate(&known("张晓明", Some(7305), false)));
        assert!(accused.could_be_housemate(&known("张晓明", None, false)), "one character differs, birth unknown");
        assert!(!accused.could_be_housemate(&known("李大海", None, false)));
    }
}
