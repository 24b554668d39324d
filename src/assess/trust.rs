//! Where a rule's word counts: whether the registers it searches are whole for a subject's town, and what it finds is plausible.
//!
//! Takes a rule's accusations, the registers' shortfalls and the places people live in; gives, per accusation by absence, the unit whose lists
//! have to be completed first, whether it is to be checked first, and one note per unit. A unit is held where a register searched, or one that
//! could clear the accused, is short, or where the rule fires on more of its subjects (but those who could be a row that is there) than the
//! plausible share: the whole county, a town, a village, or those who entered school in one year, where the register has grades; the smaller
//! the unit, the more it has to stand out. What is less clear, as in a small unit, or where nobody knows how many rows there should be, is to be checked
//! first. What one rule shows of a register ([`RegisterGaps`]) counts for the others that search it and for what is counted in it: a register that
//! has lost rows says of nobody that they are not there. Registers that the county accepts as whole hold nothing.
//! Cost: linear in the rule's subjects.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::completeness::Completeness;
use super::compose::{About, Composer};
use super::evaluate::{Evaluated, Outcome};
use super::places::Place;
use super::{Accusation, clearing_registries};
use crate::config::policy::Rule;
use crate::model::columns::{GRADE, TOWN, TOWN_CODE, VILLAGE_CODE};
use crate::model::date::Day;
use crate::model::finding::{RuleNote, Scope, ShortUnit};
use crate::model::link::PersonIx;
use crate::model::registry::RegistryId;

/// Share of a year of entry that has to lack, basis points: older pupils leave school of themselves, a grade that lacks takes nearly all.
/// Chosen: twice the plausible share of the shipped policy.
const OF_COHORT: i64 = 3000;
/// Subjects of which a rule has to have judged so many to say by itself that a register is whole. Chosen: one of twenty is a
/// third of the plausible share of the shipped policy.
const ENOUGH: i64 = 20;
/// Subjects up to which chances are counted out; of more, standard deviations are as good. Chosen for time.
const FEW: i64 = 400;
/// Standard deviations above the plausible share from which the county is held: none, as the share is the most that may well be true.
const OF_COUNTY: i64 = 0;
/// Chosen: by chance, at most one town in six.
const OF_TOWN: i64 = 1;
/// Members of one household are concerned together: a village must stand out more. Chosen: by chance, at most one village in
/// seven hundred.
const OF_VILLAGE: i64 = 3;
/// From which the register has surely lost rows, whoever else looks for them. Chosen: by chance, at most one unit in forty.
const SURE: i64 = 2;
/// Accused, fewer of whom say nothing by their share. Chosen: a household has as many.
const SOME: i64 = 5;

/// A place by code; the county has neither town nor village.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Unit {
    town: Option<String>,
    village: Option<String>,
}

impl Unit {
    fn of(town: Option<&str>, village: Option<&str>) -> Self {
        Self { town: town.map(str::to_owned), village: village.map(str::to_owned) }
    }
}

/// Why a unit is held, or to be checked first.
#[derive(Clone, Debug)]
struct Reason {
    /// Names of town and village.
    names: (Option<String>, Option<String>),
    /// In words, for the note.
    summary: String,
    /// Registers that have to be completed.
    registries: Vec<RegistryId>,
    /// Whether so much is lacking that a number counted in the registers says nothing either.
    spoils_counts: bool,
}

impl Reason {
    fn at(place: Place<'_>, summary: String, registries: Vec<RegistryId>) -> Self {
        let names = (place.town.map(str::to_owned), place.village.map(str::to_owned));
        Self { names, summary, registries, spoils_counts: true }
    }
}

/// Subjects judged and fired.
type Counts<'a> = BTreeMap<Place<'a>, (i64, i64)>;

/// The same by year of entry.
type Cohorts = BTreeMap<i32, (i64, i64)>;

/// Where a rule is held.
#[derive(Debug, Default)]
pub(crate) struct Trust<'a> {
    counts: Counts<'a>,
    /// Searched in vain for whomever the rule accuses.
    searched: Vec<RegistryId>,
    /// Codes of towns for which the county says that those are whole.
    accepted: BTreeSet<&'a str>,
    /// Up to which share of a unit the rule may well be right, basis points.
    share: i64,
    held: BTreeMap<Unit, Reason>,
    /// Of what lies in no unit held: years of entry.
    cohorts: BTreeMap<Unit, (BTreeSet<i32>, Reason)>,
    /// Where accusations are to be checked first.
    to_check: BTreeMap<Unit, Reason>,
}

