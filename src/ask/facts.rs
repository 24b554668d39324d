//! `facts`: what a rule of a pipeline may name, from its definitions, and the columns of stage tables; writes nothing.

use std::path::Path;

use crate::config::policy::reference::Reference;
use crate::intake::definitions::{self, DefinitionError};

/// The reference page of the pipeline at `pipeline`.
pub(crate) fn facts(pipeline: &Path) -> Result<Reference, DefinitionError> {
    let definitions = definitions::load(pipeline)?;
    Ok(Reference::new(&definitions.policy, &definitions.dictionary))
}

/// The page of the stage tables.
pub(crate) fn stage_tables() -> String {
    crate::store::stages::tables::reference()
}
