//! From written to resolved: names looked up, expressions checked, cycles refused, every mistake kept.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::Spanned;

use super::expression::{Expression, Vocabulary, nearest};
use super::written::{
    WrittenCase, WrittenFact, WrittenFacts, WrittenParameter, WrittenPolicy, WrittenRule, WrittenRules, WrittenSource,
};
use super::{
    Body, Case, Condition, Exemption, Fact, Origin, Parameter, ParameterSource, ParameterValue, Policy, PolicyFile,
    PolicyProblem, RateTarget, Reach, Rule, Settings, Source, Take, ValueType,
};
use crate::config::registry::Dictionary;
use crate::model::columns::PLACE;
use crate::model::date::Month;
use crate::model::field::FieldKind;
use crate::model::finding::Scope;
use crate::model::registry::RegistryId;
use crate::model::rule::RuleCard;

pub(super) fn resolve(files: &[PolicyFile<'_>], dictionary: &Dictionary) -> Result<Policy, Vec<PolicyProblem>> {
    let mut resolver = Resolver::new(files, dictionary);
    let policy = resolver.policy();
    let mut problems = resolver.problems;
    problems.sort_by(|left, right| (&left.file, left.span.start).cmp(&(&right.file, right.span.start)));
    match policy {
        Some(policy) if problems.is_empty() => Ok(policy),
        _ => Err(problems),
    }
}

struct Resolver<'a> {
    files: &'a [PolicyFile<'a>],
    problems: Vec<PolicyProblem>,
    /// Column → type, over every registry: a column of one name has one kind.
    record_columns: BTreeMap<String, ValueType>,
    record_codes: BTreeMap<String, BTreeSet<String>>,
    record_money: BTreeSet<String>,
    parameter_types: BTreeMap<String, ValueType>,
    facts: BTreeMap<String, Fact>,
    fact_types: BTreeMap<String, ValueType>,
    fact_codes: BTreeMap<String, BTreeSet<String>>,
    dictionary: &'a Dictionary,
}

fn value_type(kind: FieldKind) -> Option<ValueType> {
    Some(match kind {
        FieldKind::Place => return None,
        FieldKind::Money | FieldKind::Count | FieldKind::Month | FieldKind::Year => ValueType::Int,
        FieldKind::Date => ValueType::Date,
        FieldKind::YesNo => ValueType::Bool,
        _ => ValueType::Text,
    })
}

