//! Who could be whom, by example. Numbers are invented; whether they pass the checksum does not matter here.

use super::*;

const MINE: &str = "522124197003153210";
/// Other sequence digits: a second number of the same person, or a stranger born the same day.
const SECOND: &str = "522124197003157836";
/// Two digits of it wrong.
const SLIPPED: &str = "522124197003513210";
const STRANGER: &str = "522124198511020017";
const BIRTH: i32 = 73;
const OTHER_BIRTH: i32 = 5784;
const HERE: &str = "520324101001";
const THERE: &str = "520324101002";

fn known<'a>(name: &str, number: impl Into<Option<(&'a str, IdState)>>, birth: Option<i32>, village: &'a str) -> Identity<'a> {
    Identity {
        names: FoldedName::new(name).into_iter().collect(),
        numbers: number.into().map(|(text, state)| Written { text, state }).into_iter().collect(),
        births: birth.into_iter().collect(),
        villages: vec![village],
        towns: vec!["520324101"],
        ..Identity::default()
    }
}

fn valid(text: &str) -> (&str, IdState) {
    (text, IdState::Valid)
}

fn accused() -> Identity<'static> {
    known("王建国", valid(MINE), Some(BIRTH), HERE)
}

#[test]
fn a_row_with_another_number_of_the_same_name_and_birth_could_be_the_person() {
    assert!(accused().could_be(&known("王建国", valid(SECOND), Some(BIRTH), HERE)).is_some());
    assert!(accused().could_be(&known("王见国", valid(SECOND), Some(BIRTH), THERE)).is_some(), "the same sound, moved");
    assert!(accused().could_be(&known("王建国", valid(STRANGER), Some(OTHER_BIRTH), HERE)).is_none(), "a namesake");
    assert!(accused().could_be(&known("李大海", valid(SECOND), Some(BIRTH), HERE)).is_none(), "another name");
}

#[test]
fn the_persons_number_under_any_name_and_a_number_two_slips_away_under_a_near_one() {
    assert!(accused().could_be(&known("李大海", valid(MINE), Some(BIRTH), THERE)).is_some());
    assert!(accused().could_be(&known("王建军", valid(SLIPPED), None, THERE)).is_some());
    assert!(accused().could_be(&known("李大海", valid(SLIPPED), None, HERE)).is_none());
}

#[test]
fn the_village_alone_counts_where_the_row_cannot_speak() {
    for state in [IdState::Missing, IdState::Scientific, IdState::Placeholder] {
        assert!(accused().could_be(&known("王建国", Some(("5.22E+17", state)), None, HERE)).is_some());
    }
    assert!(accused().could_be(&known("王建国", None, None, HERE)).is_some());
    assert!(accused().could_be(&known("王建国", None, None, THERE)).is_none());
    assert!(accused().could_be(&known("王建国", None, Some(OTHER_BIRTH), HERE)).is_none(), "its birth speaks");
    assert!(
        accused().could_be(&known("王建国", Some((STRANGER, IdState::Invalid)), None, HERE)).is_none(),
        "its digits are somebody else's"
    );
    assert!(accused().could_be(&known("王建军", None, None, HERE)).is_some(), "one character other, nothing else known");
}

#[test]
fn what_a_float_a_mask_or_another_century_left_of_a_number() {
    assert!(accused().could_be(&known("王建国", Some(("522124197003153000", IdState::Float)), None, THERE)).is_some());
    assert!(accused().could_be(&known("王**", Some(("522124********3210", IdState::Masked)), None, THERE)).is_some());
    assert!(accused().could_be(&known("王建国", Some(("522124********0017", IdState::Masked)), None, HERE)).is_none());
    let child = known("王小", valid("522124200803153210"), Some(13953), HERE);
    assert!(child.could_be(&known("王小", valid("522124190803153210"), Some(-22571), HERE)).is_some());
}

#[test]
fn short_names_with_another_given_name_need_the_village() {
    let accused = known("贾金", valid(MINE), Some(BIRTH), HERE);
    assert!(accused.could_be(&known("贾兰", valid(SECOND), Some(BIRTH), HERE)).is_some());
    assert!(accused.could_be(&known("贾兰", valid(SECOND), Some(BIRTH), THERE)).is_none());
    let swapped = known("江小江", valid(MINE), Some(BIRTH), HERE);
    assert!(swapped.could_be(&known("江江小", valid(SECOND), Some(BIRTH), HERE)).is_some());
}

#[test]
fn housemates_of_a_near_name_unless_they_were_born_on_another_day() {
    let mut accused = accused();
    accused.household = Some(7);
    let mate = |name, birth| Identity { household: Some(7), ..known(name, valid(STRANGER), birth, THERE) };
    assert!(accused.could_be(&mate("王建国", Some(OTHER_BIRTH))).is_some());
    assert!(accused.could_be(&mate("王建军", None)).is_some());
    assert!(accused.could_be(&mate("王建军", Some(OTHER_BIRTH))).is_none(), "a brother");
    assert!(accused.could_be(&mate("李大海", None)).is_none());
}

#[test]
fn twins_whom_one_register_lists_are_two_and_somebody_listed_twice_is_one() {
    let listed =
        |name, number| Identity { registers: BTreeSet::from([0]), household: Some(7), ..known(name, number, Some(BIRTH), HERE) };
    let (one, twin) = (listed("王建国", Some(valid(MINE))), listed("王建军", Some(valid(SECOND))));
    assert!(one.could_be(&twin).is_some() && one.stands_beside(&twin));
    assert!(!one.stands_beside(&listed("王建国", None)));
}
