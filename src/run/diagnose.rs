//! `diagnose`: the stage files of a run → how its links came about.

use std::path::Path;

use arrow::array::{Array, Float32Array, RecordBatch, StringArray};

use super::evaluate::{EvaluateRunError, column};
use super::stages;
use crate::evaluate::diagnose::{Diagnosis, LinkedRow, ReviewRow, diagnose as picture};
use crate::model::columns;

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

/// Diagnoses the run in `run`.
pub fn diagnose(run: &Path) -> Result<Diagnosis, EvaluateRunError> {
    let links = stages::read(&run.join("stages/links.parquet"))?;
    let records = stages::read(&run.join("stages/records.parquet"))?;
    let review = stages::read(&run.join("stages/review.parquet"))?;
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
    let review_weight = column::<Float32Array>(&review, "review.parquet", "weight")?;
    let review_probability = column::<Float32Array>(&review, "review.parquet", "probability")?;
    let reason = column::<StringArray>(&review, "review.parquet", "reason")?;
    let pairs: Vec<ReviewRow<'_>> = (0..review.num_rows())
        .map(|at| ReviewRow {
            weight: review_weight.value(at),
            probability: review_probability.value(at),
            reason: reason.value(at),
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
