//! The absence guard: who, in a register searched in vain, could be the accused after all.
//!
//! Takes everybody whom a rule is about to accuse of not standing in a register; gives, per accused and register, the rows there that could
//! be that person. It looks at all rows, joined or not, so it does not depend on linking having been right. A row could be somebody when
//! - its number is the person's, whatever the name, be it that two names bear it; or
//! - its name is near (the same, alike in sound or shape, one character dropped, swapped or other) and the number lies within two slips,
//!   or the birth is the same, or household or phone are; or
//! - its name is the same or alike and the village is, while the row (or the person) has no number and birth that could speak; or
//! - it has no name of its own, but says whose child or spouse it is, and that is somebody of the person's household.
//!
//! A row of the same name elsewhere that has neither number nor birth holds nothing back: what is said is to be checked first.
//! The less a name agrees, the nearer birth, sex and place must be: strangers share birthdays. A row that joined somebody whom another register
//! knows by the same name counts only where that person, by all that is known, could be the accused too and no register of persons
//! lists both; whom people have told apart stays apart.
//! Rows that would clear the accused (a death, a certificate that excuses) are looked through in the same way; rows that say neither are not.
//! Also given: the other side of an open review pair. Cost: one pass over the registers searched, with a few look-ups per row, and
//! one comparison per row that shares a key with an accused.

mod contested;
mod keys;
mod likeness;
mod names;
mod sounds;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::array::{Array, BooleanArray};
use contested::{Bearer, Contested};
use keys::{Columns, Key, Wanted};
pub use likeness::Likeness;
use likeness::{By, Nearness, Numbers, Written, nearness};
use rayon::prelude::*;
use sounds::Sounds;

use super::compose::Composer;
use super::subjects::{NONE, index};
use crate::config::policy::Source;
use crate::model::columns::{
    BIRTH, DISABILITY_NO, HEAD_ID, HEAD_NAME, ID_NUMBER, ID_STATE, IdState, NAME, NAME_RAW, PHONE, SEX, TOWN_CODE, VILLAGE_CODE,
};
use crate::model::date::Day;
use crate::model::exemption::EXEMPTION;
use crate::model::identity::id::{Number, slips};
use crate::model::identity::name::{FoldedName, NameLevel, compare};
use crate::model::link::{LinkStatus, PersonIx};
use crate::model::record::{RegistryRecords, RowId};
use crate::model::registry::{Grain, RegistryId};

/// What a row of a register would say of an accused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Says {
    /// That the accused is where they were searched in vain; a row of which the filter cannot be told counts.
    Present,
    /// That the rule does not apply: a death, a certificate that excuses.
    Excused,
}

/// Accused persons, and the sources whose rows would say something of them.
#[derive(Default)]
pub(crate) struct Sought<'a> {
    pub(crate) persons: BTreeSet<PersonIx>,
    pub(crate) sources: Vec<&'a Source>,
}

/// Accused persons by register and what is looked for there.
pub(crate) type Accused<'a> = BTreeMap<(RegistryId, Says), Sought<'a>>;

/// By accused: rows that could be them and why, ascending.
type CouldBe = HashMap<PersonIx, Vec<(RowId, Likeness)>>;

/// See the module's documentation.
pub(crate) struct AbsenceGuard<'a> {
    composer: &'a Composer<'a>,
    could_be: BTreeMap<(RegistryId, Says), CouldBe>,
    /// By person: the other row of an open review pair, and whoever that row belongs to.
    reviews: HashMap<PersonIx, Vec<(RowId, PersonIx)>>,
}

impl<'a> AbsenceGuard<'a> {
    /// Looks through the registers for everybody accused.
    pub(crate) fn new(composer: &'a Composer<'a>, accused: &Accused<'a>) -> Self {
        let subjects = composer.subjects;
        let contested = Contested::new(subjects);
        let persons: BTreeSet<PersonIx> = accused.values().flat_map(|sought| &sought.persons).copied().collect();
        let persons: Vec<PersonIx> = persons.into_iter().collect();
        let identities: Vec<Identity<'_>> =
            persons.par_iter().map(|person| Identity::of_person(composer, &contested, *person)).collect();
        let search = |(at, sought): (&(RegistryId, Says), &Sought<'a>)| {
            let is_wanted = |person: &PersonIx| sought.persons.contains(person);
            let wanted: Vec<&Identity<'_>> =
                persons.iter().zip(&identities).filter(|(p, _)| is_wanted(p)).map(|(_, i)| i).collect();
            (at.clone(), Search { composer, contested: &contested, wanted: &wanted }.through(at, &sought.sources))
        };
        let could_be = accused.par_iter().map(search).collect();
        let mut reviews: HashMap<PersonIx, Vec<(RowId, PersonIx)>> = HashMap::new();
        for pair in subjects.reviews() {
            for (one, other) in [(pair.left, pair.right), (pair.right, pair.left)] {
                if let (Some(person), Some(stranger)) = (subjects.person(one), subjects.person(other)) {
                    reviews.entry(person).or_default().push((other, stranger));
                }
            }
        }
        Self { composer, could_be, reviews }
    }

