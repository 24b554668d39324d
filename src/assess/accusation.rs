//! Whom rules accuse, and of not standing in which registers: what the guard has to look for before any of it is said.
//!
//! Takes evaluated rules; gives the subjects for whom they fire with the registers searched in vain, and for a rule or a tally the registers
//! it rests on. Cost: linear in subjects for whom a rule fires.

use std::collections::BTreeSet;

use super::absence::{AbsenceGuard, Accused, Likeness, Says, Sought};
use super::compose::Composer;
use super::evaluate::{Evaluated, Outcome};
use super::identity;
use crate::config::policy::{Counted, Origin, Take, Tally};
use crate::model::date::Day;
use crate::model::finding::Scope;
use crate::model::link::PersonIx;
use crate::model::record::RowId;
use crate::model::registry::RegistryId;

/// A person, and rows that could be that person and why.
pub(super) type CouldBe = (PersonIx, Vec<(RowId, Option<Likeness>)>);

/// A subject for whom a rule fires.
pub(super) struct Accusation {
    pub(super) at: usize,
    /// Registries in which nobody of the subject was found; empty where nothing is accused by absence.
    pub(super) in_vain: Vec<RegistryId>,
    /// Of its persons, who could be there after all, once [`Accusation::look`] has looked.
    pub(super) could_be: Vec<CouldBe>,
}

/// Facts that a row of some register would make true, beside those searched: were one true of an accused, the rule might not fire.
pub(super) fn clearing_facts(composer: &Composer<'_>, evaluated: &Evaluated<'_>) -> Vec<String> {
    let condition = evaluated.condition;
    let is_presence = |name: &&String| {
        let sources = composer.fact(name).filter(|(fact, _)| fact.scope == Scope::Person).map(|(fact, _)| &fact.origin);
        matches!(sources, Some(Origin::Sources { sources, .. }) if sources.iter().all(|source| source.take == Take::Exists))
    };
    if condition.searched.is_empty() {
        return Vec::new();
    }
    condition.mentions.iter().filter(|name| !condition.searched.contains(name)).filter(is_presence).cloned().collect()
}

impl Accusation {
    pub(super) fn of_rule(composer: &Composer<'_>, evaluated: &Evaluated<'_>) -> Vec<Self> {
        let scope = evaluated.rule.card.scope;
        let in_vain = |at: usize| composer.searched_in_vain(evaluated, composer.about(scope, at));
        evaluated.with(Outcome::Fires).map(|at| Self { at, in_vain: in_vain(at), could_be: Vec::new() }).collect()
    }

    /// Notes who could be in the registries searched in vain after all; `clearing` are the rule's [`clearing_facts`].
    pub(super) fn look(&mut self, composer: &Composer<'_>, guard: &AbsenceGuard<'_>, of: &Evaluated<'_>, clearing: &[String]) {
        if self.in_vain.is_empty() {
            return;
        }
        let could_be = composer.persons(composer.about(of.rule.card.scope, self.at)).into_iter().map(|person| {
            let clearing: Vec<String> = clearing.iter().filter(|fact| !composer.is_true_of(fact, person)).cloned().collect();
            (person, guard.rows(&of.condition.searched, &clearing, person))
        });
        self.could_be = could_be.filter(|(_, rows)| !rows.is_empty()).collect();
    }
}

/// The day that the rule's clause sets, where it is still to come: nobody is late before.
pub(super) fn due_later(composer: &Composer<'_>, evaluated: &Evaluated<'_>) -> Option<Day> {
    let by = evaluated.condition.by.as_ref().and_then(|name| composer.day(name));
    by.filter(|by| composer.input.as_of < *by)
}

