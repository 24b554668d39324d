//! Columns that no field takes and that say whether a row counts: `审批结果`, `审核意见`, `就业状态`, `是否清退`, `是否结业`.
//!
//! Takes the head and the columns left over; a header tells whether a column speaks of the row itself and not of something else (`婚姻状况`,
//! `是否党员`). Of other columns left over, and of fields of the row's person, only words of death, of leaving and of an end count ([`aside`]).
//! Gives, per kept row, how it stands where that is understood and the row does not count, the rows whose words are not understood,
//! and what is told. A column that says one and the same thing of all rows, and nobody understands it, says nothing; of one that would end
//! most rows in passing all those rows are doubted, or none where its header speaks of nothing of the kind. O(cells) of such columns.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use super::aside;
use super::cells::first_said;
use super::remarks::is_of_remarks;
use super::status_words::{self, RowStatus};
use super::vocabulary::{fold, yes_no};
use super::word_counts::shown;
use crate::config::registry::{RegistryDefinition, fold_header};
use crate::model::date::Day;
use crate::model::raw::{Mapping, RawTable, TableHead};

/// What a header asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    /// `审批结果`, `人员状态`: how it stands.
    Status,
    /// `户籍情况`, `人员类型`: other things too, so that only ends count.
    InPassing,
    /// `是否清退`: whether it has ended.
    Ended,
    /// `是否通过`: whether it counts.
    Counts,
    /// `参合`, `2018年`: whether it counts, where there is a mark; sums, days and other words may stand there too.
    Marked,
    /// `是否在世`, `存活状态`: whether somebody lives.
    Lives,
    /// `死亡原因`, `迁出时间`: any cell tells of an end.
    Event,
    /// `备注2`: something else, or anything.
    Aside,
    /// A field's column.
    Field,
}

impl Asks {
    /// Whether a word may stand in the column that is not meant for how the row stands.
    fn is_in_passing(self) -> bool {
        matches!(self, Self::Lives | Self::Event | Self::Aside | Self::Field)
    }
}

/// What decides on a row.
const DECIDES: [&str; 16] = [
    "审批", "审核", "评审", "评议", "审定", "审查", "复核", "核定", "初审", "终审", "批复", "处理", "办理", "申请", "受理",
    "考核",
];
/// What is looked at again: its result decides.
const LOOKS_AGAIN: [&str; 6] = ["核查", "清查", "清理", "年审", "复审", "复查"];
/// What a row is.
const ROW: [&str; 14] =
    ["人员", "对象", "数据", "记录", "信息", "业务", "异动", "变动", "增减", "当前", "目前", "本月", "领取", "履约"];
/// What came about, and how it is called: `变更类型`, `减少原因`, `人口变动情况`.
const CHANGES: [&str; 13] =
    ["变动", "变更", "异动", "增减", "减少", "减员", "核减", "退出", "停保", "停发", "注销", "清退", "迁移"];
