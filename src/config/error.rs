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
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.0 {
            writeln!(f, "{}\n", problem.render())?;
        }
        write!(f, "共 {} 处配置错误", self.0.len())
    }
}

impl std::error::Error for Problems {}

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
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}
