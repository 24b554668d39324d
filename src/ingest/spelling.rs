//! The ways a header may be read: as it stands, and loosely.
//!
//! [`readings`] are exact: the folded header, and for one of several levels its joined and last ones. [`loose_readings`] also take off what
//! forms, questionnaires and programs put round a header: a number before it, a remark in brackets, a dotted path, a word for whoever the list is
//! of. Neither ever drops a word that speaks of somebody else: `监护人身份证号` is not `身份证号`. Cost: a few short texts per header.

use super::characters::has_digits;
use crate::config::registry::fold_header;

/// Whose columns are never the person's own, when they stand above or before `姓名` or `身份证号`.
const OTHERS: [&str; 54] = [
    "户主",
    "监护人",
    "监护责任",
    "配偶",
    "父",
    "母",
    "申请人",
    "代理人",
    "领取人",
    "代领",
    "领款",
    "收款",
    "联系人",
    "经办",
    "负责人",
    "责任人",
    "帮扶",
    "建档立卡人",
    "医生",
    "干部",
    "赡养",
    "扶养",
    "抚养",
    "照料",
    "账户",
    "开户",
    "户名",
    "持卡",
    "填表",
    "审核",
    "审批",
    "调查",
    "入户",
    "包保",
    "结对",
    "驻村",
    "组长",
    "支书",
    "主任",
    "校长",
    "教师",
    "老师",
    "法人",
    "代表人",
    "委托",
    "担保",
    "家长",
    "子女",
    "亲属",
    "家属",
    "代养",
    "寄养",
    "代办",
    "受委托",
];

/// Words for whoever a list is of, before the name of a field; longer ones first where one begins another.
const PERSONS: [&str; 90] = [
    "特困供养人员",
    "特困供养对象",
    "五保供养对象",
    "享受政策人员",
    "家庭成员",
    "家庭人员",
    "户内成员",
    "参保人员",
    "参保居民",
    "参保对象",
    "参合人员",
    "参合农民",
    "被保险人",
    "供养人员",
    "供养对象",
    "特困人员",
    "特困对象",
    "五保对象",
    "五保人员",
    "五保老人",
    "在校学生",
    "受助学生",
    "资助学生",
    "贷款学生",
    "参训人员",
    "培训人员",
    "贫困人口",
    "贫困人员",
    "低保对象",
    "低保人员",
    "保障对象",
    "保障人员",
    "救助对象",
    "救助人员",
    "补贴对象",
    "补助对象",
    "资助对象",
    "受益人员",
    "享受人员",
    "享受对象",
    "务工人员",
    "就业人员",
    "死亡人员",
    "搬迁人口",
    "搬迁对象",
    "借款学生",
    "创业人员",
    "签约居民",
    "签约对象",
    "慢病患者",
    "服务对象",
    "公示对象",
    "困难学生",
    "学生本人",
    "申请对象",
    "求职人员",
    "持卡居民",
    "住院患者",
    "住院病人",
    "逝世人员",
    "死亡人口",
    "优抚对象",
    "搬迁人员",
    "参保人",
    "参合人",
    "残疾人",
    "持证人",
    "受益人",
    "享受人",
    "劳动力",
    "借款人",
    "贷款人",
    "创业者",
    "求职者",
    "参保者",
    "务工者",
    "就业者",
    "成员",
    "学生",
    "学员",
    "幼儿",
    "患者",
    "病人",
    "死者",
    "逝者",
    "人员",
    "居民",
    "本人",
    "个人",
    "村民",
];

/// Words for the household that a head is of.
const HOUSEHOLDS: [&str; 5] = ["低保户", "贫困户", "农户", "本户", "家庭"];

/// Persons who carry a card of their own.
const CARRY_CARDS: [&str; 8] = ["残疾", "学", "特困", "五保", "供养", "低保", "救助", "持证"];

/// Last levels that mean nothing without the ones above.
const GENERIC: [&str; 8] = ["合计", "小计", "总计", "金额", "人数", "其他", "数量", "标准"];

/// Remarks that make another thing of a header: another name, another time.
const OTHER_THING: [&str; 14] =
    ["曾用", "原名", "旧", "变更前", "更正前", "上年", "去年", "上月", "上期", "累计", "应发", "计划", "预", "其他"];

/// Characters of a header, with its path and all that is explained in it, at most. Chosen: the longest of real forms have about a hundred.
const LONGEST: usize = 300;

/// Bytes that no header has: [`LONGEST`] characters of the longest kind.
const LONGEST_BYTES: usize = LONGEST * 4;

/// Levels of a header's path: headers have two or three rows. What has more is a text with slashes or dots in it, each of whose ends would be
/// looked at.
const LEVELS: usize = 12;

