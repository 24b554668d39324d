//! Resident ID numbers, GB 11643-1999: what a cell says, how far it can be trusted, and what it might have been.
//!
//! Takes a cell and the as-of date; gives an [`IdReading`]. Only repairs that prove themselves (checksum and birth date)
//! or change nothing but the form are applied; guesses ([`crate::model::identity::id::repairs`]) are linking's.
//! Total over any text; a reading of a reading is the same. O(length), no allocation for a number written properly.

use std::borrow::Cow;
use std::fmt;

use unicode_normalization::UnicodeNormalization;

use super::repair::{Repair, Repairs};
use crate::model::columns::IdState;
use crate::model::date::Day;
use crate::model::identity::id::Number;
use crate::model::personal::mask;
use crate::model::raw::CellKind;
use crate::model::text::{is_invisible, recomposed};

/// Words that say there is no number.
const NO_NUMBER: [&str; 10] = ["无", "没有", "不详", "未知", "无身份证", "未办理", "暂无", "未上户", "无户口", "未办身份证"];

/// What a disability certificate number adds after the 18 characters (GB/T 26341 register: category, grade, re-issue).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suffix {
    /// 1 sight, 2 hearing, 3 speech, 4 limbs, 5 intellect, 6 mind, 7 multiple.
    pub category: u8,
    /// 1-4, where it was written.
    pub grade: Option<u8>,
    /// The `1` of `B1`.
    pub reissue: Option<u8>,
}

impl Suffix {
    fn parse(tail: &[u8]) -> Option<Self> {
        let (category, grade, reissue) = match tail {
            [category] => (*category, None, None),
            [category, grade] => (*category, Some(*grade), None),
            [category, grade, b'B', reissue @ b'0'..=b'9'] => (*category, Some(*grade), Some(*reissue - b'0')),
            _ => return None,
        };
        let fits = (b'1'..=b'7').contains(&category) && grade.is_none_or(|grade| (b'1'..=b'4').contains(&grade));
        fits.then(|| Self { category: category - b'0', grade: grade.map(|grade| grade - b'0'), reissue })
    }
}

/// What a cell of an ID column says. `Debug` masks the number.
#[derive(Clone, PartialEq, Eq)]
pub struct IdReading<'a> {
    /// 18 characters when valid, else the cleaned text; empty for [`IdState::Missing`] and [`IdState::Placeholder`].
    pub text: Cow<'a, str>,
    /// How far it can be trusted.
    pub state: IdState,
    /// What was done to it.
    pub repairs: Repairs,
    /// Set when the cell held a disability certificate number.
    pub suffix: Option<Suffix>,
}

impl fmt::Debug for IdReading<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdReading({}, {:?}, {:?}, {:?})", mask(&self.text), self.state, self.repairs, self.suffix)
    }
}

/// Reads a cell. A [`CellKind::Number`] of 18 digits went through a double, whose neighbours near 5.2e17 are 64 apart: it is
/// [`IdState::Float`] whatever its checksum says.
#[must_use]
pub fn clean(kind: CellKind, text: &str, as_of: Day) -> IdReading<'_> {
    if kind != CellKind::Number
        && let Some(number) = Number::parse(text)
        && is_valid(number, as_of)
        && !is_placeholder(text)
    {
        return IdReading { text: Cow::Borrowed(text), state: IdState::Valid, repairs: Repairs::default(), suffix: None };
    }
    if kind == CellKind::Empty {
        return IdReading { text: Cow::Borrowed(""), state: IdState::Missing, repairs: Repairs::default(), suffix: None };
    }
    let mut repairs = Repairs::default();
    let tidied = tidy(text, &mut repairs);
    classify(kind, tidied, repairs, as_of)
}

/// The number that 18 bytes write, if they write one.
fn number_of(bytes: &[u8]) -> Option<Number> {
    std::str::from_utf8(bytes).ok().and_then(Number::parse)
}

/// Whether checksum, region and a birth date up to `as_of` go together.
fn is_valid(number: Number, as_of: Day) -> bool {
    number.is_valid() && born_by(number, as_of)
}

fn born_by(number: Number, as_of: Day) -> bool {
    number.birth().is_some_and(|day| day <= as_of)
}

fn tidy<'a>(text: &'a str, repairs: &mut Repairs) -> Cow<'a, str> {
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    let mut tidied = String::with_capacity(text.len());
    for (plain, character) in text.nfkc().map(|character| (text.is_ascii(), character)) {
        if character.is_whitespace()
            || is_invisible(character)
            || matches!(character, '\'' | '’' | '‘' | '`' | '"' | '“' | '”' | '=')
        {
            repairs.insert(Repair::Space);
        } else {
            if !plain && character.is_ascii_alphanumeric() && !text.contains(character) {
                repairs.insert(Repair::Width);
            }
            tidied.push(character.to_ascii_uppercase());
        }
    }
    check_letter(text, recomposed(tidied), repairs).into()
}

