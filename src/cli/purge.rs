//! `bidui purge`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::args::PurgeArgs;
use super::{Failure, exit, ui};
use crate::ledger::Purged;
use crate::model::date::{Day, Month};
use crate::model::system_error::plain;
use crate::store::clock::today;
use crate::store::disk::{beside, read as read_file, sync_above};
use crate::store::output_file::checked;
use crate::store::purge::{self, BEGUN, Fate, PurgeEntry, PurgeRequest, purge_ledger as clean_ledger};

/// First cell of a receipt's last line: without it the purge was cut short, and the next goes on with its receipt.
const DONE: &str = "清理完毕";
/// Columns of the receipt.
const COLUMNS: [&str; 8] = ["运行文件夹", "月份", "生成日期", "文件数", "字节", "run.json 的 SHA-256", "结果", "清理日期"];

pub(super) fn purge(arguments: &PurgeArgs) -> Result<u8, Failure> {
    let as_of =
        arguments.as_of.or_else(today).ok_or_else(|| Failure::usage("不知道今天是哪天，请加 --as-of 2019-01-31 这样的日期"))?;
    if arguments.yes {
        purge::heal(&arguments.runs);
    }
    let place = receipt_path(arguments, as_of);
    let earlier = Earlier::read(&place);
    let mut request = PurgeRequest {
        folders: arguments.runs.clone(),
        older_than: arguments.older_than.0,
        as_of,
        remove: false,
        with_edited: arguments.with_edited,
        begun: earlier.iter().flat_map(Earlier::folders).collect(),
    };
    let listed = purge::purge(&request, &mut |_| Ok(())).map_err(Failure::usage)?;
    let due = listed.iter().filter(|entry| matches!(entry.fate, Fate::Due(_))).count();
    let ledger = |request: &PurgeRequest| -> Result<Option<(Month, Purged)>, Failure> {
        let path = arguments.ledger.as_deref();
        // It is opened to be counted first; what is to be known of it is told then.
        let progress = |told: &str| {
            if !request.remove {
                ui::note(told);
            }
        };
        path.map(|path| clean_ledger(path, request, &progress)).transpose().map_err(|error| Failure::ledger(&error))
    };
    let forgotten = ledger(&request)?;
    let nothing = due == 0 && earlier.is_none() && forgotten.is_none_or(|(_, purged)| purged == Purged::default());
    if !arguments.yes || nothing {
        for entry in &listed {
            ui::result(&told(entry, as_of));
        }
        if let Some(forgotten) = forgotten {
            ui::result(&told_ledger(forgotten, "到期"));
        }
        let advice = if nothing { "" } else { "。确认后加 --yes" };
        let unfinished = if earlier.is_some() { "上次清理中途停了，还没有清理完。" } else { "" };
        ui::result(&format!("{unfinished}到期 {due} 个，什么也没有删{advice}"));
        return Ok(0);
    }
    request.remove = true;
    let mut receipt = match &earlier {
        Some(earlier) => Receipt::go_on(&place, earlier)?,
        None => Receipt::create(&place)?,
    };
    let untold = |error: &io::Error| {
        Failure::usage(format!("清理回执写不进去：{}。请检查磁盘空间和权限，再用同样的命令清理一次", plain(error)))
    };
    let entries = purge::purge(&request, &mut |entry| match entry.fate {
        Fate::Kept => Ok(()),
        _ => receipt.add(entry, as_of),
    })
    .map_err(Failure::usage)?;
    for entry in &entries {
        ui::result(&told(entry, as_of));
    }
    // Of what was gone already, the last line says that it was begun.
    for folder in earlier.iter().flat_map(Earlier::open).filter(|folder| !folder.exists()) {
        let told = "已删除（上次清理删完了它，停住时还没有记下）";
        receipt.tell(&folder.display().to_string(), told, as_of).map_err(|error| untold(&error))?;
        ui::result(&format!("{}：{told}", folder.display()));
    }
    if let (Some(path), Some(forgotten)) = (&arguments.ledger, forgotten) {
        let path = path.display().to_string();
        let before = earlier.as_ref().and_then(|earlier| earlier.last.get(&path));
        let before = before.map_or_else(String::new, |told| format!("；上次清理中途停了，那时记下的是：{told}"));
        receipt.tell(&path, &told_ledger(forgotten, "开始忘掉"), as_of).map_err(|error| untold(&error))?;
        let done = ledger(&request);
        let told = match &done {
            Ok(forgotten) => forgotten.map(|forgotten| told_ledger(forgotten, "已忘掉")).unwrap_or_default() + &before,
            Err(failure) => format!("没有清理完：{}", failure.message),
        };
        let noted = receipt.tell(&path, &told, as_of);
        done?;
        ui::result(&told);
        noted.map_err(|error| {
            Failure::usage(format!("清理回执写不进去：{}。台账已清理：{told}。请检查磁盘空间和权限", plain(&error)))
        })?;
    }
    let count = |wanted: fn(&Fate) -> bool| entries.iter().filter(|entry| wanted(&entry.fate)).count();
    let (partly, held) = (count(|fate| matches!(fate, Fate::Partly(..))), count(|fate| matches!(fate, Fate::Held(_))));
    let removed = count(|fate| matches!(fate, Fate::Removed(_)));
    if partly + held == 0 {
        receipt.tell(DONE, &format!("这次删除 {removed} 个运行文件夹"), as_of).map_err(|error| untold(&error))?;
    }
    ui::result(&format!("删除 {removed} 个运行文件夹。回执：{}", receipt.path.display()));
    Ok(if partly > 0 {
        exit::REFUSED
    } else if held > 0 {
        exit::LOCKED
    } else {
        0
    })
}

