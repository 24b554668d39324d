//! The county's key file, looked at before it is used.
//!
//! Ids are a keyed hash of ID numbers, of which there are few: whoever has the key can try them out. So a key is made by chance and never typed;
//! the one that comes with the program is told at every run; a file that a text editor has changed is told, as a changed key changes every id.

use std::path::{Path, PathBuf};

use crate::model::ids::KeyKind;
use crate::store::disk;

/// What the practice key begins with.
const PRACTICE: &str = "bidui practice key";
/// Bytes of a key made.
pub(crate) const MADE: usize = 32;
/// Fewer bytes than this can be tried out themselves.
const LEAST: usize = 16;
/// More bytes than this are no key.
pub(crate) const LONGEST: u64 = 4_096;

/// What is known of a key file; never the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyFile {
    /// Whose it is.
    pub(crate) kind: KeyKind,
    /// What its owner must be told.
    pub(crate) notes: Vec<String>,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    /// Nothing stands in the file.
    #[error("密钥文件 {} 是空的。用 bidui key 新建一个（先删去这个空文件，或换个文件名），再在流程文件的 key = 里写它的名字", .0.display())]
    Empty(PathBuf),
    /// It can be tried out.
    #[error("密钥文件 {} 只有 {length} 个字节，太短，可以被逐个试出来；至少要 {LEAST} 个。密钥不要手工输入：用 bidui key 新建一个，再在流程文件的 key = 里写它的名字（换密钥后编号全部改变）", path.display())]
    Short {
        /// Which.
        path: PathBuf,
        /// Bytes that count.
        length: usize,
    },
    /// It is some other file.
    #[error("密钥文件 {} 超过 {LONGEST} 个字节，不像密钥。请检查流程文件的 key = 有没有写错文件；用 bidui key 可以新建一个（换密钥后编号全部改变）", .0.display())]
    Long(PathBuf),
    /// Everybody guesses it.
    #[error("密钥文件 {} 里只有同样的几个字节来回重复，等于没有密钥，可以被试出来。用 bidui key 新建一个，再在流程文件的 key = 里写它的名字（换密钥后编号全部改变）", .0.display())]
    Weak(PathBuf),
}

/// Whether a file seems to be a key: by its name, or because it is as keys are made.
pub(crate) fn is_one(path: &Path) -> bool {
    let named = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("key"));
    named
        || disk::read_at_most(path, LONGEST).is_ok_and(|bytes| {
            let text = std::str::from_utf8(&bytes).ok().map(|text| text.trim_start_matches('\u{feff}'));
            text.map_or(bytes.len() == MADE, |text| text.starts_with(PRACTICE))
        })
}

/// Looks at the bytes of a key file.
pub(crate) fn look_at(path: &Path, bytes: &[u8]) -> Result<KeyFile, KeyError> {
    let text = std::str::from_utf8(bytes).ok();
    let bare = text.map(|text| text.trim_start_matches('\u{feff}').trim());
    let utf16 = bytes.len() > 2 && (bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff])) && bytes.len() != MADE;
    let length = bare.map_or(bytes.len(), str::len);
    if length == 0 {
        return Err(KeyError::Empty(path.to_owned()));
    }
    if length < LEAST {
        return Err(KeyError::Short { path: path.to_owned(), length });
    }
    if bare.is_some_and(|bare| bare.starts_with(PRACTICE)) {
        return Ok(KeyFile { kind: KeyKind::Practice, notes: vec![practice(path)] });
    }
    // Four different bytes are what a hand makes of sixteen; chance gives more than twenty in [`MADE`].
    let kinds: std::collections::BTreeSet<u8> = bare.map_or(bytes, str::as_bytes).iter().copied().collect();
    if kinds.len() <= 4 {
        return Err(KeyError::Weak(path.to_owned()));
    }
    let mut notes = Vec::new();
    if others_read(path) {
        notes.push(format!("注意：密钥文件 {} 别人也能读：有了它，凭编号就能试出身份证号。请改成只有本人可读（chmod 600），或放到只有本人能进的文件夹", path.display()));
    }
    let mut told = |what: &str| {
        notes.push(format!(
            "注意：密钥文件 {} {what}。编号按文件的全部字节算：用记事本另存、转换换行或编码后，编号会全部改变，台账接不上。已经用它做过的，请原样备份、不要再改；新建请用 bidui key",
            path.display()
        ));
    };
    // What chance made may hold any byte; what stands around as many as are made was added.
    let around =
        |bytes: &[u8]| bytes.strip_suffix(b"\n").map(|bytes| bytes.strip_suffix(b"\r").unwrap_or(bytes)).map(<[u8]>::len);
    let with_mark = bytes.strip_prefix("\u{feff}".as_bytes());
    if let Some(text) = text.filter(|_| bytes.len() != MADE) {
        if text.starts_with('\u{feff}') {
            told("开头有 BOM（记事本另存留下的标记）");
        }
        if text.contains('\r') {
            told("有 Windows 的换行（CRLF）");
        } else if text.ends_with('\n') {
            told("末尾有换行");
        }
    } else if text.is_none()
        && with_mark.is_some_and(|rest| bytes.len() != MADE && (rest.len() == MADE || around(rest) == Some(MADE)))
    {
        told("开头有 BOM（记事本另存留下的标记）");
    } else if text.is_none() && around(bytes) == Some(MADE) {
        told("末尾多了换行");
    } else if utf16 {
        told("是 UTF-16 文本（记事本另存为 Unicode 的结果）");
    }
    Ok(KeyFile { kind: KeyKind::Own, notes })
}

