//! The life of findings over months: what was answered, and where each one stands. The ledger keeps it, lists print it.

use super::date::{Day, Month};
use super::finding::{Confidence, Finding, Kind, Scope, TimeBase, monthly};
use super::personal::Personal;

/// What whoever checked says of a finding: 核查结果.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// 属实.
    Holds,
    /// 部分属实.
    Partly,
    /// 不属实.
    Unfounded,
}

impl Verdict {
    /// Every verdict, in the order of drop-downs.
    pub const ALL: [Self; 3] = [Self::Holds, Self::Unfounded, Self::Partly];

    /// In the words of the lists; also the value in the ledger.
    #[must_use]
    pub fn plain(self) -> &'static str {
        match self {
            Self::Holds => "属实",
            Self::Partly => "部分属实",
            Self::Unfounded => "不属实",
        }
    }
}

/// What is done about it: 处理意见.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Opinion {
    /// 拟纳入: will be, is not yet.
    ToInclude,
    /// 已纳入: said to be done.
    Included,
    /// 不符合: the conditions are not met.
    NotEligible,
    /// 更正信息: the record is (to be) corrected.
    Correct,
    /// 停发: payments are stopped.
    Stop,
    /// 追缴: what was paid is claimed back.
    Recover,
}

impl Opinion {
    /// Every opinion, in the order of drop-downs.
    pub const ALL: [Self; 6] = [Self::ToInclude, Self::Included, Self::NotEligible, Self::Correct, Self::Stop, Self::Recover];

    /// In the words of the lists; also the value in the ledger.
    #[must_use]
    pub fn plain(self) -> &'static str {
        match self {
            Self::ToInclude => "拟纳入",
            Self::Included => "已纳入",
            Self::NotEligible => "不符合",
            Self::Correct => "更正信息",
            Self::Stop => "停发",
            Self::Recover => "追缴",
        }
    }

    /// Whether it says that the registries are (being) put right, so that next month's data must show it.
    #[must_use]
    pub fn claims_done(self) -> bool {
        matches!(self, Self::Included | Self::Correct | Self::Stop | Self::Recover)
    }
}

/// One returned row about one finding, as understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Which finding.
    pub finding_id: String,
    /// Month of the list that asked.
    pub list: Month,
    /// 核查结果.
    pub verdict: Option<Verdict>,
    /// 现实情况, and free text that stood elsewhere.
    pub reality: Personal,
    /// 未纳入原因.
    pub reason: Personal,
    /// 处理意见.
    pub opinion: Option<Opinion>,
    /// 核查方式.
    pub method: Personal,
    /// 核查人.
    pub checkers: Personal,
    /// 核查时间.
    pub checked_on: Option<Day>,
    /// 更正后身份证号: a proposal for the next run's identity repair.
    pub corrected_number: Personal,
    /// Name of the returned file, without its folders.
    pub file: Personal,
    /// Sheet of that file.
    pub sheet: Personal,
    /// Row of that sheet, as Excel shows it.
    pub row: u32,
}

impl Answer {
    /// `属实，拟纳入；入户看过（张三、李四 2018-07-05）`, for lists that carry an answer forward. A corrected number stands in it whole:
    /// who shows it masks it.
    #[must_use]
    pub fn plain(&self) -> Personal {
        let verdict = self.verdict.map(Verdict::plain).unwrap_or_default();
        let opinion = self.opinion.map(Opinion::plain).unwrap_or_default();
        let number = self.corrected_number.expose();
        let number = if number.is_empty() { String::new() } else { format!("号码更正为{number}") };
        let said = filled([verdict, self.reason.expose(), opinion, &number], "，");
        let text = filled([&said, self.reality.expose()], "；");
        let day = self.checked_on.map(|day| day.to_string()).unwrap_or_default();
        let who = filled([self.checkers.expose(), &day], " ");
        Personal::new(if who.is_empty() { text } else { format!("{text}（{who}）") })
    }

    /// `属实，拟纳入`: what may be posted. Reasons speak of illness, what was seen of whomever, and checkers are named.
    #[must_use]
    pub fn decided(&self) -> String {
        filled([self.verdict.map(Verdict::plain).unwrap_or_default(), self.opinion.map(Opinion::plain).unwrap_or_default()], "，")
    }
}

