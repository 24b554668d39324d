//! Cells as they stand in a sheet, before anyone knows where the table is: what a parser gives and the layout takes.
//!
//! A [`RowBlock`] holds a run of rows in three flat buffers, so that a million rows cost no allocation per cell and
//! can cross a pipe as they are.

use std::fmt;

use crate::model::raw::{CellKind, RejectReason};

/// A merged area; rows are 1-based as Excel shows them, columns 0-based, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Merge {
    /// First row.
    pub first_row: u32,
    /// First column.
    pub first_column: u32,
    /// Last row.
    pub last_row: u32,
    /// Last column.
    pub last_column: u32,
}

/// A row's number and where its cells end.
pub(crate) type BlockRow = (u32, u32);
/// A cell's column, its kind and where its text ends.
pub(crate) type BlockCell = (u32, CellKind, u32);

/// A run of rows; `Debug` says how many. Only non-empty cells are held, by row, left to right. Merged areas hold their top left cell only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RowBlock {
    /// Row number that Excel shows (in text files the line where the record starts), ascending, and where its cells end.
    rows: Vec<BlockRow>,
    /// Column, kind, where its text ends.
    cells: Vec<BlockCell>,
    text: String,
}

impl fmt::Debug for RowBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowBlock({} rows, {} cells)", self.rows.len(), self.cells.len())
    }
}

impl RowBlock {
    /// Starts a row. Rows come in ascending order.
    pub fn begin_row(&mut self, row: u32) {
        self.rows.push((row, size(self.cells.len())));
    }

    /// Appends a cell to the row begun last; cells come left to right, empty ones are left out.
    pub fn push_cell(&mut self, column: u32, kind: CellKind, text: &str) {
        self.text.push_str(text);
        self.cells.push((column, kind, size(self.text.len())));
        if let Some(row) = self.rows.last_mut() {
            row.1 = size(self.cells.len());
        }
    }

    /// Takes the row begun last out again and gives its cells.
    pub(crate) fn retract_row(&mut self) -> Vec<(u32, CellKind, String)> {
        let Some((_, end)) = self.rows.pop() else { return Vec::new() };
        let start = self.rows.last().map_or(0, |row| row.1) as usize;
        let cells = self.cells(start, end as usize).map(|(column, kind, text)| (column, kind, text.to_owned())).collect();
        self.cells.truncate(start);
        self.text.truncate(self.cells.last().map_or(0, |cell| cell.2 as usize));
        cells
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Bytes of cell text held.
    #[must_use]
    pub fn text_len(&self) -> usize {
        self.text.len()
    }

    /// Drops the rows, keeps the memory.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.cells.clear();
        self.text.clear();
    }

    /// The buffers as they are: rows (number, end in cells), cells (column, kind, end in text), text.
    pub(crate) fn buffers(&self) -> (&[BlockRow], &[BlockCell], &str) {
        (&self.rows, &self.cells, &self.text)
    }

    /// The block that these buffers make, `None` unless rows and columns ascend and every end fits.
    pub(crate) fn from_buffers(rows: Vec<BlockRow>, cells: Vec<BlockCell>, text: String) -> Option<Self> {
        let ascending = rows.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1);
        let all_cells = rows.last().map_or(0, |row| row.1 as usize) == cells.len();
        let all_text = cells.last().map_or(0, |cell| cell.2 as usize) == text.len();
        let mut start = 0;
        let whole = cells.iter().all(|cell| {
            let fits = start <= cell.2 && text.is_char_boundary(cell.2 as usize);
            start = cell.2;
            fits
        });
        if !(ascending && all_cells && all_text && whole) {
            return None;
        }
        let mut start = 0;
        for &(_, end) in &rows {
            let row = cells.get(start..end as usize)?;
            if !row.windows(2).all(|pair| pair[0].0 < pair[1].0) {
                return None;
            }
            start = end as usize;
        }
        Some(Self { rows, cells, text })
    }

    /// Row number and cells (column, kind, text) of each row.
    pub fn iter(&self) -> impl Iterator<Item = (u32, impl Iterator<Item = (u32, CellKind, &str)>)> {
        self.rows.iter().enumerate().map(|(position, &(row, end))| {
            let start = if position == 0 { 0 } else { self.rows[position - 1].1 };
            (row, self.cells(start as usize, end as usize))
        })
    }

    fn cells(&self, start: usize, end: usize) -> impl Iterator<Item = (u32, CellKind, &str)> {
        (start..end).map(move |position| {
            let (column, kind, text_end) = self.cells[position];
            let text_start = if position == 0 { 0 } else { self.cells[position - 1].2 };
            (column, kind, self.text.get(text_start as usize..text_end as usize).unwrap_or(""))
        })
    }
}

