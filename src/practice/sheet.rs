//! A table laid out as offices do it: titles, units, dates, two-row headers, merged household cells, subtotals, signatures.
//!
//! A sheet is lines of cells; a line that stands for persons carries their pids, and its number is the row that Excel shows.

use std::borrow::Cow;

use super::table::{Cell, Table};

/// A merged area, 0-based, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) first_line: usize,
    pub(super) last_line: usize,
    pub(super) first_column: usize,
    pub(super) last_column: usize,
}

pub(super) struct Line {
    pub(super) pid: Option<u32>,
    /// Who else stands in it, from left to right.
    pub(super) more: Vec<u32>,
    pub(super) cells: Vec<Cell>,
}

impl Line {
    fn of(texts: &[&str]) -> Self {
        Self::nobody(texts.iter().map(|&text| Cell::from(text)).collect())
    }

    pub(super) fn nobody(cells: Vec<Cell>) -> Self {
        Self { pid: None, more: Vec::new(), cells }
    }
}

pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) lines: Vec<Line>,
    pub(super) merges: Vec<Area>,
}

/// What stands around the rows.
#[derive(Clone, Copy, Default)]
pub(super) struct Dress<'a> {
    /// Title, office and date lines above the header.
    pub(super) titled: bool,
    /// `日期：2018-06-30` in those lines.
    pub(super) date: &'a str,
    /// A line above the header that groups columns: first column, last column, text.
    pub(super) groups: &'a [(usize, usize, &'a str)],
    /// Columns merged down over the rows of a household.
    pub(super) household_columns: &'a [usize],
    /// 小计 after each so many rows, 合计 at the end; 0 for none.
    pub(super) subtotal_every: usize,
    /// The header again after each so many rows; 0 for never.
    pub(super) header_every: usize,
    /// 审核人, 填表人 and a note at the end.
    pub(super) signed: bool,
}

/// Lays a table out. Without any dress: the header in line 1, then the rows.
pub(super) fn lay_out(name: &str, table: Table, dress: Dress<'_>) -> Sheet {
    let mut sheet = Sheet { name: name.to_owned(), lines: Vec::new(), merges: Vec::new() };
    let last_column = table.headers.len().saturating_sub(1);
    if dress.titled {
        sheet.merge_line(0, last_column, &table.title);
        sheet.lines.push(Line::of(&[&format!("制表单位：{}", table.office)]));
        sheet.lines.push(Line::of(&[&format!("日期：{}", dress.date)]));
    }
    add_header(&mut sheet, &table.headers, dress.groups);
    let header = table.headers.clone();
    let rows = table.rows.len();
    let mut open: Option<(u32, usize)> = None;
    for (position, row) in table.rows.into_iter().enumerate() {
        if dress.header_every > 0 && position > 0 && position.is_multiple_of(dress.header_every) {
            close_household(&mut sheet, &mut open, dress.household_columns);
            add_header(&mut sheet, &header, dress.groups);
        }
        if dress.subtotal_every > 0 && position > 0 && position.is_multiple_of(dress.subtotal_every) {
            close_household(&mut sheet, &mut open, dress.household_columns);
            sheet.lines.push(Line::of(&["小计", &format!("{}人", dress.subtotal_every)]));
            sheet.lines.push(Line::of(&[]));
        }
        if open.is_none_or(|(household, _)| household != row.household) {
            close_household(&mut sheet, &mut open, dress.household_columns);
            open = Some((row.household, sheet.lines.len()));
        }
        sheet.lines.push(Line { pid: row.pid, more: row.more, cells: row.cells });
    }
    close_household(&mut sheet, &mut open, dress.household_columns);
    if dress.subtotal_every > 0 {
        sheet.lines.push(Line::of(&["合计", &format!("{rows}人")]));
    }
    if dress.signed {
        sheet.lines.push(Line::of(&["审核人：        填表人：        联系电话："]));
        sheet.lines.push(Line::of(&["注：本表数据截至月末，未尽事项以业务系统为准。"]));
    }
    sheet
}

impl Sheet {
    fn merge_line(&mut self, first_column: usize, last_column: usize, text: &str) {
        let line = self.lines.len();
        self.merges.push(Area { first_line: line, last_line: line, first_column, last_column });
        self.lines.push(Line::of(&[text]));
    }
}

fn add_header(sheet: &mut Sheet, headers: &[Cow<'static, str>], groups: &[(usize, usize, &str)]) {
    if groups.is_empty() {
        sheet.lines.push(Line::nobody(headers.iter().map(|header| Cell::from(&**header)).collect()));
        return;
    }
    let line = sheet.lines.len();
    // Ungrouped columns reach over both header lines.
    let mut above: Vec<Cell> = headers.iter().map(|header| Cell::from(&**header)).collect();
    let mut below = vec![Cell::Empty; headers.len()];
    for column in 0..headers.len() {
        let Some(&(first, last, text)) = groups.iter().find(|group| (group.0..=group.1).contains(&column)) else {
            sheet.merges.push(Area { first_line: line, last_line: line + 1, first_column: column, last_column: column });
            continue;
        };
        below[column] = Cell::from(&*headers[column]);
        above[column] = if column == first { Cell::from(text) } else { Cell::Empty };
        if column == first {
            sheet.merges.push(Area { first_line: line, last_line: line, first_column: first, last_column: last });
        }
    }
    sheet.lines.push(Line::nobody(above));
    sheet.lines.push(Line::nobody(below));
}

/// Merges the household's cells where all its rows say the same, and empties all but the first.
fn close_household(sheet: &mut Sheet, open: &mut Option<(u32, usize)>, columns: &[usize]) {
    let Some((_, first)) = open.take() else { return };
    let last = sheet.lines.len() - 1;
    if last == first {
        return;
    }
    for &column in columns {
        let value = sheet.lines[first].cells[column].clone();
        if sheet.lines[first..].iter().all(|line| line.cells[column] == value) {
            sheet.merges.push(Area { first_line: first, last_line: last, first_column: column, last_column: column });
            for line in &mut sheet.lines[first + 1..] {
                line.cells[column] = Cell::Empty;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::{Row, headers};
    use super::*;

    fn table() -> Table {
        let row = |pid, household| Row {
            pid: Some(pid),
            more: Vec::new(),
            household,
            town: 0,
            cells: vec![Cell::Number(i64::from(household)), Cell::from("某")],
        };
        Table {
            registry: "poverty",
            title: "名册".into(),
            office: "办公室",
            headers: headers(&["户编号", "姓名"]),
            rows: vec![row(1, 7), row(2, 7), row(3, 8)],
        }
    }

    #[test]
    fn household_cells_merge_over_the_members_only() {
        let sheet = lay_out("s", table(), Dress { household_columns: &[0], ..Dress::default() });
        assert_eq!(sheet.merges, [Area { first_line: 1, last_line: 2, first_column: 0, last_column: 0 }]);
        assert_eq!(sheet.lines[2].cells[0], Cell::Empty);
        assert_eq!(sheet.lines[3].cells[0], Cell::Number(8));
    }

    #[test]
    fn people_keep_their_lines_under_titles_and_subtotals() {
        let dress = Dress { titled: true, date: "2018-06-30", subtotal_every: 2, signed: true, ..Dress::default() };
        let sheet = lay_out("s", table(), dress);
        let people: Vec<_> = sheet.lines.iter().enumerate().filter_map(|(line, row)| Some((line, row.pid?))).collect();
        assert_eq!(people, [(4, 1), (5, 2), (8, 3)]);
        assert_eq!(sheet.lines[9].cells[0], Cell::from("合计"));
    }
}
