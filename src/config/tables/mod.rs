//! The model by which any tables of persons are linked or deduplicated, as data.
//!
//! Takes the document of a pipeline that has a `[tables]` section; gives a [`TablesModel`] in which fields, tests and blocking keys
//! are resolved to positions, or all mistakes at once with their places. Words are those of the trade: a *blocking rule* makes
//! candidate pairs, a *comparison* looks at one thing (a name, a date), its *levels* are tried in order, `m` and `u` are how often
//! a level fires among pairs that match and that do not.

mod clean;
mod condition;
mod resolve;
mod saved;
#[cfg(test)]
mod tests;
mod written;

use serde::{Deserialize, Serialize};

use super::document::{Document, Spanned};
use super::error::Problems;
use super::pipeline::IntakeChoice;

pub use clean::Clean;
pub use condition::{Condition, Operand, Operation, Side, Value};
pub use saved::{SavedComparison, SavedLevel, SavedModel};

/// What is done with the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Two tables: each row of one is at most one row of the other.
    Link,
    /// One table, of one file or several: a person may appear many times.
    Deduplicate,
    /// Two files are linked, one is deduplicated; [`Task::of_files`] settles it.
    ByFiles,
}

impl Task {
    /// What is done with so many files.
    #[must_use]
    pub fn of_files(self, files: usize) -> Self {
        match (self, files) {
            (Self::ByFiles, 1) => Self::Deduplicate,
            (Self::ByFiles, _) => Self::Link,
            (task, _) => task,
        }
    }
}

/// What a field's text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Words in any language.
    Text,
    /// A person's name in Chinese characters: compared by character, sound and look.
    Name,
    /// A resident number of GB 11643.
    IdNumber,
    /// A calendar day.
    Date,
    /// A decimal number.
    Number,
    /// Several values in one cell, parted by `;`, `,`, `|`, `、` or a line break.
    List,
}

/// A column that pairs are compared or blocked by.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name, also the column of `records.parquet`.
    pub name: String,
    /// What its text is.
    pub kind: Kind,
    /// Header spellings, folded; empty for a derived field.
    pub aliases: Vec<String>,
    /// Fields it is derived from, by position, all before it; empty for a column of the table.
    pub from: Vec<usize>,
    /// What stands between the parts of a derived field.
    pub join: String,
    /// What is done to the text, in order.
    pub clean: Vec<Clean>,
    /// Texts that mean nothing, as they are after cleaning.
    pub missing: Vec<String>,
}

/// One question to a pair of values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Test {
    /// The same text.
    Exact,
    /// The same name after folding: width, traditional forms, variants, dots, brackets, spaces.
    Folded,
    /// The same, or the same sound.
    SameSound,
    /// At most one character differs, and that one looks alike.
    LooksAlike,
    /// The same but for unknown characters.
    UnknownCharacter,
    /// At most so many characters wrong, missing, added or swapped with a neighbour.
    DamerauLevenshtein(u8),
    /// A Jaro-Winkler similarity of at least this.
    JaroWinkler(f64),
    /// The same first characters, so many.
    Prefix(usize),
    /// The same day but that day and month have changed places.
    DayMonthSwapped,
    /// One digit of `YYYYMMDD` differs.
    OneDigit,
    /// At most so many days apart.
    WithinDays(i32),
    /// At most so far apart.
    Within(f64),
    /// At least so many values in common.
    Overlap(usize),
    /// How two resident numbers agree.
    Id(IdTest),
}

/// How two resident numbers agree, or that they cannot be one person's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdTest {
    /// The same, 15 digits or 18.
    Equal,
    /// One is what a spreadsheet's float left of the other.
    Float,
    /// One digit differs, or two neighbours are swapped.
    OneDigit,
    /// One character is missing or doubled.
    MissingOrDoubled,
    /// Birth date and sequence are the same, the region is not.
    BirthSequence,
    /// Two valid numbers that differ: evidence against.
    Conflict,
}

/// A test of a field of the left record against a field of the right one; positions within [`Comparison::on`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Atom {
    /// What is asked.
    pub test: Test,
    /// Whose value on the left.
    pub left: usize,
    /// Whose value on the right.
    pub right: usize,
}

/// What must hold for a level to fire.
#[derive(Clone, Debug, PartialEq)]
pub enum When {
    /// Every test.
    All(Vec<Atom>),
    /// A condition over `l.*` and `r.*`.
    Sql(Condition),
}

/// A level of a comparison.
#[derive(Clone, Debug)]
pub struct Level {
    /// What is printed of it.
    pub name: String,
    /// When it fires, if none before it did.
    pub when: When,
    /// Prior share among matches.
    pub m: f64,
    /// Prior share among others.
    pub u: f64,
    /// How far term frequency counts: per field of [`Comparison::term_frequency`] a factor from 0 to 1.
    pub term_frequency: Vec<f64>,
}

