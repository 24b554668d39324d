//! Numbers that returned lists propose, on their way through a run: out of the ledger, into linking, and told.
//!
//! `stages/proposals.parquet` keeps what became of each, so that a later run over these links, and `explain`, can say so. A run takes
//! the proposals of lists of earlier months only: what is answered to a month's own lists never changes that month's links.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, UInt32Array};
use arrow::datatypes::UInt32Type;

use super::source::Source;
use super::stages::{batch, texts, write_batch};
use super::workspace::Workspace;
use super::{Run, RunError};
use crate::model::link::{Linked, PersonIx};
use crate::model::personal::{Expose, Personal};
use crate::model::proposal::{KeptProposal, Proposal, ProposalState};
use crate::model::record::RowId;

/// The stage file.
pub(super) const FILE: &str = "proposals.parquet";

impl Run<'_> {
    /// What linking anew is to take: the ledger's, else those that the finished run took.
    pub(super) fn proposals(&self, source: &Source) -> Result<Vec<Proposal>, RunError> {
        match (&self.life, source) {
            (Some(life), _) => life.proposals(self.period),
            (None, Source::Run(finished)) => Ok(finished.proposals()?),
            (None, Source::Files(_)) => Ok(Vec::new()),
        }
    }

    /// A line on what became of them: `村里更正的号码 3 个：有名册印证，已采用 1，没有名册印证，待核 2`.
    pub(super) fn corrected(linked: &Linked) -> String {
        let counts = counts(&linked.decided.proposals);
        if counts.is_empty() {
            return String::new();
        }
        let told = ProposalState::ALL.into_iter().filter_map(|state| Some((state, counts.get(state.as_str())?)));
        let told: Vec<String> = told.map(|(state, count)| format!("{} {count} 个", state.plain())).collect();
        format!("\n村里更正的号码 {} 个：{}（逐条见“身份信息更正”）", linked.decided.proposals.len(), told.join("；"))
    }
}

/// Proposals by state; none for none.
pub(super) fn counts(proposals: &[KeptProposal]) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    for kept in proposals {
        *counts.entry(kept.state.as_str()).or_default() += 1;
    }
    counts
}

/// Person → what lists proposed for it and what became of that, one sentence each; numbers whole.
pub(super) fn by_person(linked: &Linked) -> BTreeMap<PersonIx, Vec<Personal>> {
    let mut told: BTreeMap<PersonIx, Vec<Personal>> = BTreeMap::new();
    for kept in &linked.decided.proposals {
        let Some(link) = kept.row.and_then(|row| linked.links.get(row.0 as usize)) else { continue };
        let sentences = told.entry(link.person).or_default();
        let sentence = kept.plain();
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    told
}

/// [`by_person`] by person id, as lists print it.
pub(super) fn by_person_id(linked: &Linked) -> BTreeMap<String, Personal> {
    let ids = linked.people.0.column_by_name("person_id").and_then(|column| column.as_string_opt::<i32>());
    let id = |person: PersonIx| ids.map_or("", |ids| ids.value(person.0 as usize)).to_owned();
    let joined = |told: &[Personal]| told.iter().map(Personal::expose).collect::<Vec<_>>().join("；").into();
    by_person(linked).into_iter().map(|(person, told)| (id(person), joined(&told))).collect()
}

/// Not written without proposals.
pub(super) fn write(workspace: &Workspace, proposals: &[KeptProposal]) -> Result<(), RunError> {
    if proposals.is_empty() {
        return Ok(());
    }
    let text = |pick: fn(&KeptProposal) -> Option<&str>| texts(proposals.iter().map(pick));
    let day =
        |pick: fn(&KeptProposal) -> Option<String>| -> ArrayRef { Arc::new(proposals.iter().map(pick).collect::<StringArray>()) };
    let row = |pick: fn(&KeptProposal) -> Option<RowId>| -> ArrayRef {
        Arc::new(proposals.iter().map(|kept| pick(kept).map(|row| row.0)).collect::<UInt32Array>())
    };
    let batch = batch([
        ("finding_id", text(|kept| Some(&kept.proposal.finding_id))),
        ("person_id", text(|kept| kept.proposal.person_id.as_deref())),
        ("household_code", text(|kept| kept.proposal.household_code.expose())),
        ("name", text(|kept| kept.proposal.name.expose())),
        ("before", text(|kept| kept.proposal.before.expose())),
        ("suggested", text(|kept| Some(kept.proposal.suggested.expose()))),
        ("by", text(|kept| Some(kept.proposal.who.expose()))),
        ("on", day(|kept| kept.proposal.when.map(|day| day.to_string()))),
        ("list", day(|kept| Some(kept.proposal.list.to_string()))),
        ("state", text(|kept| Some(kept.state.as_str()))),
        ("reason", text(|kept| if let ProposalState::Refuted(why) = kept.state { Some(why.as_str()) } else { None })),
        ("row", row(|kept| kept.row)),
        ("proof", row(|kept| kept.proof)),
    ]);
    let batch = batch.map_err(|error| RunError::Internal(error.to_string()))?;
    Ok(write_batch(&workspace.path(&format!("stages/{FILE}"))?, &batch)?)
}

/// What a finished run wrote with [`write()`]; `None` when the file is not what it should be.
pub(super) fn read_back(batch: &RecordBatch) -> Option<Vec<KeptProposal>> {
    let text = |name: &str| batch.column_by_name(name)?.as_string_opt::<i32>();
    let row = |name: &str| batch.column_by_name(name)?.as_primitive_opt::<UInt32Type>();
    let (finding, person, household) = (text("finding_id")?, text("person_id")?, text("household_code")?);
    let (name, before, suggested) = (text("name")?, text("before")?, text("suggested")?);
    let (by, on, list) = (text("by")?, text("on")?, text("list")?);
    let (state, reason, rows, proofs) = (text("state")?, text("reason")?, row("row")?, row("proof")?);
    let of = |column: &StringArray, at: usize| column.is_valid(at).then(|| column.value(at).to_owned());
    let position = |column: &UInt32Array, at: usize| column.is_valid(at).then(|| RowId(column.value(at)));
    let kept = |at: usize| {
        Some(KeptProposal {
            proposal: Proposal {
                finding_id: finding.value(at).to_owned(),
                person_id: of(person, at),
                household_code: of(household, at).map(Personal::from),
                name: of(name, at).map(Personal::from),
                before: of(before, at).map(Personal::from),
                suggested: suggested.value(at).into(),
                who: by.value(at).into(),
                when: of(on, at).and_then(|day| day.parse().ok()),
                list: list.value(at).parse().ok()?,
            },
            state: ProposalState::parse(state.value(at), of(reason, at).as_deref())?,
            row: position(rows, at),
            proof: position(proofs, at),
        })
    };
    (0..batch.num_rows()).map(kept).collect()
}
