//! The parent against children that misbehave in every way, played by shell scripts.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::*;

struct Stand {
    folder: tempfile::TempDir,
}

impl Stand {
    fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("child.sh");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("writes");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).expect("sets mode");
        Self { folder }
    }

    fn script(&self) -> PathBuf {
        self.folder.path().join("child.sh")
    }

    fn run(&self, sink: &mut dyn FnMut(Frame) -> ControlFlow<()>) -> Result<(), Refusal> {
        let limits = Limits { child_seconds: 2, ..Limits::default() };
        parse_in_child(&self.script(), Path::new("x.xlsx"), "低保/x.xlsx", &limits, sink)
    }

    fn code(&self) -> (String, String) {
        let refusal = self.run(&mut |_| ControlFlow::Continue(())).expect_err("refused");
        assert_eq!(refusal.name.file, "低保/x.xlsx");
        (refusal.code.to_string(), refusal.what)
    }
}

#[test]
fn every_way_of_dying_is_named() {
    let (code, what) = Stand::new("kill -SEGV $$").code();
    assert_eq!((code.as_str(), what.contains("信号 11")), ("parser-crashed", true));
    let (code, what) = Stand::new("exit 7").code();
    assert_eq!((code.as_str(), what.contains("退出码 7")), ("parser-crashed", true));
    let (code, _) = Stand::new("echo 'memory allocation of 549755813888 bytes failed' >&2; kill -ABRT $$").code();
    assert_eq!(code, "parser-memory");
    let (code, _) = Stand::new("echo this is no stream of frames").code();
    assert_eq!(code, "parser-crashed");
    let missing =
        parse_in_child(Path::new("/nonexistent"), Path::new("x"), "x", &Limits::default(), &mut |_| ControlFlow::Continue(()));
    assert_eq!(missing.expect_err("refused").code, "parser-missing");
}

#[test]
fn a_child_that_hangs_is_killed_in_time() {
    let start = Instant::now();
    let (code, _) = Stand::new("exec sleep 60").code();
    assert_eq!(code, "parser-timeout");
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn frames_arrive_and_a_child_is_gone_when_the_sink_stops() {
    let csv = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(csv.path(), "姓名,金额\n张三,323\n").expect("writes");
    let mut sent = Vec::new();
    send(csv.path(), &Limits::default(), &mut sent).expect("sends");
    let stand = Stand::new("echo $$ > \"$(dirname \"$0\")/pid\"; cat \"$(dirname \"$0\")/frames\"; exec sleep 60");
    std::fs::write(stand.folder.path().join("frames"), &sent).expect("writes");

    let mut frames = Vec::new();
    stand
        .run(&mut |frame| {
            frames.push(frame);
            ControlFlow::Continue(())
        })
        .expect("complete, though the child lingers");
    assert!(matches!(frames.first(), Some(Frame::File { format, .. }) if format == "csv"));
    assert_eq!(frames.last(), Some(&Frame::FileEnd));

    let mut count = 0;
    stand
        .run(&mut |_| {
            count += 1;
            ControlFlow::Break(())
        })
        .expect("stopped");
    assert_eq!(count, 1);
    let pid = std::fs::read_to_string(stand.folder.path().join("pid")).expect("a pid");
    assert!(!Path::new(&format!("/proc/{}", pid.trim())).exists(), "neither running nor a zombie");
}

#[test]
fn the_clock_stands_still_while_the_sink_works() {
    let mut sent = Vec::new();
    wire::write_frame(&mut sent, &Frame::FileEnd).expect("writes");
    wire::write_end(&mut sent).expect("writes");
    let stand = Stand::new("cat \"$(dirname \"$0\")/frames\"");
    std::fs::write(stand.folder.path().join("frames"), &sent).expect("writes");
    stand
        .run(&mut |_| {
            std::thread::sleep(Duration::from_millis(2500));
            ControlFlow::Continue(())
        })
        .expect("not a timeout");
}