fn told(entry: &PurgeEntry, as_of: Day) -> String {
    let made = entry.made.map_or_else(String::new, |made| format!("{made} 生成，{} 天，", as_of.0 - made.0));
    let size = entry.bytes.div_ceil(1024);
    let what = if entry.period.is_empty() { String::new() } else { format!("{}，{made}{size} KB，", entry.period) };
    format!("{}：{what}{}", entry.folder.display(), entry.plain())
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

/// Beside the first folder, so that it outlives it; one there that is about the same, and was cut short, is gone on with.
fn receipt_path(arguments: &PurgeArgs, as_of: Day) -> PathBuf {
    if let Some(path) = &arguments.receipt {
        return path.clone();
    }
    let whole = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    let first = arguments.runs.first().or(arguments.ledger.as_ref()).map(whole);
    let parent = first.as_deref().map(|first| first.canonicalize().unwrap_or_else(|_| first.to_owned()));
    let parent = parent.as_deref().and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
    let about: Vec<PathBuf> = arguments.runs.iter().chain(&arguments.ledger).filter_map(real).collect();
    let mut receipts: Vec<PathBuf> = fs::read_dir(&parent).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    receipts.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("清理回执_")));
    receipts.sort();
    let same = |path: &PathBuf| {
        let folders = Earlier::read(path).map(|earlier| earlier.last.into_keys().collect::<Vec<_>>()).unwrap_or_default();
        folders.iter().any(|told| {
            about.iter().any(|named| Path::new(told).starts_with(named) || real(&PathBuf::from(told)).as_ref() == Some(named))
        })
    };
    let number = |count: u32| if count == 1 { String::new() } else { format!("（{count}）") };
    let free = || (1_u32..1_000).map(|count| parent.join(format!("清理回执_{as_of}{}.csv", number(count))));
    receipts.into_iter().find(same).or_else(|| free().find(|path| fs::symlink_metadata(path).is_err())).unwrap_or_default()
}

/// Where a path leads, its last part perhaps gone.
fn real(path: &PathBuf) -> Option<PathBuf> {
    let whole = std::path::absolute(path).ok()?;
    whole.canonicalize().ok().or_else(|| Some(whole.parent()?.canonicalize().ok()?.join(whole.file_name()?)))
}

