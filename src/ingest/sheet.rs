//! One sheet on its way out: cells in, [`Frame::Rows`] of a few thousand rows out, caps kept, oddities counted.
//!
//! Every format's reader writes through [`SheetWriter`], so order and limits are checked in one place, and so that what a reader of the
//! file would not see or not believe is counted the same way: hidden rows, rows struck through, error values, formulas without a result.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::io;

use super::cell::Value;
use super::grid::{Frame, Mark, Merge, Oddity, RowBlock, Unsolved};
use super::limits::Limits;
use super::rows::{Cell, masked};
use super::stop::{Refused, Stop};
use crate::model::raw::{CellKind, RejectReason};

/// Where frames go.
pub(crate) type Sink<'a> = dyn FnMut(Frame) -> io::Result<()> + 'a;

/// A block is sent at whichever comes first.
const BLOCK_ROWS: usize = 4096;
const BLOCK_TEXT_BYTES: usize = 1 << 20;
/// Merged areas that reach down to one row: a form has as many as columns.
const MERGES_DOWN: usize = 256;
/// Oddities of a sheet that are given one by one; a list has a few.
const MOST_MARKS: usize = 200_000;
/// Columns of error values that are named one by one.
const NAMED_COLUMNS: usize = 5;

/// What is known of a sheet before its cells.
#[derive(Debug, Default)]
pub(crate) struct SheetHead {
    pub(crate) name: String,
    pub(crate) merges: Vec<Merge>,
    pub(crate) hidden: bool,
    /// Bytes that the sheet takes, inflated, with the texts that its cells may point to, each once; where they are not known, its text is not
    /// held against them.
    pub(crate) bytes: Option<u64>,
}

/// Cells of one sheet, row by row, left to right.
pub(crate) struct SheetWriter<'a, 's> {
    limits: &'a Limits,
    sink: &'a mut Sink<'s>,
    block: RowBlock,
    scratch: String,
    row: Option<u32>,
    next_column: u32,
    cells: u64,
    /// Bytes of text so far, and how many there may be.
    text: u64,
    most_text: u64,
    /// A row that too many merged areas reach down to.
    crowded: Option<u32>,
    /// Merged areas that reach down, by first row; the first that no row has reached, and those in force: last row and bytes of text.
    downward: Vec<Merge>,
    next_downward: usize,
    filling: Vec<(u32, u64)>,
    marks: Vec<Mark>,
    /// The row that the reader called hidden last, and whether the row in hand is.
    hidden_row: u32,
    row_hidden: bool,
    /// Cells of the row in hand that have text, and those of them that are struck through.
    filled: u32,
    struck: u32,
    tally: Tally,
}

/// What is odd about a sheet.
#[derive(Default)]
struct Tally {
    hidden: Places,
    struck: Places,
    torn: Option<(u64, String)>,
    errors: BTreeMap<u32, (u64, u32)>,
    unsolved: BTreeMap<u32, (u64, u32)>,
}

/// How many rows, and the first.
#[derive(Default)]
struct Places {
    rows: u64,
    first: u32,
}

impl Places {
    fn add(&mut self, row: u32) {
        if self.rows == 0 {
            self.first = row;
        }
        self.rows += 1;
    }
}

impl<'a, 's> SheetWriter<'a, 's> {
    pub(crate) fn begin(head: SheetHead, limits: &'a Limits, sink: &'a mut Sink<'s>) -> io::Result<Self> {
        let SheetHead { name, mut merges, hidden, bytes } = head;
        merges.sort_unstable();
        let crowded = crowded_row(&merges);
        let downward = merges.iter().copied().filter(|merge| merge.last_row > merge.first_row).collect();
        sink(Frame::Sheet { name, merges, hidden })?;
        let by_size = |bytes: u64| bytes.saturating_mul(limits.text_ratio).max(limits.text_floor_bytes);
        // A column of it must fit in 2 GiB.
        let most_text = bytes.map_or(u64::MAX, by_size).min(limits.part_bytes);
        Ok(Self {
            limits,
            sink,
            block: RowBlock::default(),
            scratch: String::new(),
            row: None,
            next_column: 0,
            cells: 0,
            text: 0,
            most_text,
            crowded,
            downward,
            next_downward: 0,
            filling: Vec::new(),
            marks: Vec::new(),
            hidden_row: 0,
            row_hidden: false,
            filled: 0,
            struck: 0,
            tally: Tally::default(),
        })
    }

