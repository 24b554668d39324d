//! What a row and an accused are looked up by, so that most rows are passed over without being read.

use std::hash::{Hash, Hasher};

use arrow::array::{Array, Date32Array, RecordBatch, StringArray};

use super::names::several;
use super::sounds::Sounds;
use crate::assess::subjects::{Groups, index, text_at};
use crate::model::columns::{
    BIRTH, DISABILITY_NO, GRADE, GUARDIAN_ID, HEAD_ID, HEAD_NAME, ID_STATE, IdState, NAME, NAME_RAW, PHONE, SCHOOL, SEX, STAGE,
    STUDENT_NO, TOWN_CODE, VILLAGE_CODE,
};
use crate::model::identity::name::surname_of;

/// What a row and an accused are looked up by. Two that could be one share at least one, save where the name is no more than near, the place is
/// another, and both the birth and the sequence of the number are damaged: those would have to be compared with everybody.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Key<'a> {
    Number(&'a str),
    /// A certificate's or a pupil's number.
    Document(&'a str),
    /// The number of whoever answers for a pupil.
    Guardian(&'a str),
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

    pub(super) fn hash64(self) -> u64 {
        let mut hasher = KeyHasher::default();
        self.hash(&mut hasher);
        hasher.finish()
    }
}

/// Hashes a few dozen bytes in a few multiplications.
#[derive(Default)]
struct KeyHasher(u64);

/// 2^64 over the golden ratio (Fibonacci hashing, Knuth).
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        self.write_u64(rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(byte.into());
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }

    /// Of the variant.
    fn write_isize(&mut self, word: isize) {
        self.write_u64(word.cast_unsigned() as u64);
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(SPREAD);
    }

    fn finish(&self) -> u64 {
        (self.0 ^ self.0 >> 29).wrapping_mul(SPREAD)
    }
}

/// Accused by key, and a sieve that most keys of rows do not pass. Two keys of one hash only make a candidate more.
pub(super) struct Wanted {
    /// Some twenty bits a key: it stays in the cache while millions of rows are asked for a dozen keys each.
    sieve: Vec<u64>,
    /// Hash of a key, and the accused.
    by_key: Vec<(u64, u32)>,
    /// By leading bits of the hash, one or two in each.
    buckets: Groups,
    shift: u32,
}

impl Wanted {
    /// Of hashes of keys, with the accused.
    pub(super) fn new(by_key: Vec<(u64, u32)>) -> Self {
        let words = (by_key.len() / 4).next_power_of_two();
        let count = 2 * by_key.len().next_power_of_two();
        let mut wanted = Self { sieve: vec![0; words], by_key, buckets: Groups::default(), shift: u64::BITS - count.ilog2() };
        for (hash, _) in &wanted.by_key {
            wanted.sieve[word_of(*hash, words)] |= bit_of(*hash);
        }
        let pairs: Vec<(u32, u32)> = wanted.by_key.iter().map(|(hash, _)| index(wanted.bucket(*hash))).zip(0..).collect();
        wanted.buckets = Groups::new(count, &pairs);
        wanted
    }

    /// The accused who have the key, in their order.
    pub(super) fn of(&self, key: Key<'_>) -> impl Iterator<Item = u32> + '_ {
        let hash = key.hash64();
        let passes = self.sieve[word_of(hash, self.sieve.len())] & bit_of(hash) != 0;
        let found = if passes { self.buckets.of(self.bucket(hash)) } else { &[] };
        let found = found.iter().map(|at| self.by_key[*at as usize]);
        found.filter(move |(other, _)| *other == hash).map(|(_, accused)| accused)
    }

    fn bucket(&self, hash: u64) -> usize {
        usize::try_from(hash >> self.shift).unwrap_or(usize::MAX)
    }
}

/// Which of the sieve's words, a power of two.
fn word_of(hash: u64, words: usize) -> usize {
    usize::try_from(hash >> 6).unwrap_or(usize::MAX) & (words - 1)
}

fn bit_of(hash: u64) -> u64 {
    1 << (hash % 64)
}

/// Columns that say who a row, or a person of the people table, is. Most rows are looked up by them and never read.
pub(super) struct Columns<'a> {
    pub(super) names: Option<&'a StringArray>,
    /// As written, where that is more than the name.
    pub(super) also: Option<&'a StringArray>,
    pub(super) numbers: Option<&'a StringArray>,
    pub(super) states: Option<&'a StringArray>,
    births: Option<&'a Date32Array>,
    pub(super) sexes: Option<&'a StringArray>,
    pub(super) villages: Option<&'a StringArray>,
    pub(super) towns: Option<&'a StringArray>,
    pub(super) heads: Option<&'a StringArray>,
    pub(super) head_numbers: Option<&'a StringArray>,
    pub(super) phones: Option<&'a StringArray>,
    /// Numbers of the person's own papers, which begin with the person's number or hold it.
    papers: [Option<&'a StringArray>; 2],
    pub(super) guardians: Option<&'a StringArray>,
    /// What only a pupil has.
    schooling: [Option<&'a StringArray>; 3],
}

impl<'a> Columns<'a> {
    pub(super) fn new(batch: &'a RecordBatch, number: &str) -> Self {
        let text = |name: &str| batch.column_by_name(name).and_then(|column| column.as_any().downcast_ref());
        Self {
            names: text(NAME),
            also: text(NAME_RAW),
            numbers: text(number),
            states: text(ID_STATE),
            births: batch.column_by_name(BIRTH).and_then(|column| column.as_any().downcast_ref()),
            sexes: text(SEX),
            villages: text(VILLAGE_CODE),
            towns: text(TOWN_CODE),
            heads: text(HEAD_NAME),
            head_numbers: text(HEAD_ID),
            phones: text(PHONE),
            papers: [DISABILITY_NO, STUDENT_NO].map(text),
            guardians: text(GUARDIAN_ID),
            schooling: [SCHOOL, GRADE, STAGE].map(text),
        }
    }

    pub(super) fn birth(&self, row: usize) -> Option<i32> {
        self.births.filter(|births| births.is_valid(row)).map(|births| births.value(row))
    }

    pub(super) fn name(&self, row: usize) -> Option<&'a str> {
        text_at(self.names, row)
    }

    /// The numbers of the papers that the row gives.
    pub(super) fn papers(&self, row: usize) -> impl Iterator<Item = &'a str> {
        self.papers.into_iter().filter_map(move |column| text_at(column, row))
    }

    /// Whether the row is about a pupil, in whosever name it stands.
    pub(super) fn is_about_pupil(&self, row: usize) -> bool {
        self.schooling.iter().any(|column| text_at(*column, row).is_some())
    }

    /// The keys of a row, or of a person of the people table: all that it can share with an accused, or more.
    pub(super) fn keys(&self, row: usize, is_contested: bool, mut take: impl FnMut(Key<'a>)) {
        let (village, town) = (text_at(self.villages, row), text_at(self.towns, row));
        let birth = self.own_keys(row, &mut take);
        if let (Some(village), Some(head)) = (village, text_at(self.heads, row)) {
            take(Key::Head(village, head));
        }
        // A contested number may be somebody else's: then it says nothing.
        let is_valid = !is_contested && text_at(self.states, row) == Some(IdState::Valid.as_str());
        let speaks = is_valid && text_at(self.numbers, row).is_some();
        if let Some(village) = village.filter(|_| !speaks || birth.is_none()) {
            take(Key::Silent(village));
        }
        let mut of_name = |name: &'a str| {
            let Some(surname) = surname_of(name) else { return };
            if let Some(village) = village {
                take(Key::Village(village, surname));
            }
            if let Some(town) = town {
                take(Key::Namesake(town, name));
                take(Key::AnyVillage(town, surname));
                if village.is_none() {
                    take(Key::Town(town, surname));
                }
            }
            // Namesakes are many in a county: only a row that says nothing but the name could be any of them.
            if is_contested || birth.is_none() && !speaks {
                take(Key::Name(name));
            }
        };
        self.name(row).into_iter().for_each(&mut of_name);
        text_at(self.also, row).or(self.name(row)).map(several).into_iter().flatten().for_each(of_name);
    }

    /// The keys that say who somebody is wherever the row stands; the day of birth.
    pub(super) fn own_keys(&self, row: usize, mut take: impl FnMut(Key<'a>)) -> Option<i32> {
        let own = text_at(self.numbers, row);
        for number in own.into_iter().chain(self.papers(row).filter_map(number_in).filter(|number| own != Some(*number))) {
            take(Key::Number(number));
            if number.len() == 18 {
                Key::of_number(number).into_iter().flatten().for_each(&mut take);
            }
        }
        self.papers(row).filter(|paper| tells_papers_apart(paper)).map(Key::Document).for_each(&mut take);
        text_at(self.guardians, row).map(Key::Guardian).into_iter().for_each(&mut take);
        let birth = self.birth(row);
        birth.map(Key::Birth).into_iter().for_each(&mut take);
        text_at(self.phones, row).map(Key::Phone).into_iter().for_each(take);
        birth
    }

    /// Number and day of birth.
    pub(super) fn said(&self, row: usize) -> (Option<&'a str>, Option<i32>) {
        (text_at(self.numbers, row), self.birth(row))
    }

    /// The sounds of whatever stands as name.
    pub(super) fn sounds(&self, row: usize) -> Sounds {
        let names = self.name(row).into_iter().chain(text_at(self.also, row));
        // Whoever is called by the head's name and a word is not called so.
        let is_named_after = |(name, head): (&str, &str)| name.len() > head.len() && name.starts_with(head);
        if self.name(row).zip(text_at(self.heads, row)).is_some_and(is_named_after) {
            return Sounds::ANY;
        }
        names.map(Sounds::of).fold(Sounds::default(), Sounds::and)
    }
}

/// The number that a paper's begins with, whatever letter stands before: `522124…43`, `G522124…`.
pub(super) fn number_in(paper: &str) -> Option<&str> {
    paper.trim_start_matches(|sign: char| sign.is_ascii_alphabetic()).get(..18)
}

/// Whether a paper's number is long enough, and whole, to be one person's.
pub(super) fn tells_papers_apart(paper: &str) -> bool {
    paper.len() >= 10 && paper.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !paper.ends_with("00000")
}
