//! bidui 比对: a month of a county's registry exports in, discrepancy workbooks out.
//!
//! ```text
//! files ─ingest→ RawTable ─normalise→ RecordSet ─link→ Linked ─assess→ Findings ─report→ workbooks
//!         + rejects                   + repairs        + review        + rates, notes
//! ```
//!
//! | room | takes | gives |
//! |---|---|---|
//! | [`model`] | nothing | the types that stages meet in: rows, masked values, money in fen, links, findings |
//! | [`config`] | texts of definition files | dictionary, divisions, policy, linking model, layouts; or every mistake under a caret |
//! | [`ingest`] | bytes of any spreadsheet | cells (in a child process), then tables, then which registry |
//! | [`normalise`] | a table and its registry | canonical columns, every repair named |
//! | [`link`] | all records | every row → a person, with weight and parts; the same for any two tables by a model |
//! | [`assess`] | records, links, policy | findings with evidence, coverage rates, what was not evaluated |
//! | [`ledger`] | findings, returned answers | where each finding stands, over months |
//! | [`report`] | findings, where they stand | workbooks |
//! | [`practice`], [`evaluate`] | a seed; a run and its truth | a synthetic county; precision and recall |
//! | [`store`] | what a run gives | run folders, ledgers, keys on disk; locked, published whole, healed |
//! | [`intake`] | files that people send | cells (each file parsed in a child process), registers, answers, returned lists |
//! | [`run`] | a request | a run folder |
//! | [`ask`] | a finished run, or definitions | explanations, differences, exports; changes nothing |
//! | [`cli`] | the command line | an exit code; owns the terminal |
//!
//! Imports point one way: `model ← config ← stages ← store ← intake ← run ← ask ← cli` (`tests/architecture.rs`); where a change goes: src/README.md. Words: *fen* is 1/100 yuan; [`link`]'s `PersonIndex` is the growing set
//! of known persons; a *grain* is what one row of a registry stands for; a *finding* is one discrepancy about one person or household.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests set up folders"))]

#[allow(clippy::disallowed_methods, reason = "files, clock, processes, terminal")]
pub mod ask;
pub mod assess;
#[allow(clippy::disallowed_methods, reason = "files, clock, processes, terminal")]
pub mod cli;
pub mod config;
pub mod evaluate;
pub mod ingest;
#[allow(clippy::disallowed_methods, reason = "files, clock, processes, terminal")]
pub mod intake;
pub mod ledger;
pub mod link;
pub mod model;
pub mod normalise;
pub mod practice;
pub mod report;
#[allow(clippy::disallowed_methods, reason = "files, clock, processes, terminal")]
pub mod run;
#[allow(clippy::disallowed_methods, reason = "files, clock, processes, terminal")]
pub mod store;
