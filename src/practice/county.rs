//! The people of the county as they truly are: households, ages, names, numbers, and what the poverty registry holds of them.

use std::collections::HashSet;

use crate::model::date::{Day, days_in};

use super::Edition;
use super::divisions::Village;
use super::names::{self, Misspelling};
use super::random::Random;

/// Everyone is as old as on this day; later months only age and die.
pub(super) const START_YEAR: i32 = 2018;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Head,
    Spouse,
    Son,
    Daughter,
    Father,
    Mother,
    Grandson,
    Granddaughter,
}

impl Relation {
    /// In the words of the poverty registry (domain: 1.1.5).
    pub(super) fn poverty(self) -> &'static str {
        match self {
            Self::Head => "户主",
            Self::Spouse => "配偶",
            Self::Son => "之子",
            Self::Daughter => "之女",
            Self::Father => "之父",
            Self::Mother => "之母",
            Self::Grandson => "之孙子",
            Self::Granddaughter => "之孙女",
        }
    }

    /// In the words of the other offices.
    pub(super) fn plain(self) -> &'static str {
        match self {
            Self::Head => "户主",
            Self::Spouse => "配偶",
            Self::Son => "子",
            Self::Daughter => "女",
            Self::Father => "父亲",
            Self::Mother => "母亲",
            Self::Grandson => "孙子",
            Self::Granddaughter => "孙女",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    General,
    Dibao,
    DibaoPart,
    Tekun,
}

impl Attribute {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::General => "一般贫困户",
            Self::Dibao => "低保贫困户",
            Self::DibaoPart => "低保(部分)贫困户",
            Self::Tekun => "特困供养贫困户",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Certificate {
    /// 1 视力 … 7 多重.
    pub(super) kind: u8,
    /// 1-4.
    pub(super) grade: u8,
    pub(super) revoked: bool,
    /// Issued again after a loss: the number ends in `B1`.
    pub(super) reissued: bool,
}

pub(super) struct Person {
    pub(super) household: u32,
    pub(super) name: String,
    pub(super) female: bool,
    pub(super) birth: Day,
    pub(super) number: String,
    pub(super) relation: Relation,
    pub(super) labour: &'static str,
    pub(super) ill: bool,
    pub(super) certificate: Option<Certificate>,
    /// Month (0 = the first) from which the person is dead.
    pub(super) dies: Option<u32>,
}

impl Person {
    pub(super) fn age(&self) -> i32 {
        Day::new(START_YEAR, 6, 30).map_or(0, |day| self.birth.age_on(day))
    }

    pub(super) fn can_work(&self) -> bool {
        matches!(self.labour, "普通劳动力" | "技能劳动力")
    }

    pub(super) fn severe(&self) -> bool {
        self.certificate.is_some_and(|certificate| certificate.grade <= 2 && !certificate.revoked)
    }
}

pub(super) struct Household {
    /// Position in [`County::villages`].
    pub(super) village: u32,
    /// Month and village of a move that only the poverty registry has heard of.
    pub(super) moved: Option<(u32, u32)>,
    pub(super) group: &'static str,
    pub(super) phone: String,
    pub(super) poor: bool,
    pub(super) attribute: Attribute,
    pub(super) poverty_status: &'static str,
    /// Supported as 特困, in the poverty registry or not.
    pub(super) tekun: bool,
    pub(super) first: u32,
    pub(super) size: u32,
}

impl Household {
    pub(super) fn members(&self) -> std::ops::Range<u32> {
        self.first..self.first + self.size
    }

    /// The village for whoever has heard of moves.
    pub(super) fn village_in(&self, month: u32) -> u32 {
        self.moved.filter(|&(since, _)| since <= month).map_or(self.village, |(_, village)| village)
    }
}

pub(super) struct County {
    pub(super) seed: u64,
    pub(super) edition: Edition,
    pub(super) villages: Vec<Village>,
    pub(super) households: Vec<Household>,
    /// Members of a household stand together, the head first.
    pub(super) people: Vec<Person>,
}

impl std::fmt::Debug for County {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "County({} households)", self.households.len())
    }
}

impl County {
    pub(super) fn person(&self, pid: u32) -> &Person {
        &self.people[pid as usize]
    }

    pub(super) fn household(&self, hid: u32) -> &Household {
        &self.households[hid as usize]
    }

    pub(super) fn household_of(&self, pid: u32) -> &Household {
        self.household(self.person(pid).household)
    }

