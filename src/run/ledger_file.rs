//! The ledger's file: its lock, its permissions, and whether the disk it lies on can hold it.
//!
//! SQLite's write-ahead log needs memory shared between processes, which network shares do not give: a ledger there is refused.
//! Two processes never write at once: the lock file `<ledger>.lock` beside it says who holds it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::disk::sync_folder;
use super::lock::{Lock, LockError};
use crate::ledger::{Ledger, LedgerError, Trouble};
use crate::model::system_error::plain;

/// Why the ledger's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerFileError {
    /// What is called as the lock is somebody else's.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// What is called as a file of ours beside the ledger is somebody else's.
    #[error("{} 不是 bidui 写的，却占着台账旁边要用的名字，没有动它，什么也没有做。请把它移走或改名，再用同样的命令", path.display())]
    Beside {
        /// What is called so.
        path: PathBuf,
    },
    /// A ledger would be begun in a folder that is not there, perhaps by a slip of the pen.
    #[error("台账 {} 所在的文件夹不存在，或者是一个文件，没有在那里新建台账。请检查路径；确实要放在那里，就先建好文件夹", path.display())]
    NoFolder {
        /// The ledger.
        path: PathBuf,
    },
    /// Another process has it.
    #[error("台账 {} 正被另一个运行占用（{holder}）。请等它结束再试", path.display())]
    Locked {
        /// The ledger.
        path: PathBuf,
        /// What the holder wrote into the lock.
        holder: String,
    },
    /// It lies on a network share.
    #[error("台账 {} 在网络共享盘（{kind}）上：几台电脑同时写会损坏台账。请放在本机硬盘上，需要共享时用 bidui export 导出", path.display())]
    Network {
        /// The ledger.
        path: PathBuf,
        /// What kind of share.
        kind: &'static str,
    },
    /// The disk said no.
    #[error("台账 {} {doing}失败：{}。请检查路径、权限和磁盘空间；台账内容没有改动", path.display(), plain(source))]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The ledger itself said no.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl LedgerFileError {
    /// Whether another process holds it.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        matches!(self, Self::Locked { .. }) || self.trouble() == Some(Trouble::Busy)
    }

    /// Whether it is ours to mend and not the user's.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.trouble() == Some(Trouble::Ours)
    }

    fn trouble(&self) -> Option<Trouble> {
        if let Self::Ledger(error) = self { error.trouble() } else { None }
    }
}

/// An open ledger, held until it is dropped or the process ends.
#[derive(Debug)]
pub(super) struct HeldLedger {
    /// The ledger.
    pub(super) ledger: Ledger,
    /// What its owner should know of the file.
    pub(super) told: Option<String>,
    /// Where it is, links followed.
    pub(super) path: PathBuf,
    _lock: Lock,
}

/// Opens the ledger at `path` and takes its lock; creates it, readable by its owner only, if there is none and `create` allows it, in a
/// folder that is there. A ledger that is created appears whole.
pub(super) fn open(path: &Path, create: bool) -> Result<HeldLedger, LedgerFileError> {
    // Whoever comes by a link must meet the lock of whoever comes without.
    let linked = fs::symlink_metadata(path).is_ok_and(|kind| kind.is_symlink());
    let real = if linked { path.canonicalize().ok() } else { None };
    let path = real.as_deref().unwrap_or(path);
    let io_error = |doing| {
        let path = path.to_owned();
        move |source| LedgerFileError::Io { doing, path, source }
    };
    // Beside what is no ledger no lock is left.
    match Ledger::look(path) {
        Err(LedgerError::Missing { .. }) if create => {}
        looked => looked?,
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(LedgerFileError::NoFolder { path: path.to_owned() });
    }
    if let Some(kind) = share(folder) {
        return Err(LedgerFileError::Network { path: path.to_owned(), kind });
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    let lock = Lock::take(Path::new(&beside)).map_err(|error| match error {
        LockError::Held { holder, .. } => LedgerFileError::Locked { path: path.to_owned(), holder },
        LockError::Io { source, .. } => io_error("加锁")(source),
        error @ LockError::Another { .. } => error.into(),
    })?;
    if !path.exists() {
        create_whole(path)?;
    }
    follow_rights(path);
    let ledger = Ledger::open(path)?;
    // Copied from elsewhere, perhaps, with everybody's rights: names and numbers stand in it.
    Ok(HeldLedger { ledger, told: tighten(path), path: path.to_owned(), _lock: lock })
}

/// What SQLite made beside a ledger while that was read-only stays so: it gets the rights that the ledger has now.
fn follow_rights(path: &Path) {
    let Some(rights) = fs::metadata(path).ok().map(|kind| kind.permissions()).filter(|rights| !rights.readonly()) else { return };
    for ending in ["-wal", "-shm"] {
        let mut file = path.as_os_str().to_owned();
        file.push(ending);
        if fs::symlink_metadata(&file).is_ok_and(|kind| kind.is_file() && kind.permissions().readonly()) {
            // Where it may not be done, SQLite says what is wrong.
            let _ = fs::set_permissions(&file, rights.clone());
        }
    }
}

/// Takes everybody else's rights away from a ledger that was made with them, and from what SQLite keeps beside it; gives what to tell of
/// that, if anything.
#[cfg(unix)]
fn tighten(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let mut told = None;
    for beside in ["", "-wal", "-shm"] {
        let mut file = path.as_os_str().to_owned();
        file.push(beside);
        let Ok(found) = fs::metadata(&file) else { continue };
        let mode = found.permissions().mode();
        let owners = mode & !0o077;
        if mode == owners {
            continue;
        }
        let done = fs::set_permissions(&file, fs::Permissions::from_mode(owners));
        let path = path.display();
        told = Some(match done {
            Ok(()) => format!("台账 {path} 原来别人也能读，已改为只有本人能读"),
            Err(error) => {
                format!(
                    "台账 {path} 别人也能读，又改不了权限（{}）。里面有姓名和证件号码，请换到只有本人能读的地方",
                    plain(&error)
                )
            }
        });
    }
    told
}

/// Where there are no such rights, the folder's hold.
#[cfg(not(unix))]
fn tighten(_: &Path) -> Option<String> {
    None
}

/// An empty ledger under a hidden name, which takes its own when it is whole; whoever calls holds the lock.
fn create_whole(path: &Path) -> Result<(), LedgerFileError> {
    let io_error = |source| LedgerFileError::Io { doing: "建立", path: path.to_owned(), source };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let new = path.with_file_name(format!(".{name}.new"));
    if fs::symlink_metadata(&new).is_ok() && !Ledger::may_be_begun(&new) {
        return Err(LedgerFileError::Beside { path: new });
    }
    // Of one who was killed here.
    for ending in ["", "-wal", "-shm", "-journal"] {
        let mut file = new.as_os_str().to_owned();
        file.push(ending);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error(error)),
            _ => {}
        }
    }
    drop(private_file(&new).map_err(io_error)?);
    Ledger::create(&new)?;
    fs::rename(&new, path).map_err(io_error)?;
    // Renamed, it is there; a power cut might undo it.
    let _ = path.parent().filter(|folder| !folder.as_os_str().is_empty()).map(sync_folder);
    Ok(())
}

