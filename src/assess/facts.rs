//! Facts: one value per person or household, each with the source rows it came from.
//!
//! Takes subjects and the policy's fact definitions; gives columns. A fact whose registries (or the columns it reads there) were not
//! given is all null, and says why. A column knows whom its value is peculiar to, so that expressions are evaluated for
//! those and once for everybody else. Cost: linear in rows per source, and in peculiar subjects per expression.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, UInt32Array};
use arrow::compute::take;
use rayon::prelude::*;

use super::columns::{Empty, FactColumn, FactValue, Rests, null_array, of_values, spread};
use super::frame::evaluate;
use super::inactive::InactiveRows;
use super::reading::Reader;
use super::rows::union;
use super::subjects::{Groups, NONE, Subjects, index};
use super::{AssessError, AssessInput};
use crate::config::policy::expression::Expression;
use crate::config::policy::{Body, Fact, Origin, ParameterValue, Take, ValueType};
use crate::model::finding::Scope;

/// All facts.
pub(crate) struct Facts {
    pub(crate) columns: BTreeMap<String, FactColumn>,
    /// Which rows pass a source's filter, by the registry's position and the filter's text.
    pub(crate) filters: HashMap<(usize, String), Arc<BooleanArray>>,
    /// Inactive rows of the registers in which somebody is searched.
    pub(crate) inactive: InactiveRows,
    /// Household of each person, for household facts in person rules.
    household_of: UInt32Array,
    /// Persons who have one.
    housed: Arc<[u32]>,
    /// Persons of each.
    members: Groups,
    households: usize,
}

impl Facts {
    fn new(household_of: UInt32Array, households: usize) -> Self {
        let housed = (0..household_of.len()).filter(|at| household_of.is_valid(*at)).map(index).collect();
        let pairs: Vec<(u32, u32)> =
            household_of.iter().zip(0..).map(|(household, at)| (household.unwrap_or(NONE), at)).collect();
        let members = Groups::new(households, &pairs);
        let (filters, inactive) = (HashMap::new(), InactiveRows::new());
        Self { columns: BTreeMap::new(), filters, inactive, household_of, housed, members, households }
    }

    pub(crate) fn collect(
        input: &AssessInput<'_>,
        subjects: &Subjects<'_>,
        values: &BTreeMap<String, ParameterValue>,
    ) -> Result<Self, AssessError> {
        let household_of = subjects.persons.iter().map(|person| subjects.household_of[person.0 as usize]);
        let household_of = household_of.map(|household| Some(household).filter(|household| *household != NONE));
        let mut facts = Self::new(household_of.collect(), subjects.households.len());
        let mut reader = Reader::new(input, subjects, values);
        let sources = input.policy.facts.iter().filter_map(|fact| match &fact.origin {
            Origin::Sources { sources, .. } => Some(sources),
            Origin::Members { .. } | Origin::Derived(_) => None,
        });
        reader.prepare(sources.flatten())?;
        let searched = input.policy.rules.iter().flat_map(|rule| match &rule.body {
            Body::Condition(condition) => condition.searched.as_slice(),
            Body::BuiltIn(_) | Body::Tally(_) => &[],
        });
        let searched: BTreeSet<&String> = searched.collect();
        let searched =
            input.policy.facts.iter().filter(|fact| searched.contains(&fact.name)).filter_map(|fact| match &fact.origin {
                Origin::Sources { sources, .. } => Some(sources),
                Origin::Members { .. } | Origin::Derived(_) => None,
            });
        facts.inactive = reader.inactive(searched.flatten())?;
        let (mut openings, mut pending) = (Vec::new(), Vec::new());
        for fact in &input.policy.facts {
            match &fact.origin {
                Origin::Sources { sources, combine } => openings.push((fact, *combine, reader.open_all(fact, sources)?)),
                Origin::Members { .. } | Origin::Derived(_) => pending.push(fact),
            }
        }
        let read = openings.par_iter().map(|(fact, combine, opening)| {
            let column = opening.read(fact, *combine, facts.subjects(fact.scope), input.as_of)?;
            Ok((fact.name.clone(), column))
        });
        let read = read.collect::<Result<Vec<_>, AssessError>>()?;
        facts.columns.extend(read);
        drop(openings);
        facts.filters = reader.into_filters();
        // What rests on other facts comes when they are there.
        while !pending.is_empty() {
            let ready: Vec<&Fact>;
            (ready, pending) = pending.into_iter().partition(|fact| facts.has_what_it_needs(fact));
            if let (true, Some(fact)) = (ready.is_empty(), pending.first()) {
                return Err(AssessError::Engine { expression: fact.name.clone(), reason: "rests on itself".to_owned() });
            }
            let derived = ready.par_iter().map(|fact| Ok((fact.name.clone(), facts.derive(fact, subjects, values)?)));
            let derived = derived.collect::<Result<Vec<_>, AssessError>>()?;
            facts.columns.extend(derived);
        }
        Ok(facts)
    }

