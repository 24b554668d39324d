//! Birth dates that the number did not score.

use crate::model::date::Day;

/// 0 equal, 1 day and month swapped, 2 one of year, month and day differs, 3 different.
pub(in crate::link) fn compare(left: i32, right: i32) -> u8 {
    if left == right {
        return 0;
    }
    let (a, b) = (Day(left).ymd(), Day(right).ymd());
    if a.0 == b.0 && a.1 == b.2 && a.2 == b.1 {
        return 1;
    }
    let differing = u8::from(a.0 != b.0) + u8::from(a.1 != b.1) + u8::from(a.2 != b.2);
    if differing == 1 { 2 } else { 3 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn levels_by_example() {
        let day = |text: &str| text.parse::<Day>().expect("a day").0;
        for (left, right, level) in [
            ("1990-03-07", "1990-03-07", 0),
            ("1990-03-07", "1990-07-03", 1),
            ("1990-03-07", "1990-03-17", 2),
            ("1990-03-07", "1980-03-07", 2),
            ("1990-03-07", "1991-04-07", 3),
        ] {
            assert_eq!(compare(day(left), day(right)), level, "{left} {right}");
        }
    }

    proptest! {
        #[test]
        fn symmetric(left in -20_000i32..20_000, right in -20_000i32..20_000) {
            prop_assert_eq!(compare(left, right), compare(right, left));
        }
    }
}
