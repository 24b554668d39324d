//! The months that the rows of a sheet are for: of the column, or two that say from and to, else of the line above the rows, the title, the
//! sheet, the file.
//!
//! Gives three columns: the first and the last month, and the one that stands for both in a run: the period's where they include it, else the
//! last; and a fourth, what is to be known of them ([`MonthState`]), where any row has it. A month without a year is of the year in the row's own
//! year column, else of the year that the sheet names, else the last that begins by the period. Where no column says the month, a batch may (`201805`,
//! `2018年5月补发`). A cell that is not wholly understood is unclear,
//! never the first month in it; so is what a list paid all in all up to a day. Where a list says of itself that it is for several months and all
//! its rows say the last of them, that is when it was paid. What a remark, a batch or a column without a field says of a back payment counts, and so does
//! an amount in a column of back payments. O(rows).

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int32Array, StringArray};

use super::cells::first_cell;
use super::period::{self, Cell};
use super::repair::{Log, Notes, Repair};
use super::vocabulary::yes_no;
use super::{data_date, date};
use crate::config::registry::fold_header;
use crate::model::columns::MonthState;
use crate::model::date::{Month, Months};
use crate::model::raw::{CellKind, RawTable, SectionSays, TableHead};
use crate::model::registry::Grain;

/// Columns that say the year of a payment beside its month; alone, those of [`PAID`] say that a row is for the year.
const YEARS: [&str; 11] =
    ["年度", "年份", "年", "所属年度", "发放年度", "发放年份", "发放年", "补贴年度", "享受年度", "补助年度", "补发年度"];
const PAID: [&str; 4] = ["发放", "补贴", "享受", "补助"];
/// Words of a column that says which month the money is for, not when it was paid: it counts before another.
const FOR: [&str; 5] = ["所属", "享受", "归属", "待遇", "补贴"];
/// Columns in which a back payment is told.
pub(super) const REMARKS: [&str; 8] = ["备注", "说明", "备注说明", "发放说明", "发放备注", "情况说明", "补发说明", "摘要"];

/// Words of the first and of the last month of a row, of what they are and are not.
const STARTS: [&str; 6] = ["起始", "开始", "起月", "起年", "起期", "起时间"];
const ENDS: [&str; 8] = ["终止", "截止", "结束", "止月", "止年", "止期", "止时间", "讫"];
const OTHER_SPANS: [&str; 9] = ["保障", "证", "合同", "培训", "就业", "务工", "院", "有效", "起止"];
const FROM: [&str; 5] = ["自", "从", "起", "始", "从几月"];
const TO: [&str; 5] = ["至", "到", "止", "终", "到几月"];
/// Rights last longer; a payment is for less than a year.
const LONGEST_PAYMENT: i32 = 12;
/// Months of half a year.
const HALF: i32 = 6;

/// What a row is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Row {
    months: Option<Months>,
    state: Option<MonthState>,
}

impl Row {
    const UNCLEAR: Self = Self { months: None, state: Some(MonthState::Unclear) };
}

/// The column while it is being filled.
#[derive(Debug)]
pub(super) struct MonthColumn {
    positions: Vec<usize>,
    years: Vec<usize>,
    /// Whether nothing but a column of years says when a row was paid.
    by_year: bool,
    remarks: Vec<usize>,
    /// Columns of batches.
    batches: Vec<usize>,
    /// What else may speak of a back payment, each for itself.
    others: Vec<usize>,
    /// Columns of what was paid for months gone by.
    back: Vec<usize>,
    /// The columns of the first and of the last month.
    bounds: Option<[usize; 2]>,
    /// Where rows are payments, lines between them that speak of months: the first row below each in the chunk at hand.
    lines: Option<Vec<(usize, Cell)>>,
    /// The several months that the list itself says it is for.
    titled: Option<Months>,
    /// Whether amounts are all that was paid up to some day.
    is_total_to_date: bool,
    order: u16,
    of_sheet: Row,
    period: Month,
    rows: Vec<Row>,
    /// Rows whose date cell may be a range of months that a spreadsheet took for a day: `4-6`.
    may_be_ranges: Vec<usize>,
    /// Whether a date cell of that shape is of the period's month: then they are days.
    are_days: bool,
}

