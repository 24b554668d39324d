//! Field situations with their right answers: each folder of `fixtures/cases` is run as a user would, and what comes out is held against its
//! `case.toml` (fixtures/cases/README.md says what may stand there). `BIDUI_CASE=A01,B` runs those whose name begins so.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use arrow::array::{Array, RecordBatch};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rayon::prelude::*;
use serde::Deserialize;

use crate::support::{program, root};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(rename = "source")]
    _source: String,
    says: String,
    #[serde(default = "monthly")]
    pipeline: String,
    #[serde(default = "june")]
    period: String,
    #[serde(default)]
    exit: i32,
    #[serde(default)]
    arguments: Vec<String>,
    #[serde(default)]
    refused: Vec<String>,
    #[serde(default)]
    told: Vec<String>,
    #[serde(default)]
    untold: Vec<String>,
    #[serde(default)]
    no_findings: Vec<String>,
    #[serde(default)]
    findings: Vec<Findings>,
    #[serde(default)]
    rows: Vec<Rows>,
    rejects: Option<Vec<Rejected>>,
    #[serde(default)]
    links: Vec<Links>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Findings {
    rule: String,
    count: usize,
    confidence: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rows {
    registry: String,
    columns: Vec<String>,
    values: Vec<Vec<String>>,
}

#[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(deny_unknown_fields)]
struct Rejected {
    row: u32,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Links {
    together: Vec<Vec<String>>,
}

fn monthly() -> String {
    "pipelines/monthly.toml".to_owned()
}

fn june() -> String {
    "2018-06".to_owned()
}

/// Columns of a stage file as texts, rows in the file's order; a null is an empty text.
struct Table {
    columns: BTreeMap<String, Vec<String>>,
    rows: usize,
}

impl Table {
    fn read(path: &Path) -> Self {
        let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("parquet").build().expect("a reader");
        let mut table = Self { columns: BTreeMap::new(), rows: 0 };
        for batch in reader {
            let batch: RecordBatch = batch.expect("a batch");
            table.rows += batch.num_rows();
            for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
                let options = FormatOptions::default();
                let Ok(texts) = ArrayFormatter::try_new(column.as_ref(), &options) else { continue };
                let cells = (0..column.len()).map(|row| texts.value(row).to_string());
                table.columns.entry(field.name().clone()).or_default().extend(cells);
            }
        }
        table
    }

    /// The texts of `columns` in each row that `wanted` picks; a column that the file lacks is empty.
    fn rows(&self, columns: &[&str], wanted: impl Fn(usize) -> bool) -> Vec<Vec<String>> {
        let rows = (0..self.rows).filter(|row| wanted(*row));
        rows.map(|row| columns.iter().map(|column| self.text(column, row).to_owned()).collect()).collect()
    }

    fn text(&self, column: &str, row: usize) -> &str {
        self.columns.get(column).map_or("", |cells| cells[row].as_str())
    }
}

/// What is wrong with one case; empty when all is right.
fn wrong(folder: &Path) -> Vec<String> {
    let written = fs::read_to_string(folder.join("case.toml")).expect("case.toml");
    let case: Case = match toml::from_str(&written) {
        Ok(case) => case,
        Err(error) => return vec![format!("case.toml: {error}")],
    };
    let temporary = tempfile::tempdir().expect("a folder");
    let out = temporary.path().join("out");
    let output = program()
        .arg("run")
        .arg(root(&case.pipeline))
        .arg("--input")
        .arg(folder.join("in"))
        .arg("--out")
        .arg(&out)
        .args(["--period", &case.period])
        .args(&case.arguments)
        .env("RAYON_NUM_THREADS", "2")
        .env("POLARS_MAX_THREADS", "2")
        .output()
        .expect("the program starts");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let mut wrong = Vec::new();
    let mut hold = |what: &str, got: String, want: String| {
        if got != want {
            wrong.push(format!("{what}\n     got {got}\n    want {want}"));
        }
    };
    hold("exit code", format!("{:?}", output.status.code()), format!("{:?}", Some(case.exit)));
    for text in &case.told {
        hold(&format!("“{text}” is told"), said.contains(text.as_str()).to_string(), "true".to_owned());
    }
    for text in &case.untold {
        hold(&format!("“{text}” is told"), said.contains(text.as_str()).to_string(), "false".to_owned());
    }
    if !out.join("run.json").exists() {
        if !matches!(case.exit, 0 | 1 | 3) {
            return wrong;
        }
        wrong.push(format!("no run.json; said: {said}"));
        return wrong;
    }
    let run: serde_json::Value = serde_json::from_slice(&fs::read(out.join("run.json")).expect("run.json")).expect("JSON");
    let mut refused = Vec::new();
    for input in run["inputs"].as_array().into_iter().flatten() {
        refused.extend(input["refusal"]["code"].as_str());
        for sheet in input["sheets"].as_array().into_iter().flatten() {
            refused.extend(sheet["refusal"]["code"].as_str());
        }
    }
    hold("refused", format!("{refused:?}"), format!("{:?}", case.refused));
    hold("balanced", run["balanced"].to_string(), "true".to_owned());
    let stage = |name: &str| Table::read(&out.join(format!("stages/{name}.parquet")));
    if !case.rows.is_empty() {
        let records = stage("records");
        for want in &case.rows {
            let columns: Vec<&str> = want.columns.iter().map(String::as_str).collect();
            let mut keys = records.rows(&["file", "sheet"], |row| records.text("registry", row) == want.registry);
            keys.dedup();
            let got = records.rows(&columns, |row| records.text("registry", row) == want.registry);
            hold(&format!("rows of {} ({columns:?})", want.registry), format!("{got:?}"), format!("{:?}", want.values));
        }
    }
    if let Some(mut want) = case.rejects {
        let rejects = stage("rejects");
        let row = |row: usize| Rejected {
            row: rejects.text("row", row).parse().expect("a number"),
            reason: rejects.text("reason", row).to_owned(),
        };
        let mut got: Vec<Rejected> = (0..rejects.rows).map(row).collect();
        got.sort();
        want.sort();
        hold("rejects", format!("{got:?}"), format!("{want:?}"));
    }
    if !case.findings.is_empty() || !case.no_findings.is_empty() {
        let findings = stage("findings");
        let count = |rule: &str, confidence: Option<&str>| {
            let same = |row: &usize| {
                findings.text("rule", *row) == rule && confidence.is_none_or(|want| findings.text("confidence", *row) == want)
            };
            (0..findings.rows).filter(same).count().to_string()
        };
        for want in &case.findings {
            let confidence = want.confidence.as_deref();
            let what = format!("findings of {} {}", want.rule, confidence.unwrap_or_default());
            hold(&what, count(&want.rule, confidence), want.count.to_string());
        }
        for rule in &case.no_findings {
            hold(&format!("findings of {rule}"), count(rule, None), "0".to_owned());
        }
    }
    if !case.links.is_empty() {
        let links = stage("links");
        let person = |key: &str| {
            let (registry, row) = key.split_once(':').unwrap_or((key, ""));
            let at = (0..links.rows).find(|at| links.text("registry", *at) == registry && links.text("row", *at) == row);
            at.map_or_else(|| format!("no row {key}"), |at| links.text("person_id", at).to_owned())
        };
        for group in &case.links {
            let mut owners: BTreeMap<String, usize> = BTreeMap::new();
            for (number, members) in group.together.iter().enumerate() {
                let persons: Vec<String> = members.iter().map(|key| person(key)).collect();
                hold(
                    &format!("{members:?} are one person"),
                    persons.iter().all(|one| *one == persons[0]).to_string(),
                    "true".into(),
                );
                let other = *owners.entry(persons[0].clone()).or_insert(number);
                hold(&format!("{members:?} is another person than group {other}"), other.to_string(), number.to_string());
            }
        }
    }
    if !wrong.is_empty() {
        wrong.insert(0, case.says);
        wrong.push(format!("said: {said}"));
    }
    wrong
}

#[test]
fn every_case_gives_its_right_answer() {
    let wanted = std::env::var("BIDUI_CASE").unwrap_or_default();
    let mut folders: Vec<PathBuf> = fs::read_dir(root("fixtures/cases"))
        .expect("fixtures/cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.join("case.toml").exists())
        .filter(|path| {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            wanted.split(',').any(|start| name.starts_with(start))
        })
        .collect();
    folders.sort();
    let found: Vec<(PathBuf, Vec<String>)> = folders.into_par_iter().map(|folder| (folder.clone(), wrong(&folder))).collect();
    let failing: Vec<String> = found
        .iter()
        .filter(|(_, wrong)| !wrong.is_empty())
        .map(|(folder, wrong)| {
            format!("== {}: {}", folder.file_name().unwrap_or_default().to_string_lossy(), wrong.join("\n   "))
        })
        .collect();
    assert!(failing.is_empty(), "{} of {} cases are wrong\n{}", failing.len(), found.len(), failing.join("\n"));
}
