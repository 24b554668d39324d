//! A register of which half is missing accuses nobody: not by itself, not beside the county's table of expected rows, not after a month
//! that had it whole; unless the county says that it is whole.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use arrow::array::{Array, AsArray};
use calamine::{Data, Reader, open_workbook_auto};
use rust_xlsxwriter::{Format, Workbook};

use crate::support::{bidui, column, copy, root, stage, text};

const INSURANCE: &str = "合医/2018年度参合人员名册.xlsx";
const RULE: &str = "health.not_enrolled";

/// Columns of a stage file, row by row; null is empty.
fn rows(run: &Path, table: &str, names: &[&str]) -> Vec<Vec<String>> {
    let table = stage(run, table);
    let columns: Vec<_> = names.iter().map(|name| column(&table, name)).collect();
    (0..table.num_rows()).map(|row| columns.iter().map(|column| column[row].clone().unwrap_or_default()).collect()).collect()
}

/// Findings of rules that accuse, by id. That a number has nothing left that proves it is no accusation.
fn accusations(run: &Path) -> BTreeSet<String> {
    let found = rows(run, "findings", &["finding_id", "rule"]);
    found.into_iter().filter(|row| !row[1].starts_with("identity.")).map(|mut row| row.swap_remove(0)).collect()
}

fn of_rule(run: &Path, stage: &str) -> usize {
    rows(run, stage, &["rule"]).iter().filter(|row| row[0] == RULE).count()
}

/// The insurance roll of a month of the fixtures.
fn insurance(month: &str) -> Vec<Vec<Data>> {
    let mut book = open_workbook_auto(root(&format!("fixtures/{month}")).join(INSURANCE)).expect("a workbook");
    let range = book.worksheet_range_at(0).expect("a sheet").expect("read");
    range.rows().map(<[Data]>::to_vec).collect()
}

/// A month of the fixtures with only those rows of its insurance roll (counted from the header, 0).
fn thinned(folder: &Path, month: &str, keep: impl Fn(usize) -> bool) -> PathBuf {
    let input = folder.join(month);
    copy(&root(&format!("fixtures/{month}")), &input);
    let kept = insurance(month).into_iter().enumerate().filter(|(at, _)| keep(*at));
    save(&input.join(INSURANCE), kept.map(|(_, cells)| cells));
    input
}

/// A workbook of one sheet with these rows.
fn save(path: &Path, rows: impl Iterator<Item = Vec<Data>>) {
    let mut book = Workbook::new();
    let (sheet, date) = (book.add_worksheet(), Format::new().set_num_format("yyyy-mm-dd"));
    for (row, cells) in (0u32..).zip(rows) {
        for (column, cell) in (0u16..).zip(&cells) {
            match cell {
                Data::Empty => {}
                Data::Float(number) => drop(sheet.write_number(row, column, *number).expect("written")),
                Data::DateTime(day) => drop(sheet.write_with_format(row, column, day.as_f64(), &date).expect("written")),
                other => drop(sheet.write_string(row, column, other.to_string()).expect("written")),
            }
        }
    }
    book.save(path).expect("saved");
}

/// Every other row below the header.
fn half(at: usize) -> bool {
    at == 0 || at % 2 == 1
}

fn run(input: &Path, out: &Path, more: &[&str]) -> String {
    let arguments = ["run", "pipelines/monthly.toml", "--input", text(input), "--out", text(out)];
    let output: Output = bidui(&[&arguments[..], more].concat());
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{told}{}", String::from_utf8_lossy(&output.stderr));
    told
}

