//! Rows passed over for their standing: somebody who is in a register, as cancelled, dead or moved away.
//!
//! Takes the filters by which facts read registers; gives, for each row that does not pass one and would if no standing were stated
//! in it (its codes and yes-or-no columns blank), the column that decides it. A rule that searched in vain tells of such a row instead
//! of saying that there was none. Cost: a few evaluations of a filter over the rows that do not pass it.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::array::{Array, ArrayRef, BooleanArray, UInt32Array};
use arrow::compute::take;

use super::AssessError;
use super::columns::null_array;
use super::compose::{About, Cell, Composer};
use super::evaluate::Evaluated;
use super::reading::Reader;
use super::subjects::index;
use crate::config::policy::expression::Expression;
use crate::config::policy::{Origin, Source};
use crate::model::field::FieldKind;
use crate::model::record::{RegistryRecords, RowId};
use crate::model::registry::RegistryId;

/// By the registry's position and the filter's text: rows of the registry, and the column that keeps each from counting.
pub(crate) type Standings = HashMap<(usize, String), BTreeMap<u32, String>>;

impl Reader<'_> {
    /// Looks through the rows that the sources pass over.
    pub(super) fn standings<'s>(&self, sources: impl Iterator<Item = &'s Source>) -> Result<Standings, AssessError> {
        let mut standings = Standings::new();
        for source in sources {
            let registry = self.subjects.records.registry(source.registry.as_str());
            let (Some((position, records)), Some(filter)) = (registry, &source.filter) else { continue };
            let key = (position, filter.text.clone());
            if let Entry::Vacant(place) = standings.entry(key) {
                place.insert(self.passed_over(position, records, filter)?);
            }
        }
        Ok(standings)
    }

    fn passed_over<'f>(
        &self,
        position: usize,
        records: &RegistryRecords,
        filter: &'f Expression,
    ) -> Result<BTreeMap<u32, String>, AssessError> {
        let mut standing = BTreeMap::new();
        let states: Vec<&str> = filter.columns.iter().map(String::as_str).filter(|name| self.is_state(name, records)).collect();
        let Some(passed) = self.filtered(position, filter).filter(|_| !states.is_empty()) else { return Ok(standing) };
        let fails = |row: &usize| passed.is_valid(*row) && !passed.value(*row);
        let rows: UInt32Array = (0..records.len()).filter(fails).map(index).collect();
        if rows.is_empty() {
            return Ok(standing);
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
        let Some(unstated) = passes_with(None)? else { return Ok(standing) };
        for state in &states {
            let Some(as_stated) = passes_with(Some(state))? else { continue };
            for (at, row) in rows.values().iter().enumerate() {
                let is_true = |passed: &BooleanArray| passed.is_valid(at) && passed.value(at);
                if is_true(&unstated) && !is_true(&as_stated) {
                    standing.entry(*row).or_insert_with(|| (*state).to_owned());
                }
            }
        }
        Ok(standing)
    }

    /// Whether the column says how a row stands, and the register has it.
    fn is_state(&self, name: &str, records: &RegistryRecords) -> bool {
        let kind = self.field_kind(name);
        matches!(kind, Some(FieldKind::Code | FieldKind::YesNo)) && records.batch.column_by_name(name).is_some()
    }
}