    /// Rural household in the poverty registry's sense of 两无: not yet out of poverty, nobody who can work, not supported as 特困.
    pub(super) fn two_none(&self, household: &Household) -> bool {
        household.poor
            && household.poverty_status == "未脱贫"
            && household.attribute != Attribute::Tekun
            && !household.members().any(|pid| self.person(pid).can_work())
    }
}

pub(super) fn settle(seed: u64, edition: Edition, households: u32, villages: Vec<Village>) -> County {
    let mut county = County { seed, edition, villages, households: Vec::new(), people: Vec::new() };
    let village_count = u32::try_from(county.villages.len()).unwrap_or(1);
    let mut taken = HashSet::new();
    for hid in 0..households {
        let village = u32::try_from(u64::from(hid) * u64::from(village_count) / u64::from(households)).unwrap_or(0);
        let mut random = Random::keyed(seed, &[1, u64::from(hid)]);
        let first = u32::try_from(county.people.len()).unwrap_or(u32::MAX);
        let town = county.villages[village as usize].town_index;
        let mut members = family(&mut random, seed, village);
        let twin = if edition == Edition::First { None } else { twins(seed, hid, &mut members) };
        for (position, (relation, female, age, name)) in members.into_iter().enumerate() {
            let sibling = county.people.last().filter(|_| twin == Some(position));
            let drawn = birthday(&mut random, age);
            let birth = sibling.map_or(drawn, |sibling| sibling.birth);
            let (region, first) =
                sibling.map_or_else(|| allotted(&mut random, town, female, birth), |sibling| next_after(&sibling.number));
            let number = allot_number(&mut taken, region, birth, first);
            let certificate = certificate(&mut random, age);
            let ill = random.chance(if age > 50 { 0.15 } else { 0.03 });
            let severe = certificate.is_some_and(|certificate| certificate.grade <= 2);
            let labour = labour(&mut random, age, severe);
            // Who cannot work at that age is ill, or the registry is wrong.
            let ill = ill || labour == "丧失劳动力" && random.chance(0.96);
            county.people.push(Person {
                household: hid,
                name,
                female,
                birth,
                number,
                relation,
                labour,
                ill,
                certificate,
                dies: None,
            });
        }
        let size = u32::try_from(county.people.len()).unwrap_or(u32::MAX) - first;
        let mut household = Household {
            village,
            moved: random.chance(0.004).then(|| (1 + random.below(6), random.below(village_count))),
            group: random.pick(&["一组", "二组", "三组", "四组", "五组", "六组", "七组"]),
            phone: format!(
                "{}{:08}",
                random.pick(&["135", "136", "150", "151", "182", "183", "187", "199"]),
                random.below(100_000_000)
            ),
            poor: random.chance(0.30),
            attribute: Attribute::General,
            poverty_status: random.weighted(&[("未脱贫", 37), ("已脱贫", 57), ("预脱贫", 5), ("返贫", 1)]),
            tekun: false,
            first,
            size,
        };
        classify(&county, &mut household, &mut random);
        mourn(&mut county, &household, &mut random);
        county.households.push(household);
    }
    county
}

/// Relation, whether female, age, name.
type Member = (Relation, bool, i32, String);

