//! One sheet: raw chunks in, one batch of canonical columns out.
//!
//! [`Normaliser::push`] takes chunks in row order; [`Normaliser::finish`] gives the [`NormalisedSheet`]. Columns: `name`, `id_number` (with state and
//! raw), every mapped field, `birth`, `sex`, the place columns and `repairs`; certificate columns also where only an ID column held
//! certificate numbers. Rows in = rows kept + rejects. O(cells), about a microsecond per row of ten columns; holds only what it gives.

mod conclude;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int32Array, Int32Builder, Int64Array, RecordBatch, StringArray, StringBuilder,
};
use arrow::compute::nullif;
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema};
use arrow::error::ArrowError;

use super::amount_columns::{self, Column};
use super::amounts::{Amounts, Stands};
use super::damage::{collisions, damaged_codes};
use super::data_date::Snapshot;
use super::field_column::{
    Builders, FieldColumn, GRADE, Log, Notes, Said, Terms, Years, append, append_raw, code_list, first_cell, with_codes,
};
use super::household_above::HouseholdAbove;
use super::month_column::{Beside, MonthColumn};
use super::outcome::Outcomes;
use super::person::{self, Others, Persons, SexCell, Stated};
use super::places::Places;
use super::repair::Repair;
use super::schooling::Schooling;
use super::section_lines::SectionLines;
use super::sheet_place::SheetPlace;
use super::slipped::Slips;
use super::standing::{Remarks, StandingColumn};
use super::vocabulary::{self, CodeTable};
use super::{data_date, disability_no, heading, id_number, name, outcome, place_rows};
use crate::config::divisions::{Edition, Gazetteer};
use crate::config::registry::{Dictionary, FieldDefinition, RegistryDefinition};
use crate::model::columns::{
    BATCH, BIRTH, DISABILITY_NO, GUARDIAN_ID, HEAD_ID, HEAD_NAME, HOUSEHOLD_CODE, ID_NUMBER, IdState, MONTH, MONTH_FROM,
    MONTH_STATE, MONTH_TO, MONTHS_COVERED, NAME, PERSON_CODE, PLACE, RELATION, REPAIRS, SEX, SPOUSE_ID, STANDING_STATE, TOTALS,
    UNCLEAR, YEAR,
};
use crate::model::date::{Day, Month, Months};
use crate::model::field::{FieldKind, Per};
use crate::model::personal::mask;
use crate::model::raw::{Mapping, RawTable, Reject, RejectReason, TableHead};
use crate::model::school::{Grade, grade_of, school_of, stage_of};

const DISABILITY_KIND: &str = "disability_kind";
const DISABILITY_GRADE: &str = "disability_grade";
const GUARDIAN_NAME: &str = "guardian_name";
const SPOUSE_NAME: &str = "spouse_name";
/// So many births that contradict their numbers are no slips of the pen.
const MANY: usize = 10;
/// What repairs of a row as a whole stand under.
const ROW: &str = "row";
/// What title or names may say of pupils.
const OF_PUPILS: [&str; 4] = [SCHOOL, STAGE, GRADE, CLASS];
/// The header of what lines between rows say.
const OF_LINES: &str = "单列一行的说明";
/// The header of what a title, or the name of the sheet or the file, says.
const OF_TITLE: &str = "标题或表名、文件名";
/// The field that says whether a payment was made.
const PAYMENT_STATUS: &str = "payment_status";
/// The field that says what is paid, and those of which each is one.
const PAY_ITEM: &str = "pay_item";
const ITEMS: [&str; 3] = ["basic_fen", "care_fen", "other_fen"];
const STAGE: &str = "stage";
const SCHOOL: &str = "school";
const CLASS: &str = "class_no";

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
    /// What each row states of the person beside its number.
    pub(super) stated: Vec<Stated>,
    /// A village that the sheet says by a name which several towns have, and is therefore not taken.
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
    month: Option<MonthColumn>,
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
    outcomes: Outcomes<'a>,
    /// Columns that are some field's.
    fields: Vec<usize>,
    /// Columns that say of which project a row is.
    projects: Vec<usize>,
    /// What title or names say that ends the standing of every row, where the registry has no field for it.
    void: Option<String>,
    lines: SectionLines<'a>,
    /// The year that the title or a name says.
    year_named: Option<i32>,
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

