//! Any spreadsheet a county office sends → tables of text cells with their origin.

mod archive;
mod cell;
pub mod grid;
mod html;
pub mod limits;
mod markup;
pub mod parse;
mod sheet;
mod sniff;
mod stop;
mod text;
pub mod wire;
mod workbook;
mod xlsx;