fn family(random: &mut Random, seed: u64, village: u32) -> Vec<Member> {
    let (low, high, spouse, children, parents, grandchildren) = random.weighted(&[
        ((62, 88, 0.0, 0, 0, 0), 9),
        ((30, 58, 0.0, 0, 0, 0), 5),
        ((60, 82, 1.0, 0, 0, 0), 12),
        ((26, 54, 0.96, 1, 0, 0), 17),
        ((27, 52, 0.96, 2, 0, 0), 16),
        ((29, 50, 0.97, 3, 0, 0), 6),
        ((28, 50, 0.95, 1, 1, 0), 6),
        ((29, 52, 0.95, 2, 2, 0), 9),
        ((56, 72, 0.7, 0, 0, 2), 9),
        ((28, 55, 0.0, 1, 0, 0), 5),
        ((28, 52, 0.0, 2, 1, 0), 3),
    ]);
    let age = random.between(low, high);
    let mut members = Vec::new();
    let female = random.chance(if spouse > 0.0 { 0.12 } else { 0.4 });
    let own = names::surname(random, seed, village);
    let line = if female && spouse > 0.0 { names::surname(random, seed, village) } else { own };
    let mut add = |random: &mut Random, relation, female, age: i32, surname: &str, shared| {
        let name = names::full(random, surname, female, START_YEAR - age, shared);
        members.push((relation, female, age, name));
    };
    add(random, Relation::Head, female, age, own, None);
    if random.chance(spouse) {
        let surname = if female { line } else { names::surname(random, seed, village) };
        let spouse_age = (age + if female { random.between(-1, 6) } else { random.between(-6, 2) }).max(20);
        add(random, Relation::Spouse, !female, spouse_age, surname, None);
    }
    let mut next_generation = |random: &mut Random, count: i32, son, daughter, oldest: i32| {
        let shared = [false, true].map(|girl| random.chance(0.45).then(|| names::generation(random, girl, START_YEAR - oldest)));
        let mut age = oldest;
        for _ in 0..count {
            let girl = random.chance(0.47);
            add(random, if girl { daughter } else { son }, girl, age.max(0), line, shared[usize::from(girl)]);
            if !random.chance(0.02) {
                age -= random.between(1, 5);
            }
        }
    };
    let oldest_child = (age - random.between(21, 29)).max(0);
    next_generation(random, children, Relation::Son, Relation::Daughter, oldest_child);
    let oldest_grandchild = random.between(1, 16);
    next_generation(random, grandchildren, Relation::Grandson, Relation::Granddaughter, oldest_grandchild);
    for position in 0..parents {
        let mother = position == 1 || random.chance(0.6);
        let parent_age = (age + random.between(20, 30)).min(96);
        let surname = if mother { names::surname(random, seed, village) } else { own };
        add(random, if mother { Relation::Mother } else { Relation::Father }, mother, parent_age, surname, None);
        if position == 0 && mother {
            break;
        }
    }
    members
}

/// In one household of forty the first two siblings are made twins of one sex, their names one character apart: where the second stands. They
/// share a birthday and bear neighbouring numbers: the hardest pairs there are.
fn twins(seed: u64, hid: u32, members: &mut [Member]) -> Option<usize> {
    let mut random = Random::keyed(seed, &[2, u64::from(hid)]);
    let child = |member: &Member| !matches!(member.0, Relation::Head | Relation::Spouse | Relation::Father | Relation::Mother);
    let second = (1..members.len()).find(|&at| child(&members[at - 1]) && child(&members[at]))?;
    let (relation, female, age, name) = members[second - 1].clone();
    let name = names::misspell(&name, Misspelling::OtherCharacter, &mut random).filter(|_| random.chance(0.025))?;
    members[second] = (relation, female, age, name);
    Some(second)
}

fn birthday(random: &mut Random, age: i32) -> Day {
    let year = START_YEAR - age;
    let month = if age == 0 { 1 + random.below(4) } else { 1 + random.below(12) };
    Day::new(year, month, 1 + random.below(days_in(year, month))).unwrap_or(Day(0))
}

/// Region and sequence. The police station of each town hands out its own run of sequence numbers, so neighbours born on one day differ in a
/// digit or two.
fn allotted(random: &mut Random, town: u32, female: bool, birth: Day) -> (u32, u32) {
    let here = if birth.ymd().0 < 1998 { 522_124 } else { 520_324 };
    let region =
        if random.chance(0.03) { random.pick(&[522_125, 522_126, 520_325, 522_121, 520_302, 500_119, 522_123]) } else { here };
    (region, (town * 50 + random.below(24) * 2 + u32::from(!female)) % 1000)
}

/// Region and sequence of the number handed out after this one to somebody of the same sex.
fn next_after(number: &str) -> (u32, u32) {
    let part = |from, until| number.get(from..until).and_then(|digits: &str| digits.parse::<u32>().ok()).unwrap_or(0);
    (part(0, 6), (part(14, 17) + 2) % 1000)
}

/// The number with this sequence, or the next that is free.
fn allot_number(taken: &mut HashSet<(u32, Day, u32)>, region: u32, birth: Day, mut sequence: u32) -> String {
    let (year, month, day) = birth.ymd();
    while !taken.insert((region, birth, sequence)) {
        sequence = (sequence + 2) % 1000;
    }
    with_check(&format!("{region}{year:04}{month:02}{day:02}{sequence:03}"))
}

/// 17 digits and the check character that belongs to them.
pub(super) fn with_check(body: &str) -> String {
    format!("{body}{}", check_character(body))
}

