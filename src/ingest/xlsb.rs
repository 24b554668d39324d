//! xlsb → frames: an xlsx whose parts are records and no XML.
//!
//! Each sheet's part is inflated, its bytes counted, and its records are walked twice: merged areas first, cells second. A record that is
//! shorter than its kind needs, or whose kind may hold a cell and is not known, refuses the sheet. Memory: the shared strings, one part.

use std::collections::BTreeMap;

use super::archive::{Meter, Source};
use super::cell::{Value, since_1900};
use super::format::{NumberFormat, Shown};
use super::grid::Merge;
use super::limits::Limits;
use super::package::Package;
use super::sheet::{SheetHead, SheetWriter, Sink};
use super::stop::{Refused, Stop};
use super::strings::Strings;
use super::styles::Styles;
use super::xlsx::SHARED_PART;

/// Records as [MS-XLSB] numbers them.
mod kind {
    pub(super) const ROW: u32 = 0;
    /// Cells with a column, `BrtCellBlank` to `BrtFmlaError`; from 12 on the same without one, in other order.
    pub(super) const BLANK: u32 = 1;
    pub(super) const RK: u32 = 2;
    pub(super) const ERROR: u32 = 3;
    pub(super) const TRUTH: u32 = 4;
    pub(super) const REAL: u32 = 5;
    pub(super) const TEXT: u32 = 6;
    pub(super) const SHARED: u32 = 7;
    pub(super) const FORMULA_TEXT: u32 = 8;
    pub(super) const FORMULA_NUMBER: u32 = 9;
    pub(super) const FORMULA_TRUTH: u32 = 10;
    pub(super) const FORMULA_ERROR: u32 = 11;
    pub(super) const SHORT_BLANK: u32 = 12;
    pub(super) const SHORT_SHARED: u32 = 18;
    pub(super) const STRING: u32 = 19;
    pub(super) const FONT: u32 = 43;
    pub(super) const FORMAT: u32 = 44;
    pub(super) const STYLE: u32 = 47;
    pub(super) const RICH_TEXT: u32 = 62;
    pub(super) const WORKBOOK: u32 = 153;
    pub(super) const BUNDLE_SHEET: u32 = 156;
    pub(super) const MERGE: u32 = 176;
    /// What a comment begins with: its author, the area it is about.
    pub(super) const COMMENT: u32 = 635;
    pub(super) const CELL_STYLES: u32 = 617;
    pub(super) const CELL_STYLES_END: u32 = 618;
}

/// The part that a workbook usually is.
const WORKBOOK: &str = "xl/workbook.bin";
/// The longest honest record is a cell of 32,767 characters with its formatting runs.
const LONGEST_RECORD: usize = 1 << 20;

/// Reads every worksheet, hidden or not.
pub(crate) fn read(source: &mut dyn Source, limits: &Limits, meter: &mut Meter<'_>, sink: &mut Sink<'_>) -> Result<(), Stop> {
    let mut package = Package::open(source, limits)?;
    let book = Book::read(&mut package, meter)?;
    limits.hold_sheets(book.sheets.len())?;
    for (position, sheet) in book.sheets.iter().enumerate() {
        let mut head = SheetHead { name: sheet.name.clone(), hidden: sheet.hidden, ..SheetHead::default() };
        if sheet.hidden && limits.leave_out.hidden_sheets {
            SheetWriter::begin(head, limits, sink)?.end(Ok(()))?;
            continue;
        }
        // Rows are told by their sheet's name.
        let twice = book.sheets[..position].iter().any(|earlier| earlier.name == sheet.name);
        let shared = book.sheets[..position].iter().any(|earlier| earlier.part == sheet.part);
        let bytes = if twice {
            Err(Refused::damaged("两个工作表同名"))
        } else if shared {
            Err(Refused::damaged(SHARED_PART))
        } else {
            package.bytes(&sheet.part, meter)
        };
        let comments = if limits.marks { comments(&mut package, &sheet.part, meter) } else { Vec::new() };
        let looked = bytes.and_then(|bytes| Ok((merges(&bytes, limits)?, bytes)));
        let outcome = looked.map(|(merges, bytes)| {
            (head.merges, head.bytes) = (merges, Some(bytes.len() as u64 + book.strings.bytes()));
            bytes
        });
        let mut writer = SheetWriter::begin(head, limits, sink)?;
        for (row, column) in comments {
            writer.comment(row, column);
        }
        let outcome = outcome.map_err(Stop::from).and_then(|bytes| book.cells(&bytes, &mut writer));
        writer.end(outcome)?;
    }
    Ok(())
}

/// Cells of a sheet that have comments, as far as they can be read.
fn comments(package: &mut Package<'_>, part: &str, meter: &mut Meter<'_>) -> Vec<(u32, u32)> {
    let relations = package.relations(part, meter).unwrap_or_default();
    let Some(relation) = relations.into_values().find(|relation| relation.kind == "comments") else { return Vec::new() };
    let Ok(bytes) = package.bytes(&relation.target, meter) else { return Vec::new() };
    let begun = Records(&bytes).map_while(Result::ok).filter(|(kind, _)| *kind == kind::COMMENT);
    begun.filter_map(|(_, data)| Some((number(data, 4)?.checked_add(1)?, number(data, 12)?))).collect()
}

