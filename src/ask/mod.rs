//! Questions about definitions, files and finished runs: one command a file. Nothing here changes a run folder or a ledger.

pub(crate) mod check;
pub(crate) mod diagnose;
pub(crate) mod diff;
pub(crate) mod evaluate;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod facts;
pub(crate) mod page;
mod tables;
mod terminal;
