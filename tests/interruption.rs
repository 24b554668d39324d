//! Every command that writes is killed, and every file operation of it made to fail, one point at a time; then the folder, the ledger and what
//! clerks saved are looked at.
//!
//! A C library loaded before the program (`interruption/faults.c`, compiled here with gcc) counts its file operations and strikes at the n-th.
//! After a kill: whoever reads sees the last run or this run whole, or is told; the ledger is sound; the same command gives the bytes of a run
//! that was never interrupted. After a fault: the exit code is one of the documented ones, the message says in Chinese what to do, nothing is
//! half there, and the same command gives those bytes again. What clerks saved is there throughout.
//!
//! A sample by default; `BIDUI_POINTS=200 cargo test --release --test integration interruption -- --nocapture` takes 200 kills and 200 faults of each
//! command (an hour on two cores), and prints what it saw. `BIDUI_PROGRAM` names another program to try than the one just built.

#![cfg(target_os = "linux")]
#![expect(clippy::print_stderr, reason = "what was tried is told beside the result")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use crate::support::{files, owned, root, said};

/// Kills and faults of each command in CI.
const SAMPLE: usize = 7;
const FAULTS: [&str; 7] = ["enospc", "eio", "eacces", "short", "ebusy", "full", "dead"];
/// What the messages say of a folder in which there is no whole run.
const NOT_WHOLE: [&str; 4] = ["没有一次完整的结果", "不是 bidui 的运行文件夹", "阶段文件不全", "读写失败"];

type Tree = BTreeMap<String, Vec<u8>>;

/// A command, and the state of the disk that it is given.
struct Scenario {
    name: &'static str,
    /// Below `state`.
    arguments: Vec<String>,
    /// The run folder it writes, if any.
    out: Option<&'static str>,
    ledger: bool,
    /// Bytes that clerks saved: they must be somewhere below `state`, whatever happens.
    clerks: Vec<&'static str>,
    /// Whether it removes `out` rather than making it: then nobody expects to find it whole.
    removes: bool,
    /// A folder that it adds files to, whose names may differ after a kill.
    adds: Option<&'static str>,
    /// What is to be true of the state when the command has come to its end after a strike.
    at_last: fn(&Path, &str),
    folder: tempfile::TempDir,
}

