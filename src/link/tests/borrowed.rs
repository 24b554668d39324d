//! Numbers that say nothing of who a row is: another's, what a float left of twins', masks.

use super::*;

fn row(name: &str, number: &str, state: &'static str, village: usize, person: usize) -> Row {
    Row { name: name.to_owned(), number: number.to_owned(), state, village, person, ..Row::default() }
}

fn person_of(linked: &Linked, row: usize) -> PersonIx {
    linked.links[row].person
}

const DAY: Day = Day(14_702);

#[test]
fn siblings_under_their_grandfathers_number_are_two_and_neither_is_he() {
    let old = number("522124", Day(-4084), 588);
    let poor = [row("严明蓉", &old, "valid", 3, 0)];
    let pupils = [row("严婷倩", &old, "borrowed", 3, 1), row("严婷博", &old, "borrowed", 3, 2)];
    let linked = run(vec![registry("poverty", Grain::Person, &poor), registry("student", Grain::Person, &pupils)]);
    let persons: Vec<PersonIx> = (0..3).map(|row| person_of(&linked, row)).collect();
    assert!(persons[0] != persons[1] && persons[0] != persons[2] && persons[1] != persons[2], "{persons:?}");
}

#[test]
fn twins_whose_numbers_a_float_has_cut_are_two() {
    let cut = format!("{}000", number("520324", DAY, 211).get(..15).expect("ASCII"));
    let twins = [row("李晓明", &cut, "float", 3, 0), row("李小明", &cut, "float", 3, 1)];
    let linked = run(vec![registry("insurance", Grain::Person, &twins)]);
    assert_ne!(person_of(&linked, 0), person_of(&linked, 1), "they sound alike and share fifteen digits");
}

#[test]
fn a_masked_name_is_found_by_what_its_number_shows_and_never_by_itself() {
    let (one, other) = (number("520324", DAY, 211), number("520324", Day(9_000), 348));
    let poor = [row("陈荣强", &one, "valid", 3, 0), row("陈海飞", &other, "valid", 3, 1)];
    let shown = format!("{}**********{}", one.get(..4).expect("ASCII"), one.get(14..).expect("ASCII"));
    let roster = [row("陈*强", &shown, "masked", 3, 0), row("陈*飞", "", "missing", 3, 1)];
    let linked = run(vec![registry("poverty", Grain::Person, &poor), registry("dibao", Grain::Person, &roster)]);
    assert_eq!(person_of(&linked, 2), person_of(&linked, 0));
    assert_ne!(person_of(&linked, 3), person_of(&linked, 1), "a masked name alone joins nobody");
}
