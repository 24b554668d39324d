//! People, households, facts, policy → findings, rates, notes.
//!
//! Takes every kept row, its link, and a resolved policy; gives [`Assessed`]: findings in a total order with ids that
//! stay from month to month, coverage rates, what was not evaluated and why, and the fact tables that the rules saw.
//! Pure: no file, clock or terminal; the same input gives the same bytes. A registry that a rule needs and did not get
//! is a note, never zero findings; an empty cell is "cannot tell", counted, never a finding; an accusation by absence
//! is held back while somebody could be the person. Cost: linear in rows, plus one column pass per expression.

mod absence;
mod accusation;
pub mod cases;
mod columns;
mod completeness;
mod compose;
mod evaluate;
mod exemption;
mod expected;
mod facts;
mod frame;
mod holders;
mod identity;
mod inactive;
mod lacking;
mod legible;
mod open_pairs;
mod places;
mod rates;
mod reading;
mod repeated;
mod row_scope;
mod rows;
mod stated;
mod subjects;
mod tables;
mod tally;
mod trust;
mod unsure;
mod verdicts;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rayon::prelude::*;

use crate::config::policy::{Body, Counted, Goal, ParameterValue, Policy, Rule, Tally, ValueType};
use crate::config::registry::Dictionary;
use crate::model::date::{Day, Month};
use crate::model::exemption::ExemptionUse;
use crate::model::field::FieldKind;
use crate::model::finding::{Confidence, Finding, Rate, RuleNote, Scope};
use crate::model::ids::CountyKey;
use crate::model::link::Linked;
use crate::model::personal::Personal;
use crate::model::record::RecordSet;
use crate::model::register::{Accepted, EarlierRows};
use crate::model::registry::RegistryId;
use crate::model::standing::{Suspension, Withheld, Withholding};
use absence::AbsenceGuard;
pub use absence::Likeness;
use accusation::{
    Accusation, CouldBe, accused, clearing_facts, clearing_registries, due_later, searched_registries, tally_registries,
};
use completeness::Completeness;
pub use completeness::register_rows;
use compose::{Composer, Draft};
use evaluate::{Evaluated, Outcome};
use exemption::Exemptions;
pub use expected::expected_rows;
use facts::Facts;
pub use identity::HeldBack;
use lacking::Lacking;
use legible::Legible;
pub(crate) use open_pairs::OpenPair;
use stated::StatedSizes;
use subjects::Subjects;
pub use tables::{FactTable, PERSON_KEY};
use trust::{RegisterGaps, Trust, Unit};
use unsure::UnsureRows;
pub use verdicts::{VerdictInput, Verdicts, verdicts};

/// What assessing takes.
#[derive(Clone, Copy, Debug)]
pub struct AssessInput<'a> {
    /// Every kept row.
    pub records: &'a RecordSet,
    /// The person of every row.
    pub linked: &'a Linked,
    /// The rules.
    pub policy: &'a Policy,
    /// Titles and kinds of fields and registries.
    pub dictionary: &'a Dictionary,
    /// The month assessed.
    pub period: Month,
    /// The day ages are counted at.
    pub as_of: Day,
    /// Keys finding ids.
    pub key: &'a CountyKey,
    /// Only findings of these towns (names or codes); empty for all.
    pub towns: &'a [String],
    /// Only findings of these villages (names or codes); empty for all.
    pub villages: &'a [String],
    /// Subjects found in earlier months: rule → person ids and household codes. Where a rule cannot decide about one of them, or
    /// need not, [`Assessed::withheld`] says so; `None` where nobody asks.
    pub known: Option<&'a BTreeMap<String, BTreeSet<Personal>>>,
    /// Rows of the last month known, by register part.
    pub earlier: Option<&'a EarlierRows>,
    /// Registers that the county knows to be whole.
    pub accepted: &'a [Accepted],
    /// Registers of which rows were set aside that may be somebody's: torn, slipped, of several persons, not to be read.
    pub aside: &'a BTreeSet<RegistryId>,
    /// Whether a column in which nobody wrote anything says no more than one that is not there. A rule's cases write blanks one by one.
    pub blank_is_absent: bool,
}

