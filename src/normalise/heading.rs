//! What a title, a sheet's or a file's name says of how all its rows stand: `2018年自然减少人员名单`, `6月停保`, `拟新增（待审批）`.
//!
//! Takes the head, gives the words and what they come to; none where nothing is said, or no more than that rows are in force. Title and sheet
//! name speak before the file's name, which may hold several sheets; where they differ, or where words of an end stand beside others (`新增及停发`),
//! nobody can tell. Cost: a few searches through short texts, once a sheet.

use std::cmp::Ordering;

use super::outcome::{SCHOOLING, is_of_pupils};
use super::status_words::{DIED, DOUBTFUL, LEFT, SUSPENDED, any, ending_words, named_month, stripped, without_doubtful, words};
use super::vocabulary::fold;
use crate::config::registry::RegistryDefinition;
use crate::model::date::Day;
use crate::model::raw::TableHead;

/// Longer lines are prose.
const LONGEST: usize = 40;
/// Words of lines that tell how to fill in, not what is there.
const PROSE: [&str; 15] =
    ["请将", "请在", "请按", "请把", "须", "应当", "说明", "不填", "填报", "注：", "注:", "备注", "如有", "若", "。"];
/// Words that hold one of an end and are none.
const HARMLESS: &str = "毕业生 毕业班 毕业年级 应届毕业 结业证 到期日 重复享受";
/// Rows that are in force stand there too, or instead.
const OTHERS: &str = "新增 在保 在册 在校 在读 在园 变动 异动 增减 调整 变更 动态 恢复 转入 迁入 是否 不含 除外 后 前 正常 享受";
const LIVE: &str = "在保 在册 在校 在读 在园 在籍 正常 新增 现有 续保";
/// Words for an end that only a heading uses so.
const REDUCED: &str = "减少 减员 调减";
const PENDING: &str = "待审 待批 待核 待定 申请中 审批中 审核中 办理中 公示中 评审中 受理中";
const APPLYING: &str = "申请人 申请对象 申请户 申请名单 申请名册 申请花名册";
const REFUSED: &str = "未通过 不通过 未批 不批 不符合 不合格 不同意 未获批";
/// Of the register itself, or of something else.
const MISSING: &str = "未享受 不享受 未发放 未领取 未到账 未缴 未参保 未参合 未纳入 不在册 不在保 不在校 非在册";

/// How the rows below a heading stand.
pub(super) struct Heading {
    /// `标题“2018年停保人员”`.
    pub(super) said: String,
    /// As a status cell would say it; `None` where that cannot be told.
    pub(super) word: Option<&'static str>,
}

