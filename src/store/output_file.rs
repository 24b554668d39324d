//! A file that the user names: `--out`, `--html`, `--xlsx`, a receipt, practice data.
//!
//! Takes the path, refuses what would harm before anything is written; bytes go into a file of another name in the same folder that only
//! its owner reads, which takes the name when it is whole and on disk. Guarantees: nothing half-written ever bears the name; what stands
//! there already is replaced only by equal bytes or with `--force`, and never through a link, never in a run folder; a ledger, a key, a
//! definition, and what the run asked about was made from ([`NewFile::sparing`]) are not replaced at all. Killed in between, it leaves a hidden
//! `.bidui-….tmp`, which the next file written in that folder takes away.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::model::system_error::plain;
use crate::store::disk::{self, beside, name_new, sync_folder};
use crate::store::finished::Finished;
use crate::store::workspace::run_folder_around;
use crate::store::{key, ours};

/// What is never replaced.
const LEDGER: &str = "是台账（或台账旁边的锁、日志），以前各月的结论和回复都在里面，加 --force 也不会覆盖";
const KEY: &str = "是密钥文件，覆盖了编号就全部改变，加 --force 也不会覆盖";
const DEFINITION: &str = "是流程或定义文件（.toml），加 --force 也不会覆盖";
const REGISTER: &str = "是那次运行读过的名册，加 --force 也不会覆盖";

