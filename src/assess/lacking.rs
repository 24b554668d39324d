//! What a finding rests on beside what it searches: members of a household of which rows are missing, and an absence from a register that
//! has surely lost rows.
//!
//! Takes a rule, the registers' shortfalls, what other rules show of them, and the households that say themselves that rows are missing; gives,
//! for a finding, why it is to be checked first. What the rule itself searches in a register as a whole is [`super::trust`]'s matter. Cost:
//! linear in findings and the facts of their rules.

use super::completeness::Completeness;
use super::compose::{About, Composer};
use super::evaluate::Evaluated;
use super::stated::StatedSizes;
use super::subjects::{NONE, POVERTY, index};
use super::trust::RegisterGaps;
use crate::config::policy::{Fact, Origin, Reach, Source, Take};
use crate::model::columns::TOWN_CODE;
use crate::model::finding::Scope;
use crate::model::registry::RegistryId;

/// See the module's documentation.
pub(crate) struct Lacking<'s, 'a> {
    composer: &'s Composer<'a>,
    complete: &'s Completeness,
    stated: &'s StatedSizes,
    gaps: &'s RegisterGaps,
    /// Whether the rule looks at a household's members.
    rests_on_members: bool,
    /// Whether it takes whoever has something in common for another household, though the poverty file lacks so many rows.
    parts_households: bool,
    /// Facts of persons that say no more than that there is a row, whatever stands in it, beside those searched.
    presences: Vec<(&'a str, &'a [Source])>,
}

impl<'s, 'a> Lacking<'s, 'a> {
    pub(crate) fn of_rule(
        composer: &'s Composer<'a>,
        complete: &'s Completeness,
        stated: &'s StatedSizes,
        gaps: &'s RegisterGaps,
        evaluated: &Evaluated<'_>,
    ) -> Self {
        let facts = || evaluated.condition.mentions.iter().filter_map(|name| Some(composer.fact(name)?.0));
        let rests_on_members = facts().any(|fact| matches!(fact.origin, Origin::Members { .. }));
        let shares = |fact: &Fact| match &fact.origin {
            Origin::Sources { sources, .. } => sources.iter().any(|source| matches!(source.reach, Reach::Sharing(_))),
            Origin::Members { .. } | Origin::Derived(_) => false,
        };
        let parts_households = stated.short(&POVERTY.into()).is_some() && facts().any(shares);
        let presences = facts().filter(|fact| fact.scope == Scope::Person).filter_map(|fact| match &fact.origin {
            Origin::Sources { sources, .. } => {
                let is_presence = sources.iter().all(|source| source.take == Take::Exists && source.field.is_none());
                is_presence.then_some((fact.name.as_str(), sources.as_slice()))
            }
            Origin::Members { .. } | Origin::Derived(_) => None,
        });
        Self { composer, complete, stated, gaps, rests_on_members, parts_households, presences: presences.collect() }
    }

    /// Why a finding is to be checked first, in words; `in_vain` are the registers that its rule searched.
    pub(crate) fn of(&self, about: About, in_vain: &[RegistryId]) -> Option<String> {
        self.of_household(about, in_vain).or_else(|| self.of_register(about, in_vain))
    }

    fn of_household(&self, about: About, in_vain: &[RegistryId]) -> Option<String> {
        let household = match about {
            About::Household(at) => index(at),
            About::Person(person) => self.composer.subjects.attached.get(person.0 as usize).copied().unwrap_or(NONE),
        };
        if self.parts_households && household == NONE {
            let title = self.composer.input.registry_title(POVERTY);
            return Some(format!("{title}里许多户写的人数比行数多，谁和谁是一户看不准"));
        }
        let of_members = self.rests_on_members.then_some(POVERTY);
        let mut registers = of_members.into_iter().chain(in_vain.iter().map(RegistryId::as_str));
        let register = registers.find(|register| self.stated.lacks(register, household))?;
        let title = self.composer.input.registry_title(register);
        Some(format!("这些户在{title}里写的人数比行数多，有人没有报上来"))
    }

    fn of_register(&self, about: About, in_vain: &[RegistryId]) -> Option<String> {
        let composer = self.composer;
        let town = composer.subjects.people_text(TOWN_CODE, composer.representative(about));
        let short = |registry: &RegistryId| {
            let short = self.complete.shortfalls(registry, town).into_iter().flatten().find(|shortfall| shortfall.is_sure());
            let title = || composer.input.registry_title(registry.as_str());
            let shown = || self.gaps.at(std::slice::from_ref(registry), town).filter(|gap| gap.sure);
            let summary = short.map(|short| short.describe(&title())).or_else(|| Some(shown()?.summary().to_owned()));
            summary.filter(|_| !in_vain.contains(registry))
        };
        self.presences.iter().find_map(|(fact, sources)| {
            let is_found = || composer.persons(about).into_iter().any(|person| composer.is_true_of(fact, person));
            sources.iter().find_map(|source| short(&source.registry)).filter(|_| !is_found())
        })
    }
}