    /// Facts that are known already (and what they are at the least), for some persons and households; `household_of` says which of the households is whose.
    pub(crate) fn from_columns(
        columns: BTreeMap<String, (Scope, ArrayRef, Option<ArrayRef>)>,
        households: usize,
        household_of: UInt32Array,
    ) -> Self {
        let mut facts = Self::new(household_of, households);
        let column = |(name, (scope, array, least))| {
            let rests = Rests::Rows(None);
            (name, FactColumn { scope, array, least, non_default: None, rows: None, missing: None, rests })
        };
        facts.columns = columns.into_iter().map(column).collect();
        facts
    }

    /// Why a fact of a subject of `scope` is empty; `None` where it is not.
    pub(crate) fn empty(&self, name: &str, scope: Scope, subject: usize) -> Option<Empty> {
        let Some(column) = self.columns.get(name) else { return Some(Empty::Cell) };
        let at = match (column.scope, scope) {
            (Scope::Household, Scope::Person) if self.household_of.is_valid(subject) => self.household_of.value(subject) as usize,
            (Scope::Household, Scope::Person) => return Some(Empty::NoRow),
            _ => subject,
        };
        if at < column.array.len() && column.array.is_valid(at) {
            return None;
        }
        Some(match &column.rests {
            Rests::Rows(None) => Empty::Cell,
            Rests::Rows(Some(listed)) if listed.binary_search(&index(at)).is_ok() => Empty::Cell,
            Rests::Rows(Some(_)) => Empty::NoRow,
            Rests::Facts(facts) => Empty::of(facts.iter().map(|fact| self.empty(fact, column.scope, at))),
            Rests::Members(facts) => {
                let members = self.members.of(at).iter().map(|member| *member as usize);
                Empty::of(members.flat_map(|member| facts.iter().map(move |fact| self.empty(fact, Scope::Person, member))))
            }
        })
    }

    /// Number of subjects of a scope.
    pub(crate) fn subjects(&self, scope: Scope) -> usize {
        if scope == Scope::Household { self.households } else { self.household_of.len() }
    }

    /// An expression for some subjects of a scope, all of them without `rows`; null throughout where a parameter has no value yet.
    /// A household's facts are those of each of its members.
    pub(crate) fn evaluate(
        &self,
        expression: &Expression,
        scope: Scope,
        rows: Option<&UInt32Array>,
        values: &BTreeMap<String, ParameterValue>,
    ) -> Result<ArrayRef, AssessError> {
        self.evaluate_over(expression, scope, rows, values, false)
    }

    /// The same over what is known at the least where that is all that is known; `None` where nothing is known only in part.
    pub(crate) fn evaluate_least(
        &self,
        expression: &Expression,
        scope: Scope,
        rows: Option<&UInt32Array>,
        values: &BTreeMap<String, ParameterValue>,
    ) -> Result<Option<ArrayRef>, AssessError> {
        let mut columns = expression.columns.iter().filter_map(|name| self.columns.get(name));
        let is_partly = columns.any(|column| column.least.is_some());
        is_partly.then(|| self.evaluate_over(expression, scope, rows, values, true)).transpose()
    }

