//! One cell's value → its kind and bare text.
//!
//! Numbers become the shortest decimal text that names the same double, without an exponent below 1e21
//! (`520324199001010000`, `294.58`); dates lose their time; text loses what exporters wrap it in.

use std::fmt::Write as _;

use calamine::{Data, DataRef, ExcelDateTime};

use crate::model::raw::CellKind;

/// Excel's last day, 9999-12-31: calamine clamps later ones to it, which would hide an ID number in a date cell.
const SERIALS: std::ops::Range<f64> = 1.0..2_958_466.0;
/// Below 2^53 every integral double is its own shortest decimal form.
const EXACT_INTEGERS: f64 = 9_007_199_254_740_992.0;

/// A value as calamine gives it, borrowed, whichever reader it came from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Nothing,
    Text(&'a str),
    Number(f64),
    Integer(i64),
    Truth(bool),
    Serial(ExcelDateTime),
    IsoDate(&'a str),
}

impl<'a> From<&'a DataRef<'_>> for Value<'a> {
    fn from(data: &'a DataRef<'_>) -> Self {
        match data {
            DataRef::String(text) | DataRef::DurationIso(text) => Self::Text(text),
            DataRef::SharedString(text) => Self::Text(text),
            DataRef::Float(number) => Self::Number(*number),
            DataRef::Int(number) => Self::Integer(*number),
            DataRef::Bool(truth) => Self::Truth(*truth),
            DataRef::DateTime(serial) => Self::Serial(*serial),
            DataRef::DateTimeIso(text) => Self::IsoDate(text),
            DataRef::Error(_) | DataRef::Empty => Self::Nothing,
        }
    }
}

impl<'a> From<&'a Data> for Value<'a> {
    fn from(data: &'a Data) -> Self {
        match data {
            Data::String(text) | Data::DurationIso(text) => Self::Text(text),
            Data::Float(number) => Self::Number(*number),
            Data::Int(number) => Self::Integer(*number),
            Data::Bool(truth) => Self::Truth(*truth),
            Data::DateTime(serial) => Self::Serial(*serial),
            Data::DateTimeIso(text) => Self::IsoDate(text),
            Data::Error(_) | Data::Empty => Self::Nothing,
        }
    }
}

impl<'a> Value<'a> {
    /// Kind and text; the text stands in the value itself or in `scratch`. `None` when the cell is empty.
    pub(crate) fn read<'b>(self, scratch: &'b mut String) -> Option<(CellKind, &'b str)>
    where
        'a: 'b,
    {
        scratch.clear();
        let kind = match self {
            Self::Nothing => return None,
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
            Self::Serial(date) if date.is_datetime() && SERIALS.contains(&date.as_f64()) => {
                let (year, month, day, ..) = date.to_ymd_hms_milli();
                push_date(scratch, year, month, day);
                CellKind::Date
            }
            Self::Serial(date) => {
                push_number(scratch, date.as_f64());
                CellKind::Number
            }
            Self::IsoDate(text) => match text.get(..10) {
                Some(day) if is_iso_day(day) => return Some((CellKind::Date, day)),
                _ => return bare(text, scratch).map(|text| (CellKind::Text, text)),
            },
        };
        Some((kind, scratch.as_str()))
    }
}

fn is_iso_day(text: &str) -> bool {
    text.bytes().enumerate().all(|(position, byte)| match position {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    })
}

fn push_date(out: &mut String, year: u16, month: u8, day: u8) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{year:04}-{month:02}-{day:02}");
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
    use calamine::ExcelDateTimeType;
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
        let serial = |value| read(Value::Serial(ExcelDateTime::new(value, ExcelDateTimeType::DateTime, false)));
        assert_eq!(serial(43281.75), Some((CellKind::Date, "2018-06-30".to_owned())));
        assert_eq!(serial(20_180_630.0), Some((CellKind::Number, "20180630".to_owned())));
        assert_eq!(serial(0.5), Some((CellKind::Number, "0.5".to_owned())));
        assert_eq!(read(Value::IsoDate("2018-06-30T08:00:00")), Some((CellKind::Date, "2018-06-30".to_owned())));
        assert_eq!(read(Value::IsoDate("二〇一八年六月三十日")), Some((CellKind::Text, "二〇一八年六月三十日".to_owned())));
        assert_eq!(read(Value::Truth(true)), Some((CellKind::Bool, "是".to_owned())));
    }
}
