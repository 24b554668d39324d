//! One process at a time: a lock file that says who holds it.
//!
//! The lock is the operating system's, on an open file: it goes when the process does, however that happens, and a lock file left
//! behind holds nobody up. What stands in the file is for people. A file of somebody else's that is called so is left alone.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::model::system_error::plain;

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("{} 正被占用（{holder}）", path.display())]
    Held {
        /// The lock file.
        path: PathBuf,
        /// What the holder wrote into it.
        holder: String,
    },
    /// A link, or a file in which something else stands, is called as the lock would be.
    #[error("{} 是别的文件或链接，不是比对的锁，没有动它；请把它移走再做", path.display())]
    Another {
        /// What is called as the lock.
        path: PathBuf,
    },
    /// The disk said no.
    #[error("{} 加锁失败：{}。请检查权限和磁盘", path.display(), plain(source))]
    Io {
        /// The lock file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What a lock file begins with, before the number of the process.
const HOLDER: &str = "进程 ";
/// Bytes that a lock file has at most.
const LONGEST: u64 = 64;

/// A lock held until it is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock file at `path`, made if it is not there, and writes this process into it.
    pub(crate) fn take(path: &Path) -> Result<Self, LockError> {
        let io_error = |source| LockError::Io { path: path.to_owned(), source };
        let another = || LockError::Another { path: path.to_owned() };
        if path.symlink_metadata().is_ok_and(|there| !there.is_file()) {
            return Err(another());
        }
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(io_error)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let read = file.read_to_string(&mut holder);
                let holder = if read.is_ok() && !holder.is_empty() { holder } else { "进程未知".to_owned() };
                return Err(LockError::Held { path: path.to_owned(), holder });
            }
            Err(TryLockError::Error(source)) => return Err(io_error(source)),
        }
        let mut there = Vec::new();
        Read::by_ref(&mut file).take(LONGEST).read_to_end(&mut there).map_err(io_error)?;
        if !there.is_empty() && !there.starts_with(HOLDER.as_bytes()) {
            return Err(another());
        }
        let mut note = || -> io::Result<()> {
            file.set_len(0)?;
            file.rewind()?;
            write!(file, "{HOLDER}{}", std::process::id())
        };
        note().map_err(io_error)?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_holds_it_and_gets_it_afterwards() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.lock");
        let first = Lock::take(&path).expect("free");
        let message = Lock::take(&path).expect_err("held").to_string();
        assert!(message.contains(&std::process::id().to_string()), "{message}");
        drop(first);
        Lock::take(&path).expect("free again, though the file is still there");
    }

    #[test]
    fn a_file_of_somebody_elses_or_a_link_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, link) = (folder.path().join("x.lock"), folder.path().join("y.lock"));
        std::fs::write(&path, "土坪镇名单").expect("written");
        assert!(matches!(Lock::take(&path), Err(LockError::Another { .. })));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&path, &link).expect("linked");
            assert!(matches!(Lock::take(&link), Err(LockError::Another { .. })));
        }
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "土坪镇名单");
    }
}
