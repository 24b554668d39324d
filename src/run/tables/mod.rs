//! A pipeline with a `[tables]` section: any tables of persons, linked or deduplicated by a model that is data.
//!
//! [`definition`] says whether a pipeline is one; [`run`] leaves a run folder in the shape of the house plan (records, rejects, links, people, review; in
//! place of findings: pairs, clusters, the fitted model) and prints what the truth column says, if there is one.

mod outputs;
mod read;

pub(crate) use outputs::score_rows;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use crate::assess::OpenPair;
use crate::config::document::Spanned;
use crate::config::error::Problems;
use crate::config::pipeline::Named;
use crate::config::tables::{SavedModel, TablesModel, Task};
use crate::evaluate::clusters::ClusterScore;
use crate::intake::definition_files::Reader;
use crate::intake::definitions::DefinitionError;
use crate::intake::described::{self, CheckedFile};
use crate::intake::inputs::{self, InputFile, Sought};
use crate::link::tables::{Prediction, TablesLinked, link_tables, predict};
use crate::model::date::{Day, Month};
use crate::model::ids::CountyKey;
use crate::model::link::LinkQuality;
use crate::run::underway::{self, Basis, Caller, Stages, Step, Underway};
use crate::run::{Request, RunError, Stage, Summary};
use crate::store::key::{self, KeyFile};
use crate::store::manifest::Manifest;
use crate::store::workspace::Folder;
use crate::store::{stages, tables_entry};
use read::{Setting, Taken};

/// The key of ids where the model names no key file: such ids can be recomputed by whoever has the rows.
const OPEN_KEY: &[u8] = b"bidui tables";

/// A model and what it names.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) model: TablesModel,
    saved: Option<SavedModel>,
    key: CountyKey,
    key_file: KeyFile,
    hash: String,
}

impl Definition {
    /// One line on it.
    pub(crate) fn told(&self) -> String {
        let model = &self.model;
        let task = match model.task {
            Task::Link => "连接两个表",
            Task::Deduplicate => "一个表去重",
            Task::ByFiles => "两个文件则连接，一个文件则去重",
        };
        let levels: usize = model.comparisons.iter().map(|comparison| comparison.levels.len() + 1).sum();
        format!(
            "{}：{task}，{} 个字段，{} 条分块规则，{} 个比较项 {levels} 个级别",
            model.name,
            model.fields.len(),
            model.rules.len(),
            model.comparisons.len(),
        )
    }
}

/// The model at `path`; `None` when the file is no such model (or is not there: the other loader says so).
pub(crate) fn definition(path: &Path) -> Result<Option<Definition>, DefinitionError> {
    let (mut reader, name) = Reader::beside(path);
    let mut problems = Problems::default();
    let Ok(document) = reader.first(&name, &mut problems) else { return Ok(None) };
    if !TablesModel::is_meant(&document) {
        return Ok(None);
    }
    let model = TablesModel::resolve(&document).map_err(|others| problems.append(others)).ok();
    let named = |path: &Spanned<String>| Named { document: document.clone(), span: path.span(), path: path.get_ref().clone() };
    let key = match model.as_ref().and_then(|model| model.key.as_ref()) {
        Some(key) => reader.key(&named(key), &mut problems).map(|(bytes, file)| (CountyKey::new(bytes), file)),
        None => Some((CountyKey::new(OPEN_KEY.to_vec()), key::none())),
    };
    let saved = model.as_ref().and_then(|model| {
        let document = reader.document(&named(model.saved.as_ref()?), &mut problems)?;
        SavedModel::resolve(&document, model).map_err(|others| problems.append(others)).ok()
    });
    let whole = problems.into_whole(model.zip(key)).map_err(DefinitionError::Mistakes)?;
    let (model, (key, key_file)) = whole;
    Ok(Some(Definition { model, saved, key, key_file, hash: reader.hash() }))
}

