//! What a rule's outcome follows from but the data, as a digest: the ledger knows by it that a finding went because the rule was changed.
//!
//! Takes a resolved rule and the parameters; gives the digest of its own text, of every fact that it rests on, of the parameters that these
//! mention (all dates of them) and of the readings chosen. Titles, sentences and clauses do not count. Cost: linear in the text.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::Resolver;
use crate::config::policy::expression::Expression;
use crate::config::policy::{Body, Counted, Origin, Parameter, ParameterSource, Rule};
use crate::model::ids::hexadecimal;

impl Resolver<'_> {
    pub(super) fn definition(&self, rule: &Rule, parameters: &std::collections::BTreeMap<String, Parameter>) -> String {
        let mut text = format!("{:?} {:?} {:?} {:?}", rule.card.scope, rule.from, rule.until, rule.under);
        let mut named: BTreeSet<&str> = rule.under.iter().map(|(reading, _)| reading.as_str()).collect();
        let mut add = |expression: &Expression| text.push_str(&format!("|{}", one_line(&expression.text)));
        let mentions: Vec<&String> = match &rule.body {
            Body::Condition(condition) => {
                for expression in condition.expressions() {
                    add(expression);
                    named.extend(expression.parameters.iter().map(String::as_str));
                }
                named.extend(condition.by.iter().map(String::as_str));
                condition.mentions.iter().chain(&condition.searched).collect()
            }
            Body::Tally(tally) => {
                text.push_str(&format!("|{tally:?}"));
                if let Counted::Standard { now, before } = &tally.count {
                    named.extend([now.as_str(), before.as_str()]);
                }
                tally.mentions.iter().collect()
            }
            Body::BuiltIn(built_in) => {
                text.push_str(&format!("|{built_in:?}"));
                Vec::new()
            }
        };
        for fact in mentions.into_iter().filter_map(|name| self.facts.get(name)) {
            match &fact.origin {
                Origin::Sources { sources, combine } => {
                    text.push_str(&format!("|{}={combine:?}", fact.name));
                    for source in sources {
                        let filter = source.filter.as_ref();
                        let told = filter.map_or_else(String::new, |filter| one_line(&filter.text));
                        let way = (&source.registry, &source.field, source.take, &source.reach, &source.stranger);
                        text.push_str(&format!("|{way:?}{told}"));
                        named.extend(filter.into_iter().flat_map(|filter| &filter.parameters).map(String::as_str));
                    }
                }
                Origin::Members { fact: member, take, among } => {
                    text.push_str(&format!("|{}={member}{take:?}{among:?}", fact.name));
                }
                Origin::Derived(expression) => {
                    text.push_str(&format!("|{}={}", fact.name, one_line(&expression.text)));
                    named.extend(expression.parameters.iter().map(String::as_str));
                }
            }
        }
        // What a parameter is derived from counts as well.
        let mut waiting: Vec<&str> = named.into_iter().collect();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        while let Some(name) = waiting.pop() {
            let Some(parameter) = parameters.get(name).filter(|_| seen.insert(name)) else { continue };
            if let ParameterSource::Derived { of, share, .. } = &parameter.source {
                waiting.extend(std::iter::once(of.as_str()).chain(share.as_deref()));
            }
        }
        for name in seen {
            text.push_str(&format!("|${name}={:?}", parameters.get(name).map(|parameter| &parameter.source)));
        }
        hexadecimal(&Sha256::digest(text.as_bytes())[..8])
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
