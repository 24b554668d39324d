//! A ledger's file among what else lies there: strangers' files, logs of others, other programs.

use rusqlite::Connection;

use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// Puts the copy in the ledger's place, whatever was done.
fn published(held: HeldLedger) {
    let HeldLedger { ledger, copy, lock: _lock, .. } = held;
    ledger.close().expect("closed");
    copy.publish(false).expect("published");
}

/// A new ledger that knows of these months.
fn made(path: &Path, months: &[&str]) {
    published(open(path, true).expect("opens"));
    let connection = Connection::open(path).expect("opens");
    for month in months {
        know(&connection, month);
    }
}

fn know(connection: &Connection, month: &str) {
    let sql = "INSERT INTO run (period, as_of, fingerprint, digest, recorded_at) VALUES (?1, 'd', 'f', 'x', 't')";
    connection.execute(sql, [month]).expect("recorded");
}

/// Months that a file holds by itself.
fn months(path: &Path) -> Vec<String> {
    let connection = Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).expect("opens");
    let mut months = connection.prepare("SELECT period FROM run ORDER BY seq").expect("runs");
    let months = months.query_map([], |row| row.get::<_, i64>(0)).expect("rows");
    months.map(|month| month.expect("a month").to_string()).collect()
}

/// Files of a folder, without locks.
fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    names.retain(|name| !name.contains(".lock"));
    names.sort();
    names
}

/// What a ledger of before leaves beside `path` when it is killed after it wrote a month: its log, and with `file` itself as well.
fn killed(path: &Path, of: &Path, month: &str, file: bool) {
    let connection = Connection::open(of).expect("opens");
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;").expect("set");
    know(&connection, month);
    let endings: &[&str] = if file { &["", "-wal", "-shm"] } else { &["-wal", "-shm"] };
    for ending in endings {
        fs::copy(with_ending(of, ending), with_ending(path, ending)).expect("copied");
    }
}

#[test]
fn a_second_process_is_told_who_holds_the_ledger() {
    let folder = folder();
    let path = folder.path().join("台账").join("2018.db");
    assert!(matches!(open(&path, true), Err(LedgerFileError::NoFolder { .. })));
    fs::create_dir(folder.path().join("台账")).expect("a folder");
    assert!(matches!(open(&path, false), Err(LedgerFileError::Ledger(LedgerError::Missing { .. }))));
    let first = open(&path, true).expect("opens");
    let message = open(&path, true).expect_err("is held").to_string();
    assert!(message.contains(&std::process::id().to_string()), "{message}");
    published(first);
    open(&path, false).expect("free again");
}

#[test]
fn what_nobody_finished_leaves_nothing_and_what_is_finished_only_the_ledger() {
    let folder = folder();
    let path = folder.path().join("台账.db");
    drop(open(&path, true).expect("opens"));
    open(&path, true).expect("opens").finish().expect("nothing was done");
    assert!(names(folder.path()).is_empty());
    made(&path, &["201806"]);
    drop(open(&path, false).expect("opens"));
    assert_eq!(names(folder.path()), ["台账.db"]);
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_it_and_one_that_others_could_read_is_closed_to_them_and_that_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let path = folder.path().join("ledger.db");
    let mode = || fs::metadata(&path).expect("there").permissions().mode() & 0o777;
    made(&path, &["201806"]);
    assert_eq!(mode(), 0o600);
    assert!(open(&path, false).expect("opens").told.is_empty());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("opened up");
    let held = open(&path, false).expect("opens");
    assert!(held.told.iter().any(|told| told.contains("只有本人能读")), "{:?}", held.told);
    let copy = fs::metadata(&held.copy.file).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(), copy), (0o600, 0o600));
    published(held);
    assert!(open(&path, false).expect("opens").told.is_empty(), "once is enough");
    assert_eq!(mode(), 0o600);
}

#[cfg(unix)]
#[test]
fn behind_a_link_the_ledger_itself_is_replaced() {
    let folder = folder();
    let (real, link) = (folder.path().join("库").join("a.db"), folder.path().join("台账.db"));
    fs::create_dir(folder.path().join("库")).expect("a folder");
    std::os::unix::fs::symlink(&real, &link).expect("linked");
    let lost = open(&link, true).expect_err("nothing is there").to_string();
    assert!(lost.contains("请检查"), "{lost}");
    made(&real, &["201806"]);
    published(open(&link, false).expect("opens"));
    assert!(link.symlink_metadata().expect("there").is_symlink());
    assert_eq!(months(&real), ["201806"]);
    assert_eq!(
        (names(folder.path()), names(&folder.path().join("库"))),
        (vec!["台账.db".to_owned(), "库".to_owned()], vec!["a.db".to_owned()])
    );
}

