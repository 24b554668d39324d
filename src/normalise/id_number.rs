//! Resident ID numbers, GB 11643-1999: what a cell says, how far it can be trusted, and what it might have been.
//!
//! Takes a cell and the as-of date; gives an [`IdReading`]. Only repairs that prove themselves (checksum and birth date)
//! or change nothing but the form are applied; guesses ([`crate::model::identity::id::repairs`]) are linking's.
//! Total over any text; a reading of a reading is the same. O(length), no allocation for a number written properly.

use std::borrow::Cow;
use std::fmt;

use super::bare::{bare, is_mask, is_x_alike, narrow};
use super::repair::{Repair, Repairs};
use crate::model::columns::IdState;
use crate::model::date::Day;
use crate::model::identity::choice::{Beside as Other, Choice, choose};
use crate::model::identity::id::{self, Number};
use crate::model::personal::mask;
use crate::model::raw::CellKind;

/// Fewer digits than this show not even a birth date: whatever is written, it is no number.
const DIGITS: usize = 14;
/// A number and a landline have no fewer.
const SEVERAL: usize = 26;
/// Nobody is older.
const OLDEST: i32 = 100;

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
    clean_beside(kind, text, as_of, None)
}

/// [`clean`] where the row states a birth date, which tells the century of fifteen digits.
#[must_use]
pub fn clean_beside(kind: CellKind, text: &str, as_of: Day, stated: Option<Day>) -> IdReading<'_> {
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
    let narrowed = with_stars(narrow(text, &mut repairs));
    let said = is_other_document(&narrowed);
    if !narrowed.bytes().any(|byte| byte.is_ascii_digit()) {
        // `无`, `待补`, `未办证`: whatever words say, two rows that say them are not one person.
        let state = match () {
            () if narrowed.is_empty() => IdState::Missing,
            () if narrowed.chars().all(is_mask) || !narrowed.chars().any(char::is_alphanumeric) => IdState::Placeholder,
            () if said => return IdReading { text: narrowed, state: IdState::OtherDocument, repairs, suffix: None },
            () => IdState::NoNumber,
        };
        let repairs = if state == IdState::NoNumber { Repairs::default().with(Repair::NoNumber) } else { repairs };
        return IdReading { text: Cow::Borrowed(""), state, repairs, suffix: None };
    }
    let of_several = || match choose(text)? {
        Choice::One(number, beside) if is_valid(number, as_of) => Some(IdReading {
            text: Cow::Owned(number.text()),
            state: IdState::Valid,
            repairs: Repairs::default().with(match beside {
                Other::Words => Repair::Label,
                Other::Other => Repair::Beside,
                Other::Old => Repair::Corrected,
            }),
            suffix: None,
        }),
        Choice::One(..) => None,
        Choice::Several => {
            let repairs = Repairs::default().with(Repair::TwoNumbers);
            Some(IdReading { text: Cow::Borrowed(""), state: IdState::NoNumber, repairs, suffix: None })
        }
    };
    if narrowed.bytes().filter(u8::is_ascii_digit).count() >= SEVERAL
        && let Some(reading) = of_several()
    {
        return reading;
    }
    let bared = check_letter(text, bare(narrowed, &mut repairs), &mut repairs);
    let reading = classify(kind, bared, repairs, &Beside { as_of, stated });
    if reading.state == IdState::Malformed
        && let Some(chosen) = of_several()
    {
        return chosen;
    }
    match reading.state {
        IdState::Malformed | IdState::NoNumber if said => {
            let mut repairs = Repairs::default();
            IdReading { text: narrow(text, &mut repairs), state: IdState::OtherDocument, repairs, suffix: None }
        }
        IdState::NoNumber => IdReading { repairs: Repairs::default().with(Repair::NoNumber), ..reading },
        _ => reading,
    }
}

/// What a number is read beside.
struct Beside {
    as_of: Day,
    stated: Option<Day>,
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

/// What looks like X, and `*`, stand for X in the 18th place only.
fn check_letter<'a>(written: &str, bared: Cow<'a, str>, repairs: &mut Repairs) -> Cow<'a, str> {
    let mut characters = bared.char_indices().skip(17);
    let Some((place, character)) = characters.next() else { return bared };
    let after = characters.next().map(|(_, next)| next);
    let digits = bared.bytes().take(17).all(|byte| byte.is_ascii_digit());
    let stands_for_x = matches!(character, 'X' | '*') || is_x_alike(character);
    if !digits || !stands_for_x || after.is_some_and(|next| !next.is_ascii_digit()) {
        return bared;
    }
    if character != 'X' || !written.contains(['X', 'Ｘ']) {
        repairs.insert(Repair::CheckLetter);
    }
    if character == 'X' {
        return bared;
    }
    let mut repaired = bared.into_owned();
    repaired.replace_range(place..place + character.len_utf8(), "X");
    repaired.into()
}

