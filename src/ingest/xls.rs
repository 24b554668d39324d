//! xls → frames: the workbook stream of a compound file, its globals once, each sheet's records twice: merged areas and places of cells
//! first, cells second, in the order of rows and columns whatever theirs is.
//!
//! A stream or a sheet that does not end with its end record was cut off; a sheet whose place holds no sheet is damaged; a workbook that is
//! encrypted says so, whichever way. Memory: the file, the shared strings, a few words a cell.

use std::collections::{BTreeMap, BTreeSet};

use super::archive::{self, Source};
use super::biff::{Record, Texts, half, kind, real, record, shared_strings, word};
use super::cell::{Value, since_1900};
use super::compound::Compound;
use super::format::{NumberFormat, Shown};
use super::grid::Merge;
use super::limits::Limits;
use super::sheet::{SheetHead, SheetWriter, Sink};
use super::stop::{Refused, Stop};
use super::strings::Strings;
use super::styles::Styles;
use super::xlsb::packed;

const BIFF8: u16 = 0x0600;
const BIFF5: u16 = 0x0500;
/// What a sub-stream says it is.
const WORKSHEET: u16 = 0x0010;

/// Reads every worksheet, hidden or not.
pub(crate) fn read(source: &mut dyn Source, limits: &Limits, sink: &mut Sink<'_>) -> Result<(), Stop> {
    let bytes = archive::whole(source, limits)?;
    let file = Compound::open(&bytes)?;
    // A workbook may hold itself for older programs too.
    let stream = match file.stream("Workbook")? {
        Some(stream) => Some(stream),
        None => file.stream("Book")?,
    };
    let stream = stream.ok_or_else(|| Refused::damaged("文件里没有工作簿"))?;
    let book = Book::read(&stream)?;
    limits.hold_sheets(book.sheets.len())?;
    let (mut names, mut places) = (BTreeSet::new(), BTreeSet::new());
    for sheet in &book.sheets {
        let hidden = sheet.hidden;
        let mut head = SheetHead { name: sheet.name.clone(), hidden, bytes: Some(stream.len() as u64), ..SheetHead::default() };
        if hidden && limits.leave_out.hidden_sheets {
            SheetWriter::begin(head, limits, sink)?.end(Ok(()))?;
            continue;
        }
        // Rows are told by their sheet's name.
        let twice = !names.insert(&sheet.name);
        let looked = if twice {
            Err(Refused::damaged("两个工作表同名"))
        } else if !places.insert(sheet.at) {
            Err(Refused::damaged("两个工作表指同一处内容"))
        } else {
            Looked::of(&stream, sheet.at, limits)
        };
        let looked = looked.map(|mut looked| {
            head.merges = std::mem::take(&mut looked.merges);
            looked
        });
        let mut writer = SheetWriter::begin(head, limits, sink)?;
        let outcome = looked.map_err(Stop::from).and_then(|looked| book.cells(&stream, &looked, &mut writer));
        writer.end(outcome)?;
    }
    Ok(())
}

/// What the sheets share.
struct Book {
    sheets: Vec<SheetPlace>,
    strings: Strings,
    styles: Styles,
    texts: Texts,
    from_1904: bool,
}

struct SheetPlace {
    name: String,
    hidden: bool,
    /// Where its records begin.
    at: usize,
}

