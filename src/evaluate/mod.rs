//! How good a run was, against the truth of a practice county.
//!
//! Takes the run's links and findings as plain rows and the three truth texts of the month; gives counts, precision, recall and
//! F1 of links (pairs of rows of one person, over all registries and between poverty and insurance) and of each rule by
//! confidence tier. Guarantees: order of input does not matter; a row that the run rejected still counts against recall; what
//! has neither truth nor finding shows counts of 0 and no ratio. Cost: linear in rows, but for sorting.

pub mod clusters;
pub mod diagnose;
pub mod groups;
mod pairs;
mod rules;
#[cfg(test)]
mod tests;
mod text;
pub mod verified;

use std::collections::{BTreeMap, HashMap};

use crate::model::finding::{Confidence, Scope};

/// A row of `links.parquet`, with the household code of its record.
#[derive(Clone, Copy, Debug)]
pub struct LinkRow<'a> {
    /// Registry id.
    pub registry: &'a str,
    /// As in the run folder.
    pub file: &'a str,
    /// As in the run folder; empty for text files.
    pub sheet: &'a str,
    /// As in the run folder.
    pub row: u32,
    /// The person the run gave it.
    pub person_id: &'a str,
    /// The household code by which findings may name the row's household: that of poverty rows; others may give `None`.
    pub household_code: Option<&'a str>,
}

/// A row of `findings.parquet`.
#[derive(Clone, Copy, Debug)]
pub struct FindingRow<'a> {
    /// Rule id.
    pub rule: &'a str,
    /// Whom it is about; findings about units are not scored.
    pub scope: Scope,
    /// Subject of a finding about a person.
    pub person_id: Option<&'a str>,
    /// Subject of a finding about a household.
    pub household_code: Option<&'a str>,
    /// Its tier.
    pub confidence: Confidence,
}

/// The texts of `truth/<month>/`.
#[derive(Clone, Copy)]
pub struct TruthTexts<'a> {
    /// `rows.csv`: file, sheet, row, pid.
    pub rows: &'a str,
    /// `findings.csv`: rule, scope (`p` or `h`), key.
    pub findings: &'a str,
    /// `persons.csv`: pid, hid, and what else is known.
    pub persons: &'a str,
}

// The texts hold names and numbers.
impl std::fmt::Debug for TruthTexts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TruthTexts({} + {} + {} bytes)", self.rows.len(), self.findings.len(), self.persons.len())
    }
}

/// Agreement of something found with something true.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Found and true.
    pub true_positives: u64,
    /// Found and not true.
    pub false_positives: u64,
    /// True and not found.
    pub false_negatives: u64,
}

impl Counts {
    /// Share of what was found that is true; `None` when nothing was found.
    #[must_use]
    pub fn precision(self) -> Option<f64> {
        ratio(self.true_positives, self.true_positives + self.false_positives)
    }

    /// Share of what is true that was found; `None` when nothing is true.
    #[must_use]
    pub fn recall(self) -> Option<f64> {
        ratio(self.true_positives, self.true_positives + self.false_negatives)
    }

    /// Harmonic mean of the two; `None` when nothing was found and nothing is true.
    #[must_use]
    pub fn f1(self) -> Option<f64> {
        ratio(2 * self.true_positives, 2 * self.true_positives + self.false_positives + self.false_negatives)
    }
}

#[expect(clippy::cast_precision_loss, reason = "pair counts stay far below 2^53")]
fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// How links compare.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct LinkScore {
    /// Pairs of rows of one person, over all registries (within one registry too: duplicates belong together).
    pub all: Counts,
    /// Pairs of a poverty row and an insurance row.
    pub poverty_insurance: Counts,
    /// Rows that the truth knows and the run kept.
    pub rows: u64,
    /// Rows that the truth knows and the run did not keep; their pairs count as not found.
    pub rows_not_kept: u64,
    /// Rows that the run kept and the truth does not know; they are left out.
    pub rows_unknown: u64,
    /// Pairs that the run leaves to a human.
    pub review_pairs: u64,
    /// These per row that the run kept.
    pub review_share: Option<f64>,
}

/// How one rule's findings compare.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RuleScore {
    /// Rule id.
    pub rule: String,
    /// Findings in tier `certain`.
    pub certain: Counts,
    /// Findings in tier `likely`.
    pub likely: Counts,
    /// Findings in tier `check`.
    pub check: Counts,
    /// The two tiers that may be acted on.
    pub certain_and_likely: Counts,
    /// All tiers.
    pub all: Counts,
}

/// The result.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Evaluation {
    /// Links.
    pub links: LinkScore,
    /// Rules with a truth or a finding, by id.
    pub rules: Vec<RuleScore>,
    /// Findings that ask for a human's eye and have no truth, by rule.
    pub not_scored: Vec<(String, u64)>,
    /// Truths of rules that the readings chosen leave out, by rule.
    pub left_out: Vec<(String, u64)>,
}

