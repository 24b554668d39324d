//! What a sentence case of a rule file says: rows that are given, what linking is to have seen in them, and what is expected of the rule.
//!
//! Data only: read by `written`, checked by `resolve`, tried by `assess::cases`.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::model::date::Month;
use crate::model::finding::Confidence;
use crate::model::registry::RegistryId;

/// What a case expects of the rule for its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// A finding.
    Fires,
    /// In the population, no finding.
    Passes,
    /// Outside the population, exempt, or the rule is not in force.
    NotApplicable,
    /// Cannot tell.
    Unknown,
    /// Held back: the rule accuses by absence and somebody could be the person.
    Held,
}

/// A sentence case: given these rows, expect that.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// File it stands in.
    pub file: String,
    /// Where in the file.
    pub span: Range<usize>,
    /// Rule id.
    pub rule: String,
    /// In plain words.
    pub name: String,
    /// Month of the run.
    pub period: Month,
    /// Label of the person (or of a member of the household) it is about.
    pub subject: String,
    /// Readings chosen in place of the folder's; what a pipeline chooses does not touch cases.
    pub readings: Vec<(String, String)>,
    /// Rows per registry, in order; cells by record column, and `person` for the label.
    pub given: Vec<(RegistryId, Vec<BTreeMap<String, CaseValue>>)>,
    /// Columns that the sheet of a registry lacks, rather than having them with empty cells.
    pub lacks: Vec<(RegistryId, Vec<String>)>,
    /// What linking saw.
    pub seen: Option<Seen>,
    /// What is expected.
    pub expect: Expect,
    /// Amount owed that the finding must name, fen.
    pub due_fen: Option<i64>,
    /// How far the finding is to be trusted, where the case is about that.
    pub confidence: Option<Confidence>,
}

/// A cell of a case.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(untagged, expecting = "格子里要写文字（加引号）、整数（金额用分）或 true、false")]
pub enum CaseValue {
    /// A yes/no cell.
    Bool(bool),
    /// Money in fen, a count, a year, a month.
    Int(i64),
    /// Text; days as `2018-06-30`.
    Text(String),
}

/// What linking is given to have seen in a case; rows as `registry` and 1-based number.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// What.
    pub kind: SeenKind,
    /// One row: `["poverty", 1]`.
    pub left: (String, usize),
    /// The other.
    pub right: (String, usize),
    /// For [`SeenKind::Damaged`].
    pub suggestion: Option<String>,
}

/// Kinds of [`Seen`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeenKind {
    /// One number, two names.
    NumberTwoNames,
    /// The same person twice.
    Duplicate,
    /// A damaged number and its proof.
    Damaged,
    /// An open review pair.
    Review,
}
