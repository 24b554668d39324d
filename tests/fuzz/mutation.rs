//! What may have become of a file on its way: bytes flipped, its end lost, a piece of it lost or there twice, members of a package exchanged,
//! a cell or a word replaced by what no clerk would write.

use std::io::{Cursor, Read as _, Write as _};

use proptest::prelude::*;
use proptest::sample::Index;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// One change; places are shares of what is there, so that each fits any file.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// Bits of one byte.
    Flip { at: Index, bits: u8 },
    /// The end is lost.
    Cut { at: Index },
    /// A piece is lost.
    Lose { from: Index, length: usize },
    /// A piece stands a second time somewhere.
    Again { from: Index, length: usize, to: Index },
    /// A word, a number or a cell is another; `word` is one of [`WORDS`].
    Replace { which: Index, word: Index },
    /// Something stands between.
    Insert { at: Index, word: Index },
    /// Two words, numbers or cells are exchanged.
    Exchange { one: Index, other: Index },
    /// The same within one member of a package.
    Inside { which: Index, change: Box<Change> },
    /// Two members have each other's content.
    Swap { one: Index, other: Index },
    /// A member is lost.
    Without { which: Index },
}

/// What stands where something else should.
const WORDS: [&str; 60] = [
    "",
    " ",
    "0",
    "-1",
    "1",
    "NaN",
    "inf",
    "1e308",
    "1e-400",
    "99999999999999999999",
    "-9223372036854775808",
    "4294967296",
    "65536",
    "16385",
    "1048577",
    "2018-02-30",
    "2018-06",
    "99999-12-31",
    "43251",
    "18:60",
    "520324199003071238",
    "52032419900307123X",
    "5203241990030712385203241990030712",
    "000000000000000000",
    "#N/A",
    "#REF!",
    "=1+1",
    "=HYPERLINK(\"http://x\")",
    "〃",
    "同上",
    "无",
    "合计",
    "小计",
    "姓名",
    "身份证号",
    "姓名、身份证号",
    "注销",
    "二〇一八年六月",
    "六月份",
    "张三李四王五",
    "张",
    "𠮷𠀀",
    "e\u{301}\u{301}",
    "\u{202e}\u{200b}",
    "\u{feff}",
    "\u{0}",
    "\u{7}",
    "\u{fffd}",
    "\r\n",
    "\t\t\t",
    "\"",
    "'",
    "<r>",
    "]]>",
    "&#0;",
    "&lol;",
    "A1:XFD1048576",
    "[[",
    "{}",
    "(((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((",
];

/// What stands between words in every text format, definitions and markup included.
const BETWEEN: &[u8] = b"<>\"'=,;\t\r\n[]{}()\0 ";
const LONGEST_PIECE: usize = 4096;

fn plain() -> BoxedStrategy<Change> {
    let index = any::<Index>;
    prop_oneof![
        1 => (index(), 1u8..).prop_map(|(at, bits)| Change::Flip { at, bits }),
        1 => index().prop_map(|at| Change::Cut { at }),
        1 => (index(), 1..LONGEST_PIECE).prop_map(|(from, length)| Change::Lose { from, length }),
        1 => (index(), 1..LONGEST_PIECE, index()).prop_map(|(from, length, to)| Change::Again { from, length, to }),
        4 => (index(), index()).prop_map(|(which, word)| Change::Replace { which, word }),
        1 => (index(), index()).prop_map(|(at, word)| Change::Insert { at, word }),
        2 => (index(), index()).prop_map(|(one, other)| Change::Exchange { one, other }),
    ]
    .boxed()
}

fn change() -> BoxedStrategy<Change> {
    let index = any::<Index>;
    prop_oneof![
        1 => plain(),
        8 => (index(), plain()).prop_map(|(which, change)| Change::Inside { which, change: Box::new(change) }),
        1 => (index(), index()).prop_map(|(one, other)| Change::Swap { one, other }),
        1 => index().prop_map(|which| Change::Without { which }),
    ]
    .boxed()
}

/// Some changes, one after another.
pub(super) fn changes() -> impl Strategy<Value = Vec<Change>> {
    proptest::collection::vec(change(), 1..6)
}

/// Changes of a text.
pub(super) fn edits() -> impl Strategy<Value = Vec<Change>> {
    proptest::collection::vec(plain(), 1..6)
}