    fn evaluate_over<'e>(
        &self,
        expression: &'e Expression,
        scope: Scope,
        rows: Option<&UInt32Array>,
        values: &BTreeMap<String, ParameterValue>,
        least: bool,
    ) -> Result<ArrayRef, AssessError> {
        let length = rows.map_or_else(|| self.subjects(scope), Array::len);
        let Ok(sql) = expression.bind(values) else { return Ok(null_array(expression.value_type, length)) };
        let households = match (scope, rows) {
            (Scope::Person, Some(rows)) if self.mentions_household(expression) => Some(take(&self.household_of, rows, None)?),
            _ => None,
        };
        let households = households.as_ref().map_or(&self.household_of, |households| households.as_primitive());
        let column = |name: &'e String| {
            let column = self.columns.get(name).filter(|column| scope != Scope::Household || column.scope == scope);
            let column =
                column.ok_or_else(|| AssessError::Engine { expression: name.clone(), reason: "no such fact".to_owned() })?;
            let array = column.least.as_ref().filter(|_| least).unwrap_or(&column.array);
            let array = match (column.scope == scope, rows) {
                (false, _) => take(array.as_ref(), households, None)?,
                (true, Some(rows)) => take(array.as_ref(), rows, None)?,
                (true, None) => Arc::clone(array),
            };
            Ok((name.as_str(), array))
        };
        let columns = expression.columns.iter().map(column).collect::<Result<Vec<_>, AssessError>>()?;
        evaluate(&sql, &columns, length, expression.value_type)
    }

    fn mentions_household(&self, expression: &Expression) -> bool {
        let of_household = |name: &String| self.columns.get(name).is_some_and(|column| column.scope == Scope::Household);
        expression.columns.iter().any(of_household)
    }

    /// Subjects for whom an expression may differ from its default, what it says of all others, and one of those others; `None` where too many may.
    pub(crate) fn non_default(&self, expression: &Expression, scope: Scope) -> Option<(Arc<[u32]>, u32)> {
        let mut sets: Vec<&Arc<[u32]>> = Vec::new();
        for name in &expression.columns {
            let column = self.columns.get(name)?;
            let set = if column.scope == scope { column.non_default.as_ref()? } else { &self.housed };
            if !sets.contains(&set) {
                sets.push(set);
            }
        }
        let non_default = union(sets.into_iter());
        let subjects = self.subjects(scope);
        // The first gap; copying the mentioned columns for most subjects is dearer than looking at all in place.
        let other = non_default.iter().zip(0..).position(|(subject, at)| *subject != at).unwrap_or(non_default.len());
        (non_default.len() * 4 <= subjects * 3 && other < subjects).then(|| (non_default, index(other)))
    }

    fn has_what_it_needs(&self, fact: &Fact) -> bool {
        let there = |name: &String| self.columns.contains_key(name);
        match &fact.origin {
            Origin::Sources { .. } => true,
            Origin::Members { fact, among, .. } => there(fact) && among.as_ref().is_none_or(there),
            Origin::Derived(expression) => expression.columns.iter().all(there),
        }
    }

    fn derive(
        &self,
        fact: &Fact,
        subjects: &Subjects<'_>,
        values: &BTreeMap<String, ParameterValue>,
    ) -> Result<FactColumn, AssessError> {
        let scope = fact.scope;
        match &fact.origin {
            Origin::Members { fact: member, take, among } => {
                Ok(self.over_members(subjects, fact.value_type, member, *take, among.as_deref()))
            }
            Origin::Derived(expression) => {
                let (array, least, non_default) = match self.non_default(expression, scope) {
                    None => {
                        let least = self.evaluate_least(expression, scope, None, values)?;
                        (self.evaluate(expression, scope, None, values)?, least, None)
                    }
                    Some((non_default, other)) => {
                        let rows: UInt32Array = non_default.iter().copied().chain([other]).map(Some).collect();
                        let spread = |of_those: ArrayRef| spread(&of_those, &non_default, self.subjects(scope));
                        let least = self.evaluate_least(expression, scope, Some(&rows), values)?.map(spread).transpose()?;
                        (spread(self.evaluate(expression, scope, Some(&rows), values)?)?, least, Some(non_default))
                    }
                };
                let rests = Rests::Facts(expression.columns.clone());
                Ok(FactColumn { scope, array, least, non_default, rows: None, missing: None, rests })
            }
            Origin::Sources { .. } => Err(AssessError::Engine { expression: fact.name.clone(), reason: "is read".to_owned() }),
        }
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
        let among_name = among;
        let (Some(column), among) = (self.columns.get(member), among.map(|name| self.columns.get(name))) else {
            let array = null_array(value_type, subjects.households.len());
            let (scope, rests) = (Scope::Household, Rests::Rows(None));
            return FactColumn { scope, array, least: None, non_default: None, rows: None, missing, rests };
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
                of_values(value_type, &first.collect::<Vec<_>>())
            }
        };
        let rests = Rests::Members([Some(member), among_name].into_iter().flatten().map(str::to_owned).collect());
        FactColumn { scope: Scope::Household, array, least: None, non_default: None, rows: None, missing, rests }
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
