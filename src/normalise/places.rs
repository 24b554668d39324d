//! The place columns of a sheet: every distinct text is resolved once.

use std::collections::HashMap;

use arrow::array::StringBuilder;

use super::field_column::{Notes, append, first_cell};
use super::repair::{Repair, Repairs};
use crate::config::divisions::Edition;
use crate::config::divisions::place::{Likeness, Place, PlaceState, PlaceText, TownSource};
use crate::model::raw::{RawTable, TableHead};

/// Distinct place texts remembered per sheet; beyond that they are house numbers and not worth the memory.
const REMEMBERED: usize = 100_000;

/// The town that the sheet's name speaks of, else the file's, else its folders'.
pub(super) fn town_hint(edition: &Edition, head: &TableHead) -> String {
    let names = std::iter::once(head.name.sheet.as_str()).chain(head.name.file.rsplit('/'));
    names.filter_map(|name| edition.town_in(name)).map(|town| town.name.clone()).next().unwrap_or_default()
}

/// The place columns and every distinct text met.
pub(super) struct Places<'a> {
    /// County, town, village, group, address.
    positions: [Vec<usize>; 5],
    hint: String,
    met: HashMap<String, Place<'a>>,
    key: String,
    pub(super) columns: [StringBuilder; 6],
}

impl<'a> Places<'a> {
    pub(super) fn new(positions: [Vec<usize>; 5], hint: String) -> Self {
        Self { positions, hint, met: HashMap::new(), key: String::new(), columns: Default::default() }
    }

    pub(super) fn push(&mut self, table: &RawTable, kept: &[usize], edition: &'a Edition, note: &mut Notes<'_>) {
        for (&row, at) in kept.iter().zip(0..) {
            let texts: [&str; 5] = std::array::from_fn(|part| first_cell(table, &self.positions[part], row).1);
            self.key.clear();
            for text in texts {
                self.key.push_str(text);
                self.key.push('\u{1f}');
            }
            if let Some(place) = self.met.get(&self.key) {
                write_place(&mut self.columns, place, texts, at, note);
                continue;
            }
            let [county, town, village, group, address] = texts;
            let place = edition.place(&PlaceText { county, town, village, group, address, hint: &self.hint });
            write_place(&mut self.columns, &place, texts, at, note);
            if self.met.len() < REMEMBERED {
                self.met.insert(self.key.clone(), place);
            }
        }
    }
}

fn write_place(columns: &mut [StringBuilder; 6], place: &Place<'_>, texts: [&str; 5], at: u32, note: &mut Notes<'_>) {
    let [town, town_code, village, village_code, group, raw] = columns;
    town.append_option(place.town.map(|town| &town.name));
    town_code.append_option(place.town.map(|town| &town.code));
    village.append_option(place.village.map(|village| &village.name));
    village_code.append_option(place.village.map(|village| &village.code));
    group.append_option(place.group.as_ref());
    let repairs = repairs(place);
    note.all(at, repairs);
    let is_repaired = repairs.iter().any(|repair| repair != Repair::TownFromSheet);
    if is_repaired || place.left_over || matches!(place.state, PlaceState::Unknown | PlaceState::Elsewhere) {
        append(raw, &texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("/"));
    } else {
        raw.append_null();
    }
}

/// What was done to come to the place.
fn repairs(place: &Place<'_>) -> Repairs {
    let mut repairs = Repairs::default();
    match place.town_from {
        TownSource::Written => {}
        TownSource::Sheet => repairs.insert(Repair::TownFromSheet),
        TownSource::Village => repairs.insert(Repair::TownFromVillage),
    }
    for by in [place.town_by, place.village_by] {
        match by {
            Likeness::Same => {}
            Likeness::Sound => repairs.insert(Repair::Sound),
            Likeness::Shape => repairs.insert(Repair::Shape),
            Likeness::Slip | Likeness::Half => repairs.insert(Repair::Slip),
        }
    }
    if place.contradicts {
        repairs.insert(Repair::OtherTown);
    }
    repairs
}
