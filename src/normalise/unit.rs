//! What an amount is counted in: yuan, ten thousand yuan …; a month, a quarter, a year.
//!
//! [`Unit::of`] reads a header (`补贴标准（元/年）`, `年补贴金额`, `金额（万元）`), else the line above the table (`单位：万元`). What looks like a unit and
//! is not understood makes it unreadable, and so do a header and a line that contradict each other: its amounts are none. Total over any text.

use unicode_normalization::UnicodeNormalization;

use super::period::{self, Named};
use crate::model::field::Per;

/// Unit of a column or cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// What one counts.
    pub scale: Scale,
    /// What an amount is for, where that is said.
    pub per: Option<Per>,
    /// Whose an amount is, where that is said.
    pub whose: Option<Whose>,
    /// The months that the header names.
    pub(super) months: Option<Named>,
    /// The year that the header names.
    pub(super) year: Option<i32>,
    /// Whether it says that back payments are in it, or amounts taken back.
    pub has_back_payments: bool,
    /// Whether it says what is due in a month, not what was paid in one.
    pub is_standard: bool,
    /// Whether it cannot be understood.
    pub is_unclear: bool,
}

/// Whose an amount is: `（元/人·月）`, `（元/户）`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// One person's.
    Person,
    /// A household's.
    Household,
}

impl Whose {
    /// What stands behind a slash or 每 in a unit; none where both do, or neither.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let by = |signs: &[&str]| signs.iter().any(|sign| text.contains(sign));
        match (by(&["/人", "每人", "·人", ".人", "/生", "人/"]), by(&["/户", "每户", "·户", ".户", "户/", "全户", "整户"]))
        {
            (true, false) => Some(Self::Person),
            (false, true) => Some(Self::Household),
            _ => None,
        }
    }
}

/// What one counts in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// 分.
    Fen,
    /// 角.
    Jiao,
    /// 元.
    Yuan,
    /// 百元.
    Hundred,
    /// 千元.
    Thousand,
    /// 万元.
    TenThousand,
}

impl Scale {
    /// Decimal places from the unit down to fen.
    pub(super) fn places(self) -> usize {
        match self {
            Self::Fen => 0,
            Self::Jiao => 1,
            Self::Yuan => 2,
            Self::Hundred => 4,
            Self::Thousand => 5,
            Self::TenThousand => 6,
        }
    }
}

/// Words of scales, longer ones first.
const SCALES: [(&str, Scale); 12] = [
    ("万元", Scale::TenThousand),
    ("千元", Scale::Thousand),
    ("百元", Scale::Hundred),
    ("人民币", Scale::Yuan),
    ("元整", Scale::Yuan),
    ("元", Scale::Yuan),
    ("圆", Scale::Yuan),
    ("块", Scale::Yuan),
    ("万", Scale::TenThousand),
    ("千", Scale::Thousand),
    ("角", Scale::Jiao),
    ("分", Scale::Fen),
];

/// Words of time, longer ones first.
const TIMES: [(&str, Per); 18] = [
    ("季度", Per::Quarter),
    ("半年", Per::HalfYear),
    ("学期", Per::Semester),
    ("学年", Per::Year),
    ("全年", Per::Year),
    ("年度", Per::Year),
    ("个月", Per::Month),
    ("月份", Per::Month),
    ("月", Per::Month),
    ("季", Per::Quarter),
    ("年", Per::Year),
    ("天", Per::Day),
    ("日", Per::Day),
    ("周", Per::Day),
    ("旬", Per::Day),
    ("次", Per::Once),
    ("期", Per::Once),
    ("批", Per::Once),
];

/// Words in a header in which a word of time is none.
const TIMELESS: [&str; 24] = [
    "春季", "秋季", "夏季", "冬季", "年级", "年份", "老年", "青年", "少年", "成年", "幼年", "高龄", "年龄", "年老", "年满",
    "学前", "今日", "生日", "部分", "分类", "分散", "学分", "分项", "充分",
];

