//! Ids that outlive their keys: codes and numbers change, households split and merge.

use super::*;
use crate::model::carried::{ChangeKind, Previous, PreviousPerson};
use crate::model::decision::{key_word, record_key};
use crate::model::personal::Personal;

fn key() -> CountyKey {
    CountyKey::new(b"key".to_vec())
}

fn column(linked: &Linked, name: &str) -> Vec<Option<String>> {
    let column = linked.people.0.column_by_name(name).expect("a column").clone();
    let column = column.as_any().downcast_ref::<StringArray>().expect("text").clone();
    column.iter().map(|text| text.map(str::to_owned)).collect()
}

/// What a run knows, as its folder tells the next.
fn known(linked: &Linked, registries: &[RegistryRecords]) -> Previous {
    let households = column(linked, "household");
    let persons = column(linked, "person_id").into_iter().zip(households).map(|(id, household)| PreviousPerson {
        id: id.expect("an id"),
        first_household: household.as_deref().map(|code| linked.carried.household(code).into()),
        household: household.map(Personal::from),
    });
    let mut previous = Previous { persons: persons.collect(), ..Previous::default() };
    let mut links = linked.links.iter();
    for registry in registries {
        for row in 0..registry.len() {
            let person = links.next().expect("a link").person.0;
            previous.note(key_word(&record_key(registry, row, &key()).expect("somebody")), person);
        }
    }
    previous
}

/// Links `then`, then `now` with what was known; gives ids by row of both.
fn months(then: &[RegistryRecords], now: &[RegistryRecords]) -> (Vec<String>, Vec<String>, Linked) {
    let first = run(then.to_vec());
    let previous = known(&first, then);
    let mut second = run(now.to_vec());
    let records = RecordSet { sources: Vec::new(), registries: now.to_vec() };
    carry_over(&mut second, &records, &key(), &previous);
    let by_row = |linked: &Linked| {
        let ids = column(linked, "person_id");
        linked.links.iter().map(|link| ids[link.person.0 as usize].clone().expect("an id")).collect()
    };
    (by_row(&first), by_row(&second), second)
}

fn member(code: &str, household: &str, row: Row) -> Row {
    Row { code: Some(code.to_owned()), household: Some(household.to_owned()), ..row }
}

#[test]
fn a_person_code_or_a_number_that_changes_does_not_change_the_id() {
    let (one, two) = (row("张小明", A, 123), row("李秀英", B, 246));
    let retyped = Row { number: number("520324", "1985-03-07".parse().expect("a day"), 321), ..one.clone() };
    let then = [
        registry("poverty", Grain::Person, &[member("C1", "1", one.clone()), member("C2", "2", two.clone())]),
        registry("insurance", Grain::Person, &[one.clone(), two.clone()]),
    ];
    // C1 was given a new code, C2's number was corrected.
    let now = [
        registry(
            "poverty",
            Grain::Person,
            &[member("C9", "1", one.clone()), member("C2", "2", Row { number: retyped.number, ..two.clone() })],
        ),
        registry("insurance", Grain::Person, &[one, two]),
    ];
    let (before, after, linked) = months(&then, &now);
    assert_eq!((&after[0], &after[1]), (&before[0], &before[1]));
    assert_eq!(after[2], before[2]);
    assert_eq!(linked.carried.count("person", ChangeKind::Carried), 1, "{:?}", linked.carried.changes);
}

#[test]
fn ids_of_a_month_like_the_last_are_what_they_were_and_nothing_is_logged() {
    let world = super::world(300, 4);
    let (before, after, linked) = months(&world.registries, &world.registries);
    assert_eq!(before, after);
    assert_eq!((linked.carried.changes.as_slice(), linked.carried.lost), (&[][..], 0));
    assert_eq!(linked.carried.found as usize, linked.people.0.num_rows());
}

#[test]
fn a_person_who_turns_out_to_be_two_keeps_the_id_on_the_main_part_and_no_id_is_given_twice() {
    let one = row("张小明", A, 123);
    let then = [
        registry("poverty", Grain::Person, &[member("C1", "1", one.clone())]),
        registry("insurance", Grain::Person, std::slice::from_ref(&one)),
    ];
    // The number in the poverty registry was another's.
    let other = row("王大力", B, 33);
    let now = [
        registry("poverty", Grain::Person, &[member("C1", "1", Row { name: one.name.clone(), ..other })]),
        registry("insurance", Grain::Person, std::slice::from_ref(&one)),
    ];
    let (before, after, linked) = months(&then, &now);
    assert_eq!(before[0], before[1]);
    assert_eq!(after[0], before[0]);
    assert_ne!(after[1], after[0]);
    assert_eq!(linked.carried.count("person", ChangeKind::Split), 1, "{:?}", linked.carried.changes);
}

#[test]
fn two_who_turn_out_to_be_one_keep_the_id_from_the_poverty_registry() {
    let one = row("张小明", A, 123);
    let bare = Row { number: String::new(), state: "missing", ..one.clone() };
    let then = [
        registry("poverty", Grain::Person, &[member("C1", "1", bare)]),
        registry("insurance", Grain::Person, std::slice::from_ref(&one)),
    ];
    let now = [
        registry("poverty", Grain::Person, &[member("C1", "1", one.clone())]),
        registry("insurance", Grain::Person, std::slice::from_ref(&one)),
    ];
    let (before, after, linked) = months(&then, &now);
    assert_ne!(before[0], before[1]);
    assert_eq!((&after[0], &after[1]), (&before[0], &before[0]));
    assert_eq!(linked.carried.count("person", ChangeKind::Merged), 1, "{:?}", linked.carried.changes);
}

#[test]
fn a_household_with_a_new_code_goes_on_and_a_part_that_leaves_is_logged() {
    let people = [row("张国强", A, 123), row("李秀英", B, 246), row("张思雨", "2010-05-05", 18)];
    let poverty = |codes: [&str; 3]| {
        let rows: Vec<Row> =
            people.iter().zip(codes).enumerate().map(|(at, (row, code))| member(&format!("C{at}"), code, row.clone())).collect();
        [registry("poverty", Grain::Person, &rows)]
    };
    let (_, _, renumbered) = months(&poverty(["H1", "H1", "H1"]), &poverty(["H2", "H2", "H2"]));
    assert_eq!(renumbered.carried.household("H2"), "H1");
    let (_, _, parted) = months(&poverty(["H1", "H1", "H1"]), &poverty(["H1", "H1", "H3"]));
    assert_eq!((parted.carried.household("H1"), parted.carried.household("H3")), ("H1", "H3"));
    assert_eq!(parted.carried.count("household", ChangeKind::Split), 1, "{:?}", parted.carried.changes);
    let (_, _, joined) = months(&poverty(["H1", "H1", "H3"]), &poverty(["H1", "H1", "H1"]));
    assert_eq!(joined.carried.count("household", ChangeKind::Merged), 1, "{:?}", joined.carried.changes);
}
