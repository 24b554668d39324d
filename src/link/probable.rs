//! Pass 2: what is left of one layer against the persons still free, by weight.
//!
//! Takes the leftover rows and the layer's weights; joins what is clear, and gives the pairs that a human must decide. Repeats
//! while new joins bring new household evidence. Cost: candidate pairs, scored in parallel without allocation.

use rayon::prelude::*;

use super::assign::{self, Edge};
use super::blocking::{self, PersonKeys, Tally};
use super::calibrate;
use super::compare::{self, HouseholdEvidence};
use super::levels::{COMPARISONS, Levels, MISSING};
use super::person_index::PersonIndex;
use super::roster::Roster;
use super::weights::{BIT, Bits, Weights};
use crate::config::link::LinkModel;

/// Most review pairs per row. Chosen: nobody compares more by eye.
const REVIEW_PER_ROW: usize = 3;

/// A scored candidate.
#[derive(Clone, Copy)]
pub(super) struct Scored {
    /// The row.
    pub row: u32,
    /// The person.
    pub person: u32,
    /// The person's representative that fits best.
    pub representative: u32,
    /// Weight.
    pub weight: Bits,
    /// Levels.
    pub levels: Levels,
    /// The blocking rule that made the pair, by position; of no meaning outside pass 2.
    pub rule: u8,
}

/// A pair for a human.
pub(super) struct ReviewCandidate {
    /// The pair.
    pub scored: Scored,
    /// Why.
    pub reason: &'static str,
}

/// What pass 2 did.
#[derive(Default)]
pub(super) struct Outcome {
    /// Joined, in order of joining.
    pub joined: Vec<Scored>,
    /// Left for a human.
    pub review: Vec<ReviewCandidate>,
    /// Per row joined, the best candidate that it was not given to.
    pub rivals: Vec<Scored>,
    /// What blocking counted, by rule.
    pub tallies: Vec<Tally>,
    /// Pairs compared, by the rule that made them.
    pub pairs: Vec<u64>,
}

/// One grain key of one registry.
pub(super) struct Layer<'a> {
    /// All its rows, ascending.
    pub rows: &'a [u32],
    /// Those still without a person, ascending.
    pub open: &'a [u32],
    /// Whether a person has at most one row.
    pub exclusive: bool,
}

/// Runs pass 2 over the open rows of a layer.
pub(super) fn join_by_weight(
    roster: &Roster,
    persons: &mut PersonIndex,
    index: &mut PersonKeys,
    model: &LinkModel,
    weights: &mut Weights,
    layer: &Layer<'_>,
) -> Outcome {
    let &Layer { rows, open, exclusive } = layer;
    let mut open = open.to_vec();
    let mut outcome = Outcome::default();
    let confirm = fixed(model.thresholds.confirm);
    let review = fixed(model.thresholds.review);
    let margin = fixed(model.thresholds.margin);
    let free = blocking::free_persons(persons, rows, exclusive);
    if open.is_empty() || free.is_empty() {
        return outcome;
    }
    let candidates = blocking::candidates(roster, persons, index, model, &open, &free);
    outcome.tallies.clone_from(&candidates.tallies);
    outcome.pairs = vec![0; model.blocking.rules.len()];
    for round in 0..model.limits.rounds.max(1) {
        let free = blocking::free_persons(persons, rows, exclusive);
        let pairs = candidates.still_open(roster, persons, model, &open, &free);
        let frozen = &*persons;
        if round == 0 {
            for (_, _, rule) in &pairs {
                outcome.pairs[usize::from(*rule)] += 1;
            }
            let linked =
                pairs.par_iter().filter(|(row, person, _)| HouseholdEvidence::of(roster, frozen, *row, *person).is_linked());
            calibrate::sharpen_household(weights, linked.count(), free.len(), open.len());
        }
        let weights = &*weights;
        let scored: Vec<Scored> = pairs
            .par_iter()
            .filter(|(row, person, _)| !frozen.cannot_join(roster, *row, *person))
            .map(|&(row, person, rule)| Scored { rule, ..score(roster, frozen, weights, row, person) })
            .filter(|scored| scored.weight >= review.min(confirm - margin))
            .collect();
        let edges: Vec<Edge> = scored
            .iter()
            .filter(|scored| scored.levels.may_join() && scored.weight > 0)
            .map(|scored| Edge { row: scored.row, person: scored.person, weight: scored.weight })
            .collect();
        let mut decision = assign::assign(&edges, confirm, margin, exclusive);
        // Two rows that people keep apart may have come to one person in the same round.
        decision.joined.retain(|edge| {
            let allowed = !persons.cannot_join(roster, edge.row, edge.person);
            if let Some(pair) = find(&scored, edge.row, edge.person).filter(|_| allowed) {
                persons.join(roster, edge.row, edge.person);
                outcome.joined.push(*pair);
                outcome.rivals.extend(rival(&scored, pair));
            }
            allowed
        });
        let joined_now = decision.joined.len();
        open.retain(|row| decision.joined.binary_search_by_key(row, |edge| edge.row).is_err());
        let last = joined_now == 0 || round + 1 == model.limits.rounds.max(1);
        if last {
            outcome.review = for_review(&scored, &decision, review, exclusive);
            break;
        }
    }
    outcome
}

