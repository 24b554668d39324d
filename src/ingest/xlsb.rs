//! xlsb → frames, streamed: an xlsx whose parts are records and no XML.
//!
//! Two passes over the container. The first inflates every part with its bytes counted, walks the records of each sheet, collects merged
//! areas, and refuses what the reader would pass over in silence: cells in records it does not know, rows beyond the last. The second
//! streams cells with calamine; its ranges are never built. Memory: the shared strings, one part of records.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Reader as _, SheetType, Xlsb, XlsbError};

use super::archive::{self, Meter, Source};
use super::grid::Merge;
use super::limits::Limits;
use super::markup::Tags;
use super::sheet::{SheetWriter, Sink};
use super::stop::{Refused, Stop};

/// Records as [MS-XLSB] numbers them.
const ROW: u32 = 0;
/// `BrtShortBlank` … `BrtShortIsst` but the first, and `BrtCellRString`: cells that calamine does not know.
const UNKNOWN_CELLS: [u32; 7] = [13, 14, 15, 16, 17, 18, 62];
const BUNDLE_SHEET: u32 = 156;
const BEGIN_STRINGS: u32 = 159;
const STRING: u32 = 19;
const MERGE: u32 = 176;
/// The longest honest record is a cell of 32,767 characters with its formatting runs.
const LONGEST_RECORD: usize = 1 << 20;

/// Reads every worksheet, hidden or not.
pub(crate) fn read(source: &mut dyn Source, limits: &Limits, meter: &mut Meter<'_>, sink: &mut Sink<'_>) -> Result<(), Stop> {
    let mut parts = inspect(source, limits, meter)?;
    let opened = catch_unwind(AssertUnwindSafe(move || Xlsb::new(source)));
    let mut workbook = match opened {
        Ok(Ok(workbook)) => workbook,
        Ok(Err(XlsbError::Password)) => return Err(Refused::password("文件设有打开密码").into()),
        // calamine's errors may quote cells, so none of their text is passed on.
        Ok(Err(_)) | Err(_) => return Err(Refused::damaged("xlsb 工作簿的结构无法解析").into()),
    };
    let sheets = workbook.sheets_metadata().to_vec();
    for (position, sheet) in sheets.iter().enumerate().filter(|(_, sheet)| sheet.typ == SheetType::WorkSheet) {
        let part = parts.sheets.get(position).and_then(|path| parts.found.remove(path));
        let (merges, problem) = match part {
            Some(Ok(merges)) => (merges, None),
            Some(Err(refused)) => (Vec::new(), Some(refused)),
            None => (Vec::new(), Some(Refused::damaged("工作簿缺少这张工作表的部件，文件不完整"))),
        };
        let mut writer = SheetWriter::begin(&sheet.name, merges, limits, sink)?;
        let outcome = match problem {
            Some(refused) => Err(refused.into()),
            // calamine finds sheets by name: of two equal names it would read the first twice.
            None if sheets[..position].iter().any(|earlier| earlier.name == sheet.name) => {
                Err(Refused::damaged("两个工作表同名").into())
            }
            None => stream(&mut workbook, &sheet.name, &mut writer),
        };
        writer.end(outcome)?;
    }
    Ok(())
}

fn stream(workbook: &mut Xlsb<&mut dyn Source>, name: &str, writer: &mut SheetWriter<'_, '_>) -> Result<(), Stop> {
    let last_row = Cell::new(0);
    let damaged = || Refused::damaged(format!("第 {} 行之后的内容不合 xlsb 格式", last_row.get()));
    let outcome = catch_unwind(AssertUnwindSafe(|| -> Result<(), Stop> {
        let mut cells = workbook.worksheet_cells_reader(name).map_err(|_| damaged())?;
        while let Some(cell) = cells.next_cell().map_err(|_| damaged())? {
            let (row, column) = cell.get_position();
            writer.cell(row.saturating_add(1), column, cell.get_value().into())?;
            last_row.set(writer.last_row());
        }
        Ok(())
    }));
    outcome.unwrap_or_else(|_| Err(damaged().into()))
}

/// What the first pass keeps.
#[derive(Default)]
struct Parts {
    /// Sheet parts in the order of the workbook.
    sheets: Vec<String>,
    /// Per binary part its merged areas, or why its cells cannot be trusted to the reader.
    found: BTreeMap<String, Result<Vec<Merge>, Refused>>,
}

fn inspect(source: &mut dyn Source, limits: &Limits, meter: &mut Meter<'_>) -> Result<Parts, Refused> {
    let mut container = archive::open(source, limits)?;
    let mut parts = Parts::default();
    let (mut relations, mut workbook) = (Vec::new(), Vec::new());
    for index in 0..container.len() {
        let damaged = || Refused::damaged(format!("第 {} 个部件无法解压", index + 1));
        let mut part = container.by_index(index).map_err(|_| damaged())?;
        let name = String::from_utf8_lossy(part.name_raw()).replace('\\', "/").trim_start_matches('/').to_lowercase();
        let bytes = meter.read(&mut part, &name)?;
        match name.as_str() {
            "xl/_rels/workbook.bin.rels" => relations = bytes,
            "xl/workbook.bin" => workbook = bytes,
            "xl/sharedstrings.bin" => strings(&bytes)?,
            _ if name.strip_prefix("xl/worksheets/").is_some_and(|file| file.strip_suffix(".bin").is_some()) => {
                parts.found.insert(name, sheet(&bytes, limits));
            }
            _ => {}
        }
    }
    let targets = targets(&relations)?;
    for record in Records(&workbook) {
        let (kind, data) = record?;
        if kind == BUNDLE_SHEET
            && let Some(id) = relation(data)
        {
            let path = targets.get(&id).map_or_else(String::new, |target| format!("xl/{target}").to_lowercase());
            parts.sheets.push(path);
        }
    }
    Ok(parts)
}

