//! bidui 比对: a county's registries in, discrepancy workbooks out.

pub mod cli;
pub mod assess;
pub mod config;
pub mod evaluate;
pub mod ingest;
pub mod link;
pub mod model;
pub mod run;
pub mod normalise;
pub mod report;
pub mod practice;
