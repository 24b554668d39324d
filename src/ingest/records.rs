//! Delimited text → records: which fields stand on which line, and where a quote runs away.
//!
//! A field that begins with a quote ends at the quote before a delimiter or a line end; then it may hold delimiters and line breaks, and
//! quotes doubled. Any other quote is a character like others. A quote is [broken](Record::broken) when it leaves its line and
//! nothing closes it, when what closes it stands amid a field, or when the lines between are records themselves: the record is then its
//! one line, as it stands, and the lines that the quote had swallowed are records again. Cost: linear in the text.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// Line breaks Excel allows in a cell; more of them is a quote that never closes.
const CELL_LINE_BREAKS: usize = 253;
/// More fields than any table may have columns are not told apart.
const MOST_FIELDS: usize = 1 << 15;
/// Records, and lines, that tell how many fields there usually are.
const PROBED: usize = 200;

/// Reads records one after another.
pub(super) struct Records<'t> {
    text: &'t str,
    delimiter: u8,
    /// What ends a line within a field.
    line_end: u8,
    /// How many fields a record usually has.
    usual: usize,
    /// The byte to go on from, and the line it stands on.
    at: usize,
    line: u32,
    fields: Vec<Field>,
}

/// Where a field's text stands, without its quotes.
#[derive(Clone, Copy, Debug)]
struct Field {
    start: usize,
    end: usize,
    /// Whether quotes in it are doubled.
    quoted: bool,
}

/// A record; its fields stand in [`Records`] until the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    /// Line that it starts on, from 1.
    pub(super) line: u32,
    start: usize,
    /// Byte of a quote that is not closed.
    pub(super) broken: Option<usize>,
}

impl<'t> Records<'t> {
    pub(super) fn new(text: &'t str, delimiter: u8) -> Self {
        Self { usual: usual_fields(text, delimiter).0, ..Self::unguided(text, delimiter) }
    }

    /// Knows of no usual number of fields.
    fn unguided(text: &'t str, delimiter: u8) -> Self {
        let line_end = if memchr::memchr(b'\n', text.as_bytes()).is_some() { b'\n' } else { b'\r' };
        Self { text, delimiter, line_end, usual: 0, at: 0, line: 1, fields: Vec::new() }
    }

    /// How many fields a record usually has.
    pub(super) fn usual(&self) -> usize {
        self.usual
    }

    /// The next record; lines without a character are passed over.
    pub(super) fn next(&mut self) -> Option<Record> {
        let bytes = self.text.as_bytes();
        while let Some(b'\n' | b'\r') = bytes.get(self.at) {
            self.pass_line_end();
        }
        bytes.get(self.at)?;
        let (start, line) = (self.at, self.line);
        let mut broken = None;
        self.fields.clear();
        let end = match self.split(start) {
            Ok(end) => end,
            Err(quote) => {
                broken = Some(quote);
                self.fields.clear();
                split_line(self.text, start, self.delimiter, |field| self.fields.push(field))
            }
        };
        let inside = memchr::memchr_iter(self.line_end, &bytes[start..end]).count();
        self.line = self.line.saturating_add(u32::try_from(inside).unwrap_or(u32::MAX));
        self.at = end;
        self.pass_line_end();
        Some(Record { line, start, broken })
    }

