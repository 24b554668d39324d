//! Whom a town's dossier shows, and what of them.
//!
//! Takes a run under way, gives one workbook per town asked for: households of the poverty registry whose head lives there, then persons on
//! the dibao and tekun rosters who belong to none. The fact tables say whose household is whose, as the rules saw it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::array::{Array, AsArray};
use rayon::prelude::*;

use crate::assess::{AssessError, Assessed, VerdictInput, verdicts};
use crate::config::policy::Policy;
use crate::config::registry::Dictionary;
use crate::model::columns::RELATION;
use crate::model::date::{Day, Month};
use crate::model::link::PersonIx;
use crate::model::masking::Audience;
use crate::model::personal::Expose;
use crate::model::picture::{HouseholdPicture, Words};
use crate::run::county::picture::{Known, Teller, household_name};

/// Rosters whose persons belong into a dossier though the poverty registry does not know them.
const OUTSIDE: [&str; 2] = ["dibao", "tekun"];

/// What choosing needs.
#[derive(Clone, Copy)]
pub(super) struct Chosen<'a> {
    pub(super) known: Known<'a>,
    pub(super) assessed: &'a Assessed,
    pub(super) policy: &'a Policy,
    pub(super) dictionary: &'a Dictionary,
    pub(super) period: Month,
    pub(super) as_of: Day,
    /// Who is to read it.
    pub(super) audience: Audience,
    /// Only these villages; empty for all.
    pub(super) villages: &'a [String],
}

/// Rule → why it was evaluated for nobody.
pub(super) fn not_evaluated(assessed: &Assessed) -> BTreeMap<String, String> {
    let held = assessed.notes.iter().filter(|note| note.held && note.town.is_none());
    held.map(|note| (note.rule.clone(), note.note.clone())).collect()
}

/// The households of a town, by village code, household code.
pub(super) fn households(
    chosen: &Chosen<'_>,
    town: &str,
    not_evaluated: &BTreeMap<String, String>,
) -> Result<Vec<HouseholdPicture>, AssessError> {
    let known = chosen.known;
    let text = |column, person| known.people_text(column, person);
    let wanted = |person: PersonIx| {
        let village = text("village", person);
        let among = |name: &String| village == Some(name) || text("village_code", person) == Some(name);
        text("town", person) == Some(town) && (chosen.villages.is_empty() || chosen.villages.iter().any(among))
    };
    let (groups, heads) = (groups(chosen), heads(known));
    // As in the findings, a household lives where its head does.
    let head = |members: &[PersonIx]| members.iter().find(|person| heads.contains(person)).or_else(|| members.first()).copied();
    let households: BTreeMap<&String, &Vec<PersonIx>> =
        groups.iter().filter(|(_, members)| head(members).is_some_and(wanted)).collect();
    let everybody: BTreeSet<PersonIx> = households.values().copied().flatten().copied().collect();
    let ids: BTreeSet<&str> = everybody.iter().filter_map(|person| text("person_id", *person)).collect();
    let codes: BTreeSet<&str> = households.keys().map(|code| code.as_str()).filter(|code| !code.contains(':')).collect();
    let input = VerdictInput {
        policy: chosen.policy,
        dictionary: chosen.dictionary,
        period: chosen.period,
        as_of: chosen.as_of,
        facts_person: chosen.assessed.facts_person.values(),
        facts_household: chosen.assessed.facts_household.values(),
        registries: &known.registries(&everybody),
        not_evaluated,
    };
    let verdicts = verdicts(&input, &ids, &codes)?;
    let teller = Teller::new(known, &everybody, verdicts, (chosen.audience, chosen.as_of));
    let told = households.par_iter().map(|(code, persons)| teller.household(Some(code), persons));
    let mut shown: Vec<HouseholdPicture> = told.collect();
    // Those outside the poverty registry come last in their village.
    let outside = |household: &HouseholdPicture| household.code.expose().is_some_and(|code| code.contains(':'));
    shown.sort_by(|one, other| {
        let key = |household: &HouseholdPicture| (household.village.is_empty(), household.village.clone(), outside(household));
        key(one).cmp(&key(other)).then_with(|| one.code.cmp(&other.code))
    });
    number_alike(&mut shown);
    Ok(shown)
}

/// Numbers households whose codes are alike once numbers in them are hidden.
fn number_alike(households: &mut [HouseholdPicture]) {
    let name = |household: &HouseholdPicture| household.code.expose().map(household_name).unwrap_or_default();
    let mut alike: BTreeMap<Words, Vec<String>> = BTreeMap::new();
    for household in households.iter() {
        let (name, names) = (name(household), alike.entry(household.shown.clone()).or_default());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for household in households {
        let names = alike.get(&household.shown).filter(|names| names.len() > 1);
        let number = names.and_then(|names| names.iter().position(|known| *known == name(household)));
        if let Some(number) = number {
            household.shown = Words::masked(format!("{}（{}）", household.shown, number + 1));
        }
    }
}

/// Persons by household: the poverty registry's code, `registry:code` or the person's own id for who is outside it.
fn groups(chosen: &Chosen<'_>) -> BTreeMap<String, Vec<PersonIx>> {
    let known = chosen.known;
    let facts = chosen.assessed.facts_person.values();
    let column = |name: &str| facts.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
    let (Some(ids), Some(codes)) = (column("person_id"), column("household_code")) else { return BTreeMap::new() };
    let household_of: HashMap<&str, &str> =
        (0..facts.num_rows()).filter(|at| codes.is_valid(*at)).map(|at| (ids.value(at), codes.value(at))).collect();
    let outside: BTreeSet<PersonIx> = known
        .records
        .registries
        .iter()
        .enumerate()
        .filter(|(_, records)| OUTSIDE.contains(&records.registry.as_str()))
        .flat_map(|(position, records)| {
            let start = known.records.offset(position) as usize;
            known.linked.links.iter().skip(start).take(records.len()).map(|link| link.person)
        })
        .collect();
    let mut groups: BTreeMap<String, Vec<PersonIx>> = BTreeMap::new();
    for person in known.everybody() {
        let Some(id) = known.people_text("person_id", person) else { continue };
        let code = match household_of.get(id) {
            Some(code) => (*code).to_owned(),
            None if outside.contains(&person) => match known.people_text("household", person) {
                Some(code) if code.contains(':') => code.to_owned(),
                _ => format!("person:{id}"),
            },
            None => continue,
        };
        groups.entry(code).or_default().push(person);
    }
    groups
}

/// Persons whom a poverty row calls 户主.
fn heads(known: Known<'_>) -> BTreeSet<PersonIx> {
    let Some((position, poverty)) = known.records.registry("poverty") else { return BTreeSet::new() };
    let links = known.linked.links.iter().skip(known.records.offset(position) as usize).take(poverty.len());
    let is_head = |row: usize| poverty.text_at(RELATION, row) == Some("户主");
    links.enumerate().filter(|(row, _)| is_head(*row)).map(|(_, link)| link.person).collect()
}
