//! The dossier of a town: an index of households, a sheet per village, every household with its members, what each registry holds of
//! them and how it was joined, and every rule with its reason.
//!
//! Takes pictures of households, gives one workbook. It is for the village at most: numbers are masked, of births stands the age; in a posted one
//! nothing tells of health: neither rules nor rows of registers of the sick and disabled. Rules that do not apply are told together by reason and
//! folded away; what was evaluated for nobody stands once, on a sheet of its own. Cost: linear in rows.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use rust_xlsxwriter::{Worksheet, XlsxError};

use crate::config::layout::{Column, DossierBook, DossierField, DossierIndexField, Layouts};
use crate::model::date::{Day, Month};
use crate::model::finding::Finding;
use crate::model::link::{LinkStatus, WeightPart};
use crate::model::masking::{Audience, Row, mask_text, tells_health, tells_health_id};
use crate::model::personal::{Expose, Personal};
use crate::model::picture::{Doubtful, HouseholdPicture, Judged, PersonPicture, Place, SourceRow, Verdict};

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
    /// Where it is to be posted publicly: as what.
    pub posted: Option<Audience>,
    /// Printed nowhere here, but part of what captions know.
    pub tool_version: &'a str,
}

impl DossierInput<'_> {
    fn audience(&self) -> Audience {
        Audience::of(self.posted, Audience::Village)
    }
}

/// One row of a village's sheet.
#[derive(Debug, Default)]
struct Line {
    look: Look,
    kind: &'static str,
    household: Personal,
    name: Personal,
    number: Personal,
    what: String,
    place: String,
    content: Personal,
    result: String,
}

impl Line {
    fn value(&self, column: &Column<DossierField>) -> Value {
        let text = match column.source {
            DossierField::Kind => self.kind,
            // A code may be as long as a number, and has been shown as one may be.
            DossierField::Household if self.household.is_empty() => return Value::Blank,
            DossierField::Household => return Value::Text(self.household.expose().to_owned()),
            DossierField::Name => self.name.expose(),
            DossierField::Number => self.number.expose(),
            DossierField::What => &self.what,
            DossierField::Where => &self.place,
            DossierField::Content => self.content.expose(),
            DossierField::Result => &self.result,
        };
        if text.is_empty() { Value::Blank } else { Value::Text(mask_text(text)) }
    }
}

