//! What outputs need to know of a policy: the cards of its rules, and how it was read. The policy itself lives in `config::policy`.

use std::collections::BTreeMap;

use super::finding::{Kind, Scope};
use super::registry::RegistryId;

/// The public face of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleCard {
    /// `living.two_none_uncovered`.
    pub id: String,
    /// `“两无”户未纳入低保或特困`.
    pub title: String,
    /// `三(三)2`.
    pub clause: String,
    /// Its kind.
    pub kind: Kind,
    /// Whom it is about.
    pub scope: Scope,
    /// Lead department, whose workbook the findings go to: `县民政局`.
    pub lead: String,
    /// Responsible departments.
    pub responsible: Vec<String>,
    /// The clause's own words.
    pub quotation: String,
}

/// A passage of the document that can be read in several ways, and the reading in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// `two_none_reading`.
    pub id: String,
    /// `“两无”户怎样认定`.
    pub title: String,
    /// Where the document leaves it open: `三(三)2`.
    pub clause: String,
    /// The reading chosen: a key of `alternatives`.
    pub chosen: String,
    /// Every reading, in plain words.
    pub alternatives: BTreeMap<String, String>,
    /// What the policy folder chooses; a pipeline may choose otherwise.
    pub by_folder: String,
    /// Rules whose outcome depends on it, by id.
    pub rules: Vec<String>,
}

impl Reading {
    /// The reading chosen, in plain words.
    #[must_use]
    pub fn meaning(&self) -> &str {
        self.alternatives.get(&self.chosen).map_or(self.chosen.as_str(), String::as_str)
    }
}

/// How far a promise can be checked by records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
pub enum Class {
    /// By records.
    #[serde(rename = "A")]
    Checked,
    /// In part, or with a list or a definition of the county's own.
    #[serde(rename = "B")]
    Partly,
    /// Only on paper or on site.
    #[serde(rename = "C")]
    Unchecked,
}

impl Class {
    /// In the words of the workbook.
    #[must_use]
    pub fn plain(self) -> &'static str {
        match self {
            Self::Checked => "可核",
            Self::Partly => "部分可核",
            Self::Unchecked => "不可核",
        }
    }
}

/// One promise of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// `三(三)4 护理补贴`.
    pub id: String,
    /// How far it can be checked.
    pub class: Class,
    /// Lead department.
    pub lead: String,
    /// What it promises, in a few words.
    pub promise: String,
    /// Rules that check it, by id.
    pub rules: Vec<String>,
    /// Registries that these are read from.
    pub registries: Vec<RegistryId>,
    /// What is not checked, and why; empty where nothing is left.
    pub why: String,
}