/// Why a truth text cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// Not the CSV it should be.
    #[error("真值文件 {file} 第 {line} 行无法读取：{what}")]
    Malformed {
        /// `rows.csv`, …
        file: &'static str,
        /// 1-based line.
        line: u64,
        /// What is wrong.
        what: String,
    },
}

/// The truth, interned: persons are positions in `persons`.
struct Truth {
    persons: Vec<(String, u32)>,
    households: Vec<String>,
    rows: HashMap<(u32, u32), u32>,
    sheets: HashMap<(String, String), u32>,
    /// Rule, scope, key.
    findings: Vec<(String, String, String)>,
}

/// Scores a run that leaves `review_pairs` to a human; `left_out` are the rules that do not hold under the readings it chose, whose
/// truths are counted and not scored.
///
/// # Errors
/// A truth text that is not as described at [`TruthTexts`].
pub fn evaluate(
    links: &[LinkRow<'_>],
    findings: &[FindingRow<'_>],
    review_pairs: u64,
    left_out: &[&str],
    truth: TruthTexts<'_>,
) -> Result<Evaluation, EvaluateError> {
    let mut truth = Truth::read(truth)?;
    let left_out = truth.leave_out(left_out);
    let placed = pairs::place(links, &truth);
    let (rules, not_scored) = rules::score(links, findings, &truth, &placed);
    Ok(Evaluation { links: pairs::score(links, review_pairs, &truth, &placed), rules, not_scored, left_out })
}

impl Truth {
    fn read(texts: TruthTexts<'_>) -> Result<Self, EvaluateError> {
        let mut truth = Self {
            persons: Vec::new(),
            households: Vec::new(),
            rows: HashMap::new(),
            sheets: HashMap::new(),
            findings: Vec::new(),
        };
        let mut pids: HashMap<String, u32> = HashMap::new();
        let mut hids: HashMap<String, u32> = HashMap::new();
        records(texts.persons, "persons.csv", ["pid", "hid"], |[pid, hid]| {
            let next = number_of(truth.households.len());
            let hid = *hids.entry(hid.to_owned()).or_insert_with_key(|hid| {
                truth.households.push(hid.clone());
                next
            });
            pids.insert(pid.to_owned(), number_of(truth.persons.len()));
            truth.persons.push((pid.to_owned(), hid));
            Ok(())
        })?;
        records(texts.rows, "rows.csv", ["file", "sheet", "row", "pid"], |[file, sheet, row, pid]| {
            let next = number_of(truth.sheets.len());
            let sheet = *truth.sheets.entry((file.to_owned(), sheet.to_owned())).or_insert(next);
            let row: u32 = row.parse().map_err(|_| format!("行号“{row}”不是数字"))?;
            let pid = *pids.get(pid).ok_or_else(|| format!("persons.csv 中没有 {pid}"))?;
            truth.rows.insert((sheet, row), pid);
            Ok(())
        })?;
        records(texts.findings, "findings.csv", ["rule", "scope", "key"], |[rule, scope, key]| {
            truth.findings.push((rule.to_owned(), scope.to_owned(), key.to_owned()));
            Ok(())
        })?;
        Ok(truth)
    }

    /// Takes out the findings of these rules; how many there were of each that had any.
    fn leave_out(&mut self, rules: &[&str]) -> Vec<(String, u64)> {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for (rule, ..) in self.findings.extract_if(.., |(rule, ..)| rules.contains(&rule.as_str())) {
            *counts.entry(rule).or_default() += 1;
        }
        counts.into_iter().collect()
    }
}

fn number_of(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn records<const N: usize>(
    text: &str,
    file: &'static str,
    columns: [&str; N],
    mut each: impl FnMut([&str; N]) -> Result<(), String>,
) -> Result<(), EvaluateError> {
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{FEFF}').as_bytes());
    let malformed = |line, what: String| EvaluateError::Malformed { file, line, what };
    let headers = reader.headers().map_err(|error| malformed(1, error.to_string()))?.clone();
    let mut positions = [0; N];
    for (position, column) in positions.iter_mut().zip(columns) {
        let found = headers.iter().position(|header| header == column);
        *position = found.ok_or_else(|| malformed(1, format!("缺少 {column} 列")))?;
    }
    let mut record = csv::StringRecord::new();
    loop {
        let line = reader.position().line();
        if !reader.read_record(&mut record).map_err(|error| malformed(line, error.to_string()))? {
            return Ok(());
        }
        each(positions.map(|position| record.get(position).unwrap_or(""))).map_err(|what| malformed(line, what))?;
    }
}
