//! A TOML document → a typed value with spans, every mistake reported.
//!
//! Takes text, never a path to open. Written types derive `serde::Deserialize` with
//! `#[serde(deny_unknown_fields)]` and wrap in [`Spanned`] what later checks want to point at. [`parse`] goes on after
//! a mistake: an unknown key is reported and left out, any other mistake takes its top-level entry (or the element of
//! a top-level array) out, and the rest is read again; so one pass shows every entry's first mistake and all unknown keys.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::document::{Document, Spanned};
use super::error::Problems;

/// Reads `document` as `T`; `None` when anything was reported.
#[must_use]
pub fn parse<T: DeserializeOwned>(document: &Document, problems: &mut Problems) -> Option<T> {
    let (mut root, errors) = DeTable::parse_recoverable(&document.text);
    if !errors.is_empty() {
        for error in errors {
            report(document, &error, problems);
        }
        return None;
    }
    let mut whole = true;
    loop {
        let error = match T::deserialize(Deserializer::from(root.clone())) {
            Ok(value) => return whole.then_some(value),
            Err(error) => error,
        };
        // A key taken out below is missing only because of that.
        if whole || !error.message().starts_with("missing field") || error.span().is_some_and(|span| span.start > 0) {
            report(document, &error, problems);
        }
        whole = false;
        let span = error.span()?;
        let removed = if error.message().starts_with("unknown field") {
            remove_key(root.get_mut(), &span)
        } else {
            remove_entry(root.get_mut(), &span)
        };
        if !removed {
            return None;
        }
    }
}

fn report(document: &Document, error: &toml::de::Error, problems: &mut Problems) {
    let span = error.span().unwrap_or(0..0);
    let message = error.message();
    let words: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match (message, words.as_slice()) {
        (text, [word, known @ ..]) if text.starts_with("unknown field") => {
            problems.add_unknown(document, span, "项", word, known.iter().copied());
        }
        (text, [word, known @ ..]) if text.starts_with("unknown variant") => {
            problems.add_unknown(document, span, "取值", word, known.iter().copied());
        }
        (text, [word]) if text.starts_with("missing field") => {
            // The span is the whole table; its first line is what helps.
            let start = span.start;
            let end = document.text.get(start..).and_then(|rest| rest.find('\n')).map_or(span.end, |length| start + length);
            problems.add(document, start..end, format!("缺少“{word}”"), "在这一节里");
        }
        (text, _) => {
            let (message, hint) = plain(text);
            problems.add_with_hint(document, span, message, "这里", hint);
        }
    }
}

/// What the TOML parser says, in words for whoever wrote the file, with its own behind them; and what to do.
fn plain(said: &str) -> (String, &'static str) {
    const MISREAD: [(&str, &str, &str); 9] = [
        ("invalid type", "类型不对", "文字要加引号；数字、true、false 不加；几项写成方括号里的一列"),
        ("invalid value", "值不对", "按同一节里别的项或说明里的写法改"),
        ("invalid length", "个数不对", "按说明里的写法补齐或删去"),
        ("duplicate key", "读不懂：同一项写了两次", "只留一处"),
        ("escape", "读不懂：引号里的反斜杠不能这样写", "路径用 / 分隔，或整段用英文单引号 '，反斜杠写成两个"),
        ("string", "读不懂：引号没有成对，或里面有不能这样写的字符", "文字两头各写一个英文引号 \""),
        ("array", "读不懂：方括号没有成对，或各项之间少了逗号", "一列写成 [\"甲\", \"乙\"]"),
        ("key", "读不懂：这里应是项的名字", "一行写一个“项 = 值”，节名写在方括号里"),
        ("", "读不懂：不合 TOML 的写法", "一行写一个“项 = 值”，文字加英文引号，引号、方括号要成对"),
    ];
    // What the readers of single items say is for people already.
    if said.chars().any(|sign| matches!(sign, '\u{3400}'..='\u{9fff}')) && !said.starts_with("invalid") {
        return (format!("读不懂：{said}"), "");
    }
    let known = MISREAD.iter().find(|(word, ..)| said.contains(word));
    let (_, message, hint) = known.unwrap_or(&MISREAD[MISREAD.len() - 1]);
    (format!("{message}（{}）", said.trim().replace('\n', "；")), hint)
}

/// The bytes of the file for a place inside a TOML string, exact where the string holds no escape.
pub(super) fn inner_span(file: &str, span: &Range<usize>, value: &str, offset: usize, length: usize) -> Range<usize> {
    let Some(raw) = file.get(span.clone()) else { return span.clone() };
    match raw.find(value) {
        Some(start) => span.start + start + offset..span.start + start + offset + length,
        None => span.clone(),
    }
}

