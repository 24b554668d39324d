//! Every record → a person. Here the registries of a county; [`tables`] does it for any two tables by a model that is data.
//!
//! Takes the records of all registries, the linkage model and the county's key; gives [`Linked`]: exactly one link per row, the persons, the
//! pairs for a human, and what looked odd about identities. Guarantees: same input, same result for any number of threads; a
//! valid number joins only names that agree; two valid numbers that contradict each other never join, unless a village wrote one in place of
//! the other and another registry proves it ([`corrections`]); parts sum to weights; one row
//! per person and grain key unless an equal number proves a duplicate. Cost: linear in rows plus candidate pairs.
//!
//! Registries are linked in order to a growing set of known persons ([`person_index`]). Each layer (one month, one kind) goes through an
//! equal number ([`exact`]), then blocking, comparison, weight and assignment ([`probable`]); what is left founds new persons.

mod assign;
mod blocking;
mod calibrate;
mod carry;
mod clerical;
mod compare;
mod corrections;
pub mod evidence;
mod exact;
mod hash;
mod levels;
mod lists;
mod people;
mod person_index;
mod position;
mod probable;
mod quality;
mod roster;
pub mod tables;
#[cfg(test)]
mod tests;
mod weights;

use rayon::prelude::*;

use crate::config::link::LinkModel;
use crate::config::link_saved::{OddsTable, SavedLayer, SavedModel};
use crate::model::carried::Carried;
use crate::model::decision::Decision;
use crate::model::ids::CountyKey;
use crate::model::link::{CLASH, Decided, Link, LinkStatus, Linked, PersonIx, ReviewPair, Suspicion};
use crate::model::proposal::Proposal;
use crate::model::record::{RecordSet, RowId};
use crate::model::registry::Grain;

pub use blocking::Blocks;
use blocking::PersonKeys;
pub use carry::carry_over;
use compare::HouseholdEvidence;
use corrections::Corrections;
use evidence::{Basis, Evidence, Rival};
use exact::{Claim, Clash, Unresolved};
use people::Order;
use person_index::PersonIndex;
use position::{NONE, as_f64, dense};
use probable::{Layer, Outcome, Scored};
use roster::Roster;
use weights::{Weights, probability, to_f32};

/// What linking takes.
#[derive(Clone, Copy, Debug)]
pub struct LinkInput<'a> {
    /// Every kept row.
    pub records: &'a RecordSet,
    /// The model.
    pub model: &'a LinkModel,
    /// Keys ids and records.
    pub key: &'a CountyKey,
    /// What people have answered; outranks the model.
    pub decisions: &'a [Decision],
    /// Numbers that returned lists propose: candidates for a repair that another registry must prove.
    pub proposals: &'a [Proposal],
    /// Weights learned in an earlier run, to be used instead of this run's own.
    pub saved: Option<&'a SavedModel>,
}

/// Links every row; gives the links and why they are as they are.
#[must_use]
pub fn link(input: &LinkInput<'_>) -> (Linked, Evidence) {
    let (clerical, decided) = clerical::sort_out(input.records, input.key, input.decisions);
    let mut roster = Roster::new(input.records, input.model, clerical);
    let (numbers, corrections) = corrections::sort_out(input.records, &roster, input.key, input.proposals);
    roster.corrections = numbers;
    let mut work = Work::new(&roster, input.model);
    for (position, (span, records)) in roster.spans.iter().zip(&input.records.registries).enumerate() {
        let registry = records.registry.as_str();
        let saved = input.saved.and_then(|saved| saved.odds(registry));
        for layer in layers(&roster, span) {
            work.link_layer(&layer, position, registry, saved);
        }
    }
    work.finish(input, decided, &corrections)
}

/// Rows of a registry by grain key, keys ascending, rows ascending.
fn layers(roster: &Roster, span: &roster::Span) -> Vec<Vec<u32>> {
    let mut rows: Vec<u32> = (span.start..span.end).collect();
    rows.sort_by_key(|row| roster.record(*row).slot);
    rows.chunk_by(|a, b| roster.record(*a).slot == roster.record(*b).slot).map(<[u32]>::to_vec).collect()
}

