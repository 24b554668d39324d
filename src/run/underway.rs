//! What every kind of run does alike: it goes on where an interrupted one stopped, times its stages, stops when asked to, and publishes whole.
//!
//! A kind of run ([`county`](super::county), [`tables`](super::tables)) holds an [`Underway`] and is made of [`Stages`]. [`Underway::begin`] makes the
//! work folder, [`Stages::timed`] does a stage, [`Underway::seal`] writes what the run says of itself, [`Underway::publish`] puts it in its place.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::intake::described;
use crate::model::intake::{IntakeFile, IntakeSheet};
use crate::run::fingerprint::{BUILD, fingerprint, work_key};
use crate::run::{Request, RunError, Summary};
use crate::store::disk;
use crate::store::manifest::{Manifest, StageEntry, Timing};
use crate::store::workspace::{Folder, LedgerEntry, Workspace};

/// Who asked for a run: gets a line per file and stage, and may ask it to stop.
#[derive(Clone, Copy)]
pub(super) struct Caller<'a> {
    /// Set when it is to stop.
    pub(super) interrupted: &'a AtomicBool,
    /// Gets a line per file and stage.
    pub(super) progress: &'a (dyn Fn(&str) + Sync),
}

impl Caller<'_> {
    /// Tells a line.
    pub(super) fn tell(&self, line: &str) {
        (self.progress)(line);
    }

    /// Stops where that was asked for.
    pub(super) fn go_on(&self) -> Result<(), RunError> {
        if self.interrupted.load(Ordering::Relaxed) { Err(RunError::Interrupted) } else { Ok(()) }
    }
}

/// What results follow from beside the request's options: runs that agree in all of it are the same.
pub(super) struct Basis<'a> {
    /// Hash of the definitions.
    pub(super) definitions: &'a str,
    /// Period and day.
    pub(super) dates: [String; 2],
    /// Names and digests of what is read.
    pub(super) parts: Vec<&'a str>,
    /// Which ledger, and how far its history goes; empty without one.
    pub(super) ledger: &'a str,
}

/// A stage, as `timings.json` and the screen call it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step(&'static str, &'static str);

impl Step {
    pub(super) const NORMALISE: Self = Self("normalise", "读入、规范");
    pub(super) const LINK: Self = Self("link", "比对");
    pub(super) const ASSESS: Self = Self("assess", "核政策");
    pub(super) const DOSSIER: Self = Self("dossier", "民情档案");
    pub(super) const REPORT: Self = Self("report", "出表");
    /// Of tables, which get no workbooks.
    pub(super) const WRITE: Self = Self("report", "写出");
}

/// A run under way, of whatever kind.
pub(super) struct Underway<'a> {
    /// What is asked for.
    pub(super) request: &'a Request,
    /// Where it is made.
    pub(super) workspace: Workspace,
    /// What it says of itself.
    pub(super) manifest: Manifest,
    /// Who asked.
    pub(super) caller: Caller<'a>,
    /// By which the run is known again.
    pub(super) fingerprint: String,
    timings: Vec<Timing>,
}

/// A kind of run.
pub(super) trait Stages<'a>: Sized {
    /// What it has in common with others.
    fn underway(&mut self) -> &mut Underway<'a>;

    /// Does one stage, and tells how long it took.
    fn timed<T>(&mut self, step: Step, work: impl FnOnce(&mut Self) -> Result<T, RunError>) -> Result<T, RunError> {
        self.underway().caller.go_on()?;
        let start = Instant::now();
        let done = work(self)?;
        self.underway().took(step, start.elapsed());
        Ok(done)
    }
}

