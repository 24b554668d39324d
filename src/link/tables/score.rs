//! Shares → bits, rows → weight. Fixed point as everywhere in linking, so that parts sum to the whole exactly.

use rayon::prelude::*;

use super::compare::{Comparer, MISSING, Pattern};
use super::store::Store;
use crate::config::tables::{Comparison, TablesModel};
use crate::link::position::NONE;
use crate::link::weights::{Bits, to_bits};

/// Share of matches and of others, per level, `else` last.
pub(super) type Shares = Vec<(f64, f64)>;
/// A value's share is learned against this many rows that are distributed as everybody is. Chosen: a value seen twenty times
/// speaks as much for itself as all others do for it.
const SHRINKAGE: f64 = 20.0;

/// m and u of every level, and the prior.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parameters {
    /// Probability that two records taken at random match.
    pub(super) prior: f64,
    /// Per comparison.
    pub(super) shares: Vec<Shares>,
}

impl Parameters {
    /// What the model says before anything was learned.
    pub(super) fn shipped(model: &TablesModel, prior: f64) -> Self {
        let shares = model
            .comparisons
            .iter()
            .map(|comparison| {
                let mut shares: Shares = comparison.levels.iter().map(|level| (level.m, level.u)).collect();
                shares.push(comparison.otherwise);
                let sum = shares.iter().fold((0.0, 0.0), |(m, u), share| (m + share.0, u + share.1));
                shares.iter().map(|(m, u)| (m / sum.0, u / sum.1)).collect()
            })
            .collect();
        Self { prior, shares }
    }
}

/// How much more an agreement on this value says than one on any value, per distinct value, in bits.
struct Rarity {
    /// Position within the comparison's fields.
    at: usize,
    bits: Vec<Bits>,
}

/// Weighs pairs of rows.
pub(super) struct Scorer {
    comparers: Vec<Comparer>,
    /// Combinations of every comparison, row by row.
    ids: Vec<u32>,
    rarities: Vec<Vec<Rarity>>,
    prior: Bits,
    bits: Vec<Vec<Bits>>,
    /// Comparisons in the order they are asked, each with the most that those after it can add.
    order: Vec<(usize, Bits)>,
}

/// A pair with its weight and the rule that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Scored {
    pub(super) left: u32,
    pub(super) right: u32,
    pub(super) weight: Bits,
    pub(super) rule: u8,
}

/// One bar of a pair: comparison, level, bits of the level, bits of term frequency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) comparison: usize,
    pub(super) level: u8,
    pub(super) bits: Bits,
    pub(super) rarity: Bits,
}

impl Scorer {
    /// With the model's own shares; [`Scorer::settle`] puts in what was learned.
    pub(super) fn new(store: &Store, model: &TablesModel) -> Self {
        let comparers: Vec<Comparer> = model.comparisons.par_iter().map(|comparison| Comparer::new(store, comparison)).collect();
        let mut ids = Vec::with_capacity(store.len() * comparers.len());
        for row in 0..store.len() {
            ids.extend(comparers.iter().map(|comparer| comparer.ids[row]));
        }
        let rarities = model.comparisons.iter().map(|comparison| rarities(store, comparison)).collect();
        Self { comparers, ids, rarities, prior: 0, bits: Vec::new(), order: Vec::new() }
    }

    /// Takes shares over.
    pub(super) fn settle(&mut self, model: &TablesModel, parameters: &Parameters) {
        self.prior = to_bits(parameters.prior / (1.0 - parameters.prior));
        self.bits = parameters.shares.iter().map(|shares| shares.iter().map(|(m, u)| to_bits(m / u)).collect()).collect();
        let most = |at: usize| {
            let rarest: Bits = self.rarities[at].iter().map(|rarity| rarity.bits.iter().copied().max().unwrap_or(0).max(0)).sum();
            self.bits[at].iter().copied().max().unwrap_or(0).max(0) + rarest
        };
        let mut order: Vec<usize> = (0..model.comparisons.len()).collect();
        // What is cheap to ask and can cost the most comes first.
        order.sort_by_key(|&at| (model.comparisons[at].levels.len() > 2, self.bits[at].last().copied().unwrap_or(0), at));
        let mut rest = 0;
        let mut ordered: Vec<(usize, Bits)> = Vec::new();
        for &at in order.iter().rev() {
            ordered.push((at, rest));
            rest += most(at);
        }
        ordered.reverse();
        self.order = ordered;
    }

