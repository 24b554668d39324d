//! What stands around an identifier, taken off: one cleaner for resident numbers, certificates, phones, accounts and codes.
//!
//! [`narrow`] makes characters plain; [`bare`] takes off labels before the value, remarks behind it or in brackets, separators between its
//! groups and the `.0` of a program; each is a repair of its own kind. [`shape`] says what is left of a value that went through a spreadsheet.
//! Nothing is guessed: what remains is what was written. Total over any text; O(length), no allocation for a value written properly.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::repair::{Repair, Repairs};
use crate::model::text::{is_invisible, recomposed};

/// Letters that stand before a number and name it.
const LABELS: [&str; 10] = ["ID", "NO", "NR", "SFZ", "SFZH", "SFZHM", "IDCARD", "ZJHM", "CN", "CHN"];

/// Half width, capitals, without spaces, invisible marks and the quotes that keep a number text.
pub(super) fn narrow<'a>(text: &'a str, repairs: &mut Repairs) -> Cow<'a, str> {
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    let mut narrowed = String::with_capacity(text.len());
    // Characters of ASCII that are written, by bit: looked for in the text each time, a long one would cost its square.
    let written = text.bytes().filter(u8::is_ascii).fold(0_u128, |written, byte| written | 1 << byte);
    let is_ascii = text.is_ascii();
    for character in text.nfkc() {
        if character.is_whitespace() || is_invisible(character) || is_quote(character) {
            repairs.insert(Repair::Space);
        } else {
            if !is_ascii && character.is_ascii_alphanumeric() && written >> u32::from(character) & 1 == 0 {
                repairs.insert(Repair::Width);
            }
            narrowed.push(character.to_ascii_uppercase());
        }
    }
    recomposed(narrowed).into()
}

/// What of a narrowed text is the identifier.
pub(super) fn bare<'a>(text: Cow<'a, str>, repairs: &mut Repairs) -> Cow<'a, str> {
    let is_labelled = text.starts_with(|first: char| first.is_ascii_uppercase()) && digits(&text) >= 15;
    if (text.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !is_labelled) || shape(&text) == Shape::Scientific {
        return text;
    }
    let outside = out_of_brackets(&text, repairs);
    let value = behind_label(&outside, repairs);
    let end = value.char_indices().rev().find(|(_, character)| is_part(*character)).map_or(0, |(at, last)| at + last.len_utf8());
    let (value, behind) = value.split_at(end);
    if behind.chars().any(char::is_alphanumeric) {
        repairs.insert(Repair::Remark);
    } else if !behind.is_empty() {
        repairs.insert(Repair::Ornament);
    }
    let whole = value
        .trim_end_matches('0')
        .strip_suffix('.')
        .filter(|whole| whole.len() < value.len() && whole.len() >= 4 && whole.bytes().all(|byte| byte.is_ascii_digit()));
    let value = whole.map_or(value, |whole| {
        repairs.insert(Repair::Decimal);
        whole
    });
    let mut joined = String::with_capacity(value.len());
    for character in value.chars() {
        if is_separator(character) {
            repairs.insert(Repair::Punctuation);
        } else {
            joined.push(character);
        }
    }
    if joined == *text { text } else { joined.into() }
}

/// The text outside brackets, unless the digits stand inside.
fn out_of_brackets(text: &str, repairs: &mut Repairs) -> String {
    let (mut outside, mut inside) = (String::with_capacity(text.len()), String::new());
    let (mut depth, mut bracketed) = (0_u32, false);
    for character in text.chars() {
        match character {
            '(' | '[' | '【' | '〔' | '{' | '<' | '《' => {
                depth += 1;
                bracketed = true;
            }
            ')' | ']' | '】' | '〕' | '}' | '>' | '》' => depth = depth.saturating_sub(1),
            _ if depth > 0 => inside.push(character),
            _ => outside.push(character),
        }
    }
    if bracketed {
        repairs.insert(Repair::Remark);
    }
    if digits(&outside) < 4 && digits(&inside) > digits(&outside) { inside } else { outside }
}

/// The part behind a label: behind a colon, behind the words or the letters that name a number.
fn behind_label<'t>(text: &'t str, repairs: &mut Repairs) -> &'t str {
    let mut value = text;
    if let Some((label, rest)) = text.split_once([':', ';']) {
        // The half with the digits is the value.
        value = if digits(rest) >= digits(label) { rest } else { label };
        repairs.insert(if digits(rest) >= digits(label) { Repair::Label } else { Repair::Remark });
    }
    let start = value.find(|character: char| is_part(character) && !is_x_alike_word(character)).unwrap_or(value.len());
    let (before, rest) = value.split_at(start);
    if before.chars().any(char::is_alphanumeric) {
        repairs.insert(Repair::Label);
    } else if !before.is_empty() {
        repairs.insert(Repair::Ornament);
    }
    let letters = rest.bytes().take_while(u8::is_ascii_uppercase).count();
    let (word, number) = rest.split_at(letters);
    if LABELS.contains(&word) && digits(number) >= 15 {
        repairs.insert(Repair::Label);
        return number.trim_start_matches(is_separator);
    }
    rest
}

fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

fn is_quote(character: char) -> bool {
    matches!(character, '\'' | '’' | '‘' | '`' | '"' | '“' | '”' | '=' | '′' | '´' | 'ˈ')
}

/// What may belong to an identifier: digits, letters, masks, and what is written for X.
fn is_part(character: char) -> bool {
    character.is_ascii_alphanumeric() || is_mask(character) || is_x_alike(character)
}

/// What stands between the groups of a number.
fn is_separator(character: char) -> bool {
    matches!(
        character,
        '-' | '_'
            | '.'
            | '/'
            | '\\'
            | ','
            | '·'
            | '—'
            | '–'
            | '‐'
            | '‑'
            | '‒'
            | '−'
            | '~'
            | '、'
            | '。'
            | '|'
            | '+'
            | ':'
            | ';'
    )
}

/// Whether a character is written for the check letter X.
pub(super) fn is_x_alike(character: char) -> bool {
    matches!(
        character,
        '×' | 'Х'
            | 'х'
            | 'Χ'
            | 'χ'
            | '✕'
            | '✖'
            | '✗'
            | '✘'
            | '╳'
            | '⨯'
            | '⨉'
            | '❌'
            | '❎'
            | '᙭'
            | 'Ҳ'
            | 'ҳ'
            | 'ẋ'
            | 'Ẋ'
    ) || is_x_alike_word(character)
}

/// The characters among them that also begin words.
fn is_x_alike_word(character: char) -> bool {
    matches!(character, '乂' | '㐅')
}

/// Whether a character is written in place of one that is hidden.
pub(super) fn is_mask(character: char) -> bool {
    matches!(
        character,
        '*' | '#'
            | '•'
            | '●'
            | '×'
            | 'X'
            | '○'
            | '◯'
            | '〇'
            | '□'
            | '■'
            | '※'
            | '?'
            | '✱'
            | '∗'
            | '＊'
            | '✕'
            | '⚫'
            | '◦'
            | '∎'
    )
}

/// What a spreadsheet has left of an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Nothing is known against it.
    Sound,
    /// `5.2E+17`.
    Scientific,
    /// Digits with hidden ones among them.
    Masked,
    /// No letter and no digit, or one digit over and over.
    Nothing,
}

/// The shape of a narrowed text.
pub(super) fn shape(text: &str) -> Shape {
    let bytes = text.as_bytes();
    let mantissa = bytes.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    let exponent = bytes.get(mantissa + 1..).unwrap_or_default();
    let exponent = exponent.strip_prefix(b"+").unwrap_or(exponent);
    if mantissa > 0
        && bytes.get(mantissa) == Some(&b'E')
        && (1..=3).contains(&exponent.len())
        && exponent.iter().all(u8::is_ascii_digit)
        && (bytes.contains(&b'+') || bytes.contains(&b'.') || exponent.len() == 2)
    {
        return Shape::Scientific;
    }
    let hidden = text.chars().filter(|&character| is_mask(character) && character != 'X').count();
    let crossed = bytes.windows(3).any(|window| window == [b'X'; 3]);
    if (hidden >= 2 || crossed) && text.chars().all(|character| character.is_ascii_alphanumeric() || is_mask(character)) {
        return Shape::Masked;
    }
    let one =
        bytes.first().is_some_and(|first| first.is_ascii_digit() && bytes.len() >= 4 && bytes.iter().all(|byte| byte == first));
    if one || !bytes.iter().any(u8::is_ascii_alphanumeric) { Shape::Nothing } else { Shape::Sound }
}