impl AssessInput<'_> {
    fn registry_title(&self, id: &str) -> String {
        self.dictionary.registry(id).map_or_else(|| id.to_owned(), |registry| registry.title.clone())
    }

    fn field_title(&self, name: &str) -> String {
        self.dictionary.fields.get(name).map_or_else(|| name.to_owned(), |field| field.title.clone())
    }

    /// Whether the county knows the register to be whole, everywhere or in a town (by code and name).
    fn accepts(&self, registry: &RegistryId, code: Option<&str>, name: Option<&str>) -> bool {
        let here = |town: &str| code == Some(town) || name == Some(town);
        self.accepted.iter().any(|known| known.registry == *registry && known.town.as_deref().is_none_or(here))
    }

    /// Type of a record column that this run's files do not have.
    fn column_type(&self, name: &str) -> ValueType {
        match self.dictionary.fields.get(name).map(|field| field.kind) {
            Some(FieldKind::Money | FieldKind::Count | FieldKind::Month | FieldKind::Year) => ValueType::Int,
            Some(FieldKind::YesNo) => ValueType::Bool,
            Some(FieldKind::Date) => ValueType::Date,
            _ => ValueType::Text,
        }
    }

    fn wants(&self, finding: &Finding, place: &(Option<String>, Option<String>)) -> bool {
        let among = |wanted: &[String], name: &Option<String>, code: &Option<String>| {
            wanted.is_empty() || wanted.iter().any(|wanted| name.as_ref() == Some(wanted) || code.as_ref() == Some(wanted))
        };
        among(self.towns, &finding.town, &place.0) && among(self.villages, &finding.village, &place.1)
    }
}

/// How many subjects a rule was evaluated for, and with what result; over the whole county.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleCount {
    /// Rule id.
    pub rule: String,
    /// Subjects in its population, exempt ones included.
    pub population: i64,
    /// Satisfied.
    pub passed: i64,
    /// Findings before any is held back or filtered.
    pub fired: i64,
    /// Exempt.
    pub exempt: i64,
    /// Why, and how many: reasons of the policy, and the exemption list.
    pub exempt_reasons: BTreeMap<String, i64>,
    /// Cannot tell: a column it needs is empty.
    pub unknown: i64,
    /// Held back, as somebody could be the person or the town's data are incomplete.
    pub held: i64,
}

/// The result of assessing.
#[derive(Clone, Debug)]
pub struct Assessed {
    /// Findings by rule, town, village, household, person, id.
    pub findings: Vec<Finding>,
    /// Coverage rates, by rule, county first.
    pub rates: Vec<Rate>,
    /// What was not evaluated, could not be told, or fired implausibly often.
    pub notes: Vec<RuleNote>,
    /// Counts per evaluated rule, by rule id.
    pub counts: Vec<RuleCount>,
    /// Of the subjects known from earlier months, those without a finding whom no rule has cleared either, by id.
    pub withheld: Vec<Withheld>,
    /// What became of each row of the exemption list, in its order.
    pub exemptions: Vec<ExemptionUse>,
    /// One row per assessed person: `person_id`, `household_code` of its poverty household, each fact, `<fact>__rows` (positions in `records.parquet`) and, where a sum is known only in part, `<fact>__least`.
    pub facts_person: FactTable,
    /// One row per poverty household: `household_code`, each fact, and `<fact>__rows`.
    pub facts_household: FactTable,
    /// Accusations that wait until a human has decided; over the whole county.
    pub held: Vec<HeldBack>,
    /// What the rules would say where a register is not whole: for the data team alone, in the order of findings.
    pub suspended: Vec<Finding>,
}

