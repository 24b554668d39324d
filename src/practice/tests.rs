//! The county as a whole.
use super::*;

const VILLAGES: &str = "as_of,street_code,village_code,village_name\n\
    2017-10-31,520324101,520324101202,燕子坝村村民委员会\n2017-10-31,520324102,520324102209,凤山村村民委员会\n\
    2017-10-31,520324116,520324116001,桴焉居民委员会\n";
const TOWNS: &str = "as_of,street_code,street_name\n2017-10-31,520324101,瑞溪镇\n2017-10-31,520324102,和溪镇\n\
    2017-10-31,520324116,桴焉镇\n";

fn county(options: &PracticeOptions) -> Vec<PracticeFile> {
    let mut files = Vec::new();
    generate(options, read_divisions(VILLAGES, TOWNS).expect("villages"), |file| {
        files.push(file);
        Ok::<(), PracticeError>(())
    })
    .expect("a county");
    files
}

fn text_of(files: &[PracticeFile], path: &str) -> String {
    let file = files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("no {path}"));
    String::from_utf8(file.bytes.clone()).expect("UTF-8")
}

fn count_rules(files: &[PracticeFile], month: &str) -> std::collections::BTreeMap<String, usize> {
    let mut counts = std::collections::BTreeMap::new();
    for line in text_of(files, &format!("truth/{month}/findings.csv")).lines().skip(1) {
        *counts.entry(line.split(',').next().unwrap_or("").to_owned()).or_default() += 1;
    }
    counts
}

const RULES: [&str; 16] = [
    "living.two_none_uncovered",
    "living.two_none_member_uncovered",
    "living.floor_below",
    "living.tekun_uncovered",
    "living.tekun_below_standard",
    "living.attribute_conflict",
    "health.not_enrolled",
    "health.premium_not_subsidised",
    "living.nursing_missed",
    "living.nursing_below_standard",
    "living.nursing_ineligible",
    "living.nursing_no_certificate",
    "living.disability_living_missed",
    "living.disability_living_below_standard",
    "identity.number_damaged",
    "identity.conflict",
];

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let options = PracticeOptions { households: 60, months: 2, ..PracticeOptions::default() };
    assert_eq!(county(&options), county(&options));
    let other = PracticeOptions { seed: 2, ..options.clone() };
    assert_ne!(county(&options), county(&other));
}

#[test]
fn every_rule_has_something_to_find() {
    let small = county(&PracticeOptions { months: 2, ..PracticeOptions::default() });
    let large = county(&PracticeOptions { households: 20_000, layout: Layout::Plain, ..PracticeOptions::default() });
    let (june, july, many) = (count_rules(&small, "2018-06"), count_rules(&small, "2018-07"), count_rules(&large, "2018-06"));
    for rule in RULES {
        let of = |counts: &std::collections::BTreeMap<String, usize>| counts.get(rule).copied().unwrap_or(0);
        assert!(of(&june) >= 1 && of(&july) >= 1, "{rule}: {} and {}", of(&june), of(&july));
        assert!(of(&many) >= 10, "{rule}: {}", of(&many));
    }
    // What is rare in 300 households is there in 20,000, in every chapter.
    for (chapter, least) in [("conflict.", 18), ("education.", 20), ("health.", 12), ("living.", 24), ("work.", 6)] {
        let there: Vec<&String> = many.keys().filter(|rule| rule.starts_with(chapter)).collect();
        assert!(there.len() >= least, "{there:?}");
    }
    assert!(many.get("identity.duplicate").is_some_and(|&count| count >= 10));
    assert!(many.get("identity.number_invalid").is_some_and(|&count| count >= 10));
}

#[test]
fn the_end_of_the_year_has_its_own_rules() {
    let files =
        county(&PracticeOptions { seed: 3, months: 7, households: 6000, layout: Layout::Plain, ..PracticeOptions::default() });
    let (june, december) = (count_rules(&files, "2018-06"), count_rules(&files, "2018-12"));
    for rule in
        ["work.recommendations", "health.psychiatric_drugs_below", "conflict.two_none_labour", "conflict.two_none_unflagged"]
    {
        assert!(!june.contains_key(rule) && december.contains_key(rule), "{rule}: {:?}", december.get(rule));
    }
    for rule in ["conflict.tekun_healthy", "living.floor_income"] {
        assert!(june.contains_key(rule) && december.contains_key(rule), "{rule}");
    }
}

#[test]
fn without_noise_no_identity_is_in_doubt() {
    let files = county(&PracticeOptions { noise: 0.0, households: 2000, ..PracticeOptions::default() });
    let rules = count_rules(&files, "2018-06");
    // Who is listed in two households or towns is entered twice whatever the noise; no number or name is wrong.
    assert!(rules.keys().all(|rule| !rule.starts_with("identity.") || rule == "identity.duplicate"), "{rules:?}");
    assert!(rules.contains_key("health.not_enrolled"));
}

/// Rows of the certificate register (GB18030 CSV) with the pid that the truth gives each.
fn certificates(noise: f64) -> Vec<(Vec<String>, Vec<String>)> {
    let files = county(&PracticeOptions { noise, households: 4000, ..PracticeOptions::default() });
    let persons: std::collections::BTreeMap<String, Vec<String>> = text_of(&files, "truth/2018-06/persons.csv")
        .lines()
        .map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>())
        .map(|fields| (fields[0].clone(), fields))
        .collect();
    let register = files.iter().find(|file| file.path.ends_with("持证残疾人信息.csv")).expect("the register");
    let text = encoding_rs::GB18030.decode(&register.bytes).0.into_owned();
    let lines: Vec<&str> = text.lines().collect();
    text_of(&files, "truth/2018-06/rows.csv")
        .lines()
        .filter_map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            (fields[0] == "残联/持证残疾人信息.csv").then(|| {
                let row: usize = fields[2].parse().expect("a row number");
                let cells = lines[row - 1].split(',').map(str::to_owned).collect();
                (cells, persons[fields[3]].clone())
            })
        })
        .collect()
}

