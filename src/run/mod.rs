//! The story of one run: calls the stages in order, keeps what they give, and goes on where an interrupted run stopped.
//!
//! [`run`] takes a [`Request`], leaves a run folder as the house plan describes it, and gives a [`Summary`]. Stages are pure functions
//! called here; what they give is written under `stages/` and, at the end, published whole.

pub(crate) mod bars;
mod corrections;
mod dates;
mod dossier;
mod error;
mod fingerprint;
mod headline;
mod learned;
mod missing;
pub(crate) mod picture;
pub(crate) mod receive;
mod request;
mod review;
pub(crate) mod sample;
mod source;
mod standings;
pub(crate) mod tables;
mod workbooks;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::assess::{AssessInput, Assessed, HeldBack, OpenPair, assess, expected_rows, register_rows};
use crate::config::pipeline::Workbook;
use crate::ingest::header::Vocabulary;
use crate::ingest::limits::Limits;
use crate::intake::answers::{self, Answered};
use crate::intake::definitions::{self, Definitions};
use crate::intake::file::Opener;
use crate::intake::previous::{self, Earlier};
use crate::intake::registers::{self, Intake};
use crate::intake::{child, described};
use crate::link::evidence::Evidence;
use crate::link::{LinkInput, carry_over, link};
use crate::model::columns::GRADE;
use crate::model::date::{Day, Month};
use crate::model::decision::Decision;
use crate::model::intake::IntakeFile;
use crate::model::link::Linked;
use crate::model::proposal::Proposal;
use crate::model::raw::RejectReason;
use crate::model::record::{RecordSet, RegistryRecords};
use crate::model::register::{Accepted, EarlierRows, RegisterCount, RegisterRows};
use crate::model::registry::RegistryId;
use crate::model::standing::Standings;
use crate::normalise::{AssembleError, Context, assemble};
use crate::store::manifest::{self, EarlierEntry, Manifest, StageEntry, Timing};
use crate::store::stages::table::Table;
use crate::store::workspace::{Folder, LedgerEntry, Workspace};
use crate::store::{disk, ours, resume, stages};
use dates::Dates;
use fingerprint::{BUILD, fingerprint, work_key};
use source::Source;
use standings::Life;
use workbooks::Known;

pub use error::RunError;
pub use request::{Request, Stage, Summary};

/// One run under way.
struct Run<'a> {
    request: &'a Request,
    definitions: &'a Definitions,
    workspace: Workspace,
    period: Month,
    as_of: Day,
    answered: Answered,
    earlier: Option<Earlier>,
    interrupted: &'a AtomicBool,
    progress: &'a (dyn Fn(&str) + Sync),
    manifest: Manifest,
    timings: Vec<Timing>,
    /// Whether `stages/records.parquet` and what goes with it are in the work folder.
    kept: bool,
    fingerprint: String,
    key_mark: String,
    life: Option<Life>,
    /// Rows of this month by register part.
    rows: RegisterRows,
    /// Registers of which a file or a sheet was refused.
    refused: BTreeSet<RegistryId>,
    /// Registers that the county knows to be whole.
    accepted: Vec<Accepted>,
}