/// Why a run could not be assessed; always our fault, as policies are checked when they are loaded.
#[derive(Debug, thiserror::Error)]
pub enum AssessError {
    /// The expression engine refused what the policy check let through.
    #[error("规则引擎不能计算“{expression}”：{reason}")]
    Engine {
        /// The expression.
        expression: String,
        /// What the engine says.
        reason: String,
    },
    /// A fact table could not be laid out.
    #[error("事实表无法写成列：{0}")]
    Table(#[from] arrow::error::ArrowError),
}

/// Assesses a month.
pub fn assess(input: &AssessInput<'_>) -> Result<Assessed, AssessError> {
    let (mut run, subjects) = Run::evaluate(input)?;
    let mut exemptions = std::mem::take(&mut run.exemptions);
    let composer = Composer::new(input, &subjects, &run.facts, &run.values);
    let legible = Legible::new(input.records);
    let (assessed, mut of_identity) =
        rayon::join(|| collect(&composer, &legible, &run), || identity::of_records(&composer, &legible));
    let mut assessed = assessed?;
    of_identity.extend(identity::of_reviews(&composer, &assessed.held));
    assessed.withheld.extend(exemptions.drop_excused(&mut of_identity, input, &subjects));
    assessed.drafts.extend(of_identity);
    UnsureRows::new(input.records).hold(&mut assessed.drafts);
    let findings = settle(input, assessed.drafts);
    let suspended = settle(input, assessed.suspended);
    let mut notes = assessed.notes;
    notes.extend(identity::notes(&composer, &legible));
    notes.extend(exemptions.notes(input));
    let exemptions = exemptions.uses(input, &subjects);
    notes.retain(|note| note.town.as_ref().is_none_or(|town| input.towns.is_empty() || input.towns.contains(town)));
    notes.sort();
    let mut rates = assessed.rates;
    rates.retain(|rate| unit_wanted(input, &rate.unit));
    let facts_person = tables::person(&subjects, input.policy, &mut run.facts)?;
    let facts_household = tables::household(&subjects, input.policy, &mut run.facts)?;
    let mut withheld = assessed.withheld;
    withheld.sort();
    let (counts, held) = (assessed.counts, assessed.held);
    Ok(Assessed { findings, rates, notes, counts, withheld, exemptions, facts_person, facts_household, held, suspended })
}

/// Facts and outcomes, before anything is composed.
struct Run<'a> {
    facts: Facts,
    values: BTreeMap<String, ParameterValue>,
    evaluated: Vec<Evaluated<'a>>,
    tallies: Vec<(&'a Rule, &'a Tally)>,
    not_evaluated: Vec<RuleNote>,
    exemptions: Exemptions,
}

impl<'a> Run<'a> {
    fn evaluate(input: &AssessInput<'a>) -> Result<(Self, Subjects<'a>), AssessError> {
        let values = input.policy.values_at(input.period, input.as_of);
        let subjects = Subjects::new(input.records, input.linked, input.policy);
        let (facts, mut exemptions) =
            rayon::join(|| Facts::collect(input, &subjects, &values), || Exemptions::read(input, &subjects));
        let facts = facts?;
        let (mut evaluated, mut tallies, mut not_evaluated) = (Vec::new(), Vec::new(), Vec::new());
        let mut conditions = Vec::new();
        for rule in &input.policy.rules {
            if let Body::Condition(condition) = &rule.body {
                conditions.push((rule, condition.as_ref()));
            }
        }
        let outcomes: Vec<_> =
            conditions.par_iter().map(|(rule, condition)| evaluate::evaluate(input, &facts, rule, condition, &values)).collect();
        for outcome in outcomes {
            match outcome? {
                Ok(rule) => evaluated.push(rule),
                Err(note) => not_evaluated.push(note),
            }
        }
        for rule in &input.policy.rules {
            match &rule.body {
                Body::BuiltIn(_) | Body::Condition(_) => {}
                Body::Tally(tally) => {
                    let (Goal::Least(goal) | Goal::Share(goal)) = &tally.goal;
                    let standard = match &tally.count {
                        Counted::Standard { now, before } => vec![now, before],
                        Counted::Fact(_) | Counted::Rows(_) => Vec::new(),
                    };
                    let parameters = std::iter::once(goal).chain(&tally.by).chain(standard);
                    match evaluate::applies(input, &facts, rule, parameters, &tally.mentions, &values) {
                        Ok(()) => tallies.push((rule, tally.as_ref())),
                        Err(note) => not_evaluated.push(note),
                    }
                }
            }
        }
        for rule in &mut evaluated {
            exemptions.apply(rule, &subjects);
        }
        Ok((Self { facts, values, evaluated, tallies, not_evaluated, exemptions }, subjects))
    }
}

