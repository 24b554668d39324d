//! The layout of the sheets that say where findings stand.

use serde::Deserialize;

use super::Table;

/// What a line can show: the findings of one rule, town or village in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateField {
    /// 1, 2, 3, …
    Serial,
    /// Rule.
    Title,
    /// Town.
    Town,
    /// Village.
    Village,
    /// State.
    State,
    /// Findings.
    Count,
    /// Most months in which one of them was found.
    Months,
    /// The first day on which an exemption among them ends.
    Until,
    /// Owed and not paid, yuan a month.
    Owed,
    /// Paid and not owed, yuan a month.
    Overpaid,
}

/// The sheets.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatesBook {
    /// By rule.
    pub rules: Table<StateField>,
    /// By town.
    pub towns: Table<StateField>,
    /// By village.
    pub villages: Table<StateField>,
}
