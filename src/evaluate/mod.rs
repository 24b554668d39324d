//! How good a run was, against the truth of a practice county.
//!
//! Takes the run's links and findings as plain rows and the three truth texts of the month; gives counts, precision, recall and
//! F1 of links (pairs of rows of one person, over all registries and between poverty and insurance) and of each rule by
//! confidence tier, pooled over the rules that accuse by absence too. Guarantees: order of input does not matter; a row that the run
//! rejected still counts against recall, a finding held for a human too, a truth where the rule was not evaluated only against the recall
//! over everything; what has neither truth nor finding shows counts of 0 and no ratio. Cost: linear in rows, but for sorting.

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
    /// Which of the persons that the row names, from 0.
    pub part: u32,
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
    /// Whether it rests on a registry searched in vain.
    pub by_absence: bool,
}

/// An accusation that the run leaves to a human.
#[derive(Clone, Copy, Debug)]
pub struct HeldRow<'a> {
    /// The rule held.
    pub rule: &'a str,
    /// Whom it would accuse, where the run says so.
    pub person_id: Option<&'a str>,
}

/// What a run says that it did not decide.
#[derive(Clone, Copy, Debug, Default)]
pub struct Undecided<'a> {
    /// Pairs of rows for a human.
    pub review_pairs: u64,
    /// Rules that do not hold under the readings chosen; their truths are counted and not scored.
    pub left_out: &'a [&'a str],
    /// Rules that were not evaluated, in a town (by name) or at all.
    pub not_evaluated: &'a [(&'a str, Option<&'a str>)],
    /// Accusations held.
    pub held: &'a [HeldRow<'a>],
}

/// The texts of `truth/<month>/`.
#[derive(Clone, Copy)]
pub struct TruthTexts<'a> {
    /// `rows.csv`: file, sheet, row, pid; part, where a row may name several persons.
    pub rows: &'a str,
    /// `findings.csv`: rule, scope (`p` or `h`), key.
    pub findings: &'a str,
    /// `persons.csv`: pid, hid, town where rules may be held there, and what else is known.
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

    fn add(&mut self, other: Self) {
        self.true_positives += other.true_positives;
        self.false_positives += other.false_positives;
        self.false_negatives += other.false_negatives;
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
    /// Whether it accuses by absence: one of its findings does, or one is held.
    pub by_absence: bool,
    /// Truths not found where the rule was not evaluated; among the false negatives of `all`.
    pub missed_unevaluated: u64,
    /// Accusations that the run leaves to a human.
    pub held: u64,
    /// Of these true, so that they are among the false negatives of `all`; `None` where the run does not say whom it held.
    pub held_true: Option<u64>,
}

impl RuleScore {
    /// Nothing found and nothing true.
    fn nothing(rule: &str) -> Self {
        let none = Counts::default();
        Self {
            rule: rule.to_owned(),
            certain: none,
            likely: none,
            check: none,
            certain_and_likely: none,
            all: none,
            by_absence: false,
            missed_unevaluated: 0,
            held: 0,
            held_true: Some(0),
        }
    }

    /// Recall over what was evaluated; `None` when nothing is true there.
    #[must_use]
    pub fn recall_evaluated(&self) -> Option<f64> {
        ratio(self.all.true_positives, self.all.true_positives + self.all.false_negatives - self.missed_unevaluated)
    }

    fn add(&mut self, other: &Self) {
        self.certain.add(other.certain);
        self.likely.add(other.likely);
        self.check.add(other.check);
        self.certain_and_likely.add(other.certain_and_likely);
        self.all.add(other.all);
        self.missed_unevaluated += other.missed_unevaluated;
        self.held += other.held;
        self.held_true = self.held_true.zip(other.held_true).map(|(one, other)| one + other);
    }
}

/// The result.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Evaluation {
    /// Links.
    pub links: LinkScore,
    /// Rules with a truth, a finding or something held, by id.
    pub rules: Vec<RuleScore>,
    /// All rules that accuse by absence, together.
    pub by_absence: RuleScore,
    /// All other rules, together.
    pub by_value: RuleScore,
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
    /// One per person; empty where the text has none.
    towns: Vec<String>,
    households: Vec<String>,
    /// By sheet, row, part.
    rows: HashMap<(u32, u32, u32), u32>,
    sheets: HashMap<(String, String), u32>,
    /// Rule, scope, key.
    findings: Vec<(String, String, String)>,
}

