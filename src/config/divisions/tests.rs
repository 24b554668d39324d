use proptest::prelude::*;

use super::place::{PlaceState, PlaceText};
use super::*;

fn gazetteer() -> Gazetteer {
    Gazetteer::resolve(
        include_str!("../../../pipelines/divisions/zhengan_villages.csv"),
        include_str!("../../../pipelines/divisions/zhengan_streets_history.csv"),
    )
    .expect("the shipped lists")
}

fn month(text: &str) -> Month {
    text.parse().expect("a month")
}

fn look(period: &str, parts: PlaceText<'_>) -> (String, String, String, PlaceState) {
    let gazetteer = gazetteer();
    let place = gazetteer.place(month(period), &parts);
    (
        place.town.map_or_else(String::new, |town| town.name.clone()),
        place.village.map_or_else(String::new, |village| village.name.clone()),
        place.group.clone().unwrap_or_default(),
        place.state,
    )
}

fn address(text: &str) -> (String, String, String, PlaceState) {
    look("2018-06", PlaceText { address: text, ..PlaceText::default() })
}

fn columns(town: &str, village: &str) -> (String, String, String, PlaceState) {
    look("2018-06", PlaceText { town, village, ..PlaceText::default() })
}

fn village(town: &str, village: &str, group: &str) -> (String, String, String, PlaceState) {
    (town.to_owned(), village.to_owned(), group.to_owned(), PlaceState::Village)
}

#[test]
fn the_edition_in_force_is_the_newest_not_after_the_period() {
    let gazetteer = gazetteer();
    for (period, edition) in
        [("2018-06", "2017-10-31"), ("2018-10", "2018-10-31"), ("2015-01", "2016-07-31"), ("2026-01", "2023-06-30")]
    {
        assert_eq!(gazetteer.edition(month(period)).as_of.to_string(), edition, "{period}");
    }
    let edition = gazetteer.edition(month("2018-06"));
    assert_eq!(edition.towns().len(), 19);
    assert_eq!(edition.towns().iter().map(|town| edition.villages(&town.code).len()).sum::<usize>(), 152);
}

#[test]
fn one_address_text() {
    for (text, group) in [
        ("贵州省遵义市正安县瑞溪镇燕子坝村三组", "三组"),
        ("正安县瑞溪镇燕子坝村", ""),
        ("瑞溪镇燕子坝", ""),
        ("瑞溪/燕子坝", ""),
        ("瑞溪镇 燕子坝村委会 第二村民组", "第二村民组"),
        ("贵州省正安县瑞溪镇燕子坝村村民委员会", ""),
    ] {
        assert_eq!(address(text), village("瑞溪镇", "燕子坝村", group), "{text}");
    }
    assert_eq!(address("安场").3, PlaceState::Town);
    assert_eq!(address("正安县市坪乡粗石村"), village("市坪苗族仡佬族乡", "粗石村", ""));
    assert_eq!(address("谢坝仡佬族苗族乡鱼泉村二组"), village("谢坝仡佬族苗族乡", "鱼泉村", "二组"));
    assert_eq!(address("凤仪街道办事处凤山社区"), village("凤仪街道", "凤山社区", ""));
    assert_eq!(address("和溪镇凤山村"), village("和溪镇", "凤山村", ""));
}

#[test]
fn columns_with_and_without_suffixes() {
    assert_eq!(columns("瑞溪", "燕子坝"), village("瑞溪镇", "燕子坝村", ""));
    assert_eq!(columns("瑞溪镇", "瑞溪镇燕子坝村"), village("瑞溪镇", "燕子坝村", ""));
    assert_eq!(columns("瑞溪镇燕子坝村", ""), village("瑞溪镇", "燕子坝村", ""));
    assert_eq!(columns("", "瑞溪镇燕子坝村"), village("瑞溪镇", "燕子坝村", ""));
    assert_eq!(columns("新州镇", "新州"), village("新州镇", "新州社区", ""));
    assert_eq!(columns("土坪镇", "土坪村"), village("土坪镇", "土坪村", ""));
    assert_eq!(columns("土坪镇", "土坪居委会"), village("土坪镇", "土坪社区", ""));
    assert_eq!(columns("土坪镇", "土坪镇街道居委会"), village("土坪镇", "土坪社区", ""), "its name in 2018");
    assert_eq!(columns("土坪镇", "土坪").1, "", "two villages of that name");
    assert_eq!(columns("小雅镇", "桐梓坪村"), village("小雅镇", "桐子坪村", ""), "its name in 2023");
}

#[test]
fn names_of_other_editions_lead_to_the_one_in_force() {
    assert_eq!(columns("凤仪镇", "北苑社区"), village("凤仪街道", "北苑社区", ""));
    assert_eq!(columns("碧峰乡", "碧峰村"), village("碧峰镇", "碧峰社区", ""));
    assert_eq!(columns("瑞溪镇", "瑞溪村"), village("瑞溪镇", "瑞溪社区", ""));
    assert_eq!(columns("瑞濠街道", "建政社区"), village("安场镇", "建政社区", ""));
    assert_eq!(
        look("2019-12", PlaceText { address: "安场镇瑞濠居委会", ..PlaceText::default() }),
        village("瑞濠街道", "瑞濠社区", "")
    );
    let gazetteer = gazetteer();
    let codes = |period: &str| {
        let place = gazetteer.place(month(period), &PlaceText { address: "瑞溪镇瑞溪村", ..PlaceText::default() });
        place.village.map(|village| village.code.clone())
    };
    assert_eq!(codes("2016-12").as_deref(), Some("520324101200"));
    assert_eq!(codes("2018-06").as_deref(), Some("520324101001"));
}

