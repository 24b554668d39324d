//! Calibration without labels: m from pairs that an equal number proves, u from random pairs, both shrunk to the model's priors.
//!
//! Pairs are picked by position, never by a clock or a thread, so the same input gives the same weights. The prior is the
//! expected number of matches left over all pairs left.

use rayon::prelude::*;

use super::compare::{self, HouseholdEvidence};
use super::hash;
use super::levels::{self, COMPARISONS, Levels, MISSING, NAME_DIFFERENT, NAME_KIN};
use super::person_index::PersonIndex;
use super::position::{as_f64, dense};
use super::roster::Roster;
use super::weights::{Weights, to_bits};
use crate::config::link::{self, LinkModel, Odds};
use crate::config::link_saved::{Drift, OddsTable};
use crate::model::identity::name::NameLevel;

/// Persons per household, for the chance that two strangers share one. Chosen: rural households have three to four members; twice as many
/// would move the level by one bit.
const HOUSEHOLD_SIZE: f64 = 3.5;

/// A short list needs no more random pairs than this per row: beside them the prior still has its say.
/// Chosen for time.
const RANDOM_PER_ROW: usize = 10;

/// A share resting on fewer pairs says nothing of a change: of 30 the standard error is 1/√30, a quarter of a bit, where a whole bit is drift.
const SEEN: f64 = 30.0;

/// Rows without a number are so many times as often as others those of people who are not known yet. Chosen, on the side of caution: nothing
/// in a run shows it.
const UNKNOWN_WITHOUT_NUMBER: f64 = 2.0;

/// Where being the only one of a name speaks less for a person than so many to one, too many on the list are unknown for it to say anything.
/// Chosen: three bits, the margin by which a join has to be the best in the shipped model.
const CENSUS: f64 = 8.0;
/// A list with fewer rows proven by number has not shown whether its people are known. Chosen: of 50 rows a share is known within 7 points
/// (one standard error).
const PROVEN: usize = 50;

/// Counts of levels by comparison.
type Counts = [[u32; 16]; COMPARISONS];

/// Weights of one layer.
pub(super) struct Calibrated {
    /// Those to be used.
    pub used: Weights,
    /// Those that the layer's own pairs teach.
    pub own: OddsTable,
}

/// A layer as calibration sees it.
pub(super) struct Sample<'a> {
    /// All its rows.
    pub rows: &'a [u32],
    /// Those joined by number.
    pub proven: &'a [u32],
    /// Share of the rows with a sound number that those are.
    pub found: f64,
    /// Persons who may still have a row in it.
    pub free: &'a [u32],
}

/// Weights for one layer; `saved` odds are used instead of the layer's own, where they are given.
pub(super) fn weights(
    roster: &Roster,
    persons: &mut PersonIndex,
    model: &LinkModel,
    saved: Option<&OddsTable>,
    layer: &Sample<'_>,
) -> Calibrated {
    let Sample { rows, proven, .. } = *layer;
    persons.is_census = false;
    let mut weights = Weights::shipped(model);
    let proven_pairs = sample(proven, model.calibration.proven_pairs);
    let matches = count(roster, persons, proven_pairs.iter().map(|&row| (row, persons.person_of[row as usize])).collect());
    let random =
        count(roster, persons, random_pairs(persons, rows, model.calibration.random_pairs.min(RANDOM_PER_ROW * rows.len())));
    for (at, (comparison, _)) in link::COMPARISONS.into_iter().enumerate() {
        if model.calibration.comparisons.iter().any(|name| name == comparison) {
            let kept = weights.odds[at].clone();
            if at == levels::NAMESAKES {
                let strength = model.calibration.strength;
                only_namesake(roster, persons, &proven_pairs, layer.found, strength, &mut weights.odds[at]);
                continue;
            }
            blend(&mut weights.odds[at], &matches[at], &random[at], model.calibration.strength);
            if at == levels::NAME {
                // A join by number presupposes that names agree, and strangers say nothing of siblings.
                for level in [NAME_KIN, NAME_DIFFERENT].map(usize::from) {
                    weights.odds[at][level] = kept[level];
                }
            }
        }
    }
    let joined: Vec<u32> = proven.iter().map(|row| persons.person_of[*row as usize]).collect();
    persons.lists.measure(&joined, layer.free, &mut weights.odds[levels::LISTS], model.calibration.strength);
    let own = weights.odds.clone();
    if let Some(saved) = saved {
        weights.odds.clone_from(saved);
        weights.odds[levels::LISTS].clone_from(&own[levels::LISTS]);
    }
    let only = weights.odds[levels::NAMESAKES].first().map_or(0.0, |odds| odds.m / odds.u);
    persons.is_census = only >= CENSUS && proven.len() >= PROVEN;
    // Exact where sampling would see nothing: a stranger is a member of a household as often as households are large.
    let (population, strength) = (as_f64(persons.all.len()), model.calibration.strength);
    for odds in weights.odds[levels::HOUSEHOLD].iter_mut().take(3) {
        odds.u = (HOUSEHOLD_SIZE / (population + strength)).min(0.5);
    }
    for odds in weights.odds[levels::NEIGHBOURS].iter_mut().take(2) {
        odds.u = (2.0 * HOUSEHOLD_SIZE / (population + strength)).min(0.5);
    }
    weights.settle();
    Calibrated { used: weights, own }
}

