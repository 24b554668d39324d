//! Answers about pairs through the real program: a workbook goes out, comes back re-saved, sorted and with columns moved, and is heeded,
//! this month and next; what cannot be heeded is told.

use std::fs;
use std::path::Path;
use std::process::Output;
use std::sync::LazyLock;

use crate::support::{bidui, said, sheet, text};

/// Two months of a county with the damage that leaves pairs open; made once.
static COUNTY: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("a plain path");
    let arguments = ["practice", "--out", out, "--households", "300", "--seed", "7", "--months", "2"];
    let made = bidui(&arguments);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    folder
});

fn run(month: &str, out: &Path, more: &[&str]) -> (Output, String) {
    let input = COUNTY.path().join(month);
    let arguments = ["run", "pipelines/monthly.toml", "--input", text(&input), "--period", month, "--out", text(out)];
    let output = bidui(&[&arguments[..], more].concat());
    let told = said(&output);
    (output, told)
}

/// The rows of a sheet as text, from the header on.
fn rows(book: &Path, name: &str) -> Vec<Vec<String>> {
    let all = sheet(book, name);
    let header = all.iter().position(|row| row.iter().any(|cell| cell == "对标识")).expect("a header");
    all[header..].iter().filter(|row| row.last().is_some_and(|key| !key.is_empty())).cloned().collect()
}

/// The rows of any sheet, each as one text.
fn cells(book: &Path, name: &str) -> Vec<String> {
    sheet(book, name).into_iter().map(|row| row.join(" ")).collect()
}

/// Writes the pairs back as CSV, last column first and last row first, each answered by `answer`.
fn answer(book: &Path, to: &Path, answer: impl Fn(usize) -> &'static str) -> usize {
    let rows = rows(book, "待核对");
    let at = rows[0].iter().position(|title| title == "核对结果").expect("a column");
    let mut text = "\u{feff}".to_owned();
    let backwards = |row: &[String]| row.iter().rev().map(|cell| format!("\"{cell}\"")).collect::<Vec<_>>().join(",") + "\n";
    text.push_str(&backwards(&rows[0]));
    for (number, row) in rows.iter().enumerate().skip(1).rev() {
        let mut row = row.clone();
        answer(number).clone_into(&mut row[at]);
        text.push_str(&backwards(&row));
    }
    fs::write(to, text).expect("written");
    rows.len() - 1
}

#[test]
fn answers_come_back_are_heeded_and_hold_next_month() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let (output, told) = run("2018-06", &path("first"), &[]);
    assert!(output.status.success(), "{told}");
    let book = path("first/reports/2018-06_是否同一人待核对.xlsx");
    let asked = answer(&book, &path("回.csv"), |number| if number == 1 { "是同一人" } else { "不是" });
    assert!(asked > 1, "the county leaves pairs open");

    let back = path("回.csv");
    let given = ["--decisions", back.to_str().expect("plain")];
    let (output, told) = run("2018-06", &path("second"), &given);
    assert!(output.status.success(), "{told}");
    assert!(told.contains(&format!("采用“是同一人” 1 对、“不是” {} 对", asked - 1)), "{told}");
    let book = path("second/reports/2018-06_是否同一人待核对.xlsx");
    let keys = |rows: &[Vec<String>]| rows[1..].iter().filter_map(|row| row.last().cloned()).collect::<Vec<_>>();
    let (before, after) = (rows(&path("first/reports/2018-06_是否同一人待核对.xlsx"), "待核对"), rows(&book, "待核对"));
    assert!(keys(&after).iter().all(|key| !keys(&before).contains(key)), "nobody is asked again");
    assert_eq!(rows(&book, "已核对").len() - 1, asked);

    // The workbook of this month carries every answer: it alone is enough for the next.
    let (output, told) = run("2018-07", &path("next"), &["--decisions", book.to_str().expect("plain")]);
    assert!(output.status.success() && told.contains("采用“是同一人” 1 对"), "{told}");
    let manifest = fs::read_to_string(path("next/run.json")).expect("run.json");
    assert!(manifest.contains("\"decision_files\"") && manifest.contains("2018-06_是否同一人待核对.xlsx"));
}

#[test]
fn answers_that_contradict_each_other_are_told_and_wrong_files_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let (_, told) = run("2018-06", &path("first"), &[]);
    let book = path("first/reports/2018-06_是否同一人待核对.xlsx");
    assert!(book.exists(), "{told}");
    answer(&book, &path("甲.csv"), |number| if number == 1 { "是" } else { "" });
    answer(&book, &path("乙.csv"), |number| if number == 1 { "否" } else { "说不好" });
    let [one, other] = ["甲.csv", "乙.csv"].map(|name| path(name).to_str().expect("plain").to_owned());
    let (output, told) = run("2018-06", &path("second"), &["--decisions", &one, "--decisions", &other]);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("矛盾未采用 1 对") && told.contains("甲.csv") && told.contains("不在选项里"), "{told}");
    let summary = cells(&path("second/reports/2018-06_汇总.xlsx"), "未评估与提醒");
    let row = summary.iter().find(|row| row.contains("是否同一人的核对答复")).unwrap_or_else(|| panic!("{summary:#?}"));
    assert!(row.contains("互相矛盾") && row.contains("行 与 "), "where the two rows stand: {row}");

    fs::write(path("别的.csv"), "姓名,核对结果\n张三,不是\n").expect("written");
    let (output, told) = run("2018-06", &path("third"), &["--decisions", path("别的.csv").to_str().expect("plain")]);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("对标识") && !told.contains("张三"), "{told}");
}
