//! The run folder on disk: whose it is, its lock, its work folder, and outputs that appear whole or not at all.
//!
//! A folder is ours by its marker `.bidui`; one of the version before is accepted and gets one; any other that is not empty is refused and not
//! touched. Everything of a run is written under `.work/<key>/`, and [`Workspace::publish`] puts it in the last run's place in one switch
//! ([`switch`]): whoever finds a `run.json` finds the whole run that wrote it, and a folder without one is not read ([`hold`]). The key is of
//! the very program, pipeline, inputs, ledger and options: the same run started again finds the rows that it had read, and nothing else. What
//! a crash left half done is undone, or brought to its end, by the next start.

mod aside;
mod before;
mod listed;
mod marker;
mod removal;
mod switch;
mod work;

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use crate::store::disk::{self, advised, create_private, is_temporary, keep_private, stands, sync_file};
use crate::store::ledger_file::LedgerFileError;
use crate::store::lock::{Lock, LockError};
use aside::Failed;
pub(crate) use listed::hashes;
use listed::{RUN, WORK, is_manifest};
pub(crate) use marker::{LITTER, MARKER};
use marker::{Whose, is_work};
pub(crate) use removal::{Removal, SIGNS, is_at_its_end, is_removed, is_sign};
use serde::Serialize;
use switch::Journal;
pub(crate) use switch::LedgerEntry;
use work::clear;
pub(crate) use work::{is_left_by_run, is_table, is_timings};

/// What a run that goes on finds of the one that was interrupted.
const ROWS: [&str; 3] = ["stages/records.parquet", "stages/records.json", "stages/rejects.parquet"];
/// How long a run waits for commands that read its folder, and they for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a run folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// What is called as the lock is somebody else's.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Another run holds it.
    #[error("{} 正被另一个运行占用（{holder}）。请等它结束，或换一个 --out 文件夹", folder.display())]
    Locked {
        /// The folder.
        folder: PathBuf,
        /// What the holder wrote into the lock.
        holder: String,
    },
    /// It holds something else.
    #[error("{} 里有别的文件，不是运行文件夹（没有 bidui 的标记）。为免覆盖，请用 --out 指定一个空的或不存在的文件夹", folder.display())]
    NotARunFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// It is no folder.
    #[error("{} 已经有了，是文件，不是文件夹。请用 --out 指定一个空的或不存在的文件夹", folder.display())]
    NoFolder {
        /// What was named.
        folder: PathBuf,
    },
    /// What is called as our work folder leads elsewhere.
    #[error("{} 是链接，不是 bidui 建的文件夹，没有动它，也没有动它指向的文件夹。请把这个链接移走，再运行同样的命令", path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// It would lie among another run's results.
    #[error("{} 在运行文件夹 {} 里面，那里只放那次运行的结果。请用 --out 指定外面的一个文件夹", folder.display(), run.display())]
    InRunFolder {
        /// What was named.
        folder: PathBuf,
        /// The other run's.
        run: PathBuf,
    },
    /// The disk said no; the last run is whole.
    #[error("{} {doing}失败：{}。上次的结果没有改动", path.display(), advised(source))]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its `run.json` says nothing of which files are ours.
    #[error("{} 里的 run.json 坏了（不完整，或被改过），分不清哪些表是 bidui 写的、哪些有人改过，都没有动。请换一个 --out 文件夹；或者把里面的 run.json、reports、stages 移到别处，再运行同样的命令", folder.display())]
    Damaged {
        /// The folder.
        folder: PathBuf,
    },
    /// A publication was cut short just where it is for the ledger to say what becomes of it.
    #[error("{} 里的结果写到一半停住了，要看台账里有没有这个月才知道该补完还是退回，台账却读不了：{source}。在这之前请不要使用里面的表", folder.display())]
    Unsettled {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: LedgerFileError,
    },
    /// The disk said no in the midst of a switch, and said no again when it was to be undone or made up for.
    #[error("{} 里的结果写到一半停住了，{} 现在动不了：{}；那时会自动恢复成一次完整的结果。在这之前请不要使用里面的表", folder.display(), path.display(), advised(source))]
    Unfinished {
        /// The folder.
        folder: PathBuf,
        /// What could not be moved.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl WorkspaceError {
    /// Whether another run holds the folder.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        matches!(self, Self::Locked { .. })
    }

    fn failed(doing: &'static str) -> impl Fn(Failed) -> Self {
        move |Failed { path, source }| Self::Io { doing, path, source }
    }
}

