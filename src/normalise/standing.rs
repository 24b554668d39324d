//! How a row stands on its register: counted, ended, not yet there, or nobody knows.
//!
//! [`read`] takes what a status cell says, [`ends`] what a remark says in passing; both know negations (`未注销`), intentions (`拟取消`), what
//! came back (`恢复发放`), what is only suspended (`冻结`: nobody knows) and the month it names (`7月起停发`). [`StandingColumn`] is a status column while it is being filled: words of the field's code table as they are, other words by
//! what they mean, what is not understood as blank and the row as unclear. Nothing is guessed: a word without a meaning leaves the row open,
//! neither counted nor held against anybody. O(cells); each spelling is read once.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use super::field_column::first_said;
use super::outcome::Outcomes;
use super::period;
use super::vocabulary::{CodeTable, fold, ticked, yes_no};
use crate::config::registry::{Ending, StandingValues, fold_header};
use crate::model::date::Day;
use crate::model::raw::{RawTable, TableHead};

/// How a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Live,
    Ended,
    Died,
    Left,
    /// Its time is over, and may have been prolonged: neither counted nor held against anybody.
    Expired,
    /// Applied for, not yet decided.
    Pending,
    /// A bare no.
    Denied,
    Unclear,
}

/// The value of a status for a meaning; `None` where there is none.
fn value(values: &StandingValues, standing: Standing) -> Option<String> {
    match standing {
        Standing::Live => Some(values.live.clone()),
        Standing::Ended | Standing::Denied => values.ended.clone(),
        Standing::Died => values.died.clone().or_else(|| values.ended.clone()),
        Standing::Left => values.left.clone().or_else(|| values.ended.clone()),
        Standing::Expired => values.expired.clone(),
        Standing::Pending => values.pending.clone(),
        Standing::Unclear => None,
    }
}

fn standing(ending: Ending) -> Standing {
    match ending {
        Ending::Ended => Standing::Ended,
        Ending::Died => Standing::Died,
        Ending::Expired => Standing::Expired,
    }
}

pub(super) const DIED: &str = "死亡 去世 亡故 病故 已故 身故 过世 逝世 离世 殁 已死";
pub(super) const LEFT: &str = "迁出 转出 外迁 迁走 迁离 迁往 转往 移居 已迁 转走 外嫁 出嫁";
const ENDED: &str = "注销 销户 销号 停发 停保 停用 停止 停缴 停领 停供 停付 停助 停补 中断 终止 \
    终结 退保 退出 退费 退款 退学 退回 退合 退养 清退 已退 取消 撤销 撤消 吊销 作废 报废 \
    无效 失效 废止 过期 到期 核减 核销 剔除 剔出 删除 移除 移出 调出 除名 开除 \
    不再 放弃 驳回 否决 不予 失败 解除 重复 错录 误录 多录 自然减少 转特困 转五保 转职工 \
    毕业 结业 肄业 辍学 失学 转学 离校 离园";
/// Whoever is there is judged by other rules, or cannot be found.
pub(super) const AWAY: &str = "参军 入伍 服兵役 义务兵 现役 部队服役 服刑 在押 收监 监狱 戒毒 失踪 失联 下落不明 走失";
/// It may come back, or not have gone.
pub(super) const SUSPENDED: &str = "休学 暂停 中止 冻结 封存 挂失 锁定 休眠";
const PENDING: &str = "待审 待批 待核 待定 待办 审核 审批 申请 公示 受理 办理中 初审 复核 评审 核查 核对 \
    录入中";
const LIVE: &str = "正常 有效 享受 保留 在保 在册 在籍 在校 在读 在园 在用 在领 在享 保障 参保 参合 缴费 已缴 \
    续保 新增 新办 启用 激活 可用 持证 发放 已发 已领 领取 通过 批准 获批 存活 健在 在世 \
    履约 签约 就业 在岗 在职 就读 生效 纳入 合格 符合 认定 成功";
