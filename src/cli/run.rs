//! `bidui run`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::args::{RunArgs, StageName};
use super::{Failure, executable, exit, ui};
use crate::intake::previous::PreviousError;
use crate::run::{Request, RunError, Stage, Summary};

/// How long a stage may go on after it was asked to stop.
const GRACE: Duration = Duration::from_secs(2);

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

pub(super) fn run(arguments: RunArgs) -> Result<u8, Failure> {
    let _ = ctrlc::set_handler(asked_to_stop);
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
        mask_names: arguments.mask_names,
        ledger: arguments.ledger,
        decisions: arguments.decisions,
        previous: arguments.previous,
        accepted: arguments.accept_partial,
        executable: executable()?,
    };
    let summary = crate::run::run(&request, &INTERRUPTED, &|line| ui::note(line)).map_err(|error| {
        let code = match &error {
            RunError::Workspace(error) if error.is_locked() => exit::LOCKED,
            RunError::Finished(error) | RunError::Previous(PreviousError::Finished(error)) if error.is_locked() => exit::LOCKED,
            // What the disk does not do is the user's to mend as well, and the message says how.
            RunError::Usage(_)
            | RunError::Definitions(_)
            | RunError::Inputs(_)
            | RunError::Answers(_)
            | RunError::Previous(_)
            | RunError::Finished(_)
            | RunError::Workspace(_)
            | RunError::Stage(_) => exit::USAGE,
            RunError::Ledger(error) => return Failure::ledger(error),
            RunError::Interrupted => exit::INTERRUPTED,
            RunError::Internal(_) => exit::INTERNAL,
        };
        Failure { code, message: error.to_string() }
    })?;
    if arguments.json {
        ui::json(&summary.manifest);
    } else {
        ui::result(&plain(&summary));
    }
    Ok(match &summary {
        summary if !summary.refusals.is_empty() => exit::REFUSED,
        summary if summary.findings > 0 && arguments.fail_on_findings => exit::FINDINGS,
        _ => 0,
    })
}

/// Stages look whether they are asked to stop; one that takes longer than [`GRACE`] is ended in its midst, as a second Ctrl-C ends it:
/// nothing half-made is published either way, and the same command goes on.
fn asked_to_stop() {
    let again = INTERRUPTED.swap(true, Ordering::SeqCst);
    let end = || {
        ui::note(&RunError::Interrupted.to_string());
        #[expect(clippy::exit, reason = "the user asked, and this is not a thread that could return")]
        std::process::exit(i32::from(exit::INTERRUPTED));
    };
    if again {
        end();
    }
    std::thread::spawn(move || {
        std::thread::sleep(GRACE);
        end();
    });
}

fn plain(summary: &Summary) -> String {
    let mut text = summary.headline.clone();
    for refusal in &summary.refusals {
        text.push_str("\n未接收 ");
        text.push_str(refusal);
    }
    text
}
