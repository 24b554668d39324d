//! How like two numbers and two names are, and why a row could be somebody.
//!
//! Takes what stands in two rows; gives levels, and the reason in plain words. Costs no allocation.

use crate::model::columns::IdState;
use crate::model::identity::id::{Number, float_could_be, slips};
use crate::model::identity::name::{FoldedName, NameLevel, compare};

/// A number as it stands in a row, with what is known of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Written<'a> {
    pub(super) text: &'a str,
    pub(super) state: IdState,
    /// Whether two names bear it: it is somebody's, and nothing tells whose.
    pub(super) contested: bool,
}

/// What two numbers say of one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Numbers {
    /// They are the same.
    Equal,
    /// One may be the other after two slips at most, or by what a mask or a float left of it.
    Near,
    /// One of them is not there, shows too little, or is none that anybody could have: it proves nothing.
    Silent,
    /// They are two numbers.
    Other,
}

impl<'a> Written<'a> {
    pub(super) fn new(text: &'a str, state: IdState) -> Self {
        Self { text, state, contested: false }
    }
}

impl Written<'_> {
    /// Whether there are enough digits to tell two persons apart.
    pub(super) fn speaks(self) -> bool {
        match self.state {
            IdState::Valid | IdState::Float | IdState::Masked => true,
            IdState::Invalid | IdState::Malformed => self.text.len() >= 15,
            IdState::Scientific
            | IdState::Placeholder
            | IdState::NoNumber
            | IdState::Borrowed
            | IdState::OtherDocument
            | IdState::Missing => false,
        }
    }

    /// Whether it is somebody's beyond doubt, so that another number is another person's. One with a wrong check digit, an impossible date or
    /// a sample's digits is not.
    pub(super) fn proves(self) -> bool {
        !self.contested && matches!(self.state, IdState::Valid | IdState::Float | IdState::Masked)
    }

    /// Whether a day of birth stands in it, be its check digit right or wrong.
    pub(super) fn says_birth(self) -> bool {
        Number::parse(self.text).is_some_and(|number| number.birth().is_some())
    }

    /// Whether a spreadsheet may have cut it to 15 digits; one such ruin in eleven passes the checksum.
    pub(super) fn is_cut(self) -> bool {
        self.state == IdState::Float || self.text.len() == 18 && self.text.ends_with("000")
    }

    /// Whether both are the same number.
    pub(super) fn equals(self, other: Self) -> bool {
        self.state == IdState::Valid && self.text == other.text && other.speaks()
    }

    pub(super) fn against(self, other: Self) -> Numbers {
        if !self.speaks() || !other.speaks() {
            return Numbers::Silent;
        }
        if self.equals(other) {
            return Numbers::Equal;
        }
        if self.contested || other.contested {
            return Numbers::Silent;
        }
        let masked = self.state == IdState::Masked || other.state == IdState::Masked;
        let ruin = |ruin: Self, whole: Self| {
            ruin.state == IdState::Float && Number::parse(whole.text).is_some_and(|whole| float_could_be(ruin.text, whole))
        };
        // Whoever slips and has the check digit worked out anew writes a valid number.
        let stem = |text: &'_ str| text.len() == 18;
        let stems = stem(self.text) && stem(other.text);
        let near = if masked {
            shows_the_same(self.text, other.text)
        } else {
            slips(self.text.as_bytes(), other.text.as_bytes()) <= 2
                || stems && slips(&self.text.as_bytes()[..17], &other.text.as_bytes()[..17]) <= 2
                || self.state != other.state && is_anagram(self.text, other.text)
                || ruin(self, other)
                || ruin(other, self)
                || (self.is_cut() || other.is_cut()) && self.text.get(..15) == other.text.get(..15)
                || another_century(self.text, other.text)
        };
        match near {
            true => Numbers::Near,
            false if self.proves() && other.proves() => Numbers::Other,
            false => Numbers::Silent,
        }
    }
}

/// Whether the same digits stand in another order: pairs typed the wrong way round.
fn is_anagram(one: &str, other: &str) -> bool {
    let sorted = |text: &str| {
        let mut digits: Vec<u8> = text.bytes().collect();
        digits.sort_unstable();
        digits
    };
    one.len() == other.len() && sorted(one) == sorted(other)
}

/// The same 15-digit number, once taken for the 19th century's child and once for the 20th's.
pub(super) fn another_century(one: &str, other: &str) -> bool {
    one.len() == 18 && other.len() == 18 && one.get(..6) == other.get(..6) && one.get(8..17) == other.get(8..17)
}