/// The run so far.
struct Work<'a> {
    roster: &'a Roster,
    model: &'a LinkModel,
    persons: PersonIndex,
    index: PersonKeys,
    /// Status and weight per row; person comes from the index.
    status: Vec<(LinkStatus, i32)>,
    review: Vec<ReviewPair>,
    suspicions: Vec<Suspicion>,
    evidence: Evidence,
    /// Keys too common to be followed.
    skipped: u64,
}

impl<'a> Work<'a> {
    fn new(roster: &'a Roster, model: &'a LinkModel) -> Self {
        let mut persons = PersonIndex::new(roster);
        persons.contested.extend(exact::contested_numbers(roster));
        Self {
            roster,
            model,
            persons,
            index: PersonKeys::default(),
            status: vec![(LinkStatus::Alone, 0); roster.records.len()],
            review: Vec::new(),
            suspicions: Vec::new(),
            evidence: Evidence::new(roster.records.len(), &model.blocking.rules),
            skipped: 0,
        }
    }

    fn link_layer(&mut self, rows: &[u32], position: usize, registry: &str, saved: Option<&OddsTable>) {
        let exclusive = self.roster.spans[position].grain != Grain::Event;
        let (undecided, decided, following) = exact::join_decided(self.roster, &mut self.persons, rows);
        let mut left = exact::join_equal_numbers(self.roster, &mut self.persons, &undecided, exclusive);
        left.copies.extend(following);
        let free = blocking::free_persons(&self.persons, rows, exclusive);
        let found = self.found(rows, &left);
        let sample = calibrate::Sample { rows, proven: &left.joined, found, free: &free };
        let calibrated = calibrate::weights(self.roster, &mut self.persons, self.model, saved, &sample);
        let mut weights = calibrated.used;
        weights.prior = self.prior(&free, found, &left, exclusive);
        let drift = saved.map_or_else(Vec::new, |saved| {
            calibrate::drift(registry, self.model, saved, &calibrated.own, left.joined.len(), rows.len())
        });
        let learned = SavedLayer {
            registry: registry.to_owned(),
            rows: rows.len() as u64,
            proven: left.joined.len() as u64,
            prior: f64::from(to_f32(weights.prior)),
            odds: calibrated.own,
        };
        self.evidence.learn(learned, drift);
        let kept = self.evidence.keep(&weights);
        for &row in &left.joined {
            self.settle(row, LinkStatus::Id, Basis::Number, &weights, kept);
        }
        for &row in &decided {
            self.settle_decided(row, &weights, kept);
        }
        let layer = Layer { rows, open: &left.rows, exclusive };
        let outcome = probable::join_by_weight(self.roster, &mut self.persons, &mut self.index, self.model, &mut weights, &layer);
        self.count_blocks(registry, &outcome);
        // Household odds have changed on the way.
        let kept = self.evidence.keep(&weights);
        for pair in &outcome.joined {
            let status = if pair.levels.number_repaired() { LinkStatus::Repaired } else { LinkStatus::Probable };
            self.status[pair.row as usize] = (status, pair.weight);
            self.evidence.note(pair.row, Basis::Rule(pair.rule), kept, pair.levels, pair.representative);
        }
        for pair in &outcome.rivals {
            self.evidence.rival(Rival { row: RowId(pair.row), other: RowId(pair.representative), bits: pair.weight });
        }
        let mut clashes = left.clashes.clone();
        self.found_the_rest(&left, &weights, kept, &mut clashes);
        self.note(outcome, &clashes, &weights);
        if exclusive {
            self.note_duplicates(rows);
        }
        for &row in rows {
            self.persons.lists.note(self.persons.person_of[row as usize], position, self.roster.record(row).is_head);
        }
    }

