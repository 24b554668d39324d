//! The place columns of a sheet: every distinct text is resolved once.

use std::collections::HashMap;

use arrow::array::StringBuilder;

use super::field_column::{Notes, append, first_cell};
use super::repair::{Repair, Repairs};
use super::sheet_place::{SheetPlace, town_stem};
use crate::config::divisions::Edition;
use crate::config::divisions::place::{Likeness, Place, PlaceState, PlaceText, TownSource};
use crate::model::raw::RawTable;

/// Distinct place texts remembered per sheet; beyond that they are house numbers and not worth the memory.
const REMEMBERED: usize = 100_000;

/// The place columns and every distinct text met.
pub(super) struct Places<'a> {
    /// County, town, village, group, address.
    positions: [Vec<usize>; 5],
    of_sheet: SheetPlace,
    /// The last place that stood alone above rows.
    section: SheetPlace,
    met: HashMap<String, Place<'a>>,
    key: String,
    pub(super) columns: [StringBuilder; 6],
}

impl<'a> Places<'a> {
    pub(super) fn new(positions: [Vec<usize>; 5], mut of_sheet: SheetPlace) -> Self {
        let [_, _, village, _, address] = &positions;
        // A blank cell in a column of villages is unknown.
        if !(village.is_empty() && address.is_empty()) {
            of_sheet.village.clear();
            of_sheet.group.clear();
        }
        let (section, met, key) = (SheetPlace::default(), HashMap::new(), String::new());
        Self { positions, of_sheet, section, met, key, columns: Default::default() }
    }

    pub(super) fn push(&mut self, table: &RawTable, kept: &[usize], edition: &'a Edition, note: &mut Notes<'_>) {
        let mut sections = table.sections.iter().peekable();
        for (&row, at) in kept.iter().zip(0..) {
            while let Some((_, text)) = sections.next_if(|(from, _)| *from <= row) {
                self.section.enter(text);
            }
            let [county, mut town, mut village, mut group, address]: [&str; 5] =
                std::array::from_fn(|part| first_cell(table, &self.positions[part], row).1);
            let (of_section, of_sheet) = (&self.section, &self.of_sheet);
            let mut inherits = false;
            if town.is_empty() && address.is_empty() {
                town = &of_section.town;
            }
            if village.is_empty() && address.is_empty() {
                if !of_section.village.is_empty() {
                    village = &of_section.village;
                } else if town.is_empty() || (!of_sheet.town.is_empty() && town.contains(town_stem(&of_sheet.town))) {
                    village = &of_sheet.village;
                }
                inherits = !village.is_empty();
            }
            if group.is_empty() && address.is_empty() {
                group = if of_section.group.is_empty() && inherits { &of_sheet.group } else { &of_section.group };
            }
            let texts = [county, town, village, group, address];
            self.key.clear();
            for text in texts {
                self.key.push_str(text);
                self.key.push('\u{1f}');
            }
            let known = self.met.get(&self.key);
            let found = known
                .is_none()
                .then(|| edition.place(&PlaceText { county, town, village, group, address, hint: &of_sheet.town }));
            if let Some(place) = known.or(found.as_ref()) {
                write_place(&mut self.columns, place, texts, at, note);
                note.unless(!(inherits && place.village.is_some()), at, Repair::VillageFromSheet);
            }
            if let Some(place) = found.filter(|_| self.met.len() < REMEMBERED) {
                self.met.insert(self.key.clone(), place);
            }
        }
        for (_, text) in sections {
            self.section.enter(text);
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
