//! Files → one table per side: each file parsed in its own child, its tables laid out and read by the model.
//!
//! Takes the input files; gives a [`Taken`] with the rows of each side, what was set aside and what was refused. Results are in file order
//! whatever the thread count; raw rows are dropped as soon as they are read.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::compute::concat_batches;
use rayon::prelude::*;

use crate::config::pin;
use crate::config::tables::{TablesModel, Task};
use crate::ingest::grid::Frame;
use crate::ingest::header::Vocabulary;
use crate::ingest::layout::{Layout, LayoutEvent};
use crate::ingest::limits::{LeaveOut, Limits};
use crate::model::date::Day;
use crate::model::intake::{IntakeFile, IntakeSheet};
use crate::model::raw::{Refusal, Reject, SheetName, TableHead};
use crate::model::record::{RecordSet, RegistryRecords, SourceSheet};
use crate::model::registry::{Grain, RegistryId};
use crate::normalise::tables::{ReadTable, TableReader};
use crate::run::RunError;
use crate::run::check;
use crate::run::child::parse_in_child;
use crate::run::inputs::InputFile;
use crate::run::oddities::Oddities;

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
#[derive(Debug, Default)]
pub(super) struct OneFile {
    pub(super) files: Vec<IntakeFile>,
    tables: Vec<(SheetName, ReadTable)>,
    rejects: Vec<(SheetName, Reject)>,
}

/// Reads every file on its own.
pub(super) fn files(setting: &Setting<'_>, files: &[InputFile]) -> Vec<OneFile> {
    let words = setting.model.fields.iter().flat_map(|field| field.aliases.iter().map(String::as_str));
    let vocabulary = Vocabulary::of_words(words);
    files.par_iter().map(|file| one_file(setting, &vocabulary, file)).collect()
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
            batches.push(table.batch);
            taken.records.sources.push(SourceSheet { name: source, headers: table.headers, data_date: None });
        }
        let Some(schema) = batches.first().map(arrow::array::RecordBatch::schema) else {
            let refusals = check::refusals(&taken.intake);
            return Err(RunError::Usage(if refusals.is_empty() {
                format!(
                    "{name} 一侧没有读到任何行。请检查 --input 的文件，以及模型里 columns 的写法（bidui check 模型 --input 文件 会列出每一列认成了什么）"
                )
            } else {
                format!("{name} 一侧没有读到任何行：\n{}", refusals.join("\n"))
            }));
        };
        let batch = concat_batches(&schema, &batches).map_err(|error| RunError::Internal(error.to_string()))?;
        taken.records.registries.push(RegistryRecords {
            registry: RegistryId::from(*name),
            grain: Grain::Person,
            batch,
            sheets,
            rows,
        });
    }
    taken.rejects.sort_by(|a, b| (&a.0, a.1.row, a.1.reason).cmp(&(&b.0, b.1.row, b.1.reason)));
    super::super::intake::count(&mut taken.intake, &taken.rejects);
    Ok(taken)
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

fn one_file(setting: &Setting<'_>, vocabulary: &Vocabulary, file: &InputFile) -> OneFile {
    let mut reader = FileReader { setting, vocabulary, file, taken: OneFile::default(), inner: String::new(), sheet: None };
    if setting.interrupted.load(Ordering::Relaxed) {
        return reader.taken;
    }
    let parsed = parse_in_child(setting.executable, &file.path, &file.name, &Limits::default(), &mut |frame| {
        if setting.interrupted.load(Ordering::Relaxed) {
            return ControlFlow::Break(());
        }
        reader.take(frame);
        ControlFlow::Continue(())
    });
    let taken = match parsed {
        Ok(()) => reader.taken,
        // What a parser said before it died is void.
        Err(refusal) => OneFile {
            files: vec![IntakeFile {
                path: file.name.clone(),
                sha256: file.sha256.clone(),
                refusal: Some(refusal),
                ..IntakeFile::default()
            }],
            ..OneFile::default()
        },
    };
    let rows: usize = taken.tables.iter().map(|(_, table)| table.rows.len()).sum();
    (setting.progress)(&format!("  {}：{rows} 行", file.name));
    taken
}

/// The state of one file's frames.
struct FileReader<'r, 'a> {
    setting: &'r Setting<'a>,
    vocabulary: &'r Vocabulary,
    file: &'r InputFile,
    taken: OneFile,
    inner: String,
    sheet: Option<SheetReader<'r>>,
}

/// A sheet under way.
struct SheetReader<'r> {
    name: SheetName,
    layout: Layout<'r>,
    entry: IntakeSheet,
    rejects: Vec<Reject>,
    /// Rows that the parser set aside.
    aside: u64,
    oddities: Oddities,
    table: Option<(TableHead, TableReader<'r>)>,
}

impl FileReader<'_, '_> {
    fn path(&self) -> String {
        if self.inner.is_empty() { self.file.name.clone() } else { format!("{}/{}", self.file.name, self.inner) }
    }

