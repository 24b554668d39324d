//! Which lists a person is on, and whether those on the list at hand usually are: a row without a number is rather that of the one
//! person of its name who is on the roster and has not been paid yet than that of another who is on no roster at all.
//!
//! Takes the persons that equal numbers have brought to a list and those still free; gives each person a level and each level its odds, both
//! counted, so that no list needs to be told what it is a part of. A list with few proven rows says nothing. Linear in persons.

use std::collections::BTreeMap;

use super::levels::{LIKE_MOST, MISSING};
use super::position::dense;
use crate::config::link::Odds;

const LIKE_MANY: u8 = 1;
const UNLIKE: u8 = 2;
/// Number of levels.
const LEVELS: usize = 3;
/// How much more often than among the persons still free the lists of a person are found among those of the list. Chosen: four bits, and
/// one and a half either way; what a level is worth is then counted.
const MOST: f64 = 16.0;
const MANY: f64 = 3.0;
const FEW: f64 = 1.0 / 3.0;
/// The odds of being unlike a list are at least this: whoever is on it without the usual is what is looked for.
/// Chosen: four bits.
const LEAST: f64 = 1.0 / 16.0;
/// Fewer persons than this, on a list or with the same lists, show no habit: of 30 the standard
/// error of a share is a quarter of a bit.
const SEEN: u32 = 30;
/// The bit of whoever is the head of a household.
const HEAD: u64 = 1 << 63;

/// The lists of every person.
#[derive(Default)]
pub(super) struct Lists {
    /// Person → bits by registry, and [`HEAD`].
    of: Vec<u64>,
    /// Person → level for the list at hand.
    level: Vec<u8>,
}

impl Lists {
    /// Notes that a person is on the registry at a position, perhaps as a head.
    pub(super) fn note(&mut self, person: u32, registry: usize, is_head: bool) {
        let at = person as usize;
        if self.of.len() <= at {
            self.of.resize(at + 1, 0);
        }
        self.of[at] |= 1 << registry.min(62) | if is_head { HEAD } else { 0 };
    }

    /// The level of a person for the list at hand.
    pub(super) fn level(&self, person: u32) -> u8 {
        self.level.get(person as usize).copied().unwrap_or(MISSING)
    }

    /// Compares the lists of the persons `joined` by number with those of the persons still `free`; `odds` come as the model's, which count as
    /// much as `strength` persons, and leave as counted.
    pub(super) fn measure(&mut self, joined: &[u32], free: &[u32], odds: &mut [Odds], strength: f64) {
        self.level.clear();
        let (all_joined, all_free) = (dense(joined.len()), dense(free.len()));
        if all_joined < SEEN || all_free < SEEN {
            return;
        }
        let lists = |person: u32| self.of.get(person as usize).copied().unwrap_or(0);
        let mut seen = BTreeMap::<u64, (u32, u32)>::new();
        for person in joined {
            seen.entry(lists(*person)).or_default().0 += 1;
        }
        for person in free {
            seen.entry(lists(*person)).or_default().1 += 1;
        }
        let mut counted = [(0, 0); LEVELS];
        let mut level_of = BTreeMap::new();
        for (lists, (here, there)) in seen {
            let share = |count: u32, of: u32| (f64::from(count) + 0.5) / (f64::from(of) + 1.0);
            let level = match share(here, all_joined) / share(there, all_free) {
                _ if here + there < SEEN => continue,
                ratio if ratio >= MOST => LIKE_MOST,
                ratio if ratio >= MANY => LIKE_MANY,
                ratio if ratio <= FEW => UNLIKE,
                _ => continue,
            };
            counted[usize::from(level)].0 += here;
            counted[usize::from(level)].1 += there;
            level_of.insert(lists, level);
        }
        for (odds, (here, there)) in odds.iter_mut().zip(counted) {
            odds.m = (f64::from(here) + strength * odds.m) / (f64::from(all_joined) + strength);
            odds.u = (f64::from(there) + strength * odds.u) / (f64::from(all_free) + strength);
            odds.m = odds.m.max(odds.u * LEAST);
        }
        self.level = self.of.iter().map(|lists| level_of.get(lists).copied().unwrap_or(MISSING)).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Persons 0..100 are on the roster, 100..1000 are not; 0..90 have been paid.
    #[test]
    fn whoever_is_on_the_roster_and_not_yet_paid_is_told_from_the_rest() {
        let mut lists = Lists::default();
        (0..1000).for_each(|person| lists.note(person, 0, false));
        (0..100).for_each(|person| lists.note(person, 1, person % 2 == 0));
        let mut odds = [Odds { m: 0.3, u: 0.3 }; LEVELS];
        let (paid, free): (Vec<u32>, Vec<u32>) = (0..1000).partition(|person| *person < 90);
        lists.measure(&paid, &free, &mut odds, 1.0);
        assert_eq!([95, 96, 500].map(|person| lists.level(person)), [LIKE_MOST, LIKE_MOST, UNLIKE]);
        assert!(odds[0].m > 0.95 && odds[0].u < 0.02, "{odds:?}");
        assert!(odds[2].m / odds[2].u >= LEAST, "{odds:?}");
        // A handful of rows shows no habit.
        lists.measure(&paid[..9], &free, &mut odds, 1.0);
        assert_eq!(lists.level(95), MISSING);
    }
}
