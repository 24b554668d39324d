//! Cells that list several persons → one row each.
//!
//! Takes chunks of rows, gives the same of one person a row where a cell holds as many names as another numbers, or names alone; parts keep the
//! row's number. A row whose names cannot be told apart is given back as set aside. Cost: a look at two cells a row, linear in the cells of lists.

use std::collections::BTreeSet;

use super::rows::masked;
use super::unfold::push_shared;
use crate::model::identity::choice::{Choice, choose};
use crate::model::identity::family::{is_han, is_plain_name, starts_with_compound};
use crate::model::identity::name::REMARKS;
use crate::model::raw::{CellKind, RawTable, Reject, RejectReason};

/// Digits of a number; shorter runs are something else.
const NUMBER: usize = 15;

/// Where a table says who its rows are about.
#[derive(Clone, Debug, Default)]
pub struct PersonColumns {
    /// The person's name.
    pub names: Vec<usize>,
    /// The person's number.
    pub numbers: Vec<usize>,
    /// What else is one person's: what such a column says once is said of the first person only.
    pub own: Vec<usize>,
    /// What one person gets or pays: what such a column says once of several persons is their household's.
    pub alone: Vec<usize>,
    /// Name and number of the head of household.
    pub head: [Vec<usize>; 2],
    /// Relation to the head.
    pub relation: Vec<usize>,
    /// Whether the names are those of members: a row that lists them is of a household whose head is one of them.
    pub of_members: bool,
    /// A row so far has listed several persons.
    pub lists: bool,
}

/// Splits the rows whose name cell names several persons beside as many numbers (or none); what cannot be told apart is set aside.
#[must_use]
pub fn split_cells(table: RawTable, columns: &mut PersonColumns) -> (RawTable, Vec<Reject>) {
    let PersonColumns { names, numbers, own, alone, head, relation, of_members, lists } = columns;
    let first = |positions: &[usize], row: usize| {
        let cells = positions.iter().filter_map(|&position| table.columns.get(position));
        cells.map(|column| column.get(row).1).find(|text| !text.is_empty()).unwrap_or("")
    };
    let persons = |row: usize| several(first(names, row), first(numbers, row));
    let is_list = |row: usize| matches!(persons(row), Persons::Clear(count) if count > 1);
    *lists |= *of_members && !head[0].is_empty() && (0..table.rows.len()).any(is_list);
    if !*lists && (0..table.rows.len()).all(|row| persons(row) == Persons::One) {
        return (table, Vec::new());
    }
    let mut split = RawTable::of_width(table.columns.len());
    let mut rejects = Vec::new();
    for (row, &number) in table.rows.iter().enumerate() {
        split.begin_sections(&table, row);
        let count = match persons(row) {
            Persons::One => 1,
            Persons::Clear(count) => count,
            Persons::Unclear => {
                let cells: Vec<_> =
                    table.columns.iter().map(|column| column.get(row)).filter(|cell| !cell.1.is_empty()).collect();
                let cells: Vec<_> = cells.into_iter().map(|(kind, text)| (0, kind, text)).collect();
                rejects.push(Reject { row: number, reason: RejectReason::SeveralPersons, masked: masked(&cells) });
                continue;
            }
        };
        let head_name = if *lists { first(&head[0], row) } else { "" };
        let is_listed = || pieces(first(names, row), false, count).iter().any(|piece| labelled(piece).1 == head_name);
        let is_headed = !head_name.is_empty() && !is_listed();
        if is_headed {
            split.rows.push(number);
            for (position, (from, to)) in table.columns.iter().zip(&mut split.columns).enumerate() {
                match position {
                    _ if names.first() == Some(&position) => to.push(CellKind::Text, head_name),
                    _ if numbers.first() == Some(&position) => to.push(CellKind::Text, first(&head[1], row)),
                    _ if relation.first() == Some(&position) => to.push(CellKind::Text, "户主"),
                    _ if [&*names, &*numbers, &*own].iter().any(|own| own.contains(&position)) => to.push(CellKind::Empty, ""),
                    _ => push_shared(to, from.get(row), alone.contains(&position) && !first(names, row).is_empty()),
                }
            }
            // A household of one.
            if first(names, row).is_empty() {
                continue;
            }
        }
        let has_others = count > 1 || is_headed;
        let mut parted: Vec<Vec<&str>> = Vec::new();
        if count > 1 {
            for (position, column) in table.columns.iter().enumerate() {
                parted.push(pieces(column.get(row).1, numbers.contains(&position), count));
            }
        }
        let listed = if count > 1 { pieces(first(names, row), false, count) } else { Vec::new() };
        for part in 0..count {
            split.rows.push(number);
            for (position, (from, to)) in table.columns.iter().zip(&mut split.columns).enumerate() {
                let (kind, text) = from.get(row);
                let piece = parted.get(position).filter(|pieces| pieces.len() == count).and_then(|pieces| pieces.get(part));
                // `配偶：张三` says name and relation.
                let is_unsaid = relation.first() == Some(&position) && text.is_empty() && count > 1;
                let related = listed.get(part).filter(|_| is_unsaid).and_then(|piece| labelled(piece).0);
                match piece {
                    Some(piece) if names.contains(&position) => to.push(CellKind::Text, labelled(piece).1),
                    Some(piece) => to.push(CellKind::Text, piece),
                    None if related.is_some() => to.push(CellKind::Text, related.unwrap_or_default()),
                    None if part > 0 && own.contains(&position) => to.push(CellKind::Empty, ""),
                    None => push_shared(to, (kind, text), has_others && alone.contains(&position)),
                }
            }
        }
    }
    split.begin_sections(&table, table.rows.len());
    (split, rejects)
}

