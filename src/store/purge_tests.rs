//! What goes and what stays, however a folder is named, and a purge that is cut short.

use super::*;
use crate::model::ids::hexadecimal;
use crate::store::disk;
use crate::store::lock::Lock;
use sha2::{Digest, Sha256};
use std::time::Duration;

fn run_folder(at: &Path, made: Day) {
    fs::create_dir_all(at.join("stages")).expect("a folder");
    fs::create_dir_all(at.join("reports")).expect("a folder");
    fs::write(at.join("stages/records.json"), b"rows").expect("written");
    fs::write(at.join("reports/a.xlsx"), b"book").expect("written");
    fs::write(at.join("reports/b.xlsx"), b"book").expect("written");
    fs::write(at.join(".lock"), b"").expect("written");
    let (hash, rows) = (hexadecimal(&Sha256::digest(b"book")), hexadecimal(&Sha256::digest(b"rows")));
    let run = serde_json::json!({
        "tool": "bidui 0.1.0", "pipeline": "monthly", "pipeline_hash": "", "period": "2018-06", "as_of": "2018-06-30", "linking": null,
        "outputs": [{"path": "reports/a.xlsx", "sha256": hash}, {"path": "reports/b.xlsx", "sha256": hash}],
        "stage_files": {"stages/records.json": rows},
    });
    fs::write(at.join("run.json"), run.to_string()).expect("written");
    let seconds = u64::try_from(made.0).expect("after 1970") * 86_400 + 3_600;
    let file = fs::File::options().write(true).open(at.join("run.json")).expect("opened");
    file.set_modified(UNIX_EPOCH + Duration::from_secs(seconds)).expect("set");
}

fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

fn request(folders: &[&Path], remove: bool, with_edited: bool) -> PurgeRequest {
    let folders = folders.iter().map(|folder| (*folder).to_owned()).collect();
    PurgeRequest { folders, older_than: 180, as_of: day("2019-01-31"), remove, with_edited, begun: BTreeSet::new() }
}

fn purge_all(folder: &Path, remove: bool) -> Vec<PurgeEntry> {
    purge(&request(&[folder], remove, false), &mut |_| Ok(())).expect("purged")
}

#[test]
fn only_old_runs_of_ours_go_and_only_when_told() {
    let all = tempfile::tempdir().expect("a folder");
    let top = all.path().canonicalize().expect("there");
    let inside = |name: &str| top.join(name);
    run_folder(&inside("a-old"), day("2018-07-05"));
    run_folder(&inside("b-young"), day("2019-01-05"));
    // Looks like one, but no run left its lock there.
    run_folder(&inside("d-foreign"), day("2018-07-05"));
    fs::remove_file(inside("d-foreign").join(".lock")).expect("removed");
    // The 180th day is not over yet.
    run_folder(&inside("e-border"), Day(day("2019-01-31").0 - 180));
    run_folder(&inside("f-held"), day("2018-07-05"));
    let held = Lock::take(&inside("f-held").join(".lock")).expect("free");
    #[cfg(unix)]
    std::os::unix::fs::symlink(inside("b-young"), inside("g-link")).expect("linked");

    let listed = purge_all(&top, false);
    assert!(listed.iter().all(|entry| !matches!(entry.fate, Fate::Removed(_))));
    assert!(inside("a-old").join("run.json").exists());

    let entries = purge_all(&top, true);
    let fate = |name: &str| {
        entries.iter().find(|entry| entry.folder == inside(name)).map(|entry| entry.fate.clone()).expect("looked at")
    };
    assert_eq!((fate("a-old"), inside("a-old").exists()), (Fate::Removed(Left::default()), false));
    assert_eq!((fate("b-young"), inside("b-young").join("stages").exists()), (Fate::Kept, true));
    assert!(inside("d-foreign/stages/records.json").exists());
    assert_eq!(fate("e-border"), Fate::Kept);
    assert!(matches!(fate("f-held"), Fate::Held(_)) && inside("f-held/stages/records.json").exists());
    #[cfg(unix)]
    assert!(matches!(fate("g-link"), Fate::Skipped(_)));
    drop(held);
    let first = &entries[0];
    assert!(first.files == 5 && first.bytes > 12 && first.sha256.len() == 64, "{first:?}");
}

