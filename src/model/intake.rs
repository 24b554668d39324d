//! What was taken in: per input file, what it was, what was kept and what was set aside. The contents of `run.json`'s
//! `inputs`, of the intake sheet in `汇总.xlsx`, and of `check`.

use std::collections::BTreeMap;

use super::date::Day;
use super::raw::{Refusal, RejectReason};
use super::registry::RegistryId;

/// One input file (a zip member counts as a file).
#[derive(Clone, Debug, PartialEq, Eq, Default, serde::Deserialize, serde::Serialize)]
pub struct IntakeFile {
    /// Path relative to its `--input` argument with `/`; inside a zip `zip/inner`.
    pub path: String,
    /// Of the file's bytes (of the inner bytes for a zip member), lower-case hexadecimal.
    pub sha256: String,
    /// `xlsx`, `xlsb`, `xls`, `xml-2003`, `ods`, `fods`, `parquet`, `csv`, `tsv`, `html`; empty when unknown.
    pub format: String,
    /// `UTF-8`, `GB18030`, `UTF-16LE`, `UTF-16BE` for text formats; empty otherwise.
    pub encoding: String,
    /// Sheets that hold a table or were refused; empty sheets are not listed.
    pub sheets: Vec<IntakeSheet>,
    /// Set when the file as a whole was refused.
    pub refusal: Option<Refusal>,
}

impl IntakeFile {
    /// Whether the file or a sheet of it was refused.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.refusal.is_some() || self.sheets.iter().any(|sheet| sheet.refusal.is_some())
    }
}

/// One sheet with a table.
#[derive(Clone, Debug, PartialEq, Eq, Default, serde::Deserialize, serde::Serialize)]
pub struct IntakeSheet {
    /// Sheet name; empty for text files.
    pub sheet: String,
    /// The registry; `None` when refused.
    pub registry: Option<RegistryId>,
    /// Row of the last header line, as Excel shows it.
    pub header_row: u32,
    /// Field → header as written.
    pub columns: Vec<(String, String)>,
    /// Headers that no field takes.
    pub left_over: Vec<String>,
    /// The day the data speak for.
    pub data_date: Option<Day>,
    /// Non-blank rows below the header.
    pub read: u64,
    /// Rows kept.
    pub kept: u64,
    /// Rows rejected, by reason; `read == kept + Σ rejected`.
    pub rejected: BTreeMap<RejectReason, u64>,
    /// What a human must be told of how it was read, a sentence each: that it is hidden, error values, places taken from the title.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Set when the sheet was refused.
    pub refusal: Option<Refusal>,
}

impl IntakeSheet {
    /// Whether rows in = rows kept + rows rejected.
    #[must_use]
    pub fn balances(&self) -> bool {
        self.read == self.kept + self.rejected.values().sum::<u64>()
    }
}
