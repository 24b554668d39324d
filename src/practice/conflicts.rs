//! Contradictions that no clause names and every county looks for (domain: 7.4 last line, 1.1.6, 1.1.7): people listed twice, couples, accounts,
//! relations, ages, months of work; where they stand in the registries, and what a perfect tool would find of them.
//!
//! Who is concerned follows from the person and the month alone ([`befalls`]); a second listing only of people whose identity the registry has right.

use std::collections::BTreeMap;

use super::Edition;
use super::county::{County, Person, Relation, check_character};
use super::damage::{self, NumberDamage};
use super::divisions::Spelling;
use super::findings::{IdentityEvents, Key, TrueFindings};
use super::offices::{Habit, Offices, columns};
use super::poverty_facts;
use super::random::{Random, befalls};
use super::table::Table;
use super::welfare::{Dibao, LIVING_FEN, LIVING_MOST_FEN, TEKUN_FEN, nursing_standard, tekun_entry};
use crate::model::date::Day;

/// Streams of chance of the poverty registry and the 低保 roster, as in their habits.
const POVERTY_STREAM: u64 = 0;
const DIBAO_STREAM: u64 = 1;
/// Of the lists that pay a person, and of the two sides of a marriage.
const TEKUN_PAYMENT_STREAM: u64 = 4;
const NURSING_STREAM: u64 = 8;
const LIVING_STREAM: u64 = 9;
const HUSBAND_STREAM: u64 = 26;
const WIFE_STREAM: u64 = 27;
/// Marriages are read off identity cards: a fifth of the damage of other lists.
const MARRIAGE_NOISE: f64 = 0.2;

/// A person's second listing in the poverty registry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listing {
    pub(super) pid: u32,
    /// The household of the second listing.
    pub(super) hid: u32,
    /// A woman who married: the marriage registry names her husband.
    married: bool,
}

/// The account that 低保 of a household is paid to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Account {
    /// The household whose account it is.
    pub(super) of: u32,
    /// Whose name it bears, where not the receiver's.
    pub(super) name: Option<u32>,
}

/// Married women on their parents' household as well, and old parents in the households of two children.
pub(super) fn listed_twice(offices: &Offices<'_>) -> Vec<Listing> {
    let county = offices.county;
    let mut listings = Vec::new();
    for (hid, household) in (0u32..).zip(&county.households).filter(|(_, household)| household.poor && household.moved.is_none())
    {
        let open = |kind, share| befalls(county.seed, offices.month_index, kind, household.first, share);
        let member = |wanted: &dyn Fn(&Person) -> bool| {
            household.members().find(|pid| wanted(county.person(*pid)) && !offices.state.of(*pid).dead)
        };
        let wife = |person: &Person| person.relation == Relation::Spouse && person.female && person.age() < 50;
        let parent = |person: &Person| matches!(person.relation, Relation::Father | Relation::Mother);
        let (pid, married) = match (member(&wife), member(&parent)) {
            (Some(pid), _) if open(139, 0.012) && read_off_cards(offices, household.first, pid) => (pid, true),
            (_, Some(pid)) if open(140, 0.015) => (pid, false),
            _ => continue,
        };
        let Some(other) = other_household(offices, hid).filter(|_| well_written(offices, POVERTY_STREAM, pid)) else { continue };
        listings.push(Listing { pid, hid: other, married });
    }
    listings
}

/// The next poor household of the same town in another village: its rows follow in the same sheet.
fn other_household(offices: &Offices<'_>, hid: u32) -> Option<u32> {
    let county = offices.county;
    let village = county.household(hid).village;
    let town = |village: u32| county.villages[village as usize].town_index;
    (hid + 1..u32::try_from(county.households.len()).unwrap_or(0))
        .take_while(|other| town(county.household(*other).village) == town(village))
        .find(|other| {
            let other = county.household(*other);
            other.poor && other.size > 2 && other.village != village && other.moved.is_none()
        })
}