    /// Adds up what blocking counted, by registry and rule.
    fn count_blocks(&mut self, registry: &str, outcome: &Outcome) {
        for ((rule, tally), pairs) in self.model.blocking.rules.iter().zip(&outcome.tallies).zip(&outcome.pairs) {
            let rule = rule.as_str();
            let found = self.evidence.blocks.iter().position(|blocks| blocks.registry == registry && blocks.rule == rule);
            let at = found.unwrap_or_else(|| {
                let (predicted, pairs, split, skipped, heaviest, example) = (0, 0, 0, 0, 0, None);
                let registry = registry.to_owned();
                self.evidence.blocks.push(Blocks { registry, rule, predicted, pairs, split, skipped, heaviest, example });
                self.evidence.blocks.len() - 1
            });
            let blocks = &mut self.evidence.blocks[at];
            blocks.predicted += tally.predicted;
            blocks.pairs += pairs;
            blocks.split += tally.split;
            blocks.skipped += tally.skipped;
            if tally.heaviest.0 > blocks.heaviest {
                (blocks.heaviest, blocks.example) = (tally.heaviest.0, Some(RowId(tally.heaviest.1.0)));
            }
            self.skipped += tally.skipped;
        }
    }

    /// Scores a row that has joined its person without being weighed, and notes why it did.
    fn settle(&mut self, row: u32, status: LinkStatus, basis: Basis, weights: &Weights, kept: u16) -> Scored {
        let person = self.persons.person_of[row as usize];
        let scored = probable::score(self.roster, &self.persons, weights, row, person);
        self.status[row as usize] = (status, scored.weight);
        self.evidence.note(row, basis, kept, scored.levels, scored.representative);
        scored
    }

    fn settle_decided(&mut self, row: u32, weights: &Weights, kept: u16) {
        let scored = self.settle(row, LinkStatus::Probable, Basis::Decision, weights, kept);
        if scored.levels.number_repaired() {
            self.status[row as usize].0 = LinkStatus::Repaired;
        }
    }

    /// Whether a row has a number that nobody else claims.
    fn is_sound(&self, row: u32) -> bool {
        let number = self.roster.record(row).number;
        number != 0 && !self.persons.is_contested(number)
    }

    /// Share of the rows with a sound number whose person is known.
    fn found(&self, rows: &[u32], left: &Unresolved) -> f64 {
        share(left.joined.len(), rows.iter().filter(|row| self.is_sound(**row)).count()).min(1.0)
    }

    /// Expected matches left: damaged rows and persons match as often as sound ones did.
    fn prior(&self, free: &[u32], found: f64, left: &Unresolved, exclusive: bool) -> i32 {
        let unsound_rows = left.rows.len() - left.rows.iter().filter(|row| self.is_sound(**row)).count();
        let with_number = |person: &&u32| {
            let number = self.persons.all[**person as usize].number;
            number != 0 && !self.persons.is_contested(number)
        };
        let free_sound = free.iter().filter(with_number).count();
        let sound_persons = free_sound + if exclusive { left.joined.len() } else { 0 };
        let expected =
            found * as_f64(unsound_rows) + share(left.joined.len(), sound_persons).min(1.0) * as_f64(free.len() - free_sound);
        calibrate::prior(expected, free.len(), left.rows.len())
    }

