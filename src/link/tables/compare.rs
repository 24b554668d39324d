//! Two rows → one level per comparison. Values are numbers by now: equal numbers are equal values, and what a costly test says of two
//! values is remembered.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use rayon::prelude::*;

use super::condition;
use super::store::{Column, Forms, IdForm, Store};
use crate::config::tables::{Atom, Comparison, IdTest, Test, When};
use crate::link::hash::{self, WordMap};
use crate::link::position::{NONE, dense};
use crate::model::date::Day;
use crate::model::identity::id::{float_could_be, one_is_the_others_float, slips};
use crate::model::identity::name::{self, NameLevel};
use crate::model::similarity::{distance, jaro_winkler};

/// The level of missing evidence: all four bits that a pattern has for a comparison.
pub(super) const MISSING: u8 = 15;
/// Up to so many distinct values every pair has its own cell of a table. Chosen for memory: 16 MB a comparison.
const TABLE: usize = 4096;
/// Slots that remember pairs of more values than that; the last pair of a slot stays. Chosen for memory: 512 KB a comparison.
const SLOTS: usize = 1 << 16;
/// Not asked yet.
const UNKNOWN: u8 = u8::MAX;

/// Levels of all comparisons, four bits each, the first lowest.
pub(super) type Pattern = u64;

/// The level of one comparison in a pattern.
pub(super) fn level_of(pattern: Pattern, comparison: usize) -> u8 {
    u8::try_from(pattern >> (4 * comparison) & 15).unwrap_or(MISSING)
}

/// What was found out about pairs of values.
enum Memo {
    /// Nothing is worth remembering.
    None,
    /// A cell per pair.
    Table { width: usize, cells: Vec<AtomicU8> },
    /// Left value, right value and level in one word each, so that no reader sees half of it.
    Slots(Vec<AtomicU64>),
}

/// One comparison over the rows of a store.
pub(super) struct Comparer {
    /// Values of `on` per distinct combination, end to end.
    combinations: Vec<u32>,
    width: usize,
    /// Per row, its combination; [`NONE`] when every declared field is missing.
    pub(super) ids: Vec<u32>,
    memo: Memo,
}

impl Comparer {
    pub(super) fn new(store: &Store, comparison: &Comparison) -> Self {
        let width = comparison.on.len();
        if let [field] = comparison.on.as_slice() {
            let column = &store.columns[*field];
            let distinct = column.distinct();
            let memo = memo(comparison, distinct);
            return Self { combinations: (0..dense(distinct)).collect(), width, ids: column.ids.clone(), memo };
        }
        let mut combinations: Vec<u32> = Vec::new();
        let mut combination_of: WordMap<u32> = WordMap::default();
        let columns: Vec<&Column> = comparison.on.iter().map(|field| &store.columns[*field]).collect();
        let mut values = Vec::with_capacity(width);
        let ids = (0..store.len())
            .map(|row| {
                values.clear();
                values.extend(columns.iter().map(|column| column.ids[row]));
                if values.iter().take(comparison.declared).all(|value| *value == NONE) {
                    return NONE;
                }
                let mut word = values.iter().fold(0, |word, value| hash::pair(word, u64::from(*value)));
                loop {
                    match combination_of.get(&word) {
                        Some(&id) if combinations.get(id as usize * width..(id as usize + 1) * width) == Some(&values[..]) => {
                            return id;
                        }
                        Some(_) => word = word.wrapping_add(1),
                        None => break,
                    }
                }
                let id = dense(combinations.len() / width);
                combinations.extend_from_slice(&values);
                combination_of.insert(word, id);
                id
            })
            .collect();
        let distinct = combinations.len() / width;
        Self { combinations, width, ids, memo: memo(comparison, distinct) }
    }

    /// The values of a combination.
    pub(super) fn values(&self, combination: u32) -> &[u32] {
        let start = combination as usize * self.width;
        self.combinations.get(start..start + self.width).unwrap_or(&[])
    }

