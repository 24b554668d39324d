//! Findings against true findings: a finding's subject is carried over to the truth through its rows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::model::finding::{Confidence, Scope};

use super::pairs::Placed;
use super::{Counts, FindingRow, LinkRow, RuleScore, Truth, Undecided};

/// Asks for a human's eye and claims nothing.
const NOT_SCORED: &str = "identity.needs_review";

/// Best tier at which a rule named each subject.
type Named<'a> = BTreeMap<&'a str, BTreeMap<String, Confidence>>;

pub(super) fn score(
    links: &[LinkRow<'_>],
    findings: &[FindingRow<'_>],
    undecided: Undecided<'_>,
    truth: &Truth,
    placed: &Placed<'_>,
) -> (Vec<RuleScore>, Vec<(String, u64)>) {
    let people = true_people(links, placed);
    let households = true_households(links, truth, placed);
    let mut named: Named<'_> = BTreeMap::new();
    let mut not_scored: BTreeMap<&str, u64> = BTreeMap::new();
    let mut by_absence: BTreeSet<&str> = undecided.held.iter().map(|held| held.rule).collect();
    for finding in findings {
        if finding.rule == NOT_SCORED {
            *not_scored.entry(finding.rule).or_default() += 1;
            continue;
        }
        if finding.by_absence {
            by_absence.insert(finding.rule);
        }
        let subject = match finding.scope {
            Scope::Unit => continue,
            Scope::Person => {
                let person = finding.person_id.and_then(|id| placed.found.get(id)).and_then(|person| people.get(person));
                person.map_or_else(
                    || format!("person {}", finding.person_id.unwrap_or("")),
                    |&pid| format!("p {}", truth.persons[pid as usize].0),
                )
            }
            Scope::Household => finding.household_code.and_then(|code| households.get(code)).map_or_else(
                || format!("household {}", finding.household_code.unwrap_or("")),
                |&hid| format!("h {}", truth.households[hid as usize]),
            ),
        };
        let tier = named.entry(finding.rule).or_default().entry(subject).or_insert(finding.confidence);
        *tier = (*tier).min(finding.confidence);
    }
    let mut actual: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (rule, scope, key) in &truth.findings {
        actual.entry(rule).or_default().insert(format!("{scope} {key}"));
    }
    let known = |person_id: &str| placed.found.get(person_id).and_then(|person| people.get(person)).copied();
    let towns = Towns::new(undecided, truth);
    let rules: BTreeSet<&str> =
        named.keys().chain(actual.keys()).copied().chain(undecided.held.iter().map(|held| held.rule)).collect();
    let (no_names, no_truth) = (BTreeMap::new(), BTreeSet::new());
    let scores = rules.into_iter().map(|rule| {
        let (named, actual) = (named.get(rule).unwrap_or(&no_names), actual.get(rule).unwrap_or(&no_truth));
        let tiers = |wanted: &[Confidence]| {
            let mut counts = Counts::default();
            for subject in named.iter().filter(|(_, tier)| wanted.contains(tier)).map(|(subject, _)| subject) {
                if actual.contains(subject) { counts.true_positives += 1 } else { counts.false_positives += 1 }
            }
            counts.false_negatives = actual.len() as u64 - counts.true_positives;
            counts
        };
        let held: Vec<Option<u32>> =
            undecided.held.iter().filter(|held| held.rule == rule).map(|held| held.person_id.and_then(known)).collect();
        let told = undecided.held.iter().all(|held| held.rule != rule || held.person_id.is_some());
        // A held accusation is of the person, or of the household that the rule speaks of.
        let is_true = |pid: &u32| {
            let (person, household) = &truth.persons[*pid as usize];
            actual.contains(&format!("p {person}")) || actual.contains(&format!("h {}", truth.households[*household as usize]))
        };
        RuleScore {
            by_absence: by_absence.contains(rule),
            missed_unevaluated: towns.unevaluated(rule, actual.iter().filter(|subject| !named.contains_key(*subject))),
            held: held.len() as u64,
            held_true: told.then(|| held.iter().flatten().filter(|pid| is_true(pid)).count() as u64),
            rule: rule.to_owned(),
            certain: tiers(&[Confidence::Certain]),
            likely: tiers(&[Confidence::Likely]),
            check: tiers(&[Confidence::Check]),
            certain_and_likely: tiers(&[Confidence::Certain, Confidence::Likely]),
            all: tiers(&[Confidence::Certain, Confidence::Likely, Confidence::Check]),
        }
    });
    (scores.collect(), not_scored.into_iter().map(|(rule, count)| (rule.to_owned(), count)).collect())
}

/// Where rules were not evaluated.
struct Towns<'a> {
    /// Rule, and the towns; `None` for everywhere.
    held: BTreeMap<&'a str, BTreeSet<Option<&'a str>>>,
    /// Subject of a truth, to its town; empty when no rule was held anywhere.
    of: HashMap<String, &'a str>,
}

impl<'a> Towns<'a> {
    fn new(undecided: Undecided<'a>, truth: &'a Truth) -> Self {
        let (mut held, mut of) = (BTreeMap::new(), HashMap::new());
        for (rule, town) in undecided.not_evaluated {
            held.entry(*rule).or_insert_with(BTreeSet::new).insert(*town);
        }
        if !held.is_empty() {
            for ((person, household), town) in truth.persons.iter().zip(&truth.towns) {
                of.insert(format!("p {person}"), town.as_str());
                of.entry(format!("h {}", truth.households[*household as usize])).or_insert(town);
            }
        }
        Self { held, of }
    }

    /// How many of these truths lie where the rule was not evaluated.
    fn unevaluated<'b>(&self, rule: &str, missed: impl Iterator<Item = &'b String>) -> u64 {
        let Some(towns) = self.held.get(rule) else { return 0 };
        let lies_there = |subject: &&String| {
            towns.contains(&None) || self.of.get(subject.as_str()).is_some_and(|town| towns.contains(&Some(*town)))
        };
        missed.filter(lies_there).count() as u64
    }
}

/// The true person of each person found: that of most of its poverty rows, else of most of its rows.
fn true_people(links: &[LinkRow<'_>], placed: &Placed<'_>) -> HashMap<u32, u32> {
    let votes = links.iter().zip(&placed.rows).filter_map(|(link, row)| {
        let weight = if link.registry == "poverty" { 1_000_000 } else { 1 };
        Some((row.person, row.pid?, weight))
    });
    winners(votes.collect())
}

/// The true household of each code: that of most of the people in its rows.
fn true_households<'a>(links: &[LinkRow<'a>], truth: &Truth, placed: &Placed<'_>) -> HashMap<&'a str, u32> {
    let votes = links
        .iter()
        .zip(&placed.rows)
        .filter_map(|(link, row)| Some((link.household_code?, truth.persons[row.pid? as usize].1, 1)));
    winners(votes.collect())
}

/// Of each voter's candidates the one with most votes; at a tie the first.
fn winners<V: Copy + Ord + std::hash::Hash>(mut votes: Vec<(V, u32, u64)>) -> HashMap<V, u32> {
    votes.sort_unstable();
    let mut best: HashMap<V, (u64, u32)> = HashMap::new();
    for run in votes.chunk_by(|left, right| (left.0, left.1) == (right.0, right.1)) {
        let total = run.iter().map(|vote| vote.2).sum();
        let entry = best.entry(run[0].0).or_insert((0, 0));
        if total > entry.0 {
            *entry = (total, run[0].1);
        }
    }
    best.into_iter().map(|(voter, (_, winner))| (voter, winner)).collect()
}