/// How many persons a row's name and number cells speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Persons {
    One,
    Clear(usize),
    Unclear,
}

fn several(names: &str, numbers: &str) -> Persons {
    let is_list = |text: &str| text.contains(LISTING);
    // Almost every row ends here.
    if numbers.len() < 2 * NUMBER && names.len() < 12 && !is_list(names) {
        return Persons::One;
    }
    let found = number_pieces(numbers);
    let count = found.len();
    let persons: Vec<&str> =
        pieces(names, false, 0).into_iter().map(|piece| labelled(piece).1).filter(|piece| is_name(piece)).collect();
    let listed = persons.len();
    if count.max(listed) > MOST {
        return Persons::Unclear;
    }
    let are_plain = || persons.iter().all(|name| is_plain_name(name));
    let are_short = || persons.iter().all(|name| (2..=4).contains(&name.chars().count()));
    match count {
        // Half of one number, or the same twice, is for the reader of numbers.
        2.. if listed == count && distinct(&found) => Persons::Clear(count),
        2.. if is_list(names) && listed > 1 => Persons::Unclear,
        // An old number and the one that takes its place are one person's.
        2.. if matches!(choose(numbers), Some(Choice::One(..))) => Persons::One,
        // Nobody has two numbers of 18 digits; an old one of 15 beside it is his own.
        2.. if distinct(&found) && found.iter().all(|number| number.len() == 18) => Persons::Unclear,
        0 if listed > 1 && are_short() && (names.contains('、') || are_plain()) => {
            if numbers.trim().is_empty() {
                Persons::Clear(listed)
            } else {
                Persons::Unclear
            }
        }
        1 if listed > 1 && (names.contains('、') || are_plain()) => Persons::Unclear,
        // Numbers, or names, one behind the other without a sign between them.
        1 if is_run_of_numbers(found[0]) && !(listed == 1 && is_plain_name(persons[0])) => Persons::Unclear,
        _ if listed == 1 && is_run_of_names(persons[0]) && (count == 0 || persons[0].chars().count() > 4) => Persons::Unclear,
        _ => Persons::One,
    }
}