/// Removes the key written at `span`, at any depth.
fn remove_key(table: &mut DeTable<'_>, span: &Range<usize>) -> bool {
    let found = table.keys().find(|key| key.span() == *span).cloned();
    if let Some(key) = found {
        return table.remove(&key).is_some();
    }
    table.iter_mut().any(|(_, value)| remove_key_below(value.get_mut(), span))
}

fn remove_key_below(value: &mut DeValue<'_>, span: &Range<usize>) -> bool {
    match value {
        DeValue::Table(table) => remove_key(table, span),
        DeValue::Array(array) => array.iter_mut().any(|value| remove_key_below(value.get_mut(), span)),
        _ => false,
    }
}

/// Removes the top-level entry (or the element of a top-level array of tables) that `span` lies in.
fn remove_entry(root: &mut DeTable<'_>, span: &Range<usize>) -> bool {
    for (_, value) in root.iter_mut() {
        if let DeValue::Array(array) = value.get_mut()
            && let Some(position) = array.iter().position(|element| covers(element, span))
            && array.len() > 1
        {
            let kept = array.clone().into_iter().enumerate().filter(|(place, _)| *place != position);
            *array = kept.map(|(_, element)| element).collect();
            return true;
        }
    }
    let found = root.iter().find(|(key, value)| key.span() == *span || covers(value, span)).map(|(key, _)| key.clone());
    found.is_some_and(|key| root.remove(&key).is_some())
}

/// Whether `span` lies in the value. A table's own span is its header only, so what it holds is looked at too.
fn covers(value: &Spanned<DeValue<'_>>, span: &Range<usize>) -> bool {
    let own = value.span();
    if own.start <= span.start && span.end <= own.end {
        return true;
    }
    match value.get_ref() {
        DeValue::Table(table) => table.iter().any(|(key, value)| key.span() == *span || covers(value, span)),
        DeValue::Array(array) => array.iter().any(|value| covers(value, span)),
        _ => false,
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
        let read: Option<BTreeMap<String, Entry>> = parse(&document, &mut problems);
        assert!(read.is_none());
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
    fn every_unknown_key_and_each_wrong_entry_is_reported_at_once() {
        let found = messages(
            "[a]\ntitle = \"甲\"\ntitel = 1\nalaises = []\n[b]\ntitle = 5\n[c]\naliases = []\n[d]\ntitle = \"丁\"\naliases = \"x\"\n",
        );
        assert_eq!(found.len(), 5, "{found:#?}");
        assert_eq!(found[0], "不认识的项“titel”|是不是“title”？");
        assert_eq!(found[1], "不认识的项“alaises”|是不是“aliases”？");
        assert!(found[2].starts_with("类型不对"), "{found:#?}");
        assert_eq!(found[3], "缺少“title”|");
        assert!(found[4].starts_with("类型不对"), "{found:#?}");
    }

    #[test]
    fn broken_syntax_is_reported_with_its_place() {
        let document = Document { path: "x.toml".to_owned(), text: "[a]\ntitle = \"甲\n[b]\ntitle = = 2\n".to_owned() };
        let mut problems = Problems::default();
        assert!(parse::<BTreeMap<String, Entry>>(&document, &mut problems).is_none());
        let problems = problems.into_result(()).expect_err("has problems");
        assert!(problems.to_string().contains("x.toml:2:"), "{problems}");
    }

    #[test]
    fn every_message_is_in_words_first_and_says_what_to_do() {
        for (text, word) in [
            ("[a]\ntitle = \"甲\n", "引号没有成对"),
            ("[a]\ntitle = '甲\n", "引号没有成对"),
            ("[a]\ntitle = \"甲\\q\"\n", "引号"),
            ("[a]\ntitle = \"甲\"\ntitle = \"乙\"\n", "写了两次"),
            ("[a]\ntitle = 甲\n", "读不懂"),
            ("[a\ntitle = \"甲\"\n", "读不懂"),
            ("[a]\n标题 = \"甲\"\n", "读不懂"),
            ("[a]\ntitle\n", "读不懂"),
            ("[a]\naliases = [\"乙\" \"丙\"]\n", "读不懂"),
            ("[a]\ntitle = 5\n", "类型不对"),
        ] {
            let found = messages(text);
            let (message, hint) = found[0].split_once('|').expect("both");
            assert!(message.contains(word) && !hint.is_empty(), "{text}: {found:?}");
            assert!(message.starts_with(['读', '类']), "{text}: {found:?}");
        }
    }
}
