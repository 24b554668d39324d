//! The one way from a file to cells: its child's frames → files and sheets, and from a sheet's rows to its table.
//!
//! [`Opener::read`] hands a file's sheets to whoever reads them ([`Sheets`]) and gives what there was, refusals included. [`Tables`] is for
//! readers of whole tables as they stream: the layout finds the head, the reader says what takes the rows. [`HeldSheet`] is for readers of
//! lists that came back, which look at a sheet again and again. A sheet or file that was refused gives nothing else.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::error::ArrowError;

use crate::ingest::grid::{Frame, Mark, Merge, Oddity, RowBlock};
use crate::ingest::header::Vocabulary;
use crate::ingest::layout::{Layout, LayoutEvent};
use crate::ingest::limits::{LeaveOut, Limits};
use crate::ingest::nobody::Persons;
use crate::intake::child::parse_in_child;
use crate::intake::inputs::InputFile;
use crate::intake::oddities::{self, Oddities};
use crate::model::intake::{IntakeFile, IntakeSheet};
use crate::model::raw::{CellKind, RawTable, Refusal, Reject, RejectReason, SheetName, TableHead};

/// For readers that nothing breaks off.
pub(crate) static NEVER: AtomicBool = AtomicBool::new(false);

/// How files are opened.
pub(crate) struct Opener<'a> {
    pub(crate) executable: &'a Path,
    pub(crate) interrupted: &'a AtomicBool,
    pub(crate) limits: Limits,
}

/// What a parser says of a sheet beside its rows.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// Rows that it set aside.
    pub(crate) aside: Vec<Reject>,
    /// What is odd about the sheet.
    pub(crate) oddities: Oddities,
    /// And about its cells and rows, where that was asked for.
    pub(crate) marks: Marks,
}

/// Odd cells and rows of a sheet, sorted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks(pub(crate) Vec<Mark>);

impl Marks {
    /// Whether the cell is odd so; a row is asked for by its column 0.
    pub(crate) fn has(&self, row: u32, column: u32, oddity: Oddity) -> bool {
        self.0.binary_search(&Mark { row, column, oddity }).is_ok()
    }

    /// The marks of a row.
    pub(crate) fn of_row(&self, row: u32) -> &[Mark] {
        let (from, to) = (self.0.partition_point(|mark| mark.row < row), self.0.partition_point(|mark| mark.row <= row));
        self.0.get(from..to).unwrap_or_default()
    }
}

/// Who reads the sheets of a file, one after the other.
pub(crate) trait Sheets {
    /// A sheet begins; one begun before and not ended is void.
    fn begin(&mut self, name: SheetName, merges: Vec<Merge>);
    /// Its next rows.
    fn rows(&mut self, block: &RowBlock);
    /// It is complete; what is to be told of it goes to the sheets of `file`.
    fn end(&mut self, beside: Beside, file: &mut IntakeFile);
}

impl Opener<'_> {
    /// The file (a zip gives one per member), and its reader; none where the parser died, as what it said before is void.
    pub(crate) fn read<S: Sheets>(&self, file: &InputFile, sheets: S) -> (Vec<IntakeFile>, Option<S>) {
        if let Some(why) = &file.unreadable {
            let refusal = Some(Refusal {
                name: SheetName { file: file.name.clone(), sheet: String::new() },
                code: "unreadable-file".into(),
                what: format!("读不到：{why}"),
                hint: "请检查这个文件和它的权限，换一份能打开的再放进来".to_owned(),
            });
            return (vec![IntakeFile { path: file.name.clone(), refusal, ..IntakeFile::default() }], None);
        }
        let mut reading = Reading { file, sheets, files: Vec::new(), sheet: None, beside: Beside::default() };
        let parsed = parse_in_child(self.executable, &file.path, &file.name, &self.limits, &mut |frame| {
            if self.interrupted.load(Ordering::Relaxed) {
                return ControlFlow::Break(());
            }
            reading.take(frame);
            ControlFlow::Continue(())
        });
        match parsed {
            Ok(()) => (reading.files, Some(reading.sheets)),
            Err(refusal) => {
                let (path, sha256) = (file.name.clone(), file.sha256.clone());
                (vec![IntakeFile { path, sha256, refusal: Some(refusal), ..IntakeFile::default() }], None)
            }
        }
    }

    /// `read` of every file on as many threads as rayon has, the biggest first; in the order of `files`, nothing for those not reached
    /// before an interruption.
    pub(crate) fn each<R: Send>(&self, files: &[InputFile], read: impl Fn(&InputFile) -> R + Sync) -> Vec<Option<R>> {
        let mut order: Vec<usize> = (0..files.len()).collect();
        order.sort_by_key(|&position| (u64::MAX - files[position].bytes, position));
        let queue = Mutex::new(order.into_iter());
        let results: Mutex<Vec<Option<R>>> = Mutex::new(files.iter().map(|_| None).collect());
        std::thread::scope(|scope| {
            for _ in 0..rayon::current_num_threads().min(files.len()) {
                scope.spawn(|| {
                    loop {
                        let next = queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next();
                        let Some(position) = next.filter(|_| !self.interrupted.load(Ordering::Relaxed)) else { break };
                        let result = read(&files[position]);
                        results.lock().unwrap_or_else(std::sync::PoisonError::into_inner)[position] = Some(result);
                    }
                });
            }
        });
        results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The state of one file's frames.
struct Reading<'f, S> {
    file: &'f InputFile,
    sheets: S,
    files: Vec<IntakeFile>,
    sheet: Option<SheetName>,
    beside: Beside,
}

