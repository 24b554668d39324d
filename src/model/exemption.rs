//! What became of each row of the county's exemption list (豁免清单).

use super::date::Day;
use super::personal::Personal;
use super::words::words;

/// The registry of the list.
pub const EXEMPTION: &str = "exemption";
/// What the list is called in counts, and what notes about the list as a whole are filed under.
pub const EXEMPTION_LIST: &str = "豁免清单";

words! {
    /// What became of a rule that a row names. Its word is the value in `run.json`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum ExemptionStatus {
        /// The rule fired for the subject and was excused.
        Used = "used", "已豁免";
        /// The rule did not fire for the subject.
        NotNeeded = "not_needed", "未触发";
        /// The rule was not evaluated in this run, or does not apply in this period.
        NotEvaluated = "not_evaluated", "规则未评估";
        /// Its last day lies before the as-of date: it excuses nothing.
        Expired = "expired", "已过期";
        /// Nobody, or no household, is what the row names: it excuses nothing.
        NoSubject = "no_subject", "查无此人（户）";
        /// No rule has this id or title: it excuses nothing.
        NoRule = "no_rule", "没有这条规则";
        /// The row contradicts itself or leaves out what it must say: it excuses nothing.
        Refused = "refused", "不予采用";
    }
}

impl ExemptionStatus {
    /// Whether the row is to be corrected by whoever keeps the list.
    #[must_use]
    pub fn is_wrong(self) -> bool {
        matches!(self, Self::Expired | Self::NoSubject | Self::NoRule | Self::Refused)
    }
}

/// One rule named by one row of the list, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExemptionUse {
    /// File, as in run.json.
    pub file: Personal,
    /// Sheet; empty for text files.
    pub sheet: Personal,
    /// Row number that Excel shows.
    pub row: u32,
    /// The rule's title, `全部`, or what was written where there is no such rule.
    pub rule: Personal,
    /// Rule id; `None` for `全部` and for what is no rule.
    pub rule_id: Option<String>,
    /// Name of the person, or of the household's head, as the registries have it; as the row has it where nobody was found.
    pub name: Option<Personal>,
    /// Their number, likewise.
    pub id_number: Option<Personal>,
    /// The household's code, where the row or the person has one.
    pub household_code: Option<Personal>,
    /// Town, where the subject is known.
    pub town: Option<String>,
    /// Village.
    pub village: Option<String>,
    /// Why, in the county's words.
    pub reason: Option<Personal>,
    /// Last day on which it holds; open-ended without.
    pub until: Option<Day>,
    /// Who decided.
    pub decided_by: Option<Personal>,
    /// What became of it.
    pub status: ExemptionStatus,
    /// Persons or households excused.
    pub excused: i64,
    /// What to know or to do; never quotes a cell.
    pub remark: String,
}
