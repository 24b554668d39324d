//! The one place where arrow and polars meet: typed copies in, one expression at a time, typed copies out.
//!
//! Takes columns of equal length and checked SQL; gives the expression's column. Runs on polars' in-memory engine
//! over booleans, integers and text only (days travel as integers), so nothing depends on thread count. Cost: one
//! copy per column added, one per result.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Date32Array, Int32Array, Int64Array, StringArray};
use arrow::datatypes::DataType as ArrowType;
use polars::prelude::{
    BooleanChunked, Column, DataFrame, DataType, Int64Chunked, IntoColumn, IntoLazy, NewChunkedArray, PolarsError, StringChunked,
};

use super::AssessError;
use crate::config::policy::ValueType;

/// Columns that expressions are evaluated over.
#[derive(Debug)]
pub(crate) struct Frame {
    data: DataFrame,
    names: HashSet<String>,
    length: usize,
}

// A column that is always there carries the length of a frame to which nothing was added yet.
const LENGTH: &str = "__row";
const RESULT: &str = "__result";

impl Frame {
    /// A frame of `length` rows.
    pub(crate) fn new(length: usize) -> Result<Self, AssessError> {
        let row = Column::new(LENGTH.into(), vec![0_i64; length]);
        let data = DataFrame::new(length, vec![row]).map_err(|error| wrong(LENGTH, &error))?;
        Ok(Self { data, names: HashSet::new(), length })
    }

    /// Number of rows.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// Whether a column of this name is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Adds a column; `array` is as long as the frame and of one of the record or fact types.
    pub(crate) fn add(&mut self, name: &str, array: &dyn Array) -> Result<(), AssessError> {
        let column = to_polars(name, array).ok_or_else(|| AssessError::Engine {
            expression: name.to_owned(),
            reason: format!("column of type {}", array.data_type()),
        })?;
        self.data.with_column(column).map_err(|error| wrong(name, &error))?;
        self.names.insert(name.to_owned());
        Ok(())
    }

    /// Adds a column of nulls.
    pub(crate) fn add_null(&mut self, name: &str, value_type: ValueType) -> Result<(), AssessError> {
        self.add(name, null_array(value_type, self.length).as_ref())
    }

    /// The value of `sql`, which mentions `columns`, for every row.
    pub(crate) fn evaluate(&self, sql: &str, columns: &[String], value_type: ValueType) -> Result<ArrayRef, AssessError> {
        let run = || -> Result<ArrayRef, PolarsError> {
            let kind = match value_type {
                ValueType::Bool => DataType::Boolean,
                ValueType::Int | ValueType::Date => DataType::Int64,
                ValueType::Text => DataType::String,
            };
            let expression = polars::sql::sql_expr(sql)?.cast(kind).alias(RESULT);
            // Planning looks at every column there is, so only those mentioned are shown to it.
            let mentioned = self.data.select(std::iter::once(LENGTH).chain(columns.iter().map(String::as_str)))?;
            // with_columns and not select: an expression of literals only must still give one value per row.
            let result = mentioned.lazy().with_columns([expression]).collect()?;
            from_polars(result.column(RESULT)?, value_type)
        };
        run().map_err(|error| wrong(sql, &error))
    }
}

fn wrong(expression: &str, error: &PolarsError) -> AssessError {
    AssessError::Engine { expression: expression.to_owned(), reason: error.to_string() }
}

fn to_polars(name: &str, array: &dyn Array) -> Option<Column> {
    let any = array.as_any();
    Some(match array.data_type() {
        ArrowType::Boolean => {
            BooleanChunked::from_iter_options(name.into(), any.downcast_ref::<BooleanArray>()?.iter()).into_column()
        }
        ArrowType::Int64 => Int64Chunked::from_iter_options(name.into(), any.downcast_ref::<Int64Array>()?.iter()).into_column(),
        ArrowType::Int32 => {
            let values = any.downcast_ref::<Int32Array>()?.iter().map(|value| value.map(i64::from));
            Int64Chunked::from_iter_options(name.into(), values).into_column()
        }
        ArrowType::Date32 => {
            let values = any.downcast_ref::<Date32Array>()?.iter().map(|value| value.map(i64::from));
            Int64Chunked::from_iter_options(name.into(), values).into_column()
        }
        ArrowType::Utf8 => StringChunked::from_iter_options(name.into(), any.downcast_ref::<StringArray>()?.iter()).into_column(),
        _ => return None,
    })
}

