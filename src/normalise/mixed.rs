//! What is said of an amount beside its column: that other money is in it (`含护理费`, `其中取暖补贴100元`), or that it is for a part of the month
//! (`半月`, `6月16日起享受`).
//!
//! Takes remarks and headers; gives why the amount is not what is due for a month. Total over any text; O(its length).

use super::period;
use super::repair::Repair;
use super::status_words::any;
use crate::model::date::Month;

/// What says that something is in an amount, or stands beside it.
const WITHIN: &str = "含 其中 包括 连同 加上 外加 + ＋";
const WITHOUT: &str = "不含 未含 不包括 不包含 未包括 除外";
/// Money that is not what a standard is of.
const OTHERS: &str = "护理 照料 照护 丧葬 取暖 慰问 价格 物价 高龄 医疗 救助 津贴 奖 临时补 一次性 施保 增发";
/// Parts of a month.
const PARTS: &str = "半月 半个月 按天 按日 不足月 不足一月 不足一个月 不满一月 不满一个月 非整月 天数";
/// What begins or ends on a day.
const TURNS: &str = "起 新增 纳入 享受 开始 停 死 亡 去世 病故 入住 认定 审批 批准 迁";
/// What is done on a day and says nothing of the days paid for.
const PAID: &str = "发放 打卡 到账 领取";

/// Why an amount of which this is said is not what is due for the month of `period`; `None` where it may well be.
pub(super) fn why_not_whole(said: &str, period: Month) -> Option<Repair> {
    if said.is_ascii() {
        return None;
    }
    if any(said, OTHERS) && any(said, WITHIN) && !any(said, WITHOUT) {
        return Some(Repair::OtherMoney);
    }
    (any(said, PARTS) || any(said, TURNS) && !any(said, PAID) && names_a_day(said, period)).then_some(Repair::OtherUnit)
}

/// Whether a day of the month is named: `6月16日`, `2018.6.16`, `16号`.
fn names_a_day(said: &str, period: Month) -> bool {
    let is_digit = |sign: char| sign.is_ascii_digit();
    let mut marks = said.match_indices(['日', '号']).filter_map(|(at, _)| said.get(..at));
    let Some(day) = marks.find(|before| before.ends_with(is_digit)) else { return false };
    let before = day.trim_end_matches(is_digit);
    // From its first day on, a month is whole.
    if matches!(day.get(before.len()..), Some("1" | "01")) {
        return false;
    }
    match period::find(before) {
        None => !before.contains(['年', '月']),
        Some(named) => named.in_year(Some(period.year())).is_some_and(|months| months.from == period && months.to == period),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_remarks_say_of_an_amount() {
        let june = Month::new(2018, 6).expect("a month");
        let why = |said: &str| why_not_whole(said, june);
        for said in ["其中照料护理费100元", "含护理费", "含取暖补贴100元", "741+护理费100", "包括价格补贴", "含分类施保金60"]
        {
            assert_eq!(why(said), Some(Repair::OtherMoney), "{said}");
        }
        for said in ["6月半月", "半个月", "6月16日新增", "16日起享受", "按天计发", "6月20日死亡", "2018年6月16日起"]
        {
            assert_eq!(why(said), Some(Repair::OtherUnit), "{said}");
        }
        for said in [
            "不含护理费",
            "外出务工",
            "需要护理",
            "6月16日发放",
            "6月1日起享受",
            "2015年6月16日新增",
            "5月16日新增",
            "账号错误",
            "6月新增",
            "",
        ] {
            assert_eq!(why(said), None, "{said}");
        }
    }
}
