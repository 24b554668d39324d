//! A row right under the header that only numbers its columns (`甲 乙 丙 1 2 3`, `①②③`, `一栏 二栏`, `6=7+8`) or gives the names that a system has for
//! them (`xm sfzh`, `varchar(18)`).
//!
//! Takes the cells of such a row; says whether each of three or more is one. Marks of a sort begin with its first and leave few out, so that
//! figures of a row are none. Cost: linear in the cells.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use super::rows::{Cell, is_empty, squeeze};

/// Fewer cells may be anything.
const ENOUGH: usize = 3;

/// What may stand before them: `栏次 1 2 3`.
const LEADING: [&str; 14] =
    ["栏次", "栏目", "栏号", "列次", "列号", "行次", "项次", "序号", "编号", "代码", "字段", "字段名", "字段名称", "字段类型"];

/// A mark: of which sort, and which of them.
type Mark = (&'static str, usize);

/// Whether the row is one of labels; system's names are such only under a header in Chinese.
pub(super) fn are_column_labels(cells: &[Cell<'_>], is_header_chinese: bool) -> bool {
    let texts: Vec<String> =
        cells.iter().filter(|(.., text)| !is_empty(text)).map(|(.., text)| squeeze(text).nfkc().collect()).collect();
    let labels = match texts.split_first() {
        Some((first, others)) if LEADING.contains(&first.as_str()) => others,
        _ => texts.as_slice(),
    };
    labels.len() >= ENOUGH && (count(labels) || is_header_chinese && labels.iter().all(|label| is_identifier(label)))
}

/// Whether all are marks, those of a sort in order, none far ahead of how many stand before it.
fn count(labels: &[String]) -> bool {
    let mut last = BTreeMap::new();
    labels.iter().zip(1..).all(|(label, place)| {
        mark(label).is_some_and(|(sort, at)| at <= 2 * place && last.insert(sort, at).is_none_or(|before| at > before))
    })
}

/// `3`, `(3)`, `第三栏`, `丙`, `C`, `3=4+5`.
fn mark(label: &str) -> Option<Mark> {
    const STEMS: &str = "甲乙丙丁戊己庚辛壬癸";
    const NUMERALS: &str = "一二三四五六七八九";
    let (label, formula) = label.split_once('=').unwrap_or((label, ""));
    if !formula.chars().all(|sign| sign.is_ascii_digit() || !sign.is_alphanumeric() || STEMS.contains(sign)) {
        return None;
    }
    let bare = label.trim_matches(|sign: char| !sign.is_alphanumeric());
    let bare = bare.strip_prefix('第').unwrap_or(bare).trim_end_matches(['栏', '列', '项']);
    if bare.len() <= 3
        && let Ok(number) = bare.parse()
    {
        return Some(("digits", number));
    }
    let place = |signs: &str, sign: char| signs.chars().position(|known| known == sign).map(|at| at + 1);
    let signs: Vec<char> = bare.chars().collect();
    match signs.as_slice() {
        [letter] if letter.is_ascii_alphabetic() => Some(("letters", usize::from(letter.to_ascii_uppercase() as u8 - b'A') + 1)),
        ['十'] => Some(("numerals", 10)),
        ['十', one] => place(NUMERALS, *one).map(|one| ("numerals", 10 + one)),
        [tens, '十'] => place(NUMERALS, *tens).map(|tens| ("numerals", 10 * tens)),
        [tens, '十', one] => Some(("numerals", 10 * place(NUMERALS, *tens)? + place(NUMERALS, *one)?)),
        [sign] => {
            let stem = place(STEMS, *sign).map(|at| ("stems", at));
            stem.or_else(|| place(NUMERALS, *sign).map(|at| ("numerals", at)))
        }
        _ => None,
    }
}

/// `id_card`, `varchar(18)`, `No.`
fn is_identifier(label: &str) -> bool {
    label.len() <= 40
        && label.starts_with(|sign: char| sign.is_ascii_alphabetic() || sign == '_')
        && label.chars().all(|sign| sign.is_ascii_alphanumeric() || "_-.,/()[]:#'".contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::raw::CellKind;

    fn of(row: &str) -> bool {
        let cells: Vec<Cell<'_>> = (0..).zip(row.split('|')).map(|(column, text)| (column, CellKind::Text, text)).collect();
        are_column_labels(&cells, true)
    }

    #[test]
    fn columns_are_numbered_in_many_ways() {
        for row in [
            "1|2|3|4",
            "01|02|03",
            "甲|乙|丙|1|2|3",
            "甲|乙|丙|丁|戊",
            "(1)|(2)|(3)",
            "（一）|（二）|（三）",
            "①|②|③",
            "A|B|C|D",
            "一栏|二栏|三栏",
            "第1列|第2列|第3列",
            "1|2|3=4+5|4|5",
            "(1)|(2)|(3)=(4)+(5)|(4)|(5)",
            "栏次|1|2|3",
            "十|十一|十二|一|二|三",
            "1|2|4|5",
            "xm|sfzh|dz",
            "varchar(10)|varchar(18)|int",
            "No.|Name|ID No.|Sex",
            "—|1|2|3",
            "Ⅰ|Ⅱ|Ⅲ",
        ] {
            assert_eq!(of(row), !row.starts_with('十'), "{row}");
        }
    }

    #[test]
    fn rows_of_persons_and_figures_are_no_labels() {
        for row in [
            "1|王小明|男",
            "1|12|48|120",
            "3|4|5",
            "5|甲|3",
            "1|丁|女",
            "2018|6|330",
            "1|2",
            "甲|乙",
            "罗甲贵|1|2",
            "1|1|1",
            "XX镇|XX村|X",
        ] {
            assert!(!of(row), "{row}");
        }
        let latin = [(0, CellKind::Text, "NGUYEN"), (1, CellKind::Text, "F"), (2, CellKind::Text, "spouse")];
        assert!(!are_column_labels(&latin, false));
    }
}