fn well_written(offices: &Offices<'_>, stream: u64, pid: u32) -> bool {
    let written = damage::identity(offices.county, offices.state, stream, pid, offices.noise);
    written.number_damage.is_none() && written.name_damage.is_none() && !written.twice
}

/// Whether the marriage registry has both numbers right, so that the marriage can be seen at all.
fn read_off_cards(offices: &Offices<'_>, husband: u32, wife: u32) -> bool {
    [(HUSBAND_STREAM, husband), (WIFE_STREAM, wife)].into_iter().all(|(stream, pid)| {
        let written = damage::identity(offices.county, offices.state, stream, pid, offices.noise * MARRIAGE_NOISE);
        written.number_damage.is_none() && written.name_damage.is_none()
    })
}

/// Members of poor 低保 households, not covered for a household of another town's roster as well: the person and that household.
pub(super) fn in_two_towns(offices: &Offices<'_>) -> Vec<(u32, u32)> {
    let county = offices.county;
    let town = |hid: u32| county.villages[county.household(hid).village as usize].town_index;
    let rostered: Vec<u32> = (0u32..)
        .zip(&county.households)
        .filter(|(hid, household)| household.poor && household.moved.is_none() && offices.receiver(*hid).is_some())
        .map(|(hid, _)| hid)
        .collect();
    let mut found = Vec::new();
    for (at, hid) in rostered.iter().enumerate() {
        let concerned = county.household(*hid).members().find(|&pid| {
            let person = county.person(pid);
            let on_roster = offices.state.of(pid).dibao == Dibao::Covered && offices.receiver(*hid) != Some(pid);
            on_roster && person.certificate.is_none() && befalls(county.seed, offices.month_index, 141, pid, 0.008)
        });
        let Some(pid) = concerned.filter(|&pid| well_written(offices, DIBAO_STREAM, pid)) else { continue };
        let others = rostered.iter().cycle().skip(at + 1).take(rostered.len());
        found.extend(others.copied().find(|other| town(*other) != town(*hid)).map(|other| (pid, other)));
    }
    found
}

/// The account of every household.
pub(super) fn accounts(offices: &Offices<'_>) -> Vec<Account> {
    let county = offices.county;
    let mut before = None;
    (0u32..)
        .zip(&county.households)
        .map(|(hid, household)| {
            let mut account = Account { of: hid, name: None };
            let Some(receiver) = offices.receiver(hid) else { return account };
            let open = |kind, share| befalls(county.seed, offices.month_index, kind, household.first, share);
            if let Some((other, owner)) = before {
                if open(136, 0.012) {
                    account.of = other;
                } else if open(135, 0.012) && county.person(owner).name != county.person(receiver).name {
                    account.name = Some(owner);
                }
            }
            before = Some((hid, receiver));
            account
        })
        .collect()
}

/// 特困 support that the month's list leaves out.
pub(super) fn unpaid(county: &County, month: u32, pid: u32) -> bool {
    befalls(county.seed, month, 138, pid, 0.03)
}

/// The child that stands as head in place of its parent, in a household of one parent.
fn child_head(county: &County, month: u32, hid: u32) -> Option<u32> {
    let household = county.household(hid);
    let head = household.first;
    let couple = household.members().any(|pid| county.person(pid).relation == Relation::Spouse);
    if couple || county.person(head).age() < 30 || !befalls(county.seed, month, 130, head, 0.02) {
        return None;
    }
    let child = |pid: &u32| {
        let person = county.person(*pid);
        matches!(person.relation, Relation::Son | Relation::Daughter) && person.age() < 16
    };
    household.members().find(child).filter(|_| !poverty_facts::headless(county, month, head))
}

