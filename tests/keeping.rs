//! What is done with finished runs: export a table, compare two, purge the old. Through the real program.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use arrow::array::RecordBatch;

use crate::support::{bidui, column, root, said, stage};

fn run(input: &Path, out: &Path) {
    let text = |path: &Path| path.to_str().expect("a plain path").to_owned();
    let output = bidui(&["run", "pipelines/monthly.toml", "--input", &text(input), "--out", &text(out)]);
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn a_table_leaves_the_run_whole_in_every_format() {
    use calamine::{Reader, Xlsx, open_workbook};
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    run(&root("fixtures/2018-06"), &out);
    let out_text = out.to_str().expect("plain");
    let people = stage(&out, "people");
    let numbers = column(&people, "number");

    let csv = bidui(&["export", out_text, "people"]);
    assert!(csv.status.success() && csv.stdout.starts_with("\u{feff}person_id,".as_bytes()), "{}", said(&csv));
    let mut reader = csv::Reader::from_reader(&csv.stdout[3..]);
    let at = reader.headers().expect("a header").iter().position(|name| name == "number").expect("a column");
    let exported: Vec<String> = reader.records().map(|record| record.expect("a record")[at].to_owned()).collect();
    let expected: Vec<String> = numbers
        .iter()
        .map(|number| match number {
            Some(number) if number.len() >= 12 && number.bytes().filter(u8::is_ascii_digit).count() + 1 >= number.len() => {
                format!("{number}\t")
            }
            other => other.clone().unwrap_or_default(),
        })
        .collect();
    assert_eq!(exported, expected);

    let json = bidui(&["export", out_text, "findings", "--format", "json"]);
    let rows: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    let findings = stage(&out, "findings");
    assert_eq!(rows.as_array().map(Vec::len), Some(findings.num_rows()));
    let ids = column(&findings, "finding_id");
    assert_eq!(rows[0]["finding_id"].as_str(), ids[0].as_deref());
    assert!(rows[0]["evidence"][0]["registry"].is_string(), "{}", rows[0]);

    let book = folder.path().join("people.xlsx");
    let xlsx = bidui(&["export", out_text, "people", "--format", "xlsx", "--out", book.to_str().expect("plain")]);
    assert!(xlsx.status.success(), "{}", said(&xlsx));
    let mut workbook: Xlsx<_> = open_workbook(&book).expect("a workbook");
    let range = workbook.worksheet_range("people").expect("a sheet");
    assert_eq!(range.rows().count(), people.num_rows() + 1);
    let shown: Vec<String> = range.rows().skip(1).map(|row| row[at].to_string()).collect();
    assert_eq!(
        shown,
        numbers.iter().map(|number| number.clone().unwrap_or_default()).collect::<Vec<_>>(),
        "as text, every digit"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&book).expect("there").permissions().mode() & 0o777, 0o600);
    }

    let parquet = bidui(&["export", out_text, "links", "--format", "parquet"]);
    assert_eq!(parquet.stdout, fs::read(out.join("stages/links.parquet")).expect("the stage"));

    // The form follows from the name of the file.
    let named = folder.path().join("people.JSON");
    assert!(bidui(&["export", out_text, "people", "--out", named.to_str().expect("plain")]).status.success());
    assert!(serde_json::from_slice::<serde_json::Value>(&fs::read(&named).expect("written")).is_ok());

    let wrong = bidui(&["export", out_text, "finding"]);
    assert!(wrong.status.code() == Some(2) && said(&wrong).contains("findings"), "{}", said(&wrong));
    let nowhere = bidui(&["export", folder.path().to_str().expect("plain"), "findings"]);
    assert!(nowhere.status.code() == Some(2) && said(&nowhere).contains("运行文件夹"), "{}", said(&nowhere));
}

/// Tables with the columns of the definitions in force.
const OF_DEFINITIONS: [&str; 6] = ["records", "people", "links", "facts_person", "facts_household", "pairs"];

/// The columns that a page of stage tables tells of one.
fn columns_told(page: &str, table: &str) -> Option<Vec<String>> {
    let told = page.split("### ").find_map(|part| part.strip_prefix(&format!("`{table}.parquet`")))?;
    let names = told.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    Some(names.map(|(name, _)| name.to_owned()).filter(|name| !name.contains('.')).collect())
}

