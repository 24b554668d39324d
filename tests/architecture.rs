//! Data goes one way through src/: a `use crate::` that points back is a mistake.

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms from the ground up; a room may use those on lower levels and its own, never its neighbours.
const LEVELS: [&[&str]; 5] = [
    &["model"],
    &["config"],
    &["ingest", "normalise", "link", "assess", "ledger", "report", "practice", "evaluate"],
    &["run"],
    &["cli"],
];

fn level(room: &str) -> Option<usize> {
    LEVELS.iter().position(|rooms| rooms.contains(&room))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Rooms named after `crate::` anywhere in the text, comments aside; `use crate::{a, b}` counts each.
fn rooms_used(text: &str) -> Vec<(usize, String)> {
    let mut used = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if line.starts_with("//") {
            continue;
        }
        for part in line.split("crate::").skip(1) {
            let names = match part.strip_prefix('{') {
                Some(list) => list.split(',').map(str::trim).collect(),
                None => vec![part],
            };
            for name in names {
                let room: String = name.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                if !room.is_empty() {
                    used.push((number + 1, room));
                }
            }
        }
    }
    used
}

#[test]
fn no_arrow_points_back() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let relative = file.strip_prefix(&root).expect("below src");
        let name = relative.components().next().expect("a name").as_os_str().to_string_lossy().replace(".rs", "");
        if ["build", "lib", "main"].contains(&name.as_str()) {
            continue;
        }
        let here = level(&name).unwrap_or_else(|| panic!("src/{name} is on no level: add it to LEVELS"));
        for (line, used) in rooms_used(&fs::read_to_string(&file).expect("a source file")) {
            let there =
                level(&used).unwrap_or_else(|| panic!("{}:{line} uses crate::{used}, which is on no level", relative.display()));
            if used != name && there >= here {
                wrong.push(format!("src/{}:{line}: {name} must not use {used}", relative.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A pipe in a file's place would be waited for, and a device never ends: what is read is opened by `run::disk`.
#[test]
fn files_are_opened_in_one_place() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root.join("run"), &mut files);
    sources(&root.join("cli"), &mut files);
    let is_test = |file: &Path| file.file_stem().is_some_and(|name| name.to_string_lossy().ends_with("tests"));
    for file in files.iter().filter(|file| !is_test(file) && !file.ends_with("run/disk.rs")) {
        let text = fs::read_to_string(file).expect("a source file");
        let shipping = text.split("#[cfg(test)]").next().unwrap_or_default();
        for open in ["File::open(", "fs::read(", "fs::read_to_string("] {
            assert!(
                !shipping.contains(open),
                "{}: {open} where disk::open, disk::read or disk::read_text should be",
                file.display()
            );
        }
    }
}

#[test]
fn an_arrow_back_would_be_seen() {
    assert_eq!(rooms_used("use crate::{model, run::x};"), [(1, "model".to_owned()), (1, "run".to_owned())]);
    assert_eq!(rooms_used("// use crate::run;\nlet a = crate::link::link();"), [(2, "link".to_owned())]);
}