/// Runs a pipeline over a month's files. `progress` gets one line per file and stage.
pub fn run(request: &Request, interrupted: &AtomicBool, progress: &(dyn Fn(&str) + Sync)) -> Result<Summary, RunError> {
    if let Some(why) = child::too_little_memory() {
        return Err(RunError::Usage(why));
    }
    if let Some(definition) = tables::definition(&request.pipeline)? {
        return tables::run(request, definition, interrupted, progress);
    }
    let definitions = definitions::load(&request.pipeline)?;
    definitions.key_file.notes.iter().for_each(|note| progress(note));
    let (finished, period, as_of) = Source::period(request, &definitions)?;
    let (towns, villages) = source::places(request, &definitions, period)?;
    let source = Source::open(finished, request, progress)?;
    if let Some(told) = dates::named_otherwise(request).filter(|_| matches!(source, Source::Files(_))) {
        progress(&told);
    }
    let request = &Request { towns, villages, ..request.clone() };
    let answered = answers::read(&request.decisions, answers::PAIRS, &definitions.layouts.review, &request.executable)?;
    let earlier =
        request.previous.as_deref().map(|run| previous::read(run, &definitions.key, definitions.key_file.kind)).transpose()?;
    let mut parts = source.parts();
    parts.extend(answered.files.iter().map(|file| file.sha256.as_str()));
    parts.extend(earlier.iter().map(|earlier| earlier.sha256.as_str()));
    let dates = [period.to_string(), as_of.to_string()];
    let fingerprint = fingerprint(&definitions.hash, dates, request, parts.into_iter());
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
        .map(|path| Life::open(path, &definitions.key, !partial, progress))
        .transpose()?;
    let state = life.as_ref().map(Life::state).transpose()?.unwrap_or_default();
    let workspace = start(folder, &work_key([&fingerprint, BUILD, &state]), request.fresh, progress)?;
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
    let accepted = accepted(request, &definitions, &source)?;
    let run = Run {
        request,
        definitions: &definitions,
        workspace,
        period,
        as_of,
        answered,
        earlier,
        interrupted,
        progress,
        manifest,
        timings: Vec::new(),
        kept: false,
        fingerprint,
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
        let (records, intake) = self.timed("normalise", |run| run.normalise(source))?;
        let dates = Dates::of(&intake, self.period);
        if self.life.as_ref().is_some_and(Life::writes) && self.request.until >= Stage::Report {
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
            (self.progress)(&told);
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
        if self.request.until >= Stage::Link {
            let (linked, evidence) = self.timed("link", |run| run.link(source, &records, &intake))?;
            headline.push_str(&Self::linking(&linked.quality));
            if let Some(evidence) = &evidence {
                headline.push_str(&learned::told(self.definitions, &records, evidence));
            }
            headline.push_str(&self.decided(&linked));
            headline.push_str(&Self::carried(&linked));
            headline.push_str(&Self::corrected(&linked));
            if self.request.until >= Stage::Assess {
                let assessed = self.timed("assess", |run| run.assess(source, &records, &linked, &intake))?;
                findings = assessed.findings.len();
                headline.push_str(&self.closing(&assessed));
                let standings = self.standings(&assessed)?;
                if self.request.until >= Stage::Report {
                    if self.definitions.workbooks.contains(&Workbook::Dossier) {
                        self.timed("dossier", |run| run.dossiers(&records, &linked, &assessed))?;
                    }
                    // Workbooks need findings only; a county's rows need not wait in memory.
                    let total = records.len() as u64;
                    let pairs = self.pairs(&records, &linked, evidence.as_ref(), &assessed);
                    let proposed = corrections::by_person_id(&linked);
                    let groups = if self.request.mask { workbooks::groups(&linked) } else { BTreeMap::new() };
                    drop((records, linked, evidence));
                    let known = Known { standings: standings.as_ref(), proposed: &proposed, groups: &groups };
                    self.timed("report", |run| run.report(&assessed, known, &intake, total, &pairs))?;
                }
                if let Some(standings) = standings {
                    headline.push_str(&Self::moved(&standings));
                    // Only lists that were made have asked anybody anything.
                    month = (self.request.until >= Stage::Report).then_some((assessed, standings));
                }
            }
        } else if !self.kept {
            Self::keep(&self.workspace, &records, &intake)?;
        }
        self.finish(&intake, headline, findings, month.as_ref())
    }

    fn timed<T>(&mut self, stage: &'static str, work: impl FnOnce(&mut Self) -> Result<T, RunError>) -> Result<T, RunError> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(RunError::Interrupted);
        }
        let start = Instant::now();
        let done = work(self)?;
        let seconds = start.elapsed().as_secs_f64();
        self.timings.push(Timing { stage, seconds, peak_bytes: peak_bytes(), build: BUILD });
        (self.progress)(&format!("{}：{seconds:.1} 秒", stage_name(stage)));
        Ok(done)
    }

    /// Ingest and normalise: they stream into each other.
    fn normalise(&mut self, source: &Source) -> Result<(RecordSet, Vec<IntakeFile>), RunError> {
        let files = match source {
            Source::Files(files) => files,
            Source::Run(finished) => {
                let taken = finished.records()?;
                for (name, path) in finished.stage_files(finished.is_linked())? {
                    self.workspace.copy(&path, &format!("stages/{name}"))?;
                }
                self.kept = true;
                (self.progress)(&format!("取自 {} 的结果：文件不再读", finished.folder.display()));
                if finished.build().is_some_and(|build| build != BUILD) {
                    (self.progress)("注意  那次运行用的是另一版 bidui，文件可能读得不一样；要完全一致，请用原始文件作 --input");
                }
                return Ok(taken);
            }
        };
        if let Some((records, intake)) = resume::find(&self.workspace) {
            (self.progress)("接着上次中断的运行：文件已读过，从比对开始");
            self.kept = true;
            return Ok((records, intake));
        }
        let reader = Intake {
            definitions: self.definitions,
            context: Context {
                dictionary: &self.definitions.dictionary,
                gazetteer: &self.definitions.gazetteer,
                period: self.period,
                as_of: self.as_of,
            },
            vocabulary: Vocabulary::new(&self.definitions.dictionary),
            opener: Opener {
                executable: &self.request.executable,
                interrupted: self.interrupted,
                limits: Limits { leave_out: self.definitions.leave_out, ..Limits::default() },
            },
        };
        let taken = reader.read_all(files, self.progress);
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(RunError::Interrupted);
        }
        // That is no fault of the file's, and a run without half of its files would take the last one's place.
        let refusals = taken.iter().flat_map(|taken| &taken.files).filter_map(|file| file.refusal.as_ref());
        if let Some(refusal) = refusals.into_iter().find(|refusal| refusal.code == child::NOT_STARTED) {
            return Err(RunError::Usage(format!("{}。{}。上次的结果没有改动", refusal.what, refusal.hint)));
        }
        let (mut intake, mut sheets, mut rejects) = (Vec::new(), Vec::new(), Vec::new());
        for mut file in taken {
            intake.append(&mut file.files);
            sheets.append(&mut file.sheets);
            rejects.append(&mut file.rejects);
        }
        let (records, mut others) = assemble(sheets, &self.definitions.spine, self.as_of).map_err(|error| match error {
            AssembleError::TooMuchText { .. } => RunError::Usage(error.to_string()),
            AssembleError::Arrow(error) => RunError::Internal(error.to_string()),
        })?;
        rejects.append(&mut others);
        rejects.sort_by(|a, b| (&a.0, a.1.row, a.1.reason).cmp(&(&b.0, b.1.row, b.1.reason)));
        registers::count(&mut intake, &rejects);
        stages::write_rejects(&self.workspace.path("stages/rejects.parquet")?, &rejects)?;
        Ok((records, intake))
    }

    /// Writes the kept rows, so that an interrupted run goes on from here.
    fn keep(workspace: &Workspace, records: &RecordSet, intake: &[IntakeFile]) -> Result<(), RunError> {
        stages::write_records(&workspace.path("stages/records.parquet")?, records)?;
        Ok(resume::keep(workspace, records, intake)?)
    }

    /// Links while the rows are written: encoding a county's rows takes about as long as a quarter of linking them.
    fn link(
        &mut self,
        source: &Source,
        records: &RecordSet,
        intake: &[IntakeFile],
    ) -> Result<(Linked, Option<Evidence>), RunError> {
        // Answers and an earlier run's ids change links.
        let changes = !self.answered.files.is_empty() || self.earlier.is_some();
        let (linked, evidence) = match source {
            Source::Run(finished) if finished.is_linked() && !changes => (finished.linked(records)?, None),
            _ => {
                let mut decisions = self.answered.decisions.clone();
                if let Source::Run(finished) = source {
                    decisions.extend(finished.decisions()?);
                }
                let proposals = self.proposals(source)?;
                self.link_anew(records, intake, &decisions, &proposals).map(|(linked, evidence)| (linked, Some(evidence)))?
            }
        };
        self.stage("link", records.len() as u64, linked.links.len() as u64);
        self.manifest.linking = Some((&linked.quality).into());
        self.manifest.decide(&self.answered.files, &self.answered.problems, &linked.decided);
        self.manifest.proposals = corrections::counts(&linked.decided.proposals);
        self.manifest.saved_model = evidence.as_ref().and_then(|evidence| learned::used(self.definitions, evidence));
        self.manifest.identities = linked.carried.given.then(|| (&linked.carried).into());
        Ok((linked, evidence))
    }

    fn link_anew(
        &self,
        records: &RecordSet,
        intake: &[IntakeFile],
        decisions: &[Decision],
        proposals: &[Proposal],
    ) -> Result<(Linked, Evidence), RunError> {
        let Definitions { link: model, saved, key, .. } = self.definitions;
        let input = LinkInput { records, model, key, decisions, proposals, saved: saved.as_ref() };
        // What the other thread needs, without the ledger, which stays on this one.
        let (workspace, kept) = (&self.workspace, self.kept);
        let keep = || if kept { Ok(()) } else { Self::keep(workspace, records, intake) };
        let ((mut linked, evidence), kept) = rayon::join(|| link(&input), keep);
        kept?;
        if let Some(earlier) = &self.earlier {
            carry_over(&mut linked, records, key, &earlier.previous);
            self.table(stages::identities::changes(&linked.carried))?;
            self.table(stages::identities::households(&linked.carried))?;
        }
        if !linked.decided.kept.is_empty() {
            self.table(stages::decisions::table(&linked.decided))?;
        }
        if !linked.decided.proposals.is_empty() {
            self.table(stages::proposals::table(&linked.decided.proposals))?;
        }
        learned::write(&self.workspace, self.definitions, self.period, records, &evidence)?;
        let (links, people) = (self.workspace.path("stages/links.parquet")?, self.workspace.path("stages/people.parquet")?);
        let (links, people) = rayon::join(
            || stages::write_links(&links, records, &linked, Some(&evidence)),
            || stages::write_batch(&people, &linked.people.0),
        );
        links?;
        people?;
        self.write_review(records, &linked, &[])?;
        stages::write_suspicions(&self.workspace.path("stages/suspicions.parquet")?, records, &linked.suspicions)?;
        Ok((linked, evidence))
    }

    fn table<T: Table>(&self, table: T) -> Result<(), RunError> {
        Ok(stages::write_table(&self.workspace.path(&format!("stages/{}.parquet", T::NAME))?, table)?)
    }

    /// Written with the links, and again when it is known what the pairs hold back.
    fn write_review(&self, records: &RecordSet, linked: &Linked, held: &[HeldBack]) -> Result<(), RunError> {
        let path = self.workspace.path("stages/review.parquet")?;
        Ok(stages::write_review(&path, records, &OpenPair::all(linked, held))?)
    }

    /// Rows of an earlier month: of the run named, of the ledger, or those that the run whose rows are taken was held against.
    fn earlier_rows(&self, source: &Source) -> Result<Option<EarlierRows>, RunError> {
        if let Some(rows) = self.earlier.as_ref().and_then(|earlier| earlier.rows.clone()) {
            return Ok(Some(rows));
        }
        let recorded = self.life.as_ref().map(|life| life.rows(self.period)).transpose()?.flatten();
        let of_run = || match source {
            Source::Run(finished) => finished.run.expected_by_month.clone().and_then(EarlierEntry::read),
            Source::Files(_) => None,
        };
        Ok(recorded.or_else(of_run).filter(|earlier| earlier.period < self.period))
    }

    /// Registers whose rows are all for another year, and for which. School registers go by school years.
    fn of_other_years<'r>(&self, records: &'r RecordSet) -> impl Iterator<Item = (&'r RegistryRecords, i32)> {
        let (dictionary, year) = (&self.definitions.dictionary, self.period.year());
        let by_calendar = move |registry: &&RegistryRecords| {
            let fields = dictionary.registry(registry.registry.as_str()).map_or(&[][..], |known| &known.fields);
            !fields.iter().any(|used| matches!(used.field.as_str(), GRADE | "semester"))
        };
        let all = records.registries.iter().filter(by_calendar);
        all.filter_map(move |registry| Some((registry, registry.other_year(year)?)))
    }

    fn assess(
        &mut self,
        source: &Source,
        records: &RecordSet,
        linked: &Linked,
        intake: &[IntakeFile],
    ) -> Result<Assessed, RunError> {
        let mut aside = missing::set_aside(intake, &self.definitions.dictionary);
        aside.extend(self.of_other_years(records).map(|(registry, _)| registry.registry.clone()));
        let outdated = dates::outdated(intake, records, &self.definitions.dictionary, self.period);
        aside.extend(outdated.into_iter().map(|(registry, _)| registry));
        let known = self.known()?;
        let earlier = self.earlier_rows(source)?;
        self.refused = missing::refused(intake, &self.definitions.dictionary);
        self.rows = register_rows(records, &self.definitions.dictionary, self.period);
        self.manifest.registers = RegisterCount::all(&self.rows);
        self.manifest.expected_by_county = RegisterCount::all(&expected_rows(records, &self.definitions.dictionary, self.period));
        self.manifest.expected_by_month = earlier.as_ref().map(Into::into);
        self.manifest.accepted = self.accepted.iter().map(ToString::to_string).collect();
        let assessed = assess(&AssessInput {
            records,
            linked,
            policy: &self.definitions.policy,
            dictionary: &self.definitions.dictionary,
            period: self.period,
            as_of: self.as_of,
            key: &self.definitions.key,
            towns: &self.request.towns,
            villages: &self.request.villages,
            known: known.as_ref(),
            earlier: earlier.as_ref(),
            accepted: &self.accepted,
            aside: &aside,
            blank_is_absent: true,
        })
        .map_err(|error| RunError::Internal(error.to_string()))?;
        let person = self.workspace.path("stages/facts_person.parquet")?;
        let household = self.workspace.path("stages/facts_household.parquet")?;
        let findings = self.workspace.path("stages/findings.parquet")?;
        let suspended = self.workspace.path("stages/suspended.parquet")?;
        // The facts of persons are by far the largest.
        let (facts, others) = rayon::join(
            || stages::write_facts(&person, &assessed.facts_person),
            || {
                stages::write_facts(&household, &assessed.facts_household)?;
                stages::write_findings(&findings, &assessed.findings)?;
                stages::write_findings(&suspended, &assessed.suspended)
            },
        );
        facts?;
        others?;
        stages::write_rates(&self.workspace.path("stages/rates.parquet")?, &assessed.rates)?;
        self.write_review(records, linked, &assessed.held)?;
        self.stage("assess", records.len() as u64, assessed.findings.len() as u64);
        self.manifest.notes = assessed.notes.iter().map(Into::into).collect();
        self.manifest.rules = assessed.counts.iter().map(|count| (count.rule.clone(), count.into())).collect();
        for exemption in &assessed.exemptions {
            *self.manifest.exemptions.entry(exemption.status.as_str()).or_default() += 1;
        }
        for finding in &assessed.findings {
            *self.manifest.findings.entry(finding.rule.clone()).or_default() += 1;
        }
        Ok(assessed)
    }

    fn stage(&mut self, stage: &'static str, rows_in: u64, rows_out: u64) {
        self.manifest.stages.push(StageEntry { stage, rows_in, rows_out });
    }

    fn opening(&mut self, intake: &[IntakeFile], records: &RecordSet) -> String {
        let sheets = || intake.iter().flat_map(|file| &file.sheets);
        let read: u64 = sheets().map(|sheet| sheet.read).sum();
        let kept: u64 = sheets().map(|sheet| sheet.kept).sum();
        self.manifest.stages.insert(0, StageEntry { stage: "normalise", rows_in: read, rows_out: records.len() as u64 });
        self.manifest.balanced = kept == records.len() as u64 && sheets().all(crate::model::intake::IntakeSheet::balances);
        self.manifest.inputs = intake.iter().map(Into::into).collect();
        let mut told =
            format!("{} 比对 {}：读入 {read} 行，接收 {kept} 行，剔除 {} 行", self.definitions.county, self.period, read - kept);
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

    /// Publishes. The month goes into the ledger when all outputs are in place and before `run.json` is.
    fn finish(
        mut self,
        intake: &[IntakeFile],
        mut headline: String,
        findings: usize,
        month: Option<&(Assessed, Standings)>,
    ) -> Result<Summary, RunError> {
        let manifest = write_manifest(&self.workspace, &mut self.manifest, &self.timings)?;
        let life = self.life.take();
        let entry = match (&life, month) {
            (Some(life), Some((assessed, standings))) => self.entry(life, assessed, standings),
            _ => None,
        };
        let record = || match (life, month) {
            (Some(life), Some((assessed, standings))) => self.record(life, assessed, standings),
            _ => Ok(()),
        };
        headline.push_str(&publish(&self.workspace, entry, record, self.progress)?);
        let _ = write!(headline, "\n结果在 {}", self.request.out.display());
        if self.request.until == Stage::Report && self.definitions.workbooks.contains(&Workbook::Summary) {
            let _ = write!(headline, "，先看 reports/{}_汇总.xlsx", self.period);
        }
        Ok(Summary { manifest, headline, findings, refusals: described::refusals(intake) })
    }
}

