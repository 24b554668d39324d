//! 数据接收: a row per sheet of each file, with what became of its rows, or why it was refused and what to do.

use rust_xlsxwriter::XlsxError;

use crate::config::layout::{IntakeField, Table};
use crate::model::intake::{IntakeFile, IntakeSheet};
use crate::model::masking::mask_text;
use crate::model::raw::Refusal;

use super::super::ReportInput;
use super::super::sheet::{Area, Page, Value};
use super::{serial, text};

/// Files and sheets refused.
pub(super) fn refused(intake: &[IntakeFile]) -> usize {
    rows_of(intake).iter().filter(|(file, sheet)| refusal(file, *sheet).is_some()).count()
}

/// One per sheet; one for a file without any.
fn rows_of(intake: &[IntakeFile]) -> Vec<(&IntakeFile, Option<&IntakeSheet>)> {
    let mut rows = Vec::new();
    for file in intake {
        if file.sheets.is_empty() || file.refusal.is_some() {
            rows.push((file, None));
        }
        rows.extend(file.sheets.iter().map(|sheet| (file, Some(sheet))));
    }
    rows
}

fn refusal<'a>(file: &'a IntakeFile, sheet: Option<&'a IntakeSheet>) -> Option<&'a Refusal> {
    sheet.map_or(file.refusal.as_ref(), |sheet| sheet.refusal.as_ref())
}

pub(super) fn rows(input: &ReportInput<'_>, table: &Table<IntakeField>, page: &mut Page<'_>) -> Result<Area, XlsxError> {
    let rows = rows_of(input.intake);
    // File and sheet names are the county's; someone may have put a number into one.
    page.table(table, None, rows.len(), |row, column| {
        let (file, sheet) = rows[row];
        let refusal = refusal(file, sheet);
        let count = |count: fn(&IntakeSheet) -> u64| match sheet {
            Some(sheet) if refusal.is_none() => Value::Count(i64::try_from(count(sheet)).unwrap_or(i64::MAX)),
            _ => Value::Blank,
        };
        match column.source {
            IntakeField::Serial => serial(row),
            IntakeField::File => text(mask_text(&file.path)),
            IntakeField::Sheet => sheet.map_or(Value::Blank, |sheet| text(mask_text(&sheet.sheet))),
            IntakeField::Registry => sheet.and_then(|sheet| sheet.registry.as_ref()).map_or(Value::Blank, |id| {
                text(input.dictionary.registry(id.as_str()).map_or(id.as_str(), |definition| definition.title.as_str()))
            }),
            IntakeField::DataDate => sheet.and_then(|sheet| sheet.data_date).map_or(Value::Blank, Value::Day),
            IntakeField::Read => count(|sheet| sheet.read),
            IntakeField::Kept => count(|sheet| sheet.kept),
            IntakeField::Rejected => count(|sheet| sheet.rejected.values().sum()),
            IntakeField::Reasons => {
                let reasons = sheet.into_iter().flat_map(|sheet| &sheet.rejected).filter(|(_, rows)| **rows > 0);
                text(reasons.map(|(reason, rows)| format!("{} {rows}", reason.plain())).collect::<Vec<_>>().join("；"))
            }
            IntakeField::State => text(match (refusal, sheet) {
                (Some(_), _) => "拒收",
                (None, Some(sheet)) if sheet.registry.is_none() => "未读",
                (None, Some(_)) => "采用",
                (None, None) => "无表",
            }),
            IntakeField::Remark => match (refusal, sheet) {
                (Some(refusal), _) => {
                    text(mask_text(&format!("{}。办法：{}", refusal.what.trim_end_matches('。'), refusal.hint)))
                }
                (None, Some(sheet)) if !sheet.left_over.is_empty() || !sheet.notes.is_empty() => {
                    let unused = (!sheet.left_over.is_empty()).then(|| format!("未用的列：{}", sheet.left_over.join("、")));
                    text(mask_text(&sheet.notes.iter().cloned().chain(unused).collect::<Vec<_>>().join("。")))
                }
                _ => Value::Blank,
            },
        }
    })
}
