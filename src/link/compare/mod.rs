//! Comparisons: a row against a person, one level per field, missing first and the rest last.
//!
//! Evidence counts once: birth and sex are compared only where the number did not score them, the village and phone only where the household
//! did not. [`Levels`] is ten bytes; nothing is allocated.

pub(super) mod birth;
mod household;
mod id;

use super::levels::{HOUSEHOLD_LINKED, IdLevel, Levels, MISSING, NAME_DIFFERENT, NAME_KIN, NEIGHBOURS_BESIDE, SAME_HEAD};
use super::person_index::PersonIndex;
use super::position::NONE;
use super::roster::{NO_BIRTH, Record, Roster};
use crate::model::identity::name::NameLevel;

/// What the households of a row and of a person say of the two, whichever representative is compared.
#[derive(Clone, Copy)]
pub(super) struct HouseholdEvidence {
    household: u8,
    neighbours: u8,
    lists: u8,
}

impl HouseholdEvidence {
    /// Looks at the row's household, or, where the list knows none, at the rows above and below and the relative it names.
    pub(super) fn of(roster: &Roster, persons: &PersonIndex, row: u32, person: u32) -> Self {
        let lists = persons.lists.level(person);
        if roster.record(row).household == NONE {
            // Who stands above and below is often that relative: one of the two counts.
            match household::neighbours_level(roster, persons, row, person) {
                neighbours @ ..=NEIGHBOURS_BESIDE => Self { household: MISSING, neighbours, lists },
                neighbours => match household::kin_level(persons, roster.record(row), person) {
                    MISSING => Self { household: MISSING, neighbours, lists },
                    household => Self { household, neighbours: MISSING, lists },
                },
            }
        } else {
            Self { household: household::linked_level(roster, persons, row, person), neighbours: MISSING, lists }
        }
    }

    /// Whether the two households are one, by code or by members linked already.
    pub(super) fn is_linked(self) -> bool {
        self.household <= HOUSEHOLD_LINKED
    }
}

/// Compares a row with one representative of a person; `household_evidence` is what [`HouseholdEvidence::of`] gave for the two.
pub(super) fn compare(
    roster: &Roster,
    persons: &PersonIndex,
    row: u32,
    person: u32,
    representative: u32,
    household_evidence: HouseholdEvidence,
) -> Levels {
    let (right, left) = (roster.record(row), roster.record(representative));
    let id = id::compare(roster, persons, (row, right), (representative, left), person);
    let household = if household_evidence.is_linked() {
        household_evidence.household
    } else {
        let head = household::head_level(roster, right, left);
        if head == SAME_HEAD || household_evidence.household == MISSING { head } else { household_evidence.household }
    };
    let beside = household_evidence.neighbours <= NEIGHBOURS_BESIDE;
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
    let independent = |record: &Record| {
        !(record.birth_from_number && (persons.is_contested(record.number) || id == Some(IdLevel::OtherMember)))
    };
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
    let namesakes = if persons.is_census && silent && name == 0 && place == 0 && persons.is_only_namesake(roster, right, person) {
        0
    } else {
        MISSING
    };
    let id = id.map_or(MISSING, |level| level as u8);
    Levels([id, name, birth, sex, place, household, phone, household_evidence.neighbours, namesakes, household_evidence.lists])
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