/// A household as it may be posted: without rules, findings, rows and cells that tell of health.
fn posted(household: &HouseholdPicture) -> HouseholdPicture {
    let of_rule = |card: &RuleCard| tells_health(&card.title) || tells_health(&card.lead) || tells_health_id(&card.id);
    let told = |judged: &Judged| of_rule(&judged.rule) || tells_health(judged.why.expose());
    let found = |finding: &Finding| {
        let cells = finding.evidence.iter().map(|cell| cell.column.as_str());
        tells_health_id(&finding.rule) || tells_health(finding.sentence.expose()) || cells.into_iter().any(tells_health)
    };
    let mut household = household.clone();
    household.rules.retain(|judged| !told(judged));
    household.findings.retain(|finding| !found(finding));
    for member in &mut household.members {
        member.rules.retain(|judged| !told(judged));
        member.findings.retain(|finding| !found(finding));
        member.rows.retain(|row| !(tells_health(&row.place.title) || tells_health(row.place.file.expose())));
        member.doubts.retain(|doubt| !(tells_health(&doubt.place.title) || tells_health(doubt.place.file.expose())));
        for row in &mut member.rows {
            row.cells.retain(|cell| !tells_health(&cell.header));
        }
    }
    household
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

    let filtered: Vec<HouseholdPicture>;
    let households = if input.posted.is_some() {
        filtered = input.households.iter().map(posted).collect();
        &filtered
    } else {
        input.households
    };
    let villages: Vec<&[HouseholdPicture]> = households.chunk_by(|one, other| one.village == other.village).collect();
    let codes = codes(households, input.audience());
    let sheets_of = |village| village_sheets(village, &codes, input, layouts, caption);
    let written = villages.into_par_iter().map(sheets_of).collect::<Vec<_>>();
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
    page.table(&book.index, None, entries.len(), |row, column| index(&entries[row], &codes, input, row, column.source))?;
    page.finish()?;
    for sheet in sheets {
        workbook.push_worksheet(sheet);
    }
    if !input.not_evaluated.is_empty() {
        let lines: Vec<Line> = input
            .not_evaluated
            .iter()
            .filter(|(rule, _)| input.posted.is_none() || !tells_health_id(rule))
            .map(|(rule, why)| {
                let card = card(input.cards, rule);
                let what = card.map_or_else(|| rule.clone(), |card| card.title.clone());
                let place = card.map(|card| card.ground().to_owned()).unwrap_or_default();
                Line { what, place, content: why.as_str().into(), ..Line::default() }
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

fn village_sheets<'a>(
    village: &'a [HouseholdPicture],
    codes: &BTreeMap<String, String>,
    input: &DossierInput<'_>,
    layouts: &Layouts,
    caption: &Caption,
) -> Result<Vec<Part<'a>>, XlsxError> {
    let book: &DossierBook = &layouts.dossier;
    let shown = village.first().map_or("", |household| household.village.as_str());
    let shown = if shown.is_empty() { book.unplaced.as_str() } else { shown };
    let caption = caption.with("village", shown);
    let mut parts = Vec::new();
    let mut left = village.iter().peekable();
    while left.peek().is_some() {
        let (mut lines, mut starts) = (Vec::new(), Vec::new());
        while let Some(household) = left.next_if(|_| lines.len() < ROWS_PER_SHEET) {
            starts.push((household, u32::try_from(lines.len()).unwrap_or(u32::MAX)));
            household_lines(household, codes, input, &mut lines);
        }
        let mut sheet = Worksheet::new();
        let mut page = Page::new(&mut sheet, &layouts.style, &caption, &book.list)?;
        let area = page.styled_table(&book.list, lines.len(), |row, column| lines[row].value(column), |row| lines[row].look)?;
        page.finish()?;
        for (_, start) in &mut starts {
            *start = start.saturating_add(area.first);
        }
        parts.push(Part { village: shown.to_owned(), sheet, starts, rows: lines.len() as u64 });
    }
    Ok(parts)
}

fn index(
    entry: &Entry<'_>,
    codes: &BTreeMap<String, String>,
    input: &DossierInput<'_>,
    row: usize,
    field: DossierIndexField,
) -> Value {
    let (household, audience) = (entry.household, input.audience());
    let count = |count: usize| Value::Count(i64::try_from(count).unwrap_or(i64::MAX));
    let rules = || household.rules.iter().chain(household.members.iter().flat_map(|member| &member.rules));
    match field {
        DossierIndexField::Serial => count(row + 1),
        DossierIndexField::Village => Value::Text(audience.text(&entry.village)),
        DossierIndexField::Group => Value::Text(audience.text(&household.group)),
        DossierIndexField::Household => {
            Value::Link { text: code_of(household, codes), sheet: entry.sheet.clone(), row: entry.row }
        }
        DossierIndexField::Head => Value::Text(audience.name(household.head.expose())),
        DossierIndexField::Members => count(household.members.len()),
        DossierIndexField::Rows => count(household.members.iter().map(|member| member.rows.len()).sum()),
        DossierIndexField::Findings => count(household.all_findings().count()),
        DossierIndexField::Unknown => {
            count(rules().filter(|judged| judged.verdict == Verdict::Unknown && !judged.absent).count())
        }
        DossierIndexField::Doubts => count(household.members.iter().map(|member| member.doubts.len()).sum()),
        DossierIndexField::Titles => {
            let mut titles: Vec<&str> = Vec::new();
            for finding in household.all_findings() {
                let title = card(input.cards, &finding.rule).map_or(finding.rule.as_str(), |card| card.title.as_str());
                if !titles.contains(&title) {
                    titles.push(title);
                }
            }
            Value::Text(titles.join("、"))
        }
    }
}

/// How the code of each household is shown, by the code: those that are alike once numbers in them are hidden are numbered.
fn codes(households: &[HouseholdPicture], audience: Audience) -> BTreeMap<String, String> {
    let mut alike: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut known = BTreeSet::new();
    for name in households.iter().map(household_name) {
        if known.insert(name.clone()) {
            alike.entry(audience.code(&name)).or_default().push(name);
        }
    }
    let numbered = alike.into_iter().flat_map(|(shown, names)| {
        let several = names.len() > 1;
        let one = move |(number, name)| (name, if several { format!("{shown}（{number}）") } else { shown.clone() });
        (1..).zip(names).map(one).collect::<Vec<(String, String)>>()
    });
    numbered.collect()
}

fn code_of(household: &HouseholdPicture, codes: &BTreeMap<String, String>) -> String {
    codes.get(&household_name(household)).cloned().unwrap_or_default()
}

/// The code, or what stands for it where a person is outside the poverty registry.
fn household_name(household: &HouseholdPicture) -> String {
    match household.code.expose().map(|code| code.split_once(':').unwrap_or(("", code))) {
        Some(("", code)) => code.to_owned(),
        Some((_, code)) => format!("（户外）{code}"),
        None => "（户外）".to_owned(),
    }
}

fn household_lines(
    household: &HouseholdPicture,
    codes: &BTreeMap<String, String>,
    input: &DossierInput<'_>,
    lines: &mut Vec<Line>,
) {
    let audience = input.audience();
    let code = code_of(household, codes);
    let mut beside = audience.row(input.as_of);
    beside.knows_name(household.head.expose());
    household.members.iter().for_each(|member| member.stands_beside(&mut beside));
    let names: Vec<String> = household.members.iter().map(|member| audience.name(member.name.expose())).collect();
    let findings = household.all_findings().count();
    lines.push(Line {
        look: Look::Head,
        kind: "户",
        household: code.as_str().into(),
        name: audience.name(household.head.expose()).into(),
        what: format!("{} 人", household.members.len()),
        place: beside.text(&format!("{}{}{}", household.town, household.village, household.group)),
        content: names.join("、").into(),
        result: if findings == 0 { "没有疑点".to_owned() } else { format!("疑点 {findings} 条") },
        ..Line::default()
    });
    let blank = Line { household: code.as_str().into(), name: audience.name(household.head.expose()).into(), ..Line::default() };
    rule_lines(&blank, input.cards, &beside, (&household.findings, &household.rules), lines);
    for member in &household.members {
        member_lines(&code, member, input, &beside, lines);
    }
}

fn member_lines(code: &str, member: &PersonPicture, input: &DossierInput<'_>, beside: &Row, lines: &mut Vec<Line>) {
    let audience = input.audience();
    let (name, number) = (audience.name(member.name.expose()), audience.number(member.number.expose()));
    let age = member.birth.map_or_else(String::new, |birth| audience.birth(birth, input.as_of));
    let relation = beside.text(&member.relation);
    let who: Vec<&str> = [relation.as_str(), &member.sex, &age].into_iter().filter(|text| !text.is_empty()).collect();
    let base = || Line { household: code.into(), name: name.as_str().into(), number: number.as_str().into(), ..Line::default() };
    let registries = member.rows.iter().map(|row| row.place.title.as_str()).collect::<std::collections::BTreeSet<_>>();
    lines.push(Line {
        look: Look::Strong,
        kind: "成员",
        what: who.join("，"),
        place: beside.text(&format!("{}{}{}", member.town, member.village, member.group)),
        content: format!("人员编号 {}；在 {} 个名册里有 {} 行", member.person_id, registries.len(), member.rows.len()).into(),
        ..base()
    });
    for row in &member.rows {
        lines.push(Line {
            kind: "登记",
            number: audience.number(row.number.expose()).into(),
            name: audience.name(row.name.expose()).into(),
            what: row.place.title.clone(),
            place: place_text(&row.place),
            content: row_text(row, member, code, beside).into(),
            result: joined(row),
            ..base()
        });
    }
    for doubt in &member.doubts {
        lines.push(Line {
            kind: "待核对",
            what: doubt.place.title.clone(),
            place: place_text(&doubt.place),
            content: doubt_text(doubt).into(),
            result: "可能是同一人，先核对".to_owned(),
            ..base()
        });
    }
    rule_lines(&base(), input.cards, beside, (&member.findings, &member.rules), lines);
}

fn place_text(place: &Place) -> String {
    let sheet = if place.sheet.is_empty() { String::new() } else { format!("，{}", place.sheet.expose()) };
    format!("{}{sheet} 第{}行", place.file.expose(), place.line)
}

/// What a row says, but for what the member's line has said already.
fn row_text(row: &SourceRow, member: &PersonPicture, code: &str, beside: &Row) -> String {
    let mut parts = Vec::new();
    if let Some(raw) = &row.number_raw {
        parts.push(format!("原写号码={}", beside.cell("证件号码", raw.expose())));
    } else if row.number.is_empty() {
        parts.push("没有号码".to_owned());
    }
    let home = format!("{}{}{}", member.town, member.village, member.group);
    if !row.address.is_empty() && row.address != home.as_str() {
        parts.push(format!("住址={}", beside.text(row.address.expose())));
    }
    if !row.household_code.is_empty() && row.household_code != code {
        parts.push(format!("户号={}", beside.text(row.household_code.expose())));
    }
    parts.extend(row.cells.iter().map(|cell| beside.said(&cell.header, cell.value.expose())));
    parts.join("，")
}

fn joined(row: &SourceRow) -> String {
    let odds = match row.status {
        LinkStatus::Id | LinkStatus::Alone => String::new(),
        _ => format!("，概率 {:.2}%", f64::from(row.probability) * 100.0),
    };
    let parts = if row.parts.is_empty() { String::new() } else { format!("：{}", bars(&row.parts)) };
    format!("{}{odds}{parts}", row.status.plain())
}

fn doubt_text(doubt: &Doubtful) -> String {
    format!("这一行可能也是此人，概率 {:.2}%：{}", f64::from(doubt.probability) * 100.0, bars(&doubt.parts))
}

fn bars(parts: &[WeightPart]) -> String {
    parts.iter().map(|part| format!("{} {} {:+.1}", part.comparison, part.level, part.weight)).collect::<Vec<_>>().join("，")
}

/// Findings, then what every rule says.
fn rule_lines(base: &Line, cards: &[RuleCard], beside: &Row, (findings, rules): (&[Finding], &[Judged]), lines: &mut Vec<Line>) {
    let line = |kind: &'static str, what: String, place: String, content: &str, result: String| Line {
        kind,
        household: base.household.clone(),
        name: base.name.clone(),
        number: base.number.clone(),
        what,
        place,
        content: beside.text(content).into(),
        result,
        look: Look::Plain,
    };
    for finding in findings {
        let title = card(cards, &finding.rule).map_or_else(|| finding.rule.clone(), |card| card.title.clone());
        let result = format!("疑点（{}）{}", finding.confidence.plain(), finding.finding_id);
        lines.push(line("疑点", title, finding.ground().to_owned(), finding.sentence.expose(), result));
    }
    let found = |judged: &Judged| findings.iter().any(|finding| finding.rule == judged.rule.id);
    for verdict in [Verdict::Fires, Verdict::NotYet, Verdict::Unknown, Verdict::Exempt] {
        for judged in rules.iter().filter(|judged| judged.verdict == verdict && !judged.absent && !found(judged)) {
            let result = match verdict {
                Verdict::Fires => "暂缓：先核对是否同一人，或本乡镇数据不全".to_owned(),
                other => other.plain().to_owned(),
            };
            lines.push(line("规则", judged.rule.title.clone(), judged.rule.ground().to_owned(), judged.why.expose(), result));
        }
    }
    let passed: Vec<&Judged> = rules.iter().filter(|judged| judged.verdict == Verdict::Passes).collect();
    for part in passed.chunks(RULES_PER_CELL) {
        let told: Vec<String> = part.iter().map(|judged| format!("{}（{}）", judged.rule.title, judged.why.expose())).collect();
        lines.push(line("规则", format!("通过 {} 条", part.len()), String::new(), &told.join("；"), "通过".to_owned()));
    }
    let absent: Vec<&Judged> = rules.iter().filter(|judged| judged.absent).collect();
    let outside: Vec<&Judged> = rules.iter().filter(|judged| judged.verdict == Verdict::NotApplicable).collect();
    for (verdict, judged) in [(Verdict::Unknown, absent), (Verdict::NotApplicable, outside)] {
        for (count, told) in by_reason(&judged) {
            let what = format!("{} {count} 条", verdict.plain());
            let mut folded = line("规则", what, String::new(), &told, verdict.plain().to_owned());
            folded.look = Look::Folded;
            lines.push(folded);
        }
    }
}

/// Rules told together by reason, the reasons with most rules first, in cells of at most [`RULES_PER_CELL`] rules where that can be.
fn by_reason(judged: &[&Judged]) -> Vec<(usize, String)> {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for judged in judged {
        reasons.entry(judged.why.expose()).or_default().push(&judged.rule.title);
    }
    let mut reasons: Vec<(&str, Vec<&str>)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, titles)| std::cmp::Reverse(titles.len()));
    let mut cells: Vec<(usize, Vec<String>)> = Vec::new();
    for (why, titles) in reasons {
        let told = format!("{why}：{}", titles.join("、"));
        match cells.last_mut() {
            Some((count, cell)) if *count + titles.len() <= RULES_PER_CELL => {
                *count += titles.len();
                cell.push(told);
            }
            _ => cells.push((titles.len(), vec![told])),
        }
    }
    cells.into_iter().map(|(count, cell)| (count, cell.join("\n"))).collect()
}