/// One thing that pairs are compared by. Missing on either side is no evidence; the last level, `else`, is implied.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Its name.
    pub name: String,
    /// The fields it looks at, by position; the first [`Comparison::declared`] of them say whether it is missing.
    pub on: Vec<usize>,
    /// How many of `on` were declared; the others are mentioned by conditions only.
    pub declared: usize,
    /// Levels from the best to the worst.
    pub levels: Vec<Level>,
    /// Prior shares of `else`: m, u.
    pub otherwise: (f64, f64),
    /// Fields whose rare values say more, by position within `on`.
    pub term_frequency: Vec<usize>,
}

/// How a field gives blocking keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyForm {
    /// Its value.
    Value,
    /// The sound of a name: one key per reading.
    Sound,
    /// A resident number, or every number that a damaged one may have been.
    Repairs,
    /// Every value of a list.
    Each,
}

/// One part of a blocking key: fields by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyPart {
    /// Field of the left record.
    pub left: usize,
    /// Field of the right record.
    pub right: usize,
    /// What is taken of both.
    pub form: KeyForm,
}

/// A blocking rule: pairs that agree on every part are compared; a missing part makes no pair.
#[derive(Clone, Debug)]
pub struct Rule {
    /// As written: `surname, date_of_birth`.
    pub name: String,
    /// Its parts.
    pub parts: Vec<KeyPart>,
}

impl Rule {
    /// Whether left and right may change places.
    #[must_use]
    pub fn is_symmetric(&self) -> bool {
        self.parts.iter().all(|part| part.left == part.right)
    }
}

/// When a weight is enough, in bits.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// At least this joins.
    pub confirm: f64,
    /// At least this, and less than `confirm`: a human decides.
    pub review: f64,
    /// A join beats the best assignment without it by at least this.
    #[serde(default)]
    pub margin: f64,
}

/// What keeps the work bounded.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Most pairs that one blocking rule may make; a rule above it stops the run before it starts.
    pub pairs: u64,
    /// Largest group of records that is told apart record by record; larger ones fall back to their strongest links.
    pub cluster: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { pairs: 200_000_000, cluster: 200 }
    }
}

/// How m, u and the prior are learned.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fit {
    /// Random pairs that u is counted on.
    pub random_pairs: u64,
    /// Pairs per blocking rule that m is learned on.
    pub pairs_per_rule: u64,
    /// A prior of the model counts as much as this many pairs.
    pub strength: f64,
    /// Rounds of expectation and maximisation at most.
    pub rounds: usize,
    /// Probability that two records taken at random match; learned when absent.
    pub prior: Option<f64>,
}

impl Default for Fit {
    fn default() -> Self {
        Self { random_pairs: 1_000_000, pairs_per_rule: 300_000, strength: 10.0, rounds: 50, prior: None }
    }
}

/// A model, resolved.
#[derive(Clone, Debug)]
pub struct TablesModel {
    /// Its name, for `run.json`.
    pub name: String,
    /// What is done.
    pub task: Task,
    /// File names of the left and of the right table, with `*`; else the first and the second file by name.
    pub sides: Option<(String, String)>,
    /// The truth: a field that is never linked by.
    pub truth: Option<usize>,
    /// The table's own record key; cluster ids are made of it.
    pub record: Option<usize>,
    /// Key file of stable ids, relative to the model.
    pub key: Option<Spanned<String>>,
    /// A fitted model to be used, relative to this one.
    pub saved: Option<Spanned<String>>,
    /// Fields; derived ones come after what they are derived from.
    pub fields: Vec<Field>,
    /// Blocking rules in order: a pair belongs to the first that makes it.
    pub rules: Vec<Rule>,
    /// Comparisons in the order their parts are printed.
    pub comparisons: Vec<Comparison>,
    /// When a weight is enough.
    pub thresholds: Thresholds,
    /// What keeps the work bounded.
    pub limits: Limits,
    /// What is done with what is hidden or struck through.
    pub intake: IntakeChoice,
    /// How the model is fitted.
    pub fit: Fit,
}

impl TablesModel {
    /// Whether `document` is such a model and not a county's pipeline.
    #[must_use]
    pub fn is_meant(document: &Document) -> bool {
        let (root, _) = toml::de::DeTable::parse_recoverable(&document.text);
        root.get_ref().contains_key("tables")
    }

    /// Reads and checks a model.
    pub fn resolve(document: &Document) -> Result<Self, Problems> {
        resolve::resolve(document)
    }

    /// The fields at the root of a field: itself, or what it is derived from.
    #[must_use]
    pub fn roots(&self, field: usize) -> Vec<usize> {
        match self.fields.get(field) {
            Some(derived) if !derived.from.is_empty() => derived.from.iter().flat_map(|&from| self.roots(from)).collect(),
            _ => vec![field],
        }
    }
}
