//! How returned lists are read: what their columns may be headed (`pipelines/returns/fields.toml`, `list.toml`) and what people write into
//! them (`phrases.toml`), resolved.
//!
//! [`Returns::resolve`] takes the texts and the layouts of the lists sent out, gives every mistake at once. Columns that the lists print
//! themselves need no entry; a column of theirs that is to be filled in must have one, or answers in it would be lost.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

use super::document::{Document, Spanned};
use super::error::Problems;
use super::layout::{Column, Layouts, ListField};
use super::parse::parse;
use super::registry::{Dictionary, FieldDefinition, FieldUse, fold_header};
use crate::model::field::FieldKind;
use crate::model::finding::Kind;
use crate::model::identity::simplified;
use crate::model::standing::{Opinion, Verdict};
use crate::model::text::is_invisible;

/// The field that stands for every column a list prints itself and that nothing is read from.
pub const PRINTED: &str = "printed";

/// Everything needed to read lists back.
#[derive(Clone, Debug)]
pub struct Returns {
    /// Headers; one registry, the returned list.
    pub dictionary: Dictionary,
    /// What answers mean.
    pub phrases: Phrases,
}

/// What one wording means for some findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phrase {
    /// It says so.
    pub verdict: Option<Verdict>,
    /// It comes to that where nothing says otherwise.
    pub implies: Option<Verdict>,
    /// What is done about it.
    pub opinion: Option<Opinion>,
    /// Why not included, in the words of the lists' choices.
    pub reason: Option<String>,
    /// What is the case, to be kept.
    pub reality: Option<String>,
    /// The number printed as a suggestion is the right one.
    pub suggestion: bool,
    /// It counts only where nothing else stands in the cell.
    pub alone: bool,
    /// What to ask back: it does not say whether the finding holds.
    pub ask: Option<String>,
    kinds: Vec<Kind>,
    rules: Vec<String>,
}

/// The wordings of a county.
#[derive(Clone, Debug, Default)]
pub struct Phrases {
    said: BTreeMap<String, Vec<Phrase>>,
    fillers: BTreeSet<String>,
    hedges: Vec<String>,
    longest: usize,
}

impl Phrases {
    /// What `folded` means for a finding of this rule: the phrase for the rule before the one for its kind; `None` where the wording
    /// says nothing about such findings, or is not known.
    #[must_use]
    pub fn meaning(&self, folded: &str, kind: Kind, rule: &str) -> Option<&Phrase> {
        let phrases = self.said.get(folded)?;
        let fits = |phrase: &&Phrase| phrase.kinds.is_empty() || phrase.kinds.contains(&kind);
        let own = |phrase: &&Phrase| phrase.rules.iter().any(|prefix| rule.starts_with(prefix.as_str()));
        let mut fitting = phrases.iter().filter(fits);
        phrases.iter().filter(fits).find(own).or_else(|| fitting.find(|phrase| phrase.rules.is_empty()))
    }

    /// Whether the wording is known for any finding.
    #[must_use]
    pub fn knows(&self, folded: &str) -> bool {
        self.said.contains_key(folded)
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_filler(&self, folded: &str) -> bool {
        self.fillers.contains(folded)
    }

    /// Whether something in it denies or doubts.
    #[must_use]
    pub fn hedges(&self, folded: &str) -> bool {
        self.hedges.iter().any(|hedge| folded.contains(hedge.as_str()))
    }

    /// Characters of the longest phrase or filler.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.longest
    }
}

