//! Stage files: what each stage gave, as Parquet under `stages/` of the run folder. Other programs read them; the columns
//! are a contract.
//!
//! Takes stage results, gives bytes on disk: zstd, dictionary encoded, one total order, no clock. Cost is linear in cells.

pub(crate) mod decisions;
pub(crate) mod identities;
pub(crate) mod link_reasons;
pub(crate) mod proposals;
pub(crate) mod table;
pub(crate) mod tables;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Float32Array, RecordBatch, RecordBatchReader, StringArray, StringBuilder, UInt32Array, new_null_array,
};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::arrow::arrow_writer::compute_leaves;
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use rayon::prelude::*;

use crate::assess::{FactTable, OpenPair, PERSON_KEY};
use crate::link::evidence::Evidence;
use crate::model::finding::{self, Finding, Rate, TimeBase};
use crate::model::link::{Linked, ReviewPair, Suspicion, WeightPart};
use crate::model::personal::Expose;
use crate::model::raw::{Reject, SheetName};
use crate::model::record::{RecordSet, RowId};
use crate::store::stages::table::{Items, Table, WordLists};

/// Rows converted and written at a time: bounds memory, and is the row group size.
const CHUNK: usize = 131_072;

/// Kinds in `suspicions.parquet`.
pub(crate) const TWO_NAMES: &str = "two_names";
pub(crate) const DUPLICATE: &str = "duplicate";
pub(crate) const DAMAGED: &str = "damaged";

/// A stage file that could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("阶段文件 {path} 读写失败：{what}{}", self.advice())]
pub struct StageError {
    /// The file.
    pub path: PathBuf,
    /// What the library said.
    pub what: String,
}

impl StageError {
    /// Whether one batch cannot hold a column of it, though the file is whole.
    pub(crate) fn is_too_long(&self) -> bool {
        self.what.contains(TOO_LONG)
    }

    fn advice(&self) -> &'static str {
        if self.is_too_long() {
            "；请按乡镇分开运行，再分别查看"
        } else {
            "。请检查路径、权限和磁盘空间；是以前的结果读不出来，就把那次运行重做一遍"
        }
    }
}

/// Writes batches of one schema to a Parquet file.
pub(crate) fn write(
    path: &Path,
    schema: &SchemaRef,
    batches: impl IntoIterator<Item = Result<RecordBatch, arrow::error::ArrowError>>,
) -> Result<(), StageError> {
    let written = || -> Result<(), ParquetError> {
        let mut writer = open(path, schema, properties()?)?;
        for batch in batches {
            writer.write(&batch?)?;
        }
        sync(writer.into_inner()?)
    };
    written().map_err(|error| StageError { path: path.to_owned(), what: plain(&error) })
}

/// What the disk said, in plain words; else what the library said.
fn plain(error: &ParquetError) -> String {
    let disk = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    disk.map_or_else(|| format!("{error}。请再运行同样的命令；还是这样，请把这句话告诉维护人员"), crate::store::disk::advised)
}

fn properties() -> Result<WriterPropertiesBuilder, ParquetError> {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(CHUNK))
        .set_column_dictionary_enabled(ColumnPath::from(PERSON_KEY), false)
        .set_created_by(format!("bidui {}", env!("CARGO_PKG_VERSION")));
    for row in ["row", "part", "left_row", "right_row"] {
        properties = numbers(properties, ColumnPath::from(row));
    }
    Ok(properties)
}

/// Ids and row numbers hardly come twice: a dictionary of them is work for nothing.
fn numbers(properties: WriterPropertiesBuilder, column: ColumnPath) -> WriterPropertiesBuilder {
    properties.set_column_dictionary_enabled(column.clone(), false).set_column_encoding(column, Encoding::DELTA_BINARY_PACKED)
}

fn open(
    path: &Path,
    schema: &SchemaRef,
    properties: WriterPropertiesBuilder,
) -> Result<ArrowWriter<BufWriter<File>>, ParquetError> {
    ArrowWriter::try_new(BufWriter::new(File::create(path)?), Arc::clone(schema), Some(properties.build()))
}

fn sync(buffer: BufWriter<File>) -> Result<(), ParquetError> {
    let file = buffer.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    Ok(file.sync_all()?)
}

