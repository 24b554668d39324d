//! A pipeline: where a job's definitions lie, in which order registries are linked, which workbooks it makes.
//!
//! Written as TOML (`pipelines/monthly.toml`); paths are relative to the file that writes them. A pipeline may derive from another
//! (`base = "monthly.toml"`): what a file says replaces what its base says, whole entries at a time (`order`, `[readings]` and
//! `[[pin]]` too); the rest comes from the base. [`Layer::parse`] takes one file, [`Pipeline::resolve`] the file and its bases; `run`
//! reads them and what they name.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;

use super::document::{Document, Spanned};
use super::error::Problems;
use super::parse::parse;
use super::pin::WrittenPin;
use crate::model::register::Accepted;

/// A workbook, or a set of them, that a pipeline makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Workbook {
    /// `汇总`.
    Summary,
    /// Promises of the document.
    Clauses,
    /// Identity corrections.
    Identity,
    /// One per lead department.
    Departments,
    /// One per town.
    Towns,
    /// Where findings stand; only where there is a ledger.
    Ledger,
    /// Pairs of rows that a human must decide.
    Review,
    /// A sample of links, to verify them.
    Sample,
    /// One per town: every household with all that every registry holds of it, and every rule.
    Dossier,
}

impl Workbook {
    /// What a pipeline makes that does not say.
    pub const USUAL: [Self; 8] =
        [Self::Summary, Self::Clauses, Self::Identity, Self::Departments, Self::Towns, Self::Ledger, Self::Review, Self::Sample];
}

/// What one workbook of village lists covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TownFiles {
    /// A town, a sheet per village.
    #[default]
    Town,
    /// A village.
    Village,
}

/// What one workbook of identity corrections covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityFiles {
    /// The county.
    #[default]
    County,
    /// A town.
    Town,
}

/// Whether what is hidden from whoever opens a workbook is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taken {
    /// Read, counted and told.
    #[default]
    Read,
    /// Left out: rows are rejects, a sheet is told.
    Skip,
}

/// `[intake]`: what is done with what is hidden.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IntakeChoice {
    /// Sheets that the program does not show.
    pub hidden_sheets: Taken,
    /// Rows that it does not show, filtered ones and such of no height too.
    pub hidden_rows: Taken,
    /// Rows struck through.
    pub struck_rows: Taken,
}

/// One pipeline file as written; what it leaves out comes from its base.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    base: Option<Spanned<String>>,
    name: Option<String>,
    county: Option<String>,
    registries: Option<Spanned<String>>,
    own_registries: Option<Spanned<String>>,
    divisions: Option<Spanned<String>>,
    policy: Option<Spanned<String>>,
    layouts: Option<Spanned<String>>,
    returns: Option<Spanned<String>>,
    link: Option<Spanned<String>>,
    key: Option<Spanned<String>>,
    order: Option<Vec<Spanned<String>>>,
    readings: Option<BTreeMap<Spanned<String>, Spanned<String>>>,
    #[serde(rename = "pin")]
    pins: Option<Vec<WrittenPin>>,
    needs_town: Option<bool>,
    workbooks: Option<Vec<Workbook>>,
    ledger: Option<String>,
    accept_partial: Option<Vec<Spanned<String>>>,
    town_files: Option<TownFiles>,
    identity_files: Option<IdentityFiles>,
    intake: Option<IntakeChoice>,
}

/// One file of a pipeline.
#[derive(Debug)]
pub struct Layer {
    /// The file.
    pub document: Document,
    /// Its folder relative to the folder of the file that was asked for: empty, or with `/` at its end.
    pub folder: String,
    written: Written,
}

impl Layer {
    /// Reads one file; `None` when nothing of it can be read.
    #[must_use]
    pub fn parse(document: Document, folder: String, problems: &mut Problems) -> Option<Self> {
        let written = parse(&document, problems)?;
        Some(Self { document, folder, written })
    }

    /// The file it derives from, with where that is written; relative to [`Layer::folder`].
    #[must_use]
    pub fn base(&self) -> Option<&Spanned<String>> {
        self.written.base.as_ref()
    }

    /// A path that the file writes, as it is from the file that was asked for.
    #[must_use]
    pub fn named(&self, path: &Spanned<String>) -> Named {
        Named { document: self.document.clone(), span: path.span(), path: format!("{}{}", self.folder, path.get_ref()) }
    }
}

/// A value, and the file that says so.
#[derive(Debug)]
pub struct Told<T> {
    /// For carets.
    pub document: Document,
    /// What it says.
    pub value: T,
}

