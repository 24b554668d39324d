//! What outputs need to know of a rule: its card. The rule itself lives in `config::policy`.

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
