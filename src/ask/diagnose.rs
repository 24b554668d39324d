//! `diagnose`: the stage files of a run → how its links came about.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, Float32Array, RecordBatch, StringArray, UInt32Array};
use arrow::datatypes::DataType;

use crate::ask::evaluate::{EvaluateRunError, column, parts};
use crate::config::error::Problems;
use crate::config::layout::Layouts;
use crate::config::link_saved::SavedModel;
use crate::evaluate::diagnose::{Diagnosis, LinkedRow, ReviewRow, RuleBlocks, diagnose as picture};
use crate::evaluate::groups::{GroupedRow, Groups, groups};
use crate::evaluate::verified::{Layer, Verified, verified};
use crate::intake::answers::{self, AnswersError};
use crate::intake::definitions::{self, DefinitionError};
use crate::model::columns;
use crate::model::date::Day;
use crate::model::decision::Verdict;
use crate::run::county::sample::{STRATA, stratum};
use crate::store::disk;
use crate::store::finished::Finished;
use crate::store::stages::tables::{Blocking, Review};

/// Fields that linking compares.
const COMPARED: [&str; 8] = [
    columns::NAME,
    columns::ID_NUMBER,
    columns::BIRTH,
    columns::SEX,
    columns::VILLAGE_CODE,
    columns::HOUSEHOLD_CODE,
    columns::HEAD_NAME,
    columns::PHONE,
];

/// What to diagnose, and by what.
#[derive(Clone, Debug)]
pub(crate) struct Examination {
    /// The run folder.
    pub run: PathBuf,
    /// The truth of its practice county, for recall by group.
    pub truth: Option<PathBuf>,
    /// Samples of links that people have verified.
    pub samples: Vec<PathBuf>,
    /// The pipeline in whose layouts the samples are; the shipped ones where it is not given.
    pub pipeline: Option<PathBuf>,
    /// This program, for the children that parse.
    pub executable: PathBuf,
}

