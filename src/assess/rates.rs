//! Coverage of a rule by county, town and village.
//!
//! Takes the outcomes of a rule; the denominator is its population without those who are exempt or cannot be told,
//! the numerator those who satisfy it. Subjects of units where the rule was held are counted nowhere.

use std::collections::BTreeMap;

use super::compose::Composer;
use super::evaluate::{Evaluated, Outcome};
use super::trust::Trust;
use crate::config::policy::{ParameterValue, RateTarget};
use crate::model::finding::Rate;

/// Town code, village code: the county sorts first, a town before its villages.
type Unit<'a> = (Option<&'a str>, Option<&'a str>);

/// Rates of a rule, county first, then towns and their villages in code order.
pub(crate) fn rates(composer: &Composer<'_>, evaluated: &Evaluated<'_>, target: &RateTarget, trust: &Trust<'_>) -> Vec<Rate> {
    let county = composer.input.policy.county.as_str();
    let asked = evaluated.outcomes().filter_map(|(at, outcome)| {
        let satisfied = match outcome {
            Outcome::Passes => 1,
            Outcome::Fires => 0,
            _ => return None,
        };
        let representative = composer.representative(composer.about(evaluated.rule.card.scope, at));
        (!trust.holds_cohort(composer, representative)).then_some((representative, (satisfied, 1)))
    });
    let mut by_unit: BTreeMap<Unit<'_>, (String, i64, i64)> = BTreeMap::new();
    for (place, (satisfied, asked)) in composer.places.sums(asked) {
        if trust.holds(place) {
            continue;
        }
        let mut count = |unit, name: &dyn Fn() -> String| {
            let entry = by_unit.entry(unit).or_insert_with(|| (name(), 0, 0));
            entry.1 += satisfied;
            entry.2 += asked;
        };
        count((None, None), &|| county.to_owned());
        let (Some(town_code), Some(town)) = (place.town_code, place.town) else { continue };
        count((Some(town_code), None), &|| format!("{county}/{town}"));
        if let (Some(village_code), Some(village)) = (place.village_code, place.village) {
            count((Some(town_code), Some(village_code)), &|| format!("{county}/{town}/{village}"));
        }
    }
    let target = target.target.as_ref().and_then(|name| match composer.values.get(name) {
        Some(ParameterValue::Int(target)) => Some(*target),
        _ => None,
    });
    let by = evaluated.condition.by.as_ref().and_then(|name| composer.day(name));
    let rule = &evaluated.rule.card.id;
    by_unit
        .into_values()
        .map(|(unit, numerator, denominator)| Rate {
            rule: rule.clone(),
            unit,
            numerator,
            denominator,
            target,
            met: target.map(|target| numerator.saturating_mul(10_000) >= denominator.saturating_mul(target)),
            by,
        })
        .collect()
}