    /// Rows that nobody took become persons, unless an equal number of this very layer says otherwise.
    fn found_the_rest(&mut self, left: &Unresolved, weights: &Weights, kept: u16, clashes: &mut Vec<Clash>) {
        let mut reported: hash::WordSet = clashes.iter().map(|clash| u64::from(clash.right)).collect();
        for &row in &left.rows {
            if self.persons.person_of[row as usize] != NONE {
                continue;
            }
            match exact::claimant(self.roster, &self.persons, row) {
                Claim::Agrees(_) if left.outranked.binary_search(&row).is_ok() => {
                    self.persons.found(self.roster, row);
                }
                Claim::Agrees(person) => {
                    self.persons.join(self.roster, row, person);
                    self.settle(row, LinkStatus::Id, Basis::Number, weights, kept);
                }
                Claim::Clashes(other) => {
                    self.persons.contested.insert(self.roster.record(row).number);
                    if reported.insert(u64::from(row)) {
                        clashes.push(Clash { left: other, right: row });
                    }
                    self.persons.found(self.roster, row);
                }
                Claim::Nobody => {
                    self.persons.found(self.roster, row);
                }
            }
        }
        for &(row, original) in &left.copies {
            let person = self.persons.person_of[original as usize];
            if self.persons.cannot_join(self.roster, row, person) {
                self.persons.found(self.roster, row);
                continue;
            }
            self.persons.join(self.roster, row, person);
            if self.roster.clerical.must_link(row, original) {
                self.settle_decided(row, weights, kept);
            } else {
                let status = if self.roster.record(row).number == 0 { LinkStatus::Repaired } else { LinkStatus::Id };
                self.settle(row, status, Basis::Copy, weights, kept);
            }
        }
    }

    /// Review pairs and clashes of one layer.
    fn note(&mut self, outcome: Outcome, clashes: &[Clash], weights: &Weights) {
        for candidate in outcome.review {
            let pair = Self::review_pair(&candidate.scored, weights, candidate.reason);
            self.review.push(pair);
        }
        for clash in clashes {
            let (left, right) = (RowId(clash.left), RowId(clash.right));
            self.suspicions.push(Suspicion::NumberTwoNames { left, right });
            let person = self.persons.person_of[clash.left as usize];
            // A row that found its person elsewhere, or was said to be another's, needs no human for this.
            if self.persons.cannot_join(self.roster, clash.right, person) {
                continue;
            }
            if self.persons.person_of[clash.right as usize] == person || self.status[clash.right as usize].0 != LinkStatus::Alone
            {
                continue;
            }
            let household_evidence = HouseholdEvidence::of(self.roster, &self.persons, clash.right, person);
            let levels = compare::compare(self.roster, &self.persons, clash.right, person, clash.left, household_evidence);
            let weight = weights.weight(self.roster, levels, self.roster.record(clash.right), self.roster.record(clash.left));
            let scored = Scored { row: clash.right, person, representative: clash.left, weight, levels, rule: 0 };
            let pair = Self::review_pair(&scored, weights, CLASH);
            self.review.push(pair);
        }
    }

    fn review_pair(scored: &Scored, weights: &Weights, reason: &str) -> ReviewPair {
        ReviewPair {
            left: RowId(scored.representative),
            right: RowId(scored.row),
            weight: to_f32(scored.weight),
            probability: probability(scored.weight),
            parts: evidence::parts(weights, scored.levels, scored.weight),
            reason: reason.to_owned(),
        }
    }

    /// Rows of one layer that are the same person.
    fn note_duplicates(&mut self, rows: &[u32]) {
        let mut owned: Vec<(u32, u32)> = rows.iter().map(|&row| (self.persons.person_of[row as usize], row)).collect();
        owned.sort_unstable();
        for block in owned.chunk_by(|a, b| a.0 == b.0) {
            if self.roster.record(block[0].1).repeats.allow(block.len()) {
                continue;
            }
            let first = RowId(block[0].1);
            self.suspicions.extend(block.iter().skip(1).map(|(_, row)| Suspicion::Duplicate { first, again: RowId(*row) }));
        }
    }

