//! Headers and spellings of codes, folded to what is compared. Folding twice changes nothing.

use unicode_normalization::UnicodeNormalization;

use crate::model::identity::simplified;

/// A header, or the spelling of a code, as it is compared: NFKC, without white space, quotes, `*` and colons, brackets
/// unified to `()`, traditional characters as simplified ones, bracketed units and remarks dropped (`保障金（元）` → `保障金`), Latin letters in lower case. Digits
/// stay: `联系电话2` is not `联系电话`. [`bracketed_unit`] finds the unit that was dropped.
#[must_use]
pub fn fold_header(header: &str) -> String {
    let mut folded = String::with_capacity(header.len());
    for character in header.nfkc() {
        match character {
            '*' | ':' | '"' | '\'' | '“' | '”' | '‘' | '’' | '「' | '」' | '\u{feff}' | '\u{200b}' => {}
            '[' | '{' | '【' | '〔' => folded.push('('),
            ']' | '}' | '】' | '〕' => folded.push(')'),
            _ if character.is_whitespace() => {}
            _ => folded.extend(character.to_lowercase().map(simplified)),
        }
    }
    while let Some((before, _, after)) = split_bracket(&folded, is_unit) {
        // A header that is nothing but `(元)` keeps it.
        if before.is_empty() && after.is_empty() {
            break;
        }
        folded = format!("{before}{after}");
    }
    folded
}

/// The money unit in brackets that [`fold_header`] drops: `元`, `万元`, `元/人`.
#[must_use]
pub fn bracketed_unit(header: &str) -> Option<String> {
    let unified: String = header.nfkc().filter(|character| !character.is_whitespace()).collect();
    split_bracket(&unified, |inner| is_unit(inner) && inner.contains('元')).map(|(_, unit, _)| unit.to_owned())
}

/// The first bracket whose content passes: text before, content, text after.
fn split_bracket(text: &str, passes: impl Fn(&str) -> bool) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(open) = text.get(from..)?.find('(').map(|at| from + at) {
        let inner_start = open + 1;
        let close = inner_start + text.get(inner_start..)?.find(')')?;
        let inner = text.get(inner_start..close)?;
        if passes(inner) {
            return Some((text.get(..open)?, inner, text.get(close + 1..)?));
        }
        from = inner_start;
    }
    None
}

fn is_unit(inner: &str) -> bool {
    const UNITS: [&str; 19] = [
        "月",
        "月数",
        "年",
        "岁",
        "天",
        "日",
        "人",
        "户",
        "个",
        "次",
        "亩",
        "m2",
        "平方米",
        "公里",
        "%",
        "必填",
        "选填",
        "章",
        "盖章",
    ];
    UNITS.contains(&inner) || (inner.contains('元') && inner.chars().count() <= 6)
}
