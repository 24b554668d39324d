//! Which day a moment means that a program wrote in another zone: exporters turn midnight in China into an hour of the day before.
//!
//! JavaScript writers put 16:00 UTC of the day before (15:00 in the years with summer time), those that forget summer time 23:00, and
//! those that take Shanghai's local mean time of 1900 some minutes and seconds less. A clock that really showed exactly these would be
//! taken for the next day: registries hold days, not clocks.

use super::date::Day;

/// Year, month, day.
type Date = (i32, u32, u32);

/// Shanghai's clocks were an hour ahead from midnight of the first day after `0` to midnight of `1` (tz database).
const SUMMERS: [(Date, Date); 13] = [
    ((1940, 6, 1), (1940, 10, 12)),
    ((1941, 3, 15), (1941, 11, 1)),
    ((1942, 1, 31), (1945, 9, 1)),
    ((1946, 5, 15), (1946, 9, 30)),
    ((1947, 4, 15), (1947, 10, 31)),
    ((1948, 5, 1), (1948, 9, 30)),
    ((1949, 5, 1), (1949, 5, 27)),
    ((1986, 5, 4), (1986, 9, 14)),
    ((1987, 4, 12), (1987, 9, 13)),
    ((1988, 4, 17), (1988, 9, 11)),
    ((1989, 4, 16), (1989, 9, 17)),
    ((1990, 4, 15), (1990, 9, 16)),
    ((1991, 4, 14), (1991, 9, 15)),
];
const HOUR: u32 = 3600;
/// What local mean time was ahead of the zone that replaced it: 8:05:43.
const MEAN_TIME: u32 = 5 * 60 + 43;
/// Of it, what writers lose that count minutes only.
const LOST_SECONDS: u32 = 43;

/// Whether clocks in China were an hour ahead at the midnight that begins `day`.
#[must_use]
pub fn is_summer(day: Day) -> bool {
    let of = |(year, month, day): Date| Day::new(year, month, day);
    SUMMERS.iter().any(|(first, last)| of(*first).is_some_and(|first| first <= day) && of(*last).is_some_and(|last| day <= last))
}

/// The day meant by `second` of `day` (0 to 86,399), both as the file says them, without a zone.
#[must_use]
pub fn day_meant(day: Day, second: u32) -> Day {
    let next = Day(day.0.saturating_add(1));
    let near = |wanted: u32| second.abs_diff(wanted) <= 1;
    let midnight = |hour: u32| near(hour * HOUR) || near(hour * HOUR - LOST_SECONDS);
    // 23:59:59 ends a day: some write it for "until".
    let almost = (24 * HOUR - 60..24 * HOUR - 1).contains(&second);
    let turned = almost || midnight(16) || near(16 * HOUR - MEAN_TIME) || (midnight(15) || midnight(23)) && is_summer(next);
    if turned { next } else { day }
}

/// The day in China of a moment in UTC.
#[must_use]
pub fn day_in_china(day: Day, second: u32) -> Day {
    let next = Day(day.0.saturating_add(1));
    let ahead = if is_summer(next) { 15 } else { 16 };
    if second >= ahead * HOUR || day_meant(day, second) == next { next } else { day }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    #[test]
    fn midnight_in_china_is_the_next_day_and_other_clocks_are_not() {
        for (said, hour, minute, second, meant) in [
            ("1948-12-31", 16, 0, 0, "1949-01-01"),
            ("1988-07-11", 15, 0, 0, "1988-07-12"),
            ("1988-07-11", 23, 0, 0, "1988-07-12"),
            ("1995-07-11", 23, 0, 0, "1995-07-11"),
            ("1995-07-11", 15, 0, 0, "1995-07-11"),
            ("1975-03-01", 23, 59, 17, "1975-03-02"),
            ("1975-03-01", 15, 59, 17, "1975-03-02"),
            ("2018-06-30", 23, 59, 59, "2018-06-30"),
            ("2018-06-30", 0, 0, 0, "2018-06-30"),
            ("2018-06-30", 9, 15, 3, "2018-06-30"),
        ] {
            assert_eq!(day_meant(day(said), hour * HOUR + minute * 60 + second), day(meant), "{said} {hour}:{minute}:{second}");
        }
        assert_eq!(day_in_china(day("2018-06-29"), 20 * HOUR), day("2018-06-30"));
        assert_eq!(day_in_china(day("2018-06-30"), 15 * HOUR), day("2018-06-30"));
    }
}
