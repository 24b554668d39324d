//! Keys as machine words: text hashed once, words spread, maps that hash no second time. Fixed for ever, so that results are.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// Spreads the bits of a word (the finaliser of SplitMix64).
pub(super) fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// A key of two parts.
pub(super) fn pair(left: u64, right: u64) -> u64 {
    mix(left.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ mix(right.wrapping_add(1)))
}

/// A key of a text; never 0, so that 0 can say "none".
pub(super) fn text(text: &str) -> u64 {
    let mut key = text.len() as u64;
    let mut take = |word: u64| key = mix(key ^ word).wrapping_add(0x9e37_79b9_7f4a_7c15);
    let (chunks, rest) = text.as_bytes().as_chunks::<8>();
    for chunk in chunks {
        take(u64::from_be_bytes(*chunk));
    }
    if !rest.is_empty() {
        take(rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    }
    key.max(1)
}

/// Takes a key that is spread already, or spreads a word.
#[derive(Default)]
pub(super) struct WordHasher(u64);

impl Hasher for WordHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = mix(self.0 ^ u64::from(*byte));
        }
    }
    fn write_u32(&mut self, word: u32) {
        self.0 = mix(self.0 ^ u64::from(word));
    }
    fn write_u64(&mut self, word: u64) {
        self.0 = mix(self.0 ^ word);
    }
}

/// A map by word; never iterated.
pub(super) type WordMap<V> = HashMap<u64, V, BuildHasherDefault<WordHasher>>;
/// A set of words; never iterated.
pub(super) type WordSet = HashSet<u64, BuildHasherDefault<WordHasher>>;

#[cfg(test)]
mod tests {
    #[test]
    fn keys_of_texts_stay_what_they_were() {
        assert_eq!(super::text(""), 1);
        assert_eq!(super::text("张"), 0xed0b_e807_e48a_4556);
        assert_eq!(super::text("52032419"), 0xccff_6af6_cf89_f01e);
        assert_eq!(super::text("520324199003071234"), 0xf6ec_1984_49cd_588c);
    }
}
