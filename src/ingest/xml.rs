//! An XML part as a stream of elements opened, elements closed and text: what xlsx and ods are read through.
//!
//! Takes UTF-8 XML, gives [`Node`]s in order. Refused is what is not well formed, what ends before its elements do, a DOCTYPE, and
//! entities other than XML's own five. Names come without their prefix. Cost: linear in the bytes; memory: the longest tag or text.

use std::borrow::Cow;
use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::escape::{resolve_xml_entity, unescape};
use quick_xml::events::{BytesEnd, BytesStart, Event};

use super::stop::Refused;

/// Elements stand no deeper than this in any honest file.
const DEEPEST: usize = 256;

/// What stands next in a part.
pub(crate) enum Node<'b> {
    /// An element begins; an empty one is closed by the next node.
    Open(Element<'b>),
    /// An element ends.
    Close(Closed<'b>),
    /// A piece of text; entities and comments cut it in pieces.
    Text(Cow<'b, str>),
    /// A comment, a declaration.
    Other,
    /// The part is complete.
    End,
}

/// An element that ends.
pub(crate) struct Closed<'b>(BytesEnd<'b>);

impl Closed<'_> {
    pub(crate) fn name(&self) -> &str {
        self.0.local_name().into_inner()
    }
}

/// An element that begins.
pub(crate) struct Element<'b>(BytesStart<'b>);

impl Element<'_> {
    pub(crate) fn name(&self) -> &str {
        self.0.local_name().into_inner()
    }

    /// The value of an attribute, whatever its prefix, its entities resolved.
    pub(crate) fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut attributes = self.0.attributes();
        // Looking for attributes written twice costs the square of their number.
        let found = attributes.with_checks(false).flatten().find(|attribute| attribute.key.local_name().into_inner() == name)?;
        if !found.value.contains('&') {
            return Some(found.value);
        }
        unescape(&found.value).ok().map(|value| Cow::Owned(value.into_owned()))
    }

    /// Whether an attribute of this name, under any prefix, has this value.
    pub(crate) fn has_value(&self, name: &str, value: &str) -> bool {
        let mut attributes = self.0.attributes();
        let mut found = attributes.with_checks(false).flatten();
        found.any(|attribute| attribute.key.local_name().into_inner() == name && attribute.value == value)
    }

    /// An attribute that is a whole number; one too large for any table becomes the largest.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        let value = self.attribute(name)?;
        let digits = value.trim();
        let whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        whole.then(|| digits.parse().unwrap_or(u64::MAX))
    }

    /// Whether an attribute says yes.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.attribute(name).is_some_and(|value| matches!(value.trim(), "1" | "true" | "on"))
    }
}

/// Reads one part.
pub(crate) struct Xml<R> {
    reader: Reader<R>,
    buffer: Vec<u8>,
    /// As messages call it.
    part: String,
    depth: usize,
    begun: bool,
}

impl<R: BufRead> Xml<R> {
    pub(crate) fn new(source: R, part: &str) -> Self {
        let mut reader = Reader::from_reader(source);
        reader.config_mut().expand_empty_elements = true;
        Self { reader, buffer: Vec::new(), part: part.to_owned(), depth: 0, begun: false }
    }

    /// What stands next; [`Node::End`] once everything is closed.
    pub(crate) fn next(&mut self) -> Result<Node<'_>, Refused> {
        let Self { reader, buffer, part, depth, begun } = self;
        buffer.clear();
        // The parser's message may quote the file.
        let Ok(event) = reader.read_event_into(buffer) else {
            return Err(damaged(part, "标记不合 XML 格式，或文字不是 UTF-8 编码"));
        };
        Ok(match event {
            Event::Start(start) | Event::Empty(start) => {
                *depth += 1;
                *begun = true;
                if *depth > DEEPEST {
                    return Err(damaged(part, "元素套得太深，疑为恶意构造"));
                }
                Node::Open(Element(start))
            }
            Event::End(end) => {
                *depth = depth.saturating_sub(1);
                Node::Close(Closed(end))
            }
            Event::Text(text) => Node::Text(text.xml10_content()),
            Event::CData(text) => Node::Text(text.xml10_content()),
            Event::GeneralRef(reference) => match (reference.resolve_char_ref(), resolve_xml_entity(&reference)) {
                (Ok(Some(character)), _) => Node::Text(Cow::Owned(character.to_string())),
                (Ok(None), Some(text)) => Node::Text(Cow::Borrowed(text)),
                _ => return Err(damaged(part, "有不认识的实体")),
            },
            Event::DocType(_) => return Err(damaged(part, "含有 DOCTYPE 声明，疑为恶意构造")),
            Event::Eof if *depth > 0 || !*begun => return Err(damaged(part, "文件不完整，到这里就断了")),
            Event::Eof => Node::End,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => Node::Other,
        })
    }

    /// Passes over what is left of the element opened last.
    pub(crate) fn skip(&mut self) -> Result<(), Refused> {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            self.next()?;
        }
        Ok(())
    }
}

fn damaged(part: &str, what: &str) -> Refused {
    Refused::damaged(format!("部件 {part} {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(xml: &str) -> Result<String, Refused> {
        let mut source = Xml::new(xml.as_bytes(), "部件");
        let mut said = String::new();
        loop {
            match source.next()? {
                Node::Open(element) => {
                    said.push_str(&["<", element.name(), " ", &element.attribute("n").unwrap_or_default(), ">"].concat());
                }
                Node::Close(closed) => said.push_str(&["</", closed.name(), ">"].concat()),
                Node::Text(text) => said.push_str(&text),
                Node::Other => {}
                Node::End => return Ok(said),
            }
        }
    }

    #[test]
    fn names_lose_prefixes_and_entities_are_resolved() {
        let xml = "<?xml version=\"1.0\"?><!-- <a> --><x:s n='a>b&amp;' r:id = \"7\"><t/>甲&lt;&#x4E59;<![CDATA[<c>]]></x:s>";
        assert_eq!(read(xml).as_deref(), Ok("<s a>b&><t ></t>甲<乙<c></s>"));
    }

    #[test]
    fn what_is_cut_or_hostile_is_refused() {
        for xml in ["<a><b/>", "<a>x", "<a></b>", "<a", "", "<!DOCTYPE a><a/>", "<a>&other;</a>", "<a>\u{0}<"] {
            assert!(read(xml).is_err(), "{xml}");
        }
        assert!(read(&"<a>".repeat(300)).expect_err("deep").what.contains("太深"));
    }
}