/// Of an end, or of a fee or a row too many beside which another counts: `退费` to whom others pay for, `重复参保`.
pub(super) const DOUBTFUL: &str = "退费 重复";
/// `审核通过`, `已审批`: decided.
const DECIDED: &str = "已审 已批 通过 批准 获批 审定 同意 准予 予以 核准 属实";
const RESTORED: &str = "恢复 重新 续发 劝返 复学";
/// Words that hold one of an end and are none.
const HARMLESS: &str = "退休 退役 退伍 退耕 渐退 脱贫退出 退出贫困 贫困退出 停电";
const NOT: &str = "尚未 没有 从未 未 没 不 非 无 免";
const BETWEEN: &str = " 被 予 办理 进行";
const INTENDED: &str = "拟 计划 建议 准备 疑似 申请 待 将 如 若 应 可能 即将";
/// Whose death a remark tells where it is not the row's.
const KIN: &str = "父母爸妈夫妻爷奶公婆子女儿孙兄弟姐妹嫂媳婿偶";
/// What a remark says of a payment or an enrolment that came to nothing.
const IN_VAIN: &str = "未缴 欠缴 断缴 断保 未到账 未通过 不通过 未批 不批 不符合 未纳入 未参保 不享受 未享受 未发放 未打卡 未兑现 \
    未领 不领 不同意 未参合 不参合 不参保 拒绝 拒缴 拒参 外省参 省外参 外地参 异地参 账户异常 账号异常 账户错误 \
    账号错误 账户有误 账号有误 卡号错误 卡号有误";

/// What a row of a list of payments says that takes money back from the person: other rows of the person may be meant.
const TAKEN_BACK: &str = "冲销 冲正 冲账 冲红 红冲 红字 冲减 扣回 追回 收回 缴回 对冲";
/// What it says of its own money: it came back, or goes out once more.
const RETURNED: &str = "退回 退票 退还 退款 重发 重新发放 重打 补打 重付 重新打卡";

/// Without one of these a remark ends nothing: most say nothing of the kind.
const SIGNS: &str = "死去亡故过逝世殁迁转移嫁注销停止暂中终清退取撤吊作报废无失冻封期核剔删除调开不驳否解重错误多自毕结肄辍离未欠断\
    放挂锁休銷終廢遷轉過拒外异";

/// The words of a list.
pub(super) fn words(list: &'static str) -> impl Iterator<Item = &'static str> + Clone {
    list.split(' ')
}

pub(super) fn any(said: &str, list: &'static str) -> bool {
    words(list).any(|word| said.contains(word))
}

pub(super) fn ending_words() -> impl Iterator<Item = &'static str> + Clone {
    [DIED, LEFT, ENDED, SUSPENDED].into_iter().flat_map(words)
}

/// Where the month that a text names lies from the one under review; one of no year that is not past may be of either.
pub(super) fn named_month(text: &str, as_of: Day) -> Option<Ordering> {
    if ["本月", "当月", "本期"].iter().any(|word| text.contains(word)) {
        return Some(Ordering::Equal);
    }
    let period = as_of.month();
    let named = period::find(text)?;
    let from = named.in_year(Some(period.year()))?.from.cmp(&period);
    Some(if named.year.is_none() { from.min(Ordering::Equal) } else { from })
}

/// The text without words that only look like an end, and whether it denied one; ends that are only intended, as such.
pub(super) fn stripped(mut said: String) -> (String, bool, bool) {
    for word in words(HARMLESS) {
        if said.contains(word) {
            said = said.replace(word, "");
        }
    }
    let (mut denied, mut intended) = (false, false);
    let ends: Vec<&str> = ending_words().filter(|word| said.contains(word)).collect();
    for end in ends {
        let before = |said: &str, list: &'static str| {
            let found = words(list).flat_map(|word| words(BETWEEN).map(move |between| format!("{word}{between}{end}")));
            found.into_iter().find(|found| said.contains(found.as_str()))
        };
        while let Some(found) = before(&said, NOT) {
            said = said.replacen(&found, "", 1);
            denied = true;
        }
        while let Some(found) = before(&said, INTENDED) {
            said = said.replacen(&found, "", 1);
            intended = true;
        }
    }
    (said, denied, intended)
}

