//! Pairs of rows for people to decide: `是否同一人待核对`, with whom short registers leave waiting, and the sample that verifies links.
//!
//! Takes [`ReviewEntry`]s in the order in which they are to be worked off; gives workbooks with both sides next to each other, differing
//! characters in red, the bars of the weight as numbers, and a drop-down. The pair's stable key stands in a hidden column, so that a
//! workbook sorted, re-saved or with columns moved reads back. Linear in entries.

use rust_xlsxwriter::{Color, ConditionalFormatDataBar, Worksheet, XlsxError};

use super::answers::Lookup;
use super::caption::Caption;
use super::differences::{Runs, differences};
use super::lists::new_workbook;
use super::sheet::{Area, Page, Value};
use super::{OutputFile, card, output};
use crate::config::layout::{Column, Layouts, ReviewField, SuspendedField, Table};
use crate::config::link_words;
use crate::model::date::{Day, Month};
use crate::model::finding::{Finding, RuleNote};
use crate::model::masking::{AGE, Audience, tells_health, tells_health_id};
use crate::model::personal::Expose;
use crate::model::review::{ReviewEntry, ReviewSide};
use crate::model::rule::RuleCard;
use crate::model::unevaluated::Reasons;

/// Bars to the right of zero.
const FOR: u32 = 0x0063_BE7B;
/// Bars to the left.
const AGAINST: u32 = 0x00F8_696B;

/// What the workbooks of pairs are made of.
#[derive(Clone, Copy, Debug)]
pub struct ReviewInput<'a> {
    /// `正安县`.
    pub county: &'a str,
    /// The month.
    pub period: Month,
    /// Also the workbooks' creation date.
    pub as_of: Day,
    /// Printed in the notes on how to read.
    pub tool_version: &'a str,
    /// Where it is to be posted publicly: as what.
    pub posted: Option<Audience>,
    /// Open pairs, the most valuable first.
    pub pending: &'a [ReviewEntry],
    /// Answers so far.
    pub decided: &'a [ReviewEntry],
    /// Whom rules would list where registers are short, in the order of findings.
    pub suspended: &'a [Finding],
    /// Which registers those are.
    pub notes: &'a [RuleNote],
    /// Every rule.
    pub cards: &'a [RuleCard],
    /// Links to be verified.
    pub sample: &'a [ReviewEntry],
}

/// The workbook of open pairs where there is a pair, an answer or somebody suspended, and the sample where there is a link. A pair with a side in
/// a register of the sick or disabled is not posted, nor who waits for a rule about them.
pub fn review_books(input: &ReviewInput<'_>, layouts: &Layouts) -> Result<Vec<OutputFile>, super::ReportError> {
    if input.posted.is_none() {
        return books(input, layouts);
    }
    let own = |entries: &[ReviewEntry]| -> Vec<ReviewEntry> {
        let told = |entry: &&ReviewEntry| {
            !entry.sides.iter().any(|side| tells_health(&side.registry) || tells_health(side.file.expose()))
        };
        let mut kept: Vec<ReviewEntry> = entries.iter().filter(told).cloned().collect();
        for entry in &mut kept {
            entry.held.retain(|title| !tells_health(title));
        }
        kept
    };
    let told = |finding: &&Finding| {
        let title = card(input.cards, &finding.rule).map_or("", |card| card.title.as_str());
        !(tells_health(title) || tells_health_id(&finding.rule))
    };
    let suspended: Vec<Finding> = input.suspended.iter().filter(told).cloned().collect();
    let (pending, decided, sample) = (own(input.pending), own(input.decided), own(input.sample));
    books(&ReviewInput { pending: &pending, decided: &decided, suspended: &suspended, sample: &sample, ..*input }, layouts)
}

fn books(input: &ReviewInput<'_>, layouts: &Layouts) -> Result<Vec<OutputFile>, super::ReportError> {
    let (layout, caption) = (&layouts.review, Caption::of(input.county, input.period, input.as_of, input.tool_version));
    let mut files = Vec::new();
    let path = |name: &str| format!("reports/{}.xlsx", caption.fill(name));
    if !input.pending.is_empty() || !input.decided.is_empty() || !input.suspended.is_empty() {
        let mut lists = vec![(&layout.pending, input.pending)];
        if !input.decided.is_empty() {
            lists.push((&layout.decided, input.decided));
        }
        files.push(output(path(&layout.file), book(input, layouts, &caption, &lists, input.suspended))?);
    }
    if !input.sample.is_empty() {
        let written = book(input, layouts, &caption, &[(&layout.sample.list, input.sample)], &[]);
        files.push(output(path(&layout.sample.file), written)?);
    }
    Ok(files)
}

type List<'a> = (&'a Table<ReviewField>, &'a [ReviewEntry]);

