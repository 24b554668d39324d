//! Whom rules are about: assessed persons, their poverty households, and whom other registries attach to a household.
//!
//! Takes the records and links; gives dense indices, so that facts are plain vectors. Membership of a poverty
//! household comes from poverty rows only. Cost: linear in rows; one hash of each household code.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use arrow::array::{Array, Date32Array, StringArray};

use crate::config::policy::Policy;
use crate::model::columns::{
    HEAD_ID, HEAD_NAME, HOUSEHOLD_CODE, HOUSEHOLD_KEY, ID_NUMBER, ID_STATE, IdState, NAME, RELATION, VILLAGE_CODE,
};
use crate::model::exemption::EXEMPTION;
use crate::model::link::{Linked, PersonIx, ReviewPair, Suspicion};
use crate::model::personal::Personal;
use crate::model::record::{RecordSet, RegistryRecords, RowId};

/// No index.
pub(crate) const NONE: u32 = u32::MAX;

/// The registry whose household code makes households.
pub(crate) const POVERTY: &str = "poverty";

/// Rows by owner: `rows[starts[i]..starts[i + 1]]`, in row order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups {
    starts: Vec<u32>,
    rows: Vec<u32>,
}

impl Groups {
    /// Groups `(owner, row)` pairs; owners that are [`NONE`] are left out, the order of pairs is kept within an owner.
    pub(crate) fn new(owners: usize, pairs: &[(u32, u32)]) -> Self {
        let mut starts = vec![0_u32; owners + 1];
        for (owner, _) in pairs {
            if let Some(count) = starts.get_mut(*owner as usize + 1).filter(|_| *owner != NONE) {
                *count += 1;
            }
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let mut next = starts.clone();
        let mut rows = vec![0_u32; starts.last().map_or(0, |end| *end as usize)];
        for (owner, row) in pairs {
            if *owner as usize >= owners {
                continue;
            }
            let at = &mut next[*owner as usize];
            rows[*at as usize] = *row;
            *at += 1;
        }
        Self { starts, rows }
    }

    /// The rows of an owner.
    pub(crate) fn of(&self, owner: usize) -> &[u32] {
        match (self.starts.get(owner), self.starts.get(owner + 1)) {
            (Some(start), Some(end)) => self.rows.get(*start as usize..*end as usize).unwrap_or(&[]),
            _ => &[],
        }
    }

    /// Where each owner's rows start, and the rows.
    pub(crate) fn parts(&self) -> (&[u32], &[u32]) {
        (&self.starts, &self.rows)
    }
}

/// A registry's own households: rows by the key under which they were told, where there is one; else by its household code, else by the head's number, else (where asked for) by the head's name and the
/// village, unless two heads there bear the name.
#[derive(Debug)]
pub(crate) struct RegistryHouseholds {
    /// Key per row, [`NONE`] where the row names no household.
    pub(crate) key_of_row: Vec<u32>,
    /// Rows per key.
    pub(crate) rows: Groups,
}

impl RegistryHouseholds {
    pub(crate) fn new(records: &RegistryRecords, by_head_name: bool) -> Self {
        let mut keys: HashMap<(&str, &str), u32> = HashMap::new();
        let (codes, heads) = (records.text(HOUSEHOLD_CODE), records.text(HEAD_ID));
        let named = if by_head_name { records.text(HEAD_NAME) } else { None };
        let villages = records.text(VILLAGE_CODE);
        let by_name = |row: usize| Some((text_at(villages, row)?, text_at(named, row)?));
        let shared = shared_names(records, &by_name);
        let stated = records.text(HOUSEHOLD_KEY);
        let mut key_of_row = Vec::with_capacity(records.len());
        for row in 0..records.len() {
            let own = text_at(codes, row).map(|code| ("code", code));
            let key = own.or_else(|| text_at(heads, row).map(|head| ("head", head)));
            let key = key.or_else(|| by_name(row).filter(|name| !shared.contains(name)));
            let key = if stated.is_some() { text_at(stated, row).map(|key| ("stated", key)) } else { key };
            let fresh = u32::try_from(keys.len()).unwrap_or(NONE);
            key_of_row.push(key.map_or(NONE, |key| *keys.entry(key).or_insert(fresh)));
        }
        let pairs: Vec<(u32, u32)> = key_of_row.iter().copied().zip(0..).collect();
        let rows = Groups::new(keys.len(), &pairs);
        Self { key_of_row, rows }
    }
}

/// Names, with their village, that several heads of households bear: by the numbers of those who are heads themselves.
fn shared_names<'r>(
    records: &'r RegistryRecords,
    by_name: &impl Fn(usize) -> Option<(&'r str, &'r str)>,
) -> HashSet<(&'r str, &'r str)> {
    let mut heads: HashMap<(&str, &str), &str> = HashMap::new();
    let mut shared = HashSet::new();
    for row in 0..records.len() {
        let Some((village, head)) = by_name(row) else { continue };
        let own = records.text_at(RELATION, row) == Some("户主") || records.text_at(NAME, row) == Some(head);
        let Some(number) = records.text_at(ID_NUMBER, row).filter(|_| own) else { continue };
        if *heads.entry((village, head)).or_insert(number) != number {
            shared.insert((village, head));
        }
    }
    shared
}

