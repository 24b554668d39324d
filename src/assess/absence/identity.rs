//! Who an accused is, or a row, by all that is known of them, and whether the one could be the other.
//!
//! Takes the rows of a person, or one row, as columns; gives names, numbers, births and places, several of each for a person. Cost: linear in
//! the rows read; a comparison counts slips only where the names are near.

use std::cell::LazyCell;
use std::collections::BTreeSet;

use super::contested::{Bearer, Contested};
use super::keys::{Columns, Key, number_in, tells_papers_apart};
use super::likeness::{By, Likeness, Nearness, Numbers, Written, nearness};
use super::sounds::Sounds;
use super::{lunar, names};
use crate::assess::compose::Composer;
use crate::assess::subjects::{NONE, text_at};
use crate::model::columns::{ID_NUMBER, IdState, NAME, TOWN_CODE, VILLAGE_CODE};
use crate::model::date::Day;
use crate::model::exemption::EXEMPTION;
use crate::model::identity::id::{Number, slips};
use crate::model::identity::name::{FoldedName, NameLevel, compare};
use crate::model::link::PersonIx;
use crate::model::record::RowId;
use crate::model::registry::Grain;

/// What identifies persons: the identity columns of every register and of the table of people, and which numbers two names bear.
pub(super) struct IdentitySources<'a> {
    pub(super) composer: &'a Composer<'a>,
    pub(super) contested: Contested,
    /// Of the registers, by position.
    pub(super) registers: Vec<Columns<'a>>,
    pub(super) people: Columns<'a>,
}

impl<'a> IdentitySources<'a> {
    pub(super) fn new(composer: &'a Composer<'a>) -> Self {
        let subjects = composer.subjects;
        let registers = subjects.records.registries.iter().map(|records| Columns::new(&records.batch, ID_NUMBER)).collect();
        let people = Columns::new(&subjects.linked.people.0, "number");
        Self { composer, contested: Contested::new(subjects), registers, people }
    }
}

/// What identifies a person (several values each) or a row (one at most).
#[derive(Default)]
pub(super) struct Identity<'a> {
    pub(super) person: Option<PersonIx>,
    /// Registers of persons in which it stands.
    pub(super) registers: BTreeSet<usize>,
    pub(super) names: Vec<FoldedName>,
    pub(super) written: Vec<&'a str>,
    pub(super) numbers: Vec<Written<'a>>,
    /// Numbers of papers, whose number the person's is or stands in them.
    pub(super) papers: Vec<&'a str>,
    /// Valid numbers that stand in papers of a row and are not its own.
    pub(super) pointed: Vec<&'a str>,
    /// Numbers of the guardians.
    pub(super) guardians: Vec<&'a str>,
    /// Numbers of the others in the household.
    pub(super) mates: Vec<&'a str>,
    /// Whether a row is about a pupil, in whosever name it stands.
    pub(super) is_about_pupil: bool,
    pub(super) births: Vec<i32>,
    /// What a number that two names bear says of the birth.
    pub(super) doubted_births: Vec<i32>,
    pub(super) sexes: Vec<&'a str>,
    pub(super) villages: Vec<&'a str>,
    pub(super) towns: Vec<&'a str>,
    pub(super) household: Option<u32>,
    pub(super) heads: Vec<&'a str>,
    pub(super) phones: Vec<&'a str>,
    /// Names of the others in the household, and of those of them who are no brothers or sisters at school.
    pub(super) housemates: Vec<FoldedName>,
    pub(super) elders: Vec<FoldedName>,
    /// Whose kin the row is about, where it says no name of its own, and of which sex.
    pub(super) kin_of: Option<(FoldedName, Option<&'static str>)>,
}

