//! The alias dictionary: canonical fields (`pipelines/registries/fields.toml`, `fields-*.toml`) and registry definitions
//! (`pipelines/registries/<id>.toml`), resolved.
//!
//! [`Dictionary::resolve`] takes the texts and gives every mistake at once; [`Dictionary::resolve_with`] adds a county's own words and
//! registries to the shared ones. Headers and code spellings are compared folded ([`fold_header`]); folding twice changes nothing.

mod header;
mod written;

use std::collections::BTreeMap;

use arrow::datatypes::{DataType, Field};

use super::document::{Document, Spanned};
use super::error::{Problems, closest};
use super::parse::parse;
use crate::model::columns::PLACE;
use crate::model::field::{FieldKind, Per};
use crate::model::registry::{Grain, RegistryId};
pub use header::{bracketed_unit, fold_header};
use written::{WrittenAddition, WrittenField, WrittenRegistry};

/// A canonical field.
#[derive(Clone, Debug, Default)]
pub struct FieldDefinition {
    /// Canonical name, also the record column: `household_amount_fen`.
    pub name: String,
    /// How its text is read.
    pub kind: FieldKind,
    /// In plain words: `户月保障金额`.
    pub title: String,
    /// Header spellings, folded, the preferred first; shared by every registry that uses the field.
    pub aliases: Vec<String>,
    /// For codes: spelling (folded) → canonical value. Empty for other kinds.
    pub codes: BTreeMap<String, String>,
    /// For codes: fields whose cells may say it too, where it has no column of its own or says nothing.
    pub beside: Vec<String>,
    /// For codes: words in such a cell, in the title, the sheet's or the file's name, and the value that they say.
    pub words: Vec<(String, String)>,
    /// For codes and yes-or-no that say whether a row still counts: the values for what words mean that the code table does not have.
    pub standing: Option<StandingValues>,
    /// For dates: what has come to an end on that day.
    pub ends: Option<Ending>,
    /// For dates: whether a month or a year that stands there is meant to its last day.
    pub until: bool,
    /// For codes before which a year may stand: `2016年脱贫`.
    pub dated: Option<DatedCode>,
    /// For counts: what columns are called, but for their numbers, whose filled cells are counted where no column says how many: `第1次随访`.
    pub counted: Vec<String>,
    /// For identifiers: with fewer digits it is none.
    pub least_digits: usize,
}

/// What the year before a code says.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatedCode {
    /// The field whose year it is, where that has no column or is blank.
    pub year: String,
    /// Codes that are of a year gone by; others say no year where there are such. Empty for all.
    #[serde(default)]
    pub past: Vec<String>,
}

/// Values of a status by what they mean; where one is not given, nobody can tell whether such a row counts.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandingValues {
    /// The row counts.
    pub live: String,
    /// It does not any more.
    pub ended: Option<String>,
    /// The person has died.
    pub died: Option<String>,
    /// The person has moved away.
    pub left: Option<String>,
    /// Its time is over.
    pub expired: Option<String>,
    /// Applied for, not yet decided.
    pub pending: Option<String>,
}

/// What has come to an end on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The standing.
    Ended,
    /// The person's life.
    Died,
    /// What was valid until then; it may have been prolonged.
    Expired,
}

impl FieldDefinition {
    /// Whether it says if a row still counts.
    #[must_use]
    pub fn is_standing(&self) -> bool {
        self.standing.is_some()
    }

    /// The canonical value that `text` spells; `None` when the code table does not know it.
    #[must_use]
    pub fn code(&self, text: &str) -> Option<&str> {
        self.codes.get(&fold_header(text)).map(String::as_str)
    }
}

/// A field as one registry uses it.
#[derive(Clone, Debug)]
pub struct FieldUse {
    /// Canonical field name.
    pub field: String,
    /// Further header spellings that mean this field in this registry only, folded; they outrank the shared ones.
    pub aliases: Vec<String>,
}

/// In [`RegistryDefinition::required`]: satisfied by a title word instead of a column.
pub const TITLE_WORDS: &str = "title_words";

