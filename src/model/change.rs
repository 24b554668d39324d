//! What became of findings from one run to a later one.

use super::finding::Finding;
use super::words::words;

words! {
    /// What became of a finding. Its word is the value in JSON.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Change {
        /// Only in the later run.
        New = "new", "新增";
        /// In both.
        Persisting = "persisting", "仍在";
        /// Gone: the later run asked and did not find it.
        Resolved = "resolved", "不再列出";
        /// Gone: somebody could be the person after all; to be checked first.
        HeldBack = "held_back", "暂缓（先核对是否同一人）";
        /// Gone: the later run did not evaluate the rule, there or anywhere.
        NotEvaluated = "not_evaluated", "规则未评估";
        /// Gone: the person or household stands in no registry any more.
        SubjectGone = "subject_gone", "各名册里都没有了";
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