/// The exact ways, folded, the most specific first; none of a text that is no header.
#[must_use]
pub(super) fn readings(header: &str) -> Vec<String> {
    if header.len() > LONGEST_BYTES {
        return Vec::new();
    }
    let whole = fold_header(header);
    let levels: Vec<&str> = whole.split('/').collect();
    let mut readings = vec![whole.clone()];
    if (2..=LEVELS).contains(&levels.len()) {
        readings.push(levels.concat());
        let bare: String = levels.iter().map(|level| level.trim_end_matches("信息").trim_end_matches("基本")).collect();
        readings.push(bare);
        for start in 1..levels.len() {
            let other = levels.iter().take(start).any(|level| speaks_of_another(level));
            let rest = levels.iter().skip(start).copied().collect::<Vec<_>>().join("/");
            if !other && !GENERIC.contains(&rest.as_str()) {
                readings.push(rest);
            }
        }
    }
    readings
}

/// Whether a header, a level or a remark is about somebody else than the person of the row.
pub(super) fn speaks_of_another(text: &str) -> bool {
    let member = text.strip_prefix("家庭").unwrap_or(text);
    let numbered = member.strip_prefix("成员").is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
    // 代办人, 申报者: somebody whom no list is of.
    let stranger = text.ends_with(['人', '者', '方']) && !PERSONS.contains(&text);
    let stranger = stranger && !text.starts_with("是否") && !text.ends_with("本人");
    numbered || stranger || OTHERS.iter().any(|other| text.contains(other))
}

/// Whether a header says nothing of whose name or number it is.
pub(super) fn is_bare(header: &str) -> bool {
    let folded = fold_header(header);
    !folded.contains('/') && !speaks_of_another(&folded) && PERSONS.iter().all(|person| !folded.starts_with(person))
}

/// Further ways, folded, to be believed where no other column says the same exactly.
#[must_use]
pub(super) fn loose_readings(header: &str) -> Vec<String> {
    if header.chars().nth(LONGEST).is_some() {
        return Vec::new();
    }
    let folded: String = fold_header(header)
        .chars()
        .filter(|sign| !matches!(sign, '?' | '!' | '★' | '☆' | '#' | '※' | '▲' | '△' | '●' | '○'))
        .collect();
    let unnumbered = without_number(&folded);
    let path: String = unnumbered.chars().map(|sign| if is_separator(sign) { '/' } else { sign }).collect();
    let levels: Vec<String> = path.split('/').map(plain_level).filter(|level| !level.is_empty()).collect();
    let mut found: Vec<String> = Vec::new();
    for reading in with_remarks(&levels.join("/")).iter().flat_map(|form| readings(form)) {
        // A list that is of somebody names him before each field.
        let own = PERSONS.iter().filter_map(|person| Some((person, reading.strip_prefix(person)?)));
        // 残疾人证件号码 is the certificate's.
        let own = own.filter(|(person, rest)| !(rest.starts_with('证') && CARRY_CARDS.iter().any(|word| person.contains(word))));
        let own = own.map(|(_, rest)| rest.trim_start_matches(['的', '之']));
        let household = HOUSEHOLDS.iter().filter_map(|word| reading.strip_prefix(word)).filter(|rest| rest.starts_with("户主"));
        let own = own.chain(household);
        let own: Vec<String> = own.filter(|rest| rest.chars().count() >= 2).map(str::to_owned).collect();
        found.extend(in_common_words(&reading));
        found.extend(without_time(&reading));
        found.push(reading);
        found.extend(own);
    }
    found
}

/// An amount by the year, the quarter, as the same by the month or by none: what it is by stays in the header, and the unit is read there. `4-6月补贴金额`
/// loses its months likewise.
fn without_time(reading: &str) -> Vec<String> {
    const TIMES: [&str; 12] =
        ["本季度", "每季度", "按季度", "季度", "本年度", "全年度", "全年", "年度", "半年", "每年", "年", "季"];
    const AMOUNTS: [&str; 9] = ["金额", "补贴", "补助", "标准", "保障金", "供养金", "补差", "收入", "施保金"];
    if !AMOUNTS.iter().any(|word| reading.contains(word))
        || ["上年", "去年", "往年", "历年", "老年", "青年"].iter().any(|word| reading.contains(word))
    {
        return Vec::new();
    }
    let is_sign = |c: char| c.is_ascii_digit() || "年月季度第一二三四五六七八九十至到-~、—".contains(c);
    let named = reading.trim_start_matches(is_sign);
    let is_month =
        named.len() < reading.len() && reading.strip_suffix(named).is_some_and(|months| months.ends_with(['月', '度']));
    let named = is_month.then(|| named.to_owned());
    let month = ["本月", "当月", "每月"].iter().find_map(|word| reading.strip_prefix(word)).map(str::to_owned);
    let time = TIMES.iter().find(|word| reading.contains(**word));
    let by_none = time.map(|word| reading.replacen(word, "", 1).trim_end_matches('/').to_owned());
    let by_month = time.map(|word| reading.replacen(word, "月", 1));
    [named, month, by_month, by_none].into_iter().flatten().filter(|text| text.chars().count() >= 3).collect()
}

