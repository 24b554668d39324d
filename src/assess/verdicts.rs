//! What every rule says of some persons and households, and why: for dossiers and explanations.
//!
//! Takes the fact tables of a run (the rules' own view) and rows of them; gives a [`Verdict`] per subject and rule, from the same
//! expressions as the run's findings, each with its reason in words: which condition keeps a subject out, which exemption holds, which
//! column is empty. Nothing of this is computed for a run that does not ask. Cost: linear in subjects, one column pass per expression.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array};
use arrow::compute::take;
use rayon::prelude::*;

use super::AssessError;
use super::columns::FactValue;
use super::compose::yuan;
use super::evaluate::{Outcome, outcomes, yes_no};
use super::facts::Facts;
use super::tables::{HOUSEHOLD_KEY, LEAST, PERSON_KEY};
use crate::config::policy::expression::Expression;
use crate::config::policy::{Body, Condition, Fact, Origin, ParameterValue, Policy, Reach, Rule, Source};
use crate::config::registry::Dictionary;
use crate::model::date::{Day, Month};
use crate::model::finding::Scope;
use crate::model::personal::Personal;
use crate::model::picture::{Judged, Verdict};
use crate::model::registry::RegistryId;

/// What verdicts are taken from.
#[derive(Clone, Copy)]
pub struct VerdictInput<'a> {
    /// The rules.
    pub policy: &'a Policy,
    /// Titles of registries and fields.
    pub dictionary: &'a Dictionary,
    /// The month assessed.
    pub period: Month,
    /// The day ages were counted at.
    pub as_of: Day,
    /// `facts_person.parquet`.
    pub facts_person: &'a RecordBatch,
    /// `facts_household.parquet`.
    pub facts_household: &'a RecordBatch,
    /// Person id → registries in which the person stands.
    pub registries: &'a HashMap<String, BTreeSet<RegistryId>>,
    /// Rule → why it was not evaluated, for rules that were held back as a whole.
    pub not_evaluated: &'a BTreeMap<String, String>,
}

impl fmt::Debug for VerdictInput<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [persons, households] = [self.facts_person, self.facts_household].map(RecordBatch::num_rows);
        write!(f, "VerdictInput({} {persons} {households})", self.period)
    }
}

/// Verdicts by subject, rules in the policy's order.
#[derive(Debug, Default)]
pub struct Verdicts {
    /// By person id.
    pub persons: HashMap<String, Vec<Judged>>,
    /// By household code.
    pub households: HashMap<Personal, Vec<Judged>>,
}

