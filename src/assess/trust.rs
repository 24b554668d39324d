//! Where a rule's word counts: whether the registers it searches are whole for a subject's town, and what it finds is plausible.
//!
//! Takes a rule's accusations, the registers' shortfalls and the places people live in; gives, per accusation by absence, the unit whose lists
//! have to be completed first, and one note per unit. A unit is held where a register searched, or
//! one that could clear the accused, is short, or where the rule fires on more
//! of its subjects than the plausible share: a village, a town, or the whole county (what is left beside towns already held).
//! Registers that the county accepts as whole hold nothing. Cost: linear in the rule's subjects.

use std::collections::{BTreeMap, BTreeSet};

use super::completeness::{Completeness, is_implausible};
use super::compose::{About, Composer};
use super::evaluate::{Evaluated, Outcome};
use super::places::Place;
use super::{Accusation, clearing_registries};
use crate::config::policy::Rule;
use crate::model::columns::{TOWN_CODE, VILLAGE_CODE};
use crate::model::finding::{RuleNote, ShortUnit};
use crate::model::registry::RegistryId;

/// A place by code; the county has neither town nor village.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Unit {
    town: Option<String>,
    village: Option<String>,
}

/// Why a unit is held.
#[derive(Debug)]
struct Reason {
    /// Names of town and village.
    names: (Option<String>, Option<String>),
    told: String,
    /// Registers that have to be completed.
    registries: Vec<RegistryId>,
}

/// Where a rule is held.
#[derive(Debug, Default)]
pub(crate) struct Trust {
    held: BTreeMap<Unit, Reason>,
}

/// Subjects judged and fired.
type Counts<'a> = BTreeMap<Place<'a>, (i64, i64)>;

impl Trust {
    /// Looks at every unit of a rule that accuses by absence; any other rule is held nowhere.
    pub(crate) fn of_rule(
        composer: &Composer<'_>,
        complete: &Completeness,
        evaluated: &Evaluated<'_>,
        accusations: &[Accusation],
    ) -> Self {
        let mut trust = Self::default();
        let registries: BTreeSet<&RegistryId> = accusations.iter().flat_map(|accusation| &accusation.in_vain).collect();
        if registries.is_empty() {
            return trust;
        }
        let scope = evaluated.rule.card.scope;
        let judged = evaluated.outcomes().filter_map(|(at, outcome)| {
            let fired = match outcome {
                Outcome::Fires => 1,
                Outcome::Passes => 0,
                _ => return None,
            };
            Some((composer.face(composer.about(scope, at)), (fired, 1)))
        });
        let counts: Counts<'_> = composer.places.sums(judged).into_iter().collect();
        let clearing = clearing_registries(composer, evaluated);
        // Those searched in vain before those that could have cleared somebody: that is what is told.
        let looked_at: Vec<&RegistryId> = registries.iter().copied().chain(&clearing).collect();
        trust.short(composer, complete, &looked_at, &counts);
        let share = evaluated.condition.plausible.unwrap_or(composer.input.policy.settings.plausible_share);
        trust.implausible(composer, &registries, &counts, share);
        trust
    }

    fn short(&mut self, composer: &Composer<'_>, complete: &Completeness, registries: &[&RegistryId], counts: &Counts<'_>) {
        for place in counts.keys() {
            let short = registries.iter().find_map(|registry| Some((registry, complete.shortfall(registry, place.town_code)?)));
            if let Some((registry, shortfall)) = short {
                let told = shortfall.told(&composer.input.registry_title(registry.as_str()));
                let unit = Unit { town: place.town_code.map(str::to_owned), village: None };
                let registries = vec![RegistryId::clone(registry)];
                let names = (place.town.map(str::to_owned), None);
                self.held.entry(unit).or_insert_with(|| Reason { names, told, registries });
            }
        }
    }

