//! The promises of the document, each with the rules that check it or the reason why nothing can.

use std::collections::{BTreeMap, BTreeSet};

use super::Resolver;
use crate::config::parse::parse;
use crate::config::policy::written::{WrittenClause, WrittenClauses};
use crate::config::policy::{Body, Counted, Origin, Rule};
use crate::model::registry::RegistryId;
use crate::model::rule::{Class, Clause};

impl Resolver<'_> {
    /// `clauses.toml` in its order; none where the folder has no such file.
    pub(super) fn clauses(&mut self, rules: &[Rule]) -> Vec<Clause> {
        let Some(file) = self.file("clauses.toml") else { return Vec::new() };
        let Some(written) = parse::<WrittenClauses>(file, &mut self.problems) else { return Vec::new() };
        let by_id: BTreeMap<&str, &Rule> = rules.iter().map(|rule| (rule.card.id.as_str(), rule)).collect();
        let mut clauses = Vec::new();
        for clause in &written.clause {
            let WrittenClause { id, class, lead, promise, rules: named, why } = clause;
            for rule in named {
                if by_id.contains_key(rule.get_ref().as_str()) {
                    continue;
                }
                let message = format!("没有规则 {}", rule.get_ref());
                self.unknown(file, rule, message, by_id.keys().copied(), "rules 写规则的 id");
            }
            if named.is_empty() != (*class == Class::Unchecked) && !self.is_suspect(id.get_ref()) {
                self.problem(file, id.span(), format!("{} 的类别与 rules 不合", id.get_ref()), "A、B 要有规则，C 不能有规则");
            }
            if *class == Class::Unchecked && why.is_empty() {
                self.problem(file, id.span(), format!("{} 没有写为什么不能核", id.get_ref()), "补上 why");
            }
            let found: BTreeSet<&RegistryId> = named
                .iter()
                .filter_map(|rule| by_id.get(rule.get_ref().as_str()))
                .flat_map(|rule| self.registries(rule))
                .collect();
            clauses.push(Clause {
                id: id.get_ref().clone(),
                class: *class,
                lead: lead.clone(),
                promise: promise.clone(),
                rules: named.iter().map(|rule| rule.get_ref().clone()).collect(),
                registries: found.into_iter().cloned().collect(),
                why: why.clone(),
            });
        }
        clauses
    }

    /// Registries that a rule's facts are read from.
    fn registries(&self, rule: &Rule) -> Vec<&RegistryId> {
        let (mentions, rows) = match &rule.body {
            Body::Condition(condition) => (&condition.mentions[..], None),
            Body::Tally(tally) => match &tally.count {
                Counted::Rows(rows) => (&tally.mentions[..], self.dictionary.registry(rows.source.registry.as_str())),
                Counted::Fact(_) | Counted::Standard { .. } => (&tally.mentions[..], None),
            },
            Body::BuiltIn(_) => (&[][..], None),
        };
        let facts = mentions.iter().filter_map(|name| self.facts.get(name));
        let sources = facts.flat_map(|fact| if let Origin::Sources { sources, .. } = &fact.origin { &sources[..] } else { &[] });
        sources.map(|source| &source.registry).chain(rows.map(|registry| &registry.id)).collect()
    }
}
