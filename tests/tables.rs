//! Any two tables of persons, through the real program: the two fixtures and their truth, the run folder, a model that is saved and given back,
//! mistakes in a model, and what a careless user does.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{Float32Type, UInt32Type};
use parquet::arrow::ArrowWriter;

use crate::support::{bidui, manifest, on_threads, outputs, root, said, stage, text};

fn fixture(name: &str) -> PathBuf {
    root("fixtures/tables").join(name)
}

fn run(model: &Path, inputs: &[&Path], out: &Path, threads: &str) -> Output {
    let mut arguments = vec!["run", text(model), "--out", text(out), "--input"];
    arguments.extend(inputs.iter().map(|input| text(input)));
    on_threads(threads, &arguments)
}

fn link(out: &Path, threads: &str) -> Output {
    run(&fixture("link.toml"), &[&fixture("clinic.csv"), &fixture("library.csv")], out, threads)
}

fn texts<'b>(batch: &'b RecordBatch, name: &str) -> Vec<&'b str> {
    batch.column_by_name(name).expect(name).as_string::<i32>().iter().map(Option::unwrap_or_default).collect()
}

#[test]
fn two_tables_are_linked_and_the_truth_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let output = link(&out, "2");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("pairs：精确率"), "{}", said(&output));
    let told = manifest(&out);
    let score = &told["tables"]["evaluation"];
    let number = |name: &str| score[name].as_f64().expect("a number");
    assert!(number("precision") >= 0.995 && number("recall") >= 0.985, "{score}");
    assert_eq!(told["balanced"], true);

    // links.parquet: exactly one row per kept source row, in the contract's columns.
    let links = stage(&out, "links");
    let names: Vec<String> = links.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, ["registry", "file", "sheet", "row", "part", "person_id", "status", "weight", "probability"]);
    assert_eq!(links.num_rows(), 1200);
    assert_eq!(texts(&links, "registry")[0], "left");

    // Every accepted pair's parts sum to its weight.
    let pairs = stage(&out, "pairs");
    let float = |name: &str, row: usize| pairs.column_by_name(name).expect(name).as_primitive::<Float32Type>().value(row);
    assert!(pairs.num_rows() > 380);
    for row in 0..pairs.num_rows() {
        let mut sum = float("prior", row);
        for field in pairs.schema().fields() {
            if field.name().starts_with("bits_") || field.name().starts_with("rarity_") {
                sum += float(field.name(), row);
            }
        }
        assert!((sum - float("weight", row)).abs() < 1e-4, "row {row}");
    }

    let evaluated = bidui(&["evaluate", text(&out), "--json"]);
    let evaluated: serde_json::Value = serde_json::from_slice(&evaluated.stdout).expect("JSON");
    assert_eq!(&evaluated, score);
    let person = texts(&links, "person_id")[250];
    let explained = said(&bidui(&["explain", text(&out), "--person", person]));
    for expected in [person, "找到的办法", "起始分", "birth", "把握分"] {
        assert!(explained.contains(expected), "{expected}: {explained}");
    }
    let diagnosed = bidui(&["diagnose", text(&out)]);
    assert_eq!(diagnosed.status.code(), Some(0), "{}", said(&diagnosed));
}

#[test]
fn one_table_is_deduplicated_and_the_truth_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let output = run(&fixture("deduplicate.toml"), &[&fixture("members.csv")], &out, "2");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let told = manifest(&out);
    let score = &told["tables"]["evaluation"];
    let number = |name: &str| score[name].as_f64().expect("a number");
    assert!(number("precision") >= 0.995 && number("recall") >= 0.985 && number("bcubed_f1") >= 0.99, "{score}");
    let clusters = stage(&out, "clusters");
    let rows = clusters.column_by_name("rows").expect("rows").as_primitive::<UInt32Type>();
    assert!(rows.iter().flatten().any(|rows| rows >= 5), "somebody is there five times");
    let ids = texts(&stage(&out, "people"), "person_id").len();
    assert_eq!(told["tables"]["persons"], ids);
}

#[test]
fn the_same_bytes_for_any_number_of_threads() {
    let folder = tempfile::tempdir().expect("a folder");
    let made: Vec<BTreeMap<String, Vec<u8>>> = ["1", "3"]
        .iter()
        .map(|threads| {
            let out = folder.path().join(threads);
            assert_eq!(link(&out, threads).status.code(), Some(0));
            outputs(&out)
        })
        .collect();
    assert!(made[0].keys().eq(made[1].keys()));
    for (name, content) in &made[0] {
        assert!(made[1][name] == *content, "{name}");
    }
}

