//! Findings that rest on rows which can be read and not be relied on: they stand below a line that nobody understood, or in a file whose numbers
//! and births contradict each other throughout.
//!
//! Takes findings with their evidence and the records with their repairs; what rests on such a row is to be checked, whatever else speaks for it.
//! Cost: one pass over the repairs, and over the evidence where there is such a row.

use std::collections::HashSet;

use super::compose::Draft;
use crate::model::columns::{REPAIRS, UNSURE};
use crate::model::finding::Confidence;
use crate::model::personal::Expose;
use crate::model::record::RecordSet;

/// Where such rows stand: registry, file, sheet, row.
pub(super) struct UnsureRows<'a>(HashSet<(&'a str, &'a str, &'a str, u32)>);

impl<'a> UnsureRows<'a> {
    pub(super) fn new(records: &'a RecordSet) -> Self {
        let mut rows = HashSet::new();
        for (position, registry) in records.registries.iter().enumerate() {
            let Some(repairs) = registry.text(REPAIRS) else { continue };
            let is_unsure = |said: Option<&str>| said.is_some_and(|said| said.split([';', ':']).any(|word| word == UNSURE));
            for (at, _) in repairs.iter().enumerate().filter(|(_, said)| is_unsure(*said)) {
                rows.extend(
                    records.origin(position, at).map(|(sheet, row)| {
                        (registry.registry.as_str(), sheet.name.file.as_str(), sheet.name.sheet.as_str(), row)
                    }),
                );
            }
        }
        Self(rows)
    }

    pub(super) fn hold(&self, drafts: &mut [Draft]) {
        if self.0.is_empty() {
            return;
        }
        for Draft { finding, .. } in drafts {
            let rests = finding.evidence.iter().any(|evidence| {
                let place = (evidence.file.expose(), evidence.sheet.expose(), evidence.row);
                let (Some(file), Some(sheet), Some(row)) = place else { return false };
                self.0.contains(&(evidence.registry.as_str(), file, sheet, row))
            });
            if rests {
                finding.confidence = Confidence::Check;
            }
        }
    }
}
