//! `check`: are the definitions sound, what would each file be taken for, and, when asked, do the rules' cases hold? Writes nothing.

use std::fmt::{self, Write};
use std::path::{Path, PathBuf};

use super::definitions::{self, DefinitionError};
use super::inputs::{self, InputError, Sought};
use super::intake::Intake;
use super::intake::file::{NEVER, Opener};
use super::tables;
use crate::assess::cases;
use crate::config::error::Problems;
use crate::ingest::header::Vocabulary;
use crate::ingest::limits::Limits;
use crate::ingest::mapping::{nearest, paste};
use crate::model::ids::KeyKind;
use crate::model::intake::{IntakeFile, IntakeSheet};
use crate::model::raw::Refusal;
use crate::normalise::Context;

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct CheckReport {
    /// One line on the definitions.
    pub definitions: String,
    /// What lies among the inputs and is no input, a line each.
    pub left_out: Vec<String>,
    /// Per input file.
    pub files: Vec<CheckedFile>,
}

/// One file looked at.
#[derive(Clone, Debug)]
pub struct CheckedFile {
    /// Registry, header row, column → field, what is left over; or why it is refused.
    pub text: String,
    /// A `[[pin]]` to paste per table.
    pub mappings: Vec<String>,
    /// Whether it, or a sheet of it, would be refused.
    pub refused: bool,
}

/// Why nothing could be checked.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Definitions are wrong.
    #[error(transparent)]
    Definitions(#[from] DefinitionError),
    /// A rule does not say what its case expects.
    #[error("{0}")]
    Cases(Problems),
    /// Inputs cannot be listed.
    #[error(transparent)]
    Inputs(#[from] InputError),
}

/// Checks a pipeline and, where given, files; with `with_cases` every rule's cases too, which takes seconds.
pub fn check(pipeline: &Path, arguments: &[PathBuf], with_cases: bool, executable: &Path) -> Result<CheckReport, CheckError> {
    if let Some(mut definition) = tables::definition(pipeline)? {
        let told = definition.told();
        if arguments.is_empty() {
            return Ok(CheckReport { definitions: told, ..CheckReport::default() });
        }
        let listing = inputs::gather(arguments, None, Sought::Tables)?;
        let (files, foretold) = tables::check_files(&mut definition, &listing.files, executable);
        return Ok(CheckReport { definitions: told + &foretold, left_out: listing.told, files });
    }
    let definitions = definitions::load(pipeline)?;
    let (cases, how) = (definitions.policy.cases.len(), if with_cases { "全部成立" } else { "没有试（--cases 会试）" });
    if with_cases {
        cases::verify(&definitions.policy, &definitions.dictionary, &definitions.policy_documents).map_err(CheckError::Cases)?;
    }
    let told = format!(
        "{}：{} 个名册，{} 条规则，{cases} 个用例{how}",
        definitions.name,
        definitions.dictionary.registries.len(),
        definitions.policy.rules.len(),
    );
    // That the practice key is everybody's is told by every run.
    let own = definitions.key_file.notes.iter().filter(|_| definitions.key_file.kind == KeyKind::Own);
    let told = own.fold(told, |told, note| format!("{told}\n{note}"));
    if arguments.is_empty() {
        return Ok(CheckReport { definitions: told, ..CheckReport::default() });
    }
    let listing = inputs::gather(arguments, None, Sought::Registers)?;
    // Only places depend on the month, and a check shows none.
    let period =
        inputs::period_of(arguments).or_else(|| crate::model::date::Month::new(2018, 6)).unwrap_or(crate::model::date::Month(0));
    let reader = Intake {
        definitions: &definitions,
        context: Context {
            dictionary: &definitions.dictionary,
            gazetteer: &definitions.gazetteer,
            period,
            as_of: period.last_day(),
        },
        vocabulary: Vocabulary::new(&definitions.dictionary),
        opener: Opener {
            executable,
            interrupted: &NEVER,
            limits: Limits { leave_out: definitions.leave_out, ..Limits::default() },
        },
    };
    let taken = reader.read_all(&listing.files, &|_| {});
    let title =
        |field: &str| definitions.dictionary.fields.get(field).map_or(field, |definition| definition.title.as_str()).to_owned();
    let nearest = |registry: &str, header: &str| {
        let registry = definitions.dictionary.registry(registry)?;
        nearest(header, registry, &definitions.dictionary).map(str::to_owned)
    };
    let files = taken
        .iter()
        .map(|taken| CheckedFile {
            text: taken.files.iter().map(|file| describe(file, &title, &nearest)).collect::<Vec<_>>().join("\n"),
            mappings: taken.heads.iter().map(|(head, mapping)| paste(head, mapping)).collect(),
            refused: taken
                .files
                .iter()
                .any(|file| file.refusal.is_some() || file.sheets.iter().any(|sheet| sheet.refusal.is_some())),
        })
        .collect();
    Ok(CheckReport { definitions: told, left_out: listing.told, files })
}

/// A file in words; `title` says a field in plain words, `nearest` which field of a registry an unused header may be.
pub(super) fn describe(
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
pub(super) fn notes(intake: &[IntakeFile]) -> impl Iterator<Item = String> {
    intake.iter().flat_map(|file| {
        file.sheets.iter().flat_map(move |sheet| {
            let name = if sheet.sheet.is_empty() { String::new() } else { format!(" 工作表 {}", sheet.sheet) };
            sheet.notes.iter().map(move |note| format!("{}{name}：{note}", file.path))
        })
    })
}

/// Every refusal among files and sheets.
pub(super) fn refusals(intake: &[IntakeFile]) -> Vec<String> {
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