/// For `map_err` on what the disk gives.
fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> WorkspaceError {
    let path = path.to_owned();
    move |source| WorkspaceError::Io { doing, path, source }
}

/// A run folder of ours, locked and healed; the lock goes when it is dropped (or the process dies).
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _lock: Lock,
    /// What healing moved to `手工改过/`.
    moved: Vec<String>,
}

impl Folder {
    /// As [`Self::open`], for the results of a run: a folder, and not within another run's.
    pub(crate) fn of_run(folder: &Path) -> Result<Self, WorkspaceError> {
        let there = fs::metadata(folder);
        if there.is_ok_and(|kind| !kind.is_dir()) {
            return Err(WorkspaceError::NoFolder { folder: folder.to_owned() });
        }
        let whole = folder.canonicalize().or_else(|_| std::path::absolute(folder));
        if let Some(run) = whole.ok().as_deref().and_then(Path::parent).and_then(run_folder_around) {
            return Err(WorkspaceError::InRunFolder { folder: folder.to_owned(), run });
        }
        let folder = Self::open(folder)?;
        if stands(&folder.path.join(RUN)) && !is_manifest(&folder.path.join(RUN)) {
            return Err(WorkspaceError::Damaged { folder: folder.path });
        }
        Ok(folder)
    }

    /// Creates (owner only) or opens `folder`, takes its lock, undoes a publication that was cut short.
    pub(crate) fn open(folder: &Path) -> Result<Self, WorkspaceError> {
        match marker::whose(folder).map_err(io_error("读取", folder))? {
            Whose::Foreign => return Err(WorkspaceError::NotARunFolder { folder: folder.to_owned() }),
            Whose::Nobodys => create_private(folder).map_err(io_error("创建", folder))?,
            Whose::Ours => no_links(folder)?,
        }
        if !marker::is_marked(folder).map_err(io_error("读取", folder))? {
            marker::mark(folder).map_err(io_error("创建标记", &folder.join(MARKER)))?;
        }
        let lock = Lock::take(&folder.join(".lock")).map_err(|error| match error {
            LockError::Held { holder, .. } => WorkspaceError::Locked { folder: folder.to_owned(), holder },
            LockError::Io { path, source } => WorkspaceError::Io { doing: "加锁", path, source },
            error @ LockError::Another { .. } => error.into(),
        })?;
        // Made by hand, perhaps, with everybody's rights.
        keep_private(folder);
        for within in [folder, &folder.join(WORK)] {
            for entry in fs::read_dir(within).into_iter().flatten().flatten() {
                if is_temporary(&entry.file_name().to_string_lossy()) {
                    let _ = fs::remove_file(entry.path());
                }
            }
        }
        let mut moved = switch::clear_strangers(folder).map_err(WorkspaceError::failed("恢复"))?;
        moved.extend(before::complete(folder).map_err(io_error("恢复", folder))?);
        if let Some(journal) = Journal::find(folder) {
            let _alone = alone(folder)?;
            settle(folder, &journal, &mut moved)?;
        }
        Ok(Self { path: folder.to_owned(), _lock: lock, moved })
    }

    /// Makes the work folder of the run that `key` tells from others; what other runs left in theirs goes. `fresh` also drops the rows that
    /// this one had read.
    pub(crate) fn start(mut self, key: &str, fresh: bool) -> Result<Workspace, WorkspaceError> {
        let all_work = self.path.join(WORK);
        for entry in fs::read_dir(&all_work).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if is_work(&name) {
                let keep: &[&str] = if name == key && !fresh { &ROWS } else { &[] };
                match clear(&self.path, &entry.path(), keep) {
                    Ok(moved) => self.moved.extend(moved),
                    // Of another run, it is in nobody's way: only what this run makes is published.
                    Err(_) if name != key => {}
                    Err(failed) => return Err(WorkspaceError::failed("清理")(failed)),
                }
            }
        }
        let work = all_work.join(key);
        create_private(&work).map_err(io_error("创建", &work))?;
        Ok(Workspace { folder: self, key: key.to_owned(), work, fresh, made: Mutex::default() })
    }
}

