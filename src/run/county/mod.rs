//! A county's month: registers of its offices → who is who → what the policy says of them → workbooks.
//!
//! The story stands in [`Run::stages`]: `reading`, `linking`, `assessing`, then `workbooks`. Beside them: what a run takes (`source`), which dates
//! it is for (`dates`), what the ledger knows (`standings`), what is said on the screen (`headline`).

mod assessing;
mod corrections;
mod dates;
mod dossier;
mod headline;
mod learned;
mod linking;
mod missing;
pub(crate) mod picture;
mod reading;
mod review;
pub(crate) mod sample;
mod source;
mod standings;
mod workbooks;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::assess::Assessed;
use crate::config::pipeline::Workbook;
use crate::intake::answers::{self, Answered};
use crate::intake::definitions::Definitions;
use crate::intake::described;
use crate::intake::previous::{self, Earlier};
use crate::model::date::{Day, Month};
use crate::model::intake::IntakeFile;
use crate::model::raw::RejectReason;
use crate::model::record::RecordSet;
use crate::model::register::{Accepted, RegisterRows};
use crate::model::registry::RegistryId;
use crate::model::standing::Standings;
use crate::run::underway::{self, Basis, Caller, Stages, Step, Underway};
use crate::run::{Request, RunError, Stage, Summary};
use crate::store::manifest::{self, Manifest};
use crate::store::ours;
use crate::store::stages::{self, table::Table};
use crate::store::workspace::Folder;
use dates::Dates;
use source::Source;
use standings::Life;
use workbooks::Known;

/// One run under way.
struct Run<'a> {
    underway: Underway<'a>,
    definitions: &'a Definitions,
    period: Month,
    as_of: Day,
    answered: Answered,
    earlier: Option<Earlier>,
    /// Whether `stages/records.parquet` and what goes with it are in the work folder.
    kept: bool,
    key_mark: String,
    life: Option<Life>,
    /// Rows of this month by register part.
    rows: RegisterRows,
    /// Registers of which a file or a sheet was refused.
    refused: BTreeSet<RegistryId>,
    /// Registers that the county knows to be whole.
    accepted: Vec<Accepted>,
}

impl<'a> Stages<'a> for Run<'a> {
    fn underway(&mut self) -> &mut Underway<'a> {
        &mut self.underway
    }
}

/// Runs a county's month.
pub(super) fn run(request: &Request, definitions: &Definitions, caller: Caller<'_>) -> Result<Summary, RunError> {
    definitions.key_file.notes.iter().for_each(|note| caller.tell(note));
    let (finished, period, as_of) = Source::period(request, definitions)?;
    let (towns, villages) = source::places(request, definitions, period)?;
    let source = Source::open(finished, request, caller.progress)?;
    if let Some(told) = dates::named_otherwise(request).filter(|_| matches!(source, Source::Files(_))) {
        caller.tell(&told);
    }
    let request = &Request { towns, villages, ..request.clone() };
    let answered = answers::read(&request.decisions, answers::PAIRS, &definitions.layouts.review, &request.executable)?;
    let earlier =
        request.previous.as_deref().map(|run| previous::read(run, &definitions.key, definitions.key_file.kind)).transpose()?;
    let mut parts = source.parts();
    parts.extend(answered.files.iter().map(|file| file.sha256.as_str()));
    parts.extend(earlier.iter().map(|earlier| earlier.sha256.as_str()));
    let ledger = request.ledger.as_ref().or(definitions.ledger.as_ref());
    if let Some(path) = ledger
        .filter(|path| ours::whole(path).zip(ours::whole(&request.out)).is_some_and(|(ledger, out)| ledger.starts_with(out)))
    {
        return Err(RunError::Usage(format!(
            "台账 {} 在 --out 文件夹 {} 里面：那里只放一次运行的结果，清理它会碰到台账。请把台账放到别处（已经有的，连同 -wal、-shm 文件一起移过去）",
            path.display(),
            request.out.display()
        )));
    }
    let folder = Folder::of_run(&request.out)?;
    let partial = request.mask || !request.towns.is_empty() || !request.villages.is_empty();
    let life = ledger
        .filter(|_| request.until >= Stage::Link)
        .map(|path| Life::open(path, &definitions.key, !partial, caller.progress))
        .transpose()?;
    let state = life.as_ref().map(Life::state).transpose()?.unwrap_or_default();
    let manifest = Manifest {
        towns: request.towns.clone(),
        villages: request.villages.clone(),
        masked: request.mask,
        key: definitions.key_file.kind,
        readings: manifest::ReadingEntry::all(&definitions.policy),
        links_hash: definitions.links_hash.clone(),
        taken_from: match &source {
            Source::Files(_) => None,
            Source::Run(run) => Some(run.sha256.clone()),
        },
        ..Manifest::new(&definitions.name, &definitions.hash, period, as_of)
    };
    let accepted = accepted(request, definitions, &source)?;
    let dates = [period.to_string(), as_of.to_string()];
    let basis = Basis { definitions: &definitions.hash, dates, parts, ledger: &state };
    let run = Run {
        underway: Underway::begin(request, folder, basis, manifest, caller)?,
        definitions,
        period,
        as_of,
        answered,
        earlier,
        kept: false,
        key_mark: definitions.key.mark(),
        life,
        rows: RegisterRows::new(),
        refused: BTreeSet::new(),
        accepted,
    };
    run.stages(&source)
}

