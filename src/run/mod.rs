//! The story of one run: calls the stages in order, keeps what they give, and goes on where an interrupted run stopped.
//!
//! [`run`] takes a [`Request`], leaves a run folder as the house plan describes it, and gives a [`Summary`]. There are two kinds: a county's month
//! ([`county`]) and any tables of persons ([`tables`]); what they do alike is [`underway`]. Stages are pure functions called by either; what they
//! give is written under `stages/` and, at the end, published whole.

pub(crate) mod bars;
pub(crate) mod county;
mod error;
mod fingerprint;
pub(crate) mod receive;
mod request;
pub(crate) mod tables;
mod underway;

use std::sync::atomic::AtomicBool;

use crate::intake::{child, definitions};

pub use error::RunError;
pub use request::{Request, Stage, Summary};
use underway::Caller;

/// Runs a pipeline over its files. `progress` gets one line per file and stage.
pub fn run(request: &Request, interrupted: &AtomicBool, progress: &(dyn Fn(&str) + Sync)) -> Result<Summary, RunError> {
    if let Some(why) = child::too_little_memory() {
        return Err(RunError::Usage(why));
    }
    let caller = Caller { interrupted, progress };
    match tables::definition(&request.pipeline)? {
        Some(definition) => tables::run(request, definition, caller),
        None => county::run(request, &definitions::load(&request.pipeline)?, caller),
    }
}