/// Ends a publication that was cut short: where its switch was made, or the ledger holds its month, the rest is done; where not, the last run is
/// given back. Gives whether it was made; `moved` gets the names of what was moved aside.
fn settle(folder: &Path, journal: &Journal, moved: &mut Vec<String>) -> Result<bool, WorkspaceError> {
    let unfinished = |Failed { path, source }| WorkspaceError::Unfinished { folder: folder.to_owned(), path, source };
    if !journal.is_committed(folder).map_err(unfinished)? {
        let unsettled = |source| WorkspaceError::Unsettled { folder: folder.to_owned(), source };
        if !journal.is_recorded(folder).map_err(unsettled)? {
            return journal.back(folder, moved).map(|()| false).map_err(unfinished);
        }
        journal.commit(folder, moved).map_err(unfinished)?;
    }
    moved.extend(journal.clean(folder));
    Ok(true)
}

/// Whether our work folders are where they seem to be.
fn no_links(folder: &Path) -> Result<(), WorkspaceError> {
    let work = folder.join(WORK);
    let inside =
        fs::read_dir(&work).into_iter().flatten().flatten().filter(|entry| is_work(&entry.file_name().to_string_lossy()));
    let mut all = std::iter::once(work).chain(inside.map(|entry| entry.path()));
    let link = all.find(|path| fs::symlink_metadata(path).is_ok_and(|kind| kind.is_symlink()));
    link.map_or(Ok(()), |path| Err(WorkspaceError::Link { path }))
}

/// A run under way in its folder.
#[derive(Debug)]
pub(crate) struct Workspace {
    folder: Folder,
    key: String,
    work: PathBuf,
    fresh: bool,
    /// Files of this run, relative to the run folder, and their SHA-256 once they are sealed.
    made: Mutex<BTreeMap<String, Option<String>>>,
}

impl Workspace {
    /// Where a file of this run is written until it is published; parent folders are made.
    pub(crate) fn path(&self, relative: &str) -> Result<PathBuf, WorkspaceError> {
        let path = self.work.join(relative);
        if let Some(parent) = path.parent() {
            create_private(parent).map_err(io_error("创建", parent))?;
        }
        self.add(relative);
        Ok(path)
    }

    fn add(&self, relative: &str) {
        self.made().insert(relative.to_owned(), None);
    }

    fn made(&self) -> MutexGuard<'_, BTreeMap<String, Option<String>>> {
        // A thread that panicked while it added a name left the names whole.
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a whole file of this run.
    pub(crate) fn write(&self, relative: &str, bytes: &[u8]) -> Result<(), WorkspaceError> {
        let path = self.path(relative)?;
        work::write(&self.work, relative, bytes).map_err(io_error("写入", &path))
    }

    /// Writes a value as JSON.
    pub(crate) fn write_json(&self, relative: &str, value: &impl Serialize) -> Result<(), WorkspaceError> {
        let bytes = serde_json::to_vec(value).map_err(io::Error::other);
        self.write(relative, &bytes.map_err(io_error("写入", Path::new(relative)))?)
    }

    /// Takes a file of another run over as this run's.
    pub(crate) fn copy(&self, from: &Path, relative: &str) -> Result<(), WorkspaceError> {
        let path = self.path(relative)?;
        if relative.ends_with(".parquet") {
            return fs::copy(from, &path).map(|_| ()).map_err(io_error("写入", &path));
        }
        self.write(relative, &disk::read(from).map_err(io_error("读取", from))?)
    }

    /// The stages folder in which an interrupted run with the same key may have left its rows; `None` where they are not wanted.
    pub(crate) fn rows_before(&self) -> Option<PathBuf> {
        (!self.fresh).then(|| self.work.join("stages"))
    }

    /// This run goes on with the rows found in [`Self::rows_before`]: they are its own.
    pub(crate) fn keep_rows(&self) {
        for rows in ROWS {
            self.add(rows);
        }
    }

