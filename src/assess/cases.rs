//! Sentence cases: given these rows, the rule says that. They run through the same code as a county's data.
//!
//! Takes a policy and the dictionary; gives the cases whose rule does not say what they expect. In a case, rows are
//! joined by their `person` label; every record column exists; a registry that is not given was not supplied.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray, new_null_array};
use arrow::datatypes::{DataType, Field, Schema};

use super::evaluate::Outcome;
use super::{AssessError, AssessInput, Assessed, Run, assess};
use crate::config::document::Document;
use crate::config::error::Problems;
use crate::config::policy::{Body, BuiltIn, Case, CaseValue, Expect, Policy, SeenKind};
use crate::config::registry::Dictionary;
use crate::model::carried::Carried;
use crate::model::columns::{HOUSEHOLD_CODE, ID_NUMBER, ID_STATE, IdState, NAME, PLACE, TOWN, TOWN_CODE, VILLAGE, VILLAGE_CODE};
use crate::model::date::Day;
use crate::model::exemption::EXEMPTION;
use crate::model::finding::{Confidence, Finding, RuleNote, Scope};
use crate::model::ids::CountyKey;
use crate::model::link::{
    Decided, Link, LinkQuality, LinkStatus, Linked, PEOPLE_COLUMNS, People, PersonIx, ReviewPair, Suspicion,
};
use crate::model::personal::Expose;
use crate::model::raw::SheetName;
use crate::model::record::{RecordSet, RegistryRecords, RowId, SourceSheet};
use crate::model::registry::{Grain, RegistryId};

/// A case whose rule says something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseFailure {
    /// File the case stands in.
    pub file: String,
    /// Where in the file.
    pub span: Range<usize>,
    /// Rule id.
    pub rule: String,
    /// Name of the case.
    pub case: String,
    /// What was expected and what came out, one sentence.
    pub message: String,
}

/// Runs every case of the policy.
#[must_use]
pub fn run(policy: &Policy, dictionary: &Dictionary) -> Vec<CaseFailure> {
    let mut failures = Vec::new();
    for case in &policy.cases {
        let message = match check(policy, dictionary, case) {
            Ok(None) => continue,
            Ok(Some(message)) => message,
            Err(error) => error.to_string(),
        };
        let (file, span) = (case.file.clone(), case.span.clone());
        failures.push(CaseFailure { file, span, rule: case.rule.clone(), case: case.name.clone(), message });
    }
    failures
}

/// The same as mistakes of the policy's files, each under its case.
pub fn verify(policy: &Policy, dictionary: &Dictionary, documents: &[Document]) -> Result<(), Problems> {
    let mut problems = Problems::default();
    for failure in run(policy, dictionary) {
        if let Some(document) = documents.iter().find(|document| document.path == failure.file) {
            let message = format!("用例不成立：{}：{}", failure.case, failure.message);
            problems.add(document, failure.span, message, "");
        }
    }
    problems.into_result(())
}

