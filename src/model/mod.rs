//! Types that every stage shares: what a row, a value, a link and a finding *are*.
//!
//! Takes nothing, imports nothing from the rest of the crate. Stages never import each other;
//! they meet here.

pub mod carried;
pub mod change;
pub mod china_time;
pub mod columns;
pub mod date;
pub mod decision;
pub mod exemption;
pub mod field;
pub mod finding;
pub mod identity;
pub mod ids;
pub mod intake;
pub mod link;
pub mod masking;
pub mod money;
mod numeral;
pub mod personal;
pub mod picture;
pub mod proposal;
pub mod raw;
pub mod receipt;
pub mod record;
pub mod register;
pub mod registry;
pub mod review;
pub mod rule;
pub mod school;
pub mod similarity;
pub mod sorts;
pub mod standing;
pub mod stood;
pub mod system_error;
pub mod text;
pub mod unevaluated;
pub(crate) mod words;
