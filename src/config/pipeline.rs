//! A pipeline: where a job's definitions lie and in which order registries are linked.
//!
//! Written as TOML (`pipelines/monthly.toml`); paths are relative to that file. [`Written`] is what stands there, checked
//! for shape; `run` reads what it names and resolves it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::pin::WrittenPin;

/// A pipeline as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// Its name, for `run.json`.
    pub name: String,
    /// `正安县`: for titles, units of rates, and to tell addresses of other counties.
    pub county: String,
    /// Folder of the alias dictionary: `fields.toml` and one file per registry.
    pub registries: String,
    /// Folder of division lists.
    pub divisions: String,
    /// Folder of the policy.
    pub policy: String,
    /// Folder of workbook layouts.
    pub layouts: String,
    /// The linking model.
    pub link: String,
    /// The county's key file for stable ids.
    pub key: String,
    /// Registries in spine order; those not named follow by id.
    pub order: Vec<toml::Spanned<String>>,
    /// Readings chosen in place of the policy folder's: `two_none_reading = "column"`.
    #[serde(default)]
    pub readings: BTreeMap<toml::Spanned<String>, toml::Spanned<String>>,
    /// Files pinned to a registry by hand.
    #[serde(default, rename = "pin")]
    pub pins: Vec<WrittenPin>,
}
