//! One-to-one assignment: the best total weight per connected component, and only what is clearly better than any alternative.
//!
//! Takes weighted edges between rows and persons; gives those to join and those that tie. Components up to [`EXACT`] nodes a
//! side are solved exactly (Hungarian method); an edge of the optimum is *clear* when forbidding it costs at least the
//! margin. Larger components fall back to mutual best with the same margin. The result does not depend on the order of edges.

use std::collections::BTreeMap;

use super::weights::Bits;

/// Largest side of a component that is solved exactly. Chosen for time: each edge of the optimum costs another O(n³), 24⁴ steps in all.
const EXACT: usize = 24;

/// A candidate worth deciding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edge {
    /// The row.
    pub row: u32,
    /// The person.
    pub person: u32,
    /// Its weight, positive.
    pub weight: Bits,
}

/// What was decided.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Decision {
    /// Edges to join.
    pub joined: Vec<Edge>,
    /// Edges heavy enough, but with a rival too near.
    pub tied: Vec<Edge>,
}

/// Decides `edges` (each at least `confirm`-worthy or a rival of such).
pub(super) fn assign(edges: &[Edge], confirm: Bits, margin: Bits, exclusive: bool) -> Decision {
    let mut decision = Decision::default();
    for component in components(edges, exclusive) {
        let (rows, persons) = sides(&component);
        let (joined_before, tied_before) = (decision.joined.len(), decision.tied.len());
        let chosen = if component.len() == 1 {
            component.iter().map(|edge| (*edge, edge.weight)).collect()
        } else if exclusive && rows.len() <= EXACT && persons.len() <= EXACT {
            exact(&component, &rows, &persons)
        } else {
            greedy(&component)
        };
        for (edge, regret) in chosen {
            if edge.weight >= confirm {
                if regret >= margin { decision.joined.push(edge) } else { decision.tied.push(edge) }
            }
        }
        // The rival of a tie is part of it.
        let tied = decision.tied[tied_before..].to_vec();
        for rival in &component {
            let near = |tie: &Edge| {
                tie != rival && (tie.row == rival.row || tie.person == rival.person) && tie.weight - rival.weight < margin
            };
            let decided = decision.joined[joined_before..].contains(rival) || decision.tied[tied_before..].contains(rival);
            if !decided && tied.iter().any(near) {
                decision.tied.push(*rival);
            }
        }
    }
    decision.joined.sort_unstable();
    decision.tied.sort_unstable();
    decision.tied.dedup();
    decision
}

/// Edges by connected component, ascending; when a person may take many rows, each row is its own component.
fn components(edges: &[Edge], exclusive: bool) -> Vec<Vec<Edge>> {
    let mut sorted = edges.to_vec();
    sorted.sort_unstable();
    let mut root: Vec<usize> = (0..sorted.len()).collect();
    let (mut by_row, mut by_person) = (BTreeMap::new(), BTreeMap::new());
    for (at, edge) in sorted.iter().enumerate() {
        let row = *by_row.entry(edge.row).or_insert(at);
        join(&mut root, row, at);
        if exclusive {
            let person = *by_person.entry(edge.person).or_insert(at);
            join(&mut root, person, at);
        }
    }
    let mut groups = BTreeMap::<usize, Vec<Edge>>::new();
    for (at, edge) in sorted.iter().enumerate() {
        let top = find(&mut root, at);
        groups.entry(top).or_default().push(*edge);
    }
    groups.into_values().collect()
}

fn find(root: &mut [usize], mut at: usize) -> usize {
    while root[at] != at {
        root[at] = root[root[at]];
        at = root[at];
    }
    at
}

fn join(root: &mut [usize], one: usize, other: usize) {
    let (one, other) = (find(root, one), find(root, other));
    root[one.max(other)] = one.min(other);
}

fn sides(component: &[Edge]) -> (Vec<u32>, Vec<u32>) {
    let distinct = |mut values: Vec<u32>| {
        values.sort_unstable();
        values.dedup();
        values
    };
    (distinct(component.iter().map(|edge| edge.row).collect()), distinct(component.iter().map(|edge| edge.person).collect()))
}

/// The optimum, each edge with what forbidding it would cost.
fn exact(component: &[Edge], rows: &[u32], persons: &[u32]) -> Vec<(Edge, Bits)> {
    let size = rows.len().max(persons.len());
    let mut matrix = vec![vec![0i64; size]; size];
    for edge in component {
        if let (Ok(row), Ok(person)) = (rows.binary_search(&edge.row), persons.binary_search(&edge.person)) {
            matrix[row][person] = i64::from(edge.weight.max(0));
        }
    }
    let (total, matched) = heaviest(&matrix);
    let mut chosen = Vec::new();
    for edge in component {
        let (Ok(row), Ok(person)) = (rows.binary_search(&edge.row), persons.binary_search(&edge.person)) else { continue };
        if matched[row] == person && edge.weight > 0 {
            let weight = std::mem::take(&mut matrix[row][person]);
            let (without, _) = heaviest(&matrix);
            matrix[row][person] = weight;
            chosen.push((*edge, Bits::try_from(total - without).unwrap_or(Bits::MAX)));
        }
    }
    chosen
}

