//! Definitions with one mistake each (`fixtures/invalid/definitions`), through the real program's `check`: exit code 2, and a
//! message that says in which file, on which line, what is wrong and what was probably meant.

use std::fs;
use std::path::Path;

use crate::support::{bidui, copy, root, said, text};

/// What `check` says of the shipped pipeline after `mistake` was put in the place of `replaced`.
fn told(mistake: &str, replaced: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a folder");
    copy(&root("pipelines"), &folder.path().join("pipelines"));
    copy(&root("reports"), &folder.path().join("reports"));
    let source = root("fixtures/invalid/definitions").join(mistake);
    fs::copy(source, folder.path().join(replaced)).expect("the mistake is in place");
    let output = bidui(&["check", text(&folder.path().join("pipelines/monthly.toml")), "--cases"]);
    (output.status.code(), said(&output))
}

/// (the mistake, what it takes the place of or joins, words of the message)
const MISTAKES: [(&str, &str, &[&str]); 19] = [
    ("pipeline/unknown-key.toml", "pipelines/monthly.toml", &["monthly.toml:9:", "ordr", "是不是“order”"]),
    ("pipeline/unknown-registry.toml", "pipelines/monthly.toml", &["monthly.toml:9:", "是不是“poverty”"]),
    ("pipeline/base-missing.toml", "pipelines/monthly.toml", &["monthly.toml:2:", "month.toml", "从本文件所在的文件夹算起"]),
    ("pipeline/base-circle.toml", "pipelines/monthly.toml", &["monthly.toml:2:", "绕了一圈"]),
    ("pipeline/unknown-workbook.toml", "pipelines/monthly.toml", &["monthly.toml:2:", "是不是“dossier”"]),
    (
        "pipeline/missing-folder.toml",
        "pipelines/monthly.toml",
        &["monthly.toml:3:14", "登记册", "请检查路径", "从本文件所在的文件夹算起"],
    ),
    ("registries/unknown-field.toml", "pipelines/registries/ceshi.toml", &["ceshi.toml:5:", "是不是“id_number”"]),
    ("policy/unknown-fact.toml", "pipelines/policy/zhengan-2018/ceshi.toml", &["ceshi.toml:", "是不是“enrolled”"]),
    ("policy/no-cases.toml", "pipelines/policy/zhengan-2018/ceshi.toml", &["ceshi.toml:", "health.test"]),
    ("policy/duplicate-id.toml", "pipelines/policy/zhengan-2018/ceshi.toml", &["health.not_enrolled"]),
    ("policy/quotation-not-in-document.toml", "pipelines/policy/zhengan-2018/ceshi.toml", &["ceshi.toml:", "人人都要参合"]),
    ("policy/unclosed-bracket.toml", "pipelines/policy/zhengan-2018/ceshi.toml", &["ceshi.toml:", "NOT (enrolled"]),
    ("policy/case-does-not-hold.toml", "pipelines/policy/zhengan-2018/ceshi.toml", &["ceshi.toml:", "例子 fires", "应为“列出”"]),
    ("link/confirm-below-review.toml", "pipelines/link.toml", &["link.toml:", "review ≤ confirm"]),
    ("link/misspelt-level.toml", "pipelines/link.toml", &["link.toml:", "是不是“one digit differs”"]),
    ("link/unknown-rule.toml", "pipelines/link.toml", &["link.toml:", "是不是“sound_phone”"]),
    ("layout/style-colour.toml", "reports/style.toml", &["style.toml:", "六位十六进制"]),
    ("layout/town-unknown-source.toml", "reports/town.toml", &["town.toml:", "是不是“finding_ids”"]),
    ("layout/town-unknown-placeholder.toml", "reports/town.toml", &["town.toml:", "占位符"]),
];

#[test]
fn every_mistake_is_told_with_its_place_and_what_was_meant() {
    for (mistake, replaced, words) in MISTAKES {
        let (code, text) = told(mistake, replaced);
        assert_eq!(code, Some(2), "{mistake}: {text}");
        for word in words {
            assert!(text.contains(word), "{mistake} should say “{word}”:\n{text}");
        }
        assert!(!text.contains("panicked"), "{mistake}: {text}");
    }
}