impl<'a> Trust<'a> {
    /// Looks at every unit of a rule that accuses by absence; any other rule is held nowhere.
    pub(crate) fn of_rule(
        composer: &Composer<'a>,
        complete: &Completeness,
        evaluated: &Evaluated<'a>,
        accusations: &[Accusation],
    ) -> Self {
        let registries: BTreeSet<&RegistryId> = accusations.iter().flat_map(|accusation| &accusation.in_vain).collect();
        if registries.is_empty() {
            return Self::default();
        }
        let scope = evaluated.rule.card.scope;
        // Who could be a row that is there says nothing of rows that lack, and who is accused of something else was found.
        let accused: HashMap<usize, bool> = accusations
            .iter()
            .filter(|accusation| !accusation.in_vain.is_empty())
            .map(|accusation| (accusation.at, !accusation.could_be.is_empty()))
            .collect();
        let judged = evaluated.outcomes().filter_map(|(at, outcome)| {
            let fired = match outcome {
                Outcome::Fires => match accused.get(&at) {
                    Some(true) => return None,
                    accused => i64::from(accused.is_some()),
                },
                // Who passes for another reason than standing in a register searched says nothing of rows that lack.
                Outcome::Passes
                    if scope == Scope::Person && !composer.searched_in_vain(evaluated, composer.about(scope, at)).is_empty() =>
                {
                    return None;
                }
                Outcome::Passes => 0,
                _ => return None,
            };
            Some((composer.representative(composer.about(scope, at)), (fired, 1)))
        });
        let judged: Vec<(PersonIx, (i64, i64))> = judged.collect();
        let share = evaluated.condition.plausible.unwrap_or(composer.input.policy.settings.plausible_share);
        let mut trust = Self {
            counts: composer.places.sums(judged.iter().copied()).into_iter().collect(),
            searched: registries.iter().copied().cloned().collect(),
            share,
            ..Self::default()
        };
        let towns: Vec<Place<'_>> =
            trust.counts.keys().map(|place| Place { village: None, village_code: None, ..*place }).collect();
        let accepted = towns.into_iter().filter(|place| trust.accepts(composer, *place)).filter_map(|place| place.town_code);
        trust.accepted = accepted.collect();
        let clearing = clearing_registries(composer, evaluated);
        // Of equal reasons those searched in vain before those that could have cleared somebody: that is what is told.
        let looked_at: Vec<&RegistryId> = registries.iter().copied().chain(&clearing).collect();
        trust.short(composer, complete, &looked_at);
        trust.implausible(composer);
        let has_grades = |id: &&RegistryId| {
            composer.subjects.records.registry(id.as_str()).is_some_and(|(_, rows)| rows.text(GRADE).is_some())
        };
        if scope == Scope::Person && registries.iter().any(has_grades) {
            trust.cohorts(composer, &judged);
        }
        trust.small(composer);
        trust
    }

    fn short(&mut self, composer: &Composer<'_>, complete: &Completeness, registries: &[&RegistryId]) {
        let mut held = BTreeMap::new();
        for place in self.counts.keys() {
            let both = registries.iter().map(|registry| (*registry, complete.shortfalls(registry, place.town_code)));
            let both: Vec<_> = both.collect();
            // A number for the whole county is told once, and beside it what is said of a town.
            for of_town in [false, true] {
                let short = both.iter().filter_map(|(registry, short)| Some((*registry, short[usize::from(of_town)]?)));
                let Some((registry, shortfall)) = short.min_by_key(|(_, shortfall)| shortfall.strength()) else { continue };
                // Where the county's number says more, what is guessed of a town is not told.
                if of_town && both.iter().filter_map(|(_, short)| short[0]).any(|whole| !shortfall.says_as_much_as(whole)) {
                    continue;
                }
                let place = if of_town { Place { village: None, village_code: None, ..*place } } else { Place::default() };
                let summary = shortfall.describe(&composer.input.registry_title(registry.as_str()));
                let mut reason = Reason::at(place, summary, vec![registry.clone()]);
                reason.spoils_counts = shortfall.spoils_counts();
                held.entry(Unit::of(place.town_code, None)).or_insert(reason);
            }
        }
        self.held = held;
        for registry in registries {
            for unclear in complete.unclear(registry) {
                let place = self.counts.keys().find(|place| unclear.town.is_none() || place.town_code == unclear.town.as_deref());
                let Some(place) = place else { continue };
                let place = Place { village: None, village_code: None, ..*place };
                let place = if unclear.town.is_none() { Place::default() } else { place };
                let summary = format!("{}是否齐全不明，{}", composer.input.registry_title(registry.as_str()), unclear.summary);
                let unit = Unit::of(unclear.town.as_deref(), None);
                self.to_check.entry(unit).or_insert_with(|| Reason::at(place, summary, vec![RegistryId::clone(registry)]));
            }
        }
    }

