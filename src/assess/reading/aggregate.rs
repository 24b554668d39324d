//! The rows of a subject as one value.
//!
//! Takes the rows of a source that count for a subject, and those that may; gives the value, or none where these leave it open. A sum of which a
//! part cannot be read is open, and what is known of it is its least. Cost: linear in the rows of a subject, but for what is compared in pairs.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::Array;

use super::{Opened, is, is_open};
use crate::assess::columns::FactValue;
use crate::assess::subjects::NONE;
use crate::config::policy::{Reach, Take};
use crate::model::columns::{MonthState, UNPROVEN};
use crate::model::date::Day;
use crate::model::link::PersonIx;

impl<'a> Opened<'a> {
    /// [`Self::aggregate`], unless rows that may be of the month, or may still count, leave it open: nobody can say then that there is none, nor how much it is.
    pub(super) fn of_month(&self, rows: &[u32], doubtful: &[u32], as_of: Day, used: &mut Vec<u32>) -> Option<FactValue<'a>> {
        let whole = matches!(self.source.take, Take::Supplied | Take::Keyed) || self.source.reach == Reach::Whole;
        let counting =
            matches!(self.source.take, Take::Count | Take::Sum | Take::SumPerHousehold | Take::Distinct | Take::MostAlike);
        // Nothing added to a sum leaves it as it is.
        let is_nothing = |row: u32| {
            let value = self.column.and_then(|column| column.at(row as usize));
            self.source.take == Take::Sum && value == Some(FactValue::Int(0))
        };
        let unclear = |row: &u32| {
            self.month_states.is_some_and(|states| is_open(states, *row as usize))
                || counting && self.standings.is_some_and(|standings| standings.is_valid(*row as usize)) && !is_nothing(*row)
                || counting && self.undecided.as_ref().is_some_and(|undecided| undecided.value(*row as usize))
        };
        // Who is listed with 0 was paid 0 at any rate.
        let state =
            |row: u32| self.standings.filter(|states| states.is_valid(row as usize)).map(|states| states.value(row as usize));
        let is_zero = |row: &u32| is_nothing(*row) && state(*row) == Some(UNPROVEN);
        if rows.is_empty() && !doubtful.is_empty() && doubtful.iter().all(is_zero) {
            return self.aggregate(doubtful, as_of, used);
        }
        let open = match self.source.take {
            _ if whole => false,
            Take::Exists => rows.is_empty() && !doubtful.is_empty(),
            _ => rows.is_empty() && !doubtful.is_empty() || doubtful.iter().any(unclear),
        };
        if open { None } else { self.aggregate(rows, as_of, used) }
    }

    /// What the rows that can be read add up to, whatever the others are; unless money was taken back.
    pub(super) fn known_part(&self, rows: &[u32], doubtful: &[u32], used: &mut Vec<u32>) -> Option<FactValue<'a>> {
        if doubtful.iter().any(|row| self.is_of_state(*row, MonthState::Correction)) {
            return None;
        }
        if self.source.take == Take::Sum { self.sum(rows, used) } else { self.aggregate(rows, Day(0), used) }
    }

    /// Whether a row may tell of the same payment as one before it in another list: amount, month, kind and batch are equal.
    fn is_told_again(&self, rows: &[u32], row: u32) -> bool {
        let Some(told_apart) = &self.told_apart else { return false };
        let sheet = |row: u32| self.sheet_of.get(row as usize);
        let amount = |row: u32| self.column.and_then(|column| column.at(row as usize));
        let before = rows.iter().copied().take_while(|other| *other != row);
        before
            .filter(|other| sheet(*other) != sheet(row) && amount(*other).is_some() && amount(*other) == amount(row))
            .any(|other| told_apart.iter().all(|column| column.at(other as usize) == column.at(row as usize)))
    }

    /// The sum of the amounts that can be read, each payment once; back payments are none of the month's.
    fn sum(&self, rows: &[u32], used: &mut Vec<u32>) -> Option<FactValue<'a>> {
        let mut total = None;
        let is_own = |row: &&u32| !self.is_of_state(**row, MonthState::Back) && !self.is_told_again(rows, **row);
        for row in rows.iter().filter(is_own) {
            if let Some(FactValue::Int(value)) = self.column.and_then(|column| column.at(*row as usize)) {
                total = Some(total.map_or(value, |total: i64| total.saturating_add(value)));
                used.push(self.offset + row);
            }
        }
        total.map(FactValue::Int)
    }

    fn is_of_state(&self, row: u32, state: MonthState) -> bool {
        self.month_states.is_some_and(|states| is(states, row as usize, state))
    }

    /// The value that a subject's rows give; those it came from are appended to `used` as row ids.
    fn aggregate(&self, rows: &[u32], as_of: Day, used: &mut Vec<u32>) -> Option<FactValue<'a>> {
        let rows = if self.source.reach == Reach::Whole { &self.all } else { rows };
        let mark = used.len();
        let id = |row: u32| self.offset + row;
        let values = || rows.iter().filter_map(|row| Some((*row, self.column?.at(*row as usize)?)));
        let integers = || values().filter_map(|(row, value)| if let FactValue::Int(i) = value { Some((row, i)) } else { None });
        // Days have an order as numbers have.
        let ordered = || {
            values().filter_map(|(row, value)| match value {
                FactValue::Int(number) => Some((row, number, value)),
                FactValue::Date(day) => Some((row, i64::from(day.0), value)),
                _ => None,
            })
        };
        match self.source.take {
            Take::Exists => {
                used.extend(rows.first().map(|row| id(*row)));
                Some(FactValue::Bool(!rows.is_empty()))
            }
            // Nobody is counted in a household that no row names.
            Take::Count if self.source.reach == Reach::RegistryHousehold && rows.is_empty() => None,
            // Two lists of the same persons make nobody two.
            Take::Count if self.source.reach == Reach::RegistryHousehold => {
                let person = |row: u32| self.links.get(id(row) as usize).map(|link| link.person);
                let mut people: BTreeSet<PersonIx> = BTreeSet::new();
                let fresh: Vec<u32> =
                    rows.iter().copied().filter(|row| person(*row).is_none_or(|person| people.insert(person))).collect();
                used.extend(fresh.iter().map(|row| id(*row)));
                i64::try_from(fresh.len()).ok().map(FactValue::Int)
            }
            Take::Count => {
                // What a register says as a whole rests on no one's rows.
                if self.source.reach != Reach::Whole {
                    used.extend(rows.iter().map(|row| id(*row)));
                }
                i64::try_from(rows.len()).ok().map(FactValue::Int)
            }
            Take::First => values().next().map(|(row, value)| {
                used.push(id(row));
                value
            }),
            Take::Min => ordered().min_by_key(|(row, rank, _)| (*rank, *row)).map(|(row, _, value)| {
                used.push(id(row));
                value
            }),
            Take::Max => ordered().max_by_key(|(row, rank, _)| (*rank, std::cmp::Reverse(*row))).map(|(row, _, value)| {
                used.push(id(row));
                value
            }),
            // A handful of rows each: comparing all with all is cheaper than a set.
            Take::Distinct => {
                let mut different: Vec<FactValue<'_>> = Vec::new();
                for (row, value) in values() {
                    if !different.contains(&value) {
                        different.push(value);
                        used.push(id(row));
                    }
                }
                i64::try_from(different.len()).ok().map(FactValue::Int)
            }
            Take::MostAlike => {
                let mut alike: Vec<(FactValue<'_>, i64)> = Vec::new();
                for (row, value) in values() {
                    used.push(id(row));
                    match alike.iter_mut().find(|(known, _)| *known == value) {
                        Some((_, count)) => *count += 1,
                        None => alike.push((value, 1)),
                    }
                }
                Some(FactValue::Int(alike.into_iter().map(|(_, count)| count).max().unwrap_or(0)))
            }
            // That it could be opened says it.
            Take::Supplied => Some(FactValue::Bool(true)),
            Take::Keyed => {
                let own = self.own.as_ref()?;
                let keyed = |row: &&u32| own.key_of_row.get(**row as usize).is_some_and(|key| *key != NONE);
                Some(FactValue::Bool(rows.iter().any(|row| keyed(&row))))
            }
            Take::Blank => {
                let filled = values().next().map(|(row, _)| (row, false));
                let has = |row: u32| {
                    let sheet = self.sheet_of.get(row as usize).and_then(|sheet| self.sheets.get(*sheet as usize));
                    sheet.copied().unwrap_or(true)
                };
                let is_unread = |row: &u32| self.unread.as_ref().is_some_and(|unread| unread.value(*row as usize));
                // What could not be read is not blank.
                let blank =
                    || rows.iter().copied().find(|row| has(*row)).map(|row| (row, true)).filter(|_| !rows.iter().any(is_unread));
                filled.or_else(blank).map(|(row, blank)| {
                    used.push(id(row));
                    FactValue::Bool(blank)
                })
            }
            // Of what cannot be read nobody knows how much it is.
            Take::Sum
                if self.column.is_some_and(|column| {
                    rows.iter().any(|row| column.at(*row as usize).is_none() && !self.is_of_state(*row, MonthState::Back))
                }) =>
            {
                None
            }
            // Nobody knows whether it was paid once or twice.
            Take::Sum if rows.iter().any(|row| self.is_told_again(rows, *row)) => None,
            Take::Sum => self.sum(rows, used),
            Take::Any | Take::All => {
                let decisive = self.source.take == Take::Any;
                let decided = values().find(|(_, value)| *value == FactValue::Bool(decisive));
                let first = decided.or_else(|| values().next());
                used.extend(first.map(|(row, _)| id(row)));
                first.map(|_| FactValue::Bool(if decided.is_some() { decisive } else { !decisive }))
            }
            Take::SumPerHousehold => {
                let key_of =
                    |row: u32| self.own.as_ref().and_then(|own| own.key_of_row.get(row as usize)).copied().unwrap_or(NONE);
                // Of rows that name no household nobody knows how many there are.
                if integers().count() > 1 && integers().any(|(row, _)| key_of(row) == NONE) {
                    return None;
                }
                // Two lists that say otherwise of one person leave open which holds.
                let mut said: BTreeMap<PersonIx, (Option<&u32>, i64)> = BTreeMap::new();
                for (row, value) in integers() {
                    let (Some(link), sheet) = (self.links.get(id(row) as usize), self.sheet_of.get(row as usize)) else {
                        continue;
                    };
                    let (known_sheet, known) = *said.entry(link.person).or_insert((sheet, value));
                    if known_sheet != sheet && known != value {
                        return None;
                    }
                }
                let mut per_key: BTreeMap<(u32, u32), (u32, i64)> = BTreeMap::new();
                let mut persons: BTreeMap<(u32, u32), Vec<PersonIx>> = BTreeMap::new();
                for (row, value) in integers() {
                    let key = key_of(row);
                    let slot = if key == NONE { (NONE, row) } else { (key, 0) };
                    persons.entry(slot).or_default().extend(self.links.get(id(row) as usize).map(|link| link.person));
                    let best = per_key.entry(slot).or_insert((row, value));
                    if value > best.1 {
                        *best = (row, value);
                    }
                }
                // Somebody entered again under another code makes no second household.
                let mut people: BTreeSet<PersonIx> = BTreeSet::new();
                per_key.retain(|slot, _| {
                    let members = persons.get(slot).map_or(&[][..], Vec::as_slice);
                    let fresh = members.is_empty() || members.iter().any(|person| !people.contains(person));
                    people.extend(members);
                    fresh
                });
                used.extend(per_key.values().map(|(row, _)| id(*row)));
                used[mark..].sort_unstable();
                per_key.values().map(|(_, value)| *value).reduce(i64::saturating_add).map(FactValue::Int)
            }
            Take::Age => values().find_map(|(row, value)| match value {
                FactValue::Date(birth) => {
                    used.push(id(row));
                    Some(FactValue::Int(i64::from(birth.age_on(as_of))))
                }
                _ => None,
            }),
        }
    }
}
