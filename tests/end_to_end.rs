//! The program as a user runs it: the main job on the fixtures, its contract files, its exit codes, its bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;

use crate::support::{bidui, column, copy, files, manifest, on_threads, outputs, root, said, stage, text};

fn run(input: &Path, out: &Path, threads: &str) -> Output {
    let arguments = ["run", "pipelines/monthly.toml", "--input", text(input), "--out", text(out), "--period", "2018-06"];
    on_threads(threads, &arguments)
}

/// The same files, made in the opposite order.
fn copy_backwards(from: &Path, to: &Path) {
    for path in files(from).iter().rev() {
        let target = to.join(path.strip_prefix(from).expect("below"));
        fs::create_dir_all(target.parent().expect("a folder")).expect("made");
        fs::copy(path, target).expect("copied");
    }
}

#[test]
fn the_same_bytes_for_any_thread_count_and_file_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let shuffled = folder.path().join("2018-06");
    copy_backwards(&root("fixtures/2018-06"), &shuffled);
    let mut seen: Option<BTreeMap<String, Vec<u8>>> = None;
    for (threads, input) in [("1", &root("fixtures/2018-06")), ("2", &shuffled), ("4", &shuffled)] {
        let out = folder.path().join(format!("out{threads}"));
        let output = run(input, &out, threads);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let found = outputs(&out);
        for name in ["run.json", "stages/records.parquet", "stages/links.parquet", "stages/findings.parquet"] {
            assert!(found.contains_key(name), "{name} is missing");
        }
        match &seen {
            None => seen = Some(found),
            Some(first) => {
                assert_eq!(first.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>());
                let differing: Vec<_> =
                    first.iter().filter(|(name, bytes)| found[*name] != **bytes).map(|(name, _)| name).collect();
                assert!(differing.is_empty(), "{threads} threads: {differing:?}");
            }
        }
    }
}

#[test]
fn a_refused_file_is_named_and_the_rest_is_done() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("2018-06");
    copy(&root("fixtures/2018-06"), &input);
    fs::write(input.join("坏文件.xlsx"), b"PK\x03\x04 no workbook").expect("written");
    fs::write(input.join("会议.csv"), "议题,时间\n低保工作例会,上午\n").expect("written");
    let out = folder.path().join("out");
    let output = run(&input, &out, "2");
    let (told, manifest) = (String::from_utf8_lossy(&output.stdout), fs::read_to_string(out.join("run.json")).expect("run.json"));
    assert_eq!(output.status.code(), Some(3), "{told}");
    for name in ["坏文件.xlsx", "会议.csv"] {
        assert!(told.contains(name) && manifest.contains(name), "{told}");
    }
    assert!(told.contains("怎么办") && out.join("reports/2018-06_汇总.xlsx").exists(), "{told}");
}

#[test]
fn what_cannot_be_done_is_said_with_its_exit_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = |path: &Path| path.to_str().expect("a plain path").to_owned();
    let (pipeline, input) = (text(&root("pipelines/monthly.toml")), text(&root("fixtures/2018-06")));
    let out = text(&folder.path().join("out"));
    let foreign = folder.path().join("foreign");
    fs::create_dir(&foreign).expect("a folder");
    fs::write(foreign.join("通知.docx"), "x").expect("written");
    let unnamed = text(&root("fixtures/2018-06/残联"));
    for (arguments, code, word) in [
        (vec!["run", &pipeline, "--input", &unnamed, "--out", &out], 2, "--period"),
        (vec!["run", &pipeline, "--input", &input, "--out", &out, "--town", "土坪"], 2, "土坪镇"),
        (vec!["run", "没有.toml", "--input", &input, "--out", &out], 2, "没有.toml"),
        (vec!["run", &pipeline, "--input", "没有", "--out", &out], 2, "没有"),
        (vec!["run", &pipeline, "--input", &input, "--out", foreign.to_str().expect("plain")], 2, "--out"),
        (vec!["run", &pipeline, "--input", &input, "--out", &out, "--fail-on-findings"], 1, "疑点"),
    ] {
        let output = bidui(&arguments);
        let told = said(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
        assert!(told.contains(word), "{arguments:?}: {told}");
    }
    assert_eq!(fs::read(foreign.join("通知.docx")).expect("untouched"), b"x");
}

