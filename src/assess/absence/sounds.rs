//! The sounds of a name as bits: two names that are near share one, so most strangers are told apart by one operation.
//!
//! Takes names as written; gives a set of bits that can only be too large. [`super::likeness::nearness`] of two names whose sets are
//! disjoint is `None`. Costs a table look-up per character; the table of all common characters is made once per process.

use std::sync::LazyLock;

use super::names::kin_of;
use crate::model::identity::name::{COMMON, folded_characters, is_mask, is_unknown, readings, simplified};

/// See the module's documentation.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sounds(u128);

impl Sounds {
    /// All of them, for who says whose child somebody is and no name.
    pub(super) const ANY: Self = Self(u128::MAX);

    /// Of everything that a cell of names may mean: characters that are hidden or unknown sound like any other.
    pub(super) fn of(written: &str) -> Self {
        if written.chars().all(is_plain) && written.chars().nth(3).is_none() {
            return Self(written.chars().fold(0, |bits, character| bits | bits_of(character)));
        }
        let any = |character: char| is_mask(character) || is_unknown(character) || character.is_ascii_alphabetic();
        if written.chars().any(any) || written.len() >= 9 && kin_of(written, None).is_some() {
            return Self::ANY;
        }
        // What stands in brackets may be another name of the same person.
        let brackets = ['(', ')', '（', '）', '[', ']', '【', '】', '〔', '〕', '<', '>'];
        let parts = written.split(brackets).flat_map(folded_characters);
        Self(parts.fold(0, |bits, character| bits | bits_of(character)))
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Whether it stays as it is when names are folded, but for another form of the same character.
fn is_plain(character: char) -> bool {
    COMMON.contains(&character) && !is_mask(character)
}

fn bits_of(character: char) -> u128 {
    static TABLE: LazyLock<Vec<u128>> = LazyLock::new(|| COMMON.map(simplified).map(read).collect());
    let at = u32::from(character).checked_sub(u32::from(*COMMON.start()));
    at.and_then(|at| TABLE.get(at as usize).copied()).unwrap_or_else(|| read(character))
}

/// A bit per reading; a character without one sounds like itself.
fn read(character: char) -> u128 {
    let bit = |sound: u32| 1_u128 << (sound.wrapping_mul(0x9E37_79B1) >> 25);
    let readings = readings(character);
    if readings.is_empty() { bit(u32::from(character)) } else { readings.iter().fold(0, |bits, sound| bits | bit(*sound)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::likeness::nearness;
    use super::*;
    use crate::model::identity::name::FoldedName;

    fn name() -> impl Strategy<Value = String> {
        let characters: Vec<char> = "王李张徐海江洋阳明名民小晓国果兰蓝金刘流莫草韩寒*某□?X·𠮷阿买提".chars().collect();
        proptest::collection::vec(proptest::sample::select(characters), 1..6)
            .prop_map(|characters| characters.into_iter().collect())
    }

    proptest! {
        #[test]
        fn names_that_are_near_share_a_sound(one in name(), other in name()) {
            if let (Some(own), Some(others)) = (FoldedName::new(&one), FoldedName::new(&other))
                && nearness(&own, &others).is_some()
            {
                prop_assert!(Sounds::of(&one).meets(Sounds::of(&other)));
            }
        }
    }

    #[test]
    fn strangers_share_none_and_whoever_says_whose_child_shares_all() {
        assert!(!Sounds::of("王建国").meets(Sounds::of("李大海")));
        assert!(Sounds::of("王建国").meets(Sounds::of("李大海之子")));
        assert!(Sounds::of("徐建志").meets(Sounds::of("狗娃（徐建志）")));
    }
}
