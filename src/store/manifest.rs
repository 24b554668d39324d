//! `run.json`: what a run read, kept, set aside and wrote, with hashes. Byte-identical from run to run: no clock, no absolute path.
//! A number in the name of a file, sheet or column is masked. `timings.json` beside it holds what is not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::assess::RuleCount;
use crate::config::link_saved::Used;
use crate::config::policy::Policy;
use crate::model::carried::{Carried, ChangeKind};
use crate::model::date::{Day, Month};
use crate::model::decision::{DecisionState, Verdict};
use crate::model::finding::RuleNote;
use crate::model::ids::KeyKind;
use crate::model::intake::{IntakeFile, IntakeSheet};
use crate::model::link::{Decided, Estimate, LinkQuality};
use crate::model::masking::mask_text;
use crate::model::raw::Refusal;
use crate::model::register::{EarlierRows, RegisterCount, RegisterRows};
use crate::model::rule::Reading;
use crate::store::tables_entry::TablesEntry;

/// The contents of `run.json`.
#[derive(Debug, Serialize)]
pub(crate) struct Manifest {
    /// `bidui 0.1.0`.
    pub(crate) tool: String,
    /// The pipeline's name.
    pub(crate) pipeline: String,
    /// Of everything the pipeline consists of: registries, policy, divisions, layouts, models.
    pub(crate) pipeline_hash: String,
    /// Of those that rows and links follow from: registries, divisions, order, pins, linking model, key.
    pub(crate) links_hash: String,
    /// SHA-256 of the `run.json` of the finished run whose rows and links were taken; else they were read from files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) taken_from: Option<String>,
    /// `2018-06`.
    pub(crate) period: String,
    /// `2018-06-30`.
    pub(crate) as_of: String,
    /// `--town`.
    pub(crate) towns: Vec<String>,
    /// `--village`.
    pub(crate) villages: Vec<String>,
    /// Whether everything is masked.
    pub(crate) masked: bool,
    /// What ids are made with: the county's own key, or one that everybody has.
    pub(crate) key: KeyKind,
    /// How the policy was read where it can be read in several ways.
    pub(crate) readings: Vec<ReadingEntry>,
    /// One per input file, by path.
    pub(crate) inputs: Vec<InputEntry>,
    /// Rows in and out of each stage that ran.
    pub(crate) stages: Vec<StageEntry>,
    /// Rows of the month by register, town and part.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) registers: Vec<RegisterCount>,
    /// Rows that the county's own table says there should be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) expected_by_county: Vec<RegisterCount>,
    /// Rows of an earlier month, against which this month's were held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expected_by_month: Option<EarlierEntry>,
    /// Registers that the county says are whole, as `--accept-partial` names them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) accepted: Vec<String>,
    /// How rows came to their persons, and how many links are probably wrong or missing.
    pub(crate) linking: Option<LinkingEntry>,
    /// Tables linked or deduplicated by a model; absent in a county's run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tables: Option<TablesEntry>,
    /// Files with people's answers, in the order given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) decision_files: Vec<DecisionFileEntry>,
    /// What became of the answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decisions: Option<DecidedEntry>,
    /// Numbers that returned lists proposed, by what became of them; absent where there are none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) proposals: BTreeMap<&'static str, u64>,
    /// The saved model that was used, and where this month's rows say otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) saved_model: Option<Used>,
    /// What became of the ids of an earlier run, where one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) identities: Option<IdentitiesEntry>,
    /// One per workbook written, by path.
    pub(crate) outputs: Vec<OutputEntry>,
    /// Stage file → SHA-256. These and the outputs are all that a run publishes beside this file and the timings.
    pub(crate) stage_files: BTreeMap<String, String>,
    /// Rules, or rules in a town, that were not evaluated or carry a banner.
    pub(crate) notes: Vec<NoteEntry>,
    /// Where findings stand, by state; only with a ledger.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) standings: BTreeMap<String, u64>,
    /// How many each rule was asked of, and with what result, over the whole county.
    pub(crate) rules: BTreeMap<String, CountEntry>,
    /// Rules named by the exemption list, by what became of them.
    pub(crate) exemptions: BTreeMap<&'static str, u64>,
    /// Findings per rule.
    pub(crate) findings: BTreeMap<String, u64>,
    /// Whether rows in = rows kept + rows rejected everywhere.
    pub(crate) balanced: bool,
}

/// A [`Reading`] in the manifest.
#[derive(Debug, Serialize)]
pub(crate) struct ReadingEntry {
    id: String,
    title: String,
    clause: String,
    chosen: String,
    meaning: String,
    /// Whether the pipeline chose it in place of the policy folder.
    by_pipeline: bool,
    /// Rules whose outcome depends on it.
    rules: Vec<String>,
    /// Rules that it leaves out: they hold under another reading.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<String>,
}

