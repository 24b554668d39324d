//! A run's work folder `.work/<key>/`, and which of the files in it are as their run left them.
//!
//! What a run writes whole it notes in the file `written` first (SHA-256 and path, a line each), then writes under a name that nobody else
//! gives, then renames: a file of a noted name is ours while its bytes are noted too. Tables are ours by the program's name in them, or cut short as the writer
//! leaves them. Everything else is somebody's who saved it there: it is moved to `手工改过/`, never deleted. Cost: the files are hashed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use parquet::file::reader::{FileReader, SerializedFileReader};
use serde::{Deserialize, Serialize};

use crate::store::disk::{self, is_temporary, temporary};
use crate::store::workspace::aside::{Failed, delete, set_aside};
use crate::store::workspace::listed::{RUN, STAGES, TIMINGS, WORK, hashes, is_manifest};
use crate::store::workspace::marker::{is_litter, is_work};

/// In a work folder: what its run has written.
const RECORD: &str = "written";

/// Writes a whole file of the run whose work folder this is.
pub(super) fn write(work: &Path, relative: &str, bytes: &[u8]) -> io::Result<()> {
    let line = format!("{} {relative}\n", disk::hash_of(bytes));
    File::options().create(true).append(true).open(work.join(RECORD))?.write_all(line.as_bytes())?;
    let path = work.join(relative);
    let mut file = temporary(path.parent().unwrap_or(work))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map(|_| ()).map_err(|error| error.error)
}

/// Deletes what a run left in its work folder, but for `keep`, and moves what is not ours to `手工改过/`; gives those names.
pub(super) fn clear(folder: &Path, work: &Path, keep: &[&str]) -> Result<Vec<String>, Failed> {
    let (record, mut inside) = (Record::of(work), Inside::default());
    inside.walk(work, "");
    let mut moved = Vec::new();
    for (name, path) in &inside.files {
        if !keep.contains(&name.as_str()) {
            moved.extend(delete(folder, path, |path| record.is_ours(name, path))?);
        } else if !record.is_ours(name, path) {
            moved.push(set_aside(folder, path)?);
        }
    }
    let written = work.join(RECORD);
    if !is_record(&written) {
        moved.push(set_aside(folder, &written)?);
    } else if keep.is_empty() {
        let _ = fs::remove_file(written);
    }
    for inner in inside.folders.iter().map(PathBuf::as_path).chain([work]) {
        let _ = fs::remove_dir(inner);
    }
    Ok(moved)
}

/// Whether a file in a work folder of `folder`, named by its path there, is as its run left it.
pub(crate) fn is_left_by_run(folder: &Path, name: &str) -> bool {
    let Some(inside) = name.strip_prefix(WORK).and_then(|name| name.strip_prefix('/')) else { return false };
    if is_temporary(inside) {
        return true;
    }
    let Some((key, file)) = inside.split_once('/').filter(|(key, _)| is_work(key)) else { return false };
    let (work, path) = (folder.join(WORK).join(key), folder.join(name));
    if file == RECORD { is_record(&path) } else { Record::of(&work).is_ours(file, &path) }
}

/// What a run says that it has written: SHA-256s by path.
struct Record(BTreeMap<String, BTreeSet<String>>);

impl Record {
    fn of(work: &Path) -> Self {
        let record = work.join(RECORD);
        // A stop may have cut its last line anywhere.
        let text = disk::read(record).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
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
        if path.file_name().is_some_and(|name| is_temporary(&name.to_string_lossy())) {
            return true;
        }
        let as_written =
            || disk::hash(path).is_ok_and(|(_, sha256)| self.0.get(name).is_some_and(|known| known.contains(&sha256)));
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

/// Whether what is called so is a record, as far as it was written; so is none at all.
fn is_record(path: &Path) -> bool {
    let is_line = |line: &[u8]| line.iter().take(64).all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match fs::symlink_metadata(path) {
        Ok(kind) => kind.is_file() && disk::read(path).is_ok_and(|text| text.split(|&byte| byte == b'\n').all(is_line)),
        Err(_) => true,
    }
}

fn is_table_name(name: &str) -> bool {
    name.ends_with(".parquet") && name.strip_prefix("stages/").is_some_and(|name| STAGES.contains(&name))
}

/// Whether a table was written by bidui, and by nobody since: other programs write their own name into it.
pub(crate) fn is_table(path: &Path) -> bool {
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
pub(crate) fn is_timings(path: &Path) -> bool {
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
