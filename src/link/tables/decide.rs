//! From weighed pairs to decisions: one-to-one between two tables, groups within one.
//!
//! Takes edges; gives which rows are one person, and the pairs left to a human with the reason: `weak` (between the thresholds), `tie` (as good as
//! another, never guessed), `chain` (heavy enough, but the rest of its group speaks against it).

use super::cluster;
use super::score::Scored;
use crate::config::tables::{TablesModel, Task};
use crate::link::assign::{Edge, assign};
use crate::link::position::dense;
use crate::link::weights::{BIT, Bits};

/// Thresholds in 1/1024 bit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cuts {
    pub(super) confirm: Bits,
    pub(super) review: Bits,
    pub(super) margin: Bits,
}

impl Cuts {
    pub(super) fn new(model: &TablesModel) -> Self {
        let bits = |value: f64| cut(value * BIT);
        let thresholds = model.thresholds;
        Self { confirm: bits(thresholds.confirm), review: bits(thresholds.review), margin: bits(thresholds.margin) }
    }

    /// Lighter pairs decide nothing: they are neither for a human nor rivals of a join.
    pub(super) fn least(self) -> Bits {
        self.review.min(self.confirm - self.margin)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "clamped")]
fn cut(value: f64) -> Bits {
    value.round().clamp(-1e9, 1e9) as Bits
}

/// What was decided.
#[derive(Debug, Default)]
pub(super) struct Decisions {
    /// Rows of one person, ascending, by their first row.
    pub(super) groups: Vec<Vec<u32>>,
    /// Pairs that made the groups.
    pub(super) joined: Vec<Scored>,
    /// Pairs for a human, and why.
    pub(super) review: Vec<(Scored, &'static str)>,
    /// Groups too large to be told apart pair by pair.
    pub(super) too_large: Vec<usize>,
}

/// Decides. `edges` are ordered by rows.
pub(super) fn decide(
    model: &TablesModel,
    rows: usize,
    edges: &[Scored],
    weight: &(dyn Fn(u32, u32) -> Bits + Sync),
) -> Decisions {
    let cuts = Cuts::new(model);
    match model.task {
        Task::Link => one_to_one(rows, edges, cuts),
        Task::Deduplicate | Task::ByFiles => {
            let found = cluster::groups(rows, edges, cuts.confirm, model.limits.cluster, weight);
            let mut group = vec![u32::MAX; rows];
            for (at, members) in found.groups.iter().enumerate() {
                for &row in members {
                    group[row as usize] = dense(at);
                }
            }
            let together = |edge: &Scored| {
                let (one, other) = (group[edge.left as usize], group[edge.right as usize]);
                one == other && one != u32::MAX
            };
            let (joined, apart): (Vec<Scored>, Vec<Scored>) = edges.iter().partition(|edge| together(edge));
            let doubtful = apart.into_iter().filter(|edge| edge.weight >= cuts.review);
            let review = doubtful.map(|edge| (edge, if edge.weight >= cuts.confirm { "chain" } else { "weak" })).collect();
            Decisions { groups: found.groups, joined, review, too_large: found.too_large }
        }
    }
}

fn one_to_one(rows: usize, edges: &[Scored], cuts: Cuts) -> Decisions {
    let mut degree = vec![0u8; rows];
    for edge in edges {
        for row in [edge.left, edge.right] {
            degree[row as usize] = degree[row as usize].saturating_add(1);
        }
    }
    let mut decisions = Decisions::default();
    let mut contested = Vec::new();
    for edge in edges {
        // A pair without any rival needs no assignment.
        if degree[edge.left as usize] > 1 || degree[edge.right as usize] > 1 {
            contested.push(Edge { row: edge.left, person: edge.right, weight: edge.weight });
        } else if edge.weight >= cuts.confirm {
            decisions.joined.push(*edge);
        }
    }
    let decision = assign(&contested, cuts.confirm, cuts.margin, true);
    let at = |edge: &Edge| edges.binary_search_by_key(&(edge.row, edge.person), |scored| (scored.left, scored.right)).ok();
    decisions.joined.extend(decision.joined.iter().filter_map(at).map(|at| edges[at]));
    decisions.joined.sort_unstable();
    let mut taken = vec![false; rows];
    for edge in &decisions.joined {
        taken[edge.left as usize] = true;
        taken[edge.right as usize] = true;
    }
    for edge in edges.iter().filter(|edge| !taken[edge.left as usize] && !taken[edge.right as usize]) {
        let tied = || {
            let wanted = Edge { row: edge.left, person: edge.right, weight: edge.weight };
            decision.tied.binary_search(&wanted).is_ok()
        };
        if edge.weight >= cuts.review || tied() {
            decisions.review.push((*edge, if tied() { "tie" } else { "weak" }));
        }
    }
    decisions.groups = decisions.joined.iter().map(|edge| vec![edge.left, edge.right]).collect();
    decisions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(left: u32, right: u32, bits: i32) -> Scored {
        Scored { left, right, weight: bits * 1024, rule: 0 }
    }

    const CUTS: Cuts = Cuts { confirm: 5 * 1024, review: 1024, margin: 2 * 1024 };

    #[test]
    fn the_best_total_is_joined_and_ties_are_left() {
        let edges =
            [edge(0, 5, 9), edge(1, 6, 20), edge(1, 7, 12), edge(2, 7, 8), edge(3, 8, 10), edge(3, 9, 10), edge(4, 10, 3)];
        let decisions = one_to_one(11, &edges, CUTS);
        let pairs: Vec<(u32, u32)> = decisions.joined.iter().map(|edge| (edge.left, edge.right)).collect();
        assert_eq!(pairs, [(0, 5), (1, 6), (2, 7)]);
        let review: Vec<(u32, u32, &str)> =
            decisions.review.iter().map(|(edge, reason)| (edge.left, edge.right, *reason)).collect();
        assert_eq!(review, [(3, 8, "tie"), (3, 9, "tie"), (4, 10, "weak")]);
    }
}
