//! Which files a run reads: `--input` arguments → files with stable names, sizes and hashes.
//!
//! Folders are walked whole; what an office PC leaves about (`~$…` of an open workbook, dot files, `Thumbs.db`) is no input. What bidui
//! itself wrote and somebody left among the registers (run folders, the ledger, printed lists, receipts) is none either. Both are told.
//! Names are relative to their argument, with `/`, and sorted, so that nothing later depends on the order of arguments. What is named itself
//! must be readable; of what lies in a folder, the files that are not are given with why, and the others are read.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::model::date::Month;
use crate::model::system_error::plain;
use crate::store::disk::{self, NO_FILE};
use crate::store::ours;
use crate::store::workspace::{self, LITTER, MARKER};

/// A file to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InputFile {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Relative to its argument, with `/`.
    pub(crate) name: String,
    /// Size.
    pub(crate) bytes: u64,
    /// Of its bytes, lower-case hexadecimal.
    pub(crate) sha256: String,
    /// Why it cannot be read; then it has no size and no hash.
    pub(crate) unreadable: Option<String>,
}

/// Why the inputs cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// An argument or a file below it cannot be read.
    #[error("读不到 {}：{}。请检查路径和权限", path.display(), plain(source))]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Two arguments give files of the same name; outputs could not tell them apart.
    #[error("{} 与 {} 在结果里同名（{name}）。请把它们放进同一个文件夹，只指定那个文件夹", first.display(), second.display())]
    SameName {
        /// The common name.
        name: String,
        /// One file.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// Nothing to read.
    #[error("指定的路径里没有任何文件。请检查路径，空文件夹和以 . 或 ~$ 开头的文件不算")]
    Empty,
    /// Nothing but what bidui itself wrote.
    #[error("指定的路径里没有可读的文件：\n{}\n请把各部门报来的表放进一个文件夹，--input 指定那个文件夹", .0.join("\n"))]
    OnlyOurs(Vec<String>),
}

/// What an office PC leaves about among the files, by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Litter {
    /// `~$…`: a workbook was open, or the copy was made while it was.
    locks: usize,
    /// Names that begin with a dot.
    dots: usize,
    /// `Thumbs.db`, `desktop.ini`.
    system: usize,
    /// Names among them that are as big as a list and called like one.
    tables: Vec<String>,
}

impl Litter {
    /// A lock file has 165 bytes, a folder's notes a few hundred.
    const SMALLEST_TABLE: u64 = 4096;

    /// Whether a file is litter; it is counted.
    fn takes(&mut self, name: &str, path: &Path) -> bool {
        let lower = name.to_lowercase();
        let count = match () {
            () if name.starts_with("~$") => &mut self.locks,
            // What bidui keeps in its own folders.
            () if [".lock", ".work", MARKER].contains(&name) => return true,
            () if name.starts_with('.') => &mut self.dots,
            () if LITTER.contains(&lower.as_str()) => &mut self.system,
            () => return false,
        };
        *count += 1;
        let ends = [".xlsx", ".xls", ".xlsm", ".xlsb", ".et", ".ods", ".csv", ".txt"];
        let is_large = || fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() >= Self::SMALLEST_TABLE);
        if ends.iter().any(|end| lower.ends_with(end)) && is_large() {
            self.tables.push(name.to_owned());
        }
        true
    }

    /// One line of what was left out, where anything was.
    fn told(&self) -> Option<String> {
        let kinds = [
            (self.locks, "表格打开时留下的 ~$ 文件"),
            (self.dots, "名字以 . 开头的文件"),
            (self.system, "系统文件（Thumbs.db、desktop.ini）"),
        ];
        let all: usize = kinds.iter().map(|(count, _)| count).sum();
        if all == 0 {
            return None;
        }
        let named = kinds.iter().filter(|(count, _)| *count > 0).map(|(count, kind)| format!("{kind} {count} 个"));
        let mut told = format!("没有读 {all} 个不是报表的文件：{}", named.collect::<Vec<_>>().join("，"));
        if !self.tables.is_empty() {
            let mut tables = self.tables.clone();
            tables.sort_unstable();
            told.push_str("；其中 ");
            told.push_str(&tables.join("、"));
            told.push_str(" 大小像是真的报表，是的话请改名后重新报送");
        }
        Some(told)
    }
}

