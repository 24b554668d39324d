//! The start tags of an XML part, streamed: enough to learn where merged areas and sheet parts are.
//!
//! Takes UTF-8 XML, gives start tags in order; comments and CDATA are passed over, text is ignored.
//! Memory is bounded by the longest tag. It checks nothing: the real parser does.

use std::io::{self, BufRead};

/// A tag longer than this is no spreadsheet's.
const LONGEST_TAG: usize = 1 << 20;

/// Reads the start tags of a part.
pub(crate) struct Tags<R> {
    source: R,
    tag: Vec<u8>,
}

/// A start or empty tag, without its brackets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tag<'a>(&'a [u8]);

impl<R: BufRead> Tags<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { source, tag: Vec::new() }
    }

    /// The next start tag, `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Tag<'_>>> {
        loop {
            if !skip_to(&mut self.source, b'<')? {
                return Ok(None);
            }
            self.tag.clear();
            loop {
                let before = self.tag.len();
                let limit = u64::try_from(LONGEST_TAG.saturating_sub(before)).unwrap_or(0);
                io::Read::take(&mut self.source, limit).read_until(b'>', &mut self.tag)?;
                if self.tag.len() == before || self.tag.last() != Some(&b'>') {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "unfinished tag"));
                }
                if is_closed(&self.tag) {
                    break;
                }
            }
            if !matches!(self.tag.first(), Some(b'/' | b'!' | b'?')) {
                self.tag.pop();
                return Ok(Some(Tag(&self.tag)));
            }
        }
    }
}

/// Whether the `>` read last ends the tag and does not stand in an attribute value, a comment or CDATA.
fn is_closed(tag: &[u8]) -> bool {
    if tag.starts_with(b"!--") {
        return tag.len() >= 6 && tag.ends_with(b"-->");
    }
    if tag.starts_with(b"![CDATA[") {
        return tag.ends_with(b"]]>");
    }
    let mut quote = None;
    for &byte in tag {
        match quote {
            Some(open) if byte == open => quote = None,
            None if byte == b'"' || byte == b'\'' => quote = Some(byte),
            _ => {}
        }
    }
    quote.is_none()
}

fn skip_to(source: &mut impl BufRead, byte: u8) -> io::Result<bool> {
    loop {
        let available = source.fill_buf()?;
        if available.is_empty() {
            return Ok(false);
        }
        let (found, used) = match memchr::memchr(byte, available) {
            Some(position) => (true, position + 1),
            None => (false, available.len()),
        };
        source.consume(used);
        if found {
            return Ok(true);
        }
    }
}

impl<'a> Tag<'a> {
    /// The name without its prefix.
    pub(crate) fn name(self) -> &'a [u8] {
        let end = self.0.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'/').unwrap_or(self.0.len());
        local(&self.0[..end])
    }

    /// The raw value of an attribute, whatever its prefix.
    pub(crate) fn attribute(self, name: &[u8]) -> Option<&'a [u8]> {
        let mut rest = self.0;
        while let Some(equals) = memchr::memchr(b'=', rest) {
            let before = rest[..equals].trim_ascii_end();
            let start = before.iter().rposition(u8::is_ascii_whitespace).map_or(0, |position| position + 1);
            let value = rest[equals + 1..].trim_ascii_start();
            let (&quote, value) = value.split_first()?;
            let end = memchr::memchr(quote, value)?;
            if local(&before[start..]) == name {
                return Some(&value[..end]);
            }
            rest = &value[end + 1..];
        }
        None
    }

    /// An attribute that is a whole number.
    pub(crate) fn number(self, name: &[u8]) -> Option<u64> {
        std::str::from_utf8(self.attribute(name)?).ok()?.trim().parse().ok()
    }
}

fn local(name: &[u8]) -> &[u8] {
    memchr::memchr(b':', name).map_or(name, |colon| &name[colon + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_attributes_survive_quotes_comments_and_cdata() {
        let xml = br#"<?xml version="1.0"?><!-- <a b="1"> --><x:sheet name='a>b' r:id = "rId1"/><![CDATA[<c>]]><t n="7">x</t>"#;
        let mut tags = Tags::new(&xml[..]);
        let sheet = tags.next().expect("reads").expect("a tag");
        assert_eq!(sheet.name(), b"sheet");
        assert_eq!(sheet.attribute(b"name"), Some(&b"a>b"[..]));
        assert_eq!(sheet.attribute(b"id"), Some(&b"rId1"[..]));
        let last = tags.next().expect("reads").expect("a tag");
        assert_eq!((last.name(), last.number(b"n")), (&b"t"[..], Some(7)));
        assert!(tags.next().expect("reads").is_none());
        assert!(Tags::new(&b"<unfinished"[..]).next().is_err());
    }
}
