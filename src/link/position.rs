//! Positions in flat arrays (rows, persons, names, …) as `u32`, and the one that says "none".

/// No row, person, name, household, damaged text …
pub(super) const NONE: u32 = u32::MAX;

/// A position as `u32`; positions fit because [`crate::model::record::RowId`] does.
pub(super) fn dense(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(NONE)
}

/// A count of positions as a float, exactly.
pub(super) fn as_f64(count: usize) -> f64 {
    f64::from(dense(count))
}
