//! Tests of the whole program and of its sources, one file per promise; what they share is in `support`.

#![allow(clippy::disallowed_methods, reason = "tests set up folders and run the program")]

mod architecture;
mod cases;
mod completeness;
mod corrections;
mod decisions;
mod definitions;
mod end_to_end;
mod example_county;
mod fuzz;
mod hostile;
mod interruption;
mod keeping;
mod mask;
mod mistakes;
mod months;
mod receive;
mod reconstruction;
mod support;
mod tables;
mod township;
mod transcripts;