#[test]
fn what_somebody_edited_or_put_there_stays_and_is_told() {
    let all = tempfile::tempdir().expect("a folder");
    let run = all.path().join("run").canonicalize().unwrap_or_else(|_| all.path().join("run"));
    run_folder(&run, day("2018-07-05"));
    let put = |name: &str, text: &str| {
        let path = run.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    };
    put("reports/b.xlsx", "book, answered");
    put("reports/交回/土坪.xlsx", "returned");
    put("手工改过/b_1234.xlsx", "older answers");
    put("stages/笔记.parquet", "mine");
    put("记录.docx", "mine");
    put("照片/a.jpg", "mine");
    put("timings.json", r#"{"mine": true}"#);
    put(".work/记.txt", "mine");
    let left = Left {
        edited: vec!["reports/b.xlsx".to_owned(), "手工改过/b_1234.xlsx".to_owned()],
        others: [".work/记.txt", "reports/交回/土坪.xlsx", "stages/笔记.parquet", "timings.json", "照片/", "记录.docx"]
            .map(str::to_owned)
            .to_vec(),
    };
    let fates = |remove, with_edited| -> Vec<Fate> {
        let mut told = Vec::new();
        let done = purge(&request(&[&run], remove, with_edited), &mut |entry| {
            told.push(entry.fate.clone());
            assert_eq!(entry.before, (0, 0), "none was cut short");
            Ok(())
        });
        done.expect("purged");
        told
    };
    assert_eq!(fates(false, false), [Fate::Due(left.clone())]);
    assert_eq!(fates(true, false), [Fate::Begun, Fate::Removed(left.clone())]);
    assert!(!run.join("reports/a.xlsx").exists() && !run.join("stages/records.json").exists());
    assert!(!run.join("run.json").exists(), "nobody takes what is left for a whole run");
    assert!(matches!(Finished::open(&run), Err(crate::store::finished::FinishedError::Removed { .. })));
    assert_eq!(fates(true, false), [Fate::Bare(left.clone())]);
    for name in left.edited.iter().chain(&left.others) {
        assert!(run.join(name).exists(), "{name}");
    }
    let others = Left { edited: Vec::new(), ..left };
    assert!(Fate::Removed(others.clone()).told(usize::MAX).contains("记录.docx"));
    assert_eq!(fates(true, true), [Fate::Begun, Fate::Removed(others.clone())]);
    assert!(!run.join("手工改过").exists() && !run.join("run.json").exists());
    for name in &others.others {
        assert!(run.join(name).exists(), "{name}");
    }
}

#[test]
fn what_the_version_before_cannot_vouch_for_stays_unless_told() {
    let all = tempfile::tempdir().expect("a folder");
    let run = all.path().canonicalize().expect("there").join("run");
    run_folder(&run, day("2018-07-05"));
    let text = fs::read_to_string(run.join("run.json")).expect("text").replace("stage_files", "no_such_thing");
    let time = fs::metadata(run.join("run.json")).expect("there").modified().expect("a time");
    fs::write(run.join("run.json"), text).expect("written");
    fs::File::options().write(true).open(run.join("run.json")).and_then(|file| file.set_modified(time)).expect("set");
    fs::create_dir_all(run.join(".work/0123456789abcdef/reports")).expect("folders");
    fs::write(run.join(".work/0123456789abcdef/reports/土坪 - 已填.xlsx"), "mine").expect("written");
    let entries = purge_all(&run, true);
    let left = Left {
        edited: vec!["stages/records.json".to_owned()],
        others: vec![".work/0123456789abcdef/reports/土坪 - 已填.xlsx".to_owned()],
    };
    assert_eq!(entries[0].fate, Fate::Removed(left.clone()));
    assert!(left.edited.iter().chain(&left.others).all(|name| run.join(name).exists()));
    assert!(!run.join("reports").exists());
}

#[test]
fn a_hostile_manifest_reaches_nothing_outside() {
    let all = tempfile::tempdir().expect("a folder");
    let run = all.path().join("run");
    run_folder(&run, day("2018-07-05"));
    fs::write(all.path().join("论文.docx"), b"book").expect("written");
    let text = fs::read_to_string(run.join("run.json")).expect("text").replace("reports/a.xlsx", "../论文.docx");
    let made = fs::metadata(run.join("run.json")).and_then(|kind| kind.modified()).expect("a time");
    fs::write(run.join("run.json"), text).expect("written");
    let file = fs::File::options().write(true).open(run.join("run.json")).expect("opened");
    file.set_modified(made).expect("set");
    let entries = purge_all(&run, true);
    assert!(matches!(&entries[..], [PurgeEntry { fate: Fate::Removed(left), .. }] if left.others == ["reports/a.xlsx"]));
    assert!(all.path().join("论文.docx").exists());
}

#[cfg(unix)]
#[test]
fn a_folder_is_what_it_is_however_it_is_named() {
    let all = tempfile::tempdir().expect("a folder");
    let run = all.path().join("run");
    run_folder(&run, day("2018-07-05"));
    std::os::unix::fs::symlink(&run, all.path().join("link")).expect("linked");
    for name in ["link", "link/"] {
        let entries = purge_all(&all.path().join(name), true);
        assert!(matches!(&entries[..], [PurgeEntry { fate: Fate::Skipped(_), .. }]), "{name}: {entries:?}");
        assert!(run.join("reports/a.xlsx").exists(), "{name}");
    }
    let twice = request(&[&all.path().join("run/"), &all.path().join("run/../run/."), all.path()], true, false);
    let entries = purge(&twice, &mut |_| Ok(())).expect("purged");
    let fates: Vec<&Fate> = entries.iter().map(|entry| &entry.fate).collect();
    assert!(matches!(fates[..], [Fate::Removed(_), Fate::Skipped(_)]), "{fates:?}");
    assert!(!run.exists());
    let gone = purge(&request(&[&run], true, false), &mut |_| Ok(()));
    assert!(matches!(gone, Err(PurgeError::NoFolder { .. })));
}

#[test]
fn a_purge_killed_at_the_end_is_finished_by_the_next() {
    let all = tempfile::tempdir().expect("a folder");
    let run = all.path().join("run");
    fs::create_dir(&run).expect("a folder");
    fs::write(run.join(MARKER), r#"{"bidui":"run folder","id":"1"}"#).expect("written");
    let entries = purge_all(&run, true);
    assert!(matches!(&entries[..], [PurgeEntry { fate: Fate::Removed(_), .. }]), "{entries:?}");
    assert!(!run.exists());
}

#[test]
fn a_folder_of_something_else_is_left_and_said() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("run.json"), "{\"tool\":\"other 1\"}").expect("written");
    fs::create_dir(folder.path().join("stages")).expect("a folder");
    let entries = purge_all(folder.path(), true);
    assert!(matches!(&entries[..], [PurgeEntry { fate: Fate::Skipped(_), .. }]), "{entries:?}");
    assert!(folder.path().join("run.json").exists());
}

