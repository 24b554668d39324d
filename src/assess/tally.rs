//! Rules about places: a number or a share that the county, each town or each village has to reach, by a day.
//!
//! Takes facts (or a registry's rows) and a [`Tally`]; gives rates per unit, and a finding for each unit that falls short
//! once the day has come. Nobody is accused: a shortfall names a place. Cost: linear in subjects, or in the rows counted.

use std::collections::{BTreeMap, BTreeSet};

use super::columns::FactValue;
use super::compose::{Composer, Draft, fill, yuan};
use super::evaluate::held;
use super::facts::FactColumn;
use super::places::Place;
use super::reading::Reader;
use super::{AssessError, Run};
use crate::config::policy::{Counted, Goal, ParameterValue, Rule, Tally, UnitLevel};
use crate::model::columns::{TOWN, TOWN_CODE, VILLAGE, VILLAGE_CODE};
use crate::model::date::Day;
use crate::model::finding::{Confidence, Evidence, Finding, Rate, RuleNote, Scope, Subject};
use crate::model::registry::RegistryId;

/// What a tally says.
#[derive(Debug, Default)]
pub(crate) struct Tallied {
    /// Units that fall short, once it is due.
    pub(crate) drafts: Vec<Draft>,
    /// County, towns and villages.
    pub(crate) rates: Vec<Rate>,
    /// Why it was not counted, or how far it is before the day.
    pub(crate) notes: Vec<RuleNote>,
    /// Units counted.
    pub(crate) units: i64,
}

/// Codes of town and village; the county has neither.
type Unit = (Option<String>, Option<String>);

/// Names and counts of a unit.
#[derive(Clone, Debug, Default)]
struct Reached {
    town: Option<String>,
    village: Option<String>,
    count: i64,
    among: i64,
}

/// Counts one tally; [`Run`] has seen to it that it is in force and that its facts are there.
pub(crate) fn tally(composer: &Composer<'_>, run: &Run<'_>, rule: &Rule, tally: &Tally) -> Result<Tallied, AssessError> {
    let mut counts: BTreeMap<Unit, Reached> = BTreeMap::from([((None, None), Reached::default())]);
    match &tally.count {
        Counted::Fact(fact) => count_subjects(composer, fact, tally.among.as_deref(), &mut counts),
        Counted::Rows(source) => {
            let rows = match Reader::new(composer.input, composer.subjects, &run.values).rows(source)? {
                Ok(rows) => rows,
                Err(reason) => {
                    return Ok(Tallied { notes: vec![held(rule, format!("未评估：{reason}"))], ..Tallied::default() });
                }
            };
            count_rows(composer, &source.registry, &rows, &mut counts);
        }
    }
    let Some(goal) = number(
        composer,
        match &tally.goal {
            Goal::Least(name) | Goal::Share(name) => name,
        },
    ) else {
        return Ok(Tallied::default());
    };
    let share = matches!(tally.goal, Goal::Share(_));
    let due = tally.by.as_ref().and_then(|name| day(composer, name));
    let mut tallied = Tallied::default();
    for ((town, village), count) in counts {
        let level = match (&town, &village) {
            (None, _) => UnitLevel::County,
            (_, None) => UnitLevel::Town,
            _ => UnitLevel::Village,
        };
        // A number to be reached by each town says nothing of the county or of a village; a share is of interest everywhere.
        if !share && level != tally.unit || share && count.among == 0 {
            continue;
        }
        let (numerator, denominator) = (count.count, if share { count.among } else { goal });
        let target = if share { goal } else { 10_000 };
        let met = numerator.saturating_mul(10_000) >= denominator.saturating_mul(target);
        let whole = composer.input.policy.county.clone();
        let unit = [Some(&whole), count.town.as_ref(), count.village.as_ref()].into_iter().flatten().cloned().collect::<Vec<_>>();
        let unit = unit.join("/");
        let rate =
            Rate { rule: rule.card.id.clone(), unit, numerator, denominator, target: Some(target), met: Some(met), by: due };
        tallied.rates.push(rate);
        if level != tally.unit {
            continue;
        }
        tallied.units += 1;
        if met {
            continue;
        }
        let late = due.map(|due| i64::from(composer.input.as_of.0 - due.0));
        if let (Some(late @ ..0), Some(due)) = (late, due) {
            let reached = if share { format!("{numerator}/{denominator}") } else { format!("{numerator}，应为 {goal}") };
            let note = format!("期限 {due}，还有 {} 天，目前 {reached}", -late);
            let town = count.town.clone();
            tallied.notes.push(RuleNote { rule: rule.card.id.clone(), town, note, held: false, concerned: 1, short: None });
        } else {
            tallied.drafts.push(draft(composer, rule, tally, (town, village), &count, goal, late));
        }
    }
    Ok(tallied)
}

