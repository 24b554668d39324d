//! Stage files that only tables have: accepted pairs with their bars, groups, the fitted model; and the truth, if a column tells it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array, RecordBatch, StringArray, UInt32Array};
use arrow::datatypes::{DataType, Field, Schema};

use crate::config::tables::{TablesModel, Task};
use crate::evaluate::clusters::{ClusterScore, TruthRow, score};
use crate::link::tables::{JoinedPair, TablesLinked};
use crate::model::record::{RecordSet, RowId};
use crate::store::stages::tables::Clusters;
use crate::store::stages::{self, StageError};

/// Pairs converted and written at a time.
const CHUNK: usize = 65_536;

/// The rows with the columns that the tables themselves have: derived ones can be made again.
pub(super) fn without_derived(records: &RecordSet, model: &TablesModel) -> RecordSet {
    let own: Vec<usize> = (0..model.fields.len()).filter(|field| model.fields[*field].from.is_empty()).collect();
    let mut records = records.clone();
    for registry in &mut records.registries {
        // The columns are the model's fields, in their order.
        if let Ok(batch) = registry.batch.project(&own) {
            registry.batch = batch;
        }
    }
    records
}

/// `pairs.parquet`: both origins, weight, probability, rule, prior, then per comparison its level, bits and bits of term frequency, which sum to the weight.
pub(super) fn write_pairs(
    path: &Path,
    records: &RecordSet,
    model: &TablesModel,
    linked: &TablesLinked,
) -> Result<(), StageError> {
    let mut fields = Vec::new();
    for side in ["left", "right"] {
        fields.extend(["registry", "file", "sheet"].map(|name| Field::new(format!("{side}_{name}"), DataType::Utf8, true)));
        fields.push(Field::new(format!("{side}_row"), DataType::UInt32, true));
    }
    fields.extend(["weight", "probability"].map(|name| Field::new(name, DataType::Float32, false)));
    fields.push(Field::new("rule", DataType::Utf8, false));
    fields.push(Field::new("prior", DataType::Float32, false));
    for comparison in &model.comparisons {
        fields.push(Field::new(format!("level_{}", comparison.name), DataType::Utf8, true));
        fields.push(Field::new(format!("bits_{}", comparison.name), DataType::Float32, false));
        fields.push(Field::new(format!("rarity_{}", comparison.name), DataType::Float32, false));
    }
    let schema = Arc::new(Schema::new(fields));
    let chunks = linked.pairs.chunks(CHUNK).map(|pairs| {
        let mut columns = origins(records, pairs.iter().map(|pair| pair.left));
        columns.extend(origins(records, pairs.iter().map(|pair| pair.right)));
        columns.push(floats(pairs.iter().map(|pair| pair.weight)));
        columns.push(floats(pairs.iter().map(|pair| pair.probability)));
        columns.push(Arc::new(StringArray::from_iter_values(pairs.iter().map(|pair| rule(linked, pair)))));
        columns.push(floats(pairs.iter().map(|_| linked.prior)));
        let bars: Vec<_> = pairs.iter().map(|pair| linked.bars(pair)).collect();
        for at in 0..model.comparisons.len() {
            columns.push(Arc::new(bars.iter().map(|bars| bars[at].level).collect::<StringArray>()));
            columns.push(floats(bars.iter().map(|bars| bars[at].weight)));
            columns.push(floats(bars.iter().map(|bars| bars[at].rarity)));
        }
        RecordBatch::try_new(Arc::clone(&schema), columns)
    });
    stages::write(path, &schema, chunks)
}

fn rule<'l>(linked: &'l TablesLinked, pair: &JoinedPair) -> &'l str {
    linked.rules.get(pair.rule).map_or("", |rule| rule.prediction.rule.as_str())
}

fn floats(values: impl Iterator<Item = f32>) -> ArrayRef {
    Arc::new(Float32Array::from_iter_values(values))
}

/// Registry, file, sheet and row of each.
fn origins(records: &RecordSet, rows: impl Iterator<Item = RowId>) -> Vec<ArrayRef> {
    let (mut registry, mut file, mut sheet, mut line) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        let located = records.locate(row);
        let origin = located.and_then(|(position, row)| records.origin(position, row));
        registry.push(located.map(|(position, _)| records.registries[position].registry.as_str()));
        file.push(origin.map(|(source, _)| source.name.file.as_str()));
        sheet.push(origin.map(|(source, _)| source.name.sheet.as_str()));
        line.push(origin.map(|(_, row)| row));
    }
    vec![
        Arc::new(StringArray::from(registry)),
        Arc::new(StringArray::from(file)),
        Arc::new(StringArray::from(sheet)),
        Arc::new(UInt32Array::from(line)),
    ]
}

/// `clusters.parquet`.
pub(super) fn write_clusters(path: &Path, linked: &TablesLinked) -> Result<u64, StageError> {
    let people = &linked.linked.people.0;
    let ids = people.column_by_name("person_id").and_then(|column| column.as_any().downcast_ref::<StringArray>());
    let persons = people.num_rows();
    let (mut rows, mut pairs) = (vec![0u32; persons], vec![0u32; persons]);
    let mut lightest: Vec<Option<&JoinedPair>> = vec![None; persons];
    for link in &linked.linked.links {
        rows[link.person.0 as usize] += 1;
    }
    for pair in &linked.pairs {
        let Some(person) = linked.linked.links.get(pair.left.0 as usize).map(|link| link.person.0 as usize) else { continue };
        pairs[person] += 1;
        if lightest[person].is_none_or(|known| pair.weight < known.weight) {
            lightest[person] = Some(pair);
        }
    }
    let many: Vec<usize> = (0..persons).filter(|person| rows[*person] > 1).collect();
    let of = |pick: fn(&JoinedPair) -> f32| many.iter().map(|person| lightest[*person].map(pick)).collect();
    let table = Clusters {
        person_id: many.iter().map(|person| Some(ids.map_or("", |ids| ids.value(*person)))).collect(),
        rows: many.iter().map(|person| Some(rows[*person])).collect(),
        pairs: many.iter().map(|person| Some(pairs[*person])).collect(),
        weakest_weight: of(|pair| pair.weight),
        weakest_probability: of(|pair| pair.probability),
    };
    stages::write_table(path, table)?;
    Ok(many.len() as u64)
}

/// The links against the truth column, where the model names one and any row has it.
pub(super) fn against_truth(records: &RecordSet, model: &TablesModel, linked: &TablesLinked) -> Option<ClusterScore> {
    let name = &model.fields.get(model.truth?)?.name;
    let first = records.registries.first().map(|registry| &registry.registry);
    let cells = records.registries.iter().flat_map(|registry| {
        let side = u8::from(Some(&registry.registry) != first);
        (0..registry.len()).map(move |row| (registry.text_at(name, row), side))
    });
    let found = linked.linked.links.iter().map(|link| link.person.0);
    score_rows(found.zip(cells), model.task)
}

/// Scores rows that have a truth.
pub(crate) fn score_rows<'t>(rows: impl Iterator<Item = (u32, (Option<&'t str>, u8))>, task: Task) -> Option<ClusterScore> {
    let mut known: HashMap<&str, u32> = HashMap::new();
    let rows: Vec<TruthRow> = rows
        .filter_map(|(found, (truth, side))| {
            let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
            let truth = *known.entry(truth?).or_insert(next);
            Some(TruthRow { found, truth, side })
        })
        .collect();
    (!rows.is_empty()).then(|| score(&rows, task == Task::Link))
}