/// A wording as it is compared: NFKC, lower case, without white space and invisible characters.
#[must_use]
pub fn fold_phrase(text: &str) -> String {
    let shown = text.nfkc().filter(|character| !character.is_whitespace() && !is_invisible(*character));
    shown.flat_map(char::to_lowercase).map(simplified).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    fillers: Vec<String>,
    #[serde(default)]
    hedges: Vec<String>,
    phrase: Vec<WrittenPhrase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPhrase {
    say: Vec<Spanned<String>>,
    verdict: Option<Spanned<String>>,
    implies: Option<Spanned<String>>,
    opinion: Option<Spanned<String>>,
    reason: Option<String>,
    reality: Option<String>,
    #[serde(default)]
    suggestion: bool,
    #[serde(default)]
    kinds: Vec<Kind>,
    #[serde(default)]
    rules: Vec<String>,
    #[serde(default)]
    alone: bool,
    ask: Option<String>,
}

impl Returns {
    /// Resolves the files of the folder; a file other than `phrases.toml` belongs to the dictionary.
    pub fn resolve(documents: &[Document], layouts: &Layouts) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let returns = Self::collect(documents, Some(layouts), &mut problems);
        problems.into_result(returns)
    }

    /// The same with mistakes reported beside what can be read all the same; without layouts what they print is not known.
    #[must_use]
    pub fn collect(documents: &[Document], layouts: Option<&Layouts>, problems: &mut Problems) -> Self {
        let (phrases, headers): (Vec<&Document>, Vec<&Document>) =
            documents.iter().partition(|document| document.stem() == "phrases");
        let headers: Vec<Document> = headers.into_iter().cloned().collect();
        let mut dictionary = Dictionary::collect(&headers, &[], problems);
        if let Some(layouts) = layouts {
            let nowhere = Document { path: "returns".to_owned(), text: String::new() };
            let document = headers.iter().find(|document| document.stem() == "fields").unwrap_or(&nowhere);
            add_printed(&mut dictionary, layouts, document, problems);
        }
        let mut resolved = Phrases::default();
        for document in phrases {
            if let Some(written) = parse::<Written>(document, problems) {
                resolved.add(document, written, problems);
            }
        }
        Self { dictionary, phrases: resolved }
    }
}

impl Phrases {
    fn add(&mut self, document: &Document, written: Written, problems: &mut Problems) {
        self.fillers.extend(written.fillers.iter().map(|filler| fold_phrase(filler)));
        self.hedges.extend(written.hedges.iter().map(|hedge| fold_phrase(hedge)));
        for phrase in written.phrase {
            let verdict = |text: &Option<Spanned<String>>, problems: &mut Problems| {
                named(document, "核查结果", text.as_ref(), &Verdict::ALL.map(|verdict| (verdict.plain(), verdict)), problems)
            };
            let meaning = Phrase {
                verdict: verdict(&phrase.verdict, problems),
                implies: verdict(&phrase.implies, problems),
                opinion: named(
                    document,
                    "处理意见",
                    phrase.opinion.as_ref(),
                    &Opinion::ALL.map(|opinion| (opinion.plain(), opinion)),
                    problems,
                ),
                reason: phrase.reason,
                reality: phrase.reality,
                suggestion: phrase.suggestion,
                alone: phrase.alone,
                ask: phrase.ask,
                kinds: phrase.kinds,
                rules: phrase.rules,
            };
            for say in &phrase.say {
                let others = self.said.entry(fold_phrase(say.get_ref())).or_default();
                let same = |other: &Phrase| {
                    let meet = |a: &[Kind], b: &[Kind]| a.is_empty() || b.is_empty() || a.iter().any(|kind| b.contains(kind));
                    other.rules == meaning.rules && meet(&other.kinds, &meaning.kinds)
                };
                if others.iter().any(same) {
                    let message = format!("说法“{}”对同一类疑点写了两次", say.get_ref());
                    problems.add(document, say.span(), message, "只能有一种理解");
                }
                others.push(meaning.clone());
            }
        }
        let lengths = self.said.keys().chain(&self.fillers).map(|text| text.chars().count());
        self.longest = lengths.max().unwrap_or(0);
    }
}

fn named<T: Copy>(
    document: &Document,
    what: &str,
    text: Option<&Spanned<String>>,
    known: &[(&str, T)],
    problems: &mut Problems,
) -> Option<T> {
    let text = text?;
    let found = known.iter().find(|(name, _)| *name == text.get_ref()).map(|(_, value)| *value);
    if found.is_none() {
        problems.add_misspelt(document, text.span(), what, text.get_ref(), known.iter().map(|(name, _)| *name));
    }
    found
}

