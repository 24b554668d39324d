//! A column of days: what one cell leaves open, the others of its column decide.
//!
//! Takes cells in row order, gives a day per cell and what was done to it. `05/06/1990` is read as day, month, year where another cell of the
//! column can only be read so (`31/12/1990`), likewise for month first and for years of two digits; where no cell shows the order, it is no day.
//! A moment before midnight is the next day unless the column shows real times of day. O(cells); holds a day per cell and the open cells.

use super::date::{self, Reading};
use super::repair::Repair;
use crate::model::date::Day;
use crate::model::raw::CellKind;

/// What the cells of a column show of how its days are written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Evidence {
    day_first: u32,
    month_first: u32,
    year_first: u32,
    clocks: u32,
    timed: u32,
    /// The latest day written with its whole year.
    latest: Option<Day>,
    whole: u32,
}

/// So many whole years show when the youngest of a column was born.
const ENOUGH: u32 = 20;

/// What the parts of an open date are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    YearFirst,
    DayFirst,
    MonthFirst,
    Unknown,
}

impl Evidence {
    /// Learns from a cell.
    pub(super) fn note(&mut self, reading: &Reading) {
        self.timed += u32::from(reading.timed);
        self.clocks += u32::from(reading.on_clock.is_some());
        if !reading.two_digit_year {
            self.latest = self.latest.max(reading.alone());
            self.whole += 1;
        }
        if reading.is_open {
            let [year, day, month] = [reading.day, reading.day_first, reading.month_first].map(|read| read.is_some());
            self.year_first += u32::from(year && !day && !month);
            self.day_first += u32::from(day && !year && !month);
            self.month_first += u32::from(month && !year && !day);
        }
    }

    /// The day that a cell means in its column, and what was done to it. Three short numbers without any sign of another order are year,
    /// month, day where people write so; a year of two digits is not after `as_of`, nor after every whole year of the column.
    pub(super) fn settle(&self, reading: &Reading, is_chinese: bool, as_of: Day) -> (Option<Day>, Option<Repair>) {
        let mut day = match reading.on_clock {
            Some(on_clock) if self.timed > self.clocks => Some(on_clock),
            Some(_) => reading.day,
            None if !reading.is_open => reading.day,
            None => in_order(reading, self.order(reading.two_digit_year), is_chinese),
        };
        let latest = self.latest.filter(|_| self.whole >= ENOUGH).map_or(as_of, |latest| latest.min(as_of));
        if reading.two_digit_year && day.is_some_and(|day| day > latest) {
            day = day.and_then(a_century_before);
        }
        let repair = match day {
            None => Some(Repair::Unreadable),
            Some(_) if reading.two_digit_year => Some(Repair::TwoDigitYear),
            Some(_) => reading.on_clock.map(|_| Repair::Clock),
        };
        (day, repair)
    }

    /// Of three short numbers, else of a date whose year stands last in full.
    fn order(&self, is_short: bool) -> Order {
        match (if is_short { self.year_first } else { 0 }, self.day_first, self.month_first) {
            (0, 1.., 0) => Order::DayFirst,
            (0, 0, 1..) => Order::MonthFirst,
            (1.., 0, 0) => Order::YearFirst,
            // A slip or two does not unsettle a long column.
            (year, day, month) if day > 20 * (month + year) => Order::DayFirst,
            (year, day, month) if month > 20 * (day + year) => Order::MonthFirst,
            (year, day, month) if year > 20 * (day + month) => Order::YearFirst,
            _ => Order::Unknown,
        }
    }
}

/// A column being read.
#[derive(Debug, Default)]
pub(super) struct Days {
    read: Vec<Option<Day>>,
    open: Vec<(u32, Reading)>,
    evidence: Evidence,
}

impl Days {
    /// Takes a cell; whether it can be read as a day at all.
    pub(super) fn push(&mut self, kind: CellKind, text: &str) -> bool {
        if text.is_empty() {
            self.read.push(None);
            return true;
        }
        let reading = date::read(kind, text);
        self.evidence.note(&reading);
        if reading.needs_column() {
            self.open.push((u32::try_from(self.read.len()).unwrap_or(u32::MAX), reading));
            self.read.push(None);
        } else {
            self.read.push(reading.day);
        }
        reading.is_readable()
    }

