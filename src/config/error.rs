<<<<<<< HEAD
//! Mistakes in what the county wrote: all of them at once, each with file, line and caret.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet, renderer::DecorStyle};

/// A definition file as text; `run` reads it, `config` only looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Path as it should be shown.
    pub path: String,
    /// Contents.
    pub text: String,
}

impl Document {
    /// Reads the file's shape. TOML mistakes, unknown keys and wrong types come back as one located problem (the parser stops
    /// at the first); what it means is checked by whoever resolves it.
    pub fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<T, Problem> {
        toml::from_str(&self.text).map_err(|error| {
            self.problem(error.span().unwrap_or(0..0), error.message().to_owned(), "请对照文件开头的说明和相邻的写法".to_owned())
        })
    }

    /// A problem in this file at bytes `span`.
    #[must_use]
    pub fn problem(&self, span: Range<usize>, message: String, hint: String) -> Problem {
        Problem { path: self.path.clone(), text: self.text.clone(), span, message, hint }
    }
}

/// One mistake.
#[derive(Clone, PartialEq, Eq)]
pub struct Problem {
    path: String,
    text: String,
    span: Range<usize>,
    message: String,
    hint: String,
}

// The text of a whole file has no place in a debug line.
impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} {}", self.path, self.line(), self.message)
    }
}

impl Problem {
    /// Line of the mistake, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.text.bytes().take(self.span.start).filter(|&byte| byte == b'\n').count() + 1
    }

    /// File, line, caret, hint.
    fn render(&self) -> String {
        let span = self.span.start.min(self.text.len())..self.span.end.min(self.text.len());
        let snippet = Snippet::source(self.text.as_str()).path(self.path.as_str()).annotation(AnnotationKind::Primary.span(span));
        let mut group = Level::ERROR.with_name("配置有误").primary_title(self.message.as_str()).element(snippet);
        if !self.hint.is_empty() {
            group = group.element(Level::HELP.with_name("怎么办").message(self.hint.as_str()));
        }
        Renderer::plain().decor_style(DecorStyle::Ascii).render(&[group])
    }
}

/// Every mistake found, by file and place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds one.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Takes the value, or keeps its problem for later.
    pub fn take<T>(&mut self, result: Result<T, Problem>) -> Option<T> {
        result.map_err(|problem| self.push(problem)).ok()
    }

    /// Adds those of another check.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `value` if nothing is wrong, else all mistakes sorted.
    pub fn finish<T>(mut self, value: T) -> Result<T, Self> {
        if self.0.is_empty() {
            return Ok(value);
        }
        self.0.sort_by(|a, b| (&a.path, a.span.start, &a.message).cmp(&(&b.path, b.span.start, &b.message)));
        self.0.dedup();
        Err(self)
    }
=======
//! Mistakes in configuration, all at once: file, line, caret, and what was probably meant.
//!
//! Every loader (registries, pipeline, policy, layouts) collects into one [`Problems`] and ends with
//! [`Problems::into_result`]. Rendering needs no file access: a problem keeps the text it points into.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::document::Document;

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

    /// Records an unknown word and, where one is close, the known word it was probably meant to be.
    pub fn add_unknown<'a>(
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

    /// All mistakes with source lines and carets, for a terminal; `colour` adds ANSI styles.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut out = String::new();
        for problem in &self.list {
            let source = self.sources.get(&problem.file).map_or("", String::as_str);
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
            out.push_str(&renderer.render(&[group]));
            out.push_str("\n\n");
        }
        out
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
>>>>>>> 128683507e30d6ebc65e2ffce4bf307e48658662
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
<<<<<<< HEAD
        for problem in &self.0 {
            writeln!(f, "{}\n", problem.render())?;
        }
        write!(f, "共 {} 处配置错误", self.0.len())
=======
        f.write_str(self.render(false).trim_end())
    }
}

impl fmt::Debug for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
>>>>>>> 128683507e30d6ebc65e2ffce4bf307e48658662
    }
}

impl std::error::Error for Problems {}

<<<<<<< HEAD
impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

/// `是不是想写 x？` for the nearest of `known`, or a list of all when none is near.
#[must_use]
pub fn did_you_mean<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let nearest = known.iter().map(|name| (strsim::jaro_winkler(wanted, name), *name)).max_by(|a, b| a.0.total_cmp(&b.0));
    match nearest {
        Some((similarity, name)) if similarity > 0.75 => format!("是不是想写 {name}？"),
        _ => format!("可用的有：{}", known.join("、")),
    }
=======
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
>>>>>>> 128683507e30d6ebc65e2ffce4bf307e48658662
}

#[cfg(test)]
mod tests {
    use super::*;
<<<<<<< HEAD

    #[test]
    fn the_caret_stands_under_the_mistake_behind_chinese_text() {
        let document = Document { path: "a.toml".into(), text: "# 注\ntitle = \"低保名册\" 错\n".into() };
        let start = document.text.find('错').expect("it is there");
        let shown = document.problem(start..start + "错".len(), "多余的字".into(), "删去".into()).render();
        let lines: Vec<&str> = shown.lines().collect();
        let source = lines.iter().position(|line| line.contains("低保名册")).expect("the source line");
        let width = |text: &str| unicode_width::UnicodeWidthStr::width(text);
        let before = |line: &str, mark: char| width(line.split(mark).next().unwrap_or(""));
        assert_eq!(before(lines[source], '错'), before(lines[source + 1], '^'), "{shown}");
        assert!(shown.contains("a.toml:2") && shown.contains("删去"), "{shown}");
    }

    #[test]
    fn mistakes_come_sorted_and_whole() {
        let document = Document { path: "a.toml".into(), text: "x = 1\ny = 2\n".into() };
        let mut problems = Problems::default();
        problems.push(document.problem(6..7, "second".into(), String::new()));
        problems.push(document.problem(0..1, "first".into(), String::new()));
        let shown = problems.finish(()).expect_err("two mistakes").to_string();
        assert!(shown.find("first") < shown.find("second") && shown.contains("共 2 处"), "{shown}");
    }

    #[test]
    fn a_near_name_is_offered() {
        assert_eq!(did_you_mean("id_nubmer", ["name", "id_number"]), "是不是想写 id_number？");
=======
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
>>>>>>> 128683507e30d6ebc65e2ffce4bf307e48658662
    }
}
