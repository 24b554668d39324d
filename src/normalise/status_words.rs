//! What texts say of a row's status on its register: counted, ended, not yet there, or nobody knows.
//!
//! [`read`] takes what a status cell says, [`ends`] what a remark says in passing; both know negations (`未注销`), intentions (`拟取消`), what
//! came back (`恢复发放`), what is only suspended (`冻结`: nobody knows) and the month it names (`7月起停发`). Nothing is guessed: a word without a
//! meaning leaves the row open, neither counted nor held against anybody. O(its length).

use std::cmp::Ordering;

use super::period;
use super::vocabulary::{fold, ticked, yes_no};
use crate::config::registry::{Ending, StandingValues};
use crate::model::date::Day;

/// How a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowStatus {
    Live,
    Ended,
    Died,
    Left,
    /// Applied for, not yet decided.
    Pending,
    /// Its time is over, and may have been prolonged: neither counted nor held against anybody.
    Expired,
    /// A bare no.
    Denied,
    Unclear,
}

impl RowStatus {
    /// The value of a status field for it; `None` where there is none.
    pub(super) fn value(self, values: &StandingValues) -> Option<String> {
        match self {
            Self::Live => Some(values.live.clone()),
            Self::Ended | Self::Denied => values.ended.clone(),
            Self::Expired => values.expired.clone(),
            Self::Died => values.died.clone().or_else(|| values.ended.clone()),
            Self::Left => values.left.clone().or_else(|| values.ended.clone()),
            Self::Pending => values.pending.clone(),
            Self::Unclear => None,
        }
    }
}

impl From<Ending> for RowStatus {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Ended => Self::Ended,
            Ending::Died => Self::Died,
            Ending::Expired => Self::Expired,
        }
    }
}

pub(super) const DIED: &str = "死亡 去世 亡故 病故 已故 身故 过世 逝世 离世 殁 已死";
pub(super) const LEFT: &str = "迁出 转出 外迁 迁走 迁离 迁往 转往 移居 已迁 转走 外嫁 出嫁";
const ENDED: &str = "注销 销户 销号 停发 停保 停养 停用 停止 停缴 停领 停供 停付 停助 停补 中断 终止 \
    终结 退保 退出 退费 退款 退学 退回 退合 退养 清退 已退 取消 撤销 撤消 吊销 作废 报废 \
    无效 失效 废止 过期 到期 核减 核销 剔除 剔出 删除 移除 移出 调出 除名 开除 \
    不再 放弃 驳回 否决 不予 失败 解除 重复 错录 误录 多录 自然减少 转特困 转五保 转职工 \
    毕业 结业 肄业 辍学 失学 转学 离校 离园";
/// Whoever is there is judged by other rules, or cannot be found.
pub(super) const AWAY: &str = "参军 入伍 服兵役 义务兵 现役 部队服役 服刑 在押 收监 监狱 戒毒 失踪 失联 下落不明 走失";
/// Of somebody on a list of the dead.
const LIVES: &str = "健在 在世 活着";
/// It may come back, or not have gone.
pub(super) const SUSPENDED: &str = "休学 暂停 中止 冻结 封存 挂失 锁定 休眠";
const PENDING: &str = "待审 待批 待核 待定 待办 审核 审批 申请 公示 受理 办理中 初审 复核 评审 核查 核对 \
    录入中";
const LIVE: &str = "正常 有效 享受 保留 在保 在养 供养中 在册 在籍 在校 在读 在园 在用 在领 在享 保障 参保 参合 缴费 已缴 \
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
const IN_VAIN: &str = "已停 未缴 欠缴 断缴 断保 不缴 没缴 未代缴 未交 不交 没交 拒交 未收 不参加 未参加 本人不愿 不愿参 不愿意参 不愿缴 不愿意缴 未到账 未通过 不通过 未批 不批 不符合 未纳入 未参保 不享受 未享受 未发放 未打卡 未兑现 \
    未领 不领 不同意 未参合 不参合 不参保 拒绝 拒缴 拒参 外省参 省外参 外地参 异地参 账户异常 账号异常 账户错误 \
    账号错误 账户有误 账号有误 卡号错误 卡号有误";

/// Without one of these a remark ends nothing: most say nothing of the kind.
const SIGNS: &str = "没死去亡故过逝世殁迁转移嫁注销停止暂中终清退取撤吊作报废无失冻封期核剔删除调开不驳否解重错误多自毕结肄辍离未欠断\
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

