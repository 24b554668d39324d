//! What is ours: run folders, ledgers, printed workbooks, by what stands in them and never by their names alone.
//!
//! Takes a path, says yes or no; what cannot be read is not ours. Cost: a few bytes of a file, of a workbook one small part.

use std::io::Read;
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use crate::ledger;
use crate::report::PROGRAM;
use crate::store::{attempts, disk};

/// How an explanation's page names the program that made it.
pub(crate) const PAGE_GENERATOR: &str = r#"<meta name="generator" content="bidui">"#;
/// How the receipt of a purge starts.
pub(crate) const PURGE_RECEIPT: &str = "\u{feff}运行文件夹,月份,";

/// A path with links followed as far as it is there.
pub(crate) fn whole(path: &Path) -> Option<PathBuf> {
    let whole = std::path::absolute(path).ok()?;
    let (there, real) = whole.ancestors().find_map(|part| Some((part, part.canonicalize().ok()?)))?;
    // Joined with nothing, a file would look like a folder.
    let rest = whole.strip_prefix(there).ok().filter(|rest| !rest.as_os_str().is_empty());
    Some(rest.map_or_else(|| real.clone(), |rest| real.join(rest)))
}

/// Whether a file is a ledger, or what SQLite and the lock keep beside one.
pub(crate) fn is_ledger(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let of = ["-wal", "-shm", "-journal", ".lock", attempts::ENDING].iter().find_map(|ending| name.strip_suffix(ending));
    let file = of.map_or_else(|| path.to_owned(), |name| path.with_file_name(name));
    ledger::is_one(&start(&file, 100))
}

/// Headers that stand together on sheets of ours and on nobody else's; lists by others may have any one of them.
const HEADERS: [[&str; 2]; 5] = [
    ["疑点编号", "疑点说明"],
    ["执行情况", "豁免的规则"],
    ["疑点总数（条）", "涉及户数（户）"],
    ["承诺的内容", "怎样核对"],
    ["registry", "name_raw"],
];
/// How lines of `run.json`, `timings.json` and `records.json` begin, as far as a comma.
const LINES: [&str; 3] = ["\"tool\": \"bidui ", "\"peak_bytes\": ", "{\"registries\":[{\"registry\":"];
/// Rows of a sheet that are looked at.
pub(crate) const PRINTED_ROWS: u32 = 12;

/// Whether a row among the first of a sheet is one that we print, whatever program saved it since: by its headers, or an id of ours in a cell.
pub(crate) fn is_printed_row<'c>(cells: impl Iterator<Item = &'c str>) -> bool {
    let cells: Vec<&str> = cells.map(str::trim).collect();
    let is_id = |text: &str| {
        let digits = text.strip_prefix(['F', 'P', 'R']).unwrap_or_default();
        digits.len() == 16 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    // Several to a cell, a finding's with the month, a pair's with `~` between.
    let ids = |cell: &&str| cell.split(['\n', '~', '@']).any(is_id);
    let is_line = |cell: &&str| LINES.iter().any(|line| cell.starts_with(line));
    HEADERS.iter().any(|both| both.iter().all(|header| cells.contains(header)))
        || cells.iter().any(|cell| ids(cell) || is_line(cell))
}

/// Whether a file was printed by us: a workbook of lists, a page, a receipt; also after somebody filled it in and saved it.
pub(crate) fn is_printed(path: &Path) -> bool {
    let head = start(path, 2_048);
    if head.starts_with(b"PK") {
        return is_our_workbook(path);
    }
    let text = String::from_utf8_lossy(&head);
    text.starts_with(PURGE_RECEIPT) || (text.starts_with("<!DOCTYPE html>") && text.contains(PAGE_GENERATOR))
}

/// By the program's name among its properties; of the version before, by the columns of its lists.
fn is_our_workbook(path: &Path) -> bool {
    let Some(mut package) = disk::open(path).ok().and_then(|file| ZipArchive::new(file).ok()) else { return false };
    let mut text = |part: &str, most: u64| {
        let mut bytes = Vec::new();
        let _ = package.by_name(part).map(|part| part.take(most).read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    };
    text("docProps/app.xml", 1 << 16).contains(&format!("<Company>{PROGRAM}</Company>")) || {
        let words = text("xl/sharedStrings.xml", 1 << 18);
        ["疑点编号", "疑点说明", "数据截止日期"].iter().all(|word| words.contains(&format!(">{word}<")))
    }
}

fn start(path: &Path, most: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = disk::open(path).map(|file| file.take(most).read_to_end(&mut bytes));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_ours_by_its_headers_by_an_id_of_ours_or_as_a_line_of_run_json() {
        let ours = |row: &str| is_printed_row(row.split('|'));
        for row in [
            "序号|疑点编号|乡镇|姓名|疑点说明",
            "序号|执行情况|豁免的规则|姓名（户主）",
            "1|F63126ea0763b4487|安场镇",
            "1|Fcd8aa6617ca73883\nF0e6126ea0763b448|土坪镇",
            "1|林容琴|R021e0e7f04132ad7~Rc42e0e7f04132ad7",
            "F60308fccb3b4704c@2018-07",
            "P021e0e7f04132ad7|林容琴",
            "registry|file|sheet|row|part|name|name_raw",
            "  \"tool\": \"bidui 0.1.0\"",
        ] {
            assert!(ours(row), "{row}");
        }
        for row in
            ["序号|疑点编号|姓名", "序号|姓名|身份证号码|备注", "F12345|F63126EA0763B4487", "姓名|执行情况", "registry|name"]
        {
            assert!(!ours(row), "{row}");
        }
    }
}