fn from_polars(column: &Column, value_type: ValueType) -> Result<ArrayRef, PolarsError> {
    let series = column.as_materialized_series();
    Ok(match value_type {
        ValueType::Bool => Arc::new(series.bool()?.iter().collect::<BooleanArray>()),
        ValueType::Int => Arc::new(series.i64()?.iter().collect::<Int64Array>()),
        ValueType::Text => Arc::new(series.str()?.iter().collect::<StringArray>()),
        ValueType::Date => {
            let days = series.i64()?.iter().map(|day| day.and_then(|day| i32::try_from(day).ok()));
            Arc::new(days.collect::<Date32Array>())
        }
    })
}

/// `length` nulls of a fact's type.
pub(crate) fn null_array(value_type: ValueType, length: usize) -> ArrayRef {
    arrow::array::new_null_array(&arrow_type(value_type), length)
}

/// How a fact's type is stored.
pub(crate) fn arrow_type(value_type: ValueType) -> ArrowType {
    match value_type {
        ValueType::Bool => ArrowType::Boolean,
        ValueType::Int => ArrowType::Int64,
        ValueType::Text => ArrowType::Utf8,
        ValueType::Date => ArrowType::Date32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_neither_true_nor_false() {
        let mut frame = Frame::new(3).expect("a frame");
        frame.add("covered", &BooleanArray::from(vec![Some(true), Some(false), None])).expect("added");
        frame.add("amount_fen", &Int64Array::from(vec![Some(1), None, Some(5)])).expect("added");
        frame.add("grade", &StringArray::from(vec![Some("一级"), Some("三级"), None])).expect("added");
        let columns = ["covered", "amount_fen", "grade"].map(str::to_owned);
        let yes_no = |sql: &str| -> Vec<Option<bool>> {
            let array = frame.evaluate(sql, &columns, ValueType::Bool).expect("evaluates");
            array.as_any().downcast_ref::<BooleanArray>().expect("booleans").iter().collect()
        };
        assert_eq!(yes_no("NOT covered"), [Some(false), Some(true), None]);
        assert_eq!(yes_no("covered AND amount_fen < 3"), [Some(true), Some(false), Some(false)]);
        assert_eq!(yes_no("covered OR amount_fen > 3"), [Some(true), None, Some(true)]);
        assert_eq!(yes_no("grade IN ('一级', '二级')"), [Some(true), Some(false), None]);
        assert_eq!(yes_no("grade NOT IN ('一级', '二级')"), [Some(false), Some(true), None]);
        assert_eq!(yes_no("COALESCE(covered, FALSE)"), [Some(true), Some(false), Some(false)]);
        assert_eq!(yes_no("CASE WHEN covered THEN TRUE WHEN grade = '三级' THEN FALSE END"), [Some(true), Some(false), None]);
        assert_eq!(yes_no("'a' = 'a'"), [Some(true); 3]);
    }

    #[test]
    fn amounts_come_back_as_integers() {
        let mut frame = Frame::new(2).expect("a frame");
        frame.add("persons", &Int64Array::from(vec![Some(3), None])).expect("added");
        let columns = ["persons".to_owned()];
        let array = frame.evaluate("persons * 29458", &columns, ValueType::Int).expect("evaluates");
        assert_eq!(array.as_any().downcast_ref::<Int64Array>().expect("ints"), &Int64Array::from(vec![Some(88_374), None]));
        let array = frame.evaluate("CASE WHEN persons > 0 THEN 5 ELSE 0 END", &columns, ValueType::Int).expect("evaluates");
        assert_eq!(array.as_any().downcast_ref::<Int64Array>().expect("ints"), &Int64Array::from(vec![5, 0]));
    }
}
