//! What a file is, by its content: the extension is never asked, except to word a refusal.

use super::archive::{self, Source};
use super::limits::Limits;
use super::stop::Refused;

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Xlsx,
    Xls,
    /// An xlsx whose parts are binary.
    Xlsb,
    Ods,
    Parquet,
    /// A zip of files.
    Archive,
    /// Delimited text, an HTML table or XML 2003, to be told apart once decoded.
    Text,
}

const SAVE_AS_XLSX: &str = "请用 WPS 或 Excel 打开，另存为 xlsx 后重新提供";

/// Tells a file's kind; refuses what is known and not read, with what to do.
pub(crate) fn sniff(name: &str, source: &mut dyn Source, limits: &Limits) -> Result<Kind, Refused> {
    let mut head = Vec::new();
    let unreadable = |_| Refused::damaged("文件读取失败");
    source.rewind().map_err(unreadable)?;
    std::io::Read::take(&mut *source, 8192).read_to_end_into(&mut head).map_err(unreadable)?;
    source.rewind().map_err(unreadable)?;
    let kind = match head.as_slice() {
        [] => Err(Refused::new("empty-file", "文件是空的", "请向提供单位核实，重新导出")),
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => container(source, limits),
        [0xD0, 0xCF, 0x11, 0xE0, ..] => compound(name, source),
        [b'P', b'A', b'R', b'1' | b'E', ..] => Ok(Kind::Parquet),
        [b'R', b'a', b'r', b'!', ..] | [b'7', b'z', 0xBC, 0xAF, ..] => {
            Err(Refused::new("unknown-format", "rar、7z 压缩包不能直接读取", "请解压后提供，或重新压缩为 zip"))
        }
        [b'%', b'P', b'D', b'F', ..] => {
            Err(Refused::new("unknown-format", "这是 PDF 文件，不是表格", "请向提供单位索取 xlsx 表格"))
        }
        text if is_json(text) => Err(Refused::new(
            "unknown-format",
            "这是 JSON 数据，不是表格",
            "请从原系统导出为 xlsx 或 csv；只能导出 JSON 的，请用 Excel 的“数据—获取数据—自 JSON”转成表格，另存为 xlsx 后重新提供",
        )),
        _ => Ok(Kind::Text),
    };
    source.rewind().map_err(unreadable)?;
    kind
}

/// Whether a text, in whatever encoding, begins as objects or lists in JSON do: `[{"姓名":`, `{"data":`, `[["序号",`. No header of a table does.
fn is_json(head: &[u8]) -> bool {
    // Without marks of the encoding and the zero bytes of UTF-16.
    let mut signs = head.iter().filter(|byte| byte.is_ascii_graphic());
    match signs.by_ref().take(2).collect::<Vec<_>>().as_slice() {
        [b'{', b'"'] | [b'[', b'{'] => true,
        [b'[', b'['] => signs.next().is_some_and(|sign| matches!(sign, b'"' | b'{')),
        _ => false,
    }
}

trait ReadInto {
    fn read_to_end_into(self, out: &mut Vec<u8>) -> std::io::Result<usize>;
}

impl<R: std::io::Read> ReadInto for R {
    fn read_to_end_into(mut self, out: &mut Vec<u8>) -> std::io::Result<usize> {
        self.read_to_end(out)
    }
}

fn container(source: &mut dyn Source, limits: &Limits) -> Result<Kind, Refused> {
    let container = archive::open(source, limits)?;
    let mut names: Vec<String> =
        container.file_names_raw().map(|name| String::from_utf8_lossy(name).replace('\\', "/").to_lowercase()).collect();
    names.sort_unstable();
    let has = |name: &str| names.binary_search_by(|other| other.as_str().cmp(name)).is_ok();
    if has("[content_types].xml") {
        return if has("xl/workbook.bin") {
            Ok(Kind::Xlsb)
        } else if has("word/document.xml") || has("ppt/presentation.xml") {
            Err(Refused::new("unknown-format", "这是文字或演示文稿，不是表格", "请把其中的表格另存为 xlsx 后提供"))
        } else {
            Ok(Kind::Xlsx)
        };
    }
    if has("meta-inf/manifest.xml") && has("encrypted-package") {
        Err(Refused::password("文件设有打开密码"))
    } else if has("content.xml") && (has("meta-inf/manifest.xml") || has("mimetype")) {
        Ok(Kind::Ods)
    } else if has("xl/workbook.xml") || has("_rels/.rels") {
        Ok(Kind::Xlsx)
    } else {
        Ok(Kind::Archive)
    }
}

/// An OLE container: told by the names in its directory, whose 128-byte entries stand at multiples of 128.
fn compound(name: &str, source: &mut dyn Source) -> Result<Kind, Refused> {
    let (mut workbook, mut encrypted) = (false, false);
    let mut entry = [0u8; 128];
    while source.read_exact(&mut entry).is_ok() {
        // Type 2 is a stream; the length of the name counts its closing zero.
        if entry[66] != 2 {
            continue;
        }
        let is = |name: &str| {
            let units: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
            // Names are compared in any case, as the container's format says.
            let same = || entry.iter().zip(&units).all(|(byte, unit)| byte.eq_ignore_ascii_case(unit));
            usize::from(entry[64]) == units.len() && same()
        };
        workbook |= is("Workbook") || is("Book");
        encrypted |= is("EncryptedPackage");
    }
    if encrypted {
        Err(Refused::password("文件设有打开密码"))
    } else if workbook {
        Ok(Kind::Xls)
    } else if name.to_lowercase().ends_with(".et") {
        Err(Refused::new("et", "这是 WPS 的 .et 文件，其中没有可读的工作簿", SAVE_AS_XLSX))
    } else {
        Err(Refused::new("unknown-format", "这是 Office 文件，但其中没有工作簿", "请把其中的表格另存为 xlsx 后提供"))
    }
}