/// The heaviest assignment of a square matrix (Hungarian method with potentials, O(n³)): its total, and the column of each row.
fn heaviest(matrix: &[Vec<i64>]) -> (i64, Vec<usize>) {
    let size = matrix.len();
    let (mut row_potential, mut column_potential) = (vec![0i64; size + 1], vec![0i64; size + 1]);
    // Column 0 and row 0 are the method's sentinels.
    let mut row_of = vec![0usize; size + 1];
    for row in 1..=size {
        row_of[0] = row;
        let (mut slack, mut used, mut way) = (vec![i64::MAX; size + 1], vec![false; size + 1], vec![0usize; size + 1]);
        let mut column = 0;
        loop {
            used[column] = true;
            let (at, mut step, mut next) = (row_of[column], i64::MAX, 0);
            for other in 1..=size {
                if !used[other] {
                    let cost = -matrix[at - 1][other - 1] - row_potential[at] - column_potential[other];
                    if cost < slack[other] {
                        slack[other] = cost;
                        way[other] = column;
                    }
                    if slack[other] < step {
                        step = slack[other];
                        next = other;
                    }
                }
            }
            for other in 0..=size {
                if used[other] {
                    row_potential[row_of[other]] += step;
                    column_potential[other] -= step;
                } else {
                    slack[other] = slack[other].saturating_sub(step);
                }
            }
            column = next;
            if row_of[column] == 0 {
                break;
            }
        }
        while column != 0 {
            row_of[column] = row_of[way[column]];
            column = way[column];
        }
    }
    let mut column_of = vec![0; size];
    for column in 1..=size {
        column_of[row_of[column] - 1] = column - 1;
    }
    (column_of.iter().enumerate().map(|(row, column)| matrix[row][*column]).sum(), column_of)
}

/// Heaviest first; each with its lead over the best rival whose ends are still free.
fn greedy(component: &[Edge]) -> Vec<(Edge, Bits)> {
    let mut order = component.to_vec();
    order.sort_unstable_by(|a, b| b.weight.cmp(&a.weight).then(a.cmp(b)));
    let (mut by_row, mut by_person) = (BTreeMap::<u32, Vec<Edge>>::new(), BTreeMap::<u32, Vec<Edge>>::new());
    for edge in &order {
        by_row.entry(edge.row).or_default().push(*edge);
        by_person.entry(edge.person).or_default().push(*edge);
    }
    let (mut rows, mut persons) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    let mut chosen = Vec::new();
    for edge in order {
        if rows.contains(&edge.row) || persons.contains(&edge.person) {
            continue;
        }
        let rivals = by_row.get(&edge.row).into_iter().chain(by_person.get(&edge.person)).flatten();
        let best = rivals
            .filter(|rival| **rival != edge && !rows.contains(&rival.row) && !persons.contains(&rival.person))
            .map(|rival| rival.weight)
            .max();
        chosen.push((edge, edge.weight - best.unwrap_or(0).max(0)));
        rows.insert(edge.row);
        persons.insert(edge.person);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn edge(row: u32, person: u32, weight: Bits) -> Edge {
        Edge { row, person, weight }
    }

    /// The heaviest total by trying everything.
    fn brute(edges: &[Edge], from: usize, rows: u32, persons: u32) -> i64 {
        let Some(edge) = edges.get(from) else { return 0 };
        let skip = brute(edges, from + 1, rows, persons);
        if rows >> edge.row & 1 == 1 || persons >> edge.person & 1 == 1 {
            return skip;
        }
        skip.max(i64::from(edge.weight) + brute(edges, from + 1, rows | 1 << edge.row, persons | 1 << edge.person))
    }

    proptest! {
        #[test]
        fn exact_is_the_best_there_is(weights in proptest::collection::btree_map((0u32..5, 0u32..5), 1i32..100, 1..14)) {
            let edges: Vec<Edge> = weights.into_iter().map(|((row, person), weight)| edge(row, person, weight)).collect();
            let (rows, persons) = sides(&edges);
            let total: i64 = exact(&edges, &rows, &persons).iter().map(|(edge, _)| i64::from(edge.weight)).sum();
            prop_assert_eq!(total, brute(&edges, 0, 0, 0));
        }

        #[test]
        fn order_of_edges_does_not_matter_and_nobody_is_joined_twice(weights in proptest::collection::btree_map((0u32..6, 0u32..6), 1i32..100, 1..20)) {
            let edges: Vec<Edge> = weights.into_iter().map(|((row, person), weight)| edge(row, person, weight)).collect();
            let reversed: Vec<Edge> = edges.iter().rev().copied().collect();
            let decision = assign(&edges, 10, 5, true);
            prop_assert_eq!(&decision, &assign(&reversed, 10, 5, true));
            let (rows, persons) = sides(&decision.joined);
            prop_assert_eq!((rows.len(), persons.len()), (decision.joined.len(), decision.joined.len()));
        }
    }

    #[test]
    fn crossing_brothers_are_told_apart_by_the_total() {
        let edges = [edge(1, 1, 20), edge(1, 2, 18), edge(2, 1, 18), edge(2, 2, 20)];
        assert_eq!(assign(&edges, 10, 4, true).joined, [edge(1, 1, 20), edge(2, 2, 20)]);
    }

    #[test]
    fn a_tie_is_never_guessed() {
        let edges = [edge(1, 1, 20), edge(1, 2, 20)];
        let decision = assign(&edges, 10, 4, true);
        assert!(decision.joined.is_empty());
        assert_eq!(decision.tied, edges);
    }
}
