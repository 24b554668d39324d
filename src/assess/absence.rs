//! The absence guard: who, in a register searched in vain, could be the accused after all.
//!
//! Takes everybody whom a rule is about to accuse of not standing in a register; gives, per accused and register, the rows there that could
//! be that person. It looks at all rows, joined or not, so it does not depend on linking having been right. A row could be somebody when
//! - its number is the person's, whatever the name, be it that two names bear it; or
//! - its name is near (the same, alike in sound or shape, one character dropped, swapped or other) and the number lies within two slips,
//!   or the birth is the same, or household or phone are; or
//! - its name is the same or alike and the village is, while the row (or the person) has no number and birth that could speak; or
//! - it has no name of its own, but says whose child or spouse it is, and that is somebody of the person's household; or
//! - it stands in another's name, and says that it is about the person: a certificate's or a pupil's number on it is the person's, the cell of the name
//!   has the person's too, or it is about a pupil and in the name of a guardian or elder of the household; or
//! - it has neither name, number nor birth of its own (`何氏`, `王宝宝`) and stands in the person's household; or
//! - it has no number, its guardian is somebody of the household, and birth and sex do not contradict.
//!
//! A row of the same name elsewhere that has neither number nor birth holds nothing back: what is said is to be checked first.
//! A birth that is the other's by the Chinese calendar counts as the same. The less a name agrees, the nearer birth, sex and place must be: strangers share birthdays. A row that joined somebody whom another register
//! knows by the same name counts only where that person, by all that is known, could be the accused too and no register of persons
//! lists both; whom people have told apart stays apart.
//! Rows that would clear the accused (a death, a certificate that excuses) are looked through in the same way; rows that say neither are not.
//! Also given: the other side of an open review pair. Cost: one pass over the registers searched, with a few look-ups per row, and
//! one comparison per row that shares a key with an accused.

mod contested;
mod identity;
mod keys;
mod likeness;
mod lunar;
mod names;
mod sounds;

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::array::{Array, BooleanArray};
use identity::{Identity, IdentitySources};
use keys::{Columns, Key, Wanted};
use likeness::By;
pub use likeness::Likeness;
use rayon::prelude::*;
use sounds::Sounds;

use super::compose::Composer;
use super::subjects::{NONE, index, text_at};
use crate::config::policy::Source;
use crate::model::columns::{HEAD_NAME, NAME};
use crate::model::identity::name::{FoldedName, NameLevel, compare};
use crate::model::link::{LinkStatus, PersonIx};
use crate::model::record::{RegistryRecords, RowId};
use crate::model::registry::RegistryId;

/// What a row of a register would say of an accused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Says {
    /// That the accused is where they were searched in vain; a row of which the filter cannot be told counts.
    Present,
    /// That the rule does not apply: a death, a certificate that excuses.
    Excused,
}

/// Accused persons by register, what is looked for there, and the condition on its rows (all rows: `None`). Each condition is searched by itself:
/// few rows say what many would be excused by, and few are sought among all rows.
pub(crate) type Accused<'a> = BTreeMap<(RegistryId, Says), BTreeMap<Option<&'a str>, Sought<'a>>>;

/// Accused persons, and a source whose rows would say something of them.
pub(crate) struct Sought<'a> {
    pub(crate) persons: BTreeSet<PersonIx>,
    pub(crate) source: &'a Source,
}