/// The verdicts on persons and households that are wanted; who is in neither fact table has none.
pub fn verdicts(
    input: &VerdictInput<'_>,
    persons: &BTreeSet<&str>,
    households: &BTreeSet<&str>,
) -> Result<Verdicts, AssessError> {
    let text = |batch: &RecordBatch, name: &str, at: usize| -> Option<String> {
        let column = batch.column_by_name(name)?.as_string_opt::<i32>()?;
        column.is_valid(at).then(|| column.value(at).to_owned())
    };
    let all = 0..input.facts_person.num_rows();
    let of_person: Vec<(u32, String, Option<String>)> = all
        .filter_map(|at| {
            let (id, code) = (text(input.facts_person, PERSON_KEY, at)?, text(input.facts_person, HOUSEHOLD_KEY, at));
            // A household's members come along: whose cell is empty may matter to it.
            let wanted = persons.contains(id.as_str()) || code.as_deref().is_some_and(|code| households.contains(code));
            wanted.then(|| (u32::try_from(at).unwrap_or(u32::MAX), id, code))
        })
        .collect();
    let needed: BTreeSet<&str> =
        of_person.iter().filter_map(|(.., code)| code.as_deref()).chain(households.iter().copied()).collect();
    let of_household: Vec<(u32, String)> = (0..input.facts_household.num_rows())
        .filter_map(|at| Some((u32::try_from(at).unwrap_or(u32::MAX), text(input.facts_household, HOUSEHOLD_KEY, at)?)))
        .filter(|(_, code)| needed.contains(code.as_str()))
        .collect();
    let positions: HashMap<&str, u32> = of_household.iter().map(|(_, code)| code.as_str()).zip(0..).collect();
    let household_of: UInt32Array =
        of_person.iter().map(|(.., code)| code.as_deref().and_then(|code| positions.get(code).copied())).collect();

    let mut columns = BTreeMap::new();
    let (person_rows, household_rows): (UInt32Array, UInt32Array) =
        (of_person.iter().map(|(at, ..)| Some(*at)).collect(), of_household.iter().map(|(at, _)| Some(*at)).collect());
    for fact in &input.policy.facts {
        let (table, rows) = if fact.scope == Scope::Household {
            (input.facts_household, &household_rows)
        } else {
            (input.facts_person, &person_rows)
        };
        if let Some(column) = table.column_by_name(&fact.name) {
            let least = table.column_by_name(&format!("{}{LEAST}", fact.name));
            let least = least.map(|least| take(least.as_ref(), rows, None)).transpose()?;
            columns.insert(fact.name.clone(), (fact.scope, take(column.as_ref(), rows, None)?, least));
        }
    }
    let facts = Facts::from_columns(columns, of_household.len(), household_of.clone());
    let mut members = vec![Vec::new(); of_household.len()];
    for (subject, household) in household_of.iter().enumerate() {
        if let Some(members) = household.and_then(|household| members.get_mut(household as usize)) {
            members.push(subject);
        }
    }
    let values = input.policy.values_at(input.period, input.as_of);
    let by_name = input.policy.facts.iter().map(|fact| (fact.name.as_str(), fact)).collect();
    let judge = Judge {
        persons: of_person.iter().map(|(_, id, _)| id.clone()).collect(),
        input,
        facts,
        values,
        by_name,
        household_of,
        members,
    };
    let judged = input.policy.rules.par_iter().map(|rule| {
        let Body::Condition(condition) = &rule.body else { return Ok(Vec::new()) };
        judge.rule(rule, condition, if rule.card.scope == Scope::Household { of_household.len() } else { of_person.len() })
    });
    let judged = judged.collect::<Result<Vec<_>, AssessError>>()?;
    let mut found = Verdicts::default();
    for (rule, judged) in input.policy.rules.iter().zip(judged) {
        if rule.card.scope == Scope::Household {
            for ((_, code), verdict) in
                of_household.iter().zip(judged).filter(|((_, code), _)| households.contains(code.as_str()))
            {
                found.households.entry(code.as_str().into()).or_default().push(verdict);
            }
        } else {
            for ((_, id, _), verdict) in of_person.iter().zip(judged).filter(|((_, id, _), _)| persons.contains(id.as_str())) {
                found.persons.entry(id.clone()).or_default().push(verdict);
            }
        }
    }
    Ok(found)
}

/// Evaluates and explains.
struct Judge<'i, 'a> {
    input: &'i VerdictInput<'a>,
    facts: Facts,
    values: BTreeMap<String, ParameterValue>,
    by_name: HashMap<&'a str, &'a Fact>,
    household_of: UInt32Array,
    members: Vec<Vec<usize>>,
    persons: Vec<String>,
}