/// `×`, Cyrillic `Х`, `*` and lower-case `x` stand for X in the 18th place only.
fn check_letter(written: &str, tidied: String, repairs: &mut Repairs) -> String {
    let mut characters = tidied.char_indices().skip(17);
    let Some((place, character)) = characters.next() else { return tidied };
    let after = characters.next().map(|(_, next)| next);
    let digits = tidied.bytes().take(17).all(|byte| byte.is_ascii_digit());
    if !digits || !matches!(character, 'X' | '×' | 'Х' | 'х' | '*') || after.is_some_and(|next| !next.is_ascii_digit()) {
        return tidied;
    }
    if character != 'X' || !written.contains(['X', 'Ｘ']) {
        repairs.insert(Repair::CheckLetter);
    }
    let mut repaired = tidied;
    repaired.replace_range(place..place + character.len_utf8(), "X");
    repaired
}

fn classify(kind: CellKind, text: Cow<'_, str>, repairs: Repairs, as_of: Day) -> IdReading<'_> {
    let reading = |text, state| IdReading { text, state, repairs, suffix: None };
    if text.is_empty() {
        return reading(text, IdState::Missing);
    }
    if is_placeholder(&text) || text.chars().all(is_mask) {
        return reading(Cow::Borrowed(""), IdState::Placeholder);
    }
    if let Some((digits, exponent)) = scientific(&text) {
        // Fifteen digits of the mantissa are as good as a float; Excel's display keeps six.
        return if exponent == 17 && (15..=18).contains(&digits.len()) {
            reading(Cow::Owned(format!("{digits:0<18}")), IdState::Float)
        } else {
            reading(text, IdState::Scientific)
        };
    }
    let bytes = text.as_bytes();
    if kind == CellKind::Number && (18..=22).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_digit) {
        return reading(text, IdState::Float);
    }
    if let Some(masked) = masked(&text) {
        return reading(Cow::Owned(masked), IdState::Masked);
    }
    if let Some(found) = well_formed(bytes, as_of) {
        let repairs = found.repair.map_or(repairs, |repair| repairs.with(repair));
        let written = found.number.text();
        let text = if written == text { text } else { Cow::Owned(written) };
        return IdReading { text, state: found.state, repairs, suffix: found.suffix };
    }
    if let Some(half) = text.get(..bytes.len() / 2)
        && text.get(bytes.len() / 2..) == Some(half)
        && half.len() >= 15
    {
        let repairs = repairs.with(Repair::TypedTwice);
        return classify(kind, Cow::Owned(half.to_owned()), repairs, as_of);
    }
    if let Some(rest) = text.strip_prefix('G')
        && Number::parse(rest).is_some_and(|number| is_valid(number, as_of))
    {
        return IdReading {
            text: Cow::Owned(rest.to_owned()),
            state: IdState::Valid,
            repairs: repairs.with(Repair::SchoolPrefix),
            suffix: None,
        };
    }
    if let Some(found) =
        digits_for_letters(bytes).and_then(|digits| well_formed(&digits, as_of)).filter(|found| found.state == IdState::Valid)
    {
        let mut repairs = repairs.with(Repair::LetterForDigit);
        found.repair.into_iter().for_each(|repair| repairs.insert(repair));
        return IdReading { text: Cow::Owned(found.number.text()), state: IdState::Valid, repairs, suffix: found.suffix };
    }
    let state = if is_other_document(&text) { IdState::OtherDocument } else { IdState::Malformed };
    reading(text, state)
}

struct Found {
    number: Number,
    state: IdState,
    suffix: Option<Suffix>,
    repair: Option<Repair>,
}

/// 15 digits, 18 characters, or 18 and a certificate's suffix.
fn well_formed(bytes: &[u8], as_of: Day) -> Option<Found> {
    if let Some(legacy) = bytes.as_array::<15>() {
        let number = upgrade(legacy)?;
        return is_valid(number, as_of).then_some(Found {
            number,
            state: IdState::Valid,
            suffix: None,
            repair: Some(Repair::FifteenToEighteen),
        });
    }
    let (head, tail) = bytes.split_at_checked(18)?;
    let number = number_of(head)?;
    let suffix = if tail.is_empty() { None } else { Some(Suffix::parse(tail)?) };
    if suffix.is_some_and(|suffix| suffix.grade.is_none()) && has_doubled_digit(bytes) {
        return None;
    }
    let state = if is_valid(number, as_of) {
        IdState::Valid
    } else if suffix.is_none() && head.ends_with(b"000") {
        IdState::Float
    } else if suffix.is_none() || born_by(number, as_of) {
        IdState::Invalid
    } else {
        return None;
    };
    Some(Found { number, state, suffix, repair: suffix.map(|_| Repair::DisabilitySuffix) })
}

