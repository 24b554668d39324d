//! Where the table is in a sheet: header, data rows, and rows that are neither.
//!
//! Takes a sheet's [`RowBlock`]s in order, gives [`LayoutEvent`]s in order: one head per table, then its rows by column, and a
//! reject with a reason for every non-blank row below the header that is no data. Every such row comes out once, as a row or a
//! reject. Knows headers only as a vocabulary; which registry it is, is [`super::recognise`]'s question. Cost: linear in cells,
//! no allocation per cell once the header is found.

use std::collections::BTreeSet;

use super::grid::{Merge, RowBlock};
use super::header::{Header, SketchRow, find_header};
use crate::config::registry::fold_without_unit;
use crate::model::personal::mask;
use crate::model::raw::{CellKind, RawColumn, RawTable, Refusal, Reject, RejectReason, SheetName, TableHead};

/// Rows looked at for a header.
const HEADER_WITHIN: usize = 30;

/// What a sheet turns out to hold.
#[derive(Debug)]
pub enum LayoutEvent {
    /// A table begins (a second one, should another header follow further down).
    Head(TableHead),
    /// Data rows of the table begun last.
    Rows(RawTable),
    /// A row of the table begun last that is no data.
    Reject(Reject),
    /// The sheet holds no table of rows.
    Refused(Refusal),
}

/// The reader of one sheet.
#[derive(Debug)]
pub struct Layout<'v> {
    name: SheetName,
    merges: Vec<Merge>,
    vocabulary: &'v BTreeSet<String>,
    state: State,
}

#[derive(Debug)]
enum State {
    Searching(Vec<SketchRow>),
    Reading(Box<Table>),
    Refused,
}

/// A table whose header is known.
#[derive(Debug)]
struct Table {
    header: Header,
    /// Sheet column → position among the head's columns.
    positions: Vec<Option<usize>>,
    /// Merged areas below the header that span rows, by first row; `filled` has the text of those under way.
    merges: Vec<Merge>,
    next_merge: usize,
    filled: Vec<(Merge, CellKind, String)>,
}

impl<'v> Layout<'v> {
    /// A reader for the sheet `name`; `vocabulary` holds all known header spellings, folded.
    #[must_use]
    pub fn new(name: SheetName, mut merges: Vec<Merge>, vocabulary: &'v BTreeSet<String>) -> Self {
        merges.sort_unstable();
        Self { name, merges, vocabulary, state: State::Searching(Vec::new()) }
    }

    /// Takes the next rows.
    pub fn push(&mut self, block: &RowBlock, out: &mut dyn FnMut(LayoutEvent)) {
        let mut table = RawTable::default();
        for (row, cells) in block.iter() {
            let mut cells: Vec<(u32, CellKind, &str)> =
                cells.filter(|(_, kind, text)| *kind != CellKind::Empty && !means_nothing(text)).collect();
            if cells.is_empty() {
                continue;
            }
            match &mut self.state {
                State::Searching(rows) => {
                    rows.push(SketchRow::new(row, &cells));
                    if rows.len() >= HEADER_WITHIN {
                        self.decide(out);
                    }
                }
                State::Reading(reading) => {
                    if let Some(header) = reading.another_header(row, &cells, self.vocabulary, &self.merges) {
                        flush(&mut table, out);
                        let next = Table::new(header, &self.merges);
                        out(LayoutEvent::Head(next.header.head(&self.name)));
                        self.state = State::Reading(Box::new(next));
                    } else {
                        reading.read(row, &mut cells, &mut table, out);
                    }
                }
                State::Refused => {}
            }
        }
        flush(&mut table, out);
    }

    /// The sheet is over.
    pub fn finish(mut self, out: &mut dyn FnMut(LayoutEvent)) {
        if matches!(&self.state, State::Searching(rows) if !rows.is_empty()) {
            self.decide(out);
        }
    }

    /// Finds the header among the rows seen, and reads those below it.
    fn decide(&mut self, out: &mut dyn FnMut(LayoutEvent)) {
        let State::Searching(rows) = std::mem::replace(&mut self.state, State::Refused) else { return };
        let Some(header) = find_header(&rows, &self.merges, self.vocabulary) else {
            out(LayoutEvent::Refused(refusal(&self.name, &rows)));
            return;
        };
        let below = header.last_row;
        let mut table = Table::new(header, &self.merges);
        out(LayoutEvent::Head(table.header.head(&self.name)));
        let mut data = RawTable::default();
        for row in rows.iter().filter(|row| row.row > below) {
            let mut cells: Vec<_> = row.cells.iter().map(|(column, kind, text)| (*column, *kind, text.as_str())).collect();
            table.read(row.row, &mut cells, &mut data, out);
        }
        flush(&mut data, out);
        self.state = State::Reading(Box::new(table));
    }
}

