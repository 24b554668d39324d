//! Whose folder it is: the marker that makes a run folder ours, and what the version before left in its place.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::run::disk::sync_folder;

/// Its name. It never changes once it stands there, and readers lock it while they read.
pub(super) const MARKER: &str = ".bidui";
const KIND: &str = "run folder";
/// A marker that a crash kept from its name.
pub(super) const UNNAMED: &str = ".bidui-";
/// What offices' computers leave in any folder that somebody looks at.
const LITTER: [&str; 3] = ["thumbs.db", "desktop.ini", ".ds_store"];

#[derive(Deserialize, Serialize)]
struct Marker {
    bidui: String,
    id: String,
}

/// What a folder is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// Not there, or nothing in it.
    Nobodys,
    /// Marked, or written by the version before.
    Ours,
    /// Somebody else's.
    Foreign,
}

/// Whose `folder` is.
pub(super) fn whose(folder: &Path) -> io::Result<Whose> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Whose::Nobodys),
        entries => entries?,
    };
    if is_marked(folder)? {
        return Ok(Whose::Ours);
    }
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !is_litter(&name) && !name.starts_with(UNNAMED) {
            names.push(name);
        }
    }
    Ok(if names.is_empty() {
        Whose::Nobodys
    } else if is_of_before(folder, &names) {
        Whose::Ours
    } else {
        Whose::Foreign
    })
}

/// Whether `folder` carries our marker.
pub(super) fn is_marked(folder: &Path) -> io::Result<bool> {
    match fs::read(folder.join(MARKER)) {
        Ok(text) => Ok(serde_json::from_slice::<Marker>(&text).is_ok_and(|marker| marker.bidui == KIND)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(false),
        // A folder of that name is no marker.
        Err(_) if folder.join(MARKER).is_dir() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the version before wrote it: a `run.json` of ours beside the lock, or a lock of ours and work under way.
fn is_of_before(folder: &Path, names: &[String]) -> bool {
    #[derive(Deserialize)]
    struct Tool {
        tool: String,
    }
    let lock = fs::read_to_string(folder.join(".lock"));
    let Ok(lock) = lock else { return false };
    let run = fs::read(folder.join("run.json")).ok();
    let run = run.and_then(|text| serde_json::from_slice::<Tool>(&text).ok());
    if run.is_some_and(|run| run.tool.starts_with("bidui ")) {
        return true;
    }
    let holder = lock.strip_prefix("进程 ").is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()));
    let work = fs::read_dir(folder.join(".work"));
    let interrupted =
        work.is_ok_and(|mut entries| entries.any(|entry| entry.is_ok_and(|entry| is_work(&entry.file_name().to_string_lossy()))));
    holder && (interrupted || names.iter().all(|name| [".lock", ".work"].contains(&name.as_str())))
}

/// Whether a name in `.work` is that of a run under way.
pub(super) fn is_work(name: &str) -> bool {
    name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether nobody means anything by a file of that name.
pub(super) fn is_litter(name: &str) -> bool {
    name.starts_with("._") || name.starts_with("~$") || LITTER.contains(&name.to_lowercase().as_str())
}

/// Marks `folder` as ours, with an id of its own that no result depends on.
pub(super) fn mark(folder: &Path) -> io::Result<()> {
    use std::hash::{BuildHasher, RandomState};
    let mut file = tempfile::Builder::new().prefix(UNNAMED).tempfile_in(folder)?;
    let id = [0, 1].map(|half| format!("{:016x}", RandomState::new().hash_one(half))).concat();
    let marker = Marker { bidui: KIND.to_owned(), id };
    file.write_all(serde_json::to_string(&marker).map_err(io::Error::other)?.as_bytes())?;
    file.as_file().sync_all()?;
    match file.persist(folder.join(MARKER)) {
        // Another run was as quick.
        Err(error) if !is_marked(folder)? => Err(error.error),
        _ => sync_folder(folder),
    }
}
