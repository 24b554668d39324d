//! Which files a run reads: `--input` arguments → files with stable names, sizes and hashes.
//!
//! Folders are walked whole; what an office PC leaves about (`~$…` of an open workbook, dot files, `Thumbs.db`) is no input, and told.
//! Names are relative to their argument, with `/`, and sorted, so that nothing later depends on the order of arguments.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::model::date::Month;
use crate::model::ids::hexadecimal;

/// A file to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InputFile {
    /// Where it is.
    pub(super) path: PathBuf,
    /// Relative to its argument, with `/`.
    pub(super) name: String,
    /// Size.
    pub(super) bytes: u64,
    /// Of its bytes, lower-case hexadecimal.
    pub(super) sha256: String,
}

/// Why the inputs cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// An argument or a file below it cannot be read.
    #[error("读不到 {}：{source}。请检查路径和权限", path.display())]
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
}

/// What an office PC leaves about among the files, by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Litter {
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
            () if name.starts_with('.') => &mut self.dots,
            () if ["thumbs.db", "desktop.ini"].contains(&lower.as_str()) => &mut self.system,
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
    pub(super) fn told(&self) -> Option<String> {
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
        let mut told = format!("  没有读 {all} 个不是报表的文件：{}", named.collect::<Vec<_>>().join("，"));
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

/// Lists all files of `arguments`, leaving out the run folder `out` should it lie among them; `tell` gets a line about what else was left out.
pub(super) fn gather(arguments: &[PathBuf], out: Option<&Path>, tell: &dyn Fn(&str)) -> Result<Vec<InputFile>, InputError> {
    let out = out.and_then(|out| out.canonicalize().ok());
    let mut found = BTreeMap::new();
    let mut litter = Litter::default();
    for argument in arguments {
        let kind = fs::metadata(argument).map_err(|source| InputError::Unreadable { path: argument.clone(), source })?;
        if kind.is_dir() {
            walk(argument, "", out.as_deref(), &mut found, &mut litter)?;
        } else {
            let name = argument.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            insert(name, argument.clone(), &mut found)?;
        }
    }
    if found.is_empty() {
        return Err(InputError::Empty);
    }
    if let Some(told) = litter.told() {
        tell(&told);
    }
    found.into_par_iter().map(|(name, path)| describe(name, path)).collect()
}

fn walk(
    folder: &Path,
    prefix: &str,
    out: Option<&Path>,
    found: &mut BTreeMap<String, PathBuf>,
    litter: &mut Litter,
) -> Result<(), InputError> {
    let unreadable = |source| InputError::Unreadable { path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if litter.takes(&name, &entry.path()) {
            continue;
        }
        let (path, name) = (entry.path(), format!("{prefix}{name}"));
        // A linked folder could lead in circles; a linked file is fine.
        if entry.file_type().map_err(unreadable)?.is_dir() {
            if out.is_none_or(|out| path.canonicalize().map_or(true, |path| path != out)) {
                walk(&path, &format!("{name}/"), out, found, litter)?;
            }
        } else if path.is_file() {
            insert(name, path, found)?;
        }
    }
    Ok(())
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

fn describe(name: String, path: PathBuf) -> Result<InputFile, InputError> {
    match hash(&path) {
        Ok((bytes, sha256)) => Ok(InputFile { path, name, bytes, sha256 }),
        Err(source) => Err(InputError::Unreadable { path, source }),
    }
}

/// Size and SHA-256 of a file.
pub(super) fn hash(path: &Path) -> io::Result<(u64, String)> {
    // Opening a pipe waits for whoever writes to it.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "它不是普通文件（可能是管道或设备）"));
    }
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((bytes, hexadecimal(&hasher.finalize())));
        }
        bytes += read as u64;
        hasher.update(&buffer[..read]);
    }
}

/// The period that the arguments' last path components name (`2018-06`, `201806`, `2018年6月`); `None` when none or several do.
#[must_use]
pub(super) fn period_of(arguments: &[PathBuf]) -> Option<Month> {
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
        let told = std::cell::RefCell::new(Vec::new());
        let files = gather(&[folder.path().to_owned()], Some(&inside("output")), &|line| told.borrow_mut().push(line.to_owned()));
        let files = files.expect("files");
        assert_eq!(
            told.into_inner(),
            [
                "  没有读 4 个不是报表的文件：表格打开时留下的 ~$ 文件 2 个，名字以 . 开头的文件 1 个，系统文件（Thumbs.db、desktop.ini） 1 个；\
              其中 ~$名册.xlsx 大小像是真的报表，是的话请改名后重新报送"
            ]
        );
        assert_eq!(files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["b.csv", "乡镇/土坪镇/a.xlsx"]);
        assert_eq!(files[0].bytes, 5);
    }

    #[test]
    fn equal_names_from_two_arguments_are_refused_but_the_same_file_twice_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        for town in ["a", "b"] {
            fs::create_dir(folder.path().join(town)).expect("a folder");
            fs::write(folder.path().join(town).join("x.csv"), town).expect("a file");
        }
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        assert!(matches!(gather(&[a.clone(), b], None, &|_| {}), Err(InputError::SameName { .. })));
        assert_eq!(gather(&[a.clone(), a.join("x.csv")], None, &|_| {}).expect("files").len(), 1);
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
