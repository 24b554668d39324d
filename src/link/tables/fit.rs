//! Learning m, u and the prior without labels (Fellegi-Sunter, expectation-maximisation).
//!
//! Takes counts of level patterns: of random pairs, per blocking rule, and of all candidate pairs. First u from random pairs; then m per rule,
//! from comparisons that the rule does not already presuppose, averaged by expected matches; then all together, with matches
//! among the random pairs taken out of u. Only counts are looked at, in the order of patterns, so that neither threads nor the order
//! of rows change a bit of the result. Term frequency comes afterwards and is not learned here.

use super::compare::{MISSING, Pattern, level_of};
use super::score::{Parameters, Shares};
use crate::config::tables::TablesModel;

/// Patterns with how many pairs have them, ascending by pattern.
pub(super) type Counts = Vec<(Pattern, f64)>;

/// No level of strangers is rarer than half a random pair, unless the model says so: that two strangers have one number cannot be counted on any
/// sample. Half a count, as is usual for one that is empty.
const SEEN: f64 = 0.5;
/// Fewer expected matches than this leave a comparison to the model's priors, and the run says so: the standard error of a
/// share of 30 is a quarter of a bit.
const ENOUGH: f64 = 30.0;
/// Rounds end when no share moves more than this. Chosen: far below the 1/1024 bit that weights are kept in.
const STILL: f64 = 1e-7;

/// What is learned from.
pub(super) struct Evidence {
    /// Pairs taken at random.
    pub(super) random: Counts,
    /// Pairs of each rule, whichever rule made them first.
    pub(super) per_rule: Vec<Counts>,
    /// All candidate pairs, each once.
    pub(super) candidates: Counts,
    /// Pairs there are at all.
    pub(super) all_pairs: f64,
    /// Most matches there can be.
    pub(super) most_matches: f64,
}

/// What was learned.
#[derive(Clone, Debug)]
pub(super) struct Fitted {
    pub(super) parameters: Parameters,
    /// Matches expected among the candidates.
    pub(super) matches: f64,
    /// Comparisons with too few expected matches: name, how many.
    pub(super) thin: Vec<(String, f64)>,
    pub(super) rounds: usize,
}

/// Learns.
pub(super) fn fit(model: &TablesModel, evidence: &Evidence) -> Fitted {
    let settings = model.fit;
    let first = settings.prior.unwrap_or(0.5 * evidence.most_matches / evidence.all_pairs.max(1.0)).clamp(1e-15, 0.5);
    let shipped = Parameters::shipped(model, first);
    let mut parameters = shipped.clone();
    strangers(&mut parameters, &shipped, &evidence.random, None);
    matches_by_rule(model, &mut parameters, &shipped, evidence);
    let (mut matches, mut rounds, mut seen) = (0.0, 0, Vec::new());
    for round in 1..=settings.rounds {
        rounds = round;
        let before = parameters.clone();
        let posterior = posteriors(&before, &evidence.candidates);
        matches = evidence.candidates.iter().zip(&posterior).map(|((_, count), p)| count * p).sum();
        let weighted: Counts =
            evidence.candidates.iter().zip(&posterior).map(|((pattern, count), p)| (*pattern, count * p)).collect();
        seen = matched(&mut parameters, &shipped, &weighted, settings.strength);
        strangers(&mut parameters, &shipped, &evidence.random, Some(&before));
        if settings.prior.is_none() {
            let capped = matches.min(evidence.most_matches);
            parameters.prior = (capped.max(1.0) / evidence.all_pairs.max(1.0)).clamp(1e-15, 0.5);
        }
        if moved(&before, &parameters) < STILL {
            break;
        }
    }
    let thin = model
        .comparisons
        .iter()
        .zip(seen)
        .filter(|(_, seen)| *seen < ENOUGH)
        .map(|(comparison, seen)| (comparison.name.clone(), seen))
        .collect();
    Fitted { parameters, matches, thin, rounds }
}

