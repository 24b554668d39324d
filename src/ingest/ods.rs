//! OpenDocument spreadsheets, zipped (ods) or flat (fods) → frames, streamed.
//!
//! Two looks at the content: merged areas, styles and hidden sheets first, cells second; no grid is built. What stands for a cell is its
//! paragraphs and not what hangs from it: annotations, ruby guides, drawings, and old values among tracked changes. Rows and cells that are
//! repeated are given so often, within reason. Memory: the styles, one block of rows.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};

use super::archive::{self, Meter, Source};
use super::cell::Value;
use super::format::Shown;
use super::grid::Merge;
use super::limits::Limits;
use super::sheet::{SheetHead, SheetWriter, Sink};
use super::stop::{Refused, Stop};
use super::utf16::AsUtf8;
use super::xml::{Element, Node, Xml};

/// Cells that repetition may add: a few equal rows, never a sheet full.
const REPEATED_CELLS: u64 = 2_000_000;

/// Whether decoded text is such a spreadsheet in one file; `head` is its beginning in lower case.
pub(crate) fn is_flat(head: &str) -> bool {
    head.starts_with('<')
        && head.contains("<office:document")
        && head.contains("urn:oasis:names:tc:opendocument:xmlns:office:1.0")
}

/// Reads every sheet of a zipped spreadsheet, hidden or not.
pub(crate) fn read(source: &mut dyn Source, limits: &Limits, meter: &mut Meter<'_>, sink: &mut Sink<'_>) -> Result<(), Stop> {
    const CONTENT: &str = "content.xml";
    let mut container = archive::open(source, limits)?;
    let unreadable = |_| Refused::damaged("content.xml 缺失或无法解压");
    if let Ok(mut manifest) = container.by_name("META-INF/manifest.xml")
        && memchr::memmem::find(&meter.read(&mut manifest, "META-INF/manifest.xml")?, b"encryption-data").is_some()
    {
        return Err(Refused::password("文件设有打开密码").into());
    }
    let size = meter.inflate(&mut container.by_name(CONTENT).map_err(unreadable)?, CONTENT, |_| Ok(()))?;
    let part = container.by_name(CONTENT).map_err(unreadable)?;
    let sheets = inspect(Xml::new(BufReader::with_capacity(1 << 16, AsUtf8::new(part)), CONTENT), limits)?;
    let part = container.by_name(CONTENT).map_err(unreadable)?;
    write(Xml::new(BufReader::with_capacity(1 << 16, AsUtf8::new(part)), CONTENT), sheets, size, limits, sink)
}

/// Reads every sheet of a flat spreadsheet.
pub(crate) fn read_flat(text: &str, limits: &Limits, sink: &mut Sink<'_>) -> Result<(), Stop> {
    let sheets = inspect(Xml::new(text.as_bytes(), "office:document"), limits)?;
    write(Xml::new(text.as_bytes(), "office:document"), sheets, text.len() as u64, limits, sink)
}

/// What the first look finds.
#[derive(Default)]
struct Looked {
    sheets: Vec<SheetHead>,
    /// Styles whose text is struck through.
    struck: BTreeSet<String>,
}

fn inspect(xml: Xml<impl BufRead>, limits: &Limits) -> Result<Looked, Refused> {
    let mut looked = Looked::default();
    let (mut style, mut undisplayed) = (String::new(), BTreeSet::new());
    let mut walk = Walk::new(xml);
    loop {
        match walk.next()? {
            Found::Style(name) => style = name,
            Found::Struck => {
                looked.struck.insert(style.clone());
            }
            Found::Undisplayed => {
                undisplayed.insert(style.clone());
            }
            Found::Sheet { name, style } => {
                let hidden = undisplayed.contains(&style);
                looked.sheets.push(SheetHead { name, hidden, ..SheetHead::default() });
                limits.hold_sheets(looked.sheets.len())?;
            }
            Found::Cell(cell) => {
                let Some(sheet) = looked.sheets.last_mut().filter(|_| cell.rows > 1 || cell.columns > 1) else { continue };
                sheet.merges.push(Merge {
                    first_row: small(walk.row),
                    first_column: small(cell.column),
                    last_row: small(walk.row.saturating_add(cell.rows - 1)),
                    last_column: small(cell.column.saturating_add(cell.columns - 1)),
                });
                if sheet.merges.len() > limits.merges {
                    return Err(Refused::over_limit(format!("合并单元格超过 {} 处", limits.merges)));
                }
            }
            Found::RowEnd | Found::SheetEnd => {}
            Found::End if looked.sheets.is_empty() => {
                return Err(Refused::new("empty-file", "文件里没有工作表", "请向提供单位核实，重新导出"));
            }
            Found::End => return Ok(looked),
        }
    }
}

