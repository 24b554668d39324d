//! The sheets of a run → one [`RecordSet`].
//!
//! Takes every normalised sheet, gives one batch per registry in spine order, rows by file path, sheet position, row; and every row set aside: those
//! the sheets themselves rejected, snapshots that a newer sheet replaces (per registry and town), rows that another sheet already had. Numbers that a
//! registry has under two names are told where its rows say whose they are ([`borrowed`]), and so are households that are not what their codes say
//! ([`households`]); of whom money was taken back, all rows are unclear ([`taken_back`]). A registry without a row is not there; one of one sheet is
//! moved, not copied; others are joined column by column. O(rows log rows) where a registry has several sheets.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray, new_null_array};
use arrow::compute::{concat, filter_record_batch};
use arrow::datatypes::{DataType, Date32Type, Field, Int32Type, Int64Type, Schema};
use arrow::error::ArrowError;

use super::person::Stated;
use super::sheet::NormalisedSheet;
use super::{borrowed, households, taken_back};
use crate::model::columns::{ID_NUMBER, MONTH, NAME, REPAIRS, TOWN_CODE};
use crate::model::date::{Day, Month};
use crate::model::exemption::EXEMPTION;
use crate::model::personal::mask;
use crate::model::raw::{Reject, RejectReason, SheetName};
use crate::model::record::{RecordSet, RegistryRecords, SourceSheet};
use crate::model::registry::{Grain, RegistryId};

/// A sheet with where it stands and what it is.
pub type Entry = (SheetName, RegistryId, Grain, NormalisedSheet);

/// A registry's share: position in the sources and the sheet.
type Share = (u32, NormalisedSheet);

/// Puts the sheets together. Sheets of one file are taken in the order given; `spine` orders the registries, the others follow by id.
/// Fails only when a registry's text outgrows a column.
pub fn assemble(
    mut sheets: Vec<Entry>,
    spine: &[RegistryId],
    as_of: Day,
) -> Result<(RecordSet, Vec<(SheetName, Reject)>), AssembleError> {
    sheets.sort_by(|one, other| one.0.file.cmp(&other.0.file));
    let mut set = RecordSet::default();
    let mut rejects = Vec::new();
    let mut registries: BTreeMap<(usize, RegistryId), (Grain, Vec<Share>)> = BTreeMap::new();
    for (name, registry, grain, mut sheet) in sheets {
        let rank = spine.iter().position(|id| *id == registry).unwrap_or(spine.len());
        let position = u32::try_from(set.sources.len()).unwrap_or(u32::MAX);
        let headers = std::mem::take(&mut sheet.headers);
        rejects.extend(std::mem::take(&mut sheet.rejects).into_iter().map(|reject| (position, reject)));
        set.sources.push(SourceSheet { name, headers, data_date: sheet.snapshot.map(|snapshot| snapshot.day) });
        registries.entry((rank, registry)).or_insert_with(|| (grain, Vec::new())).1.push((position, sheet));
    }
    for ((_, registry), (grain, mut shares)) in registries {
        if shares.len() > 1 && grain == Grain::Person {
            let old = superseded(&shares, as_of);
            set_aside(&mut shares, &old, RejectReason::Superseded, &mut rejects)?;
        }
        // What happened once is written twice where a row is copied; of money paid twice the second row is news.
        let is_paid = |sheet: &NormalisedSheet| sheet.batch.schema().fields().iter().any(|field| field.name().ends_with("_fen"));
        let happens_once =
            grain == Grain::Event && registry.as_str() != EXEMPTION && !shares.iter().any(|(_, sheet)| is_paid(sheet));
        if shares.len() > 1 || happens_once {
            let needs_month = matches!(grain, Grain::PersonMonth | Grain::HouseholdMonth);
            let copies = copies(&shares, needs_month, happens_once);
            set_aside(&mut shares, &copies, RejectReason::DuplicateRow, &mut rejects)?;
        }
        let sources: Vec<u32> =
            shares.iter().flat_map(|(position, sheet)| std::iter::repeat_n(*position, sheet.rows.len())).collect();
        let stated: Vec<Stated> = shares.iter().flat_map(|(_, sheet)| sheet.stated.iter().copied()).collect();
        hold(&registry, &shares)?;
        let (batch, rows) = join(shares)?;
        // A header alone tells nothing of anybody: the register is not there.
        if rows.is_empty() {
            continue;
        }
        let batch = taken_back::tell(borrowed::tell(batch, &stated, as_of)?)?;
        let batch = if grain.is_household() { batch } else { households::tell(batch, &sources)? };
        set.registries.push(RegistryRecords { registry, grain, batch, sheets: sources, rows });
    }
    rejects.sort_by_key(|(position, reject)| (*position, reject.row));
    let named = |(position, reject): (u32, Reject)| Some((set.sources.get(position as usize)?.name.clone(), reject));
    let rejects = rejects.into_iter().filter_map(named).collect();
    Ok((set, rejects))
}

