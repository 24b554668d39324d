//! Rows of which one repeats another: in a register of persons as linking says, in a list of payments only where it pays twice.
//!
//! Takes what linking suspects; gives the pairs that may be told of a person, and one note per list that is written so all over. Rows that do not
//! count, as ended or of unclear standing, repeat nothing: an old certificate stands beside the new one. Where more than a fifth of a sheet's
//! persons, or all, stand in another sheet of the register too, it is another list of the same persons, unless the sheets are of two towns. A
//! payment repeats another only where amounts, kind, account and batch are equal, both together are more than the list pays most persons of the
//! kind (two parts of a month's amount are no repetition), and nothing is taken back from the person or paid for months gone by. Where more than
//! a fifth of a list's persons would repeat, that is how the list is written: halves of a month, months that stand nowhere. Cost: linear in the
//! rows of the lists concerned.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, Date32Array, Int32Array, Int64Array, StringArray};

use super::compose::Composer;
use super::subjects::{persons_of, text_at};
use crate::model::columns::{BATCH, BIRTH, KIND, MONTH, MONTH_STATE, STANDING_STATE, TOWN_CODE};
use crate::model::field::FieldKind;
use crate::model::link::{PersonIx, Suspicion};
use crate::model::record::{RegistryRecords, RowId};
use crate::model::registry::Grain;

/// So many persons repeated are a habit where they are also more than one in so many.
const HABIT: [usize; 2] = [3, 5];

/// Two rows of which one is said to repeat the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) first: RowId,
    pub(super) again: RowId,
    pub(super) sort: Sort,
}

/// What is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// A person's row.
    Person,
    /// A person's row, with another day: it may be of something else.
    OfAnotherDay,
    /// A payment of a month.
    Payment,
    /// A payment, and the list says of no month.
    OfNoMonth,
}

/// Repetitions by habit.
#[derive(Debug, Default)]
pub(super) struct Habits {
    /// Lists of payments by position, and the persons concerned.
    pub(super) payments: BTreeMap<usize, usize>,
    /// Position of a register, two of its sheets, and the persons who stand in both.
    pub(super) sheets: BTreeMap<(usize, u32, u32), usize>,
}

/// Pairs to be told of persons, and what is written so all over.
pub(super) fn pairs(composer: &Composer<'_>) -> (Vec<Pair>, Habits) {
    let (mut pairs, mut habits) = (Vec::new(), Habits::default());
    let mut of_lists: BTreeMap<usize, Vec<(RowId, RowId)>> = BTreeMap::new();
    let mut of_persons: BTreeMap<usize, BTreeMap<RowId, Vec<RowId>>> = BTreeMap::new();
    let records = composer.subjects.records;
    for suspicion in composer.subjects.suspicions() {
        let Suspicion::Duplicate { first, again } = suspicion else { continue };
        let Some((position, _)) = records.locate(*first) else { continue };
        match records.registries.get(position).map(|registry| registry.grain) {
            Some(Grain::PersonKind | Grain::PersonMonth | Grain::HouseholdMonth) => {
                of_lists.entry(position).or_default().push((*first, *again));
            }
            _ => of_persons.entry(position).or_default().entry(*first).or_insert_with(|| vec![*first]).push(*again),
        }
    }
    for (position, of_register) in of_persons {
        let Some(register) = Register::of(composer, position) else { continue };
        pairs.extend(register.pairs(composer, &of_register, &mut habits));
    }
    for (position, of_list) in of_lists {
        let Some(list) = List::of(composer, position) else { continue };
        let twice: Vec<Pair> = of_list.into_iter().filter_map(|(first, again)| list.paid_twice(composer, first, again)).collect();
        let concerned: BTreeSet<_> = twice.iter().filter_map(|pair| composer.subjects.person(pair.first)).collect();
        if concerned.len() >= HABIT[0] && concerned.len() * HABIT[1] > list.persons {
            habits.payments.insert(position, concerned.len());
        } else {
            pairs.extend(twice);
        }
    }
    (pairs, habits)
}

/// A register of persons.
struct Register<'a> {
    position: usize,
    records: &'a RegistryRecords,
    /// Columns that say how a row stands, and the values by which it does not count.
    standings: Vec<(&'a StringArray, Vec<&'a str>)>,
    /// Days and months that tell one certificate from another.
    days: Vec<Days<'a>>,
}

