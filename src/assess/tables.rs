//! What the rules saw, as tables: each fact beside the rows it came from.
//!
//! `<fact>__rows` holds positions in `stages/records.parquet`; facts derived from others have none of their own.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListArray, RecordBatch, StringArray, UInt32Array};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;

use super::facts::Facts;
use super::subjects::{Groups, Subjects};
use crate::config::policy::Policy;
use crate::model::finding::Scope;
use crate::model::link::PersonIx;

/// Key of the facts of persons.
pub(crate) const PERSON_KEY: &str = "person_id";
/// Key of the facts of households; beside [`PERSON_KEY`], the poverty household whose facts a person's rules see.
pub(crate) const HOUSEHOLD_KEY: &str = "household_code";

/// The facts of persons, one row per subject.
pub(crate) fn person(subjects: &Subjects<'_>, policy: &Policy, facts: &Facts) -> Result<RecordBatch, ArrowError> {
    let keys = subjects.persons.iter().map(|person| subjects.people_text("person_id", *person));
    let household = |person: &PersonIx| {
        let at = *subjects.household_of.get(person.0 as usize)?;
        subjects.households.get(at as usize).map(|household| household.code.as_str())
    };
    let households = subjects.persons.iter().map(household);
    let keys = vec![(PERSON_KEY, keys.collect()), (HOUSEHOLD_KEY, households.collect())];
    table(keys, Scope::Person, policy, facts)
}

/// The facts of poverty households, in order of their first row.
pub(crate) fn household(subjects: &Subjects<'_>, policy: &Policy, facts: &Facts) -> Result<RecordBatch, ArrowError> {
    let keys = subjects.households.iter().map(|household| Some(household.code.as_str()));
    table(vec![(HOUSEHOLD_KEY, keys.collect())], Scope::Household, policy, facts)
}

fn table(keys: Vec<(&str, StringArray)>, scope: Scope, policy: &Policy, facts: &Facts) -> Result<RecordBatch, ArrowError> {
    let (mut fields, mut columns) = (Vec::new(), Vec::<ArrayRef>::new());
    for (name, keys) in keys {
        fields.push(Field::new(name, DataType::Utf8, true));
        columns.push(Arc::new(keys));
    }
    for fact in policy.facts.iter().filter(|fact| fact.scope == scope) {
        let Some(column) = facts.columns.get(&fact.name) else { continue };
        fields.push(Field::new(&fact.name, column.array.data_type().clone(), true));
        columns.push(Arc::clone(&column.array));
        if let Some(rows) = &column.rows {
            let list = row_lists(rows)?;
            fields.push(Field::new(format!("{}__rows", fact.name), arrow::array::Array::data_type(&list).clone(), true));
            columns.push(Arc::new(list));
        }
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

fn row_lists(groups: &Groups) -> Result<ListArray, ArrowError> {
    let (starts, rows) = groups.parts();
    let offsets = starts.iter().map(|start| i32::try_from(*start).unwrap_or(i32::MAX)).collect::<ScalarBuffer<i32>>();
    let item = Arc::new(Field::new("item", DataType::UInt32, false));
    ListArray::try_new(item, OffsetBuffer::new(offsets), Arc::new(UInt32Array::from(rows.to_vec())), None)
}
