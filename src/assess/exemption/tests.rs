use std::collections::{BTreeMap, BTreeSet};

use super::names::{Named, RuleNames};
use crate::assess::tests::{TWO_NONE, given, of, run, run_with};
use crate::assess::{AssessInput, assess};
use crate::config::policy::tests::{dictionary, shipped};
use crate::model::exemption::{ExemptionStatus, ExemptionUse};
use crate::model::ids::CountyKey;
use crate::model::link::LinkStatus;
use crate::model::personal::Expose;
use crate::model::personal::Personal;
use crate::model::standing::Withholding;

fn named(text: &str) -> Vec<String> {
    let told = |one: Named| match one {
        Named::Rule(id) => id,
        Named::Every => "*".to_owned(),
        Named::Unknown(text, near) => format!("?{}→{}", text.expose(), near.unwrap_or_default()),
    };
    RuleNames::new(&shipped()).of(text).into_iter().map(told).collect()
}

#[test]
fn rules_are_named_by_id_or_title_several_in_a_cell() {
    for (text, expected) in [
        ("living.two_none_uncovered", &["living.two_none_uncovered"][..]),
        ("Living.Two_None_Uncovered，health.not_enrolled", &["living.two_none_uncovered", "health.not_enrolled"]),
        ("living.floor_below health.not_enrolled\nliving.floor_below", &["living.floor_below", "health.not_enrolled"]),
        // The title holds a separator itself; quotes may be left out.
        ("贫困户属性与低保、特困名册矛盾、贫困人口未参合", &["living.attribute_conflict", "health.not_enrolled"]),
        ("两无户未纳入低保或特困", &["living.two_none_uncovered"]),
        ("“两无” 户未纳入低保或特困；贫困人口未参合", &["living.two_none_uncovered", "health.not_enrolled"]),
        ("收入超过低保标准1.5倍仍在低保", &["living.income_above"]),
        ("全部", &["*"]),
        ("所有规则", &["*"]),
        ("health.not_enroled", &["?health.not_enroled→health.not_enrolled"]),
        ("贫困户属性与低保、特困名单矛盾", &["?贫困户属性与低保、特困名单矛盾→贫困户属性与低保、特困名册矛盾"]),
        ("不知道的、health.not_enrolled", &["?不知道的→", "health.not_enrolled"]),
        // No rule is named by the beginning of another's name.
        ("living.floor", &["?living.floor→"]),
    ] {
        assert_eq!(named(text), expected, "{text}");
    }
}

const NOT_ENROLLED: &str = "health.not_enrolled";
const TWO: &str = "living.two_none_uncovered";

/// What becomes of one row of the list beside a two-none household (张甲) and a member of another household (李乙), both not enrolled.
fn with(row: &[(&str, &str)]) -> (ExemptionUse, Vec<(String, String)>) {
    let other: &[(&str, &str)] = &[("person", "李乙"), ("household_code", "户2"), ("person_code", "人2")];
    let rows: &[&[(&str, &str)]] = &[row];
    let assessed = run(&given(&[
        ("poverty", &[TWO_NONE, other]),
        ("dibao", &[]),
        ("tekun", &[]),
        ("insurance", &[&[("person", "王丁"), ("year", "2018")]]),
        ("exemption", rows),
    ]));
    let told = [NOT_ENROLLED, TWO].into_iter().flat_map(|rule| of(&assessed, rule));
    let told = told.map(|finding| (finding.rule.clone(), finding.name.expose().unwrap_or_default().to_owned()));
    let told = told.collect();
    let [one] = assessed.exemptions.as_slice() else { panic!("{:#?}", assessed.exemptions) };
    (one.clone(), told)
}

fn accused(rule: &str, name: &str) -> (String, String) {
    (rule.to_owned(), name.to_owned())
}

fn all() -> Vec<(String, String)> {
    vec![accused(NOT_ENROLLED, "张甲"), accused(NOT_ENROLLED, "李乙"), accused(TWO, "张甲")]
}

#[test]
fn a_row_excuses_from_the_rule_it_names_and_from_no_other() {
    let (one, told) = with(&[("person", "张甲"), ("exempt_rule", NOT_ENROLLED), ("exempt_reason", "职工医保")]);
    assert_eq!((one.status, one.excused), (ExemptionStatus::Used, 1));
    assert_eq!(one.rule, "贫困人口未参合");
    assert!(one.remark.contains("没有写截止日期"), "{}", one.remark);
    assert_eq!(told, all()[1..]);

    let (one, told) = with(&[("household_code", "5203240001"), ("exempt_rule", TWO), ("exempt_reason", "赡养")]);
    assert_eq!((one.status, one.name.expose(), one.town.as_deref()), (ExemptionStatus::Used, Some("张甲"), Some("示例镇")));
    assert_eq!(told, all()[..2]);
}