/// A grown child of the head's sex that is written as the head's spouse, in a household of one parent.
fn as_spouse(county: &County, month: u32, pid: u32) -> bool {
    let person = county.person(pid);
    let household = county.household(person.household);
    let head = county.person(household.first);
    let couple = household.members().any(|pid| county.person(pid).relation == Relation::Spouse);
    let first = household.members().find(|pid| {
        let member = county.person(*pid);
        matches!(member.relation, Relation::Son | Relation::Daughter) && member.female == head.female && member.age() >= 20
    });
    !couple
        && first == Some(pid)
        && child_head(county, month, person.household).is_none()
        && !poverty_facts::headless(county, month, household.first)
        && befalls(county.seed, month, 146, pid, 0.2)
}

/// A son written as a daughter, a mother as a father.
fn wrong_sex(county: &County, month: u32, pid: u32) -> bool {
    let person = county.person(pid);
    !matches!(person.relation, Relation::Head | Relation::Spouse)
        && child_head(county, month, person.household).is_none()
        && !as_spouse(county, month, pid)
        && befalls(county.seed, month, 131, pid, 0.003)
}

/// The relation to the head as the poverty registry has it.
pub(super) fn relation(county: &County, month: u32, pid: u32) -> &'static str {
    let person = county.person(pid);
    if let Some(child) = child_head(county, month, person.household) {
        if child == pid {
            return Relation::Head.poverty();
        }
        if person.relation == Relation::Head {
            return if person.female { "之母" } else { "之父" };
        }
    }
    if as_spouse(county, month, pid) {
        return Relation::Spouse.poverty();
    }
    let relation = if wrong_sex(county, month, pid) { opposite(person.relation) } else { person.relation };
    relation.poverty()
}

fn opposite(relation: Relation) -> Relation {
    match relation {
        Relation::Son => Relation::Daughter,
        Relation::Daughter => Relation::Son,
        Relation::Father => Relation::Mother,
        Relation::Mother => Relation::Father,
        Relation::Grandson => Relation::Granddaughter,
        Relation::Granddaughter => Relation::Grandson,
        Relation::Head | Relation::Spouse => relation,
    }
}

/// Written as disabled without a certificate: of the ill, where nothing else follows from it.
pub(super) fn disabled_by_word(county: &County, month: u32, pid: u32) -> bool {
    let person = county.person(pid);
    person.ill
        && person.certificate.is_none()
        && poverty_facts::cause(county, month, person.household) != "因残"
        && befalls(county.seed, month, 133, pid, 0.03)
}

/// Old and badly disabled in the limbs, and written as able to work; where somebody else of the household works and nothing else follows from it.
pub(super) fn able_by_word(county: &County, month: u32, pid: u32) -> bool {
    let person = county.person(pid);
    let household = county.household(person.household);
    let other = household.members().any(|other| other != pid && county.person(other).can_work());
    person.age() >= 67
        && person.certificate.is_some_and(|certificate| certificate.kind == 4 && certificate.grade <= 2 && !certificate.revoked)
        && other
        && !poverty_facts::works(county, month, pid)
        && befalls(county.seed, month, 148, pid, 0.3)
}

/// Works, and for no month.
pub(super) fn no_months(county: &County, month: u32, pid: u32) -> bool {
    befalls(county.seed, month, 134, pid, 0.006)
}

/// Who is a couple by the marriage registry: man and woman of a household, of one in seventeen, and of all who are listed twice for it.
fn couples(offices: &Offices<'_>) -> Vec<(u32, u32)> {
    let county = offices.county;
    let twice = listed_twice(offices);
    let mut couples = Vec::new();
    for (hid, household) in (0u32..).zip(&county.households) {
        let Some(spouse) = household.members().find(|pid| county.person(*pid).relation == Relation::Spouse) else { continue };
        let listed = twice.iter().any(|listing| listing.pid == spouse);
        if listed || Random::keyed(county.seed, &[56, u64::from(hid)]).chance(0.06) {
            let head = household.first;
            couples.push(if county.person(head).female { (spouse, head) } else { (head, spouse) });
        }
    }
    couples
}

