//! Amounts: decimal text in a unit → integer fen, half up. No float is involved.
//!
//! Takes a cell and the [`Unit`] of its column ([`unit_of`]), gives fen. `--------` and other texts without a digit are `None`.

use unicode_normalization::UnicodeNormalization;

/// What one counts in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// 元.
    Yuan,
    /// 千元.
    Thousand,
    /// 万元.
    TenThousand,
}

impl Unit {
    /// Decimal places from the unit down to fen.
    fn places(self) -> usize {
        match self {
            Self::Yuan => 2,
            Self::Thousand => 5,
            Self::TenThousand => 6,
        }
    }

    fn named_in(text: &str) -> Option<Self> {
        if text.contains("万元") {
            Some(Self::TenThousand)
        } else if text.contains("千元") {
            Some(Self::Thousand)
        } else {
            text.contains('元').then_some(Self::Yuan)
        }
    }
}

/// The unit a header names (`保障金（元）`, `金额(万元)`), else that of a line above the table (`单位：人，万元`), else yuan.
#[must_use]
pub fn unit_of(header: &str, preamble: &[String]) -> Unit {
    if let Some(unit) = Unit::named_in(header) {
        return unit;
    }
    let after_label = |line: &String| {
        line.split_once("单位").and_then(|(before, after)| {
            // 填报单位, 制表单位 name an office; the unit may still follow on the same line.
            let office = before.ends_with(['报', '表', '责', '办', '送', '位']);
            let text = if office { after.split_once("单位").map(|(_, rest)| rest)? } else { after };
            Unit::named_in(text)
        })
    };
    preamble.iter().find_map(after_label).unwrap_or(Unit::Yuan)
}

/// The amount in fen; `None` when `text` is no amount or does not fit.
#[must_use]
pub fn read(text: &str, unit: Unit) -> Option<i64> {
    if text.is_ascii() { parse(text, unit) } else { parse(&text.nfkc().collect::<String>(), unit) }
}

fn parse(text: &str, unit: Unit) -> Option<i64> {
    let mut rest = text.trim().trim_start_matches(['¥', '￥']).trim();
    let mut unit = unit;
    for (word, own) in
        [("万元", Some(Unit::TenThousand)), ("千元", Some(Unit::Thousand)), ("元整", Some(Unit::Yuan)), ("元", Some(Unit::Yuan))]
    {
        if let Some(before) = rest.strip_suffix(word) {
            rest = before.trim_end();
            unit = own.unwrap_or(unit);
            break;
        }
    }
    let bracketed = rest.strip_prefix('(').and_then(|inner| inner.strip_suffix(')'));
    let (negative, digits) = match (bracketed, rest.strip_prefix('-')) {
        (Some(inner), _) | (None, Some(inner)) => (true, inner),
        (None, None) => (false, rest.strip_prefix('+').unwrap_or(rest)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    // Commas part thousands; `40,00` is no number that anybody can be sure of.
    let mut groups = whole.split(',');
    if whole.contains(',')
        && !(groups.next().is_some_and(|first| (1..=3).contains(&first.trim().len()))
            && groups.all(|group| group.trim().len() == 3))
    {
        return None;
    }
    let mut fen: i64 = 0;
    for byte in whole.bytes().filter(|byte| !matches!(byte, b',' | b' ')) {
        fen = append(fen, byte)?;
    }
    let mut decimals = fraction.trim_end().bytes();
    for _ in 0..unit.places() {
        fen = append(fen, decimals.next().unwrap_or(b'0'))?;
    }
    let next = decimals.next().unwrap_or(b'0');
    if !next.is_ascii_digit() || !decimals.all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fen = fen.checked_add(i64::from(next >= b'5'))?;
    Some(if negative { -fen } else { fen })
}

fn append(value: i64, digit: u8) -> Option<i64> {
    if !digit.is_ascii_digit() {
        return None;
    }
    value.checked_mul(10)?.checked_add(i64::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forms_seen() {
        for (text, fen) in [
            ("294.58", Some(29_458)),
            ("294.5800", Some(29_458)),
            ("294.585", Some(29_459)),
            ("294.58000000000004", Some(29_458)),
            ("￥1,234.5元", Some(123_450)),
            ("１２３", Some(12_300)),
            ("0.3万元", Some(300_000)),
            ("-50", Some(-5_000)),
            ("(50.00)", Some(-5_000)),
            (".5", Some(50)),
            ("--------", None),
            ("三百", None),
            ("12元/月", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(read(text, Unit::Yuan), fen, "{text}");
        }
        assert_eq!(read("1.23456789", Unit::TenThousand), Some(1_234_568));
    }

    #[test]
    fn units_come_from_header_then_unit_row() {
        let rows = |text: &str| vec!["2018年统计表".to_owned(), text.to_owned()];
        assert_eq!(unit_of("保障金（元）", &rows("单位：人，万元")), Unit::Yuan);
        assert_eq!(unit_of("金额", &rows("单位：人，万元")), Unit::TenThousand);
        assert_eq!(unit_of("金额", &rows("填报单位：万元村委会")), Unit::Yuan);
        assert_eq!(unit_of("金额", &rows("填报单位：县民政局  单位：万元")), Unit::TenThousand);
        assert_eq!(unit_of("金额(万元)", &[]), Unit::TenThousand);
    }

    proptest! {
        #[test]
        fn any_amount_of_fen_reads_back(fen in -1_000_000_000_000i64..1_000_000_000_000) {
            prop_assert_eq!(read(&crate::model::money::Fen(fen).to_string(), Unit::Yuan), Some(fen));
        }

        #[test]
        fn total(text in "\\PC{0,20}|[-+0-9.,()元万¥ ]{0,30}") {
            let _ = read(&text, Unit::TenThousand);
        }
    }
}
