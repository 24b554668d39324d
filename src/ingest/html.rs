//! HTML tables saved as .xls → frames, one sheet per table; a table of titles or headers above one, and of sums and signatures below it, is of it.
//!
//! Takes decoded text; spans become merged areas, text of a cell is what a browser would show on a line, a nested
//! table is a sheet of its own and not part of its cell. `x:num` gives the exact number. A sheet's rows are those of
//! its table, from 1, with those of the tables that are of it. Memory: the tables of the file.

use std::convert::Infallible;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};

use super::cell::Value;
use super::characters::has_digits;
use super::format::Shown;
use super::grid::Merge;
use super::limits::Limits;
use super::rows::{is_note, is_page_count, is_stamp, is_subtotal, squeeze};
use super::sheet::{SheetHead, SheetWriter, Sink};
use super::stop::{Refused, Stop};

/// Upper bounds that the HTML standard sets.
const WIDEST_SPAN: u32 = 1000;
const TALLEST_SPAN: u32 = 65_534;
/// Bytes of a character.
const LONGEST_CHARACTER: usize = 4;

/// Whether decoded text is HTML with a table in it.
pub(crate) fn is_html(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with('<') && memchr::memmem::find(lower_head(text, 1 << 16).as_bytes(), b"<table").is_some()
}

/// The beginning of a text in lower case, as far as it takes to tell what it is.
pub(crate) fn head(text: &str) -> String {
    lower_head(text.trim_start(), 4096)
}

/// Refuses XML and mail archives that open in Excel but are no HTML.
pub(crate) fn refuse_lookalikes(text: &str) -> Result<(), Refused> {
    let head = head(text);
    let hint = "请用 WPS 或 Excel 打开，另存为 xlsx 后重新提供";
    if head.starts_with("mime-version:") {
        Err(Refused::new("mhtml", "这是单文件网页（mht）格式，暂不支持", hint))
    } else if head.starts_with('<') && !is_html(text) {
        Err(Refused::new("unknown-format", "这是网页或 XML 文件，其中没有表格", "请核对来源，另存为 xlsx 后重新提供"))
    } else {
        Ok(())
    }
}

fn lower_head(text: &str, characters: usize) -> String {
    text.chars().take(characters).map(|character| character.to_ascii_lowercase()).collect()
}

/// Gives each table that has content.
pub(crate) fn read(text: &str, limits: &Limits, sink: &mut Sink<'_>) -> Result<(), Stop> {
    let mut page = Page {
        limits,
        tables: Vec::new(),
        open: Vec::new(),
        tag: String::new(),
        attribute: String::new(),
        start: Start::default(),
        refused: None,
        cells: 0,
        closed: false,
    };
    let emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, _: Span<()>| -> Option<Infallible> {
        page.event(&event);
        None
    });
    // The callback yields nothing, so one step runs to the end of the text.
    let _ = Tokenizer::new_with_emitter(text, emitter).next();
    if let Some(refused) = page.refused {
        return Err(refused.into());
    }
    // Programs forget to close a table, never the page after it.
    if !page.open.is_empty() && !page.closed {
        let row = page.open.first().and_then(|&position| page.tables.get(position)).map_or(0, |table| table.row);
        return Err(Refused::damaged(format!("网页表格没有结尾，到第 {row} 行就断了，文件不完整")).into());
    }
    let mut tables: Vec<Table> = Vec::new();
    for table in page.tables.into_iter().filter(|table| !table.cells.is_empty()) {
        match tables.last_mut() {
            Some(last) if last.heads(&table) || table.closes(last) => last.append(table),
            _ => tables.push(table),
        }
    }
    limits.hold_sheets(tables.len())?;
    let several = tables.len() > 1;
    for (position, mut table) in tables.into_iter().enumerate() {
        for merge in &mut table.merges {
            merge.last_row = merge.last_row.min(table.row.max(merge.first_row));
        }
        table.merges.retain(|merge| merge.last_row > merge.first_row || merge.last_column > merge.first_column);
        let name = if several { format!("表{}", position + 1) } else { String::new() };
        let head = SheetHead { name, merges: table.merges, bytes: Some(text.len() as u64), ..SheetHead::default() };
        let mut writer = SheetWriter::begin(head, limits, sink)?;
        let mut hidden = table.hidden.iter().copied().peekable();
        let outcome = table.cells.iter().try_for_each(|cell| {
            while let Some(row) = hidden.next_if(|row| *row <= cell.row) {
                writer.hide(row);
            }
            let value = if cell.number { Value::Written(&cell.text, Shown::Plain) } else { Value::Text(&cell.text) };
            writer.styled_cell(cell.row, cell.column, value, cell.struck)
        });
        writer.end(outcome)?;
    }
    Ok(())
}

