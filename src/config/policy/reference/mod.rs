//! What a rule may name, as a page to read: facts, tallies of places, parameters, readings, and the record columns of each registry.
//!
//! Takes a resolved policy and its dictionary; gives a [`Reference`], which prints as Markdown (`Display`) or as JSON. Everything in it
//! is derived from the definitions, so it cannot go stale. The same definitions give the same bytes: each list has its own fixed order.

mod markdown;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{
    Body, Combine, Counted, Fact, Goal, Origin, Parameter, ParameterSource, ParameterValue, Policy, Reach, Source, Take,
};
use super::{Tally, UnitLevel, ValueType};
use crate::config::registry::{Dictionary, FieldDefinition, RegistryDefinition};
use crate::model::columns::{IdState, PLACE};
use crate::model::field::FieldKind;
use crate::model::finding::Scope;
use crate::model::money::Fen;
use crate::model::registry::Grain;

/// The page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reference {
    /// `正安县脱贫攻坚民生保障`.
    pub title: String,
    /// Document and number.
    pub document: String,
    /// Facts of a person, by name.
    pub person: Vec<FactEntry>,
    /// Facts of a household, by name; a person's rule may name them too.
    pub household: Vec<FactEntry>,
    /// What is counted for the county, a town or a village, by rule.
    pub unit: Vec<TallyEntry>,
    /// By name.
    pub parameters: Vec<ParameterEntry>,
    /// In the policy's order.
    pub readings: Vec<ReadingEntry>,
    /// By id.
    pub registries: Vec<RegistryEntry>,
}

/// A fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FactEntry {
    /// Column name.
    pub name: String,
    /// In plain words.
    pub title: String,
    /// `person` or `household`.
    pub scope: &'static str,
    /// `bool`, `int`, `text`, `date`.
    pub r#type: &'static str,
    /// What a number counts: `fen`, `years`, …; empty for what is no number.
    pub unit: &'static str,
    /// The only texts it can hold; empty where anything may stand.
    pub values: Vec<String>,
    /// Whether rules run without any of its registries.
    pub optional: bool,
    /// Registries it is read from, in order of preference.
    pub from: Vec<SourceEntry>,
    /// How several sources combine: `first` or `any`; empty for one or none.
    pub combine: &'static str,
    /// The person fact it sums up, how, and over which members.
    pub members: Option<MembersEntry>,
    /// The expression it is computed by.
    pub is: Option<String>,
    /// Rules that rest on it, by id.
    pub rules: Vec<String>,
}

/// Where a fact is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceEntry {
    /// Registry id.
    pub registry: String,
    /// Its title.
    pub registry_title: String,
    /// Record column; `None` where only rows count.
    pub field: Option<String>,
    /// Its title.
    pub field_title: Option<String>,
    /// How rows become one value.
    pub take: &'static str,
    /// Which rows: `own`, `registry_household`, `village`, `whole`, `through <registry>`, `sharing <column>`, `named_by <column>`, or
    /// `beside <registry>.<number column>`, with the condition on those rows.
    pub reach: String,
    /// Column in which rows name nobody of the subject's household, where only such rows count.
    pub stranger: Option<String>,
    /// Row filter.
    pub r#where: Option<String>,
}

/// A household's fact over its members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MembersEntry {
    /// The person fact.
    pub fact: String,
    /// How members become one value.
    pub take: &'static str,
    /// Only members for whom this fact is true.
    pub among: Option<String>,
}

/// What a rule about a place counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TallyEntry {
    /// Rule id.
    pub rule: String,
    /// Rule title.
    pub title: String,
    /// `county`, `town`, `village`.
    pub unit: &'static str,
    /// The fact counted or summed.
    pub count: Option<String>,
    /// The rows counted.
    pub rows: Option<SourceEntry>,
    /// Of whom.
    pub among: Option<String>,
    /// Parameter with the number to be reached.
    pub least: Option<String>,
    /// Parameter with the share to be reached.
    pub share: Option<String>,
    /// Parameter with the last day.
    pub by: Option<String>,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParameterEntry {
    /// Name, without `$`.
    pub name: String,
    /// In plain words.
    pub title: String,
    /// `fen/month`, `basis points`, …
    pub unit: String,
    /// Where the document says so.
    pub clause: String,
    /// From the month on → value; empty for a derived one.
    pub values: Vec<(String, String)>,
    /// `dibao_line_year × living_subsidy_least_share ÷ 12`.
    pub derived: Option<String>,
}

