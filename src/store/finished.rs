//! A finished run's folder, read back: what it was run with, its rows, its links.
//!
//! Takes the folder, gives [`Finished`] (its `run.json`) and, on request, the very [`RecordSet`] and [`Linked`] that made its outputs. A stage file
//! is used only where it is the one that `run.json` names by its SHA-256: what another run wrote, or somebody saved over, is refused.
//! Cost: one pass over the bytes of each file that is asked for, once, and one over what is read of it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, Float32Array, Int64Array, RecordBatch, StringArray};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::model::carried::Carried;
use crate::model::decision::Decision;
use crate::model::finding::{Confidence, Evidence, Finding, Kind, Scope, Subject, TimeBase};
use crate::model::ids::{KeyKind, hexadecimal};
use crate::model::intake::IntakeFile;
use crate::model::link::{Decided, Link, LinkStatus, Linked, People, PersonIx, ReviewPair, Suspicion};
use crate::model::personal::Personal;
use crate::model::proposal::{KeptProposal, Proposal};
use crate::model::record::{RecordSet, RowId};
use crate::model::register::RegisterCount;
use crate::model::system_error::plain;
use crate::store::manifest::{EarlierEntry, LinkingEntry};
use crate::store::stages::table::{Table, said};
use crate::store::stages::tables::{Cells, Findings, Place, Review, Suspicions};
use crate::store::stages::{self, StageError};
use crate::store::workspace::{self, WorkspaceError};
use crate::store::{disk, resume};

/// Stage files that a run over a finished run's rows takes over as they are.
const ROWS: [&str; 3] = ["records.parquet", "records.json", "rejects.parquet"];
const LINKS: [&str; 4] = ["links.parquet", "people.parquet", "review.parquet", "suspicions.parquet"];
/// Of `links.parquet`: who it is and how sure; why is asked for elsewhere.
const LINK_COLUMNS: [&str; 4] = ["person_id", "status", "weight", "probability"];
/// Numbers that returned lists proposed.
const PROPOSALS: &str = "proposals.parquet";
/// Those that explain links, or that a run has only with answers or an earlier run.
const MAYBE: [&str; 6] =
    ["model.json", "blocking.parquet", "decisions.parquet", "households.parquet", "identity_changes.parquet", PROPOSALS];

/// What of `run.json` is asked for again.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RunJson {
    /// `bidui 0.1.0`.
    pub(crate) tool: String,
    /// The pipeline's name.
    pub(crate) pipeline: String,
    /// Of all definitions.
    pub(crate) pipeline_hash: String,
    /// Of those that rows and links follow from.
    #[serde(default)]
    pub(crate) links_hash: String,
    /// What its ids were made with; versions before did not say.
    #[serde(default)]
    pub(crate) key: Option<KeyKind>,
    /// `2018-06`.
    pub(crate) period: String,
    /// `2018-06-30`.
    pub(crate) as_of: String,
    /// `--town`.
    #[serde(default)]
    pub(crate) towns: Vec<String>,
    /// `--village`.
    #[serde(default)]
    pub(crate) villages: Vec<String>,
    /// Rows of the month by register part.
    #[serde(default)]
    pub(crate) registers: Vec<RegisterCount>,
    /// Rows of an earlier month, against which this month's were held.
    #[serde(default)]
    pub(crate) expected_by_month: Option<EarlierEntry>,
    /// Registers accepted as whole.
    #[serde(default)]
    pub(crate) accepted: Vec<String>,
    /// How rows came to their persons.
    pub(crate) linking: Option<LinkingEntry>,
    /// What was not evaluated.
    #[serde(default)]
    pub(crate) notes: Vec<Note>,
    /// Where the policy can be read in several ways.
    #[serde(default)]
    readings: Vec<ReadingOfRun>,
    /// Registers that were read.
    #[serde(default)]
    inputs: Vec<SourceOfRun>,
    /// Answers to pairs that were read.
    #[serde(default)]
    decision_files: Vec<SourceOfRun>,
    /// Stage file → SHA-256; not of the version before.
    stage_files: Option<BTreeMap<String, String>>,
}

impl RunJson {
    /// Rules that the readings chosen leave out.
    pub(crate) fn left_out(&self) -> Vec<&str> {
        self.readings.iter().flat_map(|reading| &reading.left_out).map(String::as_str).collect()
    }
}

/// What of a file that was read is asked for again.
#[derive(Clone, Debug, Deserialize)]
struct SourceOfRun {
    #[serde(default)]
    sha256: String,
}

