//! xlsx → frames, streamed: no grid is ever built, so a cell at XFD1048576 costs nothing.
//!
//! Only what the sheets need is read: the workbook, its relationships, shared strings, styles, and each sheet twice: once for its merged
//! areas, which stand after the cells, and to count its bytes; once for its cells. `<dimension>` and counts are never believed.
//! A number's digits are taken as the part writes them. Memory: the shared strings, one block of rows.

use std::io::BufRead;

use memchr::memmem;

use super::archive::{Meter, Source};
use super::cell::{Value, since_1900};
use super::format::Shown;
use super::grid::Merge;
use super::limits::Limits;
use super::package::{Package, not_utf16};
use super::sheet::{SheetHead, SheetWriter, Sink};
use super::stop::{Refused, Stop};
use super::strings::{Strings, rich_text};
use super::styles::Styles;
use super::utf16::Decoding;
use super::xml::{Node, Xml};

/// The part that a workbook usually is.
const WORKBOOK: &str = "xl/workbook.xml";
/// Bytes kept from one run to the next: a mark and the bracket before it are found across the seam, never twice.
const SEAM: usize = MERGE.len() + 1;
const MERGE: &[u8] = b"mergeCell";
pub(super) const SHARED_PART: &str = "两个工作表指同一个部件";
/// A merged area's tag that is longer is no merged area's.
const MERGE_TAG: usize = 256;

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
        let looked = if twice {
            Err(Refused::damaged("两个工作表同名"))
        } else if shared {
            Err(Refused::damaged(SHARED_PART))
        } else {
            look(&mut package, &sheet.part, limits, meter)
        };
        let comments = if limits.marks { comments(&mut package, &sheet.part, meter) } else { Vec::new() };
        let problem = match looked {
            Ok((merges, bytes)) => {
                (head.merges, head.bytes) = (merges, Some(bytes + book.strings.bytes()));
                None
            }
            Err(refused) => Some(refused),
        };
        let mut writer = SheetWriter::begin(head, limits, sink)?;
        for (row, column) in comments {
            writer.comment(row, column);
        }
        let outcome = match problem {
            Some(refused) => Err(refused.into()),
            None => package.xml(&sheet.part).map_err(Stop::from).and_then(|mut xml| book.stream(&mut xml, &mut writer)),
        };
        writer.end(outcome)?;
    }
    Ok(())
}

/// The first look at a sheet: its merged areas and its size.
fn look(package: &mut Package<'_>, part: &str, limits: &Limits, meter: &mut Meter<'_>) -> Result<(Vec<Merge>, u64), Refused> {
    let mut scan = Scan::new(limits);
    let mut decoding = Decoding::default();
    let bytes = package.inflate(part, meter, |run| {
        let run = decoding.run(run, false).ok_or_else(|| not_utf16(part))?;
        scan.run(&run, part)
    })?;
    Ok((scan.merges, bytes))
}

/// Cells of a sheet that have comments, as far as they can be read.
fn comments(package: &mut Package<'_>, part: &str, meter: &mut Meter<'_>) -> Vec<(u32, u32)> {
    let relations = package.relations(part, meter).unwrap_or_default();
    let Some(relation) = relations.into_values().find(|relation| relation.kind == "comments") else { return Vec::new() };
    let Ok(bytes) = package.text(&relation.target, meter) else { return Vec::new() };
    let mut xml = Xml::new(bytes.as_slice(), &relation.target);
    let mut places = Vec::new();
    loop {
        match xml.next() {
            Ok(Node::Open(element)) if element.name() == "comment" => {
                places.extend(element.attribute("ref").and_then(|reference| position(reference.trim().as_bytes())));
            }
            Ok(Node::End) | Err(_) => return places,
            Ok(_) => {}
        }
    }
}

