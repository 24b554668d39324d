//! One sheet: raw chunks in, one batch of canonical columns out.
//!
//! [`Normaliser::push`] takes chunks in row order; [`Normaliser::finish`] gives the [`NormalisedSheet`]. Columns: `name`, `id_number` (with state and
//! raw), every mapped field, `birth`, `sex`, the place columns and `repairs`; certificate columns also where only an ID column held
//! certificate numbers. Rows in = rows kept + rejects. O(cells), about a microsecond per row of ten columns; holds only what it gives.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Date32Builder, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;

use super::data_date::Snapshot;
use super::field_column::{Builders, FieldColumn, Log, Notes, append, append_raw, code_list, first_cell};
use super::money::{self, Unit};
use super::places::Places;
use super::repair::Repair;
use super::sheet_place::SheetPlace;
use super::vocabulary::{self, CodeTable};
use super::{data_date, date, disability_no, id_number, name};
use crate::config::divisions::{Edition, Gazetteer};
use crate::config::registry::{Dictionary, RegistryDefinition};
use crate::model::columns::{BIRTH, DISABILITY_NO, HEAD_ID, HEAD_NAME, ID_NUMBER, IdState, MONTH, NAME, PLACE, REPAIRS, SEX};
use crate::model::date::{Day, Month};
use crate::model::field::FieldKind;
use crate::model::identity::id::Number;
use crate::model::personal::mask;
use crate::model::raw::{Mapping, RawTable, Reject, RejectReason, TableHead};

const DISABILITY_KIND: &str = "disability_kind";
const DISABILITY_GRADE: &str = "disability_grade";
const YEAR: &str = "year";

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
    /// Rows set aside here: `NoIdentity`, `AfterPeriod`.
    pub rejects: Vec<Reject>,
    /// The day the data speak for.
    pub snapshot: Option<Snapshot>,
    /// Field → header as written.
    pub headers: Vec<(String, String)>,
    /// Rows pushed: `rows.len() + rejects.len()`.
    pub read: u64,
}

impl fmt::Debug for NormalisedSheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NormalisedSheet({} rows, {} rejects, {:?})", self.rows.len(), self.rejects.len(), self.snapshot)
    }
}

/// What a row's numbers say about the person, for columns read after them.
#[derive(Clone, Copy, Default)]
struct Known {
    birth: Option<Day>,
    sex: Option<&'static str>,
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
    month: Vec<usize>,
    sheet_month: Option<Month>,
    /// Whether the sheet as a whole lies after the period.
    is_late: bool,
    number: Special<'a>,
    certificate: Special<'a>,
    kind: Special<'a>,
    grade: Special<'a>,
    birth: Vec<usize>,
    sex: Vec<usize>,
    sex_codes: CodeTable<'a>,
    births: Date32Builder,
    sexes: StringBuilder,
    columns: Vec<FieldColumn<'a>>,
    places: Places<'a>,
    repairs: StringBuilder,
    rows: Vec<u32>,
    rejects: Vec<Reject>,
    read: u64,
}

impl fmt::Debug for Normaliser<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Normaliser({} rows kept of {})", self.rows.len(), self.read)
    }
}

