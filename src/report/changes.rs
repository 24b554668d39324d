//! What became of findings between two runs, as a workbook: by rule, by town, by village, where they stand now, then one by one. Numbers are masked, and
//! ages stand there as of the later run's day alone.

use std::collections::BTreeMap;

use rust_xlsxwriter::{Workbook, XlsxError};

use crate::config::layout::{ChangeListField, ChangeSumField, Layouts, Table};
use crate::model::change::{Change, Changed};
use crate::model::date::Day;
use crate::model::masking::{Audience, Row as Beside, mask_text};
use crate::model::money::Fen;
use crate::model::personal::Expose;
use crate::model::stood::Stood;

use super::caption::Caption;
use super::lists::new_workbook;
use super::sheet::{Page, Value};
use super::states;
use super::{OutputFile, ReportError, output};

/// What the workbook is made of.
#[derive(Clone, Copy, Debug)]
pub struct ChangesInput<'a> {
    /// Months of the two runs.
    pub periods: (&'a str, &'a str),
    /// Day of the later one; also the workbook's creation date.
    pub as_of: &'a str,
    /// Every finding, in print order.
    pub changes: &'a [Changed],
    /// What a reader should know first.
    pub notes: &'a [String],
    /// Where everything stands in the later run; `None` where it had no ledger.
    pub stood: Option<&'a [Stood]>,
}

/// Counts and money of a row.
#[derive(Clone, Debug, Default)]
struct Row {
    title: String,
    town: String,
    village: String,
    counts: BTreeMap<Change, i64>,
    owed: [i64; 3],
    overpaid: [i64; 3],
}

impl Row {
    fn add(&mut self, changed: &Changed) {
        *self.counts.entry(changed.change).or_default() += 1;
        let slot = match changed.change {
            Change::New => 0,
            Change::Persisting => 1,
            _ => 2,
        };
        match changed.finding.monthly_gap() {
            Some(gap) if gap > 0 => self.owed[slot] += gap,
            Some(gap) => self.overpaid[slot] -= gap,
            None => {}
        }
    }

    fn value(&self, row: usize, field: ChangeSumField) -> Value {
        let count = |change: Change| match self.counts.get(&change) {
            Some(count) => Value::Count(*count),
            None => Value::Blank,
        };
        let money = |fen: i64| if fen == 0 { Value::Blank } else { Value::Money(Fen(fen)) };
        match field {
            ChangeSumField::Serial => Value::Count(i64::try_from(row + 1).unwrap_or(i64::MAX)),
            ChangeSumField::Title => Value::Text(self.title.clone()),
            ChangeSumField::Town => Value::Text(self.town.clone()),
            ChangeSumField::Village => Value::Text(self.village.clone()),
            ChangeSumField::New => count(Change::New),
            ChangeSumField::Persisting => count(Change::Persisting),
            ChangeSumField::Resolved => count(Change::Resolved),
            ChangeSumField::HeldBack => count(Change::HeldBack),
            ChangeSumField::NotEvaluated => count(Change::NotEvaluated),
            ChangeSumField::SubjectGone => count(Change::SubjectGone),
            ChangeSumField::OwedNew => money(self.owed[0]),
            ChangeSumField::OwedPersisting => money(self.owed[1]),
            ChangeSumField::OwedGone => money(self.owed[2]),
            ChangeSumField::OverpaidNew => money(self.overpaid[0]),
            ChangeSumField::OverpaidPersisting => money(self.overpaid[1]),
            ChangeSumField::OverpaidGone => money(self.overpaid[2]),
        }
    }
}

/// The workbook.
pub fn changes(input: &ChangesInput<'_>, layouts: &Layouts) -> Result<OutputFile, ReportError> {
    output("changes.xlsx".to_owned(), write(input, layouts))
}

