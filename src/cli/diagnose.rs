//! `bidui diagnose`.

use super::args::DiagnoseArgs;
use super::{Failure, ui};

pub(super) fn diagnose(arguments: &DiagnoseArgs) -> Result<u8, Failure> {
    let diagnosis = crate::run::diagnose(&arguments.run).map_err(Failure::usage)?;
    if arguments.json {
        ui::result(&serde_json::to_string_pretty(&diagnosis).map_err(Failure::internal)?);
    } else {
        ui::result(&diagnosis.to_string());
    }
    Ok(0)
}
