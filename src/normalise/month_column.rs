//! The months that the rows of a sheet are for: of the column, else of the title, the sheet, the file.
//!
//! Gives three columns: the first and the last month, and the one that stands for both in a run: the period's where they include it, else the
//! last. A month without a year is of the year that the sheet names, else the last that begins by the period. O(rows).

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int32Array};

use super::field_column::{Log, Notes, first_cell};
use super::repair::Repair;
use super::{data_date, date, period};
use crate::model::date::{Month, Months};
use crate::model::raw::{CellKind, RawTable, TableHead};

/// The column while it is being filled.
#[derive(Debug)]
pub(super) struct MonthColumn {
    positions: Vec<usize>,
    order: u16,
    of_sheet: Option<Months>,
    period: Month,
    months: Vec<Option<Months>>,
    /// Rows whose cell is no month.
    unreadable: Vec<usize>,
}

impl MonthColumn {
    pub(super) fn new(positions: Vec<usize>, order: u16, head: &TableHead, period: Month) -> Self {
        // `6月` as the name of a sheet, where no year stands anywhere.
        let of_name = || period::find(&head.name.sheet).and_then(|named| named.by(period));
        let of_sheet = data_date::months(head).or_else(of_name);
        Self { positions, order, of_sheet, period, months: Vec::new(), unreadable: Vec::new() }
    }

    pub(super) fn push(&mut self, table: &RawTable, kept: &[usize], log: &mut Log) {
        let mut note = Notes { log, order: self.order };
        for (&row, at) in kept.iter().zip(0..) {
            let (kind, written) = first_cell(table, &self.positions, row);
            let months = self.read(kind, written);
            if !written.is_empty() && months.is_none() {
                self.unreadable.push(self.months.len());
            }
            if written.is_empty() {
                // Said once per sheet where the column is missing altogether: the source has the data date.
                note.unless(self.positions.is_empty() || self.of_sheet.is_none(), at, Repair::FromDataDate);
            } else {
                note.unless(months.is_some(), at, Repair::Unreadable);
            }
            self.months.push(months);
        }
    }

    /// Whether all months of a row lie after the period.
    pub(super) fn is_after_period(&self, table: &RawTable, row: usize) -> bool {
        let (kind, written) = first_cell(table, &self.positions, row);
        self.read(kind, written).is_some_and(|months| months.from > self.period)
    }

    fn read(&self, kind: CellKind, written: &str) -> Option<Months> {
        if written.is_empty() {
            return self.of_sheet;
        }
        let named = || {
            // A bare number in a column of months is one.
            let number = written.trim().parse::<u32>().ok().filter(|number| (1..=12).contains(number));
            let named = period::find(written).or_else(|| period::find(&format!("{}月", number?)))?;
            let year = self.of_sheet.map(|months| months.to.year());
            year.and_then(|year| named.in_year(Some(year))).or_else(|| named.by(self.period))
        };
        let several = named();
        let one = date::read_month(kind, written).map(Months::one);
        match (several, one) {
            (Some(several), _) if several.are_several() => Some(several),
            (_, Some(one)) => Some(one),
            // `2018.1` in a number cell may be a shortened October.
            (Some(_), None) if kind == CellKind::Number && written.contains('.') => None,
            (several, None) => several,
        }
    }

    /// Rows that are for several months; `None` where there are none.
    pub(super) fn several(&self) -> Option<BooleanArray> {
        let several = |months: &Option<Months>| Some(months.is_some_and(Months::are_several));
        let rows: BooleanArray = self.months.iter().map(several).collect();
        (rows.true_count() > 0).then_some(rows)
    }

    /// The month, the first, the last. Where most cells are no month, nobody knows what the list is for: it is for none that is asked about.
    pub(super) fn finish(mut self) -> [ArrayRef; 3] {
        if self.unreadable.len() * 2 > self.months.len()
            && let Some(no_month) = Month::new(1900, 1).map(Months::one)
        {
            for &row in &self.unreadable {
                self.months[row] = Some(no_month);
            }
        }
        let column = |of: fn(Months, Month) -> Month| -> ArrayRef {
            let months = self.months.iter().map(|months| months.map(|months| of(months, self.period).yyyymm()));
            Arc::new(months.collect::<Int32Array>())
        };
        [column(Months::as_one), column(|months, _| months.from), column(|months, _| months.to)]
    }
}
