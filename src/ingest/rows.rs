//! What a row below the header is: data, a header repeated, a subtotal, a note; and which cells mean nothing.

use std::borrow::Cow;

use super::header::has_digits;
use crate::model::personal::mask;
use crate::model::raw::{CellKind, RejectReason};

/// A cell of the row in hand.
pub(super) type Cell<'a> = (u32, CellKind, &'a str);

/// Whether the cell means nothing: white space, `/`, `同上`, `NULL`, dashes. `无` may be a value: the field decides.
pub(super) fn is_empty(text: &str) -> bool {
    let trimmed = text.trim();
    // The longest of the words has twelve bytes; dashes may be any number.
    if trimmed.len() > 12 && !trimmed.starts_with(['-', '—', '－', '_']) {
        return false;
    }
    matches!(trimmed, "" | "/" | "／" | "\\" | "空" | "同上" | "〃" | "″" | "NULL" | "null" | "Null" | "N/A" | "n/a" | "#N/A")
        || trimmed.chars().all(|character| matches!(character, '-' | '—' | '–' | '－' | '―' | '_' | '─'))
}

/// Whether a cell looks like somebody's number: then the row is data, whatever else it says.
pub(super) fn has_identity(cells: &[Cell<'_>]) -> bool {
    cells.iter().any(|(_, _, text)| text.len() >= 14 && text.len() <= 40 && has_digits(text, 14))
}

/// Why a row without a number is not data; `None` when it is. `width` is the table's number of columns, `spread` whether
/// its only cell is merged across several columns, `in_notes` whether the row before was a note.
pub(super) fn aside(cells: &[Cell<'_>], width: usize, spread: bool, in_notes: bool) -> Option<RejectReason> {
    if cells.iter().take(3).any(|(_, _, text)| is_subtotal(text)) {
        return Some(RejectReason::Subtotal);
    }
    let &(_, kind, first) = cells.first()?;
    let squeezed = squeeze(first);
    if kind == CellKind::Text && is_note(&squeezed) {
        return Some(RejectReason::Note);
    }
    let alone = cells.len() == 1 && width >= 3 && kind == CellKind::Text;
    let sentence = squeezed.chars().count() > 20 || squeezed.contains(['：', ':', '。']);
    (alone && (spread || sentence || in_notes)).then_some(RejectReason::Note)
}

fn squeeze(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_whitespace) { text.split_whitespace().collect() } else { text.into() }
}

fn is_subtotal(text: &str) -> bool {
    // Almost every cell stops here.
    if !text.contains('计') {
        return false;
    }
    let squeezed = squeeze(text);
    for word in ["合计", "小计", "总计", "共计", "累计"] {
        if let Some(rest) = squeezed.strip_prefix(word) {
            return rest.chars().next().is_none_or(|next| next.is_ascii_digit() || "：:(（，,人户元".contains(next));
        }
        if squeezed.ends_with(word) {
            return true;
        }
    }
    false
}

fn is_note(text: &str) -> bool {
    const OPENINGS: [&str; 14] = [
        "注",
        "备注",
        "说明",
        "填表说明",
        "填报说明",
        "审核人",
        "填表人",
        "填报人",
        "制表",
        "经办人",
        "负责人",
        "单位负责人",
        "联系电话",
        "联系人",
    ];
    let signs = |rest: &str| rest.starts_with(['：', ':', '；']) || rest.starts_with("人：") || rest.starts_with("人:");
    OPENINGS.iter().any(|opening| text.strip_prefix(opening).is_some_and(signs))
        || matches!(text, "说明" | "备注" | "注")
        || (text.contains("（盖章）") || text.contains("(盖章)") || text.contains("（签字）") || text.contains("(签字)"))
}

/// The row for `rejects.parquet`: each cell masked on its own.
pub(super) fn masked(cells: &[Cell<'_>]) -> String {
    let shown: Vec<String> = cells.iter().take(12).map(|(_, _, text)| mask(text.trim()).chars().take(40).collect()).collect();
    shown.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aside_of(texts: &[&str]) -> Option<RejectReason> {
        let cells: Vec<Cell<'_>> = (0..).zip(texts).map(|(column, text)| (column, CellKind::Text, *text)).collect();
        aside(&cells, 8, false, false)
    }

    #[test]
    fn subtotals_and_notes_are_not_people() {
        for text in ["合计", "小  计", "合计：12户35人", "凤仪镇小计", "总计（户）"] {
            assert_eq!(aside_of(&[text, "12"]), Some(RejectReason::Subtotal), "{text}");
        }
        for text in ["注：1、本表一式两份", "审核人：", "填表人:张三", "制表人：李四", "备注：无", "正安县民政局（盖章）"]
        {
            assert_eq!(aside_of(&[text, "联系电话：123"]), Some(RejectReason::Note), "{text}");
        }
        assert_eq!(aside_of(&["本表由各乡镇于每月五日前报送县扶贫办公室汇总备查用"]), Some(RejectReason::Note));
    }

    #[test]
    fn people_are_not_subtotals_or_notes() {
        for row in [&["1", "张计", "凤仪"][..], &["计小明", "男"], &["注册", "王五"], &["12"], &["1", "会计", "瑞溪镇", "合计"]]
        {
            assert_eq!(aside_of(row), None, "{row:?}");
        }
    }

    #[test]
    fn words_that_mean_nothing() {
        for text in ["/", "同上", "--------------", "——", " NULL ", "　", "N/A"] {
            assert!(is_empty(text), "{text}");
        }
        for text in ["无名", "0", "-1", "—5", "空调工"] {
            assert!(!is_empty(text), "{text}");
        }
    }
}
