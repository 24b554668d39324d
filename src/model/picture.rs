//! Everything a run knows of some persons and households, in the words in which it is told at the terminal, on a page and in a dossier.
//!
//! A picture is made in `run::picture` (of two tables, in `ask::tables`) for one [`Audience`](super::masking::Audience). What shows it words,
//! masks and adds up nothing.

use std::fmt;
use std::sync::Arc;

use super::masking::mask_text;
use super::personal::Personal;
use super::rule::RuleCard;

/// What a rule says of one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It fires. Whether that became a finding, only the findings say: one is held back while somebody could be the person.
    Fires,
    /// It fires, but the clause gives time until a later day.
    NotYet,
    /// A column it needs is empty.
    Unknown,
    /// Excused.
    Exempt,
    /// Satisfied.
    Passes,
    /// Outside its population.
    NotApplicable,
    /// The rule was not evaluated in this run.
    NotEvaluated,
}

impl Verdict {
    /// Every verdict, what asks for action first.
    pub const ALL: [Self; 7] =
        [Self::Fires, Self::NotYet, Self::Unknown, Self::Exempt, Self::Passes, Self::NotApplicable, Self::NotEvaluated];

    /// In the words of the workbooks.
    #[must_use]
    pub fn plain(self) -> &'static str {
        match self {
            Self::Fires => "不符",
            Self::NotYet => "期限未到",
            Self::Unknown => "无法判断",
            Self::Exempt => "豁免",
            Self::Passes => "通过",
            Self::NotApplicable => "不适用",
            Self::NotEvaluated => "未评估",
        }
    }
}

/// One rule's verdict on one subject.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The rule.
    pub rule: Arc<RuleCard>,
    /// What it says.
    pub verdict: Verdict,
    /// Why, in words.
    pub why: Personal,
    /// It cannot be told because the subject stands in none of the registries asked, not because a cell is empty.
    pub absent: bool,
}

/// A text as its audience may see it: no number stands whole in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Words(Personal);

