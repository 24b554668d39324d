//! The alias dictionary: canonical fields (`pipelines/registries/fields.toml`) and registry definitions
//! (`pipelines/registries/<id>.toml`).
//!
//! Takes their texts, gives [`Dictionary`] or every mistake at once. A dictionary that exists is sound: every field a registry
//! names exists, no header means two fields in one registry, no spelling two values in one code table.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;
use unicode_normalization::UnicodeNormalization;

use super::error::{Document, Problem, Problems, did_you_mean};
use crate::model::field::FieldKind;
use crate::model::registry::{Grain, RegistryId};

/// A canonical field.
#[derive(Clone, Debug)]
pub struct FieldDefinition {
    /// Canonical name, also the record column: `household_amount_fen`.
    pub name: String,
    /// How its text is read.
    pub kind: FieldKind,
    /// In plain words: `户月保障金额`.
    pub title: String,
    /// Header spellings, folded; shared by every registry that uses the field.
    pub aliases: Vec<String>,
    /// For codes: spelling (folded) → canonical value. Empty for other kinds.
    pub codes: BTreeMap<String, String>,
}

/// A field as one registry uses it.
#[derive(Clone, Debug)]
pub struct FieldUse {
    /// Canonical field name.
    pub field: String,
    /// Further header spellings that mean this field in this registry only, folded.
    pub aliases: Vec<String>,
}

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
    /// Fields without which it is not this registry; of each entry (alternatives) one must be there.
    pub required: Vec<Vec<String>>,
    /// Fields that tell it from its neighbours (weigh more when recognising).
    pub telling: Vec<String>,
    /// Fields whose presence says it is another registry.
    pub excluded: Vec<String>,
    /// Words in title, sheet or file text that break ties.
    pub title_words: Vec<String>,
    /// Whether one of the words must be there: its columns alone could be many tables.
    pub title_required: bool,
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
    /// The registry with this id.
    #[must_use]
    pub fn registry(&self, id: &str) -> Option<&RegistryDefinition> {
        self.registries.iter().find(|definition| definition.id.as_str() == id)
    }
}

