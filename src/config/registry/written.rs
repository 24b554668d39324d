//! The files of `pipelines/registries` as written: shapes only, nothing resolved. Unknown keys are mistakes.

use std::collections::BTreeMap;

use super::{DatedCode, Ending, StandingValues};
use crate::config::document::Spanned;
use crate::model::field::{FieldKind, Per};
use crate::model::registry::Grain;

/// `[name]` of `fields.toml` as written. A county's own file leaves out kind and title of a field that is there already.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenField {
    pub(super) kind: Option<FieldKind>,
    pub(super) title: Option<String>,
    #[serde(default)]
    pub(super) aliases: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) codes: BTreeMap<String, Vec<Spanned<String>>>,
    #[serde(default)]
    pub(super) beside: Vec<String>,
    #[serde(default)]
    pub(super) words: BTreeMap<String, Vec<String>>,
    pub(super) standing: Option<StandingValues>,
    pub(super) ends: Option<Ending>,
    #[serde(default)]
    pub(super) until: bool,
    pub(super) dated: Option<DatedCode>,
    #[serde(default)]
    pub(super) counted: Vec<String>,
    pub(super) least_digits: Option<usize>,
}

/// `<id>.toml` as written.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenRegistry {
    pub(super) title: String,
    pub(super) department: String,
    pub(super) grain: Grain,
    pub(super) required: Spanned<Vec<Vec<Spanned<String>>>>,
    #[serde(default)]
    pub(super) telling: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) excluded: Vec<Vec<Spanned<String>>>,
    #[serde(default)]
    pub(super) title_words: Vec<String>,
    #[serde(default)]
    pub(super) other_titles: Vec<String>,
    #[serde(default)]
    pub(super) other_rows: Vec<String>,
    #[serde(default)]
    pub(super) other_kinds: Vec<String>,
    #[serde(default)]
    pub(super) identified_by: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) remarks: Vec<String>,
    #[serde(default)]
    pub(super) being: Vec<String>,
    #[serde(default)]
    pub(super) proven_by: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) proving_nothing: Vec<String>,
    pub(super) part: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) amounts: BTreeMap<Spanned<String>, Per>,
    #[serde(default)]
    pub(super) below_zero: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) never_zero: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) at_least: Vec<[Spanned<String>; 2]>,
    pub(super) fields: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) aliases: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
}

/// `<id>.toml` of a county's own folder, for a registry that is there already: what it adds, or calls otherwise.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenAddition {
    pub(super) title: Option<String>,
    pub(super) department: Option<String>,
    #[serde(default)]
    pub(super) title_words: Vec<String>,
    #[serde(default)]
    pub(super) fields: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) aliases: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
}
