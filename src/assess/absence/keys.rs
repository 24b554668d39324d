//! What a row and an accused are looked up by, so that most rows are passed over without being read.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

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
    /// Town and name as written.
    Namesake(&'a str, &'a str),
    /// The name as written, of a row that says nothing else.
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

/// Hashes a few dozen bytes in a few multiplications. Only looked up by, never gone through, so no order rests on it.
#[derive(Default)]
pub(super) struct KeyHasher(u64);

/// 2^64 over the golden ratio.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0_u8; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(byte.into());
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(SPREAD);
    }

    fn finish(&self) -> u64 {
        (self.0 ^ self.0 >> 29).wrapping_mul(SPREAD)
    }
}

/// Bits of the sieve, half a MiB: it stays in the cache while millions of rows are asked for a dozen keys each.
const SIEVE: usize = 1 << 22;

/// Accused by key, and a sieve that most keys of rows do not pass.
pub(super) struct Wanted<'a> {
    sieve: Vec<u64>,
    by_key: HashMap<Key<'a>, Vec<u32>, BuildHasherDefault<KeyHasher>>,
}

impl<'a> Wanted<'a> {
    pub(super) fn new() -> Self {
        Self { sieve: vec![0; SIEVE / 64], by_key: HashMap::default() }
    }

    /// Word and bit of the sieve.
    fn place(&self, key: Key<'a>) -> (usize, u64) {
        let hash = self.by_key.hasher().hash_one(key);
        let at = usize::try_from(hash >> 20).unwrap_or(usize::MAX) % SIEVE;
        (at / 64, 1 << (at % 64))
    }

    pub(super) fn put(&mut self, key: Key<'a>, accused: u32) {
        let (word, bit) = self.place(key);
        self.sieve[word] |= bit;
        self.by_key.entry(key).or_default().push(accused);
    }

    pub(super) fn has(&self, key: Key<'a>) -> bool {
        let (word, bit) = self.place(key);
        self.sieve[word] & bit != 0 && self.by_key.contains_key(&key)
    }

    pub(super) fn of(&self, key: Key<'a>) -> &[u32] {
        let (word, bit) = self.place(key);
        if self.sieve[word] & bit == 0 { &[] } else { self.by_key.get(&key).map_or(&[], Vec::as_slice) }
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

    /// The day of birth.
    pub(super) fn birth(&self, row: usize) -> Option<i32> {
        self.births.filter(|births| births.is_valid(row)).map(|births| births.value(row))
    }

    /// The name.
    pub(super) fn name(&self, row: usize) -> Option<&'a str> {
        text_at(self.names, row)
    }

    /// Whether any key that [`super::Identity::keys`] and [`super::Identity::keys_of_row`] would give, but for the birth, is wanted; it may
    /// give more.
    pub(super) fn any(&self, row: usize, is_contested: bool, wanted: impl Fn(Key<'a>) -> bool) -> bool {
        let of_number = |text: &'a str| {
            let tails = || Some(Key::of_number(text)?.into_iter().any(&wanted));
            wanted(Key::Number(text)) || text.len() == 18 && tails() == Some(true)
        };
        let (number, village, town) = (text_at(self.numbers, row), text_at(self.villages, row), text_at(self.towns, row));
        let birth = self.birth(row);
        // A contested number may be somebody else's: then it says nothing.
        let valid = !is_contested && (self.states.is_none() || text_at(self.states, row) == Some(IdState::Valid.as_str()));
        if number.is_some_and(of_number)
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
        let name = self.name(row);
        let Some(surname) = name.and_then(surname_of) else { return false };
        village.is_some_and(|village| wanted(Key::Village(village, surname)))
            || town.is_some_and(|town| {
                wanted(Key::AnyVillage(town, surname))
                    || village.is_none() && wanted(Key::Town(town, surname))
                    || name.is_some_and(|name| wanted(Key::Namesake(town, name)))
            })
            || (is_contested || birth.is_none() && !(valid && number.is_some()))
                && name.is_some_and(|name| wanted(Key::Name(name)))
    }
}