/// Runs the model over the files.
pub(super) fn run(request: &Request, mut definition: Definition, caller: Caller<'_>) -> Result<Summary, RunError> {
    let of_places = !request.towns.is_empty() || !request.villages.is_empty();
    if of_places || request.ledger.is_some() || !request.decisions.is_empty() || request.previous.is_some() {
        let what =
            "这个流程只连接表，没有乡镇、村、台账、人工认定和上期：请去掉 --town、--village、--ledger、--decisions、--previous";
        return Err(RunError::Usage(what.to_owned()));
    }
    let listing = inputs::gather(&request.inputs, Some(&request.out), Sought::Tables)?;
    listing.told.iter().for_each(|line| caller.tell(line));
    let files = listing.files;
    definition.model.task = definition.model.task.of_files(files.len());
    let definition = &definition;
    let manifest = Manifest {
        key: definition.key_file.kind,
        ..Manifest::of_tables(&definition.model.name, &definition.hash, request.as_of)
    };
    let basis = Basis {
        definitions: &definition.hash,
        dates: [String::new(), format!("{:?}", request.as_of)],
        parts: files.iter().flat_map(|file| [file.name.as_str(), file.sha256.as_str()]).collect(),
        ledger: "",
    };
    let underway = Underway::begin(request, Folder::of_run(&request.out)?, basis, manifest, caller)?;
    definition.key_file.notes.iter().for_each(|note| caller.tell(note));
    let as_of = request.as_of.unwrap_or_else(last_day);
    let Caller { interrupted, progress } = caller;
    let setting = Setting { model: &definition.model, as_of, executable: &request.executable, interrupted, progress };
    Run { underway, definition, setting }.stages(&files)
}

/// Births up to the end of the century are possible where no day is given.
fn last_day() -> Day {
    Month::new(2099, 12).map_or(Day(0), Month::last_day)
}

/// One run under way.
struct Run<'a> {
    underway: Underway<'a>,
    definition: &'a Definition,
    setting: Setting<'a>,
}

impl<'a> Stages<'a> for Run<'a> {
    fn underway(&mut self) -> &mut Underway<'a> {
        &mut self.underway
    }
}

impl Run<'_> {
    fn stages(mut self, files: &[InputFile]) -> Result<Summary, RunError> {
        let taken = self.timed(Step::NORMALISE, |run| run.read(files))?;
        let mut headline = self.opening(&taken);
        if self.underway.request.until == Stage::Normalise {
            let records = outputs::without_derived(&taken.records, &self.definition.model);
            stages::write_records(&self.underway.workspace.path("stages/records.parquet")?, &records)?;
        } else {
            let linked = self.timed(Step::LINK, |run| run.link(&taken))?;
            let score = self.timed(Step::WRITE, |run| run.write(&taken, &linked))?;
            headline.push_str(&told(&self.definition.model, &linked, score.as_ref()));
        }
        let sealed = self.underway.seal()?;
        self.underway.publish(underway::summary(sealed, headline, 0, &taken.intake), None, || Ok(()))
    }

    fn read(&mut self, files: &[InputFile]) -> Result<Taken, RunError> {
        let read = read::files(&self.setting, files);
        self.underway.caller.go_on()?;
        let taken = read::tables(&self.setting, files, read)?;
        stages::write_rejects(&self.underway.workspace.path("stages/rejects.parquet")?, &taken.rejects)?;
        Ok(taken)
    }

    /// Links while the rows are written.
    fn link(&mut self, taken: &Taken) -> Result<TablesLinked, RunError> {
        let definition = self.definition;
        let path = self.underway.workspace.path("stages/records.parquet")?;
        let records = outputs::without_derived(&taken.records, &definition.model);
        let (linked, written) = rayon::join(
            || link_tables(&taken.records, &definition.model, definition.saved.as_ref(), &definition.key),
            || stages::write_records(&path, &records),
        );
        written?;
        linked.map_err(|error| RunError::Usage(error.to_string()))
    }

    /// Writes the stage files, and meanwhile scores them against the truth column, if there is one.
    fn write(&mut self, taken: &Taken, linked: &TablesLinked) -> Result<Option<ClusterScore>, RunError> {
        let (records, model) = (&taken.records, &self.definition.model);
        let path = |name: &str| self.underway.workspace.path(&format!("stages/{name}.parquet"));
        let (links, people, review) = (path("links")?, path("people")?, path("review")?);
        let (pairs, clusters) = (path("pairs")?, path("clusters")?);
        let (one, other) = rayon::join(
            || {
                stages::write_links(&links, records, &linked.linked, None)?;
                stages::write_review(&review, records, &OpenPair::all(&linked.linked, &[]))?;
                outputs::write_clusters(&clusters, linked)
            },
            || {
                let write = || {
                    stages::write_batch(&people, &linked.linked.people.0)?;
                    outputs::write_pairs(&pairs, records, model, linked)
                };
                rayon::join(write, || outputs::against_truth(records, model, linked))
            },
        );
        let clusters = one?;
        let (written, score) = other;
        written?;
        let fitted = toml::to_string(&linked.model).map_err(|error| RunError::Internal(error.to_string()))?;
        self.underway.workspace.write("stages/model.toml", fitted.as_bytes())?;
        let rows = records.len() as u64;
        self.underway.stage(Step::LINK, rows, linked.linked.links.len() as u64);
        self.underway.manifest.linking = Some((&linked.linked.quality).into());
        self.underway.manifest.tables = Some(tables_entry::entry(model, linked, clusters, &taken.notes, score));
        Ok(score)
    }

    fn opening(&mut self, taken: &Taken) -> String {
        let (read, kept) = self.underway.taken_in(&taken.intake, taken.records.len() as u64);
        let mut text = format!("{}：读入 {read} 行，接收 {kept} 行，剔除 {} 行", self.definition.model.name, read - kept);
        for note in &taken.notes {
            let _ = write!(text, "\n注意  {note}");
        }
        text
    }
}

