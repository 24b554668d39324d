//! Files → one table per side: each file read in its own child ([`crate::intake`]), its tables read by the model.
//!
//! Takes the input files; gives a [`Taken`] with the rows of each side, what was set aside and what was refused. Results are in file order
//! whatever the thread count; raw rows are dropped as soon as they are read.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use arrow::array::{ArrayRef, AsArray as _, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use crate::config::pin;
use crate::config::registry::fold_header;
use crate::config::tables::{TablesModel, Task};
use crate::ingest::header::Vocabulary;
use crate::ingest::limits::Limits;
use crate::ingest::mapping::{letters, twice};
use crate::intake::definitions::leave_out;
use crate::intake::described;
use crate::intake::file::{LaidOut, Opener, Tables};
use crate::intake::inputs::InputFile;
use crate::model::date::Day;
use crate::model::intake::{IntakeFile, IntakeSheet};
use crate::model::raw::{HeaderColumn, RawTable, Refusal, Reject, SheetName, TableHead};
use crate::model::record::{RecordSet, RegistryRecords, SourceSheet};
use crate::model::registry::{Grain, RegistryId};
use crate::normalise::tables::{ReadTable, TableReader};
use crate::run::RunError;

/// What all files gave.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) records: RecordSet,
    pub(super) intake: Vec<IntakeFile>,
    pub(super) rejects: Vec<(SheetName, Reject)>,
    /// Columns missing, cells that could not be read; in plain words.
    pub(super) notes: Vec<String>,
}

/// What reading needs to know.
pub(super) struct Setting<'a> {
    pub(super) model: &'a TablesModel,
    pub(super) as_of: Day,
    pub(super) executable: &'a Path,
    pub(super) interrupted: &'a AtomicBool,
    pub(super) progress: &'a (dyn Fn(&str) + Sync),
}

/// What one file gave.
#[derive(Default)]
pub(super) struct OneFile {
    pub(super) files: Vec<IntakeFile>,
    tables: Vec<(SheetName, ReadTable)>,
    rejects: Vec<(SheetName, Reject)>,
}

/// Reads every file on its own.
pub(super) fn files(setting: &Setting<'_>, files: &[InputFile]) -> Vec<OneFile> {
    let fields = setting.model.fields.iter();
    let words = fields.flat_map(|field| field.aliases.iter().map(|alias| (field.name.as_str(), alias.as_str())));
    let vocabulary = Vocabulary::of_fields(words);
    let leave_out = leave_out(setting.model.intake);
    let limits = Limits { leave_out, ..Limits::default() };
    let opener = Opener { executable: setting.executable, interrupted: setting.interrupted, limits };
    let read = |file: &InputFile| {
        let reader = LaidOut::new(&vocabulary, leave_out, ByModel { setting, tables: Vec::new() });
        let (files, laid_out) = opener.read(file, reader);
        let (tables, rejects) = laid_out.map(|laid_out| (laid_out.tables.tables, laid_out.rejects)).unwrap_or_default();
        let rows: usize = tables.iter().map(|(_, table)| table.rows.len()).sum();
        (setting.progress)(&format!("  {}：{rows} 行", file.name));
        OneFile { files, tables, rejects }
    };
    opener.each(files, read).into_iter().map(Option::unwrap_or_default).collect()
}

/// Puts the tables of all files, read by [`files`], together by side.
pub(super) fn tables(setting: &Setting<'_>, inputs: &[InputFile], read: Vec<OneFile>) -> Result<Taken, RunError> {
    let sides = sides(setting.model, inputs)?;
    let mut taken = Taken { records: RecordSet::default(), intake: Vec::new(), rejects: Vec::new(), notes: Vec::new() };
    let mut tables: Vec<Vec<(SheetName, ReadTable)>> = sides.names().iter().map(|_| Vec::new()).collect();
    for (file, input) in read.into_iter().zip(inputs) {
        taken.intake.extend(file.files);
        taken.rejects.extend(file.rejects);
        if let Some(side) = sides.of(&input.name) {
            tables[side].extend(file.tables);
        }
    }
    for (name, tables) in sides.names().iter().zip(tables) {
        let (mut sheets, mut rows, mut batches) = (Vec::new(), Vec::new(), Vec::new());
        for (source, table) in tables {
            taken.notes.extend(notes(&source, &table));
            let position = u32::try_from(taken.records.sources.len()).unwrap_or(u32::MAX);
            sheets.extend(std::iter::repeat_n(position, table.rows.len()));
            rows.extend(table.rows);
            batches.extend(table.batches);
            taken.records.sources.push(SourceSheet { name: source, headers: table.headers, data_date: None });
        }
        // A side with headers and nothing below them tells as little as none.
        let Some(schema) = batches.first().map(RecordBatch::schema).filter(|_| !rows.is_empty()) else {
            let refusals = described::refusals(&taken.intake);
            return Err(RunError::Usage(if refusals.is_empty() {
                format!(
                    "{name} 一侧没有读到任何行。请检查 --input 的文件，以及模型里 columns 的写法（bidui check 模型 --input 文件 会列出每一列认成了什么）"
                )
            } else {
                format!("{name} 一侧没有读到任何行：\n{}", refusals.join("\n"))
            }));
        };
        let batches = together(&schema, &batches, MOST_TEXT).map_err(|error| RunError::Internal(error.to_string()))?;
        for batch in batches {
            let (sheets, rows) = (drained(&mut sheets, batch.num_rows()), drained(&mut rows, batch.num_rows()));
            let (registry, grain) = (RegistryId::from(*name), Grain::Person);
            taken.records.registries.push(RegistryRecords { registry, grain, batch, sheets, rows });
        }
    }
    taken.rejects.sort_by(|a, b| (&a.0, a.1.row, a.1.reason).cmp(&(&b.0, b.1.row, b.1.reason)));
    crate::intake::registers::count(&mut taken.intake, &taken.rejects);
    taken.notes.extend(described::notes(&taken.intake));
    Ok(taken)
}