/// Whom the rules accuse of not standing in which registry, and what would clear them, where it is time to say so; nobody where the policy does
/// not report what is held back.
pub(super) fn accused<'a>(composer: &Composer<'a>, evaluated: &[Evaluated<'_>], accusations: &[Vec<Accusation>]) -> Accused<'a> {
    let mut accused = Accused::new();
    if !identity::reports_reviews(composer.input.policy) {
        return accused;
    }
    for (evaluated, accusations) in evaluated.iter().zip(accusations) {
        let accusations = accusations.iter().filter(|accusation| !accusation.in_vain.is_empty());
        let persons = |accusation: &Accusation| composer.persons(composer.about(evaluated.rule.card.scope, accusation.at));
        let persons: BTreeSet<PersonIx> = accusations.flat_map(persons).collect();
        if persons.is_empty() || due_later(composer, evaluated).is_some() {
            continue;
        }
        let clearing = clearing_facts(composer, evaluated);
        let searched = evaluated.condition.searched.iter().map(|fact| (fact, Says::Present));
        for (fact, says) in searched.chain(clearing.iter().map(|fact| (fact, Says::Excused))) {
            // What is true of somebody already needs no other row.
            let is_open = |person: &&PersonIx| says == Says::Present || !composer.is_true_of(fact, **person);
            let persons: Vec<PersonIx> = persons.iter().filter(is_open).copied().collect();
            for source in composer.sources(fact).iter().filter(|_| !persons.is_empty()) {
                let condition = source.filter.as_ref().map(|filter| filter.text.as_str());
                let here = accused.entry((source.registry.clone(), says)).or_default();
                here.entry(condition).or_insert_with(|| Sought { persons: BTreeSet::new(), source }).persons.extend(&persons);
            }
        }
    }
    accused
}

/// Facts that some rest on, themselves included.
fn resting_on<'f>(composer: &Composer<'f>, facts: impl Iterator<Item = &'f String>) -> Vec<String> {
    let mut rests_on: Vec<String> = Vec::new();
    let mut pending: Vec<&String> = facts.collect();
    while let Some(name) = pending.pop() {
        if !rests_on.contains(name) {
            rests_on.push(name.clone());
            match composer.fact(name).map(|(fact, _)| &fact.origin) {
                Some(Origin::Derived(expression)) => pending.extend(&expression.columns),
                Some(Origin::Members { fact, .. }) => pending.push(fact),
                _ => {}
            }
        }
    }
    rests_on
}

/// Registries in which a tally counts; those that only say among whom are none of them.
pub(super) fn tally_registries<'f>(composer: &Composer<'f>, tally: &'f Tally) -> Vec<RegistryId> {
    match &tally.count {
        Counted::Fact(fact) => composer.registries_of(&resting_on(composer, std::iter::once(fact))),
        Counted::Rows(rows) => vec![rows.source.registry.clone()],
        Counted::Standard { .. } => Vec::new(),
    }
}

/// Lists of persons on which the rule's exemptions rest: where one is short, nobody's exemption can be ruled out.
pub(super) fn clearing_registries<'f>(composer: &Composer<'f>, evaluated: &Evaluated<'f>) -> Vec<RegistryId> {
    let people = &composer.input.policy.settings.people;
    let columns = evaluated.condition.exemptions.iter().flat_map(|exemption| &exemption.when.columns);
    let rests_on = resting_on(composer, columns);
    // What several registers can say is not lost with one of them.
    let alone = |fact: &String| composer.registries_of(std::slice::from_ref(fact)).into_iter();
    let clearing = clearing_facts(composer, evaluated).into_iter().filter(|fact| rests_on.contains(fact));
    let mut registries: Vec<RegistryId> =
        clearing.filter(|fact| alone(fact).count() == 1).flat_map(|fact| alone(&fact)).filter(|id| people.contains(id)).collect();
    registries.sort();
    registries.dedup();
    registries
}

/// Registries in which a rule looks for somebody.
pub(super) fn searched_registries(composer: &Composer<'_>, evaluated: &Evaluated<'_>) -> BTreeSet<RegistryId> {
    let origin = |name: &String| composer.fact(name).map(|(fact, _)| &fact.origin);
    let sources = evaluated.condition.searched.iter().filter_map(origin).flat_map(|origin| match origin {
        Origin::Sources { sources, .. } => sources.as_slice(),
        Origin::Members { .. } | Origin::Derived(_) => &[],
    });
    sources.map(|source| source.registry.clone()).collect()
}
