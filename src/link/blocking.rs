//! Candidate pairs: rows and persons that share a blocking key, or whose households are linked.
//!
//! The smaller side is indexed, the larger is probed in parallel. A key that too many indexed records share makes no pairs and is
//! counted. Keys are hashes of (rule, values); two records that collide by chance are merely compared. A null value makes no
//! key. Pairs come out ascending by row and person, each with the first rule that made it.

use rayon::prelude::*;

use super::hash;
use super::roster::{NO_BIRTH, NONE, Record, Roster, dense};
use super::spine::{HOUSEHOLD_MEMBERS, Spine};
use crate::config::link::{BlockingRule, LinkModel};
use crate::model::columns::IdState;
use crate::model::identity::id::{self, Number};

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
pub(super) fn candidates(roster: &Roster, spine: &Spine, model: &LinkModel, rows: &[u32], persons: &[u32]) -> Candidates {
    let faces: Vec<(u32, u32)> =
        persons.iter().flat_map(|&person| spine.faces.of(person).map(move |face| (face, person))).collect();
    let own: Vec<(u32, u32)> = rows.iter().map(|&row| (row, row)).collect();
    let rows_indexed = own.len() < faces.len();
    let (small, large) = if rows_indexed { (&own, &faces) } else { (&faces, &own) };
    let index = KeyIndex::new(roster, model, small);
    let limit = model.limits.block;
    let found: Vec<(Vec<Pair>, u64)> = large
        .par_chunks(4096)
        .map(|chunk| {
            let (mut pairs, mut skipped) = (Vec::new(), 0);
            for &(record, probe) in chunk {
                for_each_key(roster, model, roster.record(record), |rule, key| {
                    let block = index.of(key);
                    if block.len() > limit {
                        skipped += 1;
                        return;
                    }
                    pairs.extend(
                        block.iter().map(|&(_, item)| if rows_indexed { (item, probe, rule) } else { (probe, item, rule) }),
                    );
                });
            }
            pairs.sort_unstable();
            pairs.dedup_by_key(|(row, person, _)| (*row, *person));
            (pairs, skipped)
        })
        .collect();
    let skipped = found.iter().map(|(_, skipped)| skipped).sum();
    let mut pairs: Vec<Pair> = found.into_iter().flat_map(|(pairs, _)| pairs).collect();
    pairs.par_sort_unstable();
    pairs.dedup_by_key(|(row, person, _)| (*row, *person));
    Candidates { pairs, skipped }
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
        let mut free = vec![false; spine.persons.len()];
        persons.iter().for_each(|person| free[*person as usize] = true);
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

/// Keys of the indexed side, sorted, with a directory over their leading bits.
struct KeyIndex {
    entries: Vec<(u64, u32)>,
    starts: Vec<u32>,
    shift: u32,
}

impl KeyIndex {
    fn new(roster: &Roster, model: &LinkModel, records: &[(u32, u32)]) -> Self {
        let mut entries: Vec<(u64, u32)> = records
            .par_chunks(4096)
            .flat_map_iter(|chunk| {
                let mut keys = Vec::new();
                for &(record, item) in chunk {
                    for_each_key(roster, model, roster.record(record), |_, key| keys.push((key, item)));
                }
                keys
            })
            .collect();
        entries.par_sort_unstable();
        entries.dedup();
        let bits = (usize::BITS - entries.len().leading_zeros()).clamp(1, 24);
        let shift = u64::BITS - bits;
        let mut starts = vec![0u32; (1 << bits) + 1];
        for (key, _) in &entries {
            starts[usize::try_from(key >> shift).unwrap_or(0) + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        Self { entries, starts, shift }
    }

    /// The entries of a key.
    fn of(&self, key: u64) -> &[(u64, u32)] {
        let bucket = usize::try_from(key >> self.shift).unwrap_or(0);
        let entries = &self.entries[self.starts[bucket] as usize..self.starts[bucket + 1] as usize];
        let start = entries.partition_point(|(other, _)| *other < key);
        let length = entries[start..].partition_point(|(other, _)| *other == key);
        &entries[start..start + length]
    }
}

/// Calls `give` with every (rule, key) of a record.
fn for_each_key(roster: &Roster, model: &LinkModel, record: &Record, mut give: impl FnMut(u8, u64)) {
    let name = roster.name_of(record);
    let damaged = roster.damaged_of(record);
    let number = (record.number != 0).then(|| Number::from_packed(record.number));
    let birth = (record.birth != NO_BIRTH).then(|| u64::from(record.birth.unsigned_abs()) << 1 | u64::from(record.birth < 0));
    let village = (record.village != 0).then_some(record.village);
    let phone = (record.phone != 0).then_some(record.phone);
    let whole = name.filter(|name| name.whole);
    for (rule, position) in model.blocking.rules.iter().zip(0u8..) {
        // The rule itself and not its position: keys stay the same when rules are reordered.
        let tag = *rule as u64 + 1;
        let mut key = |left: u64, right: u64| give(position, hash::pair(left ^ tag << 56, right));
        match rule {
            BlockingRule::Number => {
                number
                    .iter()
                    .chain(damaged.iter().flat_map(|damaged| damaged.repairs.iter()))
                    .for_each(|number| key(number.packed(), 0));
            }
            BlockingRule::Stem => {
                let shown =
                    damaged.filter(|damaged| damaged.state == IdState::Float).and_then(|damaged| id::stem_shown(&damaged.text));
                // A float may have been rounded up into the next stem.
                if let Some(stem) = shown {
                    (stem - 1..=stem + 1).for_each(|stem| key(stem, 0));
                } else if let Some(number) = number {
                    key(number.stem(), 0);
                }
            }
            BlockingRule::Ends if roster.any_masked => {
                let ends = number.map(Number::ends).or_else(|| {
                    damaged.filter(|damaged| damaged.state == IdState::Masked).and_then(|damaged| ends_shown(&damaged.text))
                });
                if let (Some(ends), Some(name)) = (ends, whole) {
                    key(ends, u64::from(name.folded.folded().chars().next().map_or(0, u32::from)));
                }
            }
            BlockingRule::Ends | BlockingRule::Household => {}
            BlockingRule::NameBirth => {
                if let (Some(name), Some(birth)) = (whole, birth) {
                    key(name.key, birth);
                }
            }
            BlockingRule::SoundBirth => {
                if let (Some(name), Some(birth)) = (name, birth) {
                    name.sounds.iter().for_each(|sound| key(*sound, birth));
                }
            }
            BlockingRule::NameVillage => {
                if let (Some(name), Some(village)) = (whole, village) {
                    key(name.key, village);
                }
            }
            BlockingRule::SoundVillage => {
                if let (Some(name), Some(village)) = (name, village) {
                    name.sounds.iter().for_each(|sound| key(*sound, village));
                }
            }
            BlockingRule::BirthSequence => {
                if let Some(number) = number {
                    key(number.birth_and_sequence(), 0);
                }
            }
            BlockingRule::BirthVillage => {
                if let (Some(birth), Some(village)) = (birth, village) {
                    key(birth, village);
                }
            }
            BlockingRule::NameHead => {
                if let (Some(name), Some(head)) = (whole, roster.names.get(record.head as usize)) {
                    key(name.key, head.key);
                }
            }
            BlockingRule::SoundPhone => {
                if let (Some(name), Some(phone)) = (name, phone) {
                    name.sounds.iter().for_each(|sound| key(*sound, phone));
                }
            }
        }
    }
}

/// First six and last four of a masked number, as [`Number::ends`] packs them.
fn ends_shown(text: &str) -> Option<u64> {
    if text.len() != 18 {
        return None;
    }
    let shown = text.bytes().take(6).chain(text.bytes().skip(14));
    shown.into_iter().try_fold(0u64, |sum, byte| match byte {
        b'0'..=b'9' => Some(sum * 11 + u64::from(byte - b'0')),
        b'X' => Some(sum * 11 + 10),
        _ => None,
    })
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
