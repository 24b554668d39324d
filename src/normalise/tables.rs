//! A table of persons by a model that is data: its cells → the model's fields as clean text.
//!
//! Takes the head of a table and chunks of its rows; gives one `Utf8` column per field, derived ones included, null where nothing is
//! said. Dates become `2018-06-30`, resident numbers their 18 characters where that is proven, numbers plain decimals. What cannot be read
//! as its kind becomes null and is counted. Cost: linear in cells, no allocation for plain ASCII and common Chinese characters.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayBuilder as _, ArrayRef, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field as Column, Schema};
use arrow::error::ArrowError;
use unicode_normalization::UnicodeNormalization;

use super::date::{self, read_day};
use super::days::Evidence;
use super::id_number;
use super::repair::Repair;
use crate::config::registry::fold_header;
use crate::config::tables::{Clean, Field, Kind, TablesModel};
use crate::model::date::Day;
use crate::model::identity::name::FoldedName;
use crate::model::raw::{CellKind, RawTable, TableHead};

/// Bytes of text in a column of a batch, after which another begins: an array counts to 2 GiB, and one chunk of rows holds less than half of it.
const MOST_TEXT: usize = 1 << 30;

/// Reads one table.
pub struct TableReader<'m> {
    model: &'m TablesModel,
    as_of: Day,
    /// Per field, the columns of the table that give it, the preferred first.
    positions: Vec<Vec<usize>>,
    builders: Vec<StringBuilder>,
    /// Columns that were closed before their text outgrew an array.
    closed: Vec<Vec<ArrayRef>>,
    most_text: usize,
    rows: Vec<u32>,
    unreadable: Vec<u64>,
    /// Per field, days whose year of two digits was completed.
    completed: Vec<u64>,
    /// Per field, how its column writes days.
    evidence: Vec<Evidence>,
    /// Rows that wait until the whole column has shown how it writes days.
    waiting: Vec<RawTable>,
    /// Fields that others are derived from.
    is_source: Vec<bool>,
    /// What they say in the row in hand.
    texts: Vec<Option<String>>,
}

/// A table read.
#[derive(Clone)]
pub struct ReadTable {
    /// One column per field of the model, by name; the rows in as few batches as their text allows.
    pub batches: Vec<RecordBatch>,
    /// Row number that Excel shows, per row.
    pub rows: Vec<u32>,
    /// Field → header as written.
    pub headers: Vec<(String, String)>,
    /// Headers that no field takes.
    pub left_over: Vec<String>,
    /// Fields of the model that the table has no column for.
    pub absent: Vec<String>,
    /// Field → cells that could not be read as its kind.
    pub unreadable: Vec<(String, u64)>,
    /// Field → days whose year was written with two digits.
    pub completed: Vec<(String, u64)>,
}

impl fmt::Debug for TableReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TableReader({} rows)", self.rows.len())
    }
}

impl fmt::Debug for ReadTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReadTable({} rows)", self.rows.len())
    }
}

impl<'m> TableReader<'m> {
    /// Finds the fields' columns. `as_of` bounds the birth dates that a resident number may have.
    #[must_use]
    pub fn new(model: &'m TablesModel, head: &TableHead, as_of: Day) -> Self {
        let positions = model.fields.iter().map(|field| columns_of(field, head)).collect();
        let is_source = (0..model.fields.len()).map(|at| model.fields.iter().any(|field| field.from.contains(&at))).collect();
        Self {
            model,
            as_of,
            positions,
            builders: model.fields.iter().map(|_| StringBuilder::new()).collect(),
            closed: Vec::new(),
            most_text: MOST_TEXT,
            rows: Vec::new(),
            unreadable: vec![0; model.fields.len()],
            completed: vec![0; model.fields.len()],
            evidence: vec![Evidence::default(); model.fields.len()],
            waiting: Vec::new(),
            is_source,
            texts: vec![None; model.fields.len()],
        }
    }

    /// Takes the next rows. From the first day on whose order of parts is not written in its cell, rows wait for the whole column.
    pub fn push(&mut self, table: &RawTable) {
        let mut is_open = !self.waiting.is_empty();
        for (field, (positions, evidence)) in self.model.fields.iter().zip(self.positions.iter().zip(&mut self.evidence)) {
            if field.kind != Kind::Date || !field.from.is_empty() {
                continue;
            }
            for (kind, text) in (0..table.rows.len()).filter_map(|row| first_said(positions, table, row)) {
                let reading = date::read(kind, text);
                evidence.note(&reading);
                is_open |= reading.needs_column();
            }
        }
        if is_open {
            self.waiting.push(table.clone());
        } else {
            self.read_rows(table);
        }
    }