/// By accused: rows that could be them and why, ascending.
type CouldBe = BTreeMap<PersonIx, Vec<(RowId, Likeness)>>;

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
        let sources = IdentitySources::new(composer);
        let sought = accused.values().flat_map(BTreeMap::values);
        let persons: BTreeSet<PersonIx> = sought.flat_map(|sought| &sought.persons).copied().collect();
        let persons: Vec<PersonIx> = persons.into_iter().collect();
        let identities: Vec<Identity<'_>> = persons.par_iter().map(|person| Identity::of_person(&sources, *person)).collect();
        let search = |(at, by_condition): (&(RegistryId, Says), &BTreeMap<Option<&str>, Sought<'a>>)| {
            let mut found = CouldBe::new();
            for Sought { persons: sought, source } in by_condition.values() {
                let wanted: Vec<&Identity<'_>> =
                    persons.iter().zip(&identities).filter(|(person, _)| sought.contains(person)).map(|(_, i)| i).collect();
                Search { sources: &sources, wanted: &wanted }.through(at.1, source, &mut found);
            }
            for rows in found.values_mut() {
                rows.sort_unstable();
                rows.dedup();
            }
            (at.clone(), found)
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
    // Chosen: one in fifty is somebody called like the head.
    beside > 0 && own * 50 < beside
}

/// A register and the accused who are searched in it, by key and sound.
struct Register<'s, 'a> {
    position: usize,
    by_key: Wanted,
    /// By accused.
    sounds: Vec<Sounds>,
    columns: &'s Columns<'a>,
    names_heads_only: bool,
}

/// One register, looked through for some accused.
struct Search<'s, 'a> {
    sources: &'s IdentitySources<'a>,
    wanted: &'s [&'s Identity<'a>],
}

impl<'s, 'a> Search<'s, 'a> {
    fn through(&self, says: Says, source: &Source, found: &mut CouldBe) {
        let subjects = self.sources.composer.subjects;
        let Some((position, records)) = subjects.records.registry(source.registry.as_str()) else { return };
        let filter = self.sources.composer.filter(position, source);
        let counting: Vec<usize> = (0..records.len()).filter(|row| says.by(filter, *row)).collect();
        let register = if counting.is_empty() { None } else { self.register(position) };
        let Some(register) = register else { return };
        let offset = subjects.records.offset(position);
        let of_row = |row: &usize| {
            let id = RowId(offset + index(*row));
            self.of_row(&register, id, *row).into_iter().map(move |(at, likeness)| (at, likeness, id))
        };
        let pairs: Vec<(u32, Likeness, RowId)> = counting.par_iter().with_min_len(1 << 12).flat_map_iter(of_row).collect();
        for (at, likeness, row) in pairs {
            if let Some(person) = self.wanted[at as usize].person {
                found.entry(person).or_default().push((row, likeness));
            }
        }
    }

    fn register(&self, position: usize) -> Option<Register<'s, 'a>> {
        let records = self.sources.composer.subjects.records.registries.get(position)?;
        let mut by_key: Vec<(u64, u32)> = Vec::new();
        for (at, identity) in self.wanted.iter().enumerate() {
            let mut put = |key: Key<'a>| by_key.push((key.hash64(), index(at)));
            identity.keys(&mut put);
            identity.keys_of_accused(&mut put);
        }
        Some(Register {
            position,
            by_key: Wanted::new(by_key),
            sounds: self.wanted.iter().map(|identity| identity.sounds()).collect(),
            columns: self.sources.registers.get(position)?,
            names_heads_only: names_heads_beside_rows_only(records),
        })
    }

