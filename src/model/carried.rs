//! Ids carried over from an earlier run: who was whom, and where persons and households split or merged.

use std::collections::{BTreeMap, HashMap};

use super::personal::Personal;
use super::words::words;

/// What an earlier run knew, by record.
#[derive(Clone, Debug, Default)]
pub struct Previous {
    /// Record key ([`super::decision::key_word`]) → position in `persons`; `None` where the key is several persons'.
    pub by_record: HashMap<u64, Option<u32>>,
    /// Its persons.
    pub persons: Vec<PreviousPerson>,
}

impl Previous {
    /// Notes a record of a person. A key that several persons share says nothing of any.
    pub fn note(&mut self, record: u64, person: u32) {
        let known = self.by_record.entry(record).or_insert(Some(person));
        if *known != Some(person) {
            *known = None;
        }
    }

    /// The person with a record of this key.
    #[must_use]
    pub fn person(&self, record: u64) -> Option<u32> {
        self.by_record.get(&record).copied().flatten()
    }
}

/// A person of an earlier run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreviousPerson {
    /// Id.
    pub id: String,
    /// Household code then.
    pub household: Option<Personal>,
    /// The code by which the household was first known.
    pub first_household: Option<Personal>,
}

words! {
    /// What happened to an id. Its word is that in stage files.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum ChangeKind {
        /// The keys have changed, the person or household has not: the old id stays.
        Carried = "carried";
        /// One became several: the main part keeps the id, this is another part.
        Split = "split";
        /// Several became one: this one's id is not used any more.
        Merged = "merged";
    }
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IdentityChange {
    /// `person` or `household`.
    pub scope: &'static str,
    /// What happened.
    pub kind: ChangeKind,
    /// The id (for households: the first code) that goes on.
    pub id: Personal,
    /// Carried: what this month's keys alone would give. Split: the id of the other part. Merged: the id given up.
    pub other: Personal,
}

/// What was carried over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// Whether an earlier run was given.
    pub given: bool,
    /// Persons found again.
    pub found: u64,
    /// Persons of the earlier run that nobody is any more.
    pub lost: u64,
    /// The log, sorted.
    pub changes: Vec<IdentityChange>,
    /// Household code → the code by which it was first known, where they differ.
    pub households: BTreeMap<Personal, Personal>,
}

impl Carried {
    /// The code by which a household was first known.
    #[must_use]
    pub fn household<'a>(&'a self, code: &'a str) -> &'a str {
        self.households.get(&Personal::from(code)).map_or(code, Personal::expose)
    }

    /// Changes of a kind.
    #[must_use]
    pub fn count(&self, scope: &str, kind: ChangeKind) -> u64 {
        self.changes.iter().filter(|change| change.scope == scope && change.kind == kind).count() as u64
    }
}