/// GB 11643 check character of 17 digits.
pub(super) fn check_character(body: &str) -> char {
    let sum: u32 = body.chars().zip(WEIGHTS).map(|(digit, weight)| digit.to_digit(10).unwrap_or(0) * weight).sum();
    ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'][(sum % 11) as usize]
}

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

fn certificate(random: &mut Random, age: i32) -> Option<Certificate> {
    let probability = match age {
        ..=5 => 0.005,
        6..=15 => 0.018,
        16..=59 => 0.038,
        _ => 0.085,
    };
    random.chance(probability).then(|| Certificate {
        kind: random.weighted(&[(1, 14), (2, 12), (3, 4), (4, 48), (6, 10), (5, 8), (7, 4)]),
        grade: random.weighted(&[(1, 16), (2, 30), (3, 26), (4, 28)]),
        revoked: random.chance(0.04),
        reissued: random.chance(0.08),
    })
}

fn labour(random: &mut Random, age: i32, severe: bool) -> &'static str {
    match age {
        ..=15 => "无劳动力",
        16..=18 if random.chance(0.8) => "无劳动力",
        _ if severe => "丧失劳动力",
        16..=59 => random.weighted(&[("普通劳动力", 86), ("技能劳动力", 8), ("丧失劳动力", 6)]),
        60..=66 => random.weighted(&[("普通劳动力", 40), ("无劳动力", 60)]),
        _ => "无劳动力",
    }
}

fn classify(county: &County, household: &mut Household, random: &mut Random) {
    let range = household.members();
    let members = || range.clone().map(|pid| county.person(pid));
    let alone_and_old = household.size == 1 && members().all(|person| person.age() >= 60);
    household.tekun = alone_and_old && random.chance(if household.poor { 0.4 } else { 0.05 });
    if !household.poor {
        return;
    }
    household.attribute = if household.tekun {
        Attribute::Tekun
    } else if county.two_none(household) {
        Attribute::Dibao
    } else if members().any(Person::can_work) {
        let part = if household.size > 2 { 3 } else { 0 };
        random.weighted(&[(Attribute::General, 84), (Attribute::Dibao, 13), (Attribute::DibaoPart, part)])
    } else {
        random.weighted(&[(Attribute::General, 55), (Attribute::Dibao, 45)])
    };
}

/// Only old people of larger households die, so that no household dies out and 两无 does not change by it.
fn mourn(county: &mut County, household: &Household, random: &mut Random) {
    for pid in household.members() {
        let person = &mut county.people[pid as usize];
        if household.size > 1
            && person.relation != Relation::Head
            && !person.can_work()
            && person.age() >= 60
            && random.chance(0.05)
        {
            person.dies = Some(random.weighted(&[(0, 60), (1, 8), (2, 8), (3, 8), (4, 8), (5, 8)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_number_has_its_check_character() {
        assert_eq!(check_character("11010519491231002"), 'X');
    }

    #[test]
    fn numbers_are_unique_and_agree_with_the_person() {
        let village = Village {
            code: "520324101202".into(),
            town: "瑞溪镇".into(),
            town_index: 1,
            base: "燕子坝".into(),
            suffix: "村",
            official: "燕子坝村村民委员会".into(),
        };
        let county = settle(5, Edition::Second, 2000, vec![village]);
        let numbers: HashSet<&str> = county.people.iter().map(|person| person.number.as_str()).collect();
        assert_eq!(numbers.len(), county.people.len());
        for person in &county.people {
            let (year, month, day) = person.birth.ymd();
            assert!(person.number.contains(&format!("{year:04}{month:02}{day:02}")));
            let sequence = person.number.chars().nth(16).and_then(|digit| digit.to_digit(10)).expect("a digit");
            assert_eq!(sequence % 2 == 0, person.female);
        }
        let twins = county.people.windows(2).filter(|pair| {
            let [one, other] = pair else { return false };
            let apart = one.name.chars().zip(other.name.chars()).filter(|(left, right)| left != right).count();
            (one.household, one.birth, one.female) == (other.household, other.birth, other.female) && apart == 1
        });
        assert!((10..40).contains(&twins.count()));
        let poor: u32 = county.households.iter().filter(|household| household.poor).map(|household| household.size).sum();
        let mean = f64::from(u32::try_from(county.people.len()).expect("small")) / 2000.0;
        assert!((3.0..3.3).contains(&mean), "{mean}");
        assert!((1700..2100).contains(&poor), "{poor}");
    }
}
