//! Households that say themselves how many they are: where a register has fewer rows of one than it counts persons, rows are missing.
//!
//! Takes the registers in which every member of a household has a row, and the counts (人数, 保障人数) that stand in them or in the month's
//! list of payments; gives the poverty households of which rows are missing, and, where that is so of more than a few, how many rows the
//! register lacks: then nobody's absence from it says anything. A count that is not there says nothing. Cost: linear in rows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::array::{Array, Int32Array};

use super::AssessInput;
use super::subjects::{NONE, POVERTY, RegistryHouseholds, Subjects, index, persons_of};
use crate::model::columns::MONTH;
use crate::model::registry::RegistryId;

/// Whoever is counted has a row: the register, where the count stands, its column.
const COUNTED: [(&str, &str, &str); 4] = [
    (POVERTY, POVERTY, "household_size"),
    ("dibao", "dibao", "covered_count"),
    ("dibao", "dibao_payment", "covered_count"),
    ("relocation", "relocation", "household_size"),
];
/// Households of which rows are missing, more of whom are no slips: three, and one in twenty. Chosen: clean registers have one in a hundred.
const SEVERAL: i64 = 3;
const ONE_IN: i64 = 20;

/// Households of a register and their rows, held against what they count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Households that count their members, and those of which rows are missing.
    households: i64,
    pub(crate) short: i64,
    /// Rows of the former, and persons they count.
    pub(crate) rows: i64,
    pub(crate) persons: i64,
    /// Poverty households of the short.
    of_poverty: BTreeSet<u32>,
}

impl Counted {
    fn add(&mut self, rows: i64, persons: i64) -> bool {
        let is_short = rows < persons;
        self.households += 1;
        self.rows += rows;
        self.persons += persons.max(rows);
        self.short += i64::from(is_short);
        is_short
    }

    fn is_short(&self) -> bool {
        self.short >= SEVERAL && self.short.saturating_mul(ONE_IN) > self.households
    }
}

/// See the module's documentation.
#[derive(Debug, Default)]
pub(crate) struct StatedSizes(BTreeMap<&'static str, Counted>);

impl StatedSizes {
    pub(crate) fn new(input: &AssessInput<'_>, subjects: &Subjects<'_>) -> Self {
        let registers: BTreeSet<&'static str> = COUNTED.iter().map(|(register, ..)| *register).collect();
        Self(registers.into_iter().filter_map(|register| Some((register, counted(input, subjects, register)?))).collect())
    }

    /// The register, where so many households lack rows that nobody's absence from it says anything.
    pub(crate) fn short(&self, registry: &RegistryId) -> Option<&Counted> {
        self.0.get(registry.as_str()).filter(|counted| counted.is_short())
    }

    /// Whether a register has fewer rows of a poverty household than that counts persons.
    pub(crate) fn lacks(&self, registry: &str, household: u32) -> bool {
        household != NONE && self.0.get(registry).is_some_and(|counted| counted.of_poverty.contains(&household))
    }
}

fn counted(input: &AssessInput<'_>, subjects: &Subjects<'_>, register: &str) -> Option<Counted> {
    let records = subjects.records;
    let (position, own) = records.registry(register).filter(|(_, own)| !own.grain.is_household())?;
    let households = RegistryHouseholds::new(own, true);
    let mut stated = vec![0_i64; households.rows.parts().0.len().saturating_sub(1)];
    let persons: Vec<usize> = persons_of(records, subjects.linked, position).map(|(_, person)| person).collect();
    let of_person: HashMap<usize, u32> = persons.iter().copied().zip(households.key_of_row.iter().copied()).collect();
    for (_, counting, column) in COUNTED.iter().filter(|(of, ..)| *of == register) {
        let Some((at, rows)) = records.registry(counting) else { continue };
        let Some(sizes) = rows.int(column) else { continue };
        let months = rows.int32(MONTH);
        for (row, person) in persons_of(records, subjects.linked, at) {
            if sizes.is_null(row) || !is_of(months, row, input.period.yyyymm()) {
                continue;
            }
            let key = if at == position { households.key_of_row.get(row) } else { of_person.get(&person) };
            if let Some(stated) = key.and_then(|key| stated.get_mut(*key as usize)) {
                *stated = sizes.value(row).max(*stated);
            }
        }
    }
    let covered = own.flag("covered");
    let mut counted = Counted::default();
    for (household, size) in stated.into_iter().enumerate().filter(|(_, size)| *size > 0) {
        let rows = households.rows.of(household);
        let counts = |row: &&u32| covered.is_none_or(|covered| covered.is_null(**row as usize) || covered.value(**row as usize));
        if counted.add(i64::from(index(rows.iter().filter(counts).count())), size) {
            let members = rows.iter().filter_map(|row| subjects.attached.get(*persons.get(*row as usize)?));
            counted.of_poverty.extend(members.filter(|household| **household != NONE));
        }
    }
    Some(counted)
}

/// Whether a month or year column says `wanted`, or nothing.
pub(super) fn is_of(array: Option<&Int32Array>, row: usize, wanted: i32) -> bool {
    array.is_none_or(|array| array.is_null(row) || array.value(row) == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_households_that_count_wrong_are_slips_and_many_are_rows_that_lack() {
        let of = |short: i64, whole: i64| {
            let mut counted = Counted::default();
            (0..whole).for_each(|_| _ = counted.add(3, 3));
            (0..short).for_each(|_| _ = counted.add(1, 3));
            counted
        };
        assert!(!of(2, 0).is_short() && !of(4, 96).is_short());
        let short = of(10, 90);
        assert!(short.is_short());
        assert_eq!((short.rows, short.persons), (280, 300));
    }
}