fn write(input: &ChangesInput<'_>, layouts: &Layouts) -> Result<(Vec<u8>, u64), XlsxError> {
    let as_of: Day = input.as_of.parse().unwrap_or(Day(0));
    let period = format!("{} → {}", input.periods.0, input.periods.1);
    let caption = Caption::new_comparison(&period, as_of);
    let book = &layouts.changes;
    let mut workbook = new_workbook(&caption.fill(&book.rules.title), as_of)?;
    let nowhere = |name: &Option<String>| name.clone().unwrap_or_else(|| "全县、未定".to_owned());
    let mut sums = |table: &Table<ChangeSumField>, notes: &[String], group: &dyn Fn(&Changed) -> [String; 3]| {
        let mut rows: BTreeMap<[String; 3], Row> = BTreeMap::new();
        for changed in input.changes {
            rows.entry(group(changed)).or_default().add(changed);
        }
        let rows: Vec<Row> = rows.into_iter().map(|([town, village, title], row)| Row { title, town, village, ..row }).collect();
        sheet(&mut workbook, layouts, &caption, table, notes, rows.len(), |row, column| rows[row].value(row, column))
    };
    let blank = String::new;
    sums(&book.rules, input.notes, &|changed| [blank(), blank(), changed.title.clone()])?;
    sums(&book.towns, &[], &|changed| [nowhere(&changed.finding.town), blank(), blank()])?;
    sums(&book.villages, &[], &|changed| {
        [nowhere(&changed.finding.town), changed.finding.village.clone().unwrap_or_default(), changed.title.clone()]
    })?;
    if let Some(stood) = input.stood {
        states::sheets(&mut workbook, &layouts.states, &layouts.style, &caption.with("month", input.periods.1), stood)?;
    }
    sheet(&mut workbook, layouts, &caption, &book.list, &[], input.changes.len(), |row, column| {
        listed(&input.changes[row], as_of, row, column)
    })?;
    Ok((workbook.save_to_buffer()?, input.changes.len() as u64))
}

fn sheet<F: Copy>(
    workbook: &mut Workbook,
    layouts: &Layouts,
    caption: &Caption,
    table: &Table<F>,
    notes: &[String],
    rows: usize,
    value: impl Fn(usize, F) -> Value,
) -> Result<(), XlsxError> {
    let sheet = workbook.add_worksheet().set_name(&table.sheet)?;
    let mut page = Page::new(sheet, &layouts.style, caption, table)?;
    for note in notes {
        page.paragraph(&mask_text(note))?;
    }
    page.table(table, None, rows, |row, column| value(row, column.source))?;
    page.finish()
}

fn listed(changed: &Changed, as_of: Day, row: usize, field: ChangeListField) -> Value {
    let (finding, audience) = (&changed.finding, Audience::Village);
    let beside = || -> Beside {
        let mut beside = audience.row(as_of);
        finding.id_number.iter().for_each(|number| beside.knows_number(number.expose()));
        finding.evidence.iter().for_each(|cell| beside.knows_cell(&cell.column, cell.value.expose()));
        // Of what is gone, the earlier run's words.
        if !matches!(changed.change, Change::New | Change::Persisting) {
            beside.is_of_another_day();
        }
        beside
    };
    let optional = |text: &Option<String>| text.as_ref().map_or(Value::Blank, |text| Value::Text(beside().text(text)));
    match field {
        ChangeListField::Serial => Value::Count(i64::try_from(row + 1).unwrap_or(i64::MAX)),
        ChangeListField::Change => Value::Text(changed.change.plain().to_owned()),
        ChangeListField::FindingId => Value::Text(finding.finding_id.clone()),
        ChangeListField::Title => Value::Text(changed.title.clone()),
        ChangeListField::Clause => Value::Text(finding.ground().to_owned()),
        ChangeListField::Town => optional(&finding.town),
        ChangeListField::Village => optional(&finding.village),
        ChangeListField::Household => {
            finding.household_code.expose().map_or(Value::Blank, |code| Value::Text(audience.code(code)))
        }
        ChangeListField::Name => finding.name.expose().map_or(Value::Blank, |name| Value::Text(audience.name(name))),
        ChangeListField::Number => finding.id_number.expose().map_or(Value::Blank, |number| Value::Text(audience.number(number))),
        ChangeListField::Sentence => Value::Text(beside().text(finding.sentence.expose())),
        ChangeListField::Gap => finding.gap_fen.map_or(Value::Blank, |gap| Value::Money(Fen(gap))),
    }
}
