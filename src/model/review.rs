//! A pair of rows as people see it: both sides with what identifies them, why it is asked, and what has been answered.

use super::date::Day;
use super::decision::{DecisionState, PairKey, Verdict};
use super::link::WeightPart;
use super::personal::Personal;

/// One side of a pair: a row of a registry. Empty text where the row does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewSide {
    /// Title of the registry.
    pub registry: String,
    /// Its file.
    pub file: Personal,
    /// Its sheet; empty for text files.
    pub sheet: Personal,
    /// The number that Excel shows.
    pub row: u32,
    /// Name.
    pub name: Personal,
    /// Number as cleaned.
    pub number: Personal,
    /// Birth date.
    pub birth: Option<Day>,
    /// `男` or `女`.
    pub sex: String,
    /// Town and village, as read.
    pub place: Personal,
    /// Household code.
    pub household: Personal,
    /// Name of the head.
    pub head: Personal,
    /// Relation to the head.
    pub relation: String,
    /// Phone.
    pub phone: Personal,
}

/// A pair for a human.
#[derive(Clone, Debug, PartialEq)]
pub struct ReviewEntry {
    /// What the answer is kept by.
    pub key: PairKey,
    /// The two rows.
    pub sides: [ReviewSide; 2],
    /// Why it is asked, in words.
    pub reason: String,
    /// Titles of the rules that wait for the answer.
    pub held: Vec<String>,
    /// Match weight in bits, where the two were compared.
    pub weight: Option<f32>,
    /// Probability, likewise.
    pub probability: Option<f32>,
    /// Bars; they sum to the weight.
    pub parts: Vec<WeightPart>,
    /// The answer given so far.
    pub answer: Option<Verdict>,
    /// Who gave it, as written.
    pub by: Personal,
    /// When, as written.
    pub on: Personal,
    /// Remark, as written.
    pub remark: Personal,
    /// What became of it.
    pub state: Option<DecisionState>,
    /// For a sample: the layer it was drawn from.
    pub stratum: String,
}
