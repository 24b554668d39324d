//! The layout of `整改台账`: where findings stand, per unit and line by line, and whom to check again.

use serde::Deserialize;

use super::{Choices, Table};

/// `整改台账.xlsx`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerBook {
    /// File name without extension.
    pub file: String,
    /// Months after the one it was first found in by whose end a finding is to be settled.
    pub deadline_months: i32,
    /// Movements by rule.
    pub rules: Table<UnitField>,
    /// Movements by town.
    pub towns: Table<UnitField>,
    /// Movements by village.
    pub villages: Table<UnitField>,
    /// Movements by lead department.
    pub departments: Table<UnitField>,
    /// A line per open finding.
    pub open: Table<ItemField>,
    /// A line per finding settled this month.
    pub settled: Table<ItemField>,
    /// Answered cases to check again.
    pub sample: SampleSheets,
    /// Drop-down lists by name.
    #[serde(default)]
    pub choices: Choices,
}

/// The month's two inspections.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleSheets {
    /// Of the answered cases of a town and result, in basis points, rounded up.
    pub share: u32,
    /// Cases of one inspection at most.
    pub most: usize,
    /// Sheet names, one per inspection.
    pub sheets: Vec<String>,
    /// The list of each.
    pub table: Table<ItemField>,
}

/// What a line of movements can show, for a rule, town, village or department.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitField {
    /// 1, 2, 3, …
    Serial,
    /// Rule title, town, village or department.
    Unit,
    /// The town of a village, the clause of a rule.
    Part,
    /// Found for the first time.
    New,
    /// Found before, not answered.
    Persisting,
    /// Answered as true, not done.
    Confirmed,
    /// Answered in a way that settles nothing.
    Disputed,
    /// Settled once, open again.
    Reopened,
    /// Cannot be told this month.
    Suspended,
    /// All that is open.
    Open,
    /// Open, found for the first time this month.
    AgeNew,
    /// Open since last month.
    AgeOne,
    /// Open for two months.
    AgeTwo,
    /// Open for longer.
    AgeMore,
    /// Open past the deadline.
    Overdue,
    /// Gone from the registries this month.
    SettledByData,
    /// No longer found, as the rule or its reading was changed.
    Redefined,
    /// Settled by an answer to this or last month's list.
    SettledByAnswer,
    /// Excused.
    Exempt,
    /// Asked by an earlier list, and neither settled nor excused until this month.
    Asked,
    /// Of these answered.
    Answered,
    /// Of these, the share answered.
    AnsweredShare,
    /// Open: owed and not paid, yuan a month.
    Owed,
    /// Open: paid and not owed, yuan a month.
    Overpaid,
    /// Settled by data: had been owed, yuan a month.
    MadeGood,
    /// Settled by data: had been paid and not owed, yuan a month.
    Stopped,
}

/// What a line about one finding can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemField {
    /// 1, 2, 3, …
    Serial,
    /// Finding id.
    FindingId,
    /// Rule title.
    Rule,
    /// Clause.
    Clause,
    /// Town.
    Town,
    /// Village.
    Village,
    /// Person, or head of the household.
    Name,
    /// The sentence.
    Sentence,
    /// Lead department and town.
    Responsible,
    /// Where it stands, and why.
    State,
    /// Month it was first found in.
    First,
    /// Months in which it was found.
    Months,
    /// Last day by which it is to be settled.
    Deadline,
    /// Whether that day has passed.
    Overdue,
    /// What was answered last.
    Answer,
    /// Owed less paid, yuan.
    Gap,
    /// Month it was settled in.
    SettledIn,
    /// How it was settled.
    Result,
    /// Whether it is closed.
    Closed,
    /// Nothing: to be filled in.
    Blank,
}
