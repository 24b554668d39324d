//! Calendar days and months, without a clock: nothing here knows today.

use std::fmt;

/// A day as days since 1970-01-01, proleptic Gregorian; the same number as Arrow's `Date32`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize)]
pub struct Day(pub i32);

impl Day {
    /// `None` when the calendar has no such day.
    #[must_use]
    pub fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || day == 0 || day > days_in(year, month) {
            return None;
        }
        // Howard Hinnant, days_from_civil.
        let (month, day) = (i32::try_from(month).ok()?, i32::try_from(day).ok()?);
        let shifted = if month <= 2 { year - 1 } else { year };
        let era = shifted.div_euclid(400);
        let year_of_era = shifted.rem_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Some(Self(era * 146_097 + day_of_era - 719_468))
    }

    /// Year, month 1-12, day 1-31.
    #[must_use]
    pub fn ymd(self) -> (i32, u32, u32) {
        let shifted = self.0 + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let index = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * index + 2) / 5 + 1;
        let month = if index < 10 { index + 3 } else { index - 9 };
        let year = year_of_era + era * 400 + i32::from(month <= 2);
        (year, month.unsigned_abs(), day.unsigned_abs())
    }

    /// The month the day lies in.
    #[must_use]
    pub fn month(self) -> Month {
        let (year, month, _) = self.ymd();
        Month(year * 12 + i32::try_from(month).unwrap_or(1) - 1)
    }

    /// Full years lived on `as_of` by someone born on this day (a birthday on 29 February counts from 1 March).
    #[must_use]
    pub fn age_on(self, as_of: Self) -> i32 {
        let (birth, on) = (self.ymd(), as_of.ymd());
        on.0 - birth.0 - i32::from((on.1, on.2) < (birth.1, birth.2))
    }
}

/// Days in a month, 0 for a month that does not exist.
#[must_use]
pub fn days_in(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Day {
    type Err = String;

    /// Strict `2018-06-30`, for options and configuration; cells are read by `normalise`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('-').map(str::parse::<u32>);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Ok(year)), Some(Ok(month)), Some(Ok(day)), None) if text.len() == 10 => {
                i32::try_from(year).ok().and_then(|year| Self::new(year, month, day))
            }
            _ => None,
        }
        .ok_or_else(|| format!("“{text}”不是日期，应写成 2018-06-30"))
    }
}

/// A calendar month as `year * 12 + (month - 1)`, so that months subtract. Stage files hold it as `yyyymm` ([`Month::yyyymm`]).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(pub i32);

impl Month {
    /// `None` outside year 1-9999, month 1-12.
    #[must_use]
    pub fn new(year: i32, month: u32) -> Option<Self> {
        Day::new(year, month, 1).map(Day::month)
    }

    /// The year.
    #[must_use]
    pub fn year(self) -> i32 {
        self.0.div_euclid(12)
    }

    /// The month, 1-12.
    #[must_use]
    pub fn month(self) -> u32 {
        self.0.rem_euclid(12).unsigned_abs() + 1
    }

    /// `201806`: how stage files and SQL conditions hold a month.
    #[must_use]
    pub fn yyyymm(self) -> i32 {
        self.year() * 100 + self.0.rem_euclid(12) + 1
    }

    /// The last day of the month.
    #[must_use]
    pub fn last_day(self) -> Day {
        Day::new(self.year(), self.month(), days_in(self.year(), self.month())).unwrap_or(Day(0))
    }

    /// The first day of the month.
    #[must_use]
    pub fn first_day(self) -> Day {
        Day::new(self.year(), self.month(), 1).unwrap_or(Day(0))
    }
}

/// Months from one to another, both included.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Months {
    /// The first.
    pub from: Month,
    /// The last.
    pub to: Month,
}

impl Months {
    /// One month.
    #[must_use]
    pub fn one(month: Month) -> Self {
        Self { from: month, to: month }
    }

    /// Whether they are more than one.
    #[must_use]
    pub fn are_several(self) -> bool {
        self.from != self.to
    }

    /// The month that stands for them in a run for `period`: the period's where they include it, else the last.
    #[must_use]
    pub fn as_one(self, period: Month) -> Month {
        if self.from <= period && period <= self.to { period } else { self.to }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.month())
    }
}

impl fmt::Debug for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Month {
    type Err = String;

    /// Strict `2018-06`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        format!("{text}-01").parse::<Day>().map(Day::month).map_err(|_| format!("“{text}”不是月份，应写成 2018-06"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn days_round_trip(days in -700_000i32..2_900_000) {
            let (year, month, day) = Day(days).ymd();
            prop_assert_eq!(Day::new(year, month, day), Some(Day(days)));
        }
    }

    #[test]
    fn known_days() {
        assert_eq!(Day::new(1970, 1, 1), Some(Day(0)));
        assert_eq!(Day::new(2018, 2, 29), None);
        assert_eq!("2018-06-30".parse::<Day>().map(|day| day.to_string()), Ok("2018-06-30".to_owned()));
        assert!("2018-6-30".parse::<Day>().is_err());
    }

    #[test]
    fn months_end_and_subtract() {
        let june: Month = "2018-06".parse().expect("a month");
        assert_eq!(june.last_day().to_string(), "2018-06-30");
        assert_eq!(june.yyyymm(), 201_806);
        assert_eq!("2018-05".parse::<Month>().expect("a month").0, june.0 - 1);
        assert!("2018-13".parse::<Month>().is_err());
    }

    #[test]
    fn age_counts_full_years() {
        let birth = Day::new(2000, 7, 1).expect("a day");
        assert_eq!(birth.age_on("2018-06-30".parse().expect("a day")), 17);
        assert_eq!(birth.age_on("2018-07-01".parse().expect("a day")), 18);
    }
}