#[test]
fn everything_needs_a_reason_and_leaves_identity_alone() {
    let (one, told) = with(&[("person", "张甲"), ("exempt_rule", "全部"), ("exempt_reason", "失联，公安协查")]);
    assert_eq!((one.status, one.rule_id.as_deref()), (ExemptionStatus::Used, None));
    assert!(one.remark.contains("贫困人口未参合") && one.remark.contains("“两无”户未纳入低保或特困"), "{}", one.remark);
    assert_eq!(told, all()[1..2]);
    let (one, told) = with(&[("person", "张甲"), ("exempt_rule", "全部")]);
    assert_eq!((one.status, one.excused), (ExemptionStatus::Refused, 0));
    assert_eq!(told, all());

    let wrong: &[(&str, &str)] =
        &[("person", "赵戊"), ("household_code", "户3"), ("id_number", "520324198001010000"), ("id_number_state", "invalid")];
    let identity = |rule: &str| {
        let row: &[(&str, &str)] = &[("person", "赵戊"), ("exempt_rule", rule), ("exempt_reason", "派出所已核")];
        let assessed = run(&given(&[("poverty", &[wrong]), ("exemption", &[row])]));
        let of_poverty =
            of(&assessed, "identity.number_invalid").into_iter().filter(|finding| finding.name.expose() == Some("赵戊"));
        (of_poverty.count(), assessed.exemptions[0].status)
    };
    assert_eq!(identity("全部").0, 1, "whoever is excused from what, a wrong number is wrong");
    assert_eq!(identity("identity.number_invalid"), (0, ExemptionStatus::Used));
}

#[test]
fn what_excuses_nothing_is_told_with_its_row() {
    for (row, status, word) in [
        (&[("person", "张甲"), ("exempt_rule", "health.not_enroled")][..], ExemptionStatus::NoRule, "health.not_enrolled"),
        (&[("person", "孙己"), ("exempt_rule", NOT_ENROLLED)], ExemptionStatus::NoSubject, "没有这个人"),
        (&[("household_code", "户9"), ("exempt_rule", TWO)], ExemptionStatus::NoSubject, "户编号"),
        (&[("person", "张甲"), ("exempt_rule", TWO), ("exempt_until", "2018-06-29")], ExemptionStatus::Expired, "疑点照常列出"),
        (&[("person", "张甲"), ("household_code", "户2"), ("exempt_rule", TWO)], ExemptionStatus::Refused, "户编号不是"),
        (&[("person", "张甲"), ("person_code", "人2"), ("exempt_rule", TWO)], ExemptionStatus::Refused, "人编号"),
        (&[("person", "张甲"), ("exempt_rule", "work.fairs")], ExemptionStatus::Refused, "按地方计算"),
        (&[("person", "张甲")], ExemptionStatus::Refused, "没有写规则"),
    ] {
        let (one, told) = with(row);
        assert_eq!(one.status, status, "{row:?}: {one:?}");
        assert!(one.remark.contains(word), "{row:?}: {}", one.remark);
        assert_eq!((one.excused, told), (0, all()), "{row:?}");
        assert_eq!((one.file.expose(), one.row), ("exemption.xlsx", 2));
    }
    // On its last day it still holds.
    let (one, _) = with(&[("person", "张甲"), ("exempt_rule", TWO), ("exempt_until", "2018-06-30")]);
    assert_eq!(one.status, ExemptionStatus::Used);
    let (one, _) = with(&[("person", "李乙"), ("exempt_rule", TWO), ("exempt_until", "2018-12-31")]);
    assert_eq!(one.status, ExemptionStatus::NotNeeded);
    let (one, _) = with(&[("person", "李乙"), ("exempt_rule", "living.nursing_missed"), ("exempt_until", "2018-12-31")]);
    assert_eq!(one.status, ExemptionStatus::NotEvaluated);
}