/// An account, a card, a code: what stands around it comes off only where that cannot make two of them one. `None` where nothing usable is left.
pub(super) fn identifier<'t>(text: &'t str, is_number: bool, repairs: &mut Repairs) -> Option<Cow<'t, str>> {
    let is_space = |character: char| character.is_whitespace() || is_invisible(character) || is_quote(character);
    let plain: Cow<'_, str> = if text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        Cow::Borrowed(text)
    } else {
        let wide: String = text.nfkc().filter(|character| !is_space(*character)).collect();
        recomposed(wide).into()
    };
    let capital =
        if plain.bytes().any(|byte| byte == b'e') { Cow::Owned(plain.to_ascii_uppercase()) } else { Cow::Borrowed(&*plain) };
    match shape(&capital) {
        Shape::Scientific => {
            repairs.insert(Repair::Scientific);
            return None;
        }
        Shape::Masked => {
            repairs.insert(Repair::Masked);
            return None;
        }
        Shape::Nothing => {
            repairs.insert(Repair::NoNumber);
            return None;
        }
        Shape::Sound if is_number && plain.len() > 15 && plain.bytes().all(|byte| byte.is_ascii_digit()) => {
            repairs.insert(Repair::Float);
            return None;
        }
        Shape::Sound => {}
    }
    if plain.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Some(plain);
    }
    let mut done = Repairs::default();
    let bared = bare(Cow::Borrowed(&*plain), &mut done).into_owned();
    let long = digits(&bared) >= 15 && bared.bytes().all(|byte| byte.is_ascii_digit());
    // A short code's hyphen, or the words before it, may be all that tells it from another; a long number's never are.
    let is_label = |repair| repair == Repair::Label && plain.contains(':');
    let harmless = done.iter().all(|repair| matches!(repair, Repair::Decimal | Repair::Ornament) || is_label(repair));
    if long || (harmless && digits(&bared) >= 4 && digits(&bared) == digits(plain.trim_end_matches(".0"))) {
        done.iter().for_each(|repair| repairs.insert(repair));
        return Some(bared.into());
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> (String, Vec<&'static str>) {
        let mut repairs = Repairs::default();
        let narrowed = narrow(text, &mut repairs);
        let bared = bare(narrowed, &mut repairs).into_owned();
        (bared, repairs.iter().map(Repair::as_str).collect())
    }

    #[test]
    fn what_stands_around_a_number_comes_off() {
        for (text, kinds) in [
            ("520324198008198708（已故）", vec!["remark"]),
            ("520324198008198708(残)", vec!["remark"]),
            ("520324198008198708 户主", vec!["space", "remark"]),
            ("（户主）520324198008198708", vec!["remark"]),
            ("身份证：520324198008198708", vec!["label"]),
            ("身份证号520324198008198708", vec!["label"]),
            ("ID:520324198008198708", vec!["label"]),
            ("ID520324198008198708", vec!["label"]),
            ("CN520324198008198708", vec!["label"]),
            ("No.520324198008198708", vec!["label"]),
            ("520324-19800819-8708", vec!["punctuation"]),
            ("520324_19800819_8708", vec!["punctuation"]),
            ("520324.19800819.8708", vec!["punctuation"]),
            ("520324—19800819—8708", vec!["punctuation"]),
            ("520324198008198708.0", vec!["decimal"]),
            ("520324198008198708。", vec!["ornament"]),
            ("★520324198008198708", vec!["ornament"]),
            ("\u{202a}520324198008198708\u{202c}", vec!["space"]),
            ("520324198008198708：已故", vec!["remark"]),
            ("张三（520324198008198708）", vec!["remark"]),
        ] {
            assert_eq!(read(text), ("520324198008198708".to_owned(), kinds), "{text}");
        }
    }

    #[test]
    fn codes_lose_only_what_tells_nothing() {
        let code = |text: &str| identifier(text, false, &mut Repairs::default()).map(Cow::into_owned);
        for (text, left) in [
            ("6217 0000 1234 5002", Some("6217000012345002")),
            ("6217-0000-1234-5002", Some("6217000012345002")),
            ("账号：6217000012345002", Some("6217000012345002")),
            ("6217000012345002（农商行）", Some("6217000012345002")),
            ("10001.0", Some("10001")),
            ("1-11", Some("1-11")),
            ("11-1", Some("11-1")),
            ("10001(2)", Some("10001(2)")),
            ("DB0", Some("DB0")),
            ("52 03", Some("5203")),
            ("瑞溪1", Some("瑞溪1")),
            ("瑞溪民20181234", Some("瑞溪民20181234")),
            ("证号：20181234", Some("20181234")),
            ("待补", None),
            ("0000", None),
            ("5.2E+17", None),
            ("5.2e+17", None),
            ("6.217E+18", None),
            ("6217********5002", None),
        ] {
            assert_eq!(code(text).as_deref(), left, "{text}");
        }
        assert_eq!(identifier("5203241012020000", true, &mut Repairs::default()), None);
        assert_eq!(code("1E2").as_deref(), Some("1E2"), "a code with a letter");
    }

    proptest! {
        #[test]
        fn cleaning_again_changes_nothing(text in "\\PC{0,24}|[0-9X×*()（）：:._ 证号户主-]{0,24}") {
            let once = read(&text).0;
            prop_assert_eq!(read(&once).0, once.clone());
            if let Some(code) = identifier(&text, false, &mut Repairs::default()) {
                let again = identifier(&code, false, &mut Repairs::default());
                prop_assert!(again.is_some());
            }
        }
    }
}
