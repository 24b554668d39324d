//! Identity damage (domain: 3.2), each registry on its own: what one office mistyped another has right.
//!
//! A registry keeps its mistakes from month to month: chance is keyed by registry and person, not by month. What came with the second edition
//! ([`field`]) draws from streams of its own, so that the first edition's mistakes are in it too.

use super::Edition;
use super::county::{County, Person, with_check};
use super::names::{self, Misspelling};
use super::random::Random;
use super::welfare::State;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberDamage {
    /// Went through a float: the last three digits are zeros (a number cell where the format has them).
    Float,
    /// A program kept it in a double: off by up to 32.
    Double,
    Scientific,
    WrongDigit,
    Swap,
    Short,
    /// One digit typed twice.
    Long,
    Fifteen,
    /// Full-width digits, spaces, lower-case x, apostrophes.
    Dressed,
    /// Letters that look like digits.
    Letters,
    /// The whole number twice in one cell.
    Twice,
    /// A child's row bears the head's number.
    HeadsNumber,
    /// The number of somebody on a neighbouring line.
    Neighbours,
    /// What the two above come to, and a swap in the family: the number of this person.
    AnothersNumber(u32),
    Missing,
    Placeholder,
    /// The disability certificate number in place of the resident number.
    CertificateNumber,
    /// The person's other number, valid too: other sequence digits.
    Second,
    /// Fifteen digits of somebody born from 2000 on, which no such number ever was.
    YoungFifteen,
    /// A word in the number column.
    Word,
    /// Excel's fifteen digits and zeros, kept in a double by a program.
    Rounded,
    /// A child's row bears the number of a grandparent or guardian, beside the child's own birth.
    Lent(u32),
}

impl NumberDamage {
    /// The right number can be read off the cell without looking elsewhere.
    pub(super) fn is_harmless(self) -> bool {
        matches!(self, Self::Dressed | Self::Letters | Self::Twice | Self::Fifteen | Self::CertificateNumber)
    }
}

/// Per 100,000 rows at noise 1; with names, places and dates about 9 % of rows.
const NUMBER_RATES: [(NumberDamage, u32); 15] = [
    (NumberDamage::Float, 600),
    (NumberDamage::Double, 150),
    (NumberDamage::Scientific, 80),
    (NumberDamage::WrongDigit, 800),
    (NumberDamage::Swap, 450),
    (NumberDamage::Short, 300),
    (NumberDamage::Long, 100),
    (NumberDamage::Fifteen, 300),
    (NumberDamage::Dressed, 1000),
    (NumberDamage::Letters, 60),
    (NumberDamage::Twice, 40),
    (NumberDamage::HeadsNumber, 150),
    (NumberDamage::Neighbours, 100),
    (NumberDamage::Missing, 500),
    (NumberDamage::Placeholder, 130),
];
const NAME_RATES: [(Misspelling, u32); 5] = [
    (Misspelling::Homophone, 800),
    (Misspelling::Variant, 500),
    (Misspelling::DroppedMiddle, 300),
    (Misspelling::Title, 300),
    (Misspelling::Spaces, 800),
];
/// Second edition, of rows that none of the above befell.
const FIELD_RATES: [(Field, u32); 8] = [
    (Field::Number(NumberDamage::Second), 300),
    (Field::Number(NumberDamage::YoungFifteen), 1200),
    (Field::Number(NumberDamage::Word), 300),
    (Field::Number(NumberDamage::Rounded), 300),
    (Field::Name(Misspelling::OtherGiven), 200),
    (Field::Name(Misspelling::OtherCharacter), 200),
    (Field::Name(Misspelling::SwappedGiven), 100),
    (Field::Name(Misspelling::DroppedMiddle), 100),
];
/// Households whose children all stand under one adult's number, in a registry that writes births.
const LENT_RATE: f64 = 0.01;
/// Streams of those: insurance, school roll, student aid.
const WITH_BIRTH: [u64; 3] = [5, 11, 12];
const WORDS: [&str; 7] = ["待补", "未办证", "无", "无证", "正在办理", "未上户", "户口未办"];

#[derive(Clone, Copy)]
enum Field {
    Number(NumberDamage),
    Name(Misspelling),
}

const BIRTH_RATE: f64 = 0.005;
const PLACE_RATE: f64 = 0.008;
const DUPLICATE_RATE: f64 = 0.001;

/// What a registry wrote down of a person.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) name: String,
    pub(super) number: String,
    /// The number stands in a number cell.
    pub(super) as_number: bool,
    pub(super) birth: crate::model::date::Day,
    /// The place is missing, or written another way than the registry's own.
    pub(super) place: PlaceDamage,
    pub(super) number_damage: Option<NumberDamage>,
    pub(super) name_damage: Option<Misspelling>,
    /// The name has nothing but the surname in common with the person's.
    pub(super) renamed: bool,
    pub(super) twice: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PlaceDamage {
    None,
    Absent,
    Odd,
}

