//! A village writes the right number into the list of identity corrections: what the next month makes of it, through the program.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::lists::{Sheet, save, sheets};
use crate::support::{bidui, copy, manifest, root, text};

/// Of somebody whom June's insurance roll knows by a placeholder; July's disability register has it.
const PROVEN: (&str, &str, &str) = ("田雨", "板房村", "522124198211170429");
/// No registry has it.
const UNPROVEN: (&str, &str, &str) = ("高婷", "大城村", "522124198604297703");
/// A namesake's in another town.
const ANOTHERS: (&str, &str, &str) = ("邹浩俊", "上坝村", "520324200802231931");

/// July, with the certificate of [`PROVEN`] in the disability register.
fn july(folder: &Path) -> PathBuf {
    let input = folder.join("2018-07");
    copy(&root("fixtures/2018-07"), &input);
    let (name, village, number) = PROVEN;
    let line = format!(
        "{name},{number},{number}44,35,女,汉族,庙塘镇,{village}村委会,农业户口,有效,肢体残疾,四级,庙塘镇{village},,2012-01-25,\n"
    );
    let (bytes, ..) = encoding_rs::GB18030.encode(&line);
    let register = fs::OpenOptions::new().append(true).open(input.join("残联/持证残疾人信息.csv"));
    register.expect("the register").write_all(&bytes).expect("written");
    input
}

fn run(input: &Path, out: &Path, more: &[&str]) -> (Value, String) {
    let mut arguments = vec!["run", "pipelines/monthly.toml", "--input", text(input), "--out", text(out)];
    arguments.extend(more);
    let output = bidui(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    (manifest(out), String::from_utf8_lossy(&output.stdout).into_owned())
}

fn identity(run: &Path, month: &str) -> PathBuf {
    run.join(format!("reports/{month}_身份信息更正.xlsx"))
}

/// The row of a person in some sheet of the identity list.
fn row_of(book: &[Sheet], (name, village, _): (&str, &str, &str)) -> (usize, usize) {
    let found = book.iter().enumerate().find_map(|(at, sheet)| {
        let (names, villages) = (sheet.column("姓名"), sheet.column("村"));
        sheet
            .listed()
            .into_iter()
            .find(|row| sheet.rows[*row][names] == name && sheet.rows[*row][villages] == village)
            .map(|row| (at, row))
    });
    found.unwrap_or_else(|| panic!("{name} is not on the list"))
}

#[test]
fn a_number_that_a_village_wrote_is_used_where_a_registry_proves_it_and_told_where_none_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let ledger = path("台账.db");
    run(&root("fixtures/2018-06"), &path("june"), &["--ledger", text(&ledger)]);
    let mut book = sheets(&identity(&path("june"), "2018-06"));
    for written in [PROVEN, UNPROVEN, ANOTHERS] {
        let (sheet, row) = row_of(&book, written);
        book[sheet].fill(row, "更正后身份证号", written.2);
        book[sheet].fill(row, "核对人", "李四");
    }
    save(&path("身份信息更正.xlsx"), &book);
    let received = bidui(&["receive", text(&ledger), text(&path("身份信息更正.xlsx"))]);
    assert_eq!(received.status.code(), Some(0), "{}", String::from_utf8_lossy(&received.stdout));

    let input = july(folder.path());
    let (without, _) = run(&input, &path("without"), &[]);
    assert_eq!(without["proposals"], Value::Null);
    let (manifest, told) = run(&input, &path("july"), &["--ledger", text(&ledger)]);
    assert_eq!(manifest["proposals"], serde_json::json!({"used": 1, "pending": 1, "refuted": 1}));
    assert!(told.contains("村里更正的号码 3 个"), "{told}");

    let explain = |run: &str, name: &str| {
        let output = bidui(&["explain", text(&path(run)), "--person", name]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let proven = explain("july", PROVEN.0);
    assert!(proven.contains("与村里更正的号码相同") && proven.contains("号码修复"), "{proven}");
    assert!(proven.contains("村里更正为522124********0429（2018-06 清单，李四）：有名册印证，已采用"), "{proven}");
    assert!(!explain("without", PROVEN.0).contains("村里更正"));
    // The roll's own row is as the roll wrote it.
    assert!(proven.contains("号码是占位数字"), "{proven}");

    let list = sheets(&identity(&path("july"), "2018-07"));
    let said = |who| {
        let (sheet, row) = row_of(&list, who);
        list[sheet].rows[row][list[sheet].column("村里更正的号码")].clone()
    };
    assert!(said(UNPROVEN).ends_with("没有名册印证，待核") && said(UNPROVEN).contains(UNPROVEN.2), "{}", said(UNPROVEN));
    assert!(said(ANOTHERS).ends_with("有矛盾，未采用（同一名册里另有人用这个号码）"), "{}", said(ANOTHERS));

    // The same ledger and the same input give the same bytes; a township run over these links says the same of them.
    run(&input, &path("again"), &["--ledger", text(&ledger)]);
    for file in ["run.json", "stages/links.parquet", "stages/proposals.parquet"] {
        assert!(fs::read(path("july").join(file)).ok() == fs::read(path("again").join(file)).ok(), "{file} differs");
    }
    let (from, town) = (path("july"), path("town"));
    let arguments = ["run", "pipelines/township.toml", "--input", text(&from), "--town", "庙塘镇", "--out", text(&town)];
    assert!(bidui(&arguments).status.success());
    let town: Value = serde_json::from_slice(&fs::read(town.join("run.json")).expect("run.json")).expect("json");
    assert_eq!(town["proposals"], manifest["proposals"]);
}
