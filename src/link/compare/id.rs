//! Numbers: equal, damaged in a of_person way, somebody else's, or in conflict.

use crate::link::levels::IdLevel;
use crate::link::person_index::PersonIndex;
use crate::link::roster::{Damaged, Record, Roster};
use crate::model::columns::IdState;
use crate::model::identity::id::{self, Number};

/// Compares a row's number with that of a representative, or with the person's where the representative has none; `None` when a side has none and nobody has
/// proposed one. Rows come with their positions.
pub(super) fn compare(
    roster: &Roster,
    persons: &PersonIndex,
    (row, right): (u32, &Record),
    (representative, left): (u32, &Record),
    person: u32,
) -> Option<IdLevel> {
    let of_person = if left.number == 0 { persons.all[person as usize].number } else { left.number };
    if right.number == 0 || right.number != of_person {
        let (rights, lefts) = (roster.correction_of(row), roster.correction_of(representative));
        if (rights != 0 && (rights == of_person || rights == lefts)) || (lefts != 0 && lefts == right.number) {
            return Some(IdLevel::Corrected);
        }
    }
    match (right.number, of_person) {
        (0, 0) => both_damaged(roster.damaged_of(right)?, roster.damaged_of(left)?),
        (0, of_person) => damaged(roster.damaged_of(right)?, Number::from_packed(of_person)),
        (number, 0) => damaged(roster.damaged_of(left)?, Number::from_packed(number)),
        (number, of_person) => Some(both_valid(persons, right, number, of_person, person)),
    }
}

fn both_valid(persons: &PersonIndex, right: &Record, number: u64, of_person: u64, person: u32) -> IdLevel {
    let (one, other) = (Number::from_packed(number), Number::from_packed(of_person));
    if number == of_person {
        IdLevel::Equal
    } else if id::one_is_the_others_float(one, other) {
        IdLevel::FloatStem
    } else if persons.claimants(number).any(|other| other != person && persons.live_together(other, person, right.household)) {
        IdLevel::OtherMember
    } else if persons.is_contested(number) || persons.is_contested(of_person) || number == right.kin {
        IdLevel::Contested
    } else if one.birth_and_sequence() == other.birth_and_sequence() {
        IdLevel::BirthAndSequence
    } else {
        IdLevel::Conflict
    }
}

/// A damaged text against a valid number; `None` where what it shows says nothing of this number.
fn damaged(damaged: &Damaged, number: Number) -> Option<IdLevel> {
    let text = &*damaged.text;
    match damaged.state {
        // Somebody else's number: whose it is must be decided by everything else.
        IdState::Borrowed => return (text.as_bytes() == number.ascii()).then_some(IdLevel::Contested),
        IdState::Masked => return masked(text.as_bytes(), &number.ascii()),
        _ => {}
    }
    let level = match damaged.state {
        IdState::Float if id::float_could_be(text, number) => {
            if text.ends_with("000") {
                Some(IdLevel::FloatStem)
            } else {
                Some(IdLevel::FloatRounding)
            }
        }
        IdState::Float if id::stem_shown(text) == Some(number.stem()) && number.as_integer().is_some() => {
            Some(IdLevel::FloatStem)
        }
        IdState::Float => None,
        _ => slip_level(text.as_bytes(), &number.ascii()),
    };
    Some(level.unwrap_or(if id::birth_shown(text).is_some_and(|birth| number.birth() == Some(birth)) {
        IdLevel::SameBirth
    } else {
        IdLevel::DamagedUnlike
    }))
}

/// Two damaged texts.
fn both_damaged(one: &Damaged, other: &Damaged) -> Option<IdLevel> {
    let (left, right) = (one.text.as_bytes(), other.text.as_bytes());
    let either = |state: IdState| one.state == state || other.state == state;
    if either(IdState::Borrowed) {
        return (left == right).then_some(IdLevel::Contested);
    }
    if either(IdState::Masked) {
        return masked(left, right);
    }
    let level = if either(IdState::Float) {
        id::stem_shown(&one.text).is_some_and(|stem| id::stem_shown(&other.text) == Some(stem)).then_some(IdLevel::FloatStem)
    } else if left == right {
        Some(IdLevel::Equal)
    } else {
        slip_level(left, right)
    };
    Some(level.unwrap_or(if id::birth_shown(&one.text).is_some_and(|birth| id::birth_shown(&other.text) == Some(birth)) {
        IdLevel::SameBirth
    } else {
        IdLevel::DamagedUnlike
    }))
}

fn slip_level(left: &[u8], right: &[u8]) -> Option<IdLevel> {
    match id::slips(left, right) {
        1 if left.len() != right.len() => Some(IdLevel::MissingOrDoubled),
        1 if left.iter().zip(right).filter(|(a, b)| a != b).count() == 1 => Some(IdLevel::OneDigit),
        1 => Some(IdLevel::Swapped),
        2 => Some(IdLevel::TwoSlips),
        _ => None,
    }
}

/// Characters that name the region (GB 11643), which everybody in a county shares.
const REGION: usize = 6;
/// So many characters beyond the region must be shown to say anything. Chosen: three digits tell one in a thousand.
const SHOWN: usize = 3;

/// Two texts of which one at least is masked, compared on what both show.
fn masked(left: &[u8], right: &[u8]) -> Option<IdLevel> {
    if left.len() != right.len() {
        return None;
    }
    let shown = || left.iter().zip(right).enumerate().filter(|(_, (a, b))| **a != b'*' && **b != b'*');
    if shown().any(|(_, (a, b))| a != b) {
        return Some(IdLevel::DamagedUnlike);
    }
    (shown().filter(|(at, _)| *at >= REGION).count() >= SHOWN).then_some(IdLevel::Masked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn torn(text: &str, state: IdState) -> Damaged {
        Damaged { text: text.into(), state, repairs: Box::default() }
    }

    #[test]
    fn damage_by_example() {
        let number = Number::parse("520324199003071238").expect("18 characters");
        for (text, state, level) in [
            ("520324199003071338", IdState::Invalid, IdLevel::OneDigit),
            ("520324199003017238", IdState::Invalid, IdLevel::Swapped),
            ("52032419900307123", IdState::Malformed, IdLevel::MissingOrDoubled),
            ("5203241990030712388", IdState::Malformed, IdLevel::MissingOrDoubled),
            ("520324199003071000", IdState::Float, IdLevel::FloatStem),
            ("520324199003071232", IdState::Float, IdLevel::FloatRounding),
            ("520324********1238", IdState::Masked, IdLevel::Masked),
            ("520324********1239", IdState::Masked, IdLevel::DamagedUnlike),
            ("520324199003079999", IdState::Invalid, IdLevel::SameBirth),
            ("522124197003079999", IdState::Invalid, IdLevel::DamagedUnlike),
            ("5203**********1238", IdState::Masked, IdLevel::Masked),
            ("520************238", IdState::Masked, IdLevel::Masked),
            ("520324******071238", IdState::Masked, IdLevel::Masked),
            ("520324******081238", IdState::Masked, IdLevel::DamagedUnlike),
            ("520324199003071238", IdState::Borrowed, IdLevel::Contested),
        ] {
            assert_eq!(damaged(&torn(text, state), number), Some(level), "{text}");
        }
        for (text, state) in [
            ("520324************", IdState::Masked),
            ("520324******1238", IdState::Masked),
            ("522124195810275886", IdState::Borrowed),
        ] {
            assert_eq!(damaged(&torn(text, state), number), None, "{text}");
        }
    }
}