#[test]
fn a_purge_cut_short_has_switched_the_run_off_and_the_next_goes_on() {
    let all = tempfile::tempdir().expect("a folder");
    let run = all.path().canonicalize().expect("there").join("run");
    run_folder(&run, day("2018-07-05"));
    fs::write(run.join("说明.docx"), "mine").expect("written");
    let entry = look(&run, false, &request(&[&run], true, false));
    let sha256 = entry.sha256.clone();
    drop(Folder::open(&run).expect("ours"));
    Contents::of(&run, &Known::of(&run), false).removal(&entry).begin(&run).expect("begun");
    fs::remove_file(run.join("reports/a.xlsx")).expect("removed");
    assert!(matches!(Finished::open(&run), Err(crate::store::finished::FinishedError::Removed { .. })));
    let entries = purge_all(&run, true);
    let [entry] = &entries[..] else { panic!("{entries:?}") };
    assert!(matches!(&entry.fate, Fate::Removed(left) if left.others == ["说明.docx"]), "{entry:?}");
    assert_eq!((entry.before, entry.period.as_str(), entry.sha256.clone()), ((1, 4), "2018-06", sha256));
    assert!(entry.in_full().contains("那时已删 1 个文件（4 字节），这次删"), "{}", entry.in_full());
    assert_eq!(fs::read_dir(&run).expect("there").count(), 1, "nothing of ours is left");
}

