//! Pins: a file pattern → registry and column → field decided by hand, where headers alone do not tell.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::error::{Document, Problems, did_you_mean};
use super::registry::{Dictionary, fold_header};
use crate::model::raw::SheetName;
use crate::model::registry::RegistryId;

/// A `[[pin]]` as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenPin {
    files: String,
    sheet: Option<String>,
    registry: Spanned<String>,
    #[serde(default)]
    columns: BTreeMap<String, Spanned<String>>,
}

/// A pin whose names exist.
#[derive(Clone, Debug)]
pub struct Pin {
    files: String,
    sheet: Option<String>,
    /// The registry the tables are.
    pub registry: RegistryId,
    /// Folded header → field; other columns are recognised as usual.
    pub columns: BTreeMap<String, String>,
}

impl Pin {
    /// Resolves the pins of a pipeline.
    pub fn resolve(document: &Document, written: Vec<WrittenPin>, dictionary: &Dictionary) -> Result<Vec<Self>, Problems> {
        let mut problems = Problems::default();
        let mut pins = Vec::new();
        for pin in written {
            if dictionary.registry(pin.registry.get_ref()).is_none() {
                let hint = did_you_mean(pin.registry.get_ref(), dictionary.registries.iter().map(|known| known.id.as_str()));
                problems.push(document.problem(pin.registry.span(), format!("没有名册 {}", pin.registry.get_ref()), hint));
            }
            for field in pin.columns.values() {
                if !dictionary.fields.contains_key(field.get_ref()) {
                    let hint = did_you_mean(field.get_ref(), dictionary.fields.keys().map(String::as_str));
                    problems.push(document.problem(field.span(), format!("没有字段 {}", field.get_ref()), hint));
                }
            }
            pins.push(Self {
                files: pin.files,
                sheet: pin.sheet,
                registry: RegistryId(pin.registry.into_inner()),
                columns: pin.columns.into_iter().map(|(header, field)| (fold_header(&header), field.into_inner())).collect(),
            });
        }
        problems.finish(pins)
    }

    /// Whether the pin speaks of this sheet. `*` in the pattern stands for anything, `?` for one character.
    #[must_use]
    pub fn matches(&self, name: &SheetName) -> bool {
        let characters = |text: &str| text.chars().collect::<Vec<_>>();
        let sheet = |pattern: &String| matches_pattern(&characters(pattern), &characters(&name.sheet));
        matches_pattern(&characters(&self.files), &characters(&name.file)) && self.sheet.as_ref().is_none_or(sheet)
    }
}

fn matches_pattern(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        (['*', rest @ ..], _) => (0..=text.len()).any(|skip| matches_pattern(rest, &text[skip..])),
        (['?', rest @ ..], [_, text @ ..]) => matches_pattern(rest, text),
        ([wanted, rest @ ..], [found, text @ ..]) => wanted == found && matches_pattern(rest, text),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_folders_and_single_characters() {
        let matches =
            |pattern: &str, file: &str| matches_pattern(&pattern.chars().collect::<Vec<_>>(), &file.chars().collect::<Vec<_>>());
        assert!(matches("民政/*.xlsx", "民政/低保/6月.xlsx"));
        assert!(matches("低保?月.xlsx", "低保6月.xlsx"));
        assert!(!matches("民政/*.xlsx", "残联/6月.xlsx"));
    }

    #[test]
    fn an_unknown_registry_gets_a_caret_and_the_known_ones() {
        let document = Document { path: "monthly.toml".into(), text: "[[pin]]\nfiles = \"*\"\nregistry = \"dibaoo\"\n".into() };
        #[derive(Deserialize)]
        struct Pins {
            pin: Vec<WrittenPin>,
        }
        let written: Pins = document.parse().expect("its shape is right");
        let message = Pin::resolve(&document, written.pin, &Dictionary::default()).expect_err("unknown").to_string();
        assert!(message.contains("monthly.toml:3") && message.contains("dibaoo"), "{message}");
    }
}