    /// The row about to be written is hidden.
    pub(crate) fn hide(&mut self, row: u32) {
        self.hidden_row = row;
    }

    /// The cell at `row` (1-based) and `column` (0-based) has a comment.
    pub(crate) fn comment(&mut self, row: u32, column: u32) {
        self.mark(row, column, Oddity::Comment);
    }

    fn mark(&mut self, row: u32, column: u32, oddity: Oddity) {
        if self.limits.marks && self.marks.len() < MOST_MARKS {
            self.marks.push(Mark { row, column, oddity });
        }
    }

    /// The cell at `row` (1-based) and `column` (0-based); an empty one leaves no trace.
    pub(crate) fn cell(&mut self, row: u32, column: u32, value: Value<'_>) -> Result<(), Stop> {
        self.styled_cell(row, column, value, false)
    }

    /// The same, and whether its text is struck through.
    pub(crate) fn styled_cell(&mut self, row: u32, column: u32, value: Value<'_>, struck: bool) -> Result<(), Stop> {
        self.cells += 1;
        let limits = self.limits;
        if let Some(row) = self.crowded {
            let what = format!("第 {row} 行同时有 {MERGES_DOWN} 处以上的合并单元格从上面盖下来，疑为恶意构造");
            return Err(Refused::over_limit(what).into());
        }
        if row > limits.rows || column >= limits.columns || self.cells > limits.cells {
            return Err(self.over_limit(row, column).into());
        }
        let odd = match value {
            Value::Unsolved => Some((&mut self.tally.unsolved, Oddity::Unsolved)),
            Value::Error => Some((&mut self.tally.errors, Oddity::Error)),
            Value::Text(text) if is_error(text) => Some((&mut self.tally.errors, Oddity::Error)),
            _ => None,
        };
        if let Some((odd, oddity)) = odd {
            odd.entry(column).or_insert((0, row)).0 += 1;
            self.mark(row, column, oddity);
            return Ok(());
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        let outcome = value.read(&mut scratch).map_or(Ok(()), |(kind, text)| self.push((row, column), kind, text, struck));
        self.scratch = scratch;
        outcome
    }

    fn push(&mut self, (row, column): (u32, u32), kind: CellKind, text: &str, struck: bool) -> Result<(), Stop> {
        let limits = self.limits;
        // Bytes bound characters, so the count is needed for the few long ones only.
        if text.len() > limits.cell_characters && text.chars().count() > limits.cell_characters {
            let most = limits.cell_characters;
            return Err(Refused::over_limit(format!("第 {row} 行第 {} 列的单元格超过 {most} 个字", column + 1)).into());
        }
        if self.row != Some(row) {
            if self.row.is_some_and(|last| row < last) {
                return Err(out_of_order(row, column).into());
            }
            self.close_row()?;
            if self.block.len() >= BLOCK_ROWS || self.block.text_len() >= BLOCK_TEXT_BYTES {
                (self.sink)(Frame::Rows(std::mem::take(&mut self.block)))?;
            }
            self.block.begin_row(row);
            self.row = Some(row);
            self.row_hidden = self.hidden_row == row;
            self.fill(row);
        } else if column < self.next_column {
            return Err(out_of_order(row, column).into());
        }
        let bytes = text.len() as u64;
        self.text = self.text.saturating_add(bytes);
        if self.text > self.most_text {
            let most = self.most_text;
            let what = format!("到第 {row} 行为止文字超过 {most} 字节，远多于文件本身：同一段文字重复得太多，疑为恶意构造");
            return Err(Refused::over_limit(what).into());
        }
        if struck {
            self.mark(row, column, Oddity::Struck);
        }
        let reached = self.downward.get(..self.next_downward).unwrap_or_default();
        let of_row = reached.iter().rev().take_while(|merge| merge.first_row == row);
        if let Some(merge) = of_row.into_iter().find(|merge| merge.first_column == column).copied() {
            self.filling.push((merge.last_row, bytes));
        }
        self.next_column = column + 1;
        self.filled += 1;
        self.struck += u32::from(struck);
        self.block.push_cell(column, kind, text);
        Ok(())
    }

    /// A row begins: what merged areas above it reach down to it says again there, and counts as text of it.
    fn fill(&mut self, row: u32) {
        self.filling.retain(|(last_row, _)| *last_row >= row);
        let said: u64 = self.filling.iter().map(|(_, bytes)| bytes).sum();
        self.text = self.text.saturating_add(said);
        while self.downward.get(self.next_downward).is_some_and(|merge| merge.first_row <= row) {
            self.next_downward += 1;
        }
    }

    /// The row in hand is complete: it is counted where it is odd, and taken out again where it is to be left out.
    fn close_row(&mut self) -> io::Result<()> {
        let Some(row) = self.row else { return Ok(()) };
        let (filled, struck) = (std::mem::take(&mut self.filled), std::mem::take(&mut self.struck));
        let hidden = std::mem::take(&mut self.row_hidden);
        // One cell struck through among many is a value put right, not a person who left.
        let struck = struck >= 2 || struck > 0 && struck * 2 >= filled;
        if hidden {
            self.tally.hidden.add(row);
            self.mark(row, 0, Oddity::Hidden);
        }
        if struck {
            self.tally.struck.add(row);
        }
        let leave_out = self.limits.leave_out;
        let reason = match (hidden && leave_out.hidden_rows, struck && leave_out.struck_rows) {
            (true, _) => RejectReason::Hidden,
            (false, true) => RejectReason::Struck,
            (false, false) => return Ok(()),
        };
        let cells = self.block.retract_row();
        let cells: Vec<Cell<'_>> = cells.iter().map(|(column, kind, text)| (*column, *kind, text.as_str())).collect();
        let masked = masked(&cells);
        (self.sink)(Frame::Aside { row, reason, masked })
    }

    /// A line of a text file that is no row: `place` says where the first of them is wrong.
    pub(crate) fn tear(&mut self, row: u32, cells: &[Cell<'_>], place: impl FnOnce() -> String) -> io::Result<()> {
        match &mut self.tally.torn {
            Some((rows, _)) => *rows += 1,
            none => *none = Some((1, place())),
        }
        (self.sink)(Frame::Aside { row, reason: RejectReason::Torn, masked: masked(cells) })
    }

    /// Row (1-based) that the cell written last stands in.
    pub(crate) fn last_row(&self) -> u32 {
        self.row.unwrap_or(0)
    }

    /// Sends what is left and closes the sheet; a refusal voids it instead, and the file goes on.
    pub(crate) fn end(mut self, outcome: Result<(), Stop>) -> io::Result<()> {
        match outcome {
            Ok(()) => {
                self.close_row()?;
                if !self.block.is_empty() {
                    (self.sink)(Frame::Rows(self.block))?;
                }
                if !self.marks.is_empty() {
                    self.marks.sort_unstable();
                    (self.sink)(Frame::Marks(std::mem::take(&mut self.marks)))?;
                }
                let unsolved = self.tally.unsolved.iter();
                let unsolved =
                    unsolved.map(|(&column, &(formulas, first_row))| Unsolved { column, formulas, first_row }).collect();
                let errors = self.tally.errors.keys().copied().collect();
                (self.sink)(Frame::SheetEnd { notes: self.tally.notes(self.limits), unsolved, errors })
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

impl Tally {
    /// A sentence for each that is there.
    fn notes(&self, limits: &Limits) -> Vec<String> {
        let mut notes = Vec::new();
        let fate = |left_out| {
            if left_out {
                "已按流程文件剔除"
            } else {
                "照常读入；不该算的请从表里删去，或在流程文件里设为不读"
            }
        };
        let Places { rows, first } = self.hidden;
        if rows > 0 {
            notes.push(format!("有 {rows} 行是隐藏的（首处第 {first} 行），{}", fate(limits.leave_out.hidden_rows)));
        }
        let Places { rows, first } = self.struck;
        if rows > 0 {
            notes.push(format!("有 {rows} 行划了删除线（首处第 {first} 行），{}", fate(limits.leave_out.struck_rows)));
        }
        if let Some((rows, place)) = &self.torn {
            notes.push(format!("有 {rows} 行的格数与表头不符或引号没有成对（首处{place}），已剔除；请按原文改正后重新报送"));
        }
        if !self.errors.is_empty() {
            let cells: u64 = self.errors.values().map(|(cells, _)| cells).sum();
            let named = self.errors.iter().take(NAMED_COLUMNS);
            let named: Vec<String> = named
                .map(|(column, (cells, first))| format!("{} 列 {cells} 格，首处第 {first} 行", column_name(*column)))
                .collect();
            let more = if self.errors.len() > NAMED_COLUMNS { " 等" } else { "" };
            notes.push(format!(
                "有 {cells} 格是 #N/A、#REF! 一类的错误值（{}{more}），按空处理；请改正公式后重新报送",
                named.join("；")
            ));
        }
        notes
    }
}

/// The first row that more merged areas reach down to than any form has; `merges` are sorted.
fn crowded_row(merges: &[Merge]) -> Option<u32> {
    let mut ends = BinaryHeap::new();
    for merge in merges.iter().filter(|merge| merge.last_row > merge.first_row) {
        while ends.peek().is_some_and(|Reverse(last)| *last < merge.first_row) {
            ends.pop();
        }
        ends.push(Reverse(merge.last_row));
        if ends.len() > MERGES_DOWN {
            return Some(merge.first_row);
        }
    }
    None
}

/// `0` → `A`, `27` → `AB`.
pub(crate) fn column_name(column: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        letters.push(char::from(b'A' + u8::try_from((rest - 1) % 26).unwrap_or(0)));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

/// Whether a text is an error value that a program wrote out as such.
fn is_error(text: &str) -> bool {
    let text = text.trim();
    match text.as_bytes().first() {
        Some(b'#') => {
            matches!(
                text,
                "#REF!"
                    | "#N/A"
                    | "#VALUE!"
                    | "#NAME?"
                    | "#DIV/0!"
                    | "#NULL!"
                    | "#NUM!"
                    | "#SPILL!"
                    | "#CALC!"
                    | "#FIELD!"
                    | "#BLOCKED!"
                    | "#CONNECT!"
                    | "#UNKNOWN!"
                    | "#GETTING_DATA"
                    | "#REF"
                    | "#VALUE"
                    | "#NAME"
                    | "#DIV/0"
            )
        }
        Some(b'E') => {
            text.strip_prefix("Err:").is_some_and(|code| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit()))
        }
        _ => false,
    }
}

fn out_of_order(row: u32, column: u32) -> Refused {
    Refused::damaged(format!("第 {row} 行第 {} 列的单元格在文件中次序错乱或重复", column + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::limits::LeaveOut;

    fn written(leave_out: LeaveOut) -> Vec<Frame> {
        let limits = Limits { leave_out, ..Limits::default() };
        let mut frames = Vec::new();
        let mut sink = |frame| {
            frames.push(frame);
            Ok(())
        };
        let mut writer = SheetWriter::begin(SheetHead::default(), &limits, &mut sink).expect("begins");
        for row in 1..=6 {
            if row == 2 || row == 3 {
                writer.hide(row);
            }
            for column in 0..4 {
                let struck = row == 5 && column < 2 || row == 6 && column == 3;
                writer.styled_cell(row, column, Value::Text("甲"), struck).expect("written");
            }
        }
        writer.cell(6, 4, Value::Error).expect("counted");
        writer.cell(6, 30, Value::Text("#REF!")).expect("counted");
        writer.cell(7, 1, Value::Unsolved).expect("counted");
        writer.end(Ok(())).expect("ends");
        frames
    }

    #[test]
    fn what_is_hidden_struck_wrong_or_without_a_result_is_counted() {
        let frames = written(LeaveOut::default());
        assert!(matches!(&frames[1], Frame::Rows(block) if block.len() == 6));
        let Some(Frame::SheetEnd { notes, unsolved, errors }) = frames.last() else { panic!("{frames:?}") };
        assert_eq!(notes.len(), 3, "{notes:?}");
        assert!(
            notes[0].contains("2 行是隐藏的（首处第 2 行）") && notes[1].contains("1 行划了删除线（首处第 5 行）"),
            "{notes:?}"
        );
        assert!(notes[2].contains("E 列 1 格，首处第 6 行；AE 列 1 格"), "{notes:?}");
        assert_eq!(unsolved, &[Unsolved { column: 1, formulas: 1, first_row: 7 }]);
        assert_eq!(errors, &[4, 30]);
    }

    #[test]
    fn what_merged_cells_say_again_counts_as_text() {
        let limits = Limits { text_floor_bytes: 1000, text_ratio: 1, ..Limits::default() };
        let rows = |last_row: u32| {
            let merges = vec![Merge { first_row: 1, first_column: 0, last_row, last_column: 0 }];
            let head = SheetHead { merges, bytes: Some(10), ..SheetHead::default() };
            let mut sink = |_: Frame| Ok(());
            let mut writer = SheetWriter::begin(head, &limits, &mut sink).expect("begins");
            writer.cell(1, 0, Value::Text(&"中".repeat(100))).expect("written");
            (2..=20).take_while(|row| writer.cell(*row, 1, Value::Text("甲")).is_ok()).count()
        };
        assert_eq!((rows(1), rows(2), rows(20)), (19, 19, 2));
    }

    #[test]
    fn odd_cells_and_rows_are_marked_for_whoever_asks() {
        let limits = Limits { marks: true, ..Limits::default() };
        let mut frames = Vec::new();
        let mut sink = |frame| {
            frames.push(frame);
            Ok(())
        };
        let mut writer = SheetWriter::begin(SheetHead::default(), &limits, &mut sink).expect("begins");
        writer.comment(3, 1);
        writer.hide(2);
        writer.styled_cell(2, 0, Value::Text("甲"), true).expect("written");
        writer.cell(2, 3, Value::Unsolved).expect("counted");
        writer.cell(3, 0, Value::Error).expect("counted");
        writer.end(Ok(())).expect("ends");
        let marks = frames.iter().find_map(|frame| if let Frame::Marks(marks) = frame { Some(marks.clone()) } else { None });
        let mark = |row, column, oddity| Mark { row, column, oddity };
        let expected = [
            mark(2, 0, Oddity::Struck),
            mark(2, 0, Oddity::Hidden),
            mark(2, 3, Oddity::Unsolved),
            mark(3, 0, Oddity::Error),
            mark(3, 1, Oddity::Comment),
        ];
        assert_eq!(marks.as_deref(), Some(&expected[..]));
    }

    #[test]
    fn many_areas_that_reach_down_to_one_row_are_refused() {
        let merge = |column, first_row, last_row| Merge { first_row, first_column: column, last_row, last_column: column };
        let mut merges: Vec<Merge> = (0..300).map(|column| merge(column, 2, 1000)).collect();
        assert_eq!(crowded_row(&merges), Some(2));
        merges.truncate(200);
        // Households below one another never reach down to the same row.
        merges.extend((0..100_000).map(|row| merge(300, 2000 + row * 3, 2002 + row * 3)));
        assert_eq!(crowded_row(&merges), None);
    }

    #[test]
    fn what_is_to_be_left_out_is_set_aside() {
        let frames = written(LeaveOut { hidden_rows: true, struck_rows: true, hidden_sheets: false });
        let aside: Vec<(u32, RejectReason)> = frames
            .iter()
            .filter_map(|frame| if let Frame::Aside { row, reason, .. } = frame { Some((*row, *reason)) } else { None })
            .collect();
        assert_eq!(aside, [(2, RejectReason::Hidden), (3, RejectReason::Hidden), (5, RejectReason::Struck)]);
        assert!(frames.iter().any(|frame| matches!(frame, Frame::Rows(block) if block.len() == 3)));
    }
}