    /// The level of two combinations, neither of them [`NONE`].
    pub(super) fn level(&self, store: &Store, comparison: &Comparison, left: u32, right: u32) -> u8 {
        match &self.memo {
            Memo::None => self.ask(store, comparison, left, right),
            Memo::Table { width, cells } => {
                let Some(cell) = cells.get(left as usize * width + right as usize) else {
                    return self.ask(store, comparison, left, right);
                };
                let remembered = cell.load(Ordering::Relaxed);
                if remembered != UNKNOWN {
                    return remembered;
                }
                let level = self.ask(store, comparison, left, right);
                cell.store(level, Ordering::Relaxed);
                level
            }
            Memo::Slots(slots) => {
                let pair = u64::from(left) << 32 | u64::from(right) << 4;
                // Values beyond 28 bits are not remembered: their words would overlap.
                if right >> 28 != 0 {
                    return self.ask(store, comparison, left, right);
                }
                let slot = usize::try_from(hash::mix(pair)).unwrap_or(0) % SLOTS;
                let remembered = slots[slot].load(Ordering::Relaxed);
                if remembered & !15 == pair && remembered & 15 != 14 {
                    return u8::try_from(remembered & 15).unwrap_or(MISSING);
                }
                let level = self.ask(store, comparison, left, right);
                slots[slot].store(pair | u64::from(level), Ordering::Relaxed);
                level
            }
        }
    }

    /// The first level that fires.
    fn ask(&self, store: &Store, comparison: &Comparison, left: u32, right: u32) -> u8 {
        let (left, right) = (self.values(left), self.values(right));
        let both = |at: usize| left[at] != NONE && right[at] != NONE;
        if !(0..comparison.declared).any(both) {
            return MISSING;
        }
        let column = |at: usize| &store.columns[comparison.on[at]];
        let mut names = None;
        let mut fires = |when: &When| match when {
            When::All(atoms) => atoms.iter().all(|atom| {
                let (one, other) = (left[atom.left], right[atom.right]);
                one != NONE && other != NONE && holds(atom, column(atom.left), one, column(atom.right), other, &mut names)
            }),
            When::Sql(condition) => condition::holds(condition, &|side, at| {
                let value = match side {
                    crate::config::tables::Side::Left => left[at],
                    crate::config::tables::Side::Right => right[at],
                };
                (value != NONE).then(|| (column(at), value))
            }),
        };
        let level = comparison.levels.iter().position(|level| fires(&level.when)).unwrap_or(comparison.levels.len());
        u8::try_from(level).unwrap_or(MISSING)
    }
}

/// Tests that look at equal values only cost less than remembering them.
fn memo(comparison: &Comparison, distinct: usize) -> Memo {
    let costly = |atom: &Atom| {
        !matches!(atom.test, Test::Exact | Test::Within(_) | Test::WithinDays(_) | Test::OneDigit | Test::DayMonthSwapped)
    };
    let any = comparison.levels.iter().any(|level| match &level.when {
        When::All(atoms) => atoms.iter().any(costly),
        When::Sql(_) => true,
    });
    if !any {
        Memo::None
    } else if distinct <= TABLE {
        Memo::Table { width: distinct, cells: (0..distinct * distinct).into_par_iter().map(|_| AtomicU8::new(UNKNOWN)).collect() }
    } else {
        // Level 14 does not exist: an empty slot is never taken for an answer.
        Memo::Slots((0..SLOTS).map(|_| AtomicU64::new(14)).collect())
    }
}

/// How alike two names are, kept while the levels of one comparison are tried: fields and level.
type AskedNames = Option<((usize, usize), NameLevel)>;

