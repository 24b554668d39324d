//! Facts out of registries: the rows of a subject become one value.
//!
//! Takes a fact's sources; gives a column, and the rows each value came from. Only subjects that have a row are looked at: what a
//! fact says of all the others is one value. Cost: linear in the rows that count, plus the column itself.

mod aggregate;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Date32Array, Int32Array, Int64Array, StringArray};
use arrow::compute::{concat, nullif};
use rayon::prelude::*;

use super::columns::{FactColumn, FactValue, Rests, null_array, of_values, spread};
use super::frame::evaluate;
use super::rows::{InTurn, OwnedRows, union};
use super::subjects::{NONE, RegistryHouseholds, Subjects, index, persons_of};
use super::{AssessError, AssessInput};
use crate::config::policy::expression::Expression;
use crate::config::policy::{Combine, Fact, ParameterValue, Reach, Source, Take, ValueType};
use crate::config::registry::FieldDefinition;
use crate::model::columns::{MONTH, MONTH_STATE, MonthState, PAY_ITEM, REPAIRS, STANDING_STATE, TOTALS, TOWN_CODE, UNREAD};
use crate::model::date::Day;
use crate::model::field::FieldKind;
use crate::model::finding::Scope;
use crate::model::link::Link;
use crate::model::record::RegistryRecords;

/// Reads facts out of registries; remembers filters and groupings that several facts share.
pub(super) struct Reader<'a> {
    input: &'a AssessInput<'a>,
    pub(super) subjects: &'a Subjects<'a>,
    values: &'a BTreeMap<String, ParameterValue>,
    filters: HashMap<(usize, String), Arc<BooleanArray>>,
    pub(super) groups: HashMap<(usize, String, String), Arc<OwnedRows>>,
    own: HashMap<usize, Arc<RegistryHouseholds>>,
    unread: HashMap<usize, BTreeMap<String, Vec<u32>>>,
    pub(super) by_number: Option<Arc<HashMap<&'a str, u32>>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        input: &'a AssessInput<'a>,
        subjects: &'a Subjects<'a>,
        values: &'a BTreeMap<String, ParameterValue>,
    ) -> Self {
        let (filters, groups) = (HashMap::new(), HashMap::new());
        Self { input, subjects, values, filters, groups, own: HashMap::new(), unread: HashMap::new(), by_number: None }
    }
}

/// A source whose registry and column are there.
pub(super) struct Opened<'a> {
    source: &'a Source,
    offset: u32,
    groups: Arc<OwnedRows>,
    /// Rows that may be of the month, or may still count, for all that can be read of theirs.
    doubtful: Option<Arc<OwnedRows>>,
    /// What is known of the rows' months.
    month_states: Option<&'a StringArray>,
    /// Rows of which nobody knows whether they still count.
    standings: Option<&'a StringArray>,
    /// Rows of which nobody can read whether they are meant: a kind, a project or a year that is not understood.
    undecided: Option<BooleanArray>,
    /// Whether a part of what is summed up or counted is at most as much as all of it.
    adds_up: bool,
    /// Of lists of payments, what tells one from another beside the amount: two lists may both tell of the same payment.
    told_apart: Option<Vec<View<'a>>>,
    /// Rows whose field could not be read, where what is asked is whether it is blank.
    unread: Option<BooleanArray>,
    column: Option<View<'a>>,
    own: Option<Arc<RegistryHouseholds>>,
    links: &'a [Link],
    /// Every row that counts, where the register is asked as a whole.
    all: Vec<u32>,
    /// Whether the sheet that a row stands in has the column and something in it, by position of the sheet; of sheets that name no columns nothing is known.
    sheets: Vec<bool>,
    sheet_of: &'a [u32],
}

