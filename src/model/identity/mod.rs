//! Kernels on what identifies a person: numbers of GB 11643 and Chinese names. Pure, without allocation where it matters.

pub mod choice;
pub mod family;
pub mod id;
pub mod name;
mod shapes;
mod variants;

pub use variants::simplified;