/// What of a reading is asked for again.
#[derive(Clone, Debug, Deserialize)]
struct ReadingOfRun {
    #[serde(default)]
    left_out: Vec<String>,
}

/// A rule, or a rule in a town, that was not evaluated or carries a banner.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Note {
    /// Rule id.
    pub(crate) rule: String,
    /// Town, where only that is concerned.
    pub(crate) town: Option<String>,
    /// One plain sentence.
    #[serde(rename = "note")]
    pub(crate) sentence: String,
    /// Whether the rule was held back.
    pub(crate) held: bool,
}

/// Why a folder is no finished run, or not whole.
#[derive(Debug, thiserror::Error)]
pub enum FinishedError {
    /// A run is putting its results there.
    #[error(transparent)]
    Busy(#[from] WorkspaceError),
    /// A run did not come to its end.
    #[error("{} 里没有一次完整的结果：上次运行没有做完，或写结果时被打断（没有 run.json）。请把那次的 bidui run 命令原样再运行一次，再做这一步", folder.display())]
    Unfinished {
        /// The folder.
        folder: PathBuf,
    },
    /// Its results were removed, or some of them.
    #[error("{} 里没有一次完整的结果：它已经用 bidui purge 清理过，或者清理到一半停住了。还要用就把那次的 bidui run 命令原样再运行一次；不要了就请再清理一次", folder.display())]
    Removed {
        /// The folder.
        folder: PathBuf,
    },
    /// Its `run.json` cannot be read as one.
    #[error("{} 里的 run.json 坏了（不完整，或被改过），里面的结果不能再用。请用备份恢复它，或把那次运行重做到另一个文件夹", folder.display())]
    Damaged {
        /// The folder.
        folder: PathBuf,
    },
    /// It is something else.
    #[error("{} 不是 bidui 的运行文件夹：{why}。请写那次运行时 --out 指定的文件夹", folder.display())]
    NotARun {
        /// The folder.
        folder: PathBuf,
        /// Why.
        why: String,
    },
    /// A stage file is another than the run wrote.
    #[error("{} 里的 stages/{file} {why}。请用备份恢复这个文件夹，或用同样的 bidui run 命令把那次运行重做一遍，再做这一步", folder.display())]
    Changed {
        /// The folder.
        folder: PathBuf,
        /// Which.
        file: String,
        /// What it is instead.
        why: String,
    },
    /// A stage file is whole, and too large to be looked at.
    #[error(transparent)]
    TooLong(#[from] StageError),
    /// Stage files are missing, or do not belong together.
    #[error("{} 里的阶段文件不全或不配套（{what}）。请把那次运行重做一遍，或改用原始文件作 --input", folder.display())]
    NotWhole {
        /// The folder.
        folder: PathBuf,
        /// Which.
        what: String,
    },
}

impl FinishedError {
    /// Whether a run holds the folder.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        matches!(self, Self::Busy(error) if error.is_locked())
    }
}

/// A finished run. While it is held, no other run takes its place.
#[derive(Clone, Debug)]
pub(crate) struct Finished {
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// Its `run.json`.
    pub(crate) run: RunJson,
    /// Of the bytes of `run.json`.
    pub(crate) sha256: String,
    /// Stage files found to be the run's.
    sound: Arc<Mutex<BTreeSet<String>>>,
    _hold: Arc<Option<File>>,
}

/// Whether a folder is that of a run, finished or not.
pub(crate) fn is_run(folder: &Path) -> bool {
    workspace::is_marked(folder) || (folder.join("run.json").is_file() && folder.join("stages").is_dir())
}

/// Whether what says that a folder is a run's can be read, where it stands there.
pub(crate) fn readable(folder: &Path) -> io::Result<()> {
    for sign in [workspace::MARKER, "run.json"].map(|name| folder.join(name)) {
        match disk::open(&sign) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

impl Finished {
    /// Opens the run in `folder`.
    pub(crate) fn open(folder: &Path) -> Result<Self, FinishedError> {
        let not = |why: String| FinishedError::NotARun { folder: folder.to_owned(), why };
        let hold = workspace::hold(folder)?;
        if workspace::is_removed(folder) {
            return Err(FinishedError::Removed { folder: folder.to_owned() });
        }
        if workspace::is_unfinished(folder) {
            return Err(FinishedError::Unfinished { folder: folder.to_owned() });
        }
        let text = disk::read(folder.join("run.json")).map_err(|error| not(format!("读不到 run.json，{}", plain(&error))))?;
        let run: Option<RunJson> = serde_json::from_slice(&text).ok();
        let Some(run) = run else {
            let damaged = FinishedError::Damaged { folder: folder.to_owned() };
            return Err(if workspace::is_marked(folder) { damaged } else { not("run.json 不是 bidui 写的".to_owned()) });
        };
        if !run.tool.starts_with("bidui ") {
            return Err(not("run.json 不是 bidui 写的".to_owned()));
        }
        let sha256 = hexadecimal(&Sha256::digest(&text));
        Ok(Self { folder: folder.to_owned(), run, sha256, sound: Arc::default(), _hold: Arc::new(hold) })
    }

    /// Whether a file of these bytes was read for it.
    pub(crate) fn is_made_from(&self, sha256: &str) -> bool {
        self.run.inputs.iter().chain(&self.run.decision_files).any(|source| source.sha256 == sha256)
    }

    fn not_whole(&self, what: &str) -> FinishedError {
        FinishedError::NotWhole { folder: self.folder.clone(), what: what.to_owned() }
    }

    fn unread(&self, name: &str, error: StageError) -> FinishedError {
        if error.is_too_long() { error.into() } else { self.not_whole(name) }
    }

    /// Which build made it; `None` where its version did not say.
    pub(crate) fn build(&self) -> Option<String> {
        let timings: serde_json::Value = serde_json::from_slice(&disk::read(self.folder.join("timings.json")).ok()?).ok()?;
        timings.as_array()?.iter().rev().find_map(|stage| stage.get("build")?.as_str().map(str::to_owned))
    }

    /// Whether it has links, or was stopped before.
    pub(crate) fn is_linked(&self) -> bool {
        self.run.linking.is_some()
    }

    /// Its rows, and what was taken in.
    pub(crate) fn records(&self) -> Result<(RecordSet, Vec<IntakeFile>), FinishedError> {
        self.file("records.json")?;
        self.file("records.parquet")?;
        resume::read(&self.folder.join("stages")).ok_or_else(|| self.not_whole("records"))
    }

    /// The persons of `records`, as it linked them.
    pub(crate) fn linked(&self, records: &RecordSet) -> Result<Linked, FinishedError> {
        let people = self.table("people.parquet")?;
        let links = self.columns("links.parquet", &LINK_COLUMNS)?;
        let (review, suspicions) = (self.declared::<Review>()?, self.declared::<Suspicions>()?);
        let links = links_of(&people, &links).filter(|links| links.len() == records.len());
        let links = links.ok_or_else(|| self.not_whole("links.parquet"))?;
        let places = || review.places().chain(suspicions.places());
        let rows = Rows::new(records, &places().flatten().flatten().collect());
        let review = rows.pairs(&review).ok_or_else(|| self.not_whole("review.parquet"))?;
        let suspicions = rows.suspicions(&suspicions).ok_or_else(|| self.not_whole("suspicions.parquet"))?;
        let quality = self.run.linking.as_ref().map(Into::into).unwrap_or_default();
        let mut decided = self.decided(&links)?;
        decided.proposals = self.kept_proposals()?;
        let carried = self.declared_if_any()?.map_or_else(Carried::default, |table| stages::identities::read_back(&table));
        Ok(Linked { links, people: People(people), review, suspicions, quality, decided, carried })
    }

    /// What people had answered by then.
    pub(crate) fn decisions(&self) -> Result<Vec<Decision>, FinishedError> {
        Ok(self.decided(&[])?.kept.into_iter().map(|kept| kept.decision).collect())
    }

    fn decided(&self, links: &[Link]) -> Result<Decided, FinishedError> {
        let table = self.declared_if_any()?;
        let decided = table.map_or_else(|| Some(Decided::default()), |table| stages::decisions::read_back(&table, links));
        decided.ok_or_else(|| self.not_whole("decisions.parquet"))
    }

    /// Numbers that returned lists had proposed by then.
    pub(crate) fn proposals(&self) -> Result<Vec<Proposal>, FinishedError> {
        Ok(self.kept_proposals()?.into_iter().map(|kept| kept.proposal).collect())
    }

    fn kept_proposals(&self) -> Result<Vec<KeptProposal>, FinishedError> {
        let table = self.declared_if_any()?;
        let kept = table.map_or_else(|| Some(Vec::new()), |table| stages::proposals::read_back(&table));
        kept.ok_or_else(|| self.not_whole(PROPOSALS))
    }

    /// What it found; without what printed lists show beside it.
    pub(crate) fn findings(&self) -> Result<Vec<Finding>, FinishedError> {
        findings_of(&self.declared()?).ok_or_else(|| self.not_whole("findings.parquet"))
    }

    /// A declared table that must be there.
    pub(crate) fn declared<T: Table>(&self) -> Result<T, FinishedError> {
        self.declared_if_any()?.ok_or_else(|| self.not_whole(&file_of::<T>()))
    }

    /// A declared table that only some runs have.
    pub(crate) fn declared_if_any<T: Table>(&self) -> Result<Option<T>, FinishedError> {
        let name = file_of::<T>();
        let table = self.table_if_any(&name)?;
        table.map(|table| T::read(&table).ok_or_else(|| self.not_whole(&name))).transpose()
    }

    /// A stage file that must be there.
    pub(crate) fn table(&self, name: &str) -> Result<RecordBatch, FinishedError> {
        stages::read(&self.file(name)?).map_err(|error| self.unread(name, error))
    }

    /// Some columns of a stage file, as [`stages::read_columns`] gives them.
    pub(crate) fn columns(&self, name: &str, columns: &[&str]) -> Result<RecordBatch, FinishedError> {
        stages::read_columns(&self.file(name)?, columns).map_err(|error| self.unread(name, error))
    }

    /// A stage file that only some runs have.
    pub(crate) fn table_if_any(&self, name: &str) -> Result<Option<RecordBatch>, FinishedError> {
        let path = self.file_if_any(name)?;
        path.map(|path| stages::read(&path).map_err(|error| self.unread(name, error))).transpose()
    }

    /// Where a stage file that must be there is.
    pub(crate) fn file(&self, name: &str) -> Result<PathBuf, FinishedError> {
        self.file_if_any(name)?.ok_or_else(|| self.not_whole(name))
    }

    /// Where a stage file is, if the run has one of that name: the very file that it wrote. Each is looked through once.
    pub(crate) fn file_if_any(&self, name: &str) -> Result<Option<PathBuf>, FinishedError> {
        let path = self.folder.join("stages").join(name);
        let there = disk::stands(&path);
        let changed =
            |why: &str| FinishedError::Changed { folder: self.folder.clone(), file: name.to_owned(), why: why.to_owned() };
        let Some(named) = &self.run.stage_files else { return Ok(there.then_some(path)) };
        match named.get(&format!("stages/{name}")) {
            None if there => Err(changed("不是那次运行写的（run.json 里没有它）")),
            None => Ok(None),
            Some(_) if !there => Err(self.not_whole(name)),
            Some(sha256) => {
                let mut sound = self.sound.lock().unwrap_or_else(PoisonError::into_inner);
                if !sound.contains(name) {
                    let (_, found) = disk::hash(&path).map_err(|error| changed(&format!("读不到：{}", plain(&error))))?;
                    if found != *sha256 {
                        return Err(changed("不是那次运行写的，或者后来被改过（与 run.json 里记的 SHA-256 不同）"));
                    }
                    sound.insert(name.to_owned());
                }
                Ok(Some(path))
            }
        }
    }

    /// Its stage files of rows, and of links, by name.
    pub(crate) fn stage_files(&self, links: bool) -> Result<Vec<(&'static str, PathBuf)>, FinishedError> {
        let there = ROWS.iter().chain(LINKS.iter().filter(|_| links)).map(|name| Ok((*name, Some(self.file(name)?))));
        let maybe = MAYBE.iter().filter(|_| links).map(|name| Ok((*name, self.file_if_any(name)?)));
        let files: Vec<_> = there.chain(maybe).collect::<Result<_, FinishedError>>()?;
        Ok(files.into_iter().filter_map(|(name, path)| Some((name, path?))).collect())
    }
}

fn links_of(people: &RecordBatch, links: &RecordBatch) -> Option<Vec<Link>> {
    let ids: &StringArray = people.column_by_name("person_id")?.as_any().downcast_ref()?;
    let positions: HashMap<&str, u32> = ids.iter().flatten().zip(0..).collect();
    let text = |name: &str| links.column_by_name(name)?.as_any().downcast_ref::<StringArray>();
    let number = |name: &str| links.column_by_name(name)?.as_any().downcast_ref::<Float32Array>();
    let (person, status) = (text("person_id")?, text("status")?);
    let (weight, probability) = (number("weight")?, number("probability")?);
    (0..links.num_rows())
        .map(|row| {
            Some(Link {
                person: PersonIx(*positions.get(person.value(row))?),
                status: LinkStatus::parse(status.value(row))?,
                weight: weight.value(row),
                probability: probability.value(row),
            })
        })
        .collect()
}

fn file_of<T: Table>() -> String {
    format!("{}.parquet", T::NAME)
}

fn findings_of(table: &Findings) -> Option<Vec<Finding>> {
    let text = |column: &StringArray, at: usize| said(column, at).map(str::to_owned);
    let amount = |column: &Int64Array, at: usize| column.is_valid(at).then(|| column.value(at));
    let finding = |at: usize| {
        Some(Finding {
            finding_id: table.finding_id.value(at).to_owned(),
            rule: table.rule.value(at).to_owned(),
            kind: Kind::parse(table.kind.value(at))?,
            scope: Scope::parse(table.scope.value(at))?,
            clause: table.clause.value(at).to_owned(),
            basis: text(&table.basis, at),
            person_id: text(&table.person_id, at),
            household_code: said(&table.household_code, at).map(Personal::from),
            name: said(&table.name, at).map(Personal::from),
            id_number: said(&table.id_number, at).map(Personal::from),
            town: text(&table.town, at),
            village: text(&table.village, at),
            time_base: said(&table.time_base, at).and_then(TimeBase::parse),
            due_fen: amount(&table.due_fen, at),
            paid_fen: amount(&table.paid_fen, at),
            gap_fen: amount(&table.gap_fen, at),
            confidence: Confidence::parse(table.confidence.value(at))?,
            sentence: table.sentence.value(at).into(),
            evidence: evidence_of(&table.evidence.at(at)?),
            subject: Subject::default(),
        })
    };
    (0..table.finding_id.len()).map(finding).collect()
}

fn evidence_of(cells: &Cells) -> Vec<Evidence> {
    let cell = |at: usize| Evidence {
        registry: cells.registry.value(at).into(),
        file: said(&cells.file, at).map(Into::into),
        sheet: said(&cells.sheet, at).map(Into::into),
        row: cells.row.is_valid(at).then(|| cells.row.value(at)),
        column: cells.column.value(at).to_owned(),
        value: cells.value.value(at).into(),
    };
    (0..cells.registry.len()).map(cell).collect()
}

/// Places that stage files name → rows.
struct Rows<'a>(HashMap<Place<'a>, RowId>);

impl<'a> Rows<'a> {
    fn new(records: &'a RecordSet, wanted: &HashSet<Place<'a>>) -> Self {
        let mut found = HashMap::with_capacity(wanted.len());
        let mut id = 0;
        for (position, registry) in records.registries.iter().enumerate() {
            for row in 0..registry.len() {
                if let Some((sheet, line)) = records.origin(position, row) {
                    let here = (registry.registry.as_str(), sheet.name.file.as_str(), sheet.name.sheet.as_str(), line);
                    if wanted.contains(&here) {
                        found.insert(here, RowId(id));
                    }
                }
                id += 1;
            }
        }
        Self(found)
    }

    fn both(&self, [left, right]: [Option<Place<'_>>; 2]) -> Option<[RowId; 2]> {
        Some([*self.0.get(&left?)?, *self.0.get(&right?)?])
    }

    /// What linking left open; pairs without a weight follow from the rules and not from linking.
    fn pairs(&self, table: &Review) -> Option<Vec<ReviewPair>> {
        let weighed = table.places().enumerate().filter(|(at, _)| table.weight.is_valid(*at));
        let pair = |(at, places)| {
            let [left, right] = self.both(places)?;
            Some(ReviewPair {
                left,
                right,
                weight: table.weight.value(at),
                probability: table.probability.value(at),
                parts: table.parts.at(at)?.parts(),
                reason: table.reason.value(at).to_owned(),
            })
        };
        weighed.map(pair).collect()
    }

    fn suspicions(&self, table: &Suspicions) -> Option<Vec<Suspicion>> {
        let suspicion = |(at, places)| {
            let [left, right] = self.both(places)?;
            Some(match table.kind.value(at) {
                stages::TWO_NAMES => Suspicion::NumberTwoNames { left, right },
                stages::DUPLICATE => Suspicion::Duplicate { first: left, again: right },
                stages::DAMAGED => Suspicion::Damaged { row: left, suggestion: table.suggestion.value(at).into(), source: right },
                _ => return None,
            })
        };
        table.places().enumerate().map(suspicion).collect()
    }
}
