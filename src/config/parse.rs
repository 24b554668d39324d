//! A TOML document → a typed value with spans, every mistake reported.
//!
//! Takes text, never a path to open. Written types derive `serde::Deserialize` with
//! `#[serde(deny_unknown_fields)]` and wrap in [`Spanned`] what later checks want to point at. [`parse`] goes on after
//! a mistake: a misspelt key or word is taken for the one it was meant to be, anything else is taken out with as little around it as
//! possible, and the rest is read again; so one pass shows every mistake. What was taken out is [suspect](Problems::suspect).

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::document::{Document, Spanned};
use super::error::{Problems, closest};

/// Most mistakes of one file that are looked for.
const MOST: usize = 200;

/// Reads `document` as `T`. After mistakes, which are reported, it is what remains without them; `None` when nothing does.
#[must_use]
pub fn parse<T: DeserializeOwned>(document: &Document, problems: &mut Problems) -> Option<T> {
    let (mut root, errors) = DeTable::parse_recoverable(&document.text);
    if !errors.is_empty() {
        report_syntax(document, &errors, problems);
        problems.suspect_all(document);
    }
    // Keys that were taken out, and of which table or list (where it starts): that they are missing follows.
    let mut gone: Vec<(usize, String)> = Vec::new();
    for _ in 0..MOST {
        let error = match T::deserialize(Deserializer::from(root.clone())) {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        let span = error.span().unwrap_or(0..0);
        let words: Vec<&str> = error.message().split('`').skip(1).step_by(2).collect();
        let said = error.message();
        let follows = match words.first() {
            Some(word) if said.starts_with("missing field") => gone.contains(&(span.start, (*word).to_owned())),
            _ => said.starts_with("invalid length") && gone.iter().any(|(list, _)| *list == span.start),
        };
        if !follows {
            report(document, &error, problems);
        }
        let meant = words.split_first().and_then(|(word, known)| closest(word, known.iter().copied()));
        let whole = said.starts_with("missing field");
        let mut place = Place { span, whole, gone: &mut gone, problems };
        let mended = if said.starts_with("unknown field") {
            place.mend_key(root.get_mut(), meant, 0)
        } else {
            place.mend_table(root.get_mut(), meant.filter(|_| said.starts_with("unknown variant")), 0)
        };
        if !mended {
            break;
        }
    }
    problems.suspect_all(document);
    None
}

/// Where a mistake stands in a document that is being mended.
struct Place<'a> {
    span: Range<usize>,
    /// It is a table as a whole that lacks something.
    whole: bool,
    gone: &'a mut Vec<(usize, String)>,
    problems: &'a mut Problems,
}

