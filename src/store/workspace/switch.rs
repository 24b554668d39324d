//! The switch from the last run to this one: a run folder is whole whenever its `run.json` stands.
//!
//! Takes a folder and the finished files of a run in its work folder. A journal says what is to be moved; then `run.json` goes first, the last
//! run's other files follow, this run's take their places, and its `run.json` comes last: that rename is the switch. Before it, every
//! crash and every error is undone from the journal, in any order and as often as it takes; after it, only what was set aside is left to
//! delete. Every file is at every moment in exactly one of two places, both named in the journal. Where the month goes into a ledger, that
//! comes just before the rename and is itself the switch: once the ledger holds the month, the rename is made up for.
//!
//! What is not ours is never deleted: a file of the last run counts as ours while its bytes are those that `run.json` says (a table that the
//! version before did not list, while it is as bidui writes tables). One that was edited since, and one that stands where an output must go,
//! are moved to `手工改过/`. Everything else stays where it is. What is deleted is looked at once more just before, as whoever had it open may
//! have saved it since, and what comes takes no place over from what somebody saved there meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::ledger::LedgerError;
use crate::model::date::Month;
use crate::store::disk::{self, name_new, stands, sync_folder, temporary};
use crate::store::ledger_file::{self, LedgerFileError};
use crate::store::workspace::aside::{ASIDE, Failed, at, delete, is_still, place_aside, rename, set_aside};
use crate::store::workspace::listed::{Listed, RUN, STAGES, TIMINGS, WORK, is_inside, stays};
use crate::store::workspace::removal::{self, SIGNS};
use crate::store::workspace::work::{clear, is_table, is_timings};

pub(super) const JOURNAL: &str = ".work/journal";

/// How often a place is cleared in which somebody saves again and again.
const TRIES: usize = 5;

/// What goes where. Paths are relative to the run folder, with `/`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Journal {
    /// The folder in `.work` that the new files come from.
    work: String,
    /// The folder in `.work` that the last run's files wait in.
    old: String,
    /// What leaves its place, `run.json` first.
    take: Vec<Take>,
    /// What comes, `run.json` last.
    put: Vec<Put>,
    /// What a ledger holds once the switch is made.
    ledger: Option<LedgerEntry>,
}

/// A month as a ledger holds it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct LedgerEntry {
    /// The ledger's file.
    pub(crate) path: String,
    /// `2018-06`.
    pub(crate) period: String,
    /// Of what was found.
    pub(crate) digest: String,
}

#[derive(Debug, Deserialize, Serialize)]
struct Take {
    path: String,
    to: String,
    /// Of what is to be deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Put {
    path: String,
    sha256: String,
}

impl Journal {
    /// What publishing `made` (relative path → SHA-256) out of `.work/<work>` takes; nothing is moved yet.
    pub(super) fn plan(
        folder: &Path,
        work: &str,
        made: &BTreeMap<String, String>,
        ledger: Option<LedgerEntry>,
    ) -> Result<Self, Failed> {
        let mut old = "old".to_owned();
        while stands(&folder.join(WORK).join(&old)) {
            old.push('_');
        }
        let listed = Listed::of(folder);
        let mut take = Vec::new();
        let mut aside = BTreeSet::new();
        let look = |(path, expected)| {
            let path: String = path;
            let here = folder.join(&path);
            let kind = fs::symlink_metadata(&here).ok()?;
            let found = kind.is_file().then(|| disk::hash(&here).map(|(_, sha256)| sha256).map_err(at(&here)));
            Some(found.transpose().map(|found| (path, expected, found)))
        };
        let there: Vec<_> = last(folder, listed.as_ref(), made).into_par_iter().filter_map(look).collect::<Result<_, _>>()?;
        for (path, expected, found) in there {
            let ours = match expected {
                Expected::Run => found.is_some(),
                Expected::Table => is_table(&folder.join(&path)),
                Expected::Timings => is_timings(&folder.join(&path)),
                Expected::Nothing => false,
                Expected::Bytes(sha256) => found.as_deref() == Some(sha256),
            };
            take.push(if ours {
                Take { to: format!("{WORK}/{old}/{path}"), path, sha256: found }
            } else {
                Take { to: place_aside(folder, &path, found.as_deref(), &mut aside), path, sha256: None }
            });
        }
        take.sort_by(|a, b| (a.path != RUN, &a.path).cmp(&(b.path != RUN, &b.path)));
        let mut put: Vec<Put> = made.iter().map(|(path, sha256)| Put { path: path.clone(), sha256: sha256.clone() }).collect();
        put.sort_by(|a, b| (a.path == RUN, &a.path).cmp(&(b.path == RUN, &b.path)));
        Ok(Self { work: work.to_owned(), old, take, put, ledger })
    }

