//! `facts`: what a rule of a pipeline may name, from its definitions; writes nothing.

use std::path::Path;

use super::definitions::{self, DefinitionError};
use crate::config::policy::reference::Reference;

/// The reference page of the pipeline at `pipeline`.
pub fn facts(pipeline: &Path) -> Result<Reference, DefinitionError> {
    let definitions = definitions::load(pipeline)?;
    Ok(Reference::new(&definitions.policy, &definitions.dictionary))
}