/// Whether others than its owner may read a file.
#[cfg(unix)]
fn others_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|kind| kind.permissions().mode() & 0o077 != 0)
}

/// Where there are no such rights, the folder's hold.
#[cfg(not(unix))]
fn others_read(_: &Path) -> bool {
    false
}

/// Of a model that names no key.
pub(crate) fn none() -> KeyFile {
    KeyFile { kind: KeyKind::None, notes: Vec::new() }
}

fn practice(path: &Path) -> String {
    format!(
        "！！！警告：这次用的是练习密钥 {}，人人都有它，凭疑点编号、人员编号就能把身份证号逐个试出来。\n\
         ！！！只可用于练习数据。正式使用：先运行 bidui key pipelines/county.key，再在流程文件里写 key = \"county.key\"，然后重做（编号会全部改变，台账也要另建一个）。",
        path.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(bytes: &[u8]) -> Result<KeyFile, KeyError> {
        look_at(Path::new("county.key"), bytes)
    }

    #[test]
    fn what_is_no_key_and_what_an_editor_left_is_told() {
        for nothing in [&b""[..], b"\n", b"\xef\xbb\xbf\r\n"] {
            assert!(matches!(notes(nothing), Err(KeyError::Empty(_))));
        }
        for weak in [&[0; 32][..], &[0xff; 40], b"abababababababababab", b"1234123412341234\n"] {
            assert!(matches!(notes(weak), Err(KeyError::Weak(_))));
        }
        let random: Vec<u8> = (0..32_u8).map(|at| at.wrapping_mul(37) ^ 0x95).collect();
        for (bytes, told) in [
            (random.clone(), ""),
            ([b"\xef\xbb\xbf", &random[..]].concat(), "BOM"),
            ([&random[..], b"\r\n"].concat(), "换行"),
            ([&random[..], b"\n"].concat(), "换行"),
        ] {
            let notes = notes(&bytes).expect("a key").notes.concat();
            assert!(if told.is_empty() { notes.is_empty() } else { notes.contains(told) }, "{told} {notes}");
        }
        assert!(notes(b"123456\n").expect_err("short").to_string().contains("只有 6 个字节"));
        let long = "b5tq1r7Wk0Yy3mJx9vVn2c8LhZdQf4sA6gTeUiPoRrE=";
        assert!(notes(long.as_bytes()).expect("a key").notes.is_empty());
        for (text, told) in
            [(format!("\u{feff}{long}"), "BOM"), (format!("{long}\r\n"), "CRLF"), (format!("{long}\n"), "末尾有换行")]
        {
            assert!(notes(text.as_bytes()).expect("a key").notes.concat().contains(told));
        }
        let practice = notes("\u{feff}bidui practice key. Findings and persons…\r\n".as_bytes()).expect("a key");
        assert!(practice.kind == KeyKind::Practice && practice.notes.concat().contains("练习密钥"));
    }
}