/// A reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadingEntry {
    /// Name, without `$`.
    pub name: String,
    /// In plain words.
    pub title: String,
    /// Where the document leaves it open.
    pub clause: String,
    /// The choice in force.
    pub chosen: String,
    /// Choice → what it means.
    pub alternatives: BTreeMap<String, String>,
    /// Rules whose outcome depends on it.
    pub rules: Vec<String>,
}

/// A registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegistryEntry {
    /// Id.
    pub id: String,
    /// In plain words.
    pub title: String,
    /// Who keeps it.
    pub department: String,
    /// What a row stands for, as the definition writes it: `person+kind`.
    pub grain: &'static str,
    /// What a `where` over it may name, in the definition's order.
    pub columns: Vec<ColumnEntry>,
}

/// A record column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnEntry {
    /// Name.
    pub name: String,
    /// In plain words.
    pub title: String,
    /// `bool`, `int`, `text`, `date`.
    pub r#type: &'static str,
    /// What a number counts.
    pub unit: &'static str,
    /// The only texts it can hold; empty where anything may stand.
    pub values: Vec<String>,
}

impl Reference {
    /// The page for a policy.
    #[must_use]
    pub fn new(policy: &Policy, dictionary: &Dictionary) -> Self {
        let writer = Writer { policy, dictionary };
        let facts = |scope: Scope| {
            let mut entries: Vec<FactEntry> =
                policy.facts.iter().filter(|fact| fact.scope == scope).map(|fact| writer.fact(fact)).collect();
            entries.sort_by(|left, right| left.name.cmp(&right.name));
            entries
        };
        let tallies = policy.rules.iter().filter_map(|rule| match &rule.body {
            Body::Tally(tally) => Some(writer.tally(&rule.card.id, &rule.card.title, tally)),
            _ => None,
        });
        let is_reading = |name: &String| policy.readings.iter().any(|reading| reading.id == *name);
        let parameters = policy.parameters.iter().filter(|(name, _)| !is_reading(name));
        let mut registries: Vec<RegistryEntry> =
            dictionary.registries.iter().map(|registry| registry_entry(registry, dictionary)).collect();
        registries.sort_by(|left, right| left.id.cmp(&right.id));
        Self {
            title: policy.title.clone(),
            document: policy.document.clone(),
            person: facts(Scope::Person),
            household: facts(Scope::Household),
            unit: tallies.collect(),
            parameters: parameters.map(|(name, parameter)| parameter_entry(name, parameter)).collect(),
            readings: policy
                .readings
                .iter()
                .map(|reading| ReadingEntry {
                    name: reading.id.clone(),
                    title: reading.title.clone(),
                    clause: reading.clause.clone(),
                    chosen: reading.chosen.clone(),
                    alternatives: reading.alternatives.clone(),
                    rules: reading.rules.clone(),
                })
                .collect(),
            registries,
        }
    }
}

struct Writer<'a> {
    policy: &'a Policy,
    dictionary: &'a Dictionary,
}