/// The text without what may be an end or a fee or a row too many.
pub(super) fn without_doubtful(said: &str) -> String {
    words(DOUBTFUL).fold(said.to_owned(), |text, word| text.replace(word, ""))
}

/// Whether what came back did so after it had ended; `None` where nothing did.
fn restored(said: &str) -> Option<bool> {
    let last = words(RESTORED).filter_map(|word| said.rfind(word)).max()?;
    Some(ending_words().filter_map(|word| said.rfind(word)).all(|end| end < last))
}

/// What a status cell says, `None` where it says nothing; `asks_for_end` where its header asks whether the standing has ended.
pub(super) fn read(text: &str, asks_for_end: bool, as_of: Day) -> Option<Standing> {
    let folded = fold(text);
    let chosen = ticked(&folded);
    // Where no box is ticked, not even the one for being in force, nobody filled the form in.
    if chosen.as_deref() == Some("") && (any(&folded, LIVE) || folded.contains(['是', '否'])) {
        return Some(Standing::Unclear);
    }
    let said = chosen.unwrap_or(folded);
    let said = said.trim_matches(|character: char| !character.is_alphanumeric() && !"√✓✔×✗☑".contains(character));
    if said.is_empty() {
        return None;
    }
    match yes_no(said) {
        Some(yes) if yes != asks_for_end => return Some(Standing::Live),
        Some(_) if asks_for_end => return Some(Standing::Ended),
        Some(_) => return Some(Standing::Denied),
        None => {}
    }
    match restored(said) {
        Some(true) => return Some(Standing::Live),
        Some(false) => return Some(Standing::Unclear),
        None => {}
    }
    let month = named_month(said, as_of);
    let (said, denied, intended) = stripped(said.to_owned());
    let end = if any(&said, DIED) {
        Some(Standing::Died)
    } else if any(&said, LEFT) {
        Some(Standing::Left)
    } else if any(&said, SUSPENDED) {
        Some(Standing::Unclear)
    } else if any(&without_doubtful(&said), ENDED) {
        Some(Standing::Ended)
    } else if any(&said, DOUBTFUL) {
        Some(Standing::Unclear)
    } else {
        said.ends_with(['停', '退']).then_some(Standing::Ended)
    };
    if let Some(end) = end {
        return Some(match month {
            Some(Ordering::Greater) => Standing::Live,
            Some(Ordering::Equal) if end != Standing::Died => Standing::Unclear,
            _ => end,
        });
    }
    if intended {
        return Some(Standing::Unclear);
    }
    let hopes = |word: &str| ["待", "拟"].iter().any(|hope| said.contains(&format!("{hope}{word}")));
    let waits = words(LIVE).chain(words(DECIDED)).any(hopes);
    let positive = || [LIVE, DECIDED, "批"].into_iter().flat_map(words);
    let fails = words(NOT).any(|not| positive().any(|word| said.contains(&format!("{not}{word}"))));
    if fails || any(&said, IN_VAIN) {
        return Some(Standing::Ended);
    }
    if waits || any(&said, PENDING) && !any(&said, DECIDED) {
        return Some(Standing::Pending);
    }
    if said.contains("有效期") {
        // The year until which it is valid.
        let digits: Vec<i32> =
            said.split(|sign: char| !sign.is_ascii_digit()).filter_map(|number| number.get(..4)?.parse().ok()).collect();
        let until = digits.into_iter().filter(|year| (1990..2200).contains(year)).max();
        return Some(match until.map(|year| year.cmp(&as_of.ymd().0)) {
            Some(Ordering::Greater) | None => Standing::Live,
            Some(Ordering::Less) => Standing::Ended,
            Some(Ordering::Equal) => Standing::Unclear,
        });
    }
    if any(&said, LIVE) || any(&said, DECIDED) || denied {
        return Some(Standing::Live);
    }
    Some(Standing::Unclear)
}

/// The word by which a remark says in passing that the row's standing has ended; `among` are those that count, where only some do.
pub(super) fn ends<'w>(text: &str, among: &'w [String], as_of: Day) -> Option<&'w str> {
    let is_own = || among.iter().any(|word| text.contains(word.as_str()));
    if !text.contains(|character| SIGNS.contains(character)) && !is_own() {
        return None;
    }
    match among {
        [] => said_in_passing(text, ending_words().chain(words(IN_VAIN)), as_of),
        among => said_in_passing(text, among.iter().map(String::as_str), as_of),
    }
}