    fn accepts(&self, composer: &Composer<'_>, place: Place<'_>) -> bool {
        self.searched.iter().all(|id| composer.input.accepts(id, place.town_code, place.town))
    }

    /// `144 个对象中有 48 个在城乡居民医保参保名册里查不到，比例异常高，名册多半不全`.
    fn describe(&self, composer: &Composer<'_>, (fired, judged): (i64, i64), so: &str) -> String {
        let titles: Vec<String> = self.searched.iter().map(|id| composer.input.registry_title(id.as_str())).collect();
        format!("{judged} 个对象中有 {fired} 个在{}里查不到，{so}", titles.join("、"))
    }

    /// What the rule's own counts show of the registers searched.
    fn shown(&self, composer: &Composer<'_>, place: Place<'_>, counts: (i64, i64), so: &str) -> Reason {
        let reason = Reason::at(place, self.describe(composer, counts, so), self.searched.clone());
        Reason { spoils_counts: is_implausible(counts.0, counts.1, self.share, SURE), ..reason }
    }

    fn implausible(&mut self, composer: &Composer<'_>) {
        let share = self.share;
        let reason = |trust: &Self, place, counts| trust.shown(composer, place, counts, "比例异常高，名册多半不全");
        let towns = self.sums(|place| Place { village: None, village_code: None, ..place });
        let all = towns.values().fold((0, 0), |sum, counts| (sum.0 + counts.0, sum.1 + counts.1));
        let above = towns.values().filter(|counts| counts.0.saturating_mul(10_000) > counts.1.saturating_mul(share));
        let above: i64 = above.map(|counts| counts.1).sum();
        // Lacking all over: no town's list is to be trusted, small ones included.
        if is_implausible(all.0, all.1, share, OF_COUNTY) && above * 2 > all.1 && !self.accepts(composer, Place::default()) {
            let reason = reason(self, Place::default(), all);
            self.held.insert(Unit::default(), reason);
            return;
        }
        // Else towns before the county, so that one town without a list does not hold all the others; then villages.
        for (place, counts) in towns {
            if place.town_code.is_some() && is_implausible(counts.0, counts.1, share, OF_TOWN) && !self.accepts(composer, place) {
                let reason = reason(self, place, counts);
                self.held.insert(Unit::of(place.town_code, None), reason);
            }
        }
        for (place, counts) in self.sums(|_| Place::default()) {
            if is_implausible(counts.0, counts.1, share, OF_COUNTY) && !self.accepts(composer, place) {
                let mut reason = reason(self, place, counts);
                if !self.held.is_empty() {
                    reason.summary.insert_str(0, "其余乡镇 ");
                }
                self.held.insert(Unit::default(), reason);
            }
        }
        for (place, counts) in self.sums(|place| place) {
            if place.village_code.is_some()
                && is_implausible(counts.0, counts.1, share, OF_VILLAGE)
                && !self.accepts(composer, place)
            {
                let reason = reason(self, place, counts);
                self.held.insert(Unit::of(place.town_code, place.village_code), reason);
            }
        }
    }

