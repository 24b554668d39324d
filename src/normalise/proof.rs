//! Whether a row states what it is counted for: an amount above zero in a list of payments, a job in a ledger of labourers.
//!
//! Takes the cells of the columns that prove a registry's rows (`proven_by`); gives the rows in which none of them states anything: blank, 0, a
//! dash, `无`, `停发`. Such a row proves neither that something was received nor that it was not. A sheet without any of these columns is as it
//! is everywhere else. O(cells) of these columns.

use super::cells::first_said;
use super::status_words::any;
use super::vocabulary::{fold, yes_no};
use crate::config::registry::{Dictionary, RegistryDefinition};
use crate::model::field::FieldKind;
use crate::model::raw::{RawTable, TableHead};

/// What says in an amount's cell that there is none.
const NONE: &str = "停 未 不 无 没 否 免 空 待 欠 暂 退 取消 注销 放弃 死 终";
/// Signs of numbers above zero.
const NUMERALS: &str = "123456789一二两三四五六七八九十百千壹贰叁肆伍陆柒捌玖拾佰仟";
/// What stands beside a zero and says no more.
const UNITS: &str = "元圆块角分整零月人户年";

/// Characters of a cell of which a word says that it proves nothing; an address with one of these words is longer.
const SHORT: usize = 8;

/// The columns that prove the rows of a sheet.
#[derive(Debug, Default)]
pub(super) struct Proof {
    /// Columns of each field, and whether amounts stand there.
    fields: Vec<(Vec<usize>, bool)>,
    headers: Vec<String>,
    /// Words that prove nothing (`proving_nothing` of the registry).
    nothing: Vec<String>,
    /// The first of the fields.
    pub(super) field: String,
    read: usize,
    /// Rows that state nothing, ascending.
    pub(super) unproven: Vec<usize>,
}

impl Proof {
    pub(super) fn new(
        definition: &RegistryDefinition,
        dictionary: &Dictionary,
        head: &TableHead,
        at: &dyn Fn(&str) -> Vec<usize>,
    ) -> Self {
        let mut proof = Self { nothing: definition.proving_nothing.clone(), ..Self::default() };
        for field in &definition.proven_by {
            let is_money = dictionary.fields.get(field).is_some_and(|field| field.kind == FieldKind::Money);
            let positions = at(field);
            if positions.is_empty() {
                continue;
            }
            if proof.fields.is_empty() {
                proof.field.clone_from(field);
            }
            proof.headers.extend(positions.iter().filter_map(|at| head.columns.get(*at)).map(|column| column.text.clone()));
            proof.fields.push((positions, is_money));
        }
        proof
    }

    pub(super) fn push(&mut self, table: &RawTable, kept: &[usize]) {
        if self.fields.is_empty() {
            return;
        }
        for &row in kept {
            let states = |(positions, is_money): &(Vec<usize>, bool)| {
                let (_, written) = first_said(table, positions, row, true);
                if *is_money { states_money(written) } else { states_something(written, &self.nothing) }
            };
            if !self.fields.iter().any(states) {
                self.unproven.push(self.read);
            }
            self.read += 1;
        }
    }

    /// What is to be said of these rows.
    pub(super) fn told(&self) -> Option<String> {
        let rows = self.unproven.len();
        let header = self.headers.join("、");
        let what = if self.fields.iter().any(|(_, is_money)| *is_money) {
            "没有写出大于 0 的金额（空着、0，或写着停发、不符合一类）：领没领看不准"
        } else {
            "什么也没有写，或写的不是工作一类：算不算数看不准"
        };
        (rows > 0).then(|| format!("“{header}”有 {rows} 行{what}，既不据以认定已享受，也不据以追究"))
    }
}

/// Whether a cell states an amount above zero, or something else than that there is none.
fn states_money(text: &str) -> bool {
    let said = fold(text).replace("不含", "");
    if any(&said, NONE) {
        return false;
    }
    let says = |sign: char| NUMERALS.contains(sign) || sign.is_alphabetic() && !UNITS.contains(sign);
    said.contains(says) || yes_no(text) == Some(true)
}

/// Whether a cell holds more than a sign for nothing, or than one of `nothing`.
fn states_something(text: &str, nothing: &[String]) -> bool {
    let is_none = || text.chars().count() <= SHORT && nothing.iter().any(|word| text.contains(word.as_str()));
    text.contains(char::is_alphanumeric) && !matches!(text.trim(), "无" | "0" | "没有" | "暂无" | "空") && !is_none()
        || yes_no(text) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::{states_money, states_something};

    #[test]
    fn amounts_above_zero() {
        for text in ["60", "1,200.00", "0.5", "60元", "¥60", "陆拾元整", "60元（不含价格补贴）", "同上", "已发", "√", "-60"]
        {
            assert!(states_money(text), "{text}");
        }
        for text in [
            "",
            " ",
            "0",
            "0.00",
            "0元",
            "￥0",
            "-",
            "—",
            "/",
            "无",
            "停发",
            "未发",
            "不符合",
            "2018.5停发",
            "0（停发）",
            "零元",
            "未享受",
            "×",
            "否",
        ] {
            assert!(!states_money(text), "{text}");
        }
    }

    #[test]
    fn words() {
        let nothing = ["在家", "务农", "照顾", "求职"].map(str::to_owned);
        let states = |text: &str| states_something(text, &nothing);
        assert!(["省外务工", "是", "在家具厂务工（东莞市）", "零工"].into_iter().all(states));
        assert!(!["务农（产业）", "照顾家庭", "求职中", "", "/", "-", "无", "——"].into_iter().any(states));
        assert!(states_something("务农", &[]), "of a register that does not say so");
    }
}
