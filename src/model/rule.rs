//! What outputs need to know of a policy: the cards of its rules, and how it was read. The policy itself lives in `config::policy`.

use std::collections::BTreeMap;

use super::finding::{Kind, Scope};

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