fn write(xml: Xml<impl BufRead>, looked: Looked, size: u64, limits: &Limits, sink: &mut Sink<'_>) -> Result<(), Stop> {
    let mut walk = Walk::new(xml);
    let mut names = BTreeSet::new();
    for mut head in looked.sheets {
        // The first look was at the same bytes.
        while !matches!(walk.next()?, Found::Sheet { .. } | Found::End) {}
        head.bytes = Some(size);
        let twice = !names.insert(head.name.clone());
        let left_out = head.hidden && limits.leave_out.hidden_sheets;
        let mut writer = SheetWriter::begin(head, limits, sink)?;
        let outcome = if left_out {
            Ok(())
        } else if twice {
            // Rows are told by their sheet's name.
            Err(Refused::damaged("两个工作表同名").into())
        } else {
            rows(&mut walk, &looked.struck, &mut writer)
        };
        let unfinished = left_out || outcome.is_err();
        writer.end(outcome)?;
        while unfinished && walk.in_table() {
            walk.next()?;
        }
    }
    Ok(())
}

/// The rows of the sheet that a walk stands in.
fn rows(walk: &mut Walk<impl BufRead>, struck: &BTreeSet<String>, writer: &mut SheetWriter<'_, '_>) -> Result<(), Stop> {
    let mut cells: Vec<Cell> = Vec::new();
    let mut budget = REPEATED_CELLS;
    loop {
        match walk.next()? {
            Found::Cell(cell) if cell.says() => cells.push(cell),
            Found::RowEnd => {
                let again = if cells.is_empty() { 0 } else { walk.repeated };
                let width: u64 = cells.iter().fold(0, |sum, cell| sum.saturating_add(cell.repeated));
                let more = width.saturating_mul(again).saturating_sub(cells.len() as u64);
                budget = budget.checked_sub(more).ok_or_else(|| {
                    Refused::over_limit(format!("第 {} 行起同样的内容重复了 {more} 格，疑为恶意构造", walk.row))
                })?;
                for row in (walk.row..).take(usize::try_from(again).unwrap_or(usize::MAX)) {
                    let row = small(row);
                    if walk.hidden {
                        writer.hide(row);
                    }
                    for cell in &cells {
                        let struck = struck.contains(&cell.style);
                        if cell.commented {
                            writer.comment(row, small(cell.column));
                        }
                        for column in (cell.column..).take(usize::try_from(cell.repeated).unwrap_or(usize::MAX)) {
                            writer.styled_cell(row, small(column), cell.value(), struck)?;
                        }
                    }
                }
                cells.clear();
            }
            Found::SheetEnd | Found::End => return Ok(()),
            _ => {}
        }
    }
}

fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// What a walk finds, in the order of the file.
enum Found {
    /// A style begins; what follows belongs to it.
    Style(String),
    /// Its text is struck through.
    Struck,
    /// Sheets of it are not displayed.
    Undisplayed,
    Sheet {
        name: String,
        style: String,
    },
    /// A cell, empty ones too; its row is the walk's.
    Cell(Cell),
    RowEnd,
    SheetEnd,
    End,
}

/// A cell as it stands.
#[derive(Default)]
struct Cell {
    /// 0-based.
    column: u64,
    repeated: u64,
    /// Rows and columns that it spans.
    rows: u64,
    columns: u64,
    style: String,
    /// `office:value-type`.
    kind: String,
    /// The value beside the text.
    value: String,
    formula: bool,
    error: bool,
    text: String,
    commented: bool,
    /// Paragraphs so far.
    paragraphs: u32,
}

impl Cell {
    fn begin(element: &Element<'_>, column: u64) -> Self {
        let text = |name: &str| element.attribute(name).unwrap_or_default().into_owned();
        // `office:value-type` and `calcext:value-type` have one local name; only the second says that the value is an error.
        let kind = text("value-type");
        let value = ["date-value", "boolean-value", "time-value", "string-value", "value"];
        Self {
            column,
            repeated: element.number("number-columns-repeated").unwrap_or(1).max(1),
            rows: element.number("number-rows-spanned").unwrap_or(1).max(1),
            columns: element.number("number-columns-spanned").unwrap_or(1).max(1),
            style: text("style-name"),
            error: element.has_value("value-type", "error"),
            value: value.iter().find_map(|name| element.attribute(name)).unwrap_or_default().into_owned(),
            formula: element.attribute("formula").is_some(),
            kind,
            text: String::new(),
            commented: false,
            paragraphs: 0,
        }
    }

    fn says(&self) -> bool {
        !self.text.is_empty() || !self.value.is_empty() || self.formula || self.error || self.commented
    }

    fn value(&self) -> Value<'_> {
        let text = if self.text.is_empty() { &self.value } else { &self.text };
        if self.error {
            return Value::Error;
        }
        match self.kind.as_str() {
            "float" | "currency" | "percentage" if !self.value.trim().is_empty() => {
                // Digits that are shown with noughts before them are shown so.
                let shown = self.text.trim();
                let zeros = shown.len() > 1 && shown.starts_with('0') && shown.bytes().all(|byte| byte.is_ascii_digit());
                let digits = if zeros { u8::try_from(shown.len()).ok() } else { None };
                Value::Written(self.value.trim(), digits.map_or(Shown::Plain, Shown::Digits))
            }
            "date" if !self.value.trim().is_empty() => Value::IsoDate(self.value.trim()),
            "boolean" if !self.value.is_empty() => Value::Truth(self.value.trim() == "true"),
            // A formula whose result is an empty text says so.
            "" if self.formula && text.trim().is_empty() => Value::Unsolved,
            _ => Value::Text(text),
        }
    }
}