fn flush(table: &mut RawTable, out: &mut dyn FnMut(LayoutEvent)) {
    if !table.rows.is_empty() {
        out(LayoutEvent::Rows(std::mem::take(table)));
    }
}

impl Table {
    fn new(header: Header, merges: &[Merge]) -> Self {
        let width = header.columns.iter().map(|column| column.index as usize + 1).max().unwrap_or(0);
        let mut positions = vec![None; width];
        for (position, column) in header.columns.iter().enumerate() {
            positions[column.index as usize] = Some(position);
        }
        let merges = merges
            .iter()
            .filter(|merge| merge.first_row > header.last_row && merge.last_row > merge.first_row)
            .copied()
            .collect();
        Self { header, positions, merges, next_merge: 0, filled: Vec::new() }
    }

    /// One row below the header: data, or a reject.
    fn read<'t>(
        &mut self,
        row: u32,
        cells: &mut Vec<(u32, CellKind, &'t str)>,
        table: &mut RawTable,
        out: &mut dyn FnMut(LayoutEvent),
    ) {
        if let Some(reason) = self.no_data(cells) {
            flush(table, out);
            let text: Vec<String> = cells.iter().take(4).map(|(_, _, text)| mask(text)).collect();
            out(LayoutEvent::Reject(Reject { row, reason, masked: text.join(" ") }));
            return;
        }
        self.open_merges(row, cells);
        let width = self.header.columns.len();
        if table.columns.is_empty() {
            table.columns.resize_with(width, RawColumn::default);
        }
        table.rows.push(row);
        let mut filled = 0;
        for (column, kind, text) in cells.iter() {
            let Some(position) = self.positions.get(*column as usize).copied().flatten() else { continue };
            for gap in filled..position {
                self.fill(row, gap, table);
            }
            table.columns[position].push(*kind, text);
            filled = position + 1;
        }
        for gap in filled..width {
            self.fill(row, gap, table);
        }
    }

    /// An empty cell takes the value of the merged area it lies in, and only that.
    fn fill(&self, row: u32, position: usize, table: &mut RawTable) {
        let column = self.header.columns[position].index;
        let inside = |merge: &Merge| merge.last_row >= row && (merge.first_column..=merge.last_column).contains(&column);
        match self.filled.iter().find(|(merge, _, _)| inside(merge)) {
            Some((_, kind, text)) => table.columns[position].push(*kind, text),
            None => table.columns[position].push(CellKind::Empty, ""),
        }
    }

    /// Remembers the text of merged areas that begin at or before this row and go on below it.
    fn open_merges(&mut self, row: u32, cells: &[(u32, CellKind, &str)]) {
        if self.merges.is_empty() {
            return;
        }
        self.filled.retain(|(merge, _, _)| merge.last_row >= row);
        while let Some(merge) = self.merges.get(self.next_merge).filter(|merge| merge.first_row <= row) {
            self.next_merge += 1;
            let top_left = cells.iter().find(|(column, _, _)| merge.first_row == row && *column == merge.first_column);
            if let Some((_, kind, text)) = top_left {
                self.filled.push((*merge, *kind, (*text).to_owned()));
            }
        }
    }

    /// Why a row is not data; `None` when it is.
    fn no_data(&self, cells: &[(u32, CellKind, &str)]) -> Option<RejectReason> {
        let squeezed = |text: &str| -> String { text.chars().filter(|c| !c.is_whitespace()).collect() };
        let first = cells.first().map(|(_, _, text)| *text).unwrap_or_default();
        if cells.iter().take(4).any(|(_, kind, text)| *kind == CellKind::Text && is_total(&squeezed(text))) {
            return Some(RejectReason::Subtotal);
        }
        if is_note(&squeezed(first)) && cells.len() <= self.header.columns.len() {
            return Some(RejectReason::Note);
        }
        if has_number(cells) {
            return None;
        }
        if cells.len() == 1 && self.header.columns.len() > 3 {
            if self.header.preamble.iter().any(|line| line == first) {
                return Some(RejectReason::RepeatedHeader);
            }
            if first.chars().count() > 12 {
                return Some(RejectReason::Note);
            }
        }
        self.repeats_header(cells).then_some(RejectReason::RepeatedHeader)
    }

