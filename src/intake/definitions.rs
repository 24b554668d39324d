//! What a pipeline names, read from disk and resolved: the only reader of definition files.
//!
//! Takes the path of a pipeline file, gives [`Definitions`] or every mistake in all its files at once. Its hash covers the bytes of
//! every file it consists of (bases too), so that two runs with equal hashes applied the same definitions.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::divisions::Gazetteer;
use crate::config::document::Document;
use crate::config::error::Problems;
use crate::config::layout::Layouts;
use crate::config::link::LinkModel;
use crate::config::link_saved::SavedModel;
use crate::config::pin::Pin;
use crate::config::pipeline::{IdentityFiles, IntakeChoice, Layer, Pipeline, Taken, TownFiles, Workbook};
use crate::config::policy::{ChosenReadings, Policy};
use crate::config::registry::Dictionary;
use crate::config::returns::Returns;
use crate::ingest::limits::LeaveOut;
use crate::model::ids::{CountyKey, PartsDigest};
use crate::model::register::Accepted;
use crate::model::registry::RegistryId;
use crate::model::system_error::plain;
use crate::store::disk;
use crate::store::key::{self, KeyError, KeyFile};

/// Everything a run needs to know before it reads a file.
#[derive(Debug)]
pub(crate) struct Definitions {
    /// The pipeline's name.
    pub(crate) name: String,
    /// The county's name.
    pub(crate) county: String,
    /// Fields and registries.
    pub(crate) dictionary: Dictionary,
    /// Towns and villages in all editions.
    pub(crate) gazetteer: Gazetteer,
    /// The policy.
    pub(crate) policy: Policy,
    /// The policy's files, for carets under its cases.
    pub(crate) policy_documents: Vec<Document>,
    /// Workbook layouts.
    pub(crate) layouts: Layouts,
    /// How returned lists are read, where the pipeline says so. No part of the hash: a run does not read it.
    pub(crate) returns: Option<Returns>,
    /// The linking model.
    pub(crate) link: LinkModel,
    /// The saved weights that it names.
    pub(crate) saved: Option<SavedModel>,
    /// Key of stable ids.
    pub(crate) key: CountyKey,
    /// What kind of key that is, and what is to be told of its file.
    pub(crate) key_file: KeyFile,
    /// Registries in spine order.
    pub(crate) spine: Vec<RegistryId>,
    /// What is hidden in files and not to be read.
    pub(crate) leave_out: LeaveOut,
    /// Files pinned by hand.
    pub(crate) pins: Vec<Pin>,
    /// Whether `--town` must say for which towns it is run.
    pub(crate) needs_town: bool,
    /// What it makes.
    pub(crate) workbooks: Vec<Workbook>,
    /// How village lists are cut into workbooks.
    pub(crate) town_files: TownFiles,
    /// How identity corrections are.
    pub(crate) identity_files: IdentityFiles,
    /// The ledger that the pipeline names.
    pub(crate) ledger: Option<PathBuf>,
    /// Registers that the county knows to be whole.
    pub(crate) accepted: Vec<Accepted>,
    /// Of all files above, lower-case hexadecimal.
    pub(crate) hash: String,
    /// Of those that rows and links follow from: county, registries, divisions, order, pins, linking model, key.
    pub(crate) links_hash: String,
}

/// Why definitions cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionError {
    /// A file or folder that the pipeline names is not there.
    #[error("读不到 {}：{}。请检查路径：流程文件是 pipelines/monthly.toml 这样的文本，里面写的路径从它所在的文件夹算起", path.display(), plain(source))]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The key file is none.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Mistakes, each with file, line and caret.
    #[error("{0}")]
    Mistakes(Problems),
    /// Mistakes that come as sentences.
    #[error("{}", .0.join("\n"))]
    Sentences(Vec<String>),
}

/// The definitions that a run of that pipeline is usually made with, where they are at hand, or why they are not.
pub(crate) fn usual(pipeline: &str) -> Result<Definitions, String> {
    let path = PathBuf::from(format!("pipelines/{pipeline}.toml"));
    if fs::metadata(&path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        return Err(format!("这里没有 {}", path.display()));
    }
    load(&path).map_err(|error| match error {
        DefinitionError::Unreadable { path: which, source } if which == path => {
            format!("{} 读不到（{}）", path.display(), plain(&source))
        }
        DefinitionError::Unreadable { path: which, source } => {
            format!("{} 要用的 {} 读不到（{}）", path.display(), which.display(), plain(&source))
        }
        _ => format!("{} 有错误", path.display()),
    })
}

/// Reads files and remembers their bytes for the hash.
pub(crate) struct Reader {
    folder: PathBuf,
    digest: PartsDigest,
}

impl Reader {
    /// A reader of files beside the pipeline at `path`, and the pipeline's own name there.
    pub(crate) fn beside(path: &Path) -> (Self, String) {
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        (Self { folder, digest: PartsDigest::default() }, name)
    }

