//! The resident number of GB 11643 as a packed integer, and what a damaged one may have been.
//!
//! Takes text that is already cleaned (no spaces, half width, `X` in capitals). [`Number`] is one machine word; [`repairs`]
//! lists every number that passes checksum, date and region and lies one slip away (about four on average, at most some
//! dozens). Costs: a few hundred additions per call, no allocation but the result.

use crate::model::date::Day;
use crate::model::similarity::distance;

/// Weights of the 17 digits (GB 11643, ISO 7064 MOD 11-2).
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// Check digit by the weighted sum modulo 11; 10 stands for `X`.
const CHECKS: [u8; 11] = [1, 0, 10, 9, 8, 7, 6, 5, 4, 3, 2];
/// Value of the check character `X`.
const X: u8 = 10;
/// First two digits, GB/T 2260, with 81-83 of the residence permits for Hong Kong, Macao and Taiwan.
const PROVINCES: [u8; 36] = [
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63, 64, 65,
    71, 81, 82, 83, 91,
];

/// Eighteen characters, whether or not the checksum holds: 17 digits and a check character in one word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(u64);

// A number in the clear never reaches a log.
impl std::fmt::Debug for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Number({})", crate::model::personal::mask_number(&self.text()))
    }
}

impl Number {
    /// `None` unless the text is 17 digits and a digit or `X`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let characters: [u8; 18] = text.as_bytes().try_into().ok()?;
        let mut digits = [0; 18];
        for (digit, character) in digits.iter_mut().zip(characters) {
            *digit = value(character)?;
        }
        Self::from_digits(digits)
    }

    /// Seventeen digits with the check character that belongs to them; `None` when one is no digit.
    #[must_use]
    pub fn completed(digits: &[u8; 17]) -> Option<Self> {
        let mut values = [0; 18];
        for (value, character) in values.iter_mut().zip(digits) {
            *value = self::value(*character)?;
        }
        values[17] = check(&values);
        Self::from_digits(values)
    }

    /// `None` when one of the first 17 is no digit or the last is above 10.
    #[must_use]
    pub fn from_digits(digits: [u8; 18]) -> Option<Self> {
        let (last, first) = digits.split_last()?;
        if *last > X || first.iter().any(|digit| *digit > 9) {
            return None;
        }
        Some(Self(first.iter().fold(0, |sum, digit| sum * 10 + u64::from(*digit)) * 11 + u64::from(*last)))
    }

    /// The 18 values, 10 for `X`.
    #[must_use]
    pub fn digits(self) -> [u8; 18] {
        let mut digits = [0; 18];
        let mut rest = self.0 / 11;
        digits[17] = small(self.0 % 11);
        for digit in digits.iter_mut().take(17).rev() {
            *digit = small(rest % 10);
            rest /= 10;
        }
        digits
    }

    /// The 18 characters as ASCII.
    #[must_use]
    pub fn ascii(self) -> [u8; 18] {
        self.digits().map(|digit| if digit == X { b'X' } else { b'0' + digit })
    }

    /// The 18 characters.
    #[must_use]
    pub fn text(self) -> String {
        self.ascii().iter().copied().map(char::from).collect()
    }

    /// The word itself, for keys.
    #[must_use]
    pub fn packed(self) -> u64 {
        self.0
    }

    /// The inverse of [`Number::packed`].
    #[must_use]
    pub fn from_packed(word: u64) -> Self {
        Self(word)
    }

    /// Whether region, birth date and check character are possible together.
    #[must_use]
    pub fn is_valid(self) -> bool {
        let digits = self.digits();
        digits[17] == check(&digits) && PROVINCES.contains(&(digits[0] * 10 + digits[1])) && self.birth().is_some()
    }

    /// The birth date written in characters 7-14; `None` when the calendar has no such day or it lies outside 1880-2099.
    #[must_use]
    pub fn birth(self) -> Option<Day> {
        birth_of(&self.digits())
    }

    /// Whether the 17th character says male.
    #[must_use]
    pub fn is_male(self) -> bool {
        self.digits()[16] % 2 == 1
    }

    /// The first 15 characters: what is left after Excel took the number for a float.
    #[must_use]
    pub fn stem(self) -> u64 {
        self.0 / 1100
    }

    /// Characters 7-17: birth date and sequence, the same before and after a change of region code.
    #[must_use]
    pub fn birth_and_sequence(self) -> u64 {
        self.0 / 11 % 100_000_000_000
    }

    /// The whole number as the integer that a spreadsheet would make of it; `None` when it ends in `X`.
    #[must_use]
    pub fn as_integer(self) -> Option<u64> {
        let last = self.0 % 11;
        (last < 10).then_some(self.0 / 11 * 10 + last)
    }
}