    /// Rows that could be the person, ascending, and would count for one of the facts searched, or would clear the person of the accusation;
    /// why, where not only linking says so.
    pub(crate) fn rows(&self, searched: &[String], clearing: &[String], person: PersonIx) -> Vec<(RowId, Option<Likeness>)> {
        let found = self.candidates(searched, clearing, person).into_iter();
        found.filter(|(_, likeness)| likeness.is_none_or(|likeness| likeness.by != By::Elsewhere)).collect()
    }

    /// Whether a row that says nothing but the person's name stands somewhere in the registers searched.
    pub(crate) fn is_doubted(&self, searched: &[String], person: PersonIx) -> bool {
        let found = self.candidates(searched, &[], person).into_values();
        found.flatten().any(|likeness| likeness.by == By::Elsewhere)
    }

    fn candidates(&self, searched: &[String], clearing: &[String], person: PersonIx) -> BTreeMap<RowId, Option<Likeness>> {
        let subjects = self.composer.subjects;
        let mut found: BTreeMap<RowId, Option<Likeness>> = BTreeMap::new();
        let searched = searched.iter().flat_map(|fact| self.composer.sources(fact)).map(|source| (source, Says::Present));
        let clearing = clearing.iter().flat_map(|fact| self.composer.sources(fact)).map(|source| (source, Says::Excused));
        for (source, says) in searched.chain(clearing) {
            let Some((position, _)) = subjects.records.registry(source.registry.as_str()) else { continue };
            let filter = self.composer.filter(position, source);
            let offset = subjects.records.offset(position);
            let counts = |row: &RowId| says.by(filter, (row.0 - offset) as usize);
            let rows = self.could_be.get(&(source.registry.clone(), says)).and_then(|found| found.get(&person));
            let rows = rows.into_iter().flatten().filter(|(row, _)| counts(row));
            found.extend(rows.map(|(row, likeness)| (*row, Some(*likeness))));
            let here = |row: &RowId| subjects.records.locate(*row).is_some_and(|(at, _)| at == position) && counts(row);
            for (other, stranger) in self.reviews.get(&person).into_iter().flatten() {
                if here(other) || self.composer.rows_of(*stranger).any(|row| here(&row)) {
                    found.entry(*other).or_default();
                }
            }
        }
        let decided = &subjects.linked.decided;
        let is_apart = |row: RowId| subjects.person(row).is_some_and(|other| decided.are_apart(person, other));
        found.retain(|row, _| !is_apart(*row));
        found
    }
}

impl Says {
    /// Whether a row says it, by the filter of the source.
    fn by(self, filter: Option<&BooleanArray>, row: usize) -> bool {
        filter.is_none_or(|filter| {
            let is_known = row < filter.len() && filter.is_valid(row);
            if is_known { filter.value(row) } else { self == Self::Present }
        })
    }
}

/// What identifies a person (several values each) or a row (one at most).
#[derive(Default)]
struct Identity<'a> {
    person: Option<PersonIx>,
    /// Registers of persons in which it stands.
    registers: BTreeSet<usize>,
    names: Vec<FoldedName>,
    written: Vec<&'a str>,
    numbers: Vec<Written<'a>>,
    births: Vec<i32>,
    /// What a number that two names bear says of the birth.
    doubted_births: Vec<i32>,
    sexes: Vec<&'a str>,
    villages: Vec<&'a str>,
    towns: Vec<&'a str>,
    household: Option<u32>,
    heads: Vec<&'a str>,
    phones: Vec<&'a str>,
    /// Names of the others in the household.
    housemates: Vec<FoldedName>,
    /// Whose kin the row is about, where it says no name of its own, and of which sex.
    kin_of: Option<(FoldedName, Option<&'static str>)>,
}

