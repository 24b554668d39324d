use std::collections::BTreeSet;

use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn start(out: &Path, key: &str) -> Workspace {
    Folder::open(out).expect("opens").start(&format!("{key:0>16}"), false).expect("starts")
}

fn publish(run: &Workspace) -> Result<Vec<String>, WorkspaceError> {
    publish_when(run, || Ok(()))
}

/// With something that is done just before the switch.
fn publish_when(run: &Workspace, last: impl FnOnce() -> Result<(), WorkspaceError>) -> Result<Vec<String>, WorkspaceError> {
    let mut moved = Vec::new();
    run.publish(None, last, &mut moved).map(|()| moved)
}

/// A run that makes these reports and a stage file that holds its name.
fn made(out: &Path, name: &str, reports: &[&str]) -> Workspace {
    let run = start(out, name);
    for report in reports {
        run.write(&format!("reports/{report}"), format!("{report} of {name}").as_bytes()).expect("writes");
    }
    run.write("stages/findings.parquet", name.as_bytes()).expect("writes");
    run.write("timings.json", b"[]").expect("writes");
    let sealed = run.seal().expect("sealed");
    let outputs = sealed.iter().filter(|(path, _)| path.starts_with("reports/"));
    let outputs: Vec<_> = outputs.map(|(path, sha256)| serde_json::json!({"path": path, "sha256": sha256})).collect();
    let stages: BTreeMap<_, _> = sealed.iter().filter(|(path, _)| path.starts_with("stages/")).collect();
    let json = serde_json::json!({"tool": "bidui 0.1.0", "name": name, "outputs": outputs, "stage_files": stages});
    run.write("run.json", json.to_string().as_bytes()).expect("writes");
    run
}

/// Every file but the lock and the marker.
fn files(out: &Path) -> BTreeMap<String, String> {
    fn collect(root: &Path, folder: &Path, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                collect(root, &path, found);
            } else {
                let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
                found.insert(name, String::from_utf8_lossy(&fs::read(&path).expect("a file")).into_owned());
            }
        }
    }
    let mut found = BTreeMap::new();
    collect(out, out, &mut found);
    found.retain(|name, _| name != ".lock" && name != MARKER);
    found
}

fn at(out: &Path, name: &str) -> Option<String> {
    fs::read_to_string(out.join(name)).ok()
}

#[test]
fn an_interrupted_run_leaves_the_last_output_and_only_its_own_rows() {
    let out = folder();
    publish(&made(out.path(), "a", &["x.xlsx"])).expect("publishes");
    let whole = files(out.path());
    let second = made(out.path(), "b", &["y.xlsx"]);
    second.write("stages/records.json", b"rows").expect("writes");
    drop(second);
    let mut visible = files(out.path());
    visible.retain(|name, _| !name.starts_with(WORK));
    assert_eq!(visible, whole);
    let again = start(out.path(), "b");
    assert!(again.rows_before().is_some_and(|rows| at(&rows, "records.json").is_some_and(|text| text == "rows")));
    assert!(!again.work.join("reports/y.xlsx").exists() && !again.work.join("run.json").exists());
    drop(again);
    let fresh = Folder::open(out.path()).expect("opens").start(&format!("{:0>16}", "b"), true).expect("starts");
    assert!(fresh.rows_before().is_none() && !fresh.work.join("stages/records.json").exists());
}

#[test]
fn what_the_next_run_does_not_make_goes_with_the_last_one() {
    let out = folder();
    publish(&made(out.path(), "a", &["2018-06.xlsx", "汇总.xlsx"])).expect("publishes");
    publish(&made(out.path(), "b", &["2018-07.xlsx", "汇总.xlsx"])).expect("publishes");
    let names: Vec<String> = files(out.path()).into_keys().collect();
    assert_eq!(names, ["reports/2018-07.xlsx", "reports/汇总.xlsx", "run.json", "stages/findings.parquet", "timings.json"]);
    publish(&made(out.path(), "c", &[])).expect("publishes");
    assert!(!out.path().join("reports").exists());
}