    fn implausible(&mut self, composer: &Composer<'_>, registries: &BTreeSet<&RegistryId>, counts: &Counts<'_>, share: i64) {
        let accepts = |place: Place<'_>| registries.iter().all(|id| composer.input.accepts(id, place.town_code, place.town));
        let titles: Vec<String> = registries.iter().map(|registry| composer.input.registry_title(registry.as_str())).collect();
        let told = |fired: i64, judged: i64| {
            format!("{judged} 个对象中有 {fired} 个在{}里查不到，比例异常高，名册多半不全", titles.join("、"))
        };
        let reason = |names, (fired, judged)| {
            let registries = registries.iter().copied().cloned().collect();
            Reason { names, told: told(fired, judged), registries }
        };
        let own = |text: Option<&str>| text.map(str::to_owned);
        let towns = self.sums(counts, |place| Place { village: None, village_code: None, ..place });
        let all = towns.values().fold((0, 0), |sum, counts| (sum.0 + counts.0, sum.1 + counts.1));
        let above = towns.values().filter(|counts| counts.0.saturating_mul(10_000) > counts.1.saturating_mul(share));
        let above: i64 = above.map(|counts| counts.1).sum();
        // Lacking all over: no town's list is to be trusted, small ones included.
        if is_implausible(all.0, all.1, share, 2) && above * 2 > all.1 && !accepts(Place::default()) {
            self.held.insert(Unit::default(), reason((None, None), all));
            return;
        }
        // Else towns before the county, so that one town without a list does not hold all the others; then villages.
        for (place, counts) in towns {
            if place.town_code.is_some() && is_implausible(counts.0, counts.1, share, 2) && !accepts(place) {
                let unit = Unit { town: own(place.town_code), village: None };
                self.held.insert(unit, reason((own(place.town), None), counts));
            }
        }
        for (place, counts) in self.sums(counts, |_| Place::default()) {
            if is_implausible(counts.0, counts.1, share, 2) && !accepts(place) {
                let mut reason = reason((None, None), counts);
                if !self.held.is_empty() {
                    reason.told.insert_str(0, "其余乡镇 ");
                }
                self.held.insert(Unit::default(), reason);
            }
        }
        // Members of one household are concerned together: a village must stand out more.
        for (place, counts) in self.sums(counts, |place| place) {
            if place.village_code.is_some() && is_implausible(counts.0, counts.1, share, 3) && !accepts(place) {
                let unit = Unit { town: own(place.town_code), village: own(place.village_code) };
                self.held.insert(unit, reason((own(place.town), own(place.village)), counts));
            }
        }
    }

    /// Sums over units of what lies in no unit held.
    fn sums<'c>(&self, counts: &Counts<'c>, unit: impl Fn(Place<'c>) -> Place<'c>) -> Counts<'c> {
        let mut sums = Counts::new();
        for (place, (fired, judged)) in counts {
            if self.unit_of(place.town_code, place.village_code).is_none() {
                let sum = sums.entry(unit(*place)).or_default();
                *sum = (sum.0 + fired, sum.1 + judged);
            }
        }
        sums
    }

    /// The narrowest unit held that a place lies in.
    fn unit_of(&self, town: Option<&str>, village: Option<&str>) -> Option<Unit> {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let unit = |village| Unit { town: own(town), village };
        [unit(own(village)), unit(None), Unit::default()].into_iter().find(|unit| self.held.contains_key(unit))
    }

    /// The unit in which an accusation by absence is held, if any.
    pub(crate) fn unit(&self, composer: &Composer<'_>, accusation: &Accusation, about: About) -> Option<Unit> {
        if accusation.in_vain.is_empty() || self.held.is_empty() {
            return None;
        }
        let face = composer.face(about);
        let text = |column| composer.subjects.people_text(column, face);
        self.unit_of(text(TOWN_CODE), text(VILLAGE_CODE))
    }

    /// Towns of which nothing can be said.
    pub(crate) fn towns_held(&self) -> TownsHeld {
        TownsHeld {
            everywhere: self.held.contains_key(&Unit::default()),
            towns: self.held.keys().filter(|unit| unit.village.is_none()).filter_map(|unit| unit.town.clone()).collect(),
        }
    }

    /// One line per unit held; `concerned` counts whom the rule would list there.
    pub(crate) fn notes(&self, rule: &Rule, concerned: &BTreeMap<Unit, i64>) -> Vec<RuleNote> {
        let note = |(unit, reason): (&Unit, &Reason)| {
            let (town, village) = &reason.names;
            let place = village.as_ref().map_or_else(String::new, |village| format!("{village}："));
            let concerned = concerned.get(unit).copied().unwrap_or(0);
            let note = format!("未评估：{place}{}", reason.told);
            let short = Some(Box::new(ShortUnit { village: village.clone(), registries: reason.registries.clone() }));
            // Where a village is held, the rest of its town was evaluated.
            RuleNote { rule: rule.card.id.clone(), town: town.clone(), note, held: unit.village.is_none(), concerned, short }
        };
        self.held.iter().map(note).collect()
    }
}

/// Towns whose subjects count in no rate.
#[derive(Debug, Default)]
pub(crate) struct TownsHeld {
    everywhere: bool,
    towns: BTreeSet<String>,
}

impl TownsHeld {
    /// Whether the town (by code) is one of them.
    pub(crate) fn contains(&self, town: Option<&str>) -> bool {
        self.everywhere || town.is_some_and(|town| self.towns.contains(town))
    }
}