impl Book {
    fn read(stream: &[u8]) -> Result<Self, Refused> {
        let damaged = || Refused::damaged("xls 工作簿的内容无法解析");
        let cut = || Refused::damaged("xls 工作簿没有结尾，文件不完整");
        let first = record(stream, 0).filter(|first| first.kind == kind::BEGIN).ok_or_else(damaged)?;
        let mut texts = match half(first.data, 0) {
            Some(BIFF8) => Texts::Wide,
            Some(BIFF5) => Texts::of_code_page(936),
            _ => {
                return Err(Refused::new(
                    "unknown-format",
                    "xls 的版本太旧，不能读",
                    "请用 WPS 或 Excel 打开，另存为 xlsx 后重新提供",
                ));
            }
        };
        let mut book =
            Self { sheets: Vec::new(), strings: Strings::default(), styles: Styles::default(), texts, from_1904: false };
        let (mut cells, mut codes, mut fonts) = (Vec::new(), BTreeMap::new(), Vec::new());
        let mut at = first.end();
        loop {
            let record = record(stream, at).ok_or_else(cut)?;
            at = record.end();
            let data = record.data;
            match record.kind {
                kind::END => break,
                // Obfuscated or encrypted: names and cells are unreadable either way.
                kind::PASSWORD => return Err(Refused::password("文件设有打开密码")),
                kind::CODE_PAGE if matches!(texts, Texts::Bytes(_)) => {
                    texts = Texts::of_code_page(half(data, 0).ok_or_else(damaged)?);
                }
                kind::FROM_1904 => book.from_1904 = half(data, 0) == Some(1),
                kind::FONT => {
                    fonts.push(half(data, 2).is_some_and(|flags| flags & 8 != 0));
                    // There is no font of number four.
                    if fonts.len() == 4 {
                        fonts.push(false);
                    }
                }
                kind::FORMAT => {
                    let code = texts.read(data, 2, matches!(texts, Texts::Wide));
                    if let (Some(id), Some(code)) = (half(data, 0), code) {
                        codes.insert(u32::from(id), NumberFormat::read(&code));
                    }
                }
                kind::STYLE => {
                    cells.push((half(data, 2).map_or(0, u32::from), half(data, 0).map_or(0, usize::from)));
                }
                // Charts and macros are no tables.
                kind::SHEET if data.get(5).is_none_or(|sort| *sort == 0) => {
                    let name = texts.read(data, 6, false).ok_or_else(damaged)?;
                    let hidden = data.get(4).is_some_and(|state| state & 3 != 0);
                    let at = word(data, 0).ok_or_else(damaged)? as usize;
                    book.sheets.push(SheetPlace { name, hidden, at });
                }
                kind::STRINGS => {
                    let strings = shared_strings(stream, record.at);
                    book.strings = strings.ok_or_else(|| Refused::damaged("共享字符串表损坏"))?;
                }
                _ => {}
            }
        }
        if book.sheets.is_empty() {
            return Err(Refused::damaged("工作簿里没有工作表"));
        }
        book.texts = texts;
        book.styles = Styles::new(&cells, &codes, &fonts);
        Ok(book)
    }

    fn cells(&self, stream: &[u8], looked: &Looked, writer: &mut SheetWriter<'_, '_>) -> Result<(), Stop> {
        let mut commented = None;
        for place in &looked.places {
            let row = u32::from(place.row) + 1;
            let damaged = || Refused::damaged(format!("第 {row} 行的单元格记录不完整"));
            let record = record(stream, place.at).ok_or_else(damaged)?;
            for column in looked.comments.range((place.row, 0)..=(place.row, u16::MAX)).filter(|_| Some(row) != commented) {
                writer.comment(row, u32::from(column.1));
            }
            commented = Some(row);
            if looked.hidden.contains(&place.row) {
                writer.hide(row);
            }
            let style = half(record.data, place.offset).ok_or_else(damaged)?;
            let style = self.styles.get(u64::from(style));
            let number = |number: f64| match style.map_or(Shown::Plain, |style| style.format.shown(number)) {
                Shown::Day => Number::Day(since_1900(number, self.from_1904)),
                Shown::Plain => Number::Plain(number),
                shown @ Shown::Digits(_) => Number::Digits(number.to_string(), shown),
            };
            let mut text = String::new();
            let found = self.value(stream, record, place, &mut text, looked.solved).ok_or_else(damaged)?;
            let held;
            let value = match found {
                Found::Number(found) => {
                    held = number(found);
                    held.value()
                }
                Found::Shared(index) => {
                    let missing = || Refused::damaged(format!("第 {row} 行引用了不存在的共享字符串"));
                    Value::Text(self.strings.get(index).ok_or_else(missing)?.0)
                }
                Found::Text => Value::Text(&text),
                Found::Truth(truth) => Value::Truth(truth),
                Found::Error => Value::Error,
                Found::Unsolved => Value::Unsolved,
                Found::Nothing => Value::Nothing,
            };
            writer.styled_cell(row, u32::from(place.column), value, style.is_some_and(|style| style.struck))?;
        }
        Ok(())
    }

