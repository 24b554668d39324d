//! What became of ids since the run that `--previous` named, written, and read back by the next month's run.

use super::tables::{Households, IdentityChanges};
use crate::model::carried::Carried;
use crate::model::personal::Personal;

/// `identity_changes.parquet`.
pub(crate) fn changes(carried: &Carried) -> IdentityChanges {
    let changes = &carried.changes;
    IdentityChanges {
        scope: changes.iter().map(|change| Some(change.scope)).collect(),
        kind: changes.iter().map(|change| Some(change.kind.as_str())).collect(),
        id: changes.iter().map(|change| Some(change.id.expose())).collect(),
        other: changes.iter().map(|change| Some(change.other.expose())).collect(),
    }
}

/// `households.parquet`.
pub(crate) fn households(carried: &Carried) -> Households {
    let codes = |codes: &mut dyn Iterator<Item = &Personal>| codes.map(|code| Some(code.expose())).collect();
    Households { household: codes(&mut carried.households.keys()), first_household: codes(&mut carried.households.values()) }
}

/// Household codes that a finished run carried over.
pub(crate) fn read_back(table: &Households) -> Carried {
    let pairs = table.household.iter().flatten().zip(table.first_household.iter().flatten());
    Carried { households: pairs.map(|(code, first)| (code.into(), first.into())).collect(), ..Carried::default() }
}