impl Writer<'_> {
    fn fact(&self, fact: &Fact) -> FactEntry {
        let (mut from, mut combine, mut members, mut is) = (Vec::new(), "", None, None);
        match &fact.origin {
            Origin::Sources { sources, combine: how } => {
                from = sources.iter().map(|source| self.source(source)).collect();
                combine = match how {
                    _ if sources.len() < 2 => "",
                    Combine::First => "first",
                    Combine::Any => "any",
                };
            }
            Origin::Members { fact, take, among } => {
                members = Some(MembersEntry { fact: fact.clone(), take: take_name(*take), among: among.clone() });
            }
            Origin::Derived(expression) => is = Some(one_line(&expression.text)),
        }
        let rests = |mentions: &[String]| mentions.contains(&fact.name);
        let rules = self.policy.rules.iter().filter(|rule| match &rule.body {
            Body::Condition(condition) => rests(&condition.mentions) || rests(&condition.searched),
            Body::Tally(tally) => rests(&tally.mentions),
            Body::BuiltIn(_) => false,
        });
        FactEntry {
            name: fact.name.clone(),
            title: fact.title.clone(),
            scope: fact.scope.as_str(),
            r#type: type_name(fact.value_type),
            unit: if fact.value_type == ValueType::Int { self.unit(fact, 0) } else { "" },
            values: self.values(fact, 0),
            optional: fact.optional,
            from,
            combine,
            members,
            is,
            rules: rules.map(|rule| rule.card.id.clone()).collect(),
        }
    }

    fn source(&self, source: &Source) -> SourceEntry {
        let field = source.field.as_ref();
        SourceEntry {
            registry: source.registry.to_string(),
            registry_title: self
                .dictionary
                .registry(source.registry.as_str())
                .map_or_else(String::new, |registry| registry.title.clone()),
            field: field.cloned(),
            field_title: field.and_then(|name| self.dictionary.fields.get(name)).map(|field| field.title.clone()),
            take: take_name(source.take),
            reach: match &source.reach {
                Reach::Own => "own".to_owned(),
                Reach::RegistryHousehold => "registry_household".to_owned(),
                Reach::Village => "village".to_owned(),
                Reach::Whole => "whole".to_owned(),
                Reach::Through(bridge) => format!("through {bridge}"),
                Reach::Sharing(column) => format!("sharing {column}"),
                Reach::NamedBy(column) => format!("named_by {column}"),
                Reach::Beside(pairs) => {
                    let filter =
                        pairs.filter.as_ref().map_or_else(String::new, |filter| format!(" where {}", one_line(&filter.text)));
                    format!("beside {}.{}{filter}", pairs.registry, pairs.number)
                }
            },
            stranger: source.stranger.clone(),
            r#where: source.filter.as_ref().map(|filter| one_line(&filter.text)),
        }
    }

    fn tally(&self, rule: &str, title: &str, tally: &Tally) -> TallyEntry {
        let (count, rows) = match &tally.count {
            Counted::Fact(fact) => (Some(fact.clone()), None),
            Counted::Rows(rows) => (None, Some(self.source(&rows.source))),
            Counted::Standard { now, before } => (Some(format!("${now} ÷ ${before}")), None),
        };
        let (least, share) = match &tally.goal {
            Goal::Least(name) => (Some(name.clone()), None),
            Goal::Share(name) => (None, Some(name.clone())),
        };
        TallyEntry {
            rule: rule.to_owned(),
            title: title.to_owned(),
            unit: match tally.unit {
                UnitLevel::County => "county",
                UnitLevel::Town => "town",
                UnitLevel::Village => "village",
            },
            count,
            rows,
            among: tally.among.clone(),
            least,
            share,
            by: tally.by.clone(),
        }
    }

    /// What a number of this fact counts. `depth` bounds a chain of members, which resolving has already ordered.
    fn unit(&self, fact: &Fact, depth: u32) -> &'static str {
        match &fact.origin {
            _ if fact.money => "fen",
            Origin::Sources { sources, .. } => sources.first().map_or("", |source| match source.take {
                Take::Age => "years",
                Take::Count | Take::MostAlike => "rows",
                _ => source.field.as_ref().and_then(|name| self.dictionary.fields.get(name)).map_or("", unit_of),
            }),
            Origin::Members { take: Take::Count, .. } => "persons",
            Origin::Members { fact, .. } if depth < 4 => self.policy.fact(fact).map_or("", |fact| self.unit(fact, depth + 1)),
            _ => "",
        }
    }

    /// The values of a code field that the fact shows.
    fn values(&self, fact: &Fact, depth: u32) -> Vec<String> {
        let mut values = BTreeSet::new();
        match &fact.origin {
            _ if fact.value_type != ValueType::Text => {}
            Origin::Sources { sources, .. } => {
                let fields = sources.iter().filter_map(|source| self.dictionary.fields.get(source.field.as_ref()?));
                values.extend(fields.flat_map(values_of));
            }
            Origin::Members { fact, .. } if depth < 4 => {
                values.extend(self.policy.fact(fact).map_or_else(Vec::new, |fact| self.values(fact, depth + 1)));
            }
            _ => {}
        }
        values.into_iter().collect()
    }
}

