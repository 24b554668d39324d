//! bidui 比对: a county's registries in, discrepancy workbooks out.

pub mod assess;
pub mod cli;
pub mod config;
pub mod ingest;
pub mod model;
pub mod run;