#[test]
fn a_folder_whose_results_were_cut_short_on_their_way_is_made_whole_first() {
    let all = tempfile::tempdir().expect("a folder");
    let run = all.path().canonicalize().expect("there").join("run");
    run_folder(&run, day("2018-07-05"));
    fs::write(run.join("reports/我的.docx"), "mine").expect("written");
    drop(Folder::open(&run).expect("ours"));
    // Killed when nothing but `run.json` had left its place.
    fs::create_dir_all(run.join(".work/old")).expect("folders");
    fs::rename(run.join("run.json"), run.join(".work/old/run.json")).expect("moved");
    let take = serde_json::json!([{"path": "run.json", "to": ".work/old/run.json"}]);
    let put = serde_json::json!([{"path": "run.json", "sha256": ""}]);
    let journal = serde_json::json!({"work": "abcdefghijklmnop", "old": "old", "take": take, "put": put, "ledger": null});
    fs::write(run.join(".work/journal"), journal.to_string()).expect("written");
    assert!(matches!(purge_all(&run, false)[..], [PurgeEntry { fate: Fate::Skipped(_), .. }]));
    heal(std::slice::from_ref(&run));
    assert!(
        matches!(&purge_all(&run, true)[..], [PurgeEntry { fate: Fate::Removed(left), .. }] if left.others == ["reports/我的.docx"])
    );
}

#[test]
fn what_a_purge_killed_at_its_end_left_of_its_journal_goes_with_the_next() {
    let all = tempfile::tempdir().expect("a folder");
    let run = all.path().canonicalize().expect("there").join("run");
    run_folder(&run, day("2018-07-05"));
    fs::write(run.join("reports/a.xlsx"), "edited").expect("written");
    assert!(matches!(purge_all(&run, true)[..], [PurgeEntry { fate: Fate::Removed(_), .. }]));
    let (_, left) = disk::temporary(&run.join(".work")).and_then(|file| file.keep().map_err(|error| error.error)).expect("made");
    let again = purge_all(&run, true);
    assert!(matches!(again[..], [PurgeEntry { fate: Fate::Removed(_), .. }]), "{again:?}");
    assert!(!left.exists() && run.join("reports/a.xlsx").exists());
}

/// Killed, or the disk said no, just where it was to note that it came to its end.
#[test]
fn a_purge_that_did_not_note_its_end_is_told_so_until_the_next_notes_it() {
    let all = tempfile::tempdir().expect("a folder");
    let run = all.path().canonicalize().expect("there").join("run");
    run_folder(&run, day("2018-07-05"));
    fs::write(run.join("reports/a.xlsx"), "edited").expect("written");
    assert!(matches!(purge_all(&run, true)[..], [PurgeEntry { fate: Fate::Removed(_), .. }]));
    let ended = Removal::find(&run).expect("a journal");
    assert!(ended.results.is_empty());
    Removal { results: vec![("reports/b.xlsx".to_owned(), 4)], ..ended.clone() }.begin(&run).expect("put back");
    for _ in 0..2 {
        let listed = purge_all(&run, false);
        assert!(matches!(listed[..], [PurgeEntry { fate: Fate::Due(_), before: (1, 4), .. }]), "{listed:?}");
        assert!(listed[0].plain().contains("上次清理中途停了"), "{}", listed[0].plain());
    }
    assert!(matches!(purge_all(&run, true)[..], [PurgeEntry { fate: Fate::Removed(_), before: (1, 4), .. }]));
    assert_eq!(Removal::find(&run), Some(ended));
    assert!(matches!(purge_all(&run, true)[..], [PurgeEntry { fate: Fate::Bare(_), before: (0, 0), .. }]));
    assert!(run.join("reports/a.xlsx").exists());
}

#[test]
fn another_run_in_a_folder_half_removed_takes_over_what_is_left() {
    let all = tempfile::tempdir().expect("a folder");
    let run = all.path().join("run");
    run_folder(&run, day("2018-07-05"));
    let entry = look(&run, false, &request(&[&run], true, false));
    drop(Folder::open(&run).expect("ours"));
    Contents::of(&run, &Known::of(&run), false).removal(&entry).begin(&run).expect("begun");
    fs::remove_file(run.join("reports/a.xlsx")).expect("removed");
    let workspace = Folder::open(&run).and_then(|folder| folder.start("0123456789abcdef", false)).expect("starts");
    workspace.write("run.json", b"{\"tool\":\"bidui 0\",\"outputs\":[],\"stage_files\":{}}").expect("written");
    workspace.publish::<WorkspaceError>(None, || Ok(()), &mut Vec::new()).expect("published");
    assert!(run.join("run.json").exists() && !run.join(".work").exists());
    assert!(!run.join("reports/b.xlsx").exists() && !run.join("手工改过").exists());
}