fn registry_entry(registry: &RegistryDefinition, dictionary: &Dictionary) -> RegistryEntry {
    let columns = dictionary.record_columns(registry).into_iter().map(|(field, column)| {
        let name = column.name().clone();
        let place = PLACE.iter().position(|place| *place == name).filter(|_| field.kind == FieldKind::Place);
        let own = name == field.name && place.is_none();
        let (title, values) = match (place, name.strip_prefix(&field.name)) {
            (Some(at), _) => (PLACE_TITLES[at].to_owned(), Vec::new()),
            (_, Some("_state")) => {
                (format!("{}的状态", field.title), IdState::ALL.map(|state| state.as_str().to_owned()).to_vec())
            }
            (_, Some("_raw")) => (format!("{}原文（与整理后不同时）", field.title), Vec::new()),
            _ => (field.title.clone(), values_of(field)),
        };
        let value_type = super::resolve::value_type(field.kind).filter(|_| own).unwrap_or(ValueType::Text);
        ColumnEntry { name, title, r#type: type_name(value_type), unit: if own { unit_of(field) } else { "" }, values }
    });
    let columns = columns.collect();
    RegistryEntry {
        id: registry.id.to_string(),
        title: registry.title.clone(),
        department: registry.department.clone(),
        grain: match registry.grain {
            Grain::Person => "person",
            Grain::PersonKind => "person+kind",
            Grain::PersonMonth => "person+month",
            Grain::HouseholdMonth => "household+month",
            Grain::Event => "event",
        },
        columns,
    }
}

/// In the order of [`PLACE`].
const PLACE_TITLES: [&str; 6] = ["乡镇", "乡镇代码", "村", "村代码", "组", "地址原文（没有对上区划时）"];

fn parameter_entry(name: &str, parameter: &Parameter) -> ParameterEntry {
    let (values, derived) = match &parameter.source {
        ParameterSource::Dated(values) => {
            let plain = |value: &ParameterValue| match value {
                ParameterValue::Int(number) if parameter.unit.starts_with("fen") => format!("{number}（{} 元）", Fen(*number)),
                ParameterValue::Int(number) if parameter.unit == "basis points" => format!("{number}（{}%）", Fen(*number)),
                ParameterValue::Int(number) => number.to_string(),
                ParameterValue::Text(text) => text.clone(),
                ParameterValue::Date(day) => day.to_string(),
                ParameterValue::List(list) => list.words.join("、"),
            };
            let ended = parameter.until.map(|until| (format!("{until} 以后"), "没有写，无法判断".to_owned()));
            (values.iter().map(|(from, value)| (from.to_string(), plain(value))).chain(ended).collect(), None)
        }
        ParameterSource::Derived { of, share, per } => {
            let share = share.as_ref().map_or_else(String::new, |share| format!(" × {share}"));
            let per = if *per == 1 { String::new() } else { format!(" ÷ {per}") };
            (Vec::new(), Some(format!("{of}{share}{per}")))
        }
        ParameterSource::Words(list) => {
            let way = if list.part { "含有：" } else { "就是：" };
            (Vec::new(), Some(format!("{way}{}", list.words.join("、"))))
        }
    };
    ParameterEntry {
        name: name.to_owned(),
        title: parameter.title.clone(),
        unit: parameter.unit.clone(),
        clause: parameter.clause.clone(),
        values,
        derived,
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn values_of(field: &FieldDefinition) -> Vec<String> {
    if field.kind != FieldKind::Code {
        return Vec::new();
    }
    field.codes.values().collect::<BTreeSet<_>>().into_iter().cloned().collect()
}

fn unit_of(field: &FieldDefinition) -> &'static str {
    match field.kind {
        FieldKind::Money => "fen",
        FieldKind::Month => "yyyymm",
        FieldKind::Year => "year",
        FieldKind::Count => "count",
        _ => "",
    }
}

fn type_name(value_type: ValueType) -> &'static str {
    match value_type {
        ValueType::Bool => "bool",
        ValueType::Int => "int",
        ValueType::Text => "text",
        ValueType::Date => "date",
    }
}

fn take_name(take: Take) -> &'static str {
    match take {
        Take::Exists => "exists",
        Take::First => "first",
        Take::Min => "min",
        Take::Max => "max",
        Take::Sum => "sum",
        Take::Count => "count",
        Take::Any => "any",
        Take::All => "all",
        Take::SumPerHousehold => "sum_per_household",
        Take::Age => "age",
        Take::Distinct => "distinct",
        Take::MostAlike => "most_alike",
        Take::Supplied => "supplied",
        Take::Keyed => "keyed",
        Take::Blank => "blank",
    }
}

#[cfg(test)]
mod tests;