/// Reads a stage file back as one batch.
pub(crate) fn read(path: &Path) -> Result<RecordBatch, StageError> {
    read_where(path, |_| true)
}

/// Reads some columns of a stage file, in its order, as one batch; columns that it does not have are left out.
pub(crate) fn read_columns(path: &Path, names: &[&str]) -> Result<RecordBatch, StageError> {
    read_where(path, |name| names.contains(&name))
}

fn read_where(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<RecordBatch, StageError> {
    let read = || -> Result<RecordBatch, ParquetError> {
        let reader = ParquetRecordBatchReaderBuilder::try_new(crate::store::disk::open(path)?)?;
        let rows = usize::try_from(reader.metadata().file_metadata().num_rows())?;
        let mask = projection(&reader, wanted);
        one_batch(reader.with_projection(mask), rows)
    };
    read().map_err(|error| StageError { path: path.to_owned(), what: plain(&error) })
}

/// Rows of a stage file that stand together, and the columns wanted of them.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    /// The first.
    pub(crate) start: usize,
    /// How many.
    pub(crate) rows: usize,
    /// In this order.
    pub(crate) columns: Vec<String>,
}

/// Reads stretches of a stage file of `rows` rows side by side: `records.parquet` has the columns of all registries, and each fills its own
/// only.
pub(crate) fn read_stretches(path: &Path, stretches: &[Stretch], rows: usize) -> Result<Vec<RecordBatch>, StageError> {
    let fail = |what: String| StageError { path: path.to_owned(), what };
    let file = crate::store::disk::open(path).map_err(|error| fail(crate::store::disk::advised(&error)))?;
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::default()).map_err(|error| fail(error.to_string()))?;
    let held = metadata.metadata().file_metadata().num_rows();
    if usize::try_from(held).ok() != Some(rows) {
        return Err(fail(format!("应有 {rows} 行，实有 {held} 行")));
    }
    let read = |stretch: &Stretch| -> Result<RecordBatch, ParquetError> {
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(crate::store::disk::open(path)?, metadata.clone());
        let (mut groups, mut first, mut passed) = (Vec::new(), 0, 0);
        for (group, held) in metadata.metadata().row_groups().iter().enumerate() {
            let held = usize::try_from(held.num_rows())?;
            if passed + held <= stretch.start {
                first = passed + held;
            } else if passed < stretch.start + stretch.rows {
                groups.push(group);
            }
            passed += held;
        }
        let mask = projection(&reader, |name| stretch.columns.iter().any(|column| column == name));
        let reader = reader.with_projection(mask).with_row_groups(groups);
        let batch = one_batch(reader.with_offset(stretch.start - first).with_limit(stretch.rows), stretch.rows)?;
        let order = stretch.columns.iter().map(|name| batch.schema_ref().index_of(name)).collect::<Result<Vec<_>, _>>()?;
        Ok(batch.project(&order)?)
    };
    stretches.par_iter().map(read).collect::<Result<_, _>>().map_err(|error| fail(error.to_string()))
}

/// Columns by name. The library's own projection by name takes a dot for a path.
fn projection(reader: &ParquetRecordBatchReaderBuilder<File>, wanted: impl Fn(&str) -> bool) -> ProjectionMask {
    let fields = reader.schema().fields().iter().enumerate().filter(|(_, field)| wanted(field.name()));
    ProjectionMask::roots(reader.parquet_schema(), fields.map(|(at, _)| at))
}

/// What a column of text that one batch cannot hold is to be told as.
const TOO_LONG: &str = "有一列的文字合计超过 2 GiB，放不进一张表";

/// All that a reader gives, in one batch that is not put together from smaller ones. A batch holds 2 GiB of text in a column.
fn one_batch(reader: ParquetRecordBatchReaderBuilder<File>, rows: usize) -> Result<RecordBatch, ParquetError> {
    whole_batch(reader, rows).map_err(|error| {
        let is_overflow = error.to_string().to_lowercase().contains("overflow");
        if is_overflow { ParquetError::General(TOO_LONG.to_owned()) } else { error }
    })
}

