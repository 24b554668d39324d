//! Calls the stages in order; owns files, clock, lock, child processes and resume.

mod stages;
mod workspace;