    fn read_rows(&mut self, table: &RawTable) {
        for (at, &row) in table.rows.iter().enumerate() {
            self.rows.push(row);
            for field in 0..self.model.fields.len() {
                let definition = &self.model.fields[field];
                let Read { text, is_readable, is_completed } =
                    read(definition, &self.positions[field], &self.evidence[field], &self.texts, table, at, self.as_of);
                self.unreadable[field] += u64::from(!is_readable);
                self.completed[field] += u64::from(is_completed);
                match &text {
                    Some(text) => self.builders[field].append_value(text),
                    None => self.builders[field].append_null(),
                }
                if self.is_source[field] {
                    let text = text.map(Cow::into_owned);
                    self.texts[field] = text;
                }
            }
            if self.builders.iter().any(|builder| builder.values_slice().len() >= self.most_text) {
                self.close();
            }
        }
    }

    /// Ends a batch.
    fn close(&mut self) {
        let arrays = self.builders.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef);
        self.closed.push(arrays.collect());
    }

    /// The table, with what its columns were taken for.
    pub fn finish(mut self, head: &TableHead) -> Result<ReadTable, ArrowError> {
        for table in std::mem::take(&mut self.waiting) {
            self.read_rows(&table);
        }
        let fields: Vec<Column> = self.model.fields.iter().map(|field| Column::new(&field.name, DataType::Utf8, true)).collect();
        let schema = Arc::new(Schema::new(fields));
        if self.closed.is_empty() || self.builders.first().is_some_and(|builder| builder.len() > 0) {
            self.close();
        }
        let closed = std::mem::take(&mut self.closed).into_iter();
        let batches = closed.map(|arrays| RecordBatch::try_new(Arc::clone(&schema), arrays)).collect::<Result<_, _>>()?;
        let named = || self.model.fields.iter().zip(&self.positions);
        let header = |position: usize| head.columns.get(position).map_or("", |column| column.text.as_str()).to_owned();
        let taken = |position: usize| self.positions.iter().any(|positions| positions.contains(&position));
        Ok(ReadTable {
            batches,
            headers: named()
                .flat_map(|(field, positions)| positions.iter().map(|position| (field.name.clone(), header(*position))))
                .collect(),
            left_over: (0..head.columns.len()).filter(|position| !taken(*position)).map(header).collect(),
            absent: named()
                .filter(|(field, positions)| field.from.is_empty() && positions.is_empty())
                .map(|(field, _)| field.name.clone())
                .collect(),
            unreadable: self.counted(&self.unreadable),
            completed: self.counted(&self.completed),
            rows: self.rows,
        })
    }
}

impl TableReader<'_> {
    /// Fields with a count.
    fn counted(&self, counts: &[u64]) -> Vec<(String, u64)> {
        let counted = self.model.fields.iter().zip(counts).filter(|(_, count)| **count > 0);
        counted.map(|(field, count)| (field.name.clone(), *count)).collect()
    }
}

/// What a cell gave.
struct Read<'t> {
    text: Option<Cow<'t, str>>,
    is_readable: bool,
    is_completed: bool,
}

/// The first cell of a row's columns that says something.
fn first_said<'t>(positions: &[usize], table: &'t RawTable, row: usize) -> Option<(CellKind, &'t str)> {
    let cells = positions.iter().filter_map(|position| Some(table.columns.get(*position)?.get(row)));
    cells.into_iter().find(|(kind, text)| *kind != CellKind::Empty && !text.trim().is_empty())
}

/// The text of a field in a row, and whether its cell could be read. `texts` holds what the fields it is derived from say.
fn read<'t>(
    field: &Field,
    positions: &[usize],
    evidence: &Evidence,
    texts: &'t [Option<String>],
    table: &'t RawTable,
    row: usize,
    as_of: Day,
) -> Read<'t> {
    let blank = Read { text: None, is_readable: true, is_completed: false };
    let found = match field.from.as_slice() {
        [] => first_said(positions, table, row).map(|(kind, text)| (kind, Cow::Borrowed(text))),
        [one] => texts[*one].as_deref().map(|text| (CellKind::Text, Cow::Borrowed(text))),
        several => {
            let parts: Vec<&str> = several.iter().filter_map(|from| texts[*from].as_deref()).collect();
            (!parts.is_empty()).then(|| (CellKind::Text, Cow::Owned(parts.join(&field.join))))
        }
    };
    let Some((kind, text)) = found else { return blank };
    let Some(cleaned) = field.clean.iter().try_fold(text, |text, step| clean(*step, text)) else { return blank };
    let is_blank = cleaned.trim().is_empty();
    let (read, is_completed) = if field.kind == Kind::Date {
        let reading = date::read(kind, &cleaned);
        let (day, repair) = if reading.needs_column() { evidence.settle(&reading, false, as_of) } else { (reading.day, None) };
        (day.map(|day| day.to_string().into()), repair == Some(Repair::TwoDigitYear))
    } else {
        (read_as(field.kind, kind, cleaned, as_of), false)
    };
    let is_readable = read.is_some() || is_blank;
    let text = read.filter(|text| !text.is_empty() && !field.missing.iter().any(|missing| **missing == **text));
    Read { text, is_readable, is_completed }
}