fn whole_batch(reader: ParquetRecordBatchReaderBuilder<File>, rows: usize) -> Result<RecordBatch, ParquetError> {
    let reader = reader.with_batch_size(rows.max(1)).build()?;
    let schema = reader.schema();
    let batches = reader.collect::<Result<Vec<_>, _>>()?;
    match <[RecordBatch; 1]>::try_from(batches) {
        Ok([batch]) => Ok(batch),
        Err(batches) => Ok(concat_batches(&schema, &batches)?),
    }
}

/// `facts_person.parquet`, `facts_household.parquet`. Hundreds of columns, and nothing else to do meanwhile: encoded side by side.
pub(crate) fn write_facts(path: &Path, table: &FactTable) -> Result<(), StageError> {
    let fail = |what: String| StageError { path: path.to_owned(), what };
    let (schema, subjects) = (table.schema(), table.values().num_rows());
    let written = || -> Result<(), ParquetError> {
        let mut properties = properties()?;
        for field in schema.fields() {
            if let DataType::List(item) = field.data_type() {
                properties =
                    numbers(properties, ColumnPath::new(vec![field.name().clone(), "list".to_owned(), item.name().clone()]));
            }
        }
        let (mut writer, columns) = open(path, &schema, properties)?.into_serialized_writer()?;
        for (group, start) in (0..subjects).step_by(CHUNK).enumerate() {
            let part = table.part(&schema, start, CHUNK.min(subjects - start))?;
            let encoders = columns.create_column_writers(group)?;
            let chunks = schema.fields().par_iter().zip(part.columns()).zip(encoders).map(|((field, column), mut encoder)| {
                // Facts and lists of rows have one leaf each.
                compute_leaves(field, column)?.iter().try_for_each(|leaf| encoder.write(leaf))?;
                encoder.close()
            });
            let chunks = chunks.collect::<Result<Vec<_>, ParquetError>>()?;
            let mut group = writer.next_row_group()?;
            chunks.into_iter().try_for_each(|chunk| chunk.append_to_row_group(&mut group))?;
            group.close()?;
        }
        sync(writer.into_inner()?)
    };
    written().map_err(|error| fail(plain(&error)))
}

/// A declared table as a file.
pub(crate) fn write_table(path: &Path, table: impl Table) -> Result<(), StageError> {
    let batch = table.batch().map_err(|error| StageError { path: path.to_owned(), what: error.to_string() })?;
    write_batch(path, &batch)
}

/// A single batch as a file: `people`.
pub(crate) fn write_batch(path: &Path, batch: &RecordBatch) -> Result<(), StageError> {
    let chunks = (0..batch.num_rows()).step_by(CHUNK).map(|start| Ok(batch.slice(start, CHUNK.min(batch.num_rows() - start))));
    write(path, &batch.schema(), chunks)
}

/// `records.parquet`: registry, file, sheet, row, then every canonical column that any registry has, in order of first appearance.
pub(crate) fn write_records(path: &Path, records: &RecordSet) -> Result<(), StageError> {
    let mut seen = BTreeSet::new();
    let canonical: Vec<Field> = records
        .registries
        .iter()
        .flat_map(|registry| registry.batch.schema_ref().fields().iter().cloned())
        .filter(|field| seen.insert(field.name().clone()))
        .map(|field| field.as_ref().clone().with_nullable(true))
        .collect();
    let schema = Arc::new(Schema::new(origin_fields().into_iter().chain(canonical.iter().cloned()).collect::<Vec<_>>()));
    let chunks = (0..records.registries.len()).flat_map(|position| {
        let (schema, canonical) = (&schema, &canonical);
        let registry = &records.registries[position];
        (0..registry.len()).step_by(CHUNK).map(move |start| {
            let length = CHUNK.min(registry.len() - start);
            let mut columns = origin_columns(records, position, start, length);
            columns.extend(canonical.iter().map(|field| match registry.batch.column_by_name(field.name()) {
                Some(column) => column.slice(start, length),
                None => new_null_array(field.data_type(), length),
            }));
            RecordBatch::try_new(Arc::clone(schema), columns)
        })
    });
    write(path, &schema, chunks)
}

