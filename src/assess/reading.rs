//! Facts out of registries: the rows of a subject become one value.
//!
//! Takes a fact's sources; gives a column, and the rows each value came from. Only subjects that have a row are looked at: what a
//! fact says of all the others is one value. Cost: linear in the rows that count, plus the column itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Date32Array, Int32Array, Int64Array, StringArray};
use arrow::compute::{concat, nullif};
use rayon::prelude::*;

use super::columns::{FactValue, null_array, of_values, spread};
use super::facts::{FactColumn, Rests};
use super::frame::evaluate;
use super::rows::{InTurn, OwnedRows, union};
use super::subjects::{NONE, RegistryHouseholds, Subjects, index, persons_of};
use super::{AssessError, AssessInput};
use crate::config::policy::expression::Expression;
use crate::config::policy::{Combine, Fact, ParameterValue, Reach, Source, Take, ValueType};
use crate::model::columns::{MONTH, MONTH_STATE, MonthState, REPAIRS, STANDING_STATE, TOWN_CODE, UNREAD};
use crate::model::date::Day;
use crate::model::field::FieldKind;
use crate::model::finding::Scope;
use crate::model::link::{Link, PersonIx};
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
    /// Rows whose field could not be read, where what is asked is whether it is blank.
    unread: Option<BooleanArray>,
    column: Option<View<'a>>,
    own: Option<Arc<RegistryHouseholds>>,
    links: &'a [Link],
    /// Every row that counts, where the register is asked as a whole.
    all: Vec<u32>,
    /// Whether the sheet that a row stands in has the column, by position of the sheet; of sheets that name no columns nothing is known.
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
            Opening::Missing(missing, standing) => {
                let array = null_array(fact.value_type, length);
                let (apart, rests) = (Some(Arc::default()), Rests::Rows(standing.clone()));
                return Ok(FactColumn { scope: fact.scope, array, apart, rows: None, missing: Some(missing.clone()), rests });
            }
        };
        let doubtful = || opened.iter().filter_map(|source| source.doubtful.as_ref());
        let apart = union(opened.iter().map(|source| source.groups.owners()).chain(doubtful().map(|rows| rows.owners())));
        let read = |owners: &[u32]| {
            let first = owners.first().copied().unwrap_or(NONE);
            let mut in_turn: Vec<InTurn<'_>> = opened.iter().map(|source| source.groups.from(first)).collect();
            let (mut values, mut counts) = (Vec::with_capacity(owners.len()), Vec::with_capacity(owners.len()));
            let mut used = Vec::new();
            for owner in owners {
                let before = used.len();
                let of = |source: usize| {
                    let doubtful = opened[source].doubtful.as_ref().map_or(&[][..], |rows| rows.of(*owner as usize));
                    (in_turn.get_mut(source).map_or(&[][..], |rows| rows.of(*owner)), doubtful)
                };
                values.push(value_of(opened, of, combine, as_of, &mut used));
                counts.push(index(used.len() - before));
            }
            (of_values(fact.value_type, &values), counts, used)
        };
        let read: Vec<_> = apart.par_chunks(PART).map(read).collect();
        let (mut parts, mut counts, mut used) = (Vec::with_capacity(read.len() + 1), Vec::new(), Vec::new());
        for (values, of_part, rows) in read {
            parts.push(values);
            counts.extend(of_part);
            used.extend(rows);
        }
        let rows = OwnedRows::of_each(&apart, &counts, used);
        parts.push(of_values(fact.value_type, &[value_of(opened, |_| (&[], &[]), combine, as_of, &mut Vec::new())]));
        let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
        let array = spread(&concat(&parts)?, &apart, length)?;
        let own = opened.iter().all(|source| source.source.reach == Reach::Own);
        let rests = Rests::Rows(own.then(|| Arc::clone(&apart)));
        Ok(FactColumn { scope: fact.scope, array, apart: Some(apart), rows: Some(rows), missing: None, rests })
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
            let standing = sources.iter().map(|source| self.standing(source, fact.scope)).collect::<Option<Vec<_>>>();
            let standing = standing.map(|sets| union(sets.iter()));
            Opening::Missing(reasons.join("，也"), standing)
        } else {
            Opening::Sources(opened)
        })
    }

    /// Subjects with a row of the registry, ascending; `None` where that says nothing, or without the registry.
    fn standing(&self, source: &Source, scope: Scope) -> Option<Arc<[u32]>> {
        let (position, _) = self.subjects.records.registry(source.registry.as_str()).filter(|_| source.reach == Reach::Own)?;
        let of = |person: usize| match scope {
            Scope::Household => self.subjects.household_of[person],
            _ => self.subjects.subject_of[person],
        };
        let persons = persons_of(self.subjects.records, self.subjects.linked, position);
        let mut standing: Vec<u32> = persons.map(|(_, person)| of(person)).filter(|subject| *subject != NONE).collect();
        standing.sort_unstable();
        standing.dedup();
        Some(standing.into())
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

    /// The source ready to be read, or why it cannot be.
    fn open(&mut self, source: &'a Source, scope: Scope) -> Result<Result<Opened<'a>, String>, AssessError> {
        let title = self.input.registry_title(source.registry.as_str());
        let Some((position, records)) = self.subjects.records.registry(source.registry.as_str()) else {
            return Ok(Err(format!("缺少{title}")));
        };
        let column = match &source.field {
            None => None,
            Some(field) => match records.batch.column_by_name(field).and_then(|array| View::new(array.as_ref())) {
                Some(view) => Some(view),
                None if matches!(source.take, Take::Exists | Take::Keyed) => None,
                None => return Ok(Err(format!("{title}没有“{}”一列", self.input.field_title(field)))),
            },
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
        let is_unsettled = |row: usize| {
            standings.is_some_and(|standings| standings.is_valid(row)) && verdict(row) == Some(true)
                || unread.as_ref().is_some_and(|unread| unread.value(row)) && verdict(row) != Some(false)
        };
        let unsettled = (standings.is_some() || unread.is_some())
            .then(|| (0..records.len()).map(|row| Some(is_unsettled(row))).collect::<BooleanArray>())
            .filter(|rows| rows.true_count() > 0);
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
        let (offset, links) = (self.subjects.records.offset(position), self.subjects.linked.links.as_slice());
        let passes =
            |row: &u32| filter.as_ref().is_none_or(|filter| filter.is_valid(*row as usize) && filter.value(*row as usize));
        let all = if source.reach == Reach::Whole { (0..index(records.len())).filter(passes).collect() } else { Vec::new() };
        let field = source.field.as_deref().filter(|_| source.take == Take::Blank);
        let has = |field: &str| {
            let sheets = self.subjects.records.sources.iter();
            sheets.map(|sheet| sheet.headers.is_empty() || sheet.header(field).is_some()).collect()
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

/// Subjects read at a time.
const PART: usize = 1 << 14;

/// The value of a fact for a subject of which `rows_of` gives the rows by source, and those that may be; the rows it came from are appended to `used`.
fn value_of<'a, 'r>(
    opened: &[Opened<'a>],
    mut rows_of: impl FnMut(usize) -> (&'r [u32], &'r [u32]),
    combine: Combine,
    as_of: Day,
    used: &mut Vec<u32>,
) -> Option<FactValue<'a>> {
    let mut value = None;
    for (at, source) in opened.iter().enumerate() {
        let (rows, doubtful) = rows_of(at);
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

impl<'a> Opened<'a> {
    /// [`Self::aggregate`], unless rows that may be of the month, or may still count, leave it open: nobody can say then that there is none, nor how much it is.
    fn of_month(&self, rows: &[u32], doubtful: &[u32], as_of: Day, used: &mut Vec<u32>) -> Option<FactValue<'a>> {
        let whole = matches!(self.source.take, Take::Supplied | Take::Keyed) || self.source.reach == Reach::Whole;
        let counting =
            matches!(self.source.take, Take::Count | Take::Sum | Take::SumPerHousehold | Take::Distinct | Take::MostAlike);
        let unclear = |row: &u32| {
            self.month_states.is_some_and(|states| is_open(states, *row as usize))
                || counting && self.standings.is_some_and(|standings| standings.is_valid(*row as usize))
        };
        let open = match self.source.take {
            _ if whole => false,
            Take::Exists => rows.is_empty() && !doubtful.is_empty(),
            _ => rows.is_empty() && !doubtful.is_empty() || doubtful.iter().any(unclear),
        };
        if open { None } else { self.aggregate(rows, as_of, used) }
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
            // Of what cannot be read nobody knows how much it is; back payments are none of the month's.
            Take::Sum
                if self.column.is_some_and(|column| {
                    rows.iter().any(|row| column.at(*row as usize).is_none() && !self.is_of_state(*row, MonthState::Back))
                }) =>
            {
                None
            }
            Take::Sum => {
                let of_month = || integers().filter(|(row, _)| !self.is_of_state(*row, MonthState::Back));
                let total = of_month().map(|(_, value)| value).reduce(i64::saturating_add);
                used.extend(of_month().map(|(row, _)| id(row)));
                total.map(FactValue::Int)
            }
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
                let mut known: BTreeSet<PersonIx> = BTreeSet::new();
                per_key.retain(|slot, _| {
                    let members = persons.get(slot).map_or(&[][..], Vec::as_slice);
                    let fresh = members.is_empty() || members.iter().any(|person| !known.contains(person));
                    known.extend(members);
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
