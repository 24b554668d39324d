//! Numbers that villages write in place of registered ones: used where another registry proves them, never by themselves.

use crate::model::personal::Personal;
use arrow::array::Array;

use super::*;
use crate::model::decision::{PairKey, Verdict, record_key};
use crate::model::personal::Expose;
use crate::model::proposal::{KeptProposal, ProposalState, Refutation};

/// Without a number, in the village of [`row`].
fn bare(name: &str) -> Row {
    Row { number: String::new(), state: "missing", ..row(name, A, 1) }
}

fn lists(poverty: &[Row], insurance: &[Row]) -> Vec<RegistryRecords> {
    vec![registry("poverty", Grain::Person, poverty), registry("insurance", Grain::Person, insurance)]
}

/// What a list that asked about the person of `row` got back.
fn proposal(asked: &[RegistryRecords], row: usize, suggested: &str) -> Proposal {
    let linked = run(asked.to_vec());
    let of = |column: &str| {
        let column = linked.people.0.column_by_name(column).expect("a column").as_any().downcast_ref::<StringArray>();
        let column = column.expect("text");
        let person = linked.links[row].person.0 as usize;
        column.is_valid(person).then(|| column.value(person).to_owned())
    };
    Proposal {
        finding_id: format!("F{row:016x}"),
        person_id: of("person_id"),
        household_code: None,
        name: of("name").map(Personal::from),
        before: of("number").map(Personal::from),
        suggested: suggested.into(),
        who: "张三".into(),
        when: None,
        list: "2018-06".parse().expect("a month"),
    }
}

fn proposed(registries: &[RegistryRecords], proposals: &[Proposal]) -> (Linked, Evidence) {
    with(registries.to_vec(), &[], proposals, None)
}

fn states(linked: &Linked) -> Vec<ProposalState> {
    linked.decided.proposals.iter().map(|kept| kept.state).collect()
}

/// Links without what became of proposals.
fn links(linked: &Linked) -> (Vec<Link>, Vec<(RowId, RowId)>) {
    (linked.links.clone(), linked.review.iter().map(|pair| (pair.left, pair.right)).collect())
}

#[test]
fn a_number_that_another_registry_has_under_the_name_brings_two_rows_together() {
    let all = lists(&[bare("欧阳雪莲")], &[row("王大力", B, 33), row("欧阳雪莲", A, 246)]);
    assert_ne!(run(all.clone()).links[0].person, run(all.clone()).links[2].person, "the model alone would not");
    let right = number("520324", A.parse().expect("a day"), 246);
    let (linked, evidence) = proposed(&all, &[proposal(&all, 0, &right)]);
    assert_eq!(linked.links[0].person, linked.links[2].person);
    assert_eq!(linked.links[2].status, LinkStatus::Repaired);
    let [KeptProposal { state, row, proof, .. }] = &linked.decided.proposals[..] else { panic!("one proposal") };
    assert_eq!((*state, *row, *proof), (ProposalState::Used, Some(RowId(0)), Some(RowId(2))));
    let bars = evidence.bars(RowId(2));
    let level = |bar: &evidence::Bar| (bar.comparison.name(), bar.comparison.level());
    assert!(bars.iter().any(|bar| level(bar) == ("id_number", "corrected by hand")), "{bars:?}");
    let sum: f32 = bars.iter().map(|bar| bar.weight).sum();
    assert!((sum - linked.links[2].weight).abs() < 1e-3, "{sum} {}", linked.links[2].weight);
}

#[test]
fn the_number_on_record_is_told_to_be_wrong_and_is_not_edited() {
    let torn = Row { number: "520324198503070000".to_owned(), state: "invalid", village: 60, ..row("欧阳雪莲", A, 1) };
    let all = lists(&[torn], &[row("欧阳雪莲", A, 246)]);
    let right = number("520324", A.parse().expect("a day"), 246);
    let (linked, _) = proposed(&all, &[proposal(&all, 0, &right)]);
    let damaged = Suspicion::Damaged { row: RowId(0), suggestion: right.into(), source: RowId(1) };
    assert_eq!(linked.suspicions, [damaged]);
}

#[test]
fn a_number_that_no_registry_has_changes_nothing() {
    let all = lists(&[bare("欧阳雪莲")], &[row("王大力", B, 33), row("欧阳雪莲", A, 246)]);
    let nobodys = number("520324", B.parse().expect("a day"), 777);
    let (linked, _) = proposed(&all, &[proposal(&all, 0, &nobodys)]);
    assert_eq!(states(&linked), [ProposalState::Pending]);
    assert_eq!(links(&linked), links(&run(all)));
}

#[test]
fn a_wrong_valid_number_gives_way_to_the_proven_one() {
    // The row above's number on the poverty register; the insurance roll has both right.
    let wrong = Row { number: row("张小明", A, 123).number, ..row("欧阳雪莲", B, 1) };
    let all = lists(&[row("张小明", A, 123), wrong], &[row("张小明", A, 123), row("欧阳雪莲", B, 246)]);
    let right = number("520324", B.parse().expect("a day"), 246);
    let (linked, _) = proposed(&all, &[proposal(&all, 1, &right)]);
    assert_eq!(states(&linked), [ProposalState::Used]);
    assert_eq!(linked.links[1].person, linked.links[3].person);
    assert_ne!(linked.links[0].person, linked.links[1].person);
    let people = linked.people.0.column_by_name("number").expect("a column").as_any().downcast_ref::<StringArray>();
    assert_eq!(people.expect("text").value(linked.links[1].person.0 as usize), right);
}