/// `None` when the rule says what is expected.
fn check(policy: &Policy, dictionary: &Dictionary, case: &Case) -> Result<Option<String>, AssessError> {
    let policy = only(policy, case);
    let given = Given::new(dictionary, case)?;
    let key = CountyKey::new(b"cases".to_vec());
    let input = AssessInput {
        records: &given.records,
        linked: &given.linked,
        policy: &policy,
        dictionary,
        period: case.period,
        as_of: case.period.last_day(),
        key: &key,
        towns: &[],
        villages: &[],
        known: None,
        earlier: None,
        accepted: &[],
        aside: &std::collections::BTreeSet::new(),
        blank_is_absent: false,
    };
    let assessed = assess(&input)?;
    if policy.rule(&case.rule).is_some_and(|rule| matches!(rule.body, Body::Tally(_))) {
        return Ok(check_tally(&policy, case, &assessed));
    }
    let Some(subject) = given.labels.iter().position(|label| *label == case.subject) else {
        return Ok(Some(format!("没有给出“{}”的任何一行", case.subject)));
    };
    let household = given.households.get(subject).cloned().flatten();
    let about = |finding: &&Finding| match finding.scope {
        Scope::Household => finding.household_code.is_some() && finding.household_code.expose() == household.as_deref(),
        _ => finding.person_id.as_deref() == Some(case.subject.as_str()),
    };
    let found = assessed.findings.iter().filter(|finding| finding.rule == case.rule).find(about);
    let built_in = policy.rule(&case.rule).is_some_and(|rule| matches!(rule.body, Body::BuiltIn(_)));
    let said = if found.is_some() {
        Expect::Fires
    } else if built_in {
        Expect::Passes
    } else {
        match outcome(&input, case, subject)? {
            Some(Outcome::Fires) if not_due(&assessed, case) => Expect::NotApplicable,
            Some(Outcome::Fires) => Expect::Held,
            Some(Outcome::Passes) => Expect::Passes,
            Some(Outcome::Unknown) => Expect::Unknown,
            Some(Outcome::NotApplicable | Outcome::Exempt) => Expect::NotApplicable,
            None => {
                let notes = assessed.notes.iter().filter(|note| note.rule == case.rule && note.held);
                let note = notes.map(|note| note.note.as_str()).collect::<Vec<_>>().join("；");
                if !note.starts_with("本期不适用") {
                    return Ok(Some(format!("没有评估：{note}")));
                }
                Expect::NotApplicable
            }
        }
    };
    if said != case.expect {
        return Ok(Some(format!("应为“{}”，实为“{}”", plain(case.expect), plain(said))));
    }
    let confidence = found.map(|finding| finding.confidence);
    if case.confidence.is_some() && confidence != case.confidence {
        let plain = |tier: Option<Confidence>| tier.map_or("没有列出", Confidence::plain);
        return Ok(Some(format!("应为“{}”，实为“{}”", plain(case.confidence), plain(confidence))));
    }
    let due = found.and_then(|finding| finding.due_fen);
    if case.due_fen.is_some() && due != case.due_fen {
        return Ok(Some(format!("应发应为 {:?} 分，实为 {due:?} 分", case.due_fen)));
    }
    Ok(None)
}

/// Whether the day by which the rule's matter is to be done is still to come.
fn not_due(assessed: &Assessed, case: &Case) -> bool {
    assessed.notes.iter().any(|note| note.rule == case.rule && note.note.starts_with("期限"))
}

/// A tally's subject is a place: the county, or the name of a town or village.
fn check_tally(policy: &Policy, case: &Case, assessed: &Assessed) -> Option<String> {
    let found = assessed.findings.iter().any(|finding| {
        let unit = finding.village.as_deref().or(finding.town.as_deref()).unwrap_or(&policy.county);
        finding.rule == case.rule && unit == case.subject
    });
    let of_rule = |note: &&RuleNote| note.rule == case.rule;
    let said = match assessed.notes.iter().find(of_rule) {
        _ if found => Expect::Fires,
        // Which way it goes hangs on cells that are empty.
        Some(note) if note.note.starts_with(super::tally::UNDECIDED) => Expect::Unknown,
        Some(note) if note.held && !note.note.starts_with("本期不适用") => return Some(format!("没有评估：{}", note.note)),
        // Not in force, or not due yet.
        Some(_) => Expect::NotApplicable,
        None => Expect::Passes,
    };
    (said != case.expect).then(|| format!("应为“{}”，实为“{}”", plain(case.expect), plain(said)))
}

fn plain(expect: Expect) -> &'static str {
    match expect {
        Expect::Fires => "列出",
        Expect::Passes => "通过",
        Expect::NotApplicable => "不适用",
        Expect::Unknown => "无法判断",
        Expect::Held => "暂缓",
    }
}

/// The policy as the folder or the case reads it, with the case's rule alone (and the review rule, which holds accusations back), and no judging of
/// completeness, for which a handful of rows is no basis.
pub(super) fn only(policy: &Policy, case: &Case) -> Policy {
    let mut policy = policy.clone();
    for reading in policy.readings.clone() {
        policy.choose(&reading.id, &reading.by_folder);
    }
    for (reading, choice) in &case.readings {
        policy.choose(reading, choice);
    }
    policy.rules.retain(|rule| rule.card.id == case.rule || rule.body == Body::BuiltIn(BuiltIn::NeedsReview));
    let mentions: Vec<String> = policy
        .rules
        .iter()
        .flat_map(|rule| match &rule.body {
            Body::Condition(condition) => [&condition.mentions[..], &condition.searched[..], &condition.aside[..]],
            Body::Tally(tally) => [&tally.mentions[..], &[], &[]],
            Body::BuiltIn(_) => [&[][..], &[], &[]],
        })
        .flatten()
        .cloned()
        .collect();
    policy.facts.retain(|fact| mentions.contains(&fact.name));
    policy.settings.completeness_least = i64::MAX;
    policy.settings.implausible_least = i64::MAX;
    // A case is about a handful of people, of whom all may be concerned.
    policy.settings.plausible_share = 10_000;
    for rule in &mut policy.rules {
        if let Body::Condition(condition) = &mut rule.body {
            condition.plausible = None;
        }
    }
    policy
}

