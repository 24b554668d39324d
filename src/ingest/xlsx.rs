//! xlsx → frames, streamed: no grid is ever built, so a cell at XFD1048576 costs nothing.
//!
//! Two passes over the container. The first inflates every XML part with its bytes counted, refuses DOCTYPEs and
//! absurd counts, and collects merged areas, which stand after the cells. The second streams cells with calamine.
//! `<dimension>` is never believed. Memory: the shared strings, one block of rows.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Reader as _, SheetType, Xlsx, XlsxError};
use memchr::memmem;

use super::archive::{self, Meter, Source};
use super::grid::Merge;
use super::limits::Limits;
use super::markup::Tags;
use super::sheet::{SheetWriter, Sink};
use super::stop::{Refused, Stop};

/// The shortest shared string, `<si/>`: a part cannot hold more strings than this allows.
const SHORTEST_STRING: u64 = 5;
/// Bytes kept from one run to the next: a mark and the bracket before it are found across the seam, never twice.
const SEAM: usize = MERGE.len();
const MERGE: &[u8] = b"mergeCell ";
/// A merged area's tag that is longer is no merged area's.
const MERGE_TAG: usize = 256;
/// `workbook.xml` and its like are small; longer ones are not kept for a second look.
const KEPT_PART: usize = 16 << 20;

/// Reads every worksheet, hidden or not.
pub(crate) fn read(source: &mut dyn Source, limits: &Limits, meter: &mut Meter<'_>, sink: &mut Sink<'_>) -> Result<(), Stop> {
    let parts = inspect(source, limits, meter)?;
    let mut merges = parts.merges_by_sheet();
    let opened = catch_unwind(AssertUnwindSafe(move || Xlsx::new(source)));
    let mut workbook = match opened {
        Ok(Ok(workbook)) => workbook,
        Ok(Err(error)) => return Err(explain(&error, "工作簿").into()),
        Err(_) => return Err(Refused::damaged("工作簿的结构无法解析").into()),
    };
    let sheets = workbook.sheets_metadata().to_vec();
    for (position, sheet) in sheets.iter().enumerate().filter(|(_, sheet)| sheet.typ == SheetType::WorkSheet) {
        let areas = merges.get_mut(position).map(std::mem::take).unwrap_or_default();
        let mut writer = SheetWriter::begin(&sheet.name, areas, limits, sink)?;
        // calamine finds sheets by name: of two equal names it would read the first twice.
        let outcome = if sheets[..position].iter().any(|earlier| earlier.name == sheet.name) {
            Err(Refused::damaged("两个工作表同名").into())
        } else {
            stream(&mut workbook, &sheet.name, &mut writer)
        };
        writer.end(outcome)?;
    }
    Ok(())
}

fn stream(workbook: &mut Xlsx<&mut dyn Source>, name: &str, writer: &mut SheetWriter<'_, '_>) -> Result<(), Stop> {
    let last_row = Cell::new(0);
    let outcome = catch_unwind(AssertUnwindSafe(|| -> Result<(), Stop> {
        let damaged = |error: XlsxError| explain(&error, &format!("第 {} 行之后", last_row.get()));
        let mut cells = workbook.worksheet_cells_reader(name).map_err(damaged)?;
        while let Some(cell) = cells.next_cell().map_err(damaged)? {
            let (row, column) = cell.get_position();
            writer.cell(row.saturating_add(1), column, cell.get_value().into())?;
            last_row.set(writer.last_row());
        }
        Ok(())
    }));
    outcome.unwrap_or_else(|_| Err(Refused::damaged(format!("第 {} 行之后的内容无法解析", last_row.get())).into()))
}

/// calamine's errors may quote cells, so none of their text is passed on.
fn explain(error: &XlsxError, place: &str) -> Refused {
    match error {
        XlsxError::Password => Refused::password("文件设有打开密码"),
        XlsxError::FileNotFound(_) | XlsxError::RelationshipNotFound | XlsxError::WorksheetNotFound(_) => {
            Refused::damaged(format!("{place}缺少必需的部件，文件不完整"))
        }
        _ => Refused::damaged(format!("{place}的内容不合 xlsx 格式")),
    }
}

/// What the first pass keeps.
#[derive(Default)]
struct Parts {
    /// Merged areas by part.
    merges: BTreeMap<String, Vec<Merge>>,
    /// Relationship and workbook parts, whole.
    kept: BTreeMap<String, Vec<u8>>,
}

