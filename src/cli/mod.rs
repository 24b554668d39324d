//! The command line: what was typed → stages called → exit code. The only room with a terminal.

mod args;
mod check;
mod diagnose;
mod diff;
mod evaluate;
mod explain;
mod export;
mod facts;
mod key;
mod practice;
mod purge;
mod receive;
mod run;
mod ui;
mod usage;

use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
#[cfg(unix)]
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser;

use crate::intake::child;
use crate::store::ledger_file::LedgerFileError;
use crate::store::output_file::{NewFile, OutputError};
use args::{Cli, Command};

/// Exit codes, as other programs rely on them.
mod exit {
    pub(super) const FINDINGS: u8 = 1;
    pub(super) const USAGE: u8 = 2;
    pub(super) const REFUSED: u8 = 3;
    pub(super) const INTERNAL: u8 = 4;
    pub(super) const LOCKED: u8 = 6;
    pub(super) const INTERRUPTED: u8 = 130;
}

/// A command that could not do what was asked.
#[derive(Debug)]
struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    fn usage(error: impl std::fmt::Display) -> Self {
        Self { code: exit::USAGE, message: error.to_string() }
    }

    /// The ledger's errors have one exit code each, whatever command met them.
    fn ledger(error: &LedgerFileError) -> Self {
        let code = match error {
            error if error.is_locked() => exit::LOCKED,
            error if error.is_ours() => exit::INTERNAL,
            _ => exit::USAGE,
        };
        Self { code, message: error.to_string() }
    }

    fn internal(error: impl std::fmt::Display) -> Self {
        Self { code: exit::INTERNAL, message: error.to_string() }
    }
}

/// Parses the command line and does it.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let Some(mistake) = usage::plain(&error) else {
                let code = if error.use_stderr() { exit::USAGE } else { 0 };
                return ExitCode::from(error.print().map_or(exit::INTERNAL, |()| code));
            };
            ui::note(&mistake);
            return ExitCode::from(exit::USAGE);
        }
    };
    told_of_panics();
    ignore_size_limit();
    let code = std::panic::catch_unwind(AssertUnwindSafe(|| dispatch(cli.command)));
    code.unwrap_or_else(|_| ExitCode::from(if BY_SYSTEM.load(Ordering::Relaxed) { exit::USAGE } else { exit::INTERNAL }))
}

/// Whether the system is at fault, and not the program.
static BY_SYSTEM: AtomicBool = AtomicBool::new(false);

/// What the standard library panics over though it is the system that fails: words of its message, and what to tell.
const SYSTEM: [(&str, &str); 4] = [
    ("spawn thread", CROWDED),
    ("ThreadPoolBuildError", CROWDED),
    (
        "during closedir",
        "系统关不上一个文件夹，磁盘或共享盘可能坏了。请检查磁盘和网络盘连接，再运行同样的命令；以前的结果没有改动",
    ),
    ("random data", "系统给不出随机数（getrandom）。请重新启动电脑再运行同样的命令，还是这样请找系统管理员；以前的结果没有改动"),
];
const CROWDED: &str = "系统不让再启动线程（进程、线程数到了上限，或内存不够）。请关掉别的程序，或请管理员放宽上限（ulimit -u），再运行同样的命令；\
                       以前的结果没有改动";

/// A panic is told by where it was, without a word of what it was about: somebody's name may stand in it.
fn told_of_panics() {
    static TOLD: AtomicBool = AtomicBool::new(false);
    std::panic::set_hook(Box::new(|panic| {
        let said = panic.payload_as_str().unwrap_or_default();
        let system = SYSTEM.iter().find(|(words, _)| said.contains(words)).map(|(_, told)| *told);
        BY_SYSTEM.fetch_or(system.is_some(), Ordering::Relaxed);
        if TOLD.swap(true, Ordering::Relaxed) {
            return;
        }
        let place = panic.location().map(|place| format!("{}:{}", place.file(), place.line())).unwrap_or_default();
        let ours = || format!("程序内部错误（{place}）。请把这句话告诉维护人员；以前的结果没有改动");
        ui::note(&system.map_or_else(ours, str::to_owned));
    }));
}

/// Where files may not grow on, writing fails and is told, instead of the system ending the program without a word.
fn ignore_size_limit() {
    #[cfg(unix)]
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
}

/// Whatever else is asked for ends where it is: what is begun under another name never takes its own, and the same command goes on.
fn end_when_asked() {
    let _ = ctrlc::set_handler(|| {
        ui::note("已中断。用同样的命令再做一次就会接着做完；以前的结果、台账和别人的文件都在");
        #[expect(clippy::exit, reason = "the user asked, and this is not a thread that could return")]
        std::process::exit(i32::from(exit::INTERRUPTED));
    });
}

fn dispatch(command: Command) -> ExitCode {
    if !matches!(command, Command::Parse(_) | Command::Run(_)) {
        end_when_asked();
    }
    let done = match command {
        // Before anything else: the child caps its memory before it starts threads.
        Command::Parse(arguments) => {
            return match serde_json::from_str(&arguments.limits) {
                Ok(limits) => child::serve(&arguments.file, &limits, std::io::stdout().lock(), std::io::stdin()),
                Err(_) => ExitCode::from(exit::USAGE),
            };
        }
        Command::Run(arguments) => run::run(arguments),
        Command::Check(arguments) => check::check(&arguments),
        Command::Receive(arguments) => receive::receive_lists(arguments),
        Command::Key(arguments) => key::key(&arguments),
        Command::Practice(arguments) => practice::practice(&arguments),
        Command::Evaluate(arguments) => evaluate::evaluate(&arguments),
        Command::Explain(arguments) => explain::explain(&arguments),
        Command::Diagnose(arguments) => diagnose::diagnose(arguments),
        Command::Export(arguments) => export::export(&arguments),
        Command::Diff(arguments) => diff::diff(&arguments),
        Command::Purge(arguments) => purge::purge(&arguments),
        Command::Facts(arguments) => facts::facts(&arguments),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            ui::note(&failure.message);
            ExitCode::from(failure.code)
        }
    }
}

/// This program, for the children that parse.
fn executable() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(Failure::internal)
}

/// Writes a file that the user named, and tells where it stands.
fn write_file(mut file: NewFile, path: &Path, bytes: &[u8]) -> Result<String, Failure> {
    let written = file.write_all(bytes).map_err(|source| OutputError::Io { path: path.to_owned(), source });
    written.and_then(|()| file.finish()).map(|place| format!("已写入 {place}")).map_err(Failure::usage)
}
