//! `purge`: run folders older than a set age go, and a receipt says which.
//!
//! Takes folders (run folders, or folders that hold some), an age and a day to count it at; gives what was found and, when told to, removes it.
//! Never touches anything that is not a run folder of ours (a `run.json` of ours beside the `.lock` that every run leaves), never follows a
//! link, never a folder that a run holds; a file of somebody else's in a run folder stays, and its folder with it. [`purge_ledger`] does the
//! same for what a ledger remembers.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::finished::{Finished, is_run};
use super::ledger_file::{self, LedgerFileError};
use super::lock::Lock;
use crate::ledger::Purged;
use crate::model::date::{Day, Month};

/// What a run leaves in its folder; `run.json` and the lock last, so that what a crash leaves is still known for ours.
const OURS: [&str; 8] = ["stages", "reports", "手工改过", "timings.json", ".work", "run.json", ".bidui", ".lock"];

/// What is to be removed.
#[derive(Clone, Debug)]
pub struct PurgeRequest {
    /// Run folders, or folders that hold some.
    pub folders: Vec<PathBuf>,
    /// Days; a run older than this goes.
    pub older_than: i32,
    /// The day that ages are counted at.
    pub as_of: Day,
    /// Whether to remove, or only to list.
    pub remove: bool,
}

/// One folder looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurgeEntry {
    /// The folder.
    pub folder: PathBuf,
    /// The month it speaks for.
    pub period: String,
    /// The day it was written.
    pub made: Option<Day>,
    /// Files in it.
    pub files: u64,
    /// Bytes in it.
    pub bytes: u64,
    /// Of its `run.json`.
    pub sha256: String,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Old enough; listed only.
    Due,
    /// Removed.
    Removed,
    /// Removed but for what is somebody else's.
    Emptied(Vec<String>),
    /// Too young.
    Kept,
    /// Not ours, held by a run, or could not be removed: why.
    Skipped(String),
}

impl Fate {
    /// In words.
    #[must_use]
    pub fn plain(&self) -> String {
        match self {
            Self::Due => "到期，未删除（加 --yes 才删除）".to_owned(),
            Self::Removed => "已删除".to_owned(),
            Self::Emptied(left) => format!("已删除运行结果；里面还有别的文件，文件夹保留：{}", left.join("、")),
            Self::Kept => "未到期，保留".to_owned(),
            Self::Skipped(why) => format!("跳过：{why}"),
        }
    }
}

/// Looks at the folders and, if asked, removes what is old enough; `done` gets each entry as soon as its fate is known.
pub fn purge(request: &PurgeRequest, done: &mut dyn FnMut(&PurgeEntry) -> io::Result<()>) -> io::Result<Vec<PurgeEntry>> {
    let mut entries = Vec::new();
    for folder in &request.folders {
        for folder in runs_in(folder) {
            let entry = look(&folder, request);
            done(&entry)?;
            entries.push(entry);
        }
    }
    Ok(entries)
}

/// What a ledger holds of findings that no month since `request.as_of` less the age has shown; forgotten if asked to. Gives the month and
/// the counts.
pub fn purge_ledger(path: &Path, request: &PurgeRequest) -> Result<(Month, Purged), LedgerFileError> {
    let before = Day(request.as_of.0 - request.older_than).month();
    let mut held = ledger_file::open(path, false)?;
    let counts = if request.remove { held.ledger.purge(before) } else { held.ledger.purgeable(before) };
    Ok((before, counts?))
}

/// The folder itself, or the run folders right in it.
fn runs_in(folder: &Path) -> Vec<PathBuf> {
    if is_run(folder) {
        return vec![folder.to_owned()];
    }
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .map(|entries| entries.flatten().map(|entry| entry.path()).filter(|path| is_run(path)).collect())
        .unwrap_or_default();
    found.sort();
    if found.is_empty() { vec![folder.to_owned()] } else { found }
}

fn look(folder: &Path, request: &PurgeRequest) -> PurgeEntry {
    let mut entry = PurgeEntry {
        folder: folder.to_owned(),
        period: String::new(),
        made: None,
        files: 0,
        bytes: 0,
        sha256: String::new(),
        fate: Fate::Skipped("不是 bidui 的运行文件夹".to_owned()),
    };
    if fs::symlink_metadata(folder).is_ok_and(|kind| kind.file_type().is_symlink()) {
        entry.fate = Fate::Skipped("是链接，不是文件夹本身".to_owned());
        return entry;
    }
    let Ok(run) = Finished::open(folder) else { return entry };
    if !folder.join(".lock").is_file() {
        return entry;
    }
    entry.period.clone_from(&run.run.period);
    entry.sha256.clone_from(&run.sha256);
    entry.made = made(folder);
    for name in OURS {
        measure(&folder.join(name), &mut entry);
    }
    let Some(made) = entry.made else {
        entry.fate = Fate::Skipped("不知道它是哪天生成的".to_owned());
        return entry;
    };
    entry.fate = if request.as_of.0 - made.0 <= request.older_than {
        Fate::Kept
    } else if request.remove {
        remove(folder)
    } else {
        Fate::Due
    };
    entry
}

/// The day that `run.json` was written.
fn made(folder: &Path) -> Option<Day> {
    let time = fs::metadata(folder.join("run.json")).ok()?.modified().ok()?;
    let days = time.duration_since(UNIX_EPOCH).ok()?.as_secs() / 86_400;
    i32::try_from(days).ok().map(Day)
}

