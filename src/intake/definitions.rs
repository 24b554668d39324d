//! What a pipeline names, resolved.
//!
//! Takes the path of a pipeline file, gives [`Definitions`] or every mistake in all its files at once. Its hash covers the bytes of
//! every file it consists of (bases too), so that two runs with equal hashes applied the same definitions.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::config::divisions::{DivisionsProblem, Gazetteer};
use crate::config::document::Document;
use crate::config::error::Problems;
use crate::config::layout::Layouts;
use crate::config::link::LinkModel;
use crate::config::link_saved::SavedModel;
use crate::config::pin::Pin;
use crate::config::pipeline::{IdentityFiles, IntakeChoice, Layer, Named, Pipeline, Taken, TownFiles, Workbook};
use crate::config::policy::{ChosenReadings, Policy};
use crate::config::registry::Dictionary;
use crate::config::returns::Returns;
use crate::ingest::limits::LeaveOut;
use crate::intake::definition_files::{Reader, Unreadable};
use crate::model::ids::{CountyKey, PartsDigest};
use crate::model::register::Accepted;
use crate::model::registry::RegistryId;
use crate::model::system_error::plain;
use crate::store::key::KeyFile;

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
    /// The pipeline is not there.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// Mistakes, each with file, line and caret.
    #[error("{0}")]
    Mistakes(Problems),
}

/// The definitions that a run of that pipeline is usually made with, where they are at hand, or why they are not.
pub(crate) fn usual(pipeline: &str) -> Result<Definitions, String> {
    let path = PathBuf::from(format!("pipelines/{pipeline}.toml"));
    if fs::metadata(&path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        return Err(format!("这里没有 {}", path.display()));
    }
    load(&path).map_err(|error| match error {
        DefinitionError::Unreadable(error) => format!("{} 读不到（{}）", path.display(), plain(&error.source)),
        DefinitionError::Mistakes(problems) => {
            let first = problems.as_slice().first().map_or("", |problem| problem.message.as_str());
            let count = problems.as_slice().len();
            format!("{} 有 {count} 处错误（{first}{}）", path.display(), if count > 1 { " 等" } else { "" })
        }
    })
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

/// Reads and resolves the pipeline at `path`: every mistake of every file that it names, but for those that follow from another.
pub(crate) fn load(path: &Path) -> Result<Definitions, DefinitionError> {
    let (mut reader, name) = Reader::beside(path);
    let mut problems = Problems::default();
    let layers = layers(&mut reader, &name, &mut problems)?;
    let Some(pipeline) = Pipeline::resolve(layers, &mut problems) else {
        return Err(DefinitionError::Mistakes(problems.into_whole(None::<()>).err().unwrap_or_default()));
    };
    let files = Files::read(&mut reader, &pipeline, &mut problems);

    let (shared, own) = (files.registries.as_deref().unwrap_or_default(), files.own.as_deref().unwrap_or_default());
    let dictionary = Dictionary::collect(shared, own, &mut problems);
    // Whatever is named could be in a file that cannot be read.
    problems.suspect_any(files.registries.is_none() || files.own.is_none());
    let spine = spine(&pipeline, &dictionary, &mut problems);
    let pins = Pin::resolve(&pipeline.pins.document, &pipeline.pins.value, &dictionary, &mut problems);
    let accepted = accepted(&pipeline, &dictionary, &mut problems);
    let chosen = ChosenReadings { document: &pipeline.readings.document, readings: &pipeline.readings.value };
    let policy = files.policy.as_ref().and_then(|files| Policy::collect(files, &dictionary, chosen, &mut problems));
    problems.suspect_any(false);
    let layouts = files.layouts.as_ref().and_then(|files| Layouts::collect(files, &mut problems));
    let link = files.link.as_ref().and_then(|file| LinkModel::collect(file, &mut problems));
    let returns = pipeline.returns.as_ref().and_then(|folder| {
        let files = reader.aside().folder(folder, &[".toml"], &mut problems)?;
        Some(Returns::collect(&files, layouts.as_ref(), &mut problems))
    });
    let gazetteer = files.divisions.as_ref().and_then(|files| gazetteer(files, &pipeline.divisions, &mut problems));
    let saved = files.link.as_ref().zip(link.as_ref());
    let saved = saved.and_then(|(file, link)| saved_model(&mut reader, &pipeline.link.path, file, link, &mut problems));
    let whole = (policy, layouts, link, gazetteer, files.key, files.link);
    let whole = match whole {
        (Some(policy), Some(layouts), Some(link), Some(gazetteer), Some(key), Some(file)) => {
            Some((policy, layouts, link, gazetteer, key, file))
        }
        _ => None,
    };
    let whole = problems.into_whole(whole).map_err(DefinitionError::Mistakes)?;
    let (policy, layouts, link, gazetteer, (key, key_file), link_document) = whole;
    let [registries, own, divisions, policy_documents] =
        [files.registries, files.own, files.divisions, files.policy].map(Option::unwrap_or_default);
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
        accepted,
        links_hash: rows.digits(64),
        hash: reader.hash(),
    })
}

/// What a pipeline names, as text; `None` for what cannot be read.
struct Files {
    registries: Option<Vec<Document>>,
    own: Option<Vec<Document>>,
    policy: Option<Vec<Document>>,
    layouts: Option<Vec<Document>>,
    divisions: Option<Vec<Document>>,
    link: Option<Document>,
    key: Option<(Vec<u8>, KeyFile)>,
}

