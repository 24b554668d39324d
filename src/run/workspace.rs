//! The run folder on disk: lock, work folder, and outputs that appear whole or not at all.
//!
//! Everything of a run is written under `.work/<fingerprint>/` and moved into place at the end, so that an interrupted
//! run leaves the last good output untouched. The fingerprint is of tool, pipeline, inputs and options: the same run
//! started again finds what it had finished. A crash between two moves is completed by the next start.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::lock::{Lock, LockError};

/// What a run folder holds, in the order it is moved into place; `run.json` last, as other programs wait for it.
const PUBLISHED: [&str; 4] = ["stages", "reports", "timings.json", "run.json"];
/// Says that a work folder is complete and only has to be moved; lists what of [`PUBLISHED`] it made.
const COMPLETE: &str = "complete";

/// Why a run folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// Another run holds it.
    #[error("{} 正被另一个运行占用（{holder}）。请等它结束，或换一个 --out 文件夹", folder.display())]
    Locked {
        /// The folder.
        folder: PathBuf,
        /// What the holder wrote into the lock.
        holder: String,
    },
    /// It holds something else.
    #[error("{} 里有别的文件，不是运行文件夹（没有 run.json）。为免覆盖，请用 --out 指定一个空的或不存在的文件夹", folder.display())]
    NotARunFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// The disk said no.
    #[error("{} {doing}失败：{source}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
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

    /// Whether another `--out` would help.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::NotARunFolder { .. } | Self::Io { .. })
    }
}

/// An open run folder; the lock goes when it is dropped (or the process dies).
#[derive(Debug)]
pub(super) struct Workspace {
    folder: PathBuf,
    work: PathBuf,
    _lock: Lock,
}

impl Workspace {
    /// Creates (owner only) or opens `folder`, takes its lock, completes a publication that a crash cut short.
    /// `fresh` drops what an interrupted run with the same fingerprint had finished.
    pub(super) fn open(folder: &Path, fingerprint: &str, fresh: bool) -> Result<Self, WorkspaceError> {
        let io_error = |doing, path: &Path| {
            let path = path.to_owned();
            move |source| WorkspaceError::Io { doing, path, source }
        };
        let foreign = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
            && ![".work", ".lock", "run.json"].iter().any(|name| folder.join(name).exists());
        if foreign {
            return Err(WorkspaceError::NotARunFolder { folder: folder.to_owned() });
        }
        create_private(folder).map_err(io_error("创建", folder))?;
        let lock = Lock::take(&folder.join(".lock")).map_err(|error| match error {
            LockError::Held { holder, .. } => WorkspaceError::Locked { folder: folder.to_owned(), holder },
            LockError::Io { path, source } => WorkspaceError::Io { doing: "加锁", path, source },
        })?;
        // Made by hand, perhaps, with everybody's rights.
        keep_private(folder);
        let all_work = folder.join(".work");
        if let Ok(entries) = fs::read_dir(&all_work) {
            for entry in entries.flatten() {
                let path = entry.path();
                if path.join(COMPLETE).exists() {
                    publish(folder, &path)?;
                } else if fresh || entry.file_name() != fingerprint {
                    fs::remove_dir_all(&path).map_err(io_error("清理", &path))?;
                }
            }
        }
        let work = all_work.join(fingerprint);
        create_private(&work).map_err(io_error("创建", &work))?;
        Ok(Self { folder: folder.to_owned(), work, _lock: lock })
    }

    /// Where a file of this run is written until it is published; parent folders are made.
    pub(super) fn path(&self, relative: &str) -> Result<PathBuf, WorkspaceError> {
        let path = self.work.join(relative);
        if let Some(parent) = path.parent() {
            create_private(parent).map_err(|source| WorkspaceError::Io { doing: "创建", path: parent.to_owned(), source })?;
        }
        Ok(path)
    }

