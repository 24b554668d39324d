//! What became of findings from one run to a later one.

use super::finding::Finding;

/// What became of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Only in the later run.
    New,
    /// In both.
    Persisting,
    /// Gone: the later run asked and did not find it.
    Resolved,
    /// Gone: somebody could be the person after all; to be checked first.
    HeldBack,
    /// Gone: the later run did not evaluate the rule, there or anywhere.
    NotEvaluated,
    /// Gone: the person or household stands in no registry any more.
    SubjectGone,
}

impl Change {
    /// Every change.
    pub const ALL: [Self; 6] =
        [Self::New, Self::Persisting, Self::Resolved, Self::HeldBack, Self::NotEvaluated, Self::SubjectGone];

    /// The value in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Persisting => "persisting",
            Self::Resolved => "resolved",
            Self::HeldBack => "held_back",
            Self::NotEvaluated => "not_evaluated",
            Self::SubjectGone => "subject_gone",
        }
    }

    /// In the words of the workbooks.
    #[must_use]
    pub fn plain(self) -> &'static str {
        match self {
            Self::New => "新增",
            Self::Persisting => "仍在",
            Self::Resolved => "不再列出",
            Self::HeldBack => "暂缓（先核对是否同一人）",
            Self::NotEvaluated => "规则未评估",
            Self::SubjectGone => "各名册里都没有了",
        }
    }
}

/// A finding and what became of it; of a persisting one the later run's.
#[derive(Clone, Debug)]
pub struct Changed {
    /// What became of it.
    pub change: Change,
    /// The finding.
    pub finding: Finding,
    /// The rule's title, or its id where no run says it.
    pub title: String,
}
