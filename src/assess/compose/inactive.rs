//! What a finding says of inactive rows: a rule that searched in vain tells of them instead of saying that there was none.

use std::collections::{BTreeMap, BTreeSet};

use super::{About, Cell, Composer};
use crate::assess::evaluate::Evaluated;
use crate::assess::subjects::index;
use crate::config::policy::Origin;
use crate::model::record::RowId;
use crate::model::registry::RegistryId;

impl<'a> Composer<'a> {
    /// Rows of the subject in registers searched in vain that are inactive there, with the cell that states it.
    pub(super) fn inactive_cells<'r>(
        &self,
        evaluated: &Evaluated<'_>,
        about: About,
        in_vain: &'r [RegistryId],
    ) -> BTreeMap<&'r RegistryId, BTreeSet<Cell<'a>>> {
        let mut cells_of: BTreeMap<&RegistryId, BTreeSet<Cell<'a>>> = BTreeMap::new();
        if in_vain.is_empty() {
            return cells_of;
        }
        let rows: Vec<RowId> = self.persons(about).into_iter().flat_map(|person| self.rows_of(person)).collect();
        for name in &evaluated.condition.searched {
            let Some(Origin::Sources { sources, .. }) = self.fact(name).map(|(fact, _)| &fact.origin) else { continue };
            for source in sources {
                let registry = in_vain.iter().find(|registry| **registry == source.registry);
                let position = self.subjects.records.registry(source.registry.as_str()).map(|(position, _)| position);
                let (Some(registry), Some(position), Some(filter)) = (registry, position, &source.filter) else { continue };
                let Some(inactive) = self.inactive.get(&(position, filter.text.clone())) else { continue };
                for id in &rows {
                    let place = self.subjects.records.locate(*id).filter(|(at, _)| *at == position);
                    if let Some(column) = place.and_then(|(_, row)| inactive.get(&index(row))) {
                        cells_of.entry(registry).or_default().insert((*id, column));
                    }
                }
            }
        }
        cells_of
    }

    /// Those rows in words: register, `在册但状态为注销`, `第4行`.
    pub(super) fn describe_inactive(
        &self,
        inactive: &BTreeMap<&RegistryId, BTreeSet<Cell<'_>>>,
    ) -> Vec<(String, String, String)> {
        let describe = |(registry, cells): (&&RegistryId, &BTreeSet<Cell<'_>>)| {
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
        inactive.iter().map(describe).collect()
    }
}

/// Says of a subject in vain searched for that rows are there after all: `在册但状态为注销（第4行）` in place of `未查到`.
/// `inactive` are registers with what is found there, `在册但状态为注销` and `第4行`; `everywhere` whether these are all that were searched.
pub(super) fn in_place_of_none(sentence: &str, inactive: &[(String, String, String)], everywhere: bool) -> String {
    const NOT_FOUND: [&str; 3] = ["均未查到", "都未查到", "未查到"];
    let named: Vec<String> = inactive.iter().map(|(registry, found, rows)| format!("{registry}{found}，见{rows}")).collect();
    let named = named.join("；");
    let found = NOT_FOUND.iter().find_map(|words| Some((*words, sentence.split_once(words)?)));
    // Followed by what was not found, it is no whole statement.
    let found = found.filter(|(_, (_, after))| after.chars().next().is_none_or(|next| !next.is_alphanumeric()));
    match (found, inactive) {
        (Some((_, (before, after))), [(_, found, rows)]) if everywhere => format!("{before}{found}（{rows}）{after}"),
        (Some((words, (before, after))), _) => format!("{before}{words}有效登记（{named}）{after}"),
        (None, _) => format!("{}（{named}）。", sentence.trim_end_matches('。')),
    }
}

#[cfg(test)]
mod tests {
    use super::in_place_of_none;

    #[test]
    fn a_row_that_does_not_count_is_told_in_place_of_none() {
        let inactive = |registry: &str| (registry.to_owned(), "在册但状态为注销".to_owned(), "第4行".to_owned());
        let one = [inactive("参合名册")];
        assert_eq!(
            in_place_of_none("甲2018年参合名册未查到，请核实。", &one, true),
            "甲2018年参合名册在册但状态为注销（第4行），请核实。"
        );
        assert_eq!(
            in_place_of_none("该户低保、特困名册均未查到，请核实。", &[inactive("低保名册")], false),
            "该户低保、特困名册均未查到有效登记（低保名册在册但状态为注销，见第4行），请核实。"
        );
        assert_eq!(
            in_place_of_none("台账未查到搬迁救助。", &one, true),
            "台账未查到搬迁救助（参合名册在册但状态为注销，见第4行）。"
        );
    }
}