/// The odds of being the only one of a name in the village. m: how often that is so among matches that agree in name and village. u: for
/// a stranger to be, the row's own person must not be known there by that name at all.
fn only_namesake(roster: &Roster, persons: &PersonIndex, proven: &[u32], found: f64, strength: f64, odds: &mut [Odds]) {
    let is_named_there = |row: &&u32| {
        let (record, person) = (roster.record(**row), persons.person_of[**row as usize]);
        let there = |representative: &u32| {
            let representative = roster.record(*representative);
            representative.village == record.village && roster.name_level(representative, record) == Some(NameLevel::Same)
        };
        record.village != 0
            && persons
                .representatives
                .of(person)
                .filter(|representative| representative != *row)
                .any(|representative| there(&representative))
    };
    let there: Vec<u32> = proven.iter().filter(is_named_there).copied().collect();
    let only =
        there.iter().filter(|row| persons.is_only_namesake(roster, roster.record(**row), persons.person_of[**row as usize]));
    let (all, named_there, only) = (as_f64(proven.len()), as_f64(there.len()), as_f64(only.count()));
    let unknown = ((1.0 - found) * UNKNOWN_WITHOUT_NUMBER).min(1.0);
    let Some(odds) = odds.first_mut() else { return };
    odds.m = (only + strength * odds.m) / (named_there + strength);
    odds.u = (all - named_there + unknown * named_there + strength * odds.u) / (all + strength);
}

/// Levels whose weight has changed by a bit or more since it was saved, of comparisons that are calibrated. A share that rests on fewer than
/// [`SEEN`] pairs has not changed, whatever it is: small lists would cry wolf. Weights that are exact, or that each name has of its
/// own, are left aside.
pub(super) fn drift(
    registry: &str,
    model: &LinkModel,
    saved: &OddsTable,
    own: &OddsTable,
    proven: usize,
    rows: usize,
) -> Vec<Drift> {
    let matches = as_f64(proven.min(model.calibration.proven_pairs));
    let random = as_f64(model.calibration.random_pairs.min(RANDOM_PER_ROW * rows));
    let change = |then: f64, now: f64, pairs: f64| if then.max(now) * pairs >= SEEN { (now / then).log2() } else { 0.0 };
    let mut drift = Vec::new();
    for (at, (comparison, levels)) in link::COMPARISONS.into_iter().enumerate() {
        if !model.calibration.comparisons.iter().any(|name| name == comparison) {
            continue;
        }
        // u of a household is its size over population, that of a name its own share.
        let exact = |level: usize| match at {
            levels::HOUSEHOLD => level < 3,
            levels::NEIGHBOURS => level < 2,
            levels::NAME => level == 0 || level == 2,
            _ => false,
        };
        for (level, (name, (then, now))) in levels.iter().zip(saved[at].iter().zip(&own[at])).enumerate() {
            let of_u = if exact(level) { 0.0 } else { change(then.u, now.u, random) };
            let change = change(then.m, now.m, matches) - of_u;
            if change.abs() >= 1.0 {
                let saved = (then.m / then.u).log2();
                drift.push(Drift {
                    registry: registry.to_owned(),
                    comparison: comparison.to_owned(),
                    level: (*name).to_owned(),
                    saved: hundredths(saved),
                    now: hundredths(saved + change),
                });
            }
        }
    }
    drift
}

fn hundredths(bits: f64) -> f64 {
    (bits * 100.0).round() / 100.0
}

/// Among what is left, strangers in one household are rarer than in the population: most members have found each other already. At
/// least half of the `linked` candidate pairs of one household are taken for matches.
pub(super) fn sharpen_household(weights: &mut Weights, linked: usize, left: usize, right: usize) {
    let strangers = (as_f64(linked) / 2.0 + 1.0) / (as_f64(left) * as_f64(right)).max(1.0);
    for odds in weights.odds[levels::HOUSEHOLD].iter_mut().take(3) {
        odds.u = odds.u.min(strangers);
    }
    weights.settle();
}

