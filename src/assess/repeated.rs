//! Rows of which one repeats another: in a register of persons as linking says, in a list of payments only where it pays twice.
//!
//! Takes what linking suspects; gives the pairs that may be told of a person, and one note per list that is written so all over. A payment
//! repeats another only where amounts, kind, account and batch are equal, both together are more than the list pays most persons of the kind (two parts
//! of a month's amount are no repetition), and nothing is taken back from the person or paid for months gone by. Where more than a fifth of a
//! list's persons would repeat, that is how the list is written: halves of a month, months that stand nowhere. Cost: linear in the rows of
//! the lists concerned.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, Int64Array, StringArray};

use super::compose::Composer;
use super::subjects::{persons_of, text_at};
use crate::model::columns::{KIND, MONTH, MONTH_STATE};
use crate::model::field::FieldKind;
use crate::model::link::Suspicion;
use crate::model::record::{RegistryRecords, RowId};
use crate::model::registry::Grain;

/// The column that tells payments of one month apart.
const BATCH: &str = "batch";
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
    /// A payment of a month.
    Payment,
    /// A payment, and the list says of no month.
    OfNoMonth,
}

/// Pairs to be told of persons, and per list that is written so all over its position and the persons concerned.
pub(super) fn pairs(composer: &Composer<'_>) -> (Vec<Pair>, BTreeMap<usize, usize>) {
    let (mut pairs, mut habits) = (Vec::new(), BTreeMap::new());
    let mut of_lists: BTreeMap<usize, Vec<(RowId, RowId)>> = BTreeMap::new();
    let records = composer.subjects.records;
    for suspicion in composer.subjects.suspicions() {
        let Suspicion::Duplicate { first, again } = suspicion else { continue };
        let Some((position, _)) = records.locate(*first) else { continue };
        match records.registries.get(position).map(|registry| registry.grain) {
            Some(Grain::PersonKind | Grain::PersonMonth | Grain::HouseholdMonth) => {
                of_lists.entry(position).or_default().push((*first, *again));
            }
            _ => pairs.push(Pair { first: *first, again: *again, sort: Sort::Person }),
        }
    }
    for (position, of_list) in of_lists {
        let Some(list) = List::of(composer, position) else { continue };
        let twice: Vec<Pair> = of_list.into_iter().filter_map(|(first, again)| list.paid_twice(composer, first, again)).collect();
        let concerned: BTreeSet<_> = twice.iter().filter_map(|pair| composer.subjects.person(pair.first)).collect();
        if concerned.len() >= HABIT[0] && concerned.len() * HABIT[1] > list.persons {
            habits.insert(position, concerned.len());
        } else {
            pairs.extend(twice);
        }
    }
    (pairs, habits)
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
        if !self.texts.iter().all(|column| text_at(Some(column), one) == text_at(Some(column), other)) {
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
