//! What a household's first row says for the rows below it.
//!
//! In lists made from forms with merged cells, code, head, town and village stand on a household's first row only. Takes chunks of rows in order; a
//! row of somebody who is not the head, blank in all of these, is of the household above it: the chunk is given anew with its blanks filled, and the
//! rows that were. A row that says any of them begins anew; a head who says none, or a line between rows, is of no household above. Cost: a look
//! at a few cells a row.

use super::cells::first_cell;
use super::kinship;
use crate::model::columns::{HEAD_ID, HEAD_NAME, HOUSEHOLD_CODE};
use crate::model::raw::{CellKind, RawTable};

/// Fields that tell households apart, and those of them that a list of households has.
const TELLING: [&str; 5] = [HOUSEHOLD_CODE, HEAD_NAME, HEAD_ID, "town", "village"];
/// Filled where they are blank too.
const ALONG: [&str; 2] = ["group", "address"];

/// The columns, and what the last row of the chunks before says in them.
pub(super) struct HouseholdAbove {
    telling: Vec<usize>,
    along: Vec<usize>,
    relation: Vec<usize>,
    held: Vec<(usize, CellKind, String)>,
}

/// The row that a household begins with.
#[derive(Clone, Copy)]
enum First {
    Nowhere,
    /// In a chunk before.
    Held,
    Row(usize),
}

impl HouseholdAbove {
    /// `None` where the columns cannot tell households.
    pub(super) fn new(at: &dyn Fn(&str) -> Vec<usize>, relation: Vec<usize>) -> Option<Self> {
        let of = |fields: &[&str]| fields.iter().flat_map(|field| at(field)).collect::<Vec<usize>>();
        let telling = of(&TELLING);
        let has_key = [HOUSEHOLD_CODE, HEAD_NAME].iter().any(|field| !at(field).is_empty());
        let tells = has_key && telling.len() >= 2 && !relation.is_empty();
        tells.then(|| Self { telling, along: of(&ALONG), relation, held: Vec::new() })
    }

    /// The chunk with blanks filled, and the rows filled; `None` where there are none.
    pub(super) fn fill(&mut self, table: &RawTable) -> Option<(RawTable, Vec<usize>)> {
        let cell =
            |position: usize, row: usize| table.columns.get(position).map_or((CellKind::Empty, ""), |column| column.get(row));
        let mut filled: Vec<(usize, First)> = Vec::new();
        let mut first = if self.held.is_empty() { First::Nowhere } else { First::Held };
        let mut sections = table.sections.iter().peekable();
        for row in 0..table.rows.len() {
            while sections.next_if(|section| section.at <= row).is_some() {
                first = First::Nowhere;
            }
            if self.telling.iter().any(|&position| cell(position, row).0 != CellKind::Empty) {
                first = First::Row(row);
            } else if !matches!(first, First::Nowhere) {
                let relation = kinship::relation(first_cell(table, &self.relation, row).1);
                if relation.is_some_and(|relation| relation != "户主") {
                    filled.push((row, first));
                } else {
                    first = First::Nowhere;
                }
            }
        }
        let whole = (!filled.is_empty()).then(|| self.filled(table, &filled));
        match first {
            First::Row(row) => {
                let said = self.telling.iter().chain(&self.along).map(|&position| (position, cell(position, row)));
                let said = said.filter(|(_, (kind, _))| *kind != CellKind::Empty);
                self.held = said.map(|(position, (kind, text))| (position, kind, text.to_owned())).collect();
            }
            First::Nowhere => self.held.clear(),
            First::Held => {}
        }
        whole.map(|whole| (whole, filled.into_iter().map(|(row, _)| row).collect()))
    }

    fn filled(&self, table: &RawTable, filled: &[(usize, First)]) -> RawTable {
        let mut whole =
            RawTable { rows: table.rows.clone(), sections: table.sections.clone(), ..RawTable::of_width(table.columns.len()) };
        let mut next = filled.iter().peekable();
        for row in 0..table.rows.len() {
            let first = next.next_if(|(at, _)| *at == row).map_or(First::Nowhere, |(_, first)| *first);
            for (position, (from, to)) in table.columns.iter().zip(&mut whole.columns).enumerate() {
                let is_the_household_s = || self.telling.contains(&position) || self.along.contains(&position);
                let (kind, text) = match (from.get(row), first) {
                    ((CellKind::Empty, _), First::Row(first)) if is_the_household_s() => from.get(first),
                    ((CellKind::Empty, _), First::Held) => {
                        let held = self.held.iter().find(|(of, ..)| *of == position);
                        held.map_or((CellKind::Empty, ""), |(_, kind, text)| (*kind, text.as_str()))
                    }
                    (own, _) => own,
                };
                to.push(kind, text);
            }
        }
        whole
    }
}