/// Month of a snapshot, and whether it was printed in time.
type Rank = (Month, bool);

/// Per sheet and row, whether a newer sheet covers the row's town. Rows without a town and sheets without a date stay.
fn superseded(shares: &[Share], as_of: Day) -> Vec<Vec<bool>> {
    // What was printed late stands behind a snapshot of the same month.
    let rank = |sheet: &NormalisedSheet| sheet.snapshot.map(|snapshot| (snapshot.month, !snapshot.printed_late));
    let mut newest: HashMap<String, Rank> = HashMap::new();
    let months: Vec<Option<Rank>> = shares.iter().map(|(_, sheet)| rank(sheet)).collect();
    let towns =
        |sheet: &NormalisedSheet| sheet.batch.column_by_name(TOWN_CODE).and_then(|column| column.as_string_opt::<i32>().cloned());
    for ((_, sheet), month) in shares.iter().zip(&months) {
        let (Some(towns), Some(month)) = (towns(sheet), *month) else { continue };
        let mut last = "";
        for town in towns.iter().flatten() {
            if town != last {
                newest.entry(town.to_owned()).and_modify(|known| *known = month.max(*known)).or_insert(month);
                last = town;
            }
        }
    }
    let is_old = |town: Option<&str>, month: Rank| town.and_then(|town| newest.get(town)).is_some_and(|newest| *newest > month);
    let marks = shares.iter().zip(&months).map(|((_, sheet), month)| match (towns(sheet), *month) {
        (Some(towns), Some(month)) => towns.iter().map(|town| is_old(town, month)).collect(),
        _ => vec![false; sheet.rows.len()],
    });
    let mut marks: Vec<Vec<bool>> = marks.collect();
    for (at, towns) in exported_again(shares, as_of) {
        let own = shares[at].1.batch.column_by_name(TOWN_CODE).and_then(|column| column.as_string_opt::<i32>());
        let town = |row: usize| own.filter(|own| own.is_valid(row)).map_or("", |own| own.value(row));
        marks[at].iter_mut().enumerate().for_each(|(row, mark)| *mark |= towns.contains(town(row)));
    }
    marks
}

/// Sheets that another one of a later day, and of the same persons for the most part, replaces, and the towns in which it does: two exports of a
/// list within one month, last year's list beside this year's. Where no day tells which is newer, both stay.
fn exported_again(shares: &[Share], as_of: Day) -> Vec<(usize, HashSet<String>)> {
    let day = |sheet: &NormalisedSheet| sheet.exported.or(sheet.snapshot.map(|snapshot| snapshot.day));
    let is_past = |day: &Day| day.ymd().0 < as_of.ymd().0;
    let days: Vec<Option<Day>> = shares.iter().map(|(_, sheet)| day(sheet)).collect();
    // Of a list of no day it is known only that it is not last year's.
    let is_older = |one: usize, other: usize| match (days[one], days[other]) {
        (Some(own), Some(other)) => own < other,
        (Some(own), None) => is_past(&own),
        (None, _) => false,
    };
    let pairs: Vec<(usize, usize)> = (0..shares.len())
        .flat_map(|one| (0..shares.len()).map(move |other| (one, other)))
        .filter(|(one, other)| is_older(*one, *other))
        .collect();
    if pairs.is_empty() {
        return Vec::new();
    }
    let persons: Vec<HashMap<String, HashSet<&str>>> = shares.iter().map(|(_, sheet)| persons_by_town(sheet)).collect();
    let replaced = pairs.into_iter().map(|(one, other)| {
        let towns = persons[one].iter().filter(|(town, own)| {
            let others = persons[other].get(*town);
            others.is_some_and(|others| own.intersection(others).count() * 2 > own.len().max(others.len()))
        });
        (one, towns.map(|(town, _)| town.clone()).collect())
    });
    replaced.filter(|(_, towns): &(usize, HashSet<String>)| !towns.is_empty()).collect()
}

