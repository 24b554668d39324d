//! Returned lists: workbooks as rows of text that can be filled in and saved.

use std::path::Path;

use calamine::{Data, Reader, open_workbook_auto};
use rust_xlsxwriter::{Workbook, Worksheet};

/// A sheet's rows of text: title, sub-title, header, list rows, signature.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    pub(crate) name: String,
    pub(crate) rows: Vec<Vec<String>>,
}

pub(crate) fn sheets(path: &Path) -> Vec<Sheet> {
    let mut book = open_workbook_auto(path).expect("a workbook");
    let names: Vec<String> =
        book.sheet_names().into_iter().filter(|name| !["汇总", "下拉选项"].contains(&name.as_str())).collect();
    let cell = |cell: &Data| match cell {
        Data::DateTime(_) | Data::DateTimeIso(_) | Data::Empty => String::new(),
        other => other.to_string(),
    };
    let rows = |name: &str, book: &mut calamine::Sheets<_>| {
        let range = book.worksheet_range(name).expect("a sheet");
        range.rows().map(|row| row.iter().map(cell).collect()).collect()
    };
    names.into_iter().map(|name| Sheet { rows: rows(&name, &mut book), name }).collect()
}

impl Sheet {
    pub(crate) fn header(&self) -> usize {
        self.rows.iter().position(|row| row.iter().any(|text| text == "疑点编号")).expect("a header")
    }

    pub(crate) fn column(&self, title: &str) -> usize {
        self.rows[self.header()].iter().position(|text| text == title).expect("a column")
    }

    /// Places of the list rows.
    pub(crate) fn listed(&self) -> Vec<usize> {
        let key = self.column("行标识");
        (self.header() + 1..self.rows.len())
            .filter(|at| self.rows[*at].get(key).is_some_and(|key| key.starts_with('F')))
            .collect()
    }

    pub(crate) fn fill(&mut self, row: usize, title: &str, answer: &str) {
        let column = self.column(title);
        answer.clone_into(&mut self.rows[row][column]);
    }
}

pub(crate) fn save(path: &Path, sheets: &[Sheet]) {
    save_edited(path, sheets, |_, _| ());
}

/// The same; `edit` may do to a page what text cells cannot say.
pub(crate) fn save_edited(path: &Path, sheets: &[Sheet], edit: impl Fn(&mut Worksheet, &Sheet)) {
    let mut book = Workbook::new();
    for sheet in sheets {
        let page = book.add_worksheet().set_name(&sheet.name).expect("a name");
        for (row, cells) in (0u32..).zip(&sheet.rows) {
            for (column, text) in (0u16..).zip(cells).filter(|(_, text)| !text.is_empty()) {
                page.write_string(row, column, text).expect("written");
            }
        }
        edit(page, sheet);
    }
    book.save(path).expect("saved");
}