/// A few lines for the terminal.
fn told(model: &TablesModel, linked: &TablesLinked, score: Option<&ClusterScore>) -> String {
    let LinkQuality { alone, review, false_links, missed_links, .. } = &linked.linked.quality;
    let scored: u64 = linked.rules.iter().map(|rule| rule.scored).sum();
    let mut text = format!(
        "\n比对 {scored} 对，连上 {} 对，成 {} 人，{alone} 行无人对上，待核对 {review} 对；估计误连 {:.1} 行（95% 区间 {:.1}–{:.1}），漏连 {:.1} 行（{:.1}–{:.1}）",
        linked.pairs.len(),
        linked.linked.people.0.num_rows(),
        false_links.expected,
        false_links.low,
        false_links.high,
        missed_links.expected,
        missed_links.low,
        missed_links.high,
    );
    for rule in &linked.rules {
        let _ = write!(text, "{}，前面的规则没有的 {} 对", foretold(&rule.prediction), rule.scored);
    }
    for note in &linked.notes {
        let _ = write!(text, "\n注意  {note}");
    }
    for drift in &linked.drift {
        let _ = write!(
            text,
            "\n注意  与给定的模型相比，{}“{}”的把握分由 {:.1} 变为 {:.1}（本次仍用给定的）",
            drift.comparison, drift.level, drift.saved, drift.now
        );
    }
    if model.saved.is_some() && linked.drift.is_empty() {
        text.push_str("\n给定的模型与本次数据相符：没有级别的把握分变化超过 1 分");
    }
    if let Some(score) = score {
        let _ = write!(text, "\n{score}");
    }
    text
}

/// What each file would be taken for, and what each blocking rule would cost.
pub(crate) fn check_files(definition: &mut Definition, files: &[InputFile], executable: &Path) -> (Vec<CheckedFile>, String) {
    definition.model.task = definition.model.task.of_files(files.len());
    let interrupted = AtomicBool::new(false);
    let setting =
        Setting { model: &definition.model, as_of: last_day(), executable, interrupted: &interrupted, progress: &|_| {} };
    let read = read::files(&setting, files);
    let checked = read
        .iter()
        .map(|taken| CheckedFile {
            text: taken
                .files
                .iter()
                .map(|file| described::describe(file, &str::to_owned, &|_, _| None))
                .collect::<Vec<_>>()
                .join("\n"),
            mappings: Vec::new(),
            refused: !described::refusals(&taken.files).is_empty(),
        })
        .collect();
    let told = match read::tables(&setting, files, read) {
        Err(error) => format!("\n不能运行：{error}"),
        Ok(taken) => predict(&taken.records, &definition.model).iter().map(foretold).collect(),
    };
    (checked, told)
}

/// `分块 birth, surname：3106 对，最重 …`.
fn foretold(prediction: &Prediction) -> String {
    let heaviest = prediction.heaviest.as_ref().map(|(key, pairs)| format!("，最重 {key}（{pairs} 对）")).unwrap_or_default();
    format!("\n  分块 {}：{} 对{heaviest}", prediction.rule, prediction.pairs)
}
