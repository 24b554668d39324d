//! Delimited text → frames: encoding by strict decoding, delimiter by content, rows by the line they start on.
//!
//! A byte that cannot be decoded refuses the file with line, column and offset; nothing becomes U+FFFD. Two looks at the text: how many
//! fields its header has and how many lines are no records of it; then the rows, those lines set aside one by one. Where lines have a field
//! more than the header and nothing in it, a look between tells whether their cells stand one column off ([`Sorts`]).
//! Memory: the bytes and their decoded text.

use encoding_rs::{DecoderResult, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use super::alone::{announces_rows, months_alone, section};
use super::archive::Source;
use super::cell::Value;
use super::characters::has_digits;
use super::limits::Limits;
use super::records::{Record, Records, usual_fields};
use super::rows::{Cell, RowContext, aside, has_identity};
use super::sheet::{SheetHead, SheetWriter, Sink};
use super::stop::{Refused, Stop};
use crate::model::raw::CellKind;
use crate::model::sorts::{Sorts, sort};

/// Text and the name of its encoding.
pub(crate) struct Decoded {
    pub(crate) text: String,
    pub(crate) encoding: &'static str,
}

/// No line of a table in text is longer; a page or a workbook in XML may be one line.
const LONGEST_LINE: usize = 4 << 20;

/// Refuses a text with a line that no table has, before it is in memory.
pub(crate) fn hold_lines(source: &mut dyn Source) -> Result<(), Stop> {
    let mut buffer = vec![0; 1 << 18];
    let (mut line, mut length, mut is_markup) = (1u64, 0usize, None);
    source.rewind()?;
    loop {
        let read = source.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        let is_markup = *is_markup.get_or_insert_with(|| bytes.iter().find(|byte| byte.is_ascii_graphic()) == Some(&b'<'));
        if is_markup {
            break;
        }
        let breaks = memchr::memchr2_iter(b'\n', b'\r', bytes).count();
        length = memchr::memrchr2(b'\n', b'\r', bytes).map_or(length + read, |last| read - last - 1);
        line += breaks as u64;
        if length > LONGEST_LINE {
            let what = format!("第 {line} 行超过 {LONGEST_LINE} 字节，不是表格的行");
            return Err(Refused::over_limit(what).into());
        }
    }
    source.rewind()?;
    Ok(())
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
        let (fields, records) = usual_fields(text, candidate);
        let score = records * fields.saturating_sub(1);
        if score > best.0 {
            best = (score, candidate);
        }
    }
    best.1
}

/// Gives the one table of a delimited text. Lines that cannot be records of it are set aside; where they are many the text is refused.
pub(crate) fn read(text: &str, delimiter: u8, limits: &Limits, sink: &mut Sink<'_>) -> Result<(), Stop> {
    let limits = &Limits { rows: limits.text_rows, ..*limits };
    let mut writer = SheetWriter::begin(SheetHead::default(), limits, sink)?;
    let outcome = records(text, delimiter, &mut writer);
    Ok(writer.end(outcome)?)
}

fn records(text: &str, delimiter: u8, writer: &mut SheetWriter<'_, '_>) -> Result<(), Stop> {
    let shape = Shape::of(text, delimiter);
    if let Some(refused) = shape.refused(text, delimiter) {
        return Err(refused.into());
    }
    let mut records = Records::new(text, delimiter);
    while let Some(record) = records.next() {
        let Some(damage) = shape.damage(&records, record) else {
            for (column, field) in (0u32..).zip(records.fields()) {
                writer.cell(record.line, column, Value::Text(&field))?;
            }
            continue;
        };
        let fields: Vec<_> = records.fields().collect();
        let cells = (0u32..).zip(&fields).filter(|(_, field)| !field.trim().is_empty());
        let cells: Vec<Cell<'_>> = cells.map(|(column, field)| (column, CellKind::Text, field.as_ref())).collect();
        writer.tear(record.line, &cells, || damage.place(&records, record))?;
    }
    Ok(())
}

/// A header has no more.
const HEADER_ROWS: usize = 3;

/// How a text is laid out: where its header is, and whether its writer leaves out empty fields at a line's end.
#[derive(Debug, Default)]
struct Shape {
    /// Line of the header; 0 where none is like one.
    header: u32,
    /// Fields of the header, and those up to the last with text.
    fields: usize,
    extent: usize,
    /// Whether lines may end early.
    ragged: bool,
    /// Lines below the header with text, and those of them that are no records of it.
    rows: u64,
    torn: u64,
    /// What the columns hold, where lines are longer than the header by blank fields only.
    sorts: Sorts,
}

/// Why a line is no record.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Quote(usize),
    Long { fields: usize, header: usize },
    Short { fields: usize, header: usize },
}

