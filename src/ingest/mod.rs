//! Any spreadsheet a county office sends → tables of text cells with their origin.

pub mod grid;
mod header;
pub mod layout;
pub mod recognise;
