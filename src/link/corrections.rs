//! Numbers that returned lists write in place of registered ones: which rows they are about, and which of them another registry proves.
//!
//! Takes the proposals and the roster; gives per row the number that may stand in for its own, and [`Corrections`]: per proposal what became of
//! it. A row is recognised by its name and by the number, the person or the household that the answered finding was about. A proposal
//! is proven when a row of another registry bears the number under the same name, and birth or town does not say otherwise; only
//! a proven one makes candidates and is compared, and even then people's decisions and one-to-one assignment have the last word. Two
//! rows of one registry never get one number. The order in which proposals come does not matter. Cost: nothing
//! without proposals; else a look-up per row, and a key for rows that sound like somebody proposed for.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::compare::birth;
use super::hash::WordMap;
use super::people;
use super::person_index::PersonIndex;
use super::position::dense;
use super::roster::{NO_BIRTH, Record, Roster, Span};
use crate::model::columns;
use crate::model::exemption::EXEMPTION;
use crate::model::identity::id::Number;
use crate::model::identity::name::{self, FoldedName, NameLevel};
use crate::model::ids::CountyKey;
use crate::model::personal::Expose;
use crate::model::proposal::{KeptProposal, Proposal, ProposalState, Refutation};
use crate::model::record::{RecordSet, RowId};
use crate::model::registry::Grain;

/// Birth dates that are at least alike: the last such level of [`birth::compare`].
const BIRTH_ALIKE: u8 = 2;

/// Proposals sorted out.
#[derive(Default)]
pub(super) struct Corrections {
    /// Every proposal once, by finding.
    matters: Vec<Matter>,
    /// Number → rows that bear it, valid.
    bearers: BTreeMap<u64, Vec<u32>>,
}

/// A proposal, and the rows it is about.
struct Matter {
    proposal: Proposal,
    number: u64,
    rows: Vec<u32>,
    state: ProposalState,
    proof: Option<u32>,
    /// The number was the person's when they were asked: another registry has proven it before.
    proven_before: bool,
}

impl Corrections {
    /// What became of every proposal once all rows have their persons: only a number that stands in another row of the same person was used.
    pub(super) fn settled(&self, persons: &PersonIndex) -> Vec<KeptProposal> {
        let matters = self.matters.iter().map(|matter| {
            let person = |row: &u32| persons.person_of[*row as usize];
            let bearers = self.bearers.get(&matter.number).into_iter().flatten();
            let shared =
                |bearer: &&u32| !matter.rows.contains(bearer) && matter.rows.iter().any(|row| person(row) == person(bearer));
            let found = bearers.into_iter().find(shared).copied();
            let state = match (found, matter.state) {
                (Some(_), ProposalState::Pending | ProposalState::Refuted(_)) => ProposalState::Used,
                (None, ProposalState::Used) if !matter.proven_before => ProposalState::Refuted(Refutation::Overruled),
                (_, state) => state,
            };
            KeptProposal {
                proposal: matter.proposal.clone(),
                state,
                row: matter.rows.first().copied().map(RowId),
                proof: found.or(matter.proof).map(RowId),
            }
        });
        matters.collect()
    }
}

/// Sorts proposals out; gives, by row, the proven number that is proposed for it, packed, and what is to be settled at the end.
pub(super) fn sort_out(
    records: &RecordSet,
    roster: &Roster,
    key: &CountyKey,
    proposals: &[Proposal],
) -> (WordMap<u64>, Corrections) {
    let mut proposals: Vec<&Proposal> = proposals.iter().collect();
    proposals.sort_by(|a, b| (&a.finding_id, a.list, &a.suggested).cmp(&(&b.finding_id, b.list, &b.suggested)));
    let asked: Vec<Asked<'_>> = proposals.into_iter().filter_map(Asked::new).collect();
    if asked.is_empty() {
        return <_>::default();
    }
    let rows = rows_of(records, roster, key, &asked);
    let bearers = bearers(records, roster, &asked.iter().map(|asked| asked.number).collect());
    let mut matters: Vec<Matter> = asked.into_iter().zip(rows).map(|(asked, rows)| asked.matter(roster, rows)).collect();
    disagreements(&mut matters);
    let wanted = wanted(&matters);
    let mut numbers = WordMap::default();
    for matter in matters.iter_mut().filter(|matter| matter.state == ProposalState::Pending) {
        let bearers = bearers.get(&matter.number).map_or(&[][..], Vec::as_slice);
        let found: Vec<(u32, Result<Option<u32>, Refutation>)> =
            matter.rows.iter().map(|row| (*row, proof(roster, *row, matter.number, bearers, &wanted))).collect();
        let proven: Vec<(u32, u32)> = found.iter().filter_map(|(row, proof)| Some((*row, (*proof).ok()??))).collect();
        let refuted: Option<Refutation> = found.iter().filter_map(|(_, proof)| proof.err()).min();
        match refuted {
            // Somebody else has the number where one of the rows stands: then it proves none of them.
            Some(Refutation::Taken) => matter.state = ProposalState::Refuted(Refutation::Taken),
            Some(why) if proven.is_empty() => matter.state = ProposalState::Refuted(why),
            _ if proven.is_empty() => {}
            _ => {
                matter.state = ProposalState::Used;
                matter.proof = proven.iter().map(|(_, proof)| *proof).min();
                numbers.extend(proven.iter().map(|(row, _)| (u64::from(*row), matter.number)));
            }
        }
    }
    (numbers, Corrections { matters, bearers })
}

