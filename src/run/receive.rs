//! `receive`: returned lists into the ledger, and a receipt that says what became of every row.
//!
//! Takes a ledger and files; writes answers in one transaction under the ledger's lock, then the receipt workbook beside the ledger or in
//! `--out`, where a file is begun before anything else. A receipt never replaces another one. Killed between the two, the same command gives
//! the receipt that the first would have given.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::intake::definitions::{self, DefinitionError};
use crate::intake::inputs::{self, InputError, Sought};
use crate::intake::returned::Reader;
use crate::ledger::LedgerError;
use crate::model::date::Day;
use crate::model::receipt::{FileReceipt, Outcome};
use crate::report::{ReportError, receipt};
use crate::store::attempts::{self, Attempts};
use crate::store::clock::utc_now;
use crate::store::disk::create_private;
use crate::store::ledger_file::{self, LedgerFileError};
use crate::store::output_file::{NewFile, OutputError, outside_runs};

/// So many answered rows of which none is known are no slips of the pen.
const NONE_KNOWN: usize = 3;

/// What to receive.
#[derive(Clone, Debug)]
pub(crate) struct ReceiveRequest {
    /// The ledger.
    pub ledger: PathBuf,
    /// Files and folders.
    pub files: Vec<PathBuf>,
    /// The pipeline: headers, wordings, rule titles, layouts.
    pub pipeline: PathBuf,
    /// Folder for the receipt; else the ledger's.
    pub out: Option<PathBuf>,
    /// This program, for the children that parse.
    pub executable: PathBuf,
}

/// What came of it.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// Per file.
    pub files: Vec<FileReceipt>,
    /// The receipt workbook.
    pub receipt: PathBuf,
}

