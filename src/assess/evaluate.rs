//! Rules over facts: population, exemptions, test, amounts.
//!
//! Takes facts and one rule; gives an [`Outcome`] per subject, or why the rule was not evaluated. Null in the
//! population keeps a subject out; null in the test is "cannot tell", counted and never a finding. A subject whose population is null only
//! because it stands in none of the registries that would say is outside it, and not one that cannot be told. What is known of a sum only in part is
//! null, unless too much is asked for and what is known is too much by itself.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, ArrayRef, AsArray, UInt32Array};
use arrow::datatypes::Int64Type;

use super::columns::Empty;
use super::facts::Facts;
use super::subjects::index;
use super::{AssessError, AssessInput};
use crate::config::policy::expression::Expression;
use crate::config::policy::{Condition, Origin, ParameterSource, ParameterValue, Rule};
use crate::model::date::Day;
use crate::model::finding::{Confidence, Kind, RuleNote, Scope};

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
    /// Ceilings, by subject; null holds like yes.
    ceilings: Vec<(Confidence, Option<ArrayRef>)>,
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

    /// How sure a finding about the subject can be at the most.
    pub(crate) fn at_most(&self, subject: usize) -> Confidence {
        let Some(at) = self.position(subject) else { return Confidence::Certain };
        let holds = |when: &Option<ArrayRef>| when.as_ref().is_none_or(|when| yes_no(when, at) != Some(false));
        let held = self.ceilings.iter().filter(|(_, when)| holds(when)).map(|(tier, _)| *tier);
        held.max().unwrap_or(Confidence::Certain)
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
    if let Some(reason) = unanswerable(input, facts, rule, condition, values)? {
        return Ok(Err(held(rule, format!("未评估：{reason}"))));
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
    let nowhere = Nowhere::new(facts, condition, scope, possible.as_ref(), &population, values)?;
    let belongs: Vec<usize> = (0..population.len())
        .filter(|at| match yes_no(&population, *at) {
            Some(belongs) => belongs,
            None => !nowhere.holds(*at, subject_at(*at)),
        })
        .collect();
    let subjects = UInt32Array::from_iter_values(belongs.iter().map(|at| subject_at(*at)));

    let test = facts.evaluate(&condition.test, scope, Some(&subjects), values)?;
    let is_too_much = matches!(rule.card.kind, Kind::High | Kind::Dup);
    let by_least = |expression: &Expression| {
        if !is_too_much {
            return Ok(None);
        }
        facts.evaluate_least(expression, scope, Some(&subjects), values)
    };
    let test_by_least = by_least(&condition.test)?;
    let fires_by_least = |at: usize| test_by_least.as_ref().is_some_and(|test| yes_no(test, at) == Some(true));
    let mut exempt = Vec::new();
    for exemption in &condition.exemptions {
        exempt.push(facts.evaluate(&exemption.when, scope, Some(&subjects), values)?);
    }
    let amount = |expression: &Option<Expression>| match expression {
        None => Ok(None),
        Some(expression) => match by_least(expression)? {
            Some(least) => Ok(Some(least)),
            None => facts.evaluate(expression, scope, Some(&subjects), values).map(Some),
        },
    };
    let (due, paid) = (amount(&condition.due)?, amount(&condition.paid)?);
    let mut ceilings = Vec::with_capacity(condition.at_most.len());
    for ceiling in &condition.at_most {
        let when = ceiling.when.as_ref();
        let when = when.map(|when| facts.evaluate(when, scope, Some(&subjects), values)).transpose()?;
        ceilings.push((ceiling.tier, when));
    }
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
        (Some(true), None) if fires_by_least(at) => Outcome::Fires,
        (Some(true), Some(false)) => Outcome::Passes,
        // Where the population itself cannot be told, that matters only if the test would not let the subject pass.
        (Some(true), None) | (None, Some(true) | None) => Outcome::Unknown,
        _ => Outcome::NotApplicable,
    });
    let outcomes = outcomes.collect();
    Ok(Evaluated { rule, condition, subjects, outcomes, exempt_reasons, exempt_until: BTreeMap::new(), due, paid, ceilings })
}

/// Subjects whose population cannot be told only because they stand in none of the registries that could say.
struct Nowhere<'f> {
    /// Parts of the population that are null for somebody.
    parts: Vec<(ArrayRef, Expression)>,
    facts: &'f Facts,
    scope: Scope,
}

impl<'f> Nowhere<'f> {
    fn new(
        facts: &'f Facts,
        condition: &Condition,
        scope: Scope,
        possible: Option<&UInt32Array>,
        population: &ArrayRef,
        values: &BTreeMap<String, ParameterValue>,
    ) -> Result<Self, AssessError> {
        let mut parts = Vec::new();
        if population.null_count() > 0 {
            for part in condition.population.conjuncts() {
                let column = facts.evaluate(&part, scope, possible, values)?;
                if column.null_count() > 0 {
                    parts.push((column, part));
                }
            }
        }
        Ok(Self { parts, facts, scope })
    }

