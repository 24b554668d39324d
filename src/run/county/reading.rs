//! Files, or a finished run's rows → this month's rows.

use crate::ingest::header::Vocabulary;
use crate::ingest::limits::Limits;
use crate::intake::child;
use crate::intake::file::Opener;
use crate::intake::registers::{self, Intake};
use crate::model::intake::IntakeFile;
use crate::model::record::RecordSet;
use crate::normalise::{AssembleError, Context, assemble};
use crate::run::RunError;
use crate::run::county::Run;
use crate::run::county::source::Source;
use crate::run::fingerprint::BUILD;
use crate::store::workspace::Workspace;
use crate::store::{resume, stages};

impl Run<'_> {
    /// Ingest and normalise: they stream into each other.
    pub(super) fn normalise(&mut self, source: &Source) -> Result<(RecordSet, Vec<IntakeFile>), RunError> {
        let files = match source {
            Source::Files(files) => files,
            Source::Run(finished) => {
                let taken = finished.records()?;
                for (name, path) in finished.stage_files(finished.is_linked())? {
                    self.underway.workspace.copy(&path, &format!("stages/{name}"))?;
                }
                self.kept = true;
                self.underway.caller.tell(&format!("取自 {} 的结果：文件不再读", finished.folder.display()));
                if finished.build().is_some_and(|build| build != BUILD) {
                    self.underway
                        .caller
                        .tell("注意  那次运行用的是另一版 bidui，文件可能读得不一样；要完全一致，请用原始文件作 --input");
                }
                return Ok(taken);
            }
        };
        if let Some((records, intake)) = resume::find(&self.underway.workspace) {
            self.underway.caller.tell("接着上次中断的运行：文件已读过，从比对开始");
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
                executable: &self.underway.request.executable,
                interrupted: self.underway.caller.interrupted,
                limits: Limits { leave_out: self.definitions.leave_out, ..Limits::default() },
            },
        };
        let taken = reader.read_all(files, self.underway.caller.progress);
        self.underway.caller.go_on()?;
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
        stages::write_rejects(&self.underway.workspace.path("stages/rejects.parquet")?, &rejects)?;
        Ok((records, intake))
    }

    /// Writes the kept rows, so that an interrupted run goes on from here.
    pub(super) fn keep(workspace: &Workspace, records: &RecordSet, intake: &[IntakeFile]) -> Result<(), RunError> {
        stages::write_records(&workspace.path("stages/records.parquet")?, records)?;
        Ok(resume::keep(workspace, records, intake)?)
    }
}