fn outcome(input: &AssessInput<'_>, case: &Case, subject: usize) -> Result<Option<Outcome>, AssessError> {
    let (run, subjects) = Run::evaluate(input)?;
    let Some(evaluated) = run.evaluated.iter().find(|evaluated| evaluated.rule.card.id == case.rule) else {
        return Ok(None);
    };
    let at = match evaluated.rule.card.scope {
        Scope::Household => subjects.household_of.get(subject),
        _ => subjects.subject_of.get(subject),
    };
    // Somebody whom the rule does not even see is outside its population.
    Ok(Some(at.map_or(Outcome::NotApplicable, |at| evaluated.outcome(*at as usize))))
}

/// A case's rows as records and links.
pub(super) struct Given {
    pub(super) records: RecordSet,
    pub(super) linked: Linked,
    pub(super) labels: Vec<String>,
    pub(super) households: Vec<Option<String>>,
}

type Row = BTreeMap<String, CaseValue>;

impl Given {
    pub(super) fn new(dictionary: &Dictionary, case: &Case) -> Result<Self, AssessError> {
        let mut tables: Vec<_> = case.given.iter().collect();
        // The spine starts with the poverty registry, as in every pipeline.
        tables.sort_by_key(|(registry, _)| (registry.as_str() != super::subjects::POVERTY, registry.clone()));
        let mut given = Self {
            records: RecordSet::default(),
            linked: Linked {
                links: Vec::new(),
                people: People(RecordBatch::new_empty(Arc::new(Schema::empty()))),
                review: Vec::new(),
                suspicions: Vec::new(),
                quality: LinkQuality::default(),
                decided: Decided::default(),
                carried: Carried::default(),
            },
            labels: Vec::new(),
            households: Vec::new(),
        };
        let mut first_rows: Vec<Row> = Vec::new();
        let mut seen: Vec<u32> = Vec::new();
        for (sheet, (registry, rows)) in tables.iter().enumerate() {
            let mut filled = Vec::with_capacity(rows.len());
            for row in rows {
                let row = given.person(registry, row, &mut first_rows, &mut seen);
                filled.push(row);
            }
            let name = SheetName { file: format!("{registry}.xlsx"), sheet: String::new() };
            let lacks = case.lacks.iter().find(|lacking| lacking.0 == *registry).map(|(_, columns)| columns);
            let has = |column: &&String| lacks.is_some_and(|lacks| !lacks.contains(*column));
            let headers = dictionary.fields.keys().filter(has).map(|column| (column.clone(), column.clone())).collect();
            given.records.sources.push(SourceSheet { name, headers, ..SourceSheet::default() });
            given.records.registries.push(RegistryRecords {
                registry: (*registry).clone(),
                grain: dictionary.registry(registry.as_str()).map_or(Grain::Person, |definition| definition.grain),
                batch: batch(dictionary, &filled)?,
                sheets: vec![super::subjects::index(sheet); filled.len()],
                rows: (2..).take(filled.len()).collect(),
            });
        }
        for link in &mut given.linked.links {
            if seen.get(link.person.0 as usize) == Some(&1) {
                link.status = LinkStatus::Alone;
            }
        }
        given.linked.people = People(people(&given.labels, &first_rows)?);
        if let Some(seen) = &case.seen {
            let row = |(registry, number): &(String, usize)| {
                let (position, _) = given.records.registry(registry)?;
                let number = super::subjects::index(number.saturating_sub(1));
                Some(RowId(given.records.offset(position) + number))
            };
            if let (Some(left), Some(right)) = (row(&seen.left), row(&seen.right)) {
                given.see(seen.kind, left, right, seen.suggestion.clone().unwrap_or_default());
            }
        }
        Ok(given)
    }