#[test]
fn every_cell_of_every_table_comes_as_it_is_and_every_column_is_told() {
    use calamine::{Reader, Xlsx, open_workbook};
    let page = String::from_utf8(bidui(&["facts", "--stages"]).stdout).expect("text");
    let readme = fs::read_to_string(root("reports/README.md")).expect("the page");
    assert!(readme.contains(page.trim_end()), "reports/README.md: put in what `bidui facts --stages` prints");
    let folder = tempfile::tempdir().expect("a folder");
    let (county, tables) = (folder.path().join("county"), folder.path().join("tables"));
    run(&root("fixtures/2018-06"), &county);
    let text = |path: &Path| path.to_str().expect("plain").to_owned();
    let (model, left, right) = ("fixtures/tables/link.toml", "fixtures/tables/clinic.csv", "fixtures/tables/library.csv");
    let linked = bidui(&["run", model, "--input", left, "--input", right, "--out", &text(&tables)]);
    assert!(linked.status.success(), "{}", said(&linked));
    for out in [&county, &tables] {
        let stages = fs::read_dir(out.join("stages")).expect("stages").flatten();
        let names = stages.filter_map(|entry| entry.file_name().to_string_lossy().strip_suffix(".parquet").map(str::to_owned));
        for name in names.collect::<Vec<_>>() {
            let table = stage(out, &name);
            let names: Vec<String> = table.schema().fields().iter().map(|field| field.name().clone()).collect();
            let told_as = if name == "suspended" { "findings" } else { &name };
            match columns_told(&page, told_as) {
                Some(told) => assert_eq!(told, names, "{name}"),
                None => assert!(OF_DEFINITIONS.contains(&name.as_str()), "{name}: its columns are told nowhere"),
            }
            let json: serde_json::Value =
                serde_json::from_slice(&bidui(&["export", &text(out), &name, "--format", "json"]).stdout).expect("JSON");
            let csv = bidui(&["export", &text(out), &name]).stdout;
            let lines: Vec<csv::StringRecord> =
                csv::Reader::from_reader(&csv[3..]).records().map(|record| record.expect("a record")).collect();
            let book = folder.path().join(format!("{name}.xlsx"));
            let sheet = (table.num_rows() < 20_000 && table.num_columns() < 100).then(|| {
                assert!(bidui(&["export", &text(out), &name, "--out", &text(&book), "--force"]).status.success());
                let mut workbook: Xlsx<_> = open_workbook(&book).expect("a workbook");
                workbook.worksheet_range(&name).expect("a sheet")
            });
            assert_eq!((json.as_array().map(Vec::len), lines.len()), (Some(table.num_rows()), table.num_rows()), "{name}");
            for (at, field) in table.schema().fields().iter().enumerate() {
                let column = table.column(at);
                let is_plain = !field.data_type().is_nested() && !field.data_type().is_floating();
                for row in 0..table.num_rows() {
                    let place = || format!("{name} {} {row}", field.name());
                    let written = &json[row][field.name()];
                    assert_eq!(written.is_null(), column.is_null(row), "{}", place());
                    if is_plain && !written.is_null() {
                        let cell = arrow::util::display::array_value_to_string(column, row).expect("a cell");
                        let as_text = written.as_str().map_or_else(|| written.to_string(), str::to_owned);
                        assert_eq!(as_text, cell, "{}", place());
                        let line = match cell.as_str() {
                            "true" => "是",
                            "false" => "否",
                            other => other,
                        };
                        assert_eq!(lines[row][at].trim_matches('\t'), line.trim_matches('\t'), "{}", place());
                        let shown = sheet.as_ref().and_then(|sheet| sheet.get((row + 1, at))).map(ToString::to_string);
                        assert!(shown.is_none_or(|shown| shown == line), "{}", place());
                    }
                }
            }
        }
    }
}

