//! `decisions.parquet`, written and read back: what people answered about pairs of rows.

use arrow::array::{Array, UInt32Array};

use super::tables::Decisions;
use crate::model::decision::{Decision, DecisionState, KeptDecision, PairKey, Verdict};
use crate::model::link::{Decided, Link};
use crate::model::record::RowId;

/// The table.
pub(crate) fn table(decided: &Decided) -> Decisions {
    let text = |pick: fn(&KeptDecision) -> &str| decided.kept.iter().map(|kept| Some(pick(kept))).collect();
    let row = |pick: fn(&KeptDecision) -> Option<RowId>| decided.kept.iter().map(|kept| pick(kept).map(|row| row.0)).collect();
    Decisions {
        one: text(|kept| &kept.decision.pair.one),
        other: text(|kept| &kept.decision.pair.other),
        verdict: text(|kept| kept.decision.verdict.as_str()),
        state: text(|kept| kept.state.as_str()),
        place: text(|kept| kept.decision.place.expose()),
        by: text(|kept| kept.decision.by.expose()),
        on: text(|kept| kept.decision.on.expose()),
        remark: text(|kept| kept.decision.remark.expose()),
        one_row: row(|kept| kept.one),
        other_row: row(|kept| kept.other),
    }
}

/// What a finished run wrote; `None` when a cell is not what it should be.
pub(crate) fn read_back(table: &Decisions, links: &[Link]) -> Option<Decided> {
    let mut decided = Decided::default();
    for at in 0..table.one.len() {
        let row = |rows: &UInt32Array| rows.is_valid(at).then(|| RowId(rows.value(at)));
        let kept = KeptDecision {
            decision: Decision {
                pair: PairKey::new(table.one.value(at).to_owned(), table.other.value(at).to_owned()),
                verdict: Verdict::parse(table.verdict.value(at))?,
                place: table.place.value(at).into(),
                by: table.by.value(at).into(),
                on: table.on.value(at).into(),
                remark: table.remark.value(at).into(),
            },
            state: DecisionState::parse(table.state.value(at))?,
            one: row(&table.one_row),
            other: row(&table.other_row),
        };
        if kept.state == DecisionState::InForce
            && kept.decision.verdict == Verdict::Different
            && let (Some(one), Some(other)) = (kept.one, kept.other)
        {
            let [one, other] = [one, other].map(|row| links.get(row.0 as usize).map(|link| link.person));
            decided.apart.extend(one.zip(other).map(|(one, other)| (one.min(other), one.max(other))));
        }
        decided.kept.push(kept);
    }
    Some(decided)
}