    /// Fields of the record given last.
    pub(super) fn fields(&self) -> impl ExactSizeIterator<Item = Cow<'t, str>> {
        self.fields.iter().map(|field| {
            let text = self.text.get(field.start..field.end).unwrap_or_default();
            if field.quoted && text.contains("\"\"") { Cow::Owned(text.replace("\"\"", "\"")) } else { Cow::Borrowed(text) }
        })
    }

    /// Fields of the record given last up to the last that says something.
    pub(super) fn extent(&self) -> usize {
        let says = |field: &Field| !self.text.get(field.start..field.end).unwrap_or_default().trim().is_empty();
        self.fields.iter().rposition(says).map_or(0, |position| position + 1)
    }

    /// Which character of its line a byte of a record is, from 1.
    pub(super) fn character(&self, record: Record, byte: usize) -> usize {
        let before = self.text.get(record.start..byte).unwrap_or_default();
        before.rsplit(['\n', '\r']).next().unwrap_or_default().chars().count() + 1
    }

    /// The byte where the field at `position` begins; that of the record's end where there is none.
    pub(super) fn byte_of_field(&self, position: usize) -> usize {
        self.fields.get(position).map_or_else(|| self.fields.last().map_or(0, |field| field.end), |field| field.start)
    }

    fn pass_line_end(&mut self) {
        let bytes = self.text.as_bytes();
        match (bytes.get(self.at), bytes.get(self.at + 1)) {
            (Some(b'\r'), Some(b'\n')) => self.at += 2,
            (Some(b'\r' | b'\n'), _) => self.at += 1,
            _ => return,
        }
        self.line = self.line.saturating_add(1);
    }

    /// Splits the record at `start`, gives its end; or the quote that is not closed.
    fn split(&mut self, start: usize) -> Result<usize, usize> {
        let bytes = self.text.as_bytes();
        let mut at = start;
        loop {
            let quoted = if bytes.get(at) == Some(&b'"') { self.quoted(start, at)? } else { None };
            let (field, end) = quoted.map_or_else(
                || {
                    let end = plain_end(bytes, at, self.delimiter);
                    (Field { start: at, end, quoted: false }, end)
                },
                |end| (Field { start: at + 1, end, quoted: true }, end + 1),
            );
            if self.fields.len() < MOST_FIELDS {
                self.fields.push(field);
            }
            if bytes.get(end) != Some(&self.delimiter) {
                return Ok(end);
            }
            at = end + 1;
        }
    }

    /// Where the field that begins with the quote at `quote` ends; `None` where that quote is a character like others, as the line has
    /// more of them. A quote that leaves its line and is not closed is the error.
    fn quoted(&self, start: usize, quote: usize) -> Result<Option<usize>, usize> {
        let bytes = self.text.as_bytes();
        match closing(bytes, quote, self.delimiter) {
            Some(end) if self.swallows(start, quote, end) => Err(quote),
            Some(end) => Ok(Some(end)),
            None => {
                let next = memchr::memchr3(b'"', b'\n', b'\r', &bytes[quote + 1..]).map(|length| bytes[quote + 1 + length]);
                if next == Some(b'"') { Ok(None) } else { Err(quote) }
            }
        }
    }

    /// Whether the quoted field from `quote` to `end`, of the record at `start`, holds other records.
    fn swallows(&self, start: usize, quote: usize, end: usize) -> bool {
        let bytes = self.text.as_bytes();
        let field = &bytes[quote + 1..end];
        let breaks = memchr::memchr2_iter(b'\n', b'\r', field).take(2 * CELL_LINE_BREAKS + 2).count();
        if breaks == 0 || self.usual < 2 || !field.contains(&self.delimiter) {
            return breaks > 2 * CELL_LINE_BREAKS;
        }
        let lines = field.split(|byte| matches!(byte, b'\n' | b'\r'));
        let delimiters = |line: &[u8]| memchr::memchr_iter(self.delimiter, line).count();
        let inner = lines.clone().count().saturating_sub(2);
        if breaks > 2 * CELL_LINE_BREAKS || lines.skip(1).take(inner).any(|line| delimiters(line) + 1 >= self.usual) {
            return true;
        }
        // Two lines that are whole records each, if quotes are characters.
        let first = bytes[start..end].iter().position(|byte| matches!(byte, b'\n' | b'\r')).map_or(end, |at| start + at);
        let last = bytes[..end].iter().rposition(|byte| matches!(byte, b'\n' | b'\r')).map_or(start, |at| at + 1);
        let rest = memchr::memchr2(b'\n', b'\r', &bytes[last..]).map_or(bytes.len(), |at| last + at);
        delimiters(&bytes[start..first]) + 1 == self.usual && delimiters(&bytes[last..rest]) + 1 == self.usual
    }
}

/// The quote that closes the one at `quote`: it stands before a delimiter or a line end. `None` where another comes first that closes
/// nothing, or none comes.
fn closing(bytes: &[u8], quote: usize, delimiter: u8) -> Option<usize> {
    let (mut from, mut breaks) = (quote + 1, 0);
    loop {
        let at = from + memchr::memchr(b'"', bytes.get(from..)?)?;
        // More line breaks than a cell may have are not looked through again and again.
        breaks += memchr::memchr_iter(b'\n', bytes.get(from..at)?).take(CELL_LINE_BREAKS + 1).count();
        if breaks > 2 * CELL_LINE_BREAKS {
            return None;
        }
        match bytes.get(at + 1) {
            Some(b'"') => from = at + 2,
            None | Some(b'\n' | b'\r') => return Some(at),
            Some(next) => return (*next == delimiter).then_some(at),
        }
    }
}

fn plain_end(bytes: &[u8], at: usize, delimiter: u8) -> usize {
    memchr::memchr3(delimiter, b'\n', b'\r', &bytes[at..]).map_or(bytes.len(), |length| at + length)
}

/// Splits one line as it stands, quotes closed on it taken for quotes; gives its end.
fn split_line(text: &str, start: usize, delimiter: u8, mut each: impl FnMut(Field)) -> usize {
    let bytes = text.as_bytes();
    let line_end = memchr::memchr2(b'\n', b'\r', &bytes[start..]).map_or(bytes.len(), |length| start + length);
    let line = &bytes[..line_end];
    let mut at = start;
    loop {
        let quoted = if line.get(at) == Some(&b'"') { closing(line, at, delimiter) } else { None };
        let plain = || plain_end(line, at, delimiter);
        let (start, end, quoted) = quoted.map_or_else(|| (at, plain(), false), |end| (at + 1, end, true));
        let field = Field { start, end, quoted };
        let end = end + usize::from(quoted);
        each(field);
        if line.get(end) != Some(&delimiter) {
            return end;
        }
        at = end + 1;
    }
}