/// Columns beside those of months.
pub(super) struct Beside<'m> {
    /// Those of batches.
    pub(super) batches: Vec<usize>,
    /// Those without a field.
    pub(super) others: &'m [usize],
}

impl MonthColumn {
    /// `of_header` are the months that the header of an amount names.
    pub(super) fn new(
        mut positions: Vec<usize>,
        beside: &Beside<'_>,
        order: u16,
        head: &TableHead,
        period: Month,
        of_header: Option<period::Named>,
        grain: Grain,
    ) -> Self {
        let of_payments = !matches!(grain, Grain::Person | Grain::Event);
        let named = |words: &[&str]| {
            let is_named = |text: &str| words.contains(&fold_header(text).as_str());
            (0..).zip(&head.columns).filter(|(_, column)| is_named(&column.text)).map(|(at, _)| at).collect::<Vec<usize>>()
        };
        let is_for = |at: &usize| head.columns.get(*at).is_some_and(|column| FOR.iter().any(|word| column.text.contains(word)));
        positions.sort_by_key(|at| !is_for(at));
        // `6月` as the name of a sheet or file, where no year stands anywhere.
        let of_name = || data_date::own_months(head, period).next();
        let of_header = || of_header.and_then(|named| named.by(period));
        let of_year = || data_date::paid_year(head).and_then(whole);
        let months = data_date::months(head).or_else(of_name).or_else(of_header).or_else(of_year);
        let state = if data_date::names_no_period(head) {
            Some(MonthState::Unclear)
        } else {
            data_date::is_of_back_payments(head).then_some(MonthState::Back)
        };
        let (years, remarks) = (named(&YEARS), named(&REMARKS));
        let years: Vec<usize> = years.into_iter().filter(|at| !positions.contains(at)).collect();
        let of_payment =
            |at: &usize| head.columns.get(*at).is_some_and(|column| PAID.iter().any(|word| column.text.contains(word)));
        let by_year = positions.is_empty() && years.iter().any(of_payment);
        let is_back = |at: &usize| head.columns.get(*at).is_some_and(|column| period::speaks_of_back_payment(&column.text));
        // Of which year a roster is says nothing of what its amounts are for.
        let years = if grain != Grain::Person || by_year || !positions.is_empty() { years } else { Vec::new() };
        let others = beside.others.iter().copied().filter(|at| of_payments && !remarks.contains(at));
        let (back, mut others): (Vec<usize>, Vec<usize>) = others.partition(is_back);
        others.extend(&beside.batches);
        Self {
            bounds: bounds(head, &positions).filter(|_| of_payments),
            positions,
            years,
            by_year,
            remarks,
            batches: beside.batches.clone(),
            others,
            back,
            lines: of_payments.then(Vec::new),
            titled: data_date::titled_span(head, period).filter(|_| of_payments),
            is_total_to_date: of_payments && data_date::is_total_to_date(head),
            order,
            of_sheet: Row { months: months.filter(|_| state != Some(MonthState::Unclear)), state },
            period,
            rows: Vec::new(),
            may_be_ranges: Vec::new(),
            are_days: false,
        }
    }

    /// Takes up the lines between the rows of a chunk; before any of its rows is read.
    pub(super) fn enter(&mut self, table: &RawTable) {
        let Some(lines) = &mut self.lines else { return };
        let carried = lines.pop().map(|(_, said)| (0, said));
        let said = table.sections.iter().filter(|line| line.says == SectionSays::Months);
        let said = said.filter_map(|line| Some((line.at, period::section(&line.text)?)));
        *lines = carried.into_iter().chain(said).collect();
    }