impl<'a> Identity<'a> {
    fn of_person(composer: &Composer<'a>, contested: &Contested, person: PersonIx) -> Self {
        let subjects = composer.subjects;
        let mut known = Self { person: Some(person), ..Self::default() };
        for id in composer.rows_of(person) {
            let Some((position, row)) = subjects.records.locate(id) else { continue };
            let Some(records) = subjects.records.registries.get(position) else { continue };
            if records.registry.as_str() != EXEMPTION {
                known.read(composer, contested, records, id, row);
                if records.grain == Grain::Person {
                    known.registers.insert(position);
                }
            }
        }
        known.villages.extend(subjects.people_text(VILLAGE_CODE, person));
        known.towns.extend(subjects.people_text(TOWN_CODE, person));
        for texts in [&mut known.villages, &mut known.towns, &mut known.sexes, &mut known.heads, &mut known.phones] {
            texts.sort_unstable();
            texts.dedup();
        }
        known.numbers.sort_unstable();
        known.numbers.dedup();
        known.births.sort_unstable();
        known.births.dedup();
        let household = subjects.attached.get(person.0 as usize).copied().filter(|household| *household != NONE);
        known.household = household;
        let head = household.and_then(|at| subjects.households.get(at as usize)).map(|household| household.head);
        let head = head.and_then(|head| subjects.persons.get(head as usize));
        let head = head.filter(|head| **head != person).and_then(|head| subjects.people_text("name", *head));
        known.heads.extend(head.filter(|head| !known.written.contains(head)));
        let members = household.and_then(|at| subjects.households.get(at as usize)).map(|household| &household.members);
        let others = members.into_iter().flatten().filter_map(|member| subjects.persons.get(*member as usize));
        let others = others.filter(|other| **other != person).filter_map(|other| subjects.people_text(NAME, *other));
        known.housemates = others.filter_map(FoldedName::new).collect();
        known
    }

    fn of_row(composer: &Composer<'a>, contested: &Contested, records: &'a RegistryRecords, id: RowId, row: usize) -> Self {
        let mut known = Self { person: composer.subjects.person(id), ..Self::default() };
        known.read(composer, contested, records, id, row);
        let attached = known.person.and_then(|person| composer.subjects.attached.get(person.0 as usize).copied());
        known.household = attached.filter(|household| *household != NONE);
        known
    }

    fn read(&mut self, composer: &Composer<'a>, contested: &Contested, records: &'a RegistryRecords, id: RowId, row: usize) {
        let text = |column| records.text_at(column, row).filter(|text: &&str| !text.is_empty());
        let also = text(NAME_RAW).or(text(NAME)).map(names::several).unwrap_or_default();
        for written in text(NAME).into_iter().chain(also) {
            if let Some(name) = FoldedName::new(written)
                && !self.names.contains(&name)
            {
                self.names.push(name);
                self.written.push(written);
            }
        }
        if let Some((whose, sex)) = text(NAME).and_then(names::kin_of) {
            self.kin_of = FoldedName::new(whose).map(|whose| (whose, sex));
        }
        let state = text(ID_STATE).and_then(IdState::parse).unwrap_or(IdState::Missing);
        let number = text(ID_NUMBER).map(|text| Written::new(text, state));
        let birth = records.date(BIRTH).filter(|array| array.is_valid(row)).map(|array| array.value(row));
        // What somebody else's number says of birth and sex is said of somebody else.
        let bearer = number.map_or(Bearer::Own, |number| contested.standing(composer, id, number.text));
        if bearer == Bearer::Unclear {
            self.numbers.extend(number.map(|number| Written { contested: true, ..number }));
            self.doubted_births.extend(birth);
        }
        if bearer == Bearer::Own {
            self.numbers.extend(number);
            self.births.extend(birth);
            // No sequence is 00: three zeros are what a spreadsheet left.
            self.sexes.extend(text(SEX).filter(|_| number.is_none_or(|number| !number.text.ends_with("000"))));
        }
        self.villages.extend(text(VILLAGE_CODE));
        self.towns.extend(text(TOWN_CODE));
        // That the head of a household is called like the head says nothing of the household.
        self.heads.extend(text(HEAD_NAME).filter(|head| text(NAME) != Some(*head)));
        // A certificate's number begins with its holder's.
        let certificate = text(DISABILITY_NO).and_then(|number| number.get(..18));
        let certificate = certificate.filter(|text| Number::parse(text).is_some_and(Number::is_valid));
        self.numbers.extend(certificate.map(|text| Written::new(text, IdState::Valid)));
        self.phones.extend(text(PHONE));
    }

