//! bidui 比对: a county's registries in, discrepancy workbooks out.

pub mod config;
pub mod evaluate;
pub mod ingest;
pub mod model;
pub mod practice;
