//! Days, months and years as people write them.
//!
//! Takes a cell (text, Excel serial, real date as text), gives [`Day`], [`Month`] or a year. What cannot be told is `None`, never
//! a guess: the number cell `2018.1` may be January or a shortened October. Total over any text, no allocation for ASCII.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use crate::model::date::{Day, Month};
use crate::model::raw::CellKind;

/// Days from Excel's day 0 (1899-12-30) to 1970-01-01; exact from 1 March 1900.
const EXCEL_EPOCH: i32 = 25_569;
/// Two-digit years up to this one are 20xx: nobody in a 2018 register was born in 1930 or before and written with two digits
/// as often as papers of this century are.
const PIVOT: u32 = 30;

/// A day: `2018-06-30`, `2018/6/30`, `2018.6.30`, `20180630`, `2018年6月30日`, `18.6.30`, `43281`, with or without a time after it.
#[must_use]
pub fn read_day(text: &str) -> Option<Day> {
    let groups = Groups::of(text)?;
    match groups.as_slice() {
        [(value, 8 | 14)] => split_compact(*value),
        [(serial, 5)] => from_serial(*serial),
        [year, month, day, ..] => {
            let (month, day) = (small(*month)?, small(*day)?);
            Day::new(full_year(*year)?, month, day)
        }
        // A serial with the time as its fraction.
        [(serial, 5), (_, _)] if text.contains('.') => from_serial(*serial),
        _ => None,
    }
}

/// A month: `2018-04`, `2018年4月`, `201804`, `2018.4`, or any day in it.
#[must_use]
pub fn read_month(kind: CellKind, text: &str) -> Option<Month> {
    let groups = Groups::of(text)?;
    match groups.as_slice() {
        [(value, 6)] => {
            Month::new(i32::try_from(value / 100).ok()?, u32::try_from(value % 100).ok()?).filter(|month| month.year() >= 1900)
        }
        [(_, 4), (1, 1)] if kind == CellKind::Number => None,
        [year @ (_, 4), month] => Month::new(full_year(*year)?, small(*month)?),
        _ => read_day(text).map(Day::month),
    }
}

/// A year: `2018`, `2018年`, `2018年度`, or any month or day in it.
#[must_use]
pub fn read_year(kind: CellKind, text: &str) -> Option<i32> {
    let groups = Groups::of(text)?;
    match groups.as_slice() {
        [year @ (_, 4), ..] => full_year(*year),
        _ => read_month(kind, text).map(Month::year).or_else(|| read_day(text).map(|day| day.ymd().0)),
    }
}

/// Runs of digits (value, length) with date separators between them.
struct Groups {
    runs: [(u64, usize); 3],
    count: usize,
}

impl Groups {
    /// `None` when something other than digits and date separators stands before the third run ends.
    fn of(text: &str) -> Option<Self> {
        let plain: Cow<'_, str> = if text.is_ascii() { Cow::Borrowed(text) } else { text.nfkc().collect::<String>().into() };
        let mut groups = Self { runs: [(0, 0); 3], count: 0 };
        let mut in_run = false;
        for character in plain.trim().chars() {
            if let Some(digit) = character.to_digit(10) {
                if !in_run {
                    if groups.count == 3 {
                        break;
                    }
                    groups.count += 1;
                    in_run = true;
                }
                let run = &mut groups.runs[groups.count - 1];
                *run = (run.0.saturating_mul(10).saturating_add(u64::from(digit)), run.1 + 1);
            } else if matches!(character, '-' | '/' | '.' | '年' | '月' | '日' | '号' | '度' | '份' | ' ' | '\\' | '、' | '—')
            {
                in_run = false;
            } else if groups.count == 3 {
                break;
            } else {
                return None;
            }
        }
        Some(groups)
    }

    fn as_slice(&self) -> &[(u64, usize)] {
        &self.runs[..self.count]
    }
}

fn split_compact(value: u64) -> Option<Day> {
    let date = if value > 99_999_999 { value / 1_000_000 } else { value };
    let (year, month, day) = (date / 10_000, date / 100 % 100, date % 100);
    Day::new(i32::try_from(year).ok().filter(|&year| year >= 1800)?, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}

/// Serials of 1954 to 2119 only: other five-digit numbers are more likely something else.
fn from_serial(serial: u64) -> Option<Day> {
    i32::try_from(serial).ok().filter(|serial| (20_000..=80_000).contains(serial)).map(|serial| Day(serial - EXCEL_EPOCH))
}

fn full_year((value, length): (u64, usize)) -> Option<i32> {
    let value = u32::try_from(value).ok()?;
    let year = match length {
        4 if value >= 1800 => value,
        2 if value <= PIVOT => 2000 + value,
        2 => 1900 + value,
        _ => return None,
    };
    i32::try_from(year).ok()
}

fn small((value, length): (u64, usize)) -> Option<u32> {
    if length <= 2 { u32::try_from(value).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn days_in_every_form() {
        for text in [
            "2018-06-30",
            "2018/6/30",
            "2018.6.30",
            "20180630",
            "2018年6月30日",
            "2018年06月30号",
            "18.6.30",
            "43281",
            "43281.5",
            "2018-06-30 00:00:00",
            "２０１８－０６－３０",
            "20180630120000",
        ] {
            assert_eq!(read_day(text).map(|day| day.to_string()).as_deref(), Some("2018-06-30"), "{text}");
        }
        assert_eq!(read_day("65.3.2").map(|day| day.to_string()).as_deref(), Some("1965-03-02"));
        for text in ["", "2018-02-30", "2018-06", "长期", "20181340", "6月30日", "99999"] {
            assert_eq!(read_day(text), None, "{text}");
        }
    }

    #[test]
    fn months_in_every_form() {
        for text in ["2018-04", "2018年4月", "201804", "2018.4", "2018/04", "2018-04-15", "2018年4月份"] {
            assert_eq!(read_month(CellKind::Text, text).map(Month::yyyymm), Some(201_804), "{text}");
        }
        assert_eq!(read_month(CellKind::Text, "2018.1").map(Month::yyyymm), Some(201_801));
        assert_eq!(read_month(CellKind::Number, "2018.1"), None);
        assert_eq!(read_month(CellKind::Number, "2018.11").map(Month::yyyymm), Some(201_811));
        assert_eq!(read_month(CellKind::Text, "201813"), None);
    }

    #[test]
    fn years() {
        for text in ["2018", "2018年", "2018年度", "2018-01-01", "201801"] {
            assert_eq!(read_year(CellKind::Text, text), Some(2018), "{text}");
        }
        assert_eq!(read_year(CellKind::Text, "201"), None);
    }

    proptest! {
        #[test]
        fn every_day_reads_back(days in -25_000i32..40_000) {
            prop_assert_eq!(read_day(&Day(days).to_string()), Some(Day(days)));
        }

        #[test]
        fn total(text in "\\PC{0,20}|[0-9./年月日 -]{0,30}") {
            let _ = (read_day(&text), read_month(CellKind::Number, &text), read_year(CellKind::Text, &text));
        }
    }
}
