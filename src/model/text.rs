//! What every reader of cell text agrees on.

use unicode_normalization::{UnicodeNormalization, is_nfkc};

/// Whether `character` shows nothing: zero width, direction marks, byte-order mark, soft hyphen, controls.
#[must_use]
pub fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

/// Whether a character moves the cursor, colours, clears or turns the direction of writing, or cannot be seen and hides what it stands in.
#[must_use]
pub fn steers(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// NFKC again after characters were taken out: a space between a letter and a combining mark kept them apart.
#[must_use]
pub fn recomposed(text: String) -> String {
    if is_nfkc(&text) { text } else { text.nfkc().collect() }
}
