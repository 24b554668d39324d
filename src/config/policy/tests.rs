use super::*;
use crate::model::rule::Class;

/// The files of the shipped policy.
pub(crate) fn files() -> Vec<Document> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/policy/zhengan-2018");
    crate::config::document::folder(folder, &["toml", "txt"])
}

/// The shipped dictionary.
pub(crate) fn dictionary() -> Dictionary {
    crate::config::registry::shipped()
}

/// The shipped policy.
pub(crate) fn shipped() -> Policy {
    Policy::resolve(&files(), &dictionary()).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn every_promise_is_checked_or_says_why_not() {
    let policy = shipped();
    let of = |class: Class| policy.clauses.iter().filter(|clause| clause.class == class).count();
    assert!(of(Class::Checked) >= 45 && of(Class::Partly) >= 20 && of(Class::Unchecked) >= 9, "{}", policy.clauses.len());
    // Rules about numbers and names belong to no promise, nor those that rest on another basis; every other rule checks one.
    let promised: Vec<&String> = policy.clauses.iter().flat_map(|clause| &clause.rules).collect();
    let of_document = policy.rules.iter().filter(|rule| rule.card.basis.is_none()).map(|rule| &rule.card.id);
    let stray = of_document.filter(|id| !id.starts_with("identity.") && !promised.contains(id));
    assert_eq!(stray.collect::<Vec<_>>(), Vec::<&String>::new());
    let nursing = policy.clauses.iter().find(|clause| clause.id == "三(三)4 护理补贴").expect("the promise");
    assert!(nursing.registries.iter().any(|id| id.as_str() == "disability_subsidy"), "{:?}", nursing.registries);

    let problems = with("clauses.toml", |text| text.replacen("\"living.floor_below\"", "\"living.flor_below\"", 1));
    assert!(problems.iter().any(|(message, at)| message.contains("没有规则") && at == "\"living.flor_below\""), "{problems:?}");
    let problems = with("clauses.toml", |text| text.replacen("class = \"C\"", "class = \"A\"", 1));
    assert!(problems.iter().any(|(message, _)| message.contains("类别与 rules 不合")), "{problems:?}");
}

#[test]
fn a_where_names_columns_of_its_own_registry() {
    // `covered` is a column of the dibao roster; over the poverty registry it would be empty on every row and never hold.
    let problems = with("facts-living.toml", |text| text.replacen("where = \"relation = '户主'\"", "where = \"covered\"", 1));
    assert!(problems.iter().any(|(message, at)| message.contains("没有名为 covered") && at == "covered"), "{problems:?}");
}

#[test]
fn a_day_is_a_day_and_a_number_is_a_number() {
    let problems = with("parameters-living.toml", |text| text.replacen("\"2018-05-31\"", "20180531", 1));
    assert!(problems.iter().any(|(message, at)| message.contains("单位是 date") && at == "20180531"), "{problems:?}");
    let problems = with("living-tekun.toml", |text| text.replacen("by = \"assessment_by\"", "by = \"tekun_month\"", 1));
    assert!(problems.iter().any(|(message, at)| message.contains("tekun_month") && at == "\"tekun_month\""), "{problems:?}");
}

#[test]
fn a_tally_counts_something_and_has_one_goal() {
    let problems = with("work.toml", |text| text.replacen("least = \"training_persons\"", "share = \"employment_share\"", 1));
    assert!(problems.iter().any(|(message, _)| message.contains("share 要写明 among")), "{problems:?}");
    let problems = with("work.toml", |text| text.replacen("count = \"trained_right\"", "count = \"course_first\"", 1));
    assert!(problems.iter().any(|(message, at)| message.contains("course_first") && at == "\"course_first\""), "{problems:?}");
}

#[test]
fn a_rule_says_where_it_comes_from_and_what_time_its_amounts_are_for() {
    let policy = shipped();
    for rule in &policy.rules {
        let card = &rule.card;
        assert!(card.clause.is_empty() == card.basis.is_some(), "{}", card.id);
    }
    let neither = with("living.toml", |text| {
        let at = text.find("id = \"living.tekun_uncovered\"").expect("the rule");
        let (before, rule) = text.split_at(at);
        let rule: String = rule.replacen("clause = \"一(三)\"\n", "", 1);
        format!("{before}{}", rule.replacen("quotation = ", "# ", 1))
    });
    assert!(neither.iter().any(|(message, _)| message.contains("basis")), "{neither:?}");
    let both = with("living.toml", |text| {
        text.replacen("id = \"living.tekun_uncovered\"", "id = \"living.tekun_uncovered\"\nbasis = \"数据质量\"", 1)
    });
    assert!(both.iter().any(|(message, _)| message.contains("basis")), "{both:?}");
    let no_base = with("education-vocational.toml", |text| text.replacen("time_base = \"semester\"\n", "", 1));
    assert!(no_base.iter().any(|(message, _)| message.contains("time_base")), "{no_base:?}");
}

#[test]
fn parameters_follow_the_month() {
    let policy = shipped();
    let at = |month: &str, name: &str| policy.values_at(month.parse().expect("a month"), Day(0)).get(name).cloned();
    assert_eq!(at("2018-05", "tekun_month"), None);
    assert_eq!(at("2018-06", "tekun_month"), Some(ParameterValue::Int(74_100)));
    assert_eq!(at("2018-06", "floor_month"), Some(ParameterValue::Int(29_458)), "3535 / 12 = 294.583…, rounded down");
    assert_eq!(at("2018-06", "living_subsidy_least_month"), Some(ParameterValue::Int(3_230)));
    assert_eq!(at("2018-06", "month"), Some(ParameterValue::Int(201_806)));
}

#[test]
fn every_open_passage_is_a_reading_and_knows_its_rules() {
    let policy = shipped();
    let ids: Vec<&str> = policy.readings.iter().map(|reading| reading.id.as_str()).collect();
    let open = "population two_none floor premium floor_by labour labour_age class_aid_base class_aid residence reimbursement chronic_cap june boarding \
                boarding_hardship preschool aid_period";
    assert_eq!(ids, open.split(' ').map(|name| format!("{name}_reading")).collect::<Vec<_>>());
    let rules = |id: &str| policy.readings.iter().find(|reading| reading.id == id).map(|reading| reading.rules.clone());
    // By `under`, by the test, and through facts of facts.
    assert_eq!(rules("floor_reading"), Some(vec!["living.floor_below".to_owned(), "living.line_below".to_owned()]));
    assert!(rules("labour_age_reading").is_some_and(|rules| rules.contains(&"living.two_none_uncovered".to_owned())));
}

/// What a pipeline's `[readings]` make of the shipped policy.
fn chosen(readings: &str) -> Result<Policy, Vec<(String, String)>> {
    #[derive(serde::Deserialize)]
    struct Chosen {
        readings: BTreeMap<Spanned<String>, Spanned<String>>,
    }
    let document = Document { path: "monthly.toml".to_owned(), text: format!("[readings]\n{readings}") };
    let written: Chosen = toml::from_str(&document.text).expect("TOML");
    let pipeline = ChosenReadings { document: &document, readings: &written.readings };
    let mut problems = Problems::default();
    let policy = Policy::collect(&files(), &dictionary(), pipeline, &mut problems);
    problems.into_whole(policy).map_err(|problems| {
        let underlined = |start, end| document.text.get(start..end).unwrap_or("?").to_owned();
        problems.as_slice().iter().map(|problem| (problem.message.clone(), underlined(problem.start, problem.end))).collect()
    })
}

#[test]
fn a_pipeline_may_read_the_policy_otherwise() {
    let policy = chosen("floor_reading = \"standard\"").expect("a reading there is");
    let values = policy.values_at("2018-06".parse().expect("a month"), Day(0));
    assert_eq!(values.get("floor_reading"), Some(&ParameterValue::Text("standard".to_owned())));
    let problems = chosen("floor_reading = \"standrad\"\nflor_reading = \"both\"").expect_err("two mistakes");
    let underlined: Vec<&str> = problems.iter().map(|(_, underlined)| underlined.as_str()).collect();
    assert_eq!(underlined, ["\"standrad\"", "flor_reading"], "{problems:?}");
}

#[test]
fn a_reading_is_compared_with_choices_it_has() {
    let problems = with("facts.toml", |text| text.replacen("$labour_reading = 'age'", "$labour_reading = 'aeg'", 1));
    assert!(problems.iter().any(|(message, at)| message.contains("没有“aeg”这个取值") && at == "'aeg'"), "{problems:?}");
    let problems = with("living.toml", |text| text.replacen("[\"both\", \"floor\"]", "[\"both\", \"flor\"]", 1));
    assert!(problems.iter().any(|(message, at)| message.contains("没有读法“flor”") && at == "\"flor\""), "{problems:?}");
}

/// Resolves the shipped policy with one file changed: what is said, and what is underlined.
fn with(name: &str, change: impl Fn(&str) -> String) -> Vec<(String, String)> {
    let mut changed = files();
    for file in changed.iter_mut().filter(|file| file.path == name) {
        file.text = change(&file.text);
    }
    let Err(problems) = Policy::resolve(&changed, &dictionary()) else { return Vec::new() };
    let underlined = |problem: &crate::config::error::Problem| {
        let file = changed.iter().find(|file| file.path == problem.file);
        file.and_then(|file| file.text.get(problem.start..problem.end)).unwrap_or("?").to_owned()
    };
    problems.as_slice().iter().map(|problem| (problem.message.clone(), underlined(problem))).collect()
}

#[test]
fn every_mistake_is_found_at_once_and_underlined() {
    let problems = with("living.toml", |text| {
        text.replacen("NOT any_covered", "NOT any_coverd", 1).replacen("$floor_month\"", "29458\"", 1).replacen(
            "attribute = '特困供养贫困户'",
            "attribute = '五保户'",
            1,
        )
    });
    let underlined: Vec<&str> = problems.iter().map(|(_, underlined)| underlined.as_str()).collect();
    for expected in ["any_coverd", "29458", "'五保户'"] {
        assert!(underlined.contains(&expected), "{expected} in {problems:?}");
    }
}

#[test]
fn bad_facts_are_refused() {
    for (from, to, said) in [
        ("is = \"NOT COALESCE(dead, FALSE)\"", "is = \"in_population\"", "绕了一圈"),
        ("registry = \"tekun\", take", "registry = \"tekon\", take", "没有登记表 tekon"),
        ("field = \"labour\"", "field = \"labor\"", "没有字段 labor"),
        ("through = \"dibao\", ", "", "一行是一户"),
        ("take = \"age\"", "take = \"sum\"", "take 与字段类型不合"),
        ("title = \"在世\"", "titel = \"在世\"", "不认识的项“titel”"),
    ] {
        let problems = with("facts.toml", |text| text.replacen(from, to, 1));
        assert!(problems.iter().any(|(message, _)| message.contains(said)), "{to}: {problems:?}");
    }
}

#[test]
fn bad_parameters_and_rules_are_refused() {
    let problems = with("parameters.toml", |text| text.replacen("values = { \"2018-06\" = 74100 }", "", 1));
    assert!(problems.iter().any(|(message, _)| message.contains("没有注明起始月份")), "{problems:?}");
    let problems = with("living.toml", |text| text.replacen("全部纳入低保保障", "全部纳入特困保障", 1));
    assert!(problems.iter().any(|(message, _)| message.contains("原文里没有")), "{problems:?}");
    let problems = with("health.toml", |text| text.replacen("health.premium_not_subsidised", "health.not_enrolled", 1));
    assert!(problems.iter().any(|(message, _)| message.contains("用了两次")), "{problems:?}");
    let problems = with("identity.toml", |text| text.replace("rule = \"identity.conflict\"", "rule = \"identity.duplicate\""));
    assert!(problems.iter().any(|(message, _)| message.contains("只有 0 个用例")), "{problems:?}");
}

#[test]
fn each_month_has_its_own_amounts_and_deadlines() {
    let policy = shipped();
    let month = |text: &str| text.parse::<Month>().expect("a month");
    let number = |period: &str, name: &str| match policy.values_at(month(period), Day(0)).get(name) {
        Some(ParameterValue::Int(number)) => Some(*number),
        _ => None,
    };
    let by = |period: &str, rule: &str| {
        let deadlines = policy.deadlines(month(period), month(period).last_day());
        deadlines.iter().find(|(id, _)| id == rule).map(|(_, day)| day.to_string())
    };
    // 741 yuan are 1.3 times the urban line, from June on; May has no such amount.
    assert_eq!((number("2018-05", "tekun_month"), number("2018-06", "tekun_month")), (None, Some(74_100)));
    let [line, share] = ["urban_line_month", "tekun_share"].map(|name| number("2018-06", name).expect("a number"));
    assert_eq!(line * share / 10_000, 74_100);
    let residence = "living.tekun_residence";
    for (period, share, day) in [
        ("2018-05", 7000, "2018-06-30"),
        ("2018-08", 7000, "2018-06-30"),
        ("2018-09", 8500, "2018-09-30"),
        ("2018-12", 10_000, "2018-12-31"),
    ] {
        assert_eq!((number(period, "residence_target"), by(period, residence).as_deref()), (Some(share), Some(day)), "{period}");
    }
    assert_eq!(by("2018-06", "supervision.inspections").as_deref(), Some("2018-06-30"));
    assert_eq!(by("2018-06", "living.nursing_missed"), None);
}
