//! Shared strings of a workbook: every text once, in one buffer, and whether all of it is struck through.
//!
//! How many there are is counted, never believed. Phonetic guides are no part of a text. Memory: the texts, and four bytes for each.

use std::io::BufRead;

use super::archive::Meter;
use super::characters::has_digits;
use super::package::Package;
use super::stop::Refused;
use super::xml::{Node, Xml};

/// Texts by number.
#[derive(Default)]
pub(crate) struct Strings {
    text: String,
    /// Where each ends, and in the highest bit whether it is struck through: a text takes a byte or more of a part, which has less than 2 GiB.
    ends: Vec<u32>,
}

const STRUCK: u32 = 1 << 31;

impl Strings {
    /// Reads the part called `name`.
    pub(crate) fn read(package: &mut Package<'_>, name: &str, meter: &mut Meter<'_>) -> Result<Self, Refused> {
        package.inflate(name, meter, |_| Ok(()))?;
        let mut xml = package.xml(name)?;
        let mut strings = Self::default();
        loop {
            match xml.next()? {
                Node::Open(element) if element.name() == "si" => {}
                Node::End => return Ok(strings),
                _ => continue,
            }
            let struck = rich_text(&mut xml, "si", &mut strings.text)?;
            strings.close(struck);
        }
    }

    /// Bytes of all texts.
    pub(crate) fn bytes(&self) -> u64 {
        self.text.len() as u64
    }

    /// Appends a text.
    pub(crate) fn push(&mut self, text: &str, struck: bool) {
        self.text.push_str(text);
        self.close(struck);
    }

    fn close(&mut self, struck: bool) {
        let end = u32::try_from(self.text.len()).unwrap_or(u32::MAX) & !STRUCK;
        self.ends.push(if struck { end | STRUCK } else { end });
    }

    /// The text of this number, and whether it is struck through.
    pub(crate) fn get(&self, index: usize) -> Option<(&str, bool)> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] & !STRUCK);
        Some((self.text.get(start as usize..(end & !STRUCK) as usize)?, end & STRUCK != 0))
    }
}

/// Appends the text of an element up to its end; gives whether all of it is struck through.
pub(crate) fn rich_text(xml: &mut Xml<impl BufRead>, element: &str, out: &mut String) -> Result<bool, Refused> {
    let start = out.len();
    let (mut in_text, mut run_struck) = (false, false);
    let (mut struck, mut plain) = (false, false);
    let mut crossed: Vec<(usize, usize)> = Vec::new();
    loop {
        let mut phonetic = false;
        match xml.next()? {
            Node::Open(open) => match open.name() {
                "t" => in_text = true,
                "r" => run_struck = false,
                "rPh" => phonetic = true,
                "strike" | "dstrike" => run_struck = open.attribute("val").is_none_or(|_| open.is_true("val")),
                _ => {}
            },
            Node::Text(text) if in_text => {
                *(if run_struck { &mut struck } else { &mut plain }) |= !text.trim().is_empty();
                let from = out.len();
                out.push_str(&text);
                crossed.extend(run_struck.then_some((from, out.len())));
            }
            Node::Close(closed) => match closed.name() {
                "t" => in_text = false,
                name if name == element => break,
                _ => {}
            },
            Node::Text(_) | Node::Other => {}
            Node::End => break,
        }
        if phonetic {
            xml.skip()?;
        }
    }
    if struck && plain {
        say_crossed(out, start, &crossed);
    }
    unescape(out, start);
    Ok(struck && !plain)
}

/// Where a number is crossed out and another stands beside it: `新（原旧）`, as it would be typed.
fn say_crossed(out: &mut String, start: usize, crossed: &[(usize, usize)]) {
    let old: String = crossed.iter().filter_map(|(from, to)| out.get(*from..*to)).collect();
    let mut new = String::new();
    let mut at = start;
    for (from, to) in crossed.iter().copied().chain([(out.len(), out.len())]) {
        new.push_str(out.get(at..from).unwrap_or(""));
        at = to;
    }
    if has_digits(&old, 14) && has_digits(&new, 14) {
        out.truncate(start);
        out.extend([new.trim(), "（原", old.trim(), "）"]);
    }
}

/// `_x000D_` → the character, from `start` on.
pub(crate) fn unescape(text: &mut String, start: usize) {
    let Some(tail) = text.get(start..).filter(|tail| tail.contains("_x")) else { return };
    let mut plain = String::with_capacity(tail.len());
    let mut rest = tail;
    while let Some((before, after)) = rest.split_once("_x") {
        plain.push_str(before);
        let code = after.split_at_checked(4).and_then(|(code, after)| Some((code, after.strip_prefix('_')?)));
        let read = code.and_then(|(code, after)| Some((char::from_u32(u32::from_str_radix(code, 16).ok()?)?, after)));
        if let Some((character, after)) = read {
            plain.push(character);
            rest = after;
        } else {
            plain.push_str("_x");
            rest = after;
        }
    }
    plain.push_str(rest);
    text.truncate(start);
    text.push_str(&plain);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(xml: &str) -> (String, bool) {
        let mut source = Xml::new(xml.as_bytes(), "部件");
        assert!(matches!(source.next(), Ok(Node::Open(_))));
        let mut text = String::new();
        let struck = rich_text(&mut source, "si", &mut text).expect("sound");
        (text, struck)
    }

    #[test]
    fn rich_texts_lose_guides_and_keep_whether_they_are_struck() {
        assert_eq!(read("<si><t>张</t><rPh><t>zhang</t></rPh></si>"), ("张".to_owned(), false));
        assert_eq!(read("<si><r><rPr><strike/></rPr><t>张</t></r><r><t>三</t></r></si>"), ("张三".to_owned(), false));
        assert_eq!(read("<si><r><rPr><strike/></rPr><t>张三</t></r></si>"), ("张三".to_owned(), true));
        let (old, new) = ("520324197102122801", "520324197003131091");
        let corrected = format!("<si><r><rPr><strike/></rPr><t>{old}</t></r><r><t>{new}</t></r></si>");
        assert_eq!(read(&corrected), (format!("{new}（原{old}）"), false));
        assert_eq!(read("<si><r><rPr><strike val=\"0\"/></rPr><t>张三</t></r></si>"), ("张三".to_owned(), false));
        assert_eq!(read("<si><t>a_x000D_b_x_c_xZZZZ_</t></si>"), ("a\rb_x_c_xZZZZ_".to_owned(), false));
    }
}
