//! The whole room on a synthetic county: truth known, identity damage on both sides, and cases by hand.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "shares of test counts; a float is the damage itself"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};

use super::*;
use crate::model::columns;
use crate::model::date::Day;
use crate::model::identity::id::{Number, check};
use crate::model::record::{RecordSet, RegistryRecords};
use crate::model::registry::RegistryId;

mod blocks;
mod borrowed;
mod carry;
mod corrections;
mod decisions;
mod namesakes;
mod saved;

/// A row as the tests write it.
#[derive(Clone, Default)]
struct Row {
    name: String,
    number: String,
    state: &'static str,
    village: usize,
    household: Option<String>,
    head: Option<String>,
    guardian: Option<String>,
    relation: Option<&'static str>,
    month: Option<i32>,
    code: Option<String>,
    /// Truth.
    person: usize,
}

fn registry(id: &str, grain: Grain, rows: &[Row]) -> RegistryRecords {
    let text = |pick: &dyn Fn(&Row) -> Option<String>| -> ArrayRef { Arc::new(rows.iter().map(pick).collect::<StringArray>()) };
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let columns: Vec<(&str, ArrayRef)> = vec![
        (columns::NAME, text(&|row| filled(&row.name))),
        (columns::ID_NUMBER, text(&|row| filled(&row.number))),
        (columns::ID_STATE, text(&|row| filled(row.state))),
        (columns::TOWN_CODE, text(&|row| Some(format!("5203241{:02}", row.village / 10)))),
        (columns::VILLAGE_CODE, text(&|row| Some(format!("520324{:06}", row.village)))),
        (columns::HOUSEHOLD_CODE, text(&|row| row.household.clone())),
        (columns::HEAD_NAME, text(&|row| row.head.clone())),
        (columns::GUARDIAN_ID, text(&|row| row.guardian.clone())),
        (columns::RELATION, text(&|row| row.relation.map(str::to_owned))),
        (columns::PERSON_CODE, text(&|row| row.code.clone())),
        (columns::MONTH, Arc::new(rows.iter().map(|row| row.month).collect::<Int32Array>())),
    ];
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, column)| {
            Field::new(*name, if column.data_type() == &DataType::Int32 { DataType::Int32 } else { DataType::Utf8 }, true)
        })
        .collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|(_, column)| column).collect())
        .expect("columns");
    let count = u32::try_from(rows.len()).expect("small");
    RegistryRecords { registry: RegistryId::from(id), grain, batch, sheets: vec![0; rows.len()], rows: (2..count + 2).collect() }
}

fn run(registries: Vec<RegistryRecords>) -> Linked {
    linked_with(registries, &[]).0
}

/// Links with people's answers.
fn linked_with(registries: Vec<RegistryRecords>, decisions: &[Decision]) -> (Linked, Evidence) {
    with(registries, decisions, &[], None)
}

/// Links with people's answers, proposed numbers and a saved model.
fn with(
    registries: Vec<RegistryRecords>,
    decisions: &[Decision],
    proposals: &[Proposal],
    saved: Option<&SavedModel>,
) -> (Linked, Evidence) {
    let records = RecordSet { sources: Vec::new(), registries };
    let (model, key) = (LinkModel::shipped().expect("sound"), CountyKey::new(b"key".to_vec()));
    link(&LinkInput { records: &records, model: &model, key: &key, decisions, proposals, saved })
}

/// A repeatable source of numbers.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 += 1;
        usize::try_from(hash::mix(self.0) % limit as u64).expect("small")
    }
    fn chance(&mut self, percent: f64) -> bool {
        (self.below(100_000) as f64) < percent * 1000.0
    }
    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        // Skewed, as names are.
        let limit = self.below(from.len()) + 1;
        from[self.below(limit)]
    }
}

fn number(region: &str, day: Day, sequence: usize) -> String {
    let (year, month, date) = day.ymd();
    let mut digits = Number::parse(&format!("{region}{year:04}{month:02}{date:02}{sequence:03}0")).expect("digits").digits();
    digits[17] = check(&digits);
    Number::from_digits(digits).expect("digits").text()
}

#[derive(Clone)]
struct Human {
    name: String,
    number: String,
    village: usize,
    household: usize,
    is_head: bool,
    head: String,
}