/// A header or code spelling as it is compared: NFKC (full-width to half-width), without spaces, line breaks, quotes, `*` and colons,
/// Latin letters lower-case. Folding twice changes nothing.
#[must_use]
pub fn fold_header(text: &str) -> String {
    text.nfkc()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .filter(|c| !matches!(c, '*' | ':' | '\'' | '"' | '“' | '”' | '‘' | '’' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}'))
        .map(|c| match c {
            '【' | '〔' | '[' => '(',
            '】' | '〕' | ']' => ')',
            other => other.to_ascii_lowercase(),
        })
        .collect()
}

/// [`fold_header`] without a unit in brackets: `保障金(元)` → `保障金`. Other brackets stay: `乡(镇)` is a name.
#[must_use]
pub fn fold_without_unit(text: &str) -> String {
    const UNITS: [&str; 12] =
        ["(元)", "(万元)", "(元/月)", "(元/人)", "(元/人月)", "(元/年)", "(月)", "(人)", "(岁)", "(个)", "(元/人·月)", "(元/户)"];
    let folded = fold_header(text);
    UNITS.iter().find_map(|unit| folded.strip_suffix(unit)).map_or_else(|| folded.clone(), str::to_owned)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenField {
    kind: FieldKind,
    title: String,
    #[serde(default)]
    aliases: Vec<Spanned<String>>,
    #[serde(default)]
    codes: BTreeMap<String, Vec<Spanned<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRegistry {
    id: String,
    title: String,
    department: String,
    grain: Grain,
    required: Vec<Spanned<OneOf>>,
    #[serde(default)]
    telling: Vec<Spanned<String>>,
    #[serde(default)]
    excluded: Vec<Spanned<String>>,
    #[serde(default)]
    title_words: Vec<String>,
    #[serde(default)]
    title_required: bool,
    fields: Vec<Spanned<String>>,
    #[serde(default)]
    aliases: BTreeMap<Spanned<String>, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOf {
    Field(String),
    Fields(Vec<String>),
}

impl Dictionary {
    /// Resolves `fields.toml` and the registry files. A document whose path ends in `fields.toml` is the former; order does not matter.
    pub fn resolve(documents: &[Document]) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let mut dictionary = Self::default();
        let (fields, registries): (Vec<_>, Vec<_>) =
            documents.iter().partition(|document| document.path.ends_with("fields.toml"));
        for document in fields {
            let written = problems.take(document.parse::<BTreeMap<String, WrittenField>>());
            for (name, field) in written.into_iter().flatten() {
                let definition = resolve_field(document, name.clone(), field, &mut problems);
                dictionary.fields.insert(name, definition);
            }
        }
        if dictionary.fields.is_empty() && problems.is_empty() {
            problems.push(Document { path: "fields.toml".into(), text: String::new() }.problem(
                0..0,
                "缺少字段字典 fields.toml，或其中没有字段".into(),
                "把 fields.toml 放进名册定义文件夹".into(),
            ));
        }
        let mut sorted = registries;
        sorted.sort_by(|a, b| a.path.cmp(&b.path));
        for document in sorted {
            if let Some(written) = problems.take(document.parse::<WrittenRegistry>()) {
                if dictionary.registry(&written.id).is_some() {
                    problems.push(at(
                        document,
                        &written.id,
                        format!("名册编号 {} 重复", written.id),
                        "每个文件用不同的 id".into(),
                    ));
                }
                let definition = resolve_registry(document, written, &dictionary.fields, &mut problems);
                dictionary.registries.push(definition);
            }
        }
        problems.finish(dictionary)
    }

    /// Every header spelling of every registry, folded: how a header row is told from data.
    #[must_use]
    pub fn vocabulary(&self) -> BTreeSet<String> {
        self.registries.iter().flat_map(|definition| self.headers(definition).into_keys()).collect()
    }

    /// Header spelling (as [`fold_without_unit`] gives it) → field, for one registry. The registry's own aliases win over shared ones.
    #[must_use]
    pub fn headers(&self, definition: &RegistryDefinition) -> BTreeMap<String, String> {
        let mut headers = BTreeMap::new();
        let own = definition.fields.iter().flat_map(|field| field.aliases.iter().map(|alias| (alias, &field.field)));
        let shared = definition
            .fields
            .iter()
            .filter_map(|used| self.fields.get(&used.field))
            .flat_map(|field| field.aliases.iter().map(|alias| (alias, &field.name)));
        for (alias, field) in own.chain(shared) {
            headers.entry(alias.clone()).or_insert_with(|| field.clone());
        }
        headers
    }
}

/// A problem at the first place `needle` stands in the document.
fn at(document: &Document, needle: &str, message: String, hint: String) -> Problem {
    let start = document.text.find(needle).unwrap_or(0);
    document.problem(start..start + needle.len(), message, hint)
}

fn resolve_field(document: &Document, name: String, written: WrittenField, problems: &mut Problems) -> FieldDefinition {
    let mut codes: BTreeMap<String, String> = BTreeMap::new();
    for (value, spellings) in &written.codes {
        for spelling in spellings {
            let folded = fold_header(spelling.get_ref());
            if let Some(other) = codes.insert(folded, value.clone()).filter(|other| other != value) {
                problems.push(document.problem(
                    spelling.span(),
                    format!("字段 {name} 的写法“{}”同时表示“{other}”和“{value}”", spelling.get_ref()),
                    "一种写法只能对应一个值".into(),
                ));
            }
        }
    }
    let coded = matches!(written.kind, FieldKind::Code | FieldKind::CodeList);
    if coded && codes.is_empty() {
        problems.push(at(
            document,
            &format!("[{name}]"),
            format!("字段 {name} 是代码，但没有代码表"),
            format!("加一段 [{name}.codes]"),
        ));
    }
    let aliases = written.aliases.iter().map(|alias| fold_without_unit(alias.get_ref())).collect();
    FieldDefinition { name, kind: written.kind, title: written.title, aliases, codes }
}

fn resolve_registry(
    document: &Document,
    written: WrittenRegistry,
    fields: &BTreeMap<String, FieldDefinition>,
    problems: &mut Problems,
) -> RegistryDefinition {
    let names: Vec<String> = written.fields.iter().map(|field| field.get_ref().clone()).collect();
    for field in &written.fields {
        if !fields.contains_key(field.get_ref()) {
            let hint = did_you_mean(field.get_ref(), fields.keys().map(String::as_str));
            problems.push(document.problem(field.span(), format!("fields.toml 里没有字段 {}", field.get_ref()), hint));
        }
    }
    let mut listed = |name: &str, span: std::ops::Range<usize>| {
        if !names.iter().any(|known| known == name) {
            let hint = format!("{}（先写进 fields）", did_you_mean(name, names.iter().map(String::as_str)));
            problems.push(document.problem(span, format!("fields 里没有列出 {name}"), hint));
        }
    };
    let required = written
        .required
        .iter()
        .map(|entry| match entry.get_ref() {
            OneOf::Field(name) => vec![name.clone()],
            OneOf::Fields(alternatives) => alternatives.clone(),
        })
        .collect::<Vec<_>>();
    for (entry, alternatives) in written.required.iter().zip(&required) {
        alternatives.iter().for_each(|name| listed(name, entry.span()));
    }
    written.telling.iter().for_each(|name| listed(name.get_ref(), name.span()));
    written.aliases.keys().for_each(|name| listed(name.get_ref(), name.span()));
    for name in &written.excluded {
        if !fields.contains_key(name.get_ref()) {
            let hint = did_you_mean(name.get_ref(), fields.keys().map(String::as_str));
            problems.push(document.problem(name.span(), format!("fields.toml 里没有字段 {}", name.get_ref()), hint));
        }
    }
    let mut taken: BTreeMap<String, &str> = BTreeMap::new();
    let mut uses = Vec::new();
    for name in &names {
        let own = written.aliases.iter().find(|(field, _)| field.get_ref() == name).map(|(_, aliases)| aliases.as_slice());
        let aliases: Vec<String> = own.unwrap_or_default().iter().map(|alias| fold_without_unit(alias)).collect();
        for alias in &aliases {
            if let Some(other) = taken.insert(alias.clone(), name).filter(|other| other != name) {
                problems.push(at(
                    document,
                    alias,
                    format!("表头“{alias}”同时是 {other} 和 {name}"),
                    "一个表头只能是一个字段".into(),
                ));
            }
        }
        uses.push(FieldUse { field: name.clone(), aliases });
    }
    if written.required.is_empty() {
        problems.push(at(
            document,
            "required",
            "required 为空：任何表都会被认成这个名册".into(),
            "写上缺了就不是它的字段".into(),
        ));
    }
    RegistryDefinition {
        id: RegistryId(written.id),
        title: written.title,
        department: written.department,
        grain: written.grain,
        fields: uses,
        required,
        telling: written.telling.into_iter().map(Spanned::into_inner).collect(),
        excluded: written.excluded.into_iter().map(Spanned::into_inner).collect(),
        title_words: written.title_words,
        title_required: written.title_required,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(path: &str, text: &str) -> Document {
        Document { path: path.to_owned(), text: text.to_owned() }
    }

    const FIELDS: &str = "[name]\nkind = \"name\"\ntitle = \"姓名\"\naliases = [\"姓名\"]\n[head_name]\nkind = \"name\"\ntitle = \"户主\"\naliases = [\"户主姓名\"]\n";

    #[test]
    fn folding_twice_changes_nothing_and_unites_spellings() {
        for (written, folded) in [
            ("劳动力姓名*", "劳动力姓名"),
            ("乡（镇）", "乡(镇)"),
            (" 身份\n证号：", "身份证号"),
            ("补贴标准（元／月）", "补贴标准(元/月)"),
        ] {
            assert_eq!(fold_header(written), folded);
            assert_eq!(fold_header(folded), folded);
        }
        assert_eq!(fold_without_unit("保障金（元）"), "保障金");
        assert_eq!(fold_without_unit("乡（镇）"), "乡(镇)");
    }

    #[test]
    fn every_mistake_of_two_files_is_told_at_once() {
        let registry = "id = \"x\"\ntitle = \"X\"\ndepartment = \"D\"\ngrain = \"person\"\nrequired = [[\"nmae\"]]\nfields = [\"name\", \"idd\"]\n";
        let message = Dictionary::resolve(&[document("fields.toml", FIELDS), document("x.toml", registry)])
            .expect_err("two mistakes")
            .to_string();
        assert!(message.contains("x.toml:5") && message.contains("是不是想写 name"), "{message}");
        assert!(message.contains("x.toml:6") && message.contains("idd"), "{message}");
    }

    #[test]
    fn a_registry_may_read_a_header_in_its_own_way() {
        let registry = "id = \"x\"\ntitle = \"X\"\ndepartment = \"D\"\ngrain = \"person\"\nrequired = [[\"name\"]]\nfields = [\"name\"]\n[aliases]\nname = [\"户主姓名\"]\n";
        let dictionary = Dictionary::resolve(&[document("fields.toml", FIELDS), document("x.toml", registry)]).expect("sound");
        assert_eq!(dictionary.headers(&dictionary.registries[0]).get("户主姓名").map(String::as_str), Some("name"));
    }

    #[test]
    fn the_dictionary_that_is_shipped_is_sound() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/registries");
        let mut documents = Vec::new();
        for entry in std::fs::read_dir(folder).expect("the folder") {
            let path = entry.expect("an entry").path();
            documents.push(document(&path.to_string_lossy(), &std::fs::read_to_string(&path).expect("a text file")));
        }
        let dictionary = Dictionary::resolve(&documents).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(dictionary.registries.len(), documents.len() - 1);
    }
}
