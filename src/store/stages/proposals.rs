//! `proposals.parquet`, written and read back: so that a later run over these links, and `explain`, can say what became of the numbers that
//! returned lists proposed.

use arrow::array::{Array, UInt32Array};

use super::table::said;
use super::tables::Proposals;
use crate::model::personal::{Expose, Personal};
use crate::model::proposal::{KeptProposal, Proposal, ProposalState};
use crate::model::record::RowId;

/// The table.
pub(crate) fn table(proposals: &[KeptProposal]) -> Proposals {
    let text = |pick: fn(&KeptProposal) -> Option<&str>| proposals.iter().map(pick).collect();
    let day = |pick: fn(&KeptProposal) -> Option<String>| proposals.iter().map(pick).collect();
    let row = |pick: fn(&KeptProposal) -> Option<RowId>| proposals.iter().map(|kept| pick(kept).map(|row| row.0)).collect();
    Proposals {
        finding_id: text(|kept| Some(&kept.proposal.finding_id)),
        person_id: text(|kept| kept.proposal.person_id.as_deref()),
        household_code: text(|kept| kept.proposal.household_code.expose()),
        name: text(|kept| kept.proposal.name.expose()),
        before: text(|kept| kept.proposal.before.expose()),
        suggested: text(|kept| Some(kept.proposal.suggested.expose())),
        by: text(|kept| Some(kept.proposal.who.expose())),
        on: day(|kept| kept.proposal.when.map(|day| day.to_string())),
        list: day(|kept| Some(kept.proposal.list.to_string())),
        state: text(|kept| Some(kept.state.as_str())),
        reason: text(|kept| if let ProposalState::Refuted(why) = kept.state { Some(why.as_str()) } else { None }),
        row: row(|kept| kept.row),
        proof: row(|kept| kept.proof),
    }
}

/// What a finished run wrote; `None` when a cell is not what it should be.
pub(crate) fn read_back(table: &Proposals) -> Option<Vec<KeptProposal>> {
    let position = |column: &UInt32Array, at: usize| column.is_valid(at).then(|| RowId(column.value(at)));
    let kept = |at: usize| {
        Some(KeptProposal {
            proposal: Proposal {
                finding_id: table.finding_id.value(at).to_owned(),
                person_id: said(&table.person_id, at).map(str::to_owned),
                household_code: said(&table.household_code, at).map(Personal::from),
                name: said(&table.name, at).map(Personal::from),
                before: said(&table.before, at).map(Personal::from),
                suggested: table.suggested.value(at).into(),
                who: table.by.value(at).into(),
                when: said(&table.on, at).and_then(|day| day.parse().ok()),
                list: table.list.value(at).parse().ok()?,
            },
            state: ProposalState::parse(table.state.value(at), said(&table.reason, at))?,
            row: position(&table.row, at),
            proof: position(&table.proof, at),
        })
    };
    (0..table.finding_id.len()).map(kept).collect()
}
