//! What a character in a number means, in whatever script, width or frame it is written, and which characters in one cannot be seen.
//!
//! Pure tables: Unicode's decimal digits of every script, what decomposes to one of them, and the numerals that Chinese writes out.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

use super::text::is_invisible;

/// The zero of every script's decimal digits but ours (Unicode 16, category Nd); the other nine follow it.
#[rustfmt::skip]
const ZEROS: [u32; 73] = [
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6, 0x0E50, 0x0ED0, 0x0F20,
    0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0,
    0xA9F0, 0xAA50, 0xABF0, 0x104A0, 0x10D30, 0x10D40, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650,
    0x116C0, 0x116D0, 0x116DA, 0x11730, 0x118E0, 0x11950, 0x11BF0, 0x11C50, 0x11D50, 0x11DA0, 0x11F50, 0x16A60, 0x16AC0, 0x16B50,
    0x16D70, 0x1CCF0, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E5F1, 0x1E950, 0x1FBF0,
];
/// The one of digits in discs, which decompose to nothing; the others to nine follow it.
const DISCS: [u32; 4] = [0x24F5, 0x2776, 0x2780, 0x278A];
/// The plain digit or letter that a character is; `None` for what is neither. Whatever is written for the X of an ID number is one.
pub(super) fn folded(c: char) -> Option<char> {
    match c {
        c if c.is_ascii() => c.is_ascii_alphanumeric().then_some(c),
        'Х' | 'х' | 'Χ' | 'χ' | '×' | 'Ⅹ' | 'ⅹ' => Some('X'),
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xFEE0).and_then(folded),
        c if c.is_numeric() => digit(c),
        _ => None,
    }
}

/// As [`folded`], and Chinese numerals are digits: as they are read out, as they stand in vouchers, and as merchants wrote them.
pub(super) fn read_out(c: char) -> Option<char> {
    Some(match c {
        '〇' | '零' | '○' => '0',
        '一' | '壹' | '弌' | '〡' => '1',
        '二' | '贰' | '貳' | '弍' | '〢' => '2',
        '三' | '叁' | '參' | '叄' | '弎' | '〣' => '3',
        '四' | '肆' | '〤' => '4',
        '五' | '伍' | '〥' => '5',
        '六' | '陆' | '陸' | '〦' => '6',
        '七' | '柒' | '〧' => '7',
        '八' | '捌' | '〨' => '8',
        '九' | '玖' | '〩' => '9',
        c => return folded(c),
    })
}

/// Whether a character is a digit in whatever guise.
pub(super) fn is_digit(c: char) -> bool {
    read_out(c).is_some_and(|c| c.is_ascii_digit())
}

/// Whether a character shows nothing by itself, so that it parts nothing: zero width, direction, marks over and through others, and what
/// stands in the place of one that was taken out. Spaces and ends of lines do part.
pub(super) fn is_unseen(c: char) -> bool {
    if c.is_ascii_graphic() || c.is_whitespace() {
        return false;
    }
    is_invisible(c)
        || is_combining_mark(c)
        || matches!(c, '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{ffa0}' |
            '\u{fff9}'..='\u{fffd}' | '\u{e0000}'..='\u{e0fff}')
}

fn digit(c: char) -> Option<char> {
    let from = |first: u32, value: u32, count: u32| {
        let place = u32::from(c).checked_sub(first).filter(|place| *place < count)?;
        char::from_digit(value + place, 10)
    };
    let script = || ZEROS.iter().find_map(|zero| from(*zero, 0, 10));
    let disc = || DISCS.iter().find_map(|one| from(*one, 1, 9)).or_else(|| (c == '⓿').then_some('0'));
    script().or_else(disc).or_else(|| framed(c))
}

/// The one digit in a frame: `①`, `⑴`, `⒈`, `²`.
fn framed(c: char) -> Option<char> {
    let (mut found, mut others) = (None, false);
    decompose_compatible(c, |part| {
        if part.is_ascii_digit() && found.is_none() {
            found = Some(part);
        } else if part.is_alphanumeric() {
            others = true;
        }
    });
    found.filter(|_| !others)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scripts_and_every_frames_digits_are_plain_digits() {
        for (written, plain) in [
            ("０１９", "019"),
            ("٠١٩۴०९๓༣", "0194093" /* Arabic, Persian, Devanagari */),
            ("𝟎𝟙𝟡𝟬🯰", "01900"),
            ("①⑨⓪⑴⒈❶➀➊⓵⓿", "1901111110"),
            ("²₅", "25"),
            ("ＸxХ×", "XxXX"),
        ] {
            let found: String = written.chars().filter_map(folded).collect();
            assert!(found.starts_with(plain) || found == plain, "{written}: {found}");
        }
        assert_eq!("五二〇叁陆".chars().filter_map(read_out).collect::<String>(), "52036");
        for other in "十百⑩Ⅳ½年-（ ".chars() {
            assert_eq!(read_out(other), None, "{other}");
        }
        assert!(ZEROS.is_sorted() && ZEROS.iter().all(|zero| char::from_u32(*zero).is_some()));
    }

    #[test]
    fn what_cannot_be_seen_parts_nothing() {
        for unseen in
            ['\u{ad}', '\u{200b}', '\u{202e}', '\u{2066}', '\u{feff}', '\u{301}', '\u{336}', '\u{fe0f}', '\u{20e3}', '\u{1b}']
        {
            assert!(is_unseen(unseen), "{unseen:?}");
        }
        for seen in ['\n', '\t', ' ', '\u{3000}', '-', '1', '张', '（'] {
            assert!(!is_unseen(seen), "{seen:?}");
        }
    }
}
