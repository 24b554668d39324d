//! What outputs need to know of a policy: the cards of its rules, and how it was read. The policy itself lives in `config::policy`.

use std::collections::BTreeMap;

use super::finding::{Kind, Scope, TimeBase};
use super::registry::RegistryId;

/// The public face of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleCard {
    /// `living.two_none_uncovered`.
    pub id: String,
    /// `“两无”户未纳入低保或特困`.
    pub title: String,
    /// `三(三)2`; empty where `basis` stands in for it.
    pub clause: String,
    /// What says it where the county's document does not: a national document, or `数据质量`.
    pub basis: Option<String>,
    /// Its kind.
    pub kind: Kind,
    /// Whom it is about.
    pub scope: Scope,
    /// Lead department, whose workbook the findings go to: `县民政局`.
    pub lead: String,
    /// Responsible departments.
    pub responsible: Vec<String>,
    /// The clause's own words; empty where there is none.
    pub quotation: String,
    /// What time its amounts are for; `None` where it has none.
    pub time_base: Option<TimeBase>,
    /// Whether its findings stay with the county's data team and are on no list that goes to a village or department.
    pub internal: bool,
    /// Digest of everything that the rule's outcome follows from but the data: conditions, facts, parameters, readings.
    pub definition: String,
}

impl RuleCard {
    /// What it is held against: the clause, or the basis where no clause says it.
    #[must_use]
    pub fn ground(&self) -> &str {
        self.basis.as_deref().unwrap_or(&self.clause)
    }

    /// The clause's words, or the basis again where no clause says it.
    #[must_use]
    pub fn words(&self) -> &str {
        if self.quotation.is_empty() { self.ground() } else { &self.quotation }
    }
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