/// Bytes of text that an array's offsets count.
const MOST_TEXT: usize = i32::MAX as usize;

/// The batches as few as may be: no column of any holds more than `most` bytes of text.
fn together(schema: &SchemaRef, batches: &[RecordBatch], most: usize) -> Result<Vec<RecordBatch>, ArrowError> {
    let text = |batch: &RecordBatch| -> Vec<usize> {
        let bytes = |column: &ArrayRef| {
            let offsets = column.as_string_opt::<i32>().map(StringArray::value_offsets);
            let ends = offsets.and_then(|offsets| offsets.first().zip(offsets.last()));
            ends.and_then(|(first, last)| usize::try_from(last - first).ok()).unwrap_or(0)
        };
        batch.columns().iter().map(bytes).collect()
    };
    let (mut all, mut start, mut held) = (Vec::new(), 0, vec![0usize; schema.fields().len()]);
    for (at, batch) in batches.iter().enumerate() {
        let own = text(batch);
        if at > start && held.iter().zip(&own).any(|(held, own)| held.saturating_add(*own) > most) {
            all.push(concat_batches(schema, &batches[start..at])?);
            (start, held) = (at, vec![0; held.len()]);
        }
        held.iter_mut().zip(own).for_each(|(held, own)| *held = held.saturating_add(own));
    }
    all.push(concat_batches(schema, &batches[start..])?);
    all.retain(|batch| batch.num_rows() > 0);
    Ok(all)
}

/// The first of a list, taken out of it; the rest stays.
fn drained(list: &mut Vec<u32>, count: usize) -> Vec<u32> {
    let rest = list.split_off(count.min(list.len()));
    std::mem::replace(list, rest)
}

/// Which file is on which side.
enum Sides {
    One,
    Patterns(String, String),
    Files(String, String),
}

impl Sides {
    fn names(&self) -> &'static [&'static str] {
        match self {
            Self::One => &["table"],
            _ => &["left", "right"],
        }
    }

    fn of(&self, file: &str) -> Option<usize> {
        match self {
            Self::One => Some(0),
            Self::Patterns(left, right) => [left, right].iter().position(|pattern| pin::matches(pattern, file)),
            Self::Files(left, right) => [left, right].iter().position(|name| *name == file),
        }
    }
}

fn sides(model: &TablesModel, inputs: &[InputFile]) -> Result<Sides, RunError> {
    let sides = match (model.task, &model.sides, inputs) {
        (Task::Deduplicate, ..) => Sides::One,
        (Task::Link | Task::ByFiles, Some((left, right)), _) => Sides::Patterns(left.clone(), right.clone()),
        (Task::Link, None, [left, right]) => Sides::Files(left.name.clone(), right.name.clone()),
        (Task::Link | Task::ByFiles, None, _) => {
            return Err(RunError::Usage(format!(
                "连接两个表要两个文件，--input 里有 {} 个。请正好给两个，或在模型 [tables] 里写 left = \"…\"、right = \"…\" 说明哪些文件在哪一侧",
                inputs.len()
            )));
        }
    };
    if let Some(stray) = inputs.iter().find(|input| sides.of(&input.name).is_none()) {
        return Err(RunError::Usage(format!(
            "文件 {} 既不符合模型 [tables] 的 left 也不符合 right。请从 --input 里去掉，或改写样式（* 代表任意字）",
            stray.name
        )));
    }
    Ok(sides)
}