#[test]
fn a_files_far_cell_dies_in_the_child_and_not_here() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("2018-06");
    fs::create_dir(&input).expect("a folder");
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, header) in (0u16..).zip(["姓名", "身份证号", "供养方式"]) {
        sheet.write_string(0, column, header).expect("written");
    }
    sheet.write_string(1_048_575, 16_383, "x").expect("written");
    book.save(input.join("特困.xlsx")).expect("saved");
    let output = run(&input, &folder.path().join("out"), "2");
    let told = said(&output);
    assert!(matches!(output.status.code(), Some(0 | 3)), "{told}");
    assert!(!told.contains("panicked"), "{told}");
}

#[test]
fn links_and_rules_hold_their_floor_on_a_practice_county() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = |name: &str| folder.path().join(name).to_str().expect("a plain path").to_owned();
    let divisions = root("pipelines/divisions");
    let made = bidui(&[
        "practice",
        "--out",
        &text("p"),
        "--households",
        "4000",
        "--seed",
        "11",
        "--edition",
        "1",
        "--divisions",
        divisions.to_str().expect("plain"),
    ]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let output = run(&folder.path().join("p/2018-06"), &folder.path().join("out"), "2");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let evaluated = bidui(&["evaluate", &text("out"), "--truth", &text("p/truth/2018-06"), "--json"]);
    let scores: serde_json::Value = serde_json::from_slice(&evaluated.stdout).expect("JSON");
    let count = |counts: &serde_json::Value, name: &str| counts[name].as_f64().unwrap_or_else(|| panic!("no {name} in {counts}"));
    let all = &scores["links"]["all"];
    let (hits, wrong, missed) = (count(all, "true_positives"), count(all, "false_positives"), count(all, "false_negatives"));
    assert!(hits / (hits + wrong) >= 0.999 && hits / (hits + missed) >= 0.99, "{all}");
}

#[test]
fn a_finding_a_person_and_a_household_are_explained_without_whole_numbers() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    assert!(run(&root("fixtures/2018-06"), &out, "2").status.success());
    let out = out.to_str().expect("plain").to_owned();
    let explain = |kind: &str, what: &str| {
        let output = bidui(&["explain", &out, kind, what]);
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
    };
    let findings = stage(Path::new(&out), "findings");
    let text = |name: &str, row: usize| {
        use arrow::array::{Array, AsArray};
        let column = findings.column_by_name(name).expect("a column").as_string::<i32>();
        column.is_valid(row).then(|| column.value(row).to_owned())
    };
    let row =
        (0..findings.num_rows()).find(|row| text("rule", *row).as_deref() == Some("living.two_none_uncovered")).expect("one");
    let (code, told) = explain("--finding", &text("finding_id", row).expect("an id"));
    assert_eq!(code, Some(0), "{told}");
    assert!(
        told.contains("“两无”户") && told.contains("依据：低保人员名册") && told.contains("建档立卡贫困人口信息（扶贫/"),
        "{told}"
    );
    let (code, household) = explain("--household", &text("household_code", row).expect("a code"));
    assert!(code == Some(0) && household.contains("人员 P"), "{household}");
    let (code, person) = explain("--person", &text("name", row).expect("a name"));
    assert!(code == Some(0) && person.contains("号码一致"), "{person}");
    assert!(person.contains("找到的办法：号码相同、姓名相符") && person.contains("合计"), "{person}");
    // In Chinese: no name of a level, a registry or a state of a number, and no unit that wants explaining.
    assert!(person.contains("把握分：") && !person.contains("比特"), "{person}");
    for shown in [&told, &household, &person] {
        let own = |word: &str| word.contains('.') || word.starts_with(['P', 'F', 'G']) || word.starts_with("Sheet");
        let words = shown.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '_' | '*' | '-'));
        let english: Vec<&str> = words.filter(|word| word.contains(|c: char| c.is_ascii_lowercase()) && !own(word)).collect();
        assert!(english.is_empty(), "{english:?}: {shown}");
    }
    for shown in [&told, &household, &person] {
        let long = shown.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() == 18);
        assert!(!long, "a whole number: {shown}");
    }
    // The rules, each with why; told from the pipeline that made the run, and from no other.
    let monthly = root("pipelines/monthly.toml");
    let ask = |more: &[&str]| {
        let person = text("name", row).expect("a name");
        let output = bidui(&[&["explain", &out, "--person", &person], more].concat());
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
    };
    let (code, ruled) = ask(&["--pipeline", monthly.to_str().expect("plain")]);
    assert!(code == Some(0) && ruled.contains("规则：") && ruled.contains("不适用  ") && ruled.contains("通过  "), "{ruled}");
    let (code, other) = ask(&["--pipeline", root("pipelines/township.toml").to_str().expect("plain")]);
    assert!(code == Some(2) && other.contains("定义不同"), "{other}");

    // One page: nothing from outside, no script, no whole number.
    let page = folder.path().join("page.html");
    let (code, said) = ask(&["--pipeline", monthly.to_str().expect("plain"), "--html", page.to_str().expect("plain")]);
    let html = fs::read_to_string(&page).expect("the page");
    assert!(code == Some(0) && said.contains("page.html") && html.starts_with("<!DOCTYPE html>"), "{said}");
    for outside in ["<script", "http:", "https:", "src=", "@import", "url("] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(html.contains("不适用") && html.contains("怎样对上") && html.trim_end().ends_with("</html>"));
    let numbers = html.split(|c: char| !c.is_ascii_digit()).filter(|digits| digits.len() == 17 || digits.len() == 18);
    assert_eq!(numbers.count(), 0, "a whole number");

    let (code, nobody) = explain("--person", "查无此人");
    assert!(code == Some(2) && nobody.contains("没有这个人"), "{nobody}");
}