/// What a receipt says of a purge that was cut short.
struct Earlier {
    /// The last that was said of each folder, or of the ledger.
    last: BTreeMap<String, String>,
    /// Bytes of its whole lines.
    length: u64,
}

impl Earlier {
    /// `None` where there is no receipt of ours, or its purge came to its end.
    fn read(path: &Path) -> Option<Self> {
        let bytes = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file).and_then(|_| read_file(path).ok())?;
        let text = bytes.strip_prefix("\u{feff}".as_bytes())?;
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
        if reader.headers().ok()?.iter().ne(COLUMNS) {
            return None;
        }
        let mut earlier = Self { last: BTreeMap::new(), length: 0 };
        // What a kill left of a line is none.
        let whole = bytes.windows(2).rposition(|end| end == b"\r\n").map_or(0, |end| end + 2);
        earlier.length = u64::try_from(whole).ok()?;
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes.get(3..whole)?);
        for record in reader.records().map_while(Result::ok) {
            let (name, told) = (record.get(0)?.to_owned(), record.get(6).unwrap_or_default().to_owned());
            if name == DONE {
                return None;
            }
            earlier.last.insert(name, told);
        }
        Some(earlier)
    }

    /// Everything that it names.
    fn folders(&self) -> BTreeSet<PathBuf> {
        self.last.keys().map(PathBuf::from).collect()
    }

    /// Folders of which it does not say how it ended.
    fn open(&self) -> impl Iterator<Item = PathBuf> {
        self.last.iter().filter(|(_, told)| told.starts_with(BEGUN)).map(|(name, _)| PathBuf::from(name))
    }
}

/// A receipt under way: a line is on disk before the next folder is touched.
struct Receipt {
    path: PathBuf,
    file: File,
}

impl Receipt {
    /// A new one, which appears with its first line.
    fn create(path: &Path) -> Result<Self, Failure> {
        let place = checked(path).map_err(|error| Failure::usage(format!("{error}。什么也没有删")))?;
        let create = || -> io::Result<File> {
            let mut file = beside(&place)?;
            file.write_all("\u{feff}".as_bytes())?;
            file.write_all(&line(COLUMNS.map(str::to_owned))?)?;
            file.as_file().sync_all()?;
            let file = file.persist_noclobber(&place)?;
            sync_above(&place)?;
            Ok(file)
        };
        let file = create().map_err(|error| unwritten(path, &error))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// That of a purge that was cut short.
    fn go_on(path: &Path, earlier: &Earlier) -> Result<Self, Failure> {
        let place = checked(path).map_err(|error| Failure::usage(format!("{error}。什么也没有删")))?;
        let open = || -> io::Result<File> {
            let mut file = File::options().read(true).write(true).open(&place)?;
            file.set_len(earlier.length)?;
            file.seek(SeekFrom::End(0))?;
            Ok(file)
        };
        Ok(Self { path: path.to_owned(), file: open().map_err(|error| unwritten(path, &error))? })
    }

    /// A line about something that is no run folder.
    fn tell(&mut self, what: &str, told: &str, as_of: Day) -> io::Result<()> {
        let mut fields: [String; 8] = std::array::from_fn(|_| String::new());
        (fields[0], fields[6], fields[7]) = (what.to_owned(), told.to_owned(), as_of.to_string());
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
            entry.in_full(),
            as_of.to_string(),
        ];
        self.write(&line(fields)?)
    }

    /// A whole line or, where the disk takes none, the lines before.
    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        let before = self.file.metadata()?.len();
        self.file.write_all(line).and_then(|()| self.file.sync_all()).inspect_err(|_| {
            let _ = self.file.set_len(before);
            let _ = self.file.seek(SeekFrom::End(0));
        })
    }
}

fn unwritten(path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    Failure::usage(format!("写不了清理回执 {path}：{}。什么也没有删；请用 --receipt 另指定一个新文件", plain(error)))
}

fn line(fields: [String; 8]) -> io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(fields).map_err(io::Error::other)?;
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}