/// State of the tokens read so far.
struct Page<'a> {
    limits: &'a Limits,
    /// Every table, by where it starts.
    tables: Vec<Table>,
    /// Tables not closed yet, outermost first: positions in `tables`.
    open: Vec<usize>,
    tag: String,
    attribute: String,
    start: Start,
    refused: Option<Refused>,
    cells: u64,
    /// Whether the end of the page has come.
    closed: bool,
}

/// Attributes of the start tag being read.
#[derive(Default)]
struct Start {
    column_span: u32,
    row_span: u32,
    number: Option<String>,
    /// Whether its style hides it, or strikes it through.
    hidden: bool,
    struck: bool,
}

#[derive(Default)]
struct Table {
    /// 1-based row of the `<tr>` read last.
    row: u32,
    column: u32,
    /// Per column, the last row that a span from above covers.
    covered: Vec<u32>,
    merges: Vec<Merge>,
    cells: Vec<HtmlCell>,
    in_cell: bool,
    /// Rows that are not displayed, ascending.
    hidden: Vec<u32>,
    /// Whether the row's style strikes it through.
    struck: bool,
}

/// Rows of a table that is a title, or a foot, of another at most.
const ASIDE: u32 = 5;

impl Table {
    /// Columns.
    fn width(&self) -> u32 {
        self.cells.iter().filter(|cell| !cell.text.trim().is_empty()).map(|cell| cell.column + 1).max().unwrap_or(0)
    }

    /// Texts of each row.
    fn texts(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(|cell| cell.text.trim()).filter(|text| !text.is_empty())
    }

    /// Cells with text in the fullest row.
    fn fullest(&self) -> usize {
        let rows = self.cells.chunk_by(|one, other| one.row == other.row);
        rows.map(|row| row.iter().filter(|cell| !cell.text.trim().is_empty()).count()).max().unwrap_or(0)
    }

    /// Whether it is what stands above the rows of `next`: titles, one or two in a row, or nothing but its header.
    fn heads(&self, next: &Self) -> bool {
        let (width, fullest) = (next.width(), self.fullest());
        let is_titles = self.row <= ASIDE && fullest <= 2 && width >= 3 && !self.texts().any(|text| has_digits(text, 14));
        // Titles and then the header.
        let is_header = self.row <= ASIDE && width >= 3 && self.width() == width && {
            let last = self.cells.iter().rposition(|cell| !cell.text.trim().is_empty()).map_or(0, |at| self.cells[at].row);
            let above = self.cells.iter().filter(|cell| cell.row < last && !cell.text.trim().is_empty()).count();
            above <= 2 && self.texts().all(|text| !has_digits(text, 6))
        };
        is_titles || is_header
    }

    /// Whether it is what stands below the rows of `last`: sums, who signs, notes.
    fn closes(&self, last: &Self) -> bool {
        let said = |text: &str| {
            let squeezed = squeeze(text);
            let signs =
                ["制表", "审核", "填表", "填报", "负责", "经办", "打印", "导出"].iter().any(|word| squeezed.starts_with(word));
            signs || is_subtotal(text) || is_note(&squeezed) || is_stamp(&squeezed) || is_page_count(&squeezed)
        };
        let narrow = self.row <= ASIDE && self.fullest() <= 4 && self.width() < last.width();
        narrow && self.texts().any(said) && !self.texts().any(|text| has_digits(text, 14))
    }

    /// Puts another one below.
    fn append(&mut self, other: Self) {
        let above = self.row;
        self.cells.extend(other.cells.into_iter().map(|cell| HtmlCell { row: cell.row + above, ..cell }));
        let merges = other.merges.into_iter();
        self.merges.extend(merges.map(|merge| Merge {
            first_row: merge.first_row + above,
            last_row: merge.last_row.saturating_add(above),
            ..merge
        }));
        self.hidden.extend(other.hidden.into_iter().map(|row| row + above));
        self.row += other.row;
    }
}

struct HtmlCell {
    row: u32,
    column: u32,
    number: bool,
    text: String,
    struck: bool,
}

