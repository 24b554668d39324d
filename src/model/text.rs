//! What every reader of cell text agrees on.

use unicode_normalization::{UnicodeNormalization, is_nfkc};

/// Whether `character` shows nothing: zero width, direction marks, byte-order mark, soft hyphen, controls.
#[must_use]
pub fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

/// NFKC again after characters were taken out: a space between a letter and a combining mark kept them apart.
#[must_use]
pub fn recomposed(text: String) -> String {
    if is_nfkc(&text) { text } else { text.nfkc().collect() }
}
