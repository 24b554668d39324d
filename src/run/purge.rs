//! `purge`: run folders older than a set age go, and a receipt says which.
//!
//! Takes folders (run folders, or folders that hold some), an age and a day to count it at; gives what was found and, when told to, removes
//! it. Removes only what bidui wrote and finds as it left it: reports by the manifest's hash, stage files by who made them. What somebody
//! edited or keeps in 手工改过 stays unless the request says otherwise, with the `run.json` that tells it from other files; what is
//! somebody else's stays always, and its folder with it. Never follows a link, never touches a folder that a run holds, never the same
//! folder twice. [`purge_ledger`] does the same for what a ledger remembers.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use parquet::file::reader::{FileReader, SerializedFileReader};
use serde::Deserialize;

use super::finished::Finished;
use super::inputs;
use super::ledger_file::{self, LedgerFileError};
use super::ours;
use super::workspace::{self, Folder, MARKER, Removal, SIGNS, WorkspaceError};
use crate::ledger::Purged;
use crate::model::date::{Day, Month};
use crate::model::system_error::plain;

/// Where workbooks are kept that somebody edited.
const EDITED: &str = "手工改过";
/// How [`Fate::Begun`] is told.
pub const BEGUN: &str = "开始删除";
/// Names that [`Left::told`] gives on a screen.
const SHOWN: usize = 5;

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
    /// Whether outputs that somebody edited go too.
    pub with_edited: bool,
    /// Folders that a purge which was cut short had begun: they may be gone, or no run folders any more.
    pub begun: BTreeSet<PathBuf>,
}

/// One folder looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurgeEntry {
    /// The folder, links followed.
    pub folder: PathBuf,
    /// The month it speaks for.
    pub period: String,
    /// The day it was written.
    pub made: Option<Day>,
    /// Files of ours in it.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Of its `run.json`.
    pub sha256: String,
    /// Of these files, how many a purge that was cut short had removed, and their bytes.
    pub before: (u64, u64),
    /// What became of it.
    pub fate: Fate,
}

impl PurgeEntry {
    /// What became of it in words, for a screen.
    #[must_use]
    pub fn plain(&self) -> String {
        self.told(SHOWN)
    }

    /// What became of it in words, every file that was left by its name.
    #[must_use]
    pub fn in_full(&self) -> String {
        self.told(usize::MAX)
    }

    fn told(&self, most: usize) -> String {
        let fate = self.fate.told(most);
        let (files, bytes) = self.before;
        let now = match &self.fate {
            Fate::Removed(_) => format!("，这次删 {} 个（{} 字节）", self.files - files, self.bytes - bytes),
            _ => String::new(),
        };
        let before = |(files, bytes)| format!("；上次清理中途停了，那时已删 {files} 个文件（{bytes} 字节）{now}");
        Some(self.before).filter(|(files, _)| *files > 0).map_or(fate.clone(), |gone| fate + &before(gone))
    }
}

/// What became of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Old enough; listed only.
    Due(Left),
    /// About to be removed; another entry tells how that ended.
    Begun,
    /// Removed, but for what was left.
    Removed(Left),
    /// Removed in part: what could not be, each with why.
    Partly(Left, Vec<String>),
    /// Old enough, and nothing in it that may go.
    Bare(Left),
    /// Too young.
    Kept,
    /// A run holds it: which.
    Held(String),
    /// Not ours: why.
    Skipped(String),
}

/// What stays in a folder, by its path there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Outputs that somebody edited.
    pub edited: Vec<String>,
    /// Files of somebody else.
    pub others: Vec<String>,
}

impl Left {
    fn told(&self, most: usize) -> String {
        let list = |names: &[String], what: &str| {
            let more = if names.len() > most { " 等" } else { "" };
            let shown: Vec<&str> = names.iter().take(most).map(String::as_str).collect();
            format!("{what} {} 个（{}{more}）", names.len(), shown.join("、"))
        };
        let parts = [(&self.edited, "手工改过的（加 --with-edited 才删）"), (&self.others, "不是 bidui 写的")];
        let parts = parts.into_iter().filter(|(names, _)| !names.is_empty());
        parts.map(|(names, what)| list(names, what)).collect::<Vec<_>>().join("，")
    }

