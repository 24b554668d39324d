//! What the version before left when it was interrupted: it moved whole folders, by the list in `.work/<fingerprint>/complete`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::store::disk::{self, create_private, rename_new, stands};
use crate::store::workspace::aside::ASIDE;
use crate::store::workspace::listed::WORK;
use crate::store::workspace::marker::is_work;
use crate::store::workspace::work::clear;

const COMPLETE: &str = "complete";
const OLD: &str = "old";
const MOVED: [&str; 4] = ["stages", "reports", "timings.json", "run.json"];

/// Work folders of which some of the moves may be missing, or in which set aside files are left.
fn left(folder: &Path, name: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join(WORK)).into_iter().flatten().flatten();
    let work = entries.filter(|entry| is_work(&entry.file_name().to_string_lossy())).map(|entry| entry.path());
    work.filter(|path| if name == COMPLETE { is_list(&path.join(name)) } else { path.join(name).exists() }).collect()
}

/// Whether that version wrote it: it names what it moves, and nothing else.
fn is_list(path: &Path) -> bool {
    disk::read_text(path).map_or_else(
        |error| !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData | io::ErrorKind::IsADirectory),
        |text| text.lines().all(|line| MOVED.contains(&line)),
    )
}

/// Whether `folder` may hold some of one run and some of another.
pub(super) fn is_mixed(folder: &Path) -> bool {
    !left(folder, COMPLETE).is_empty()
}

/// Makes the moves that are missing. Reports that it had set aside are kept, as clerks' files may be among them; gives the names of what else
/// is.
pub(super) fn complete(folder: &Path) -> io::Result<Vec<String>> {
    let mut moved = Vec::new();
    for work in left(folder, COMPLETE) {
        let list = disk::read_text(work.join(COMPLETE))?;
        let old = work.join(OLD);
        create_private(&old)?;
        for name in MOVED {
            let (target, made) = (folder.join(name), work.join(name));
            let moved = list.lines().any(|line| line == name) && !made.exists();
            if target.exists() && !moved {
                rename_new(&target, &old.join(name))?;
            }
            if made.exists() {
                rename_new(&made, &target)?;
            }
        }
        fs::remove_file(work.join(COMPLETE))?;
    }
    for work in left(folder, OLD) {
        let old = work.join(OLD);
        if old.join("reports").exists() {
            create_private(&folder.join(ASIDE))?;
            let mut place = folder.join(ASIDE).join("上次结果");
            while stands(&place) {
                place.as_mut_os_string().push("_");
            }
            rename_new(&old.join("reports"), &place)?;
            moved.push(place.strip_prefix(folder).unwrap_or(&place).to_string_lossy().into_owned());
        }
        moved.extend(clear(folder, &old, &[]).unwrap_or_default());
    }
    Ok(moved)
}
