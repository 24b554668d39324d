//! What became of a row: one answer against those before it, and one outcome for all findings of a row.

use super::matching::Sighting;
use crate::model::personal::Personal;
use crate::model::receipt::{Outcome, RowReceipt};
use crate::model::standing::{Answer, Opinion};

/// Whether both say the same, to the letter; where they stood does not matter.
pub(super) fn same(one: &Answer, other: &Answer) -> bool {
    let content = |answer: &Answer| Answer { file: Personal::default(), sheet: Personal::default(), row: 0, ..answer.clone() };
    content(one) == content(other)
}

/// Whether a later answer denies an earlier one. More words, or done where it was to be done, deny nothing.
pub(super) fn contradicts(earlier: &Answer, later: &Answer) -> bool {
    fn differ<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
        matches!((one, other), (Some(one), Some(other)) if one != other)
    }
    fn filled(text: &Personal) -> Option<&Personal> {
        Some(text).filter(|text| !text.is_empty())
    }
    let progress = earlier.opinion == Some(Opinion::ToInclude) && later.opinion.is_some_and(Opinion::claims_done);
    differ(earlier.verdict, later.verdict)
        || (differ(earlier.opinion, later.opinion) && !progress)
        || differ(filled(&earlier.reason), filled(&later.reason))
        || differ(filled(&earlier.corrected_number), filled(&later.corrected_number))
}

/// What came of a row for one of its findings.
pub(super) struct Told {
    pub(super) finding_id: String,
    pub(super) outcome: Outcome,
    pub(super) understood: Personal,
    pub(super) reason: String,
    pub(super) quote: Personal,
}

impl Told {
    pub(super) fn of(sighting: &Sighting) -> Self {
        Self {
            finding_id: sighting.finding_id.clone(),
            outcome: Outcome::Empty,
            understood: Personal::default(),
            reason: String::new(),
            quote: Personal::default(),
        }
    }
}

/// One outcome for a row that is about several findings: the one that asks most of a reader.
pub(super) fn together(mut receipt: RowReceipt, results: Vec<Told>, note: String, missing: &[String]) -> RowReceipt {
    const FIRST: [Outcome; 7] = [
        Outcome::Unclear,
        Outcome::Unknown,
        Outcome::Conflicting,
        Outcome::Taken,
        Outcome::Known,
        Outcome::Copied,
        Outcome::Empty,
    ];
    let has = |outcome: Outcome| {
        results.iter().any(|result| result.outcome == outcome) || (outcome == Outcome::Unknown && !missing.is_empty())
    };
    receipt.outcome = FIRST.into_iter().find(|outcome| has(*outcome)).unwrap_or(Outcome::Empty);
    let several = results.len() + missing.len() > 1;
    let mut reasons: Vec<String> = Vec::new();
    let mut quotes: Vec<String> = Vec::new();
    let mut understood: Vec<String> = Vec::new();
    let add = |list: &mut Vec<String>, text: String| {
        if !text.is_empty() && !list.contains(&text) {
            list.push(text);
        }
    };
    add(&mut reasons, note);
    for id in missing {
        add(&mut reasons, format!("台账里没有疑点 {id}"));
    }
    let differing = results.iter().any(|result| result.outcome != receipt.outcome);
    let alike = results.windows(2).all(|pair| pair[0].understood == pair[1].understood);
    for (number, result) in (1..).zip(results) {
        let named = |text: String| if several && differing { format!("{}：{text}", result.finding_id) } else { text };
        let reason = match (result.reason.is_empty(), several && differing) {
            (true, true) => named(result.outcome.plain().to_owned()),
            (true, false) => String::new(),
            (false, _) => named(result.reason.clone()),
        };
        add(&mut reasons, reason);
        add(&mut quotes, result.quote.expose().to_owned());
        let said = result.understood.expose();
        let said = if alike || said.is_empty() { said.to_owned() } else { format!("{number}．{said}") };
        add(&mut understood, said);
    }
    receipt.reason = reasons.join("；");
    receipt.quote = quotes.join("；").into();
    receipt.understood = understood.join("；").into();
    receipt
}