#[test]
fn gone_findings_say_why_and_every_finding_is_counted_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (june, july) = (folder.path().join("june"), folder.path().join("july"));
    run(&root("fixtures/2018-06"), &june);
    // July came without the disability federation's files: their rules are not evaluated.
    let input = folder.path().join("2018-07");
    Command::new("cp").arg("-r").arg(root("fixtures/2018-07")).arg(&input).status().expect("copied");
    fs::remove_dir_all(input.join("残联")).expect("removed");
    run(&input, &july);
    let (was, is) = (stage(&june, "findings"), stage(&july, "findings"));
    let text = |path: &Path| path.to_str().expect("a plain path").to_owned();
    let book = folder.path().join("diff.xlsx");
    let output = bidui(&["diff", &text(&june), &text(&july), "--json", "--xlsx", &text(&book)]);
    assert!(output.status.success(), "{}", said(&output));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");

    let mut changes: BTreeMap<String, (String, String)> = BTreeMap::new();
    for entry in found["findings"].as_array().expect("a list") {
        let of = |name: &str| entry[name].as_str().expect("text").to_owned();
        assert!(changes.insert(of("finding_id"), (of("change"), of("rule"))).is_none(), "{entry} twice");
    }
    let ids = |batch: &RecordBatch| -> Vec<String> { column(batch, "finding_id").into_iter().flatten().collect() };
    let (old, new) = (ids(&was), ids(&is));
    for id in &new {
        let expected = if old.contains(id) { "persisting" } else { "new" };
        assert_eq!(changes[id].0, expected, "{id}");
    }
    let persons: Vec<String> = column(&stage(&july, "people"), "person_id").into_iter().flatten().collect();
    let run_json: serde_json::Value = serde_json::from_slice(&fs::read(july.join("run.json")).expect("run.json")).expect("JSON");
    let held: Vec<&str> = run_json["notes"]
        .as_array()
        .expect("notes")
        .iter()
        .filter(|note| note["held"] == true && note["town"].is_null())
        .filter_map(|note| note["rule"].as_str())
        .collect();
    let (person_of, rules) = (column(&was, "person_id"), column(&was, "rule"));
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, id) in old.iter().enumerate().filter(|(_, id)| !new.contains(id)) {
        let change = changes[id].0.as_str();
        *kinds.entry(change).or_default() += 1;
        let rule = rules[at].as_deref().expect("a rule");
        if held.contains(&rule) {
            assert_eq!(change, "not_evaluated", "{rule}");
        } else if person_of[at].as_ref().is_some_and(|person| !persons.contains(person)) {
            assert_eq!(change, "subject_gone", "{rule}");
        } else {
            assert!(["resolved", "held_back", "subject_gone", "not_evaluated"].contains(&change), "{rule}: {change}");
        }
    }
    assert_eq!(changes.len(), new.len() + old.iter().filter(|id| !new.contains(id)).count());
    assert!(kinds["not_evaluated"] > 0 && kinds["resolved"] > 0, "{kinds:?}");

    // Sums over groups are the totals.
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for group in found["groups"].as_array().expect("groups") {
        for (change, sum) in group["changes"].as_object().expect("changes") {
            *sums.entry(change.clone()).or_default() += sum["findings"].as_u64().expect("a count");
        }
    }
    for (change, sum) in found["totals"].as_object().expect("totals") {
        assert_eq!(Some(sums[change]), sum["findings"].as_u64(), "{change}");
    }

    assert!(found["states"].is_null(), "without a ledger nothing is known of states");
    assert!(found["notes"].to_string().contains("没有用台账"), "{}", found["notes"]);
    let plain = bidui(&["diff", &text(&june), &text(&july)]);
    let plain = said(&plain);
    assert!(plain.contains("规则未评估") && plain.contains("不再列出") && plain.contains("2018-06 → 2018-07"), "{plain}");
    assert!(!plain.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() == 18), "a whole number");
    {
        use calamine::{Reader, Xlsx, open_workbook};
        let mut workbook: Xlsx<_> = open_workbook(&book).expect("a workbook");
        assert_eq!(workbook.sheet_names(), ["按规则", "按乡镇", "按村", "逐条"]);
        let rows =
            workbook.worksheet_range("逐条").expect("a sheet").rows().filter(|row| row[2].to_string().starts_with('F')).count();
        assert_eq!(rows, changes.len());
    }
    let back = bidui(&["diff", &text(&july), &text(&june)]);
    assert!(said(&back).contains("次序可能写反"), "{}", said(&back));
    let same = bidui(&["diff", &text(&june), &text(&june), "--json"]);
    let same: serde_json::Value = serde_json::from_slice(&same.stdout).expect("JSON");
    assert_eq!(same["totals"].as_object().map(serde_json::Map::len), Some(1), "all persist: {}", same["totals"]);
}

/// Arguments with `@` for the folder; exit code, and what is told.
fn at(folder: &Path, line: &str) -> (Option<i32>, String) {
    let desk = folder.to_str().expect("a plain path");
    let words: Vec<String> = line.split(' ').map(|word| word.replace('@', desk)).collect();
    let output = bidui(&words.iter().map(String::as_str).collect::<Vec<_>>());
    (output.status.code(), said(&output))
}