    /// Years of entry that lack as a whole: a grade, a stage; over the county, else in a town.
    fn cohorts(&mut self, composer: &Composer<'a>, judged: &[(PersonIx, (i64, i64))]) {
        let mut towns: BTreeMap<Place<'a>, Cohorts> = BTreeMap::new();
        for (representative, (fired, judged)) in judged {
            let text = |column| composer.subjects.people_text(column, *representative);
            let (town_code, village_code) = (text(TOWN_CODE), text(VILLAGE_CODE));
            if let Some(year) = composer.subjects.people_birth(*representative).map(entry)
                && self.unit_of(town_code, village_code).is_none()
            {
                let place = Place { town_code, town: text(TOWN), ..Place::default() };
                let count = towns.entry(place).or_default().entry(year).or_default();
                *count = (count.0 + fired, count.1 + judged);
            }
        }
        let share = self.share.max(OF_COHORT);
        if !self.accepts(composer, Place::default()) {
            let mut county = Cohorts::new();
            for (year, (fired, judged)) in towns.values().flatten() {
                let sum = county.entry(*year).or_default();
                *sum = (sum.0 + fired, sum.1 + judged);
            }
            let lacking = lacking(&county, share, 2);
            for of_town in towns.values_mut() {
                of_town.retain(|year, _| !lacking.contains(year));
            }
            self.hold_cohorts(composer, Place::default(), lacking, &county);
        }
        for (place, of_town) in towns {
            if place.town_code.is_some() && !self.accepts(composer, place) {
                self.hold_cohorts(composer, place, lacking(&of_town, share, 3), &of_town);
            }
        }
    }

    fn hold_cohorts(&mut self, composer: &Composer<'_>, place: Place<'_>, years: BTreeSet<i32>, of: &Cohorts) {
        let (Some(first), Some(last)) = (years.first(), years.last()) else { return };
        let counts = years.iter().filter_map(|year| of.get(year)).fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
        let summary = self.describe(composer, counts, "比例异常高，名册多半缺这几个年级");
        let summary = format!("{}年9月至{last}年8月出生的 {summary}", first - 1);
        let reason = Reason::at(place, summary, self.searched.clone());
        let reason = Reason { spoils_counts: false, ..reason };
        self.cohorts.insert(Unit::of(place.town_code, None), (years, reason));
    }

    /// Units too small to be sure of, where so many not found are hardly chance.
    fn small(&mut self, composer: &Composer<'_>) {
        let of_town = |place: Place<'a>| Place { village: None, village_code: None, ..place };
        // Chances chosen: of one county, some twenty towns, a hundred villages and more, so that by chance a few are to be checked first.
        self.check_where(composer, |_| Place::default(), 2, 0.4);
        self.check_where(composer, of_town, 3, 0.2);
        self.check_where(composer, |place| place, 3, 0.01);
    }