/// Groups of rows as what their member numbers, names and dates say.
fn groups(out: &Path) -> Vec<(String, Vec<String>)> {
    let (links, records) = (stage(out, "links"), stage(out, "records"));
    let (persons, names, births) = (texts(&links, "person_id"), texts(&records, "surname"), texts(&records, "birth"));
    let mut groups: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for row in 0..persons.len() {
        groups.entry(persons[row]).or_default().push(format!("{} {}", names[row], births[row]));
    }
    groups
        .into_iter()
        .map(|(id, mut rows)| {
            rows.sort();
            (id.to_owned(), rows)
        })
        .collect()
}

#[test]
fn the_order_of_rows_and_the_format_of_the_file_do_not_matter() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = fs::read_to_string(fixture("members.csv")).expect("the fixture");
    let mut lines: Vec<&str> = table.lines().collect();
    lines[1..].reverse();
    let reversed = folder.path().join("members.csv");
    fs::write(&reversed, lines.join("\n")).expect("written");
    let workbook = folder.path().join("members.xlsx");
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (row, line) in (0..).zip(&lines) {
        for (column, cell) in (0..).zip(line.split(',')) {
            sheet.write_string(row, column, cell).expect("a cell");
        }
    }
    book.save(&workbook).expect("saved");
    let of = |input: &Path, name: &str| {
        let out = folder.path().join(name);
        let output = run(&fixture("deduplicate.toml"), &[input], &out, "2");
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        groups(&out)
    };
    let forward = of(&fixture("members.csv"), "forward");
    assert_eq!(forward, of(&reversed, "reversed"), "ids and groups are made of what rows say");
    assert_eq!(forward, of(&workbook, "workbook"));
}

#[test]
fn a_fitted_model_is_saved_given_back_and_drift_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let (first, second, third) = (folder.path().join("1"), folder.path().join("2"), folder.path().join("3"));
    assert_eq!(link(&first, "2").status.code(), Some(0));
    let fitted = fs::read_to_string(first.join("stages/model.toml")).expect("the fitted model");
    let saved = folder.path().join("june.toml");
    fs::write(&saved, &fitted).expect("written");
    let model = folder.path().join("link.toml");
    let definition = fs::read_to_string(fixture("link.toml")).expect("the fixture");
    fs::write(&model, definition.replace("task = \"link\"", "task = \"link\"\nmodel = \"june.toml\"")).expect("written");
    let again = |out: &Path| run(&model, &[&fixture("clinic.csv"), &fixture("library.csv")], out, "2");
    let output = again(&second);
    assert!(said(&output).contains("给定的模型与本次数据相符"), "{}", said(&output));
    assert_eq!(texts(&stage(&first, "links"), "person_id"), texts(&stage(&second, "links"), "person_id"));

    // Last month nearly every birth date was wrong.
    let birth = fitted.find("name = \"birth\"").expect("the comparison");
    let (before, after) = fitted.split_at(birth);
    let line = after.lines().find(|line| line.starts_with("m = ")).expect("a share").to_owned();
    fs::write(&saved, format!("{before}{}", after.replacen(&line, "m = 0.01", 1))).expect("written");
    let output = again(&third);
    assert!(said(&output).contains("birth“exact”的把握分由"), "{}", said(&output));
    assert_eq!(manifest(&third)["tables"]["drift"][0]["comparison"], "birth");

    fs::write(&saved, fitted.replace("level = \"swapped\"", "level = \"turned\"")).expect("written");
    let output = again(&third);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("june.toml") && said(&output).contains("重新拟合"), "{}", said(&output));
}