    /// Of all files read, lower-case hexadecimal.
    pub(crate) fn hash(self) -> String {
        self.digest.digits(64)
    }

    pub(crate) fn read(&mut self, relative: &str) -> Result<Vec<u8>, DefinitionError> {
        let path = self.folder.join(relative);
        let bytes = disk::read(&path).map_err(|source| DefinitionError::Unreadable { path, source })?;
        self.digest.add(relative);
        self.digest.add(&bytes);
        Ok(bytes)
    }

    /// A key, and what is known of its file.
    pub(crate) fn key(&mut self, relative: &str) -> Result<(Vec<u8>, KeyFile), DefinitionError> {
        let path = self.folder.join(relative);
        let is_long = disk::open(&path).and_then(|file| file.metadata()).is_ok_and(|kind| kind.len() > key::LONGEST);
        if is_long {
            return Err(KeyError::Long(path).into());
        }
        let bytes = self.read(relative)?;
        let file = key::look_at(&path, &bytes)?;
        Ok((bytes, file))
    }

    pub(crate) fn document(&mut self, relative: &str) -> Result<Document, DefinitionError> {
        let text = String::from_utf8(self.read(relative)?);
        let path = self.folder.join(relative);
        match text {
            Ok(text) => Ok(Document { path: path.display().to_string(), text: text.trim_start_matches('\u{feff}').to_owned() }),
            Err(_) => Err(DefinitionError::Unreadable { path, source: std::io::ErrorKind::InvalidData.into() }),
        }
    }

    /// Every file of a folder with one of these endings, by name.
    fn folder(&mut self, relative: &str, endings: &[&str]) -> Result<Vec<Document>, DefinitionError> {
        let folder = self.folder.join(relative);
        let unreadable = |source| DefinitionError::Unreadable { path: folder.clone(), source };
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            let name = entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned();
            if endings.iter().any(|ending| name.ends_with(ending)) && !name.starts_with('.') {
                names.push(format!("{relative}/{name}"));
            }
        }
        names.sort();
        names.iter().map(|name| self.document(name)).collect()
    }
}

/// What a parser leaves out where a definition chose so.
pub(crate) fn leave_out(choice: IntakeChoice) -> LeaveOut {
    let skips = |taken: Taken| taken == Taken::Skip;
    LeaveOut {
        hidden_sheets: skips(choice.hidden_sheets),
        hidden_rows: skips(choice.hidden_rows),
        struck_rows: skips(choice.struck_rows),
    }
}

/// Reads and resolves the pipeline at `path`.
pub(crate) fn load(path: &Path) -> Result<Definitions, DefinitionError> {
    let (mut reader, name) = Reader::beside(path);
    let mut problems = Problems::default();
    let Some(pipeline) = layers(&mut reader, &name, &mut problems)?.and_then(|layers| Pipeline::resolve(layers, &mut problems))
    else {
        return Err(DefinitionError::Mistakes(problems));
    };
    let registries = reader.folder(&pipeline.registries, &[".toml"])?;
    let own = pipeline.own_registries.as_ref().map(|folder| reader.folder(folder, &[".toml"])).transpose()?.unwrap_or_default();
    let policy_documents = reader.folder(&pipeline.policy, &[".toml", ".txt"])?;
    let layouts = reader.folder(&pipeline.layouts, &[".toml"])?;
    let divisions = reader.folder(&pipeline.divisions, &[".csv"])?;
    let link_document = reader.document(&pipeline.link)?;
    let (key, key_file) = reader.key(&pipeline.key)?;

    let dictionary = Dictionary::resolve_with(&registries, &own).map_err(DefinitionError::Mistakes)?;
    let spine = spine(&pipeline, &dictionary, &mut problems);
    let pins = Pin::resolve(&pipeline.pins.document, &pipeline.pins.value, &dictionary, &mut problems);
    let chosen = ChosenReadings { document: &pipeline.readings.document, readings: &pipeline.readings.value };
    let policy = collected(Policy::resolve_for(&policy_documents, &dictionary, chosen), &mut problems);
    let layouts = collected(Layouts::resolve(&layouts), &mut problems);
    let link = collected(LinkModel::resolve(&link_document), &mut problems);
    let mut aside = Reader { folder: reader.folder.clone(), digest: PartsDigest::default() };
    let returns = match (&pipeline.returns, &layouts) {
        (Some(folder), Some(layouts)) => collected(Returns::resolve(&aside.folder(folder, &[".toml"])?, layouts), &mut problems),
        _ => None,
    };
    let problems = problems.into_result(());
    let (Ok(()), Some(policy), Some(layouts), Some(link)) = (&problems, policy, layouts, link) else {
        return Err(DefinitionError::Mistakes(problems.err().unwrap_or_default()));
    };
    let saved = saved_model(&mut reader, &pipeline.link, &link_document, &link)?;
    let division =
        |ending: &str| divisions.iter().find(|document| document.path.ends_with(ending)).map_or("", |found| found.text.as_str());
    let sentences = |list: Vec<String>| DefinitionError::Sentences(list);
    let gazetteer = Gazetteer::resolve(division("_villages.csv"), division("_streets_history.csv"))
        .map_err(|list| sentences(list.iter().map(ToString::to_string).collect()))?;
    let mut rows = PartsDigest::default();
    for document in registries.iter().chain(&own).chain(&divisions).chain([&link_document]) {
        rows.add(document.stem());
        rows.add(&document.text);
    }
    if let Some((text, _)) = &saved {
        rows.add(text);
    }
    rows.add(&key);
    rows.add(format!("{} {spine:?} {pins:?}", pipeline.county));
    let leave_out = leave_out(pipeline.intake);
    if leave_out != LeaveOut::default() {
        rows.add(format!("{leave_out:?}"));
    }
    Ok(Definitions {
        name: pipeline.name,
        county: pipeline.county,
        dictionary,
        gazetteer,
        policy,
        policy_documents,
        layouts,
        returns,
        link,
        saved: saved.map(|(_, saved)| saved),
        key: CountyKey::new(key),
        key_file,
        spine,
        leave_out,
        pins,
        needs_town: pipeline.needs_town,
        workbooks: pipeline.workbooks,
        town_files: pipeline.town_files,
        identity_files: pipeline.identity_files,
        ledger: pipeline.ledger.map(|path| reader.folder.join(path)),
        accepted: pipeline.accept_partial,
        links_hash: rows.digits(64),
        hash: reader.hash(),
    })
}

