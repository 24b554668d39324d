//! Where the table is in a sheet: rows as read → head, chunks of data rows by column, rows set aside with a reason.
//!
//! Takes [`RowBlock`]s in order, and the sheet's merges beforehand. Holds back rows until thirty non-blank ones are there
//! (or the sheet ends), finds the header, then streams: each block gives at most one [`RawTable`]. Rows blank in the file
//! are not read; every other row below the header is emitted or rejected, never both ([`Tally::balances`]).
//! - A short sheet of labels with their values beside them is the form of one household ([`super::form`]): one row per person.
//! - Cells merged down are filled on each row of the merge and nowhere else; a row that has nothing but such cells is blank.
//! - `同上` and its signs stand for the cell of the data row above; somebody's own name and number only together, other codes of one person never.
//! - A row that carries somebody's number is data, unless it is marked as an example. Others may be a repeated header or title, labels of its
//!   columns right under it ([`super::column_labels`]), a subtotal, a note, what a page or an office says of itself, filling instructions under the header.
//! - What stands alone in a row (a place, also behind a label or a number, or with what it comes to; a month, a context, a kind) is set aside and
//!   given with the rows beside it ([`RawTable::sections`]). A name alone in the column of names is somebody.
//! - Labelled lines between the header and the first data row (`单位：元`, `填报单位：…`) belong to what stands above the table.
//! - A second header below, in the same columns and of the same fields in other words, repeats the first. Any other one begins a second table:
//!   the sheet keeps its first, and everything from the second header on is rejected row by row as [`RejectReason::OtherTable`], with
//!   one [`LayoutEvent::PartRefused`] that names the row. Reading it under the first header would put values under wrong fields.
//!
//! Cost: linear in cells, no allocation per cell; text is copied once, into the column.

use std::fmt;

use super::alone::{labelled_place, months_alone, name_alone, section, subtotal_place, words_alone};
use super::column_labels::are_column_labels;
use super::form;
use super::grid::{Merge, RowBlock};
use super::header::{Ditto, Found, Header, Vocabulary, WINDOW, WindowRow, find};
use super::rows::{Cell, RowContext, aside, has_identity, is_ditto, is_empty, is_example, masked};
use crate::model::identity::family::is_han;
use crate::model::raw::{
    CellKind, HeaderColumn, RawTable, Refusal, Reject, RejectReason, Section, SectionSays, SheetName, TableHead,
};

/// What the layout says, in order: `Head` once, then `Rows` and `Rejected`; or `Refused` alone.
#[derive(Debug)]
pub enum LayoutEvent {
    /// The table's head.
    Head(TableHead),
    /// Data rows below it.
    Rows(RawTable),
    /// A row set aside.
    Rejected(Reject),
    /// The sheet holds no table that can be read: codes `no-header`, `cross-tab`, `form`.
    Refused(Refusal),
    /// From some row on the sheet is not read (code `second-table`); what came before stands.
    PartRefused(Refusal),
}

/// Rows below the header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Non-blank rows.
    pub read: u64,
    /// Of them given as data.
    pub emitted: u64,
    /// Of them set aside.
    pub rejected: u64,
}

impl Tally {
    /// Whether nothing was lost.
    #[must_use]
    pub fn balances(self) -> bool {
        self.read == self.emitted + self.rejected
    }
}

/// Columns of a table; registers have fifty, every one of which is held for every row.
const WIDEST: usize = 1024;

/// The last column of a table in which a line over the rows below begins; what stands alone farther right is a remark.
const LEADING: u32 = 2;

/// Column of the sheet that is not in the table.
const OUTSIDE: u32 = u32::MAX;

/// Reads one sheet. See the module's documentation.
pub struct Layout<'v> {
    name: SheetName,
    merges: Vec<Merge>,
    vocabulary: &'v Vocabulary,
    held: RowBlock,
    held_rows: usize,
    body: Option<Body<'v>>,
    /// Nothing more is read: it is refused, or was a form.
    is_done: bool,
    form: Tally,
    /// Whether `同上` is filled from above.
    fills_dittos: bool,
}

impl fmt::Debug for Layout<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Layout({:?}, {} rows held)", self.name, self.held_rows)
    }
}

impl<'v> Layout<'v> {
    /// A sheet to come, with its merged areas in any order.
    #[must_use]
    pub fn new(name: SheetName, mut merges: Vec<Merge>, vocabulary: &'v Vocabulary) -> Self {
        merges.sort_unstable();
        Self {
            name,
            merges,
            vocabulary,
            held: RowBlock::default(),
            held_rows: 0,
            body: None,
            is_done: false,
            form: Tally::default(),
            fills_dittos: true,
        }
    }

