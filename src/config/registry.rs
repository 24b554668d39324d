//! The alias dictionary: canonical fields (`pipelines/registries/fields.toml`) and registry definitions
//! (`pipelines/registries/<id>.toml`), resolved.

use std::collections::BTreeMap;

use crate::model::field::FieldKind;
use crate::model::registry::{Grain, RegistryId};

/// A canonical field.
#[derive(Clone, Debug)]
pub struct FieldDefinition {
    /// Canonical name, also the record column: `household_amount_fen`.
    pub name: String,
    /// How its text is read.
    pub kind: FieldKind,
    /// In plain words: `户月保障金额`.
    pub title: String,
    /// Header spellings, folded; shared by every registry that uses the field.
    pub aliases: Vec<String>,
    /// For codes: spelling (folded) → canonical value. Empty for other kinds.
    pub codes: BTreeMap<String, String>,
}

/// A field as one registry uses it.
#[derive(Clone, Debug)]
pub struct FieldUse {
    /// Canonical field name.
    pub field: String,
    /// Further header spellings that mean this field in this registry only, folded.
    pub aliases: Vec<String>,
}

/// One registry.
#[derive(Clone, Debug)]
pub struct RegistryDefinition {
    /// Its id.
    pub id: RegistryId,
    /// In plain words: `农村低保人员名册`.
    pub title: String,
    /// Who keeps it: `县民政局`.
    pub department: String,
    /// What a row stands for.
    pub grain: Grain,
    /// Fields it may carry.
    pub fields: Vec<FieldUse>,
    /// Fields without which it is not this registry; each entry is a set of alternatives.
    pub required: Vec<Vec<String>>,
    /// Fields that tell it from its neighbours (weigh more when recognising).
    pub telling: Vec<String>,
    /// Fields whose presence says it is another registry.
    pub excluded: Vec<String>,
    /// Words in title, sheet or file text that break ties.
    pub title_words: Vec<String>,
}

/// Every field and registry of a pipeline.
#[derive(Clone, Debug, Default)]
pub struct Dictionary {
    /// By field name.
    pub fields: BTreeMap<String, FieldDefinition>,
    /// In file-name order.
    pub registries: Vec<RegistryDefinition>,
}

impl Dictionary {
    /// The registry with this id.
    #[must_use]
    pub fn registry(&self, id: &str) -> Option<&RegistryDefinition> {
        self.registries.iter().find(|definition| definition.id.as_str() == id)
    }
}
