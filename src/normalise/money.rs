//! Amounts: text in a unit → integer fen, half up. No float is involved.
//!
//! Takes a cell, the [`Unit`] of its column and what the column's amounts are for; gives fen, or why there are none: `--------` and other texts
//! without a digit or numeral are blank, `330+50`, `40-50`, `125元×5个月`, `约330`, `120（3个月）` are not read, `330/年` in a column of months is another unit. Reads
//! 三百三十元, 叁佰叁拾元整, 330元5角.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::repair::Repair;
use super::unit::{self, Scale, Unit};
use crate::model::field::Per;

/// What a cell gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The amount.
    pub fen: Option<i64>,
    /// Why there is none, where something stands there.
    pub why: Option<Repair>,
}

impl Reading {
    fn none(why: Repair) -> Self {
        Self { fen: None, why: Some(why) }
    }
}

/// What a cell of a column says whose amounts are for `per`.
#[must_use]
pub fn read_for(text: &str, unit: &Unit, per: Option<Per>) -> Reading {
    let plain: Cow<'_, str> = if text.is_ascii() {
        text.into()
    } else {
        text.nfkc().map(|c| if matches!(c, '−' | '–' | '—') { '-' } else { c }).collect::<String>().into()
    };
    let plain = plain.trim();
    // Dashes and slashes are how a blank amount is printed.
    if !plain.chars().any(char::is_alphanumeric) {
        return Reading::default();
    }
    if unit.is_unclear {
        return Reading::none(Repair::OtherUnit);
    }
    if unit.has_back_payments && per == Some(Per::Month) {
        return Reading::none(Repair::BackPayment);
    }
    let Some(bare) = without_remark(plain) else { return Reading::none(Repair::SeveralMonths) };
    let (number, behind) = parted(bare);
    // `125元×5个月` is more than its first factor.
    if behind.contains(['×', '*', 'x', 'X', '✕']) {
        return Reading::none(Repair::Unreadable);
    }
    let Some((scale, own)) = unit::behind(behind) else { return Reading::none(Repair::Unreadable) };
    if own.or(unit.per).zip(per).is_some_and(|(said, per)| !fits(said, per)) {
        return Reading::none(Repair::OtherUnit);
    }
    match number_in(number, scale.unwrap_or(unit.scale)) {
        None => Reading::none(Repair::Unreadable),
        Some(fen) => Reading { fen: Some(fen), why: None },
    }
}

/// Whether an amount for `said` can stand in a column for `per`: what is paid once or by the semester is also told by the year.
fn fits(said: Per, per: Per) -> bool {
    let is_loose = |per: Per| matches!(per, Per::Semester | Per::Once);
    said == per || is_loose(per) && (is_loose(said) || matches!(said, Per::HalfYear | Per::Year))
}

/// The amount in fen of a plain number in a unit, which may stand behind it; `None` when `text` is no amount or does not fit.
#[must_use]
pub fn read(text: &str, unit: Unit) -> Option<i64> {
    read_for(text, &unit, None).fen
}

/// Without brackets behind a number that say nothing of the amount (`330（现金）`); `None` where they speak of other money or time.
fn without_remark(text: &str) -> Option<&str> {
    let Some((before, rest)) = text.split_once('(').filter(|(before, _)| !before.trim().is_empty()) else { return Some(text) };
    let (remark, after) = rest.split_once(')').unwrap_or((rest, ""));
    let speaks = |c: char| {
        c.is_numeric() || "补含扣退追欠差增月季年预应其中另".contains(c) || ARABIC.iter().any(|(numeral, _)| *numeral == c)
    };
    (after.trim().is_empty() && !remark.chars().any(speaks)).then(|| before.trim_end())
}

