//! Parquet → frames: one table whose header is the schema; row 1 is the header, so the first row of data is row 2, as in a sheet.
//!
//! Texts, whole and decimal numbers, booleans, days and times are read, each as a sheet would give it (a moment with a zone as its day in
//! China); a nested column refuses the file
//! by name. Memory: the compressed bytes and one batch.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};

use super::archive::{self, Source};
use super::cell::Value;
use super::limits::Limits;
use super::sheet::{SheetHead, SheetWriter, Sink};
use super::stop::{Refused, Stop};
use crate::model::china_time::day_in_china;
use crate::model::date::Day;

/// Rows decoded at a time.
const BATCH: usize = 1024;
/// Bytes of text that a value may have on average, and that a byte of the file may stand for: a dictionary says a long text in two bits.
const TEXT_PER_VALUE: u64 = 64;
const TEXT_PER_BYTE: u64 = 200;
const SECONDS_A_DAY: i64 = 86_400;
const AS_CSV: &str = "请从原系统导出为 csv，或用 zstd、snappy、gzip、lz4 压缩的 parquet";

/// Gives the one table of a Parquet file.
pub(crate) fn read(source: &mut dyn Source, limits: &Limits, sink: &mut Sink<'_>) -> Result<(), Stop> {
    let bytes = archive::whole(source, limits)?;
    if bytes.starts_with(b"PARE") {
        return Err(encrypted().into());
    }
    let size = bytes.len() as u64;
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).map_err(|error| unreadable(&error))?;
    let chunks = reader.metadata().row_groups().iter().flat_map(RowGroupMetaData::columns);
    if chunks.map(ColumnChunkMetaData::compression).any(|codec| matches!(codec, Compression::BROTLI(_) | Compression::LZO)) {
        return Err(Refused::new("unknown-format", "parquet 文件的压缩方式不能读（brotli 或 lzo）", AS_CSV).into());
    }
    let limits = &Limits { rows: limits.text_rows, text_ratio: TEXT_PER_VALUE, ..*limits };
    let rows_said = u64::try_from(reader.metadata().file_metadata().num_rows()).unwrap_or(0);
    let values = rows_said.saturating_mul(reader.schema().fields().len() as u64);
    let most = values.saturating_add(size).min(size.saturating_mul(TEXT_PER_BYTE) / TEXT_PER_VALUE);
    let mut writer = SheetWriter::begin(SheetHead { bytes: Some(most), ..SheetHead::default() }, limits, sink)?;
    let outcome = rows(reader, &mut writer);
    Ok(writer.end(outcome)?)
}

fn rows(reader: ParquetRecordBatchReaderBuilder<Bytes>, writer: &mut SheetWriter<'_, '_>) -> Result<(), Stop> {
    for (column, field) in (0u32..).zip(reader.schema().fields()) {
        if field.data_type().is_nested() {
            let what = format!("第 {} 列“{}”里每一格又是一个表，不能读", column + 1, field.name());
            return Err(Refused::new("unknown-format", what, "请导出时去掉这一列").into());
        }
        writer.cell(1, column, Value::Text(field.name()))?;
    }
    let mut row = 1u32;
    for batch in reader.with_batch_size(BATCH).build().map_err(|error| unreadable(&error))? {
        let batch = batch.map_err(|_| Refused::new("damaged-file", format!("第 {row} 行之后损坏，无法解析"), AS_CSV))?;
        let columns = cells(&batch)?;
        for at in 0..batch.num_rows() {
            row = row.saturating_add(1);
            for (column, cells) in (0u32..).zip(&columns) {
                writer.cell(row, column, cells.value(at))?;
            }
        }
    }
    Ok(())
}

/// A column in one of the forms that cells have.
enum Cells {
    Text(StringArray),
    /// Begins with the day.
    Day(StringArray),
    Whole(Int64Array),
    Number(Float64Array),
    Truth(BooleanArray),
}

impl Cells {
    fn value(&self, at: usize) -> Value<'_> {
        match self {
            Self::Text(texts) if texts.is_valid(at) => Value::Text(texts.value(at)),
            Self::Day(days) if days.is_valid(at) => Value::IsoDate(days.value(at)),
            Self::Whole(numbers) if numbers.is_valid(at) => Value::Integer(numbers.value(at)),
            Self::Number(numbers) if numbers.is_valid(at) => Value::Number(numbers.value(at)),
            Self::Truth(truths) if truths.is_valid(at) => Value::Truth(truths.value(at)),
            _ => Value::Nothing,
        }
    }
}

fn cells(batch: &RecordBatch) -> Result<Vec<Cells>, Refused> {
    let schema = batch.schema();
    // What the library says could hold a value; the column's name says enough.
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
        one_column(column)
            .map_err(|_| Refused::new("damaged-file", format!("“{}”列的值不是文字、数、日期或是否", field.name()), AS_CSV))
    });
    columns.collect()
}

fn one_column(column: &ArrayRef) -> Result<Cells, arrow::error::ArrowError> {
    // A value that does not fit is an error, not an empty cell.
    let cast = |column: &ArrayRef, kind: &DataType| {
        cast_with_options(column, kind, &CastOptions { safe: false, ..CastOptions::default() })
    };
    let kind = match column.data_type() {
        DataType::Dictionary(_, values) => values.as_ref(),
        kind => kind,
    };
    Ok(match kind {
        DataType::Boolean => Cells::Truth(column.as_boolean().clone()),
        DataType::Float32 => {
            // By way of its text: 0.1 stays 0.1.
            let texts = cast(column, &DataType::Utf8)?;
            Cells::Number(cast(&texts, &DataType::Float64)?.as_primitive::<Float64Type>().clone())
        }
        DataType::Float16 | DataType::Float64 => {
            Cells::Number(cast(column, &DataType::Float64)?.as_primitive::<Float64Type>().clone())
        }
        kind if kind.is_integer() && *kind != DataType::UInt64 => {
            Cells::Whole(cast(column, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
        }
        DataType::Timestamp(_, Some(_)) => {
            // What is said with a zone is a moment: its day is that of clocks in China.
            let moments = cast(column, &DataType::Timestamp(TimeUnit::Second, None))?;
            let moments = cast(&moments, &DataType::Int64)?;
            let days = moments.as_primitive::<Int64Type>().iter().map(|moment| day_of_moment(moment?));
            Cells::Day(days.collect())
        }
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => {
            Cells::Day(cast(column, &DataType::Utf8)?.as_string::<i32>().clone())
        }
        _ => Cells::Text(cast(column, &DataType::Utf8)?.as_string::<i32>().clone()),
    })
}

/// The day in China of seconds since 1970 in UTC.
fn day_of_moment(seconds: i64) -> Option<String> {
    let day = i32::try_from(seconds.div_euclid(SECONDS_A_DAY)).ok()?;
    let second = u32::try_from(seconds.rem_euclid(SECONDS_A_DAY)).ok()?;
    Some(day_in_china(Day(day), second).to_string())
}

fn unreadable(error: &ParquetError) -> Refused {
    if error.to_string().to_lowercase().contains("encrypt") {
        return encrypted();
    }
    Refused::new("damaged-file", "parquet 文件损坏或不完整，无法解析", AS_CSV)
}

fn encrypted() -> Refused {
    Refused::new("password-protected", "文件是加密的 parquet", "请导出不加密的 parquet 或 csv")
}
