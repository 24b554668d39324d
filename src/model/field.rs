//! Canonical fields: what a column of a registry means, and which record columns it becomes.

use arrow::datatypes::{DataType, Field};

/// How the text of a field is read. Record columns per kind are given by [`FieldKind::columns`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// A person's name.
    Name,
    /// A resident ID number (GB 11643), 15 or 18 characters as written.
    IdNumber,
    /// A disability certificate number: 18 + category + grade (+ `B1`).
    DisabilityNumber,
    /// Relation to the head of household.
    Relation,
    /// A closed vocabulary; the field's code table maps spellings to canonical values.
    Code,
    /// Several values of a code table in one cell, comma-joined in canonical order.
    CodeList,
    /// Money; the header or the unit row gives the unit, stored in fen.
    Money,
    /// A day.
    Date,
    /// A month (`201806`).
    Month,
    /// A year.
    Year,
    /// A whole number.
    Count,
    /// Yes or no.
    YesNo,
    /// A county, town, village, group or address text: read together into the place columns.
    Place,
    /// A phone number.
    Phone,
    /// Digits and letters that name something (household code, card, account): text, spaces dropped.
    Identifier,
    /// Free text, trimmed.
    #[default]
    Text,
}

/// What an amount is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// A day, a week.
    Day,
    /// A month.
    Month,
    /// A quarter.
    Quarter,
    /// Half a year.
    HalfYear,
    /// A semester.
    Semester,
    /// A year.
    Year,
    /// Each time.
    Once,
}

impl FieldKind {
    /// The record columns that a field of this kind, called `name`, gives. All are nullable.
    ///
    /// - `IdNumber`: `name` (18 characters when valid, else the cleaned text), `name_state` (an id state), `name_raw` (only where it differs)
    /// - `Name`, `DisabilityNumber`: `name`, `name_raw` (only where it differs)
    /// - `Place`: none of its own; place fields together give [`super::columns::PLACE`]
    /// - others: `name`
    #[must_use]
    pub fn columns(self, name: &str) -> Vec<Field> {
        let field = |suffix: &str, kind: DataType| Field::new(format!("{name}{suffix}"), kind, true);
        match self {
            Self::IdNumber => vec![field("", DataType::Utf8), field("_state", DataType::Utf8), field("_raw", DataType::Utf8)],
            Self::Name | Self::DisabilityNumber => vec![field("", DataType::Utf8), field("_raw", DataType::Utf8)],
            Self::Place => Vec::new(),
            Self::Money | Self::Count => vec![field("", DataType::Int64)],
            Self::Date => vec![field("", DataType::Date32)],
            Self::Month | Self::Year => vec![field("", DataType::Int32)],
            Self::YesNo => vec![field("", DataType::Boolean)],
            Self::Relation | Self::Code | Self::CodeList | Self::Phone | Self::Identifier | Self::Text => {
                vec![field("", DataType::Utf8)]
            }
        }
    }
}