/// What the sheets share.
struct Book {
    sheets: Vec<SheetPart>,
    strings: Strings,
    styles: Styles,
    from_1904: bool,
    /// Formulas are to be worked out by whoever opens it: a nought beside one is no result.
    recalculated: bool,
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
        let mut book = Self {
            sheets: Vec::new(),
            strings: Strings::default(),
            styles: Styles::default(),
            from_1904: false,
            recalculated: false,
        };
        let bytes = package.text(&part, meter)?;
        let mut xml = Xml::new(bytes.as_slice(), &part);
        loop {
            match xml.next()? {
                Node::Open(element) => match element.name() {
                    "workbookPr" => book.from_1904 = element.is_true("date1904"),
                    "calcPr" => book.recalculated = element.is_true("fullCalcOnLoad"),
                    "sheet" => {
                        let relation = element.attribute("id").and_then(|id| relations.get(id.as_ref()));
                        // Charts and macros are no tables.
                        if relation.is_none_or(|relation| relation.kind == "worksheet") {
                            book.sheets.push(SheetPart {
                                name: element.attribute("name").unwrap_or_default().into_owned(),
                                hidden: element.attribute("state").is_some_and(|state| state.trim() != "visible"),
                                part: relation.map_or_else(String::new, |relation| relation.target.clone()),
                            });
                        }
                    }
                    _ => {}
                },
                Node::End => break,
                _ => {}
            }
        }
        if book.sheets.is_empty() {
            return Err(Refused::new("empty-file", "工作簿里没有工作表", "请向提供单位核实，重新导出"));
        }
        if let Some(part) = package.beside(&part, &relations, "sharedStrings", "sharedStrings.xml") {
            book.strings = Strings::read(package, &part, meter)?;
        }
        if let Some(part) = package.beside(&part, &relations, "styles", "styles.xml") {
            let bytes = package.text(&part, meter)?;
            book.styles = Styles::read(&mut Xml::new(bytes.as_slice(), &part))?;
        }
        Ok(book)
    }

    /// The cells of a sheet.
    fn stream(&self, xml: &mut Xml<impl BufRead>, writer: &mut SheetWriter<'_, '_>) -> Result<(), Stop> {
        // A part that is no worksheet has no such element.
        let mut seen = false;
        let (mut row, mut column) = (0u32, 0u32);
        let mut cell = CellText::default();
        loop {
            match xml.next()? {
                Node::Open(element) => match element.name() {
                    "sheetData" => seen = true,
                    "row" => {
                        let number = element.number("r").map(|row| u32::try_from(row).unwrap_or(u32::MAX));
                        (row, column) = (number.unwrap_or(row.saturating_add(1)), 0);
                        let flat = element.attribute("ht").is_some_and(|height| height.trim().parse::<f64>() == Ok(0.0));
                        if flat || element.is_true("hidden") {
                            writer.hide(row);
                        }
                    }
                    "c" => {
                        let [reference, style, kind] = element.plain_attributes(["r", "s", "t"]);
                        (row, column) = match &reference {
                            Some(reference) => position(reference.trim().as_bytes()).ok_or_else(|| {
                                Refused::damaged(format!("第 {} 行之后有单元格的地址无法识别", writer.last_row()))
                            })?,
                            None => (row.max(1), column),
                        };
                        let style = style.and_then(|style| style.trim().parse().ok()).unwrap_or(0);
                        cell.begin(kind.as_deref().unwrap_or_default());
                        cell.read(xml)?;
                        let (value, struck) = self.value(&cell, style, row)?;
                        writer.styled_cell(row, column, value, struck)?;
                        column = column.saturating_add(1);
                    }
                    _ => {}
                },
                Node::End if seen => return Ok(()),
                Node::End => return Err(Refused::damaged("不是工作表的部件：里面没有单元格的部分").into()),
                _ => {}
            }
        }
    }

    fn value<'c>(&'c self, cell: &'c CellText, style: u64, row: u32) -> Result<(Value<'c>, bool), Refused> {
        let style = self.styles.get(style);
        let written = cell.value.trim();
        let nothing = if cell.formula { Value::Unsolved } else { Value::Nothing };
        let value = match cell.kind.as_str() {
            "inlineStr" => Value::Text(&cell.inline),
            // A formula whose result is an empty text says so.
            "str" if cell.formula && !cell.has_value => Value::Unsolved,
            "str" => Value::Text(&cell.value),
            "e" => Value::Error,
            _ if written.is_empty() && !cell.inline.is_empty() => Value::Text(&cell.inline),
            _ if written.is_empty() => nothing,
            "s" => {
                let found = written.parse().ok().and_then(|index: usize| self.strings.get(index));
                let missing = || Refused::damaged(format!("第 {row} 行引用了不存在的共享字符串"));
                let (text, struck) = found.ok_or_else(missing)?;
                return Ok((Value::Text(text), struck || style.is_some_and(|style| style.struck)));
            }
            "b" => Value::Truth(matches!(written, "1" | "true")),
            "d" => Value::IsoDate(written),
            "" | "n" if cell.formula && self.recalculated && written == "0" => Value::Unsolved,
            "" | "n" => {
                let number = written.parse::<f64>();
                let shown = match (style, &number) {
                    (Some(style), Ok(number)) => style.format.shown(*number),
                    _ => Shown::Plain,
                };
                match number {
                    Ok(number) if shown == Shown::Day && self.from_1904 => Value::Serial(since_1900(number, true)),
                    _ => Value::Written(written, shown),
                }
            }
            _ => Value::Text(&cell.value),
        };
        Ok((value, cell.struck || style.is_some_and(|style| style.struck)))
    }
}

