//! From a finding's history to where it stands. Pure: no SQL, no clock.

use crate::model::date;
use crate::model::finding::Finding;
use crate::model::ids::PartsDigest;
use crate::model::standing::{Answer, Opinion, Reopening, State, Verdict};

/// Digest of what a finding rests on: registries and values, without file, sheet, row and header spelling, which change from
/// month to month although nothing has happened. An answer holds as long as it stays the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis(pub(super) String);

impl Basis {
    /// Of a finding; the order of its evidence does not matter.
    #[must_use]
    pub fn of(finding: &Finding) -> Self {
        let mut cells: Vec<(&str, &str)> =
            finding.evidence.iter().map(|evidence| (evidence.registry.as_str(), evidence.value.expose())).collect();
        cells.sort_unstable();
        Self(PartsDigest::of(cells.into_iter().flat_map(|(registry, value)| [registry, value])).digits(16))
    }
}

/// An answer as the ledger holds it.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    pub(super) answer: Answer,
    /// The finding's basis when it was asked.
    pub(super) basis: Basis,
    /// Whether an earlier answer to the same list says otherwise.
    pub(super) contradicts: bool,
}

/// What earlier months say of a finding that is found this month.
#[derive(Clone, Debug, Default)]
pub(super) struct Before {
    /// Found in an earlier month.
    pub(super) seen: bool,
    /// In the last recorded month neither found nor withheld: it had been settled by data.
    pub(super) gone: bool,
    /// The answer that counts.
    pub(super) answer: Option<Answered>,
}

/// Where a finding stands that is found in `month`, resting on `basis`.
pub(super) fn present(before: &Before, month: date::Month, basis: &Basis) -> State {
    let Some(Answered { answer, basis: asked, contradicts }) = &before.answer else {
        return match before {
            Before { seen: false, .. } => State::New,
            Before { gone: true, .. } => State::Reopened(Reopening::CameBack),
            Before { .. } => State::Persisting,
        };
    };
    if before.gone && answer.list < month {
        return State::Reopened(Reopening::CameBack);
    }
    if *contradicts {
        return State::Disputed;
    }
    if answer.opinion.is_some_and(Opinion::claims_done) {
        // The month that asked cannot show yet what was done after it asked.
        return if answer.list == month { State::SettledByAnswer } else { State::Reopened(Reopening::StillThere) };
    }
    if asked != basis {
        return State::Reopened(Reopening::RowsChanged);
    }
    let denied = answer.verdict == Some(Verdict::Unfounded) || answer.opinion == Some(Opinion::NotEligible);
    let grounds = answer.opinion == Some(Opinion::NotEligible) || !answer.reason.is_empty() || !answer.reality.is_empty();
    match (denied, grounds) {
        (true, true) => State::SettledByAnswer,
        (false, _) if answer.verdict.is_some() || answer.opinion.is_some() => State::Confirmed,
        // Denied without a word why, or no verdict at all.
        _ => State::Disputed,
    }
}