    /// What a cell's record says; a text is put into `text`. `solved`: whether any formula of the sheet has a result.
    fn value(&self, stream: &[u8], record: Record<'_>, place: &Place, text: &mut String, solved: bool) -> Option<Found> {
        let data = record.data;
        let after = place.offset + 2;
        Some(match record.kind {
            kind::NUMBER => Found::Number(real(data, after)?),
            kind::RK | kind::MANY_RK => Found::Number(packed(data.get(after..)?)?),
            kind::SHARED => Found::Shared(word(data, after)? as usize),
            kind::TEXT | kind::RICH_TEXT => {
                *text = self.texts.read(data, after, true)?;
                Found::Text
            }
            kind::TRUTH_OR_ERROR if *data.get(after + 1)? != 0 => Found::Error,
            kind::TRUTH_OR_ERROR => Found::Truth(*data.get(after)? != 0),
            kind::FORMULA if half(data, after + 6)? != 0xFFFF => Found::Number(real(data, after)?),
            kind::FORMULA => match *data.get(after)? {
                0 => {
                    // The text stands in a record of its own, soon after.
                    let mut next = record.end();
                    for _ in 0..4 {
                        let following = super::biff::record(stream, next)?;
                        if following.kind == kind::RESULT {
                            *text = self.texts.read(following.data, 0, true).or_else(|| self.long_text(stream, following))?;
                            return Some(Found::Text);
                        }
                        next = following.end();
                    }
                    Found::Unsolved
                }
                1 => Found::Truth(*data.get(after + 2)? != 0),
                2 => Found::Error,
                // An empty text; what writes nothing but these has worked nothing out.
                _ if solved => Found::Nothing,
                _ => Found::Unsolved,
            },
            _ => Found::Nothing,
        })
    }

    /// A text that goes on in the records after its own.
    fn long_text(&self, stream: &[u8], first: Record<'_>) -> Option<String> {
        let flags = *first.data.get(2)?;
        let mut data = first.data.to_vec();
        let mut next = first.end();
        while let Some(more) = record(stream, next).filter(|more| more.kind == kind::CONTINUE) {
            // Its flags are said again; a text that changes its width in between is not put together.
            if more.data.first().is_none_or(|again| again & 1 != flags & 1) {
                return None;
            }
            data.extend_from_slice(&more.data[1..]);
            next = more.end();
        }
        self.texts.read(&data, 0, true)
    }
}

/// A number as it is shown.
enum Number {
    Plain(f64),
    Day(f64),
    Digits(String, Shown),
}

impl Number {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Plain(number) => Value::Number(*number),
            Self::Day(days) => Value::Serial(*days),
            Self::Digits(text, shown) => Value::Written(text, *shown),
        }
    }
}

enum Found {
    Number(f64),
    Shared(usize),
    Text,
    Truth(bool),
    Error,
    Unsolved,
    Nothing,
}

/// Where a cell stands: in the sheet, its record, and where in the record its style and value begin.
struct Place {
    row: u16,
    column: u16,
    at: usize,
    offset: usize,
}

/// The first look at a sheet.
#[derive(Default)]
struct Looked {
    merges: Vec<Merge>,
    hidden: BTreeSet<u16>,
    /// Rows and columns of comments.
    comments: BTreeSet<(u16, u16)>,
    places: Vec<Place>,
    /// Whether any formula has a result.
    solved: bool,
}

