//! Facts: one value per person or household, each with the source rows it came from.
//!
//! Takes subjects and the policy's fact definitions; gives columns in definition order. A fact whose registries (or
//! the columns it reads there) were not given is all null, and says why. Cost: linear in rows per source.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Date32Array, Int32Array, Int64Array, StringArray, UInt32Array};

use rayon::prelude::*;

use super::frame::{Frame, null_array};
use super::subjects::{Groups, NONE, RegistryHouseholds, Subjects};
use super::{AssessError, AssessInput};
use crate::config::policy::expression::Expression;
use crate::config::policy::{Combine, Fact, Origin, ParameterValue, Source, Take, ValueType};
use crate::model::columns::MONTH;
use crate::model::date::Day;
use crate::model::finding::Scope;
use crate::model::link::{Link, PersonIx};
use crate::model::record::RegistryRecords;

/// The value of a fact for one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FactValue<'a> {
    Bool(bool),
    Int(i64),
    Text(&'a str),
    Date(Day),
}

/// One fact for all subjects of its scope.
#[derive(Debug)]
pub(crate) struct FactColumn {
    pub(crate) array: ArrayRef,
    /// Row ids each value came from; only facts read from registries have their own.
    pub(crate) rows: Option<Groups>,
    /// Why it could not be read at all.
    pub(crate) missing: Option<String>,
}

impl FactColumn {
    pub(crate) fn value(&self, at: usize) -> Option<FactValue<'_>> {
        let any = self.array.as_any();
        if at >= self.array.len() || self.array.is_null(at) {
            return None;
        }
        any.downcast_ref::<BooleanArray>()
            .map(|array| FactValue::Bool(array.value(at)))
            .or_else(|| any.downcast_ref::<Int64Array>().map(|array| FactValue::Int(array.value(at))))
            .or_else(|| any.downcast_ref::<StringArray>().map(|array| FactValue::Text(array.value(at))))
            .or_else(|| any.downcast_ref::<Date32Array>().map(|array| FactValue::Date(Day(array.value(at)))))
    }

    pub(crate) fn is_true(&self, at: usize) -> bool {
        self.value(at) == Some(FactValue::Bool(true))
    }
}

/// All facts, and the frames that rules are evaluated over.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) columns: BTreeMap<String, FactColumn>,
    pub(crate) person: Frame,
    pub(crate) household: Frame,
    /// Household of each subject, for household facts in person rules.
    household_of_subject: UInt32Array,
}

impl Facts {
    pub(crate) fn collect(
        input: &AssessInput<'_>,
        subjects: &Subjects<'_>,
        values: &BTreeMap<String, ParameterValue>,
    ) -> Result<Self, AssessError> {
        let household_of_subject = subjects
            .persons
            .iter()
            .map(|person| Some(subjects.household_of[person.0 as usize]).filter(|household| *household != NONE))
            .collect();
        let mut facts = Self {
            columns: BTreeMap::new(),
            person: Frame::new(subjects.persons.len())?,
            household: Frame::new(subjects.households.len())?,
            household_of_subject,
        };
        let mut reader = Reader::new(input, subjects, values);
        for fact in &input.policy.facts {
            let column = match &fact.origin {
                Origin::Sources { sources, combine } => reader.read(fact, sources, *combine)?,
                Origin::Members { fact: member, take, among } => {
                    facts.over_members(subjects, fact.value_type, member, *take, among.as_deref())
                }
                Origin::Derived(expression) => {
                    facts.prepare(expression, fact.scope)?;
                    let array = facts.evaluate(expression, fact.scope, values)?;
                    FactColumn { array, rows: None, missing: None }
                }
            };
            let frame = if fact.scope == Scope::Household { &mut facts.household } else { &mut facts.person };
            frame.add(&fact.name, column.array.as_ref())?;
            facts.columns.insert(fact.name.clone(), column);
        }
        Ok(facts)
    }

