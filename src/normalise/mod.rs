//! Text cells → canonical records.
//!
//! One kernel per kind of field ([`id_number`], [`disability_no`], [`name`], [`date`], [`money`], [`vocabulary`], [`phone`]): pure, total over any
//! text, every repair reported with its kind ([`repair`]).

pub mod data_date;
pub mod date;
pub mod disability_no;
pub mod id_number;
pub mod money;
pub mod name;
mod name_variants;
pub mod phone;
pub mod repair;
pub mod vocabulary;
