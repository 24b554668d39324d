//! Comparisons, levels, blocking rules and weights in plain Chinese, for workbooks and `explain`.

use crate::model::link::CLASH;

/// What a weight is. In bits, but nobody who reads lists knows what a bit is.
pub const LEGEND: &str = "把握分：逐项比对得分之和；0 分是一半对一半，每高 1 分，是同一人的胜算翻一番";

/// `把握分 18.3，可能性 99.99%以上`.
#[must_use]
pub fn odds(weight: f32, probability: f32) -> String {
    let likely = match f64::from(probability) * 100.0 {
        share if share >= 99.99 => "99.99%以上".to_owned(),
        share if share < 0.01 => "不到0.01%".to_owned(),
        share => format!("{share:.2}%"),
    };
    format!("把握分 {weight:.1}，可能性 {likely}")
}

/// Why a pair was left open: `证据不足以认定`; the word itself where there is none.
#[must_use]
pub fn reason(name: &str) -> &str {
    match name {
        "weak" => "证据不足以认定",
        "tie" => "有两个以上人选，分不清",
        "chain" => "分数够了，但与同组的其他行不符",
        CLASH => "号码相同、姓名不同",
        other => other,
    }
}

use super::link::BlockingRule;

/// A comparison: `姓名`; the word itself where there is none.
#[must_use]
pub fn comparison(name: &str) -> &str {
    match name {
        "prior" => "起始分（未比对时）",
        "id_number" => "证件号码",
        "name" => "姓名",
        "name_frequency" => "姓名常见度",
        "birth" => "出生日期",
        "sex" => "性别",
        "place" => "地点",
        "household" => "户",
        "phone" => "电话",
        "neighbours" => "上下行",
        "namesakes" => "同村同名",
        "lists" => "所在名册",
        other => other,
    }
}

/// A level of a comparison: `同音不同字`; the word itself where there is none.
#[must_use]
pub fn level<'a>(of: &str, name: &'a str) -> &'a str {
    match (of, name) {
        ("id_number", "corrected by hand") => "与村里更正的号码相同",
        ("id_number", "one digit differs") => "错一位",
        ("id_number", "neighbours swapped") => "相邻两位颠倒",
        ("id_number", "character missing or doubled") => "少一位或多一位",
        ("id_number", "float rounding") => "被表格取整",
        ("id_number", "float stem") => "前15位相同，末三位被表格改成0",
        ("id_number", "masked alike") => "未遮盖部分相同",
        ("id_number", "same birth and sequence") => "仅地区码不同",
        ("id_number", "two slips") => "错两处",
        ("id_number", "same birth") => "号码中出生日期相同",
        ("id_number", "another member's number") => "是同户另一人的号码",
        ("id_number", "contested") => "号码有两人在用",
        ("id_number", "damaged, unlike") => "号码受损且对不上",
        ("id_number", "two valid numbers") => "两个都有效且不同",
        ("name", "unknown character") => "含认不出的字，其余相同",
        ("name", "same sound") => "同音不同字",
        ("name", "one character looks alike") => "一字形近",
        ("name", "one character dropped") => "少一字",
        ("name", "one character differs") => "一字不同",
        ("name", "one character differs, kin") => "同户一字不同（可能是兄弟姐妹）",
        ("birth", "day and month swapped") => "月日颠倒",
        ("birth", "one part differs") => "年、月、日有一处不同",
        ("place", "village") => "同村",
        ("place", "town") => "同乡镇不同村",
        ("place", "town, village unknown") => "同乡镇，村不详",
        ("place", "elsewhere") => "不同乡镇",
        ("household", "same code") => "同一户编号",
        ("household", "two members linked") => "户中另有两人以上对上",
        ("household", "one member linked") => "户中另有一人对上",
        ("household", "same head") => "户主同名",
        ("household", "apart") => "两户无人对上",
        ("household", "other head") => "户主不同名",
        ("neighbours", "both rows beside") => "上下两行都是同户",
        ("neighbours", "one row beside") => "上下一行是同户",
        ("neighbours", "elsewhere") => "上下行都不是同户",
        ("namesakes", "only one in the village") => "全部名册中本村只有一人叫这个名字",
        ("lists", "like most of the list") => "与本表多数人一样，别人少有",
        ("lists", "like many of the list") => "与本表许多人一样",
        ("lists", "unlike the list") => "与本表的人少有一样",
        (_, "term frequency") => "常见程度",
        (_, "else") => "其余情形",
        (_, "equal" | "same" | "exact") => "相同",
        (_, "different") => "不同",
        (_, other) => other,
    }
}

/// How a row came to its person: `姓名和出生日期相同`; the word itself where there is none.
#[must_use]
pub fn rule(name: &str) -> &str {
    match name {
        "equal number" => "号码相同、姓名相符",
        "same as another row" => "与本表另一行内容相同",
        "decision" => "人工核对认定",
        other => BlockingRule::parse(other).map_or(other, |rule| rule.plain()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::link::{COMPARISONS, LinkModel};

    #[test]
    fn everything_the_model_can_say_has_a_chinese_word() {
        let chinese = |text: &str| text.chars().any(|c| ('一'..='龥').contains(&c));
        for (name, levels) in COMPARISONS {
            assert!(chinese(comparison(name)), "{name}");
            for wanted in levels {
                assert!(chinese(level(name, wanted)), "{name} {wanted}");
            }
        }
        for wanted in LinkModel::shipped().expect("sound").blocking.rules {
            assert!(chinese(rule(wanted.as_str())), "{}", wanted.as_str());
        }
    }
}
