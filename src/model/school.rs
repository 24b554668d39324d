//! The school that a text names, and the grade and class: a line between rows, a title, the name of a sheet or a file.
//!
//! Takes any text; gives the one school that it names in full, `None` where it names several, or only what schools are called; and the one grade
//! that all titles together name (`三年级2班`, `三（2）班` of a primary school), never one end of several (`一至三年级`). Cost: linear in the text, times
//! the spellings of grades.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

/// What schools are called at their end.
const ENDS: [&str; 26] = [
    "幼儿园",
    "小学",
    "中学",
    "学校",
    "教学点",
    "职校",
    "中心校",
    "完小",
    "一中",
    "二中",
    "三中",
    "四中",
    "五中",
    "六中",
    "七中",
    "八中",
    "九中",
    "十中",
    "一小",
    "二小",
    "三小",
    "四小",
    "五小",
    "六小",
    "七小",
    "八小",
];
/// What may follow the name and belongs to it.
const BEHIND: [&str; 6] = ["附属幼儿园", "附设幼儿园", "附属小学", "附设教学点", "分校", "分园"];
/// What may follow an end that is then part of another word: `小学生`, `第八中学`.
const OTHER: [char; 5] = ['生', '教', '段', '毕', '学'];
/// Before an end these say which sort of schools, or whose, not which one.
const SORTS: [&str; 20] = [
    "县",
    "市",
    "区",
    "全",
    "各",
    "所有",
    "全部",
    "全县",
    "全镇",
    "全乡",
    "我县",
    "我镇",
    "义务教育",
    "中等职业",
    "普惠性",
    "公办",
    "民办",
    "农村",
    "九年一贯制",
    "寄宿制",
];

/// The text without the schools that it names, of which one says nothing of where anybody lives: `2018年土坪小学花名册` → `2018年花名册`.
#[must_use]
pub fn without_schools(text: &str) -> String {
    let mut rest = text.to_owned();
    for piece in text.split(|sign: char| !sign.is_alphanumeric()) {
        if let Some(school) = in_piece(after_date(piece)) {
            rest = rest.replace(school, "");
        }
    }
    rest
}

/// The one school that the text names.
#[must_use]
pub fn school_in(text: &str) -> Option<&str> {
    let mut found: Option<&str> = None;
    for piece in text.split(|sign: char| !sign.is_alphanumeric()) {
        let Some(school) = in_piece(after_date(piece)) else { continue };
        if found.is_some_and(|found| found != school) {
            return None;
        }
        found = Some(school);
    }
    found
}

/// The first school that titles name.
pub fn school_of<'t>(mut titles: impl Iterator<Item = &'t str>) -> Option<&'t str> {
    titles.find_map(school_in)
}

/// The stage that the name of a school says of all its pupils.
#[must_use]
pub fn stage_of(school: &str) -> Option<&'static str> {
    const STAGES: [(&str, &str); 10] = [
        ("幼儿园", "学前教育"),
        ("小学", "小学"),
        ("完小", "小学"),
        ("初级中学", "初中"),
        ("高级中学", "普通高中"),
        ("中等职业学校", "中职"),
        ("职业技术学校", "中职"),
        ("职业学校", "中职"),
        ("职业中学", "中职"),
        ("职校", "中职"),
    ];
    STAGES.iter().find(|(end, _)| school.ends_with(end)).map(|(_, stage)| *stage)
}

/// Whether a title is of a roll of pupils, and not of some of them: `三年级学生花名册`, never `寄宿生名册` or `资助学生名单`.
#[must_use]
pub fn is_roll(title: &str) -> bool {
    const ROLLS: [&str; 12] = [
        "学籍",
        "在校生",
        "在校学生",
        "在读学生",
        "在园幼儿",
        "幼儿名册",
        "幼儿花名册",
        "学生花名册",
        "学生名册",
        "学生名单",
        "学生信息",
        "学生基本信息",
    ];
    const OTHERS: [&str; 24] = [
        "资助", "补助", "补贴", "助学", "贷款", "寄宿", "住校", "贫困", "困难", "建档", "低保", "营养", "毕业", "录取", "转学",
        "转入", "转出", "休学", "辍学", "残疾", "留守", "孤儿", "新生", "保险",
    ];
    ROLLS.iter().any(|word| title.contains(word)) && !OTHERS.iter().any(|word| title.contains(word))
}

