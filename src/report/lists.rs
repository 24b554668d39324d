//! A workbook of lists behind an index sheet: what towns, departments and identity corrections have in common.
//!
//! Takes sections (one list each), gives the workbook's bytes. A list longer than a sheet goes on in a numbered sheet; the
//! index names every sheet, links to it, and its counts add up to the findings given.

use rust_xlsxwriter::{DocProperties, Workbook, XlsxError};

use crate::config::layout::{Choices, Column, IndexField, ListField, Style, Table};
use crate::model::date::Day;
use crate::model::finding::Confidence;

use super::answers::{LOOKUP_SHEET, Lookup};
use super::caption::Caption;
use super::entry::{Entry, View};
use super::names::Names;
use super::sheet::{Page, Value, excel_date};
use super::tally::Money;

/// Excel has 1,048,576 rows; the rest is for title, header and signatures.
pub(super) const ROWS_PER_SHEET: usize = 1_048_000;

/// Who made a workbook, among its properties: what is printed is told by it from what is to be read.
pub const PROGRAM: &str = "bidui";

/// One list.
#[derive(Debug)]
pub(super) struct Section<'a> {
    /// Sheet name wished for.
    pub(super) name: String,
    /// Placeholders of title and sub-title.
    pub(super) caption: Caption,
    /// Clause, where all entries share one.
    pub(super) clause: String,
    /// Layout.
    pub(super) table: &'a Table<ListField>,
    /// Rows, in print order.
    pub(super) entries: Vec<Entry<'a>>,
}

/// The parts of a workbook of lists.
#[derive(Debug)]
pub(super) struct Book<'a> {
    pub(super) caption: Caption,
    pub(super) index: &'a Table<IndexField>,
    pub(super) choices: &'a Choices,
    pub(super) sections: Vec<Section<'a>>,
    /// What stands above the index of what is posted.
    pub(super) posted: Option<String>,
}

/// A new workbook whose bytes do not depend on the clock.
pub(super) fn new_workbook(title: &str, as_of: Day) -> Result<Workbook, XlsxError> {
    let mut workbook = Workbook::new();
    let properties = DocProperties::new().set_title(title).set_company(PROGRAM).set_creation_datetime(&excel_date(as_of)?);
    workbook.set_properties(&properties);
    Ok(workbook)
}

impl Book<'_> {
    /// The workbook, and the number of list rows in it. `limit` is the number of list rows a sheet may hold.
    pub(super) fn write(&self, style: &Style, view: &View<'_>, as_of: Day, limit: usize) -> Result<(Vec<u8>, u64), XlsxError> {
        let mut names = Names::of_sheets();
        let index_name = names.claim(&self.index.sheet);
        if !self.choices.is_empty() {
            names.claim(LOOKUP_SHEET);
        }
        let mut sheets = Vec::new();
        for section in &self.sections {
            let mut before = 0;
            for entries in section.entries.chunks(limit) {
                sheets.push(Sheet { name: names.claim(&section.name), section, entries, before });
                before += entries.len();
            }
        }

        let mut workbook = new_workbook(&self.caption.fill(&self.index.title), as_of)?;
        let sheet = workbook.add_worksheet().set_name(index_name)?;
        let mut page = Page::new(sheet, style, &self.caption, self.index)?;
        if let Some(posted) = &self.posted {
            page.paragraph(posted)?;
        }
        page.table(self.index, None, sheets.len(), |row, column| sheets[row].index(row, column.source))?;
        page.signature(&self.index.signature)?;
        page.finish()?;

        let lookup = Lookup::new(self.choices);
        let mut rows = 0;
        for Sheet { name, section, entries, before } in &sheets {
            let parts = section.table.columns.iter().map(|column| column.part).max().unwrap_or(1);
            let shown = |column: &Column<ListField>| {
                !column.optional || section.entries.iter().any(|entry| view.value(entry, 1, column, parts) != Value::Blank)
            };
            let table =
                section.table.with_columns(section.table.columns.iter().filter(|column| shown(column)).cloned().collect());
            let sheet = workbook.add_worksheet().set_name(name)?;
            let mut page = Page::new(sheet, style, &section.caption, &table)?;
            page.table(&table, Some(&lookup), entries.len(), |row, column| {
                view.value(&entries[row], i64::try_from(before + row + 1).unwrap_or(i64::MAX), column, parts)
            })?;
            page.signature(&table.signature)?;
            page.finish()?;
            rows += entries.len() as u64;
        }
        if !self.choices.is_empty() {
            Lookup::write(workbook.add_worksheet(), self.choices)?;
        }
        Ok((workbook.save_to_buffer()?, rows))
    }
}

/// One sheet of a section.
struct Sheet<'a> {
    name: String,
    section: &'a Section<'a>,
    entries: &'a [Entry<'a>],
    before: usize,
}

impl Sheet<'_> {
    fn index(&self, row: usize, field: IndexField) -> Value {
        let findings = || self.entries.iter().flat_map(|entry| &entry.findings);
        let count = |count: usize| Value::Count(i64::try_from(count).unwrap_or(i64::MAX));
        let trusted = |confidence: Confidence| count(findings().filter(|finding| finding.confidence == confidence).count());
        let money = || findings().copied().collect::<Money>();
        match field {
            IndexField::Serial => count(row + 1),
            IndexField::Sheet => Value::Sheet(self.name.clone()),
            IndexField::Clause => Value::Text(self.section.clause.clone()),
            IndexField::Rows => count(self.entries.len()),
            IndexField::Findings => count(findings().count()),
            IndexField::Certain => trusted(Confidence::Certain),
            IndexField::Likely => trusted(Confidence::Likely),
            IndexField::Check => trusted(Confidence::Check),
            IndexField::Owed => money().owed(),
            IndexField::Overpaid => money().overpaid(),
        }
    }
}