impl Place<'_> {
    /// The unknown key at the place becomes the one that was meant, or is taken out.
    fn mend_key(&mut self, table: &mut DeTable<'_>, meant: Option<&str>, start: usize) -> bool {
        let Some(key) = table.keys().find(|key| key.span() == self.span).cloned() else {
            return table.iter_mut().any(|(_, value)| {
                let start = value.span().start;
                self.mend_key_below(value.get_mut(), meant, start)
            });
        };
        let Some(value) = table.remove(&key) else { return false };
        if let Some(meant) = meant.filter(|meant| !table.contains_key(*meant)) {
            table.insert(Spanned::new(self.span.clone(), meant.to_owned().into()), value);
        } else {
            self.gone.extend(meant.map(|meant| (start, meant.to_owned())));
            self.suspect(value.get_ref());
        }
        true
    }

    fn mend_key_below(&mut self, value: &mut DeValue<'_>, meant: Option<&str>, start: usize) -> bool {
        match value {
            DeValue::Table(table) => self.mend_key(table, meant, start),
            DeValue::Array(array) => array.iter_mut().any(|value| {
                let start = value.span().start;
                self.mend_key_below(value.get_mut(), meant, start)
            }),
            _ => false,
        }
    }

    /// The value at the place becomes the word that was meant, or is taken out: the innermost one, or for a missing key the innermost table.
    fn mend_table(&mut self, table: &mut DeTable<'_>, meant: Option<&str>, start: usize) -> bool {
        let mut found = None;
        for (key, value) in table.iter_mut() {
            if key.span() == self.span && !self.whole || self.covers(value) {
                if self.mend_value(value, meant) {
                    self.problems.suspect(key.get_ref().as_ref());
                    return true;
                }
                found = Some(key.clone());
                break;
            }
        }
        let Some(key) = found else { return false };
        let Some(value) = table.remove(&key) else { return false };
        self.problems.suspect(key.get_ref().as_ref());
        self.suspect(value.get_ref());
        self.gone.push((start, key.get_ref().to_string()));
        true
    }

    /// Mends something in the value; `false` when the value itself is to be taken out.
    fn mend_value(&mut self, value: &mut Spanned<DeValue<'_>>, meant: Option<&str>) -> bool {
        let (start, own) = (value.span().start, value.span() == self.span);
        match value.get_mut() {
            DeValue::Table(table) => self.mend_table(table, meant, start),
            DeValue::Array(array) => {
                let Some(at) = array.iter().position(|value| self.covers(value)) else { return false };
                let mended = array.get_mut(at).is_some_and(|value| self.mend_value(value, meant));
                let named = array.get(at).cloned();
                if let Some(DeValue::Table(table)) = named.as_ref().map(Spanned::get_ref) {
                    // A list of things that bear their names inside: `id = "…"`.
                    table.values().filter_map(|value| value.get_ref().as_str()).for_each(|name| self.problems.suspect(name));
                }
                if mended {
                    return true;
                }
                if let Some(value) = &named {
                    self.suspect(value.get_ref());
                }
                let kept = array.clone().into_iter().enumerate().filter(|(place, _)| *place != at);
                *array = kept.map(|(_, value)| value).collect();
                self.gone.push((start, String::new()));
                true
            }
            DeValue::String(text) if own && meant.is_some_and(|meant| meant != text.as_ref()) => {
                *text = meant.unwrap_or_default().to_owned().into();
                true
            }
            _ => false,
        }
    }

    /// Whether the place lies in the value. A table's own span is its header only, so what it holds is looked at too.
    fn covers(&self, value: &Spanned<DeValue<'_>>) -> bool {
        let own = value.span();
        if own == self.span || !self.whole && own.start <= self.span.start && self.span.end <= own.end {
            return true;
        }
        match value.get_ref() {
            DeValue::Table(table) => {
                table.iter().any(|(key, value)| key.span() == self.span && !self.whole || self.covers(value))
            }
            DeValue::Array(array) => array.iter().any(|value| self.covers(value)),
            _ => false,
        }
    }

    /// Every name in what was taken out.
    fn suspect(&mut self, value: &DeValue<'_>) {
        match value {
            DeValue::String(text) => self.problems.suspect(text.trim()),
            DeValue::Table(table) => {
                for (key, value) in table {
                    self.problems.suspect(key.get_ref().as_ref());
                    self.suspect(value.get_ref());
                }
            }
            DeValue::Array(array) => array.iter().for_each(|value| self.suspect(value.get_ref())),
            _ => {}
        }
    }
}

/// Mistakes of writing. One of them confuses the lines after it, of which it is the cause.
fn report_syntax(document: &Document, errors: &[toml::de::Error], problems: &mut Problems) {
    let mut errors: Vec<&toml::de::Error> = errors.iter().collect();
    errors.sort_by_key(|error| error.span().map(|span| span.start));
    let mut last: Option<usize> = None;
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let line = document.text.get(..span.start).map_or(0, |before| before.matches('\n').count());
        if let Some((told, at)) = orphan(&document.text, &span, error.message()) {
            let hint = "看它上面那一节的名字有没有写错";
            problems.add_with_hint(document, at, told, "这里", hint);
            break;
        }
        if last.is_none_or(|last| line > last + 1) {
            match wide_sign(&document.text, &span) {
                Some((sign, at)) => {
                    let hint = "引号、等号、逗号、括号用英文（半角）的：\" = , [ ] { }";
                    problems.add_with_hint(document, at, format!("读不懂：这里的“{sign}”是中文（全角）符号"), "这里", hint);
                }
                None => report(document, error, problems),
            }
        }
        last = Some(line);
    }
}

