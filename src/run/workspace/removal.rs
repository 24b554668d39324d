//! A run folder under removal: its `run.json` is moved into `.work` first, so that nobody takes what is left for a whole run, and a journal
//! says what there was.
//!
//! The `run.json` that is no longer in its place still tells our files from others', to whoever removes what is left and to the next run's
//! publication. Both files count only while no `run.json` stands in the folder; that publication deletes them.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::aside::{Failed, at, set_aside};
use super::is_marked;
use super::switch::{JOURNAL as SWITCH, Journal, RUN, WORK, is_manifest_text};
use crate::run::disk::{self, create_private, rename_new, stands, sync_folder, temporary};

const JOURNAL: &str = ".work/removal.json";
const MOVED: &str = ".work/removed-run.json";
const LOCK: &str = ".lock";
/// What a removal keeps to the last, in the order in which it goes.
pub(in crate::run) const SIGNS: [&str; 2] = [MOVED, JOURNAL];

/// What a run folder held when its removal began.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::run) struct Removal {
    /// The month it spoke for.
    pub(in crate::run) period: String,
    /// The day it was written, in days since 1970.
    pub(in crate::run) made: Option<i32>,
    /// Of its `run.json`.
    pub(in crate::run) sha256: String,
    /// Files that were to go, relative to the folder, with their bytes.
    pub(in crate::run) results: Vec<(String, u64)>,
}

impl Removal {
    /// The removal of a folder that was begun and did not come to its end.
    pub(in crate::run) fn find(folder: &Path) -> Option<Self> {
        if stands(&folder.join(RUN)) {
            return None;
        }
        serde_json::from_slice(&disk::read(folder.join(JOURNAL)).ok()?).ok()
    }

    /// Switches the run off.
    pub(in crate::run) fn begin(&self, folder: &Path) -> Result<(), (PathBuf, io::Error)> {
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
    pub(in crate::run) fn gone(&self, folder: &Path) -> (u64, u64) {
        let gone = self.results.iter().filter(|(name, _)| !stands(&folder.join(name)));
        gone.fold((0, 0), |(files, bytes), (_, size)| (files + 1, bytes + size))
    }
}

/// The `run.json` of a folder, wherever it stands.
pub(super) fn manifest(folder: &Path) -> Option<Vec<u8>> {
    let here = folder.join(RUN);
    disk::read(if stands(&here) { here } else { folder.join(MOVED) }).ok()
}

/// Whether a run was removed from `folder`, or its removal begun, and none made there since.
pub(in crate::run) fn is_removed(folder: &Path) -> bool {
    !stands(&folder.join(RUN)) && SIGNS.iter().any(|sign| is_sign(folder, sign))
}

/// Whether all that a removal has left to do is to take the marker away.
pub(in crate::run) fn is_at_its_end(folder: &Path) -> bool {
    is_marked(folder) && ![RUN, LOCK, MOVED, JOURNAL].iter().any(|name| stands(&folder.join(name)))
}

/// Whether what stands at such a name is a removal's, by what is in it.
pub(in crate::run) fn is_sign(folder: &Path, sign: &str) -> bool {
    is_ours(sign, disk::read(folder.join(sign)).ok().as_deref())
}

fn is_ours(name: &str, text: Option<&[u8]>) -> bool {
    text.is_some_and(|text| match name {
        MOVED => is_manifest_text(text),
        JOURNAL => serde_json::from_slice::<Removal>(text).is_ok(),
        _ => Journal::parse(text).is_some(),
    })
}

/// Moves to `手工改过/` what is called as something of ours in `.work` and is not; gives those names.
pub(super) fn clear_strangers(folder: &Path) -> Result<Vec<String>, Failed> {
    let mut moved = Vec::new();
    for name in [SWITCH, MOVED, JOURNAL] {
        let path = folder.join(name);
        let is_link = fs::symlink_metadata(&path).is_ok_and(|kind| !kind.is_file());
        let text = match disk::read(&path) {
            _ if is_link => None,
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            // What may be ours must be known before anything is done.
            Err(error) => return Err(at(&path)(error)),
        };
        if !is_ours(name, text.as_deref()) {
            moved.push(set_aside(folder, &path)?);
        }
    }
    Ok(moved)
}

/// Deletes what a removal left of itself, once another run stands there.
pub(super) fn forget(folder: &Path) {
    for sign in SIGNS.into_iter().filter(|sign| is_sign(folder, sign)) {
        let _ = fs::remove_file(folder.join(sign));
    }
}