fn classify<'t>(kind: CellKind, text: Cow<'t, str>, repairs: Repairs, beside: &Beside) -> IdReading<'t> {
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
    if let Some(found) = well_formed(bytes, beside) {
        let repairs = found.repair.map_or(repairs, |repair| repairs.with(repair));
        let repairs = if found.chosen { repairs.with(Repair::Century) } else { repairs };
        let written = found.number.text();
        let text = if written == text { text } else { Cow::Owned(written) };
        return IdReading { text, state: found.state, repairs, suffix: found.suffix };
    }
    if let Some(half) = text.get(..bytes.len() / 2)
        && text.get(bytes.len() / 2..) == Some(half)
        && half.len() >= 15
    {
        let repairs = repairs.with(Repair::TypedTwice);
        return classify(kind, Cow::Owned(half.to_owned()), repairs, beside);
    }
    if let Some(rest) = text.strip_prefix('G')
        && Number::parse(rest).is_some_and(|number| is_valid(number, beside.as_of))
    {
        return IdReading {
            text: Cow::Owned(rest.to_owned()),
            state: IdState::Valid,
            repairs: repairs.with(Repair::SchoolPrefix),
            suffix: None,
        };
    }
    if let Some(found) =
        digits_for_letters(bytes).and_then(|digits| well_formed(&digits, beside)).filter(|found| found.state == IdState::Valid)
    {
        let mut repairs = repairs.with(Repair::LetterForDigit);
        found.repair.into_iter().for_each(|repair| repairs.insert(repair));
        return IdReading { text: Cow::Owned(found.number.text()), state: IdState::Valid, repairs, suffix: found.suffix };
    }
    if is_other_document(&text) {
        return reading(text, IdState::OtherDocument);
    }
    // Letters that look like digits count: a slip of the eye may be mended by hand.
    if bytes.iter().filter(|byte| byte.is_ascii_digit() || matches!(byte, b'O' | b'I' | b'L' | b'S' | b'B')).count() < DIGITS {
        return reading(Cow::Borrowed(""), IdState::NoNumber);
    }
    reading(text, IdState::Malformed)
}

struct Found {
    number: Number,
    state: IdState,
    suffix: Option<Suffix>,
    repair: Option<Repair>,
    /// Both centuries were possible.
    chosen: bool,
}

