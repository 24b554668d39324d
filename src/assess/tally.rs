//! Rules about places: a number or a share that the county, each town or each village has to reach, by a day.
//!
//! Takes facts (or a registry's rows, or two parameters) and a [`Tally`]; gives rates per unit, and a finding for each unit that falls short
//! once the day has come. A unit that falls short or not depending on what stands in empty cells is told, not judged; so is one where the
//! registers counted are short. Nobody is accused: a shortfall names a place. Cost: linear in subjects, or in the rows counted.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::Array;
use arrow::datatypes::DataType;

use super::columns::{Empty, FactColumn, FactValue};
use super::compose::{Composer, Draft, fill, yuan};
use super::evaluate::held;
use super::facts::Facts;
use super::places::Place;
use super::reading::Reader;
use super::trust::RegisterGap;
use super::{AssessError, Run};
use crate::config::policy::{Counted, Goal, ParameterValue, Rule, Source, Tally, UnitLevel};
use crate::model::columns::{TOWN, TOWN_CODE, VILLAGE, VILLAGE_CODE};
use crate::model::finding::{Confidence, Evidence, Finding, Rate, RuleNote, Scope, Subject};
use crate::model::record::RegistryRecords;
use crate::model::registry::RegistryId;

/// How the note begins on a unit that empty cells decide.
pub(crate) const UNDECIDED: &str = "无法判断：";

/// What a tally says.
#[derive(Default)]
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
    /// Count and among if all that cannot be told spoke against the unit, and if it spoke for it.
    least: (i64, i64),
    most: (i64, i64),
    /// Subjects of whom something cannot be told.
    unclear: i64,
}

/// What one subject adds to its unit.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    counted: (i64, i64),
    least: (i64, i64),
    most: (i64, i64),
}

impl Share {
    fn certain(counted: i64, belongs: i64) -> Self {
        let counted = (counted, belongs);
        Self { counted, least: counted, most: counted }
    }
}

