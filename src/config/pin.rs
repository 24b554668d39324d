//! What a pipeline settles by hand: file pattern → registry, header → field (`[[pin]]`).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::document::{Document, Spanned};
use super::error::Problems;
use super::registry::{Dictionary, fold_header};
use crate::model::raw::SheetName;
use crate::model::registry::RegistryId;

/// `[[pin]]` as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenPin {
    /// File pattern; `*` within a folder, `**` over folders, `?` one character. Without `/` it is the file name alone.
    pub files: String,
    /// Sheet pattern; every sheet when left out.
    #[serde(default)]
    pub sheet: Option<String>,
    /// Registry id.
    pub registry: Spanned<String>,
    /// Header as written → field.
    #[serde(default)]
    pub columns: BTreeMap<String, Spanned<String>>,
}

/// A pin, resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    files: String,
    sheet: Option<String>,
    /// The registry that matching tables are.
    pub registry: RegistryId,
    /// Header (folded) → field name; headers not named here are read by the alias dictionary.
    pub columns: BTreeMap<String, String>,
}

impl Pin {
    /// Resolves the pins of `document`; unknown registries and fields become problems.
    #[must_use]
    pub fn resolve(document: &Document, written: &[WrittenPin], dictionary: &Dictionary, problems: &mut Problems) -> Vec<Self> {
        let ids: Vec<&str> = dictionary.registries.iter().map(|registry| registry.id.as_str()).collect();
        let mut pins = Vec::with_capacity(written.len());
        for pin in written {
            let registry = dictionary.registry(pin.registry.get_ref());
            if registry.is_none() {
                problems.add_unknown(document, pin.registry.span(), "名册", pin.registry.get_ref(), ids.iter().copied());
            }
            for field in pin.columns.values() {
                let known = registry.is_none_or(|registry| registry.fields.iter().any(|usage| usage.field == *field.get_ref()));
                if !known {
                    let fields = registry.iter().flat_map(|registry| &registry.fields).map(|usage| usage.field.as_str());
                    problems.add_unknown(document, field.span(), "字段", field.get_ref(), fields);
                }
            }
            pins.push(Self {
                files: pin.files.clone(),
                sheet: pin.sheet.clone(),
                registry: RegistryId::from(pin.registry.get_ref().as_str()),
                columns: pin.columns.iter().map(|(header, field)| (fold_header(header), field.get_ref().clone())).collect(),
            });
        }
        pins
    }

    /// Whether the pin speaks of this sheet.
    #[must_use]
    pub fn covers(&self, name: &SheetName) -> bool {
        let file = if self.files.contains('/') { &name.file } else { name.file.rsplit('/').next().unwrap_or("") };
        matches(&self.files, file) && self.sheet.as_ref().is_none_or(|sheet| matches(sheet, &name.sheet))
    }
}

/// Glob match: `*` stops at `/`, `**` does not, `?` is one character.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    // One row per pattern position: which prefixes of the text it can have eaten.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    let mut position = 0;
    while let Some(&character) = pattern.get(position) {
        let deep = character == '*' && pattern.get(position + 1) == Some(&'*');
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            let before = at.checked_sub(1);
            next[at] = match character {
                '*' => reached[at] || before.is_some_and(|before| next[before] && (deep || text[before] != '/')),
                '?' => before.is_some_and(|before| reached[before] && text[before] != '/'),
                _ => before.is_some_and(|before| reached[before] && text[before] == character),
            };
        }
        reached = next;
        position += if deep { 2 } else { 1 };
    }
    reached[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse::parse;

    #[derive(Deserialize)]
    struct Written {
        pin: Vec<WrittenPin>,
    }

    fn resolve(text: &str) -> Result<Vec<Pin>, Problems> {
        let document = Document { path: "monthly.toml".to_owned(), text: text.to_owned() };
        let mut problems = Problems::default();
        let written: Written = parse(&document, &mut problems).expect("well formed");
        let pins = Pin::resolve(&document, &written.pin, &crate::config::registry::shipped(), &mut problems);
        problems.into_result(pins)
    }

    #[test]
    fn patterns_match_files_and_sheets() {
        for (pattern, text, expected) in [
            ("民政/*.xlsx", "民政/低保6月.xlsx", true),
            ("民政/*.xlsx", "民政/凤仪/低保.xlsx", false),
            ("民政/**.xlsx", "民政/凤仪/低保.xlsx", true),
            ("低保?月.xls", "低保6月.xls", true),
            ("低保", "低保6月", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
        let pins = resolve("[[pin]]\nfiles = \"低保*\"\nsheet = \"凤仪*\"\nregistry = \"dibao\"\n").expect("right");
        let name = |sheet: &str| SheetName { file: "民政/低保6月.xlsx".to_owned(), sheet: sheet.to_owned() };
        assert!(pins[0].covers(&name("凤仪街道")));
        assert!(!pins[0].covers(&name("瑞溪镇")));
    }

    #[test]
    fn unknown_registries_and_fields_get_carets() {
        let found = resolve(
            "[[pin]]\nfiles = \"a\"\nregistry = \"dibaos\"\n[[pin]]\nfiles = \"b\"\nregistry = \"dibao\"\ncolumns = { \"身份证\" = \"id_nubmer\" }\n",
        )
        .expect_err("has problems")
        .to_string();
        for expected in ["monthly.toml:3:12", "是不是“dibao”", "monthly.toml:7:", "是不是“id_number”"] {
            assert!(found.contains(expected), "{expected} in {found}");
        }
    }
}