impl<'a> Resolver<'a> {
    fn new(files: &'a [PolicyFile<'a>], dictionary: &'a Dictionary) -> Self {
        let mut record_columns = BTreeMap::new();
        let mut record_codes = BTreeMap::new();
        let mut record_money = BTreeSet::new();
        for (name, field) in &dictionary.fields {
            if let Some(found) = value_type(field.kind) {
                record_columns.insert(name.clone(), found);
            }
            for column in field.kind.columns(name).into_iter().skip(1) {
                record_columns.insert(column.name().clone(), ValueType::Text);
            }
            if field.kind == FieldKind::Money {
                record_money.insert(name.clone());
            }
            if field.kind == FieldKind::Code && !field.codes.is_empty() {
                record_codes.insert(name.clone(), field.codes.values().cloned().collect());
            }
        }
        for column in PLACE {
            record_columns.insert(column.to_owned(), ValueType::Text);
        }
        Self {
            files,
            problems: Vec::new(),
            record_columns,
            record_codes,
            record_money,
            parameter_types: BTreeMap::from([("year".to_owned(), ValueType::Int), ("month".to_owned(), ValueType::Int)]),
            facts: BTreeMap::new(),
            fact_types: BTreeMap::new(),
            fact_codes: BTreeMap::new(),
            dictionary,
        }
    }

    fn problem(&mut self, file: &str, span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        let (file, message, hint) = (file.to_owned(), message.into(), hint.into());
        self.problems.push(PolicyProblem { file, span, message, hint });
    }

    fn file(&self, name: &str) -> Option<PolicyFile<'a>> {
        self.files.iter().copied().find(|file| file_name(file.path) == name)
    }

    fn read<T: serde::de::DeserializeOwned>(&mut self, file: PolicyFile<'_>) -> Option<T> {
        match toml::from_str(file.text) {
            Ok(value) => Some(value),
            Err(error) => {
                let span = error.span().unwrap_or(0..0);
                self.problem(file.path, span, format!("读不懂：{}", error.message()), "对照同目录其他文件的写法");
                None
            }
        }
    }

    fn required<T: serde::de::DeserializeOwned>(&mut self, name: &str) -> Option<(T, PolicyFile<'a>)> {
        let Some(file) = self.file(name) else {
            self.problem(name, 0..0, format!("政策目录里没有 {name}"), "补上这个文件");
            return None;
        };
        self.read(file).map(|value| (value, file))
    }

    fn policy(&mut self) -> Option<Policy> {
        let policy = self.required::<WrittenPolicy>("policy.toml");
        let parameters = self.required::<BTreeMap<String, Spanned<WrittenParameter>>>("parameters.toml");
        let facts = self.required::<WrittenFacts>("facts.toml");
        let mut rule_files = Vec::new();
        for file in self.files {
            let name = file_name(file.path);
            if name.ends_with(".toml") && !["policy.toml", "parameters.toml", "facts.toml"].contains(&name) {
                rule_files.extend(self.read::<WrittenRules>(*file).map(|rules| (rules, *file)));
            }
        }
        let ((policy, policy_file), (parameters, parameters_file), (facts, facts_file)) = (policy?, parameters?, facts?);

        let mut resolved_parameters = self.parameters(parameters, parameters_file);
        self.readings(&policy, policy_file, &mut resolved_parameters);
        let facts = self.all_facts(facts, facts_file);
        let document = self.document(&policy, policy_file);
        let mut rules = Vec::new();
        let mut cases = Vec::new();
        let mut ids = BTreeSet::new();
        for (written, file) in &rule_files {
            for rule in &written.rule {
                let id = rule.get_ref().id.get_ref();
                if !ids.insert(id.clone()) {
                    let span = rule.get_ref().id.span();
                    self.problem(file.path, span, format!("规则编号 {id} 用了两次"), "每条规则一个编号");
                }
                rules.extend(self.rule(rule.get_ref(), *file, document.as_deref()));
            }
        }
        for (written, file) in rule_files {
            for case in written.case {
                cases.extend(self.case(case, file, &ids));
            }
        }
        self.cases_suffice(&rules, &cases);
        rules.sort_by(|left, right| left.card.id.cmp(&right.card.id));
        let settings = Settings {
            people: policy.settings.people.iter().map(|id| RegistryId::from(id.as_str())).collect(),
            completeness_share: policy.settings.completeness_share,
            completeness_least: policy.settings.completeness_least,
            implausible_share: policy.settings.implausible_share,
            implausible_least: policy.settings.implausible_least,
            likely_probability: policy.settings.likely_probability,
        };
        Some(Policy {
            county: policy.county,
            title: policy.title,
            document: policy.document,
            settings,
            parameters: resolved_parameters,
            facts,
            rules,
            cases,
        })
    }

    fn parameters(
        &mut self,
        written: BTreeMap<String, Spanned<WrittenParameter>>,
        file: PolicyFile<'_>,
    ) -> BTreeMap<String, Parameter> {
        let mut resolved = BTreeMap::new();
        let names: BTreeSet<String> = written.keys().cloned().collect();
        for (name, parameter) in written {
            let span = parameter.span();
            let parameter = parameter.into_inner();
            self.parameter_types.insert(name.clone(), ValueType::Int);
            let source = match parameter.derived {
                Some(derived) => {
                    let at = derived.span();
                    let derived = derived.into_inner();
                    for from in std::iter::once(&derived.of).chain(&derived.share) {
                        if !names.contains(from) || *from == name {
                            self.problem(file.path, at.clone(), format!("{name} 由 {from} 得出，但没有这个参数"), "");
                        }
                    }
                    if derived.per <= 0 {
                        self.problem(file.path, at, format!("{name} 的 per 要大于 0"), "年标准化为月标准写 per = 12");
                    }
                    ParameterSource::Derived { of: derived.of, share: derived.share, per: derived.per.max(1) }
                }
                None => {
                    let mut values = Vec::new();
                    for (from, value) in parameter.values {
                        match from.get_ref().parse::<Month>() {
                            Ok(month) => values.push((month, ParameterValue::Int(value))),
                            Err(message) => self.problem(file.path, from.span(), message, ""),
                        }
                    }
                    if values.is_empty() {
                        let hint = "写 values = { \"2018-01\" = 387600 }";
                        self.problem(file.path, span, format!("参数 {name} 没有注明起始月份的值"), hint);
                    }
                    values.sort_by_key(|(from, _)| *from);
                    ParameterSource::Dated(values)
                }
            };
            let (title, unit, clause) = (parameter.title, parameter.unit, parameter.clause);
            resolved.insert(name, Parameter { title, unit, clause, source });
        }
        resolved
    }

    fn readings(&mut self, policy: &WrittenPolicy, file: PolicyFile<'_>, into: &mut BTreeMap<String, Parameter>) {
        for (name, reading) in &policy.readings {
            let value = reading.value.get_ref();
            if !reading.alternatives.contains_key(value) {
                let known = reading.alternatives.keys().map(String::as_str).collect::<Vec<_>>().join("、");
                self.problem(file.path, reading.value.span(), format!("{name} 没有读法“{value}”"), format!("读法有：{known}"));
            }
            self.parameter_types.insert(name.clone(), ValueType::Text);
            let values = vec![(Month(0), ParameterValue::Text(value.clone()))];
            let parameter = Parameter {
                title: reading.title.clone(),
                unit: "reading".to_owned(),
                clause: reading.clause.clone(),
                source: ParameterSource::Dated(values),
            };
            into.insert(name.clone(), parameter);
        }
    }

    /// Facts in an order in which each follows those it rests on.
    fn all_facts(&mut self, written: WrittenFacts, file: PolicyFile<'_>) -> Vec<Fact> {
        let mut waiting: BTreeMap<String, (Scope, Range<usize>, WrittenFact)> = BTreeMap::new();
        for (scope, facts) in [(Scope::Person, written.person), (Scope::Household, written.household)] {
            for (name, fact) in facts {
                let span = fact.span();
                if waiting.contains_key(&name) {
                    self.problem(file.path, span.clone(), format!("事实 {name} 写了两次"), "人和户的事实也不能同名");
                }
                waiting.insert(name, (scope, span, fact.into_inner()));
            }
        }
        let names: BTreeSet<String> = waiting.keys().cloned().collect();
        let mut ordered = Vec::new();
        loop {
            // A fact is ready when every known name that its text mentions is resolved.
            let ready: Vec<String> = waiting
                .iter()
                .filter(|(name, (_, _, fact))| {
                    mentions(fact)
                        .iter()
                        .all(|word| *word != name.as_str() && (!names.contains(*word) || !waiting.contains_key(*word)))
                })
                .map(|(name, _)| name.clone())
                .collect();
            if ready.is_empty() {
                break;
            }
            for name in ready {
                let Some((scope, span, fact)) = waiting.remove(&name) else { continue };
                if let Some(fact) = self.fact(name, scope, span, &fact, file) {
                    self.fact_types.insert(fact.name.clone(), fact.value_type);
                    self.facts.insert(fact.name.clone(), fact.clone());
                    ordered.push(fact);
                }
            }
        }
        for (name, (_, span, _)) in waiting {
            self.problem(file.path, span, format!("事实 {name} 绕了一圈又用到自己"), "拆开互相引用的事实");
        }
        ordered
    }

    fn fact(
        &mut self,
        name: String,
        scope: Scope,
        span: Range<usize>,
        written: &WrittenFact,
        file: PolicyFile<'_>,
    ) -> Option<Fact> {
        let ways =
            usize::from(!written.from.is_empty()) + usize::from(written.members.is_some()) + usize::from(written.is.is_some());
        if ways != 1 {
            self.problem(file.path, span, format!("事实 {name} 要有且只有 from、members、is 之一"), "");
            return None;
        }
        let (origin, found, money) = if let Some(text) = &written.is {
            let expression = self.expression(text, file, scope, None)?;
            let found = expression.value_type;
            (Origin::Derived(expression), found, written.money)
        } else if let Some(member) = &written.members {
            let members = self.members(scope, member, written, file)?;
            if let Some(codes) = self.fact_codes.get(member.get_ref()).cloned() {
                self.fact_codes.insert(name.clone(), codes);
            }
            members
        } else {
            let mut sources = Vec::new();
            let mut found = None;
            for source in &written.from {
                let (source, kind) = self.source(scope, source, file)?;
                if found.is_some_and(|found| found != kind) {
                    self.problem(file.path, span.clone(), format!("事实 {name} 的几个来源类型不同"), "");
                }
                found = Some(kind);
                if let Some(codes) = source.field.as_ref().and_then(|field| self.record_codes.get(field)) {
                    self.fact_codes.entry(name.clone()).or_default().extend(codes.iter().cloned());
                }
                sources.push(source);
            }
            let money = sources.iter().any(|source| source.field.as_ref().is_some_and(|f| self.record_money.contains(f)));
            (Origin::Sources { sources, combine: written.combine }, found?, money)
        };
        let title = written.title.clone();
        Some(Fact { name, title, scope, value_type: found, money, optional: written.optional, origin })
    }

    fn members(
        &mut self,
        scope: Scope,
        member: &Spanned<String>,
        written: &WrittenFact,
        file: PolicyFile<'_>,
    ) -> Option<(Origin, ValueType, bool)> {
        let person_fact = |this: &Self, name: &str| {
            this.facts.get(name).filter(|fact| fact.scope == Scope::Person).map(|fact| (fact.value_type, fact.money))
        };
        let known = person_fact(self, member.get_ref());
        let (Some((found, money)), Scope::Household) = (known, scope) else {
            let message = format!("members 要写一个人的事实，且只用于户：{}", member.get_ref());
            self.problem(file.path, member.span(), message, "");
            return None;
        };
        if let Some(among) = &written.among
            && person_fact(self, among.get_ref()).is_none_or(|(kind, _)| kind != ValueType::Bool)
        {
            self.problem(file.path, among.span(), format!("{} 不是人的是否类事实", among.get_ref()), "");
        }
        let take = written.take.unwrap_or(Take::First);
        let found = match (take, found) {
            (Take::Any | Take::All, ValueType::Bool) => ValueType::Bool,
            (Take::Count, ValueType::Bool) | (Take::Sum | Take::Min | Take::Max, ValueType::Int) => ValueType::Int,
            (Take::First, found) => found,
            _ => {
                self.problem(file.path, member.span(), "这种事实不能这样汇总", "是否用 any、all、count；数用 sum、min、max");
                return None;
            }
        };
        let origin = Origin::Members {
            fact: member.get_ref().clone(),
            take,
            among: written.among.as_ref().map(|among| among.get_ref().clone()),
        };
        Some((origin, found, money && take != Take::Count))
    }

    fn source(&mut self, scope: Scope, written: &Spanned<WrittenSource>, file: PolicyFile<'_>) -> Option<(Source, ValueType)> {
        let span = written.span();
        let written = written.get_ref();
        let id = written.registry.get_ref();
        let mut grain = None;
        // A dictionary without registries (unit tests of fields) cannot vouch for ids.
        if !self.dictionary.registries.is_empty() {
            match self.dictionary.registry(id) {
                Some(definition) => grain = Some(definition.grain),
                None => {
                    self.problem(file.path, written.registry.span(), format!("没有登记表 {id}"), "见 pipelines/registries");
                    return None;
                }
            }
        }
        let field_type = match &written.field {
            None => None,
            Some(field) => match self.record_columns.get(field.get_ref()) {
                Some(found) => Some(*found),
                None => {
                    let near = nearest(field.get_ref(), self.record_columns.keys());
                    let hint = near.map(|near| format!("是否想写 {near}？")).unwrap_or_default();
                    self.problem(file.path, field.span(), format!("没有字段 {}", field.get_ref()), hint);
                    return None;
                }
            },
        };
        let reach = match &written.through {
            Some(through) => Reach::Through(RegistryId::from(through.get_ref().as_str())),
            None if written.registry_household => Reach::RegistryHousehold,
            None => Reach::Own,
        };
        if scope == Scope::Person && grain.is_some_and(crate::model::registry::Grain::is_household) {
            if written.take == Take::Exists || !matches!(reach, Reach::Through(_)) {
                let hint = "写 through = \"dibao\" 把户的金额带到户内成员；有没有某个人，只能看人员名册";
                self.problem(file.path, span.clone(), format!("{id} 一行是一户，不能当作某个人在册"), hint);
            }
        }
        let found = match (written.take, field_type) {
            (Take::Exists, _) => ValueType::Bool,
            (Take::Count, _) => ValueType::Int,
            (Take::First, Some(found)) => found,
            (Take::Min | Take::Max | Take::Sum | Take::SumPerHousehold, Some(ValueType::Int))
            | (Take::Age, Some(ValueType::Date)) => ValueType::Int,
            (Take::Any | Take::All, Some(ValueType::Bool)) => ValueType::Bool,
            _ => {
                self.problem(file.path, span, "take 与字段类型不合，或缺少 field", "");
                return None;
            }
        };
        let filter = match &written.filter {
            None => None,
            Some(text) => {
                let columns = self.record_columns.clone();
                let codes = self.record_codes.clone();
                Some(self.parse(text, file, &columns, &codes, Some(ValueType::Bool))?)
            }
        };
        let registry = RegistryId::from(id.as_str());
        let field = written.field.as_ref().map(|field| field.get_ref().clone());
        Some((Source { registry, field, filter, take: written.take, reach }, found))
    }

    /// An expression over facts; a household's may not mention a person's.
    fn expression(
        &mut self,
        text: &Spanned<String>,
        file: PolicyFile<'_>,
        scope: Scope,
        expected: Option<ValueType>,
    ) -> Option<Expression> {
        let columns: BTreeMap<String, ValueType> = self
            .facts
            .values()
            .filter(|fact| scope == Scope::Person || fact.scope == Scope::Household)
            .map(|fact| (fact.name.clone(), fact.value_type))
            .collect();
        let codes = self.fact_codes.clone();
        self.parse(text, file, &columns, &codes, expected)
    }

    fn parse(
        &mut self,
        text: &Spanned<String>,
        file: PolicyFile<'_>,
        columns: &BTreeMap<String, ValueType>,
        codes: &BTreeMap<String, BTreeSet<String>>,
        expected: Option<ValueType>,
    ) -> Option<Expression> {
        let vocabulary = Vocabulary { columns, codes, parameters: &self.parameter_types };
        match Expression::parse(text.get_ref(), vocabulary, expected) {
            Ok(expression) => Some(expression),
            Err(problem) => {
                let span = inner_span(file.text, &text.span(), text.get_ref(), problem.offset, problem.length);
                self.problem(file.path, span, problem.message, problem.hint);
                None
            }
        }
    }

    /// The document without white space, for checking quotations.
    fn document(&mut self, policy: &WrittenPolicy, file: PolicyFile<'_>) -> Option<String> {
        let name = policy.text.as_ref()?;
        let Some(document) = self.file(name.get_ref()) else {
            self.problem(file.path, name.span(), format!("政策目录里没有 {}", name.get_ref()), "");
            return None;
        };
        Some(document.text.split_whitespace().collect())
    }

    fn rule(&mut self, written: &WrittenRule, file: PolicyFile<'_>, document: Option<&str>) -> Option<Rule> {
        let id = written.id.get_ref();
        let quotation: String = written.quotation.get_ref().split_whitespace().collect();
        if document.is_some_and(|document| !document.contains(&quotation)) {
            self.problem(file.path, written.quotation.span(), "原文里没有这句话", "quotation 要逐字照抄文件");
        }
        let month = |this: &mut Self, text: &Option<Spanned<String>>| {
            text.as_ref().and_then(|text| match text.get_ref().parse::<Month>() {
                Ok(month) => Some(month),
                Err(message) => {
                    this.problem(file.path, text.span(), message, "");
                    None
                }
            })
        };
        let (from, until) = (month(self, &written.from), month(self, &written.until));
        let body = match (written.built_in, &written.population, &written.test) {
            (Some(built_in), None, None) => Body::BuiltIn(built_in),
            (None, Some(population), Some(test)) => Body::Condition(Box::new(self.condition(written, population, test, file)?)),
            _ => {
                let message = format!("规则 {id} 要么写 built_in，要么写 population 和 test");
                self.problem(file.path, written.id.span(), message, "");
                return None;
            }
        };
        let rule = Rule {
            card: RuleCard {
                id: id.clone(),
                title: written.title.clone(),
                clause: written.clause.clone(),
                kind: written.kind,
                scope: written.scope,
                lead: written.lead.clone(),
                responsible: written.responsible.clone(),
                quotation: written.quotation.get_ref().clone(),
            },
            sentence: written.sentence.get_ref().clone(),
            from,
            until,
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
        file: PolicyFile<'_>,
    ) -> Option<Condition> {
        let scope = written.scope;
        // All are parsed before any is given up, so that every mistake shows.
        let population = self.expression(population, file, scope, Some(ValueType::Bool));
        let test = self.expression(test, file, scope, Some(ValueType::Bool));
        let mut amounts = [&written.due, &written.paid]
            .map(|text| text.as_ref().map(|text| self.expression(text, file, scope, Some(ValueType::Int))))
            .into_iter();
        let (due, paid) = (amounts.next().flatten(), amounts.next().flatten());
        let mut exemptions = Vec::new();
        for exemption in &written.exempt {
            let when = self.expression(&exemption.when, file, scope, Some(ValueType::Bool))?;
            exemptions.push(Exemption { reason: exemption.reason.clone(), when });
        }
        for searched in &written.searched {
            let presence = self.facts.get(searched.get_ref()).is_some_and(|fact| {
                fact.scope == Scope::Person
                    && matches!(&fact.origin, Origin::Sources { sources, .. } if sources.iter().all(|s| s.take == Take::Exists))
            });
            if !presence {
                let message = format!("searched 里的 {} 不是“在不在册”的事实", searched.get_ref());
                self.problem(file.path, searched.span(), message, "只写 take = \"exists\" 的人的事实");
            }
        }
        if let Some(target) = written.rate.as_ref().and_then(|rate| rate.target.as_ref())
            && self.parameter_types.get(target.get_ref()) != Some(&ValueType::Int)
        {
            self.problem(file.path, target.span(), format!("没有参数 {}", target.get_ref()), "");
        }
        let (population, test) = (population?, test?);
        let (due, paid) = (due.map_or(Some(None), |d| d.map(Some))?, paid.map_or(Some(None), |p| p.map(Some))?);
        let mut mentions = BTreeSet::new();
        let parts = [Some(&population), Some(&test), due.as_ref(), paid.as_ref()];
        for expression in parts.into_iter().flatten().chain(exemptions.iter().map(|exemption| &exemption.when)) {
            for column in &expression.columns {
                self.close_over(column, &mut mentions);
            }
        }
        let searched = written.searched.iter().map(|name| name.get_ref().clone()).collect();
        let rate =
            written.rate.as_ref().map(|rate| RateTarget { target: rate.target.as_ref().map(|target| target.get_ref().clone()) });
        let mentions = mentions.into_iter().collect();
        Some(Condition { population, test, searched, due, paid, exemptions, rate, mentions })
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

    fn check_sentence(&mut self, rule: &Rule, sentence: &Spanned<String>, file: PolicyFile<'_>) {
        let built_in = matches!(rule.body, Body::BuiltIn(_));
        for name in placeholders(sentence.get_ref()) {
            let known = match name.strip_prefix('$') {
                Some(parameter) => self.parameter_types.contains_key(parameter),
                None if built_in => ["name", "detail"].contains(&name),
                None => ["due", "paid", "gap", "name"].contains(&name) || self.fact_types.contains_key(name),
            };
            if !known {
                let message = format!("句子里的 {{{name}}} 不是事实、参数或 due、paid、gap、name");
                self.problem(file.path, sentence.span(), message, "");
            }
        }
    }

    fn case(&mut self, written: Spanned<WrittenCase>, file: PolicyFile<'_>, ids: &BTreeSet<String>) -> Option<Case> {
        let span = written.span();
        let written = written.into_inner();
        let rule = written.rule.get_ref();
        if !ids.contains(rule) {
            let hint = nearest(rule, ids.iter()).map(|near| format!("是否想写 {near}？")).unwrap_or_default();
            self.problem(file.path, written.rule.span(), format!("没有规则 {rule}"), hint);
        }
        for (registry, rows) in &written.given {
            for name in rows.iter().flat_map(BTreeMap::keys) {
                if name != "person" && !self.record_columns.contains_key(name) {
                    self.problem(file.path, registry.span(), format!("没有字段 {name}"), "");
                }
            }
        }
        let period = match written.period.get_ref().parse() {
            Ok(period) => period,
            Err(message) => {
                let message: String = message;
                self.problem(file.path, written.period.span(), message, "");
                return None;
            }
        };
        let given = written.given.into_iter();
        Some(Case {
            file: file.path.to_owned(),
            span,
            rule: rule.clone(),
            name: written.name,
            period,
            subject: written.subject,
            given: given.map(|(id, rows)| (RegistryId::from(id.get_ref().as_str()), rows)).collect(),
            seen: written.seen,
            expect: written.expect,
            due_fen: written.due_fen,
        })
    }

    fn cases_suffice(&mut self, rules: &[Rule], cases: &[Case]) {
        const LEAST: usize = 3;
        for rule in rules {
            let count = cases.iter().filter(|case| case.rule == rule.card.id).count();
            if count < LEAST {
                let file = self.files.iter().find(|file| file.text.contains(&format!("id = \"{}\"", rule.card.id)));
                let (path, at) = file.map_or(("", 0), |file| (file.path, file.text.find(&rule.card.id).unwrap_or(0)));
                let message = format!("规则 {} 只有 {count} 个用例，至少 {LEAST} 个", rule.card.id);
                self.problem(path, at..at + rule.card.id.len(), message, "应享未享、已落实、豁免或无法判断各写一个");
            }
        }
    }
}

/// The names in braces.
fn placeholders(sentence: &str) -> impl Iterator<Item = &str> {
    sentence.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

/// Every word of a fact that could name another fact.
fn mentions(fact: &WrittenFact) -> Vec<&str> {
    let words = [&fact.is, &fact.members, &fact.among].into_iter().flatten();
    words
        .flat_map(|text| text.get_ref().split(|c: char| !(c.is_alphanumeric() || c == '_')))
        .filter(|word| !word.is_empty())
        .collect()
}

/// The bytes of the file for a place inside a TOML string, exact where the string holds no escape.
fn inner_span(file: &str, span: &Range<usize>, value: &str, offset: usize, length: usize) -> Range<usize> {
    let Some(raw) = file.get(span.clone()) else { return span.clone() };
    match raw.find(value) {
        Some(start) => span.start + start + offset..span.start + start + offset + length,
        None => span.clone(),
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
