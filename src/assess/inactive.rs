//! Inactive rows: somebody is in a register, but as cancelled, dead or moved away.
//!
//! Takes the filters by which facts read registers; gives, for each row that does not pass one and would if no status were stated
//! in it (its codes, yes-or-no columns and texts of which words are left out blank), the column that decides it. Cost: a few evaluations of a filter over the rows that do
//! not pass it.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use arrow::array::{Array, ArrayRef, BooleanArray, UInt32Array};
use arrow::compute::take;

use super::AssessError;
use super::columns::null_array;
use super::reading::Reader;
use super::subjects::index;
use crate::config::policy::Source;
use crate::config::policy::expression::Expression;
use crate::model::field::FieldKind;
use crate::model::record::RegistryRecords;

/// By the registry's position and the filter's text: rows of the registry, and the status column that keeps each from counting.
pub(crate) type InactiveRows = HashMap<(usize, String), BTreeMap<u32, String>>;

impl Reader<'_> {
    /// Looks through the rows that do not pass the sources' filters.
    pub(super) fn inactive<'s>(&self, sources: impl Iterator<Item = &'s Source>) -> Result<InactiveRows, AssessError> {
        let mut inactive = InactiveRows::new();
        for source in sources {
            let registry = self.subjects.records.registry(source.registry.as_str());
            let (Some((position, records)), Some(filter)) = (registry, &source.filter) else { continue };
            let key = (position, filter.text.clone());
            if let Entry::Vacant(place) = inactive.entry(key) {
                place.insert(self.inactive_in(position, records, filter)?);
            }
        }
        Ok(inactive)
    }

    fn inactive_in<'f>(
        &self,
        position: usize,
        records: &RegistryRecords,
        filter: &'f Expression,
    ) -> Result<BTreeMap<u32, String>, AssessError> {
        let mut inactive = BTreeMap::new();
        let states: Vec<&str> =
            filter.columns.iter().map(String::as_str).filter(|name| self.is_state(name, filter, records)).collect();
        let Some(passed) = self.filtered(position, filter).filter(|_| !states.is_empty()) else { return Ok(inactive) };
        let fails = |row: &usize| passed.is_valid(*row) && !passed.value(*row);
        let rows: UInt32Array = (0..records.len()).filter(fails).map(index).collect();
        if rows.is_empty() {
            return Ok(inactive);
        }
        // Whether each of those rows would pass with no other state than `kept`.
        let passes_with = |kept: Option<&str>| {
            let column = |name: &'f String| -> Result<(&'f str, ArrayRef), AssessError> {
                let known = records
                    .batch
                    .column_by_name(name)
                    .filter(|_| !states.contains(&name.as_str()) || kept == Some(name.as_str()));
                Ok((
                    name,
                    match known {
                        Some(known) => take(known.as_ref(), &rows, None)?,
                        None => null_array(self.column_type(name), rows.len()),
                    },
                ))
            };
            let columns = filter.columns.iter().map(column).collect::<Result<Vec<_>, AssessError>>()?;
            self.passes(filter, &columns, rows.len())
        };
        let Some(unstated) = passes_with(None)? else { return Ok(inactive) };
        for state in &states {
            let Some(as_stated) = passes_with(Some(state))? else { continue };
            for (at, row) in rows.values().iter().enumerate() {
                let is_true = |passed: &BooleanArray| passed.is_valid(at) && passed.value(at);
                if is_true(&unstated) && !is_true(&as_stated) {
                    inactive.entry(*row).or_insert_with(|| (*state).to_owned());
                }
            }
        }
        Ok(inactive)
    }

    /// Whether the column says how a row stands, and the register has it; of texts only those of which the filter leaves out words.
    fn is_state(&self, name: &str, filter: &Expression, records: &RegistryRecords) -> bool {
        let is_state = match self.field_kind(name) {
            Some(FieldKind::Code | FieldKind::YesNo) => true,
            Some(FieldKind::Text) => filter.text.contains(&format!("{name} NOT IN")),
            _ => false,
        };
        is_state && records.batch.column_by_name(name).is_some()
    }
}
