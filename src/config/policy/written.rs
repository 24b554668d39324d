//! The files of a policy folder as written: shapes only, nothing resolved. Unknown keys are mistakes.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{BuiltIn, CaseValue, Combine, Expect, Seen, Take, UnitLevel};
use crate::config::document::Spanned;
use crate::model::finding::{Confidence, Kind, Scope, TimeBase};
use crate::model::rule::Class;

/// `policy.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenPolicy {
    pub(super) county: String,
    pub(super) title: String,
    pub(super) document: String,
    /// File in the folder that holds the document's text; quotations are checked against it.
    pub(super) text: Option<Spanned<String>>,
    pub(super) settings: WrittenSettings,
    #[serde(default)]
    pub(super) readings: BTreeMap<Spanned<String>, WrittenReading>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenSettings {
    pub(super) people: Vec<Spanned<String>>,
    pub(super) completeness_share: i64,
    pub(super) completeness_least: i64,
    #[serde(default = "plausible_share")]
    pub(super) plausible_share: i64,
    pub(super) implausible_share: i64,
    pub(super) implausible_least: i64,
    pub(super) likely_probability: i64,
}

/// A passage that can be read in two ways, and the reading chosen.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenReading {
    pub(super) title: String,
    pub(super) clause: String,
    pub(super) value: Spanned<String>,
    pub(super) alternatives: BTreeMap<String, String>,
}

/// `parameters.toml`, `parameters-*.toml`.
pub(super) type WrittenParameters = BTreeMap<String, Spanned<WrittenParameter>>;

/// One entry of `parameters.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenParameter {
    pub(super) title: String,
    pub(super) unit: Spanned<String>,
    pub(super) clause: String,
    #[serde(default)]
    pub(super) values: BTreeMap<Spanned<String>, Spanned<WrittenValue>>,
    /// Last month for which the values hold: a table of a year says nothing of the next.
    pub(super) until: Option<Spanned<String>>,
    pub(super) derived: Option<Spanned<WrittenDerivation>>,
    /// The document does not say it and the county has not yet: rules that need it wait.
    #[serde(default)]
    pub(super) awaited: bool,
}

/// `tables.toml`: lists of words that the county keeps.
pub(super) type WrittenTables = BTreeMap<String, Spanned<WrittenTable>>;

/// One entry of `tables.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenTable {
    pub(super) title: String,
    pub(super) clause: String,
    /// A text that holds one of the words stands in the table, not only one that is one of them.
    #[serde(default)]
    pub(super) part: bool,
    pub(super) values: Vec<Spanned<String>>,
}

