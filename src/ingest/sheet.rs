//! One sheet on its way out: cells in, [`Frame::Rows`] of a few thousand rows out, caps kept.
//!
//! Every format's reader writes through [`SheetWriter`], so order and limits are checked in one place.

use std::io;

use super::cell::Value;
use super::grid::{Frame, Merge, RowBlock};
use super::limits::Limits;
use super::stop::{Refused, Stop};

/// Where frames go.
pub(crate) type Sink<'a> = dyn FnMut(Frame) -> io::Result<()> + 'a;

/// A block is sent at whichever comes first.
const BLOCK_ROWS: usize = 4096;
const BLOCK_TEXT_BYTES: usize = 1 << 20;

/// Cells of one sheet, row by row, left to right.
pub(crate) struct SheetWriter<'a, 's> {
    limits: &'a Limits,
    sink: &'a mut Sink<'s>,
    block: RowBlock,
    scratch: String,
    row: Option<u32>,
    next_column: u32,
    cells: u64,
}

impl<'a, 's> SheetWriter<'a, 's> {
    pub(crate) fn begin(name: &str, mut merges: Vec<Merge>, limits: &'a Limits, sink: &'a mut Sink<'s>) -> io::Result<Self> {
        merges.sort_unstable();
        sink(Frame::Sheet { name: name.to_owned(), merges })?;
        Ok(Self { limits, sink, block: RowBlock::default(), scratch: String::new(), row: None, next_column: 0, cells: 0 })
    }

    /// The cell at `row` (1-based) and `column` (0-based); an empty one leaves no trace.
    pub(crate) fn cell(&mut self, row: u32, column: u32, value: Value<'_>) -> Result<(), Stop> {
        self.cells += 1;
        let limits = self.limits;
        if row > limits.rows || column >= limits.columns || self.cells > limits.cells {
            return Err(self.over_limit(row, column).into());
        }
        let Some((kind, text)) = value.read(&mut self.scratch) else { return Ok(()) };
        // Bytes bound characters, so the count is needed for the few long ones only.
        if text.len() > limits.cell_characters && text.chars().count() > limits.cell_characters {
            return Err(Refused::over_limit(format!(
                "第 {row} 行第 {} 列的单元格超过 {} 个字",
                column + 1,
                limits.cell_characters
            ))
            .into());
        }
        if self.row != Some(row) {
            if self.row.is_some_and(|last| row < last) {
                return Err(out_of_order(row, column).into());
            }
            if self.block.len() >= BLOCK_ROWS || self.block.text_len() >= BLOCK_TEXT_BYTES {
                (self.sink)(Frame::Rows(std::mem::take(&mut self.block)))?;
            }
            self.block.begin_row(row);
            self.row = Some(row);
        } else if column < self.next_column {
            return Err(out_of_order(row, column).into());
        }
        self.next_column = column + 1;
        self.block.push_cell(column, kind, text);
        Ok(())
    }

    /// Row (1-based) that the cell written last stands in.
    pub(crate) fn last_row(&self) -> u32 {
        self.row.unwrap_or(0)
    }

    /// Sends what is left and closes the sheet; a refusal voids it instead, and the file goes on.
    pub(crate) fn end(self, outcome: Result<(), Stop>) -> io::Result<()> {
        match outcome {
            Ok(()) => {
                if !self.block.is_empty() {
                    (self.sink)(Frame::Rows(self.block))?;
                }
                (self.sink)(Frame::SheetEnd)
            }
            Err(Stop::Refused(refused)) => (self.sink)(refused.frame()),
            Err(Stop::Io(error)) => Err(error),
        }
    }

    fn over_limit(&self, row: u32, column: u32) -> Refused {
        let Limits { rows, columns, cells, .. } = self.limits;
        Refused::over_limit(format!(
            "有内容的位置远到第 {row} 行第 {} 列，或单元格过多（上限 {rows} 行、{columns} 列、{cells} 个单元格）",
            u64::from(column) + 1
        ))
    }
}

fn out_of_order(row: u32, column: u32) -> Refused {
    Refused::damaged(format!("第 {row} 行第 {} 列的单元格在文件中次序错乱或重复", column + 1))
}