impl ReadingEntry {
    /// The readings of a policy.
    pub(crate) fn all(policy: &Policy) -> Vec<Self> {
        policy.readings.iter().map(|reading| Self::new(reading, policy)).collect()
    }

    fn new(reading: &Reading, policy: &Policy) -> Self {
        let left_out = policy.rules.iter().filter(|rule| policy.left_out_by(rule) == Some(reading));
        Self {
            id: reading.id.clone(),
            title: reading.title.clone(),
            clause: reading.clause.clone(),
            chosen: reading.chosen.clone(),
            meaning: reading.meaning().to_owned(),
            by_pipeline: reading.chosen != reading.by_folder,
            rules: reading.rules.clone(),
            left_out: left_out.map(|rule| rule.card.id.clone()).collect(),
        }
    }
}

/// [`EarlierRows`] in the manifest.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct EarlierEntry {
    period: String,
    registers: Vec<RegisterCount>,
}

impl From<&EarlierRows> for EarlierEntry {
    fn from(earlier: &EarlierRows) -> Self {
        Self { period: earlier.period.to_string(), registers: RegisterCount::all(&earlier.rows) }
    }
}

impl EarlierEntry {
    /// `None` where it names no month or no rows.
    pub(crate) fn rows(period: &str, registers: Vec<RegisterCount>) -> Option<EarlierRows> {
        let rows: RegisterRows = registers.into_iter().map(|count| (count.part, count.rows)).collect();
        Some(EarlierRows { period: period.parse().ok()?, rows }).filter(|earlier| !earlier.rows.is_empty())
    }

    /// As it was.
    pub(crate) fn read(self) -> Option<EarlierRows> {
        Self::rows(&self.period, self.registers)
    }
}

/// [`LinkQuality`] in the manifest; estimates to a hundredth of a link, with their 95 % interval.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct LinkingEntry {
    id: u64,
    repaired: u64,
    probable: u64,
    alone: u64,
    review_pairs: u64,
    keys_skipped: u64,
    false_links: EstimateEntry,
    missed_links: EstimateEntry,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct EstimateEntry {
    expected: f64,
    low: f64,
    high: f64,
}

impl From<&LinkQuality> for LinkingEntry {
    fn from(quality: &LinkQuality) -> Self {
        let rounded = |value: f64| (value * 100.0).round() / 100.0;
        let entry = |estimate: Estimate| EstimateEntry {
            expected: rounded(estimate.expected),
            low: rounded(estimate.low),
            high: rounded(estimate.high),
        };
        Self {
            id: quality.by_number,
            repaired: quality.repaired,
            probable: quality.probable,
            alone: quality.alone,
            review_pairs: quality.review,
            keys_skipped: quality.skipped,
            false_links: entry(quality.false_links),
            missed_links: entry(quality.missed_links),
        }
    }
}

impl From<&LinkingEntry> for LinkQuality {
    fn from(entry: &LinkingEntry) -> Self {
        let estimate = |entry: &EstimateEntry| Estimate { expected: entry.expected, low: entry.low, high: entry.high };
        Self {
            by_number: entry.id,
            repaired: entry.repaired,
            probable: entry.probable,
            alone: entry.alone,
            review: entry.review_pairs,
            skipped: entry.keys_skipped,
            false_links: estimate(&entry.false_links),
            missed_links: estimate(&entry.missed_links),
        }
    }
}

/// An input file.
#[derive(Debug, Serialize)]
pub(crate) struct InputEntry {
    file: String,
    sha256: String,
    format: String,
    encoding: String,
    registry: Option<String>,
    data_date: Option<String>,
    refusal: Option<RefusalEntry>,
    sheets: Vec<SheetEntry>,
}

#[derive(Debug, Serialize)]
struct SheetEntry {
    sheet: String,
    registry: Option<String>,
    header_row: u32,
    data_date: Option<String>,
    columns: Vec<(String, String)>,
    left_over: Vec<String>,
    read: u64,
    kept: u64,
    rejected: BTreeMap<&'static str, u64>,
    /// What a human must be told of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    refusal: Option<RefusalEntry>,
}

#[derive(Debug, Serialize)]
struct RefusalEntry {
    code: String,
    what: String,
    hint: String,
}

/// Rows through a stage.
#[derive(Debug, Serialize)]
pub(crate) struct StageEntry {
    /// `ingest`, `normalise`, `link`, `assess`, `report`.
    pub(crate) stage: &'static str,
    /// Rows it took.
    pub(crate) rows_in: u64,
    /// Rows it gave.
    pub(crate) rows_out: u64,
}

/// A file written.
#[derive(Debug, Serialize)]
pub(crate) struct OutputEntry {
    /// Relative to the run folder.
    pub(crate) path: String,
    /// Of its bytes.
    pub(crate) sha256: String,
    /// Rows in it.
    pub(crate) rows: u64,
}