/// Whosever number it is, in the words that aliases have: `女方公民身份号码` → `女方身份证号`.
fn in_common_words(reading: &str) -> Option<String> {
    const NUMBERS: [&str; 16] = [
        "有效身份证件号码",
        "公民身份证件号码",
        "公民身份证号码",
        "居民身份证号码",
        "公民身份证号",
        "居民身份证号",
        "身份证件号码",
        "公民身份号码",
        "身份证件号",
        "身份证件编号",
        "身份证号码",
        "身份证编号",
        "身份号码",
        "证件号码",
        "证件号",
        "身份证",
    ];
    let whose = NUMBERS.iter().find_map(|number| reading.strip_suffix(number)).filter(|whose| !whose.is_empty())?;
    Some(format!("{whose}身份证号"))
}

fn is_separator(sign: char) -> bool {
    matches!(sign, '.' | '。' | '_' | '-' | '—' | '–' | '\\' | '|' | '>' | '→' | '·' | ';' | '@')
}

/// Without the number that a questionnaire or form puts before it: `1、`, `(2)`, `三、`, `q4_`, `5`.
fn without_number(text: &str) -> &str {
    let start = text.trim_start_matches(['q', '第', '(']);
    let digits = start.trim_start_matches(|sign: char| sign.is_ascii_digit());
    let numerals = start.trim_start_matches(['一', '二', '三', '四', '五', '六', '七', '八', '九', '十']);
    let is_mark = |sign: char| matches!(sign, '、' | '.' | ',' | ')' | '_' | '-' | '题' | '/' | '．');
    if digits.len() < start.len() && start.len() - digits.len() <= 3 {
        return digits.trim_start_matches(is_mark);
    }
    let marked = numerals.trim_start_matches(is_mark);
    if numerals.len() < start.len() && marked.len() < numerals.len() { marked } else { text }
}

/// A level without what is said to whoever fills it in.
fn plain_level(level: &str) -> String {
    const ASKED: [&str; 8] = ["请填写", "请输入", "请选择", "请问", "您的", "你的", "填写", "您"];
    const TOLD: [&str; 6] = ["必填", "选填", "必须填写", "下拉选择", "18位", "15或18位"];
    let mut text = without_number(level);
    while let Some(rest) = ASKED.iter().find_map(|word| text.strip_prefix(word)) {
        text = rest;
    }
    while let Some(rest) = TOLD.iter().find_map(|word| text.strip_suffix(word)) {
        text = rest;
    }
    text.trim_matches([',', '，', '、', '.']).to_owned()
}

/// The header without its remarks in brackets; where a remark names somebody else, it goes before the header; none where it makes another thing of it.
fn with_remarks(text: &str) -> Vec<String> {
    let Some((before, rest)) = text.split_once('(') else { return vec![text.to_owned()] };
    let (remark, after) = rest.split_once(')').unwrap_or((rest, ""));
    if speaks_of_another(remark) {
        return vec![format!("{remark}{before}{after}"), remark.to_owned()];
    }
    let dated = has_digits(remark, 4);
    if dated || OTHER_THING.iter().any(|word| remark.contains(word)) {
        return Vec::new();
    }
    with_remarks(&format!("{before}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_round_a_header_is_taken_off() {
        for (header, field) in [
            ("1、您的姓名：", "姓名"),
            ("（2）身份证号码", "身份证号码"),
            ("三、与户主关系", "与户主关系"),
            ("姓名（与户口簿一致）", "姓名"),
            ("身份证号码（18位，末位X大写）", "身份证号码"),
            ("参保人.姓名", "姓名"),
            ("社保信息／缴费金额", "缴费金额"),
            ("供养对象身份证号", "身份证号"),
            ("残疾人的联系电话", "联系电话"),
            ("基本信息_学生_姓名", "姓名"),
            ("Q3_性别", "性别"),
            ("身份证号码必填", "身份证号码"),
            ("联系电话（户主）", "户主联系电话"),
            ("身份证件号（学生本人）", "身份证件号"),
            ("1.低保户户主姓名", "户主姓名"),
            ("女方公民身份号码", "女方身份证号"),
        ] {
            assert!(loose_readings(header).iter().any(|reading| reading == field), "{header}: {:?}", loose_readings(header));
        }
    }

    #[test]
    fn a_text_of_many_dots_is_no_path() {
        let name = "张·".repeat(10_000);
        assert!(readings(&name.replace('·', "/")).is_empty());
        assert_eq!(readings(&"张/".repeat(100)).len(), 1);
        assert!(loose_readings(&name).is_empty() && loose_readings(&"（张）".repeat(11_000)).is_empty());
    }

    #[test]
    fn what_is_somebody_elses_stays_so() {
        for header in [
            "监护人身份证号",
            "户主身份证号",
            "开户人身份证号",
            "代领人.姓名",
            "姓名（曾用名）",
            "姓名（监护人）",
            "姓名（2017年）",
            "紧急联系人姓名",
            "学生家长姓名",
            "残疾人监护人姓名",
            "残疾人证件号",
            "帮扶干部/姓名",
            "代办人_姓名",
            "申报者.身份证号",
            "姓名（办理人）",
            "开户人/身份证号",
            "家庭成员1/姓名",
            "5、申请人姓名",
        ] {
            let own = ["姓名", "身份证号", "证件号"];
            assert!(
                !loose_readings(header).iter().any(|reading| own.contains(&reading.as_str())),
                "{header}: {:?}",
                loose_readings(header)
            );
        }
    }
}
