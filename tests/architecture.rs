//! Data goes one way through src/: a `use crate::` that points back is a mistake.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms from the ground up; a room may use those on lower levels and its own, never its neighbours.
const LEVELS: [&[&str]; 8] = [
    &["model"],
    &["config"],
    &["ingest", "normalise", "link", "assess", "ledger", "report", "practice", "evaluate"],
    &["store"],
    &["intake"],
    &["run"],
    &["ask"],
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

/// Files by module path, `a::b` for src/a/b.rs and src/a/b/mod.rs, with the modules that each uses; what a test uses does not count, and a
/// part may use the names of the whole that it belongs to.
fn uses_by_file() -> BTreeMap<String, BTreeSet<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let module = |file: &Path| {
        let path = file.strip_prefix(&root).expect("below src").with_extension("");
        let parts: Vec<String> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        parts.join("::").trim_end_matches("::mod").to_owned()
    };
    let shipping = files.iter().filter(|file| !file.file_stem().is_some_and(|name| name.to_string_lossy().ends_with("tests")));
    let texts: BTreeMap<String, String> =
        shipping.map(|file| (module(file), fs::read_to_string(file).expect("a source file"))).collect();
    let used = |from: &str, text: &str| {
        let paths = paths_used(from, text);
        let modules = paths.iter().filter_map(|path| {
            let ends = path.match_indices("::").map(|(at, _)| at).chain([path.len()]);
            ends.filter_map(|end| path.get(..end)).filter(|module| texts.contains_key(*module)).last().map(str::to_owned)
        });
        modules.filter(|to| *to != from && !from.starts_with(&format!("{to}::"))).collect()
    };
    texts.iter().map(|(from, text)| (from.clone(), used(from, text))).collect()
}

/// Paths that a file names with `crate`, `super`, `self`, or beginning with a part of its own, from src/ on.
#[expect(clippy::string_slice, reason = "cut where something was found")]
fn paths_used(from: &str, text: &str) -> BTreeSet<String> {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let parts: Vec<&str> =
        code.iter().filter_map(|line| line.rsplit_once("mod ")?.1.strip_suffix(';')).filter(|name| !name.contains(' ')).collect();
    let mut found = BTreeSet::new();
    let code = code.join(" ");
    let mut rest = code.as_str();
    while let Some(at) = rest.find("::") {
        let (before, after) = (&rest[..at], &rest[at + 2..]);
        let start = before.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1);
        let whole = match &before[start..] {
            "crate" => Some(String::new()),
            "super" => from.rsplit_once("::").map(|(above, _)| format!("{above}::")),
            "self" => Some(format!("{from}::")),
            part if parts.contains(&part) => Some(format!("{from}::{part}::")),
            _ => None,
        };
        let (tree, length) = tree(after);
        for path in whole.iter().flat_map(|whole| tree.iter().map(move |path| format!("{whole}{path}"))) {
            found.insert(path.replace("::self", ""));
        }
        // A path that is not ours may have one inside.
        rest = if whole.is_some() { &after[length..] } else { after };
    }
    found
}