impl Files {
    fn read(reader: &mut Reader, pipeline: &Pipeline, problems: &mut Problems) -> Self {
        Self {
            registries: reader.folder(&pipeline.registries, &[".toml"], problems),
            own: match &pipeline.own_registries {
                Some(folder) => reader.folder(folder, &[".toml"], problems),
                None => Some(Vec::new()),
            },
            policy: reader.folder(&pipeline.policy, &[".toml", ".txt"], problems),
            layouts: reader.folder(&pipeline.layouts, &[".toml"], problems),
            divisions: reader.folder(&pipeline.divisions, &[".csv"], problems),
            link: reader.document(&pipeline.link, problems),
            key: reader.key(&pipeline.key, problems),
        }
    }
}

/// Towns and villages, from the two lists of the folder.
fn gazetteer(files: &[Document], folder: &Named, problems: &mut Problems) -> Option<Gazetteer> {
    let mut list = |ending: &str| {
        let found = files.iter().find(|document| document.path.ends_with(ending));
        if found.is_none() {
            let hint = "照 pipelines/divisions/README.md 准备乡镇、村（居）名录";
            let what = format!("{} 里没有名字以 {ending} 结尾的区划表", folder.path);
            problems.add_with_hint(&folder.document, folder.span.clone(), what, "这里", hint);
        }
        found
    };
    let (villages, streets) = (list("_villages.csv")?, list("_streets_history.csv")?);
    let resolved = Gazetteer::resolve(&villages.text, &streets.text);
    resolved.map_err(|mistakes| mistakes.iter().for_each(|mistake| tell_line(mistake, [villages, streets], problems))).ok()
}

fn tell_line(mistake: &DivisionsProblem, [villages, streets]: [&Document; 2], problems: &mut Problems) {
    let document = if mistake.list == "villages" { villages } else { streets };
    let line = usize::try_from(mistake.line).unwrap_or(1).max(1);
    let start: usize = document.text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let length = document.text.get(start..).and_then(|rest| rest.lines().next()).map_or(0, str::len);
    let hint = "照同一列别的行写；代码和名称取自国家统计局区划代码表";
    problems.add_with_hint(document, start..start + length, mistake.what.clone(), "这一行", hint);
}

/// The saved model that the linking model names: its text and what it says.
fn saved_model(
    reader: &mut Reader,
    link_file: &str,
    link_document: &Document,
    link: &LinkModel,
    problems: &mut Problems,
) -> Option<(String, SavedModel)> {
    let named = link.saved.as_ref()?;
    let folder = link_file.rfind('/').map_or("", |end| link_file.get(..=end).unwrap_or(""));
    let path = format!("{folder}{}", named.get_ref());
    let document = reader.document(&Named { document: link_document.clone(), span: named.span(), path }, problems)?;
    let hint = "写一次运行的 stages/model.json 的路径，从本文件所在的文件夹算起；删去这一行则每次由本月数据估计";
    let read = SavedModel::parse(&document.text);
    let (saved, _) = read.map_err(|what| problems.add_with_hint(link_document, named.span(), what, "这里", hint)).ok()?;
    Some((document.text, saved))
}

/// The file called `name` and those it derives from, as far as they can be read.
fn layers(reader: &mut Reader, name: &str, problems: &mut Problems) -> Result<Vec<Layer>, DefinitionError> {
    let mut document = reader.first(name, problems)?;
    let mut seen = vec![canonical(&reader.folder.join(name))];
    let (mut layers, mut folder) = (Vec::new(), String::new());
    while let Some(layer) = Layer::parse(document, folder.clone(), problems) {
        let base = layer.base().map(|base| layer.named(base));
        layers.push(layer);
        let Some(base) = base else { break };
        let path = canonical(&reader.folder.join(&base.path));
        if seen.contains(&path) {
            problems.add(&base.document, base.span, "base 绕了一圈又回到自己", "改成别的文件，或删去");
            break;
        }
        let Some(read) = reader.document(&base, problems) else {
            // What is said nowhere could be there.
            problems.suspect_any(true);
            break;
        };
        document = read;
        seen.push(path);
        folder = base.path.rsplit_once(['/', '\\']).map(|(folder, _)| format!("{folder}/")).unwrap_or_default();
    }
    Ok(layers)
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn spine(pipeline: &Pipeline, dictionary: &Dictionary, problems: &mut Problems) -> Vec<RegistryId> {
    let order = &pipeline.order;
    for (at, name) in order.value.iter().enumerate() {
        unknown_registry(&order.document, name.span(), name.get_ref(), dictionary, problems);
        if order.value.iter().take(at).any(|before| before.get_ref() == name.get_ref()) {
            problems.add(&order.document, name.span(), format!("名册 {} 在 order 里写了两次", name.get_ref()), "留一处");
        }
    }
    // That it is not there is told here, and not again wherever a rule names it.
    order
        .value
        .iter()
        .filter(|name| dictionary.registry(name.get_ref()).is_none())
        .for_each(|name| problems.suspect(name.get_ref()));
    order.value.iter().map(|name| RegistryId::from(name.get_ref().as_str())).collect()
}

fn accepted(pipeline: &Pipeline, dictionary: &Dictionary, problems: &mut Problems) -> Vec<Accepted> {
    let told = &pipeline.accept_partial;
    for accepted in &told.value {
        unknown_registry(&told.document, accepted.span(), accepted.get_ref().registry.as_str(), dictionary, problems);
    }
    told.value.iter().map(|accepted| accepted.get_ref().clone()).collect()
}

fn unknown_registry(document: &Document, span: Range<usize>, id: &str, dictionary: &Dictionary, problems: &mut Problems) {
    if dictionary.registry(id).is_none() {
        let known = dictionary.registries.iter().map(|registry| registry.id.as_str());
        problems.add_unknown(document, span, "名册", id, known);
    }
}
