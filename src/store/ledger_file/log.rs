//! What another program, or bidui of before, was killed over and left beside a ledger: `-wal`, which may hold rows that are not in the ledger
//! yet, or `-journal`, which undoes what was begun.
//!
//! It names no file and may be another's: of a ledger that was moved away, or of one over which a backup was copied. So it is taken only where
//! what comes of it is the ledger gone on ([`crate::ledger::Ledger::recover`]), removed only when the ledger has it, and left otherwise. A file
//! of that name that SQLite did not write is nobody's log and never touched.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::store::disk::{self, gone, wipe, with_ending};

const WAL: &str = "-wal";
const SHM: &str = "-shm";
const JOURNAL: &str = "-journal";

/// How they start: <https://sqlite.org/fileformat.html#walformat> in either byte order, <https://sqlite.org/fileformat.html#rollbackjournal>.
const STARTS: [(&str, &[u8]); 3] = [
    (WAL, &[0x37, 0x7f, 0x06, 0x82]),
    (WAL, &[0x37, 0x7f, 0x06, 0x83]),
    (JOURNAL, &[0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7]),
];
/// How a log's index starts, in the byte order of the machine.
const INDEX: u32 = 3_007_000;

/// A log beside a ledger.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    ending: &'static str,
    /// Of its bytes, once they are copied.
    sha256: String,
}

impl Log {
    /// What lies beside a ledger, if anything.
    pub(super) fn beside(ledger: &Path) -> Option<Self> {
        let found = STARTS.iter().find(|(ending, start)| starts(&with_ending(ledger, ending)).starts_with(start));
        found.map(|(ending, _)| Self { path: with_ending(ledger, ending), ending, sha256: String::new() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where SQLite looks for it beside a copy of the ledger.
    pub(super) fn beside_file(&self, copy: &Path) -> PathBuf {
        with_ending(copy, self.ending)
    }

    /// The log with the bytes that the copy at `copied` has.
    pub(super) fn copied_to(self, copied: &Path) -> io::Result<Self> {
        Ok(Self { sha256: disk::hash(copied)?.1, ..self })
    }

    /// Whether it takes rows away rather than brings them.
    pub(super) fn undoes(&self) -> bool {
        self.ending == JOURNAL
    }

    /// Removes what the ledger has now, unless it is another one by now.
    pub(super) fn remove(&self, wiped: bool) {
        if !disk::hash(&self.path).is_ok_and(|(_, sha256)| sha256 == self.sha256) {
            return;
        }
        if wiped {
            let _ = wipe(&self.path);
        }
        let index = self.path.with_file_name(self.name().replace(WAL, SHM));
        // What cannot be removed is looked at, and told, by the next one.
        if gone(fs::remove_file(&self.path)).is_ok() && starts(&index).starts_with(&INDEX.to_ne_bytes()) {
            let _ = fs::remove_file(index);
        }
    }

    /// What to tell where it was taken.
    pub(super) fn taken(&self, ledger: &Path) -> String {
        let what = if self.undoes() {
            "已按它退回到那次写入之前"
        } else {
            "里面的内容与台账接得上，已一并算进来"
        };
        format!(
            "台账 {} 旁边有 {}，是上次写台账时程序中途停下留下的；{what}，请核对最近一个月的结果",
            ledger.display(),
            self.name()
        )
    }

    /// What to tell where it was not.
    pub(super) fn left(&self, ledger: &Path) -> String {
        format!(
            "台账 {} 旁边的 {} 与它对不上（多半是台账被移走、换成备份以前留下的，属于另一个台账），没有用它，也没有动它。\
             请把 {} 移到别处保存，免得别的程序把它并进这个台账",
            ledger.display(),
            self.name(),
            self.name()
        )
    }

    fn name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

/// The first bytes of a file; of anything else none.
fn starts(path: &Path) -> Vec<u8> {
    let mut start = Vec::new();
    if fs::symlink_metadata(path).is_ok_and(|kind| kind.is_file()) {
        let _ = disk::open(path).map(|file| file.take(8).read_to_end(&mut start));
    }
    start
}