/// Adds up files and bytes; links count as files and are not followed.
fn measure(path: &Path, entry: &mut PurgeEntry) {
    let Ok(kind) = fs::symlink_metadata(path) else { return };
    if kind.is_dir() {
        for inner in fs::read_dir(path).into_iter().flatten().flatten() {
            measure(&inner.path(), entry);
        }
    } else {
        entry.files += 1;
        entry.bytes += kind.len();
    }
}

fn remove(folder: &Path) -> Fate {
    let lock = match Lock::take(&folder.join(".lock")) {
        Ok(lock) => lock,
        Err(error) => return Fate::Skipped(error.to_string()),
    };
    for name in OURS {
        if name == ".lock" {
            break;
        }
        let path = folder.join(name);
        let Ok(kind) = fs::symlink_metadata(&path) else { continue };
        let removed = if kind.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        if let Err(error) = removed {
            return Fate::Skipped(format!("{name} 删不掉（{error}）。是否正在 Excel 或 WPS 中打开？关闭后再试"));
        }
    }
    // An open file cannot be removed everywhere.
    drop(lock);
    if let Err(error) = fs::remove_file(folder.join(".lock")) {
        return Fate::Skipped(format!(".lock 删不掉（{error}）"));
    }
    let mut left: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    left.sort();
    if !left.is_empty() {
        return Fate::Emptied(left);
    }
    match fs::remove_dir(folder) {
        Ok(()) => Fate::Removed,
        Err(error) => Fate::Skipped(format!("空文件夹删不掉（{error}）")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn run_folder(at: &Path, made: Day) {
        fs::create_dir_all(at.join("stages")).expect("a folder");
        fs::create_dir_all(at.join("reports")).expect("a folder");
        fs::write(at.join("stages/records.parquet"), b"rows").expect("written");
        fs::write(at.join("reports/a.xlsx"), b"book").expect("written");
        fs::write(at.join(".lock"), b"").expect("written");
        let run = r#"{"tool":"bidui 0.1.0","pipeline":"monthly","pipeline_hash":"","period":"2018-06","as_of":"2018-06-30","linking":null}"#;
        fs::write(at.join("run.json"), run).expect("written");
        let seconds = u64::try_from(made.0).expect("after 1970") * 86_400 + 3_600;
        let file = fs::File::options().write(true).open(at.join("run.json")).expect("opened");
        file.set_modified(UNIX_EPOCH + Duration::from_secs(seconds)).expect("set");
    }

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    fn purge_all(folder: &Path, remove: bool) -> Vec<PurgeEntry> {
        let request = PurgeRequest { folders: vec![folder.to_owned()], older_than: 180, as_of: day("2019-01-31"), remove };
        purge(&request, &mut |_| Ok(())).expect("purged")
    }

    #[test]
    fn only_old_runs_of_ours_go_and_only_when_told() {
        let all = tempfile::tempdir().expect("a folder");
        let inside = |name: &str| all.path().join(name);
        run_folder(&inside("a-old"), day("2018-07-05"));
        run_folder(&inside("b-young"), day("2019-01-05"));
        run_folder(&inside("c-notes"), day("2018-07-05"));
        fs::write(inside("c-notes").join("记录.docx"), b"mine").expect("written");
        // Looks like one, but no run left its lock there.
        run_folder(&inside("d-foreign"), day("2018-07-05"));
        fs::remove_file(inside("d-foreign").join(".lock")).expect("removed");
        // The 180th day is not over yet.
        run_folder(&inside("e-border"), Day(day("2019-01-31").0 - 180));
        run_folder(&inside("f-held"), day("2018-07-05"));
        let held = Lock::take(&inside("f-held").join(".lock")).expect("free");
        #[cfg(unix)]
        std::os::unix::fs::symlink(inside("b-young"), inside("g-link")).expect("linked");

        let listed = purge_all(all.path(), false);
        assert!(listed.iter().all(|entry| !matches!(entry.fate, Fate::Removed | Fate::Emptied(_))));
        assert!(inside("a-old").join("run.json").exists());

        let entries = purge_all(all.path(), true);
        let fate = |name: &str| {
            entries.iter().find(|entry| entry.folder == inside(name)).map(|entry| entry.fate.clone()).expect("looked at")
        };
        assert_eq!((fate("a-old"), inside("a-old").exists()), (Fate::Removed, false));
        assert_eq!((fate("b-young"), inside("b-young").join("stages").exists()), (Fate::Kept, true));
        assert_eq!(fate("c-notes"), Fate::Emptied(vec!["记录.docx".to_owned()]));
        assert_eq!(fs::read(inside("c-notes").join("记录.docx")).expect("still there"), b"mine");
        assert!(matches!(fate("d-foreign"), Fate::Skipped(_)) && inside("d-foreign").join("stages/records.parquet").exists());
        assert_eq!(fate("e-border"), Fate::Kept);
        assert!(matches!(fate("f-held"), Fate::Skipped(_)) && inside("f-held").join("stages/records.parquet").exists());
        #[cfg(unix)]
        assert!(matches!(fate("g-link"), Fate::Skipped(_)));
        drop(held);
        let first = &entries[0];
        assert!(first.files == 4 && first.bytes > 8 && first.sha256.len() == 64, "{first:?}");
    }

    #[test]
    fn a_folder_of_something_else_is_left_and_said() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("run.json"), "{\"tool\":\"other 1\"}").expect("written");
        fs::create_dir(folder.path().join("stages")).expect("a folder");
        let entries = purge_all(folder.path(), true);
        assert!(matches!(&entries[..], [PurgeEntry { fate: Fate::Skipped(_), .. }]), "{entries:?}");
        assert!(folder.path().join("run.json").exists());
    }
}
