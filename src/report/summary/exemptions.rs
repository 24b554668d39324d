//! 豁免清单执行情况: what became of each rule that a row of the exemption list names, wrong rows first.

use rust_xlsxwriter::XlsxError;

use super::{serial, some, text};
use crate::config::layout::{ExemptionField, Table};
use crate::model::exemption::ExemptionUse;
use crate::model::personal::mask_number;
use crate::report::ReportInput;
use crate::report::masking::mask_text;
use crate::report::sheet::{Area, Page, Value};

pub(super) fn rows(input: &ReportInput<'_>, table: &Table<ExemptionField>, page: &mut Page<'_>) -> Result<Area, XlsxError> {
    let mut list: Vec<&ExemptionUse> = input.exemptions.iter().collect();
    list.sort_by_key(|exemption| !exemption.status.is_wrong());
    // What the county wrote itself may hold numbers anywhere.
    let masked = |written: &Option<String>| written.as_ref().map_or(Value::Blank, |written| text(mask_text(written)));
    page.table(table, None, list.len(), |row, column| {
        let exemption = list[row];
        match column.source {
            ExemptionField::Serial => serial(row),
            ExemptionField::Rule => text(mask_text(&exemption.rule)),
            ExemptionField::Name => masked(&exemption.name),
            ExemptionField::IdNumber => exemption.id_number.as_deref().map_or(Value::Blank, |number| text(mask_number(number))),
            // Household codes are no secret, but somebody's number may stand in their column.
            ExemptionField::HouseholdCode => match exemption.household_code.as_deref() {
                Some(code) if matches!(code.len(), 15 | 18) => text(mask_number(code)),
                Some(code) => text(code),
                None => Value::Blank,
            },
            ExemptionField::Town => masked(&exemption.town),
            ExemptionField::Village => masked(&exemption.village),
            ExemptionField::Reason => masked(&exemption.reason),
            ExemptionField::Until => text(exemption.until.map_or_else(|| "长期".to_owned(), |day| day.to_string())),
            ExemptionField::DecidedBy => masked(&exemption.decided_by),
            ExemptionField::State => text(exemption.status.plain()),
            ExemptionField::Excused => some(exemption.excused),
            ExemptionField::Remark => text(exemption.remark.as_str()),
            ExemptionField::Place => {
                let sheet = if exemption.sheet.is_empty() { String::new() } else { format!(" {}", exemption.sheet) };
                text(mask_text(&format!("{}{sheet} 第 {} 行", exemption.file, exemption.row)))
            }
        }
    })
}