/// A number in the parameter's unit, or a day.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "值要写成整数（金额用分，比例用万分之几，不带小数），日期写成 \"2018-06-30\"")]
pub(super) enum WrittenValue {
    Int(i64),
    Text(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenDerivation {
    pub(super) of: Spanned<String>,
    pub(super) share: Option<Spanned<String>>,
    #[serde(default = "one")]
    pub(super) per: i64,
}

fn one() -> i64 {
    1
}

/// `facts.toml`, `facts-*.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenFacts {
    #[serde(default)]
    pub(super) person: BTreeMap<String, Spanned<WrittenFact>>,
    #[serde(default)]
    pub(super) household: BTreeMap<String, Spanned<WrittenFact>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenFact {
    pub(super) title: String,
    #[serde(default)]
    pub(super) money: bool,
    #[serde(default)]
    pub(super) optional: bool,
    #[serde(default)]
    pub(super) combine: Combine,
    #[serde(default)]
    pub(super) from: Vec<Spanned<WrittenSource>>,
    pub(super) members: Option<Spanned<String>>,
    pub(super) among: Option<Spanned<String>>,
    pub(super) take: Option<Take>,
    pub(super) is: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenSource {
    pub(super) registry: Spanned<String>,
    pub(super) field: Option<Spanned<String>>,
    #[serde(rename = "where")]
    pub(super) filter: Option<Spanned<String>>,
    pub(super) take: Take,
    pub(super) through: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) registry_household: bool,
    #[serde(default)]
    pub(super) by_village: bool,
    #[serde(default)]
    pub(super) whole: bool,
    pub(super) sharing: Option<Spanned<String>>,
    pub(super) named_by: Option<Spanned<String>>,
    pub(super) beside: Option<Spanned<WrittenPairs>>,
    pub(super) stranger: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenPairs {
    pub(super) registry: Spanned<String>,
    pub(super) number: Spanned<String>,
    #[serde(rename = "where")]
    pub(super) filter: Option<Spanned<String>>,
}

/// Where a policy does not say: more than three in ten are hardly all forgotten.
fn plausible_share() -> i64 {
    3_000
}

/// A file of rules.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenRules {
    #[serde(default)]
    pub(super) rule: Vec<Spanned<WrittenRule>>,
    #[serde(default)]
    pub(super) case: Vec<Spanned<WrittenCase>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenRule {
    pub(super) id: Spanned<String>,
    pub(super) title: String,
    pub(super) clause: Option<Spanned<String>>,
    pub(super) lead: String,
    #[serde(default)]
    pub(super) responsible: Vec<String>,
    pub(super) quotation: Option<Spanned<String>>,
    pub(super) basis: Option<Spanned<String>>,
    pub(super) scope: Spanned<Scope>,
    pub(super) kind: Kind,
    pub(super) sentence: Spanned<String>,
    pub(super) from: Option<Spanned<String>>,
    pub(super) until: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) under: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
    pub(super) built_in: Option<BuiltIn>,
    pub(super) population: Option<Spanned<String>>,
    pub(super) test: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) searched: Vec<Spanned<String>>,
    pub(super) plausible: Option<Spanned<i64>>,
    pub(super) due: Option<Spanned<String>>,
    pub(super) paid: Option<Spanned<String>>,
    pub(super) time_base: Option<Spanned<TimeBase>>,
    #[serde(default)]
    pub(super) at_most: Vec<WrittenCeiling>,
    #[serde(default)]
    pub(super) internal: bool,
    #[serde(default)]
    pub(super) exempt: Vec<WrittenExemption>,
    pub(super) rate: Option<WrittenRate>,
    pub(super) by: Option<Spanned<String>>,
    pub(super) tally: Option<Spanned<WrittenTally>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenTally {
    pub(super) unit: UnitLevel,
    pub(super) count: Option<Spanned<String>>,
    pub(super) rows: Option<Spanned<WrittenSource>>,
    /// Rows of whom `rows` are a share.
    pub(super) among_rows: Option<Spanned<WrittenSource>>,
    /// Without a row for which this holds the registry says nothing of the matter.
    pub(super) there: Option<Spanned<String>>,
    /// A parameter, held against another one.
    pub(super) standard: Option<Spanned<String>>,
    pub(super) before: Option<Spanned<String>>,
    pub(super) among: Option<Spanned<String>>,
    pub(super) least: Option<Spanned<String>>,
    pub(super) share: Option<Spanned<String>>,
}

/// `clauses.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenClauses {
    pub(super) clause: Vec<WrittenClause>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenClause {
    pub(super) id: Spanned<String>,
    pub(super) class: Class,
    pub(super) lead: String,
    pub(super) promise: String,
    #[serde(default)]
    pub(super) rules: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) why: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenExemption {
    pub(super) reason: String,
    pub(super) when: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenCeiling {
    pub(super) tier: Confidence,
    pub(super) when: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenRate {
    pub(super) target: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenCase {
    pub(super) rule: Spanned<String>,
    pub(super) name: String,
    pub(super) period: Spanned<String>,
    pub(super) subject: String,
    pub(super) given: BTreeMap<Spanned<String>, Vec<BTreeMap<Spanned<String>, CaseValue>>>,
    #[serde(default)]
    pub(super) readings: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    pub(super) lacks: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
    pub(super) seen: Option<Seen>,
    pub(super) expect: Expect,
    pub(super) due_fen: Option<i64>,
    pub(super) confidence: Option<Confidence>,
}
