use std::collections::BTreeMap;

use arrow::array::Array;

use super::cases::{self, Given};
use super::{AssessInput, Assessed, assess};
use crate::config::policy::tests::{dictionary, files, shipped};
use crate::config::policy::{Case, CaseValue, Expect, Policy};
use crate::model::finding::{Confidence, Finding};
use crate::model::ids::CountyKey;
use crate::model::link::LinkStatus;
use crate::model::personal::Expose;
use crate::model::registry::RegistryId;

pub(super) type Rows<'a> = &'a [(&'a str, &'a [&'a [(&'a str, &'a str)]])];

/// Rows as text; `true`, `false` and whole numbers become what they look like, `name=` cells stay text.
pub(super) fn given(rows: Rows<'_>) -> Given {
    let cell = |name: &str, text: &str| match (name, text) {
        (_, "true") => CaseValue::Bool(true),
        (_, "false") => CaseValue::Bool(false),
        ("person" | "name" | "household_code" | "person_code" | "id_number" | "town_code", _) => CaseValue::Text(text.to_owned()),
        _ => text.parse().map_or_else(|_| CaseValue::Text(text.to_owned()), CaseValue::Int),
    };
    let table = |rows: &[&[(&str, &str)]]| -> Vec<BTreeMap<String, CaseValue>> {
        rows.iter().map(|row| row.iter().map(|(name, text)| ((*name).to_owned(), cell(name, text))).collect()).collect()
    };
    let case = Case {
        file: String::new(),
        span: 0..0,
        rule: String::new(),
        name: String::new(),
        period: "2018-06".parse().expect("a month"),
        subject: String::new(),
        readings: Vec::new(),
        given: rows.iter().map(|(registry, rows)| (RegistryId::from(*registry), table(rows))).collect(),
        lacks: Vec::new(),
        seen: None,
        expect: Expect::Fires,
        due_fen: None,
        confidence: None,
    };
    Given::new(&dictionary(), &case).expect("rows lay out")
}

pub(super) fn run_with(given: &Given, policy: &Policy, towns: &[String]) -> Assessed {
    let (dictionary, key) = (dictionary(), CountyKey::new(b"test".to_vec()));
    let input = AssessInput {
        records: &given.records,
        linked: &given.linked,
        policy,
        dictionary: &dictionary,
        period: "2018-06".parse().expect("a month"),
        as_of: "2018-06-30".parse().expect("a day"),
        key: &key,
        towns,
        villages: &[],
        known: None,
        earlier: None,
        accepted: &[],
        aside: &std::collections::BTreeSet::new(),
        blank_is_absent: false,
    };
    assess(&input).expect("assesses")
}

pub(super) fn run(given: &Given) -> Assessed {
    run_with(given, &shipped(), &[])
}

pub(super) fn of<'a>(assessed: &'a Assessed, rule: &str) -> Vec<&'a Finding> {
    assessed.findings.iter().filter(|finding| finding.rule == rule).collect()
}

pub(super) const TWO_NONE: &[(&str, &str)] = &[
    ("person", "张甲"),
    ("household_code", "5203240001"),
    ("person_code", "520324000101"),
    ("attribute", "一般贫困户"),
    ("poverty_status", "未脱贫"),
    ("labour", "无劳动力"),
    ("relation", "户主"),
];

#[test]
fn every_case_of_the_shipped_policy_holds() {
    let failures = cases::run(&shipped(), &dictionary());
    let said: Vec<String> =
        failures.iter().map(|failure| format!("{} · {}：{}", failure.rule, failure.case, failure.message)).collect();
    assert!(said.is_empty(), "{said:#?}");
}

#[test]
fn a_case_that_expects_something_else_fails() {
    let mut policy = shipped();
    for case in &mut policy.cases {
        case.expect = if case.expect == Expect::Fires { Expect::Passes } else { Expect::Fires };
    }
    assert_eq!(cases::run(&policy, &dictionary()).len(), policy.cases.len());
    let problems = cases::verify(&policy, &dictionary(), &files()).expect_err("every case fails");
    assert_eq!(problems.as_slice().len(), policy.cases.len());
}

#[test]
fn an_uncovered_household_names_cells_and_what_was_searched() {
    let assessed = run(&given(&[("poverty", &[TWO_NONE]), ("dibao", &[]), ("tekun", &[])]));
    let found = of(&assessed, "living.two_none_uncovered");
    let [finding] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!(finding.household_code.expose(), Some("5203240001"));
    assert_eq!(finding.person_id, None);
    assert_eq!(finding.name.expose(), Some("张甲"));
    assert_eq!(finding.confidence, Confidence::Certain);
    assert!(finding.sentence.expose().contains("（1人）"), "{:?}", finding.sentence);
    let said: Vec<(String, Option<u32>, &str, &str)> = finding
        .evidence
        .iter()
        .map(|cell| (cell.registry.to_string(), cell.row, cell.column.as_str(), cell.value.expose()))
        .collect();
    let cell = |registry: &str, row: Option<u32>, column, value| (registry.to_owned(), row, column, value);
    for expected in [
        cell("poverty", Some(2), "劳动技能", "无劳动力"),
        cell("poverty", Some(2), "脱贫属性", "未脱贫"),
        cell("dibao", None, "低保人员名册", "未查到"),
        cell("tekun", None, "特困供养人员名册", "未查到"),
    ] {
        assert!(said.contains(&expected), "{expected:?} in {said:#?}");
    }
    let rate = assessed.rates.iter().find(|rate| rate.rule == "living.two_none_uncovered").expect("a rate");
    assert_eq!((rate.unit.as_str(), rate.numerator, rate.denominator, rate.met), ("正安县", 0, 1, Some(false)));
}

#[test]
fn amounts_and_header_words_reach_the_finding() {
    let mut given = given(&[
        ("disability", &[&[("person", "李乙"), ("disability_grade", "一级")]]),
        ("disability_subsidy", &[&[("person", "李乙"), ("kind", "护理补贴"), ("amount_fen", "4000"), ("month", "201806")]]),
    ]);
    given.records.sources[1].headers.push(("amount_fen".to_owned(), "补贴金额（元）".to_owned()));
    let assessed = run(&given);
    let found = of(&assessed, "living.nursing_below_standard");
    let [finding] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!((finding.due_fen, finding.paid_fen, finding.gap_fen), (Some(5000), Some(4000), Some(1000)));
    assert_eq!(finding.sentence, "李乙为一级残疾，本月护理补贴40元，应为50元，少10元。");
    assert!(finding.evidence.iter().any(|cell| cell.column == "补贴金额（元）" && cell.value == "40.00"), "{finding:#?}");
}

#[test]
fn a_registry_that_was_not_supplied_is_a_note_and_never_a_finding() {
    let assessed = run(&given(&[("poverty", &[TWO_NONE]), ("dibao", &[])]));
    assert!(of(&assessed, "living.two_none_uncovered").is_empty());
    let note = assessed.notes.iter().find(|note| note.rule == "living.two_none_uncovered").expect("a note");
    assert!(note.held && note.note.contains("缺少特困供养人员名册"), "{note:?}");
    assert!(assessed.rates.iter().all(|rate| rate.rule != "living.two_none_uncovered"));
}

#[test]
fn last_months_payments_do_not_speak_for_this_month() {
    let rows: Rows<'_> = &[
        ("disability", &[&[("person", "甲"), ("disability_grade", "一级")]]),
        ("disability_subsidy", &[&[("person", "乙"), ("kind", "护理补贴"), ("amount_fen", "5000"), ("month", "201805")]]),
    ];
    let assessed = run(&given(rows));
    assert!(of(&assessed, "living.nursing_missed").is_empty());
    let note = assessed.notes.iter().find(|note| note.rule == "living.nursing_missed").expect("a note");
    assert!(note.note.contains("没有 2018-06 的数据"), "{note:?}");
}

