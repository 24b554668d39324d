//! What remarks say of a row: that it counts no more, or what became of its money.
//!
//! Takes the cells of columns of remarks and, of a list of payments, of every column of no field; title and names may say it of all rows. Gives
//! the word that ends a row, and the rows that take money back from somebody. O(cells).

use super::cells::first_said;
use super::period;
use super::status_words::{ends, words};
use super::vocabulary::fold;
use crate::config::registry::fold_header;
use crate::model::date::Day;
use crate::model::raw::{RawTable, TableHead};

/// What a row of a list of payments says that takes money back from the person: other rows of the person may be meant.
const TAKEN_BACK: &str = "冲销 冲正 冲账 冲红 红冲 红字 冲减 扣回 追回 收回 缴回 对冲";
/// What it says of its own money: it came back, or goes out once more.
const RETURNED: &str = "退回 退票 退还 退款 重发 重新发放 重打 补打 重付 重新打卡";
/// Longer remarks speak of more than their row.
const LONGEST_REMARK: usize = 16;
/// Headers of columns in which a standing is ended in passing.
const REMARKS: [&str; 7] = ["备注", "说明", "备注说明", "情况说明", "人员备注", "备注信息", "备注栏"];

/// Whether a column is one of remarks.
pub(super) fn is_of_remarks(header: &str) -> bool {
    REMARKS.contains(&fold_header(header).as_str())
}

/// Columns of remarks.
#[derive(Debug, Default)]
pub(super) struct Remarks<'a> {
    positions: Vec<usize>,
    among: &'a [String],
    /// Of a list of payments, every column that may say what became of the money.
    of_money: Vec<usize>,
    /// Whether rows are of months.
    by_month: bool,
    /// What the title or the sheet's name says of all of its money.
    of_sheet: Option<(&'static str, bool)>,
    /// Header of the first of them.
    pub(super) header: String,
    /// Word that ends the standing, per row.
    pub(super) rows: Vec<Option<&'a str>>,
    /// Rows that take money back from somebody.
    pub(super) taken_back: Vec<usize>,
}

impl<'a> Remarks<'a> {
    /// `of_money` are columns without a field, where rows are payments; `by_month` whether each is of a month.
    pub(super) fn new(head: &TableHead, among: &'a [String], of_money: Option<&[usize]>, by_month: bool) -> Self {
        let (is_paid, of_money) = (of_money.is_some(), of_money.unwrap_or_default());
        let positions: Vec<usize> =
            (0..).zip(&head.columns).filter(|(_, column)| is_of_remarks(&column.text)).map(|(at, _)| at).collect();
        let header =
            positions.iter().chain(of_money).next().and_then(|at| head.columns.get(*at)).map(|column| column.text.clone());
        let of_money = of_money.to_vec();
        let file = head.name.file.rsplit('/').next().unwrap_or_default();
        let titles = head.preamble.iter().map(String::as_str).chain([head.name.sheet.as_str(), file]);
        // `资助名单（含冲销）` is of others too.
        let alone = |text: &&str| is_paid && !text.contains(['含', '及', '和', '与', '、']);
        let of_sheet =
            titles.filter(alone).find_map(|text| returned(text).or_else(|| text.contains("作废").then_some(("作废", false))));
        Self {
            positions,
            among,
            of_money,
            by_month,
            of_sheet,
            header: header.unwrap_or_default(),
            rows: Vec::new(),
            taken_back: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, table: &RawTable, kept: &[usize], as_of: Day) {
        if self.positions.is_empty() && self.of_money.is_empty() && self.of_sheet.is_none() {
            return;
        }
        for &row in kept {
            let cell = |at: &usize| first_said(table, &[*at], row, true).1;
            // What is deducted from a month's money is the month's matter.
            let is_left = |(word, _): &(&str, bool)| !(self.by_month && period::speaks_of_back_payment(word));
            let returned = self.of_money.iter().find_map(|at| returns(cell(at))).or(self.of_sheet).filter(is_left);
            if returned.is_some_and(|(_, others)| others) {
                self.taken_back.push(self.rows.len());
            }
            let said = self.positions.iter().find_map(|at| ends(cell(at), self.among, as_of));
            self.rows.push(said.or(returned.map(|(word, _)| word)));
        }
    }
}

/// The word by which a row of a list of payments says that its money was taken back or came back, and whether other rows may be meant.
fn returns(text: &str) -> Option<(&'static str, bool)> {
    if !text.contains(['冲', '红', '退', '重', '补', '回']) || text.chars().count() > LONGEST_REMARK {
        return None;
    }
    returned(text)
}

/// [`returns`] of a text of any length.
fn returned(text: &str) -> Option<(&'static str, bool)> {
    let said = fold(text);
    let of = |list, others| words(list).find(|word| said.contains(word)).map(|word| (word, others));
    let (word, others) = of(TAKEN_BACK, true).or_else(|| of(RETURNED, false))?;
    // `多领部分已退回`: not this money.
    let denied = said.contains('多') || ["未", "不", "没有", "无"].iter().any(|not| said.contains(&format!("{not}{word}")));
    (!denied).then_some((word, others))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_the_money() {
        for (text, expected) in [
            ("冲销", Some(true)),
            ("红字冲账", Some(true)),
            ("已扣回", Some(true)),
            ("银行退回", Some(false)),
            ("账号错误，退票重发", Some(false)),
            ("正常", None),
            ("未退回", None),
            ("多领部分已退回", None),
            ("重残", None),
        ] {
            assert_eq!(returns(text).map(|(_, others)| others), expected, "{text}");
        }
    }
}