enum Days<'a> {
    Day(&'a Date32Array),
    Month(&'a Int32Array),
}

impl Days<'_> {
    fn at(&self, row: usize) -> Option<i32> {
        match self {
            Self::Day(days) => days.is_valid(row).then(|| days.value(row)),
            Self::Month(months) => months.is_valid(row).then(|| months.value(row)),
        }
    }
}

impl<'a> Register<'a> {
    fn of(composer: &Composer<'a>, position: usize) -> Option<Self> {
        let records = composer.subjects.records.registries.get(position)?;
        let mut register = Self { position, records, standings: Vec::new(), days: Vec::new() };
        let Some(definition) = composer.input.dictionary.registry(records.registry.as_str()) else { return Some(register) };
        for field in definition.fields.iter().filter_map(|used| composer.input.dictionary.fields.get(&used.field)) {
            match (field.kind, &field.standing) {
                (FieldKind::Code, Some(values)) => {
                    let ended = [&values.ended, &values.died, &values.left, &values.pending].into_iter().flatten();
                    let ended: Vec<&str> = ended.map(String::as_str).collect();
                    register.standings.extend(records.text(&field.name).map(|column| (column, ended)));
                }
                (FieldKind::Date, _) if field.name != BIRTH => register.days.extend(records.date(&field.name).map(Days::Day)),
                (FieldKind::Month, _) if field.name != MONTH => register.days.extend(records.int32(&field.name).map(Days::Month)),
                _ => {}
            }
        }
        Some(register)
    }

    /// Whether nothing says that a row has ended, or leaves it open.
    fn counts(&self, row: usize) -> bool {
        text_at(self.records.text(STANDING_STATE), row).is_none()
            && !self
                .standings
                .iter()
                .any(|(column, ended)| text_at(Some(column), row).is_some_and(|state| ended.contains(&state)))
    }

    /// Pairs of rows of the same persons that are none by habit.
    fn pairs(&self, composer: &Composer<'_>, of_persons: &BTreeMap<RowId, Vec<RowId>>, habits: &mut Habits) -> Vec<Pair> {
        let at = |row: RowId| composer.subjects.records.locate(row).map_or(0, |(_, at)| at);
        let sheet = |row: RowId| self.records.sheets.get(at(row)).copied().unwrap_or(0);
        // Who stands in the lists of two towns is no copy of a list, nor an old row beside the new one.
        let towns = self.records.text(TOWN_CODE);
        let is_elsewhere = |one: RowId, other: RowId| {
            text_at(towns, at(one)).zip(text_at(towns, at(other))).is_some_and(|(one, other)| one != other)
        };
        let mut pairs = Vec::new();
        for rows in of_persons.values() {
            let mut counting = rows.iter().copied().filter(|row| self.counts(at(*row)));
            let Some(first) = counting.next() else { continue };
            let is_other = |again: RowId| {
                !is_elsewhere(first, again)
                    && self
                        .days
                        .iter()
                        .any(|days| days.at(at(first)).zip(days.at(at(again))).is_some_and(|(one, other)| one != other))
            };
            pairs.extend(counting.map(|again| Pair {
                first,
                again,
                sort: if is_other(again) { Sort::OfAnotherDay } else { Sort::Person },
            }));
        }
        let mut in_both: BTreeMap<(u32, u32), BTreeSet<PersonIx>> = BTreeMap::new();
        let is_copy = |pair: &&Pair| sheet(pair.first) != sheet(pair.again) && !is_elsewhere(pair.first, pair.again);
        for pair in pairs.iter().filter(is_copy) {
            let sheets = (sheet(pair.first), sheet(pair.again));
            in_both.entry(sheets).or_default().extend(composer.subjects.person(pair.first));
        }
        if in_both.is_empty() {
            return pairs;
        }
        let mut persons: BTreeMap<u32, BTreeSet<usize>> = BTreeMap::new();
        let rows = persons_of(composer.subjects.records, composer.subjects.linked, self.position);
        for (row, person) in rows.filter(|(row, _)| self.counts(*row)) {
            persons.entry(self.records.sheets.get(row).copied().unwrap_or(0)).or_default().insert(person);
        }
        let of_sheet = |sheet: &u32| persons.get(sheet).map_or(0, BTreeSet::len);
        in_both.retain(|(one, other), both| {
            let fewest = of_sheet(one).min(of_sheet(other));
            both.len() == fewest || both.len() >= HABIT[0] && both.len() * HABIT[1] > fewest
        });
        pairs.retain(|pair| !in_both.contains_key(&(sheet(pair.first), sheet(pair.again))));
        habits.sheets.extend(in_both.into_iter().map(|((one, other), both)| ((self.position, one, other), both.len())));
        pairs
    }
}