/// The paths of a use tree or of a plain path, and how much of the text it takes.
#[expect(clippy::string_slice, reason = "cut where something was found")]
fn tree(text: &str) -> (Vec<String>, usize) {
    if let Some(mut inside) = text.strip_prefix('{') {
        let mut paths = Vec::new();
        loop {
            inside = inside.trim_start_matches([' ', ',']);
            if inside.is_empty() || inside.starts_with('}') {
                return (paths, text.len() - inside.len() + usize::from(!inside.is_empty()));
            }
            let (more, length) = tree(inside);
            paths.extend(more);
            inside = &inside[length.max(1)..];
            inside = inside[inside.find([',', '}']).unwrap_or(inside.len())..].trim_start_matches(',');
        }
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    match rest.strip_prefix("::") {
        Some(rest) if rest.starts_with(|c: char| c.is_alphabetic() || c == '{') => {
            let (paths, length) = tree(rest);
            (paths.iter().map(|path| format!("{word}::{path}")).collect(), end + 2 + length)
        }
        _ => (vec![word.to_owned()], end),
    }
}

/// Files that use each other round about: every group in which each reaches each.
fn circles(uses: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<BTreeSet<String>> {
    let reached = |from: &String| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(file) = open.pop() {
            for used in uses.get(file).into_iter().flatten() {
                if seen.insert(used.clone()) {
                    open.push(used);
                }
            }
        }
        seen
    };
    let reach: BTreeMap<&String, BTreeSet<String>> = uses.keys().map(|file| (file, reached(file))).collect();
    let circular = reach.iter().filter(|(file, seen)| seen.contains(**file));
    circular.map(|(file, seen)| seen.iter().filter(|other| reach[*other].contains(*file)).cloned().collect()).collect()
}

#[test]
fn no_files_use_each_other_round_about() {
    let found = circles(&uses_by_file());
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_circle_would_be_seen() {
    let used = paths_used(
        "run::a",
        "mod part;\nuse crate::x::{b::{self, C}, d as e};\nuse super::y;\nfn f() { part::g(std::mem::take(h)) }",
    );
    let wanted = ["run::a::part::g", "run::y", "x::b", "x::b::C", "x::d"];
    assert_eq!(used.iter().map(String::as_str).collect::<Vec<_>>(), wanted);
    let arrows = [("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")];
    let arrows = arrows.map(|(from, to)| (from.to_owned(), BTreeSet::from([to.to_owned()]))).into();
    assert_eq!(circles(&arrows), BTreeSet::from([["a", "b", "c"].map(str::to_owned).into()]));
}

/// A pipe in a file's place would be waited for, and a device never ends: what is read is opened by `store::disk`.
#[test]
fn files_are_opened_in_one_place() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    for room in ["store", "intake", "run", "ask", "cli"] {
        sources(&root.join(room), &mut files);
    }
    let is_test = |file: &Path| file.file_stem().is_some_and(|name| name.to_string_lossy().ends_with("tests"));
    for file in files.iter().filter(|file| !is_test(file) && !file.ends_with("store/disk.rs")) {
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

/// One that no test compares is one that nobody keeps true.
#[test]
fn every_snapshot_is_compared() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    sources(&root.join("tests"), &mut files);
    let all: String = files.iter().map(|file| fs::read_to_string(file).expect("a source file")).collect();
    for snapshot in fs::read_dir(root.join("tests/golden")).expect("snapshots") {
        let path = snapshot.expect("an entry").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        assert!(all.contains(&format!("\"{name}\"")), "no test compares {}", path.display());
    }
}

#[test]
fn an_arrow_back_would_be_seen() {
    assert_eq!(rooms_used("use crate::{model, run::x};"), [(1, "model".to_owned()), (1, "run".to_owned())]);
    assert_eq!(rooms_used("// use crate::run;\nlet a = crate::link::link();"), [(2, "link".to_owned())]);
}

/// Fields of persons: what is called so holds a `Personal`.
const OF_PERSONS: [&str; 25] = [
    "name",
    "names",
    "head",
    "head_name",
    "number",
    "id_number",
    "corrected_number",
    "suggested_number",
    "suggested",
    "suggestion",
    "certificate",
    "phone",
    "account",
    "address",
    "household",
    "households",
    "household_code",
    "who",
    "checkers",
    "reality",
    "remark",
    "quote",
    "sentence",
    "disease",
    "first_household",
];

/// What is called like a field of a person and is text all the same: file, type, why. Whole rooms are left out below.
const NO_PERSONS: [(&str, &str, &str); 36] = [
    ("assess/cases.rs", "Given", "made-up persons of the policy's own cases"),
    ("assess/exemption/names.rs", "RuleNames", "names of rules"),
    ("assess/trust.rs", "Reason", "names of a town and a village"),
    ("evaluate/diagnose.rs", "LinkedRow", "the state of a number, no number"),
    ("evaluate/groups.rs", "GroupedRow", "the state of a number, no number"),
    ("evaluate/mod.rs", "LinkRow", "borrowed from a run over a made-up county"),
    ("evaluate/mod.rs", "FindingRow", "borrowed from a run over a made-up county"),
    ("evaluate/mod.rs", "Truth", "of a made-up county"),
    ("evaluate/verified.rs", "Layer", "name of a layer of the sample"),
    ("ingest/combined.rs", "Person", "parts of one cell on their way into columns; no Debug"),
    ("ingest/compound.rs", "Entry", "name of a part of a file"),
    ("ingest/grid.rs", "Frame", "name of a sheet"),
    ("ingest/html.rs", "Start", "a number as the page writes it, on its way into a cell; no Debug"),
    ("ingest/ods.rs", "Found", "name of a sheet"),
    ("ingest/parse.rs", "Origin", "name of a file"),
    ("ingest/sheet.rs", "SheetHead", "name of a sheet"),
    ("ingest/xls.rs", "SheetPlace", "name of a sheet"),
    ("ingest/xlsb.rs", "SheetPart", "name of a sheet"),
    ("ingest/xlsx.rs", "SheetPart", "name of a sheet"),
    ("link/people.rs", "Values", "borrowed from a row while a person is made of it; no Debug"),
    ("model/exemption.rs", "ExemptionUse", "the remark never quotes a cell"),
    ("normalise/sheet_place.rs", "Labelled", "the place in a title; no Debug"),
    ("report/ledger.rs", "Unit", "name of a place or department"),
    ("report/lists.rs", "Section", "name of a village"),
    ("report/lists.rs", "Sheet", "name of a sheet"),
    ("report/states.rs", "Line", "names of places and rules"),
    ("intake/answers.rs", "Reader", "name of a file"),
    ("intake/definitions.rs", "Definitions", "name of the pipeline"),
    ("store/finished.rs", "Note", "as run.json tells it, masked"),
    ("intake/inputs.rs", "InputFile", "name of a file"),
    ("intake/inputs.rs", "InputError", "name of a file"),
    ("run/county/picture.rs", "Excuse", "borrowed from a row of the exemption list; no Debug"),
    ("store/tables_entry.rs", "ComparisonEntry", "name of a comparison"),
    ("store/workspace/work.rs", "Timing", "name of a stage"),
    ("link/tests.rs", "Row", "made-up persons"),
    ("link/tests.rs", "Human", "made-up persons"),
];

/// Types that say for themselves what of them may be seen.
const OWN_DEBUG: [(&str, &str); 24] = [
    ("assess/tables.rs", "FactTable"),
    ("assess/verdicts.rs", "VerdictInput"),
    ("evaluate/mod.rs", "TruthTexts"),
    ("ingest/grid.rs", "RowBlock"),
    ("ingest/layout.rs", "Layout"),
    ("link/tables/mod.rs", "TablesLinked"),
    ("model/date.rs", "Day"),
    ("model/date.rs", "Month"),
    ("model/identity/id.rs", "Number"),
    ("model/identity/name.rs", "FoldedName"),
    ("model/ids.rs", "CountyKey"),
    ("model/link.rs", "People"),
    ("model/personal.rs", "Personal"),
    ("model/raw.rs", "RawColumn"),
    ("model/raw.rs", "Section"),
    ("model/raw.rs", "TableHead"),
    ("model/record.rs", "RegistryRecords"),
    ("normalise/disability_no.rs", "CertificateReading"),
    ("normalise/id_number.rs", "IdReading"),
    ("normalise/name.rs", "NameReading"),
    ("normalise/sheet.rs", "NormalisedSheet"),
    ("normalise/sheet.rs", "Normaliser"),
    ("normalise/tables.rs", "ReadTable"),
    ("normalise/tables.rs", "TableReader"),
];

/// Structs and enums with their derives and their body, comments and attributes aside.
fn types(text: &str) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    let mut derived = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let bare = line.trim();
        if bare.starts_with("#[derive(") {
            bare.clone_into(&mut derived);
        }
        let words: Vec<&str> =
            bare.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
        let at = words.iter().take(5).position(|word| ["struct", "enum"].contains(word));
        let is_item = ["pub", "struct", "enum"].iter().any(|start| bare.starts_with(start));
        let Some(name) = at.filter(|_| is_item).and_then(|at| words.get(at + 1)) else {
            if !bare.starts_with("#[") && !bare.starts_with("//") {
                derived.clear();
            }
            continue;
        };
        let indent = line.len() - line.trim_start().len();
        let end = format!("{}}}", " ".repeat(indent));
        let mut body = String::new();
        if bare.ends_with('{') {
            for line in lines.by_ref().take_while(|line| **line != *end) {
                let bare = line.trim();
                if !bare.starts_with("//") && !bare.starts_with("#[") {
                    body.push_str(bare);
                    body.push('\n');
                }
            }
        } else {
            body.push_str(bare);
        }
        found.push(((*name).to_owned(), std::mem::take(&mut derived), body));
    }
    found
}

