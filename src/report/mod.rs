//! Findings in, workbooks out.
//!
//! Takes [`ReportInput`] and [`Layouts`], gives [`OutputFile`]s: one workbook per town with a sheet per village, one per lead
//! department with a sheet per rule, identity corrections, and `汇总`, as far as the pipeline asks for them. Guarantees: every finding is
//! in `汇总`; identity findings are in the identity workbook, findings that stay with the data team in a workbook of theirs, all others in
//! exactly one town and one department workbook; amounts for a month, a semester, a year and once are never added; no data becomes a
//! formula; every cell passes [`Audience`]; what is posted publicly names nobody whose illness or disability a rule tells; the same input gives
//! the same bytes. Pure: no clock, no files. Linear in findings but for sorting; workbooks are
//! built side by side, each by one thread.

mod answers;
mod caption;
mod changes;
mod clauses;
mod differences;
mod dossier;
mod entry;
mod ledger;
mod lists;
mod measure;
mod names;
mod receipt;
mod review;
#[cfg(test)]
mod sample;
mod sheet;
mod spread;
mod states;
mod summary;
mod tally;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use rayon::prelude::*;
use rust_xlsxwriter::XlsxError;

use crate::config::layout::{IdentitySheet, Layouts, ListField, Table};
use crate::config::pipeline::{IdentityFiles, TownFiles, Workbook};
use crate::config::registry::Dictionary;
use crate::model::date::{Day, Month};
use crate::model::exemption::ExemptionUse;
use crate::model::finding::{Evidence, Finding, Rate, RuleNote};
use crate::model::intake::IntakeFile;
use crate::model::masking::{Audience, tells_health, tells_health_id};
use crate::model::personal::Personal;
use crate::model::review::ReviewEntry;
use crate::model::rule::{Clause, Reading, RuleCard};
use crate::model::standing::{Remembered, Standing, Standings};
use crate::model::stood::Stood;

pub use receipt::receipt;

use caption::Caption;
pub use changes::{ChangesInput, changes};
pub use dossier::{DossierInput, dossier};
use entry::{Histories, View, by_subject, new_first, one_each};
pub use lists::PROGRAM;
use lists::{Book, ROWS_PER_SHEET, Section};
use names::Names;
pub use review::{ReviewInput, review_books};

/// Rules with this prefix go to the workbook of identity corrections, and to no other list.
const IDENTITY: &str = "identity.";
/// Who keeps findings that are sent to nobody.
const DATA_TEAM: &str = "县数据组（不下发）";
/// What stands for a missing town in a file name.
const UNPLACED_TOWN: &str = "未定乡镇";

/// Everything a month's workbooks are made of.
#[derive(Clone, Copy, Debug)]
pub struct ReportInput<'a> {
    /// `正安县`.
    pub county: &'a str,
    /// The month.
    pub period: Month,
    /// The day that ages, standards and deadlines were taken at; also the workbooks' creation date.
    pub as_of: Day,
    /// Titles of registries.
    pub dictionary: &'a Dictionary,
    /// All findings, in the order in which rows that name several are to name them.
    pub findings: &'a [Finding],
    /// Coverage.
    pub rates: &'a [Rate],
    /// Rules held back, and banners.
    pub notes: &'a [RuleNote],
    /// Whom rules would list where registers are short; counted only.
    pub suspended: &'a [Finding],
    /// Every rule, in the policy's order.
    pub cards: &'a [RuleCard],
    /// Promises of the document, in its order; empty where the policy lists none.
    pub clauses: &'a [Clause],
    /// How the policy was read where it can be read in several ways.
    pub readings: &'a [Reading],
    /// What was taken in.
    pub intake: &'a [IntakeFile],
    /// Rule id → persons or households it was asked of.
    pub populations: &'a [(String, i64)],
    /// Rule id → of these exempt, by the policy or by the exemption list.
    pub exempt: &'a [(String, i64)],
    /// Pairs on which people's answers contradict each other.
    pub contradicted: &'a [&'a ReviewEntry],
    /// What became of the exemption list, in its order; empty without one.
    pub exemptions: &'a [ExemptionUse],
    /// Rule id → the day by which, where the clause sets one.
    pub deadlines: &'a [(String, Day)],
    /// Rows kept of all registries.
    pub records_total: u64,
    /// Which workbooks to make.
    pub workbooks: &'a [Workbook],
    /// How village lists are cut into workbooks.
    pub town_files: TownFiles,
    /// How identity corrections are.
    pub identity_files: IdentityFiles,
    /// Where findings stand, where there is a ledger: then lists ask only for what is open, and say what was answered before.
    pub standings: Option<&'a Standings>,
    /// Person id → numbers that returned lists proposed, and what became of them.
    pub proposed: &'a BTreeMap<String, Personal>,
    /// Where all of it is to be posted publicly: as what. Then nothing of health, and numbers nowhere, not only not in what goes to villages.
    pub posted: Option<Audience>,
    /// Number → how many of the county's persons share village, sex and year of birth with whoever bears it; asked for only what is posted.
    pub groups: &'a BTreeMap<Personal, u64>,
    /// Printed in the notes on how to read.
    pub tool_version: &'a str,
}