/// What every rule says, in the policy's order.
fn collect<'a>(composer: &Composer<'a>, legible: &Legible, run: &Run<'a>) -> Result<Collected, AssessError> {
    let mut registries = BTreeSet::new();
    for evaluated in &run.evaluated {
        registries.extend(searched_registries(composer, evaluated));
        registries.extend(clearing_registries(composer, evaluated));
    }
    registries.extend(run.tallies.iter().flat_map(|(_, tally)| composer.registries_of(&tally.mentions)));
    let mut accusations: Vec<Vec<Accusation>> =
        run.evaluated.par_iter().map(|evaluated| Accusation::of_rule(composer, evaluated)).collect();
    let guard = AbsenceGuard::new(composer, &accused(composer, &run.evaluated, &accusations));
    let looked_for = run.evaluated.par_iter().zip(&mut accusations);
    looked_for.for_each(|(evaluated, accusations)| {
        let clearing = clearing_facts(composer, evaluated);
        for accusation in accusations {
            accusation.look(composer, &guard, evaluated, &clearing);
        }
    });
    let stated = StatedSizes::new(composer.input, composer.subjects);
    let complete = Completeness::new(composer.input, composer.subjects, legible, &stated, registries);
    let trust = |(evaluated, accusations): (&Evaluated<'a>, &Vec<Accusation>)| {
        Trust::of_rule(composer, &complete, evaluated, accusations)
    };
    let mut trusts: Vec<Trust<'_>> = run.evaluated.par_iter().zip(&accusations).map(trust).collect();
    let gaps = RegisterGaps::new(&trusts);
    let adopting = trusts.par_iter_mut().zip(&run.evaluated);
    adopting.for_each(|(trust, evaluated)| trust.adopt(composer, evaluated, &gaps));
    let of_rule = |((evaluated, accusations), trust): ((&Evaluated<'_>, &Vec<Accusation>), &Trust<'_>)| {
        let mut of_rule = Collected::default();
        let lacking = Lacking::of_rule(composer, &complete, &stated, &gaps, evaluated);
        of_rule.rule(composer, &Searched { guard: &guard, trust, lacking }, evaluated, accusations);
        of_rule
    };
    let of_rules: Vec<Collected> = run.evaluated.par_iter().zip(&accusations).zip(&trusts).map(of_rule).collect();
    let mut collected = Collected { notes: run.not_evaluated.clone(), ..Collected::default() };
    collected.notes.extend_from_slice(complete.notes());
    for of_rule in of_rules {
        collected.append(of_rule);
    }
    for (rule, tally) in &run.tallies {
        // A number or share counted in a register that has lost rows says nothing of the place.
        let counted = composer.registries_of(&tally.mentions);
        if let Some((registry, shortfall)) = counted.iter().find_map(|registry| Some((registry, complete.widely(registry)?))) {
            let summary = shortfall.describe(&composer.input.registry_title(registry.as_str()));
            collected.notes.push(evaluate::held(rule, format!("未评估：{summary}")));
            continue;
        }
        let counted = tally_registries(composer, tally);
        let gap = |town: Option<&str>| gaps.at(&counted, town);
        collected.tally(tally::tally(composer, run, rule, tally, &gap)?, rule);
    }
    Ok(collected)
}

/// What is known of the registries in which a rule looks for somebody.
struct Searched<'s, 'a> {
    guard: &'s AbsenceGuard<'a>,
    trust: &'s Trust<'a>,
    lacking: Lacking<'s, 'a>,
}

#[derive(Default)]
struct Collected {
    drafts: Vec<Draft>,
    suspended: Vec<Draft>,
    held: Vec<HeldBack>,
    rates: Vec<Rate>,
    notes: Vec<RuleNote>,
    counts: Vec<RuleCount>,
    withheld: Vec<Withheld>,
}

impl Collected {
    fn append(&mut self, mut next: Self) {
        self.drafts.append(&mut next.drafts);
        self.suspended.append(&mut next.suspended);
        self.held.append(&mut next.held);
        self.rates.append(&mut next.rates);
        self.notes.append(&mut next.notes);
        self.counts.append(&mut next.counts);
        self.withheld.append(&mut next.withheld);
    }

    /// Notes subjects known from earlier months about whom this rule is silent without having cleared them.
    fn withhold(
        &mut self,
        composer: &Composer<'_>,
        evaluated: &Evaluated<'_>,
        subjects: impl Iterator<Item = usize>,
        why: Withholding,
    ) {
        let card = &evaluated.rule.card;
        let Some(known) = composer.input.known.and_then(|known| known.get(&card.id)) else { return };
        for at in subjects {
            let about = composer.about(card.scope, at);
            if composer.subject_id(about).is_some_and(|subject| known.contains(&subject.into())) {
                let finding_id = composer.input.key.id("F", &[&card.id, &composer.key(about)]);
                self.withheld.push(Withheld { finding_id, rule: card.id.clone(), why });
            }
        }
    }