/// A proposal, read once.
struct Asked<'a> {
    proposal: &'a Proposal,
    name: Option<FoldedName>,
    before: u64,
    number: u64,
}

impl<'a> Asked<'a> {
    /// `None` for what is no valid number: the ledger keeps none.
    fn new(proposal: &'a Proposal) -> Option<Self> {
        let valid = |text: &str| Number::parse(text).filter(|number| number.is_valid()).map(Number::packed);
        Some(Self {
            proposal,
            name: proposal.name.expose().and_then(FoldedName::new),
            before: proposal.before.expose().and_then(valid).unwrap_or(0),
            number: valid(proposal.suggested.expose())?,
        })
    }

    /// Rows that can still be corrected: not those that bear the number by now, or another valid one than was asked about.
    fn matter(self, roster: &Roster, rows: Vec<u32>) -> Matter {
        let of = |row: &u32| roster.record(*row).number;
        let proven_before = self.before == self.number;
        let (corrected, rest): (Vec<u32>, Vec<u32>) = rows.into_iter().partition(|row| of(row) == self.number);
        let open: Vec<u32> = rest.into_iter().filter(|row| of(row) == 0 || of(row) == self.before).collect();
        let (state, rows) = match (open.is_empty(), corrected.is_empty()) {
            (false, _) => (ProposalState::Pending, open),
            (true, false) if proven_before => (ProposalState::Used, corrected),
            (true, false) => (ProposalState::Corrected, corrected),
            (true, true) => (ProposalState::Gone, Vec::new()),
        };
        Matter { proposal: self.proposal.clone(), number: self.number, rows, state, proof: None, proven_before }
    }
}