    /// Whether some part is null for the subject, and nothing that this part rests on could be filled in: where it would stand, the
    /// subject has no row.
    fn holds(&self, at: usize, subject: u32) -> bool {
        let why =
            |part: &Expression| Empty::of(part.columns.iter().map(|name| self.facts.empty(name, self.scope, subject as usize)));
        self.parts.iter().any(|(column, part)| column.is_null(at) && why(part) == Empty::NoRow)
    }
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
    let mut sets: Vec<_> = parts.iter().filter_map(|part| Some((part, facts.non_default(part, scope)?))).collect();
    sets.sort_by_key(|(_, (non_default, _))| non_default.len());
    for (part, (non_default, other)) in sets {
        let of_others = facts.evaluate(part, scope, Some(&UInt32Array::from(vec![other])), values)?;
        if yes_no(&of_others, 0) == Some(false) {
            return Ok(Some(non_default.to_vec().into()));
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
    input: &'n AssessInput<'_>,
    facts: &Facts,
    rule: &Rule,
    parameters: impl Iterator<Item = &'n String>,
    mentions: &'n [String],
    values: &BTreeMap<String, ParameterValue>,
) -> Result<(), RuleNote> {
    let parameters = parameters.chain(dated(input, mentions));
    in_force(input, rule, parameters, values).map_err(|reason| held(rule, format!("本期不适用：{reason}")))?;
    match missing(input, facts, mentions).or_else(|| unnamed(input, mentions, values)) {
        Some(reason) => Err(held(rule, format!("未评估：{reason}"))),
        None => Ok(()),
    }
}

/// The dated parameters in what the facts of a rule are worked out by.
fn dated<'i>(input: &'i AssessInput<'_>, mentions: &'i [String]) -> impl Iterator<Item = &'i String> {
    let expressions = mentions.iter().filter_map(|name| match &input.policy.fact(name)?.origin {
        Origin::Derived(expression) => Some(expression),
        Origin::Sources { .. } | Origin::Members { .. } => None,
    });
    let is_dated = |name: &&String| {
        let parameter = input.policy.parameters.get(*name);
        parameter.is_some_and(|parameter| !matches!(parameter.source, ParameterSource::Words(_)))
    };
    expressions.flat_map(|expression| &expression.parameters).filter(is_dated)
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

/// A table or date that chooses the rows of a fact of the rule and has no value: no row would be chosen, which says nothing.
fn unnamed(input: &AssessInput<'_>, mentions: &[String], values: &BTreeMap<String, ParameterValue>) -> Option<String> {
    let facts = mentions.iter().filter_map(|name| input.policy.fact(name)).filter(|fact| !fact.optional);
    let sources = facts.flat_map(|fact| match &fact.origin {
        Origin::Sources { sources, .. } => sources.as_slice(),
        Origin::Members { .. } | Origin::Derived(_) => &[],
    });
    let mut named = sources.filter_map(|source| source.filter.as_ref()).flat_map(|filter| &filter.parameters);
    let name = named.find(|name| !values.contains_key(*name))?;
    let title = input.policy.parameters.get(name).map_or(name.as_str(), |parameter| parameter.title.as_str());
    Some(format!("“{title}”还没有给出（{name}）"))
}

/// What is lacking where a part of the rule's population says nothing of anybody because an optional fact could not be read at all.
fn unanswerable(
    input: &AssessInput<'_>,
    facts: &Facts,
    rule: &Rule,
    condition: &Condition,
    values: &BTreeMap<String, ParameterValue>,
) -> Result<Option<String>, AssessError> {
    for part in condition.population.conjuncts() {
        let mut reasons = BTreeSet::new();
        lacking(input, facts, &part.columns, &mut reasons);
        if reasons.is_empty() {
            continue;
        }
        let said = facts.evaluate(&part, rule.card.scope, None, values)?;
        if !said.is_empty() && said.null_count() == said.len() {
            return Ok(Some(reasons.into_iter().collect::<Vec<_>>().join("；")));
        }
    }
    Ok(None)
}

/// Why facts, or those they rest on, could not be read at all.
fn lacking<'f>(input: &AssessInput<'_>, facts: &'f Facts, names: &[String], reasons: &mut BTreeSet<&'f str>) {
    for name in names {
        reasons.extend(facts.columns.get(name).and_then(|column| column.missing.as_deref()));
        match input.policy.fact(name).map(|fact| &fact.origin) {
            Some(Origin::Members { fact, .. }) => lacking(input, facts, std::slice::from_ref(fact), reasons),
            Some(Origin::Derived(expression)) => lacking(input, facts, &expression.columns, reasons),
            Some(Origin::Sources { .. }) | None => {}
        }
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