fn inspect(source: &mut dyn Source, limits: &Limits, meter: &mut Meter<'_>) -> Result<Parts, Refused> {
    let mut container = archive::open(source, limits)?;
    let mut parts = Parts::default();
    for index in 0..container.len() {
        let damaged = || Refused::damaged(format!("第 {} 个部件无法解压", index + 1));
        let mut part = container.by_index(index).map_err(|_| damaged())?;
        let name = part_name(part.name_raw());
        if !has_extension(&name, "xml") && !has_extension(&name, "rels") {
            continue;
        }
        let keep = has_extension(&name, "rels") || name.contains("workbook");
        let mut scan = Scan::new(limits);
        let mut kept = Vec::new();
        let size = meter.inflate(&mut part, &name, |run| {
            if keep && kept.len() < KEPT_PART {
                kept.extend_from_slice(run);
            }
            scan.run(run, &name)
        })?;
        if scan.unique_count.is_some_and(|count| count > size / SHORTEST_STRING) {
            return Err(Refused::damaged("共享字符串表自称的条数多于文件能容纳的条数"));
        }
        if !scan.merges.is_empty() {
            parts.merges.insert(name.clone(), scan.merges);
        }
        if keep {
            parts.kept.insert(name, kept);
        }
    }
    Ok(parts)
}

impl Parts {
    /// Merged areas of each sheet, in the order of the workbook. What cannot be resolved has none: the reader then
    /// fails on the same gap and says so.
    fn merges_by_sheet(mut self) -> Vec<Vec<Merge>> {
        self.sheet_parts().into_iter().map(|part| self.merges.remove(&part).unwrap_or_default()).collect()
    }

    fn sheet_parts(&self) -> Vec<String> {
        let workbook = self
            .relations("_rels/.rels")
            .into_iter()
            .find(|(_, (kind, _))| kind.ends_with("/officeDocument"))
            .map_or_else(|| "xl/workbook.xml".to_owned(), |(_, (_, target))| part_name(target.as_bytes()));
        let (folder, file) = workbook.rsplit_once('/').unwrap_or(("", &workbook));
        let relations = self.relations(&format!("{folder}{}_rels/{file}.rels", if folder.is_empty() { "" } else { "/" }));
        let mut parts = Vec::new();
        let mut tags = Tags::new(self.kept.get(&workbook).map_or(&[][..], Vec::as_slice));
        while let Ok(Some(tag)) = tags.next() {
            if tag.name() == b"sheet" {
                let relation = tag.attribute(b"id").map(|id| String::from_utf8_lossy(id).into_owned());
                let target = relation.and_then(|id| relations.get(&id)).map_or("", |(_, target)| target.as_str());
                let full = if target.starts_with('/') { target.to_owned() } else { format!("{folder}/{target}") };
                parts.push(part_name(full.as_bytes()));
            }
        }
        parts
    }

    /// Relationships of a part: id → (type, target).
    fn relations(&self, part: &str) -> BTreeMap<String, (String, String)> {
        let mut relations = BTreeMap::new();
        let mut tags = Tags::new(self.kept.get(part).map_or(&[][..], Vec::as_slice));
        while let Ok(Some(tag)) = tags.next() {
            let text = |name: &[u8]| String::from_utf8_lossy(tag.attribute(name).unwrap_or_default()).into_owned();
            if tag.name() == b"Relationship" {
                relations.insert(text(b"Id"), (text(b"Type"), text(b"Target")));
            }
        }
        relations
    }
}

/// Part names are compared as calamine does: any case, any slash.
fn part_name(raw: &[u8]) -> String {
    String::from_utf8_lossy(raw).replace('\\', "/").trim_start_matches('/').to_lowercase()
}

fn has_extension(name: &str, extension: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, end)| end.eq_ignore_ascii_case(extension))
}

/// Looks through a part as it is inflated.
struct Scan<'a> {
    limits: &'a Limits,
    /// The end of the last run, where a mark may begin.
    window: Vec<u8>,
    first: bool,
    unique_count: Option<u64>,
    merges: Vec<Merge>,
    merge_mark: memmem::Finder<'static>,
    doctype_mark: memmem::Finder<'static>,
}

