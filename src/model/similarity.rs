//! How alike two strings are: the classical measures, bounded, without allocation for words of ordinary length.
//!
//! Takes slices of symbols (characters or bytes). [`distance`] is the restricted Damerau-Levenshtein distance up to a limit,
//! [`jaro_winkler`] the similarity as strsim defines it. [`Outline`] is a word's letters as a bit set, from which most strangers are told apart
//! before any table is filled.

/// Words up to this many symbols are compared on the stack.
const WIDTH: usize = 64;

/// How far two words are apart, counting a wrong, missing, added or swapped symbol as one each (restricted Damerau-Levenshtein);
/// `limit + 1` stands for everything above `limit`.
#[must_use]
pub fn distance<T: Copy + PartialEq>(left: &[T], right: &[T], limit: u8) -> u8 {
    let far = limit.saturating_add(1);
    if left.len().abs_diff(right.len()) >= usize::from(far) {
        return far;
    }
    // What is common at both ends costs nothing and never helps elsewhere.
    let head = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let (left, right) = (left.get(head..).unwrap_or(&[]), right.get(head..).unwrap_or(&[]));
    let tail = left.iter().rev().zip(right.iter().rev()).take_while(|(a, b)| a == b).count();
    let (left, right) = (left.get(..left.len() - tail).unwrap_or(&[]), right.get(..right.len() - tail).unwrap_or(&[]));
    if limit <= 1 {
        return match (left, right) {
            ([], []) => 0,
            ([_], [] | [_]) | ([], [_]) => far.min(1),
            ([a, b], [c, d]) if a == d && b == c => far.min(1),
            _ => far,
        };
    }
    if right.len() < WIDTH {
        let mut rows = [[0u8; WIDTH]; 3];
        let [one, two, three] = &mut rows;
        fill(left, right, far, [one, two, three])
    } else {
        let mut rows = vec![vec![0u8; right.len() + 1]; 3];
        match rows.as_mut_slice() {
            [one, two, three] => fill(left, right, far, [one, two, three]),
            _ => far,
        }
    }
}

/// Three rows of the table, each longer than `right`; values above `far` are cut to it, so a byte is enough.
fn fill<T: Copy + PartialEq>(left: &[T], right: &[T], far: u8, rows: [&mut [u8]; 3]) -> u8 {
    let [mut before, mut last, mut now] = rows;
    for (column, cell) in last.iter_mut().enumerate().take(right.len() + 1) {
        *cell = cut(column, far);
    }
    for (i, a) in left.iter().enumerate() {
        now[0] = cut(i + 1, far);
        let mut lowest = now[0];
        for (j, b) in right.iter().enumerate() {
            let mut cost = (last[j] + u8::from(a != b)).min(last[j + 1] + 1).min(now[j] + 1);
            if i > 0 && j > 0 && left[i - 1] == *b && *a == right[j - 1] {
                cost = cost.min(before[j - 1] + 1);
            }
            now[j + 1] = cost.min(far);
            lowest = lowest.min(cost);
        }
        if lowest >= far {
            return far;
        }
        (before, last, now) = (last, now, before);
    }
    last[right.len()].min(far)
}

fn cut(value: usize, far: u8) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX).min(far)
}

/// The Jaro-Winkler similarity: 1 for equal words, the bonus for up to four common first symbols only above 0.7.
#[must_use]
pub fn jaro_winkler<T: Copy + PartialEq>(left: &[T], right: &[T]) -> f64 {
    let jaro = jaro(left, right);
    if jaro <= 0.7 {
        return jaro;
    }
    let prefix = left.iter().zip(right).take(4).take_while(|(a, b)| a == b).count();
    jaro + 0.1 * whole(prefix) * (1.0 - jaro)
}

fn jaro<T: Copy + PartialEq>(left: &[T], right: &[T]) -> f64 {
    if left.is_empty() || right.is_empty() {
        return if left.len() == right.len() { 1.0 } else { 0.0 };
    }
    let range = (left.len().max(right.len()) / 2).saturating_sub(1);
    if left.len() <= 64 && right.len() <= 64 {
        let (mut taken_left, mut taken_right) = (0u64, 0u64);
        for (i, a) in left.iter().enumerate() {
            for (j, b) in right.iter().enumerate().take(i + range + 1).skip(i.saturating_sub(range)) {
                if a == b && taken_right >> j & 1 == 0 {
                    taken_left |= 1 << i;
                    taken_right |= 1 << j;
                    break;
                }
            }
        }
        return agreement(left, right, |at| taken_left >> at & 1 == 1, |at| taken_right >> at & 1 == 1);
    }
    let (mut taken_left, mut taken_right) = (vec![false; left.len()], vec![false; right.len()]);
    for (i, a) in left.iter().enumerate() {
        for (j, b) in right.iter().enumerate().take(i + range + 1).skip(i.saturating_sub(range)) {
            if a == b && !taken_right[j] {
                taken_left[i] = true;
                taken_right[j] = true;
                break;
            }
        }
    }
    agreement(left, right, |at| taken_left[at], |at| taken_right[at])
}

