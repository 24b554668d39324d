//! What the county wrote → what it means. Pipelines, registries, policies, layouts, divisions: read as TOML,
//! resolved with every mistake reported at once with file, line and caret.

pub mod divisions;
pub mod document;
pub mod error;
pub mod layout;
pub mod link;
pub mod link_saved;
pub mod link_words;
pub mod parse;
pub mod pin;
pub mod pipeline;
pub mod policy;
pub mod registry;
pub mod returns;
pub mod tables;