/// Writes `timings.json` and `run.json`, which it gives: the last files of a run.
fn write_manifest(workspace: &Workspace, manifest: &mut Manifest, timings: &[Timing]) -> Result<String, RunError> {
    let internal = |error: serde_json::Error| RunError::Internal(error.to_string());
    manifest.stage_files = workspace.seal()?.into_iter().filter(|(path, _)| path.starts_with("stages/")).collect();
    let manifest = serde_json::to_string_pretty(manifest).map_err(internal)? + "\n";
    let timings = serde_json::to_string_pretty(timings).map_err(internal)? + "\n";
    workspace.write("timings.json", timings.as_bytes())?;
    workspace.write("run.json", manifest.as_bytes())?;
    Ok(manifest)
}

/// Makes the work folder of a run; what somebody had saved among what other runs had left there is told.
fn start(folder: Folder, key: &str, fresh: bool, progress: &dyn Fn(&str)) -> Result<Workspace, RunError> {
    let workspace = folder.start(key, fresh)?;
    if !workspace.moved().is_empty() {
        progress(&moved_aside(workspace.moved()));
    }
    Ok(workspace)
}

/// Puts the run in its folder; `last` comes just before the switch and leaves `ledger` in a ledger. Gives what to tell of files that were not
/// ours to replace, which `progress` gets where the run does not come to its end.
fn publish(
    workspace: &Workspace,
    ledger: Option<LedgerEntry>,
    last: impl FnOnce() -> Result<(), RunError>,
    progress: &dyn Fn(&str),
) -> Result<String, RunError> {
    let mut moved = Vec::new();
    let done = workspace.publish(ledger, last, &mut moved);
    let told = if moved.is_empty() { String::new() } else { moved_aside(&moved) };
    if done.is_err() && !told.is_empty() {
        progress(&told);
    }
    done.map(|()| if told.is_empty() { told } else { format!("\n{told}") })
}

fn moved_aside(moved: &[String]) -> String {
    format!("文件夹里有 {} 个文件被改过或不是本程序写的，没有覆盖，已移到：{}", moved.len(), moved.join("、"))
}

fn stage_name(stage: &str) -> &str {
    match stage {
        "normalise" => "读入、规范",
        "link" => "比对",
        "assess" => "核政策",
        "report" => "出表",
        "dossier" => "民情档案",
        other => other,
    }
}

/// Peak resident memory of this process; 0 where the system does not tell.
fn peak_bytes() -> u64 {
    let status = disk::read_text("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
