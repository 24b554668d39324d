//! The dossier of a town: an index of households, a sheet per village, every household with its members, what each registry holds of
//! them and how it was joined, and every rule with its reason.
//!
//! Takes pictures of households, in the words that `explain` shows too, gives one workbook. Rules that do not apply are told together by reason
//! and folded away; what was evaluated for nobody stands once, on a sheet of its own. Cost: linear in rows.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use rust_xlsxwriter::{Worksheet, XlsxError};

use crate::config::layout::{Column, DossierBook, DossierField, DossierIndexField, Layouts};
use crate::config::link_words;
use crate::model::date::{Day, Month};
use crate::model::masking::{Audience, mask_text, tells_health_id};
use crate::model::picture::{
    Compared, HELD, HouseholdPicture, PersonPicture, ShownFinding, ShownRule, SourceRow, Verdict, Words,
};

use super::caption::Caption;
use super::lists::new_workbook;
use super::names::Names;
use super::sheet::{Look, Page, Value};
use super::{OutputFile, ReportError, card, output};
use crate::model::rule::RuleCard;

/// A village with more rows than this goes on in a numbered sheet: a sheet stays quick to scroll and filter.
const ROWS_PER_SHEET: usize = 50_000;
/// Rules told in one cell; more go on in the next row, as a cell shows some thirty lines.
const RULES_PER_CELL: usize = 40;

/// What a dossier is made of.
#[derive(Clone, Copy, Debug)]
pub struct DossierInput<'a> {
    /// `正安县`.
    pub county: &'a str,
    /// The month.
    pub period: Month,
    /// The day ages were counted at; also the workbook's creation date.
    pub as_of: Day,
    /// The town.
    pub town: &'a str,
    /// Its households, by village, in print order.
    pub households: &'a [HouseholdPicture],
    /// Every rule.
    pub cards: &'a [RuleCard],
    /// Rules evaluated for nobody: id, why.
    pub not_evaluated: &'a BTreeMap<String, String>,
    /// Who is to read it: the pictures are for the same.
    pub audience: Audience,
    /// Printed nowhere here, but part of what captions know.
    pub tool_version: &'a str,
}

/// One row of a village's sheet.
#[derive(Debug, Default)]
struct Line {
    look: Look,
    kind: &'static str,
    household: Words,
    name: Words,
    number: Words,
    what: String,
    place: Words,
    content: Words,
    result: Words,
}

impl Line {
    fn value(&self, column: &Column<DossierField>) -> Value {
        let text = match column.source {
            DossierField::Kind => self.kind,
            DossierField::Household => self.household.as_str(),
            DossierField::Name => self.name.as_str(),
            DossierField::Number => self.number.as_str(),
            DossierField::What => &self.what,
            DossierField::Where => self.place.as_str(),
            DossierField::Content => self.content.as_str(),
            DossierField::Result => self.result.as_str(),
        };
        if text.is_empty() { Value::Blank } else { Value::Text(text.to_owned()) }
    }
}

/// A row of the index: the household and where its rows begin.
struct Entry<'a> {
    household: &'a HouseholdPicture,
    village: String,
    sheet: String,
    row: u32,
}

/// The workbook of a town.
pub fn dossier(input: &DossierInput<'_>, layouts: &Layouts) -> Result<OutputFile, ReportError> {
    let caption = Caption::of(input.county, input.period, input.as_of, input.tool_version).with("town", input.town);
    let name = Names::of_files().claim(&caption.fill(&layouts.dossier.file));
    output(format!("reports/{name}.xlsx"), write(input, layouts, &caption))
}

fn write(input: &DossierInput<'_>, layouts: &Layouts, caption: &Caption) -> Result<(Vec<u8>, u64), XlsxError> {
    let book: &DossierBook = &layouts.dossier;
    let mut names = Names::of_sheets();
    let index_name = names.claim(&book.index.sheet);
    let not_evaluated_name = names.claim(&book.not_evaluated.sheet);

    let villages: Vec<&[HouseholdPicture]> = input.households.chunk_by(|one, other| one.village == other.village).collect();
    let written: Vec<_> = villages.into_par_iter().map(|village| village_sheets(village, layouts, caption)).collect();
    let (mut sheets, mut entries, mut rows) = (Vec::new(), Vec::new(), 0_u64);
    for village in written {
        for mut part in village? {
            let name = names.claim(&part.village);
            part.sheet.set_name(&name)?;
            rows += part.rows;
            entries.extend(part.starts.into_iter().map(|(household, row)| Entry {
                household,
                village: part.village.clone(),
                sheet: name.clone(),
                row,
            }));
            sheets.push(part.sheet);
        }
    }

    let mut workbook = new_workbook(&caption.fill(&book.index.title), input.as_of)?;
    let sheet = workbook.add_worksheet().set_name(index_name)?;
    let mut page = Page::new(sheet, &layouts.style, caption, &book.index)?;
    page.table(&book.index, None, entries.len(), |row, column| index(&entries[row], input.audience, row, column.source))?;
    page.finish()?;
    for sheet in sheets {
        workbook.push_worksheet(sheet);
    }
    if !input.not_evaluated.is_empty() {
        let lines: Vec<Line> = input
            .not_evaluated
            .iter()
            .filter(|(rule, _)| !(input.audience.is_public() && tells_health_id(rule)))
            .map(|(rule, why)| {
                let card = card(input.cards, rule);
                let what = card.map_or_else(|| rule.clone(), |card| card.title.clone());
                let place = card.map_or_else(Words::default, |card| card.ground().into());
                Line { what: mask_text(&what), place, content: why.as_str().into(), ..Line::default() }
            })
            .collect();
        let sheet = workbook.add_worksheet().set_name(not_evaluated_name)?;
        let mut page = Page::new(sheet, &layouts.style, caption, &book.not_evaluated)?;
        page.table(&book.not_evaluated, None, lines.len(), |row, column| lines[row].value(column))?;
        page.finish()?;
    }
    Ok((workbook.save_to_buffer()?, rows))
}

