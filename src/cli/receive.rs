//! `bidui receive`.

use super::args::ReceiveArgs;
use super::{Failure, executable, exit, ui};
use crate::run::receive::{ReceiveError, ReceiveRequest, receive};

pub(super) fn receive_lists(arguments: ReceiveArgs) -> Result<u8, Failure> {
    let request = ReceiveRequest {
        ledger: arguments.ledger,
        files: arguments.files,
        pipeline: arguments.pipeline,
        out: arguments.out,
        executable: executable()?,
    };
    let received = receive(&request, &|line| ui::note(line)).map_err(|error| {
        let code = match &error {
            ReceiveError::File(error) => return Failure::ledger(error),
            ReceiveError::Report(_) => exit::INTERNAL,
            _ => exit::USAGE,
        };
        Failure { code, message: error.to_string() }
    })?;
    if arguments.json {
        ui::json(&received.json());
    } else {
        ui::result(&received.plain());
    }
    Ok(if received.is_refused() { exit::REFUSED } else { 0 })
}
