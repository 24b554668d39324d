//! Candidate pairs: rows and persons that share a blocking key, or whose households are linked.
//!
//! The smaller side is indexed, the larger is probed in parallel; a short list is looked up in an index of all persons that is kept
//! from layer to layer. How many pairs each key would make is known from the index before any is made. A key behind which too many
//! records stand is split: only those that agree in something further are paired; where that is still too many, or the key stands for a
//! crowd, it makes no pairs. Both are counted, with the heaviest key. So pairs are linear in rows whatever the data. Keys are hashes of (rule, values); two records that collide by chance are merely compared. A null value makes no
//! key. Pairs come out ascending by row and person, each with the first rule that made it.

mod index;
mod keys;

use rayon::prelude::*;

use super::person_index::{HOUSEHOLD_MEMBERS, PersonIndex};
use super::position::{NONE, dense};
use super::roster::Roster;
use crate::config::link::{BlockingRule, LinkModel};
use crate::model::record::RowId;
use index::KeyIndex;
pub(super) use index::PersonKeys;
use keys::{agree_further, for_each_key};

/// A list is short when it has less than one open row for so many persons. Chosen for time.
const SHORT_LIST: usize = 8;

/// A candidate: row, person, rule by position.
pub(super) type Pair = (u32, u32, u8);

/// Records behind one key beyond so many times the limit are a crowd: not even looked through. Chosen for time:
/// of the shipped limit, ten thousand.
const CROWD: usize = 50;

/// How one blocking rule did for one registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// Registry id.
    pub registry: String,
    /// The rule, as models call it.
    pub rule: &'static str,
    /// Pairs that equal keys make, counted in the index before any is made.
    pub predicted: u64,
    /// Pairs compared that this rule was the first to make.
    pub pairs: u64,
    /// Look-ups whose block was over the limit and was split.
    pub split: u64,
    /// Look-ups that made no pairs, as even a split block was too large.
    pub skipped: u64,
    /// Most records behind one key.
    pub heaviest: u64,
    /// A row with that key.
    pub example: Option<RowId>,
}

/// What is counted of a rule while probing.
#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    /// Pairs that equal keys make.
    pub predicted: u64,
    /// Blocks split.
    pub split: u64,
    /// Blocks left out.
    pub skipped: u64,
    /// Records behind the heaviest key, and, turned over so that the first row wins, a row that has it.
    pub heaviest: (u64, std::cmp::Reverse<u32>),
}

impl Tally {
    /// Counts of two parts of the work together.
    pub(super) fn add(&mut self, other: &Self) {
        self.predicted += other.predicted;
        self.split += other.split;
        self.skipped += other.skipped;
        self.heaviest = self.heaviest.max(other.heaviest);
    }
}

/// Pairs, and what was counted on the way.
pub(super) struct Candidates {
    /// Ascending, no pair twice.
    pub pairs: Vec<Pair>,
    /// By rule.
    pub tallies: Vec<Tally>,
}

/// Candidates that share a key, between `rows` and `free` persons; both ascending.
pub(super) fn candidates(
    roster: &Roster,
    persons: &PersonIndex,
    index: &mut PersonKeys,
    model: &LinkModel,
    rows: &[u32],
    free: &[u32],
) -> Candidates {
    let own: Vec<(u32, u32)> = rows.iter().map(|&row| (row, row)).collect();
    let probe = Probe { roster, model };
    // An item of the index is a person, known by its representatives, or a row.
    let person_agrees = |rule, row: u32, person: u32| {
        persons.representatives.of(person).any(|representative| agree_further(roster, rule, row, representative))
    };
    let row_agrees = |rule, representative: u32, row: u32| agree_further(roster, rule, representative, row);
    let found = if rows.len() * SHORT_LIST < persons.all.len() {
        let is_free = flags(persons, free);
        let (of_persons, new) = index.refreshed(roster, persons, model);
        let mut found =
            probe.all(&own, of_persons, |person| is_free[person as usize], person_agrees, |row, person| (row, person));
        let rows = KeyIndex::new(roster, model, &own);
        let new: Vec<(u32, u32)> = new.iter().filter(|(_, person)| is_free[*person as usize]).copied().collect();
        found.extend(probe.all(&new, &rows, |_| true, row_agrees, |person, row| (row, person)));
        found
    } else {
        let representatives: Vec<(u32, u32)> = free
            .iter()
            .flat_map(|&person| persons.representatives.of(person).map(move |representative| (representative, person)))
            .collect();
        if own.len() < representatives.len() {
            probe.all(&representatives, &KeyIndex::new(roster, model, &own), |_| true, row_agrees, |person, row| (row, person))
        } else {
            probe.all(&own, &KeyIndex::new(roster, model, &representatives), |_| true, person_agrees, |row, person| (row, person))
        }
    };
    let mut tallies = vec![Tally::default(); model.blocking.rules.len()];
    for (_, part) in &found {
        tallies.iter_mut().zip(part).for_each(|(tally, part)| tally.add(part));
    }
    let mut pairs: Vec<Pair> = found.into_iter().flat_map(|(pairs, _)| pairs).collect();
    pairs.par_sort_unstable();
    pairs.dedup_by_key(|(row, person, _)| (*row, *person));
    Candidates { pairs, tallies }
}

