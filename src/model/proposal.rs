//! Numbers that returned lists write in place of registered ones (更正后身份证号), and what became of them in a run.

use super::date::{Day, Month};
use super::personal::Personal;
use super::record::RowId;
use super::words::words;

/// A number that an answer proposes in place of the one in the registries. It proves nothing by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The finding that was answered.
    pub finding_id: String,
    /// The person it is about.
    pub person_id: Option<String>,
    /// The household it is about, in the poverty registry.
    pub household_code: Option<Personal>,
    /// Their name when asked.
    pub name: Option<Personal>,
    /// Their number when asked; `None` where no valid one was known.
    pub before: Option<Personal>,
    /// What was written: 18 characters whose check character is right.
    pub suggested: Personal,
    /// 核查人.
    pub who: Personal,
    /// 核查时间.
    pub when: Option<Day>,
    /// The list that asked.
    pub list: Month,
}

impl Proposal {
    /// `2018-06 清单，张三 2018-07-05`: which list it answered, who wrote it and when.
    #[must_use]
    pub fn told(&self) -> Personal {
        let day = self.when.map(|day| day.to_string()).unwrap_or_default();
        let who = [self.who.expose(), day.as_str()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        Personal::new(if who.is_empty() { format!("{} 清单", self.list) } else { format!("{} 清单，{who}", self.list) })
    }
}

words! {
    /// Why a proposed number is not believed. Its word is that in stage files.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Refutation {
        /// Answers propose different numbers for one row.
        Disagree = "disagree", "几次更正的号码不同";
        /// The same registry has the number for somebody else, or it is proposed for somebody else there.
        Taken = "taken", "同一名册里另有人用这个号码";
        /// A registry has the number under another name.
        OtherName = "other_name", "别的名册里这个号码是别的姓名";
        /// Whoever has the number was born on another day, or lives in another town.
        OtherPerson = "other_person", "用这个号码的人出生日期或乡镇对不上";
        /// A registry confirms it, but people have decided otherwise, or everything else speaks against it.
        Overruled = "overruled", "有名册印证，但人工核对的答复或其他内容不支持";
    }
}

/// What became of a proposed number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProposalState {
    /// A row of another registry bears it under the same name, and is the same person's.
    Used,
    /// The row it was about bears it by now.
    Corrected,
    /// No registry has it: still to be checked.
    Pending,
    /// It contradicts something.
    Refuted(Refutation),
    /// The row it was about is not there any more, or has got another valid number since.
    Gone,
}

impl ProposalState {
    /// Every state, refutations as one, in the order they are told.
    pub const ALL: [Self; 5] = [Self::Used, Self::Corrected, Self::Pending, Self::Refuted(Refutation::Disagree), Self::Gone];

    /// The word in stage files and `run.json`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Corrected => "corrected",
            Self::Pending => "pending",
            Self::Refuted(_) => "refuted",
            Self::Gone => "gone",
        }
    }

    /// The inverse of [`ProposalState::as_str`] and [`Refutation::as_str`].
    #[must_use]
    pub fn parse(state: &str, why: Option<&str>) -> Option<Self> {
        let known = Self::ALL.into_iter().find(|known| known.as_str() == state)?;
        match known {
            Self::Refuted(_) => Refutation::ALL.into_iter().find(|known| Some(known.as_str()) == why).map(Self::Refuted),
            other => Some(other),
        }
    }

    /// In words, for workbooks.
    #[must_use]
    pub fn plain(self) -> &'static str {
        match self {
            Self::Used => "有名册印证，已采用",
            Self::Corrected => "名册已更正",
            Self::Pending => "没有名册印证，待核",
            Self::Refuted(_) => "有矛盾，未采用",
            Self::Gone => "本月名册里没有那一行，未采用",
        }
    }
}

/// A proposed number with what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptProposal {
    /// The number, and who proposed it.
    pub proposal: Proposal,
    /// What became of it.
    pub state: ProposalState,
    /// The first row that it is about.
    pub row: Option<RowId>,
    /// A row of another registry that bears it.
    pub proof: Option<RowId>,
}

impl KeptProposal {
    /// `村里更正为520324199003071234（2018-06 清单，张三 2018-07-05）：没有名册印证，待核`. The number stands in it whole: who shows it masks it.
    #[must_use]
    pub fn plain(&self) -> Personal {
        let why = match self.state {
            ProposalState::Refuted(why) => format!("（{}）", why.plain()),
            _ => String::new(),
        };
        let (suggested, told) = (self.proposal.suggested.expose(), self.proposal.told());
        Personal::new(format!("村里更正为{suggested}（{}）：{}{why}", told.expose(), self.state.plain()))
    }
}
