//! Rows → who is one person, with what clerks decided, the ledger proposed and an earlier run called them.

use crate::assess::{HeldBack, OpenPair};
use crate::intake::definitions::Definitions;
use crate::link::evidence::Evidence;
use crate::link::{LinkInput, carry_over, link};
use crate::model::decision::Decision;
use crate::model::intake::IntakeFile;
use crate::model::link::Linked;
use crate::model::proposal::Proposal;
use crate::model::record::RecordSet;
use crate::run::RunError;
use crate::run::county::source::Source;
use crate::run::county::{Run, corrections, learned};
use crate::run::underway::Step;
use crate::store::stages;

impl Run<'_> {
    /// Links while the rows are written: encoding a county's rows takes about as long as a quarter of linking them.
    pub(super) fn link(
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
        self.underway.stage(Step::LINK, records.len() as u64, linked.links.len() as u64);
        self.underway.manifest.linking = Some((&linked.quality).into());
        self.underway.manifest.decide(&self.answered.files, &self.answered.problems, &linked.decided);
        self.underway.manifest.proposals = corrections::counts(&linked.decided.proposals);
        self.underway.manifest.saved_model = evidence.as_ref().and_then(|evidence| learned::used(self.definitions, evidence));
        self.underway.manifest.identities = linked.carried.given.then(|| (&linked.carried).into());
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
        let (workspace, kept) = (&self.underway.workspace, self.kept);
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
        learned::write(&self.underway.workspace, self.definitions, self.period, records, &evidence)?;
        let (links, people) =
            (self.underway.workspace.path("stages/links.parquet")?, self.underway.workspace.path("stages/people.parquet")?);
        let (links, people) = rayon::join(
            || stages::write_links(&links, records, &linked, Some(&evidence)),
            || stages::write_batch(&people, &linked.people.0),
        );
        links?;
        people?;
        self.write_review(records, &linked, &[])?;
        stages::write_suspicions(&self.underway.workspace.path("stages/suspicions.parquet")?, records, &linked.suspicions)?;
        Ok((linked, evidence))
    }

    /// Written with the links, and again when it is known what the pairs hold back.
    pub(super) fn write_review(&self, records: &RecordSet, linked: &Linked, held: &[HeldBack]) -> Result<(), RunError> {
        let path = self.underway.workspace.path("stages/review.parquet")?;
        Ok(stages::write_review(&path, records, &OpenPair::all(linked, held))?)
    }
}