/// The text at `row`, `None` for null, empty, or a column that is not there.
pub(crate) fn text_at(array: Option<&StringArray>, row: usize) -> Option<&str> {
    array.filter(|array| array.is_valid(row)).map(|array| array.value(row)).filter(|text| !text.is_empty())
}

/// A poverty household.
#[derive(Debug)]
pub(crate) struct Household {
    /// Its code.
    pub(crate) code: Personal,
    /// Subjects of its members, in poverty row order.
    pub(crate) members: Vec<u32>,
    /// The member that a poverty row calls 户主, else the first.
    pub(crate) head: u32,
}

/// Persons and households of a run.
pub(crate) struct Subjects<'a> {
    pub(crate) records: &'a RecordSet,
    pub(crate) linked: &'a Linked,
    /// Person of each subject, ascending.
    pub(crate) persons: Vec<PersonIx>,
    /// Subject of each person, [`NONE`] for those who are only looked up.
    pub(crate) subject_of: Vec<u32>,
    pub(crate) households: Vec<Household>,
    /// Poverty household of each person.
    pub(crate) household_of: Vec<u32>,
    /// Household that each poverty row names: a person listed in two leaves what stands in a row with the row's own.
    pub(crate) household_of_row: Vec<u32>,
    /// Poverty household of each person, or of somebody with whom another registry puts the person in one household.
    pub(crate) attached: Vec<u32>,
    /// Whether some row of the person bears a valid number.
    pub(crate) number_valid: Vec<bool>,
    /// Rows of the exemption list.
    list: Range<u32>,
    /// Text columns of the people table by name, looked up once.
    people: Vec<(&'a str, &'a StringArray)>,
}

impl<'a> Subjects<'a> {
    pub(crate) fn new(records: &'a RecordSet, linked: &'a Linked, policy: &Policy) -> Self {
        let count = linked.people.0.num_rows();
        let mut assessed = vec![false; count];
        let mut number_valid = vec![false; count];
        for (position, registry) in records.registries.iter().enumerate() {
            let listed = policy.settings.people.contains(&registry.registry);
            let states = registry.text(ID_STATE);
            for (row, person) in persons_of(records, linked, position) {
                if listed {
                    assessed[person] = true;
                }
                if registry.registry.as_str() != EXEMPTION && text_at(states, row) == Some(IdState::Valid.as_str()) {
                    number_valid[person] = true;
                }
            }
        }
        let mut subject_of = vec![NONE; count];
        let mut persons = Vec::new();
        for (person, _) in assessed.iter().enumerate().filter(|(_, assessed)| **assessed) {
            subject_of[person] = index(persons.len());
            persons.push(PersonIx(index(person)));
        }
        let mut subjects = Self {
            records,
            linked,
            persons,
            subject_of,
            households: Vec::new(),
            household_of: vec![NONE; count],
            household_of_row: Vec::new(),
            attached: Vec::new(),
            number_valid,
            people: text_columns(linked),
            list: records.registry(EXEMPTION).map_or(0..0, |(position, list)| {
                let start = records.offset(position);
                start..start + index(list.len())
            }),
        };
        subjects.read_households();
        subjects.attach();
        subjects
    }

    fn read_households(&mut self) {
        let Some((position, poverty)) = self.records.registry(POVERTY) else { return };
        let mut by_code: HashMap<&str, u32> = HashMap::new();
        self.household_of_row = vec![NONE; poverty.len()];
        for (row, person) in persons_of(self.records, self.linked, position) {
            let Some(code) = poverty.text_at(HOUSEHOLD_CODE, row) else { continue };
            let household = *by_code.entry(code).or_insert_with(|| {
                self.households.push(Household { code: code.into(), members: Vec::new(), head: NONE });
                index(self.households.len() - 1)
            });
            self.household_of_row[row] = household;
            // A person listed in two households counts in the first; the second listing is a duplicate to report.
            if self.household_of[person] == NONE {
                self.household_of[person] = household;
                let subject = self.subject_of[person];
                let head = poverty.text_at(RELATION, row) == Some("户主");
                let household = &mut self.households[household as usize];
                household.members.push(subject);
                if household.head == NONE && head {
                    household.head = subject;
                }
            }
        }
        for household in &mut self.households {
            if household.head == NONE {
                household.head = household.members.first().copied().unwrap_or(NONE);
            }
        }
    }