    /// The head whom a row names beside its own person.
    fn of_head(records: &'a RegistryRecords, row: usize) -> Self {
        let text = |column| records.text_at(column, row).filter(|text: &&str| !text.is_empty());
        let valid = |text: &&str| Number::parse(text).is_some_and(Number::is_valid);
        Self {
            names: text(HEAD_NAME).and_then(FoldedName::new).into_iter().collect(),
            numbers: text(HEAD_ID).filter(valid).map(|text| Written::new(text, IdState::Valid)).into_iter().collect(),
            villages: text(VILLAGE_CODE).into_iter().collect(),
            towns: text(TOWN_CODE).into_iter().collect(),
            ..Self::default()
        }
    }

    /// The person whom a row joined, as the table of people has it.
    fn of_people(composer: &Composer<'a>, person: PersonIx) -> Self {
        let subjects = composer.subjects;
        let text = |column: &str| subjects.people_text(column, person);
        let state = if subjects.number_valid.get(person.0 as usize) == Some(&true) { IdState::Valid } else { IdState::Malformed };
        Self {
            person: Some(person),
            names: text(NAME).and_then(FoldedName::new).into_iter().collect(),
            numbers: text("number").map(|text| Written::new(text, state)).into_iter().collect(),
            births: subjects.people_birth(person).into_iter().collect(),
            villages: text(VILLAGE_CODE).into_iter().collect(),
            towns: text(TOWN_CODE).into_iter().collect(),
            household: subjects.attached.get(person.0 as usize).copied().filter(|household| *household != NONE),
            ..Self::default()
        }
    }

    /// Whether a number or birth can speak for it.
    fn is_silent(&self) -> bool {
        !self.numbers.iter().any(|number| number.state == IdState::Valid && !number.contested) || self.births.is_empty()
    }

    /// Whether nothing but its name and place tells whose it is.
    fn is_name_alone(&self) -> bool {
        !self.numbers.iter().any(|number| number.speaks()) && self.births.is_empty() && self.doubted_births.is_empty()
    }

    fn keys(&self, mut take: impl FnMut(Key<'a>)) {
        for number in &self.numbers {
            take(Key::Number(number.text));
            if number.text.len() == 18 {
                Key::of_number(number.text).into_iter().flatten().for_each(&mut take);
            }
        }
        self.births.iter().chain(&self.doubted_births).for_each(|birth| take(Key::Birth(*birth)));
        self.phones.iter().for_each(|phone| take(Key::Phone(phone)));
        if let Some(household) = self.household {
            take(Key::Household(household));
        }
        for village in &self.villages {
            self.heads.iter().for_each(|head| take(Key::Head(village, head)));
        }
    }

    fn surnames(&self) -> impl Iterator<Item = char> + '_ {
        self.names.iter().filter_map(FoldedName::surname)
    }

    /// The sounds of all its names.
    fn sounds(&self) -> Sounds {
        self.written.iter().map(|name| Sounds::of(name)).fold(Sounds::default(), Sounds::and)
    }