fn book(
    input: &ReviewInput<'_>,
    layouts: &Layouts,
    caption: &Caption,
    lists: &[List<'_>],
    suspended: &[Finding],
) -> Result<(Vec<u8>, u64), XlsxError> {
    let title = lists.first().map_or("", |(table, _)| table.title.as_str());
    let mut workbook = new_workbook(&caption.fill(title), input.as_of)?;
    let lookup = Lookup::new(&layouts.review.choices);
    let mut rows = 0;
    for (table, entries) in lists {
        let value = |row: usize, column: &Column<ReviewField>| value(input, layouts, &entries[row], row, column);
        let shown =
            |column: &&Column<ReviewField>| !column.optional || (0..entries.len()).any(|row| value(row, column) != Value::Blank);
        let table = table.with_columns(table.columns.iter().filter(shown).cloned().map(|column| called(input, column)).collect());
        let sheet = workbook.add_worksheet().set_name(&table.sheet)?;
        let mut page = Page::new(sheet, &layouts.style, caption, &table)?;
        let area = page.table(&table, Some(&lookup), entries.len(), value)?;
        bars(page.sheet, &table, area)?;
        page.signature(&table.signature)?;
        page.finish()?;
        rows += entries.len() as u64;
    }
    if !suspended.is_empty() {
        let table = &layouts.review.suspended;
        let sheet = workbook.add_worksheet().set_name(&table.sheet)?;
        let mut page = Page::new(sheet, &layouts.style, caption, table)?;
        let reasons = Reasons::new(input.notes);
        page.table(table, None, suspended.len(), |row, column| waiting(input, &reasons, &suspended[row], row, column.source))?;
        page.finish()?;
        rows += suspended.len() as u64;
    }
    Lookup::write(workbook.add_worksheet(), &layouts.review.choices)?;
    Ok((workbook.save_to_buffer()?, rows))
}

/// A column by what stands in it: where births are not shown, their ages.
fn called(input: &ReviewInput<'_>, mut column: Column<ReviewField>) -> Column<ReviewField> {
    let audience = Audience::of(input.posted, Audience::Department);
    if column.source == ReviewField::Birth && !audience.sees_numbers() {
        column.title = column.title.replace("出生日期", "出生").replace("出生", AGE);
    }
    column
}

/// Whom a rule would list if its registers were whole, and why it does not.
fn waiting(input: &ReviewInput<'_>, reasons: &Reasons<'_>, finding: &Finding, row: usize, field: SuspendedField) -> Value {
    let audience = Audience::of(input.posted, Audience::Department);
    let text = |text: &str| if text.is_empty() { Value::Blank } else { Value::Text(audience.text(text)) };
    let own = |value: &Option<String>| text(value.as_deref().unwrap_or_default());
    let note = || reasons.of(finding);
    match field {
        SuspendedField::Serial => Value::Count(i64::try_from(row + 1).unwrap_or(i64::MAX)),
        SuspendedField::Title => text(card(input.cards, &finding.rule).map_or(&finding.rule, |card| &card.title)),
        SuspendedField::Clause => text(&finding.clause),
        SuspendedField::Town => own(&finding.town),
        SuspendedField::Village => own(&finding.village),
        SuspendedField::Household => text(finding.household_code.expose().unwrap_or_default()),
        SuspendedField::Name => text(&audience.name(finding.name.expose().unwrap_or_default())),
        SuspendedField::Number => text(&audience.number(finding.id_number.expose().unwrap_or_default())),
        SuspendedField::Why => note().map_or(Value::Blank, |note| text(note.note.strip_prefix("未评估：").unwrap_or(&note.note))),
        SuspendedField::Accept => note().map_or(Value::Blank, |note| {
            text(&note.short.as_ref().map(|short| short.accepting(note.town.as_deref())).unwrap_or_default())
        }),
        SuspendedField::FindingId => text(&finding.finding_id),
    }
}

/// Data bars behind the numbers of bars and weights.
fn bars(sheet: &mut Worksheet, table: &Table<ReviewField>, area: Area) -> Result<(), XlsxError> {
    if area.last < area.first {
        return Ok(());
    }
    for (at, column) in (0u16..).zip(&table.columns) {
        let is_bar = bar_of(column.source).is_some() || column.source == ReviewField::Weight;
        if is_bar {
            let bar = ConditionalFormatDataBar::new()
                .set_fill_color(Color::RGB(FOR))
                .set_negative_fill_color(Color::RGB(AGAINST))
                .set_solid_fill(true);
            sheet.add_conditional_format(area.first, at, area.last, at, &bar)?;
        }
    }
    Ok(())
}

/// The comparisons that a bar adds up.
fn bar_of(field: ReviewField) -> Option<&'static [&'static str]> {
    Some(match field {
        ReviewField::BarPrior => &["prior"],
        ReviewField::BarNumber => &["id_number"],
        ReviewField::BarName => &["name", "name_frequency"],
        ReviewField::BarBirth => &["birth", "sex"],
        ReviewField::BarPlace => &["place"],
        ReviewField::BarHousehold => &["household", "neighbours"],
        ReviewField::BarPhone => &["phone"],
        _ => return None,
    })
}