impl<'a> Scan<'a> {
    fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            window: Vec::new(),
            first: true,
            unique_count: None,
            merges: Vec::new(),
            merge_mark: memmem::Finder::new(MERGE),
            doctype_mark: memmem::Finder::new(b"<!DOCTYPE"),
        }
    }

    fn run(&mut self, run: &[u8], name: &str) -> Result<(), Refused> {
        self.window.extend_from_slice(run);
        if std::mem::take(&mut self.first) {
            if self.window.starts_with(b"\xFF\xFE") || self.window.starts_with(b"\xFE\xFF") {
                return Err(Refused::damaged(format!("部件 {name} 不是 UTF-8 编码")));
            }
            let mut tags = Tags::new(self.window.as_slice());
            if let Ok(Some(tag)) = tags.next()
                && tag.name() == b"sst"
            {
                // A count that is no number is not used by calamine either.
                self.unique_count = tag.number(b"uniqueCount");
            }
        }
        if self.doctype_mark.find(&self.window).is_some() {
            return Err(Refused::damaged(format!("部件 {name} 含有 DOCTYPE 声明，疑为恶意构造")));
        }
        let mut keep_from = self.window.len().saturating_sub(SEAM);
        for at in self.merge_mark.find_iter(&self.window) {
            if at == 0 || !matches!(self.window[at - 1], b'<' | b':') {
                continue;
            }
            let rest = &self.window[at - 1..];
            let Some(end) = memchr::memchr(b'>', &rest[..rest.len().min(MERGE_TAG)]) else {
                if rest.len() < MERGE_TAG {
                    keep_from = keep_from.min(at - 1);
                }
                continue;
            };
            let mut tags = Tags::new(&rest[..=end]);
            // A prefixed tag starts at its colon here; the bracket is put back by reading from the mark.
            let area = match tags.next() {
                Ok(Some(tag)) => tag.attribute(b"ref").and_then(area),
                _ => area_of_prefixed(&rest[1..end]),
            };
            let Some(area) = area else {
                return Err(Refused::damaged(format!("部件 {name} 的合并单元格地址无法识别")));
            };
            self.merges.push(area);
            if self.merges.len() > self.limits.merges {
                return Err(Refused::over_limit(format!("合并单元格超过 {} 处", self.limits.merges)));
            }
        }
        self.window.drain(..keep_from);
        Ok(())
    }
}

fn area_of_prefixed(tag: &[u8]) -> Option<Merge> {
    let whole = [b"<", tag, b">"].concat();
    Tags::new(whole.as_slice()).next().ok().flatten()?.attribute(b"ref").and_then(area)
}

/// `A3:B7` → the area; a single cell is an area of its own.
fn area(reference: &[u8]) -> Option<Merge> {
    let mut ends = reference.split(|byte| *byte == b':');
    let (first_row, first_column) = position(ends.next()?)?;
    let (last_row, last_column) = ends.next().map_or(Some((first_row, first_column)), position)?;
    let ordered = first_row <= last_row && first_column <= last_column && ends.next().is_none();
    ordered.then_some(Merge { first_row, first_column, last_row, last_column })
}

/// `AB12` → row 12, column 27.
fn position(reference: &[u8]) -> Option<(u32, u32)> {
    let letters = reference.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let (letters, digits) = reference.split_at(letters);
    let column = letters
        .iter()
        .try_fold(0u32, |column, byte| column.checked_mul(26)?.checked_add(u32::from(byte.to_ascii_uppercase() - b'A') + 1))?;
    let row: u32 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (row > 0).then_some((row, column.checked_sub(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_areas_are_found_across_the_seam_of_runs() {
        let xml = br#"<worksheet><sheetData/><mergeCells count="2"><mergeCell ref="A3:B7"/><x:mergeCell ref='AA1:AB2'></x:mergeCell></mergeCells></worksheet>"#;
        let expected = [
            Merge { first_row: 3, first_column: 0, last_row: 7, last_column: 1 },
            Merge { first_row: 1, first_column: 26, last_row: 2, last_column: 27 },
        ];
        let limits = Limits::default();
        for size in 1..xml.len() {
            let mut scan = Scan::new(&limits);
            for run in xml.chunks(size) {
                scan.run(run, "sheet1.xml").expect("sound");
            }
            assert_eq!(scan.merges, expected, "runs of {size}");
        }
    }

    #[test]
    fn references_that_overflow_are_no_position() {
        assert_eq!(position(b"XFD1048576"), Some((1_048_576, 16_383)));
        for wrong in [&b"A0"[..], b"1", b"A", b"", b"ZZZZZZZZZZ1", b"A99999999999", b"A1B"] {
            assert_eq!(position(wrong), None, "{wrong:?}");
        }
    }
}
