//! Every record → a person. Here the registries of a county; [`tables`] does it for any two tables by a model that is data.
//!
//! Takes the records of all registries, the linkage model and the county's key; gives [`Linked`]: exactly one link per row, the persons, the
//! pairs for a human, and what looked odd about identities. Guarantees: same input, same result for any number of threads; a
//! valid number joins only names that agree; two valid numbers that contradict each other never join; parts sum to weights; one row
//! per person and grain key unless an equal number proves a duplicate. Cost: linear in rows plus candidate pairs.
//!
//! Registries are linked in order to a growing spine of persons ([`spine`]). Each layer (one month, one kind) goes through an
//! equal number ([`exact`]), then blocking, comparison, weight and assignment ([`probable`]); what is left founds new persons.

mod assign;
mod blocking;
mod calibrate;
mod compare;
mod exact;
mod hash;
mod people;
mod probable;
mod quality;
mod roster;
mod spine;
pub mod tables;
#[cfg(test)]
mod tests;
mod weights;

use rayon::prelude::*;

use crate::config::link::LinkModel;
use crate::model::ids::CountyKey;
use crate::model::link::{CLASH, Link, LinkStatus, Linked, PersonIx, ReviewPair, Suspicion};
use crate::model::record::{RecordSet, RowId};
use crate::model::registry::Grain;

use blocking::SpineIndex;
use compare::Company;
use exact::{Claim, Clash, Leftover};
use people::Order;
use probable::{Layer, Outcome, Scored};
use roster::{NONE, Roster};
use spine::Spine;
use weights::{Weights, probability, to_f32};

/// Links every row.
#[must_use]
pub fn link(records: &RecordSet, model: &LinkModel, key: &CountyKey) -> Linked {
    let roster = Roster::new(records, model);
    let mut work = Work::new(&roster, model);
    for span in &roster.spans {
        for layer in layers(&roster, span) {
            work.link_layer(&layer, span.grain);
        }
    }
    work.finish(records, key)
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
    spine: Spine,
    index: SpineIndex,
    /// Status and weight per row; person comes from the spine.
    status: Vec<(LinkStatus, i32)>,
    review: Vec<ReviewPair>,
    suspicions: Vec<Suspicion>,
    /// Keys too common to be followed.
    skipped: u64,
}

impl<'a> Work<'a> {
    fn new(roster: &'a Roster, model: &'a LinkModel) -> Self {
        let mut spine = Spine::new(roster);
        spine.contested.extend(exact::contested_numbers(roster));
        Self {
            roster,
            model,
            spine,
            index: SpineIndex::default(),
            status: vec![(LinkStatus::Alone, 0); roster.records.len()],
            review: Vec::new(),
            suspicions: Vec::new(),
            skipped: 0,
        }
    }

    fn link_layer(&mut self, rows: &[u32], grain: Grain) {
        let exclusive = grain != Grain::Event;
        let left = exact::join_equal_numbers(self.roster, &mut self.spine, rows, exclusive);
        let mut weights = calibrate::weights(self.roster, &self.spine, self.model, &left.joined, rows);
        weights.prior = self.prior(rows, &left, exclusive);
        for &row in &left.joined {
            let person = self.spine.person_of[row as usize];
            let scored = probable::score(self.roster, &self.spine, &weights, row, person);
            self.status[row as usize] = (LinkStatus::Id, scored.weight);
        }
        let layer = Layer { rows, open: &left.rows, exclusive };
        let outcome = probable::join_by_weight(self.roster, &mut self.spine, &mut self.index, self.model, &mut weights, &layer);
        self.skipped += outcome.skipped;
        for pair in &outcome.joined {
            let status = if pair.levels.number_repaired() { LinkStatus::Repaired } else { LinkStatus::Probable };
            self.status[pair.row as usize] = (status, pair.weight);
        }
        let mut clashes = left.clashes.clone();
        self.found_the_rest(&left, &weights, &mut clashes);
        self.note(outcome, &clashes, &weights);
        if exclusive {
            self.note_duplicates(rows);
        }
    }

    /// Expected matches left: damaged rows and persons match as often as sound ones did.
    fn prior(&self, rows: &[u32], left: &Leftover, exclusive: bool) -> i32 {
        let share = |part: usize, whole: usize| if whole == 0 { 0.5 } else { as_f64(part) / as_f64(whole) };
        let sound = |row: &&u32| {
            let number = self.roster.record(**row).number;
            number != 0 && !self.spine.is_contested(number)
        };
        let sound_rows = rows.iter().filter(sound).count();
        let unsound_rows = left.rows.len() - left.rows.iter().filter(sound).count();
        let free = blocking::free_persons(&self.spine, rows, exclusive);
        let with_number = |person: &&u32| {
            let number = self.spine.persons[**person as usize].number;
            number != 0 && !self.spine.is_contested(number)
        };
        let free_sound = free.iter().filter(with_number).count();
        let sound_persons = free_sound + if exclusive { left.joined.len() } else { 0 };
        let expected = share(left.joined.len(), sound_rows).min(1.0) * as_f64(unsound_rows)
            + share(left.joined.len(), sound_persons).min(1.0) * as_f64(free.len() - free_sound);
        calibrate::prior(expected, free.len(), left.rows.len())
    }

