//! What `normalise` gives: canonical columns per registry, every row with its origin.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use arrow::array::{Array, BooleanArray, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray};

use super::columns::{MONTH, TOWN, TOWN_CODE, YEAR};
use super::date::{Day, Month};
use super::raw::SheetName;
use super::registry::{Grain, RegistryId};

/// A row over all registries of a run: registries in spine order, rows in source order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(pub u32);

/// A sheet that rows came from, with what its columns are called there.
#[derive(Clone, Debug, PartialEq, Eq, Default, serde::Deserialize, serde::Serialize)]
pub struct SourceSheet {
    /// File and sheet.
    pub name: SheetName,
    /// Field → header text as written, for evidence.
    pub headers: Vec<(String, String)>,
    /// The day the data speak for, where the file says.
    pub data_date: Option<Day>,
}

impl SourceSheet {
    /// The header that gave `field`; `None` for a field made from others, such as the birth date that a number holds.
    #[must_use]
    pub fn header(&self, field: &str) -> Option<&str> {
        self.headers.iter().find(|(name, _)| name == field).map(|(_, header)| header.as_str())
    }
}

/// All kept rows of one registry: one batch, columns by name (absent column = registry's files never had it).
///
/// `sheets[i]`/`rows[i]` are the origin of row `i`; rows are ordered by file path, sheet position, row.
#[derive(Clone)]
pub struct RegistryRecords {
    /// Which registry.
    pub registry: RegistryId,
    /// What a row stands for.
    pub grain: Grain,
    /// Canonical columns, see [`super::field::FieldKind::columns`] and [`super::columns`].
    pub batch: RecordBatch,
    /// Index into [`RecordSet::sources`] per row.
    pub sheets: Vec<u32>,
    /// Row number that Excel shows, per row; the same several times, one after the other, where a row names several persons.
    pub rows: Vec<u32>,
}

// RecordBatch's own Debug prints cells.
impl fmt::Debug for RegistryRecords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegistryRecords({}, {} rows)", self.registry, self.rows.len())
    }
}

impl RegistryRecords {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Which of the persons that its source row names a row is: 0 unless there are several.
    #[must_use]
    pub fn part(&self, row: usize) -> u32 {
        let source = |row: usize| (self.sheets.get(row), self.rows.get(row));
        (0..row).rev().take_while(|&before| source(before) == source(row)).zip(1..).last().map_or(0, |(_, part)| part)
    }

    /// A `Utf8` column, if the registry has it.
    #[must_use]
    pub fn text(&self, column: &str) -> Option<&StringArray> {
        self.batch.column_by_name(column)?.as_any().downcast_ref()
    }

    /// The text at `row`, `None` for null or a column that is not there.
    #[must_use]
    pub fn text_at(&self, column: &str, row: usize) -> Option<&str> {
        let array = self.text(column)?;
        array.is_valid(row).then(|| array.value(row))
    }

    /// An `Int64` column (money in fen, counts).
    #[must_use]
    pub fn int(&self, column: &str) -> Option<&Int64Array> {
        self.batch.column_by_name(column)?.as_any().downcast_ref()
    }

    /// An `Int32` column (months as `yyyymm`, years).
    #[must_use]
    pub fn int32(&self, column: &str) -> Option<&Int32Array> {
        self.batch.column_by_name(column)?.as_any().downcast_ref()
    }

    /// Towns that have rows for other months and none for this one or without a month, where another town has: their list has not come. By
    /// code, with the name.
    #[must_use]
    pub fn towns_without(&self, month: Month) -> BTreeMap<&str, &str> {
        let Some(months) = self.int32(MONTH) else { return BTreeMap::new() };
        let is_of_month = |row: usize| months.is_null(row) || months.value(row) == month.yyyymm();
        if (0..self.len()).all(is_of_month) {
            return BTreeMap::new();
        }
        let (codes, names) = (self.text(TOWN_CODE), self.text(TOWN));
        let (mut sent, mut others): (BTreeSet<&str>, BTreeMap<&str, &str>) = (BTreeSet::new(), BTreeMap::new());
        for row in 0..self.len() {
            let Some(code) = codes.filter(|codes| codes.is_valid(row)).map(|codes| codes.value(row)) else { continue };
            if is_of_month(row) {
                sent.insert(code);
            } else {
                others.insert(code, names.filter(|names| names.is_valid(row)).map_or("", |names| names.value(row)));
            }
        }
        others.retain(|code, _| !sent.is_empty() && !sent.contains(code));
        others
    }

    /// The last year that rows are for, where every row says one and none says this.
    #[must_use]
    pub fn other_year(&self, year: i32) -> Option<i32> {
        let years = self.int32(YEAR).filter(|years| years.null_count() == 0)?;
        let last = years.values().iter().copied().max()?;
        (!years.values().contains(&year)).then_some(last)
    }

    /// A `Date32` column.
    #[must_use]
    pub fn date(&self, column: &str) -> Option<&Date32Array> {
        self.batch.column_by_name(column)?.as_any().downcast_ref()
    }

    /// A `Boolean` column.
    #[must_use]
    pub fn flag(&self, column: &str) -> Option<&BooleanArray> {
        self.batch.column_by_name(column)?.as_any().downcast_ref()
    }
}

/// Every kept row of a run.
#[derive(Clone, Debug, Default)]
pub struct RecordSet {
    /// Sheets that rows came from, ordered by file path and sheet position.
    pub sources: Vec<SourceSheet>,
    /// Registries in spine order, then by id; one entry each, but for tables whose text no one array holds: these have several side by side.
    pub registries: Vec<RegistryRecords>,
}

impl RecordSet {
    /// Total rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.registries.iter().map(RegistryRecords::len).sum()
    }

    /// Whether no row was kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// First [`RowId`] of the registry at `position`.
    #[must_use]
    pub fn offset(&self, position: usize) -> u32 {
        u32::try_from(self.registries.iter().take(position).map(RegistryRecords::len).sum::<usize>()).unwrap_or(u32::MAX)
    }

    /// Registry position and row within it; `None` past the end.
    #[must_use]
    pub fn locate(&self, row: RowId) -> Option<(usize, usize)> {
        let mut left = row.0 as usize;
        for (position, records) in self.registries.iter().enumerate() {
            if left < records.len() {
                return Some((position, left));
            }
            left -= records.len();
        }
        None
    }

    /// The registry with this id.
    #[must_use]
    pub fn registry(&self, id: &str) -> Option<(usize, &RegistryRecords)> {
        self.registries.iter().enumerate().find(|(_, records)| records.registry.as_str() == id)
    }

    /// The sheet and Excel row that `row` of the registry at `position` came from.
    #[must_use]
    pub fn origin(&self, position: usize, row: usize) -> Option<(&SourceSheet, u32)> {
        let records = self.registries.get(position)?;
        Some((self.sources.get(*records.sheets.get(row)? as usize)?, *records.rows.get(row)?))
    }
}
