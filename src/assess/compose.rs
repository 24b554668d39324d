//! From an outcome to a finding: who, how much, the cells it rests on, how sure, one sentence.

mod inactive;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::BooleanArray;

use super::AssessInput;
use super::columns::{FactColumn, FactValue};
use super::evaluate::Evaluated;
use super::facts::Facts;
use super::inactive::InactiveRows;
use super::places::Places;
use super::subjects::{Groups, NONE, Subjects, index};
use crate::config::policy::{Fact, Origin, ParameterValue, Rule, Source, Take};
use crate::model::columns::{GROUP, HEAD_NAME, ID_NUMBER, ID_RAW, NAME, RELATION};
use crate::model::date::Day;
use crate::model::field::FieldKind;
use crate::model::finding::{Confidence, Evidence, Finding, Scope, Subject};
use crate::model::link::{LinkStatus, PersonIx, Suspicion};
use crate::model::money::Fen;
use crate::model::personal::Personal;
use crate::model::record::RowId;
use crate::model::registry::RegistryId;

/// What a registry searched in vain says.
const NOT_FOUND: &str = "未查到";

/// A finding with what orders it.
pub(crate) struct Draft {
    pub(crate) finding: Finding,
    /// Town and village codes, for the order of outputs.
    pub(crate) place: (Option<String>, Option<String>),
    /// Stable key of the subject.
    pub(crate) key: String,
}

/// Whom a finding is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum About {
    /// A person.
    Person(PersonIx),
    /// A household, by index.
    Household(usize),
}

/// A cell: row and field.
pub(super) type Cell<'p> = (RowId, &'p str);

/// Everything that composing needs.
pub(crate) struct Composer<'a> {
    pub(crate) input: &'a AssessInput<'a>,
    pub(crate) subjects: &'a Subjects<'a>,
    /// Facts by name: definition and column.
    facts: HashMap<&'a str, (&'a Fact, &'a FactColumn)>,
    filters: &'a HashMap<(usize, String), Arc<BooleanArray>>,
    inactive: &'a InactiveRows,
    pub(crate) values: &'a BTreeMap<String, ParameterValue>,
    /// Where people live.
    pub(crate) places: Places<'a>,
    /// Rows of each person.
    rows: Groups,
    /// Persons one of whose numbers somebody else bears too: what follows from such a number is to be checked first.
    contested: BTreeSet<PersonIx>,
}

impl<'a> Composer<'a> {
    pub(crate) fn new(
        input: &'a AssessInput<'a>,
        subjects: &'a Subjects<'a>,
        facts: &'a Facts,
        values: &'a BTreeMap<String, ParameterValue>,
    ) -> Self {
        let rows = || {
            let pairs: Vec<(u32, u32)> = subjects.linked.links.iter().map(|link| link.person.0).zip(0..).collect();
            Groups::new(subjects.linked.people.0.num_rows(), &pairs)
        };
        let (rows, places) = rayon::join(rows, || Places::new(subjects));
        let contested = subjects.suspicions().flat_map(|suspicion| match suspicion {
            Suspicion::NumberTwoNames { left, right } => vec![*left, *right],
            _ => Vec::new(),
        });
        let contested = contested.filter_map(|row| subjects.person(row)).collect();
        let by_name = |fact: &'a Fact| Some((fact.name.as_str(), (fact, facts.columns.get(&fact.name)?)));
        let (filters, inactive) = (&facts.filters, &facts.inactive);
        let facts = input.policy.facts.iter().filter_map(by_name).collect();
        Self { input, subjects, facts, filters, inactive, values, places, rows, contested }
    }

    /// A fact's definition and column.
    pub(crate) fn fact(&self, name: &str) -> Option<(&'a Fact, &'a FactColumn)> {
        self.facts.get(name).copied()
    }

    /// The day that a date parameter names.
    pub(crate) fn day(&self, name: &str) -> Option<Day> {
        match self.values.get(name) {
            Some(ParameterValue::Date(day)) => Some(*day),
            _ => None,
        }
    }