impl Unit {
    /// Yuan, for no time that is said.
    pub const YUAN: Self = Self {
        scale: Scale::Yuan,
        per: None,
        whose: None,
        months: None,
        year: None,
        has_back_payments: false,
        is_standard: false,
        is_unclear: false,
    };

    /// What a header names, else a line above the table (`单位：人，万元`), else yuan.
    #[must_use]
    pub fn of(header: &str, preamble: &[String]) -> Self {
        let plain: String = header.nfkc().filter(|character| !character.is_whitespace()).collect();
        let (outside, bracketed) = parted(&plain);
        let mut unit = Self { has_back_payments: period::speaks_of_back_payment(header), ..Self::YUAN };
        let mut scale = None;
        for text in &bracketed {
            let Some(said) = Self::bracketed(text) else { continue };
            scale = scale.or(said.0);
            unit.is_unclear |= said.2 || unit.per.is_some() && said.1.is_some() && unit.per != said.1;
            unit.per = unit.per.or(said.1);
            unit.whose = unit.whose.or(Whose::of(text));
        }
        unit.months = period::find(&plain).filter(|months| !unit.has_back_payments && !months.are_a_year());
        unit.year = dated_year(&plain).and_then(|year| year.get(..4)?.parse().ok());
        unit.is_standard = outside.contains("标准");
        // All that was paid up to some day.
        unit.is_unclear |= ["累计", "截至", "截止"].iter().any(|word| outside.contains(word));
        let outside_per = Self::per_of_words(&outside).filter(|_| unit.months.is_none());
        unit.is_unclear |= unit.per.is_some() && outside_per.is_some() && unit.per != outside_per;
        unit.per = unit.per.or(outside_per);
        let of_words = ["万元", "千元", "百元", "元"].iter().find(|word| outside.contains(**word));
        scale = scale.or_else(|| of_words.and_then(|word| scale_of(word)));
        let lines: Vec<_> = preamble.iter().filter_map(|line| Self::of_line(line)).collect();
        unit.per = unit.per.or_else(|| lines.first().and_then(|(_, per)| *per));
        let scales = || lines.iter().filter_map(|(of_line, _)| *of_line);
        scale = scale.or_else(|| scales().next());
        // Which of two that differ is right nobody knows.
        unit.is_unclear |= scale.is_some_and(|scale| scales().any(|other| other != scale));
        Self { scale: scale.unwrap_or(Scale::Yuan), ..unit }
    }

