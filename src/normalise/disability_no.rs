//! Disability certificate numbers: the holder's 18-character ID number, a category digit, a grade digit, and `B1`, `B2` … when re-issued.
//!
//! Takes a cell, gives a [`CertificateReading`]. The grade in the number may be older than the grade column: a re-assessment
//! re-codes the certificate, a ledger's copy can be stale. Total over any text.

use std::borrow::Cow;
use std::fmt;

use super::id_number::{self, IdReading};
use super::repair::{Repair, Repairs};
use crate::model::columns::IdState;
use crate::model::date::Day;
use crate::model::personal::mask;
use crate::model::raw::CellKind;

const CATEGORIES: [&str; 7] = ["视力", "听力", "言语", "肢体", "智力", "精神", "多重"];
const GRADES: [&str; 4] = ["一级", "二级", "三级", "四级"];

/// What a cell of a certificate column says. `Debug` masks the number.
#[derive(Clone, PartialEq, Eq)]
pub struct CertificateReading<'a> {
    /// The certificate number, else the cleaned text; empty when nothing usable was written.
    pub text: Cow<'a, str>,
    /// The ID number in it.
    pub id: IdReading<'a>,
    /// `视力` … `多重`.
    pub category: Option<&'static str>,
    /// `一级` … `四级`.
    pub grade: Option<&'static str>,
    /// What was done to it (the split itself is none).
    pub repairs: Repairs,
}

impl fmt::Debug for CertificateReading<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateReading({}, {:?}, {:?})", mask(&self.text), self.category, self.grade)
    }
}

/// Reads a cell; `as_of` bounds the birth date.
#[must_use]
pub fn clean(kind: CellKind, text: &str, as_of: Day) -> CertificateReading<'_> {
    from_id(text, id_number::clean(kind, text, as_of))
}

/// The certificate in a cell already read as an ID number: some registries write it under 证件号码.
#[must_use]
pub fn from_id<'a>(written: &'a str, id: IdReading<'a>) -> CertificateReading<'a> {
    let mut repairs = Repairs::default();
    id.repairs.iter().filter(|&repair| repair != Repair::DisabilitySuffix).for_each(|repair| repairs.insert(repair));
    let text = match id.suffix {
        // What a spreadsheet has cut is no key: one in eleven passes the checksum.
        None if matches!(id.state, IdState::Float | IdState::Scientific) || is_cut(&id.text) => {
            repairs.insert(if id.state == IdState::Scientific { Repair::Scientific } else { Repair::Float });
            Cow::Borrowed("")
        }
        None => id.text.clone(),
        Some(_) if repairs.is_empty() => Cow::Borrowed(written),
        Some(suffix) => {
            let mut text = id.text.to_string();
            text.extend([Some(suffix.category), suffix.grade].into_iter().flatten().map(|digit| char::from(b'0' + digit)));
            if let Some(reissue) = suffix.reissue {
                text.extend(['B', char::from(b'0' + reissue)]);
            }
            Cow::Owned(text)
        }
    };
    let named = |names: &'static [&'static str], digit: u8| names.get(usize::from(digit).checked_sub(1)?).copied();
    let category = id.suffix.and_then(|suffix| named(&CATEGORIES, suffix.category));
    let grade = id.suffix.and_then(|suffix| named(&GRADES, suffix.grade?));
    CertificateReading { text, id, category, grade, repairs }
}

/// Twenty digits of which only fifteen are left.
fn is_cut(text: &str) -> bool {
    (19..=22).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text.bytes().skip(15).all(|byte| byte == b'0')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn as_of() -> Day {
        "2018-06-30".parse().expect("a day")
    }

    #[test]
    fn category_grade_and_re_issue() {
        let reading = clean(CellKind::Text, "11010519491231002X42B1", as_of());
        assert_eq!(reading.text, "11010519491231002X42B1");
        assert_eq!((reading.category, reading.grade, reading.id.state), (Some("肢体"), Some("二级"), IdState::Valid));
        assert!(reading.repairs.is_empty());
        let spaced = clean(CellKind::Text, "11010519491231002x 71", as_of());
        assert_eq!((spaced.text.as_ref(), spaced.category, spaced.grade), ("11010519491231002X71", Some("多重"), Some("一级")));
        assert_eq!(spaced.repairs.iter().collect::<Vec<_>>(), [Repair::Space, Repair::CheckLetter]);
    }

    #[test]
    fn what_a_spreadsheet_has_cut_is_no_key() {
        for (kind, text) in [
            (CellKind::Number, "52032419900307100000"),
            (CellKind::Text, "52032419900307100000"),
            (CellKind::Text, "5.20324199003071E+19"),
            (CellKind::Text, "5.2E+19"),
        ] {
            let reading = clean(kind, text, as_of());
            assert_eq!(reading.text, "", "{text}");
            assert!(reading.repairs.contains(Repair::Float) || reading.repairs.contains(Repair::Scientific), "{text}");
        }
    }

    #[test]
    fn a_bare_id_number_gives_no_grade() {
        let reading = clean(CellKind::Text, "11010519491231002X", as_of());
        assert_eq!((reading.text.as_ref(), reading.category, reading.grade), ("11010519491231002X", None, None));
    }

    proptest! {
        #[test]
        fn any_text_reads_the_same_twice(text in "\\PC{0,30}|[1-6][0-9]{16}[0-9Xx][1-7 ][1-4](B[0-9])?") {
            let once = clean(CellKind::Text, &text, as_of()).text.into_owned();
            prop_assert_eq!(&clean(CellKind::Text, &once, as_of()).text, &once);
        }
    }
}