// Blocks are cut at a few thousand rows, far below 4 GiB.
fn size(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Formulas of one column that were saved without what they come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsolved {
    /// 0-based column of the sheet.
    pub column: u32,
    /// How many there are.
    pub formulas: u64,
    /// Row of the first, as Excel shows it.
    pub first_row: u32,
}

/// What is odd about a cell or a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oddity {
    /// A formula without what it comes to.
    Unsolved,
    /// `#N/A` and its kin.
    Error,
    /// Its text is struck through.
    Struck,
    /// It has a comment.
    Comment,
    /// The row is hidden.
    Hidden,
}

impl Oddity {
    /// Every oddity.
    pub const ALL: [Self; 5] = [Self::Unsolved, Self::Error, Self::Struck, Self::Comment, Self::Hidden];
}

/// Where something is odd, for readers of lists that people filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// Row as Excel shows it.
    pub row: u32,
    /// 0-based column; 0 of a row that is hidden.
    pub column: u32,
    /// What it is.
    pub oddity: Oddity,
}

/// What a parser says, in order: `File`, then per sheet `Sheet`, `Rows` and `Aside`…, `Marks`, `SheetEnd` or `Refused`, then `FileEnd`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A file begins (a zip gives one per member).
    File {
        /// Path inside the zip; empty for a plain file.
        inner: String,
        /// Of the file's bytes, lower-case hexadecimal.
        sha256: String,
        /// `xlsx`, `xlsb`, `xls`, `xml-2003`, `ods`, `fods`, `parquet`, `csv`, `tsv`, `html`; empty when unknown.
        format: String,
        /// `UTF-8`, `GB18030`, `UTF-16LE`, `UTF-16BE` for text formats; empty otherwise.
        encoding: String,
    },
    /// A sheet begins.
    Sheet {
        /// Its name; empty for text files.
        name: String,
        /// Its merged areas, known before its rows, sorted.
        merges: Vec<Merge>,
        /// Whether the program it was made with does not show it.
        hidden: bool,
    },
    /// Rows of the sheet.
    Rows(RowBlock),
    /// A row that is not among the rows given, and why.
    Aside {
        /// Its number as Excel shows it; of a text file the line.
        row: u32,
        /// Why.
        reason: RejectReason,
        /// What it said, masked.
        masked: String,
    },
    /// Cells and rows of the sheet that are odd, sorted; only where [`super::limits::Limits::marks`] asks for them.
    Marks(Vec<Mark>),
    /// The sheet is complete.
    SheetEnd {
        /// What a human must be told of it, a sentence each: hidden rows, rows struck through, error values.
        notes: Vec<String>,
        /// Formulas without a result, by column.
        unsolved: Vec<Unsolved>,
        /// Columns with error values, 0-based.
        errors: Vec<u32>,
    },
    /// The sheet begun last (or, outside a sheet, the file) is refused; rows already given are void.
    Refused {
        /// As in `model::raw::Refusal::code`.
        code: String,
        /// What, where and why.
        what: String,
        /// What to do.
        hint: String,
    },
    /// The file is complete.
    FileEnd,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_give_back_their_cells() {
        let mut block = RowBlock::default();
        block.begin_row(3);
        block.push_cell(0, CellKind::Text, "张三");
        block.push_cell(4, CellKind::Number, "323");
        block.begin_row(5);
        block.begin_row(6);
        block.push_cell(1, CellKind::Text, "李四");
        let rows: Vec<_> = block.iter().map(|(row, cells)| (row, cells.collect::<Vec<_>>())).collect();
        assert!(!format!("{block:?}").contains("张三"));
        assert_eq!(
            rows,
            [
                (3, vec![(0, CellKind::Text, "张三"), (4, CellKind::Number, "323")]),
                (5, vec![]),
                (6, vec![(1, CellKind::Text, "李四")])
            ]
        );
        drop(rows);
        assert_eq!(block.retract_row(), [(1, CellKind::Text, "李四".to_owned())]);
        assert_eq!(block.retract_row(), []);
        assert_eq!((block.len(), block.text_len()), (1, "张三323".len()));
    }
}
