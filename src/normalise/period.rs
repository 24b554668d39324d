//! The months a text names: `2018年4-6月`, `第二季度`, `1月至6月`, `上半年`, `2018.04-2018.06`, `6月份`, with or without a year.
//!
//! Takes a title, a name of a sheet or file, a cell; gives the first period written in it. `2018年6月30日` names June. Total over any text; O(length).

use unicode_normalization::UnicodeNormalization;

use super::date::arabic;
use crate::model::date::{Month, Months};

/// Months of a year that a text may leave open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) year: Option<i32>,
    from: u32,
    /// In the year `to_year` where that is another.
    to: u32,
    to_year: Option<i32>,
}

impl Named {
    /// The months, in the year they name, else in `year`.
    pub(super) fn in_year(self, year: Option<i32>) -> Option<Months> {
        let year = self.year.or(year)?;
        let (from, to) = (Month::new(year, self.from)?, Month::new(self.to_year.unwrap_or(year), self.to)?);
        (from <= to && to.0 - from.0 < 24).then_some(Months { from, to })
    }

    /// The months as the last so named that begin by `period`.
    pub(super) fn by(self, period: Month) -> Option<Months> {
        let this_year = self.in_year(Some(period.year()));
        if self.year.is_some() || this_year.is_some_and(|months| months.from <= period) {
            return this_year;
        }
        self.in_year(Some(period.year() - 1))
    }
}

/// The first period in `text`.
pub(super) fn find(text: &str) -> Option<Named> {
    let wide: String = text.nfkc().filter(|character| !character.is_whitespace()).collect();
    let characters: Vec<char> = arabic(&wide).chars().collect();
    let mut year = None;
    let mut at = 0;
    while at < characters.len() {
        let scan = Scan { characters: &characters, at };
        for (word, from, to) in [("上半年", 1, 6), ("下半年", 7, 12), ("全年", 1, 12)] {
            if scan.has(word) {
                return Some(Named { year, from, to, to_year: None });
            }
        }
        let Some((value, length)) = scan.number() else {
            at += 1;
            continue;
        };
        let behind = scan.skip(length);
        match length {
            4 if (1990..2100).contains(&value) => {
                year = i32::try_from(value).ok();
                if let Some(named) = behind.month_of_year(year) {
                    return Some(named);
                }
            }
            6 | 8 => {
                let month = if length == 8 { value / 100 } else { value };
                let (own, month) = (i32::try_from(month / 100).ok(), month % 100);
                if own.is_some_and(|own| (1990..2100).contains(&own)) && (1..=12).contains(&month) {
                    let end = behind.separator().and_then(Scan::number).filter(|(_, digits)| *digits == length);
                    let end = end.map(|(value, _)| if length == 8 { value / 100 } else { value });
                    let (to_year, to) = end.map_or((own, month), |end| (i32::try_from(end / 100).ok(), end % 100));
                    return Some(Named { year: own, from: month, to, to_year }).filter(|named| named.in_year(None).is_some());
                }
            }
            1..=2 => {
                if let Some(named) = behind.range(year, value) {
                    return Some(named);
                }
            }
            _ => {}
        }
        at = behind.at;
    }
    None
}

/// A place in a text.
#[derive(Clone, Copy)]
struct Scan<'c> {
    characters: &'c [char],
    at: usize,
}

