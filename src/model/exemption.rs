//! What became of each row of the county's exemption list (豁免清单).

use super::date::Day;
use super::personal::Personal;

/// The registry of the list.
pub const EXEMPTION: &str = "exemption";
/// What the list is called in counts, and what notes about the list as a whole are filed under.
pub const EXEMPTION_LIST: &str = "豁免清单";

/// What became of a rule that a row names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExemptionStatus {
    /// The rule fired for the subject and was excused.
    Used,
    /// The rule did not fire for the subject.
    NotNeeded,
    /// The rule was not evaluated in this run, or does not apply in this period.
    NotEvaluated,
    /// Its last day lies before the as-of date: it excuses nothing.
    Expired,
    /// Nobody, or no household, is what the row names: it excuses nothing.
    NoSubject,
    /// No rule has this id or title: it excuses nothing.
    NoRule,
    /// The row contradicts itself or leaves out what it must say: it excuses nothing.
    Refused,
}

impl ExemptionStatus {
    /// Every status, in the order of declaration.
    pub const ALL: [Self; 7] =
        [Self::Used, Self::NotNeeded, Self::NotEvaluated, Self::Expired, Self::NoSubject, Self::NoRule, Self::Refused];

    /// The value in `run.json`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::NotNeeded => "not_needed",
            Self::NotEvaluated => "not_evaluated",
            Self::Expired => "expired",
            Self::NoSubject => "no_subject",
            Self::NoRule => "no_rule",
            Self::Refused => "refused",
        }
    }

    /// In the words of the workbook.
    #[must_use]
    pub fn plain(self) -> &'static str {
        match self {
            Self::Used => "已豁免",
            Self::NotNeeded => "未触发",
            Self::NotEvaluated => "规则未评估",
            Self::Expired => "已过期",
            Self::NoSubject => "查无此人（户）",
            Self::NoRule => "没有这条规则",
            Self::Refused => "不予采用",
        }
    }

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