    /// Scale and time in a bracket, and whether it is a unit that cannot be read; none where it is no unit.
    fn bracketed(text: &str) -> Option<(Option<Scale>, Option<Per>, bool)> {
        let mut rest = text.trim_start_matches("单位").trim_start_matches([':', '：']);
        let (mut scale, mut per, mut unknown) = (None, None, String::new());
        while let Some(first) = rest.chars().next() {
            if let Some((word, found)) = SCALES.iter().find(|(word, _)| rest.starts_with(word)).filter(|_| scale.is_none()) {
                scale = Some(*found);
                rest = rest.get(word.len()..).unwrap_or_default();
            } else if let Some((word, found)) = TIMES.iter().find(|(word, _)| rest.starts_with(word)) {
                per = per.or(Some(*found));
                rest = rest.get(word.len()..).unwrap_or_default();
            } else {
                if !matches!(first, '/' | '·' | '.' | '、' | ',' | '，' | '*' | '每' | '按' | '人' | '户' | '口' | '生' | '名')
                {
                    unknown.push(first);
                }
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
        if unknown.is_empty() {
            return (scale.is_some() || per.is_some()).then_some((scale, per, false));
        }
        // `（元，保留两位小数）` is yuan; `（美元）`, `（元/旬次）` are not understood.
        let is_money = text.contains('元');
        let is_foreign = ["美", "港", "欧", "日元", "亿"].iter().any(|word| text.contains(word));
        is_money.then_some((scale.filter(|_| !is_foreign), per.filter(|_| text.contains('/')), is_foreign))
    }

    /// The time that words outside of brackets say: `年补贴金额`, `每季度补贴`, `户月保障金额`.
    fn per_of_words(text: &str) -> Option<Per> {
        let mut text = text.to_owned();
        for word in TIMELESS {
            text = text.replace(word, "");
        }
        let dated = dated_year(&text);
        let rest = dated.map_or_else(|| text.clone(), |year| text.replacen(year, "", 1));
        let known = ["季度", "半年", "学期", "学年", "全年", "年度", "年", "季", "月"];
        let found = known.into_iter().find(|word| rest.contains(word));
        let per = found.and_then(|word| TIMES.iter().find(|(time, _)| *time == word)).map(|(_, per)| *per);
        // `2018年补贴金额`; a year on a level of its own is the list's.
        per.or_else(|| dated.filter(|_| !text.contains('/')).map(|_| Per::Year))
    }

    fn of_line(line: &str) -> Option<(Option<Scale>, Option<Per>)> {
        let (before, after) = line.split_once("单位")?;
        // 填报单位, 制表单位 name an office; the unit may still follow on the same line.
        let office = before.ends_with(['报', '表', '责', '办', '送', '位']);
        let text = if office { after.split_once("单位").map(|(_, rest)| rest)? } else { after };
        let text: String = text.nfkc().filter(|character| !character.is_whitespace()).collect();
        let at = text.find('元')?;
        let word = ["万元", "千元", "百元", "元"].into_iter().find(|word| text.contains(word))?;
        let per = text.get(at + '元'.len_utf8()..).filter(|rest| rest.starts_with(['/', '每'])).and_then(Self::per_of_words);
        Some((scale_of(word), per))
    }
}

/// `2018年`, `2018年度` in a text.
fn dated_year(text: &str) -> Option<&str> {
    let at = text.find('年')?;
    let start = at.checked_sub(4)?;
    let digits = text.get(start..at).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let end = at + '年'.len_utf8();
    let end = if text.get(end..).is_some_and(|rest| rest.starts_with('度')) { end + '度'.len_utf8() } else { end };
    text.get(start..end).filter(|_| digits.starts_with(['1', '2']))
}

fn scale_of(word: &str) -> Option<Scale> {
    SCALES.iter().find(|(known, _)| *known == word).map(|(_, scale)| *scale)
}

/// The text outside of brackets, and what stands in each.
fn parted(text: &str) -> (String, Vec<String>) {
    let (mut outside, mut inside, mut open) = (String::new(), Vec::new(), None::<String>);
    for character in text.chars() {
        match (character, &mut open) {
            ('(' | '[' | '【' | '〔' | '{', None) => open = Some(String::new()),
            (')' | ']' | '】' | '〕' | '}', Some(_)) => inside.extend(open.take()),
            (other, Some(bracket)) => bracket.push(other),
            (other, None) => outside.push(other),
        }
    }
    // An open bracket, and `元/人/月` behind a slash.
    inside.extend(open);
    if let Some(at) = outside.find('元').filter(|at| outside.get(*at..).is_some_and(|rest| rest.starts_with("元/"))) {
        inside.push(outside.split_off(at));
    }
    (outside, inside)
}

/// The unit that stands behind a number in a cell: `元`, `/月`, `元/人·月`, `万元`; none where it is no unit.
pub(super) fn behind(text: &str) -> Option<(Option<Scale>, Option<Per>)> {
    if text.is_empty() {
        return Some((None, None));
    }
    let (scale, per, unclear) = Unit::bracketed(text)?;
    (!unclear && !text.contains(['口', '名', ',']) && (scale.is_some() || text.starts_with(['/', '每']))).then_some((scale, per))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: &str) -> (Scale, Option<Per>, bool) {
        let unit = Unit::of(header, &[]);
        (unit.scale, unit.per, unit.is_unclear)
    }

    #[test]
    fn headers_say_scale_and_time() {
        let yuan = Scale::Yuan;
        for (header, right) in [
            ("补贴标准（元/年）", (yuan, Some(Per::Year), false)),
            ("年补贴金额", (yuan, Some(Per::Year), false)),
            ("补贴金额（万元）", (Scale::TenThousand, None, false)),
            ("补贴金额(万)", (Scale::TenThousand, None, false)),
            ("补贴金额（元/季度）", (yuan, Some(Per::Quarter), false)),
            ("发放金额（季）", (yuan, Some(Per::Quarter), false)),
            ("补贴金额（元/人·月）", (yuan, Some(Per::Month), false)),
            ("补贴金额（元/人/月）", (yuan, Some(Per::Month), false)),
            ("补贴金额元/人/月", (yuan, Some(Per::Month), false)),
            ("补贴金额（分）", (Scale::Fen, None, false)),
            ("补贴金额（角）", (Scale::Jiao, None, false)),
            ("补贴金额（单位：元）", (yuan, None, false)),
            ("金额（元，保留两位小数）", (yuan, None, false)),
            ("金额（美元）", (yuan, None, true)),
            ("户月保障金额（元）", (yuan, Some(Per::Month), false)),
            ("户年保障金额", (yuan, Some(Per::Year), false)),
            ("全年补贴金额", (yuan, Some(Per::Year), false)),
            ("补贴金额（半年）", (yuan, Some(Per::HalfYear), false)),
            ("补贴金额（元/学期）", (yuan, Some(Per::Semester), false)),
            ("月补贴标准（元/年）", (yuan, Some(Per::Month), true)),
            ("老年补贴金额", (yuan, None, false)),
            ("春季资助金额", (yuan, None, false)),
            ("2018年补贴金额", (yuan, Some(Per::Year), false)),
            ("2018年/户月保障金额（元）", (yuan, Some(Per::Month), false)),
            ("2018年农村低保发放明细/保障金", (yuan, None, false)),
            ("分类施保金", (yuan, None, false)),
            ("实发金额（已审核）", (yuan, None, false)),
        ] {
            let (scale, per, unclear) = of(header);
            assert_eq!((scale, per.filter(|_| !unclear), unclear), (right.0, right.1.filter(|_| !right.2), right.2), "{header}");
        }
        assert!(Unit::of("补贴金额（含补发4-5月）", &[]).has_back_payments);
        assert!(Unit::of("4-6月补贴金额", &[]).months.is_some_and(|_| Unit::of("4-6月补贴金额", &[]).per.is_none()));
    }

    #[test]
    fn units_come_from_header_then_unit_row() {
        let rows = |text: &str| vec!["2018年统计表".to_owned(), text.to_owned()];
        let scale = |header: &str, line: &str| Unit::of(header, &rows(line)).scale;
        assert_eq!(scale("保障金（元）", "单位：人，元"), Scale::Yuan);
        assert_eq!(scale("金额", "单位：人，万元"), Scale::TenThousand);
        assert_eq!(scale("金额", "填报单位：万元村委会"), Scale::Yuan);
        assert_eq!(scale("金额", "填报单位：县民政局  单位：万元"), Scale::TenThousand);
        let unclear = |header: &str, line: &str| Unit::of(header, &rows(line)).is_unclear;
        assert!(
            unclear("保障金（元）", "单位：人，万元") && unclear("保障金（万元）", "单位：元") && unclear("万元补助", "单位：元")
        );
        assert!(
            !unclear("保障金（元）", "单位：元")
                && !unclear("保障金", "单位：万元")
                && !unclear("保障金（元）", "填报单位：万元村委会")
        );
        assert!(Unit::of("金额", &["单位：元".to_owned(), "单位：万元".to_owned()]).is_unclear);
        assert_eq!(Unit::of("金额", &rows("单位：元/年")).per, Some(Per::Year));
        assert_eq!(Unit::of("金额", &rows("单位：元/人·月")).per, Some(Per::Month));
    }
}
