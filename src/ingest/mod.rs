//! Any spreadsheet a county office sends → tables of text cells with their origin.

pub mod grid;
pub mod header;
pub mod layout;
pub mod mapping;
pub mod recognise;
mod rows;
