//! Two months of the fixtures: lists go out, come back filled in, and the next month asks only what it should. And what is left when the
//! program is killed in the middle of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::support::lists::{save, sheets};
use crate::support::{bidui, column, outputs, program, root, stage, text};

/// A text column of a stage file, row by row.
fn texts(run: &Path, table: &str, name: &str) -> Vec<String> {
    column(&stage(run, table), name).into_iter().map(Option::unwrap_or_default).collect()
}

fn states(run: &Path) -> BTreeMap<String, String> {
    texts(run, "standings", "finding_id").into_iter().zip(texts(run, "standings", "state")).collect()
}

fn run(month: &str, ledger: &Path, out: &Path) {
    let input = format!("fixtures/{month}");
    let arguments = ["run", "pipelines/monthly.toml", "--input", &input, "--ledger", text(ledger), "--out", text(out)];
    let output = bidui(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Findings that the village lists of a run ask for, by the hidden key of each row.
fn asked(run: &Path) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for entry in fs::read_dir(run.join("reports")).expect("reports") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if !name.ends_with("_疑点清单.xlsx") || name.contains("_县") {
            continue;
        }
        for sheet in sheets(&path) {
            let key = sheet.column("行标识");
            for row in sheet.listed() {
                let (listed, _) = sheet.rows[row][key].split_once('@').expect("a key");
                ids.extend(listed.split(';').map(str::to_owned));
            }
        }
    }
    ids
}

/// What the simulated village writes into every fifth row: verdict, real situation, opinion.
const ANSWERS: [(&str, &str, &str); 5] =
    [("属实", "", "已纳入"), ("不属实", "全家已外迁多年", ""), ("属实", "", "拟纳入"), ("不属实", "", ""), ("", "", "")];

/// What a finding answered so and found again a month later must have become.
const BECOMES: [&str; 5] = ["重新打开", "回复销号", "属实待办", "有异议待核", "持续未回复"];