/// Where a walk is.
struct Walk<R> {
    xml: Xml<R>,
    in_table: bool,
    /// 1-based; the next row's number, how often the row in hand stands, whether it is hidden.
    row: u64,
    next_row: u64,
    repeated: u64,
    hidden: bool,
    next_column: u64,
    cell: Option<Cell>,
    in_paragraph: bool,
}

impl<R: BufRead> Walk<R> {
    fn new(xml: Xml<R>) -> Self {
        Self {
            xml,
            in_table: false,
            row: 0,
            next_row: 1,
            repeated: 1,
            hidden: false,
            next_column: 0,
            cell: None,
            in_paragraph: false,
        }
    }

    fn in_table(&self) -> bool {
        self.in_table
    }

    fn next(&mut self) -> Result<Found, Refused> {
        loop {
            let mut passed_over = false;
            match self.xml.next()? {
                Node::Open(element) => match element.name() {
                    // What is no cell's text, and what a change has replaced.
                    "annotation"
                    | "ruby-text"
                    | "tracked-changes"
                    | "shapes"
                    | "note"
                    | "frame"
                    | "custom-shape"
                    | "text-box"
                    | "object"
                    | "image"
                    | "dde-links"
                    | "label-ranges"
                    | "content-validations" => {
                        passed_over = true;
                        if let Some(cell) = self.cell.as_mut().filter(|_| element.name() == "annotation") {
                            cell.commented = true;
                        }
                    }
                    "style" => return Ok(Found::Style(element.attribute("name").unwrap_or_default().into_owned())),
                    "text-properties" if is_struck(&element) => return Ok(Found::Struck),
                    "table-properties" if element.has_value("display", "false") => return Ok(Found::Undisplayed),
                    "table" => {
                        (self.in_table, self.row, self.next_row) = (true, 0, 1);
                        let text = |name: &str| element.attribute(name).unwrap_or_default().into_owned();
                        return Ok(Found::Sheet { name: text("name"), style: text("style-name") });
                    }
                    "table-row" if self.in_table => {
                        self.row = self.next_row;
                        self.repeated = element.number("number-rows-repeated").unwrap_or(1).max(1);
                        self.next_row = self.row.saturating_add(self.repeated);
                        self.hidden = matches!(element.attribute("visibility").as_deref(), Some("collapse" | "filter"));
                        self.next_column = 0;
                    }
                    "table-cell" | "covered-table-cell" if self.in_table => {
                        let cell = Cell::begin(&element, self.next_column);
                        self.next_column = self.next_column.saturating_add(cell.repeated);
                        self.cell = Some(cell);
                    }
                    "p" | "h" => {
                        self.in_paragraph = true;
                        if let Some(cell) = &mut self.cell {
                            if cell.paragraphs > 0 {
                                cell.text.push('\n');
                            }
                            cell.paragraphs += 1;
                        }
                    }
                    name @ ("s" | "tab" | "line-break") if self.in_paragraph => {
                        if let Some(cell) = &mut self.cell {
                            // One blank says as much as many.
                            cell.text.push(if name == "line-break" { '\n' } else { ' ' });
                        }
                    }
                    _ => {}
                },
                Node::Text(text) if self.in_paragraph => {
                    if let Some(cell) = &mut self.cell {
                        push_text(&mut cell.text, &text);
                    }
                }
                Node::Close(closed) => match closed.name() {
                    "p" | "h" => self.in_paragraph = false,
                    "table-cell" | "covered-table-cell" => {
                        if let Some(cell) = self.cell.take() {
                            return Ok(Found::Cell(cell));
                        }
                    }
                    "table-row" if self.in_table => return Ok(Found::RowEnd),
                    "table" => {
                        self.in_table = false;
                        return Ok(Found::SheetEnd);
                    }
                    _ => {}
                },
                Node::Text(_) | Node::Other => {}
                Node::End => return Ok(Found::End),
            }
            if passed_over {
                self.xml.skip()?;
            }
        }
    }
}

fn is_struck(element: &Element<'_>) -> bool {
    ["text-line-through-style", "text-line-through-type"]
        .iter()
        .any(|name| element.attribute(name).is_some_and(|value| value != "none"))
}

/// Runs of white space are one blank, as the format says.
fn push_text(out: &mut String, text: &str) {
    if !text.bytes().any(|byte| byte.is_ascii_whitespace()) {
        out.push_str(text);
        return;
    }
    for character in text.chars() {
        if !character.is_ascii_whitespace() {
            out.push(character);
        } else if !out.ends_with([' ', '\n']) && !out.is_empty() {
            out.push(' ');
        }
    }
}