/// The saved model that the linking model names: its text and what it says.
fn saved_model(
    reader: &mut Reader,
    link_file: &str,
    link_document: &Document,
    link: &LinkModel,
) -> Result<Option<(String, SavedModel)>, DefinitionError> {
    let Some(named) = &link.saved else { return Ok(None) };
    let folder = link_file.rfind('/').map_or("", |end| link_file.get(..=end).unwrap_or(""));
    let mistake = |what: String| {
        let mut problems = Problems::default();
        let hint = "写一次运行的 stages/model.json 的路径，从本文件所在的文件夹算起；删去这一行则每次由本月数据估计";
        problems.add_with_hint(link_document, named.span(), what, "这里", hint);
        DefinitionError::Mistakes(problems)
    };
    let document = reader.document(&format!("{folder}{}", named.get_ref())).map_err(|error| mistake(error.to_string()))?;
    let (saved, _) = SavedModel::parse(&document.text).map_err(mistake)?;
    Ok(Some((document.text, saved)))
}

/// The file called `name` and those it derives from; `None` when anything was reported.
fn layers(reader: &mut Reader, name: &str, problems: &mut Problems) -> Result<Option<Vec<Layer>>, DefinitionError> {
    let mut document = reader.document(name)?;
    let mut seen = vec![canonical(&reader.folder.join(name))];
    let (mut layers, mut folder) = (Vec::new(), String::new());
    loop {
        let Some(layer) = Layer::parse(document, folder.clone(), problems) else { return Ok(None) };
        let Some(base) = layer.base() else {
            layers.push(layer);
            return Ok(Some(layers));
        };
        let relative = format!("{folder}{}", base.get_ref());
        let path = canonical(&reader.folder.join(&relative));
        if seen.contains(&path) {
            problems.add(&layer.document, base.span(), "base 绕了一圈又回到自己", "改成别的文件，或删去");
            return Ok(None);
        }
        document = match reader.document(&relative) {
            Ok(document) => document,
            Err(DefinitionError::Unreadable { path, source }) => {
                problems.add(
                    &layer.document,
                    base.span(),
                    format!("读不到 {}：{}", path.display(), plain(&source)),
                    "路径从本文件所在的文件夹算起",
                );
                return Ok(None);
            }
            Err(other) => return Err(other),
        };
        seen.push(path);
        folder = relative.rsplit_once(['/', '\\']).map(|(folder, _)| format!("{folder}/")).unwrap_or_default();
        layers.push(layer);
    }
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn spine(pipeline: &Pipeline, dictionary: &Dictionary, problems: &mut Problems) -> Vec<RegistryId> {
    let order = &pipeline.order;
    for name in &order.value {
        if dictionary.registry(name.get_ref()).is_none() {
            let known = dictionary.registries.iter().map(|registry| registry.id.as_str());
            problems.add_unknown(&order.document, name.span(), "名册", name.get_ref(), known);
        }
    }
    order.value.iter().map(|name| RegistryId::from(name.get_ref().as_str())).collect()
}

/// The value, or its mistakes added to the others.
fn collected<T>(resolved: Result<T, Problems>, problems: &mut Problems) -> Option<T> {
    resolved.map_err(|others| problems.append(others)).ok()
}