impl Scenario {
    fn new(name: &'static str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("base")).expect("a folder");
        Self {
            name,
            arguments: Vec::new(),
            out: None,
            ledger: false,
            removes: false,
            clerks: Vec::new(),
            adds: None,
            at_last: |_, _| {},
            folder,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command that makes the base; `@` stands for it.
    fn prepare(&self, arguments: &[&str]) {
        let base = self.path("base");
        let output = bidui(&at(arguments, &base)).output().expect("the program starts");
        assert!(matches!(output.status.code(), Some(0 | 3)), "{arguments:?}: {}", said(&output));
    }

    fn save(&mut self, name: &str, bytes: &'static str) {
        let path = self.path("base").join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, bytes).expect("saved");
        self.clerks.push(bytes);
    }

    fn command(&self, state: &Path) -> Command {
        bidui(&at(&self.arguments.iter().map(String::as_str).collect::<Vec<_>>(), state))
    }

    /// The base, copied to where the command is tried. Always to the same place, as paths may stand in what is written.
    fn fresh(&self) -> PathBuf {
        let state = self.path("state");
        if state.exists() {
            fs::remove_dir_all(&state).expect("removed");
        }
        let copied = Command::new("cp").arg("-a").arg(self.path("base")).arg(&state).status();
        assert!(copied.expect("cp starts").success());
        state
    }

    fn strike(&self, state: &Path, what: &str, point: usize) -> Output {
        self.strikes(state, what, point).output().expect("the program starts")
    }

    fn strikes(&self, state: &Path, what: &str, point: usize) -> Command {
        let mut command = self.command(state);
        command.env("LD_PRELOAD", shim()).env("FAULT_ROOT", format!("{}/", state.display()));
        command.env("FAULT_AT", point.to_string()).env("FAULT_DO", what);
        command
    }

    /// Strikes at `points` places, and looks.
    fn try_all(&self, points: usize) {
        let state = self.fresh();
        let before = self.seen(&state);
        let (count, log) = (self.path("count"), self.path("log"));
        let mut straight = self.command(&state);
        straight.env("LD_PRELOAD", shim()).env("FAULT_ROOT", format!("{}/", state.display()));
        let straight = straight.env("FAULT_COUNT", &count).env("FAULT_LOG", &log).output().expect("the program starts");
        let code = straight.status.code();
        assert!(matches!(code, Some(0 | 3)), "{}: {}", self.name, said(&straight));
        let operations: usize = fs::read_to_string(count).expect("a count").parse().expect("a number");
        self.clerks_are_there(&state, "straight");
        let after = self.seen(&state);

        let places = spread(operations, points);
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        let mut wrong = Vec::new();
        for (index, &point) in places.iter().enumerate() {
            let what = if index % 5 == 4 { "torn" } else { "kill" };
            let here = format!("{} {what} at {point} of {operations}", self.name);
            wrong.extend(judged(|| {
                let state = self.fresh();
                let output = self.strike(&state, what, point);
                assert!(output.status.signal() == Some(9) || output.status.code() == code, "{here}: {}", said(&output));
                *seen.entry(self.whole(&state, &before, &after, &here)).or_default() += 1;
                self.again(&state, code, &after, &here);
            }));
        }
        eprintln!("{}: {operations} operations, {} kills, seen then: {seen:?}", self.name, places.len());

        let mut codes: BTreeMap<(&str, i32), usize> = BTreeMap::new();
        for (index, &point) in places.iter().enumerate() {
            let what = FAULTS[(index + self.name.len()) % FAULTS.len()];
            let here = format!("{} {what} at {point} of {operations}", self.name);
            wrong.extend(judged(|| {
                let state = self.fresh();
                let output = self.strike(&state, what, point);
                let said = said(&output);
                let got = output.status.code().unwrap_or_else(|| panic!("{here}: died: {said}"));
                assert!(Some(got) == code || [2, 3, 6].contains(&got), "{here}: exit {got}: {said}");
                assert!(!said.contains("panicked"), "{here}: {said}");
                if Some(got) != code && got != 3 {
                    let last = said.trim().lines().last().unwrap_or_default();
                    assert!(last.contains('请'), "{here}: says not what to do: {last}");
                }
                *codes.entry((what, got)).or_default() += 1;
                self.whole(&state, &before, &after, &here);
                self.again(&state, code, &after, &here);
            }));
        }
        eprintln!("{}: {} faults, exit codes {codes:?}", self.name, places.len());
        assert!(wrong.is_empty(), "{}: {} wrong:\n{}", self.name, wrong.len(), wrong.join("\n"));
    }

    /// What readers see, held against the last run and this one.
    fn whole(&self, state: &Path, before: &Sight, after: &Sight, here: &str) -> &'static str {
        self.clerks_are_there(state, here);
        let ledger = if self.ledger { dump(&state.join("台账.db")) } else { Vec::new() };
        let ledgers = [&before.ledger, &after.ledger];
        assert!(ledgers.iter().any(|known| **known == ledger), "{here}: the ledger is neither as it was nor as it is to be");
        let Some(out) = self.out.filter(|_| !self.removes) else { return "-" };
        let out = state.join(out);
        let findings = bidui(&["export".into(), owned(&out), "links".into(), "--format".into(), "json".into()]);
        let findings = { findings }.output().expect("the program starts");
        if !out.join("run.json").exists() {
            let said = said(&findings);
            assert_eq!(findings.status.code(), Some(2), "{here}: {said}");
            assert!(NOT_WHOLE.iter().any(|known| said.contains(known)), "{here}: {said}");
            return "told that there is none";
        }
        let found = tree(&out);
        assert!(findings.status.success(), "{here}: {}", said(&findings));
        if found == after.tree {
            assert!(ledger == after.ledger, "{here}: this run's folder, the last run's ledger");
            return "this run";
        }
        assert!(ledger == before.ledger, "{here}: the last run's folder, this run's ledger");
        assert!(found == before.tree, "{here}: a mixture: {:?}", differences(&found, &before.tree, &after.tree));
        "the last run"
    }

