//! `bidui run`.

use std::sync::atomic::{AtomicBool, Ordering};

use super::args::{RunArgs, StageName};
use super::{Failure, executable, exit, ui};
use crate::run::{Request, RunError, Stage, Summary};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

pub(super) fn run(arguments: RunArgs) -> Result<u8, Failure> {
    // A second Ctrl-C ends the process at once; without a handler the first does, and nothing half-made is published either way.
    let _ = ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            #[expect(clippy::exit, reason = "the user asked twice, and this is not a thread that could return")]
            std::process::exit(i32::from(exit::INTERRUPTED));
        }
    });
    let request = Request {
        pipeline: arguments.pipeline,
        inputs: arguments.input,
        out: arguments.out,
        period: arguments.period,
        as_of: arguments.as_of,
        towns: arguments.town,
        villages: arguments.village,
        until: match arguments.until {
            Some(StageName::Normalise) => Stage::Normalise,
            Some(StageName::Link) => Stage::Link,
            Some(StageName::Assess) => Stage::Assess,
            Some(StageName::Report) | None => Stage::Report,
        },
        fresh: arguments.fresh,
        mask: arguments.mask,
        ledger: arguments.ledger,
        decisions: arguments.decisions,
        previous: arguments.previous,
        executable: executable()?,
    };
    let summary = crate::run::run(&request, &INTERRUPTED, &|line| ui::note(line)).map_err(|error| {
        let code = match &error {
            RunError::Usage(_) | RunError::Definitions(_) | RunError::Inputs(_) | RunError::Finished(_) => exit::USAGE,
            RunError::Workspace(error) if error.is_locked() => exit::LOCKED,
            RunError::Workspace(error) if error.is_usage() => exit::USAGE,
            RunError::Ledger(error) if error.is_locked() => exit::LOCKED,
            RunError::Ledger(error) if error.is_usage() => exit::USAGE,
            RunError::Interrupted => exit::INTERRUPTED,
            _ => exit::INTERNAL,
        };
        Failure { code, message: error.to_string() }
    })?;
    if arguments.json {
        ui::result(&summary.manifest);
    } else {
        ui::result(&plain(&summary));
    }
    Ok(match &summary {
        summary if !summary.refusals.is_empty() => exit::REFUSED,
        summary if summary.findings > 0 && arguments.fail_on_findings => exit::FINDINGS,
        _ => 0,
    })
}

fn plain(summary: &Summary) -> String {
    let mut text = summary.headline.clone();
    for refusal in &summary.refusals {
        text.push_str("\n未接收 ");
        text.push_str(refusal);
    }
    text
}
