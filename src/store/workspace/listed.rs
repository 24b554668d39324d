//! What stands in a run folder under names of ours, and which files its `run.json` says are the run's: by path and SHA-256.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::store::disk::{self, stands};

/// What is under way in a run folder.
pub(super) const WORK: &str = ".work";
pub(super) const RUN: &str = "run.json";
pub(super) const TIMINGS: &str = "timings.json";
/// Names that runs give their stage files: a version that did not list them wrote these, and no other.
pub(super) const STAGES: [&str; 22] = [
    "records.parquet",
    "records.json",
    "rejects.parquet",
    "links.parquet",
    "people.parquet",
    "review.parquet",
    "suspicions.parquet",
    "model.json",
    "model.toml",
    "blocking.parquet",
    "decisions.parquet",
    "proposals.parquet",
    "households.parquet",
    "identity_changes.parquet",
    "facts_person.parquet",
    "facts_household.parquet",
    "findings.parquet",
    "suspended.parquet",
    "rates.parquet",
    "standings.parquet",
    "pairs.parquet",
    "clusters.parquet",
];
/// Where a removal keeps the `run.json`.
pub(super) const MOVED: &str = ".work/removed-run.json";

/// What of a `run.json` says which files are ours.
#[derive(Debug, Deserialize)]
pub(super) struct Listed {
    tool: String,
    outputs: Vec<Output>,
    /// Absent in folders of the version before.
    pub(super) stage_files: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Deserialize)]
struct Output {
    path: String,
    sha256: String,
}

impl Listed {
    pub(super) fn of(folder: &Path) -> Option<Self> {
        Self::read(&manifest(folder)?)
    }

    pub(super) fn read(manifest: &[u8]) -> Option<Self> {
        let listed: Self = serde_json::from_slice(manifest).ok()?;
        listed.tool.starts_with("bidui ").then_some(listed)
    }

    /// Path and SHA-256.
    pub(super) fn hashes(&self) -> impl Iterator<Item = (&str, &str)> {
        let stages = self.stage_files.iter().flatten().map(|(path, sha256)| (path.as_str(), sha256.as_str()));
        self.outputs.iter().map(|output| (output.path.as_str(), output.sha256.as_str())).chain(stages)
    }
}

/// The `run.json` of a folder, wherever it stands.
fn manifest(folder: &Path) -> Option<Vec<u8>> {
    let here = folder.join(RUN);
    disk::read(if stands(&here) { here } else { folder.join(MOVED) }).ok()
}

/// SHA-256 by path of the outputs and stage files that a `run.json` of ours lists, that of a run under removal too; none where there is none.
pub(crate) fn hashes(folder: &Path) -> BTreeMap<String, String> {
    let listed = Listed::of(folder);
    listed.iter().flat_map(Listed::hashes).map(|(path, sha256)| (path.to_owned(), sha256.to_owned())).collect()
}

/// Whether a file is a `run.json` of ours that says which files are.
pub(super) fn is_manifest(path: &Path) -> bool {
    disk::read(path).is_ok_and(|text| is_manifest_text(&text))
}

pub(super) fn is_manifest_text(text: &[u8]) -> bool {
    Listed::read(text).is_some()
}

/// Whether a path that a `run.json` names stays where outputs are.
pub(super) fn is_inside(path: &str) -> bool {
    path.split_once('/').is_some_and(|(first, _)| ["reports", "stages"].contains(&first)) && stays(path)
}

/// Whether a path stays below the folder that it is relative to.
pub(super) fn stays(path: &str) -> bool {
    !path.contains(['\\', ':']) && path.split('/').all(|part| !["", ".", ".."].contains(&part))
}
