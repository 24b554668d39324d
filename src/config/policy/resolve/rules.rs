//! Rules with their clauses and conditions, and the sentence cases.

use std::collections::{BTreeMap, BTreeSet};

use super::Resolver;
use crate::config::document::{Document, Spanned};
use crate::config::error::closest;
use crate::config::parse::inner_span;
use crate::config::policy::written::{WrittenCase, WrittenRule, WrittenSource, WrittenTally};
use crate::config::policy::{
    Body, Case, CaseValue, Ceiling, Condition, Counted, CountedRows, Exemption, Goal, Origin, RateTarget, Rule, Source, Take,
    Tally, ValueType,
};
use crate::model::date::Month;
use crate::model::finding::Scope;
use crate::model::registry::RegistryId;
use crate::model::rule::RuleCard;

impl Resolver<'_> {
    pub(super) fn rule(&mut self, written: &WrittenRule, file: &Document, document: Option<&str>) -> Option<Rule> {
        let id = written.id.get_ref();
        match (&written.clause, &written.quotation, &written.basis) {
            (Some(_), Some(quotation), None) => {
                let words: String = quotation.get_ref().split_whitespace().collect();
                if document.is_some_and(|document| !document.contains(&words)) {
                    self.problem(file, quotation.span(), "原文里没有这句话", "quotation 要逐字照抄文件");
                }
            }
            (None, None, Some(basis)) if basis.get_ref().trim().is_empty() => {
                self.problem(file, basis.span(), "basis 是空的", "写国家文件的名称文号，或“数据质量”");
            }
            (None, None, Some(_)) => {}
            _ => {
                let message = format!("规则 {id} 要么写 clause 和 quotation，要么只写 basis");
                let hint = "本县文件这样写的，写条款和原文；文件没有写的，basis 写国家文件，或“数据质量”";
                self.problem(file, written.id.span(), message, hint);
            }
        }
        let amounts = written.due.is_some() || written.paid.is_some();
        if amounts != written.time_base.is_some() {
            let message = format!("规则 {id} 有金额（due、paid）才写 time_base，有金额就要写");
            let span = written.time_base.as_ref().map_or_else(|| written.id.span(), Spanned::span);
            self.problem(file, span, message, "month 每月、semester 按学期、year 每年、once 一次性；不同的不相加");
        }
        let month = |this: &mut Self, text: &Option<Spanned<String>>| {
            text.as_ref().and_then(|text| match text.get_ref().parse::<Month>() {
                Ok(month) => Some(month),
                Err(message) => {
                    this.problem(file, text.span(), message, "");
                    None
                }
            })
        };
        let (from, until) = (month(self, &written.from), month(self, &written.until));
        let under = self.choices(&written.under, file);
        let scope = *written.scope.get_ref();
        let body = match (written.built_in, &written.tally, &written.population, &written.test) {
            (Some(built_in), None, None, None) => Body::BuiltIn(built_in),
            (None, Some(tally), None, None) => Body::Tally(Box::new(self.tally(written, tally, file)?)),
            (None, None, Some(population), Some(test)) => {
                let condition = self.condition(written, population, test, file);
                self.out_of_scope(file, written.scope.span());
                Body::Condition(Box::new(condition?))
            }
            _ if self.is_suspect(id) => return None,
            _ => {
                let message = format!("规则 {id} 要么写 built_in，要么写 tally，要么写 population 和 test");
                let hint = "核人、户写 population（核谁）和 test（什么情形列出）；核一个地方的数写 tally";
                self.problem(file, written.id.span(), message, hint);
                return None;
            }
        };
        if matches!(body, Body::Tally(_)) != (scope == Scope::Unit) {
            self.problem(
                file,
                written.scope.span(),
                format!("规则 {id} 的 scope 和写法不合"),
                "写 tally 的规则 scope 是 unit，别的不是",
            );
        }
        let rule = Rule {
            card: RuleCard {
                id: id.clone(),
                title: written.title.clone(),
                clause: written.clause.as_ref().map_or_else(String::new, |clause| clause.get_ref().clone()),
                basis: written.basis.as_ref().map(|basis| basis.get_ref().clone()),
                kind: written.kind,
                scope,
                lead: written.lead.clone(),
                responsible: written.responsible.clone(),
                quotation: written.quotation.as_ref().map_or_else(String::new, |quotation| quotation.get_ref().clone()),
                time_base: written.time_base.as_ref().map(|base| *base.get_ref()),
                internal: written.internal,
                definition: String::new(),
            },
            sentence: written.sentence.get_ref().clone(),
            from,
            until,
            under,
            body,
        };
        self.check_sentence(&rule, &written.sentence, file);
        Some(rule)
    }

    fn condition(
        &mut self,
        written: &WrittenRule,
        population: &Spanned<String>,
        test: &Spanned<String>,
        file: &Document,
    ) -> Option<Condition> {
        let scope = *written.scope.get_ref();
        // All are parsed before any is given up, so that every mistake shows.
        let population = self.expression(population, file, scope, Some(ValueType::Bool));
        let test = self.expression(test, file, scope, Some(ValueType::Bool));
        let mut amounts = [&written.due, &written.paid]
            .map(|text| text.as_ref().map(|text| self.expression(text, file, scope, Some(ValueType::Int))))
            .into_iter();
        let (due, paid) = (amounts.next().flatten(), amounts.next().flatten());
        let mut whole = true;
        let mut exemptions = Vec::new();
        for exemption in &written.exempt {
            match self.expression(&exemption.when, file, scope, Some(ValueType::Bool)) {
                Some(when) => exemptions.push(Exemption { reason: exemption.reason.clone(), when }),
                None => whole = false,
            }
        }
        let mut at_most = Vec::new();
        for ceiling in &written.at_most {
            let when = ceiling.when.as_ref().map(|when| self.expression(when, file, scope, Some(ValueType::Bool)));
            whole &= !matches!(when, Some(None));
            at_most.push(Ceiling { tier: ceiling.tier, when: when.flatten() });
        }
        for searched in &written.searched {
            let presence = self.facts.get(searched.get_ref()).is_some_and(|fact| {
                fact.scope == Scope::Person
                    && matches!(&fact.origin, Origin::Sources { sources, .. } if sources.iter().all(|s| s.take == Take::Exists))
            });
            if !presence {
                let message = format!("searched 里的 {} 不是“在不在册”的事实", searched.get_ref());
                let facts: Vec<String> = self.facts.keys().filter(|name| *name != searched.get_ref()).cloned().collect();
                let facts = if self.facts.contains_key(searched.get_ref()) { &[] } else { &facts[..] };
                self.unknown(file, searched, message, facts.iter().map(String::as_str), "只写 take = \"exists\" 的人的事实");
            }
        }
        if let Some(plausible) = written.plausible.as_ref().filter(|share| !(1..10_000).contains(share.get_ref())) {
            self.problem(file, plausible.span(), "可信比例（plausible）不在 1 到 9999 之间".to_owned(), "万分比：1000 是 10%");
        }
        self.parameter(written.rate.as_ref().and_then(|rate| rate.target.as_ref()), ValueType::Int, file);
        let by = self.parameter(written.by.as_ref(), ValueType::Date, file);
        let (population, test) = (population.filter(|_| whole)?, test?);
        let (due, paid) = (due.map_or(Some(None), |d| d.map(Some))?, paid.map_or(Some(None), |p| p.map(Some))?);
        let mut mentions = BTreeSet::new();
        let parts = [Some(&population), Some(&test), due.as_ref(), paid.as_ref()];
        for expression in parts.into_iter().flatten().chain(exemptions.iter().map(|exemption| &exemption.when)) {
            for column in &expression.columns {
                self.close_over(column, &mut mentions);
            }
        }
        let mut aside = BTreeSet::new();
        for expression in at_most.iter().filter_map(|ceiling| ceiling.when.as_ref()) {
            for column in &expression.columns {
                self.close_over(column, &mut aside);
            }
        }
        let aside = aside.difference(&mentions).cloned().collect();
        let searched = written.searched.iter().map(|name| name.get_ref().clone()).collect();
        let rate =
            written.rate.as_ref().map(|rate| RateTarget { target: rate.target.as_ref().map(|target| target.get_ref().clone()) });
        let mentions = mentions.into_iter().collect();
        let plausible = written.plausible.as_ref().map(|share| *share.get_ref());
        Some(Condition { population, test, searched, plausible, due, paid, exemptions, at_most, aside, rate, by, mentions })
    }

    fn tally(&mut self, rule: &WrittenRule, written: &Spanned<WrittenTally>, file: &Document) -> Option<Tally> {
        let (span, written) = (written.span(), written.get_ref());
        let mut mentions = BTreeSet::new();
        for fact in [&written.count, &written.among].into_iter().flatten() {
            let known = self.facts.get(fact.get_ref());
            let counts = known.is_some_and(|fact| matches!(fact.value_type, ValueType::Bool | ValueType::Int));
            if counts {
                self.close_over(fact.get_ref(), &mut mentions);
            } else {
                let message = format!("{} 不是“是或否”的事实，也不是数", fact.get_ref());
                let facts: Vec<String> = self.facts.keys().filter(|name| *name != fact.get_ref()).cloned().collect();
                self.unknown(file, fact, message, facts.iter().map(String::as_str), "");
            }
        }
        let count = match (&written.count, &written.rows, &written.standard) {
            (Some(fact), None, None) => Some(Counted::Fact(fact.get_ref().clone())),
            (None, Some(rows), None) => self.rows(rows, written, file),
            (None, None, Some(now)) => {
                let now = self.parameter(Some(now), ValueType::Int, file);
                let before = self.parameter(written.before.as_ref(), ValueType::Int, file);
                if written.before.is_none() {
                    self.problem(file, span.clone(), "standard 要写明和哪个参数比（before）", "如上一年的标准");
                }
                Some(Counted::Standard { now: now?, before: before? })
            }
            _ => {
                let hint = "数人、户写 count，数表里的行写 rows，比两个参数写 standard";
                self.problem(file, span.clone(), "count、rows、standard 要有且只有一个", hint);
                None
            }
        };
        let least = self.parameter(written.least.as_ref(), ValueType::Int, file).map(Goal::Least);
        let share = self.parameter(written.share.as_ref(), ValueType::Int, file).map(Goal::Share);
        // A parameter that is not known is told already.
        if (written.least.is_some() && least.is_none()) || (written.share.is_some() && share.is_none()) {
            return None;
        }
        let of_whom = written.among.is_some() || written.among_rows.is_some() || written.standard.is_some();
        if least.is_some() == share.is_some() || share.is_some() && !of_whom {
            let hint = "至少多少写 least；至少占几成写 share 和 among";
            self.problem(file, span, "least 和 share 要有且只有一个，share 要写明 among", hint);
            return None;
        }
        let by = self.parameter(rule.by.as_ref(), ValueType::Date, file);
        let among = written.among.as_ref().map(|among| among.get_ref().clone());
        Some(Tally {
            unit: written.unit,
            count: count?,
            among,
            goal: least.or(share)?,
            by,
            mentions: mentions.into_iter().collect(),
        })
    }

    /// Rows to be counted.
    fn rows(&mut self, rows: &Spanned<WrittenSource>, written: &WrittenTally, file: &Document) -> Option<Counted> {
        let (source, _) = self.source(Scope::Unit, rows, file)?;
        let among = match &written.among_rows {
            None => None,
            Some(among) => Some(self.source(Scope::Unit, among, file)?.0),
        };
        let there = match &written.there {
            None => None,
            Some(there) => {
                let filter = Some(self.filter(source.registry.as_str(), there, file)?);
                Some(Source { filter, ..source.clone() })
            }
        };
        Some(Counted::Rows(Box::new(CountedRows { source, among, there })))
    }

    /// The name of a parameter of this type, where one is named.
    fn parameter(&mut self, name: Option<&Spanned<String>>, wanted: ValueType, file: &Document) -> Option<String> {
        let name = name?;
        if self.parameter_types.get(name.get_ref()) != Some(&wanted) {
            let known: Vec<String> =
                self.parameter_types.iter().filter(|(_, found)| **found == wanted).map(|(name, _)| name.clone()).collect();
            let message = format!("没有参数 {}，或它不是{}", name.get_ref(), wanted.plain());
            self.unknown(file, name, message, known.iter().map(String::as_str), "参数写在 parameters*.toml 里");
            return None;
        }
        Some(name.get_ref().clone())
    }

    fn close_over(&self, name: &str, into: &mut BTreeSet<String>) {
        if !into.insert(name.to_owned()) {
            return;
        }
        match self.facts.get(name).map(|fact| &fact.origin) {
            Some(Origin::Derived(expression)) => {
                for column in &expression.columns {
                    self.close_over(column, into);
                }
            }
            Some(Origin::Members { fact, among, .. }) => {
                self.close_over(fact, into);
                if let Some(among) = among {
                    self.close_over(among, into);
                }
            }
            _ => {}
        }
    }

    fn check_sentence(&mut self, rule: &Rule, sentence: &Spanned<String>, file: &Document) {
        for name in placeholders(sentence.get_ref()) {
            let known = match (name.strip_prefix('$'), &rule.body) {
                (Some(parameter), _) => self.parameter_types.contains_key(parameter),
                (None, Body::BuiltIn(_)) => ["name", "detail"].contains(&name),
                (None, Body::Tally(_)) => ["unit", "count", "among", "share", "goal", "short", "late"].contains(&name),
                (None, Body::Condition(_)) => {
                    ["due", "paid", "gap", "name", "late"].contains(&name) || self.fact_types.contains_key(name)
                }
            };
            if !known && !self.is_suspect(name.trim_start_matches('$')) {
                let message = format!("句子里的 {{{name}}} 不是事实、参数或 due、paid、gap、name");
                let facts = self.fact_types.keys().map(String::as_str);
                let near = closest(name.trim_start_matches('$'), facts.chain(self.parameter_types.keys().map(String::as_str)));
                let hint = near.map(|near| format!("是不是“{near}”？")).unwrap_or_default();
                let place = sentence.get_ref().find(&format!("{{{name}}}")).unwrap_or(0);
                let span = inner_span(&file.text, &sentence.span(), sentence.get_ref(), place, name.len() + 2);
                self.problem(file, span, message, hint);
            }
        }
    }

    pub(super) fn case(&mut self, written: Spanned<WrittenCase>, file: &Document, ids: &BTreeSet<String>) -> Option<Case> {
        let span = written.span();
        let written = written.into_inner();
        let rule = written.rule.get_ref();
        if !ids.contains(rule) {
            // The rule that was meant has its cases.
            if let Some(near) = closest(rule, ids.iter().map(String::as_str)) {
                self.problems.suspect(near);
            }
            self.unknown(
                file,
                &written.rule,
                format!("没有规则 {rule}"),
                ids.iter().map(String::as_str),
                "用例的 rule 写规则的 id",
            );
        }
        let columns: Vec<String> = self.record_columns.keys().cloned().collect();
        let is_column = |name: &str| columns.iter().any(|column| column == name);
        let no_column = |this: &mut Self, column: &Spanned<String>| {
            let message = format!("没有字段 {}", column.get_ref());
            this.unknown(file, column, message, columns.iter().map(String::as_str), "见 pipelines/registries/fields*.toml");
        };
        for registry in written.given.keys().chain(written.lacks.keys()) {
            if !self.dictionary.registries.is_empty() && self.dictionary.registry(registry.get_ref()).is_none() {
                self.no_registry(registry, file);
            }
        }
        let given = written.given.values().flatten().flat_map(BTreeMap::keys);
        for name in given.filter(|name| name.get_ref() != "person" && !is_column(name.get_ref())) {
            no_column(self, name);
        }
        for column in written.lacks.values().flatten().filter(|column| !is_column(column.get_ref())) {
            no_column(self, column);
        }
        let lacks = written.lacks.iter().map(|(registry, columns)| {
            let columns = columns.iter().map(|column| column.get_ref().clone()).collect();
            (RegistryId::from(registry.get_ref().as_str()), columns)
        });
        let lacks = lacks.collect();
        let period = match written.period.get_ref().parse() {
            Ok(period) => period,
            Err(message) => {
                let message: String = message;
                self.problem(file, written.period.span(), message, "");
                return None;
            }
        };
        let readings = written.readings.into_iter().map(|(name, choice)| (name, vec![choice])).collect();
        let readings = self.choices(&readings, file).into_iter().filter_map(|(name, mut choice)| Some((name, choice.pop()?)));
        let readings = readings.collect();
        let given = written.given.into_iter();
        Some(Case {
            file: file.path.clone(),
            span,
            rule: rule.clone(),
            name: written.name,
            period,
            subject: written.subject,
            readings,
            given: given
                .map(|(id, rows)| {
                    let plain = |row: BTreeMap<Spanned<String>, CaseValue>| {
                        row.into_iter().map(|(name, value)| (name.into_inner(), value)).collect()
                    };
                    (RegistryId::from(id.get_ref().as_str()), rows.into_iter().map(plain).collect())
                })
                .collect(),
            lacks,
            seen: written.seen,
            expect: written.expect,
            due_fen: written.due_fen,
            confidence: written.confidence,
        })
    }
}

/// The names in braces.
fn placeholders(sentence: &str) -> impl Iterator<Item = &str> {
    sentence.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}
