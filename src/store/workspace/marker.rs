//! Whose folder it is: the marker that makes a run folder ours, and what the version before left in its place.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::store::disk::{self, is_temporary, name_new, sync_folder, temporary};

/// Its name. It never changes once it stands there, and readers lock it while they read.
pub(crate) const MARKER: &str = ".bidui";
const KIND: &str = "run folder";
/// What offices' computers leave in any folder that somebody looks at.
pub(crate) const LITTER: [&str; 3] = ["thumbs.db", "desktop.ini", ".ds_store"];

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
    if is_marked(folder)? || is_of_before(folder) {
        return Ok(Whose::Ours);
    }
    match names(folder) {
        Ok(names) if names.is_empty() => Ok(Whose::Nobodys),
        Ok(_) => Ok(Whose::Foreign),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Whose::Nobodys),
        Err(error) => Err(error),
    }
}

/// What stands in `folder` and somebody may mean something by.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let meant = names.filter(|name| !name.as_ref().is_ok_and(|name| is_litter(name) || is_temporary(name)));
    meant.collect()
}

/// Whether `folder` carries our marker.
pub(super) fn is_marked(folder: &Path) -> io::Result<bool> {
    match disk::read(folder.join(MARKER)) {
        Ok(text) => Ok(serde_json::from_slice::<Marker>(&text).is_ok_and(|marker| marker.bidui == KIND)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(false),
        // A folder of that name is no marker.
        Err(_) if folder.join(MARKER).is_dir() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the version before wrote it: a `run.json` of ours beside the lock, or a lock of ours and work under way.
pub(super) fn is_of_before(folder: &Path) -> bool {
    #[derive(Deserialize)]
    struct Tool {
        tool: String,
    }
    let lock = disk::read_text(folder.join(".lock"));
    let Ok(lock) = lock else { return false };
    let run = disk::read(folder.join("run.json")).ok();
    let run = run.and_then(|text| serde_json::from_slice::<Tool>(&text).ok());
    if run.is_some_and(|run| run.tool.starts_with("bidui ")) {
        return true;
    }
    let holder = lock.strip_prefix("进程 ").is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()));
    let work = fs::read_dir(folder.join(".work"));
    let interrupted =
        work.is_ok_and(|mut entries| entries.any(|entry| entry.is_ok_and(|entry| is_work(&entry.file_name().to_string_lossy()))));
    holder
        && (interrupted || names(folder).is_ok_and(|names| names.iter().all(|name| [".lock", ".work"].contains(&name.as_str()))))
}

/// Whether a name in `.work` is that of a run under way.
pub(super) fn is_work(name: &str) -> bool {
    // The version before took hexadecimal digits.
    name.len() == 16 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'p'))
}

/// Whether nobody means anything by a file of that name.
pub(super) fn is_litter(name: &str) -> bool {
    name.starts_with("._") || name.starts_with("~$") || LITTER.contains(&name.to_lowercase().as_str())
}

/// Marks `folder` as ours, with an id of its own that no result depends on. What else is called so stays, and is the error.
pub(super) fn mark(folder: &Path) -> io::Result<()> {
    use std::hash::{BuildHasher, RandomState};
    let mut file = temporary(folder)?;
    let id = [0, 1].map(|half| format!("{:016x}", RandomState::new().hash_one(half))).concat();
    let marker = Marker { bidui: KIND.to_owned(), id };
    file.write_all(serde_json::to_string(&marker).map_err(io::Error::other)?.as_bytes())?;
    file.as_file().sync_all()?;
    match name_new(file, &folder.join(MARKER)) {
        // Another run was as quick.
        Err(error) if !is_marked(folder)? => Err(error),
        _ => sync_folder(folder),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_ours_by_its_marker_or_as_the_version_before_left_it() {
        let all = tempfile::tempdir().expect("a folder");
        let folder = |name: &str, files: &[(&str, &str)]| {
            let folder = all.path().join(name);
            fs::create_dir_all(folder.join("reports")).expect("a folder");
            for (file, text) in files {
                fs::write(folder.join(file), text).expect("written");
            }
            whose(&folder).expect("read")
        };
        let ours = r#"{"tool":"bidui 0.1.0"}"#;
        assert_eq!(folder("new", &[(MARKER, r#"{"bidui":"run folder","id":"1"}"#)]), Whose::Ours);
        assert_eq!(folder("old", &[("run.json", ours), (".lock", "")]), Whose::Ours);
        assert_eq!(folder("no-lock", &[("run.json", ours)]), Whose::Foreign);
        assert_eq!(folder("other", &[("run.json", r#"{"tool":"other"}"#), (".lock", "")]), Whose::Foreign);
        assert_eq!(folder("lock", &[(".lock", "")]), Whose::Foreign);
        assert_eq!(folder("marker", &[(MARKER, "id")]), Whose::Foreign);
        assert_eq!(whose(&all.path().join("none")).expect("read"), Whose::Nobodys);
    }
}
