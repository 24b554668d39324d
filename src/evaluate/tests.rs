//! Hand-made runs, and pair counting against counting pair by pair.
use proptest::prelude::*;

use super::*;

const PERSONS: &str = "pid,hid,name,id,town,village,poor\np1,h1,甲,1,瑞溪镇,燕子坝村,1\np2,h1,乙,2,瑞溪镇,燕子坝村,1\np3,h2,丙,3,瑞溪镇,燕子坝村,0\n";
const ROWS: &str = "file,sheet,row,pid\na.xlsx,s,2,p1\na.xlsx,s,3,p2\nb.csv,,2,p1\nb.csv,,3,p2\nb.csv,,4,p3\n";
const FINDINGS: &str = "rule,scope,key\nr.person,p,p1\nr.person,p,p2\nr.household,h,h1\nr.unfound,p,p3\n";

fn truth() -> TruthTexts<'static> {
    TruthTexts { rows: ROWS, findings: FINDINGS, persons: PERSONS }
}

fn link(file: &'static str, row: u32, person_id: &'static str) -> LinkRow<'static> {
    let (registry, sheet, household_code) =
        if file == "a.xlsx" { ("poverty", "s", Some("code1")) } else { ("insurance", "", None) };
    LinkRow { registry, file, sheet, row, part: 0, person_id, household_code }
}

fn finding(
    rule: &'static str,
    person: Option<&'static str>,
    code: Option<&'static str>,
    tier: Confidence,
) -> FindingRow<'static> {
    let scope = if person.is_some() { Scope::Person } else { Scope::Household };
    FindingRow { rule, scope, person_id: person, household_code: code, confidence: tier, by_absence: false }
}

fn counts(true_positives: u64, false_positives: u64, false_negatives: u64) -> Counts {
    Counts { true_positives, false_positives, false_negatives }
}

#[test]
fn perfect_links_score_one() {
    let links =
        [link("a.xlsx", 2, "x"), link("a.xlsx", 3, "y"), link("b.csv", 2, "x"), link("b.csv", 3, "y"), link("b.csv", 4, "z")];
    let result = evaluate(&links, &[], Undecided::default(), truth()).expect("a result");
    assert_eq!(result.links.all, counts(2, 0, 0));
    assert_eq!(result.links.poverty_insurance, counts(2, 0, 0));
    assert_eq!(result.links.all.f1(), Some(1.0));
}

#[test]
fn a_wrong_join_costs_precision_and_a_missing_one_recall() {
    // p3's row is joined to p1; p2's two rows stay apart.
    let links =
        [link("a.xlsx", 2, "x"), link("a.xlsx", 3, "y"), link("b.csv", 2, "x"), link("b.csv", 3, "w"), link("b.csv", 4, "x")];
    let result = evaluate(&links, &[], Undecided::default(), truth()).expect("a result");
    assert_eq!(result.links.all, counts(1, 2, 1));
    assert_eq!(result.links.poverty_insurance, counts(1, 1, 1));
}

#[test]
fn a_rejected_row_counts_against_recall_and_an_unknown_one_is_left_out() {
    let links = [link("a.xlsx", 2, "x"), link("a.xlsx", 3, "y"), link("b.csv", 3, "y"), link("b.csv", 99, "y")];
    let links = evaluate(&links, &[], Undecided { review_pairs: 3, ..Undecided::default() }, truth()).expect("a result").links;
    assert_eq!((links.rows, links.rows_not_kept, links.rows_unknown), (3, 2, 1));
    assert_eq!((links.review_pairs, links.review_share), (3, Some(0.75)), "three pairs for four rows kept");
    assert_eq!(links.all, counts(1, 0, 1));
    assert_eq!(links.poverty_insurance, counts(1, 0, 1));
}

