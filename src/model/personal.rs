//! Personal values that hide themselves, and the three masks used in outputs.
//!
//! An ID number, a name or a phone never reaches a log, an error or a temp name in the clear: errors carry
//! [`Personal`], whose `Debug` and `Display` mask; the full value needs a call named
//! [`Personal::expose`], so that grep finds every place that uses it.

use std::fmt;

/// One personal value of any kind (number, name, phone, disease, free text from a cell).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Personal(String);

impl Personal {
    /// Wraps a value as it was read.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value in the clear; only for stage files and workbooks.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask(&self.0))
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Personal({})", mask(&self.0))
    }
}

/// Masks a value of unknown kind for messages and rejects: mostly digits → [`mask_number`], else [`mask_name`].
#[must_use]
pub fn mask(value: &str) -> String {
    let digits = value.chars().filter(char::is_ascii_digit).count();
    if digits >= 4 { mask_number(value) } else { mask_name(value) }
}

/// The prevailing form for ID numbers in printed lists: first 6, eight `*`, last 4. Other lengths (phones,
/// damaged numbers, certificate numbers) keep at most a third at each end, so that what is hidden is never
/// less than half.
#[must_use]
pub fn mask_number(value: &str) -> String {
    let characters: Vec<char> = value.chars().collect();
    let (head, tail) = match characters.len() {
        18.. => (6, 4),
        n => (n / 4, n / 4),
    };
    let hidden = characters.len() - head - tail;
    let mut masked = String::with_capacity(value.len());
    masked.extend(&characters[..head]);
    masked.extend(std::iter::repeat_n('*', hidden));
    masked.extend(&characters[characters.len() - tail..]);
    masked
}

/// Keeps the family name: `张小明` → `张**`.
#[must_use]
pub fn mask_name(value: &str) -> String {
    let mut characters = value.chars();
    let Some(first) = characters.next() else { return String::new() };
    let rest = characters.count();
    if rest == 0 { "*".to_owned() } else { std::iter::once(first).chain(std::iter::repeat_n('*', rest.min(8))).collect() }
}

/// A cell as it may be shown on a screen: digit strings as long as a phone's are masked, anything else stays.
#[must_use]
pub fn mask_long_number(value: &str) -> String {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    if digits >= 11 { mask_number(value) } else { value.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_number_shows_six_and_four() {
        assert_eq!(mask_number("520324199003071234"), "520324********1234");
    }

    #[test]
    fn debug_and_display_never_show_the_value() {
        let number = Personal::new("520324199003071234");
        for shown in [format!("{number}"), format!("{number:?}")] {
            assert!(!shown.contains("19900307"), "{shown}");
        }
        assert_eq!(Personal::new("张小明").to_string(), "张**");
        assert_eq!(Personal::new("13885211234").to_string(), "13*******34");
        assert_eq!(Personal::new("").to_string(), "");
    }
}
