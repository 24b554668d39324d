//! Runs a pipeline: calls the stages, owns files, clock and child processes.

pub mod child;