/// What inputs are to be, and with it what of ours is left out when a folder is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sought {
    /// Registers as offices send them: nothing that we wrote.
    Registers,
    /// Tables of any kind; our lists may be among them, but not whole run folders.
    Tables,
    /// Lists that come back: filled in where they were printed, perhaps.
    Returned,
}

/// Files to read, and what was left out.
#[derive(Debug)]
pub(crate) struct Listing {
    /// By name.
    pub(crate) files: Vec<InputFile>,
    /// What is no input, a line each.
    pub(crate) told: Vec<String>,
}

/// Lists all files of `arguments`, leaving out what is ours and the run folder `out` should they lie in a folder of them; what an argument
/// itself names is taken at its word.
pub(crate) fn gather(arguments: &[PathBuf], out: Option<&Path>, sought: Sought) -> Result<Listing, InputError> {
    let out = out.and_then(|out| out.canonicalize().ok());
    let mut walk =
        Walk { out, sought, found: BTreeMap::new(), lost: BTreeMap::new(), left_out: BTreeMap::new(), litter: Litter::default() };
    for argument in arguments {
        let kind = fs::metadata(argument).map_err(|source| InputError::Unreadable { path: argument.clone(), source })?;
        if kind.is_dir() {
            fs::read_dir(argument).map_err(|source| InputError::Unreadable { path: argument.clone(), source })?;
            walk.folder(argument, "")?;
        } else {
            if !kind.is_file() {
                let source = io::Error::new(io::ErrorKind::InvalidInput, NO_FILE);
                return Err(InputError::Unreadable { path: argument.clone(), source });
            }
            let name = argument.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            insert(name, argument.clone(), &mut walk.found)?;
        }
    }
    let told = walk.told();
    if walk.found.is_empty() && walk.lost.is_empty() {
        return Err(if walk.left_out.is_empty() { InputError::Empty } else { InputError::OnlyOurs(told) });
    }
    let mut files: Vec<InputFile> = walk.found.into_par_iter().map(|(name, path)| describe(name, path)).collect();
    files.extend(walk.lost.into_iter().map(|(name, (path, why))| InputFile::lost(name, path, why)));
    files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(Listing { files, told })
}

/// Why something is no input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ours {
    Out,
    RunFolder,
    Ledger,
    Printed,
}

impl Ours {
    fn plain(self) -> &'static str {
        match self {
            Self::Out => "是这次的 --out 文件夹",
            Self::RunFolder => "是 bidui 的运行文件夹（以前的结果），不是名册",
            Self::Ledger => "是比对台账，不是名册",
            Self::Printed => "是 bidui 打印的清单、汇总或回执，不是名册",
        }
    }
}

struct Walk {
    out: Option<PathBuf>,
    sought: Sought,
    found: BTreeMap<String, PathBuf>,
    /// What cannot be read, and why.
    lost: BTreeMap<String, (PathBuf, String)>,
    left_out: BTreeMap<Ours, Vec<String>>,
    litter: Litter,
}

impl Walk {
    fn folder(&mut self, folder: &Path, prefix: &str) -> Result<(), InputError> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => {
                let (name, why) = (prefix.trim_end_matches('/').to_owned(), format!("文件夹打不开，{}", plain(&error)));
                self.lost.insert(name, (folder.to_owned(), why));
                return Ok(());
            }
        };
        for entry in entries {
            // What a folder lists can be named; if not, nothing says that the rest of the list is all.
            let entry = entry.map_err(|source| InputError::Unreadable { path: folder.to_owned(), source })?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if self.litter.takes(&name, &entry.path()) {
                continue;
            }
            let (path, name) = (entry.path(), format!("{prefix}{name}"));
            // A linked folder could lead in circles; a linked file is fine.
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let why = match fs::metadata(&path) {
                Ok(kind) if kind.is_file() || is_folder => None,
                Ok(kind) if kind.is_dir() => Some("是指向文件夹的链接，没有进去读".to_owned()),
                Ok(_) => Some(NO_FILE.to_owned()),
                Err(error) => Some(plain(&error)),
            };
            if let Some(why) = why {
                self.lost.insert(name, (path, why));
                continue;
            }
            if let Some(ours) = self.ours(&path, is_folder) {
                self.left_out.entry(ours).or_default().push(name);
            } else if is_folder {
                self.folder(&path, &format!("{name}/"))?;
            } else {
                insert(name, path, &mut self.found)?;
            }
        }
        Ok(())
    }

    fn ours(&self, path: &Path, is_folder: bool) -> Option<Ours> {
        if is_folder {
            let is_out = self.out.is_some() && path.canonicalize().ok() == self.out;
            let is_run = || self.sought != Sought::Returned && workspace::is_ours(path);
            return if is_out { Some(Ours::Out) } else { is_run().then_some(Ours::RunFolder) };
        }
        if ours::is_ledger(path) {
            return Some(Ours::Ledger);
        }
        (self.sought == Sought::Registers && ours::is_printed(path)).then_some(Ours::Printed)
    }

    /// One line for each reason.
    fn told(&mut self) -> Vec<String> {
        const SHOWN: usize = 5;
        let line = |(ours, names): (&Ours, &mut Vec<String>)| {
            names.sort();
            let more = if names.len() > SHOWN { format!(" 等 {} 个", names.len()) } else { String::new() };
            format!("没有读 {}{more}：{}", names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("、"), ours.plain())
        };
        self.left_out.iter_mut().map(line).chain(self.litter.told()).collect()
    }
}