    /// Keys by which an accused is found whose place, or the row's, is known in part.
    fn keys_of_accused(&self, mut take: impl FnMut(Key<'a>)) {
        if self.is_silent() {
            for village in &self.villages {
                self.surnames().for_each(|surname| take(Key::Village(village, surname)));
            }
        }
        self.villages.iter().for_each(|village| take(Key::Silent(village)));
        self.written.iter().for_each(|name| take(Key::Name(name)));
        for town in &self.towns {
            self.written.iter().for_each(|name| take(Key::Namesake(town, name)));
            self.surnames().for_each(|surname| take(Key::Town(town, surname)));
            if self.villages.is_empty() {
                self.surnames().for_each(|surname| take(Key::AnyVillage(town, surname)));
            }
        }
    }

    /// Why a row could be this person; `None` where it could not. The row is not proven to be somebody else's.
    fn could_be(&self, row: &Self) -> Option<Likeness> {
        let numbers = || self.numbers.iter().flat_map(|own| row.numbers.iter().map(|others| (*own, *others)));
        let name = self.names.iter().flat_map(|own| row.names.iter().filter_map(|others| nearness(own, others))).min();
        let like = |by: By| Some(Likeness { by, name });
        if numbers().any(|(own, others)| own.equals(others)) {
            return like(By::Number);
        }
        let against = || numbers().map(|(own, others)| own.against(others)).min().unwrap_or(Numbers::Silent);
        let village = both(&self.villages, &row.villages);
        if self.is_kin(row) && village != Some(false) && against() == Numbers::Silent {
            return like(By::Kin);
        }
        // Most who share a key are strangers by name: counting slips comes after.
        let name = name?;
        let numbers = against();
        if numbers == Numbers::Near && name < Nearness::Surname {
            return like(By::NearNumber);
        }
        let alike = name <= Nearness::Alike;
        let town = both(&self.towns, &row.towns);
        let sex = both(&self.sexes, &row.sexes);
        let birth = both(&self.births, &row.births).or_else(|| self.shares_doubted_birth(row).then_some(true));
        if birth == Some(true) {
            let near = match name {
                Nearness::Same => true,
                // Of two characters there are few: strangers born on one day share them within a county.
                Nearness::Alike => self.names.iter().any(|name| name.len() > 2) || town != Some(false),
                Nearness::Slip => village.or(town) != Some(false) || town == Some(true),
                Nearness::ShortName => village == Some(true) || self.same_household(row),
                Nearness::Surname => numbers == Numbers::Silent && (village == Some(true) || self.same_household(row)),
            };
            if near && (alike || sex != Some(false)) {
                return like(By::Birth { other_number: numbers == Numbers::Other });
            }
        }
        let phone = (both(&self.phones, &row.phones) == Some(true)).then_some(By::Phone);
        if let Some(by) = self.same_household(row).then_some(By::Household).or(phone) {
            return like(by).filter(|_| alike || name < Nearness::Surname && birth != Some(false) && sex != Some(false));
        }
        let here = village == Some(true) || village.is_none() && town != Some(false) && name == Nearness::Same;
        let unsaid = self.is_silent() || row.is_silent();
        let another = row.numbers.iter().any(|number| number.proves() || number.says_birth());
        let near = alike || name == Nearness::Slip && village == Some(true) && !another && sex != Some(false);
        // By the lunar calendar, or of an age: the year is the same or the next.
        let about = || name == Nearness::Same && village == Some(true) && self.born_within_a_year(row);
        let silent = unsaid && numbers == Numbers::Silent && (birth.is_none() || self.birth_slipped(row) || about());
        if near && here && silent {
            return like(By::Place);
        }
        like(By::Elsewhere).filter(|_| name == Nearness::Same && row.is_name_alone() && sex != Some(false))
    }

    /// Whether the row is about a child or spouse of somebody in the household.
    fn is_kin(&self, row: &Self) -> bool {
        row.kin_of.as_ref().is_some_and(|(whose, sex)| {
            let fits = sex.is_none_or(|sex| self.sexes.is_empty() || self.sexes.contains(&sex));
            fits && self.housemates.iter().any(|mate| compare(mate, whose) <= NameLevel::LookAlike)
        })
    }

    fn shares_doubted_birth(&self, row: &Self) -> bool {
        let all = |known: &Self| known.births.iter().chain(&known.doubted_births).copied().collect::<Vec<i32>>();
        let doubted = !self.doubted_births.is_empty() || !row.doubted_births.is_empty();
        doubted && both(&all(self), &all(row)) == Some(true)
    }

    /// Whether a register of persons lists both, as two: the same name in the same household, or the same name and birth in the same
    /// village, is one person listed twice.
    fn stands_beside(&self, other: &Self) -> bool {
        let twice = || {
            let levels = self.names.iter().flat_map(|own| other.names.iter().map(|others| compare(own, others)));
            let level = levels.min().unwrap_or(NameLevel::Different);
            let born = both(&self.births, &other.births);
            let here = both(&self.villages, &other.villages) == Some(true);
            let unsaid = self.is_name_alone() || other.is_name_alone();
            // Twins are not called alike.
            let housemate = level == NameLevel::Same || level <= NameLevel::LookAlike && born == Some(true);
            self.same_household(other) && housemate || level == NameLevel::Same && here && (born == Some(true) || unsaid)
        };
        !self.registers.is_disjoint(&other.registers) && !twice()
    }

    fn same_household(&self, row: &Self) -> bool {
        self.household.is_some() && self.household == row.household
            || both(&self.heads, &row.heads) == Some(true) && both(&self.villages, &row.villages) == Some(true)
    }

    fn born_within_a_year(&self, row: &Self) -> bool {
        self.births.iter().any(|own| row.births.iter().any(|other| own.abs_diff(*other) <= 366))
    }

    /// Whether the births lie within two slips of the pen.
    fn birth_slipped(&self, row: &Self) -> bool {
        let text = |day: i32| {
            let (year, month, day) = Day(day).ymd();
            format!("{year:04}{month:02}{day:02}")
        };
        self.births.iter().any(|own| row.births.iter().any(|other| slips(text(*own).as_bytes(), text(*other).as_bytes()) <= 2))
    }
}

/// Whether a register names heads of households beside the members' rows and has no row for any of them: then they are on it all the same.
fn names_heads_beside_rows_only(records: &RegistryRecords) -> bool {
    let (Some(heads), Some(names)) = (records.text(HEAD_NAME), records.text(NAME)) else { return false };
    let both = (0..records.len()).filter(|row| heads.is_valid(*row) && names.is_valid(*row));
    let (mut beside, mut own) = (0_usize, 0_usize);
    for row in both {
        if heads.value(row) == names.value(row) {
            own += 1;
        } else {
            beside += 1;
        }
    }
    beside > 0 && own * 50 < beside
}

/// A register and the accused who are searched in it, by key and sound.
struct Register<'a> {
    records: &'a RegistryRecords,
    position: usize,
    by_key: Wanted,
    /// By accused.
    sounds: Vec<Sounds>,
    columns: Columns<'a>,
    people: Columns<'a>,
    names_heads_only: bool,
}

