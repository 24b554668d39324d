//! Delimited text → frames: encoding by strict decoding, delimiter by content, rows by the line they start on.
//!
//! A byte that cannot be decoded refuses the file with line, column and offset; nothing becomes U+FFFD.
//! Memory: the bytes and their decoded text.

use encoding_rs::{DecoderResult, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use super::cell::Value;
use super::limits::Limits;
use super::sheet::{SheetWriter, Sink};
use super::stop::{Refused, Stop};

/// Line breaks Excel allows in a cell; more of them is a quote that never closes.
const CELL_LINE_BREAKS: usize = 253;
const PROBED_RECORDS: usize = 200;

/// Text and the name of its encoding.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) text: String,
    pub(crate) encoding: &'static str,
}

/// Decodes a whole file: byte-order mark, UTF-16 by its zero bytes, strict UTF-8, strict GB18030.
pub(crate) fn decode(bytes: Vec<u8>) -> Result<Decoded, Refused> {
    if let Some((encoding, mark)) = Encoding::for_bom(&bytes) {
        return strictly(encoding, bytes.get(mark..).unwrap_or_default(), mark);
    }
    if bytes.contains(&0) {
        return match utf16_order(&bytes) {
            Some(encoding) => strictly(encoding, &bytes, 0),
            None => Err(Refused::new("unknown-format", "无法识别的二进制文件，不是表格", "请核对文件，另存为 xlsx 后重新提供")),
        };
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Decoded { text, encoding: "UTF-8" }),
        Err(error) if is_damaged_utf8(error.as_bytes()) => strictly(UTF_8, error.as_bytes(), 0),
        Err(error) => strictly(GB18030, error.as_bytes(), 0),
    }
}

fn strictly(encoding: &'static Encoding, bytes: &[u8], offset: usize) -> Result<Decoded, Refused> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let size = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(bytes.len());
    let mut text = String::with_capacity(size);
    let (result, read) = decoder.decode_to_string_without_replacement(bytes, &mut text, true);
    match result {
        DecoderResult::InputEmpty => Ok(Decoded { text, encoding: label(encoding) }),
        DecoderResult::OutputFull => Err(Refused::damaged("解码缓冲不足")),
        DecoderResult::Malformed(length, after) => {
            let bad = (read - usize::from(after)).saturating_sub(usize::from(length)) + offset;
            let line = memchr::memchr_iter(b'\n', text.as_bytes()).count() + 1;
            let column = text.rsplit('\n').next().map_or(0, |start| start.chars().count()) + 1;
            Err(Refused::new(
                "bad-encoding",
                format!("第 {line} 行第 {column} 个字（文件第 {} 字节）不是合法的 {} 编码", bad + 1, label(encoding)),
                "该处文字已损坏：请从原系统重新导出，或用 WPS 打开改正该处后另存为 xlsx",
            ))
        }
    }
}

/// `GB18030`, where encoding_rs says `gb18030`.
fn label(encoding: &'static Encoding) -> &'static str {
    if encoding == GB18030 { "GB18030" } else { encoding.name() }
}

/// UTF-16 without a mark: tabs, digits and line ends have a zero byte, on the same side all through.
fn utf16_order(bytes: &[u8]) -> Option<&'static Encoding> {
    let (mut little, mut big) = (0usize, 0usize);
    for pair in bytes.chunks_exact(2) {
        little += usize::from(pair[1] == 0 && is_plain(pair[0]));
        big += usize::from(pair[0] == 0 && is_plain(pair[1]));
    }
    let even = bytes.len().is_multiple_of(2);
    if even && little > 10 * big {
        Some(UTF_16LE)
    } else if even && big > 10 * little {
        Some(UTF_16BE)
    } else {
        None
    }
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~')
}

/// UTF-8 with a few bad bytes would often pass as GB18030, as other characters. GBK text read as UTF-8 is nearly all
/// errors, so Chinese characters far outnumbering errors prove UTF-8.
fn is_damaged_utf8(bytes: &[u8]) -> bool {
    let (mut chinese, mut errors) = (0usize, 0usize);
    for chunk in bytes.utf8_chunks() {
        chinese += chunk.valid().chars().filter(|c| c.len_utf8() >= 3).count();
        errors += usize::from(!chunk.invalid().is_empty());
    }
    chinese > 2 * errors
}

/// The delimiter whose records agree best on a number of fields: agreeing records × (fields - 1); a tie goes to the first.
pub(crate) fn delimiter(text: &str) -> u8 {
    let mut best = (0usize, b',');
    for candidate in [b'\t', b',', b';', b'|'] {
        let mut reader = reader(text, candidate);
        let mut record = csv::StringRecord::new();
        let mut counts = std::collections::BTreeMap::<usize, usize>::new();
        for _ in 0..PROBED_RECORDS {
            if !matches!(reader.read_record(&mut record), Ok(true)) {
                break;
            }
            *counts.entry(record.len()).or_default() += 1;
        }
        let score = counts.iter().map(|(fields, records)| records * (fields - 1)).max().unwrap_or(0);
        if score > best.0 {
            best = (score, candidate);
        }
    }
    best.1
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes())
}

/// Gives the one table of a delimited text.
pub(crate) fn read(text: &str, delimiter: u8, limits: &Limits, sink: &mut Sink<'_>) -> Result<(), Stop> {
    let limits = &Limits { rows: limits.text_rows, ..*limits };
    let mut writer = SheetWriter::begin("", Vec::new(), limits, sink)?;
    let outcome = records(text, delimiter, &mut writer);
    Ok(writer.end(outcome)?)
}

fn records(text: &str, delimiter: u8, writer: &mut SheetWriter<'_, '_>) -> Result<(), Stop> {
    let bytes = text.as_bytes();
    let line_end = if bytes.contains(&b'\n') { b'\n' } else { b'\r' };
    let mut reader = reader(text, delimiter);
    let mut record = csv::StringRecord::new();
    let (mut line, mut counted) = (1usize, 0usize);
    loop {
        let mut start = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
        if !reader.read_record(&mut record).map_err(|_| Refused::damaged(format!("第 {line} 行之后无法解析")))? {
            return Ok(());
        }
        // The reader passes over blank lines before a record; the record starts below them.
        while bytes.get(start).is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            start += 1;
        }
        line += memchr::memchr_iter(line_end, bytes.get(counted..start).unwrap_or_default()).count();
        counted = start.max(counted);
        let row = u32::try_from(line).unwrap_or(u32::MAX);
        for (column, field) in (0u32..).zip(record.iter()) {
            if field.len() > CELL_LINE_BREAKS && memchr::memchr_iter(b'\n', field.as_bytes()).count() > CELL_LINE_BREAKS {
                return Err(Refused::new(
                    "unclosed-quote",
                    format!("第 {line} 行第 {} 列起的引号没有成对，其后各行混成了一格", column + 1),
                    "请改正该处引号，或从原系统导出 xlsx",
                )
                .into());
            }
            writer.cell(row, column, Value::Text(field))?;
        }
    }
}