    fn is_empty(&self) -> bool {
        self.edited.is_empty() && self.others.is_empty()
    }
}

impl Fate {
    fn told(&self, most: usize) -> String {
        let with = |told: &str, left: &Left| {
            if left.is_empty() { told.to_owned() } else { format!("{told}；留下：{}", left.told(most)) }
        };
        match self {
            Self::Due(left) => with("到期，未删除（加 --yes 才删除）", left),
            Self::Begun => format!("{BEGUN}（结果见下一行；没有下一行就是中途停了，请再清理一次）"),
            Self::Removed(left) if left.is_empty() => "已删除".to_owned(),
            Self::Removed(left) => with("已删除运行结果，文件夹保留", left),
            Self::Partly(left, failed) => {
                let failed =
                    format!("没有删完，这些删不掉：{}。是否正在 Excel 或 WPS 中打开？关闭后再清理一次", failed.join("、"));
                with(&failed, left)
            }
            Self::Bare(left) => with("到期，能删的都已删", left),
            Self::Kept => "未到期，保留".to_owned(),
            Self::Held(holder) => format!("跳过：正被另一个运行占用（{holder}），等它结束再清理"),
            Self::Skipped(why) => format!("跳过：{why}"),
        }
    }
}

/// A folder that was named and is none.
#[derive(Debug, thiserror::Error)]
pub enum PurgeError {
    /// It is not there, or a file.
    #[error("清理不了 {}：{}。什么也没有删；请写运行文件夹，或装着运行文件夹的文件夹", path.display(), plain(source))]
    NoFolder {
        /// What was named.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What happened cannot be told.
    #[error("清理回执写不进去：{}。没有写进回执的文件夹没有再删。请检查磁盘空间和权限，再清理一次", plain(.0))]
    Untold(io::Error),
}

/// Looks at the folders and, if asked, removes what is old enough; `done` gets each entry as soon as its fate is known, and before anything
/// is removed.
pub fn purge(request: &PurgeRequest, done: &mut dyn FnMut(&PurgeEntry) -> io::Result<()>) -> Result<Vec<PurgeEntry>, PurgeError> {
    let mut folders = Vec::new();
    for folder in &request.folders {
        runs_in(folder, &request.begun, &mut folders).map_err(|source| PurgeError::NoFolder { path: folder.clone(), source })?;
    }
    let mut seen = BTreeSet::new();
    folders.retain(|(folder, _)| seen.insert(folder.clone()));
    let mut entries = Vec::new();
    for (folder, is_link) in folders {
        let mut entry = look(&folder, is_link, request);
        if request.remove && matches!(entry.fate, Fate::Due(_)) {
            let due = std::mem::replace(&mut entry.fate, Fate::Begun);
            done(&entry).map_err(PurgeError::Untold)?;
            entry.fate = remove(&entry, request.with_edited, due);
        } else if request.remove && request.begun.contains(&folder) && !workspace::is_ours(&folder) {
            // It had come to the very end.
            let _ = fs::remove_dir(folder.join(".work"));
            let _ = fs::remove_dir(&folder);
        }
        done(&entry).map_err(PurgeError::Untold)?;
        entries.push(entry);
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

/// The folder itself, or the run folders right in it, as they really are, each with whether it is only a link to one.
fn runs_in(folder: &Path, begun: &BTreeSet<PathBuf>, found: &mut Vec<(PathBuf, bool)>) -> io::Result<()> {
    // Without what would make a link look like what it leads to.
    let plain: PathBuf = folder.components().collect();
    match fs::symlink_metadata(&plain) {
        Ok(kind) if kind.is_symlink() => {
            found.push((plain, true));
            return Ok(());
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && real(&plain).is_some_and(|gone| begun.contains(&gone)) => {
            return Ok(());
        }
        kind => kind.map(|_| ())?,
    }
    let real = plain.canonicalize()?;
    let mut entries = Vec::new();
    for entry in fs::read_dir(&real)? {
        let path = entry?.path();
        if workspace::is_ours(&path) {
            let is_link = fs::symlink_metadata(&path)?.is_symlink();
            entries.push((path, is_link));
        }
    }
    entries.sort();
    if entries.is_empty() || workspace::is_ours(&real) {
        entries = vec![(real, false)];
    }
    found.append(&mut entries);
    Ok(())
}

/// Where a folder that is gone was, with links followed.
fn real(gone: &Path) -> Option<PathBuf> {
    let whole = std::path::absolute(gone).ok()?;
    Some(whole.parent()?.canonicalize().ok()?.join(whole.file_name()?))
}

fn look(folder: &Path, is_link: bool, request: &PurgeRequest) -> PurgeEntry {
    let mut entry = PurgeEntry {
        folder: folder.to_owned(),
        period: String::new(),
        made: None,
        files: 0,
        bytes: 0,
        sha256: String::new(),
        before: (0, 0),
        fate: Fate::Skipped("不是 bidui 的运行文件夹".to_owned()),
    };
    if is_link {
        entry.fate = Fate::Skipped("是链接，不是文件夹本身；要清理请写它指向的文件夹".to_owned());
        return entry;
    }
    let contents = Contents::of(folder, request.with_edited);
    if !workspace::is_ours(folder) {
        if request.begun.contains(folder) {
            entry.fate = Fate::Bare(contents.left);
        }
        return entry;
    }
    if let Some(removal) = Removal::find(folder) {
        entry.before = removal.gone(folder);
        (entry.files, entry.bytes) = entry.before;
        (entry.period, entry.sha256, entry.made) = (removal.period, removal.sha256, removal.made.map(Day));
    } else if let Ok(run) = Finished::open(folder) {
        entry.period.clone_from(&run.run.period);
        entry.sha256.clone_from(&run.sha256);
        entry.made = made(folder);
    } else if !workspace::is_at_its_end(folder) {
        let why = "里面没有 run.json，那次运行没有做完；请先把它重跑一遍，或者手工删掉整个文件夹";
        entry.fate = Fate::Skipped(why.to_owned());
        return entry;
    } else {
        // A purge was killed at the very end.
        entry.made = Some(Day(i32::MIN / 2));
    }
    for file in contents.going() {
        entry.files += 1;
        entry.bytes += fs::symlink_metadata(file).map_or(0, |kind| kind.len());
    }
    let Some(made) = entry.made else {
        entry.fate = Fate::Skipped("不知道它是哪天生成的".to_owned());
        return entry;
    };
    entry.fate = if i64::from(request.as_of.0) - i64::from(made.0) <= i64::from(request.older_than) {
        Fate::Kept
    } else if contents.going().next().is_none() {
        Fate::Bare(contents.left)
    } else {
        Fate::Due(contents.left)
    };
    entry.made = entry.made.filter(|made| made.0 > 0);
    entry
}

/// The day that `run.json` was written.
fn made(folder: &Path) -> Option<Day> {
    let time = fs::metadata(folder.join("run.json")).ok()?.modified().ok()?;
    let days = time.duration_since(UNIX_EPOCH).ok()?.as_secs() / 86_400;
    i32::try_from(days).ok().map(Day)
}

/// What stands in a run folder.
#[derive(Debug, Default)]
struct Contents {
    /// Results that may go.
    results: Vec<PathBuf>,
    /// Folders of ours, inner ones first; they go when they are empty.
    folders: Vec<PathBuf>,
    /// What says that the folder is ours; stays with what somebody edited.
    signs: Vec<PathBuf>,
    left: Left,
}

/// What is known of a file before anything is removed.
enum Whose {
    Ours,
    Edited,
    Others,
}

impl Contents {
    fn of(folder: &Path, with_edited: bool) -> Self {
        let hashes = workspace::hashes(folder);
        // The version before did not list them.
        let lists_stages = hashes.keys().any(|name| name.starts_with("stages/"));
        let mut contents = Self::default();
        contents.walk(folder, "", with_edited, &|name, path| match name {
            "timings.json" => whose(is_timings(path)),
            _ => match name.split('/').next() {
                Some("reports") => match hashes.get(name) {
                    Some(wanted) if inputs::hash(path).is_ok_and(|(_, found)| found == *wanted) => Whose::Ours,
                    Some(_) => Whose::Edited,
                    None => Whose::Others,
                },
                Some("stages") => whose(hashes.get(name).map_or_else(
                    || !lists_stages && is_stage(name, path),
                    |wanted| inputs::hash(path).is_ok_and(|(_, found)| found == *wanted),
                )),
                Some(EDITED) => Whose::Edited,
                Some(".work") => whose(ours::is_work(name)),
                _ => Whose::Others,
            },
        });
        let signs = ["run.json", ".lock", MARKER].map(|name| folder.join(name));
        contents.signs.extend(signs.into_iter().filter(|sign| sign.is_file()));
        contents
    }

    fn walk(&mut self, folder: &Path, prefix: &str, with_edited: bool, whose: &dyn Fn(&str, &Path) -> Whose) {
        let mut entries: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().collect();
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let (path, name) = (entry.path(), format!("{prefix}{}", entry.file_name().to_string_lossy()));
            let kind = entry.file_type();
            let is_sign = ["run.json", ".lock", MARKER].iter().chain(&SIGNS).any(|sign| name == *sign);
            match kind {
                Ok(kind) if kind.is_dir() => {
                    let ours = prefix.is_empty() && ["stages", "reports", EDITED, ".work"].contains(&name.as_str());
                    if ours || !prefix.is_empty() {
                        self.walk(&path, &format!("{name}/"), with_edited, whose);
                        self.folders.push(path);
                    } else {
                        self.left.others.push(format!("{name}/"));
                    }
                }
                Ok(kind) if kind.is_file() && is_sign => {}
                Ok(kind) if kind.is_file() => match whose(&name, &path) {
                    Whose::Ours => self.results.push(path),
                    Whose::Edited if with_edited => self.results.push(path),
                    Whose::Edited => self.left.edited.push(name),
                    Whose::Others => self.left.others.push(name),
                },
                _ => self.left.others.push(name),
            }
        }
    }

    /// What goes: all but what says whose it is, where something stays that needs that.
    fn going(&self) -> impl Iterator<Item = &PathBuf> {
        let signs = if self.left.edited.is_empty() { self.signs.as_slice() } else { &[] };
        self.results.iter().chain(signs)
    }
}

impl Contents {
    /// What a journal is to say of it.
    fn removal(&self, entry: &PurgeEntry) -> Removal {
        let name = |path: &Path| path.strip_prefix(&entry.folder).unwrap_or(path).to_string_lossy().replace('\\', "/");
        let size = |path: &Path| fs::symlink_metadata(path).map_or(0, |kind| kind.len());
        Removal {
            period: entry.period.clone(),
            made: entry.made.map(|made| made.0),
            sha256: entry.sha256.clone(),
            results: self.results.iter().map(|path| (name(path), size(path))).collect(),
        }
    }
}

fn whose(is_ours: bool) -> Whose {
    if is_ours { Whose::Ours } else { Whose::Others }
}

/// Whether a stage file was written by bidui, and by nobody since: other programs write their own name into it.
fn is_stage(name: &str, path: &Path) -> bool {
    if ["stages/records.json", "stages/model.json"].contains(&name) {
        return true;
    }
    let reader = fs::File::open(path).ok().and_then(|file| SerializedFileReader::new(file).ok());
    reader
        .is_some_and(|reader| reader.metadata().file_metadata().created_by().is_some_and(|program| program.starts_with("bidui ")))
}

fn is_timings(path: &Path) -> bool {
    #[derive(Deserialize)]
    struct Stage {
        #[expect(dead_code, reason = "that it is there is all that is asked")]
        stage: String,
    }
    fs::read(path).is_ok_and(|text| serde_json::from_slice::<Vec<Stage>>(&text).is_ok())
}

/// Removes what may go; `due` is what it was, should a run hold the folder.
fn remove(entry: &PurgeEntry, with_edited: bool, due: Fate) -> Fate {
    let folder = entry.folder.as_path();
    let named = |(path, error): (&Path, &io::Error)| {
        format!("{}（{}）", path.strip_prefix(folder).unwrap_or(path).display(), plain(error))
    };
    let mut left = if let Fate::Due(left) = due { left } else { Left::default() };
    if !workspace::is_at_its_end(folder) {
        // A run whose results were cut short on their way is whole again, and nobody writes or reads while this goes on.
        let held = Folder::open(folder).and_then(|held| Ok((held, workspace::alone(folder)?)));
        let held = match held {
            Ok(held) => held,
            Err(WorkspaceError::Locked { holder, .. }) => return Fate::Held(holder),
            Err(error) => return Fate::Partly(left, vec![error.to_string()]),
        };
        // Once more: a run may have ended just now.
        let contents = Contents::of(folder, with_edited);
        if Removal::find(folder).is_none()
            && let Err((path, error)) = contents.removal(entry).begin(folder)
        {
            return Fate::Partly(contents.left, vec![named((&path, &error))]);
        }
        let results = contents.results.iter().map(|file| (file, fs::remove_file(file)));
        let mut failed: Vec<String> = results.filter_map(|(file, done)| Some(named((file, &done.err()?)))).collect();
        for inner in &contents.folders {
            if fs::read_dir(inner).is_ok_and(|mut entries| entries.next().is_none())
                && let Err(error) = fs::remove_dir(inner)
            {
                failed.push(named((inner, &error)));
            }
        }
        // An open file cannot be removed everywhere.
        drop(held);
        if !failed.is_empty() {
            return Fate::Partly(contents.left, failed);
        }
        left = contents.left;
        if !left.edited.is_empty() {
            return Fate::Removed(left);
        }
    }
    let last = SIGNS.iter().take(2).chain(&[".lock"]).chain(SIGNS.iter().skip(2)).chain(&[".work", MARKER]);
    for path in last.map(|name| folder.join(name)) {
        let done = if path.is_dir() { fs::remove_dir(&path) } else { fs::remove_file(&path) };
        match done {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // Somebody's file in it stays, and is told.
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty && !left.is_empty() => {}
            Err(error) => return Fate::Partly(left, vec![named((&path, &error))]),
            Ok(()) => {}
        }
    }
    if !left.is_empty() {
        return Fate::Removed(left);
    }
    match fs::remove_dir(folder) {
        Ok(()) => Fate::Removed(left),
        Err(error) => Fate::Partly(left, vec![format!("空文件夹（{}）", plain(&error))]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::lock::Lock;
    use super::*;
    use crate::model::ids::hexadecimal;
    use sha2::{Digest, Sha256};
    use std::time::Duration;

    fn run_folder(at: &Path, made: Day) {
        fs::create_dir_all(at.join("stages")).expect("a folder");
        fs::create_dir_all(at.join("reports")).expect("a folder");
        fs::write(at.join("stages/records.json"), b"rows").expect("written");
        fs::write(at.join("reports/a.xlsx"), b"book").expect("written");
        fs::write(at.join("reports/b.xlsx"), b"book").expect("written");
        fs::write(at.join(".lock"), b"").expect("written");
        let hash = hexadecimal(&Sha256::digest(b"book"));
        let run = serde_json::json!({
            "tool": "bidui 0.1.0", "pipeline": "monthly", "pipeline_hash": "", "period": "2018-06", "as_of": "2018-06-30", "linking": null,
            "outputs": [{"path": "reports/a.xlsx", "sha256": hash}, {"path": "reports/b.xlsx", "sha256": hash}],
        });
        fs::write(at.join("run.json"), run.to_string()).expect("written");
        let seconds = u64::try_from(made.0).expect("after 1970") * 86_400 + 3_600;
        let file = fs::File::options().write(true).open(at.join("run.json")).expect("opened");
        file.set_modified(UNIX_EPOCH + Duration::from_secs(seconds)).expect("set");
    }

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    fn request(folders: &[&Path], remove: bool, with_edited: bool) -> PurgeRequest {
        let folders = folders.iter().map(|folder| (*folder).to_owned()).collect();
        PurgeRequest { folders, older_than: 180, as_of: day("2019-01-31"), remove, with_edited, begun: BTreeSet::new() }
    }

    fn purge_all(folder: &Path, remove: bool) -> Vec<PurgeEntry> {
        purge(&request(&[folder], remove, false), &mut |_| Ok(())).expect("purged")
    }

    #[test]
    fn only_old_runs_of_ours_go_and_only_when_told() {
        let all = tempfile::tempdir().expect("a folder");
        let top = all.path().canonicalize().expect("there");
        let inside = |name: &str| top.join(name);
        run_folder(&inside("a-old"), day("2018-07-05"));
        run_folder(&inside("b-young"), day("2019-01-05"));
        // Looks like one, but no run left its lock there.
        run_folder(&inside("d-foreign"), day("2018-07-05"));
        fs::remove_file(inside("d-foreign").join(".lock")).expect("removed");
        // The 180th day is not over yet.
        run_folder(&inside("e-border"), Day(day("2019-01-31").0 - 180));
        run_folder(&inside("f-held"), day("2018-07-05"));
        let held = Lock::take(&inside("f-held").join(".lock")).expect("free");
        #[cfg(unix)]
        std::os::unix::fs::symlink(inside("b-young"), inside("g-link")).expect("linked");

        let listed = purge_all(&top, false);
        assert!(listed.iter().all(|entry| !matches!(entry.fate, Fate::Removed(_))));
        assert!(inside("a-old").join("run.json").exists());

        let entries = purge_all(&top, true);
        let fate = |name: &str| {
            entries.iter().find(|entry| entry.folder == inside(name)).map(|entry| entry.fate.clone()).expect("looked at")
        };
        assert_eq!((fate("a-old"), inside("a-old").exists()), (Fate::Removed(Left::default()), false));
        assert_eq!((fate("b-young"), inside("b-young").join("stages").exists()), (Fate::Kept, true));
        assert!(inside("d-foreign/stages/records.json").exists());
        assert_eq!(fate("e-border"), Fate::Kept);
        assert!(matches!(fate("f-held"), Fate::Held(_)) && inside("f-held/stages/records.json").exists());
        #[cfg(unix)]
        assert!(matches!(fate("g-link"), Fate::Skipped(_)));
        drop(held);
        let first = &entries[0];
        assert!(first.files == 5 && first.bytes > 12 && first.sha256.len() == 64, "{first:?}");
    }

    #[test]
    fn what_somebody_edited_or_put_there_stays_and_is_told() {
        let all = tempfile::tempdir().expect("a folder");
        let run = all.path().join("run").canonicalize().unwrap_or_else(|_| all.path().join("run"));
        run_folder(&run, day("2018-07-05"));
        let put = |name: &str, text: &str| {
            let path = run.join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        };
        put("reports/b.xlsx", "book, answered");
        put("reports/交回/土坪.xlsx", "returned");
        put("手工改过/b_1234.xlsx", "older answers");
        put("stages/笔记.parquet", "mine");
        put("记录.docx", "mine");
        put("照片/a.jpg", "mine");
        put("timings.json", r#"{"mine": true}"#);
        put(".work/记.txt", "mine");
        let left = Left {
            edited: vec!["reports/b.xlsx".to_owned(), "手工改过/b_1234.xlsx".to_owned()],
            others: [".work/记.txt", "reports/交回/土坪.xlsx", "stages/笔记.parquet", "timings.json", "照片/", "记录.docx"]
                .map(str::to_owned)
                .to_vec(),
        };
        let fates = |remove, with_edited| -> Vec<Fate> {
            let mut told = Vec::new();
            let done = purge(&request(&[&run], remove, with_edited), &mut |entry| {
                told.push(entry.fate.clone());
                Ok(())
            });
            done.expect("purged");
            told
        };
        assert_eq!(fates(false, false), [Fate::Due(left.clone())]);
        assert_eq!(fates(true, false), [Fate::Begun, Fate::Removed(left.clone())]);
        assert!(!run.join("reports/a.xlsx").exists() && !run.join("stages/records.json").exists());
        assert!(!run.join("run.json").exists(), "nobody takes what is left for a whole run");
        assert!(matches!(Finished::open(&run), Err(super::super::FinishedError::Removed { .. })));
        assert_eq!(fates(true, false), [Fate::Bare(left.clone())]);
        for name in left.edited.iter().chain(&left.others) {
            assert!(run.join(name).exists(), "{name}");
        }
        let others = Left { edited: Vec::new(), ..left };
        assert!(Fate::Removed(others.clone()).told(usize::MAX).contains("记录.docx"));
        assert_eq!(fates(true, true), [Fate::Begun, Fate::Removed(others.clone())]);
        assert!(!run.join("手工改过").exists() && !run.join("run.json").exists());
        for name in &others.others {
            assert!(run.join(name).exists(), "{name}");
        }
    }

    #[test]
    fn a_hostile_manifest_reaches_nothing_outside() {
        let all = tempfile::tempdir().expect("a folder");
        let run = all.path().join("run");
        run_folder(&run, day("2018-07-05"));
        fs::write(all.path().join("论文.docx"), b"book").expect("written");
        let text = fs::read_to_string(run.join("run.json")).expect("text").replace("reports/a.xlsx", "../论文.docx");
        let made = fs::metadata(run.join("run.json")).and_then(|kind| kind.modified()).expect("a time");
        fs::write(run.join("run.json"), text).expect("written");
        let file = fs::File::options().write(true).open(run.join("run.json")).expect("opened");
        file.set_modified(made).expect("set");
        let entries = purge_all(&run, true);
        assert!(matches!(&entries[..], [PurgeEntry { fate: Fate::Removed(left), .. }] if left.others == ["reports/a.xlsx"]));
        assert!(all.path().join("论文.docx").exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_is_what_it_is_however_it_is_named() {
        let all = tempfile::tempdir().expect("a folder");
        let run = all.path().join("run");
        run_folder(&run, day("2018-07-05"));
        std::os::unix::fs::symlink(&run, all.path().join("link")).expect("linked");
        for name in ["link", "link/"] {
            let entries = purge_all(&all.path().join(name), true);
            assert!(matches!(&entries[..], [PurgeEntry { fate: Fate::Skipped(_), .. }]), "{name}: {entries:?}");
            assert!(run.join("reports/a.xlsx").exists(), "{name}");
        }
        let twice = request(&[&all.path().join("run/"), &all.path().join("run/../run/."), all.path()], true, false);
        let entries = purge(&twice, &mut |_| Ok(())).expect("purged");
        let fates: Vec<&Fate> = entries.iter().map(|entry| &entry.fate).collect();
        assert!(matches!(fates[..], [Fate::Removed(_), Fate::Skipped(_)]), "{fates:?}");
        assert!(!run.exists());
        let gone = purge(&request(&[&run], true, false), &mut |_| Ok(()));
        assert!(matches!(gone, Err(PurgeError::NoFolder { .. })));
    }

    #[test]
    fn a_purge_killed_at_the_end_is_finished_by_the_next() {
        let all = tempfile::tempdir().expect("a folder");
        let run = all.path().join("run");
        fs::create_dir(&run).expect("a folder");
        fs::write(run.join(MARKER), r#"{"bidui":"run folder","id":"1"}"#).expect("written");
        let entries = purge_all(&run, true);
        assert!(matches!(&entries[..], [PurgeEntry { fate: Fate::Removed(_), .. }]), "{entries:?}");
        assert!(!run.exists());
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
