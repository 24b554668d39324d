//! Files that nobody vouches for are parsed in a child process of the same binary: `bidui __parse FILE --limits JSON`.
//!
//! The child caps its own memory before it opens the file and sends frames down its standard output ([`serve`]). The
//! parent reads them, kills the child when it has waited too long, and turns every way of dying into a refusal
//! ([`parse_in_child`]). No child outlives the call, nor its parent: the parent holds the other end of the child's standard input, and a
//! child that reads its end there goes.

use std::io::{self, BufReader, BufWriter, Read, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::ingest::grid::Frame;
use crate::ingest::limits::Limits;
use crate::ingest::parse::parse;
use crate::ingest::wire;
use crate::model::raw::{Refusal, SheetName};
use crate::model::system_error::plain;
use crate::store::disk;

/// The hidden sub-command.
pub const SUBCOMMAND: &str = "__parse";
const PIPE_BUFFER: usize = 1 << 18;
/// The code of a refusal that is no fault of the file's.
pub(crate) const NOT_STARTED: &str = "parser-missing";
/// The exit code of a child that may start no thread.
const CROWDED: u8 = 75;
/// What Rust's allocator says before it aborts.
const OUT_OF_MEMORY: &[u8] = b"memory allocation of";
/// Address space that the fixtures' month takes: 400 MB; it ends in its midst with 200.
const LEAST_MEMORY: u64 = 400 << 20;
const LAST_WORDS: u64 = 64 << 10;
const PATIENCE: Duration = Duration::from_millis(5);
/// How long a child may take to go once it has closed its output.
const FAREWELL: Duration = Duration::from_secs(5);

/// The child's side: caps memory, parses `file`, writes frames to `output` and the mark of their end; goes at once when `lifeline` ends.
pub fn serve(file: &Path, limits: &Limits, output: impl Write, lifeline: impl Read + Send + 'static) -> ExitCode {
    // A panic's message may quote a cell; the parent says what happened instead.
    std::panic::set_hook(Box::new(|_| {}));
    let capped = cap_memory(limits.child_memory_bytes);
    if std::thread::Builder::new().spawn(|| go_with(lifeline)).is_err() {
        return ExitCode::from(CROWDED);
    }
    match capped.and_then(|()| send(file, limits, output)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Waits for the end of what never says anything.
#[expect(clippy::exit, reason = "there is nobody left to tell")]
fn go_with(mut lifeline: impl Read) {
    let _ = io::copy(&mut lifeline, &mut io::sink());
    std::process::exit(1);
}

fn send(file: &Path, limits: &Limits, output: impl Write) -> io::Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let source = BufReader::new(disk::open(file)?);
    let mut output = BufWriter::with_capacity(PIPE_BUFFER, output);
    parse(&name, source, limits, &mut |frame| wire::write_frame(&mut output, &frame))?;
    wire::write_end(&mut output)?;
    output.flush()
}

#[cfg(unix)]
fn cap_memory(bytes: u64) -> io::Result<()> {
    let bytes = allowed(bytes);
    rlimit::Resource::AS.set(bytes, bytes)
}

/// Of the memory that a child may have, what the system lets it have.
#[cfg(unix)]
fn allowed(bytes: u64) -> u64 {
    rlimit::Resource::AS.get().map_or(bytes, |(soft, hard)| bytes.min(soft).min(hard))
}

/// Best effort elsewhere: the time limit still holds.
#[cfg(not(unix))]
fn cap_memory(_: u64) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn allowed(bytes: u64) -> u64 {
    bytes
}

/// The parent's side: has `executable` parse `file` and hands its frames to `sink` until that breaks off.
///
/// `name` is the file as messages call it. Frames already given are void when this fails.
///
/// # Errors
/// `parser-timeout`, `parser-memory`, `parser-crashed` (killed, aborted, or no frames but garbage), `parser-missing`.
pub fn parse_in_child(
    executable: &Path,
    file: &Path,
    name: &str,
    limits: &Limits,
    sink: &mut dyn FnMut(Frame) -> ControlFlow<()>,
) -> Result<(), Refusal> {
    let refusal = |code: &'static str, what: String, hint: &str| Refusal {
        name: SheetName { file: name.to_owned(), sheet: String::new() },
        code: code.into(),
        what,
        hint: hint.to_owned(),
    };
    let missing = |error: io::Error| match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::OutOfMemory => crowded(&refusal),
        _ => refusal(NOT_STARTED, format!("无法启动解析进程：{}", plain(&error)), "请核对程序是否完整，再试一次"),
    };
    let arguments = serde_json::to_string(limits).unwrap_or_default();
    let mut child = Command::new(executable)
        .arg(SUBCOMMAND)
        .arg(file)
        .arg("--limits")
        .arg(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(missing)?;
    let _lifeline = child.stdin.take();
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let child = Reaped(Mutex::new(child));
    let (Some(stdout), Some(mut stderr)) = (stdout, stderr) else {
        return Err(missing(io::ErrorKind::BrokenPipe.into()));
    };
    let clock = Mutex::new(Clock { waited: Duration::ZERO, since: Some(Instant::now()) });
    let limit = Duration::from_secs(limits.child_seconds);
    let (done, watch) = channel::<()>();

    let (ending, timed_out, last_words) = std::thread::scope(|scope| {
        let watchdog = scope.spawn(|| {
            let watch = watch;
            loop {
                let left = limit.saturating_sub(lock(&clock).waited());
                if left.is_zero() {
                    child.kill();
                    return true;
                }
                if watch.recv_timeout(left) != Err(RecvTimeoutError::Timeout) {
                    return false;
                }
            }
        });
        let listener = scope.spawn(move || {
            let mut words = Vec::new();
            // Read to the end, keep the beginning: a child that chatters must not block on a full pipe.
            let _ = (&mut stderr).take(LAST_WORDS).read_to_end(&mut words);
            let _ = io::copy(&mut stderr, &mut io::sink());
            words
        });
        let ending = receive(stdout, &clock, sink);
        let status = match ending {
            Ending::Complete | Ending::Stopped | Ending::Garbage => None,
            Ending::BrokenOff => child.wait(),
        };
        drop(done);
        child.kill();
        ((ending, status), watchdog.join().unwrap_or(false), listener.join().unwrap_or_default())
    });

    let again = "请用 WPS 或 Excel 打开检查，另存为 xlsx 后重新提供";
    match ending {
        (Ending::Complete | Ending::Stopped, _) => Ok(()),
        (_, Some(status)) if status.code() == Some(i32::from(CROWDED)) => Err(crowded(&refusal)),
        _ if timed_out => Err(refusal("parser-timeout", format!("解析超过 {} 秒，已中止", limits.child_seconds), again)),
        // Whatever it died of, with the memory that the program asks for it might not have.
        (Ending::BrokenOff, _) if allowed(limits.child_memory_bytes) < limits.child_memory_bytes => {
            let (what, hint) = short_of_memory(allowed(limits.child_memory_bytes));
            Err(refusal(NOT_STARTED, what, hint))
        }
        _ if memchr::memmem::find(&last_words, OUT_OF_MEMORY).is_some() => {
            Err(refusal("parser-memory", format!("解析所需内存超过 {} MB，已中止", limits.child_memory_bytes >> 20), again))
        }
        (Ending::Garbage, _) => Err(refusal("parser-crashed", "解析进程的输出无法识别".to_owned(), again)),
        (Ending::BrokenOff, status) => {
            Err(refusal("parser-crashed", format!("解析进程异常退出{}", status.map(cause).unwrap_or_default()), again))
        }
    }
}

/// What is wrong, and what to do, where the system gives no more than `bytes`.
fn short_of_memory(bytes: u64) -> (String, &'static str) {
    (format!("系统只给这个程序 {} MB 内存，不够用", bytes >> 20), "请管理员放宽上限（ulimit -v），再运行同样的命令")
}

/// Why no run should begin: the system gives less memory than the smallest month takes. Who asks for more than there is is ended in its midst.
pub(crate) fn too_little_memory() -> Option<String> {
    let bytes = allowed(LEAST_MEMORY);
    let (what, hint) = short_of_memory(bytes);
    (bytes < LEAST_MEMORY).then(|| format!("{what}。{hint}"))
}

/// The system lets no further process or thread begin.
fn crowded(refusal: &dyn Fn(&'static str, String, &str) -> Refusal) -> Refusal {
    refusal(
        NOT_STARTED,
        "系统不让再启动进程或线程（进程数到了上限，或内存不够）".to_owned(),
        "请关掉别的程序，或请管理员放宽上限（ulimit -u），再运行同样的命令",
    )
}

/// How the stream of frames ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Complete,
    /// The sink wants no more.
    Stopped,
    BrokenOff,
    Garbage,
}

fn receive(stdout: impl Read, clock: &Mutex<Clock>, sink: &mut dyn FnMut(Frame) -> ControlFlow<()>) -> Ending {
    let mut source = BufReader::with_capacity(PIPE_BUFFER, stdout);
    loop {
        match wire::read_frame(&mut source) {
            Ok(None) => return Ending::Complete,
            Ok(Some(frame)) => {
                lock(clock).pause();
                let flow = sink(frame);
                lock(clock).resume();
                if flow.is_break() {
                    return Ending::Stopped;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Ending::Garbage,
            Err(_) => return Ending::BrokenOff,
        }
    }
}

/// Time spent waiting for the child; it stands still while the parent works.
struct Clock {
    waited: Duration,
    since: Option<Instant>,
}

impl Clock {
    fn waited(&self) -> Duration {
        self.waited + self.since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    fn pause(&mut self) {
        self.waited = self.waited();
        self.since = None;
    }

    fn resume(&mut self) {
        self.since = Some(Instant::now());
    }
}

/// A child that is dead and waited for when this is dropped.
struct Reaped(Mutex<Child>);

impl Reaped {
    fn kill(&self) {
        // It fails only for a child that is gone already.
        let _ = lock(&self.0).kill();
    }

    /// Waits in small steps, so that the watchdog can still kill.
    fn wait(&self) -> Option<ExitStatus> {
        let start = Instant::now();
        loop {
            match lock(&self.0).try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if start.elapsed() < FAREWELL => std::thread::sleep(PATIENCE),
                Ok(None) | Err(_) => return None,
            }
        }
    }
}

impl Drop for Reaped {
    fn drop(&mut self) {
        self.kill();
        let _ = lock(&self.0).wait();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(unix)]
fn cause(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("（信号 {signal}）"),
        (None, code) => format!("（退出码 {}）", code.unwrap_or_default()),
    }
}

#[cfg(not(unix))]
fn cause(status: ExitStatus) -> String {
    format!("（退出码 {}）", status.code().unwrap_or_default())
}

#[cfg(all(test, unix))]
#[path = "child_tests.rs"]
mod tests;