/// An empty file that only its owner can read; SQLite gives its write-ahead log the same permissions.
fn private_file(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

/// The kind of network share a folder lies on; `None` for a local disk, and where the system does not tell.
#[cfg(target_os = "linux")]
fn share(folder: &Path) -> Option<&'static str> {
    // linux/magic.h
    let kinds: [(u32, &str); 5] =
        [(0x6969, "NFS"), (0x517B, "SMB"), (0xFF53_4D42, "CIFS"), (0xFE53_4D42, "SMB2"), (0x0102_1997, "9P")];
    let found = rustix::fs::statfs(folder).ok()?.f_type;
    kinds.into_iter().find(|(magic, _)| i128::from(found) & 0xFFFF_FFFF == i128::from(*magic)).map(|(_, kind)| kind)
}

/// The kind of network share a folder lies on; elsewhere than on Linux only names that say so are told.
#[cfg(not(target_os = "linux"))]
fn share(folder: &Path) -> Option<&'static str> {
    let whole = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let name = whole.to_string_lossy();
    (name.starts_with(r"\\?\UNC\") || (name.starts_with(r"\\") && !name.starts_with(r"\\?\"))).then_some("UNC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_process_is_told_who_holds_the_ledger() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("台账").join("2018.db");
        assert!(matches!(open(&path, true), Err(LedgerFileError::NoFolder { .. })));
        fs::create_dir(folder.path().join("台账")).expect("a folder");
        assert!(matches!(open(&path, false), Err(LedgerFileError::Ledger(LedgerError::Missing { .. }))));
        let first = open(&path, true).expect("opens");
        let message = open(&path, true).expect_err("is held").to_string();
        assert!(message.contains(&std::process::id().to_string()), "{message}");
        drop(first);
        open(&path, false).expect("free again");
    }

    #[cfg(unix)]
    #[test]
    fn a_ledger_that_everybody_can_read_is_closed_to_them_and_that_is_told() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ledger.db");
        assert_eq!(open(&path, true).expect("opens").told, None);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("opened up");
        let held = open(&path, false).expect("opens");
        assert!(held.told.as_ref().is_some_and(|told| told.contains("只有本人能读")), "{:?}", held.told);
        for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
            let mode = fs::metadata(folder.path().join(name)).expect(name).permissions().mode();
            assert_eq!(mode & 0o077, 0, "{name} {mode:o}");
        }
        drop(held);
        assert_eq!(open(&path, false).expect("opens").told, None, "once is enough");
    }

    #[test]
    fn what_is_called_as_a_ledger_begun_and_is_none_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, beside) = (folder.path().join("台账.db"), folder.path().join(".台账.db.new"));
        fs::write(&beside, "村里的照片").expect("written");
        assert!(matches!(open(&path, true), Err(LedgerFileError::Beside { .. })));
        assert_eq!(fs::read_to_string(&beside).expect("there"), "村里的照片");
        for begun in ["", "SQLite format 3\0 and no more"] {
            fs::write(&beside, begun).expect("written");
            drop(open(&path, true).expect("begun anew"));
            assert!(!beside.exists());
            fs::remove_file(&path).expect("removed");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_ledger_that_was_read_only_for_a_while_opens_again() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ledger.db");
        drop(open(&path, true).expect("opens"));
        let beside = ["ledger.db-wal", "ledger.db-shm"].map(|name| folder.path().join(name));
        for file in &beside {
            fs::write(file, "").expect("written");
            fs::set_permissions(file, fs::Permissions::from_mode(0o400)).expect("set");
        }
        let held = open(&path, false).expect("opens again");
        for file in &beside {
            assert_eq!(fs::metadata(file).expect("there").permissions().mode() & 0o777, 0o600, "{}", file.display());
        }
        drop(held);
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ledger.db");
        let _held = open(&path, true).expect("opens");
        for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
            let mode = fs::metadata(folder.path().join(name)).expect(name).permissions().mode();
            assert_eq!(mode & 0o077, 0, "{name} {mode:o}");
        }
    }
}
