//! What each kind of table can show: the words that stand after `source =` in a layout.

use serde::Deserialize;

/// Numbers a director reads first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeadlineField {
    /// Findings of all rules but identity rules.
    Findings,
    /// Households in them.
    Households,
    /// People in them.
    People,
    /// Owed and not paid, a month.
    OwedMonth,
    /// Owed and not paid, for the semesters of this year that are over.
    OwedSemester,
    /// Owed and not paid, a year.
    OwedYear,
    /// Owed and not paid, once.
    OwedOnce,
    /// Paid and not owed, a month.
    OverpaidMonth,
    /// Paid and not owed, for the semesters of this year that are over.
    OverpaidSemester,
    /// Paid and not owed, a year.
    OverpaidYear,
    /// Paid and not owed, once.
    OverpaidOnce,
    /// Findings of identity rules.
    Identity,
    /// Rules held back, county-wide or in a town.
    Held,
    /// Files or sheets refused.
    Refused,
    /// Rows kept of all registries.
    Records,
}

/// What a list of findings can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListField {
    /// 1, 2, 3, …
    Serial,
    /// Finding ids, one a line.
    FindingIds,
    /// Town.
    Town,
    /// Village.
    Village,
    /// Village group.
    Group,
    /// Household code.
    HouseholdCode,
    /// Head of household.
    HeadName,
    /// Person, or the head for a household.
    Name,
    /// Their number.
    IdNumber,
    /// Relation to the head; `整户` for a household.
    Relation,
    /// Titles of the rules.
    Rules,
    /// Clauses.
    Clauses,
    /// The sentences; several are numbered, each with its confidence.
    Sentences,
    /// One source row per part: table, row, `column=value`.
    Evidence,
    /// As `Evidence`, with file and sheet.
    EvidenceFull,
    /// Where one source row stands: table, file, sheet, row.
    Place,
    /// What one source row says: `column=value`.
    Content,
    /// The number one source row gives.
    Number,
    /// Numbers that differ from the person's own, of all source rows.
    DoubtfulNumber,
    /// Where they stand.
    DoubtfulPlace,
    /// The person's own number, where some source row gives it.
    ConfirmedNumber,
    /// Where it stands.
    ConfirmedPlace,
    /// The oldest data date among the registries it rests on.
    DataDate,
    /// The weakest confidence.
    Confidence,
    /// Where the findings stand, from the ledger.
    State,
    /// What was answered last, from the ledger.
    LastAnswer,
    /// A number that a list proposed for the person, and what became of it.
    Proposed,
    /// Owed, yuan.
    Due,
    /// Paid, yuan.
    Paid,
    /// Owed less paid, yuan.
    Gap,
    /// Finding ids and period, for reading the list back.
    RowKey,
    /// Nothing: to be filled in.
    Blank,
}

/// What an index sheet can show, a row per list sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IndexField {
    /// 1, 2, 3, …
    Serial,
    /// Sheet, as a link.
    Sheet,
    /// Clause, where the sheet is one rule's.
    Clause,
    /// Rows of the list.
    Rows,
    /// Findings in them.
    Findings,
    /// Of these certain.
    Certain,
    /// Of these likely.
    Likely,
    /// Of these to be checked first.
    Check,
    /// Owed and not paid, yuan.
    Owed,
    /// Paid and not owed, yuan.
    Overpaid,
}

/// What a table of rules can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleField {
    /// 1, 2, 3, …
    Serial,
    /// Title.
    Title,
    /// Clause.
    Clause,
    /// Kind in plain words.
    Kind,
    /// Lead department.
    Lead,
    /// Responsible departments.
    Responsible,
    /// The clause's own words.
    Quotation,
    /// Whether it was evaluated.
    State,
    /// Persons or households it was asked of.
    Population,
    /// Of these exempt.
    Exempt,
    /// Findings.
    Findings,
    /// Households in them.
    Households,
    /// People in them.
    People,
    /// What time its amounts are for.
    TimeBase,
    /// Owed and not paid over that time, yuan.
    Owed,
    /// Paid and not owed over that time, yuan.
    Overpaid,
    /// Findings that are certain.
    Certain,
    /// Findings that are likely.
    Likely,
    /// Findings to be checked first.
    Check,
}

/// What the table of rules by towns can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CrossField {
    /// 1, 2, 3, …
    Serial,
    /// Rule title.
    Title,
    /// Clause.
    Clause,
    /// A column per town.
    Towns,
    /// Sum of the row.
    Total,
}

/// What the intake sheet can show, a row per sheet of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntakeField {
    /// 1, 2, 3, …
    Serial,
    /// File.
    File,
    /// Sheet.
    Sheet,
    /// Registry in plain words.
    Registry,
    /// Data date.
    DataDate,
    /// Rows read.
    Read,
    /// Rows kept.
    Kept,
    /// Rows rejected.
    Rejected,
    /// Rows rejected, by reason.
    Reasons,
    /// Taken in, or refused.
    State,
    /// Why refused and what to do; headers that no field takes.
    Remark,
}

/// What the sheet of notes can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteField {
    /// 1, 2, 3, …
    Serial,
    /// Rule title.
    Title,
    /// Clause.
    Clause,
    /// Town, or the whole county.
    Town,
    /// Not evaluated, or a warning.
    State,
    /// Persons or households concerned.
    Concerned,
    /// Why.
    Note,
}

/// What the coverage sheet can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateField {
    /// The day by which.
    By,
    /// How far that day is: days to go, or gone.
    Left,
    /// 1, 2, 3, …
    Serial,
    /// Rule title.
    Title,
    /// Clause.
    Clause,
    /// Town; empty for the county.
    Town,
    /// Village; empty for town and county.
    Village,
    /// Satisfied.
    Numerator,
    /// Asked.
    Denominator,
    /// Share.
    Share,
    /// Target.
    Target,
    /// Whether it is met.
    Met,
}

/// Columns of the table of promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClauseField {
    /// The days by which, and how far they are.
    Deadline,
    /// Running number.
    Serial,
    /// Clause.
    Clause,
    /// What is promised.
    Promise,
    /// How far it can be checked.
    Class,
    /// Lead department.
    Lead,
    /// Titles of the rules that check it.
    How,
    /// Registries it is checked on, and which of them were not there.
    Registries,
    /// Persons, households or places asked.
    Population,
    /// Findings.
    Findings,
    /// Still to be paid.
    Owed,
    /// Paid too much.
    Overpaid,
    /// County's rate against the target.
    Rate,
    /// Checked, in part, not.
    State,
    /// What is not checked and why.
    Why,
}

/// What the sheet of the exemption list can show, a row per rule that a row of the list names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExemptionField {
    /// 1, 2, 3, …
    Serial,
    /// Rule title, `全部`, or what was written.
    Rule,
    /// Name of the person or the household's head.
    Name,
    /// Their number, always masked.
    IdNumber,
    /// Household code.
    HouseholdCode,
    /// Town.
    Town,
    /// Village.
    Village,
    /// Why, in the county's words.
    Reason,
    /// Last day.
    Until,
    /// Who decided.
    DecidedBy,
    /// What became of it.
    State,
    /// Persons or households excused.
    Excused,
    /// What to know or to do.
    Remark,
    /// Where it stands in the list: file, sheet, row.
    Place,
}
