//! The layout of a comparison of two runs.

use serde::Deserialize;

use super::Table;

/// What a table of sums can show, a row per rule, town, or village and rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeSumField {
    /// 1, 2, 3, …
    Serial,
    /// Rule.
    Title,
    /// Town.
    Town,
    /// Village.
    Village,
    /// Only in the later run.
    New,
    /// In both.
    Persisting,
    /// Gone: asked and not found.
    Resolved,
    /// Gone: to be checked first.
    HeldBack,
    /// Gone: the rule was not evaluated.
    NotEvaluated,
    /// Gone: the subject stands in no registry.
    SubjectGone,
    /// Owed by new ones.
    OwedNew,
    /// Owed by persisting ones.
    OwedPersisting,
    /// Owed by those gone.
    OwedGone,
    /// Overpaid by new ones.
    OverpaidNew,
    /// Overpaid by persisting ones.
    OverpaidPersisting,
    /// Overpaid by those gone.
    OverpaidGone,
}

/// What the list of findings can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeListField {
    /// 1, 2, 3, …
    Serial,
    /// What became of it.
    Change,
    /// Finding id.
    FindingId,
    /// Rule.
    Title,
    /// Clause.
    Clause,
    /// Town.
    Town,
    /// Village.
    Village,
    /// Household code.
    Household,
    /// Name.
    Name,
    /// Number, masked.
    Number,
    /// Sentence.
    Sentence,
    /// Owed less paid.
    Gap,
}

/// The workbook of a comparison.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangesBook {
    /// A row per rule.
    pub rules: Table<ChangeSumField>,
    /// A row per town.
    pub towns: Table<ChangeSumField>,
    /// A row per village and rule.
    pub villages: Table<ChangeSumField>,
    /// A row per finding.
    pub list: Table<ChangeListField>,
}