impl Looked {
    fn of(stream: &[u8], at: usize, limits: &Limits) -> Result<Self, Refused> {
        let begin = record(stream, at).filter(|begin| begin.kind == kind::BEGIN);
        let begin = begin.ok_or_else(|| Refused::damaged("目录所指的地方没有这张工作表，文件不完整"))?;
        let mut looked = Self::default();
        if half(begin.data, 2) != Some(WORKSHEET) {
            return Ok(looked);
        }
        let (mut at, mut depth, mut rows_said, mut seen) = (begin.end(), 1, false, false);
        loop {
            let Some(record) = record(stream, at) else {
                let last = looked.places.iter().map(|place| u32::from(place.row) + 1).max().unwrap_or(0);
                return Err(Refused::damaged(format!("第 {last} 行之后就断了，文件不完整")));
            };
            at = record.end();
            match record.kind {
                // A chart in a sheet has records of its own.
                kind::BEGIN => depth += 1,
                kind::END => depth -= 1,
                _ if depth > 1 => {}
                kind::DIMENSIONS => rows_said = word(record.data, 0) < word(record.data, 4) && record.data.len() >= 14,
                kind => {
                    seen |= matches!(kind, kind::ROW | kind::BLANK | kind::MANY_BLANK);
                    looked.take(record, limits).ok_or_else(|| Refused::damaged("工作表里有记录不完整或合并单元格过多"))?;
                }
            }
            if depth == 0 {
                break;
            }
        }
        if rows_said && !seen && looked.places.is_empty() {
            return Err(Refused::damaged("工作表自称有内容，却一行也没有，文件不完整"));
        }
        // Most writers go by rows; a sort of what is sorted is cheap.
        looked.places.sort_by_key(|place| (place.row, place.column));
        Ok(looked)
    }

    fn take(&mut self, record: Record<'_>, limits: &Limits) -> Option<()> {
        let data = record.data;
        match record.kind {
            kind::ROW => {
                let (height, flags) = (half(data, 6)?, half(data, 12)?);
                if flags & 0x20 != 0 || height == 0 {
                    self.hidden.insert(half(data, 0)?);
                }
            }
            kind::NOTE => {
                if let (Some(row), Some(column)) = (half(data, 0), half(data, 2)) {
                    self.comments.insert((row, column));
                }
            }
            kind::MERGES => {
                for area in data.get(2..)?.chunks_exact(8).take(usize::from(half(data, 0)?)) {
                    let at = |offset| half(area, offset).map(u32::from);
                    let (first_row, last_row) = (at(0)? + 1, at(2)? + 1);
                    let (first_column, last_column) = (at(4)?, at(6)?);
                    if first_row <= last_row && first_column <= last_column {
                        self.merges.push(Merge { first_row, first_column, last_row, last_column });
                    }
                }
                if self.merges.len() > limits.merges {
                    return None;
                }
            }
            kind::MANY_RK => {
                let (row, first) = (half(data, 0)?, half(data, 2)?);
                // Six bytes a cell; the last column stands at the end.
                let cells = u16::try_from(data.len().checked_sub(6)? / 6).ok()?;
                for cell in 0..cells {
                    let offset = 4 + 6 * usize::from(cell);
                    self.places.push(Place { row, column: first.checked_add(cell)?, at: record.at, offset });
                }
            }
            kind::NUMBER | kind::RK | kind::SHARED | kind::TEXT | kind::RICH_TEXT | kind::TRUTH_OR_ERROR | kind::FORMULA => {
                if record.kind == kind::FORMULA {
                    self.solved |= !(half(data, 12)? == 0xFFFF && data.get(6) == Some(&3));
                }
                self.places.push(Place { row: half(data, 0)?, column: half(data, 2)?, at: record.at, offset: 4 });
            }
            _ => {}
        }
        Some(())
    }
}