impl Judge<'_, '_> {
    fn rule(&self, rule: &Rule, condition: &Condition, subjects: usize) -> Result<Vec<Judged>, AssessError> {
        let card = Arc::new(rule.card.clone());
        if let Some(note) = self.input.not_evaluated.get(&rule.card.id) {
            return Ok(vec![
                Judged { rule: card, verdict: Verdict::NotEvaluated, why: note.as_str().into(), absent: false };
                subjects
            ]);
        }
        let scope = rule.card.scope;
        let evaluated = outcomes(&self.facts, rule, condition, &self.values)?;
        let parts = self.columns(&condition.population.conjuncts(), scope)?;
        let excuses = condition
            .exemptions
            .iter()
            .map(|exemption| Ok((&exemption.reason, self.facts.evaluate(&exemption.when, scope, None, &self.values)?)))
            .collect::<Result<Vec<_>, AssessError>>()?;
        let late = match condition.by.as_ref().and_then(|name| self.values.get(name)) {
            Some(ParameterValue::Date(by)) if self.input.as_of < *by => Some(*by),
            _ => None,
        };
        let verdicts = (0..subjects).map(|at| {
            let mut absent = false;
            let (verdict, why) = match evaluated.outcome(at) {
                Outcome::NotApplicable => (Verdict::NotApplicable, self.kept_out(&parts, scope, at)),
                Outcome::Exempt => {
                    let reason = excuses.iter().find(|(_, when)| yes_no(when, at) == Some(true));
                    (Verdict::Exempt, reason.map_or_else(String::new, |(reason, _)| (*reason).clone()))
                }
                // As in the run: nothing could be filled in where the subject has no row.
                Outcome::Unknown if self.nowhere(&parts, scope, at) => (Verdict::NotApplicable, self.kept_out(&parts, scope, at)),
                Outcome::Unknown => {
                    let (empty, nowhere) = self.empty(condition, scope, at);
                    absent = empty.is_empty() && !nowhere.is_empty();
                    let why = if empty.is_empty() && nowhere.is_empty() {
                        // All cells are filled, and what they say can be read in two ways.
                        let part = parts.iter().find(|(_, column)| yes_no(column, at).is_none()).map(|(part, _)| part);
                        format!("所填内容看不准（{}）", self.describe(part.unwrap_or(&condition.test), scope, at))
                    } else {
                        empty.into_iter().chain(nowhere).collect::<Vec<_>>().join("；")
                    };
                    (Verdict::Unknown, why)
                }
                Outcome::Passes => (Verdict::Passes, self.describe(&condition.test, scope, at)),
                Outcome::Fires => match late {
                    Some(by) => (Verdict::NotYet, format!("期限 {by}")),
                    None => (Verdict::Fires, self.describe(&condition.test, scope, at)),
                },
            };
            Judged { rule: Arc::clone(&card), verdict, why: why.into(), absent }
        });
        Ok(verdicts.collect())
    }

    fn columns(&self, parts: &[Expression], scope: Scope) -> Result<Vec<(Expression, ArrayRef)>, AssessError> {
        let evaluate = |part: &Expression| Ok((part.clone(), self.facts.evaluate(part, scope, None, &self.values)?));
        parts.iter().map(evaluate).collect()
    }

    /// The first part of the population that does not hold; else the first that cannot be told.
    fn kept_out(&self, parts: &[(Expression, ArrayRef)], scope: Scope, at: usize) -> String {
        let of = |wanted: Option<bool>| parts.iter().find(|(_, column)| yes_no(column, at) == wanted);
        let Some((part, _)) = of(Some(false)).or_else(|| of(None)) else { return String::new() };
        let values = self.describe(part, scope, at);
        if part.is_plain_fact() {
            return values;
        }
        let words = part.in_words(&|name| self.title(name).to_owned(), &|name| self.parameter(name));
        format!("不符合“{words}”（{values}）")
    }

    /// `在低保为否，年龄为45`.
    fn describe(&self, expression: &Expression, scope: Scope, at: usize) -> String {
        let values = expression.columns.iter().map(|name| match self.value(name, scope, at) {
            None => format!("{}未填", self.title(name)),
            Some(value) => format!("{}为{value}", self.title(name)),
        });
        values.collect::<Vec<_>>().join("，")
    }

    fn title<'n>(&'n self, name: &'n str) -> &'n str {
        self.by_name.get(name).map_or(name, |fact| fact.title.as_str())
    }

    /// A fact in words; `None` where it is empty.
    fn value(&self, name: &str, scope: Scope, at: usize) -> Option<String> {
        let (fact, column) = (self.by_name.get(name)?, self.facts.columns.get(name)?);
        Some(match column.value(self.place(fact, scope, at)?)? {
            FactValue::Bool(value) => if value { "是" } else { "否" }.to_owned(),
            FactValue::Int(number) if fact.money => format!("{}元", yuan(number)),
            FactValue::Int(number) => number.to_string(),
            FactValue::Text(text) => text.to_owned(),
            FactValue::Date(day) => day.to_string(),
        })
    }