/// What a perfect tool would find.
pub(super) fn findings(offices: &Offices<'_>, found: &mut TrueFindings) {
    let (county, month) = (offices.county, offices.month_index);
    for listing in listed_twice(offices) {
        let rule = if listing.married { "conflict.married_listed_twice" } else { "conflict.two_households" };
        found.insert((rule, Key::Person(listing.pid)));
    }
    found.extend(in_two_towns(offices).into_iter().map(|(pid, _)| ("conflict.two_towns", Key::Person(pid))));
    let accounts = accounts(offices);
    let mut users: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (hid, account) in (0u32..).zip(&accounts) {
        let Some(receiver) = offices.receiver(hid) else { continue };
        users.entry(account.of).or_default().push(receiver);
        if account.name.is_some() {
            found.insert(("conflict.account_name", Key::Person(receiver)));
        }
    }
    for receivers in users.into_values().filter(|receivers| receivers.len() > 1) {
        found.extend(receivers.into_iter().map(|pid| ("conflict.account_shared", Key::Person(pid))));
    }
    for (pid, person) in (0u32..).zip(&county.people) {
        let alive = !offices.state.of(pid).dead;
        of_double_payment(offices, pid, person, found);
        // A home is paid for those whom it houses.
        let at_home = !tekun_entry(county, month, pid).housed;
        if offices.state.of(pid).tekun > 0 && unpaid(county, month, pid) && at_home {
            found.insert(("living.tekun_unpaid", Key::Person(pid)));
        }
        if !county.household_of(pid).poor {
            continue;
        }
        let works = poverty_facts::works(county, month, pid);
        let rules = [
            (alive && disabled_by_word(county, month, pid), "conflict.disabled_no_certificate"),
            (alive && able_by_word(county, month, pid), "conflict.severe_labour"),
            (alive && works && no_months(county, month, pid), "conflict.work_months"),
        ];
        found.extend(rules.into_iter().filter(|(holds, _)| *holds).map(|(_, rule)| (rule, Key::Person(pid))));
        of_relation(offices, pid, person, found);
    }
}

/// Birth that the poverty row's number shows: the person's, or that of whatever valid number a slip happened to make, and in the first edition
/// another person's too; nothing where it is not valid.
fn shown(offices: &Offices<'_>, pid: u32) -> Option<Day> {
    let written = damage::identity(offices.county, offices.state, POVERTY_STREAM, pid, offices.noise);
    if written.number_damage.is_none_or(NumberDamage::is_harmless) {
        return Some(offices.county.person(pid).birth);
    }
    let anothers = matches!(written.number_damage, Some(NumberDamage::AnothersNumber(_) | NumberDamage::Lent(_)));
    if anothers && offices.county.edition != Edition::First {
        return None;
    }
    let digits: Vec<u32> = written.number.chars().map_while(|character| character.to_digit(10)).take(17).collect();
    let check = written.number.chars().nth(17)?;
    let body: String = written.number.chars().take(17).collect();
    if written.number.chars().count() != 18 || digits.len() != 17 || check_character(&body) != check {
        return None;
    }
    let [year, month, day] =
        [(6, 10), (10, 12), (12, 14)].map(|(from, until)| digits[from..until].iter().fold(0, |n, d| n * 10 + d));
    let birth = Day::new(i32::try_from(year).ok()?, month, day)?;
    let thinkable = birth.0 > Day::new(1900, 1, 1)?.0 && birth.0 <= offices.month.last_day().0;
    thinkable.then_some(birth)
}

