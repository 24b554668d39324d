//! Columns of amounts that as a whole say nothing: not filled in, or under each other's headers.
//!
//! Takes the amounts of a sheet. Takes away both of two amounts of which the first is never less
//! ([`at_least`](crate::config::registry::RegistryDefinition::at_least)): of all rows where it is in most, else of those rows; and the zeros of a
//! column that the register always fills ([`never_zero`](crate::config::registry::RegistryDefinition::never_zero)) where nearly all of the sheet,
//! or of one part of it (a subsidy's kind, a project), are zero. A zero among amounts stays what it says. O(rows).

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray};
use arrow::datatypes::Int64Type;

use super::amount_owner;
use super::amounts::HOUSEHOLD_AMOUNT;
use super::repair::Repair;
use crate::config::registry::RegistryDefinition;
use crate::model::columns::{HEAD_ID, HEAD_NAME, HOUSEHOLD_CODE};
use crate::model::field::FieldKind;

/// What tells households apart beside their codes.
const DIBAO_NO: &str = "dibao_no";
/// What each member of a household gets.
const PERSON_AMOUNT: &str = "person_amount_fen";
/// Fewer rows are no habit.
const LEAST: usize = 3;

/// A field while its sheet is being finished.
pub(super) type Column<'a> = (&'a str, FieldKind, Vec<ArrayRef>);

