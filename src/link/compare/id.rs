//! Numbers: equal, damaged in a known way, somebody else's, or in conflict.

use super::super::roster::{Damaged, Record, Roster};
use super::super::spine::Spine;
use super::IdLevel;
use super::household::live_together;
use crate::model::columns::IdState;
use crate::model::identity::id::{self, Number};

/// Compares a row's number with that of a face, or with the person's where the face has none; `None` when a side has none and nobody has
/// proposed one. Rows come with their positions.
pub(super) fn compare(
    roster: &Roster,
    spine: &Spine,
    (row, right): (u32, &Record),
    (face, left): (u32, &Record),
    person: u32,
) -> Option<IdLevel> {
    let known = if left.number == 0 { spine.persons[person as usize].number } else { left.number };
    if right.number == 0 || right.number != known {
        let (rights, lefts) = (roster.proposed.of(row), roster.proposed.of(face));
        if (rights != 0 && (rights == known || rights == lefts)) || (lefts != 0 && lefts == right.number) {
            return Some(IdLevel::Corrected);
        }
    }
    match (right.number, known) {
        (0, 0) => Some(both_damaged(roster.damaged_of(right)?, roster.damaged_of(left)?)),
        (0, known) => Some(damaged(roster.damaged_of(right)?, Number::from_packed(known))),
        (number, 0) => Some(damaged(roster.damaged_of(left)?, Number::from_packed(number))),
        (number, known) => Some(both_valid(spine, right, number, known, person)),
    }
}

fn both_valid(spine: &Spine, right: &Record, number: u64, known: u64, person: u32) -> IdLevel {
    let (one, other) = (Number::from_packed(number), Number::from_packed(known));
    if number == known {
        IdLevel::Equal
    } else if id::one_is_the_others_float(one, other) {
        IdLevel::FloatStem
    } else if spine.claimants(number).any(|other| other != person && live_together(spine, other, person, right.household)) {
        IdLevel::OtherMember
    } else if spine.is_contested(number) || spine.is_contested(known) || number == right.kin {
        IdLevel::Contested
    } else if one.birth_and_sequence() == other.birth_and_sequence() {
        IdLevel::BirthAndSequence
    } else {
        IdLevel::Conflict
    }
}

/// A damaged text against a valid number.
fn damaged(damaged: &Damaged, number: Number) -> IdLevel {
    let text = &*damaged.text;
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
        IdState::Masked if masks_agree(text.as_bytes(), &number.ascii()) => Some(IdLevel::Masked),
        IdState::Float | IdState::Masked => None,
        _ => slip_level(text.as_bytes(), &number.ascii()),
    };
    level.unwrap_or(if id::birth_shown(text).is_some_and(|birth| number.birth() == Some(birth)) {
        IdLevel::SameBirth
    } else {
        IdLevel::DamagedUnlike
    })
}

/// Two damaged texts.
fn both_damaged(one: &Damaged, other: &Damaged) -> IdLevel {
    let (left, right) = (one.text.as_bytes(), other.text.as_bytes());
    let either = |state: IdState| one.state == state || other.state == state;
    let level = if either(IdState::Masked) {
        masks_agree(left, right).then_some(IdLevel::Masked)
    } else if either(IdState::Float) {
        id::stem_shown(&one.text).is_some_and(|stem| id::stem_shown(&other.text) == Some(stem)).then_some(IdLevel::FloatStem)
    } else if left == right {
        Some(IdLevel::Equal)
    } else {
        slip_level(left, right)
    };
    level.unwrap_or(if id::birth_shown(&one.text).is_some_and(|birth| id::birth_shown(&other.text) == Some(birth)) {
        IdLevel::SameBirth
    } else {
        IdLevel::DamagedUnlike
    })
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

/// Whether two texts agree wherever neither is masked, and enough is not.
fn masks_agree(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).all(|(a, b)| a == b || *a == b'*' || *b == b'*')
        && left.iter().zip(right).filter(|(a, _)| **a != b'*').filter(|(_, b)| **b != b'*').count() >= 7
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
        ] {
            assert_eq!(damaged(&torn(text, state), number), level, "{text}");
        }
    }
}