fn of_relation(offices: &Offices<'_>, pid: u32, person: &Person, found: &mut TrueFindings) {
    let (county, month) = (offices.county, offices.month_index);
    let age = shown(offices, pid).unwrap_or(person.birth).age_on(offices.month.last_day());
    let stage = poverty_facts::school_state_of(county, month, pid);
    let contradicts = match stage {
        "高中一年级" => age <= 14,
        "学前教育" | "小学" => age >= 20,
        _ => false,
    };
    if contradicts && !offices.state.of(pid).dead {
        found.insert(("conflict.school_age", Key::Person(pid)));
    }
    let written = if poverty_facts::headless(county, month, pid) { "其他" } else { relation(county, month, pid) };
    if written == "户主" && age < 18 {
        found.insert(("conflict.minor_head", Key::Person(pid)));
    }
    let female = match written {
        "之女" | "之母" | "之孙女" => Some(true),
        "之子" | "之父" | "之孙子" => Some(false),
        _ => None,
    };
    if female.is_some_and(|female| female != person.female) {
        found.insert(("conflict.relation_sex", Key::Person(pid)));
    }
    if written == "配偶" && county.person(county.household_of(pid).first).female == person.female {
        found.insert(("conflict.couple_same_sex", Key::Household(person.household)));
    }
}

/// Who stands on a list of payments twice is paid twice.
fn of_double_payment(offices: &Offices<'_>, pid: u32, person: &Person, found: &mut TrueFindings) {
    let (welfare, key) = (offices.state.of(pid), Key::Person(pid));
    let twice = |stream| damage::identity(offices.county, offices.state, stream, pid, offices.noise).twice;
    let mut settle = |paid: i64, standard: i64, below: &'static str, above: &'static str| {
        if paid >= standard {
            found.remove(&(below, key));
        }
        if paid > standard && !above.is_empty() {
            found.insert((above, key));
        }
    };
    let standard = person.certificate.map_or(0, |certificate| nursing_standard(certificate.grade));
    let valid = person.certificate.is_some_and(|certificate| !certificate.revoked) && !welfare.dead;
    if welfare.nursing > 0 && standard > 0 && valid && twice(NURSING_STREAM) {
        settle(2 * welfare.nursing, standard, "living.nursing_below_standard", "living.nursing_above_standard");
    }
    if welfare.living > 0 && !welfare.dead && twice(LIVING_STREAM) {
        let received = 2 * welfare.living + welfare.class_aid;
        settle(received, LIVING_FEN, "living.disability_living_below_standard", "");
        settle(received, LIVING_MOST_FEN, "", "living.disability_living_above");
    }
    if welfare.tekun > 0 && twice(TEKUN_PAYMENT_STREAM) && !unpaid(offices.county, offices.month_index, pid) {
        let able = tekun_entry(offices.county, offices.month_index, pid).self_care == "有";
        let above = if able { "living.tekun_above_standard" } else { "" };
        settle(2 * welfare.tekun, TEKUN_FEN, "living.tekun_below_standard", above);
    }
}

impl Offices<'_> {
    /// Marriages; the wife stands beside.
    pub(super) fn marriage(&self, events: &mut IdentityEvents) -> Table {
        let habit =
            Habit { stream: HUSBAND_STREAM, spelling: Spelling::Short, broken: "焉", knows_moves: false, repeats: false };
        let wives: BTreeMap<u32, u32> = couples(self).into_iter().collect();
        let clean = Offices { noise: self.noise * MARRIAGE_NOISE, ..*self };
        let (headers, cells) = columns!(|entry| {
            let Some(wife) = wives.get(&entry.pid) else { return Vec::new() };
            let wife = damage::identity(self.county, self.state, WIFE_STREAM, *wife, clean.noise);
        } {
            "户主姓名" => entry.name(),
            "户主身份证号" => entry.number(),
            "配偶姓名" => wife.name.as_str(),
            "配偶身份证号" => wife.number.as_str(),
            "登记单位" => "正安县民政局婚姻登记处",
            "登记状态" => "结婚",
            "登记时间" => format!("20{:02}-{:02}-{:02}", 2 + entry.pid % 15, 1 + entry.pid % 12, 1 + entry.pid % 28),
        });
        clean.table_of(&headers, habit, events, |pid| wives.contains_key(&pid), cells).named(
            "marriage",
            "正安县民政局",
            "正安县婚姻登记名单",
        )
    }
}