/// The check character that belongs to the first 17 values.
#[must_use]
pub fn check(digits: &[u8; 18]) -> u8 {
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(*digit) * weight).sum();
    CHECKS.get(sum as usize % 11).copied().unwrap_or(X)
}

/// The birth date in characters 7-14 of 18 values.
fn birth_of(digits: &[u8]) -> Option<Day> {
    let number = |from: usize, length: usize| digits.iter().skip(from).take(length).fold(0u32, |sum, d| sum * 10 + u32::from(*d));
    let year = number(6, 4);
    if !(1880..2100).contains(&year) || digits.len() < 14 {
        return None;
    }
    Day::new(i32::try_from(year).ok()?, number(10, 2), number(12, 2))
}

/// The birth date that a damaged text of at least 14 characters still shows, if its first 14 are digits.
#[must_use]
pub fn birth_shown(text: &str) -> Option<Day> {
    let mut digits = [0; 14];
    let mut bytes = text.bytes();
    for digit in &mut digits {
        *digit = value(bytes.next()?).filter(|value| *value < X)?;
    }
    birth_of(&digits)
}

/// The first 15 characters of a text as an integer, if they are digits.
#[must_use]
pub fn stem_shown(text: &str) -> Option<u64> {
    let mut stem = 0;
    let mut bytes = text.bytes();
    for _ in 0..15 {
        stem = stem * 10 + u64::from(value(bytes.next()?).filter(|value| *value < X)?);
    }
    Some(stem)
}

/// Whether a number that went through a 64-bit float may have been `number`: typed in, its last three digits are 0;
/// written by a program, it is the nearest double. `text` is the 18 digits as read.
#[must_use]
pub fn float_could_be(text: &str, number: Number) -> bool {
    let (Ok(shown), Some(whole)) = (text.parse::<u64>(), number.as_integer()) else { return false };
    // Excel keeps 15 digits: it cuts what is typed and rounds what is computed.
    let cut = |value: u64| value / 1000 * 1000;
    let nearest_thousand = (whole + 500) / 1000 * 1000;
    [cut(whole), nearest_thousand].into_iter().any(|kept| shown == kept || shown == through_double(kept))
        || shown == through_double(whole)
}

/// Whether one of two valid numbers may be what a float left of the other, cut to 15 digits or the nearest double: one in eleven such ruins
/// passes the checksum.
#[must_use]
pub fn one_is_the_others_float(one: Number, other: Number) -> bool {
    let ruin = |ruin: Number, whole: Number| match (ruin.as_integer(), whole.as_integer()) {
        (Some(shown), Some(number)) if shown % 1000 == 0 => shown != number && float_could_be(&ruin.text(), whole),
        (Some(shown), Some(number)) => shown != number && shown == through_double(number),
        _ => false,
    };
    ruin(one, other) || ruin(other, one)
}

/// The nearest multiple of a thousand, where the number is what a program makes of it: a spreadsheet has kept fifteen digits, and a double has
/// rounded them again (`…233000` → `…233024`). One number in a thousand looks so by chance.
#[must_use]
pub fn rounded_twice(shown: Number) -> Option<Number> {
    let whole = shown.as_integer()?;
    let thousand = (whole + 500) / 1000 * 1000;
    (whole != thousand && through_double(thousand) == whole).then_some(())?;
    Number::parse(&thousand.to_string())
}

