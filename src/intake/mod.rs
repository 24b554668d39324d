//! What comes in: definition files, registers, tables, answers and returned lists; each file parsed in a capped child process.
//!
//! One way from file to cells ([`mod@file`], [`child`]); then registers are normalised while they stream ([`registers`]), answers ([`answers`]) and
//! returned lists ([`returned`]) are read row by row. Writes nothing.

pub(crate) mod answers;
pub mod child;
pub(crate) mod definition_files;
pub(crate) mod definitions;
pub(crate) mod described;
pub(crate) mod file;
pub(crate) mod inputs;
mod oddities;
pub(crate) mod previous;
pub(crate) mod registers;
pub(crate) mod returned;
