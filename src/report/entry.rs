//! Rows of printed lists: one finding, or all findings of one household or person.
//!
//! Takes findings, gives [`Entry`]s in print order (town, village, household, head first), and what an entry shows in each
//! column. Every finding is in exactly one entry. Linear, but for the sort.

use std::collections::{BTreeMap, HashMap, HashSet};

use unicode_normalization::UnicodeNormalization;

use crate::config::layout::{Column, ListField};
use crate::config::registry::Dictionary;
use crate::model::date::{Day, Month};
use crate::model::finding::{Confidence, Evidence, Finding, Scope, TimeBase};
use crate::model::masking::{Audience, Row, is_number_header};
use crate::model::money::Fen;
use crate::model::personal::{Expose, Personal};
use crate::model::rule::RuleCard;
use crate::model::standing::{Answer, Standing, State};

use super::ReportInput;
use super::sheet::Value;
use super::tally::told;

/// Where findings stand, by finding id; empty where there is no ledger.
pub(super) type Histories<'a> = BTreeMap<&'a str, &'a Standing>;

/// One row of a list; `findings` is never empty.
#[derive(Clone, Debug)]
pub(super) struct Entry<'a> {
    /// All about the same household or the same person.
    pub(super) findings: Vec<&'a Finding>,
}

/// Absent values last.
fn last<T>(value: Option<T>) -> (bool, Option<T>) {
    (value.is_none(), value)
}

/// Town, village, household, then the household itself, its head, its members.
fn order(finding: &Finding) -> impl Ord + '_ {
    let place = (last(finding.town.as_deref()), last(finding.village.as_deref()), last(finding.household_code.as_ref()));
    let rank = match (finding.scope, finding.subject.relation.as_deref()) {
        (Scope::Unit, _) => 0,
        (Scope::Household, _) => 1,
        (Scope::Person, Some("户主")) => 2,
        (Scope::Person, _) => 3,
    };
    (place, rank, finding.name.as_ref(), finding.person_id.as_deref())
}

/// Whom a finding is about; findings with equal subjects share a row of a village list.
fn subject(finding: &Finding) -> (Scope, &str) {
    let key = match finding.scope {
        Scope::Person => finding.person_id.as_deref(),
        Scope::Household => finding.household_code.expose(),
        Scope::Unit => None,
    };
    (finding.scope, key.unwrap_or(&finding.finding_id))
}

/// One entry per finding, in print order.
pub(super) fn one_each<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Vec<Entry<'a>> {
    let mut entries: Vec<Entry<'_>> = findings.into_iter().map(|finding| Entry { findings: vec![finding] }).collect();
    entries.sort_by(|a, b| {
        let (a, b) = (a.findings[0], b.findings[0]);
        order(a).cmp(&order(b)).then_with(|| a.finding_id.cmp(&b.finding_id))
    });
    entries
}

/// One entry per household and per person, in print order; findings within one keep the order they came in.
pub(super) fn by_subject<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Vec<Entry<'a>> {
    let mut subjects: BTreeMap<(Scope, &str), Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        subjects.entry(subject(finding)).or_default().push(finding);
    }
    let mut entries: Vec<Entry<'_>> = subjects.into_values().map(|findings| Entry { findings }).collect();
    // The map's own order (subject key) is the tie-break of this stable sort.
    entries.sort_by(|a, b| order(a.findings[0]).cmp(&order(b.findings[0])));
    entries
}

/// Entries as a ledger wants them asked: households with something new or reopened first, the others after them, households together.
pub(super) fn new_first<'a>(mut entries: Vec<Entry<'a>>, standings: &Histories<'_>) -> Vec<Entry<'a>> {
    let rank = |entry: &Entry<'_>| {
        let states = entry.findings.iter().filter_map(|finding| standings.get(finding.finding_id.as_str()));
        states.map(|standing| !matches!(standing.state, State::New | State::Reopened(_))).min().unwrap_or(true)
    };
    let mut households: BTreeMap<&Personal, bool> = BTreeMap::new();
    let household = |entry: &Entry<'a>| entry.findings[0].household_code.as_ref();
    for entry in &entries {
        if let Some(code) = household(entry) {
            let known = households.entry(code).or_insert(true);
            *known = *known && rank(entry);
        }
    }
    entries.sort_by_cached_key(|entry| {
        household(entry).and_then(|code| households.get(code).copied()).unwrap_or_else(|| rank(entry))
    });
    entries
}

