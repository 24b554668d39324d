//! Workbooks of the last run that somebody has edited since: kept aside before the next run replaces them.
//!
//! Takes the run folder; copies every output whose bytes no longer match its `run.json` to `手工改过/`, named by its content, so that
//! doing it twice adds nothing. An answer typed into the wrong copy is a day's work in a village.

use std::fs;
use std::io;
use std::path::Path;

use serde::Deserialize;

use super::inputs;

/// Where edited workbooks go, beside `reports/`.
const FOLDER: &str = "手工改过";

#[derive(Deserialize)]
struct LastRun {
    outputs: Vec<LastOutput>,
}

#[derive(Deserialize)]
struct LastOutput {
    path: String,
    sha256: String,
}

/// Copies what was edited; gives the names of the copies, relative to the run folder. A run folder without a `run.json` of ours has none.
pub(super) fn keep(folder: &Path) -> io::Result<Vec<String>> {
    let Ok(text) = fs::read_to_string(folder.join("run.json")) else { return Ok(Vec::new()) };
    let Ok(last) = serde_json::from_str::<LastRun>(&text) else { return Ok(Vec::new()) };
    let mut kept = Vec::new();
    for output in last.outputs {
        let path = folder.join(&output.path);
        if !path.is_file() {
            continue;
        }
        let (_, sha256) = inputs::hash(&path)?;
        if sha256 == output.sha256 {
            continue;
        }
        let name = output.path.rsplit('/').next().unwrap_or(&output.path);
        let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
        let copy = format!("{FOLDER}/{stem}_{}.{ending}", sha256.chars().take(8).collect::<String>());
        let target = folder.join(&copy);
        if !target.exists() {
            super::workspace::create_private(&folder.join(FOLDER))?;
            fs::copy(&path, &target)?;
            super::workspace::keep_private(&target);
        }
        kept.push(copy);
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::hexadecimal;
    use sha2::{Digest, Sha256};

    #[test]
    fn only_what_was_edited_is_kept_and_only_once() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("reports")).expect("a folder");
        let hash = |bytes: &[u8]| hexadecimal(&Sha256::digest(bytes));
        let run = serde_json::json!({"outputs": [
            {"path": "reports/a.xlsx", "sha256": hash(b"a"), "rows": 1},
            {"path": "reports/b.xlsx", "sha256": hash(b"b"), "rows": 1},
            {"path": "reports/gone.xlsx", "sha256": hash(b"c"), "rows": 1},
        ]});
        fs::write(folder.path().join("run.json"), run.to_string()).expect("written");
        fs::write(folder.path().join("reports/a.xlsx"), b"a").expect("written");
        fs::write(folder.path().join("reports/b.xlsx"), b"b, answered").expect("written");
        for _ in 0..2 {
            let kept = keep(folder.path()).expect("kept");
            assert_eq!(kept.len(), 1);
            assert!(kept[0].starts_with("手工改过/b_"), "{kept:?}");
            assert_eq!(fs::read(folder.path().join(&kept[0])).expect("the copy"), b"b, answered");
        }
        assert_eq!(fs::read_dir(folder.path().join(FOLDER)).expect("the folder").count(), 1);
    }
}
