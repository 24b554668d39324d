//! How many rows a register has, by town and part, and how many it should have.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::date::Month;
use super::registry::RegistryId;

/// What the county's table of expected rows is called in notes.
pub const EXPECTED_LIST: &str = "应有行数表";

/// The registry whose rows say how many rows the others should have.
pub const EXPECTED_COUNTS: &str = "expected_counts";

/// A slice of a register that is sent, or left out, as one: a town's rows of one school stage, of one subsidy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize)]
pub struct RegisterPart {
    /// The register.
    pub registry: RegistryId,
    /// Code of the town; `None` for rows that name none, or for the whole county.
    pub town_code: Option<String>,
    /// School stage, kind of subsidy; `None` where the register has no such parts, or for all of them.
    pub part: Option<String>,
}

/// Rows of a month by register part.
pub type RegisterRows = BTreeMap<RegisterPart, i64>;

/// An earlier month's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierRows {
    /// The month.
    pub period: Month,
    /// Its rows.
    pub rows: RegisterRows,
}

/// One part's rows, as run.json has them.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub struct RegisterCount {
    /// What is counted.
    #[serde(flatten)]
    pub part: RegisterPart,
    /// Its rows.
    pub rows: i64,
}

impl RegisterCount {
    /// Every part, in order.
    #[must_use]
    pub fn all(rows: &RegisterRows) -> Vec<Self> {
        rows.iter().map(|(part, rows)| Self { part: part.clone(), rows: *rows }).collect()
    }
}

/// A register that the county knows to be whole, however few its rows: `insurance`, `insurance:土坪镇`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Accepted {
    /// The register.
    pub registry: RegistryId,
    /// Only in this town, by name or code.
    pub town: Option<String>,
}

impl FromStr for Accepted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (registry, town) = match text.split_once([':', '：']) {
            Some((registry, town)) => (registry.trim(), Some(town.trim())),
            None => (text.trim(), None),
        };
        if registry.is_empty() || town == Some("") {
            return Err("写作 名册 或 名册:乡镇，如 insurance:土坪镇".to_owned());
        }
        Ok(Self { registry: RegistryId::from(registry), town: town.map(str::to_owned) })
    }
}

impl std::fmt::Display for Accepted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.town {
            Some(town) => write!(f, "{}:{town}", self.registry),
            None => write!(f, "{}", self.registry),
        }
    }
}
