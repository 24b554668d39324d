//! `proposals.parquet`: numbers that returned lists proposed and what became of each, so that a later run over these links, and `explain`, can
//! say so. Not there without proposals.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, UInt32Array};
use arrow::datatypes::UInt32Type;
use arrow::error::ArrowError;

use super::texts;
use crate::model::personal::{Expose, Personal};
use crate::model::proposal::{KeptProposal, Proposal, ProposalState};
use crate::model::record::RowId;

/// The table.
pub(crate) fn batch(proposals: &[KeptProposal]) -> Result<RecordBatch, ArrowError> {
    let text = |pick: fn(&KeptProposal) -> Option<&str>| texts(proposals.iter().map(pick));
    let day =
        |pick: fn(&KeptProposal) -> Option<String>| -> ArrayRef { Arc::new(proposals.iter().map(pick).collect::<StringArray>()) };
    let row = |pick: fn(&KeptProposal) -> Option<RowId>| -> ArrayRef {
        Arc::new(proposals.iter().map(|kept| pick(kept).map(|row| row.0)).collect::<UInt32Array>())
    };
    super::batch([
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
    ])
}

/// What a finished run wrote with [`batch`]; `None` when the file is not what it should be.
pub(crate) fn read_back(batch: &RecordBatch) -> Option<Vec<KeptProposal>> {
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
