//! Mistakes in configuration, all at once: file, line, caret, and what was probably meant.
//!
//! Every loader (registries, pipeline, policy, layouts) collects into one [`Problems`] and ends with
//! [`Problems::into_result`]. Rendering needs no file access: a problem keeps the text it points into.
//!
//! A mistake makes others: who misspells a fact is told once, and not again in every rule that rests on it. What was left out because of a mistake is
//! [suspect](Problems::suspect), and that it is not there is no mistake of whoever names it. The same sentence about more places than
//! [`SHOWN`] is shown at the first, with the places of the others.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::document::Document;

/// The same sentence is shown under so many carets; beyond that, under one.
const SHOWN: usize = 3;
/// So many further places are written out.
const PLACES: usize = 8;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Path of the document, as given to the loader.
    pub file: String,
    /// Where it starts, in bytes of the document's text.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// What the caret says; may be empty.
    pub label: String,
    /// What to do; may be empty.
    pub hint: String,
}

/// Every mistake found, ordered by file and place once [`Problems::into_result`] has run.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Problems {
    list: Vec<Problem>,
    sources: BTreeMap<String, String>,
    suspects: BTreeSet<String>,
    unread: BTreeSet<String>,
    any_suspect: bool,
}

impl Problems {
    /// Records a mistake at `span` of `document`.
    pub fn add(&mut self, document: &Document, span: Range<usize>, message: impl Into<String>, label: impl Into<String>) {
        self.add_with_hint(document, span, message, label, "");
    }

    /// Records a mistake with advice.
    pub fn add_with_hint(
        &mut self,
        document: &Document,
        span: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
        hint: impl Into<String>,
    ) {
        if self.unread.contains(&document.path) {
            return;
        }
        self.sources.entry(document.path.clone()).or_insert_with(|| document.text.clone());
        self.list.push(Problem {
            file: document.path.clone(),
            start: span.start,
            end: span.end,
            message: message.into(),
            label: label.into(),
            hint: hint.into(),
        });
    }

    /// Notes the name of something that was left out, or not understood, because of a mistake.
    pub fn suspect(&mut self, name: impl Into<String>) {
        self.suspects.insert(name.into());
    }

    /// Notes that the text cannot be read as it stands: more mistakes in it would be guesses, and every word of it is suspect.
    pub fn suspect_all(&mut self, document: &Document) {
        self.unread.insert(document.path.clone());
        self.suspect(document.stem());
        let words = |dotted: bool| {
            let is_part = move |sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '-') || dotted && sign == '.';
            document.text.split(move |sign: char| !is_part(sign)).filter(|word| !word.is_empty())
        };
        words(true).chain(words(false)).for_each(|word| self.suspect(word));
    }

    /// Says whether a whole file is missing in which any name could be.
    pub fn suspect_any(&mut self, any: bool) {
        self.any_suspect = any;
    }

    /// Whether what bears this name is not known because of another mistake.
    #[must_use]
    pub fn is_suspect(&self, name: &str) -> bool {
        self.any_suspect || self.suspects.contains(name)
    }

    /// Records a name that nothing in the files bears and, where one is close, the name it was probably meant to be; nothing where it is unknown
    /// because of another mistake.
    pub fn add_unknown<'a>(
        &mut self,
        document: &Document,
        span: Range<usize>,
        what: &str,
        word: &str,
        known: impl IntoIterator<Item = &'a str> + Clone,
    ) {
        if !self.is_suspect(word) {
            self.add_misspelt(document, span, what, word, known);
        }
    }

    /// Records a word that the program does not know, and the known one it was probably meant to be.
    pub fn add_misspelt<'a>(
        &mut self,
        document: &Document,
        span: Range<usize>,
        what: &str,
        word: &str,
        known: impl IntoIterator<Item = &'a str> + Clone,
    ) {
        let hint = closest(word, known.clone()).map_or_else(
            || {
                let words: Vec<&str> = known.into_iter().take(12).collect();
                if words.is_empty() { String::new() } else { format!("可用的有：{}", words.join("、")) }
            },
            |near| format!("是不是“{near}”？"),
        );
        self.add_with_hint(document, span, format!("不认识的{what}“{word}”"), "这里", hint);
    }

    /// Takes over the mistakes of another loader.
    pub fn append(&mut self, mut other: Self) {
        self.list.append(&mut other.list);
        self.sources.append(&mut other.sources);
        self.suspects.append(&mut other.suspects);
        self.unread.append(&mut other.unread);
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The mistakes, ordered after [`Problems::into_result`].
    #[must_use]
    pub fn as_slice(&self) -> &[Problem] {
        &self.list
    }

    /// `value` when nothing is wrong, else the mistakes, sorted and without repetitions.
    pub fn into_result<T>(mut self, value: T) -> Result<T, Self> {
        if self.list.is_empty() {
            return Ok(value);
        }
        self.list.sort();
        self.list.dedup();
        Err(self)
    }

    /// `value` when nothing is wrong and there is one, else the mistakes.
    pub fn into_whole<T>(self, value: Option<T>) -> Result<T, Self> {
        match (self.into_result(()), value) {
            (Ok(()), Some(value)) => Ok(value),
            (problems, _) => Err(problems.err().unwrap_or_default()),
        }
    }

    /// All mistakes with source lines and carets, for a terminal; `colour` adds ANSI styles.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut alike: BTreeMap<(&str, &str), Vec<&Problem>> = BTreeMap::new();
        for problem in &self.list {
            alike.entry((&problem.message, &problem.hint)).or_default().push(problem);
        }
        let mut out = String::new();
        for problem in &self.list {
            let same = &alike[&(problem.message.as_str(), problem.hint.as_str())];
            let others = if same.len() > SHOWN { &same[1..] } else { &[] };
            if others.iter().any(|other| std::ptr::eq(*other, problem)) {
                continue;
            }
            let source = self.source(problem);
            let mut annotation = AnnotationKind::Primary.span(within(source, problem.start..problem.end));
            if !problem.label.is_empty() {
                annotation = annotation.label(problem.label.as_str());
            }
            let mut group = Level::ERROR
                .with_name("错误")
                .primary_title(problem.message.as_str())
                .element(Snippet::source(source).path(problem.file.as_str()).annotation(annotation));
            if !problem.hint.is_empty() {
                group = group.element(Level::HELP.with_name("建议").message(problem.hint.as_str()));
            }
            let elsewhere = self.places(others);
            if !elsewhere.is_empty() {
                group = group.element(Level::NOTE.with_name("另有").message(elsewhere.as_str()));
            }
            out.push_str(&renderer.render(&[group]));
            out.push_str("\n\n");
        }
        if self.list.len() > 1 {
            let files: BTreeSet<&str> = self.list.iter().map(|problem| problem.file.as_str()).collect();
            let _ = writeln!(out, "共 {} 处错误，在 {} 个文件里", self.list.len(), files.len());
        }
        out
    }

    fn source(&self, problem: &Problem) -> &str {
        self.sources.get(&problem.file).map_or("", String::as_str)
    }

    /// `同样的 12 处：living.toml:12:8、…`; empty for none.
    fn places(&self, others: &[&Problem]) -> String {
        if others.is_empty() {
            return String::new();
        }
        let place = |problem: &&Problem| {
            let before = self.source(problem).get(..problem.start).unwrap_or("");
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
            let file = problem.file.rsplit(['/', '\\']).next().unwrap_or("");
            format!("{file}:{line}:{column}")
        };
        let written: Vec<String> = others.iter().take(PLACES).map(place).collect();
        let more = if others.len() > PLACES { "……" } else { "" };
        format!("同样的 {} 处：{}{more}", others.len(), written.join("、"))
    }
}