/// Where `[case.given]` stood before any `[[case]]`, the parser says of every `[[case]]` that it comes twice.
fn orphan(text: &str, span: &Range<usize>, said: &str) -> Option<(String, Range<usize>)> {
    let start = text.get(..span.start)?.rfind('\n').map_or(0, |end| end + 1);
    let name = text.get(start..)?.lines().next()?.trim().strip_prefix("[[")?.strip_suffix("]]")?;
    let (child, list) = (format!("\n[{name}."), format!("\n[[{name}]]"));
    let before = text.get(..start)?;
    let at = before.find(&child).filter(|_| said.starts_with("duplicate key") && !before.contains(&list))? + 1;
    let end = at + text.get(at..)?.find(']').map_or(0, |length| length + 1);
    Some((format!("{} 前面没有 [[{name}]]", text.get(at..end)?), at..end))
}

/// A full-width sign, on the line of the place, where an ASCII one belongs: at the place or before it.
fn wide_sign(text: &str, span: &Range<usize>) -> Option<(char, Range<usize>)> {
    let start = text.get(..span.start)?.rfind('\n').map_or(0, |end| end + 1);
    let at = text.get(span.start..)?.chars().next().map_or(span.start, |sign| span.start + sign.len_utf8());
    let line = text.get(start..at)?;
    let quoted = |offset: usize| line.get(..offset).is_some_and(|before| before.matches('"').count() % 2 == 1);
    let wide = |sign: char| {
        matches!(sign, '“' | '”' | '‘' | '’' | '＂' | '＝' | '，' | '、' | '［' | '］' | '【' | '】' | '｛' | '｝' | '：' | '。')
    };
    let (offset, sign) = line.char_indices().find(|(offset, sign)| wide(*sign) && !quoted(*offset))?;
    Some((sign, start + offset..start + offset + sign.len_utf8()))
}

fn report(document: &Document, error: &toml::de::Error, problems: &mut Problems) {
    let span = error.span().unwrap_or(0..0);
    let message = error.message();
    let words: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match (message, words.as_slice()) {
        (text, [word, known @ ..]) if text.starts_with("unknown field") => {
            problems.add_misspelt(document, span, "项", word, known.iter().copied());
        }
        (text, [word, known @ ..]) if text.starts_with("unknown variant") => {
            problems.add_misspelt(document, span, "取值", word, known.iter().copied());
        }
        (text, [word]) if text.starts_with("missing field") => {
            // The span is the whole table; its first line is what helps.
            let start = span.start;
            let end = document.text.get(start..).and_then(|rest| rest.find('\n')).map_or(span.end, |length| start + length);
            let whole = if span.start == 0 { "在这个文件里" } else { "在这一节里" };
            problems.add_with_hint(document, start..end, format!("缺少“{word}”"), whole, format!("补上一行 {word} = …"));
        }
        (text, _) => {
            let (message, hint) = plain(text);
            problems.add_with_hint(document, span, message, "这里", hint);
        }
    }
}