/// Households of one to six: siblings share a generation character, one in sixty is a twin.
fn county(households: usize, seed: u64) -> Vec<Human> {
    let mut dice = Dice(seed << 32);
    let surnames: Vec<char> = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤".chars().collect();
    let given: Vec<char> = "明国华建文平志伟东海强晓生光林小民永杰军金兴广荣红春福德玉成新忠庆秀英芳兰桂珍丽霞燕凤梅琴素云莲美香月艳敏娟雪慧巧婷倩洁雨佳思涵梓轩宇浩然博俊凯旭鹏飞龙超磊勇刚毅斌辉耀祖宗仁义礼智信贵富财宝山川江河清泉水木森松柏竹菊荷花开元亨利贞天地玄黄洪荒日盈昃辰宿列张寒来暑往秋收冬藏".chars().collect();
    let mut people: Vec<Human> = Vec::new();
    for household in 0..households {
        let village = dice.below(152);
        let (surname, generation) = (dice.pick(&surnames), dice.pick(&given));
        let start = people.len();
        let size = 1 + dice.below(3) + dice.below(4);
        for member in 0..size {
            let name: String = match member {
                0 if dice.chance(30.0) => [surname, dice.pick(&given)].iter().collect(),
                0 => [surname, dice.pick(&given), dice.pick(&given)].iter().collect(),
                1 => [dice.pick(&surnames), dice.pick(&given), dice.pick(&given)].iter().collect(),
                _ => [surname, generation, dice.pick(&given)].iter().collect(),
            };
            let days =
                i32::try_from(if member < 2 { dice.below(20_000) } else { 17_000 + dice.below(12_000) }).expect("small") - 12_000;
            let mut day = Day(days);
            let mut sequence = 1 + dice.below(600);
            let region = if dice.chance(40.0) { "522124" } else { "520324" };
            if member > 2 && dice.chance(4.0) {
                let twin = Number::parse(&people[people.len() - 1].number).expect("a number");
                day = twin.birth().expect("valid");
                sequence = usize::try_from(twin.birth_and_sequence() % 1000).expect("small") + 1;
            }
            people.push(Human {
                name,
                number: number(region, day, sequence % 1000),
                village,
                household,
                is_head: member == 0,
                head: String::new(),
            });
        }
        let head = people[start].name.clone();
        people[start..].iter_mut().for_each(|human| human.head.clone_from(&head));
    }
    people
}

/// One person's row with damage as domain.md §3.2 has it: about nine rows in a hundred.
fn damaged(human: &Human, person: usize, mates: &[Human], dice: &mut Dice) -> Row {
    let mut row = Row {
        name: human.name.clone(),
        number: human.number.clone(),
        state: "valid",
        village: human.village,
        person,
        ..Row::default()
    };
    let digits: Vec<char> = human.number.chars().collect();
    if dice.chance(5.5) {
        match dice.below(10) {
            0 | 1 if human.number.ends_with(|last: char| last.is_ascii_digit()) => {
                row.number = format!("{}000", digits[..15].iter().collect::<String>());
                row.state = "float";
            }
            2 if human.number.ends_with(|last: char| last.is_ascii_digit()) => {
                row.number = (human.number.parse::<u64>().expect("digits") as f64 as u64).to_string();
                row.state = "float";
            }
            3 | 4 => {
                let at = 6 + dice.below(11);
                let mut wrong = digits.clone();
                wrong[at] = char::from_digit(
                    (wrong[at].to_digit(10).expect("a digit") + 1 + u32::try_from(dice.below(8)).expect("small")) % 10,
                    10,
                )
                .expect("a digit");
                row.number = wrong.into_iter().collect();
                row.state = "invalid";
            }
            5 => {
                let mut wrong = digits.clone();
                let at = 8 + dice.below(8);
                wrong.swap(at, at + 1);
                let text: String = wrong.into_iter().collect();
                row.state = if text == human.number { "valid" } else { "invalid" };
                row.number = text;
            }
            6 => {
                row.number = digits[..17].iter().collect();
                row.state = "malformed";
            }
            7 | 8 => {
                row.number = String::new();
                row.state = "missing";
            }
            _ => row.number.clone_from(&mates[dice.below(mates.len())].number),
        }
    }
    if dice.chance(4.0) {
        let mut name: Vec<char> = human.name.chars().collect();
        match dice.below(4) {
            0 if name.len() == 3 => {
                name.remove(1);
            }
            1 => {
                let at = name.len() - 1;
                name[at] = '□';
            }
            2 => {
                let sounds = [
                    ('明', '名'),
                    ('国', '郭'),
                    ('英', '鹰'),
                    ('兰', '南'),
                    ('文', '闻'),
                    ('志', '智'),
                    ('华', '花'),
                    ('建', '健'),
                    ('平', '萍'),
                    ('伟', '玮'),
                ];
                for character in &mut name {
                    if let Some((_, other)) = sounds.iter().find(|(from, _)| from == character) {
                        *character = *other;
                    }
                }
            }
            _ if name.len() == 3 => name[2] = '甯',
            _ => {}
        }
        row.name = name.into_iter().collect();
    }
    row
}