/// Whether two lists share a value; `None` where one is empty.
fn both<T: PartialEq>(one: &[T], other: &[T]) -> Option<bool> {
    (!one.is_empty() && !other.is_empty()).then(|| one.iter().any(|value| other.contains(value)))
}

/// One register, looked through for some accused.
struct Search<'s, 'a> {
    composer: &'s Composer<'a>,
    contested: &'s Contested,
    wanted: &'s [&'s Identity<'a>],
}

impl<'a> Search<'_, 'a> {
    fn through(&self, (registry, says): &(RegistryId, Says), sources: &[&'a Source]) -> CouldBe {
        let mut found = CouldBe::new();
        let subjects = self.composer.subjects;
        let Some((position, records)) = subjects.records.registry(registry.as_str()) else { return found };
        let mut filters: Vec<Option<&BooleanArray>> =
            sources.iter().map(|source| self.composer.filter(position, source)).collect();
        // Many rules look for the same.
        let address = |filter: &mut Option<&BooleanArray>| filter.map(std::ptr::from_ref);
        filters.sort_by_key(|filter| filter.map(std::ptr::from_ref));
        filters.dedup_by_key(address);
        let counts = |row: &usize| filters.iter().any(|filter| says.by(*filter, *row));
        let mut by_key: Vec<(u64, u32)> = Vec::new();
        for (at, identity) in self.wanted.iter().enumerate() {
            let mut put = |key: Key<'a>| by_key.push((key.hash64(), index(at)));
            identity.keys(&mut put);
            identity.keys_of_accused(&mut put);
        }
        let register = Register {
            records,
            position,
            by_key: Wanted::new(by_key),
            sounds: self.wanted.iter().map(|identity| identity.sounds()).collect(),
            columns: Columns::new(&records.batch, ID_NUMBER),
            people: Columns::new(&subjects.linked.people.0, "number"),
            names_heads_only: names_heads_beside_rows_only(records),
        };
        let offset = subjects.records.offset(position);
        let of_row = |row: usize| {
            let id = RowId(offset + index(row));
            self.of_row(&register, id, row).into_iter().map(move |(at, likeness)| (at, likeness, id))
        };
        let pairs: Vec<(u32, Likeness, RowId)> =
            (0..records.len()).into_par_iter().with_min_len(1 << 12).filter(counts).flat_map_iter(of_row).collect();
        for (at, likeness, row) in pairs {
            if let Some(person) = self.wanted[at as usize].person {
                found.entry(person).or_default().push((row, likeness));
            }
        }
        found
    }

    /// The accused who share a key with a row, or with the person whom it joined, and a sound or the number; ascending.
    fn candidates(&self, register: &Register<'a>, id: RowId, row: usize) -> Vec<u32> {
        let subjects = self.composer.subjects;
        let link = subjects.linked.links.get(id.0 as usize);
        let joined = link.filter(|link| link.status != LinkStatus::Alone).map(|link| link.person.0 as usize);
        let mut sounds: Option<Sounds> = None;
        let mut candidates: Vec<u32> = Vec::new();
        let mut look = |key: Key<'a>| {
            for at in register.by_key.of(key) {
                let sounds = *sounds.get_or_insert_with(|| {
                    let own = register.columns.sounds(row);
                    joined.map_or(own, |person| own.and(register.people.sounds(person)))
                });
                if matches!(key, Key::Number(_)) || register.sounds[at as usize].meets(sounds) {
                    candidates.push(at);
                }
            }
        };
        register.columns.keys(row, self.contested.has(id), &mut look);
        // Of most rows the person says nothing else.
        if let Some(person) = joined.filter(|person| register.people.said(*person) != register.columns.said(row)) {
            register.people.own_keys(person, &mut look);
        }
        let household = link.and_then(|link| subjects.attached.get(link.person.0 as usize)).filter(|at| **at != NONE);
        if let Some(at) = household {
            look(Key::Household(*at));
        }
        candidates.sort_unstable();
        candidates.dedup();
        candidates
    }

    /// The accused who could be the head whom a row names.
    fn of_head(&self, register: &Register<'a>, row: usize) -> Vec<(u32, Likeness)> {
        let head = Identity::of_head(register.records, row);
        let mut candidates: Vec<u32> = Vec::new();
        head.keys(|key| candidates.extend(register.by_key.of(key)));
        candidates.sort_unstable();
        candidates.dedup();
        let like = |at: u32| Some((at, self.wanted[at as usize].could_be(&head)?));
        candidates.into_iter().filter_map(like).collect()
    }

    /// The accused who could be the row, and why.
    fn of_row(&self, register: &Register<'a>, id: RowId, row: usize) -> Vec<(u32, Likeness)> {
        if register.names_heads_only {
            let named = self.of_head(register, row);
            if !named.is_empty() {
                return named;
            }
        }
        let candidates = self.candidates(register, id, row);
        if candidates.is_empty() {
            return Vec::new();
        }
        let known = Identity::of_row(self.composer, self.contested, register.records, id, row);
        let link = self.composer.subjects.linked.links.get(id.0 as usize);
        let joined = link.filter(|link| link.status != LinkStatus::Alone);
        let joined = joined.map(|link| Identity::of_people(self.composer, link.person));
        let like = |at: u32| {
            let accused = Some(self.wanted[at as usize]).filter(|accused| accused.person != known.person)?;
            let likeness = accused.could_be(&known).or_else(|| accused.could_be(joined.as_ref()?));
            Some((at, likeness?))
        };
        let mut candidates: Vec<(u32, Likeness)> = candidates.into_iter().filter_map(like).collect();
        if !candidates.is_empty() && joined.is_some() && self.is_known(&known, register.position) {
            // Another known person's row, unless that person could be the accused.
            let owner = known.person.map(|person| Identity::of_person(self.composer, self.contested, person));
            candidates.retain(|(at, _)| {
                let accused = self.wanted[*at as usize];
                owner.as_ref().is_some_and(|owner| !accused.stands_beside(owner) && accused.could_be(owner).is_some())
            });
        }
        candidates
    }

    /// Whether another register knows the person whom the row joined, by the same name.
    fn is_known(&self, row: &Identity<'a>, position: usize) -> bool {
        let subjects = self.composer.subjects;
        let same_name = |other: RowId| {
            let (_, other) = subjects.records.locate(other).filter(|(at, _)| *at != position).and_then(|(at, other)| {
                Some((at, FoldedName::new(subjects.records.registries.get(at)?.text_at(NAME, other)?)?))
            })?;
            Some(row.names.iter().any(|own| compare(own, &other) == NameLevel::Same))
        };
        row.person.is_some_and(|person| self.composer.rows_of(person).any(|other| same_name(other) == Some(true)))
    }
}

#[cfg(test)]
#[path = "absence_tests.rs"]
mod tests;
