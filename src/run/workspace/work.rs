//! A run's work folder `.work/<key>/`, and which of the files in it are as their run left them.
//!
//! What a run writes whole it notes in the file `written` first (SHA-256 and path, a line each), then writes under another name, then renames:
//! a file of a noted name is ours while its bytes are noted too. Tables are ours by the program's name in them, or cut short as the writer
//! leaves them. Everything else is somebody's who saved it there: it is moved to `手工改过/`, never deleted. Cost: the files are hashed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use parquet::file::reader::{FileReader, SerializedFileReader};
use serde::{Deserialize, Serialize};

use super::marker::{is_litter, is_work};
use super::switch::{Failed, RUN, STAGES, TIMINGS, WORK, at, hashes, is_manifest, place_aside};
use crate::run::disk::{self, create_private};
use crate::run::inputs;

/// In a work folder: what its run has written.
const RECORD: &str = "written";
/// How the name of a file ends while it is being written.
const NEW: &str = ".new";

/// Writes a whole file of the run whose work folder this is.
pub(super) fn write(work: &Path, relative: &str, bytes: &[u8]) -> io::Result<()> {
    let line = format!("{} {relative}\n", inputs::hash_of(bytes));
    File::options().create(true).append(true).open(work.join(RECORD))?.write_all(line.as_bytes())?;
    let beside = work.join(format!("{relative}{NEW}"));
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(beside, work.join(relative))
}

/// Deletes what a run left in its work folder, but for `keep`, and moves what is not ours to `手工改过/`; gives those names.
pub(super) fn clear(folder: &Path, work: &Path, keep: &[&str]) -> Result<Vec<String>, Failed> {
    let (record, mut inside) = (Record::of(work), Inside::default());
    inside.walk(work, "");
    let (mut moved, mut taken) = (Vec::new(), BTreeSet::new());
    for (name, path) in &inside.files {
        if record.is_ours(name, path) {
            if !keep.contains(&name.as_str()) {
                fs::remove_file(path).map_err(at(path))?;
            }
            continue;
        }
        let sha256 = inputs::hash(path).ok().map(|(_, sha256)| sha256);
        let place = place_aside(folder, name, sha256.as_deref(), &mut taken);
        let to = folder.join(&place);
        to.parent().map_or(Ok(()), create_private).and_then(|()| fs::rename(path, &to)).map_err(at(path))?;
        moved.push(place);
    }
    if keep.is_empty() {
        let _ = fs::remove_file(work.join(RECORD));
    }
    for inner in inside.folders.iter().map(PathBuf::as_path).chain([work]) {
        let _ = fs::remove_dir(inner);
    }
    Ok(moved)
}

/// Files that runs left in the work folders of `folder` as they wrote them, by their path in it.
pub(in crate::run) fn left_by_runs(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder.join(WORK)).into_iter().flatten().flatten() {
        let key = entry.file_name().to_string_lossy().into_owned();
        if !is_work(&key) {
            continue;
        }
        let (record, mut inside) = (Record::of(&entry.path()), Inside::default());
        inside.walk(&entry.path(), "");
        let ours = inside.files.iter().filter(|(name, path)| record.is_ours(name, path)).map(|(name, _)| name.as_str());
        found.extend(ours.chain([RECORD]).map(|name| format!("{WORK}/{key}/{name}")));
    }
    found
}

/// What a run says that it has written: SHA-256s by path.
struct Record(BTreeMap<String, BTreeSet<String>>);

impl Record {
    fn of(work: &Path) -> Self {
        let record = work.join(RECORD);
        let text = disk::read_text(record).unwrap_or_default();
        let mut written: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (sha256, name) in text.lines().filter_map(|line| line.split_once(' ')) {
            written.entry(name.to_owned()).or_default().insert(sha256.to_owned());
        }
        // Where the run had come to its `run.json`; an earlier build noted nothing else.
        for (name, sha256) in hashes(work) {
            written.entry(name).or_default().insert(sha256);
        }
        Self(written)
    }

    fn is_ours(&self, name: &str, path: &Path) -> bool {
        if !fs::symlink_metadata(path).is_ok_and(|kind| kind.is_file()) {
            return false;
        }
        if name.strip_suffix(NEW).is_some_and(|name| self.0.contains_key(name)) {
            return true;
        }
        let as_written =
            || inputs::hash(path).is_ok_and(|(_, sha256)| self.0.get(name).is_some_and(|known| known.contains(&sha256)));
        match name {
            // The version before did not note them.
            RUN => as_written() || is_manifest(path),
            TIMINGS => as_written() || is_timings(path),
            _ if is_table_name(name) => is_table(path) || is_cut_short(path) || as_written(),
            _ => as_written(),
        }
    }
}

/// Files and folders in a work folder; what computers leave about is left out.
#[derive(Default)]
struct Inside {
    files: Vec<(String, PathBuf)>,
    /// Inner ones first.
    folders: Vec<PathBuf>,
}

impl Inside {
    fn walk(&mut self, folder: &Path, prefix: &str) {
        let mut entries: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().collect();
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let (path, whole) = (entry.path(), format!("{prefix}{name}"));
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                self.walk(&path, &format!("{whole}/"));
                self.folders.push(path);
            } else if !is_litter(&name) && whole != RECORD {
                self.files.push((whole, path));
            }
        }
    }
}

fn is_table_name(name: &str) -> bool {
    name.ends_with(".parquet") && name.strip_prefix("stages/").is_some_and(|name| STAGES.contains(&name))
}

/// Whether a table was written by bidui, and by nobody since: other programs write their own name into it.
pub(in crate::run) fn is_table(path: &Path) -> bool {
    let reader = disk::open(path).ok().and_then(|file| SerializedFileReader::new(file).ok());
    reader
        .is_some_and(|reader| reader.metadata().file_metadata().created_by().is_some_and(|program| program.starts_with("bidui ")))
}

/// Whether a table has a beginning and no end: whoever wrote it was stopped.
fn is_cut_short(path: &Path) -> bool {
    const MAGIC: &[u8] = b"PAR1";
    let mut start = Vec::new();
    let read = disk::open(path).and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut start));
    read.is_ok() && MAGIC.starts_with(&start) && disk::open(path).is_ok_and(|file| SerializedFileReader::new(file).is_err())
}

/// Whether a `timings.json` stands as bidui writes it.
pub(in crate::run) fn is_timings(path: &Path) -> bool {
    #[derive(Deserialize, Serialize)]
    struct Timing {
        stage: String,
        seconds: f64,
        peak_bytes: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        build: Option<String>,
    }
    let Ok(text) = disk::read(path) else { return false };
    let stages: Option<Vec<Timing>> = serde_json::from_slice(&text).ok();
    let again = stages.and_then(|stages| serde_json::to_string_pretty(&stages).ok());
    let (Some(again), Ok(text)) = (again, std::str::from_utf8(&text)) else { return false };
    // Seconds need not come back to the last digit.
    let same = |(one, other): (&str, &str)| {
        one == other || [one, other].iter().all(|line| line.trim_start().starts_with("\"seconds\": "))
    };
    text.lines().count() == again.lines().count() && text.lines().zip(again.lines()).all(same)
}