#[test]
fn mistakes_in_a_model_are_told_with_their_place() {
    for (name, words) in [
        ("unknown-field.toml", &["unknown-field.toml:", "是不是“surname”"][..]),
        ("wrong-kind.toml", &["wrong-kind.toml:", "kind = \"date\""]),
        ("unknown-key.toml", &["unknown-key.toml:", "是不是“columns”"]),
        ("condition.toml", &["condition.toml:", "l.postcde", "是不是“postcode”"]),
    ] {
        let output = bidui(&["check", text(&root("fixtures/invalid/tables").join(name))]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        for word in words {
            assert!(said(&output).contains(word), "{name} should say “{word}”: {}", said(&output));
        }
    }
    let output = bidui(&["check", text(&fixture("link.toml")), "--input", text(&fixture("library.csv"))]);
    assert_eq!(output.status.code(), Some(0));
    assert!(said(&output).contains("Last name → surname"), "{}", said(&output));
    // What every rule will cost is told before anything runs.
    let both = [text(&fixture("clinic.csv")).to_owned(), text(&fixture("library.csv")).to_owned()];
    let output = bidui(&["check", text(&fixture("link.toml")), "--input", &both[0], &both[1]]);
    assert!(said(&output).contains("分块 birth, given_name：") && said(&output).contains("最重"), "{}", said(&output));
}

#[test]
fn a_number_in_the_name_of_a_file_stands_nowhere_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let number = "522124196103054217";
    let (input, out) = (folder.path().join(format!("{number}.csv")), folder.path().join("out"));
    let members = fs::read_to_string(fixture("members.csv")).expect("the fixture");
    // Of a table without one of its columns the file's name is told.
    let (head, rows) = members.split_once('\n').expect("a header");
    let mut columns: Vec<&str> = head.split(',').collect();
    let last = columns.len() - 1;
    columns[last] = "没有这一列";
    fs::write(&input, format!("{}\n{rows}", columns.join(","))).expect("written");
    let output = run(&fixture("deduplicate.toml"), &[&input], &out, "2");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let text = fs::read_to_string(out.join("run.json")).expect("run.json");
    assert!(!text.contains(number) && text.contains("522124********4217"), "{text}");
    assert!(!said(&output).contains(number), "{}", said(&output));
}

#[test]
fn a_careless_user_is_told_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    // One file where two are to be linked.
    let output = run(&fixture("link.toml"), &[&fixture("clinic.csv")], &out, "1");
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("right 一侧没有读到任何行"), "{}", said(&output));
    // A file that is neither.
    let output = run(&fixture("link.toml"), &[&fixture("clinic.csv"), &fixture("members.csv")], &out, "1");
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("members.csv 既不符合"), "{}", said(&output));
    // A column that is not there is said, and the run goes on without it.
    let table = fs::read_to_string(fixture("members.csv")).expect("the fixture").replacen("birth date", "bday", 1);
    let renamed = folder.path().join("members.csv");
    fs::write(&renamed, table).expect("written");
    let output = run(&fixture("deduplicate.toml"), &[&renamed], &out, "1");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("按空处理：birth") && said(&output).contains("bday"), "{}", said(&output));
    // A rule that explodes is refused before anything is compared, and nothing is published over the last run.
    let published = fs::read(out.join("run.json")).expect("run.json");
    let model = folder.path().join("wide.toml");
    let definition = fs::read_to_string(fixture("deduplicate.toml")).expect("the fixture");
    let wide = definition.replacen("on = [\"number\"]", "on = [\"suburb\"]", 1) + "\n[limits]\npairs = 5000\n";
    fs::write(&model, wide).expect("written");
    let output = run(&model, &[&fixture("members.csv")], &out, "1");
    assert_eq!(output.status.code(), Some(2));
    for word in ["分块规则“suburb”", "超过上限 5000 对", "[limits] pairs"] {
        assert!(said(&output).contains(word), "{word}: {}", said(&output));
    }
    assert_eq!(fs::read(out.join("run.json")).expect("run.json"), published);
    // Two files of one name part cannot be told apart by a town.
    let output = bidui(&["run", text(&model), "--input", text(&fixture("members.csv")), "--out", text(&out), "--town", "安场镇"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("没有乡镇、村、台账"), "{}", said(&output));
}

#[test]
fn a_header_without_rows_and_a_header_twice_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let (out, path) = (folder.path().join("out"), folder.path().join("members.csv"));
    let table = fs::read_to_string(fixture("members.csv")).expect("the fixture");
    let header = table.lines().next().expect("a header");
    fs::write(&path, format!("{header}\n")).expect("written");
    let output = run(&fixture("deduplicate.toml"), &[&path], &out, "1");
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("table 一侧没有读到任何行") && !said(&output).contains("精确率"), "{}", said(&output));
    // Which of two columns of one header holds the birth date cannot be told.
    let twice: String = table
        .lines()
        .map(|line| [line, if line == header { ",birth date" } else { ",1950-01-01" }].concat())
        .collect::<Vec<_>>()
        .join("\n");
    fs::write(&path, twice).expect("written");
    let output = run(&fixture("deduplicate.toml"), &[&path], &out, "1");
    let columns = header.split(',').count();
    let last = char::from(b'A' + u8::try_from(columns).expect("few columns"));
    assert!(said(&output).contains(&format!(" 列“birth date”和 {last} 列“birth date”")), "{}", said(&output));
}

