//! Which registry a table is, from its headers through the alias dictionary; never from the file's name first.
//!
//! Takes a [`TableHead`], gives a [`Mapping`] or a [`Refusal`] with the nearest candidates, what each lacks, and a mapping ready to
//! paste. A header is compared whole, so that 户主身份证号 and 监护人身份证 never pass as the member's own number.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::pin::Pin;
use crate::config::registry::{Dictionary, RegistryDefinition, fold_header, fold_without_unit};
use crate::model::raw::{Mapping, Refusal, TableHead};

/// How well a registry fits a table.
#[derive(Debug)]
struct Fit<'d> {
    definition: &'d RegistryDefinition,
    /// Field → column positions.
    fields: Vec<(String, usize)>,
    /// Required alternatives that no column gives.
    missing: Vec<&'d [String]>,
    score: usize,
    fits: bool,
}

/// The recogniser of one dictionary.
#[derive(Debug)]
pub struct Recogniser<'d> {
    dictionary: &'d Dictionary,
    pins: &'d [Pin],
    headers: Vec<(&'d RegistryDefinition, BTreeMap<String, String>)>,
}

impl<'d> Recogniser<'d> {
    /// Builds the header tables once.
    #[must_use]
    pub fn new(dictionary: &'d Dictionary, pins: &'d [Pin]) -> Self {
        let headers = dictionary.registries.iter().map(|definition| (definition, dictionary.headers(definition))).collect();
        Self { dictionary, pins, headers }
    }

    /// The registry of a table and what its columns are.
    pub fn recognise(&self, head: &TableHead) -> Result<Mapping, Refusal> {
        if let Some(pin) = self.pins.iter().find(|pin| pin.matches(&head.name)) {
            return Ok(self.pinned(head, pin));
        }
        let mut fits: Vec<Fit<'_>> =
            self.headers.iter().map(|(definition, headers)| self.fit(head, definition, headers)).collect();
        fits.sort_by(|a, b| b.fits.cmp(&a.fits).then(b.score.cmp(&a.score)).then_with(|| a.definition.id.cmp(&b.definition.id)));
        match fits.as_slice() {
            [best, second, ..] if best.fits && second.fits && best.score == second.score => {
                Err(self.ambiguous(head, best, second))
            }
            [best, ..] if best.fits => Ok(mapping(head, best, false)),
            _ => Err(self.unknown(head, &fits)),
        }
    }

    fn pinned(&self, head: &TableHead, pin: &Pin) -> Mapping {
        let found = self.headers.iter().find(|(definition, _)| definition.id == pin.registry);
        let mut mapping = match found {
            Some((definition, headers)) => mapping(head, &self.fit(head, definition, headers), true),
            None => Mapping {
                registry: pin.registry.clone(),
                fields: Vec::new(),
                left_over: (0..head.columns.len()).collect(),
                pinned: true,
            },
        };
        for (position, column) in head.columns.iter().enumerate() {
            if let Some(field) = pin.columns.get(&fold_header(&column.text)) {
                mapping.fields.retain(|(_, taken)| *taken != position);
                mapping.left_over.retain(|left| *left != position);
                // By hand comes first where several columns give one field.
                mapping.fields.insert(0, (field.clone(), position));
            }
        }
        mapping
    }