/// The words for what came to nothing that speak of what being on a register is called.
pub(super) fn in_vain(being: &[String]) -> impl Iterator<Item = &'static str> {
    words(IN_VAIN).filter(|word| being.iter().any(|being| word.contains(being.as_str())))
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
pub(super) fn read(text: &str, asks_for_end: bool, as_of: Day) -> Option<RowStatus> {
    let folded = fold(text);
    let chosen = ticked(&folded);
    // Where no box is ticked, not even the one for being in force, nobody filled the form in.
    if chosen.as_deref() == Some("") && (any(&folded, LIVE) || folded.contains(['是', '否'])) {
        return Some(RowStatus::Unclear);
    }
    let said = chosen.unwrap_or(folded);
    let said = said.trim_matches(|character: char| !character.is_alphanumeric() && !"√✓✔×✗☑".contains(character));
    if said.is_empty() {
        return None;
    }
    match yes_no(said) {
        Some(yes) if yes != asks_for_end => return Some(RowStatus::Live),
        Some(_) if asks_for_end => return Some(RowStatus::Ended),
        Some(_) => return Some(RowStatus::Denied),
        None => {}
    }
    match restored(said) {
        Some(true) => return Some(RowStatus::Live),
        Some(false) => return Some(RowStatus::Unclear),
        None => {}
    }
    let month = named_month(said, as_of);
    let (said, denied, intended) = stripped(said.to_owned());
    let end = if any(&said, DIED) {
        Some(RowStatus::Died)
    } else if any(&said, LEFT) {
        Some(RowStatus::Left)
    } else if any(&said, SUSPENDED) {
        Some(RowStatus::Unclear)
    } else if any(&without_doubtful(&said), ENDED) {
        Some(RowStatus::Ended)
    } else if any(&said, DOUBTFUL) {
        Some(RowStatus::Unclear)
    } else {
        said.ends_with(['停', '退']).then_some(RowStatus::Ended)
    };
    if let Some(end) = end {
        return Some(match month {
            Some(Ordering::Greater) => RowStatus::Live,
            Some(Ordering::Equal) if end != RowStatus::Died => RowStatus::Unclear,
            _ => end,
        });
    }
    if intended {
        return Some(RowStatus::Unclear);
    }
    let hopes = |word: &str| ["待", "拟"].iter().any(|hope| said.contains(&format!("{hope}{word}")));
    let waits = words(LIVE).chain(words(DECIDED)).any(hopes);
    let positive = || [LIVE, DECIDED, "批"].into_iter().flat_map(words);
    let fails = words(NOT).any(|not| positive().any(|word| said.contains(&format!("{not}{word}"))));
    if fails || any(&said, IN_VAIN) {
        return Some(RowStatus::Ended);
    }
    if waits || any(&said, PENDING) && !any(&said, DECIDED) {
        return Some(RowStatus::Pending);
    }
    if said.contains("有效期") {
        // The year until which it is valid.
        let digits: Vec<i32> =
            said.split(|sign: char| !sign.is_ascii_digit()).filter_map(|number| number.get(..4)?.parse().ok()).collect();
        let until = digits.into_iter().filter(|year| (1990..2200).contains(year)).max();
        return Some(match until.map(|year| year.cmp(&as_of.ymd().0)) {
            Some(Ordering::Greater) | None => RowStatus::Live,
            Some(Ordering::Less) => RowStatus::Ended,
            Some(Ordering::Equal) => RowStatus::Unclear,
        });
    }
    if any(&said, LIVE) || any(&said, DECIDED) || denied {
        return Some(RowStatus::Live);
    }
    Some(RowStatus::Unclear)
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
    let whole = said;
    let (said, ..) = stripped(whole.clone());
    // `未死亡` is denied, unless the words are of that.
    let denies = |word: &str| whole.contains(word) && words(NOT).any(|not| word.starts_with(not));
    let of_kin = |word: &str| {
        let before = said.split(word).next().unwrap_or_default();
        before.contains(|character| KIN.contains(character)) && !["该", "此", "本人"].iter().any(|own| before.contains(own))
    };
    let of_a_person = |word: &str| [DIED, LEFT, AWAY, LIVES].into_iter().flat_map(words).any(|known| known == word);
    among.find(|&word| (said.contains(word) || denies(word)) && !(of_a_person(word) && of_kin(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(text: &str) -> Option<RowStatus> {
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
            assert_eq!(status(text), Some(RowStatus::Unclear), "{text}");
        }
        let flag = |text: &str| read(text, true, "2018-06-30".parse().expect("a day"));
        assert_eq!(
            (flag("0"), flag("否"), flag("未注销")),
            (Some(RowStatus::Live), Some(RowStatus::Live), Some(RowStatus::Live))
        );
        assert_eq!((flag("1"), flag("已注销")), (Some(RowStatus::Ended), Some(RowStatus::Ended)));
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
}