struct World {
    registries: Vec<RegistryRecords>,
    truth: Vec<usize>,
}

/// Poverty (a third of the households), insurance (all but a few persons), certificates (a twentieth, no household).
fn world(households: usize, seed: u64) -> World {
    let people = county(households, seed);
    let mut dice = Dice(seed ^ 0xd1ce);
    let (mut poverty, mut insurance, mut disability) = (Vec::new(), Vec::new(), Vec::new());
    let mut start = 0;
    while start < people.len() {
        let end = start + people[start..].iter().take_while(|human| human.household == people[start].household).count();
        let mates = &people[start..end];
        let is_poor = dice.chance(31.0);
        for (human, person) in mates.iter().zip(start..) {
            let relation = Some(if human.is_head { "户主" } else { "其他" });
            if is_poor {
                let row = damaged(human, person, mates, &mut dice);
                poverty.push(Row {
                    household: Some(format!("P{}", human.household)),
                    relation,
                    code: Some(format!("C{person}")),
                    ..row
                });
            }
            if !dice.chance(3.0) {
                let row = damaged(human, person, mates, &mut dice);
                insurance.push(Row {
                    household: Some(format!("I{}", human.household)),
                    head: Some(human.head.clone()),
                    relation,
                    ..row
                });
            }
            if dice.chance(5.0) {
                disability.push(damaged(human, person, mates, &mut dice));
            }
        }
        start = end;
    }
    let truth = poverty.iter().chain(&insurance).chain(&disability).map(|row| row.person).collect();
    let registries = vec![
        registry("poverty", Grain::Person, &poverty),
        registry("insurance", Grain::Person, &insurance),
        registry("disability", Grain::Person, &disability),
    ];
    World { registries, truth }
}

/// Precision and recall over pairs of rows of different registries.
fn quality(linked: &Linked, truth: &[usize], registries: &[RegistryRecords]) -> (f64, f64) {
    let registry_of: Vec<usize> = registries.iter().enumerate().flat_map(|(at, registry)| vec![at; registry.len()]).collect();
    let pairs = |of: &dyn Fn(usize) -> usize| {
        let mut groups = BTreeMap::<usize, Vec<usize>>::new();
        (0..truth.len()).for_each(|row| groups.entry(of(row)).or_default().push(row));
        let mut pairs = Vec::new();
        for rows in groups.values() {
            for (at, a) in rows.iter().enumerate() {
                pairs.extend(rows[at + 1..].iter().filter(|b| registry_of[*a] != registry_of[**b]).map(|b| (*a, *b)));
            }
        }
        pairs
    };
    let found = pairs(&|row| linked.links[row].person.0 as usize);
    let expected = pairs(&|row| truth[row]);
    let right = found.iter().filter(|(a, b)| truth[*a] == truth[*b]).count();
    (right as f64 / found.len() as f64, right as f64 / expected.len() as f64)
}

#[test]
fn a_damaged_county_holds_its_floor() {
    let world = world(4_000, 7);
    let linked = run(world.registries.clone());
    let (precision, recall) = quality(&linked, &world.truth, &world.registries);
    assert!(precision >= 0.999, "precision {precision:.5}, recall {recall:.5}");
    assert!(recall >= 0.99, "precision {precision:.5}, recall {recall:.5}");
    let review = linked.review.len() as f64 / world.truth.len() as f64;
    assert!(review < 0.02, "{review:.4} of rows go to a human");
}

#[test]
#[ignore = "some ten seconds; by hand after changes to blocking or weights"]
fn two_hundred_thousand_households_hold_the_floor_in_seconds() {
    let world = world(200_000, 11);
    let start = std::time::Instant::now();
    let linked = run(world.registries.clone());
    let seconds = start.elapsed().as_secs_f64();
    let (precision, recall) = quality(&linked, &world.truth, &world.registries);
    assert!(precision >= 0.999 && recall >= 0.99 && seconds < 20.0, "{precision:.5} {recall:.5} in {seconds:.1} s");
}