impl Words {
    /// What looks like a number and is none: a household's code that the audience may see, words beside figures of ours.
    #[must_use]
    pub fn masked(shown: String) -> Self {
        Self(shown.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.expose()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Words {
    fn from(text: &str) -> Self {
        Self(mask_text(text).into())
    }
}

impl From<String> for Words {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A bar of a weight, from where the sum stood to where it goes; both as shares of the scale.
#[derive(Clone, Debug)]
pub struct Bar {
    /// `姓名 同音不同字`.
    pub words: String,
    /// The score.
    pub weight: f32,
    /// Where it begins.
    pub from: f32,
    /// Where it ends: left of `from` where it speaks against.
    pub to: f32,
}

/// Two rows that were compared.
#[derive(Clone, Debug, Default)]
pub struct Compared {
    /// How the two were found, and with what the row was compared.
    pub found: Words,
    /// Bars, the sum last.
    pub bars: Vec<Bar>,
    /// Where even odds are, as a share of the scale.
    pub zero: f32,
    /// The best candidate that the row was not given to, or that there is none.
    pub rival: Words,
}

/// A row of a register: of a person, of who may be the same, or what a finding rests on.
#[derive(Clone, Debug, Default)]
pub struct SourceRow {
    /// Title of the register, or its id where no definitions are at hand.
    pub register: String,
    /// `医保.xlsx，Sheet1 第12行`.
    pub place: Words,
    /// Name as cleaned.
    pub name: Words,
    /// Number as cleaned.
    pub number: Words,
    /// What it says besides: `住址=…，残疾等级=一级`.
    pub content: Words,
    /// How it was joined, or why it was not, with score and probability.
    pub how: Words,
    /// The comparison that decided; of tables, each.
    pub compared: Vec<Compared>,
}

impl SourceRow {
    /// Register and place in one: `残疾人证登记册（残联.xls 第3行）`.
    #[must_use]
    pub fn origin(&self) -> String {
        if self.place.is_empty() { self.register.clone() } else { format!("{}（{}）", self.register, self.place) }
    }
}

/// A finding.
#[derive(Clone, Debug)]
pub struct ShownFinding {
    /// Its id.
    pub id: String,
    /// Title of its rule.
    pub title: String,
    /// Clause or basis.
    pub ground: String,
    /// How far it can be trusted.
    pub confidence: &'static str,
    /// The sentence.
    pub sentence: Words,
    /// What it rests on: rows, and registers searched in vain.
    pub evidence: Vec<SourceRow>,
}

/// A rule that says something of somebody, or several that say the same and ask for nothing.
#[derive(Clone, Debug)]
pub struct ShownRule {
    /// What it says.
    pub verdict: Verdict,
    /// The same in a word: the verdict's, or `暂缓` where a finding is held back.
    pub result: &'static str,
    /// Titles.
    pub titles: Vec<String>,
    /// Clause or basis; empty where there are several.
    pub ground: String,
    /// Why.
    pub why: Words,
    /// Told with others of the same reason: it does not apply, was not evaluated, or nothing is known of the subject.
    pub folded: bool,
}

/// A rule that fires and made no finding.
pub const HELD: &str = "暂缓";

/// `不符 1，通过 9，不适用 63`.
#[must_use]
pub fn counted(rules: &[ShownRule]) -> String {
    let count = |result: &str| rules.iter().filter(|rule| rule.result == result).map(|rule| rule.titles.len()).sum::<usize>();
    let results = Verdict::ALL.into_iter().map(Verdict::plain);
    let results = results.flat_map(|result| if result == Verdict::Fires.plain() { vec![result, HELD] } else { vec![result] });
    let told = results.map(|result| (result, count(result))).filter(|(_, count)| *count > 0);
    told.map(|(result, count)| format!("{result} {count}")).collect::<Vec<_>>().join("，")
}

/// A person.
#[derive(Clone, Debug, Default)]
pub struct PersonPicture {
    /// Stable id.
    pub person_id: String,
    /// Best name.
    pub name: Words,
    /// Best number.
    pub number: Words,
    /// `户主，男，44岁`.
    pub facts: Words,
    /// Town, village, group.
    pub place: Words,
    /// Rows in the order of registers.
    pub rows: Vec<SourceRow>,
    /// Rows that a human must decide about.
    pub doubts: Vec<SourceRow>,
    /// What returned lists proposed, and what became of it.
    pub proposed: Vec<Words>,
    /// Findings about the person.
    pub findings: Vec<ShownFinding>,
    /// Person rules, what asks for action first; empty where no definitions are at hand.
    pub rules: Vec<ShownRule>,
}

impl PersonPicture {
    /// `520324********1234，户主，男，44岁，瑞溪镇燕子坝村`.
    #[must_use]
    pub fn about(&self) -> String {
        let words = [&self.number, &self.facts, &self.place].map(Words::as_str);
        words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join("，")
    }
}

/// A household, or persons who are shown together.
#[derive(Clone, Debug, Default)]
pub struct HouseholdPicture {
    /// Code in the poverty registry; `registry:code` of another for who is outside it; `None` for a person alone.
    pub code: Option<Personal>,
    /// The code as it is shown.
    pub shown: Words,
    /// Head's name.
    pub head: Words,
    /// Town, village, group of the head.
    pub place: Words,
    /// Village of the head.
    pub village: String,
    /// Village group of the head.
    pub group: Words,
    /// Members, head first.
    pub members: Vec<PersonPicture>,
    /// Findings about the household as a whole.
    pub findings: Vec<ShownFinding>,
    /// Household rules likewise.
    pub rules: Vec<ShownRule>,
}

impl HouseholdPicture {
    /// Whether some comparison is told with its bars.
    #[must_use]
    pub fn has_bars(&self) -> bool {
        let rows = self.members.iter().flat_map(|member| member.rows.iter().chain(&member.doubts));
        rows.flat_map(|row| &row.compared).any(|compared| !compared.bars.is_empty())
    }

    /// Takes a finding out.
    pub fn take_finding(&mut self, id: &str) -> Option<ShownFinding> {
        let members = self.members.iter_mut().map(|member| &mut member.findings);
        members.chain([&mut self.findings]).find_map(|findings| {
            let at = findings.iter().position(|finding| finding.id == id)?;
            Some(findings.remove(at))
        })
    }

    /// Findings about the household and its members.
    pub fn all_findings(&self) -> impl Iterator<Item = &ShownFinding> {
        self.findings.iter().chain(self.members.iter().flat_map(|member| &member.findings))
    }
}
