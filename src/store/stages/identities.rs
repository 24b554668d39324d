//! What became of ids since the run that `--previous` named: `identity_changes.parquet` (scope, kind, id, other) and `households.parquet`
//! (household, `first_household`), which the next month's run reads. Not there without `--previous`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::error::ArrowError;

use crate::model::carried::Carried;
use crate::model::personal::Personal;

/// Both tables, by name.
pub(crate) fn batches(carried: &Carried) -> Result<[(&'static str, RecordBatch); 2], ArrowError> {
    let changes = &carried.changes;
    let column = |texts: Vec<&str>| -> ArrayRef { Arc::new(StringArray::from(texts)) };
    let log = RecordBatch::try_from_iter([
        ("scope", column(changes.iter().map(|change| change.scope).collect())),
        ("kind", column(changes.iter().map(|change| change.kind.as_str()).collect())),
        ("id", column(changes.iter().map(|change| change.id.expose()).collect())),
        ("other", column(changes.iter().map(|change| change.other.expose()).collect())),
    ]);
    let households = RecordBatch::try_from_iter([
        ("household", column(carried.households.keys().map(Personal::expose).collect())),
        ("first_household", column(carried.households.values().map(Personal::expose).collect())),
    ]);
    Ok([("identity_changes.parquet", log?), ("households.parquet", households?)])
}

/// Household codes that a finished run carried over.
pub(crate) fn read_back(batch: &RecordBatch) -> Option<Carried> {
    let code = |name: &str, row: usize| text_at(batch, name, row).map(Personal::from);
    let pairs = (0..batch.num_rows()).map(|row| Some((code("household", row)?, code("first_household", row)?)));
    Some(Carried { households: pairs.collect::<Option<_>>()?, ..Carried::default() })
}

fn text_at<'a>(batch: &'a RecordBatch, name: &str, row: usize) -> Option<&'a str> {
    let column = batch.column_by_name(name)?.as_string_opt::<i32>()?;
    column.is_valid(row).then(|| column.value(row))
}
