//! The two charts of 总览, native to the workbook: findings per rule, findings per town.

use rust_xlsxwriter::{Chart, ChartDataLabel, ChartFont, ChartFormat, ChartSolidFill, ChartType, Color, Worksheet, XlsxError};

use super::super::sheet::Area;

/// Rows kept free for the charts.
pub(super) const ROWS: u32 = 22;
/// Pixels of a row of default height.
const ROW_PIXELS: u32 = 20;
/// Share of the page's width that the rules take, whose titles are long.
const RULES_SHARE: f64 = 0.55;

/// Where the table of rules by towns came to stand.
#[derive(Clone, Copy)]
pub(super) struct Cross<'a> {
    pub(super) sheet: &'a str,
    pub(super) area: Area,
    /// Column of rule titles.
    pub(super) titles: u16,
    /// First and last town column.
    pub(super) towns: (u16, u16),
    /// Column of each rule's sum.
    pub(super) sums: u16,
}

/// Puts both charts side by side on `sheet`, from `row` on, over `pixels` of width.
pub(super) fn insert(sheet: &mut Worksheet, cross: Cross<'_>, row: u32, pixels: f64) -> Result<(), XlsxError> {
    // No totals, no findings: nothing to draw.
    let Some(totals) = cross.area.totals else { return Ok(()) };
    let (first, last) = (cross.area.first, cross.area.last);
    let left = pixels * RULES_SHARE;

    let mut rules = chart(ChartType::Bar, "各规则疑点数（条）", left - 10.0);
    series(
        &mut rules,
        0x002F_75B5,
        (cross.sheet, first, cross.titles, last, cross.titles),
        (cross.sheet, first, cross.sums, last, cross.sums),
    );
    // First rule on top, as in the table. A bar chart's rules stand on its y axis.
    rules.y_axis().set_reverse();
    rules.x_axis().set_hidden(true).set_major_gridlines(false);
    sheet.insert_chart_with_offset(row, 0, &rules, 4, 6)?;

    let mut towns = chart(ChartType::Column, "各乡镇疑点数（条）", pixels - left - 10.0);
    let (from, to) = cross.towns;
    series(&mut towns, 0x00C5_5A11, (cross.sheet, first - 1, from, first - 1, to), (cross.sheet, totals, from, totals, to));
    towns.y_axis().set_hidden(true).set_major_gridlines(false);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a page is some thousand pixels wide")]
    sheet.insert_chart_with_offset(row, 0, &towns, left as u32, 6)?;
    Ok(())
}

fn chart(kind: ChartType, title: &str, width: f64) -> Chart {
    let mut chart = Chart::new(kind);
    let font = |size: f64| {
        let mut font = ChartFont::new();
        font.set_name("宋体").set_size(size);
        font
    };
    chart.title().set_name(title).set_font(font(13.0).set_bold());
    chart.x_axis().set_font(&font(10.0));
    chart.y_axis().set_font(&font(10.0));
    chart.legend().set_hidden();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a page is some thousand pixels wide")]
    chart.set_width(width as u32).set_height((ROWS - 1) * ROW_PIXELS);
    chart
}

/// A range of cells: sheet, first row, first column, last row, last column.
type Range<'a> = (&'a str, u32, u16, u32, u16);

fn series(chart: &mut Chart, colour: u32, categories: Range<'_>, values: Range<'_>) {
    let mut label = ChartDataLabel::new();
    label.show_value();
    let mut format = ChartFormat::new();
    format.set_solid_fill(ChartSolidFill::new().set_color(Color::RGB(colour)));
    chart.add_series().set_categories(categories).set_values(values).set_format(&mut format).set_data_label(&label).set_gap(50);
}
