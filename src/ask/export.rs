//! `export`: one table of a finished run in a form that another program reads.
//!
//! Takes a run folder, a table and a format, checked before anything is written; streams the stage file batch by batch (a workbook is held
//! until it is whole). In CSV (UTF-8 with a mark, so that Excel opens
//! it rightly) a text of 12 digits and more ends in a tab: Excel then keeps every digit. A text that could be read as a formula begins with
//! one, and so does one that begins with what a program drops or folds before it looks (a tab, a line end, full-width signs). Lists are JSON within their cell.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Field, FieldRef, Float32Type, Float64Type, Int64Type, UInt64Type};
use clap::ValueEnum;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rust_xlsxwriter::{DocProperties, Format, Workbook, Worksheet, XlsxError};
use serde_json::{Map, Value, json};

use crate::model::date::Day;
use crate::model::system_error::plain;
use crate::model::text::{steers, unsteered};
use crate::report::PROGRAM;
use crate::store::disk;
use crate::store::finished::{Finished, FinishedError};
use crate::store::stages::StageError;

/// Rows of a sheet below its header.
const ROWS_PER_SHEET: u32 = 1_048_575;
/// Excel's limit for a cell, in UTF-16 units.
const CELL_LIMIT: usize = 32_767;

/// Forms of a table. The first line of each is its line of help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableFormat {
    /// UTF-8 with a mark, for Excel; long numbers end in a tab and stay whole
    Csv,
    /// An array of objects
    Json,
    /// A workbook
    Xlsx,
    /// As in the run folder
    Parquet,
}

impl TableFormat {
    /// What the ending of a file's name says.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?;
        Self::from_str(ending, true).ok()
    }
}

