//! The ledger's file: its lock, its permissions, and whether the disk it lies on can hold it.
//!
//! SQLite's write-ahead log needs memory shared between processes, which network shares do not give: a ledger there is refused.
//! Two processes never write at once: the lock file `<ledger>.lock` beside it says who holds it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::lock::{Lock, LockError};
use crate::ledger::{Ledger, LedgerError};

/// Why the ledger's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerFileError {
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
    #[error("台账 {} {doing}失败：{source}", path.display())]
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
        matches!(self, Self::Locked { .. })
    }

    /// Whether another path would help.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        use LedgerError::{Foreign, Missing, Newer};
        matches!(self, Self::Network { .. } | Self::Io { .. } | Self::Ledger(Foreign { .. } | Missing { .. } | Newer { .. }))
    }
}

/// An open ledger, held until it is dropped or the process ends.
#[derive(Debug)]
pub(super) struct HeldLedger {
    /// The ledger.
    pub(super) ledger: Ledger,
    /// What its owner should know of the file.
    pub(super) told: Option<String>,
    _lock: Lock,
}

/// Opens the ledger at `path` and takes its lock; creates it, readable by its owner only, if there is none and `create` allows it.
pub(super) fn open(path: &Path, create: bool) -> Result<HeldLedger, LedgerFileError> {
    let io_error = |doing| {
        let path = path.to_owned();
        move |source| LedgerFileError::Io { doing, path, source }
    };
    if !create && !path.exists() {
        return Err(LedgerError::Missing { path: path.to_owned() }.into());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if create {
        super::disk::create_private(folder).map_err(io_error("建立文件夹"))?;
    }
    if let Some(kind) = share(folder) {
        return Err(LedgerFileError::Network { path: path.to_owned(), kind });
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    let lock = Lock::take(Path::new(&beside)).map_err(|error| match error {
        LockError::Held { holder, .. } => LedgerFileError::Locked { path: path.to_owned(), holder },
        LockError::Io { source, .. } => io_error("加锁")(source),
    })?;
    if !path.exists() {
        private_file(path).map_err(io_error("建立"))?;
    }
    let ledger = Ledger::open(path, create)?;
    // Copied from elsewhere, perhaps, with everybody's rights: names and numbers stand in it.
    Ok(HeldLedger { ledger, told: tighten(path), _lock: lock })
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
                format!("台账 {path} 别人也能读，又改不了权限（{error}）。里面有姓名和证件号码，请换到只有本人能读的地方")
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