#[test]
fn a_person_is_found_by_code_alone_and_a_member_by_household_and_name() {
    let row: &[(&str, &str)] = &[("person_code", "520324000101"), ("exempt_rule", NOT_ENROLLED), ("exempt_reason", "外省参保")];
    let (one, told) = with(row);
    assert_eq!((one.status, one.name.expose()), (ExemptionStatus::Used, Some("张甲")));
    assert_eq!(told, all()[1..]);
    let by_name: &[(&str, &str)] = &[
        ("person", "清单"),
        ("name", "张甲"),
        ("household_code", "5203240001"),
        ("exempt_rule", NOT_ENROLLED),
        ("exempt_reason", "外省"),
    ];
    assert_eq!(with(by_name).0.status, ExemptionStatus::Used);
    let stranger: &[(&str, &str)] =
        &[("person", "清单"), ("name", "周庚"), ("person_code", "人2"), ("exempt_rule", NOT_ENROLLED), ("exempt_reason", "外省")];
    assert_eq!(with(stranger).0.status, ExemptionStatus::Refused);
}

#[test]
fn a_link_that_is_only_likely_enough_to_be_checked_excuses_nobody() {
    for (probability, expected) in [(0.97, ExemptionStatus::Used), (0.90, ExemptionStatus::NoSubject)] {
        let row: &[(&str, &str)] = &[("person", "张甲"), ("exempt_rule", TWO), ("exempt_reason", "赡养")];
        let mut given = given(&[("poverty", &[TWO_NONE]), ("dibao", &[]), ("tekun", &[]), ("exemption", &[row])]);
        // The list's row is the last.
        let link = given.linked.links.last_mut().expect("a link");
        (link.status, link.probability) = (LinkStatus::Probable, probability);
        assert_eq!(run(&given).exemptions[0].status, expected, "{probability}");
    }
}

#[test]
fn counts_rates_and_notes_say_who_was_excused() {
    let row: &[(&str, &str)] = &[("household_code", "5203240001"), ("exempt_rule", TWO), ("exempt_reason", "赡养")];
    let ghost: &[(&str, &str)] = &[("household_code", "户9"), ("exempt_rule", TWO), ("exempt_reason", "赡养")];
    let given = given(&[("poverty", &[TWO_NONE]), ("dibao", &[]), ("tekun", &[]), ("exemption", &[row, ghost])]);
    let assessed = run(&given);
    let count = assessed.counts.iter().find(|count| count.rule == TWO).expect("a count");
    assert_eq!((count.population, count.fired, count.exempt), (1, 0, 1));
    assert_eq!(count.exempt_reasons.iter().collect::<Vec<_>>(), [(&"豁免清单".to_owned(), &1)]);
    assert!(assessed.rates.iter().all(|rate| rate.rule != TWO), "nobody is left to be covered");
    let notes: Vec<&str> = assessed
        .notes
        .iter()
        .filter(|note| note.note.contains("豁免") || note.rule == "豁免清单")
        .map(|note| note.note.as_str())
        .collect();
    assert!(notes.iter().any(|note| note.contains("豁免 1 户")), "{notes:?}");
    assert!(notes.iter().any(|note| note.contains("查无此人（户）：exemption.xlsx 第 3 行")), "{notes:?}");
    // Another town's run does not print this town's people.
    let elsewhere = run_with(&given, &shipped(), &["别的镇".to_owned()]);
    assert_eq!(elsewhere.exemptions.iter().map(|one| one.status).collect::<Vec<_>>(), [ExemptionStatus::NoSubject]);
}

#[test]
fn the_ledger_is_told_until_when_somebody_known_is_excused() {
    let row: &[(&str, &str)] =
        &[("household_code", "5203240001"), ("exempt_rule", TWO), ("exempt_reason", "赡养"), ("exempt_until", "2018-12-31")];
    let given = given(&[("poverty", &[TWO_NONE]), ("dibao", &[]), ("tekun", &[]), ("exemption", &[row])]);
    let (policy, dictionary, key) = (shipped(), dictionary(), CountyKey::new(b"test".to_vec()));
    let known = BTreeMap::from([(TWO.to_owned(), BTreeSet::from([Personal::from("5203240001")]))]);
    let input = AssessInput {
        records: &given.records,
        linked: &given.linked,
        policy: &policy,
        dictionary: &dictionary,
        period: "2018-06".parse().expect("a month"),
        as_of: "2018-06-30".parse().expect("a day"),
        key: &key,
        towns: &[],
        villages: &[],
        known: Some(&known),
        earlier: None,
        accepted: &[],
        aside: &std::collections::BTreeSet::new(),
        blank_is_absent: false,
    };
    let assessed = assess(&input).expect("assesses");
    let until = "2018-12-31".parse().expect("a day");
    let withheld: Vec<_> = assessed.withheld.iter().map(|withheld| (withheld.rule.as_str(), withheld.why)).collect();
    assert_eq!(withheld, [(TWO, Withholding::Exempt(Some(until)))]);
}
