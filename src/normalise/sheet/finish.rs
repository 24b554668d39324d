//! The batch of a sheet and what is told of it, once all rows have been read.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int32Array, Int64Array, RecordBatch, StringArray, StringBuilder};
use arrow::compute::nullif;
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema};
use arrow::error::ArrowError;

use super::{DISABILITY_GRADE, DISABILITY_KIND, NormalisedSheet, Normaliser, OF_PUPILS, ROW, position_of};
use crate::model::columns::{
    BIRTH, DISABILITY_NO, HOUSEHOLD_CODE, ID_NUMBER, MONTH, MONTH_FROM, MONTH_STATE, MONTH_TO, MONTHS_COVERED, NAME, PLACE,
    RELATION, REPAIRS, SEX, STANDING_STATE, TOTALS, UNCLEAR, UNPROVEN, YEAR,
};
use crate::model::date::{Month, Months};
use crate::model::field::{FieldKind, Per};
use crate::model::raw::RejectReason;
use crate::normalise::amount_columns::{self, Column};
use crate::normalise::amounts::{Amounts, Stands};
use crate::normalise::cells::append;
use crate::normalise::damage::{collisions, damaged_codes};
use crate::normalise::field_column::{Builders, Years};
use crate::normalise::month_column::MonthColumn;
use crate::normalise::repair::{Log, Notes, Repair};
use crate::normalise::row_status::StatusColumn;

/// So many births that contradict their numbers are no slips of the pen.
const MANY: usize = 10;
/// The header of what lines between rows say.
const OF_LINES: &str = "单列一行的说明";
/// The header of what a title, or the name of the sheet or the file, says.
const OF_TITLE: &str = "标题或表名、文件名";

impl Normaliser<'_> {
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
        let (mut corrections, mut is_owner_unsaid): (Vec<usize>, bool) = (Vec::new(), false);
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
        let mut statuses: Vec<(usize, StatusColumn<'_>)> = Vec::new();
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
            if let Some(status) = column.status {
                statuses.push((read.len(), status));
                read.push((field, kind, Vec::new()));
                continue;
            }
            let (mut arrays, late) = column.builders.finish(as_of);
            for (at, repair) in late {
                Notes { log: &mut log, order }.one(at, repair);
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
            is_owner_unsaid |= amounts.as_ref().is_some_and(|amounts| amounts.is_owner_unsaid);
            corrections.extend(amounts.iter().flat_map(|amounts| &amounts.corrections));
            if let (Some(amounts), Some(month), Some(first)) = (&amounts, &self.month, arrays.first_mut()) {
                let lost = lost(amounts, month, &not_one_month, self.context.period);
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
        if is_owner_unsaid {
            amount_columns::take_unowned(&mut read, &mut |field, at, repair| {
                Notes { log: &mut log, order: position_of(&self.order, field) }.one(at, repair);
            });
        }
        let (doubted, mut standing) = self.outcomes.finish(rows);
        let order = position_of(&self.order, ROW);
        for at in doubted.into_iter().filter_map(|at| u32::try_from(at).ok()) {
            Notes { log: &mut log, order }.one(at, Repair::Unsure);
        }
        let (mut unclear, told) = self.conclude(&mut read, &statuses, &mut log);
        standing.extend(told.into_iter().chain(self.proof.told()).chain(self.other_kinds.told(&self.definition.title)));
        let mut unproven = vec![false; rows];
        let order = position_of(&self.order, ROW);
        for (row, at) in self.other_kinds.rows.iter().filter_map(|row| Some((*row, u32::try_from(*row).ok()?))) {
            unclear[row] = true;
            Notes { log: &mut log, order }.one(at, Repair::Status);
        }
        let order = position_of(&self.order, &self.proof.field);
        for (row, at) in self.proof.unproven.iter().filter_map(|row| Some((*row, u32::try_from(*row).ok()?))) {
            Notes { log: &mut log, order }.one(at, Repair::Status);
            unproven[row] = !std::mem::replace(&mut unclear[row], true);
        }
        let others = self.rejects.iter().filter(|reject| reject.reason == RejectReason::OtherProject).count();
        if others > 0 {
            standing.push(format!("{others} 行的类型一栏写的是别的项目，没有读进这个名册"));
        }
        if !self.by_month {
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
        if let Some(mut month) = self.month.filter(|_| self.by_month) {
            month.correct(&corrections);
            let (arrays, states) = month.finish();
            let fields = [MONTH, MONTH_FROM, MONTH_TO].map(|name| Field::new(name, DataType::Int32, true));
            columns.extend(fields.into_iter().zip(arrays));
            columns.extend(states.map(|states| (Field::new(MONTH_STATE, DataType::Utf8, true), states)));
            columns
                .extend(covered.map(|months| (Field::new(MONTHS_COVERED, DataType::Int64, true), Arc::new(months) as ArrayRef)));
        }
        if unclear.contains(&true) {
            let state = |unproven: bool| if unproven { UNPROVEN } else { UNCLEAR };
            let states = unclear.iter().zip(unproven).map(|(unclear, unproven)| unclear.then(|| state(unproven)));
            let states: StringArray = states.collect();
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
            exported: self.exported,
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
}

/// Why a row's amount is no month's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lost {
    SeveralMonths,
    OtherMonths,
    Told,
}

/// Per row, whether its amount is taken away: it is for several months, for others than its header names (than `period` where nothing says the
/// row's), with a back payment, or for months that nobody can read. What the header says is a month's, or the standard, stays.
fn lost(
    amounts: &Amounts,
    month: &MonthColumn,
    [several, stated]: &[Option<BooleanArray>; 2],
    period: Month,
) -> Vec<Option<Lost>> {
    let is_true = |rows: &Option<BooleanArray>, at: usize| rows.as_ref().is_some_and(|rows| rows.value(at));
    let named = amounts.months_named();
    let of_row = |(at, (stands, months)): (usize, (&Stands, Option<Months>))| {
        let own = months.unwrap_or(Months::one(period));
        let other = named.is_some_and(|named| named.in_year(Some(own.to.year())) != Some(own));
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