/// One workbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputFile {
    /// Relative to the run folder: `reports/2018-06_瑞溪镇_疑点清单.xlsx`.
    pub path: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// List rows in it.
    pub rows: u64,
}

/// A workbook could not be written; the reason is a limit of the file format or ours.
#[derive(Debug, thiserror::Error)]
#[error("写不出工作簿“{path}”：{source}")]
pub struct ReportError {
    /// As in [`OutputFile::path`].
    pub path: String,
    /// What the workbook library says.
    source: XlsxError,
}

impl ReportInput<'_> {
    /// Who sees a list that usually goes to `usual`.
    fn audience(&self, usual: Audience) -> Audience {
        Audience::of(self.posted, usual)
    }

    /// Whether a rule, by id or title, may be told of a named person where it is posted.
    fn may_post(&self, rule: &str) -> bool {
        let card = card(self.cards, rule);
        let told = card.is_some_and(|card| tells_health(&card.title) || tells_health(&card.lead)) || tells_health(rule);
        !(told || tells_health_id(rule))
    }

    /// Whether a rule may stand in tables of counts: of a village they may be of one person.
    fn may_count(&self, rule: &str) -> bool {
        self.posted.is_none() || self.may_post(rule)
    }

    /// Of what is posted: what was left out, and how few share what still stands there.
    fn posted_note(&self) -> Option<String> {
        self.posted?;
        let left_out = self.findings.iter().filter(|finding| !self.may_list(finding)).count();
        let listed = self.findings.iter().filter(|finding| self.may_list(finding));
        let groups = listed.filter_map(|finding| self.groups.get(finding.id_number.as_ref()?));
        let smallest = groups.min().map_or_else(
            || "名单里没有能按村、性别、出生年分组的人".to_owned(),
            |count| format!("名单里的人，同村、同性别、同出生年的最少有 {count} 人（k={count}）"),
        );
        Some(format!(
            "公开版：号码全部脱敏，不列出生日期；涉及健康、残疾的规则及其理由一律不列（未列 {left_out} 条，只计入总数）。{smallest}；k 小的，张贴前请再删减。"
        ))
    }

    /// Whether a finding may stand in a list of persons: whatever tells of health is left out whole of what is posted.
    fn may_list(&self, finding: &Finding) -> bool {
        let told = |cell: &Evidence| {
            let registry = self.dictionary.registry(cell.registry.as_str()).map_or("", |registry| registry.title.as_str());
            [registry, &cell.column].into_iter().any(tells_health)
        };
        self.posted.is_none()
            || self.may_post(&finding.rule) && !tells_health(finding.sentence.expose()) && !finding.evidence.iter().any(told)
    }
}

