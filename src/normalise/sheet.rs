//! One sheet: raw chunks in, one batch of canonical columns out.
//!
//! [`Normaliser::push`] takes chunks in row order; [`Normaliser::finish`] gives the [`NormalisedSheet`]. Columns: `name`, `id_number` (with state and
//! raw), every mapped field, `birth`, `sex`, the place columns and `repairs`; certificate columns also where only an ID column held
//! certificate numbers. Rows in = rows kept + rejects. O(cells), about a microsecond per row of ten columns; holds only what it gives.

mod conclude;
mod finish;
mod prepare;

use std::fmt;

use arrow::array::{RecordBatch, StringBuilder};

use super::cells::{append, append_raw, first_cell};
use super::data_date::Snapshot;
use super::field_column::{FieldColumn, code_list};
use super::household_above::HouseholdAbove;
use super::month_column::MonthColumn;
use super::other_kinds::OtherKinds;
use super::outcome::Outcomes;
use super::person::{self, Others, Persons, SexCell, Stated};
use super::places::Places;
use super::proof::Proof;
use super::remarks::Remarks;
use super::repair::{Log, Notes, Repair};
use super::section_lines::SectionLines;
use super::slipped::Slips;
use super::vocabulary::{self, CodeTable};
use super::{disability_no, id_number, name, outcome, place_rows};
use crate::config::divisions::{Edition, Gazetteer};
use crate::config::registry::{Dictionary, FieldDefinition, RegistryDefinition};
use crate::model::columns::{CLASS, GRADE, HOUSEHOLD_CODE, IdState, SCHOOL, STAGE};
use crate::model::date::{Day, Month};
use crate::model::personal::mask;
use crate::model::raw::{RawTable, Reject, RejectReason};

const DISABILITY_KIND: &str = "disability_kind";
const DISABILITY_GRADE: &str = "disability_grade";
/// What repairs of a row as a whole stand under.
const ROW: &str = "row";
/// What title or names may say of pupils.
const OF_PUPILS: [&str; 4] = [SCHOOL, STAGE, GRADE, CLASS];

/// What every sheet of a run shares.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The fields.
    pub dictionary: &'a Dictionary,
    /// The divisions.
    pub gazetteer: &'a Gazetteer,
    /// The month of the run.
    pub period: Month,
    /// The day ages are counted on; nobody is born after it.
    pub as_of: Day,
}

/// A sheet's kept rows. `Debug` shows no cell.
#[derive(Clone)]
pub struct NormalisedSheet {
    /// Canonical columns.
    pub batch: RecordBatch,
    /// Row number that Excel shows, per row of the batch.
    pub rows: Vec<u32>,
    /// Rows set aside here: `Note`, `NoIdentity`, `Nameless`, `Shifted`, `AfterPeriod`, `OtherProject`.
    pub rejects: Vec<Reject>,
    /// Of those without name and number, the rows that say something else of a person: birth, sex, relation, household.
    pub nameless: Vec<u32>,
    /// The day the data speak for.
    pub snapshot: Option<Snapshot>,
    /// Field → header as written.
    pub headers: Vec<(String, String)>,
    /// Rows pushed: `rows.len() + rejects.len()`.
    pub read: u64,
    /// The day on which the list was taken out of its system, where title or names tell it.
    pub(super) exported: Option<Day>,
    /// What each row states of the person beside its number.
    pub(super) stated: Vec<Stated>,
    /// What the sheet says of a place that nobody can tell, and is therefore not taken: two towns, or a village by a name which several have.
    pub unclear_place: Option<String>,
    /// What is to be said of rows of which nobody knows whether they still count.
    pub standing: Vec<String>,
    /// What is to be told of lines between rows.
    pub lines: Vec<String>,
    /// Whether nothing says which part of the register, a kind or a project, its rows are of.
    pub(super) lacks_part: bool,
}

impl fmt::Debug for NormalisedSheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NormalisedSheet({} rows, {} rejects, {:?})", self.rows.len(), self.rejects.len(), self.snapshot)
    }
}

/// What a row's certificate says about the person, for columns read after it.
#[derive(Clone, Copy, Default)]
struct Known {
    category: Option<&'static str>,
    grade: Option<&'static str>,
}