/// What lists need to know beyond the findings.
#[derive(Debug)]
pub(super) struct View<'a> {
    period: Month,
    dictionary: &'a Dictionary,
    cards: BTreeMap<&'a str, &'a RuleCard>,
    sheet_dates: BTreeMap<(&'a str, &'a str), Day>,
    registry_dates: BTreeMap<&'a str, Day>,
    standings: &'a Histories<'a>,
    proposed: &'a BTreeMap<String, Personal>,
    as_of: Day,
    audience: Audience,
}

impl<'a> View<'a> {
    pub(super) fn new(input: &ReportInput<'a>, standings: &'a Histories<'a>, audience: Audience) -> Self {
        let &ReportInput { period, dictionary, cards, intake, proposed, as_of, .. } = input;
        let mut sheet_dates = BTreeMap::new();
        let mut registry_dates = BTreeMap::new();
        for (file, sheet) in intake.iter().flat_map(|file| file.sheets.iter().map(move |sheet| (file, sheet))) {
            let (Some(registry), Some(date)) = (&sheet.registry, sheet.data_date) else { continue };
            sheet_dates.insert((file.path.as_str(), sheet.sheet.as_str()), date);
            let newest = registry_dates.entry(registry.as_str()).or_insert(date);
            *newest = date.max(*newest);
        }
        let cards = cards.iter().map(|card| (card.id.as_str(), card)).collect();
        Self { period, dictionary, cards, sheet_dates, registry_dates, standings, proposed, as_of, audience }
    }

    /// What stands together in the entry's row.
    fn row(&self, entry: &Entry<'_>) -> Row {
        let mut row = self.audience.row(self.as_of);
        if self.audience.sees_numbers() {
            return row;
        }
        for finding in &entry.findings {
            finding.id_number.iter().for_each(|number| row.knows_number(number.expose()));
            finding.name.iter().chain(&finding.subject.head_name).for_each(|name| row.knows_name(name.expose()));
            finding.evidence.iter().for_each(|cell| row.knows_cell(&cell.column, cell.value.expose()));
        }
        row
    }

