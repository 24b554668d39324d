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

fn identity<'a>(name: &str, number: impl Into<Option<(&'a str, IdState)>>, birth: Option<i32>, village: &'a str) -> Identity<'a> {
    Identity {
        names: FoldedName::new(name).into_iter().collect(),
        numbers: number.into().map(|(text, state)| Written::new(text, state)).into_iter().collect(),
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
    identity("王建国", valid(MINE), Some(BIRTH), HERE)
}

#[test]
fn a_row_with_another_number_of_the_same_name_and_birth_could_be_the_person() {
    assert!(accused().could_be(&identity("王建国", valid(SECOND), Some(BIRTH), HERE)).is_some());
    assert!(accused().could_be(&identity("王见国", valid(SECOND), Some(BIRTH), THERE)).is_some(), "the same sound, moved");
    assert!(accused().could_be(&identity("王建国", valid(STRANGER), Some(OTHER_BIRTH), HERE)).is_none(), "a namesake");
    assert!(accused().could_be(&identity("李大海", valid(SECOND), Some(BIRTH), HERE)).is_none(), "another name");
}

#[test]
fn the_persons_number_under_any_name_and_a_number_two_slips_away_under_a_near_one() {
    assert!(accused().could_be(&identity("李大海", valid(MINE), Some(BIRTH), THERE)).is_some());
    assert!(accused().could_be(&identity("王建军", valid(SLIPPED), None, THERE)).is_some());
    assert!(accused().could_be(&identity("李大海", valid(SLIPPED), None, HERE)).is_none());
}

#[test]
fn the_village_alone_counts_where_the_row_cannot_speak() {
    for state in [IdState::Missing, IdState::Scientific, IdState::Placeholder] {
        assert!(accused().could_be(&identity("王建国", Some(("5.22E+17", state)), None, HERE)).is_some());
    }
    assert!(accused().could_be(&identity("王建国", None, None, HERE)).is_some());
    let elsewhere = accused().could_be(&identity("王建国", None, None, THERE));
    assert_eq!(elsewhere.map(|likeness| likeness.by), Some(By::Elsewhere), "to be checked, not held");
    assert!(accused().could_be(&identity("王健国", None, None, THERE)).is_none());
    assert!(accused().could_be(&identity("王建国", None, Some(OTHER_BIRTH), HERE)).is_none(), "its birth speaks");
    let number = Some((STRANGER, IdState::Invalid));
    assert!(accused().could_be(&identity("王建国", number, None, HERE)).is_some(), "nobody could have that number");
    assert!(accused().could_be(&identity("王建军", number, None, HERE)).is_none(), "name and birth are other");
    let impossible = Some(("522124198513520017", IdState::Invalid));
    assert!(accused().could_be(&identity("王建军", impossible, None, HERE)).is_some(), "nobody is born on such a day");
    assert!(accused().could_be(&identity("王建国", number, Some(OTHER_BIRTH), HERE)).is_none(), "its birth speaks");
    assert!(accused().could_be(&identity("建国", None, None, HERE)).is_some(), "the given name alone");
    assert!(accused().could_be(&identity("王⿰亻建国", None, None, HERE)).is_some(), "a character described by its parts");
    assert!(accused().could_be(&identity("王建军", None, None, HERE)).is_some(), "one character other, nothing else known");
}

#[test]
fn what_a_float_a_mask_or_another_century_left_of_a_number() {
    assert!(accused().could_be(&identity("王建国", Some(("522124197003153000", IdState::Float)), None, THERE)).is_some());
    assert!(accused().could_be(&identity("王**", Some(("522124********3210", IdState::Masked)), None, THERE)).is_some());
    assert!(accused().could_be(&identity("王建国", Some(("522124********0017", IdState::Masked)), None, HERE)).is_none());
    let child = identity("王小", valid("522124200803153210"), Some(13953), HERE);
    assert!(child.could_be(&identity("王小", valid("522124190803153210"), Some(-22571), HERE)).is_some());
}

#[test]
fn short_names_with_another_given_name_need_the_village() {
    let accused = identity("贾金", valid(MINE), Some(BIRTH), HERE);
    assert!(accused.could_be(&identity("贾兰", valid(SECOND), Some(BIRTH), HERE)).is_some());
    assert!(accused.could_be(&identity("贾兰", valid(SECOND), Some(BIRTH), THERE)).is_none());
    let swapped = identity("江小江", valid(MINE), Some(BIRTH), HERE);
    assert!(swapped.could_be(&identity("江江小", valid(SECOND), Some(BIRTH), HERE)).is_some());
}

#[test]
fn housemates_of_a_near_name_unless_they_were_born_on_another_day() {
    let mut accused = accused();
    accused.household = Some(7);
    let mate = |name, birth| Identity { household: Some(7), ..identity(name, valid(STRANGER), birth, THERE) };
    assert!(accused.could_be(&mate("王建国", Some(OTHER_BIRTH))).is_some());
    assert!(accused.could_be(&mate("王建军", None)).is_some());
    assert!(accused.could_be(&mate("王建军", Some(OTHER_BIRTH))).is_none(), "a brother");
    assert!(accused.could_be(&mate("李大海", None)).is_none());
}

#[test]
fn twins_whom_one_register_lists_are_two_and_somebody_listed_twice_is_one() {
    let listed = |name, number| Identity {
        registers: BTreeSet::from([0]),
        household: Some(7),
        ..identity(name, number, Some(BIRTH), HERE)
    };
    let (one, twin) = (listed("王建国", Some(valid(MINE))), listed("王建军", Some(valid(SECOND))));
    assert!(one.could_be(&twin).is_some() && one.is_co_listed(&twin));
    assert!(!one.is_co_listed(&listed("王建国", None)));
}

fn contested<'a>(name: &str, number: &'a str, birth: i32, village: &'a str) -> Identity<'a> {
    let number = Written { contested: true, ..Written::new(number, IdState::Valid) };
    Identity { numbers: vec![number], doubted_births: vec![birth], births: Vec::new(), ..identity(name, None, None, village) }
}

#[test]
fn a_number_that_two_names_bear_says_that_they_could_be_one_and_never_that_they_are_two() {
    assert!(accused().could_be(&contested("李大海", MINE, BIRTH, HERE)).is_some(), "another name under the number");
    assert!(accused().could_be(&contested("王建国", STRANGER, OTHER_BIRTH, HERE)).is_some(), "the number is another's");
    let mine = contested("王建国", STRANGER, OTHER_BIRTH, HERE);
    assert!(
        mine.could_be(&identity("王建明", valid(SECOND), Some(OTHER_BIRTH), HERE)).is_some(),
        "the birth of a doubted number"
    );
    assert!(mine.could_be(&identity("李大海", valid(SECOND), Some(OTHER_BIRTH), HERE)).is_none());
}

#[test]
fn a_slip_with_the_check_digit_worked_out_anew_and_digits_in_another_order() {
    let year = "522124197103153219";
    assert!(accused().could_be(&identity("王建国", valid(year), Some(BIRTH + 365), THERE)).is_some());
    let exchanged = identity("王建国", valid("522124197003053216"), Some(63), HERE);
    let day_and_month = identity("王建国", valid("522124197005033218"), Some(122), HERE);
    assert!(exchanged.could_be(&day_and_month).is_some());
    let pairs = identity("王建国", Some(("522124701903153210", IdState::Invalid)), None, THERE);
    assert!(accused().could_be(&pairs).is_some());
}

#[test]
fn a_nickname_beside_the_birth_and_a_birth_by_another_calendar() {
    assert!(accused().could_be(&identity("王二娃", None, Some(BIRTH), HERE)).is_some());
    assert!(accused().could_be(&identity("王二娃", None, Some(BIRTH), THERE)).is_none());
    assert!(accused().could_be(&identity("王二娃", valid(SECOND), Some(BIRTH), HERE)).is_none(), "a cousin with his own number");
    assert!(accused().could_be(&identity("王建国", None, Some(BIRTH - 35), HERE)).is_some());
    assert!(accused().could_be(&identity("王建国", None, Some(BIRTH - 35), THERE)).is_some(), "by the moon, wherever");
    assert!(accused().could_be(&identity("王建国", None, Some(BIRTH - 41), THERE)).is_none(), "another age of the moon");
    let minority = identity("买买提江·依明", valid(MINE), Some(BIRTH), HERE);
    assert!(minority.could_be(&identity("买买提江", None, None, HERE)).is_some());
}

#[test]
fn a_child_or_spouse_who_is_named_after_a_housemate() {
    let housemates = FoldedName::new("胡海明").into_iter().collect();
    let child = Identity { housemates, sexes: vec!["男"], ..identity("胡子浩", valid(MINE), Some(BIRTH), HERE) };
    let row = |whose: &str, sex, village| Identity {
        kin_of: FoldedName::new(whose).map(|whose| (whose, sex)),
        ..identity("胡海明之子", None, None, village)
    };
    assert_eq!(child.could_be(&row("胡海明", Some("男"), HERE)).map(|likeness| likeness.by), Some(By::Kin));
    assert!(child.could_be(&row("胡海明", Some("女"), HERE)).is_none(), "a daughter");
    assert!(child.could_be(&row("胡大山", Some("男"), HERE)).is_none(), "another's child");
    assert!(child.could_be(&row("胡海明", Some("男"), THERE)).is_none());
}

#[test]
fn one_person_whom_a_register_lists_twice_under_two_numbers() {
    let listed = |name, number, birth| Identity { registers: BTreeSet::from([0]), ..identity(name, number, birth, HERE) };
    let one = listed("王建国", Some(valid(MINE)), Some(BIRTH));
    assert!(!one.is_co_listed(&listed("王建国", Some(valid(SECOND)), Some(BIRTH))), "the same birth and village");
    assert!(!one.is_co_listed(&listed("王建国", None, None)), "nothing tells them apart");
    assert!(one.is_co_listed(&listed("王建国", Some(valid(STRANGER)), Some(OTHER_BIRTH))), "a namesake");
    let housemate = |name, number| Identity { household: Some(7), ..listed(name, Some(valid(number)), Some(BIRTH)) };
    assert!(!housemate("王建国", MINE).is_co_listed(&housemate("王健国", SECOND)), "twins are not called alike");
    assert!(housemate("王建国", MINE).is_co_listed(&housemate("王建军", SECOND)), "twins");
}

#[test]
fn a_row_in_anothers_name_whose_certificate_is_the_persons() {
    let mother = identity("李桂英", valid(STRANGER), Some(OTHER_BIRTH), HERE);
    let row = Identity { pointed: vec![MINE], ..identity("李桂英", valid(STRANGER), Some(OTHER_BIRTH), HERE) };
    assert_eq!(accused().could_be(&row).map(|likeness| likeness.by), Some(By::Document));
    assert!(accused().could_be(&mother).is_none());
    let roll = |number| Identity { papers: vec![number], ..identity("王小宝", None, None, THERE) };
    let pupil = Identity { papers: vec!["L52032400088812"], ..accused() };
    assert_eq!(pupil.could_be(&roll("L52032400088812")).map(|likeness| likeness.by), Some(By::Document));
    assert!(pupil.could_be(&roll("L52032400088813")).is_none());
}

#[test]
fn what_is_about_a_pupil_and_stands_in_the_name_of_a_guardian() {
    let child = |birth| Identity {
        household: Some(7),
        guardians: vec![STRANGER],
        mates: vec![SECOND],
        elders: FoldedName::new("李桂英").into_iter().collect(),
        ..identity("王小明", valid("522124200803153210"), Some(birth), HERE)
    };
    let row = |name, number: Option<&'static str>, birth, is_about_pupil| Identity {
        is_about_pupil,
        ..identity(name, number.map(valid), birth, HERE)
    };
    let by = |row: &Identity<'_>| child(13953).could_be(row).map(|likeness| likeness.by);
    assert_eq!(by(&row("李桂英", Some(STRANGER), Some(OTHER_BIRTH), true)), Some(By::Guardian));
    assert_eq!(by(&row("李桂英", Some(STRANGER), Some(OTHER_BIRTH), false)), None, "what is about herself");
    assert_eq!(by(&row("李桂英", None, None, true)), Some(By::Guardian));
    assert_eq!(by(&row("王小红", Some(STRANGER), Some(14500), true)), None, "a sister under the mother's number");
    let ward = |birth| Identity { guardians: vec![SECOND], ..identity("狗娃", None, birth, THERE) };
    assert_eq!(by(&ward(Some(13953))), Some(By::Ward));
    assert_eq!(by(&ward(None)), Some(By::Ward));
    assert_eq!(by(&ward(Some(14500))), None, "a brother");
}