    /// The same command gives what a run gives that was never interrupted.
    fn again(&self, state: &Path, code: Option<i32>, after: &Sight, here: &str) {
        let output = self.command(state).output().expect("the program starts");
        assert_eq!(output.status.code(), code, "{here}, again: {}", said(&output));
        let now = self.seen(state);
        assert!(now.tree == after.tree, "{here}, again: {:?}", differences(&now.tree, &after.tree, &after.tree));
        assert!(now.ledger == after.ledger, "{here}, again: another ledger");
        if let Some(out) = self.out {
            let work = state.join(out).join(".work");
            let left = fs::read_dir(&work).into_iter().flatten().flatten().map(|entry| entry.file_name());
            let left: Vec<_> = left.filter(|name| name != "Thumbs.db").collect();
            assert!(left.is_empty(), "{here}, again: left {left:?}");
        }
        self.clerks_are_there(state, here);
        let left = files(state).into_iter().map(|path| owned(&path)).filter(|path| path.contains("/.bidui-")).collect::<Vec<_>>();
        assert!(left.is_empty(), "{here}, again: left {left:?}");
        (self.at_last)(state, here);
    }

    fn seen(&self, state: &Path) -> Sight {
        let mut tree = self.out.map(|out| tree(&state.join(out))).unwrap_or_default();
        if let Some(adds) = self.adds {
            // Receipts: every one is a whole workbook.
            for path in files(&state.join(adds)) {
                let bytes = fs::read(&path).expect("a file");
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                if !name.starts_with('.') {
                    assert!(bytes.starts_with(b"PK") && zip::ZipArchive::new(std::io::Cursor::new(&bytes)).is_ok(), "{name}");
                    tree.insert("a receipt".to_owned(), Vec::new());
                }
            }
        }
        Sight { tree, ledger: if self.ledger { dump(&state.join("台账.db")) } else { Vec::new() } }
    }

    fn clerks_are_there(&self, state: &Path, here: &str) {
        let found: BTreeSet<Vec<u8>> = files(state).iter().filter_map(|path| fs::read(path).ok()).collect();
        for bytes in &self.clerks {
            assert!(found.contains(bytes.as_bytes()), "{here}: lost what a clerk had saved: {bytes}");
        }
    }
}

/// What is there for others.
struct Sight {
    tree: Tree,
    ledger: Vec<String>,
}

fn at(arguments: &[&str], state: &Path) -> Vec<String> {
    arguments.iter().map(|argument| argument.replace('@', &owned(state))).collect()
}

fn bidui(arguments: &[String]) -> Command {
    let named = std::env::var("BIDUI_PROGRAM").unwrap_or_else(|_| env!("CARGO_BIN_EXE_bidui").to_owned());
    let mut command = Command::new(named);
    command.args(arguments).current_dir(root(""));
    command
}

/// The library that strikes.
fn shim() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| {
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("faults-{}.so", std::process::id()));
        let mut gcc = Command::new("gcc");
        gcc.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(root("tests/interruption/faults.c")).arg("-ldl");
        assert!(gcc.status().expect("gcc is there").success());
        library
    })
}

/// So many points over all operations; the first and the last among them.
fn spread(operations: usize, points: usize) -> Vec<usize> {
    let points = points.min(operations).max(2);
    (0..points).map(|index| 1 + index * (operations - 1) / (points - 1)).collect()
}

/// What a run publishes, by the hash of its bytes: as its `run.json` lists it, and what stands among it unlisted.
fn tree(out: &Path) -> Tree {
    let mut found = Tree::new();
    let Ok(run) = fs::read(out.join("run.json")) else { return found };
    for within in ["stages", "reports"] {
        for path in files(&out.join(within)) {
            let name = path.strip_prefix(out).expect("below").to_string_lossy().into_owned();
            let clerk = name.contains("已填") || name.contains("交回");
            if !clerk {
                found.insert(name, Sha256::digest(fs::read(path).expect("a file")).to_vec());
            }
        }
    }
    found.insert("run.json".to_owned(), run);
    found
}

fn differences(found: &Tree, before: &Tree, after: &Tree) -> Vec<String> {
    let names: BTreeSet<&String> = found.keys().chain(before.keys()).chain(after.keys()).collect();
    let unlike = names.into_iter().filter(|name| found.get(*name) != before.get(*name) || found.get(*name) != after.get(*name));
    let is = |name: &String, tree: &Tree| found.get(name) == tree.get(name);
    unlike.map(|name| format!("{name}: last {} this {}", is(name, before), is(name, after))).collect()
}

