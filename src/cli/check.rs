//! `bidui check`: definitions and, where given, files; writes nothing.

use super::args::CheckArgs;
use super::{Failure, executable, exit, ui};
use crate::ask::check::{CheckError, CheckReport};

pub(super) fn check(arguments: &CheckArgs) -> Result<u8, Failure> {
    let report =
        crate::ask::check::check(&arguments.pipeline, &arguments.input, arguments.cases, &executable()?).map_err(|error| {
            match error {
                CheckError::Definitions(error) => Failure::usage(error),
                CheckError::Cases(problems) => Failure::usage(problems),
                CheckError::Inputs(error) => Failure::usage(error),
            }
        })?;
    ui::result(&report.definitions);
    for line in &report.left_out {
        ui::result(line);
    }
    for file in &report.files {
        ui::result(&format!("\n{}", file.text));
        if arguments.mapping {
            for mapping in &file.mappings {
                ui::result(mapping);
            }
        }
    }
    Ok(if refused(&report) { exit::REFUSED } else { 0 })
}

fn refused(report: &CheckReport) -> bool {
    report.files.iter().any(|file| file.refused)
}
