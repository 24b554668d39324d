//! Reproducible chance. A stream is opened by what it decides (seed, purpose, person…), so that a decision stays the
//! same whatever else is generated around it: a registry keeps its typing mistakes from month to month.

/// Share of last month's gaps that are still open.
pub(super) const STILL_OPEN: f64 = 0.65;
/// Share of gaps that open anew each month after the first.
pub(super) const NEW_EACH_MONTH: f64 = 0.3;

/// SplitMix64 (Steele, Lea, Flood 2014): 64 bits of state, passes `BigCrush`, and any seed is as good as another.
pub(super) struct Random(u64);

impl Random {
    /// The stream of one decision; `key` names it.
    pub(super) fn keyed(seed: u64, key: &[u64]) -> Self {
        let mut stream = Self(seed);
        for &part in key {
            stream.0 = stream.next() ^ part.wrapping_mul(0xD6E8_FEB8_6659_FD93);
        }
        stream
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn word(&mut self) -> u32 {
        u32::try_from(self.next() >> 32).unwrap_or(u32::MAX)
    }

    /// A number in `0..end`; 0 when `end` is 0.
    pub(super) fn below(&mut self, end: u32) -> u32 {
        u32::try_from((u64::from(self.word()) * u64::from(end)) >> 32).unwrap_or(0)
    }

    /// A number in `low..=high`.
    pub(super) fn between(&mut self, low: i32, high: i32) -> i32 {
        low + i32::try_from(self.below(u32::try_from(high - low + 1).unwrap_or(0))).unwrap_or(0)
    }

    /// True with `probability`.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        f64::from(self.word()) < probability * 4_294_967_296.0
    }

    /// In `[0, 1)`.
    pub(super) fn unit(&mut self) -> f64 {
        f64::from(self.word()) / 4_294_967_296.0
    }

    /// One of `choices`, which must not be empty.
    pub(super) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        let position = self.below(u32::try_from(choices.len()).unwrap_or(u32::MAX));
        choices[position as usize]
    }

    /// One of `choices` by weight; the choices must not be empty.
    pub(super) fn weighted<T: Copy>(&mut self, choices: &[(T, u32)]) -> T {
        let mut left = self.below(choices.iter().map(|choice| choice.1).sum());
        for &(value, weight) in choices {
            if left < weight {
                return value;
            }
            left -= weight;
        }
        choices[0].0
    }

    /// `count` of `values` (all when there are fewer), in their old order.
    pub(super) fn sample(&mut self, mut values: Vec<u32>, count: usize) -> Vec<u32> {
        let count = count.min(values.len());
        for position in 0..count {
            let rest = u32::try_from(values.len() - position).unwrap_or(u32::MAX);
            values.swap(position, position + self.below(rest) as usize);
        }
        values.truncate(count);
        values.sort_unstable();
        values
    }
}

/// Whether a gap of this kind (a number of its own) is open for the person in `month`: it befalls a `share` of people in the
/// first month, fewer anew in later ones, and most of the open ones stay open.
pub(super) fn befalls(seed: u64, month: u32, kind: u64, pid: u32, share: f64) -> bool {
    (0..=month).fold(false, |open, at| {
        let mut random = Random::keyed(seed, &[33, kind, u64::from(pid), u64::from(at)]);
        let share = if at == 0 { share } else { share * NEW_EACH_MONTH };
        random.chance(if open { STILL_OPEN } else { share })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ_by_key() {
        let draw = |key: &[u64]| Random::keyed(7, key).below(1_000_000);
        assert_eq!(draw(&[1, 2]), draw(&[1, 2]));
        assert_ne!(draw(&[1, 2]), draw(&[2, 1]));
    }

    #[test]
    fn a_sample_has_no_repeats() {
        let mut sample = Random::keyed(1, &[]).sample((0..100).collect(), 40);
        sample.dedup();
        assert_eq!(sample.len(), 40);
    }
}
