//! Findings counted: per rule, per town, per confidence.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::finding::{Confidence, Finding};
use crate::model::money::Fen;

/// What `汇总` says of a set of findings.
#[derive(Debug, Default)]
pub(super) struct Tally<'a> {
    /// Findings.
    pub(super) findings: i64,
    /// Of these, by confidence in the order certain, likely, check.
    pub(super) trusted: [i64; 3],
    /// Owed and not paid.
    pub(super) owed: Fen,
    /// Paid and not owed.
    pub(super) overpaid: Fen,
    /// By town; findings without one under `None`.
    pub(super) towns: BTreeMap<Option<&'a str>, i64>,
    households: BTreeSet<&'a str>,
    people: BTreeSet<&'a str>,
}

impl<'a> Tally<'a> {
    /// Counts one more.
    pub(super) fn add(&mut self, finding: &'a Finding) {
        self.findings += 1;
        self.trusted[match finding.confidence {
            Confidence::Certain => 0,
            Confidence::Likely => 1,
            Confidence::Check => 2,
        }] += 1;
        match finding.gap_fen {
            Some(gap) if gap > 0 => self.owed.0 += gap,
            Some(gap) => self.overpaid.0 -= gap,
            None => {}
        }
        *self.towns.entry(finding.town.as_deref()).or_default() += 1;
        self.households.extend(finding.household_code.as_deref());
        self.people.extend(finding.person_id.as_deref());
    }

    /// Distinct households.
    pub(super) fn households(&self) -> i64 {
        i64::try_from(self.households.len()).unwrap_or(i64::MAX)
    }

    /// Distinct people.
    pub(super) fn people(&self) -> i64 {
        i64::try_from(self.people.len()).unwrap_or(i64::MAX)
    }
}

impl<'a> FromIterator<&'a Finding> for Tally<'a> {
    fn from_iter<T: IntoIterator<Item = &'a Finding>>(findings: T) -> Self {
        let mut tally = Self::default();
        findings.into_iter().for_each(|finding| tally.add(finding));
        tally
    }
}
