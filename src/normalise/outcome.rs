//! Columns that no field takes and that say whether a row counts: `审批结果`, `审核意见`, `就业状态`, `是否清退`, `是否结业`.
//!
//! Takes the head and the columns left over; a header tells whether a column speaks of the row itself and not of something else (`婚姻状况`,
//! `是否党员`). Gives, per kept row, how it stands where that is understood and the row does not count, the rows whose words are not understood,
//! and what is told. A column that says one and the same thing of all rows, and nobody understands it, says nothing. O(cells) of such columns.

use std::collections::{BTreeMap, HashMap};

use super::field_column::first_said;
use super::standing::{self, Standing};
use super::vocabulary::fold;
use crate::config::registry::{RegistryDefinition, fold_header};
use crate::model::date::Day;
use crate::model::raw::{RawTable, TableHead};

/// What a header asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    /// `审批结果`, `人员状态`: how it stands.
    Standing,
    /// `户籍情况`, `人员类型`: other things too, so that only ends count.
    InPassing,
    /// `是否清退`: whether it has ended.
    Ended,
    /// `是否通过`: whether it counts.
    Counts,
}

/// What decides on a row.
const DECIDES: [&str; 16] = [
    "审批", "审核", "评审", "评议", "审定", "审查", "复核", "核定", "初审", "终审", "批复", "处理", "办理", "申请", "受理",
    "考核",
];
/// What a row is.
const ROW: [&str; 14] =
    ["人员", "对象", "数据", "记录", "信息", "业务", "异动", "变动", "增减", "当前", "目前", "本月", "领取", "履约"];
/// What holds of a person whatever the register.
const PERSON: [&str; 2] = ["户籍", "户口"];
/// What counts by itself: `是否通过`.
const COUNTS: [&str; 22] = [
    "通过",
    "同意",
    "批准",
    "合格",
    "符合",
    "符合条件",
    "有效",
    "享受",
    "享受待遇",
    "发放",
    "已发放",
    "到账",
    "领取",
    "结业",
    "在册",
    "生效",
    "纳入",
    "审批",
    "审批通过",
    "审核通过",
    "兑现",
    "打卡",
];
/// Of who goes to school: in other registers they say nothing of the row.
pub(super) const SCHOOLING: &str = "毕业 结业 肄业 辍学 失学 转学 离校 离园 退学";
/// A cell that says nothing.
const NOTHING: [&str; 10] = ["无", "没有", "暂无", "空", "/", "-", "—", "--", "——", "0"];

/// Columns that say of which project a row is.
const PROJECTS: [&str; 18] = [
    "类型",
    "类别",
    "险种",
    "险种类型",
    "险种名称",
    "保险类型",
    "业务类型",
    "就医类型",
    "就医类别",
    "就医方式",
    "就诊类型",
    "医疗类型",
    "医疗类别",
    "补偿类型",
    "补偿类别",
    "报销类型",
    "待遇类型",
    "支付类别",
];

/// The columns left over that say of which project a row is.
pub(super) fn project_columns(head: &TableHead, left_over: &[usize]) -> Vec<usize> {
    let is_project =
        |at: &usize| head.columns.get(*at).is_some_and(|column| PROJECTS.contains(&fold_header(&column.text).as_str()));
    left_over.iter().copied().filter(is_project).collect()
}

/// Whether a row's own type is of another project than the registry.
pub(super) fn is_of_other_project(table: &RawTable, columns: &[usize], row: usize, definition: &RegistryDefinition) -> bool {
    let mut words = definition.other_rows.iter().chain(&definition.other_titles);
    let (_, written) = first_said(table, columns, row, false);
    !written.is_empty() && words.any(|word| written.contains(word.as_str()))
}

/// Whether the registry lists pupils.
pub(super) fn is_of_pupils(definition: &RegistryDefinition) -> bool {
    definition.fields.iter().any(|used| used.field == "roll_status")
}