#[test]
fn clerks_files_stay_and_edited_ones_are_set_aside() {
    let out = folder();
    publish(&made(out.path(), "a", &["汇总.xlsx", "土坪.xlsx", "六月.xlsx"])).expect("publishes");
    let save = |name: &str, text: &str| {
        let path = out.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, text).expect("saved");
    };
    save("reports/土坪 - 已填.xlsx", "filled");
    save("reports/交回/土坪.xlsx", "returned");
    save("reports/土坪.xlsx", "edited");
    save("reports/六月.xlsx", "edited too");
    save("reports/新.xlsx", "a clerk's, where an output will go");
    save("stages/我的.parquet", "mine");
    save("stages/findings.parquet", "changed");
    save(".work/Thumbs.db", "thumbs");
    save("说明.docx", "notes");
    let moved = publish(&made(out.path(), "b", &["汇总.xlsx", "土坪.xlsx", "新.xlsx"])).expect("publishes");
    assert_eq!(moved.len(), 4, "{moved:?}");
    let found = files(out.path());
    for (name, text) in [
        ("reports/土坪 - 已填.xlsx", "filled"),
        ("reports/交回/土坪.xlsx", "returned"),
        ("stages/我的.parquet", "mine"),
        (".work/Thumbs.db", "thumbs"),
        ("说明.docx", "notes"),
        ("reports/土坪.xlsx", "土坪.xlsx of b"),
        ("reports/新.xlsx", "新.xlsx of b"),
        ("stages/findings.parquet", "b"),
    ] {
        assert_eq!(found.get(name).map(String::as_str), Some(text), "{name}");
    }
    let aside: BTreeSet<&str> = moved.iter().map(|name| found[name].as_str()).collect();
    assert_eq!(aside, BTreeSet::from(["edited", "edited too", "a clerk's, where an output will go", "changed"]));
    assert!(!found.contains_key("reports/六月.xlsx"));
}

#[test]
fn what_somebody_saved_where_a_run_was_under_way_is_set_aside() {
    let out = folder();
    publish(&made(out.path(), "a", &["x.xlsx"])).expect("publishes");
    let run = made(out.path(), "b", &["土坪.xlsx", "汇总.xlsx", "没动.xlsx"]);
    let work = run.work.clone();
    run.write("stages/records.json", b"rows").expect("writes");
    fs::write(run.path("stages/links.parquet").expect("a path"), "PAR1 cut sho").expect("written");
    fs::write(work.join("reports/没写完.xlsx.new"), "of nobody's record").expect("written");
    let (_, half) = disk::temporary(&work.join("reports")).expect("made").keep().expect("left");
    drop(run);
    let saved = [
        ("reports/土坪.xlsx", "edited"),
        ("reports/土坪 - 已填.xlsx", "filled"),
        ("reports/交回/杨兴.xlsx", "returned"),
        ("stages/我的.parquet", "mine"),
        ("stages/findings.parquet", "changed"),
        ("说明.docx", "notes"),
    ];
    for (name, text) in saved {
        fs::create_dir_all(work.join(name).parent().expect("a folder")).expect("folders");
        fs::write(work.join(name), text).expect("saved");
    }
    let key = work.file_name().expect("a name").to_string_lossy().into_owned();
    let is_ours = |name: &str| is_left_by_run(out.path(), &format!(".work/{key}/{name}"));
    assert!(is_ours("reports/没动.xlsx") && is_ours("run.json") && is_ours("written"));
    for (name, _) in saved {
        assert!(!is_ours(name), "{name}");
    }
    let again = start(out.path(), "c");
    assert_eq!(again.moved().len(), saved.len() + 1, "{:?}", again.moved());
    let aside: BTreeSet<String> = again.moved().iter().filter_map(|name| at(out.path(), name)).collect();
    assert!(saved.iter().all(|(_, text)| aside.contains(*text)) && aside.contains("of nobody's record"), "{aside:?}");
    assert!(!work.exists() && !half.exists());
    publish(&again).expect("publishes");
    assert!(!out.path().join(WORK).exists(), "{:?}", files(out.path()));
}

