//! Zip containers, distrusted: entries counted and checked for overlap, every byte that is inflated counted.
//!
//! Sizes that a container declares are not believed. Member names of Windows zips are GBK.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::limits::Limits;
use super::stop::{Refused, Stop};

/// General purpose flag 11 of a zip entry: the name is UTF-8.
const UTF8_NAME: u16 = 1 << 11;

/// A file or a member held in memory.
pub(crate) trait Source: Read + Seek {}

impl<T: Read + Seek> Source for T {}

/// All bytes of a source, for formats that can only be read whole.
pub(crate) fn whole(source: &mut dyn Source, limits: &Limits) -> Result<Vec<u8>, Stop> {
    let size = source.seek(SeekFrom::End(0))?;
    if size > limits.part_bytes {
        return Err(Refused::over_limit(format!("文件有 {size} 字节，上限 {}", limits.part_bytes)).into());
    }
    source.rewind()?;
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    source.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A container over any source.
pub(crate) type Container<'s> = ZipArchive<&'s mut dyn Source>;

/// Opens a container within the limits.
pub(crate) fn open<'s>(source: &'s mut dyn Source, limits: &Limits) -> Result<Container<'s>, Refused> {
    let listed = listed_entries(source).map_err(|_| Refused::damaged("文件读取失败"))?;
    let mut container = ZipArchive::new(source).map_err(|_| Refused::damaged("压缩结构损坏或文件不完整"))?;
    let entries = u64::try_from(container.len()).unwrap_or(u64::MAX);
    if entries > limits.entries {
        return Err(Refused::over_limit(format!("压缩包内有 {entries} 个文件，上限 {}", limits.entries)));
    }
    // The library keeps the last of two entries with one name.
    if listed.is_some_and(|listed| listed > entries) {
        let what = "压缩包里有同名的文件，只能读到其中一个";
        return Err(Refused::new("duplicate-entry", what, "请解压核对，改成不同的名字后重新压缩"));
    }
    match container.has_overlapping_entries() {
        Ok(false) => Ok(container),
        Ok(true) => Err(Refused::damaged("压缩包内的文件互相重叠，疑为恶意构造")),
        Err(_) => Err(Refused::damaged("压缩包目录与内容不符，文件不完整")),
    }
}

/// How many entries the directory at the end of a container lists; `None` where it does not say.
fn listed_entries(source: &mut dyn Source) -> std::io::Result<Option<u64>> {
    // The record of the end: 22 bytes, then a comment of at most 65,535.
    const RECORD: usize = 22;
    let size = source.seek(SeekFrom::End(0))?;
    let tail = size.min((RECORD + usize::from(u16::MAX)) as u64);
    source.seek(SeekFrom::Start(size - tail))?;
    let mut bytes = Vec::new();
    Read::take(&mut *source, tail).read_to_end(&mut bytes)?;
    source.rewind()?;
    let record = memchr::memmem::rfind(&bytes, b"PK\x05\x06").and_then(|at| bytes.get(at..at + RECORD));
    let count = record.map(|record| u16::from_le_bytes([record[10], record[11]]));
    // The largest says that the number stands elsewhere.
    Ok(count.filter(|count| *count != u16::MAX).map(u64::from))
}