#[test]
fn every_spelling_of_fuyan() {
    for spelling in
        ["桴㯊镇", "桴焉镇", "桴?镇", "桴？镇", "桴□镇", "桴\u{e000}镇", "桴镇", "桴", "桴\u{fffd}1\u{fffd}1乡", "桴㯊乡"]
    {
        assert_eq!(columns(spelling, "坪生"), village("桴㯊镇", "坪生村", ""), "{spelling}");
        assert_eq!(address(&format!("正安县{spelling}坪生村")), village("桴㯊镇", "坪生村", ""), "{spelling}");
    }
    for spelling in ["桴焉居委会", "桴?居民委员会", "桴㯊社区", "桴焉村"] {
        assert_eq!(columns("桴㯊镇", spelling), village("桴㯊镇", "桴㯊社区", ""), "{spelling}");
    }
}

#[test]
fn never_a_village_without_a_town() {
    for text in ["燕子坝村", "凤山", "瑞溪村"] {
        assert_eq!(columns("", text), (String::new(), String::new(), String::new(), PlaceState::Unknown), "{text}");
    }
    let hinted = look("2018-06", PlaceText { village: "燕子坝村", hint: "瑞溪镇", ..PlaceText::default() });
    assert_eq!(hinted, village("瑞溪镇", "燕子坝村", ""));
    let wrong = columns("瑞溪镇", "没有的村");
    assert_eq!((wrong.0.as_str(), wrong.1.as_str(), wrong.3), ("瑞溪镇", "", PlaceState::Town));
    assert_eq!(columns("流渡镇", "新桥头").1, "", "新桥 is another village");
}

#[test]
fn other_counties_resolve_to_nothing() {
    for text in ["道真县玉溪镇", "贵州省遵义市桐梓县娄山关镇", "重庆市南川区", "道真仡佬族苗族自治县大磏镇", "四川省成都市"]
    {
        assert_eq!(address(text), (String::new(), String::new(), String::new(), PlaceState::Elsewhere), "{text}");
    }
    let county = look("2018-06", PlaceText { county: "道真县", town: "和溪镇", ..PlaceText::default() });
    assert_eq!(county.3, PlaceState::Elsewhere);
    assert_eq!(look("2018-06", PlaceText { county: "正安县", town: "和溪镇", ..PlaceText::default() }).0, "和溪镇");
}

#[test]
fn a_file_name_names_a_town() {
    let gazetteer = gazetteer();
    let edition = gazetteer.edition(month("2018-06"));
    assert_eq!(edition.town_in("瑞溪镇低保名册.xlsx").map(|town| town.name.as_str()), Some("瑞溪镇"));
    assert_eq!(edition.town_in("瑞溪和溪合并.xlsx"), None);
    assert_eq!(edition.town_in("Sheet1"), None);
}

#[test]
fn mistakes_are_reported_together() {
    let problems = Gazetteer::resolve(
        "as_of,street_code,village_code,village_name\n2018-01-01,520324101,520324102001,甲村\n昨天,520324101,520324101001,乙村\n",
        "as_of,street_code,street_name\n2018-01-01,5203241,丙镇\n",
    )
    .expect_err("three mistakes");
    assert_eq!(
        problems.iter().map(|problem| (problem.list, problem.line)).collect::<Vec<_>>(),
        [("villages", 3), ("streets", 2), ("villages", 2)]
    );
}

#[test]
fn official_names_find_themselves_in_every_edition() {
    let gazetteer = gazetteer();
    for edition in &gazetteer.editions {
        for town in edition.towns() {
            for village in edition.villages(&town.code) {
                let place = edition.place(&PlaceText { town: &town.name, village: &village.name, ..PlaceText::default() });
                assert_eq!(place.village, Some(village), "{} {} {}", edition.as_of, town.name, village.name);
                let joined = format!("正安县{}{}四组", town.name, village.name);
                let place = edition.place(&PlaceText { address: &joined, ..PlaceText::default() });
                assert_eq!((place.village, place.group.as_deref()), (Some(village), Some("四组")), "{} {joined}", edition.as_of);
            }
        }
    }
}

proptest! {
    #[test]
    fn total_and_never_a_village_without_its_town(text in "\\PC{0,20}|[瑞溪镇燕子坝村桴?焉正安县凤仪街道社区三组/]{0,14}", other in "[瑞溪镇燕子坝村桴?焉正安县]{0,8}") {
        let gazetteer = gazetteer();
        let edition = gazetteer.edition(month("2018-06"));
        for parts in [PlaceText { address: &text, ..PlaceText::default() }, PlaceText { town: &other, village: &text, ..PlaceText::default() }] {
            let place = edition.place(&parts);
            if let Some(village) = place.village {
                prop_assert!(place.town.is_some_and(|town| village.code.starts_with(&town.code)));
            }
        }
        prop_assert_eq!(place::fold(&place::fold(&text)), place::fold(&text));
    }
}