    /// Everything made so far is on the disk, readable by its owner only; gives path → SHA-256.
    pub(crate) fn seal(&self) -> Result<BTreeMap<String, String>, WorkspaceError> {
        let made = self.made().clone();
        let seal = |(relative, sealed): (String, Option<String>)| {
            if let Some(sha256) = sealed {
                return Ok((relative, sha256));
            }
            let path = self.work.join(&relative);
            keep_private(&path);
            let hash = || sync_file(&path).and_then(|()| disk::hash(&path));
            hash().map(|(_, sha256)| (relative, sha256)).map_err(io_error("写入", &path))
        };
        let there = made.into_par_iter().filter(|(relative, _)| self.work.join(relative).is_file());
        let sealed: BTreeMap<String, String> = there.map(seal).collect::<Result<_, WorkspaceError>>()?;
        *self.made() = sealed.iter().map(|(relative, sha256)| (relative.clone(), Some(sha256.clone()))).collect();
        Ok(sealed)
    }

    /// What was found in the folder, is not ours, and is now in `手工改过/`.
    pub(crate) fn moved(&self) -> &[String] {
        &self.folder.moved
    }

    /// Puts what this run made in the last run's place; `last` is done when all else is, and if it fails nothing has happened. `ledger` is what
    /// `last` leaves in a ledger, if anything. `moved` gets the names of files that were not ours to replace and are now in `手工改过/`.
    pub(crate) fn publish<E: From<WorkspaceError>>(
        &self,
        ledger: Option<LedgerEntry>,
        last: impl FnOnce() -> Result<(), E>,
        moved: &mut Vec<String>,
    ) -> Result<(), E> {
        let folder = self.folder.path.as_path();
        let failed = WorkspaceError::failed("替换");
        let made = self.seal()?;
        let _alone = alone(folder)?;
        let journal = Journal::plan(folder, &self.key, &made, ledger).map_err(&failed)?;
        let switch = || -> Result<(), E> {
            journal.write(folder).and_then(|()| journal.forward(folder, moved)).map_err(&failed)?;
            last()?;
            Ok(journal.commit(folder, moved).map_err(&failed)?)
        };
        match switch() {
            Ok(()) => moved.extend(journal.clean(folder)),
            Err(error) if !settle(folder, &journal, moved)? => return Err(error),
            Err(_) => {}
        }
        Ok(())
    }
}

/// Keeps readers out while files change places or go. A disk without locks has none.
pub(crate) fn alone(folder: &Path) -> Result<Option<File>, WorkspaceError> {
    held(folder, File::try_lock, "有命令正在读里面的结果")
}

/// Keeps a run folder as it is while it is read, until what is given is dropped; waits for a run that is putting its results there.
pub(crate) fn hold(folder: &Path) -> Result<Option<File>, WorkspaceError> {
    held(folder, File::try_lock_shared, "正在写入结果")
}

fn held(folder: &Path, lock: fn(&File) -> Result<(), TryLockError>, holder: &str) -> Result<Option<File>, WorkspaceError> {
    let Ok(marker) = disk::open(folder.join(MARKER)) else { return Ok(None) };
    let start = Instant::now();
    loop {
        match lock(&marker) {
            Ok(()) => return Ok(Some(marker)),
            Err(TryLockError::Error(_)) => return Ok(None),
            Err(TryLockError::WouldBlock) if start.elapsed() > PATIENCE => {
                return Err(WorkspaceError::Locked { folder: folder.to_owned(), holder: holder.to_owned() });
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// Whether `folder` is a run folder that has no whole run in it: its `run.json` is not there, or the version before was interrupted in the
/// midst of moving its results.
pub(crate) fn is_unfinished(folder: &Path) -> bool {
    let marked = marker::is_marked(folder).unwrap_or(false);
    (marked && !folder.join(RUN).is_file()) || before::is_mixed(folder)
}

/// Whether `folder` is a run folder of ours: it has our marker, or the version before left it. Cost: one small file, or two.
pub(crate) fn is_ours(folder: &Path) -> bool {
    is_marked(folder) || marker::is_of_before(folder)
}

/// Whether `folder` is marked as a run folder.
pub(crate) fn is_marked(folder: &Path) -> bool {
    marker::is_marked(folder).unwrap_or(false)
}

/// The run folder that a path leads to or into, links followed; the path need not be there.
pub(crate) fn run_folder_around(path: &Path) -> Option<PathBuf> {
    let whole = std::path::absolute(path).ok()?;
    let there = whole.ancestors().find_map(|part| part.canonicalize().ok())?;
    there.ancestors().find(|folder| is_ours(folder)).map(Path::to_owned)
}

#[cfg(test)]
mod tests;