/// What the TOML parser says, in words for whoever wrote the file, with its own behind them; and what to do.
fn plain(said: &str) -> (String, &'static str) {
    const MISREAD: [(&str, &str, &str); 11] = [
        ("must be quoted", "读不懂：文字没有加引号", "文字两头各写一个英文引号 \""),
        ("no value", "读不懂：项的名字后面缺少 = 和值", "一行写一个“项 = 值”，等号用英文的；上面的 \"\"\" 要成对"),
        (
            "unexpected key or value",
            "读不懂：这一行到这里已经写完，后面多了东西",
            "一行只写一个“项 = 值”；小数点用 .；说明以 # 开头",
        ),
        ("invalid value", "值不对", "按同一节里别的项或说明里的写法改"),
        ("invalid length", "个数不对", "按说明里的写法补齐或删去"),
        ("duplicate key", "读不懂：同一项写了两次", "只留一处"),
        ("escape", "读不懂：引号里的反斜杠不能这样写", "路径用 / 分隔，或整段用英文单引号 '，反斜杠写成两个"),
        ("string", "读不懂：引号没有成对，或里面有不能这样写的字符", "文字两头各写一个英文引号 \""),
        ("array", "读不懂：方括号没有成对，或各项之间少了逗号", "一列写成 [\"甲\", \"乙\"]"),
        ("key", "读不懂：这里应是项的名字", "一行写一个“项 = 值”，节名写在方括号里；上面的 \"\"\" 要成对"),
        ("", "读不懂：不合 TOML 的写法", "一行写一个“项 = 值”，文字加英文引号，引号、方括号要成对"),
    ];
    if let Some(typed) = types(said) {
        return typed;
    }
    if let Some((written, wanted)) = said.strip_prefix("invalid length ").and_then(|said| said.split_once(", expected ")) {
        let wanted: String = wanted.chars().filter(char::is_ascii_digit).collect();
        return (format!("个数不对：写了 {written} 个，这里要 {wanted} 个"), "补齐或删去");
    }
    // What the readers of single items say is for people already.
    if said.chars().any(|sign| matches!(sign, '\u{3400}'..='\u{9fff}')) && !said.starts_with("invalid") {
        return (format!("读不懂：{said}"), "");
    }
    let known = MISREAD.iter().find(|(word, ..)| said.contains(word));
    let (_, message, hint) = known.unwrap_or(&MISREAD[MISREAD.len() - 1]);
    (format!("{message}（{}）", said.trim().replace('\n', "；")), hint)
}

/// A value of another type: what was written, what is wanted.
fn types(said: &str) -> Option<(String, &'static str)> {
    let (written, wanted) = said.strip_prefix("invalid type: ")?.split_once(", expected ")?;
    let kinds = |word: &str| {
        Some(match word {
            word if word.starts_with("string") || word.starts_with("a string") => "文字",
            word if word.starts_with("integer") || word.starts_with(['u', 'i']) && word.len() <= 5 => "整数",
            word if word.starts_with("floating") || word.starts_with('f') && word.len() == 3 => "数",
            word if word.starts_with("boolean") || word == "a boolean" => "true 或 false",
            word if word.contains("sequence") || word.contains("array") => "方括号里的一列",
            word if word.contains("map") || word.starts_with("struct") => "一节，或花括号里的几项",
            _ => return None,
        })
    };
    let hint = match kinds(wanted) {
        Some("文字") => "文字要加引号：\"…\"",
        Some("整数") => "写不带引号、不带小数的数；金额用分",
        Some("数") => "写不带引号的数",
        Some("true 或 false") => "写 true 或 false，不加引号",
        Some("方括号里的一列") => "写成方括号里的一列：[\"甲\", \"乙\"]，只有一个也要方括号",
        _ => "写成 { 项 = 值 }，或另起一节 [名字]",
    };
    let told = match (kinds(written), kinds(wanted)) {
        (Some(written), Some(wanted)) => format!("类型不对：写的是{written}，这里要{wanted}"),
        _ => format!("类型不对（{said}）"),
    };
    Some((told, hint))
}

