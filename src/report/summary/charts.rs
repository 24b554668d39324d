//! The two charts of 总览, native to the workbook: findings per rule, findings per town.

use rust_xlsxwriter::{Chart, ChartFont, ChartType, Color, Worksheet, XlsxError};

use crate::config::layout::{RuleField, Table};

use super::super::sheet::Area;

/// Rows kept free for the charts.
pub(super) const ROWS: u32 = 22;
/// Pixels of a row of default height.
const ROW_PIXELS: u32 = 20;
/// Share of the page's width that the rules take, whose titles are long.
const RULES_SHARE: f64 = 0.55;

/// Position of a field among the columns.
fn position(table: &Table<RuleField>, field: RuleField) -> Option<u16> {
    table.columns.iter().position(|column| column.source == field).and_then(|at| u16::try_from(at).ok())
}

fn pixels(table: &Table<RuleField>) -> f64 {
    table.columns.iter().map(|column| column.width * 7.0 + 5.0).sum()
}

fn chart(kind: ChartType, title: &str, width: f64) -> Chart {
    let mut chart = Chart::new(kind);
    let font = |size: f64| {
        let mut font = ChartFont::new();
        font.set_name("宋体").set_size(size);
        font
    };
    chart.title().set_name(title).set_font(font(13.0).set_bold());
    chart.x_axis().set_font(&font(9.0));
    chart.y_axis().set_font(&font(9.0)).set_major_gridlines(false);
    chart.legend().set_hidden();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a page is some thousand pixels wide")]
    chart.set_width(width as u32).set_height((ROWS - 1) * ROW_PIXELS);
    chart
}

/// Findings per rule, from the table on the same sheet.
pub(super) fn rules(sheet: &mut Worksheet, table: &Table<RuleField>, area: Area, row: u32) -> Result<(), XlsxError> {
    let (Some(titles), Some(findings)) = (position(table, RuleField::Title), position(table, RuleField::Findings)) else {
        return Ok(());
    };
    if area.last < area.first {
        return Ok(());
    }
    let name = table.sheet.as_str();
    let mut chart = chart(ChartType::Bar, "各规则疑点数", pixels(table) * RULES_SHARE - 10.0);
    let mut label = rust_xlsxwriter::ChartDataLabel::new();
    label.show_value();
    chart
        .add_series()
        .set_categories((name, area.first, titles, area.last, titles))
        .set_values((name, area.first, findings, area.last, findings))
        .set_format(
            rust_xlsxwriter::ChartFormat::new()
                .set_solid_fill(rust_xlsxwriter::ChartSolidFill::new().set_color(Color::RGB(0x002F_75B5))),
        )
        .set_data_label(&label)
        .set_gap(40);
    // First rule on top, as in the table.
    chart.x_axis().set_reverse();
    chart.y_axis().set_hidden(true);
    sheet.insert_chart_with_offset(row, 0, &chart, 4, 6)?;
    Ok(())
}

/// Findings per town, from the totals of the table of rules by towns.
pub(super) fn towns(
    sheet: &mut Worksheet,
    table: &Table<RuleField>,
    cross_sheet: &str,
    cross: Area,
    columns: (u16, u16),
    row: u32,
) -> Result<(), XlsxError> {
    let Some(totals) = cross.totals else { return Ok(()) };
    let left = pixels(table) * RULES_SHARE;
    let mut chart = chart(ChartType::Column, "各乡镇疑点数", pixels(table) - left - 10.0);
    let mut label = rust_xlsxwriter::ChartDataLabel::new();
    label.show_value();
    chart
        .add_series()
        .set_categories((cross_sheet, cross.first - 1, columns.0, cross.first - 1, columns.1))
        .set_values((cross_sheet, totals, columns.0, totals, columns.1))
        .set_format(
            rust_xlsxwriter::ChartFormat::new()
                .set_solid_fill(rust_xlsxwriter::ChartSolidFill::new().set_color(Color::RGB(0x00C5_5A11))),
        )
        .set_data_label(&label)
        .set_gap(60);
    chart.y_axis().set_hidden(true);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a page is some thousand pixels wide")]
    sheet.insert_chart_with_offset(row, 0, &chart, left as u32, 6)?;
    Ok(())
}
