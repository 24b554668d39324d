//! A sheet that is the form of one household: labels with their values beside them, and perhaps a list of its members → a head and rows.
//!
//! Takes the rows of a short sheet. A form has a row in which a name is a label with its value beside it (`姓名｜张三｜性别｜男`), one in which a
//! number is, and in neither two labels side by side. What labels say of the household goes to every row; what they say of the applicant, who
//! is left out where the members name him, to his. Rows that are neither are set aside: `申请理由` and `户主签字` are nobody. Cost: linear in a few dozen rows.

use super::characters::has_digits;
use super::header::{Vocabulary, WindowRow};
use super::rows::{Cell, RowContext, aside, has_identity, masked};
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

/// A label and the value beside it, or behind its colon.
struct Pair<'r> {
    row: u32,
    column: u32,
    label: &'r str,
    kind: CellKind,
    value: &'r str,
}

/// Where the form begins; `None` where the sheet is none.
pub(super) fn find(rows: &[WindowRow], vocabulary: &Vocabulary) -> Option<usize> {
    let with = |wanted: &dyn Fn(&Pair<'_>) -> bool| {
        rows.iter().position(|row| pairs(row, vocabulary).is_some_and(|pairs| pairs.iter().any(wanted)))
    };
    let named = with(&|pair| vocabulary.is_name(pair.label) && !has_digits(pair.value, 4))?;
    let numbered = with(&|pair| vocabulary.is_number(pair.label) && has_digits(pair.value, 14))?;
    (named.abs_diff(numbered) <= NEAR).then_some(named.min(numbered))
}

/// Reads the form that [`find`] found.
pub(super) fn read(rows: &[WindowRow], first: usize, vocabulary: &Vocabulary) -> Form {
    let list = (first..rows.len()).find(|&at| is_list(&rows[at], vocabulary));
    let above = rows.iter().take(list.unwrap_or(rows.len())).skip(first);
    let labels: Vec<Pair<'_>> = above.flat_map(|row| pairs(row, vocabulary).unwrap_or_default()).collect();
    // What the list of members heads, then what labels say of the applicant alone.
    let mut own: Vec<Own> = list.map_or_else(Vec::new, |at| {
        let cells = rows[at].cells.iter().filter(|(.., text)| is_label(text, vocabulary));
        cells
            .map(|(index, _, text)| Own { column: HeaderColumn { index: *index, text: text.clone() }, is_listed: true })
            .collect()
    });
    let is_shared = |pair: &&Pair<'_>| list.is_none() || vocabulary.is_of_household(pair.label);
    let column = |pair: &Pair<'_>| HeaderColumn { index: pair.column, text: pair.label.to_owned() };
    for pair in labels.iter().filter(|pair| !is_shared(pair)) {
        if !own.iter().any(|own| vocabulary.same_field(&own.column.text, pair.label)) {
            own.push(Own { column: column(pair), is_listed: false });
        }
    }
    let shared: Vec<&Pair<'_>> = labels.iter().filter(is_shared).collect();
    let mut columns: Vec<HeaderColumn> = shared.iter().map(|pair| column(pair)).collect();
    columns.extend(own.iter().map(|own| own.column.clone()));
    let mut table = RawTable::of_width(columns.len());
    let mut rejects = Vec::new();
    let name = own.iter().map(|own| &own.column).find(|column| vocabulary.is_name(&column.text)).map(|column| column.index);
    let members: Vec<&WindowRow> = list
        .map_or_else(Vec::new, |at| rows.iter().skip(at + 1).take_while(|row| is_member(row, &own, name, vocabulary)).collect());
    let applicant_of = |Own { column, .. }: &Own| {
        let same = labels.iter().find(|pair| vocabulary.same_field(&column.text, pair.label));
        // 申请人姓名 is the name of the household's first person.
        let named = || labels.iter().find(|pair| vocabulary.is_name(&column.text) && vocabulary.is_name(pair.label));
        same.or_else(named).map(|pair| (pair.kind, pair.value))
    };
    let applicant: Vec<Option<(CellKind, &str)>> = own.iter().map(applicant_of).collect();
    let named = own.iter().position(|own| Some(own.column.index) == name).and_then(|at| applicant[at]).map(|(_, text)| text);
    let listed = members.iter().any(|row| name.is_some_and(|name| Some(row.text(name)) == named));
    let of_household = || shared.iter().map(|pair| (pair.kind, pair.value));
    if !listed && !labels.is_empty() {
        let own = applicant.iter().map(|cell| cell.unwrap_or((CellKind::Empty, "")));
        push(&mut table, labels[0].row, of_household().chain(own));
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

/// The labels of a row that have a value; `None` where two labels stand side by side: a header.
fn pairs<'r>(row: &'r WindowRow, vocabulary: &Vocabulary) -> Option<Vec<Pair<'r>>> {
    let mut pairs = Vec::new();
    let mut cells = row.cells.iter().peekable();
    while let Some((column, kind, text)) = cells.next() {
        if *kind != CellKind::Text {
            continue;
        }
        let pair = |label: &'r str, kind: CellKind, value: &'r str| Pair { row: row.row, column: *column, label, kind, value };
        if let Some((label, value)) = text.split_once(['：', ':']).map(|(label, value)| (label.trim(), value.trim()))
            && !value.is_empty()
            && is_label(label, vocabulary)
        {
            pairs.push(pair(label, CellKind::Text, value));
        } else if is_label(text, vocabulary)
            && let Some((next_column, next_kind, next)) = cells.peek()
        {
            if !is_label(next, vocabulary) {
                pairs.push(pair(text, *next_kind, next));
                cells.next();
            } else if *next_column == column + 1 {
                return None;
            }
        }
    }
    Some(pairs)
}

/// The header of the members: a name among labels side by side.
fn is_list(row: &WindowRow, vocabulary: &Vocabulary) -> bool {
    let labels = || row.cells.iter().filter(|(.., text)| is_label(text, vocabulary));
    pairs(row, vocabulary).is_none() && labels().count() >= 2 && labels().any(|(.., text)| vocabulary.is_name(text))
}

/// Whether a row below the list of members is a sum, a note or a signature.
fn is_aside(row: &WindowRow) -> bool {
    let cells: Vec<Cell<'_>> = row.cells.iter().map(|(column, kind, text)| (*column, *kind, text.as_str())).collect();
    let context = RowContext { width: usize::MAX, below: u64::MAX, spread: false, in_notes: false, of_people: true };
    !has_identity(&cells) && aside(&cells, &context).is_some()
}

/// A row of the list of members: a name in its column, nothing before it but what the list heads.
fn is_member(row: &WindowRow, own: &[Own], name: Option<u32>, vocabulary: &Vocabulary) -> bool {
    let Some(name) = name else { return false };
    let text = row.text(name);
    let first = row.cells.first().map_or(name, |(column, ..)| *column);
    let headed = own.iter().any(|own| own.is_listed && own.column.index == first)
        || row.text(first).chars().all(|sign| sign.is_ascii_digit());
    let said = own.iter().filter(|own| own.is_listed && !row.text(own.column.index).is_empty()).count();
    !text.is_empty()
        && text.chars().count() <= LONGEST_NAME
        && !is_label(text, vocabulary)
        && headed
        && said >= 2
        && !is_aside(row)
}
