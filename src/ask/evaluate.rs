//! `evaluate`: the stage files of a run against the truth of its practice county.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use arrow::array::{Array, AsArray, Float32Array, ListArray, RecordBatch, StringArray, UInt32Array};
use arrow::datatypes::{DataType, UInt32Type};
use serde::Deserialize;

use crate::config::tables::Task;
use crate::evaluate::clusters::ClusterScore;
use crate::evaluate::{EvaluateError, Evaluation, FindingRow, HeldRow, LinkRow, TruthTexts, Undecided};
use crate::model::finding::{Confidence, Scope};
use crate::model::system_error::plain;
use crate::run::tables::score_rows;
use crate::store::disk;
use crate::store::finished::{Finished, FinishedError};
use crate::store::stages::StageError;

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
    let (findings, review) = (finished.table("findings.parquet")?, finished.table("review.parquet")?);
    let weight = column::<Float32Array>(&review, "review.parquet", "weight")?;
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

    let finding_column = |name| column::<StringArray>(&findings, "findings.parquet", name);
    let (rule, scope, confidence) = (finding_column("rule")?, finding_column("scope")?, finding_column("confidence")?);
    let (person, household) = (finding_column("person_id")?, finding_column("household_code")?);
    let in_vain = searched_in_vain(column(&findings, "findings.parquet", "evidence")?)?;
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
            by_absence: in_vain[at],
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
        review_pairs: (weight.len() - weight.null_count()) as u64,
        left_out: &finished.run.left_out(),
        not_evaluated: &counted.not_evaluated(),
        held: &held,
    };
    Ok(crate::evaluate::evaluate(&link_rows, &finding_rows, undecided, truth)?)
}

/// Per finding, whether a registry was searched in vain: a piece of evidence without a file.
fn searched_in_vain(evidence: &ListArray) -> Result<Vec<bool>, EvaluateRunError> {
    let cells = evidence.values().as_struct_opt().and_then(|cells| cells.column_by_name("file"));
    let files = cells.ok_or(EvaluateRunError::Column { file: "findings.parquet", column: "evidence.file" })?;
    let at = |offset: i32| usize::try_from(offset).unwrap_or(0);
    Ok(evidence.value_offsets().windows(2).map(|ends| (at(ends[0])..at(ends[1])).any(|cell| files.is_null(cell))).collect())
}

/// Rule and accused of every pair that holds a rule back, once each; `None` where the run does not say which rules a pair holds.
fn held_by_pairs<'a>(review: &'a RecordBatch, links: &[LinkRow<'a>]) -> Option<Vec<HeldRow<'a>>> {
    let holds = review.column_by_name("holds")?.as_list_opt::<i32>()?;
    let rules = holds.values().as_string_opt::<i32>()?;
    let text = |name: &str| review.column_by_name(name)?.as_string_opt::<i32>();
    let number = |name: &str| review.column_by_name(name)?.as_any().downcast_ref::<UInt32Array>();
    let (file, sheet, row, part) = (text("left_file")?, text("left_sheet")?, number("left_row")?, number("left_part"));
    let persons: HashMap<(&str, &str, u32, u32), &str> =
        links.iter().map(|link| ((link.file, link.sheet, link.row, link.part), link.person_id)).collect();
    let mut held = BTreeMap::new();
    for (pair, ends) in holds.value_offsets().windows(2).enumerate() {
        let place = (file.value(pair), sheet.value(pair), row.value(pair), part.map_or(0, |parts| parts.value(pair)));
        let person_id = persons.get(&place).copied();
        for at in ends[0]..ends[1] {
            let rule = rules.value(usize::try_from(at).unwrap_or(0));
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
