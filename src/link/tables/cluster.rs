//! One table, many times the same person: from weighed pairs to groups of rows.
//!
//! Takes edges of at least the confirming weight; gives disjoint groups. Rows that edges connect are told apart by *all* pairs among them, blocked or not
//! (correlation clustering: merge what attracts most, then move single rows while that helps), so that a chain of look-alikes does not
//! become one person. A component larger than the model's limit is first cut at higher weights, and the run says so. The result does
//! not depend on the order of edges.

use rayon::prelude::*;

use super::score::Scored;
use crate::link::position::dense;
use crate::link::weights::Bits;

/// Evidence against counts up to this many bits per pair: copies of one record can differ more from each other than from it.
/// Chosen, not measured: a pair that disagrees is outweighed by one that agrees by six bits more than needed.
const AGAINST: Bits = -6 * 1024;
/// A component that is too large is cut at weights this much higher, again and again. Chosen: odds four times as high.
const STEP: Bits = 2 * 1024;
/// Rounds of moving single rows at most. Chosen: a bound on time; it ends when nothing moves.
const ROUNDS: usize = 10;

/// Groups of rows, each ascending, ordered by their first row; rows in no group are alone.
pub(super) struct Groups {
    pub(super) groups: Vec<Vec<u32>>,
    /// Components above the limit: how many rows each had.
    pub(super) too_large: Vec<usize>,
}

/// Groups `rows` rows. `weight` is the whole weight of any pair.
pub(super) fn groups(
    rows: usize,
    edges: &[Scored],
    confirm: Bits,
    limit: usize,
    weight: &(dyn Fn(u32, u32) -> Bits + Sync),
) -> Groups {
    let mut too_large = Vec::new();
    let mut ready = Vec::new();
    let mut waiting = vec![(confirm, components(rows, edges.iter().filter(|edge| edge.weight >= confirm)))];
    while let Some((cut, components)) = waiting.pop() {
        for component in components {
            if component.len() <= limit.max(2) {
                ready.push(component);
                continue;
            }
            if cut == confirm {
                too_large.push(component.len());
            }
            let within = |row: u32| component.binary_search(&row).ok();
            let higher = cut + STEP;
            let local: Vec<Scored> = edges
                .iter()
                .filter(|edge| edge.weight >= higher)
                .filter_map(|edge| {
                    let (left, right) = (within(edge.left)?, within(edge.right)?);
                    Some(Scored { left: dense(left), right: dense(right), ..*edge })
                })
                .collect();
            let parts = self::components(component.len(), local.iter());
            let named = parts.into_iter().map(|part| part.into_iter().map(|at| component[at as usize]).collect()).collect();
            waiting.push((higher, named));
        }
    }
    let mut groups: Vec<Vec<u32>> = ready
        .into_par_iter()
        .flat_map_iter(|component| split(component, confirm, weight))
        .filter(|group| group.len() > 1)
        .collect();
    groups.sort_unstable();
    too_large.sort_unstable();
    Groups { groups, too_large }
}

/// Connected rows, ascending, components by their first row; single rows are left out.
fn components<'e>(rows: usize, edges: impl Iterator<Item = &'e Scored>) -> Vec<Vec<u32>> {
    let mut root: Vec<u32> = (0..dense(rows)).collect();
    let mut touched = Vec::new();
    for edge in edges {
        let (one, other) = (find(&mut root, edge.left), find(&mut root, edge.right));
        root[one.max(other) as usize] = one.min(other);
        touched.extend([edge.left, edge.right]);
    }
    touched.sort_unstable();
    touched.dedup();
    let mut members: Vec<(u32, u32)> = touched.into_iter().map(|row| (find(&mut root, row), row)).collect();
    members.sort_unstable();
    members.chunk_by(|a, b| a.0 == b.0).map(|chunk| chunk.iter().map(|(_, row)| *row).collect()).collect()
}

fn find(root: &mut [u32], mut at: u32) -> u32 {
    while root[at as usize] != at {
        root[at as usize] = root[root[at as usize] as usize];
        at = root[at as usize];
    }
    at
}