/// A [`RuleCount`] in the manifest.
#[derive(Debug, Serialize)]
pub(crate) struct CountEntry {
    population: i64,
    passed: i64,
    fired: i64,
    /// Reason → subjects.
    exempt: BTreeMap<String, i64>,
    unknown: i64,
    held: i64,
}

impl From<&RuleCount> for CountEntry {
    fn from(count: &RuleCount) -> Self {
        Self {
            population: count.population,
            passed: count.passed,
            fired: count.fired,
            exempt: count.exempt_reasons.clone(),
            unknown: count.unknown,
            held: count.held,
        }
    }
}

/// A rule not evaluated, or evaluated with a warning.
#[derive(Debug, Serialize)]
pub(crate) struct NoteEntry {
    rule: String,
    town: Option<String>,
    note: String,
    held: bool,
    concerned: i64,
    /// Where registers are short: the village, if only that is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    village: Option<String>,
    /// Where registers are short: these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    short: Vec<String>,
}

impl From<&RuleNote> for NoteEntry {
    fn from(note: &RuleNote) -> Self {
        Self {
            rule: note.rule.clone(),
            town: note.town.clone(),
            note: mask_text(&note.note),
            held: note.held,
            concerned: note.concerned,
            village: note.short.as_ref().and_then(|short| short.village.clone()),
            short: note.short.iter().flat_map(|short| &short.registries).map(ToString::to_string).collect(),
        }
    }
}

impl From<&Refusal> for RefusalEntry {
    fn from(refusal: &Refusal) -> Self {
        Self { code: refusal.code.to_string(), what: mask_text(&refusal.what), hint: mask_text(&refusal.hint) }
    }
}

impl From<&IntakeFile> for InputEntry {
    fn from(file: &IntakeFile) -> Self {
        let mut registries = file.sheets.iter().filter_map(|sheet| sheet.registry.as_ref());
        let first = registries.next().filter(|first| registries.all(|other| other == *first));
        Self {
            file: mask_text(&file.path),
            sha256: file.sha256.clone(),
            format: file.format.clone(),
            encoding: file.encoding.clone(),
            registry: first.map(ToString::to_string),
            data_date: file.sheets.iter().filter_map(|sheet| sheet.data_date).max().map(|day| day.to_string()),
            refusal: file.refusal.as_ref().map(RefusalEntry::from),
            sheets: file.sheets.iter().map(SheetEntry::from).collect(),
        }
    }
}

impl From<&IntakeSheet> for SheetEntry {
    fn from(sheet: &IntakeSheet) -> Self {
        Self {
            sheet: mask_text(&sheet.sheet),
            registry: sheet.registry.as_ref().map(ToString::to_string),
            header_row: sheet.header_row,
            data_date: sheet.data_date.map(|day| day.to_string()),
            columns: sheet.columns.iter().map(|(field, header)| (field.clone(), mask_text(header))).collect(),
            left_over: sheet.left_over.iter().map(|header| mask_text(header)).collect(),
            read: sheet.read,
            kept: sheet.kept,
            rejected: sheet.rejected.iter().map(|(reason, &count)| (reason.as_str(), count)).collect(),
            notes: sheet.notes.iter().map(|note| mask_text(note)).collect(),
            refusal: sheet.refusal.as_ref().map(RefusalEntry::from),
        }
    }
}

impl Manifest {
    /// An empty manifest of a run.
    #[must_use]
    pub(crate) fn new(pipeline: &str, pipeline_hash: &str, period: Month, as_of: Day) -> Self {
        let (period, as_of) = (period.to_string(), as_of.to_string());
        Self { period, as_of, ..Self::of_tables(pipeline, pipeline_hash, None) }
    }

    /// An empty manifest of a run that links tables: it speaks for no month.
    #[must_use]
    pub(crate) fn of_tables(pipeline: &str, pipeline_hash: &str, as_of: Option<Day>) -> Self {
        Self {
            tool: concat!("bidui ", env!("CARGO_PKG_VERSION")).to_owned(),
            pipeline: pipeline.to_owned(),
            pipeline_hash: pipeline_hash.to_owned(),
            links_hash: String::new(),
            taken_from: None,
            period: String::new(),
            as_of: as_of.map(|day| day.to_string()).unwrap_or_default(),
            towns: Vec::new(),
            villages: Vec::new(),
            masked: false,
            key: KeyKind::Own,
            readings: Vec::new(),
            inputs: Vec::new(),
            stages: Vec::new(),
            registers: Vec::new(),
            expected_by_county: Vec::new(),
            expected_by_month: None,
            accepted: Vec::new(),
            linking: None,
            tables: None,
            decision_files: Vec::new(),
            decisions: None,
            proposals: BTreeMap::new(),
            saved_model: None,
            identities: None,
            outputs: Vec::new(),
            stage_files: BTreeMap::new(),
            notes: Vec::new(),
            standings: BTreeMap::new(),
            rules: BTreeMap::new(),
            exemptions: BTreeMap::new(),
            findings: BTreeMap::new(),
            balanced: true,
        }
    }
}