    /// For lists that were sorted or filtered on their way: nobody knows what stood above, and `同上` says nothing.
    #[must_use]
    pub fn without_dittos(self) -> Self {
        Self { fills_dittos: false, ..self }
    }

    /// Takes the next rows.
    pub fn push(&mut self, block: &RowBlock) -> Vec<LayoutEvent> {
        let mut events = Vec::new();
        if self.is_done {
            return events;
        }
        if let Some(body) = &mut self.body {
            body.read(block, &mut events);
            return events;
        }
        for (row, cells) in block.iter() {
            self.held.begin_row(row);
            let mut blank = true;
            for (column, kind, text) in cells {
                blank &= text.trim().is_empty();
                self.held.push_cell(column, kind, text);
            }
            self.held_rows += usize::from(!blank);
        }
        // A header at the end of the window may have two more rows.
        if self.held_rows >= WINDOW + 2 {
            self.settle(&mut events);
        }
        events
    }

    /// The sheet is complete. A sheet without any text gives nothing.
    pub fn finish(&mut self) -> Vec<LayoutEvent> {
        let mut events = Vec::new();
        if self.body.is_none() && !self.is_done && self.held_rows > 0 {
            self.settle(&mut events);
        }
        events
    }

    /// Rows below the header so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.body.as_ref().map_or(self.form, |body| body.tally)
    }

    /// Cells that said `同上` and were filled from the row above.
    #[must_use]
    pub fn filled_from_above(&self) -> u64 {
        self.body.as_ref().map_or(0, |body| body.filled_from_above)
    }

    /// Finds the header in what is held and reads the rest of it.
    fn settle(&mut self, events: &mut Vec<LayoutEvent>) {
        let window = window(&self.held);
        if let Some(first) = form::find(&window, self.vocabulary) {
            self.read_form(&window, first, events);
            return;
        }
        let held = std::mem::take(&mut self.held);
        // A county's household merges run to the hundred thousands; those of the header are few.
        let last_row = window.last().map_or(0, |row| row.row);
        let near = self.merges.partition_point(|merge| merge.first_row <= last_row);
        match find(&window, &self.merges[..near], self.vocabulary) {
            Found::Header(header) if header.columns.len() > WIDEST => {
                let (row, columns) = (window[header.last].row, header.columns.len());
                let what = format!("第 {row} 行的表头有 {columns} 列，上限 {WIDEST} 列");
                self.refuse(events, "over-limit", what, "请删去用不着的列后重新报送");
            }
            Found::Header(header) => {
                let mut body =
                    Body::new(self.name.clone(), self.vocabulary, &window, header, std::mem::take(&mut self.merges), events);
                if !self.fills_dittos {
                    body.dittos.fill(Ditto::OwnCode);
                }
                self.body.insert(body).read(&held, events);
            }
            Found::CrossTab { row } => {
                self.refuse(
                    events,
                    "cross-tab",
                    format!("第 {row} 行起每行是一个统计项，每列是一个类别：这是汇总表（交叉表），没有逐人逐户的行"),
                    "请报送单位提供生成这张汇总表的明细名册（一人或一户一行，有姓名和证件号码）",
                );
            }
            Found::Nothing => {
                let seen: Vec<String> = window
                    .iter()
                    .take(3)
                    .map(|row| {
                        let cells: Vec<Cell<'_>> =
                            row.cells.iter().map(|(column, kind, text)| (*column, *kind, text.as_str())).collect();
                        format!("第 {} 行：{}", row.row, masked(&cells))
                    })
                    .collect();
                self.refuse(
                    events,
                    "no-header",
                    format!("前 {WINDOW} 行里没有认得的表头（至少要有两个认得的列名）；看到的是 {}", seen.join("；")),
                    "确认表头在前 30 行内；列名写法特殊时，在 registries 里补上",
                );
            }
        }
    }

    /// A short sheet is read as the form that it is; a long one is no single household.
    fn read_form(&mut self, window: &[WindowRow], first: usize, events: &mut Vec<LayoutEvent>) {
        if self.held_rows >= WINDOW + 2 {
            let what = format!("第 {} 行起是表格（标签旁边写值），不是一行一人的名册", window[first].row);
            self.refuse(events, "form", what, "请提供一行一人的名册（有姓名、身份证号码、与户主关系）");
            return;
        }
        self.is_done = true;
        let form = form::read(window, first, self.vocabulary);
        let texts = |row: &WindowRow| row.cells.iter().map(|(.., text)| text.clone()).collect::<Vec<String>>();
        let preamble = window[..form.first].iter().flat_map(texts).collect();
        let (name, header_row) = (self.name.clone(), window[form.first].row);
        let (emitted, rejected) = (form.table.rows.len() as u64, form.rejects.len() as u64);
        self.form = Tally { read: emitted + rejected, emitted, rejected };
        events.push(LayoutEvent::Head(TableHead { name, header_row, columns: form.columns, preamble, is_form: true }));
        events.push(LayoutEvent::Rows(form.table));
        events.extend(form.rejects.into_iter().map(LayoutEvent::Rejected));
    }

    fn refuse(&mut self, events: &mut Vec<LayoutEvent>, code: &'static str, what: String, hint: &str) {
        self.is_done = true;
        events.push(LayoutEvent::Refused(Refusal { name: self.name.clone(), code: code.into(), what, hint: hint.to_owned() }));
    }
}

