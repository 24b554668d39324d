//! The workbook of pairs that a human must decide, and the sample that verifies links: `reports/review.toml`.

use serde::Deserialize;

use super::{Choices, Table};
use crate::model::decision::Verdict;

/// Pairs for a human.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewBook {
    /// File name without ending.
    pub file: String,
    /// Open pairs.
    pub pending: Table<ReviewField>,
    /// Answers so far.
    pub decided: Table<ReviewField>,
    /// Whom rules would list where registers are short.
    pub suspended: Table<SuspendedField>,
    /// The sample.
    pub sample: SampleBook,
    /// Drop-down lists by name.
    pub choices: Choices,
    /// What counts as which answer.
    pub answers: Answers,
}

/// Links to be verified.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleBook {
    /// File name without ending.
    pub file: String,
    /// Pairs drawn, about.
    pub size: usize,
    /// Its one list.
    pub list: Table<ReviewField>,
}

/// Words for each answer; the first is the one that the program writes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// One person.
    pub same: Vec<String>,
    /// Two persons.
    pub different: Vec<String>,
    /// Not known yet.
    pub unsure: Vec<String>,
}

impl Answers {
    /// The answer that a cell gives; `None` when no word fits.
    #[must_use]
    pub fn read(&self, cell: &str) -> Option<Verdict> {
        let word: String = cell.chars().filter(|c| !c.is_whitespace() && !"。.！!".contains(*c)).collect();
        let says = |words: &[String]| words.contains(&word);
        if says(&self.same) {
            Some(Verdict::Same)
        } else if says(&self.different) {
            Some(Verdict::Different)
        } else {
            says(&self.unsure).then_some(Verdict::Unsure)
        }
    }

    /// The word that the program writes.
    #[must_use]
    pub fn word(&self, verdict: Verdict) -> &str {
        let words = match verdict {
            Verdict::Same => &self.same,
            Verdict::Different => &self.different,
            Verdict::Unsure => &self.unsure,
        };
        words.first().map_or("", String::as_str)
    }
}

/// What the list of suspended findings can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuspendedField {
    /// 1, 2, 3, …
    Serial,
    /// Rule.
    Title,
    /// Clause.
    Clause,
    /// Town.
    Town,
    /// Village.
    Village,
    /// Household code.
    Household,
    /// Name.
    Name,
    /// Number.
    Number,
    /// Which register is short of what.
    Why,
    /// What to run with where the register is whole as it is.
    Accept,
    /// Finding id.
    FindingId,
}

/// What a list of pairs can show. Fields of one side take `part` 1 for the left row, 2 for the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewField {
    /// 1, 2, 3, …
    Serial,
    /// The answer; read back by the title of its column.
    Answer,
    /// Who checked; read back.
    By,
    /// When; read back.
    On,
    /// Remark; read back.
    Remark,
    /// The stable key of the pair; read back.
    PairKey,
    /// What became of the answer.
    State,
    /// Rules that wait for it.
    Held,
    /// Why it is asked.
    Reason,
    /// Registry, file, sheet and row of one side.
    Origin,
    /// Name of one side.
    Name,
    /// Number of one side.
    Number,
    /// Birth date of one side.
    Birth,
    /// Sex of one side.
    Sex,
    /// Town and village of one side.
    Place,
    /// Household code of one side.
    Household,
    /// Head of one side.
    Head,
    /// Relation to the head of one side.
    Relation,
    /// Phone of one side.
    Phone,
    /// Probability.
    Probability,
    /// Match weight, bits.
    Weight,
    /// Bits of the odds before comparing.
    BarPrior,
    /// Bits of the number.
    BarNumber,
    /// Bits of the name, its rarity included.
    BarName,
    /// Bits of birth date and sex.
    BarBirth,
    /// Bits of the place.
    BarPlace,
    /// Bits of the household, or of the rows above and below.
    BarHousehold,
    /// Bits of the phone.
    BarPhone,
    /// The level of every comparison, in words.
    Why,
    /// The layer of the sample.
    Stratum,
}
