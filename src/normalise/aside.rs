//! What a cell says of a person where nobody looks for it: that it is nothing but a word of death or of leaving (`已死亡`, `张三（已故）`, under
//! whatever header), or that such a word stands in a column of no field (`备注2`: `2018年3月因病去世，已报减`).
//!
//! Takes texts and headers; gives the standing and the word of the vocabulary by which it is said, never the cell's text. Relatives, causes,
//! addresses and marriage are no standing, so columns about those are passed over ([`is_of_something_else`]). O(characters).

use std::cmp::Ordering;

use super::status_words::{AWAY, DIED, LEFT, RowStatus, any, in_vain, is_counted, named_month, said_in_passing, words};
use super::vocabulary::fold;
use crate::config::registry::{RegistryDefinition, fold_header};
use crate::model::columns::{ID_NUMBER, NAME, PHONE, RELATION};
use crate::model::date::Day;

/// Fields of the row's person whose cell may hold the word instead of its value, or in brackets behind it.
const OF_PERSON: [&str; 9] = [NAME, ID_NUMBER, RELATION, PHONE, "health", "labour", "work_state", "poverty_status", "attribute"];
/// Who left a school or a household need not have left the register.
const OTHER_LEAVING: &str = "转出 转走 移居";
/// What stands round the word and changes nothing.
const ROUND: &str = "已经 非正常 自然 意外 因病 因公 因 已 人员 人口 成员 该人 此人 本人 户籍 户口 整户 全家 系统 办理 减少 减员 注销 销户 停发 停保 \
    于 年 月 日 份 号 了";
/// The word for death alone in its cell.
const SHORT: [&str; 5] = ["亡", "死", "殁", "卒", "已亡"];
/// Ends that mean the row whatever the column is called.
const ENDED: &str = "取消 注销 销户 停发 停保 退保 清退 核减 剔除 自然减少 错录 误录 多录 作废";
/// Headers of what ended, where any cell tells that it did: `死亡原因`, `迁出时间`, `停保日期`.
const EVENTS: &str = "日期 时间 年月 年月日 原因 地点 地 地址 去向 证明 证明编号";
/// Headers that speak of others, of why somebody is poor, or of what else a person is.
const SOMETHING_ELSE: &str = "婚 关系 户主 监护 配偶 父 母 家长 子女 联系 领取人 代领 经办 责任人 帮扶 文化 学历 教育 学校 地址 住址 住所 籍贯 致贫 致困 困难 \
    家庭 孤儿 单位 银行 账 开户 措施 政策 养老 专业 民族 证件类型 来源 救助 申请 疾病 病种 诊断 项目 险种";

/// Signs of which one stands in every word here: most cells have none.
const SIGNS: &str = "死亡故世殁逝迁转移嫁走注销停退取清剔减错误多作参入役刑押监戒失下卒兵離遷轉銷未欠断不拒没";

/// Whether a text may hold one of the words.
pub(super) fn has_sign(text: &str) -> bool {
    !text.is_ascii() && text.contains(|sign| SIGNS.contains(sign))
}

/// Whether a field's cells are looked at.
pub(super) fn is_of_person(field: &str) -> bool {
    OF_PERSON.contains(&field)
}

/// Whether a column of no field speaks of something else than how the row's person stands.
pub(super) fn is_of_something_else(header: &str) -> bool {
    let folded = fold_header(header);
    any(&folded, SOMETHING_ELSE) || ["原因", "理由", "事由"].iter().any(|end| folded.ends_with(end))
}

/// The word of an end in the header of a column whose cells say when, where or why it came, or why somebody never was on the register.
pub(super) fn event(header: &str, definition: &RegistryDefinition) -> Option<&'static str> {
    let among = definition.remarks.as_slice();
    let folded = fold_header(header);
    let of = words(EVENTS).filter_map(|end| folded.strip_suffix(end)).min_by_key(|of| of.len())?;
    let is_known = |end: &str| is_counted(end, among) || end == "减少" && counts(RowStatus::Died, among);
    let mut ends = [DIED, LEFT, ENDED, "退出 减少 不符合 不合格"].into_iter().flat_map(words);
    let never = || in_vain(&definition.being).find(|word| of.contains(word));
    ends.find(|end| of.contains(end) && is_known(end)).or_else(never).filter(|_| !any(of, "户主 配偶 父 母 收入"))
}

/// Whether the registry counts words of this kind: one that knows only some does so if it names them.
fn counts(status: RowStatus, among: &[String]) -> bool {
    is_counted(if status == RowStatus::Died { "死亡" } else { "迁出" }, among)
}

/// The standing, where the cell or what stands in brackets at its end, or before it, is nothing but a word of death or of leaving.
pub(super) fn alone(text: &str, own_field: bool, among: &[String], as_of: Day) -> Option<(RowStatus, &'static str)> {
    if !has_sign(text) || named_month(text, as_of) == Some(Ordering::Greater) {
        return None;
    }
    let folded = fold(text);
    let bracket = folded.strip_suffix([')', ']', '】']).and_then(|rest| rest.rsplit_once(['(', '[', '【']));
    let leading = folded.strip_prefix(['(', '[', '【']).and_then(|rest| rest.split_once([')', ']', '】']));
    let said = std::iter::once(folded.as_str())
        .chain(bracket.map(|(_, inner)| inner))
        .chain(leading.map(|(inner, _)| inner))
        .find_map(bare);
    said.filter(|(status, word)| counts(*status, among) && !(own_field && words(OTHER_LEAVING).any(|other| other == *word)))
}