/// Sheets of a village that are not named yet: which households they show, and from which row.
struct Part<'a> {
    village: String,
    sheet: Worksheet,
    starts: Vec<(&'a HouseholdPicture, u32)>,
    rows: u64,
}

fn village_sheets<'a>(village: &'a [HouseholdPicture], layouts: &Layouts, caption: &Caption) -> Result<Vec<Part<'a>>, XlsxError> {
    let book: &DossierBook = &layouts.dossier;
    let shown = village.first().map_or("", |household| household.village.as_str());
    let shown = if shown.is_empty() { book.unplaced.as_str() } else { shown };
    let caption = caption.with("village", shown).with("legend", link_words::LEGEND);
    let mut parts = Vec::new();
    let mut left = village.iter().peekable();
    while left.peek().is_some() {
        let (mut lines, mut starts) = (Vec::new(), Vec::new());
        while let Some(household) = left.next_if(|_| lines.len() < ROWS_PER_SHEET) {
            starts.push((household, u32::try_from(lines.len()).unwrap_or(u32::MAX)));
            household_lines(household, &mut lines);
        }
        let mut sheet = Worksheet::new();
        let mut page = Page::new(&mut sheet, &layouts.style, &caption, &book.list)?;
        let area = page.styled_table(&book.list, lines.len(), |row, column| lines[row].value(column), |row| lines[row].look)?;
        page.signature(&book.list.signature)?;
        page.finish()?;
        for (_, start) in &mut starts {
            *start = start.saturating_add(area.first);
        }
        parts.push(Part { village: shown.to_owned(), sheet, starts, rows: lines.len() as u64 });
    }
    Ok(parts)
}

fn index(entry: &Entry<'_>, audience: Audience, row: usize, field: DossierIndexField) -> Value {
    let household = entry.household;
    let text = |words: &Words| Value::Text(words.as_str().to_owned());
    let count = |count: usize| Value::Count(i64::try_from(count).unwrap_or(i64::MAX));
    let rules = || household.rules.iter().chain(household.members.iter().flat_map(|member| &member.rules));
    match field {
        DossierIndexField::Serial => count(row + 1),
        DossierIndexField::Village => Value::Text(audience.text(&entry.village)),
        DossierIndexField::Group => text(&household.group),
        DossierIndexField::Household => {
            Value::Link { text: household.shown.as_str().to_owned(), sheet: entry.sheet.clone(), row: entry.row }
        }
        DossierIndexField::Head => text(&household.head),
        DossierIndexField::Members => count(household.members.len()),
        DossierIndexField::Rows => count(household.members.iter().map(|member| member.rows.len()).sum()),
        DossierIndexField::Findings => count(household.all_findings().count()),
        DossierIndexField::Unknown => count(rules().filter(|rule| rule.verdict == Verdict::Unknown && !rule.folded).count()),
        DossierIndexField::Doubts => count(household.members.iter().map(|member| member.doubts.len()).sum()),
        DossierIndexField::Titles => {
            let mut titles: Vec<&str> = Vec::new();
            for finding in household.all_findings() {
                if !titles.contains(&finding.title.as_str()) {
                    titles.push(&finding.title);
                }
            }
            Value::Text(titles.join("、"))
        }
    }
}

fn household_lines(household: &HouseholdPicture, lines: &mut Vec<Line>) {
    let base = || Line { household: household.shown.clone(), name: household.head.clone(), ..Line::default() };
    let names: Vec<&str> = household.members.iter().map(|member| member.name.as_str()).collect();
    let findings = household.all_findings().count();
    let result = if findings == 0 { "没有疑点".to_owned() } else { format!("疑点 {findings} 条") };
    lines.push(Line {
        look: Look::Head,
        kind: "户",
        what: format!("{} 人", household.members.len()),
        place: household.place.clone(),
        content: names.join("、").into(),
        result: result.into(),
        ..base()
    });
    rule_lines(&base, &household.findings, &household.rules, lines);
    for member in &household.members {
        member_lines(&household.shown, member, lines);
    }
}