/// The parts that say something.
fn filled<const N: usize>(parts: [&str; N], between: &str) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(between)
}

/// Why a finding that was settled is open again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reopening {
    /// The answer said it was done; the data still show it.
    StillThere,
    /// The rows that the answer spoke of have changed: the answer has expired.
    RowsChanged,
    /// It had gone from the registries and is back.
    CameBack,
}

impl Reopening {
    /// In the words of the lists.
    #[must_use]
    pub fn plain(self) -> &'static str {
        match self {
            Self::StillThere => "回复已办，数据仍显示",
            Self::RowsChanged => "登记有变，原回复失效",
            Self::CameBack => "曾经消失，本月又出现",
        }
    }
}

/// Why a finding that was open last month is neither found nor settled this month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suspension {
    /// The rule, or the rule in this town, was not evaluated: registries or rows are missing.
    NotEvaluated,
    /// A column it needs is empty now.
    Unknown,
    /// Somebody in the searched registry could be the person.
    Review,
    /// The deadline has not passed.
    Early,
}

impl Suspension {
    /// In the words of the lists; also the value in the ledger.
    #[must_use]
    pub fn plain(self) -> &'static str {
        match self {
            Self::NotEvaluated => "本月未评估",
            Self::Unknown => "本月所需栏目为空",
            Self::Review => "本月是否同一人待核对",
            Self::Early => "期限未到",
        }
    }
}

/// Where a finding stands in a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Found for the first time.
    New,
    /// Settled once, open again.
    Reopened(Reopening),
    /// Found before, not answered, still there.
    Persisting,
    /// Answered as true; what is to be done is not done yet.
    Confirmed,
    /// Answered in a way that settles nothing: denied without a reason, or answers contradict each other.
    Disputed,
    /// Answered; nothing is asked until its rows change.
    SettledByAnswer,
    /// No longer in the registries.
    SettledByData,
    /// The rule, or how it is read, is no longer what it was when this was found.
    Redefined,
    /// Excused by the county's exemption list or by the rule itself, until the day if one is set.
    Exempt(Option<Day>),
    /// Cannot be told this month; stays as it was.
    Suspended(Suspension),
}

impl State {
    /// One of each kind, in the order they are told.
    pub const KINDS: [Self; 10] = [
        Self::New,
        Self::Reopened(Reopening::CameBack),
        Self::Persisting,
        Self::Confirmed,
        Self::Disputed,
        Self::Suspended(Suspension::Unknown),
        Self::SettledByData,
        Self::SettledByAnswer,
        Self::Redefined,
        Self::Exempt(None),
    ];

    /// Its position in [`State::KINDS`], whatever the reason.
    #[must_use]
    pub fn kind(self) -> usize {
        Self::KINDS.iter().position(|kind| kind.plain() == self.plain()).unwrap_or(Self::KINDS.len())
    }

    /// The state that [`State::plain`] calls so; of an exemption `reason` is the day, other reasons are left open.
    #[must_use]
    pub fn parse(plain: &str, reason: &str) -> Option<Self> {
        let kind = Self::KINDS.into_iter().find(|kind| kind.plain() == plain)?;
        Some(if matches!(kind, Self::Exempt(_)) { Self::Exempt(reason.parse().ok()) } else { kind })
    }

