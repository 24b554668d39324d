use super::*;

#[test]
fn a_town_without_rows_is_short_and_a_tiny_registry_is_not() {
    let poor = BTreeMap::from([("a", 1000), ("b", 1000), ("c", 1000)]);
    let rows = BTreeMap::from([("a", 300), ("b", 290)]);
    let short = shares(&rows, &poor, 5000, 20);
    assert_eq!(short.keys().collect::<Vec<_>>(), ["c"]);
    assert_eq!((short["c"].rows, short["c"].expected), (0, 196));
    let few = BTreeMap::from([("a", 9), ("b", 9)]);
    assert!(shares(&few, &poor, 5000, 20).is_empty());
}

fn places<'a>(cells: &[(&'a str, &'a str, i64)]) -> Places<'a> {
    let some = |text: &'a str| Some(text).filter(|text| !text.is_empty());
    cells.iter().map(|(town, part, rows)| ((some(town), some(part)), *rows)).collect()
}

fn earlier(have: &[(&str, &str, i64)], then: &[(&str, &str, i64)]) -> Short {
    let mut short = Short::default();
    below_earlier(&places(have), &places(then), Month(0), &mut short);
    short
}

#[test]
fn a_list_that_was_cut_off_is_short_where_it_ends_and_below() {
    let then = [("a", "", 100), ("b", "", 60), ("c", "", 80)];
    let short = earlier(&[("a", "", 100), ("b", "", 58)], &then);
    assert_eq!(short.towns.keys().collect::<Vec<_>>(), ["b", "c"], "two rows fewer in b would be no news alone");
    assert_eq!(earlier(&[("a", "", 97), ("b", "", 58), ("c", "", 81)], &then), Short::default());
    let short = earlier(&[("a", "", 97), ("b", "", 40), ("c", "", 80)], &then);
    assert_eq!(short.towns.keys().collect::<Vec<_>>(), ["b"], "one town that shrank says nothing of the others");
    assert!(short.unclear.is_empty());
}

#[test]
fn a_few_rows_lacking_everywhere_beside_a_town_that_was_cut_leave_it_unclear() {
    let then: Vec<(&str, &str, i64)> = ["a", "b", "c", "d", "e", "f"].map(|town| (town, "", 20)).to_vec();
    let have: Vec<(&str, &str, i64)> = then.iter().map(|(town, ..)| (*town, "", if *town == "a" { 10 } else { 18 })).collect();
    let short = earlier(&have, &then);
    assert_eq!(short.towns.keys().collect::<Vec<_>>(), ["a"]);
    assert_eq!(short.unclear.len(), 1);
}

#[test]
fn a_list_that_lost_every_other_row_is_short_everywhere_even_in_small_towns() {
    let then: Vec<(&str, &str, i64)> = ["a", "b", "c", "d", "e", "f"].map(|town| (town, "", 4)).to_vec();
    let have: Vec<(&str, &str, i64)> = then.iter().map(|(town, part, rows)| (*town, *part, rows / 2)).collect();
    assert_eq!(earlier(&have, &then).towns.len(), 6);
}

#[test]
fn where_most_towns_are_cut_the_few_rows_lacking_in_others_are_too() {
    let then = [("a", "", 10), ("b", "", 10), ("c", "", 10), ("d", "", 2)];
    let short = earlier(&[("a", "", 5), ("b", "", 5), ("c", "", 5), ("d", "", 1)], &then);
    assert_eq!(short.towns.len(), 4);
}

#[test]
fn a_stage_that_is_not_there_is_short() {
    let short = earlier(&[("a", "小学", 50)], &[("a", "小学", 50), ("a", "初中", 9)]);
    assert_eq!(short.towns["a"].part.as_deref(), Some("初中"));
}

fn county(have: &[(&str, &str, i64)], said: &[(&str, i64, i64)]) -> Short {
    let mut short = Short::default();
    let expected = said.iter().map(|(town, rows, least)| {
        let town = Some((*town).to_owned()).filter(|town| !town.is_empty());
        Expected { town, village: None, part: None, rows: *rows, least: *least, most: Some(*rows) }
    });
    let said = Said { expected: expected.collect(), unclear: Vec::new() };
    let count = |expected: &Expected| {
        let rows = sum(&places(have), expected.town.as_deref(), None);
        Count { rows, distinct: rows, lacks_villages: false }
    };
    against_county(&said, &count, &mut short);
    short
}

#[test]
fn more_than_the_county_says_is_another_list_and_repeated_rows_make_nothing_whole() {
    assert_eq!(county(&[("a", "", 138)], &[("", 100, 100)]).unclear.len(), 1);
    assert!(county(&[("a", "", 138)], &[("", 138, 138)]).unclear.is_empty());
    assert!(is_repeated(144, 138) && !is_repeated(20_000, 19_950) && !is_repeated(144, 144));
}

#[test]
fn the_county_knows_to_the_row() {
    let short = county(&[("a", "", 99), ("b", "", 10)], &[("a", 100, 100), ("b", 10, 10)]);
    assert_eq!(short.towns.keys().collect::<Vec<_>>(), ["a"]);
    assert!(county(&[("a", "", 99)], &[("", 100, 100)]).county.is_some());
    let about = county(&[("a", "", 99)], &[("a", 100, 95)]);
    assert!(about.county.is_none() && about.towns.is_empty() && about.unclear.len() == 1, "约 100");
}

#[test]
fn where_most_towns_that_are_named_lack_rows_nobody_knows_of_the_others() {
    let said = |towns: &[&str]| {
        let expected = towns.iter().map(|town| Expected {
            town: Some((*town).to_owned()),
            village: None,
            part: None,
            rows: 100,
            least: 100,
            most: Some(100),
        });
        Said { expected: expected.collect(), unclear: Vec::new() }
    };
    let short = county(&[("a", "", 50), ("b", "", 50), ("c", "", 100)], &[("a", 100, 100), ("b", 100, 100), ("c", 100, 100)]);
    let towns = |said: &Said| -> Vec<Option<String>> {
        beside_named(said, &short, ["a", "b", "c", "d"].into_iter()).into_iter().map(|unclear| unclear.town).collect()
    };
    assert_eq!(towns(&said(&["a", "b", "c"])), [Some("d".to_owned())]);
    assert!(towns(&said(&["a", "c"])).is_empty(), "one town says nothing of others");
}

#[test]
fn of_two_reasons_the_one_that_says_most_is_told() {
    let shortfall = |rows, by| Shortfall { part: None, rows, expected: 100, by };
    let mut short = Short::default();
    short.add(Some("a"), shortfall(10, By::Share));
    short.add(Some("a"), shortfall(60, By::Earlier(Month(0))));
    short.add(Some("a"), shortfall(90, By::County { about: false }));
    short.add(Some("a"), shortfall(80, By::County { about: false }));
    short.add(Some("a"), shortfall(50, By::Earlier(Month(0))));
    assert_eq!(short.towns["a"], shortfall(80, By::County { about: false }));
}
