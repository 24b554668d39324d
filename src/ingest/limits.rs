//! What a file may ask of us before it is refused: the caps that hostile or broken files run into; and what is left out of it.
//!
//! The parent hands them to the child that parses ([`Limits`] as JSON on its command line), so both agree.
//! A zip inside a zip is refused whatever the limits say.

use serde::{Deserialize, Serialize};

use super::stop::Refused;

/// What is hidden from whoever opens a workbook is read and told, unless it is to be left out: rows as rejects, a sheet whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LeaveOut {
    /// Sheets that the program does not show.
    pub hidden_sheets: bool,
    /// Rows that it does not show, filtered ones too.
    pub hidden_rows: bool,
    /// Rows whose cells are struck through.
    pub struck_rows: bool,
}

/// Caps on one input file. The defaults fit a county's biggest month (650,000 rows) many times over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Entries in a zip container, 10,000.
    pub entries: u64,
    /// Inflated bytes of one part of a container, or bytes of a text, xls or Parquet file, 2 GB.
    pub part_bytes: u64,
    /// Inflated bytes of all parts of one input file, 4 GB.
    pub total_bytes: u64,
    /// Bytes that a file may cost for each of its own, 100: inflated of one part, of all of them. Where every program writes a cell's place,
    /// rows that say nothing shrink thirty times at most; two seconds of inflating are about 100 MB.
    pub ratio: u64,
    /// Bytes below which `ratio` does not matter, 16 MB: sheets of zeros compress well and are harmless.
    pub ratio_floor_bytes: u64,
    /// Rows of a sheet, 1,048,576 as in Excel. A file that gives more, in all, has a byte for each.
    pub rows: u32,
    /// Rows of a text or Parquet file, 20 million: no program bounds them.
    pub text_rows: u32,
    /// Columns of a sheet, 16,384 as in Excel.
    pub columns: u32,
    /// Cells of a sheet, 200 million.
    pub cells: u64,
    /// Characters of a cell, 32,767 as in Excel. A longer cell refuses the sheet, it is never cut.
    pub cell_characters: usize,
    /// Merged areas of a sheet, 1,048,576.
    pub merges: usize,
    /// Bytes of text that a sheet may give for each byte that it has inflated, 4: one text may stand in many cells.
    pub text_ratio: u64,
    /// Bytes of text below which `text_ratio` does not matter, 32 MB.
    pub text_floor_bytes: u64,
    /// Bytes of text that a file may give for each of its own, 60: a register whose rows all end in one remark of 400 characters gives about
    /// twenty. Text costs more than what is inflated: two seconds for 20 MB of the worst, a list of numbers.
    pub given_ratio: u64,
    /// Bytes of text that any file may give, 4 MB, whatever `given_ratio` says: 20,000 rows of a small list, half a second of reading.
    pub given_floor_bytes: u64,
    /// Sheets of a workbook and files of a zip, 2,000: one for each village, one for each household of a village.
    pub sheets: usize,
    /// Whether cells and rows that are odd are given one by one.
    pub marks: bool,
    /// Address space of the child that parses, 3 GiB.
    pub child_memory_bytes: u64,
    /// Seconds that the parent waits for the child in all, 600; the parent's own work is not counted.
    pub child_seconds: u64,
    /// What is not read though it could be.
    pub leave_out: LeaveOut,
}

impl Limits {
    /// Refuses a zip of too many files.
    pub(crate) fn hold_members(&self, members: usize) -> Result<(), Refused> {
        if members > self.sheets {
            return Err(Refused::over_limit(format!("压缩包里要读的文件超过 {} 个", self.sheets)));
        }
        Ok(())
    }

    /// Refuses a workbook of too many sheets.
    pub(crate) fn hold_sheets(&self, sheets: usize) -> Result<(), Refused> {
        if sheets > self.sheets {
            return Err(Refused::over_limit(format!("工作表超过 {} 张", self.sheets)));
        }
        Ok(())
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 10_000,
            part_bytes: 2_000_000_000,
            total_bytes: 4_000_000_000,
            ratio: 100,
            ratio_floor_bytes: 16_000_000,
            rows: 1_048_576,
            text_rows: 20_000_000,
            columns: 16_384,
            cells: 200_000_000,
            cell_characters: 32_767,
            merges: 1_048_576,
            text_ratio: 4,
            text_floor_bytes: 32_000_000,
            given_ratio: 60,
            given_floor_bytes: 4_000_000,
            sheets: 2_000,
            marks: false,
            child_memory_bytes: 3 << 30,
            child_seconds: 600,
            leave_out: LeaveOut::default(),
        }
    }
}
