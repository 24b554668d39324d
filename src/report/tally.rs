//! Findings counted: per rule, per town, per confidence.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::finding::{Confidence, Finding, TimeBase};
use crate::model::money::Fen;
use crate::model::personal::Personal;

use super::sheet::Value;

/// Amounts by what time they are for; those that do not say are a month's.
#[derive(Clone, Debug, Default)]
pub(super) struct Money {
    owed: BTreeMap<TimeBase, i64>,
    overpaid: BTreeMap<TimeBase, i64>,
}

impl Money {
    /// Counts one more.
    pub(super) fn add(&mut self, finding: &Finding) {
        let Some(gap) = finding.gap_fen.filter(|gap| *gap != 0) else { return };
        let side = if gap > 0 { &mut self.owed } else { &mut self.overpaid };
        *side.entry(finding.time_base.unwrap_or(TimeBase::Month)).or_default() += gap.abs();
    }

    /// Owed and not paid for one time base.
    pub(super) fn owed_for(&self, base: TimeBase) -> Fen {
        Fen(self.owed.get(&base).copied().unwrap_or(0))
    }

    /// Paid and not owed for one time base.
    pub(super) fn overpaid_for(&self, base: TimeBase) -> Fen {
        Fen(self.overpaid.get(&base).copied().unwrap_or(0))
    }

    /// Owed and not paid.
    pub(super) fn owed(&self) -> Value {
        told(&self.owed)
    }

    /// Paid and not owed.
    pub(super) fn overpaid(&self) -> Value {
        told(&self.overpaid)
    }
}

impl<'f> FromIterator<&'f Finding> for Money {
    fn from_iter<T: IntoIterator<Item = &'f Finding>>(findings: T) -> Self {
        let mut money = Self::default();
        findings.into_iter().for_each(|finding| money.add(finding));
        money
    }
}

/// Monthly amounts as a number; others say what they are for.
pub(super) fn told(amounts: &BTreeMap<TimeBase, i64>) -> Value {
    match amounts.iter().next() {
        None => Value::Blank,
        Some((TimeBase::Month, fen)) if amounts.len() == 1 => Value::Money(Fen(*fen)),
        Some(_) => {
            let each = amounts.iter().map(|(base, fen)| format!("{}{}元", base.plain(), Fen(*fen)));
            Value::Text(each.collect::<Vec<_>>().join("；"))
        }
    }
}

/// What `汇总` says of a set of findings.
#[derive(Debug, Default)]
pub(super) struct Tally<'a> {
    /// Findings.
    pub(super) findings: i64,
    /// Of these, by confidence in the order certain, likely, check.
    pub(super) trusted: [i64; 3],
    /// Owed and not paid, paid and not owed, by what time the amounts are for.
    pub(super) money: Money,
    /// By town; findings without one under `None`.
    pub(super) towns: BTreeMap<Option<&'a str>, i64>,
    households: BTreeSet<&'a Personal>,
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
        self.money.add(finding);
        *self.towns.entry(finding.town.as_deref()).or_default() += 1;
        self.households.extend(&finding.household_code);
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