#[test]
fn every_file_of_the_folder_is_tried() {
    let mut files: Vec<String> = Vec::new();
    for kind in fs::read_dir(root("fixtures/invalid/definitions")).expect("a folder") {
        let kind = kind.expect("an entry").path();
        for file in fs::read_dir(&kind).expect("a folder") {
            let file = file.expect("an entry").path();
            let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
            files.push(format!("{}/{}", name(&kind), name(&file)));
        }
    }
    files.sort();
    let mut tried: Vec<String> = MISTAKES.iter().map(|(file, ..)| (*file).to_owned()).collect();
    tried.sort();
    assert_eq!(files, tried);
}

/// What somebody did to a file.
enum Slip {
    /// Wrote the second in place of the first.
    Wrote(&'static str, &'static str),
    /// Saved it as an old editor does.
    SavedAsGbk,
    /// Gave it another name.
    Renamed,
}
use Slip::{Renamed, SavedAsGbk, Wrote};

const MONTHLY: &str = "pipelines/monthly.toml";
const DIBAO: &str = "pipelines/registries/dibao.toml";
const FIELDS: &str = "pipelines/registries/fields.toml";
const FACTS: &str = "pipelines/policy/zhengan-2018/facts.toml";
const PARAMETERS: &str = "pipelines/policy/zhengan-2018/parameters.toml";
const LIVING: &str = "pipelines/policy/zhengan-2018/living.toml";
const CLAUSES: &str = "pipelines/policy/zhengan-2018/clauses.toml";
const POLICY: &str = "pipelines/policy/zhengan-2018/policy.toml";
const LINK: &str = "pipelines/link.toml";
const TOWN: &str = "reports/town.toml";
const STYLE: &str = "reports/style.toml";
const PHRASES: &str = "pipelines/returns/phrases.toml";
const VILLAGES: &str = "pipelines/divisions/zhengan_villages.csv";