fn insert(name: String, path: PathBuf, found: &mut BTreeMap<String, PathBuf>) -> Result<(), InputError> {
    match found.get(&name) {
        Some(first) if first.canonicalize().ok() != path.canonicalize().ok() => {
            Err(InputError::SameName { name, first: first.clone(), second: path })
        }
        _ => {
            found.insert(name, path);
            Ok(())
        }
    }
}

fn describe(name: String, path: PathBuf) -> InputFile {
    match disk::hash(&path) {
        Ok((bytes, sha256)) => InputFile { path, name, bytes, sha256, unreadable: None },
        Err(error) => InputFile::lost(name, path, plain(&error)),
    }
}

impl InputFile {
    fn lost(name: String, path: PathBuf, why: String) -> Self {
        Self { path, name, bytes: 0, sha256: String::new(), unreadable: Some(why) }
    }
}

/// The period that the arguments' last path components name (`2018-06`, `201806`, `2018年6月`); `None` when none or several do.
#[must_use]
pub(crate) fn period_of(arguments: &[PathBuf]) -> Option<Month> {
    let mut months = arguments.iter().filter_map(|path| {
        let path = path.canonicalize().unwrap_or_else(|_| path.clone());
        month_in(&path.file_name()?.to_string_lossy())
    });
    let first = months.next()?;
    months.all(|month| month == first).then_some(first)
}