/// The first non-blank rows, with the cells that have text.
fn window(held: &RowBlock) -> Vec<WindowRow> {
    held.iter()
        .map(|(row, cells)| WindowRow {
            row,
            cells: cells
                .filter(|(_, _, text)| !text.trim().is_empty())
                .map(|(column, kind, text)| (column, kind, text.trim().to_owned()))
                .collect(),
        })
        .filter(|row| !row.cells.is_empty())
        .take(WINDOW + 2)
        .collect()
}

/// A sheet whose header is known.
struct Body<'v> {
    vocabulary: &'v Vocabulary,
    name: SheetName,
    header_row: u32,
    /// Rows up to the header's last, non-blank, as (column, text): what may be repeated at a page break.
    above: Vec<Vec<(u32, String)>>,
    /// Sheet column → position in the table, or [`OUTSIDE`].
    positions: Vec<u32>,
    columns: Vec<HeaderColumn>,
    /// The columns of names of persons and heads, of the sheet.
    name_columns: Vec<u32>,
    /// Per column of the table, what `同上` does in it.
    dittos: Vec<Ditto>,
    /// The last data row of the block before.
    above_block: Vec<(CellKind, String)>,
    /// Cells filled from above.
    filled_from_above: u64,
    /// Merges below the header, by first row; `next_merge` is the first not yet reached.
    merges: Vec<Merge>,
    next_merge: usize,
    /// Downward merges in force: the merge and its cell.
    filling: Vec<(Merge, CellKind, String)>,
    in_notes: bool,
    /// Nothing but rows set aside since the header, or since it was repeated.
    is_under_header: bool,
    second_table: bool,
    tally: Tally,
}

impl<'v> Body<'v> {
    fn new(
        name: SheetName,
        vocabulary: &'v Vocabulary,
        window: &[WindowRow],
        header: Header,
        mut merges: Vec<Merge>,
        events: &mut Vec<LayoutEvent>,
    ) -> Self {
        let header_row = window[header.last].row;
        merges.retain(|merge| merge.first_row > header_row);
        let last_column = header.columns.last().map_or(0, |column| column.index as usize);
        let mut positions = vec![OUTSIDE; last_column + 1];
        for (position, column) in (0..).zip(&header.columns) {
            positions[column.index as usize] = position;
        }
        let texts = |row: &WindowRow| row.cells.iter().map(|(.., text)| text.clone()).collect::<Vec<String>>();
        let mut preamble: Vec<String> = window[..header.first].iter().flat_map(texts).collect();
        let width = header.columns.len();
        // A line that a careless copy left under the header says what those above it say.
        let under = window[header.last + 1..].iter().take(3).zip(1..).take_while(|(row, below)| {
            let cells: Vec<Cell<'_>> = row.cells.iter().map(|(column, kind, text)| (*column, *kind, text.as_str())).collect();
            let context = RowContext { width, below: *below, spread: false, in_notes: false, of_people: true };
            let heads_rows = || words_alone(&cells, &context, true, &[]).is_some();
            !has_identity(&cells) && aside(&cells, &context) == Some(RejectReason::Note) && !heads_rows()
        });
        // `瑞溪：` is over the rows below it only.
        let is_labelled = |text: &String| text.contains(['：', ':']) && !text.ends_with(['：', ':']);
        preamble.extend(under.flat_map(|(row, _)| texts(row)).filter(is_labelled));
        let above = window[..=header.last]
            .iter()
            .map(|row| row.cells.iter().map(|(column, _, text)| (*column, text.clone())).collect())
            .collect();
        let columns = header.columns;
        let dittos = columns.iter().map(|column| vocabulary.ditto(&column.text)).collect();
        let named = columns.iter().filter(|column| vocabulary.is_name(&column.text));
        let name_columns = named.map(|column| column.index).collect();
        events.push(LayoutEvent::Head(TableHead {
            name: name.clone(),
            header_row,
            columns: columns.clone(),
            preamble,
            is_form: false,
        }));
        Self {
            vocabulary,
            name,
            header_row,
            above,
            positions,
            columns,
            name_columns,
            dittos,
            above_block: Vec::new(),
            filled_from_above: 0,
            merges,
            next_merge: 0,
            filling: Vec::new(),
            in_notes: false,
            is_under_header: true,
            second_table: false,
            tally: Tally::default(),
        }
    }