/// (file, what was done to it, words of the one message)
const SLIPS: [(&str, Slip, &[&str]); 54] = [
    (MONTHLY, Wrote("order = [", "ordr = ["), &["不认识的项“ordr”", "是不是“order”"]),
    (MONTHLY, Wrote("\"正安县\"", "正安县"), &["monthly.toml:5:10", "没有加引号"]),
    (MONTHLY, Wrote("\"正安县\"", "“正安县”"), &["monthly.toml:5:10", "中文（全角）符号"]),
    (MONTHLY, Wrote("county =", "county ＝"), &["monthly.toml:5:8", "“＝”是中文"]),
    (MONTHLY, Wrote("county =", "county"), &["monthly.toml:5:", "缺少 = 和值"]),
    (MONTHLY, Wrote("\"dibao\",", "\"dibao\""), &["monthly.toml:21:", "少了逗号"]),
    (MONTHLY, Wrote("\"dibao\",", "\"dibao\", \"dibao\","), &["monthly.toml:20:14", "写了两次"]),
    (MONTHLY, Wrote("\"registries\"", "\"registry\""), &["monthly.toml:6:14", "读不到", "从本文件所在的文件夹算起"]),
    (MONTHLY, Wrote("\"link.toml\"", "\"links.toml\""), &["monthly.toml:11:8", "links.toml"]),
    (MONTHLY, Wrote("\"practice.key\"", "\"own.key\""), &["monthly.toml:12:7", "own.key"]),
    (MONTHLY, Wrote("policy/zhengan", "policy\\zhengan"), &["monthly.toml:8:", "反斜杠"]),
    (MONTHLY, SavedAsGbk, &["monthly.toml:1:3", "GBK", "编码选 UTF-8"]),
    (DIBAO, Wrote("\"name\"", "\"nmae\""), &["dibao.toml:6:", "是不是“name”"]),
    (DIBAO, Wrote("required =", "requird ="), &["dibao.toml:5:1", "是不是“required”"]),
    (DIBAO, Wrote("grain = \"person\"", "grain = \"persn\""), &["dibao.toml:4:9", "是不是“person”"]),
    (DIBAO, Wrote("title = \"", "title = 5 # \""), &["dibao.toml:2:9", "写的是整数，这里要文字"]),
    (DIBAO, SavedAsGbk, &["dibao.toml:1:3", "GBK"]),
    (DIBAO, Renamed, &["monthly.toml:20:5", "不认识的名册“dibao”"]),
    (FIELDS, Wrote("kind = \"name\"", "kind = \"nmae\""), &["fields.toml:", "是不是“name”"]),
    (FIELDS, Wrote("[id_number]", "[id_nubmer]"), &["不认识的字段“id_number”", "是不是“id_nubmer”", "同样的"]),
    (FIELDS, SavedAsGbk, &["fields.toml:", "GBK"]),
    (
        FACTS,
        Wrote("[person.in_population]", "[person.in_popolation]"),
        &["没有名为 in_population", "是不是“in_popolation”", "同样的"],
    ),
    (FACTS, Wrote("[person.poor]", "[persn.poor]"), &["facts.toml:11:2", "是不是“person”"]),
    (FACTS, Wrote("take = \"exists\"", "take = \"exist\""), &["facts.toml:13:", "是不是“exists”"]),
    (
        FACTS,
        Wrote("registry = \"tekun\", take", "registry = \"tekon\", take"),
        &["facts.toml:", "没有登记表 tekon", "是不是“tekun”"],
    ),
    (FACTS, Wrote("field = \"labour\"", "field = \"labor\""), &["facts.toml:", "没有字段 labor", "是不是“labour”"]),
    (FACTS, Wrote("title = \"", "title = \"\"\""), &["facts.toml:14:", "\"\"\" 要成对"]),
    (FACTS, SavedAsGbk, &["facts.toml:", "GBK"]),
    (PARAMETERS, Wrote("\"2018-06\" = 74100", "\"2018-13\" = 74100"), &["parameters.toml:32:12", "不是月份"]),
    (PARAMETERS, Wrote("\"2018-06\" = 74100", "\"2018-06\" = 741.5"), &["parameters.toml:32:24", "值要写成整数（金额用分"]),
    (PARAMETERS, Wrote("unit = \"fen/year\"", "unit = \"yuan\""), &["parameters.toml:6:8", "不认识的单位“yuan”", "fen/month"]),
    (LIVING, Wrote("scope = \"person\"", "scope = \"persn\""), &["living.toml:291:9", "是不是“person”"]),
    (LIVING, Wrote("scope = \"person\"", "scope = \"household\""), &["living.toml:291:9", "人的事实", "scope = \"person\""]),
    (LIVING, Wrote("kind = \"MISS\"", "kind = \"MIS\""), &["living.toml:", "是不是“MISS”"]),
    (LIVING, Wrote("NOT any_covered", "NOT any_coverd"), &["living.toml:13:13", "没有名为 any_coverd", "是不是“any_covered”"]),
    (LIVING, Wrote("NOT any_covered", "NOT any_covered，poor"), &["living.toml:13:24", "“，”是中文"]),
    (LIVING, Wrote("$floor_month", "$flor_month"), &["living.toml:", "没有 flor_month", "是不是“$floor_month”"]),
    (LIVING, Wrote("'特困供养贫困户'", "特困供养贫困户"), &["living.toml:", "英文单引号：'特困供养贫困户'"]),
    (
        LIVING,
        Wrote("id = \"living.floor_below\"", "id = \"living.flor_below\""),
        &["clauses.toml:344:", "没有规则 living.floor_below"],
    ),
    (LIVING, Wrote("[[case]]", "[[cases]]"), &["living.toml:", "[case.given] 前面没有 [[case]]"]),
    (LIVING, Wrote("expect = \"fires\"", "expect = \"fire\""), &["living.toml:", "是不是“fires”"]),
    (LIVING, Wrote("period = \"2018-06\"", "period = \"2018年6月\""), &["living.toml:27:10", "应写成 2018-06"]),
    (
        LIVING,
        Wrote("\"甲\", household_code", "\"甲\", houshold_code"),
        &["living.toml:", "没有字段 houshold_code", "是不是“household_code”"],
    ),
    (LIVING, Wrote("sentence = \"", "sentence = \"{namee}"), &["living.toml:22:13", "{namee}"]),
    (LIVING, Wrote("\nlead = ", "\nled = "), &["living.toml:", "是不是“lead”"]),
    (CLAUSES, Wrote("\"living.floor_below\"", "\"living.flor_below\""), &["clauses.toml:344:", "是不是“living.floor_below”"]),
    (POLICY, Wrote("\"poverty\"", "\"povrty\""), &["policy.toml:", "没有登记表 povrty", "是不是“poverty”"]),
    (LINK, Wrote("\"one digit differs\"", "\"one digit difers\""), &["link.toml:46:1", "是不是“one digit differs”"]),
    (LINK, Wrote("m = 0.95", "m = \"0.95\""), &["link.toml:", "写的是文字，这里要数"]),
    (TOWN, Wrote("\"finding_ids\"", "\"finding_id\""), &["town.toml:", "是不是“finding_ids”"]),
    (TOWN, Renamed, &["缺少版式文件 town.toml"]),
    (STYLE, Wrote("8.0, 8.0, 13.0", "8.0, 13.0"), &["style.toml:9:14", "写了 3 个，这里要 4 个"]),
    (PHRASES, Wrote("verdict = \"属实\"", "verdict = \"属时\""), &["phrases.toml:", "是不是“属实”"]),
    (VILLAGES, Wrote("village_code", "code"), &["zhengan_villages.csv:1:1", "表头应为"]),
];

