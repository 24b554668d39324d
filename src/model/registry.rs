//! Registries by id, and the grain at which each counts.

use std::fmt;

/// The id of a registry: `poverty`, `dibao`, `insurance`, … (the house list; also file names, rule text, outputs).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize)]
pub struct RegistryId(pub String);

impl RegistryId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for RegistryId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

impl fmt::Display for RegistryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What one row of a registry stands for. One-to-one linking and duplicates hold per grain key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub enum Grain {
    /// One row per person.
    #[serde(rename = "person")]
    Person,
    /// One row per person and kind (the column [`super::columns::KIND`]): two subsidies of one holder are two rows.
    #[serde(rename = "person+kind")]
    PersonKind,
    /// One row per person and month.
    #[serde(rename = "person+month")]
    PersonMonth,
    /// One row per household and month; the name and number on the row are the head's.
    #[serde(rename = "household+month")]
    HouseholdMonth,
    /// Any number of rows per person.
    #[serde(rename = "event")]
    Event,
}

impl Grain {
    /// Whether a row speaks of a household; membership of a person is never read from such a row.
    #[must_use]
    pub fn is_household(self) -> bool {
        self == Self::HouseholdMonth
    }
}