#[test]
fn parts_sum_to_the_weight_and_every_row_has_a_person() {
    let world = world(1_000, 3);
    let linked = run(world.registries);
    assert_eq!(linked.links.len(), world.truth.len());
    assert!(!linked.review.is_empty());
    for pair in &linked.review {
        let sum: f32 = pair.parts.iter().map(|part| part.weight).sum();
        assert!((sum - pair.weight).abs() < 1e-4, "{pair:?}");
    }
    let ids = linked.people.0.column_by_name("person_id").expect("a column");
    let ids: std::collections::BTreeSet<&str> =
        ids.as_any().downcast_ref::<StringArray>().expect("text").iter().flatten().collect();
    assert_eq!(ids.len(), linked.people.0.num_rows());
    let mut founders: Vec<u32> = Vec::new();
    for link in &linked.links {
        if link.person.0 as usize >= founders.len() {
            assert_eq!(link.person.0 as usize, founders.len(), "persons are ordered by their founding row");
            founders.push(link.person.0);
        }
    }
}

#[test]
fn threads_do_not_change_the_result() {
    let world = world(600, 5);
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        let linked = pool.install(|| run(world.registries.clone()));
        format!("{:?} {:?} {:?} {:?}", linked.links, linked.people.0, linked.review, linked.suspicions)
    };
    assert_eq!(on(1), on(4));
}

const A: &str = "1985-03-07";
const B: &str = "1986-11-21";

fn row(name: &str, birth: &str, sequence: usize) -> Row {
    let day = birth.parse::<Day>().expect("a day");
    Row { name: name.to_owned(), number: number("520324", day, sequence), state: "valid", village: 3, ..Row::default() }
}

#[test]
fn one_number_on_two_names_is_never_joined_in_silence() {
    let poverty = registry("poverty", Grain::Person, &[row("张小明", A, 123)]);
    let linked = run(vec![poverty, registry("insurance", Grain::Person, &[row("李建国", A, 123)])]);
    assert_ne!(linked.links[0].person, linked.links[1].person);
    assert!(matches!(linked.suspicions[..], [Suspicion::NumberTwoNames { left: RowId(0), right: RowId(1) }]));
    assert_eq!(linked.review.len(), 1);
}

#[test]
fn a_child_with_its_parents_number_stays_a_person_of_its_own() {
    let rows = [
        Row { relation: Some("户主"), household: Some("1".into()), ..row("张国强", A, 123) },
        Row { relation: Some("之子"), household: Some("1".into()), ..row("张国明", A, 123) },
    ];
    let linked = run(vec![registry("poverty", Grain::Person, &rows)]);
    assert_ne!(linked.links[0].person, linked.links[1].person);
}

#[test]
fn a_repeated_row_is_one_person_and_a_duplicate() {
    let linked = run(vec![registry("insurance", Grain::Person, &[row("张小明", A, 123), row("张晓明", A, 123)])]);
    assert_eq!(linked.links[0].person, linked.links[1].person);
    assert_eq!(linked.suspicions, [Suspicion::Duplicate { first: RowId(0), again: RowId(1) }]);
}

#[test]
fn months_of_one_payee_are_no_duplicates() {
    let month = |month| Row { month: Some(month), household: Some("D1".into()), ..row("张小明", A, 123) };
    let linked = run(vec![registry("dibao_payment", Grain::HouseholdMonth, &[month(201_805), month(201_806)])]);
    assert_eq!(linked.links[0].person, linked.links[1].person);
    assert!(linked.suspicions.is_empty());
}

#[test]
fn spouses_with_swapped_numbers_are_joined_crosswise_and_told() {
    let at = |household: &str, relation, row: Row| Row { household: Some(household.into()), relation: Some(relation), ..row };
    let (husband, wife) = (row("张国强", A, 123), row("李秀英", B, 246));
    let third = row("张思雨", "2010-05-05", 18);
    let swapped = |row: &Row, number: &Row| Row { number: number.number.clone(), ..row.clone() };
    let poverty =
        [at("1", "户主", swapped(&husband, &wife)), at("1", "配偶", swapped(&wife, &husband)), at("1", "之女", third.clone())];
    let insurance = [at("7", "户主", husband), at("7", "配偶", wife), at("7", "之女", third)];
    let linked = run(vec![registry("poverty", Grain::Person, &poverty), registry("insurance", Grain::Person, &insurance)]);
    for at in 0..3 {
        assert_eq!(linked.links[at].person, linked.links[at + 3].person, "{:?} {:?}", linked.links, linked.review);
    }
    assert_eq!(linked.links[3].status, LinkStatus::Probable);
    assert_eq!(linked.suspicions.iter().filter(|s| matches!(s, Suspicion::NumberTwoNames { .. })).count(), 2);
}