fn notes(source: &SheetName, table: &ReadTable) -> Vec<String> {
    let mut notes = Vec::new();
    if !table.absent.is_empty() {
        notes.push(format!(
            "{} 没有这些字段的列，按空处理：{}（没有用到的表头：{}）",
            source.file,
            table.absent.join("、"),
            if table.left_over.is_empty() { "无".to_owned() } else { table.left_over.join("、") }
        ));
    }
    for (field, count) in &table.unreadable {
        notes.push(format!("{} 的字段 {field} 有 {count} 格读不懂，按空处理", source.file));
    }
    for (field, count) in &table.completed {
        notes.push(format!("{} 的字段 {field} 有 {count} 格只写了两位年份，世纪是推定的", source.file));
    }
    notes
}

/// Reads a file's tables by the model.
struct ByModel<'a> {
    setting: &'a Setting<'a>,
    tables: Vec<(SheetName, ReadTable)>,
}

impl<'a> Tables for ByModel<'a> {
    type Table = (TableHead, TableReader<'a>);

    fn begin(&mut self, head: TableHead, _: &mut IntakeSheet) -> Result<Self::Table, Refusal> {
        for field in &self.setting.model.fields {
            let mut columns = head.columns.iter().filter(|column| field.aliases.contains(&fold_header(&column.text)));
            let first = columns.next();
            let same = |column: &&HeaderColumn| first.is_some_and(|first| fold_header(&first.text) == fold_header(&column.text));
            if let (Some(first), Some(second)) = (first, columns.find(same)) {
                return Err(twice(
                    &head,
                    &field.name,
                    [(first.index, first.text.as_str()), (second.index, second.text.as_str())],
                ));
            }
        }
        let reader = TableReader::new(self.setting.model, &head, self.setting.as_of);
        Ok((head, reader))
    }

    fn rows(&mut self, (_, reader): &mut Self::Table, rows: RawTable) -> u64 {
        reader.push(&rows);
        rows.rows.len() as u64
    }

    fn end(&mut self, name: &SheetName, (head, reader): Self::Table, entry: &mut IntakeSheet, _: bool) -> Result<(), ArrowError> {
        let table = reader.finish(&head)?;
        for field in &self.setting.model.fields {
            let given = head.columns.iter().filter(|column| field.aliases.contains(&fold_header(&column.text)));
            let given: Vec<String> = given.map(|column| format!("{} 列“{}”", letters(column.index), column.text)).collect();
            if given.len() > 1 {
                let note = format!(
                    "字段 {} 有 {} 列：{}；columns 里靠前的先用，它空着的格才用后面的",
                    field.name,
                    given.len(),
                    given.join("、")
                );
                entry.notes.push(note);
            }
        }
        entry.registry = Some(RegistryId::from("table"));
        entry.columns.clone_from(&table.headers);
        entry.left_over.clone_from(&table.left_over);
        self.tables.push((name.clone(), table));
        Ok(())
    }

    fn head<'t>(&self, (head, _): &'t Self::Table) -> &'t TableHead {
        head
    }

    /// Which columns a model compares is known to it alone: any that is half without results refuses the sheet.
    fn says_who(&self, _: &Self::Table, _: usize) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::Array as _;
    use arrow::datatypes::{DataType, Field, Schema};

    use super::*;

    #[test]
    fn text_that_no_array_holds_stands_in_several_batches() {
        let schema = Arc::new(Schema::new(vec![Field::new("a", DataType::Utf8, true), Field::new("b", DataType::Utf8, true)]));
        let batch = |a: &str, b: &str| {
            let columns: Vec<ArrayRef> = [a, b].map(|text| Arc::new(StringArray::from(vec![text])) as ArrayRef).to_vec();
            RecordBatch::try_new(Arc::clone(&schema), columns).expect("a batch")
        };
        let batches = [
            batch("甲", "1"),
            batch("乙", "2"),
            batch("", "1234567"),
            batch("丙", ""),
            RecordBatch::new_empty(Arc::clone(&schema)),
        ];
        let rows = |most: usize| -> Vec<usize> {
            together(&schema, &batches, most).expect("fits").iter().map(RecordBatch::num_rows).collect()
        };
        assert_eq!(rows(MOST_TEXT), [4]);
        assert_eq!(rows(7), [2, 2]);
        assert_eq!(rows(5), [1, 1, 1, 1]);
        // Slices count what they show.
        let whole = concat_batches(&schema, &batches).expect("fits");
        assert_eq!(together(&schema, &[whole.slice(0, 1), whole.slice(1, 1)], 6).expect("fits").len(), 1);
        assert_eq!(whole.column(0).len(), 4);
        let mut list = vec![1, 2, 3];
        assert_eq!((drained(&mut list, 2), list), (vec![1, 2], vec![3]));
    }
}