/// Makes what the layouts print known, and sees to it that every column they leave to be filled in is.
fn add_printed(dictionary: &mut Dictionary, layouts: &Layouts, document: &Document, problems: &mut Problems) {
    let identity: Vec<Column<ListField>> =
        layouts.identity.sheets.iter().flat_map(|sheet| layouts.identity.table(sheet).columns).collect();
    let columns = layouts.town.list.columns.iter().chain(&layouts.department.list.columns).chain(&identity);
    let mut known: BTreeSet<String> = dictionary.fields.values().flat_map(|field| field.aliases.iter().cloned()).collect();
    let mut printed = Vec::new();
    for column in columns {
        let folded = fold_header(&column.title);
        if known.contains(&folded) {
            continue;
        }
        if column.answer.is_some() && !problems.is_suspect(&column.title) {
            let message = format!("清单版式里要回填的“{}”列，这里没有写法，收回来会读不到", column.title);
            let hint = "在本文件里给对应的字段加上这个写法，或把版式里的列名改回去";
            problems.add_with_hint(document, 0..0, message, "", hint);
        }
        known.insert(folded.clone());
        printed.push(folded);
    }
    for registry in &mut dictionary.registries {
        registry.fields.push(FieldUse { field: PRINTED.to_owned(), aliases: Vec::new() });
    }
    let field = FieldDefinition {
        name: PRINTED.to_owned(),
        kind: FieldKind::Text,
        title: "清单自己印的列".to_owned(),
        aliases: printed,
        ..FieldDefinition::default()
    };
    dictionary.fields.insert(field.name.clone(), field);
}

/// What is shipped in `pipelines/returns`, for tests of any stage.
#[cfg(test)]
pub(crate) fn shipped() -> Returns {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/returns");
    let layouts = Layouts::shipped().expect("the shipped layouts are right");
    Returns::resolve(&super::document::folder(folder, &["toml"]), &layouts).expect("the shipped files are right")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_of_the_lists_is_understood() {
        let (returns, layouts) = (shipped(), Layouts::shipped().expect("layouts"));
        for (list, kind, choices) in [
            ("核查结果", Kind::Inel, &layouts.town.choices),
            ("处理意见", Kind::Inel, &layouts.town.choices),
            ("处理意见", Kind::Miss, &layouts.town.choices),
            ("处理意见", Kind::Conf, &layouts.town.choices),
            ("未纳入原因", Kind::Miss, &layouts.town.choices),
            ("核对结果", Kind::Conf, &layouts.identity.choices),
        ] {
            for choice in &choices[list] {
                let meaning = returns.phrases.meaning(&fold_phrase(choice), kind, "living.poor_uncovered");
                let meaning = meaning.unwrap_or_else(|| panic!("{list}：{choice}"));
                match list {
                    "处理意见" => assert_eq!(meaning.opinion.map(Opinion::plain), Some(choice.as_str())),
                    "未纳入原因" => assert_eq!(meaning.reason.as_ref(), Some(choice)),
                    "核查结果" => assert_eq!(meaning.verdict.map(Verdict::plain), Some(choice.as_str())),
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn a_column_to_be_filled_in_that_cannot_be_read_back_is_a_mistake() {
        let mut layouts = Layouts::shipped().expect("layouts");
        for column in layouts.town.list.columns.iter_mut().filter(|column| column.title == "核查结果") {
            column.title = "填这里".to_owned();
        }
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/returns");
        let mistakes = Returns::resolve(&super::super::document::folder(folder, &["toml"]), &layouts).expect_err("a mistake");
        assert!(mistakes.to_string().contains("填这里"), "{mistakes}");
    }

    #[test]
    fn one_wording_has_one_meaning_for_a_kind() {
        let text = "[[phrase]]\nsay = [\"行\"]\nverdict = \"属实\"\n[[phrase]]\nsay = [\" 行\"]\nkinds = [\"MISS\"]\nverdict = \"属是\"\n";
        let mut documents = super::super::document::folder(concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/returns"), &["toml"]);
        documents.retain(|document| document.stem() != "phrases");
        documents.push(Document { path: "phrases.toml".to_owned(), text: text.to_owned() });
        let mistakes = Returns::resolve(&documents, &Layouts::shipped().expect("layouts")).expect_err("mistakes").to_string();
        assert!(mistakes.contains("写了两次") && mistakes.contains("属是"), "{mistakes}");
    }
}
