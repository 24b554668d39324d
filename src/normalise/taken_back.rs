//! Money taken back: of whom a row of a register takes some back, it cannot be told which of the person's rows stand.
//!
//! Takes a registry's batch; gives it with all rows of such a person of unclear standing. Lists by the month are left as they are: a month's own
//! column says what a row takes back. O(rows); nothing is copied where nothing was taken back.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::error::ArrowError;

use super::repair::TAKEN_BACK;
use crate::model::columns::{ID_NUMBER, MONTH, NAME, REPAIRS, STANDING_STATE, UNCLEAR};

/// The batch with the standing of everybody concerned unclear.
pub(super) fn tell(batch: RecordBatch) -> Result<RecordBatch, ArrowError> {
    let column = |name: &str| batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
    let (Some(repairs), Some(standings)) = (column(REPAIRS), column(STANDING_STATE)) else { return Ok(batch) };
    let marker = |row: usize| {
        let said = repairs.is_valid(row).then(|| repairs.value(row))?;
        said.split(';').find(|repair| repair.split_once(':').is_some_and(|(_, kind)| kind == TAKEN_BACK))
    };
    let rows = 0..batch.num_rows();
    let Some(said) = rows.clone().find_map(marker).filter(|_| batch.column_by_name(MONTH).is_none()) else { return Ok(batch) };
    let (numbers, names) = (column(ID_NUMBER), column(NAME));
    let text = |column: Option<&StringArray>, row: usize| {
        column.filter(|column| column.is_valid(row)).map_or_else(String::new, |column| column.value(row).to_owned())
    };
    let whose = |row: usize| Some(text(numbers, row)).filter(|number| !number.is_empty()).unwrap_or_else(|| text(names, row));
    let concerned: HashSet<_> = rows.clone().filter(|row| marker(*row).is_some()).map(whose).collect();
    let is_concerned: Vec<bool> = rows.map(|row| concerned.contains(&whose(row))).collect();
    let standing = |(row, is_concerned): (usize, &bool)| (*is_concerned || standings.is_valid(row)).then_some(UNCLEAR);
    let told = |(row, is_concerned): (usize, &bool)| match (repairs.is_valid(row).then(|| repairs.value(row)), is_concerned) {
        (known, true) if marker(row).is_none() => Some(known.map_or_else(|| said.to_owned(), |known| format!("{known};{said}"))),
        (known, _) => known.map(str::to_owned),
    };
    let (standing, told): (StringArray, StringArray) =
        (is_concerned.iter().enumerate().map(standing).collect(), is_concerned.iter().enumerate().map(told).collect());
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| match field.name().as_str() {
        STANDING_STATE => Arc::new(standing.clone()) as ArrayRef,
        REPAIRS => Arc::new(told.clone()) as ArrayRef,
        _ => Arc::clone(column),
    });
    let columns = columns.collect();
    RecordBatch::try_new(schema, columns)
}