/// One registry.
#[derive(Clone, Debug)]
pub struct RegistryDefinition {
    /// Its id.
    pub id: RegistryId,
    /// In plain words: `农村低保人员名册`.
    pub title: String,
    /// Who keeps it: `县民政局`.
    pub department: String,
    /// What a row stands for.
    pub grain: Grain,
    /// Fields it may carry.
    pub fields: Vec<FieldUse>,
    /// Fields without which it is not this registry; each entry is a set of alternatives, [`TITLE_WORDS`] among them
    /// where a title may say it instead.
    pub required: Vec<Vec<String>>,
    /// Fields that tell it from its neighbours (weigh more when recognising).
    pub telling: Vec<String>,
    /// Sets of fields whose presence together says it is another registry; read by the shared aliases alone.
    pub excluded: Vec<Vec<String>>,
    /// Words in title, sheet or file text that break ties.
    pub title_words: Vec<String>,
    /// Words in a title that say another project's list, whatever its columns.
    pub other_titles: Vec<String>,
    /// Words in a row's own type that say so of the row; those of titles do too.
    pub other_rows: Vec<String>,
    /// Words of a neighbouring register: a row whose kind is one of them may be on that one instead.
    pub other_kinds: Vec<String>,
    /// Fields other than name and number by which a row may say whom it is about; without any of them all, it is set aside.
    pub identified_by: Vec<String>,
    /// What amounts are for, where the register says it of a field by itself; below zero they are corrections, not payments.
    pub amounts: BTreeMap<String, Per>,
    /// Amounts that may be below zero.
    pub below_zero: Vec<String>,
    /// Amounts that every row has: zero in nearly all rows, the column was not filled in.
    pub never_zero: Vec<String>,
    /// Pairs of amounts of a row of which the first is never less than the second.
    pub at_least: Vec<[String; 2]>,
    /// Words of a remark that end a row's standing, where only some do.
    pub remarks: Vec<String>,
    /// What it is called to count on the register: `参合`, `在保`.
    pub being: Vec<String>,
    /// Fields of which a row states at least one, amounts above zero, or it proves nothing of its person.
    pub proven_by: Vec<String>,
    /// Words of a short cell of those fields that prove nothing either: what somebody does who has no job.
    pub proving_nothing: Vec<String>,
    /// Field by whose values the register is sent in parts, any of which may be left out: a school's stage, a subsidy's kind.
    pub part: Option<String>,
}

/// Every field and registry of a pipeline.
#[derive(Clone, Debug, Default)]
pub struct Dictionary {
    /// By field name.
    pub fields: BTreeMap<String, FieldDefinition>,
    /// In file-name order.
    pub registries: Vec<RegistryDefinition>,
}

impl Dictionary {
    /// Resolves `fields.toml` and the registry files, given in any order; a registry's id is its file name.
    pub fn resolve(documents: &[Document]) -> Result<Self, Problems> {
        Self::resolve_with(documents, &[])
    }