/// m from the pairs of each rule: within a rule u is as among all strangers for comparisons that share no field with it.
fn matches_by_rule(model: &TablesModel, parameters: &mut Parameters, shipped: &Parameters, evidence: &Evidence) {
    let mut sums: Vec<(f64, Vec<f64>)> = shipped.shares.iter().map(|shares| (0.0, vec![0.0; shares.len()])).collect();
    for (rule, counts) in model.rules.iter().zip(&evidence.per_rule) {
        let presupposed: Vec<usize> =
            rule.parts.iter().flat_map(|part| [part.left, part.right]).flat_map(|field| model.roots(field)).collect();
        let free: Vec<bool> = model
            .comparisons
            .iter()
            .map(|comparison| !comparison.on.iter().flat_map(|field| model.roots(*field)).any(|root| presupposed.contains(&root)))
            .collect();
        if counts.is_empty() || !free.contains(&true) {
            continue;
        }
        let masked: Counts = counts.iter().map(|(pattern, count)| (without(*pattern, &free), *count)).collect();
        let mut local = parameters.clone();
        local.prior = 0.5;
        let total: f64 = masked.iter().map(|(_, count)| count).sum();
        let mut weighted = Counts::new();
        for _ in 0..model.fit.rounds {
            let before = local.clone();
            let posterior = posteriors(&before, &masked);
            weighted = masked.iter().zip(&posterior).map(|((pattern, count), p)| (*pattern, count * p)).collect();
            matched(&mut local, shipped, &weighted, model.fit.strength);
            let matches: f64 = weighted.iter().map(|(_, count)| count).sum();
            local.prior = (matches / total).clamp(1e-9, 1.0 - 1e-9);
            if moved(&before, &local) < STILL {
                break;
            }
        }
        for (at, free) in free.iter().enumerate() {
            if *free {
                let seen: f64 =
                    weighted.iter().filter(|(pattern, _)| level_of(*pattern, at) != MISSING).map(|(_, count)| count).sum();
                sums[at].0 += seen;
                for (sum, (m, _)) in sums[at].1.iter_mut().zip(&local.shares[at]) {
                    *sum += seen * m;
                }
            }
        }
    }
    for (shares, (seen, sums)) in parameters.shares.iter_mut().zip(sums) {
        if seen >= ENOUGH {
            for (share, sum) in shares.iter_mut().zip(sums) {
                share.0 = sum / seen;
            }
        }
    }
}

/// The pattern with every comparison missing that is not free.
fn without(pattern: Pattern, free: &[bool]) -> Pattern {
    free.iter().enumerate().filter(|(_, free)| !**free).fold(pattern, |pattern, (at, _)| pattern | 15 << (4 * at))
}

/// The probability that a pair with each pattern is a match.
fn posteriors(parameters: &Parameters, counts: &Counts) -> Vec<f64> {
    let ratios: Vec<Vec<f64>> =
        parameters.shares.iter().map(|shares| shares.iter().map(|(m, u)| (m / u).ln()).collect()).collect();
    let odds = (parameters.prior / (1.0 - parameters.prior)).ln();
    counts
        .iter()
        .map(|(pattern, _)| {
            let sum = ratios.iter().enumerate().fold(odds, |sum, (at, ratios)| {
                let level = level_of(*pattern, at);
                sum + ratios.get(usize::from(level)).copied().unwrap_or(0.0)
            });
            1.0 / (1.0 + (-sum).exp())
        })
        .collect()
}

/// m from pairs weighted by their probability; gives the expected matches with evidence per comparison.
fn matched(parameters: &mut Parameters, shipped: &Parameters, weighted: &Counts, strength: f64) -> Vec<f64> {
    let mut seen = Vec::with_capacity(parameters.shares.len());
    for (at, (shares, priors)) in parameters.shares.iter_mut().zip(&shipped.shares).enumerate() {
        let (sums, total) = levels(weighted, at, shares.len());
        for ((share, prior), sum) in shares.iter_mut().zip(priors).zip(sums) {
            share.0 = (sum + strength * prior.0) / (total + strength);
        }
        seen.push(total);
    }
    seen
}

/// u from random pairs, less what is probably a match among them once something is known.
fn strangers(parameters: &mut Parameters, shipped: &Parameters, random: &Counts, fitted: Option<&Parameters>) {
    let weighted: Counts = match fitted {
        None => random.clone(),
        Some(fitted) => {
            let posterior = posteriors(fitted, random);
            random.iter().zip(&posterior).map(|((pattern, count), p)| (*pattern, count * (1.0 - p))).collect()
        }
    };
    for (at, (shares, priors)) in parameters.shares.iter_mut().zip(&shipped.shares).enumerate() {
        let (sums, total) = levels(&weighted, at, shares.len());
        if total < ENOUGH {
            for (share, prior) in shares.iter_mut().zip(priors) {
                share.1 = prior.1;
            }
            continue;
        }
        let least: Vec<f64> = priors.iter().map(|(_, u)| SEEN.min(u * total)).collect();
        let whole = total + least.iter().sum::<f64>();
        for ((share, sum), least) in shares.iter_mut().zip(sums).zip(least) {
            share.1 = (sum + least) / whole;
        }
    }
}

/// How often each level of a comparison fired, and how often any did.
fn levels(weighted: &Counts, comparison: usize, count: usize) -> (Vec<f64>, f64) {
    let mut sums = vec![0.0; count];
    for (pattern, weight) in weighted {
        if let Some(sum) = sums.get_mut(usize::from(level_of(*pattern, comparison))) {
            *sum += weight;
        }
    }
    let total = sums.iter().sum();
    (sums, total)
}

/// The largest change of any share.
fn moved(before: &Parameters, after: &Parameters) -> f64 {
    let change = |one: &Shares, other: &Shares| {
        one.iter().zip(other).map(|(a, b)| (a.0 - b.0).abs().max((a.1 - b.1).abs())).fold(0.0, f64::max)
    };
    let shares = before.shares.iter().zip(&after.shares).map(|(one, other)| change(one, other)).fold(0.0, f64::max);
    shares.max((before.prior - after.prior).abs())
}