    /// The row with name, number and place filled in where the case is silent, and its link.
    fn person(&mut self, registry: &RegistryId, row: &Row, first_rows: &mut Vec<Row>, seen: &mut Vec<u32>) -> Row {
        // A row of the exemption list that names no person is about a household, or about nobody.
        let of_nobody = registry.as_str() == EXEMPTION && !row.contains_key("person");
        let label = match row.get("person") {
            Some(CaseValue::Text(label)) => label.clone(),
            _ => format!("无名{}", self.linked.links.len()),
        };
        let text = |text: &str| CaseValue::Text(text.to_owned());
        let at = self.labels.iter().position(|known| *known == label).unwrap_or(self.labels.len());
        let mut row = row.clone();
        row.remove("person");
        if !of_nobody {
            row.entry(NAME.to_owned()).or_insert_with(|| text(&label));
        }
        if !of_nobody && !row.contains_key(ID_NUMBER) && !row.contains_key(ID_STATE) {
            row.insert(ID_NUMBER.to_owned(), CaseValue::Text(format!("52032419800101{at:04}")));
            row.insert(ID_STATE.to_owned(), text(IdState::Valid.as_str()));
        }
        for (column, value) in [(TOWN, "示例镇"), (TOWN_CODE, "520324101"), (VILLAGE, "示例村"), (VILLAGE_CODE, "520324101201")]
        {
            row.entry(column.to_owned()).or_insert_with(|| text(value));
        }
        if at == self.labels.len() {
            self.labels.push(label);
            let household = match row.get(HOUSEHOLD_CODE) {
                Some(CaseValue::Text(code)) => Some(code.clone()),
                _ => None,
            };
            self.households.push(household);
            first_rows.push(row.clone());
            seen.push(0);
        }
        seen[at] += 1;
        let person = PersonIx(super::subjects::index(at));
        self.linked.links.push(Link { person, status: LinkStatus::Id, weight: 0.0, probability: 1.0 });
        row
    }

    fn see(&mut self, kind: SeenKind, left: RowId, right: RowId, suggestion: String) {
        match kind {
            SeenKind::NumberTwoNames => self.linked.suspicions.push(Suspicion::NumberTwoNames { left, right }),
            SeenKind::Duplicate => self.linked.suspicions.push(Suspicion::Duplicate { first: left, again: right }),
            SeenKind::Damaged => {
                self.linked.suspicions.push(Suspicion::Damaged { row: left, suggestion: suggestion.into(), source: right });
            }
            SeenKind::Review => self.linked.review.push(ReviewPair {
                left,
                right,
                weight: 1.0,
                probability: 0.6,
                parts: Vec::new(),
                reason: "weak".to_owned(),
            }),
        }
    }
}

fn people(labels: &[String], first_rows: &[Row]) -> Result<RecordBatch, AssessError> {
    let mut fields = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for column in PEOPLE_COLUMNS {
        let record_column = match column {
            "number" => ID_NUMBER,
            "household" => HOUSEHOLD_CODE,
            other => other,
        };
        let (kind, array) = match column {
            "person_id" => (DataType::Utf8, Arc::new(StringArray::from(labels.to_vec())) as ArrayRef),
            "birth" => (DataType::Date32, column_of(&DataType::Date32, "birth", first_rows)),
            _ => (DataType::Utf8, column_of(&DataType::Utf8, record_column, first_rows)),
        };
        fields.push(Field::new(column, kind, true));
        columns.push(array);
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

fn batch(dictionary: &Dictionary, rows: &[Row]) -> Result<RecordBatch, AssessError> {
    let mut fields: Vec<Field> = dictionary.fields.values().flat_map(|field| field.kind.columns(&field.name)).collect();
    fields.extend(PLACE.iter().map(|name| Field::new(*name, DataType::Utf8, true)));
    let columns = fields.iter().map(|field| column_of(field.data_type(), field.name(), rows)).collect();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

fn column_of(kind: &DataType, name: &str, rows: &[Row]) -> ArrayRef {
    let cells = rows.iter().map(|row| row.get(name));
    let int = |cell: Option<&CaseValue>| if let Some(CaseValue::Int(number)) = cell { Some(*number) } else { None };
    let text = |cell: Option<&CaseValue>| if let Some(CaseValue::Text(text)) = cell { Some(text.clone()) } else { None };
    match kind {
        DataType::Boolean => {
            let values = cells.map(|cell| if let Some(CaseValue::Bool(value)) = cell { Some(*value) } else { None });
            Arc::new(values.collect::<BooleanArray>())
        }
        DataType::Int64 => Arc::new(cells.map(int).collect::<Int64Array>()),
        DataType::Int32 => Arc::new(cells.map(int).map(|number| i32::try_from(number?).ok()).collect::<Int32Array>()),
        DataType::Date32 => {
            let days = cells.map(text).map(|day| day?.parse::<Day>().ok().map(|day| day.0));
            Arc::new(days.collect::<Date32Array>())
        }
        DataType::Utf8 => Arc::new(cells.map(text).collect::<StringArray>()),
        other => new_null_array(other, rows.len()),
    }
}
