//! Rows by subject, for the subjects that have any: most people stand in few registries.
//!
//! Takes pairs of subject and row; gives the rows of one subject, in row order. Cost: linear in the pairs (and their sort), never in
//! the subjects; one binary search per question out of turn, none in turn.

use std::sync::Arc;

use arrow::array::{ListArray, UInt32Array};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field};
use arrow::error::ArrowError;
use rayon::prelude::*;

use super::subjects::{NONE, index};

/// `rows[starts[i]..starts[i + 1]]` are those of `owners[i]`; owners ascend, each has a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OwnedRows {
    owners: Arc<[u32]>,
    /// Empty where every owner has just one.
    starts: Vec<u32>,
    rows: Vec<u32>,
}

impl OwnedRows {
    /// Sorts `(owner, row)` pairs, each counted once; owners that are [`NONE`] are left out.
    pub(crate) fn new(mut pairs: Vec<(u32, u32)>) -> Self {
        pairs.par_sort_unstable();
        pairs.dedup();
        pairs.truncate(pairs.partition_point(|(owner, _)| *owner != NONE));
        let rows = pairs.iter().map(|(_, row)| *row).collect();
        let (mut owners, mut counts): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
        for (owner, _) in pairs {
            match counts.last_mut() {
                Some(count) if owners.last() == Some(&owner) => *count += 1,
                _ => {
                    owners.push(owner);
                    counts.push(1);
                }
            }
        }
        Self::of_each(&owners.into(), &counts, rows)
    }

    /// The rows of `owners` (ascending) end to end, `counts` of each.
    pub(crate) fn of_each(owners: &Arc<[u32]>, counts: &[u32], rows: Vec<u32>) -> Self {
        if counts.iter().all(|count| *count == 1) {
            return Self { owners: Arc::clone(owners), starts: Vec::new(), rows };
        }
        let having = || owners.iter().zip(counts).filter(|(_, count)| **count > 0);
        let mut next = 0;
        let starts = having().map(|(_, count)| {
            next += count;
            next - count
        });
        let starts = starts.collect();
        Self { owners: having().map(|(owner, _)| *owner).collect(), starts, rows }
    }

    /// Owners, ascending.
    pub(crate) fn owners(&self) -> &Arc<[u32]> {
        &self.owners
    }

    /// The rows of an owner.
    pub(crate) fn of(&self, owner: usize) -> &[u32] {
        self.owners.binary_search(&index(owner)).map_or(&[], |at| self.at(at))
    }

    fn at(&self, at: usize) -> &[u32] {
        let one_each = self.starts.is_empty();
        let start = |at: usize| if one_each { at } else { self.starts.get(at).map_or(self.rows.len(), |start| *start as usize) };
        self.rows.get(start(at)..start(at + 1)).unwrap_or(&[])
    }

    /// A reader for owners that are asked for in ascending order, from `first` on.
    pub(crate) fn from(&self, first: u32) -> InTurn<'_> {
        InTurn { owned: self, at: self.owners.partition_point(|owner| *owner < first) }
    }

    /// Type of [`OwnedRows::lists`].
    pub(crate) fn list_type() -> DataType {
        DataType::List(Arc::new(Field::new("item", DataType::UInt32, false)))
    }

    /// The rows of `length` owners from `start` on, an empty list for who has none.
    pub(crate) fn lists(&self, start: usize, length: usize) -> Result<ListArray, ArrowError> {
        let mut offsets: Vec<i32> = Vec::with_capacity(length + 1);
        let mut rows: Vec<u32> = Vec::new();
        let total = |rows: &Vec<u32>| i32::try_from(rows.len()).unwrap_or(i32::MAX);
        offsets.push(0);
        let from = self.owners.partition_point(|owner| (*owner as usize) < start);
        for (at, owner) in self.owners.iter().enumerate().skip(from).take_while(|(_, owner)| (**owner as usize) < start + length)
        {
            offsets.resize(*owner as usize - start + 1, total(&rows));
            rows.extend_from_slice(self.at(at));
        }
        offsets.resize(length + 1, total(&rows));
        let item = Arc::new(Field::new("item", DataType::UInt32, false));
        ListArray::try_new(item, OffsetBuffer::new(ScalarBuffer::from(offsets)), Arc::new(UInt32Array::from(rows)), None)
    }
}

/// Rows of ascending owners.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InTurn<'a> {
    owned: &'a OwnedRows,
    at: usize,
}

impl<'a> InTurn<'a> {
    /// The rows of `owner`, which is no smaller than any asked for before.
    pub(crate) fn of(&mut self, owner: u32) -> &'a [u32] {
        while self.owned.owners.get(self.at).is_some_and(|known| *known < owner) {
            self.at += 1;
        }
        if self.owned.owners.get(self.at) == Some(&owner) { self.owned.at(self.at) } else { &[] }
    }
}

/// All of `sets`, each ascending, as one ascending set.
pub(crate) fn union<'s>(sets: impl Iterator<Item = &'s Arc<[u32]>>) -> Arc<[u32]> {
    let mut all: Arc<[u32]> = Arc::default();
    for set in sets {
        if all.is_empty() {
            all = Arc::clone(set);
        } else if all != *set {
            let mut merged = Vec::with_capacity(all.len() + set.len());
            let mut left: &[u32] = &all;
            for one in set.iter() {
                let before = left.partition_point(|other| other < one);
                merged.extend_from_slice(&left[..before]);
                left = &left[before..];
                if left.first() != Some(one) {
                    merged.push(*one);
                }
            }
            merged.extend_from_slice(left);
            all = merged.into();
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::UInt32Type;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lists_of_a_part_start_anew() {
        let owned = OwnedRows::new(vec![(4, 9), (1, 7), (NONE, 1), (4, 3)]);
        assert_eq!((&**owned.owners(), owned.of(4), owned.of(2)), (&[1, 4][..], &[3, 9][..], &[][..]));
        let lists = owned.lists(1, 4).expect("lists");
        let all: Vec<Vec<u32>> = (0..4).map(|at| lists.value(at).as_primitive::<UInt32Type>().values().to_vec()).collect();
        assert_eq!(all, [vec![7], vec![], vec![], vec![3, 9]]);
        assert_eq!(owned.lists(5, 2).expect("lists").len(), 2);
    }

    proptest! {
        #[test]
        fn every_pair_is_found(mut pairs: Vec<(u8, u32)>) {
            let owned = OwnedRows::new(pairs.iter().map(|(owner, row)| (u32::from(*owner), *row)).collect());
            pairs.sort_unstable();
            pairs.dedup();
            let mut in_turn = owned.from(0);
            for owner in 0..=u8::MAX {
                let rows: Vec<u32> = pairs.iter().filter(|(one, _)| *one == owner).map(|(_, row)| *row).collect();
                prop_assert_eq!(owned.of(usize::from(owner)), &rows[..]);
                prop_assert_eq!(in_turn.of(u32::from(owner)), &rows[..]);
            }
        }

        #[test]
        fn a_union_holds_each_once(sets: Vec<std::collections::BTreeSet<u8>>) {
            let lists: Vec<Arc<[u32]>> = sets.iter().map(|set| set.iter().copied().map(u32::from).collect()).collect();
            let all: std::collections::BTreeSet<u32> = lists.iter().flat_map(|list| list.iter().copied()).collect();
            prop_assert_eq!(union(lists.iter()), all.into_iter().collect::<Arc<[u32]>>());
        }
    }
}
