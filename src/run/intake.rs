//! Files → normalised sheets: each file parsed in its own child, its frames laid out, recognised and normalised while they stream.
//!
//! Takes the input files, gives for each what it held and what was refused, in file order whatever the thread count. The biggest
//! file goes first; raw rows are dropped as soon as they are normalised.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::child::parse_in_child;
use super::definitions::Definitions;
use super::inputs::InputFile;
use super::oddities::Oddities;
use crate::ingest::grid::Frame;
use crate::ingest::header::Vocabulary;
use crate::ingest::layout::{Layout, LayoutEvent};
use crate::ingest::limits::Limits;
use crate::ingest::recognise::recognise;
use crate::model::intake::{IntakeFile, IntakeSheet};
use crate::model::raw::{Mapping, Refusal, Reject, RejectReason, SheetName, TableHead};
use crate::model::registry::{Grain, RegistryId};
use crate::normalise::{Context, NormalisedSheet, Normaliser};

/// What one input file gave; a zip gives several [`IntakeFile`]s.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) files: Vec<IntakeFile>,
    pub(super) sheets: Vec<(SheetName, RegistryId, Grain, NormalisedSheet)>,
    /// Rows that the layout set aside.
    pub(super) rejects: Vec<(SheetName, Reject)>,
    /// Heads and mappings, for `check`.
    pub(super) heads: Vec<(TableHead, Mapping)>,
}

/// What every file shares.
pub(super) struct Intake<'a> {
    pub(super) definitions: &'a Definitions,
    pub(super) context: Context<'a>,
    pub(super) vocabulary: Vocabulary,
    pub(super) executable: &'a Path,
    pub(super) limits: Limits,
    pub(super) interrupted: &'a AtomicBool,
}

impl Intake<'_> {
    /// Reads all files on as many threads as rayon has; results in the order of `files`.
    pub(super) fn read_all(&self, files: &[InputFile], progress: &(dyn Fn(&str) + Sync)) -> Vec<Taken> {
        let mut order: Vec<usize> = (0..files.len()).collect();
        order.sort_by_key(|&position| (u64::MAX - files[position].bytes, position));
        let queue = Mutex::new(order.into_iter());
        let taken: Mutex<Vec<Option<Taken>>> = Mutex::new(files.iter().map(|_| None).collect());
        std::thread::scope(|scope| {
            for _ in 0..rayon::current_num_threads().min(files.len()) {
                scope.spawn(|| {
                    loop {
                        let next = queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next();
                        let Some(position) = next else { break };
                        if self.interrupted.load(Ordering::Relaxed) {
                            break;
                        }
                        let result = self.read(&files[position]);
                        progress(&describe(&files[position], &result));
                        taken.lock().unwrap_or_else(std::sync::PoisonError::into_inner)[position] = Some(result);
                    }
                });
            }
        });
        taken.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).into_iter().map(Option::unwrap_or_default).collect()
    }

    fn read(&self, file: &InputFile) -> Taken {
        let mut reader = FileReader { intake: self, file, taken: Taken::default(), inner: String::new(), sheet: None };
        let parsed = parse_in_child(self.executable, &file.path, &file.name, &self.limits, &mut |frame| {
            if self.interrupted.load(Ordering::Relaxed) {
                return ControlFlow::Break(());
            }
            reader.take(frame);
            ControlFlow::Continue(())
        });
        if let Err(refusal) = parsed {
            // What a parser said before it died is void.
            return Taken {
                files: vec![IntakeFile {
                    path: file.name.clone(),
                    sha256: file.sha256.clone(),
                    refusal: Some(refusal),
                    ..IntakeFile::default()
                }],
                ..Taken::default()
            };
        }
        reader.taken
    }
}

fn describe(file: &InputFile, taken: &Taken) -> String {
    let kept: usize = taken.sheets.iter().map(|sheet| sheet.3.rows.len()).sum();
    let refused = taken.files.iter().filter(|file| file.refusal.is_some()).count()
        + taken.files.iter().flat_map(|file| &file.sheets).filter(|sheet| sheet.refusal.is_some()).count();
    let mut registries: Vec<&str> = taken.sheets.iter().map(|sheet| sheet.1.as_str()).collect();
    registries.sort_unstable();
    registries.dedup();
    let refused = if refused > 0 { format!("，{refused} 处未接收") } else { String::new() };
    format!("  {}：{} {kept} 行{refused}", file.name, registries.join("、"))
}

/// The state of one file's frames.
struct FileReader<'i, 'a> {
    intake: &'i Intake<'a>,
    file: &'i InputFile,
    taken: Taken,
    inner: String,
    sheet: Option<SheetReader<'i>>,
}

/// A sheet under way.
struct SheetReader<'i> {
    name: SheetName,
    layout: Layout<'i>,
    entry: IntakeSheet,
    rejects: Vec<Reject>,
    /// Rows that the parser set aside.
    aside: u64,
    oddities: Oddities,
    table: Option<Table<'i>>,
}

struct Table<'i> {
    registry: RegistryId,
    grain: Grain,
    head: TableHead,
    mapping: Mapping,
    normaliser: Box<Normaliser<'i>>,
}

