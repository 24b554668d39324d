//! A run folder under removal: its `run.json` is moved into `.work` first, so that nobody takes what is left for a whole run, and a journal
//! says what there was.
//!
//! The `run.json` that is no longer in its place still tells our files from others', to whoever removes what is left and to the next run's
//! publication. Both files count only while no `run.json` stands in the folder; that publication deletes them.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::store::disk::{self, create_private, gone, rename_new, stands, sync_folder, temporary};
use crate::store::workspace::is_marked;
use crate::store::workspace::listed::{MOVED, RUN, WORK, is_manifest_text};

const JOURNAL: &str = ".work/removal.json";
/// What a removal keeps to the last, in the order in which it goes.
pub(crate) const SIGNS: [&str; 2] = [MOVED, JOURNAL];

/// What a run folder held when its removal began.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Removal {
    /// The month it spoke for.
    pub(crate) period: String,
    /// The day it was written, in days since 1970.
    pub(crate) made: Option<i32>,
    /// Of its `run.json`.
    pub(crate) sha256: String,
    /// Files that were to go, relative to the folder, with their bytes.
    pub(crate) results: Vec<(String, u64)>,
}

impl Removal {
    /// The removal of a folder that was begun and did not come to its end.
    pub(crate) fn find(folder: &Path) -> Option<Self> {
        if stands(&folder.join(RUN)) {
            return None;
        }
        serde_json::from_slice(&disk::read(folder.join(JOURNAL)).ok()?).ok()
    }

    /// Switches the run off.
    pub(crate) fn begin(&self, folder: &Path) -> Result<(), (PathBuf, io::Error)> {
        let begin = || -> io::Result<()> {
            create_private(&folder.join(WORK))?;
            let mut file = temporary(&folder.join(WORK))?;
            file.write_all(&serde_json::to_vec(self).map_err(io::Error::other)?)?;
            file.as_file().sync_all()?;
            file.persist(folder.join(JOURNAL)).map_err(|error| error.error)?;
            sync_folder(&folder.join(WORK))
        };
        begin().map_err(|error| (folder.join(JOURNAL), error))?;
        let switch = || {
            if stands(&folder.join(RUN)) {
                rename_new(&folder.join(RUN), &folder.join(MOVED))?;
            }
            sync_folder(folder)
        };
        switch().map_err(|error| (folder.join(RUN), error))
    }

    /// How many of those files are gone, and their bytes.
    pub(crate) fn gone(&self, folder: &Path) -> (u64, u64) {
        let gone = self.results.iter().filter(|(name, _)| !stands(&folder.join(name)));
        gone.fold((0, 0), |(files, bytes), (_, size)| (files + 1, bytes + size))
    }
}

/// Whether a run was removed from `folder`, or its removal begun, and none made there since.
pub(crate) fn is_removed(folder: &Path) -> bool {
    !stands(&folder.join(RUN)) && SIGNS.iter().any(|sign| is_sign(folder, sign))
}

/// Whether all that a removal has left to do is to take away the marker, an empty `.work` and the lock, which whoever asks may hold.
pub(crate) fn is_at_its_end(folder: &Path) -> bool {
    let has_work = || match fs::read_dir(folder.join(WORK)) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    };
    is_marked(folder) && ![RUN, MOVED, JOURNAL].iter().any(|name| stands(&folder.join(name))) && !has_work()
}

/// Whether what stands at such a name is a removal's, by what is in it.
pub(crate) fn is_sign(folder: &Path, sign: &str) -> bool {
    disk::read(folder.join(sign)).is_ok_and(|text| is_ours(sign, &text))
}

pub(super) fn is_ours(sign: &str, text: &[u8]) -> bool {
    if sign == MOVED { is_manifest_text(text) } else { serde_json::from_slice::<Removal>(text).is_ok() }
}

/// Deletes what a removal left of itself, once another run stands there.
pub(super) fn forget(folder: &Path) -> io::Result<()> {
    SIGNS.into_iter().filter(|sign| is_sign(folder, sign)).try_for_each(|sign| gone(fs::remove_file(folder.join(sign))))
}