/// The workbooks asked for, in file order: `汇总`, the promises, `整改台账`, identity corrections, departments, towns.
pub fn build(input: &ReportInput<'_>, layouts: &Layouts) -> Result<Vec<OutputFile>, ReportError> {
    let caption = Caption::new(input);
    let histories: Histories<'_> =
        input.standings.iter().flat_map(|standings| standings.iter()).map(|own| (own.finding_id.as_str(), own)).collect();
    let asked = |finding: &&Finding| {
        input.may_list(finding) && histories.get(finding.finding_id.as_str()).is_none_or(|standing| standing.state.is_asked())
    };
    let whole = input.audience(Audience::Department);
    let (identity, others): (Vec<&Finding>, Vec<&Finding>) =
        input.findings.iter().filter(asked).partition(|finding| finding.rule.starts_with(IDENTITY));
    let is_internal = |finding: &&Finding| card(input.cards, &finding.rule).is_some_and(|card| card.internal);
    let (internal, others): (Vec<&Finding>, Vec<&Finding>) = others.into_iter().partition(is_internal);
    let identity_tables: Vec<Table<ListField>> =
        layouts.identity.sheets.iter().map(|sheet| layouts.identity.table(sheet)).collect();

    let wanted = |workbook: Workbook| input.workbooks.contains(&workbook);
    let mut names = Names::of_files();
    let summary_name = names.claim(&caption.fill(&layouts.summary.file));
    let clauses_name = names.claim(&caption.fill(&layouts.clauses.file));
    let mut books = Vec::new();
    if wanted(Workbook::Identity) && !identity.is_empty() {
        let files = match input.identity_files {
            IdentityFiles::County => vec![(layouts.identity.file.clone(), identity)],
            IdentityFiles::Town => grouped(&identity, |finding| finding.town.as_deref())
                .into_iter()
                .map(|(town, findings)| (format!("{}_{}", layouts.identity.file, town.unwrap_or(UNPLACED_TOWN)), findings))
                .collect(),
        };
        for (file, findings) in files {
            let name = names.claim(&caption.fill(&file));
            books.push((name, whole, identity_book(&findings, layouts, &identity_tables, &caption)));
        }
    }
    let departments = if wanted(Workbook::Departments) { &others[..] } else { &[] };
    for (department, findings) in by_department(departments, input.cards, &layouts.department.unplaced) {
        let caption = caption.with("department", department);
        let name = names.claim(&caption.fill(&layouts.department.file));
        books.push((name, whole, department_book(&findings, input.cards, layouts, &caption)));
    }
    if wanted(Workbook::Departments) && !internal.is_empty() {
        let caption = caption.with("department", DATA_TEAM);
        let name = names.claim(&caption.fill(&layouts.department.file));
        books.push((name, whole, department_book(&internal, input.cards, layouts, &caption)));
    }
    let towns = if wanted(Workbook::Towns) { &others[..] } else { &[] };
    for (town, findings) in grouped(towns, |finding| finding.town.as_deref()) {
        let caption = caption.with("town", town.unwrap_or(UNPLACED_TOWN));
        let files = match input.town_files {
            TownFiles::Town => vec![(layouts.town.file.clone(), findings)],
            TownFiles::Village => grouped(&findings, |finding| finding.village.as_deref())
                .into_iter()
                .map(|(village, findings)| {
                    (format!("{}_{}", layouts.town.file, village.unwrap_or(&layouts.town.unplaced)), findings)
                })
                .collect(),
        };
        for (file, findings) in files {
            let name = names.claim(&caption.fill(&file));
            // What goes to a village never shows whole numbers.
            books.push((name, input.audience(Audience::Village), town_book(&findings, layouts, &histories, &caption)));
        }
    }

    // The summary tells it for all.
    let posted = if wanted(Workbook::Summary) { None } else { input.posted_note() };
    for (.., book) in &mut books {
        book.posted.clone_from(&posted);
    }
    let path = |name: &str| format!("reports/{name}.xlsx");
    let lists = books.par_iter().map(|(name, audience, book)| {
        let view = View::new(input, &histories, *audience);
        let written = book.write(&layouts.style, &view, input.as_of, ROWS_PER_SHEET);
        output(path(name), written)
    });
    let summary = || {
        let write = || output(path(&summary_name), summary::write(input, layouts, &caption));
        wanted(Workbook::Summary).then(write).transpose()
    };
    let (summary, lists) = rayon::join(summary, || lists.collect::<Result<Vec<_>, _>>());
    let mut files: Vec<OutputFile> = summary?.into_iter().collect();
    if wanted(Workbook::Clauses) && !input.clauses.is_empty() {
        files.push(output(path(&clauses_name), clauses::write(input, &layouts.clauses, &layouts.style, &caption))?);
    }
    if let Some(standings) = input.standings.filter(|_| wanted(Workbook::Ledger)) {
        let path = path(&names.claim(&caption.fill(&layouts.ledger.file)));
        files.push(output(path, ledger::write(input, standings, &layouts.ledger, &layouts.style, &caption))?);
    }
    files.extend(lists?);
    Ok(files)
}

/// The month's findings and those known before, as they are counted by state.
fn stood(input: &ReportInput<'_>, standings: &Standings) -> Vec<Stood> {
    let present = input.findings.iter().map(Remembered::from).zip(&standings.present);
    let absent = standings.absent.iter().map(|(what, standing)| (what.clone(), standing));
    let one = |(what, standing): (Remembered, &Standing)| Stood {
        order: input.cards.iter().position(|card| card.id == what.rule).unwrap_or(usize::MAX),
        title: card(input.cards, &what.rule).map_or_else(|| what.rule.clone(), |card| card.title.clone()),
        gap_fen: what.monthly_gap(),
        rule: what.rule,
        town: what.town,
        village: what.village,
        state: standing.state,
        months: standing.months,
    };
    present.chain(absent).map(one).filter(|stood| input.may_count(&stood.rule)).collect()
}