    /// Facts that are known already, for some persons and households; `household_of_subject` says which of the households is whose.
    pub(crate) fn known(
        columns: BTreeMap<String, (Scope, ArrayRef)>,
        persons: usize,
        households: usize,
        household_of_subject: UInt32Array,
    ) -> Result<Self, AssessError> {
        let (mut person, mut household) = (Frame::new(persons)?, Frame::new(households)?);
        let mut facts = BTreeMap::new();
        for (name, (scope, array)) in columns {
            let frame = if scope == Scope::Household { &mut household } else { &mut person };
            frame.add(&name, array.as_ref())?;
            facts.insert(name, FactColumn { array, rows: None, missing: None });
        }
        Ok(Self { columns: facts, person, household, household_of_subject })
    }

    /// Lays out what an expression mentions: household facts in a person's expression are spread over the members.
    pub(crate) fn prepare(&mut self, expression: &Expression, scope: Scope) -> Result<(), AssessError> {
        if scope == Scope::Person {
            for name in &expression.columns {
                if !self.person.has(name)
                    && let Some(column) = self.columns.get(name)
                {
                    let spread = arrow::compute::take(column.array.as_ref(), &self.household_of_subject, None)
                        .map_err(|error| AssessError::Engine { expression: name.clone(), reason: error.to_string() })?;
                    self.person.add(name, spread.as_ref())?;
                }
            }
        }
        Ok(())
    }

    /// A prepared expression for every subject of a scope; null throughout where a parameter has no value yet.
    pub(crate) fn evaluate(
        &self,
        expression: &Expression,
        scope: Scope,
        values: &BTreeMap<String, ParameterValue>,
    ) -> Result<ArrayRef, AssessError> {
        let (frame, length) = match scope {
            Scope::Household => (&self.household, None),
            _ => (&self.person, Some(self.household_of_subject.len())),
        };
        match expression.bind(values) {
            Ok(sql) => frame.evaluate(&sql, &expression.columns, expression.value_type),
            Err(_) => Ok(null_array(expression.value_type, length.unwrap_or_else(|| frame.length()))),
        }
    }

    /// Rows of a registry that pass a source's filter, or why they cannot be told.
    pub(crate) fn rows(
        input: &AssessInput<'_>,
        subjects: &Subjects<'_>,
        source: &Source,
        values: &BTreeMap<String, ParameterValue>,
    ) -> Result<Result<Vec<usize>, String>, AssessError> {
        let mut reader = Reader::new(input, subjects, values);
        let Some((position, records)) = subjects.records.registry(source.registry.as_str()) else {
            return Ok(Err(format!("缺少{}", input.registry_title(source.registry.as_str()))));
        };
        let filter = reader.filter(position, records, source.filter.as_ref())?;
        let passes = |row: &usize| filter.as_ref().is_none_or(|filter| filter.is_valid(*row) && filter.value(*row));
        Ok(Ok((0..records.len()).filter(passes).collect()))
    }

    fn over_members(
        &self,
        subjects: &Subjects<'_>,
        value_type: ValueType,
        member: &str,
        take: Take,
        among: Option<&str>,
    ) -> FactColumn {
        let missing = self.columns.get(member).and_then(|column| column.missing.clone());
        let (Some(column), among) = (self.columns.get(member), among.map(|name| self.columns.get(name))) else {
            return FactColumn { array: null_array(value_type, subjects.households.len()), rows: None, missing };
        };
        let per_household = |household: usize| {
            subjects.households[household]
                .members
                .iter()
                .map(|member| *member as usize)
                .filter(move |member| among.is_none_or(|among| among.is_some_and(|among| among.is_true(*member))))
                .map(|member| column.value(member))
        };
        let households = 0..subjects.households.len();
        let integer = |value: Option<FactValue<'_>>| match value {
            Some(FactValue::Int(number)) => Some(number),
            _ => None,
        };
        let array: ArrayRef = match take {
            Take::Any => Arc::new(households.map(|h| decide(per_household(h), true)).collect::<BooleanArray>()),
            Take::All => Arc::new(households.map(|h| decide(per_household(h), false)).collect::<BooleanArray>()),
            Take::Count => Arc::new(
                households
                    .map(|h| per_household(h).filter(|value| *value == Some(FactValue::Bool(true))).count())
                    .map(|count| i64::try_from(count).ok())
                    .collect::<Int64Array>(),
            ),
            Take::Min => Arc::new(households.map(|h| per_household(h).filter_map(integer).min()).collect::<Int64Array>()),
            Take::Max => Arc::new(households.map(|h| per_household(h).filter_map(integer).max()).collect::<Int64Array>()),
            Take::Sum => Arc::new(
                households.map(|h| per_household(h).filter_map(integer).reduce(i64::saturating_add)).collect::<Int64Array>(),
            ),
            _ => {
                let first = households.map(|h| per_household(h).flatten().next());
                collect_array(value_type, &first.collect::<Vec<_>>())
            }
        };
        FactColumn { array, rows: None, missing }
    }
}

