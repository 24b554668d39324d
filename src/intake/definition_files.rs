//! The files that definitions are written in, read from disk: text, folders, keys.
//!
//! [`Reader`] takes paths as a pipeline names them, gives documents and reports what cannot be read where it is named. It remembers the bytes of all,
//! so that two runs with equal hashes applied the same definitions.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::config::document::Document;
use crate::config::error::Problems;
use crate::config::pipeline::Named;
use crate::ingest::text;
use crate::model::ids::PartsDigest;
use crate::model::system_error::plain;
use crate::store::disk;
use crate::store::key::{self, KeyError, KeyFile};

/// A file that is not there, or cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("读不到 {}：{}。请检查路径：流程文件是 pipelines/monthly.toml 这样的文本，里面写的路径从它所在的文件夹算起", path.display(), plain(source))]
pub struct Unreadable {
    /// Which.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// Reads files and remembers their bytes for the hash.
pub(crate) struct Reader {
    /// What paths are relative to.
    pub(crate) folder: PathBuf,
    digest: PartsDigest,
}

impl Reader {
    /// A reader of files beside the pipeline at `path`, and the pipeline's own name there.
    pub(crate) fn beside(path: &Path) -> (Self, String) {
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        (Self { folder, digest: PartsDigest::default() }, name)
    }

    /// A reader of the same files whose bytes do not count.
    pub(crate) fn aside(&self) -> Self {
        Self { folder: self.folder.clone(), digest: PartsDigest::default() }
    }

    /// Of all files read, lower-case hexadecimal.
    pub(crate) fn hash(self) -> String {
        self.digest.digits(64)
    }

    fn read(&mut self, relative: &str) -> Result<Vec<u8>, Unreadable> {
        let path = self.folder.join(relative);
        let bytes = disk::read(&path).map_err(|source| Unreadable { path, source })?;
        self.digest.add(relative);
        self.digest.add(&bytes);
        Ok(bytes)
    }

    /// The file that was asked for. It may be any: what is neither UTF-8 nor called a definition is not shown.
    pub(crate) fn first(&mut self, name: &str, problems: &mut Problems) -> Result<Document, Unreadable> {
        let bytes = self.read(name)?;
        let path = self.folder.join(name);
        let is_text = !bytes.contains(&0) || bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
        let is_meant = is_text && path.extension().is_some_and(|ending| ending == "toml");
        if !is_meant && std::str::from_utf8(&bytes).is_err() {
            return Err(Unreadable { path, source: io::ErrorKind::InvalidData.into() });
        }
        Ok(decoded(&path, bytes, problems))
    }

    /// A file that another one names.
    pub(crate) fn document(&mut self, named: &Named, problems: &mut Problems) -> Option<Document> {
        match self.read(&named.path) {
            Ok(bytes) => Some(decoded(&self.folder.join(&named.path), bytes, problems)),
            Err(error) => {
                tell(named, &error, problems);
                None
            }
        }
    }

    /// Every file of a folder with one of these endings, by name; `None` where one of them, or all, cannot be read.
    pub(crate) fn folder(&mut self, named: &Named, endings: &[&str], problems: &mut Problems) -> Option<Vec<Document>> {
        let files = match names(&self.folder.join(&named.path), endings) {
            Ok(files) => files,
            Err(error) => {
                tell(named, &error, problems);
                return None;
            }
        };
        let file = |name: String| self.document(&Named { path: format!("{}/{name}", named.path), ..named.clone() }, problems);
        files.into_iter().map(file).collect::<Vec<_>>().into_iter().collect()
    }

    /// A key, and what is known of its file.
    pub(crate) fn key(&mut self, named: &Named, problems: &mut Problems) -> Option<(Vec<u8>, KeyFile)> {
        let path = self.folder.join(&named.path);
        let is_long = disk::open(&path).and_then(|file| file.metadata()).is_ok_and(|kind| kind.len() > key::LONGEST);
        let looked = if is_long {
            Err(KeyError::Long(path))
        } else {
            let bytes = self.read(&named.path).map_err(|error| tell(named, &error, problems)).ok()?;
            key::look_at(&path, &bytes).map(|file| (bytes, file))
        };
        looked.map_err(|error| problems.add(&named.document, named.span.clone(), error.to_string(), "这里")).ok()
    }
}

fn names(folder: &Path, endings: &[&str]) -> Result<Vec<String>, Unreadable> {
    let unreadable = |source| Unreadable { path: folder.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned();
        if endings.iter().any(|ending| name.ends_with(ending)) && !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn tell(named: &Named, error: &Unreadable, problems: &mut Problems) {
    let what = format!("读不到 {}：{}", error.path.display(), plain(&error.source));
    let hint = "请检查路径：从本文件所在的文件夹算起，各级之间用 / 分隔";
    problems.add_with_hint(&named.document, named.span.clone(), what, "这里", hint);
}

/// The text of a file. Another encoding than UTF-8 is a mistake, and what it says is read all the same where it can be.
fn decoded(path: &Path, bytes: Vec<u8>, problems: &mut Problems) -> Document {
    let path = path.display().to_string();
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return Document { path, text: text.trim_start_matches('\u{feff}').to_owned() },
        Err(error) => error.into_bytes(),
    };
    let hint = "用记事本打开，“另存为”时编码选 UTF-8，存回原处";
    let lossy = String::from_utf8_lossy(&bytes).into_owned();
    if let Ok(decoded) = text::decode(bytes) {
        let encoding = if decoded.encoding == "GB18030" { "GBK（记事本里叫 ANSI）" } else { decoded.encoding };
        let document = Document { path, text: decoded.text };
        let at = first(&document.text, |sign| !sign.is_ascii());
        problems.add_with_hint(&document, at, format!("这个文件是按 {encoding} 编码保存的，要用 UTF-8"), "从这里起", hint);
        return document;
    }
    let nothing = Document { path: path.clone(), text: String::new() };
    problems.add_with_hint(&nothing, 0..0, "这个文件不是 UTF-8 编码的文本，或者已经损坏", "", hint);
    let document = Document { path, text: lossy };
    problems.suspect_all(&document);
    document
}

/// Where the first such character stands.
fn first(text: &str, wanted: impl Fn(char) -> bool) -> std::ops::Range<usize> {
    let found = text.char_indices().find(|(_, sign)| wanted(*sign));
    found.map_or(0..0, |(start, sign)| start..start + sign.len_utf8())
}
