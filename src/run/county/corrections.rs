//! Numbers that returned lists propose, on their way through a run: out of the ledger, into linking, and told.
//!
//! `stages/proposals.parquet` keeps what became of each, so that a later run over these links, and `explain`, can say so. A run takes
//! the proposals of lists of earlier months only: what is answered to a month's own lists never changes that month's links.

use std::collections::BTreeMap;

use arrow::array::AsArray;

use crate::model::link::{Linked, PersonIx};
use crate::model::personal::Personal;
use crate::model::proposal::{KeptProposal, Proposal, ProposalState};
use crate::run::RunError;
use crate::run::county::Run;
use crate::run::county::source::Source;

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
