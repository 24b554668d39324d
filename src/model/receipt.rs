//! What became of returned lists, row by row: `ledger` says it, workbooks and terminals show it.

use super::date::Month;
use super::personal::Personal;
use super::raw::Refusal;
use super::words::words;

words! {
    /// What became of a row.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Outcome {
        /// Its answers are in the ledger.
        Taken = "taken", "已接收";
        /// The ledger had them already.
        Known = "known", "以前已接收";
        /// The same answers stand in another row of the same file.
        Copied = "copied", "重复行";
        /// Its answers are in the ledger, beside earlier ones to the same list that say otherwise.
        Conflicting = "conflicting", "与以前回复矛盾";
        /// A list row in which nothing was filled in.
        Empty = "empty", "空白";
        /// What was filled in could not be understood.
        Unclear = "unclear", "看不懂";
        /// It is about no finding that the ledger knows.
        Unknown = "unknown", "找不到疑点";
        /// No row of a list: a title, a signature, a note, a blank row.
        Aside = "aside", "不是清单行";
    }
}

impl Outcome {
    /// Whether somebody must write it again.
    #[must_use]
    pub fn is_refused(self) -> bool {
        matches!(self, Self::Unclear | Self::Unknown)
    }

    /// Whether somebody should look at it.
    #[must_use]
    pub fn needs_attention(self) -> bool {
        self.is_refused() || self == Self::Conflicting
    }
}

/// A row of a returned file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowReceipt {
    /// Sheet; empty for text files.
    pub sheet: Personal,
    /// Row as Excel shows it.
    pub row: u32,
    /// What became of it.
    pub outcome: Outcome,
    /// Town of the finding, else as the row says.
    pub town: Option<Personal>,
    /// Village of the finding, else as the row says.
    pub village: Option<Personal>,
    /// Name as the row says, else of the finding.
    pub name: Option<Personal>,
    /// Findings it is about.
    pub finding_ids: Vec<String>,
    /// Month of the list it belongs to.
    pub list: Option<Month>,
    /// How its answers were understood.
    pub understood: Personal,
    /// Why it was not taken, or what should be known about it, without a word of the row: for screens.
    pub reason: String,
    /// The words of the row that the reason speaks of; whoever shows them masks them.
    pub quote: Personal,
}

impl RowReceipt {
    /// A row of which nothing is known yet but what became of it.
    #[must_use]
    pub fn bare(sheet: Personal, row: u32, outcome: Outcome) -> Self {
        Self {
            sheet,
            row,
            outcome,
            town: None,
            village: None,
            name: None,
            finding_ids: Vec::new(),
            list: None,
            understood: Personal::default(),
            reason: String::new(),
            quote: Personal::default(),
        }
    }

    /// Reason and words together.
    #[must_use]
    pub fn note(&self) -> Personal {
        Personal::new(match (self.reason.as_str(), self.quote.expose()) {
            (reason, "") => reason.to_owned(),
            ("", quote) => format!("“{quote}”"),
            (reason, quote) => format!("{reason}：“{quote}”"),
        })
    }
}

/// A returned file (a zip gives one per member).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileReceipt {
    /// Path relative to its argument, with `/`.
    pub file: Personal,
    /// Of its bytes.
    pub sha256: String,
    /// UTC day on which the same bytes were received before.
    pub before: Option<String>,
    /// Whether anything of it went into the ledger now.
    pub written: bool,
    /// Rows that deny another row of the same file.
    pub opposed: usize,
    /// The file, or sheets of it, that could not be read.
    pub refusals: Vec<Refusal>,
    /// Every row below a header, in the order of sheets and rows.
    pub rows: Vec<RowReceipt>,
}

impl FileReceipt {
    /// Rows with this outcome.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.rows.iter().filter(|row| row.outcome == outcome).count()
    }

    /// Whether the file or a row of it has to be sent again.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        !self.refusals.is_empty() || self.opposed > 0 || self.rows.iter().any(|row| row.outcome.is_refused())
    }
}
