//! Whether persons may stand in a sheet that is no register: rows as they come → yes, or not seen so far.
//!
//! A summary, a cover, a contents page or filling instructions beside a register hold no row of a person; a sheet that cannot be read may. It
//! has persons where a cell holds so many digits as only numbers of persons, certificates and accounts have, covered or rounded as they may
//! be; where a column holds numbers of nine digits in two rows; or where half of the words of a column are names. Cost: linear in cells; a
//! count per column.

use std::collections::BTreeMap;

use super::alone::is_place;
use super::characters::has_digits;
use super::grid::RowBlock;
use crate::model::identity::family::{is_han, is_plain_name};
use crate::model::raw::CellKind;

/// So many cells of a column are no chance.
const ENOUGH: u32 = 2;

/// What a column holds.
#[derive(Debug, Default)]
struct Column {
    words: u32,
    names: u32,
    codes: u32,
}

/// What of persons was seen in a sheet.
#[derive(Debug, Default)]
pub struct Persons {
    has_number: bool,
    columns: BTreeMap<u32, Column>,
}

impl Persons {
    /// Looks at the next rows.
    pub fn look(&mut self, block: &RowBlock) {
        if self.has_number {
            return;
        }
        for (_, cells) in block.iter() {
            for (column, kind, text) in cells {
                let text = text.trim();
                self.has_number |= is_number(text);
                if text.is_empty() || kind == CellKind::Date {
                    continue;
                }
                let column = self.columns.entry(column).or_default();
                column.words += u32::from(text.chars().any(is_han));
                let is_short = text.contains('·') || text.chars().count() <= 4;
                column.names += u32::from(is_short && is_plain_name(text) && !is_place(text));
                column.codes += u32::from(has_digits(text, 9));
            }
        }
    }

    /// Whether persons may be there.
    #[must_use]
    pub fn may_be(&self) -> bool {
        let lists = |column: &Column| column.codes >= ENOUGH || column.names >= ENOUGH && column.names * 2 >= column.words;
        self.has_number || self.columns.values().any(lists)
    }
}

/// `520324199001011234`, `5203241990****1234`, `5.20324E+17`.
fn is_number(text: &str) -> bool {
    let covered =
        || text.contains(['*', '＊', '×', 'x', 'X']) && has_digits(text, 4) && (15..=20).contains(&text.chars().count());
    let rounded = || text.contains(['E', 'e']) && text.contains('+') && text.starts_with(|sign: char| sign.is_ascii_digit());
    has_digits(text, 14) || covered() || rounded()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_be(rows: &[&[&str]]) -> bool {
        let mut block = RowBlock::default();
        for (row, cells) in (1..).zip(rows) {
            block.begin_row(row);
            for (column, text) in (0..).zip(*cells) {
                block.push_cell(column, CellKind::Text, text);
            }
        }
        let mut persons = Persons::default();
        persons.look(&block);
        persons.may_be()
    }

    #[test]
    fn summaries_and_instructions_hold_nobody() {
        for rows in [
            &[
                &["正安县2018年参合情况统计表"][..],
                &["乡镇", "应参合人数"],
                &["安场镇", "160"],
                &["杨兴镇", "90"],
                &["谢坝乡", "88"],
            ][..],
            &[&["填表说明"], &["1. 本表由各乡镇填写，身份证号码为18位"], &["2. 金额以元为单位"]],
            &[&["填报单位：安场镇人民政府"], &["填报人：张三", "联系电话：13812345678"], &["2018-06-30"]],
            &[&["序号", "表名"], &["1", "农村低保人员名册"], &["2", "特困人员名册"]],
        ] {
            assert!(!may_be(rows), "{rows:?}");
        }
    }

    #[test]
    fn rows_of_persons_are_seen_whatever_stands_above_them() {
        for rows in [
            &[&["张三", "石井村"][..], &["李国强", "石井村"]][..],
            &[&["某某", "520324199001011234"]],
            &[&["5203241990****1234"]],
            &[&["5.20324E+17"]],
            &[&["张*"], &["李*"]],
            &[&["13812345678"], &["13912345678"]],
        ] {
            assert!(may_be(rows), "{rows:?}");
        }
    }
}