impl Page<'_> {
    fn event(&mut self, event: &CallbackEvent<'_>) {
        if self.refused.is_some() {
            return;
        }
        match event {
            CallbackEvent::OpenStartTag { name } => {
                set(&mut self.tag, name);
                self.start = Start { column_span: 1, row_span: 1, ..Start::default() };
            }
            CallbackEvent::AttributeName { name } => set(&mut self.attribute, name),
            CallbackEvent::AttributeValue { value } => {
                let value = String::from_utf8_lossy(value);
                let number = || value.trim().parse::<u32>().ok();
                match self.attribute.as_str() {
                    "colspan" => self.start.column_span = number().unwrap_or(1).clamp(1, WIDEST_SPAN),
                    // 0 means: to the end of the table.
                    "rowspan" => {
                        self.start.row_span =
                            number().map_or(1, |rows| if rows == 0 { TALLEST_SPAN } else { rows.min(TALLEST_SPAN) });
                    }
                    "style" => {
                        let style: String = value.chars().filter(|character| !character.is_ascii_whitespace()).collect();
                        self.start.hidden |= style.contains("display:none");
                        self.start.struck |= style.contains("line-through");
                    }
                    "hidden" => self.start.hidden = true,
                    "x:num" if !value.trim().is_empty() => self.start.number = Some(value.trim().to_owned()),
                    _ => {}
                }
            }
            CallbackEvent::CloseStartTag { .. } => self.start_tag(),
            CallbackEvent::EndTag { name } => {
                set(&mut self.tag, name);
                match self.tag.as_str() {
                    "table" => {
                        self.open.pop();
                    }
                    "html" | "body" => self.closed = true,
                    "td" | "th" | "tr" => {
                        if let Some(table) = self.table() {
                            table.in_cell = false;
                        }
                    }
                    _ => {}
                }
            }
            CallbackEvent::String { value } => self.text(&String::from_utf8_lossy(value)),
            _ => {}
        }
    }

    fn table(&mut self) -> Option<&mut Table> {
        self.open.last().and_then(|&position| self.tables.get_mut(position))
    }

    fn start_tag(&mut self) {
        match self.tag.as_str() {
            "table" => {
                self.open.push(self.tables.len());
                self.tables.push(Table::default());
            }
            "tr" => {
                let Start { hidden, struck, .. } = self.start;
                if let Some(table) = self.table() {
                    table.row += 1;
                    table.column = 0;
                    table.in_cell = false;
                    table.struck = struck;
                    if hidden {
                        table.hidden.push(table.row);
                    }
                }
            }
            "td" | "th" => self.start_cell(),
            // Struck through from here on, as a whole cell usually is.
            name if matches!(name, "s" | "strike" | "del") || self.start.struck => {
                if let Some(cell) = self.table().filter(|table| table.in_cell).and_then(|table| table.cells.last_mut()) {
                    cell.struck |= cell.text.trim().is_empty();
                }
            }
            "br" => {
                if let Some(table) = self.table().filter(|table| table.in_cell)
                    && let Some(cell) = table.cells.last_mut()
                {
                    cell.text.push('\n');
                }
            }
            _ => {}
        }
    }

    fn start_cell(&mut self) {
        let Start { column_span, row_span, number, struck, .. } = std::mem::take(&mut self.start);
        self.cells += 1;
        let (cells, limits) = (self.cells, self.limits);
        let Some(table) = self.table() else { return };
        table.row = table.row.max(1);
        let row = table.row;
        let mut column = table.column;
        while table.covered.get(column as usize).is_some_and(|last| *last >= row) {
            column += 1;
        }
        let last_column = column + column_span - 1;
        if last_column >= limits.columns || row > limits.rows || cells > limits.cells || table.merges.len() > limits.merges {
            self.refused =
                Some(Refused::over_limit(format!("网页表格第 {row} 行第 {} 列超过行、列、单元格数的上限", last_column + 1)));
            return;
        }
        let last_row = row.saturating_add(row_span - 1);
        if row_span > 1 {
            if table.covered.len() <= last_column as usize {
                table.covered.resize(last_column as usize + 1, 0);
            }
            for covered in &mut table.covered[column as usize..=last_column as usize] {
                *covered = (*covered).max(last_row);
            }
        }
        if row_span > 1 || column_span > 1 {
            table.merges.push(Merge { first_row: row, first_column: column, last_row, last_column });
        }
        table.column = last_column + 1;
        table.in_cell = true;
        let struck = struck || table.struck;
        // One that stayed empty needs no memory.
        table.cells.pop_if(|before| before.text.is_empty());
        table.cells.push(HtmlCell { row, column, number: number.is_some(), text: number.unwrap_or_default(), struck });
    }

    /// Runs of white space are one blank, as a browser shows them.
    fn text(&mut self, text: &str) {
        if matches!(self.tag.as_str(), "style" | "script" | "title") {
            return;
        }
        let most = self.limits.cell_characters * LONGEST_CHARACTER;
        let Some(cell) = self.table().filter(|table| table.in_cell).and_then(|table| table.cells.last_mut()) else { return };
        if cell.number {
            return;
        }
        if cell.text.len() > most {
            let what =
                format!("网页表格第 {} 行第 {} 列的单元格超过 {} 个字", cell.row, cell.column + 1, most / LONGEST_CHARACTER);
            self.refused = Some(Refused::over_limit(what));
            return;
        }
        for character in text.chars() {
            if !character.is_ascii_whitespace() {
                cell.text.push(character);
            } else if !cell.text.ends_with([' ', '\n']) {
                cell.text.push(' ');
            }
        }
    }
}

/// Tag and attribute names arrive in lower case.
fn set(to: &mut String, name: &[u8]) {
    to.clear();
    to.push_str(&String::from_utf8_lossy(name));
}
