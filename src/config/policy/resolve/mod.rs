//! From written to resolved: names looked up, expressions checked, cycles refused, every mistake kept.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::written::{WrittenFacts, WrittenParameters, WrittenPolicy, WrittenRules, WrittenTables, WrittenValue};
use super::{
    Case, ChosenReadings, Fact, Parameter, ParameterSource, ParameterValue, Policy, Rule, Settings, ValueType, WordList,
};
use crate::config::document::{Document, Spanned};
use crate::config::error::Problems;
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
) -> Result<Policy, Problems> {
    let mut resolver = Resolver::new(documents, dictionary);
    match resolver.policy(pipeline) {
        Some(policy) => resolver.problems.into_result(policy),
        None => Err(resolver.problems.into_result(()).err().unwrap_or_default()),
    }
}

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
    fn new(files: &'a [Document], dictionary: &'a Dictionary) -> Self {
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
            problems: Problems::default(),
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
            dictionary,
        }
    }

    fn problem(&mut self, file: &Document, span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        self.problems.add_with_hint(file, span, message, "", hint);
    }

    fn file(&self, name: &str) -> Option<&'a Document> {
        self.files.iter().find(|file| file_name(&file.path) == name)
    }

    fn required<T: serde::de::DeserializeOwned>(&mut self, name: &str) -> Option<(T, &'a Document)> {
        let Some(file) = self.file(name) else {
            let absent = Document { path: name.to_owned(), text: String::new() };
            self.problem(&absent, 0..0, format!("政策目录里没有 {name}"), "补上这个文件");
            return None;
        };
        parse(file, &mut self.problems).map(|value| (value, file))
    }

    fn policy(&mut self, pipeline: Option<ChosenReadings<'_>>) -> Option<Policy> {
        let policy = self.required::<WrittenPolicy>("policy.toml");
        let parameters = self.required::<WrittenParameters>("parameters.toml");
        let facts = self.required::<WrittenFacts>("facts.toml");
        let ((policy, policy_file), parameters, facts) = (policy?, parameters?, facts?);
        // A chapter keeps its own beside its rules: parameters-health.toml, facts-health.toml.
        let (mut parameter_files, mut fact_files, mut rule_files) = (vec![parameters], vec![facts], Vec::new());
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
        let mut readings = self.readings(&policy, policy_file, pipeline, &mut resolved_parameters);
        let facts = self.all_facts(fact_files);
        let document = self.document(&policy, policy_file);
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
                rules.extend(self.rule(rule.get_ref(), file, document.as_deref()));
            }
        }
        for (written, file) in rule_files {
            for case in written.case {
                cases.extend(self.case(case, file, &ids));
            }
        }
        self.cases_suffice(&rules, &cases);
        self.users(&mut readings, &rules);
        rules.sort_by(|left, right| left.card.id.cmp(&right.card.id));
        for rule in &mut rules {
            rule.card.definition = self.definition(rule, &resolved_parameters);
        }
        let clauses = self.clauses(&rules);
        let settings = Settings {
            people: policy.settings.people.iter().map(|id| RegistryId::from(id.as_str())).collect(),
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
            let day = parameter.unit == "date";
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
                    if !names.contains(from) || *from == name {
                        self.problem(file, at.clone(), format!("{name} 由 {from} 得出，但没有这个参数"), "");
                    }
                }
                if derived.per <= 0 {
                    self.problem(file, at, format!("{name} 的 per 要大于 0"), "年标准化为月标准写 per = 12");
                }
                ParameterSource::Derived { of: derived.of, share: derived.share, per: derived.per.max(1) }
            } else {
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
                if values.is_empty() && !parameter.awaited {
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
            let (title, unit, clause) = (parameter.title, parameter.unit, parameter.clause);
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
            self.problem(file, name.span(), format!("政策目录里没有 {}", name.get_ref()), "");
            return None;
        };
        Some(document.text.split_whitespace().collect())
    }

    fn cases_suffice(&mut self, rules: &[Rule], cases: &[Case]) {
        const LEAST: usize = 3;
        for rule in rules {
            let count = cases.iter().filter(|case| case.rule == rule.card.id).count();
            if count < LEAST {
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
