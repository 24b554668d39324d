//! `汇总`: what a director reads in a minute, and what makes it worth believing.
//!
//! Takes the whole [`ReportInput`], gives the workbook's bytes: 总览, 乡镇×规则, 状态 (three sheets, with a ledger), 数据接收, 未评估与提醒,
//! 豁免清单执行情况 (where there is a list), 覆盖率, 说明.
//! Its counts are of findings, never of rows of lists, and add up across sheets.

mod charts;
mod exemptions;
mod intake;

use std::collections::BTreeMap;

use rust_xlsxwriter::{Workbook, XlsxError};

use crate::config::layout::{
    Column, CrossField, HeadlineField, Layouts, NoteField, RateField, RuleField, Style, SummaryBook, Table,
};
use crate::model::finding::{Finding, Rate, RuleNote, TimeBase};
use crate::model::masking::mask_text;
use crate::model::money::Fen;
use crate::model::review::{ReviewEntry, ReviewSide};
use crate::model::rule::RuleCard;
use crate::model::unevaluated::Unevaluated;

use super::caption::Caption;
use super::lists::new_workbook;
use super::sheet::{Area, Page, Value};
use super::states;
use super::tally::Tally;
use super::{IDENTITY, ReportInput, card, left, stood};

use charts::Cross;

/// Stands for findings without a town.
const NO_TOWN: &str = "未定乡镇";

/// A rule with what was found.
struct Line<'a> {
    rule: &'a str,
    card: Option<&'a RuleCard>,
    population: Option<i64>,
    exempt: i64,
    notes: Vec<&'a RuleNote>,
    tally: Tally<'a>,
}

/// The workbook, and the number of findings it counts.
pub(super) fn write(input: &ReportInput<'_>, layouts: &Layouts, caption: &Caption) -> Result<(Vec<u8>, u64), XlsxError> {
    let Layouts { summary: layout, style, .. } = layouts;
    let lines = lines(input);
    let mut workbook = new_workbook(&caption.fill(&layout.overview.title), input.as_of)?;
    let writer = Writer { input, style, caption };
    writer.overview(&mut workbook, layout, &lines)?;
    if let Some(standings) = input.standings {
        states::sheets(&mut workbook, &layouts.states, style, caption, &stood(input, standings))?;
    }
    writer.sheet(&mut workbook, &layout.intake, |table, page| intake::rows(input, table, page))?;
    writer.sheet(&mut workbook, &layout.notes, |table, page| writer.notes(&layout.short, table, page))?;
    if !input.exemptions.is_empty() {
        writer.sheet(&mut workbook, &layout.exemptions, |table, page| exemptions::rows(input, table, page))?;
    }
    writer.sheet(&mut workbook, &layout.rates, |table, page| writer.rates(table, page))?;
    writer.sheet(&mut workbook, &layout.clauses, |table, page| {
        layout.reading.iter().try_for_each(|paragraph| page.paragraph(paragraph))?;
        writer.readings(&layout.readings, page)?;
        page.table(table, None, lines.len(), |row, column| lines[row].value(row, column.source))
    })?;
    Ok((workbook.save_to_buffer()?, input.findings.len() as u64))
}

/// Every rule of the policy in its order, then rules found that it does not know.
fn lines<'a>(input: &ReportInput<'a>) -> Vec<Line<'a>> {
    let mut tallies: BTreeMap<&str, Tally<'_>> = BTreeMap::new();
    for finding in input.findings {
        tallies.entry(&finding.rule).or_default().add(finding);
    }
    let mut rules: Vec<&str> = input.cards.iter().map(|card| card.id.as_str()).collect();
    rules.extend(tallies.keys().copied().filter(|rule| card(input.cards, rule).is_none()));
    rules
        .into_iter()
        .filter(|rule| input.may_count(rule))
        .map(|rule| Line {
            rule,
            card: card(input.cards, rule),
            population: input.populations.iter().find(|(id, _)| id == rule).map(|(_, count)| *count),
            exempt: input.exempt.iter().find(|(id, _)| id == rule).map_or(0, |(_, count)| *count),
            notes: input.notes.iter().filter(|note| note.rule == rule).collect(),
            tally: tallies.remove(rule).unwrap_or_default(),
        })
        .collect()
}

