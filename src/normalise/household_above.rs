//! What a household's first row says for the rows below it.
//!
//! In lists made from forms with merged cells, code, head, town and village stand on a household's first row only. Takes chunks of rows in order; a
//! row of somebody who is not the head, blank in all of these, is of the household above it: the chunk is given anew with its blanks filled, and the
//! rows that were. A row that says any of them begins anew; a head who says none, or a line between rows, is of no household above. Cost: a look
//! at a few cells a row.

use super::field_column::first_cell;
use super::kinship;
use crate::model::columns::{HEAD_ID, HEAD_NAME, HOUSEHOLD_CODE};
use crate::model::raw::{CellKind, RawTable};

/// Fields that tell households apart, and those of them that a list of households has.
const TELLING: [&str; 5] = [HOUSEHOLD_CODE, HEAD_NAME, HEAD_ID, "town", "village"];
/// Filled where they are blank too.
const ALONG: [&str; 2] = ["group", "address"];

/// The columns, and what the row above says in them.
#[derive(Debug)]
pub(super) struct HouseholdAbove {
    telling: Vec<usize>,
    along: Vec<usize>,
    relation: Vec<usize>,
    above: Option<Vec<(usize, CellKind, String)>>,
}

impl HouseholdAbove {
    /// `None` where the columns cannot tell households.
    pub(super) fn new(at: &dyn Fn(&str) -> Vec<usize>, relation: Vec<usize>) -> Option<Self> {
        let of = |fields: &[&str]| fields.iter().flat_map(|field| at(field)).collect::<Vec<usize>>();
        let telling = of(&TELLING);
        let has_key = [HOUSEHOLD_CODE, HEAD_NAME].iter().any(|field| !at(field).is_empty());
        (has_key && telling.len() >= 2 && !relation.is_empty()).then(|| Self {
            telling,
            along: of(&ALONG),
            relation,
            above: None,
        })
    }

    /// The chunk with blanks filled, and the rows filled; `None` where there are none.
    pub(super) fn fill(&mut self, table: &RawTable) -> Option<(RawTable, Vec<usize>)> {
        let mut filled: Vec<(usize, Vec<(usize, CellKind, String)>)> = Vec::new();
        let cell =
            |position: usize, row: usize| table.columns.get(position).map_or((CellKind::Empty, ""), |column| column.get(row));
        for row in 0..table.rows.len() {
            if table.sections.iter().any(|section| section.at == row) {
                self.above = None;
            }
            let all = || self.telling.iter().chain(&self.along).map(|&position| (position, cell(position, row)));
            if self.telling.iter().any(|&position| cell(position, row).0 != CellKind::Empty) {
                let said = all().filter(|(_, (kind, _))| *kind != CellKind::Empty);
                self.above = Some(said.map(|(position, (kind, text))| (position, kind, text.to_owned())).collect());
                continue;
            }
            let relation = kinship::relation(first_cell(table, &self.relation, row).1);
            match (&self.above, relation) {
                (Some(above), Some(relation)) if relation != "户主" => filled.push((row, above.clone())),
                _ => self.above = None,
            }
        }
        if filled.is_empty() {
            return None;
        }
        let mut whole =
            RawTable { rows: table.rows.clone(), sections: table.sections.clone(), ..RawTable::of_width(table.columns.len()) };
        let mut next = filled.iter().peekable();
        for row in 0..table.rows.len() {
            let above = next.next_if(|(at, _)| *at == row).map(|(_, above)| above);
            for (position, column) in whole.columns.iter_mut().enumerate() {
                match cell(position, row) {
                    (CellKind::Empty, _) => {
                        let said = above.and_then(|above| above.iter().find(|(of, ..)| *of == position));
                        let (kind, text) = said.map_or((CellKind::Empty, ""), |(_, kind, text)| (*kind, text.as_str()));
                        column.push(kind, text);
                    }
                    (kind, text) => column.push(kind, text),
                }
            }
        }
        Some((whole, filled.into_iter().map(|(row, _)| row).collect()))
    }
}