/// `links.parquet`: registry, file, sheet, row, part, person_id (never null), status, weight, probability, then why ([`link_reasons`])
/// where that was noted; one row per kept source row.
pub(crate) fn write_links(path: &Path, records: &RecordSet, linked: &Linked, why: Option<&Evidence>) -> Result<(), StageError> {
    let mut fields = origin_fields();
    fields.extend([
        Field::new("person_id", DataType::Utf8, false),
        Field::new("status", DataType::Utf8, false),
        Field::new("weight", DataType::Float32, false),
        Field::new("probability", DataType::Float32, false),
    ]);
    if why.is_some() {
        fields.extend(link_reasons::fields());
    }
    let schema = Arc::new(Schema::new(fields));
    let ids = person_ids(linked);
    let chunks = (0..records.registries.len()).flat_map(|position| {
        let (schema, ids) = (&schema, &ids);
        let (length, offset) = (records.registries[position].len(), records.offset(position) as usize);
        (0..length).step_by(CHUNK).map(move |start| {
            let length = CHUNK.min(length - start);
            let links = &linked.links[offset + start..offset + start + length];
            let mut columns = origin_columns(records, position, start, length);
            columns.push(Arc::new(StringArray::from_iter_values(
                links.iter().map(|link| ids.map_or("", |ids| ids.value(link.person.0 as usize))),
            )));
            columns.push(Arc::new(StringArray::from_iter_values(links.iter().map(|link| link.status.as_str()))));
            columns.push(Arc::new(Float32Array::from_iter_values(links.iter().map(|link| link.weight))));
            columns.push(Arc::new(Float32Array::from_iter_values(links.iter().map(|link| link.probability))));
            // Rows fit `RowId`.
            let position = |row: usize| u32::try_from(offset + row).unwrap_or(u32::MAX);
            if let Some(why) = why {
                columns.extend(link_reasons::columns(why, position(start)..position(start + length)));
            }
            RecordBatch::try_new(Arc::clone(schema), columns)
        })
    });
    write(path, &schema, chunks)
}

fn person_ids(linked: &Linked) -> Option<&StringArray> {
    linked.people.0.column_by_name("person_id").and_then(|column| column.as_any().downcast_ref())
}

/// `rejects.parquet`.
pub(crate) fn write_rejects(path: &Path, rejects: &[(SheetName, Reject)]) -> Result<(), StageError> {
    let text = |pick: fn(&(SheetName, Reject)) -> &str| rejects.iter().map(|reject| Some(pick(reject))).collect();
    let table = tables::Rejects {
        file: text(|(name, _)| &name.file),
        sheet: text(|(name, _)| &name.sheet),
        row: rejects.iter().map(|(_, reject)| Some(reject.row)).collect(),
        reason: text(|(_, reject)| reject.reason.as_str()),
        value: text(|(_, reject)| &reject.masked),
    };
    write_table(path, table)
}