    /// The days, and what was done to which.
    pub(super) fn finish(self, as_of: Day) -> (Vec<Option<Day>>, Vec<(u32, Repair)>) {
        let Self { read: mut days, open, evidence } = self;
        let mut repairs = Vec::with_capacity(open.len());
        for (at, reading) in open.into_iter().filter(|(_, reading)| reading.is_readable()) {
            let (day, repair) = evidence.settle(&reading, true, as_of);
            days[at as usize] = day;
            repairs.extend(repair.map(|repair| (at, repair)));
        }
        (days, repairs)
    }
}

fn in_order(reading: &Reading, order: Order, is_chinese: bool) -> Option<Day> {
    let known = [reading.day, reading.day_first, reading.month_first];
    let ordered = match order {
        Order::YearFirst => reading.day,
        Order::DayFirst => reading.day_first,
        Order::MonthFirst => reading.month_first,
        Order::Unknown => None,
    };
    let mut possible = known.into_iter().flatten();
    let first = possible.next();
    let only = first.filter(|first| possible.all(|other| other == *first));
    let usual = reading.day.filter(|_| is_chinese && matches!(order, Order::Unknown | Order::YearFirst));
    ordered.or(only).or(usual)
}

fn a_century_before(day: Day) -> Option<Day> {
    let (year, month, date) = day.ymd();
    Day::new(year - 100, month, date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(is_chinese: bool, cells: &[&str]) -> Vec<String> {
        let readings: Vec<Reading> = cells.iter().map(|cell| date::read(CellKind::Text, cell)).collect();
        let mut evidence = Evidence::default();
        for reading in &readings {
            evidence.note(reading);
        }
        let as_of = "2018-06-30".parse().expect("a day");
        let day = |reading: &Reading| {
            let open = reading.needs_column();
            let day = if open { evidence.settle(reading, is_chinese, as_of).0 } else { reading.day };
            day.map_or_else(String::new, |day| day.to_string())
        };
        readings.iter().map(day).collect()
    }

    #[test]
    fn a_column_shows_its_order() {
        assert_eq!(column(false, &["05/06/1990", "31/12/1990"]), ["1990-06-05", "1990-12-31"]);
        assert_eq!(column(false, &["05/06/1990", "12/31/1990"]), ["1990-05-06", "1990-12-31"]);
        assert_eq!(column(false, &["05/06/1990", "06/06/1990"]), ["", "1990-06-06"]);
        assert_eq!(column(false, &["05/06/1990", "31/12/1990", "12/31/1990"]), ["", "1990-12-31", "1990-12-31"]);
    }

    #[test]
    fn years_of_two_digits_follow_the_column() {
        assert_eq!(column(false, &["05/06/07", "17/07/61", "31/12/1990"]), ["2007-06-05", "1961-07-17", "1990-12-31"]);
        let whole = ["31/12/1990"; 20];
        assert_eq!(column(false, &[&whole[..], &["05/06/07"]].concat())[20], "1907-06-05", "nobody here is younger than 1990");
        assert_eq!(column(false, &["05/06/07"]), [""]);
        assert_eq!(column(true, &["05.6.7", "18.6.30", "65.3.2"]), ["2005-06-07", "2018-06-30", "1965-03-02"]);
        assert_eq!(column(true, &["19.3.2"]), ["1919-03-02"], "nobody is born next year");
        let mut days = Days::default();
        assert!(days.push(CellKind::Text, "65.3.2"));
        assert_eq!(days.finish(Day(17_000)).1, [(0, Repair::TwoDigitYear)]);
    }

    #[test]
    fn just_before_midnight_is_the_next_day_but_where_times_are_real() {
        assert_eq!(column(true, &["1988-07-11 23:00:00", "1990-01-01 23:59:17"]), ["1988-07-12", "1990-01-02"]);
        let times = ["2018-05-01 08:12:30", "2018-05-01 14:00:00", "2018-05-01 23:57:00"];
        assert_eq!(column(true, &times), ["2018-05-01", "2018-05-01", "2018-05-01"]);
    }
}
