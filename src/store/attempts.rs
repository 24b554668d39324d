//! Which returned files are being received: beside the ledger, `<ledger>.receiving` names them until their receipt is there.
//!
//! Whoever is killed between ledger and receipt leaves it; the next one knows by it that those answers were taken and that nobody has been
//! told. What bears the name and was not written here is never touched. Read and written under the ledger's lock.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::store::disk::{self, beside};

/// Its ending.
pub(crate) const ENDING: &str = ".receiving";

/// SHA-256 of the files, with the time that the ledger has for when each was received.
#[derive(Debug)]
pub(crate) struct Attempts {
    path: PathBuf,
    times: BTreeMap<String, String>,
}

impl Attempts {
    /// Those that were cut short. What bears the name and is not ours is given as the error.
    pub(crate) fn of(ledger: &Path) -> Result<Self, PathBuf> {
        let mut path = ledger.as_os_str().to_owned();
        path.push(ENDING);
        let path = PathBuf::from(path);
        if !disk::stands(&path) {
            return Ok(Self { path, times: BTreeMap::new() });
        }
        let is_file = path.symlink_metadata().is_ok_and(|kind| kind.is_file());
        let read = || serde_json::from_slice::<BTreeMap<String, String>>(&disk::read(&path).ok()?).ok();
        let is_ours = |times: &BTreeMap<String, String>| {
            let is_hash = |name: &String| name.len() == 64 && name.bytes().all(|c| c.is_ascii_hexdigit());
            !times.is_empty() && times.keys().all(is_hash)
        };
        match Some(()).filter(|()| is_file).and_then(|()| read()).filter(is_ours) {
            Some(times) => Ok(Self { path, times }),
            None => Err(path),
        }
    }

    /// When the attempt on this file was that was cut short.
    pub(crate) fn broken(&self, sha256: &str) -> Option<String> {
        self.times.get(sha256).cloned()
    }

    /// An attempt begins on these.
    pub(crate) fn begin<'f>(&mut self, files: impl Iterator<Item = &'f str>, now: &str) -> io::Result<()> {
        for sha256 in files {
            self.times.insert(sha256.to_owned(), now.to_owned());
        }
        self.write()
    }

    /// Their receipt is there.
    pub(crate) fn end<'f>(mut self, files: impl Iterator<Item = &'f str>) -> io::Result<()> {
        for sha256 in files {
            self.times.remove(sha256);
        }
        if self.times.is_empty() { fs::remove_file(&self.path) } else { self.write() }
    }

    fn write(&self) -> io::Result<()> {
        let mut file = beside(&self.path)?;
        file.write_all(&serde_json::to_vec(&self.times).map_err(io::Error::other)?)?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        Ok(())
    }
}
