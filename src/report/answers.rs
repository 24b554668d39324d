//! What may be filled in: drop-downs from a hidden sheet (lists written inside a cell's rule end at 255 characters, and
//! 未纳入原因 is longer), dates, ID numbers.

use rust_xlsxwriter::{
    DataValidation, DataValidationErrorStyle, DataValidationRule, ExcelDateTime, Formula, Worksheet, XlsxError,
    utility::cell_range_absolute,
};

use crate::config::layout::{Answer, Choices};

/// Name of the hidden sheet.
pub(super) const LOOKUP_SHEET: &str = "下拉选项";

/// Where each list stands on the hidden sheet.
#[derive(Debug)]
pub(super) struct Lookup(Vec<(String, String)>);

impl Lookup {
    /// Plans the hidden sheet: a column per list, in name order.
    pub(super) fn new(choices: &Choices) -> Self {
        let ranges = (0u16..).zip(choices).map(|(at, (name, list))| {
            let last = u32::try_from(list.len()).unwrap_or(u32::MAX);
            (name.clone(), format!("='{LOOKUP_SHEET}'!{}", cell_range_absolute(1, at, last.max(1), at)))
        });
        Self(ranges.collect())
    }

    /// Writes the hidden sheet as planned.
    pub(super) fn write(sheet: &mut Worksheet, choices: &Choices) -> Result<(), XlsxError> {
        sheet.set_name(LOOKUP_SHEET)?.set_hidden(true);
        for (at, (name, list)) in (0u16..).zip(choices) {
            sheet.write_string(0, at, name)?;
            for (row, entry) in (1u32..).zip(list) {
                sheet.write_string(row, at, entry)?;
            }
        }
        Ok(())
    }
}

/// The rule of a column to be filled in; `None` where anything goes and nothing is to be said.
pub(super) fn validation(
    answer: &Answer,
    hint: Option<&str>,
    lookup: Option<&Lookup>,
) -> Result<Option<DataValidation>, XlsxError> {
    let validation = DataValidation::new();
    let validation = match answer {
        Answer::Text => match hint {
            Some(_) => validation.allow_any_value(),
            None => return Ok(None),
        },
        Answer::Choice(list) => {
            let range = lookup.and_then(|lookup| lookup.0.iter().find(|(name, _)| name == list));
            let Some((_, range)) = range else { return Ok(None) };
            validation
                .allow_list_formula(Formula::new(range))
                .set_error_title("不在选项中")?
                .set_error_message("请从下拉选项中选择。")?
        }
        Answer::Date => {
            let (first, last) = (ExcelDateTime::from_ymd(2000, 1, 1)?, ExcelDateTime::from_ymd(2099, 12, 31)?);
            validation
                .allow_date(DataValidationRule::Between(first, last))
                .set_error_title("不是日期")?
                .set_error_message("请填日期，如 2018-7-5。")?
        }
        Answer::IdNumber => validation
            .allow_text_length(DataValidationRule::EqualTo(18))
            .set_error_style(DataValidationErrorStyle::Stop)
            .set_error_title("不是 18 位")?
            .set_error_message("身份证号应为 18 位，末位可为 X。")?,
    };
    Ok(Some(match hint {
        Some(hint) => validation.set_input_message(hint)?,
        None => validation,
    }))
}