impl<'a> Composer<'a> {
    /// Rows of the subject in registers searched in vain that do not count for their standing, with the cell that states it.
    pub(super) fn standing_aside<'r>(
        &self,
        evaluated: &Evaluated<'_>,
        about: About,
        in_vain: &'r [RegistryId],
    ) -> BTreeMap<&'r RegistryId, BTreeSet<Cell<'a>>> {
        let mut aside: BTreeMap<&RegistryId, BTreeSet<Cell<'a>>> = BTreeMap::new();
        if in_vain.is_empty() {
            return aside;
        }
        let rows: Vec<RowId> = self.persons(about).into_iter().flat_map(|person| self.rows_of(person)).collect();
        for name in &evaluated.condition.searched {
            let Some(Origin::Sources { sources, .. }) = self.fact(name).map(|(fact, _)| &fact.origin) else { continue };
            for source in sources {
                let registry = in_vain.iter().find(|registry| **registry == source.registry);
                let position = self.subjects.records.registry(source.registry.as_str()).map(|(position, _)| position);
                let (Some(registry), Some(position), Some(filter)) = (registry, position, &source.filter) else { continue };
                let Some(standing) = self.standings.get(&(position, filter.text.clone())) else { continue };
                for id in &rows {
                    let place = self.subjects.records.locate(*id).filter(|(at, _)| *at == position);
                    if let Some(column) = place.and_then(|(_, row)| standing.get(&index(row))) {
                        aside.entry(registry).or_default().insert((*id, column));
                    }
                }
            }
        }
        aside
    }

    /// Those rows in words: register, `在册但状态为注销`, `第4行`.
    pub(super) fn told_aside(&self, aside: &BTreeMap<&RegistryId, BTreeSet<Cell<'_>>>) -> Vec<(String, String, String)> {
        let told = |(registry, cells): (&&RegistryId, &BTreeSet<Cell<'_>>)| {
            let (mut states, mut numbers) = (BTreeSet::new(), Vec::new());
            for (id, column) in cells {
                let Some((position, row)) = self.subjects.records.locate(*id) else { continue };
                let title = self.input.field_title(column);
                let title = if title.ends_with("状态") { "状态" } else { title.as_str() };
                states.insert(format!("{title}为{}", self.plain(position, row, column)));
                numbers.extend(self.subjects.records.origin(position, row).map(|(_, number)| number.to_string()));
            }
            let states: Vec<String> = states.into_iter().collect();
            let title = self.input.registry_title(registry.as_str());
            (title, format!("在册但{}", states.join("、")), format!("第{}行", numbers.join("、")))
        };
        aside.iter().map(told).collect()
    }
}

/// Says of a subject in vain searched for that rows are there after all: `在册但状态为注销（第4行）` in place of `未查到`.
/// `told` are registers with what is found there, `在册但状态为注销` and `第4行`; `everywhere` whether these are all that were searched.
pub(super) fn tell(sentence: &str, told: &[(String, String, String)], everywhere: bool) -> String {
    const NOT_FOUND: [&str; 3] = ["均未查到", "都未查到", "未查到"];
    let named: Vec<String> = told.iter().map(|(registry, found, rows)| format!("{registry}{found}，见{rows}")).collect();
    let named = named.join("；");
    let found = NOT_FOUND.iter().find_map(|words| Some((*words, sentence.split_once(words)?)));
    // Followed by what was not found, it is no whole statement.
    let found = found.filter(|(_, (_, after))| after.chars().next().is_none_or(|next| !next.is_alphanumeric()));
    match (found, told) {
        (Some((_, (before, after))), [(_, found, rows)]) if everywhere => format!("{before}{found}（{rows}）{after}"),
        (Some((words, (before, after))), _) => format!("{before}{words}有效登记（{named}）{after}"),
        (None, _) => format!("{}（{named}）。", sentence.trim_end_matches('。')),
    }
}

#[cfg(test)]
mod tests {
    use super::tell;

    #[test]
    fn a_row_that_does_not_count_is_told_in_place_of_none() {
        let told = |registry: &str| (registry.to_owned(), "在册但状态为注销".to_owned(), "第4行".to_owned());
        let one = [told("参合名册")];
        assert_eq!(tell("甲2018年参合名册未查到，请核实。", &one, true), "甲2018年参合名册在册但状态为注销（第4行），请核实。");
        assert_eq!(
            tell("该户低保、特困名册均未查到，请核实。", &[told("低保名册")], false),
            "该户低保、特困名册均未查到有效登记（低保名册在册但状态为注销，见第4行），请核实。"
        );
        assert_eq!(tell("台账未查到搬迁救助。", &one, true), "台账未查到搬迁救助（参合名册在册但状态为注销，见第4行）。");
    }
}