/// Per person, whether it is among `some`.
fn flags(persons: &PersonIndex, some: &[u32]) -> Vec<bool> {
    let mut flags = vec![false; persons.all.len()];
    for person in some {
        flags[*person as usize] = true;
    }
    flags
}

/// Looks keys up.
struct Probe<'a> {
    roster: &'a Roster,
    model: &'a LinkModel,
}

impl Probe<'_> {
    /// Pairs of each (record, item) probed and the open items of the index that share a key, with what was counted by rule. `agrees` says
    /// whether a probed record and an item of an oversized block agree in something further.
    fn all(
        &self,
        probed: &[(u32, u32)],
        index: &KeyIndex,
        is_open: impl Fn(u32) -> bool + Sync,
        agrees: impl Fn(BlockingRule, u32, u32) -> bool + Sync,
        pair: impl Fn(u32, u32) -> (u32, u32) + Sync,
    ) -> Vec<(Vec<Pair>, Vec<Tally>)> {
        let (rules, limit) = (&self.model.blocking.rules, self.model.limits.block);
        let of_chunk = |chunk: &[(u32, u32)]| {
            let (mut pairs, mut tallies) = (Vec::new(), vec![Tally::default(); rules.len()]);
            for &(record, item) in chunk {
                for_each_key(self.roster, self.model, record, |rule, key| {
                    let (block, tally) = (index.of(key), &mut tallies[usize::from(rule)]);
                    let size = block.len();
                    tally.predicted += size as u64;
                    tally.heaviest = tally.heaviest.max((size as u64, std::cmp::Reverse(record)));
                    let mut push = |other: u32| {
                        let (row, person) = pair(item, other);
                        pairs.push((row, person, rule));
                    };
                    let open = block.filter(|other| is_open(*other));
                    if size <= limit || (size <= limit * CROWD && open.clone().count() <= limit) {
                        open.for_each(push);
                    } else if size > limit * CROWD {
                        tally.skipped += 1;
                    } else {
                        let narrowed: Vec<u32> = open.filter(|other| agrees(rules[usize::from(rule)], record, *other)).collect();
                        if narrowed.len() <= limit {
                            tally.split += 1;
                            narrowed.into_iter().for_each(&mut push);
                        } else {
                            tally.skipped += 1;
                        }
                    }
                });
            }
            pairs.sort_unstable();
            pairs.dedup_by_key(|(row, person, _)| (*row, *person));
            (pairs, tallies)
        };
        probed.par_chunks(4096).map(of_chunk).collect()
    }
}

impl Candidates {
    /// The candidates between rows and persons that are still open, with those whom linked households bring together by now.
    pub(super) fn still_open(
        &self,
        roster: &Roster,
        persons: &PersonIndex,
        model: &LinkModel,
        rows: &[u32],
        free: &[u32],
    ) -> Vec<Pair> {
        let is_free = flags(persons, free);
        let is_open = |(row, person, _): &&Pair| is_free[*person as usize] && rows.binary_search(row).is_ok();
        let mut pairs: Vec<Pair> = self.pairs.iter().filter(is_open).copied().collect();
        if let Some(rule) = model.blocking.rules.iter().position(|rule| *rule == BlockingRule::Household) {
            by_household(roster, persons, rows, &is_free, u8::try_from(rule).unwrap_or(u8::MAX), &mut pairs);
        }
        pairs.par_sort_unstable();
        pairs.dedup_by_key(|(row, person, _)| (*row, *person));
        pairs
    }
}

/// Members of households that the row's household is linked to, and of the row's household itself; where the list knows no
/// households, of those that the rows above and below and the relative it names belong to.
fn by_household(roster: &Roster, persons: &PersonIndex, rows: &[u32], is_free: &[bool], rule: u8, pairs: &mut Vec<Pair>) {
    let is_free = |person: u32| is_free[person as usize];
    for &row in rows {
        let household = roster.record(row).household;
        if household == NONE {
            let neighbours = roster.neighbours(row).filter_map(|row| persons.person(row));
            for relative in neighbours.chain(persons.claimants(roster.record(row).kin)) {
                let beside = persons.housemates(relative).filter(|person| is_free(*person));
                pairs.extend(beside.map(|person| (row, person, rule)));
            }
            continue;
        }
        for member in persons.members.of(household).take(HOUSEHOLD_MEMBERS) {
            let mates = std::iter::once(member).chain(persons.housemates(member)).filter(|person| is_free(*person));
            pairs.extend(mates.map(|person| (row, person, rule)));
        }
    }
}

/// Persons without a row in this layer, ascending.
pub(super) fn free_persons(persons: &PersonIndex, rows: &[u32], exclusive: bool) -> Vec<u32> {
    let mut taken = vec![false; persons.all.len()];
    if exclusive {
        for &row in rows {
            if let Some(taken) = taken.get_mut(persons.person_of[row as usize] as usize) {
                *taken = true;
            }
        }
    }
    (0..dense(persons.all.len())).filter(|person| !taken[*person as usize]).collect()
}