#[test]
fn the_second_month_asks_what_is_new_or_open_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let ledger = path("台账.db");
    run("2018-06", &ledger, &path("june"));
    let june = states(&path("june"));
    assert!(june.values().all(|state| state == "新增"), "a first month is new");

    // Every village fills in its list; the finding ids of each row remember what was written.
    let mut written: BTreeMap<String, usize> = BTreeMap::new();
    let returned = path("returned");
    fs::create_dir(&returned).expect("a folder");
    let (mut listed, mut files) = (0, Vec::new());
    let mut names: Vec<PathBuf> =
        fs::read_dir(path("june").join("reports")).expect("reports").map(|entry| entry.expect("an entry").path()).collect();
    names.sort();
    for name in names.iter().filter(|name| text(name).ends_with("_疑点清单.xlsx") && !text(name).contains("_县")) {
        let mut book = sheets(name);
        for sheet in &mut book {
            let key = sheet.column("行标识");
            for row in sheet.listed() {
                let answer = listed % ANSWERS.len();
                listed += 1;
                let (verdict, reality, opinion) = ANSWERS[answer];
                for (title, said) in
                    [("核查结果", verdict), ("现实情况", reality), ("处理意见", opinion), ("核查人", "张三、李四")]
                {
                    sheet.fill(row, title, said);
                }
                let ids = sheet.rows[row][key].split('@').next().expect("ids").to_owned();
                written.extend(ids.split(';').map(|id| (id.to_owned(), answer)));
            }
        }
        let file = returned.join(name.file_name().expect("a name"));
        save(&file, &book);
        files.push(file);
    }
    assert!(listed >= 50, "{listed} rows");

    let receipts = path("回执");
    let mut arguments = vec!["receive", text(&ledger)];
    arguments.extend(files.iter().map(|file| text(file)));
    arguments.extend(["--out", text(&receipts), "--json"]);
    let output = bidui(&arguments);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("json");
    let told: Vec<String> = json["files"]
        .as_array()
        .expect("files")
        .iter()
        .flat_map(|file| file["rows"].as_array().expect("rows").clone())
        .map(|row| row["outcome"].as_str().expect("an outcome").to_owned())
        .collect();
    let count = |outcome: &str| told.iter().filter(|told| *told == outcome).count();
    // Two of five answers say nothing that could be taken: nothing at all, or names only.
    assert_eq!(count("taken") + count("empty") + count("unclear"), listed, "every row that was sent is taken or told: {json:#}");
    assert!(count("taken") >= listed * 3 / 5, "{told:?}");

    run("2018-07", &ledger, &path("july"));
    let july = states(&path("july"));
    let present: BTreeSet<String> = texts(&path("july"), "findings", "finding_id").into_iter().collect();
    let before: BTreeSet<String> = texts(&path("june"), "findings", "finding_id").into_iter().collect();
    // Rules and towns for which a register has fewer rows than in June.
    let manifest = fs::read_to_string(path("july/run.json")).expect("run.json");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("json");
    let notes = manifest["notes"].as_array().expect("notes").iter().filter(|note| note["short"].is_array());
    let short: BTreeSet<(&str, &str)> =
        notes.map(|note| (note["rule"].as_str().unwrap_or(""), note["town"].as_str().unwrap_or(""))).collect();
    let places = texts(&path("june"), "findings", "rule").into_iter().zip(texts(&path("june"), "findings", "town"));
    let places: BTreeMap<String, (String, String)> =
        texts(&path("june"), "findings", "finding_id").into_iter().zip(places).collect();
    let waits = |id: &String| places.get(id).is_some_and(|(rule, town)| short.contains(&(rule.as_str(), town.as_str())));
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (id, state) in &july {
        let expected = match (before.contains(id), present.contains(id), written.get(id)) {
            (false, true, _) => "新增",
            (true, true, Some(answer)) => BECOMES[*answer],
            (true, true, None) => "持续未回复",
            // The county's exemption list excuses some.
            (_, false, _) if state == "豁免" => "豁免",
            (_, false, _) if waits(id) => "本月无法判断",
            (_, false, _) => "数据销号",
        };
        // A finding whose rows changed meanwhile is open again whatever was answered, unless nothing was.
        let expired = state == "重新打开" && written.get(id).is_some_and(|answer| *answer < 4);
        assert!(state == expected || expired, "{id}: {state}, expected {expected}");
        *seen.entry(expected).or_default() += 1;
    }
    for state in BECOMES.into_iter().chain(["新增", "数据销号"]) {
        assert!(seen.contains_key(state), "the fixtures show no {state}: {seen:?}");
    }
    let wanted: BTreeSet<String> = july
        .iter()
        .filter(|(id, state)| present.contains(*id) && state.as_str() != "回复销号")
        .map(|(id, _)| id.clone())
        .collect();
    let towns: BTreeSet<String> = asked(&path("july"));
    let rules: BTreeMap<String, String> =
        texts(&path("july"), "findings", "finding_id").into_iter().zip(texts(&path("july"), "findings", "rule")).collect();
    let wanted: BTreeSet<String> = wanted.into_iter().filter(|id| !rules[id].starts_with("identity.")).collect();
    assert_eq!(towns, wanted);
    // The comparison of the two months says the same, in all and by group, with money.
    let book = path("diff.xlsx");
    let output = bidui(&["diff", text(&path("june")), text(&path("july")), "--json", "--xlsx", text(&book)]);
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).expect("json");
    let words =
        [("new", "新增"), ("reopened", "重新打开"), ("persisting", "持续未回复"), ("confirmed", "属实待办"), ("exempt", "豁免")];
    for (word, state) in words {
        let count = july.values().filter(|known| *known == state).count() as u64;
        assert_eq!(found["states"]["totals"][word]["findings"].as_u64(), (count > 0).then_some(count), "{word}");
        for field in ["findings", "owed_fen", "overpaid_fen"] {
            let groups = found["states"]["groups"].as_array().expect("groups").iter();
            let sum: u64 = groups.filter_map(|group| group["states"][word][field].as_u64()).sum();
            assert_eq!(sum, found["states"]["totals"][word][field].as_u64().unwrap_or(0), "{word} {field}");
        }
    }
    assert!(!found["notes"].to_string().contains("没有用台账"));
    let names: Vec<String> = sheets_of(&book);
    assert_eq!(names, ["按规则", "按乡镇", "按村", "状态（按规则）", "状态（按乡镇）", "状态（按村）", "逐条"]);
    let plain = String::from_utf8(bidui(&["diff", text(&path("june")), text(&path("july"))]).stdout).expect("text");
    assert!(plain.contains("状态（后一次运行的台账）"), "{plain}");
    // Nothing was asked twice that is settled, and June's ledger rows are all still there.
    run("2018-06", &ledger, &path("june-again"));
    let again = states(&path("june-again"));
    assert!(again.keys().eq(june.keys()));
}

fn sheets_of(book: &Path) -> Vec<String> {
    use calamine::Reader;
    calamine::open_workbook_auto(book).expect("a workbook").sheet_names()
}

