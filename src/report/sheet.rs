//! One printed sheet: title, sub-title, tables, signature lines, paper.
//!
//! Takes a layout and a function that gives each cell; writes top to bottom with a cursor. Guarantees: data never becomes a
//! formula (only totals are, and we write those); every row is high enough for its text at print; A4 landscape, one page
//! wide, header repeated. Cost: one pass over the cells.

use rust_xlsxwriter::{
    Color, ExcelDateTime, Format, FormatAlign, FormatBorder, Formula, IgnoreError, ProtectionOptions, Url, Worksheet, XlsxError,
    utility::cell_range,
};

use crate::config::layout::{Align, Column, Style, Table};
use crate::model::date::Day;
use crate::model::money::Fen;
use crate::model::text::unsteered;

use super::answers::Lookup;
use super::caption::Caption;
use super::measure::{fit, lines};
use super::spread::even_runs;

/// Excel's highest row, in points.
const TALLEST: f64 = 409.0;
/// Characters that differ.
const MARKED: u32 = 0x00C0_0000;
/// Excel's column width unit: pixels of one digit of the default font.
const UNIT: f64 = 7.0;

/// What a cell shows.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Nothing.
    Blank,
    /// Text, never a formula.
    Text(String),
    /// Text in runs, some of them marked; none empty.
    Marked(Vec<(String, bool)>),
    /// A number in tenths.
    Tenths(i64),
    /// A count.
    Count(i64),
    /// An amount, shown in yuan.
    Money(Fen),
    /// A share in basis points, shown in per cent.
    Share(i64),
    /// A date.
    Day(Day),
    /// The name of a sheet of this workbook, as a link to it.
    Sheet(String),
    /// Text that leads to a row (from 0) of a sheet of this workbook.
    Link {
        /// What is shown.
        text: String,
        /// Sheet.
        sheet: String,
        /// Row.
        row: u32,
    },
}

/// How a row stands out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Look {
    /// It does not.
    #[default]
    Plain,
    /// Begins a block: tinted and bold.
    Head,
    /// Begins a part of a block: bold.
    Strong,
    /// Folded away until somebody wants to see it.
    Folded,
}

/// Where a table came to stand; rows and columns from 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Area {
    /// First data row.
    pub(super) first: u32,
    /// Last data row; before `first` when there is none.
    pub(super) last: u32,
    /// The totals row, where there is one.
    pub(super) totals: Option<u32>,
}

/// A sheet being written.
pub(super) struct Page<'a> {
    /// The sheet, for what only one page needs (charts).
    pub(super) sheet: &'a mut Worksheet,
    style: &'a Style,
    caption: Caption,
    widths: Vec<f64>,
    row: u32,
    repeat_from: u32,
}

impl<'a> Page<'a> {
    /// Starts at the top, with the columns of `table`.
    pub(super) fn new<F>(
        sheet: &'a mut Worksheet,
        style: &'a Style,
        caption: &Caption,
        table: &Table<F>,
    ) -> Result<Self, XlsxError> {
        let mut widths = Vec::with_capacity(table.columns.len());
        for (at, column) in (0u16..).zip(&table.columns) {
            sheet.set_column_width(at, column.width)?;
            if column.hidden {
                sheet.set_column_hidden(at)?;
            }
            widths.push(if column.hidden { 0.0 } else { column.width });
        }
        let mut page = Self { sheet, style, caption: caption.clone(), widths, row: 0, repeat_from: 0 };
        page.title(&table.title)?;
        page.subtitle(&table.subtitle)?;
        Ok(page)
    }

    /// The next free row.
    pub(super) fn row(&self) -> u32 {
        self.row
    }

    /// Leaves rows free; later rows only are repeated on each page.
    pub(super) fn skip(&mut self, rows: u32) {
        self.row += rows;
        self.repeat_from = self.row;
    }

    fn base(&self) -> Format {
        Format::new()
            .set_font_name(&self.style.body_font)
            .set_font_size(self.style.body_size)
            .set_align(FormatAlign::VerticalCenter)
    }

    fn header_format(&self) -> Format {
        self.base()
            .set_font_name(&self.style.header_font)
            .set_align(FormatAlign::Center)
            .set_text_wrap()
            .set_border(FormatBorder::Thin)
            .set_background_color(Color::RGB(self.style.header_tint.0))
    }

    fn last_visible(&self) -> u16 {
        let last = self.widths.iter().rposition(|width| *width > 0.0).unwrap_or(0);
        u16::try_from(last).unwrap_or(u16::MAX)
    }