    /// Whether a yes-or-no fact about persons is true of one.
    pub(crate) fn is_true_of(&self, fact: &str, person: PersonIx) -> bool {
        let at = self.subjects.subject_of.get(person.0 as usize);
        self.fact(fact).zip(at).is_some_and(|((_, column), at)| column.is_true(*at as usize))
    }

    /// Which rows of the registry at `position` count for a source; `None` for all.
    pub(crate) fn filter(&self, position: usize, source: &Source) -> Option<&'a BooleanArray> {
        let text = source.filter.as_ref()?.text.clone();
        self.filters.get(&(position, text)).map(Arc::as_ref)
    }

    /// Whom subject `at` of a scope is.
    pub(crate) fn about(&self, scope: Scope, at: usize) -> About {
        match scope {
            Scope::Household => About::Household(at),
            _ => About::Person(self.subjects.persons.get(at).copied().unwrap_or(PersonIx(NONE))),
        }
    }

    /// The person, or the members of the household.
    pub(crate) fn persons(&self, about: About) -> Vec<PersonIx> {
        match about {
            About::Person(person) => vec![person],
            About::Household(at) => self
                .subjects
                .households
                .get(at)
                .into_iter()
                .flat_map(|household| &household.members)
                .filter_map(|member| self.subjects.persons.get(*member as usize).copied())
                .collect(),
        }
    }

    /// The person a printed list names: the person, or the household's head.
    pub(crate) fn representative(&self, about: About) -> PersonIx {
        match about {
            About::Person(person) => person,
            About::Household(at) => self
                .subjects
                .households
                .get(at)
                .and_then(|household| self.subjects.persons.get(household.head as usize).copied())
                .unwrap_or(PersonIx(NONE)),
        }
    }

    /// Registries of the searched facts in which nobody of the subject was found; empty when any was found anywhere.
    pub(crate) fn searched_in_vain(&self, evaluated: &Evaluated<'_>, about: About) -> Vec<RegistryId> {
        let persons = self.persons(about);
        let mut registries = Vec::new();
        for name in &evaluated.condition.searched {
            let Some((fact, column)) = self.fact(name) else { continue };
            let found = persons
                .iter()
                .any(|person| self.subjects.subject_of.get(person.0 as usize).is_some_and(|at| column.is_true(*at as usize)));
            if found {
                return Vec::new();
            }
            if let Origin::Sources { sources, .. } = &fact.origin {
                for source in sources {
                    let there = self.subjects.records.registry(source.registry.as_str()).is_some();
                    if there && !registries.contains(&source.registry) {
                        registries.push(source.registry.clone());
                    }
                }
            }
        }
        registries
    }

    /// The finding of a rule for a subject.
    pub(crate) fn finding(&self, evaluated: &Evaluated<'_>, at: usize, in_vain: &[RegistryId]) -> Draft {
        let rule = evaluated.rule;
        let about = self.about(rule.card.scope, at);
        let mut cells = BTreeSet::new();
        for name in &evaluated.condition.mentions {
            // Derived facts are in `mentions` beside what they rest on; only leaves bear cells.
            if let Some((fact, _)) = self.fact(name)
                && matches!(fact.origin, Origin::Sources { .. } | Origin::Members { .. })
            {
                self.cells_of(name, about, &mut cells);
            }
        }
        let mut evidence = self.evidence(&cells);
        let inactive = self.inactive_cells(evaluated, about, in_vain);
        for registry in in_vain {
            match inactive.get(registry) {
                Some(rows) => {
                    evidence.extend(self.evidence(rows));
                    cells.extend(rows);
                }
                None => evidence.push(self.not_found(registry)),
            }
        }
        let (due, paid) = evaluated.amounts(at);
        let confidence = self.confidence(about, cells.iter().map(|(row, _)| *row), !in_vain.is_empty());
        let confidence = confidence.max(evaluated.at_most(at));
        // Somebody not found may stand in a row that was set aside.
        let set_aside =
            in_vain.iter().any(|registry| self.input.aside.contains(registry)) || self.lacks_amounts(evaluated, &cells);
        let confidence = if set_aside { Confidence::Check } else { confidence };
        let by = evaluated.condition.by.as_ref().and_then(|name| self.day(name));
        let late = by.map_or(0, |by| self.input.as_of.0 - by.0);
        let mut sentence = self.sentence(rule, about, at, (due, paid), late);
        if !inactive.is_empty() {
            let everywhere = inactive.len() == in_vain.len();
            sentence = inactive::in_place_of_none(&sentence, &self.describe_inactive(&inactive), everywhere);
        }
        let mut draft = self.draft(rule, about, confidence, sentence, evidence);
        draft.finding.due_fen = due;
        draft.finding.paid_fen = paid;
        draft.finding.gap_fen = due.map(|due| due - paid.unwrap_or(0));
        draft
    }

    /// Whether an amount that the rule asks for may stand in rows that did not come in: of a register of which some were set aside, and of
    /// which the subject has none.
    fn lacks_amounts(&self, evaluated: &Evaluated<'_>, cells: &BTreeSet<Cell<'a>>) -> bool {
        let facts = evaluated.condition.mentions.iter().filter_map(|name| self.fact(name)).filter(|(fact, _)| fact.money);
        let sources = facts.flat_map(|(fact, _)| match &fact.origin {
            Origin::Sources { sources, .. } => sources.as_slice(),
            Origin::Members { .. } | Origin::Derived(_) => &[],
        });
        let records = self.subjects.records;
        let mut aside = sources.filter(|source| self.input.aside.contains(&source.registry));
        aside.any(|source| {
            records.registry(source.registry.as_str()).is_none_or(|(position, of_registry)| {
                let first = records.offset(position);
                !cells.iter().any(|(row, _)| (first..first + index(of_registry.len())).contains(&row.0))
            })
        })
    }

    /// A finding without amounts.
    pub(crate) fn draft(
        &self,
        rule: &Rule,
        about: About,
        confidence: Confidence,
        sentence: String,
        evidence: Vec<Evidence>,
    ) -> Draft {
        let representative = self.representative(about);
        let text = |column: &str| self.subjects.people_text(column, representative).map(str::to_owned);
        let household = match about {
            About::Household(at) => self.subjects.households.get(at).map(|household| household.code.clone()),
            About::Person(person) => self.household_code(person),
        };
        let person_id = match about {
            About::Person(_) => text("person_id"),
            About::Household(_) => None,
        };
        let finding = Finding {
            finding_id: String::new(),
            rule: rule.card.id.clone(),
            kind: rule.card.kind,
            scope: rule.card.scope,
            clause: rule.card.clause.clone(),
            basis: rule.card.basis.clone(),
            person_id,
            household_code: household,
            name: text("name").map(Personal::from),
            id_number: text("number").map(Personal::from),
            town: text("town"),
            village: text("village"),
            time_base: rule.card.time_base,
            due_fen: None,
            paid_fen: None,
            gap_fen: None,
            confidence,
            sentence: sentence.into(),
            evidence,
            subject: self.printed(representative),
        };
        Draft { finding, place: (text("town_code"), text("village_code")), key: self.key(about) }
    }

    /// Stable key of a subject, from which finding ids are made: the person's id, the code by which the household was first known; both
    /// are carried over when registries' codes or numbers change.
    pub(crate) fn key(&self, about: About) -> String {
        match about {
            About::Household(at) => {
                let code = self.subjects.households.get(at).map_or("", |household| household.code.expose());
                format!("household:{}", self.input.linked.carried.household(code))
            }
            About::Person(person) => format!("person:{}", self.subjects.people_text("person_id", person).unwrap_or_default()),
        }
    }

    /// The person's id, or the household's code, as findings name it.
    pub(crate) fn subject_id(&self, about: About) -> Option<&str> {
        match about {
            About::Household(at) => self.subjects.households.get(at).map(|household| household.code.expose()),
            About::Person(person) => self.subjects.people_text("person_id", person),
        }
    }

    fn household_code(&self, person: PersonIx) -> Option<Personal> {
        let at = *self.subjects.household_of.get(person.0 as usize)?;
        self.subjects.households.get(at as usize).map(|household| household.code.clone())
    }

    fn printed(&self, person: PersonIx) -> Subject {
        let of = |column: &str| self.first_text(person, None, column).map(str::to_owned);
        let head = self
            .subjects
            .household_of
            .get(person.0 as usize)
            .and_then(|at| self.subjects.households.get(*at as usize))
            .and_then(|household| self.subjects.persons.get(household.head as usize))
            .and_then(|head| self.subjects.people_text("name", *head));
        Subject {
            group: of(GROUP),
            head_name: head.or_else(|| self.first_text(person, None, HEAD_NAME)).map(Personal::from),
            relation: of(RELATION),
        }
    }

    fn first_text(&self, person: PersonIx, registry: Option<&str>, column: &str) -> Option<&'a str> {
        let records = self.subjects.records;
        self.rows.of(person.0 as usize).iter().find_map(|row| {
            let (position, row) = records.locate(RowId(*row))?;
            let records = records.registries.get(position)?;
            if registry.is_some_and(|wanted| records.registry.as_str() != wanted) {
                return None;
            }
            records.text_at(column, row)
        })
    }

    /// The rows of a person.
    pub(crate) fn rows_of(&self, person: PersonIx) -> impl Iterator<Item = RowId> + '_ {
        self.rows.of(person.0 as usize).iter().map(|row| RowId(*row))
    }

    fn cells_of(&self, name: &str, about: About, into: &mut BTreeSet<Cell<'a>>) {
        let Some((fact, column)) = self.fact(name) else { return };
        let at = match (fact.scope, about) {
            (Scope::Household, About::Household(at)) => Some(at),
            (Scope::Household, About::Person(person)) => self.subjects.household_of.get(person.0 as usize).map(|at| *at as usize),
            (_, About::Person(person)) => self.subjects.subject_of.get(person.0 as usize).map(|at| *at as usize),
            // A person fact in a household's rule is reached through the member fact that mentions it.
            (_, About::Household(_)) => None,
        };
        let Some(at) = at else { return };
        match &fact.origin {
            Origin::Sources { sources, .. } => {
                for row in column.rows.as_ref().map_or(&[][..], |rows| rows.of(at)) {
                    let row = RowId(*row);
                    let registry = self.registry_of(row);
                    if let Some(source) = sources.iter().find(|source| Some(&source.registry) == registry) {
                        into.insert((row, source.field.as_deref().unwrap_or(NAME)));
                    }
                }
            }
            Origin::Members { fact: member, take, among } => {
                let Some(household) = self.subjects.households.get(at) else { return };
                let known = self.fact(member).map(|(_, column)| column);
                let among = among.as_ref().map(|among| self.fact(among).map(|(_, column)| column));
                let decided = *take == Take::Any && column.is_true(at);
                for subject in &household.members {
                    let subject = *subject as usize;
                    let counts = among.is_none_or(|among| among.is_some_and(|among| among.is_true(subject)));
                    // Where somebody decides the matter, the others' cells say nothing.
                    let speaks = !decided || known.is_some_and(|known| known.is_true(subject));
                    if let Some(person) = self.subjects.persons.get(subject).filter(|_| counts && speaks) {
                        self.cells_below(member, About::Person(*person), into);
                    }
                }
            }
            Origin::Derived(_) => self.cells_below(name, about, into),
        }
    }

    fn cells_below(&self, name: &str, about: About, into: &mut BTreeSet<Cell<'a>>) {
        match self.fact(name).map(|(fact, _)| &fact.origin) {
            Some(Origin::Derived(expression)) => {
                for column in &expression.columns {
                    self.cells_below(column, about, into);
                }
            }
            Some(_) => self.cells_of(name, about, into),
            None => {}
        }
    }

    fn registry_of(&self, row: RowId) -> Option<&'a RegistryId> {
        let (position, _) = self.subjects.records.locate(row)?;
        self.subjects.records.registries.get(position).map(|records| &records.registry)
    }

    /// Evidence for cells, in row order.
    pub(crate) fn evidence(&self, cells: &BTreeSet<(RowId, &str)>) -> Vec<Evidence> {
        cells.iter().filter_map(|(row, field)| self.cell(*row, field)).collect()
    }

    fn cell(&self, id: RowId, field: &str) -> Option<Evidence> {
        let (position, row) = self.subjects.records.locate(id)?;
        let records = self.subjects.records.registries.get(position)?;
        let (sheet, number) = self.subjects.records.origin(position, row)?;
        // As written or as cleaned, it stands in the same column.
        let written = if field == ID_RAW { ID_NUMBER } else { field };
        Some(Evidence {
            registry: records.registry.clone(),
            file: Some(sheet.name.file.as_str().into()),
            sheet: Some(sheet.name.sheet.as_str().into()),
            row: Some(number),
            column: sheet.header(written).map_or_else(|| self.input.field_title(written), str::to_owned),
            value: self.plain(position, row, field).into(),
        })
    }

    /// A record cell in plain words.
    pub(super) fn plain(&self, position: usize, row: usize, field: &str) -> String {
        use arrow::array::Array;
        let Some(records) = self.subjects.records.registries.get(position) else { return String::new() };
        if let Some(text) = records.text_at(field, row) {
            return text.to_owned();
        }
        let money = self.input.dictionary.fields.get(field).is_some_and(|field| field.kind == FieldKind::Money);
        let int = records.int(field).filter(|array| array.is_valid(row)).map(|array| array.value(row));
        let int32 = records.int32(field).filter(|array| array.is_valid(row)).map(|array| array.value(row).to_string());
        let flag = records.flag(field).filter(|array| array.is_valid(row)).map(|array| yes_no(array.value(row)).to_owned());
        let day = records.date(field).filter(|array| array.is_valid(row)).map(|array| Day(array.value(row)).to_string());
        int.map(|number| if money { Fen(number).to_string() } else { number.to_string() })
            .or(int32)
            .or(flag)
            .or(day)
            .unwrap_or_default()
    }

    fn not_found(&self, registry: &RegistryId) -> Evidence {
        Evidence {
            registry: registry.clone(),
            file: None,
            sheet: None,
            row: None,
            column: self.input.registry_title(registry.as_str()),
            value: NOT_FOUND.into(),
        }
    }

    /// Certain: every link by number and the subject's own number valid. Likely: repaired, or by a heavy weight.
    /// To be checked: lighter, or "not found" of somebody who has no valid number to be found by.
    fn confidence(&self, about: About, rows: impl Iterator<Item = RowId>, in_vain: bool) -> Confidence {
        let least = self.input.policy.settings.likely_probability;
        if self.persons(about).iter().any(|person| self.contested.contains(person)) {
            return Confidence::Check;
        }
        let mut worst = Confidence::Certain;
        let own = self.persons(about).into_iter().flat_map(|person| self.rows_of(person).take(1)).collect::<Vec<_>>();
        for row in rows.chain(own) {
            let Some(link) = self.subjects.linked.links.get(row.0 as usize) else { continue };
            worst = worst.max(match link.status {
                LinkStatus::Id | LinkStatus::Alone => Confidence::Certain,
                LinkStatus::Repaired => Confidence::Likely,
                #[expect(clippy::cast_precision_loss, reason = "basis points are far below 2^24")]
                LinkStatus::Probable if link.probability * 10_000.0 >= least as f32 => Confidence::Likely,
                LinkStatus::Probable => Confidence::Check,
            });
        }
        let known = |person: &PersonIx| self.subjects.number_valid.get(person.0 as usize).copied().unwrap_or(false);
        match (self.persons(about).iter().all(known), in_vain) {
            (true, _) => worst,
            (false, true) => Confidence::Check,
            (false, false) => worst.max(Confidence::Likely),
        }
    }

    fn sentence(&self, rule: &Rule, about: About, at: usize, (due, paid): (Option<i64>, Option<i64>), late: i32) -> String {
        let money = |fen: Option<i64>| fen.map_or_else(|| "（未填）".to_owned(), yuan);
        fill(&rule.sentence, |name| match name {
            "due" => money(due),
            "paid" => money(paid),
            "gap" => money(due.map(|due| due - paid.unwrap_or(0))),
            "late" => late.to_string(),
            "name" => self.subjects.people_text("name", self.representative(about)).unwrap_or("（无姓名）").to_owned(),
            _ => match name.strip_prefix('$') {
                Some(parameter) => self.parameter(parameter),
                None => self.fact_text(name, about, at),
            },
        })
    }

    /// Registries that give these facts, each once, sorted.
    pub(crate) fn registries_of(&self, facts: &[String]) -> Vec<RegistryId> {
        let found: BTreeSet<&RegistryId> =
            facts.iter().flat_map(|fact| self.sources(fact)).map(|source| &source.registry).collect();
        found.into_iter().filter(|id| self.subjects.records.registry(id.as_str()).is_some()).cloned().collect()
    }

    /// What a fact is read from; nothing where it is worked out from others.
    pub(crate) fn sources(&self, fact: &str) -> &'a [Source] {
        match self.fact(fact).map(|(fact, _)| &fact.origin) {
            Some(Origin::Sources { sources, .. }) => sources,
            _ => &[],
        }
    }

    /// A parameter in plain words.
    pub(crate) fn parameter(&self, name: &str) -> String {
        let unit = self.input.policy.parameters.get(name).map_or("", |parameter| parameter.unit.as_str());
        let money = unit.starts_with("fen") || unit == "basis points";
        match self.values.get(name) {
            Some(ParameterValue::Int(fen)) if money => yuan(*fen),
            Some(ParameterValue::Int(number)) => number.to_string(),
            Some(ParameterValue::Text(text)) => text.clone(),
            Some(ParameterValue::Date(day)) => day.to_string(),
            Some(ParameterValue::List(list)) => list.words.join("、"),
            None => String::new(),
        }
    }

    fn fact_text(&self, name: &str, about: About, at: usize) -> String {
        let Some((fact, column)) = self.fact(name) else { return String::new() };
        let at = match (fact.scope, about) {
            (Scope::Household, About::Person(person)) => {
                self.subjects.household_of.get(person.0 as usize).map_or(at, |household| *household as usize)
            }
            _ => at,
        };
        match column.value(at) {
            None => "（未填）".to_owned(),
            Some(FactValue::Bool(value)) => yes_no(value).to_owned(),
            Some(FactValue::Int(number)) if fact.money => yuan(number),
            Some(FactValue::Int(number)) => number.to_string(),
            Some(FactValue::Text(text)) => text.to_owned(),
            Some(FactValue::Date(day)) => day.to_string(),
        }
    }

    /// `低保人员名册（2018-06/低保.xlsx 第 12 行）`.
    pub(crate) fn place_of(&self, row: RowId) -> String {
        let Some((position, at)) = self.subjects.records.locate(row) else { return String::new() };
        let title = self.registry_of(row).map(|id| self.input.registry_title(id.as_str())).unwrap_or_default();
        match self.subjects.records.origin(position, at) {
            Some((sheet, number)) => format!("{title}（{} 第 {number} 行）", sheet.name.file),
            None => title,
        }
    }
}

fn yes_no(value: bool) -> &'static str {
    if value { "是" } else { "否" }
}

/// `Fen(5000)` → `50`, `Fen(29458)` → `294.58`: whole yuan without decimals read better in a sentence.
pub(crate) fn yuan(fen: i64) -> String {
    let text = Fen(fen).to_string();
    text.strip_suffix(".00").map_or_else(|| text.clone(), str::to_owned)
}

/// Replaces `{name}` by what `value` gives for it.
pub(crate) fn fill(template: &str, value: impl Fn(&str) -> String) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        if let Some((name, after)) = after.split_once('}') {
            filled.push_str(&value(name));
            rest = after;
        } else {
            filled.push('{');
            rest = after;
        }
    }
    filled.push_str(rest);
    filled
}