/// A file or folder that a pipeline names, and where.
#[derive(Clone, Debug)]
pub struct Named {
    /// For carets.
    pub document: Document,
    /// For carets.
    pub span: Range<usize>,
    /// Relative to the file asked for.
    pub path: String,
}

/// A pipeline, its bases taken in.
#[derive(Debug)]
pub struct Pipeline {
    /// Its name, for `run.json`.
    pub name: String,
    /// `正安县`: for titles, units of rates, and to tell addresses of other counties.
    pub county: String,
    /// Folder of the alias dictionary: `fields.toml` and one file per registry. As all paths here, relative to the file asked for.
    pub registries: Named,
    /// Folder with the county's own header spellings, codes and registries, added to the shared ones.
    pub own_registries: Option<Named>,
    /// Folder of division lists.
    pub divisions: Named,
    /// Folder of the policy.
    pub policy: Named,
    /// Folder of workbook layouts.
    pub layouts: Named,
    /// Folder with the headers and wordings of returned lists.
    pub returns: Option<Named>,
    /// The linking model.
    pub link: Named,
    /// The county's key file for stable ids.
    pub key: Named,
    /// Registries in spine order; those not named follow by id.
    pub order: Told<Vec<Spanned<String>>>,
    /// Readings chosen in place of the policy folder's: `two_none_reading = "column"`.
    pub readings: Told<BTreeMap<Spanned<String>, Spanned<String>>>,
    /// Files pinned to a registry by hand.
    pub pins: Told<Vec<WrittenPin>>,
    /// Whether `--town` must say for which towns it is run.
    pub needs_town: bool,
    /// What it makes.
    pub workbooks: Vec<Workbook>,
    /// The ledger, where the command line names none.
    pub ledger: Option<String>,
    /// Registers that the county knows to be whole, `insurance` or `insurance:土坪镇`.
    pub accept_partial: Told<Vec<Spanned<Accepted>>>,
    /// How village lists are cut into workbooks.
    pub town_files: TownFiles,
    /// How identity corrections are.
    pub identity_files: IdentityFiles,
    /// What is done with what is hidden.
    pub intake: IntakeChoice,
}