const OF_CHANGE: [&str; 10] = ["类型", "类别", "情况", "状况", "原因", "说明", "方式", "事项", "备注", "内容"];
/// Of a change, that there are fewer now: whether this row is one of them is not said.
const FEWER: [&str; 7] = ["减少", "减员", "减人", "人员减少", "人口减少", "成员减少", "核减"];
/// Who came from elsewhere left nothing here.
const MORE: [&str; 6] = ["迁入", "转入", "新增", "增加", "嫁入", "恢复"];
/// What is asked of a life.
const LIFE: [&str; 4] = ["在世", "健在", "存活", "生存"];
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
const PROJECTS: [&str; 20] = [
    "参保险种",
    "参保险种名称",
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

/// Whether the registry lists the dead: their days of death end nothing there, and of them only what says that they live is asked.
pub(super) fn is_of_dead(definition: &RegistryDefinition) -> bool {
    definition.being.iter().any(|word| status_words::words(status_words::DIED).any(|died| died == word))
}

/// Whether words say that the row counts on the register, and nothing else: `2018年参保缴费`, `继续享受`, `保留取消`.
fn is_being(of: &str, being: &[String]) -> bool {
    let mut rest = of.to_owned();
    let mut found = false;
    for word in being {
        found |= rest.contains(word.as_str());
        rest = rest.replace(word.as_str(), "");
    }
    let of_time =
        ["继续", "目前", "当前", "本年度", "本年", "年度", "年", "已", "现"].into_iter().chain(status_words::ending_words());
    let rest = of_time.fold(rest, |rest, word| rest.replace(word, ""));
    found && rest.chars().all(|sign| sign.is_ascii_digit())
}

/// Whether a header is but what being on the register is called, or a year: `参合`, `2018年度`.
fn is_bare_being(folded: &str, definition: &RegistryDefinition) -> bool {
    let year = folded.trim_end_matches(['年', '度']);
    let is_year = || year.len() == 4 && year.starts_with("20") && year.chars().all(|sign| sign.is_ascii_digit());
    let is_of_years = || definition.fields.iter().any(|used| used.field == "year");
    !definition.being.is_empty() && (definition.being.iter().any(|word| word == folded) || is_of_years() && is_year())
}

/// What a header asks of the row, and what it asks it of.
fn asks(header: &str, definition: &RegistryDefinition) -> Option<(Asks, String)> {
    let (title, among, pupils) = (&definition.title, definition.remarks.as_slice(), is_of_pupils(definition));
    let folded = fold_header(header).replace('/', "");
    let is_named = |of: &str| of.chars().count() >= 2 && title.contains(of);
    let is_one_of = |list: &[&str], of: &str| list.iter().any(|word| of.contains(word));
    if is_one_of(&LIFE, &folded) && !aside::is_of_something_else(header) {
        return Some((Asks::Lives, String::new()));
    }
    if let Some(flag) = ["是否", "标志", "标识", "标记"].iter().find(|flag| folded.contains(*flag)) {
        let of = folded.replacen(flag, "", 1);
        let of = of.trim_start_matches(['已', '被', '仍', '还']);
        let is_end = status_words::ending_words().any(|word| word == of) && status_words::is_counted(of, among);
        let of_school = status_words::words(SCHOOLING).any(|word| word == of);
        return if is_end && (!of_school || pupils) {
            Some((Asks::Ended, String::new()))
        } else if COUNTS.contains(&of) && !(of_school && pupils) || is_being(of, &definition.being) {
            Some((Asks::Counts, String::new()))
        } else {
            is_named(of).then(|| (Asks::Counts, of.to_owned()))
        };
    }
    // `参合情况`, `参保缴费状态`, `续保取消`: how it stands, whatever the words.
    let of = ["状态", "情况", "状况", "与否"].iter().find_map(|end| folded.strip_suffix(end)).unwrap_or(&folded);
    if is_being(of, &definition.being) && (of != folded || status_words::ending_words().any(|end| of.contains(end))) {
        return Some((Asks::Status, String::new()));
    }
    if is_bare_being(&folded, definition) {
        return Some((Asks::Marked, String::new()));
    }
    if let Some(of) = ["结果", "意见", "结论", "决定"].iter().find_map(|end| folded.strip_suffix(end)) {
        let decides = of.is_empty() || is_one_of(&DECIDES, of) || is_one_of(&LOOKS_AGAIN, of) || matches!(of, "培训" | "救助");
        return decides.then(|| (Asks::Status, String::new()));
    }
    if let Some(of) = folded.strip_suffix("状态") {
        let of_row = of.is_empty() || ROW.contains(&of) || is_one_of(&DECIDES, of);
        return match of {
            _ if of_row => Some((Asks::Status, String::new())),
            _ if is_named(of) => Some((Asks::Status, of.to_owned())),
            _ => PERSON.contains(&of).then(|| (Asks::InPassing, String::new())),
        };
    }
    let of_change = OF_CHANGE.iter().any(|end| folded.ends_with(end)) || CHANGES.contains(&folded.as_str());
    if of_change && is_one_of(&CHANGES, &folded) {
        return Some((Asks::InPassing, String::new()));
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
    /// What a yes comes to where the header asks for an end.
    end: RowStatus,
    rows: Vec<Option<RowStatus>>,
    met: HashMap<String, Option<(RowStatus, Option<&'static str>)>>,
    /// What is not understood, and what says that a row does not count.
    unclear: BTreeMap<String, u32>,
    out: BTreeMap<String, u32>,
    filled: usize,
    /// The end of which its header tells, where a filled cell tells that it came.
    event: Option<&'static str>,
}

impl Column {
    fn new(at: usize, header: String, (asks, of): (Asks, String), definition: &RegistryDefinition) -> Self {
        let end = match asks {
            Asks::Lives => RowStatus::Died,
            Asks::Ended if status_words::any(&header, status_words::DIED) => RowStatus::Died,
            Asks::Ended if status_words::any(&header, status_words::LEFT) => RowStatus::Left,
            _ => RowStatus::Ended,
        };
        let event = matches!(asks, Asks::InPassing | Asks::Event).then(|| aside::event(&header, definition)).flatten();
        let (rows, met) = (Vec::new(), HashMap::new());
        Self { at, header, asks, of, end, rows, met, unclear: BTreeMap::new(), out: BTreeMap::new(), filled: 0, event }
    }

    /// What a cell says, and the word for it where the cell may say more.
    fn read(&self, text: &str, definition: &RegistryDefinition, as_of: Day) -> Option<(RowStatus, Option<&'static str>)> {
        let of_word = |(status, word)| (status, Some(word));
        let among = definition.remarks.as_slice();
        let alone = || aside::alone(text, self.asks == Asks::Field, among, as_of).map(of_word);
        match self.asks {
            Asks::Field => alone(),
            Asks::Aside if is_of_dead(definition) => status_words::ends(text, among, as_of).map(|_| (RowStatus::Unclear, None)),
            Asks::Lives if is_of_dead(definition) => {
                let lives = self.stands(text, among, as_of) == Some(RowStatus::Live);
                lives.then_some((RowStatus::Unclear, None))
            }
            Asks::Aside => {
                alone().or_else(|| aside::doubt(text, definition, as_of).map(|word| of_word((RowStatus::Unclear, word))))
            }
            Asks::Event => self.event(text, as_of),
            Asks::InPassing => self.stands(text, among, as_of).map(|read| (read, None)).or_else(|| self.event(text, as_of)),
            _ => alone().filter(|_| self.asks == Asks::Lives).or_else(|| Some((self.stands(text, among, as_of)?, None))),
        }
    }

    /// What a cell says by being filled, where its header tells of an end.
    fn event(&self, text: &str, as_of: Day) -> Option<(RowStatus, Option<&'static str>)> {
        let word = self.event?;
        let said = fold(text);
        let is_none = NOTHING.contains(&said.as_str()) || yes_no(&said) == Some(false);
        let is_later = status_words::named_month(&said, as_of) == Some(Ordering::Greater);
        (!is_none && !is_later).then_some((RowStatus::Unclear, Some(word)))
    }

    /// What a cell says where the header asks how the row stands.
    fn stands(&self, text: &str, among: &[String], as_of: Day) -> Option<RowStatus> {
        let said = fold(text);
        let said = said.trim();
        if NOTHING.contains(&said) && !matches!(self.asks, Asks::Ended | Asks::Counts | Asks::Marked | Asks::Lives) {
            return None;
        }
        let ends = || status_words::ends(text, among, as_of).is_some();
        if !self.of.is_empty() && said.contains(self.of.as_str()) && !ends() {
            let is_no = |not: &&str| said.contains(&format!("{not}{}", self.of));
            let denied = ["未", "没", "没有", "不", "无", "非", "尚未", "待", "拟"].iter().any(is_no);
            return Some(if denied { RowStatus::Ended } else { RowStatus::Live });
        }
        let read = status_words::read(text, self.asks == Asks::Ended, as_of);
        match self.asks {
            Asks::InPassing if FEWER.contains(&said) => Some(RowStatus::Unclear),
            Asks::InPassing => read
                .filter(|read| {
                    matches!(read, RowStatus::Ended | RowStatus::Died | RowStatus::Left | RowStatus::Unclear) && ends()
                })
                .map(|read| if MORE.iter().any(|more| said.contains(more)) { RowStatus::Unclear } else { read }),
            Asks::Marked => {
                read.filter(|read| *read != RowStatus::Unclear && !said.starts_with(|sign: char| sign.is_ascii_digit()))
            }
            Asks::Lives => match read {
                Some(RowStatus::Denied | RowStatus::Ended) => Some(self.end),
                read => read,
            },
            Asks::Ended if read == Some(RowStatus::Ended) => Some(self.end),
            _ if matches!(read, Some(RowStatus::Unclear)) && !among.is_empty() && ends() => Some(RowStatus::Ended),
            _ => read,
        }
    }

    fn push(&mut self, table: &RawTable, kept: &[usize], definition: &RegistryDefinition, as_of: Day) {
        let needs_sign = matches!(self.asks, Asks::Aside | Asks::Field) && !is_of_dead(definition);
        for &row in kept {
            let (_, written) = first_said(table, &[self.at], row, true);
            let read = if needs_sign && !aside::has_sign(written) {
                None
            } else if let Some(read) = self.met.get(written) {
                *read
            } else {
                let read = if written.trim().is_empty() { None } else { self.read(written, definition, as_of) };
                if self.met.len() < 4096 {
                    self.met.insert(written.to_owned(), read);
                }
                read
            };
            self.filled += usize::from(!written.trim().is_empty());
            if let Some((read, word)) = read.filter(|(read, _)| *read != RowStatus::Live) {
                let words = if read == RowStatus::Unclear { &mut self.unclear } else { &mut self.out };
                *words.entry(word.unwrap_or(written).to_owned()).or_default() += 1;
            }
            self.rows.push(read.map(|(read, _)| read).filter(|read| *read != RowStatus::Live));
        }
    }

    /// Whether it says nothing that tells rows apart: bare noes only, or one word that nobody understands.
    fn says_nothing(&self) -> bool {
        let all =
            |words: &BTreeMap<String, u32>| words.len() == 1 && words.values().all(|count| *count as usize == self.rows.len());
        let denied = self.rows.iter().flatten().all(|status| *status == RowStatus::Denied);
        !self.asks.is_in_passing() && self.event.is_none() && self.filled > 1 && (all(&self.unclear) || all(&self.out) && denied)
    }

    /// All that is said of rows that do not count.
    fn said(&self) -> BTreeMap<String, u32> {
        let mut all = self.out.clone();
        self.unclear.iter().for_each(|(word, count)| *all.entry(word.clone()).or_default() += count);
        all
    }

    /// Whether it would end most rows, though nobody meant it to.
    fn is_of_all(&self) -> bool {
        let said = self.rows.iter().flatten().count();
        self.asks.is_in_passing() && said > 2 && said * 2 > self.rows.len()
    }
}

/// The columns of a sheet that say whether a row counts.
#[derive(Debug, Default)]
pub(super) struct Outcomes<'a> {
    columns: Vec<Column>,
    definition: Option<&'a RegistryDefinition>,
    /// How each row stands that does not count.
    pub(super) rows: Vec<Option<RowStatus>>,
}

impl<'a> Outcomes<'a> {
    /// Of the columns that no field takes, and of those whose cells may say it instead of their value.
    pub(super) fn new(head: &TableHead, mapping: &Mapping, definition: &'a RegistryDefinition) -> Self {
        let header = |at: usize| Some(head.columns.get(at)?.text.clone());
        let of_dead = is_of_dead(definition);
        let left_over = mapping.left_over.iter().filter_map(|at| {
            let header = header(*at)?;
            let in_passing = || match header.as_str() {
                _ if is_of_remarks(&header) => None,
                _ if of_dead => Some(Asks::Aside),
                _ if aside::event(&header, definition).is_some() => Some(Asks::Event),
                _ => (!aside::is_of_something_else(&header)).then_some(Asks::Aside),
            };
            let asks = asks(&header, definition).filter(|(asks, _)| !of_dead || matches!(asks, Asks::Lives | Asks::Counts));
            Some(Column::new(*at, header.clone(), asks.or_else(|| Some((in_passing()?, String::new())))?, definition))
        });
        let is_read = |field: &&(String, usize)| !of_dead && aside::is_of_person(&field.0);
        let fields = mapping.fields.iter().filter(is_read);
        let fields = fields.filter_map(|(_, at)| Some(Column::new(*at, header(*at)?, (Asks::Field, String::new()), definition)));
        Self { columns: left_over.chain(fields).collect(), definition: Some(definition), rows: Vec::new() }
    }

    pub(super) fn push(&mut self, table: &RawTable, kept: &[usize], as_of: Day) {
        let Some(definition) = self.definition else { return };
        for column in &mut self.columns {
            column.push(table, kept, definition, as_of);
        }
    }

    /// Puts the columns together: the rows that are doubted, and what is told.
    pub(super) fn finish(&mut self, rows: usize) -> (Vec<usize>, Vec<String>) {
        let (mut doubted, mut told) = (Vec::new(), Vec::new());
        let count = |words: &BTreeMap<String, u32>| words.values().sum::<u32>();
        for column in std::mem::take(&mut self.columns).into_iter().filter(|column| !column.says_nothing()) {
            let header = &column.header;
            let is_of_all = column.is_of_all();
            if is_of_all && column.asks == Asks::Aside {
                let named = shown(&column.said());
                told.push(format!("“{header}”多数行写着{named}：不像是说这些人不再算数，照读；请核对这一栏说的是什么"));
                continue;
            }
            self.rows.resize(rows, None);
            for (row, read) in column.rows.iter().enumerate() {
                match read {
                    Some(read) if *read == RowStatus::Unclear || is_of_all => doubted.push(row),
                    Some(read) => {
                        self.rows[row].get_or_insert(*read);
                    }
                    None => {}
                }
            }
            let (out, unclear) = if is_of_all { (BTreeMap::new(), column.said()) } else { (column.out, column.unclear) };
            if !out.is_empty() {
                let (count, named) = (count(&out), shown(&out));
                told.push(format!(
                    "“{header}”有 {count} 行写着不算数{named}：不当作在册的读，说不准的既不据以认定已享受，也不据以追究"
                ));
            }
            if !unclear.is_empty() {
                let (count, named) = (count(&unclear), shown(&unclear));
                let told_of = match column.asks.is_in_passing() {
                    true if self.definition.is_some_and(is_of_dead) => "像是说人还在世，或是误报",
                    true => "像是说人已不在或不再算数",
                    false => "没有读懂",
                };
                told.push(format!("“{header}”有 {count} 行{told_of}{named}：照读，依据这些行的疑点只作先核对；请写明是否算数"));
            }
        }
        (doubted, told)
    }
}

#[cfg(test)]
mod tests {
    use super::RegistryDefinition;
    use crate::model::registry::Grain;
    use crate::normalise::sheet::tests::definition;

    #[test]
    fn headers_that_speak_of_the_row() {
        let being = ["参合", "参保", "缴费", "在保", "享受", "保留"].map(str::to_owned).to_vec();
        let register = RegistryDefinition { title: "低保人员名册".to_owned(), being, ..definition(Grain::Person) };
        let asks = |header: &str| super::asks(header, &register);
        for header in [
            "审批结果",
            "镇级审核意见",
            "人员状态",
            "状态",
            "是否清退",
            "是否通过",
            "户籍状态",
            "变动类型",
            "民政局审批结果",
            "变更类型",
            "减少原因",
            "人口变动情况",
            "变动原因",
            "是否在世",
            "存活状态",
            "退出类型",
            "2018年是否缴费",
            "是否已参保缴费",
            "参保缴费情况",
            "缴费标志",
            "参合情况",
            "是否继续享受",
            "保留/取消",
            "核查结果",
            "变动",
            "缴费",
            "是否已参保2018年",
        ] {
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
            "参保类型",
            "缴费金额",
            "参合时间",
            "是否享受资助参保",
            "代缴情况",
            "2018年金额",
            "是否毕业",
            "户籍类型说明",
            "变动时间",
            "户主在世情况",
            "减少金额",
        ] {
            assert!(asks(header).is_none(), "{header}");
        }
    }
}
