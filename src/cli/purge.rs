//! `bidui purge`.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::args::PurgeArgs;
use super::{Failure, exit, ui};
use crate::ledger::Purged;
use crate::model::date::{Day, Month};
use crate::model::system_error::plain;
use crate::run::{Fate, PurgeEntry, PurgeRequest, checked, purge as clean, purge_ledger as clean_ledger, today};

/// Columns of the receipt.
const COLUMNS: [&str; 8] = ["运行文件夹", "月份", "生成日期", "文件数", "字节", "run.json 的 SHA-256", "结果", "清理日期"];

pub(super) fn purge(arguments: &PurgeArgs) -> Result<u8, Failure> {
    let as_of =
        arguments.as_of.or_else(today).ok_or_else(|| Failure::usage("不知道今天是哪天，请加 --as-of 2019-01-31 这样的日期"))?;
    let mut request = PurgeRequest {
        folders: arguments.runs.clone(),
        older_than: arguments.older_than.0,
        as_of,
        remove: false,
        with_edited: arguments.with_edited,
    };
    let listed = clean(&request, &mut |_| Ok(())).map_err(Failure::usage)?;
    let due = listed.iter().filter(|entry| matches!(entry.fate, Fate::Due(_))).count();
    let ledger = |request: &PurgeRequest| -> Result<Option<(Month, Purged)>, Failure> {
        let path = arguments.ledger.as_deref();
        path.map(|path| clean_ledger(path, request)).transpose().map_err(|error| Failure::ledger(&error))
    };
    let forgotten = ledger(&request)?;
    let nothing = due == 0 && forgotten.is_none_or(|(_, purged)| purged == Purged::default());
    if !arguments.yes || nothing {
        for entry in &listed {
            ui::result(&told(entry, as_of));
        }
        if let Some(forgotten) = forgotten {
            ui::result(&told_ledger(forgotten, "到期"));
        }
        let advice = if nothing { "" } else { "。确认后加 --yes" };
        ui::result(&format!("到期 {due} 个，什么也没有删{advice}"));
        return Ok(0);
    }
    request.remove = true;
    let mut receipt = Receipt::create(&receipt_path(arguments, as_of))?;
    let entries = clean(&request, &mut |entry| match entry.fate {
        Fate::Kept => Ok(()),
        _ => receipt.add(entry, as_of),
    })
    .map_err(Failure::usage)?;
    for entry in &entries {
        ui::result(&told(entry, as_of));
    }
    if let Some(path) = &arguments.ledger {
        let done = ledger(&request);
        let told = match &done {
            Ok(forgotten) => forgotten.map(|forgotten| told_ledger(forgotten, "已忘掉")).unwrap_or_default(),
            Err(failure) => format!("没有清理完：{}", failure.message),
        };
        let noted = receipt.add_ledger(path, &told, as_of);
        done?;
        ui::result(&told);
        noted.map_err(|error| Failure::usage(format!("清理回执写不进去：{}。台账已清理：{told}", plain(&error))))?;
    }
    let count = |wanted: fn(&Fate) -> bool| entries.iter().filter(|entry| wanted(&entry.fate)).count();
    let removed = count(|fate| matches!(fate, Fate::Removed(_)));
    ui::result(&format!("删除 {removed} 个运行文件夹。回执：{}", receipt.path.display()));
    Ok(if count(|fate| matches!(fate, Fate::Partly(..))) > 0 {
        exit::REFUSED
    } else if count(|fate| matches!(fate, Fate::Held(_))) > 0 {
        exit::LOCKED
    } else {
        0
    })
}

fn told(entry: &PurgeEntry, as_of: Day) -> String {
    let made = entry.made.map_or_else(String::new, |made| format!("{made} 生成，{} 天，", as_of.0 - made.0));
    let size = entry.bytes.div_ceil(1024);
    let what = if entry.period.is_empty() { String::new() } else { format!("{}，{made}{size} KB，", entry.period) };
    format!("{}：{what}{}", entry.folder.display(), entry.fate.plain())
}

fn told_ledger((before, purged): (Month, Purged), what: &str) -> String {
    let Purged { findings, sightings, answers, rows, receipts, unfinished } = purged;
    let before_this =
        if unfinished { "；上次清理中途停了，文件里还有没抹掉的，这次一并抹掉" } else { "" };
    format!(
        "台账：{before} 以后再没有出现过的疑点{what} {findings} 条（{sightings} 个月次，{answers} 条回复），\
         收回的清单里没有别的疑点要用的 {rows} 行、{receipts} 份{before_this}"
    )
}

/// Beside the first folder, so that it outlives it.
fn receipt_path(arguments: &PurgeArgs, as_of: Day) -> PathBuf {
    arguments.receipt.clone().unwrap_or_else(|| {
        let first = arguments.runs.first().or(arguments.ledger.as_ref()).and_then(|first| first.canonicalize().ok());
        let parent = first.as_deref().and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
        (1_u32..1_000)
            .map(|count| match count {
                1 => parent.join(format!("清理回执_{as_of}.csv")),
                count => parent.join(format!("清理回执_{as_of}（{count}）.csv")),
            })
            .find(|path| fs::symlink_metadata(path).is_err())
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
        let place = checked(path).map_err(|error| Failure::usage(format!("{error}。什么也没有删")))?;
        let create = || -> io::Result<File> {
            let mut options = File::options();
            options.write(true).create_new(true);
            #[cfg(unix)]
            {
                use std::os::unix::fs::OpenOptionsExt as _;
                options.mode(0o600);
            }
            let mut file = options.open(&place)?;
            file.write_all("\u{feff}".as_bytes())?;
            file.write_all(&line(COLUMNS.map(str::to_owned))?)?;
            file.sync_all()?;
            Ok(file)
        };
        let file = create().map_err(|error| {
            Failure::usage(format!(
                "写不了清理回执 {}：{}。什么也没有删；请用 --receipt 另指定一个新文件",
                path.display(),
                plain(&error)
            ))
        })?;
        Ok(Self { path: path.to_owned(), file })
    }

    fn add_ledger(&mut self, ledger: &Path, told: &str, as_of: Day) -> io::Result<()> {
        let mut fields: [String; 8] = std::array::from_fn(|_| String::new());
        (fields[0], fields[6], fields[7]) = (ledger.display().to_string(), told.to_owned(), as_of.to_string());
        self.write(&line(fields)?)
    }

    fn add(&mut self, entry: &PurgeEntry, as_of: Day) -> io::Result<()> {
        let fields = [
            entry.folder.display().to_string(),
            entry.period.clone(),
            entry.made.map_or_else(String::new, |made| made.to_string()),
            entry.files.to_string(),
            entry.bytes.to_string(),
            entry.sha256.clone(),
            entry.fate.in_full(),
            as_of.to_string(),
        ];
        self.write(&line(fields)?)
    }

    /// A whole line or, where the disk takes none, the lines before.
    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        let before = self.file.metadata()?.len();
        self.file.write_all(line).and_then(|()| self.file.sync_all()).inspect_err(|_| {
            let _ = self.file.set_len(before);
        })
    }
}

fn line(fields: [String; 8]) -> io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(fields).map_err(io::Error::other)?;
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}
