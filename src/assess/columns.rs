//! Columns of facts: typed values in, arrow arrays out.
//!
//! A fact says the same of most subjects, so columns are made from the few for whom it says something else. Cost: one copy of a
//! value per subject; zeroes are not even written.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, BooleanBufferBuilder, Date32Array, Int64Array, PrimitiveArray,
    StringArray, StringBuilder,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Date32Type, Int64Type};

use super::AssessError;
use super::rows::OwnedRows;
use crate::config::policy::ValueType;
use crate::model::date::Day;
use crate::model::finding::Scope;

/// One fact for all subjects of its scope.
pub(crate) struct FactColumn {
    pub(crate) scope: Scope,
    pub(crate) array: ArrayRef,
    /// What is known at the least, where the value is empty because only a part of what it adds up could be read; `None` where that is nobody.
    pub(crate) least: Option<ArrayRef>,
    /// Subjects whose value may not be the default, which all others share; ascending. `None` where that may be anybody.
    pub(crate) non_default: Option<Arc<[u32]>>,
    /// Row ids each value came from; only facts read from registries have their own.
    pub(crate) rows: Option<OwnedRows>,
    /// Why it could not be read at all; rules go on without an optional one.
    pub(crate) missing: Option<String>,
    /// Where an empty value could have come from.
    pub(crate) rests: Rests,
}

/// Why a value is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Empty {
    /// A cell is empty, or says too little.
    Cell,
    /// There is no row in which it would stand.
    NoRow,
}

impl Empty {
    /// Of what is computed from others, each empty or not: an empty cell could be filled in and decide it; where nothing is empty, what is
    /// there says too little.
    pub(crate) fn of(parts: impl Iterator<Item = Option<Self>>) -> Self {
        let mut why = Self::Cell;
        for part in parts.flatten() {
            why = part;
            if part == Self::Cell {
                break;
            }
        }
        why
    }
}

/// What a fact's value comes from.
#[derive(Clone, Debug)]
pub(crate) enum Rests {
    /// Rows: of these subjects, ascending, where they are their own; of anybody where that cannot be told.
    Rows(Option<Arc<[u32]>>),
    /// Other facts of the same subject.
    Facts(Vec<String>),
    /// Facts of the members of the household.
    Members(Vec<String>),
}

impl FactColumn {
    pub(crate) fn value(&self, at: usize) -> Option<FactValue<'_>> {
        value_at(self.array.as_ref(), at)
    }

    pub(crate) fn is_true(&self, at: usize) -> bool {
        self.value(at) == Some(FactValue::Bool(true))
    }
}

/// The value of a fact for one subject.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FactValue<'a> {
    Bool(bool),
    Int(i64),
    Text(&'a str),
    Date(Day),
}

/// The value at a place; `None` where it is empty or there is no such place.
pub(crate) fn value_at(array: &dyn Array, at: usize) -> Option<FactValue<'_>> {
    if at >= array.len() || array.is_null(at) {
        return None;
    }
    match array.data_type() {
        DataType::Boolean => array.as_boolean_opt().map(|array| FactValue::Bool(array.value(at))),
        DataType::Int64 => array.as_primitive_opt::<Int64Type>().map(|array| FactValue::Int(array.value(at))),
        DataType::Utf8 => array.as_string_opt::<i32>().map(|array| FactValue::Text(array.value(at))),
        DataType::Date32 => array.as_primitive_opt::<Date32Type>().map(|array| FactValue::Date(Day(array.value(at)))),
        _ => None,
    }
}

