//! `bidui diff`.

use super::args::DiffArgs;
use super::{Failure, ui, write_file};
use crate::store::output_file::NewFile;

pub(super) fn diff(arguments: &DiffArgs) -> Result<u8, Failure> {
    let book = arguments
        .xlsx
        .as_deref()
        .map(|path| NewFile::create(path, arguments.force)?.sparing(&[&arguments.old, &arguments.new]))
        .transpose()
        .map_err(Failure::usage)?;
    let differences = crate::ask::diff::diff(&arguments.old, &arguments.new).map_err(Failure::usage)?;
    if let (Some(path), Some(book)) = (&arguments.xlsx, book) {
        ui::note(&write_file(book, path, &crate::ask::diff::diff_workbook(&differences).map_err(Failure::usage)?)?);
    }
    if arguments.json {
        ui::json(&serde_json::to_string_pretty(&differences.json()).map_err(Failure::internal)?);
    } else {
        ui::result(&differences.to_string());
    }
    Ok(0)
}
