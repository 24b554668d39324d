//! SpreadsheetML 2003 (an XML file called .xls) → frames, one sheet per worksheet.
//!
//! Takes decoded text; only cells that stand where the format puts them (Workbook, Worksheet, Table, Row, Cell, Data) are read, so that
//! comments (but that a cell has one is told), print settings and page breaks are not taken for content. Two passes: merged areas first,
//! cells second; no grid is built, so a far index costs nothing. A DOCTYPE or an entity other than XML's own five is refused. Memory: the text.

use std::collections::BTreeMap;

use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::cell::Value;
use super::format::{NumberFormat, Shown};
use super::grid::Merge;
use super::limits::Limits;
use super::sheet::{SheetHead, SheetWriter, Sink};
use super::stop::{Refused, Stop};
use super::styles::Style;

/// The namespace that makes an XML file one of these.
const NAMESPACE: &str = "urn:schemas-microsoft-com:office:spreadsheet";
/// Elements stand no deeper than this in any honest file.
const DEEPEST: usize = 64;

/// Whether decoded text is such a workbook; `head` is its beginning in lower case.
pub(crate) fn is_spreadsheetml(head: &str) -> bool {
    head.starts_with('<') && head.contains(NAMESPACE) && (head.contains("<workbook") || head.contains(":workbook"))
}

/// Gives each worksheet, hidden or not.
pub(crate) fn read(text: &str, limits: &Limits, sink: &mut Sink<'_>) -> Result<(), Stop> {
    let mut sheets: Vec<SheetHead> = Vec::new();
    let mut walk = Walk::new(text);
    while let Some(found) = walk.next()? {
        match found {
            Found::Sheet(name) => {
                sheets.push(SheetHead { name, bytes: Some(text.len() as u64), ..SheetHead::default() });
                limits.hold_sheets(sheets.len())?;
            }
            // What is said of a sheet stands after its cells.
            Found::SheetEnd => {
                if let Some(sheet) = sheets.last_mut() {
                    sheet.hidden = std::mem::take(&mut walk.hidden_sheet);
                }
            }
            Found::Cell(cell)
                if cell.merge.first_row < cell.merge.last_row || cell.merge.first_column < cell.merge.last_column =>
            {
                let merges = sheets.last_mut().map(|sheet| &mut sheet.merges);
                if cell.merge.last_row > limits.rows || cell.merge.last_column >= limits.columns {
                    let Merge { first_row, first_column, .. } = cell.merge;
                    let what =
                        format!("第 {first_row} 行第 {} 列起的合并单元格超出了表格的行、列上限", u64::from(first_column) + 1);
                    return Err(Refused::over_limit(what).into());
                }
                if let Some(merges) = merges {
                    merges.push(cell.merge);
                    if merges.len() > limits.merges {
                        return Err(Refused::over_limit(format!("合并单元格超过 {} 处", limits.merges)).into());
                    }
                }
            }
            Found::Cell(_) => {}
        }
    }
    let mut walk = Walk::new(text);
    let mut sheets = sheets.into_iter();
    while let Some(found) = walk.next()? {
        if let Found::Sheet(_) = found {
            let head = sheets.next().unwrap_or_default();
            let left_out = head.hidden && limits.leave_out.hidden_sheets;
            let mut writer = SheetWriter::begin(head, limits, sink)?;
            let outcome = if left_out { Ok(()) } else { cells(&mut walk, &mut writer) };
            let refused = outcome.is_err() || left_out;
            writer.end(outcome)?;
            if refused {
                walk.skip_sheet()?;
            }
        }
    }
    Ok(())
}