impl<S: Sheets> Reading<'_, S> {
    fn take(&mut self, frame: Frame) {
        match frame {
            Frame::File { inner, sha256, format, encoding } => {
                let path = if inner.is_empty() { self.file.name.clone() } else { format!("{}/{inner}", self.file.name) };
                self.files.push(IntakeFile { path, sha256, format, encoding, ..IntakeFile::default() });
            }
            Frame::Sheet { name: sheet, merges, hidden } => {
                let name = SheetName { file: self.path(), sheet };
                self.beside = Beside { oddities: Oddities { hidden, ..Oddities::default() }, ..Beside::default() };
                self.sheet = Some(name.clone());
                self.sheets.begin(name, merges);
            }
            Frame::Rows(block) if self.sheet.is_some() => {
                self.beside.oddities.seen = true;
                self.sheets.rows(&block);
            }
            Frame::Aside { row, reason, masked } => self.beside.aside.push(Reject { row, reason, masked }),
            Frame::Marks(marks) => self.beside.marks = Marks(marks),
            Frame::SheetEnd { notes, unsolved, errors } => {
                let mut beside = std::mem::take(&mut self.beside);
                let Oddities { hidden, seen, .. } = beside.oddities;
                beside.oddities = Oddities { hidden, seen, notes, unsolved, errors };
                if let (Some(_), Some(file)) = (self.sheet.take(), self.files.last_mut()) {
                    self.sheets.end(beside, file);
                }
            }
            Frame::Refused { code, what, hint } => {
                let sheet = self.sheet.take();
                let name = sheet.clone().unwrap_or_else(|| SheetName { file: self.path(), sheet: String::new() });
                let refusal = Some(Refusal { name, code: code.into(), what, hint });
                match (self.files.last_mut(), sheet) {
                    (Some(file), Some(name)) => {
                        file.sheets.push(IntakeSheet { sheet: name.sheet, refusal, ..IntakeSheet::default() });
                    }
                    (Some(file), None) => file.refusal = refusal,
                    (None, _) => {}
                }
            }
            Frame::Rows(_) | Frame::FileEnd => {}
        }
    }

    fn path(&self) -> String {
        self.files.last().map_or_else(|| self.file.name.clone(), |file| file.path.clone())
    }
}

/// Who reads tables: what takes the rows below a head.
pub(crate) trait Tables {
    /// A table under way.
    type Table;
    /// The table under `head`, and its entry filled in as far as known; or why it is not read.
    fn begin(&mut self, head: TableHead, entry: &mut IntakeSheet) -> Result<Self::Table, Refusal>;
    /// Its next rows; how many rows they are to the reader (one that names several persons is several).
    fn rows(&mut self, table: &mut Self::Table, rows: RawTable) -> u64;
    /// It is complete; `hidden` where cells that say who a row is could not be read.
    fn end(&mut self, name: &SheetName, table: Self::Table, entry: &mut IntakeSheet, hidden: bool) -> Result<(), ArrowError>;
    /// Its head.
    fn head<'t>(&self, table: &'t Self::Table) -> &'t TableHead;
    /// Rows of a sheet as they come, before anything is made of them.
    fn look(&mut self, _name: &SheetName, _rows: &RowBlock) {}
    /// Whether the column at this position says who a row is.
    fn says_who(&self, table: &Self::Table, position: usize) -> bool;
}