/// Whether a registry counts a word of an end: one that names some counts only those.
pub(super) fn is_counted(word: &str, among: &[String]) -> bool {
    among.is_empty() || among.iter().any(|known| known == word)
}

/// The first of the words that a remark says of its row: not of a relative, not denied, not of a month to come, not of what came back.
pub(super) fn said_in_passing<'w>(text: &str, mut among: impl Iterator<Item = &'w str>, as_of: Day) -> Option<&'w str> {
    let said = fold(text);
    if restored(&said) == Some(true) || named_month(&said, as_of) == Some(Ordering::Greater) {
        return None;
    }
    let (said, ..) = stripped(said);
    let of_kin = |word: &str| {
        let before = said.split(word).next().unwrap_or_default();
        before.contains(|character| KIN.contains(character)) && !["该", "此", "本人"].iter().any(|own| before.contains(own))
    };
    let of_a_person = |word: &str| [DIED, LEFT, AWAY].into_iter().flat_map(words).any(|known| known == word);
    among.find(|&word| said.contains(word) && !(of_a_person(word) && of_kin(word)))
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
    header: String,
    /// Word that ends the standing, per row.
    rows: Vec<Option<&'a str>>,
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

/// A status column while it is being filled.
pub(super) struct StandingColumn<'a> {
    values: &'a StandingValues,
    header: String,
    asks_for_end: bool,
    /// What a yes comes to where it asks for the end of a life: `是否死亡`.
    asks_for_death: bool,
    /// Per row: what it says, and the word of the code table where it is one.
    rows: Vec<Option<(Standing, Option<&'a str>)>>,
    met: HashMap<String, Option<(Standing, Option<&'a str>)>>,
    /// What was not understood, and what the register has no value for.
    words: BTreeMap<String, u32>,
    valueless: BTreeMap<String, u32>,
    /// Whether anything but a bare yes stands there.
    has_other: bool,
}

impl<'a> StandingColumn<'a> {
    /// A column called `title` where no column of the table is it, and only lines or titles say it.
    pub(super) fn new(values: &'a StandingValues, positions: &[usize], head: &TableHead, title: &str) -> Self {
        let header = positions.first().and_then(|at| head.columns.get(*at)).map_or(title, |column| &column.text).to_owned();
        let folded = fold_header(&header);
        let asks = ["标志", "标识", "标记", "是否"].iter().any(|word| folded.contains(word));
        let asks_for_end = asks && (ending_words().any(|end| folded.contains(end)) || folded.contains('停'));
        let other_end = || ending_words().any(|end| folded.contains(end) && !words(DIED).any(|died| died == end));
        Self {
            values,
            asks_for_death: asks_for_end && any(&folded, DIED) && !other_end(),
            header,
            asks_for_end,
            rows: Vec::new(),
            met: HashMap::new(),
            words: BTreeMap::new(),
            valueless: BTreeMap::new(),
            has_other: false,
        }
    }

    pub(super) fn push(&mut self, table: &RawTable, positions: &[usize], kept: &[usize], codes: &mut CodeTable<'a>, as_of: Day) {
        for &row in kept {
            let (_, written) = first_said(table, positions, row, true);
            if written.is_empty() {
                self.rows.push(None);
                continue;
            }
            let (asks, of_death) = (self.asks_for_end, self.asks_for_death);
            let has_other = &mut self.has_other;
            let read = *self.met.entry(written.to_owned()).or_insert_with(|| {
                *has_other |= yes_no(written) != Some(true);
                let known = codes.get(written);
                let standing = || match read(written, asks, as_of) {
                    Some(Standing::Ended) if of_death => Some(Standing::Died),
                    standing => standing,
                };
                match known {
                    Some(value) => Some((Standing::Live, Some(value))),
                    None => standing().map(|standing| (standing, None)),
                }
            });
            if let Some((standing, None)) = read
                && value(self.values, standing).is_none()
            {
                let words = if standing == Standing::Unclear { &mut self.words } else { &mut self.valueless };
                *words.entry(written.to_owned()).or_default() += 1;
            }
            self.rows.push(read);
        }
        // Of texts that never come again nothing need be remembered.
        if self.met.len() > 4096 {
            self.met.clear();
        }
    }

    /// Whether there is nothing but bare noes: nobody makes a register of those who are not on it.
    fn says_nothing(&self) -> bool {
        let mut said = self.rows.iter().flatten();
        said.clone().count() > 1 && said.all(|(standing, _)| *standing == Standing::Denied)
    }

    /// Whether rows are only marked (`√`, `是`, `1`) where something is so: of one without a mark nobody knows whether it is not so, or was passed over.
    fn is_of_marks(&self) -> bool {
        !self.asks_for_end && !self.has_other && self.rows.iter().any(Option::is_some)
    }
}

/// What the rows of a sheet come to.
#[derive(Default)]
pub(super) struct Concluded {
    /// Value of the status column, per row; `None` without one.
    pub(super) values: Option<Vec<Option<String>>>,
    /// Rows of which nobody knows how they stand.
    pub(super) unclear: Vec<bool>,
    /// Sentences.
    pub(super) told: Vec<String>,
}

/// A column of dates at which something ended: its header, and where each lies from the month of the run.
pub(super) type EndDates<'a> = (&'a str, Ending, Vec<Option<Ordering>>);