fn cells(walk: &mut Walk<'_>, writer: &mut SheetWriter<'_, '_>) -> Result<(), Stop> {
    // Per column, the last row that a merged area from above covers.
    let mut covered: Vec<u32> = Vec::new();
    // The row in which a cell without an index stands under a merged area: some writers count the covered column and some do not.
    let mut doubtful = 0;
    loop {
        let cell = match walk.next()? {
            None | Some(Found::SheetEnd) => return Ok(()),
            Some(Found::Sheet(_)) => continue,
            Some(Found::Cell(cell)) => cell,
        };
        let Merge { first_row, first_column, last_row, last_column } = cell.merge;
        let under = covered.get(first_column as usize).is_some_and(|last| *last >= first_row);
        if under && !cell.indexed {
            doubtful = first_row;
        }
        if cell.indexed && !under {
            doubtful = 0;
        }
        if !cell.text.trim().is_empty() && (under || doubtful == first_row) {
            let what =
                format!("第 {first_row} 行有合并单元格从上面盖下来，第 {} 列起的内容在哪一列说不准", u64::from(first_column) + 1);
            return Err(Refused::damaged(what).into());
        }
        // Spans were held against the limits in the first pass.
        if last_row > first_row {
            let wide = last_column as usize + 1;
            if covered.len() < wide {
                covered.resize(wide, 0);
            }
            for last in &mut covered[first_column as usize..wide] {
                *last = (*last).max(last_row);
            }
        }
        if walk.hidden_row {
            writer.hide(first_row);
        }
        if cell.commented {
            writer.comment(first_row, first_column);
        }
        let style = walk.styles.get(&cell.style);
        writer.styled_cell(first_row, first_column, cell.value(style), style.is_some_and(|style| style.struck))?;
    }
}

/// What a walk finds, in the order of the file.
enum Found {
    /// A worksheet begins.
    Sheet(String),
    Cell(Cell),
    SheetEnd,
}

/// A cell, empty ones too.
struct Cell {
    /// Whether the file says in which column it stands.
    indexed: bool,
    /// Where it stands, and how far it reaches.
    merge: Merge,
    style: String,
    formula: bool,
    commented: bool,
    kind: Kind,
    text: String,
}

/// `ss:Type`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The cell has no data.
    Nothing,
    Text,
    Number,
    Date,
    Truth,
    /// `#N/A` and its kin.
    Error,
}

impl Cell {
    fn value(&self, style: Option<&Style>) -> Value<'_> {
        match self.kind {
            Kind::Nothing if self.formula => Value::Unsolved,
            Kind::Nothing => Value::Nothing,
            Kind::Number => {
                let number = self.text.trim().parse::<f64>();
                let shown = style.zip(number.ok()).map_or(Shown::Plain, |(style, number)| style.format.shown(number));
                // A day has a type of its own.
                Value::Written(self.text.trim(), if shown == Shown::Day { Shown::Plain } else { shown })
            }
            Kind::Date => Value::IsoDate(self.text.trim()),
            Kind::Truth => match self.text.trim() {
                "1" => Value::Truth(true),
                "0" => Value::Truth(false),
                _ => Value::Text(&self.text),
            },
            Kind::Error => Value::Error,
            Kind::Text => Value::Text(&self.text),
        }
    }
}

/// Elements on the way from the root to where a walk is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Element {
    Workbook,
    Worksheet,
    Table,
    Row,
    Cell,
    Data,
    /// Anything else, and what stands in it.
    Other,
}

struct Walk<'t> {
    reader: Reader<&'t [u8]>,
    open: Vec<Element>,
    /// 1-based; 0 before the first row of a table.
    row: u64,
    next_row: u64,
    /// 0-based.
    next_column: u64,
    cell: Option<Cell>,
    /// Whether the row in hand is hidden, and the sheet, which its end says.
    hidden_row: bool,
    hidden_sheet: bool,
    in_visible: bool,
    /// Styles read so far, and the last begun.
    styles: BTreeMap<String, Style>,
    style: String,
    /// What was found beside the last.
    pending: Option<Found>,
}

impl<'t> Walk<'t> {
    fn new(text: &'t str) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().trim_text(false);
        Self {
            reader,
            open: Vec::new(),
            row: 0,
            next_row: 1,
            next_column: 0,
            cell: None,
            hidden_row: false,
            hidden_sheet: false,
            in_visible: false,
            styles: BTreeMap::new(),
            style: String::new(),
            pending: None,
        }
    }