    /// The rule's title, or its id where the policy does not know it.
    fn title(&self, rule: &'a str) -> &'a str {
        self.cards.get(rule).map_or(rule, |card| card.title.as_str())
    }

    fn registry(&self, evidence: &'a Evidence) -> &'a str {
        let id = evidence.registry.as_str();
        self.dictionary.registry(id).map_or(id, |definition| definition.title.as_str())
    }

    /// The data date of the sheet that was read; `None` for a registry searched in vain.
    fn date(&self, evidence: &Evidence) -> Option<Day> {
        let sheet = (evidence.file.expose()?, evidence.sheet.expose().unwrap_or(""));
        self.sheet_dates.get(&sheet).copied()
    }

    /// What `entry`, the `serial`-th of its list, shows in `column`; `parts` is the highest part in the list's layout.
    pub(super) fn value(&self, entry: &Entry<'a>, serial: i64, column: &Column<ListField>, parts: usize) -> Value {
        let finding = entry.findings[0];
        let optional = |text: &Option<String>| text.as_ref().map_or(Value::Blank, |text| Value::Text(self.row(entry).text(text)));
        let named = |name: &Option<Personal>| name.expose().map_or(Value::Blank, |name| Value::Text(self.audience.name(name)));
        match column.source {
            ListField::Serial => Value::Count(serial),
            ListField::FindingIds => Value::Text(joined(entry.findings.iter().map(|f| f.finding_id.clone()), "\n")),
            ListField::Town => optional(&finding.town),
            ListField::Village => optional(&finding.village),
            ListField::Group => optional(&finding.subject.group),
            ListField::HouseholdCode => {
                finding.household_code.expose().map_or(Value::Blank, |code| Value::Text(self.audience.code(code)))
            }
            ListField::HeadName => named(&finding.subject.head_name),
            ListField::Name => named(&finding.name),
            ListField::IdNumber => finding.id_number.expose().map_or(Value::Blank, |n| Value::Text(self.audience.number(n))),
            ListField::Relation if finding.scope == Scope::Household => Value::Text("整户".to_owned()),
            ListField::Relation => optional(&finding.subject.relation),
            ListField::Rules => Value::Text(joined(entry.findings.iter().map(|f| self.title(&f.rule).to_owned()), "；\n")),
            ListField::Clauses => Value::Text(joined(entry.findings.iter().map(|f| f.ground().to_owned()), "\n")),
            ListField::Sentences => Value::Text(self.sentences(entry)),
            ListField::Evidence => self.evidence(entry, column.part, parts, false),
            ListField::EvidenceFull => self.evidence(entry, column.part, parts, true),
            ListField::Place => self.parts(entry, column.part, parts, |rows| self.place(rows[0])),
            ListField::Content => {
                let row = self.row(entry);
                self.parts(entry, column.part, parts, |rows| self.content(rows, &row))
            }
            ListField::Number => self.parts(entry, column.part, parts, |rows| self.number(rows)),
            ListField::DoubtfulNumber => self.sided(entry, false, |rows| self.number(rows)),
            ListField::DoubtfulPlace => self.sided(entry, false, |rows| self.place(rows[0])),
            ListField::ConfirmedNumber => self.sided(entry, true, |rows| self.number(rows)),
            ListField::ConfirmedPlace => self.sided(entry, true, |rows| self.place(rows[0])),
            ListField::DataDate => self.data_date(entry).map_or(Value::Blank, Value::Day),
            ListField::Confidence => {
                let weakest = entry.findings.iter().map(|f| f.confidence).max().unwrap_or(Confidence::Check);
                Value::Text(weakest.plain().to_owned())
            }
            ListField::State => self.told(entry, |standing| Some(told_state(standing).into())),
            ListField::LastAnswer => {
                self.told(entry, |standing| standing.answer.as_ref().map(|answer| told_answer(answer, self.audience)))
            }
            ListField::Proposed => match finding.person_id.as_ref().and_then(|person| self.proposed.get(person)) {
                Some(told) => Value::Text(self.row(entry).text(told.expose())),
                None => Value::Blank,
            },
            ListField::Due => money(entry, |finding| finding.due_fen),
            ListField::Paid => money(entry, |finding| finding.paid_fen),
            ListField::Gap => money(entry, |finding| finding.gap_fen),
            ListField::RowKey => {
                let ids = joined(entry.findings.iter().map(|f| f.finding_id.clone()), ";");
                Value::Text(format!("{ids}@{}", self.period))
            }
            ListField::Blank => Value::Blank,
        }
    }

    /// What histories say of an entry: once where it is the same for all its findings, else numbered like the sentences.
    fn told(&self, entry: &Entry<'_>, say: impl Fn(&Standing) -> Option<Personal>) -> Value {
        let said = entry.findings.iter().map(|finding| self.standings.get(finding.finding_id.as_str()).and_then(|s| say(s)));
        let said: Vec<Option<Personal>> = said.collect();
        let text = match said.first() {
            Some(first) if said.iter().all(|other| other == first) => first.expose().unwrap_or_default().to_owned(),
            _ => {
                let numbered = said.iter().enumerate();
                joined(numbered.filter_map(|(at, text)| text.expose().map(|text| format!("{}．{text}", at + 1))), "；\n")
            }
        };
        if text.is_empty() { Value::Blank } else { Value::Text(self.row(entry).text(&text)) }
    }

    fn sentences(&self, entry: &Entry<'_>) -> String {
        let row = self.row(entry);
        if let [finding] = entry.findings[..] {
            return row.text(finding.sentence.expose());
        }
        let numbered = entry.findings.iter().enumerate().map(|(index, finding)| {
            let sentence = row.text(finding.sentence.expose());
            let sentence = sentence.trim_end_matches('。');
            format!("{}．{sentence}（{}）", index + 1, finding.confidence.plain())
        });
        joined(numbered, "；\n")
    }

    /// The cells an entry rests on, by source row in order of appearance; a registry searched in vain is a row of its own.
    fn source_rows(entry: &Entry<'a>) -> Vec<Vec<&'a Evidence>> {
        let mut rows: Vec<Vec<&Evidence>> = Vec::new();
        let mut places = HashMap::new();
        for evidence in entry.findings.iter().flat_map(|finding| &finding.evidence) {
            let place = (evidence.registry.as_str(), &evidence.file, &evidence.sheet, evidence.row);
            let at = *places.entry(place).or_insert(rows.len());
            match rows.get_mut(at) {
                Some(row) if row.contains(&evidence) => {}
                Some(row) => row.push(evidence),
                None => rows.push(vec![evidence]),
            }
        }
        rows
    }

    fn parts(&self, entry: &Entry<'a>, part: usize, parts: usize, show: impl Fn(&[&'a Evidence]) -> String) -> Value {
        let taken = if part >= parts { usize::MAX } else { 1 };
        let rows = Self::source_rows(entry);
        let shown = rows.iter().skip(part - 1).take(taken).map(|row| show(row)).filter(|text| !text.is_empty());
        match joined(shown, "；\n") {
            text if text.is_empty() => Value::Blank,
            text => Value::Text(self.audience.text(&text)),
        }
    }

    /// The source rows whose number is the person's own (`confirmed`), or those where it is another. Which of them was read
    /// first says nothing: evidence comes in the order of registries.
    fn sided(&self, entry: &Entry<'a>, confirmed: bool, show: impl Fn(&[&'a Evidence]) -> String) -> Value {
        let own = entry.findings[0].id_number.expose().map(folded);
        let mut rows = Self::source_rows(entry);
        rows.retain(|row| {
            let numbers = row.iter().filter(|evidence| is_number_header(&evidence.column));
            let agrees = numbers.map(|evidence| folded(evidence.value.expose())).any(|number| Some(&number) == own.as_ref());
            agrees == confirmed
        });
        match joined(rows.iter().map(|row| show(row)).filter(|text| !text.is_empty()), "；\n") {
            text if text.is_empty() => Value::Blank,
            text => Value::Text(self.audience.text(&text)),
        }
    }

    /// `扶贫人口名册第12行`, with file and sheet.
    fn place(&self, evidence: &'a Evidence) -> String {
        let source = self.source(evidence, true);
        evidence.row.map_or(source.clone(), |row| format!("{source}第{row}行"))
    }

    /// `扶贫人口名册`, with file and sheet if `full`.
    fn source(&self, evidence: &'a Evidence, full: bool) -> String {
        let registry = self.registry(evidence);
        match (evidence.file.expose(), evidence.sheet.expose().filter(|sheet| !sheet.is_empty())) {
            (Some(file), Some(sheet)) if full => format!("{registry}（{file}，{sheet}）"),
            (Some(file), None) if full => format!("{registry}（{file}）"),
            _ => registry.to_owned(),
        }
    }

    fn content(&self, rows: &[&'a Evidence], of: &Row) -> String {
        joined(
            rows.iter().map(|evidence| match evidence.row {
                // Where the registry's own title is what was searched, the place has said it.
                None if evidence.column.is_empty() || evidence.column == self.registry(evidence) => {
                    evidence.value.expose().to_owned()
                }
                None => format!("{}（{}）", evidence.value.expose(), evidence.column),
                Some(_) => of.said(&evidence.column, evidence.value.expose()),
            }),
            "，",
        )
    }

    /// Where each thing was read and what stood there; neighbouring rows of one sheet that say the same are told together:
    /// `扶贫人口名册第5、6、7行：贫困户属性=一般贫困户`.
    fn evidence(&self, entry: &Entry<'a>, part: usize, parts: usize, full: bool) -> Value {
        let mut told: Vec<(&Evidence, Vec<u32>, String)> = Vec::new();
        let row = self.row(entry);
        for rows in Self::source_rows(entry) {
            let (first, content) = (rows[0], self.content(&rows, &row));
            match (told.last_mut(), first.row) {
                (Some((other, lines, same)), Some(line))
                    if (&other.registry, &other.file, &other.sheet) == (&first.registry, &first.file, &first.sheet)
                        && *same == content
                        && !lines.is_empty() =>
                {
                    lines.push(line);
                }
                (_, line) => told.push((first, line.into_iter().collect(), content)),
            }
        }
        let taken = if part >= parts { usize::MAX } else { 1 };
        let shown = told.iter().skip(part - 1).take(taken).map(|(first, lines, content)| {
            let lines: Vec<String> = lines.iter().map(u32::to_string).collect();
            let lines = if lines.is_empty() { String::new() } else { format!("第{}行", lines.join("、")) };
            format!("{}{lines}：{content}", self.source(first, full))
        });
        match joined(shown, "；\n") {
            text if text.is_empty() => Value::Blank,
            text => Value::Text(self.audience.text(&text)),
        }
    }

    fn number(&self, rows: &[&Evidence]) -> String {
        let numbers = rows.iter().filter(|evidence| evidence.row.is_some() && is_number_header(&evidence.column));
        joined(numbers.map(|evidence| self.audience.number(evidence.value.expose())), "\n")
    }

    /// A conclusion is as old as the oldest data it rests on.
    fn data_date(&self, entry: &Entry<'_>) -> Option<Day> {
        let evidence = entry.findings.iter().flat_map(|finding| &finding.evidence);
        evidence
            .filter_map(|evidence| self.date(evidence).or_else(|| self.registry_dates.get(evidence.registry.as_str()).copied()))
            .min()
    }
}

