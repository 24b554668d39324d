//! Everything a run knows of some persons and households: what `explain` tells and a dossier prints.

use std::sync::Arc;

use super::date::Day;
use super::finding::Finding;
use super::link::{LinkStatus, WeightPart};
use super::masking::Row;
use super::personal::Personal;
use super::registry::RegistryId;
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

/// Where a source row stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Registry.
    pub registry: RegistryId,
    /// Its title, or the id where no definitions are at hand.
    pub title: String,
    /// File.
    pub file: Personal,
    /// Sheet; empty for text files.
    pub sheet: Personal,
    /// Row that Excel shows.
    pub line: u32,
}

/// One cell of a source row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Canonical column.
    pub field: String,
    /// Header as written in that sheet.
    pub header: String,
    /// Value in plain words (money in yuan).
    pub value: Personal,
}

/// One source row of a person, and how it came to be the person's.
#[derive(Clone, Debug)]
pub struct SourceRow {
    /// Where it stands.
    pub place: Place,
    /// Name as cleaned.
    pub name: Personal,
    /// Number as cleaned, whole.
    pub number: Personal,
    /// What is known of the number: `valid`, `float`, …
    pub number_state: String,
    /// Number as written, where cleaning or repair changed it.
    pub number_raw: Option<Personal>,
    /// Town, village, group.
    pub address: Personal,
    /// The registry's own household code.
    pub household_code: Personal,
    /// Everything else, in the order of the registry's fields.
    pub cells: Vec<Cell>,
    /// How it was joined.
    pub status: LinkStatus,
    /// Bits; 0 for founders and rows that are alone.
    pub weight: f32,
    /// Probability that it is the person's.
    pub probability: f32,
    /// Bars of the weight, where the run kept them.
    pub parts: Vec<WeightPart>,
    /// What brought it to its person, where the run kept it.
    pub why: Option<Why>,
}

/// What brought a row to its person.
#[derive(Clone, Debug, PartialEq)]
pub struct Why {
    /// The blocking rule, or what stood in its place: as stage files call it.
    pub rule: String,
    /// The row it was compared with.
    pub compared_with: Option<Personal>,
    /// The best candidate it was not given to.
    pub rival: Option<Rival>,
}

/// A candidate that a row was not given to.
#[derive(Clone, Debug, PartialEq)]
pub struct Rival {
    /// Where its row stands, and its name.
    pub place: Personal,
    /// Bits.
    pub weight: f32,
    /// It weighs as much, but names or numbers contradict each other.
    pub contradicts: bool,
}

/// A row that could be the person too, left to a human.
#[derive(Clone, Debug)]
pub struct Doubtful {
    /// The other row.
    pub place: Place,
    /// Bits.
    pub weight: f32,
    /// Probability.
    pub probability: f32,
    /// Why it was not decided.
    pub reason: String,
    /// Bars; they sum to the weight.
    pub parts: Vec<WeightPart>,
}

/// A person.
#[derive(Clone, Debug)]
pub struct PersonPicture {
    /// Stable id.
    pub person_id: String,
    /// Best name.
    pub name: Personal,
    /// Best number, whole.
    pub number: Personal,
    /// Birth.
    pub birth: Option<Day>,
    /// Sex.
    pub sex: String,
    /// Town.
    pub town: String,
    /// Village.
    pub village: String,
    /// Village group.
    pub group: String,
    /// Relation to the head of the poverty household, else of another registry's.
    pub relation: String,
    /// Rows in the order of registries.
    pub rows: Vec<SourceRow>,
    /// Rows that a human must decide about.
    pub doubts: Vec<Doubtful>,
    /// Numbers that returned lists proposed, and what became of them; numbers whole.
    pub proposed: Vec<Personal>,
    /// Person rules, in the policy's order; empty where no definitions are at hand.
    pub rules: Vec<Judged>,
    /// Findings about the person.
    pub findings: Vec<Finding>,
}

impl PersonPicture {
    /// Tells a row or block in which the person stands what it must not show beside the masked number.
    pub fn stands_beside(&self, row: &mut Row) {
        row.knows_number(self.number.expose());
        row.knows_name(self.name.expose());
        self.birth.iter().for_each(|birth| row.knows_birth(*birth));
        for source in &self.rows {
            row.knows_number(source.number.expose());
            source.number_raw.iter().for_each(|raw| row.knows_number(raw.expose()));
            row.knows_name(source.name.expose());
            source.cells.iter().for_each(|cell| row.knows_cell(&cell.header, cell.value.expose()));
        }
        for cell in self.findings.iter().flat_map(|finding| &finding.evidence) {
            row.knows_cell(&cell.column, cell.value.expose());
        }
    }
}

/// A household.
#[derive(Clone, Debug)]
pub struct HouseholdPicture {
    /// Code in the poverty registry; `registry:code` of another for who is outside it; `None` for a person alone.
    pub code: Option<Personal>,
    /// Head's name.
    pub head: Personal,
    /// Town.
    pub town: String,
    /// Village.
    pub village: String,
    /// Village group.
    pub group: String,
    /// Members, head first.
    pub members: Vec<PersonPicture>,
    /// Household rules, in the policy's order.
    pub rules: Vec<Judged>,
    /// Findings about the household as a whole.
    pub findings: Vec<Finding>,
}

impl HouseholdPicture {
    /// Findings about the household and its members.
    pub fn all_findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().chain(self.members.iter().flat_map(|member| &member.findings))
    }
}
