//! What workbooks look like, as data: `reports/*.toml`.
//!
//! Takes the texts of a layout folder (`style.toml` and one file per kind of workbook), gives [`Layouts`] or every mistake found, each with file and line. A [`Layouts`] that exists is sound: widths are positive,
//! every drop-down names a list, every placeholder is known.

mod changes;
mod dossier;
mod fields;
mod ledger;
mod read;
mod receipt;
mod review;
mod states;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use changes::{ChangeListField, ChangeSumField, ChangesBook};
pub use dossier::{DossierBook, DossierField, DossierIndexField};
pub use fields::{
    ClauseField, CrossField, ExemptionField, HeadlineField, IndexField, IntakeField, ListField, NoteField, RateField, RuleField,
};
pub use ledger::{ItemField, LedgerBook, SampleSheets, UnitField};
pub use receipt::{ReceiptBook, ReceiptCount, ReceiptField, RefusalField};
pub use review::{Answers, ReviewBook, ReviewField, SampleBook, SuspendedField};
pub use states::{StateField, StatesBook};

/// Every layout.
#[derive(Clone, Debug)]
pub struct Layouts {
    /// Fonts, tints, paper.
    pub style: Style,
    /// One workbook per town.
    pub town: ListBook,
    /// One workbook per department.
    pub department: ListBook,
    /// Identity corrections.
    pub identity: IdentityBook,
    /// `汇总.xlsx`.
    pub summary: SummaryBook,
    /// Promises of the document.
    pub clauses: ClauseBook,
    /// Where findings stand.
    pub ledger: LedgerBook,
    /// What became of returned lists.
    pub receipt: ReceiptBook,
    /// Pairs for a human.
    pub review: ReviewBook,
    /// One dossier per town.
    pub dossier: DossierBook,
    /// A comparison of two runs.
    pub changes: ChangesBook,
    /// Where findings stand, as sheets of other workbooks.
    pub states: StatesBook,
}

/// The table of promises.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClauseBook {
    /// File name without ending.
    pub file: String,
    /// Its one sheet.
    pub table: Table<ClauseField>,
}

/// Fonts (names as Windows knows them), sizes in points, tints, margins in millimetres.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Style {
    /// Of the title row.
    pub title_font: String,
    /// Of the title row.
    pub title_size: f64,
    /// Of header rows and totals.
    pub header_font: String,
    /// Of everything else.
    pub body_font: String,
    /// Of everything below the title.
    pub body_size: f64,
    /// Fill of header rows.
    pub header_tint: Tint,
    /// Fill of columns to be answered.
    pub answer_tint: Tint,
    /// Left, right, top, bottom.
    pub margins_mm: [f64; 4],
    /// In Excel's codes: `&P` page, `&N` pages.
    pub footer: String,
}

/// A colour, written `"D9E1F2"`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Tint(pub u32);

impl TryFrom<String> for Tint {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        u32::from_str_radix(&text, 16)
            .ok()
            .filter(|_| text.len() == 6)
            .map(Self)
            .ok_or_else(|| format!("颜色“{text}”应写成六位十六进制，如 D9E1F2"))
    }
}

/// Where text stands in its column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Align {
    /// Long text.
    #[default]
    Left,
    /// Short words and codes.
    Centre,
    /// Amounts and counts.
    Right,
}

/// What a village or department may write into a column.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Anything.
    Text,
    /// One entry of the named list.
    Choice(String),
    /// A date from 2000 on.
    Date,
    /// 18 characters.
    IdNumber,
}

/// One column; `F` says what may stand in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column<F> {
    /// Header; also what a returned workbook is read by.
    pub title: String,
    /// What stands in it.
    pub source: F,
    /// For sources that come in several parts, which one, from 1; the highest part of a table takes all that remain.
    #[serde(default = "first_part")]
    pub part: usize,
    /// In half-width characters.
    pub width: f64,
    /// Where text stands.
    #[serde(default)]
    pub align: Align,
    /// Present for programs, not shown or printed.
    #[serde(default)]
    pub hidden: bool,
    /// Left out of a list in which no row has anything to show in it.
    #[serde(default)]
    pub optional: bool,
    /// Whether a totals row adds it up.
    #[serde(default)]
    pub total: bool,
    /// For columns to be filled in: what is accepted.
    pub answer: Option<Answer>,
    /// Shown when a cell to be filled in is selected.
    pub hint: Option<String>,
}

fn first_part() -> usize {
    1
}

