//! Comparisons: a row against a person, one level per field, missing first and the rest last.
//!
//! Evidence counts once: birth and sex are compared only where the number did not score them, the village and phone only where the household
//! did not. [`Levels`] is ten bytes; nothing is allocated.

pub(super) mod birth;
mod household;
mod id;

use super::levels::{HOUSEHOLD_LINKED, IdLevel, Levels, MISSING, NAME_DIFFERENT, NAME_KIN, NEIGHBOURS_BESIDE, SAME_HEAD};
use super::position::NONE;
use super::roster::{NO_BIRTH, Record, Roster};
use super::spine::Spine;
use crate::model::identity::name::NameLevel;

/// What a row's and a person's company say of the two, whichever face is compared.
#[derive(Clone, Copy)]
pub(super) struct Company {
    household: u8,
    neighbours: u8,
    lists: u8,
}

impl Company {
    /// Looks at the row's household, or, where the list knows none, at the rows above and below and the relative it names.
    pub(super) fn of(roster: &Roster, spine: &Spine, row: u32, person: u32) -> Self {
        let lists = spine.lists.level(person);
        if has_household(roster.record(row)) {
            Self { household: household::linked_level(roster, spine, row, person), neighbours: MISSING, lists }
        } else {
            // Who stands above and below is often that relative: one of the two counts.
            match household::neighbours_level(roster, spine, row, person) {
                neighbours @ ..=NEIGHBOURS_BESIDE => Self { household: MISSING, neighbours, lists },
                neighbours => match household::kin_level(spine, roster.record(row), person) {
                    MISSING => Self { household: MISSING, neighbours, lists },
                    household => Self { household, neighbours: MISSING, lists },
                },
            }
        }
    }

    /// Whether the two households are one, by code or by members linked already.
    pub(super) fn is_linked(self) -> bool {
        self.household <= HOUSEHOLD_LINKED
    }
}

/// Compares a row with one face of a person; `company` is what [`Company::of`] gave for the two.
pub(super) fn compare(roster: &Roster, spine: &Spine, row: u32, person: u32, face: u32, company: Company) -> Levels {
    let (right, left) = (roster.record(row), roster.record(face));
    let id = id::compare(roster, spine, (row, right), (face, left), person);
    let household = if company.is_linked() {
        company.household
    } else {
        let head = household::head_level(roster, right, left);
        if head == SAME_HEAD || company.household == MISSING { head } else { company.household }
    };
    let beside = company.neighbours <= NEIGHBOURS_BESIDE;
    let same_household = household <= HOUSEHOLD_LINKED || beside;
    let name = match roster.name_level(right, left) {
        None => MISSING,
        Some(NameLevel::Same) => 0,
        Some(NameLevel::Wildcard) => 1,
        Some(NameLevel::SameSound) => 2,
        Some(NameLevel::LookAlike | NameLevel::OneCharacter) if same_household => NAME_KIN,
        Some(NameLevel::LookAlike) => 3,
        Some(NameLevel::Dropped) => 4,
        Some(NameLevel::OneCharacter) => 5,
        Some(NameLevel::Different) => NAME_DIFFERENT,
    };
    // A contested number is perhaps another's, and so is the birth date inside it.
    let independent =
        |record: &Record| !(record.birth_from_number && (spine.is_contested(record.number) || id == Some(IdLevel::OtherMember)));
    let scored = id.is_some_and(IdLevel::settles_birth) || !independent(right) || !independent(left);
    let both_from_numbers = id.is_some() && right.birth_from_number && left.birth_from_number;
    let birth = if scored || both_from_numbers || right.birth == NO_BIRTH || left.birth == NO_BIRTH {
        MISSING
    } else {
        birth::compare(right.birth, left.birth)
    };
    let sex =
        if scored || both_from_numbers || right.sex == 0 || left.sex == 0 { MISSING } else { u8::from(right.sex != left.sex) };
    let place = if same_household { MISSING } else { place(right, left) };
    let phone = if same_household || right.phone == 0 || left.phone == 0 { MISSING } else { u8::from(right.phone != left.phone) };
    let silent = matches!(id, None | Some(IdLevel::Contested));
    let namesakes = if spine.is_census && silent && name == 0 && place == 0 && spine.is_only_namesake(roster, right, person) {
        0
    } else {
        MISSING
    };
    let id = id.map_or(MISSING, |level| level as u8);
    Levels([id, name, birth, sex, place, household, phone, company.neighbours, namesakes, company.lists])
}

fn place(right: &Record, left: &Record) -> u8 {
    match (right, left) {
        _ if right.village != 0 && right.village == left.village => 0,
        _ if right.town == 0 || left.town == 0 => MISSING,
        _ if right.town != left.town => 3,
        _ if right.village == 0 || left.village == 0 => 2,
        _ => 1,
    }
}

/// Whether two records are of one household or can be compared at all.
fn has_household(record: &Record) -> bool {
    record.household != NONE
}
