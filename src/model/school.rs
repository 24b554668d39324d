//! The school that a text names: a line between rows, a title, the name of a sheet or a file.
//!
//! Takes any text; gives the one school that it names in full, `None` where it names several, or only what schools are called. Cost: linear in
//! the text.

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