/// Whether a test holds between two values of one column or of two.
fn holds(atom: &Atom, left: &Column, one: u32, right: &Column, other: u32, asked: &mut AskedNames) -> bool {
    let same_column = std::ptr::eq(left, right);
    if same_column && one == other && !matches!(atom.test, Test::Id(IdTest::Conflict)) {
        // A value agrees with itself in every way but conflict.
        return true;
    }
    match atom.test {
        Test::Exact => {
            !same_column && left.keys[one as usize] == right.keys[other as usize] && left.text(one) == right.text(other)
        }
        Test::DamerauLevenshtein(most) => {
            left.outlines[one as usize].may_be_within(right.outlines[other as usize], most)
                && distance(left.symbols(one), right.symbols(other), most) <= most
        }
        Test::JaroWinkler(least) => {
            left.outlines[one as usize].may_reach(right.outlines[other as usize], least)
                && jaro_winkler(left.symbols(one), right.symbols(other)) >= least
        }
        Test::Prefix(length) => {
            let (a, b) = (left.symbols(one), right.symbols(other));
            a.len() >= length && b.len() >= length && a.get(..length) == b.get(..length)
        }
        _ => match (&left.forms, &right.forms) {
            (Forms::Names(a), Forms::Names(b)) => {
                let fields = (atom.left, atom.right);
                let asked_before = asked.filter(|(of, _)| *of == fields).map(|(_, level)| level);
                let level = asked_before.unwrap_or_else(|| name::compare(&a[one as usize], &b[other as usize]));
                *asked = Some((fields, level));
                names(atom.test, level)
            }
            (Forms::Days(a), Forms::Days(b)) => days(atom.test, a[one as usize], b[other as usize]),
            (Forms::Numbers(a), Forms::Numbers(b)) => {
                matches!(atom.test, Test::Within(most) if (a[one as usize] - b[other as usize]).abs() <= most)
            }
            (Forms::Lists(a), Forms::Lists(b)) => {
                matches!(atom.test, Test::Overlap(least) if common(&a[one as usize], &b[other as usize]) >= least)
            }
            (Forms::Ids(a), Forms::Ids(b)) => {
                let (a, b) = ((&a[one as usize], left.text(one)), (&b[other as usize], right.text(other)));
                matches!(atom.test, Test::Id(test) if ids(test, a, b))
            }
            _ => false,
        },
    }
}

fn names(test: Test, level: NameLevel) -> bool {
    match test {
        Test::Folded => level == NameLevel::Same,
        Test::SameSound => matches!(level, NameLevel::Same | NameLevel::SameSound),
        Test::LooksAlike => matches!(level, NameLevel::Same | NameLevel::SameSound | NameLevel::LookAlike),
        Test::UnknownCharacter => matches!(level, NameLevel::Same | NameLevel::Wildcard),
        _ => false,
    }
}

fn days(test: Test, left: Day, right: Day) -> bool {
    let ((y1, m1, d1), (y2, m2, d2)) = (left.ymd(), right.ymd());
    match test {
        Test::DayMonthSwapped => y1 == y2 && m1 == d2 && d1 == m2,
        Test::WithinDays(most) => left.0.abs_diff(right.0) <= most.unsigned_abs(),
        Test::OneDigit => {
            let whole = |year: i32, month: u32, day: u32| year.unsigned_abs() * 10_000 + month * 100 + day;
            let (mut a, mut b, mut differing) = (whole(y1, m1, d1), whole(y2, m2, d2), 0);
            for _ in 0..8 {
                differing += u32::from(a % 10 != b % 10);
                (a, b) = (a / 10, b / 10);
            }
            differing <= 1
        }
        _ => false,
    }
}

/// Sorted lists: how many they share.
fn common(left: &[u64], right: &[u64]) -> usize {
    left.iter().filter(|part| right.binary_search(part).is_ok()).count()
}

fn ids(test: IdTest, (left, shown): (&IdForm, &str), (right, other): (&IdForm, &str)) -> bool {
    let both = left.number.zip(right.number);
    // A slip leaves most of the characters where they are, a float the first fifteen.
    let is_near = || left.number.zip(right.number).is_none_or(|(a, b)| a.stem().abs_diff(b.stem()) <= 1);
    let differing = || shown.bytes().zip(other.bytes()).filter(|(a, b)| a != b).count();
    match test {
        IdTest::Equal => both.is_some_and(|(a, b)| a == b),
        IdTest::Conflict => left.valid && right.valid && left.number != right.number,
        IdTest::Float if !is_near() => false,
        IdTest::Float => {
            both.is_some_and(|(a, b)| one_is_the_others_float(a, b))
                || left.number.is_some_and(|number| left.valid && float_could_be(other, number))
                || right.number.is_some_and(|number| right.valid && float_could_be(shown, number))
        }
        IdTest::OneDigit => shown.len() == other.len() && differing() <= 2 && slips(shown.as_bytes(), other.as_bytes()) == 1,
        IdTest::MissingOrDoubled => shown.len().abs_diff(other.len()) == 1 && slips(shown.as_bytes(), other.as_bytes()) == 1,
        IdTest::BirthSequence => both.is_some_and(|(a, b)| a.birth_and_sequence() == b.birth_and_sequence()),
    }
}