/// Scores a run.
///
/// # Errors
/// A truth text that is not as described at [`TruthTexts`].
pub fn evaluate(
    links: &[LinkRow<'_>],
    findings: &[FindingRow<'_>],
    undecided: Undecided<'_>,
    truth: TruthTexts<'_>,
) -> Result<Evaluation, EvaluateError> {
    let mut truth = Truth::read(truth)?;
    let left_out = truth.leave_out(undecided.left_out);
    let placed = pairs::place(links, &truth);
    let (rules, not_scored) = rules::score(links, findings, undecided, &truth, &placed);
    let (mut by_absence, mut by_value) = (RuleScore::nothing("by_absence"), RuleScore::nothing("by_value"));
    by_absence.by_absence = true;
    for rule in &rules {
        if rule.by_absence { &mut by_absence } else { &mut by_value }.add(rule);
    }
    let links = pairs::score(links, undecided.review_pairs, &truth, &placed);
    Ok(Evaluation { links, rules, by_absence, by_value, not_scored, left_out })
}

impl Truth {
    fn read(texts: TruthTexts<'_>) -> Result<Self, EvaluateError> {
        let mut truth = Self {
            persons: Vec::new(),
            towns: Vec::new(),
            households: Vec::new(),
            rows: HashMap::new(),
            sheets: HashMap::new(),
            findings: Vec::new(),
        };
        let mut pids: HashMap<String, u32> = HashMap::new();
        let mut hids: HashMap<String, u32> = HashMap::new();
        records(texts.persons, "persons.csv", ["pid", "hid"], ["town"], |[pid, hid], [town]| {
            let next = number_of(truth.households.len());
            let hid = *hids.entry(hid.to_owned()).or_insert_with_key(|hid| {
                truth.households.push(hid.clone());
                next
            });
            pids.insert(pid.to_owned(), number_of(truth.persons.len()));
            truth.persons.push((pid.to_owned(), hid));
            truth.towns.push(town.to_owned());
            Ok(())
        })?;
        records(texts.rows, "rows.csv", ["file", "sheet", "row", "pid"], ["part"], |[file, sheet, row, pid], [part]| {
            let next = number_of(truth.sheets.len());
            let sheet = *truth.sheets.entry((file.to_owned(), sheet.to_owned())).or_insert(next);
            let row: u32 = row.parse().map_err(|_| format!("行号“{row}”不是数字"))?;
            let part = part.parse().unwrap_or(0);
            let pid = *pids.get(pid).ok_or_else(|| format!("persons.csv 中没有 {pid}"))?;
            truth.rows.insert((sheet, row, part), pid);
            Ok(())
        })?;
        records(texts.findings, "findings.csv", ["rule", "scope", "key"], [], |[rule, scope, key], []| {
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

/// Every record's columns, and those of `others` that the text has; a column that it has not is empty.
fn records<const N: usize, const M: usize>(
    text: &str,
    file: &'static str,
    columns: [&str; N],
    others: [&str; M],
    mut each: impl FnMut([&str; N], [&str; M]) -> Result<(), String>,
) -> Result<(), EvaluateError> {
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{FEFF}').as_bytes());
    let malformed = |line, what: String| EvaluateError::Malformed { file, line, what };
    let headers = reader.headers().map_err(|error| malformed(1, error.to_string()))?.clone();
    let mut positions = [0; N];
    for (position, column) in positions.iter_mut().zip(columns) {
        let found = headers.iter().position(|header| header == column);
        *position = found.ok_or_else(|| malformed(1, format!("缺少 {column} 列")))?;
    }
    let others = others.map(|column| headers.iter().position(|header| header == column));
    let mut record = csv::StringRecord::new();
    loop {
        let line = reader.position().line();
        if !reader.read_record(&mut record).map_err(|error| malformed(line, error.to_string()))? {
            return Ok(());
        }
        let other = others.map(|position| position.and_then(|position| record.get(position)).unwrap_or(""));
        each(positions.map(|position| record.get(position).unwrap_or("")), other).map_err(|what| malformed(line, what))?;
    }
}