/// What became of the ids of an earlier run; the log is in `stages/identity_changes.parquet`.
#[derive(Debug, Serialize)]
pub(crate) struct IdentitiesEntry {
    /// Persons found again.
    pub(crate) found: u64,
    /// Persons of the earlier run that nobody is any more.
    pub(crate) lost: u64,
    pub(crate) persons: ChangesEntry,
    pub(crate) households: ChangesEntry,
}

/// Changes by kind.
#[derive(Debug, Serialize)]
pub(crate) struct ChangesEntry {
    pub(crate) carried: u64,
    pub(crate) split: u64,
    pub(crate) merged: u64,
}

impl IdentitiesEntry {
    /// A line for the terminal.
    pub(crate) fn plain(&self) -> String {
        let warning =
            if self.found == 0 { "。一个人也对不上：是否换了编号密钥，或指错了文件夹？" } else { "" };
        let Self { found, lost, persons, households } = self;
        format!(
            "\n与上次比：{found} 人沿用原编号（其中 {} 人证号、人编号等有变），{lost} 人已不在；拆分 {} 人、合并 {} 人；换了户编号的 {} 户、分户 {} 户、并户 {} 户{warning}",
            persons.carried, persons.split, persons.merged, households.carried, households.split, households.merged,
        )
    }
}

impl From<&Carried> for IdentitiesEntry {
    fn from(carried: &Carried) -> Self {
        let of = |scope: &str| ChangesEntry {
            carried: carried.count(scope, ChangeKind::Carried),
            split: carried.count(scope, ChangeKind::Split),
            merged: carried.count(scope, ChangeKind::Merged),
        };
        Self { found: carried.found, lost: carried.lost, persons: of("person"), households: of("household") }
    }
}

/// A file with people's answers.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DecisionFileEntry {
    /// Its name.
    pub(crate) file: String,
    /// Of its bytes.
    pub(crate) sha256: String,
    /// Answers read.
    pub(crate) answers: u64,
}

/// What became of people's answers, pairs.
#[derive(Debug, Serialize)]
pub(crate) struct DecidedEntry {
    /// Joined.
    pub(crate) same: u64,
    /// Kept apart.
    pub(crate) different: u64,
    /// Open as before.
    pub(crate) unsure: u64,
    /// About records that are not there.
    pub(crate) gone: u64,
    /// Not followed, as others say otherwise.
    pub(crate) contradicted: u64,
    /// What a human must be told.
    pub(crate) problems: Vec<String>,
}

impl DecidedEntry {
    /// A line for the terminal.
    pub(crate) fn plain(&self) -> String {
        format!(
            "\n人工核对：采用“是同一人” {} 对、“不是” {} 对，仍待核对 {} 对，本月查无记录 {} 对，矛盾未采用 {} 对",
            self.same, self.different, self.unsure, self.gone, self.contradicted
        )
    }
}

impl From<&Decided> for DecidedEntry {
    fn from(decided: &Decided) -> Self {
        let in_force = |verdict: Verdict| {
            let held = decided.kept.iter().filter(|kept| kept.state == DecisionState::InForce);
            held.filter(|kept| kept.decision.verdict == verdict).count() as u64
        };
        Self {
            same: in_force(Verdict::Same),
            different: in_force(Verdict::Different),
            unsure: decided.count(DecisionState::Unsure),
            gone: decided.count(DecisionState::Gone),
            contradicted: decided.count(DecisionState::Contradicted),
            problems: decided.problems.clone(),
        }
    }
}

impl Manifest {
    /// Tells of answers, where there were any.
    pub(crate) fn decide(&mut self, files: &[DecisionFileEntry], problems: &[String], decided: &Decided) {
        if files.is_empty() {
            return;
        }
        self.decision_files = files.to_vec();
        let mut entry = DecidedEntry::from(decided);
        entry.problems.splice(0..0, problems.iter().cloned());
        self.decisions = Some(entry);
    }
}

/// Seconds and peak memory of one stage, and which build it ran in, for `timings.json`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Timing {
    /// The stage.
    pub(crate) stage: &'static str,
    /// Wall-clock seconds.
    pub(crate) seconds: f64,
    /// Peak resident memory of this process so far, bytes; 0 where the system does not tell.
    pub(crate) peak_bytes: u64,
    /// Hash of the program that ran it.
    pub(crate) build: &'static str,
}
