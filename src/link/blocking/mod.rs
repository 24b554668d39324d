//! Candidate pairs: rows and persons that share a blocking key, or whose households are linked.
//!
//! The smaller side is indexed, the larger is probed in parallel; a short list is looked up in an index of all persons that is kept
//! from layer to layer. A key that too many records on the other side share makes no pairs and is counted. Keys are hashes of (rule, values); two records that collide by chance are merely compared. A null value makes no
//! key. Pairs come out ascending by row and person, each with the first rule that made it.

mod index;
mod keys;

use rayon::prelude::*;

use super::roster::{NONE, Roster, dense};
use super::spine::{HOUSEHOLD_MEMBERS, Spine};
use crate::config::link::{BlockingRule, LinkModel};
use index::KeyIndex;
pub(super) use index::SpineIndex;
use keys::for_each_key;

/// A list is short when it has less than one open row for so many persons.
const SHORT_LIST: usize = 8;

/// A candidate: row, person, rule by position.
pub(super) type Pair = (u32, u32, u8);

/// Pairs and what was left out.
pub(super) struct Candidates {
    /// Ascending, no pair twice.
    pub pairs: Vec<Pair>,
    /// Probes that met a key above the limit.
    pub skipped: u64,
}

/// Candidates that share a key, between `rows` and `persons`; both ascending.
pub(super) fn candidates(
    roster: &Roster,
    spine: &Spine,
    index: &mut SpineIndex,
    model: &LinkModel,
    rows: &[u32],
    persons: &[u32],
) -> Candidates {
    let own: Vec<(u32, u32)> = rows.iter().map(|&row| (row, row)).collect();
    let probe = Probe { roster, model };
    let found = if rows.len() * SHORT_LIST < spine.persons.len() {
        let free = flags(spine, persons);
        let (known, new) = index.refreshed(roster, spine, model);
        let mut found = probe.all(&own, known, |person| free[person as usize], |row, person| (row, person));
        let rows = KeyIndex::new(roster, model, &own);
        let new: Vec<(u32, u32)> = new.iter().filter(|(_, person)| free[*person as usize]).copied().collect();
        found.extend(probe.all(&new, &rows, |_| true, |person, row| (row, person)));
        found
    } else {
        let faces: Vec<(u32, u32)> =
            persons.iter().flat_map(|&person| spine.faces.of(person).map(move |face| (face, person))).collect();
        if own.len() < faces.len() {
            probe.all(&faces, &KeyIndex::new(roster, model, &own), |_| true, |person, row| (row, person))
        } else {
            probe.all(&own, &KeyIndex::new(roster, model, &faces), |_| true, |row, person| (row, person))
        }
    };
    let skipped = found.iter().map(|(_, skipped)| skipped).sum();
    let mut pairs: Vec<Pair> = found.into_iter().flat_map(|(pairs, _)| pairs).collect();
    pairs.par_sort_unstable();
    pairs.dedup_by_key(|(row, person, _)| (*row, *person));
    Candidates { pairs, skipped }
}

/// Per person, whether it is among `persons`.
fn flags(spine: &Spine, persons: &[u32]) -> Vec<bool> {
    let mut flags = vec![false; spine.persons.len()];
    for person in persons {
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
    /// Pairs of each (record, item) probed and the open items of the index that share a key, with the number of keys too common.
    fn all(
        &self,
        probed: &[(u32, u32)],
        index: &KeyIndex,
        is_open: impl Fn(u32) -> bool + Sync,
        pair: impl Fn(u32, u32) -> (u32, u32) + Sync,
    ) -> Vec<(Vec<Pair>, u64)> {
        let of_chunk = |chunk: &[(u32, u32)]| {
            let (mut pairs, mut skipped) = (Vec::new(), 0);
            for &(record, item) in chunk {
                for_each_key(self.roster, self.model, self.roster.record(record), |rule, key| {
                    let block = index.of(key);
                    let open = block.clone().filter(|other| is_open(*other));
                    if block.len() > self.model.limits.block && open.clone().count() > self.model.limits.block {
                        skipped += 1;
                        return;
                    }
                    pairs.extend(open.map(|other| {
                        let (row, person) = pair(item, other);
                        (row, person, rule)
                    }));
                });
            }
            pairs.sort_unstable();
            pairs.dedup_by_key(|(row, person, _)| (*row, *person));
            (pairs, skipped)
        };
        probed.par_chunks(4096).map(of_chunk).collect()
    }
}

impl Candidates {
    /// The candidates between rows and persons that are still open, with those whom linked households bring together by now.
    pub(super) fn still_open(
        &self,
        roster: &Roster,
        spine: &Spine,
        model: &LinkModel,
        rows: &[u32],
        persons: &[u32],
    ) -> Vec<Pair> {
        let free = flags(spine, persons);
        let is_open = |(row, person, _): &&Pair| free[*person as usize] && rows.binary_search(row).is_ok();
        let mut pairs: Vec<Pair> = self.pairs.iter().filter(is_open).copied().collect();
        if let Some(rule) = model.blocking.rules.iter().position(|rule| *rule == BlockingRule::Household) {
            by_household(roster, spine, rows, &free, u8::try_from(rule).unwrap_or(u8::MAX), &mut pairs);
        }
        pairs.par_sort_unstable();
        pairs.dedup_by_key(|(row, person, _)| (*row, *person));
        pairs
    }
}

/// Members of households that the row's household is linked to, and of the row's household itself; where the list knows no
/// households, of those that the rows above and below belong to.
fn by_household(roster: &Roster, spine: &Spine, rows: &[u32], free: &[bool], rule: u8, pairs: &mut Vec<Pair>) {
    let is_free = |person: u32| free[person as usize];
    for &row in rows {
        let household = roster.record(row).household;
        if household == NONE {
            for neighbour in roster.neighbours(row).filter_map(|row| spine.person(row)) {
                let beside = spine.housemates(neighbour).filter(|person| is_free(*person));
                pairs.extend(beside.map(|person| (row, person, rule)));
            }
            continue;
        }
        for member in spine.members.of(household).take(HOUSEHOLD_MEMBERS) {
            let mates = std::iter::once(member).chain(spine.housemates(member)).filter(|person| is_free(*person));
            pairs.extend(mates.map(|person| (row, person, rule)));
        }
    }
}

/// Persons without a row in this layer, ascending.
pub(super) fn free_persons(spine: &Spine, rows: &[u32], exclusive: bool) -> Vec<u32> {
    let mut taken = vec![false; spine.persons.len()];
    if exclusive {
        for &row in rows {
            if let Some(taken) = taken.get_mut(spine.person_of[row as usize] as usize) {
                *taken = true;
            }
        }
    }
    (0..dense(spine.persons.len())).filter(|person| !taken[*person as usize]).collect()
}