/// Zero stays blank, so that what there is stands out.
fn some(count: i64) -> Value {
    if count == 0 { Value::Blank } else { Value::Count(count) }
}

fn some_money(amount: Fen) -> Value {
    if amount.0 == 0 { Value::Blank } else { Value::Money(amount) }
}

fn serial(row: usize) -> Value {
    Value::Count(i64::try_from(row + 1).unwrap_or(i64::MAX))
}

fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

impl Line<'_> {
    fn state(&self) -> &'static str {
        let mut held = self.notes.iter().filter(|note| note.held).peekable();
        if held.peek().is_some() {
            if held.any(|note| note.town.is_none()) { "未评估" } else { "部分乡镇未评估" }
        } else if self.notes.iter().any(|note| note.short.as_ref().is_some_and(|short| short.village.is_none())) {
            "部分年级未评估"
        } else if self.notes.iter().any(|note| note.short.is_some()) {
            "部分村未评估"
        } else if !self.notes.is_empty() {
            "已评估，有提醒"
        } else if self.population.is_some() || self.tally.findings > 0 {
            "已评估"
        } else {
            "—"
        }
    }

    /// What time the rule's amounts are for.
    fn base(&self) -> Option<TimeBase> {
        self.card.map_or(Some(TimeBase::Month), |card| card.time_base)
    }

    fn value(&self, row: usize, field: RuleField) -> Value {
        let of_card = |value: fn(&RuleCard) -> String| self.card.map_or(Value::Blank, |card| text(value(card)));
        match field {
            RuleField::Serial => serial(row),
            RuleField::Title => text(self.card.map_or(self.rule, |card| card.title.as_str())),
            RuleField::Clause => of_card(|card| card.ground().to_owned()),
            RuleField::Kind => of_card(|card| card.kind.plain().to_owned()),
            RuleField::Lead => of_card(|card| card.lead.clone()),
            RuleField::Responsible => of_card(|card| card.responsible.join("、")),
            RuleField::Quotation => of_card(|card| card.words().to_owned()),
            RuleField::State => text(self.state()),
            RuleField::Population => self.population.map_or(Value::Blank, Value::Count),
            RuleField::Exempt => some(self.exempt),
            RuleField::Findings if self.state() == "未评估" && self.tally.findings == 0 => Value::Blank,
            // A rule that was evaluated and found nothing says so.
            RuleField::Findings => Value::Count(self.tally.findings),
            RuleField::Households => some(self.tally.households()),
            RuleField::People => some(self.tally.people()),
            RuleField::TimeBase => match self.card.and_then(|card| card.time_base) {
                Some(base) => text(base.plain()),
                None => Value::Blank,
            },
            RuleField::Owed => self.base().map_or(Value::Blank, |base| some_money(self.tally.money.owed_for(base))),
            RuleField::Overpaid => self.base().map_or(Value::Blank, |base| some_money(self.tally.money.overpaid_for(base))),
            RuleField::Certain => some(self.tally.trusted[0]),
            RuleField::Likely => some(self.tally.trusted[1]),
            RuleField::Check => some(self.tally.trusted[2]),
        }
    }
}

/// What a column of the table of rules by towns shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CrossSource {
    Field(CrossField),
    Town(usize),
}

struct Writer<'a> {
    input: &'a ReportInput<'a>,
    style: &'a Style,
    caption: &'a Caption,
}