/// Every row of a ledger that was checked to be sound, without the clock.
fn dump(path: &Path) -> Vec<String> {
    const CLOCK: [&str; 3] = ["recorded_at", "received_at", "fingerprint"];
    let mut rows = Vec::new();
    if !path.exists() {
        return rows;
    }
    let ledger = rusqlite::Connection::open(path).expect("a ledger");
    let sound: String = ledger.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("checked");
    assert_eq!(sound, "ok");
    let mut tables = ledger.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").expect("tables");
    let tables: Vec<String> = tables.query_map([], |row| row.get(0)).expect("names").map(|name| name.expect("a name")).collect();
    for table in tables {
        let mut all = ledger.prepare(&format!("SELECT * FROM {table}")).expect("rows");
        let wanted: Vec<usize> =
            (0..all.column_count()).filter(|at| !CLOCK.contains(&all.column_name(*at).expect("a name"))).collect();
        let mut found = all.query([]).expect("rows");
        while let Some(row) = found.next().expect("a row") {
            let cells = wanted.iter().map(|at| format!("{:?}", row.get_ref(*at).expect("a cell")));
            rows.push(format!("{table} {}", cells.collect::<Vec<_>>().join(" ")));
        }
    }
    rows.sort();
    rows
}

/// What a check that failed said; the others are made all the same.
fn judged(check: impl FnOnce()) -> Option<String> {
    let said = std::panic::catch_unwind(std::panic::AssertUnwindSafe(check)).err()?;
    Some(said.downcast_ref::<String>().cloned().unwrap_or_else(|| "?".to_owned()))
}

fn points() -> usize {
    std::env::var("BIDUI_POINTS").ok().and_then(|points| points.parse().ok()).unwrap_or(SAMPLE)
}

/// A month's exports, but few of them.
fn month(scenario: &Scenario, month: &str) -> String {
    let folder = scenario.path(month);
    for (number, name) in ["扶贫", "残联", "民政"].iter().enumerate() {
        let to = folder.join(name);
        fs::create_dir_all(&to).expect("folders");
        let mut from: Vec<PathBuf> = fs::read_dir(root("fixtures").join(month).join(name))
            .expect("fixtures")
            .flatten()
            .map(|entry| entry.path())
            .collect();
        from.sort();
        for path in from.iter().take(3 - number) {
            fs::copy(path, to.join(path.file_name().expect("a name"))).expect("copied");
        }
    }
    owned(&folder)
}

fn list(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|argument| (*argument).to_owned()).collect()
}

#[test]
fn a_run_with_a_ledger() {
    let mut scenario = july_over_june("run");
    let edited = fs::read_dir(scenario.path("base/结果/reports")).expect("reports").flatten().map(|entry| entry.file_name());
    let mut edited: Vec<String> = edited.map(|name| name.to_string_lossy().into_owned()).collect();
    edited.sort();
    let edited = edited.into_iter().find(|name| name.contains("疑点清单")).expect("a list");
    scenario.save(&format!("结果/reports/{edited}"), "一份改过的清单");
    scenario.save("结果/reports/土坪镇 - 已填.xlsx", "一份填好的清单");
    scenario.save("结果/reports/交回/土坪.xlsx", "一份交回的清单");
    scenario.save("结果/.work/Thumbs.db", "缩略图");
    scenario.try_all(points());
}

/// June's run and ledger, and the command that puts July in the same folder.
fn july_over_june(name: &'static str) -> Scenario {
    let mut scenario = Scenario::new(name);
    let (june, july) = (month(&scenario, "2018-06"), month(&scenario, "2018-07"));
    scenario.prepare(&["run", "pipelines/monthly.toml", "--input", &june, "--out", "@/结果", "--ledger", "@/台账.db"]);
    scenario.arguments = list(&["run", "pipelines/monthly.toml", "--input", &july, "--out", "@/结果", "--ledger", "@/台账.db"]);
    scenario.out = Some("结果");
    scenario.ledger = true;
    scenario
}