#[test]
fn a_table_that_is_refused_as_a_whole_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let clinic = folder.path().join("clinic.csv");
    let mut long = fs::read_to_string(fixture("clinic.csv")).expect("the fixture");
    long.push_str(&"x".repeat(40_000));
    fs::write(&clinic, long).expect("written");
    let output = run(&fixture("link.toml"), &[&clinic, &fixture("library.csv")], &folder.path().join("out"), "2");
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let told = said(&output);
    assert!(told.contains("clinic.csv") && told.contains("32767") && told.contains("怎么办"), "{told}");
}

#[test]
fn a_parquet_table_is_linked_like_the_csv_it_came_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let (first, second, table) =
        (folder.path().join("first"), folder.path().join("second"), folder.path().join("members.parquet"));
    let model = fixture("deduplicate.toml");
    let output = run(&model, &[&fixture("members.csv")], &first, "2");
    assert!(output.status.success(), "{}", said(&output));
    let csv = fs::read_to_string(fixture("members.csv")).expect("members");
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().expect("a header");
    let lines: Vec<Vec<&str>> = lines.collect();
    let column = |at: usize| -> ArrayRef { Arc::new(lines.iter().map(|line| Some(line[at])).collect::<StringArray>()) };
    let columns = RecordBatch::try_from_iter(header.iter().enumerate().map(|(at, name)| (*name, column(at)))).expect("a table");
    let mut writer = ArrowWriter::try_new(fs::File::create(&table).expect("a file"), columns.schema(), None).expect("a writer");
    writer.write(&columns).expect("written");
    writer.close().expect("closed");
    let output = run(&model, &[&table], &second, "2");
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(texts(&stage(&first, "links"), "person_id"), texts(&stage(&second, "links"), "person_id"));
    assert_eq!(manifest(&second)["inputs"][0]["format"], "parquet");
}

/// The fixture's first eleven rows in a workbook: the third of them hidden, the fifth struck through, the last on a hidden sheet.
fn workbook_with_hidden(path: &Path) {
    let csv = fs::read_to_string(fixture("members.csv")).expect("members");
    let lines: Vec<&str> = csv.lines().take(12).collect();
    let struck = rust_xlsxwriter::Format::new().set_font_strikethrough();
    let mut book = rust_xlsxwriter::Workbook::new();
    let (shown, hidden) = lines.split_at(11);
    let sheet = book.add_worksheet();
    for (row, line) in (0..).zip(shown) {
        for (column, text) in (0..).zip(line.split(',')) {
            let format = if row == 5 { &struck } else { &rust_xlsxwriter::Format::default() };
            sheet.write_string_with_format(row, column, text, format).expect("written");
        }
    }
    sheet.set_row_hidden(3).expect("hidden");
    let sheet = book.add_worksheet();
    for (row, line) in (0..).zip([lines[0], hidden[0]]) {
        for (column, text) in (0..).zip(line.split(',')) {
            sheet.write_string(row, column, text).expect("written");
        }
    }
    sheet.set_hidden(true);
    book.save(path).expect("saved");
}

#[test]
fn what_is_hidden_or_struck_through_is_read_and_told_unless_the_model_leaves_it_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let (book, model) = (folder.path().join("members.xlsx"), folder.path().join("model.toml"));
    workbook_with_hidden(&book);
    let written = fs::read_to_string(fixture("deduplicate.toml")).expect("the model");
    for (intake, rows, words) in [
        ("", 11, &["1 行是隐藏的", "1 行划了删除线", "照常读入"][..]),
        ("[intake]\nhidden_rows = \"skip\"\n", 10, &["1 行是隐藏的", "已按流程文件剔除"]),
        ("[intake]\nstruck_rows = \"skip\"\n", 10, &["1 行划了删除线", "已按流程文件剔除"]),
        ("[intake]\nhidden_sheets = \"skip\"\n", 10, &["隐藏"]),
        ("[intake]\nhidden_sheets = \"skip\"\nhidden_rows = \"skip\"\nstruck_rows = \"skip\"\n", 8, &["已按流程文件剔除"]),
    ] {
        fs::write(&model, format!("{written}\n{intake}")).expect("written");
        let out = folder.path().join("out");
        let output = run(&model, &[&book], &out, "2");
        assert!(output.status.success(), "{intake}: {}", said(&output));
        assert_eq!(stage(&out, "links").num_rows(), rows, "{intake}: {}", said(&output));
        let manifest = manifest(&out).to_string();
        for word in words {
            assert!(manifest.contains(word) || said(&output).contains(word), "{intake} {word}: {}\n{manifest}", said(&output));
        }
    }
}