/// How many fields records have that agree on it, and how many of those looked at agree: by records where most agree, else by lines.
pub(super) fn usual_fields(text: &str, delimiter: u8) -> (usize, usize) {
    let mut counts = BTreeMap::<usize, usize>::new();
    let mut records = Records::unguided(text, delimiter);
    let mut looked = 0;
    while looked < PROBED && records.next().is_some() {
        looked += 1;
        *counts.entry(records.fields.len()).or_default() += 1;
    }
    let most = |counts: &BTreeMap<usize, usize>| counts.iter().map(|(fields, records)| (*records, *fields)).max();
    if let Some((agreeing, fields)) = most(&counts)
        && agreeing * 2 > looked
    {
        return (fields, agreeing);
    }
    let mut counts = BTreeMap::<usize, usize>::new();
    for line in text.split(['\n', '\r']).filter(|line| !line.is_empty()).take(PROBED) {
        let mut fields = 0;
        split_line(line, 0, delimiter, |_| fields += 1);
        *counts.entry(fields).or_default() += 1;
    }
    most(&counts).map_or((0, 0), |(agreeing, fields)| (fields, agreeing))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Each record: line, fields, whether a quote is broken.
    fn read(text: &str) -> Vec<(u32, Vec<String>, bool)> {
        let mut records = Records::new(text, b',');
        let mut all = Vec::new();
        while let Some(record) = records.next() {
            all.push((record.line, records.fields().map(Cow::into_owned).collect(), record.broken.is_some()));
        }
        all
    }

    fn row(line: u32, fields: &[&str], broken: bool) -> (u32, Vec<String>, bool) {
        (line, fields.iter().map(|field| (*field).to_owned()).collect(), broken)
    }

    #[test]
    fn quoted_fields_hold_delimiters_quotes_and_line_breaks() {
        assert_eq!(
            read("a,b\n\n\"1,\"\"2\"\"\",\"x\ny\"\r\n3,4"),
            [row(1, &["a", "b"], false), row(3, &["1,\"2\"", "x\ny"], false), row(5, &["3", "4"], false)]
        );
        assert_eq!(read("a,b\r1,2\r\r3,"), [row(1, &["a", "b"], false), row(2, &["1", "2"], false), row(4, &["3", ""], false)]);
        assert_eq!(read("a,b\n1 \"x\",\"y\"\n"), [row(1, &["a", "b"], false), row(2, &["1 \"x\"", "y"], false)]);
    }

    #[test]
    fn a_quote_that_runs_away_spoils_its_own_line_only() {
        for closing in ["", "\"", "x\"", "x\"y"] {
            let text = format!("a,b,c\n1,\"2,3\n4,5,6\n7,8,9\n0,1,{closing}\n3,4,5\n");
            let all = read(&text);
            assert_eq!(all.len(), 6, "{closing}: {all:?}");
            assert_eq!(all[1], row(2, &["1", "\"2", "3"], true), "{closing}");
            assert_eq!(all[2], row(3, &["4", "5", "6"], false), "{closing}");
            assert_eq!(all[5], row(6, &["3", "4", "5"], false), "{closing}");
        }
        // The next line closes it.
        assert_eq!(read("a,b,c\n1,\"2,3\n4\",5,6\n")[1..], [row(2, &["1", "\"2", "3"], true), row(3, &["4\"", "5", "6"], false)]);
    }

    #[test]
    fn many_runaway_quotes_cost_no_more_than_their_lines() {
        let text = "1,\"2,3\n".repeat(200_000);
        assert_eq!(read(&text).len(), 200_000);
    }

    proptest! {
        #[test]
        fn what_a_csv_writer_writes_is_read_back(rows in prop::collection::vec(prop::collection::vec("[a-c,\"\n张 ]{0,5}", 3), 1..20)) {
            let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).expect("writes");
            }
            let text = String::from_utf8(writer.into_inner().expect("flushes")).expect("UTF-8");
            // Line breaks may look like swallowed lines: without them every field comes back.
            if !rows.iter().flatten().any(|field| field.contains('\n')) {
                let read: Vec<Vec<String>> = read(&text).into_iter().map(|(_, fields, _)| fields).collect();
                prop_assert_eq!(read, rows);
            }
        }

        #[test]
        fn no_line_with_text_is_lost(text in "[ab,\"\n\r]{0,60}") {
            let mut records = Records::new(&text, b',');
            let mut lines = 0;
            let mut last = 0;
            while let Some(record) = records.next() {
                prop_assert!(record.line > last);
                last = record.line;
                lines += 1;
            }
            let there = text.split(['\n', '\r']).filter(|line| !line.is_empty()).count();
            prop_assert!(lines <= there && (there == 0) == (lines == 0));
        }
    }
}