    fn line_height(&self) -> f64 {
        (self.style.body_size * 1.36).ceil()
    }

    /// Points for a row of `lines` lines; printers break lines a little earlier than screens, so long texts get slack.
    fn height(&self, lines: usize) -> f64 {
        let lines = f64::from(u32::try_from(lines + lines / 7).unwrap_or(u32::MAX));
        (lines * self.line_height() + 6.0).clamp(22.0, TALLEST)
    }

    /// Half-width places in a column.
    fn capacity(&self, width: f64) -> usize {
        let places = width * UNIT / (self.style.body_size * 2.0 / 3.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a column is at most 255 wide and never negative"
        )]
        let places = places.floor() as usize;
        places
    }

    fn merged(&mut self, row: u32, first: u16, last: u16, text: &str, format: &Format) -> Result<(), XlsxError> {
        let text = unsteered(text);
        if first == last {
            self.sheet.write_string_with_format(row, first, text, format)?;
        } else {
            self.sheet.merge_range(row, first, row, last, &text, format)?;
        }
        Ok(())
    }

    fn title(&mut self, template: &str) -> Result<(), XlsxError> {
        let format = Format::new()
            .set_font_name(&self.style.title_font)
            .set_font_size(self.style.title_size)
            .set_align(FormatAlign::Center)
            .set_align(FormatAlign::VerticalCenter);
        let title = self.caption.fill(template);
        self.merged(self.row, 0, self.last_visible(), &title, &format)?;
        self.sheet.set_row_height(self.row, self.style.title_size * 1.9)?;
        self.row += 1;
        Ok(())
    }

    fn subtitle(&mut self, items: &[String]) -> Result<(), XlsxError> {
        if items.is_empty() {
            return Ok(());
        }
        let aligns = [FormatAlign::Left, FormatAlign::Center, FormatAlign::Right];
        for ((first, last), (item, align)) in self.spans(items.len()).into_iter().zip(items.iter().zip(aligns)) {
            let (text, format) = (self.caption.fill(item), self.base().set_align(align));
            self.merged(self.row, first, last, &text, &format)?;
        }
        self.sheet.set_row_height(self.row, self.height(1))?;
        self.row += 1;
        Ok(())
    }

    /// Visible columns in `count` neighbouring runs of at least one column, none needlessly narrow.
    fn spans(&self, count: usize) -> Vec<(u16, u16)> {
        let visible = usize::from(self.last_visible()) + 1;
        let spans = even_runs(self.widths.get(..visible).unwrap_or(&[]), count.clamp(1, visible));
        let column = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
        spans.into_iter().map(|(first, last)| (column(first), column(last))).collect()
    }

    /// Captions above large numbers, side by side.
    pub(super) fn headlines(&mut self, headlines: &[(String, Value)]) -> Result<(), XlsxError> {
        // Shrinks rather than show ###.
        let mut large = self.header_format().set_font_size(self.style.title_size - 2.0).set_bold().set_shrink();
        large = large.unset_text_wrap();
        let format = self.header_format();
        for ((first, last), (title, value)) in self.spans(headlines.len()).into_iter().zip(headlines) {
            self.merged(self.row, first, last, title, &format)?;
            let large = match value {
                Value::Money(_) => large.clone().set_num_format("#,##0.00"),
                _ => large.clone().set_num_format("#,##0"),
            };
            self.merged(self.row + 1, first, last, "", &large)?;
            match value {
                Value::Money(amount) => self.sheet.write_number_with_format(self.row + 1, first, yuan(*amount), &large)?,
                Value::Count(count) => self.sheet.write_number_with_format(self.row + 1, first, float(*count), &large)?,
                _ => self.sheet,
            };
        }
        self.sheet.set_row_height(self.row, self.height(2))?;
        self.sheet.set_row_height(self.row + 1, self.style.title_size * 2.0)?;
        self.skip(2);
        Ok(())
    }

    /// A paragraph across the page.
    pub(super) fn paragraph(&mut self, template: &str) -> Result<(), XlsxError> {
        let format = self.base().set_text_wrap();
        let text = self.caption.fill(template);
        let (text, taken) = fit(&text, self.capacity(self.widths.iter().sum()), 20);
        self.merged(self.row, 0, self.last_visible(), &text, &format)?;
        self.sheet.set_row_height(self.row, self.height(taken))?;
        self.skip(1);
        Ok(())
    }

    /// Header, rows and, where a column asks for it, totals; with filter, frozen panes and drop-downs. A sheet holds one table.
    pub(super) fn table<F>(
        &mut self,
        table: &Table<F>,
        lookup: Option<&Lookup>,
        rows: usize,
        cell: impl Fn(usize, &Column<F>) -> Value,
    ) -> Result<Area, XlsxError> {
        self.any_table(table, lookup, rows, cell, |_| Look::Plain)
    }

    /// The same where rows differ in how they look.
    pub(super) fn styled_table<F>(
        &mut self,
        table: &Table<F>,
        rows: usize,
        cell: impl Fn(usize, &Column<F>) -> Value,
        look: impl Fn(usize) -> Look,
    ) -> Result<Area, XlsxError> {
        self.sheet.group_symbols_above(true);
        self.any_table(table, None, rows, cell, look)
    }

    fn any_table<F>(
        &mut self,
        table: &Table<F>,
        lookup: Option<&Lookup>,
        rows: usize,
        cell: impl Fn(usize, &Column<F>) -> Value,
        look: impl Fn(usize) -> Look,
    ) -> Result<Area, XlsxError> {
        let header = self.row;
        let format = self.header_format();
        let mut tallest = 1;
        for (at, column) in (0u16..).zip(&table.columns) {
            self.sheet.write_string_with_format(header, at, &column.title, &format)?;
            if !column.hidden {
                tallest = tallest.max(lines(&column.title, self.capacity(column.width)).len());
            }
        }
        self.sheet.set_row_height(header, self.height(tallest) + 4.0)?;

        let first = header + 1;
        let of = |look: Look| -> Vec<ColumnFormats> {
            table.columns.iter().map(|column| self.column_formats(column).looking(look, self.style)).collect()
        };
        let (plain, head, strong) = (of(Look::Plain), of(Look::Head), of(Look::Strong));
        let mut sums = vec![Value::Blank; table.columns.len()];
        self.row = first;
        for index in 0..rows {
            let mut tallest = 1;
            let look = look(index);
            let formats = match look {
                Look::Plain | Look::Folded => &plain,
                Look::Head => &head,
                Look::Strong => &strong,
            };
            for (at, (column, formats)) in (0u16..).zip(table.columns.iter().zip(formats)) {
                let value = cell(index, column);
                if column.total {
                    sums[usize::from(at)].add(&value);
                }
                let taken = self.write(at, column, &value, formats)?;
                if !column.hidden {
                    tallest = tallest.max(taken);
                }
            }
            self.sheet.set_row_height(self.row, self.height(tallest))?;
            if look == Look::Folded {
                self.sheet.group_rows_collapsed(self.row, self.row)?;
            }
            self.row += 1;
        }
        let last = self.row - 1;
        let right = u16::try_from(table.columns.len().saturating_sub(1)).unwrap_or(u16::MAX);
        self.sheet.autofilter(header, 0, last.max(header), right)?;
        self.sheet.set_freeze_panes(first, table.freeze_columns)?;
        self.sheet.set_repeat_rows(self.repeat_from, header)?;
        if rows > 0 {
            self.sheet.ignore_error_range(first, 0, last, right, IgnoreError::NumberStoredAsText)?;
            self.answers(table, lookup, first, last)?;
        }
        let totals = if rows > 0 && table.columns.iter().any(|column| column.total) {
            Some(self.totals(table, &sums, first, last)?)
        } else {
            None
        };
        Ok(Area { first, last, totals })
    }

    /// Writes one cell, gives the lines its text takes.
    fn write<F>(&mut self, at: u16, column: &Column<F>, value: &Value, formats: &ColumnFormats) -> Result<usize, XlsxError> {
        match value {
            Value::Blank => self.sheet.write_blank(self.row, at, &formats.text)?,
            Value::Text(text) => {
                // Hidden columns are for programs: whole, and of no height.
                let capacity = if column.hidden { usize::MAX } else { self.capacity(column.width) };
                let text = unsteered(text);
                let (text, taken) = fit(&text, capacity, self.most_lines());
                self.sheet.write_string_with_format(self.row, at, text, &formats.text)?;
                return Ok(taken);
            }
            Value::Marked(runs) => {
                // The library takes no empty run.
                let runs = runs.iter().map(|(text, marked)| (unsteered(text), *marked)).filter(|(text, _)| !text.is_empty());
                let runs: Vec<_> = runs.collect();
                let whole: String = runs.iter().map(|(text, _)| text.as_ref()).collect();
                let (whole, taken) = fit(&whole, self.capacity(column.width), self.most_lines());
                if runs.iter().any(|(_, marked)| *marked) {
                    let format = |marked: bool| if marked { &formats.marked } else { &formats.plain };
                    let runs: Vec<(&Format, &str)> = runs.iter().map(|(text, marked)| (format(*marked), text.as_ref())).collect();
                    self.sheet.write_rich_string_with_format(self.row, at, &runs, &formats.text)?;
                } else {
                    self.sheet.write_string_with_format(self.row, at, whole, &formats.text)?;
                }
                return Ok(taken);
            }
            Value::Tenths(tenths) => self.sheet.write_number_with_format(self.row, at, float(*tenths) / 10.0, &formats.tenths)?,
            Value::Count(count) => self.sheet.write_number_with_format(self.row, at, float(*count), &formats.count)?,
            Value::Money(amount) => self.sheet.write_number_with_format(self.row, at, yuan(*amount), &formats.money)?,
            Value::Share(share) => self.sheet.write_number_with_format(self.row, at, float(*share) / 10_000.0, &formats.share)?,
            Value::Day(day) => self.sheet.write_datetime_with_format(self.row, at, excel_date(*day)?, &formats.date)?,
            Value::Sheet(name) => {
                // The name went through `Names`, so it holds neither quotes nor marks that mean something in a reference.
                let link = Url::new(format!("internal:'{name}'!A1")).set_text(name);
                self.sheet.write_url_with_format(self.row, at, link, &formats.link)?;
                return Ok(lines(name, self.capacity(column.width)).len());
            }
            Value::Link { text, sheet, row } => {
                let text = unsteered(text);
                let link = Url::new(format!("internal:'{sheet}'!A{}", row + 1)).set_text(text.as_ref());
                self.sheet.write_url_with_format(self.row, at, link, &formats.link)?;
                return Ok(lines(&text, self.capacity(column.width)).len());
            }
        };
        Ok(1)
    }

    fn most_lines(&self) -> usize {
        let most = ((TALLEST - 6.0) / self.line_height() * 7.0 / 8.0).floor();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "409 points hold some 30 lines")]
        let most = most as usize;
        most
    }

    fn column_formats<F>(&self, column: &Column<F>) -> ColumnFormats {
        let align = match column.align {
            Align::Left => FormatAlign::Left,
            Align::Centre => FormatAlign::Center,
            Align::Right => FormatAlign::Right,
        };
        let mut base = self.base().set_text_wrap().set_border(FormatBorder::Thin).set_align(align);
        if column.answer.is_some() {
            base = base.set_unlocked().set_background_color(Color::RGB(self.style.answer_tint.0));
        }
        let date = base.clone().set_num_format("yyyy-mm-dd");
        ColumnFormats {
            // A date to be filled in needs a cell that takes dates; everything else that is not a number is text.
            text: if column.answer == Some(crate::config::layout::Answer::Date) {
                date.clone()
            } else {
                base.clone().set_num_format("@")
            },
            count: base.clone().set_num_format("#,##0"),
            money: base.clone().set_num_format("#,##0.00"),
            share: base.clone().set_num_format("0.0%"),
            tenths: base.clone().set_num_format("0.0"),
            plain: self.base(),
            marked: self.base().set_bold().set_font_color(Color::RGB(MARKED)),
            date,
            link: base.set_font_color(Color::RGB(0x0005_63C1)).set_underline(rust_xlsxwriter::FormatUnderline::Single),
        }
    }

    fn answers<F>(&mut self, table: &Table<F>, lookup: Option<&Lookup>, first: u32, last: u32) -> Result<(), XlsxError> {
        let mut any = false;
        for (at, column) in (0u16..).zip(&table.columns) {
            let Some(answer) = &column.answer else { continue };
            any = true;
            if let Some(validation) = super::answers::validation(answer, column.hint.as_deref(), lookup)? {
                self.sheet.add_data_validation(first, at, last, at, &validation)?;
            }
        }
        if any {
            // Against accidents only, hence no password; what a clerk does with a list stays possible.
            self.sheet.protect_with_options(&ProtectionOptions {
                format_columns: true,
                format_rows: true,
                sort: true,
                use_autofilter: true,
                ..ProtectionOptions::default()
            });
        }
        Ok(())
    }

    fn totals<F>(&mut self, table: &Table<F>, sums: &[Value], first: u32, last: u32) -> Result<u32, XlsxError> {
        let row = self.row;
        let label = self.header_format();
        let mut labelled = false;
        for (at, (column, sum)) in (0u16..).zip(table.columns.iter().zip(sums)) {
            let format = self.header_format().set_align(FormatAlign::Right);
            let (format, result) = match sum {
                Value::Count(count) => (format.set_num_format("#,##0"), count.to_string()),
                Value::Money(amount) => (format.set_num_format("#,##0.00"), amount.to_string()),
                _ if !labelled && !column.hidden && column.width >= 7.0 => {
                    labelled = true;
                    self.sheet.write_string_with_format(row, at, "合计", &label)?;
                    continue;
                }
                _ => {
                    self.sheet.write_blank(row, at, &label)?;
                    continue;
                }
            };
            let formula = Formula::new(format!("=SUM({})", cell_range(first, at, last, at))).set_result(result);
            self.sheet.write_formula_with_format(row, at, formula, &format)?;
        }
        self.sheet.set_row_height(row, self.height(1))?;
        self.row += 1;
        Ok(row)
    }

    /// Signature lines, side by side, after a free row.
    pub(super) fn signature(&mut self, items: &[String]) -> Result<(), XlsxError> {
        if items.is_empty() {
            return Ok(());
        }
        self.row += 1;
        let format = self.base().set_align(FormatAlign::Left).set_unlocked();
        for ((first, last), item) in self.spans(items.len()).into_iter().zip(items) {
            let text = self.caption.fill(item);
            self.merged(self.row, first, last, &text, &format)?;
        }
        self.sheet.set_row_height(self.row, 34)?;
        self.row += 1;
        Ok(())
    }

    /// Paper: A4 landscape, one page wide, page numbers; nothing is written after this.
    pub(super) fn finish(self) -> Result<(), XlsxError> {
        let [left, right, top, bottom] = self.style.margins_mm.map(|millimetres| millimetres / 25.4);
        let last = self.last_visible();
        self.sheet
            .set_paper_size(9)
            .set_landscape()
            .set_margins(left, right, top, bottom, top / 2.0, bottom / 2.0)
            .set_print_center_horizontally(true)
            .set_print_fit_to_pages(1, 0)
            .set_footer(&self.style.footer)
            .set_print_area(0, 0, self.row.saturating_sub(1), last)?;
        Ok(())
    }
}

