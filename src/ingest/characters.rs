//! What characters are: digits in a row, numerals.

/// Whether `text` has `count` digits in a row.
pub(super) fn has_digits(text: &str, count: usize) -> bool {
    let mut run = 0;
    text.bytes().any(|byte| {
        run = if byte.is_ascii_digit() { run + 1 } else { 0 };
        run >= count
    })
}

/// Whether a character may stand in a number, written either way: `3`, `三`, `③`, `Ⅲ`; and `第`.
pub(super) fn is_numeral(sign: char) -> bool {
    sign.is_ascii_digit()
        || "一二三四五六七八九十第Ⅰ".contains(sign)
        || ('①'..='⑳').contains(&sign)
        || ('Ⅰ'..='Ⅻ').contains(&sign)
}
