//! Readings: passages that can be read in several ways, the choice of the folder or of the pipeline, and who depends on it.

use std::collections::{BTreeMap, BTreeSet};

use super::Resolver;
use crate::config::document::{Document, Spanned};
use crate::config::policy::written::WrittenPolicy;
use crate::config::policy::{Body, ChosenReadings, Origin, Parameter, ParameterSource, ParameterValue, Rule, ValueType};
use crate::model::date::Month;
use crate::model::rule::Reading;

impl Resolver<'_> {
    /// Readings in the order written; each is also a parameter that holds the choice, so that expressions may ask for it.
    pub(super) fn readings(
        &mut self,
        policy: &WrittenPolicy,
        file: &Document,
        pipeline: Option<ChosenReadings<'_>>,
        into: &mut BTreeMap<String, Parameter>,
    ) -> Vec<Reading> {
        let mut found: Vec<(usize, Reading)> = Vec::new();
        for (name, written) in &policy.readings {
            let id = name.get_ref().clone();
            if into.contains_key(&id) || self.parameter_types.contains_key(&id) {
                self.problem(file, name.span(), format!("{id} 已经是参数的名字"), "口径换一个名字，如以 _reading 结尾");
                continue;
            }
            self.check_choice(file, &id, &written.value, &written.alternatives);
            let reading = Reading {
                id: id.clone(),
                title: written.title.clone(),
                clause: written.clause.clone(),
                chosen: written.value.get_ref().clone(),
                alternatives: written.alternatives.clone(),
                by_folder: written.value.get_ref().clone(),
                rules: Vec::new(),
            };
            found.push((name.span().start, reading));
        }
        found.sort_by_key(|(start, _)| *start);
        let mut readings: Vec<Reading> = found.into_iter().map(|(_, reading)| reading).collect();
        if let Some(pipeline) = pipeline {
            self.choose(pipeline, &mut readings);
        }
        for reading in &readings {
            self.parameter_types.insert(reading.id.clone(), ValueType::Text);
            // A condition that compares a reading with a choice there is not would silently never hold.
            let choices: BTreeSet<String> = reading.alternatives.keys().cloned().collect();
            for codes in [&mut self.fact_codes, &mut self.record_codes] {
                codes.insert(format!("${}", reading.id), choices.clone());
            }
            let values = vec![(Month(0), ParameterValue::Text(reading.chosen.clone()))];
            let parameter = Parameter {
                title: reading.title.clone(),
                unit: "reading".to_owned(),
                clause: reading.clause.clone(),
                source: ParameterSource::Dated(values),
                until: None,
            };
            into.insert(reading.id.clone(), parameter);
        }
        readings
    }

    fn choose(&mut self, pipeline: ChosenReadings<'_>, readings: &mut [Reading]) {
        let known: Vec<String> = readings.iter().map(|reading| reading.id.clone()).collect();
        for (name, value) in pipeline.readings {
            let Some(reading) = readings.iter_mut().find(|reading| reading.id == *name.get_ref()) else {
                let known = known.iter().map(String::as_str);
                self.problems.add_unknown(pipeline.document, name.span(), "口径", name.get_ref(), known);
                continue;
            };
            self.check_choice(pipeline.document, &reading.id, value, &reading.alternatives);
            reading.chosen.clone_from(value.get_ref());
        }
    }

    fn check_choice(&mut self, file: &Document, id: &str, value: &Spanned<String>, alternatives: &BTreeMap<String, String>) {
        if !self.is_suspect(value.get_ref()) && !alternatives.contains_key(value.get_ref()) {
            let known = alternatives.keys().map(String::as_str).collect::<Vec<_>>().join("、");
            self.problem(file, value.span(), format!("{id} 没有读法“{}”", value.get_ref()), format!("读法有：{known}"));
        }
    }

    /// Readings named with choices of theirs.
    pub(super) fn choices(
        &mut self,
        named: &BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
        file: &Document,
    ) -> Vec<(String, Vec<String>)> {
        let mut found = Vec::new();
        for (name, choices) in named {
            let Some(known) = self.fact_codes.get(&format!("${}", name.get_ref())).cloned() else {
                let known: Vec<String> =
                    self.fact_codes.keys().filter_map(|name| name.strip_prefix('$')).map(str::to_owned).collect();
                let message = format!("没有口径 {}", name.get_ref());
                self.unknown(file, name, message, known.iter().map(String::as_str), "见 policy.toml 的 [readings]");
                continue;
            };
            for choice in choices.iter().filter(|choice| !known.contains(choice.get_ref())) {
                let hint = format!("读法有：{}", known.iter().map(String::as_str).collect::<Vec<_>>().join("、"));
                self.problem(file, choice.span(), format!("{} 没有读法“{}”", name.get_ref(), choice.get_ref()), hint);
            }
            found.push((name.get_ref().clone(), choices.iter().map(|choice| choice.get_ref().clone()).collect()));
        }
        found
    }

    /// Notes with each reading the rules that depend on it, directly or through a fact.
    pub(super) fn users(&self, readings: &mut [Reading], rules: &[Rule]) {
        for rule in rules {
            let mut used: BTreeSet<&str> = rule.under.iter().map(|(name, _)| name.as_str()).collect();
            let mentions = match &rule.body {
                Body::Condition(condition) => {
                    let ceilings = condition.at_most.iter().filter_map(|ceiling| ceiling.when.as_ref());
                    let own = condition.expressions().chain(ceilings).flat_map(|expression| &expression.parameters);
                    used.extend(own.map(String::as_str));
                    &condition.mentions[..]
                }
                Body::Tally(tally) => &tally.mentions[..],
                Body::BuiltIn(_) => &[],
            };
            used.extend(mentions.iter().flat_map(|name| self.parameters_of(name)));
            for reading in readings.iter_mut().filter(|reading| used.contains(reading.id.as_str())) {
                reading.rules.push(rule.card.id.clone());
            }
        }
        for reading in readings {
            reading.rules.sort();
        }
    }

    fn parameters_of(&self, fact: &str) -> Vec<&str> {
        let expressions = match self.facts.get(fact).map(|fact| &fact.origin) {
            Some(Origin::Derived(expression)) => vec![expression.as_ref()],
            Some(Origin::Sources { sources, .. }) => sources.iter().filter_map(|source| source.filter.as_ref()).collect(),
            Some(Origin::Members { .. }) | None => Vec::new(),
        };
        expressions.into_iter().flat_map(|expression| &expression.parameters).map(String::as_str).collect()
    }
}