/// The file after all of them.
pub(super) fn changed(bytes: &[u8], changes: &[Change]) -> Vec<u8> {
    changes.iter().fold(bytes.to_vec(), |bytes, change| change.of(bytes))
}

impl Change {
    fn of(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        // Half a character refuses a text at the door; that is what flipped bits are for.
        let is_text = std::str::from_utf8(&bytes).is_ok();
        let whole = |bytes: &[u8], at: usize| {
            let inside = |at: &usize| is_text && bytes.get(*at).is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000);
            (0..=at).rev().find(|at| !inside(at)).unwrap_or(0)
        };
        let piece = |bytes: &[u8], from: &Index, length: usize| {
            let start = from.index(bytes.len());
            whole(bytes, start)..whole(bytes, (start + length).min(bytes.len()))
        };
        match self {
            Self::Inside { .. } | Self::Swap { .. } | Self::Without { .. } => return self.of_package(bytes),
            _ if bytes.is_empty() => {}
            Self::Flip { at, bits } => {
                let at = at.index(bytes.len());
                bytes[at] ^= bits;
            }
            Self::Cut { at } => bytes.truncate(whole(&bytes, at.index(bytes.len()))),
            Self::Lose { from, length } => drop(bytes.drain(piece(&bytes, from, *length))),
            Self::Again { from, length, to } => {
                let (again, to) = (bytes[piece(&bytes, from, *length)].to_vec(), whole(&bytes, to.index(bytes.len())));
                bytes.splice(to..to, again);
            }
            Self::Insert { at, word } => {
                let at = whole(&bytes, at.index(bytes.len()));
                bytes.splice(at..at, word.get(&WORDS).bytes());
            }
            Self::Replace { which, word } => {
                let words = words(&bytes);
                if !words.is_empty() {
                    bytes.splice(which.get(&words).clone(), word.get(&WORDS).bytes());
                }
            }
            Self::Exchange { one, other } => {
                let words = words(&bytes);
                if !words.is_empty() {
                    let (first, last) = (one.index(words.len()), other.index(words.len()));
                    let (first, last) = (&words[first.min(last)], &words[first.max(last)]);
                    let (before, after) = (bytes[first.clone()].to_vec(), bytes[last.clone()].to_vec());
                    bytes.splice(last.clone(), before);
                    bytes.splice(first.clone(), after);
                }
            }
        }
        bytes
    }

    /// In a package; a change of a member in what is none is a change of the file.
    fn of_package(&self, bytes: Vec<u8>) -> Vec<u8> {
        let Some(mut members) = members(&bytes).filter(|members| !members.is_empty()) else {
            return if let Self::Inside { change, .. } = self { change.of(bytes) } else { bytes };
        };
        match self {
            Self::Inside { which, change } => {
                let which = which.index(members.len());
                members[which].1 = change.of(std::mem::take(&mut members[which].1));
            }
            Self::Swap { one, other } => {
                let (one, other) = (one.index(members.len()), other.index(members.len()));
                let content = members[one].1.clone();
                members[one].1 = std::mem::replace(&mut members[other].1, content);
            }
            Self::Without { which } => drop(members.remove(which.index(members.len()))),
            _ => {}
        }
        packed(&members).unwrap_or(bytes)
    }
}

/// Runs of bytes between those that separate.
fn words(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut words = Vec::new();
    let mut start = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if BETWEEN.contains(byte) {
            words.extend((at > start).then_some(start..at));
            start = at + 1;
        }
    }
    words.extend((bytes.len() > start).then_some(start..bytes.len()));
    words
}

fn members(bytes: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let mut package = ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut members = Vec::new();
    for at in 0..package.len() {
        let mut member = package.by_index(at).ok()?;
        let (name, mut content) = (member.name().ok()?.into_owned(), Vec::new());
        member.read_to_end(&mut content).ok()?;
        members.push((name, content));
    }
    Some(members)
}

fn packed(members: &[(String, Vec<u8>)]) -> Option<Vec<u8>> {
    let mut package = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        package.start_file(name.as_str(), SimpleFileOptions::default()).ok()?;
        package.write_all(content).ok()?;
    }
    package.finish().ok().map(Cursor::into_inner)
}
