//! Household evidence: a shared code, members linked already, the head, a guardian or spouse.

use crate::link::levels::{MISSING, SAME_HEAD};
use crate::link::person_index::{HOUSEHOLD_MEMBERS, PersonIndex};
use crate::link::position::NONE;
use crate::link::roster::{Record, Roster};
use crate::model::identity::name::NameLevel;

const SAME_CODE: u8 = 0;
const TWO_MEMBERS: u8 = 1;
const ONE_MEMBER: u8 = 2;
const OTHER_HOUSEHOLD: u8 = 4;
const OTHER_HEAD: u8 = 5;

const BOTH_BESIDE: u8 = 0;
const ONE_BESIDE: u8 = 1;
const ELSEWHERE: u8 = 2;

/// What the row's household and the person's households have in common besides the two themselves.
pub(super) fn linked_level(roster: &Roster, persons: &PersonIndex, row: u32, person: u32) -> u8 {
    let right = roster.record(row);
    if right.household == NONE {
        return MISSING;
    }
    let household = right.household;
    if persons
        .representatives
        .of(person)
        .any(|representative| representative != row && roster.record(representative).household == household)
    {
        return SAME_CODE;
    }
    let (mut members, mut shared) = (0, 0);
    for member in persons.members.of(household).filter(|member| *member != person).take(HOUSEHOLD_MEMBERS) {
        members += 1;
        shared += u32::from(persons.live_together(member, person, household));
    }
    match shared {
        0 if members == 0 => MISSING,
        0 => {
            let has_housemates = persons
                .households_of
                .of(person)
                .filter(|other| *other != household)
                .any(|other| persons.members.of(other).any(|member| member != person));
            if has_housemates { OTHER_HOUSEHOLD } else { MISSING }
        }
        1 => ONE_MEMBER,
        _ => TWO_MEMBERS,
    }
}

/// How many of the rows above and below belong to members of the person's household: lists without household codes are still
/// written household by household.
pub(super) fn neighbours_level(roster: &Roster, persons: &PersonIndex, row: u32, person: u32) -> u8 {
    let (mut any_housed, mut beside) = (false, 0u8);
    for neighbour in roster.neighbours(row) {
        let Some(other) = persons.person(neighbour).filter(|other| *other != person) else { continue };
        if persons.households_of.of(other).next().is_none() {
            continue;
        }
        any_housed = true;
        beside += u8::from(persons.live_together(other, person, NONE));
    }
    match beside {
        2 => BOTH_BESIDE,
        1 => ONE_BESIDE,
        _ if any_housed && persons.households_of.of(person).next().is_some() => ELSEWHERE,
        _ => MISSING,
    }
}

/// Whether the guardian or spouse whose number the row gives lives with the person.
pub(super) fn kin_level(persons: &PersonIndex, right: &Record, person: u32) -> u8 {
    let (mut any_housed, mut together) = (false, false);
    for kin in persons.claimants(right.kin).filter(|kin| *kin != person) {
        any_housed |= persons.households_of.of(kin).next().is_some();
        together |= persons.live_together(kin, person, NONE);
    }
    match together {
        true => ONE_MEMBER,
        false if any_housed && persons.households_of.of(person).next().is_some() => OTHER_HOUSEHOLD,
        false => MISSING,
    }
}

/// Whether two rows name the same head; a head's own row says nothing that its name did not.
pub(super) fn head_level(roster: &Roster, right: &Record, left: &Record) -> u8 {
    if right.is_head || left.is_head || right.head == NONE || left.head == NONE {
        return MISSING;
    }
    let head = |record: &Record| Record { name: record.head, ..*record };
    match roster.name_level(&head(right), &head(left)) {
        Some(NameLevel::Same | NameLevel::Wildcard | NameLevel::SameSound) => SAME_HEAD,
        Some(_) => OTHER_HEAD,
        None => MISSING,
    }
}
