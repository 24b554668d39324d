//! `purge`: run folders older than a set age go, and a receipt says which.
//!
//! Takes folders (run folders, or folders that hold some), an age and a day to count it at; gives what was found and, when told to, removes
//! it. Removes only what bidui wrote and finds as it left it: reports and stage files by the manifest's hash. What somebody
//! edited or keeps in 手工改过 stays unless the request says otherwise, and in `.work` the `run.json` that tells it from other files; what is
//! somebody else's stays always, and its folder with it. Never follows a link, never touches a folder that a run holds, never the same
//! folder twice. [`purge_ledger`] does the same for what a ledger remembers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::ledger::Purged;
use crate::model::date::{Day, Month};
use crate::model::system_error::plain;
use crate::store::disk;
use crate::store::finished::{Finished, FinishedError};
use crate::store::ledger_file::{self, LedgerFileError};
use crate::store::workspace::{self, Folder, MARKER, Removal, SIGNS, WorkspaceError};

/// Where workbooks are kept that somebody edited.
const EDITED: &str = "手工改过";
/// How [`Fate::Begun`] is told.
pub(crate) const BEGUN: &str = "开始删除";
/// Names that [`Left::told`] gives on a screen.
const SHOWN: usize = 5;

/// What is to be removed.
#[derive(Clone, Debug)]
pub(crate) struct PurgeRequest {
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
pub(crate) struct PurgeEntry {
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
    pub(crate) fn plain(&self) -> String {
        self.told(SHOWN)
    }

