//! `bidui facts`.

use super::args::FactsArgs;
use super::{Failure, ui};

pub(super) fn facts(arguments: &FactsArgs) -> Result<u8, Failure> {
    if arguments.stages {
        ui::result(crate::ask::facts::stage_tables().trim_end());
        return Ok(0);
    }
    let reference = crate::ask::facts::facts(&arguments.pipeline).map_err(Failure::usage)?;
    if arguments.json {
        ui::json(&serde_json::to_string_pretty(&reference).map_err(Failure::internal)?);
    } else {
        ui::result(reference.to_string().trim_end());
    }
    Ok(0)
}
