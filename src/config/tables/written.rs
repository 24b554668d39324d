//! A model as written, checked for shape only.

use serde::Deserialize;

use super::super::document::Spanned;
use super::super::pipeline::IntakeChoice;
use super::{Fit, Kind, Limits, Task, Thresholds};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    pub(super) name: String,
    pub(super) tables: WrittenTables,
    pub(super) thresholds: Spanned<Thresholds>,
    #[serde(default)]
    pub(super) limits: Limits,
    #[serde(default)]
    pub(super) intake: IntakeChoice,
    pub(super) fit: Option<Spanned<Fit>>,
    #[serde(rename = "field")]
    pub(super) fields: Vec<WrittenField>,
    #[serde(rename = "block")]
    pub(super) blocks: Vec<WrittenBlock>,
    #[serde(rename = "comparison")]
    pub(super) comparisons: Vec<WrittenComparison>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenTables {
    pub(super) task: Spanned<Task>,
    pub(super) left: Option<Spanned<String>>,
    pub(super) right: Option<Spanned<String>>,
    pub(super) truth: Option<Spanned<String>>,
    pub(super) record: Option<Spanned<String>>,
    pub(super) key: Option<Spanned<String>>,
    pub(super) model: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenField {
    pub(super) name: Spanned<String>,
    pub(super) kind: Option<Kind>,
    #[serde(default)]
    pub(super) columns: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) from: Vec<Spanned<String>>,
    pub(super) join: Option<String>,
    pub(super) clean: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    pub(super) missing: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenBlock {
    pub(super) on: Spanned<Vec<Spanned<String>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenComparison {
    pub(super) name: Spanned<String>,
    pub(super) on: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    pub(super) term_frequency: Vec<Spanned<String>>,
    pub(super) levels: Spanned<Vec<WrittenLevel>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenLevel {
    pub(super) name: Option<String>,
    pub(super) test: Option<Spanned<String>>,
    pub(super) of: Option<Spanned<String>>,
    pub(super) at_least: Option<Spanned<f64>>,
    pub(super) at_most: Option<Spanned<f64>>,
    pub(super) all: Option<Spanned<Vec<WrittenTest>>>,
    pub(super) sql: Option<Spanned<String>>,
    pub(super) m: Option<Spanned<f64>>,
    pub(super) u: Option<Spanned<f64>>,
    pub(super) term_frequency: Option<Spanned<f64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenTest {
    pub(super) test: Spanned<String>,
    pub(super) of: Option<Spanned<String>>,
    pub(super) at_least: Option<Spanned<f64>>,
    pub(super) at_most: Option<Spanned<f64>>,
}