#[test]
fn findings_reach_the_truth_through_rows_and_tiers() {
    let links =
        [link("a.xlsx", 2, "x"), link("a.xlsx", 3, "y"), link("b.csv", 2, "x"), link("b.csv", 3, "y"), link("b.csv", 4, "z")];
    let findings = [
        finding("r.person", Some("x"), None, Confidence::Certain),
        finding("r.person", Some("x"), None, Confidence::Check),
        finding("r.person", Some("z"), None, Confidence::Likely),
        finding("r.household", None, Some("code1"), Confidence::Check),
        finding("r.household", None, Some("nobody's"), Confidence::Check),
        finding("identity.needs_review", Some("y"), None, Confidence::Check),
    ];
    let result = evaluate(&links, &findings, Undecided::default(), truth()).expect("a result");
    let rule = |id: &str| result.rules.iter().find(|rule| rule.rule == id).expect("the rule");
    assert_eq!(rule("r.person").certain, counts(1, 0, 1));
    assert_eq!(rule("r.person").certain_and_likely, counts(1, 1, 1));
    assert_eq!(rule("r.person").check, counts(0, 0, 2));
    assert_eq!(rule("r.household").all, counts(1, 1, 0));
    assert_eq!(rule("r.unfound").all, counts(0, 0, 1));
    assert_eq!(rule("r.unfound").all.precision(), None);
    assert_eq!(result.not_scored, [("identity.needs_review".to_owned(), 1)]);
    let shown = result.to_string();
    assert!(shown.contains("r.household") && shown.contains("0.5000"), "{shown}");
}

#[test]
fn what_the_readings_leave_out_is_told_and_not_scored() {
    let links = [link("a.xlsx", 2, "x"), link("a.xlsx", 3, "y")];
    let result = evaluate(&links, &[], Undecided { left_out: &["r.person", "r.unheard"], ..Undecided::default() }, truth())
        .expect("a result");
    assert_eq!(result.left_out, [("r.person".to_owned(), 2)]);
    assert!(result.rules.iter().all(|rule| rule.rule != "r.person"), "{:?}", result.rules);
    assert!(result.rules.iter().any(|rule| rule.rule == "r.unfound"), "missed, as the rule holds: {:?}", result.rules);
    assert!(result.to_string().contains("r.person: 真值 truths 2"), "{result}");
}

#[test]
fn tiers_are_pooled_over_rules_that_accuse_by_absence() {
    let links =
        [link("a.xlsx", 2, "x"), link("a.xlsx", 3, "y"), link("b.csv", 2, "x"), link("b.csv", 3, "y"), link("b.csv", 4, "z")];
    let absent = |rule, person, tier| FindingRow { by_absence: true, ..finding(rule, Some(person), None, tier) };
    let findings = [
        absent("r.person", "x", Confidence::Certain),
        absent("r.person", "z", Confidence::Certain),
        absent("r.other", "z", Confidence::Likely),
        finding("r.household", None, Some("code1"), Confidence::Certain),
    ];
    let held = [
        HeldRow { rule: "r.person", person_id: Some("y") },
        HeldRow { rule: "r.household", person_id: Some("z") },
        HeldRow { rule: "r.silent", person_id: None },
    ];
    let undecided = Undecided { held: &held, ..Undecided::default() };
    let result = evaluate(&links, &findings, undecided, truth()).expect("a result");
    let rule = |id: &str| result.rules.iter().find(|rule| rule.rule == id).expect("the rule");
    assert_eq!((rule("r.person").held, rule("r.person").held_true), (1, Some(1)), "p2 is accused rightly, and held");
    assert_eq!(rule("r.household").held_true, Some(0), "p3 lives in another household");
    assert_eq!((rule("r.silent").held, rule("r.silent").held_true), (1, None));
    assert_eq!(result.by_absence.certain, counts(2, 1, 1));
    assert_eq!(result.by_absence.likely, counts(0, 1, 3));
    assert_eq!(result.by_value.all, counts(0, 0, 1), "r.unfound alone");
    assert!(result.to_string().contains("1/2 0.5000"), "{result}");
}