#[test]
fn a_folder_without_a_whole_run_is_told_by_every_command_that_reads_and_mended_by_one_that_writes() {
    let scenario = july_over_june("reading");
    let state = scenario.fresh();
    let june = scenario.seen(&state);
    let log = scenario.path("log");
    let mut straight = scenario.command(&state);
    straight.env("LD_PRELOAD", shim()).env("FAULT_ROOT", format!("{}/", state.display())).env("FAULT_LOG", &log);
    assert!(straight.output().expect("the program starts").status.success());
    let july = scenario.seen(&state);
    // In the midst of the switch.
    let log = fs::read_to_string(log).expect("a log");
    let first = log.lines().find(|line| line.contains(" rename ") && line.ends_with("/.work/old/run.json")).expect("a switch");
    let first: usize = first.split(' ').next().and_then(|number| number.parse().ok()).expect("a number");
    let state = scenario.fresh();
    assert_eq!(scenario.strike(&state, "kill", first + 9).status.signal(), Some(9));
    let ledger = dump(&state.join("台账.db"));
    for arguments in [
        &["export", "@/结果", "findings"][..],
        &["explain", "@/结果", "--person", "P1"],
        &["diff", "@/结果", "@/结果"],
        &["diagnose", "@/结果"],
        &["evaluate", "@/结果", "--truth", "fixtures/truth"],
        &["run", "pipelines/township.toml", "--input", "@/结果", "--town", "土坪镇", "--out", "@/土坪镇"],
        &["run", "pipelines/village-lists.toml", "--input", "@/结果", "--ledger", "@/台账.db", "--out", "@/清单"],
        &["run", "pipelines/monthly.toml", "--input", "fixtures/2018-07", "--previous", "@/结果", "--out", "@/七月"],
    ] {
        let output = bidui(&at(arguments, &state)).output().expect("the program starts");
        let said = said(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains("没有一次完整的结果") && said.contains("再运行一次"), "{arguments:?}: {said}");
    }
    assert!(dump(&state.join("台账.db")) == ledger, "nobody wrote into the ledger");
    scenario.again(&state, Some(0), &july, "mended");
    // Another run mends it too.
    let state = scenario.fresh();
    scenario.strike(&state, "kill", first + 9);
    let other = [
        "run",
        "pipelines/monthly.toml",
        "--input",
        &owned(&scenario.path("2018-06")),
        "--out",
        "@/结果",
        "--ledger",
        "@/台账.db",
    ];
    assert!(bidui(&at(&other, &state)).output().expect("the program starts").status.success());
    assert!(scenario.seen(&state).tree == june.tree, "June again");
}

#[test]
fn a_kill_between_the_ledger_and_the_last_rename_leaves_both_of_one_month() {
    let scenario = july_over_june("between");
    let state = scenario.fresh();
    assert!(scenario.command(&state).output().expect("the program starts").status.success());
    let july = scenario.seen(&state);
    let lists = ["run", "pipelines/village-lists.toml", "--input", "@/结果", "--ledger", "@/台账.db", "--out", "@/清单"];
    for what in ["kill", "eio", "dead"] {
        let state = scenario.fresh();
        let mut command = scenario.strikes(&state, what, 1);
        command.env("FAULT_ON", "/结果/run.json").output().expect("the program starts");
        assert!(dump(&state.join("台账.db")) == july.ledger, "{what}: the ledger has July");
        // Who reads is told, or finds July.
        let read = bidui(&at(&lists, &state)).output().expect("the program starts");
        let finds = state.join("结果/run.json").exists();
        assert_eq!(read.status.code(), Some(if finds { 0 } else { 2 }), "{what}: {}", said(&read));
        scenario.again(&state, Some(0), &july, what);
    }
}

/// Every operation on the copy of the ledger, and what comes about its rename.
#[test]
fn a_strike_at_any_operation_of_the_ledger_leaves_the_old_one_or_the_new_one_and_nothing_beside() {
    let mut scenario = july_over_june("ledger");
    scenario.save("台账.db-shm", "村里的照片");
    scenario.save(".台账.db.new-wal", "镇里的照片");
    let state = scenario.fresh();
    let before = scenario.seen(&state);
    assert!(scenario.command(&state).output().expect("the program starts").status.success());
    let after = scenario.seen(&state);
    for what in ["kill", "full", "eio"] {
        for (on, most) in [("/.台账.db.new/bidui-ledger", 2), ("/.台账.db.new", 2), ("/台账.db", 2)] {
            for point in 1..=most {
                let here = format!("{what} at {point} of {on}");
                let state = scenario.fresh();
                let output = scenario.strikes(&state, what, point).env("FAULT_ON", on).output().expect("the program starts");
                let code = output.status.code();
                assert!(code == Some(0) || code.is_none() || said(&output).contains('请'), "{here}: {}", said(&output));
                assert!(what == "kill" || !state.join(COPY).exists(), "{here}: the copy's folder is still there");
                scenario.whole(&state, &before, &after, &here);
                scenario.again(&state, Some(0), &after, &here);
                assert!(!state.join(COPY).exists(), "{here}: the copy's folder is still there");
            }
        }
    }
}