/// Tells a component apart.
fn split(component: Vec<u32>, confirm: Bits, weight: &(dyn Fn(u32, u32) -> Bits + Sync)) -> Vec<Vec<u32>> {
    if component.len() == 2 {
        return vec![component];
    }
    let size = component.len();
    let mut pull = vec![vec![0i64; size]; size];
    for i in 0..size {
        for j in i + 1..size {
            let bits = (weight(component[i], component[j]) - confirm).max(AGAINST);
            pull[i][j] = i64::from(bits);
            pull[j][i] = i64::from(bits);
        }
    }
    let mut home: Vec<usize> = (0..size).collect();
    merge(&mut home, &pull);
    settle(&mut home, &pull);
    let mut groups: Vec<Vec<u32>> = vec![Vec::new(); size];
    for (at, row) in component.into_iter().enumerate() {
        groups[home[at]].push(row);
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// Merges the two groups that attract each other most, as long as any do; the first of equals wins.
fn merge(home: &mut [usize], pull: &[Vec<i64>]) {
    let mut between = pull.to_vec();
    let mut open: Vec<usize> = (0..home.len()).collect();
    loop {
        let mut best = (0, 0, 0);
        for (at, &one) in open.iter().enumerate() {
            for &other in &open[at + 1..] {
                if between[one][other] > best.0 {
                    best = (between[one][other], one, other);
                }
            }
        }
        let (gain, one, other) = best;
        if gain <= 0 {
            return;
        }
        for &third in &open {
            if third != one && third != other {
                let sum = between[one][third] + between[other][third];
                between[one][third] = sum;
                between[third][one] = sum;
            }
        }
        open.retain(|group| *group != other);
        for place in home.iter_mut() {
            if *place == other {
                *place = one;
            }
        }
    }
}

/// Moves single rows to where they are pulled more strongly, or out on their own.
fn settle(home: &mut [usize], pull: &[Vec<i64>]) {
    for _ in 0..ROUNDS {
        let mut moved = false;
        for row in 0..home.len() {
            let mut sums = vec![0i64; home.len()];
            for other in 0..home.len() {
                if other != row {
                    sums[home[other]] += pull[row][other];
                }
            }
            let alone = (0..home.len()).find(|group| home.iter().enumerate().all(|(at, place)| at == row || place != group));
            let best = (0..home.len()).max_by_key(|group| (sums[*group], usize::MAX - group)).unwrap_or(home[row]);
            let target = if sums[best] >= 0 { best } else { alone.unwrap_or(home[row]) };
            if sums[target] > sums[home[row]] {
                home[row] = target;
                moved = true;
            }
        }
        if !moved {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CONFIRM: Bits = 2 * 1024;

    fn grouped(size: usize, weights: &[((u32, u32), i32)], limit: usize) -> Groups {
        let edges: Vec<Scored> =
            weights.iter().map(|&((left, right), bits)| Scored { left, right, weight: bits * 1024, rule: 0 }).collect();
        let weight_of: std::collections::BTreeMap<(u32, u32), Bits> =
            weights.iter().map(|&(pair, bits)| (pair, bits * 1024)).collect();
        groups(size, &edges, CONFIRM, limit, &|a, b| weight_of.get(&(a.min(b), a.max(b))).copied().unwrap_or(-20 * 1024))
    }

    #[test]
    fn a_chain_of_look_alikes_is_no_person() {
        // 0-1-2-3, each alike to the next only.
        let chain = [((0, 1), 9), ((1, 2), 3), ((2, 3), 9)];
        assert_eq!(grouped(4, &chain, 100).groups, [[0, 1], [2, 3]]);
    }

    #[test]
    fn copies_that_agree_with_the_original_more_than_with_each_other_stay() {
        let star = [((0, 1), 20), ((0, 2), 15), ((1, 2), -5)];
        assert_eq!(grouped(3, &star, 100).groups, [[0, 1, 2]]);
    }

    #[test]
    fn what_is_too_large_is_cut_and_told() {
        let long: Vec<((u32, u32), i32)> = (0..9).map(|at| ((at, at + 1), if at % 2 == 0 { 30 } else { 3 })).collect();
        let cut = grouped(10, &long, 4);
        assert_eq!(cut.too_large, [10]);
        assert_eq!(cut.groups, [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]);
    }

    proptest! {
        #[test]
        fn order_of_edges_does_not_matter(weights in proptest::collection::btree_map((0u32..6, 6u32..12), -8i32..12, 1..25)) {
            let forward: Vec<_> = weights.into_iter().collect();
            let backward: Vec<_> = forward.iter().rev().copied().collect();
            prop_assert_eq!(grouped(12, &forward, 100).groups, grouped(12, &backward, 100).groups);
        }
    }
}
