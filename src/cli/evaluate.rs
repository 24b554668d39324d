//! `bidui evaluate`.

use super::args::EvaluateArgs;
use super::{Failure, ui};

pub(super) fn evaluate(arguments: &EvaluateArgs) -> Result<u8, Failure> {
    let evaluation = crate::run::evaluate(&arguments.run, &arguments.truth).map_err(Failure::usage)?;
    if arguments.json {
        ui::result(&serde_json::to_string_pretty(&evaluation).map_err(Failure::internal)?);
    } else {
        ui::result(&evaluation.to_string());
    }
    Ok(0)
}
