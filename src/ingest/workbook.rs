//! xls and ods → frames. calamine holds these whole in memory, so only the child's memory cap guards against two far
//! cells; an xls has 65,536 × 256 cells at most.

use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Data, Ods, OdsError, Range, Reader, SheetType, Xls, XlsError};

use super::archive::{self, Meter, Source};
use super::grid::Merge;
use super::limits::Limits;
use super::markup::Tags;
use super::sheet::{SheetWriter, Sink};
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
            write(&mut workbook, &sheet.name, merges.collect(), limits, sink)?;
        }
    }
    Ok(())
}

/// Reads every sheet of an OpenDocument spreadsheet.
pub(crate) fn read_ods(source: &mut dyn Source, limits: &Limits, meter: &mut Meter<'_>, sink: &mut Sink<'_>) -> Result<(), Stop> {
    let mut merges = inspect_ods(source, limits, meter)?.into_iter();
    let mut workbook = match catch_unwind(AssertUnwindSafe(|| Ods::new(source))) {
        Ok(Ok(workbook)) => workbook,
        Ok(Err(OdsError::Password)) => return Err(Refused::password("文件设有打开密码").into()),
        Ok(Err(_)) | Err(_) => return Err(Refused::damaged("ods 工作簿的内容无法解析").into()),
    };
    for sheet in workbook.sheets_metadata().to_vec() {
        write(&mut workbook, &sheet.name, merges.next().unwrap_or_default(), limits, sink)?;
    }
    Ok(())
}

fn write<R: Reader<S>, S: std::io::Read + std::io::Seek>(
    workbook: &mut R,
    name: &str,
    merges: Vec<Merge>,
    limits: &Limits,
    sink: &mut Sink<'_>,
) -> Result<(), Stop> {
    let mut writer = SheetWriter::begin(name, merges, limits, sink)?;
    let range = catch_unwind(AssertUnwindSafe(|| workbook.worksheet_range(name)));
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

/// Counts what inflates, and collects merged areas by sheet: calamine does not give those of ods.
fn inspect_ods(source: &mut dyn Source, limits: &Limits, meter: &mut Meter<'_>) -> Result<Vec<Vec<Merge>>, Refused> {
    let mut container = archive::open(source, limits)?;
    let unreadable = |_| Refused::damaged("content.xml 缺失或无法解压");
    let mut part = container.by_name("content.xml").map_err(unreadable)?;
    meter.inflate(&mut part, "content.xml", |_| Ok(()))?;
    drop(part);
    let part = container.by_name("content.xml").map_err(unreadable)?;
    let mut tags = Tags::new(BufReader::with_capacity(1 << 16, part));
    let mut sheets: Vec<Vec<Merge>> = Vec::new();
    let (mut row, mut next_row, mut column) = (0u64, 1u64, 0u64);
    while let Some(tag) = tags.next().map_err(|_| Refused::damaged("content.xml 的标记不完整"))? {
        match tag.name() {
            b"table" => {
                sheets.push(Vec::new());
                (row, next_row) = (0, 1);
            }
            b"table-row" => {
                row = next_row;
                next_row = next_row.saturating_add(tag.number(b"number-rows-repeated").unwrap_or(1));
                column = 0;
            }
            b"table-cell" | b"covered-table-cell" => {
                let rows = tag.number(b"number-rows-spanned").unwrap_or(1).max(1);
                let columns = tag.number(b"number-columns-spanned").unwrap_or(1).max(1);
                if (rows > 1 || columns > 1)
                    && let Some(sheet) = sheets.last_mut()
                {
                    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
                    sheet.push(Merge {
                        first_row: small(row),
                        first_column: small(column),
                        last_row: small(row.saturating_add(rows - 1)),
                        last_column: small(column.saturating_add(columns - 1)),
                    });
                    if sheet.len() > limits.merges {
                        return Err(Refused::over_limit(format!("合并单元格超过 {} 处", limits.merges)));
                    }
                }
                column = column.saturating_add(tag.number(b"number-columns-repeated").unwrap_or(1));
            }
            _ => {}
        }
    }
    Ok(sheets)
}
