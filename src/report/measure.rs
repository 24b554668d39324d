//! How much room text takes, which the workbook library does not know for Chinese: it counts every character as one
//! half-width digit, so rows would be printed with their text cut.
//!
//! Wide characters count 2 half-width places; lines break as Excel breaks them: between Chinese characters, at spaces in
//! Latin text, never before a closing mark, and inside a word that is longer than its column. Linear in the text.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

use super::names::shorten;

/// Excel's limit for a cell, in UTF-16 units.
const CELL_LIMIT: usize = 32_767;
/// What stands where text was cut.
pub(super) const CUT_MARK: &str = "……（本格放不下，以下从略）";
/// Marks that stay with the character before them.
const CLOSING: [char; 22] =
    ['，', '。', '、', '；', '：', '！', '？', '）', '》', '”', '’', '…', ',', '.', ';', ':', '!', '?', ')', ']', '}', '%'];

fn places(c: char) -> usize {
    c.width_cjk().unwrap_or(0)
}

/// Breaks text into the lines it takes in a column of `capacity` half-width places. Line breaks in the text are kept.
pub(super) fn lines(text: &str, capacity: usize) -> Vec<&str> {
    let capacity = capacity.max(2);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        if paragraph.chars().map(places).sum::<usize>() <= capacity {
            lines.push(paragraph);
            continue;
        }
        // Where the line begins, and the places taken on it up to here.
        let (mut start, mut used) = (0, 0);
        for (at, word, width) in words(paragraph) {
            if used > 0 && used + width > capacity {
                lines.extend(paragraph.get(start..at));
                (start, used) = (at, 0);
            }
            if width <= capacity {
                used += width;
                continue;
            }
            for (within, c) in word.char_indices() {
                if used > 0 && used + places(c) > capacity {
                    lines.extend(paragraph.get(start..at + within));
                    (start, used) = (at + within, 0);
                }
                used += places(c);
            }
        }
        lines.extend(paragraph.get(start..));
    }
    lines
}

/// Pieces between which a line may break: where each begins, itself, the places it takes.
fn words(paragraph: &str) -> impl Iterator<Item = (usize, &str, usize)> {
    let mut rest = paragraph.char_indices().peekable();
    std::iter::from_fn(move || {
        let (start, first) = rest.next()?;
        let (mut width, mut end) = (places(first), start + first.len_utf8());
        let opens = |c: char| places(c) <= 1 && c != ' ' && c != '-';
        let mut open = opens(first);
        while let Some((at, c)) = rest.next_if(|(_, c)| CLOSING.contains(c) || (open && places(*c) <= 1)) {
            (width, end, open) = (width + places(c), at + c.len_utf8(), opens(c));
        }
        Some((start, paragraph.get(start..end)?, width))
    })
}

/// Text that fits `most` lines of `capacity` half-width places and Excel's cell limit, and the lines it takes; what does
/// not fit is replaced by [`CUT_MARK`].
pub(super) fn fit(text: &str, capacity: usize, most: usize) -> (Cow<'_, str>, usize) {
    let limited = if text.len() > CELL_LIMIT && text.encode_utf16().count() > CELL_LIMIT {
        let kept = shorten(text, CELL_LIMIT - CUT_MARK.encode_utf16().count());
        Cow::Owned(format!("{kept}{CUT_MARK}"))
    } else {
        Cow::Borrowed(text)
    };
    let broken = lines(&limited, capacity);
    if broken.len() <= most {
        let taken = broken.len();
        return (limited, taken);
    }
    let mark = lines(CUT_MARK, capacity).len();
    let kept = most.saturating_sub(mark).max(1);
    (Cow::Owned(format!("{}\n{CUT_MARK}", broken.iter().take(kept).copied().collect::<String>())), kept + mark)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn breaking_loses_nothing_and_no_line_is_too_long(text in "[一-龥a-z0-9，。；（） \n-]{0,80}", capacity in 4usize..40) {
            let broken = lines(&text, capacity);
            prop_assert_eq!(broken.concat(), text.replace('\n', ""));
            for line in &broken {
                prop_assert!(line.chars().map(places).sum::<usize>() <= capacity, "{line:?}");
            }
        }

        #[test]
        fn fitted_text_takes_no_more_lines_than_there_are(text in "[一-龥0-9，。]{0,400}", capacity in 8usize..40, most in 5usize..20) {
            prop_assert!(fit(&text, capacity, most).1 <= most);
        }
    }

    #[test]
    fn chinese_takes_two_places_and_marks_stay_with_what_they_close() {
        assert_eq!(lines("未查到，请核实", 8), ["未查到，", "请核实"]);
        assert_eq!(lines("未查到了，请核实", 8), ["未查到", "了，请核", "实"]);
        assert_eq!(lines("520324199003071234", 10), ["5203241990", "03071234"]);
        assert_eq!(lines("见 abc-def", 7), ["见 abc-", "def"]);
    }

    #[test]
    fn text_over_the_cell_limit_is_cut_with_a_mark() {
        let long = "很".repeat(40_000);
        let (text, _) = fit(&long, 60_000, 10);
        assert_eq!(text.encode_utf16().count(), CELL_LIMIT);
        assert!(text.ends_with(CUT_MARK));
    }
}