/// Pairs with both ends still open that weigh enough, best first per row.
fn for_review(scored: &[Scored], decision: &assign::Decision, review: Bits, exclusive: bool) -> Vec<ReviewCandidate> {
    let mut taken: Vec<u32> = decision.joined.iter().map(|edge| edge.person).collect();
    taken.sort_unstable();
    let mut candidates = Vec::new();
    for block in scored.chunk_by(|a, b| a.row == b.row) {
        if decision.joined.binary_search_by_key(&block[0].row, |edge| edge.row).is_ok() {
            continue;
        }
        let mut open: Vec<&Scored> = block
            .iter()
            .filter(|pair| {
                pair.weight >= review && !pair.levels.is_clash() && !(exclusive && taken.binary_search(&pair.person).is_ok())
            })
            .collect();
        open.sort_by_key(|pair| (std::cmp::Reverse(pair.weight), pair.person));
        candidates.extend(open.into_iter().take(REVIEW_PER_ROW).map(|pair| {
            let tied = decision.tied.iter().any(|edge| edge.row == pair.row && edge.person == pair.person);
            ReviewCandidate { scored: *pair, reason: if tied { "tie" } else { "weak" } }
        }));
    }
    candidates
}

/// The best other candidate of a row.
fn rival(scored: &[Scored], joined: &Scored) -> Option<Scored> {
    let start = scored.partition_point(|pair| pair.row < joined.row);
    let block = scored[start..].iter().take_while(|pair| pair.row == joined.row);
    let others = block.filter(|pair| pair.person != joined.person);
    others.max_by_key(|pair| (pair.weight, std::cmp::Reverse(pair.person))).copied()
}

fn find(scored: &[Scored], row: u32, person: u32) -> Option<&Scored> {
    scored.binary_search_by_key(&(row, person), |pair| (pair.row, pair.person)).ok().and_then(|at| scored.get(at))
}

/// The weight of a row against a person: that of the representative that fits best.
pub(super) fn score(roster: &Roster, persons: &PersonIndex, weights: &Weights, row: u32, person: u32) -> Scored {
    let household_evidence = HouseholdEvidence::of(roster, persons, row, person);
    let right = roster.record(row);
    let founder = persons.all[person as usize].founder;
    let mut best =
        Scored { row, person, representative: founder, weight: Bits::MIN, levels: Levels([MISSING; COMPARISONS]), rule: 0 };
    for representative in persons.representatives.of(person).filter(|representative| *representative != row) {
        let levels = compare::compare(roster, persons, row, person, representative, household_evidence);
        let weight = weights.weight(roster, levels, right, roster.record(representative));
        if (weight, std::cmp::Reverse(representative)) > (best.weight, std::cmp::Reverse(best.representative))
            || best.weight == Bits::MIN
        {
            best = Scored { representative, weight, levels, ..best };
        }
    }
    best
}

/// A threshold in fixed point.
#[expect(clippy::cast_possible_truncation, reason = "thresholds are some bits")]
fn fixed(bits: f64) -> Bits {
    (bits.clamp(-64.0, 64.0) * BIT).round() as Bits
}