/// If there is a `run.json`, everything it names is there, whole.
fn whole_or_absent(run: &Path) {
    let Ok(text) = fs::read_to_string(run.join("run.json")) else { return };
    let manifest: serde_json::Value = serde_json::from_str(&text).expect("run.json is whole");
    for output in manifest["outputs"].as_array().expect("outputs") {
        let path = run.join(output["path"].as_str().expect("a path"));
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let sha256 = bidui::model::ids::hexadecimal(&Sha256::digest(&bytes));
        assert_eq!(output["sha256"].as_str(), Some(sha256.as_str()), "{}", path.display());
    }
}

/// SQLite finds nothing wrong; every run has all its findings; every answer has its row.
fn consistent(ledger: &Path, sightings: i64) {
    if !ledger.exists() {
        return;
    }
    let connection = rusqlite::Connection::open(ledger).expect("opens");
    let sound: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a check");
    assert_eq!(sound, "ok");
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'run'", [], |row| row.get(0)).expect("a count");
    if tables == 0 {
        return; // killed before the tables were made
    }
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).expect(sql);
    let (runs, rows) = (count("SELECT count(*) FROM run"), count("SELECT count(*) FROM sighting"));
    assert!((runs == 0 && rows == 0) || (runs == 1 && rows == sightings), "{runs} runs, {rows} findings");
    let lost = "SELECT count(*) FROM answer LEFT JOIN returned_row USING (receipt, sheet, row) WHERE returned_row.row IS NULL";
    assert_eq!(count(lost), 0);
}

fn start(arguments: &[&str]) -> Child {
    program().args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts")
}

/// Kills run and receive at moments spread over their length; `BIDUI_KILLS` says how often, 5 if it says nothing.
#[test]
fn killed_at_any_moment_nothing_is_half_done_and_the_same_command_finishes_it() {
    let kills: u64 = std::env::var("BIDUI_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(5);
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let reference = path("reference.db");
    let began = std::time::Instant::now();
    run("2018-06", &reference, &path("reference"));
    let length = u64::try_from(began.elapsed().as_millis()).expect("short");
    let expected = outputs(&path("reference"));
    let sightings = i64::try_from(texts(&path("reference"), "findings", "finding_id").len()).expect("few");
    let returned = root("fixtures/returned/2018-06_土坪镇_疑点清单.xlsx");
    let answers = |ledger: &Path| -> Vec<(String, Option<String>)> {
        let connection = rusqlite::Connection::open(ledger).expect("opens");
        let mut statement = connection.prepare("SELECT finding_id, verdict FROM answer ORDER BY seq").expect("sql");
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
        rows.collect::<Result<_, _>>().expect("rows")
    };
    let receive = |ledger: &Path, out: &Path| {
        let output = bidui(&["receive", text(ledger), text(&returned), "--out", text(out)]);
        assert!([Some(0), Some(3)].contains(&output.status.code()), "{}", String::from_utf8_lossy(&output.stderr));
    };
    receive(&reference, &path("reference-receipt"));
    let given = answers(&reference);
    assert!(!given.is_empty());

    for kill in 0..kills {
        // A fixed sequence that looks random: the same moments on every machine of the same speed.
        let at = |spread: u64| Duration::from_millis((kill * 7919 + 104_729) * 31 % spread.max(1));
        let (ledger, out, receipts) = (path(&format!("{kill}.db")), path(&format!("run{kill}")), path(&format!("receipt{kill}")));
        let mut child = start(&[
            "run",
            "pipelines/monthly.toml",
            "--input",
            "fixtures/2018-06",
            "--ledger",
            text(&ledger),
            "--out",
            text(&out),
        ]);
        std::thread::sleep(at(length));
        child.kill().expect("killed");
        child.wait().expect("gone");
        whole_or_absent(&out);
        consistent(&ledger, sightings);
        run("2018-06", &ledger, &out);
        let made = outputs(&out);
        assert!(made.keys().eq(expected.keys()), "kill {kill}");
        for (name, bytes) in &expected {
            assert!(made[name] == *bytes, "kill {kill}: {name} differs");
        }

        let mut child = start(&["receive", text(&ledger), text(&returned), "--out", text(&receipts)]);
        std::thread::sleep(at(250));
        child.kill().expect("killed");
        child.wait().expect("gone");
        consistent(&ledger, sightings);
        let half = answers(&ledger);
        assert!(half.is_empty() || half == given, "kill {kill}: {} of {} answers", half.len(), given.len());
        receive(&ledger, &receipts);
        assert_eq!(answers(&ledger), given, "kill {kill}");
    }
}
