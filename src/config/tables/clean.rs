//! What can be done to the text of a field before it is compared.

use super::super::document::{Document, Spanned};
use super::super::error::Problems;

/// One step of cleaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clean {
    /// Full width → half width, composed forms.
    Nfkc,
    /// Lower case.
    Lower,
    /// Upper case.
    Upper,
    /// White space at the ends off, runs of it to one space.
    Squeeze,
    /// All white space off.
    NoSpaces,
    /// Letters only.
    Letters,
    /// Digits only.
    Digits,
    /// Words in alphabetical order.
    SortedWords,
    /// A name folded: traditional forms, variants, dots, brackets, spaces.
    Fold,
    /// The American Soundex of Latin letters.
    Soundex,
    /// The year of a date.
    Year,
    /// The first so many characters.
    Prefix(usize),
    /// The last so many characters.
    Suffix(usize),
}

/// Steps without a number.
const PLAIN: [(&str, Clean); 11] = [
    ("nfkc", Clean::Nfkc),
    ("lower", Clean::Lower),
    ("upper", Clean::Upper),
    ("squeeze", Clean::Squeeze),
    ("no_spaces", Clean::NoSpaces),
    ("letters", Clean::Letters),
    ("digits", Clean::Digits),
    ("sorted_words", Clean::SortedWords),
    ("fold", Clean::Fold),
    ("soundex", Clean::Soundex),
    ("year", Clean::Year),
];

/// Reads `lower` or `prefix 3`.
pub(super) fn read(document: &Document, written: &Spanned<String>, problems: &mut Problems) -> Option<Clean> {
    let text = written.get_ref().as_str();
    if let Some((_, clean)) = PLAIN.iter().find(|(name, _)| *name == text) {
        return Some(*clean);
    }
    let (word, number) = text.split_once(' ').unwrap_or((text, ""));
    match (word, number.trim().parse::<usize>()) {
        ("prefix", Ok(length @ 1..)) => Some(Clean::Prefix(length)),
        ("suffix", Ok(length @ 1..)) => Some(Clean::Suffix(length)),
        ("prefix" | "suffix", _) => {
            problems.add(document, written.span(), format!("“{word}”后要写字数，如 {word} 3"), "这里");
            None
        }
        _ => {
            let known = PLAIN.iter().map(|(name, _)| *name).chain(["prefix 3", "suffix 3"]);
            problems.add_unknown(document, written.span(), "清洗步骤", text, known);
            None
        }
    }
}