    fn take(&mut self, frame: Frame) {
        match frame {
            Frame::File { inner, sha256, format, encoding } => {
                self.inner = inner;
                self.taken.files.push(IntakeFile { path: self.path(), sha256, format, encoding, ..IntakeFile::default() });
            }
            Frame::Sheet { name, merges, hidden } => {
                let name = SheetName { file: self.path(), sheet: name };
                let entry = IntakeSheet { sheet: name.sheet.clone(), ..IntakeSheet::default() };
                let layout = Layout::new(name.clone(), merges, self.vocabulary);
                let oddities = Oddities { hidden, ..Oddities::default() };
                self.sheet = Some(SheetReader { name, layout, entry, rejects: Vec::new(), aside: 0, oddities, table: None });
            }
            Frame::Rows(block) => {
                if let Some(sheet) = &mut self.sheet {
                    sheet.oddities.seen = true;
                    let events = sheet.layout.push(&block);
                    sheet.apply(events, self.setting);
                }
            }
            Frame::Aside { row, reason, masked } => {
                if let Some(sheet) = &mut self.sheet {
                    sheet.aside += 1;
                    sheet.rejects.push(Reject { row, reason, masked });
                }
            }
            Frame::SheetEnd { notes, unsolved } => {
                if let Some(sheet) = &mut self.sheet {
                    (sheet.oddities.notes, sheet.oddities.unsolved) = (notes, unsolved);
                }
                self.end_sheet();
            }
            Frame::Refused { code, what, hint } => {
                let sheet = self.sheet.take().map(|sheet| sheet.name.sheet).unwrap_or_default();
                let name = SheetName { file: self.path(), sheet };
                self.refuse(Refusal { name, code: code.into(), what, hint });
            }
            Frame::FileEnd => {}
        }
    }

    fn refuse(&mut self, refusal: Refusal) {
        let Some(entry) = self.taken.files.last_mut() else { return };
        if refusal.name.sheet.is_empty() {
            entry.refusal = Some(refusal);
        } else {
            let sheet = refusal.name.sheet.clone();
            entry.sheets.push(IntakeSheet { sheet, refusal: Some(refusal), ..IntakeSheet::default() });
        }
    }

    fn end_sheet(&mut self) {
        let Some(mut sheet) = self.sheet.take() else { return };
        let events = sheet.layout.finish();
        sheet.apply(events, self.setting);
        sheet.entry.read = sheet.layout.tally().read + sheet.aside;
        let Some(entry) = self.taken.files.last_mut() else { return };
        let columns: Option<Vec<(u32, &str)>> = sheet
            .table
            .as_ref()
            .map(|(head, _)| head.columns.iter().map(|column| (column.index, column.text.as_str())).collect());
        // Which columns a model compares is known to it alone: any that is half without results refuses the sheet.
        if let Some(refusal) = sheet.oddities.unsolved(&sheet.name, columns.as_deref(), sheet.entry.read) {
            let sheet = sheet.entry.sheet;
            entry.sheets.push(IntakeSheet { sheet, refusal: Some(refusal), ..IntakeSheet::default() });
            return;
        }
        sheet.oddities.tell(&mut sheet.entry, columns.as_deref().unwrap_or_default(), LeaveOut::default());
        let Some((head, reader)) = sheet.table else {
            // An empty sheet is no news.
            if sheet.entry.refusal.is_some() || !sheet.entry.notes.is_empty() {
                sheet.entry.read = 0;
                entry.sheets.push(sheet.entry);
            }
            return;
        };
        match reader.finish(&head) {
            Ok(table) => {
                sheet.entry.registry = Some(RegistryId::from("table"));
                sheet.entry.columns.clone_from(&table.headers);
                sheet.entry.left_over.clone_from(&table.left_over);
                self.taken.rejects.extend(sheet.rejects.into_iter().map(|reject| (sheet.name.clone(), reject)));
                self.taken.tables.push((sheet.name, table));
            }
            Err(error) => {
                sheet.entry.read = 0;
                sheet.entry.refusal = Some(Refusal {
                    name: sheet.name,
                    code: "too-large".into(),
                    what: format!("表太大，无法装入：{error}"),
                    hint: "请拆成几个文件".to_owned(),
                });
            }
        }
        entry.sheets.push(sheet.entry);
    }
}

impl<'r> SheetReader<'r> {
    fn apply(&mut self, events: Vec<LayoutEvent>, setting: &'r Setting<'_>) {
        for event in events {
            match event {
                LayoutEvent::Head(head) => {
                    self.entry.header_row = head.header_row;
                    self.table = Some((head.clone(), TableReader::new(setting.model, &head, setting.as_of)));
                }
                LayoutEvent::Rows(rows) => {
                    if let Some((_, table)) = &mut self.table {
                        table.push(&rows);
                    }
                }
                LayoutEvent::Rejected(reject) => self.rejects.push(reject),
                LayoutEvent::Refused(refusal) | LayoutEvent::PartRefused(refusal) => self.entry.refusal = Some(refusal),
            }
        }
    }
}
