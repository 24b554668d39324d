//! What every reader of cell text agrees on.

/// Whether `character` shows nothing: zero width, direction marks, byte-order mark, soft hyphen, controls.
#[must_use]
pub fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}