    /// For programs, whatever the reason.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Reopened(_) => "reopened",
            Self::Persisting => "persisting",
            Self::Confirmed => "confirmed",
            Self::Disputed => "disputed",
            Self::SettledByAnswer => "settled_by_answer",
            Self::SettledByData => "settled_by_data",
            Self::Redefined => "redefined",
            Self::Exempt(_) => "exempt",
            Self::Suspended(_) => "suspended",
        }
    }

    /// In the words of the lists.
    #[must_use]
    pub fn plain(self) -> &'static str {
        match self {
            Self::New => "新增",
            Self::Reopened(_) => "重新打开",
            Self::Persisting => "持续未回复",
            Self::Confirmed => "属实待办",
            Self::Disputed => "有异议待核",
            Self::SettledByAnswer => "回复销号",
            Self::SettledByData => "数据销号",
            Self::Redefined => "口径调整",
            Self::Exempt(_) => "豁免",
            Self::Suspended(_) => "本月无法判断",
        }
    }

    /// Whether somebody still has to do something about it.
    #[must_use]
    pub fn is_open(self) -> bool {
        !matches!(self, Self::SettledByAnswer | Self::SettledByData | Self::Redefined | Self::Exempt(_))
    }

    /// Whether a village is to be asked: open, and found in this month's data.
    #[must_use]
    pub fn is_asked(self) -> bool {
        self.is_open() && !matches!(self, Self::Suspended(_))
    }
}

/// A finding's history up to a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which finding.
    pub finding_id: String,
    /// Where it stands.
    pub state: State,
    /// First month it was found in.
    pub first: Month,
    /// Last month it was found in.
    pub last: Month,
    /// Months in which it was found, this one included.
    pub months: u32,
    /// Months in which a list asked for it before this one.
    pub asked: u32,
    /// The last of these.
    pub asked_last: Option<Month>,
    /// What was answered last, if anything.
    pub answer: Option<Answer>,
}

/// What the ledger knows of a finding that this month's data do not show: enough for a line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Which finding.
    pub finding_id: String,
    /// Rule id.
    pub rule: String,
    /// Its kind.
    pub kind: Kind,
    /// Whom it is about.
    pub scope: Scope,
    /// Clause.
    pub clause: String,
    /// Person, if it is about one.
    pub person_id: Option<String>,
    /// Household code.
    pub household_code: Option<Personal>,
    /// Name of the person or of the head.
    pub name: Option<Personal>,
    /// Number of the person or of the head.
    pub id_number: Option<Personal>,
    /// Town.
    pub town: Option<String>,
    /// Village.
    pub village: Option<String>,
    /// Due less paid in the last month it was found in, fen.
    pub gap_fen: Option<i64>,
    /// What time that is for; `None` where it is not known any more.
    pub time_base: Option<TimeBase>,
    /// How far it could be trusted then.
    pub confidence: Confidence,
    /// Its sentence then.
    pub sentence: Personal,
}

impl Remembered {
    /// Due less paid, where it is a month's: amounts of other time bases are added to none of these.
    #[must_use]
    pub fn monthly_gap(&self) -> Option<i64> {
        monthly(self.time_base, self.gap_fen)
    }
}

impl From<&Finding> for Remembered {
    fn from(finding: &Finding) -> Self {
        Self {
            finding_id: finding.finding_id.clone(),
            rule: finding.rule.clone(),
            kind: finding.kind,
            scope: finding.scope,
            clause: finding.ground().to_owned(),
            person_id: finding.person_id.clone(),
            household_code: finding.household_code.clone(),
            name: finding.name.clone(),
            id_number: finding.id_number.clone(),
            town: finding.town.clone(),
            village: finding.village.clone(),
            gap_fen: finding.gap_fen,
            time_base: finding.time_base,
            confidence: finding.confidence,
            sentence: finding.sentence.clone(),
        }
    }
}

/// Where everything stands in a month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standings {
    /// Of the month's findings, in their order.
    pub present: Vec<Standing>,
    /// Of findings that were open or withheld until now and are not among them, by id.
    pub absent: Vec<(Remembered, Standing)>,
}

impl Standings {
    /// Present ones, then absent ones.
    pub fn iter(&self) -> impl Iterator<Item = &Standing> {
        self.present.iter().chain(self.absent.iter().map(|(_, standing)| standing))
    }
}

/// A subject about whom a rule could not decide this month, or need not: there is no finding, and nothing is settled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Withheld {
    /// The id that the finding would have.
    pub finding_id: String,
    /// Rule id.
    pub rule: String,
    /// Why.
    pub why: Withholding,
}

/// Why there is no finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Withholding {
    /// Cannot be told.
    Suspended(Suspension),
    /// Excused, until the day if one is set.
    Exempt(Option<Day>),
}