#[test]
fn what_people_name_is_replaced_only_when_they_say_so_and_then_whole() {
    let desk = tempfile::tempdir().expect("a folder");
    let desk = desk.path();
    run(&root("fixtures/2018-06"), &desk.join("out"));
    let people = column(&stage(&desk.join("out"), "people"), "person_id");
    let person = people[0].as_deref().expect("a person").to_owned();
    for (name, line) in [
        ("表.csv", "export @/out people --out @/表.csv".to_owned()),
        ("表.json", "export @/out findings --format json --out @/表.json".to_owned()),
        ("表.xlsx", "export @/out findings --format xlsx --out @/表.xlsx".to_owned()),
        ("表.parquet", "export @/out links --format parquet --out @/表.parquet".to_owned()),
        ("人.html", format!("explain @/out --person {person} --html @/人.html")),
        ("差.xlsx", "diff @/out @/out --xlsx @/差.xlsx".to_owned()),
    ] {
        let file = desk.join(name);
        fs::write(&file, "a clerk's own").expect("written");
        let (code, told) = at(desk, &line);
        assert!(code == Some(2) && told.contains(name) && told.contains("--force"), "{line}: {told}");
        assert_eq!(fs::read(&file).expect("kept"), b"a clerk's own", "{line}");
        assert_eq!(at(desk, &format!("{line} --force")).0, Some(0), "{line}");
        let written = fs::read(&file).expect("written");
        assert!(written.len() > 200, "{line}");
        let (code, told) = at(desk, &line);
        assert_eq!(code, Some(0), "the same bytes again: {told}");
        assert_eq!(fs::read(&file).expect("there"), written, "{line}");
    }
    let left = fs::read_dir(desk).expect("a folder").count();
    assert_eq!(left, 7, "nothing half-made is left about");

    fs::create_dir_all(desk.join("练习/truth/2018-06")).expect("folders");
    fs::write(desk.join("练习/truth/2018-06/rows.csv"), "mine").expect("written");
    fs::write(desk.join("练习/笔记.txt"), "mine").expect("written");
    let line = "practice --out @/练习 --households 20 --layout plain";
    let (code, told) = at(desk, line);
    assert!(code == Some(2) && told.contains("rows.csv") && told.contains("--force"), "{told}");
    assert!(!desk.join("练习/2018-06").exists(), "nothing was written before everything was looked at");
    assert_eq!(at(desk, &format!("{line} --force")).0, Some(0));
    assert_eq!(at(desk, line).0, Some(0), "the same county again");
    assert_eq!(fs::read(desk.join("练习/笔记.txt")).expect("kept"), b"mine");
}

#[test]
fn what_is_called_as_something_of_ours_is_looked_into_before_it_goes() {
    let desk = tempfile::tempdir().expect("a folder");
    let desk = desk.path();
    run(&root("fixtures/2018-06"), &desk.join("out"));
    let mine = [
        "out/.work/journal",
        "out/.work/removal.json",
        "out/.work/removed-run.json",
        "out/.work/journal.new",
        "out/.work/removal.new",
        "out/.work/0123456789abcdef/written",
        ".bidui-abc123.tmp",
    ];
    let save = |name: &str| {
        fs::create_dir_all(desk.join(name).parent().expect("a folder")).expect("made");
        fs::write(desk.join(name), format!("mine: {name}")).expect("written");
    };
    mine.into_iter().for_each(save);
    let everything = || {
        let found = crate::support::files(desk).into_iter().filter_map(|path| fs::read_to_string(path).ok());
        found.collect::<std::collections::BTreeSet<_>>()
    };
    let again = "run pipelines/monthly.toml --input fixtures/2018-07 --out @/out";
    let purge = "purge @/out --older-than 30d --as-of 2090-01-01 --yes";
    for line in ["export @/out links --out @/表.csv", again, purge] {
        let (code, told) = at(desk, line);
        assert_eq!(code, Some(0), "{line}: {told}");
        assert_eq!(line == again, told.contains("已移到：手工改过/"), "{line}: {told}");
        let found = everything();
        let lost: Vec<&str> = mine.into_iter().filter(|name| !found.contains(&format!("mine: {name}"))).collect();
        assert!(lost.is_empty(), "{line}: lost {lost:?}");
    }

    // A marker that is none, and a work folder that leads elsewhere.
    run(&root("fixtures/2018-06"), &desk.join("out2"));
    save("out2/.bidui");
    let (again, purge) = (again.replace("/out", "/out2"), purge.replace("/out", "/out2"));
    for line in [&again, &purge] {
        let (code, told) = at(desk, line);
        assert!(code.is_some_and(|code| code != 0) && told.contains(".bidui"), "{line}: {told}");
        assert!(everything().contains("mine: out2/.bidui") && desk.join("out2/run.json").exists(), "{line}");
    }
    #[cfg(unix)]
    {
        run(&root("fixtures/2018-06"), &desk.join("out3"));
        ["mine/journal", "mine/removal.json", "mine/old/b"].into_iter().for_each(save);
        std::os::unix::fs::symlink(desk.join("mine"), desk.join("out3/.work")).expect("linked");
        let before = crate::support::files(&desk.join("mine"));
        for line in [again.replace("/out2", "/out3"), purge.replace("/out2", "/out3")] {
            let (code, told) = at(desk, &line);
            assert!(code.is_some_and(|code| code != 0) && told.contains("是链接"), "{line}: {told}");
            assert_eq!(crate::support::files(&desk.join("mine")), before, "{line}");
        }
    }
}