/// The formats of a column, by what a cell holds.
struct ColumnFormats {
    text: Format,
    count: Format,
    money: Format,
    share: Format,
    tenths: Format,
    plain: Format,
    marked: Format,
    date: Format,
    link: Format,
}

impl ColumnFormats {
    /// The same for a row that stands out.
    fn looking(self, look: Look, style: &Style) -> Self {
        let tint = Color::RGB(style.header_tint.0);
        let change = |format: Format| match look {
            Look::Plain | Look::Folded => format,
            Look::Head => format.set_bold().set_background_color(tint),
            Look::Strong => format.set_bold(),
        };
        Self {
            text: change(self.text),
            count: change(self.count),
            money: change(self.money),
            share: change(self.share),
            tenths: change(self.tenths),
            // Runs of text inside a cell; the cell's own format comes from elsewhere.
            plain: self.plain,
            marked: self.marked,
            date: change(self.date),
            link: change(self.link),
        }
    }
}

impl Value {
    /// Adds counts to counts and amounts to amounts; an empty sum becomes what is added.
    fn add(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::Count(sum), Self::Count(count)) => *sum += count,
            (Self::Money(sum), Self::Money(amount)) => sum.0 += amount.0,
            (Self::Blank, Self::Count(_) | Self::Money(_)) => *self = other.clone(),
            _ => {}
        }
    }
}

/// Excel holds numbers as doubles: exact up to 2^53 fen, more than any county pays.
fn yuan(amount: Fen) -> f64 {
    float(amount.0) / 100.0
}

fn float(count: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "Excel holds numbers as doubles")]
    let count = count as f64;
    count
}

/// A day as Excel holds it.
pub(super) fn excel_date(day: Day) -> Result<ExcelDateTime, XlsxError> {
    let (year, month, day) = day.ymd();
    ExcelDateTime::from_ymd(u16::try_from(year).unwrap_or(0), u8::try_from(month).unwrap_or(0), u8::try_from(day).unwrap_or(0))
}
