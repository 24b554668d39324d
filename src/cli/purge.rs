//! `bidui purge`.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::args::PurgeArgs;
use super::{Failure, ui};
use crate::model::date::Day;
use crate::run::{Fate, PurgeEntry, PurgeRequest, purge as clean};

/// Columns of the receipt.
const COLUMNS: [&str; 8] = ["运行文件夹", "月份", "生成日期", "文件数", "字节", "run.json 的 SHA-256", "结果", "清理日期"];

pub(super) fn purge(arguments: &PurgeArgs) -> Result<u8, Failure> {
    let as_of =
        arguments.as_of.or_else(today).ok_or_else(|| Failure::usage("不知道今天是哪天，请加 --as-of 2019-01-31 这样的日期"))?;
    let mut request = PurgeRequest { folders: arguments.runs.clone(), older_than: arguments.older_than.0, as_of, remove: false };
    let listed = clean(&request, &mut |_| Ok(())).map_err(Failure::internal)?;
    let due = listed.iter().filter(|entry| entry.fate == Fate::Due).count();
    if !arguments.yes || due == 0 {
        for entry in &listed {
            ui::result(&told(entry, as_of));
        }
        let advice = if due == 0 { "" } else { "。确认后加 --yes" };
        ui::result(&format!("到期 {due} 个，什么也没有删{advice}"));
        return Ok(0);
    }
    request.remove = true;
    let mut receipt = Receipt::create(&receipt_path(arguments, as_of))?;
    let entries = clean(&request, &mut |entry| match entry.fate {
        Fate::Kept => Ok(()),
        _ => receipt.add(entry, as_of),
    })
    .map_err(|error| Failure::usage(format!("清理回执写不进去：{error}。没有写进回执的文件夹没有再删")))?;
    for entry in &entries {
        ui::result(&told(entry, as_of));
    }
    let removed = entries.iter().filter(|entry| matches!(entry.fate, Fate::Removed | Fate::Emptied(_))).count();
    ui::result(&format!("删除 {removed} 个运行文件夹。回执：{}", receipt.path.display()));
    Ok(0)
}

fn told(entry: &PurgeEntry, as_of: Day) -> String {
    let made = entry.made.map_or_else(String::new, |made| format!("{made} 生成，{} 天，", as_of.0 - made.0));
    let size = entry.bytes.div_ceil(1024);
    let what = if entry.period.is_empty() { String::new() } else { format!("{}，{made}{size} KB，", entry.period) };
    format!("{}：{what}{}", entry.folder.display(), entry.fate.plain())
}

/// Beside the first folder, so that it outlives it.
fn receipt_path(arguments: &PurgeArgs, as_of: Day) -> PathBuf {
    arguments.receipt.clone().unwrap_or_else(|| {
        let first = arguments.runs.first().and_then(|first| first.canonicalize().ok());
        let parent = first.as_deref().and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
        (1_u32..1_000)
            .map(|count| match count {
                1 => parent.join(format!("清理回执_{as_of}.csv")),
                count => parent.join(format!("清理回执_{as_of}（{count}）.csv")),
            })
            .find(|path| !path.exists())
            .unwrap_or_default()
    })
}

/// A receipt under way: a line is on disk before the next folder is touched.
struct Receipt {
    path: PathBuf,
    file: File,
}

impl Receipt {
    fn create(path: &Path) -> Result<Self, Failure> {
        let create = || -> io::Result<File> {
            let mut file = File::options().write(true).create_new(true).open(path)?;
            file.write_all("\u{feff}".as_bytes())?;
            file.write_all(&line(COLUMNS.map(str::to_owned))?)?;
            file.sync_all()?;
            Ok(file)
        };
        let file = create().map_err(|error| {
            Failure::usage(format!("写不了清理回执 {}：{error}。什么也没有删；可用 --receipt 另指定一个新文件", path.display()))
        })?;
        Ok(Self { path: path.to_owned(), file })
    }

    fn add(&mut self, entry: &PurgeEntry, as_of: Day) -> io::Result<()> {
        let fields = [
            entry.folder.display().to_string(),
            entry.period.clone(),
            entry.made.map_or_else(String::new, |made| made.to_string()),
            entry.files.to_string(),
            entry.bytes.to_string(),
            entry.sha256.clone(),
            entry.fate.plain(),
            as_of.to_string(),
        ];
        self.file.write_all(&line(fields)?)?;
        self.file.sync_all()
    }
}

fn line(fields: [String; 8]) -> io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(fields).map_err(io::Error::other)?;
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

fn today() -> Option<Day> {
    let days = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs() / 86_400;
    i32::try_from(days).ok().map(Day)
}
