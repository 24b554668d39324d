//! What the rules saw, as tables: each fact beside the rows it came from.
//!
//! `<fact>__rows` holds positions in `stages/records.parquet`; facts derived from others have none of their own. `<fact>__least` is there where sums
//! are known only in part: what is known at the least.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;

use super::facts::Facts;
use super::rows::OwnedRows;
use super::subjects::Subjects;
use crate::config::policy::Policy;
use crate::model::finding::Scope;
use crate::model::link::PersonIx;

/// Key of the facts of persons.
pub const PERSON_KEY: &str = "person_id";
/// Key of the facts of households; beside [`PERSON_KEY`], the poverty household whose facts a person's rules see.
pub(crate) const HOUSEHOLD_KEY: &str = "household_code";

/// Behind the name of a fact: what is known of it at the least.
pub(crate) const LEAST: &str = "__least";

/// The facts of persons, one row per subject; moved out of `facts`.
pub(crate) fn person(subjects: &Subjects<'_>, policy: &Policy, facts: &mut Facts) -> Result<FactTable, ArrowError> {
    let keys = subjects.persons.iter().map(|person| subjects.people_text("person_id", *person));
    let household = |person: &PersonIx| {
        let at = *subjects.household_of.get(person.0 as usize)?;
        subjects.households.get(at as usize).map(|household| household.code.expose())
    };
    let households = subjects.persons.iter().map(household);
    let keys = vec![(PERSON_KEY, keys.collect()), (HOUSEHOLD_KEY, households.collect())];
    FactTable::new(keys, Scope::Person, policy, facts)
}

/// The facts of poverty households, in order of their first row.
pub(crate) fn household(subjects: &Subjects<'_>, policy: &Policy, facts: &mut Facts) -> Result<FactTable, ArrowError> {
    let keys = subjects.households.iter().map(|household| Some(household.code.expose()));
    FactTable::new(vec![(HOUSEHOLD_KEY, keys.collect())], Scope::Household, policy, facts)
}

/// A table of facts; the lists of rows are laid out only for the part that is asked for, as most are empty.
#[derive(Clone, PartialEq)]
pub struct FactTable {
    values: RecordBatch,
    /// Rows of the facts read from registries, beside the columns of `values`.
    rows: Vec<Option<OwnedRows>>,
}

impl fmt::Debug for FactTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FactTable({} × {})", self.values.num_rows(), self.rows.len())
    }
}

impl FactTable {
    fn new(keys: Vec<(&str, StringArray)>, scope: Scope, policy: &Policy, facts: &mut Facts) -> Result<Self, ArrowError> {
        let (mut fields, mut columns, mut rows) = (Vec::new(), Vec::<ArrayRef>::new(), Vec::new());
        for (name, keys) in keys {
            fields.push(Field::new(name, DataType::Utf8, true));
            columns.push(Arc::new(keys));
            rows.push(None);
        }
        for fact in policy.facts.iter().filter(|fact| fact.scope == scope) {
            let Some(column) = facts.columns.remove(&fact.name) else { continue };
            fields.push(Field::new(&fact.name, column.array.data_type().clone(), true));
            columns.push(column.array);
            rows.push(column.rows);
            if let Some(least) = column.least {
                fields.push(Field::new(format!("{}{LEAST}", fact.name), least.data_type().clone(), true));
                columns.push(least);
                rows.push(None);
            }
        }
        Ok(Self { values: RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?, rows })
    }

    /// Keys and facts, without the rows they came from.
    #[must_use]
    pub fn values(&self) -> &RecordBatch {
        &self.values
    }

    /// Columns of [`FactTable::part`].
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        let mut fields = Vec::new();
        for (field, rows) in self.values.schema_ref().fields().iter().zip(&self.rows) {
            fields.push(Arc::clone(field));
            if rows.is_some() {
                fields.push(Arc::new(Field::new(format!("{}__rows", field.name()), OwnedRows::list_type(), true)));
            }
        }
        Arc::new(Schema::new(fields))
    }

    /// `length` subjects from `start` on, each fact followed by its rows.
    ///
    /// # Errors
    /// There are not so many, or more rows than a list column holds.
    pub fn part(&self, schema: &SchemaRef, start: usize, length: usize) -> Result<RecordBatch, ArrowError> {
        let mut columns: Vec<ArrayRef> = Vec::new();
        for (values, rows) in self.values.slice(start, length).columns().iter().zip(&self.rows) {
            columns.push(Arc::clone(values));
            if let Some(rows) = rows {
                columns.push(Arc::new(rows.lists(start, length)?));
            }
        }
        RecordBatch::try_new(Arc::clone(schema), columns)
    }
}