/// `name: type` wherever it stands in a body, the types without what only makes them public.
fn fields(body: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    // The fields of a variant may stand in one line.
    let parts = body.split('\n').flat_map(|line| match line.split_once(" { ") {
        Some((_, inside)) => inside.split(", ").collect(),
        None => vec![line],
    });
    for part in parts {
        let part = part.trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ").trim_start_matches("pub ");
        if let Some((name, kind)) = part.split_once(": ")
            && name.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
        {
            found.push((name.to_owned(), kind.trim_end_matches(',').to_owned()));
        }
    }
    found
}

fn is_text(kind: &str) -> bool {
    let mut words = kind.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    // What a program says of itself is in its own words.
    words.any(|word| ["String", "str"].contains(&word)) && !kind.contains("'static str")
}

fn is_columns(kind: &str) -> bool {
    ["RecordBatch", "StringArray", "ArrayRef", "StringBuilder"].iter().any(|columns| kind.contains(columns))
}

/// Sources with their path below src/, tests at their end aside; config holds definitions, practice makes persons up.
fn sources_of_persons() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let named = files.into_iter().map(|file| {
        let text = fs::read_to_string(&file).expect("a source file");
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
        (file.strip_prefix(&root).expect("below src").to_string_lossy().replace('\\', "/"), text)
    });
    named.filter(|(file, _)| !file.starts_with("config/") && !file.starts_with("practice/")).collect()
}

