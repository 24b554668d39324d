//! Any spreadsheet a county office sends → tables of text cells with their origin.
//!
//! In the child process: [`parse`] turns bytes into [`grid::Frame`]s, [`wire`] sends them. In the parent: [`layout`] finds the table,
//! [`recognise`] the registry.

mod archive;
mod cell;
mod form;
pub mod grid;
pub mod header;
mod html;
pub mod layout;
pub mod limits;
pub mod mapping;
mod markup;
mod parquet;
pub mod parse;
pub mod recognise;
mod rows;
mod sheet;
mod sniff;
mod spelling;
mod spreadsheetml;
mod stop;
mod text;
pub mod unfold;
pub mod wire;
mod workbook;
mod xlsb;
mod xlsx;

#[cfg(test)]
mod fixtures_tests;
