//! What the program meets in real offices and from bad luck: broken, locked and oversized files, two runs at once, Ctrl-C, commands typed in
//! a hurry. It always ends with a plain message, the right exit code, and nobody's number in it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::{bidui, copy, manifest, outputs, owned, parts, program, root, said};

fn run(input: &Path, out: &Path) -> Output {
    let pipeline = owned(&root("pipelines/monthly.toml"));
    bidui(&["run", &pipeline, "--input", &owned(input), "--out", &owned(out), "--period", "2018-06"])
}

#[test]
fn every_bad_file_is_refused_by_name_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let output = run(&root("fixtures/invalid/inputs"), &out);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let manifest = manifest(&out);
    let refusal = |file: &str| {
        let inputs = manifest["inputs"].as_array().expect("inputs");
        let entry = inputs.iter().find(|entry| entry["file"] == file).unwrap_or_else(|| panic!("{file} is not in run.json"));
        // Of the file, or of the sheet in it.
        format!("{}{}", entry["refusal"], entry["sheets"])
    };
    for (file, word) in [
        ("加密.xlsx", "取消密码"),
        ("截断.xlsx", "不完整"),
        ("空文件.xlsx", "空的"),
        ("坏字节.csv", "第 35 字节"),
        ("会议.csv", "表头"),
        ("交叉表.csv", "缺姓名"),
    ] {
        assert!(refusal(file).contains(word) && said(&output).contains(file), "{file}: {}", refusal(file));
    }
    assert!(refusal("末尾单元格.xls").starts_with("null"), "a far cell costs a row, not the file");
    assert_eq!(manifest["balanced"], true);
}

#[test]
fn a_zip_that_swells_dies_in_the_child_and_the_rest_is_done() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("2018-06");
    fs::create_dir(&input).expect("a folder");
    fs::copy(root("fixtures/2018-06/残联/持证残疾人信息.csv"), input.join("持证残疾人信息.csv")).expect("copied");
    let mut zip = zip::ZipWriter::new(File::create(input.join("名册.zip")).expect("a file"));
    let options = zip::write::SimpleFileOptions::default().compression_level(Some(1)).large_file(true);
    zip.start_file("名册.csv", options).expect("a member");
    let piece = vec![b'a'; 1 << 20];
    zip.write_all("姓名,身份证号\n".as_bytes()).expect("written");
    for _ in 0..4096 {
        zip.write_all(&piece).expect("written");
    }
    zip.finish().expect("a zip");
    let output = run(&input, &folder.path().join("out"));
    let told = said(&output);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("名册.zip") && !told.contains("panicked"), "{told}");
    let kept = manifest(&folder.path().join("out"))["stages"][0]["rows_out"].as_u64().expect("rows");
    assert!(kept > 0, "the good file was read");
}

#[test]
fn two_runs_in_one_folder_do_not_meet() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    fs::create_dir(&out).expect("a folder");
    let mut lock = File::create(out.join(".lock")).expect("a lock");
    lock.write_all("进程 4711".as_bytes()).expect("written");
    lock.lock().expect("locked");
    let output = run(&root("fixtures/2018-06"), &out);
    assert_eq!(output.status.code(), Some(6), "{}", said(&output));
    assert!(said(&output).contains("4711"), "who holds it: {}", said(&output));
    drop(lock);
    assert_eq!(run(&root("fixtures/2018-06"), &out).status.code(), Some(0));
}

#[test]
fn a_workbook_edited_in_the_run_folder_is_not_lost_with_the_next_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    assert_eq!(run(&root("fixtures/2018-06"), &out).status.code(), Some(0));
    fs::write(out.join("reports/2018-06_土坪镇_疑点清单.xlsx"), "村里填好的").expect("edited");
    let output = run(&root("fixtures/2018-06"), &out);
    assert!(said(&output).contains("手工改过/2018-06_土坪镇_疑点清单_"), "{}", said(&output));
    let copies: Vec<PathBuf> =
        fs::read_dir(out.join("手工改过")).expect("kept").map(|entry| entry.expect("an entry").path()).collect();
    assert_eq!(copies.len(), 1);
    assert_eq!(fs::read_to_string(&copies[0]).expect("the copy"), "村里填好的");
    assert_ne!(fs::read(out.join("reports/2018-06_土坪镇_疑点清单.xlsx")).expect("new"), "村里填好的".as_bytes());
}

