//! Which registry a table is, from its headers; title, sheet and file name only break ties.
//!
//! Takes a [`TableHead`], the dictionary and the pipeline's pins; gives the registry and a [`Mapping`], or a refusal that names the nearest
//! registries, what they miss, and a pin to paste. A registry is possible when each of its required groups has a column
//! and none of its excluded sets is there; among the possible ones a title word outweighs telling columns, and these
//! outweigh the number of columns understood. Equals are refused, not guessed, and so is a table whose title, sheet or file says another
//! project than the registry that its columns fit ([`RegistryDefinition::other_titles`]). Cost: registries × columns.

use std::collections::BTreeSet;

use super::mapping::{Spelled, columns, paste};
use crate::config::pin::Pin;
use crate::config::registry::{Dictionary, RegistryDefinition, TITLE_WORDS, fold_header};
use crate::model::columns::{GRADE, SCHOOL, STAGE};
use crate::model::personal::mask;
use crate::model::raw::{Mapping, Refusal, TableHead};
use crate::model::school::{grade_of, is_roll, school_of, stage_of};

/// A title outweighs any four telling columns: two registries of one office differ in little else.
const TITLE: usize = 10;
const TELLING: usize = 2;
const FILE: usize = 1;
/// Longer lines above a table are prose.
const LONGEST_TITLE: usize = 40;

/// How far a registry fits.
struct Candidate<'a> {
    registry: &'a RegistryDefinition,
    mapping: Mapping,
    missing: Vec<String>,
    excluded: Option<String>,
    /// A word of the title that says another project's list.
    other: Option<&'a str>,
    points: usize,
    /// Signs of the longest word of the title, or of a name, that says it: `资助参合` says more than `参合`.
    word: usize,
}

impl Candidate<'_> {
    fn possible(&self) -> bool {
        self.missing.is_empty() && self.excluded.is_none()
    }

    fn rank(&self) -> (usize, usize, usize) {
        (self.points, self.mapping.fields.len(), self.word)
    }
}

/// Recognises the table under `head`.
pub fn recognise<'d>(
    head: &TableHead,
    dictionary: &'d Dictionary,
    pins: &[Pin],
) -> Result<(&'d RegistryDefinition, Mapping), Refusal> {
    let spelled = Spelled::of(head);
    if let Some(pin) = pins.iter().find(|pin| pin.covers(&head.name))
        && let Some(registry) = dictionary.registry(pin.registry.as_str())
    {
        let mapping = Mapping { pinned: true, ..columns(head, &spelled, registry, dictionary, &pin.columns) };
        return Ok((registry, mapping));
    }
    let present = shared_fields(&spelled, dictionary);
    let lines = Lines::of(head);
    let examined = dictionary.registries.iter().map(|registry| examine(head, &lines, &spelled, registry, dictionary, &present));
    let mut candidates: Vec<Candidate<'_>> = examined.collect();
    candidates.sort_by(|a, b| {
        b.possible()
            .cmp(&a.possible())
            .then_with(|| if a.possible() { b.rank().cmp(&a.rank()) } else { nearness(a).cmp(&nearness(b)) })
            .then_with(|| a.registry.id.cmp(&b.registry.id))
    });
    match candidates.as_slice() {
        [first, second, ..] if first.possible() && second.possible() && first.rank() == second.rank() => {
            Err(ambiguous(head, first, second))
        }
        [first, ..] if first.possible() => match first.other {
            Some(word) => Err(of_another(head, first, word)),
            None => Ok((first.registry, first.mapping.clone())),
        },
        _ => Err(unknown(head, &candidates)),
    }
}

/// What stands above a table, folded; made once for all registries, each text of it once.
struct Lines<'h> {
    /// With whether the line is a title and no prose.
    all: Vec<(&'h str, String, bool)>,
    headings: Vec<String>,
}

impl<'h> Lines<'h> {
    fn of(head: &'h TableHead) -> Self {
        let mut seen = BTreeSet::new();
        let lines = head.preamble.iter().map(String::as_str).filter(|line| seen.insert(*line));
        let folded = |line: &'h str| (line, fold_header(line), line.chars().count() <= LONGEST_TITLE);
        Self { all: lines.map(folded).collect(), headings: head.titles().map(fold_header).collect() }
    }
}