    /// Rows that nobody took become persons, unless an equal number of this very layer says otherwise.
    fn found_the_rest(&mut self, left: &Leftover, weights: &Weights, clashes: &mut Vec<Clash>) {
        let mut told: hash::WordSet = clashes.iter().map(|clash| u64::from(clash.right)).collect();
        for &row in &left.rows {
            if self.spine.person_of[row as usize] != NONE {
                continue;
            }
            match exact::claimant(self.roster, &self.spine, row) {
                Claim::Agrees(person) => {
                    let scored = probable::score(self.roster, &self.spine, weights, row, person);
                    self.spine.join(self.roster, row, person);
                    self.status[row as usize] = (LinkStatus::Id, scored.weight);
                }
                Claim::Clashes(other) => {
                    self.spine.contested.insert(self.roster.record(row).number);
                    if told.insert(u64::from(row)) {
                        clashes.push(Clash { left: other, right: row });
                    }
                    self.spine.found(self.roster, row);
                }
                Claim::Nobody => {
                    self.spine.found(self.roster, row);
                }
            }
        }
        for &(row, representative) in &left.copies {
            let person = self.spine.person_of[representative as usize];
            let scored = probable::score(self.roster, &self.spine, weights, row, person);
            self.spine.join(self.roster, row, person);
            let status = if self.roster.record(row).number == 0 { LinkStatus::Repaired } else { LinkStatus::Id };
            self.status[row as usize] = (status, scored.weight);
        }
    }

    /// Review pairs and clashes of one layer.
    fn note(&mut self, outcome: Outcome, clashes: &[Clash], weights: &Weights) {
        for doubt in outcome.doubts {
            let pair = self.review_pair(&doubt.scored, weights, doubt.reason);
            self.review.push(pair);
        }
        for clash in clashes {
            let (left, right) = (RowId(clash.left), RowId(clash.right));
            self.suspicions.push(Suspicion::NumberTwoNames { left, right });
            let person = self.spine.person_of[clash.left as usize];
            // A row that found its person elsewhere needs no human for this.
            if self.spine.person_of[clash.right as usize] == person || self.status[clash.right as usize].0 != LinkStatus::Alone {
                continue;
            }
            let company = Company::of(self.roster, &self.spine, clash.right, person);
            let levels = compare::compare(self.roster, &self.spine, clash.right, person, clash.left, company);
            let weight = weights.weight(self.roster, levels, self.roster.record(clash.right), self.roster.record(clash.left));
            let scored = Scored { row: clash.right, person, face: clash.left, weight, levels };
            let pair = self.review_pair(&scored, weights, CLASH);
            self.review.push(pair);
        }
    }

    fn review_pair(&self, scored: &Scored, weights: &Weights, reason: &str) -> ReviewPair {
        let (right, left) = (self.roster.record(scored.row), self.roster.record(scored.face));
        ReviewPair {
            left: RowId(scored.face),
            right: RowId(scored.row),
            weight: to_f32(scored.weight),
            probability: probability(scored.weight),
            parts: weights.parts(self.roster, scored.levels, right, left),
            reason: reason.to_owned(),
        }
    }

    /// Rows of one layer that are the same person.
    fn note_duplicates(&mut self, rows: &[u32]) {
        let mut owned: Vec<(u32, u32)> = rows.iter().map(|&row| (self.spine.person_of[row as usize], row)).collect();
        owned.sort_unstable();
        for block in owned.chunk_by(|a, b| a.0 == b.0) {
            let first = RowId(block[0].1);
            self.suspicions.extend(block.iter().skip(1).map(|(_, row)| Suspicion::Duplicate { first, again: RowId(*row) }));
        }
    }

    fn finish(mut self, records: &RecordSet, key: &CountyKey) -> Linked {
        let order = Order::new(&self.spine);
        let damage: Vec<Suspicion> =
            (0..order.len()).into_par_iter().flat_map_iter(|position| self.damage(order.rows_of(position))).collect();
        self.suspicions.extend(damage);
        for person in &self.spine.persons {
            let rows = order.rows_of(order.rank[self.spine.person_of[person.founder as usize] as usize] as usize);
            let status = if rows.len() > 1 { LinkStatus::Id } else { LinkStatus::Alone };
            self.status[person.founder as usize] = (status, 0);
        }
        let links: Vec<Link> = self
            .status
            .iter()
            .zip(&self.spine.person_of)
            .enumerate()
            .map(|(row, (&(status, weight), &person))| {
                let is_founder = self.spine.persons[person as usize].founder as usize == row;
                Link {
                    person: PersonIx(order.rank[person as usize]),
                    status,
                    weight: to_f32(weight),
                    probability: if is_founder { 1.0 } else { probability(weight) },
                }
            })
            .collect();
        let people = people::table(records, self.roster, &self.spine, &order, key);
        self.review.sort_by(|a, b| b.weight.total_cmp(&a.weight).then((a.left, a.right).cmp(&(b.left, b.right))));
        self.suspicions.sort_by_key(suspicion_key);
        let is_founder = |row: usize| self.spine.persons[self.spine.person_of[row] as usize].founder as usize == row;
        let quality = quality::quality(&links, is_founder, &self.review, self.skipped);
        Linked { links, people, review: self.review, suspicions: self.suspicions, quality }
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
        let Some((number, source)) = people::best_number(self.roster, &self.spine, rows) else { return Vec::new() };
        if self.spine.is_contested(number.packed()) && numbers().filter(|other| *other == number.packed()).count() < 2 {
            return Vec::new();
        }
        let registry = |row: u32| self.roster.spans.partition_point(|span| span.end <= row);
        let is_wrong = |row: &u32| {
            let other = self.roster.record(*row).number;
            other != 0 && other != number.packed() && self.spine.is_contested(other)
        };
        rows.iter()
            .filter(|row| (is_wrong(row) || damaged(row)) && registry(**row) != registry(source))
            .map(|row| Suspicion::Damaged { row: RowId(*row), suggestion: number.text(), source: RowId(source) })
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

/// Counts are rows, which fit 32 bits.
fn as_f64(count: usize) -> f64 {
    f64::from(roster::dense(count))
}
