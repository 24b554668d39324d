//! Any spreadsheet a county office sends → tables of text cells with their origin.
//!
//! In the child process: [`parse`] turns bytes into [`grid::Frame`]s, [`wire`] sends them. In the parent: [`layout`] finds the table,
//! [`recognise`] the registry.

mod alone;
mod archive;
mod biff;
mod cell;
mod characters;
mod column_labels;
pub mod combined;
mod compound;
mod form;
mod format;
pub mod grid;
pub mod header;
mod html;
pub mod kinds;
pub mod layout;
pub mod limits;
pub mod mapping;
pub mod nobody;
mod ods;
mod package;
mod parquet;
pub mod parse;
pub mod periods;
pub mod person_lists;
pub mod recognise;
mod records;
mod rows;
mod sheet;
mod sniff;
mod spelling;
mod spreadsheetml;
mod stop;
mod strings;
mod styles;
pub(crate) mod text;
pub mod unfold;
mod utf16;
pub mod wire;
mod xls;
mod xlsb;
mod xlsx;
mod xml;

#[cfg(test)]
mod fixtures_tests;
