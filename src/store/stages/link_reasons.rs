//! The last columns of `links.parquet`, written and read back: why each row is with its person.
//!
//! `rule` what brought the two together, null for who founded a person · `compared_with` the row it was compared with, by position ·
//! `parts` the bars of the weight, which sum to it · `rival`, `rival_weight` the best other candidate of a row joined by weight.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Float32Array, Float32Builder, Int32Array, ListArray, RecordBatch, StringArray,
    StructArray, UInt32Array,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields, Float32Type, Int32Type, UInt32Type};

use crate::config::link::COMPARISONS;
use crate::link::evidence::{Comparison, Evidence, NAME_FREQUENCY};
use crate::model::link::WeightPart;
use crate::model::record::RowId;

fn words() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

fn part_fields() -> Fields {
    Fields::from(vec![
        Field::new("comparison", words(), false),
        Field::new("level", words(), false),
        Field::new("weight", DataType::Float32, false),
    ])
}

fn item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(part_fields()), false))
}

/// The columns' names and types.
pub(crate) fn fields() -> Vec<Field> {
    vec![
        Field::new("rule", words(), true),
        Field::new("compared_with", DataType::UInt32, true),
        Field::new("parts", DataType::List(item()), false),
        Field::new("rival", DataType::UInt32, true),
        Field::new("rival_weight", DataType::Float32, true),
    ]
}

/// The columns of a run of rows.
pub(crate) fn columns(evidence: &Evidence, rows: std::ops::Range<u32>) -> Vec<ArrayRef> {
    let all = || rows.clone().map(RowId);
    let rivals: Vec<_> = all().map(|row| evidence.rival_of(row)).collect();
    vec![
        Arc::new(all().map(|row| evidence.rule(row)).collect::<DictionaryArray<Int32Type>>()),
        Arc::new(all().map(|row| evidence.compared_with(row).map(|other| other.0)).collect::<UInt32Array>()),
        parts(evidence, rows.clone()),
        Arc::new(rivals.iter().map(|rival| rival.map(|rival| rival.other.0)).collect::<UInt32Array>()),
        Arc::new(rivals.iter().map(|rival| rival.map(|rival| rival.weight())).collect::<Float32Array>()),
    ]
}

/// Comparison and level as positions in two small lists of words.
fn parts(evidence: &Evidence, rows: std::ops::Range<u32>) -> ArrayRef {
    let mut comparison_words = vec!["prior", NAME_FREQUENCY];
    let mut level_words = vec![""];
    let mut first_level = [0i32; COMPARISONS.len()];
    for (at, (name, levels)) in COMPARISONS.into_iter().enumerate() {
        comparison_words.push(name);
        first_level[at] = i32::try_from(level_words.len()).unwrap_or(0);
        level_words.extend(levels);
    }
    let (mut comparisons, mut levels) = (Vec::with_capacity(rows.len() * 6), Vec::with_capacity(rows.len() * 6));
    let mut weights = Float32Builder::with_capacity(rows.len() * 6);
    let mut lengths = Vec::with_capacity(rows.len());
    for row in rows {
        let before = comparisons.len();
        evidence.each_bar(RowId(row), |bar| {
            let (comparison, level) = match bar.comparison {
                Comparison::Prior => (0, 0),
                Comparison::NameFrequency => (1, 0),
                Comparison::Level(comparison, level) => (
                    2 + i32::from(comparison),
                    first_level.get(usize::from(comparison)).map_or(0, |first| first + i32::from(level)),
                ),
            };
            comparisons.push(comparison);
            levels.push(level);
            weights.append_value(bar.weight);
        });
        lengths.push(comparisons.len() - before);
    }
    let words = |keys: Vec<i32>, words: Vec<&str>| -> ArrayRef {
        // Every key is a position in the list that it was made from.
        DictionaryArray::<Int32Type>::try_new(Int32Array::from(keys), Arc::new(StringArray::from(words)))
            .map_or_else(|_| arrow::array::new_empty_array(&self::words()), |array| Arc::new(array) as ArrayRef)
    };
    let arrays = vec![words(comparisons, comparison_words), words(levels, level_words), Arc::new(weights.finish()) as ArrayRef];
    let items = StructArray::new(part_fields(), arrays, None);
    Arc::new(ListArray::new(item(), OffsetBuffer::from_lengths(lengths), Arc::new(items), None))
}

/// What brought a row to its person.
#[derive(Debug)]
pub(crate) struct Why {
    /// The blocking rule, or what stood in its place.
    pub(crate) rule: String,
    /// The row it was compared with.
    pub(crate) compared_with: Option<RowId>,
    /// Bars of the weight.
    pub(crate) parts: Vec<WeightPart>,
    /// The best candidate it was not given to, and how much that weighs.
    pub(crate) rival: Option<(RowId, f32)>,
}

/// Why one row is with its person, read back; `None` where the run did not note it.
pub(crate) fn why(links: &RecordBatch, row: RowId) -> Option<Why> {
    let at = row.0 as usize;
    let other = |name: &str| {
        let column = links.column_by_name(name)?.as_primitive_opt::<UInt32Type>()?;
        column.is_valid(at).then(|| RowId(column.value(at))).filter(|row| (row.0 as usize) < links.num_rows())
    };
    let rival_weight = links.column_by_name("rival_weight").and_then(|column| column.as_primitive_opt::<Float32Type>());
    Some(Why {
        rule: word_at(links, "rule", at)?,
        compared_with: other("compared_with"),
        parts: list_at(links, "parts", at).and_then(|parts| parts_of(&parts)).unwrap_or_default(),
        rival: other("rival").zip(rival_weight.map(|weights| weights.value(at))),
    })
}

/// The word at `row` of a column of words, however it is encoded.
fn word_at(batch: &RecordBatch, name: &str, row: usize) -> Option<String> {
    let column = batch.column_by_name(name)?;
    let plain = arrow::compute::cast(&column.slice(row, 1), &DataType::Utf8).ok()?;
    let plain = plain.as_string_opt::<i32>()?;
    plain.is_valid(0).then(|| plain.value(0).to_owned())
}

/// The bars in a list of parts; `None` where it is none.
fn parts_of(parts: &StructArray) -> Option<Vec<WeightPart>> {
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
fn list_at(batch: &RecordBatch, name: &str, row: usize) -> Option<StructArray> {
    let list = batch.column_by_name(name)?.as_any().downcast_ref::<ListArray>()?;
    list.is_valid(row).then(|| list.value(row).as_any().downcast_ref::<StructArray>().cloned()).flatten()
}
