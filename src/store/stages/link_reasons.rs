//! The last columns of `links.parquet`: why each row is with its person.
//!
//! `rule` what brought the two together, null for who founded a person · `compared_with` the row it was compared with, by position ·
//! `parts` the bars of the weight, which sum to it · `rival`, `rival_weight` the best other candidate of a row joined by weight.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, DictionaryArray, Float32Array, Float32Builder, Int32Array, ListArray, StringArray, StructArray, UInt32Array,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields, Int32Type};

use crate::config::link::COMPARISONS;
use crate::link::evidence::{Comparison, Evidence, NAME_FREQUENCY};
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
