//! The clock, for histories and receipts; never for results.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::model::date::Day;

const DAY: u64 = 86_400;

/// Today in UTC; `None` on a computer whose clock stands before 1970.
pub(crate) fn today() -> Option<Day> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    i32::try_from(seconds / DAY).ok().map(Day)
}

/// Now in UTC: `2018-07-05T08:03:09Z`.
pub(crate) fn utc_now() -> String {
    at(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}

fn at(seconds: u64) -> String {
    let day = Day(i32::try_from(seconds / DAY).unwrap_or(i32::MAX));
    let of_day = seconds % DAY;
    format!("{day}T{:02}:{:02}:{:02}Z", of_day / 3600, of_day / 60 % 60, of_day % 60)
}

#[cfg(test)]
mod tests {
    #[test]
    fn seconds_since_1970_as_a_time() {
        assert_eq!(crate::store::clock::at(1_530_777_789), "2018-07-05T08:03:09Z");
    }
}
