//! Whether a registry is complete enough in a town to say that somebody is not in it.
//!
//! Takes rows per town for the period and poverty persons per town; gives the towns that fall short of what the
//! county-wide ratio of the two leads to expect, by more than the policy's settings allow.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::AssessInput;
use super::subjects::{POVERTY, Subjects, persons_of, text_at};
use crate::model::columns::{MONTH, TOWN_CODE};
use crate::model::link::PersonIx;
use crate::model::registry::RegistryId;

/// A town whose rows are too few.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shortfall {
    /// Rows for the period.
    pub(crate) rows: i64,
    /// Rows expected.
    pub(crate) expected: i64,
}

/// Towns (by code) where a registry is too thin to accuse by absence, by registry.
#[derive(Debug)]
pub(crate) struct Completeness(BTreeMap<RegistryId, BTreeMap<String, Shortfall>>);

impl Completeness {
    /// Counts `registries`, and whom the county would lead to expect.
    pub(crate) fn new(input: &AssessInput<'_>, subjects: &Subjects<'_>, registries: BTreeSet<RegistryId>) -> Self {
        let mut poor: BTreeMap<&str, i64> = BTreeMap::new();
        if let Some((position, _)) = subjects.records.registry(POVERTY) {
            let mut persons: Vec<usize> =
                persons_of(subjects.records, subjects.linked, position).map(|(_, person)| person).collect();
            persons.sort_unstable();
            persons.dedup();
            for person in persons {
                if let Some(town) = subjects.people_text("town_code", PersonIx(super::subjects::index(person))) {
                    *poor.entry(town).or_default() += 1;
                }
            }
        }
        let count = |registry: RegistryId| {
            let towns = incomplete_towns(input, subjects, &registry, &poor);
            (registry, towns)
        };
        Self(registries.into_par_iter().map(count).collect())
    }

    /// Towns where `registry` is too thin; one that was not counted is taken for complete.
    pub(crate) fn incomplete_towns(&self, registry: &RegistryId) -> impl Iterator<Item = (&String, &Shortfall)> {
        self.0.get(registry).into_iter().flatten()
    }
}

fn incomplete_towns(
    input: &AssessInput<'_>,
    subjects: &Subjects<'_>,
    registry: &RegistryId,
    poor: &BTreeMap<&str, i64>,
) -> BTreeMap<String, Shortfall> {
    let Some((position, records)) = subjects.records.registry(registry.as_str()) else { return BTreeMap::new() };
    let (towns, months, years) = (records.text(TOWN_CODE), records.int32(MONTH), records.int32("year"));
    let mut rows: BTreeMap<&str, i64> = BTreeMap::new();
    for (row, person) in persons_of(subjects.records, subjects.linked, position) {
        let in_period = |array: Option<&arrow::array::Int32Array>, wanted: i32| {
            use arrow::array::Array;
            array.is_none_or(|array| array.is_null(row) || array.value(row) == wanted)
        };
        if !in_period(months, input.period.yyyymm()) || !in_period(years, input.period.year()) {
            continue;
        }
        let person = PersonIx(super::subjects::index(person));
        if let Some(town) = text_at(towns, row).or_else(|| subjects.people_text("town_code", person)) {
            *rows.entry(town).or_default() += 1;
        }
    }
    let settings = &input.policy.settings;
    shortfalls(&rows, poor, settings.completeness_share, settings.completeness_least)
}

fn shortfalls(rows: &BTreeMap<&str, i64>, poor: &BTreeMap<&str, i64>, share: i64, least: i64) -> BTreeMap<String, Shortfall> {
    let (all_rows, all_poor) = (rows.values().sum::<i64>(), poor.values().sum::<i64>());
    if all_poor == 0 {
        return BTreeMap::new();
    }
    let mut short = BTreeMap::new();
    for (town, poor) in poor {
        let expected = poor.saturating_mul(all_rows) / all_poor;
        let rows = rows.get(town).copied().unwrap_or(0);
        if expected >= least && rows.saturating_mul(10_000) < expected.saturating_mul(share) {
            short.insert((*town).to_owned(), Shortfall { rows, expected });
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_town_without_rows_is_short_and_a_tiny_registry_is_not() {
        let poor = BTreeMap::from([("a", 1000), ("b", 1000), ("c", 1000)]);
        let rows = BTreeMap::from([("a", 300), ("b", 290)]);
        let short = shortfalls(&rows, &poor, 5000, 20);
        assert_eq!(short.keys().collect::<Vec<_>>(), ["c"]);
        assert_eq!(short["c"], Shortfall { rows: 0, expected: 196 });
        let few = BTreeMap::from([("a", 9), ("b", 9)]);
        assert!(shortfalls(&few, &poor, 5000, 20).is_empty());
    }
}
