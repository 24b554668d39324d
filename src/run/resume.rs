//! Rows read back: `stages/records.json` says of `records.parquet` what the table itself does not (which registries had which columns,
//! where rows came from, what was taken in), so that [`read`] gives the very rows that were written.
//!
//! Two uses. An interrupted run goes on with linking instead of reading a county's files again (later stages take seconds and are
//! done again); one that refused files reads them again, because whoever runs it again has mended them. And a run may take a
//! finished run's rows as its input.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch, StringArray, UInt32Array};
use arrow::datatypes::Schema;
use serde::{Deserialize, Serialize};

use super::stages;
use super::workspace::Workspace;
use crate::model::intake::IntakeFile;
use crate::model::raw::SheetName;
use crate::model::record::{RecordSet, RegistryRecords, SourceSheet};
use crate::model::registry::{Grain, RegistryId};

const FILE: &str = "stages/records.json";

#[derive(Serialize, Deserialize)]
struct Kept {
    registries: Vec<KeptRegistry>,
    sources: Vec<SourceSheet>,
    intake: Vec<IntakeFile>,
}

#[derive(Serialize, Deserialize)]
struct KeptRegistry {
    registry: RegistryId,
    grain: Grain,
    rows: usize,
    columns: Vec<String>,
}

/// Says that `stages/records.parquet` and `stages/rejects.parquet` are complete. Called after both are written.
pub(super) fn keep(workspace: &Workspace, records: &RecordSet, intake: &[IntakeFile]) -> Result<(), super::RunError> {
    let registries = records
        .registries
        .iter()
        .map(|records| KeptRegistry {
            registry: records.registry.clone(),
            grain: records.grain,
            rows: records.len(),
            columns: records.batch.schema_ref().fields().iter().map(|field| field.name().clone()).collect(),
        })
        .collect();
    let kept = Kept { registries, sources: records.sources.clone(), intake: intake.to_vec() };
    let text = serde_json::to_vec(&kept).map_err(|error| super::RunError::Internal(error.to_string()))?;
    Ok(workspace.write(FILE, &text)?)
}

/// What an interrupted run with the same fingerprint kept; `None` when there is nothing whole, or files were refused.
pub(super) fn find(workspace: &Workspace) -> Option<(RecordSet, Vec<IntakeFile>)> {
    let found = read(workspace.path(FILE).ok()?.parent()?)?;
    found.1.iter().all(|file| !file.is_refused()).then_some(found)
}

/// The rows of a folder of stage files, and what was taken in; `None` when they are not whole.
pub(super) fn read(stages_folder: &Path) -> Option<(RecordSet, Vec<IntakeFile>)> {
    let text = fs::read(stages_folder.join("records.json")).ok()?;
    let kept: Kept = serde_json::from_slice(&text).ok()?;
    let all = stages::read(&stages_folder.join("records.parquet")).ok()?;
    let positions: BTreeMap<&SheetName, u32> = kept.sources.iter().map(|source| &source.name).zip(0..).collect();
    let mut registries = Vec::new();
    let mut start = 0_usize;
    for registry in kept.registries {
        let end = start.checked_add(registry.rows).filter(|end| *end <= all.num_rows())?;
        let batch = all.slice(start, end - start);
        start = end;
        let text = |name: &str| batch.column_by_name(name)?.as_any().downcast_ref::<StringArray>().cloned();
        let (files, sheets) = (text("file")?, text("sheet")?);
        let rows: &UInt32Array = batch.column_by_name("row")?.as_any().downcast_ref()?;
        let mut origins = Vec::with_capacity(registry.rows);
        for row in 0..registry.rows {
            let name = SheetName { file: files.value(row).to_owned(), sheet: sheets.value(row).to_owned() };
            origins.push(*positions.get(&name)?);
        }
        registries.push(RegistryRecords {
            registry: registry.registry,
            grain: registry.grain,
            batch: select(&batch, &registry.columns)?,
            sheets: origins,
            rows: rows.values().to_vec(),
        });
    }
    (start == all.num_rows()).then_some((RecordSet { sources: kept.sources, registries }, kept.intake))
}

fn select(batch: &RecordBatch, columns: &[String]) -> Option<RecordBatch> {
    let schema = batch.schema();
    let fields = columns.iter().map(|name| schema.field_with_name(name).ok().cloned()).collect::<Option<Vec<_>>>()?;
    let arrays = columns.iter().map(|name| batch.column_by_name(name).cloned()).collect::<Option<Vec<_>>>()?;
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).ok()
}