    /// [`Dictionary::resolve`], and a county's own files on top: header and code spellings are added to fields that are there,
    /// fields and spellings to registries that are there; what is not there yet is new.
    pub fn resolve_with(shared: &[Document], own: &[Document]) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let dictionary = Self::collect(shared, own, &mut problems);
        problems.into_result(dictionary)
    }

    /// The same with mistakes reported beside what can be read all the same, so that files that rest on it can be looked at too.
    #[must_use]
    pub fn collect(shared: &[Document], own: &[Document], problems: &mut Problems) -> Self {
        let mut dictionary = Self::default();
        let (shared, own) = (in_order(shared), in_order(own));
        for (document, is_own) in
            shared.iter().map(|document| (document, false)).chain(own.iter().map(|document| (document, true)))
        {
            if !is_fields(document) {
                continue;
            }
            for (name, field) in parse::<BTreeMap<String, WrittenField>>(document, problems).into_iter().flatten() {
                if !is_own && dictionary.fields.contains_key(&name) {
                    let message = format!("字段 {name} 在两个文件里都有");
                    problems.add(document, heading(document, &name), message, "留一处");
                }
                dictionary.add_field(document, name, &field, problems);
            }
        }
        let [shared, own] = [shared, own]
            .map(|documents| documents.into_iter().filter(|document| !is_fields(document)).collect::<Vec<&Document>>());
        let known = |document: &Document| shared.iter().any(|shared| shared.stem() == document.stem());
        for document in shared.iter().chain(own.iter().filter(|document| !known(document))) {
            if let Some(written) = parse::<WrittenRegistry>(document, problems) {
                let registry = resolve_registry(document, written, &dictionary.fields, problems);
                dictionary.registries.push(registry);
            }
        }
        for document in own.iter().filter(|document| known(document)) {
            if let Some(written) = parse::<WrittenAddition>(document, problems) {
                dictionary.add_to_registry(document, written, problems);
            }
        }
        // What a registry says it has and no file of fields explains is told there, and not where rules name it.
        let used = dictionary.registries.iter().flat_map(|registry| &registry.fields);
        for used in used.filter(|used| !dictionary.fields.contains_key(&used.field)) {
            problems.suspect(&used.field);
            FieldKind::IdNumber.columns(&used.field).iter().for_each(|column| problems.suspect(column.name()));
        }
        dictionary
    }

    /// A new field, or further spellings of one that is there.
    fn add_field(&mut self, document: &Document, name: String, written: &WrittenField, problems: &mut Problems) {
        let at = heading(document, &name);
        let known = self.fields.remove(&name);
        let kind = written.kind.or(known.as_ref().map(|known| known.kind));
        let title = written.title.clone().or(known.as_ref().map(|known| known.title.clone()));
        let (Some(kind), Some(title)) = (kind, title) else {
            if !problems.is_suspect(&name) {
                problems.add(
                    document,
                    at,
                    format!("字段 {name} 没有写 kind 和 title"),
                    "新字段要写怎样读（kind）和中文名（title）",
                );
                problems.suspect(name);
            }
            return;
        };
        if known.as_ref().is_some_and(|known| known.kind != kind) {
            problems.add(document, at, format!("字段 {name} 已经有了，读法（kind）不同"), "补充写法时不写 kind，或换一个字段名");
        }
        let mut field = known.unwrap_or_default();
        (field.name, field.kind, field.title) = (name.clone(), kind, title);
        field.standing = written.standing.clone().or(field.standing);
        field.ends = written.ends.or(field.ends);
        field.until |= written.until;
        field.dated = written.dated.clone().or(field.dated);
        field.counted.extend(written.counted.iter().cloned());
        field.least_digits = written.least_digits.unwrap_or(field.least_digits);
        add_spellings(document, &mut field, written, problems);
        self.fields.insert(name, field);
    }

    fn add_to_registry(&mut self, document: &Document, written: WrittenAddition, problems: &mut Problems) {
        let fields = &self.fields;
        let Some(registry) = self.registries.iter_mut().find(|registry| registry.id.as_str() == document.stem()) else { return };
        registry.title = written.title.unwrap_or_else(|| std::mem::take(&mut registry.title));
        registry.department = written.department.unwrap_or_else(|| std::mem::take(&mut registry.department));
        registry.title_words.extend(written.title_words);
        for field in &written.fields {
            if !fields.contains_key(field.get_ref()) {
                problems.add_unknown(document, field.span(), "字段", field.get_ref(), fields.keys().map(String::as_str));
            } else if registry.fields.iter().all(|used| used.field != *field.get_ref()) {
                registry.fields.push(FieldUse { field: field.get_ref().clone(), aliases: Vec::new() });
            }
        }
        for (field, aliases) in &written.aliases {
            for alias in aliases {
                let folded = fold_header(alias.get_ref());
                let other = registry.fields.iter().find(|used| used.field != *field.get_ref() && used.aliases.contains(&folded));
                if let Some(other) = other {
                    let message = format!("表头“{}”在这个名册里已经指“{}”", alias.get_ref(), other.field);
                    problems.add(document, alias.span(), message, "只能指一个字段");
                } else if let Some(used) = registry.fields.iter_mut().find(|used| used.field == *field.get_ref()) {
                    used.aliases.push(folded);
                }
            }
            if registry.fields.iter().all(|used| used.field != *field.get_ref()) {
                let known = registry.fields.iter().map(|used| used.field.as_str());
                problems.add_unknown(document, field.span(), "字段", field.get_ref(), known);
            }
        }
    }

    /// The registry with this id.
    #[must_use]
    pub fn registry(&self, id: &str) -> Option<&RegistryDefinition> {
        self.registries.iter().find(|definition| definition.id.as_str() == id)
    }

    /// The registry that an office calls so: by id, title, or a word that its titles have.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&RegistryDefinition> {
        let name = name.trim();
        let exact = self.registries.iter().find(|known| known.id.as_str() == name || known.title == name);
        exact.or_else(|| self.registries.iter().find(|known| known.title_words.iter().any(|word| name.contains(word.as_str()))))
    }

    /// Record columns that a registry's rows can have, by the field that gives them; the place fields together give theirs where the
    /// first of them stands.
    #[must_use]
    pub fn record_columns(&self, registry: &RegistryDefinition) -> Vec<(&FieldDefinition, Field)> {
        let mut columns = Vec::new();
        let mut placed = false;
        for field in registry.fields.iter().filter_map(|used| self.fields.get(&used.field)) {
            if field.kind == FieldKind::Place && !std::mem::replace(&mut placed, true) {
                columns.extend(PLACE.map(|name| (field, Field::new(name, DataType::Utf8, true))));
            }
            columns.extend(field.kind.columns(&field.name).into_iter().map(|column| (field, column)));
        }
        columns
    }
}

