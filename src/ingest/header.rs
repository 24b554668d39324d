//! Which rows are the header: one to three rows that speak the dictionary's words.
//!
//! Takes the first rows of a sheet and its merged areas, gives the header with one path per column (`保障人数/合计`) and the texts
//! above it. A row is a header when at least two of its cells are known header spellings, or its levels together are.

use std::collections::BTreeSet;

use super::grid::Merge;
use crate::config::registry::fold_without_unit;
use crate::model::raw::{CellKind, HeaderColumn, SheetName, TableHead};

/// Levels a header may have.
const LEVELS: u32 = 3;

/// A row held while the header is looked for.
#[derive(Clone, Debug)]
pub(super) struct SketchRow {
    /// Row number that Excel shows.
    pub(super) row: u32,
    /// Non-empty cells.
    pub(super) cells: Vec<(u32, CellKind, String)>,
}

impl SketchRow {
    pub(super) fn new(row: u32, cells: &[(u32, CellKind, &str)]) -> Self {
        Self { row, cells: cells.iter().map(|(column, kind, text)| (*column, *kind, (*text).to_owned())).collect() }
    }

    fn at(&self, column: u32) -> Option<&str> {
        self.cells.iter().find(|cell| cell.0 == column).map(|cell| cell.2.as_str())
    }

    fn all_words(&self) -> bool {
        self.cells.iter().all(|(_, kind, text)| *kind == CellKind::Text && text.bytes().filter(u8::is_ascii_digit).count() < 6)
    }
}

/// A header found.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) last_row: u32,
    pub(super) columns: Vec<HeaderColumn>,
    pub(super) preamble: Vec<String>,
    /// Every level's text, folded, with its column: how a repetition is known.
    pub(super) levels: Vec<(u32, String)>,
}

impl Header {
    pub(super) fn head(&self, name: &SheetName) -> TableHead {
        TableHead {
            name: name.clone(),
            header_row: self.last_row,
            columns: self.columns.clone(),
            preamble: self.preamble.clone(),
        }
    }
}

/// Finds the header among `rows`; `None` when no row speaks the vocabulary.
pub(super) fn find_header(rows: &[SketchRow], merges: &[Merge], vocabulary: &BTreeSet<String>) -> Option<Header> {
    let known = |row: &SketchRow| {
        let words: BTreeSet<String> = row.cells.iter().map(|(_, _, text)| fold_without_unit(text)).collect();
        words.intersection(vocabulary).count()
    };
    let counts: Vec<usize> = rows.iter().map(|row| if row.all_words() { known(row) } else { 0 }).collect();
    let most = *counts.iter().max()?;
    if most < 2 {
        return None;
    }
    // The earliest of the best: a header repeated at a page break says the same again.
    let best = counts.iter().position(|&count| count == most)?;
    let (top, bottom) = extent(rows, best, merges);
    let preamble = rows[..top].iter().flat_map(|row| row.cells.iter().map(|cell| cell.2.clone())).collect();
    let block = &rows[top..=bottom];
    let mut columns: Vec<u32> = block.iter().flat_map(|row| row.cells.iter().map(|cell| cell.0)).collect();
    columns.sort_unstable();
    columns.dedup();
    let levels = block.iter().flat_map(|row| row.cells.iter().map(|cell| (cell.0, fold_without_unit(&cell.2)))).collect();
    let columns = columns.into_iter().map(|index| HeaderColumn { index, text: path(block, index, merges) }).collect();
    Some(Header { last_row: rows[bottom].row, columns, preamble, levels })
}

/// Positions of the first and last header row around `best`.
fn extent(rows: &[SketchRow], best: usize, merges: &[Merge]) -> (usize, usize) {
    let (mut top, mut bottom) = (best, best);
    let height = |top: usize, bottom: usize| rows[bottom].row - rows[top].row + 1;
    while bottom + 1 < rows.len() && height(top, bottom + 1) <= LEVELS && continues(&rows[bottom], &rows[bottom + 1], merges) {
        bottom += 1;
    }
    while top > 0
        && height(top - 1, bottom) <= LEVELS
        && rows[top - 1].all_words()
        && continues(&rows[top - 1], &rows[top], merges)
    {
        top -= 1;
    }
    (top, bottom)
}

/// Whether `lower` holds sub-headers of `upper`: a cell merged across above them or down beside them, or, in text files, cells that only
/// stand where `upper` is empty or begins a group.
fn continues(upper: &SketchRow, lower: &SketchRow, merges: &[Merge]) -> bool {
    if !lower.all_words() || lower.row != upper.row + 1 {
        return false;
    }
    let spans_down = merges
        .iter()
        .any(|merge| merge.first_row <= upper.row && merge.last_row >= lower.row && upper.at(merge.first_column).is_some());
    let spans_across = merges.iter().any(|merge| {
        let across = merge.first_row <= upper.row && merge.last_row == upper.row && merge.last_column > merge.first_column;
        let inside = |column: u32| (merge.first_column..=merge.last_column).contains(&column);
        // A title spans everything; a group leaves columns beside it.
        across && upper.cells.len() > 1 && lower.cells.iter().any(|cell| inside(cell.0))
    });
    if spans_down || spans_across {
        return true;
    }
    let no_merges = !merges.iter().any(|merge| (upper.row..=lower.row).contains(&merge.first_row));
    let starts = upper.cells.first().map(|cell| cell.0);
    let fills_gaps = lower.cells.iter().filter(|cell| upper.at(cell.0).is_none()).count() >= 1;
    no_merges
        && upper.cells.len() > 1
        && fills_gaps
        && lower.cells.len() < upper.cells.len() + 8
        && lower.cells.first().map(|cell| cell.0) > starts
        && first_data_like(lower, upper)
}

/// In a text file a second header row has nothing below names and numbers, which every data row fills.
fn first_data_like(lower: &SketchRow, upper: &SketchRow) -> bool {
    upper
        .cells
        .iter()
        .filter(|cell| cell.2.contains("姓名") || cell.2.contains("证号") || cell.2.contains("户主"))
        .all(|cell| lower.at(cell.0).is_none())
}

/// The texts of a column from the outermost level in, `/`-joined, a level that repeats left out.
fn path(block: &[SketchRow], column: u32, merges: &[Merge]) -> String {
    let mut levels: Vec<&str> = Vec::new();
    let below = |position: usize| block[position + 1..].iter().any(|row| row.at(column).is_some());
    for (position, row) in block.iter().enumerate() {
        let merge = merges.iter().find(|merge| {
            (merge.first_row..=merge.last_row).contains(&row.row) && (merge.first_column..=merge.last_column).contains(&column)
        });
        let text = match merge {
            Some(merge) => block.iter().find(|row| row.row == merge.first_row).and_then(|row| row.at(merge.first_column)),
            // Without a merge a group's name stands over its first column only.
            None if row.at(column).is_none() && below(position) && merges.is_empty() => {
                row.cells.iter().rev().find(|cell| cell.0 < column).map(|cell| cell.2.as_str())
            }
            None => row.at(column),
        };
        if let Some(text) = text
            && levels.last() != Some(&text)
        {
            levels.push(text);
        }
    }
    levels.join("/")
}
