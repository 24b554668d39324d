//! What `ingest` gives: tables of text cells with their origin, and rows set aside with a reason.

use std::borrow::Cow;
use std::fmt;

use super::registry::RegistryId;
use super::words::words;

/// What stands behind an amount in a cell that was written once for several persons.
pub const OF_SEVERAL: &str = "（全户一笔）";

/// What a cell was in the file. Numbers in ID columns are not trusted, so the kind travels with the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CellKind {
    /// Nothing, or one of the words that mean nothing (`/`, `无`, `NULL`, `——`).
    Empty,
    /// Text, as typed.
    Text,
    /// A number: the text is its shortest exact decimal form (`520324199001010000`, `323`, `294.58`).
    Number,
    /// A real date cell: the text is `2018-06-30`.
    Date,
    /// A boolean cell: the text is `是` or `否`.
    Bool,
}

/// One sheet of one file (or the single table of a text file).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default, serde::Deserialize, serde::Serialize)]
pub struct SheetName {
    /// Path relative to its `--input` argument with `/`; inside a zip `zip/inner`.
    pub file: String,
    /// Sheet name; empty for text files.
    pub sheet: String,
}

/// One header cell that a table's column hangs from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderColumn {
    /// 0-based column of the sheet.
    pub index: u32,
    /// The header as written; the levels of a 2- or 3-row header joined with `/`, outermost first.
    pub text: String,
}

/// The head of a table: everything above its first data row.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct TableHead {
    /// Where it stands.
    pub name: SheetName,
    /// Row number Excel shows for the last header row (1-based).
    pub header_row: u32,
    /// The header cells, left to right.
    pub columns: Vec<HeaderColumn>,
    /// Texts above the header in reading order: title, 填报单位, dates, unit.
    pub preamble: Vec<String>,
    /// Whether its headers are the labels of a form (one household a sheet).
    pub is_form: bool,
}

impl TableHead {
    /// What may say of what the table is: lines above it that are no prose, the sheet's and the file's name.
    pub fn titles(&self) -> impl Iterator<Item = &str> + Clone {
        /// Longer lines are prose.
        const LONGEST: usize = 60;
        let lines = self.preamble.iter().map(String::as_str).filter(|line| line.chars().count() <= LONGEST);
        let file = self.name.file.rsplit('/').next().unwrap_or_default();
        lines.chain([self.name.sheet.as_str(), file])
    }
}

impl fmt::Debug for TableHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, header_row, columns, preamble, is_form } = self;
        write!(f, "TableHead({name:?} {header_row} {columns:?} below {} lines, {is_form})", preamble.len())
    }
}

/// A run of data rows of one table, by column.
#[derive(Clone, Debug, Default)]
pub struct RawTable {
    /// Row number that Excel shows (in text files the line where the record starts), ascending; several times where a row names several
    /// persons.
    pub rows: Vec<u32>,
    /// One per [`TableHead::columns`], same order; each as long as `rows`.
    pub columns: Vec<RawColumn>,
    /// Lines between rows that say something of them, in order.
    pub sections: Vec<Section>,
}

/// A line between rows that says something of them: `燕子坝村`, `村名：燕子坝村`, `燕子坝村小计`, `停保人员`, `2018年5月`.
#[derive(Clone, PartialEq, Eq)]
pub struct Section {
    /// Position in [`RawTable::rows`] of the first row below it.
    pub at: usize,
    /// Its own row number.
    pub row: u32,
    /// What it says, without what numbers and adorns it.
    pub text: String,
    /// What kind of thing that is.
    pub says: SectionSays,
}

impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Section({} {:?})", self.row, self.says)
    }
}

/// What a line between rows says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionSays {
    /// A place, or labels with places, of the rows below.
    Place,
    /// What is summed up, often a place: the rows are those above it, unless it stands above the first.
    Sum,
    /// A place of the rows below if it is one of the divisions', else the name of somebody who signs, or nothing.
    Perhaps,
    /// Months of the rows below.
    Months,
    /// Something else of the rows below.
    Words,
    /// That the place said before is over.
    Elsewhere,
}

impl RawTable {
    /// No rows yet, of `width` columns.
    #[must_use]
    pub fn of_width(width: usize) -> Self {
        Self { columns: vec![RawColumn::default(); width], ..Self::default() }
    }

    /// Carries over the sections that begin at the row at `from` in `other`; to be called before each row taken from there.
    pub fn begin_sections(&mut self, other: &Self, from: usize) {
        let here = self.rows.len();
        let begun = other.sections.iter().filter(|section| section.at == from);
        self.sections.extend(begun.map(|section| Section { at: here, ..section.clone() }));
    }
}

