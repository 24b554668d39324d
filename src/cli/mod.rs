//! The command line: what was typed → stages called → exit code. The only room with a terminal.

mod args;
mod ui;

use std::process::ExitCode;
/// x
#[must_use]
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