fn columns_of(field: &Field, head: &TableHead) -> Vec<usize> {
    let position = |alias: &String| head.columns.iter().position(|column| fold_header(&column.text) == *alias);
    field.aliases.iter().filter_map(position).collect()
}

/// The text as its kind writes it; `None` when it cannot be read so.
fn read_as(kind: Kind, cell: CellKind, text: Cow<'_, str>, as_of: Day) -> Option<Cow<'_, str>> {
    match kind {
        Kind::Text | Kind::Name | Kind::List => Some(text),
        // By its column, before.
        Kind::Date => None,
        Kind::Number => {
            let plain: String = text.chars().filter(|character| !matches!(character, ',' | '，' | ' ')).collect();
            plain.parse::<f64>().ok().filter(|number| number.is_finite()).map(|number| number.to_string().into())
        }
        Kind::IdNumber => Some(id_number::clean(cell, &text, as_of).text.into_owned().into()),
    }
}

/// Neither compatibility forms nor capitals: ASCII and common Chinese characters.
fn is_plain(character: char) -> bool {
    character.is_ascii() || ('\u{4E00}'..='\u{9FFF}').contains(&character)
}

/// One step; `None` where it makes no sense for the text.
fn clean(step: Clean, text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let kept = |keep: fn(char) -> bool, text: Cow<'_, str>| -> String { text.chars().filter(|c| keep(*c)).collect() };
    Some(match step {
        Clean::Nfkc if text.chars().all(is_plain) => text,
        Clean::Nfkc => text.nfkc().collect::<String>().into(),
        Clean::Lower if text.chars().all(|c| is_plain(c) && !c.is_ascii_uppercase()) => text,
        Clean::Lower => text.to_lowercase().into(),
        Clean::Upper => text.to_uppercase().into(),
        Clean::Squeeze if is_squeezed(&text) => text,
        Clean::Squeeze => text.split_whitespace().collect::<Vec<_>>().join(" ").into(),
        Clean::NoSpaces if !text.contains(char::is_whitespace) => text,
        Clean::NoSpaces => kept(|c| !c.is_whitespace(), text).into(),
        Clean::Letters => kept(char::is_alphabetic, text).into(),
        Clean::Digits => kept(|c| c.is_ascii_digit(), text).into(),
        Clean::SortedWords => {
            let mut words: Vec<&str> = text.split_whitespace().collect();
            words.sort_unstable();
            words.join(" ").into()
        }
        Clean::Fold => FoldedName::new(&text)?.folded().into(),
        Clean::Soundex => soundex(&text)?.into(),
        Clean::Year => read_day(&text)?.ymd().0.to_string().into(),
        Clean::Prefix(length) => {
            let end = text.char_indices().nth(length).map_or(text.len(), |(at, _)| at);
            part(text, 0..end)
        }
        Clean::Suffix(length) => {
            let skip = text.chars().count().saturating_sub(length);
            let end = text.len();
            let start = text.char_indices().nth(skip).map_or(end, |(at, _)| at);
            part(text, start..end)
        }
    })
}

/// A part of a text, between characters.
fn part(text: Cow<'_, str>, range: Range<usize>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => text.get(range).unwrap_or_default().into(),
        Cow::Owned(text) => text.get(range).unwrap_or_default().to_owned().into(),
    }
}

fn is_squeezed(text: &str) -> bool {
    let mut before = ' ';
    let inner = text.chars().all(|character| {
        let fine = !character.is_whitespace() || character == ' ' && before != ' ';
        before = character;
        fine
    });
    inner && (before != ' ' || text.is_empty())
}

