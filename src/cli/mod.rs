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

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use crate::run::child;
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
            // clap writes help to stdout and mistakes to stderr, with our exit code for mistakes.
            let code = if error.use_stderr() { exit::USAGE } else { 0 };
            let printed = error.print();
            if code == exit::USAGE {
                ui::note("命令写得不对：上面英文指出了哪一处；bidui --help 列出全部命令，bidui run --help 列出一个命令的写法");
            }
            return if printed.is_ok() { ExitCode::from(code) } else { ExitCode::from(exit::INTERNAL) };
        }
    };
    let done = match cli.command {
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

/// Writes a file that only its owner can read: names stand in it.
fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    use std::io::Write as _;
    let written = private_file(path).and_then(|mut file| file.write_all(bytes));
    written.map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("写不进 {}：{error}。请检查路径和权限，文件是否正在打开", path.display()))
}

/// A new or emptied file that only its owner can read.
fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}