/// `values` as a column; one of another type is empty.
pub(crate) fn of_values(value_type: ValueType, values: &[Option<FactValue<'_>>]) -> ArrayRef {
    let values = values.iter().copied();
    match value_type {
        ValueType::Bool => Arc::new(
            values.map(|v| v.and_then(|v| if let FactValue::Bool(b) = v { Some(b) } else { None })).collect::<BooleanArray>(),
        ),
        ValueType::Int => Arc::new(
            values.map(|v| v.and_then(|v| if let FactValue::Int(i) = v { Some(i) } else { None })).collect::<Int64Array>(),
        ),
        ValueType::Text => Arc::new(
            values.map(|v| v.and_then(|v| if let FactValue::Text(t) = v { Some(t) } else { None })).collect::<StringArray>(),
        ),
        ValueType::Date => Arc::new(
            values.map(|v| v.and_then(|v| if let FactValue::Date(d) = v { Some(d.0) } else { None })).collect::<Date32Array>(),
        ),
    }
}

/// A column of `length` subjects from the values of those `non_default` (ascending), followed by the one value of all others.
pub(crate) fn spread(values: &ArrayRef, non_default: &[u32], length: usize) -> Result<ArrayRef, AssessError> {
    let others = non_default.len();
    if others == length {
        return Ok(values.slice(0, length));
    }
    Ok(match values.data_type() {
        DataType::Boolean => {
            let values = values.as_boolean();
            let mut bits = filled(length, values.is_valid(others) && values.value(others));
            for (at, subject) in non_default.iter().enumerate() {
                bits.set_bit(*subject as usize, values.is_valid(at) && values.value(at));
            }
            Arc::new(BooleanArray::new(bits.finish(), validity(values, non_default, length)))
        }
        DataType::Int64 => Arc::new(spread_numbers(values.as_primitive::<Int64Type>(), non_default, length)),
        DataType::Date32 => Arc::new(spread_numbers(values.as_primitive::<Date32Type>(), non_default, length)),
        DataType::Utf8 => Arc::new(spread_text(values.as_string(), non_default, length)),
        other => return Err(AssessError::Engine { expression: "fact".to_owned(), reason: format!("column of type {other}") }),
    })
}

fn filled(length: usize, value: bool) -> BooleanBufferBuilder {
    let mut bits = BooleanBufferBuilder::new(length);
    bits.append_n(length, value);
    bits
}

fn validity(values: &dyn Array, non_default: &[u32], length: usize) -> Option<NullBuffer> {
    if values.null_count() == 0 {
        return None;
    }
    let mut bits = filled(length, values.is_valid(non_default.len()));
    for (at, subject) in non_default.iter().enumerate() {
        bits.set_bit(*subject as usize, values.is_valid(at));
    }
    Some(NullBuffer::new(bits.finish())).filter(|nulls| nulls.null_count() > 0)
}

fn spread_numbers<T: ArrowPrimitiveType>(values: &PrimitiveArray<T>, non_default: &[u32], length: usize) -> PrimitiveArray<T> {
    let others = if values.is_valid(non_default.len()) { values.value(non_default.len()) } else { T::default_value() };
    // Zeroes come from the system and cost nothing until they are touched.
    let mut numbers = vec![others; length];
    for (at, subject) in non_default.iter().enumerate() {
        numbers[*subject as usize] = values.value(at);
    }
    PrimitiveArray::new(numbers.into(), validity(values, non_default, length))
}

fn spread_text(values: &StringArray, non_default: &[u32], length: usize) -> StringArray {
    let mut texts = StringBuilder::with_capacity(length, values.values().len());
    let others = values.is_valid(non_default.len()).then(|| values.value(non_default.len()));
    let fill = |texts: &mut StringBuilder, count: usize| match others {
        None => texts.append_nulls(count),
        Some(text) => (0..count).for_each(|_| texts.append_value(text)),
    };
    let mut next = 0;
    for (at, subject) in non_default.iter().enumerate() {
        fill(&mut texts, *subject as usize - next);
        texts.append_option(values.is_valid(at).then(|| values.value(at)));
        next = *subject as usize + 1;
    }
    fill(&mut texts, length - next);
    texts.finish()
}

/// `length` nulls of a fact's type.
pub(crate) fn null_array(value_type: ValueType, length: usize) -> ArrayRef {
    let arrow_type = match value_type {
        ValueType::Bool => DataType::Boolean,
        ValueType::Int => DataType::Int64,
        ValueType::Text => DataType::Utf8,
        ValueType::Date => DataType::Date32,
    };
    arrow::array::new_null_array(&arrow_type, length)
}