    /// Registries that put several persons into one household carry the poverty household over to the others.
    fn attach(&mut self) {
        let mut attached = self.household_of.clone();
        for (position, registry) in self.records.registries.iter().enumerate() {
            let in_households = registry.text(HOUSEHOLD_CODE).is_some() || registry.text(HEAD_ID).is_some();
            // The exemption list names households, it does not make any.
            let makes_none = [POVERTY, EXEMPTION].contains(&registry.registry.as_str());
            if registry.grain.is_household() || makes_none || !in_households {
                continue;
            }
            let own = RegistryHouseholds::new(registry, false);
            let persons: Vec<usize> = persons_of(self.records, self.linked, position).map(|(_, person)| person).collect();
            for key in 0..own.rows.parts().0.len().saturating_sub(1) {
                let rows = own.rows.of(key);
                let known = rows.iter().map(|row| self.household_of[persons[*row as usize]]).find(|found| *found != NONE);
                let Some(household) = known else { continue };
                for row in rows {
                    let place = &mut attached[persons[*row as usize]];
                    if *place == NONE {
                        *place = household;
                    }
                }
            }
        }
        self.attached = attached;
    }

    /// Whether the row is one of the county's own exemption list, which proves and disproves nobody's identity.
    fn is_list(&self, row: RowId) -> bool {
        self.list.contains(&row.0)
    }

    /// What linking suspects between rows of registries.
    pub(crate) fn suspicions(&self) -> impl Iterator<Item = &'a Suspicion> + '_ {
        self.linked.suspicions.iter().filter(|suspicion| {
            let (one, other) = match suspicion {
                Suspicion::NumberTwoNames { left, right } => (left, right),
                Suspicion::Duplicate { first, again } => (first, again),
                Suspicion::Damaged { row, source, .. } => (row, source),
            };
            !self.is_list(*one) && !self.is_list(*other)
        })
    }

    /// Pairs of registry rows that a human must decide.
    pub(crate) fn reviews(&self) -> impl Iterator<Item = &'a ReviewPair> + '_ {
        self.linked.review.iter().filter(|pair| !self.is_list(pair.left) && !self.is_list(pair.right))
    }

    /// The person a row is linked to.
    pub(crate) fn person(&self, row: RowId) -> Option<PersonIx> {
        self.linked.links.get(row.0 as usize).map(|link| link.person)
    }

    /// The name that goes with a town's code.
    pub(crate) fn town_name(&self, code: &str) -> Option<&'a str> {
        (0..self.linked.people.0.num_rows())
            .map(|person| PersonIx(index(person)))
            .find(|person| self.people_text("town_code", *person) == Some(code))
            .and_then(|person| self.people_text("town", person))
    }

    /// Birth date of a person, in days.
    pub(crate) fn people_birth(&self, person: PersonIx) -> Option<i32> {
        let births = self.linked.people.0.column_by_name("birth")?.as_any().downcast_ref::<Date32Array>()?;
        let at = person.0 as usize;
        (at < births.len() && births.is_valid(at)).then(|| births.value(at))
    }

    /// A text column of the people table.
    pub(crate) fn people_text(&self, column: &str, person: PersonIx) -> Option<&'a str> {
        let (_, array) = self.people.iter().find(|(name, _)| *name == column)?;
        text_at(Some(*array).filter(|array| (person.0 as usize) < array.len()), person.0 as usize)
    }
}

fn text_columns(linked: &Linked) -> Vec<(&str, &StringArray)> {
    let people = &linked.people.0;
    let names = people.schema_ref().fields().iter().map(|field| field.name().as_str());
    names.zip(people.columns()).filter_map(|(name, array)| Some((name, array.as_any().downcast_ref()?))).collect()
}

/// `(row, person)` for every row of a registry whose link is there.
pub(crate) fn persons_of<'a>(
    records: &'a RecordSet,
    linked: &'a Linked,
    position: usize,
) -> impl Iterator<Item = (usize, usize)> + 'a {
    let offset = records.offset(position) as usize;
    let length = records.registries.get(position).map_or(0, RegistryRecords::len);
    linked.links.iter().skip(offset).take(length).map(|link| link.person.0 as usize).enumerate()
}

/// Indices of a run fit 32 bits, as [`RowId`] does.
pub(crate) fn index(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(NONE)
}