enum Reading {
    Live,
    Word(&'static str),
    Unclear,
}

/// What is said of all rows of a sheet.
pub(super) fn standing(head: &TableHead, definition: &RegistryDefinition, as_of: Day) -> Option<Heading> {
    // A list of the dead is about the dead.
    if definition.title_words.iter().any(|word| any(word, DIED)) {
        return None;
    }
    let is_title = |line: &str| line.chars().count() <= LONGEST && !PROSE.iter().any(|word| line.contains(word));
    let value = |line: &str| match line.split_once(['：', ':']) {
        None => line.to_owned(),
        _ if !is_title(line) => String::new(),
        Some((label, value)) => {
            let of_rows = ["类别", "类型", "状态", "名单", "标题", "名称", "情况"].iter().any(|word| label.contains(word));
            if of_rows { value.to_owned() } else { String::new() }
        }
    };
    let titles = head.preamble.iter().map(|line| ("标题", value(line)));
    let file = head.name.file.rsplit('/').next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let near: Vec<(&str, String, Reading)> = titles
        .chain([("工作表名", head.name.sheet.clone())])
        .filter(|(_, text)| is_title(text))
        .filter_map(|(place, text)| read(&text, definition, as_of).map(|reading| (place, text, reading)))
        .collect();
    let is_live = near.iter().any(|(.., reading)| matches!(reading, Reading::Live));
    let heading = |place: &str, text: &str, word: Option<&'static str>| Heading { said: format!("{place}“{text}”"), word };
    match near.iter().find(|(.., reading)| !matches!(reading, Reading::Live)) {
        Some((place, text, Reading::Word(word))) if !is_live => Some(heading(place, text, Some(word))),
        Some((place, text, _)) => Some(heading(place, text, None)),
        None if is_live => None,
        None => match read(stem, definition, as_of).filter(|_| is_title(stem))? {
            Reading::Live => None,
            Reading::Word(word) => Some(heading("文件名", stem, Some(word))),
            Reading::Unclear => Some(heading("文件名", stem, None)),
        },
    }
}

fn read(text: &str, definition: &RegistryDefinition, as_of: Day) -> Option<Reading> {
    let mut said = fold(text);
    for word in words(HARMLESS).filter(|word| text.contains(word)) {
        said = said.replace(word, "");
    }
    let whole = said.clone();
    let (said, denied, intended) = stripped(said);
    let of_school = is_of_pupils(definition);
    let counts = |word: &&str| said.contains(*word) && (of_school || !words(SCHOOLING).any(|other| other == *word));
    let mut ends: Vec<&str> = ending_words().chain(words(REDUCED)).filter(counts).collect();
    let is_tail = said.ends_with(['停', '退']) && said.chars().count() <= 8;
    let others = any(&said, OTHERS);
    if intended {
        return Some(Reading::Unclear);
    }
    let hopes = (said.contains('拟') && !["模拟", "虚拟"].iter().any(|word| said.contains(word))) || any(&said, PENDING);
    if hopes {
        let is_mixed = !ends.is_empty() || ["在保", "在册", "变动", "及", "和"].iter().any(|word| said.contains(word));
        return Some(if is_mixed { Reading::Unclear } else { Reading::Word("待审批") });
    }
    if ends.is_empty() && !is_tail {
        if any(&whole, REFUSED) {
            return Some(Reading::Word("停止"));
        }
        let of_insurance = definition.title.contains('参') && any(&whole, "未参 未缴");
        if of_insurance && !others {
            return Some(Reading::Word("停止"));
        }
        let is_applied = any(&said, APPLYING) && !any(&said, "审批 发放 通过");
        if any(&whole, MISSING) || is_applied || denied && !any(&said, LIVE) {
            return Some(Reading::Unclear);
        }
        return any(&said, LIVE).then_some(Reading::Live);
    }
    if is_tail {
        ends.push("停止");
    }
    let among = &definition.remarks;
    let is_known = among.is_empty()
        || ends
            .iter()
            .any(|end| *end == "停止" || words(REDUCED).any(|word| word == *end) || among.iter().any(|word| word == end));
    if others || !is_known || any(&said, SUSPENDED) {
        return Some(Reading::Unclear);
    }
    let plain = without_doubtful(&said);
    if let Some(word) = words(DOUBTFUL).find(|word| said.contains(word) && !ends.iter().any(|end| plain.contains(end))) {
        return Some(Reading::Word(word));
    }
    let kinds =
        [any(&said, DIED), any(&said, LEFT), ends.iter().any(|end| !words(DIED).chain(words(LEFT)).any(|word| word == *end))];
    let is_list =
        said.contains(['、', ',', '，', '和', '与', '及', '/', ';', '+']) && kinds.iter().filter(|kind| **kind).count() > 1;
    match named_month(&said, as_of) {
        // It was in force in the month.
        Some(Ordering::Greater) => None,
        _ if kinds[0] && !is_list => Some(Reading::Word("死亡")),
        Some(Ordering::Equal) => Some(Reading::Word("本月停止")),
        _ if kinds[1] && !is_list => Some(Reading::Word("迁出")),
        _ => Some(Reading::Word("停止")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Heading, standing};
    use crate::model::raw::{SheetName, TableHead};
    use crate::normalise::sheet::tests::definition;

    #[allow(clippy::option_option, reason = "no heading, and a heading whose word is not known, are two answers")]
    fn said(titles: &[&str], sheet: &str, file: &str) -> Option<Option<&'static str>> {
        let head = TableHead {
            name: SheetName { file: format!("民政/新增及停发公示/{file}"), sheet: sheet.to_owned() },
            preamble: titles.iter().map(|line| (*line).to_owned()).collect(),
            ..TableHead::default()
        };
        let definition = definition(crate::model::registry::Grain::Person);
        standing(&head, &definition, "2018-06-30".parse().expect("a day")).map(|Heading { word, .. }| word)
    }

    #[test]
    fn what_a_heading_says_of_all_rows() {
        for text in [
            "低保对象名册",
            "2018年6月城乡低保发放表",
            "残疾人两项补贴申请审批表",
            "正安县2018年特困供养金发放花名册",
            "和溪镇低保公示名单",
            "脱贫退出户名单",
            "退役军人参保名册",
            "2018届毕业生名册",
            "未脱贫人口信息",
            "填报说明：死亡、迁出人员不填",
            "在保",
            "6月新增",
            "2018年7月停发人员",
            "低保待遇审核表",
            "Sheet1",
        ] {
            assert_eq!(said(&[text], "Sheet1", "低保.xlsx"), None, "{text}");
            assert_eq!(said(&[], "Sheet1", &format!("{text}.xlsx")), None, "{text}");
        }
        let read = [
            ("2018年自然减少人员名单", "停止"),
            ("停保人员", "停止"),
            ("5月停", "停止"),
            ("转出", "迁出"),
            ("2018年死亡人员", "死亡"),
            ("死亡注销", "死亡"),
            ("死亡、停保人员名单", "停止"),
            ("拟新增（待审批）", "待审批"),
            ("退出名单", "停止"),
            ("2018年6月停发人员", "本月停止"),
            ("审核未通过人员", "停止"),
            ("退费人员", "退费"),
        ];
        for (text, word) in read {
            assert_eq!(said(&[text], "Sheet1", "低保.xlsx"), Some(Some(word)), "{text}");
            assert_eq!(said(&[], text, "低保.xlsx"), Some(Some(word)), "{text}");
            assert_eq!(said(&["2018年低保花名册"], "Sheet1", &format!("{text}.xlsx")), Some(Some(word)), "{text}");
        }
        for text in
            ["新增及停发人员", "拟取消", "暂停发放人员", "未享受人员", "低保申请人员名单", "清退后名单", "异动（死亡、新增）"]
        {
            assert_eq!(said(&[text], "Sheet1", "低保.xlsx"), Some(None), "{text}");
        }
        assert_eq!(said(&["2018年在册人员"], "停保", "低保.xlsx"), Some(None));
        assert_eq!(said(&[], "在保", "低保在保及停保人员.xlsx"), None);
    }
}