/// What the sheets share.
#[derive(Default)]
struct Book {
    sheets: Vec<SheetPart>,
    strings: Strings,
    styles: Styles,
    from_1904: bool,
}

struct SheetPart {
    name: String,
    hidden: bool,
    part: String,
}

impl Book {
    fn read(package: &mut Package<'_>, meter: &mut Meter<'_>) -> Result<Self, Refused> {
        let Some(part) = package.main_part(WORKBOOK, meter)? else {
            return Err(Refused::damaged(format!("缺少工作簿部件 {WORKBOOK}，文件不完整")));
        };
        let relations = package.relations(&part, meter)?;
        let mut book = Self::default();
        for record in Records(&package.bytes(&part, meter)?) {
            match record? {
                (kind::WORKBOOK, data) => book.from_1904 = data.first().is_some_and(|flags| flags & 1 != 0),
                (kind::BUNDLE_SHEET, data) => {
                    let damaged = || Refused::damaged("工作簿的工作表目录不完整");
                    let (id, after) = wide(data, 8).ok_or_else(damaged)?;
                    let (name, _) = wide(data, after).ok_or_else(damaged)?;
                    let relation = relations.get(&id);
                    // Charts and macros are no tables.
                    if relation.is_none_or(|relation| relation.kind == "worksheet") {
                        let hidden = number(data, 0).is_some_and(|state| state != 0);
                        let part = relation.map_or_else(String::new, |relation| relation.target.clone());
                        book.sheets.push(SheetPart { name, hidden, part });
                    }
                }
                _ => {}
            }
        }
        if book.sheets.is_empty() {
            return Err(Refused::new("empty-file", "工作簿里没有工作表", "请向提供单位核实，重新导出"));
        }
        if let Some(part) = package.beside(&part, &relations, "sharedStrings", "sharedStrings.bin") {
            book.strings = strings(&package.bytes(&part, meter)?)?;
        }
        if let Some(part) = package.beside(&part, &relations, "styles", "styles.bin") {
            book.styles = styles(&package.bytes(&part, meter)?)?;
        }
        Ok(book)
    }

    fn cells(&self, bytes: &[u8], writer: &mut SheetWriter<'_, '_>) -> Result<(), Stop> {
        let (mut row, mut next_column) = (0u32, 0u32);
        for record in Records(bytes) {
            let (kind, data) = record?;
            let short = || Refused::damaged(format!("第 {row} 行的单元格记录不完整"));
            if kind == kind::ROW {
                row = number(data, 0).unwrap_or(u32::MAX).saturating_add(1);
                next_column = 0;
                let flat = data.get(8..10) == Some(&[0, 0]);
                if flat || data.get(11).is_some_and(|flags| flags & 0x10 != 0) {
                    writer.hide(row);
                }
                continue;
            }
            // A short record has no column: it stands right of the one before.
            let (kind, data, column) = match kind {
                kind::BLANK..=kind::FORMULA_ERROR | kind::RICH_TEXT => {
                    (kind, data.get(4..).ok_or_else(short)?, number(data, 0).ok_or_else(short)?)
                }
                kind::SHORT_BLANK..=kind::SHORT_SHARED => (kind - kind::SHORT_BLANK + kind::BLANK, data, next_column),
                _ => continue,
            };
            next_column = column.saturating_add(1);
            let style = number(data, 0).ok_or_else(short)? & 0x00FF_FFFF;
            let style = self.styles.get(u64::from(style));
            let value = data.get(4..).ok_or_else(short)?;
            let struck = style.is_some_and(|style| style.struck);
            let text;
            let value = match kind {
                kind::RK | kind::REAL | kind::FORMULA_NUMBER => {
                    let number = if kind == kind::RK { packed(value) } else { real(value) }.ok_or_else(short)?;
                    match style.map_or(Shown::Plain, |style| style.format.shown(number)) {
                        Shown::Day => Value::Serial(since_1900(number, self.from_1904)),
                        Shown::Plain => Value::Number(number),
                        shown @ Shown::Digits(_) => {
                            text = number.to_string();
                            Value::Written(&text, shown)
                        }
                    }
                }
                kind::ERROR | kind::FORMULA_ERROR => Value::Error,
                kind::TRUTH | kind::FORMULA_TRUTH => Value::Truth(*value.first().ok_or_else(short)? != 0),
                kind::SHARED => {
                    let index = number(value, 0).ok_or_else(short)? as usize;
                    let missing = || Refused::damaged(format!("第 {row} 行引用了不存在的共享字符串"));
                    Value::Text(self.strings.get(index).ok_or_else(missing)?.0)
                }
                kind::TEXT | kind::FORMULA_TEXT | kind::RICH_TEXT => {
                    // A rich text has its flags first.
                    let offset = usize::from(kind == kind::RICH_TEXT);
                    text = wide(value, offset).ok_or_else(short)?.0;
                    Value::Text(&text)
                }
                _ => Value::Nothing,
            };
            writer.styled_cell(row, column, value, struck)?;
        }
        Ok(())
    }
}