impl Damage {
    /// Line, character and what is wrong there.
    fn place(self, records: &Records<'_>, record: Record) -> String {
        let line = record.line;
        let at = |byte| format!("第 {line} 行第 {} 个字", records.character(record, byte));
        match self {
            Self::Quote(byte) => format!("{}的引号没有成对", at(byte)),
            Self::Long { fields, header } => {
                format!("第 {line} 行有 {fields} 格，表头只有 {header} 格，从第 {} 个字起多出来", {
                    records.character(record, records.byte_of_field(header))
                })
            }
            Self::Short { fields, header } => {
                format!("第 {line} 行只有 {fields} 格，表头有 {header} 格，到第 {} 个字就断了", {
                    records.character(record, records.byte_of_field(fields))
                })
            }
        }
    }
}

impl Shape {
    /// The first look through a text.
    fn of(text: &str, delimiter: u8) -> Self {
        let mut shape = Self::default();
        let mut records = Records::new(text, delimiter);
        let least = (records.usual().div_ceil(2)).max(2);
        let (mut padded, mut short, mut halves, mut before, mut longer) = (false, 0u64, 0u64, 0usize, 0u64);
        let mut after_header = 0;
        while let Some(record) = records.next() {
            let filled = records.fields().filter(|field| !field.trim().is_empty()).count();
            if shape.header == 0 {
                if filled >= least && records.usual() >= 2 && record.broken.is_none() {
                    (shape.header, shape.fields, shape.extent) = (record.line, records.fields().len(), records.extent());
                }
                continue;
            }
            if filled == 0 {
                continue;
            }
            let fields = records.fields().len();
            // A header's second and third row may be wider than its first.
            after_header += 1;
            if after_header < HEADER_ROWS
                && fields == records.usual()
                && fields > shape.fields
                && !records.fields().any(|field| has_digits(&field, 6))
            {
                (shape.fields, shape.extent) = (fields, records.extent().max(shape.extent));
            }
            shape.rows += 1;
            match shape.damage(&records, record) {
                Some(Damage::Short { .. }) => {
                    short += 1;
                    // A line break that is not quoted makes two short lines of one.
                    halves += u64::from(before + fields == shape.fields + 1) * 2;
                    before = fields;
                }
                Some(_) => {
                    shape.torn += 1;
                    before = 0;
                }
                None => {
                    longer += u64::from(fields > shape.fields);
                    padded |= fields >= shape.extent && records.extent() < shape.extent;
                    before = 0;
                }
            }
        }
        if longer > 0 && longer * 10 <= shape.rows {
            shape.learn(text, delimiter);
        }
        shape.ragged = !padded && short >= 3 && short * 20 >= shape.rows && halves * 2 < short;
        if !shape.ragged {
            shape.torn += short;
        }
        shape
    }

    /// What the columns hold; and those of the longer lines that stand off are torn.
    fn learn(&mut self, text: &str, delimiter: u8) {
        let mut sorts = Sorts::of_width(self.fields);
        let mut longer = Vec::new();
        let mut records = Records::new(text, delimiter);
        while let Some(record) = records.next() {
            if record.line <= self.header || record.broken.is_some() {
                continue;
            }
            if records.fields().len() == self.fields {
                records.fields().enumerate().for_each(|(column, field)| sorts.count(column, &field));
            } else if records.fields().len() > self.fields {
                longer.push(records.fields().map(|field| sort(&field)).collect::<Vec<_>>());
            }
        }
        self.sorts = sorts;
        self.torn += longer.iter().filter(|row| self.is_off(row)).count() as u64;
    }

    /// Whether a line that is longer than the header fits its columns better without one of its cells.
    fn is_off(&self, row: &[Option<usize>]) -> bool {
        let (still, without) = self.sorts.strange(row, false);
        without < still
    }

    /// Why a line below the header is no record; `None` when it may be one, or is a note.
    fn damage(&self, records: &Records<'_>, record: Record) -> Option<Damage> {
        if let Some(quote) = record.broken {
            return Some(Damage::Quote(quote));
        }
        if self.header == 0 || record.line <= self.header {
            return None;
        }
        let (fields, extent) = (records.fields().len(), records.extent());
        if extent > self.fields {
            return Some(Damage::Long { fields: extent, header: self.fields });
        }
        if fields > self.fields
            && !self.sorts.is_empty()
            && self.is_off(&records.fields().map(|field| sort(&field)).collect::<Vec<_>>())
        {
            return Some(Damage::Long { fields, header: self.fields });
        }
        if fields >= self.extent || self.ragged || extent == 0 {
            return None;
        }
        let texts: Vec<_> = records.fields().collect();
        let cells: Vec<Cell<'_>> = (0u32..)
            .zip(&texts)
            .filter(|(_, text)| !text.trim().is_empty())
            .map(|(column, text)| (column, CellKind::Text, text.trim()))
            .collect();
        let context = RowContext { width: self.fields, below: self.rows, spread: false, in_notes: false, of_people: false };
        let is_line =
            || section(&cells, &context, false).is_some() || months_alone(&cells, &context).is_some() || announces_rows(&cells);
        let meant = aside(&cells, &context).is_some() || is_line();
        (has_identity(&cells) || !meant).then_some(Damage::Short { fields, header: self.extent })
    }