/// What says how rows stand beside the status column.
pub(super) struct Beside<'s, 'a> {
    pub(super) dates: &'s [EndDates<'s>],
    pub(super) outcomes: &'s Outcomes<'a>,
    pub(super) remarks: &'s Remarks<'a>,
}

/// Puts together what the status column, dates of an end, columns of an outcome and remarks say.
pub(super) fn conclude(
    status: Option<&StandingColumn<'_>>,
    values: Option<&StandingValues>,
    beside: &Beside<'_, '_>,
    rows: usize,
) -> Concluded {
    let Beside { dates, outcomes, remarks } = beside;
    let mut concluded = Concluded { unclear: vec![false; rows], ..Concluded::default() };
    let nothing = status.is_some_and(StandingColumn::says_nothing);
    let mut column: Vec<Option<String>> = vec![None; rows];
    let mut is_live = vec![true; rows];
    for (at, said) in status.into_iter().flat_map(|status| status.rows.iter().map(move |said| (status, said))).enumerate() {
        let (status, Some((standing, word))) = said else { continue };
        let meant = match standing {
            _ if word.is_some() => word.map(str::to_owned),
            Standing::Unclear => None,
            Standing::Denied if nothing => None,
            standing => value(status.values, *standing),
        };
        concluded.unclear[at] = meant.is_none();
        is_live[at] = meant.is_none() || meant.as_deref() == Some(status.values.live.as_str());
        column[at] = meant;
    }
    if let Some(status) = status.filter(|status| status.is_of_marks()) {
        let blank: Vec<usize> = (0..rows).filter(|row| status.rows.get(*row).is_none_or(Option::is_none)).collect();
        for row in &blank {
            concluded.unclear[*row] = true;
        }
        if !blank.is_empty() {
            concluded.told.push(format!(
                "“{}”只在是的行上打了勾（是、1 也一样），没有一行写否；空着的 {} 行是不是，看不准：既不据以认定已享受，也不据以追究",
                status.header,
                blank.len()
            ));
        }
    }
    if let Some(status) = status {
        let unknown: u32 = status.words.values().sum();
        if unknown > 0 {
            concluded.told.push(not_understood(&status.header, unknown, &status.words));
        }
        if !status.valueless.is_empty() && !nothing {
            let (rows, named) = (status.valueless.values().sum::<u32>(), shown(&status.valueless));
            concluded.told.push(format!(
                "“{}”有 {rows} 格说的是已停、已退、未成一类{named}：算不算数看不准，既不据以认定已享受，也不据以追究",
                status.header
            ));
        }
        if nothing {
            let said = status.rows.iter().flatten().count();
            concluded.told.push(format!(
                "“{}”的 {said} 格写的都是否定的意思，等于没有填：算不算数看不准，既不据以认定已享受，也不据以追究",
                status.header
            ));
        }
    }
    for (header, ending, days) in *dates {
        let at = |row: usize| days.get(row).copied().flatten();
        // What ends only later was in force in the month.
        let mut later = 0_usize;
        for row in 0..rows {
            // What has ended otherwise was valid for longer on paper.
            if is_live[row] || at(row) != Some(Ordering::Greater) || *ending == Ending::Expired {
                continue;
            }
            let own = values.filter(|values| column[row] == value(values, standing(*ending)));
            concluded.unclear[row] |= own.is_none();
            if let Some(values) = own {
                column[row] = Some(values.live.clone());
                is_live[row] = true;
            }
            later += 1;
        }
        if later > 0 {
            concluded.told.push(format!("“{header}”有 {later} 行在本月之后：本月还算在册，不按已结束追究"));
        }
        let past: Vec<usize> = (0..rows).filter(|row| at(*row).is_some_and(Ordering::is_le)).collect();
        if past.is_empty() {
            continue;
        }
        // Where most rows have one, it is hardly when the standing ended.
        let is_clear = past.len() < 3 || past.len() * 2 <= rows;
        let mut doubted = 0_usize;
        for &row in &past {
            let own = values.and_then(|values| value(values, standing(*ending)));
            match own {
                Some(value)
                    if is_clear && at(row) == Some(Ordering::Less) && column[row].is_none() && !concluded.unclear[row] =>
                {
                    column[row] = Some(value);
                }
                _ if is_live[row] => {
                    concluded.unclear[row] = true;
                    doubted += 1;
                }
                _ => {}
            }
        }
        let all = past.len();
        let doubted = if doubted > 0 {
            format!("；其中 {doubted} 行与状态栏不一致或看不准，只作先核对")
        } else {
            String::new()
        };
        concluded.told.push(format!("“{header}”有 {all} 行已到期，按到那时为止计{doubted}"));
    }
    for (row, outcome) in outcomes.rows.iter().enumerate() {
        let Some(outcome) = outcome.as_ref().filter(|_| is_live[row]) else { continue };
        match values.and_then(|values| value(values, *outcome)) {
            Some(value) if column[row].is_none() && !concluded.unclear[row] => {
                column[row] = Some(value);
                is_live[row] = false;
            }
            // It contradicts the status, or nothing can hold it.
            _ => concluded.unclear[row] = true,
        }
    }
    let mut words: BTreeMap<&str, u32> = BTreeMap::new();
    for (row, word) in remarks.rows.iter().enumerate().filter(|(row, _)| is_live.get(*row) == Some(&true)) {
        if let Some(word) = word
            && column[row].as_deref().is_none_or(|value| values.is_some_and(|values| values.live == value))
        {
            concluded.unclear[row] = true;
            *words.entry(word).or_default() += 1;
        }
    }
    if !words.is_empty() {
        let all: u32 = words.values().sum();
        let header = &remarks.header;
        concluded.told.push(format!(
            "“{header}”有 {all} 行写着{}：算不算数看不准，既不据以认定已享受，也不据以追究；请在状态栏写明",
            counted(&words)
        ));
    }
    concluded.values = (status.is_some() || column.iter().any(Option::is_some)).then_some(column);
    concluded
}