#[test]
fn every_link_carries_bars_that_sum_to_its_weight() {
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::{Float32Type, UInt32Type};
    let folder = tempfile::tempdir().expect("a folder");
    assert!(run(&root("fixtures/2018-06"), folder.path(), "2").status.success());
    let links = stage(folder.path(), "links");
    let column = |name: &str| links.column_by_name(name).unwrap_or_else(|| panic!("no {name}")).clone();
    let (parts, weights, other) = (column("parts"), column("weight"), column("compared_with"));
    let (parts, weights, other) =
        (parts.as_list::<i32>(), weights.as_primitive::<Float32Type>(), other.as_primitive::<UInt32Type>());
    let persons = column("person_id");
    let persons = persons.as_string::<i32>();
    let mut joined = 0;
    for row in 0..links.num_rows() {
        let bars = parts.value(row);
        let bars = bars.as_struct().column_by_name("weight").expect("weights").as_primitive::<Float32Type>();
        let sum: f32 = bars.values().iter().sum();
        if other.is_valid(row) {
            assert!((sum - weights.value(row)).abs() < 1e-3, "row {row}: {sum} is not {}", weights.value(row));
            assert_eq!(persons.value(other.value(row) as usize), persons.value(row));
            joined += 1;
        } else {
            assert!(bars.is_empty(), "row {row}");
        }
    }
    assert!(joined > 1000, "{joined}");
}

/// An XML 2003 workbook of one sheet, as county systems write it and call it .xls.
fn spreadsheetml(rows: &[[&str; 7]]) -> String {
    let cell = |text: &&str| {
        let kind = if text.len() == 18 && text.bytes().all(|byte| byte.is_ascii_digit()) { "Number" } else { "String" };
        format!("<Cell><Data ss:Type=\"{kind}\">{text}</Data></Cell>")
    };
    let row = |row: &[&str; 7]| ["<Row>".to_owned(), row.iter().map(cell).collect(), "</Row>".to_owned()].concat();
    let rows: String = rows.iter().map(row).collect();
    format!(
        "<?xml version=\"1.0\"?><?mso-application progid=\"Excel.Sheet\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\" \
        xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\"><Worksheet ss:Name=\"Sheet1\"><Table><Row><Cell ss:MergeAcross=\"6\">\
        <Data ss:Type=\"String\">正安县豁免清单</Data></Cell></Row>{rows}</Table></Worksheet></Workbook>"
    )
}