/// Why nothing was received. The ledger is as it was.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReceiveError {
    /// The pipeline does not say how lists are read.
    #[error("流程文件 {} 没有写 returns（收回的清单怎样读）。请在里面加一行 returns = \"returns\"", path.display())]
    NoReturns {
        /// The pipeline.
        path: PathBuf,
    },
    /// Definitions are wrong.
    #[error(transparent)]
    Definitions(#[from] DefinitionError),
    /// Files cannot be listed.
    #[error(transparent)]
    Inputs(#[from] InputError),
    /// The ledger is locked, on a share, missing or none.
    #[error(transparent)]
    File(#[from] LedgerFileError),
    /// There can be no receipt.
    #[error("回执放不下：{0}")]
    NoReceipt(#[source] OutputError),
    /// The receipt cannot be made.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The receipt cannot be written; the answers are in the ledger.
    #[error("回复已经记入台账，但回执没有写出来：{0}。再运行一次同样的命令就补出回执")]
    Receipt(#[source] OutputError),
}

impl From<LedgerError> for ReceiveError {
    fn from(error: LedgerError) -> Self {
        Self::File(error.into())
    }
}

/// Receives files. `progress` gets one line per file.
pub(crate) fn receive(request: &ReceiveRequest, progress: &dyn Fn(&str)) -> Result<Received, ReceiveError> {
    let beside = request.ledger.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = request.out.as_deref().unwrap_or(beside);
    let definitions = definitions::load(&request.pipeline)?;
    let Some(returns) = &definitions.returns else {
        return Err(ReceiveError::NoReturns { path: request.pipeline.clone() });
    };
    let reader = Reader::new(&definitions, returns, &request.executable);
    let mut returned = Vec::new();
    let receipts = definitions.layouts.receipt.file.split('{').next().unwrap_or_default();
    let listing = inputs::gather(&request.files, request.out.as_deref(), Sought::Returned)?;
    let mut held = ledger_file::open(&request.ledger, false)?;
    let mut started = start(folder).map_err(ReceiveError::NoReceipt)?;
    held.told.iter().chain(&listing.told).for_each(|line| progress(line));
    for file in listing.files {
        if is_ours(&file.path, &request.ledger, receipts) {
            progress(&format!("  {}：是台账或回执，不是交回的清单，没有读", file.name));
            continue;
        }
        let read = reader.read(&file);
        let rows: usize = read.iter().map(|file| file.rows.len()).sum();
        progress(&format!("  {}：{rows} 行", file.name));
        returned.extend(read);
    }
    let now = utc_now();
    let mut attempts = Attempts::of(&held.path).map_err(|path| LedgerFileError::Beside { path })?;
    for file in &mut returned {
        let broken = attempts.broken(&file.sha256);
        file.broken = broken.filter(|time| held.ledger.took(&file.sha256, time));
    }
    let received = || returned.iter().map(|file| file.sha256.as_str());
    let new = returned.iter().filter(|file| file.broken.is_none()).map(|file| file.sha256.as_str());
    attempts.begin(new, &now).map_err(|source| LedgerFileError::Io { doing: "开始接收", path: held.path.clone(), source })?;
    let files = held.ledger.receive(&returned, &returns.phrases, &now)?;
    let _lock = held.finish()?;
    let today = now.get(..10).and_then(|day| day.parse::<Day>().ok()).unwrap_or(Day(0));
    let book = receipt(&definitions.county, &files, today, &definitions.layouts)?;
    let written = started.write_all(&book.bytes).map_err(|source| OutputError::Io { path: folder.join(&book.path), source });
    let receipt = written.and_then(|()| started.finish_beside_others(Path::new(&book.path))).map_err(ReceiveError::Receipt)?;
    // Left there, the next receipt tells once more what this one tells.
    let _ = attempts.end(received());
    Ok(Received { files, receipt })
}

/// Whether a file is the ledger, what belongs to it, or an earlier receipt: they lie in one folder with what comes back.
fn is_ours(path: &Path, ledger: &Path, receipts: &str) -> bool {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = |path: &Path| path.canonicalize().ok().and_then(|path| path.parent().map(Path::to_owned));
    let beside = folder(path).is_some() && folder(path) == folder(ledger);
    let (file, ledger) = (name(path), name(ledger));
    let companion = file
        .strip_prefix(&ledger)
        .is_some_and(|rest| matches!(rest, "" | "-wal" | "-shm" | "-journal" | ".lock" | attempts::ENDING));
    (beside && companion) || (!receipts.is_empty() && file.starts_with(receipts))
}

/// A receipt under way in `folder`, which is made if it is not there.
fn start(folder: &Path) -> Result<NewFile, OutputError> {
    let path = folder.join("回执.xlsx");
    outside_runs(&path)?;
    create_private(folder).map_err(|source| OutputError::NoFolder { path: path.clone(), source })?;
    NewFile::create(&path, false)
}

impl Received {
    /// Whether a file or a row has to be sent again.
    #[must_use]
    pub(crate) fn is_refused(&self) -> bool {
        self.files.iter().any(FileReceipt::is_refused)
    }

    /// For programs: counts and rows, without a word of any row.
    #[must_use]
    pub(crate) fn json(&self) -> String {
        let count = |file: &FileReceipt| {
            Outcome::ALL.into_iter().map(|outcome| (outcome.as_str(), file.count(outcome))).collect::<Vec<_>>()
        };
        let files = self.files.iter().map(|file| JsonFile {
            file: file.file.expose(),
            sha256: &file.sha256,
            opposed: file.opposed,
            received_before: file.before.as_deref(),
            written: file.written,
            counts: count(file).into_iter().collect(),
            refusals: file
                .refusals
                .iter()
                .map(|refusal| JsonRefusal {
                    sheet: &refusal.name.sheet,
                    code: &refusal.code,
                    what: &refusal.what,
                    hint: &refusal.hint,
                })
                .collect(),
            rows: file
                .rows
                .iter()
                .map(|row| JsonRow {
                    sheet: row.sheet.expose(),
                    row: row.row,
                    outcome: row.outcome.as_str(),
                    finding_ids: &row.finding_ids,
                    list: row.list.map(|list| list.to_string()),
                    reason: &row.reason,
                })
                .collect(),
        });
        let all = Json { receipt: self.receipt.display().to_string(), files: files.collect() };
        serde_json::to_string_pretty(&all).unwrap_or_default()
    }

    /// For a screen: counts per file, what was refused, and the first rows that need somebody, by place and reason only.
    #[must_use]
    pub(crate) fn plain(&self) -> String {
        const SHOWN: usize = 10;
        let mut lines = Vec::new();
        for file in &self.files {
            let counts: Vec<String> = Outcome::ALL
                .into_iter()
                .filter(|outcome| file.count(*outcome) > 0)
                .map(|outcome| format!("{} {}", outcome.plain(), file.count(outcome)))
                .collect();
            let counts = if counts.is_empty() { "没有清单行".to_owned() } else { counts.join("，") };
            lines.push(format!("{}：{} 行，{counts}", file.file.expose(), file.rows.len()));
            match &file.before {
                Some(day) if file.written => lines.push(format!("  {day} 收过同样的文件，这次有新看懂的行")),
                Some(day) => lines.push(format!("  {day} 收过同样的文件，台账没有变")),
                None => {}
            }
            let unknown = file.count(Outcome::Unknown);
            if unknown >= NONE_KNOWN && unknown + file.count(Outcome::Empty) + file.count(Outcome::Aside) == file.rows.len() {
                lines.push("  这份清单的疑点台账里一条也没有：多半是用另一个密钥、凭另一个台账发的，请核对清单和台账".to_owned());
            }
            if file.opposed > 0 {
                lines.push(format!("  有 {} 行与同一份文件里别的行回复相反，看不出以哪个为准，请核实后改好再交", file.opposed));
            }
            for refusal in &file.refusals {
                let sheet =
                    if refusal.name.sheet.is_empty() { String::new() } else { format!("工作表 {}：", refusal.name.sheet) };
                lines.push(format!("  未接收 {sheet}{}\n    怎么办：{}", refusal.what, refusal.hint));
            }
            let attention: Vec<_> = file.rows.iter().filter(|row| row.outcome.needs_attention()).collect();
            for row in attention.iter().take(SHOWN) {
                let sheet = if row.sheet.is_empty() { String::new() } else { format!("{} ", row.sheet.expose()) };
                lines.push(format!("  {sheet}第 {} 行 {}：{}", row.row, row.outcome.plain(), row.reason));
            }
            if attention.len() > SHOWN {
                lines.push(format!("  另有 {} 行，见回执", attention.len() - SHOWN));
            }
        }
        lines.push(format!("回执：{}", self.receipt.display()));
        lines.join("\n")
    }
}

#[derive(Serialize)]
struct Json<'a> {
    receipt: String,
    files: Vec<JsonFile<'a>>,
}

#[derive(Serialize)]
struct JsonFile<'a> {
    file: &'a str,
    sha256: &'a str,
    opposed: usize,
    received_before: Option<&'a str>,
    written: bool,
    counts: std::collections::BTreeMap<&'static str, usize>,
    refusals: Vec<JsonRefusal<'a>>,
    rows: Vec<JsonRow<'a>>,
}

#[derive(Serialize)]
struct JsonRefusal<'a> {
    sheet: &'a str,
    code: &'a str,
    what: &'a str,
    hint: &'a str,
}

#[derive(Serialize)]
struct JsonRow<'a> {
    sheet: &'a str,
    row: u32,
    outcome: &'static str,
    finding_ids: &'a [String],
    list: Option<String>,
    reason: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::personal::Personal;
    use crate::model::receipt::RowReceipt;
    use std::fs;

    #[test]
    fn a_list_of_which_the_ledger_knows_nothing_is_of_another_ledger_or_key() {
        let row = |outcome: Outcome| RowReceipt::bare(Personal::default(), 5, outcome);
        let told = |outcomes: &[Outcome]| {
            let file = FileReceipt { rows: outcomes.iter().map(|outcome| row(*outcome)).collect(), ..FileReceipt::default() };
            Received { files: vec![file], receipt: PathBuf::new() }.plain().contains("另一个密钥")
        };
        let unknown = Outcome::Unknown;
        assert!(told(&[unknown, unknown, Outcome::Empty, unknown, Outcome::Aside]));
        assert!(!told(&[unknown, unknown, Outcome::Taken, unknown]) && !told(&[unknown, unknown]));
    }

    #[test]
    fn a_folder_with_the_ledger_in_it_can_be_received() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| {
            let path = folder.path().join(name);
            fs::write(&path, "x").expect("a file");
            path
        };
        let ledger = at("台账.db");
        for (name, ours) in
            [("台账.db", true), ("台账.db-wal", true), ("台账.db.lock", true), ("回执_2018-06.xlsx", true), ("土坪镇.xls", false)]
        {
            assert_eq!(is_ours(&at(name), &ledger, "回执_"), ours, "{name}");
        }
    }
}
