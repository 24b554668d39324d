//! Numbers that two names bear, and whose each of them is.
//!
//! Takes what linking suspects; gives, for a row, whether its number is its person's. Cost: one look at the rows of the person.

use std::collections::HashSet;

use crate::assess::compose::Composer;
use crate::assess::subjects::Subjects;
use crate::model::columns::ID_NUMBER;
use crate::model::link::Suspicion;
use crate::model::record::RowId;

/// Rows whose number two names bear.
pub(super) struct Contested(HashSet<RowId>);

impl Contested {
    pub(super) fn new(subjects: &Subjects<'_>) -> Self {
        let rows = subjects.linked.suspicions.iter().flat_map(|suspicion| match suspicion {
            Suspicion::NumberTwoNames { left, right } => vec![*left, *right],
            _ => Vec::new(),
        });
        Self(rows.collect())
    }

    /// Whether two names bear the row's number.
    pub(super) fn has(&self, row: RowId) -> bool {
        self.0.contains(&row)
    }

    /// Whose the row's number may be, where two names bear it and no other register gives it to the row's person.
    pub(super) fn bearer(&self, composer: &Composer<'_>, id: RowId, number: &str) -> Bearer {
        let subjects = composer.subjects;
        let Some((own, _)) = subjects.records.locate(id).filter(|_| self.has(id)) else { return Bearer::Own };
        let Some(person) = subjects.person(id) else { return Bearer::Unclear };
        let mut elsewhere = composer.rows_of(person).filter_map(|row| {
            let (position, row) = subjects.records.locate(row).filter(|(position, _)| *position != own)?;
            Some(subjects.records.registries.get(position)?.text_at(ID_NUMBER, row))
        });
        elsewhere
            .try_fold(Bearer::Unclear, |_, other| if other == Some(number) { Err(Bearer::Own) } else { Ok(Bearer::Another) })
            .unwrap_or_else(|own| own)
    }
}

/// Whose a number is that two names bear.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Bearer {
    Own,
    /// The person is known by other rows, none of which bears it.
    Another,
    Unclear,
}