/// What title or names say of pupils: their school, grade and class; their stage, where the school's name alone says it.
fn of_pupils(field: &str, head: &TableHead, dictionary: &Dictionary, at: &dyn Fn(&str) -> Vec<usize>) -> Option<String> {
    let school = school_of(head.titles());
    let grade = dictionary.fields.get(GRADE).and_then(|grade| grade_of(head.titles(), &grade.codes));
    match field {
        SCHOOL => school.map(str::to_owned),
        GRADE => grade.map(|Grade { grade, .. }| grade.to_owned()),
        CLASS => grade.and_then(|Grade { class, .. }| class),
        _ if grade.is_some() || !at(GRADE).is_empty() => None,
        _ => school.and_then(stage_of).map(str::to_owned),
    }
}

/// What says a code besides its own column.
fn said<'a>(
    field: Option<&'a FieldDefinition>,
    head: &TableHead,
    dictionary: &Dictionary,
    at: &dyn Fn(&str) -> Vec<usize>,
) -> Said<'a> {
    let is_school = |field: &FieldDefinition| OF_PUPILS.contains(&field.name.as_str()) && at(&field.name).is_empty();
    let Some(field) = field.filter(|field| !field.words.is_empty() || is_school(field)) else { return Said::default() };
    let heading = if is_school(field) {
        of_pupils(&field.name, head, dictionary, at)
    } else {
        // What columns say apart, a title says of none of them.
        let is_apart = field.name == PAY_ITEM && ITEMS.iter().any(|item| !at(item).is_empty());
        let mut texts = head.titles().filter(|_| !is_apart);
        texts.find_map(|text| Said::value_in(&field.words, text)).map(str::to_owned)
    };
    Said { words: &field.words, beside: field.beside.iter().flat_map(|other| at(other)).collect(), heading }
}

/// What says in which year of a school year rows are, where the registry has terms.
fn terms(
    definition: &RegistryDefinition,
    fields: &BTreeMap<String, FieldDefinition>,
    head: &TableHead,
    at: &dyn Fn(&str) -> Vec<usize>,
) -> Option<Terms> {
    let of_year = |field: &&FieldDefinition| field.dated.as_ref().is_some_and(|dated| dated.year == YEAR);
    let term = definition.fields.iter().filter_map(|used| fields.get(&used.field)).find(of_year)?;
    Some(Terms { positions: at(&term.name), titled: head.titles().find_map(vocabulary::school_year).map(str::to_owned) })
}

/// Columns without a field whose filled cells say together how often something was done: `第1次随访`, `第2次随访`.
fn counted(field: &FieldDefinition, head: &TableHead, left_over: &[usize]) -> Vec<usize> {
    let is_one = |at: &usize| {
        let text = head.columns.get(*at).map_or("", |column| column.text.as_str());
        let is_number = |sign: char| sign.is_ascii_digit() || "第次轮期一二三四五六七八九十月季度()（）/_.、- ".contains(sign);
        let mut bare: String = text.chars().filter(|sign| !is_number(*sign)).collect();
        for word in ["日期", "时间", "情况", "记录"] {
            bare = bare.replace(word, "");
        }
        bare.len() < text.len() && field.counted.contains(&bare)
    };
    let columns: Vec<usize> = left_over.iter().copied().filter(is_one).collect();
    if columns.len() > 1 { columns } else { Vec::new() }
}

