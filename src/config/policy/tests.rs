use super::*;
use crate::config::registry::{FieldDefinition, RegistryDefinition};
use crate::model::field::FieldKind;
use crate::model::registry::Grain;

/// The shipped policy folder.
pub(crate) const FILES: [PolicyFile<'static>; 8] = [
    file("policy.toml", include_str!("../../../pipelines/policy/zhengan-2018/policy.toml")),
    file("parameters.toml", include_str!("../../../pipelines/policy/zhengan-2018/parameters.toml")),
    file("facts.toml", include_str!("../../../pipelines/policy/zhengan-2018/facts.toml")),
    file("living.toml", include_str!("../../../pipelines/policy/zhengan-2018/living.toml")),
    file("living-disability.toml", include_str!("../../../pipelines/policy/zhengan-2018/living-disability.toml")),
    file("health.toml", include_str!("../../../pipelines/policy/zhengan-2018/health.toml")),
    file("identity.toml", include_str!("../../../pipelines/policy/zhengan-2018/identity.toml")),
    file("正府办通〔2018〕150号.txt", include_str!("../../../pipelines/policy/zhengan-2018/正府办通〔2018〕150号.txt")),
];

const fn file(path: &'static str, text: &'static str) -> PolicyFile<'static> {
    PolicyFile { path, text }
}

/// Fields as shipped, registries with titles and grains only.
pub(crate) fn dictionary() -> Dictionary {
    #[derive(serde::Deserialize)]
    struct Written {
        kind: FieldKind,
        title: String,
        #[serde(default)]
        codes: BTreeMap<String, Vec<String>>,
    }
    let text = include_str!("../../../pipelines/registries/fields.toml");
    let written: BTreeMap<String, Written> = toml::from_str(text).expect("fields.toml reads");
    let fields = written.into_iter().map(|(name, field)| {
        let codes = field.codes.into_iter();
        let codes = codes.flat_map(|(value, spellings)| spellings.into_iter().map(move |s| (s, value.clone()))).collect();
        let (kind, title) = (field.kind, field.title);
        (name.clone(), FieldDefinition { name, kind, title, aliases: Vec::new(), codes })
    });
    let registry = |(id, title, grain): (&str, &str, Grain)| RegistryDefinition {
        id: RegistryId::from(id),
        title: title.to_owned(),
        department: String::new(),
        grain,
        fields: Vec::new(),
        required: Vec::new(),
        telling: Vec::new(),
        excluded: Vec::new(),
        title_words: Vec::new(),
    };
    let registries = [
        ("poverty", "建档立卡人口名册", Grain::Person),
        ("dibao", "低保人员名册", Grain::Person),
        ("dibao_payment", "低保发放明细", Grain::HouseholdMonth),
        ("tekun", "特困供养名册", Grain::Person),
        ("tekun_payment", "特困供养金发放明细", Grain::PersonMonth),
        ("insurance", "参合名册", Grain::Person),
        ("premium_subsidy", "资助参合名册", Grain::Person),
        ("disability", "残疾人持证名册", Grain::Person),
        ("disability_subsidy", "残疾人两项补贴名册", Grain::PersonKind),
    ];
    Dictionary { fields: fields.collect(), registries: registries.into_iter().map(registry).collect() }
}

/// The shipped policy.
pub(crate) fn shipped() -> Policy {
    Policy::load(&FILES, &dictionary()).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

#[test]
fn the_shipped_policy_has_exactly_the_rules_promised() {
    let policy = shipped();
    let ids: Vec<&str> = policy.rules.iter().map(|rule| rule.card.id.as_str()).collect();
    let promised = [
        "health.not_enrolled",
        "health.premium_not_subsidised",
        "identity.conflict",
        "identity.duplicate",
        "identity.needs_review",
        "identity.number_damaged",
        "identity.number_invalid",
        "living.attribute_conflict",
        "living.disability_living_below_standard",
        "living.disability_living_missed",
        "living.floor_below",
        "living.nursing_below_standard",
        "living.nursing_ineligible",
        "living.nursing_missed",
        "living.nursing_no_certificate",
        "living.tekun_below_standard",
        "living.tekun_uncovered",
        "living.two_none_member_uncovered",
        "living.two_none_uncovered",
    ];
    assert_eq!(ids, promised);
}

#[test]
fn parameters_follow_the_month() {
    let policy = shipped();
    let at = |month: &str, name: &str| policy.values_at(month.parse().expect("a month")).get(name).cloned();
    assert_eq!(at("2018-05", "tekun_month"), None);
    assert_eq!(at("2018-06", "tekun_month"), Some(ParameterValue::Int(74_100)));
    assert_eq!(at("2018-06", "floor_month"), Some(ParameterValue::Int(29_458)), "3535 / 12 = 294.583…, rounded down");
    assert_eq!(at("2018-06", "living_subsidy_least_month"), Some(ParameterValue::Int(3_230)));
    assert_eq!(at("2018-06", "month"), Some(ParameterValue::Int(201_806)));
}

/// Loads the shipped policy with one file changed.
fn with(name: &str, change: impl Fn(&str) -> String) -> Vec<(String, String)> {
    let changed: Vec<(&str, String)> =
        FILES.iter().map(|file| (file.path, if file.path == name { change(file.text) } else { file.text.to_owned() })).collect();
    let files: Vec<PolicyFile<'_>> = changed.iter().map(|(path, text)| PolicyFile { path, text }).collect();
    match Policy::load(&files, &dictionary()) {
        Ok(_) => Vec::new(),
        Err(problems) => problems
            .into_iter()
            .map(|problem| {
                let text = &changed.iter().find(|(path, _)| *path == problem.file).expect("a file").1;
                (problem.message, text.get(problem.span).unwrap_or("?").to_owned())
            })
            .collect(),
    }
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
        ("title = \"在世\"", "titel = \"在世\"", "读不懂"),
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