/// By what a sheet's persons are told apart, number or name, in each town.
fn persons_by_town(sheet: &NormalisedSheet) -> HashMap<String, HashSet<&str>> {
    let text = |column: &str| sheet.batch.column_by_name(column).and_then(|column| column.as_string_opt::<i32>());
    let (towns, numbers, names) = (text(TOWN_CODE), text(ID_NUMBER), text(NAME));
    let at = |column: Option<&'_ StringArray>, row: usize| column.is_some_and(|column| column.is_valid(row));
    let mut persons: HashMap<String, HashSet<&str>> = HashMap::new();
    for row in 0..sheet.batch.num_rows() {
        let town = towns.filter(|_| at(towns, row)).map_or("", |towns| towns.value(row));
        let person = [numbers, names].into_iter().flatten().find(|column| column.is_valid(row)).map(|column| column.value(row));
        let Some(person) = person else { continue };
        match persons.get_mut(town) {
            Some(known) => _ = known.insert(person),
            None => _ = persons.insert(town.to_owned(), HashSet::from([person])),
        }
    }
    persons
}

/// Per sheet and row, whether an earlier sheet has the same row. Repeats within a sheet stay: they are findings. Where a month is part of what
/// a row is and is unknown, two equal rows may be two payments and stay, as do rows of sheets of which nobody knows what project they are for; repeats within a sheet go too where they are asked for.
fn copies(shares: &[Share], needs_month: bool, within: bool) -> Vec<Vec<bool>> {
    let mut marks: Vec<Vec<bool>> = shares.iter().map(|(_, sheet)| vec![false; sheet.rows.len()]).collect();
    let mut rows: Vec<(u64, u32, u32)> = Vec::new();
    for (at, (_, sheet)) in (0_u32..).zip(shares) {
        let month = sheet.batch.column_by_name(MONTH);
        let hashes = hashes(&sheet.batch);
        let names = sheet.batch.column_by_name(NAME);
        // Of posts and fairs there may be two alike.
        let known = |row: usize| {
            !sheet.lacks_part
                && (!needs_month || month.is_some_and(|month| month.is_valid(row)))
                && (!within || names.is_some_and(|names| names.is_valid(row)))
        };
        rows.extend((0_u32..).zip(hashes).filter(|(row, _)| known(*row as usize)).map(|(row, hash)| (hash, at, row)));
    }
    rows.sort_unstable();
    for group in rows.chunk_by(|one, other| one.0 == other.0) {
        for (at, &(_, sheet, row)) in group.iter().enumerate() {
            let batch = &shares[sheet as usize].1.batch;
            let earlier = group[..at].iter().take_while(|(_, other, _)| within || *other < sheet);
            let is_copy = earlier
                .into_iter()
                .any(|&(_, other, other_row)| same_row(&shares[other as usize].1.batch, other_row as usize, batch, row as usize));
            marks[sheet as usize][row as usize] = is_copy;
        }
    }
    marks
}

/// A hash per row over column names and values; nulls and absent columns count alike.
fn hashes(batch: &RecordBatch) -> Vec<u64> {
    let mut hashes = vec![0_u64; batch.num_rows()];
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        if field.name() == REPAIRS {
            continue;
        }
        for (row, hash) in hashes.iter_mut().enumerate().filter(|(row, _)| column.is_valid(*row)) {
            let mut cell = DefaultHasher::new();
            field.name().hash(&mut cell);
            with_value(column, row, |value| value.hash(&mut cell));
            // Addition, so that sheets with other columns in another order agree.
            *hash = hash.wrapping_add(cell.finish());
        }
    }
    hashes
}

#[derive(PartialEq, Hash)]
enum Value<'a> {
    Text(&'a str),
    Int(i64),
}