/// Says that the roll is short and what to do, accuses nobody, and lists who waits for the data team alone.
#[track_caller]
fn holds(run: &Path, told: &str, whole: &Path) {
    assert!(told.contains("未评估：") && told.contains("城乡居民医保参保名册"), "{told}");
    assert_eq!(told.matches("--accept-partial insurance[:乡镇]").count(), 1, "{told}");
    let (found, before) = (accusations(run), accusations(whole));
    assert!(found.is_subset(&before), "{:?}", found.difference(&before).collect::<Vec<_>>());
    let waiting = rows(run, "suspended", &["rule", "name"]);
    let waiting: Vec<&str> = waiting.iter().filter(|row| row[0] == RULE).map(|row| row[1].as_str()).collect();
    assert!(waiting.len() > 100 && of_rule(run, "findings") == 0, "{} wait", waiting.len());
    let listed = |path: &Path, name: &str| -> usize {
        let mut book = open_workbook_auto(path).expect("a workbook");
        let Ok(range) = book.worksheet_range(name) else { return 0 };
        range.rows().filter(|row| row.iter().any(|cell| *cell == "贫困人口未参合")).count()
    };
    for entry in fs::read_dir(run.join("reports")).expect("reports") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if name.ends_with("_是否同一人待核对.xlsx") {
            assert_eq!(listed(&path, "暂缓（名册不全）"), waiting.len());
        } else if name.ends_with("_疑点清单.xlsx") {
            let sheets = open_workbook_auto(&path).expect("a workbook").sheet_names();
            assert_eq!(sheets.iter().map(|sheet| listed(&path, sheet)).sum::<usize>(), 0, "{name}");
        }
    }
}

#[test]
fn half_a_register_accuses_nobody_unless_it_is_accepted() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let whole = path("whole");
    run(&root("fixtures/2018-06"), &whole, &[]);
    assert!(of_rule(&whole, "findings") > 0 && of_rule(&whole, "suspended") == 0);

    let input = thinned(&path("in"), "2018-06", half);
    holds(&path("half"), &run(&input, &path("half"), &[]), &whole);

    let told = run(&input, &path("accepted"), &["--accept-partial", "insurance"]);
    assert!(of_rule(&path("accepted"), "findings") > 100 && of_rule(&path("accepted"), "suspended") == 0, "{told}");
    assert!(!told.contains("--accept-partial"), "{told}");

    run(&input, &path("town"), &["--accept-partial", "insurance:安场镇"]);
    let towns = |table: &str| -> BTreeSet<String> {
        let rows = rows(&path("town"), table, &["rule", "town"]);
        rows.into_iter().filter(|row| row[0] == RULE).map(|row| row[1].clone()).collect()
    };
    assert_eq!(towns("findings"), BTreeSet::from(["安场镇".to_owned()]), "of the towns, one is said to be whole");
    assert!(towns("suspended").len() > 5 && !towns("suspended").contains("安场镇"));
}

#[test]
fn the_countys_own_counts_hold_even_a_town_that_lost_one_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let whole = path("whole");
    run(&root("fixtures/2018-06"), &whole, &[]);
    let rows_of = |town: &str| insurance("2018-06").iter().filter(|row| row[0].to_string().starts_with(town)).count();
    let towns: BTreeSet<String> = insurance("2018-06")[1..].iter().map(|row| row[0].to_string()).collect();
    let mut table = String::new();
    for town in towns.iter().filter(|town| !towns.iter().any(|longer| longer != *town && longer.starts_with(town.as_str()))) {
        writeln!(table, "城乡居民医保参保名册,{town},{}", rows_of(town.strip_suffix('镇').unwrap_or(town))).expect("a line");
    }
    let expected =
        |input: &Path| fs::write(input.join("应有行数表.csv"), format!("名册,乡镇,应有行数\n{table}")).expect("written");

    let input = thinned(&path("in"), "2018-06", half);
    expected(&input);
    let told = run(&input, &path("half"), &[]);
    holds(&path("half"), &told, &whole);
    assert!(told.contains("应有行数表写应有"), "{told}");

    // One row of one town.
    let at = insurance("2018-06").iter().position(|row| row[0] == "流渡镇").expect("a row");
    let input = thinned(&path("one"), "2018-06", |row| row != at);
    expected(&input);
    let told = run(&input, &path("lost"), &[]);
    assert!(told.contains("流渡镇 未评估：") && !told.contains("土坪镇 未评估："), "{told}");
    assert!(accusations(&path("lost")).is_subset(&accusations(&whole)));
}

#[test]
fn a_month_that_had_it_whole_is_remembered_by_ledger_and_by_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let (ledger, whole) = (path("台账.db"), path("whole"));
    run(&root("fixtures/2018-06"), &path("june"), &["--ledger", text(&ledger)]);
    run(&root("fixtures/2018-07"), &whole, &[]);
    let input = thinned(&path("in"), "2018-07", half);
    for (name, more) in [("ledger", ["--ledger", text(&ledger)]), ("previous", ["--previous", text(&path("june"))])] {
        let told = run(&input, &path(name), &more);
        holds(&path(name), &told, &whole);
        assert!(told.contains("2018-06 有"), "{told}");
    }
}

