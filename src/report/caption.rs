//! Titles, sub-titles and file names: layout text with its placeholders filled in.

use super::ReportInput;
use crate::model::date::{Day, Month};
use crate::model::masking::mask_text;

/// Values of the placeholders.
#[derive(Clone, Debug)]
pub(super) struct Caption(Vec<(&'static str, String)>);

impl Caption {
    /// What every workbook knows.
    pub(super) fn new(input: &ReportInput<'_>) -> Self {
        Self::of(input.county, input.period, input.as_of, input.tool_version)
    }

    /// The same from its parts.
    pub(super) fn of(county: &str, period: Month, as_of: Day, tool_version: &str) -> Self {
        let (year, month, day) = as_of.ymd();
        Self(vec![
            ("county", county.to_owned()),
            ("period", period.to_string()),
            ("month", format!("{}年{}月", period.year(), period.month())),
            ("as_of", format!("{year}年{month}月{day}日")),
            ("tool", format!("比对（bidui）{tool_version}")),
        ])
    }

    /// Of a workbook that speaks for no run.
    pub(super) fn of_county(county: &str) -> Self {
        Self(vec![("county", county.to_owned())])
    }

    /// Of a comparison of two runs.
    pub(super) fn new_comparison(period: &str, as_of: Day) -> Self {
        Self(vec![("period", period.to_owned()), ("as_of", as_of.to_string())])
    }

    /// With one more value, which replaces an earlier one of the same name.
    pub(super) fn with(&self, name: &'static str, value: &str) -> Self {
        let mut values = self.0.clone();
        values.retain(|(known, _)| *known != name);
        // Towns and villages are what a register says, and may be anything.
        values.push((name, mask_text(value)));
        Self(values)
    }

    /// The template filled in. A value that itself contains braces is not filled again; a placeholder without a value is dropped.
    pub(super) fn fill(&self, template: &str) -> String {
        let mut pieces = template.split('{');
        let mut text = pieces.next().unwrap_or("").to_owned();
        for piece in pieces {
            let (name, after) = piece.split_once('}').unwrap_or((piece, ""));
            if let Some((_, value)) = self.0.iter().find(|(known, _)| *known == name) {
                text.push_str(value);
            }
            text.push_str(after);
        }
        text
    }
}
