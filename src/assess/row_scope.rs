//! Which rows of a registry count for a subject.
//!
//! Takes a source of a fact and the rows that pass its filter; gives rows by subject, in row order. Cost: linear in the rows of the registry
//! (and of the registry that bridges to it), once per registry, filter and [`Reach`].

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, BooleanArray};

use super::reading::Reader;
use super::rows::OwnedRows;
use super::subjects::{NONE, POVERTY, index, persons_of};
use super::{AssessError, holders};
use crate::config::policy::{Pairs, Reach, Source};
use crate::model::columns::{NAME, VILLAGE_CODE};
use crate::model::finding::Scope;
use crate::model::link::PersonIx;
use crate::model::record::RegistryRecords;

impl<'a> Reader<'a> {
    /// Rows by subject, of those that pass a filter called `text`; each grouping is made once.
    pub(super) fn group(
        &mut self,
        position: usize,
        records: &'a RegistryRecords,
        source: &Source,
        scope: Scope,
        (text, filter): (&str, Option<&BooleanArray>),
    ) -> Result<Arc<OwnedRows>, AssessError> {
        let key = (position, text.to_owned(), format!("{scope:?}{:?}{:?}", source.reach, source.stranger));
        if let Some(known) = self.groups.get(&key) {
            return Ok(Arc::clone(known));
        }
        let subjects = self.subjects;
        let passes = |row: usize| filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
        let owner = |person: usize| match scope {
            Scope::Household if records.grain.is_household() => subjects.attached[person],
            Scope::Household => subjects.household_of[person],
            _ => subjects.subject_of[person],
        };
        let owners = if scope == Scope::Household { subjects.households.len() } else { subjects.persons.len() };
        let rows = || persons_of(subjects.records, subjects.linked, position);
        let pairs: Vec<(u32, u32)> = match &source.reach {
            // A household's poverty rows are those that name it, whoever stands in them.
            Reach::Own if scope == Scope::Household && records.registry.as_str() == POVERTY => {
                let named = subjects.household_of_row.iter().copied().enumerate();
                named.filter(|(row, _)| passes(*row)).map(|(row, household)| (household, index(row))).collect()
            }
            Reach::Own => rows().filter(|(row, _)| passes(*row)).map(|(row, person)| (owner(person), index(row))).collect(),
            Reach::RegistryHousehold => {
                let own = self.own_households(position, records);
                let mut seeds: Vec<(u32, u32)> = rows()
                    .filter(|(row, _)| passes(*row))
                    .map(|(row, person)| (owner(person), own.key_of_row[row]))
                    .filter(|(owner, _)| *owner != NONE)
                    .collect();
                seeds.sort_unstable();
                seeds.dedup();
                // Where one of the subject's rows is of an unknown household, how many are in its households is unknown as well.
                let unknown: HashSet<u32> = seeds.iter().filter(|(_, key)| *key == NONE).map(|(owner, _)| *owner).collect();
                seeds.retain(|(owner, _)| !unknown.contains(owner));
                let all = seeds.iter().flat_map(|(owner, key)| {
                    own.rows.of(*key as usize).iter().filter(|row| passes(**row as usize)).map(|row| (*owner, *row))
                });
                all.collect()
            }
            Reach::Sharing(column) => {
                let mut by_value: HashMap<&str, Vec<u32>> = HashMap::new();
                let value = |row: usize| records.text_at(column, row).filter(|_| passes(row));
                for row in 0..records.len() {
                    if let Some(value) = value(row) {
                        by_value.entry(value).or_default().push(index(row));
                    }
                }
                let own = rows().filter_map(|(row, person)| Some((owner(person), value(row)?)));
                own.flat_map(|(owner, value)| by_value.get(value).into_iter().flatten().map(move |row| (owner, *row))).collect()
            }
            Reach::NamedBy(column) => {
                let persons = self.persons_by_number();
                let named = |row: usize| persons.get(records.text_at(column, row)?).copied().filter(|person| *person != NONE);
                let rows = (0..records.len()).filter(|row| passes(*row));
                rows.filter_map(|row| Some((owner(named(row)? as usize), index(row)))).collect()
            }
            Reach::Beside(pairs) => {
                let others = self.others(pairs)?;
                let mut rows: Vec<(usize, u32)> = rows().filter(|(row, _)| passes(*row)).map(|(r, p)| (p, index(r))).collect();
                rows.sort_unstable();
                let of = |person: u32| {
                    let from = rows.partition_point(|(other, _)| *other < person as usize);
                    rows.iter().skip(from).take_while(move |(other, _)| *other == person as usize).map(|(_, row)| *row)
                };
                others.iter().flat_map(|(person, other)| of(*other).map(|row| (owner(*person as usize), row))).collect()
            }
            // The same for everybody: nobody has rows of their own.
            Reach::Whole => Vec::new(),
            Reach::Village => {
                let mut rows: Vec<(&str, u32)> = (0..records.len())
                    .filter(|row| passes(*row))
                    .filter_map(|row| Some((records.text_at(VILLAGE_CODE, row)?, index(row))))
                    .collect();
                rows.sort_unstable();
                let representative = |owner: usize| match scope {
                    Scope::Household => subjects.households.get(owner).and_then(|one| subjects.persons.get(one.head as usize)),
                    _ => subjects.persons.get(owner),
                };
                let home = |owner: usize| {
                    representative(owner).and_then(|representative| subjects.people_text(VILLAGE_CODE, *representative))
                };
                let of = |code: &str| {
                    let from = rows.partition_point(|(village, _)| *village < code);
                    let until = rows.partition_point(|(village, _)| *village <= code);
                    rows.get(from..until).unwrap_or(&[]).iter().map(|(_, row)| *row).collect::<Vec<_>>()
                };
                let homes = (0..owners).filter_map(|owner| Some((index(owner), home(owner)?)));
                homes.flat_map(|(owner, code)| of(code).into_iter().map(move |row| (owner, row))).collect()
            }
            Reach::Through(bridge) => match subjects.records.registry(bridge.as_str()) {
                None => Vec::new(),
                Some((bridge_position, bridge_records)) => {
                    let own = self.own_households(bridge_position, bridge_records);
                    let members: Vec<usize> =
                        persons_of(subjects.records, subjects.linked, bridge_position).map(|(_, person)| person).collect();
                    let mut keys: Vec<(usize, u32)> = members.iter().copied().zip(own.key_of_row.iter().copied()).collect();
                    keys.sort_unstable();
                    let mut pairs = Vec::new();
                    for (row, head) in rows().filter(|(row, _)| passes(*row)) {
                        pairs.push((owner(head), index(row)));
                        let from = keys.partition_point(|(person, _)| *person < head);
                        for (_, key) in keys.iter().skip(from).take_while(|(person, _)| *person == head) {
                            if *key == NONE {
                                continue;
                            }
                            for mate in own.rows.of(*key as usize) {
                                pairs.push((owner(members[*mate as usize]), index(row)));
                            }
                        }
                    }
                    pairs
                }
            },
        };
        let pairs = match &source.stranger {
            Some(column) if scope == Scope::Person => self.strangers(pairs, records, column),
            _ => pairs,
        };
        let groups = Arc::new(OwnedRows::new(pairs));
        self.groups.insert(key, Arc::clone(&groups));
        Ok(groups)
    }