impl<'a> Normaliser<'a> {
    /// Prepares the columns that `mapping` gives to the registry of `definition`.
    #[must_use]
    pub fn new(context: &Context<'a>, definition: &'a RegistryDefinition, head: &TableHead, mapping: &Mapping) -> Self {
        let mut positions: HashMap<&str, Vec<usize>> = HashMap::new();
        for (field, position) in &mapping.fields {
            positions.entry(field).or_default().push(*position);
        }
        if definition.grain.is_household() {
            // The name and number on a household row are the head's, whatever its header calls them.
            for (own, head) in [(NAME, HEAD_NAME), (ID_NUMBER, HEAD_ID)] {
                let of_head = positions.get(head).cloned().unwrap_or_default();
                positions.entry(own).or_default().extend(of_head);
            }
        }
        let at = |field: &str| positions.get(field).cloned().unwrap_or_default();
        let edition = context.gazetteer.edition(context.period);
        let dates = (context.period, context.as_of);
        let mut lines = SectionLines::new(head.columns.len(), definition, context.dictionary, &at, dates, edition);
        // A field's own columns, and what lines between rows say of it.
        let said_at = |field: &str| at(field).into_iter().chain(lines.position(field)).collect::<Vec<usize>>();
        let kind_of = |field: &str| context.dictionary.fields.get(field).map(|field| field.kind);
        let codes = |field: &str| {
            let codes = context.dictionary.fields.get(field).map(|field| &field.codes);
            CodeTable::new(codes.into_iter().flatten().map(|(spelling, value)| (spelling.as_str(), value.as_str())))
        };
        let special = |field: &str| Special {
            positions: said_at(field),
            is_unmapped: at(field).is_empty(),
            codes: codes(field),
            text: StringBuilder::new(),
            raw: StringBuilder::new(),
        };
        let by_year = definition.fields.iter().any(|used| used.field == YEAR);
        let past = if by_year { None } else { data_date::of_past_year(head, context.period) };
        let snapshot = past.or_else(|| data_date::snapshot(head, context.period));
        let mut order = vec![ID_NUMBER, DISABILITY_NO, NAME, BIRTH, SEX, DISABILITY_KIND, DISABILITY_GRADE];
        let has = |field: &str| definition.fields.iter().any(|used| used.field == field);
        let mut columns = Vec::new();
        let defined = definition.fields.iter().map(|used| used.field.as_str());
        // A pin may give a field that the registry does not list.
        let names = &context.dictionary.fields;
        let pinned = mapping.fields.iter().filter_map(|(field, _)| names.get_key_value(field)).map(|(field, _)| field.as_str());
        for field in std::iter::once(NAME).chain(defined).chain(pinned) {
            let seen =
                field != NAME && order.contains(&field) || columns.iter().any(|column: &FieldColumn<'_>| column.field == field);
            let mapped = positions.contains_key(field);
            let kind = if field == NAME { Some(FieldKind::Name) } else { kind_of(field) };
            let Some(kind) = kind.filter(|&kind| !seen && kind != FieldKind::Place && field != MONTH) else { continue };
            let fallback = if field == YEAR { data_date::year(head) } else { None };
            let terms = (field == YEAR).then(|| terms(definition, names, head, &at)).flatten();
            let said = said(context.dictionary.fields.get(field), head, context.dictionary, &at);
            let counted = names
                .get(field)
                .filter(|_| !mapped && kind == FieldKind::Count)
                .map_or_else(Vec::new, |field| counted(field, head, &mapping.left_over));
            let mapped = mapped || !counted.is_empty();
            if !mapped && fallback.is_none() && !said.is_told() && field != NAME && lines.position(field).is_none() {
                continue;
            }
            let place = order.iter().position(|&known| known == field).unwrap_or_else(|| {
                order.push(field);
                order.len() - 1
            });
            columns.push(FieldColumn {
                field,
                kind,
                is_counted: !counted.is_empty(),
                coded: Vec::new(),
                positions: if counted.is_empty() { said_at(field) } else { counted },
                is_unmapped: !mapped,
                years: names.get(field).and_then(|field| field.dated.as_ref()).filter(|_| kind == FieldKind::Code).map(|of| {
                    Years {
                        of,
                        period: context.period.year(),
                        comes_first: !positions.contains_key(of.year.as_str()),
                        values: Int32Builder::new(),
                    }
                }),
                terms,
                order: u16::try_from(place).unwrap_or(u16::MAX),
                schooling: [STAGE, GRADE].contains(&field).then(|| {
                    let stage = school_of(head.titles()).and_then(stage_of);
                    Schooling::new([STAGE, GRADE, SCHOOL].map(said_at), [STAGE, GRADE].map(codes), stage, context.period)
                }),
                codes: codes(field),
                amounts: (kind == FieldKind::Money).then(|| Amounts::new(field, &at(field), definition, head, context.period)),
                fallback,
                said,
                least_digits: names.get(field).map_or(0, |field| field.least_digits),
                standing: names.get(field).and_then(|field| field.standing.as_ref()).map(|values| {
                    StandingColumn::new(
                        values,
                        &at(field),
                        head,
                        context.dictionary.fields.get(field).map_or("", |field| &field.title),
                    )
                }),
                builders: Builders::new(kind),
            });
        }
        let month = (has(MONTH) || positions.contains_key(MONTH)).then(|| {
            order.push(MONTH);
            let of_header = columns.iter().find_map(|column| column.amounts.as_ref()?.months_named());
            let others: Vec<usize> = mapping.left_over.iter().copied().chain(at(PAY_ITEM)).collect();
            let beside = Beside { batches: at(BATCH), others: &others };
            MonthColumn::new(at(MONTH), &beside, position_of(&order, MONTH), head, context.period, of_header, definition.grain)
        });
        order.extend(["place", ROW]);
        let is_late = month.is_none() && snapshot.is_some_and(|snapshot| snapshot.month > context.period);
        let header = |(field, position): &(String, usize)| Some((field.clone(), head.columns.get(*position)?.text.clone()));
        let mut headers: Vec<(String, String)> = mapping.fields.iter().filter_map(header).collect();
        let of_numbered = columns.iter().filter(|column: &&FieldColumn<'_>| column.is_counted);
        headers.extend(of_numbered.filter_map(|column| header(&(column.field.to_owned(), *column.positions.first()?))));
        for own in [NAME, ID_NUMBER] {
            let first = at(own).first().and_then(|&position| head.columns.get(position));
            if let Some(column) = first.filter(|_| headers.iter().all(|(field, _)| field != own)) {
                headers.push((own.to_owned(), column.text.clone()));
            }
        }
        let others = definition.identified_by.iter().map(String::as_str);
        let identity = [NAME, DISABILITY_NO].into_iter().chain(others).flat_map(at).collect();
        let of_people = definition.fields.iter().any(|used| used.field == NAME);
        let own = [at(NAME), at(ID_NUMBER)];
        let of_registry = || definition.fields.iter().filter_map(|used| names.get(&used.field));
        let status = of_registry().find(|field| field.is_standing() && field.kind == FieldKind::Code);
        // Of registries without one only those have rows that do not count which say by what words.
        let stands = status.is_some() || !definition.remarks.is_empty();
        let is_paid = status.is_some_and(|status| status.name == PAYMENT_STATUS);
        let of_money = is_paid.then_some(mapping.left_over.as_slice());
        let new_remarks = || Remarks::new(head, &definition.remarks, of_money, month.is_some());
        let remarks = if stands { new_remarks() } else { Remarks::default() };
        let outcomes = if stands { Outcomes::new(head, mapping, definition) } else { Outcomes::default() };
        let sex = said_at(SEX);
        let [certificate, kind, grade] = [DISABILITY_NO, DISABILITY_KIND, DISABILITY_GRADE].map(special);
        let mut void = None;
        match heading::standing(head, definition, context.as_of).filter(|_| stands) {
            Some(heading) if status.is_none() && heading.word.is_some() => void = Some(heading.said),
            Some(heading) => lines.head(heading),
            None => {}
        }
        let slips =
            || Slips::new(head.columns.len(), context.dictionary, mapping, own.each_ref().map(Vec::as_slice), context.as_of);
        let of_person = |field: &str| [BIRTH, SEX, RELATION, HOUSEHOLD_CODE, PERSON_CODE].contains(&field);
        let beside = mapping.fields.iter().filter(|(field, _)| of_person(field)).map(|(_, position)| *position).collect();
        Self {
            context: *context,
            edition,
            snapshot,
            headers,
            order,
            identity,
            of_people,
            month,
            is_late,
            number: at(ID_NUMBER),
            slips: of_people.then(slips),
            household_above: if definition.grain.is_household() { None } else { HouseholdAbove::new(&at, at(RELATION)) },
            persons: Persons::default(),
            others: Others {
                head: if definition.grain.is_household() { [vec![], vec![]] } else { [at(HEAD_NAME), at(HEAD_ID)] },
                guardian: [at(GUARDIAN_NAME), at(GUARDIAN_ID)],
                spouse: [at(SPOUSE_NAME), at(SPOUSE_ID)],
                name: at(NAME),
                school: at(STAGE).into_iter().chain(at(GRADE)).collect(),
            },
            definition,
            certificate,
            kind,
            grade,
            birth: at(BIRTH),
            sex,
            sex_codes: codes(SEX),
            columns,
            status,
            remarks,
            outcomes,
            projects: outcome::project_columns(head, &mapping.left_over),
            void,
            lines,
            year_named: data_date::named_year(head),
            places: Places::new(["county", "town", "village", "group", "address"].map(at), SheetPlace::of(head, edition), head),
            fields: mapping.fields.iter().map(|(_, position)| *position).collect(),
            log: Log::default(),
            rows: Vec::new(),
            beside,
            nameless: Vec::new(),
            rejects: Vec::new(),
            read: 0,
        }
    }

    /// Takes the next chunk of rows.
    pub fn push(&mut self, table: &RawTable) {
        let base = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        let lifted = place_rows::lift(table, (&self.others.name, &self.fields), self.edition).filter(|_| self.of_people);
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
        if let Some(month) = &mut self.month {
            month.push(table, &kept, &mut log);
        }
        let order = position_of(&self.order, "place");
        self.places.push(table, &kept, self.edition, &mut Notes { log: &mut log, order });
        self.log = log;
    }

    /// The sheet's batch. Fails only if Arrow refuses the columns, which would be our mistake.
    pub fn finish(mut self) -> Result<NormalisedSheet, ArrowError> {
        let mut columns: Vec<(Field, ArrayRef)> = Vec::new();
        let (rows, as_of) = (self.rows.len(), self.context.as_of);
        let mut log = std::mem::take(&mut self.log);
        log.base = 0;
        let (mut own_name, mut others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.columns).into_iter().partition(|column| column.field == NAME);
        own_name
            .drain(..)
            .for_each(|column| columns.extend(column.kind.columns(NAME).into_iter().zip(column.builders.finish(as_of).0)));
        let places = [ID_NUMBER, BIRTH, SEX].map(|field| position_of(&self.order, field));
        let settled = std::mem::take(&mut self.persons).finish(as_of, places, &mut |order, at, repair| {
            Notes { log: &mut log, order }.one(at, repair);
        });
        columns.extend(FieldKind::IdNumber.columns(ID_NUMBER).into_iter().zip(settled.id));
        columns.push((Field::new(BIRTH, DataType::Date32, true), settled.birth));
        columns.push((Field::new(SEX, DataType::Utf8, true), settled.sex));
        let mut lines = self.lines.notes();
        log.entries.retain(|(at, order, repair)| {
            *order != places[0] || *repair != Repair::NoNumber || settled.masked.binary_search(at).is_err()
        });
        lines.extend(settled.told);
        let differing = settled.differing;
        let with_birth = settled.stated.iter().filter(|stated| stated.birth.is_some()).count();
        if differing.len() >= MANY && differing.len() * 10 >= with_birth {
            let order = position_of(&self.order, ROW);
            for at in &differing {
                Notes { log: &mut log, order }.one(*at, Repair::Unsure);
            }
            lines.push(format!(
                "{with_birth} 行里有 {} 行的出生日期与身份证号说的不是同一天，多半是号码或出生日期错了列、排错了行，或填的是别人的号码：依据这些行的疑点只作先核对，请核对原表",
                differing.len()
            ));
        }
        let mut corrections: Vec<usize> = Vec::new();
        let mut covered: Option<Int64Array> = None;
        let not_one_month = self.month.as_mut().map(MonthColumn::not_one_month).unwrap_or_default();
        let certificate =
            Builders::TextAndRaw([&mut self.certificate.text, &mut self.certificate.raw].map(std::mem::take)).finish(as_of).0;
        let derived = [
            (FieldKind::DisabilityNumber.columns(DISABILITY_NO), certificate, self.certificate.is_unmapped),
            (
                FieldKind::CodeList.columns(DISABILITY_KIND),
                Builders::Text(std::mem::take(&mut self.kind.text)).finish(as_of).0,
                self.kind.is_unmapped,
            ),
            (
                FieldKind::Code.columns(DISABILITY_GRADE),
                Builders::Text(std::mem::take(&mut self.grade.text)).finish(as_of).0,
                self.grade.is_unmapped,
            ),
        ];
        for (fields, arrays, unmapped) in derived {
            // A column that neither the files nor any number gave stays absent.
            if !unmapped || arrays.iter().any(|array| array.null_count() < rows) {
                columns.extend(fields.into_iter().zip(arrays));
            }
        }
        let relations = others.iter().position(|column| column.field == RELATION);
        let mut read: Vec<Column<'_>> = Vec::with_capacity(others.len());
        let mut standings: Vec<(usize, StandingColumn<'_>)> = Vec::new();
        let mut dated: Vec<(&str, bool, Int32Array)> = Vec::new();
        for column in others.drain(..) {
            let (field, kind, order) = (column.field, column.kind, column.order);
            let column_is_unmapped = column.is_unmapped;
            if OF_PUPILS.contains(&field) && column.said.heading.is_some() {
                self.headers.push((field.to_owned(), OF_TITLE.to_owned()));
            }
            let of_lines = column.is_unmapped && !column.said.is_told() && column.fallback.is_none();
            let amounts = column.amounts;
            if let Some(Years { of, comes_first, mut values, .. }) = column.years {
                dated.push((of.year.as_str(), comes_first, values.finish()));
            }
            if let Some(standing) = column.standing {
                standings.push((read.len(), standing));
                read.push((field, kind, Vec::new()));
                continue;
            }
            let (mut arrays, late) = column.builders.finish(as_of);
            for (at, repair) in late {
                Notes { log: &mut log, order }.one(at, repair);
            }
            if let Some(first) = arrays.first_mut().filter(|_| !column.coded.is_empty()) {
                let (relations, unknown) = with_codes(first.as_string(), &column.coded);
                *first = Arc::new(relations);
                for at in unknown {
                    Notes { log: &mut log, order }.one(at, Repair::UnknownCode);
                }
            }
            // What only lines may say, and none did, is no column.
            if of_lines && arrays.iter().all(|array| array.null_count() == rows) {
                continue;
            }
            if let Some(told) =
                self.year_named.filter(|_| field == YEAR && !column_is_unmapped).and_then(|named| other_year(&arrays, named))
            {
                lines.push(told);
            }
            corrections.extend(amounts.iter().flat_map(|amounts| &amounts.corrections));
            if let (Some(amounts), Some(month), Some(first)) = (&amounts, &self.month, arrays.first_mut()) {
                let lost = lost(amounts, month, &not_one_month);
                // What is to be told of a back payment, or of months that nobody can read, is told of the month.
                let said = (0..first.len())
                    .zip(0_u32..)
                    .filter(|(at, _)| lost[*at].is_some_and(|lost| lost != Lost::Told) && first.is_valid(*at));
                said.for_each(|(_, at)| Notes { log: &mut log, order }.one(at, Repair::SeveralMonths));
                let has = |total: &str| self.definition.fields.iter().any(|used| used.field == total);
                if let Some((_, total)) = TOTALS.iter().find(|(of, total)| *of == field && has(total))
                    && let Some(amounts) = first.as_primitive_opt::<Int64Type>()
                {
                    let totals: Int64Array = amounts.iter().zip(month.months_covered()).zip(&lost).map(told_together).collect();
                    if totals.null_count() < rows {
                        columns.push((Field::new(*total, DataType::Int64, true), Arc::new(totals)));
                        covered = Some(month.months_covered().map(|months| months.map(i64::from)).collect::<Int64Array>());
                    }
                }
                *first = nullif(first, &lost.iter().map(|lost| Some(lost.is_some())).collect::<BooleanArray>())?;
            }
            read.push((field, kind, arrays));
        }
        for (field, comes_first, years) in dated.into_iter().filter(|(.., years)| years.null_count() < years.len()) {
            match read.iter_mut().find(|(known, ..)| *known == field).and_then(|(.., arrays)| arrays.first_mut()) {
                // What the sheet as a whole says comes after what a row says, and this after a column of its own.
                Some(array) => {
                    let said = years.iter().zip(array.as_primitive::<Int32Type>());
                    let first =
                        |(own, other): (Option<i32>, Option<i32>)| if comes_first { own.or(other) } else { other.or(own) };
                    *array = Arc::new(said.map(first).collect::<Int32Array>());
                }
                None => read.push((field, FieldKind::Year, vec![Arc::new(years)])),
            }
        }
        amount_columns::take_away(&mut read, self.definition, &mut |field, at, repair| {
            Notes { log: &mut log, order: position_of(&self.order, field) }.one(at, repair);
        });
        let (doubted, mut standing) = self.outcomes.finish(rows);
        let order = position_of(&self.order, ROW);
        for at in doubted.into_iter().filter_map(|at| u32::try_from(at).ok()) {
            Notes { log: &mut log, order }.one(at, Repair::Unsure);
        }
        let (mut unclear, told) = self.conclude(&mut read, &standings, &mut log);
        standing.extend(told);
        let others = self.rejects.iter().filter(|reject| reject.reason == RejectReason::OtherProject).count();
        if others > 0 {
            standing.push(format!("{others} 行的类型一栏写的是别的项目，没有读进这个名册"));
        }
        if self.month.is_none() {
            let mut amounts = self.definition.never_zero.iter().chain(self.definition.amounts.keys());
            let amount = amounts.find(|field| self.order.contains(&field.as_str()));
            let order = position_of(&self.order, amount.map_or(ROW, String::as_str));
            for (row, at) in
                corrections.iter().chain(&self.remarks.taken_back).filter_map(|row| Some((*row, u32::try_from(*row).ok()?)))
            {
                unclear[row] = true;
                Notes { log: &mut log, order }.one(at, Repair::TakenBack);
            }
        }
        let heads = relations.and_then(|at| read.get(at)?.2.first().cloned());
        for (field, _, arrays) in read.iter_mut().filter(|(_, kind, _)| *kind == FieldKind::Identifier) {
            let (Some(codes), order) = (arrays.first_mut(), position_of(&self.order, field)) else { continue };
            let heads = heads.as_ref().and_then(|heads| heads.as_string_opt::<i32>());
            let counts = collisions(*field == HOUSEHOLD_CODE, self.definition.grain, heads);
            let damaged = damaged_codes(codes.as_string::<i32>(), &counts);
            if damaged.true_count() > 0 {
                (0_u32..).zip(damaged.values()).filter(|(_, damaged)| *damaged).for_each(|(at, _)| {
                    Notes { log: &mut log, order }.one(at, Repair::Float);
                });
                *codes = nullif(codes, &damaged)?;
            }
        }
        columns.extend(read.into_iter().flat_map(|(field, kind, arrays)| kind.columns(field).into_iter().zip(arrays)));
        if let Some(mut month) = self.month {
            month.correct(&corrections);
            let (arrays, states) = month.finish();
            let fields = [MONTH, MONTH_FROM, MONTH_TO].map(|name| Field::new(name, DataType::Int32, true));
            columns.extend(fields.into_iter().zip(arrays));
            columns.extend(states.map(|states| (Field::new(MONTH_STATE, DataType::Utf8, true), states)));
            columns
                .extend(covered.map(|months| (Field::new(MONTHS_COVERED, DataType::Int64, true), Arc::new(months) as ArrayRef)));
        }
        if unclear.contains(&true) {
            let states: StringArray = unclear.iter().map(|unclear| unclear.then_some(UNCLEAR)).collect();
            columns.push((Field::new(STANDING_STATE, DataType::Utf8, true), Arc::new(states)));
        }
        let unclear_place = self.places.unclear();
        lines.extend(self.places.unlisted().chain(self.places.differing()));
        for field in self.lines.said() {
            if self.headers.iter().all(|(known, _)| known != field) {
                self.headers.push((field.to_owned(), OF_LINES.to_owned()));
            }
        }
        let order = position_of(&self.order, "place");
        let places = PLACE.iter().zip(self.places.finish(self.edition, &mut Notes { log: &mut log, order }));
        columns.extend(places.map(|(name, array)| (Field::new(*name, DataType::Utf8, true), array)));
        columns.push((Field::new(REPAIRS, DataType::Utf8, true), Arc::new(repairs(&self.order, rows, log))));
        let part = self.definition.part.as_ref();
        let says_part = |part: &String| columns.iter().any(|(field, array)| field.name() == part && array.null_count() < rows);
        let lacks_part = part.is_some_and(|part| !says_part(part));
        let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns.into_iter().unzip();
        Ok(NormalisedSheet {
            batch: RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?,
            rows: self.rows,
            rejects: self.rejects,
            nameless: self.nameless,
            snapshot: self.snapshot,
            headers: self.headers,
            read: self.read,
            stated: settled.stated,
            unclear_place,
            standing,
            lines,
            lacks_part,
        })
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
            } else if self.is_late || self.month.as_ref().is_some_and(|month| month.is_after_period(table, row)) {
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

/// Why a row's amount is no month's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lost {
    SeveralMonths,
    OtherMonths,
    Told,
}

/// Per row, whether its amount is taken away: it is for several months, for others than its header names, with a back payment, or for months
/// that nobody can read. What the header says is a month's, or the standard, stays.
fn lost(amounts: &Amounts, month: &MonthColumn, [several, stated]: &[Option<BooleanArray>; 2]) -> Vec<Option<Lost>> {
    let is_true = |rows: &Option<BooleanArray>, at: usize| rows.as_ref().is_some_and(|rows| rows.value(at));
    let named = amounts.months_named();
    let of_row = |(at, (stands, months)): (usize, (&Stands, Option<Months>))| {
        let other = named.is_some_and(|named| months.is_some_and(|months| named.in_year(Some(months.to.year())) != Some(months)));
        let told = *stands != Stands::Standard && is_true(stated, at);
        let of_others = if other { Some(Lost::OtherMonths) } else { is_true(several, at).then_some(Lost::SeveralMonths) };
        let spread = of_others.filter(|_| *stands == Stands::Row);
        spread.or(told.then_some(Lost::Told)).filter(|_| amounts.per == Some(Per::Month))
    };
    amounts.stands.iter().zip(month.months()).enumerate().map(of_row).collect()
}

/// What was paid for several months together.
fn told_together(((amount, months), lost): ((Option<i64>, Option<i32>), &Option<Lost>)) -> Option<i64> {
    amount.filter(|amount| *amount > 0 && months.is_some() && *lost == Some(Lost::SeveralMonths))
}

/// What is told where most rows say another year than the title or a name.
fn other_year(arrays: &[ArrayRef], named: i32) -> Option<String> {
    let years = arrays.first()?.as_primitive_opt::<Int32Type>()?;
    let others: Vec<i32> = years.iter().flatten().filter(|year| *year != named).collect();
    let first = others.first().filter(|_| others.len() * 2 > years.len() - years.null_count())?;
    let rows = others.len();
    Some(format!(
        "标题、表名或文件名写的是 {named} 年，年度一列有 {rows} 行写的是 {first} 年等别的年份：照列里写的读，请核对是哪一年的名册"
    ))
}

/// The place of a field in the order of repairs.
fn position_of(order: &[&str], field: &str) -> u16 {
    order.iter().position(|known| *known == field).and_then(|at| u16::try_from(at).ok()).unwrap_or(u16::MAX)
}

/// Repairs as the column says them.
fn repairs(order: &[&str], rows: usize, log: Log) -> StringArray {
    let mut builder = StringBuilder::new();
    let mut entries = log.entries;
    entries.sort_unstable();
    entries.dedup();
    let mut entries = entries.into_iter().peekable();
    let mut line = String::new();
    for row in 0..rows {
        line.clear();
        while let Some((_, place, repair)) = entries.next_if(|&(at, _, _)| at as usize == row) {
            if !line.is_empty() {
                line.push(';');
            }
            line.push_str(order.get(usize::from(place)).copied().unwrap_or(""));
            line.push(':');
            line.push_str(repair.as_str());
        }
        append(&mut builder, &line);
    }
    builder.finish()
}

#[cfg(test)]
#[path = "sheet_tests.rs"]
pub(super) mod tests;
