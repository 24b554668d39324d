//! One cell's value → its kind and bare text.
//!
//! Numbers become the shortest decimal text that names the same double, without an exponent below 1e21
//! (`520324199001010000`, `294.58`); a whole number written with more digits than a double holds keeps them. Dates lose their time,
//! once it has said which day is meant; text loses what exporters wrap it in.

use std::fmt::Write as _;

use super::format::Shown;
use crate::model::china_time::{day_in_china, day_meant};
use crate::model::date::Day;
use crate::model::raw::CellKind;

/// Excel's days up to 9999-12-31: an ID number in a date cell is none of them.
const SERIALS: std::ops::Range<f64> = 1.0..2_958_466.0;
/// 1899-12-30, from which serials count since 1900-03-01; before, 1900-02-29 is counted that never was.
const EPOCH: i32 = -25_569;
/// From the one system's first day to the other's.
const FROM_1904: f64 = 1462.0;
/// Below 2^53 every integral double is its own shortest decimal form.
const EXACT_INTEGERS: f64 = 9_007_199_254_740_992.0;
/// A double holds any whole number of fewer digits.
const DIGITS_OF_A_DOUBLE: usize = 16;
/// `i128` holds any of fewer digits.
const MOST_DIGITS: usize = 38;

/// A value as a reader gives it.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Nothing,
    Text(&'a str),
    Number(f64),
    Integer(i64),
    /// A number as the file writes it, and how it is shown there.
    Written(&'a str, Shown),
    Truth(bool),
    /// Days since 1899-12-30.
    Serial(f64),
    IsoDate(&'a str),
    /// `#N/A` and its kin.
    Error,
    /// A formula without what it comes to.
    Unsolved,
}

impl<'a> Value<'a> {
    /// Kind and text; the text stands in the value itself or in `scratch`. `None` when the cell is empty.
    pub(crate) fn read<'b>(self, scratch: &'b mut String) -> Option<(CellKind, &'b str)>
    where
        'a: 'b,
    {
        scratch.clear();
        let kind = match self {
            Self::Nothing | Self::Error | Self::Unsolved => return None,
            Self::Text(text) => return bare(text, scratch).map(|text| (CellKind::Text, text)),
            Self::Truth(truth) => return Some((CellKind::Bool, if truth { "是" } else { "否" })),
            Self::Integer(number) => {
                push_integer(scratch, number);
                CellKind::Number
            }
            Self::Number(number) => {
                push_number(scratch, number);
                CellKind::Number
            }
            Self::Written(text, shown) => return written(text.trim(), shown, scratch),
            Self::Serial(days) => {
                if let Some(day) = day_of(days) {
                    let _ = write!(scratch, "{day}");
                    CellKind::Date
                } else {
                    push_number(scratch, days);
                    CellKind::Number
                }
            }
            Self::IsoDate(text) => match iso_day(text, scratch) {
                Some(kind) => kind,
                None => return bare(text, scratch).map(|text| (CellKind::Text, text)),
            },
        };
        Some((kind, scratch.as_str()))
    }
}

/// The day that a serial means; none for a time alone and for what is no day of Excel's.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the range of serials")]
fn day_of(serial: f64) -> Option<Day> {
    if !SERIALS.contains(&serial) {
        return None;
    }
    let (days, part) = (serial.floor() as i32, serial.fract());
    let day = match days {
        60 => return None,
        ..60 => Day(EPOCH + days + 1),
        _ => Day(EPOCH + days),
    };
    let second = (part * 86_400.0).round() as u32;
    Some(if second >= 86_400 { Day(day.0 + 1) } else { day_meant(day, second) })
}

/// A serial of the system that counts from 1904, in the other's days.
pub(crate) fn since_1900(serial: f64, from_1904: bool) -> f64 {
    if from_1904 { serial + FROM_1904 } else { serial }
}

/// A number as its file writes it.
fn written<'b>(text: &'b str, shown: Shown, scratch: &'b mut String) -> Option<(CellKind, &'b str)> {
    let Some(number) = text.parse::<f64>().ok().filter(|number| number.is_finite()) else {
        return bare(text, scratch).map(|text| (CellKind::Text, text));
    };
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match shown {
        Shown::Day => {
            if let Some(day) = day_of(number) {
                let _ = write!(scratch, "{day}");
                return Some((CellKind::Date, scratch));
            }
        }
        Shown::Digits(least) => {
            push_number(scratch, number);
            let least = usize::from(least);
            if scratch.len() < least && scratch.bytes().all(|byte| byte.is_ascii_digit()) {
                scratch.insert_str(0, &"0".repeat(least - scratch.len()));
                return Some((CellKind::Text, scratch));
            }
            scratch.clear();
        }
        Shown::Plain => {}
    }
    if digits && is_beyond_a_double(text, number) {
        return Some((CellKind::Text, text));
    }
    push_number(scratch, number);
    Some((CellKind::Number, scratch))
}

/// Whether a whole number stands in the file with digits that no double could have given: then they are its own, as of a text. What a
/// program prints of a double is its shortest form or all of its value; Excel keeps fifteen digits and writes noughts behind them.
#[expect(clippy::cast_possible_truncation, reason = "below 10^38")]
fn is_beyond_a_double(text: &str, number: f64) -> bool {
    if text.len() < DIGITS_OF_A_DOUBLE || text.len() > MOST_DIGITS || text.starts_with('0') || text.ends_with("000") {
        return false;
    }
    let whole = text.parse::<i128>().ok();
    whole != Some(number as i128) && format!("{number}") != text
}

/// The day of `2018-06-30`, `2018-06-30T08:00:00`, `…Z` or `…+08:00`; of a time alone, which hangs from the last days of 1899, the time.
fn iso_day(text: &str, scratch: &mut String) -> Option<CellKind> {
    let (date, time) = text.split_at_checked(10)?;
    let day: Day = date.parse().ok()?;
    let Some(time) = time.strip_prefix(['T', ' ']) else {
        scratch.push_str(date);
        return Some(CellKind::Date);
    };
    let clock = time.get(..8).filter(|clock| clock.bytes().filter(|byte| *byte == b':').count() == 2);
    let Some(clock) = clock else {
        scratch.push_str(date);
        return Some(CellKind::Date);
    };
    if date == "1899-12-30" || date == "1899-12-31" {
        scratch.push_str(clock);
        return Some(CellKind::Text);
    }
    let second = clock.split(':').try_fold(0u32, |sum, part| Some(sum * 60 + part.parse::<u32>().ok()?)).filter(|s| *s < 86_400);
    let meant = match second {
        None => day,
        Some(second) if time.ends_with('Z') || time.ends_with("+00:00") => day_in_china(day, second),
        // With its zone beside it a clock shows what it says.
        Some(_) if time.contains('+') => day,
        Some(second) => day_meant(day, second),
    };
    let _ = write!(scratch, "{meant}");
    Some(CellKind::Date)
}

#[expect(clippy::cast_possible_truncation, reason = "integral and below 2^53")]
fn push_number(out: &mut String, number: f64) {
    if number.fract() == 0.0 && number.abs() < EXACT_INTEGERS {
        push_integer(out, number as i64);
    } else if number.abs() < 1e21 {
        let _ = write!(out, "{number}");
    } else {
        let _ = write!(out, "{number:e}");
    }
}

fn push_integer(out: &mut String, number: i64) {
    let mut digits = [0u8; 20];
    let mut start = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        start -= 1;
        digits[start] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push('-');
    }
    out.extend(digits[start..].iter().map(|&digit| char::from(digit)));
}

