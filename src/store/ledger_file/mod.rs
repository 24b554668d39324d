//! The ledger's file: its lock, its permissions, and whether the disk it lies on can hold it.
//!
//! It is never written in place: [`open`] gives a copy to work on, which [`HeldLedger::finish`] puts in the ledger's place when it is whole
//! ([`copy`]). Two processes never write at once: the lock file `<ledger>.lock` beside it says who holds it. Network shares do not keep locks
//! well enough: a ledger there is refused.

mod copy;
mod log;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::ledger::{Ledger, LedgerError, Trouble};
use crate::model::date::Month;
use crate::model::system_error::plain;
use crate::store::disk::with_ending;
use crate::store::lock::{Lock, LockError};
use copy::Copy;
use log::Log;

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
    /// Another program works on it.
    #[error("台账 {} 打不开：正被别的程序占用（是否在数据库工具里打开着，或者正在备份）。请关掉那个程序，再用同样的命令；台账内容没有改动", path.display())]
    Busy {
        /// The ledger.
        path: PathBuf,
    },
    /// Another program wrote into it while we worked on our copy, moved it or put another file there.
    #[error("台账 {} 在这次运行期间被别的程序改过、换过或移走了，这次的没有写进去，现在那里的没有动。请关掉那个程序，再用同样的命令", path.display())]
    Changed {
        /// The ledger.
        path: PathBuf,
    },
    /// Its ids were made with another key.
    #[error("台账 {} 是用另一个密钥记的：换了密钥，疑点和人员的编号全部改变，以前各月的回复都会对不上。请在流程文件的 key = 里换回原来的密钥（或从备份恢复那个密钥文件）；确实要换密钥，请用 --ledger 另写一个台账文件名，旧台账留着备查；台账内容没有改动", path.display())]
    OtherKey {
        /// The ledger.
        path: PathBuf,
    },
    /// It may not be written.
    #[error("台账 {} 打不开：它是只读的，写不进去。请去掉它的“只读”（chmod u+w），或者请管理员给写的权限；台账内容没有改动", path.display())]
    ReadOnly {
        /// The ledger.
        path: PathBuf,
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
    /// It was purged, and what it was before could not be overwritten.
    #[error("台账 {} 已经清理，但清理之前的内容还留在 {} 里，没有抹掉：{}。请检查权限和磁盘，再用同样的命令清理一次，直到不再有这句话", path.display(), old.display(), plain(source))]
    NotWiped {
        /// The ledger.
        path: PathBuf,
        /// What it was.
        old: PathBuf,
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
        matches!(self, Self::Locked { .. } | Self::Busy { .. } | Self::Changed { .. })
    }

    /// Whether it is ours to mend and not the user's.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::Ledger(error) if error.trouble() == Some(Trouble::Ours))
    }
}

/// A ledger to work on, held until it is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct HeldLedger {
    /// The copy, open.
    pub(crate) ledger: Ledger,
    /// What its owner should know of the file.
    pub(crate) told: Vec<String>,
    /// Where it is, links followed.
    pub(crate) path: PathBuf,
    copy: Copy,
    lock: Lock,
}

impl HeldLedger {
    /// Puts what was done in the ledger's place, if anything was; the lock goes on.
    pub(crate) fn finish(self) -> Result<Lock, LedgerFileError> {
        let Self { ledger, copy, lock, .. } = self;
        let changed = ledger.is_changed() || copy.has_log();
        ledger.close()?;
        if changed {
            copy.publish(false)?;
        }
        Ok(lock)
    }

    /// Puts a ledger from which something was removed in its place, so that nothing of that can be read from the disk.
    pub(crate) fn finish_purge(self) -> Result<(), LedgerFileError> {
        let Self { ledger, copy, lock: _lock, .. } = self;
        ledger.close()?;
        copy.publish(true)
    }
}

/// Takes the lock of the ledger at `path` and opens a copy of it; where there is none and `create` allows it, an empty one, in a folder that
/// is there. The ledger appears, readable by its owner only, when that is finished.
pub(crate) fn open(path: &Path, create: bool) -> Result<HeldLedger, LedgerFileError> {
    // Whoever comes by a link must meet the lock of whoever comes without.
    let linked = fs::symlink_metadata(path).is_ok_and(|kind| kind.is_symlink());
    let real = if linked { path.canonicalize() } else { Ok(path.to_owned()) };
    let path = real.map_err(|source| LedgerError::Unread { path: path.to_owned(), source })?;
    // Beside what is no ledger no lock is left.
    match Ledger::look(&path) {
        Err(LedgerError::Missing { .. }) if create => {}
        looked => looked?,
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(LedgerFileError::NoFolder { path });
    }
    if let Some(kind) = share(folder) {
        return Err(LedgerFileError::Network { path, kind });
    }
    let lock = Lock::take(&with_ending(&path, ".lock")).map_err(|error| match error {
        LockError::Held { holder, .. } => LedgerFileError::Locked { path: path.clone(), holder },
        LockError::Io { source, .. } => LedgerFileError::Io { doing: "加锁", path: path.clone(), source },
        error @ LockError::Another { .. } => error.into(),
    })?;
    let copy = Copy::of(&path)?;
    let ledger = Ledger::open(&copy.file, &path)?;
    // Copied from elsewhere, perhaps, with everybody's rights: names and numbers stand in it.
    let told = tighten(&path).into_iter().chain(copy.told.clone()).collect();
    Ok(HeldLedger { ledger, told, path, copy, lock })
}

/// Whether the newest run of `period` in the ledger at `path` found what has this digest. The ledger is read as it stands; where a log lies
/// beside it, as [`open`] reads it.
pub(crate) fn holds(path: &Path, period: Month, digest: &str) -> Result<bool, LedgerFileError> {
    Ledger::look(path)?;
    let held = if Log::beside(path).is_some() {
        open(path, false)?.ledger.holds(period, digest)
    } else {
        Ledger::read(path, path)?.holds(period, digest)
    };
    Ok(held?)
}

/// Takes everybody else's rights away from a ledger that was made with them; gives what to tell of that, if anything.
#[cfg(unix)]
fn tighten(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path).ok()?.permissions().mode();
    let owners = mode & !0o077;
    if mode == owners {
        return None;
    }
    let done = fs::set_permissions(path, fs::Permissions::from_mode(owners));
    let path = path.display();
    Some(match done {
        Ok(()) => format!("台账 {path} 原来别人也能读，已改为只有本人能读"),
        Err(error) => {
            format!("台账 {path} 别人也能读，又改不了权限（{}）。里面有姓名和证件号码，请换到只有本人能读的地方", plain(&error))
        }
    })
}

/// Where there are no such rights, the folder's hold.
#[cfg(not(unix))]
fn tighten(_: &Path) -> Option<String> {
    None
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
