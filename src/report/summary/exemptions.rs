//! 豁免清单执行情况: what became of each rule that a row of the exemption list names, wrong rows first.

use rust_xlsxwriter::XlsxError;

use super::{serial, some, text};
use crate::config::layout::{ExemptionField, Table};
use crate::model::exemption::{ExemptionStatus, ExemptionUse};
use crate::model::masking::{Audience, LEFT_OUT};
use crate::report::ReportInput;
use crate::report::sheet::{Area, Page, Value};

pub(super) fn rows(input: &ReportInput<'_>, table: &Table<ExemptionField>, page: &mut Page<'_>) -> Result<Area, XlsxError> {
    let mut list: Vec<&ExemptionUse> = input.exemptions.iter().collect();
    let audience = input.audience(Audience::Village);
    let may_post = |exemption: &ExemptionUse| {
        input.may_post(&exemption.rule) && exemption.rule_id.as_deref().is_none_or(|rule| input.may_post(rule))
    };
    list.retain(|exemption| input.posted.is_none() || may_post(exemption));
    list.sort_by_key(|exemption| !exemption.status.is_wrong());
    // In somebody's own words anybody may be named.
    let own_words = |written: &Option<String>| match input.posted {
        Some(_) if written.is_some() => text(LEFT_OUT),
        _ => written.as_ref().map_or(Value::Blank, |written| text(audience.remark(written))),
    };
    // What the county wrote itself may hold numbers anywhere.
    let masked = |written: &Option<String>| written.as_ref().map_or(Value::Blank, |written| text(audience.remark(written)));
    page.table(table, None, list.len(), |row, column| {
        let exemption = list[row];
        match column.source {
            ExemptionField::Serial => serial(row),
            // What was written where there is no such rule.
            ExemptionField::Rule if exemption.status == ExemptionStatus::NoRule => own_words(&Some(exemption.rule.clone())),
            ExemptionField::Rule => text(audience.text(&exemption.rule)),
            ExemptionField::Name => exemption.name.as_deref().map_or(Value::Blank, |name| text(audience.name(name))),
            ExemptionField::IdNumber => {
                exemption.id_number.as_deref().map_or(Value::Blank, |number| text(audience.number(number)))
            }
            // Household codes are no secret, but somebody's number may stand in their column.
            ExemptionField::HouseholdCode => {
                exemption.household_code.as_deref().map_or(Value::Blank, |code| text(audience.code(code)))
            }
            ExemptionField::Town => masked(&exemption.town),
            ExemptionField::Village => masked(&exemption.village),
            ExemptionField::Reason => own_words(&exemption.reason),
            ExemptionField::Until => text(exemption.until.map_or_else(|| "长期".to_owned(), |day| day.to_string())),
            ExemptionField::DecidedBy => own_words(&exemption.decided_by),
            ExemptionField::State => text(exemption.status.plain()),
            ExemptionField::Excused => some(exemption.excused),
            ExemptionField::Remark => text(audience.remark(exemption.remark.as_str())),
            ExemptionField::Place => {
                let sheet = if exemption.sheet.is_empty() { String::new() } else { format!(" {}", exemption.sheet) };
                text(audience.text(&format!("{}{sheet} 第 {} 行", exemption.file, exemption.row)))
            }
        }
    })
}