#[test]
fn what_contradicts_something_is_not_followed() {
    let right = number("520324", A.parse().expect("a day"), 246);
    let holder = || row("欧阳雪莲", A, 246);
    let far = Row { village: 99, ..holder() };
    let born_otherwise = Row { number: "520324199001010000".to_owned(), state: "invalid", ..bare("欧阳雪莲") };
    for (why, all) in [
        (Refutation::OtherName, lists(&[bare("欧阳雪莲")], &[row("王大力", A, 246)])),
        (Refutation::OtherName, lists(&[bare("欧阳雪莲")], &[row("欧阳雪梅", A, 246)])),
        (Refutation::OtherPerson, lists(&[bare("欧阳雪莲")], &[far])),
        (Refutation::OtherPerson, lists(&[born_otherwise], &[holder()])),
        (Refutation::Taken, lists(&[row("欧阳雪莲", A, 5)], &[row("欧阳雪莲", A, 5), holder()])),
        (Refutation::Taken, lists(&[bare("欧阳雪莲"), Row { village: 50, ..holder() }], &[holder()])),
    ] {
        let (linked, _) = proposed(&all, &[proposal(&all, 0, &right)]);
        assert_eq!(states(&linked), [ProposalState::Refuted(why)]);
        assert_eq!(links(&linked), links(&run(all)), "{why:?}");
    }
}

#[test]
fn two_living_persons_never_get_one_number() {
    let other = Row { village: 4, ..bare("欧阳雪莲") };
    let all = lists(&[bare("欧阳雪莲"), other], &[row("欧阳雪莲", A, 246)]);
    let right = number("520324", A.parse().expect("a day"), 246);
    let (linked, _) = proposed(&all, &[proposal(&all, 0, &right), proposal(&all, 1, &right)]);
    assert_eq!(states(&linked), [ProposalState::Refuted(Refutation::Taken); 2]);
    assert_ne!(linked.links[0].person, linked.links[1].person);
}

#[test]
fn answers_that_differ_are_none_of_them_followed() {
    let all = lists(&[bare("欧阳雪莲")], &[row("欧阳雪莲", A, 246)]);
    let [right, other] = [246, 300].map(|sequence| number("520324", A.parse().expect("a day"), sequence));
    let second = Proposal { finding_id: "F00000000000000ff".to_owned(), ..proposal(&all, 0, &other) };
    let both = [proposal(&all, 0, &right), second];
    let (linked, _) = proposed(&all, &both);
    assert_eq!(states(&linked), [ProposalState::Refuted(Refutation::Disagree); 2]);
    let turned: Vec<Proposal> = both.into_iter().rev().collect();
    assert_eq!(proposed(&all, &turned).0.decided, linked.decided, "the order in which they come says nothing");
}

#[test]
fn a_decision_outranks_a_proposed_number() {
    let all = lists(&[bare("欧阳雪莲")], &[row("欧阳雪莲", A, 246)]);
    let right = number("520324", A.parse().expect("a day"), 246);
    let of = |at: usize| record_key(&all[at], 0, &CountyKey::new(b"key".to_vec())).expect("somebody");
    let text = Personal::default;
    let pair = PairKey::new(of(0), of(1));
    let apart = Decision { pair, verdict: Verdict::Different, place: text(), by: text(), on: text(), remark: text() };
    let (linked, _) = with(all.clone(), &[apart], &[proposal(&all, 0, &right)], None);
    assert_ne!(linked.links[0].person, linked.links[1].person);
    assert_eq!(states(&linked), [ProposalState::Refuted(Refutation::Overruled)]);
}

#[test]
fn whoever_agrees_with_the_number_printed_confirms_what_is_known() {
    let torn = Row { number: "520324198503071338".to_owned(), state: "invalid", ..row("张小明", A, 1) };
    let all = lists(&[row("张小明", A, 123)], &[torn]);
    let asked = proposal(&all, 0, &row("张小明", A, 123).number);
    assert_eq!(asked.before.expose(), Some(asked.suggested.expose()));
    let (linked, _) = proposed(&all, &[asked]);
    assert_eq!(states(&linked), [ProposalState::Used]);
    assert_eq!(links(&linked), links(&run(all)));
}

#[test]
fn a_registry_that_was_put_right_and_a_row_that_went_are_told() {
    let coded = |row: Row| Row { code: Some("5203240000001".to_owned()), ..row };
    let june = lists(&[coded(bare("欧阳雪莲"))], &[row("王大力", B, 33)]);
    let right = number("520324", A.parse().expect("a day"), 246);
    let asked = proposal(&june, 0, &right);
    for (poverty, state) in [
        (coded(row("欧阳雪莲", A, 246)), ProposalState::Corrected),
        (coded(row("欧阳雪莲", B, 5)), ProposalState::Gone),
        (row("李秀英", B, 246), ProposalState::Gone),
    ] {
        let july = lists(&[poverty], &[row("王大力", B, 33)]);
        assert_eq!(states(&proposed(&july, std::slice::from_ref(&asked)).0), [state]);
    }
}