fn month_in(name: &str) -> Option<Month> {
    let numbers: Vec<&str> = name.split(|character: char| !character.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let (year, month) = match numbers.as_slice() {
        [year, month, ..] if year.len() == 4 => (year.parse().ok()?, month.parse().ok()?),
        [both] if both.len() == 6 => (both.get(..4)?.parse().ok()?, both.get(4..)?.parse().ok()?),
        _ => return None,
    };
    Month::new(year, month).filter(|_| (1990..2100).contains(&year))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_walked_and_litter_is_left() {
        let folder = tempfile::tempdir().expect("a folder");
        let inside = |name: &str| folder.path().join(name);
        fs::create_dir_all(inside("乡镇/土坪镇")).expect("folders");
        fs::create_dir_all(inside("output")).expect("folders");
        for name in ["b.csv", "乡镇/土坪镇/a.xlsx", "~$b.xlsx", ".hidden", "Thumbs.db", "output/run.json"] {
            fs::write(inside(name), name).expect("a file");
        }
        fs::write(inside("乡镇/~$名册.xlsx"), [0; 8192]).expect("a file");
        let Listing { files, told } =
            gather(&[folder.path().to_owned()], Some(&inside("output")), Sought::Registers).expect("files");
        assert_eq!(
            told,
            [
                "没有读 output：是这次的 --out 文件夹",
                "没有读 4 个不是报表的文件：表格打开时留下的 ~$ 文件 2 个，名字以 . 开头的文件 1 个，系统文件（Thumbs.db、desktop.ini） 1 个；\
              其中 ~$名册.xlsx 大小像是真的报表，是的话请改名后重新报送"
            ]
        );
        assert_eq!(files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["b.csv", "乡镇/土坪镇/a.xlsx"]);
        assert_eq!(files[0].bytes, 5);
    }

    #[test]
    fn what_we_wrote_is_no_register_but_may_come_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let inside = |name: &str| folder.path().join(name);
        fs::create_dir_all(inside("上月结果/reports")).expect("folders");
        let mut ledger = vec![0; 100];
        ledger[..16].copy_from_slice(b"SQLite format 3\0");
        ledger[68..72].copy_from_slice(b"bidu");
        let run = br#"{"tool":"bidui 0.1.0"}"#;
        for (name, bytes) in [
            ("上月结果/run.json", run.as_slice()),
            ("上月结果/.lock", b""),
            ("上月结果/reports/土坪镇.csv", b"a"),
            ("台账.db", &ledger),
            ("台账.db-wal", b"x"),
            ("台账.db.lock", b""),
            ("清理回执_2018-06-30.csv", ours::PURGE_RECEIPT.as_bytes()),
            ("低保.csv", b"a"),
        ] {
            fs::write(inside(name), bytes).expect("a file");
        }
        let names = |sought| {
            let Listing { files, told } = gather(&[folder.path().to_owned()], None, sought).expect("files");
            (files.into_iter().map(|file| file.name).collect::<Vec<_>>().join(" "), told.len())
        };
        assert_eq!(names(Sought::Registers), ("低保.csv".to_owned(), 3));
        assert_eq!(names(Sought::Tables), ("低保.csv 清理回执_2018-06-30.csv".to_owned(), 2));
        let returned = "上月结果/reports/土坪镇.csv 上月结果/run.json 低保.csv 清理回执_2018-06-30.csv";
        assert_eq!(names(Sought::Returned), (returned.to_owned(), 1));
        fs::remove_file(inside("低保.csv")).expect("removed");
        let error = gather(&[folder.path().to_owned()], None, Sought::Registers).expect_err("nothing left").to_string();
        assert!(error.contains("上月结果：是 bidui 的运行文件夹") && error.contains("台账.db"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn what_cannot_be_read_in_a_folder_is_told_and_the_rest_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let inside = |name: &str| folder.path().join(name);
        fs::write(inside("a.csv"), "a").expect("a file");
        fs::create_dir(inside("b")).expect("a folder");
        std::os::unix::fs::symlink(inside("gone"), inside("c.csv")).expect("a link");
        std::os::unix::fs::symlink(inside("b"), inside("d")).expect("a link");
        let _listener = std::os::unix::net::UnixListener::bind(inside("e.xlsx")).expect("a socket");
        let large = fs::File::create(inside("f.xlsx")).expect("a file");
        large.set_len(disk::LARGEST_FILE + 1).expect("holes");
        let files = gather(&[folder.path().to_owned()], None, Sought::Registers).expect("files").files;
        let told: Vec<(&str, &str)> =
            files.iter().map(|file| (file.name.as_str(), file.unreadable.as_deref().unwrap_or(""))).collect();
        assert_eq!(told.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["a.csv", "c.csv", "d", "e.xlsx", "f.xlsx"]);
        assert_eq!(told[0].1, "");
        for (at, words) in [(1, "没有这个文件"), (2, "链接"), (3, "不是普通文件"), (4, "上限")] {
            assert!(told[at].1.contains(words), "{:?}", told[at]);
        }
        for name in ["e.xlsx", "gone"] {
            assert!(matches!(gather(&[inside(name)], None, Sought::Registers), Err(InputError::Unreadable { .. })), "{name}");
        }
    }

    #[test]
    fn equal_names_from_two_arguments_are_refused_but_the_same_file_twice_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        for town in ["a", "b"] {
            fs::create_dir(folder.path().join(town)).expect("a folder");
            fs::write(folder.path().join(town).join("x.csv"), town).expect("a file");
        }
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        assert!(matches!(gather(&[a.clone(), b], None, Sought::Registers), Err(InputError::SameName { .. })));
        assert_eq!(gather(&[a.clone(), a.join("x.csv")], None, Sought::Registers).expect("files").files.len(), 1);
    }

    #[test]
    fn the_period_is_read_from_the_folder() {
        let month = |name: &str| month_in(name).map(|month| month.to_string());
        assert_eq!(month("2018-06").as_deref(), Some("2018-06"));
        assert_eq!(month("201806").as_deref(), Some("2018-06"));
        assert_eq!(month("2018年6月导出").as_deref(), Some("2018-06"));
        assert_eq!(month("导出"), None);
        assert_eq!(month("1234-56"), None);
    }
}
