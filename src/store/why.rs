//! What brought a row to its person, read back from the last columns of `links.parquet`: the rule, the row it was compared with, the bars of
//! the weight (they sum to it), the best candidate it was not given to.

use arrow::array::{Array, AsArray, ListArray, RecordBatch, StructArray};
use arrow::datatypes::{DataType, Float32Type, UInt32Type};

use crate::model::link::WeightPart;
use crate::model::personal::Personal;
use crate::model::picture::{Rival, Why};
use crate::model::record::RowId;

/// Of one row; `None` where the run did not note it. `place` says where another row stands.
pub(crate) fn why(
    links: &RecordBatch,
    row: RowId,
    weight: f32,
    place: impl Fn(RowId) -> Personal,
) -> Option<(Why, Vec<WeightPart>)> {
    let at = row.0 as usize;
    let rule = word_at(links, "rule", at)?;
    let other = |name: &str| {
        let column = links.column_by_name(name)?.as_primitive_opt::<UInt32Type>()?;
        column.is_valid(at).then(|| RowId(column.value(at))).filter(|row| (row.0 as usize) < links.num_rows())
    };
    let rival_weight = links.column_by_name("rival_weight").and_then(|column| column.as_primitive_opt::<Float32Type>());
    let rival = other("rival").zip(rival_weight).map(|(row, weights)| {
        let rival = weights.value(at);
        Rival { place: place(row), weight: rival, contradicts: rival >= weight }
    });
    let parts = list_at(links, "parts", at).and_then(|parts| parts_of(&parts)).unwrap_or_default();
    Some((Why { rule, compared_with: other("compared_with").map(place), rival }, parts))
}

/// The word at `row` of a column of words, however it is encoded.
fn word_at(batch: &RecordBatch, name: &str, row: usize) -> Option<String> {
    let column = batch.column_by_name(name)?;
    let plain = arrow::compute::cast(&column.slice(row, 1), &DataType::Utf8).ok()?;
    let plain = plain.as_string_opt::<i32>()?;
    plain.is_valid(0).then(|| plain.value(0).to_owned())
}

/// The bars in a list of parts; `None` where it is none.
pub(crate) fn parts_of(parts: &StructArray) -> Option<Vec<WeightPart>> {
    let words = |name: &str| {
        let plain = arrow::compute::cast(parts.column_by_name(name)?, &DataType::Utf8).ok()?;
        plain.as_string_opt::<i32>().cloned()
    };
    let (comparisons, levels) = (words("comparison")?, words("level")?);
    let weights = parts.column_by_name("weight")?.as_primitive_opt::<Float32Type>()?;
    let part = |at: usize| WeightPart {
        comparison: comparisons.value(at).to_owned(),
        level: levels.value(at).to_owned(),
        weight: weights.value(at),
    };
    Some((0..parts.len()).map(part).collect())
}

/// The structs of one row of a list column.
pub(crate) fn list_at(batch: &RecordBatch, name: &str, row: usize) -> Option<StructArray> {
    let list = batch.column_by_name(name)?.as_any().downcast_ref::<ListArray>()?;
    list.is_valid(row).then(|| list.value(row).as_any().downcast_ref::<StructArray>().cloned()).flatten()
}