/// Shared strings; how many there are is counted.
fn strings(bytes: &[u8]) -> Result<Strings, Refused> {
    let mut strings = Strings::default();
    for record in Records(bytes) {
        if let (kind::STRING, data) = record? {
            let (text, _) = wide(data, 1).ok_or_else(|| Refused::damaged("共享字符串表的记录不完整"))?;
            strings.push(&text, false);
        }
    }
    Ok(strings)
}

fn styles(bytes: &[u8]) -> Result<Styles, Refused> {
    let (mut cells, mut codes, mut fonts) = (Vec::new(), BTreeMap::new(), Vec::new());
    let mut in_cells = false;
    for record in Records(bytes) {
        let (kind, data) = record?;
        let half = |offset: usize| data.get(offset..offset + 2).map(|bytes| u32::from(u16::from_le_bytes([bytes[0], bytes[1]])));
        match kind {
            kind::FONT => fonts.push(half(2).is_some_and(|flags| flags & 8 != 0)),
            kind::FORMAT => {
                if let (Some(id), Some((code, _))) = (half(0), wide(data, 2)) {
                    codes.insert(id, NumberFormat::read(&code));
                }
            }
            kind::CELL_STYLES => in_cells = true,
            kind::CELL_STYLES_END => in_cells = false,
            kind::STYLE if in_cells => cells.push((half(2).unwrap_or(0), half(4).unwrap_or(0) as usize)),
            _ => {}
        }
    }
    Ok(Styles::new(&cells, &codes, &fonts))
}

/// Merged areas of a sheet part.
fn merges(bytes: &[u8], limits: &Limits) -> Result<Vec<Merge>, Refused> {
    let mut merges = Vec::new();
    for record in Records(bytes) {
        let (kind::MERGE, data) = record? else { continue };
        let at = |offset| number(data, offset);
        let (Some(first_row), Some(last_row), Some(first_column), Some(last_column)) = (at(0), at(4), at(8), at(12)) else {
            return Err(Refused::damaged("合并单元格的地址无法识别"));
        };
        if last_row < first_row || last_column < first_column || last_row >= limits.rows || last_column >= limits.columns {
            return Err(Refused::damaged("合并单元格的地址无法识别"));
        }
        merges.push(Merge { first_row: first_row + 1, first_column, last_row: last_row + 1, last_column });
        if merges.len() > limits.merges {
            return Err(Refused::over_limit(format!("合并单元格超过 {} 处", limits.merges)));
        }
    }
    Ok(merges)
}

fn number(data: &[u8], offset: usize) -> Option<u32> {
    let bytes = data.get(offset..offset.checked_add(4)?)?;
    Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

fn real(data: &[u8]) -> Option<f64> {
    Some(f64::from_le_bytes(data.get(..8)?.try_into().ok()?))
}

/// A number in thirty bits: whole, or the upper bits of a double; a hundredth where the lowest bit says so.
pub(super) fn packed(data: &[u8]) -> Option<f64> {
    let bits = number(data, 0)?;
    let value = if bits & 2 != 0 { f64::from(bits.cast_signed() >> 2) } else { f64::from_bits(u64::from(bits & !3) << 32) };
    Some(if bits & 1 != 0 { value / 100.0 } else { value })
}

/// The counted UTF-16 text at `offset` and where it ends; that of no length which says that there is none is empty.
fn wide(data: &[u8], offset: usize) -> Option<(String, usize)> {
    let length = number(data, offset)?;
    if length == u32::MAX {
        return Some((String::new(), offset + 4));
    }
    let start = offset + 4;
    let end = usize::try_from(length).ok()?.checked_mul(2)?.checked_add(start)?;
    let units: Vec<u16> = data.get(start..end)?.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
    Some((String::from_utf16_lossy(&units), end))
}

/// The records of a part: type (one or two bytes) and length (one to four), seven bits a byte, then the data.
struct Records<'a>(&'a [u8]);
impl<'a> Records<'a> {
    fn varint(&mut self, most: u32) -> Option<u32> {
        let mut value = 0u32;
        for at in 0..most {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u32::from(byte & 0x7F) << (7 * at);
            if byte & 0x80 == 0 {
                break;
            }
        }
        Some(value)
    }

    fn record(&mut self) -> Option<(u32, &'a [u8])> {
        let kind = self.varint(2)?;
        let length = usize::try_from(self.varint(4)?).ok().filter(|length| *length <= LONGEST_RECORD)?;
        if length > self.0.len() {
            return None;
        }
        let (data, rest) = self.0.split_at(length);
        self.0 = rest;
        Some((kind, data))
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<(u32, &'a [u8]), Refused>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let record = self.record().ok_or_else(|| Refused::damaged("二进制部件的记录不完整"));
        if record.is_err() {
            self.0 = &[];
        }
        Some(record)
    }
}
