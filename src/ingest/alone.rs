//! What stands alone in a row, above the rows that it speaks of: a place, a month, how they stand, of which kind they are; or somebody's name.
//!
//! Takes the cells of a row without a number, and where it stands; gives the text without what numbers and adorns it. What it means for the rows
//! below is normalising's to say. Total over any text; cost: linear in the cells.

use super::characters::is_numeral;
use super::rows::{
    Cell, RowContext, is_day, is_empty, is_labelled, is_note, is_office, is_office_word, is_page_count, is_page_mark, is_stamp,
    is_subtotal, squeeze,
};
use crate::model::identity::family::{is_han, is_plain_name, is_relative, speaks as says_kind};
use crate::model::raw::CellKind;

/// What a village, a group or a town is called at its end.
const PLACE_ENDS: [&str; 10] = ["村", "社区", "居委会", "村委会", "委员会", "居", "组", "镇", "乡", "街道"];

/// The place that a row says alone, above the rows of that place: `燕子坝村`, `三组（12户）`, `（一）瑞溪镇燕子坝村`, `【燕子坝村】`. In a name column two
/// letters may be a name.
pub(super) fn section(cells: &[Cell<'_>], context: &RowContext, is_name_column: bool) -> Option<String> {
    let (.., text) = alone(cells, context)?;
    if context.width < 3 {
        return None;
    }
    let squeezed = squeeze(text);
    let place = place_alone(&squeezed)?;
    let least = if is_name_column && !context.spread { 3 } else { 2 };
    (place.chars().count() >= least).then(|| place.to_owned())
}

/// What a row says alone: beside a numeral or how many are listed, or in every cell (a merged one that a program spelt out).
fn alone<'t>(cells: &[Cell<'t>], context: &RowContext) -> Option<Cell<'t>> {
    match cells {
        // Beside it how many are listed, in a list of people.
        [said @ (_, CellKind::Text, _), counts @ ..]
            if !counts.is_empty() && context.of_people && counts.iter().all(is_count) =>
        {
            Some(*said)
        }
        [said @ (_, CellKind::Text, _)] => Some(*said),
        // A numeral in the column of running numbers.
        [(.., numeral), said @ (_, CellKind::Text, _)] if numeral.trim().chars().all(is_numeral) => Some(*said),
        [said @ (_, CellKind::Text, text), _, others @ ..]
            if !others.is_empty() && cells.iter().all(|(.., other)| other == text) =>
        {
            Some(*said)
        }
        _ => None,
    }
}

/// A short text that a row says alone, and that may be the name of a place as well as somebody's.
pub(super) fn name_alone(cells: &[Cell<'_>], context: &RowContext) -> Option<String> {
    let (.., text) = alone(cells, context)?;
    let squeezed = squeeze(without_enumerator(text));
    let name = squeezed.trim_end_matches(|sign: char| !sign.is_alphanumeric());
    ((2..=8).contains(&name.chars().count()) && name.chars().all(is_han)).then(|| name.to_owned())
}

/// The months that a row says alone, above the rows that are for them: `4月`, `第二季度`, `五月份发放（36户）`, `补发2018年5月`. A day is when
/// somebody signed.
pub(super) fn months_alone(cells: &[Cell<'_>], context: &RowContext) -> Option<String> {
    let (kind, text) = match cells {
        [(_, kind, text)] => (kind, text),
        [(_, CellKind::Text, numeral), (_, kind, text)] if numeral.trim().chars().all(is_numeral) => (kind, text),
        [(_, kind, text), counts @ ..] if context.of_people && counts.iter().all(is_count) => (kind, text),
        _ => return None,
    };
    if context.width < 3 {
        return None;
    }
    if *kind == CellKind::Date {
        return text.strip_suffix("-01").map(str::to_owned);
    }
    let squeezed = squeeze(text);
    let is_note = squeezed.contains(['日', '号', '。', '；', ';', '，', '注']) || squeezed.chars().count() > 24;
    let is_label = squeezed.split_once([':', '：']).is_some_and(|(label, _)| !label.contains(['月', '季', '期', '发']));
    if is_note || is_label || is_subtotal(&squeezed) {
        return None;
    }
    let signs: Vec<char> = squeezed.chars().collect();
    let is_counted = signs.windows(2).any(|pair| is_numeral(pair[0]) && matches!(pair[1], '月' | '季'));
    let is_worded = ["上半年", "下半年", "全年", "季度"].iter().any(|word| squeezed.contains(word));
    let is_figure = (6..=7).contains(&squeezed.len())
        && squeezed.starts_with("20")
        && squeezed.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'/'));
    // `一、2018年5月`; `4、5月` are two.
    let numbered =
        squeezed.split_once(['、', '.']).filter(|(numeral, rest)| rest.starts_with("20") && numeral.chars().all(is_numeral));
    let bare = numbered.map_or(squeezed.as_ref(), |(_, rest)| rest);
    (is_counted || is_worded || is_figure).then(|| bare.to_owned())
}

