//! What stands on disk: run folders with their stage files, ledgers, keys, files that the user names; opened, locked, published, healed, purged.
//!
//! Knows what was written and nothing of how it came about. Everything that is read is opened by [`disk`]; everything that is written takes its
//! final name whole ([`workspace`], [`output_file`], [`ledger_file`]); what is not ours ([`ours`]) is never touched.

pub(crate) mod attempts;
pub(crate) mod clock;
pub(crate) mod disk;
pub(crate) mod finished;
pub(crate) mod key;
pub(crate) mod ledger_file;
pub(crate) mod lock;
pub(crate) mod manifest;
pub(crate) mod new_key;
pub(crate) mod ours;
pub(crate) mod output_file;
pub(crate) mod purge;
pub(crate) mod resume;
pub(crate) mod stages;
pub(crate) mod tables_entry;
pub(crate) mod workspace;
