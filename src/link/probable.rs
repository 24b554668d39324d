//! Pass 2: what is left of one layer against the persons still free, by weight.
//!
//! Takes the leftover rows and the layer's weights; joins what is clear, and gives the pairs that a human must decide. Repeats
//! while new joins bring new household evidence. Cost: candidate pairs, scored in parallel without allocation.

use rayon::prelude::*;

use super::assign::{self, Edge};
use super::blocking::{self, SpineIndex, Tally};
use super::calibrate;
use super::compare::{self, Company};
use super::levels::{COMPARISONS, Levels, MISSING};
use super::roster::Roster;
use super::spine::Spine;
use super::weights::{BIT, Bits, Weights};
use crate::config::link::LinkModel;

/// Most review pairs per row.
const REVIEW_PER_ROW: usize = 3;

/// A scored candidate.
#[derive(Clone, Copy)]
pub(super) struct Scored {
    /// The row.
    pub row: u32,
    /// The person.
    pub person: u32,
    /// The person's face that fits best.
    pub face: u32,
    /// Weight.
    pub weight: Bits,
    /// Levels.
    pub levels: Levels,
    /// The blocking rule that made the pair, by position; of no meaning outside pass 2.
    pub rule: u8,
}

/// A pair for a human.
pub(super) struct Doubt {
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
    pub doubts: Vec<Doubt>,
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
    spine: &mut Spine,
    index: &mut SpineIndex,
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
    let persons = blocking::free_persons(spine, rows, exclusive);
    if open.is_empty() || persons.is_empty() {
        return outcome;
    }
    let candidates = blocking::candidates(roster, spine, index, model, &open, &persons);
    outcome.tallies.clone_from(&candidates.tallies);
    outcome.pairs = vec![0; model.blocking.rules.len()];
    for round in 0..model.limits.rounds.max(1) {
        let persons = blocking::free_persons(spine, rows, exclusive);
        let pairs = candidates.still_open(roster, spine, model, &open, &persons);
        let frozen = &*spine;
        if round == 0 {
            for (_, _, rule) in &pairs {
                outcome.pairs[usize::from(*rule)] += 1;
            }
            let linked = pairs.par_iter().filter(|(row, person, _)| Company::of(roster, frozen, *row, *person).is_linked());
            calibrate::sharpen_household(weights, linked.count(), persons.len(), open.len());
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
            let allowed = !spine.cannot_join(roster, edge.row, edge.person);
            if let Some(pair) = find(&scored, edge.row, edge.person).filter(|_| allowed) {
                spine.join(roster, edge.row, edge.person);
                outcome.joined.push(*pair);
                outcome.rivals.extend(rival(&scored, pair));
            }
            allowed
        });
        let joined_now = decision.joined.len();
        open.retain(|row| decision.joined.binary_search_by_key(row, |edge| edge.row).is_err());
        let last = joined_now == 0 || round + 1 == model.limits.rounds.max(1);
        if last {
            outcome.doubts = doubts(&scored, &decision, review, exclusive);
            break;
        }
    }
    outcome
}

/// Pairs with both ends still open that weigh enough, best first per row.
fn doubts(scored: &[Scored], decision: &assign::Decision, review: Bits, exclusive: bool) -> Vec<Doubt> {
    let mut taken: Vec<u32> = decision.joined.iter().map(|edge| edge.person).collect();
    taken.sort_unstable();
    let mut doubts = Vec::new();
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
        doubts.extend(open.into_iter().take(REVIEW_PER_ROW).map(|pair| {
            let tied = decision.tied.iter().any(|edge| edge.row == pair.row && edge.person == pair.person);
            Doubt { scored: *pair, reason: if tied { "tie" } else { "weak" } }
        }));
    }
    doubts
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

/// The weight of a row against a person: that of the face that fits best.
pub(super) fn score(roster: &Roster, spine: &Spine, weights: &Weights, row: u32, person: u32) -> Scored {
    let company = Company::of(roster, spine, row, person);
    let right = roster.record(row);
    let founder = spine.persons[person as usize].founder;
    let mut best = Scored { row, person, face: founder, weight: Bits::MIN, levels: Levels([MISSING; COMPARISONS]), rule: 0 };
    for face in spine.faces.of(person).filter(|face| *face != row) {
        let levels = compare::compare(roster, spine, row, person, face, company);
        let weight = weights.weight(roster, levels, right, roster.record(face));
        if (weight, std::cmp::Reverse(face)) > (best.weight, std::cmp::Reverse(best.face)) || best.weight == Bits::MIN {
            best = Scored { face, weight, levels, ..best };
        }
    }
    best
}

/// A threshold in fixed point.
#[expect(clippy::cast_possible_truncation, reason = "thresholds are some bits")]
fn fixed(bits: f64) -> Bits {
    (bits.clamp(-64.0, 64.0) * BIT).round() as Bits
}