/// A grade that titles name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grade<'c> {
    /// As the code table has it.
    pub grade: &'c str,
    /// `2班`.
    pub class: Option<String>,
}

/// The one grade that titles name, by the spellings of `codes`; `None` where they name several.
pub fn grade_of<'t, 'c>(titles: impl Iterator<Item = &'t str> + Clone, codes: &'c BTreeMap<String, String>) -> Option<Grade<'c>> {
    let is_primary = school_of(titles.clone()).and_then(stage_of) == Some("小学");
    let mut found: Option<Grade<'c>> = None;
    for grade in titles.flat_map(|title| grades_in(title, codes, is_primary)) {
        let Grade { grade, class } = grade?;
        match &mut found {
            Some(known) if known.grade != grade || known.class.is_some() && class.is_some() && known.class != class => {
                return None;
            }
            Some(known) => known.class = known.class.take().or(class),
            None => found = Some(Grade { grade, class }),
        }
    }
    found
}

/// The grades that one title names; `None` for an end of several.
fn grades_in<'c>(title: &str, codes: &'c BTreeMap<String, String>, is_primary: bool) -> Vec<Option<Grade<'c>>> {
    const NUMERALS: &str = "一二三四五六七八九";
    let is_numeral = |sign: char| sign.is_ascii_digit() || NUMERALS.contains(sign) || sign == '十';
    let parts = |sign: char| "至到、和及与~-—".contains(sign);
    let folded: String = title.nfkc().filter(|sign| !sign.is_whitespace()).collect();
    let mut found = Vec::new();
    let (mut rest, mut before) = (folded.as_str(), None::<char>);
    while let Some(sign) = rest.chars().next() {
        let spelled = codes.iter().filter(|(spelling, _)| rest.starts_with(spelling.as_str())).max_by_key(|(word, _)| word.len());
        let is_free = before.is_none_or(|before| !is_numeral(before));
        let class = |behind: &str| {
            let (number, _) = behind.trim_start_matches('(').split_once('班')?;
            let number = number.trim_end_matches(')');
            (!number.is_empty() && number.chars().all(is_numeral)).then(|| format!("{number}班"))
        };
        // `三(2)班`, `三2班`.
        let short = || {
            let behind = rest.get(sign.len_utf8()..)?;
            let grade = format!("{sign}年级");
            let is_own = NUMERALS.contains(sign) && (is_primary || "七八九".contains(sign));
            let is_class = behind.starts_with(|next: char| next == '(' || next.is_ascii_digit()).then(|| class(behind)).flatten();
            codes.get(&grade).filter(|_| is_own).zip(is_class)
        };
        let taken = match spelled {
            Some((spelling, grade)) if is_free => {
                let behind = rest.get(spelling.len()..).unwrap_or_default();
                // `中班` is a kindergarten's where nothing else stands before it.
                let is_word = !spelling.ends_with('班') || before.is_none_or(|before| !before.is_alphabetic() || before == '园');
                let is_end = before.is_some_and(parts) && !found.is_empty()
                    || before.is_some_and(|sign| "至到、~".contains(sign))
                    || behind.trim_start_matches("级").starts_with(parts);
                if is_word {
                    let class = class(behind.trim_start_matches("年级"));
                    found.push((!is_end).then_some(Grade { grade: grade.as_str(), class }));
                }
                spelling.len()
            }
            Some((spelling, _)) => {
                found.push(None);
                spelling.len()
            }
            None => {
                if let Some((grade, class)) = short().filter(|_| is_free) {
                    found.push(Some(Grade { grade: grade.as_str(), class: Some(class) }));
                }
                sign.len_utf8()
            }
        };
        before = rest.get(..taken).and_then(|taken| taken.chars().next_back());
        rest = rest.get(taken..).unwrap_or_default();
    }
    found
}

/// `2018年春季学期格林小学` → `格林小学`.
fn after_date(piece: &str) -> &str {
    const PARTS: [&str; 13] = ["年", "月", "日", "度", "学年", "春季", "秋季", "春", "秋", "第一学期", "第二学期", "学期", "级"];
    let rest = piece.trim_start_matches(|sign: char| sign.is_ascii_digit());
    if rest.len() == piece.len() {
        return piece;
    }
    let mut rest = rest;
    while let Some(after) = PARTS.iter().find_map(|part| rest.strip_prefix(part)) {
        rest = after.trim_start_matches(|sign: char| sign.is_ascii_digit());
    }
    rest
}

