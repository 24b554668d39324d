//! Which returned files are being received: beside the ledger, `<ledger>.receiving` names them until their receipt is there.
//!
//! Whoever is killed between ledger and receipt leaves it; the next one knows by it that those answers were taken and that nobody has been
//! told. Read and written under the ledger's lock.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::output_file::beside;

/// Its ending.
pub(super) const ENDING: &str = ".receiving";

/// SHA-256 of the files, with the time that the ledger has for when each was received.
#[derive(Debug)]
pub(super) struct Attempts {
    path: PathBuf,
    times: BTreeMap<String, String>,
}

impl Attempts {
    /// Those that were cut short.
    pub(super) fn of(ledger: &Path) -> Self {
        let mut path = ledger.as_os_str().to_owned();
        path.push(ENDING);
        let path = PathBuf::from(path);
        let times = fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        Self { path, times }
    }

    /// When the attempt on this file was that was cut short.
    pub(super) fn broken(&self, sha256: &str) -> Option<String> {
        self.times.get(sha256).cloned()
    }

    /// An attempt begins on these.
    pub(super) fn begin<'f>(&mut self, files: impl Iterator<Item = &'f str>, now: &str) -> io::Result<()> {
        for sha256 in files {
            self.times.insert(sha256.to_owned(), now.to_owned());
        }
        self.write()
    }

    /// Their receipt is there.
    pub(super) fn end<'f>(mut self, files: impl Iterator<Item = &'f str>) -> io::Result<()> {
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
