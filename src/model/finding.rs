//! What `assess` gives.

use super::date::Day;
use super::personal::Personal;
use super::registry::RegistryId;
use super::words::words;

words! {
    /// What kind of thing a rule finds. Its word is the value in `findings.parquet`: `MISS`, `INEL`, ….
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize)]
    #[serde(rename_all = "UPPERCASE")]
    pub enum Kind {
        /// Entitled and missing.
        Miss = "MISS", "应享未享";
        /// Receives and should not.
        Inel = "INEL", "不应享而享";
        /// Below the standard.
        Low = "LOW", "低于标准";
        /// Above the standard.
        High = "HIGH", "高于标准";
        /// Twice.
        Dup = "DUP", "重复享受";
        /// A coverage target.
        Rate = "RATE", "覆盖率";
        /// A deadline.
        Due = "DUE", "逾期";
        /// Two registries contradict each other.
        Conf = "CONF", "数据矛盾";
    }
}

words! {
    /// Whom a finding is about. Its word is the value in `findings.parquet`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Scope {
        /// One person.
        Person = "person";
        /// One household.
        Household = "household";
        /// A village, town or the county.
        Unit = "unit";
    }
}

words! {
    /// How far a finding can be trusted; follows from the links it rests on. Its word is the value in `findings.parquet`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Confidence {
        /// Every link by number.
        Certain = "certain", "确定";
        /// Some link by repair or weight.
        Likely = "likely", "很可能";
        /// To be checked before anyone is asked.
        Check = "check", "先核对";
    }
}

words! {
    /// What time an amount is for: amounts of different bases are never added. Its word is the value in `findings.parquet`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize)]
    #[serde(rename_all = "lowercase")]
    pub enum TimeBase {
        /// A month's.
        Month = "month", "每月";
        /// Of the semesters of this year that are over.
        Semester = "semester", "按学期";
        /// A year's.
        Year = "year", "每年";
        /// Once and for all.
        Once = "once", "一次性";
    }
}

/// One cell a finding rests on, or a registry searched in vain (`file`, `sheet`, `row` are `None`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// Where.
    pub registry: RegistryId,
    /// File, as in run.json.
    pub file: Option<Personal>,
    /// Sheet; empty for text files.
    pub sheet: Option<Personal>,
    /// Row number that Excel shows.
    pub row: Option<u32>,
    /// Header as written in that sheet; for a registry searched in vain, what was searched.
    pub column: String,
    /// The value, in plain words (money in yuan); `未查到` for a registry searched in vain.
    pub value: Personal,
}

/// One discrepancy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable from month to month.
    pub finding_id: String,
    /// Rule id, `living.two_none_uncovered`.
    pub rule: String,
    /// Its kind.
    pub kind: Kind,
    /// Whom it is about.
    pub scope: Scope,
    /// `三(三)2`; empty where the county's document does not say it.
    pub clause: String,
    /// What says it where no clause does: a national document, or that it is a matter of data quality.
    pub basis: Option<String>,
    /// The person, for [`Scope::Person`].
    pub person_id: Option<String>,
    /// The household, where one is known.
    pub household_code: Option<Personal>,
    /// The person's name, or the head's for a household.
    pub name: Option<Personal>,
    /// The person's number, or the head's.
    pub id_number: Option<Personal>,
    /// Town name.
    pub town: Option<String>,
    /// Village name.
    pub village: Option<String>,
    /// What time the amounts are for; `None` where there are none.
    pub time_base: Option<TimeBase>,
    /// Owed over the time base, fen.
    pub due_fen: Option<i64>,
    /// Paid, fen.
    pub paid_fen: Option<i64>,
    /// Due less paid, fen.
    pub gap_fen: Option<i64>,
    /// How far it can be trusted.
    pub confidence: Confidence,
    /// One plain sentence for the village.
    pub sentence: Personal,
    /// The cells it rests on.
    pub evidence: Vec<Evidence>,
    /// What a printed list shows beside it; not part of `findings.parquet`.
    pub subject: Subject,
}

impl Finding {
    /// What it is held against: the clause, or the basis where no clause says it.
    #[must_use]
    pub fn ground(&self) -> &str {
        self.basis.as_deref().unwrap_or(&self.clause)
    }

    /// Due less paid, where it is a month's: amounts of other time bases are added to none of these.
    #[must_use]
    pub fn monthly_gap(&self) -> Option<i64> {
        monthly(self.time_base, self.gap_fen)
    }
}

/// An amount that is a month's; one of a run that did not say what its amounts are for counts as one.
#[must_use]
pub(super) fn monthly(base: Option<TimeBase>, amount: Option<i64>) -> Option<i64> {
    amount.filter(|_| base.is_none_or(|base| base == TimeBase::Month))
}

/// Household details of a finding's subject for printed lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// Village group.
    pub group: Option<String>,
    /// Head of household.
    pub head_name: Option<Personal>,
    /// Relation to the head.
    pub relation: Option<String>,
}

/// Coverage of a rule in a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Rule id.
    pub rule: String,
    /// `正安县`, `正安县/瑞溪镇`, `正安县/瑞溪镇/燕子坝`.
    pub unit: String,
    /// Population of the rule that is satisfied.
    pub numerator: i64,
    /// Population of the rule.
    pub denominator: i64,
    /// Target as written in the clause, in basis points of 1 (10000 = 100 %); `None` where it has none.
    pub target: Option<i64>,
    /// Whether the target is met.
    pub met: Option<bool>,
    /// The day by which it is to be met, where the clause sets one.
    pub by: Option<Day>,
}

/// A rule, or a rule in one town, that was not evaluated, and why; or that fired implausibly often.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleNote {
    /// Rule id.
    pub rule: String,
    /// Town, where only that is concerned.
    pub town: Option<String>,
    /// One plain sentence: `未评估：缺少残联持证名册（disability）`.
    pub note: String,
    /// Whether the rule was held back (else it only carries a banner).
    pub held: bool,
    /// Persons or households concerned.
    pub concerned: i64,
    /// What is held where registers are short.
    pub short: Option<Box<ShortUnit>>,
}

/// Where accusations by absence wait until registers are whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShortUnit {
    /// Village, where only that is concerned.
    pub village: Option<String>,
    /// The registers searched.
    pub registries: Vec<RegistryId>,
}

impl ShortUnit {
    /// `--accept-partial insurance:土坪镇`: what to run with where the registers are whole as they are.
    #[must_use]
    pub fn accepting(&self, town: Option<&str>) -> String {
        let town = town.map(|town| format!(":{town}")).unwrap_or_default();
        self.registries.iter().map(|registry| format!("--accept-partial {registry}{town}")).collect::<Vec<_>>().join(" ")
    }
}
