//! What is not ours: it is moved to `手工改过/`, over nothing, and its name told. What is ours is deleted only while it is as we wrote it.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::store::disk::{self, create_private, rename_new, stands};

/// Where a file goes that is not ours to delete.
pub(super) const ASIDE: &str = "手工改过";

/// An error, and where.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) path: PathBuf,
    pub(super) source: io::Error,
}

pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> Failed {
    let path = path.to_owned();
    move |source| Failed { path, source }
}

/// Whether a file, and no link to one, has these bytes.
pub(super) fn is_still(path: &Path, sha256: &str) -> bool {
    let is_file = fs::symlink_metadata(path).is_ok_and(|kind| kind.is_file());
    is_file && disk::hash(path).is_ok_and(|(_, found)| found == sha256)
}

/// Deletes a file in `folder` at once after it was found to be ours; gives its place in `手工改过/` where it is not, or is no more.
pub(super) fn delete(folder: &Path, path: &Path, is_ours: impl FnOnce(&Path) -> bool) -> Result<Option<String>, Failed> {
    if !stands(path) {
        return Ok(None);
    }
    if is_ours(path) {
        return fs::remove_file(path).map(|()| None).map_err(at(path));
    }
    set_aside(folder, path).map(Some)
}

/// Moves a file of `folder` to `手工改过/`; gives its place there.
pub(super) fn set_aside(folder: &Path, path: &Path) -> Result<String, Failed> {
    let sha256 = disk::hash(path).ok().map(|(_, sha256)| sha256);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let place = place_aside(folder, &name, sha256.as_deref(), &mut BTreeSet::new());
    rename(path, &folder.join(&place))?;
    Ok(place)
}

/// A free name in `手工改过/`: after the content, where it is a file; `taken` are names already given.
pub(super) fn place_aside(folder: &Path, path: &str, sha256: Option<&str>, taken: &mut BTreeSet<String>) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => (stem, format!(".{ending}")),
        _ => (name, String::new()),
    };
    let content: String = sha256.map_or_else(|| "原有".to_owned(), |sha256| sha256.chars().take(8).collect());
    let mut place = format!("{ASIDE}/{stem}_{content}{ending}");
    let mut count = 1_u32;
    while stands(&folder.join(&place)) || !taken.insert(place.clone()) {
        count += 1;
        place = format!("{ASIDE}/{stem}_{content}（{count}）{ending}");
    }
    place
}

/// Moves one file; never over another.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), Failed> {
    if let Some(above) = to.parent().filter(|above| !above.is_dir()) {
        create_private(above).map_err(at(above))?;
    }
    // Whoever has it open must be told which.
    let is_work = from.components().any(|part| part.as_os_str() == crate::store::workspace::WORK);
    rename_new(from, to).map_err(at(if is_work { to } else { from }))
}