/// Normalises one sheet.
pub struct Normaliser<'a> {
    context: Context<'a>,
    edition: &'a Edition,
    snapshot: Option<Snapshot>,
    headers: Vec<(String, String)>,
    /// Field names by repair order.
    order: Vec<&'a str>,
    /// Name and certificate number: either says who the row is about, as does a usable ID number.
    identity: Vec<usize>,
    /// Whether the registry lists people at all, and not villages or events.
    of_people: bool,
    /// What the rows, or at least their amounts, are for.
    month: Option<MonthColumn>,
    /// Whether rows are of a month, and not only amounts for one.
    by_month: bool,
    /// Whether the sheet as a whole lies after the period.
    is_late: bool,
    number: Vec<usize>,
    /// What the columns hold, where rows are about people.
    slips: Option<Slips<'a>>,
    household_above: Option<HouseholdAbove>,
    persons: Persons,
    others: Others,
    definition: &'a RegistryDefinition,
    certificate: Special<'a>,
    kind: Special<'a>,
    grade: Special<'a>,
    birth: Vec<usize>,
    sex: Vec<usize>,
    sex_codes: CodeTable<'a>,
    columns: Vec<FieldColumn<'a>>,
    /// The field that says whether a row still counts, where the registry has one.
    status: Option<&'a FieldDefinition>,
    remarks: Remarks<'a>,
    other_kinds: OtherKinds<'a>,
    outcomes: Outcomes<'a>,
    proof: Proof,
    /// Columns that are some field's.
    fields: Vec<usize>,
    /// Columns that say of which project a row is.
    projects: Vec<usize>,
    /// What title or names say that ends the standing of every row, where the registry has no field for it.
    void: Option<String>,
    lines: SectionLines<'a>,
    /// The year that the title or a name says.
    year_named: Option<i32>,
    exported: Option<Day>,
    places: Places<'a>,
    log: Log,
    rows: Vec<u32>,
    /// What a row says of a person beside name and number.
    beside: Vec<usize>,
    rejects: Vec<Reject>,
    nameless: Vec<u32>,
    read: u64,
}

/// Whether a cell that is to hold birth, sex, relation or a code holds one.
fn says_of_somebody(text: &str) -> bool {
    let written = text.chars().any(|character| character.is_ascii_digit() || name::is_han(character));
    matches!(text, "男" | "女" | "户主") || written && name::has_shape(text)
}

impl fmt::Debug for Normaliser<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Normaliser({} rows kept of {})", self.rows.len(), self.read)
    }
}

/// A field whose value another cell may give.
struct Special<'a> {
    positions: Vec<usize>,
    is_unmapped: bool,
    codes: CodeTable<'a>,
    text: StringBuilder,
    raw: StringBuilder,
}

