//! Calls the stages in order; owns files, clock, lock, child processes and resume.

mod inputs;
mod manifest;
mod stages;
mod workspace;