/// The folder of a ledger's copy.
const COPY: &str = ".台账.db.new";

/// What SQLite says where a file can be read and not written is not what is wrong.
#[test]
fn a_copy_of_the_ledger_that_the_disk_does_not_let_be_opened_is_told_as_the_disks_fault() {
    let scenario = july_over_june("copy");
    let state = scenario.fresh();
    let before = scenario.seen(&state);
    assert!(scenario.command(&state).output().expect("the program starts").status.success());
    let after = scenario.seen(&state);
    // The first operation makes it, the second is SQLite's.
    for (what, code) in [("eio", 0), ("eacces", 0), ("dead", 2)] {
        let state = scenario.fresh();
        let mut command = scenario.strikes(&state, what, 2);
        let output = command.env("FAULT_ON", "/.台账.db.new/bidui-ledger").output().expect("the program starts");
        let said = said(&output);
        assert_eq!(output.status.code(), Some(code), "{what}: {said}");
        assert!(!said.contains("只读"), "{what}: {said}");
        if code == 0 {
            assert!(!state.join(COPY).exists(), "{what}");
        } else {
            assert!(said.contains("副本打不开：") && said.contains("请检查") && said.contains("没有改动"), "{what}: {said}");
            scenario.whole(&state, &before, &after, what);
        }
        scenario.again(&state, Some(0), &after, what);
        assert!(!state.join(COPY).exists(), "{what}");
    }
}

/// The last step of a purge that leaves a list that somebody edited is to note that it came to its end.
#[test]
fn a_purge_that_cannot_note_its_end_is_told_and_the_next_one_notes_it() {
    let mut scenario = Scenario::new("purge-end");
    let june = month(&scenario, "2018-06");
    scenario.prepare(&["run", "pipelines/monthly.toml", "--input", &june, "--out", "@/六月"]);
    let lists = fs::read_dir(scenario.path("base/六月/reports")).expect("reports").flatten().map(|entry| entry.file_name());
    let list = lists.map(|name| name.to_string_lossy().into_owned()).find(|name| name.contains("疑点清单")).expect("a list");
    scenario.save(&format!("六月/reports/{list}"), "一份改过的清单");
    scenario.arguments = list_of_purge(&["--yes"]);
    let journal = |state: &Path| fs::read_to_string(state.join("六月/.work/removal.json")).expect("a journal");
    let listing = |state: &Path| {
        let listed = bidui(&at(&list_of_purge(&[]).iter().map(String::as_str).collect::<Vec<_>>(), state)).output();
        said(&listed.expect("the program starts"))
    };
    // Its journal is written at the beginning, and shortened at the end.
    for (what, code) in [("eio", 0), ("kill", -1), ("dead", 2)] {
        let state = scenario.fresh();
        let mut command = scenario.strikes(&state, what, 2);
        let output = command.env("FAULT_ON", "/六月/.work/removal.json").output().expect("the program starts");
        let told = said(&output);
        assert_eq!(output.status.code().unwrap_or(-1), code, "{what}: {told}");
        assert_eq!(journal(&state).contains("\"results\":[]"), code == 0, "{what}: {}", journal(&state));
        // Whoever only reads is told, and changes nothing.
        assert_eq!(listing(&state).contains("上次清理中途停了"), code != 0, "{what}: {}", listing(&state));
        assert_eq!(journal(&state).contains("\"results\":[]"), code == 0, "{what}");
        let again = scenario.command(&state).output().expect("the program starts");
        assert_eq!(again.status.code(), Some(0), "{what}: {}", said(&again));
        assert!(journal(&state).contains("\"results\":[]"), "{what}: {}", journal(&state));
        let told = listing(&state);
        assert!(told.contains("到期，能删的都已删") && !told.contains("中途停了"), "{what}: {told}");
        scenario.clerks_are_there(&state, what);
    }
}