/// The person as registry number `registry` writes it down.
pub(super) fn identity(county: &County, state: &State, registry: u64, pid: u32, noise: f64) -> Identity {
    let person = county.person(pid);
    let mut written = Identity {
        name: person.name.clone(),
        number: person.number.clone(),
        as_number: false,
        birth: person.birth,
        place: PlaceDamage::None,
        number_damage: None,
        name_damage: None,
        renamed: false,
        twice: false,
    };
    if noise <= 0.0 {
        return written;
    }
    let mut random = Random::keyed(county.seed, &[41, registry, u64::from(pid)]);
    let draw = random.unit() * 100_000.0 / noise;
    if let Some(partner) = swapped_with(county, registry, pid, noise) {
        written.number.clone_from(&county.person(partner).number);
        written.number_damage = Some(NumberDamage::AnothersNumber(partner));
    } else if let Some(kind) = drawn(&NUMBER_RATES, draw) {
        if let Some((number, as_number)) = damage_number(county, pid, kind, &mut random) {
            (written.number, written.as_number, written.number_damage) = (number, as_number, Some(kind));
        } else if let Some(owner) = other_bearer(county, pid, kind, &mut random) {
            written.number.clone_from(&county.person(owner).number);
            written.number_damage = Some(NumberDamage::AnothersNumber(owner));
        }
    } else if registry == 0 && person.certificate.is_some() && random.chance(0.04 * noise) {
        written.number = certificate_number(person);
        written.number_damage = Some(NumberDamage::CertificateNumber);
    }
    let draw = random.unit() * 100_000.0 / noise;
    let kind = if person.name.chars().any(names::is_rare) && random.chance(0.4 * noise) {
        Some(Misspelling::RareLost)
    } else if person.name.contains('·') && random.chance(0.5 * noise) {
        Some(Misspelling::Dot)
    } else {
        drawn(&NAME_RATES, draw)
    };
    if let Some((kind, name)) = kind.and_then(|kind| Some((kind, names::misspell(&person.name, kind, &mut random)?))) {
        (written.name, written.name_damage) = (name, Some(kind));
    }
    if random.chance(BIRTH_RATE * noise) {
        written.birth.0 += random.pick(&[-365, -31, -10, -1, 1, 10, 30, 365]);
    }
    if random.chance(PLACE_RATE * noise) {
        written.place = random.pick(&[PlaceDamage::Absent, PlaceDamage::Odd]);
    }
    let whole = written.number_damage.is_none() && written.name_damage.is_none() && !state.of(pid).dead;
    written.twice = random.chance(DUPLICATE_RATE * noise) && whole;
    if county.edition != Edition::First && whole && !written.twice {
        field(county, registry, pid, noise, &mut written);
    }
    written
}

/// What clerks and programs do to a row that is otherwise right.
fn field(county: &County, registry: u64, pid: u32, noise: f64, written: &mut Identity) {
    let person = county.person(pid);
    if let Some(lender) = lender(county, registry, pid, noise) {
        written.number.clone_from(&county.person(lender).number);
        (written.number_damage, written.birth) = (Some(NumberDamage::Lent(lender)), person.birth);
        return;
    }
    let mut random = Random::keyed(county.seed, &[43, registry, u64::from(pid)]);
    let draw = random.unit() * 100_000.0 / noise;
    // What is another in every registry is the same other one.
    let mut own = Random::keyed(county.seed, &[44, u64::from(pid)]);
    match drawn(&FIELD_RATES, draw) {
        Some(Field::Number(kind)) => {
            let random = if kind == NumberDamage::Second { &mut own } else { &mut random };
            if let Some((number, as_number)) = damage_number(county, pid, kind, random) {
                (written.number, written.as_number, written.number_damage) = (number, as_number, Some(kind));
            }
        }
        Some(Field::Name(kind)) => {
            let random = if kind == Misspelling::OtherGiven { &mut own } else { &mut random };
            if let Some(name) = names::misspell(&person.name, kind, random) {
                written.renamed = names::share_surname_only(&person.name, &name);
                (written.name, written.name_damage) = (name, Some(kind));
            }
        }
        None => {}
    }
}

/// Whose number a child's row bears because the child has none.
fn lender(county: &County, registry: u64, pid: u32, noise: f64) -> Option<u32> {
    let person = county.person(pid);
    if person.age() >= 16 || !WITH_BIRTH.contains(&registry) {
        return None;
    }
    let mut random = Random::keyed(county.seed, &[45, registry, u64::from(person.household)]);
    let household = county.household(person.household);
    let eldest = household.members().max_by_key(|&member| county.person(member).age());
    let lender = if random.chance(0.5) { eldest } else { Some(household.first) };
    lender.filter(|&lender| county.person(lender).age() >= 18 && random.chance(LENT_RATE * noise))
}