impl<'a> Underway<'a> {
    /// Begins in `folder`, or goes on with what a run on the same basis left there.
    pub(super) fn begin(
        request: &'a Request,
        folder: Folder,
        basis: Basis<'_>,
        manifest: Manifest,
        caller: Caller<'a>,
    ) -> Result<Self, RunError> {
        let fingerprint = fingerprint(basis.definitions, basis.dates, request, basis.parts.into_iter());
        let workspace = folder.start(&work_key([&fingerprint, BUILD, basis.ledger]), request.fresh)?;
        if !workspace.moved().is_empty() {
            caller.tell(&moved_aside(workspace.moved()));
        }
        Ok(Self { request, workspace, manifest, caller, fingerprint, timings: Vec::new() })
    }

    fn took(&mut self, Step(stage, plain): Step, time: Duration) {
        let seconds = time.as_secs_f64();
        self.timings.push(Timing { stage, seconds, peak_bytes: peak_bytes(), build: BUILD });
        self.caller.tell(&format!("{plain}：{seconds:.1} 秒"));
    }

    /// Notes how many rows a stage took and gave.
    pub(super) fn stage(&mut self, Step(stage, _): Step, rows_in: u64, rows_out: u64) {
        self.manifest.stages.push(StageEntry { stage, rows_in, rows_out });
    }

    /// Notes what was taken in, of which `rows` are left: how many were read and kept.
    pub(super) fn taken_in(&mut self, intake: &[IntakeFile], rows: u64) -> (u64, u64) {
        let sheets = || intake.iter().flat_map(|file| &file.sheets);
        let read: u64 = sheets().map(|sheet| sheet.read).sum();
        let kept: u64 = sheets().map(|sheet| sheet.kept).sum();
        self.stage(Step::NORMALISE, read, rows);
        self.manifest.balanced = kept == rows && sheets().all(IntakeSheet::balances);
        self.manifest.inputs = intake.iter().map(Into::into).collect();
        (read, kept)
    }

    /// Writes `timings.json` and `run.json`, which it gives: the last files of a run.
    pub(super) fn seal(&mut self) -> Result<String, RunError> {
        let internal = |error: serde_json::Error| RunError::Internal(error.to_string());
        let (workspace, manifest) = (&self.workspace, &mut self.manifest);
        manifest.stage_files = workspace.seal()?.into_iter().filter(|(path, _)| path.starts_with("stages/")).collect();
        let manifest = serde_json::to_string_pretty(manifest).map_err(internal)? + "\n";
        let timings = serde_json::to_string_pretty(&self.timings).map_err(internal)? + "\n";
        workspace.write("timings.json", timings.as_bytes())?;
        workspace.write("run.json", manifest.as_bytes())?;
        Ok(manifest)
    }

    /// Puts the run in its folder; `last` comes just before the switch and leaves `ledger` in a ledger. What is to be told of files that were not
    /// ours to replace is told too where the run does not come to its end.
    pub(super) fn publish(
        &self,
        mut summary: Summary,
        ledger: Option<LedgerEntry>,
        last: impl FnOnce() -> Result<(), RunError>,
    ) -> Result<Summary, RunError> {
        let mut moved = Vec::new();
        let done = self.workspace.publish(ledger, last, &mut moved);
        if !moved.is_empty() {
            let told = moved_aside(&moved);
            if done.is_err() {
                self.caller.tell(&told);
            }
            let _ = write!(summary.headline, "\n{told}");
        }
        let _ = write!(summary.headline, "\n结果在 {}", self.request.out.display());
        done.map(|()| summary)
    }
}

/// What a run came to, before it is published.
pub(super) fn summary(manifest: String, headline: String, findings: usize, intake: &[IntakeFile]) -> Summary {
    Summary { manifest, headline, findings, refusals: described::refusals(intake) }
}

fn moved_aside(moved: &[String]) -> String {
    format!("文件夹里有 {} 个文件被改过或不是本程序写的，没有覆盖，已移到：{}", moved.len(), moved.join("、"))
}

/// Peak resident memory of this process; 0 where the system does not tell.
fn peak_bytes() -> u64 {
    let status = disk::read_text("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