    fn finish(mut self, input: &LinkInput<'_>, mut decided: Decided, corrections: &Corrections) -> (Linked, Evidence) {
        let order = Order::new(&self.persons);
        let damage: Vec<Suspicion> =
            (0..order.len()).into_par_iter().flat_map_iter(|position| self.damage(order.rows_of(position))).collect();
        self.suspicions.extend(damage);
        for person in &self.persons.all {
            let rows = order.rows_of(order.rank[self.persons.person_of[person.founder as usize] as usize] as usize);
            let status = if rows.len() > 1 { LinkStatus::Id } else { LinkStatus::Alone };
            self.status[person.founder as usize] = (status, 0);
        }
        let links: Vec<Link> = self
            .status
            .iter()
            .zip(&self.persons.person_of)
            .enumerate()
            .map(|(row, (&(status, weight), &person))| {
                let is_founder = self.persons.all[person as usize].founder as usize == row;
                let is_decided = self.evidence.basis(RowId(dense(row))) == Basis::Decision;
                Link {
                    person: PersonIx(order.rank[person as usize]),
                    status,
                    weight: to_f32(weight),
                    probability: if is_founder || is_decided { 1.0 } else { probability(weight) },
                }
            })
            .collect();
        let people = people::table(input.records, self.roster, &self.persons, &order, input.key);
        self.review.sort_by(|a, b| b.weight.total_cmp(&a.weight).then((a.left, a.right).cmp(&(b.left, b.right))));
        self.suspicions.sort_by_key(suspicion_key);
        let is_founder = |row: usize| self.persons.all[self.persons.person_of[row] as usize].founder as usize == row;
        let quality = quality::quality(&links, is_founder, &self.review, self.skipped);
        let person = |row: u32| PersonIx(order.rank[self.persons.person_of[row as usize] as usize]);
        let apart = self.roster.clerical.cannot_link_pairs().map(|(row, other)| (person(row), person(other)));
        decided.apart = apart.filter(|(one, other)| one != other).map(|(one, other)| (one.min(other), one.max(other))).collect();
        decided.proposals = corrections.settled(&self.persons);
        self.evidence.settle(self.status.iter().map(|(_, weight)| *weight).collect());
        (
            Linked {
                links,
                people,
                review: self.review,
                suspicions: self.suspicions,
                quality,
                decided,
                carried: Carried::default(),
            },
            self.evidence,
        )
    }

    /// Rows of one person whose number is damaged or another's, where another registry has the right one.
    fn damage(&self, rows: &[u32]) -> Vec<Suspicion> {
        let numbers = || rows.iter().map(|row| self.roster.record(*row).number);
        let damaged = |row: &u32| {
            let record = self.roster.record(*row);
            record.number == 0 && (record.damaged != NONE || record.borrowed)
        };
        // Most persons bear one number everywhere.
        if rows.len() < 2 || (numbers().all(|number| number == self.roster.record(rows[0]).number) && !rows.iter().any(damaged)) {
            return Vec::new();
        }
        let Some((number, source)) = people::best_number(self.roster, &self.persons, rows) else { return Vec::new() };
        if self.persons.is_contested(number.packed()) && numbers().filter(|other| *other == number.packed()).count() < 2 {
            return Vec::new();
        }
        let registry = |row: u32| self.roster.spans.partition_point(|span| span.end <= row);
        let is_wrong = |row: &u32| {
            let other = self.roster.record(*row).number;
            let corrected = self.roster.correction_of(*row) == number.packed();
            other != 0 && other != number.packed() && (corrected || self.persons.is_contested(other))
        };
        rows.iter()
            .filter(|row| (is_wrong(row) || damaged(row)) && registry(**row) != registry(source))
            .map(|row| Suspicion::Damaged { row: RowId(*row), suggestion: number.text().into(), source: RowId(source) })
            .collect()
    }
}

/// Suspicions ordered by kind, then rows.
fn suspicion_key(suspicion: &Suspicion) -> (u8, RowId, RowId) {
    match suspicion {
        Suspicion::NumberTwoNames { left, right } => (0, *left, *right),
        Suspicion::Duplicate { first, again } => (1, *first, *again),
        Suspicion::Damaged { row, source, .. } => (2, *row, *source),
    }
}

/// A part of a whole; a half where there is no whole.
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.5 } else { as_f64(part) / as_f64(whole) }
}