#[test]
fn what_is_about_a_person_masks_itself_by_type() {
    let mut wrong = Vec::new();
    for (file, text) in sources_of_persons() {
        for (name, derived, body) in types(&text) {
            let is_known = NO_PERSONS.iter().any(|(known, of, _)| *known == file && *of == name);
            for (field, kind) in fields(&body) {
                if OF_PERSONS.contains(&field.as_str()) && is_text(&kind) && !is_known {
                    wrong.push(format!("src/{file}: {name}.{field} is {kind}: let it be Personal, or say in NO_PERSONS why not"));
                }
                if derived.contains("Debug") && is_columns(&kind) {
                    wrong.push(format!(
                        "src/{file}: Debug of {name} prints the values of {field}: say how many there are instead"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn debug_is_written_by_hand_only_where_it_is_known() {
    let mut wrong = Vec::new();
    for (file, text) in sources_of_persons() {
        for line in text.lines() {
            let Some((_, name)) = line.split_once("Debug for ").filter(|_| line.trim_start().starts_with("impl")) else {
                continue;
            };
            let name: String = name.chars().take_while(char::is_ascii_alphanumeric).collect();
            if !OWN_DEBUG.contains(&(file.as_str(), name.as_str())) {
                wrong.push(format!("src/{file}: {name}: hold Personal and derive, or add it to OWN_DEBUG"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_name_in_the_clear_would_be_seen() {
    let text = "/// Somebody.\n#[derive(Clone, Debug)]\npub struct Somebody {\n    /// Name.\n    pub name: Option<String>,\n    \
                batch: RecordBatch,\n    kind: &'static str,\n}\nenum E {\n    One { quote: String },\n}\n";
    let found = types(text);
    let (name, derived, body) = &found[0];
    assert!(name == "Somebody" && derived.contains("Debug"));
    let named: Vec<(String, String)> = fields(body);
    assert!(named.contains(&("name".to_owned(), "Option<String>".to_owned())) && is_text("Option<String>"));
    assert!(is_columns("RecordBatch") && !is_text("&'static str") && !is_text("Option<Personal>"));
    assert_eq!(fields(&found[1].2)[0].0, "quote");
}