/// Why a file is not written. Whatever bears the name is as it was.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    /// Something else is there.
    #[error("{} 已经有了，内容与这次要写的不同，没有动它。要换掉它请加 --force，或者换一个名字", path.display())]
    Exists {
        /// Where.
        path: PathBuf,
    },
    /// It would lie among a run's outputs.
    #[error("{} 在运行文件夹 {} 里面，那里只放那次运行的结果，没有写。请写到别的文件夹", path.display(), run.display())]
    InRunFolder {
        /// What was asked for.
        path: PathBuf,
        /// The run folder.
        run: PathBuf,
    },
    /// It is a link.
    #[error("{} 是一个链接，指向 {}，没有穿过链接去写。请直接写明要写的文件", path.display(), target.display())]
    Link {
        /// The link.
        path: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// It names no file.
    #[error("{} 是文件夹，这里要写文件名。请写成 {} 这样", path.display(), path.join("文件名").display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// It is a device, a pipe, or may not be written.
    #[error("{} {why}，没有写。请换一个文件名", path.display())]
    NotForUs {
        /// Which.
        path: PathBuf,
        /// What it is.
        why: &'static str,
    },
    /// The folder is not there.
    #[error("要写的文件 {} 所在的文件夹用不了：{}。请先建好这个文件夹，或检查路径", path.display(), plain(source))]
    NoFolder {
        /// What was asked for.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The disk said no.
    #[error("{} 写不出去：{}。请检查权限和磁盘空间，文件是否正在 Excel 或 WPS 中打开；原来的文件没有动", path.display(), plain(source))]
    Io {
        /// On what.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A file under way.
#[derive(Debug)]
pub(crate) struct NewFile {
    /// As the user wrote it.
    asked: PathBuf,
    /// With links in its folder followed.
    target: PathBuf,
    force: bool,
    file: BufWriter<NamedTempFile>,
}

impl NewFile {
    /// Checks `path` and starts a file beside it. With `force` another file of that name is replaced.
    pub(crate) fn create(path: &Path, force: bool) -> Result<Self, OutputError> {
        let target = checked(path)?;
        let file = beside(&target).map_err(|source| OutputError::Io { path: path.to_owned(), source })?;
        Ok(Self { asked: path.to_owned(), target, force, file: BufWriter::new(file) })
    }

    /// As long as what stands there is none of the files that these runs were made from.
    pub(crate) fn sparing(self, runs: &[&Path]) -> Result<Self, OutputError> {
        if self.force
            && let Ok((_, sha256)) = disk::hash(&self.target)
            && runs.iter().any(|run| Finished::open(run).is_ok_and(|run| run.is_made_from(&sha256)))
        {
            return Err(OutputError::NotForUs { path: self.asked, why: REGISTER });
        }
        Ok(self)
    }

    /// Gives the file its name; says where it stands.
    pub(crate) fn finish(self) -> Result<String, OutputError> {
        let Self { asked, target, force, file } = self;
        let fail = |source| OutputError::Io { path: asked.clone(), source };
        let file = file.into_inner().map_err(|error| fail(error.into_error()))?;
        file.as_file().sync_all().map_err(fail)?;
        // Once more: something may have come there meanwhile.
        checked(&asked)?;
        if target.exists() && disk::hash(&target).map_err(fail)? == disk::hash(file.path()).map_err(fail)? {
            return Ok(told(&asked, &target));
        }
        if force {
            file.persist(&target).map_err(|error| fail(error.error))?;
        } else {
            name_new(file, &target).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => OutputError::Exists { path: asked.clone() },
                _ => fail(error),
            })?;
        }
        // Renamed, it is there; a power cut might undo it.
        let _ = target.parent().map(sync_folder);
        Ok(told(&asked, &target))
    }

    /// Gives the file this name instead or, where another file has it, with the first number that is free; one that stands there
    /// already with equal bytes is left as the answer.
    pub(crate) fn finish_beside_others(mut self, name: &Path) -> Result<PathBuf, OutputError> {
        let wanted = self.asked.with_file_name(name);
        self.file.flush().map_err(|source| OutputError::Io { path: wanted.clone(), source })?;
        let text = |part: Option<&OsStr>| part.map(|part| part.to_string_lossy().into_owned()).unwrap_or_default();
        let (stem, ending) = (text(wanted.file_stem()), text(wanted.extension()));
        (self.target, self.asked) = (self.target.with_file_name(name), wanted.clone());
        let mut count = 1_u32;
        while self.target.exists() && !self.is_there() {
            count += 1;
            let name = format!("{stem}（{count}）.{ending}");
            self.asked = wanted.with_file_name(&name);
            self.target = self.target.with_file_name(name);
        }
        let path = self.asked.clone();
        self.finish()?;
        Ok(path)
    }

    fn is_there(&self) -> bool {
        let hash = |path: &Path| disk::hash(path).ok();
        hash(&self.target).is_some_and(|there| Some(there) == hash(self.file.get_ref().path()))
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The path with links in its folder followed, if a file may be written there.
pub(crate) fn checked(path: &Path) -> Result<PathBuf, OutputError> {
    let whole = || path.to_owned();
    let is_folder = path.to_string_lossy().ends_with(std::path::is_separator);
    let Some(name) = path.file_name().filter(|_| !is_folder) else { return Err(OutputError::Folder { path: whole() }) };
    outside_runs(path)?;
    if let Ok(there) = fs::symlink_metadata(path) {
        free(path, &there)?;
    }
    // Or where a ledger keeps its lock and its log.
    if ours::is_ledger(path) {
        return Err(OutputError::NotForUs { path: whole(), why: LEDGER });
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let no_folder = |source| OutputError::NoFolder { path: whole(), source };
    let folder = folder.canonicalize().map_err(no_folder)?;
    if !folder.is_dir() {
        return Err(no_folder(io::ErrorKind::NotADirectory.into()));
    }
    Ok(folder.join(name))
}

/// Whether a path is in no run folder.
pub(crate) fn outside_runs(path: &Path) -> Result<(), OutputError> {
    run_folder_around(path).map_or(Ok(()), |run| Err(OutputError::InRunFolder { path: path.to_owned(), run }))
}

/// Whether what stands there may be replaced at all.
fn free(path: &Path, there: &Metadata) -> Result<(), OutputError> {
    let path = path.to_owned();
    if there.is_symlink() {
        let target = fs::read_link(&path).unwrap_or_default();
        Err(OutputError::Link { path, target })
    } else if there.is_dir() {
        Err(OutputError::Folder { path })
    } else if !there.is_file() {
        Err(OutputError::NotForUs { path, why: "不是普通文件（可能是管道或设备）" })
    } else if key::is_one(&path) {
        Err(OutputError::NotForUs { path, why: KEY })
    } else if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml")) {
        Err(OutputError::NotForUs { path, why: DEFINITION })
    } else if there.permissions().readonly() {
        Err(OutputError::NotForUs { path, why: "是只读文件" })
    } else {
        Ok(())
    }
}

/// The path as asked for and, where a link led elsewhere, as it is.
fn told(asked: &Path, target: &Path) -> String {
    let asked_whole = std::path::absolute(asked).unwrap_or_else(|_| asked.to_owned());
    let plain: PathBuf = asked_whole.components().collect();
    if plain == target || asked.components().any(|part| part == std::path::Component::ParentDir) || cfg!(windows) {
        return asked.display().to_string();
    }
    format!("{}（经过链接，实际是 {}）", asked.display(), target.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, bytes: &[u8], force: bool) -> Result<String, OutputError> {
        let mut file = NewFile::create(path, force)?;
        file.write_all(bytes).expect("written");
        file.finish()
    }

    #[test]
    fn it_appears_whole_replaces_nothing_else_and_leaves_nothing_about() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("表.csv");
        let mut half = NewFile::create(&path, false).expect("starts");
        half.write_all(b"half").expect("written");
        half.flush().expect("flushed");
        assert!(!path.exists(), "not before it is whole");
        drop(half);
        write(&path, b"1", false).expect("new");
        write(&path, b"1", false).expect("the same again");
        assert!(matches!(write(&path, b"2", false), Err(OutputError::Exists { .. })));
        assert_eq!(fs::read(&path).expect("kept"), b"1");
        write(&path, b"2", true).expect("told to");
        assert_eq!(fs::read(&path).expect("replaced"), b"2");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn folders_run_folders_links_and_read_only_files_are_refused_whatever_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("run/stages")).expect("folders");
        fs::write(at("run/.bidui"), r#"{"bidui":"run folder","id":"1"}"#).expect("written");
        fs::write(at("run/stages/links.parquet"), "rows").expect("written");
        fs::write(at("file"), "text").expect("written");
        fs::write(at("fixed"), "text").expect("written");
        let mut rights = fs::metadata(at("fixed")).expect("there").permissions();
        rights.set_readonly(true);
        fs::set_permissions(at("fixed"), rights).expect("set");
        for name in ["run/stages/links.parquet", "run/new.csv"] {
            assert!(matches!(write(&at(name), b"x", true), Err(OutputError::InRunFolder { .. })), "{name}");
        }
        assert!(matches!(write(folder.path(), b"x", true), Err(OutputError::Folder { .. })));
        assert!(matches!(write(&at("new/"), b"x", true), Err(OutputError::Folder { .. })));
        assert!(matches!(write(&at("none/x.csv"), b"x", true), Err(OutputError::NoFolder { .. })));
        assert!(matches!(write(&at("file/x.csv"), b"x", true), Err(OutputError::NoFolder { .. })));
        assert!(matches!(write(&at("fixed"), b"x", true), Err(OutputError::NotForUs { .. })));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(at("file"), at("link")).expect("linked");
            assert!(matches!(write(&at("link"), b"x", true), Err(OutputError::Link { .. })));
            std::os::unix::fs::symlink(at("run"), at("to-run")).expect("linked");
            assert!(matches!(write(&at("to-run/x.csv"), b"x", true), Err(OutputError::InRunFolder { .. })));
            fs::create_dir(at("real")).expect("a folder");
            std::os::unix::fs::symlink(at("real"), at("to-real")).expect("linked");
            assert!(write(&at("to-real/x.csv"), b"x", false).expect("written").contains("real/x.csv"));
        }
        assert_eq!(fs::read(at("file")).expect("kept"), b"text");
        assert_eq!(fs::read(at("run/stages/links.parquet")).expect("kept"), b"rows");
    }

    #[test]
    fn a_ledger_a_key_a_definition_are_replaced_whatever_is_said_by_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        crate::store::new_key::make(&at("我的")).expect("a key");
        fs::write(at("a.key"), "text of sixteen and more").expect("written");
        fs::write(at("b"), "bidui practice key\n").expect("written");
        fs::write(at("c.TOML"), "name = 1").expect("written");
        crate::ledger::Ledger::create(&at("台账")).expect("a ledger");
        for name in ["我的", "a.key", "b", "c.TOML", "台账"] {
            let before = fs::read(at(name)).expect("there");
            assert!(matches!(write(&at(name), b"x", true), Err(OutputError::NotForUs { .. })), "{name}");
            assert_eq!(fs::read(at(name)).expect("kept"), before);
        }
        for name in ["台账.lock", "台账-wal"] {
            assert!(matches!(write(&at(name), b"x", true), Err(OutputError::NotForUs { .. })), "{name}");
            assert!(!at(name).exists());
        }
    }

    #[test]
    fn what_a_killed_process_left_goes_and_what_a_living_one_writes_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let mine = [".bidui-abc123.tmp", ".bidui-0123456789abcdef01234567.tmp", ".bidui-笔记123.tmp"];
        for name in mine {
            fs::write(at(name), "mine").expect("written");
        }
        let (_, killed) = crate::store::disk::temporary(folder.path()).expect("made").keep().expect("left");
        let living = NewFile::create(&at("一.csv"), false).expect("starts");
        write(&at("二.csv"), b"2", false).expect("written");
        assert!(!killed.exists());
        for name in mine {
            assert_eq!(fs::read(at(name)).expect("kept"), b"mine", "{name}");
        }
        living.finish().expect("still there");
    }

    #[test]
    fn a_receipt_replaces_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |bytes: &[u8]| {
            let mut file = NewFile::create(&folder.path().join("x"), false).expect("starts");
            file.write_all(bytes).expect("written");
            file.finish_beside_others(Path::new("回执_2018-06.xlsx")).expect("named")
        };
        let first = write(b"1");
        assert_eq!(write(b"1"), first);
        let second = write(b"2");
        assert_eq!(second.file_name().and_then(|name| name.to_str()), Some("回执_2018-06（2）.xlsx"));
        assert_eq!(write(b"2"), second);
        assert_eq!(fs::read(first).expect("kept"), b"1");
    }
}
