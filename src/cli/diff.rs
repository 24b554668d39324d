//! `bidui diff`.

use super::args::DiffArgs;
use super::{Failure, ui, write_private};

pub(super) fn diff(arguments: &DiffArgs) -> Result<u8, Failure> {
    let differences = crate::run::diff(&arguments.old, &arguments.new).map_err(Failure::usage)?;
    if let Some(file) = &arguments.xlsx {
        write_private(file, &crate::run::diff_workbook(&differences).map_err(Failure::usage)?)?;
        ui::note(&format!("已写入 {}", file.display()));
    }
    if arguments.json {
        ui::json(&serde_json::to_string_pretty(&differences.json()).map_err(Failure::internal)?);
    } else {
        ui::result(&differences.to_string());
    }
    Ok(0)
}
