//! The receipt for returned lists, as data: `reports/receipt.toml`.

use serde::Deserialize;

use super::Table;

/// What became of returned lists.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptBook {
    /// File name without ending; `{title}` is the lists' months.
    pub file: String,
    /// Counts by file and village.
    pub index: Table<ReceiptCount>,
    /// Files and sheets that could not be read.
    pub refusals: Table<RefusalField>,
    /// Rows that somebody must look at.
    pub attention: Table<ReceiptField>,
    /// Every row.
    pub rows: Table<ReceiptField>,
}

/// What the counts of a receipt can show, a row per file and village.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptCount {
    /// 1, 2, 3, …
    Serial,
    /// File.
    File,
    /// Town.
    Town,
    /// Village.
    Village,
    /// All rows.
    Rows,
    /// Taken.
    Taken,
    /// Taken before.
    Known,
    /// Copies within the file.
    Copied,
    /// Taken beside an earlier answer that says otherwise.
    Conflicting,
    /// Nothing filled in.
    Empty,
    /// Not understood.
    Unclear,
    /// About no known finding.
    Unknown,
    /// No row of a list.
    Aside,
    /// Whether the same bytes came before.
    Before,
}

/// What a row of a receipt can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptField {
    /// 1, 2, 3, …
    Serial,
    /// File.
    File,
    /// Sheet.
    Sheet,
    /// Row as Excel shows it.
    Row,
    /// Town.
    Town,
    /// Village.
    Village,
    /// Name.
    Name,
    /// Finding ids, one a line.
    FindingIds,
    /// Month of the list.
    List,
    /// What became of it.
    Outcome,
    /// How it was understood.
    Understood,
    /// Why, and the words.
    Note,
}

/// What a refused file or sheet can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalField {
    /// 1, 2, 3, …
    Serial,
    /// File.
    File,
    /// Sheet.
    Sheet,
    /// Why.
    What,
    /// What to do.
    Hint,
}
