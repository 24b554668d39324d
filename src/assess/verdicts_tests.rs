//! Verdicts against the sentence cases of the shipped policy: they must say what the rules say.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::cases::{self, Given};
use super::super::{AssessInput, assess};
use super::*;
use crate::config::policy::tests::{dictionary, shipped};
use crate::config::policy::{Case, Expect};
use crate::model::ids::CountyKey;
use crate::model::registry::RegistryId;

fn registries(given: &Given) -> HashMap<String, BTreeSet<RegistryId>> {
    let mut found: HashMap<String, BTreeSet<RegistryId>> = HashMap::new();
    for (position, records) in given.records.registries.iter().enumerate() {
        for (_, person) in super::super::subjects::persons_of(&given.records, &given.linked, position) {
            found.entry(given.labels[person].clone()).or_default().insert(records.registry.clone());
        }
    }
    found
}

/// The verdict of a case's rule on its subject; `None` for tallies, built-in rules, and who is not assessed.
fn judged(policy: &Policy, case: &Case) -> Option<(Verdict, String)> {
    let (policy, dictionary, key) = (cases::only(policy, case), dictionary(), CountyKey::new(b"test".to_vec()));
    let given = Given::new(&dictionary, case).expect("rows lay out");
    let input = AssessInput {
        records: &given.records,
        linked: &given.linked,
        policy: &policy,
        dictionary: &dictionary,
        period: case.period,
        as_of: case.period.last_day(),
        key: &key,
        towns: &[],
        villages: &[],
        known: None,
        earlier: None,
        accepted: &[],
        aside: &std::collections::BTreeSet::new(),
        blank_is_absent: false,
    };
    let assessed = assess(&input).expect("assesses");
    let held = assessed.notes.iter().filter(|note| note.held && note.town.is_none());
    let not_evaluated: BTreeMap<_, _> = held.map(|note| (note.rule.clone(), note.note.clone())).collect();
    let input = VerdictInput {
        policy: &policy,
        dictionary: &dictionary,
        period: input.period,
        as_of: input.as_of,
        facts_person: assessed.facts_person.values(),
        facts_household: assessed.facts_household.values(),
        registries: &registries(&given),
        not_evaluated: &not_evaluated,
    };
    let subject = given.labels.iter().position(|label| *label == case.subject)?;
    let household = given.households.get(subject).cloned().flatten();
    let households = household.iter().map(String::as_str).collect::<BTreeSet<_>>();
    let found = verdicts(&input, &BTreeSet::from([case.subject.as_str()]), &households).expect("verdicts");
    let all = found.persons.into_values().chain(found.households.into_values()).flatten();
    all.filter(|verdict| verdict.rule.id == case.rule).map(|verdict| (verdict.verdict, verdict.why.expose().to_owned())).next()
}

#[test]
fn every_case_gets_the_verdict_that_its_rule_gives_and_a_reason() {
    let policy = shipped();
    let mut compared = 0;
    for case in &policy.cases {
        let Some((verdict, why)) = judged(&policy, case) else { continue };
        // What the county's exemption list excuses is told where the list's rows are shown.
        if case.given.iter().any(|(registry, _)| registry.as_str() == crate::model::exemption::EXEMPTION) {
            continue;
        }
        compared += 1;
        let right = match case.expect {
            Expect::Fires | Expect::Held => verdict == Verdict::Fires,
            Expect::Passes => verdict == Verdict::Passes,
            Expect::Unknown => verdict == Verdict::Unknown,
            Expect::NotApplicable => {
                [Verdict::NotApplicable, Verdict::Exempt, Verdict::NotYet, Verdict::NotEvaluated].contains(&verdict)
            }
        };
        assert!(right, "{} {}: {verdict:?} {why}", case.rule, case.name);
        assert!(!why.is_empty(), "{} {}: {verdict:?} without a reason", case.rule, case.name);
    }
    assert!(compared > 300, "only {compared} cases");
}

#[test]
fn reasons_are_in_words() {
    let policy = shipped();
    let why = |rule: &str, expect: Expect| {
        let case = policy.cases.iter().find(|case| case.rule == rule && case.expect == expect).expect("a case");
        judged(&policy, case).expect("judged")
    };
    let (_, why_not) = why("living.two_none_uncovered", Expect::NotApplicable);
    assert!(why_not.contains('为'), "{why_not}");
    let rule = policy.cases.iter().find(|case| case.expect == Expect::Unknown).expect("a case").rule.clone();
    let (verdict, empty) = why(&rule, Expect::Unknown);
    assert!(verdict == Verdict::Unknown && empty.contains("未填（"), "{empty}");
}