/// A list of payments.
struct List<'a> {
    position: usize,
    records: &'a RegistryRecords,
    /// Amounts, and what most rows of each kind say.
    amounts: Vec<(&'a Int64Array, BTreeMap<Option<&'a str>, i64>)>,
    /// What else must be equal.
    texts: Vec<&'a StringArray>,
    kinds: Option<&'a StringArray>,
    persons: usize,
}

impl<'a> List<'a> {
    fn of(composer: &Composer<'a>, position: usize) -> Option<Self> {
        let records = composer.subjects.records.registries.get(position)?;
        let definition = composer.input.dictionary.registry(records.registry.as_str())?;
        let kinds = records.text(KIND);
        let fields = definition.fields.iter().filter_map(|used| composer.input.dictionary.fields.get(&used.field));
        let (mut amounts, mut texts) = (Vec::new(), Vec::new());
        for field in fields {
            match field.kind {
                FieldKind::Money => amounts.extend(records.int(&field.name).map(|column| (column, usual(column, kinds)))),
                FieldKind::Identifier | FieldKind::Code | FieldKind::CodeList => texts.extend(records.text(&field.name)),
                _ if field.name == BATCH => texts.extend(records.text(&field.name)),
                _ => {}
            }
        }
        let persons: BTreeSet<usize> =
            persons_of(composer.subjects.records, composer.subjects.linked, position).map(|(_, person)| person).collect();
        Some(Self { position, records, amounts, texts, kinds, persons: persons.len() })
    }

    fn paid_twice(&self, composer: &Composer<'_>, first: RowId, again: RowId) -> Option<Pair> {
        let at = |row: RowId| composer.subjects.records.locate(row).map(|(_, at)| at);
        let (one, other) = (at(first)?, at(again)?);
        let standings = self.records.text(STANDING_STATE);
        // What came back and was sent anew was paid once.
        let is_open = [one, other].into_iter().any(|row| text_at(standings, row).is_some());
        if is_open || !self.texts.iter().all(|column| text_at(Some(column), one) == text_at(Some(column), other)) {
            return None;
        }
        let mut paid = None;
        for (column, usual) in &self.amounts {
            let amount = |row: usize| column.is_valid(row).then(|| column.value(row));
            if amount(one) != amount(other) {
                return None;
            }
            paid = paid.or_else(|| amount(one).map(|amount| (amount, usual.get(&text_at(self.kinds, one)).copied())));
        }
        let (amount, usual) = paid?;
        let is_part = usual.is_some_and(|usual| amount.saturating_mul(2) <= usual);
        let states = self.records.text(MONTH_STATE);
        let person = composer.subjects.person(first)?;
        let is_settled = composer.rows_of(person).any(|row| {
            let found = composer.subjects.records.locate(row);
            found.is_some_and(|(position, at)| position == self.position && text_at(states, at).is_some())
        });
        let is_of_month = self.records.int32(MONTH).is_some_and(|months| months.is_valid(one));
        let sort = if is_of_month { Sort::Payment } else { Sort::OfNoMonth };
        (!is_part && !is_settled).then_some(Pair { first, again, sort })
    }
}

/// What most rows of each kind say.
fn usual<'a>(column: &Int64Array, kinds: Option<&'a StringArray>) -> BTreeMap<Option<&'a str>, i64> {
    let mut counts: BTreeMap<Option<&str>, BTreeMap<i64, usize>> = BTreeMap::new();
    for row in (0..column.len()).filter(|row| column.is_valid(*row)) {
        *counts.entry(text_at(kinds, row)).or_default().entry(column.value(row)).or_default() += 1;
    }
    let most =
        |counts: BTreeMap<i64, usize>| counts.into_iter().max_by_key(|(amount, rows)| (*rows, *amount)).map(|(amount, _)| amount);
    counts.into_iter().filter_map(|(kind, counts)| Some((kind, most(counts)?))).collect()
}
