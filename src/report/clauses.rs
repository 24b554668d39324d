//! `政策落实对照表`: one row per promise of the document — how it was checked, on which lists, for how many, with what result, or why
//! it could not be.
//!
//! Takes the whole [`ReportInput`], gives the workbook's bytes and its number of rows.

use std::collections::BTreeSet;

use rust_xlsxwriter::XlsxError;

use crate::config::layout::{ClauseBook, ClauseField, Style};
use crate::model::date::Day;
use crate::model::finding::{Finding, Rate, RuleNote};
use crate::model::rule::{Class, Clause};

use super::caption::Caption;
use super::lists::new_workbook;
use super::sheet::{Page, Value};
use super::tally::Money;
use super::{ReportInput, card, left};

/// The workbook, and the number of promises in it.
pub(super) fn write(
    input: &ReportInput<'_>,
    layout: &ClauseBook,
    style: &Style,
    caption: &Caption,
) -> Result<(Vec<u8>, u64), XlsxError> {
    let mut workbook = new_workbook(&caption.fill(&layout.table.title), input.as_of)?;
    let lines: Vec<Line<'_>> = input.clauses.iter().map(|clause| Line::new(input, clause)).collect();
    let sheet = workbook.add_worksheet().set_name(&layout.table.sheet)?;
    let mut page = Page::new(sheet, style, caption, &layout.table)?;
    page.table(&layout.table, None, lines.len(), |row, column| lines[row].value(input, row, column.source))?;
    page.signature(&layout.table.signature)?;
    page.finish()?;
    Ok((workbook.save_to_buffer()?, lines.len() as u64))
}

/// A promise with what was found.
struct Line<'a> {
    clause: &'a Clause,
    findings: Vec<&'a Finding>,
    /// Largest population of its rules: the rules of a promise ask mostly the same people.
    population: Option<i64>,
    rates: Vec<&'a Rate>,
    /// Why rules were not evaluated, or what is to be remembered.
    notes: Vec<String>,
    /// Number of its rules that were not evaluated.
    held: usize,
}

impl<'a> Line<'a> {
    fn new(input: &ReportInput<'a>, clause: &'a Clause) -> Self {
        let own = |rule: &str| clause.rules.iter().any(|own| own == rule);
        let mut notes = Vec::new();
        let mut held = 0;
        for rule in &clause.rules {
            let whole = input.notes.iter().find(|note| note.rule == *rule && note.town.is_none() && note.held);
            held += usize::from(whole.is_some());
            let told = |note: &&RuleNote| note.town.is_none() || !note.held && note.short.is_none();
            for note in input.notes.iter().filter(|note| note.rule == *rule).filter(told) {
                let title = card(input.cards, rule).map_or(rule.as_str(), |card| card.title.as_str());
                let told = match &note.town {
                    Some(town) => format!("{title}（{town}）：{}", note.note),
                    None => format!("{title}：{}", note.note),
                };
                notes.push(told);
            }
        }
        let populations = input.populations.iter().filter(|(rule, _)| own(rule)).map(|(_, count)| *count);
        let county = |rate: &&Rate| own(&rate.rule) && !rate.unit.contains('/');
        Self {
            clause,
            findings: input.findings.iter().filter(|finding| own(&finding.rule)).collect(),
            population: populations.max(),
            rates: input.rates.iter().filter(county).collect(),
            notes,
            held,
        }
    }

    fn state(&self) -> &'static str {
        match (self.clause.class, self.held) {
            (Class::Unchecked, _) => "不能用数据核",
            (_, 0) => "已核",
            (_, held) if held == self.clause.rules.len() => "未核",
            _ => "部分已核",
        }
    }

    fn value(&self, input: &ReportInput<'_>, row: usize, field: ClauseField) -> Value {
        let text = |text: String| if text.is_empty() { Value::Blank } else { Value::Text(text) };
        let money = || self.findings.iter().copied().collect::<Money>();
        match field {
            ClauseField::Serial => Value::Count(i64::try_from(row + 1).unwrap_or(i64::MAX)),
            ClauseField::Clause => text(self.clause.id.clone()),
            ClauseField::Promise => text(self.clause.promise.clone()),
            ClauseField::Class => text(self.clause.class.plain().to_owned()),
            ClauseField::Lead => text(self.clause.lead.clone()),
            ClauseField::How => {
                let titles =
                    self.clause.rules.iter().map(|rule| card(input.cards, rule).map_or(rule.as_str(), |c| c.title.as_str()));
                text(titles.collect::<Vec<_>>().join("；\n"))
            }
            ClauseField::Registries => {
                let titles = self.clause.registries.iter().map(|id| {
                    let title = input.dictionary.registry(id.as_str()).map_or(id.as_str(), |registry| registry.title.as_str());
                    let there =
                        input.intake.iter().flat_map(|file| &file.sheets).any(|sheet| sheet.registry.as_ref() == Some(id));
                    if there { title.to_owned() } else { format!("{title}（本期没有）") }
                });
                text(titles.collect::<Vec<_>>().join("、"))
            }
            ClauseField::Population => self.population.map_or(Value::Blank, Value::Count),
            ClauseField::Findings if self.state() == "已核" || self.state() == "部分已核" => {
                Value::Count(i64::try_from(self.findings.len()).unwrap_or(i64::MAX))
            }
            ClauseField::Findings => Value::Blank,
            ClauseField::Owed => money().owed(),
            ClauseField::Overpaid => money().overpaid(),
            ClauseField::Rate => text(self.rates.iter().map(|rate| told(rate)).collect::<Vec<_>>().join("；\n")),
            ClauseField::Deadline => {
                let own = input.deadlines.iter().filter(|(rule, _)| self.clause.rules.contains(rule));
                let days: BTreeSet<Day> = own.map(|(_, day)| *day).collect();
                let told = |day: &Day| format!("{day}（{}）", left(*day, input.as_of));
                text(days.iter().map(told).collect::<Vec<_>>().join("；\n"))
            }
            ClauseField::State => text(self.state().to_owned()),
            ClauseField::Why => {
                let why = Some(self.clause.why.clone()).filter(|why| !why.is_empty());
                text(why.into_iter().chain(self.notes.iter().cloned()).collect::<Vec<_>>().join("\n"))
            }
        }
    }
}

/// `45.61%（目标 70%，未达标）`; of a number to be reached, the number: `150／159（未达标）`.
fn told(rate: &Rate) -> String {
    let percent = |points: i64| {
        let text = format!("{}.{:02}", points / 100, points % 100);
        format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
    };
    let share = percent(rate.numerator.saturating_mul(10_000) / rate.denominator.max(1));
    let met = match rate.met {
        Some(true) => "，达标",
        Some(false) => "，未达标",
        None => "",
    };
    rate.target.map_or_else(|| share.clone(), |target| format!("{share}（目标 {}{met}）", percent(target)))
}