/// The cells of one column: text in one buffer, ends and kinds beside it. `Debug` says how many.
#[derive(Clone, Default)]
pub struct RawColumn {
    text: String,
    ends: Vec<u32>,
    kinds: Vec<CellKind>,
}

impl fmt::Debug for RawColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawColumn({} cells)", self.kinds.len())
    }
}

impl RawColumn {
    /// Appends a cell. An [`CellKind::Empty`] cell has empty text.
    pub fn push(&mut self, kind: CellKind, text: &str) {
        if kind != CellKind::Empty {
            self.text.push_str(text);
        }
        // A chunk is capped far below 4 GiB by ingest's limits; saturating keeps the slice bounds valid anyway.
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        self.kinds.push(kind);
    }

    /// The cell at `row` (an index into [`RawTable::rows`]); empty outside the table.
    #[must_use]
    pub fn get(&self, row: usize) -> (CellKind, &str) {
        let Some(&kind) = self.kinds.get(row) else { return (CellKind::Empty, "") };
        let start = if row == 0 { 0 } else { self.ends[row - 1] as usize };
        (kind, self.text.get(start..self.ends[row] as usize).unwrap_or(""))
    }

    /// Number of cells.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Whether there are no cells.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// Drops the cells, keeps the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.kinds.clear();
    }
}

words! {
    /// Why a row below the header was set aside. Rows in = rows kept + rows rejected.
    /// Its word is the value in `rejects.parquet` and `run.json`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum RejectReason {
        /// 小计, 合计, 总计.
        Subtotal = "subtotal", "小计、合计行";
        /// 注：…, 说明, 审核人： 填表人：.
        Note = "note", "注释、签字行";
        /// The header again at a page break.
        RepeatedHeader = "repeated_header", "重复的表头";
        /// Part of another table further down in the sheet.
        OtherTable = "other_table", "同一工作表里的另一张表";
        /// Every cell equals an earlier row of the same registry and grain.
        DuplicateRow = "duplicate_row", "与前面的行完全相同";
        /// Neither name nor number.
        NoIdentity = "no_identity", "既无姓名也无证件号码";
        /// A cell could not be decoded or is over a limit.
        Unreadable = "unreadable", "无法读取";
        /// A newer snapshot of the registry replaces the file.
        Superseded = "superseded", "已有更新的数据";
        /// The row's month lies after the period.
        AfterPeriod = "after_period", "晚于本期";
        /// A line of a text file with more or fewer fields than the header, or with a quote that is not closed on it.
        Torn = "torn", "格数与表头不符，或引号没有成对";
        /// A hidden row, where the pipeline leaves these out.
        Hidden = "hidden", "隐藏的行";
        /// A row struck through, where the pipeline leaves these out.
        Struck = "struck", "划了删除线的行";
        /// One cell names several persons who cannot be told apart.
        SeveralPersons = "several_persons", "一格里写了几个人，分不开";
        /// The row slipped against its header in a way that cannot be put right: a number stands under another column.
        Shifted = "shifted", "与表头错开，号码不在号码列";
        /// Neither name nor number, but the row says of somebody what a row of a person says.
        Nameless = "nameless", "写了某人的情况，却没有姓名和证件号码";
        /// Its own type says that it is of another project: an outpatient's bill among those of inpatients.
        OtherProject = "other_project", "类型一栏写的是别的项目";
    }
}

impl RejectReason {
    /// Reasons of rows that may be somebody's: who is not found in the register may stand in one of them.
    pub const SOMEBODY: [Self; 5] = [Self::Torn, Self::SeveralPersons, Self::Unreadable, Self::Shifted, Self::Nameless];
}

/// A row set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Row number that Excel shows.
    pub row: u32,
    /// Why.
    pub reason: RejectReason,
    /// What the row said, already masked ([`super::personal::mask`]).
    pub masked: String,
}

/// A file, or a sheet of it, that is refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub struct Refusal {
    /// File, and the sheet where only that is refused (else empty).
    pub name: SheetName,
    /// Stable kebab-case code for `run.json`: `password-protected`, `unknown-format`, `unknown-registry`, `cross-tab`, …
    pub code: Cow<'static, str>,
    /// What is wrong, where (row, column, byte) and why; one sentence, no personal value in the clear.
    pub what: String,
    /// What to do about it.
    pub hint: String,
}

/// Which registry a table is and which of its columns are which fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The registry recognised or pinned.
    pub registry: RegistryId,
    /// Field name → position in [`TableHead::columns`]; several columns may give one field (first non-empty wins, in this order).
    pub fields: Vec<(String, usize)>,
    /// Positions in [`TableHead::columns`] that no field takes.
    pub left_over: Vec<usize>,
    /// Whether a pipeline's pin decided it instead of the headers.
    pub pinned: bool,
}