    /// Writes a whole file of this run.
    pub(super) fn write(&self, relative: &str, bytes: &[u8]) -> Result<(), WorkspaceError> {
        let path = self.path(relative)?;
        let write = || -> io::Result<()> {
            let mut file = File::create(&path)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(|source| WorkspaceError::Io { doing: "写入", path: path.clone(), source })
    }

    /// Moves everything into place; what this run did not make (reports of a run `--until` an earlier stage) goes, because it
    /// would belong to another run.json.
    pub(super) fn publish(self) -> Result<(), WorkspaceError> {
        keep_private(&self.work);
        let made: Vec<&str> = PUBLISHED.into_iter().filter(|name| self.work.join(name).exists()).collect();
        self.write(COMPLETE, made.join("\n").as_bytes())?;
        publish(&self.folder, &self.work)
    }
}

/// Idempotent: what has been moved is no longer in `work`, so a second call goes on where the first stopped.
fn publish(folder: &Path, work: &Path) -> Result<(), WorkspaceError> {
    let complete = work.join(COMPLETE);
    let list = fs::read_to_string(&complete).map_err(|source| WorkspaceError::Io { doing: "读取", path: complete, source })?;
    let old = work.join("old");
    create_private(&old).map_err(|source| WorkspaceError::Io { doing: "创建", path: old.clone(), source })?;
    for name in PUBLISHED {
        let (target, made, set_aside) = (folder.join(name), work.join(name), old.join(name));
        let moved = || -> io::Result<()> {
            let moved_before = list.lines().any(|line| line == name) && !made.exists();
            if target.exists() && !moved_before {
                fs::rename(&target, &set_aside)?;
            }
            if made.exists() { fs::rename(&made, &target) } else { Ok(()) }
        };
        moved().map_err(|source| WorkspaceError::Io {
            doing: "替换（是否正在 Excel 或 WPS 中打开？请关闭后重试）",
            path: target.clone(),
            source,
        })?;
    }
    let all_work = folder.join(".work");
    fs::remove_dir_all(&all_work).map_err(|source| WorkspaceError::Io { doing: "清理", path: all_work, source })
}

/// A folder only its owner can read; numbers and names live in it.
pub(super) fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}

/// Takes others' rights from a file, or a folder and all in it. Best effort: not every disk knows rights, and the folder above has its own.
pub(super) fn keep_private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let Ok(kind) = fs::symlink_metadata(path) else { return };
        if kind.is_symlink() {
            return;
        }
        let _ = fs::set_permissions(path, fs::Permissions::from_mode(if kind.is_dir() { 0o700 } else { 0o600 }));
        if kind.is_dir() {
            for entry in fs::read_dir(path).into_iter().flatten().flatten() {
                keep_private(&entry.path());
            }
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary folder")
    }

    #[test]
    fn an_interrupted_run_leaves_the_last_output_and_its_own_work() {
        let out = folder();
        let first = Workspace::open(out.path(), "a", false).expect("opens");
        first.write("run.json", b"1").expect("writes");
        first.write("reports/x.xlsx", b"x").expect("writes");
        first.publish().expect("publishes");

        let second = Workspace::open(out.path(), "b", false).expect("opens");
        second.write("run.json", b"2").expect("writes");
        drop(second);
        assert_eq!(fs::read(out.path().join("run.json")).expect("a file"), b"1");

        let again = Workspace::open(out.path(), "b", false).expect("opens");
        assert_eq!(fs::read(again.path("run.json").expect("a path")).expect("kept"), b"2");
        drop(again);
        let fresh = Workspace::open(out.path(), "b", true).expect("opens");
        assert!(!fresh.path("run.json").expect("a path").exists());
    }

    #[test]
    fn a_crash_between_moves_is_completed_by_the_next_start() {
        let out = folder();
        let run = Workspace::open(out.path(), "a", false).expect("opens");
        run.write("stages/links.parquet", b"new").expect("writes");
        run.write("run.json", b"new").expect("writes");
        run.write(COMPLETE, b"stages\nrun.json").expect("writes");
        fs::rename(run.work.join("stages"), out.path().join("stages")).expect("the first move");
        drop(run);
        drop(Workspace::open(out.path(), "b", false).expect("opens"));
        assert_eq!(fs::read(out.path().join("run.json")).expect("a file"), b"new");
        assert_eq!(fs::read(out.path().join("stages/links.parquet")).expect("a file"), b"new");
    }

    #[test]
    fn a_second_run_is_told_who_holds_the_folder() {
        let out = folder();
        let _first = Workspace::open(out.path(), "a", false).expect("opens");
        let message = Workspace::open(out.path(), "a", false).expect_err("is locked").to_string();
        assert!(message.contains(&std::process::id().to_string()), "{message}");
    }

    #[test]
    fn somebody_elses_folder_is_not_touched() {
        let out = folder();
        fs::create_dir(out.path().join("reports")).expect("a folder");
        assert!(matches!(Workspace::open(out.path(), "a", false), Err(WorkspaceError::NotARunFolder { .. })));
    }
}