#[test]
fn strangers_files_beside_a_ledger_stay_as_they_are() {
    let folder = folder();
    let path = folder.path().join("n.db");
    let strangers = ["n.db-wal", "n.db-shm", "n.db-journal", ".n.db.new-wal", ".n.db.new-journal"];
    for name in strangers {
        fs::write(folder.path().join(name), "村里的照片").expect("written");
    }
    made(&path, &[]);
    published(open(&path, false).expect("opens"));
    assert!(open(&path, false).expect("opens").told.is_empty());
    for name in strangers {
        assert_eq!(fs::read_to_string(folder.path().join(name)).expect("there"), "村里的照片", "{name}");
    }
}

#[test]
fn what_is_called_as_our_copy_and_is_none_stays_and_what_a_kill_left_goes() {
    let folder = folder();
    let (path, beside) = (folder.path().join("台账.db"), folder.path().join(".台账.db.new"));
    fs::write(&beside, "村里的照片").expect("written");
    assert!(matches!(open(&path, true), Err(LedgerFileError::Beside { .. })));
    assert_eq!(fs::read_to_string(&beside).expect("there"), "村里的照片");
    fs::remove_file(&beside).expect("removed");
    fs::create_dir(&beside).expect("a folder");
    fs::write(beside.join("照片.jpg"), "村里的照片").expect("written");
    assert!(matches!(open(&path, true), Err(LedgerFileError::Beside { .. })));
    assert_eq!(fs::read_to_string(beside.join("照片.jpg")).expect("there"), "村里的照片");
    fs::remove_file(beside.join("照片.jpg")).expect("removed");
    for left in ["bidui-ledger", "bidui-ledger-wal", "bidui-ledger-old"] {
        fs::write(beside.join(left), "half").expect("written");
    }
    made(&path, &[]);
    // The version before began a ledger in a file.
    for begun in [Vec::new(), fs::read(&path).expect("a ledger")] {
        fs::write(&beside, begun).expect("written");
        published(open(&path, false).expect("opens"));
        assert_eq!(names(folder.path()), ["台账.db"]);
    }
}

#[test]
fn a_log_that_is_the_ledger_gone_on_is_taken_in_and_goes_with_it() {
    let folder = folder();
    let (path, other) = (folder.path().join("t.db"), folder.path().join("other.db"));
    made(&other, &["201806"]);
    killed(&path, &other, "201807", true);
    assert_eq!(fs::read(&path).expect("there")[18], 2, "a ledger of before");
    let digest = |month: &str| holds(&path, month.parse().expect("a month"), "x").expect("reads");
    assert!(digest("2018-06") && digest("2018-07"));
    // Whoever only reads leaves all as it was.
    let before = names(folder.path());
    let held = open(&path, false).expect("opens");
    assert!(held.told.iter().any(|told| told.contains("t.db-wal") && told.contains("算进来")), "{:?}", held.told);
    drop(held);
    assert_eq!(names(folder.path()), before);
    open(&path, false).expect("opens").finish().expect("done");
    assert_eq!(months(&path), ["201806", "201807"]);
    assert_eq!(names(folder.path()), ["other.db", "t.db"]);
    assert!(open(&path, false).expect("opens").told.is_empty());
}

#[test]
fn a_log_without_which_the_ledger_is_torn_is_taken_in() {
    let folder = folder();
    let (path, other) = (folder.path().join("t.db"), folder.path().join("other.db"));
    made(&other, &["201806"]);
    let log = |changes: &str| {
        let connection = Connection::open(&other).expect("opens");
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;").expect("set");
        connection.execute_batch(changes).expect("written");
        fs::copy(&other, &path).expect("copied");
        fs::copy(with_ending(&other, "-wal"), with_ending(&path, "-wal")).expect("copied");
    };
    // Every page is in the log, some of them torn in the file: a checkpoint was cut short.
    log("VACUUM");
    let mut bytes = fs::read(&path).expect("there");
    let from = bytes.len() - 4_096;
    bytes[from..].fill(0x5a);
    bytes[4_096..8_192].fill(0x5a);
    fs::write(&path, bytes).expect("torn");
    assert!(!Ledger::is_whole(&path));
    open(&path, false).expect("opens").finish().expect("done");
    assert_eq!(months(&path), ["201806"]);
}