#[derive(Clone, Copy)]
enum View<'a> {
    Bool(&'a BooleanArray),
    Int(&'a Int64Array),
    Int32(&'a Int32Array),
    Text(&'a StringArray),
    Date(&'a Date32Array),
}

impl<'a> View<'a> {
    fn new(array: &'a dyn Array) -> Option<Self> {
        let any = array.as_any();
        any.downcast_ref()
            .map(View::Bool)
            .or_else(|| any.downcast_ref().map(View::Int))
            .or_else(|| any.downcast_ref().map(View::Int32))
            .or_else(|| any.downcast_ref().map(View::Text))
            .or_else(|| any.downcast_ref().map(View::Date))
    }

    fn at(self, row: usize) -> Option<FactValue<'a>> {
        match self {
            View::Bool(array) => array.is_valid(row).then(|| FactValue::Bool(array.value(row))),
            View::Int(array) => array.is_valid(row).then(|| FactValue::Int(array.value(row))),
            View::Int32(array) => array.is_valid(row).then(|| FactValue::Int(i64::from(array.value(row)))),
            View::Text(array) => array.is_valid(row).then(|| FactValue::Text(array.value(row))),
            View::Date(array) => array.is_valid(row).then(|| FactValue::Date(Day(array.value(row)))),
        }
    }
}

/// A fact whose sources are looked up, not yet read.
pub(super) enum Opening<'a> {
    /// What can be read.
    Sources(Vec<Opened<'a>>),
    /// None can; the reason, and who has a row in which the value would stand.
    Missing(String, Option<Arc<[u32]>>),
}

impl Opening<'_> {
    /// The fact's column; `length` subjects have its scope.
    pub(super) fn read(&self, fact: &Fact, combine: Combine, length: usize, as_of: Day) -> Result<FactColumn, AssessError> {
        let opened = match self {
            Opening::Sources(opened) => opened,
            Opening::Missing(missing, listed) => {
                let array = null_array(fact.value_type, length);
                let (non_default, rests) = (Some(Arc::default()), Rests::Rows(listed.clone()));
                let missing = Some(missing.clone());
                return Ok(FactColumn { scope: fact.scope, array, least: None, non_default, rows: None, missing, rests });
            }
        };
        let doubtful = || opened.iter().filter_map(|source| source.doubtful.as_ref());
        let non_default = union(opened.iter().map(|source| source.groups.owners()).chain(doubtful().map(|rows| rows.owners())));
        let adds_up = opened.iter().any(|source| source.adds_up);
        let read = |owners: &[u32]| {
            let first = owners.first().copied().unwrap_or(NONE);
            let mut in_turn: Vec<InTurn<'_>> = opened.iter().map(|source| source.groups.from(first)).collect();
            let (mut values, mut counts) = (Vec::with_capacity(owners.len()), Vec::with_capacity(owners.len()));
            let mut least = Vec::new();
            let mut used = Vec::new();
            for owner in owners {
                let before = used.len();
                let of = |source: usize| {
                    let doubtful = opened[source].doubtful.as_ref().map_or(&[][..], |rows| rows.of(*owner as usize));
                    (in_turn.get_mut(source).map_or(&[][..], |rows| rows.of(*owner)), doubtful)
                };
                let rows: Vec<_> = (0..opened.len()).map(of).collect();
                let value = value_of(opened, &rows, combine, as_of, &mut used);
                if adds_up {
                    least.push(value.or_else(|| part_of_sum(opened, &rows, &mut used)));
                }
                values.push(value);
                counts.push(index(used.len() - before));
            }
            (of_values(fact.value_type, &values), adds_up.then(|| of_values(fact.value_type, &least)), counts, used)
        };
        let read: Vec<_> = non_default.par_chunks(PART).map(read).collect();
        let (mut parts, mut least) = (Vec::with_capacity(read.len() + 1), Vec::new());
        let (mut counts, mut used) = (Vec::new(), Vec::new());
        for (values, known, of_part, rows) in read {
            parts.push(values);
            least.extend(known);
            counts.extend(of_part);
            used.extend(rows);
        }
        let rows = OwnedRows::of_each(&non_default, &counts, used);
        let nothing: Vec<(&[u32], &[u32])> = vec![(&[], &[]); opened.len()];
        let of_others = of_values(fact.value_type, &[value_of(opened, &nothing, combine, as_of, &mut Vec::new())]);
        let whole = |mut parts: Vec<ArrayRef>| {
            parts.push(Arc::clone(&of_others));
            let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
            spread(&concat(&parts)?, &non_default, length)
        };
        let (array, least) = (whole(parts)?, if adds_up { Some(whole(least)?) } else { None });
        let least = least.filter(|least| least.null_count() < array.null_count());
        let own = opened.iter().all(|source| source.source.reach == Reach::Own);
        let rests = Rests::Rows(own.then(|| Arc::clone(&non_default)));
        Ok(FactColumn { scope: fact.scope, array, least, non_default: Some(non_default), rows: Some(rows), missing: None, rests })
    }
}

impl<'a> Reader<'a> {
    /// Evaluates the filters of many sources side by side, so that they are at hand.
    pub(super) fn prepare(&mut self, sources: impl Iterator<Item = &'a Source>) -> Result<(), AssessError> {
        let mut filters: BTreeMap<(usize, &str), (&RegistryRecords, &Expression)> = BTreeMap::new();
        for source in sources {
            if let (Some((position, records)), Some(filter)) =
                (self.subjects.records.registry(source.registry.as_str()), &source.filter)
            {
                filters.insert((position, &filter.text), (records, filter));
            }
        }
        let passed = filters
            .par_iter()
            .map(|((position, text), (records, filter))| Ok(((*position, (*text).to_owned()), self.passes_in(records, filter)?)));
        let passed = passed.collect::<Result<Vec<_>, AssessError>>()?;
        self.filters.extend(passed.into_iter().filter_map(|(key, passed)| Some((key, passed?))));
        Ok(())
    }

    /// Which rows pass each filter evaluated so far.
    pub(super) fn into_filters(self) -> HashMap<(usize, String), Arc<BooleanArray>> {
        self.filters
    }

    /// Looks up a fact's sources.
    pub(super) fn open_all(&mut self, fact: &'a Fact, sources: &'a [Source]) -> Result<Opening<'a>, AssessError> {
        let mut opened = Vec::new();
        let mut reasons = Vec::new();
        for source in sources {
            match self.open(source, fact.scope)? {
                Ok(source) => opened.push(source),
                Err(reason) if reasons.contains(&reason) => {}
                Err(reason) => reasons.push(reason),
            }
        }
        Ok(if opened.is_empty() {
            let listed = sources.iter().map(|source| self.listed(source, fact.scope)).collect::<Option<Vec<_>>>();
            let listed = listed.map(|sets| union(sets.iter()));
            Opening::Missing(reasons.join("，也"), listed)
        } else {
            Opening::Sources(opened)
        })
    }

    /// Subjects with a row of the registry, ascending; `None` where that says nothing, or without the registry.
    fn listed(&self, source: &Source, scope: Scope) -> Option<Arc<[u32]>> {
        let (position, _) = self.subjects.records.registry(source.registry.as_str()).filter(|_| source.reach == Reach::Own)?;
        let of = |person: usize| match scope {
            Scope::Household => self.subjects.household_of[person],
            _ => self.subjects.subject_of[person],
        };
        let persons = persons_of(self.subjects.records, self.subjects.linked, position);
        let mut listed: Vec<u32> = persons.map(|(_, person)| of(person)).filter(|subject| *subject != NONE).collect();
        listed.sort_unstable();
        listed.dedup();
        Some(listed.into())
    }

    /// Rows of a registry that pass a source's filter, or why they cannot be told.
    pub(super) fn rows(&mut self, source: &Source) -> Result<Result<Vec<usize>, String>, AssessError> {
        let Some((position, records)) = self.subjects.records.registry(source.registry.as_str()) else {
            return Ok(Err(format!("缺少{}", self.input.registry_title(source.registry.as_str()))));
        };
        let filter = self.filter(position, records, source.filter.as_ref())?;
        let passes = |row: &usize| filter.as_ref().is_none_or(|filter| filter.is_valid(*row) && filter.value(*row));
        Ok(Ok((0..records.len()).filter(passes).collect()))
    }

    /// Rows beside those that pass (ascending) in which a column that the filter asks for holds what could not be read: nobody knows whether
    /// they pass.
    pub(super) fn unread_rows(&mut self, source: &Source, passing: &[usize]) -> Vec<usize> {
        let Some((position, records)) = self.subjects.records.registry(source.registry.as_str()) else { return Vec::new() };
        let columns = source.filter.as_ref().map_or(&[][..], |filter| &filter.columns);
        let unread = self.unread(position, records, columns);
        let is_unread =
            |row: &usize| unread.as_ref().is_some_and(|unread| unread.value(*row)) && passing.binary_search(row).is_err();
        (0..records.len()).filter(is_unread).collect()
    }

    /// Rows in which one of the columns holds what could not be read; `None` where there is none.
    fn unread(&mut self, position: usize, records: &RegistryRecords, columns: &[String]) -> Option<BooleanArray> {
        let unread = self.unread.entry(position).or_insert_with(|| unread(records));
        if !columns.iter().any(|column| unread.contains_key(column)) {
            return None;
        }
        let mut rows = vec![false; records.len()];
        for row in columns.iter().filter_map(|column| unread.get(column)).flatten() {
            rows[*row as usize] = true;
        }
        Some(BooleanArray::from(rows))
    }

    /// Whether nobody wrote anything in a column, and that says as little as no column; how rows stand is left blank where they stand.
    fn is_blank(&self, records: &RegistryRecords, field: &str, array: &ArrayRef) -> bool {
        let is_standing = self.input.dictionary.fields.get(field).is_some_and(FieldDefinition::is_standing);
        let of_field = format!("{field}:");
        let is_repaired =
            || records.text(REPAIRS).is_some_and(|repairs| repairs.iter().flatten().any(|told| told.contains(&of_field)));
        let is_in_sums = || TOTALS.iter().any(|(of, total)| *of == field && records.batch.column_by_name(total).is_some());
        self.input.blank_is_absent
            && !is_standing
            && !records.is_empty()
            && array.null_count() == records.len()
            && !is_in_sums()
            && !is_repaired()
    }

    /// The source ready to be read, or why it cannot be.
    fn open(&mut self, source: &'a Source, scope: Scope) -> Result<Result<Opened<'a>, String>, AssessError> {
        let title = self.input.registry_title(source.registry.as_str());
        let Some((position, records)) = self.subjects.records.registry(source.registry.as_str()) else {
            return Ok(Err(format!("缺少{title}")));
        };
        let column = match &source.field {
            None => None,
            Some(field) => {
                let array = records.batch.column_by_name(field);
                let is_blank = array.is_some_and(|array| self.is_blank(records, field, array));
                match array.filter(|_| !is_blank).and_then(|array| View::new(array.as_ref())) {
                    Some(view) => Some(view),
                    None if matches!(source.take, Take::Exists | Take::Keyed) => None,
                    None if is_blank => return Ok(Err(format!("{title}的“{}”一列是空的", self.input.field_title(field)))),
                    None => return Ok(Err(format!("{title}没有“{}”一列", self.input.field_title(field)))),
                }
            }
        };
        let filter = self.filter(position, records, source.filter.as_ref())?;
        let dated = |name: &str| source.filter.as_ref().is_some_and(|filter| filter.parameters.iter().any(|p| p == name));
        let period = self.input.period;
        let counts = filter.as_ref().is_none_or(|filter| filter.true_count() > 0);
        let dated_otherwise = dated("month") && !reaches(records, MONTH, period.yyyymm())
            || dated("year") && !reaches(records, "year", period.year());
        let standings = records.text(STANDING_STATE);
        let unread = source.filter.as_ref().and_then(|filter| self.unread(position, records, &filter.columns));
        let verdict = |row: usize| filter.as_ref().map_or(Some(true), |filter| filter.is_valid(row).then(|| filter.value(row)));
        // A row that does not say of which kind or project it is may be of any.
        let part = self.input.dictionary.registry(source.registry.as_str()).and_then(|definition| definition.part.as_ref());
        let part = part.filter(|part| source.filter.as_ref().is_some_and(|filter| filter.columns.contains(part)));
        let part = part.and_then(|part| records.batch.column_by_name(part)).filter(|part| part.null_count() < part.len());
        let is_undecided =
            |row: usize| unread.as_ref().is_some_and(|unread| unread.value(row)) || part.is_some_and(|part| part.is_null(row));
        let is_unsettled = |row: usize| {
            standings.is_some_and(|standings| standings.is_valid(row)) && verdict(row) == Some(true)
                || is_undecided(row) && verdict(row) != Some(false)
        };
        let unsettled = (standings.is_some() || unread.is_some() || part.is_some())
            .then(|| (0..records.len()).map(|row| Some(is_unsettled(row))).collect::<BooleanArray>())
            .filter(|rows| rows.true_count() > 0);
        let undecided = unsettled.as_ref().map(|unsettled| {
            (0..records.len()).map(|row| Some(unsettled.value(row) && is_undecided(row))).collect::<BooleanArray>()
        });
        let filter = match &unsettled {
            Some(unsettled) => {
                let settled = |row: usize| verdict(row).filter(|_| !unsettled.value(row));
                Some(Arc::new((0..records.len()).map(settled).collect::<BooleanArray>()))
            }
            None => filter,
        };
        let doubtful = match (self.doubtful(records, source)?, unsettled) {
            (Some(one), Some(other)) => Some((0..records.len()).map(|row| Some(holds(&one, row) || other.value(row))).collect()),
            (one, other) => one.or(other),
        };
        if source.take == Take::Supplied && !counts {
            return Ok(Err(format!("{title}没有这一类的行")));
        }
        // A row that counts, though another month or year stands in it, is of the period: a school year, a quarter.
        if dated_otherwise && !counts {
            return Ok(Err(format!("{title}没有 {period} 的数据")));
        }
        let text = source.filter.as_ref().map_or("", |filter| filter.text.as_str());
        let groups = self.group(position, records, source, scope, (text, filter.as_deref()))?;
        let doubtful = match doubtful {
            Some(rows) => Some(self.group(position, records, source, scope, (&format!("{text} ?"), Some(&rows)))?),
            None => None,
        };
        let by_key = matches!(source.take, Take::SumPerHousehold | Take::Keyed);
        let own = by_key.then(|| self.own_households(position, records));
        let of_money = source.field.as_deref().and_then(|field| self.field_kind(field)) == Some(FieldKind::Money);
        let adds_up = matches!(source.take, Take::Sum) && of_money || source.take == Take::MostAlike;
        let is_of_payments = records.batch.column_by_name(MONTH).is_some()
            || self.input.dictionary.registry(source.registry.as_str()).is_some_and(|definition| definition.part.is_some());
        let columns = |name: &&str| records.batch.column_by_name(name).and_then(|column| View::new(column.as_ref()));
        let told_apart = (is_of_payments && source.take == Take::Sum).then(|| OF_PAYMENT.iter().filter_map(columns).collect());
        let (offset, links) = (self.subjects.records.offset(position), self.subjects.linked.links.as_slice());
        let passes =
            |row: &u32| filter.as_ref().is_none_or(|filter| filter.is_valid(*row as usize) && filter.value(*row as usize));
        let all = if source.reach == Reach::Whole { (0..index(records.len())).filter(passes).collect() } else { Vec::new() };
        let field = source.field.as_deref().filter(|_| source.take == Take::Blank);
        let has = |field: &str| {
            let sheets = &self.subjects.records.sources;
            let mut said = vec![(0_usize, false); sheets.len()];
            for (row, sheet) in records.sheets.iter().enumerate() {
                if let Some((rows, is_filled)) = said.get_mut(*sheet as usize) {
                    *rows += 1;
                    *is_filled |= column.is_some_and(|column| column.at(row).is_some());
                }
            }
            // A column that nobody filled in says no more than one that is not there; a few blank cells may be of those few.
            let enough = if said.iter().any(|(_, is_filled)| *is_filled) { BLANK_SHEET } else { BLANK_REGISTER };
            let filled = said.into_iter().map(|(rows, is_filled)| is_filled || rows < enough);
            let sheets = sheets.iter().zip(filled);
            sheets.map(|(sheet, filled)| sheet.headers.is_empty() || filled && sheet.header(field).is_some()).collect()
        };
        let sheets = field.map_or_else(Vec::new, has);
        let unread = field.and_then(|field| self.unread(position, records, &[field.to_owned()]));
        Ok(Ok(Opened {
            source,
            offset,
            groups,
            doubtful,
            month_states: records.text(MONTH_STATE),
            standings,
            undecided,
            adds_up,
            told_apart,
            unread,
            column,
            own,
            links,
            all,
            sheets,
            sheet_of: &records.sheets,
        }))
    }

    pub(super) fn own_households(&mut self, position: usize, records: &RegistryRecords) -> Arc<RegistryHouseholds> {
        Arc::clone(self.own.entry(position).or_insert_with(|| Arc::new(RegistryHouseholds::new(records, true))))
    }

    fn passes_in(&self, records: &RegistryRecords, expression: &Expression) -> Result<Option<Arc<BooleanArray>>, AssessError> {
        let column = |name: &str| {
            let known = records.batch.column_by_name(name).cloned();
            known.unwrap_or_else(|| null_array(self.column_type(name), records.len()))
        };
        let columns: Vec<_> = expression.columns.iter().map(|name| (name.as_str(), column(name))).collect();
        let passed = self.passes(expression, &columns, records.len())?;
        // A row for months that nobody can read is of none that is asked for; what takes money back is no payment.
        let states = records.text(MONTH_STATE).filter(|_| expression.columns.iter().any(|name| name == MONTH));
        Ok(passed.map(|passed| match states {
            Some(states) => Arc::new((0..records.len()).map(|row| holds(&passed, row).then(|| !is_open(states, row))).collect()),
            None => passed,
        }))
    }

    /// Which of `length` rows pass an expression over their columns.
    pub(super) fn passes(
        &self,
        expression: &Expression,
        columns: &[(&str, ArrayRef)],
        length: usize,
    ) -> Result<Option<Arc<BooleanArray>>, AssessError> {
        let passed = match expression.bind(self.values) {
            Ok(sql) => evaluate(&sql, columns, length, ValueType::Bool)?,
            Err(_) => null_array(ValueType::Bool, length),
        };
        Ok(passed.as_boolean_opt().cloned().map(Arc::new))
    }

    /// Rows that would pass a filter by month, had they another: those for months that nobody can read; back payments, beside which the month
    /// itself may have been paid; those of a town that has not sent the month yet; and what takes back money of the month. `None` where there
    /// are none.
    fn doubtful(&self, records: &RegistryRecords, source: &Source) -> Result<Option<BooleanArray>, AssessError> {
        let by_month = |filter: &&Expression| {
            filter.columns.iter().any(|name| name == MONTH) && filter.parameters.iter().any(|name| name == "month")
        };
        let (Some(filter), Some(months)) = (source.filter.as_ref().filter(by_month), records.int32(MONTH)) else {
            return Ok(None);
        };
        let states = records.text(MONTH_STATE);
        let late = records.towns_without(self.input.period);
        let of_state = |row: usize| states.is_some_and(|states| states.is_valid(row) && !is(states, row, MonthState::Correction));
        if late.is_empty() && states.is_none() {
            return Ok(None);
        }
        let towns = records.text(TOWN_CODE).filter(|_| !late.is_empty());
        let is_late = |row: usize| towns.is_some_and(|towns| towns.is_valid(row) && late.contains_key(towns.value(row)));
        let other: BooleanArray = (0..records.len()).map(|row| Some(is_late(row) || of_state(row))).collect();
        let without: ArrayRef = nullif(months, &other)?;
        let column = |name: &str| {
            let known = if name == MONTH { Some(Arc::clone(&without)) } else { records.batch.column_by_name(name).cloned() };
            known.unwrap_or_else(|| null_array(self.column_type(name), records.len()))
        };
        let columns: Vec<_> = filter.columns.iter().map(|name| (name.as_str(), column(name))).collect();
        let passed = self.passes(filter, &columns, records.len())?;
        let is_told = |row: usize| other.value(row) || states.is_some_and(|states| states.is_valid(row));
        let rows = passed
            .map(|passed| (0..records.len()).map(|row| Some(is_told(row) && holds(&passed, row))).collect::<BooleanArray>());
        Ok(rows.filter(|rows| rows.true_count() > 0))
    }

    /// What a filter said of the rows of the registry at `position`, where it has been evaluated.
    pub(super) fn filtered(&self, position: usize, filter: &Expression) -> Option<&Arc<BooleanArray>> {
        self.filters.get(&(position, filter.text.clone()))
    }

    /// Type of a record column that this run's files do not have.
    pub(super) fn column_type(&self, name: &str) -> ValueType {
        self.input.column_type(name)
    }

    /// What a record column holds.
    pub(super) fn field_kind(&self, name: &str) -> Option<FieldKind> {
        self.input.dictionary.fields.get(name).map(|field| field.kind)
    }

    /// Which rows pass an expression over the registry's record columns.
    pub(super) fn filter(
        &mut self,
        position: usize,
        records: &RegistryRecords,
        expression: Option<&Expression>,
    ) -> Result<Option<Arc<BooleanArray>>, AssessError> {
        let Some(expression) = expression else { return Ok(None) };
        let key = (position, expression.text.clone());
        if let Some(known) = self.filters.get(&key) {
            return Ok(Some(Arc::clone(known)));
        }
        let passed = self.passes_in(records, expression)?;
        if let Some(passed) = &passed {
            self.filters.insert(key, Arc::clone(passed));
        }
        Ok(passed)
    }
}

/// What tells one payment to somebody from another of the same amount.
const OF_PAYMENT: [&str; 11] =
    [MONTH, "month_from", "month_to", "year", "semester", "kind", "aid_project", PAY_ITEM, "dibao_kind", "batch", "paid_date"];
/// So many blank cells are a column that nobody filled in: in a sheet where others of the register have it, and where none has.
const BLANK_SHEET: usize = 20;
const BLANK_REGISTER: usize = 3;
/// Subjects read at a time. Chosen for time.
const PART: usize = 1 << 14;

/// What is known of a sum alone that is known only in part; the rows it came from are appended to `used`.
fn part_of_sum<'a>(opened: &[Opened<'a>], rows_of: &[(&[u32], &[u32])], used: &mut Vec<u32>) -> Option<FactValue<'a>> {
    let mut known = opened.iter().zip(rows_of).filter(|(source, _)| source.adds_up);
    known.find_map(|(source, (rows, doubtful))| source.known_part(rows, doubtful, used))
}