/// Sheets laid out as they stream, for [`Tables`].
pub(crate) struct LaidOut<'v, T: Tables> {
    vocabulary: &'v Vocabulary,
    pub(crate) tables: T,
    /// Rows that the layout set aside.
    pub(crate) rejects: Vec<(SheetName, Reject)>,
    /// Refused sheets that hold nobody.
    nobody: Vec<SheetName>,
    leave_out: LeaveOut,
    sheet: Option<Sheet<'v, T::Table>>,
}

/// A sheet under way.
struct Sheet<'v, T> {
    name: SheetName,
    layout: Layout<'v>,
    entry: IntakeSheet,
    rejects: Vec<Reject>,
    table: Option<T>,
    /// Persons in it, looked for while no table is found.
    persons: Persons,
    /// Rows that the reader took.
    taken: u64,
}

impl<'v, T: Tables> LaidOut<'v, T> {
    pub(crate) fn new(vocabulary: &'v Vocabulary, leave_out: LeaveOut, tables: T) -> Self {
        Self { vocabulary, tables, rejects: Vec::new(), nobody: Vec::new(), leave_out, sheet: None }
    }

    /// Takes the refusal from summaries, covers and instructions that stand in one file with a register that was read: they are no registers.
    pub(crate) fn pass_over(&self, files: &mut [IntakeFile]) {
        for file in files {
            let is_read = |sheet: &IntakeSheet| sheet.registry.is_some() && sheet.refusal.is_none() && sheet.read > 0;
            if !file.sheets.iter().any(is_read) {
                continue;
            }
            let holds_nobody = |sheet: &str| self.nobody.iter().any(|name| name.file == file.path && name.sheet == sheet);
            for sheet in file.sheets.iter_mut().filter(|sheet| holds_nobody(&sheet.sheet)) {
                if sheet.refusal.take().is_some() {
                    sheet.notes.push("不是名册，里面也没有人的姓名和号码（汇总、说明、封面、目录之类），没有读".to_owned());
                }
            }
        }
    }
}

impl<T: Tables> Sheets for LaidOut<'_, T> {
    fn begin(&mut self, name: SheetName, merges: Vec<Merge>) {
        let entry = IntakeSheet { sheet: name.sheet.clone(), ..IntakeSheet::default() };
        let layout = Layout::new(name.clone(), merges, self.vocabulary);
        self.sheet = Some(Sheet { name, layout, entry, rejects: Vec::new(), table: None, persons: Persons::default(), taken: 0 });
    }

    fn rows(&mut self, block: &RowBlock) {
        if let Some(sheet) = &mut self.sheet {
            self.tables.look(&sheet.name, block);
            let events = sheet.layout.push(block);
            sheet.apply(events, &mut self.tables);
            if sheet.table.is_none() {
                sheet.persons.look(block);
            }
        }
    }

    fn end(&mut self, Beside { mut aside, oddities, .. }: Beside, file: &mut IntakeFile) {
        let Some(mut sheet) = self.sheet.take() else { return };
        let events = sheet.layout.finish();
        sheet.apply(events, &mut self.tables);
        let Sheet { name, layout, mut entry, mut rejects, table, persons, taken } = sheet;
        rejects.append(&mut aside);
        let read = taken + rejects.len() as u64;
        let columns: Vec<(usize, u32, &str)> = table.as_ref().map_or_else(Vec::new, |table| {
            let columns = self.tables.head(table).columns.iter().enumerate();
            columns.map(|(position, column)| (position, column.index, column.text.as_str())).collect()
        });
        let who: Option<Vec<(u32, &str)>> = table.as_ref().map(|table| {
            let who = columns.iter().filter(|(position, ..)| self.tables.says_who(table, *position));
            who.map(|(_, index, text)| (*index, *text)).collect()
        });
        if let Some(refusal) = oddities.unsolved(&name, who.as_deref(), read) {
            file.sheets.push(IntakeSheet { sheet: entry.sheet, refusal: Some(refusal), ..IntakeSheet::default() });
            return;
        }
        entry.read = read;
        let from_above = layout.filled_from_above();
        if from_above > 0 {
            entry.notes.push(format!("有 {from_above} 格写“同上”，已取上一行的值"));
        }
        let hidden = who.is_some_and(|who| oddities.hides(&who));
        let columns: Vec<(u32, &str)> = columns.into_iter().map(|(_, index, text)| (index, text)).collect();
        oddities.tell(&mut entry, &columns, self.leave_out);
        let Some(table) = table else {
            // An empty sheet is no news.
            if entry.refusal.is_some() || !entry.notes.is_empty() {
                entry.read = 0;
                if entry.refusal.as_ref().is_some_and(oddities::is_no_list) && !persons.may_be() {
                    self.nobody.push(name);
                }
                file.sheets.push(entry);
            }
            return;
        };
        match self.tables.end(&name, table, &mut entry, hidden) {
            Ok(()) => self.rejects.extend(rejects.into_iter().map(|reject| (name.clone(), reject))),
            Err(error) => {
                let what = format!("表太大，无法装入：{error}");
                let hint = "请拆成几个文件（例如按乡镇）".to_owned();
                entry = IntakeSheet { sheet: entry.sheet, header_row: entry.header_row, ..IntakeSheet::default() };
                entry.refusal = Some(Refusal { name, code: "too-large".into(), what, hint });
            }
        }
        file.sheets.push(entry);
    }
}