/// A field whose value another cell may give.
struct Special<'a> {
    positions: Vec<usize>,
    codes: CodeTable<'a>,
    text: StringBuilder,
    state: StringBuilder,
    raw: StringBuilder,
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
        let kind_of = |field: &str| context.dictionary.fields.get(field).map(|field| field.kind);
        let codes = |field: &str| {
            let codes = context.dictionary.fields.get(field).map(|field| &field.codes);
            CodeTable::new(codes.into_iter().flatten().map(|(spelling, value)| (spelling.as_str(), value.as_str())))
        };
        let special = |field: &str| Special {
            positions: at(field),
            codes: codes(field),
            text: StringBuilder::new(),
            state: StringBuilder::new(),
            raw: StringBuilder::new(),
        };
        let sheet_month = data_date::month(head);
        let snapshot = data_date::snapshot(head, context.period);
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
            let Some(kind) = kind.filter(|&kind| !seen && kind != FieldKind::Place) else { continue };
            let fallback = match field {
                MONTH => sheet_month.map(Month::yyyymm),
                YEAR => data_date::year(head),
                _ => None,
            };
            if !mapped && fallback.is_none() && field != NAME {
                continue;
            }
            let place = order.iter().position(|&known| known == field).unwrap_or_else(|| {
                order.push(field);
                order.len() - 1
            });
            let header =
                at(field).first().and_then(|&position| head.columns.get(position)).map_or("", |column| column.text.as_str());
            columns.push(FieldColumn {
                field,
                kind,
                positions: at(field),
                order: u16::try_from(place).unwrap_or(u16::MAX),
                codes: codes(field),
                unit: if kind == FieldKind::Money { money::unit_of(header, &head.preamble) } else { Unit::Yuan },
                fallback,
                builders: Builders::new(kind),
            });
        }
        order.push("place");
        let month = at(MONTH);
        let after = |month: Option<Month>| month.is_some_and(|month| month > context.period);
        let is_late =
            month.is_empty() && if has(MONTH) { after(sheet_month) } else { after(snapshot.map(|snapshot| snapshot.month)) };
        let header = |(field, position): &(String, usize)| Some((field.clone(), head.columns.get(*position)?.text.clone()));
        let mut headers: Vec<(String, String)> = mapping.fields.iter().filter_map(header).collect();
        for own in [NAME, ID_NUMBER] {
            let first = at(own).first().and_then(|&position| head.columns.get(position));
            if let Some(column) = first.filter(|_| headers.iter().all(|(field, _)| field != own)) {
                headers.push((own.to_owned(), column.text.clone()));
            }
        }
        let others = definition.identified_by.iter().map(String::as_str);
        let identity = [NAME, DISABILITY_NO].into_iter().chain(others).flat_map(at).collect();
        let edition = context.gazetteer.edition(context.period);
        Self {
            context: *context,
            edition,
            snapshot,
            headers,
            order,
            identity,
            of_people: definition.fields.iter().any(|used| used.field == NAME),
            month,
            sheet_month,
            is_late,
            number: special(ID_NUMBER),
            certificate: special(DISABILITY_NO),
            kind: special(DISABILITY_KIND),
            grade: special(DISABILITY_GRADE),
            birth: at(BIRTH),
            sex: at(SEX),
            sex_codes: codes(SEX),
            births: Date32Builder::new(),
            sexes: StringBuilder::new(),
            columns,
            places: Places::new(["county", "town", "village", "group", "address"].map(at), SheetPlace::of(head, edition)),
            repairs: StringBuilder::new(),
            rows: Vec::new(),
            rejects: Vec::new(),
            read: 0,
        }
    }

    /// Takes the next chunk of rows.
    pub fn push(&mut self, table: &RawTable) {
        let kept = self.keep(table);
        let mut log: Log = Vec::new();
        let known = self.push_numbers(table, &kept, &mut log);
        self.push_person(table, &kept, &known, &mut log);
        self.push_disability(table, &kept, &known, &mut log);
        for column in &mut self.columns {
            column.push(table, &kept, self.context.as_of, &mut log);
        }
        let order = u16::try_from(self.order.len() - 1).unwrap_or(u16::MAX);
        self.places.push(table, &kept, self.edition, &mut Notes { log: &mut log, order });
        self.push_repairs(kept.len(), log);
    }

    /// The sheet's batch. Fails only if Arrow refuses the columns, which would be our mistake.
    pub fn finish(self) -> Result<NormalisedSheet, ArrowError> {
        let mut columns: Vec<(Field, ArrayRef)> = Vec::new();
        let rows = self.rows.len();
        let (mut own_name, mut others): (Vec<_>, Vec<_>) = self.columns.into_iter().partition(|column| column.field == NAME);
        own_name.drain(..).for_each(|column| columns.extend(column.kind.columns(NAME).into_iter().zip(column.builders.finish())));
        let Special { mut text, mut state, mut raw, .. } = self.number;
        let number = Builders::Number([std::mem::take(&mut text), std::mem::take(&mut state), std::mem::take(&mut raw)]);
        columns.extend(FieldKind::IdNumber.columns(ID_NUMBER).into_iter().zip(number.finish()));
        let (mut births, mut sexes) = (self.births, self.sexes);
        columns.push((Field::new(BIRTH, DataType::Date32, true), Arc::new(births.finish())));
        columns.push((Field::new(SEX, DataType::Utf8, true), Arc::new(sexes.finish())));
        let certificate = Builders::TextAndRaw([self.certificate.text, self.certificate.raw]).finish();
        let derived = [
            (FieldKind::DisabilityNumber.columns(DISABILITY_NO), certificate, self.certificate.positions.is_empty()),
            (
                FieldKind::CodeList.columns(DISABILITY_KIND),
                Builders::Text(self.kind.text).finish(),
                self.kind.positions.is_empty(),
            ),
            (
                FieldKind::Code.columns(DISABILITY_GRADE),
                Builders::Text(self.grade.text).finish(),
                self.grade.positions.is_empty(),
            ),
        ];
        for (fields, arrays, unmapped) in derived {
            // A column that neither the files nor any number gave stays absent.
            if !unmapped || arrays.iter().any(|array| array.null_count() < rows) {
                columns.extend(fields.into_iter().zip(arrays));
            }
        }
        others
            .drain(..)
            .for_each(|column| columns.extend(column.kind.columns(column.field).into_iter().zip(column.builders.finish())));
        let places = PLACE.iter().zip(self.places.columns);
        columns.extend(
            places.map(|(name, mut text)| (Field::new(*name, DataType::Utf8, true), Arc::new(text.finish()) as ArrayRef)),
        );
        let mut repairs = self.repairs;
        columns.push((Field::new(REPAIRS, DataType::Utf8, true), Arc::new(repairs.finish())));
        let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns.into_iter().unzip();
        Ok(NormalisedSheet {
            batch: RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?,
            rows: self.rows,
            rejects: self.rejects,
            snapshot: self.snapshot,
            headers: self.headers,
            read: self.read,
        })
    }

    /// Decides which rows stay; the others become rejects.
    fn keep(&mut self, table: &RawTable) -> Vec<usize> {
        self.read += table.rows.len() as u64;
        let mut kept = Vec::with_capacity(table.rows.len());
        for (row, &number) in table.rows.iter().enumerate() {
            let reason = if !self.has_identity(table, row) {
                RejectReason::NoIdentity
            } else if self.is_late || self.is_after_period(table, row) {
                RejectReason::AfterPeriod
            } else {
                kept.push(row);
                self.rows.push(number);
                continue;
            };
            let said = table.columns.iter().map(|column| column.get(row).1).filter(|text| !text.is_empty()).take(4);
            self.rejects.push(Reject { row: number, reason, masked: said.map(mask).collect::<Vec<_>>().join(" ") });
        }
        kept
    }

    fn has_identity(&self, table: &RawTable, row: usize) -> bool {
        let (_, named) = first_cell(table, &self.identity, row);
        if !self.of_people || name::has_shape(named) {
            return true;
        }
        let (kind, number) = first_cell(table, &self.number.positions, row);
        // Where all there is is a number that is nobody's, or a word in its place, there is nothing to go by.
        number.contains(char::is_numeric) && id_number::clean(kind, number, self.context.as_of).state != IdState::Placeholder
    }

    fn is_after_period(&self, table: &RawTable, row: usize) -> bool {
        if self.month.is_empty() {
            return false;
        }
        let (kind, text) = first_cell(table, &self.month, row);
        let month = if text.is_empty() { self.sheet_month } else { date::read_month(kind, text) };
        month.is_some_and(|month| month > self.context.period)
    }

    /// ID and certificate numbers, each of which may hold the other.
    fn push_numbers(&mut self, table: &RawTable, kept: &[usize], log: &mut Log) -> Vec<Known> {
        let mut known = Vec::with_capacity(kept.len());
        for (&row, at) in kept.iter().zip(0..) {
            let mut note = Notes { log, order: 0 };
            let (kind, written) = first_cell(table, &self.number.positions, row);
            let id = id_number::clean(kind, written, self.context.as_of);
            note.all(at, id.repairs);
            let (kind, certificate_written) = first_cell(table, &self.certificate.positions, row);
            let certificate = if !certificate_written.is_empty() {
                let certificate = disability_no::clean(kind, certificate_written, self.context.as_of);
                Notes { log, order: 1 }.all(at, certificate.repairs);
                Some(certificate)
            } else if id.suffix.is_some_and(|suffix| suffix.grade.is_some()) {
                Some(disability_no::from_id(written, id.clone()))
            } else {
                None
            };
            let missing = matches!(id.state, IdState::Missing | IdState::Placeholder);
            let lent = certificate.as_ref().filter(|certificate| missing && certificate.id.state == IdState::Valid);
            let (text, state) = lent.map_or((&id.text, id.state), |certificate| (&certificate.id.text, IdState::Valid));
            if lent.is_some() {
                Notes { log, order: 0 }.one(at, Repair::FromDisabilityNumber);
            }
            append(&mut self.number.text, text);
            self.number.state.append_value(state.as_str());
            append_raw(&mut self.number.raw, written, text);
            let number = if state == IdState::Valid { Number::parse(text) } else { None };
            let birth = number.and_then(Number::birth);
            let sex = number.map(|number| if number.is_male() { "男" } else { "女" });
            let certificate_text = certificate.as_ref().map_or("", |certificate| certificate.text.as_ref());
            append(&mut self.certificate.text, certificate_text);
            append_raw(&mut self.certificate.raw, certificate_written, certificate_text);
            let (category, grade) =
                certificate.as_ref().map_or((None, None), |certificate| (certificate.category, certificate.grade));
            known.push(Known { birth, sex, category, grade });
        }
        known
    }

    /// Birth and sex: from a valid number, else from their columns.
    fn push_person(&mut self, table: &RawTable, kept: &[usize], known: &[Known], log: &mut Log) {
        for ((&row, known), at) in kept.iter().zip(known).zip(0..) {
            let (_, written) = first_cell(table, &self.birth, row);
            let column = date::read_day(written);
            match (known.birth, column) {
                (Some(birth), Some(day)) if birth != day => Notes { log, order: 3 }.one(at, Repair::DiffersFromNumber),
                (None, None) if !written.is_empty() => Notes { log, order: 3 }.one(at, Repair::Unreadable),
                _ => {}
            }
            self.births.append_option(known.birth.or(column).map(|day| day.0));
            let (_, written) = first_cell(table, &self.sex, row);
            let column = if written.is_empty() { None } else { self.sex_codes.get(written) };
            match (known.sex, column) {
                (Some(sex), Some(column)) if sex != column => Notes { log, order: 4 }.one(at, Repair::DiffersFromNumber),
                (None, None) if !written.is_empty() => Notes { log, order: 4 }.one(at, Repair::UnknownCode),
                _ => {}
            }
            self.sexes.append_option(known.sex.or(column));
        }
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

    fn push_repairs(&mut self, rows: usize, mut log: Log) {
        log.sort_unstable();
        log.dedup();
        let mut entries = log.into_iter().peekable();
        let mut line = String::new();
        for row in 0..rows {
            line.clear();
            while let Some((_, order, repair)) = entries.next_if(|&(at, _, _)| at as usize == row) {
                if !line.is_empty() {
                    line.push(';');
                }
                line.push_str(self.order.get(usize::from(order)).copied().unwrap_or(""));
                line.push(':');
                line.push_str(repair.as_str());
            }
            append(&mut self.repairs, &line);
        }
    }
}

#[cfg(test)]
#[path = "sheet_tests.rs"]
pub(super) mod tests;