    /// The accused who share a key with a row, or with the person whom it joined, and a sound or the number; ascending.
    fn candidates(&self, register: &Register<'_, 'a>, id: RowId, row: usize) -> Vec<u32> {
        let (subjects, people) = (self.sources.composer.subjects, &self.sources.people);
        let link = subjects.linked.links.get(id.0 as usize);
        let joined = link.filter(|link| link.status != LinkStatus::Alone).map(|link| link.person.0 as usize);
        let own = link.map(|link| link.person);
        let is_about_pupil = register.columns.is_about_pupil(row);
        let mut sounds: Option<Sounds> = None;
        let mut candidates: Vec<u32> = Vec::new();
        let mut look = |key: Key<'a>| {
            for at in register.by_key.of(key) {
                let sounds = *sounds.get_or_insert_with(|| {
                    let own = register.columns.sounds(row);
                    joined.map_or(own, |person| own.and(people.sounds(person)))
                });
                // In whose name a row stands says nothing where a paper's number, or a pupil's school, says whom it is about.
                let is_near = matches!(key, Key::Number(_) | Key::Document(_))
                    || is_about_pupil && matches!(key, Key::Household(_) | Key::Silent(_) | Key::Guardian(_))
                    || register.sounds[at as usize].meets(sounds);
                if is_near && self.wanted[at as usize].person != own {
                    candidates.push(at);
                }
            }
        };
        register.columns.keys(row, self.sources.contested.has(id), &mut look);
        // Of most rows the person says nothing else.
        if let Some(person) = joined.filter(|person| people.said(*person) != register.columns.said(row)) {
            people.own_keys(person, &mut look);
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
    fn of_head(&self, register: &Register<'_, 'a>, row: usize) -> Vec<(u32, Likeness)> {
        let head = Identity::of_head(register.columns, row);
        let mut candidates: Vec<u32> = Vec::new();
        head.keys(|key| candidates.extend(register.by_key.of(key)));
        candidates.sort_unstable();
        candidates.dedup();
        let like = |at: u32| Some((at, self.wanted[at as usize].could_be(&head)?));
        candidates.into_iter().filter_map(like).collect()
    }

    /// The accused who could be the row, or the head whom it names, and why.
    fn of_row(&self, register: &Register<'_, 'a>, id: RowId, row: usize) -> Vec<(u32, Likeness)> {
        if register.names_heads_only {
            let named = self.of_head(register, row);
            if !named.is_empty() {
                return named;
            }
        }
        let candidates = self.candidates(register, id, row);
        if candidates.is_empty() { Vec::new() } else { self.among(candidates, register, id, row) }
    }

    /// Who of some accused could be the row, and why.
    fn among(&self, candidates: Vec<u32>, register: &Register<'_, 'a>, id: RowId, row: usize) -> Vec<(u32, Likeness)> {
        let composer = self.sources.composer;
        let found = Identity::of_row(self.sources, register.position, id, row);
        let link = composer.subjects.linked.links.get(id.0 as usize);
        let joined = link.filter(|link| link.status != LinkStatus::Alone);
        let joined = LazyCell::new(|| joined.map(|link| Identity::of_people(composer, link.person)));
        let like = |at: u32| {
            let accused = Some(self.wanted[at as usize]).filter(|accused| accused.person != found.person)?;
            let likeness = accused.could_be(&found).or_else(|| accused.could_be(joined.as_ref()?));
            Some((at, likeness?))
        };
        let mut candidates: Vec<(u32, Likeness)> = candidates.into_iter().filter_map(like).collect();
        if !candidates.is_empty() && joined.is_some() && self.is_known(&found, register.position) {
            // Another found person's row, unless that person could be the accused.
            let owner = found.person.map(|person| Identity::of_person(self.sources, person));
            candidates.retain(|(at, likeness)| {
                if likeness.by.is_in_anothers_name() {
                    return true;
                }
                let accused = self.wanted[*at as usize];
                owner.as_ref().is_some_and(|owner| !accused.is_co_listed(owner) && accused.could_be(owner).is_some())
            });
        }
        candidates
    }

    /// Whether another register knows the person whom the row joined, by the same name.
    fn is_known(&self, row: &Identity<'a>, position: usize) -> bool {
        let composer = self.sources.composer;
        let same_name = |other: RowId| {
            let (at, other) = composer.subjects.records.locate(other).filter(|(at, _)| *at != position)?;
            let other = FoldedName::new(text_at(self.sources.registers.get(at)?.names, other)?)?;
            Some(row.names.iter().any(|own| compare(own, &other) == NameLevel::Same))
        };
        row.person.is_some_and(|person| composer.rows_of(person).any(|other| same_name(other) == Some(true)))
    }
}