#[test]
fn name_and_village_alone_are_never_a_join() {
    let bare = |name: &str| Row { number: String::new(), state: "missing", ..row(name, A, 1) };
    let linked = run(vec![
        registry("poverty", Grain::Person, &[bare("欧阳雪莲")]),
        registry("insurance", Grain::Person, &[bare("欧阳雪莲")]),
    ]);
    assert_ne!(linked.links[0].person, linked.links[1].person);
}

#[test]
fn a_damaged_number_is_repaired_by_another_registry() {
    let good = row("张小明", A, 123);
    let mut digits: Vec<char> = good.number.chars().collect();
    digits[9] = if digits[9] == '9' { '8' } else { '9' };
    let bad = Row { number: digits.into_iter().collect(), state: "invalid", ..good.clone() };
    let linked =
        run(vec![registry("poverty", Grain::Person, &[bad]), registry("insurance", Grain::Person, std::slice::from_ref(&good))]);
    assert_eq!(linked.links[0].person, linked.links[1].person);
    assert_eq!(linked.links[1].status, LinkStatus::Repaired);
    assert_eq!(linked.suspicions, [Suspicion::Damaged { row: RowId(0), suggestion: good.number.into(), source: RowId(1) }]);
}

#[test]
fn a_masked_list_is_linked_by_what_it_shows() {
    let good = row("张小明", A, 123);
    let shown: String = good.number.chars().enumerate().map(|(at, c)| if (6..14).contains(&at) { '*' } else { c }).collect();
    let masked = Row { number: shown, state: "masked", ..good.clone() };
    // The county around it makes the odds of a chance agreement what they are.
    let mut crowd: Vec<Row> =
        county(300, 2).iter().map(|human| damaged(human, 0, std::slice::from_ref(human), &mut Dice(1))).collect();
    crowd.push(good);
    let last = crowd.len() - 1;
    let linked = run(vec![registry("poverty", Grain::Person, &crowd), registry("premium_subsidy", Grain::Person, &[masked])]);
    assert_eq!(linked.links[last].person, linked.links[last + 1].person, "{:?}", linked.review);
}

#[test]
fn a_relatives_row_with_the_number_of_the_line_above_is_no_copy_of_that_line() {
    let (parent, child) = (row("杨毅鹏", A, 123), row("杨浩鹏", "2010-05-05", 17));
    let borrowed = Row { number: parent.number.clone(), ..child.clone() };
    let list = [parent.clone(), borrowed];
    let linked =
        run(vec![registry("poverty", Grain::Person, &[parent, child]), registry("premium_subsidy", Grain::Person, &list)]);
    assert_eq!(linked.links[0].person, linked.links[2].person);
    assert_ne!(linked.links[2].person, linked.links[3].person, "{:?}", linked.suspicions);
    assert!(!linked.suspicions.iter().any(|suspicion| matches!(suspicion, Suspicion::Duplicate { .. })));
}

#[test]
fn a_person_keeps_its_id_when_rows_move() {
    let rows = [row("张小明", A, 123), row("李秀英", B, 246)];
    let id = |linked: &Linked, at: usize| {
        let ids = linked.people.0.column_by_name("person_id").expect("a column").clone();
        ids.as_any().downcast_ref::<StringArray>().expect("text").value(linked.links[at].person.0 as usize).to_owned()
    };
    let forward = run(vec![registry("insurance", Grain::Person, &rows)]);
    let backward = run(vec![registry("insurance", Grain::Person, &[rows[1].clone(), rows[0].clone()])]);
    assert_eq!((id(&forward, 0), id(&forward, 1)), (id(&backward, 1), id(&backward, 0)));
}

