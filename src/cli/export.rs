//! `bidui export`.

use std::io::{BufWriter, IsTerminal as _, Write as _};

use super::args::{ExportArgs, FormatName};
use super::{Failure, private_file, ui, unwritable};
use crate::run::{ExportError, TableFormat};

pub(super) fn export(arguments: &ExportArgs) -> Result<u8, Failure> {
    let format = match arguments.format {
        FormatName::Csv => TableFormat::Csv,
        FormatName::Json => TableFormat::Json,
        FormatName::Xlsx => TableFormat::Xlsx,
        FormatName::Parquet => TableFormat::Parquet,
    };
    let Some(path) = &arguments.out else {
        let stdout = std::io::stdout();
        if stdout.is_terminal() && matches!(format, TableFormat::Xlsx | TableFormat::Parquet) {
            return Err(Failure::usage("这种格式不能打印在屏幕上，请用 --out 指定文件"));
        }
        let mut out = BufWriter::new(stdout);
        return match crate::run::export(&arguments.run, &arguments.table, format, &mut out).and_then(|()| Ok(out.flush()?)) {
            // A reader that has seen enough (`| head`) is not an error of ours.
            Err(ExportError::Io(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(0),
            done => done.map(|()| 0).map_err(Failure::usage),
        };
    };
    let file = private_file(path).map_err(|error| unwritable(path, &error))?;
    let mut out = BufWriter::new(file);
    crate::run::export(&arguments.run, &arguments.table, format, &mut out).map_err(Failure::usage)?;
    out.flush().map_err(|error| unwritable(path, &error))?;
    ui::result(&format!("已写入 {}", path.display()));
    Ok(0)
}