/// Fields that the shared aliases see in the headers, whatever the registry.
fn shared_fields<'a>(spelled: &Spelled, dictionary: &'a Dictionary) -> BTreeSet<&'a str> {
    let mut present = BTreeSet::new();
    for readings in spelled.exact() {
        for reading in readings {
            let before = present.len();
            let meant = dictionary.fields.values().filter(|field| field.aliases.contains(reading));
            present.extend(meant.map(|field| field.name.as_str()));
            if present.len() > before {
                break;
            }
        }
    }
    present
}

fn examine<'a>(
    head: &TableHead,
    lines: &Lines<'_>,
    spelled: &Spelled,
    registry: &'a RegistryDefinition,
    dictionary: &Dictionary,
    present: &BTreeSet<&str>,
) -> Candidate<'a> {
    let mapping = columns(head, spelled, registry, dictionary, &std::collections::BTreeMap::new());
    let is_said_in = |folded: &str| registry.title_words.iter().any(|word| folded.contains(word.as_str()));
    let says = |text: &str| is_said_in(&fold_header(text));
    // The first of title, sheet and file that speaks of this registry, or of what is not, decides.
    let file_name = head.name.file.rsplit('/').next().unwrap_or_default();
    let titles = lines.all.iter().filter(|(.., is_title)| *is_title).map(|(text, folded, _)| (*text, is_said_in(folded)));
    let names = [head.name.sheet.as_str(), file_name].map(|name| (name, says(name)));
    let other = titles.chain(names).find_map(|(text, is_said)| {
        let word = registry.other_titles.iter().find(|word| text.contains(word.as_str()));
        (word.is_some() || is_said).then_some(word)
    });
    let title = lines.all.iter().any(|(_, folded, _)| is_said_in(folded)) || says(&head.name.sheet);
    let file = says(&head.name.file);
    let has = |field: &str| mapping.fields.iter().any(|(name, _)| name == field);
    let plain = |field: &str| match dictionary.fields.get(field) {
        Some(definition) => definition.title.clone(),
        None => format!("标题含{}", registry.title_words.join("/")),
    };
    // What a title says of all rows needs no column: of which kind they are, at which school, in which grade.
    let is_said = |field: &str| {
        let words = || dictionary.fields.get(field).map_or(&[][..], |definition| &definition.words);
        let is_part = registry.part.as_deref() == Some(field);
        is_part && head.titles().any(|text| words().iter().any(|(word, _)| text.contains(word.as_str())))
            || match field {
                SCHOOL => school_of(head.titles()).is_some(),
                STAGE => head.titles().any(is_roll) && school_of(head.titles()).and_then(stage_of).is_some(),
                GRADE => {
                    let codes = dictionary.fields.get(GRADE).map(|grade| &grade.codes);
                    head.titles().any(is_roll) && codes.is_some_and(|codes| grade_of(head.titles(), codes).is_some())
                }
                _ => false,
            }
    };
    // A column may say it as a title does: `参合年度`, `低保金`; one that only asks (`是否低保户`) does not.
    let headed = || {
        let headers = mapping.fields.iter().filter_map(|(_, position)| head.columns.get(*position));
        headers.map(|column| column.text.as_str()).any(|text| says(text) && !text.contains("是否"))
    };
    let is_met = |field: &String| if field == TITLE_WORDS { title || file || headed() } else { has(field) || is_said(field) };
    let missing = registry
        .required
        .iter()
        .filter(|group| !group.iter().any(is_met))
        .map(|group| group.iter().map(|field| plain(field)).collect::<Vec<_>>().join("或"))
        .collect();
    let excluded = registry
        .excluded
        .iter()
        .find(|set| set.iter().all(|field| present.contains(field.as_str())))
        .map(|set| set.iter().map(|field| plain(field)).collect::<Vec<_>>().join("与"));
    let telling = registry.telling.iter().filter(|field| has(field)).count();
    let points = telling * TELLING + if title { TITLE } else { usize::from(file) * FILE };
    let stands = |word: &&String| lines.headings.iter().any(|text| text.contains(word.as_str()));
    let word = registry.title_words.iter().filter(stands).map(|word| word.chars().count()).max().unwrap_or(0);
    Candidate { registry, mapping, missing, excluded, other: other.flatten().map(String::as_str), points, word }
}

