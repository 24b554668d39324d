//! Parts of a package that are in UTF-16 → UTF-8, run by run; any other part as it is.
//!
//! Office programs write UTF-8; some exporters write UTF-16, with or without a mark, low or high byte first. Told by the first bytes. What is
//! no UTF-16 in such a part is an error. Cost: linear; nothing is copied of a part in UTF-8.

use std::borrow::Cow;
use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_16BE, UTF_16LE};

/// Bytes that tell.
const TELLING: usize = 4;
/// What is read at a time.
const RUN: usize = 1 << 16;

/// The encoding of an XML part that begins so, if it is UTF-16.
fn encoding(head: &[u8]) -> Option<&'static Encoding> {
    match head {
        [0xFF, 0xFE, ..] | [b'<', 0, ..] => Some(UTF_16LE),
        [0xFE, 0xFF, ..] | [0, b'<', ..] => Some(UTF_16BE),
        _ => None,
    }
}

/// What the beginning of a part has told.
#[derive(Default)]
enum Told {
    #[default]
    Nothing,
    Utf8,
    Utf16(Decoder),
}

/// Decodes runs of a part.
#[derive(Default)]
pub(super) struct Decoding {
    head: Vec<u8>,
    told: Told,
}

impl Decoding {
    /// The next run as UTF-8; `is_last` ends the part. `None` where it is no UTF-16.
    pub(super) fn run<'r>(&mut self, run: &'r [u8], is_last: bool) -> Option<Cow<'r, [u8]>> {
        match &mut self.told {
            Told::Utf8 => return Some(Cow::Borrowed(run)),
            Told::Utf16(decoder) => return decode(decoder, run, is_last).map(Cow::Owned),
            Told::Nothing => {}
        }
        if self.head.len() + run.len() < TELLING && !is_last {
            self.head.extend_from_slice(run);
            return Some(Cow::Owned(Vec::new()));
        }
        let run = if self.head.is_empty() {
            Cow::Borrowed(run)
        } else {
            let mut all = std::mem::take(&mut self.head);
            all.extend_from_slice(run);
            Cow::Owned(all)
        };
        let Some(encoding) = encoding(&run) else {
            self.told = Told::Utf8;
            return Some(run);
        };
        let mut decoder = encoding.new_decoder_with_bom_removal();
        let text = decode(&mut decoder, &run, is_last);
        self.told = Told::Utf16(decoder);
        text.map(Cow::Owned)
    }
}

fn decode(decoder: &mut Decoder, run: &[u8], is_last: bool) -> Option<Vec<u8>> {
    let mut text = String::with_capacity(decoder.max_utf8_buffer_length_without_replacement(run.len())?);
    let (result, _) = decoder.decode_to_string_without_replacement(run, &mut text, is_last);
    (result == DecoderResult::InputEmpty).then(|| text.into_bytes())
}

/// A part as UTF-8.
pub(super) struct AsUtf8<R> {
    source: R,
    decoding: Decoding,
    raw: Vec<u8>,
    /// Decoded, and how much of that has been given.
    decoded: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: Read> AsUtf8<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, decoding: Decoding::default(), raw: Vec::new(), decoded: Vec::new(), given: 0, ended: false }
    }
}

impl<R: Read> Read for AsUtf8<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(rest) = self.decoded.get(self.given..).filter(|rest| !rest.is_empty()) {
                let length = rest.len().min(out.len());
                out[..length].copy_from_slice(&rest[..length]);
                self.given += length;
                return Ok(length);
            }
            if self.ended {
                return Ok(0);
            }
            // Nothing stands between a part in UTF-8 and its reader.
            if matches!(self.decoding.told, Told::Utf8) {
                return self.source.read(out);
            }
            self.raw.resize(RUN, 0);
            let read = self.source.read(&mut self.raw)?;
            self.ended = read == 0;
            let run = self.decoding.run(&self.raw[..read], self.ended);
            self.decoded = run.ok_or(io::ErrorKind::InvalidData)?.into_owned();
            self.given = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-16\"?><si><t>张三𠮷</t></si>";

    fn read(bytes: &[u8]) -> io::Result<String> {
        let mut text = String::new();
        AsUtf8::new(bytes).read_to_string(&mut text).map(|_| text)
    }

    #[test]
    fn every_order_with_and_without_a_mark_is_read() {
        let little: Vec<u8> = XML.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = XML.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [&little, &big, &[&[0xFF, 0xFE], little.as_slice()].concat(), &[&[0xFE, 0xFF], big.as_slice()].concat()] {
            assert_eq!(read(bytes).expect("read"), XML);
            for length in 1..9 {
                let mut decoding = Decoding::default();
                let mut runs: Vec<&[u8]> = bytes.chunks(length).collect();
                runs.push(&[]);
                let last = runs.len() - 1;
                let decoded = runs.iter().enumerate().map(|(at, run)| decoding.run(run, at == last).expect("sound"));
                let decoded: Vec<u8> = decoded.flat_map(Cow::into_owned).collect();
                assert_eq!(String::from_utf8(decoded).expect("UTF-8"), XML, "runs of {length}");
            }
        }
        assert_eq!(read(XML.as_bytes()).expect("read"), XML);
        assert_eq!(read(b"<a").expect("read"), "<a");
        assert!(read(&little[..little.len() - 5]).is_err(), "half a character");
    }
}