impl Writer<'_> {
    fn sheet<F>(
        &self,
        workbook: &mut Workbook,
        table: &Table<F>,
        body: impl FnOnce(&Table<F>, &mut Page<'_>) -> Result<Area, XlsxError>,
    ) -> Result<Area, XlsxError> {
        let sheet = workbook.add_worksheet().set_name(&table.sheet)?;
        let mut page = Page::new(sheet, self.style, self.caption, table)?;
        let area = body(table, &mut page)?;
        page.signature(&table.signature)?;
        page.finish()?;
        Ok(area)
    }

    /// 总览 and 乡镇×规则: the charts of the one rest on the totals of the other.
    fn overview(&self, workbook: &mut Workbook, layout: &SummaryBook, lines: &[Line<'_>]) -> Result<(), XlsxError> {
        let table = &layout.overview;
        let headlines: Vec<(String, Value)> =
            layout.headlines.iter().map(|headline| (headline.title.clone(), self.headline(headline.source))).collect();
        let sheet = workbook.add_worksheet().set_name(&table.sheet)?;
        let mut page = Page::new(sheet, self.style, self.caption, table)?;
        // Counts stand beside counts, money beside money.
        for line in headlines.chunk_by(|one, other| matches!(one.1, Value::Money(_)) == matches!(other.1, Value::Money(_))) {
            page.headlines(line)?;
        }
        let charts_at = page.row();
        page.skip(charts::ROWS);
        page.table(table, None, lines.len(), |row, column| lines[row].value(row, column.source))?;
        page.signature(&table.signature)?;
        page.finish()?;

        let cross = self.cross(workbook, &layout.cross, lines)?;
        let pixels = table.columns.iter().map(|column| column.width * 7.0 + 5.0).sum();
        match cross {
            Some(cross) => charts::insert(workbook.worksheet_from_name(&table.sheet)?, cross, charts_at, pixels),
            None => Ok(()),
        }
    }

    /// Gives where the table stands and its town columns.
    /// 乡镇×规则; `None` where the layout leaves out what a chart needs.
    fn cross<'t>(
        &self,
        workbook: &mut Workbook,
        layout: &'t Table<CrossField>,
        lines: &[Line<'_>],
    ) -> Result<Option<Cross<'t>>, XlsxError> {
        let mut towns: Vec<Option<&str>> = lines.iter().flat_map(|line| line.tally.towns.keys().copied()).collect();
        towns.sort_by_key(|town| (town.is_none(), *town));
        towns.dedup();
        let found: Vec<&Line<'_>> = lines.iter().filter(|line| line.tally.findings > 0).collect();

        let mut columns: Vec<Column<CrossSource>> = Vec::new();
        for column in &layout.columns {
            if column.source == CrossField::Towns {
                columns.extend(
                    towns.iter().enumerate().map(|(at, town)| column.showing(CrossSource::Town(at), town.unwrap_or(NO_TOWN))),
                );
            } else {
                columns.push(column.showing(CrossSource::Field(column.source), &column.title));
            }
        }
        let table = layout.with_columns(columns);
        let area = self.sheet(workbook, &table, |table, page| {
            page.table(table, None, found.len(), |row, column| {
                let line = found[row];
                match column.source {
                    CrossSource::Field(CrossField::Serial) => serial(row),
                    CrossSource::Field(CrossField::Title) => line.value(row, RuleField::Title),
                    CrossSource::Field(CrossField::Clause) => line.value(row, RuleField::Clause),
                    CrossSource::Field(CrossField::Total) => Value::Count(line.tally.findings),
                    CrossSource::Field(CrossField::Towns) => Value::Blank,
                    // A zero and not a blank: the column's total counts even where a town has nothing under one rule.
                    CrossSource::Town(at) => Value::Count(line.tally.towns.get(&towns[at]).copied().unwrap_or(0)),
                }
            })
        })?;
        let column = |wanted: CrossSource| {
            table.columns.iter().position(|column| column.source == wanted).and_then(|at| u16::try_from(at).ok())
        };
        let cross = || {
            Some(Cross {
                sheet: layout.sheet.as_str(),
                area,
                titles: column(CrossSource::Field(CrossField::Title))?,
                towns: (column(CrossSource::Town(0))?, column(CrossSource::Town(towns.len().checked_sub(1)?))?),
                sums: column(CrossSource::Field(CrossField::Total))?,
            })
        };
        Ok(cross())
    }

    fn headline(&self, field: HeadlineField) -> Value {
        let tally = |identity: bool| -> Tally<'_> {
            self.input.findings.iter().filter(|finding: &&Finding| finding.rule.starts_with(IDENTITY) == identity).collect()
        };
        let count = |count: usize| Value::Count(i64::try_from(count).unwrap_or(i64::MAX));
        match field {
            HeadlineField::Findings => Value::Count(tally(false).findings),
            HeadlineField::Households => Value::Count(tally(false).households()),
            HeadlineField::People => Value::Count(tally(false).people()),
            HeadlineField::OwedMonth => Value::Money(tally(false).money.owed_for(TimeBase::Month)),
            HeadlineField::OwedSemester => Value::Money(tally(false).money.owed_for(TimeBase::Semester)),
            HeadlineField::OwedYear => Value::Money(tally(false).money.owed_for(TimeBase::Year)),
            HeadlineField::OwedOnce => Value::Money(tally(false).money.owed_for(TimeBase::Once)),
            HeadlineField::OverpaidMonth => Value::Money(tally(false).money.overpaid_for(TimeBase::Month)),
            HeadlineField::OverpaidSemester => Value::Money(tally(false).money.overpaid_for(TimeBase::Semester)),
            HeadlineField::OverpaidYear => Value::Money(tally(false).money.overpaid_for(TimeBase::Year)),
            HeadlineField::OverpaidOnce => Value::Money(tally(false).money.overpaid_for(TimeBase::Once)),
            HeadlineField::Identity => Value::Count(tally(true).findings),
            HeadlineField::Held => count(Unevaluated::lines(self.input.notes, self.input.suspended).len()),
            HeadlineField::Refused => count(intake::refused(self.input.intake)),
            HeadlineField::Records => Value::Count(i64::try_from(self.input.records_total).unwrap_or(i64::MAX)),
        }
    }

    /// How open passages were read, where a rule depends on it.
    fn readings(&self, heading: &str, page: &mut Page<'_>) -> Result<(), XlsxError> {
        let mut used = self.input.readings.iter().filter(|reading| !reading.rules.is_empty()).peekable();
        if used.peek().is_some() {
            page.paragraph(heading)?;
        }
        for reading in used {
            let others = reading.alternatives.iter().filter(|(choice, _)| **choice != reading.chosen);
            let others: Vec<&str> = others.map(|(_, meaning)| meaning.as_str()).collect();
            let set = if reading.chosen == reading.by_folder { "" } else { "（流程文件指定）" };
            let (title, clause, meaning) = (&reading.title, &reading.clause, reading.meaning());
            page.paragraph(&format!("　　{title}（{clause}）：{meaning}{set}。也可以选：{}。", others.join("；")))?;
        }
        Ok(())
    }

    fn title(&self, rule: &str) -> Value {
        text(card(self.input.cards, rule).map_or(rule, |card| card.title.as_str()))
    }

    fn clause(&self, rule: &str) -> Value {
        card(self.input.cards, rule).map_or(Value::Blank, |card| text(card.ground()))
    }

    /// `short` stands above the table where registers are short.
    fn notes(&self, short: &str, table: &Table<NoteField>, page: &mut Page<'_>) -> Result<Area, XlsxError> {
        let mut lines = Unevaluated::lines(self.input.notes, self.input.suspended);
        let registries = Unevaluated::registries(&lines);
        if !registries.is_empty() {
            let accept: Vec<String> = registries.iter().map(|registry| format!("--accept-partial {registry}[:乡镇]")).collect();
            page.paragraph(&format!("{}{}", self.caption.fill(short), accept.join(" ")))?;
        }
        if let Some(posted) = self.input.posted_note() {
            page.paragraph(&posted)?;
        }
        lines.retain(|line| line.rules.iter().all(|rule| self.input.may_count(rule)));
        let held = lines.len();
        let banners =
            self.input.notes.iter().filter(|note| !note.held && note.short.is_none() && self.input.may_count(&note.rule));
        lines.extend(banners.map(|note| Unevaluated { note, rules: vec![&note.rule], waiting: note.concerned }));
        let contradicted = self.input.contradicted;
        if lines.is_empty() && contradicted.is_empty() {
            page.paragraph("本期全部规则均已评估，没有需要提醒的情况。")?;
        }
        page.table(table, None, lines.len() + contradicted.len(), |row, column| {
            let Some(Unevaluated { note, rules, waiting }) = lines.get(row) else {
                return answer_note(row, contradicted[row - lines.len()], column.source);
            };
            let cards = || rules.iter().map(|rule| (*rule, card(self.input.cards, rule)));
            match column.source {
                NoteField::Serial => serial(row),
                NoteField::Title => once_each(cards().map(|(rule, card)| card.map_or(rule, |card| card.title.as_str()))),
                NoteField::Clause => once_each(cards().filter_map(|(_, card)| Some(card?.clause.as_str()))),
                NoteField::Town => text(note.town.as_deref().unwrap_or("全县")),
                NoteField::State => text(if row < held { "未评估" } else { "提醒" }),
                NoteField::Concerned => some(*waiting),
                NoteField::Note => text(mask_text(&note.note)),
            }
        })
    }

    fn rates(&self, table: &Table<RateField>, page: &mut Page<'_>) -> Result<Area, XlsxError> {
        let place = |rate: &Rate, level: usize| rate.unit.split('/').nth(level).map_or(Value::Blank, text);
        let rates: Vec<&Rate> = self.input.rates.iter().filter(|rate| self.input.may_count(&rate.rule)).collect();
        page.table(table, None, rates.len(), |row, column| {
            let rate = rates[row];
            match column.source {
                RateField::Serial => serial(row),
                RateField::Title => self.title(&rate.rule),
                RateField::Clause => self.clause(&rate.rule),
                RateField::Town if !rate.unit.contains('/') => text("全县"),
                RateField::Town => place(rate, 1),
                RateField::Village => place(rate, 2),
                RateField::Numerator => Value::Count(rate.numerator),
                RateField::Denominator => Value::Count(rate.denominator),
                RateField::Share if rate.denominator > 0 => Value::Share(rate.numerator * 10_000 / rate.denominator),
                RateField::Share => text("无对象"),
                RateField::Target => rate.target.map_or(Value::Blank, Value::Share),
                RateField::By => rate.by.map_or(Value::Blank, |day| text(day.to_string())),
                RateField::Left => rate.by.map_or(Value::Blank, |day| text(left(day, self.input.as_of))),
                RateField::Met => rate.met.map_or(Value::Blank, |met| text(if met { "达标" } else { "未达标" })),
            }
        })
    }
}

/// Words in their order, none twice; blank where there is none.
fn once_each<'w>(words: impl Iterator<Item = &'w str>) -> Value {
    let mut told: Vec<&str> = Vec::new();
    for word in words {
        if !told.contains(&word) {
            told.push(word);
        }
    }
    if told.is_empty() { Value::Blank } else { text(told.join("、")) }
}

/// An answer that is not followed because others say otherwise.
fn answer_note(row: usize, entry: &ReviewEntry, field: NoteField) -> Value {
    let line = |side: &ReviewSide| format!("{}{}第{}行", side.file.expose(), side.sheet.expose(), side.row);
    match field {
        NoteField::Serial => serial(row),
        NoteField::Title => text("是否同一人的核对答复"),
        NoteField::Clause | NoteField::Concerned => Value::Blank,
        NoteField::Town => text("全县"),
        NoteField::State => text("提醒"),
        NoteField::Note => text(mask_text(&format!(
            "{} 与 {} 的答复互相矛盾，或与其他几对合起来矛盾，未采用；请核实后在“是否同一人待核对”里重新填写",
            line(&entry.sides[0]),
            line(&entry.sides[1])
        ))),
    }
}
