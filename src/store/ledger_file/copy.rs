//! The copy of a ledger that is worked on, and how it takes the ledger's place.
//!
//! Takes a ledger whose lock is held, or the name of one that is to be; gives a copy in the hidden folder `.<ledger>.new` beside it. The ledger
//! itself is not touched, and nothing is made beside it, until [`Copy::publish`] renames the copy over it: killed at any point, the old one or
//! the new one stands there whole. What of the folder a kill leaves, the next one removes. Cost: the ledger is read and written once.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use crate::ledger::Ledger;
use crate::store::disk::{self, create_private, gone, overwrite, stands, sync_above, sync_file, wipe, with_ending};
use crate::store::ledger_file::LedgerFileError;
use crate::store::ledger_file::log::Log;
use crate::store::ours;

/// The copy itself, in its folder.
const COPY: &str = "bidui-ledger";
/// A second copy, into which a log is brought.
const BOTH: &str = "bidui-ledger-both";
/// What the ledger was, until nothing of it can be read any more.
const OLD: &str = "bidui-ledger-old";
/// What SQLite may make beside a copy.
const ENDINGS: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// How long another program's hold is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// A copy under way; its folder goes when it is dropped.
#[derive(Debug)]
pub(super) struct Copy {
    /// The ledger.
    path: PathBuf,
    folder: PathBuf,
    /// The copy, empty where there is no ledger yet.
    pub(super) file: PathBuf,
    /// What the ledger was when it was copied.
    stamp: Option<Stamp>,
    /// What lay beside it and is in the copy.
    log: Option<Log>,
    /// What is to be told of that.
    pub(super) told: Option<String>,
}

impl Copy {
    /// Copies the ledger at `path`; of none, an empty file.
    pub(super) fn of(path: &Path) -> Result<Self, LedgerFileError> {
        let io_error = |source| LedgerFileError::Io { doing: "复制", path: path.to_owned(), source };
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let folder = path.with_file_name(format!(".{name}.new"));
        // Who has it is told before anything is made.
        let held = if stands(path) { Some(hold(path)?) } else { None };
        remove(&folder)?;
        create_private(&folder).map_err(io_error)?;
        let file = folder.join(COPY);
        let mut copy = Self { path: path.to_owned(), folder, file, stamp: None, log: None, told: None };
        let mut into = private_file(&copy.file).map_err(io_error)?;
        if let Some(mut held) = held {
            let stamp = Stamp::of(&held).map_err(io_error)?;
            io::copy(&mut held, &mut into).map_err(io_error)?;
            copy.stamp = Some(stamp);
            copy.take_log()?;
        }
        Ok(copy)
    }

    /// Whether a log was taken in.
    pub(super) fn has_log(&self) -> bool {
        self.log.is_some()
    }

    /// Brings into the copy what lies beside the ledger, if it is the ledger gone on.
    fn take_log(&mut self) -> Result<(), LedgerFileError> {
        let io_error = |source| LedgerFileError::Io { doing: "复制", path: self.path.clone(), source };
        let Some(log) = Log::beside(&self.path) else { return Ok(()) };
        let both = self.folder.join(BOTH);
        let beside = log.beside_file(&both);
        duplicate(&self.file, &both).and_then(|()| duplicate(log.path(), &beside)).map_err(io_error)?;
        let log = log.copied_to(&beside).map_err(io_error)?;
        // What was begun is undone only where it left pages that do not fit together.
        let is_whole = Ledger::is_whole(&self.file);
        let fits = !(log.undoes() && is_whole) && Ledger::recover(&both, &self.file, &self.path)?;
        if fits {
            fs::rename(&both, &self.file).map_err(io_error)?;
            self.told = Some(log.taken(&self.path));
            self.log = Some(log);
        } else {
            // Where the ledger is not whole without it, whoever opens the copy says so.
            self.told = is_whole.then(|| log.left(&self.path));
        }
        for ending in ENDINGS {
            gone(fs::remove_file(with_ending(&both, ending))).map_err(io_error)?;
        }
        Ok(())
    }

    /// Puts the copy in the ledger's place. With `wipe` nothing of what the ledger was can be read from the disk afterwards.
    pub(super) fn publish(self, wipe: bool) -> Result<(), LedgerFileError> {
        let io_error = |source| LedgerFileError::Io { doing: "写入", path: self.path.clone(), source };
        let changed = || LedgerFileError::Changed { path: self.path.clone() };
        Ledger::read(&self.file, &self.path)?.check(&self.path)?;
        sync_file(&self.file).map_err(io_error)?;
        let held = match &self.stamp {
            None if stands(&self.path) => return Err(changed()),
            None => None,
            Some(_) if !stands(&self.path) => return Err(changed()),
            Some(stamp) => {
                let held = hold(&self.path)?;
                if Stamp::of(&held).map_err(io_error)? != *stamp {
                    return Err(changed());
                }
                same_owner(&held, &self.file);
                Some(held)
            }
        };
        // Of a file with another name too, the other one is somebody's copy.
        let old = held.as_ref().filter(|held| wipe && !has_other_names(held));
        // Under a name it is found and wiped even after a kill; some disks give none.
        let is_named = cfg!(unix) && old.is_some() && fs::hard_link(&self.path, self.folder.join(OLD)).is_ok();
        fs::rename(&self.file, &self.path).map_err(io_error)?;
        // Renamed, it is there; a power cut might undo it, and the next one clears up.
        let _ = sync_above(&self.path);
        if let Some(old) = old.filter(|_| !is_named) {
            overwrite(old).map_err(io_error)?;
        }
        drop(held);
        if let Some(log) = &self.log {
            log.remove(wipe);
        }
        if is_named {
            let old = self.folder.join(OLD);
            // What failed once may do now.
            let not_wiped = |source| LedgerFileError::NotWiped { path: self.path.clone(), old: old.clone(), source };
            wipe_old(&old).or_else(|_| wipe_old(&old)).map_err(not_wiped)?;
        }
        Ok(())
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // What failed once may do now; what cannot be removed is before the next one begins.
        let _ = remove(&self.folder).or_else(|_| remove(&self.folder));
    }
}

