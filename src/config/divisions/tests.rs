use std::sync::LazyLock;

use proptest::prelude::*;

use super::place::{Likeness, PlaceState, PlaceText, TownSource};
use super::*;
use crate::model::identity::name::{FoldedName, NameLevel, compare};

fn gazetteer() -> &'static Gazetteer {
    static SHIPPED: LazyLock<Gazetteer> = LazyLock::new(|| {
        Gazetteer::resolve(
            include_str!("../../../pipelines/divisions/zhengan_villages.csv"),
            include_str!("../../../pipelines/divisions/zhengan_streets_history.csv"),
        )
        .expect("the shipped lists")
    });
    &SHIPPED
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
    for text in ["燕子坝", "凤山", "凤山街", "没有的村", "燕子垻村"] {
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

fn spelt(parts: PlaceText<'_>) -> (String, String, [Likeness; 2], TownSource, bool) {
    let gazetteer = gazetteer();
    let place = gazetteer.place(month("2018-06"), &parts);
    (
        place.town.map_or_else(String::new, |town| town.name.clone()),
        place.village.map_or_else(String::new, |village| village.name.clone()),
        [place.town_by, place.village_by],
        place.town_from,
        place.contradicts,
    )
}

#[test]
fn misspelt_names_are_the_only_nearest_one() {
    use Likeness::{Half, Same, Shape, Slip, Sound};
    for (town, village, right, by) in [
        ("河溪镇", "凤山村", ["和溪镇", "凤山村"], [Sound, Same]),
        ("庙堂镇", "教良社区", ["庙塘镇", "教良社区"], [Sound, Same]),
        ("瑞西镇", "燕子坝村", ["瑞溪镇", "燕子坝村"], [Sound, Same]),
        ("斑竹", "", ["班竹镇", ""], [Sound, Same]),
        ("瑞西镇燕子垻村", "", ["瑞溪镇", "燕子坝村"], [Sound, Sound]),
        ("瑞西燕子坝村", "", ["瑞溪镇", "燕子坝村"], [Sound, Same]),
        ("", "瑞西镇燕子坝村", ["瑞溪镇", "燕子坝村"], [Sound, Same]),
        ("瑞溪镇", "瑞西镇燕子坝村", ["瑞溪镇", "燕子坝村"], [Same, Same]),
        ("瑞?镇", "燕子坝村", ["瑞溪镇", "燕子坝村"], [Sound, Same]),
        ("溪瑞镇", "", ["瑞溪镇", ""], [Slip, Same]),
        ("瑞溪溪镇", "", ["瑞溪镇", ""], [Slip, Same]),
        ("芙蓉镇", "", ["芙蓉江镇", ""], [Slip, Same]),
        ("芙蓉汪镇", "", ["芙蓉江镇", ""], [Shape, Same]),
        ("风仪街道办事处", "北苑社区居委会", ["凤仪街道", "北苑社区"], [Sound, Same]),
        ("是坪仡佬族苗族乡", "", ["市坪苗族仡佬族乡", ""], [Sound, Same]),
        ("浮焉镇", "坪生村", ["桴㯊镇", "坪生村"], [Sound, Same]),
        ("浮焉镇", "", ["桴㯊镇", ""], [Sound, Same]),
        // Half a name and a village that no other town has.
        ("瑞水镇", "燕子坝村", ["瑞溪镇", "燕子坝村"], [Half, Same]),
        ("溪镇", "燕子坝村", ["瑞溪镇", "燕子坝村"], [Half, Same]),
        // The village says which of two towns is meant.
        ("?溪镇", "凤山村", ["和溪镇", "凤山村"], [Sound, Same]),
        ("瑞溪镇", "蚂蝗进村", ["瑞溪镇", "蚂蝗井村"], [Same, Sound]),
        ("瑞溪镇", "燕坝子村", ["瑞溪镇", "燕子坝村"], [Same, Slip]),
        ("瑞溪镇", "燕坝村", ["瑞溪镇", "燕子坝村"], [Same, Slip]),
        ("瑞溪镇", "燕子坪村", ["瑞溪镇", "燕子坝村"], [Same, Slip]),
        ("土坪镇", "兴乐村", ["土坪镇", "新乐村"], [Same, Sound]),
        ("新州镇", "尤岗村委会", ["新州镇", "龙岗村"], [Same, Shape]),
        ("桴焉镇", "红崖村", ["桴㯊镇", "红岩村"], [Same, Sound]),
        ("和溪鎮", "鳳山村", ["和溪镇", "凤山村"], [Same, Same]),
        ("瑞溪镇人民政府", "燕子坝行政村", ["瑞溪镇", "燕子坝村"], [Same, Same]),
    ] {
        let (town_found, village_found, likeness, ..) = spelt(PlaceText { town, village, ..PlaceText::default() });
        assert_eq!(([town_found.as_str(), village_found.as_str()], likeness), (right, by), "{town} {village}");
    }
    for (text, right) in [
        ("贵州省遵义市正安县瑞西镇燕子坝村三组", ["瑞溪镇", "燕子坝村"]),
        ("正安县瑞西/燕子坝", ["瑞溪镇", "燕子坝村"]),
        ("正安县瑞西燕子坝村三组", ["瑞溪镇", "燕子坝村"]),
        ("瑞溪镇蚂蝗进三组", ["瑞溪镇", "蚂蝗井村"]),
        ("贵洲省正按县瑞溪镇燕子坝村", ["瑞溪镇", "燕子坝村"]),
        ("貴州省遵義市正安縣瑞溪鎮燕子坝村", ["瑞溪镇", "燕子坝村"]),
        ("正安县流渡镇流渡沙寨组", ["流渡镇", "流渡社区"]),
        ("正安县燕子坝村三组", ["瑞溪镇", "燕子坝村"]),
        ("正安县?镇燕子坝村三组", ["瑞溪镇", "燕子坝村"]),
    ] {
        let (town, village, ..) = spelt(PlaceText { address: text, ..PlaceText::default() });
        assert_eq!([town.as_str(), village.as_str()], right, "{text}");
    }
}

#[test]
fn a_village_gives_the_town_only_where_none_is_named() {
    for town in ["", "?镇", "??", "#REF!", "不详", "正安县", "燕子坝村"] {
        let (found, village, _, from, _) = spelt(PlaceText { town, village: "燕子坝村", ..PlaceText::default() });
        assert_eq!((found.as_str(), village.as_str(), from), ("瑞溪镇", "燕子坝村", TownSource::Village), "{town}");
    }
    // 凤山社区 is 凤仪's and 凤山村 is 和溪's; 凤山 may be either.
    assert_eq!(spelt(PlaceText { town: "??镇", village: "凤山村", ..PlaceText::default() }).0, "和溪镇");
    for (town, village) in
        [("??镇", "凤山"), ("蒲场镇", "燕子坝村"), ("茅石镇", "新建村"), ("??镇", "没有的村"), ("", "燕子垻村")]
    {
        assert_eq!(spelt(PlaceText { town, village, ..PlaceText::default() }).0, "", "{town} {village}");
    }
    // Nor where the address names a town of elsewhere.
    let (town, ..) = spelt(PlaceText { village: "燕子坝村", address: "蒲场镇燕子坝村", ..PlaceText::default() });
    assert_eq!(town, "");
}

#[test]
fn never_a_guess_between_two_and_never_a_neighbour() {
    for town in [
        "溪镇",
        "?溪镇",
        "狮溪镇",
        "玉溪镇",
        "蒲场镇",
        "永兴镇",
        "风华镇",
        "瑞镇",
        "镇",
        "桥",
        "花坪镇",
        "土溪镇",
        "播州区新舟镇",
    ] {
        assert_eq!(spelt(PlaceText { town, ..PlaceText::default() }).0, "", "{town}");
    }
    // Of the counties around ours, as far as none of ours sounds the same (新舟镇 sounds like 新州镇).
    for towns in [
        "玉溪镇 三江镇 隆兴镇 旧城镇 忠信镇 洛龙镇 阳溪镇 河口镇 大磏镇 三桥镇 平模镇 棕坪乡 桃源乡 上坝乡",
        "黄都镇 涪洋镇 镇南镇 砚山镇 浞水镇 茅天镇 柏村镇 泥高镇 分水镇 蕉坝镇 红丝乡 石朝乡 丰乐镇",
        "郑场镇 旺草镇 蒲场镇 风华镇 茅垭镇 枧坝镇 宽阔镇 黄杨镇 青杠塘镇 太白镇 温泉镇 坪乐镇 大路槽乡 小关乡",
        "燎原镇 木瓜镇 水坝塘镇 官仓镇 花秋镇 新站镇 风水镇 松坎镇 羊磴镇 夜郎镇 九坝镇 大河镇 容光镇 楚米镇 尧龙山镇 茅石镇 高桥镇 坡渡镇",
        "进化镇 琊川镇 蜂岩镇 永和镇 花坪镇 绥阳镇 土溪镇 永安镇 何坝镇 天桥镇 王寨镇 新建镇 石径乡 黄家坝镇 马山镇 永兴镇 高台镇 茅坪镇",
        "洗马镇 复兴镇 抄乐镇 西河镇 新南镇 石莲镇 天城镇 白泥镇 小腮镇 龙溪镇 构皮滩镇 大乌江镇 敖溪镇 龙家镇 松烟镇 关兴镇 花山乡",
        "土坪坝镇 安场坝乡 大有镇 水江镇 南平镇 金山镇 头渡镇",
    ] {
        for town in towns.split(' ') {
            assert_eq!(spelt(PlaceText { town, ..PlaceText::default() }).0, "", "{town}");
            assert_eq!(spelt(PlaceText { address: town, ..PlaceText::default() }).0, "", "{town}");
        }
    }
    assert_eq!(spelt(PlaceText { address: "土坪场镇12号", ..PlaceText::default() }).0, "土坪镇");
    for address in ["遵义县新舟镇", "遵义市播州区新舟镇沙坝村", "绥阳县河溪镇凤山村", "镇安县永乐镇", "正按县大磏镇"]
    {
        assert_eq!(spelt(PlaceText { address, ..PlaceText::default() }).0, "", "{address}");
    }
    let county = spelt(PlaceText { county: "务川县", town: "瑞西镇", village: "燕子坝村", ..PlaceText::default() });
    assert_eq!(county.0, "");
    // Real villages one character apart stay apart, and a name of another town's village is no slip.
    for (town, village) in [("小雅镇", "桃子坪村"), ("瑞溪镇", "木盆窝村"), ("瑞溪镇", "永长村")] {
        let (found, village, _, _, contradicts) = spelt(PlaceText { town, village, ..PlaceText::default() });
        assert_eq!((found.as_str(), village.as_str(), contradicts), (town, "", true), "{town} {village}");
    }
    assert!(!spelt(PlaceText { town: "瑞溪镇", village: "没有的村", ..PlaceText::default() }).4);
    assert_eq!(spelt(PlaceText { town: "瑞西镇", village: "永长村", ..PlaceText::default() }).0, "瑞溪镇", "the sound is sure");
    assert_eq!(spelt(PlaceText { town: "溪瑞镇", village: "永长村", ..PlaceText::default() }).0, "", "neither is sure");
}

#[test]
fn a_spelling_beats_the_sheet() {
    let parts = PlaceText { town: "河溪镇", village: "凤山村", hint: "瑞溪镇", ..PlaceText::default() };
    assert_eq!(spelt(parts).0, "和溪镇");
    let parts = PlaceText { town: "??镇", village: "燕子垻村", hint: "瑞溪镇", ..PlaceText::default() };
    assert_eq!((spelt(parts).1.as_str(), spelt(parts).3), ("燕子坝村", TownSource::Sheet));
}

/// Every character of the basic block that sounds like one, dialects folded.
fn sounding_like(character: char) -> Vec<char> {
    static BLOCK: LazyLock<Vec<(char, FoldedName)>> = LazyLock::new(|| {
        let named = |character: char| Some((character, FoldedName::new(&character.to_string())?));
        ('\u{4e00}'..='\u{9fa5}').filter_map(named).collect()
    });
    let Some(own) = FoldedName::new(&character.to_string()) else { return Vec::new() };
    BLOCK.iter().filter(|(_, other)| compare(&own, other) == NameLevel::SameSound).map(|(other, _)| *other).collect()
}

/// Every name that one character written as it sounds makes of `base`.
fn slips_by_sound(base: &str) -> Vec<String> {
    let characters: Vec<char> = base.chars().collect();
    let slips = characters.iter().enumerate().flat_map(|(at, character)| {
        let mut slip = characters.clone();
        sounding_like(*character).into_iter().map(move |other| {
            slip[at] = other;
            slip.iter().collect()
        })
    });
    slips.collect()
}

#[test]
fn every_slip_by_sound_in_a_towns_name_is_that_town_or_none() {
    let edition = gazetteer().edition(month("2018-06"));
    let (mut right, mut tried) = (0, 0);
    for town in edition.towns() {
        let suffix = town.name.strip_prefix(town.base.as_str()).unwrap_or("");
        // Behind 桴 the reader restores 㯊, so it begins no other name.
        for slip in slips_by_sound(&town.base).into_iter().filter(|slip| !slip.contains('桴')) {
            for written in [format!("{slip}{suffix}"), slip.clone(), format!("正安县{slip}{suffix}")] {
                let parts = PlaceText { town: &written, ..PlaceText::default() };
                let found = edition.place(&parts).town;
                assert!(found.is_none_or(|found| found == town), "{written}");
                right += usize::from(found.is_some());
                tried += 1;
            }
        }
    }
    // The others have rare readings by which they sound like two towns: 和吚 (fú yī) like 和溪 and 桴焉.
    assert!(tried > 20_000 && right * 100 >= tried * 94, "{right} of {tried}");
}

#[test]
fn every_slip_by_sound_in_a_villages_name_is_that_village_or_none() {
    let edition = gazetteer().edition(month("2018-06"));
    let listed = |name: &str| edition.towns().iter().any(|town| edition.villages(&town.code).iter().any(|it| it.base == name));
    let (mut right, mut tried) = (0, 0);
    // One in four, to be quick.
    let all = edition.towns().iter().flat_map(|town| edition.villages(&town.code).iter().map(move |it| (town, it)));
    for (town, village) in all.step_by(4) {
        for slip in slips_by_sound(&village.base).into_iter().filter(|slip| !listed(slip)) {
            let written = format!("{slip}{}", if village.is_community { "社区" } else { "村" });
            let found = edition.place(&PlaceText { town: &town.name, village: &written, ..PlaceText::default() });
            assert!(found.village.is_none_or(|found| found == village), "{written} under {}", town.name);
            tried += 1;
            right += usize::from(found.village.is_some());
        }
    }
    assert!(right * 100 >= tried * 95, "{right} of {tried}");
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

    #[test]
    fn a_spelling_never_changes_what_is_on_the_list(which in 0usize..1000) {
        let gazetteer = gazetteer();
        let edition = gazetteer.edition(month("2018-06"));
        let all: Vec<(&Town, &Village)> =
            edition.towns().iter().flat_map(|town| edition.villages(&town.code).iter().map(move |village| (town, village))).collect();
        let ((town, village), (other, _)) = (all[which % all.len()], all[which * 7 % all.len()]);
        let place = edition.place(&PlaceText { town: &other.name, village: &village.name, ..PlaceText::default() });
        prop_assert!(place.village_by == Likeness::Same && place.town == Some(other));
        prop_assert!(place.village.is_none_or(|found| found == village || town == other || found.base == village.base));
    }
}
