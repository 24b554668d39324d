//! Files that nobody would send: those of fixtures/ after [`mutation`]s. Whatever comes in, nothing panics, every row read is kept or rejected
//! with a reason, and what is refused is refused in the documented ways.
//!
//! Seconds here; `BIDUI_FUZZ=50` tries fifty times as many (.ci/long), another `PROPTEST_RNG_SEED` other ones. What is found stands in the
//! panic's message, shrunk; with `BIDUI_FUZZ_KEEP=DIR` every input is written there before it is tried, for what ends the process.

mod mutation;

use std::cell::Cell;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::FileFailurePersistence;

use bidui::assess::cases;
use bidui::config::document::Document;
use bidui::config::error::Problems;
use bidui::config::layout::Layouts;
use bidui::config::link::LinkModel;
use bidui::config::pipeline::{Layer, Pipeline};
use bidui::config::policy::Policy;
use bidui::config::registry::Dictionary;
use bidui::config::returns::Returns;
use bidui::config::tables::TablesModel;
use bidui::ingest::grid::Frame;
use bidui::ingest::header::Vocabulary;
use bidui::ingest::layout::{Layout, LayoutEvent};
use bidui::ingest::limits::Limits;
use bidui::ingest::parse::parse;
use bidui::ingest::wire;
use bidui::model::raw::SheetName;

use crate::support::{bidui, files, manifest, root, said, text};
use mutation::{Change, changed, changes, edits};

/// How many times as many cases as a test of seconds.
fn times() -> u32 {
    std::env::var("BIDUI_FUZZ").ok().and_then(|times| times.parse().ok()).unwrap_or(1)
}

/// What is found is kept in this file's regressions, as other property tests keep theirs.
fn config(cases: u32) -> ProptestConfig {
    let regressions = Box::new(FileFailurePersistence::WithSource("regressions"));
    ProptestConfig {
        cases: cases * times(),
        max_shrink_iters: cases.max(200),
        failure_persistence: Some(regressions),
        ..ProptestConfig::default()
    }
}

fn keep(target: &str, bytes: &[u8]) {
    if let Ok(folder) = std::env::var("BIDUI_FUZZ_KEEP") {
        fs::write(Path::new(&folder).join(target), bytes).expect("kept");
    }
}

/// Files of a folder and their content, by name.
fn seeds(folder: &str) -> Vec<(PathBuf, Vec<u8>)> {
    files(&root(folder)).into_iter().map(|path| (path.clone(), fs::read(path).expect("a file"))).collect()
}

/// Inputs of the field situations and of every format; none so large that one costs more than hundreds of others.
static INPUTS: LazyLock<Vec<(PathBuf, Vec<u8>)>> = LazyLock::new(|| {
    let folders = ["fixtures/2018-06", "fixtures/formats", "fixtures/invalid/inputs", "fixtures/returned", "fixtures/cases"];
    let mut inputs: Vec<_> = folders.into_iter().flat_map(seeds).collect();
    inputs.retain(|(path, bytes)| bytes.len() < 60_000 && path.extension().is_some_and(|end| end != "md" && end != "toml"));
    inputs
});

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

