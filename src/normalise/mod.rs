//! Text cells → canonical records.
//!
//! One kernel per kind of field ([`id_number`], [`disability_no`], [`name`], [`date`], [`answer_date`], [`money`], [`mod@unit`],
//! [`vocabulary`], [`kinship`], [`phone`]): pure, total over any
//! text, every repair reported with its kind ([`repair`]). [`Normaliser`] reads a sheet with them, chunk by chunk; [`mod@assemble`] puts the
//! sheets of a run together into a `RecordSet`, setting aside copies and outdated snapshots.

mod amount_columns;
mod amount_owner;
mod amounts;
pub mod answer_date;
mod aside;
pub mod assemble;
mod bare;
mod borrowed;
mod cells;
mod damage;
pub mod data_date;
pub mod date;
mod days;
pub mod disability_no;
mod field_column;
mod heading;
mod household_above;
mod households;
pub mod id_number;
pub mod kinship;
mod line_words;
mod mixed;
pub mod money;
mod month_column;
pub mod name;
mod other_kinds;
mod outcome;
mod period;
mod person;
pub mod phone;
mod place_rows;
mod places;
mod proof;
mod remarks;
pub mod repair;
mod row_status;
mod schooling;
mod section_lines;
mod sex_codes;
pub mod sheet;
mod sheet_place;
mod slipped;
mod status_words;
pub mod tables;
mod taken_back;
pub mod unit;
pub mod vocabulary;
mod word_counts;

pub use assemble::{AssembleError, assemble};
pub use sheet::{Context, NormalisedSheet, Normaliser};