/// The number at the start of a text, and what stands behind it.
fn parted(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches(['¥', '￥']).trim_start_matches("人民币").trim_start_matches("RMB").trim();
    // A bracket round all of it is how accountants write below zero.
    let text = text.strip_suffix(')').filter(|_| text.starts_with('(')).unwrap_or(text);
    let numerals = |c: char| ARABIC.iter().any(|(numeral, _)| *numeral == c) || TENS.iter().any(|(numeral, _)| *numeral == c);
    let is_part =
        |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+' | '(' | ' ' | '负') || numerals(c) || c == '万';
    let end = text.char_indices().find(|(_, c)| !is_part(*c)).map_or(text.len(), |(at, _)| at);
    let (mut number, mut behind) = text.split_at(end);
    // `330元5角`: change stands behind the unit. `0.3万元` has its unit behind a number in digits.
    if let Some(digits) = number.strip_suffix('万').filter(|digits| digits.bytes().all(|byte| byte.is_ascii())) {
        (number, behind) = (digits, text.get(digits.len()..).unwrap_or_default());
    }
    let change = behind.trim_start_matches(['元', '圆', '块']).trim_end_matches('整');
    if change.chars().next().is_some_and(|c| c.is_ascii_digit() || numerals(c)) {
        return (text, "");
    }
    (number.trim(), behind.trim())
}

/// A number in digits or numerals, with 角 and 分 behind 元.
fn number_in(text: &str, scale: Scale) -> Option<i64> {
    let (negative, text) = match text.strip_prefix(['-', '负', '(']) {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let text = text.trim();
    let fen = if text.bytes().all(|byte| byte.is_ascii()) { digits(text, scale)? } else { in_words(text, scale)? };
    Some(if negative { -fen } else { fen })
}

/// `三百三十`, `叁佰叁拾元伍角`, `330元5角`.
fn in_words(text: &str, scale: Scale) -> Option<i64> {
    let text = text.trim_end_matches('整');
    let Some((yuan, change)) = text.split_once(['元', '圆', '块']) else {
        let hundredths =
            i64::try_from(numeral(text)?).ok()?.checked_mul(10_i64.checked_pow(u32::try_from(scale.places()).ok()?)?)?;
        return Some(hundredths);
    };
    let whole = number_or_numeral(yuan)?;
    let (mut fen, mut rest) = (0, change.trim_start_matches('零'));
    for (word, worth) in [('角', 10), ('分', 1)] {
        if let Some((before, after)) = rest.split_once(word) {
            fen += number_or_numeral(before).filter(|value| *value < 10)? * worth;
            rest = after;
        }
    }
    let whole = i64::try_from(whole).ok()?.checked_mul(100)?;
    rest.is_empty().then(|| whole.checked_add(i64::try_from(fen).ok()?))?
}

fn number_or_numeral(text: &str) -> Option<u64> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { numeral(text) }
}

const ARABIC: [(char, u64); 22] = [
    ('〇', 0),
    ('零', 0),
    ('一', 1),
    ('壹', 1),
    ('二', 2),
    ('贰', 2),
    ('两', 2),
    ('三', 3),
    ('叁', 3),
    ('四', 4),
    ('肆', 4),
    ('五', 5),
    ('伍', 5),
    ('六', 6),
    ('陆', 6),
    ('七', 7),
    ('柒', 7),
    ('八', 8),
    ('捌', 8),
    ('九', 9),
    ('玖', 9),
    ('○', 0),
];
const TENS: [(char, u64); 6] = [('十', 10), ('拾', 10), ('百', 100), ('佰', 100), ('千', 1000), ('仟', 1000)];

/// A whole number in numerals: `三百三十`, `一千零五`, `一万二千`; `None` where it is none, as `三百三` and digits side by side.
fn numeral(text: &str) -> Option<u64> {
    if let Some((high, low)) = text.split_once(['万', '萬']) {
        let low = if low.is_empty() { 0 } else { numeral(low)? };
        return numeral(high)?.checked_mul(10_000)?.checked_add(low);
    }
    let (mut sum, mut digit, mut last, mut zero) = (0_u64, None::<u64>, u64::MAX, false);
    for character in text.chars() {
        if let Some((_, value)) = ARABIC.iter().find(|(known, _)| *known == character) {
            if digit.is_some() {
                return None;
            }
            (digit, zero) = if *value == 0 { (None, true) } else { (Some(*value), zero) };
        } else {
            let (_, worth) = TENS.iter().find(|(known, _)| *known == character).filter(|(_, worth)| *worth < last)?;
            let times = digit.take().or((*worth == 10 && sum == 0).then_some(1))?;
            (sum, last, zero) = (sum + times * worth, *worth, false);
        }
    }
    match digit {
        None if sum == 0 && !zero => None,
        None => Some(sum),
        // `三百三` is 330 to some.
        Some(_) if last > 10 && last < u64::MAX && !zero => None,
        Some(digit) => Some(sum + digit),
    }
}

/// A number in digits, commas parting thousands.
fn digits(text: &str, scale: Scale) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    // `40,00` is no number that anybody can be sure of.
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
    for _ in 0..scale.places() {
        fen = append(fen, decimals.next().unwrap_or(b'0'))?;
    }
    let next = decimals.next().unwrap_or(b'0');
    if !next.is_ascii_digit() || !decimals.all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    fen.checked_add(i64::from(next >= b'5'))
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

    const YUAN: Unit = Unit::YUAN;

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
            ("0.3万", Some(300_000)),
            ("-50", Some(-5_000)),
            ("−50", Some(-5_000)),
            ("负50元", Some(-5_000)),
            ("(50.00)", Some(-5_000)),
            ("(50元)", Some(-5_000)),
            (".5", Some(50)),
            ("330.", Some(33_000)),
            ("330元整", Some(33_000)),
            ("330块", Some(33_000)),
            ("330（现金）", Some(33_000)),
            ("三百三十元", Some(33_000)),
            ("叁佰叁拾元整", Some(33_000)),
            ("叁佰叁拾元伍角", Some(33_050)),
            ("330元5角2分", Some(33_052)),
            ("一千零五", Some(100_500)),
            ("一万二千元", Some(1_200_000)),
            ("十五元", Some(1_500)),
            ("12元/月", Some(1_200)),
            ("330/月", Some(33_000)),
            ("0", Some(0)),
            ("零", Some(0)),
            ("--------", None),
            ("/", None),
            ("三百", Some(30_000)),
            ("三百三", None),
            ("三三", None),
            ("330+50", None),
            ("125元×5个月", None),
            ("1500元/人*5人", None),
            ("600元x2", None),
            ("40-50", None),
            ("约330", None),
            ("40人", None),
            ("4O", None),
            ("40,00", None),
            ("330.00（含增发30）", None),
            ("120（3个月）", None),
            ("330（其中补发）", None),
            ("3.3E2", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(read(text, YUAN), fen, "{text}");
        }
        assert_eq!(read("1.23456789", Unit { scale: Scale::TenThousand, ..YUAN }), Some(1_234_568));
        assert_eq!(read("4000", Unit { scale: Scale::Fen, ..YUAN }), Some(4_000));
    }

    #[test]
    fn what_is_for_another_time_is_no_amount_of_the_column() {
        let month = |text: &str, header: &str| read_for(text, &Unit::of(header, &[]), Some(Per::Month));
        assert_eq!(month("40/月", "金额").fen, Some(4_000));
        assert_eq!(month("480/年", "金额"), Reading::none(Repair::OtherUnit));
        assert_eq!(month("480元/年", "金额"), Reading::none(Repair::OtherUnit));
        assert_eq!(month("480", "补贴标准（元/年）"), Reading::none(Repair::OtherUnit));
        assert_eq!(month("120", "发放金额（季）"), Reading::none(Repair::OtherUnit));
        assert_eq!(month("40", "金额（元/人·月）").fen, Some(4_000));
        assert_eq!(month("40", "金额（美元）"), Reading::none(Repair::OtherUnit));
        assert_eq!(month("120", "金额（含补发）"), Reading::none(Repair::BackPayment));
        assert_eq!(month("—", "金额"), Reading::default());
        assert_eq!(read_for("1000元/年", &YUAN, Some(Per::Semester)).fen, Some(100_000));
    }

    proptest! {
        #[test]
        fn any_amount_of_fen_reads_back(fen in -1_000_000_000_000i64..1_000_000_000_000) {
            prop_assert_eq!(read(&crate::model::money::Fen(fen).to_string(), YUAN), Some(fen));
        }

        #[test]
        fn total(text in "\\PC{0,20}|[-+0-9.,()元万¥ 三百十角分/年月]{0,30}") {
            let _ = read_for(&text, &Unit { scale: Scale::TenThousand, ..YUAN }, Some(Per::Month));
        }
    }
}