/// Counts one tally; [`Run`] has seen to it that it is in force and that its facts are there.
///
/// `gap` says of a town, or of the county, why what is counted in its registers says little, and whether that is sure: then it is counted
/// nowhere, and the county not judged by the rest.
pub(crate) fn tally<'d>(
    composer: &Composer<'_>,
    run: &Run<'_>,
    rule: &Rule,
    tally: &Tally,
    gap: &dyn Fn(Option<&str>) -> Option<RegisterGap<'d>>,
) -> Result<Tallied, AssessError> {
    let sure = |town: Option<&str>| gap(town).filter(|gap| gap.sure);
    let mut spoilt: Vec<RuleNote> = sure(None).into_iter().map(|gap| gap.note(rule, None)).collect();
    if spoilt.is_empty() {
        let towns: BTreeSet<_> = composer.places.all().iter().filter_map(|place| place.town_code.zip(place.town)).collect();
        let of_town = |(code, town): (&str, &str)| Some(sure(Some(code))?.note(rule, Some(town)));
        spoilt.extend(towns.into_iter().filter_map(of_town));
    }
    let spoils_county = !spoilt.is_empty() && tally.unit == UnitLevel::County;
    if spoilt.first().is_some_and(|first| first.town.is_none()) {
        return Ok(Tallied { notes: spoilt, ..Tallied::default() });
    }
    let skips = |town: Option<&str>| town.is_some() && sure(town).is_some();
    let mut counts: BTreeMap<Unit, Reached> = BTreeMap::from([((None, None), Reached::default())]);
    match &tally.count {
        Counted::Fact(fact) => {
            count_subjects(composer, &run.facts, fact, tally.among.as_deref(), &mut Counts { of: &mut counts, skips: &skips });
        }
        Counted::Rows(counted) => {
            let not_evaluated =
                |reason: &str| Tallied { notes: vec![held(rule, format!("未评估：{reason}"))], ..Tallied::default() };
            let mut reader = Reader::new(composer.input, composer.subjects, &run.values);
            let mut read = |source: &Source| reader.rows(source);
            let rows = match read(&counted.source)? {
                Ok(rows) => rows,
                Err(reason) => return Ok(not_evaluated(&reason)),
            };
            // A register that never speaks of the matter does not say that nothing was done.
            if let Some(there) = &counted.there
                && read(there)?.is_ok_and(|rows| rows.is_empty())
            {
                let title = composer.input.registry_title(there.registry.as_str());
                return Ok(not_evaluated(&format!("{title}没有这一类的行")));
            }
            let among = counted.among.as_ref().map(&mut read).transpose()?.and_then(Result::ok);
            let mut counts = Counts { of: &mut counts, skips: &skips };
            count_rows(composer, &counted.source.registry, &rows, among.as_deref(), &mut counts);
            let unread = reader.unread_rows(&counted.source, &rows);
            count_unread(composer, &counted.source.registry, &unread, among.is_none(), &mut counts);
        }
        Counted::Standard { now, before } => {
            let (Some(now), Some(before)) = (number(composer, now), number(composer, before)) else {
                return Ok(Tallied::default());
            };
            counts.insert((None, None), Reached { count: now, among: before, ..Reached::default() });
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
    let due = tally.by.as_ref().and_then(|name| composer.day(name));
    let mut tallied = Tallied { notes: spoilt, ..Tallied::default() };
    for ((town, village), count) in counts {
        let level = match (&town, &village) {
            (None, _) => UnitLevel::County,
            (_, None) => UnitLevel::Town,
            _ => UnitLevel::Village,
        };
        // A number to be reached by each town says nothing of the county or of a village; a share is of interest everywhere.
        if !share && level != tally.unit || share && count.among == 0 || level == UnitLevel::County && spoils_county {
            continue;
        }
        let (numerator, denominator) = (count.count, if share { count.among } else { goal });
        let target = if share { goal } else { 10_000 };
        let reaches = |count: i64, of: i64| count.saturating_mul(10_000) >= of.saturating_mul(target);
        let met = reaches(numerator, denominator);
        let of = |(_, among): (i64, i64)| if share { among } else { goal };
        let decided = count.unclear == 0 || reaches(count.least.0, of(count.least)) == reaches(count.most.0, of(count.most));
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
        if !decided {
            let note = match &tally.count {
                Counted::Rows(_) => format!("{UNDECIDED}有 {} 行的日期或类别读不懂，写明后才能算", count.unclear),
                _ => format!("{UNDECIDED}有 {} 人所需栏目为空，补齐后才能算", count.unclear),
            };
            let town = count.town.clone();
            tallied.notes.push(RuleNote {
                rule: rule.card.id.clone(),
                town,
                note,
                held: true,
                concerned: count.unclear,
                short: None,
            });
            continue;
        }
        if met {
            continue;
        }
        let late = due.map(|due| i64::from(composer.input.as_of.0 - due.0));
        if let (Some(late @ ..0), Some(due)) = (late, due) {
            let so_far = if share { format!("{numerator}/{denominator}") } else { format!("{numerator}，应为 {goal}") };
            let note = format!("期限 {due}，还有 {} 天，目前 {so_far}", -late);
            let town = count.town.clone();
            tallied.notes.push(RuleNote { rule: rule.card.id.clone(), town, note, held: false, concerned: 1, short: None });
        } else {
            let doubtful = gap(town.as_deref()).is_some();
            let mut draft = draft(composer, rule, tally, (town, village), &count, goal, late);
            if doubtful {
                draft.finding.confidence = Confidence::Check;
            }
            tallied.drafts.push(draft);
        }
    }
    Ok(tallied)
}

/// Where subjects and rows are counted, and towns of which none is.
struct Counts<'c> {
    of: &'c mut BTreeMap<Unit, Reached>,
    skips: &'c dyn Fn(Option<&str>) -> bool,
}

fn count_subjects(composer: &Composer<'_>, facts: &Facts, fact: &str, among: Option<&str>, counts: &mut Counts<'_>) {
    let Some((fact, column)) = composer.fact(fact) else { return };
    let among = among.and_then(|among| Some((among, composer.fact(among)?.1)));
    // What no row could say is a no; what an empty cell would say cannot be told.
    let said = |name: &str, column: &FactColumn, at: usize| {
        let yes = matches!(column.value(at), Some(FactValue::Bool(true)));
        let unclear = column.value(at).is_none() && column.array.data_type() == &DataType::Boolean;
        if unclear && facts.empty(name, fact.scope, at) == Some(Empty::Cell) { None } else { Some(yes) }
    };
    let share = |at: usize| {
        let counted = amount(column, at);
        let Some((name, among)) = among else {
            return match said(&fact.name, column, at) {
                None => Share { most: (1, 1), ..Share::certain(0, 1) },
                Some(_) => Share::certain(counted, 1),
            };
        };
        if matches!(among.value(at), Some(FactValue::Int(_))) {
            let belongs = amount(among, at);
            return Share::certain(if belongs > 0 { counted } else { 0 }, belongs);
        }
        match (said(name, among, at), said(&fact.name, column, at)) {
            (Some(false), _) => Share::default(),
            (Some(true), Some(_)) => Share::certain(counted, 1),
            (Some(true), None) => Share { most: (1, 1), ..Share::certain(0, 1) },
            (None, Some(true)) => Share { most: (1, 1), ..Share::default() },
            (None, Some(false)) => Share { least: (0, 1), ..Share::default() },
            (None, None) => Share { least: (0, 1), most: (1, 1), ..Share::default() },
        }
    };
    let each = |pick: fn(&Share) -> (i64, i64)| {
        let subjects =
            (0..column.array.len()).map(|at| (composer.representative(composer.about(fact.scope, at)), pick(&share(at))));
        composer.places.sums(subjects)
    };
    for (place, (counted, belongs)) in each(|share| share.counted) {
        add(counts, place, counted, belongs);
    }
    let unclear = each(|share| (i64::from(share.least != share.counted || share.most != share.counted), 0));
    if unclear.iter().all(|(_, (unclear, _))| *unclear == 0) {
        return;
    }
    for (place, (unclear, _)) in unclear {
        reach(counts, place, |reached| reached.unclear += unclear);
    }
    for (place, least) in each(|share| share.least) {
        reach(counts, place, |reached| reached.least = plus(reached.least, least));
    }
    for (place, most) in each(|share| share.most) {
        reach(counts, place, |reached| reached.most = plus(reached.most, most));
    }
}

fn plus(one: (i64, i64), other: (i64, i64)) -> (i64, i64) {
    (one.0.saturating_add(other.0), one.1.saturating_add(other.1))
}

fn count_rows(composer: &Composer<'_>, registry: &RegistryId, rows: &[usize], among: Option<&[usize]>, counts: &mut Counts<'_>) {
    let Some((_, records)) = composer.subjects.records.registry(registry.as_str()) else { return };
    // A town that sent no row at all still has its number to reach.
    let towns: BTreeSet<Place<'_>> =
        composer.places.all().iter().map(|place| Place { village_code: None, village: None, ..*place }).collect();
    for town in towns {
        add(counts, town, 0, 0);
    }
    for row in rows {
        add(counts, place_of(records, *row), 1, i64::from(among.is_none()));
    }
    for row in among.unwrap_or_default() {
        add(counts, place_of(records, *row), 0, 1);
    }
}

/// Rows that would count or not by what stands in a cell that could not be read; `belong` where what is counted is what it is counted among.
fn count_unread(composer: &Composer<'_>, registry: &RegistryId, rows: &[usize], belong: bool, counts: &mut Counts<'_>) {
    let Some((_, records)) = composer.subjects.records.registry(registry.as_str()).filter(|_| !rows.is_empty()) else { return };
    for reached in counts.of.values_mut() {
        (reached.least, reached.most) = ((reached.count, reached.among), (reached.count, reached.among));
    }
    for row in rows {
        reach(counts, place_of(records, *row), |reached| {
            reached.unclear += 1;
            reached.most = plus(reached.most, (1, i64::from(belong)));
        });
    }
}

fn place_of(records: &RegistryRecords, row: usize) -> Place<'_> {
    let text = |column| records.text_at(column, row);
    Place { town_code: text(TOWN_CODE), village_code: text(VILLAGE_CODE), town: text(TOWN), village: text(VILLAGE) }
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
fn add(counts: &mut Counts<'_>, place: Place<'_>, counted: i64, belongs: i64) {
    reach(counts, place, |reached| (reached.count, reached.among) = plus((reached.count, reached.among), (counted, belongs)));
}

/// Changes what is known of a place at every level it belongs to.
fn reach(counts: &mut Counts<'_>, place: Place<'_>, change: impl Fn(&mut Reached)) {
    if (counts.skips)(place.town_code) {
        return;
    }
    let own = |text: Option<&str>| text.map(str::to_owned);
    let mut count = |unit: Unit, town: Option<&str>, village: Option<&str>| {
        change(counts.of.entry(unit).or_insert_with(|| Reached { town: own(town), village: own(village), ..Reached::default() }));
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
        Counted::Rows(rows) => vec![rows.source.registry.clone()],
        Counted::Fact(_) => composer.registries_of(&tally.mentions),
        Counted::Standard { .. } => Vec::new(),
    };
    let value = format!("{}／应为{wanted}", count.count);
    let evidence = registries.into_iter().map(|registry| {
        let column = "达到的数".to_owned();
        Evidence { registry, file: None, sheet: None, row: None, column, value: value.as_str().into() }
    });
    let finding = Finding {
        finding_id: String::new(),
        rule: rule.card.id.clone(),
        kind: rule.card.kind,
        scope: Scope::Unit,
        clause: rule.card.clause.clone(),
        basis: rule.card.basis.clone(),
        person_id: None,
        household_code: None,
        name: None,
        id_number: None,
        town: count.town.clone(),
        village: count.village.clone(),
        time_base: None,
        due_fen: None,
        paid_fen: None,
        gap_fen: None,
        confidence: Confidence::Certain,
        sentence: sentence.into(),
        evidence: evidence.collect(),
        subject: Subject::default(),
    };
    let key = format!("unit:{}", place.1.as_deref().or(place.0.as_deref()).unwrap_or(county));
    Draft { finding, place, key }
}
