//! Cells of a row as text, and text as cells of a column.

use arrow::array::StringBuilder;

use super::repair::{Notes, Repair};
use crate::model::raw::{CellKind, RawTable};

/// No cell of a register says more; also keeps a column of a million rows below Arrow's 2 GiB.
const LONGEST: usize = 1500;
/// What offices write where there is nothing, and, in a few columns, for a value: no ability to care for oneself.
pub(super) const NONE: &str = "无";

/// The first cell among `positions` that says something; `无` says nothing.
pub(super) fn first_cell<'t>(table: &'t RawTable, positions: &[usize], row: usize) -> (CellKind, &'t str) {
    first_said(table, positions, row, false)
}

/// [`first_cell`], where `无` may be a value.
pub(super) fn first_said<'t>(table: &'t RawTable, positions: &[usize], row: usize, none_is_said: bool) -> (CellKind, &'t str) {
    let cells = positions.iter().filter_map(|&position| table.columns.get(position)).map(|column| column.get(row));
    let says = |text: &str| !text.is_empty() && (none_is_said || text != NONE);
    cells.into_iter().find(|(kind, text)| *kind != CellKind::Empty && says(text.trim())).unwrap_or((CellKind::Empty, ""))
}

/// Appends text, null when empty.
pub(super) fn append(builder: &mut StringBuilder, text: &str) {
    if text.is_empty() { builder.append_null() } else { builder.append_value(text) }
}

/// Appends the text as written where it differs from the column.
pub(super) fn append_raw(builder: &mut StringBuilder, written: &str, text: &str) {
    if written == text { builder.append_null() } else { append(builder, shortened(written)) }
}

/// The text, cut where no real value is so long.
pub(super) fn shorten<'t>(text: &'t str, at: u32, note: &mut Notes<'_>) -> &'t str {
    note.unless(text.len() <= LONGEST, at, Repair::Cut);
    shortened(text)
}

fn shortened(text: &str) -> &str {
    if text.len() <= LONGEST { text } else { text.get(..text.floor_char_boundary(LONGEST)).unwrap_or("") }
}