/// Why a table cannot be exported.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExportError {
    /// The folder is no finished run.
    #[error(transparent)]
    Finished(#[from] FinishedError),
    /// No such table.
    #[error("这次运行没有表“{table}”。有：{}", known.join("、"))]
    Unknown {
        /// What was asked for.
        table: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A stage file cannot be read.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// The output cannot be written.
    #[error("写不出去：{}。请检查磁盘空间和权限", plain(.0))]
    Io(#[from] io::Error),
    /// The workbook cannot be written.
    #[error("写不出工作簿：{0}")]
    Xlsx(#[from] XlsxError),
}

/// A table that is there and can be read.
#[derive(Debug)]
pub(crate) struct Export {
    finished: Finished,
    table: String,
    path: PathBuf,
}

impl Export {
    /// Finds the table `table` of the run in `run`.
    pub(crate) fn open(run: &Path, table: &str) -> Result<Self, ExportError> {
        let finished = Finished::open(run)?;
        let known = tables(&finished.folder.join("stages"))?;
        if !known.iter().any(|name| name == table) {
            return Err(ExportError::Unknown { table: table.to_owned(), known });
        }
        let path = finished.file(&format!("{table}.parquet"))?;
        Batches::open(&path)?;
        Ok(Self { finished, table: table.to_owned(), path })
    }

    /// Writes it to `out`.
    pub(crate) fn write(&self, format: TableFormat, out: &mut (dyn Write + Send)) -> Result<(), ExportError> {
        let mut batches = Batches::open(&self.path)?;
        match format {
            TableFormat::Csv => csv(&mut batches, out),
            TableFormat::Json => array(&mut batches, out),
            TableFormat::Xlsx => workbook(&mut batches, &self.table, &self.finished, out),
            TableFormat::Parquet => {
                io::copy(&mut disk::open(&self.path)?, out)?;
                Ok(())
            }
        }
    }
}

fn tables(stages: &Path) -> Result<Vec<String>, StageError> {
    let mut names = Vec::new();
    let fail = |error: io::Error| StageError { path: stages.to_owned(), what: plain(&error) };
    for entry in fs::read_dir(stages).map_err(fail)? {
        let name = entry.map_err(fail)?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".parquet").map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// A stage file, batch by batch, in the types that [`value`] knows.
struct Batches {
    path: PathBuf,
    columns: Vec<String>,
    types: Vec<DataType>,
    reader: parquet::arrow::arrow_reader::ParquetRecordBatchReader,
}

impl Batches {
    fn open(path: &Path) -> Result<Self, ExportError> {
        let fail = |what: String| StageError { path: path.to_owned(), what };
        let file = disk::open(path).map_err(|error| fail(plain(&error)))?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| fail(error.to_string()))?;
        let fields = reader.schema().fields();
        let columns = fields.iter().map(|field| field.name().clone()).collect();
        let unknown = |field: &Field| fail(format!("“{}”一栏的类型 {} 不会导出", field.name(), field.data_type()));
        let types: Result<Vec<DataType>, StageError> =
            fields.iter().map(|field| exported(field.data_type()).ok_or_else(|| unknown(field))).collect();
        let types = types?;
        let reader = reader.with_batch_size(8_192).build().map_err(|error| fail(error.to_string()))?;
        Ok(Self { path: path.to_owned(), columns, types, reader })
    }

    /// The columns of the next batch; `None` at the end.
    fn next(&mut self) -> Result<Option<Vec<ArrayRef>>, ExportError> {
        let Some(batch) = self.reader.next() else { return Ok(None) };
        let plain = |batch: RecordBatch| batch.columns().iter().zip(&self.types).map(|(column, of)| cast(column, of)).collect();
        let columns: Result<Vec<ArrayRef>, _> = batch.and_then(plain);
        Ok(Some(columns.map_err(|error| StageError { path: self.path.clone(), what: error.to_string() })?))
    }
}

fn csv(batches: &mut Batches, out: &mut dyn Write) -> Result<(), ExportError> {
    out.write_all("\u{feff}".as_bytes())?;
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    writer.write_record(&batches.columns).map_err(from_csv)?;
    while let Some(batch) = batches.next()? {
        for row in 0..rows(&batch) {
            for column in &batch {
                let cell = match value(column.as_ref(), row) {
                    Value::Null => String::new(),
                    Value::String(text) => for_excel(unsteered(&text).into_owned()),
                    Value::Bool(yes) => if yes { "是" } else { "否" }.to_owned(),
                    other => other.to_string(),
                };
                writer.write_field(cell).map_err(from_csv)?;
            }
            writer.write_record(None::<&[u8]>).map_err(from_csv)?;
        }
    }
    writer.flush()?;
    Ok(())
}

/// What the disk or the pipe said, where it was that.
fn from_csv(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// Text as Excel keeps it: all digits of a long number, and no formula.
fn for_excel(text: String) -> String {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let number = digits >= 12 && digits + 1 >= text.len();
    if number {
        format!("{text}\t")
    } else if text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '﹢', '﹣', '﹦', '﹫', '\t', '\r', '\n']) {
        format!("\t{text}")
    } else {
        text
    }
}

fn array(batches: &mut Batches, out: &mut dyn Write) -> Result<(), ExportError> {
    out.write_all(b"[")?;
    let mut before = "\n";
    while let Some(batch) = batches.next()? {
        for row in 0..rows(&batch) {
            let cells = batches.columns.iter().zip(&batch);
            let object: Map<String, Value> = cells.map(|(name, column)| (name.clone(), value(column.as_ref(), row))).collect();
            out.write_all(before.as_bytes())?;
            let object = serde_json::to_string(&Value::Object(object)).map_err(io::Error::from)?;
            out.write_all(escaped(&object).as_bytes())?;
            before = ",\n";
        }
    }
    out.write_all(b"\n]\n")?;
    Ok(())
}

/// JSON in which what a terminal would obey, or turn the line by, is written as `\u202e`: the same values.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if steers(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = fmt::Write::write_fmt(&mut text, format_args!("\\u{unit:04x}"));
            }
        } else {
            text.push(c);
        }
    }
    text
}

fn workbook(batches: &mut Batches, table: &str, finished: &Finished, out: &mut (dyn Write + Send)) -> Result<(), ExportError> {
    let mut workbook = Workbook::new();
    if let Ok(day) = finished.run.as_of.parse::<Day>() {
        let (year, month, day) = day.ymd();
        let part = |part: u32| u8::try_from(part).unwrap_or(1);
        let made = rust_xlsxwriter::ExcelDateTime::from_ymd(u16::try_from(year).unwrap_or(1900), part(month), part(day))?;
        workbook.set_properties(&DocProperties::new().set_title(table).set_company(PROGRAM).set_creation_datetime(&made));
    }
    let (head, text) = (Format::new().set_bold(), Format::new().set_num_format("@"));
    let (mut row, mut count) = (ROWS_PER_SHEET, 0_u32);
    let mut first = true;
    while let Some(batch) = batches.next()? {
        for at in 0..rows(&batch) {
            if row >= ROWS_PER_SHEET {
                count += 1;
                new_sheet(&mut workbook, table, count, &batches.columns, &head)?;
                row = 0;
                first = false;
            }
            row += 1;
            let sheet = workbook.worksheet_from_index(usize::try_from(count - 1).unwrap_or(0))?;
            for (position, column) in (0_u16..).zip(&batch) {
                write_cell(sheet, row, position, &value(column.as_ref(), at), &text)?;
            }
        }
    }
    if first {
        new_sheet(&mut workbook, table, 1, &batches.columns, &head)?;
    }
    out.write_all(&workbook.save_to_buffer()?)?;
    Ok(())
}

