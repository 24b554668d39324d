//! The one place where arrow and polars meet: typed copies in, one expression at a time, typed copies out.
//!
//! Takes columns of equal length and checked SQL; gives the expression's column. Runs on polars' in-memory engine
//! over booleans, integers and text only (days travel as integers), so nothing depends on thread count. Cost: one
//! copy per column mentioned, one of the result.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Date32Array, Int64Array, StringArray};
use arrow::datatypes::{DataType as ArrowType, Date32Type, Int32Type, Int64Type};
use polars::prelude::{
    BooleanChunked, Column, DataFrame, DataType, Int64Chunked, IntoColumn, IntoLazy, NewChunkedArray, PolarsError, StringChunked,
};

use super::AssessError;
use crate::config::policy::ValueType;

// A column that is always there carries the length where an expression mentions none.
const LENGTH: &str = "__row";
const RESULT: &str = "__result";

/// The value of `sql`, which mentions `columns` and no others, for each of `length` rows.
pub(crate) fn evaluate(
    sql: &str,
    columns: &[(&str, ArrayRef)],
    length: usize,
    value_type: ValueType,
) -> Result<ArrayRef, AssessError> {
    let mut data = Vec::with_capacity(columns.len().max(1));
    for (name, array) in columns {
        data.push(to_polars(name, array.as_ref()).ok_or_else(|| AssessError::Engine {
            expression: (*name).to_owned(),
            reason: format!("column of type {}", array.data_type()),
        })?);
    }
    if data.is_empty() {
        data.push(Column::new(LENGTH.into(), vec![0_i64; length]));
    }
    let run = || -> Result<ArrayRef, PolarsError> {
        let kind = match value_type {
            ValueType::Bool => DataType::Boolean,
            ValueType::Int | ValueType::Date => DataType::Int64,
            ValueType::Text => DataType::String,
        };
        let expression = polars::sql::sql_expr(sql)?.cast(kind).alias(RESULT);
        // with_columns and not select: an expression of literals only must still give one value per row.
        let result = DataFrame::new(length, data)?.lazy().with_columns([expression]).collect()?;
        from_polars(result.column(RESULT)?, value_type)
    };
    run().map_err(|error| AssessError::Engine { expression: sql.to_owned(), reason: error.to_string() })
}

fn to_polars(name: &str, array: &dyn Array) -> Option<Column> {
    let name = name.into();
    Some(match array.data_type() {
        ArrowType::Boolean => BooleanChunked::from_iter_options(name, array.as_boolean_opt()?.iter()).into_column(),
        ArrowType::Int64 => {
            let array = array.as_primitive_opt::<Int64Type>()?;
            match array.null_count() {
                0 => Int64Chunked::from_vec(name, array.values().to_vec()).into_column(),
                _ => Int64Chunked::from_iter_options(name, array.iter()).into_column(),
            }
        }
        ArrowType::Int32 => {
            let values = array.as_primitive_opt::<Int32Type>()?.iter().map(|value| value.map(i64::from));
            Int64Chunked::from_iter_options(name, values).into_column()
        }
        ArrowType::Date32 => {
            let values = array.as_primitive_opt::<Date32Type>()?.iter().map(|value| value.map(i64::from));
            Int64Chunked::from_iter_options(name, values).into_column()
        }
        ArrowType::Utf8 => StringChunked::from_iter_options(name, array.as_string_opt::<i32>()?.iter()).into_column(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_neither_true_nor_false() {
        let columns: [(&str, ArrayRef); 3] = [
            ("covered", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]))),
            ("amount_fen", Arc::new(Int64Array::from(vec![Some(1), None, Some(5)]))),
            ("grade", Arc::new(StringArray::from(vec![Some("一级"), Some("三级"), None]))),
        ];
        let yes_no = |sql: &str| -> Vec<Option<bool>> {
            let array = evaluate(sql, &columns, 3, ValueType::Bool).expect("evaluates");
            array.as_boolean().iter().collect()
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
        let amounts = |persons: Int64Array, sql: &str| {
            let columns: [(&str, ArrayRef); 1] = [("persons", Arc::new(persons))];
            let array = evaluate(sql, &columns, 2, ValueType::Int).expect("evaluates");
            array.as_primitive::<Int64Type>().iter().collect::<Vec<_>>()
        };
        let some = Int64Array::from(vec![Some(3), None]);
        assert_eq!(amounts(some.clone(), "persons * 29458"), [Some(88_374), None]);
        assert_eq!(amounts(some, "CASE WHEN persons > 0 THEN 5 ELSE 0 END"), [Some(5), Some(0)]);
        assert_eq!(amounts(Int64Array::from(vec![3, 4]), "persons + 1"), [Some(4), Some(5)]);
    }

    #[test]
    fn an_expression_without_columns_has_a_value_for_every_row() {
        assert_eq!(evaluate("1 = 0", &[], 4, ValueType::Bool).expect("evaluates").len(), 4);
    }
}
