//! Personal values that hide themselves, and the three masks used in outputs.
//!
//! An ID number, a name or a phone never reaches a log, an error or a temp name in the clear: every struct that is about a person holds what
//! the person is, has or said (name, number, phone, account, household code, a cell's words, the file and sheet beside them) as [`Personal`],
//! whose `Debug` masks; no error carries any of it. It has no `Display`: what is told passes an [`Audience`](super::masking::Audience). The
//! value needs a call named `expose`, so that grep finds every place that uses it: stage files and the ledger, an audience that decides what
//! may be shown, matching, hashing, comparing. Text are: columns of many rows (arrow batches, cells of a block, link tables), which say how
//! many they are; what is borrowed from them for a moment, and a reader's own parts of a cell, a title, a header; names of files and sheets as
//! such, and messages, masked where they are written. `tests/architecture.rs` reads the sources for it, and names the exceptions.

use std::fmt;

use super::numeral::{is_digit, is_unseen, read_out};

/// One personal value of any kind (number, name, phone, disease, free text from a cell).
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Personal(String);

impl Personal {
    /// Wraps a value as it was read.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value in the clear.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// [`Personal::expose`] of a value that may be missing.
pub trait Expose {
    /// The value in the clear.
    fn expose(&self) -> Option<&str>;
}

impl Expose for Option<Personal> {
    fn expose(&self) -> Option<&str> {
        self.as_ref().map(Personal::expose)
    }
}

impl From<String> for Personal {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl From<&str> for Personal {
    fn from(value: &str) -> Self {
        Self::new(value)
    }
}

impl PartialEq<str> for Personal {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Personal {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

/// The first character, and that there is more.
impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Personal({})", mask_name(&self.0))
    }
}

/// Masks a value of unknown kind for messages and rejects: mostly digits → [`mask_number`], else [`mask_name`].
#[must_use]
pub fn mask(value: &str) -> String {
    let digits = value.chars().filter(|c| is_digit(*c)).count();
    if digits >= 4 { mask_number(value) } else { mask_name(value) }
}

/// Whose ID number shows the region alone: who is born in this year or later. Rules tell the young apart by months (school age, newborn), and
/// sequence and check digit would leave a handful of numbers.
pub(super) const FULLY_HIDDEN_FROM: i32 = 2000;

/// The prevailing form for ID numbers in printed lists: first 6, eight `*`, last 4; of who is born from [`FULLY_HIDDEN_FROM`] on, the first 6.
/// Other lengths (phones, damaged numbers, certificate numbers) keep at most a third at each end. Nothing is shown of a birth date, wherever it
/// stands in what may be a damaged, cut or reversed number: beside the same number's sound mask it would give the number away.
#[must_use]
pub fn mask_number(value: &str) -> String {
    let mut characters: Vec<char> = value.trim().chars().filter(|c| !is_unseen(*c)).collect();
    if characters.iter().filter(|c| is_digit(**c)).count() >= 11 {
        // Groups are one number, whatever stands between them; a star may stand for a digit, unless they are all there.
        let is_sign = |c: char| c.is_alphanumeric() || read_out(c).is_some();
        let whole = matches!(characters.iter().filter(|c| is_sign(**c)).count(), 11 | 18);
        characters.retain(|c| is_sign(*c) || *c == '*' && !whole);
    }
    let length = characters.len();
    let (mut head, mut tail) = if length >= 18 { (6, 4) } else { (length / 4, length / 4) };
    let plain: String = characters.iter().map(|c| read_out(*c).unwrap_or('?')).collect();
    for at in 0..length.saturating_sub(7) {
        if plain.get(at..at + 8).is_some_and(is_birth) {
            head = head.min(at);
            tail = tail.min(length - at - 8);
        }
    }
    let year = |digits: &str| digits.get(..4).and_then(|year| year.parse::<i32>().ok());
    let is_young = |year: Option<i32>| year.is_some_and(|year| (FULLY_HIDDEN_FROM..2100).contains(&year));
    let is_sound = |plain: &str| is_province(plain) && plain.get(6..14).is_some_and(is_birth);
    let windows = (0..length.saturating_sub(7)).filter_map(|at| plain.get(at..at + 8));
    let young = length >= 12 && is_province(&plain) && is_young(plain.get(6..).and_then(year))
        || !is_sound(&plain) && windows.into_iter().any(|window| is_birth(window) && is_young(year(window)));
    if young {
        tail = 0;
    }
    let reversed: String = plain.chars().rev().collect();
    if length >= 17 && !is_sound(&plain) && is_sound(&reversed) {
        head = if is_young(reversed.get(6..).and_then(year)) { 0 } else { head.min(length - 14) };
        tail = tail.min(6);
    }
    // Of an ID number that lost characters, or of the old form, what follows the region is the birth.
    if (12..18).contains(&length) && is_province(&plain) {
        let birth = if ["19", "20"].iter().any(|century| plain.get(6..8) == Some(century)) { 14 } else { 12 };
        tail = tail.min(length.saturating_sub(birth));
    }
    let hidden = length - head - tail;
    let mut masked = String::with_capacity(value.len());
    masked.extend(characters.iter().take(head));
    masked.extend(std::iter::repeat_n('*', hidden));
    masked.extend(characters.iter().skip(head + hidden));
    masked
}

/// Whether `masked` shows nothing that `number` contradicts, and four characters at least: any mask of it, that of an older version too.
#[must_use]
pub fn is_mask_of(masked: &str, number: &str) -> bool {
    let shown = masked.chars().filter(|c| *c != '*').count();
    let agrees = masked.chars().zip(number.chars()).all(|(shown, own)| shown == '*' || shown == own);
    masked.contains('*') && shown >= 4 && agrees && masked.chars().count() == number.chars().count()
}

/// Whether eight digits could be a day that somebody was born on.
pub(super) fn is_birth(digits: &str) -> bool {
    let part = |from: usize, to: usize| digits.get(from..to).and_then(|text| text.parse::<u32>().ok());
    digits.bytes().all(|c| c.is_ascii_digit())
        && part(0, 4).is_some_and(|year| (1880..2100).contains(&year))
        && part(4, 6).is_some_and(|month| (1..=12).contains(&month))
        && part(6, 8).is_some_and(|day| (1..=31).contains(&day))
}

/// Whether a number begins as those of a province do.
pub(super) fn is_province(digits: &str) -> bool {
    let first = digits.get(..2).and_then(|text| text.parse::<u32>().ok());
    first.is_some_and(|first| matches!(first, 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83 | 91))
}

/// Keeps the family name: `张小明` → `张**`.
#[must_use]
pub fn mask_name(value: &str) -> String {
    let mut characters = value.chars();
    let Some(first) = characters.next() else { return String::new() };
    let rest = characters.count();
    if rest == 0 { "*".to_owned() } else { std::iter::once(first).chain(std::iter::repeat_n('*', rest.min(8))).collect() }
}

/// Keeps the family name and the last character, as publicity sheets do: `张小明` → `张*明`, `王五` → `王*`.
#[must_use]
pub fn mask_middle(value: &str) -> String {
    let characters: Vec<char> = value.trim().chars().collect();
    match characters[..] {
        [] => String::new(),
        [_] => "*".to_owned(),
        [first, _] => format!("{first}*"),
        [first, .., last] => format!("{first}{}{last}", "*".repeat((characters.len() - 2).min(8))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_number_shows_six_and_four() {
        assert_eq!(mask_number("520324199003071234"), "520324********1234");
    }

    #[test]
    fn nothing_is_shown_of_a_birth_date_however_damaged_the_number_is() {
        for (number, masked) in [
            ("52032419900307123", "5203**********123"),
            ("5203241990030712", "5203**********12"),
            ("520324199003071", "520***********1"),
            ("52032419900307", "520***********"),
            ("520324900307123", "520*********123"),
            ("520324119900307123", "520324*********123"),
            ("520324 1990 0307 1234", "520324********1234"),
            ("'520324199003071234", "520324********1234"),
            ("52032419900307123443", "520324**********3443"),
            ("6217000012345678901", "621700*********8901"),
            ("520324201407150311", "520324************"),
            ("52032420140715031", "5203*************"),
            ("520324201413150311", "520324************"),
            ("52032420140715031143", "520324**************"),
            ("X13061801791423025", "X130**********3025"),
        ] {
            assert_eq!(mask_number(number), masked);
        }
    }

    #[test]
    fn any_mask_of_a_number_is_known_again() {
        for masked in ["520324********1234", "5203**********1234"] {
            assert!(is_mask_of(masked, "520324199003071234"));
        }
        for other in ["520324********1235", "520324*******1234", "******************", "520324199003071234"] {
            assert!(!is_mask_of(other, "520324199003071234"), "{other}");
        }
    }

    #[test]
    fn debug_shows_the_first_character_at_most() {
        for (value, shown) in
            [("520324199003071234", "5********"), ("张小明", "张**"), ("王五520324199003071234已死亡", "王********"), ("", "")]
        {
            assert_eq!(format!("{:?}", Personal::new(value)), format!("Personal({shown})"));
        }
    }

    #[test]
    fn debug_of_what_holds_somebody_shows_neither_name_nor_number() {
        use crate::model::date::Month;
        use crate::model::decision::{Decision, PairKey, Verdict};
        use crate::model::finding::{Confidence, Evidence, Finding, Kind, Scope, Subject};
        use crate::model::raw::{CellKind, RawColumn};
        use crate::model::receipt::{Outcome, RowReceipt};
        use crate::model::registry::RegistryId;
        use crate::model::standing::{Answer, Remembered};

        const NAME: &str = "韩海荣";
        const NUMBER: &str = "520324199003071234";
        let some = |text: &str| Some(Personal::new(text));
        let said = Personal::new(format!("{NUMBER}已死亡"));
        let evidence = Evidence {
            registry: RegistryId("dibao".to_owned()),
            file: some(&format!("{NUMBER}.xlsx")),
            sheet: None,
            row: Some(7),
            column: "姓名".to_owned(),
            value: NAME.into(),
        };
        let finding = Finding {
            finding_id: "F1".to_owned(),
            rule: "living.dead".to_owned(),
            kind: Kind::Inel,
            scope: Scope::Person,
            clause: String::new(),
            basis: None,
            person_id: None,
            household_code: some(NUMBER),
            name: some(NAME),
            id_number: some(NUMBER),
            town: None,
            village: None,
            time_base: None,
            due_fen: None,
            paid_fen: None,
            gap_fen: None,
            confidence: Confidence::Certain,
            sentence: said.clone(),
            evidence: vec![evidence],
            subject: Subject { head_name: some(NAME), ..Subject::default() },
        };
        let month = Month::new(2018, 6).expect("a month");
        let answer = Answer {
            finding_id: "F1".to_owned(),
            list: month,
            verdict: None,
            reality: format!("{NAME}{NUMBER}").into(),
            reason: NAME.into(),
            opinion: None,
            method: said.clone(),
            checkers: NAME.into(),
            checked_on: None,
            corrected_number: NUMBER.into(),
            file: format!("{NAME}.xlsx").into(),
            sheet: said.clone(),
            row: 7,
        };
        let receipt = RowReceipt {
            sheet: NAME.into(),
            row: 7,
            outcome: Outcome::Unclear,
            town: None,
            village: None,
            name: some(NAME),
            finding_ids: Vec::new(),
            list: Some(month),
            understood: said.clone(),
            reason: String::new(),
            quote: format!("{NAME}{NUMBER}").into(),
        };
        let decision = Decision {
            pair: PairKey::new("R0".to_owned(), "R1".to_owned()),
            verdict: Verdict::Same,
            place: format!("{NUMBER}.xlsx 第 7 行").into(),
            by: NAME.into(),
            on: NUMBER.into(),
            remark: said,
        };
        let mut column = RawColumn::default();
        column.push(CellKind::Text, NAME);
        column.push(CellKind::Text, NUMBER);
        let remembered = Remembered::from(&finding);
        for shown in [
            format!("{finding:?}"),
            format!("{remembered:?}"),
            format!("{answer:?}"),
            format!("{receipt:?}"),
            format!("{decision:?}"),
            format!("{column:?}"),
        ] {
            assert!(!shown.contains("海荣") && !shown.contains("19900307"), "{shown}");
        }
    }
}
