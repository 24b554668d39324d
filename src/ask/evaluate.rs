//! `evaluate`: the stage files of a run against the truth of its practice county.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch, StringArray, UInt32Array};
use arrow::datatypes::{DataType, UInt32Type};
use serde::Deserialize;

use crate::config::tables::Task;
use crate::evaluate::clusters::ClusterScore;
use crate::evaluate::{EvaluateError, Evaluation, FindingRow, HeldRow, LinkRow, TruthTexts, Undecided};
use crate::model::personal::Expose;
use crate::model::system_error::plain;
use crate::run::tables::score_rows;
use crate::store::disk;
use crate::store::finished::{Finished, FinishedError};
use crate::store::stages::StageError;
use crate::store::stages::tables::Review;

/// Why a run cannot be evaluated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EvaluateRunError {
    /// A stage file is missing or not ours.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// A stage file lacks a column.
    #[error("阶段文件 {file} 没有列 {column}")]
    Column {
        /// Which file.
        file: &'static str,
        /// Which column.
        column: &'static str,
    },
    /// A truth file is missing.
    #[error("读不到真值 {}：{}。请用 --truth 指定含 rows.csv、findings.csv、persons.csv 的文件夹", path.display(), plain(source))]
    Truth {
        /// Which.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No truth folder was given, and the run has no truth of its own.
    #[error("这次运行自己没有真值（模型的 [tables] 没有写 truth，或那一列是空的）。请用 --truth 指定真值文件夹")]
    NoTruth,
    /// The run's `run.json` is missing or not ours.
    #[error(transparent)]
    Finished(#[from] FinishedError),
    /// The truth does not fit.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
}

/// Evaluates a run that linked tables against the truth column its model names.
pub(crate) fn evaluate_tables(run: &Path) -> Result<ClusterScore, EvaluateRunError> {
    let finished = Finished::open(run)?;
    let told = tables_of(run);
    let Some((task, Some(truth))) = told else { return Err(EvaluateRunError::NoTruth) };
    score_tables(&finished, task, &truth)?.ok_or(EvaluateRunError::NoTruth)
}

/// Whether a run folder is of tables, and which column tells the truth.
pub(crate) fn tables_of(run: &Path) -> Option<(Task, Option<String>)> {
    let text = disk::read_text(run.join("run.json")).ok()?;
    let manifest: serde_json::Value = serde_json::from_str(&text).ok()?;
    let tables = manifest.get("tables")?;
    let task = serde_json::from_value(tables.get("task")?.clone()).ok()?;
    Some((task, tables.get("truth").and_then(|truth| truth.as_str()).map(str::to_owned)))
}

/// Evaluates a run against its own truth column.
fn score_tables(run: &Finished, task: Task, truth: &str) -> Result<Option<ClusterScore>, EvaluateRunError> {
    let links = run.columns("links.parquet", &["person_id", "registry"])?;
    let records = run.columns("records.parquet", &[truth])?;
    let persons = column::<StringArray>(&links, "links.parquet", "person_id")?;
    let sides = column::<StringArray>(&links, "links.parquet", "registry")?;
    let Some(truths) = records.column_by_name(truth).and_then(|column| column.as_any().downcast_ref::<StringArray>()) else {
        return Ok(None);
    };
    let mut known = HashMap::new();
    // links.parquet and records.parquet hold the same rows in the same order.
    let rows: Vec<(u32, (Option<&str>, u8))> = (0..links.num_rows())
        .map(|at| {
            let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
            let person = *known.entry(persons.value(at)).or_insert(next);
            let truth = truths.is_valid(at).then(|| truths.value(at));
            (person, (truth, u8::from(sides.value(at) == "right")))
        })
        .collect();
    Ok(score_rows(rows.into_iter(), task))
}

/// Evaluates the run in `run` against `truth/{rows,findings,persons}.csv`.
pub(crate) fn evaluate(run: &Path, truth: &Path) -> Result<Evaluation, EvaluateRunError> {
    let finished = Finished::open(run)?;
    let links = &["registry", "file", "sheet", "row", "part", "person_id"];
    let links = finished.columns("links.parquet", links)?;
    let records = finished.columns("records.parquet", &["household_code"])?;
    let (findings, review) = (finished.findings()?, finished.declared::<Review>()?);
    let text = |name: &str| {
        let path = truth.join(name);
        disk::read_text(&path).map_err(|source| EvaluateRunError::Truth { path, source })
    };
    let (rows, expected, persons) = (text("rows.csv")?, text("findings.csv")?, text("persons.csv")?);

    let link_column = |name| column::<StringArray>(&links, "links.parquet", name);
    let (registry, file, sheet, person) =
        (link_column("registry")?, link_column("file")?, link_column("sheet")?, link_column("person_id")?);
    let row = column::<UInt32Array>(&links, "links.parquet", "row")?;
    let part = parts(&links);
    // links.parquet and records.parquet hold the same rows in the same order.
    let household = records.column_by_name("household_code").and_then(|column| column.as_any().downcast_ref::<StringArray>());
    let link_rows: Vec<LinkRow<'_>> = (0..links.num_rows())
        .map(|at| LinkRow {
            registry: registry.value(at),
            file: file.value(at),
            sheet: sheet.value(at),
            row: row.value(at),
            part: part.as_ref().map_or(0, |parts| parts.value(at)),
            person_id: person.value(at),
            household_code: household
                .filter(|codes| registry.value(at) == "poverty" && codes.is_valid(at))
                .map(|codes| codes.value(at)),
        })
        .collect();

    let finding_rows: Vec<FindingRow<'_>> = findings
        .iter()
        .map(|finding| FindingRow {
            rule: &finding.rule,
            scope: finding.scope,
            person_id: finding.person_id.as_deref(),
            household_code: finding.household_code.expose(),
            confidence: finding.confidence,
            // A piece of evidence without a file is of a register that was searched in vain.
            by_absence: finding.evidence.iter().any(|cell| cell.file.is_none()),
        })
        .collect();
    let truth = TruthTexts { rows: &rows, findings: &expected, persons: &persons };
    let counted = Counted::read(run)?;
    let held = match held_by_pairs(&review, &link_rows) {
        Some(held) => held,
        None => counted.held(),
    };
    let undecided = Undecided {
        // A pair without a weight follows from the rules and not from linking.
        review_pairs: (review.weight.len() - review.weight.null_count()) as u64,
        left_out: &finished.run.left_out(),
        not_evaluated: &counted.not_evaluated(),
        held: &held,
    };
    Ok(crate::evaluate::evaluate(&link_rows, &finding_rows, undecided, truth)?)
}

/// Rule and accused of every pair that holds a rule back, once each; `None` where the run does not say which rules a pair holds.
fn held_by_pairs<'a>(review: &'a Review, links: &[LinkRow<'a>]) -> Option<Vec<HeldRow<'a>>> {
    let persons: HashMap<(&str, &str, u32), &str> =
        links.iter().filter(|link| link.part == 0).map(|link| ((link.file, link.sheet, link.row), link.person_id)).collect();
    let mut held = BTreeMap::new();
    for (pair, [left, _]) in review.places().enumerate() {
        let person_id = left.and_then(|(_, file, sheet, row)| persons.get(&(file, sheet, row)).copied());
        for rule in review.holds.at(pair)? {
            held.insert((rule, person_id), HeldRow { rule, person_id });
        }
    }
    Some(held.into_values().collect())
}

/// What `run.json` says of rules that were not evaluated or hold something back.
#[derive(Debug, Deserialize)]
struct Counted {
    #[serde(default)]
    rules: BTreeMap<String, RuleCounted>,
    #[serde(default)]
    notes: Vec<Noted>,
}

#[derive(Debug, Deserialize)]
struct RuleCounted {
    #[serde(default)]
    held: u64,
}

#[derive(Debug, Deserialize)]
struct Noted {
    rule: String,
    town: Option<String>,
    #[serde(default)]
    held: bool,
    #[serde(default)]
    concerned: u64,
}

impl Counted {
    fn read(run: &Path) -> Result<Self, EvaluateRunError> {
        let path = run.join("run.json");
        let text = disk::read(&path).map_err(|source| EvaluateRunError::Truth { path: path.clone(), source })?;
        serde_json::from_slice(&text).map_err(|error| EvaluateRunError::Truth { path, source: error.into() })
    }

    /// Rule and town, `None` for the whole county.
    fn not_evaluated(&self) -> Vec<(&str, Option<&str>)> {
        self.notes.iter().filter(|note| note.held).map(|note| (note.rule.as_str(), note.town.as_deref())).collect()
    }

    /// As many accusations as each rule holds for a human, of whom it does not say; those of a town not evaluated are no such.
    fn held(&self) -> Vec<HeldRow<'_>> {
        let of_towns = |rule: &str| -> u64 {
            self.notes.iter().filter(|note| note.held && note.rule == rule).map(|note| note.concerned).sum()
        };
        let held = self.rules.iter().flat_map(|(rule, counted)| {
            let count = counted.held.saturating_sub(of_towns(rule));
            (0..count).map(move |_| HeldRow { rule, person_id: None })
        });
        held.collect()
    }
}

/// Which of the persons that its row names each link is of; runs of before have none.
pub(crate) fn parts(links: &RecordBatch) -> Option<UInt32Array> {
    let parts = arrow::compute::cast(links.column_by_name("part")?, &DataType::UInt32).ok()?;
    parts.as_primitive_opt::<UInt32Type>().cloned()
}

/// A column of a stage file.
pub(crate) fn column<'b, A: Array + 'static>(
    batch: &'b RecordBatch,
    file: &'static str,
    name: &'static str,
) -> Result<&'b A, EvaluateRunError> {
    let found = batch.column_by_name(name).and_then(|column| column.as_any().downcast_ref());
    found.ok_or(EvaluateRunError::Column { file, column: name })
}