/// The similarity that belongs to the symbols taken on both sides.
fn agreement<T: Copy + PartialEq>(
    left: &[T],
    right: &[T],
    is_taken_left: impl Fn(usize) -> bool,
    is_taken_right: impl Fn(usize) -> bool,
) -> f64 {
    let (mut matches, mut crossed, mut next) = (0usize, 0usize, 0usize);
    for (i, a) in left.iter().enumerate().filter(|(i, _)| is_taken_left(*i)) {
        debug_assert!(i < left.len());
        while next < right.len() && !is_taken_right(next) {
            next += 1;
        }
        matches += 1;
        crossed += usize::from(right.get(next) != Some(a));
        next += 1;
    }
    if matches == 0 {
        return 0.0;
    }
    let count = whole(matches);
    (count / whole(left.len()) + count / whole(right.len()) + (whole(matches - crossed / 2)) / count) / 3.0
}

/// Lengths of words, which fit 32 bits.
fn whole(value: usize) -> f64 {
    f64::from(u32::try_from(value).unwrap_or(u32::MAX))
}

/// Which symbols a word has, as 64 bits by symbol modulo 64, and its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outline {
    symbols: u64,
    length: u32,
}

impl Outline {
    /// Of a word.
    #[must_use]
    pub fn of(word: &[char]) -> Self {
        let symbols = word.iter().fold(0, |bits, symbol| bits | 1u64 << (u32::from(*symbol) % 64));
        Self { symbols, length: u32::try_from(word.len()).unwrap_or(u32::MAX) }
    }

    /// Symbols that one of the two must lose or change at least.
    fn foreign(self, other: Self) -> (u32, u32) {
        ((self.symbols & !other.symbols).count_ones(), (other.symbols & !self.symbols).count_ones())
    }

    /// Whether the distance may be within `limit`; `false` is certain.
    #[must_use]
    pub fn may_be_within(self, other: Self, limit: u8) -> bool {
        let (mine, others) = self.foreign(other);
        mine.max(others).max(self.length.abs_diff(other.length)) <= u32::from(limit)
    }

    /// Whether the Jaro-Winkler similarity may reach `least`; `false` is certain.
    #[must_use]
    pub fn may_reach(self, other: Self, least: f64) -> bool {
        let (mine, others) = self.foreign(other);
        let matches = self.length.saturating_sub(mine).min(other.length.saturating_sub(others));
        if matches == 0 {
            return least <= 0.0 || self.length == 0 && other.length == 0;
        }
        let count = f64::from(matches);
        let jaro = (count / f64::from(self.length) + count / f64::from(other.length) + 1.0) / 3.0;
        // Rounding must not turn away a word that reaches it exactly.
        (if jaro > 0.7 { jaro + 0.4 * (1.0 - jaro) } else { jaro }) >= least - 1e-9
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn symbols(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    proptest! {
        #[test]
        fn distances_agree_with_an_oracle(left in "[a-d王李]{0,80}", right in "[a-d王李]{0,80}", short in "[a-c]{0,7}", other in "[a-c]{0,7}", limit in 0u8..8) {
            for (left, right) in [(&left, &right), (&short, &other)] {
                let expected = strsim::osa_distance(left, right).min(usize::from(limit) + 1);
                let (left, right) = (symbols(left), symbols(right));
                prop_assert_eq!(usize::from(distance(&left, &right, limit)), expected);
                if !Outline::of(&left).may_be_within(Outline::of(&right), limit) {
                    prop_assert!(expected > usize::from(limit));
                }
            }
        }

        #[test]
        fn similarities_agree_with_an_oracle(left in "[a-f王李]{0,80}", right in "[a-f王李]{0,80}", short in "[a-e]{0,9}", other in "[a-e]{0,9}", least in 0.5f64..1.0) {
            for (left, right) in [(&left, &right), (&short, &other)] {
                let expected = strsim::jaro_winkler(left, right);
                let (left, right) = (symbols(left), symbols(right));
                prop_assert!((jaro_winkler(&left, &right) - expected).abs() < 1e-12);
                if !Outline::of(&left).may_reach(Outline::of(&right), least) {
                    prop_assert!(expected < least);
                }
            }
        }
    }

    #[test]
    fn by_example() {
        assert_eq!(distance(b"martha", b"marhta", 3), 1);
        assert_eq!(distance(b"kitten", b"sitting", 3), 3);
        assert_eq!(distance(b"kitten", b"sitting", 1), 2);
        assert!((jaro_winkler(b"martha", b"marhta") - 0.961_111).abs() < 1e-6);
        assert!((jaro_winkler(b"", b"") - 1.0).abs() < f64::EPSILON);
    }
}