/// What tells that a file is another one than it was.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    number: u64,
}

impl Stamp {
    fn of(file: &File) -> io::Result<Self> {
        let kind = file.metadata()?;
        #[cfg(unix)]
        let number = std::os::unix::fs::MetadataExt::ino(&kind);
        #[cfg(not(unix))]
        let number = 0;
        Ok(Self { length: kind.len(), modified: kind.modified().ok(), number })
    }
}

/// Opens the ledger and keeps other programs out of it, as SQLite does, until what is given is dropped; makes nothing beside it.
fn hold(path: &Path) -> Result<File, LedgerFileError> {
    let file = File::options().read(true).write(true).open(path).map_err(|source| match source.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            LedgerFileError::ReadOnly { path: path.to_owned() }
        }
        _ => LedgerFileError::Io { doing: "打开", path: path.to_owned(), source },
    })?;
    let start = Instant::now();
    while !is_free(&file) {
        if start.elapsed() > PATIENCE {
            return Err(LedgerFileError::Busy { path: path.to_owned() });
        }
        sleep(Duration::from_millis(50));
    }
    Ok(file)
}

/// Takes the locks that SQLite takes before it writes, all of them. A disk without locks has nobody who takes them.
#[cfg(unix)]
fn is_free(file: &File) -> bool {
    use rustix::io::Errno;
    let taken = rustix::fs::fcntl_lock(file, rustix::fs::FlockOperation::NonBlockingLockExclusive);
    !matches!(taken, Err(Errno::AGAIN | Errno::ACCESS))
}

/// See above; there they are locks of the whole file.
#[cfg(not(unix))]
fn is_free(file: &File) -> bool {
    !matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock))
}

/// Whether a file is known by another name too.
#[cfg(unix)]
fn has_other_names(file: &File) -> bool {
    !file.metadata().is_ok_and(|kind| std::os::unix::fs::MetadataExt::nlink(&kind) == 1)
}

/// See above; there nobody says.
#[cfg(not(unix))]
fn has_other_names(_: &File) -> bool {
    false
}

/// Whoever could read the ledger can read the new one: the superuser may have worked on somebody's.
fn same_owner(of: &File, file: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if let (Ok(was), Ok(is)) = (of.metadata(), fs::metadata(file))
            && (was.uid(), was.gid()) != (is.uid(), is.gid())
        {
            let _ = std::os::unix::fs::chown(file, Some(was.uid()), Some(was.gid()));
        }
    }
    #[cfg(not(unix))]
    let _ = (of, file);
}

/// An empty file that only its owner can read.
fn private_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn duplicate(from: &Path, to: &Path) -> io::Result<()> {
    io::copy(&mut disk::open(from)?, &mut private_file(to)?).map(|_| ())
}

/// Removes the folder of a copy, and nothing that is not ours.
fn remove(folder: &Path) -> Result<(), LedgerFileError> {
    let io_error = |source| LedgerFileError::Io { doing: "清理旧的副本", path: folder.to_owned(), source };
    let beside = || LedgerFileError::Beside { path: folder.to_owned() };
    let Ok(kind) = fs::symlink_metadata(folder) else { return Ok(()) };
    // The version before began a ledger in a file of that name.
    if kind.is_file() && (kind.len() == 0 || ours::is_ledger(folder)) {
        return fs::remove_file(folder).map_err(io_error);
    }
    if !kind.is_dir() {
        return Err(beside());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(io_error)? {
        let entry = entry.map_err(io_error)?;
        let name = entry.file_name();
        let ours = [COPY, BOTH, OLD].iter().any(|ours| ENDINGS.iter().any(|ending| name == format!("{ours}{ending}").as_str()));
        if !ours || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            return Err(beside());
        }
        files.push(entry.path());
    }
    for file in files {
        if file.file_name().is_some_and(|name| name == OLD) {
            wipe_old(&file).map_err(io_error)?;
        } else {
            gone(fs::remove_file(&file)).map_err(io_error)?;
        }
    }
    fs::remove_dir(folder).map_err(io_error)
}

/// Removes what a ledger was before a purge: nothing of it may stay on the disk. Before the rename it is another name of the ledger itself.
fn wipe_old(old: &Path) -> io::Result<()> {
    if cfg!(unix) && disk::open(old).is_ok_and(|file| !has_other_names(&file)) {
        wipe(old)?;
    }
    gone(fs::remove_file(old))
}
