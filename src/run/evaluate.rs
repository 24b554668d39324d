//! `evaluate`: the stage files of a run against the truth of its practice county.

use std::fs;
use std::path::Path;

use arrow::array::{Array, Float32Array, RecordBatch, StringArray, UInt32Array};

use super::finished::{Finished, FinishedError};
use super::stages::{self, StageError};
use crate::evaluate::clusters::ClusterScore;
use crate::evaluate::{EvaluateError, Evaluation, FindingRow, LinkRow, TruthTexts};
use crate::model::finding::{Confidence, Scope};

/// Why a run cannot be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateRunError {
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
    #[error("读不到真值 {path}：{source}")]
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
pub fn evaluate_tables(run: &Path) -> Result<ClusterScore, EvaluateRunError> {
    let told = super::tables::of_run(run);
    let Some((task, Some(truth))) = told else { return Err(EvaluateRunError::NoTruth) };
    super::tables::evaluate(run, task, &truth)?.ok_or(EvaluateRunError::NoTruth)
}

/// Evaluates the run in `run` against `truth/{rows,findings,persons}.csv`.
pub fn evaluate(run: &Path, truth: &Path) -> Result<Evaluation, EvaluateRunError> {
    let links = &["registry", "file", "sheet", "row", "person_id"];
    let links = stages::read_columns(&run.join("stages/links.parquet"), links)?;
    let records = stages::read_columns(&run.join("stages/records.parquet"), &["household_code"])?;
    let findings = stages::read(&run.join("stages/findings.parquet"))?;
    let review = stages::read_columns(&run.join("stages/review.parquet"), &["weight"])?;
    let weight = column::<Float32Array>(&review, "review.parquet", "weight")?;
    // A pair without a weight follows from the rules and not from linking.
    let review_pairs = (weight.len() - weight.null_count()) as u64;
    let text = |name: &str| {
        let path = truth.join(name);
        fs::read_to_string(&path).map_err(|source| EvaluateRunError::Truth { path, source })
    };
    let (rows, expected, persons) = (text("rows.csv")?, text("findings.csv")?, text("persons.csv")?);

    let link_column = |name| column::<StringArray>(&links, "links.parquet", name);
    let (registry, file, sheet, person) =
        (link_column("registry")?, link_column("file")?, link_column("sheet")?, link_column("person_id")?);
    let row = column::<UInt32Array>(&links, "links.parquet", "row")?;
    // links.parquet and records.parquet hold the same rows in the same order.
    let household = records.column_by_name("household_code").and_then(|column| column.as_any().downcast_ref::<StringArray>());
    let link_rows: Vec<LinkRow<'_>> = (0..links.num_rows())
        .map(|at| LinkRow {
            registry: registry.value(at),
            file: file.value(at),
            sheet: sheet.value(at),
            row: row.value(at),
            person_id: person.value(at),
            household_code: household
                .filter(|codes| registry.value(at) == "poverty" && codes.is_valid(at))
                .map(|codes| codes.value(at)),
        })
        .collect();

    let finding_column = |name| column::<StringArray>(&findings, "findings.parquet", name);
    let (rule, scope, confidence) = (finding_column("rule")?, finding_column("scope")?, finding_column("confidence")?);
    let (person, household) = (finding_column("person_id")?, finding_column("household_code")?);
    let text_at = |array: &'_ StringArray, at: usize| array.is_valid(at).then(|| array.value(at).to_owned());
    let subjects: Vec<(Option<String>, Option<String>)> =
        (0..findings.num_rows()).map(|at| (text_at(person, at), text_at(household, at))).collect();
    let finding_rows: Vec<FindingRow<'_>> = subjects
        .iter()
        .enumerate()
        .map(|(at, (person_id, household_code))| FindingRow {
            rule: rule.value(at),
            scope: match scope.value(at) {
                "person" => Scope::Person,
                "household" => Scope::Household,
                _ => Scope::Unit,
            },
            person_id: person_id.as_deref(),
            household_code: household_code.as_deref(),
            confidence: match confidence.value(at) {
                "certain" => Confidence::Certain,
                "likely" => Confidence::Likely,
                _ => Confidence::Check,
            },
        })
        .collect();
    let truth = TruthTexts { rows: &rows, findings: &expected, persons: &persons };
    let finished = Finished::open(run)?;
    Ok(crate::evaluate::evaluate(&link_rows, &finding_rows, review_pairs, &finished.run.left_out(), truth)?)
}

/// A column of a stage file.
pub(super) fn column<'b, A: Array + 'static>(
    batch: &'b RecordBatch,
    file: &'static str,
    name: &'static str,
) -> Result<&'b A, EvaluateRunError> {
    let found = batch.column_by_name(name).and_then(|column| column.as_any().downcast_ref());
    found.ok_or(EvaluateRunError::Column { file, column: name })
}
