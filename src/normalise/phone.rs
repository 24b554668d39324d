//! Phones: mobile numbers of 11 digits, land lines with their area code.
//!
//! Takes a cell, gives the digits and what was done. Total over any text.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::bare::{Shape, narrow, shape};
use super::repair::{Repair, Repairs};

/// The phone in `text`; of several the first. `Err` says why there is none: fewer than seven digits, one digit over and over, hidden ones,
/// `1.38E+10`.
pub fn clean(text: &str) -> Result<(Cow<'_, str>, Repairs), Repair> {
    let bytes = text.as_bytes();
    if bytes.len() == 11 && bytes[0] == b'1' && bytes.iter().all(u8::is_ascii_digit) && bytes.iter().any(|byte| *byte != b'1') {
        return Ok((Cow::Borrowed(text), Repairs::default()));
    }
    let mut repairs = Repairs::default();
    let plain: String = text.nfkc().collect();
    match shape(&narrow(&plain, &mut Repairs::default())) {
        Shape::Scientific => return Err(Repair::Scientific),
        Shape::Masked => return Err(Repair::Masked),
        Shape::Nothing | Shape::Sound => {}
    }
    let whole = plain.trim().strip_suffix(".0");
    if whole.is_some() {
        repairs.insert(Repair::Decimal);
    }
    let plain = whole.unwrap_or(&plain);
    let mut parts = plain.split(['/', ',', '、', ';', '\\', '或']).map(digits).filter(|part| part.len() >= 7);
    let first = parts.next().ok_or(Repair::NoNumber)?;
    if first.bytes().all(|byte| first.as_bytes().first() == Some(&byte)) {
        return Err(Repair::NoNumber);
    }
    if parts.next().is_some() {
        repairs.insert(Repair::Several);
    }
    let mut phone = first;
    let mobile = |digits: &str| digits.len() == 11 && digits.starts_with('1');
    for prefix in ["0086", "86"] {
        if let Some(rest) = phone.strip_prefix(prefix).filter(|rest| mobile(rest)) {
            phone = rest.to_owned();
            repairs.insert(Repair::CountryCode);
            break;
        }
    }
    if repairs.is_empty() && phone != text {
        repairs.insert(Repair::Space);
    }
    Ok((Cow::Owned(phone), repairs))
}

fn digits(part: &str) -> String {
    part.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forms_seen() {
        for text in [
            "13800001234",
            "138 0000 1234",
            "+86 13800001234",
            "86-138-0000-1234",
            "１３８００００１２３４",
            "13800001234/0851-26410000",
            "13800001234.0",
            "电话：13800001234（父亲）",
        ] {
            assert_eq!(clean(text).map(|(phone, _)| phone.into_owned()).as_deref(), Ok("13800001234"), "{text}");
        }
        assert_eq!(clean("0851-26410000").map(|(phone, _)| phone.into_owned()).as_deref(), Ok("085126410000"));
        for (text, why) in [
            ("无电话", Repair::NoNumber),
            ("00000000000", Repair::NoNumber),
            ("138****1234", Repair::Masked),
            ("1.3800001E+10", Repair::Scientific),
        ] {
            assert_eq!(clean(text).map(|(phone, _)| phone.into_owned()), Err(why), "{text}");
        }
        assert!(clean("+8613800001234").is_ok_and(|(_, repairs)| repairs.contains(Repair::CountryCode)));
    }

    proptest! {
        #[test]
        fn idempotent(text in "\\PC{0,20}|[+0-9 /-]{0,30}") {
            if let Ok((once, _)) = clean(&text) {
                let twice = clean(&once).expect("a phone stays one");
                prop_assert_eq!(&twice.0, &once);
                prop_assert!(twice.1.is_empty());
            }
        }
    }
}
