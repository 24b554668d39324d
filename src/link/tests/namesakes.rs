//! Rows without a number of their own among people of the same name: who is meant, and when nobody can tell.

use super::*;

/// A row of a sound number.
fn sound(human: &Human) -> Row {
    Row {
        name: human.name.clone(),
        number: human.number.clone(),
        state: "valid",
        village: human.village,
        household: Some(human.household.to_string()),
        relation: Some(if human.is_head { "户主" } else { "其他" }),
        ..Row::default()
    }
}

fn bare(row: &Row) -> Row {
    Row { number: String::new(), state: "missing", household: None, relation: None, ..row.clone() }
}

fn listed(row: &Row) -> Row {
    Row { household: None, relation: None, ..row.clone() }
}

/// A county with `more` people in it, and a list of every fifth of it, of whom `unknown` in ten are not in the county, with a `further` row.
fn county_and_list(more: &[Row], unknown: usize, further: Row) -> (Linked, Evidence) {
    let people: Vec<Row> = county(700, 2).iter().map(sound).collect();
    let stranger = |at: usize| Row {
        village: 200 + at,
        ..row(&format!("外来{}", char::from_u32(0x5000 + at as u32).expect("a character")), A, at)
    };
    let mut list: Vec<Row> = people.iter().step_by(5).map(listed).collect();
    list.iter_mut().enumerate().filter(|(at, _)| at % 10 < unknown).for_each(|(at, row)| *row = stranger(at));
    list.push(further);
    let known: Vec<Row> = people.into_iter().chain(more.iter().cloned()).collect();
    linked_with(vec![registry("poverty", Grain::Person, &known), registry("training", Grain::Person, &list)], &[])
}

/// Whether the last row is with the row that stands `back` before the end of the county.
fn is_with(linked: &Linked, back: usize) -> bool {
    let list = county(700, 2).len().div_ceil(5) + 1;
    linked.links[linked.links.len() - 1].person == linked.links[linked.links.len() - list - back].person
}

#[test]
fn the_only_one_of_a_rare_name_in_the_village_is_meant_where_everybody_on_the_list_is_known() {
    let one = Row { household: Some("H".into()), ..row("欧阳雪莲", A, 1) };
    let (linked, evidence) = county_and_list(std::slice::from_ref(&one), 0, bare(&one));
    assert!(is_with(&linked, 1), "{:?}", linked.review);
    let last = RowId(position::dense(linked.links.len() - 1));
    let bars = evidence.bars(last);
    let shown =
        |name: &str| bars.iter().find(|bar| bar.comparison.name() == name).map(|bar| (bar.comparison.level(), bar.weight));
    assert!(shown("namesakes").is_some_and(|(level, weight)| level == "only one in the village" && weight > 3.0), "{bars:?}");
    let sum: f32 = bars.iter().map(|bar| bar.weight).sum();
    assert!((sum - linked.links[last.0 as usize].weight).abs() < 1e-4, "{bars:?}");
}

#[test]
fn it_means_nothing_where_many_on_the_list_are_unknown_or_a_second_bears_the_name() {
    let one = Row { household: Some("H".into()), ..row("欧阳雪莲", A, 1) };
    let (linked, _) = county_and_list(std::slice::from_ref(&one), 3, bare(&one));
    assert!(!is_with(&linked, 1), "three in ten are unknown: so may this one be");
    let second = Row { household: Some("K".into()), ..row("欧阳雪莲", B, 2) };
    let (linked, _) = county_and_list(&[one.clone(), second], 0, bare(&one));
    assert!(!is_with(&linked, 1) && !is_with(&linked, 2), "two of the name: nobody guesses");
    let last = RowId(position::dense(linked.links.len() - 1));
    assert_eq!(linked.review.iter().filter(|pair| pair.right == last).count(), 2, "a human does");
}

#[test]
fn a_payment_is_of_the_one_on_the_roster_who_has_none_yet() {
    let people: Vec<Row> = county(700, 2).iter().map(sound).collect();
    let at = |household: &str, row: Row| Row { household: Some(household.into()), relation: Some("户主"), ..row };
    let (poor, other) = (at("H", row("张明亮", A, 1)), at("K", row("张明亮", B, 2)));
    let mut roster: Vec<Row> = people.iter().step_by(9).cloned().collect();
    let mut payments: Vec<Row> = roster.iter().map(listed).collect();
    roster.push(poor.clone());
    payments.push(bare(&poor));
    let known: Vec<Row> = people.into_iter().chain([poor, other]).collect();
    let (start, lines) = (known.len(), roster.len());
    let linked = run(vec![
        registry("poverty", Grain::Person, &known),
        registry("dibao", Grain::Person, &roster),
        registry("dibao_payment", Grain::Person, &payments),
    ]);
    assert_eq!(linked.links[start + lines - 1].person, linked.links[start - 2].person);
    assert_eq!(linked.links[start + 2 * lines - 1].person, linked.links[start - 2].person, "{:?}", linked.review);
}

#[test]
fn a_pupil_with_the_guardians_number_is_the_guardians_child() {
    let (mother, child) = (row("刘雨", A, 1), row("刘嘉雨", "2010-05-05", 18));
    let at = |relation, row: &Row| Row { household: Some("H".into()), relation: Some(relation), ..row.clone() };
    let pupil = Row { number: mother.number.clone(), guardian: Some(mother.number.clone()), ..child.clone() };
    let (linked, _) = county_and_list(&[at("户主", &mother), at("之女", &child)], 0, pupil);
    assert!(is_with(&linked, 1) && !is_with(&linked, 2), "{:?}", linked.review);
}

#[test]
fn a_neighbours_number_is_told_from_a_misspelt_name() {
    let at = |household: &str, row: &Row| Row { household: Some(household.into()), ..row.clone() };
    let (neighbour, other) = (row("王林兴", A, 1), row("王伟兴", B, 18));
    let (linked, _) =
        county_and_list(&[at("H", &neighbour), at("K", &other)], 0, Row { number: neighbour.number.clone(), ..other.clone() });
    assert!(!is_with(&linked, 2), "somebody of the village is called exactly so");
    // A dropped character leaves many a villager's name; the number says whose.
    let (whole, short) = (row("骆文杰", A, 1), row("骆杰", B, 18));
    let (linked, _) =
        county_and_list(&[at("H", &whole), at("K", &short)], 0, Row { number: whole.number.clone(), ..short.clone() });
    assert!(is_with(&linked, 2) && !is_with(&linked, 1), "{:?}", linked.review);
}