/// The standing of a text that is nothing but the word.
fn bare(text: &str) -> Option<(RowStatus, &'static str)> {
    let said: String = text.chars().filter(|sign| sign.is_alphabetic()).collect();
    if SHORT.contains(&said.as_str()) {
        return Some((RowStatus::Died, "死亡"));
    }
    let kinds = [(RowStatus::Died, DIED), (RowStatus::Left, LEFT)];
    let found = kinds.into_iter().find_map(|(status, list)| Some((status, words(list).find(|word| said.contains(word))?)))?;
    let mut rest = said.replacen(found.1, "", 1);
    for filler in words(ROUND) {
        rest = rest.replace(filler, "");
    }
    rest.is_empty().then_some(found)
}

/// The word in a column of no field for which a row is to be checked.
pub(super) fn doubt(text: &str, definition: &RegistryDefinition, as_of: Day) -> Option<&'static str> {
    let among = definition.remarks.as_slice();
    if !has_sign(text) || any(text, "家属 军属 烈属") {
        return None;
    }
    let away = words(AWAY).filter(|_| counts(RowStatus::Died, among));
    let ends = [DIED, LEFT, ENDED].into_iter().flat_map(words).filter(|word| is_counted(word, among));
    said_in_passing(text, ends.chain(away).chain(in_vain(&definition.being)), as_of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::registry::Grain;
    use crate::normalise::sheet::tests::definition;

    fn register() -> RegistryDefinition {
        RegistryDefinition { being: ["缴费", "到账", "缴", "交"].map(str::to_owned).to_vec(), ..definition(Grain::Person) }
    }

    fn day() -> Day {
        "2018-06-30".parse().expect("a day")
    }

    #[test]
    fn nothing_but_the_word() {
        let said = |text: &str| alone(text, false, &[], day()).map(|(status, _)| status);
        for text in [
            "死亡",
            "已死亡",
            "（已故）",
            "郭涛（已故）",
            "郭涛(去世)",
            "（死亡）郭涛",
            "【已故】郭涛",
            "520324198008198708（死亡）",
            "2018年3月因病去世",
            "自然死亡",
            "死亡注销",
            "亡",
            "(亡)",
            "死亡减少",
            "之父（亡故）",
        ] {
            assert_eq!(said(text), Some(RowStatus::Died), "{text}");
        }
        for text in ["户籍迁出", "已外嫁", "迁出（2017.5）", "郭涛（外嫁）", "整户迁出"] {
            assert_eq!(said(text), Some(RowStatus::Left), "{text}");
        }
        for text in [
            "",
            "未死亡",
            "亡妻之子",
            "父亲死亡",
            "之妻（户主已故）",
            "死亡人员家属",
            "迁入",
            "退役",
            "2018年7月死亡",
            "健在",
            "亡羊",
            "双亡",
            "王亡",
        ] {
            assert_eq!(said(text), None, "{text}");
        }
        let among = ["注销".to_owned()];
        assert_eq!(alone("已死亡", false, &among, day()), None);
        assert_eq!(alone("转出", true, &[], day()), None);
    }

    #[test]
    fn what_is_to_be_checked() {
        let register = register();
        let said = |text: &str| doubt(text, &register, day());
        for (text, word) in [
            ("2018年3月因病去世，已报减", "去世"),
            ("户籍已迁往贵阳", "迁往"),
            ("正在服刑", "服刑"),
            ("失踪多年", "失踪"),
            ("在部队参军", "参军"),
            ("五月停保", "停保"),
            ("未到账，待核", "未到账"),
            ("今年没交", "没交"),
        ] {
            assert_eq!(said(text), Some(word), "{text}");
        }
        for text in [
            "父亲死亡",
            "退役军人",
            "现役军人家属",
            "在家务农",
            "自然增加",
            "未注销",
            "配偶服刑",
            "疑似死亡",
            "因丧失劳动力",
            "迁入",
            "未领取",
        ] {
            assert_eq!(said(text), None, "{text}");
        }
    }

    #[test]
    fn headers() {
        for header in [
            "死亡原因",
            "迁出时间",
            "停保日期",
            "外嫁地",
            "死亡证明编号",
            "户口迁出地址",
            "退出原因",
            "不符合原因",
            "取消时间",
            "未缴费原因",
        ] {
            assert!(event(header, &register()).is_some(), "{header}");
        }
        for header in ["参合时间", "户主死亡时间", "收入减少原因", "备注2", "发放时间", "出生日期"] {
            assert!(event(header, &register()).is_none(), "{header}");
        }
        for header in ["婚姻状况", "与户主关系说明", "致贫原因", "家庭情况", "父母情况", "现住址", "救助事由"]
        {
            assert!(is_of_something_else(header), "{header}");
        }
        for header in ["备注2", "姓名备注", "人员情况", "核查情况", "附注", "处理"] {
            assert!(!is_of_something_else(header), "{header}");
        }
    }
}
