//! Files → normalised sheets: each file read in its own child ([`file`]), its tables recognised and normalised while they stream.
//!
//! Takes the input files, gives for each what it held and what was refused, in file order whatever the thread count. The biggest
//! file goes first; raw rows are dropped as soon as they are normalised.

pub(in crate::run) mod file;

use std::collections::BTreeMap;

use arrow::error::ArrowError;

use super::definitions::Definitions;
use super::inputs::InputFile;
use crate::ingest::header::Vocabulary;
use crate::ingest::recognise::recognise;
use crate::model::intake::{IntakeFile, IntakeSheet};
use crate::model::raw::{Mapping, RawTable, Refusal, Reject, RejectReason, SheetName, TableHead};
use crate::model::registry::{Grain, RegistryId};
use crate::normalise::{Context, NormalisedSheet, Normaliser};
use file::{LaidOut, Opener, Tables};

/// What one input file gave; a zip gives several [`IntakeFile`]s.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) files: Vec<IntakeFile>,
    pub(super) sheets: Vec<(SheetName, RegistryId, Grain, NormalisedSheet)>,
    /// Rows that the layout set aside.
    pub(super) rejects: Vec<(SheetName, Reject)>,
    /// Heads and mappings, for `check`.
    pub(super) heads: Vec<(TableHead, Mapping)>,
}

/// What every file shares.
pub(super) struct Intake<'a> {
    pub(super) definitions: &'a Definitions,
    pub(super) context: Context<'a>,
    pub(super) vocabulary: Vocabulary,
    pub(super) opener: Opener<'a>,
}

impl Intake<'_> {
    /// Reads all files; results in the order of `files`.
    pub(super) fn read_all(&self, files: &[InputFile], progress: &(dyn Fn(&str) + Sync)) -> Vec<Taken> {
        let read = |file: &InputFile| {
            let taken = self.read(file);
            progress(&describe(file, &taken));
            taken
        };
        self.opener.each(files, read).into_iter().map(Option::unwrap_or_default).collect()
    }

    fn read(&self, file: &InputFile) -> Taken {
        let (files, laid_out) =
            self.opener.read(file, LaidOut::new(&self.vocabulary, County { intake: self, taken: Taken::default() }));
        match laid_out {
            Some(LaidOut { tables, rejects, .. }) => Taken { files, rejects, ..tables.taken },
            None => Taken { files, ..Taken::default() },
        }
    }
}

fn describe(file: &InputFile, taken: &Taken) -> String {
    let kept: usize = taken.sheets.iter().map(|sheet| sheet.3.rows.len()).sum();
    let refused = taken.files.iter().filter(|file| file.refusal.is_some()).count()
        + taken.files.iter().flat_map(|file| &file.sheets).filter(|sheet| sheet.refusal.is_some()).count();
    let mut registries: Vec<&str> = taken.sheets.iter().map(|sheet| sheet.1.as_str()).collect();
    registries.sort_unstable();
    registries.dedup();
    let refused = if refused > 0 { format!("，{refused} 处未接收") } else { String::new() };
    format!("  {}：{} {kept} 行{refused}", file.name, registries.join("、"))
}

/// Reads tables as registries.
struct County<'i, 'a> {
    intake: &'i Intake<'a>,
    taken: Taken,
}

/// A registry's table under way.
struct Table<'i> {
    registry: RegistryId,
    grain: Grain,
    head: TableHead,
    mapping: Mapping,
    normaliser: Box<Normaliser<'i>>,
}

impl<'i> Tables for County<'i, '_> {
    type Table = Table<'i>;

    fn begin(&mut self, head: TableHead, entry: &mut IntakeSheet) -> Result<Table<'i>, Refusal> {
        let definitions = self.intake.definitions;
        let (definition, mapping) = recognise(&head, &definitions.dictionary, &definitions.pins)?;
        entry.registry = Some(definition.id.clone());
        entry.left_over =
            mapping.left_over.iter().filter_map(|&position| Some(head.columns.get(position)?.text.clone())).collect();
        let normaliser = Box::new(Normaliser::new(&self.intake.context, definition, &head, &mapping));
        Ok(Table { registry: definition.id.clone(), grain: definition.grain, normaliser, head, mapping })
    }

    fn rows(&mut self, table: &mut Table<'i>, rows: &RawTable) {
        table.normaliser.push(rows);
    }

    fn end(&mut self, name: &SheetName, table: Table<'i>, entry: &mut IntakeSheet) -> Result<(), ArrowError> {
        let normalised = table.normaliser.finish()?;
        entry.columns.clone_from(&normalised.headers);
        entry.data_date = normalised.snapshot.map(|snapshot| snapshot.day);
        self.taken.sheets.push((name.clone(), table.registry, table.grain, normalised));
        self.taken.heads.push((table.head, table.mapping));
        Ok(())
    }
}

/// Fills in what was kept and rejected per sheet, once all sheets have been put together.
pub(super) fn count(files: &mut [IntakeFile], rejects: &[(SheetName, Reject)]) {
    let mut reasons: BTreeMap<(&str, &str), BTreeMap<RejectReason, u64>> = BTreeMap::new();
    for (name, reject) in rejects {
        *reasons.entry((&name.file, &name.sheet)).or_default().entry(reject.reason).or_default() += 1;
    }
    for file in files {
        for sheet in file.sheets.iter_mut().filter(|sheet| sheet.registry.is_some()) {
            sheet.rejected = reasons.get(&(file.path.as_str(), sheet.sheet.as_str())).cloned().unwrap_or_default();
            sheet.kept = sheet.read.saturating_sub(sheet.rejected.values().sum());
        }
    }
}