    fn repeats_header(&self, cells: &[(u32, CellKind, &str)]) -> bool {
        let same = cells.iter().filter(|(column, _, text)| {
            let folded = fold_without_unit(text);
            self.header.levels.iter().any(|(level_column, level)| level_column == column && *level == folded)
        });
        same.count() * 2 > cells.len()
    }

    /// Another table's header further down the sheet: several known words, and not this table's header again.
    fn another_header(
        &self,
        row: u32,
        cells: &[(u32, CellKind, &str)],
        vocabulary: &BTreeSet<String>,
        merges: &[Merge],
    ) -> Option<Header> {
        if cells.len() < 4 || has_number(cells) || self.repeats_header(cells) {
            return None;
        }
        let known = cells.iter().filter(|(_, _, text)| vocabulary.contains(&fold_without_unit(text))).count();
        if known < 4 || known * 2 < cells.len() {
            return None;
        }
        find_header(&[SketchRow::new(row, cells)], merges, vocabulary)
    }
}

/// Words that county offices write for an empty cell.
fn means_nothing(text: &str) -> bool {
    matches!(text, "同上" | "〃" | "″" | "/" | "／" | "无" | "NULL" | "null" | "N/A" | "n/a" | "#N/A" | "空" | "\\")
        || (!text.is_empty() && text.chars().all(|c| matches!(c, '-' | '－' | '—' | '–' | '―' | '─')))
}

fn is_total(text: &str) -> bool {
    ["小计", "合计", "总计", "累计", "本页合计", "本页小计", "全县合计"].iter().any(|word| {
        text.strip_prefix(word).is_some_and(|rest| {
            rest.is_empty() || rest.starts_with([':', '：', '(', '（']) || rest.starts_with(|c: char| c.is_ascii_digit())
        })
    }) || ["小计", "合计", "总计"]
        .iter()
        .any(|word| text.strip_suffix(word).is_some_and(|head| head.ends_with(['镇', '乡', '村', '区', '道', '会'])))
}

fn is_note(text: &str) -> bool {
    [
        "注:",
        "注：",
        "备注:",
        "备注：",
        "说明:",
        "说明：",
        "填表说明",
        "审核人",
        "填表人",
        "填报人",
        "制表人",
        "经办人",
        "单位负责人",
        "分管领导",
        "主要领导",
        "负责人签字",
        "联系电话:",
        "联系电话：",
        "填报单位",
        "制表单位",
        "填报时间",
        "以下空白",
    ]
    .iter()
    .any(|word| text.starts_with(word))
}

/// Whether any cell looks like an ID number, a code or an amount: headers and page titles have none.
fn has_number(cells: &[(u32, CellKind, &str)]) -> bool {
    cells.iter().any(|(_, kind, text)| {
        *kind == CellKind::Number || *kind == CellKind::Date || text.bytes().filter(u8::is_ascii_digit).count() >= 6
    })
}

/// A sheet without a header: a cross-tab, or something else.
fn refusal(name: &SheetName, rows: &[SketchRow]) -> Refusal {
    let measures = rows.iter().filter(|row| {
        let mut cells = row.cells.iter();
        let label = cells.next().is_some_and(|(_, _, text)| {
            ["人数", "户数", "学生数", "金额", "率", "资金", "比例"].iter().any(|word| text.contains(word))
        });
        label
            && cells.clone().count() >= 2
            && cells.all(|(_, kind, text)| *kind == CellKind::Number || text.parse::<f64>().is_ok())
    });
    if measures.count() >= 2 {
        return Refusal {
            name: name.clone(),
            code: "cross-tab",
            what: format!("《{}》是汇总交叉表（行是指标、列是类别），没有逐人逐户的记录", sheet_text(name)),
            hint: "请向报送单位要逐人（或逐户）的明细名册".to_owned(),
        };
    }
    let seen: Vec<String> = rows
        .iter()
        .take(3)
        .map(|row| row.cells.iter().take(6).map(|(_, _, text)| mask(text)).collect::<Vec<_>>().join("｜"))
        .collect();
    Refusal {
        name: name.clone(),
        code: "no-header",
        what: format!("《{}》前 {HEADER_WITHIN} 行里没有找到表头，看到的是：{}", sheet_text(name), seen.join("／")),
        hint: "请确认表头行里有“姓名”“身份证号”等列名；如果列名是本县特有的写法，请加到 pipelines/registries/fields.toml"
            .to_owned(),
    }
}

fn sheet_text(name: &SheetName) -> String {
    if name.sheet.is_empty() { name.file.clone() } else { format!("{} 的工作表 {}", name.file, name.sheet) }
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
