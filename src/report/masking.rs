//! Hiding numbers in what is printed; see [`crate::model::masking`].

pub(super) use crate::model::masking::{is_number_header, mask_cell, mask_text, public_cell, public_text};
