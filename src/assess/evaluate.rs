//! Rules over facts: population, exemptions, test, amounts.
//!
//! Takes facts and one rule; gives an [`Outcome`] per subject, or why the rule was not evaluated. Null in the
//! population keeps a subject out; null in the test is "cannot tell", counted and never a finding.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray, UInt32Array};
use arrow::datatypes::Int64Type;

use super::facts::Facts;
use super::subjects::index;
use super::{AssessError, AssessInput};
use crate::config::policy::{Condition, Origin, ParameterValue, Rule};
use crate::model::date::Day;
use crate::model::finding::{RuleNote, Scope};

/// What a rule says of one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Outside the population.
    NotApplicable,
    /// In the population, excused.
    Exempt,
    /// A column it needs is empty.
    Unknown,
    /// Satisfied.
    Passes,
    /// Fires.
    Fires,
}

/// A rule evaluated for every subject of its scope.
#[derive(Debug)]
pub(crate) struct Evaluated<'p> {
    pub(crate) rule: &'p Rule,
    pub(crate) condition: &'p Condition,
    /// Whom the rule may concern, ascending; to all others it does not apply.
    subjects: UInt32Array,
    /// Their outcomes.
    outcomes: Vec<Outcome>,
    /// Reason → subjects exempt for it.
    pub(crate) exempt_reasons: BTreeMap<String, i64>,
    /// Subjects that the exemption list excuses, and its last day where it names one.
    pub(crate) exempt_until: BTreeMap<usize, Option<Day>>,
    due: Option<ArrayRef>,
    paid: Option<ArrayRef>,
}

impl Evaluated<'_> {
    /// Owed and paid for the month, fen.
    pub(crate) fn amounts(&self, subject: usize) -> (Option<i64>, Option<i64>) {
        let at = self.position(subject);
        let of = |array: &Option<ArrayRef>| {
            let (array, at) = (array.as_ref()?.as_primitive_opt::<Int64Type>()?, at?);
            array.is_valid(at).then(|| array.value(at))
        };
        (of(&self.due), of(&self.paid))
    }

    fn position(&self, subject: usize) -> Option<usize> {
        self.subjects.values().binary_search(&index(subject)).ok()
    }

    /// What the rule says of a subject.
    pub(crate) fn outcome(&self, subject: usize) -> Outcome {
        self.position(subject).map_or(Outcome::NotApplicable, |at| self.outcomes[at])
    }

    /// Excuses a subject whom the rule may concern.
    pub(crate) fn excuse(&mut self, subject: usize, until: Option<Day>) {
        if let Some(at) = self.position(subject) {
            self.outcomes[at] = Outcome::Exempt;
            self.exempt_until.insert(subject, until);
        }
    }

    /// Whom it may concern, ascending, and the outcome.
    pub(crate) fn outcomes(&self) -> impl Iterator<Item = (usize, Outcome)> {
        self.subjects.values().iter().zip(&self.outcomes).map(|(subject, outcome)| (*subject as usize, *outcome))
    }

    /// Subjects with this outcome, ascending; [`Outcome::NotApplicable`] is no such outcome.
    pub(crate) fn with(&self, wanted: Outcome) -> impl Iterator<Item = usize> {
        self.outcomes().filter(move |(_, outcome)| *outcome == wanted).map(|(subject, _)| subject)
    }

    /// Number of subjects with this outcome.
    pub(crate) fn count(&self, wanted: Outcome) -> i64 {
        i64::try_from(self.with(wanted).count()).unwrap_or(i64::MAX)
    }
}

/// Evaluates one rule; `Err(note)` inside when it cannot or need not be evaluated.
pub(crate) fn evaluate<'p>(
    input: &AssessInput<'_>,
    facts: &Facts,
    rule: &'p Rule,
    condition: &'p Condition,
    values: &BTreeMap<String, ParameterValue>,
) -> Result<Result<Evaluated<'p>, RuleNote>, AssessError> {
    let parameters = condition.expressions().flat_map(|expression| &expression.parameters).chain(&condition.by);
    if let Err(note) = applies(input, facts, rule, parameters, &condition.mentions, values) {
        return Ok(Err(note));
    }
    outcomes(facts, rule, condition, values).map(Ok)
}

