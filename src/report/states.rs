//! Where findings stand, by rule, by town and by village, with money: sheets of `汇总` and of a comparison of two runs.
//!
//! Takes findings with their states, gives three sheets: on top a line per state of the whole, then one per rule (town, village) and state
//! that it has. What is owed in a state that is settled is owed no more, so nothing is added up across states. Linear.

use rust_xlsxwriter::{Workbook, XlsxError};

use crate::config::layout::{StateField, StatesBook, Style, Table};
use crate::model::money::Fen;
use crate::model::standing::State;
use crate::model::stood::{StateSum, StateSums, Stood, state_sums};

use super::caption::Caption;
use super::sheet::{Look, Page, Value};

/// One line.
struct Line {
    /// Rule, town, village.
    names: [String; 3],
    /// Of the whole.
    whole: bool,
    kind: usize,
    sum: StateSum,
}

/// Adds the sheets.
pub(super) fn sheets(
    workbook: &mut Workbook,
    layout: &StatesBook,
    style: &Style,
    caption: &Caption,
    stood: &[Stood],
) -> Result<(), XlsxError> {
    let nowhere = |name: &Option<String>| name.clone().unwrap_or_else(|| "全县、未定".to_owned());
    let blank = String::new;
    let last = |town: &Option<String>| usize::from(town.is_none());
    let rules = lines(stood, |one| (one.order, [one.title.clone(), blank(), blank()]));
    let towns = lines(stood, |one| (last(&one.town), [blank(), nowhere(&one.town), blank()]));
    let villages = lines(stood, |one| {
        (last(&one.town), [blank(), nowhere(&one.town), one.village.clone().unwrap_or_else(|| "未定".to_owned())])
    });
    for (table, lines) in [(&layout.rules, rules), (&layout.towns, towns), (&layout.villages, villages)] {
        sheet(workbook, table, style, caption, &lines)?;
    }
    Ok(())
}

fn lines(stood: &[Stood], group: impl Fn(&Stood) -> (usize, [String; 3])) -> Vec<Line> {
    let whole = || [(); 3].map(|()| "合计".to_owned());
    let whole = state_sums(stood, |_| whole()).into_iter().map(|(names, sums)| (names, true, sums));
    let each = state_sums(stood, group).into_iter().map(|((_, names), sums)| (names, false, sums));
    let lines = |(names, whole, sums): ([String; 3], bool, StateSums)| {
        sums.into_iter().map(move |(kind, sum)| Line { names: names.clone(), whole, kind, sum })
    };
    whole.chain(each).flat_map(lines).collect()
}

fn sheet(
    workbook: &mut Workbook,
    table: &Table<StateField>,
    style: &Style,
    caption: &Caption,
    lines: &[Line],
) -> Result<(), XlsxError> {
    let sheet = workbook.add_worksheet().set_name(&table.sheet)?;
    let mut page = Page::new(sheet, style, caption, table)?;
    let look = |row: usize| if lines[row].whole { Look::Strong } else { Look::Plain };
    page.styled_table(table, lines.len(), |row, column| value(row, &lines[row], column.source), look)?;
    page.signature(&table.signature)?;
    page.finish()
}

fn value(row: usize, line: &Line, field: StateField) -> Value {
    let money = |fen: i64| if fen == 0 { Value::Blank } else { Value::Money(Fen(fen)) };
    let name = |at: usize| Value::Text(line.names[at].clone());
    match field {
        StateField::Serial => Value::Count(i64::try_from(row + 1).unwrap_or(i64::MAX)),
        StateField::Title => name(0),
        StateField::Town => name(1),
        StateField::Village => name(2),
        StateField::State => Value::Text(State::KINDS.get(line.kind).map_or("", |state| state.plain()).to_owned()),
        StateField::Count => Value::Count(line.sum.count),
        StateField::Months => Value::Count(i64::from(line.sum.months)),
        StateField::Until => line.sum.until.map_or(Value::Blank, Value::Day),
        StateField::Owed => money(line.sum.owed),
        StateField::Overpaid => money(line.sum.overpaid),
    }
}
