//! A sheet that is the form of one household: labels with their values beside them, and perhaps a list of its members → a head and rows.
//!
//! Takes the rows of a short sheet. A form has a row in which a name is a label with its value beside it (`姓名｜张三｜性别｜男`), one in which a
//! number is, and in neither two labels side by side. What labels say of the household goes to every row; what they say of the applicant, who
//! is left out where the members name him, to his. Rows that are neither are set aside: `申请理由` is nobody. Cost: linear in a few dozen rows.

use super::header::{Vocabulary, WindowRow, has_digits};
use super::rows::{Cell, masked};
use crate::model::raw::{CellKind, HeaderColumn, RawTable, Reject, RejectReason};

/// How far apart the applicant's name and number may stand.
const NEAR: usize = 8;
/// A longer text is no name of a member.
const LONGEST_NAME: usize = 20;

/// A form as a table.
pub(super) struct Form {
    pub(super) first: usize,
    pub(super) columns: Vec<HeaderColumn>,
    pub(super) table: RawTable,
    pub(super) rejects: Vec<Reject>,
}

/// A column that differs from person to person.
struct Own {
    column: HeaderColumn,
    /// Whether members have it.
    is_listed: bool,
}

/// A label and the value beside it: positions among the cells of a row.
type Pair = (usize, usize);

/// Where the form begins; `None` where the sheet is none.
pub(super) fn find(rows: &[WindowRow], vocabulary: &Vocabulary) -> Option<usize> {
    let with = |wanted: &dyn Fn(&str, &str) -> bool| {
        rows.iter().position(|row| {
            let says = |&(label, value): &Pair| wanted(&row.cells[label].2, &row.cells[value].2);
            pairs(row, vocabulary).is_some_and(|pairs| pairs.iter().any(says))
        })
    };
    let named = with(&|label, value| vocabulary.is_name(label) && !has_digits(value, 4))?;
    let numbered = with(&|label, value| vocabulary.is_number(label) && has_digits(value, 14))?;
    (named.abs_diff(numbered) <= NEAR).then_some(named.min(numbered))
}

/// Reads the form that [`find`] found.
pub(super) fn read(rows: &[WindowRow], first: usize, vocabulary: &Vocabulary) -> Form {
    let list = (first..rows.len()).find(|&at| is_list(&rows[at], vocabulary));
    let mut labels: Vec<(u32, usize, Pair)> = Vec::new();
    for (at, row) in rows.iter().enumerate().take(list.unwrap_or(rows.len())).skip(first) {
        labels.extend(pairs(row, vocabulary).into_iter().flatten().map(|pair| (row.row, at, pair)));
    }
    let label = |at: usize, pair: &Pair| rows[at].cells[pair.0].2.as_str();
    // What the list of members heads, then what labels say of the applicant alone.
    let mut own: Vec<Own> = list.map_or_else(Vec::new, |at| {
        let cells = rows[at].cells.iter().filter(|(.., text)| is_label(text, vocabulary));
        cells
            .map(|(index, _, text)| Own { column: HeaderColumn { index: *index, text: text.clone() }, is_listed: true })
            .collect()
    });
    let is_shared = |at: usize, pair: &Pair| list.is_none() || vocabulary.is_of_household(label(at, pair));
    let column = |at: usize, pair: &Pair| HeaderColumn { index: rows[at].cells[pair.0].0, text: label(at, pair).to_owned() };
    for (_, at, pair) in labels.iter().filter(|(_, at, pair)| !is_shared(*at, pair)) {
        if !own.iter().any(|own| vocabulary.same_field(&own.column.text, label(*at, pair))) {
            own.push(Own { column: column(*at, pair), is_listed: false });
        }
    }
    let shared: Vec<&(u32, usize, Pair)> = labels.iter().filter(|(_, at, pair)| is_shared(*at, pair)).collect();
    let mut columns: Vec<HeaderColumn> = shared.iter().map(|(_, at, pair)| column(*at, pair)).collect();
    columns.extend(own.iter().map(|own| own.column.clone()));
    let mut table = RawTable::of_width(columns.len());
    let mut rejects = Vec::new();
    let name = own.iter().map(|own| &own.column).find(|column| vocabulary.is_name(&column.text)).map(|column| column.index);
    let members: Vec<&WindowRow> = list
        .map_or_else(Vec::new, |at| rows.iter().skip(at + 1).take_while(|row| is_member(row, &own, name, vocabulary)).collect());
    let value = |at: usize, pair: &Pair| (rows[at].cells[pair.1].1, rows[at].cells[pair.1].2.as_str());
    let applicant_of = |Own { column, .. }: &Own| {
        let same = labels.iter().find(|(_, at, pair)| vocabulary.same_field(&column.text, label(*at, pair)));
        // 申请人姓名 is the name of the household's first person.
        let named =
            || labels.iter().find(|(_, at, pair)| vocabulary.is_name(&column.text) && vocabulary.is_name(label(*at, pair)));
        same.or_else(named).map(|(_, at, pair)| value(*at, pair))
    };
    let applicant: Vec<Option<(CellKind, &str)>> = own.iter().map(applicant_of).collect();
    let named = own.iter().position(|own| Some(own.column.index) == name).and_then(|at| applicant[at]).map(|(_, text)| text);
    let listed = members.iter().any(|row| name.is_some_and(|name| Some(row.text(name)) == named));
    let of_household = || shared.iter().map(|(_, at, pair)| value(*at, pair));
    if !listed && !labels.is_empty() {
        let own = applicant.iter().map(|cell| cell.unwrap_or((CellKind::Empty, "")));
        push(&mut table, rows[first].row, of_household().chain(own));
    }
    for row in &members {
        let cell = |own: &Own| row.cells.iter().find(|(index, ..)| own.is_listed && *index == own.column.index);
        let own = own.iter().map(|own| cell(own).map_or((CellKind::Empty, ""), |(_, kind, text)| (*kind, text.as_str())));
        push(&mut table, row.row, of_household().chain(own));
    }
    if let Some(list) = list {
        for row in rows.iter().skip(list + 1 + members.len()) {
            let cells: Vec<Cell<'_>> = row.cells.iter().map(|(column, kind, text)| (*column, *kind, text.as_str())).collect();
            rejects.push(Reject { row: row.row, reason: RejectReason::Note, masked: masked(&cells) });
        }
    }
    Form { first, columns, table, rejects }
}

