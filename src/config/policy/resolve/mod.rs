//! From written to resolved: names looked up, expressions checked, cycles refused, every mistake kept.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::written::{WrittenFacts, WrittenParameters, WrittenPolicy, WrittenRules, WrittenTables, WrittenValue};
use super::{
    Case, ChosenReadings, Fact, Parameter, ParameterSource, ParameterValue, Policy, Rule, Settings, ValueType, WordList,
};
use crate::config::document::{Document, Spanned};
use crate::config::error::{Problems, closest};
use crate::config::parse::parse;
use crate::config::registry::Dictionary;
use crate::model::columns::PLACE;
use crate::model::date::Month;
use crate::model::field::FieldKind;
use crate::model::registry::RegistryId;

mod clauses;
mod definition;
mod facts;
mod readings;
mod rules;

pub(super) fn resolve(
    documents: &[Document],
    dictionary: &Dictionary,
    pipeline: Option<ChosenReadings<'_>>,
    problems: &mut Problems,
) -> Option<Policy> {
    let mut resolver = Resolver::new(documents, dictionary, std::mem::take(problems));
    let policy = resolver.policy(pipeline);
    *problems = resolver.problems;
    policy
}

/// Units of parameters.
const UNITS: [&str; 9] = ["fen", "fen/month", "fen/year", "basis points", "count", "years", "months", "days", "date"];

struct Resolver<'a> {
    files: &'a [Document],
    problems: Problems,
    /// Column → type, over every registry: a column of one name has one kind.
    record_columns: BTreeMap<String, ValueType>,
    record_codes: BTreeMap<String, BTreeSet<String>>,
    record_money: BTreeSet<String>,
    parameter_types: BTreeMap<String, ValueType>,
    tables: BTreeSet<String>,
    facts: BTreeMap<String, Fact>,
    fact_types: BTreeMap<String, ValueType>,
    fact_codes: BTreeMap<String, BTreeSet<String>>,
    /// Facts of persons that what is being read for a household or a place mentions.
    out_of_scope: BTreeSet<String>,
    dictionary: &'a Dictionary,
}

pub(super) fn value_type(kind: FieldKind) -> Option<ValueType> {
    Some(match kind {
        FieldKind::Place => return None,
        FieldKind::Money | FieldKind::Count | FieldKind::Month | FieldKind::Year => ValueType::Int,
        FieldKind::Date => ValueType::Date,
        FieldKind::YesNo => ValueType::Bool,
        _ => ValueType::Text,
    })
}