    pub(super) fn push(&mut self, table: &RawTable, kept: &[usize], log: &mut Log) {
        let mut note = Notes { log, order: self.order };
        for (&row, at) in kept.iter().zip(0..) {
            let (kind, written) = first_cell(table, &self.positions, row);
            let read = self.read(table, row);
            if written.is_empty() {
                // Said once per sheet where the column is missing altogether: the source has the data date.
                note.unless(self.positions.is_empty() || read.months.is_none(), at, Repair::FromDataDate);
            }
            match read.state {
                Some(MonthState::Unclear) => note.one(at, Repair::Unreadable),
                Some(MonthState::Back | MonthState::Correction) => note.one(at, Repair::BackPayment),
                None => {}
            }
            if kind == CellKind::Date && read.state.is_none() {
                self.note_day(written);
            }
            self.rows.push(read);
        }
    }

    /// A day of a low number may be the last month of a range that a spreadsheet took for a date.
    fn note_day(&mut self, written: &str) {
        let Some((_, month, day)) = date::read(CellKind::Date, written).day.map(crate::model::date::Day::ymd) else { return };
        let asked = self.period.month();
        if (2..=12).contains(&day) && day > month {
            self.are_days |= month == asked;
            if month < asked && asked <= day {
                self.may_be_ranges.push(self.rows.len());
            }
        } else {
            self.are_days |= day > 12;
        }
    }

    /// Whether all months of a row lie after the period.
    pub(super) fn is_after_period(&self, table: &RawTable, row: usize) -> bool {
        self.read(table, row).months.is_some_and(|months| months.from > self.period)
    }

    fn read(&self, table: &RawTable, row: usize) -> Row {
        let (kind, written) = first_cell(table, &self.positions, row);
        let year = match first_cell(table, &self.years, row) {
            (_, "") => None,
            (kind, written) => date::read_year(kind, written),
        };
        if self.is_total_to_date {
            return Row::UNCLEAR;
        }
        let line = self.lines.iter().flatten().take_while(|(first, _)| *first <= row).last();
        let cell = Self::cell(kind, written, self.period).or_else(|| self.of_batch(table, row).filter(|_| written.is_empty()));
        let mut read = match (cell, line) {
            (Some(cell), _) => self.of_cell(cell, year),
            (None, Some((_, line))) => {
                let of_line = self.of_cell(*line, year);
                // The day on which a page was signed may stand above the next.
                if of_line.months.is_some_and(|months| months.from > self.period) { Row::UNCLEAR } else { of_line }
            }
            (None, None) => self.of_year(year),
        };
        if let Some(between) = self.between(table, row, year)
            && (written.is_empty() || between.state.is_some() || between.months.is_some_and(Months::are_several))
        {
            read = between;
        }
        let (_, remark) = first_cell(table, &self.remarks, row);
        let said = |at: &usize| first_cell(table, &[*at], row).1;
        let is_back = self.of_sheet.state == Some(MonthState::Back)
            || period::speaks_of_back_payment(remark)
            || self.others.iter().any(|at| period::speaks_of_back_payment(said(at)))
            || self.back.iter().any(|at| is_filled(said(at)));
        read.state = read.state.or(is_back.then_some(MonthState::Back));
        read
    }

    /// The month that a batch is called by; a number alone counts batches.
    fn of_batch(&self, table: &RawTable, row: usize) -> Option<Cell> {
        let (kind, written) = first_cell(table, &self.batches, row);
        // `201805批`.
        let bare = written.trim().trim_end_matches(['批', '次', '期']);
        let written = if plain_month(bare).is_some() { bare } else { written };
        let is_month = written.contains('月') || plain_month(written).is_some();
        let cell = is_month.then(|| Self::cell(kind, written, self.period))?;
        cell.filter(|cell| matches!(cell, Cell::Months(_) | Cell::Back(_)))
    }

    fn of_cell(&self, cell: Cell, year: Option<i32>) -> Row {
        match cell {
            Cell::Months(named) => Row { months: self.resolved(named, year), state: None },
            Cell::Back(named) => Row { months: self.resolved(named, year), state: Some(MonthState::Back) },
            Cell::WithBack => Row { state: Some(MonthState::Back), ..self.of_year(year) },
            Cell::Year(year) => Row { months: whole(year), state: None },
            Cell::Unclear => Row::UNCLEAR,
        }
    }

