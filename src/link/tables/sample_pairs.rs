//! What the fit looks at: level patterns of random pairs and of candidate pairs, counted.
//!
//! Pairs are picked by a hash of their canonical positions, never by a clock, a thread or a row number: the same tables give the same
//! sample in any order. Cost: bounded by the model's `[fit]`, whatever the size of the tables.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use rayon::prelude::*;

use super::block::{Candidates, Prediction};
use super::compare::Pattern;
use super::fit::{Counts, Evidence};
use super::score::Scorer;
use super::store::Store;
use crate::config::tables::{TablesModel, Task};
use crate::link::hash::{self, WordHasher};
use crate::link::position::dense;

type Tally = HashMap<Pattern, u64, BuildHasherDefault<WordHasher>>;

/// Random pairs that one thread draws in a row. Chosen for time.
const DRAWS: u64 = 8192;

pub(super) fn sample_pairs(
    store: &Store,
    model: &TablesModel,
    scorer: &Scorer,
    candidates: &Candidates,
    predictions: &[Prediction],
) -> Evidence {
    let (left, total) = (u64::from(store.left), u64::from(dense(store.len())));
    let all_pairs = match model.task {
        Task::Link => left * (total - left),
        Task::Deduplicate | Task::ByFiles => total * total.saturating_sub(1) / 2,
    };
    let most_matches = match model.task {
        Task::Link => left.min(total - left),
        // Everybody many times would be no table of persons; half of the pairs of groups of ten is far beyond any.
        Task::Deduplicate | Task::ByFiles => total * 5,
    };
    let mut per_rule = Vec::new();
    let mut all = Tally::default();
    let mut scaled: Vec<(Tally, f64)> = Vec::new();
    for (rule, prediction) in predictions.iter().enumerate() {
        let share = (as_f64(model.fit.pairs_per_rule) / as_f64(prediction.pairs.max(1))).min(1.0);
        let limit = threshold(share);
        let tallies = candidates.pairs(
            rule,
            || (Tally::default(), Tally::default()),
            |left, right| hash::pair(u64::from(left), u64::from(right)) <= limit,
            |(seen, first), left, right, is_first| {
                let pattern = scorer.pattern(store, model, left, right);
                *seen.entry(pattern).or_default() += 1;
                if is_first {
                    *first.entry(pattern).or_default() += 1;
                }
            },
        );
        let (mut seen, mut first) = (Tally::default(), Tally::default());
        for (part_seen, part_first) in tallies {
            add(&mut seen, part_seen);
            add(&mut first, part_first);
        }
        per_rule.push(counts(&seen, 1.0));
        if share < 1.0 { scaled.push((first, 1.0 / share)) } else { add(&mut all, first) }
    }
    let mut merged = counts(&all, 1.0);
    for (tally, factor) in &scaled {
        merged.extend(counts(tally, *factor));
    }
    merged.sort_unstable_by_key(|(pattern, _)| *pattern);
    let mut candidates: Counts = Vec::with_capacity(merged.len());
    for (pattern, count) in merged {
        match candidates.last_mut() {
            Some(last) if last.0 == pattern => last.1 += count,
            _ => candidates.push((pattern, count)),
        }
    }
    Evidence {
        random: random(store, model, scorer, all_pairs),
        per_rule,
        candidates,
        all_pairs: as_f64(all_pairs),
        most_matches: as_f64(most_matches),
    }
}

/// Random pairs; all of them where there are no more than asked for.
fn random(store: &Store, model: &TablesModel, scorer: &Scorer, all_pairs: u64) -> Counts {
    let (left, total) = (u64::from(store.left), u64::from(dense(store.len())));
    let wanted = model.fit.random_pairs;
    let exhaustive = all_pairs <= wanted;
    let draws = wanted.min(all_pairs);
    let pick = |draw: u64| -> Option<(u64, u64)> {
        match (model.task, exhaustive) {
            (Task::Link, true) => Some((draw / (total - left), left + draw % (total - left))),
            (Task::Link, false) => Some((hash::mix(2 * draw + 1) % left, left + hash::mix(2 * draw + 2) % (total - left))),
            (_, true) => Some(triangle(draw)),
            (_, false) => {
                let (one, other) = (hash::mix(2 * draw + 1) % total, hash::mix(2 * draw + 2) % total);
                (one != other).then_some((one.min(other), one.max(other)))
            }
        }
    };
    let tallies: Vec<Tally> = (0..draws.div_ceil(DRAWS))
        .into_par_iter()
        .map(|chunk| {
            let mut tally = Tally::default();
            for draw in chunk * DRAWS..((chunk + 1) * DRAWS).min(draws) {
                if let Some((one, other)) = pick(draw) {
                    let pattern = scorer.pattern(store, model, row(one), row(other));
                    *tally.entry(pattern).or_default() += 1;
                }
            }
            tally
        })
        .collect();
    let mut whole = Tally::default();
    for tally in tallies {
        add(&mut whole, tally);
    }
    counts(&whole, 1.0)
}

/// The `n`-th pair of a triangle: (0, 1), (0, 2), (1, 2), (0, 3), …
fn triangle(n: u64) -> (u64, u64) {
    // The largest column whose pairs all come before n.
    let mut column = (2 * n + 1).isqrt();
    while column * (column + 1) / 2 > n {
        column -= 1;
    }
    while (column + 1) * (column + 2) / 2 <= n {
        column += 1;
    }
    (n - column * (column + 1) / 2, column + 1)
}

fn row(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn add(whole: &mut Tally, part: Tally) {
    #[expect(clippy::iter_over_hash_type, reason = "sums do not depend on the order")]
    for (pattern, count) in part {
        *whole.entry(pattern).or_default() += count;
    }
}

fn counts(tally: &Tally, factor: f64) -> Counts {
    let mut counts: Vec<(Pattern, u64)> = tally.iter().map(|(pattern, count)| (*pattern, *count)).collect();
    counts.sort_unstable();
    counts.into_iter().map(|(pattern, count)| (pattern, as_f64(count) * factor)).collect()
}

/// Hashes up to this are a share of all.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a hash's range needs no last bit"
)]
fn threshold(share: f64) -> u64 {
    if share >= 1.0 { u64::MAX } else { (share * u64::MAX as f64) as u64 }
}

#[expect(clippy::cast_precision_loss, reason = "pair counts stay far below 2^53")]
pub(super) fn as_f64(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_triangle_has_every_pair_once() {
        let pairs: Vec<_> = (0..15).map(triangle).collect();
        let expected: Vec<_> = (1..6u64).flat_map(|b| (0..b).map(move |a| (a, b))).collect();
        assert_eq!(pairs, expected);
    }
}