    fn check_where(&mut self, composer: &Composer<'_>, unit: impl Fn(Place<'a>) -> Place<'a>, least: i64, chance: f64) {
        for (place, (fired, judged)) in self.sums(unit) {
            let is_told = narrowest(&self.to_check, place.town_code, None).is_some();
            if fired >= least && !is_told && is_doubtful(fired, judged, self.share, chance) && !self.accepts(composer, place) {
                let reason = self.shown(composer, place, (fired, judged), "比例偏高，名册可能不全");
                self.to_check.insert(Unit::of(place.town_code, place.village_code), reason);
            }
        }
    }

    /// What other rules show of the registers searched: where rows are surely lacking the unit is held as well, else what is not found is to be
    /// checked first; unless nearly all whom the rule itself judges are there, so that the rows the other rule looks for lack alone.
    pub(crate) fn adopt(&mut self, composer: &Composer<'_>, evaluated: &Evaluated<'_>, gaps: &RegisterGaps) {
        for registry in self.searched.clone() {
            for (unit, (sure, reason)) in gaps.0.get(&registry).into_iter().flatten() {
                let is_here = |town: Option<&str>, village: Option<&str>| {
                    (unit.town.is_none() || town == unit.town.as_deref()) && self.unit_of(town, village).is_none()
                };
                let fires =
                    |(place, counts): (&Place<'_>, &(i64, i64))| counts.0 > 0 && is_here(place.town_code, place.village_code);
                if !self.counts.iter().any(fires) || self.searched.len() == 1 && self.finds_most(composer, evaluated, is_here) {
                    continue;
                }
                let units = if *sure { &mut self.held } else { &mut self.to_check };
                units.entry(unit.clone()).or_insert_with(|| reason.clone());
            }
        }
    }

    /// Whether nearly all of those judged in a unit stand in the registers searched, whatever else the rule asks.
    fn finds_most(
        &self,
        composer: &Composer<'_>,
        evaluated: &Evaluated<'_>,
        is_here: impl Fn(Option<&str>, Option<&str>) -> bool,
    ) -> bool {
        let judged = evaluated.outcomes().filter(|(_, outcome)| matches!(outcome, Outcome::Fires | Outcome::Passes));
        let (mut absent, mut all) = (0_i64, 0_i64);
        for (at, _) in judged {
            let about = composer.about(evaluated.rule.card.scope, at);
            let representative = composer.representative(about);
            let text = |column| composer.subjects.people_text(column, representative);
            if is_here(text(TOWN_CODE), text(VILLAGE_CODE)) {
                all += 1;
                absent += i64::from(!composer.searched_in_vain(evaluated, about).is_empty());
            }
        }
        all >= ENOUGH && absent.saturating_mul(30_000) < all.saturating_mul(self.share * 2)
    }

    /// Sums over units of what lies in no unit held.
    fn sums(&self, unit: impl Fn(Place<'a>) -> Place<'a>) -> Counts<'a> {
        let mut sums = Counts::new();
        for (place, (fired, judged)) in &self.counts {
            if self.unit_of(place.town_code, place.village_code).is_none() {
                let sum = sums.entry(unit(*place)).or_default();
                *sum = (sum.0 + fired, sum.1 + judged);
            }
        }
        sums
    }

    /// The narrowest unit held that a place lies in.
    fn unit_of(&self, town: Option<&str>, village: Option<&str>) -> Option<Unit> {
        self.but_accepted(narrowest(&self.held, town, village), town)
    }

    /// A unit that says something of a town: what is said of the whole county says nothing of a town whose registers are whole.
    fn but_accepted(&self, unit: Option<Unit>, town: Option<&str>) -> Option<Unit> {
        unit.filter(|unit| unit.town.is_some() || town.is_none_or(|town| !self.accepted.contains(town)))
    }

    fn cohort_of(&self, composer: &Composer<'_>, town: Option<&str>, representative: PersonIx) -> Option<Unit> {
        let cohort = composer.subjects.people_birth(representative).map(entry).filter(|_| !self.cohorts.is_empty())?;
        let units = [Unit::of(town, None), Unit::default()];
        units.into_iter().find(|unit| self.cohorts.get(unit).is_some_and(|(years, _)| years.contains(&cohort)))
    }

    /// The unit in which an accusation by absence is held, if any.
    pub(crate) fn unit(&self, composer: &Composer<'_>, accusation: &Accusation, about: About) -> Option<Unit> {
        if accusation.in_vain.is_empty() || self.held.is_empty() && self.cohorts.is_empty() {
            return None;
        }
        let representative = composer.representative(about);
        let text = |column| composer.subjects.people_text(column, representative);
        let town = text(TOWN_CODE);
        self.unit_of(town, text(VILLAGE_CODE)).or_else(|| self.cohort_of(composer, town, representative))
    }

    /// The unit in which an accusation by absence is to be checked first, if any.
    pub(crate) fn unit_to_check(&self, composer: &Composer<'_>, accusation: &Accusation, about: About) -> Option<Unit> {
        if accusation.in_vain.is_empty() || self.to_check.is_empty() {
            return None;
        }
        let representative = composer.representative(about);
        let text = |column| composer.subjects.people_text(column, representative);
        let town = text(TOWN_CODE);
        self.but_accepted(narrowest(&self.to_check, town, text(VILLAGE_CODE)), town)
    }

    /// Whether those who live in a place count in no rate.
    pub(crate) fn holds(&self, place: Place<'_>) -> bool {
        self.unit_of(place.town_code, place.village_code).is_some()
    }

    /// Whether somebody counts in no rate for the year of entry.
    pub(crate) fn holds_cohort(&self, composer: &Composer<'_>, representative: PersonIx) -> bool {
        !self.cohorts.is_empty()
            && self.cohort_of(composer, composer.subjects.people_text(TOWN_CODE, representative), representative).is_some()
    }

    /// One line per unit held or to be checked first; `concerned` counts whom the rule would list there, `to_check` whom it lists. Where
    /// nobody waits and no rate is missing there is nothing to tell.
    pub(crate) fn notes(
        &self,
        rule: &Rule,
        has_rate: bool,
        concerned: &BTreeMap<Unit, i64>,
        to_check: &BTreeMap<Unit, i64>,
    ) -> Vec<RuleNote> {
        let village_of = |reason: &Reason| reason.names.1.as_ref().map_or_else(String::new, |village| format!("{village}："));
        let whole = self.held.iter().map(|(unit, reason)| (unit, reason, unit.village.is_none()));
        // Where a village or a year of entry is held, the rest of the town was evaluated.
        let held = whole.chain(self.cohorts.iter().map(|(unit, (_, reason))| (unit, reason, false)));
        let held = held.filter_map(|(unit, reason, held)| {
            let concerned = concerned.get(unit).copied().unwrap_or(0);
            let note = format!("未评估：{}{}", village_of(reason), reason.summary);
            let short = ShortUnit { village: reason.names.1.clone(), registries: reason.registries.clone() };
            let (rule, town) = (rule.card.id.clone(), reason.names.0.clone());
            let note = RuleNote { rule, town, note, held, concerned, short: Some(Box::new(short)) };
            (concerned > 0 || has_rate).then_some(note)
        });
        let to_check = to_check.iter().filter_map(|(unit, concerned)| {
            let reason = self.to_check.get(unit)?;
            let note = format!("{}{}：疑点只作先核对", village_of(reason), reason.summary);
            let (rule, town) = (rule.card.id.clone(), reason.names.0.clone());
            Some(RuleNote { rule, town, note, held: false, concerned: *concerned, short: None })
        });
        held.chain(to_check).collect()
    }
}