/// Takes away what says nothing; `note` is told the field and the row.
pub(super) fn take_away(columns: &mut [Column<'_>], definition: &RegistryDefinition, note: &mut dyn FnMut(&str, u32, Repair)) {
    let parts = definition.part.as_ref().and_then(|part| columns.iter().find(|(field, ..)| field == part));
    let parts = parts.and_then(|(_, _, arrays)| arrays.first()?.as_string_opt::<i32>()).cloned();
    let contradicting = |columns: &mut [Column<'_>], whole: bool, note: &mut dyn FnMut(&str, u32, Repair)| {
        for [larger, smaller] in &definition.at_least {
            let (Some(of_larger), Some(of_smaller)) = (amounts(columns, larger), amounts(columns, smaller)) else { continue };
            let against = contradicted(of_larger, of_smaller, whole);
            clear(columns, larger, &against, Repair::Contradicted, note);
            clear(columns, smaller, &against, Repair::Contradicted, note);
        }
    };
    contradicting(columns, true, note);
    for field in &definition.never_zero {
        if let Some(amounts) = amounts(columns, field) {
            let unfilled = unfilled(amounts, parts.as_ref());
            clear(columns, field, &unfilled, Repair::Unfilled, note);
        }
    }
    contradicting(columns, false, note);
}

/// Takes away the amounts of households where nobody can tell whether they are a household's or each member's.
pub(super) fn take_unowned(columns: &mut [Column<'_>], note: &mut dyn FnMut(&str, u32, Repair)) {
    let text = |field: &str| {
        let (.., arrays) = columns.iter().find(|(known, ..)| *known == field)?;
        arrays.first()?.as_string_opt::<i32>()
    };
    let keys: Vec<&StringArray> = [HOUSEHOLD_CODE, DIBAO_NO, HEAD_ID, HEAD_NAME].into_iter().filter_map(text).collect();
    // Beside an amount by the person it is the household's.
    let is_told = amounts(columns, PERSON_AMOUNT).is_some_and(|amounts| amounts.null_count() < amounts.len());
    let Some(unclear) = amounts(columns, HOUSEHOLD_AMOUNT).filter(|_| !is_told).map(|of| amount_owner::unclear(of, &keys)) else {
        return;
    };
    clear(columns, HOUSEHOLD_AMOUNT, &unclear, Repair::Owner, note);
}

fn amounts<'c>(columns: &'c [Column<'_>], field: &str) -> Option<&'c Int64Array> {
    let (.., arrays) = columns.iter().find(|(known, ..)| *known == field)?;
    arrays.first()?.as_primitive_opt::<Int64Type>()
}

/// Per row, whether its zero stands in a column, or part of one, of zeros.
fn unfilled(amounts: &Int64Array, parts: Option<&StringArray>) -> Vec<bool> {
    let is_habit = |(zeros, all): (usize, usize)| zeros >= LEAST && zeros * 5 >= all * 4;
    let part = |row: usize| parts.filter(|parts| parts.is_valid(row)).map(|parts| parts.value(row));
    let mut of_parts: BTreeMap<Option<&str>, (usize, usize)> = BTreeMap::new();
    for row in (0..amounts.len()).filter(|row| amounts.is_valid(*row)) {
        let counts = of_parts.entry(part(row)).or_default();
        *counts = (counts.0 + usize::from(amounts.value(row) == 0), counts.1 + 1);
    }
    let whole = of_parts.values().fold((0, 0), |sum, counts| (sum.0 + counts.0, sum.1 + counts.1));
    let is_unfilled = |row: usize| is_habit(whole) || of_parts.get(&part(row)).copied().is_some_and(is_habit);
    (0..amounts.len()).map(|row| amounts.is_valid(row) && amounts.value(row) == 0 && is_unfilled(row)).collect()
}

/// Per row, whether its two amounts say nothing: all rows where in most the first is less (`whole`), or those, where they are more than a slip.
fn contradicted(larger: &Int64Array, smaller: &Int64Array, whole: bool) -> Vec<bool> {
    let less = |(larger, smaller): (Option<i64>, Option<i64>)| larger.zip(smaller).map(|(larger, smaller)| larger < smaller);
    let less: Vec<Option<bool>> = larger.iter().zip(smaller).map(less).collect();
    let (against, both) = (less.iter().filter(|less| **less == Some(true)).count(), less.iter().flatten().count());
    let are_exchanged = whole && against * 2 > both;
    less.into_iter().map(|less| against >= LEAST && (are_exchanged || !whole && less == Some(true))).collect()
}

fn clear(columns: &mut [Column<'_>], field: &str, rows: &[bool], why: Repair, note: &mut dyn FnMut(&str, u32, Repair)) {
    let found = columns.iter_mut().find(|(known, ..)| *known == field).and_then(|(.., arrays)| arrays.first_mut());
    let Some(array) = found else { return };
    let Some(amounts) = array.as_primitive_opt::<Int64Type>() else { return };
    let is_cleared = |row: usize| rows.get(row).copied().unwrap_or(false) && amounts.is_valid(row);
    (0..amounts.len()).zip(0_u32..).filter(|(row, _)| is_cleared(*row)).for_each(|(_, at)| note(field, at, why));
    let kept: Int64Array = amounts.iter().enumerate().map(|(row, amount)| amount.filter(|_| !is_cleared(row))).collect();
    *array = Arc::new(kept);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zeros(amounts: &[Option<i64>], parts: &[&str]) -> usize {
        let parts: StringArray = parts.iter().map(|part| Some(*part)).collect();
        unfilled(&amounts.iter().copied().collect(), Some(&parts)).into_iter().filter(|unfilled| *unfilled).count()
    }

    #[test]
    fn a_zero_among_amounts_is_one_and_a_column_of_zeros_is_empty() {
        let of = |amounts: &[i64]| {
            zeros(&amounts.iter().map(|amount| Some(*amount)).collect::<Vec<_>>(), &vec!["护理"; amounts.len()])
        };
        assert_eq!(of(&[4000, 0, 4000, 4000, 4000]), 0);
        assert_eq!(of(&[0, 0, 0, 0]), 4);
        assert_eq!(of(&[0, 0]), 0, "two may well be so");
        assert_eq!(of(&[0, 0, 0, 0, 0, 0, 0, 0, 4000]), 8);
        assert_eq!(of(&[0, 0, 0, 4000, 4000, 4000]), 0);
        assert_eq!(zeros(&[Some(0), Some(0), Some(0), Some(4000), None], &["生活", "生活", "生活", "护理", "生活"]), 3);
    }

    #[test]
    fn most_rows_show_which_column_is_which_and_some_that_they_are_wrong() {
        let cleared = |pairs: &[(i64, i64)]| {
            let column = |of: fn(&(i64, i64)) -> i64| pairs.iter().map(|pair| Some(of(pair))).collect::<Int64Array>();
            let (larger, smaller) = (column(|pair| pair.0), column(|pair| pair.1));
            [true, false].map(|whole| contradicted(&larger, &smaller, whole).into_iter().filter(|cleared| *cleared).count())
        };
        assert_eq!(cleared(&[(0, 1200), (0, 1200), (60, 1200), (0, 0)]), [4, 3]);
        assert_eq!(cleared(&[(1200, 0), (30, 60), (1200, 60), (0, 0)]), [0, 0], "a slip");
        assert_eq!(cleared(&[(0, 60), (0, 60)]), [0, 0]);
        assert_eq!(cleared(&[(0, 60), (0, 60), (0, 60), (0, 0), (0, 0), (0, 0), (9, 1)]), [0, 3]);
    }
}
