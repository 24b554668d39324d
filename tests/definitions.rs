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
    ("pipeline/missing-folder.toml", "pipelines/monthly.toml", &["登记册", "请检查路径", "从它所在的文件夹算起"]),
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