#[test]
fn a_header_without_rows_is_no_register() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let input = thinned(&path("in"), "2018-06", |at| at == 0);
    let told = run(&input, &path("out"), &[]);
    assert_eq!(of_rule(&path("out"), "findings"), 0, "{told}");
    assert!(told.contains("未评估：") && told.contains("城乡居民医保参保名册"), "{told}");
}

/// Half a register, or one without a stage, has nobody accused for certain whom the whole one does not accuse, and no place held against a
/// share counted in it; small registers of a small county.
#[test]
fn registers_that_come_in_short_accuse_nobody_for_certain() {
    let folder = tempfile::tempdir().expect("a folder");
    let practise = |name: &str, partial: &[&str]| {
        let (made, out) = (folder.path().join(name), folder.path().join(format!("{name}.out")));
        let arguments = ["practice", "--out", text(&made), "--households", "300", "--seed", "3"];
        let output = bidui(&[&arguments[..], partial].concat());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        run(&made.join("2018-06"), &out, &["--period", "2018-06"]);
        let found = rows(&out, "findings", &["finding_id", "rule", "confidence"]);
        found.into_iter().filter(|row| !row[1].starts_with("identity.")).collect::<Vec<_>>()
    };
    let whole: BTreeSet<String> = practise("whole", &[]).into_iter().map(|mut row| row.swap_remove(0)).collect();
    let short = ["student_aid:0.5", "employment:0.5", "service_card:0.5", "disability:0.5", "student:初中", "student:0.5"];
    for (at, partial) in short.into_iter().enumerate() {
        let found = practise(&format!("short{at}"), &["--partial", partial]);
        let new = found.iter().filter(|row| row[2] == "certain" && !whole.contains(&row[0]));
        assert_eq!(new.collect::<Vec<_>>(), Vec::<&Vec<String>>::new(), "{partial}");
        let aid = found.iter().filter(|row| row[1] == "education.poor_student_coverage" && !whole.contains(&row[0]));
        assert_eq!(aid.count(), 0, "{partial}");
    }
}

/// Changes a row, by header and number, or leaves it out.
type Damage<'d> = &'d dyn Fn(&[Data], usize, &mut Vec<Data>) -> bool;

/// What a register itself shows of being no whole register of this county has nobody accused for certain: households that count more persons
/// than they have rows, rows of another county, an absence that would only contradict.
#[test]
fn registers_that_show_themselves_short_accuse_nobody_for_certain() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = folder.path().join("made");
    let arguments =
        ["practice", "--out", text(&made), "--households", "600", "--seed", "91", "--noise", "0", "--layout", "plain"];
    assert!(bidui(&arguments).status.success());
    let input = made.join("2018-06");
    // A finding may be of a household in one run and of a person in the other: by rule and name.
    let accused = |name: &str, is_meant: fn(&str) -> bool| -> BTreeSet<[String; 2]> {
        let out = folder.path().join(name);
        run(&input, &out, &["--period", "2018-06"]);
        let found = rows(&out, "findings", &["rule", "name", "confidence"]);
        let meant = found.into_iter().filter(|row| is_meant(&row[2]) && !row[0].starts_with("identity."));
        meant.map(|row| [row[0].clone(), row[1].clone()]).collect()
    };
    let whole = accused("whole", |_| true);
    assert!(whole.len() > 50, "{}", whole.len());
    let at = |header: &[Data], name: &str| header.iter().position(|cell| *cell == *name).unwrap_or_else(|| panic!("{name}"));
    let heads: Damage<'_> = &|header, _, row| row[at(header, "与户主关系")] == *"户主";
    let thinned: Damage<'_> = &|_, number, _| number % 5 > 1;
    let foreign: Damage<'_> = &|header, _, row| {
        row[at(header, "乡镇")] = Data::String("旺草镇".to_owned());
        row[at(header, "村")] = Data::String("旺草社区".to_owned());
        row[at(header, "姓名")] = Data::String("外县某人".to_owned());
        let number = row[at(header, "身份证号码")].to_string();
        row[at(header, "身份证号码")] = Data::String(format!("522123{}", number.get(6..).unwrap_or_default()));
        true
    };
    for (file, name, damage) in [
        ("dibao.xlsx", "heads", heads),
        ("dibao.xlsx", "thinned", thinned),
        ("poverty.xlsx", "thinned", thinned),
        ("employment.xlsx", "thinned", thinned),
        ("service_card.xlsx", "foreign", foreign),
    ] {
        let path = input.join(file);
        let mut book = open_workbook_auto(&path).expect("a workbook");
        let range = book.worksheet_range_at(0).expect("a sheet").expect("read");
        let all: Vec<Vec<Data>> = range.rows().map(<[Data]>::to_vec).collect();
        let header = all[0].clone();
        let kept = all.iter().cloned().enumerate();
        save(&path, kept.filter_map(|(number, mut row)| (number == 0 || damage(&header, number, &mut row)).then_some(row)));
        let certain = accused(&format!("{file}.{name}"), |tier| tier == "certain");
        let new: Vec<_> = certain.difference(&whole).collect();
        assert!(new.is_empty(), "{file} {name}: {new:?}");
        save(&path, all.into_iter());
    }
}