#[test]
fn a_log_of_another_ledger_is_told_and_neither_used_nor_touched() {
    let folder = folder();
    let (path, other) = (folder.path().join("t.db"), folder.path().join("other.db"));
    made(&path, &["201801", "201802"]);
    made(&other, &["201806"]);
    killed(&path, &other, "201807", false);
    let wal = folder.path().join("t.db-wal");
    let (ledger, log) = (fs::read(&path).expect("there"), fs::read(&wal).expect("there"));
    let held = open(&path, false).expect("opens");
    assert!(held.told.iter().any(|told| told.contains("对不上") && told.contains("请把")), "{:?}", held.told);
    drop(held);
    assert_eq!((fs::read(&path).expect("there"), fs::read(&wal).expect("there")), (ledger.clone(), log.clone()));
    published(open(&path, false).expect("opens"));
    assert_eq!(fs::read(&wal).expect("there"), log);
    fs::rename(&wal, folder.path().join("aside")).expect("moved");
    assert_eq!(months(&path), ["201801", "201802"]);
    // Nor beside one that is torn: that is told as what it is.
    fs::rename(folder.path().join("aside"), &wal).expect("moved");
    let torn = &ledger[..ledger.len() / 2];
    fs::write(&path, torn).expect("torn");
    let told = open(&path, false).expect_err("torn").to_string();
    assert!(told.contains("备份"), "{told}");
    assert_eq!((fs::read(&path).expect("there").as_slice(), fs::read(&wal).expect("there")), (torn, log));
}

#[test]
fn a_ledger_that_became_another_one_meanwhile_stays_as_it_is() {
    let folder = folder();
    let path = folder.path().join("t.db");
    made(&path, &["201806"]);
    let held = open(&path, false).expect("opens");
    let HeldLedger { ledger, copy, lock: _lock, .. } = held;
    ledger.close().expect("closed");
    let backup = folder.path().join("backup.db");
    made(&backup, &["201805"]);
    fs::rename(&backup, &path).expect("put back");
    assert!(matches!(copy.publish(false), Err(LedgerFileError::Changed { .. })));
    assert_eq!(months(&path), ["201805"]);
    let new = folder.path().join("new.db");
    let HeldLedger { ledger, copy, lock: _lock, .. } = open(&new, true).expect("opens");
    ledger.close().expect("closed");
    fs::copy(&path, &new).expect("copied");
    assert!(matches!(copy.publish(false), Err(LedgerFileError::Changed { .. })));
}

#[cfg(unix)]
#[test]
fn what_is_purged_stays_nowhere_but_in_somebodys_own_copy() {
    use std::io::Read as _;
    for own in [false, true] {
        let folder = folder();
        let (path, copied) = (folder.path().join("t.db"), folder.path().join("copy.db"));
        made(&path, &["201806"]);
        let before = fs::read(&path).expect("there");
        if own {
            fs::hard_link(&path, &copied).expect("linked");
        }
        let mut old = fs::File::open(&path).expect("opens");
        open(&path, false).expect("opens").finish_purge().expect("done");
        let mut left = Vec::new();
        old.read_to_end(&mut left).expect("reads");
        assert_eq!(left.iter().all(|byte| *byte == 0), !own);
        assert!(!own || fs::read(&copied).expect("there") == before);
        assert_eq!(months(&path), ["201806"]);
        assert!(!folder.path().join(".t.db.new").exists());
    }
}

/// Killed before the rename, the old ledger's second name is still the ledger's own.
#[cfg(unix)]
#[test]
fn a_purge_that_never_put_its_copy_in_place_leaves_the_ledger_whole() {
    let folder = folder();
    let path = folder.path().join("台账.db");
    made(&path, &["201805", "201806"]);
    let bytes = fs::read(&path).expect("a ledger");
    let work = folder.path().join(".台账.db.new");
    fs::create_dir(&work).expect("a folder");
    fs::hard_link(&path, work.join("bidui-ledger-old")).expect("a second name");
    drop(open(&path, false).expect("opens"));
    assert!(fs::read(&path).expect("there") == bytes && !work.exists());
    // After the rename it is what the ledger was, and nothing of it stays.
    fs::create_dir(&work).expect("a folder");
    fs::write(work.join("bidui-ledger-old"), "很久以前的事").expect("written");
    let old = fs::File::open(work.join("bidui-ledger-old")).expect("there");
    drop(open(&path, false).expect("opens"));
    let mut left = String::new();
    std::io::Read::read_to_string(&mut &old, &mut left).expect("read");
    assert!(left.bytes().all(|byte| byte == 0) && fs::read(&path).expect("there") == bytes);
}
