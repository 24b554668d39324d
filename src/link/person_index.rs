//! The growing set of known persons, and which rows speak for each.
//!
//! A row joins a person once and for ever. A person's *representatives* are its rows that say something new; only they are compared.
//! Everything is an index into flat arrays; joining is O(representatives + households of the person).

use super::hash::{self, WordMap, WordSet};
use super::lists::Lists;
use super::position::{NONE, dense};
use super::roster::{Name, Record, Roster};
use crate::model::identity::name::NameLevel;

/// Representatives beyond this many add nothing but time. Chosen: most of a person's rows say the same.
const MOST_REPRESENTATIVES: usize = 8;
/// A name of which more than so many are to be expected in a village is common there. Chosen: at a quarter, a further namesake is there
/// with a chance of 1 - exp(-0.25), 22 %, at the most.
const NAMESAKES_EXPECTED: f64 = 0.25;
/// More members than this is no household but a placeholder code. Chosen: well above any family, well below a village group.
pub(super) const HOUSEHOLD_MEMBERS: usize = 30;

/// Many short lists in one array, newest first.
#[derive(Default)]
pub(super) struct Chains {
    heads: Vec<u32>,
    nodes: Vec<(u32, u32)>,
}

impl Chains {
    fn with_lists(lists: usize) -> Self {
        Self { heads: vec![NONE; lists], nodes: Vec::new() }
    }

    fn add_list(&mut self) -> u32 {
        self.heads.push(NONE);
        dense(self.heads.len() - 1)
    }

    fn push(&mut self, list: u32, value: u32) {
        let node = dense(self.nodes.len());
        self.nodes.push((value, self.heads[list as usize]));
        self.heads[list as usize] = node;
    }

    /// The values of a list.
    pub(super) fn of(&self, list: u32) -> impl Iterator<Item = u32> + '_ {
        let mut node = self.heads.get(list as usize).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            let (value, next) = *self.nodes.get(node as usize)?;
            node = next;
            Some(value)
        })
    }
}

/// One known person.
pub(super) struct Person {
    /// The row that founded it.
    pub founder: u32,
    /// A valid number of one of its rows, the first that nobody else claims; packed, 0 for none.
    pub number: u64,
}

/// All known persons.
pub(super) struct PersonIndex {
    /// By position.
    pub all: Vec<Person>,
    /// Row → person, `NONE` while it has none.
    pub person_of: Vec<u32>,
    /// Person → rows that say something new.
    pub representatives: Chains,
    /// Every (representative, person) in the order they came.
    pub representative_log: Vec<(u32, u32)>,
    /// Person → households.
    pub households_of: Chains,
    /// Household → persons.
    pub members: Chains,
    /// Numbers that two unrelated names claim.
    pub contested: WordSet,
    claims: WordMap<u32>,
    claimants: Chains,
    /// Person → lists.
    pub lists: Lists,
    /// Whether the list at hand has shown that hardly anybody on it is unknown, so that being the only one of a name says something.
    pub is_census: bool,
    called: WordMap<u32>,
    namesakes: Chains,
    /// Village → names of persons known there.
    villagers: WordMap<u32>,
}

impl PersonIndex {
    /// Nobody yet.
    pub(super) fn new(roster: &Roster) -> Self {
        Self {
            all: Vec::new(),
            person_of: vec![NONE; roster.records.len()],
            representatives: Chains::default(),
            representative_log: Vec::new(),
            households_of: Chains::default(),
            members: Chains::with_lists(roster.households as usize),
            contested: WordSet::default(),
            claims: WordMap::default(),
            claimants: Chains::default(),
            lists: Lists::default(),
            is_census: false,
            called: WordMap::default(),
            namesakes: Chains::default(),
            villagers: WordMap::default(),
        }
    }