fn list_of_purge(more: &[&str]) -> Vec<String> {
    let receipt = ["--as-of", "2099-01-01", "--receipt", "@/清理.csv"];
    list(&[&["purge", "@/六月", "--older-than", "30d"], &receipt[..], more].concat())
}

#[test]
fn what_clerks_save_where_a_run_was_killed_is_kept() {
    let mut scenario = july_over_june("work");
    let state = scenario.fresh();
    let mut straight = scenario.command(&state);
    let count = scenario.path("count");
    straight.env("LD_PRELOAD", shim()).env("FAULT_ROOT", format!("{}/", state.display())).env("FAULT_COUNT", &count);
    assert!(straight.output().expect("the program starts").status.success());
    let july = scenario.seen(&state);
    let operations: usize = fs::read_to_string(count).expect("a count").parse().expect("a number");
    let state = scenario.fresh();
    scenario.strike(&state, "kill", operations / 2);
    let work =
        fs::read_dir(state.join("结果/.work")).expect("work").flatten().map(|entry| entry.path()).find(|path| path.is_dir());
    let reports = work.expect("under way").join("reports");
    let edited = fs::read_dir(&reports).expect("reports").flatten().next().expect("a list").path();
    fs::create_dir_all(reports.join("交回")).expect("a folder");
    for (path, text) in [
        (edited, "一份改过的清单"),
        (reports.join("土坪镇 - 已填.xlsx"), "一份填好的清单"),
        (reports.join("交回/土坪.xlsx"), "一份交回的清单"),
    ] {
        fs::write(path, text).expect("saved");
        scenario.clerks.push(text);
    }
    scenario.again(&state, Some(0), &july, "saved in the work folder");
}

#[test]
fn a_workbook_open_in_excel_leaves_the_last_run_whole_and_the_ledger_as_it_was() {
    let scenario = july_over_june("open");
    let state = scenario.fresh();
    assert!(scenario.command(&state).output().expect("the program starts").status.success());
    let july = scenario.seen(&state);
    for open in ["2018-06_汇总.xlsx", "2018-07_汇总.xlsx", "stages/links.parquet", "run.json"] {
        let state = scenario.fresh();
        let june = scenario.seen(&state);
        let mut command = scenario.command(&state);
        command.env("LD_PRELOAD", shim()).env("FAULT_ROOT", format!("{}/", state.display())).env("FAULT_OPEN", open);
        let output = command.output().expect("the program starts");
        let said = said(&output);
        assert_eq!(output.status.code(), Some(2), "{open}: {said}");
        assert!(said.contains(open) && said.contains("请关闭") && said.contains("没有改动"), "{open}: {said}");
        let now = scenario.seen(&state);
        assert!(now.tree == june.tree, "{open}: {:?}", differences(&now.tree, &june.tree, &july.tree));
        assert!(now.ledger == june.ledger, "{open}: the ledger knows of lists that are not there");
        scenario.again(&state, Some(0), &july, open);
    }
}

#[test]
fn village_lists() {
    let mut scenario = Scenario::new("village-lists");
    let (june, july) = (month(&scenario, "2018-06"), month(&scenario, "2018-07"));
    let lists = |input: &str| {
        list(&["run", "pipelines/village-lists.toml", "--input", input, "--out", "@/清单", "--ledger", "@/台账.db"])
    };
    scenario.prepare(&["run", "pipelines/monthly.toml", "--input", &june, "--out", "@/六月"]);
    scenario.prepare(&["run", "pipelines/monthly.toml", "--input", &july, "--out", "@/七月"]);
    scenario.prepare(&lists("@/六月").iter().map(String::as_str).collect::<Vec<_>>());
    scenario.save("清单/reports/土坪镇 - 已填.xlsx", "一份填好的清单");
    scenario.arguments = lists("@/七月");
    scenario.out = Some("清单");
    scenario.ledger = true;
    scenario.try_all(points());
}