    /// Pairs of subject and row without those whose row names, in a column, the subject or somebody of its household, or nobody that can be read: the poverty registry's,
    /// or one of a registry that puts persons into households.
    fn strangers(&mut self, mut pairs: Vec<(u32, u32)>, records: &'a RegistryRecords, column: &str) -> Vec<(u32, u32)> {
        let subjects = self.subjects;
        pairs.retain(|(owner, _)| *owner != NONE);
        let mut kin: HashMap<u32, Vec<&'a str>> = HashMap::new();
        for (owner, _) in &pairs {
            let Some(person) = subjects.persons.get(*owner as usize) else { continue };
            let names = kin.entry(*owner).or_default();
            let household = subjects.households.get(subjects.attached[person.0 as usize] as usize);
            let mates = household.into_iter().flat_map(|household| &household.members);
            let mates = mates.filter_map(|mate| subjects.persons.get(*mate as usize));
            names.extend(mates.chain([person]).filter_map(|mate| subjects.people_text(NAME, *mate)));
        }
        for (position, registry) in subjects.records.registries.iter().enumerate() {
            if registry.grain.is_household() {
                continue;
            }
            let own = self.own_households(position, registry);
            for (row, person) in persons_of(subjects.records, subjects.linked, position) {
                let Some(names) = kin.get_mut(&subjects.subject_of[person]) else { continue };
                names.extend(registry.text_at(NAME, row));
                let mates = if own.key_of_row[row] == NONE { &[][..] } else { own.rows.of(own.key_of_row[row] as usize) };
                names.extend(mates.iter().filter_map(|mate| registry.text_at(NAME, *mate as usize)));
            }
        }
        let raw = format!("{column}_raw");
        let is_one_for_all = holders::is_one_for_all(records, column);
        pairs.retain(|(owner, row)| {
            let named = records.text_at(column, *row as usize);
            let written = records.text_at(&raw, *row as usize).or(named);
            let kin = kin.get(owner).map_or(&[][..], Vec::as_slice);
            !is_one_for_all && written.is_none_or(|written| holders::is_stranger(written, kin))
        });
        pairs
    }

    /// Person by valid number; [`NONE`] where two persons bear it.
    fn persons_by_number(&mut self) -> Arc<HashMap<&'a str, u32>> {
        let subjects = self.subjects;
        let build = || {
            let mut persons: HashMap<&'a str, u32> = HashMap::new();
            for (person, valid) in subjects.number_valid.iter().enumerate() {
                if let Some(number) = subjects.people_text("number", PersonIx(index(person))).filter(|_| *valid) {
                    persons.entry(number).and_modify(|person| *person = NONE).or_insert(index(person));
                }
            }
            Arc::new(persons)
        };
        Arc::clone(self.by_number.get_or_insert_with(build))
    }

    /// Who stands beside whom, both ways: the person a row is linked to, and the person that its other number names.
    fn others(&mut self, pairs: &Pairs) -> Result<Vec<(u32, u32)>, AssessError> {
        let Some((position, records)) = self.subjects.records.registry(pairs.registry.as_str()) else { return Ok(Vec::new()) };
        let filter = self.filter(position, records, pairs.filter.as_ref())?;
        let persons = self.persons_by_number();
        let mut others = Vec::new();
        for (row, person) in persons_of(self.subjects.records, self.subjects.linked, position) {
            let counts = filter.as_ref().is_none_or(|filter| filter.is_valid(row) && filter.value(row));
            let named = records.text_at(&pairs.number, row).and_then(|number| persons.get(number).copied());
            if let Some(other) = named.filter(|other| counts && *other != NONE && *other != index(person)) {
                others.extend([(index(person), other), (other, index(person))]);
            }
        }
        others.sort_unstable();
        others.dedup();
        Ok(others)
    }
}