fn in_piece(piece: &str) -> Option<&str> {
    let ends = |from: usize| {
        let found = ENDS.iter().flat_map(|end| {
            let starts = piece.get(from..).unwrap_or_default().match_indices(end).map(move |(at, _)| from + at);
            starts.map(|start| (start, start + end.len()))
        });
        let is_whole = |(_, end): &(usize, usize)| {
            piece.get(*end..).and_then(|rest| rest.chars().next()).is_none_or(|next| !OTHER.contains(&next))
                || piece.get(*end..).is_some_and(|rest| rest.starts_with("学生") || rest.starts_with("学籍"))
        };
        found.filter(is_whole).min()
    };
    let (start, mut end) = ends(0)?;
    let before = piece.get(..start)?;
    if before.chars().count() < 2 || SORTS.contains(&before) || before.ends_with(['县', '市', '区', '全', '各']) {
        return None;
    }
    if let Some(behind) = BEHIND.iter().find(|behind| piece.get(end..).is_some_and(|rest| rest.starts_with(**behind))) {
        end += behind.len();
    }
    // A second one: which?
    if ends(end).is_some() {
        return None;
    }
    piece.get(..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_name_their_grade() {
        let words = [
            ("一年级", "一年级"),
            ("三年级", "三年级"),
            ("3年级", "三年级"),
            ("七年级", "七年级"),
            ("初一", "七年级"),
            ("八年级", "八年级"),
            ("高一", "高一"),
            ("高中一年级", "高一"),
            ("中班", "中班"),
        ];
        let codes: BTreeMap<String, String> = words.iter().map(|(word, code)| ((*word).to_owned(), (*code).to_owned())).collect();
        let said = |titles: &[&str]| {
            grade_of(titles.iter().copied(), &codes).map(|Grade { grade, class }| (grade.to_owned(), class.unwrap_or_default()))
        };
        for (titles, grade, class) in [
            (&["格林小学三年级2班学生花名册"][..], "三年级", "2班"),
            (&["正安县格林小学2018年春季学生花名册", "三（2）班"], "三年级", "2班"),
            (&["流渡中学", "七(3)班"], "七年级", "3班"),
            (&["初一年级学生名册"], "七年级", ""),
            (&["正安县第八中学高中一年级（12）班"], "高一", "12班"),
            (&["2018年春季3年级"], "三年级", ""),
            (&["三年级", "三年级1班"], "三年级", "1班"),
            (&["安场镇中心幼儿园中班"], "中班", ""),
        ] {
            assert_eq!(said(titles), Some((grade.to_owned(), class.to_owned())), "{titles:?}");
        }
        for titles in [
            &["一至三年级学生花名册"][..],
            &["七、八年级学生名册"],
            &["一年级-三年级"],
            &["三年级", "一年级"],
            &["三（2）班"],
            &["2018年级学生"],
            &["初中班学生名册"],
            &["学生名册"],
        ] {
            assert_eq!(said(titles), None, "{titles:?}");
        }
        assert!(is_roll("2018年春季学期在校生花名册.xlsx") && !is_roll("寄宿学生花名册") && !is_roll("三年级"));
        assert_eq!(["安场小学", "小学附属幼儿园", "流渡中学"].map(stage_of), [Some("小学"), Some("学前教育"), None]);
    }

    #[test]
    fn titles_name_their_school() {
        for (text, school) in [
            ("格林小学2018年春季学期学生花名册", "格林小学"),
            ("2018年春季学期格林小学学生名册", "格林小学"),
            ("学校：正安县第八中学", "正安县第八中学"),
            ("正安县中等职业学校学籍", "正安县中等职业学校"),
            ("安场镇第一幼儿园", "安场镇第一幼儿园"),
            ("瑞溪小学附属幼儿园在园幼儿名册", "瑞溪小学附属幼儿园"),
            ("正安一中学生名册.xlsx", "正安一中"),
            ("瑞溪镇中心小学学籍", "瑞溪镇中心小学"),
        ] {
            assert_eq!(school_in(text), Some(school), "{text}");
        }
        for text in [
            "小学学生名册",
            "正安县小学学籍",
            "全县中学",
            "格林小学、流渡小学学生名册",
            "学籍名册",
            "2018年中小学生名册",
            "瑞溪镇小学生名册",
            "义务教育学校学生",
            "",
        ] {
            assert_eq!(school_in(text), None, "{text}");
        }
    }
}