#[test]
fn the_truth_points_at_the_right_rows() {
    let rows = certificates(0.0);
    assert!(rows.len() > 300, "{}", rows.len());
    for (cells, person) in rows {
        assert_eq!((&cells[0], &cells[1]), (&person[2], &person[3]));
        assert!(cells[2].starts_with(&person[3]));
    }
}

#[test]
fn damage_comes_at_about_the_rate_asked() {
    let share = |noise: f64| {
        let rows = certificates(noise);
        let damaged = rows.iter().filter(|(cells, person)| cells[0] != person[2] || cells[1] != person[3]).count();
        f64::from(u32::try_from(damaged).expect("few")) / f64::from(u32::try_from(rows.len()).expect("few"))
    };
    let (one, three) = (share(1.0), share(3.0));
    assert!((0.04..0.12).contains(&one), "{one}");
    assert!((0.14..0.32).contains(&three), "{three}");
}

/// The first edition is what `fixtures/` were made with; what was converted or changed by hand since is left out.
#[test]
fn the_fixtures_can_be_made_again() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).expect("a list of divisions");
    let villages = read_divisions(
        &read("pipelines/divisions/zhengan_villages.csv"),
        &read("pipelines/divisions/zhengan_streets_history.csv"),
    );
    let mut same = 0;
    let options = PracticeOptions { months: 2, edition: Edition::First, ..PracticeOptions::default() };
    generate(&options, villages.expect("villages"), |file| {
        let changed = ["特困供养人员花名册.xlsx", "中观镇贫困人口信息.xlsx", "豁免清单.xls", "rows.csv", "findings.csv"];
        if !changed.iter().any(|end| file.path.ends_with(end)) {
            let fixture = std::fs::read(root.join("fixtures").join(&file.path)).expect("a fixture");
            assert!(fixture == file.bytes, "{}", file.path);
            same += 1;
        }
        Ok::<(), PracticeError>(())
    })
    .expect("a county");
    assert!(same > 60, "{same}");
}

/// How many rows of each person the truth has.
fn rows_of_persons(files: &[PracticeFile]) -> std::collections::BTreeMap<String, usize> {
    let mut counts = std::collections::BTreeMap::new();
    for line in text_of(files, "truth/2018-06/rows.csv").lines().skip(1) {
        let pid = line.split(',').nth(3).expect("a pid");
        *counts.entry(pid.to_owned()).or_default() += 1;
    }
    counts
}

#[test]
fn layouts_lose_nobody_and_change_no_truth() {
    let [mixed, plain] = [Layout::Mixed, Layout::Plain]
        .map(|layout| county(&PracticeOptions { layout, noise: 0.0, households: 500, ..PracticeOptions::default() }));
    assert_eq!(rows_of_persons(&mixed), rows_of_persons(&plain));
    assert_eq!(text_of(&mixed, "truth/2018-06/findings.csv"), text_of(&plain, "truth/2018-06/findings.csv"));
    for name in ["资助参合人员.xlsx", "2018年4-6月农村低保发放明细.xlsx", "参合家庭登记表.xlsx"] {
        assert!(mixed.iter().any(|file| file.path.ends_with(name)), "{name}");
    }
    // Lists side by side and forms name several persons in a row.
    let rows = text_of(&mixed, "truth/2018-06/rows.csv");
    assert!(rows.lines().any(|line| line.contains("登记表.xlsx") && line.ends_with(",2")));
    assert!(rows.lines().any(|line| line.contains("资助参合人员.xlsx") && line.ends_with(",1")));
}

#[test]
fn what_comes_in_short_leaves_the_truth_whole() {
    let options = PracticeOptions { households: 500, ..PracticeOptions::default() };
    let whole = county(&options);
    let partial = |texts: &[&str]| {
        let partial = texts.iter().map(|text| text.parse().expect("a registry")).collect();
        let files = county(&PracticeOptions { partial, ..options.clone() });
        assert_eq!(text_of(&files, "truth/2018-06/findings.csv"), text_of(&whole, "truth/2018-06/findings.csv"));
        text_of(&files, "truth/2018-06/rows.csv")
    };
    let count = |rows: &str, file: &str| rows.lines().filter(|line| line.contains(file)).count();
    let full = text_of(&whole, "truth/2018-06/rows.csv");
    let insured = count(&full, "合医/2018年度参合人员名册");
    let half = count(&partial(&["insurance:0.5"]), "合医/2018年度参合人员名册");
    assert!(half * 10 > insured * 4 && half * 10 < insured * 6, "{half} of {insured}");
    let rows = partial(&["disability:cut=0.5", "student:初中", "tekun"]);
    assert_eq!(count(&rows, "持证残疾人信息"), count(&full, "持证残疾人信息").div_ceil(2));
    assert_eq!(count(&rows, "特困供养人员花名册"), 0);
    let (less, pupils) = (count(&rows, "学籍名册"), count(&full, "学籍名册"));
    assert!(less * 10 < pupils * 9 && less > 0, "{less} of {pupils}");
}

#[test]
fn mistyped_parts_are_told() {
    for (text, why) in [("insurances:0.5", "没有名册"), ("insurance:1.5", "0 到 1"), ("disability:cut=half", "不是比例")]
    {
        let error = text.parse::<Partial>().expect_err("not a part");
        assert!(error.contains(why), "{text}: {error}");
    }
}