#[test]
fn a_person_without_a_valid_number_is_to_be_checked() {
    let assessed = run(&given(&[
        ("poverty", &[&[("person", "甲"), ("household_code", "户1"), ("id_number_state", "missing")]]),
        ("insurance", &[]),
    ]));
    let found = of(&assessed, "health.not_enrolled");
    assert_eq!(found.iter().map(|finding| finding.confidence).collect::<Vec<_>>(), [Confidence::Check]);
}

#[test]
fn confidence_follows_the_weakest_link() {
    for (status, probability, expected) in [
        (LinkStatus::Id, 1.0, Confidence::Certain),
        (LinkStatus::Repaired, 1.0, Confidence::Likely),
        (LinkStatus::Probable, 0.97, Confidence::Likely),
        (LinkStatus::Probable, 0.90, Confidence::Check),
    ] {
        let mut given = given(&[
            ("disability", &[&[("person", "甲"), ("disability_grade", "三级")]]),
            ("disability_subsidy", &[&[("person", "甲"), ("kind", "护理补贴"), ("amount_fen", "4000")]]),
        ]);
        given.linked.links[1].status = status;
        given.linked.links[1].probability = probability;
        let assessed = run(&given);
        let found = of(&assessed, "living.nursing_ineligible");
        assert_eq!(found.iter().map(|finding| finding.confidence).collect::<Vec<_>>(), [expected], "{status:?}");
    }
}

