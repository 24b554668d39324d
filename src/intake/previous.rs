//! `--previous RUN`: what an earlier run knew of persons and households.
//!
//! Takes an earlier run folder; reads the few columns that record keys are made of, chunk by chunk. A folder without the stage files is
//! refused, as the command line named it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Date32Type;

use crate::model::carried::{Previous, PreviousPerson};
use crate::model::columns;
use crate::model::decision::{key_of, key_word};
use crate::model::ids::{CountyKey, KeyKind};
use crate::model::personal::Personal;
use crate::model::register::EarlierRows;
use crate::store::finished::{Finished, FinishedError, RunJson};
use crate::store::manifest::EarlierEntry;
use crate::store::stages::identities::read_back;

/// Columns that record keys are made of.
const KEY_COLUMNS: [&str; 9] = [
    "registry",
    columns::NAME,
    columns::ID_NUMBER,
    columns::BIRTH,
    columns::PERSON_CODE,
    columns::HOUSEHOLD_CODE,
    columns::HEAD_ID,
    columns::HEAD_NAME,
    columns::VILLAGE_CODE,
];

/// An earlier run.
#[derive(Debug)]
pub(crate) struct Earlier {
    /// What it knew.
    pub(crate) previous: Previous,
    /// Rows of its registers; `None` where its `run.json` does not count them.
    pub(crate) rows: Option<EarlierRows>,
    /// Of its `run.json`.
    pub(crate) sha256: String,
}

/// Why an earlier run cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum PreviousError {
    /// It is none, or not whole.
    #[error("--previous {} 不是一次完整运行的结果文件夹：{why}。请指定上个月的 --out 文件夹", run.display())]
    NotARun {
        /// What was named.
        run: PathBuf,
        /// Why.
        why: String,
    },
    /// Its ids are not to go on: with the key that everybody has numbers can be tried out from them.
    #[error("--previous {} 是用练习密钥做的，这次用的是本县的密钥：编号不能沿用。请去掉 --previous，或用本县的密钥把那次运行重做一遍", run.display())]
    OtherKey {
        /// What was named.
        run: PathBuf,
    },
    /// Its files cannot be used.
    #[error(transparent)]
    Finished(#[from] FinishedError),
}

/// Reads an earlier run.
pub(crate) fn read(run: &Path, key: &CountyKey, kind: KeyKind) -> Result<Earlier, PreviousError> {
    let refused = |why: String| PreviousError::NotARun { run: run.to_owned(), why };
    let finished = match Finished::open(run) {
        Err(FinishedError::NotARun { why, .. }) => return Err(refused(why)),
        finished => finished?,
    };
    if finished.run.key == Some(KeyKind::Practice) && kind == KeyKind::Own {
        return Err(PreviousError::OtherKey { run: run.to_owned() });
    }
    let previous = known(&finished, key).map_err(|error| match error {
        FinishedError::NotWhole { .. } => refused(error.to_string()),
        error => error.into(),
    })?;
    let RunJson { period, registers, .. } = finished.run;
    Ok(Earlier { previous, rows: EarlierEntry::rows(&period, registers), sha256: finished.sha256 })
}

fn known(run: &Finished, key: &CountyKey) -> Result<Previous, FinishedError> {
    let first = run.declared_if_any()?.map(|table| read_back(&table).households).unwrap_or_default();
    let mut previous = Previous::default();
    let mut position: HashMap<String, u32> = HashMap::new();
    let people = run.columns("people.parquet", &["person_id", "household"])?;
    for row in 0..people.num_rows() {
        let id = text_at(&people, "person_id", row).unwrap_or_default().to_owned();
        let household = text_at(&people, "household", row).map(Personal::from);
        let first_household = household.as_ref().map(|code| first.get(code).unwrap_or(code).clone());
        position.insert(id.clone(), u32::try_from(previous.persons.len()).unwrap_or(u32::MAX));
        previous.persons.push(PreviousPerson { id, household, first_household });
    }
    // links.parquet and records.parquet hold the same rows in the same order.
    let links = run.columns("links.parquet", &["person_id"])?;
    let records = run.columns("records.parquet", &KEY_COLUMNS)?;
    let births = records.column_by_name(columns::BIRTH).and_then(|column| column.as_primitive_opt::<Date32Type>());
    for row in 0..records.num_rows().min(links.num_rows()) {
        let Some(&person) = text_at(&links, "person_id", row).and_then(|id| position.get(id)) else { continue };
        let birth = births.filter(|column| column.is_valid(row)).map(|column| column.value(row));
        let registry = text_at(&records, "registry", row).unwrap_or_default();
        if let Some(record) = key_of(registry, |column| text_at(&records, column, row), birth, key) {
            previous.note(key_word(&record), person);
        }
    }
    Ok(previous)
}

fn text_at<'a>(batch: &'a RecordBatch, name: &str, row: usize) -> Option<&'a str> {
    let column = batch.column_by_name(name)?.as_string_opt::<i32>()?;
    column.is_valid(row).then(|| column.value(row))
}