    fn tally(&mut self, tallied: tally::Tallied, rule: &Rule) {
        let fired = i64::try_from(tallied.drafts.len()).unwrap_or(i64::MAX);
        let (rule, population) = (rule.card.id.clone(), tallied.units);
        let (passed, exempt_reasons) = (population - fired, BTreeMap::new());
        self.counts.push(RuleCount { rule, population, passed, fired, exempt: 0, exempt_reasons, unknown: 0, held: 0 });
        self.drafts.extend(tallied.drafts);
        self.rates.extend(tallied.rates);
        self.notes.extend(tallied.notes);
    }

    fn rule(
        &mut self,
        composer: &Composer<'_>,
        searched: &Searched<'_, '_>,
        evaluated: &Evaluated<'_>,
        accusations: &[Accusation],
    ) {
        let card = &evaluated.rule.card;
        for at in evaluated.with(Outcome::Exempt) {
            let until = evaluated.exempt_until.get(&at).copied().flatten();
            self.withhold(composer, evaluated, std::iter::once(at), Withholding::Exempt(until));
        }
        let unknown = evaluated.with(Outcome::Unknown);
        self.withhold(composer, evaluated, unknown, Withholding::Suspended(Suspension::Unknown));
        // Before the day that the clause sets nobody is late; how many are still to be done is told.
        if let Some(by) = due_later(composer, evaluated) {
            let waiting = evaluated.count(Outcome::Fires);
            self.withhold(composer, evaluated, evaluated.with(Outcome::Fires), Withholding::Suspended(Suspension::Early));
            self.count(composer, evaluated, 0, evaluated.count(Outcome::Unknown));
            if waiting > 0 {
                let days = by.0 - composer.input.as_of.0;
                let note = format!("期限 {by}，还有 {days} 天，尚未完成 {waiting}");
                self.notes.push(RuleNote {
                    rule: card.id.clone(),
                    town: None,
                    note,
                    held: false,
                    concerned: waiting,
                    short: None,
                });
            }
            if let Some(target) = &evaluated.condition.rate {
                self.rates.extend(rates::rates(composer, evaluated, target, &Trust::default()));
            }
            return;
        }
        let trust = searched.trust;
        let (mut concerned, mut to_check): (BTreeMap<Unit, i64>, BTreeMap<Unit, i64>) = Default::default();
        let mut held_back = 0_i64;
        let is_implausible = is_implausible(composer, evaluated, NEARLY_ALL);
        let mut lacking: BTreeMap<String, i64> = BTreeMap::new();
        for accusation in accusations {
            let Accusation { at, in_vain, could_be } = accusation;
            let about = composer.about(card.scope, *at);
            if let Some(unit) = trust.unit(composer, accusation, about) {
                *concerned.entry(unit).or_default() += 1;
                held_back += 1;
                self.suspended.push(composer.finding(evaluated, *at, in_vain));
                let why = Withholding::Suspended(Suspension::NotEvaluated);
                self.withhold(composer, evaluated, std::iter::once(*at), why);
                continue;
            }
            if could_be.is_empty() {
                let mut draft = composer.finding(evaluated, *at, in_vain);
                if let Some(unit) = trust.unit_to_check(composer, accusation, about) {
                    *to_check.entry(unit).or_default() += 1;
                    draft.finding.confidence = Confidence::Check;
                }
                if is_implausible {
                    draft.finding.confidence = Confidence::Check;
                }
                let persons = if in_vain.is_empty() { Vec::new() } else { composer.persons(about) };
                if persons.iter().any(|person| searched.guard.is_doubted(&evaluated.condition.searched, *person)) {
                    draft.finding.confidence = Confidence::Check;
                }
                if draft.finding.confidence != Confidence::Check
                    && let Some(summary) = searched.lacking.of(about, in_vain)
                {
                    *lacking.entry(summary).or_default() += 1;
                    draft.finding.confidence = Confidence::Check;
                }
                self.drafts.push(draft);
            } else {
                held_back += 1;
                self.withhold(composer, evaluated, std::iter::once(*at), Withholding::Suspended(Suspension::Review));
                let (due, paid) = evaluated.amounts(*at);
                let gap_fen = due.map(|due| (due - paid.unwrap_or(0)).abs());
                let held_back =
                    |(person, rows): &CouldBe| HeldBack { person: *person, rows: rows.clone(), rule: card.id.clone(), gap_fen };
                self.held.extend(could_be.iter().map(held_back));
            }
        }
        self.count(composer, evaluated, held_back, evaluated.count(Outcome::Unknown));
        self.notes.extend(trust.notes(evaluated.rule, evaluated.condition.rate.is_some(), &concerned, &to_check));
        self.notes.extend(lacking.into_iter().map(|(summary, concerned)| {
            let note = format!("{summary}：疑点只作先核对");
            RuleNote { rule: card.id.clone(), town: None, note, held: false, concerned, short: None }
        }));
        if let Some(target) = &evaluated.condition.rate {
            self.rates.extend(rates::rates(composer, evaluated, target, trust));
        }
    }