    /// The journal of a publication that did not end; one that cannot be read, or that leads out of the folder, is none.
    pub(super) fn find(folder: &Path) -> Option<Self> {
        Self::parse(&disk::read(folder.join(JOURNAL)).ok()?)
    }

    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let journal: Self = serde_json::from_slice(text).ok()?;
        let paths = journal.take.iter().flat_map(|take| [&take.path, &take.to]).chain(journal.put.iter().map(|put| &put.path));
        let inside = paths.chain([&journal.work, &journal.old]).all(|path| stays(path));
        inside.then_some(journal)
    }

    /// From here on the next start undoes what is half done.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Failed> {
        let (work, path) = (folder.join(WORK), folder.join(JOURNAL));
        let write = || -> io::Result<()> {
            let mut file = temporary(&work)?;
            file.write_all(&self.text()?)?;
            file.as_file().sync_all()?;
            name_new(file, &path)?;
            sync_folder(&work)
        };
        write().map_err(at(&path))
    }

    fn text(&self) -> io::Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(io::Error::other)
    }

    /// Deletes the journal, while it is what was written.
    fn end(&self, folder: &Path) -> Result<Option<String>, Failed> {
        let wrote = |path: &Path| self.text().is_ok_and(|text| disk::read(path).is_ok_and(|found| found == text));
        delete(folder, &folder.join(JOURNAL), wrote)
    }

    /// Moves everything but the new `run.json`; `moved` gets the names of what somebody saved meanwhile in a place that is needed.
    pub(super) fn forward(&self, folder: &Path, moved: &mut Vec<String>) -> Result<(), Failed> {
        for take in &self.take {
            rename(&folder.join(&take.path), &folder.join(&take.to))?;
            if take.path == RUN {
                sync_folder(folder).map_err(at(folder))?;
            }
        }
        for put in self.put.iter().filter(|put| put.path != RUN) {
            self.put(folder, put, moved)?;
        }
        self.sync(folder)
    }

    fn put(&self, folder: &Path, put: &Put, moved: &mut Vec<String>) -> Result<(), Failed> {
        let (made, here) = (self.made(folder, put), folder.join(&put.path));
        for _ in 0..TRIES {
            match rename(&made, &here) {
                Err(Failed { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists && stands(&here) => {
                    moved.push(set_aside(folder, &here)?);
                }
                done => return done,
            }
        }
        rename(&made, &here)
    }

    /// The switch itself; `moved` as in [`Self::forward`].
    pub(super) fn commit(&self, folder: &Path, moved: &mut Vec<String>) -> Result<(), Failed> {
        let Some(run) = self.put.last() else { return Ok(()) };
        self.put(folder, run, moved)?;
        // It is done either way; at worst a power cut undoes it, and the next start the rest.
        let _ = sync_folder(folder);
        Ok(())
    }

    /// Whether the switch was made. `run.json` of the last run is the first to be deleted after it, so that it cannot come back alone.
    pub(super) fn is_committed(&self, folder: &Path) -> Result<bool, Failed> {
        let Some(run) = self.put.last() else { return Ok(true) };
        let here = folder.join(RUN);
        if stands(&self.made(folder, run)) || !stands(&here) {
            return Ok(false);
        }
        Ok(disk::hash(&here).map_err(at(&here))?.1 == run.sha256)
    }

    /// Whether the ledger holds the month and every file but `run.json` is in its place: then what is left of the switch is to be made up
    /// for. A ledger that is not there holds nothing.
    pub(super) fn is_recorded(&self, folder: &Path) -> Result<bool, LedgerFileError> {
        let moved = |put: &Put| stands(&self.made(folder, put)) == (put.path == RUN);
        let Some(LedgerEntry { path, period, digest }) = self.ledger.as_ref().filter(|_| self.put.iter().all(moved)) else {
            return Ok(false);
        };
        let Ok(period) = period.parse::<Month>() else { return Ok(false) };
        match ledger_file::holds(Path::new(path), period, digest) {
            Err(LedgerFileError::Ledger(LedgerError::Missing { .. })) => Ok(false),
            held => held,
        }
    }

    /// Gives the last run back, its `run.json` last; `moved` as in [`Self::forward`].
    pub(super) fn back(&self, folder: &Path, moved: &mut Vec<String>) -> Result<(), Failed> {
        for put in self.put.iter().rev() {
            let (made, here) = (self.made(folder, put), folder.join(&put.path));
            let untouched = self.take.iter().any(|take| take.path == put.path && !stands(&folder.join(&take.to)));
            if untouched || stands(&made) || !stands(&here) {
                continue;
            }
            if is_still(&here, &put.sha256) {
                rename(&here, &made)?;
            } else {
                moved.push(set_aside(folder, &here)?);
            }
        }
        for take in self.take.iter().rev() {
            let (to, here) = (folder.join(&take.to), folder.join(&take.path));
            if !stands(&to) {
                continue;
            }
            if stands(&here) {
                moved.push(set_aside(folder, &here)?);
            }
            if take.path == RUN {
                self.sync(folder)?;
            }
            rename(&to, &here)?;
        }
        self.sync(folder)?;
        for empty in self.folders(folder) {
            let _ = fs::remove_dir(empty);
        }
        moved.extend(self.end(folder)?);
        Ok(())
    }

    /// Deletes what was set aside, then the work folder, then the journal. What cannot be deleted now is at the next start. What is not as it
    /// was when the switch was planned, somebody saved: it is not deleted. Gives the names of what is in `手工改过/` since.
    pub(super) fn clean(&self, folder: &Path) -> Vec<String> {
        let mut aside = self.aside();
        let work = folder.join(WORK);
        let old = work.join(&self.old);
        let ours = format!("{WORK}/{}/", self.old);
        for take in self.take.iter().filter(|take| take.to.starts_with(&ours)) {
            let unchanged = |path: &Path| take.sha256.as_ref().is_some_and(|sha256| is_still(path, sha256));
            match delete(folder, &folder.join(&take.to), unchanged) {
                Ok(moved) => aside.extend(moved),
                Err(_) => return aside,
            }
        }
        for empty in self.folders(folder) {
            let _ = fs::remove_dir(empty);
        }
        let _ = fs::remove_dir(&old);
        if stands(&old) {
            return aside;
        }
        aside.extend(clear(folder, &work.join(&self.work), &[]).unwrap_or_default());
        if removal::forget(folder).is_err() {
            return aside;
        }
        aside.extend(self.end(folder).unwrap_or_default());
        let _ = fs::remove_dir(work);
        aside
    }

    fn made(&self, folder: &Path, put: &Put) -> PathBuf {
        folder.join(WORK).join(&self.work).join(&put.path)
    }

    /// Every folder that something is moved out of or into, the deepest first.
    fn folders(&self, folder: &Path) -> Vec<PathBuf> {
        let ends = self.take.iter().flat_map(|take| [folder.join(&take.path), folder.join(&take.to)]);
        let ends = ends.chain(self.put.iter().flat_map(|put| [self.made(folder, put), folder.join(&put.path)]));
        let mut folders: BTreeSet<PathBuf> = BTreeSet::new();
        for end in ends {
            let above = end.ancestors().skip(1).take_while(|above| *above != folder);
            folders.extend(above.map(Path::to_owned));
        }
        folders.into_iter().rev().collect()
    }

    fn sync(&self, folder: &Path) -> Result<(), Failed> {
        for touched in self.folders(folder).iter().map(PathBuf::as_path).chain([folder]).filter(|touched| touched.is_dir()) {
            sync_folder(touched).map_err(at(touched))?;
        }
        Ok(())
    }
}

#[cfg(test)]
impl Journal {
    /// The first `steps` moves of the switch; whether it was made.
    pub(super) fn steps(&self, folder: &Path, steps: usize) -> bool {
        let takes = self.take.iter().map(|take| (folder.join(&take.path), folder.join(&take.to)));
        let puts = self.put.iter().map(|put| (self.made(folder, put), folder.join(&put.path)));
        for (from, to) in takes.chain(puts).take(steps) {
            rename(&from, &to).expect("moved");
        }
        steps >= self.take.len() + self.put.len()
    }
}

/// What a file must hold to be ours.
enum Expected<'a> {
    Bytes(&'a str),
    /// A `run.json` that could be read.
    Run,
    /// What bidui writes, by its form: the version before did not list it.
    Table,
    Timings,
    Nothing,
}

/// Files that leave their places: what the last run lists, what stands where something new must go, and stage files that nobody lists, as they
/// would seem to be this run's.
fn last<'a>(folder: &Path, listed: Option<&'a Listed>, made: &BTreeMap<String, String>) -> BTreeMap<String, Expected<'a>> {
    let mut last = BTreeMap::new();
    for path in made.keys() {
        last.insert(path.clone(), Expected::Nothing);
    }
    // A file where a folder must be.
    for above in ["stages", "reports"] {
        if stands(&folder.join(above)) && !folder.join(above).is_dir() {
            last.insert(above.to_owned(), Expected::Nothing);
        }
    }
    let before = listed.is_some_and(|listed| listed.stage_files.is_none());
    for name in STAGES {
        last.insert(format!("stages/{name}"), if before { Expected::Table } else { Expected::Nothing });
    }
    let Some(listed) = listed else {
        last.insert(RUN.to_owned(), Expected::Nothing);
        return last;
    };
    last.insert(RUN.to_owned(), Expected::Run);
    last.insert(TIMINGS.to_owned(), Expected::Timings);
    for (path, sha256) in listed.hashes().filter(|(path, _)| is_inside(path)) {
        last.insert(path.to_owned(), Expected::Bytes(sha256));
    }
    last
}

impl Journal {
    /// Names of what is moved to `手工改过/`.
    fn aside(&self) -> Vec<String> {
        let aside = format!("{ASIDE}/");
        self.take.iter().filter(|take| take.to.starts_with(&aside)).map(|take| take.to.clone()).collect()
    }
}

/// Moves to `手工改过/` what is called as something of ours in `.work` and is not; gives those names.
pub(super) fn clear_strangers(folder: &Path) -> Result<Vec<String>, Failed> {
    let mut moved = Vec::new();
    for name in [JOURNAL].into_iter().chain(SIGNS) {
        let path = folder.join(name);
        let is_link = fs::symlink_metadata(&path).is_ok_and(|kind| !kind.is_file());
        let text = match disk::read(&path) {
            _ if is_link => None,
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            // What may be ours must be known before anything is done.
            Err(error) => return Err(at(&path)(error)),
        };
        if !text.is_some_and(|text| if name == JOURNAL { Journal::parse(&text).is_some() } else { removal::is_ours(name, &text) })
        {
            moved.push(set_aside(folder, &path)?);
        }
    }
    Ok(moved)
}