/// 15 digits, 18 characters, or 18 and a certificate's suffix.
fn well_formed(bytes: &[u8], beside: &Beside) -> Option<Found> {
    if let Some(legacy) = bytes.as_array::<15>() {
        let (number, chosen) = upgrade(legacy, beside)?;
        let (state, repair) = (IdState::Valid, Some(Repair::FifteenToEighteen));
        return Some(Found { number, state, suffix: None, repair, chosen });
    }
    let as_of = beside.as_of;
    let (head, tail) = bytes.split_at_checked(18)?;
    let number = number_of(head)?;
    let suffix = if tail.is_empty() { None } else { Some(Suffix::parse(tail)?) };
    if suffix.is_some_and(|suffix| suffix.grade.is_none()) && has_doubled_digit(bytes) {
        return None;
    }
    let thousand = if suffix.is_none() && !number.is_valid() { id::rounded_twice(number) } else { None };
    if let Some(number) = thousand.filter(|thousand| born_by(*thousand, as_of)) {
        return Some(Found { number, state: IdState::Float, suffix: None, repair: None, chosen: false });
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
    Some(Found { number, state, suffix, repair: suffix.map(|_| Repair::DisabilitySuffix), chosen: false })
}

/// Whether 19 characters may as well be a number with one digit typed twice: taking one of two equal neighbours out gives a
/// valid one.
fn has_doubled_digit(bytes: &[u8]) -> bool {
    (1..bytes.len()).filter(|&at| bytes[at] == bytes[at - 1]).any(|at| {
        let without = [&bytes[..at], &bytes[at + 1..]].concat();
        number_of(&without).is_some_and(Number::is_valid)
    })
}

/// 15 → 18, and whether both centuries were possible. 18 for the sequence numbers 996-999 reserved for the very old; else the century of the
/// birth date that the row states, else 20 where 19 would make somebody of a hundred years: such digits are a child's, cut by hand.
fn upgrade(legacy: &[u8; 15], beside: &Beside) -> Option<(Number, bool)> {
    let of = |century: &[u8; 2]| {
        let mut digits = [b'0'; 17];
        digits[..6].copy_from_slice(&legacy[..6]);
        digits[6..8].copy_from_slice(century);
        digits[8..].copy_from_slice(&legacy[6..]);
        Number::completed(&digits).filter(|number| is_valid(*number, beside.as_of))
    };
    if matches!(&legacy[12..], b"996" | b"997" | b"998" | b"999")
        && let Some(old) = of(b"18").filter(|old| beside.stated.is_none_or(|stated| old.birth() == Some(stated)))
    {
        return Some((old, false));
    }
    match (of(b"19"), of(b"20")) {
        (Some(old), Some(young)) => {
            let is_young = match beside.stated {
                Some(stated) if old.birth() == Some(stated) => false,
                Some(stated) if young.birth() == Some(stated) => true,
                _ => old.birth().is_some_and(|birth| birth.age_on(beside.as_of) >= OLDEST),
            };
            Some((if is_young { young } else { old }, true))
        }
        (old, young) => Some((old.or(young)?, false)),
    }
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
    !text.chars().any(char::is_alphanumeric)
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

/// Runs of signs among digits that hide others, as stars: `520…1234`, `5203242008____3114`, `520324----1234`.
fn with_stars(text: Cow<'_, str>) -> Cow<'_, str> {
    let hides = |sign: char| matches!(sign, '_' | '.' | '?' | '-' | '~' | '—' | '–' | '─' | '=' | '^');
    if !text.contains(hides) {
        return text;
    }
    let signs: Vec<char> = text.chars().collect();
    let digits = signs.iter().filter(|sign| sign.is_ascii_digit()).count();
    let is_run = |at: usize| (at > 0 && signs[at - 1] == signs[at]) || signs.get(at + 1) == Some(&signs[at]);
    let fits = |at: usize| {
        let sign = signs[at];
        sign.is_ascii_digit() || is_mask(sign) || (sign == 'X' && at + 1 == signs.len()) || (hides(sign) && is_run(at))
    };
    if !(3..=16).contains(&digits) || !(0..signs.len()).all(fits) {
        return text;
    }
    signs.into_iter().map(|sign| if hides(sign) { '*' } else { sign }).collect::<String>().into()
}

/// Digits with at least two masking characters, unified to `*`. What a mask hides is rarely as long as the mask: where one run is hidden
/// and not all 18 (or 15) characters stand, the run is made as long as it must be.
fn masked(text: &str) -> Option<String> {
    let characters: Vec<char> = text.chars().collect();
    let hides = |at: usize| {
        let character = characters[at];
        // A final X after digits is the check character of the masked number, not a mask.
        let is_check = character == 'X' && at + 1 == characters.len() && at > 0 && characters[at - 1].is_ascii_digit();
        is_mask(character) && !is_check
    };
    let hidden: Vec<usize> = (0..characters.len()).filter(|at| hides(*at)).collect();
    let shown = characters.len() - hidden.len();
    let others_are_digits = (0..characters.len())
        .all(|at| hides(at) || characters[at].is_ascii_digit() || (characters[at] == 'X' && at + 1 == characters.len()));
    // What is as long as a number is one, however little it shows.
    let is_whole = shown > 0 && matches!(characters.len(), 15 | 18);
    if hidden.len() < 2 || !others_are_digits || (shown < 4 && !is_whole) || characters.len() > 40 {
        return None;
    }
    let (first, last) = (*hidden.first()?, *hidden.last()?);
    let is_one_run = last - first + 1 == hidden.len();
    let length = if is_one_run && characters.len() != 15 && shown < 17 { 18 - shown } else { hidden.len() };
    let mut unified = String::with_capacity(22);
    unified.extend(&characters[..first]);
    if is_one_run {
        unified.extend(std::iter::repeat_n('*', length));
    } else {
        unified.extend((first..=last).map(|at| if hides(at) { '*' } else { characters[at] }));
    }
    unified.extend(&characters[last + 1..]);
    Some(unified)
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