    fn count(&mut self, composer: &Composer<'_>, evaluated: &Evaluated<'_>, held: i64, unknown: i64) {
        let rule = evaluated.rule.card.id.clone();
        let (passed, fired) = (evaluated.count(Outcome::Passes), evaluated.count(Outcome::Fires));
        let exempt = evaluated.count(Outcome::Exempt);
        let judged = passed + fired;
        if unknown > 0 {
            let unit = if evaluated.rule.card.scope == Scope::Household { "户" } else { "人" };
            let note = format!("{unknown} {unit}所需栏目为空，无法判断");
            self.notes.push(RuleNote { rule: rule.clone(), town: None, note, held: false, concerned: unknown, short: None });
        }
        if is_implausible(composer, evaluated, composer.input.policy.settings.implausible_share) {
            let note = format!("{judged} 个对象中有 {fired} 个不符，比例异常高，请先核对数据是否齐全、口径是否一致");
            self.notes.push(RuleNote { rule: rule.clone(), town: None, note, held: false, concerned: fired, short: None });
        }
        let population = judged + exempt + unknown;
        let exempt_reasons = evaluated.exempt_reasons.clone();
        self.counts.push(RuleCount { rule, population, passed, fired, exempt, exempt_reasons, unknown, held });
    }
}

/// Of those judged, so many who do not comply are rather one mistake of the data than so many of theirs (basis points): each is to be checked first. Chosen.
const NEARLY_ALL: i64 = 8500;

/// Whether a rule that looks for nobody fires for so many that it is the data which are wrong.
fn is_implausible(composer: &Composer<'_>, evaluated: &Evaluated<'_>, share: i64) -> bool {
    let settings = &composer.input.policy.settings;
    let (passed, fired) = (evaluated.count(Outcome::Passes), evaluated.count(Outcome::Fires));
    let judged = passed + fired;
    evaluated.condition.searched.is_empty()
        && judged >= settings.implausible_least
        && fired.saturating_mul(10_000) > judged.saturating_mul(share)
}

/// Orders, filters and names the findings.
fn settle(input: &AssessInput<'_>, mut drafts: Vec<Draft>) -> Vec<Finding> {
    drafts.par_sort_by(|left, right| {
        let (one, other) = (&left.finding, &right.finding);
        one.rule
            .cmp(&other.rule)
            .then_with(|| left.place.cmp(&right.place))
            .then_with(|| one.household_code.cmp(&other.household_code))
            .then_with(|| left.key.cmp(&right.key))
            .then_with(|| one.evidence.cmp(&other.evidence))
    });
    // Two subjects may share a registry's key (a person code given twice): the second is counted on.
    let mut seen: HashMap<(&str, &str), u32> = HashMap::with_capacity(drafts.len());
    let again = drafts.iter().map(|Draft { finding, key, .. }| {
        *seen.entry((finding.rule.as_str(), key.as_str())).and_modify(|count| *count += 1).or_insert(0)
    });
    let again: Vec<u32> = again.collect();
    let settled = drafts.into_par_iter().zip(again).filter_map(|(Draft { mut finding, place, key }, again)| {
        if !input.wants(&finding, &place) {
            return None;
        }
        let again = again.to_string();
        let mut parts = vec![finding.rule.as_str(), key.as_str()];
        if again != "0" {
            parts.push(&again);
        }
        finding.finding_id = input.key.id("F", &parts);
        Some(finding)
    });
    settled.collect()
}

/// A rate belongs to a filtered run when its town, and its village if one is asked for, are wanted.
fn unit_wanted(input: &AssessInput<'_>, unit: &str) -> bool {
    if input.towns.is_empty() && input.villages.is_empty() {
        return true;
    }
    let mut parts = unit.split('/').skip(1).map(str::to_owned);
    let (town, village) = (parts.next(), parts.next());
    let among =
        |wanted: &[String], name: &Option<String>| wanted.is_empty() || name.as_ref().is_some_and(|name| wanted.contains(name));
    town.is_some() && among(input.towns, &town) && among(input.villages, &village)
}

#[cfg(test)]
mod tests;