    /// What the columns of the first and the last month say; `None` where one is blank, or what they say is how long a right lasts.
    fn between(&self, table: &RawTable, row: usize, year: Option<i32>) -> Option<Row> {
        let ends = self.bounds?.map(|at| {
            let (kind, written) = first_cell(table, &[at], row);
            // `长期`, `至今`: a right.
            let is_dated = written.contains(|sign: char| sign.is_numeric() || sign == '月');
            if is_dated { Self::cell(kind, written, self.period) } else { None }
        });
        let [Some(from), Some(to)] = ends else { return None };
        let (Cell::Months(from), Cell::Months(to)) = (from, to) else { return Some(Row::UNCLEAR) };
        let (from, to) = (self.resolved(from, year)?.from, self.resolved(to, year)?.to);
        if from > to {
            return Some(Row::UNCLEAR);
        }
        (to <= self.period && to.0 - from.0 < LONGEST_PAYMENT).then_some(Row { months: Some(Months { from, to }), state: None })
    }

    /// What a row says whose cell names no month, and a year at most.
    fn of_year(&self, year: Option<i32>) -> Row {
        let of_sheet = self.of_sheet.months.filter(|months| year.is_none_or(|year| months.to.year() == year && !self.by_year));
        let unclear = self.of_sheet.state.filter(|state| *state == MonthState::Unclear && year.is_none());
        Row { months: of_sheet.or_else(|| whole(year?)), state: unclear }
    }

    /// Months in the year of the row, of the sheet, or the last by the period.
    fn resolved(&self, named: period::Named, year: Option<i32>) -> Option<Months> {
        if named.year.is_some() || year.is_some() {
            return named.in_year(year);
        }
        let of_sheet = self.of_sheet.months.and_then(|months| named.in_year(Some(months.to.year())));
        // December in a list of January is that of the year before.
        let last = |months: Months| Months { from: Month(months.from.0 - 12), to: Month(months.to.0 - 12) };
        let of_sheet = of_sheet.map(|months| if months.from.0 - self.period.0 > HALF { last(months) } else { months });
        of_sheet.or_else(|| named.by(self.period))
    }

    /// What a cell of a column of months says.
    pub(super) fn cell(kind: CellKind, written: &str, period: Month) -> Option<Cell> {
        let written = written.trim();
        if written.is_empty() {
            return None;
        }
        if let Some(month) = plain_month(written) {
            return Some(Cell::Months(period::Named::one(month)));
        }
        let has_words = written.bytes().any(|byte| byte.is_ascii_alphabetic() && !matches!(byte, b'Q' | b'q'));
        let is_serial = written.len() == 5 && written.bytes().all(|byte| byte.is_ascii_digit());
        if kind == CellKind::Date || has_words || is_serial || written.contains(':') {
            let month = date::read_month(kind, written).or_else(|| month_and_year(written, period));
            return Some(month.map_or(Cell::Unclear, |month| Cell::Months(period::Named::one(month))));
        }
        // `2018.1` in a number cell may be a shortened October.
        let is_short = kind == CellKind::Number && written.split_once('.').is_some_and(|(_, decimals)| decimals == "1");
        if is_short { Some(Cell::Unclear) } else { period::cell(written) }
    }

    /// Rows whose amounts are not those of one month: for several months, with a back payment, or for months that cannot be told.
    pub(super) fn not_one_month(&mut self) -> [Option<BooleanArray>; 2] {
        if let Some(titled) = self.titled.filter(|_| !self.positions.is_empty()) {
            let last = Row { months: Some(Months::one(titled.to)), state: None };
            if self.rows.iter().all(|row| *row == last) {
                self.rows.fill(Row { months: Some(titled), state: None });
            }
        }
        if !self.are_days {
            for &row in &self.may_be_ranges {
                self.rows[row] = Row { months: None, state: Some(MonthState::Unclear) };
            }
        }
        let rows = |of: fn(&Row) -> bool| {
            let rows: BooleanArray = self.rows.iter().map(|row| Some(of(row))).collect();
            (rows.true_count() > 0).then_some(rows)
        };
        [rows(|row| row.months.is_some_and(Months::are_several)), rows(|row| row.state.is_some())]
    }

