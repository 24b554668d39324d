//! Blocks that would explode are split, and what blocking did is told.

use super::*;

/// `count` namesakes in one village, each with a birth date of its own; numbers only where `numbered`.
fn namesakes(count: usize, numbered: bool) -> Vec<Row> {
    (0..count)
        .map(|at| {
            let day = Day(i32::try_from(at).expect("small") * 20 - 9_000);
            let whole = row("王芳", &day.to_string(), 100 + at % 800);
            // A digit of the sequence is lost: the birth date shows, the number does not match.
            let digits: String =
                whole.number.chars().enumerate().map(|(at, c)| if (14..18).contains(&at) { '*' } else { c }).collect();
            if numbered { whole } else { Row { number: digits, state: "masked", ..whole } }
        })
        .collect()
}

#[test]
fn a_crowd_of_namesakes_in_one_village_is_split_by_what_else_agrees() {
    let count = 450;
    let poverty = registry("poverty", Grain::Person, &namesakes(count, true));
    let insurance = registry("insurance", Grain::Person, &namesakes(count, false));
    let (linked, evidence) = linked_with(vec![poverty, insurance], &[]);
    assert_eq!(linked.quality.skipped, 0);
    let of = |rule: &str| {
        evidence.blocks.iter().find(|blocks| blocks.registry == "insurance" && blocks.rule == rule).expect("counted").clone()
    };
    let village = of("name_village");
    assert_eq!(
        (village.heaviest, village.predicted),
        (count as u64, (count * count) as u64),
        "counted in full before any pair is made"
    );
    assert!(village.split as usize >= count, "{village:?}");
    assert!(evidence.blocks.iter().map(|blocks| blocks.pairs).sum::<u64>() < 10 * count as u64, "{:?}", evidence.blocks);
    // In a village of namesakes name and village say nothing, so most is left to a human; but everybody meets their own.
    let met = |at: usize| {
        let (left, right) = (RowId(position::dense(at)), RowId(position::dense(count + at)));
        let one = linked.links[at].person == linked.links[count + at].person;
        one || linked.review.iter().any(|pair| (pair.left, pair.right) == (left, right))
    };
    assert!((0..count).all(met), "{:?}", evidence.blocks);
}

#[test]
fn every_pair_compared_belongs_to_one_rule() {
    let world = super::world(400, 3);
    let (_, evidence) = linked_with(world.registries, &[]);
    let of = |rule: &str| evidence.blocks.iter().filter(|blocks| blocks.rule == rule).map(|blocks| blocks.pairs).sum::<u64>();
    assert!(of("number") > 0 && of("name_village") > 0 && of("household") > 0, "{:?}", evidence.blocks);
    assert!(
        evidence.blocks.iter().all(|blocks| blocks.rule == "household" || blocks.pairs <= blocks.predicted),
        "{:?}",
        evidence.blocks
    );
    assert!(evidence.blocks.iter().all(|blocks| (blocks.heaviest > 0) == blocks.example.is_some()));
}