    /// Where a subject's value of a fact stands: a person's rule also sees the household's.
    fn place(&self, fact: &Fact, scope: Scope, at: usize) -> Option<usize> {
        match (scope, fact.scope) {
            (Scope::Person, Scope::Household) => self.household_of.is_valid(at).then(|| self.household_of.value(at) as usize),
            (Scope::Household, Scope::Person) => None,
            _ => Some(at),
        }
    }

    fn parameter(&self, name: &str) -> String {
        let unit = self.input.policy.parameters.get(name).map_or("", |parameter| parameter.unit.as_str());
        match self.values.get(name) {
            Some(ParameterValue::Int(fen)) if unit.starts_with("fen") => format!("{}元", yuan(*fen)),
            Some(ParameterValue::Int(number)) => number.to_string(),
            Some(ParameterValue::Text(text)) => text.clone(),
            Some(ParameterValue::Date(day)) => day.to_string(),
            Some(ParameterValue::List(list)) => list.words.join("、"),
            None => String::new(),
        }
    }

    /// Whether some part of the population cannot be told, and no cell that it comes from is empty.
    fn nowhere(&self, parts: &[(Expression, ArrayRef)], scope: Scope, at: usize) -> bool {
        let mut null = parts.iter().filter(|(_, column)| yes_no(column, at).is_none());
        null.any(|(part, _)| {
            let mut empty = (BTreeSet::new(), BTreeSet::new());
            for name in &part.columns {
                self.empty_below(name, scope, at, &mut empty);
            }
            empty.0.is_empty() && !empty.1.is_empty()
        })
    }

    /// Which columns are empty, down to those that registries give; and which registries the subject does not stand in.
    fn empty(&self, condition: &Condition, scope: Scope, at: usize) -> (BTreeSet<String>, BTreeSet<String>) {
        let mut empty = (BTreeSet::new(), BTreeSet::new());
        for name in condition.population.columns.iter().chain(&condition.test.columns) {
            self.empty_below(name, scope, at, &mut empty);
        }
        empty
    }

    fn empty_below(&self, name: &str, scope: Scope, at: usize, empty: &mut (BTreeSet<String>, BTreeSet<String>)) {
        let (Some(fact), Some(column)) = (self.by_name.get(name), self.facts.columns.get(name)) else { return };
        let Some(place) = self.place(fact, scope, at) else {
            if fact.scope == Scope::Household {
                empty.1.insert("不在贫困户里".to_owned());
            }
            return;
        };
        if column.value(place).is_some() {
            return;
        }
        match &fact.origin {
            Origin::Sources { sources, .. } => {
                let title =
                    |id: &RegistryId| self.input.dictionary.registry(id.as_str()).map_or("", |known| known.title.as_str());
                let titles: BTreeSet<&str> = sources.iter().map(|source| title(&source.registry)).collect();
                let titles = titles.into_iter().collect::<Vec<_>>().join("、");
                let stands = |source: &Source| {
                    let person = self.persons.get(place).filter(|_| fact.scope == Scope::Person && source.reach == Reach::Own);
                    // For a household, and where rows of others count, only the empty cell can be told.
                    person.is_none_or(|person| {
                        self.input.registries.get(person).is_some_and(|known| known.contains(&source.registry))
                    })
                };
                if sources.iter().any(stands) {
                    empty.0.insert(format!("“{}”未填（{titles}）", fact.title));
                } else {
                    empty.1.insert(format!("不在{titles}里"));
                }
            }
            Origin::Derived(expression) => {
                for column in &expression.columns {
                    self.empty_below(column, fact.scope, place, empty);
                }
            }
            Origin::Members { fact: member, among, .. } => {
                let counts = |subject: &&usize| {
                    among
                        .as_ref()
                        .is_none_or(|among| self.facts.columns.get(among).is_some_and(|column| column.is_true(**subject)))
                };
                for subject in self.members.get(place).into_iter().flatten().filter(counts) {
                    self.empty_below(member, Scope::Person, *subject, empty);
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "verdicts_tests.rs"]
mod tests;