/// Whether the number is a multiple of what doubles of its size are apart, as every number is that a program has kept as one; others are so
/// once in 16 to 128.
#[must_use]
pub fn is_double(shown: Number) -> bool {
    shown.as_integer().is_some_and(|whole| through_double(whole) == whole)
}

/// The integer that comes back after a trip through a 64-bit float.
fn through_double(whole: u64) -> u64 {
    // 53 bits of mantissa: numbers near 5.2e17 lie 64 apart. Rounded to even, as IEEE 754 does.
    let spare = (u64::BITS - whole.leading_zeros()).saturating_sub(53);
    if spare == 0 {
        return whole;
    }
    let step = 1u64 << spare;
    let (down, over) = (whole / step, whole % step);
    let up = over > step / 2 || (over == step / 2 && down % 2 == 1);
    (down + u64::from(up)) * step
}

/// Every valid number one slip away from a damaged text, ascending: one digit wrong or two neighbours swapped (18
/// characters), one character missing (17), one doubled or added (19). Empty for any other text.
#[must_use]
pub fn repairs(text: &str) -> Vec<Number> {
    let mut shown = Vec::with_capacity(19);
    for byte in text.bytes() {
        let Some(digit) = value(byte) else { return Vec::new() };
        if shown.len() == 19 {
            return Vec::new();
        }
        shown.push(digit);
    }
    let mut found = Vec::new();
    let mut keep = |digits: &[u8]| {
        // Ten in eleven fall at the check character.
        if let Ok(digits) = <[u8; 18]>::try_from(digits)
            && digits[17] == check(&digits)
        {
            found.extend(Number::from_digits(digits).filter(|number| number.is_valid()));
        }
    };
    let mut trial = shown.clone();
    match shown.len() {
        18 => {
            for position in 0..18 {
                for digit in 0..=if position == 17 { X } else { 9 } {
                    if digit != shown[position] {
                        trial[position] = digit;
                        keep(&trial);
                    }
                }
                trial[position] = shown[position];
            }
            for position in 0..17 {
                if shown[position] != shown[position + 1] {
                    trial.swap(position, position + 1);
                    keep(&trial);
                    trial.swap(position, position + 1);
                }
            }
        }
        17 => {
            for position in 0..=17 {
                for digit in 0..=if position == 17 { X } else { 9 } {
                    trial.insert(position, digit);
                    keep(&trial);
                    trial.remove(position);
                }
            }
        }
        19 => {
            for position in 0..19 {
                let digit = trial.remove(position);
                keep(&trial);
                trial.insert(position, digit);
            }
        }
        _ => {}
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// How far two written numbers are apart, counting a wrong, missing, added or swapped character as one each
/// (restricted Damerau-Levenshtein); 3 stands for three and more.
#[must_use]
pub fn slips(left: &[u8], right: &[u8]) -> u8 {
    distance(left, right, 2)
}

/// 0-9, or 10 for `X`.
fn value(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'X' => Some(X),
        _ => None,
    }
}

/// A value known to be below 256.
fn small(value: u64) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A valid number from a day and a sequence.
    fn number(day: i32, sequence: u32) -> Number {
        let (year, month, date) = Day(day).ymd();
        let text = format!("520324{year:04}{month:02}{date:02}{sequence:03}0");
        let mut digits = Number::parse(&text).expect("digits").digits();
        digits[17] = check(&digits);
        Number::from_digits(digits).expect("digits")
    }

    proptest! {
        #[test]
        fn packing_loses_nothing_and_the_checksum_holds(day in -10_000i32..17_000, sequence in 0u32..1000) {
            let number = number(day, sequence);
            prop_assert!(number.is_valid());
            prop_assert_eq!(Number::parse(&number.text()), Some(number));
            prop_assert_eq!(number.birth(), Some(Day(day)));
            prop_assert_eq!(number.is_male(), sequence % 2 == 1);
        }

        #[test]
        fn one_slip_is_always_among_the_repairs(day in -10_000i32..17_000, sequence in 0u32..1000, at in 0usize..17, digit in 0u8..10) {
            let number = number(day, sequence);
            let text: Vec<char> = number.text().chars().collect();
            let mut wrong = text.clone();
            wrong[at] = char::from(b'0' + digit);
            let mut swapped = text.clone();
            swapped.swap(at, at + 1);
            let mut missing = text.clone();
            missing.remove(at + 1);
            let mut doubled = text.clone();
            doubled.insert(at, text[at]);
            for damaged in [wrong, swapped, missing, doubled] {
                let damaged: String = damaged.into_iter().collect();
                if damaged != number.text() && Number::parse(&damaged).is_none_or(|shown| !shown.is_valid()) {
                    prop_assert!(repairs(&damaged).contains(&number));
                    prop_assert_eq!(slips(damaged.as_bytes(), number.text().as_bytes()), 1);
                }
            }
        }

        #[test]
        fn slips_agree_with_an_oracle(left in "[0-3]{0,19}", right in "[0-3]{0,19}") {
            let expected = u8::try_from(strsim::osa_distance(&left, &right).min(3)).expect("small");
            prop_assert_eq!(slips(left.as_bytes(), right.as_bytes()), expected);
            prop_assert_eq!(slips(left.as_bytes(), right.as_bytes()), slips(right.as_bytes(), left.as_bytes()));
        }

        #[test]
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the oracle is the float itself")]
        fn floats_round_as_the_machine_rounds(whole in 110_000_000_000_000_000u64..830_000_000_000_000_000) {
            prop_assert_eq!(through_double(whole), whole as f64 as u64);
        }
    }

    #[test]
    fn a_float_keeps_only_a_stem() {
        let number = number(7000, 123);
        if let Some(whole) = number.as_integer() {
            assert!(float_could_be(&format!("{}000", whole / 1000), number));
            assert!(float_could_be(&through_double(whole).to_string(), number));
            assert!(!float_could_be(&format!("{}000", whole / 1000 + 2), number));
        }
    }

    #[test]
    fn a_valid_number_may_be_the_double_of_another() {
        let whole = Number::parse("522124199510183208").expect("digits");
        let double = Number::parse("522124199510183232").expect("digits");
        assert!(whole.is_valid() && double.is_valid());
        assert!(one_is_the_others_float(whole, double) && one_is_the_others_float(double, whole));
        assert!(!one_is_the_others_float(whole, whole));
        let beside = Number::parse("522124199510183216").expect("digits");
        assert!(!one_is_the_others_float(whole, beside), "not every near number is a double");
    }

    #[test]
    fn fifteen_digits_rounded_again_are_known() {
        let twice = Number::parse("522124199510233024").expect("digits");
        let thousand = rounded_twice(twice).expect("rounded twice");
        assert_eq!(thousand.text(), "522124199510233000");
        assert!(is_double(twice) && rounded_twice(thousand).is_none());
        for last in ["001", "025", "023", "500", "02X"] {
            let text = format!("522124199510233{last}");
            assert_eq!(rounded_twice(Number::parse(&text).expect("digits")), None, "{text}");
        }
        let whole = Number::parse("522124199510233208").expect("digits");
        assert!(float_could_be(&twice.text(), whole) && float_could_be(&thousand.text(), whole));
    }

    #[test]
    fn a_number_is_masked_in_debug() {
        let number = number(7000, 123);
        assert!(!format!("{number:?}").contains(&number.text()));
    }

    #[test]
    fn repairs_are_few() {
        let mut worst = 0;
        for sequence in 0..1000 {
            let mut digits = number(9000 + i32::try_from(sequence).expect("small"), sequence).digits();
            digits[5] = (digits[5] + 3) % 10;
            worst = worst.max(repairs(&Number::from_digits(digits).expect("digits").text()).len());
        }
        assert!((1..40).contains(&worst), "{worst}");
    }
}
