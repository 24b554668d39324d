//! The place columns of a sheet: every distinct text is resolved once.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringArray, StringBuilder};

use super::cells::{append, first_cell};
use super::repair::{Notes, Repair, Repairs};
use super::sheet_place::{SheetPlace, is_named_place, listed_place, town_stem};
use crate::config::divisions::Edition;
use crate::config::divisions::place::{Likeness, Place, PlaceState, PlaceText, TownSource};
use crate::model::raw::{RawTable, Section, SectionSays, TableHead};

/// Distinct place texts remembered per sheet; beyond that they are house numbers and not worth the memory.
const REMEMBERED: usize = 100_000;

/// The place columns and every distinct text met.
pub(super) struct Places<'a> {
    /// County, town, village, group, address.
    positions: [Vec<usize>; 5],
    of_sheet: SheetPlace,
    /// The last place that stood alone above rows.
    section: SheetPlace,
    /// Places that stood alone and are not on the list.
    unlisted: Vec<Unlisted>,
    /// Whether the last place is one of them.
    is_unlisted: bool,
    /// Whether of two columns of towns one says by its header that it is the registered one.
    is_registered: bool,
    /// Rows with two towns.
    differing: u64,
    sums: Option<Sums>,
    /// Rows without a village of their own or of a line above, since the last line that sums up.
    open: Vec<u32>,
    /// Rows and the line below that sums them up.
    summed: Vec<(Vec<u32>, String)>,
    met: HashMap<String, Place<'a>>,
    /// The code of each town that two columns name differently.
    towns: HashMap<String, Option<&'a str>>,
    key: String,
    columns: [StringBuilder; 6],
}

/// A place that stood alone and is not on the list, or not the only one.
struct Unlisted {
    row: u32,
    text: String,
    /// Whether not even its town is known.
    is_townless: bool,
    /// Rows that took it.
    rows: u64,
}

/// Where lines that sum up stand: above or below the rows they are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sums {
    Above,
    Below,
}

impl<'a> Places<'a> {
    pub(super) fn new(mut positions: [Vec<usize>; 5], mut of_sheet: SheetPlace, head: &TableHead) -> Self {
        // Registers are kept where people are registered, whichever column stands first.
        let registered = |at: &usize| head.columns.get(*at).is_some_and(|column| column.text.contains("户籍"));
        positions[1].sort_by_key(|at| !registered(at));
        positions[2].sort_by_key(|at| !registered(at));
        let is_registered = positions[1].iter().filter(|at| registered(at)).count() == 1;
        let [_, _, village, _, address] = &positions;
        // A blank cell in a column of villages is unknown.
        if !(village.is_empty() && address.is_empty()) {
            of_sheet.village.clear();
            of_sheet.group.clear();
            of_sheet.unclear = None;
        }
        // Nor does it matter which town a sheet is of where each row says it.
        if !positions[1].is_empty() {
            of_sheet.unclear_town = None;
        }
        Self {
            positions,
            of_sheet,
            section: SheetPlace::default(),
            unlisted: Vec::new(),
            is_unlisted: false,
            is_registered,
            differing: 0,
            sums: None,
            open: Vec::new(),
            summed: Vec::new(),
            met: HashMap::new(),
            towns: HashMap::new(),
            key: String::new(),
            columns: Default::default(),
        }
    }

    /// What the sheet says of a place that nobody can tell: two towns, or a village by a name which several towns have.
    pub(super) fn unclear(&self) -> Option<String> {
        self.of_sheet.unclear_town.clone().or_else(|| self.of_sheet.unclear.clone())
    }