/// `fields.toml`, and one file more for each office: `fields-education.toml`.
fn is_fields(document: &Document) -> bool {
    document.stem() == "fields" || document.stem().starts_with("fields-")
}

fn in_order(documents: &[Document]) -> Vec<&Document> {
    let mut ordered: Vec<&Document> = documents.iter().collect();
    ordered.sort_by(|a, b| a.path.cmp(&b.path));
    ordered
}

/// Where `[name]` stands.
fn heading(document: &Document, name: &str) -> std::ops::Range<usize> {
    let at = document.text.find(&format!("[{name}]")).unwrap_or(0);
    at..(at + name.len() + 2).min(document.text.len())
}

/// Adds header spellings and codes to those of the field.
fn add_spellings(document: &Document, field: &mut FieldDefinition, written: &WrittenField, problems: &mut Problems) {
    let name = &field.name;
    // What the shared words have come to know since is no mistake of a county's own file.
    let known = field.aliases.len();
    for alias in &written.aliases {
        let folded = fold_header(alias.get_ref());
        if let Some(at) = field.aliases.iter().position(|known| *known == folded) {
            if at < known {
                continue;
            }
            let message = format!("“{name}”的表头写法“{}”重复（与前面的写法折叠后相同）", alias.get_ref());
            problems.add(document, alias.span(), message, "删去");
        } else {
            field.aliases.push(folded);
        }
    }
    field.beside.extend(written.beside.iter().cloned());
    for (value, words) in &written.words {
        field.words.extend(words.iter().map(|word| (word.clone(), value.clone())));
    }
    for (value, spellings) in &written.codes {
        field.codes.insert(fold_header(value), value.clone());
        for spelling in spellings {
            let folded = fold_header(spelling.get_ref());
            match field.codes.get(&folded) {
                Some(other) if other != value => {
                    let message = format!("“{name}”的写法“{}”既是“{other}”又是“{value}”", spelling.get_ref());
                    problems.add(document, spelling.span(), message, "只能属于一个值");
                }
                _ => {
                    field.codes.insert(folded, value.clone());
                }
            }
        }
    }
}