/// Whether 19 characters may as well be a number with one digit typed twice: taking one of two equal neighbours out gives a
/// valid one.
fn has_doubled_digit(bytes: &[u8]) -> bool {
    (1..bytes.len()).filter(|&at| bytes[at] == bytes[at - 1]).any(|at| {
        let without = [&bytes[..at], &bytes[at + 1..]].concat();
        number_of(&without).is_some_and(Number::is_valid)
    })
}

/// 15 → 18: century 19, but 18 for the sequence numbers 996-999 reserved for the very old.
fn upgrade(legacy: &[u8; 15]) -> Option<Number> {
    let century: &[u8; 2] = if matches!(&legacy[12..], b"996" | b"997" | b"998" | b"999") { b"18" } else { b"19" };
    let mut digits = [b'0'; 17];
    digits[..6].copy_from_slice(&legacy[..6]);
    digits[6..8].copy_from_slice(century);
    digits[8..].copy_from_slice(&legacy[6..]);
    Number::completed(&digits)
}

/// The text with look-alike letters of the first 17 places read as digits; `None` if there is nothing to read.
fn digits_for_letters(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut digits = bytes.to_vec();
    let length = digits.len();
    for (place, byte) in digits.iter_mut().enumerate().take(18) {
        *byte = match *byte {
            b'O' => b'0',
            b'I' | b'L' => b'1',
            b'S' => b'5',
            b'B' => b'8',
            b'0'..=b'9' => continue,
            b'X' if place == 17 && length >= 18 => continue,
            _ => return None,
        };
    }
    (digits != bytes).then_some(digits)
}

fn is_placeholder(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some(&first) = bytes.first() else { return false };
    if first.is_ascii_digit() {
        // No region has six equal digits; 999999 is the placeholder the national platform checks for.
        let equal = bytes.iter().take_while(|&&byte| byte == first).count();
        return equal == bytes.len() || equal >= 6 || text.starts_with("12345678");
    }
    NO_NUMBER.contains(&text) || !text.chars().any(char::is_alphanumeric)
}

/// Digits of the mantissa and the exponent of `5.20324E+17`.
fn scientific(text: &str) -> Option<(String, u32)> {
    let (mantissa, exponent) = text.split_once('E')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    if whole.len() != 1 || !digits(whole) || !digits(fraction) || !digits(exponent) || exponent.len() > 2 {
        return None;
    }
    Some((format!("{whole}{fraction}"), exponent.parse().ok()?))
}

/// Whether a character is written in place of a digit that is hidden.
fn is_mask(character: char) -> bool {
    matches!(character, '*' | '#' | '•' | '●' | '×' | 'X')
}

/// Digits with at least two masking characters, unified to `*`.
fn masked(text: &str) -> Option<String> {
    let count = text.chars().filter(|&character| is_mask(character)).count();
    let others_are_digits = text.chars().all(|character| is_mask(character) || character.is_ascii_digit());
    if count < 2 || !others_are_digits || !(8..=22).contains(&text.chars().count()) {
        return None;
    }
    let last = text.chars().count() - 1;
    // A final X after digits is the check character of the masked number, not a mask.
    let keep_last = text.ends_with('X') && text.chars().rev().nth(1).is_some_and(|before| before.is_ascii_digit());
    let mask = |(place, character)| if is_mask(character) && !(keep_last && place == last) { '*' } else { character };
    Some(text.chars().enumerate().map(mask).collect())
}

/// Passport, travel permit, birth certificate (one or two letters and 6-10 digits), or a document named in words.
fn is_other_document(text: &str) -> bool {
    let letters = text.bytes().take_while(u8::is_ascii_uppercase).count();
    let digits = text.bytes().skip(letters).take_while(u8::is_ascii_digit).count();
    if (1..=2).contains(&letters) && (6..=10).contains(&digits) && letters + digits == text.len() {
        return true;
    }
    ["字第", "军官", "士兵", "护照", "通行证", "出生", "户口", "居住证"].iter().any(|word| text.contains(word))
}

#[cfg(test)]
#[path = "id_number_tests.rs"]
mod tests;
