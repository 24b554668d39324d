//! Sorted keys with a directory: of one side of a layer, and of every person known so far.

use rayon::prelude::*;

use super::keys::for_each_key;
use crate::config::link::LinkModel;
use crate::link::person_index::PersonIndex;
use crate::link::roster::Roster;

/// Keys of one side, sorted, with a directory over their leading bits. An entry is half of the key above the item: two keys
/// that collide in it (one in a thousand lookups of a county) bring together pairs that are merely compared.
pub(super) struct KeyIndex {
    entries: Vec<u64>,
    starts: Vec<u32>,
    shift: u32,
}

impl KeyIndex {
    /// Indexes the items of (record, item).
    pub(super) fn new(roster: &Roster, model: &LinkModel, records: &[(u32, u32)]) -> Self {
        let mut entries: Vec<u64> = records
            .par_chunks(4096)
            .flat_map_iter(|chunk| {
                let mut keys = Vec::with_capacity(chunk.len() * 8);
                for &(record, item) in chunk {
                    for_each_key(roster, model, record, |_, key| keys.push(half(key) | u64::from(item)));
                }
                keys
            })
            .collect();
        entries.par_sort_unstable();
        entries.dedup();
        let bits = (usize::BITS - entries.len().leading_zeros()).clamp(1, 22);
        let shift = u64::BITS - bits;
        let mut starts = vec![0u32; (1 << bits) + 1];
        for entry in &entries {
            starts[usize::try_from(entry >> shift).unwrap_or(0) + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        Self { entries, starts, shift }
    }

    /// The items of a key.
    pub(super) fn of(&self, key: u64) -> impl ExactSizeIterator<Item = u32> + Clone + '_ {
        let bucket = usize::try_from(key >> self.shift).unwrap_or(0);
        let entries = &self.entries[self.starts[bucket] as usize..self.starts[bucket + 1] as usize];
        let start = entries.partition_point(|entry| *entry < half(key));
        let length = entries[start..].partition_point(|entry| half(*entry) == half(key));
        entries[start..start + length].iter().map(|entry| item(*entry))
    }
}

/// The leading half of a word.
fn half(key: u64) -> u64 {
    key & !u64::from(u32::MAX)
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is the item")]
fn item(entry: u64) -> u32 {
    entry as u32
}

/// The keys of all persons' representatives, kept from layer to layer so that a short list costs what a short list should. Rebuilt when the
/// representatives that came since are a third of it: all in all linear in the representatives.
#[derive(Default)]
pub(in crate::link) struct PersonKeys {
    keys: Option<KeyIndex>,
    covered: usize,
}

impl PersonKeys {
    /// The index, and the (representative, person) pairs that it does not cover yet.
    pub(super) fn refreshed<'a>(
        &'a mut self,
        roster: &Roster,
        persons: &'a PersonIndex,
        model: &LinkModel,
    ) -> (&'a KeyIndex, &'a [(u32, u32)]) {
        if persons.representative_log.len() - self.covered > self.covered / 2 {
            self.keys = None;
        }
        let keys = self.keys.get_or_insert_with(|| {
            self.covered = persons.representative_log.len();
            KeyIndex::new(roster, model, &persons.representative_log)
        });
        (keys, &persons.representative_log[self.covered..])
    }
}
