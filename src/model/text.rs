//! What every reader of cell text, and every writer to a terminal, agrees on.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, is_nfkc};
use unicode_width::UnicodeWidthStr;

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
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' |
            '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The text without what [`steers`], as it may stand in a cell or on a page.
#[must_use]
pub fn unsteered(text: &str) -> Cow<'_, str> {
    if text.contains(steers) { text.chars().filter(|c| !steers(*c)).collect::<String>().into() } else { text.into() }
}

/// NFKC again after characters were taken out: a space between a letter and a combining mark kept them apart.
#[must_use]
pub fn recomposed(text: String) -> String {
    if is_nfkc(&text) { text } else { text.nfkc().collect() }
}

/// The text filled up with blanks to `width` columns of a terminal: Chinese characters take two, which format widths do not know.
#[must_use]
pub fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}
