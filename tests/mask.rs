//! What a run with `--mask` writes may be posted publicly: no ID, certificate or account number, no phone, no disease in any cell, comment,
//! validation, property or hidden column of any workbook. What a run keeps can be read by its owner only.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use arrow::array::{AsArray, RecordBatch};

use crate::support::{files, parts, program, root, sheet, stage};

fn run(pipeline: &str, input: &Path, out: &Path, more: &[&str]) {
    let output = program()
        .arg("run")
        .arg(root(pipeline))
        .arg("--input")
        .arg(input)
        .arg("--out")
        .arg(out)
        .args(more)
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Every value of these columns, as read and as written.
fn values(records: &RecordBatch, columns: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for name in columns {
        for name in [(*name).to_owned(), format!("{name}_raw")] {
            let Some(column) = records.column_by_name(&name).and_then(|column| column.as_string_opt::<i32>()) else { continue };
            found.extend(column.iter().flatten().map(|value| value.trim().to_owned()));
        }
    }
    found
}

/// Every part of a workbook as text, entities resolved.
fn text_of(book: &Path) -> String {
    parts(book).replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// The secrets that stand whole in a text.
fn shown<'s>(text: &str, numbers: &'s BTreeSet<String>, words: &'s BTreeSet<String>) -> Vec<&'s str> {
    // Only what is joined without a gap can hold a number.
    let runs: BTreeSet<&str> = text
        .split(|c: char| !(c.is_alphanumeric() || c == '.' || c == '+' || c == '-'))
        .filter(|run| run.bytes().filter(u8::is_ascii_digit).count() >= 6)
        .collect();
    let number = |secret: &&String| runs.iter().any(|run| run.contains(secret.as_str()));
    let word = |secret: &&String| text.contains(secret.as_str());
    numbers.iter().filter(number).chain(words.iter().filter(word)).map(String::as_str).collect()
}

#[test]
fn nothing_that_may_not_be_posted_is_in_any_part_of_any_workbook() {
    let folder = tempfile::tempdir().expect("a folder");
    let (open, masked) = (folder.path().join("open"), folder.path().join("masked"));
    let input = root("fixtures/2018-06");
    run("pipelines/monthly.toml", &input, &open, &[]);
    run("pipelines/monthly.toml", &open, &masked, &["--mask"]);

    let records = stage(&open, "records");
    let columns = [
        "id_number",
        "head_id_number",
        "guardian_id_number",
        "disability_no",
        "phone",
        "account_number",
        "dibao_no",
        "tekun_no",
        "student_no",
    ];
    let mut numbers = values(&records, &columns);
    numbers.retain(|value| value.bytes().filter(u8::is_ascii_digit).count() >= 8 && !value.contains('*'));
    let words: BTreeSet<String> = values(&records, &["disease", "health", "disability_kinds"])
        .into_iter()
        .filter(|word| word.chars().count() >= 3)
        .collect();
    assert!(numbers.len() > 500 && words.len() > 3, "{} numbers, {words:?}", numbers.len());

    // The check can see: without the mask it finds plenty.
    let seen: usize = files(&open.join("reports")).iter().map(|book| shown(&text_of(book), &numbers, &words).len()).sum();
    assert!(seen > 100, "only {seen}");

    // Words of the policy itself are nobody's.
    let policy: String = fs::read_dir(root("pipelines/policy/zhengan-2018"))
        .expect("the policy")
        .map(|file| fs::read_to_string(file.expect("an entry").path()).expect("text"))
        .collect();
    let words: BTreeSet<String> = words.into_iter().filter(|word| !policy.contains(word.as_str())).collect();
    let town = "瑞溪镇";
    let dossier = folder.path().join("dossier");
    run("pipelines/township.toml", &open, &dossier, &["--town", town, "--mask"]);
    let mut checked = 0;
    for book in files(&masked.join("reports")).iter().chain(&files(&dossier.join("reports"))) {
        let found = shown(&text_of(book), &numbers, &words);
        assert!(found.is_empty(), "{} shows {found:?}", book.display());
        checked += 1;
    }
    assert!(checked > 15, "only {checked} workbooks");
    assert!(!words.is_empty(), "every word is the policy's");
}

#[test]
fn no_exemption_that_is_posted_names_a_rule_of_health_or_tells_in_somebodys_own_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let (open, masked, lists) = (folder.path().join("open"), folder.path().join("masked"), folder.path().join("lists"));
    run("pipelines/monthly.toml", &root("fixtures/2018-06"), &open, &[]);
    run("pipelines/monthly.toml", &open, &masked, &["--mask", "--mask-names"]);
    let exemptions = |run: &Path| sheet(&run.join("reports/2018-06_汇总.xlsx"), "豁免清单执行情况").concat();
    // By title, too: no word of it tells of health.
    let (whole, posted) = (exemptions(&open), exemptions(&masked));
    for told in ["贫困人口未参合", "子女有赡养能力，已签赡养协议"] {
        assert!(whole.iter().any(|cell| cell == told), "the check can see: {whole:?}");
        assert!(!posted.iter().any(|cell| cell.contains(told)), "{told}: {posted:?}");
    }
    // Without a summary, too, it is told how few share what is listed.
    run("pipelines/village-lists.toml", &open, &lists, &["--mask"]);
    for book in files(&lists.join("reports")) {
        let index = sheet(&book, "汇总").concat();
        assert!(index.iter().any(|cell| cell.starts_with("公开版") && cell.contains('k')), "{}: {index:?}", book.display());
    }
}

#[cfg(unix)]
#[test]
fn a_run_folder_can_be_read_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let (county, town) = (folder.path().join("county"), folder.path().join("town"));
    run("pipelines/monthly.toml", &root("fixtures/2018-06"), &county, &[]);
    run("pipelines/township.toml", &county, &town, &["--town", "土坪镇", "--mask"]);
    let mut waiting = vec![county, town];
    let mut seen = 0;
    while let Some(path) = waiting.pop() {
        let kind = fs::metadata(&path).expect("there");
        let mode = kind.permissions().mode() & 0o777;
        assert_eq!(mode, if kind.is_dir() { 0o700 } else { 0o600 }, "{} is {mode:o}", path.display());
        seen += 1;
        if kind.is_dir() {
            waiting.extend(fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path()));
        }
    }
    assert!(seen > 30, "{seen}");
}
