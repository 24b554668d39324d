//! `整改台账`: what moved this month per rule, town, village and department; a line per open finding, a line per settled one; and
//! whom this month's two inspections check again.
//!
//! Takes findings with their standings, gives the workbook's bytes and its number of lines. The samples are drawn by hash of month,
//! inspection and finding, per town and result: the same month gives the same names, and no one can choose them. Linear but for sorting.

use std::collections::{BTreeMap, BTreeSet};

use rust_xlsxwriter::XlsxError;
use sha2::{Digest, Sha256};

use crate::config::layout::{ItemField, LedgerBook, SampleSheets, Style, Table, UnitField};
use crate::model::date::{Day, Month};
use crate::model::masking::{Audience, tells_health};
use crate::model::money::Fen;
use crate::model::personal::Expose;
use crate::model::standing::{Remembered, Reopening, Standing, Standings, State, Suspension};

use super::answers::{LOOKUP_SHEET, Lookup};
use super::caption::Caption;
use super::entry::{told_answer, told_state};
use super::lists::{ROWS_PER_SHEET, new_workbook};
use super::names::Names;
use super::sheet::{Page, Value};
use super::{ReportInput, card};

/// A finding and where it stands.
struct Item<'a> {
    what: Remembered,
    standing: &'a Standing,
}

/// The workbook, and the number of lines about findings in it.
pub(super) fn write(
    input: &ReportInput<'_>,
    standings: &Standings,
    layout: &LedgerBook,
    style: &Style,
    caption: &Caption,
) -> Result<(Vec<u8>, u64), XlsxError> {
    let present = input.findings.iter().map(Remembered::from).zip(&standings.present);
    let absent = standings.absent.iter().map(|(what, standing)| (what.clone(), standing));
    let items: Vec<Item<'_>> = present.chain(absent).map(|(what, standing)| Item { what, standing }).collect();
    // Counts are nobody's; lines are.
    let may_list =
        |item: &Item<'_>| input.posted.is_none() || input.may_post(&item.what.rule) && !tells_health(item.what.sentence.expose());
    let book = Book { input, layout, style, caption, lookup: Lookup::new(&layout.choices) };

    let mut workbook = new_workbook(&caption.fill(&layout.rules.title), input.as_of)?;
    let rules = Units::by(&items, &book, |item| {
        let at = input.cards.iter().position(|card| card.id == item.what.rule).unwrap_or(usize::MAX);
        let title = card(input.cards, &item.what.rule).map_or(item.what.rule.as_str(), |card| card.title.as_str());
        (format!("{at:06}"), title.to_owned(), item.what.clause.clone())
    });
    let unplaced = |name: &Option<String>| name.clone().unwrap_or_else(|| "未定".to_owned());
    let towns = Units::by(&items, &book, |item| (String::new(), unplaced(&item.what.town), String::new()));
    let villages = Units::by(&items, &book, |item| (String::new(), unplaced(&item.what.village), unplaced(&item.what.town)));
    let departments = Units::by(&items, &book, |item| (String::new(), book.lead(item).to_owned(), String::new()));
    let mut names = Names::of_sheets();
    names.claim(LOOKUP_SHEET);
    for (table, units) in
        [(&layout.rules, rules), (&layout.towns, towns), (&layout.villages, villages), (&layout.departments, departments)]
    {
        let name = names.claim(&table.sheet);
        book.units(workbook.add_worksheet().set_name(name)?, table, &units)?;
    }

    let open = sorted(items.iter().filter(|item| may_list(item) && item.standing.state.is_open()));
    let settled = sorted(items.iter().filter(|item| may_list(item) && book.settled_now(item.standing)));
    let mut rows = 0;
    for (table, lines) in [(&layout.open, open), (&layout.settled, settled)] {
        let mut chunks: Vec<&[&Item<'_>]> = lines.chunks(ROWS_PER_SHEET).collect();
        if chunks.is_empty() {
            chunks.push(&[]);
        }
        for chunk in chunks {
            let name = names.claim(&table.sheet);
            book.items(workbook.add_worksheet().set_name(name)?, table, caption, chunk)?;
            rows += chunk.len() as u64;
        }
    }
    let samples = samples(&items.iter().filter(|item| may_list(item)), &layout.sample, input.period);
    for (name, lines) in layout.sample.sheets.iter().zip(&samples) {
        let caption = caption.with("title", name);
        let name = names.claim(name);
        book.items(workbook.add_worksheet().set_name(name)?, &layout.sample.table, &caption, lines)?;
        rows += lines.len() as u64;
    }
    if !layout.choices.is_empty() {
        Lookup::write(workbook.add_worksheet(), &layout.choices)?;
    }
    Ok((workbook.save_to_buffer()?, rows))
}

/// By town, village, household, person, rule.
fn sorted<'i, 'a>(items: impl Iterator<Item = &'i Item<'a>>) -> Vec<&'i Item<'a>> {
    fn last<T>(value: Option<T>) -> (bool, Option<T>) {
        (value.is_none(), value)
    }
    let mut items: Vec<_> = items.collect();
    items.sort_by(|a, b| {
        let place = |item: &'i Item<'a>| {
            let what = &item.what;
            (last(what.town.as_ref()), last(what.village.as_ref()), last(what.household_code.as_ref()))
        };
        let within = |item: &'i Item<'a>| (&item.what.person_id, &item.what.rule, &item.what.finding_id);
        place(a).cmp(&place(b)).then_with(|| within(a).cmp(&within(b)))
    });
    items
}

/// What every sheet of the workbook needs.
struct Book<'a> {
    input: &'a ReportInput<'a>,
    layout: &'a LedgerBook,
    style: &'a Style,
    caption: &'a Caption,
    lookup: Lookup,
}

