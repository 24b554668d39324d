//! The receipt for returned lists: counts by file and village, what has to be sent again, and every row.
//!
//! Takes what `ledger` says of each file; gives one workbook. Guarantees: every row is in the last sheet; the counts of the first add up to
//! them; numbers are masked wherever they stand. Linear in rows.

use std::collections::BTreeMap;

use rust_xlsxwriter::XlsxError;

use crate::config::layout::{Layouts, ReceiptCount, ReceiptField, RefusalField};
use crate::model::date::{Day, Month};
use crate::model::masking::Audience;
use crate::model::personal::{Expose, Personal};
use crate::model::receipt::{FileReceipt, Outcome, RowReceipt};

use super::caption::Caption;
use super::lists::new_workbook;
use super::sheet::{Page, Value};
use super::{OutputFile, ReportError};

/// The receipt of one receive. Its path is the file name alone; `received` stands for the list where no row belongs to one.
pub fn receipt(county: &str, files: &[FileReceipt], received: Day, layouts: &Layouts) -> Result<OutputFile, ReportError> {
    let rows = || files.iter().flat_map(|file| &file.rows);
    let mut lists: Vec<Month> = rows().filter_map(|row| row.list).collect();
    lists.sort_unstable();
    lists.dedup();
    let title = match lists.as_slice() {
        [] => received.to_string(),
        [one] => one.to_string(),
        [first, .., last] => format!("{first}至{last}"),
    };
    let caption = Caption::of_county(county).with("title", &title);
    let path = format!("{}.xlsx", caption.fill(&layouts.receipt.file));
    let made = lists.last().map_or(received, |list| list.last_day());
    match write(files, &caption, made, layouts) {
        Ok(bytes) => Ok(OutputFile { path, bytes, rows: rows().count() as u64 }),
        Err(source) => Err(ReportError { path, source }),
    }
}

fn write(files: &[FileReceipt], caption: &Caption, made: Day, layouts: &Layouts) -> Result<Vec<u8>, XlsxError> {
    let (book, style) = (&layouts.receipt, &layouts.style);
    let mut workbook = new_workbook(&caption.fill(&book.index.title), made)?;

    let places: Vec<Place<'_>> = files.iter().flat_map(Place::of).collect();
    let mut page = Page::new(workbook.add_worksheet().set_name(&book.index.sheet)?, style, caption, &book.index)?;
    page.table(&book.index, None, places.len(), |at, column| places[at].value(at, column.source))?;
    page.signature(&book.index.signature)?;
    page.finish()?;

    let refusals: Vec<_> = files.iter().flat_map(|file| &file.refusals).collect();
    if !refusals.is_empty() {
        let table = &book.refusals;
        let mut page = Page::new(workbook.add_worksheet().set_name(&table.sheet)?, style, caption, table)?;
        page.table(table, None, refusals.len(), |at, column| match column.source {
            RefusalField::Serial => count(at + 1),
            RefusalField::File => text(&refusals[at].name.file),
            RefusalField::Sheet => text(&refusals[at].name.sheet),
            RefusalField::What => text(&refusals[at].what),
            RefusalField::Hint => text(&refusals[at].hint),
        })?;
        page.signature(&table.signature)?;
        page.finish()?;
    }

    let all: Vec<(&FileReceipt, &RowReceipt)> =
        files.iter().flat_map(|file| file.rows.iter().map(move |row| (file, row))).collect();
    let attention = all.iter().copied().filter(|(_, row)| row.outcome.needs_attention()).collect();
    for (table, rows) in [(&book.attention, attention), (&book.rows, all)] {
        let rows: Vec<(&FileReceipt, &RowReceipt)> = rows;
        let mut page = Page::new(workbook.add_worksheet().set_name(&table.sheet)?, style, caption, table)?;
        page.table(table, None, rows.len(), |at, column| value(rows[at].0, rows[at].1, at, column.source))?;
        page.signature(&table.signature)?;
        page.finish()?;
    }
    workbook.save_to_buffer()
}

/// The rows of a file in one village.
struct Place<'a> {
    file: &'a FileReceipt,
    town: Option<&'a str>,
    village: Option<&'a str>,
    rows: Vec<&'a RowReceipt>,
}

impl<'a> Place<'a> {
    /// The places of a file, those without one last; a file without rows is a line of its own.
    fn of(file: &'a FileReceipt) -> Vec<Self> {
        let mut places: BTreeMap<_, Vec<&RowReceipt>> = BTreeMap::new();
        for row in &file.rows {
            let (town, village) = (row.town.expose(), row.village.expose());
            places.entry((village.is_none(), town, village)).or_default().push(row);
        }
        if places.is_empty() {
            places.insert((true, None, None), Vec::new());
        }
        places.into_iter().map(|((_, town, village), rows)| Self { file, town, village, rows }).collect()
    }

    fn value(&self, at: usize, field: ReceiptCount) -> Value {
        let of = |outcome: Outcome| count(self.rows.iter().filter(|row| row.outcome == outcome).count());
        match field {
            ReceiptCount::Serial => count(at + 1),
            ReceiptCount::File => text(self.file.file.expose()),
            ReceiptCount::Town => text(self.town.unwrap_or_default()),
            ReceiptCount::Village => text(self.village.unwrap_or_default()),
            ReceiptCount::Rows => count(self.rows.len()),
            ReceiptCount::Taken => of(Outcome::Taken),
            ReceiptCount::Known => of(Outcome::Known),
            ReceiptCount::Copied => of(Outcome::Copied),
            ReceiptCount::Conflicting => of(Outcome::Conflicting),
            ReceiptCount::Empty => of(Outcome::Empty),
            ReceiptCount::Unclear => of(Outcome::Unclear),
            ReceiptCount::Unknown => of(Outcome::Unknown),
            ReceiptCount::Aside => of(Outcome::Aside),
            ReceiptCount::Before => match &self.file.before {
                _ if !self.file.refusals.is_empty() && self.rows.is_empty() => text("未接收，见“未接收的文件”"),
                Some(day) if self.file.written => text(&format!("{day} 收过，这次有新看懂的行")),
                Some(day) => text(&format!("{day} 收过，内容没有变")),
                None => Value::Blank,
            },
        }
    }
}

fn value(file: &FileReceipt, row: &RowReceipt, at: usize, field: ReceiptField) -> Value {
    let optional = |value: &Option<Personal>| value.expose().map_or(Value::Blank, text);
    match field {
        ReceiptField::Serial => count(at + 1),
        ReceiptField::File => text(file.file.expose()),
        ReceiptField::Sheet => text(row.sheet.expose()),
        ReceiptField::Row => Value::Count(i64::from(row.row)),
        ReceiptField::Town => optional(&row.town),
        ReceiptField::Village => optional(&row.village),
        ReceiptField::Name => optional(&row.name),
        ReceiptField::FindingIds => text(&row.finding_ids.join("\n")),
        ReceiptField::List => row.list.map_or(Value::Blank, |list| Value::Text(list.to_string())),
        ReceiptField::Outcome => text(row.outcome.plain()),
        ReceiptField::Understood => text(row.understood.expose()),
        ReceiptField::Note => text(row.note().expose()),
    }
}

fn count(count: usize) -> Value {
    Value::Count(i64::try_from(count).unwrap_or(i64::MAX))
}

/// Text with its numbers masked.
fn text(text: &str) -> Value {
    if text.is_empty() { Value::Blank } else { Value::Text(Audience::Village.text(text)) }
}