impl<'a> Identity<'a> {
    pub(super) fn of_person(all: &IdentitySources<'a>, person: PersonIx) -> Self {
        let subjects = all.composer.subjects;
        let mut identity = Self { person: Some(person), ..Self::default() };
        for id in all.composer.rows_of(person) {
            let Some((position, row)) = subjects.records.locate(id) else { continue };
            let Some(records) = subjects.records.registries.get(position) else { continue };
            if records.registry.as_str() != EXEMPTION {
                identity.read(all, position, id, row);
                if records.grain == Grain::Person {
                    identity.registers.insert(position);
                }
            }
        }
        identity.villages.extend(subjects.people_text(VILLAGE_CODE, person));
        identity.towns.extend(subjects.people_text(TOWN_CODE, person));
        for texts in [&mut identity.villages, &mut identity.towns, &mut identity.sexes, &mut identity.heads, &mut identity.phones]
        {
            texts.sort_unstable();
            texts.dedup();
        }
        identity.numbers.sort_unstable();
        identity.numbers.dedup();
        identity.births.sort_unstable();
        identity.births.dedup();
        let household = subjects.attached.get(person.0 as usize).copied().filter(|household| *household != NONE);
        identity.household = household;
        let head = household.and_then(|at| subjects.households.get(at as usize)).map(|household| household.head);
        let head = head.and_then(|head| subjects.persons.get(head as usize));
        let head = head.filter(|head| **head != person).and_then(|head| subjects.people_text("name", *head));
        identity.heads.extend(head.filter(|head| !identity.written.contains(head)));
        let members = household.and_then(|at| subjects.households.get(at as usize)).map(|household| &household.members);
        let others = members.into_iter().flatten().filter_map(|member| subjects.persons.get(*member as usize));
        for other in others.filter(|other| **other != person) {
            let name = subjects.people_text(NAME, *other).and_then(FoldedName::new);
            let birth: Vec<i32> = subjects.people_birth(*other).into_iter().collect();
            identity.elders.extend(name.clone().filter(|_| both_hold(&identity.births, &birth, is_elder) == Some(true)));
            identity.housemates.extend(name);
            identity.mates.extend(subjects.people_text("number", *other));
        }
        identity
    }

    pub(super) fn of_row(all: &IdentitySources<'a>, position: usize, id: RowId, row: usize) -> Self {
        let subjects = all.composer.subjects;
        let mut identity = Self { person: subjects.person(id), ..Self::default() };
        identity.read(all, position, id, row);
        let attached = identity.person.and_then(|person| subjects.attached.get(person.0 as usize).copied());
        identity.household = attached.filter(|household| *household != NONE);
        identity
    }

    fn read(&mut self, all: &IdentitySources<'a>, position: usize, id: RowId, row: usize) {
        let Some(columns) = all.registers.get(position) else { return };
        let text = |column| text_at(column, row);
        let own_name = text(columns.names);
        let also = text(columns.also).or(own_name).map(names::several).unwrap_or_default();
        for written in own_name.into_iter().chain(also) {
            if let Some(name) = FoldedName::new(written)
                && !self.names.contains(&name)
            {
                self.names.push(name);
                self.written.push(written);
            }
        }
        if let Some((whose, sex)) = own_name.and_then(|name| names::kin_of(name, text(columns.heads))) {
            self.kin_of = FoldedName::new(whose).map(|whose| (whose, sex));
        }
        let state = text(columns.states).and_then(IdState::parse).unwrap_or(IdState::Missing);
        let number = text(columns.numbers).map(|text| Written::new(text, state));
        let birth = columns.birth(row);
        // What somebody else's number says of birth and sex is said of somebody else.
        let bearer = number.map_or(Bearer::Own, |number| all.contested.bearer(all.composer, id, number.text));
        if bearer == Bearer::Unclear {
            self.numbers.extend(number.map(|number| Written { contested: true, ..number }));
            self.doubted_births.extend(birth);
        }
        if bearer == Bearer::Own {
            self.numbers.extend(number);
            self.births.extend(birth);
            // No sequence is 00: three zeros are what a spreadsheet left.
            self.sexes.extend(text(columns.sexes).filter(|_| number.is_none_or(|number| !number.text.ends_with("000"))));
        }
        self.villages.extend(text(columns.villages));
        self.towns.extend(text(columns.towns));
        // That the head of a household is called like the head says nothing of the household.
        self.heads.extend(text(columns.heads).filter(|head| own_name != Some(*head)));
        // What a paper says of the number counts where the own one does not: else it is somebody else's paper.
        let is_proven = number.is_some_and(Written::proves);
        let valid = |text: &&str| Number::parse(text).is_some_and(Number::is_valid);
        for paper in columns.papers(row) {
            self.papers.extend(Some(paper).filter(|paper| tells_papers_apart(paper)));
            if let Some(text) = number_in(paper).filter(valid).filter(|text| number.is_none_or(|own| own.text != *text)) {
                self.pointed.push(text);
                self.numbers.extend((!is_proven).then(|| Written::new(text, IdState::Valid)));
            }
        }
        self.guardians.extend(text(columns.guardians).filter(valid));
        self.is_about_pupil |= columns.is_about_pupil(row);
        self.phones.extend(text(columns.phones));
    }