/// What stands in a cell's element.
#[derive(Default)]
struct CellText {
    kind: String,
    value: String,
    has_value: bool,
    formula: bool,
    inline: String,
    /// Whether the whole of an inline text is struck through.
    struck: bool,
}

impl CellText {
    fn begin(&mut self, kind: &str) {
        self.kind.clear();
        self.kind.push_str(kind);
        self.value.clear();
        self.inline.clear();
        (self.has_value, self.formula, self.struck) = (false, false, false);
    }

    /// Reads on to the end of the cell.
    fn read(&mut self, xml: &mut Xml<impl BufRead>) -> Result<(), Refused> {
        let mut in_value = false;
        loop {
            let mut in_inline = false;
            match xml.next()? {
                Node::Open(element) => match element.name() {
                    "v" => (in_value, self.has_value) = (true, true),
                    "f" => self.formula = true,
                    "is" => in_inline = true,
                    _ => {}
                },
                Node::Text(text) if in_value => self.value.push_str(&text),
                Node::Close(closed) => match closed.name() {
                    "v" => in_value = false,
                    "c" => break,
                    _ => {}
                },
                Node::Text(_) | Node::Other => {}
                Node::End => return Ok(()),
            }
            if in_inline {
                self.struck = rich_text(xml, "is", &mut self.inline)?;
            }
        }
        if self.kind == "str" {
            super::strings::unescape(&mut self.value, 0);
        }
        Ok(())
    }
}

/// Looks for merged areas in a sheet as it is inflated.
struct Scan<'a> {
    limits: &'a Limits,
    /// The end of the last run, where a mark may begin.
    window: Vec<u8>,
    merges: Vec<Merge>,
    mark: memmem::Finder<'static>,
}

impl<'a> Scan<'a> {
    fn new(limits: &'a Limits) -> Self {
        Self { limits, window: Vec::new(), merges: Vec::new(), mark: memmem::Finder::new(MERGE) }
    }

    fn run(&mut self, run: &[u8], name: &str) -> Result<(), Refused> {
        self.window.extend_from_slice(run);
        let mut keep_from = self.window.len().saturating_sub(SEAM);
        for at in self.mark.find_iter(&self.window) {
            if at == 0 || !matches!(self.window[at - 1], b'<' | b':') {
                continue;
            }
            let rest = &self.window[at..];
            match rest.get(MERGE.len()) {
                Some(after) if after.is_ascii_whitespace() => {}
                // The mark stands at the very end: it is looked at again with the next run.
                None => {
                    keep_from = keep_from.min(at - 1);
                    continue;
                }
                _ => continue,
            }
            let Some(end) = memchr::memchr(b'>', &rest[..rest.len().min(MERGE_TAG)]) else {
                if rest.len() < MERGE_TAG {
                    keep_from = keep_from.min(at - 1);
                }
                continue;
            };
            let Some(area) = area_of_tag(&rest[..end]) else {
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

/// `mergeCell ref="A3:B7"/` → the area.
fn area_of_tag(tag: &[u8]) -> Option<Merge> {
    let at = memmem::find(tag, b"ref")?;
    let value = tag[at + 3..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (&quote, value) = value.split_first()?;
    area(&value[..memchr::memchr(quote, value)?])
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
        let xml = br#"<worksheet><sheetData/><mergeCells count="2"><mergeCell ref="A3:B7"/><x:mergeCell
 ref='AA1:AB2'></x:mergeCell></mergeCells></worksheet>"#;
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