#[test]
fn finding_ids_stay_when_rows_move() {
    let one = run(&given(&[("poverty", &[TWO_NONE]), ("dibao", &[]), ("tekun", &[])]));
    let other: &[(&str, &str)] = &[("person", "王丙"), ("household_code", "5203240002"), ("attribute", "一般贫困户")];
    let two = run(&given(&[("poverty", &[other, TWO_NONE]), ("dibao", &[]), ("tekun", &[])]));
    let id = |assessed: &Assessed| of(assessed, "living.two_none_uncovered")[0].finding_id.clone();
    assert_eq!(id(&one), id(&two));
    assert!(id(&one).starts_with('F'));
}

#[test]
fn a_town_filter_is_a_slice_of_the_county() {
    let rows: Rows<'_> = &[
        (
            "poverty",
            &[
                &[("person", "甲"), ("household_code", "户1"), ("town", "瑞溪镇"), ("town_code", "520324101")],
                &[("person", "乙"), ("household_code", "户2"), ("town", "和溪镇"), ("town_code", "520324102")],
            ],
        ),
        ("insurance", &[]),
    ];
    let given = given(rows);
    let whole = run(&given);
    let slice = run_with(&given, &shipped(), &["和溪镇".to_owned()]);
    let expected: Vec<&Finding> = whole.findings.iter().filter(|f| f.town.as_deref() == Some("和溪镇")).collect();
    assert_eq!(slice.findings.iter().collect::<Vec<_>>(), expected);
    assert_eq!(expected.len(), 1);
    assert!(slice.rates.iter().all(|rate| rate.unit.starts_with("正安县/和溪镇")), "{:?}", slice.rates);
}

#[test]
fn a_town_that_sent_no_rows_is_not_accused() {
    let mut policy = shipped();
    (policy.settings.completeness_least, policy.settings.completeness_share) = (2, 5000);
    let person = |name: &'static str, town: &'static str, code: &'static str| {
        vec![("person", name), ("household_code", name), ("town", town), ("town_code", code)]
    };
    let poor: Vec<_> = ["甲", "乙", "丙", "丁", "戊", "己", "庚", "辛"]
        .into_iter()
        .enumerate()
        .map(|(at, name)| if at < 4 { person(name, "瑞溪镇", "520324101") } else { person(name, "和溪镇", "520324102") })
        .collect();
    let poor: Vec<&[(&str, &str)]> = poor.iter().map(Vec::as_slice).collect();
    let enrolled: Vec<&[(&str, &str)]> = poor[..4].to_vec();
    let assessed = run_with(&given(&[("poverty", &poor), ("insurance", &enrolled)]), &policy, &[]);
    assert!(of(&assessed, "health.not_enrolled").is_empty());
    let note = assessed.notes.iter().find(|note| note.rule == "health.not_enrolled" && note.held).expect("a note");
    assert_eq!((note.town.as_deref(), note.concerned), (Some("和溪镇"), 4));
}