#[test]
fn a_township() {
    let mut scenario = Scenario::new("township");
    let june = month(&scenario, "2018-06");
    scenario.prepare(&["run", "pipelines/monthly.toml", "--input", &june, "--out", "@/六月"]);
    scenario.arguments = list(&["run", "pipelines/township.toml", "--input", "@/六月", "--town", "土坪镇", "--out", "@/土坪镇"]);
    scenario.out = Some("土坪镇");
    scenario.try_all(points());
}

#[test]
fn tables() {
    let mut scenario = Scenario::new("tables");
    let fixture = |name: &str| owned(&root("fixtures/tables").join(name));
    let (one, other, members) = (fixture("clinic.csv"), fixture("library.csv"), fixture("members.csv"));
    scenario.prepare(&["run", "fixtures/tables/deduplicate.toml", "--input", &members, "--out", "@/结果"]);
    scenario.save("结果/说明.docx", "一份说明");
    scenario.arguments = list(&["run", "fixtures/tables/link.toml", "--input", &one, &other, "--out", "@/结果"]);
    scenario.out = Some("结果");
    scenario.try_all(points());
}

#[test]
fn receive() {
    let mut scenario = Scenario::new("receive");
    let june = owned(&root("fixtures/2018-06"));
    scenario.prepare(&["run", "pipelines/village-lists.toml", "--input", &june, "--out", "@/清单", "--ledger", "@/台账.db"]);
    fs::remove_dir_all(scenario.path("base/清单")).expect("removed");
    let returned = root("fixtures/returned/2018-06_土坪镇_疑点清单.xlsx");
    scenario.arguments = list(&["receive", "@/台账.db", &owned(&returned), "--out", "@/回执"]);
    scenario.ledger = true;
    scenario.adds = Some("回执");
    scenario.at_last = |state, here| {
        // Whatever the first attempt had done, one receipt says that the rows were taken.
        let told: Vec<String> = files(&state.join("回执")).iter().map(|path| words(path)).collect();
        let rows = |told: &str, outcome: &str| told.lines().filter(|line| *line == outcome).count();
        // Each is a column's title, too.
        assert!(told.iter().any(|told| rows(told, "已接收") > 1 && rows(told, "以前已接收") == 1), "{here}: {told:?}");
        assert!(!state.join("台账.db.receiving").exists(), "{here}");
    };
    scenario.try_all(points());
}

/// Everything that stands in a workbook.
fn words(path: &Path) -> String {
    use calamine::Reader;
    let mut book = calamine::open_workbook_auto(path).expect("a workbook");
    let sheets = book.worksheets().into_iter().map(|(_, sheet)| sheet);
    let cells = sheets.flat_map(|sheet| sheet.cells().map(|(.., cell)| cell.to_string()).collect::<Vec<_>>());
    cells.collect::<Vec<_>>().join("\n")
}

#[test]
fn purge() {
    let mut scenario = Scenario::new("purge");
    let june = month(&scenario, "2018-06");
    scenario.prepare(&["run", "pipelines/monthly.toml", "--input", &june, "--out", "@/六月", "--ledger", "@/台账.db"]);
    scenario.save("六月/说明.docx", "一份说明");
    scenario.arguments = list(&[
        "purge",
        "@/六月",
        "--older-than",
        "30d",
        "--as-of",
        "2099-01-01",
        "--yes",
        "--ledger",
        "@/台账.db",
        "--receipt",
        "@/清理.csv",
    ]);
    scenario.removes = true;
    scenario.at_last = |state, here| {
        let receipt = fs::read_to_string(state.join("清理.csv")).expect("a receipt");
        let lines: Vec<&str> = receipt.lines().collect();
        let of = |what: &str| lines.iter().rev().find(|line| line.contains(what)).copied().unwrap_or_default();
        assert!(lines.last().is_some_and(|line| line.starts_with("清理完毕")), "{here}: {receipt}");
        assert!(of("/六月,").contains("已删"), "{here}: {receipt}");
        assert!(of("台账.db").contains("已忘掉"), "{here}: {receipt}");
        let left: Vec<PathBuf> = files(&state.join("六月"));
        assert!(left.len() == 1 && left[0].ends_with("说明.docx"), "{here}: {left:?}");
        assert!(!state.join(".台账.db.new").exists(), "{here}: what the ledger was is still there");
    };
    scenario.out = Some("六月");
    scenario.ledger = true;
    scenario.try_all(points());
}