/// Counts inflated bytes over one input file, whatever is nested in it.
#[derive(Debug)]
pub(crate) struct Meter<'a> {
    limits: &'a Limits,
    /// Bytes of the file as it came.
    size: u64,
    total: u64,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(limits: &'a Limits, size: u64) -> Self {
        Self { limits, size: size.max(1), total: 0 }
    }

    /// Bytes inflated so far.
    #[cfg(test)]
    pub(crate) fn inflated(&self) -> u64 {
        self.total
    }

    /// Inflates a part to its end, a run of bytes at a time, and gives its size.
    pub(crate) fn inflate(
        &mut self,
        part: &mut ZipFile<'_, impl Read>,
        name: &str,
        mut each: impl FnMut(&[u8]) -> Result<(), Refused>,
    ) -> Result<u64, Refused> {
        let (compressed, said, ratio) = (part.compressed_size().max(1), part.size(), self.limits.ratio);
        let bomb = || Refused::over_limit(format!("{name} 的压缩比超过 {ratio}:1，疑为压缩炸弹"));
        if said > self.limits.ratio_floor_bytes && said / compressed > ratio {
            return Err(bomb());
        }
        let mut buffer = vec![0; 256 << 10];
        let mut size = 0u64;
        loop {
            let read = match part.read(&mut buffer) {
                Ok(0) => return Ok(size),
                Ok(read) => read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(_) => return Err(Refused::damaged(format!("压缩包内的 {name} 解压到第 {size} 字节出错"))),
            };
            let read_bytes = u64::try_from(read).unwrap_or(u64::MAX);
            size += read_bytes;
            self.total += read_bytes;
            let Limits { part_bytes, total_bytes, ratio_floor_bytes, .. } = self.limits;
            if size > *part_bytes || self.total > *total_bytes {
                return Err(Refused::over_limit(format!(
                    "{name} 解压后超过上限（单个 {part_bytes} 字节，合计 {total_bytes} 字节）"
                )));
            }
            // A part that says less than it holds is cut off before it fills the memory.
            if size > *ratio_floor_bytes && (size / compressed > ratio || size > said) {
                return Err(bomb());
            }
            // Many parts that are each within bounds, or one that is read again and again.
            if self.total > *ratio_floor_bytes && self.total / self.size > ratio {
                return Err(Refused::over_limit(format!("到 {name} 为止，解压出来的内容超过文件的 {ratio} 倍，疑为压缩炸弹")));
            }
            each(&buffer[..read])?;
        }
    }

    /// Inflates a part into memory.
    pub(crate) fn read(&mut self, part: &mut ZipFile<'_, impl Read>, name: &str) -> Result<Vec<u8>, Refused> {
        let said = part.size().min(self.limits.ratio_floor_bytes);
        let mut bytes = Vec::with_capacity(usize::try_from(said).unwrap_or(0));
        self.inflate(part, name, |run| {
            bytes.extend_from_slice(run);
            Ok(())
        })?;
        Ok(bytes)
    }
}

/// A member of a zip that a clerk packed.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Member {
    /// Its path, `/` between folders.
    pub(crate) path: String,
    /// Its place in the container.
    pub(crate) index: usize,
    /// It is called as what is left behind, and is as big as a list and called like one.
    pub(crate) is_hidden: bool,
}

/// The members worth reading or telling, by path: no folders, nothing that an operating system or an open workbook leaves behind.
pub(crate) fn members(container: &mut Container<'_>) -> Result<Vec<Member>, Stop> {
    let mut members = Vec::new();
    for index in 0..container.len() {
        let Ok(entry) = container.by_index_raw(index) else {
            return Err(Refused::damaged(format!("压缩包内第 {} 个文件的目录项损坏", index + 1)).into());
        };
        let path = path_text(entry.name_raw(), entry.flags().as_u16() & UTF8_NAME != 0);
        let left_behind = is_left_behind(&path);
        let is_hidden = left_behind && is_like_a_list(&path, entry.size());
        if entry.is_dir() || path.ends_with('/') || left_behind && !is_hidden {
            continue;
        }
        members.push(Member { path, index, is_hidden });
    }
    members.sort_unstable();
    // Paths that differ in what is no part of a name must not become one file.
    let mut known: BTreeMap<String, u32> = BTreeMap::new();
    for member in &mut members {
        let path = member.path.clone();
        while let Some(times) = known.get_mut(&member.path) {
            *times += 1;
            let times = *times;
            member.path = format!("{path}（{times}）");
        }
        known.insert(member.path.clone(), 1);
    }
    Ok(members)
}

fn is_left_behind(path: &str) -> bool {
    path.split('/').any(|part| part == "__MACOSX" || part.starts_with('.') || part.starts_with("~$"))
        || path.rsplit('/').next().is_some_and(|name| name.eq_ignore_ascii_case("thumbs.db"))
}