    /// What became of it in words, every file that was left by its name.
    #[must_use]
    pub(crate) fn in_full(&self) -> String {
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
pub(crate) enum Fate {
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
pub(crate) struct Left {
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
pub(crate) enum PurgeError {
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
pub(crate) fn purge(
    request: &PurgeRequest,
    done: &mut dyn FnMut(&PurgeEntry) -> io::Result<()>,
) -> Result<Vec<PurgeEntry>, PurgeError> {
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
/// the counts; `progress` gets what its owner should know of the file.
pub(crate) fn purge_ledger(
    path: &Path,
    request: &PurgeRequest,
    progress: &dyn Fn(&str),
) -> Result<(Month, Purged), LedgerFileError> {
    let before = Day(request.as_of.0 - request.older_than).month();
    let mut held = ledger_file::open(path, false)?;
    held.told.iter().for_each(|told| progress(told));
    if !request.remove {
        return Ok((before, held.ledger.purgeable(before)?));
    }
    let purged = held.ledger.purge(before)?;
    if purged != Purged::default() {
        held.finish_purge()?;
    }
    Ok((before, purged))
}

/// Makes run folders whole whose results were cut short on their way, so that what is due can be told.
pub(crate) fn heal(folders: &[PathBuf]) {
    let mut found = Vec::new();
    for folder in folders {
        // What cannot be looked into, who holds a run, and what is in the way is told when it is looked at.
        let _ = runs_in(folder, &BTreeSet::new(), &mut found);
    }
    let is_cut = |run: &PathBuf| workspace::is_unfinished(run) && !workspace::is_removed(run);
    for (run, _) in found.iter().filter(|(run, is_link)| !is_link && is_cut(run)) {
        drop(Folder::open(run));
    }
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
    let contents = Contents::of(folder, &Known::of(folder), request.with_edited);
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
    } else if workspace::is_at_its_end(folder) {
        // A purge was killed at the very end.
        entry.made = Some(Day(i32::MIN / 2));
    } else {
        match Finished::open(folder) {
            Ok(run) => {
                entry.period.clone_from(&run.run.period);
                entry.sha256.clone_from(&run.sha256);
                entry.made = made(folder);
            }
            Err(FinishedError::Unfinished { .. }) => {
                let why = "里面没有 run.json，那次运行没有做完；请先把它重跑一遍，再清理";
                entry.fate = Fate::Skipped(why.to_owned());
                return entry;
            }
            Err(FinishedError::Busy(WorkspaceError::Locked { holder, .. })) => {
                entry.fate = Fate::Held(holder);
                return entry;
            }
            Err(error) => {
                entry.fate = Fate::Skipped(error.to_string());
                return entry;
            }
        }
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
    } else if contents.going().next().is_none() && entry.before == (0, 0) {
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

/// What tells ours from others in a run folder.
struct Known {
    folder: PathBuf,
    /// SHA-256 by name, as `run.json` says.
    hashes: BTreeMap<String, String>,
    /// The version before did not list them.
    lists_stages: bool,
}

impl Known {
    fn of(folder: &Path) -> Self {
        let hashes = workspace::hashes(folder);
        let lists_stages = hashes.keys().any(|name| name.starts_with("stages/"));
        Self { folder: folder.to_owned(), hashes, lists_stages }
    }

    /// Whose a file is, by what is in it now.
    fn whose(&self, name: &str, path: &Path) -> Whose {
        match name {
            "timings.json" => whose(workspace::is_timings(path)),
            _ => match name.split('/').next() {
                Some("reports") => match self.hashes.get(name) {
                    Some(wanted) if disk::hash(path).is_ok_and(|(_, found)| found == *wanted) => Whose::Ours,
                    Some(_) => Whose::Edited,
                    None => Whose::Others,
                },
                // Whether it is as it was written, the version before cannot say.
                Some("stages") if !self.lists_stages && ["stages/records.json", "stages/model.json"].contains(&name) => {
                    Whose::Edited
                }
                Some("stages") => whose(self.hashes.get(name).map_or_else(
                    || !self.lists_stages && workspace::is_table(path),
                    |wanted| disk::hash(path).is_ok_and(|(_, found)| found == *wanted),
                )),
                Some(EDITED) => Whose::Edited,
                Some(".work") => whose(workspace::is_left_by_run(&self.folder, name)),
                _ => Whose::Others,
            },
        }
    }
}

impl Contents {
    fn of(folder: &Path, known: &Known, with_edited: bool) -> Self {
        let mut contents = Self::default();
        contents.walk(folder, "", with_edited, &|name, path| {
            if SIGNS.contains(&name) && workspace::is_sign(folder, name) { None } else { Some(known.whose(name, path)) }
        });
        let signs = ["run.json", ".lock", MARKER].map(|name| folder.join(name));
        contents.signs.extend(signs.into_iter().filter(|sign| sign.is_file()));
        contents
    }

    fn walk(&mut self, folder: &Path, prefix: &str, with_edited: bool, whose: &dyn Fn(&str, &Path) -> Option<Whose>) {
        let mut entries: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().collect();
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let (path, name) = (entry.path(), format!("{prefix}{}", entry.file_name().to_string_lossy()));
            let kind = entry.file_type();
            let is_sign = ["run.json", ".lock", MARKER].contains(&name.as_str());
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
                    None => {}
                    Some(Whose::Edited) if !with_edited => self.left.edited.push(name),
                    Some(Whose::Ours | Whose::Edited) => self.results.push(path),
                    Some(Whose::Others) => self.left.others.push(name),
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
        let size = |path: &Path| fs::symlink_metadata(path).map_or(0, |kind| kind.len());
        Removal {
            period: entry.period.clone(),
            made: entry.made.map(|made| made.0),
            sha256: entry.sha256.clone(),
            results: self.results.iter().map(|path| (relative(&entry.folder, path), size(path))).collect(),
        }
    }
}

/// A path in a run folder as its `run.json` writes it.
fn relative(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

fn whose(is_ours: bool) -> Whose {
    if is_ours { Whose::Ours } else { Whose::Others }
}

/// Removes what may go; `due` is what it was, should a run hold the folder.
fn remove(entry: &PurgeEntry, with_edited: bool, due: Fate) -> Fate {
    let folder = entry.folder.as_path();
    let named = |(path, error): (&Path, &io::Error)| {
        format!("{}（{}）", path.strip_prefix(folder).unwrap_or(path).display(), plain(error))
    };
    let mut left = if let Fate::Due(left) = due { left } else { Left::default() };
    if workspace::is_at_its_end(folder) {
        // What has nothing left of itself may be a run that is only beginning.
        if let Err(WorkspaceError::Locked { holder, .. }) = Folder::open(folder) {
            return Fate::Held(holder);
        }
    } else {
        // A run whose results were cut short on their way is whole again, and nobody writes or reads while this goes on.
        let held = Folder::open(folder).and_then(|held| Ok((held, workspace::alone(folder)?)));
        let held = match held {
            Ok(held) => held,
            Err(WorkspaceError::Locked { holder, .. }) => return Fate::Held(holder),
            Err(error) => return Fate::Partly(left, vec![error.to_string()]),
        };
        // Once more: a run may have ended just now.
        let known = Known::of(folder);
        let mut contents = Contents::of(folder, &known, with_edited);
        if Removal::find(folder).is_none()
            && let Err((path, error)) = contents.removal(entry).begin(folder)
        {
            return Fate::Partly(contents.left, vec![named((&path, &error))]);
        }
        let mut failed = Vec::new();
        for file in &contents.results {
            // Somebody may have saved it just now.
            let name = relative(folder, file);
            match known.whose(&name, file) {
                Whose::Edited if !with_edited => contents.left.edited.push(name),
                Whose::Ours | Whose::Edited => failed.extend(fs::remove_file(file).err().map(|error| named((file, &error)))),
                Whose::Others => contents.left.others.push(name),
            }
        }
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
            // It came to its end: the next removal goes on with nothing. What failed once may do now.
            let ended = Removal::find(folder).map(|done| Removal { results: Vec::new(), ..done });
            let note = |ended: &Removal| ended.begin(folder).or_else(|_| ended.begin(folder));
            return match ended.as_ref().map(note) {
                Some(Err((path, error))) => Fate::Partly(left, vec![named((&path, &error))]),
                _ => Fate::Removed(left),
            };
        }
    }
    let [manifest, journal] = SIGNS;
    for name in [manifest, ".lock", journal, ".work", MARKER] {
        let path = folder.join(name);
        if SIGNS.contains(&name) && !workspace::is_sign(folder, name) {
            continue;
        }
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
#[path = "purge_tests.rs"]
mod tests;
