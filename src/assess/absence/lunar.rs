//! Days of birth by the Chinese calendar: the year, month and day that somebody keeps, written as if they were the civil ones.
//!
//! Takes two days; says whether one may be the other's. No table of years is needed where the name agrees as well: the moon's mean age, which is
//! a day off at most, and the lag of the lunar year leave one date in two hundred by chance. Cost: a few operations on integers.

use crate::model::date::Day;

/// Days by which a civil date follows the one of the same numbers in the Chinese calendar.
const LAG: std::ops::RangeInclusive<i32> = 19..=55;
/// Days off: the mean moon's, and one of whoever worked it out.
const SLACK: i64 = 2;
/// The mean month from new moon to new moon, in millionths of a day.
const MONTH: i64 = 29_530_588;
/// The mean new moon of 7 January 2000, in China's time, counted as days are.
const NEW_MOON: i64 = 10_963_093_000;

/// Whether one of two births is the other by the Chinese calendar, or a day beside it.
pub(super) fn are_one_birth(one: i32, other: i32) -> bool {
    let (written, day) = if one < other { (one, other) } else { (other, one) };
    LAG.contains(&(day - written)) && {
        let age = (i64::from(day + 1) * 1_000_000 - NEW_MOON).rem_euclid(MONTH) / 1_000_000 + 1;
        let apart = (i64::from(Day(written).ymd().2) - age).rem_euclid(30);
        apart <= SLACK || apart >= 30 - SLACK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> i32 {
        Day::new(year, month, day).map(|day| day.0).unwrap_or_default()
    }

    #[test]
    fn dates_of_both_calendars() {
        for (solar, lunar) in [
            (day(1950, 3, 6), day(1950, 1, 18)),
            (day(1949, 10, 1), day(1949, 8, 10)),
            (day(1933, 7, 22), day(1933, 6, 1)),
            (day(2008, 8, 8), day(2008, 7, 8)),
            (day(1984, 12, 21), day(1984, 10, 29)),
            (day(1976, 2, 1), day(1976, 1, 2)),
            (day(2012, 1, 22), day(2011, 12, 29)),
        ] {
            assert!(are_one_birth(solar, lunar) && are_one_birth(lunar, solar), "{solar}");
            assert!(!are_one_birth(solar, lunar - 10) && !are_one_birth(solar, lunar + 10) && !are_one_birth(solar, solar));
        }
    }
}