/// What rules show of registers that they alone search: where one is short, or too many are not found in it.
#[derive(Debug, Default)]
pub(crate) struct RegisterGaps(BTreeMap<RegistryId, BTreeMap<Unit, (bool, Reason)>>);

impl RegisterGaps {
    pub(crate) fn new(trusts: &[Trust<'_>]) -> Self {
        let mut gaps = Self::default();
        for trust in trusts {
            let held = trust.held.iter().map(|(unit, reason)| (unit, reason, reason.spoils_counts));
            let unsure = trust.cohorts.iter().map(|(unit, (_, reason))| (unit, reason)).chain(&trust.to_check);
            for (unit, reason, sure) in held.chain(unsure.map(|(unit, reason)| (unit, reason, false))) {
                if let ([registry], None) = (&reason.registries[..], &unit.village) {
                    let units = gaps.0.entry(registry.clone()).or_default();
                    let gap = units.entry(unit.clone()).or_insert_with(|| (sure, reason.clone()));
                    if sure && !gap.0 {
                        *gap = (sure, reason.clone());
                    }
                }
            }
        }
        gaps
    }

    /// What is the matter with the first of some registers in a town, or in the county as a whole.
    pub(crate) fn at(&self, registries: &[RegistryId], town: Option<&str>) -> Option<RegisterGap<'_>> {
        let units = [Unit::of(town, None), Unit::default()];
        let found = registries.iter().filter_map(|registry| self.0.get(registry));
        let found = found.flat_map(|of| units.iter().filter_map(|unit| of.get(unit)));
        found.min_by_key(|(sure, _)| !*sure).map(|(sure, reason)| RegisterGap { sure: *sure, reason })
    }
}

/// Why what is counted in a register says little.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RegisterGap<'d> {
    /// Whether it is sure that rows are lacking.
    pub(crate) sure: bool,
    reason: &'d Reason,
}

impl RegisterGap<'_> {
    /// In words, for a note.
    pub(crate) fn summary(&self) -> &str {
        &self.reason.summary
    }

    /// The note that a number or share was not counted in a town (by name), or at all.
    pub(crate) fn note(self, rule: &Rule, town: Option<&str>) -> RuleNote {
        let short = ShortUnit { village: None, registries: self.reason.registries.clone() };
        RuleNote {
            rule: rule.card.id.clone(),
            town: town.map(str::to_owned),
            note: format!("未评估：{}", self.reason.summary),
            held: true,
            concerned: 0,
            short: Some(Box::new(short)),
        }
    }
}

/// The narrowest of some units that a place lies in.
fn narrowest<T>(units: &BTreeMap<Unit, T>, town: Option<&str>, village: Option<&str>) -> Option<Unit> {
    if units.is_empty() {
        return None;
    }
    let levels = [Unit::of(town, village), Unit::of(town, None), Unit::default()];
    levels.into_iter().find(|unit| units.contains_key(unit))
}

/// The year until whose August somebody was born who enters school with those born since September before.
fn entry(birth: i32) -> i32 {
    let (year, month, _) = Day(birth).ymd();
    if month >= 9 { year + 1 } else { year }
}