/// Relationship id → target, as the part writes it.
fn targets(relations: &[u8]) -> Result<BTreeMap<String, String>, Refused> {
    let damaged = || Refused::damaged("工作簿的部件关系无法解析");
    if memchr::memmem::find(relations, b"<!DOCTYPE").is_some() {
        return Err(Refused::damaged("部件关系含有 DOCTYPE 声明，疑为恶意构造"));
    }
    let mut tags = Tags::new(relations);
    let mut targets = BTreeMap::new();
    while let Some(tag) = tags.next().map_err(|_| damaged())? {
        let text = |name: &[u8]| String::from_utf8_lossy(tag.attribute(name).unwrap_or_default()).into_owned();
        if tag.name() == b"Relationship" {
            targets.insert(text(b"Id"), text(b"Target"));
        }
    }
    Ok(targets)
}

/// The relationship of a `BrtBundleSh`: state and id, then a counted UTF-16 string; none for a sheet without a part.
fn relation(data: &[u8]) -> Option<String> {
    let length = number(data, 8).filter(|length| *length != u32::MAX)?;
    let bytes = data.get(12..12 + usize::try_from(length).ok()?.checked_mul(2)?)?;
    let units: Vec<u16> = bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
    Some(String::from_utf16_lossy(&units))
}

/// The table of shared strings must hold as many as it says: calamine reads that many.
fn strings(bytes: &[u8]) -> Result<(), Refused> {
    let (mut promised, mut there) = (0, 0u32);
    for record in Records(bytes) {
        match record? {
            (BEGIN_STRINGS, data) => promised = number(data, 4).unwrap_or(0),
            (STRING, data) if !holds_text(data, 1) => return Err(Refused::damaged("共享字符串表的记录不完整")),
            (STRING, _) => there += 1,
            _ => {}
        }
    }
    if promised > there {
        return Err(Refused::damaged("共享字符串表自称的条数多于文件里的条数"));
    }
    Ok(())
}

/// Merged areas of a sheet part.
fn sheet(bytes: &[u8], limits: &Limits) -> Result<Vec<Merge>, Refused> {
    let mut merges = Vec::new();
    let mut row = 0;
    for record in Records(bytes) {
        let (kind, data) = record?;
        match kind {
            ROW => {
                row = number(data, 0).unwrap_or(u32::MAX).saturating_add(1);
                if row > limits.rows {
                    return Err(Refused::over_limit(format!("有内容的位置远到第 {row} 行（上限 {} 行）", limits.rows)));
                }
            }
            MERGE => {
                let at = |offset| number(data, offset);
                let (Some(first_row), Some(last_row), Some(first_column), Some(last_column)) = (at(0), at(4), at(8), at(12))
                else {
                    return Err(Refused::damaged("合并单元格的地址无法识别"));
                };
                if last_row < first_row || last_column < first_column || last_row >= limits.rows || last_column >= limits.columns
                {
                    return Err(Refused::damaged("合并单元格的地址无法识别"));
                }
                merges.push(Merge { first_row: first_row + 1, first_column, last_row: last_row + 1, last_column });
                if merges.len() > limits.merges {
                    return Err(Refused::over_limit(format!("合并单元格超过 {} 处", limits.merges)));
                }
            }
            kind if !is_whole(kind, data) => return Err(Refused::damaged(format!("第 {row} 行的单元格记录不完整"))),
            kind if UNKNOWN_CELLS.contains(&kind) => {
                let what = format!("第 {row} 行有这种格式里少见的单元格记录（{kind} 号），读不全");
                return Err(Refused::new("xlsb", what, "请用 WPS 或 Excel 打开，另存为 xlsx 后重新提供"));
            }
            _ => {}
        }
    }
    Ok(merges)
}

/// Whether a cell's record is as long as its kind needs. calamine reads on into what an earlier record left behind.
fn is_whole(kind: u32, data: &[u8]) -> bool {
    match kind {
        // A number in four bytes, a shared string.
        2 | 7 => data.len() >= 12,
        // An error, yes or no, and the same as a formula's result.
        3 | 4 | 10 | 11 => data.len() >= 9,
        // A number in eight bytes.
        5 | 9 => data.len() >= 16,
        // A text of its own.
        6 | 8 => holds_text(data, 8),
        _ => true,
    }
}

/// Whether the counted UTF-16 text at `offset` is all there.
fn holds_text(data: &[u8], offset: usize) -> bool {
    let length = number(data, offset).and_then(|length| usize::try_from(length).ok()?.checked_mul(2)?.checked_add(offset + 4));
    length.is_some_and(|length| length <= data.len())
}

fn number(data: &[u8], offset: usize) -> Option<u32> {
    let bytes = data.get(offset..offset + 4)?;
    Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
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