#[test]
fn facts_name_the_rows_they_came_from() {
    let assessed = run(&given(&[("poverty", &[TWO_NONE]), ("dibao", &[&[("person", "张甲"), ("covered", "true")]])]));
    let schema = assessed.facts_person.schema();
    let facts = assessed.facts_person.part(&schema, 0, 1).expect("a part");
    let rows = facts.column_by_name("in_dibao__rows").expect("a column");
    let rows = rows.as_any().downcast_ref::<arrow::array::ListArray>().expect("lists").value(0);
    let rows = rows.as_any().downcast_ref::<arrow::array::UInt32Array>().expect("row ids");
    assert_eq!(rows.values().as_ref(), [1], "the second row of the run");
    assert_eq!(assessed.facts_household.values().num_rows(), 1);
    assert!(facts.column_by_name("covered").is_some_and(|column| column.is_valid(0)));
}

#[test]
fn the_same_input_gives_the_same_findings() {
    let rows: Rows<'_> = &[("poverty", &[TWO_NONE]), ("dibao", &[]), ("tekun", &[]), ("insurance", &[])];
    let (one, two) = (run(&given(rows)), run(&given(rows)));
    assert_eq!(one.findings, two.findings);
    assert_eq!(one.facts_person, two.facts_person);
}

#[test]
fn somebody_on_a_register_who_does_not_count_there_is_told_with_the_row() {
    type Told<'a> = (&'a str, Rows<'a>, &'a str, usize);
    let poor: &[(&str, &str)] = &[("person", "甲"), ("household_code", "户1")];
    let told: [Told<'_>; 4] = [
        (
            "health.not_enrolled",
            &[("poverty", &[poor]), ("insurance", &[&[("person", "甲"), ("member_status", "注销")]])],
            "参合名册在册但状态为注销（第",
            1,
        ),
        (
            "living.two_none_uncovered",
            &[("poverty", &[TWO_NONE]), ("dibao", &[&[("person", "张甲"), ("member_status", "迁出")]]), ("tekun", &[])],
            "未查到有效登记（低保人员名册在册但状态为迁出，见第",
            1,
        ),
        (
            "living.two_none_uncovered",
            &[("poverty", &[TWO_NONE]), ("dibao", &[&[("person", "张甲"), ("covered", "false")]]), ("tekun", &[])],
            "未查到有效登记（低保人员名册在册但是否保障对象为否，见第",
            1,
        ),
        // Another kind of subsidy is no standing.
        (
            "living.nursing_missed",
            &[
                ("disability", &[&[("person", "甲"), ("disability_grade", "一级")]]),
                ("disability_subsidy", &[&[("person", "甲"), ("kind", "生活补贴"), ("amount_fen", "5000")]]),
            ],
            "护理补贴名册未查到（",
            0,
        ),
    ];
    for (rule, rows, words, cited) in told {
        let assessed = run(&given(rows));
        let found = of(&assessed, rule);
        assert_eq!(found.len(), 1, "{rule}");
        assert!(found[0].sentence.expose().contains(words), "{:?}", found[0].sentence);
        let in_vain = |registry: &str| registry != "poverty" && registry != "disability";
        let rows = found[0].evidence.iter().filter(|cell| in_vain(cell.registry.as_str()));
        assert_eq!(rows.filter(|cell| cell.row.is_some()).count(), cited, "{:?}", found[0].evidence);
    }
}