/// Any (`decisive` true) or all (`decisive` false) in three-valued logic.
fn decide<'a>(values: impl Iterator<Item = Option<FactValue<'a>>>, decisive: bool) -> Option<bool> {
    let mut result = Some(!decisive);
    for value in values {
        match value {
            Some(FactValue::Bool(value)) if value == decisive => return Some(decisive),
            Some(_) => {}
            None => result = None,
        }
    }
    result
}

fn collect_array(value_type: ValueType, values: &[Option<FactValue<'_>>]) -> ArrayRef {
    let values = values.iter().copied();
    match value_type {
        ValueType::Bool => Arc::new(
            values.map(|v| v.and_then(|v| if let FactValue::Bool(b) = v { Some(b) } else { None })).collect::<BooleanArray>(),
        ),
        ValueType::Int => Arc::new(
            values.map(|v| v.and_then(|v| if let FactValue::Int(i) = v { Some(i) } else { None })).collect::<Int64Array>(),
        ),
        ValueType::Text => Arc::new(
            values.map(|v| v.and_then(|v| if let FactValue::Text(t) = v { Some(t) } else { None })).collect::<StringArray>(),
        ),
        ValueType::Date => Arc::new(
            values.map(|v| v.and_then(|v| if let FactValue::Date(d) = v { Some(d.0) } else { None })).collect::<Date32Array>(),
        ),
    }
}

/// Reads facts out of registries; remembers filters and groupings that several facts share.
pub(super) struct Reader<'a> {
    input: &'a AssessInput<'a>,
    pub(super) subjects: &'a Subjects<'a>,
    values: &'a BTreeMap<String, ParameterValue>,
    filters: HashMap<(usize, String), Arc<BooleanArray>>,
    pub(super) groups: HashMap<(usize, String, String), Arc<Groups>>,
    own: HashMap<usize, Arc<RegistryHouseholds>>,
    pub(super) by_number: Option<Arc<HashMap<&'a str, u32>>>,
}

impl<'a> Reader<'a> {
    fn new(input: &'a AssessInput<'a>, subjects: &'a Subjects<'a>, values: &'a BTreeMap<String, ParameterValue>) -> Self {
        let (filters, groups, own) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { input, subjects, values, filters, groups, own, by_number: None }
    }
}

/// A source whose registry and column are there.
struct Opened<'a> {
    source: &'a Source,
    offset: u32,
    groups: Arc<Groups>,
    column: Option<View<'a>>,
    own: Option<Arc<RegistryHouseholds>>,
    links: &'a [Link],
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