    fn fit(&self, head: &TableHead, definition: &'d RegistryDefinition, headers: &BTreeMap<String, String>) -> Fit<'d> {
        let fields: Vec<(String, usize)> = head
            .columns
            .iter()
            .enumerate()
            .filter_map(|(position, column)| Some((field_of(&column.text, headers)?, position)))
            .collect();
        let has = |name: &String| fields.iter().any(|(field, _)| field == name);
        let missing: Vec<&[String]> =
            definition.required.iter().filter(|alternatives| !alternatives.iter().any(has)).map(Vec::as_slice).collect();
        let words = |text: &str| definition.title_words.iter().filter(|word| text.contains(word.as_str())).count();
        let title: usize = head.preamble.iter().map(|line| words(line)).sum::<usize>() + words(&head.name.sheet);
        let file = words(&head.name.file);
        let telling = definition.telling.iter().filter(|name| has(name)).count();
        let score = telling * 12 + fields.len() * 4 + title.min(3) * 6 + file.min(3);
        let titled = !definition.title_required || title + file > 0;
        let fits = missing.is_empty() && titled && !fields.is_empty() && !self.has_excluded(head, definition, &fields);
        Fit { definition, fields, missing, score, fits }
    }

    /// Whether a column says that it is another registry. Excluded fields are not among the registry's own, so the shared spellings decide.
    fn has_excluded(&self, head: &TableHead, definition: &RegistryDefinition, fields: &[(String, usize)]) -> bool {
        let aliases =
            definition.excluded.iter().filter_map(|name| self.dictionary.fields.get(name)).flat_map(|field| &field.aliases);
        let spellings: BTreeSet<&str> = aliases.map(String::as_str).collect();
        head.columns.iter().enumerate().any(|(position, column)| {
            let free = !fields.iter().any(|(_, taken)| *taken == position);
            free && spellings.contains(fold_without_unit(&column.text).as_str())
        })
    }

    fn ambiguous(&self, head: &TableHead, best: &Fit<'_>, second: &Fit<'_>) -> Refusal {
        Refusal {
            name: head.name.clone(),
            code: "ambiguous-registry",
            what: format!(
                "表头（第 {} 行）既像《{}》({})，又像《{}》({})",
                head.header_row, best.definition.title, best.definition.id, second.definition.title, second.definition.id
            ),
            hint: format!("请在流程文件里指定，例如：\n{}", self.paste(head, &mapping(head, best, true))),
        }
    }

    fn unknown(&self, head: &TableHead, fits: &[Fit<'_>]) -> Refusal {
        let mut nearest: Vec<&Fit<'_>> = fits.iter().filter(|fit| !fit.fields.is_empty()).collect();
        nearest.sort_by_key(|fit| (fit.missing.len(), usize::MAX - fit.score));
        let told: Vec<String> = nearest
            .iter()
            .take(2)
            .map(|fit| {
                let lacks: Vec<String> = fit.missing.iter().map(|alternatives| self.titles(alternatives)).collect();
                let lacks = if lacks.is_empty() {
                    "有不该有的列，或标题里没有它的名字".to_owned()
                } else {
                    format!("缺{}", lacks.join("、"))
                };
                format!("《{}》({})：{lacks}", fit.definition.title, fit.definition.id)
            })
            .collect();
        let seen: Vec<&str> = head.columns.iter().take(12).map(|column| column.text.as_str()).collect();
        let example = nearest.first().map(|fit| self.paste(head, &mapping(head, fit, true))).unwrap_or_default();
        Refusal {
            name: head.name.clone(),
            code: "unknown-registry",
            what: format!("表头（第 {} 行：{}）不是已知的名册。最接近的：{}", head.header_row, seen.join("、"), told.join("；")),
            hint: format!("如果不需要这张表，可以把它移出输入文件夹；如果需要，请在流程文件里指定，例如：\n{example}"),
        }
    }

    fn titles(&self, fields: &[String]) -> String {
        let title =
            |field: &String| self.dictionary.fields.get(field).map_or(field.clone(), |definition| definition.title.clone());
        let titles: Vec<String> = fields.iter().map(title).collect();
        format!("“{}”", titles.join("”或“"))
    }

    /// A `[[pin]]` that says by hand what the mapping says; columns left over stand as comments.
    #[must_use]
    pub fn paste(&self, head: &TableHead, mapping: &Mapping) -> String {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let mut text = format!("[[pin]]\nfiles = {}\n", quoted(&head.name.file));
        if !head.name.sheet.is_empty() {
            text.push_str(&format!("sheet = {}\n", quoted(&head.name.sheet)));
        }
        text.push_str(&format!("registry = {}\n[pin.columns]\n", quoted(mapping.registry.as_str())));
        for (field, position) in &mapping.fields {
            text.push_str(&format!("{} = {}\n", quoted(&head.columns[*position].text), quoted(field)));
        }
        for position in &mapping.left_over {
            text.push_str(&format!("# {} = \"\"\n", quoted(&head.columns[*position].text)));
        }
        text
    }
}

fn mapping(head: &TableHead, fit: &Fit<'_>, pinned: bool) -> Mapping {
    let taken = |position: &usize| fit.fields.iter().any(|(_, column)| column == position);
    let left_over = (0..head.columns.len()).filter(|position| !taken(position)).collect();
    Mapping { registry: fit.definition.id.clone(), fields: fit.fields.clone(), left_over, pinned }
}

/// The field of a header path: the whole path, else its last level, else its first when the last only says 合计.
fn field_of(text: &str, headers: &BTreeMap<String, String>) -> Option<String> {
    let find = |text: &str| headers.get(&fold_header(text)).or_else(|| headers.get(&fold_without_unit(text))).cloned();
    if let Some(field) = find(text) {
        return Some(field);
    }
    let (first, last) = (text.split('/').next()?, text.rsplit('/').next()?);
    match last {
        _ if first == last => None,
        "合计" | "小计" => find(first),
        _ => find(last),
    }
}

#[cfg(test)]
#[path = "recognise_tests.rs"]
mod tests;