    /// The head whom a row names beside its own person.
    pub(super) fn of_head(columns: &Columns<'a>, row: usize) -> Self {
        let text = |column| text_at(column, row);
        let valid = |text: &&str| Number::parse(text).is_some_and(Number::is_valid);
        Self {
            names: text(columns.heads).and_then(FoldedName::new).into_iter().collect(),
            numbers: text(columns.head_numbers)
                .filter(valid)
                .map(|text| Written::new(text, IdState::Valid))
                .into_iter()
                .collect(),
            villages: text(columns.villages).into_iter().collect(),
            towns: text(columns.towns).into_iter().collect(),
            ..Self::default()
        }
    }

    /// The person whom a row joined, as the table of people has it.
    pub(super) fn of_people(composer: &Composer<'a>, person: PersonIx) -> Self {
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

    pub(super) fn keys(&self, mut take: impl FnMut(Key<'a>)) {
        for number in &self.numbers {
            take(Key::Number(number.text));
            if number.text.len() == 18 {
                Key::of_number(number.text).into_iter().flatten().for_each(&mut take);
            }
        }
        self.papers.iter().for_each(|paper| take(Key::Document(paper)));
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
    pub(super) fn sounds(&self) -> Sounds {
        self.written.iter().map(|name| Sounds::of(name)).fold(Sounds::default(), Sounds::and)
    }

    /// Keys by which an accused is found whose place, or the row's, is known in part.
    pub(super) fn keys_of_accused(&self, mut take: impl FnMut(Key<'a>)) {
        if self.is_silent() {
            for village in &self.villages {
                self.surnames().for_each(|surname| take(Key::Village(village, surname)));
            }
        }
        self.guardians.iter().for_each(|guardian| take(Key::Number(guardian)));
        self.guardians.iter().chain(&self.mates).for_each(|guardian| take(Key::Guardian(guardian)));
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
    pub(super) fn could_be(&self, row: &Self) -> Option<Likeness> {
        let numbers = || self.numbers.iter().flat_map(|own| row.numbers.iter().map(|others| (*own, *others)));
        let name = self.names.iter().flat_map(|own| row.names.iter().filter_map(|others| nearness(own, others))).min();
        let like = |by: By| Some(Likeness { by, name });
        if let Some(by) = self.in_anothers_name(row) {
            return like(by);
        }
        if numbers().any(|(own, others)| own.equals(others)) {
            return like(By::Number);
        }
        let against = || numbers().map(|(own, others)| own.against(others)).min().unwrap_or(Numbers::Silent);
        let village = || both(&self.villages, &row.villages);
        if self.is_kin(row) && village() != Some(false) && against() == Numbers::Silent {
            return like(By::Kin);
        }
        let is_theirs = |guardian: &&str| self.guardians.contains(guardian) || self.mates.contains(guardian);
        let is_told_apart = || both(&self.births, &row.births) == Some(false) || both(&self.sexes, &row.sexes) == Some(false);
        if row.guardians.iter().any(is_theirs) && !is_told_apart() && against() == Numbers::Silent {
            return like(By::Ward);
        }
        let is_unnamed = || !row.written.is_empty() && row.written.iter().all(|name| names::is_placeholder(name));
        if self.same_household(row) && row.is_silent() && is_unnamed() && !is_told_apart() {
            return like(By::Household);
        }
        // Most who share a key are strangers by name: counting slips comes after.
        let name = name?;
        let numbers = LazyCell::new(against);
        if name < Nearness::Surname && *numbers == Numbers::Near {
            return like(By::NearNumber);
        }
        let village = village();
        let alike = name <= Nearness::Alike;
        let town = both(&self.towns, &row.towns);
        let sex = both(&self.sexes, &row.sexes);
        let birth = both(&self.births, &row.births).or_else(|| self.shares_doubted_birth(row).then_some(true));
        let birth = birth.map(|is_same| is_same || alike && self.is_born_by_the_moon(row));
        if birth == Some(true) {
            let near = match name {
                Nearness::Same | Nearness::Shorter => true,
                // Of two characters there are few: strangers born on one day share them within a county.
                Nearness::Alike => self.names.iter().any(|name| name.len() > 2) || town != Some(false),
                Nearness::Slip => village.or(town) != Some(false) || town == Some(true) || *numbers != Numbers::Other,
                Nearness::ShortName => village == Some(true) || self.same_household(row),
                Nearness::Surname => (village == Some(true) || self.same_household(row)) && *numbers == Numbers::Silent,
            };
            if near && (alike || sex != Some(false)) {
                return like(By::Birth { other_number: *numbers == Numbers::Other });
            }
        }
        let phone = (both(&self.phones, &row.phones) == Some(true)).then_some(By::Phone);
        if let Some(by) = self.same_household(row).then_some(By::Household).or(phone) {
            return like(by).filter(|_| alike || name < Nearness::Surname && birth != Some(false) && sex != Some(false));
        }
        let here = village == Some(true) || village.is_none() && town != Some(false) && name == Nearness::Same;
        let unsaid = self.is_silent() || row.is_silent();
        let another = row.numbers.iter().any(|number| number.proves() || number.says_birth());
        let near = alike || name <= Nearness::Slip && village == Some(true) && !another && sex != Some(false);
        // By the lunar calendar, or of an age: the year is the same or the next.
        let about = || name == Nearness::Same && village == Some(true) && self.born_within_a_year(row);
        let silent = || *numbers == Numbers::Silent && (birth.is_none() || self.birth_slipped(row) || about());
        if near && here && unsaid && silent() {
            return like(By::Place);
        }
        like(By::Elsewhere).filter(|_| name == Nearness::Same && row.is_name_alone() && sex != Some(false))
    }

    /// How a row in another's name says that it is about this person.
    fn in_anothers_name(&self, row: &Self) -> Option<By> {
        let bears = |text: &&str| self.numbers.iter().any(|own| own.proves() && own.text == *text);
        if row.pointed.iter().any(bears) || both(&self.papers, &row.papers) == Some(true) {
            return Some(By::Document);
        }
        // The cell of the name, where it says more than the name of the row.
        let (name, more) = (row.names.first()?, row.names.get(1..).unwrap_or_default());
        let is_mine = |other: &FoldedName| self.names.iter().any(|own| compare(own, other) == NameLevel::Same);
        if more.iter().any(is_mine) && !is_mine(name) && self.same_household(row) {
            return Some(By::Mentioned);
        }
        if !row.is_about_pupil {
            return None;
        }
        let is_elder = both_hold(&self.births, &row.births, is_elder);
        let is_theirs = row.numbers.iter().any(|number| self.guardians.contains(&number.text)) || self.same_household(row);
        let is_named = || {
            let is_here = both(&self.villages, &row.villages) == Some(true) || self.same_household(row);
            is_here && self.elders.iter().any(|elder| compare(elder, name) == NameLevel::Same)
        };
        let is_guardian = || is_elder == Some(true) && is_theirs || is_elder.is_none() && is_named();
        is_guardian().then_some(By::Guardian)
    }

    /// Whether the row is about a child or spouse of somebody in the household.
    fn is_kin(&self, row: &Self) -> bool {
        row.kin_of.as_ref().is_some_and(|(whose, sex)| {
            let fits = sex.is_none_or(|sex| self.sexes.is_empty() || self.sexes.contains(&sex));
            let is_born_so = || both(&self.births, &row.births) != Some(false) || self.birth_slipped(row);
            fits && both(&self.sexes, &row.sexes) != Some(false)
                && is_born_so()
                && self.housemates.iter().any(|mate| compare(mate, whose) <= NameLevel::LookAlike)
        })
    }

    fn shares_doubted_birth(&self, row: &Self) -> bool {
        let all = |one: &Self| one.births.iter().chain(&one.doubted_births).copied().collect::<Vec<i32>>();
        let doubted = !self.doubted_births.is_empty() || !row.doubted_births.is_empty();
        doubted && both(&all(self), &all(row)) == Some(true)
    }

    /// Whether a register of persons lists both, as two: the same name in the same household, or the same name and birth in the same
    /// village, is one person listed twice.
    pub(super) fn is_co_listed(&self, other: &Self) -> bool {
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
        both_hold(&self.births, &row.births, |own, other| own.abs_diff(other) <= 366) == Some(true)
    }

    /// Whether one birth is the other by the Chinese calendar.
    fn is_born_by_the_moon(&self, row: &Self) -> bool {
        both_hold(&self.births, &row.births, lunar::are_one_birth) == Some(true)
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

/// Whether two lists share a value; `None` where one is empty.
fn both<T: PartialEq>(one: &[T], other: &[T]) -> Option<bool> {
    (!one.is_empty() && !other.is_empty()).then(|| one.iter().any(|value| other.contains(value)))
}

/// Whether somebody is too old for a brother or sister at school. Chosen.
fn is_elder(own: i32, elder: i32) -> bool {
    own - elder >= 18 * 365
}

/// Whether something holds of a value of each; `None` where one is empty.
fn both_hold(one: &[i32], other: &[i32], holds: impl Fn(i32, i32) -> bool) -> Option<bool> {
    (!one.is_empty() && !other.is_empty()).then(|| one.iter().any(|value| other.iter().any(|other| holds(*value, *other))))
}

#[cfg(test)]
#[path = "identity_tests.rs"]
mod tests;