fn drawn<T: Copy>(rates: &[(T, u32)], draw: f64) -> Option<T> {
    let mut reached = 0;
    rates.iter().find_map(|&(kind, rate)| {
        reached += rate;
        (draw < f64::from(reached)).then_some(kind)
    })
}

/// Two members of a household each bear the other's number; decided by the household. The member whose number `pid` bears.
fn swapped_with(county: &County, registry: u64, pid: u32, noise: f64) -> Option<u32> {
    let hid = county.person(pid).household;
    let household = county.household(hid);
    let mut random = Random::keyed(county.seed, &[42, registry, u64::from(hid)]);
    if household.size < 2 || !random.chance(0.002 * noise) {
        return None;
    }
    let one = random.below(household.size);
    let other = (one + 1) % household.size;
    let (one, other) = (household.first + one, household.first + other);
    (pid == one).then_some(other).or_else(|| (pid == other).then_some(one))
}

/// Whose number a row bears in place of its own.
fn other_bearer(county: &County, pid: u32, kind: NumberDamage, random: &mut Random) -> Option<u32> {
    let person = county.person(pid);
    match kind {
        NumberDamage::HeadsNumber => {
            let head = county.household(person.household).first;
            (head != pid && person.age() < 18).then_some(head)
        }
        NumberDamage::Neighbours => {
            let people = u32::try_from(county.people.len()).unwrap_or(0);
            let other = (pid + 7 + random.below(60)) % people;
            let neighbour = county.person(other);
            (neighbour.household != person.household && neighbour.name != person.name).then_some(other)
        }
        _ => None,
    }
}

/// The number as damaged and whether it stands in a number cell; `None` where this number cannot be damaged so.
fn damage_number(county: &County, pid: u32, kind: NumberDamage, random: &mut Random) -> Option<(String, bool)> {
    let person = county.person(pid);
    let mut digits: Vec<char> = person.number.chars().collect();
    let ends_in_x = digits.last() == Some(&'X');
    let text = |digits: Vec<char>| Some((digits.into_iter().collect::<String>(), false));
    match kind {
        // Excel leaves text alone, and a number ending in X is always text.
        NumberDamage::Float | NumberDamage::Double | NumberDamage::Scientific | NumberDamage::Rounded if ends_in_x => None,
        NumberDamage::Float => {
            digits.truncate(15);
            digits.extend("000".chars());
            Some((digits.into_iter().collect(), random.chance(0.7)))
        }
        NumberDamage::Double => {
            // Doubles near 5.2e17 lie 64 apart.
            let whole: u64 = person.number.parse().ok()?;
            Some((((whole + 32) / 64 * 64).to_string(), random.chance(0.5))).filter(|(number, _)| *number != person.number)
        }
        NumberDamage::Scientific => Some((format!("{}.{}E+17", digits[0], digits[1..6].iter().collect::<String>()), false)),
        NumberDamage::WrongDigit => {
            // Mostly where the digits are one's own, sometimes in the region.
            let position = if random.chance(0.1) { random.below(6) as usize } else { 6 + random.below(11) as usize };
            let shift = 1 + random.below(9);
            digits[position] = char::from_digit((digits[position].to_digit(10)? + shift) % 10, 10)?;
            text(digits)
        }
        NumberDamage::Swap => {
            let start = random.below(10) as usize;
            let position =
                (0..10).map(|step| 6 + (start + step) % 10).find(|&position| digits[position] != digits[position + 1])?;
            digits.swap(position, position + 1);
            text(digits)
        }
        NumberDamage::Short => {
            let position = if random.chance(0.5) { 17 } else { 6 + random.below(11) as usize };
            digits.remove(position);
            text(digits)
        }
        NumberDamage::Long => {
            let position = 6 + random.below(11) as usize;
            digits.insert(position, digits[position]);
            text(digits)
        }
        NumberDamage::Letters => {
            let written = person.number.replacen('0', "O", 1).replacen('1', "l", 1);
            (written != person.number).then_some((written, false))
        }
        NumberDamage::Twice => Some((format!("{0}{0}", person.number), false)),
        NumberDamage::Fifteen => (digits[6..8] == ['1', '9']).then(|| [&digits[..6], &digits[8..17]].concat()).and_then(text),
        NumberDamage::Dressed => Some((dress(&person.number, random), false)),
        NumberDamage::Missing => Some((random.pick(&["", "", "无", "/"]).to_owned(), false)),
        NumberDamage::Placeholder => {
            Some((random.pick(&["999999999999999999", "0", "111111111111111111", "000000000000000000"]).to_owned(), false))
        }
        NumberDamage::Second => {
            // Two sequence digits of fifty are never handed out at once, see `allotted`.
            let sequence = random.below(20) * 50 + 48 + u32::from(!person.female);
            Some((with_check(&format!("{}{sequence:03}", digits[..14].iter().collect::<String>())), false))
        }
        NumberDamage::YoungFifteen => {
            (digits[6..8] == ['2', '0']).then(|| [&digits[..6], &digits[8..17]].concat()).and_then(text)
        }
        NumberDamage::Word => Some((random.pick(&WORDS).to_owned(), false)),
        NumberDamage::Rounded => {
            let kept: u64 = person.number.get(..15)?.parse().ok()?;
            Some((((kept * 1000 + 32) / 64 * 64).to_string(), random.chance(0.3)))
        }
        NumberDamage::HeadsNumber
        | NumberDamage::Neighbours
        | NumberDamage::AnothersNumber(_)
        | NumberDamage::Lent(_)
        | NumberDamage::CertificateNumber => None,
    }
}