impl<F> Column<F> {
    /// The same column showing something else under another header.
    #[must_use]
    pub fn showing<G>(&self, source: G, title: &str) -> Column<G> {
        Column {
            title: title.to_owned(),
            source,
            part: self.part,
            width: self.width,
            align: self.align,
            hidden: self.hidden,
            optional: self.optional,
            total: self.total,
            answer: self.answer.clone(),
            hint: self.hint.clone(),
        }
    }
}

/// One table on one sheet.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table<F> {
    /// Sheet name where it is fixed; else empty.
    #[serde(default)]
    pub sheet: String,
    /// First row, merged across.
    pub title: String,
    /// Second row: left, centre, right.
    #[serde(default)]
    pub subtitle: Vec<String>,
    /// Columns that stay when scrolling sideways.
    #[serde(default)]
    pub freeze_columns: u16,
    /// Left to right.
    #[serde(rename = "column")]
    pub columns: Vec<Column<F>>,
    /// After the last row, side by side.
    #[serde(default)]
    pub signature: Vec<String>,
}

impl<F> Table<F> {
    /// The same table with other columns.
    #[must_use]
    pub fn with_columns<G>(&self, columns: Vec<Column<G>>) -> Table<G> {
        Table {
            sheet: self.sheet.clone(),
            title: self.title.clone(),
            subtitle: self.subtitle.clone(),
            freeze_columns: self.freeze_columns,
            columns,
            signature: self.signature.clone(),
        }
    }
}

/// Drop-down lists by name.
pub type Choices = BTreeMap<String, Vec<String>>;

/// A workbook of lists behind an index sheet.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListBook {
    /// File name without extension.
    pub file: String,
    /// What stands for a missing town, village or department.
    pub unplaced: String,
    /// The index sheet.
    pub index: Table<IndexField>,
    /// Each list.
    pub list: Table<ListField>,
    /// Drop-down lists by name.
    #[serde(default)]
    pub choices: Choices,
}

/// The workbook of identity corrections: a sheet per rule, all with the same columns at both ends.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityBook {
    /// File name without extension.
    pub file: String,
    /// What stands for a missing town or village.
    pub unplaced: String,
    /// The index sheet.
    pub index: Table<IndexField>,
    /// Second row of every sheet.
    pub subtitle: Vec<String>,
    /// Columns that stay when scrolling sideways.
    pub freeze_columns: u16,
    /// After the last row of every sheet.
    pub signature: Vec<String>,
    /// First columns of every sheet.
    pub before: Vec<Column<ListField>>,
    /// Last columns of every sheet.
    pub after: Vec<Column<ListField>>,
    /// One per rule; the last also takes identity rules that have no sheet of their own.
    pub sheets: Vec<IdentitySheet>,
    /// Drop-down lists by name.
    #[serde(default)]
    pub choices: Choices,
}

/// The sheet of one identity rule.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentitySheet {
    /// `identity.number_invalid`.
    pub rule: String,
    /// Sheet name.
    pub sheet: String,
    /// First row.
    pub title: String,
    /// Columns between those at both ends.
    #[serde(rename = "column")]
    pub columns: Vec<Column<ListField>>,
}

impl IdentityBook {
    /// The whole table of one sheet.
    #[must_use]
    pub fn table(&self, sheet: &IdentitySheet) -> Table<ListField> {
        Table {
            sheet: sheet.sheet.clone(),
            title: sheet.title.clone(),
            subtitle: self.subtitle.clone(),
            freeze_columns: self.freeze_columns,
            columns: [&self.before[..], &sheet.columns, &self.after].concat(),
            signature: self.signature.clone(),
        }
    }
}

/// `汇总.xlsx`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SummaryBook {
    /// File name without extension.
    pub file: String,
    /// Headline words, in order.
    pub headlines: Vec<Headline>,
    /// Rules with counts and money.
    pub overview: Table<RuleField>,
    /// Rules by towns; the town columns stand where [`CrossField::Towns`] does.
    pub cross: Table<CrossField>,
    /// What was taken in.
    pub intake: Table<IntakeField>,
    /// What was not evaluated, and banners.
    pub notes: Table<NoteField>,
    /// Paragraph above them where registers are short; what to run with follows.
    pub short: String,
    /// What became of the exemption list; written where there is one.
    pub exemptions: Table<ExemptionField>,
    /// Coverage.
    pub rates: Table<RateField>,
    /// Clauses in their own words.
    pub clauses: Table<RuleField>,
    /// Paragraphs above the clauses.
    pub reading: Vec<String>,
    /// Paragraph above the readings chosen.
    pub readings: String,
}

/// One headline number and its caption.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Headline {
    /// Caption: `疑点总数（条）`.
    pub title: String,
    /// Which number.
    pub source: HeadlineField,
}