/// What the child parser gives: frames in their order, the same after their way through the pipe, and of every sheet as many rows as it read.
/// Gives the rows kept.
fn parsed_and_laid_out(name: &str, bytes: &[u8], vocabulary: &Vocabulary) -> Result<u64, TestCaseError> {
    let mut frames = Vec::new();
    let limits = Limits { marks: true, ..Limits::default() };
    let done = parse(name, Cursor::new(bytes), &limits, &mut |frame| {
        frames.push(frame);
        Ok(())
    });
    prop_assert!(done.is_ok(), "neither sink nor source fails: {done:?}");
    let mut sent = Vec::new();
    for frame in &frames {
        wire::write_frame(&mut sent, frame).expect("written");
    }
    wire::write_end(&mut sent).expect("written");
    let mut pipe = sent.as_slice();
    let (mut in_file, mut layout, mut all) = (false, None::<(Layout<'_>, u64, u64)>, 0);
    for frame in &frames {
        let received = wire::read_frame(&mut pipe);
        prop_assert!(matches!(&received, Ok(Some(received)) if received == frame), "{frame:?} arrives as {received:?}");
        let ordered = match frame {
            Frame::File { .. } => !std::mem::replace(&mut in_file, true),
            Frame::Sheet { name: sheet, merges, .. } => {
                let name = SheetName { file: name.to_owned(), sheet: sheet.clone() };
                in_file && layout.replace((Layout::new(name, merges.clone(), vocabulary), 0, 0)).is_none()
            }
            Frame::Rows(block) => layout.as_mut().is_some_and(|(layout, kept, aside)| {
                tell(layout.push(block), kept, aside);
                true
            }),
            Frame::Aside { .. } | Frame::Marks(_) => layout.is_some(),
            Frame::SheetEnd { .. } => match layout.take() {
                None => false,
                Some((mut layout, mut kept, mut aside)) => {
                    tell(layout.finish(), &mut kept, &mut aside);
                    let tally = layout.tally();
                    prop_assert!(tally.balances(), "{tally:?}");
                    prop_assert!(
                        tally.emitted == kept && tally.rejected == aside,
                        "{tally:?}, but {kept} kept and {aside} aside"
                    );
                    all += kept;
                    true
                }
            },
            Frame::Refused { code, what, hint } => {
                let han = |text: &str| text.chars().any(|c| matches!(c, '\u{4e00}'..='\u{9fff}'));
                prop_assert!(!code.is_empty() && han(what) && han(hint), "{code}: {what}; {hint}");
                layout = None;
                in_file
            }
            Frame::FileEnd => layout.is_none() && std::mem::replace(&mut in_file, false),
        };
        prop_assert!(ordered, "{frame:?} where it does not belong");
    }
    prop_assert!(!in_file && matches!(wire::read_frame(&mut pipe), Ok(None)), "the end is missing");
    Ok(all)
}

fn tell(events: Vec<LayoutEvent>, kept: &mut u64, aside: &mut u64) {
    for event in events {
        match event {
            LayoutEvent::Rows(rows) => *kept += rows.rows.len() as u64,
            LayoutEvent::Rejected(_) => *aside += 1,
            LayoutEvent::Head(_) | LayoutEvent::Refused(_) | LayoutEvent::PartRefused(_) => {}
        }
    }
}

#[test]
fn any_file_is_parsed_or_refused_and_no_row_is_lost() {
    let dictionary = Dictionary::resolve(&documents("pipelines/registries")).expect("shipped");
    let vocabulary = Vocabulary::new(&dictionary);
    let (tried, read) = (Cell::new(0), Cell::new(0));
    proptest!(config(1000), |(which in any::<Index>(), changes in changes())| {
        let (path, bytes) = which.get(&INPUTS);
        let bytes = changed(bytes, &changes);
        keep("parsed", &bytes);
        let kept = parsed_and_laid_out(&name(path), &bytes, &vocabulary)?;
        tried.set(tried.get() + 1);
        read.set(read.get() + u32::from(kept > 0));
    });
    // What is refused at the door tries the door alone.
    assert!(read.get() * 3 > tried.get(), "{} of {} had rows that were read", read.get(), tried.get());
}

/// A folder of inputs that have changed.
fn put(folder: &Path, changed_files: &[(Index, Vec<Change>)], seeds: &[(PathBuf, Vec<u8>)]) {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir(folder).expect("a folder");
    for (at, (which, changes)) in changed_files.iter().enumerate() {
        let (path, bytes) = which.get(seeds);
        fs::write(folder.join(format!("{at}-{}", name(path))), changed(bytes, changes)).expect("written");
    }
}

#[test]
fn any_month_is_read_and_balances() {
    let folder = tempfile::tempdir().expect("a folder");
    let (input, out) = (folder.path().join("2018-06"), folder.path().join("out"));
    let some = proptest::collection::vec((any::<Index>(), changes()), 1..12);
    proptest!(config(4), |(files in some)| {
        put(&input, &files, &INPUTS);
        let output = bidui(&["run", "pipelines/monthly.toml", "--input", text(&input), "--out", text(&out), "--fresh"]);
        let told = said(&output);
        prop_assert!(matches!(output.status.code(), Some(0 | 3)), "{:?}: {told}", output.status);
        let manifest = manifest(&out);
        prop_assert!(manifest["balanced"] == true, "{told}");
        // A child that panics is told as one that crashed.
        for ending in ["parser-crashed", "parser-memory", "parser-timeout"] {
            prop_assert!(!manifest.to_string().contains(ending), "{ending}: {told}");
        }
    });
}

#[test]
fn any_returned_list_is_received_and_every_row_has_an_outcome() {
    let folder = tempfile::tempdir().expect("a folder");
    let (lists, ledger) = (folder.path().join("发出"), folder.path().join("台账.db"));
    let output = bidui(&[
        "run",
        "pipelines/village-lists.toml",
        "--input",
        "fixtures/2018-06",
        "--ledger",
        text(&ledger),
        "--out",
        text(&lists),
    ]);
    assert!(output.status.success(), "{}", said(&output));
    let mut sent = seeds("fixtures/returned");
    sent.retain(|(path, _)| path.extension().is_some_and(|end| end != "md"));
    sent.extend(files(&lists.join("reports")).into_iter().map(|path| (path.clone(), fs::read(path).expect("a list"))));
    let (back, receipts) = (folder.path().join("收回"), folder.path().join("回执"));
    let some = proptest::collection::vec((any::<Index>(), changes()), 1..8);
    proptest!(config(6), |(files in some)| {
        put(&back, &files, &sent);
        let _ = fs::remove_dir_all(&receipts);
        let output = bidui(&["receive", text(&ledger), text(&back), "--out", text(&receipts), "--json"]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        prop_assert!(matches!(output.status.code(), Some(0 | 3)), "{:?}: {told}", output.status);
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        for file in json["files"].as_array().expect("files") {
            prop_assert!(!file.to_string().contains("parser-"), "{file}");
            for row in file["rows"].as_array().expect("rows") {
                prop_assert!(row["outcome"].as_str().is_some_and(|outcome| !outcome.is_empty()), "{row}");
            }
        }
    });
}

/// Definition files of a folder.
fn documents(folder: &str) -> Vec<Document> {
    let texts = seeds(folder).into_iter().filter(|(path, _)| path.extension().is_some_and(|end| end == "toml" || end == "txt"));
    texts.map(|(path, bytes)| Document { path: name(&path), text: String::from_utf8(bytes).expect("text") }).collect()
}

/// Documents of which one has changed.
fn edited(documents: &[Document], which: Index, edits: &[Change]) -> Vec<Document> {
    let mut documents = documents.to_vec();
    let at = which.index(documents.len());
    let document = &mut documents[at];
    document.text = String::from_utf8_lossy(&changed(document.text.as_bytes(), edits)).into_owned();
    keep("definition", document.text.as_bytes());
    documents
}

/// Mistakes are told with their place; their text is made without a panic too.
fn told(problems: &Problems) -> Result<(), TestCaseError> {
    prop_assert!(!problems.is_empty(), "refused without a word");
    prop_assert!(!problems.render(false).is_empty() && !problems.render(true).is_empty());
    Ok(())
}

#[test]
fn any_definition_is_taken_or_its_mistakes_are_told() {
    let (registries, layouts) = (documents("pipelines/registries"), documents("reports"));
    let (returns, pipelines) = (documents("pipelines/returns"), documents("pipelines"));
    let models: Vec<Document> = ["fixtures/tables", "pipelines/tables"].into_iter().flat_map(documents).collect();
    let top: Vec<Document> =
        pipelines.iter().filter(|document| root("pipelines").join(&document.path).exists()).cloned().collect();
    let shipped = Layouts::resolve(&layouts).expect("shipped");
    proptest!(config(80), |(which in any::<Index>(), edits in edits())| {
        Dictionary::resolve(&edited(&registries, which, &edits)).err().as_ref().map_or(Ok(()), told)?;
        Layouts::resolve(&edited(&layouts, which, &edits)).err().as_ref().map_or(Ok(()), told)?;
        Returns::resolve(&edited(&returns, which, &edits), &shipped).err().as_ref().map_or(Ok(()), told)?;
        for document in edited(&models, which, &edits) {
            TablesModel::resolve(&document).err().as_ref().map_or(Ok(()), told)?;
        }
        for document in edited(&top, which, &edits) {
            LinkModel::resolve(&document).err().as_ref().map_or(Ok(()), told)?;
            let mut problems = Problems::default();
            let layer = Layer::parse(document, String::new(), &mut problems);
            if layer.and_then(|layer| Pipeline::resolve(vec![layer], &mut problems)).is_none() {
                told(&problems)?;
            }
        }
    });
}

#[test]
fn any_policy_is_taken_or_its_mistakes_are_told() {
    let dictionary = Dictionary::resolve(&documents("pipelines/registries")).expect("shipped");
    let policy = documents("pipelines/policy/zhengan-2018");
    proptest!(config(10), |(which in any::<Index>(), edits in edits())| {
        let documents = edited(&policy, which, &edits);
        match Policy::resolve(&documents, &dictionary) {
            Err(problems) => told(&problems)?,
            // What is sound to the reader must not fail where it is applied. Seconds each.
            Ok(policy) if times() > 1 => cases::verify(&policy, &dictionary, &documents).err().as_ref().map_or(Ok(()), told)?,
            Ok(_) => {}
        }
    });
}

#[test]
fn any_model_links_tables_or_says_why_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    for table in ["clinic", "library", "members"] {
        let rows = fs::read_to_string(root("fixtures/tables").join(table).with_extension("csv")).expect("a table");
        let few: Vec<&str> = rows.lines().take(60).collect();
        fs::write(at(table).with_extension("csv"), few.join("\n")).expect("written");
    }
    let models = documents("fixtures/tables");
    let (model, out) = (at("model.toml"), at("out"));
    let (clinic, library, members) = (at("clinic.csv"), at("library.csv"), at("members.csv"));
    proptest!(config(60), |(which in any::<Index>(), edits in edits())| {
        let which = which.index(models.len());
        let changed = changed(models[which].text.as_bytes(), &edits);
        keep("model", &changed);
        fs::write(&model, changed).expect("written");
        let inputs = if models[which].path.starts_with("link") { vec![text(&clinic), text(&library)] } else { vec![text(&members)] };
        let arguments = [&["run", text(&model), "--out", text(&out), "--fresh", "--input"], inputs.as_slice()].concat();
        let output = bidui(&arguments);
        prop_assert!(matches!(output.status.code(), Some(0 | 2 | 3)), "{:?}: {}", output.status, said(&output));
    });
}
