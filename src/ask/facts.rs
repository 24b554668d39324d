//! `facts`: what a rule of a pipeline may name, from its definitions; writes nothing.

use std::path::Path;

use crate::config::policy::reference::Reference;
use crate::intake::definitions::{self, DefinitionError};

/// The reference page of the pipeline at `pipeline`.
pub(crate) fn facts(pipeline: &Path) -> Result<Reference, DefinitionError> {
    let definitions = definitions::load(pipeline)?;
    Ok(Reference::new(&definitions.policy, &definitions.dictionary))
}
