//! Rows that have nothing but a word in the column of names, perhaps behind a running number: lines over the rows below, where the word is a
//! place of the divisions or certainly nobody's name (`五保户`, `A类`, `上年结转`).
//!
//! Takes chunks of rows; gives the chunk without such rows, each of which became a line that says a place or words, and their positions. A chunk in
//! which most rows have nothing but a name is a list of names, and stays. Cost: a look at a few cells a row,
//! and in the divisions for each that is only a name.

use std::collections::BTreeSet;

use super::line_words::{is_count, pieces};
use super::sheet_place::listed_place;
use crate::config::divisions::Edition;
use crate::model::identity::family::is_word;
use crate::model::raw::{CellKind, RawTable, Section, SectionSays};

/// The chunk without its lines, and where they were; `None` where there are none.
pub(super) fn lift(table: &RawTable, (names, fields): (&[usize], &[usize]), edition: &Edition) -> Option<(RawTable, Vec<usize>)> {
    let alone: Vec<(usize, &str)> =
        (0..table.rows.len()).filter_map(|row| Some((row, name_alone(table, row, names, fields)?))).collect();
    let mut families = None;
    let (mut lines, mut names_only) = (Vec::new(), 0);
    for (row, text) in &alone {
        let families: &BTreeSet<char> = families.get_or_insert_with(|| families_of(table, names, &alone));
        match place(text, edition) {
            Some(text) => lines.push((*row, text, SectionSays::Place)),
            None if says_words(text, &|sign| families.contains(&sign)) => {
                lines.push((*row, (*text).to_owned(), SectionSays::Words));
            }
            None => names_only += 1,
        }
        // Of the rows that are left most are names: the others need not be looked up.
        if alone.len() + names_only > table.rows.len() {
            return None;
        }
    }
    if lines.is_empty() {
        return None;
    }
    let mut rest = RawTable::of_width(table.columns.len());
    let mut next = lines.iter().peekable();
    for (row, &number) in table.rows.iter().enumerate() {
        rest.begin_sections(table, row);
        if let Some((_, text, says)) = next.next_if(|(at, ..)| *at == row) {
            rest.sections.push(Section { at: rest.rows.len(), row: number, text: text.clone(), says: *says });
            continue;
        }
        rest.rows.push(number);
        for (from, to) in table.columns.iter().zip(&mut rest.columns) {
            let (kind, text) = from.get(row);
            to.push(kind, text);
        }
    }
    rest.begin_sections(table, table.rows.len());
    Some((rest, lines.into_iter().map(|(row, ..)| row).collect()))
}

/// The first characters of the names of rows that say more.
fn families_of(table: &RawTable, names: &[usize], alone: &[(usize, &str)]) -> BTreeSet<char> {
    let says_more = |row: &usize| alone.binary_search_by_key(row, |(at, _)| *at).is_err();
    let columns = || names.iter().filter_map(|at| table.columns.get(*at));
    (0..table.rows.len())
        .filter(says_more)
        .flat_map(|row| columns().filter_map(move |column| column.get(row).1.chars().next()))
        .collect()
}

/// Whether each piece of a text is a word that is nobody's name, how many are listed, or what numbers it.
fn says_words(text: &str, is_family: &dyn Fn(char) -> bool) -> bool {
    let is_numeral = |piece: &str| piece.chars().all(|sign| "一二三四五六七八九十".contains(sign));
    let mut words = pieces(text).filter(|piece| !is_count(piece) && !is_numeral(piece)).peekable();
    // What only names have.
    !text.contains(['·', '•', '*', '＊', '×', '○']) && words.peek().is_some() && words.all(|piece| is_word(piece, is_family))
}

/// The text of a row that has one in the column of names only, beside a number that is no field's; or the same in every cell.
fn name_alone<'t>(table: &'t RawTable, row: usize, names: &[usize], fields: &[usize]) -> Option<&'t str> {
    let cells =
        || table.columns.iter().map(|column| column.get(row)).enumerate().filter(|(_, (kind, _))| *kind != CellKind::Empty);
    let (_, (_, name)) = cells().find(|(at, _)| names.contains(at))?;
    let is_number = |text: &str| {
        text.chars().count() <= 5 && text.chars().all(|sign| "0123456789一二三四五六七八九十()（）、.".contains(sign))
    };
    let is_beside = |(at, (_, text)): (usize, (CellKind, &str))| text == name || !fields.contains(&at) && is_number(text);
    cells().all(is_beside).then_some(name)
}

/// The places that a text says, and nothing else but how many are listed.
fn place(text: &str, edition: &Edition) -> Option<String> {
    if text.chars().count() > 16 {
        return None;
    }
    let places: Option<Vec<String>> =
        pieces(text).filter(|piece| !is_count(piece)).map(|piece| listed_place(piece, edition)).collect();
    places.filter(|places| !places.is_empty()).map(|places| places.join("、"))
}
