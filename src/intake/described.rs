//! What came in, in words: each file as it was taken, every note, every refusal with what to do.

use std::fmt::{self, Write};

use crate::model::intake::{IntakeFile, IntakeSheet};
use crate::model::raw::Refusal;

/// One file looked at.
#[derive(Clone, Debug)]
pub(crate) struct CheckedFile {
    /// Registry, header row, column → field, what is left over; or why it is refused.
    pub text: String,
    /// A `[[pin]]` to paste per table.
    pub mappings: Vec<String>,
    /// Whether it, or a sheet of it, would be refused.
    pub refused: bool,
}

/// A file in words; `title` says a field in plain words, `nearest` which field of a registry an unused header may be.
pub(crate) fn describe(
    file: &IntakeFile,
    title: &dyn Fn(&str) -> String,
    nearest: &dyn Fn(&str, &str) -> Option<String>,
) -> String {
    let mut text = format!(
        "{}（{}{}）",
        file.path,
        file.format,
        if file.encoding.is_empty() { String::new() } else { format!("，{}", file.encoding) }
    );
    if let Some(refusal) = &file.refusal {
        write_to(&mut text, format_args!("\n  未接收：{}\n  怎么办：{}", refusal.what, refusal.hint));
    }
    for sheet in &file.sheets {
        text.push_str(&describe_sheet(sheet, title, nearest));
    }
    text
}

fn describe_sheet(sheet: &IntakeSheet, title: &dyn Fn(&str) -> String, nearest: &dyn Fn(&str, &str) -> Option<String>) -> String {
    let mut text = if sheet.sheet.is_empty() { String::new() } else { format!("\n  工作表 {}", sheet.sheet) };
    if let Some(refusal) = &sheet.refusal {
        write_to(&mut text, format_args!("\n  未接收：{}\n  怎么办：{}", refusal.what, refusal.hint));
    }
    for note in &sheet.notes {
        write_to(&mut text, format_args!("\n  注意：{note}"));
    }
    let Some(registry) = &sheet.registry else { return text };
    let date = sheet.data_date.map_or_else(|| "没有写数据日期".to_owned(), |day| format!("数据日期 {day}"));
    write_to(&mut text, format_args!("\n  名册 {registry}，表头在第 {} 行，{} 行，{date}", sheet.header_row, sheet.read));
    for (field, header) in &sheet.columns {
        write_to(&mut text, format_args!("\n    {header} → {}（{field}）", title(field)));
    }
    for note in &sheet.notes {
        write_to(&mut text, format_args!("\n    注意：{note}"));
    }
    if !sheet.left_over.is_empty() {
        write_to(&mut text, format_args!("\n    没有用到：{}", sheet.left_over.join("、")));
    }
    for header in &sheet.left_over {
        if let Some(field) = nearest(registry.as_str(), header) {
            write_to(&mut text, format_args!("\n      “{header}”最像“{field}”；是的话请在 registries 里补上这个写法"));
        }
    }
    text
}

/// Writing to a String cannot fail.
fn write_to(text: &mut String, arguments: fmt::Arguments<'_>) {
    let _ = text.write_fmt(arguments);
}

/// Every note on a sheet, with where it stands.
pub(crate) fn notes(intake: &[IntakeFile]) -> impl Iterator<Item = String> {
    intake.iter().flat_map(|file| {
        file.sheets.iter().flat_map(move |sheet| {
            let name = if sheet.sheet.is_empty() { String::new() } else { format!(" 工作表 {}", sheet.sheet) };
            sheet.notes.iter().map(move |note| format!("{}{name}：{note}", file.path))
        })
    })
}

/// Every refusal among files and sheets.
pub(crate) fn refusals(intake: &[IntakeFile]) -> Vec<String> {
    let all = intake.iter().flat_map(|file| {
        let sheets = file.sheets.iter().filter_map(|sheet| sheet.refusal.as_ref());
        file.refusal.iter().chain(sheets)
    });
    all.map(refusal_text).collect()
}

/// Which file or sheet, why, and what to do.
fn refusal_text(refusal: &Refusal) -> String {
    let sheet = if refusal.name.sheet.is_empty() { String::new() } else { format!(" 工作表 {}", refusal.name.sheet) };
    format!("{}{sheet}：{}\n  怎么办：{}", refusal.name.file, refusal.what, refusal.hint)
}