impl<T> Sheet<'_, T> {
    fn apply(&mut self, events: Vec<LayoutEvent>, tables: &mut impl Tables<Table = T>) {
        for event in events {
            match event {
                LayoutEvent::Head(head) => {
                    self.entry.header_row = head.header_row;
                    match tables.begin(head, &mut self.entry) {
                        Ok(table) => self.table = Some(table),
                        Err(refusal) => self.entry.refusal = Some(refusal),
                    }
                }
                LayoutEvent::Rows(rows) => {
                    if let Some(table) = &mut self.table {
                        self.taken += tables.rows(table, rows);
                    }
                }
                LayoutEvent::Rejected(reject) => self.rejects.push(reject),
                LayoutEvent::Refused(refusal) | LayoutEvent::PartRefused(refusal) => self.entry.refusal = Some(refusal),
            }
        }
    }
}

/// A row of a sheet: its number and its cells (column, kind, text).
pub(crate) type SheetRow = (u32, Vec<(u32, CellKind, String)>);

/// A sheet as it came, whole.
#[derive(Default)]
pub(crate) struct HeldSheet {
    pub(crate) name: SheetName,
    pub(crate) merges: Vec<Merge>,
    /// Odd cells and rows of it.
    pub(crate) marks: Marks,
    /// Its rows, blank ones left out.
    pub(crate) rows: Vec<SheetRow>,
}

/// One table of a held sheet.
#[derive(Default)]
pub(crate) struct HeldTable {
    pub(crate) head: Option<TableHead>,
    pub(crate) parts: Vec<RawTable>,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) refusal: Option<Refusal>,
    /// Where another header begins.
    pub(crate) next: Option<u32>,
}

impl HeldSheet {
    pub(crate) fn new(name: SheetName, merges: Vec<Merge>) -> Self {
        Self { name, merges, ..Self::default() }
    }

    pub(crate) fn push(&mut self, block: &RowBlock) {
        let rows = block.iter().map(|(row, cells)| {
            let cells: Vec<_> = cells.map(|(column, kind, text)| (column, kind, text.to_owned())).collect();
            (row, cells)
        });
        self.rows.extend(rows.filter(|(_, cells)| cells.iter().any(|(.., text)| !text.trim().is_empty())));
    }

    /// The first table of `rows`, which are this sheet's or made from them.
    pub(crate) fn lay_out(&self, rows: &[SheetRow], vocabulary: &Vocabulary) -> HeldTable {
        let mut block = RowBlock::default();
        for (row, cells) in rows {
            block.begin_row(*row);
            for (column, kind, text) in cells {
                block.push_cell(*column, *kind, text);
            }
        }
        let mut layout = Layout::new(self.name.clone(), self.merges.clone(), vocabulary).without_dittos();
        let mut events = layout.push(&block);
        events.extend(layout.finish());
        let mut table = HeldTable::default();
        for event in events {
            match event {
                LayoutEvent::Head(head) => table.head = Some(head),
                LayoutEvent::Rows(part) => table.parts.push(part),
                LayoutEvent::Rejected(reject) if reject.reason == RejectReason::OtherTable => {
                    table.next = Some(table.next.map_or(reject.row, |next| next.min(reject.row)));
                }
                LayoutEvent::Rejected(reject) => table.rejects.push(reject),
                LayoutEvent::Refused(refusal) => table.refusal = Some(refusal),
                // What follows is read as a table of its own.
                LayoutEvent::PartRefused(_) => {}
            }
        }
        table
    }
}