impl Scan<'_> {
    fn skip(self, count: usize) -> Self {
        Self { at: self.at + count, ..self }
    }

    fn peek(self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn has(self, word: &str) -> bool {
        word.chars().enumerate().all(|(offset, wanted)| self.characters.get(self.at + offset) == Some(&wanted))
    }

    /// The number that begins here, and its digits.
    fn number(self) -> Option<(u32, usize)> {
        let digits: Vec<u32> = self.characters.iter().skip(self.at).map_while(|character| character.to_digit(10)).collect();
        let value = digits.iter().try_fold(0_u32, |sum, digit| sum.checked_mul(10)?.checked_add(*digit)).unwrap_or(u32::MAX);
        (!digits.is_empty()).then_some((value, digits.len()))
    }

    /// Past `至`, `-`, `、` and the like.
    fn separator(self) -> Option<Self> {
        let count = self
            .characters
            .iter()
            .skip(self.at)
            .take_while(|c| matches!(c, '-' | '~' | '—' | '–' | '至' | '到' | '、' | ',' | '和' | '及'))
            .count();
        (count > 0).then(|| self.skip(count))
    }

    /// Past `月` or `月份`.
    fn month_sign(self) -> Option<Self> {
        (self.peek() == Some('月')).then(|| if self.has("月份") { self.skip(2) } else { self.skip(1) })
    }

    /// A month right behind a year: `年6月`, `-06`, `.6`, `年4-6月`, `.04-2018.06`.
    fn month_of_year(self, year: Option<i32>) -> Option<Named> {
        let (mut scan, sign) = (self, self.peek()?);
        if !matches!(sign, '年' | '-' | '.' | '/' | '_') {
            return None;
        }
        scan = scan.skip(1);
        while matches!(scan.peek(), Some('度' | '第')) {
            scan = scan.skip(1);
        }
        let (month, length) = scan.number().filter(|(_, length)| *length <= 2)?;
        let behind = scan.skip(length);
        if let Some(named) = behind.range(year, month) {
            return Some(named);
        }
        let single = Named { year, from: month, to: month, to_year: None };
        let end = behind.separator().and_then(|end| {
            let (to_year, length) = end.number().filter(|(_, length)| *length == 4)?;
            let (to, _) = end.skip(length + 1).number().filter(|(_, length)| *length <= 2)?;
            Some(Named { to, to_year: i32::try_from(to_year).ok(), ..single })
        });
        let named = end.filter(|named| named.in_year(None).is_some()).unwrap_or(single);
        (sign != '年' || behind.month_sign().is_some())
            .then_some(named)
            .filter(|named| named.in_year(year.or(Some(2000))).is_some())
    }

    /// What stands behind the number `first`: `月`, `-6月`, `月至6月`, `、5、6月`, `季度`, `-2季度`.
    fn range(self, year: Option<i32>, first: u32) -> Option<Named> {
        let quarter = |from: u32, to: u32| Named { year, from: from * 3 - 2, to: to * 3, to_year: None };
        let (mut scan, mut last, mut to_year) = (self, first, None);
        let mut is_month = false;
        loop {
            if scan.has("季度") {
                let fits = !is_month && (1..=4).contains(&first) && (first..=4).contains(&last);
                return fits.then(|| quarter(first, last));
            }
            let signed = scan.month_sign();
            is_month |= signed.is_some();
            scan = signed.unwrap_or(scan);
            let Some(mut next) = scan.separator() else { break };
            if let Some((value, 4)) = next.number()
                && next.skip(4).peek() == Some('年')
            {
                to_year = i32::try_from(value).ok();
                next = next.skip(5);
            }
            if next.peek() == Some('第') {
                next = next.skip(1);
            }
            let Some((value, length)) = next.number().filter(|(_, length)| *length <= 2) else { break };
            let behind = next.skip(length);
            // `6月-30日` and `4月-1组` are no range: the last number must be a month too.
            if behind.month_sign().is_none() && behind.separator().is_none() && !behind.has("季度") {
                break;
            }
            last = value;
            scan = behind;
        }
        let named = Named { year, from: first, to: last, to_year };
        (is_month && named.in_year(year.or(Some(2000))).is_some()).then_some(named)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn months(text: &str) -> Option<(i32, i32)> {
        find(text).and_then(|named| named.in_year(Some(1999))).map(|months| (months.from.yyyymm(), months.to.yyyymm()))
    }

    #[test]
    fn periods_in_every_form() {
        for text in [
            "2018年4-6月农村低保金发放明细表",
            "2018年第二季度农村低保金发放明细表",
            "2018年二季度",
            "2018年2季度",
            "2018年4月至6月",
            "2018年4月—6月份发放表",
            "二〇一八年四至六月",
            "2018年4、5、6月",
            "2018.04-2018.06",
            "201804-201806",
            "2018年4月-2018年6月",
            "正安县2018年4～6月发放",
        ] {
            assert_eq!(months(text), Some((201_804, 201_806)), "{text}");
        }
        for (text, from, to) in [
            ("2018年6月30日", 201_806, 201_806),
            ("2018-06-30", 201_806, 201_806),
            ("2018-06农村低保发放明细", 201_806, 201_806),
            ("20180630", 201_806, 201_806),
            ("2018年1-6月", 201_801, 201_806),
            ("2018年上半年", 201_801, 201_806),
            ("2017年12月-2018年2月", 201_712, 201_802),
            ("2018年第1-2季度", 201_801, 201_806),
            ("1月", 199_901, 199_901),
            ("六月份", 199_906, 199_906),
            ("10-12月", 199_910, 199_912),
            ("三季度", 199_907, 199_909),
            ("2018.6", 201_806, 201_806),
        ] {
            assert_eq!(months(text), Some((from, to)), "{text}");
        }
        for text in
            ["2018年农村低保发放明细", "3个月", "监测对象信息(22)", "08512018064", "1_1", "13月", "Sheet1", "2018年", "三组"]
        {
            assert_eq!(months(text), None, "{text}");
        }
    }

    #[test]
    fn without_a_year_the_last_before_the_period() {
        let june: Month = "2018-06".parse().expect("a month");
        let by =
            |text: &str| find(text).and_then(|named| named.by(june)).map(|months| (months.from.yyyymm(), months.to.yyyymm()));
        assert_eq!(by("6月"), Some((201_806, 201_806)));
        assert_eq!(by("4-6月"), Some((201_804, 201_806)));
        assert_eq!(by("12月"), Some((201_712, 201_712)));
    }

    proptest! {
        #[test]
        fn total(text in "\\PC{0,20}|[0-9年月季度第至.、-]{0,24}") {
            if let Some(months) = find(&text).and_then(|named| named.in_year(Some(2018))) {
                prop_assert!(months.from <= months.to);
            }
        }
    }
}