    /// A text of which more than a tenth is torn is not read at all.
    fn refused(&self, text: &str, delimiter: u8) -> Option<Refused> {
        if self.torn < 3 || self.torn * 10 <= self.rows {
            return None;
        }
        let mut records = Records::new(text, delimiter);
        let first = loop {
            let record = records.next()?;
            if let Some(damage) = self.damage(&records, record) {
                break damage.place(&records, record);
            }
        };
        let (rows, torn) = (self.rows, self.torn);
        Some(Refused::new(
            "torn-text",
            format!("{rows} 行里有 {torn} 行的格数与表头不符或引号没有成对，首处：{first}"),
            "多半是分隔符或引号没有转义：请从原系统重新导出（最好是 xlsx），或按所指的行改正后重新报送",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::grid::Frame;
    use crate::model::raw::RejectReason;

    /// Rows given, lines set aside, and the refusal or what is told.
    fn read_text(text: &str) -> (usize, Vec<u32>, String) {
        let (mut rows, mut torn, mut told) = (0, Vec::new(), String::new());
        let mut sink = |frame| {
            match frame {
                Frame::Rows(block) => rows += block.len(),
                Frame::Aside { row, reason: RejectReason::Torn, .. } => torn.push(row),
                Frame::SheetEnd { notes, .. } => told = notes.join("；"),
                Frame::Refused { code, what, .. } => told = format!("{code} {what}"),
                _ => {}
            }
            Ok(())
        };
        read(text, delimiter(text), &Limits::default(), &mut sink).expect("read");
        (rows, torn, told)
    }

    /// A header and fifty persons, with `wrong` in place of line 21.
    fn roster(wrong: &str) -> String {
        let mut text = "姓名,证件号码,住址,月数,备注\n".to_owned();
        for row in 2..=51 {
            if row == 21 {
                text.push_str(wrong);
            } else {
                let number = row.to_string();
                text.push_str(&["张", &number, ",5203241990010100", &number, ",瑞溪镇三组,3,\n"].concat());
            }
        }
        text
    }

    #[test]
    fn a_line_that_is_no_record_is_set_aside_and_none_other() {
        for (wrong, place) in [
            ("张,520324199001010021,\"瑞溪镇三组,3,\n", "第 21 行第 22 个字的引号没有成对"),
            ("张,520324199001010021,瑞溪镇,三组,3,好\n", "第 21 行有 6 格，表头只有 5 格，从第 31 个字起多出来"),
            ("张,520324199001010021\n", "第 21 行只有 2 格，表头有 5 格，到第 21 个字就断了"),
        ] {
            let (rows, torn, told) = read_text(&roster(wrong));
            assert_eq!((rows, torn), (50, vec![21]), "{wrong}");
            assert!(told.contains(place), "{told}");
        }
        // An address broken in two lines.
        let (rows, torn, _) = read_text(&roster("张,520324199001010021,瑞溪镇\n三组,3,\n"));
        assert_eq!((rows, torn), (50, vec![21, 22]));
        // A last empty field more is nothing; a note is left to the layout.
        for wrong in ["张,520324199001010021,瑞溪镇,3,,,\n", "注：数据截至六月。\n", "合计,50\n"] {
            assert_eq!(read_text(&roster(wrong)).1, [0u32; 0], "{wrong}");
        }
    }

    #[test]
    fn a_line_whose_cells_stand_one_column_off_is_set_aside() {
        // The last column is blank, so that the comma in the address makes no cell beyond the header.
        let (rows, torn, told) = read_text(&roster("张,520324199001010021,瑞溪镇,三组,3,\n"));
        assert_eq!((rows, torn), (50, vec![21]));
        assert!(told.contains("第 21 行有 6 格，表头只有 5 格"), "{told}");
    }

    #[test]
    fn a_text_torn_in_many_places_is_refused_with_line_and_character() {
        let text = roster(&"张,520324199001010021,瑞溪镇,三组,3,好\n".repeat(9));
        let (rows, _, told) = read_text(&text);
        assert_eq!(rows, 0);
        assert!(told.starts_with("torn-text 58 行里有 9 行") && told.contains("首处：第 21 行有 6 格"), "{told}");
    }

    #[test]
    fn a_header_of_two_rows_is_as_wide_as_its_widest() {
        let mut text = "基本信息,,住址\n姓名,证件号码,乡镇,村,组\n".to_owned();
        text.push_str(&"张三,520324199001010021,瑞溪镇,三组,\n".repeat(20));
        assert_eq!(read_text(&text), (22, Vec::new(), String::new()));
    }

    #[test]
    fn a_writer_that_leaves_out_empty_fields_at_the_end_is_believed() {
        let mut text = "姓名,证件号码,住址,备注\n".to_owned();
        for row in 2..=21 {
            let more = if row % 2 == 0 { ",好" } else { "" };
            text.push_str(&["张", &row.to_string(), ",520324199001010021,瑞溪镇", more, "\n"].concat());
        }
        assert_eq!(read_text(&text), (21, Vec::new(), String::new()));
    }
}