impl<'a> Resolver<'a> {
    fn new(files: &'a [Document], dictionary: &'a Dictionary, problems: Problems) -> Self {
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
            problems,
            record_columns,
            record_codes,
            record_money,
            parameter_types: [
                ("year", ValueType::Int),
                ("month", ValueType::Int),
                ("as_of", ValueType::Date),
                ("month_start", ValueType::Date),
                ("month_end", ValueType::Date),
            ]
            .map(|(name, found)| (name.to_owned(), found))
            .into(),
            tables: BTreeSet::new(),
            facts: BTreeMap::new(),
            fact_types: BTreeMap::new(),
            fact_codes: BTreeMap::new(),
            out_of_scope: BTreeSet::new(),
            dictionary,
        }
    }

    fn problem(&mut self, file: &Document, span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        self.problems.add_with_hint(file, span, message, "", hint);
    }

    /// A name that nothing bears, unless it is unknown because of another mistake.
    fn unknown<'n>(
        &mut self,
        file: &Document,
        name: &Spanned<String>,
        message: impl Into<String>,
        known: impl IntoIterator<Item = &'n str>,
        or: &str,
    ) {
        let word = name.get_ref();
        if !self.is_suspect(word) {
            let hint = closest(word, known).map_or_else(|| or.to_owned(), |near| format!("是不是“{near}”？"));
            self.problem(file, name.span(), message, hint);
        }
    }

    fn is_suspect(&self, name: &str) -> bool {
        self.problems.is_suspect(name)
    }

    fn file(&self, name: &str) -> Option<&'a Document> {
        self.files.iter().find(|file| file_name(&file.path) == name)
    }

    fn required<T: serde::de::DeserializeOwned>(&mut self, name: &str) -> Option<(T, &'a Document)> {
        let Some(file) = self.file(name) else {
            let folder = self.files.first().and_then(|file| file.path.rsplit_once('/'));
            let path = folder.map_or_else(|| name.to_owned(), |(folder, _)| format!("{folder}/{name}"));
            let absent = Document { path, text: String::new() };
            self.problem(&absent, 0..0, format!("政策目录里没有 {name}"), "补上这个文件；文件名要一字不差");
            return None;
        };
        parse(file, &mut self.problems).map(|value| (value, file))
    }

    fn policy(&mut self, pipeline: Option<ChosenReadings<'_>>) -> Option<Policy> {
        let policy = self.required::<WrittenPolicy>("policy.toml");
        let mut parameter_files = Vec::from_iter(self.required::<WrittenParameters>("parameters.toml"));
        let mut fact_files = Vec::from_iter(self.required::<WrittenFacts>("facts.toml"));
        // Without one of them every name in the others would be unknown.
        if [policy.is_none(), parameter_files.is_empty(), fact_files.is_empty()].contains(&true) {
            self.problems.suspect_any(true);
        }
        let mut rule_files = Vec::new();
        // A chapter keeps its own beside its rules: parameters-health.toml, facts-health.toml.
        for file in self.files {
            let name = file_name(&file.path);
            let toml = std::path::Path::new(name).extension().is_some_and(|end| end == "toml");
            if !toml || ["policy.toml", "parameters.toml", "facts.toml", "clauses.toml", "tables.toml"].contains(&name) {
                continue;
            }
            if name.starts_with("parameters-") {
                parameter_files.extend(parse::<WrittenParameters>(file, &mut self.problems).map(|written| (written, file)));
            } else if name.starts_with("facts-") {
                fact_files.extend(parse::<WrittenFacts>(file, &mut self.problems).map(|written| (written, file)));
            } else {
                rule_files.extend(parse::<WrittenRules>(file, &mut self.problems).map(|rules| (rules, file)));
            }
        }

        let mut resolved_parameters = self.parameters(parameter_files);
        self.word_lists(&mut resolved_parameters);
        let mut readings = match &policy {
            Some((policy, file)) => self.readings(policy, file, pipeline, &mut resolved_parameters),
            None => Vec::new(),
        };
        let facts = self.all_facts(fact_files);
        let document = policy.as_ref().and_then(|(policy, file)| self.document(policy, file));
        let mut rules = Vec::new();
        let mut cases = Vec::new();
        let mut ids = BTreeSet::new();
        for (written, file) in &rule_files {
            for rule in &written.rule {
                let id = rule.get_ref().id.get_ref();
                if !ids.insert(id.clone()) {
                    let span = rule.get_ref().id.span();
                    self.problem(file, span, format!("规则编号 {id} 用了两次"), "每条规则一个编号");
                }
                let resolved = self.rule(rule.get_ref(), file, document.as_deref());
                if resolved.is_none() {
                    self.problems.suspect(id);
                }
                rules.extend(resolved);
            }
        }
        for (written, file) in rule_files {
            for case in written.case {
                let rule = case.get_ref().rule.get_ref().clone();
                let case = self.case(case, file, &ids);
                if case.is_none() {
                    self.problems.suspect(rule);
                }
                cases.extend(case);
            }
        }
        self.cases_suffice(&rules, &cases);
        self.users(&mut readings, &rules);
        rules.sort_by(|left, right| left.card.id.cmp(&right.card.id));
        for rule in &mut rules {
            rule.card.definition = self.definition(rule, &resolved_parameters);
        }
        let clauses = self.clauses(&rules);
        let (policy, policy_file) = policy?;
        for people in &policy.settings.people {
            let known = self.dictionary.registries.iter().map(|registry| registry.id.as_str());
            if !known.clone().any(|id| id == people.get_ref()) && known.clone().next().is_some() {
                self.unknown(policy_file, people, format!("没有登记表 {}", people.get_ref()), known, "见 pipelines/registries");
            }
        }
        let settings = Settings {
            people: policy.settings.people.iter().map(|id| RegistryId::from(id.get_ref().as_str())).collect(),
            completeness_share: policy.settings.completeness_share,
            completeness_least: policy.settings.completeness_least,
            plausible_share: policy.settings.plausible_share,
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
            readings,
            facts,
            rules,
            cases,
            clauses,
        })
    }

    fn parameters(&mut self, files: Vec<(WrittenParameters, &Document)>) -> BTreeMap<String, Parameter> {
        let mut resolved = BTreeMap::new();
        let names: BTreeSet<String> = files.iter().flat_map(|(written, _)| written.keys().cloned()).collect();
        let all = files.into_iter().flat_map(|(written, file)| written.into_iter().map(move |entry| (entry, file)));
        for ((name, parameter), file) in all {
            let span = parameter.span();
            let parameter = parameter.into_inner();
            if !UNITS.contains(&parameter.unit.get_ref().as_str()) {
                self.problems.add_misspelt(file, parameter.unit.span(), "单位", parameter.unit.get_ref(), UNITS);
            }
            let day = parameter.unit.get_ref() == "date";
            let kind = if day { ValueType::Date } else { ValueType::Int };
            if self.parameter_types.insert(name.clone(), kind).is_some() {
                self.problem(
                    file,
                    span.clone(),
                    format!("参数 {name} 写了两次，或与 year、month、as_of、month_start、month_end 同名"),
                    "换一个名字",
                );
            }
            let source = if let Some(derived) = parameter.derived {
                let at = derived.span();
                let derived = derived.into_inner();
                for from in std::iter::once(&derived.of).chain(&derived.share) {
                    if !names.contains(from.get_ref()) || *from.get_ref() == name {
                        let message = format!("{name} 由 {} 得出，但没有这个参数", from.get_ref());
                        self.unknown(file, from, message, names.iter().map(String::as_str), "写 parameters 文件里别的参数的名字");
                    }
                }
                if derived.per <= 0 {
                    self.problem(file, at, format!("{name} 的 per 要大于 0"), "年标准化为月标准写 per = 12");
                }
                {
                    let share = derived.share.map(Spanned::into_inner);
                    ParameterSource::Derived { of: derived.of.into_inner(), share, per: derived.per.max(1) }
                }
            } else {
                let none = parameter.values.is_empty() && !self.is_suspect(&name);
                let mut values = Vec::new();
                for (from, value) in parameter.values {
                    let at = value.span();
                    let read = match value.into_inner() {
                        WrittenValue::Int(number) if !day => Ok(ParameterValue::Int(number)),
                        WrittenValue::Text(text) if day => text.parse().map(ParameterValue::Date),
                        WrittenValue::Int(_) => Err("单位是 date，值要写成 \"2018-06-30\"".to_owned()),
                        WrittenValue::Text(_) => Err("值要写成整数，金额用分；日期的单位写 date".to_owned()),
                    };
                    match (from.get_ref().parse::<Month>(), read) {
                        (Ok(month), Ok(value)) => values.push((month, value)),
                        (Err(message), _) => self.problem(file, from.span(), message, ""),
                        (_, Err(message)) => self.problem(file, at, message, ""),
                    }
                }
                if none && !parameter.awaited {
                    let hint = "写 values = { \"2018-01\" = 387600 }";
                    self.problem(file, span, format!("参数 {name} 没有注明起始月份的值"), hint);
                }
                values.sort_by_key(|(from, _)| *from);
                ParameterSource::Dated(values)
            };
            let until = parameter.until.and_then(|until| {
                let month = until.get_ref().parse::<Month>();
                month.map_err(|message| self.problem(file, until.span(), message, "")).ok()
            });
            let (title, unit, clause) = (parameter.title, parameter.unit.into_inner(), parameter.clause);
            resolved.insert(name, Parameter { title, unit, clause, source, until });
        }
        resolved
    }

    /// `tables.toml`, where the folder has one: each is a parameter that holds its words.
    fn word_lists(&mut self, into: &mut BTreeMap<String, Parameter>) {
        let Some(file) = self.file("tables.toml") else { return };
        let Some(written) = parse::<WrittenTables>(file, &mut self.problems) else { return };
        for (name, table) in written {
            let span = table.span();
            let table = table.into_inner();
            if into.contains_key(&name) || self.parameter_types.contains_key(&name) {
                self.problem(file, span, format!("{name} 已经是参数的名字"), "表换一个名字");
                continue;
            }
            for word in table.values.iter().filter(|word| word.get_ref().trim().is_empty() || word.get_ref().contains(['%', '_']))
            {
                self.problem(file, word.span(), "表里的词不能是空的，也不能有 % 和 _", "删去这一个");
            }
            let words = table.values.into_iter().map(Spanned::into_inner).collect();
            let source = ParameterSource::Words(WordList { words, part: table.part });
            self.tables.insert(name.clone());
            let (title, unit, clause) = (table.title, "words".to_owned(), table.clause);
            into.insert(name, Parameter { title, unit, clause, source, until: None });
        }
    }

    /// The document without white space, for checking quotations.
    fn document(&mut self, policy: &WrittenPolicy, file: &Document) -> Option<String> {
        let name = policy.text.as_ref()?;
        let Some(document) = self.file(name.get_ref()) else {
            self.problem(
                file,
                name.span(),
                format!("政策目录里没有 {}", name.get_ref()),
                "把文件原文存成 UTF-8 的 .txt 放进政策目录，这里写它的名字",
            );
            return None;
        };
        Some(document.text.split_whitespace().collect())
    }

    fn cases_suffice(&mut self, rules: &[Rule], cases: &[Case]) {
        const LEAST: usize = 3;
        for rule in rules {
            let count = cases.iter().filter(|case| case.rule == rule.card.id).count();
            if count < LEAST && !self.is_suspect(&rule.card.id) {
                let file = self.files.iter().find(|file| file.text.contains(&format!("id = \"{}\"", rule.card.id)));
                let Some(file) = file else { continue };
                let at = file.text.find(&rule.card.id).unwrap_or(0);
                let message = format!("规则 {} 只有 {count} 个用例，至少 {LEAST} 个", rule.card.id);
                self.problem(file, at..at + rule.card.id.len(), message, "应享未享、已落实、豁免或无法判断各写一个");
            }
        }
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
