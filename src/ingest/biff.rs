//! The records of an xls (BIFF8 of Excel 97 and later, BIFF5 of Excel 5 and 95), and the texts in them.
//!
//! A record is a type, a length and data; what does not fit goes on in `CONTINUE` records. Texts are UTF-16, their upper bytes left out
//! where they are all zero; before BIFF8 they are in the workbook's code page. Cost: linear in the bytes.

use encoding_rs::Encoding;

use super::strings::Strings;

/// Types of records.
pub(super) mod kind {
    pub(crate) const FORMULA: u16 = 0x0006;
    pub(crate) const END: u16 = 0x000A;
    pub(crate) const NOTE: u16 = 0x001C;
    pub(crate) const FROM_1904: u16 = 0x0022;
    pub(crate) const PASSWORD: u16 = 0x002F;
    pub(crate) const FONT: u16 = 0x0031;
    pub(crate) const CONTINUE: u16 = 0x003C;
    pub(crate) const CODE_PAGE: u16 = 0x0042;
    pub(crate) const SHEET: u16 = 0x0085;
    pub(crate) const MANY_RK: u16 = 0x00BD;
    pub(crate) const MANY_BLANK: u16 = 0x00BE;
    pub(crate) const RICH_TEXT: u16 = 0x00D6;
    pub(crate) const STYLE: u16 = 0x00E0;
    pub(crate) const MERGES: u16 = 0x00E5;
    pub(crate) const STRINGS: u16 = 0x00FC;
    pub(crate) const SHARED: u16 = 0x00FD;
    pub(crate) const DIMENSIONS: u16 = 0x0200;
    pub(crate) const BLANK: u16 = 0x0201;
    pub(crate) const NUMBER: u16 = 0x0203;
    pub(crate) const TEXT: u16 = 0x0204;
    pub(crate) const TRUTH_OR_ERROR: u16 = 0x0205;
    pub(crate) const RESULT: u16 = 0x0207;
    pub(crate) const ROW: u16 = 0x0208;
    pub(crate) const RK: u16 = 0x027E;
    pub(crate) const FORMAT: u16 = 0x041E;
    pub(crate) const BEGIN: u16 = 0x0809;
}

/// A record: where it begins, its type, its data.
#[derive(Clone, Copy)]
pub(super) struct Record<'s> {
    pub(super) at: usize,
    pub(super) kind: u16,
    pub(super) data: &'s [u8],
}

/// The record at a position.
pub(super) fn record(stream: &[u8], at: usize) -> Option<Record<'_>> {
    let kind = half(stream, at)?;
    let length = usize::from(half(stream, at + 2)?);
    Some(Record { at, kind, data: stream.get(at + 4..at + 4 + length)? })
}

impl Record<'_> {
    /// Where the next record begins.
    pub(super) fn end(&self) -> usize {
        self.at + 4 + self.data.len()
    }
}

pub(super) fn half(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes([*data.get(at)?, *data.get(at + 1)?]))
}

pub(super) fn word(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from(half(data, at)?) | u32::from(half(data, at + 2)?) << 16)
}

pub(super) fn real(data: &[u8], at: usize) -> Option<f64> {
    Some(f64::from_le_bytes(data.get(at..at + 8)?.try_into().ok()?))
}

/// How texts are written.
#[derive(Clone, Copy)]
pub(super) enum Texts {
    /// BIFF8.
    Wide,
    /// BIFF5.
    Bytes(&'static Encoding),
}

impl Texts {
    /// Of a workbook before BIFF8 that says this code page.
    pub(super) fn of_code_page(page: u16) -> Self {
        Self::Bytes(match page {
            950 => encoding_rs::BIG5,
            932 => encoding_rs::SHIFT_JIS,
            949 => encoding_rs::EUC_KR,
            1250 => encoding_rs::WINDOWS_1250,
            1251 => encoding_rs::WINDOWS_1251,
            367 | 1252 | 0x8001 => encoding_rs::WINDOWS_1252,
            1200 => encoding_rs::UTF_16LE,
            65001 => encoding_rs::UTF_8,
            _ => encoding_rs::GBK,
        })
    }