/// Odds before comparison: `expected` matches among `left` × `right` pairs.
pub(super) fn prior(expected: f64, left: usize, right: usize) -> i32 {
    let pairs = as_f64(left.max(1)) * as_f64(right.max(1));
    let share = (expected.max(1.0) / pairs).min(0.5);
    to_bits(share / (1.0 - share))
}

/// Every n-th row, so that at most `most` are taken.
fn sample(rows: &[u32], most: usize) -> Vec<u32> {
    rows.iter().copied().step_by((rows.len() / most.max(1)).max(1)).take(most).collect()
}

/// Pairs of a row and a person that is not its own.
fn random_pairs(persons: &PersonIndex, rows: &[u32], most: usize) -> Vec<(u32, u32)> {
    if rows.is_empty() || persons.all.len() < 2 {
        return Vec::new();
    }
    let pick = |word: u64, of: usize| usize::try_from(hash::mix(word) % of as u64).unwrap_or(0);
    (0..most as u64)
        .map(|draw| (rows[pick(2 * draw, rows.len())], dense(pick(2 * draw + 1, persons.all.len()))))
        .filter(|(row, person)| persons.person_of[*row as usize] != *person)
        .collect()
}

/// Levels of the first representative of each pair that is not the row itself.
fn count(roster: &Roster, persons: &PersonIndex, pairs: Vec<(u32, u32)>) -> Counts {
    let levels: Vec<Option<Levels>> = pairs
        .into_par_iter()
        .map(|(row, person)| {
            let representative = persons.representatives.of(person).filter(|representative| *representative != row).last()?;
            let household_evidence = HouseholdEvidence::of(roster, persons, row, person);
            Some(compare::compare(roster, persons, row, person, representative, household_evidence))
        })
        .collect();
    let mut counts = Counts::default();
    for levels in levels.into_iter().flatten() {
        for (table, level) in counts.iter_mut().zip(levels.0) {
            if level != MISSING
                && let Some(count) = table.get_mut(usize::from(level))
            {
                *count += 1;
            }
        }
    }
    counts
}

/// Counts plus `strength` pairs distributed as the prior says.
fn blend(odds: &mut [Odds], matches: &[u32], random: &[u32], strength: f64) {
    let total = |counts: &[u32]| f64::from(counts.iter().sum::<u32>());
    let (proven, drawn) = (total(matches), total(random));
    let (sum_m, sum_u) = odds.iter().fold((0.0, 0.0), |(m, u), odds| (m + odds.m, u + odds.u));
    for (level, odds) in odds.iter_mut().enumerate() {
        let seen = |counts: &[u32]| f64::from(counts.get(level).copied().unwrap_or(0));
        odds.m = (seen(matches) + strength * odds.m / sum_m) / (proven + strength);
        odds.u = (seen(random) + strength * odds.u / sum_u) / (drawn + strength);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_pairs_leave_the_prior_many_replace_it() {
        let prior = [Odds { m: 0.9, u: 0.1 }, Odds { m: 0.1, u: 0.9 }];
        let mut few = prior;
        blend(&mut few, &[1, 1], &[0, 0], 300.0);
        assert!((few[0].m - 0.9).abs() < 0.01 && (few[0].u - 0.1).abs() < 1e-9);
        let mut many = prior;
        blend(&mut many, &[50_000, 50_000], &[20_000, 80_000], 300.0);
        assert!((many[0].m - 0.5).abs() < 0.01 && (many[0].u - 0.2).abs() < 0.01);
    }

    #[test]
    fn drift_is_reported_where_weights_differ_by_a_bit() {
        let model = LinkModel::shipped().expect("sound");
        let mut own = model.odds.clone();
        own[levels::PLACE][0].u *= 4.0;
        own[levels::PLACE][1].m *= 1.2;
        own[levels::ID][1].m /= 16.0;
        let drifted = drift("insurance", &model, &model.odds, &own, 20_000, 50_000);
        assert!(drift("insurance", &model, &model.odds, &own, 20, 30).is_empty(), "thirty rows say nothing");
        assert_eq!(drifted.len(), 1, "the number is not calibrated, a fifth is no drift: {drifted:?}");
        assert_eq!((drifted[0].comparison.as_str(), drifted[0].level.as_str()), ("place", "village"));
        assert!((drifted[0].saved - drifted[0].now - 2.0).abs() < 0.011, "{drifted:?}");
    }

    #[test]
    fn a_prior_is_a_share_of_pairs() {
        assert_eq!(prior(1.0, 1, 1), 0);
        assert!((f64::from(prior(1000.0, 1000, 1000)) / 1024.0 + 9.96).abs() < 0.01);
    }
}