    fn read(&mut self, block: &RowBlock, events: &mut Vec<LayoutEvent>) {
        let mut table = RawTable::of_width(self.columns.len());
        let mut cells: Vec<Cell<'_>> = Vec::new();
        for (row, all) in block.iter() {
            if row <= self.header_row {
                continue;
            }
            cells.clear();
            cells.extend(all.filter(|(_, _, text)| !text.trim().is_empty()));
            self.advance_merges(row, &cells);
            if cells.is_empty() {
                continue;
            }
            self.tally.read += 1;
            let reason = self.judge(row, &cells, &mut table, events);
            self.is_under_header = reason == Some(RejectReason::RepeatedHeader) || self.is_under_header && reason.is_some();
            if let Some(reason) = reason {
                self.tally.rejected += 1;
                events.push(LayoutEvent::Rejected(Reject { row, reason, masked: masked(&cells) }));
            } else {
                self.tally.emitted += 1;
                table.rows.push(row);
                self.emit(row, &cells, &mut table);
            }
        }
        if let Some(last) = table.rows.len().checked_sub(1) {
            let cells = table.columns.iter().map(|column| column.get(last));
            self.above_block = cells.map(|(kind, text)| (kind, text.to_owned())).collect();
        }
        if !table.rows.is_empty() || !table.sections.is_empty() {
            events.push(LayoutEvent::Rows(table));
        }
    }