/// The text without surrounding blanks and without what exporters put around digits to keep Excel off them:
/// `="520…"`, `'520…`, a tab before. `None` when nothing is left.
pub(crate) fn bare<'b>(text: &'b str, scratch: &'b mut String) -> Option<&'b str> {
    let mut text = trim(text);
    if text.starts_with(['=', '\'', '’', '‘', '`', '＝']) {
        text = unwrap(text, scratch);
    }
    (!text.is_empty()).then_some(text)
}

fn unwrap<'b>(text: &'b str, scratch: &'b mut String) -> &'b str {
    if let Some(quoted) =
        text.strip_prefix(['=', '＝']).and_then(|rest| rest.strip_prefix('"')).and_then(|rest| rest.strip_suffix('"'))
    {
        if !quoted.contains('"') {
            return trim(quoted);
        }
        scratch.push_str(&quoted.replace("\"\"", "\""));
        return trim(scratch);
    }
    if let Some(rest) = text.strip_prefix('\'') {
        return trim(rest);
    }
    // Typographic quotes begin titles and nicknames too; before a digit they can only be the exporter's.
    match text.strip_prefix(['’', '‘', '`']) {
        Some(rest) if rest.starts_with(|character: char| character.is_ascii_digit()) => trim(rest),
        _ => text,
    }
}

fn trim(text: &str) -> &str {
    let bytes = text.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(b'!'..=b'~'), Some(b'!'..=b'~')) => text,
        _ => text.trim_matches(is_blank),
    }
}