/// Persons of one row: no household, and no group of a village that is written in one cell, has more.
const MOST: usize = 100;

/// Signs between the parts of a list.
const LISTING: [char; 8] = ['、', '\n', '\r', '；', ';', '，', ',', '/'];

/// Several numbers of 18 digits in a row; the same one twice is one.
fn is_run_of_numbers(digits: &str) -> bool {
    let first = digits.get(..18);
    digits.len() >= 36
        && digits.len().is_multiple_of(18)
        && (18..digits.len()).step_by(18).any(|at| digits.get(at..at + 18) != first)
}

/// `张三李四`: every two or three characters a family name begins.
pub(super) fn is_run_of_names(text: &str) -> bool {
    let signs: Vec<char> = text.chars().collect();
    let name = |from: usize, length: usize| {
        signs.get(from..from + length).is_some_and(|name| is_plain_name(&name.iter().collect::<String>()))
    };
    // Whether what begins here is names to the end.
    let mut runs = vec![false; signs.len() + 1];
    runs[signs.len()] = true;
    for from in (0..signs.len()).rev() {
        runs[from] = (2..=3).any(|length| from + length <= signs.len() && runs[from + length] && name(from, length));
    }
    (4..=30).contains(&signs.len()) && signs.iter().all(|sign| is_han(*sign)) && runs[0] && !starts_with_compound(text)
}

/// What a piece of a list says somebody is, and the name behind it: `配偶：张三`, `配偶张三`.
pub(super) fn labelled(piece: &str) -> (Option<&str>, &str) {
    const LABELS: [&str; 32] = [
        "户主", "本人", "配偶", "妻子", "丈夫", "之妻", "之夫", "之子", "之女", "长子", "次子", "三子", "四子", "长女", "次女",
        "三女", "四女", "儿子", "女儿", "父亲", "母亲", "之父", "之母", "孙子", "孙女", "外孙", "儿媳", "女婿", "妻", "夫", "子",
        "女",
    ];
    let unsigned = || {
        let mut long = LABELS.iter().filter(|label| label.chars().count() > 1);
        long.find_map(|label| Some((*label, piece.strip_prefix(label)?.trim()))).filter(|(_, name)| is_plain_name(name))
    };
    let signed = piece.split_once(['：', ':']).map(|(label, name)| (label.trim(), name.trim()));
    let said = signed.or_else(unsigned).filter(|(label, name)| LABELS.contains(label) && !name.is_empty());
    said.map_or((None, piece), |(label, name)| (Some(label), name))
}

/// Whether a piece of a name cell names somebody: neither a running number nor what somebody is.
fn is_name(piece: &str) -> bool {
    !piece.contains(|character: char| character.is_ascii_digit()) && !REMARKS.contains(&piece)
}

fn distinct(pieces: &[&str]) -> bool {
    pieces.iter().collect::<BTreeSet<_>>().len() == pieces.len()
}

/// The numbers in a cell.
fn number_pieces(text: &str) -> Vec<&str> {
    let pieces = text.split(|sign: char| !(sign.is_ascii_digit() || matches!(sign, 'x' | 'X' | 'Ｘ' | '×')));
    pieces.filter(|piece| piece.chars().filter(char::is_ascii_digit).count() >= NUMBER - 1).collect()
}