/// `review.parquet`: pairs that the absence guard made have no weight, and their reason is in words; they come last.
pub(crate) fn write_review(path: &Path, records: &RecordSet, review: &[OpenPair<'_>]) -> Result<(), StageError> {
    let number = |pick: fn(&ReviewPair) -> f32| review.iter().map(|pair| pair.compared.map(pick)).collect();
    let reason = |pair: &OpenPair<'_>| pair.compared.map_or_else(|| pair.reason(), |pair| pair.reason.clone());
    let left = Side::of(records, review.iter().map(|pair| pair.left));
    let right = Side::of(records, review.iter().map(|pair| pair.right));
    let bars = || review.iter().filter_map(|pair| pair.compared).flat_map(|pair| &pair.parts);
    let word = |pick: fn(&WeightPart) -> &str| bars().map(|part| Some(pick(part))).collect();
    let bars = tables::Bars {
        comparison: word(|part| &part.comparison),
        level: word(|part| &part.level),
        weight: bars().map(|part| Some(part.weight)).collect(),
    };
    let held = review.iter().flat_map(|pair| &pair.holds).map(|rule| Some(*rule)).collect();
    let table = tables::Review {
        left_registry: left.registry,
        left_file: left.file,
        left_sheet: left.sheet,
        left_row: left.row,
        right_registry: right.registry,
        right_file: right.file,
        right_sheet: right.sheet,
        right_row: right.row,
        weight: number(|pair| pair.weight),
        probability: number(|pair| pair.probability),
        reason: review.iter().map(|pair| Some(reason(pair))).collect(),
        parts: Items::new(bars, review.iter().map(|pair| pair.compared.map_or(0, |pair| pair.parts.len()))),
        holds: WordLists::new(held, review.iter().map(|pair| pair.holds.len())),
    };
    write_table(path, table)
}

/// Where rows stand.
struct Side {
    registry: StringArray,
    file: StringArray,
    sheet: StringArray,
    row: UInt32Array,
}

impl Side {
    fn of(records: &RecordSet, rows: impl Iterator<Item = RowId>) -> Self {
        let places: Vec<_> = rows
            .map(|row| {
                let located = records.locate(row);
                let origin = located.and_then(|(position, row)| records.origin(position, row));
                (located.map(|(position, _)| records.registries[position].registry.as_str()), origin)
            })
            .collect();
        let sheet = |pick: fn(&SheetName) -> &String| {
            places.iter().map(|(_, origin)| origin.map(|(sheet, _)| pick(&sheet.name).as_str())).collect()
        };
        Self {
            registry: places.iter().map(|(registry, _)| *registry).collect(),
            file: sheet(|name| &name.file),
            sheet: sheet(|name| &name.sheet),
            row: places.iter().map(|(_, origin)| origin.map(|(_, row)| row)).collect(),
        }
    }
}

/// `suspicions.parquet`.
pub(crate) fn write_suspicions(path: &Path, records: &RecordSet, suspicions: &[Suspicion]) -> Result<(), StageError> {
    let parts: Vec<_> = suspicions
        .iter()
        .map(|suspicion| match suspicion {
            Suspicion::NumberTwoNames { left, right } => (TWO_NAMES, *left, *right, None),
            Suspicion::Duplicate { first, again } => (DUPLICATE, *first, *again, None),
            Suspicion::Damaged { row, suggestion, source } => (DAMAGED, *row, *source, Some(suggestion.expose())),
        })
        .collect();
    let left = Side::of(records, parts.iter().map(|part| part.1));
    let right = Side::of(records, parts.iter().map(|part| part.2));
    let table = tables::Suspicions {
        kind: parts.iter().map(|part| Some(part.0)).collect(),
        left_registry: left.registry,
        left_file: left.file,
        left_sheet: left.sheet,
        left_row: left.row,
        right_registry: right.registry,
        right_file: right.file,
        right_sheet: right.sheet,
        right_row: right.row,
        suggestion: parts.iter().map(|part| part.3).collect(),
    };
    write_table(path, table)
}

/// `findings.parquet`, `suspended.parquet`.
pub(crate) fn write_findings(path: &Path, findings: &[Finding]) -> Result<(), StageError> {
    let text = |pick: fn(&Finding) -> Option<&str>| findings.iter().map(pick).collect();
    let amount = |pick: fn(&Finding) -> Option<i64>| findings.iter().map(pick).collect();
    let table = tables::Findings {
        finding_id: text(|finding| Some(&finding.finding_id)),
        rule: text(|finding| Some(&finding.rule)),
        kind: text(|finding| Some(finding.kind.as_str())),
        scope: text(|finding| Some(finding.scope.as_str())),
        clause: text(|finding| Some(&finding.clause)),
        basis: text(|finding| finding.basis.as_deref()),
        person_id: text(|finding| finding.person_id.as_deref()),
        household_code: text(|finding| finding.household_code.expose()),
        name: text(|finding| finding.name.expose()),
        id_number: text(|finding| finding.id_number.expose()),
        town: text(|finding| finding.town.as_deref()),
        village: text(|finding| finding.village.as_deref()),
        time_base: text(|finding| finding.time_base.map(TimeBase::as_str)),
        due_fen: amount(|finding| finding.due_fen),
        paid_fen: amount(|finding| finding.paid_fen),
        gap_fen: amount(|finding| finding.gap_fen),
        confidence: text(|finding| Some(finding.confidence.as_str())),
        sentence: text(|finding| Some(finding.sentence.expose())),
        evidence: Items::new(cells(findings), findings.iter().map(|finding| finding.evidence.len())),
    };
    write_table(path, table)
}

fn cells(findings: &[Finding]) -> tables::Cells {
    let cells = || findings.iter().flat_map(|finding| &finding.evidence);
    let text = |pick: fn(&finding::Evidence) -> Option<&str>| cells().map(pick).collect();
    tables::Cells {
        registry: text(|cell| Some(cell.registry.as_str())),
        file: text(|cell| cell.file.expose()),
        sheet: text(|cell| cell.sheet.expose()),
        row: cells().map(|cell| cell.row).collect(),
        column: text(|cell| Some(&cell.column)),
        value: text(|cell| Some(cell.value.expose())),
    }
}

/// `rates.parquet`.
pub(crate) fn write_rates(path: &Path, rates: &[Rate]) -> Result<(), StageError> {
    let text = |pick: fn(&Rate) -> &str| rates.iter().map(|rate| Some(pick(rate))).collect();
    let table = tables::Rates {
        rule: text(|rate| &rate.rule),
        unit: text(|rate| &rate.unit),
        numerator: rates.iter().map(|rate| Some(rate.numerator)).collect(),
        denominator: rates.iter().map(|rate| Some(rate.denominator)).collect(),
        target: rates.iter().map(|rate| rate.target).collect(),
        met: rates.iter().map(|rate| rate.met).collect(),
        by: rates.iter().map(|rate| rate.by.map(|day| day.0)).collect(),
    };
    write_table(path, table)
}

fn origin_fields() -> Vec<Field> {
    vec![
        Field::new("registry", DataType::Utf8, false),
        Field::new("file", DataType::Utf8, false),
        Field::new("sheet", DataType::Utf8, false),
        Field::new("row", DataType::UInt32, false),
        Field::new("part", DataType::UInt32, false),
    ]
}

fn origin_columns(records: &RecordSet, position: usize, start: usize, length: usize) -> Vec<ArrayRef> {
    let registry = &records.registries[position];
    let sheets = &registry.sheets[start..start + length];
    let mut files = StringBuilder::with_capacity(length, length * 16);
    let mut names = StringBuilder::with_capacity(length, length * 8);
    for &sheet in sheets {
        let name = records.sources.get(sheet as usize).map(|source| &source.name);
        files.append_value(name.map_or("", |name| name.file.as_str()));
        names.append_value(name.map_or("", |name| name.sheet.as_str()));
    }
    vec![
        Arc::new(StringArray::from_iter_values(std::iter::repeat_n(registry.registry.as_str(), length))),
        Arc::new(files.finish()),
        Arc::new(names.finish()),
        Arc::new(UInt32Array::from_iter_values(registry.rows[start..start + length].iter().copied())),
        Arc::new(UInt32Array::from_iter_values((start..start + length).map(|row| registry.part(row)))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::AsArray;
    use arrow::datatypes::UInt32Type;

    #[test]
    fn stretches_come_back_whole_wherever_row_groups_begin_and_a_dot_is_part_of_a_name() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("rows.parquet");
        let rows = 2 * CHUNK + 5;
        let number = |factor: usize| -> ArrayRef {
            Arc::new((0..rows).map(|at| u32::try_from(at * factor).ok()).collect::<UInt32Array>())
        };
        let table = RecordBatch::try_from_iter([("a.b", number(1)), ("c", number(2)), ("a", number(3))]).expect("table");
        write_batch(&path, &table).expect("written");
        let stretch = |start, rows, columns: &[&str]| Stretch {
            start,
            rows,
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        };
        let both = ["c", "a.b"];
        let stretches = [
            stretch(0, CHUNK, &both),
            stretch(CHUNK, 0, &both),
            stretch(CHUNK - 2, CHUNK + 4, &both),
            stretch(2 * CHUNK, 5, &["a"]),
        ];
        let read = read_stretches(&path, &stretches, rows).expect("read");
        for (stretch, batch) in stretches.iter().zip(&read) {
            assert_eq!(batch.num_rows(), stretch.rows);
            let names: Vec<&String> = batch.schema_ref().fields().iter().map(|field| field.name()).collect();
            assert_eq!(names, stretch.columns.iter().collect::<Vec<_>>());
            for name in names {
                let wanted = table.column_by_name(name).expect("column").slice(stretch.start, stretch.rows);
                assert_eq!(batch.column_by_name(name).expect("column").as_primitive::<UInt32Type>(), wanted.as_primitive());
            }
        }
        assert!(read_stretches(&path, &stretches, rows + 1).is_err(), "a file of another length is not whole");
    }
}