/// What a row says alone of the rows below it, other than a place: `停保人员`, `二、注销人员（8人）`, `2018年5月`, `以下人员未缴费`. Neither a note, a
/// mark of the page, a signature, nor a name where names stand. `leads` where the cell is one of the table's first.
pub(super) fn words_alone(cells: &[Cell<'_>], context: &RowContext, leads: bool, names: &[u32]) -> Option<String> {
    if let [(_, CellKind::Date, day)] = cells {
        // A month that a spreadsheet took for a day.
        return (leads && context.width >= 2 && context.of_people).then(|| day.get(..7).map(str::to_owned)).flatten();
    }
    let (column, _, text) = alone(cells, context)?;
    let text = text.trim();
    // Beside a bare number it may be a value of somebody's.
    let is_valued =
        cells.len() == 2 && cells[1].2 != text && cells[1].2.trim().bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let squeezed = squeeze(text);
    let announces = ["以下", "下列", "下面"].iter().any(|word| squeezed.contains(word));
    if context.width < 2 || !context.of_people || is_valued || !(leads || context.spread || announces) {
        return None;
    }
    let length = squeezed.chars().count();
    let wordy = squeezed.chars().filter(|sign| is_han(*sign)).count() >= 2;
    let heads = squeezed.ends_with(['：', ':']) && LISTED.iter().any(|word| squeezed.contains(word));
    let counts = squeezed.split_once(['：', ':']).is_some_and(|(_, behind)| is_page_count(behind));
    let sentence = length > 20 || squeezed.contains(['：', ':', '。']);
    if !wordy || is_empty(text) || length > 40 || (sentence && !announces && !heads && !counts) {
        return None;
    }
    let is_whole_day = is_day(&squeezed) && (squeezed.contains('日') || !squeezed.contains(|sign: char| is_numeral(sign)));
    let is_aside = is_subtotal(text)
        || is_note(&squeezed)
        || is_page_mark(&squeezed)
        || is_page_count(&squeezed)
        || is_stamp(&squeezed)
        || is_office(&squeezed)
        || is_office_word(&squeezed)
        || is_whole_day
        || (is_labelled(&squeezed) && !heads && !counts)
        || (context.in_notes && length > 12 && !announces);
    // In the column of names a short text, or one behind a running number, is somebody unless it speaks of rows.
    let is_name_column = names.contains(&column);
    let is_numbered = cells.first().is_some_and(|(first, ..)| *first != column);
    let speaks = || heads || announces || LISTED.iter().any(|word| squeezed.contains(word));
    let may_be_name = || length <= 3 && !says_kind(&squeezed) || is_numbered && length <= 4 && !speaks();
    let is_named = is_name_column && (is_plain_name(&squeezed) || is_relative(&squeezed) || may_be_name());
    (!is_aside && !is_named).then(|| without_enumerator(text).trim().to_owned()).filter(|text| !text.is_empty())
}

/// What a line that ends in a colon says that rows follow of.
const LISTED: [&str; 7] = ["名单", "人员", "对象", "名册", "学生", "户", "如下"];

/// Whether a line of one cell says of what the rows below it are: `停保人员`, `以下人员未缴费`, `未参保人员名单：`.
pub(super) fn announces_rows(cells: &[Cell<'_>]) -> bool {
    let [(_, CellKind::Text, text)] = cells else { return false };
    let squeezed = squeeze(text);
    let bare = squeezed.trim_end_matches(|sign: char| !sign.is_alphanumeric());
    let announces = ["以下", "下列"].iter().any(|word| bare.starts_with(word)) || LISTED.iter().any(|word| bare.ends_with(word));
    announces && bare.chars().count() <= 20 && !bare.contains(|sign: char| sign.is_ascii_digit())
}

/// Whether a text ends as the name of a place does: `安场镇`, `石井村`.
pub(super) fn is_place(text: &str) -> bool {
    PLACE_ENDS.iter().any(|end| text.ends_with(end))
}

/// `48`, `48人`, `12户`.
fn is_count((_, _, text): &Cell<'_>) -> bool {
    let digits = text.trim().trim_end_matches(['人', '户', '口', '元']);
    (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// A text that says a place and no more than how many are listed there.
fn place_alone(squeezed: &str) -> Option<&str> {
    const LABELS: [&str; 12] =
        ["村", "行政村", "自然村", "村名", "所在村", "所属村", "乡", "镇", "乡镇", "所在乡镇", "所属乡镇", "填报村"];
    const TAILS: [&str; 24] = [
        "名单",
        "花名册",
        "名册",
        "明细表",
        "明细",
        "情况表",
        "情况",
        "一览表",
        "汇总",
        "人员",
        "对象",
        "户",
        "人",
        "低保",
        "贫困",
        "人口",
        "特困",
        "五保",
        "残疾",
        "参保",
        "参合",
        "共",
        "续",
        "的",
    ];
    let mut text = without_enumerator(squeezed);
    for opening in ["以下为", "以下是", "以下"] {
        text = text.strip_prefix(opening).unwrap_or(text);
    }
    let (mut place, behind) = match text.find(['(', '（', ':', '：']) {
        Some(at) => (text.get(..at)?, text.get(at..)?),
        None => (text, ""),
    };
    // `村名：燕子坝村` is a label; `燕子坝村：` and `燕子坝村：48人` are places.
    if LABELS.contains(&place)
        || (behind.starts_with([':', '：']) && behind.chars().skip(1).filter(|sign| is_han(*sign)).count() > 3)
    {
        return None;
    }
    loop {
        place = place.trim_end_matches(|sign: char| !sign.is_alphanumeric() || sign.is_ascii_digit());
        if is_place(place) {
            break;
        }
        place = TAILS.iter().find_map(|tail| place.strip_suffix(tail))?;
    }
    let worded = place.chars().all(|sign| sign.is_alphanumeric() || matches!(sign, '-' | '—' | '/' | '、'));
    (place.chars().count() <= 16 && worded).then_some(place)
}

/// What a subtotal is of: `燕子坝村小计`, `瑞溪小计`, or the place in a cell beside the word.
pub(super) fn subtotal_place(cells: &[Cell<'_>]) -> Option<String> {
    const WORDS: [&str; 5] = ["小计", "合计", "共计", "总计", "累计"];
    cells.iter().take(3).filter(|(_, kind, _)| *kind == CellKind::Text).find_map(|(.., text)| {
        let squeezed = squeeze(text);
        let word = WORDS.iter().filter_map(|word| squeezed.find(word)).min();
        let before = squeezed.get(..word.unwrap_or(squeezed.len()))?;
        // Without its ending it may be a place of the divisions.
        let bare = || (word.is_some() && before.chars().all(is_han)).then_some(before);
        let place = place_alone(before).or_else(bare)?;
        (2..=16).contains(&place.chars().count()).then(|| place.to_owned())
    })
}

/// A line of labels, some of which may say a place: `行政村：燕子坝村`.
pub(super) fn labelled_place(cells: &[Cell<'_>]) -> Option<String> {
    let says = |text: &str| text.split_once(['：', ':']).is_some_and(|(label, _)| is_place_label(label));
    let is_told = cells.iter().flat_map(|(_, _, text)| text.split(['；', ';', '，', ',', ' ', '　'])).any(says);
    is_told.then(|| cells.iter().map(|(_, _, text)| *text).collect::<Vec<_>>().join(" "))
}

/// Whether a label is one of a place or of the office of one.
fn is_place_label(label: &str) -> bool {
    let squeezed = squeeze(label);
    ["村", "社区", "村居", "镇", "乡", "街道", "组", "村名", "单位", "村名称", "单位名称", "地区", "区划", "地址"]
        .iter()
        .any(|end| squeezed.trim_end_matches(['）', ')']).ends_with(end))
}

/// The text without the signs and the number before it: `（一）`, `1.`, `一、`, `◆`, `【`.
fn without_enumerator(text: &str) -> &str {
    let bare = text.trim_start_matches(|sign: char| !sign.is_alphanumeric());
    let numeral = bare.trim_start_matches(is_numeral);
    let numbered = numeral.len() < bare.len();
    match numeral.chars().next() {
        Some(sign) if numbered && !sign.is_alphanumeric() => numeral.trim_start_matches(|sign: char| !sign.is_alphanumeric()),
        _ => bare.trim_start_matches(|sign: char| ('①'..='⑳').contains(&sign) || ('Ⅰ'..='Ⅻ').contains(&sign)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_alone_in_a_row_stand_above_what_is_for_them() {
        let context = RowContext { width: 8, below: 4, spread: false, in_notes: false, of_people: true };
        let of = |text: &str| months_alone(&[(0, CellKind::Text, text)], &context);
        for text in ["2018年5月", "五月份", "第二季度", "上半年", "补发2018年5月", "发放月份：5月", "2018-05"]
        {
            assert_eq!(of(text).as_deref(), Some(text), "{text}");
        }
        for text in ["2018年6月30日", "填报时间：2018年6月", "注：5月起停发", "张三", "燕子坝村", "5月合计", "48"]
        {
            assert_eq!(of(text), None, "{text}");
        }
        assert_eq!(of("一、2018年5月").as_deref(), Some("2018年5月"));
        assert_eq!(months_alone(&[(0, CellKind::Date, "2018-05-01")], &context).as_deref(), Some("2018-05"));
        let counted = [(0, CellKind::Text, "5月"), (3, CellKind::Text, "36户")];
        assert_eq!(months_alone(&counted, &context).as_deref(), Some("5月"));
    }

    #[test]
    fn a_place_alone_in_a_row_is_a_section() {
        let context = RowContext { width: 8, below: 5, spread: false, in_notes: false, of_people: true };
        let section_of = |text: &str, names: bool| section(&[(0, CellKind::Text, text)], &context, names);
        assert_eq!(section_of("燕子坝村（12户）", true).as_deref(), Some("燕子坝村"));
        assert_eq!(section_of("三组", false).as_deref(), Some("三组"));
        for text in [
            "（一）燕子坝村（48人）",
            "(1)燕子坝村",
            "一、燕子坝村",
            "1、燕子坝村",
            "第一、燕子坝村",
            "①燕子坝村",
            "◆燕子坝村",
            "【燕子坝村】",
            "★ 燕子坝村 ★",
            "燕子坝村：",
            "燕子坝村：48人",
            "燕子坝村共48人",
            "燕子坝村低保户名单",
            "以下为燕子坝村",
            "燕子坝村48户",
            "——燕子坝村——",
        ] {
            assert_eq!(section_of(text, true).as_deref(), Some("燕子坝村"), "{text}");
        }
        assert_eq!(section_of("12组", false).as_deref(), Some("12组"));
        assert_eq!(section_of("三、瑞溪镇燕子坝村（12户）", false).as_deref(), Some("瑞溪镇燕子坝村"));
        for text in ["村名：燕子坝村", "行政村：燕子坝村", "张三", "张三户", "贫困户", "合计", "单位：元", "注：本村"]
        {
            assert_eq!(section_of(text, false), None, "{text}");
        }
        let numbered = [(0, CellKind::Text, "二"), (1, CellKind::Text, "燕子坝村")];
        assert_eq!(section(&numbered, &context, true).as_deref(), Some("燕子坝村"));
        let counted = [(1, CellKind::Text, "燕子坝村"), (3, CellKind::Number, "48"), (5, CellKind::Text, "12户")];
        assert_eq!(section(&counted, &context, true).as_deref(), Some("燕子坝村"));
        assert_eq!(section(&counted, &RowContext { of_people: false, ..context }, true), None);
        assert_eq!(section_of("李村", true), None);
        assert_eq!(section_of("张三", false), None);
    }

    #[test]
    fn words_alone_in_a_row_speak_of_those_below_and_names_do_not() {
        let context = RowContext { width: 8, below: 5, spread: false, in_notes: false, of_people: true };
        let of = |cells: &[Cell<'_>]| words_alone(cells, &context, true, &[1]);
        let text = |column: u32, text: &'static str| (column, CellKind::Text, text);
        for (said, words) in [
            ("停保人员", "停保人员"),
            ("二、注销人员（8人）", "注销人员（8人）"),
            ("以下人员未缴费", "以下人员未缴费"),
            ("未参保人员名单：", "未参保人员名单："),
            ("2018年5月", "2018年5月"),
            ("休学", "休学"),
            ("一级", "一级"),
            ("新增", "新增"),
            ("城市低保", "城市低保"),
            ("【土坪镇】村：共12户", "土坪镇】村：共12户"),
        ] {
            for column in [0, 1] {
                assert_eq!(of(&[text(column, said)]).as_deref(), Some(words), "{said}");
            }
        }
        assert_eq!(of(&[(0, CellKind::Number, "2"), text(1, "停保人员")]).as_deref(), Some("停保人员"));
        assert_eq!(of(&[(0, CellKind::Date, "2018-05-01")]).as_deref(), Some("2018-05"));
        for nobody in [
            "第2页",
            "共9人",
            "共12户35人",
            "续表",
            "制表人：张三",
            "小计",
            "领导签字：",
            "村主任：",
            "2018年6月20日",
            "以下空白",
            "无",
            "注：见附表",
        ] {
            assert_eq!(of(&[text(0, nobody)]), None, "{nobody}");
            assert_eq!(of(&[text(1, nobody)]), None, "{nobody}");
        }
        for name in ["张三", "税正清", "欧阳小明", "宓小红", "阿依古丽·买买提", "张*明"] {
            assert_eq!(of(&[text(1, name)]), None, "{name}");
            assert_eq!(of(&[(0, CellKind::Number, "12"), text(1, name)]), None, "{name}");
        }
        assert_eq!(of(&[text(1, "停保人员"), (3, CellKind::Number, "4")]), None, "beside a value");
    }

    #[test]
    fn subtotals_and_labelled_lines_say_their_place() {
        let cells = |texts: &[&'static str]| -> Vec<Cell<'static>> {
            (0..).zip(texts).map(|(column, text)| (column, CellKind::Text, *text)).collect()
        };
        for row in [&["燕子坝村小计", "12"][..], &["燕子坝村 合计：12户"], &["燕子坝村", "小计", "12"], &["小计", "燕子坝村"]]
        {
            assert_eq!(subtotal_place(&cells(row)).as_deref(), Some("燕子坝村"), "{row:?}");
        }
        for row in [&["小计", "12"][..], &["合计：12户35人"], &["总计（户）"]] {
            assert_eq!(subtotal_place(&cells(row)), None, "{row:?}");
        }
        assert_eq!(labelled_place(&cells(&["村名：", "燕子坝村"])).as_deref(), Some("村名： 燕子坝村"));
        assert_eq!(labelled_place(&cells(&["审核人：", "张三"])), None);
    }
}