impl Normaliser<'_> {
    /// Tells that columns of the row say of which part of the register it is: where they are blank, title and names do not say it.
    pub fn parted(&mut self) {
        let is_part = |column: &&mut FieldColumn<'_>| self.definition.part.as_deref() == Some(column.field);
        self.columns.iter_mut().filter(is_part).for_each(|column| column.said.heading = None);
    }

    /// Takes the next chunk of rows.
    pub fn push(&mut self, table: &RawTable) {
        let base = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        let lift = || place_rows::lift(table, (&self.others.name, &self.fields), self.edition);
        let lifted = self.of_people.then(lift).flatten();
        let table = lifted.as_ref().map_or(table, |(rest, lines)| {
            self.set_aside(table, lines);
            rest
        });
        let own = [self.others.name.as_slice(), self.number.as_slice()];
        let righted = self.slips.as_mut().and_then(|slips| slips.right(table, own));
        let (table, slipped) = righted.as_ref().map_or((table, &[][..]), |(table, slipped)| (table, slipped.as_slice()));
        let filled = self.household_above.as_mut().and_then(|above| above.fill(table));
        let (table, below) = filled.as_ref().map_or((table, &[][..]), |(table, below)| (table, below.as_slice()));
        let said = self.lines.fill(table);
        let (table, doubted) = said.as_ref().map_or((table, &[][..]), |(table, doubted)| (table, doubted.as_slice()));
        if let Some(month) = &mut self.month {
            month.enter(table);
        }
        let kept = self.keep(table);
        let mut log = std::mem::take(&mut self.log);
        log.base = base;
        let kept_at = |row: &usize| kept.binary_search(row).ok().and_then(|at| u32::try_from(at).ok());
        let order = position_of(&self.order, if self.order.contains(&HOUSEHOLD_CODE) { HOUSEHOLD_CODE } else { "place" });
        below.iter().filter_map(kept_at).for_each(|at| Notes { log: &mut log, order }.one(at, Repair::FromAbove));
        let order = position_of(&self.order, ROW);
        doubted.iter().filter_map(kept_at).for_each(|at| Notes { log: &mut log, order }.one(at, Repair::Unsure));
        for (row, repair) in slipped {
            if let Some(at) = kept_at(row) {
                Notes { log: &mut log, order: 0 }.one(at, *repair);
            }
        }
        let known = self.push_numbers(table, &kept, &mut log);
        self.push_disability(table, &kept, &known, &mut log);
        for column in &mut self.columns {
            column.push(table, &kept, self.context.as_of, &mut log);
        }
        self.remarks.push(table, &kept, self.context.as_of);
        self.outcomes.push(table, &kept, self.context.as_of);
        self.proof.push(table, &kept);
        self.other_kinds.push(table, &kept);
        if let Some(month) = &mut self.month {
            month.push(table, &kept, &mut log);
        }
        let order = position_of(&self.order, "place");
        self.places.push(table, &kept, self.edition, &mut Notes { log: &mut log, order });
        self.log = log;
    }

    /// Decides which rows stay; the others become rejects.
    fn keep(&mut self, table: &RawTable) -> Vec<usize> {
        self.read += table.rows.len() as u64;
        let own = [self.others.name.as_slice(), self.number.as_slice()];
        let pushed = self.slips.as_mut().map_or_else(Vec::new, |slips| slips.pushed(table));
        let mut kept = Vec::with_capacity(table.rows.len());
        for (row, &number) in table.rows.iter().enumerate() {
            let reason = if !self.has_identity(table, row) {
                if self.beside.iter().any(|position| says_of_somebody(first_cell(table, &[*position], row).1)) {
                    self.nameless.push(number);
                }
                self.slips.as_mut().map_or(RejectReason::NoIdentity, |slips| slips.reason(table, row))
            } else if self.slips.as_mut().is_some_and(|slips| slips.is_off(table, row, own)) || pushed.binary_search(&row).is_ok()
            {
                RejectReason::Shifted
            } else if self.is_late || self.month.as_ref().is_some_and(|month| self.by_month && month.is_after_period(table, row))
            {
                RejectReason::AfterPeriod
            } else if outcome::is_of_other_project(table, &self.projects, row, self.definition) {
                RejectReason::OtherProject
            } else {
                kept.push(row);
                self.rows.push(number);
                continue;
            };
            self.rejects.push(Reject { row: number, reason, masked: shown(table, row) });
        }
        kept
    }

    /// Rows that are lines over others.
    fn set_aside(&mut self, table: &RawTable, lines: &[usize]) {
        self.read += lines.len() as u64;
        let rejects =
            lines.iter().map(|&row| Reject { row: table.rows[row], reason: RejectReason::Note, masked: shown(table, row) });
        self.rejects.extend(rejects);
    }

    fn has_identity(&self, table: &RawTable, row: usize) -> bool {
        let (_, named) = first_cell(table, &self.identity, row);
        if !self.of_people || name::has_shape(named) {
            return true;
        }
        let (kind, number) = first_cell(table, &self.number, row);
        // Where all there is is a number that is nobody's, there is nothing to go by.
        let state = id_number::clean(kind, number, self.context.as_of).state;
        !number.is_empty() && !matches!(state, IdState::Placeholder | IdState::NoNumber)
    }

    /// ID and certificate numbers, each of which may hold the other; birth and sex beside them.
    fn push_numbers(&mut self, table: &RawTable, kept: &[usize], log: &mut Log) -> Vec<Known> {
        let as_of = self.context.as_of;
        let mut known = Vec::with_capacity(kept.len());
        for (&row, at) in kept.iter().zip(0..) {
            let birth = first_cell(table, &self.birth, row);
            let (kind, written) = first_cell(table, &self.number, row);
            let stated = if written.len() == 18 { None } else { person::stated_alone(birth) };
            let id = id_number::clean_beside(kind, written, as_of, stated);
            Notes { log, order: 0 }.all(at, id.repairs);
            let (kind, certificate_written) = first_cell(table, &self.certificate.positions, row);
            let certificate = if !certificate_written.is_empty() {
                let certificate = disability_no::clean(kind, certificate_written, as_of);
                Notes { log, order: 1 }.all(at, certificate.repairs);
                Some(certificate)
            } else if id.suffix.is_some_and(|suffix| suffix.grade.is_some()) {
                Some(disability_no::from_id(written, id.clone()))
            } else {
                None
            };
            let missing = matches!(id.state, IdState::Missing | IdState::Placeholder | IdState::NoNumber);
            let lent = certificate.as_ref().filter(|certificate| missing && certificate.id.state == IdState::Valid);
            let (text, state) = lent.map_or((&id.text, id.state), |certificate| (&certificate.id.text, IdState::Valid));
            if lent.is_some() {
                Notes { log, order: 0 }.one(at, Repair::FromDisabilityNumber);
            }
            self.persons.push(written, text, state, birth);
            let (_, sex) = first_cell(table, &self.sex, row);
            self.persons.push_sex(match (sex.is_empty(), self.sex_codes.get(sex)) {
                (true, _) => SexCell::Nothing,
                (false, None) => SexCell::of_unknown(sex),
                (false, Some("男")) => SexCell::Male,
                (false, Some(_)) => SexCell::Female,
            });
            self.persons.push_others(table, row, &self.others, as_of);
            let certificate_text = certificate.as_ref().map_or("", |certificate| certificate.text.as_ref());
            append(&mut self.certificate.text, certificate_text);
            append_raw(&mut self.certificate.raw, certificate_written, certificate_text);
            let (category, grade) =
                certificate.as_ref().map_or((None, None), |certificate| (certificate.category, certificate.grade));
            known.push(Known { category, grade });
        }
        known
    }

    /// Disability kind and grade: from their columns, from each other's (`肢体二级`), else from the certificate number.
    fn push_disability(&mut self, table: &RawTable, kept: &[usize], known: &[Known], log: &mut Log) {
        for ((&row, known), at) in kept.iter().zip(known).zip(0..) {
            let (_, kind_text) = first_cell(table, &self.kind.positions, row);
            let (_, grade_text) = first_cell(table, &self.grade.positions, row);
            let (mut kinds, complete) = code_list(&mut self.kind.codes, kind_text);
            let mut grade = if grade_text.is_empty() { None } else { self.grade.codes.get(grade_text) };
            if !complete || (grade.is_none() && !grade_text.is_empty()) {
                let (in_kind, in_grade) = (vocabulary::disability(kind_text), vocabulary::disability(grade_text));
                let said = if in_kind.0.is_empty() { in_grade.0 } else { in_kind.0 };
                Notes { log, order: 5 }.unless(complete || !said.is_empty(), at, Repair::UnknownCode);
                if !complete || kinds.is_empty() {
                    kinds = said.join(",");
                }
                grade = grade.or(in_grade.1).or(in_kind.1);
                let both = grade.is_some() && !kinds.is_empty();
                Notes { log, order: 6 }.unless(!both, at, Repair::Combined);
                Notes { log, order: 6 }.unless(grade.is_some() || grade_text.is_empty(), at, Repair::UnknownCode);
            }
            if kinds.is_empty() && known.category.is_some() {
                known.category.unwrap_or("").clone_into(&mut kinds);
                Notes { log, order: 5 }.one(at, Repair::FromDisabilityNumber);
            }
            if grade.is_none() && known.grade.is_some() {
                grade = known.grade;
                Notes { log, order: 6 }.one(at, Repair::FromDisabilityNumber);
            }
            append(&mut self.kind.text, &kinds);
            self.grade.text.append_option(grade);
        }
    }
}

/// A row as it may be shown.
fn shown(table: &RawTable, row: usize) -> String {
    let said = table.columns.iter().map(|column| column.get(row).1).filter(|text| !text.is_empty()).take(4);
    said.map(mask).collect::<Vec<_>>().join(" ")
}

/// The place of a field in the order of repairs.
fn position_of(order: &[&str], field: &str) -> u16 {
    order.iter().position(|known| *known == field).and_then(|at| u16::try_from(at).ok()).unwrap_or(u16::MAX)
}

#[cfg(test)]
#[path = "sheet_tests.rs"]
pub(super) mod tests;