fn count_subjects(composer: &Composer<'_>, fact: &str, among: Option<&str>, counts: &mut BTreeMap<Unit, Reached>) {
    let Some((fact, column)) = composer.fact(fact) else { return };
    let among = among.and_then(|among| composer.fact(among)).map(|(_, column)| column);
    let subjects = (0..column.array.len()).map(|at| {
        let belongs = among.map_or(1, |among| amount(among, at));
        let counted = if belongs > 0 { amount(column, at) } else { 0 };
        (composer.face(composer.about(fact.scope, at)), (counted, belongs))
    });
    for (place, (counted, belongs)) in composer.places.sums(subjects) {
        add(counts, place, counted, belongs);
    }
}

fn count_rows(composer: &Composer<'_>, registry: &RegistryId, rows: &[usize], counts: &mut BTreeMap<Unit, Reached>) {
    let Some((_, records)) = composer.subjects.records.registry(registry.as_str()) else { return };
    // A town that sent no row at all still has its number to reach.
    let towns: BTreeSet<Place<'_>> =
        composer.places.all().iter().map(|place| Place { village_code: None, village: None, ..*place }).collect();
    for town in towns {
        add(counts, town, 0, 0);
    }
    for row in rows {
        let text = |column| records.text_at(column, *row);
        let (town_code, town, village_code, village) = (text(TOWN_CODE), text(TOWN), text(VILLAGE_CODE), text(VILLAGE));
        add(counts, Place { town_code, village_code, town, village }, 1, 1);
    }
}

/// 1 for yes, the number itself for a number (a ratio of sums), 0 where it cannot be told.
fn amount(column: &FactColumn, at: usize) -> i64 {
    match column.value(at) {
        Some(FactValue::Bool(yes)) => i64::from(yes),
        Some(FactValue::Int(number)) => number,
        _ => 0,
    }
}

/// Counts subjects of one place at every level it belongs to.
fn add(counts: &mut BTreeMap<Unit, Reached>, place: Place<'_>, counted: i64, belongs: i64) {
    let own = |text: Option<&str>| text.map(str::to_owned);
    let mut count = |unit: Unit, town: Option<&str>, village: Option<&str>| {
        let entry =
            counts.entry(unit).or_insert_with(|| Reached { town: own(town), village: own(village), ..Reached::default() });
        entry.count = entry.count.saturating_add(counted);
        entry.among = entry.among.saturating_add(belongs);
    };
    count((None, None), None, None);
    if place.town_code.is_some() {
        count((own(place.town_code), None), place.town, None);
        if place.village_code.is_some() {
            count((own(place.town_code), own(place.village_code)), place.town, place.village);
        }
    }
}

fn number(composer: &Composer<'_>, name: &str) -> Option<i64> {
    match composer.values.get(name) {
        Some(ParameterValue::Int(number)) => Some(*number),
        _ => None,
    }
}

/// The day that a date parameter names.
pub(crate) fn day(composer: &Composer<'_>, name: &str) -> Option<Day> {
    match composer.values.get(name) {
        Some(ParameterValue::Date(day)) => Some(*day),
        _ => None,
    }
}

fn draft(
    composer: &Composer<'_>,
    rule: &Rule,
    tally: &Tally,
    place: Unit,
    count: &Reached,
    goal: i64,
    late: Option<i64>,
) -> Draft {
    let county = composer.input.policy.county.as_str();
    let share = matches!(tally.goal, Goal::Share(_));
    let wanted = if share { (count.among.saturating_mul(goal) + 9_999) / 10_000 } else { goal };
    // Basis points as per cent: 9500 → 95, 4567 → 45.67.
    let percent = |points: i64| yuan(points);
    let unit = count.village.as_deref().or(count.town.as_deref()).unwrap_or(county);
    let sentence = fill(&rule.sentence, |name| match name {
        "unit" => unit.to_owned(),
        "count" => count.count.to_string(),
        "among" => count.among.to_string(),
        "share" => percent(count.count.saturating_mul(10_000) / count.among.max(1)),
        "goal" => {
            if share {
                percent(goal)
            } else {
                goal.to_string()
            }
        }
        "short" => (wanted - count.count).to_string(),
        "late" => late.unwrap_or(0).to_string(),
        _ => composer.parameter(name.trim_start_matches('$')),
    });
    let registries: Vec<RegistryId> = match &tally.count {
        Counted::Rows(source) => vec![source.registry.clone()],
        Counted::Fact(_) => composer.registries_of(&tally.mentions),
    };
    let value = format!("{}／应为{wanted}", count.count);
    let evidence = registries.into_iter().map(|registry| {
        let column = "达到的数".to_owned();
        Evidence { registry, file: None, sheet: None, row: None, column, value: value.clone() }
    });
    let finding = Finding {
        finding_id: String::new(),
        rule: rule.card.id.clone(),
        kind: rule.card.kind,
        scope: Scope::Unit,
        clause: rule.card.clause.clone(),
        person_id: None,
        household_code: None,
        name: None,
        id_number: None,
        town: count.town.clone(),
        village: count.village.clone(),
        due_fen: None,
        paid_fen: None,
        gap_fen: None,
        confidence: Confidence::Certain,
        sentence,
        evidence: evidence.collect(),
        subject: Subject::default(),
    };
    let key = format!("unit:{}", place.1.as_deref().or(place.0.as_deref()).unwrap_or(county));
    Draft { finding, place, key }
}