/// Whether what is called as something left behind may be a list all the same: no part of macOS, and more than the note of who has a workbook
/// open.
fn is_like_a_list(path: &str, size: u64) -> bool {
    const NOTE: u64 = 1_024;
    const TABLES: [&str; 10] = ["xlsx", "xls", "xlsm", "xlsb", "et", "ods", "csv", "txt", "tsv", "xml"];
    let system = path.split('/').any(|part| part == "__MACOSX" || part.starts_with("._"));
    let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    !system && size > NOTE && TABLES.contains(&ending.as_str())
}

/// Without the UTF-8 flag a name is GBK, unless it is UTF-8 beyond doubt: macOS sets no flag. Two-byte UTF-8 is in
/// doubt (GBK `联通` looks like it), and no Chinese character has it.
fn path_text(raw: &[u8], flagged: bool) -> String {
    let utf8 = std::str::from_utf8(raw).ok().filter(|name| flagged || name.chars().all(|c| c.len_utf8() != 2));
    let decoded = utf8.map_or_else(|| encoding_rs::GB18030.decode_without_bom_handling(raw).0, Into::into);
    let path: String =
        decoded.chars().filter(|c| !c.is_control()).map(|character| if character == '\\' { '/' } else { character }).collect();
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
    let folder = if path.ends_with('/') { "/" } else { "" };
    format!("{}{folder}", parts.join("/"))
}

/// Reads one member into memory.
pub(crate) fn read_member(container: &mut Container<'_>, member: &Member, meter: &mut Meter<'_>) -> Result<Vec<u8>, Refused> {
    match container.by_index(member.index) {
        Ok(mut entry) => meter.read(&mut entry, &member.path),
        Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => {
            Err(Refused::new("password-protected", "压缩包设有密码", "请解压后提供，或重新压缩为不带密码的 zip"))
        }
        Err(ZipError::CompressionMethodNotSupported(_) | ZipError::UnsupportedArchive(_)) => {
            Err(Refused::new("unsupported-compression", "压缩方法不常用，不能读取", "请解压后提供，或用普通方式重新压缩为 zip"))
        }
        Err(_) => Err(Refused::damaged("压缩包内的这个文件损坏")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn member_names_are_gbk_unless_they_say_or_prove_otherwise() {
        let gbk = encoding_rs::GB18030.encode("凤仪/低保名单.xls").0;
        assert_eq!(path_text(&gbk, false), "凤仪/低保名单.xls");
        assert_eq!(path_text("低保名单.xls".as_bytes(), true), "低保名单.xls");
        assert_eq!(path_text("低保名单.xls".as_bytes(), false), "低保名单.xls");
        assert_eq!(path_text(&encoding_rs::GB18030.encode("联通.csv").0, false), "联通.csv");
        assert_eq!(path_text(b".\\a\\b.csv", false), "a/b.csv");
        assert_eq!(path_text(b"../../etc//./a.csv", false), "etc/a.csv");
        assert_eq!(path_text(b"/a/", false), "a/");
        assert_eq!(path_text(b"\x82\x31\xB9\x31.csv", false), "㯊.csv");
    }

    #[test]
    fn what_systems_leave_behind_is_skipped() {
        for path in ["__MACOSX/._a.xlsx", "a/.DS_Store", "~$名单.xlsx", "a/Thumbs.db"] {
            assert!(is_left_behind(path), "{path}");
        }
        assert!(!is_left_behind("凤仪/名单.xlsx"));
        for (path, size, like) in [
            (".名单.xlsx", 5_000, true),
            ("~$名单.XLS", 5_000, true),
            (".旧/名单.csv", 5_000, true),
            ("~$名单.xlsx", 165, false),
            ("__MACOSX/._名单.xlsx", 5_000, false),
            ("._名单.xlsx", 5_000, false),
            (".DS_Store", 9_000, false),
        ] {
            assert_eq!(is_like_a_list(path, size), like, "{path}");
        }
    }
}