impl Book<'_> {
    fn lead(&self, item: &Item<'_>) -> &str {
        card(self.input.cards, &item.what.rule).map_or("未定", |card| card.lead.as_str())
    }

    fn deadline(&self, standing: &Standing) -> Day {
        Month(standing.first.0 + self.layout.deadline_months).last_day()
    }

    fn overdue(&self, standing: &Standing) -> bool {
        standing.state.is_open() && self.input.as_of > self.deadline(standing)
    }

    /// Settled by this month's data, or by an answer to this or the last list: older answers have been told before.
    fn settled_now(&self, standing: &Standing) -> bool {
        match standing.state {
            State::SettledByData | State::Redefined => true,
            State::SettledByAnswer => standing.answer.as_ref().is_some_and(|answer| answer.list.0 >= self.input.period.0 - 1),
            _ => false,
        }
    }

    fn units(&self, sheet: &mut rust_xlsxwriter::Worksheet, table: &Table<UnitField>, units: &Units) -> Result<(), XlsxError> {
        let mut page = Page::new(sheet, self.style, self.caption, table)?;
        page.table(table, None, units.0.len(), |row, column| units.0[row].value(row, column.source))?;
        page.signature(&table.signature)?;
        page.finish()
    }

    fn items(
        &self,
        sheet: &mut rust_xlsxwriter::Worksheet,
        table: &Table<ItemField>,
        caption: &Caption,
        lines: &[&Item<'_>],
    ) -> Result<(), XlsxError> {
        let mut page = Page::new(sheet, self.style, caption, table)?;
        page.table(table, Some(&self.lookup), lines.len(), |row, column| self.item(row, lines[row], column.source))?;
        page.signature(&table.signature)?;
        page.finish()
    }

    fn item(&self, row: usize, item: &Item<'_>, field: ItemField) -> Value {
        let Item { what, standing } = item;
        let audience = self.input.audience(Audience::Village);
        let mut beside = audience.row(self.input.as_of);
        what.id_number.iter().for_each(|number| beside.knows_number(number.expose()));
        what.name.iter().for_each(|name| beside.knows_name(name.expose()));
        if standing.last != self.input.period {
            beside.is_of_another_day();
        }
        let text = |text: &str| if text.is_empty() { Value::Blank } else { Value::Text(beside.text(text)) };
        let optional = |value: &Option<String>| text(value.as_deref().unwrap_or_default());
        let yes = |yes: bool| Value::Text(if yes { "是" } else { "否" }.to_owned());
        match field {
            ItemField::Serial => Value::Count(i64::try_from(row + 1).unwrap_or(i64::MAX)),
            ItemField::FindingId => text(&what.finding_id),
            ItemField::Rule => text(card(self.input.cards, &what.rule).map_or(what.rule.as_str(), |card| card.title.as_str())),
            ItemField::Clause => text(&what.clause),
            ItemField::Town => optional(&what.town),
            ItemField::Village => optional(&what.village),
            ItemField::Name => text(&what.name.expose().map_or_else(String::new, |name| audience.name(name))),
            ItemField::Sentence => text(what.sentence.expose()),
            ItemField::Responsible => match &what.town {
                Some(town) => text(&format!("{}、{town}", self.lead(item))),
                None => text(self.lead(item)),
            },
            ItemField::State => text(&told_state(standing)),
            ItemField::First => text(&standing.first.to_string()),
            ItemField::Months => Value::Count(i64::from(standing.months)),
            ItemField::Deadline => Value::Day(self.deadline(standing)),
            ItemField::Overdue => text(if self.overdue(standing) { "是" } else { "" }),
            ItemField::Answer => {
                standing.answer.as_ref().map_or(Value::Blank, |answer| text(told_answer(answer, audience).expose()))
            }
            ItemField::Gap => what.gap_fen.map_or(Value::Blank, |gap| Value::Money(Fen(gap))),
            ItemField::SettledIn => text(&self.input.period.to_string()),
            ItemField::Result if standing.state == State::SettledByData => text("本月数据已不再显示"),
            ItemField::Result if standing.state == State::Redefined => text("规则或口径已调整，不再列为疑点"),
            ItemField::Result => text("已回复，登记没有再变"),
            ItemField::Closed => yes(!standing.state.is_open()),
            ItemField::Blank => Value::Blank,
        }
    }
}