fn member_lines(code: &Words, member: &PersonPicture, lines: &mut Vec<Line>) {
    let base = || Line { household: code.clone(), name: member.name.clone(), number: member.number.clone(), ..Line::default() };
    let registers: BTreeSet<&str> = member.rows.iter().map(|row| row.register.as_str()).collect();
    let content = format!("人员编号 {}；在 {} 个名册里有 {} 行", member.person_id, registers.len(), member.rows.len());
    lines.push(Line {
        look: Look::Strong,
        kind: "成员",
        what: member.facts.to_string(),
        place: member.place.clone(),
        content: content.into(),
        ..base()
    });
    for (kind, row) in member.rows.iter().map(|row| ("登记", row)).chain(member.doubts.iter().map(|row| ("待核对", row))) {
        lines.push(Line {
            household: code.clone(),
            name: row.name.clone(),
            number: row.number.clone(),
            kind,
            what: row.register.clone(),
            place: row.place.clone(),
            content: row.content.clone(),
            result: result(row),
            ..Line::default()
        });
    }
    rule_lines(&base, &member.findings, &member.rules, lines);
}

/// How a row was joined, and the bars in one line: `号码修复，把握分 18.3，可能性 99.99%以上：起始分 -9.6，证件号码 错一位 +17.2`.
fn result(row: &SourceRow) -> Words {
    let bars = row.compared.iter().flat_map(|Compared { bars, .. }| bars.split_last().map_or(&[][..], |(_, bars)| bars));
    let bars: Vec<String> = bars.map(|bar| format!("{} {:+.1}", bar.words, bar.weight)).collect();
    if bars.is_empty() { row.how.clone() } else { Words::masked(format!("{}：{}", row.how, bars.join("，"))) }
}

/// Findings, then what every rule says that made none; what was evaluated for nobody stands elsewhere.
fn rule_lines(base: &dyn Fn() -> Line, findings: &[ShownFinding], rules: &[ShownRule], lines: &mut Vec<Line>) {
    lines.extend(findings.iter().map(|finding| Line {
        kind: "疑点",
        what: finding.title.clone(),
        place: finding.ground.as_str().into(),
        content: finding.sentence.clone(),
        result: format!("疑点（{}）{}", finding.confidence, finding.id).into(),
        ..base()
    }));
    let line = |what: String, ground: &str, content: Words, result: &str, look: Look| Line {
        look,
        kind: "规则",
        what,
        place: ground.into(),
        content,
        result: result.into(),
        ..base()
    };
    let (told, satisfied): (Vec<_>, Vec<_>) =
        rules.iter().filter(|rule| !rule.folded).partition(|rule| rule.verdict != Verdict::Passes);
    for rule in told.into_iter().filter(|rule| rule.verdict != Verdict::Fires || rule.result == HELD) {
        lines.push(line(rule.titles.join("、"), &rule.ground, rule.why.clone(), rule.result, Look::Plain));
    }
    for part in satisfied.chunks(RULES_PER_CELL) {
        let told: Vec<String> = part.iter().map(|rule| format!("{}（{}）", rule.titles.join("、"), rule.why)).collect();
        let passes = Verdict::Passes.plain();
        lines.push(line(format!("{passes} {} 条", part.len()), "", told.join("；").into(), passes, Look::Plain));
    }
    let folded: Vec<&ShownRule> = rules.iter().filter(|rule| rule.folded && rule.verdict != Verdict::NotEvaluated).collect();
    for (verdict, count, told) in cells(&folded) {
        lines.push(line(format!("{verdict} {count} 条"), "", told.into(), verdict, Look::Folded));
    }
}

/// Rules that are told by reason, of one verdict in cells of at most [`RULES_PER_CELL`] rules where that can be.
fn cells(folded: &[&ShownRule]) -> Vec<(&'static str, usize, String)> {
    let mut cells: Vec<(&str, usize, String)> = Vec::new();
    for rule in folded {
        let told = format!("{}：{}", rule.why, rule.titles.join("、"));
        match cells.last_mut() {
            Some((verdict, count, cell)) if *verdict == rule.result && *count + rule.titles.len() <= RULES_PER_CELL => {
                *count += rule.titles.len();
                cell.push('\n');
                cell.push_str(&told);
            }
            _ => cells.push((rule.result, rule.titles.len(), told)),
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::picture::Bar;

    #[test]
    fn bars_stand_in_one_line_and_are_taken_for_nobodys_number() {
        let bar = |(words, weight): (&str, f32)| Bar { words: words.to_owned(), weight, from: 0.0, to: 1.0 };
        let words =
            [("起始分", -16.0), ("证件号码 相同", 29.71), ("姓名 不同", -6.4), ("户 户中另有一人对上", 14.0), ("合计", 21.3)];
        let compared = vec![Compared { bars: words.map(bar).to_vec(), ..Compared::default() }];
        let row = SourceRow { how: "待核对，把握分 21.3".into(), compared, ..SourceRow::default() };
        assert_eq!(
            result(&row).as_str(),
            "待核对，把握分 21.3：起始分 -16.0，证件号码 相同 +29.7，姓名 不同 -6.4，户 户中另有一人对上 +14.0"
        );
        assert_eq!(result(&SourceRow { compared: Vec::new(), ..row }).as_str(), "待核对，把握分 21.3");
    }
}