/// Years of which too many are not found, and those beside them that are above the plausible share: who repeats a year, or enters early. A year
/// of which few are left to judge is one whose pupils have gone on to other schools: it is no grade.
fn lacking(counts: &Cohorts, share: i64, deviations: i64) -> BTreeSet<i32> {
    let most = counts.values().map(|(_, judged)| *judged).max().unwrap_or(0);
    let is_sure = |(fired, judged): (i64, i64)| judged * 3 >= most && is_implausible(fired, judged, share, deviations);
    let sure: BTreeSet<i32> = counts.iter().filter(|(_, counts)| is_sure(**counts)).map(|(year, _)| *year).collect();
    let above = |year: &i32| {
        counts.get(year).is_some_and(|(fired, judged)| *fired > 1 && fired.saturating_mul(10_000) > judged.saturating_mul(share))
    };
    let beside = sure.iter().flat_map(|year| [year - 1, year + 1]).filter(above);
    beside.chain(sure.iter().copied()).collect()
}

/// Whether so many of a unit's subjects cannot well be true: more than the plausible share (basis points) by so many standard deviations and
/// one more, so that in a small unit a few are no news; by less than two deviations, [`SOME`] at least.
fn is_implausible(fired: i64, judged: i64, share: i64, deviations: i64) -> bool {
    let (fired, judged, share) = (i128::from(fired), i128::from(judged), i128::from(share));
    let deviations = i128::from(deviations);
    let excess = (fired - 1) * 10_000 - judged * share;
    (deviations > 1 || fired >= i128::from(SOME))
        && excess > 0
        && excess * excess > deviations * deviations * judged * share * (10_000 - share)
}

/// Whether, were the plausible share true, so many or more would come by chance at most so often.
fn is_doubtful(fired: i64, judged: i64, share: i64, chance: f64) -> bool {
    let above = fired.saturating_mul(10_000) > judged.saturating_mul(share);
    if !above || judged > FEW {
        return above && is_implausible(fired, judged, share, 1);
    }
    let (Ok(fired), Ok(judged), Ok(share)) = (u32::try_from(fired), u32::try_from(judged), u32::try_from(share)) else {
        return false;
    };
    let share = f64::from(share) / 10_000.0;
    // Chance of exactly none, one, two, …
    let mut exactly = (0..judged).fold(1.0, |chance, _| chance * (1.0 - share));
    let mut fewer = 0.0;
    for count in 0..fired {
        fewer += exactly;
        exactly *= f64::from(judged - count) / f64::from(count + 1) * share / (1.0 - share);
    }
    1.0 - fewer <= chance
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_a_population_is_implausible_where_a_tenth_would_be_much() {
        assert!(is_implausible(132, 296, 1000, 3));
        assert!(is_implausible(9, 18, 1000, 3));
        assert!(!is_implausible(3, 8, 1000, 3), "a few in a small village");
        assert!(!is_implausible(30, 296, 1000, 3));
        assert!(!is_implausible(0, 0, 1000, 3));
    }

    #[test]
    fn of_a_few_half_is_doubtful_and_one_or_two_are_not() {
        assert!(is_doubtful(4, 9, 2000, 0.1));
        assert!(is_doubtful(10, 20, 3000, 0.1));
        assert!(!is_doubtful(1, 3, 2000, 0.1));
        assert!(!is_doubtful(3, 20, 1500, 0.1));
        assert!(!is_doubtful(0, 0, 1500, 0.1));
        assert!(!is_doubtful(39, 400, 1000, 0.1) && is_doubtful(60, 400, 1000, 0.05));
    }

    #[test]
    fn a_grade_that_lacks_is_two_years_of_birth_or_the_one_beside() {
        let counts = BTreeMap::from([(2004, (1, 40)), (2005, (30, 40)), (2006, (7, 40)), (2007, (1, 40))]);
        assert_eq!(lacking(&counts, 1000, 2), BTreeSet::from([2005, 2006]));
        let counts = BTreeMap::from([(2001, (9, 9)), (2002, (2, 40)), (2003, (1, 40))]);
        assert!(lacking(&counts, 1000, 2).is_empty(), "the rest of 2001 is at other schools");
        assert_eq!(
            (entry(Day::new(2005, 9, 1).map_or(0, |day| day.0)), entry(Day::new(2005, 8, 31).map_or(0, |day| day.0))),
            (2006, 2005)
        );
    }
}