    /// A text whose length stands before it in one or two bytes.
    pub(super) fn read(self, data: &[u8], at: usize, long: bool) -> Option<String> {
        let length = if long { usize::from(half(data, at)?) } else { usize::from(*data.get(at)?) };
        let at = at + 1 + usize::from(long);
        match self {
            Self::Bytes(encoding) => Some(encoding.decode_without_bom_handling(data.get(at..at + length)?).0.into_owned()),
            Self::Wide => {
                let flags = *data.get(at)?;
                // Runs of fonts and phonetics are counted before the text and stand after it.
                let at = at + 1 + if flags & 8 != 0 { 2 } else { 0 } + if flags & 4 != 0 { 4 } else { 0 };
                let mut units = Vec::with_capacity(length);
                push_units(&mut units, data.get(at..)?, length, flags & 1 != 0);
                (units.len() == length).then(|| String::from_utf16_lossy(&units))
            }
        }
    }
}

/// Appends up to `most` units; gives how many bytes they took.
fn push_units(units: &mut Vec<u16>, bytes: &[u8], most: usize, wide: bool) -> usize {
    if wide {
        let before = units.len();
        units.extend(bytes.chunks_exact(2).take(most).map(|unit| u16::from_le_bytes([unit[0], unit[1]])));
        (units.len() - before) * 2
    } else {
        let taken = bytes.len().min(most);
        units.extend(bytes[..taken].iter().map(|byte| u16::from(*byte)));
        taken
    }
}

/// Data that goes on from record to record.
struct Pieces<'s> {
    records: Vec<&'s [u8]>,
    record: usize,
    at: usize,
}

impl Pieces<'_> {
    /// The next piece is begun where this one is used up; `None` where there is none.
    fn rest(&mut self) -> Option<&[u8]> {
        while self.at >= self.records.get(self.record)?.len() {
            self.record += 1;
            self.at = 0;
        }
        self.records.get(self.record)?.get(self.at..)
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.rest()?.first()?;
        self.at += 1;
        Some(byte)
    }

    fn half(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes([self.byte()?, self.byte()?]))
    }

    fn word(&mut self) -> Option<u32> {
        Some(u32::from(self.half()?) | u32::from(self.half()?) << 16)
    }

    fn pass_over(&mut self, mut bytes: usize) -> Option<()> {
        while bytes > 0 {
            let passed = self.rest()?.len().min(bytes);
            self.at += passed;
            bytes -= passed;
        }
        Some(())
    }

    /// A text of `length` units: where it goes on in another record, that begins with its flags again.
    fn text(&mut self, length: usize, mut wide: bool) -> Option<String> {
        let mut units = Vec::with_capacity(length.min(1 << 15));
        while units.len() < length {
            if self.at >= self.records.get(self.record)?.len() {
                wide = self.byte()? & 1 != 0;
            }
            let missing = length - units.len();
            let rest = self.records.get(self.record)?.get(self.at..)?;
            let taken = push_units(&mut units, rest, missing, wide);
            // Half a unit at the end of a record is damage.
            if taken == 0 {
                return None;
            }
            self.at += taken;
        }
        Some(String::from_utf16_lossy(&units))
    }
}

/// The table of shared strings that begins at `at`; `None` where it is broken.
pub(super) fn shared_strings(stream: &[u8], at: usize) -> Option<Strings> {
    let first = record(stream, at)?;
    let mut pieces = Pieces { records: vec![first.data], record: 0, at: 8 };
    let mut next = first.end();
    while let Some(more) = record(stream, next).filter(|record| record.kind == kind::CONTINUE) {
        pieces.records.push(more.data);
        next = more.end();
    }
    let promised = word(first.data, 4)?;
    let mut strings = Strings::default();
    for _ in 0..promised {
        // Cells that name a string which is not there are damage; a count that is too high alone is not.
        if pieces.rest().is_none() {
            break;
        }
        let length = usize::from(pieces.half()?);
        let flags = pieces.byte()?;
        let runs = if flags & 8 != 0 { usize::from(pieces.half()?) * 4 } else { 0 };
        let phonetics = if flags & 4 != 0 { usize::try_from(pieces.word()?).ok()? } else { 0 };
        strings.push(&pieces.text(length, flags & 1 != 0)?, false);
        pieces.pass_over(runs + phonetics)?;
    }
    Some(strings)
}
