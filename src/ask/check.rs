//! `check`: are the definitions sound, what would each file be taken for, and, when asked, do the rules' cases hold? Writes nothing.

use std::path::{Path, PathBuf};

use crate::assess::cases;
use crate::config::error::Problems;
use crate::ingest::header::Vocabulary;
use crate::ingest::limits::Limits;
use crate::ingest::mapping::{nearest, paste};
use crate::intake::definitions::{self, DefinitionError};
use crate::intake::described::{CheckedFile, describe};
use crate::intake::file::{NEVER, Opener};
use crate::intake::inputs::{self, InputError, Sought};
use crate::intake::registers::Intake;
use crate::model::ids::KeyKind;
use crate::normalise::Context;
use crate::run::tables;

/// What a check found.
#[derive(Clone, Debug, Default)]
pub(crate) struct CheckReport {
    /// One line on the definitions.
    pub definitions: String,
    /// What lies among the inputs and is no input, a line each.
    pub left_out: Vec<String>,
    /// Per input file.
    pub files: Vec<CheckedFile>,
}

/// Why nothing could be checked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckError {
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
pub(crate) fn check(
    pipeline: &Path,
    arguments: &[PathBuf],
    with_cases: bool,
    executable: &Path,
) -> Result<CheckReport, CheckError> {
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
