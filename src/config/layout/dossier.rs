//! The layout of a town's dossier.

use serde::Deserialize;

use super::Table;

/// What the index of a dossier can show, a row per household.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DossierIndexField {
    /// 1, 2, 3, …
    Serial,
    /// Village.
    Village,
    /// Village group.
    Group,
    /// Household code, as a link to its rows.
    Household,
    /// Head.
    Head,
    /// Members.
    Members,
    /// Rows in all registries.
    Rows,
    /// Findings of household and members.
    Findings,
    /// Rules that could not be told.
    Unknown,
    /// Rows left to a human.
    Doubts,
    /// Titles of the findings.
    Titles,
}

/// What a village's sheet can show: a household, its members, their rows, the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DossierField {
    /// 户, 成员, 登记, 待核对, 疑点, 规则.
    Kind,
    /// Household code.
    Household,
    /// Name.
    Name,
    /// Number, masked.
    Number,
    /// Registry, or rule.
    What,
    /// File, sheet and row; or clause.
    Where,
    /// What stands there; or why.
    Content,
    /// How the row was joined; or what the rule says.
    Result,
}

/// The dossier of a town.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DossierBook {
    /// File name without ending.
    pub file: String,
    /// What stands for a missing village.
    pub unplaced: String,
    /// Households.
    pub index: Table<DossierIndexField>,
    /// One sheet per village.
    pub list: Table<DossierField>,
    /// Rules that were not evaluated in this run, for everybody.
    pub not_evaluated: Table<DossierField>,
}