    fn combinations(&self, row: u32) -> &[u32] {
        let width = self.comparers.len();
        self.ids.get(row as usize * width..(row as usize + 1) * width).unwrap_or(&[])
    }

    fn level(&self, store: &Store, model: &TablesModel, at: usize, left: u32, right: u32) -> u8 {
        if left == NONE || right == NONE {
            return MISSING;
        }
        self.comparers[at].level(store, &model.comparisons[at], left, right)
    }

    /// Levels of all comparisons.
    pub(super) fn pattern(&self, store: &Store, model: &TablesModel, left: u32, right: u32) -> Pattern {
        let (left, right) = (self.combinations(left), self.combinations(right));
        (0..self.comparers.len())
            .fold(0, |pattern, at| pattern | Pattern::from(self.level(store, model, at, left[at], right[at])) << (4 * at))
    }

    /// The weight of a pair, or `None` as soon as it can no longer reach `least`.
    pub(super) fn weight(&self, store: &Store, model: &TablesModel, left: u32, right: u32, least: Bits) -> Option<Bits> {
        let (left, right) = (self.combinations(left), self.combinations(right));
        let mut sum = self.prior;
        for &(at, rest) in &self.order {
            let level = self.level(store, model, at, left[at], right[at]);
            if level != MISSING {
                sum += self.bits[at].get(usize::from(level)).copied().unwrap_or(0);
                sum += self.rarity(model, at, level, left[at], right[at]);
            }
            if sum + rest < least {
                return None;
            }
        }
        Some(sum)
    }

    /// The bars of a pair; with the prior they sum to its weight.
    pub(super) fn bars(&self, store: &Store, model: &TablesModel, left: u32, right: u32) -> Vec<Bar> {
        let (left, right) = (self.combinations(left), self.combinations(right));
        (0..self.comparers.len())
            .map(|at| {
                let level = self.level(store, model, at, left[at], right[at]);
                let bits = if level == MISSING { 0 } else { self.bits[at].get(usize::from(level)).copied().unwrap_or(0) };
                let rarity = if level == MISSING { 0 } else { self.rarity(model, at, level, left[at], right[at]) };
                Bar { comparison: at, level, bits, rarity }
            })
            .collect()
    }

    /// Odds before any comparison.
    pub(super) fn prior(&self) -> Bits {
        self.prior
    }

    /// Term frequency: the commoner of the two values counts.
    fn rarity(&self, model: &TablesModel, at: usize, level: u8, left: u32, right: u32) -> Bits {
        let rarities = &self.rarities[at];
        if rarities.is_empty() {
            return 0;
        }
        let Some(level) = model.comparisons[at].levels.get(usize::from(level)) else { return 0 };
        let (left, right) = (self.comparers[at].values(left), self.comparers[at].values(right));
        rarities
            .iter()
            .zip(&level.term_frequency)
            .filter(|(_, factor)| **factor > 0.0)
            .map(|(rarity, factor)| {
                let of = |values: &[u32]| rarity.bits.get(values[rarity.at] as usize).copied();
                match (of(left), of(right)) {
                    (Some(one), Some(other)) => scaled(one.min(other), *factor),
                    _ => 0,
                }
            })
            .sum()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "smaller in size than the bits it comes from")]
fn scaled(bits: Bits, factor: f64) -> Bits {
    (f64::from(bits) * factor).round() as Bits
}

/// Shares of values among all rows, shrunk to how often two rows agree by chance.
fn rarities(store: &Store, comparison: &Comparison) -> Vec<Rarity> {
    comparison
        .term_frequency
        .iter()
        .map(|&at| {
            let column = &store.columns[comparison.on[at]];
            let mut counts = vec![0u32; column.distinct()];
            for &id in column.ids.iter().filter(|id| **id != NONE) {
                counts[id as usize] += 1;
            }
            let rows: f64 = counts.iter().map(|count| f64::from(*count)).sum();
            // Summed by size: the order of values is that of the files.
            let mut sorted = counts.clone();
            sorted.sort_unstable();
            let chance: f64 = sorted.iter().map(|count| (f64::from(*count) / rows.max(1.0)).powi(2)).sum();
            let chance = chance.max(1e-9);
            let share = |count: &u32| (f64::from(*count) + SHRINKAGE * chance) / (rows + SHRINKAGE);
            Rarity { at, bits: counts.iter().map(|count| to_bits(chance / share(count))).collect() }
        })
        .collect()
}