impl<'a> Reader<'a> {
    fn read(&mut self, fact: &'a Fact, sources: &'a [Source], combine: Combine) -> Result<FactColumn, AssessError> {
        let length = match fact.scope {
            Scope::Household => self.subjects.households.len(),
            _ => self.subjects.persons.len(),
        };
        let mut opened = Vec::new();
        let mut reasons = Vec::new();
        for source in sources {
            match self.open(source, fact.scope)? {
                Ok(source) => opened.push(source),
                Err(reason) if reasons.contains(&reason) => {}
                Err(reason) => reasons.push(reason),
            }
        }
        if opened.is_empty() {
            let missing = Some(reasons.join("，也")).filter(|_| !fact.optional);
            return Ok(FactColumn { array: null_array(fact.value_type, length), rows: None, missing });
        }
        let as_of = self.input.as_of;
        let read = |start: usize| {
            let mut values = Vec::with_capacity(PART);
            let mut rows = Groups::empty();
            let mut used = Vec::new();
            for subject in start..(start + PART).min(length) {
                used.clear();
                values.push(value_of(&opened, combine, subject, as_of, &mut used));
                rows.push(&used);
            }
            (collect_array(fact.value_type, &values), rows)
        };
        let starts: Vec<usize> = (0..length).step_by(PART).collect();
        let parts: Vec<(ArrayRef, Groups)> = starts.into_par_iter().map(read).collect();
        let mut rows = Groups::empty();
        for (_, part) in &parts {
            rows.append(part);
        }
        let arrays: Vec<&dyn Array> = parts.iter().map(|(array, _)| array.as_ref()).collect();
        let array = if arrays.is_empty() { null_array(fact.value_type, 0) } else { arrow::compute::concat(&arrays)? };
        Ok(FactColumn { array, rows: Some(rows), missing: None })
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
                None if source.take == Take::Exists => None,
                None => return Ok(Err(format!("{title}没有“{}”一列", self.input.field_title(field)))),
            },
        };
        let filter = self.filter(position, records, source.filter.as_ref())?;
        let dated = |name: &str| source.filter.as_ref().is_some_and(|filter| filter.parameters.iter().any(|p| p == name));
        let period = self.input.period;
        if dated("month") && !reaches(records, MONTH, period.yyyymm())
            || dated("year") && !reaches(records, "year", period.year())
        {
            return Ok(Err(format!("{title}没有 {period} 的数据")));
        }
        let groups = self.group(position, records, source, scope, filter.as_deref())?;
        let own = (source.take == Take::SumPerHousehold).then(|| self.own_households(position, records));
        let (offset, links) = (self.subjects.records.offset(position), self.subjects.linked.links.as_slice());
        Ok(Ok(Opened { source, offset, groups, column, own, links }))
    }

    pub(super) fn own_households(&mut self, position: usize, records: &RegistryRecords) -> Arc<RegistryHouseholds> {
        Arc::clone(self.own.entry(position).or_insert_with(|| Arc::new(RegistryHouseholds::new(records))))
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
        let mut frame = Frame::new(records.len())?;
        for name in &expression.columns {
            match records.batch.column_by_name(name) {
                Some(array) => frame.add(name, array.as_ref())?,
                None => frame.add_null(name, self.input.column_type(name))?,
            }
        }
        let passed = match expression.bind(self.values) {
            Ok(sql) => frame.evaluate(&sql, &expression.columns, ValueType::Bool)?,
            Err(_) => null_array(ValueType::Bool, records.len()),
        };
        let passed = passed.as_any().downcast_ref::<BooleanArray>().cloned().map(Arc::new);
        if let Some(passed) = &passed {
            self.filters.insert(key, Arc::clone(passed));
        }
        Ok(passed)
    }
}

/// Subjects read at a time.
const PART: usize = 1 << 14;

/// The value of a fact for a subject; the rows it came from are appended to `used`.
fn value_of<'a>(
    opened: &[Opened<'a>],
    combine: Combine,
    subject: usize,
    as_of: Day,
    used: &mut Vec<u32>,
) -> Option<FactValue<'a>> {
    let mut value = None;
    for source in opened {
        let found = source.aggregate(subject, as_of, used);
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
    array.is_empty() || array.null_count() > 0 || array.values().contains(&wanted)
}

impl<'a> Opened<'a> {
    /// The value for a subject; the rows it came from are appended to `used` as row ids.
    fn aggregate(&self, subject: usize, as_of: Day, used: &mut Vec<u32>) -> Option<FactValue<'a>> {
        let rows = self.groups.of(subject);
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
            Take::Count => {
                used.extend(rows.iter().map(|row| id(*row)));
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
            Take::Sum => {
                let total = integers().map(|(_, value)| value).reduce(i64::saturating_add);
                used.extend(integers().map(|(row, _)| id(row)));
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
                let mut per_key: BTreeMap<(u32, u32), (u32, i64)> = BTreeMap::new();
                let mut persons: BTreeMap<(u32, u32), Vec<PersonIx>> = BTreeMap::new();
                for (row, value) in integers() {
                    let key = self.own.as_ref().and_then(|own| own.key_of_row.get(row as usize)).copied().unwrap_or(NONE);
                    // Rows that name no household each stand for themselves.
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