/// A household of three in the poverty registry, and a subsidy list without household codes that has them one below the other.
fn household_and_list(list: impl Fn(&[Row; 3]) -> Vec<Row>) -> Linked {
    let at = |household: &str, relation, row: Row| Row { household: Some(household.into()), relation: Some(relation), ..row };
    let members = [row("张国强", A, 123), row("李秀英", B, 246), row("张思雨", "2010-05-05", 18)];
    let mut poverty: Vec<Row> =
        county(1500, 2).iter().map(|human| damaged(human, 0, std::slice::from_ref(human), &mut Dice(1))).collect();
    let listed = list(&members);
    let [husband, wife, child] = members;
    poverty.extend([at("P", "户主", husband), at("P", "配偶", wife), at("P", "之女", child)]);
    run(vec![registry("poverty", Grain::Person, &poverty), registry("premium_subsidy", Grain::Person, &listed)])
}

#[test]
fn a_row_without_number_is_known_by_the_rows_above_and_below() {
    let linked = household_and_list(|[husband, wife, child]| {
        vec![husband.clone(), Row { number: String::new(), state: "missing", ..wife.clone() }, child.clone()]
    });
    let last = linked.links.len() - 3;
    assert_eq!(linked.links[last + 1].person, linked.links[last - 2].person, "{:?}", linked.review);
    assert_eq!(linked.links[last + 1].status, LinkStatus::Probable);
    let shuffled = household_and_list(|[_, wife, _]| {
        vec![row("王五", A, 77), Row { number: String::new(), state: "missing", ..wife.clone() }, row("赵六", B, 78)]
    });
    assert_ne!(shuffled.links[last + 1].person, shuffled.links[last - 2].person, "name and village alone are never a join");
}

#[test]
fn whoever_bears_a_housemates_number_under_its_own_name_is_of_that_household() {
    let linked = household_and_list(|[husband, wife, _]| vec![Row { number: husband.number.clone(), ..wife.clone() }]);
    let last = linked.links.len() - 1;
    assert_eq!(linked.links[last].person, linked.links[last - 2].person, "{:?}", linked.review);
    assert!(linked.suspicions.iter().any(|suspicion| matches!(suspicion, Suspicion::NumberTwoNames { .. })), "and it is told");
}

#[test]
fn a_number_that_a_later_registry_gives_to_another_does_not_speak_against_a_join() {
    let at = |household: &str, row: Row| Row { household: Some(household.into()), head: Some("张国强".into()), ..row };
    let (child, stranger) = (row("张思雨", "2010-05-05", 18), row("陈大海", B, 246));
    let poverty = [at("P", row("张国强", A, 123)), at("P", Row { number: stranger.number.clone(), ..child.clone() })];
    let insurance = [at("I", row("张国强", A, 123)), at("I", child), at("J", stranger)];
    let linked = run(vec![registry("poverty", Grain::Person, &poverty), registry("insurance", Grain::Person, &insurance)]);
    assert_eq!(linked.links[1].person, linked.links[3].person, "{:?}", linked.review);
    assert_ne!(linked.links[1].person, linked.links[4].person);
}

#[test]
fn siblings_with_swapped_numbers_and_similar_names_are_not_taken_for_each_other() {
    let at = |household: &str, row: Row| Row { household: Some(household.into()), ..row };
    let (one, other, head) = (row("陈敏娟", A, 123), row("陈敏怡", B, 246), row("陈成光", "1950-01-02", 33));
    let swapped = |row: &Row, number: &Row| Row { number: number.number.clone(), ..row.clone() };
    let poverty = [at("P", head.clone()), at("P", one.clone()), at("P", other.clone())];
    let insurance = [at("I", head), at("I", swapped(&one, &other)), at("I", swapped(&other, &one))];
    let linked = run(vec![registry("poverty", Grain::Person, &poverty), registry("insurance", Grain::Person, &insurance)]);
    assert_eq!((linked.links[4].person, linked.links[5].person), (linked.links[1].person, linked.links[2].person));
}

#[test]
fn a_ruined_float_that_passes_the_checksum_is_still_a_float() {
    let ruined = |right: &str| format!("{}000", right.get(..15).expect("ASCII"));
    let valid = |text: &str| Number::parse(text).is_some_and(Number::is_valid);
    let good = (100..1000)
        .map(|sequence| row("张小明", A, sequence))
        .find(|row| valid(&ruined(&row.number)) && !row.number.ends_with('X'));
    let good = good.expect("one in eleven");
    let bad = Row { number: ruined(&good.number), ..good.clone() };
    let linked = run(vec![registry("poverty", Grain::Person, &[bad]), registry("insurance", Grain::Person, &[good])]);
    assert_eq!(linked.links[0].person, linked.links[1].person, "{:?}", linked.review);
}