/// The bytes of the file for a place inside a TOML string, exact where the string holds no escape.
pub(super) fn inner_span(file: &str, span: &Range<usize>, value: &str, offset: usize, length: usize) -> Range<usize> {
    let Some(raw) = file.get(span.clone()) else { return span.clone() };
    match raw.find(value) {
        Some(start) => span.start + start + offset..span.start + start + offset + length,
        None => span.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Entry {
        title: String,
        #[serde(default)]
        aliases: Vec<String>,
    }

    fn messages(text: &str) -> Vec<String> {
        let document = Document { path: "字段.toml".to_owned(), text: text.to_owned() };
        let mut problems = Problems::default();
        let _: Option<BTreeMap<String, Entry>> = parse(&document, &mut problems);
        let problems = problems.into_result(()).expect_err("has problems");
        problems.as_slice().iter().map(|problem| format!("{}|{}", problem.message, problem.hint)).collect()
    }

    #[test]
    fn a_good_document_is_read() {
        let document = Document { path: "x.toml".to_owned(), text: "[a]\ntitle = \"甲\"\naliases = [\"乙\"]\n".to_owned() };
        let mut problems = Problems::default();
        let read: BTreeMap<String, Entry> = parse(&document, &mut problems).expect("good");
        assert_eq!((read["a"].title.as_str(), read["a"].aliases.len(), problems.is_empty()), ("甲", 1, true));
    }

    #[test]
    fn every_mistake_is_reported_at_once_and_none_that_follows() {
        let found = messages(
            "[a]\ntitle = \"甲\"\ntitel = 1\nalaises = []\n[b]\ntitle = 5\n[c]\naliases = []\n[d]\ntitle = \"丁\"\naliases = \"x\"\n",
        );
        assert_eq!(found.len(), 5, "{found:#?}");
        assert_eq!(found[0], "不认识的项“titel”|是不是“title”？");
        assert_eq!(found[1], "不认识的项“alaises”|是不是“aliases”？");
        assert!(found[2].starts_with("类型不对"), "{found:#?}");
        assert_eq!(found[3], "缺少“title”|补上一行 title = …");
        assert!(found[4].starts_with("类型不对"), "{found:#?}");
        // A misspelt key is the key: neither is it missing, nor is its value unread.
        assert_eq!(messages("[a]\ntitel = 5\n").len(), 2);
        assert_eq!(messages("[a]\ntitel = \"甲\"\n"), ["不认识的项“titel”|是不是“title”？"]);
        assert_eq!(messages("[a]\ntitle = 5\naliases = [1, \"乙\", 2]\n").len(), 3);
    }

    #[test]
    fn what_remains_is_read_and_what_was_taken_out_is_suspect() {
        let text = "[a]\ntitle = 5\n[b]\ntitle = \"乙\"\naliases = [\"丙\", 7]\n";
        let document = Document { path: "x.toml".to_owned(), text: text.to_owned() };
        let mut problems = Problems::default();
        let read: BTreeMap<String, Entry> = parse(&document, &mut problems).expect("something remains");
        assert_eq!(read.keys().collect::<Vec<_>>(), ["b"]);
        assert_eq!(read["b"].aliases, ["丙"]);
        assert!(problems.is_suspect("a") && !problems.is_suspect("丙") && problems.as_slice().len() == 2);
    }

    #[test]
    fn broken_syntax_is_reported_with_its_place() {
        let document = Document { path: "x.toml".to_owned(), text: "[a]\ntitle = \"甲\n[b]\ntitle = = 2\n".to_owned() };
        let mut problems = Problems::default();
        let _: Option<BTreeMap<String, Entry>> = parse(&document, &mut problems);
        let problems = problems.into_result(()).expect_err("has problems");
        let told = problems.to_string();
        assert!(told.contains("x.toml:2:") && told.contains("x.toml:4:"), "{told}");
    }

    #[test]
    fn every_message_is_in_words_first_and_says_what_to_do() {
        for (text, word) in [
            ("[a]\ntitle = \"甲\n", "引号没有成对"),
            ("[a]\ntitle = '甲\n", "引号没有成对"),
            ("[a]\ntitle = \"甲\\q\"\n", "引号"),
            ("[a]\ntitle = \"甲\"\ntitle = \"乙\"\n", "写了两次"),
            ("[a]\ntitle = 甲\n", "没有加引号"),
            ("[a\ntitle = \"甲\"\n", "读不懂"),
            ("[a]\n标题 = \"甲\"\n", "读不懂"),
            ("[a]\ntitle\n", "缺少 = 和值"),
            ("[a]\naliases = [\"乙\" \"丙\"]\n", "读不懂"),
            ("[a]\ntitle ＝ \"甲\"\n", "“＝”是中文"),
            ("[a]\ntitle = “甲”\n", "““”是中文"),
            ("[a]\naliases = [\"乙\"，\"丙\"]\n", "“，”是中文"),
            ("[a]\ntitle = 5\n", "类型不对"),
        ] {
            let found = messages(text);
            let (message, hint) = found[0].split_once('|').expect("both");
            assert!(message.contains(word) && !hint.is_empty(), "{text}: {found:?}");
            assert!(message.starts_with(['读', '类']), "{text}: {found:?}");
        }
    }
}