    /// Rows that take money back.
    pub(super) fn correct(&mut self, rows: &[usize]) {
        for &row in rows {
            self.rows[row].state.get_or_insert(MonthState::Correction);
        }
    }

    /// The months of the rows, in their order.
    pub(super) fn months(&self) -> impl Iterator<Item = Option<Months>> + '_ {
        self.rows.iter().map(|row| row.months)
    }

    /// For how many months each row is, where they are several, plainly said, and no more than half a year: a title of a year says what list it is.
    pub(super) fn months_covered(&self) -> impl Iterator<Item = Option<i32>> + '_ {
        let count = |months: Months| months.to.0 - months.from.0 + 1;
        self.rows
            .iter()
            .map(move |row| row.months.filter(|_| row.state.is_none()).map(count).filter(|count| (2..=HALF).contains(count)))
    }

    /// The month, the first, the last; and the states, where there are any.
    pub(super) fn finish(self) -> ([ArrayRef; 3], Option<ArrayRef>) {
        let column = |of: fn(Months, Month) -> Month| -> ArrayRef {
            let months = self.rows.iter().map(|row| row.months.map(|months| of(months, self.period).yyyymm()));
            Arc::new(months.collect::<Int32Array>())
        };
        let states = || self.rows.iter().map(|row| row.state.map(MonthState::as_str)).collect::<StringArray>();
        let states = self.rows.iter().any(|row| row.state.is_some()).then(|| Arc::new(states()) as ArrayRef);
        ([column(Months::as_one), column(|months, _| months.from), column(|months, _| months.to)], states)
    }
}

/// The columns that say the first and the last month of a payment: `起始月份`, `终止月份`; `发放时间/起`, `发放时间/止`.
fn bounds(head: &TableHead, months: &[usize]) -> Option<[usize; 2]> {
    let column = |words: &[&str], whole: &[&str], end: &str| {
        let says = |text: &str| {
            words.iter().any(|word| text.contains(word))
                || whole.contains(&text)
                || text.contains(['月', '时', '期']) && text.ends_with(end)
        };
        let is_other = |text: &str| OTHER_SPANS.iter().any(|word| text.contains(word));
        let is_one = |(at, text): &(usize, &str)| says(text) && !is_other(text) && !months.contains(at);
        (0..).zip(head.columns.iter().map(|column| column.text.trim())).find(is_one).map(|(at, _)| at)
    };
    Some([column(&STARTS, &FROM, "起")?, column(&ENDS, &TO, "止")?])
}

/// Whether a cell of a column of back payments says that there was one.
fn is_filled(text: &str) -> bool {
    let is_nothing = text.chars().all(|sign| !sign.is_alphanumeric() || sign == '0' || sign == '元');
    !is_nothing && yes_no(text) != Some(false)
}

/// All months of a year.
fn whole(year: i32) -> Option<Months> {
    Some(Months { from: Month::new(year, 1)?, to: Month::new(year, 12)? })
}

/// `201806`, `2018-06`: nearly all cells.
fn plain_month(text: &str) -> Option<Month> {
    let (year, month) = match text.len() {
        6 => text.split_at_checked(4)?,
        7 => text.split_once(['-', '.', '/'])?,
        _ => return None,
    };
    let is_plain = year.len() == 4 && month.len() == 2 && year.bytes().chain(month.bytes()).all(|byte| byte.is_ascii_digit());
    let year = is_plain.then(|| year.parse().ok())?.filter(|year| (1990..2100).contains(year))?;
    Month::new(year, month.parse().ok()?)
}

/// `Jun-18`, as spreadsheets show a month; not where 18 could be the day of another year's June.
fn month_and_year(text: &str, period: Month) -> Option<Month> {
    let (word, number) = text.split_once(['-', ' ', '/'])?;
    let month = date::month_named(word)?;
    let year: i32 = number.trim().parse().ok()?;
    let year = if year < 100 { year + 2000 } else { year };
    Month::new(year, month).filter(|_| number.trim().len() == 4 || year == period.year())
}