#[test]
fn a_surname_put_before_and_a_character_dropped_or_other_beside_the_birth_wherever_the_row_stands() {
    let mine = identity("尤望舒", valid(MINE), Some(BIRTH), HERE);
    let there = |name, number: Option<&'static str>, birth| Identity {
        towns: vec!["520324102"],
        ..identity(name, number.map(valid), Some(birth), THERE)
    };
    assert!(mine.could_be(&there("李尤望舒", None, BIRTH)).is_some(), "the husband's family name");
    assert!(mine.could_be(&there("尤舒", Some(SECOND), BIRTH)).is_some());
    assert!(mine.could_be(&there("尤望云", None, BIRTH)).is_some());
    assert!(mine.could_be(&there("尤望云", Some(SECOND), BIRTH)).is_none(), "a stranger with a number of their own");
    assert!(mine.could_be(&there("尤舒", None, OTHER_BIRTH)).is_none());
}

#[test]
fn a_birth_by_the_chinese_calendar_beside_another_number() {
    let lunar = identity("王建国", valid("522124197002083219"), Some(BIRTH - 35), HERE);
    assert!(accused().could_be(&lunar).is_some());
    let other = identity("王建国", valid("522124197002013219"), Some(BIRTH - 42), HERE);
    assert!(accused().could_be(&other).is_none());
}
