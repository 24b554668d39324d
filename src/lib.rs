//! bidui 比对: a county's registries in, discrepancy workbooks out.

pub mod assess;
pub mod cli;
pub mod config;
pub mod evaluate;
pub mod ingest;
pub mod link;
pub mod model;
pub mod normalise;
pub mod practice;
pub mod report;
pub mod run;
