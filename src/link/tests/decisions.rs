//! People's answers: they outrank the model, hold by record and not by row, and are never dropped in silence.

use super::*;
use crate::model::decision::{DecisionState, PairKey, Verdict, record_key};
use crate::model::personal::Personal;

fn key_of(registries: &[RegistryRecords], at: usize, row: usize) -> String {
    record_key(&registries[at], row, &CountyKey::new(b"key".to_vec())).expect("somebody")
}

fn decision(one: String, other: String, verdict: Verdict, place: &str) -> Decision {
    let text = Personal::default;
    Decision { pair: PairKey::new(one, other), verdict, place: place.into(), by: text(), on: text(), remark: text() }
}

/// Two rows without numbers that nothing but name and village connects, and two that one number does.
fn lists() -> Vec<RegistryRecords> {
    let bare = |name: &str| Row { number: String::new(), state: "missing", ..row(name, A, 1) };
    let poverty = [bare("欧阳雪莲"), row("张小明", A, 123), row("李秀英", B, 246)];
    let insurance = [row("张小明", A, 123), bare("欧阳雪莲"), row("李秀英", B, 246)];
    vec![registry("poverty", Grain::Person, &poverty), registry("insurance", Grain::Person, &insurance)]
}

#[test]
fn one_person_joins_what_the_model_would_not() {
    let registries = lists();
    let (model, _) = linked_with(registries.clone(), &[]);
    assert_ne!(model.links[0].person, model.links[4].person);
    let answer = decision(key_of(&registries, 0, 0), key_of(&registries, 1, 1), Verdict::Same, "a");
    let (linked, evidence) = linked_with(registries, &[answer]);
    assert_eq!(linked.links[0].person, linked.links[4].person);
    assert_eq!((linked.links[4].status, linked.links[4].probability), (LinkStatus::Probable, 1.0));
    assert_eq!((evidence.rule(RowId(4)), evidence.compared_with(RowId(4))), (Some("decision"), Some(RowId(0))));
    assert_eq!(linked.decided.kept[0].state, DecisionState::InForce);
}

#[test]
fn two_persons_keep_apart_what_an_equal_number_would_join() {
    let registries = lists();
    let answer = decision(key_of(&registries, 0, 1), key_of(&registries, 1, 0), Verdict::Different, "a");
    let (linked, _) = linked_with(registries, &[answer]);
    assert_ne!(linked.links[1].person, linked.links[3].person);
    assert_eq!(linked.links[2].person, linked.links[5].person, "others are joined as ever");
    assert!(linked.decided.are_apart(linked.links[3].person, linked.links[1].person));
    assert!(linked.review.iter().all(|pair| (pair.left, pair.right) != (RowId(1), RowId(3))), "nobody is asked again");
}

#[test]
fn answers_reach_rows_that_later_lists_bring() {
    let registries = lists();
    let subsidy = registry("premium_subsidy", Grain::Person, &[row("张小明", A, 123)]);
    let all: Vec<RegistryRecords> = registries.into_iter().chain([subsidy]).collect();
    // The subsidy's row is the insured one, and the insured one is not the poor one.
    let answers = [
        decision(key_of(&all, 0, 1), key_of(&all, 1, 0), Verdict::Different, "a"),
        decision(key_of(&all, 1, 0), key_of(&all, 2, 0), Verdict::Same, "b"),
    ];
    let (linked, _) = linked_with(all, &answers);
    assert_eq!(linked.links[6].person, linked.links[3].person);
    assert_ne!(linked.links[6].person, linked.links[1].person);
}

#[test]
fn an_answer_holds_when_rows_move_and_months_pass() {
    let registries = lists();
    let answer = decision(key_of(&registries, 0, 0), key_of(&registries, 1, 1), Verdict::Same, "a");
    let bare = |name: &str| Row { number: String::new(), state: "missing", ..row(name, A, 1) };
    let poverty = [row("张小明", A, 123), bare("欧阳雪莲")];
    let insurance = [bare("欧阳雪莲"), row("王大力", B, 33), row("张小明", A, 123)];
    let next = vec![registry("poverty", Grain::Person, &poverty), registry("insurance", Grain::Person, &insurance)];
    let (linked, _) = linked_with(next, &[answer]);
    assert_eq!(linked.links[1].person, linked.links[2].person);
}

#[test]
fn two_copies_in_one_list_follow_the_one_that_was_named() {
    let bare = |name: &str| Row { number: String::new(), state: "missing", ..row(name, A, 1) };
    let poverty = registry("poverty", Grain::Person, &[bare("欧阳雪莲")]);
    let all = vec![poverty, registry("insurance", Grain::Person, &[bare("欧阳雪莲"), bare("欧阳雪莲")])];
    let answer = decision(key_of(&all, 0, 0), key_of(&all, 1, 0), Verdict::Same, "a");
    let (linked, _) = linked_with(all, &[answer]);
    assert_eq!((linked.links[1].person, linked.links[2].person), (linked.links[0].person, linked.links[0].person));
}

#[test]
fn contradictions_and_lost_records_are_told_and_not_followed() {
    let registries = lists();
    let (one, other) = (key_of(&registries, 0, 0), key_of(&registries, 1, 1));
    let answers = [
        decision(one.clone(), other.clone(), Verdict::Same, "甲.xlsx第3行"),
        decision(one.clone(), other, Verdict::Different, "乙.xlsx第4行"),
        decision(one, "R00000000000000ff".to_owned(), Verdict::Same, "丙.xlsx第5行"),
    ];
    let (linked, _) = linked_with(registries.clone(), &answers);
    let (model, _) = linked_with(registries, &[]);
    assert_eq!(linked.links, model.links);
    let states: Vec<DecisionState> = linked.decided.kept.iter().map(|kept| kept.state).collect();
    assert!(states.contains(&DecisionState::Contradicted) && states.contains(&DecisionState::Gone), "{states:?}");
    let told = linked.decided.problems.join("\n");
    for place in ["甲.xlsx第3行", "乙.xlsx第4行", "丙.xlsx第5行"] {
        assert!(told.contains(place), "{told}");
    }
}

#[test]
fn bars_of_every_joined_row_sum_to_its_weight() {
    let world = super::world(600, 9);
    let (linked, evidence) = linked_with(world.registries, &[]);
    let mut rules = std::collections::BTreeSet::new();
    for (row, link) in (0u32..).zip(&linked.links) {
        let bars = evidence.bars(RowId(row));
        rules.extend(evidence.rule(RowId(row)));
        if let Some(rule) = evidence.rule(RowId(row)) {
            let sum: f32 = bars.iter().map(|bar| bar.weight).sum();
            assert!((sum - link.weight).abs() < 1e-3, "row {row} by {rule}: {sum} is not {}", link.weight);
            let other = evidence.compared_with(RowId(row)).expect("compared");
            assert_eq!(linked.links[other.0 as usize].person, link.person, "row {row} was compared with its own person");
        } else {
            assert!(bars.is_empty());
        }
    }
    assert!(rules.contains("equal number") && rules.len() > 3, "{rules:?}");
}