/// The rows that each proposal is about, ascending.
fn rows_of(records: &RecordSet, roster: &Roster, key: &CountyKey, asked: &[Asked<'_>]) -> Vec<Vec<u32>> {
    let mut by_sound: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    for (at, asked) in (0u32..).zip(asked) {
        for sound in asked.name.iter().flat_map(FoldedName::sounds) {
            by_sound.entry(sound).or_default().push(at);
        }
    }
    let shown = people::shown(records);
    let about = |row: u32| -> Vec<(u32, u32)> {
        let Some(name) = roster.name_of(roster.record(row)) else { return Vec::new() };
        let alike: BTreeSet<u32> = name.sounds.iter().filter_map(|sound| by_sound.get(sound)).flatten().copied().collect();
        let mut alone: Option<String> = None;
        let is_about = |at: &u32| {
            let asked = &asked[*at as usize];
            let same_name = asked.name.as_ref().is_some_and(|asked| agrees(name::compare(asked, &name.folded)));
            let same_number = asked.before != 0 && roster.record(row).number == asked.before;
            let mut same_subject = || match &asked.proposal.person_id {
                Some(person) => alone.get_or_insert_with(|| people::id_alone(records, &shown, roster, row, key)) == person,
                None => asked.before == 0 && is_of_household(records, asked.proposal, row),
            };
            same_name && (same_number || same_subject())
        };
        alike.into_iter().filter(is_about).map(|at| (at, row)).collect()
    };
    let mut found: Vec<(u32, u32)> = (0..dense(roster.records.len())).into_par_iter().flat_map_iter(about).collect();
    found.par_sort_unstable();
    let mut rows = vec![Vec::new(); asked.len()];
    for (at, row) in found {
        rows[at as usize].push(row);
    }
    rows
}

/// Whether the row is one of the household that the finding was about.
fn is_of_household(records: &RecordSet, proposal: &Proposal, row: u32) -> bool {
    let Some((position, at)) = records.locate(RowId(row)) else { return false };
    let records = records.registries.get(position).filter(|records| records.registry.as_str() == people::FIRST);
    let code = records.and_then(|records| records.text_at(columns::HOUSEHOLD_CODE, at));
    code.is_some() && code == proposal.household_code.expose()
}

/// Names that are one person's in every registry.
fn agrees(level: NameLevel) -> bool {
    matches!(level, NameLevel::Same | NameLevel::Wildcard | NameLevel::SameSound)
}

/// Rows that bear one of these numbers, valid, ascending; the county's own exemption list proves nothing.
fn bearers(records: &RecordSet, roster: &Roster, wanted: &BTreeSet<u64>) -> BTreeMap<u64, Vec<u32>> {
    let mut found: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    for (span, registry) in roster.spans.iter().zip(&records.registries) {
        if registry.registry.as_str() == EXEMPTION {
            continue;
        }
        for row in span.start..span.end {
            let number = roster.record(row).number;
            if number != 0 && wanted.contains(&number) {
                found.entry(number).or_default().push(row);
            }
        }
    }
    found
}

/// Proposals of different numbers for one row: none of them is followed.
fn disagreements(matters: &mut [Matter]) {
    let mut proposed: BTreeMap<u32, BTreeSet<u64>> = BTreeMap::new();
    for matter in matters.iter().filter(|matter| matter.state == ProposalState::Pending) {
        for row in &matter.rows {
            proposed.entry(*row).or_default().insert(matter.number);
        }
    }
    for matter in matters.iter_mut().filter(|matter| matter.state == ProposalState::Pending) {
        if matter.rows.iter().any(|row| proposed.get(row).is_some_and(|numbers| numbers.len() > 1)) {
            matter.state = ProposalState::Refuted(Refutation::Disagree);
        }
    }
}

/// Number → rows that it is proposed for.
fn wanted(matters: &[Matter]) -> BTreeMap<u64, BTreeSet<u32>> {
    let mut wanted: BTreeMap<u64, BTreeSet<u32>> = BTreeMap::new();
    for matter in matters.iter().filter(|matter| matter.state == ProposalState::Pending) {
        wanted.entry(matter.number).or_default().extend(&matter.rows);
    }
    wanted
}

/// The row of another registry that proves the number for `row`; `None` where no registry has it.
fn proof(
    roster: &Roster,
    row: u32,
    number: u64,
    bearers: &[u32],
    wanted: &BTreeMap<u64, BTreeSet<u32>>,
) -> Result<Option<u32>, Refutation> {
    let record = roster.record(row);
    let span = |row: u32| roster.spans.iter().find(|span| (span.start..span.end).contains(&row));
    let own = span(row);
    let listed_once = own.is_some_and(|span: &Span| span.grain != Grain::Event);
    let beside = |other: u32| own.is_some_and(|own| (own.start..own.end).contains(&other));
    let same_key = |other: u32| roster.record(other).slot == record.slot;
    if listed_once && bearers.iter().any(|other| beside(*other) && same_key(*other)) {
        return Err(Refutation::Taken);
    }
    // Rows that say the very same of who they are stand for one person.
    let says_the_same = |other: u32| {
        let other = roster.record(other);
        let who = |record: &Record| (record.name, record.number, record.birth, record.household, record.village);
        let text = |record| roster.damaged_of(record).map(|damaged| &damaged.text);
        who(other) == who(record) && text(other) == text(record)
    };
    let mut others = wanted.get(&number).into_iter().flatten().filter(|other| **other != row);
    if listed_once && others.any(|other| beside(*other) && same_key(*other) && !says_the_same(*other)) {
        return Err(Refutation::Taken);
    }
    let elsewhere: Vec<u32> = bearers.iter().copied().filter(|other| !beside(*other)).collect();
    if elsewhere.is_empty() {
        return Ok(None);
    }
    if elsewhere.iter().any(|other| !roster.name_level(record, roster.record(*other)).is_some_and(agrees)) {
        return Err(Refutation::OtherName);
    }
    let born = Number::from_packed(number).birth();
    let birth_alike = born.is_some_and(|born| record.birth != NO_BIRTH && birth::compare(record.birth, born.0) <= BIRTH_ALIKE);
    // A valid number that is said to be wrong says nothing of when its bearer was born.
    let birth_known = record.birth != NO_BIRTH && record.number == 0;
    let same_town = |other: &u32| record.town != 0 && roster.record(*other).town == record.town;
    match (birth_alike, birth_known) {
        (true, _) => Ok(elsewhere.first().copied()),
        (false, false) if elsewhere.iter().any(same_town) => Ok(elsewhere.iter().copied().find(|other| same_town(other))),
        _ => Err(Refutation::OtherPerson),
    }
}