/// Registers accepted as whole: by the command line, the pipeline, and the run whose rows are taken.
fn accepted(request: &Request, definitions: &Definitions, source: &Source) -> Result<Vec<Accepted>, RunError> {
    let mut accepted: Vec<Accepted> = request.accepted.iter().chain(&definitions.accepted).cloned().collect();
    if let Source::Run(finished) = source {
        accepted.extend(finished.run.accepted.iter().filter_map(|text| text.parse().ok()));
    }
    accepted.sort();
    accepted.dedup();
    if let Some(unknown) = accepted.iter().find(|known| definitions.dictionary.registry(known.registry.as_str()).is_none()) {
        let known = definitions.dictionary.registries.iter().map(|registry| format!("{}（{}）", registry.id, registry.title));
        return Err(RunError::Usage(format!(
            "--accept-partial 没有名册“{}”。有：{}",
            unknown.registry,
            known.collect::<Vec<_>>().join("、")
        )));
    }
    Ok(accepted)
}

impl Run<'_> {
    fn stages(mut self, source: &Source) -> Result<Summary, RunError> {
        let (records, intake) = self.timed(Step::NORMALISE, |run| run.normalise(source))?;
        let dates = Dates::of(&intake, self.period);
        if self.life.as_ref().is_some_and(Life::writes) && self.underway.request.until >= Stage::Report {
            dates.refused()?;
            if records.is_empty() {
                return Err(RunError::Usage(format!(
                    "{} 没有一张名册读得进来：没有出结果，也没有记入台账，以前各月的都在。请看上面每个文件没有读的原因，改好再用同样的命令",
                    self.period
                )));
            }
        }
        let mut headline = self.opening(&intake, &records);
        if let Some(told) = dates.warning() {
            self.underway.caller.tell(&told);
            let _ = write!(headline, "\n{told}");
        }
        for (registry, month) in dates::outdated(&intake, &records, &self.definitions.dictionary, self.period) {
            let title = self.definitions.dictionary.registry(registry.as_str()).map_or(registry.as_str(), |known| &known.title);
            let _ = write!(
                headline,
                "\n注意  {title}最近的一张是 {month} 的，比对月份是 {}：在这名册上查不到的只作先核对，请换上本月的名册重跑",
                self.period
            );
        }
        headline.push_str(&self.damaged(&records));
        let (mut findings, mut month) = (0, None);
        if self.underway.request.until >= Stage::Link {
            let (linked, evidence) = self.timed(Step::LINK, |run| run.link(source, &records, &intake))?;
            headline.push_str(&Self::linking(&linked.quality));
            if let Some(evidence) = &evidence {
                headline.push_str(&learned::told(self.definitions, &records, evidence));
            }
            headline.push_str(&self.decided(&linked));
            headline.push_str(&Self::carried(&linked));
            headline.push_str(&Self::corrected(&linked));
            if self.underway.request.until >= Stage::Assess {
                let assessed = self.timed(Step::ASSESS, |run| run.assess(source, &records, &linked, &intake))?;
                findings = assessed.findings.len();
                headline.push_str(&self.closing(&assessed));
                let standings = self.standings(&assessed)?;
                if self.underway.request.until >= Stage::Report {
                    if self.definitions.workbooks.contains(&Workbook::Dossier) {
                        self.timed(Step::DOSSIER, |run| run.dossiers(&records, &linked, &assessed))?;
                    }
                    // Workbooks need findings only; a county's rows need not wait in memory.
                    let total = records.len() as u64;
                    let pairs = self.pairs(&records, &linked, evidence.as_ref(), &assessed);
                    let proposed = corrections::by_person_id(&linked);
                    let groups = if self.underway.request.mask { workbooks::groups(&linked) } else { BTreeMap::new() };
                    drop((records, linked, evidence));
                    let known = Known { standings: standings.as_ref(), proposed: &proposed, groups: &groups };
                    self.timed(Step::REPORT, |run| run.report(&assessed, known, &intake, total, &pairs))?;
                }
                if let Some(standings) = standings {
                    headline.push_str(&Self::moved(&standings));
                    // Only lists that were made have asked anybody anything.
                    month = (self.underway.request.until >= Stage::Report).then_some((assessed, standings));
                }
            }
        } else if !self.kept {
            Self::keep(&self.underway.workspace, &records, &intake)?;
        }
        self.finish(&intake, headline, findings, month.as_ref())
    }

    /// What was read, as the first line on the screen.
    fn opening(&mut self, intake: &[IntakeFile], records: &RecordSet) -> String {
        let (read, kept) = self.underway.taken_in(intake, records.len() as u64);
        let mut told =
            format!("{} 比对 {}：读入 {read} 行，接收 {kept} 行，剔除 {} 行", self.definitions.county, self.period, read - kept);
        let sheets = || intake.iter().flat_map(|file| &file.sheets);
        let rejected = |reason: RejectReason| sheets().filter_map(|sheet| sheet.rejected.get(&reason)).sum::<u64>();
        let by_reason =
            RejectReason::ALL.into_iter().map(|reason| (reason.plain(), rejected(reason))).filter(|(_, rows)| *rows > 0);
        let by_reason: Vec<String> = by_reason.map(|(reason, rows)| format!("{reason} {rows}")).collect();
        if !by_reason.is_empty() {
            let _ = write!(told, "（{}）", by_reason.join("；"));
        }
        for note in described::notes(intake) {
            let _ = write!(told, "\n注意  {note}");
        }
        told
    }

    fn table<T: Table>(&self, table: T) -> Result<(), RunError> {
        Ok(stages::write_table(&self.underway.workspace.path(&format!("stages/{}.parquet", T::NAME))?, table)?)
    }

    /// Publishes. The month goes into the ledger when all outputs are in place and before `run.json` is.
    fn finish(
        mut self,
        intake: &[IntakeFile],
        headline: String,
        findings: usize,
        month: Option<&(Assessed, Standings)>,
    ) -> Result<Summary, RunError> {
        let sealed = self.underway.seal()?;
        let life = self.life.take();
        let entry = match (&life, month) {
            (Some(life), Some((assessed, standings))) => self.entry(life, assessed, standings),
            _ => None,
        };
        let record = || match (life, month) {
            (Some(life), Some((assessed, standings))) => self.record(life, assessed, standings),
            _ => Ok(()),
        };
        let summary = underway::summary(sealed, headline, findings, intake);
        let mut summary = self.underway.publish(summary, entry, record)?;
        if self.underway.request.until == Stage::Report && self.definitions.workbooks.contains(&Workbook::Summary) {
            let _ = write!(summary.headline, "，先看 reports/{}_汇总.xlsx", self.period);
        }
        Ok(summary)
    }
}
