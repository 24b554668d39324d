//! `decisions.parquet`: what people answered about pairs of rows and what became of it. Not there without answers.
//!
//! `one` and `other` are record keys, `one_row` and `other_row` positions in `links.parquet`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, UInt32Array};
use arrow::datatypes::UInt32Type;
use arrow::error::ArrowError;

use crate::model::decision::{Decision, DecisionState, KeptDecision, PairKey, Verdict};
use crate::model::link::{Decided, Link};
use crate::model::record::RowId;

/// The table.
pub(crate) fn batch(decided: &Decided) -> Result<RecordBatch, ArrowError> {
    let text = |pick: fn(&KeptDecision) -> &str| -> ArrayRef {
        Arc::new(decided.kept.iter().map(|kept| Some(pick(kept))).collect::<StringArray>())
    };
    let row = |pick: fn(&KeptDecision) -> Option<RowId>| -> ArrayRef {
        Arc::new(decided.kept.iter().map(|kept| pick(kept).map(|row| row.0)).collect::<UInt32Array>())
    };
    RecordBatch::try_from_iter_with_nullable([
        ("one", text(|kept| &kept.decision.pair.one), false),
        ("other", text(|kept| &kept.decision.pair.other), false),
        ("verdict", text(|kept| kept.decision.verdict.as_str()), false),
        ("state", text(|kept| kept.state.as_str()), false),
        ("place", text(|kept| kept.decision.place.expose()), false),
        ("by", text(|kept| kept.decision.by.expose()), false),
        ("on", text(|kept| kept.decision.on.expose()), false),
        ("remark", text(|kept| kept.decision.remark.expose()), false),
        ("one_row", row(|kept| kept.one), true),
        ("other_row", row(|kept| kept.other), true),
    ])
}

/// What a finished run wrote with [`batch`]; `None` when the file is not what it should be. Without the file nobody answered anything.
pub(crate) fn read_back(batch: &RecordBatch, links: &[Link]) -> Option<Decided> {
    let text = |name: &str| batch.column_by_name(name)?.as_string_opt::<i32>();
    let row = |name: &str| batch.column_by_name(name)?.as_primitive_opt::<UInt32Type>();
    let (one, other, verdict, state) = (text("one")?, text("other")?, text("verdict")?, text("state")?);
    let (place, by, on, remark) = (text("place")?, text("by")?, text("on")?, text("remark")?);
    let (one_row, other_row) = (row("one_row")?, row("other_row")?);
    let mut decided = Decided::default();
    for at in 0..batch.num_rows() {
        let row = |rows: &UInt32Array| rows.is_valid(at).then(|| RowId(rows.value(at)));
        let kept = KeptDecision {
            decision: Decision {
                pair: PairKey::new(one.value(at).to_owned(), other.value(at).to_owned()),
                verdict: Verdict::parse(verdict.value(at))?,
                place: place.value(at).into(),
                by: by.value(at).into(),
                on: on.value(at).into(),
                remark: remark.value(at).into(),
            },
            state: DecisionState::parse(state.value(at))?,
            one: row(one_row),
            other: row(other_row),
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