    fn damaged(&self, what: &str) -> Refused {
        let row = if self.row > 0 { format!("第 {} 行附近，", self.row) } else { String::new() };
        Refused::damaged(format!("XML 表格 2003：{row}{what}"))
    }

    fn next(&mut self) -> Result<Option<Found>, Refused> {
        if let Some(found) = self.pending.take() {
            return Ok(Some(found));
        }
        loop {
            // The parser's message may quote the file.
            let Ok(event) = self.reader.read_event() else { return Err(self.damaged("标记不合 XML 格式")) };
            match event {
                Event::Eof if self.open.is_empty() => return Ok(None),
                Event::Eof => return Err(self.damaged("文件不完整，到这里就断了")),
                Event::DocType(_) => return Err(self.damaged("含有 DOCTYPE 声明，疑为恶意构造")),
                Event::Start(start) => {
                    if let Some(found) = self.start(&start)? {
                        return Ok(Some(found));
                    }
                }
                Event::Empty(start) => {
                    // An empty worksheet begins and ends; an empty cell may be merged.
                    let began = self.start(&start)?;
                    let ended = self.end();
                    if began.is_some() {
                        self.pending = ended;
                        return Ok(began);
                    }
                    if ended.is_some() {
                        return Ok(ended);
                    }
                }
                Event::End(_) => {
                    if let Some(found) = self.end() {
                        return Ok(Some(found));
                    }
                }
                Event::Text(text) => self.text(&text.xml10_content()),
                Event::CData(text) => self.text(&text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let named = resolve_xml_entity(&reference).map(str::to_owned);
                    match (reference.resolve_char_ref(), named) {
                        (Ok(Some(character)), _) => self.text(character.encode_utf8(&mut [0; 4])),
                        (Ok(None), Some(text)) => self.text(&text),
                        _ => return Err(self.damaged("有不认识的实体")),
                    }
                }
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            }
        }
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<Option<Found>, Refused> {
        if self.open.len() >= DEEPEST {
            return Err(self.damaged("元素套得太深，疑为恶意构造"));
        }
        let name = start.local_name().into_inner();
        let element = match (self.open.last(), name) {
            (None, "Workbook") => Element::Workbook,
            (Some(Element::Workbook), "Worksheet") => Element::Worksheet,
            (Some(Element::Worksheet), "Table") => Element::Table,
            (Some(Element::Table), "Row") => Element::Row,
            (Some(Element::Row), "Cell") => Element::Cell,
            // Rich text: its pieces are text of the cell.
            (Some(Element::Cell), "Data") | (Some(Element::Data), _) => Element::Data,
            _ => Element::Other,
        };
        // Rich text deeper in a cell must not set its type again.
        let is_piece = element == Element::Data && self.open.last() == Some(&Element::Data);
        self.open.push(element);
        match element {
            Element::Other => self.aside(name, start)?,
            Element::Worksheet => {
                (self.row, self.next_row) = (0, 1);
                self.hidden_sheet = false;
                return Ok(Some(Found::Sheet(self.attribute(start, "Name")?.unwrap_or_default())));
            }
            Element::Row => {
                self.row = self.number(start, "Index")?.unwrap_or(self.next_row);
                if self.row < self.next_row {
                    return Err(self.damaged("行号次序错乱或重复"));
                }
                self.next_row = self.row.saturating_add(1).saturating_add(self.number(start, "Span")?.unwrap_or(0));
                self.next_column = 0;
                let flat = self.attribute(start, "Height")?.is_some_and(|height| height.trim().parse::<f64>() == Ok(0.0));
                self.hidden_row = flat || self.attribute(start, "Hidden")?.is_some_and(|hidden| hidden.trim() == "1");
            }
            Element::Cell => {
                let index = self.number(start, "Index")?;
                let column = match index {
                    Some(0) => return Err(self.damaged("列号从 1 数起")),
                    Some(index) => index - 1,
                    None => self.next_column,
                };
                if column < self.next_column {
                    return Err(self.damaged("列号次序错乱或重复"));
                }
                let across = column.saturating_add(self.number(start, "MergeAcross")?.unwrap_or(0));
                let down = self.row.saturating_add(self.number(start, "MergeDown")?.unwrap_or(0));
                self.next_column = across.saturating_add(1);
                // What does not fit is over every limit.
                let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
                let merge = Merge {
                    first_row: small(self.row),
                    first_column: small(column),
                    last_row: small(down),
                    last_column: small(across),
                };
                self.cell = Some(Cell {
                    indexed: index.is_some(),
                    merge,
                    style: self.attribute(start, "StyleID")?.unwrap_or_default(),
                    formula: self.attribute(start, "Formula")?.is_some(),
                    commented: false,
                    kind: Kind::Nothing,
                    text: String::new(),
                });
            }
            Element::Data if !is_piece => {
                let kind = match self.attribute(start, "Type")?.as_deref() {
                    Some("Number") => Kind::Number,
                    Some("DateTime") => Kind::Date,
                    Some("Boolean") => Kind::Truth,
                    Some("Error") => Kind::Error,
                    _ => Kind::Text,
                };
                if let Some(cell) = &mut self.cell {
                    cell.kind = kind;
                }
            }
            _ => {}
        }
        Ok(None)
    }

    /// What stands beside the cells: styles, and what is said of a sheet.
    fn aside(&mut self, name: &str, start: &BytesStart<'_>) -> Result<(), Refused> {
        match name {
            "Style" => self.style = self.attribute(start, "ID")?.unwrap_or_default(),
            "Font" if self.attribute(start, "StrikeThrough")?.is_some_and(|struck| struck.trim() == "1") => {
                self.styles.entry(self.style.clone()).or_default().struck = true;
            }
            "NumberFormat" => {
                if let Some(code) = self.attribute(start, "Format")? {
                    self.styles.entry(self.style.clone()).or_default().format = NumberFormat::read(&code);
                }
            }
            "Comment" => self.cell.iter_mut().for_each(|cell| cell.commented = true),
            "Visible" => self.in_visible = true,
            _ => {}
        }
        Ok(())
    }

    /// The element opened last ends.
    fn end(&mut self) -> Option<Found> {
        self.in_visible = false;
        match self.open.pop()? {
            Element::Worksheet => Some(Found::SheetEnd),
            Element::Cell => self.cell.take().map(Found::Cell),
            _ => None,
        }
    }

    fn text(&mut self, text: &str) {
        if self.in_visible && self.open.contains(&Element::Worksheet) {
            self.hidden_sheet |= text.trim().starts_with("SheetHidden") || text.trim().starts_with("SheetVeryHidden");
        }
        if self.open.last() == Some(&Element::Data)
            && let Some(cell) = &mut self.cell
        {
            cell.text.push_str(text);
        }
    }

    /// An attribute whatever its prefix, its entities resolved.
    fn attribute(&self, start: &BytesStart<'_>, wanted: &str) -> Result<Option<String>, Refused> {
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|_| self.damaged("属性不合 XML 格式"))?;
            if attribute.key.local_name().into_inner() == wanted {
                let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| self.damaged("有不认识的实体"))?;
                return Ok(Some(value.into_owned()));
            }
        }
        Ok(None)
    }

    /// An attribute that is a whole number; one that is none, or is too large for any table, is refused by whoever uses it.
    fn number(&self, start: &BytesStart<'_>, wanted: &str) -> Result<Option<u64>, Refused> {
        let Some(text) = self.attribute(start, wanted)? else { return Ok(None) };
        let digits = text.trim();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(self.damaged("行号、列号或合并范围不是数"));
        }
        Ok(Some(digits.parse().unwrap_or(u64::MAX)))
    }

    /// Goes on behind the worksheet that a walk stands in.
    fn skip_sheet(&mut self) -> Result<(), Refused> {
        while self.open.contains(&Element::Worksheet) {
            self.next()?;
        }
        self.cell = None;
        Ok(())
    }
}