/// Why a run cannot be diagnosed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiagnoseError {
    /// Its stage files, or the truth.
    #[error(transparent)]
    Run(#[from] EvaluateRunError),
    /// The pipeline that says how samples are laid out.
    #[error(transparent)]
    Definitions(#[from] DefinitionError),
    /// The layouts that come with the program: our fault.
    #[error("程序内部错误：{0}。请把这句话告诉维护人员")]
    Layouts(Problems),
    /// A sample cannot be read.
    #[error(transparent)]
    Sample(#[from] AnswersError),
    /// Nobody has filled one in.
    #[error("抽查表里没有一行填了核对结果，或不是系统生成的“对人抽查”工作簿（隐藏的“层”列要保留）")]
    Unanswered,
}

/// Diagnoses a run.
pub(crate) fn diagnose(examination: &Examination) -> Result<Diagnosis, DiagnoseError> {
    let run = &examination.run;
    let run = &Finished::open(run).map_err(EvaluateRunError::from)?;
    let mut diagnosis = stated(run)?;
    diagnosis.blocking = blocking(run)?;
    let model = run.file_if_any("model.json").map_err(EvaluateRunError::from)?.and_then(|path| disk::read_text(path).ok());
    diagnosis.saved_model = model.and_then(|text| SavedModel::parse(&text).ok()).and_then(|(_, used)| used);
    if let Some(truth) = &examination.truth {
        diagnosis.groups = Some(by_group(run, truth)?);
    }
    if !examination.samples.is_empty() {
        diagnosis.verified = Some(sample(run, examination)?);
    }
    Ok(diagnosis)
}

/// Rows of `blocking.parquet`; none for a run without.
fn blocking(run: &Finished) -> Result<Vec<RuleBlocks>, EvaluateRunError> {
    let Some(table) = run.declared_if_any::<Blocking>()? else { return Ok(Vec::new()) };
    let blocks = |at: usize| RuleBlocks {
        registry: table.registry.value(at).to_owned(),
        rule: table.rule.value(at).to_owned(),
        predicted: table.predicted.value(at),
        pairs: table.pairs.value(at),
        split: table.split.value(at),
        skipped: table.skipped.value(at),
        heaviest: table.heaviest.value(at),
        value: table.value.value(at).to_owned(),
    };
    Ok((0..table.rule.len()).map(blocks).collect())
}

/// Recall by village, sex, age, kind of name and damage of the number.
fn by_group(run: &Finished, truth: &Path) -> Result<Groups, EvaluateRunError> {
    let text = |name: &str| {
        let path = truth.join(name);
        disk::read_text(&path).map_err(|source| EvaluateRunError::Truth { path, source })
    };
    let links = run.columns("links.parquet", &["file", "sheet", "row", "part", "person_id"])?;
    let records = run.columns("records.parquet", &[columns::ID_STATE, columns::ID_NUMBER])?;
    let of = |name| column::<StringArray>(&links, "links.parquet", name);
    let (file, sheet, person) = (of("file")?, of("sheet")?, of("person_id")?);
    let line = column::<UInt32Array>(&links, "links.parquet", "row")?;
    let part = parts(&links);
    let number = |name: &str| records.column_by_name(name).and_then(|column| column.as_any().downcast_ref::<StringArray>());
    let (state, own) = (number(columns::ID_STATE), number(columns::ID_NUMBER));
    let at = |column: Option<&'_ StringArray>, row: usize| {
        column.filter(|column| column.is_valid(row)).map(|column| column.value(row).to_owned())
    };
    let cells: Vec<(Option<String>, Option<String>)> = (0..links.num_rows()).map(|row| (at(state, row), at(own, row))).collect();
    let rows: Vec<GroupedRow<'_>> = cells
        .iter()
        .enumerate()
        .map(|(row, (state, number))| GroupedRow {
            file: file.value(row),
            sheet: sheet.value(row),
            row: line.value(row),
            part: part.as_ref().map_or(0, |parts| parts.value(row)),
            person_id: person.value(row),
            state: state.as_deref().unwrap_or(""),
            number: number.as_deref().unwrap_or(""),
        })
        .collect();
    let year = run.run.as_of.parse::<Day>().map(|as_of| as_of.ymd().0).ok();
    Ok(groups(&rows, &text("rows.csv")?, &text("persons.csv")?, year.unwrap_or(2018))?)
}

/// The verified sample against all links of the run.
fn sample(run: &Finished, examination: &Examination) -> Result<Verified, DiagnoseError> {
    let Examination { samples, pipeline, executable, .. } = examination;
    let layouts = match pipeline {
        Some(pipeline) => definitions::load(pipeline)?.layouts,
        None => Layouts::shipped().map_err(DiagnoseError::Layouts)?,
    };
    let answered = answers::read(samples, answers::SAMPLE, &layouts.review, executable)?;
    let mut layers: BTreeMap<&str, Layer> =
        STRATA.iter().map(|name| (*name, Layer { name: (*name).to_owned(), ..Layer::default() })).collect();
    let links = run.table("links.parquet").map_err(EvaluateRunError::from)?;
    let mut stated = 0.0;
    let rules = links.column_by_name("rule").and_then(|column| arrow::compute::cast(column, &DataType::Utf8).ok());
    let status = column::<StringArray>(&links, "links.parquet", "status")?;
    let probability = column::<Float32Array>(&links, "links.parquet", "probability")?;
    let (Some(rules), Some(same)) = (rules.as_ref().and_then(|column| column.as_string_opt::<i32>()), same_names(&links)) else {
        return Err(EvaluateRunError::Column { file: "links.parquet", column: "rule, parts" }.into());
    };
    for (row, name_is_same) in same.into_iter().enumerate() {
        let rule = rules.is_valid(row).then(|| rules.value(row));
        if let Some(layer) = stratum(rule, status.value(row), probability.value(row), name_is_same) {
            stated += 1.0 - f64::from(probability.value(row));
            if let Some(layer) = layers.get_mut(layer) {
                layer.links += 1;
            }
        }
    }
    for (decision, stratum) in answered.decisions.iter().zip(&answered.strata) {
        let Some(layer) = layers.get_mut(stratum.as_str()) else { continue };
        match decision.verdict {
            Verdict::Same => layer.checked += 1,
            Verdict::Different => {
                layer.checked += 1;
                layer.wrong += 1;
            }
            Verdict::Unsure => layer.unsure += 1,
        }
    }
    if layers.values().all(|layer| layer.checked + layer.unsure == 0) {
        return Err(DiagnoseError::Unanswered);
    }
    Ok(verified(layers.into_values().collect(), stated))
}

/// Per link, whether the names were the same.
fn same_names(links: &RecordBatch) -> Option<Vec<bool>> {
    let parts = links.column_by_name("parts")?.as_list_opt::<i32>()?;
    let items = parts.values().as_struct_opt()?;
    let words = |name: &str| arrow::compute::cast(items.column_by_name(name)?, &DataType::Utf8).ok();
    let (comparisons, levels) = (words("comparison")?, words("level")?);
    let (comparisons, levels) = (comparisons.as_string_opt::<i32>()?, levels.as_string_opt::<i32>()?);
    let offsets = parts.value_offsets();
    let position = |row: usize| usize::try_from(offsets[row]).unwrap_or(0);
    let same = |item: usize| comparisons.value(item) == "name" && levels.value(item) == "same";
    Some((0..links.num_rows()).map(|row| (position(row)..position(row + 1)).any(same)).collect())
}

/// What the run says of itself.
fn stated(run: &Finished) -> Result<Diagnosis, EvaluateRunError> {
    let (links, records) = (run.table("links.parquet")?, run.table("records.parquet")?);
    let review = run.declared::<Review>()?;
    let registry = column::<StringArray>(&links, "links.parquet", "registry")?;
    let status = column::<StringArray>(&links, "links.parquet", "status")?;
    let weight = column::<Float32Array>(&links, "links.parquet", "weight")?;
    let probability = column::<Float32Array>(&links, "links.parquet", "probability")?;
    // links.parquet and records.parquet hold the same rows in the same order.
    let number = records.column_by_name(columns::ID_STATE).and_then(|column| column.as_any().downcast_ref::<StringArray>());
    let rows: Vec<LinkedRow<'_>> = (0..links.num_rows())
        .map(|at| LinkedRow {
            registry: registry.value(at),
            status: status.value(at),
            weight: weight.value(at),
            probability: probability.value(at),
            number: number.filter(|states| states.is_valid(at)).map_or("", |states| states.value(at)),
        })
        .collect();
    // A pair without a weight follows from the rules and not from linking.
    let pairs: Vec<ReviewRow<'_>> = (0..review.weight.len())
        .filter(|at| review.weight.is_valid(*at))
        .map(|at| ReviewRow {
            weight: review.weight.value(at),
            probability: review.probability.value(at),
            reason: review.reason.value(at),
        })
        .collect();
    Ok(picture(&rows, &pairs, &filled(&records, registry)))
}

/// (registry, field, share of its rows that have the field); a field no row has is left out.
fn filled(records: &RecordBatch, registry: &StringArray) -> Vec<(String, String, f64)> {
    let mut shares = Vec::new();
    let mut start = 0;
    while start < registry.len() {
        let name = registry.value(start);
        let end = (start..registry.len()).find(|at| registry.value(*at) != name).unwrap_or(registry.len());
        for field in COMPARED {
            let Some(column) = records.column_by_name(field) else { continue };
            let present = (start..end).filter(|at| column.is_valid(*at)).count();
            if present > 0 {
                let whole = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
                shares.push((name.to_owned(), field.to_owned(), whole(present) / whole(end - start)));
            }
        }
        start = end;
    }
    shares
}