/// What a header asks of the row, and what it asks it of.
fn asks(header: &str, title: &str, among: &[String], pupils: bool) -> Option<(Asks, String)> {
    let folded = fold_header(header).replace('/', "");
    let is_named = |of: &str| of.chars().count() >= 2 && title.contains(of);
    let is_one_of = |list: &[&str], of: &str| list.iter().any(|word| of.contains(word));
    if let Some(flag) = ["是否", "标志", "标识", "标记"].iter().find(|flag| folded.contains(*flag)) {
        let of = folded.replacen(flag, "", 1);
        let of = of.trim_start_matches(['已', '被']);
        let is_end = standing::ending_words().any(|word| word == of) && (among.is_empty() || among.iter().any(|word| word == of));
        let of_school = standing::words(SCHOOLING).any(|word| word == of);
        return if is_end && (!of_school || pupils) {
            Some((Asks::Ended, String::new()))
        } else if COUNTS.contains(&of) && !(of_school && pupils) {
            Some((Asks::Counts, String::new()))
        } else {
            is_named(of).then(|| (Asks::Counts, of.to_owned()))
        };
    }
    if let Some(of) = ["结果", "意见", "结论", "决定"].iter().find_map(|end| folded.strip_suffix(end)) {
        let decides = of.is_empty() || is_one_of(&DECIDES, of) || matches!(of, "培训" | "救助");
        return decides.then(|| (Asks::Standing, String::new()));
    }
    if let Some(of) = folded.strip_suffix("状态") {
        let of_row = of.is_empty() || ROW.contains(&of) || is_one_of(&DECIDES, of);
        return match of {
            _ if of_row => Some((Asks::Standing, String::new())),
            _ if is_named(of) => Some((Asks::Standing, of.to_owned())),
            _ => PERSON.contains(&of).then(|| (Asks::InPassing, String::new())),
        };
    }
    let of = ["情况", "状况", "类型", "类别"].iter().find_map(|end| folded.strip_suffix(end))?;
    let speaks = ROW.contains(&of) || PERSON.contains(&of) || is_one_of(&DECIDES, of) || is_named(of);
    speaks.then(|| (Asks::InPassing, String::new()))
}

/// One such column.
#[derive(Debug)]
struct Column {
    at: usize,
    header: String,
    asks: Asks,
    of: String,
    rows: Vec<Option<Standing>>,
    met: HashMap<String, Option<Standing>>,
    /// What is not understood, and what says that a row does not count.
    unclear: BTreeMap<String, u32>,
    out: BTreeMap<String, u32>,
    filled: usize,
}

impl Column {
    fn read(&self, text: &str, among: &[String], as_of: Day) -> Option<Standing> {
        let said = fold(text);
        let said = said.trim();
        if NOTHING.contains(&said) && !matches!(self.asks, Asks::Ended | Asks::Counts) {
            return None;
        }
        let ends = || standing::ends(text, among, as_of).is_some();
        if !self.of.is_empty() && said.contains(self.of.as_str()) && !ends() {
            let is_no = |not: &&str| said.contains(&format!("{not}{}", self.of));
            let denied = ["未", "没", "没有", "不", "无", "非", "尚未", "待", "拟"].iter().any(is_no);
            return Some(if denied { Standing::Ended } else { Standing::Live });
        }
        let read = standing::read(text, self.asks == Asks::Ended, as_of);
        match self.asks {
            Asks::InPassing => read.filter(|read| matches!(read, Standing::Ended | Standing::Died | Standing::Left) && ends()),
            _ if matches!(read, Some(Standing::Unclear)) && !among.is_empty() && ends() => Some(Standing::Ended),
            _ => read,
        }
    }

    fn push(&mut self, table: &RawTable, kept: &[usize], among: &[String], as_of: Day) {
        for &row in kept {
            let (_, written) = first_said(table, &[self.at], row, true);
            let read = if let Some(read) = self.met.get(written) {
                *read
            } else {
                let read = if written.trim().is_empty() { None } else { self.read(written, among, as_of) };
                if self.met.len() < 4096 {
                    self.met.insert(written.to_owned(), read);
                }
                read
            };
            self.filled += usize::from(!written.trim().is_empty());
            match read {
                Some(Standing::Unclear) => *self.unclear.entry(written.to_owned()).or_default() += 1,
                Some(Standing::Live) | None => {}
                Some(_) => *self.out.entry(written.to_owned()).or_default() += 1,
            }
            self.rows.push(read.filter(|read| *read != Standing::Live));
        }
    }