/// Smaller is nearer.
fn nearness(candidate: &Candidate<'_>) -> (usize, usize) {
    let away = candidate.missing.len() + usize::from(candidate.excluded.is_some());
    (away, usize::MAX - candidate.points - candidate.mapping.fields.len())
}

fn headers(head: &TableHead) -> String {
    // Digits in a header mean that it may be data after all.
    let shown = |text: &str| if text.chars().filter(char::is_ascii_digit).count() >= 6 { mask(text) } else { text.to_owned() };
    let listed: Vec<String> = head.columns.iter().take(30).map(|column| shown(&column.text)).collect();
    listed.join("、")
}

fn unknown(head: &TableHead, candidates: &[Candidate<'_>]) -> Refusal {
    let near: Vec<String> = candidates
        .iter()
        .filter(|candidate| candidate.mapping.fields.len() >= 2)
        .take(3)
        .map(|candidate| {
            let missing =
                if candidate.missing.is_empty() { String::new() } else { format!("缺{}", candidate.missing.join("，缺")) };
            let excluded = candidate.excluded.as_ref().map_or_else(String::new, |field| format!("有不该有的列：{field}"));
            let comma = if missing.is_empty() || excluded.is_empty() { "" } else { "；" };
            format!("{}（{}）：{missing}{comma}{excluded}", candidate.registry.title, candidate.registry.id)
        })
        .collect();
    let near_text =
        if near.is_empty() { "没有相近的名册".to_owned() } else { format!("最接近的是 {}", near.join("；")) };
    let mapping = candidates.first().map_or_else(String::new, |candidate| paste(head, &candidate.mapping));
    Refusal {
        name: head.name.clone(),
        code: "unknown-registry".into(),
        what: format!("第 {} 行的表头不是任何已知名册：{}；{near_text}", head.header_row, headers(head)),
        hint: format!("不需要的表可以不管；需要的，在 registries 里补上表头写法，或把下面一段改好后贴进流程文件：\n{mapping}"),
    }
}

fn ambiguous(head: &TableHead, first: &Candidate<'_>, second: &Candidate<'_>) -> Refusal {
    Refusal {
        name: head.name.clone(),
        code: "ambiguous-registry".into(),
        what: format!(
            "第 {} 行的表头既像{}（{}）又像{}（{}），标题和工作表名也分不出",
            head.header_row, first.registry.title, first.registry.id, second.registry.title, second.registry.id
        ),
        hint: format!(
            "在标题、工作表名或文件名里写上“{}”或“{}”，或选定一个名册贴进流程文件：\n{}",
            first.registry.title_words.first().unwrap_or(&first.registry.title),
            second.registry.title_words.first().unwrap_or(&second.registry.title),
            paste(head, &first.mapping)
        ),
    }
}

/// Two lists side by side that are of different registers.
#[must_use]
pub fn two_registers(head: &TableHead, first: &RegistryDefinition, second: &RegistryDefinition) -> Refusal {
    Refusal {
        name: head.name.clone(),
        code: "ambiguous-registry".into(),
        what: format!(
            "第 {} 行的表头是并排的两张表，一张像{}（{}），一张像{}（{}），分不开，没有读入",
            head.header_row, first.title, first.id, second.title, second.id
        ),
        hint: "请把两张表分开，各放一个工作表，再报送".to_owned(),
    }
}

fn of_another(head: &TableHead, candidate: &Candidate<'_>, word: &str) -> Refusal {
    let registry = candidate.registry;
    Refusal {
        name: head.name.clone(),
        code: "ambiguous-registry".into(),
        what: format!(
            "第 {} 行的表头像{}（{}），标题、工作表名或文件名却写着“{word}”，不知道是哪个名册，没有读入",
            head.header_row, registry.title, registry.id
        ),
        hint: format!(
            "不需要的表可以不管；确实是{}的，改标题，或把下面一段贴进流程文件：\n{}",
            registry.title,
            paste(head, &candidate.mapping)
        ),
    }
}

#[cfg(test)]
#[path = "recognise_tests.rs"]
mod tests;
