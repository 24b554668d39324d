//! `bidui export`.

use std::io::{BufWriter, IsTerminal as _, Write as _};

use super::args::ExportArgs;
use super::{Failure, ui};
use crate::ask::export::{Export, ExportError, TableFormat};
use crate::store::output_file::NewFile;

pub(super) fn export(arguments: &ExportArgs) -> Result<u8, Failure> {
    let by_name = || arguments.out.as_deref().and_then(TableFormat::of);
    let format = arguments.format.or_else(by_name).unwrap_or(TableFormat::Csv);
    let table = Export::open(&arguments.run, &arguments.table).map_err(Failure::usage)?;
    let Some(path) = &arguments.out else {
        let stdout = std::io::stdout();
        if stdout.is_terminal() && matches!(format, TableFormat::Xlsx | TableFormat::Parquet) {
            return Err(Failure::usage("这种格式不能打印在屏幕上，请用 --out 指定文件"));
        }
        let mut out = BufWriter::new(stdout);
        return match table.write(format, &mut out).and_then(|()| Ok(out.flush()?)) {
            // A reader that has seen enough (`| head`) is not an error of ours.
            Err(ExportError::Io(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(0),
            done => done.map(|()| 0).map_err(Failure::usage),
        };
    };
    let mut file =
        NewFile::create(path, arguments.force).and_then(|file| file.sparing(&[&arguments.run])).map_err(Failure::usage)?;
    table.write(format, &mut file).map_err(Failure::usage)?;
    ui::result(&format!("已写入 {}", file.finish().map_err(Failure::usage)?));
    Ok(0)
}