/// `span` cut to the text and moved out to character boundaries: the renderer panics on anything else.
fn within(text: &str, span: Range<usize>) -> Range<usize> {
    let mut start = span.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = span.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render(false).trim_end())
    }
}

impl fmt::Debug for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Problems {}

/// The known word nearest to `word`, if it is near enough to be a slip: at most a third of its characters differ
/// (one for short words). The first of equals wins.
#[must_use]
pub fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr;

    fn document(text: &str) -> Document {
        Document { path: "registries/测试.toml".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn the_caret_stands_under_the_word_behind_double_width_characters() {
        let document = document("a = 1\n\"户主姓名\" = \"身份证号\" # 注\n");
        let start = document.text.find("身份证号").expect("there");
        let mut problems = Problems::default();
        problems.add(&document, start..start + "身份证号".len(), "写错了", "这里");
        let rendered = problems.to_string();
        let lines: Vec<&str> = rendered.lines().collect();
        let source = lines.iter().position(|line| line.contains("户主姓名")).expect("source line shown");
        let before = |line: &str, mark: &str| line.split(mark).next().map(UnicodeWidthStr::width);
        assert_eq!(before(lines[source], "身份证号"), before(lines[source + 1], "^"), "{rendered}");
        assert!(lines[source + 1].contains("^^^^^^^^ 这里"), "four characters are eight cells wide: {rendered}");
        assert!(rendered.contains("registries/测试.toml:2:11"), "{rendered}");
    }

    #[test]
    fn all_mistakes_come_in_order_and_once() {
        let document = document("甲 = 1\n乙 = 2\n");
        let mut problems = Problems::default();
        problems.add(&document, 10..13, "第二处", "");
        problems.add(&document, 0..3, "第一处", "");
        problems.add(&document, 0..3, "第一处", "");
        let problems = problems.into_result(()).expect_err("has problems");
        let messages: Vec<&str> = problems.as_slice().iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(messages, ["第一处", "第二处"]);
    }

    #[test]
    fn what_follows_from_another_mistake_is_not_told_and_the_same_sentence_only_once() {
        let document = document("甲 甲 甲 甲 甲\n");
        let mut problems = Problems::default();
        problems.suspect("乙");
        problems.add_unknown(&document, 0..3, "字段", "乙", ["丙"]);
        assert!(problems.is_empty());
        for at in 0..5 {
            problems.add_unknown(&document, at * 4..at * 4 + 3, "字段", "甲", ["丙丁"]);
        }
        let told = problems.into_result(()).expect_err("mistakes").render(false);
        assert_eq!(told.matches("不认识的字段“甲”").count(), 1, "{told}");
        assert!(told.contains("同样的 4 处：测试.toml:1:3、"), "{told}");
    }

    #[test]
    fn a_span_inside_a_character_or_past_the_end_is_still_rendered() {
        let document = document("姓名");
        let mut problems = Problems::default();
        problems.add(&document, 1..2, "甲", "");
        problems.add(&document, 5..90, "乙", "");
        assert!(problems.to_string().contains("姓名"));
    }

    #[test]
    fn a_slip_is_recognised_and_a_different_word_is_not() {
        let known = ["household_amount_fen", "person_amount_fen", "name"];
        assert_eq!(closest("houshold_amount_fen", known), Some("household_amount_fen"));
        assert_eq!(closest("nmae", known), Some("name"));
        assert_eq!(closest("telephone", known), None);
    }
}