#[test]
fn what_somebody_saves_while_the_files_change_places_is_kept_and_told() {
    use std::io::{Seek as _, Write as _};
    let out = folder();
    publish(&made(out.path(), "a", &["打开.xlsx", "土坪.xlsx", "杨兴.xlsx", "六月.xlsx"])).expect("publishes");
    let path = |name: &str| out.path().join(name);
    let run = made(out.path(), "b", &["土坪.xlsx", "杨兴.xlsx", "新.xlsx"]);
    let mut open = fs::File::options().write(true).open(path("reports/打开.xlsx")).expect("open in another program");
    let late = || {
        // Under the same inode, wherever it is now.
        open.rewind().and_then(|()| open.write_all(b"saved through an open file")).expect("saved");
        fs::write(path(".work/removal.json"), "somebody's").expect("saved");
        fs::write(path("run.json"), "{}").expect("saved");
        Ok(())
    };
    let moved = publish_when(&run, late).expect("publishes");
    let texts: BTreeSet<String> = moved.iter().filter_map(|name| at(out.path(), name)).collect();
    assert_eq!(texts, ["saved through an open file", "{}"].map(str::to_owned).into());
    assert_eq!(at(out.path(), ".work/removal.json").as_deref(), Some("somebody's"));
    assert!(at(out.path(), "run.json").is_some_and(|text| text.contains(r#""name":"b""#)));
    drop(run);

    // Between the plan and the moves, and between the two moves.
    let run = made(out.path(), "c", &["土坪.xlsx", "杨兴.xlsx", "又新.xlsx"]);
    let journal = Journal::plan(out.path(), &run.key, &run.seal().expect("sealed"), None).expect("planned");
    fs::write(path("reports/新.xlsx"), "saved over the last run's").expect("saved");
    fs::write(path("reports/又新.xlsx"), "saved where this run's goes").expect("saved");
    let mut moved = run.moved().to_vec();
    journal.write(out.path()).and_then(|()| journal.forward(out.path(), &mut moved)).expect("moved");
    journal.commit(out.path(), &mut moved).expect("switched");
    drop(run);
    // Killed here: the next start cleans up.
    fs::write(path(".work/old/reports/土坪.xlsx"), "saved where it was moved to").expect("saved");
    moved.extend(Folder::open(out.path()).expect("opens").moved);
    let texts: BTreeSet<String> = moved.iter().filter_map(|name| at(out.path(), name)).collect();
    let expected = ["saved over the last run's", "saved where this run's goes", "saved where it was moved to", "somebody's"];
    assert_eq!(texts, expected.map(str::to_owned).into());
    assert_eq!(at(out.path(), "reports/又新.xlsx").as_deref(), Some("又新.xlsx of c"));
    assert!(!out.path().join(WORK).exists(), "{:?}", files(out.path()));
}

#[test]
fn what_is_called_as_something_of_ours_and_is_not_is_set_aside_and_told() {
    let out = folder();
    publish(&made(out.path(), "a", &["x.xlsx"])).expect("publishes");
    let key = "0123456789abcdef";
    let mine = [
        ".work/journal".to_owned(),
        ".work/removal.json".to_owned(),
        ".work/removed-run.json".to_owned(),
        format!(".work/{key}/written"),
        format!(".work/{key}/complete"),
        format!(".work/{key}/reports/x.xlsx.new"),
        ".work/journal.new".to_owned(),
        ".work/removal.new".to_owned(),
        ".work/old/reports/x.xlsx".to_owned(),
        ".bidui-abc123.tmp".to_owned(),
    ];
    for name in &mine {
        fs::create_dir_all(out.path().join(name).parent().expect("a folder")).expect("folders");
        fs::write(out.path().join(name), format!("the clerk's {name}")).expect("saved");
    }
    let run = made(out.path(), "b", &["x.xlsx"]);
    assert_eq!(run.moved().len(), 6, "{:?}", run.moved());
    publish(&run).expect("publishes");
    let found: BTreeSet<String> = files(out.path()).into_values().collect();
    for name in &mine {
        assert!(found.contains(&format!("the clerk's {name}")), "{name}");
    }
    assert_eq!(at(out.path(), "reports/x.xlsx").as_deref(), Some("x.xlsx of b"));
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_our_work_or_a_file_in_that_of_our_marker_is_refused() {
    use std::os::unix::fs::symlink;
    for link in [WORK, ".work/0123456789abcdef"] {
        let all = folder();
        let (out, mine) = (all.path().join("out"), all.path().join("mine"));
        publish(&made(&out, "a", &["x.xlsx"])).expect("publishes");
        fs::create_dir_all(mine.join("old")).expect("folders");
        for name in ["journal", "removal.json", "old/b"] {
            fs::write(mine.join(name), name).expect("written");
        }
        fs::create_dir_all(out.join(link).parent().expect("a folder")).expect("folders");
        symlink(&mine, out.join(link)).expect("linked");
        let before = files(&mine);
        let told = Folder::open(&out).expect_err("a link").to_string();
        assert!(told.contains(link) && told.contains("请把这个链接移走"), "{told}");
        assert_eq!(files(&mine), before, "{link}");
    }
    let out = folder();
    publish(&made(out.path(), "a", &["x.xlsx"])).expect("publishes");
    fs::write(out.path().join(MARKER), "mine").expect("written");
    let told = Folder::open(out.path()).expect_err("no marker").to_string();
    assert!(told.contains(MARKER) && told.contains("请把它移开"), "{told}");
    assert_eq!(at(out.path(), MARKER).as_deref(), Some("mine"));
}

#[test]
fn stage_files_of_the_version_before_go_only_where_bidui_wrote_them() {
    let out = folder();
    publish(&made(out.path(), "a", &["x.xlsx"])).expect("publishes");
    // It did not list its stage files.
    fs::write(out.path().join(RUN), r#"{"tool":"bidui 0.1.0","outputs":[]}"#).expect("written");
    fs::write(out.path().join("stages/records.json"), "changed").expect("written");
    fs::write(out.path().join("timings.json"), "[] and more").expect("written");
    let moved = publish(&made(out.path(), "b", &[])).expect("publishes");
    let aside: BTreeSet<String> = moved.iter().filter_map(|name| at(out.path(), name)).collect();
    assert_eq!(aside, BTreeSet::from(["changed".to_owned(), "[] and more".to_owned(), "a".to_owned()]));
}

#[test]
fn a_torn_manifest_sets_nothing_aside_and_is_told() {
    let out = folder();
    publish(&made(out.path(), "a", &["x.xlsx", "y.xlsx"])).expect("publishes");
    let manifest = fs::read(out.path().join(RUN)).expect("there");
    fs::write(out.path().join(RUN), &manifest[..manifest.len() / 2]).expect("torn");
    let whole = files(out.path());
    let told = Folder::of_run(out.path()).expect_err("damaged").to_string();
    assert!(told.contains("run.json 坏了") && told.contains("--out"), "{told}");
    assert_eq!(files(out.path()), whole);
}

#[test]
fn once_the_ledger_holds_the_month_the_new_run_comes_and_not_the_last_one() {
    let out = folder();
    let (ledger, period) = (out.path().join("台账.db"), "2018-07".to_owned());
    crate::ledger::Ledger::create(&ledger).expect("a ledger");
    let entry = |digest: &str| {
        Some(LedgerEntry { path: ledger.display().to_string(), period: period.clone(), digest: digest.to_owned() })
    };
    let record = |digest: &str| {
        let connection = rusqlite::Connection::open(&ledger).expect("opens");
        let row = "INSERT INTO run (period, as_of, fingerprint, digest, recorded_at) VALUES (201807, '2018-07-31', 'f', ?1, 't')";
        connection.execute(row, [digest]).expect("recorded");
    };
    let out = out.path().join("结果");
    publish(&made(&out, "a", &["x.xlsx"])).expect("publishes");
    for (run, recorded) in [("b", false), ("c", true)] {
        let made = made(&out, run, &["x.xlsx"]);
        let journal = Journal::plan(&out, &made.key, &made.seal().expect("sealed"), entry(run)).expect("planned");
        journal.write(&out).and_then(|()| journal.forward(&out, &mut Vec::new())).expect("moved");
        if recorded {
            record(run);
        }
        drop(made);
        assert!(is_unfinished(&out), "whoever reads is told");
        drop(Folder::open(&out).expect("opens"));
        assert_eq!(at(&out, "reports/x.xlsx").as_deref(), Some(if recorded { "x.xlsx of c" } else { "x.xlsx of a" }));
        assert!(!is_unfinished(&out));
    }
    // A ledger that cannot be read says nothing: neither run is taken for the whole one.
    let made = made(&out, "d", &["x.xlsx"]);
    let journal = Journal::plan(&out, &made.key, &made.seal().expect("sealed"), entry("d")).expect("planned");
    journal.write(&out).and_then(|()| journal.forward(&out, &mut Vec::new())).expect("moved");
    drop(made);
    fs::write(&ledger, "overwritten").expect("written");
    let told = Folder::open(&out).expect_err("cannot tell").to_string();
    assert!(told.contains("台账") && told.contains("请") && is_unfinished(&out), "{told}");
}

#[test]
fn a_crash_anywhere_gives_the_last_run_back_or_leaves_the_new_one() {
    // Each step of the switch as a crash may leave it; the journal is what the next start has.
    for steps in 0..12 {
        let out = folder();
        publish(&made(out.path(), "a", &["x.xlsx", "y.xlsx"])).expect("publishes");
        fs::write(out.path().join("reports/y.xlsx"), "edited").expect("edited");
        let last = files(out.path());
        let run = made(out.path(), "b", &["x.xlsx", "y.xlsx", "z.xlsx"]);
        let journal = Journal::plan(out.path(), &run.key, &run.seal().expect("sealed"), None).expect("planned");
        journal.write(out.path()).expect("written");
        let committed = journal.steps(out.path(), steps);
        drop(run);
        assert_eq!(is_unfinished(out.path()), !out.path().join(RUN).exists());
        for _ in 0..2 {
            drop(Folder::open(out.path()).expect("opens"));
            let mut found = files(out.path());
            found.retain(|name, _| !name.starts_with(WORK));
            if committed {
                assert_eq!(found["reports/z.xlsx"], "z.xlsx of b");
                assert_eq!(found.values().filter(|text| *text == "edited").count(), 1);
            } else {
                assert_eq!(found, last, "after {steps} steps");
            }
        }
        publish(&made(out.path(), "c", &["x.xlsx"])).expect("publishes");
        assert_eq!(at(out.path(), "reports/x.xlsx").as_deref(), Some("x.xlsx of c"));
        assert!(files(out.path()).values().any(|text| text == "edited"), "kept for good");
        assert!(!out.path().join(WORK).exists(), "{:?}", files(out.path()));
    }
}

#[test]
fn what_somebody_saved_between_a_crash_and_the_next_start_is_kept() {
    let out = folder();
    publish(&made(out.path(), "a", &["x.xlsx"])).expect("publishes");
    let run = made(out.path(), "b", &["x.xlsx", "z.xlsx"]);
    let journal = Journal::plan(out.path(), &run.key, &run.seal().expect("sealed"), None).expect("planned");
    journal.write(out.path()).expect("written");
    journal.forward(out.path(), &mut Vec::new()).expect("moved");
    drop(run);
    fs::write(out.path().join("reports/x.xlsx"), "filled in").expect("saved");
    let run = made(out.path(), "c", &["x.xlsx"]);
    let moved = run.moved().to_vec();
    assert_eq!(moved.len(), 1);
    assert_eq!(publish(&run).expect("publishes"), Vec::<String>::new());
    assert_eq!(at(out.path(), &moved[0]).as_deref(), Some("filled in"));
}

#[test]
fn if_the_last_step_fails_nothing_has_happened() {
    let out = folder();
    publish(&made(out.path(), "a", &["x.xlsx"])).expect("publishes");
    let last = files(out.path());
    let run = made(out.path(), "b", &["x.xlsx"]);
    let refused = || Err(WorkspaceError::NotARunFolder { folder: PathBuf::new() });
    assert!(publish_when(&run, refused).is_err());
    let mut found = files(out.path());
    found.retain(|name, _| !name.starts_with(WORK));
    assert_eq!(found, last);
    publish(&run).expect("the same run, when it can");
    assert_eq!(at(out.path(), "reports/x.xlsx").as_deref(), Some("x.xlsx of b"));
}

#[test]
fn a_publication_that_the_version_before_left_half_done_is_completed() {
    for moved in 0..3 {
        let out = folder();
        let work = out.path().join(".work/0123456789abcdef");
        for (name, text) in
            [("reports/x.xlsx", "june"), ("reports/已填.xlsx", "filled"), ("run.json", r#"{"tool":"bidui 0.1.0","outputs":[]}"#)]
        {
            fs::create_dir_all(out.path().join("reports")).expect("folders");
            fs::write(out.path().join(name), text).expect("written");
        }
        fs::create_dir_all(work.join("reports")).expect("folders");
        fs::write(work.join("reports/x.xlsx"), "july").expect("written");
        fs::write(work.join("run.json"), r#"{"tool":"bidui 0.1.0","outputs":[],"july":1}"#).expect("written");
        fs::write(out.path().join(".lock"), "进程 4711").expect("written");
        fs::write(work.join("complete"), "reports\nrun.json").expect("written");
        fs::create_dir_all(work.join("old")).expect("folders");
        if moved > 0 {
            fs::rename(out.path().join("reports"), work.join("old/reports")).expect("moved");
        }
        if moved > 1 {
            fs::rename(work.join("reports"), out.path().join("reports")).expect("moved");
        }
        assert!(is_unfinished(out.path()));
        drop(Folder::open(out.path()).expect("opens"));
        assert_eq!(at(out.path(), "reports/x.xlsx").as_deref(), Some("july"), "{moved}");
        assert!(at(out.path(), "run.json").is_some_and(|text| text.contains("july")) && !is_unfinished(out.path()));
        assert_eq!(at(out.path(), "手工改过/上次结果/已填.xlsx").as_deref(), Some("filled"));
        publish(&made(out.path(), "c", &["x.xlsx"])).expect("publishes");
    }
}

#[test]
fn neither_a_manifest_nor_a_journal_leads_out_of_the_folder() {
    let all = folder();
    let (out, mine) = (all.path().join("out"), all.path().join("mine.xlsx"));
    publish(&made(&out, "a", &["x.xlsx"])).expect("publishes");
    fs::write(&mine, "mine").expect("written");
    let sha256 = disk::hash(&mine).expect("hashed").1;
    let listed = serde_json::json!({"tool": "bidui 0.1.0", "outputs": [{"path": "reports/../../mine.xlsx", "sha256": sha256}], "stage_files": {}});
    fs::write(out.join(RUN), listed.to_string()).expect("written");
    publish(&made(&out, "b", &["x.xlsx"])).expect("publishes");
    fs::create_dir_all(out.join(WORK)).expect("a folder");
    let take = serde_json::json!([{"path": "reports/y.xlsx", "to": "../mine.xlsx"}]);
    let journal =
        serde_json::json!({"work": "0123456789abcdef", "old": "old", "take": take, "put": [{"path": "run.json", "sha256": ""}]});
    fs::write(out.join(".work/journal"), journal.to_string()).expect("written");
    publish(&made(&out, "c", &["x.xlsx"])).expect("publishes");
    assert_eq!(fs::read_to_string(mine).expect("still there"), "mine");
}

#[test]
fn leftovers_that_stopped_the_version_before_stop_nobody() {
    let out = folder();
    publish(&made(out.path(), "a", &["x.xlsx"])).expect("publishes");
    fs::remove_file(out.path().join(MARKER)).expect("removed");
    // `complete` was deleted before `old/`.
    fs::create_dir_all(out.path().join(".work/0123456789abcdef/old/reports")).expect("folders");
    fs::write(out.path().join(".work/0123456789abcdef/old/reports/x.xlsx"), "june").expect("written");
    fs::write(out.path().join(".work/0123456789abcdef/desktop.ini"), "ini").expect("written");
    fs::write(out.path().join(".work/journal"), "{").expect("written");
    let run = made(out.path(), "b", &["x.xlsx"]);
    assert_eq!(
        run.moved().iter().filter_map(|name| at(out.path(), name)).collect::<Vec<_>>(),
        ["{"],
        "what nobody can read is kept"
    );
    publish(&run).expect("publishes");
    assert_eq!(at(out.path(), "reports/x.xlsx").as_deref(), Some("x.xlsx of b"));
    assert_eq!(at(out.path(), ".work/0123456789abcdef/desktop.ini").as_deref(), Some("ini"));
}

#[test]
fn readers_and_the_switch_wait_for_each_other() {
    let out = folder();
    publish(&made(out.path(), "a", &["x.xlsx"])).expect("publishes");
    let reading = hold(out.path()).expect("free").expect("a lock");
    let also = hold(out.path()).expect("readers do not hold each other up");
    let release = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        drop((reading, also));
    });
    let start = Instant::now();
    publish(&made(out.path(), "b", &["x.xlsx"])).expect("publishes");
    assert!(start.elapsed() >= Duration::from_millis(150));
    release.join().expect("released");
}

#[test]
fn a_second_run_is_told_who_holds_the_folder() {
    let out = folder();
    let _first = Folder::open(out.path()).expect("opens");
    let message = Folder::open(out.path()).expect_err("is locked").to_string();
    assert!(message.contains(&std::process::id().to_string()), "{message}");
}

#[test]
fn somebody_elses_folder_is_not_touched() {
    let run = r#"{"tool":"other 1","outputs":[]}"#;
    for (name, text) in [
        ("reports/x.xlsx", "x"),
        ("run.json", run),
        (".lock", "pid 12"),
        (".work/notes.txt", "notes"),
        (".bidui", "something else"),
        ("run.json", r#"{"tool":"bidui 0.1.0","outputs":[]}"#),
    ] {
        let out = folder();
        let path = out.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, text).expect("written");
        assert!(matches!(Folder::open(out.path()), Err(WorkspaceError::NotARunFolder { .. })), "{name}");
        assert_eq!(fs::read_to_string(path).expect("still there"), text);
        assert!(!out.path().join(".lock").exists() || name == ".lock");
        assert!(!out.path().join(MARKER).exists() || name == MARKER);
    }
    let litter = folder();
    fs::write(litter.path().join("Thumbs.db"), "x").expect("written");
    drop(Folder::open(litter.path()).expect("as good as empty"));
}
