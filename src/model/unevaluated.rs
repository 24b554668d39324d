//! What was not evaluated, as it is told: rules that share unit and reason in one line, with how many wait there.
//!
//! Takes a run's notes and suspended findings; gives [`Unevaluated`] lines, and the note that says why a finding is suspended ([`Reasons`]).
//! Cost: linear in both.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Finding, RuleNote, Scope};
use super::personal::Expose;
use super::registry::RegistryId;

/// Rules not evaluated in one unit for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unevaluated<'a> {
    /// Of one of the rules; the others say the same.
    pub note: &'a RuleNote,
    /// Rule ids.
    pub rules: Vec<&'a str>,
    /// Persons and households that wait.
    pub waiting: i64,
}

impl<'a> Unevaluated<'a> {
    /// Every line: the county's before towns' and villages', then those that leave most waiting.
    #[must_use]
    pub fn lines(notes: &'a [RuleNote], suspended: &'a [Finding]) -> Vec<Self> {
        let mut lines: BTreeMap<Unit<'_>, (Self, BTreeSet<Subject<'_>>)> = BTreeMap::new();
        for note in notes.iter().filter(|note| note.held || note.short.is_some()) {
            let line = Self { note, rules: Vec::new(), waiting: 0 };
            let (line, _) = lines.entry(unit(note)).or_insert((line, BTreeSet::new()));
            line.rules.push(&note.rule);
            line.waiting = line.waiting.max(note.concerned);
        }
        let reasons = Reasons::new(notes);
        for finding in suspended {
            if let Some((_, waiting)) = reasons.of(finding).and_then(|note| lines.get_mut(&unit(note))) {
                waiting.insert(subject(finding));
            }
        }
        let counted = |(line, waiting): (Self, BTreeSet<Subject<'_>>)| match i64::try_from(waiting.len()) {
            Ok(waiting) if line.note.short.is_some() => Self { waiting, ..line },
            _ => line,
        };
        let mut lines: Vec<Self> = lines.into_values().map(counted).collect();
        lines.sort_by_key(|line| (line.note.town.is_some(), Reverse(line.waiting)));
        lines
    }

    /// Registers that hold something, once each.
    #[must_use]
    pub fn registries(lines: &[Self]) -> BTreeSet<&'a RegistryId> {
        lines.iter().filter_map(|line| line.note.short.as_ref()).flat_map(|short| &short.registries).collect()
    }
}

/// Town, reason (which names the village).
type Unit<'a> = (Option<&'a str>, &'a str);

fn unit(note: &RuleNote) -> Unit<'_> {
    (note.town.as_deref(), &note.note)
}

/// Scope, and person or household.
type Subject<'a> = (Scope, &'a str);

fn subject(finding: &Finding) -> Subject<'_> {
    let subject = match finding.scope {
        Scope::Person => finding.person_id.as_deref(),
        Scope::Household | Scope::Unit => finding.household_code.expose(),
    };
    (finding.scope, subject.unwrap_or(&finding.finding_id))
}

/// Why findings are suspended.
#[derive(Debug)]
pub struct Reasons<'a>(BTreeMap<Place<'a>, &'a RuleNote>);

/// Rule, town, village.
type Place<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

impl<'a> Reasons<'a> {
    /// Of a run's notes.
    #[must_use]
    pub fn new(notes: &'a [RuleNote]) -> Self {
        let place = |note: &'a RuleNote| {
            let short = note.short.as_ref()?;
            Some(((note.rule.as_str(), note.town.as_deref(), short.village.as_deref()), note))
        };
        Self(notes.iter().filter_map(place).collect())
    }

    /// The note of the narrowest unit that the finding lies in.
    #[must_use]
    pub fn of(&self, finding: &Finding) -> Option<&'a RuleNote> {
        let (rule, town, village) = (finding.rule.as_str(), finding.town.as_deref(), finding.village.as_deref());
        let places = [(rule, town, village), (rule, town, None), (rule, None, None)];
        places.iter().find_map(|place| self.0.get(place).copied())
    }
}