#[test]
fn where_the_definitions_cannot_be_read_whoever_asks_is_told() {
    let desk = tempfile::tempdir().expect("a folder");
    let desk = desk.path();
    let out = desk.join("out");
    run(&root("fixtures/2018-06"), &out);
    let finding = column(&stage(&out, "findings"), "finding_id")[0].clone().expect("a finding");
    let copied = Command::new("cp").arg("-r").arg(root("pipelines")).arg(desk.join("pipelines")).status().expect("cp");
    assert!(copied.success());
    fs::rename(desk.join("pipelines/registries"), desk.join("elsewhere")).expect("moved");
    for line in [
        "diff out out".to_owned(),
        "diff out out --xlsx 差.xlsx".to_owned(),
        format!("explain out --finding {finding}"),
        format!("explain out --finding {finding} --html 疑点.html"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_bidui")).args(line.split(' ')).current_dir(desk).output().expect("starts");
        let told = said(&output);
        assert!(output.status.success() && told.contains("registries") && told.contains("读不到"), "{line}: {told}");
    }
}

#[test]
fn purge_leaves_what_clerks_edited_or_put_there_and_says_so() {
    let desk = tempfile::tempdir().expect("a folder");
    let desk = desk.path();
    let out = desk.join("out");
    run(&root("fixtures/2018-06"), &out);
    let list = "reports/2018-06_土坪镇_疑点清单.xlsx";
    let mine = [
        (list, "filled in"),
        ("reports/2018-06_土坪镇_疑点清单 - 已填.xlsx", "filled in"),
        ("reports/交回/土坪.xlsx", "returned"),
        ("手工改过/旧.xlsx", "older answers"),
        ("照片.jpg", "a photo"),
    ];
    for (name, text) in mine {
        fs::create_dir_all(out.join(name).parent().expect("a folder")).expect("made");
        fs::write(out.join(name), text).expect("written");
    }
    let line = "purge @/out --older-than 30d --as-of 2090-01-01";
    let (_, listed) = at(desk, line);
    assert!(listed.contains("留下") && listed.contains("--with-edited"), "{listed}");
    let (code, told) = at(desk, &format!("{line} --yes --receipt @/回执.csv"));
    assert_eq!(code, Some(0), "{told}");
    for (name, text) in mine {
        assert_eq!(fs::read_to_string(out.join(name)).expect("kept"), text, "{name}");
    }
    assert!(!out.join("stages").exists() && !out.join("reports/2018-06_汇总.xlsx").exists());
    let receipt = fs::read_to_string(desk.join("回执.csv")).expect("a receipt");
    for (name, _) in mine {
        assert!(receipt.contains(name), "{name}: {receipt}");
    }
    let (_, again) = at(desk, &format!("{line} --yes"));
    assert!(again.contains("什么也没有删"), "{again}");
    let (code, told) = at(desk, &format!("{line} --yes --with-edited"));
    assert!(code == Some(0) && told.contains("照片.jpg") && !told.contains("中途停了"), "{told}");
    let left: Vec<bool> = mine.iter().map(|(name, _)| out.join(name).exists()).collect();
    assert_eq!(left, [false, true, true, false, true], "edited ones go when told to, others never");
}

#[test]
fn what_bidui_wrote_is_no_register_where_it_lies_among_them() {
    let desk = tempfile::tempdir().expect("a folder");
    let desk = desk.path();
    let copied = Command::new("cp").arg("-r").arg(root("fixtures/2018-06")).arg(desk.join("2018-06")).status().expect("cp");
    assert!(copied.success());
    let line = "run pipelines/monthly.toml --input @/2018-06 --out @/straight --ledger @/台账.db";
    assert_eq!(at(desk, line).0, Some(0));
    let straight = stage(&desk.join("straight"), "findings");
    let copy = |from: &str, to: &str| {
        let done = Command::new("cp").arg("-r").arg(desk.join(from)).arg(desk.join(to)).status().expect("cp");
        assert!(done.success());
    };
    copy("straight", "2018-06/上次结果");
    copy("台账.db", "2018-06/台账.db");
    copy("straight/reports", "2018-06/打印");
    let page = "explain @/straight --person 张三 --html @/2018-06/人.html";
    let people = column(&stage(&desk.join("straight"), "people"), "person_id");
    at(desk, &page.replace("张三", people[0].as_deref().expect("a person")));
    assert!(desk.join("2018-06/人.html").exists());
    let line = "run pipelines/monthly.toml --input @/2018-06 --out @/2018-06/结果 --ledger @/2018-06/台账.db";
    for _ in 0..2 {
        let (code, told) = at(desk, line);
        assert_eq!(code, Some(0), "{told}");
        for (name, what) in [("上次结果", "运行文件夹"), ("台账.db", "是比对台账"), ("打印/", "打印的清单"), ("人.html", "")]
        {
            let lines: Vec<&str> = told.lines().filter(|line| line.starts_with("没有读")).collect();
            let found = lines.iter().filter(|line| line.contains(name) && line.contains(what)).count();
            assert!(found == 1 || name == "人.html", "{name}: {lines:?}");
        }
        let found = stage(&desk.join("2018-06/结果"), "findings");
        assert_eq!(column(&found, "finding_id"), column(&straight, "finding_id"));
    }
    assert!(desk.join("2018-06/上次结果/run.json").exists());
    // What clerks filled in may come back from the very folder it was printed to.
    let (code, told) = at(desk, "receive @/台账.db @/2018-06/打印 --out @/回执");
    assert!(code.is_some() && told.contains("疑点清单.xlsx："), "{told}");
}

#[test]
fn purge_lists_first_removes_when_told_and_leaves_a_receipt() {
    let folder = tempfile::tempdir().expect("a folder");
    let (old, other) = (folder.path().join("2018-06结果"), folder.path().join("别的"));
    run(&root("fixtures/2018-06"), &old);
    fs::create_dir(&other).expect("a folder");
    fs::write(other.join("run.json"), "{}").expect("written");
    let all = folder.path().to_str().expect("plain");
    let listed = bidui(&["purge", all, "--older-than", "180d", "--as-of", "2099-01-01"]);
    assert!(listed.status.success() && said(&listed).contains("到期 1 个，什么也没有删"), "{}", said(&listed));
    assert!(old.join("run.json").exists());
    let young = bidui(&["purge", all, "--older-than", "180d", "--yes"]);
    assert!(said(&young).contains("到期 0 个，什么也没有删") && old.join("run.json").exists(), "{}", said(&young));

    let receipt = folder.path().join("回执.csv");
    let receipt_text = receipt.to_str().expect("plain");
    let done = bidui(&["purge", all, "--older-than", "180d", "--as-of", "2099-01-01", "--yes", "--receipt", receipt_text]);
    assert!(done.status.success() && said(&done).contains("删除 1 个"), "{}", said(&done));
    assert!(!old.exists() && other.join("run.json").exists());
    let text = fs::read_to_string(&receipt).expect("a receipt");
    assert!(text.contains("2018-06结果") && text.contains("已删除") && text.contains("2099-01-01"), "{text}");
    assert!(
        text.lines().nth(1).is_some_and(|line| line.split(',').any(|field| field.len() == 64)),
        "the hash of run.json: {text}"
    );
    // A receipt is never overwritten, and without one nothing is removed.
    run(&root("fixtures/2018-06"), &old);
    let again = bidui(&["purge", all, "--older-than", "180d", "--as-of", "2099-01-01", "--yes", "--receipt", receipt_text]);
    assert!(again.status.code() == Some(2) && old.join("run.json").exists(), "{}", said(&again));
    let wrong = bidui(&["purge", all, "--older-than", "半年"]);
    assert_eq!(wrong.status.code(), Some(2), "{}", said(&wrong));
}
