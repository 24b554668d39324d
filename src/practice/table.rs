//! A registry's rows before anyone lays them out on a sheet.

use crate::model::date::Day;

/// What stands in one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Empty,
    Text(String),
    /// A number cell where the format has them; also an ID number that went through a float.
    Number(i64),
    /// Fen, written in yuan.
    Money(i64),
    Date(Day),
}

impl Cell {
    /// As a text file has it.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Money(fen) if fen % 100 == 0 => (fen / 100).to_string(),
            Self::Money(fen) => format!("{}.{:02}", fen / 100, fen % 100),
            Self::Date(day) => day.to_string(),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(text.to_owned()) }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }
}

/// One row of a registry.
pub(super) struct Row {
    /// Whose row it is; nobody's on a list of villages.
    pub(super) pid: Option<u32>,
    pub(super) household: u32,
    /// Position of the town, for registries that are kept town by town.
    pub(super) town: u32,
    pub(super) cells: Vec<Cell>,
}

/// A registry of one month.
pub(super) struct Table {
    pub(super) registry: &'static str,
    /// `2018-06农村低保发放明细`.
    pub(super) title: String,
    /// `正安县民政局`.
    pub(super) office: &'static str,
    pub(super) headers: Vec<&'static str>,
    pub(super) rows: Vec<Row>,
}

impl Table {
    /// Moves the rows that `wanted` picks into a table of their own.
    pub(super) fn split_off(&mut self, wanted: impl Fn(&Row) -> bool) -> Self {
        let (taken, left) = std::mem::take(&mut self.rows).into_iter().partition(|row| wanted(row));
        self.rows = left;
        Self {
            registry: self.registry,
            title: self.title.clone(),
            office: self.office,
            headers: self.headers.clone(),
            rows: taken,
        }
    }

    /// Splits into one table per town, in town order; towns without rows are left out.
    pub(super) fn by_town(mut self) -> Vec<(u32, Self)> {
        let mut towns: Vec<u32> = self.rows.iter().map(|row| row.town).collect();
        towns.sort_unstable();
        towns.dedup();
        towns.into_iter().map(|town| (town, self.split_off(|row| row.town == town))).collect()
    }
}