#[test]
fn a_countys_exemption_list_is_honoured_and_every_row_of_it_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("2018-06");
    copy(&root("fixtures/2018-06"), &input);
    let _ = fs::remove_file(input.join("豁免清单.xls"));
    let before = folder.path().join("before");
    assert!(run(&input, &before, "2").status.success());
    let findings = stage(&before, "findings");
    let all = |name: &str| column(&findings, name);
    let (rules, households, names, numbers) = (all("rule"), all("household_code"), all("name"), all("id_number"));
    let of = |rule: &str| -> Vec<usize> { (0..rules.len()).filter(|at| rules[*at].as_deref() == Some(rule)).collect() };
    let (two_none, enrolled) = (of("living.two_none_uncovered"), of("health.not_enrolled"));
    assert!(two_none.len() >= 2 && enrolled.len() >= 3, "{two_none:?} {enrolled:?}");
    let text = |values: &[Option<String>], at: usize| values[at].clone().unwrap_or_default();
    let household = text(&households, two_none[0]);
    let (name, number) = (text(&names, enrolled[0]), text(&numbers, enrolled[0]));
    // The number went through Excel as a number: its last three digits are gone.
    let damaged = format!("{}000", number.chars().take(15).collect::<String>());
    let (other_name, other_number) = (text(&names, enrolled[1]), text(&numbers, enrolled[1]));
    let list = spreadsheetml(&[
        ["家庭编号", "姓 名", "证件号码", "规则名称", "豁免原因", "有效期至", "批准人"],
        [&household, "", "", "“两无”户未纳入低保或特困", "子女赡养", "2018-12-31", "县民政局"],
        [&text(&households, enrolled[0]), &name, &damaged, "health.not_enrolled", "职工医保", "长期", "县卫计局"],
        ["", &other_name, &other_number, "health.not_enrolled", "外省参保", "2018年6月29日", "县卫计局"],
        ["", "查无人", "520324199001010001", "health.not_enrolled", "外省参保", "2018-12-31", "县卫计局"],
        ["", &other_name, &other_number, "health.not_enroled", "外省参保", "2018-12-31", "县卫计局"],
        // Not open-ended: a day that cannot be read excuses nobody.
        ["", &other_name, &other_number, "health.not_enrolled", "外省参保", "到年底", "县卫计局"],
    ]);
    fs::write(input.join("县里不列入的.xls"), list).expect("written");

    let checked = bidui(&[
        "check",
        root("pipelines/monthly.toml").to_str().expect("a path"),
        "--input",
        input.join("县里不列入的.xls").to_str().expect("a path"),
    ]);
    let told = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(
        told.contains("xml-2003") && told.contains("名册 exemption，表头在第 2 行，6 行") && told.contains("豁免的规则"),
        "{told}"
    );

    let after = folder.path().join("after");
    let output = run(&input, &after, "2");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}");
    let manifest = manifest(&after);
    let expected = serde_json::json!({ "used": 2, "expired": 1, "no_subject": 1, "no_rule": 1, "refused": 1 });
    assert_eq!(manifest["exemptions"], expected, "{told}");
    assert!(told.contains("豁免清单 6 条：已豁免 2") && told.contains("县里不列入的.xls 第 6 行"), "{told}");
    for (rule, fewer) in [("living.two_none_uncovered", two_none.len() - 1), ("health.not_enrolled", enrolled.len() - 1)] {
        assert_eq!(manifest["findings"][rule], fewer, "{rule}");
        assert_eq!(manifest["rules"][rule]["exempt"]["豁免清单"], 1, "{rule}");
    }
    let left = stage(&after, "findings").num_rows();
    assert_eq!(left, rules.len() - 2, "nothing else changed: the list proves and disproves nobody's number");
    assert!(manifest["notes"].to_string().contains("查无此人（户）：县里不列入的.xls 第 6 行"));
}

#[test]
fn what_a_rule_may_name_is_printed_and_always_the_same() {
    let pipeline = root("pipelines/monthly.toml");
    let facts = |more: &[&str]| {
        let output = bidui(&[&["facts", pipeline.to_str().expect("a path")], more].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let page = facts(&[]);
    assert!(page.starts_with("# ") && page.contains("| `in_dibao` | 在低保 | bool |") && page.contains("### `dibao` "), "{page}");
    assert_eq!(page, facts(&[]));
    let json: serde_json::Value = serde_json::from_str(&facts(&["--json"])).expect("JSON");
    assert!(json["household"].as_array().expect("facts").iter().any(|fact| fact["name"] == "two_none"));
}

#[test]
fn a_workbook_in_any_format_is_read_through_the_capped_child() {
    let pipeline = root("pipelines/monthly.toml");
    let path = |file: &str| root(&format!("fixtures/formats/{file}")).to_str().expect("a path").to_owned();
    for (file, format) in [
        ("sample.xls", "xls"),
        ("sample.ods", "ods"),
        ("sample.xlsx", "xlsx"),
        ("sample.xlsb", "xlsb"),
        ("sample-2003.xml", "xml-2003"),
    ] {
        let output = bidui(&["check", pipeline.to_str().expect("a path"), "--input", &path(file)]);
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        // The sample is no registry; that its header was found shows that its cells arrived.
        assert!(told.contains(&format!("（{format}")) && told.contains("名单"), "{file}: {told}");
        assert!(!told.contains("暂不支持") && !told.contains("程序"), "{file}: {told}");
    }
}