fn push<'c>(table: &mut RawTable, row: u32, cells: impl Iterator<Item = (CellKind, &'c str)>) {
    table.rows.push(row);
    for (column, (kind, text)) in table.columns.iter_mut().zip(cells) {
        column.push(kind, text);
    }
}

/// Words that are headers, and values as well.
const VALUES: [&str; 6] = ["户主", "身份证", "居民身份证", "残疾人证", "残疾证", "备注"];

fn is_label(text: &str, vocabulary: &Vocabulary) -> bool {
    !has_digits(text, 4) && !VALUES.contains(&text.trim()) && vocabulary.is_word(text)
}

/// The labels of a row that have a value beside them; `None` where two labels stand side by side: a header.
fn pairs(row: &WindowRow, vocabulary: &Vocabulary) -> Option<Vec<Pair>> {
    let mut pairs = Vec::new();
    let mut at = 0;
    while at < row.cells.len() {
        let (column, kind, text) = &row.cells[at];
        if *kind == CellKind::Text
            && is_label(text, vocabulary)
            && let Some((next_column, _, next)) = row.cells.get(at + 1)
        {
            if !is_label(next, vocabulary) {
                pairs.push((at, at + 1));
                at += 1;
            } else if *next_column == column + 1 {
                return None;
            }
        }
        at += 1;
    }
    Some(pairs)
}

/// The header of the members: a name among labels side by side.
fn is_list(row: &WindowRow, vocabulary: &Vocabulary) -> bool {
    let labels = || row.cells.iter().filter(|(.., text)| is_label(text, vocabulary));
    pairs(row, vocabulary).is_none() && labels().count() >= 2 && labels().any(|(.., text)| vocabulary.is_name(text))
}

/// A row of the list of members: a name in its column, nothing before it but what the list heads.
fn is_member(row: &WindowRow, own: &[Own], name: Option<u32>, vocabulary: &Vocabulary) -> bool {
    let Some(name) = name else { return false };
    let text = row.text(name);
    let first = row.cells.first().map_or(name, |(column, ..)| *column);
    let headed = own.iter().any(|own| own.is_listed && own.column.index == first)
        || row.text(first).chars().all(|sign| sign.is_ascii_digit());
    let said = own.iter().filter(|own| own.is_listed && !row.text(own.column.index).is_empty()).count();
    !text.is_empty() && text.chars().count() <= LONGEST_NAME && !is_label(text, vocabulary) && headed && said >= 2
}