/// Where a finding stands, with the reason or the number of months.
pub(super) fn told_state(standing: &Standing) -> String {
    let state = standing.state.plain();
    match standing.state {
        State::Reopened(why) => format!("{state}：{}", why.plain()),
        State::Suspended(why) => why.plain().to_owned(),
        State::Exempt(Some(until)) => format!("{state}至 {until}"),
        State::Persisting | State::Confirmed | State::Disputed if standing.months > 1 => {
            format!("{state}（第 {} 个月）", standing.months)
        }
        _ => state.to_owned(),
    }
}

/// An answer with the list it was given to, as far as `audience` may know it.
pub(super) fn told_answer(answer: &Answer, audience: Audience) -> Personal {
    let said = if audience.is_public() { answer.decided().into() } else { answer.plain() };
    format!("{} 清单：{}", answer.list, said.expose()).into()
}

fn money(entry: &Entry<'_>, amount: impl Fn(&Finding) -> Option<i64>) -> Value {
    let mut by_base: BTreeMap<TimeBase, i64> = BTreeMap::new();
    for finding in &entry.findings {
        if let Some(fen) = amount(finding) {
            *by_base.entry(finding.time_base.unwrap_or(TimeBase::Month)).or_default() += fen;
        }
    }
    match by_base.iter().next() {
        // The sentence beside it says what one amount is for.
        Some((_, fen)) if by_base.len() == 1 => Value::Money(Fen(*fen)),
        _ => told(&by_base),
    }
}

/// A number without what differs only in writing: width, case, spaces, marks.
fn folded(number: &str) -> String {
    number.nfkc().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// Distinct texts in order of appearance.
fn joined(texts: impl Iterator<Item = String>, separator: &str) -> String {
    let mut known = HashSet::new();
    let distinct: Vec<String> = texts.filter(|text| known.insert(text.clone())).collect();
    distinct.join(separator)
}