/// The value of a fact for a subject whose rows `rows_of` gives by source, and those that may be; the rows it came from are appended to `used`.
fn value_of<'a>(
    opened: &[Opened<'a>],
    rows_of: &[(&[u32], &[u32])],
    combine: Combine,
    as_of: Day,
    used: &mut Vec<u32>,
) -> Option<FactValue<'a>> {
    let mut value = None;
    for (source, (rows, doubtful)) in opened.iter().zip(rows_of) {
        let found = source.of_month(rows, doubtful, as_of, used);
        if value.is_none() || found == Some(FactValue::Bool(true)) {
            value = found;
        }
        let decided = match combine {
            Combine::First => value.is_some(),
            Combine::Any => value == Some(FactValue::Bool(true)),
        };
        if decided {
            break;
        }
    }
    value
}

/// Whether some row is for the period, or does not say what it is for; a registry without rows lacks nothing.
fn reaches(records: &RegistryRecords, column: &str, wanted: i32) -> bool {
    let Some(array) = records.int32(column) else { return true };
    let states = records.text(MONTH_STATE).filter(|_| column == MONTH);
    let is_blank = |row: usize| array.is_null(row) && states.is_none_or(|states| !is(states, row, MonthState::Unclear));
    array.is_empty() || array.values().contains(&wanted) || array.null_count() > 0 && (0..array.len()).any(is_blank)
}

fn holds(rows: &BooleanArray, row: usize) -> bool {
    rows.is_valid(row) && rows.value(row)
}

/// By field, the rows in which a cell could not be read.
fn unread(records: &RegistryRecords) -> BTreeMap<String, Vec<u32>> {
    let mut unread: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for (row, said) in records.text(REPAIRS).into_iter().flatten().enumerate() {
        let repairs = said.into_iter().flat_map(|said| said.split(';')).filter_map(|repair| repair.split_once(':'));
        for (field, _) in repairs.filter(|(_, kind)| UNREAD.contains(kind)) {
            unread.entry(field.to_owned()).or_default().push(index(row));
        }
    }
    unread
}

/// Whether a row leaves open how much was paid in a month.
fn is_open(states: &StringArray, row: usize) -> bool {
    is(states, row, MonthState::Unclear) || is(states, row, MonthState::Correction)
}

fn is(states: &StringArray, row: usize, state: MonthState) -> bool {
    states.is_valid(row) && states.value(row) == state.as_str()
}
