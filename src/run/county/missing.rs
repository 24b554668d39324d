//! Registers of which rows did not come in: whoever is absent from one may stand in what was not read.
//!
//! Takes what intake says of each file; gives registers of which rows were set aside that may be somebody's, of which a table was refused, and
//! the county's table of expected rows where a file called so was refused. Cost: a look at each sheet.

use std::collections::BTreeSet;

use crate::config::registry::{Dictionary, RegistryDefinition};
use crate::model::intake::{IntakeFile, IntakeSheet};
use crate::model::raw::{Refusal, RejectReason};
use crate::model::registry::RegistryId;

/// What offices call a list of persons.
const LISTS: [&str; 9] = ["名册", "名单", "台账", "明细", "花名", "人员", "登记", "补录", "补缴"];

/// See the module's documentation.
pub(super) fn set_aside(intake: &[IntakeFile], dictionary: &Dictionary) -> BTreeSet<RegistryId> {
    let sheets = || intake.iter().flat_map(|file| &file.sheets);
    let torn = sheets().filter(|sheet| RejectReason::SOMEBODY.iter().any(|reason| sheet.rejected.contains_key(reason)));
    let mut missing = refused(intake, dictionary);
    missing.extend(torn.filter_map(|sheet| sheet.registry.clone()));
    missing
}

/// Registers of which a file or a sheet was refused.
pub(super) fn refused(intake: &[IntakeFile], dictionary: &Dictionary) -> BTreeSet<RegistryId> {
    let mut missing = BTreeSet::new();
    for file in intake {
        if let Some(refusal) = &file.refusal {
            missing.extend(of_file(refusal, intake, dictionary));
        }
        for sheet in file.sheets.iter().filter(|sheet| sheet.refusal.as_ref().is_some_and(holds_persons)) {
            missing.extend(of_sheet(sheet, file, dictionary));
        }
    }
    missing
}

/// Of what a refused sheet may be a part: of the register that was read from it, or else of those beside it and those that its name says.
fn of_sheet(sheet: &IntakeSheet, file: &IntakeFile, dictionary: &Dictionary) -> Vec<RegistryId> {
    if let Some(registry) = &sheet.registry {
        return vec![registry.clone()];
    }
    let beside = file.sheets.iter().filter_map(|other| other.registry.clone());
    beside.chain(named(&sheet.sheet, dictionary)).chain(named(base(&file.path), dictionary)).collect()
}

/// Of what a refused file may be a part: of the registers that its name says; of those beside it in the folder, where it is called a list.
fn of_file(refusal: &Refusal, intake: &[IntakeFile], dictionary: &Dictionary) -> Vec<RegistryId> {
    let path = refusal.name.file.as_str();
    let said: Vec<RegistryId> = named(base(path), dictionary).collect();
    if !said.is_empty() || !LISTS.iter().any(|word| path.contains(word)) {
        return said;
    }
    let folder = folder(path);
    let beside = intake.iter().filter(|file| self::folder(&file.path) == folder).flat_map(|file| &file.sheets);
    beside.filter_map(|sheet| sheet.registry.clone()).filter(|_| !folder.is_empty()).collect()
}

/// Whether persons may stand in a refused sheet: in one without a header only where a number does.
fn holds_persons(refusal: &Refusal) -> bool {
    refusal.code != "no-header" || refusal.what.contains("********")
}

/// Registers of which a word stands in a name.
fn named<'d>(name: &'d str, dictionary: &'d Dictionary) -> impl Iterator<Item = RegistryId> + 'd {
    let says = |registry: &&RegistryDefinition| registry.title_words.iter().any(|word| name.contains(word.as_str()));
    dictionary.registries.iter().filter(says).map(|registry| registry.id.clone())
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The first folder of a path.
fn folder(path: &str) -> &str {
    path.split_once('/').map_or("", |(folder, _)| folder)
}