/// The pieces of a cell that lists something; by white space only where nothing else parts it and that gives `count`.
pub(super) fn pieces(text: &str, is_number: bool, count: usize) -> Vec<&str> {
    if is_number {
        return number_pieces(text);
    }
    let by_signs: Vec<&str> = text.split(LISTING).map(str::trim).filter(|piece| !piece.is_empty()).collect();
    if by_signs.len() > 1 {
        return by_signs;
    }
    let by_space: Vec<&str> = text.split_whitespace().collect();
    let apart = by_space.len() > 1 && by_space.iter().all(|piece| piece.chars().count() > 1);
    if apart && (count == 0 || by_space.len() == count) { by_space } else { by_signs }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[&str]) -> RawTable {
        let width = rows.first().map_or(0, |row| row.split('|').count());
        let mut table = RawTable::of_width(width);
        for (number, row) in (2..).zip(rows) {
            table.rows.push(number);
            for (column, cell) in table.columns.iter_mut().zip(row.split('|')) {
                column.push(if cell.is_empty() { CellKind::Empty } else { CellKind::Text }, cell);
            }
        }
        table
    }

    fn texts(table: &RawTable) -> Vec<String> {
        let row = |at: usize| table.columns.iter().map(|column| column.get(at).1).collect::<Vec<&str>>().join("|");
        table.rows.iter().enumerate().map(|(at, number)| format!("{number}:{}", row(at))).collect()
    }

    #[test]
    fn a_row_that_lists_members_is_of_their_head_too() {
        let (mut columns, rows) = (
            PersonColumns {
                names: vec![2],
                numbers: vec![3],
                own: vec![],
                head: [vec![0], vec![1]],
                of_members: true,
                ..PersonColumns::default()
            },
            ["张三|1|李四、王五|", "赵六|2||", "钱七|3|孙八|"],
        );
        let (split, rejects) = split_cells(table(&rows), &mut columns);
        assert_eq!(
            texts(&split),
            ["2:张三|1|张三|1", "2:张三|1|李四|", "2:张三|1|王五|", "3:赵六|2|赵六|2", "4:钱七|3|钱七|3", "4:钱七|3|孙八|"]
        );
        assert!(rejects.is_empty());
        // Of a list with one member a row nothing is known of the head.
        columns.lists = false;
        assert_eq!(texts(&split_cells(table(&["钱七|3|孙八|"]), &mut columns).0), ["2:钱七|3|孙八|"]);
    }

    const ONE: &str = "520324199001011234";
    const TWO: &str = "520324199202022345";
    const OLD: &str = "520324197102122801";
    const NEW: &str = "520324197003131091";

    #[test]
    fn as_many_names_as_numbers_in_a_cell_are_persons() {
        let rows = [
            format!("甲村|张三、李四|{ONE}\n{TWO}|户主"),
            format!("甲村|张三 李四|{ONE}/{TWO}|户主、妻"),
            format!("甲村|张 三|{ONE} {ONE}|户主"),
            format!("甲村|张三、李四|{ONE}|户主"),
            format!("甲村|张三（夫）李四（妻）|{ONE}，{TWO}|户主"),
            format!("甲村|张三|{ONE}（旧520324900101123）|户主"),
            "甲村|阿卜杜拉·买买提||户主".to_owned(),
            format!("甲村|张三|{OLD}→{NEW}|户主"),
        ];
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let mut columns =
            PersonColumns { names: vec![1], numbers: vec![2], own: vec![3], relation: vec![3], ..PersonColumns::default() };
        let (split, rejects) = split_cells(table(&rows), &mut columns);
        assert_eq!(
            texts(&split),
            [
                format!("2:甲村|张三|{ONE}|户主"),
                format!("2:甲村|李四|{TWO}|"),
                format!("3:甲村|张三|{ONE}|户主"),
                format!("3:甲村|李四|{TWO}|妻"),
                format!("4:甲村|张 三|{ONE} {ONE}|户主"),
                format!("7:甲村|张三|{ONE}（旧520324900101123）|户主"),
                "8:甲村|阿卜杜拉·买买提||户主".to_owned(),
                format!("9:甲村|张三|{OLD}→{NEW}|户主"),
            ]
        );
        assert_eq!(
            rejects.iter().map(|reject| (reject.row, reject.reason)).collect::<Vec<_>>(),
            [5, 6].map(|row| (row, RejectReason::SeveralPersons))
        );
    }
}