/// What `check` says after slips: how many mistakes, and how.
fn slipped(slips: &[&(&str, Slip, &[&str])]) -> (usize, String) {
    let folder = tempfile::tempdir().expect("a folder");
    copy(&root("pipelines"), &folder.path().join("pipelines"));
    copy(&root("reports"), &folder.path().join("reports"));
    for (file, slip, _) in slips {
        let path = folder.path().join(file);
        let was = fs::read_to_string(&path).expect("text");
        match slip {
            Wrote(from, to) => {
                assert!(was.contains(from), "{file} has no {from}");
                fs::write(path, was.replacen(from, to, 1)).expect("written");
            }
            SavedAsGbk => fs::write(path, encoding_rs::GB18030.encode(&was).0).expect("written"),
            Renamed => fs::rename(&path, path.with_extension("bak.toml")).expect("renamed"),
        }
    }
    let output = bidui(&["check", text(&folder.path().join("pipelines/monthly.toml"))]);
    let told = said(&output);
    assert!(!told.contains("panicked"), "{told}");
    (told.matches("错误: ").count(), told)
}

/// Each slip is told once, with its place, and nothing that follows from it.
#[test]
fn a_slip_is_told_once_and_what_follows_from_it_is_not() {
    let mut wrong = Vec::new();
    for slip in &SLIPS {
        let (count, told) = slipped(&[slip]);
        let missing = slip.2.iter().find(|word| !told.contains(**word));
        if count != 1 || missing.is_some() {
            wrong.push(format!("{} {:?}: {count} told, without {missing:?}:\n{told}", slip.0, slip.2));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n\n"));
}

/// Three slips in three files show in one run, and nothing else.
#[test]
fn slips_in_three_files_are_told_at_once() {
    let find = |file: &str, word: &str| {
        let found = SLIPS.iter().find(|(path, _, words)| *path == file && words.iter().any(|told| told.contains(word)));
        found.unwrap_or_else(|| panic!("{file} {word}"))
    };
    for slips in [
        [find(MONTHLY, "ordr"), find(DIBAO, "toml:4:9"), find(LIVING, "是不是“person”")],
        [find(MONTHLY, "own.key"), find(FACTS, "tekon"), find(STYLE, "写了 3 个")],
        [find(MONTHLY, "没有加引号"), find(CLAUSES, "floor_below"), find(PHRASES, "属实")],
        [find(DIBAO, "GBK"), find(FACTS, "GBK"), find(VILLAGES, "表头应为")],
        [find(FIELDS, "是不是“name”"), find(LIVING, "any_coverd"), find(POLICY, "povrty")],
        [find(MONTHLY, "links.toml"), find(PARAMETERS, "yuan"), find(DIBAO, "required")],
    ] {
        let (count, told) = slipped(&slips);
        assert_eq!(count, 3, "{told}");
        for word in slips.iter().flat_map(|(.., words)| *words) {
            assert!(told.contains(word), "{word} is missing:\n{told}");
        }
    }
}
