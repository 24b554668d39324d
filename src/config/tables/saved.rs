//! A fitted model as a file: `stages/model.toml` of a run, given back to a later one as `model = "…"`.

use serde::{Deserialize, Serialize};

use super::super::document::Document;
use super::super::error::Problems;
use super::super::parse::parse;
use super::TablesModel;

/// Shares of one level.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SavedLevel {
    /// The level.
    pub level: String,
    /// Share among matches.
    pub m: f64,
    /// Share among others.
    pub u: f64,
}

/// Levels of one comparison, `else` last.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SavedComparison {
    /// The comparison.
    pub name: String,
    /// Its levels in order.
    pub levels: Vec<SavedLevel>,
}

/// A fitted model.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SavedModel {
    /// The program that wrote it.
    pub tool: String,
    /// The model it is the fit of.
    pub model: String,
    /// Probability that two records taken at random match.
    pub prior: f64,
    /// Comparisons in order.
    #[serde(rename = "comparison")]
    pub comparisons: Vec<SavedComparison>,
}

impl SavedModel {
    /// Reads a fitted model and checks that it fits `model`: the same comparisons with the same levels in the same order.
    pub fn resolve(document: &Document, model: &TablesModel) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let Some(saved) = parse::<Self>(document, &mut problems) else {
            return Err(problems.into_whole(None::<()>).err().unwrap_or_default());
        };
        let whole = 0..document.text.len().min(1);
        let is_share = |value: f64| value > 0.0 && value <= 1.0;
        if saved.prior.is_nan() || saved.prior <= 0.0 || saved.prior >= 1.0 {
            problems.add(document, whole.clone(), "prior 应在 0 与 1 之间", "这个文件里");
        }
        for comparison in &model.comparisons {
            let levels = comparison.levels.iter().map(|level| level.name.as_str()).chain(["else"]);
            let found = saved.comparisons.iter().find(|saved| saved.name == comparison.name);
            match found {
                None => problems.add_with_hint(
                    document,
                    whole.clone(),
                    format!("没有比较项“{}”", comparison.name),
                    "这个文件里",
                    "它不是这个模型拟合出来的；请删去 model 一行重新拟合",
                ),
                Some(found) => {
                    if !found.levels.iter().map(|level| level.level.as_str()).eq(levels) {
                        problems.add_with_hint(
                            document,
                            whole.clone(),
                            format!("比较项“{}”的级别与模型里的不同", comparison.name),
                            "这个文件里",
                            "模型改过级别；请删去 model 一行重新拟合",
                        );
                    }
                    if !found.levels.iter().all(|level| is_share(level.m) && is_share(level.u)) {
                        let text = format!("比较项“{}”的 m 与 u 应大于 0 且不大于 1", comparison.name);
                        problems.add(document, whole.clone(), text, "这个文件里");
                    }
                }
            }
        }
        problems.into_result(saved)
    }
}