fn value(input: &ReviewInput<'_>, layouts: &Layouts, entry: &ReviewEntry, row: usize, column: &Column<ReviewField>) -> Value {
    let side = &entry.sides[usize::from(column.part > 1)];
    let audience = Audience::of(input.posted, Audience::Department);
    let mut beside = audience.row(input.as_of);
    for side in &entry.sides {
        beside.knows_number(side.number.expose());
        side.birth.iter().for_each(|birth| beside.knows_birth(*birth));
        for name in [&side.name, &side.head] {
            beside.knows_name(name.expose());
        }
    }
    let both = |pick: &dyn Fn(&ReviewSide) -> String| {
        let [left, right] = entry.sides.each_ref().map(pick);
        let [left, right] = differences(&left, &right);
        marked(if column.part > 1 { right } else { left })
    };
    let text = |text: &str| if text.is_empty() { Value::Blank } else { Value::Text(beside.text(text)) };
    match column.source {
        ReviewField::Serial => Value::Count(i64::try_from(row + 1).unwrap_or(i64::MAX)),
        ReviewField::Answer => entry.answer.map_or(Value::Blank, |verdict| text(layouts.review.answers.word(verdict))),
        ReviewField::By => text(&audience.name(entry.by.expose())),
        ReviewField::On => text(entry.on.expose()),
        ReviewField::Remark => text(&audience.remark(entry.remark.expose())),
        ReviewField::PairKey => Value::Text(entry.key.to_string()),
        ReviewField::State => entry.state.map_or(Value::Blank, |state| text(state.plain())),
        ReviewField::Held => text(&entry.held.join("；\n")),
        ReviewField::Reason => text(&entry.reason),
        ReviewField::Origin => origin(side, audience),
        ReviewField::Name => both(&|side| audience.name(side.name.expose())),
        // What differs may be what is hidden.
        ReviewField::Number if audience.is_public() => text(&audience.number(side.number.expose())),
        ReviewField::Number => both(&|side| audience.number(side.number.expose())),
        ReviewField::Birth => both(&|side| side.birth.map_or_else(String::new, |day| audience.birth(day, input.as_of))),
        ReviewField::Sex => both(&|side| side.sex.clone()),
        ReviewField::Place => both(&|side| audience.text(side.place.expose())),
        ReviewField::Household => both(&|side| audience.code(side.household.expose())),
        ReviewField::Head => both(&|side| audience.name(side.head.expose())),
        ReviewField::Relation => both(&|side| audience.text(&side.relation)),
        ReviewField::Phone if audience.is_public() => text(&audience.number(side.phone.expose())),
        ReviewField::Phone => both(&|side| audience.number(side.phone.expose())),
        ReviewField::Probability => entry.probability.map_or(Value::Blank, |share| Value::Share(rounded(share, 10_000.0))),
        ReviewField::Weight => entry.weight.map_or(Value::Blank, |bits| Value::Tenths(rounded(bits, 10.0))),
        ReviewField::Why => text(&why(entry)),
        ReviewField::Stratum => text(&entry.stratum),
        bar => bar_value(entry, bar_of(bar).unwrap_or(&[])),
    }
}

fn marked(runs: Runs) -> Value {
    if runs.is_empty() { Value::Blank } else { Value::Marked(runs) }
}

fn origin(side: &ReviewSide, audience: Audience) -> Value {
    if side.file.is_empty() {
        return Value::Blank;
    }
    let sheet = if side.sheet.is_empty() { String::new() } else { format!("，{}", side.sheet.expose()) };
    Value::Text(audience.text(&format!("{}（{}{sheet}）第{}行", side.registry, side.file.expose(), side.row)))
}

fn bar_value(entry: &ReviewEntry, comparisons: &[&str]) -> Value {
    let mut bits = entry.parts.iter().filter(|part| comparisons.contains(&part.comparison.as_str())).peekable();
    if bits.peek().is_none() { Value::Blank } else { Value::Tenths(rounded(bits.map(|part| part.weight).sum(), 10.0)) }
}

fn why(entry: &ReviewEntry) -> String {
    let told = entry.parts.iter().filter(|part| !part.level.is_empty());
    let words = told.map(|part| {
        format!("{}：{}", link_words::comparison(&part.comparison), link_words::level(&part.comparison, &part.level))
    });
    words.collect::<Vec<_>>().join("；\n")
}

#[expect(clippy::cast_possible_truncation, reason = "bits and shares are small")]
fn rounded(value: f32, scale: f32) -> i64 {
    (value * scale).round() as i64
}