    /// Takes up merges that start at or above `row` (blank rows may be left out by the parser), drops those that ended.
    fn advance_merges(&mut self, row: u32, cells: &[Cell<'_>]) {
        self.filling.retain(|(merge, ..)| merge.last_row >= row);
        while let Some(merge) = self.merges.get(self.next_merge).copied().filter(|merge| merge.first_row <= row) {
            self.next_merge += 1;
            if merge.last_row > merge.first_row
                && merge.first_row == row
                && let Some((_, kind, text)) = cells.iter().find(|(column, ..)| *column == merge.first_column)
            {
                self.filling.push((merge, *kind, (*text).to_owned()));
            }
        }
    }

    /// Why the row is not data; `None` when it is.
    fn judge(
        &mut self,
        row: u32,
        cells: &[Cell<'_>],
        table: &mut RawTable,
        events: &mut Vec<LayoutEvent>,
    ) -> Option<RejectReason> {
        if self.second_table {
            return Some(RejectReason::OtherTable);
        }
        if self.tally.read <= 3 && is_example(cells) {
            return Some(RejectReason::Note);
        }
        if has_identity(cells) {
            self.in_notes = false;
            return None;
        }
        if self.is_repeated(cells) {
            return Some(RejectReason::RepeatedHeader);
        }
        if self.vocabulary.is_header(cells) {
            if self.says_the_same(cells) {
                return Some(RejectReason::RepeatedHeader);
            }
            self.second_table = true;
            events.push(LayoutEvent::PartRefused(Refusal {
                name: self.name.clone(),
                code: "second-table".into(),
                what: format!("第 {row} 行起是另一张表（表头与第 {} 行的不同），没有读入", self.header_row),
                hint: "把它移到单独的工作表后重新报送".to_owned(),
            }));
            return Some(RejectReason::OtherTable);
        }
        let spread = self.merges.iter().skip(self.next_merge.saturating_sub(64)).take(128).any(|merge| {
            merge.first_row == row
                && merge.last_column >= merge.first_column + 2
                && cells.len() == 1
                && merge.first_column == cells[0].0
        });
        let (width, of_people) = (self.columns.len(), !self.name_columns.is_empty());
        let context = RowContext { width, below: self.tally.read, spread, in_notes: self.in_notes, of_people };
        let is_name_column = cells.first().is_some_and(|(column, ..)| self.name_columns.contains(column));
        let at = table.rows.len();
        if let Some(text) = section(cells, &context, is_name_column) {
            table.sections.push(Section { at, row, text, says: SectionSays::Place });
            return Some(RejectReason::Note);
        }
        let leads = cells.first().and_then(|(column, ..)| self.positions.get(*column as usize)).is_none_or(|at| *at <= LEADING);
        if let Some(text) = words_alone(cells, &context, leads, &self.name_columns) {
            table.sections.push(Section { at, row, text, says: SectionSays::Words });
            return Some(RejectReason::Note);
        }
        let reason = aside(cells, &context);
        if matches!(reason, None | Some(RejectReason::Note))
            && let Some(text) = months_alone(cells, &context)
        {
            table.sections.push(Section { at, row, text, says: SectionSays::Months });
            return Some(RejectReason::Note);
        }
        let (said, says) = match reason {
            Some(RejectReason::Subtotal) => (subtotal_place(cells), SectionSays::Sum),
            Some(RejectReason::Note) => match labelled_place(cells) {
                Some(place) => (Some(place), SectionSays::Place),
                None => (name_alone(cells, &context), SectionSays::Perhaps),
            },
            _ => (None, SectionSays::Place),
        };
        table.sections.extend(said.map(|text| Section { at, row, text, says }));
        self.in_notes = reason == Some(RejectReason::Note);
        reason
    }

    /// A header in other words: each cell stands in a column of the table and may be its field.
    fn says_the_same(&self, cells: &[Cell<'_>]) -> bool {
        let same = |(index, _, text): &Cell<'_>| {
            let known = self.columns.iter().find(|column| column.index == *index);
            // Columns that changed places (`姓名 户主姓名`) are another header, though each might be called so.
            let of_another = self.columns.iter().any(|other| other.index != *index && other.text == text.trim());
            known.is_some_and(|known| known.text == text.trim() || !of_another && self.vocabulary.same_field(&known.text, text))
        };
        cells.len() * 2 >= self.columns.len() && cells.iter().all(same)
    }

    fn is_header_chinese(&self) -> bool {
        self.columns.iter().any(|column| column.text.contains(is_han))
    }

    /// Every cell says what a row up to the header says in that column, or labels a column right under the header.
    fn is_repeated(&self, cells: &[Cell<'_>]) -> bool {
        if self.is_under_header && are_column_labels(cells, self.is_header_chinese()) {
            return true;
        }
        self.above.iter().any(|above| {
            let same = |(column, _, text): &Cell<'_>| above.iter().any(|(at, known)| at == column && known == text.trim());
            cells.iter().all(same) && cells.len() * 2 >= above.len()
        })
    }

    fn emit(&mut self, row: u32, cells: &[Cell<'_>], table: &mut RawTable) {
        let above = table.rows.len().checked_sub(2);
        let columns = &mut table.columns;
        let says_ditto = |wanted: Ditto| {
            let of = |(column, _, text): &Cell<'_>| {
                is_ditto(text)
                    && self.positions.get(*column as usize).and_then(|at| self.dittos.get(*at as usize)) == Some(&wanted)
            };
            cells.iter().any(of)
        };
        // Somebody's own name is the one above only where the number is too.
        let is_same_person =
            || [Ditto::Name, Ditto::Number].into_iter().all(|own| says_ditto(own) || !self.dittos.contains(&own));
        let mut from_above = 0;
        let filled = self.filling.iter().any(|(merge, ..)| merge.first_row < row);
        let mut cells = cells.iter().peekable();
        for (index, &position) in (0u32..).zip(&self.positions) {
            while cells.peek().is_some_and(|(column, ..)| *column < index) {
                cells.next();
            }
            let own = cells.peek().filter(|(column, ..)| *column == index);
            let Some(column) = columns.get_mut(position as usize) else { continue };
            let from_merge = || {
                let covers = |merge: &Merge| merge.first_row < row && merge.first_column == index;
                self.filling.iter().find(|(merge, ..)| filled && covers(merge)).map(|(_, kind, text)| (*kind, text.as_str()))
            };
            match own.map(|(_, kind, text)| (*kind, *text)).or_else(from_merge) {
                Some((kind, text)) if kind != CellKind::Empty && !is_empty(text) => column.push(kind, text),
                Some((_, text)) if is_ditto(text) && self.dittos[position as usize].fills(&is_same_person) => {
                    let before = self
                        .above_block
                        .get(position as usize)
                        .map_or((CellKind::Empty, ""), |(kind, text)| (*kind, text.as_str()));
                    let (kind, text) = above.map_or(before, |above| column.get(above));
                    let (kind, text) = (kind, text.to_owned());
                    from_above += 1;
                    column.push(kind, &text);
                }
                _ => column.push(CellKind::Empty, ""),
            }
        }
        self.filled_from_above += from_above;
    }
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