#[test]
fn what_was_not_evaluated_is_missed_apart() {
    let persons = PERSONS.replace("丙,3,瑞溪镇", "丙,3,和溪镇");
    let texts = TruthTexts { persons: &persons, ..truth() };
    let scored = |not_evaluated: &[(&str, Option<&str>)]| {
        let undecided = Undecided { not_evaluated, ..Undecided::default() };
        let result = evaluate(&[], &[], undecided, texts).expect("a result");
        result.rules.iter().map(|rule| rule.missed_unevaluated).collect::<Vec<_>>()
    };
    // r.household, r.person (p1, p2), r.unfound (p3)
    assert_eq!(scored(&[]), [0, 0, 0]);
    assert_eq!(scored(&[("r.person", Some("瑞溪镇")), ("r.unfound", Some("瑞溪镇"))]), [0, 2, 0]);
    assert_eq!(scored(&[("r.household", Some("瑞溪镇")), ("r.unfound", None)]), [1, 0, 1]);
}

#[test]
fn a_row_that_names_two_persons_is_two() {
    let rows = "file,sheet,row,pid,part\na.xlsx,s,2,p1,0\na.xlsx,s,2,p2,1\nb.csv,,2,p1,0\nb.csv,,3,p2,0\n";
    let links =
        [link("a.xlsx", 2, "x"), LinkRow { part: 1, ..link("a.xlsx", 2, "y") }, link("b.csv", 2, "x"), link("b.csv", 3, "y")];
    let links = evaluate(&links, &[], Undecided::default(), TruthTexts { rows, ..truth() }).expect("a result").links;
    assert_eq!((links.all, links.rows_not_kept), (counts(2, 0, 0), 0));
}

#[test]
fn nothing_found_and_nothing_true_is_no_ratio() {
    assert_eq!((counts(0, 0, 0).precision(), counts(0, 0, 0).recall(), counts(0, 0, 0).f1()), (None, None, None));
}

#[test]
fn a_truth_that_cannot_be_read_says_where() {
    let rows = "file,sheet,row,pid\na.xlsx,s,two,p1\n";
    let error = evaluate(&[], &[], Undecided::default(), TruthTexts { rows, ..truth() }).expect_err("a bad row number");
    assert!(error.to_string().contains("rows.csv 第 2 行"), "{error}");
}

proptest! {
    #[test]
    fn counting_through_the_contingency_is_counting_pairs(rows in prop::collection::vec((0usize..4, 0usize..4, any::<bool>()), 1..40)) {
        const PEOPLE: [&str; 4] = ["p1", "p2", "p3", "p4"];
        let persons = "pid,hid\np1,h1\np2,h1\np3,h2\np4,h2\n";
        let mut truth_rows = "file,sheet,row,pid\n".to_owned();
        let mut links = Vec::new();
        for (row, &(found, pid, poverty)) in (2u32..).zip(&rows) {
            let file = if poverty { "a.xlsx" } else { "b.csv" };
            let link = link(file, row, PEOPLE[found]);
            truth_rows.extend([file, ",", link.sheet, ",", &row.to_string(), ",", PEOPLE[pid], "\n"]);
            links.push(link);
        }
        let texts = TruthTexts { rows: &truth_rows, findings: "rule,scope,key\n", persons };
        let result = evaluate(&links, &[], Undecided::default(), texts).expect("a result").links;
        let (mut all, mut across) = (counts(0, 0, 0), counts(0, 0, 0));
        for (position, left) in rows.iter().enumerate() {
            for right in &rows[position + 1..] {
                let count = |counts: &mut Counts| match (left.0 == right.0, left.1 == right.1) {
                    (true, true) => counts.true_positives += 1,
                    (true, false) => counts.false_positives += 1,
                    (false, true) => counts.false_negatives += 1,
                    (false, false) => {}
                };
                count(&mut all);
                if left.2 != right.2 {
                    count(&mut across);
                }
            }
        }
        prop_assert_eq!((result.all, result.poverty_insurance), (all, across));
    }
}
