//! Levels → bits. Weights are fixed-point (1/1024 bit), so that parts sum to the whole exactly on every machine.

use super::levels::{COMPARISONS, Levels, MISSING, NAME};
use super::roster::{Record, Roster};
use crate::config::link::{LinkModel, Odds};

/// One bit. Chosen: ten rounded parts err by 1/200 bit together at the most.
pub(super) const BIT: f64 = 1024.0;
/// No name is rarer than this: a share below it says the run is small, not the name rare. Chosen: a name gives
/// 20 bits at the most.
const RAREST: f64 = 1e-6;

/// A weight in 1/1024 bit.
pub(super) type Bits = i32;

/// Weights of one layer.
#[derive(Clone, Debug)]
pub(super) struct Weights {
    /// Odds before any comparison.
    pub prior: Bits,
    /// m and u by comparison and level.
    pub odds: [Vec<Odds>; COMPARISONS],
    bits: [Vec<Bits>; COMPARISONS],
}

impl Weights {
    /// The priors of the model.
    pub(super) fn shipped(model: &LinkModel) -> Self {
        let odds = model.odds.clone();
        let mut weights = Self { prior: 0, odds, bits: Default::default() };
        weights.settle();
        weights
    }

    /// Recomputes bits after the odds changed.
    pub(super) fn settle(&mut self) {
        for (bits, odds) in self.bits.iter_mut().zip(&self.odds) {
            *bits = odds.iter().map(|odds| to_bits(odds.m / odds.u)).collect();
        }
    }

    /// The bits of one comparison.
    fn part(&self, roster: &Roster, levels: Levels, comparison: usize, right: &Record, left: &Record) -> Bits {
        let level = levels.0[comparison];
        if level == MISSING {
            return 0;
        }
        let level = usize::from(level);
        if comparison == NAME && (level == 0 || level == 2) {
            // Term frequency: agreeing on a rare name says more.
            let share = |record: &Record| {
                roster.name_of(record).map_or(1.0, |name| if level == 0 { name.share } else { name.sound_share })
            };
            let u = share(right).max(share(left)).max(RAREST);
            return self.odds[comparison].get(level).map_or(0, |odds| to_bits(odds.m / u));
        }
        self.bits[comparison].get(level).copied().unwrap_or(0)
    }

    /// The weight of a pair.
    pub(super) fn weight(&self, roster: &Roster, levels: Levels, right: &Record, left: &Record) -> Bits {
        (0..COMPARISONS).fold(self.prior, |sum, comparison| sum + self.part(roster, levels, comparison, right, left))
    }

    /// The bits of a level, without what the rarity of a name adds.
    pub(super) fn bits(&self, comparison: usize, level: usize) -> Bits {
        self.bits[comparison].get(level).copied().unwrap_or(0)
    }
}

/// A likelihood ratio in 1/1024 bit.
#[expect(clippy::cast_possible_truncation, reason = "clamped to 64 bits either way")]
pub(super) fn to_bits(ratio: f64) -> Bits {
    (ratio.log2().clamp(-64.0, 64.0) * BIT).round() as Bits
}

/// Bits as stage files hold them.
#[expect(clippy::cast_possible_truncation, reason = "exact: below 2^24 steps of 1/1024")]
pub(super) fn to_f32(bits: Bits) -> f32 {
    (f64::from(bits) / BIT) as f32
}

/// The probability that belongs to a weight.
#[expect(clippy::cast_possible_truncation, reason = "a probability needs seven digits")]
pub(super) fn probability(bits: Bits) -> f32 {
    (1.0 / (1.0 + (-f64::from(bits) / BIT).exp2())) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_by_hand() {
        assert_eq!(to_bits(8.0), 3 * 1024);
        assert!((probability(to_bits(127.0)) - 127.0 / 128.0).abs() < 1e-4);
        assert!((to_f32(-1536) + 1.5).abs() < f32::EPSILON);
    }
}
