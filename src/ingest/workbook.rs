//! xls → frames. calamine holds it whole in memory, so only the child's memory cap guards against two far cells: 65,536 × 256 at most.

use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Data, Range, Reader, SheetType, SheetVisible, Xls, XlsError};

use super::archive::Source;
use super::grid::Merge;
use super::limits::Limits;
use super::sheet::{SheetHead, SheetWriter, Sink};
use super::stop::{Refused, Stop};

/// Reads every worksheet of a BIFF workbook, hidden or not.
pub(crate) fn read_xls(source: &mut dyn Source, limits: &Limits, sink: &mut Sink<'_>) -> Result<(), Stop> {
    let mut workbook = match catch_unwind(AssertUnwindSafe(|| Xls::new(source))) {
        Ok(Ok(workbook)) => workbook,
        Ok(Err(XlsError::Password)) => return Err(Refused::password("文件设有打开密码").into()),
        Ok(Err(_)) | Err(_) => return Err(Refused::damaged("xls 工作簿的内容无法解析").into()),
    };
    for (position, sheet) in workbook.sheets_metadata().to_vec().into_iter().enumerate() {
        if sheet.typ == SheetType::WorkSheet {
            let merges = workbook.merge_cells_by_sheet_id(position).unwrap_or_default();
            let merges = merges.into_iter().map(|area| Merge {
                first_row: area.start.0 + 1,
                first_column: area.start.1,
                last_row: area.end.0 + 1,
                last_column: area.end.1,
            });
            let hidden = sheet.visible != SheetVisible::Visible;
            let head = SheetHead { name: sheet.name, merges: merges.collect(), hidden, bytes: None };
            write(&mut workbook, head, limits, sink)?;
        }
    }
    Ok(())
}

fn write(workbook: &mut Xls<&mut dyn Source>, head: SheetHead, limits: &Limits, sink: &mut Sink<'_>) -> Result<(), Stop> {
    let (name, hidden) = (head.name.clone(), head.hidden);
    let mut writer = SheetWriter::begin(head, limits, sink)?;
    if hidden && limits.leave_out.hidden_sheets {
        return Ok(writer.end(Ok(()))?);
    }
    let range = catch_unwind(AssertUnwindSafe(|| workbook.worksheet_range(&name)));
    let outcome = match range {
        Ok(Ok(range)) => cells(&range, &mut writer),
        Ok(Err(_)) | Err(_) => Err(Refused::damaged("工作表的内容无法解析").into()),
    };
    Ok(writer.end(outcome)?)
}

fn cells(range: &Range<Data>, writer: &mut SheetWriter<'_, '_>) -> Result<(), Stop> {
    let (first_row, first_column) = range.start().unwrap_or_default();
    for (row, column, value) in range.used_cells() {
        let row = u32::try_from(row).unwrap_or(u32::MAX).saturating_add(first_row).saturating_add(1);
        let column = u32::try_from(column).unwrap_or(u32::MAX).saturating_add(first_column);
        writer.cell(row, column, value.into())?;
    }
    Ok(())
}