impl Pipeline {
    /// The pipeline of a file and its bases, in this order; `None` when a folder or file is said nowhere.
    #[must_use]
    pub fn resolve(mut layers: Vec<Layer>, problems: &mut Problems) -> Option<Self> {
        let first = layers.first()?.document.clone();
        let derived = layers.len() > 1;
        macro_rules! text {
            ($key:ident) => {
                layers.iter_mut().find_map(|layer| layer.written.$key.take())
            };
        }
        macro_rules! path {
            ($key:ident) => {
                layers.iter().find_map(|layer| layer.written.$key.as_ref().map(|path| layer.named(path)))
            };
        }
        macro_rules! told {
            ($key:ident) => {
                layers
                    .iter_mut()
                    .find_map(|layer| layer.written.$key.take().map(|value| Told { document: layer.document.clone(), value }))
            };
        }
        let (name, county) = (text!(name), text!(county));
        let (registries, divisions, policy) = (path!(registries), path!(divisions), path!(policy));
        let (layouts, link, key, own_registries) = (path!(layouts), path!(link), path!(key), path!(own_registries));
        let returns = path!(returns);
        let (order, readings, pins) = (told!(order), told!(readings), told!(pins));
        let (needs_town, workbooks) = (text!(needs_town), text!(workbooks));
        let ledger = layers.iter().find_map(|layer| layer.written.ledger.as_ref().map(|path| format!("{}{path}", layer.folder)));
        let (town_files, identity_files) = (text!(town_files), text!(identity_files));
        let intake = text!(intake);
        let said = [
            ("name", name.is_some()),
            ("county", county.is_some()),
            ("registries", registries.is_some()),
            ("divisions", divisions.is_some()),
            ("policy", policy.is_some()),
            ("layouts", layouts.is_some()),
            ("link", link.is_some()),
            ("key", key.is_some()),
            ("order", order.is_some()),
        ];
        let missing = said.iter().filter(|(key, there)| !there && !problems.is_suspect(key)).map(|(key, _)| *key);
        let missing = missing.collect::<Vec<_>>().join("”、“");
        if !missing.is_empty() {
            let end = first.text.find('\n').unwrap_or(first.text.len());
            let hint = if derived { "它的 base 里也没有" } else { "照 pipelines/monthly.toml 补上" };
            problems.add_with_hint(&first, 0..end, format!("缺少“{missing}”"), "在这个文件里", hint);
        }
        let mut accept_partial = Told { document: first.clone(), value: Vec::new() };
        if let Some(told) = told!(accept_partial) {
            for written in told.value {
                match written.get_ref().parse() {
                    Ok(accepted) => accept_partial.value.push(Spanned::new(written.span(), accepted)),
                    Err(message) => problems.add(&told.document, written.span(), message, ""),
                }
            }
            accept_partial.document = told.document;
        }
        Some(Self {
            name: name.unwrap_or_default(),
            county: county.unwrap_or_default(),
            registries: registries?,
            own_registries,
            divisions: divisions?,
            policy: policy?,
            layouts: layouts?,
            returns,
            link: link?,
            key: key?,
            order: order.unwrap_or_else(|| Told { document: first.clone(), value: Vec::new() }),
            readings: readings.unwrap_or_else(|| Told { document: first.clone(), value: BTreeMap::new() }),
            pins: pins.unwrap_or_else(|| Told { document: first.clone(), value: Vec::new() }),
            needs_town: needs_town.unwrap_or(false),
            workbooks: workbooks.unwrap_or_else(|| Workbook::USUAL.to_vec()),
            ledger,
            accept_partial,
            town_files: town_files.unwrap_or_default(),
            identity_files: identity_files.unwrap_or_default(),
            intake: intake.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(files: &[(&str, &str, &str)]) -> Result<Pipeline, String> {
        let mut problems = Problems::default();
        let mut layers = Vec::new();
        for (path, folder, text) in files {
            let document = Document { path: (*path).to_owned(), text: (*text).to_owned() };
            layers.extend(Layer::parse(document, (*folder).to_owned(), &mut problems));
        }
        let pipeline = Pipeline::resolve(layers, &mut problems);
        problems.into_result(()).map_err(|problems| problems.render(false))?;
        pipeline.ok_or_else(|| "nothing".to_owned())
    }

    const MONTHLY: &str = "name = \"monthly\"\ncounty = \"正安县\"\nregistries = \"r\"\ndivisions = \"d\"\npolicy = \"p\"\n\
        layouts = \"../reports\"\nlink = \"link.toml\"\nkey = \"k\"\norder = [\"poverty\"]\n[[pin]]\nfiles = \"a\"\nregistry = \"dibao\"\n";

    #[test]
    fn what_a_file_says_replaces_what_its_base_says_and_the_rest_is_the_bases() {
        let own = "base = \"../county/monthly.toml\"\nname = \"township\"\npolicy = \"mine\"\nneeds_town = true\nworkbooks = [\"dossier\"]\n";
        let pipeline =
            resolve(&[("town/township.toml", "", own), ("county/monthly.toml", "../county/", MONTHLY)]).expect("sound");
        assert_eq!((pipeline.name.as_str(), pipeline.county.as_str()), ("township", "正安县"));
        assert_eq!((pipeline.policy.path.as_str(), pipeline.link.path.as_str()), ("mine", "../county/link.toml"));
        assert_eq!((pipeline.order.document.path.as_str(), pipeline.pins.value.len()), ("county/monthly.toml", 1));
        assert!(pipeline.needs_town && pipeline.workbooks == [Workbook::Dossier]);
        let monthly = resolve(&[("monthly.toml", "", MONTHLY)]).expect("sound");
        assert!(!monthly.needs_town && monthly.workbooks == Workbook::USUAL);
        assert_eq!(monthly.intake, IntakeChoice::default());
        let own = "base = \"../county/monthly.toml\"\n[intake]\nhidden_rows = \"skip\"\n";
        let pipeline = resolve(&[("town/t.toml", "", own), ("county/monthly.toml", "../county/", MONTHLY)]).expect("sound");
        assert_eq!(pipeline.intake, IntakeChoice { hidden_rows: Taken::Skip, ..IntakeChoice::default() });
    }

    #[test]
    fn what_no_file_says_and_what_no_file_can_say_is_told_with_its_place() {
        let told = resolve(&[("monthly.toml", "", "name = \"monthly\"\n")]).expect_err("incomplete");
        for key in ["county", "registries", "order"] {
            assert!(told.contains(&format!("“{key}”")) && told.contains("monthly.toml:1:"), "{told}");
        }
        let told =
            resolve(&[("t.toml", "", "name = \"t\"\nworkbooks = [\"dosier\"]\n"), ("m.toml", "", MONTHLY)]).expect_err("unknown");
        assert!(told.contains("t.toml:2:") && told.contains("是不是“dossier”"), "{told}");
    }
}
