//! What a row and an accused are looked up by, so that most rows are passed over without being read.

use arrow::array::{Array, Date32Array, RecordBatch, StringArray};

use crate::assess::subjects::text_at;
use crate::model::columns::{BIRTH, DISABILITY_NO, HEAD_NAME, ID_STATE, IdState, NAME, PHONE, TOWN_CODE, VILLAGE_CODE};
use crate::model::identity::name::surname_of;

/// What a row and an accused are looked up by. Two that could be one share at least one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Key<'a> {
    Number(&'a str),
    Birth(i32),
    /// Year and month of birth, and the sequence.
    YearMonthTail(&'a str, &'a str),
    /// Month and day of birth, and the sequence.
    MonthDayTail(&'a str, &'a str),
    /// Region and year of birth, and the sequence.
    YearTail(&'a str, &'a str),
    /// Region, and the number without century and check digit: what a 15-digit number says.
    Fifteen(&'a str, &'a str),
    Household(u32),
    Head(&'a str, &'a str),
    Phone(&'a str),
    /// A row of the village whose number or birth cannot speak.
    Silent(&'a str),
    /// A row of the village, by surname.
    Village(&'a str, char),
    /// A row of the town, by surname, whose village is not known.
    Town(&'a str, char),
    /// A row of the town, by surname, for an accused whose village is not known.
    AnyVillage(&'a str, char),
    /// The name as written.
    Name(&'a str),
}

impl<'a> Key<'a> {
    /// Keys that a number of 18 characters shares with those a slip or two away; the check digit may have been worked out anew.
    pub(super) fn of_number(text: &'a str) -> Option<[Self; 4]> {
        let tail = text.get(14..17)?;
        Some([
            Self::YearMonthTail(text.get(6..12)?, tail),
            Self::MonthDayTail(text.get(10..14)?, tail),
            Self::YearTail(text.get(..10)?, tail),
            Self::Fifteen(text.get(..6)?, text.get(8..17)?),
        ])
    }
}

/// Columns by which a row, or a person of the people table, is looked up: most are passed over without being read.
pub(super) struct Columns<'a> {
    pub(super) names: Option<&'a StringArray>,
    pub(super) numbers: Option<&'a StringArray>,
    pub(super) states: Option<&'a StringArray>,
    pub(super) births: Option<&'a Date32Array>,
    pub(super) villages: Option<&'a StringArray>,
    pub(super) towns: Option<&'a StringArray>,
    pub(super) heads: Option<&'a StringArray>,
    pub(super) phones: Option<&'a StringArray>,
    pub(super) certificates: Option<&'a StringArray>,
}

impl<'a> Columns<'a> {
    pub(super) fn new(batch: &'a RecordBatch, number: &str) -> Self {
        let text = |name: &str| batch.column_by_name(name).and_then(|column| column.as_any().downcast_ref());
        Self {
            names: text(NAME),
            numbers: text(number),
            states: text(ID_STATE),
            births: batch.column_by_name(BIRTH).and_then(|column| column.as_any().downcast_ref()),
            villages: text(VILLAGE_CODE),
            towns: text(TOWN_CODE),
            heads: text(HEAD_NAME),
            phones: text(PHONE),
            certificates: text(DISABILITY_NO),
        }
    }

    /// Whether any key that [`super::Identity::keys`] and [`super::Identity::keys_of_row`] would give is wanted; it may give more.
    pub(super) fn any(&self, row: usize, is_contested: bool, wanted: impl Fn(Key<'a>) -> bool) -> bool {
        let of_number = |text: &'a str| {
            let tails = || Some(Key::of_number(text)?.into_iter().any(&wanted));
            wanted(Key::Number(text)) || text.len() == 18 && tails() == Some(true)
        };
        let (number, village, town) = (text_at(self.numbers, row), text_at(self.villages, row), text_at(self.towns, row));
        let birth = self.births.filter(|births| births.is_valid(row)).map(|births| births.value(row));
        // A contested number may be somebody else's: then it says nothing.
        let valid = !is_contested && (self.states.is_none() || text_at(self.states, row) == Some(IdState::Valid.as_str()));
        if number.is_some_and(of_number)
            || birth.is_some_and(|birth| wanted(Key::Birth(birth)))
            || text_at(self.phones, row).is_some_and(|phone| wanted(Key::Phone(phone)))
            || text_at(self.certificates, row).and_then(|text| text.get(..18)).is_some_and(of_number)
        {
            return true;
        }
        let silent = || village.is_some_and(|village| wanted(Key::Silent(village)));
        if (!valid || number.is_none() || birth.is_none()) && silent() {
            return true;
        }
        let head = || Some(wanted(Key::Head(village?, text_at(self.heads, row)?)));
        if head() == Some(true) {
            return true;
        }
        let name = text_at(self.names, row);
        let Some(surname) = name.and_then(surname_of) else { return false };
        village.is_some_and(|village| wanted(Key::Village(village, surname)))
            || town.is_some_and(|town| {
                wanted(Key::AnyVillage(town, surname)) || village.is_none() && wanted(Key::Town(town, surname))
            })
            || name.is_some_and(|name| wanted(Key::Name(name)))
    }
}
