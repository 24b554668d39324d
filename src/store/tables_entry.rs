//! What `run.json` says of tables.

use serde::Serialize;

use crate::config::tables::{TablesModel, Task};
use crate::evaluate::clusters::ClusterScore;
use crate::link::tables::TablesLinked;
use crate::model::masking::mask_text;

/// `tables` of `run.json`.
#[derive(Debug, Serialize)]
pub(crate) struct TablesEntry {
    task: Task,
    /// The truth column.
    truth: Option<String>,
    /// Whether a saved model was used instead of this run's own fit.
    saved_model: bool,
    /// Probability that two records taken at random match, by this run's fit.
    prior: f64,
    rounds: usize,
    expected_matches: f64,
    accepted_pairs: u64,
    persons: u64,
    /// Persons with more than one row.
    clusters: u64,
    rules: Vec<RuleEntry>,
    comparisons: Vec<ComparisonEntry>,
    drift: Vec<DriftEntry>,
    notes: Vec<String>,
    evaluation: Option<ClusterScore>,
}

#[derive(Debug, Serialize)]
struct RuleEntry {
    rule: String,
    predicted: u64,
    scored: u64,
    heaviest: Option<(String, u64)>,
}

#[derive(Debug, Serialize)]
struct ComparisonEntry {
    name: String,
    levels: Vec<LevelEntry>,
}

#[derive(Debug, Serialize)]
struct LevelEntry {
    level: String,
    m: f64,
    u: f64,
    bits: f64,
}

#[derive(Debug, Serialize)]
struct DriftEntry {
    comparison: String,
    level: String,
    saved_bits: f64,
    bits: f64,
}

/// Six significant digits are more than anybody learns from.
fn short(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    format!("{value:.5e}").parse().unwrap_or(value)
}

pub(crate) fn entry(
    model: &TablesModel,
    linked: &TablesLinked,
    clusters: u64,
    notes: &[String],
    evaluation: Option<ClusterScore>,
) -> TablesEntry {
    TablesEntry {
        task: model.task,
        truth: model.truth.map(|truth| model.fields[truth].name.clone()),
        saved_model: model.saved.is_some(),
        prior: short(linked.model.prior),
        rounds: linked.rounds,
        expected_matches: short(linked.expected_matches),
        accepted_pairs: linked.pairs.len() as u64,
        persons: linked.linked.people.0.num_rows() as u64,
        clusters,
        rules: linked
            .rules
            .iter()
            .map(|rule| RuleEntry {
                rule: rule.prediction.rule.clone(),
                predicted: rule.prediction.pairs,
                scored: rule.scored,
                heaviest: rule.prediction.heaviest.as_ref().map(|(key, pairs)| (mask_text(key), *pairs)),
            })
            .collect(),
        comparisons: linked
            .model
            .comparisons
            .iter()
            .map(|comparison| ComparisonEntry {
                name: comparison.name.clone(),
                levels: comparison
                    .levels
                    .iter()
                    .map(|level| LevelEntry {
                        level: level.level.clone(),
                        m: short(level.m),
                        u: short(level.u),
                        bits: short((level.m / level.u).log2()),
                    })
                    .collect(),
            })
            .collect(),
        drift: linked
            .drift
            .iter()
            .map(|drift| DriftEntry {
                comparison: drift.comparison.clone(),
                level: drift.level.clone(),
                saved_bits: short(drift.saved),
                bits: short(drift.now),
            })
            .collect(),
        notes: notes.iter().chain(&linked.notes).map(|note| mask_text(note)).collect(),
        evaluation,
    }
}