/// Movements of one rule, town, village or department.
#[derive(Default)]
struct Unit {
    name: String,
    part: String,
    /// By [`State::plain`].
    states: BTreeMap<&'static str, i64>,
    open: i64,
    /// Open for no, one, two, more months.
    ages: [i64; 4],
    overdue: i64,
    settled_by_answer: i64,
    asked: i64,
    answered: i64,
    owed: i64,
    overpaid: i64,
    made_good: i64,
    stopped: i64,
}

struct Units(Vec<Unit>);

impl Units {
    /// Items by unit: sort key, name, and what stands beside it.
    fn by(items: &[Item<'_>], book: &Book<'_>, of: impl Fn(&Item<'_>) -> (String, String, String)) -> Self {
        let mut units: BTreeMap<(String, String, String), Unit> = BTreeMap::new();
        for item in items {
            let (order, name, part) = of(item);
            let unit = units.entry((order, part.clone(), name.clone())).or_insert_with(|| Unit { name, part, ..Unit::default() });
            unit.add(item, book);
        }
        Self(units.into_values().collect())
    }
}

impl Unit {
    fn add(&mut self, item: &Item<'_>, book: &Book<'_>) {
        let standing = item.standing;
        let gap = item.what.monthly_gap().unwrap_or(0);
        *self.states.entry(standing.state.plain()).or_default() += 1;
        self.settled_by_answer += i64::from(standing.state == State::SettledByAnswer && book.settled_now(standing));
        if standing.state.is_open() {
            self.open += 1;
            let age = usize::try_from(book.input.period.0 - standing.first.0).unwrap_or(0).min(3);
            self.ages[age] += 1;
            self.overdue += i64::from(book.overdue(standing));
            self.owed += gap.max(0);
            self.overpaid += (-gap).max(0);
        }
        if standing.state == State::SettledByData {
            self.made_good += gap.max(0);
            self.stopped += (-gap).max(0);
        }
        if let Some(list) = standing.asked_last {
            self.asked += 1;
            self.answered += i64::from(standing.answer.as_ref().is_some_and(|answer| answer.list >= list));
        }
    }

    fn value(&self, row: usize, field: UnitField) -> Value {
        // A page of noughts hides what moved.
        let count = |count: i64| if count == 0 { Value::Blank } else { Value::Count(count) };
        let state = |state: State| count(self.states.get(state.plain()).copied().unwrap_or(0));
        let text = |text: &str| if text.is_empty() { Value::Blank } else { Value::Text(text.to_owned()) };
        let money = |fen: i64| if fen == 0 { Value::Blank } else { Value::Money(Fen(fen)) };
        match field {
            UnitField::Serial => Value::Count(i64::try_from(row + 1).unwrap_or(i64::MAX)),
            UnitField::Unit => text(&self.name),
            UnitField::Part => text(&self.part),
            UnitField::New => state(State::New),
            UnitField::Persisting => state(State::Persisting),
            UnitField::Confirmed => state(State::Confirmed),
            UnitField::Disputed => state(State::Disputed),
            UnitField::Reopened => state(State::Reopened(Reopening::CameBack)),
            UnitField::Suspended => state(State::Suspended(Suspension::Unknown)),
            UnitField::Open => count(self.open),
            UnitField::AgeNew => count(self.ages[0]),
            UnitField::AgeOne => count(self.ages[1]),
            UnitField::AgeTwo => count(self.ages[2]),
            UnitField::AgeMore => count(self.ages[3]),
            UnitField::Overdue => count(self.overdue),
            UnitField::SettledByData => state(State::SettledByData),
            UnitField::Redefined => state(State::Redefined),
            UnitField::SettledByAnswer => count(self.settled_by_answer),
            UnitField::Exempt => state(State::Exempt(None)),
            UnitField::Asked => count(self.asked),
            UnitField::Answered => count(self.answered),
            UnitField::AnsweredShare if self.asked == 0 => Value::Blank,
            UnitField::AnsweredShare => Value::Share(self.answered * 10_000 / self.asked),
            UnitField::Owed => money(self.owed),
            UnitField::Overpaid => money(self.overpaid),
            UnitField::MadeGood => money(self.made_good),
            UnitField::Stopped => money(self.stopped),
        }
    }
}

/// Cases that are drawn from alike, each with the hash that ranks it.
type Stratum<'i, 'a> = Vec<([u8; 32], &'i Item<'a>)>;

/// Answered cases of each inspection: of every town and result a share, at least one, the county's most at most; none twice.
fn samples<'i, 'a>(
    items: &(impl Iterator<Item = &'i Item<'a>> + Clone),
    layout: &SampleSheets,
    period: Month,
) -> Vec<Vec<&'i Item<'a>>>
where
    'a: 'i,
{
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    let mut samples = Vec::new();
    for inspection in &layout.sheets {
        let mut strata: BTreeMap<(Option<&str>, &str), Stratum<'i, 'a>> = BTreeMap::new();
        for item in items.clone().filter(|item| !taken.contains(item.what.finding_id.as_str())) {
            let Some(answer) = item.standing.answer.as_ref().filter(|answer| answer.list.0 >= period.0 - 1) else { continue };
            let result = answer.verdict.map_or("未写", |verdict| verdict.plain());
            let rank = Sha256::digest(format!("{period}|{inspection}|{}", item.what.finding_id));
            strata.entry((item.what.town.as_deref(), result)).or_default().push((rank.into(), item));
        }
        let mut drawn = Vec::new();
        for stratum in strata.values_mut() {
            stratum.sort_by_key(|(rank, _)| *rank);
            let share = (stratum.len() * layout.share as usize).div_ceil(10_000);
            drawn.extend(stratum.iter().take(share).copied());
        }
        // Over the county's most, the lowest hashes stay: every case has the same chance.
        drawn.sort_by_key(|(rank, _)| *rank);
        drawn.truncate(layout.most);
        taken.extend(drawn.iter().map(|(_, item)| item.what.finding_id.as_str()));
        samples.push(sorted(drawn.into_iter().map(|(_, item)| item)));
    }
    samples
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