    /// Persons with a row that bears `number`.
    pub(super) fn claimants(&self, number: u64) -> impl Iterator<Item = u32> + '_ {
        self.claims.get(&number).into_iter().flat_map(|list| self.claimants.of(*list))
    }

    /// Persons known in a record's village by its very name; nobody where the record lacks either.
    pub(super) fn namesakes<'a>(&'a self, roster: &Roster, record: &Record) -> impl Iterator<Item = u32> + 'a {
        let key = village_name(roster, record);
        key.and_then(|key| self.called.get(&key)).into_iter().flat_map(|list| self.namesakes.of(*list))
    }

    /// Whether the person is the only one known in a record's village by its name, and the name so rare that no second is to be expected.
    pub(super) fn is_only_namesake(&self, roster: &Roster, record: &Record, person: u32) -> bool {
        let expected = |name: &Name| name.share * f64::from(self.villagers.get(&record.village).copied().unwrap_or(0));
        let mut namesakes = self.namesakes(roster, record);
        namesakes.next() == Some(person)
            && namesakes.next().is_none()
            && roster.name_of(record).is_some_and(|name| expected(name) <= NAMESAKES_EXPECTED)
    }

    /// Whether two unrelated names claim the number.
    pub(super) fn is_contested(&self, number: u64) -> bool {
        number != 0 && self.contested.contains(&number)
    }

    /// The person of a row, if it has one yet.
    pub(super) fn person(&self, row: u32) -> Option<u32> {
        self.person_of.get(row as usize).copied().filter(|person| *person != NONE)
    }

    /// Members of a person's households, itself among them, at most [`HOUSEHOLD_MEMBERS`] of each.
    pub(super) fn housemates(&self, person: u32) -> impl Iterator<Item = u32> + '_ {
        self.households_of.of(person).flat_map(|household| self.members.of(household).take(HOUSEHOLD_MEMBERS))
    }

    /// Whether two persons share a household other than `except`.
    pub(super) fn live_together(&self, one: u32, other: u32, except: u32) -> bool {
        self.households_of
            .of(one)
            .filter(|household| *household != except)
            .any(|household| self.households_of.of(other).any(|also| also == household))
    }

    /// Whether people said that the row is not this person, of whom they know another row.
    pub(super) fn cannot_join(&self, roster: &Roster, row: u32, person: u32) -> bool {
        roster.clerical.cannot_link_rows(row).any(|other| self.person_of[other as usize] == person)
    }

    /// The person that people said the row is, if that person is known yet.
    pub(super) fn must_join(&self, roster: &Roster, row: u32) -> Option<u32> {
        roster.clerical.must_link_rows(row).iter().find_map(|other| self.person(*other))
    }

    /// A new person from a row.
    pub(super) fn found(&mut self, roster: &Roster, row: u32) -> u32 {
        let person = dense(self.all.len());
        self.all.push(Person { founder: row, number: 0 });
        self.representatives.add_list();
        self.households_of.add_list();
        self.join(roster, row, person);
        person
    }

    /// Adds a row to a person.
    pub(super) fn join(&mut self, roster: &Roster, row: u32, person: u32) {
        let record = roster.record(row);
        self.person_of[row as usize] = person;
        if record.number != 0 {
            let list = *self.claims.entry(record.number).or_insert_with(|| self.claimants.add_list());
            if !self.claimants.of(list).any(|claimant| claimant == person) {
                self.claimants.push(list, person);
            }
            let current = self.all[person as usize].number;
            if current == 0 || (self.is_contested(current) && !self.is_contested(record.number)) {
                self.all[person as usize].number = record.number;
            }
        }
        if record.household != NONE && !self.households_of.of(person).any(|household| household == record.household) {
            self.households_of.push(person, record.household);
            self.members.push(record.household, person);
        }
        let mut representatives = 0;
        let is_represented = self.representatives.of(person).any(|representative| {
            representatives += 1;
            says_the_same(roster.record(representative), record)
                && roster.correction_of(representative) == roster.correction_of(row)
        });
        if !is_represented && let Some(key) = village_name(roster, record) {
            let list = *self.called.entry(key).or_insert_with(|| self.namesakes.add_list());
            if !self.namesakes.of(list).any(|namesake| namesake == person) {
                self.namesakes.push(list, person);
                *self.villagers.entry(record.village).or_default() += 1;
            }
        }
        if !is_represented && representatives < MOST_REPRESENTATIVES {
            self.representatives.push(person, row);
            self.representative_log.push((row, person));
        }
    }

    /// The best level at which a row's name agrees with the person's names, and the representative that gave it.
    pub(super) fn best_name(&self, roster: &Roster, row: u32, person: u32) -> (NameLevel, u32) {
        let mut best = (NameLevel::Different, self.all[person as usize].founder);
        for representative in self.representatives.of(person) {
            let level = roster.name_level(roster.record(row), roster.record(representative)).unwrap_or(NameLevel::Different);
            if level < best.0 {
                best = (level, representative);
            }
        }
        best
    }
}

/// Key of a whole name within a village.
fn village_name(roster: &Roster, record: &Record) -> Option<u64> {
    let name = roster.name_of(record).filter(|name| name.whole && record.village != 0)?;
    Some(hash::pair(name.key, record.village))
}

/// Whether a second record adds nothing to compare.
fn says_the_same(old: &Record, new: &Record) -> bool {
    old.name == new.name
        && old.number == new.number
        && (old.damaged == new.damaged || new.number != 0)
        && (old.birth == new.birth)
        && old.village == new.village
        && old.household == new.household
        && old.head == new.head
        && old.phone == new.phone
}