fn output(path: String, written: Result<(Vec<u8>, u64), XlsxError>) -> Result<OutputFile, ReportError> {
    match written {
        Ok((bytes, rows)) => Ok(OutputFile { path, bytes, rows }),
        Err(source) => Err(ReportError { path, source }),
    }
}

/// Findings by a place, in name order, those without one last.
fn grouped<'a, 'k>(
    findings: &[&'a Finding],
    key: impl Fn(&'a Finding) -> Option<&'k str>,
) -> Vec<(Option<&'k str>, Vec<&'a Finding>)> {
    let mut groups: BTreeMap<(bool, Option<&str>), Vec<&Finding>> = BTreeMap::new();
    for &finding in findings {
        let key = key(finding).filter(|name| !name.is_empty());
        groups.entry((key.is_none(), key)).or_default().push(finding);
    }
    groups.into_iter().map(|((_, key), findings)| (key, findings)).collect()
}

/// `还有12天`, `今天到期`, `已过10天`.
fn left(by: Day, as_of: Day) -> String {
    match by.0 - as_of.0 {
        0 => "今天到期".to_owned(),
        days @ 1.. => format!("还有{days}天"),
        days => format!("已过{}天", -days),
    }
}

fn card<'c>(cards: &'c [RuleCard], rule: &str) -> Option<&'c RuleCard> {
    cards.iter().find(|card| card.id == rule)
}

fn by_department<'a, 'k>(findings: &[&'a Finding], cards: &'k [RuleCard], unplaced: &'k str) -> Vec<(&'k str, Vec<&'a Finding>)> {
    let lead = |finding: &Finding| card(cards, &finding.rule).map(|card| card.lead.as_str());
    grouped(findings, lead).into_iter().map(|(lead, findings)| (lead.unwrap_or(unplaced), findings)).collect()
}

fn town_book<'a>(findings: &[&'a Finding], layouts: &'a Layouts, histories: &Histories<'_>, caption: &Caption) -> Book<'a> {
    let layout = &layouts.town;
    let sections = grouped(findings, |finding| finding.village.as_deref()).into_iter().map(|(village, findings)| {
        let name = village.unwrap_or(&layout.unplaced).to_owned();
        let caption = caption.with("village", &name);
        Section { name, caption, clause: String::new(), table: &layout.list, entries: new_first(by_subject(findings), histories) }
    });
    Book { caption: caption.clone(), index: &layout.index, choices: &layout.choices, sections: sections.collect(), posted: None }
}

/// A sheet per rule, in the policy's order, unknown rules last.
fn department_book<'a>(findings: &[&'a Finding], cards: &[RuleCard], layouts: &'a Layouts, caption: &Caption) -> Book<'a> {
    let layout = &layouts.department;
    let mut rules = grouped(findings, |finding| Some(finding.rule.as_str()));
    rules.sort_by_key(|(rule, _)| cards.iter().position(|card| Some(card.id.as_str()) == *rule).unwrap_or(usize::MAX));
    let sections = rules.into_iter().map(|(rule, findings)| {
        let rule = rule.unwrap_or_default();
        let name = card(cards, rule).map_or(rule, |card| card.title.as_str()).to_owned();
        let clause = findings.first().map(|finding| finding.ground().to_owned()).unwrap_or_default();
        Section { caption: caption.with("title", &name), name, clause, table: &layout.list, entries: one_each(findings) }
    });
    Book { caption: caption.clone(), index: &layout.index, choices: &layout.choices, sections: sections.collect(), posted: None }
}

/// A sheet per kind of problem, in the layout's order.
fn identity_book<'a>(
    findings: &[&'a Finding],
    layouts: &'a Layouts,
    tables: &'a [Table<ListField>],
    caption: &Caption,
) -> Book<'a> {
    let layout = &layouts.identity;
    let last = layout.sheets.len().saturating_sub(1);
    let of = |sheet: &IdentitySheet, at: usize, finding: &Finding| {
        finding.rule == sheet.rule || (at == last && layout.sheets.iter().all(|other| other.rule != finding.rule))
    };
    let sections = layout.sheets.iter().zip(tables).enumerate().filter_map(|(at, (sheet, table))| {
        let entries = one_each(findings.iter().copied().filter(|finding| of(sheet, at, finding)));
        let section = Section { name: sheet.sheet.clone(), caption: caption.clone(), clause: String::new(), table, entries };
        (!section.entries.is_empty()).then_some(section)
    });
    Book { caption: caption.clone(), index: &layout.index, choices: &layout.choices, sections: sections.collect(), posted: None }
}