fn resolve_registry(
    document: &Document,
    mut written: WrittenRegistry,
    fields: &BTreeMap<String, FieldDefinition>,
    problems: &mut Problems,
) -> RegistryDefinition {
    let known = || fields.keys().map(String::as_str);
    let mut meant = Vec::new();
    for field in written.fields.iter().filter(|field| !fields.contains_key(field.get_ref())) {
        problems.add_unknown(document, field.span(), "字段", field.get_ref(), known());
        // The registry has what was meant as well: that the rest of the file and rules name it is no mistake.
        meant.extend(closest(field.get_ref(), known()).map(|near| Spanned::new(field.span(), near.to_owned())));
    }
    written.fields.append(&mut meant);
    let used: Vec<&str> = written.fields.iter().map(|field| field.get_ref().as_str()).collect();
    let mut check = |names: &mut dyn Iterator<Item = &Spanned<String>>, allowed: &[&str]| {
        for name in names {
            if !allowed.contains(&name.get_ref().as_str()) {
                problems.add_unknown(document, name.span(), "字段", name.get_ref(), allowed.iter().copied());
            }
        }
    };
    let mut alternatives = used.clone();
    alternatives.push(TITLE_WORDS);
    check(&mut written.required.get_ref().iter().flatten(), &alternatives);
    check(&mut written.telling.iter(), &used);
    check(&mut written.identified_by.iter().chain(&written.proven_by), &used);
    check(&mut written.part.iter(), &used);
    check(&mut written.amounts.keys(), &used);
    check(&mut written.below_zero.iter().chain(&written.never_zero), &used);
    check(&mut written.at_least.iter().flatten(), &used);
    check(&mut written.aliases.keys(), &used);
    check(&mut written.excluded.iter().flatten(), &known().collect::<Vec<_>>());
    if written.required.get_ref().iter().all(Vec::is_empty) && !problems.is_suspect("required") {
        problems.add(document, written.required.span(), "必备字段（required）不能为空", "写明没有哪些列就不是这个名册");
    }
    check_aliases(document, &written, fields, problems);
    let plain = |names: &[Spanned<String>]| names.iter().map(|name| name.get_ref().clone()).collect::<Vec<_>>();
    RegistryDefinition {
        id: RegistryId::from(document.stem()),
        grain: written.grain,
        fields: written
            .fields
            .iter()
            .map(|field| FieldUse {
                field: field.get_ref().clone(),
                aliases: written
                    .aliases
                    .get(field.get_ref().as_str())
                    .map_or_else(Vec::new, |own| own.iter().map(|alias| fold_header(alias.get_ref())).collect()),
            })
            .collect(),
        required: written.required.get_ref().iter().map(|group| plain(group)).collect(),
        telling: plain(&written.telling),
        excluded: written.excluded.iter().map(|group| plain(group)).collect(),
        title_words: written.title_words,
        other_titles: written.other_titles,
        other_rows: written.other_rows,
        other_kinds: written.other_kinds,
        identified_by: plain(&written.identified_by),
        amounts: written.amounts.into_iter().map(|(field, per)| (field.into_inner(), per)).collect(),
        below_zero: plain(&written.below_zero),
        never_zero: plain(&written.never_zero),
        at_least: written.at_least.iter().map(|pair| pair.each_ref().map(|name| name.get_ref().clone())).collect(),
        remarks: written.remarks,
        being: written.being,
        proven_by: plain(&written.proven_by),
        proving_nothing: written.proving_nothing,
        part: written.part.map(Spanned::into_inner),
        title: written.title,
        department: written.department,
    }
}

/// One spelling, one field: a registry's own aliases among themselves, then the shared ones of the fields it uses.
fn check_aliases(
    document: &Document,
    written: &WrittenRegistry,
    fields: &BTreeMap<String, FieldDefinition>,
    problems: &mut Problems,
) {
    let mut own: BTreeMap<String, &str> = BTreeMap::new();
    for (field, aliases) in &written.aliases {
        for alias in aliases {
            if let Some(other) = own.insert(fold_header(alias.get_ref()), field.get_ref()) {
                let message = format!("表头“{}”在本名册里写了两次：“{other}”和“{}”", alias.get_ref(), field.get_ref());
                problems.add(document, alias.span(), message, "只能指一个字段");
            }
        }
    }
    let mut shared: BTreeMap<&str, &str> = BTreeMap::new();
    for field in &written.fields {
        for alias in fields.get(field.get_ref()).map_or(&[][..], |definition| &definition.aliases) {
            if let Some(other) = shared.insert(alias, field.get_ref())
                && !own.contains_key(alias)
            {
                let message = format!("表头“{alias}”既可以是“{other}”又可以是“{}”", field.get_ref());
                let hint = "在本文件的 [aliases] 里写明它在这个名册里指哪个字段";
                problems.add_with_hint(document, field.span(), message, "与别的字段同名", hint);
            }
        }
    }
}

/// The dictionary in `pipelines/registries`, for tests of any stage.
#[cfg(test)]
pub(crate) fn shipped() -> Dictionary {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/registries");
    Dictionary::resolve(&super::document::folder(folder, &["toml"])).expect("the shipped dictionary is right")
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
