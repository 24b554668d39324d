//! `bidui diagnose`.

use super::args::DiagnoseArgs;
use super::{Failure, executable, ui};
use crate::ask::diagnose::Examination;

pub(super) fn diagnose(arguments: DiagnoseArgs) -> Result<u8, Failure> {
    let json = arguments.json;
    let DiagnoseArgs { run, truth, sample: samples, pipeline, .. } = arguments;
    let examination = Examination { run, truth, samples, pipeline, executable: executable()? };
    let diagnosis = crate::ask::diagnose::diagnose(&examination).map_err(Failure::usage)?;
    if json {
        ui::json(&serde_json::to_string_pretty(&diagnosis).map_err(Failure::internal)?);
    } else {
        ui::result(&diagnosis.to_string());
    }
    Ok(0)
}
