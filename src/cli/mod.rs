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
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use crate::run::{LedgerFileError, NewFile, OutputError, child};
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

/// Writes a file that the user named, and tells where it stands.
fn write_file(mut file: NewFile, path: &Path, bytes: &[u8]) -> Result<String, Failure> {
    let written = file.write_all(bytes).map_err(|source| OutputError::Io { path: path.to_owned(), source });
    written.and_then(|()| file.finish()).map(|place| format!("已写入 {place}")).map_err(Failure::usage)
}
