//! The pieces and words of a line between rows, and how a line may be shown.

use std::borrow::Cow;
use std::ops::Range;

use crate::model::personal::{mask_name, mask_number};
use crate::model::school::school_in;

/// Words that say no more than that the rows below stand as all others.
pub(super) const PLAIN: [&str; 54] = [
    "新增",
    "新纳入",
    "新进",
    "新参保",
    "原有",
    "在保",
    "在册",
    "在校",
    "在读",
    "在园",
    "享受",
    "续保",
    "续参",
    "保留",
    "继续享受",
    "继续保障",
    "参保",
    "参合",
    "已参保",
    "已参合",
    "已缴费",
    "缴费",
    "发放",
    "持证",
    "全部",
    "其中",
    "A类",
    "B类",
    "C类",
    "一类",
    "二类",
    "三类",
    "单人保",
    "整户保",
    "贫困",
    "低保",
    "特困",
    "五保",
    "建档立卡",
    "一般",
    "普通",
    "优抚",
    "残疾",
    "重残",
    "重病",
    "大病",
    "因病",
    "因残",
    "单亲",
    "计生",
    "农村",
    "城镇",
    "城市",
    "农业",
];
/// What is left over, in whatever respect.
pub(super) const REST: [&str; 4] = ["其他", "其它", "其余", "另外"];
/// Characters of a line that are shown.
const SHOWN: usize = 24;

/// The pieces of a line, without what adorns them. What parts dates parts nothing.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let signs: Vec<(usize, char)> = text.char_indices().collect();
    let parts = |at: usize| {
        let (_, sign) = signs[at];
        let between = || {
            let digit = |at: usize| signs.get(at).is_some_and(|(_, sign)| sign.is_ascii_digit());
            at > 0 && digit(at - 1) && digit(at + 1)
        };
        !(sign.is_alphanumeric() || matches!(sign, '-' | '.' | '~' | '—' | '–') && between())
    };
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut start = None;
    for (at, (byte, sign)) in signs.iter().enumerate() {
        if parts(at) {
            ranges.extend(start.take().map(|start| start..*byte));
        } else {
            start.get_or_insert(*byte);
            if at + 1 == signs.len() {
                ranges.extend(start.take().map(|start| start..byte + sign.len_utf8()));
            }
        }
    }
    ranges.into_iter().filter_map(|range| text.get(range))
}

/// `48人`, `共12户48人`, `小计48人`.
pub(super) fn is_count(piece: &str) -> bool {
    let counts = |sign: char| sign.is_ascii_digit() || "共计小合总户人名口约有个元万为".contains(sign);
    piece.chars().any(|sign| sign.is_ascii_digit()) && piece.chars().all(counts)
}

/// `瑞溪共12户`, `瑞溪48人` without how many.
pub(super) fn without_count(piece: &str) -> &str {
    let at = piece.find(|sign: char| sign.is_ascii_digit()).unwrap_or(piece.len());
    let (said, count) = piece.split_at(at);
    if is_count(count) { said.trim_end_matches(|sign| "共计小合总约有".contains(sign)) } else { piece }
}

/// A piece, and what is left of it without words that only introduce or count, shorter and shorter.
pub(super) fn cores(piece: &str) -> Vec<&str> {
    const BEFORE: [&str; 16] = [
        "以下",
        "下列",
        "下面",
        "全部为",
        "均为",
        "都是",
        "为",
        "是",
        "系",
        "本月",
        "本期",
        "当月",
        "本次",
        "人员",
        "对象",
        "学生",
    ];
    const BEHIND: [&str; 28] = [
        "花名册",
        "名单",
        "名册",
        "明细表",
        "明细",
        "一览表",
        "汇总表",
        "汇总",
        "情况",
        "如下",
        "部分",
        "人员",
        "对象",
        "学生",
        "家庭",
        "群众",
        "居民",
        "户",
        "者",
        "人",
        "的",
        "残疾人",
        "低保",
        "参合",
        "参保",
        "发放",
        "学段",
        "部",
    ];
    let mut core = piece;
    let mut cores = vec![core];
    loop {
        let shorter = BEFORE.iter().find_map(|word| core.strip_prefix(word));
        let shorter =
            shorter.or_else(|| BEHIND.iter().find_map(|word| core.strip_suffix(word))).filter(|shorter| !shorter.is_empty());
        let Some(shorter) = shorter else { return cores };
        core = shorter;
        cores.push(core);
    }
}

/// `瑞溪小学`, never `小学`.
pub(super) fn is_school(piece: &str) -> bool {
    school_in(piece) == Some(piece)
}

/// A line as it may be shown: numbers masked, and what may be a name.
pub(super) fn shown(text: &str) -> String {
    let text = if text.contains(['（', '(']) { text } else { text.trim_matches(|sign: char| !sign.is_alphanumeric()) };
    let length = text.chars().count();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let cut: Cow<'_, str> = if length > SHOWN { text.chars().take(SHOWN).chain(['…']).collect() } else { text.into() };
    if digits >= 9 {
        return mask_number(&cut);
    }
    let may_be_name = length <= 3 && !cores(text).iter().any(|core| PLAIN.contains(core)) && !text.chars().any(says_status);
    if may_be_name { mask_name(&cut) } else { cut.into_owned() }
}

/// Characters of words on how somebody stands; a short text with one is no name that must not be shown.
fn says_status(sign: char) -> bool {
    "停退保销未已不拟死亡迁注取消休学转毕业辍缴补一二三四五六级他".contains(sign)
}