/// White space (U+3000 and U+00A0 among it), controls, zero-width and direction marks, byte-order mark.
fn is_blank(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(value: Value<'_>) -> Option<(CellKind, String)> {
        let mut scratch = String::new();
        value.read(&mut scratch).map(|(kind, text)| (kind, text.to_owned()))
    }

    fn text(value: &str) -> Option<String> {
        read(Value::Text(value)).map(|(_, text)| text)
    }

    #[test]
    fn numbers_keep_all_their_digits() {
        let number = |value: f64| read(Value::Number(value)).map(|(_, text)| text).unwrap_or_default();
        assert_eq!(number(520_324_199_001_010_000.0), "520324199001010000");
        assert_eq!(number(294.58), "294.58");
        assert_eq!(number(323.0), "323");
        assert_eq!(number(-7.0), "-7");
        assert_eq!(number(-0.0), "0");
        assert_eq!(number(5.203_24e20), "520324000000000000000");
        assert_eq!(number(1e-7), "0.0000001");
        assert_eq!(read(Value::Integer(i64::MIN)).map(|(_, text)| text), Some(i64::MIN.to_string()));
    }

    proptest! {
        #[test]
        fn a_number_reads_back_as_the_same_double(bits: u64) {
            let number = f64::from_bits(bits);
            prop_assume!(number.is_finite());
            let (kind, text) = read(Value::Number(number)).expect("not empty");
            prop_assert_eq!(kind, CellKind::Number);
            prop_assert!(text.parse::<f64>().expect("a number").total_cmp(&(number + 0.0)).is_eq());
        }

        #[test]
        fn baring_twice_changes_nothing(input in "[ \t\u{3000}\u{FEFF}\"a-z0-9张]{0,12}") {
            let once = text(&input).unwrap_or_default();
            prop_assert_eq!(text(&once).unwrap_or_default(), once);
        }
    }

    #[test]
    fn wrapped_digits_are_unwrapped() {
        for wrapped in [
            "=\"520324199001011234\"",
            "'520324199001011234",
            "\t520324199001011234",
            "\u{3000}520324199001011234\u{A0}",
            "\u{FEFF}520324199001011234\u{200B}",
            "’520324199001011234",
            "=\"\t520324199001011234\"",
        ] {
            assert_eq!(text(wrapped).as_deref(), Some("520324199001011234"), "{wrapped:?}");
        }
        assert_eq!(text("=\"张\"\"三\"").as_deref(), Some("张\"三"));
        assert_eq!(text("‘十三五’规划").as_deref(), Some("‘十三五’规划"));
        assert_eq!(text("=A1+1").as_deref(), Some("=A1+1"));
        assert_eq!(text(" \u{3000}\u{200B}"), None);
        assert_eq!(text("=\"\""), None);
    }

    #[test]
    fn dates_lose_their_time_and_impossible_ones_stay_numbers() {
        let serial = |days| read(Value::Serial(days));
        let date = |text: &str| Some((CellKind::Date, text.to_owned()));
        assert_eq!(serial(43_281.75), date("2018-06-30"));
        assert_eq!(serial(1.0), date("1900-01-01"));
        assert_eq!(serial(59.0), date("1900-02-28"));
        assert_eq!(serial(61.0), date("1900-03-01"));
        assert_eq!(serial(17_898.666_666_666_668), date("1949-01-01"));
        assert_eq!(serial(32_335.625), date("1988-07-12"));
        assert_eq!(serial(43_280.999_999_999), date("2018-06-30"));
        assert_eq!(serial(20_180_630.0), Some((CellKind::Number, "20180630".to_owned())));
        assert_eq!(serial(0.5), Some((CellKind::Number, "0.5".to_owned())));
        for (text, day) in [
            ("2018-06-30", "2018-06-30"),
            ("2018-06-30T08:00:00", "2018-06-30"),
            ("1948-12-31T16:00:00.000Z", "1949-01-01"),
            ("2018-06-29T17:30:00Z", "2018-06-30"),
            ("1948-12-31T16:00:00.000", "1949-01-01"),
            ("2018-06-29 17:30:00", "2018-06-29"),
        ] {
            assert_eq!(read(Value::IsoDate(text)), date(day), "{text}");
        }
        assert_eq!(read(Value::IsoDate("1899-12-31T10:30:00.000")), Some((CellKind::Text, "10:30:00".to_owned())));
        assert_eq!(read(Value::IsoDate("二〇一八年六月三十日")), Some((CellKind::Text, "二〇一八年六月三十日".to_owned())));
        assert_eq!(read(Value::Truth(true)), Some((CellKind::Bool, "是".to_owned())));
    }

    #[test]
    fn digits_that_no_double_gives_are_the_files_own() {
        let written = |text, shown| read(Value::Written(text, shown));
        for (text, kind, read) in [
            ("520324198008198708", CellKind::Text, "520324198008198708"),
            ("520324196212154850", CellKind::Text, "520324196212154850"),
            ("520324198008198000", CellKind::Number, "520324198008198000"),
            ("5.2032419800819802E+17", CellKind::Number, "520324198008198000"),
            ("520324198008198656", CellKind::Number, "520324198008198660"),
            ("0.28999999999999998", CellKind::Number, "0.29"),
            ("323", CellKind::Number, "323"),
            ("待补", CellKind::Text, "待补"),
        ] {
            assert_eq!(written(text, Shown::Plain), Some((kind, read.to_owned())), "{text}");
        }
        assert_eq!(written("1236", Shown::Digits(6)), Some((CellKind::Text, "001236".to_owned())));
        assert_eq!(written("1234567", Shown::Digits(6)), Some((CellKind::Number, "1234567".to_owned())));
        assert_eq!(written("520324198008198708", Shown::Day), Some((CellKind::Text, "520324198008198708".to_owned())));
        assert_eq!(written("43281", Shown::Day), Some((CellKind::Date, "2018-06-30".to_owned())));
        assert_eq!(written(" ", Shown::Plain), None);
    }
}