/// Whether a masked number shows nothing that the other contradicts; at least four digits must agree.
pub(super) fn shows_the_same(one: &str, other: &str) -> bool {
    let digit = |character: &char| character.is_ascii_digit() || *character == 'X';
    let shown = one.chars().zip(other.chars()).filter(|(a, b)| digit(a) && digit(b));
    one.chars().count() == other.chars().count() && shown.clone().count() >= 4 && shown.clone().all(|(a, b)| a == b)
}

/// How near two names are, from the nearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Nearness {
    /// The same, but for characters that are unknown.
    Same,
    /// The same in sound, or one character looks alike.
    Alike,
    /// One character dropped or added, or the same in another order.
    Shorter,
    /// One character other, or two neighbours exchanged.
    Slip,
    /// Two characters, of which the given name differs.
    ShortName,
    /// The surname alone: another given name.
    Surname,
}

pub(super) fn nearness(one: &FoldedName, other: &FoldedName) -> Option<Nearness> {
    Some(match compare(one, other) {
        NameLevel::Same | NameLevel::Wildcard => Nearness::Same,
        NameLevel::SameSound | NameLevel::LookAlike => Nearness::Alike,
        NameLevel::Dropped => Nearness::Shorter,
        NameLevel::OneCharacter => Nearness::Slip,
        NameLevel::Different if one.is_reordering_of(other) || one.is_given_name_of(other) || other.is_given_name_of(one) => {
            Nearness::Shorter
        }
        NameLevel::Different if one.begins_with(other) || other.begins_with(one) => Nearness::Alike,
        NameLevel::Different if one.len() == 2 && other.len() == 2 && one.shares_surname(other) => Nearness::ShortName,
        NameLevel::Different if one.shares_surname(other) => Nearness::Surname,
        NameLevel::Different => return None,
    })
}

/// What brings a row near to an accused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum By {
    Number,
    /// The row stands in another's name, and a certificate's, a pupil's or a guardian's number on it is the person's.
    Document,
    /// The row stands in another's name, and the cell of the name has the person's too.
    Mentioned,
    /// The row is about a pupil and stands in the name of a guardian, or of an elder of the household.
    Guardian,
    NearNumber,
    /// The birth; whether both have a number, and another one.
    Birth {
        other_number: bool,
    },
    Household,
    Phone,
    Place,
    /// The row has no number of its own, and its guardian is somebody of the same household.
    Ward,
    /// The row says whose child or spouse it is, and that is somebody of the same household.
    Kin,
    /// The same name in another place, with nothing that could tell them apart: reason to check, not to hold.
    Elsewhere,
}

impl By {
    /// Whether the row says so itself, in whosever name it stands.
    pub(super) fn is_in_anothers_name(self) -> bool {
        matches!(self, Self::Document | Self::Mentioned | Self::Guardian)
    }
}

/// Why a row could be an accused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Likeness {
    pub(super) by: By,
    pub(super) name: Option<Nearness>,
}

impl Likeness {
    /// `姓名相同，出生日期相同，号码不同`.
    #[must_use]
    pub fn plain(self) -> String {
        let by = match self.by {
            By::Number => "号码相同",
            By::Document => "写在别人名下，证号、学籍号等是此人的",
            By::Mentioned => "写在别人名下，姓名一格里有此人",
            By::Guardian => "写的是学生的事，落在家长名下",
            By::NearNumber => "号码只差一两位，或被截断、遮盖",
            By::Birth { other_number: true } => "出生日期相同，号码不同",
            By::Birth { other_number: false } => "出生日期相同，号码没有或不全",
            By::Household => "同一户",
            By::Phone => "电话相同",
            By::Place => "住处对得上，号码或出生日期没有或不全",
            By::Ward => "监护人是同户的人，没有号码，出生日期不矛盾",
            By::Kin => "写的是同户人的子女或配偶，没有写本人姓名",
            By::Elsewhere => "住处不同，号码和出生日期没有或不全",
        };
        let name = match self.name {
            Some(Nearness::Same) => "姓名相同，",
            Some(Nearness::Alike) => "姓名音同或形近，",
            Some(Nearness::Shorter) => "姓名多一个字、少一个字或次序不同，",
            Some(Nearness::Slip) => "姓名差一个字，",
            Some(Nearness::ShortName | Nearness::Surname) => "同姓、名不同，",
            None => "",
        };
        format!("{name}{by}")
    }
}
