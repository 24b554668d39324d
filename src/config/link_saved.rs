//! A saved linkage model: the weights that a run learned, to be used again and to be compared with.
//!
//! `stages/model.json` of a run, named by `model = "…"` in `link.toml`. [`SavedModel::parse`] takes the text, gives the model or one
//! sentence; a model of other comparisons or levels than this program's is refused, as its numbers would mean something else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::link::{COMPARISONS, Odds};

/// The version of the file's form.
pub const VERSION: u32 = 1;

/// Odds per comparison of [`COMPARISONS`], per level.
pub type OddsTable = [Vec<Odds>; COMPARISONS.len()];

/// What one registry's rows taught.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedLayer {
    /// Registry id.
    pub registry: String,
    /// Its rows.
    pub rows: u64,
    /// Pairs with an equal number that were counted from.
    pub proven: u64,
    /// Odds before comparing, bits.
    pub prior: f64,
    /// m and u.
    pub odds: OddsTable,
}

/// A saved model.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedModel {
    /// The month that it was learned in.
    pub period: String,
    /// One per registry, by id.
    pub layers: Vec<SavedLayer>,
}

/// A difference between the weights that are used and those that this month's rows teach.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// Registry id.
    pub registry: String,
    /// Comparison.
    pub comparison: String,
    /// Level.
    pub level: String,
    /// Bits as saved.
    pub saved: f64,
    /// Bits as learned now.
    pub now: f64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    tool: String,
    period: String,
    layers: Vec<WrittenLayer>,
    /// The saved model that the run used, and where its own rows say otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used: Option<Used>,
}

/// A saved model in use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Used {
    /// The month that the model used was learned in.
    pub period: String,
    /// Where this month's rows say otherwise, the largest difference first.
    pub drift: Vec<Drift>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenLayer {
    registry: String,
    rows: u64,
    proven: u64,
    prior: f64,
    odds: BTreeMap<String, BTreeMap<String, WrittenOdds>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenOdds {
    m: f64,
    u: f64,
}

impl SavedModel {
    /// Reads a model and, where the run that wrote it used another, that.
    pub fn parse(text: &str) -> Result<(Self, Option<Used>), String> {
        let written: Written = serde_json::from_str(text).map_err(|error| format!("不是 bidui 保存的模型（{error}）"))?;
        if written.version != VERSION {
            return Err(format!("模型格式是第 {} 版，本程序用第 {VERSION} 版，请用本程序重新生成", written.version));
        }
        let layers = written.layers.iter().map(layer).collect::<Result<_, String>>()?;
        Ok((Self { period: written.period, layers }, written.used))
    }

    /// The text of `stages/model.json`.
    #[must_use]
    pub fn text(&self, tool: &str, used: Option<&Used>) -> String {
        let layers = self.layers.iter().map(|layer| WrittenLayer {
            registry: layer.registry.clone(),
            rows: layer.rows,
            proven: layer.proven,
            prior: layer.prior,
            odds: COMPARISONS
                .iter()
                .zip(&layer.odds)
                .map(|((comparison, levels), odds)| {
                    let odds =
                        levels.iter().zip(odds).map(|(level, odds)| ((*level).to_owned(), WrittenOdds { m: odds.m, u: odds.u }));
                    ((*comparison).to_owned(), odds.collect())
                })
                .collect(),
        });
        let written = Written {
            version: VERSION,
            tool: tool.to_owned(),
            period: self.period.clone(),
            layers: layers.collect(),
            used: used.cloned(),
        };
        // Plain numbers and words; nothing in it can fail.
        serde_json::to_string_pretty(&written).unwrap_or_default() + "\n"
    }

    /// The odds of a registry.
    #[must_use]
    pub fn odds(&self, registry: &str) -> Option<&OddsTable> {
        self.layers.iter().find(|layer| layer.registry == registry).map(|layer| &layer.odds)
    }
}

fn layer(written: &WrittenLayer) -> Result<SavedLayer, String> {
    let mut odds = OddsTable::default();
    for (table, (comparison, levels)) in odds.iter_mut().zip(COMPARISONS) {
        for level in levels {
            let found = written.odds.get(comparison).and_then(|levels| levels.get(*level));
            let found = found.filter(|odds| odds.m > 0.0 && odds.m <= 1.0 && odds.u > 0.0 && odds.u <= 1.0);
            let Some(found) = found else {
                return Err(format!("{} 缺少或写坏了 {comparison}“{level}”的 m、u，请用本程序重新生成", written.registry));
            };
            table.push(Odds { m: found.m, u: found.u });
        }
    }
    let WrittenLayer { registry, rows, proven, prior, .. } = written;
    Ok(SavedLayer { registry: registry.clone(), rows: *rows, proven: *proven, prior: *prior, odds })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::link::LinkModel;

    fn saved() -> SavedModel {
        let odds = LinkModel::shipped().expect("sound").odds;
        let layer = SavedLayer { registry: "insurance".to_owned(), rows: 10, proven: 9, prior: -3.25, odds };
        SavedModel { period: "2018-05".to_owned(), layers: vec![layer] }
    }

    #[test]
    fn a_model_reads_back_as_it_was_saved() {
        let drift = Drift {
            registry: "insurance".to_owned(),
            comparison: "name".to_owned(),
            level: "same".to_owned(),
            saved: 10.0,
            now: 8.5,
        };
        let used = Used { period: "2018-04".to_owned(), drift: vec![drift] };
        let text = saved().text("bidui 0.1.0", Some(&used));
        assert_eq!(SavedModel::parse(&text), Ok((saved(), Some(used))));
    }

    #[test]
    fn a_model_of_something_else_is_refused() {
        let text = saved().text("bidui 0.1.0", None);
        for (text, word) in [
            ("{}".to_owned(), "不是 bidui 保存的模型"),
            (text.replace("\"version\": 1", "\"version\": 7"), "第 7 版"),
            (text.replace("\"same sound\"", "\"same tune\""), "same sound"),
        ] {
            let refused = SavedModel::parse(&text).expect_err("another model");
            assert!(refused.contains(word), "{refused}");
        }
    }
}