/// American Soundex: the first letter and three digits of the consonants after it; `None` without a Latin letter.
fn soundex(text: &str) -> Option<String> {
    let code = |letter: char| match letter {
        'B' | 'F' | 'P' | 'V' => '1',
        'C' | 'G' | 'J' | 'K' | 'Q' | 'S' | 'X' | 'Z' => '2',
        'D' | 'T' => '3',
        'L' => '4',
        'M' | 'N' => '5',
        'R' => '6',
        'H' | 'W' => 'h',
        _ => '0',
    };
    let mut letters = text.chars().filter(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_uppercase());
    let first = letters.next()?;
    let (mut made, mut last) = (String::from(first), code(first));
    for digit in letters.map(code) {
        if digit == 'h' {
            continue;
        }
        if digit != '0' && digit != last && made.len() < 4 {
            made.push(digit);
        }
        last = digit;
    }
    while made.len() < 4 {
        made.push('0');
    }
    Some(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::document::Document;
    use crate::model::raw::{HeaderColumn, RawColumn};
    use arrow::array::{Array, AsArray};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn plain_text_needs_no_folding(text in "[ -~一-鿿]{0,20}") {
            prop_assert_eq!(text.nfkc().collect::<String>(), text.clone());
            let lower = clean(Clean::Lower, Cow::Borrowed(&text)).expect("always");
            prop_assert_eq!(lower.as_ref(), text.to_lowercase());
        }
    }

    #[test]
    fn prefixes_and_suffixes_are_cut_between_characters() {
        let cut = |step: Clean, text: &'static str| clean(step, Cow::Borrowed(text)).expect("always").into_owned();
        assert_eq!(cut(Clean::Prefix(2), "土坪镇"), "土坪");
        assert_eq!(cut(Clean::Prefix(5), "土坪镇"), "土坪镇");
        assert_eq!(cut(Clean::Suffix(5), "1971-02-26"), "02-26");
        assert_eq!(cut(Clean::Suffix(2), "镇"), "镇");
        assert_eq!(cut(Clean::Suffix(1), "土坪镇"), "镇");
    }

    #[test]
    fn soundex_by_example() {
        for (name, code) in [("Robert", "R163"), ("Rupert", "R163"), ("Ashcraft", "A261"), ("Tymczak", "T522"), ("Lee", "L000")] {
            assert_eq!(soundex(name).as_deref(), Some(code), "{name}");
        }
        assert_eq!(soundex("李"), None);
    }

    #[test]
    fn cells_become_fields_and_what_cannot_be_read_is_counted() {
        let text = r#"
name = "t"
[tables]
task = "deduplicate"
[thresholds]
confirm = 1.0
review = 0.0
[[field]]
name = "first"
columns = ["First name", "given"]
missing = ["unknown"]
[[field]]
name = "birth"
kind = "date"
columns = ["dob"]
[[field]]
name = "year"
from = ["birth"]
clean = ["year"]
[[field]]
name = "key"
from = ["first", "year"]
join = "|"
clean = ["upper", "prefix 3"]
[[block]]
on = ["key"]
[[comparison]]
name = "first"
on = ["first"]
levels = [{ test = "exact" }]
"#;
        let model = TablesModel::resolve(&Document { path: "t.toml".to_owned(), text: text.to_owned() }).expect("sound");
        let column = |index: u32, text: &str| HeaderColumn { index, text: text.to_owned() };
        let head = TableHead {
            columns: vec![column(0, "FIRST NAME"), column(1, "Dob"), column(2, "shoe size")],
            ..TableHead::default()
        };
        let mut reader = TableReader::new(&model, &head, Day(20_000));
        let mut columns = vec![RawColumn::default(), RawColumn::default(), RawColumn::default()];
        for (first, birth) in [("  Mary  Ann ", "1980/2/3"), ("Unknown", "31.31.1990"), ("Ｊo", "")] {
            columns[0].push(CellKind::Text, first);
            columns[1].push(if birth.is_empty() { CellKind::Empty } else { CellKind::Text }, birth);
            columns[2].push(CellKind::Text, "9");
        }
        let table = RawTable { rows: vec![2, 3, 4], columns, ..RawTable::default() };
        // Text that fills an array begins another.
        let mut small = TableReader { most_text: 5, ..TableReader::new(&model, &head, Day(20_000)) };
        small.push(&table);
        let small = small.finish(&head).expect("a table");
        assert_eq!(
            (small.batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), small.rows),
            (vec![1, 2], vec![2, 3, 4])
        );
        reader.push(&table);
        let read = reader.finish(&head).expect("a table");
        assert_eq!(read.batches.len(), 1);
        let texts = |name: &str| -> Vec<Option<String>> {
            let array = read.batches[0].column_by_name(name).expect("there").as_string::<i32>().clone();
            (0..array.len()).map(|at| array.is_valid(at).then(|| array.value(at).to_owned())).collect()
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(texts("first"), [some("mary ann"), None, some("jo")]);
        assert_eq!(texts("birth"), [some("1980-02-03"), None, None]);
        assert_eq!(texts("key"), [some("MAR"), None, some("JO")]);
        assert_eq!(read.unreadable, [("birth".to_owned(), 1)]);
        assert_eq!(read.left_over, ["shoe size"]);
    }
}