/// What a rule that can be asked says of every subject of its scope.
pub(crate) fn outcomes<'p>(
    facts: &Facts,
    rule: &'p Rule,
    condition: &'p Condition,
    values: &BTreeMap<String, ParameterValue>,
) -> Result<Evaluated<'p>, AssessError> {
    let scope = rule.card.scope;
    let possible = possible(facts, condition, scope, values)?;
    let population = facts.evaluate(&condition.population, scope, possible.as_ref(), values)?;
    let subject_at = |at: usize| possible.as_ref().map_or_else(|| index(at), |possible| possible.value(at));
    let belongs: Vec<usize> = (0..population.len()).filter(|at| yes_no(&population, *at) != Some(false)).collect();
    let subjects = UInt32Array::from_iter_values(belongs.iter().map(|at| subject_at(*at)));

    let test = facts.evaluate(&condition.test, scope, Some(&subjects), values)?;
    let mut exempt = Vec::new();
    for exemption in &condition.exemptions {
        exempt.push(facts.evaluate(&exemption.when, scope, Some(&subjects), values)?);
    }
    let amount = |expression: &Option<_>| {
        expression.as_ref().map(|expression| facts.evaluate(expression, scope, Some(&subjects), values)).transpose()
    };
    let (due, paid) = (amount(&condition.due)?, amount(&condition.paid)?);
    let mut exempt_reasons: BTreeMap<String, i64> = BTreeMap::new();
    let mut is_exempt = |at: usize| {
        let reason = exempt.iter().zip(&condition.exemptions).find(|(when, _)| yes_no(when, at) == Some(true));
        if let Some((_, exemption)) = reason {
            *exempt_reasons.entry(exemption.reason.clone()).or_default() += 1;
        }
        reason.is_some()
    };
    let outcomes = belongs.iter().enumerate().map(|(at, among)| match (yes_no(&population, *among), yes_no(&test, at)) {
        (Some(true), _) if is_exempt(at) => Outcome::Exempt,
        (Some(true), Some(true)) => Outcome::Fires,
        (Some(true), Some(false)) => Outcome::Passes,
        // Where the population itself cannot be told, that matters only if the test would not let the subject pass.
        (Some(true), None) | (None, Some(true) | None) => Outcome::Unknown,
        _ => Outcome::NotApplicable,
    });
    let outcomes = outcomes.collect();
    Ok(Evaluated { rule, condition, subjects, outcomes, exempt_reasons, exempt_until: BTreeMap::new(), due, paid })
}

/// Whom the population may hold: those for whom its narrowest part may say something else than the no it says of all others.
/// `None` for everybody.
fn possible(
    facts: &Facts,
    condition: &Condition,
    scope: Scope,
    values: &BTreeMap<String, ParameterValue>,
) -> Result<Option<UInt32Array>, AssessError> {
    let parts = condition.population.conjuncts();
    let mut sets: Vec<_> = parts.iter().filter_map(|part| Some((part, facts.apart(part, scope)?))).collect();
    sets.sort_by_key(|(_, (apart, _))| apart.len());
    for (part, (apart, other)) in sets {
        let of_others = facts.evaluate(part, scope, Some(&UInt32Array::from(vec![other])), values)?;
        if yes_no(&of_others, 0) == Some(false) {
            return Ok(Some(apart.to_vec().into()));
        }
    }
    Ok(None)
}

/// A yes or no; `None` where it cannot be told.
pub(crate) fn yes_no(array: &ArrayRef, at: usize) -> Option<bool> {
    let array = array.as_boolean_opt()?;
    array.is_valid(at).then(|| array.value(at))
}

/// Whether the rule can be asked at all in this run; the note that says why not otherwise.
pub(crate) fn applies<'n>(
    input: &AssessInput<'_>,
    facts: &Facts,
    rule: &Rule,
    parameters: impl Iterator<Item = &'n String>,
    mentions: &[String],
    values: &BTreeMap<String, ParameterValue>,
) -> Result<(), RuleNote> {
    in_force(input, rule, parameters, values).map_err(|reason| held(rule, format!("本期不适用：{reason}")))?;
    match missing(input, facts, mentions) {
        Some(reason) => Err(held(rule, format!("未评估：{reason}"))),
        None => Ok(()),
    }
}

/// A note that the rule as a whole was not evaluated.
pub(crate) fn held(rule: &Rule, note: String) -> RuleNote {
    RuleNote { rule: rule.card.id.clone(), town: None, note, held: true, concerned: 0, short: None }
}

/// Whether the rule's own dates and those of its parameters reach the period, and the readings chosen are those it is for.
fn in_force<'n>(
    input: &AssessInput<'_>,
    rule: &Rule,
    mut parameters: impl Iterator<Item = &'n String>,
    values: &BTreeMap<String, ParameterValue>,
) -> Result<(), String> {
    let period = input.period;
    if let Some(from) = rule.from.filter(|from| period < *from) {
        return Err(format!("自 {from} 起施行"));
    }
    if let Some(until) = rule.until.filter(|until| period > *until) {
        return Err(format!("施行至 {until}"));
    }
    if let Some(reading) = input.policy.left_out_by(rule) {
        return Err(format!("{}按“{}”的口径", reading.title, reading.meaning()));
    }
    match parameters.find(|name| !values.contains_key(*name)) {
        Some(name) => Err(format!("参数 {name} 在 {period} 还没有值")),
        None => Ok(()),
    }
}

/// The first thing that a fact of the rule needs and did not get.
fn missing(input: &AssessInput<'_>, facts: &Facts, mentions: &[String]) -> Option<String> {
    let mut reasons: Vec<&str> = Vec::new();
    for name in mentions {
        let Some(fact) = input.policy.fact(name) else { continue };
        if !fact.optional
            && matches!(fact.origin, Origin::Sources { .. })
            && let Some(reason) = facts.columns.get(name).and_then(|column| column.missing.as_deref())
            && !reasons.contains(&reason)
        {
            reasons.push(reason);
        }
    }
    (!reasons.is_empty()).then(|| reasons.join("；"))
}
