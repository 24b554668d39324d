//! The day in an answer on a list: as [`super::date`] reads days, and as people write on paper.
//!
//! Also takes days without a year (`7月5日`, `7.5`), which are the first such day from the first of
//! the list's month on. What could be two days is `None`: the number cell `7.1` may be a shortened `7.10`. Total over any text.

use unicode_normalization::UnicodeNormalization;

use super::date::{arabic, read_day};
use crate::model::date::{Day, Month};
use crate::model::raw::CellKind;

/// A day; `list` is the month of the list it was written on.
#[must_use]
pub fn read(kind: CellKind, text: &str, list: Option<Month>) -> Option<Day> {
    let plain: String = text.nfkc().collect();
    let plain = arabic(plain.trim().trim_end_matches(['。', ',', '、', ';']));
    read_day(&plain).or_else(|| without_year(kind, &plain, list?))
}

fn without_year(kind: CellKind, text: &str, list: Month) -> Option<Day> {
    let (month, rest) = text.split_once(['月', '.', '-', '/'])?;
    let day: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
    let after = rest.trim_start().strip_prefix(day.as_str())?;
    let whole = after.trim().is_empty() || after.starts_with(['日', '号']);
    // A number cell drops a last zero: 7.10 becomes 7.1.
    let shortened = kind == CellKind::Number && matches!(day.as_str(), "1" | "2" | "3");
    if !whole || shortened || day.len() > 2 {
        return None;
    }
    let (month, day) = (month.trim().parse().ok()?, day.parse().ok()?);
    [list.year(), list.year() + 1].into_iter().find_map(|year| Day::new(year, month, day).filter(|day| *day >= list.first_day()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn on(kind: CellKind, text: &str, list: &str) -> Option<String> {
        read(kind, text, Some(list.parse().expect("a month"))).map(|day| day.to_string())
    }

    #[test]
    fn the_fifth_of_july_in_every_form() {
        for text in [
            "2018-7-5",
            "2018.7.5",
            "2018/07/05",
            "2018年7月5日",
            "20180705",
            "7月5日",
            "7月5号",
            "7.5",
            "7-5",
            "07/05",
            "43286",
            "二〇一八年七月五日",
            "二零一八年七月五日",
            "七月五日",
            "18/7/5",
            "18.7.5",
            "2018-07-05 00:00:00",
            "２０１８年７月５日",
            "2018年7月5日上午",
            "7月5日。",
        ] {
            assert_eq!(on(CellKind::Text, text, "2018-06").as_deref(), Some("2018-07-05"), "{text}");
        }
    }

    #[test]
    fn tens_in_chinese() {
        for (text, day) in [
            ("二〇一八年十月十日", "2018-10-10"),
            ("二〇一八年十一月二十日", "2018-11-20"),
            ("二〇一八年十二月三十一日", "2018-12-31"),
            ("十月二十五日", "2018-10-25"),
        ] {
            assert_eq!(on(CellKind::Text, text, "2018-06").as_deref(), Some(day), "{text}");
        }
    }

    #[test]
    fn a_day_without_a_year_follows_the_list() {
        assert_eq!(on(CellKind::Text, "1月5日", "2018-12").as_deref(), Some("2019-01-05"));
        assert_eq!(on(CellKind::Text, "12月5日", "2018-12").as_deref(), Some("2018-12-05"));
        assert_eq!(read(CellKind::Text, "7月5日", None), None);
    }

    #[test]
    fn what_could_be_two_days_is_none() {
        assert_eq!(on(CellKind::Number, "7.1", "2018-06"), None, "perhaps 7.10");
        assert_eq!(on(CellKind::Number, "7.5", "2018-06").as_deref(), Some("2018-07-05"));
        for text in ["", "7月", "13月5日", "七月", "昨天", "7月5日至8日前后五天", "2月30日", "7.5.6.7", "月5日"]
        {
            let read = on(CellKind::Text, text, "2018-06");
            assert!(read.is_none() || text.starts_with("7月5日"), "{text}: {read:?}");
        }
    }

    proptest! {
        #[test]
        fn total(text in "\\PC{0,20}|[0-9.年月日十二〇/ -]{0,16}", month in 20_000i32..30_000) {
            let _ = read(CellKind::Text, &text, Some(Month(month)));
        }
    }
}