fn dress(number: &str, random: &mut Random) -> String {
    let wide = |number: &str| {
        number.chars().map(|character| char::from_u32(u32::from(character) + 0xFEE0).unwrap_or(character)).collect::<String>()
    };
    match random.below(5) {
        0 => wide(number),
        1 => format!(" {number}"),
        2 => {
            let characters: Vec<char> = number.chars().collect();
            [&characters[..6], &characters[6..14], &characters[14..]].map(|part| part.iter().collect::<String>()).join(" ")
        }
        3 if number.ends_with('X') => {
            let like_x: &str = random.pick(&["x", "×", "Ｘ", "Х"]);
            number.replace('X', like_x)
        }
        3 => format!("{number}\u{a0}"),
        _ => format!("'{number}"),
    }
}

/// 18 + kind + grade, and `B1` after a loss.
pub(super) fn certificate_number(person: &Person) -> String {
    person.certificate.map_or_else(String::new, |certificate| {
        let again = if certificate.reissued { "B1" } else { "" };
        format!("{}{}{}{again}", person.number, certificate.kind, certificate.grade)
    })
}

/// A certificate number that no register knows.
pub(super) fn invented_certificate_number(person: &Person) -> String {
    format!("{}42", person.number)
}

#[cfg(test)]
mod tests {
    use super::super::county::settle;
    use super::super::divisions::Village;
    use super::super::welfare::entitled;
    use super::*;

    fn county() -> County {
        let village = Village {
            code: "520324101202".into(),
            town: "瑞溪镇".into(),
            town_index: 0,
            base: "燕子坝".into(),
            suffix: "村",
            official: "燕子坝村村民委员会".into(),
        };
        settle(9, Edition::Second, 6000, vec![village])
    }

    #[test]
    fn every_kind_of_the_second_edition_is_what_it_says() {
        let county = county();
        let state = entitled(&county, 0);
        let numbers: std::collections::HashSet<&str> = county.people.iter().map(|person| person.number.as_str()).collect();
        let mut seen = std::collections::BTreeMap::<String, u32>::new();
        for (pid, person) in (0u32..).zip(&county.people) {
            let written = identity(&county, &state, 5, pid, 1.0);
            let number = written.number.as_str();
            let kind = match written.number_damage {
                Some(NumberDamage::Second) => {
                    assert!(!numbers.contains(number) && with_check(&number.chars().take(17).collect::<String>()) == number);
                    assert_eq!(number.chars().take(14).collect::<String>(), person.number.chars().take(14).collect::<String>());
                    assert_eq!(written.number, identity(&county, &state, 5, pid, 1.0).number, "the same everywhere");
                    "second"
                }
                Some(NumberDamage::YoungFifteen) => {
                    assert!(number.len() == 15 && person.birth.ymd().0 >= 2000);
                    "fifteen"
                }
                Some(NumberDamage::Word) => "word",
                Some(NumberDamage::Rounded) => {
                    assert!(number.len() == 18 && number.parse::<u64>().is_ok_and(|number| number % 64 == 0), "{number}");
                    "rounded"
                }
                Some(NumberDamage::Lent(lender)) => {
                    let lender = county.person(lender);
                    assert_eq!((number, lender.household), (lender.number.as_str(), person.household));
                    assert!(lender.age() >= 18 && person.age() < 16 && written.birth == person.birth);
                    "lent"
                }
                _ => match written.name_damage {
                    Some(Misspelling::OtherGiven) => {
                        assert!(written.name != person.name && written.number_damage.is_none());
                        "other given name"
                    }
                    Some(Misspelling::OtherCharacter | Misspelling::SwappedGiven) => "other character",
                    _ => continue,
                },
            };
            *seen.entry(kind.to_owned()).or_default() += 1;
        }
        // 0.2-0.5 % of 19,000 rows each.
        assert_eq!(seen.len(), 7, "{seen:?}");
        assert!(seen.values().all(|count| (20..110).contains(count)), "{seen:?}");
    }
}