fn with_value<R>(column: &ArrayRef, row: usize, then: impl FnOnce(Value<'_>) -> R) -> R {
    then(match column.data_type() {
        DataType::Utf8 => Value::Text(column.as_string::<i32>().value(row)),
        DataType::Int64 => Value::Int(column.as_primitive::<Int64Type>().value(row)),
        DataType::Int32 => Value::Int(column.as_primitive::<Int32Type>().value(row).into()),
        DataType::Date32 => Value::Int(column.as_primitive::<Date32Type>().value(row).into()),
        DataType::Boolean => Value::Int(column.as_boolean().value(row).into()),
        // FieldKind::columns has no other type.
        _ => Value::Int(0),
    })
}

fn same_row(one: &RecordBatch, one_row: usize, other: &RecordBatch, other_row: usize) -> bool {
    let within = |one: &RecordBatch, one_row: usize, other: &RecordBatch, other_row: usize| {
        one.schema()
            .fields()
            .iter()
            .zip(one.columns())
            .filter(|(field, column)| field.name() != REPAIRS && column.is_valid(one_row))
            .all(|(field, column)| {
                let found = other.column_by_name(field.name()).filter(|found| found.is_valid(other_row));
                found.is_some_and(|found| {
                    with_value(column, one_row, |value| with_value(found, other_row, |other| value == other))
                })
            })
    };
    within(one, one_row, other, other_row) && within(other, other_row, one, one_row)
}

/// Moves the marked rows to the rejects.
fn set_aside(
    shares: &mut [Share],
    marks: &[Vec<bool>],
    reason: RejectReason,
    rejects: &mut Vec<(u32, Reject)>,
) -> Result<(), ArrowError> {
    for ((position, sheet), marks) in shares.iter_mut().zip(marks) {
        if !marks.contains(&true) {
            continue;
        }
        for (row, _) in marks.iter().enumerate().filter(|(_, marked)| **marked) {
            let said = [NAME, ID_NUMBER].into_iter().filter_map(|column| {
                let column = sheet.batch.column_by_name(column)?.as_string_opt::<i32>()?;
                column.is_valid(row).then(|| mask(column.value(row)))
            });
            let masked = said.collect::<Vec<_>>().join(" ");
            rejects.push((*position, Reject { row: sheet.rows[row], reason, masked }));
        }
        let kept: BooleanArray = marks.iter().map(|marked| Some(!marked)).collect();
        sheet.batch = filter_record_batch(&sheet.batch, &kept)?;
        let (mut of_rows, mut of_stated) = (marks.iter(), marks.iter());
        sheet.rows.retain(|_| of_rows.next() == Some(&false));
        sheet.stated.retain(|_| of_stated.next() == Some(&false));
    }
    Ok(())
}

/// Bytes of text that a column holds: Arrow counts them in 31 bits.
const MOST_TEXT: usize = i32::MAX as usize;

/// Why sheets cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// A column of a registry has more text than one can hold.
    #[error(
        "名册 {registry} 各表的“{column}”一列合计 {bytes} 字节文字，一列最多 {MOST_TEXT} 字节（2 GiB）。怎么办：请按乡镇或月份把文件分开，分几次比对"
    )]
    TooMuchText {
        /// The registry.
        registry: RegistryId,
        /// The column.
        column: String,
        /// Bytes of its text.
        bytes: usize,
    },
    /// Our fault.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
}

/// Refuses a registry of which a column would have more text than it can hold, before any of it is copied.
fn hold(registry: &RegistryId, shares: &[Share]) -> Result<(), AssembleError> {
    let mut sums: BTreeMap<String, usize> = BTreeMap::new();
    for (_, sheet) in shares {
        for (field, column) in sheet.batch.schema().fields().iter().zip(sheet.batch.columns()) {
            let offsets = column.as_string_opt::<i32>().map(StringArray::value_offsets);
            let bytes = offsets.and_then(|offsets| Some(offsets.last()? - offsets.first()?)).unwrap_or(0);
            *sums.entry(field.name().clone()).or_default() += usize::try_from(bytes).unwrap_or(0);
        }
    }
    match sums.into_iter().find(|(_, bytes)| *bytes > MOST_TEXT) {
        Some((column, bytes)) => Err(AssembleError::TooMuchText { registry: registry.clone(), column, bytes }),
        None => Ok(()),
    }
}

/// One batch of all sheets, columns in the order first met, null where a sheet has none.
fn join(mut shares: Vec<Share>) -> Result<(RecordBatch, Vec<u32>), ArrowError> {
    if shares.len() == 1
        && let Some((_, sheet)) = shares.pop()
    {
        return Ok((sheet.batch, sheet.rows));
    }
    let mut fields: Vec<Arc<Field>> = Vec::new();
    for (_, sheet) in &shares {
        for field in sheet.batch.schema().fields() {
            if fields.iter().all(|known| known.name() != field.name()) {
                fields.push(Arc::clone(field));
            }
        }
    }
    let rows = shares.iter().flat_map(|(_, sheet)| sheet.rows.iter().copied()).collect();
    let mut columns = Vec::with_capacity(fields.len());
    for field in &fields {
        let mut parts: Vec<ArrayRef> = Vec::with_capacity(shares.len());
        for (_, sheet) in &mut shares {
            let found = sheet.batch.schema().index_of(field.name());
            // Taken out, so that a column's sheets are freed as soon as it is joined.
            parts.push(
                found.map_or_else(|_| new_null_array(field.data_type(), sheet.rows.len()), |at| sheet.batch.remove_column(at)),
            );
        }
        columns.push(concat(&parts.iter().map(AsRef::as_ref).collect::<Vec<&dyn Array>>())?);
    }
    Ok((RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?, rows))
}

#[cfg(test)]
#[path = "assemble_tests.rs"]
mod tests;
