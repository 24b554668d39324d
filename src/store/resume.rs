//! Rows read back: `stages/records.json` says of `records.parquet` what the table itself does not (which registries had which columns,
//! where rows came from, what was taken in), so that [`read`] gives the very rows that were written.
//!
//! Two uses. An interrupted run goes on with linking instead of reading a county's files again (later stages take seconds and are
//! done again); one that refused files reads them again, because whoever runs it again has mended them. And a run may take a
//! finished run's rows as its input.

use std::collections::BTreeMap;
use std::path::Path;

use arrow::array::AsArray;
use arrow::datatypes::UInt32Type;
use serde::{Deserialize, Serialize};

use crate::model::intake::IntakeFile;
use crate::model::record::{RecordSet, RegistryRecords, SourceSheet};
use crate::model::registry::{Grain, RegistryId};
use crate::store::disk;
use crate::store::stages::{self, Stretch};
use crate::store::workspace::{Workspace, WorkspaceError};

const FILE: &str = "stages/records.json";
/// Where a row stood.
const ORIGIN: [&str; 3] = ["file", "sheet", "row"];

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
pub(crate) fn keep(workspace: &Workspace, records: &RecordSet, intake: &[IntakeFile]) -> Result<(), WorkspaceError> {
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
    workspace.write_json(FILE, &kept)
}

/// What an interrupted run with the same key kept, now this run's own; `None` when there is nothing whole, or files were refused.
pub(crate) fn find(workspace: &Workspace) -> Option<(RecordSet, Vec<IntakeFile>)> {
    let found = read(&workspace.rows_before()?)?;
    if found.1.iter().any(IntakeFile::is_refused) {
        return None;
    }
    workspace.keep_rows();
    Some(found)
}

/// The rows of a folder of stage files, and what was taken in; `None` when they are not whole.
pub(crate) fn read(stages_folder: &Path) -> Option<(RecordSet, Vec<IntakeFile>)> {
    let text = disk::read(stages_folder.join("records.json")).ok()?;
    let kept: Kept = serde_json::from_slice(&text).ok()?;
    let positions: BTreeMap<(&str, &str), u32> =
        kept.sources.iter().map(|source| (source.name.file.as_str(), source.name.sheet.as_str())).zip(0..).collect();
    let mut stretches = Vec::with_capacity(kept.registries.len());
    let mut start = 0_usize;
    for registry in &kept.registries {
        let columns = ORIGIN.iter().map(|name| (*name).to_owned()).chain(registry.columns.iter().cloned()).collect();
        stretches.push(Stretch { start, rows: registry.rows, columns });
        start = start.checked_add(registry.rows)?;
    }
    let batches = stages::read_stretches(&stages_folder.join("records.parquet"), &stretches, start).ok()?;
    let registries = kept.registries.into_iter().zip(batches).map(|(registry, batch)| {
        let text = |name: &str| batch.column_by_name(name)?.as_string_opt::<i32>();
        let (files, sheets) = (text("file")?, text("sheet")?);
        let rows = batch.column_by_name("row")?.as_primitive_opt::<UInt32Type>()?;
        let origins = (0..batch.num_rows()).map(|row| positions.get(&(files.value(row), sheets.value(row))).copied());
        Some(RegistryRecords {
            registry: registry.registry,
            grain: registry.grain,
            sheets: origins.collect::<Option<_>>()?,
            rows: rows.values().to_vec(),
            batch: batch.project(&(ORIGIN.len()..batch.num_columns()).collect::<Vec<_>>()).ok()?,
        })
    });
    let registries = registries.collect::<Option<Vec<_>>>()?;
    Some((RecordSet { sources: kept.sources, registries }, kept.intake))
}