    /// Whether it says nothing that tells rows apart: bare noes only, or one word that nobody understands.
    fn says_nothing(&self) -> bool {
        let all = |words: &BTreeMap<String, u32>| words.len() == 1 && words.values().all(|count| *count as usize == self.filled);
        let denied = self.rows.iter().flatten().all(|standing| *standing == Standing::Denied);
        self.filled > 1 && (all(&self.unclear) || all(&self.out) && denied)
    }
}

/// The columns of a sheet that say whether a row counts.
#[derive(Debug, Default)]
pub(super) struct Outcomes<'a> {
    columns: Vec<Column>,
    among: &'a [String],
    /// How each row stands that does not count.
    pub(super) rows: Vec<Option<Standing>>,
}

impl<'a> Outcomes<'a> {
    /// Of the columns that no field takes.
    pub(super) fn new(head: &TableHead, left_over: &[usize], definition: &'a RegistryDefinition) -> Self {
        let column = |at: &usize| {
            let header = head.columns.get(*at)?.text.clone();
            let (asks, of) = asks(&header, &definition.title, &definition.remarks, is_of_pupils(definition))?;
            let (rows, met) = (Vec::new(), HashMap::new());
            Some(Column { at: *at, header, asks, of, rows, met, unclear: BTreeMap::new(), out: BTreeMap::new(), filled: 0 })
        };
        Self { columns: left_over.iter().filter_map(column).collect(), among: &definition.remarks, rows: Vec::new() }
    }

    pub(super) fn push(&mut self, table: &RawTable, kept: &[usize], as_of: Day) {
        for column in &mut self.columns {
            column.push(table, kept, self.among, as_of);
        }
    }

    /// Puts the columns together: the rows that are doubted, and what is told.
    pub(super) fn finish(&mut self, rows: usize) -> (Vec<usize>, Vec<String>) {
        let (mut doubted, mut told) = (Vec::new(), Vec::new());
        for column in std::mem::take(&mut self.columns).into_iter().filter(|column| !column.says_nothing()) {
            self.rows.resize(rows, None);
            for (row, read) in column.rows.iter().enumerate() {
                match read {
                    Some(Standing::Unclear) => doubted.push(row),
                    Some(read) => {
                        self.rows[row].get_or_insert(*read);
                    }
                    None => {}
                }
            }
            let header = &column.header;
            let count = |words: &BTreeMap<String, u32>| words.values().sum::<u32>();
            if !column.out.is_empty() {
                let (count, named) = (count(&column.out), standing::shown(&column.out));
                told.push(format!(
                    "“{header}”有 {count} 行写着不算数{named}：不当作在册的读，说不准的既不据以认定已享受，也不据以追究"
                ));
            }
            if !column.unclear.is_empty() {
                let (count, named) = (count(&column.unclear), standing::shown(&column.unclear));
                told.push(format!("“{header}”有 {count} 行没有读懂{named}：照读，依据这些行的疑点只作先核对；请写明是否算数"));
            }
        }
        (doubted, told)
    }
}

#[cfg(test)]
mod tests {
    use super::asks;

    #[test]
    fn headers_that_speak_of_the_row() {
        let asks = |header: &str| asks(header, "低保人员名册", &[], false);
        for header in
            ["审批结果", "镇级审核意见", "人员状态", "状态", "是否清退", "是否通过", "户籍状态", "变动类型", "民政局审批结果"]
        {
            assert!(asks(header).is_some(), "{header}");
        }
        for header in [
            "婚姻状况",
            "是否党员",
            "健康状况",
            "家长意见",
            "体检结果",
            "是否退伍军人",
            "残疾证状态",
            "参保情况",
            "是否毕业",
            "户籍类型说明",
        ] {
            assert!(asks(header).is_none(), "{header}");
        }
    }
}