fn new_sheet(workbook: &mut Workbook, table: &str, count: u32, columns: &[String], head: &Format) -> Result<(), XlsxError> {
    // Not the library's low-memory sheets: those put rows into the temporary folder.
    let sheet = workbook.add_worksheet();
    sheet.set_name(if count == 1 { table.to_owned() } else { format!("{table}（{count}）") })?;
    sheet.set_freeze_panes(1, 0)?;
    for (position, name) in (0_u16..).zip(columns) {
        sheet.write_string_with_format(0, position, name, head)?;
    }
    Ok(())
}

fn write_cell(sheet: &mut Worksheet, row: u32, column: u16, value: &Value, text: &Format) -> Result<(), XlsxError> {
    match value {
        Value::Null => {}
        Value::Number(number) => {
            sheet.write_number(row, column, number.as_f64().unwrap_or(0.0))?;
        }
        Value::Bool(yes) => {
            sheet.write_string(row, column, if *yes { "是" } else { "否" })?;
        }
        Value::String(string) => {
            sheet.write_string_with_format(row, column, fitting(&unsteered(string)), text)?;
        }
        other => {
            sheet.write_string_with_format(row, column, fitting(&unsteered(&other.to_string())), text)?;
        }
    }
    Ok(())
}

/// As much as a cell takes.
fn fitting(text: &str) -> String {
    if text.encode_utf16().count() <= CELL_LIMIT {
        return text.to_owned();
    }
    let kept: String = text.chars().take(CELL_LIMIT / 2 - 2).collect();
    kept + "……"
}

fn rows(columns: &[ArrayRef]) -> usize {
    columns.first().map_or(0, Array::len)
}

/// The type in which a column is written, for every type that a table can have: numbers as the widest, text without its dictionary.
fn exported(of: &DataType) -> Option<DataType> {
    Some(match of {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => DataType::Int64,
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => DataType::UInt64,
        DataType::Boolean | DataType::Float32 | DataType::Float64 | DataType::Date32 => of.clone(),
        DataType::Dictionary(_, values) => exported(values)?,
        DataType::List(item) | DataType::LargeList(item) => {
            let of = exported(item.data_type())?;
            DataType::List(item.as_ref().clone().with_data_type(of).into())
        }
        DataType::Struct(fields) => {
            let plain = |field: &FieldRef| Some(field.as_ref().clone().with_data_type(exported(field.data_type())?));
            DataType::Struct(fields.iter().map(plain).collect::<Option<Vec<Field>>>()?.into())
        }
        _ => return None,
    })
}

/// A cell of a type of [`exported`] as JSON; days as `2018-06-30`, money in fen as in the file.
fn value(column: &dyn Array, row: usize) -> Value {
    if column.is_null(row) {
        return Value::Null;
    }
    match column.data_type() {
        DataType::Boolean => json!(column.as_boolean().value(row)),
        DataType::Int64 => json!(column.as_primitive::<Int64Type>().value(row)),
        DataType::UInt64 => json!(column.as_primitive::<UInt64Type>().value(row)),
        DataType::Float32 => {
            // As short as the number itself, not as its double.
            let number = column.as_primitive::<Float32Type>().value(row);
            number.to_string().parse::<f64>().map_or(Value::Null, |number| json!(number))
        }
        DataType::Float64 => json!(column.as_primitive::<Float64Type>().value(row)),
        DataType::Date32 => json!(Day(column.as_primitive::<Date32Type>().value(row)).to_string()),
        DataType::List(_) => {
            let items = column.as_list::<i32>().value(row);
            (0..items.len()).map(|at| value(items.as_ref(), at)).collect()
        }
        DataType::Struct(fields) => {
            let parts = column.as_struct();
            let cells = fields.iter().zip(parts.columns());
            Value::Object(cells.map(|(field, part)| (field.name().clone(), value(part.as_ref(), row))).collect())
        }
        _ => column.as_string_opt::<i32>().map_or(Value::Null, |texts| json!(texts.value(row))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_keep_their_digits_and_formulas_stay_text() {
        for (text, kept) in [
            ("520324199003071234", "520324199003071234\t"),
            ("52032419900307123X", "52032419900307123X\t"),
            ("13885211234", "13885211234"),
            ("2018-06-30", "2018-06-30"),
            ("=HYPERLINK(1)", "\t=HYPERLINK(1)"),
            ("张小明", "张小明"),
        ] {
            assert_eq!(for_excel(text.to_owned()), kept);
        }
    }

    #[test]
    fn what_a_terminal_would_obey_is_escaped_and_the_values_are_the_same() {
        let value = json!({"姓名": "张\u{1b}[2J\u{9b}31m\u{202e}三\u{2066}\u{e0001}"});
        let text = escaped(&value.to_string());
        assert!(!text.chars().any(steers), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), value);
    }
}
