//! 豁免清单执行情况: what became of each rule that a row of the exemption list names, wrong rows first.

use rust_xlsxwriter::XlsxError;

use super::{serial, some, text};
use crate::config::layout::{ExemptionField, Table};
use crate::model::exemption::{ExemptionStatus, ExemptionUse};
use crate::model::masking::{Audience, LEFT_OUT};
use crate::model::personal::Expose;
use crate::report::ReportInput;
use crate::report::sheet::{Area, Page, Value};

pub(super) fn rows(input: &ReportInput<'_>, table: &Table<ExemptionField>, page: &mut Page<'_>) -> Result<Area, XlsxError> {
    let mut list: Vec<&ExemptionUse> = input.exemptions.iter().collect();
    let audience = input.audience(Audience::Village);
    let may_post = |exemption: &ExemptionUse| {
        input.may_post(exemption.rule.expose()) && exemption.rule_id.as_deref().is_none_or(|rule| input.may_post(rule))
    };
    list.retain(|exemption| input.posted.is_none() || may_post(exemption));
    list.sort_by_key(|exemption| !exemption.status.is_wrong());
    // In somebody's own words anybody may be named.
    let own_words = |written: Option<&str>| match input.posted {
        Some(_) if written.is_some() => text(LEFT_OUT),
        _ => written.map_or(Value::Blank, |written| text(audience.remark(written))),
    };
    // What the county wrote itself may hold numbers anywhere.
    let masked = |written: Option<&str>| written.map_or(Value::Blank, |written| text(audience.remark(written)));
    page.table(table, None, list.len(), |row, column| {
        let exemption = list[row];
        match column.source {
            ExemptionField::Serial => serial(row),
            // What was written where there is no such rule.
            ExemptionField::Rule if exemption.status == ExemptionStatus::NoRule => own_words(Some(exemption.rule.expose())),
            ExemptionField::Rule => text(audience.text(exemption.rule.expose())),
            ExemptionField::Name => exemption.name.expose().map_or(Value::Blank, |name| text(audience.name(name))),
            ExemptionField::IdNumber => exemption.id_number.expose().map_or(Value::Blank, |number| text(audience.number(number))),
            // Household codes are no secret, but somebody's number may stand in their column.
            ExemptionField::HouseholdCode => {
                exemption.household_code.expose().map_or(Value::Blank, |code| text(audience.code(code)))
            }
            ExemptionField::Town => masked(exemption.town.as_deref()),
            ExemptionField::Village => masked(exemption.village.as_deref()),
            ExemptionField::Reason => own_words(exemption.reason.expose()),
            ExemptionField::Until => text(exemption.until.map_or_else(|| "长期".to_owned(), |day| day.to_string())),
            ExemptionField::DecidedBy => own_words(exemption.decided_by.expose()),
            ExemptionField::State => text(exemption.status.plain()),
            ExemptionField::Excused => some(exemption.excused),
            ExemptionField::Remark => text(audience.remark(exemption.remark.as_str())),
            ExemptionField::Place => {
                let (file, sheet) = (exemption.file.expose(), exemption.sheet.expose());
                let sheet = if sheet.is_empty() { String::new() } else { format!(" {sheet}") };
                text(audience.text(&format!("{file}{sheet} 第 {} 行", exemption.row)))
            }
        }
    })
}