/// `“人员状态”有 3 格看不懂（核减 2、待查 1）：…`.
pub(super) fn not_understood(header: &str, unknown: u32, words: &BTreeMap<String, u32>) -> String {
    let named = shown(words);
    format!("“{header}”有 {unknown} 格看不懂{named}：算不算数看不准，既不据以认定已享受，也不据以追究；写法可补在 registries 里")
}

/// `（核减 2、待查 1）`; long texts are no words.
pub(super) fn shown(words: &BTreeMap<String, u32>) -> String {
    let short: BTreeMap<&str, u32> =
        words.iter().filter(|(word, _)| word.chars().count() <= 12).map(|(w, c)| (w.as_str(), *c)).collect();
    if short.is_empty() { String::new() } else { format!("（{}）", counted(&short)) }
}

/// The most frequent, with how often: `停保 3、取消 1`.
fn counted(words: &BTreeMap<&str, u32>) -> String {
    const NAMED: usize = 6;
    let mut ordered: Vec<(&&str, &u32)> = words.iter().collect();
    ordered.sort_by_key(|(word, count)| (std::cmp::Reverse(**count), **word));
    let named: Vec<String> = ordered.iter().take(NAMED).map(|(word, count)| format!("{word} {count}")).collect();
    let more = if ordered.len() > NAMED { "等" } else { "" };
    format!("{}{more}", named.join("、"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(text: &str) -> Option<Standing> {
        read(text, false, "2018-06-30".parse().expect("a day"))
    }

    #[test]
    fn what_a_status_says() {
        let said = [
            (
                "live",
                "正常 有效 享受中 在保 在册 在校 正常享受 已发放 未注销 未停发 不取消 没有注销 尚未停保 审核通过 已审批 1 是 √ 有效期至2028年 \
                 2018年7月起停发 同意 情况属实 恢复发放 停发后恢复 渐退期享受 退休在保 注销□正常☑ 符合",
            ),
            (
                "ended",
                "已经注销 证件注销 注\u{3000}销 注销；2018-03 停保 2018年5月停 退回 取消 作废 无效 失效 终止 不再享受 未通过 公示未通过 \
                 未批准 未获批 不予批准 非保障 核减 撤销 到期 有效期至2016 未参保 未发放 不在保 停发（2018.5） 未激活 已退 未享受待遇 清退 註銷 不予救助 不属实 自愿放弃",
            ),
            ("died", "已注销（死亡） 注销(死亡) 死亡停发 因病去世"),
            ("left", "转出 户籍已迁出 迁往外省"),
            ("pending", "拟新增 待审批 审核中 申请中 公示中 待发放 公示期内 待核实"),
            ("denied", "不同意 否 0 无 × 不享受"),
            (
                "unclear",
                "暂停 暂停发放 冻结 挂失 已退费 重复参保 2018年6月停发 本月停保 9月起停发 拟取消 恢复后又停发 建议停保 疑似注销 王小明 A2 其它情形",
            ),
        ];
        for (expected, texts) in said {
            for text in texts.split(' ').filter(|text| !text.is_empty()) {
                let found = status(text).map(|standing| format!("{standing:?}").to_lowercase());
                assert_eq!(found.as_deref(), Some(expected), "{text}");
            }
        }
        assert_eq!(status("死亡□ 注销□"), None);
        for text in ["□正常 □注销", "是□否□", "（ ）在保（ ）停保"] {
            assert_eq!(status(text), Some(Standing::Unclear), "{text}");
        }
        let flag = |text: &str| read(text, true, "2018-06-30".parse().expect("a day"));
        assert_eq!((flag("0"), flag("否"), flag("未注销")), (Some(Standing::Live), Some(Standing::Live), Some(Standing::Live)));
        assert_eq!((flag("1"), flag("已注销")), (Some(Standing::Ended), Some(Standing::Ended)));
    }

    #[test]
    fn what_a_remark_ends() {
        let texts = "已死亡 2018年3月去世 停保 已退 作废 重复参保，已退费 此人已注销 已迁出 未缴费 2018年6月起停发 退出 户主死亡 该女已死亡 自愿放弃 不享受 未发放 未领取 已冻结";
        let as_of = "2018-06-30".parse().expect("a day");
        for text in texts.split(' ') {
            assert!(ends(text, &[], as_of).is_some(), "{text}");
        }
        let texts = "未注销 拟取消 退休 退伍军人 父亲死亡 其母已故 女儿外嫁 恢复发放 脱贫退出 在家务农 外出务工 借读 送教上门 疑似辍学已劝返 已换证 2018年7月起停发 未放弃";
        for text in texts.split(' ') {
            assert_eq!(ends(text, &[], as_of), None, "{text}");
        }
        assert_eq!((ends("", &[], as_of), ends("低保已停发", &["死亡".to_owned()], as_of)), (None, None));
        assert_eq!(ends("已离职", &["离职".to_owned()], as_of), Some("离职"));
    }

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