    pub(super) fn push(&mut self, table: &RawTable, kept: &[usize], edition: &'a Edition, note: &mut Notes<'_>) {
        let mut sections = table.sections.iter().peekable();
        for (&row, at) in kept.iter().zip(0..) {
            while let Some(section) = sections.next_if(|section| section.at <= row) {
                self.enter(section, edition);
            }
            let [county, mut town, mut village, mut group, address]: [&str; 5] =
                std::array::from_fn(|part| first_cell(table, &self.positions[part], row).1);
            let differing = self.differing_towns(table, row, edition);
            let (of_section, of_sheet) = (&self.section, &self.of_sheet);
            let mut inherits = false;
            let is_told = !(town.is_empty() && village.is_empty() && address.is_empty());
            if differing.is_some() || of_section.is_unknown && !is_told {
                let (one, other) = differing.unwrap_or((&of_section.village, ""));
                write_place(&mut self.columns, &Place::unknown(), ["", one, other, group, ""], at, note);
                if differing.is_some() {
                    self.differing += 1;
                } else if let Some(last) = self.unlisted.last_mut() {
                    last.rows += 1;
                }
                continue;
            }
            if town.is_empty() && address.is_empty() {
                town = &of_section.town;
            }
            if village.is_empty() && address.is_empty() {
                if of_section.village.is_empty() {
                    self.open.extend((self.sums != Some(Sums::Above)).then_some(note.log.base + at));
                    let is_this = |of: &str| !of.is_empty() && town.contains(town_stem(of));
                    if town.is_empty() || is_this(&of_sheet.town) || is_this(&of_sheet.town_of_village) {
                        village = &of_sheet.village;
                    }
                } else {
                    village = &of_section.village;
                }
                if let Some(last) = self.unlisted.last_mut().filter(|_| self.is_unlisted) {
                    last.rows += 1;
                }
                inherits = !village.is_empty();
            }
            if group.is_empty() && address.is_empty() {
                let of_sheet_s = of_section.group.is_empty() && of_section.village.is_empty() && inherits;
                group = if of_sheet_s { &of_sheet.group } else { &of_section.group };
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
        for section in sections {
            self.enter(section, edition);
        }
    }

    /// Two columns of towns that say two towns for a row.
    fn differing_towns<'t>(&mut self, table: &'t RawTable, row: usize, edition: &'a Edition) -> Option<(&'t str, &'t str)> {
        let of_row = |at: &usize| table.columns.get(*at).map(|column| column.get(row).1).filter(|text| !text.is_empty());
        let mut texts = self.positions[1].iter().filter_map(of_row);
        let first = texts.next().filter(|_| !self.is_registered)?;
        let known = &mut self.towns;
        let mut code = |town: &str| {
            if let Some(code) = known.get(town) {
                return *code;
            }
            let place = edition.place(&PlaceText { town, ..PlaceText::default() });
            let code = place.town.map(|town| town.code.as_str());
            if known.len() < REMEMBERED {
                known.insert(town.to_owned(), code);
            }
            code
        };
        texts
            .find(|other| *other != first && code(first).zip(code(other)).is_some_and(|(one, other)| one != other))
            .map(|other| (first, other))
    }

    /// A line that says a place. One that sums up is of the rows above it, unless one stood above all rows.
    fn enter(&mut self, section: &Section, edition: &Edition) {
        let is_listed = || listed_place(&section.text, edition).is_some();
        let is_sum = match section.says {
            SectionSays::Place => false,
            SectionSays::Sum if is_named_place(&section.text) || is_listed() => true,
            SectionSays::Perhaps if is_listed() => false,
            SectionSays::Elsewhere => {
                (self.section, self.is_unlisted) = (SheetPlace::default(), false);
                return;
            }
            SectionSays::Sum | SectionSays::Perhaps | SectionSays::Months | SectionSays::Words => return,
        };
        if is_sum && !self.open.is_empty() {
            self.sums = Some(Sums::Below);
            self.summed.push((std::mem::take(&mut self.open), section.text.clone()));
        } else if !is_sum || self.sums != Some(Sums::Below) {
            if is_sum && !self.section.village.is_empty() && self.sums.is_none() {
                // The end of a section that a line above it has begun.
                return;
            }
            if is_sum {
                self.sums = Some(Sums::Above);
            }
            self.section.enter(&section.text, &self.of_sheet.town, edition);
            let SheetPlace { town, village, group, .. } = &self.section;
            let place = edition.place(&PlaceText { town, village, group, hint: &self.of_sheet.town, ..PlaceText::default() });
            let is_missing = |text: &str, is_known: bool| !text.is_empty() && !is_known;
            let unknown = [(town, place.town.is_some()), (village, place.village.is_some())];
            self.is_unlisted = self.section.is_unknown || unknown.into_iter().any(|(text, known)| is_missing(text, known));
            if self.is_unlisted {
                let is_townless = self.section.is_unknown || place.town.is_none();
                self.unlisted.push(Unlisted { row: section.row, text: section.text.clone(), is_townless, rows: 0 });
            }
            self.open.clear();
        }
    }

    /// What is told of rows with two columns of towns.
    pub(super) fn differing(&self) -> Option<String> {
        (self.differing > 0).then(|| {
            format!(
                "{} 行的两列乡镇写的不是一个镇：分不清是哪一个，镇、村按空处理；请只留一列，或写明哪一列是户籍所在乡镇",
                self.differing
            )
        })
    }

    /// Places above rows that are not on the list, as they are told.
    pub(super) fn unlisted(&self) -> impl Iterator<Item = String> {
        const TOLD: usize = 5;
        let taken = || self.unlisted.iter().filter(|place| place.rows > 0);
        let more = taken().count().saturating_sub(TOLD);
        let line = |Unlisted { row, text, is_townless, rows }: &Unlisted| {
            let what = if *is_townless { "镇、村" } else { "村" };
            format!("第 {row} 行“{text}”不在区划表里，或不是只有一个：下面 {rows} 行的{what}按空处理；请核对地名，或补进区划表")
        };
        let more = (more > 0).then(|| format!("另有 {more} 行这样的地名不在区划表里"));
        taken().take(TOLD).map(line).chain(more)
    }

    /// The columns; rows above a line that sums up are of its place. `note` is called with positions of rows.
    pub(super) fn finish(mut self, edition: &Edition, note: &mut Notes<'_>) -> [ArrayRef; 6] {
        let arrays = self.columns.each_mut().map(StringBuilder::finish);
        if self.summed.is_empty() {
            return arrays.map(|array| Arc::new(array) as ArrayRef);
        }
        let mut places = self.summed.iter().flat_map(|(rows, text)| rows.iter().map(move |row| (*row, text))).peekable();
        let mut columns: [StringBuilder; 6] = Default::default();
        let [town, _, _, _, group, _] = &arrays;
        for row in 0..town.len() {
            let said = places.next_if(|(at, _)| *at as usize == row).map(|(at, text)| {
                let of_row = |array: &StringArray| if array.is_valid(row) { array.value(row).to_owned() } else { String::new() };
                let within = if edition.town_named(text).is_some() { String::new() } else { of_row(town) };
                let mut said = SheetPlace { town: within, ..SheetPlace::default() };
                said.enter(text, &self.of_sheet.town, edition);
                (at, said, of_row(town), of_row(group))
            });
            let place = said.as_ref().filter(|(_, said, ..)| !said.is_unknown).map(|(at, said, town, group)| {
                let town = if town.is_empty() { &said.town } else { town };
                let texts = PlaceText { town, village: &said.village, group, hint: &self.of_sheet.town, ..PlaceText::default() };
                (*at, texts, edition.place(&texts))
            });
            let is_new = |place: &Place<'_>| place.village.is_some() || town.is_null(row) && place.town.is_some();
            match place.filter(|(.., place)| is_new(place)) {
                Some((at, PlaceText { town, village, group, .. }, place)) => {
                    write_place(&mut columns, &place, ["", town, village, group, ""], at, note);
                    note.unless(place.village.is_none(), at, Repair::VillageFromSheet);
                }
                None => {
                    for (column, array) in columns.iter_mut().zip(&arrays) {
                        column.append_option(array.is_valid(row).then(|| array.value(row)));
                    }
                }
            }
        }
        columns.map(|mut column| Arc::new(column.finish()) as ArrayRef)
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
