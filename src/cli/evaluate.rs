//! `bidui evaluate`.

use super::args::EvaluateArgs;
use super::{Failure, ui};

pub(super) fn evaluate(arguments: &EvaluateArgs) -> Result<u8, Failure> {
    match &arguments.truth {
        Some(truth) => show(&crate::ask::evaluate::evaluate(&arguments.run, truth).map_err(Failure::usage)?, arguments.json),
        None => show(&crate::ask::evaluate::evaluate_tables(&arguments.run).map_err(Failure::usage)?, arguments.json),
    }
}

fn show(evaluation: &(impl std::fmt::Display + serde::Serialize), json: bool) -> Result<u8, Failure> {
    if json {
        ui::json(&serde_json::to_string_pretty(evaluation).map_err(Failure::internal)?);
    } else {
        ui::result(&evaluation.to_string());
    }
    Ok(0)
}