/// Pairs that the guard makes say why and what they hold, and are no part of how well rows were linked.
#[test]
fn review_pairs_say_which_rules_they_hold_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("2018-06");
    fs::create_dir(&input).expect("a folder");
    let poor = "姓名,身份证号码,户编号,与户主关系,乡镇,行政村,性别,出生日期,致贫原因,脱贫属性,贫困户属性\n";
    let persons = ["韩海荣", "郭玉兰", "石小春", "罗大明", "周光琴", "田维学"];
    let number = |at: usize, sequence: u32| {
        let body = format!("5221241965{:02}12{sequence:03}", at + 1);
        let weights = [7u32, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        let sum: u32 = body.chars().zip(weights).map(|(digit, weight)| digit.to_digit(10).expect("a digit") * weight).sum();
        format!("{body}{}", "10X98765432".chars().nth((sum % 11) as usize).expect("a check digit"))
    };
    let mut poverty = poor.to_owned();
    let mut insurance = "姓名,身份证号码,家庭编号,参合属性,参合年度,乡镇,村组\n".to_owned();
    for (at, name) in persons.iter().enumerate() {
        let (id, month) = (number(at, 15), at + 1);
        writeln!(poverty, "{name},{id},52032410100{at:04},户主,瑞溪镇,燕子坝村,男,1965-{month:02}-12,因病,未脱贫,一般贫困户")
            .expect("a line");
        // The sequence digits of the first are other, the check digit fits.
        let sequence = if at == 0 { 371 } else { 15 };
        let id = number(at, sequence);
        writeln!(insurance, "{name},{id},90000{at:02},一般农民,2018,瑞溪镇,燕子坝村").expect("a line");
    }
    fs::write(input.join("贫困人口信息.csv"), poverty).expect("written");
    fs::write(input.join("2018年度参合人员名册.csv"), insurance).expect("written");
    let out = folder.path().join("out");
    let told = run(&input, &out, &[]);
    assert_eq!(of_rule(&out, "findings"), 0, "{told}");
    let mut held = 0;
    let batch = stage(&out, "review");
    let (holds, weight) =
        (batch.column_by_name("holds").expect("holds").as_list::<i32>(), batch.column_by_name("weight").expect("weight"));
    let reason = batch.column_by_name("reason").expect("reason").as_string::<i32>();
    for row in 0..batch.num_rows() {
        let rules = holds.value(row);
        let rules: Vec<&str> = rules.as_string::<i32>().iter().flatten().collect();
        if rules.contains(&RULE) {
            held += 1;
            assert!(
                weight.is_valid(row) || reason.value(row).contains("姓名相同，出生日期相同，号码不同"),
                "{}",
                reason.value(row)
            );
        }
    }
    assert_eq!(held, 1, "{told}");
    let examined = bidui(&["diagnose", text(&out)]);
    assert!(examined.status.success(), "{}", String::from_utf8_lossy(&examined.stderr));
}
