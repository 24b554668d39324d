//! Contradictions that no clause names and every county looks for (domain: 7.4 last line, 1.1.6, 1.1.7): people listed twice, couples, accounts,
//! relations, ages, months of work; where they stand in the registries, and what a perfect tool would find of them.
//!
//! Who is concerned follows from the person and the month alone ([`befalls`]); a second listing only of people whose identity the registry has right.

use std::collections::BTreeMap;

use super::county::{County, Person, Relation};
use super::damage::{self, NumberDamage};
use super::divisions::Spelling;
use super::findings::{IdentityEvents, Key, TrueFindings};
use super::gaps::befalls;
use super::poverty;
use super::random::Random;
use super::registers::{Entry, Habit, Offices};
use super::table::{Cell, Table};
use super::welfare::Dibao;

/// Streams of chance of the poverty registry and the 低保 roster, as in their habits.
const POVERTY_STREAM: u64 = 0;
const DIBAO_STREAM: u64 = 1;

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
            (Some(pid), _) if open(139, 0.012) => (pid, true),
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
            other.poor && other.village != village && other.moved.is_none()
        })
}

fn well_written(offices: &Offices<'_>, stream: u64, pid: u32) -> bool {
    let written = damage::identity(offices.county, offices.state, stream, pid, offices.noise);
    written.number_damage.is_none() && written.name_damage.is_none() && !written.twice
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
    household.members().find(child).filter(|_| !poverty::headless(county, month, head))
}

/// A son written as a daughter, a mother as a father.
fn wrong_sex(county: &County, month: u32, pid: u32) -> bool {
    let person = county.person(pid);
    !matches!(person.relation, Relation::Head | Relation::Spouse)
        && child_head(county, month, person.household).is_none()
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

/// A child at primary school, written as at high school.
pub(super) fn too_young(county: &County, month: u32, pid: u32) -> bool {
    (7..=12).contains(&county.person(pid).age()) && befalls(county.seed, month, 132, pid, 0.01)
}

/// Written as disabled without a certificate: of the ill, where nothing else follows from it.
pub(super) fn disabled_by_word(county: &County, month: u32, pid: u32) -> bool {
    let person = county.person(pid);
    person.ill
        && person.certificate.is_none()
        && poverty::cause(county, month, person.household) != "因残"
        && befalls(county.seed, month, 133, pid, 0.03)
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
        if offices.state.of(pid).tekun > 0 && unpaid(county, month, pid) {
            found.insert(("living.tekun_unpaid", Key::Person(pid)));
        }
        if !county.household_of(pid).poor {
            continue;
        }
        let works = poverty::works(county, month, pid);
        let rules = [
            (alive && too_young(county, month, pid), "conflict.school_age"),
            (alive && disabled_by_word(county, month, pid), "conflict.disabled_no_certificate"),
            (alive && works && no_months(county, month, pid), "conflict.work_months"),
        ];
        found.extend(rules.into_iter().filter(|(holds, _)| *holds).map(|(_, rule)| (rule, Key::Person(pid))));
        of_relation(offices, pid, person, found);
    }
}

/// Whose sex and age the poverty row shows: those of the number's owner; nobody's where the number cannot be read.
fn shown(offices: &Offices<'_>, pid: u32) -> Option<u32> {
    match damage::identity(offices.county, offices.state, POVERTY_STREAM, pid, offices.noise).number_damage {
        Some(NumberDamage::AnothersNumber(owner)) => Some(owner),
        Some(damage) if !damage.is_harmless() => None,
        _ => Some(pid),
    }
}

fn of_relation(offices: &Offices<'_>, pid: u32, person: &Person, found: &mut TrueFindings) {
    let (county, month) = (offices.county, offices.month_index);
    let Some(seen) = shown(offices, pid).map(|owner| county.person(owner)) else { return };
    let written = if poverty::headless(county, month, pid) { "其他" } else { relation(county, month, pid) };
    let female = match written {
        "之女" | "之母" | "之孙女" => Some(true),
        "之子" | "之父" | "之孙子" => Some(false),
        _ => None,
    };
    if female.is_some_and(|female| female != seen.female) {
        found.insert(("conflict.relation_sex", Key::Person(pid)));
    }
    if written == "户主" && seen.birth.age_on(offices.month.last_day()) < 18 {
        found.insert(("conflict.minor_head", Key::Person(pid)));
    }
    if written == "配偶" {
        let head = county.household_of(pid).members().find(|head| relation(county, month, *head) == "户主");
        let head = head.filter(|head| !poverty::headless(county, month, *head)).and_then(|head| shown(offices, head));
        if head.is_some_and(|head| county.person(head).female == seen.female) {
            found.insert(("conflict.couple_same_sex", Key::Household(person.household)));
        }
    }
}

impl Offices<'_> {
    /// Marriages; read off identity cards, so a fifth of the damage of other lists. The wife stands beside.
    pub(super) fn marriage(&self, events: &mut IdentityEvents) -> Table {
        const HEADERS: [&str; 7] = ["户主姓名", "户主身份证号", "配偶姓名", "配偶身份证号", "登记单位", "登记状态", "登记时间"];
        let habit = Habit { stream: 26, spelling: Spelling::Short, broken: "焉", knows_moves: false, repeats: false };
        let wives: BTreeMap<u32, u32> = couples(self).into_iter().collect();
        let clean = Offices { noise: self.noise * 0.2, ..*self };
        let cells = |entry: &Entry<'_>| {
            let Some(wife) = wives.get(&entry.pid) else { return Vec::new() };
            let wife = damage::identity(self.county, self.state, 27, *wife, clean.noise);
            vec![
                entry.name(),
                entry.number(),
                Cell::from(wife.name.as_str()),
                Cell::from(wife.number.as_str()),
                Cell::from("正安县民政局婚姻登记处"),
                Cell::from("结婚"),
                Cell::from(format!("20{:02}-{:02}-{:02}", 2 + entry.pid % 15, 1 + entry.pid % 12, 1 + entry.pid % 28)),
            ]
        };
        let mut table = clean.table_of(&HEADERS, habit, events, |pid| wives.contains_key(&pid), cells);
        (table.registry, table.office) = ("marriage", "正安县民政局");
        table.title = String::from("正安县婚姻登记名单");
        table
    }
}