impl Table<'_> {
    /// Columns of the sheet that say who a row is, with their headers.
    fn identity(&self) -> Vec<(u32, &str)> {
        let said = self.mapping.fields.iter().filter(|(field, _)| matches!(field.as_str(), "name" | "id_number"));
        let columns = said.filter_map(|(_, position)| self.head.columns.get(*position));
        columns.map(|column| (column.index, column.text.as_str())).collect()
    }
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
                let layout = Layout::new(name.clone(), merges, &self.intake.vocabulary);
                let oddities = Oddities { hidden, ..Oddities::default() };
                self.sheet = Some(SheetReader { name, layout, entry, rejects: Vec::new(), aside: 0, oddities, table: None });
            }
            Frame::Rows(block) => {
                let intake = self.intake;
                if let Some(sheet) = &mut self.sheet {
                    sheet.oddities.seen = true;
                    let events = sheet.layout.push(&block);
                    sheet.apply(events, intake);
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
            Frame::Refused { code, what, hint } => self.refuse(code, what, hint),
            Frame::FileEnd => {}
        }
    }

    fn refuse(&mut self, code: String, what: String, hint: String) {
        let name = self.sheet.take().map(|sheet| sheet.name);
        let file = SheetName { file: self.path(), sheet: String::new() };
        let refusal = Refusal { name: name.clone().unwrap_or(file), code: code.into(), what, hint };
        let Some(entry) = self.taken.files.last_mut() else { return };
        match name {
            Some(name) => entry.sheets.push(IntakeSheet { sheet: name.sheet, refusal: Some(refusal), ..IntakeSheet::default() }),
            None => entry.refusal = Some(refusal),
        }
    }

    fn end_sheet(&mut self) {
        let Some(mut sheet) = self.sheet.take() else { return };
        let events = sheet.layout.finish();
        sheet.apply(events, self.intake);
        let read = sheet.layout.tally().read + sheet.aside;
        let leave_out = self.intake.limits.leave_out;
        let Some(entry) = self.taken.files.last_mut() else { return };
        let identity = sheet.table.as_ref().map(Table::identity);
        if let Some(refusal) = sheet.oddities.unsolved(&sheet.name, identity.as_deref(), read) {
            let sheet = sheet.entry.sheet;
            entry.sheets.push(IntakeSheet { sheet, refusal: Some(refusal), ..IntakeSheet::default() });
            return;
        }
        let Some(table) = sheet.table else {
            sheet.oddities.tell(&mut sheet.entry, &[], leave_out);
            // An empty sheet is no news.
            if sheet.entry.refusal.is_some() || !sheet.entry.notes.is_empty() {
                entry.sheets.push(sheet.entry);
            }
            return;
        };
        sheet.entry.read = read;
        let columns: Vec<(u32, &str)> = table.head.columns.iter().map(|column| (column.index, column.text.as_str())).collect();
        sheet.oddities.tell(&mut sheet.entry, &columns, leave_out);
        match table.normaliser.finish() {
            Ok(normalised) => {
                sheet.entry.columns.clone_from(&normalised.headers);
                sheet.entry.data_date = normalised.snapshot.map(|snapshot| snapshot.day);
                self.taken.rejects.extend(sheet.rejects.into_iter().map(|reject| (sheet.name.clone(), reject)));
                self.taken.sheets.push((sheet.name, table.registry, table.grain, normalised));
                self.taken.heads.push((table.head, table.mapping));
            }
            Err(error) => {
                sheet.entry.registry = None;
                sheet.entry.read = 0;
                sheet.entry.refusal = Some(Refusal {
                    name: sheet.name,
                    code: "too-large".into(),
                    what: format!("表太大，无法装入：{error}"),
                    hint: "请按乡镇拆成几个文件".to_owned(),
                });
            }
        }
        entry.sheets.push(sheet.entry);
    }
}

impl<'i> SheetReader<'i> {
    fn apply(&mut self, events: Vec<LayoutEvent>, intake: &'i Intake<'_>) {
        for event in events {
            match event {
                LayoutEvent::Head(head) => self.begin(head, intake),
                LayoutEvent::Rows(rows) => {
                    if let Some(table) = &mut self.table {
                        table.normaliser.push(&rows);
                    }
                }
                LayoutEvent::Rejected(reject) => self.rejects.push(reject),
                LayoutEvent::Refused(refusal) | LayoutEvent::PartRefused(refusal) => self.entry.refusal = Some(refusal),
            }
        }
    }

    fn begin(&mut self, head: TableHead, intake: &'i Intake<'_>) {
        self.entry.header_row = head.header_row;
        let dictionary = &intake.definitions.dictionary;
        let mapping = match recognise(&head, dictionary, &intake.definitions.pins) {
            Ok(mapping) => mapping,
            Err(refusal) => {
                self.entry.refusal = Some(refusal);
                return;
            }
        };
        let Some(definition) = dictionary.registry(mapping.registry.as_str()) else { return };
        self.entry.registry = Some(mapping.registry.clone());
        self.entry.left_over =
            mapping.left_over.iter().filter_map(|&position| Some(head.columns.get(position)?.text.clone())).collect();
        let normaliser = Normaliser::new(&intake.context, definition, &head, &mapping);
        self.table = Some(Table {
            registry: definition.id.clone(),
            grain: definition.grain,
            normaliser: Box::new(normaliser),
            head,
            mapping,
        });
    }
}

/// Fills in what was kept and rejected per sheet, once all sheets have been put together.
pub(super) fn count(files: &mut [IntakeFile], rejects: &[(SheetName, Reject)]) {
    let mut reasons: BTreeMap<(&str, &str), BTreeMap<RejectReason, u64>> = BTreeMap::new();
    for (name, reject) in rejects {
        *reasons.entry((&name.file, &name.sheet)).or_default().entry(reject.reason).or_default() += 1;
    }
    for file in files {
        for sheet in file.sheets.iter_mut().filter(|sheet| sheet.registry.is_some()) {
            sheet.rejected = reasons.get(&(file.path.as_str(), sheet.sheet.as_str())).cloned().unwrap_or_default();
            sheet.kept = sheet.read.saturating_sub(sheet.rejected.values().sum());
        }
    }
}
