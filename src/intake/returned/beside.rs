//! Lists side by side in one sheet → the columns of each, and the rows of one of them.
//!
//! Two columns that say whom a row is about, with neighbours that agree, begin two lists. Columns before the first list are everybody's, and so is
//! what stands above the header. Linear in columns and cells.

use std::ops::Range;

use crate::config::registry::{Dictionary, fold_header};
use crate::intake::file::SheetRow;
use crate::model::raw::{CellKind, TableHead};

/// Fields that say whom a row is about.
const WHO: [&str; 3] = ["row_key", "finding_ids", "name"];

/// The sheet's columns that each list has for itself; none where there is one list.
pub(super) fn lists(head: &TableHead, dictionary: &Dictionary) -> Vec<Range<u32>> {
    let texts: Vec<String> = head.columns.iter().map(|column| fold_header(&column.text)).collect();
    let field =
        |text: &String| dictionary.fields.values().find(|field| field.aliases.contains(text)).map(|field| field.name.as_str());
    let fields: Vec<Option<&str>> = texts.iter().map(field).collect();
    WHO.iter().find_map(|who| starts(&texts, &fields, who)).map_or_else(Vec::new, |starts| {
        let first = |at: usize| head.columns.get(at).map(|column| column.index);
        let ends = starts.iter().skip(1).filter_map(|at| first(*at)).chain([u32::MAX]);
        starts.iter().filter_map(|at| first(*at)).zip(ends).map(|(start, end)| start..end).collect()
    })
}

/// Where lists begin that each have one column of the field `who`; `None` where there are no two.
fn starts(texts: &[String], fields: &[Option<&str>], who: &str) -> Option<Vec<usize>> {
    let anchors: Vec<usize> = (0..texts.len()).filter(|at| fields[*at] == Some(who)).collect();
    let [first, second, ..] = anchors.as_slice() else { return None };
    let period = second - first;
    let alike = |offset: isize| {
        let same =
            |one: usize, other: usize| texts[one] == texts[other] || (fields[one].is_some() && fields[one] == fields[other]);
        let at = |anchor: &usize| anchor.checked_add_signed(offset).filter(|at| *at < texts.len());
        let home = at(first);
        anchors.iter().all(|anchor| at(anchor).zip(home).is_some_and(|(one, other)| same(one, other)))
    };
    let left = (1..=*first).take_while(|by| *by < period && alike(-by.cast_signed())).count();
    let right = (1..period - left).take_while(|by| alike(by.cast_signed())).count();
    // The same number under the same words twice is two lists whatever stands beside it.
    let named = who != "name" && texts[*first] == texts[*second];
    (named || left + right > 0).then(|| anchors.iter().map(|anchor| anchor - left).collect())
}

/// The rows of the list at `which`: below the header without the cells of the others. `next` is where another table begins.
pub(super) fn rows_of(rows: &[SheetRow], header: u32, lists: &[Range<u32>], which: usize, next: Option<u32>) -> Vec<SheetRow> {
    let first = lists.first().map_or(0, |list| list.start);
    let own = |column: u32| column < first || lists.get(which).is_some_and(|list| list.contains(&column));
    let below = rows.iter().filter(|(row, _)| next.is_none_or(|next| *row < next));
    let kept = below.map(|(row, cells)| {
        let cells: Vec<(u32, CellKind, String)> =
            cells.iter().filter(|(column, ..)| *row < header || own(*column)).cloned().collect();
        (*row, cells)
    });
    kept.filter(|(_, cells)| cells.iter().any(|(.., text)| !text.trim().is_empty())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::returns::shipped;
    use crate::model::raw::{HeaderColumn, SheetName};

    fn found(header: &str) -> Vec<Range<u32>> {
        // A blank between two words is a column without a header.
        let columns = (0..).zip(header.split(' ')).filter(|(_, text)| !text.is_empty());
        let columns = columns.map(|(index, text)| HeaderColumn { index, text: text.to_owned() }).collect();
        let head = TableHead { name: SheetName::default(), header_row: 2, columns, preamble: Vec::new(), is_form: false };
        lists(&head, &shipped().dictionary)
    }

    #[test]
    fn lists_begin_where_what_says_who_comes_again() {
        assert_eq!(found("疑点编号 姓名 核查结果 疑点编号 姓名 核查结果"), [0..3, 3..u32::MAX]);
        assert_eq!(found("序号 疑点编号 姓名 核查结果  序号 疑点号 对象姓名 核实结果"), [0..5, 5..u32::MAX]);
        assert_eq!(found("村 疑点编号 姓名 疑点编号 姓名 核查结果"), [1..3, 3..u32::MAX]);
        assert_eq!(found("姓名 疑点类型 核查结果 姓名 疑点类型 核查结果 姓名 疑点类型 核查结果").len(), 3);
        assert_eq!(found("行标识 核查结果 备注 行标识"), [0..3, 3..u32::MAX]);
    }

    #[test]
    fn one_list_stays_one() {
        for header in [
            "序号 疑点编号 乡镇 村 姓名 身份证号(脱敏) 疑点类型 核查结果 行标识",
            "疑点编号 姓名 核查结果 编号 备注",
            "疑点编号 姓名 核查结果 核查人 姓名",
        ] {
            assert!(found(header).is_empty(), "{header}");
        }
    }
}