/// Sends a signal as soon as a line of progress is the awaited one: exit code, what was said after it, how long the end took.
#[cfg(unix)]
fn stopped(arguments: &[&str], signal: &str, awaited: impl Fn(&str) -> bool) -> (Option<i32>, String, Duration) {
    let mut child = program().args(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut progress = BufReader::new(child.stderr.take().expect("stderr"));
    let mut line = String::new();
    while progress.read_line(&mut line).expect("progress") > 0 && !awaited(&line) {
        line.clear();
    }
    let asked = Instant::now();
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill").success());
    let mut rest = String::new();
    progress.read_to_string(&mut rest).expect("progress");
    let code = child.wait().expect("ended").code();
    (code, rest, asked.elapsed())
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_the_last_output_and_goes_on_to_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let divisions = owned(&root("pipelines/divisions"));
    let county = owned(&folder.path().join("county"));
    let made = bidui(&[
        "practice",
        "--out",
        &county,
        "--households",
        "3000",
        "--seed",
        "3",
        "--edition",
        "1",
        "--divisions",
        &divisions,
    ]);
    assert!(made.status.success(), "{}", said(&made));
    let input = folder.path().join("county/2018-06");
    let out = folder.path().join("out");
    assert_eq!(run(&root("fixtures/2018-06"), &out).status.code(), Some(0));
    let before = outputs(&out);

    let pipeline = owned(&root("pipelines/monthly.toml"));
    // The first file is read: the run is in the middle of things.
    let arguments = ["run", &pipeline, "--input", &owned(&input), "--out", &owned(&out)];
    let (code, rest, _) = stopped(&arguments, "-INT", |line| line.contains("行"));
    assert_eq!(code, Some(130), "{rest}");
    assert_eq!(outputs(&out), before, "the last good output is untouched");

    let straight = folder.path().join("straight");
    for out in [&out, &straight] {
        let output = run(&input, out);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }
    assert!(outputs(&out) == outputs(&straight), "resumed and straight runs differ");
}

#[cfg(unix)]
#[test]
fn asked_to_stop_in_the_midst_of_linking_it_stops_within_seconds() {
    use std::fmt::Write as _;

    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    // Minutes of work: every pair of 30,000 long texts is compared character by character.
    let rows = (0..30_000_u64).fold("town,text\n".to_owned(), |mut text, row| {
        let word = row.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let _ = writeln!(text, "x,{word:016x}{:016x}{word:016x}", word.rotate_left(31));
        text
    });
    fs::write(path("rows.csv"), rows).expect("rows");
    let model = r#"
name = "long"
[tables]
task = "deduplicate"
[thresholds]
confirm = 4.0
review = 0.0
[limits]
pairs = 1_000_000_000
[[field]]
name = "town"
columns = ["town"]
[[field]]
name = "text"
columns = ["text"]
[[block]]
on = ["town"]
[[comparison]]
name = "text"
on = ["text"]
levels = [{ test = "damerau_levenshtein", at_most = 4 }]
"#;
    fs::write(path("model.toml"), model).expect("a model");
    let arguments = ["run", &owned(&path("model.toml")), "--input", &owned(&path("rows.csv")), "--out", &owned(&path("out"))];
    let (code, rest, took) = stopped(&arguments, "-TERM", |line| line.starts_with("读入、规范"));
    assert_eq!(code, Some(130), "{rest}");
    assert!(took < Duration::from_secs(30), "it went on for {took:?}");
    assert!(rest.contains("已中断"), "{rest}");
    assert!(!path("out/run.json").exists());
}

#[cfg(unix)]
#[test]
fn whatever_is_asked_for_ends_with_a_word_when_it_is_asked_to() {
    // Thousands of cases take seconds.
    let pipeline = owned(&root("pipelines/monthly.toml"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_bidui"))
        .args(["check", &pipeline, "--cases"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    std::thread::sleep(Duration::from_millis(300));
    let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("asked");
    assert!(asked.success() && child.wait().expect("ends").code() == Some(130));
    let mut rest = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut rest).expect("text");
    assert!(rest.contains("已中断"), "{rest}");
}

/// Whether a process is there and no zombie.
#[cfg(target_os = "linux")]
fn is_alive(process: u32) -> bool {
    fs::read_to_string(format!("/proc/{process}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or("").trim().starts_with('Z'))
}

#[cfg(target_os = "linux")]
#[test]
fn a_child_goes_when_its_parent_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    // A minute's work for whoever reads it, in little space.
    let mut zip = zip::ZipWriter::new(File::create(folder.path().join("慢.zip")).expect("a zip"));
    let row = "土坪镇,石志村,韩海荣,520324195003071234,全护理,分散\n";
    for member in 0..40 {
        zip.start_file(format!("{member}.csv"), zip::write::SimpleFileOptions::default()).expect("a member");
        zip.write_all("乡镇,村,姓名,身份证号,自理能力,供养方式\n".as_bytes()).expect("written");
        for _ in 0..10 {
            zip.write_all(row.repeat(2_000).as_bytes()).expect("written");
        }
    }
    zip.finish().expect("a zip");
    let pipeline = owned(&root("pipelines/monthly.toml"));
    let mut parent = program()
        .args(["check", &pipeline, "--input", &owned(folder.path())])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let id = parent.id();
    let children = || -> Vec<u32> {
        let tasks = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
        let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
        lists.flat_map(|list| list.split_whitespace().filter_map(|child| child.parse().ok()).collect::<Vec<u32>>()).collect()
    };
    let start = Instant::now();
    let mut found = children();
    while found.is_empty() && start.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(2));
        found = children();
    }
    assert!(!found.is_empty(), "no child reads");
    // SIGKILL: the parent says nothing to anybody.
    parent.kill().expect("killed");
    parent.wait().expect("gone");
    let killed = Instant::now();
    while found.iter().any(|child| is_alive(*child)) {
        assert!(killed.elapsed() < Duration::from_secs(1), "a child outlives its parent");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Pipes, sockets, devices and links to nowhere among the files: told by name, and the rest is read.
#[cfg(unix)]
#[test]
fn what_is_no_file_is_refused_and_the_rest_is_done() {
    let folder = tempfile::tempdir().expect("a folder");
    let inside = |name: &str| folder.path().join(name);
    let pipe = Command::new("mkfifo").arg(inside("管道.xlsx")).status().expect("mkfifo");
    assert!(pipe.success());
    let _listener = std::os::unix::net::UnixListener::bind(inside("插座.xlsx")).expect("a socket");
    std::os::unix::fs::symlink(inside("没有"), inside("断链.csv")).expect("a link");
    fs::create_dir(inside("目录.xlsx")).expect("a folder");
    fs::write(
        inside("特困.csv"),
        "乡镇,村,姓名,身份证号,自理能力,供养方式\n土坪镇,石志村,韩海荣,520324195003071234,全护理,分散\n",
    )
    .expect("a file");
    let pipeline = owned(&root("pipelines/monthly.toml"));
    let start = Instant::now();
    let output = bidui(&["check", &pipeline, "--input", &owned(folder.path())]);
    let told = said(&output);
    assert_eq!(output.status.code(), Some(3), "{told}");
    for name in ["管道.xlsx", "插座.xlsx", "断链.csv"] {
        assert!(told.contains(name), "{name}: {told}");
    }
    assert!(told.contains("名册 tekun"), "{told}");
    for path in [owned(&inside("管道.xlsx")), "/dev/zero".to_owned()] {
        let output = bidui(&["check", &pipeline, "--input", &path]);
        assert!(output.status.code() == Some(2) && said(&output).contains("不是普通文件"), "{}", said(&output));
    }
    assert!(start.elapsed() < Duration::from_secs(30));
}

fn has_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    (0..bytes.len()).any(|start| {
        (start == 0 || !digit(start - 1))
            && (start..start + 17).all(digit)
            && (digit(start + 17) || bytes.get(start + 17) == Some(&b'X'))
            && !digit(start + 18)
            && matches!(bytes.get(start + 6..start + 8), Some(b"19" | b"20"))
    })
}

#[test]
fn nobodys_number_or_name_reaches_messages_run_json_or_a_village() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("2018-06");
    copy(&root("fixtures/2018-06"), &input);
    // A file that is refused, with persons in the place of headers.
    let planted = "姓名甲,520324199003071238,13885211234\n张铁柱,520324198811021234,13985219876\n";
    fs::write(input.join("王二麻子520324197001011236.csv"), planted).expect("written");
    let out = folder.path().join("out");
    let output = run(&input, &out);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let mut open = vec![("messages".to_owned(), said(&output))];
    open.push(("run.json".to_owned(), fs::read_to_string(out.join("run.json")).expect("run.json")));
    for entry in fs::read_dir(out.join("reports")).expect("reports") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(!has_number(&name));
        if ["街道_疑点清单", "镇_疑点清单", "乡_疑点清单", "汇总"].iter().any(|end| name.contains(end)) {
            open.push((name, parts(&path)));
        }
    }
    assert!(open.len() > 5, "town workbooks were looked at");
    for (place, text) in &open {
        // The planted file's own name is what a user must be told to find it.
        let text = text.replace("王二麻子520324197001011236.csv", "");
        assert!(!has_number(&text), "a whole number in {place}");
        for secret in ["13885211234", "13985219876", "张铁柱"] {
            assert!(!text.contains(secret), "{secret} in {place}");
        }
    }
    let names = fs::read_to_string(root("fixtures/truth/2018-06/persons.csv")).expect("persons");
    let names: Vec<&str> =
        names.lines().skip(1).filter_map(|line| line.split(',').nth(2)).filter(|n| n.chars().count() > 2).collect();
    for (place, text) in open.iter().take(2) {
        let shown: Vec<_> = names.iter().filter(|name| text.contains(**name)).take(3).collect();
        assert!(shown.is_empty(), "{} names in {place}", shown.len());
    }
}

#[test]
fn what_is_typed_in_a_hurry_gets_a_plain_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("六月 数据（终稿）/2018-06");
    copy(&root("fixtures/2018-06"), &input);
    fs::write(input.join("民政/~$2018-06农村低保人员信息.xlsx"), "锁").expect("written");
    fs::write(input.join(".DS_Store"), "x").expect("written");
    let (pipeline, input_text) = (owned(&root("pipelines/monthly.toml")), owned(&input));
    let out = owned(&folder.path().join("out"));
    let inside = owned(&input.join("结果"));
    let file = owned(&input.join("残联/持证残疾人信息.csv"));
    for (arguments, code, word) in [
        (vec!["run", &pipeline, "--input", &input_text, "--out", &out], 0, "结果在"),
        (vec!["run", &pipeline, "--input", &input_text, "--input", &input_text, "--out", &out], 0, "读入 3224 行"),
        // The run folder inside the input folder is never read as input, the second time neither.
        (vec!["run", &pipeline, "--input", &input_text, "--out", &inside], 0, "读入 3224 行"),
        (vec!["run", &pipeline, "--input", &input_text, "--out", &inside], 0, "读入 3224 行"),
        (vec!["run", &pipeline, "--input", &input_text, "--out", &out, "--period", "2018-13"], 2, "2018-13"),
        (vec!["run", &pipeline, "--input", &input_text], 2, "--out"),
        (vec!["run", &pipeline, "--input", &file, "--out", &out, "--period", "2018-06", "--fresh"], 0, "结果在"),
        (vec!["rnu", &pipeline], 2, "run"),
    ] {
        let output = bidui(&arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(word), "{arguments:?}: {}", said(&output));
        if code == 2 {
            let chinese = said(&output).chars().any(|c| matches!(c, '\u{4e00}'..='\u{9fff}'));
            assert!(chinese, "a Chinese line: {}", said(&output));
        }
    }
}
