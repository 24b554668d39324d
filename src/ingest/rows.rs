//! What a row below the header is: data, a header repeated, a subtotal, a note; and which cells mean nothing.

use std::borrow::Cow;

use super::characters::{has_digits, is_numeral};
use crate::model::personal::mask;
use crate::model::raw::{CellKind, RejectReason};

/// A cell of the row in hand.
pub(super) type Cell<'a> = (u32, CellKind, &'a str);

/// Whether the cell means nothing: white space, `/`, `同上`, dashes, what programs write for nothing. `无` may be a value: the field decides.
pub(super) fn is_empty(text: &str) -> bool {
    let trimmed = text.trim();
    // The longest of the words has twelve bytes; dashes may be any number.
    if trimmed.len() > 12 && !trimmed.starts_with(['-', '—', '－', '_']) {
        return false;
    }
    is_ditto(trimmed)
        || matches!(trimmed, "" | "/" | "／" | "\\" | "空" | "NULL" | "null" | "Null" | "N/A" | "n/a" | "#N/A")
        || matches!(trimmed, "nan" | "NaN" | "NAN" | "None" | "none" | "NONE" | "(null)" | "<NA>" | "NaT" | "nil" | "undefined")
        || matches!(trimmed, "#REF!" | "#VALUE!" | "#NAME?" | "#DIV/0!" | "#NUM!" | "#NULL!" | "#SPILL!" | "#CALC!")
        || trimmed.chars().all(|character| matches!(character, '-' | '—' | '–' | '－' | '―' | '_' | '─'))
}

/// Whether the cell says that it says what the one above it does.
pub(super) fn is_ditto(text: &str) -> bool {
    matches!(
        text.trim(),
        "同上"
            | "同 上"
            | "上同"
            | "同前"
            | "同上行"
            | "〃"
            | "″"
            | "〞"
            | "”"
            | "\""
            | "''"
            | "〃〃"
            | "ditto"
            | "Ditto"
            | "DITTO"
    )
}

/// Whether a cell looks like somebody's number: then the row is data, whatever else it says.
pub(super) fn has_identity(cells: &[Cell<'_>]) -> bool {
    cells.iter().any(|(_, _, text)| text.len() >= 14 && text.len() <= 40 && has_digits(text, 14))
}

/// Where a row without a number stands.
pub(super) struct RowContext {
    /// Columns of the table.
    pub(super) width: usize,
    /// Non-blank rows since the header, this one counted.
    pub(super) below: u64,
    /// Its only cell is merged across several columns.
    pub(super) spread: bool,
    /// The row before was a note.
    pub(super) in_notes: bool,
    /// The table has a column of names.
    pub(super) of_people: bool,
}

/// Why a row without a number is not data; `None` when it is.
pub(super) fn aside(cells: &[Cell<'_>], context: &RowContext) -> Option<RejectReason> {
    if let [(_, CellKind::Text, text)] = cells
        && context.width >= 3
        && text.contains([';', '；', '|', '\t'])
        && has_digits(text, 15)
    {
        // A line parted by other signs than the table's.
        return Some(RejectReason::Torn);
    }
    if cells.iter().take(3).any(|(_, _, text)| is_subtotal(text)) {
        return Some(RejectReason::Subtotal);
    }
    let texts = || cells.iter().filter(|(_, kind, _)| *kind == CellKind::Text).map(|(_, _, text)| squeeze(text));
    let &(_, kind, first) = cells.first()?;
    let squeezed = squeeze(first);
    let signed = || cells.len() < context.width && is_signed(cells);
    let note = kind == CellKind::Text && (is_note(&squeezed) || (cells.len() * 2 <= context.width && is_labelled(&squeezed)))
        || texts().any(|text| is_page_mark(&text) || is_stamp(&text))
        || (texts().count() == cells.len() && texts().all(|text| is_page_count(&text)))
        || signed();
    if note || (context.below <= 3 && is_instruction(cells)) {
        return Some(RejectReason::Note);
    }
    let alone = cells.len() == 1 && context.width >= 3 && kind == CellKind::Text;
    let sentence = squeezed.chars().count() > 20 || squeezed.contains(['：', ':', '。']);
    (alone && (context.spread || sentence || context.in_notes)).then_some(RejectReason::Note)
}

/// Whether a row is what offices sign with, and when, and nothing else; who signs stands behind the word for it (`负责人 王五 13985001234`).
fn is_signed(cells: &[Cell<'_>]) -> bool {
    let signs = |text: &str| is_office(text) || is_day(text) || is_stamp(text) || is_labelled(text) || is_office_word(text);
    let is_figures =
        |text: &str, most: usize| text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let (mut said, mut by_name, mut before) = (false, false, Cow::Borrowed(""));
    for (_, kind, text) in cells {
        let squeezed = squeeze(text);
        // A running number that was filled down too far counts nobody.
        if !said && is_figures(&squeezed, 4) {
            continue;
        }
        let name = || (2..=4).contains(&squeezed.chars().count()) && is_signatory(&before);
        if *kind == CellKind::Text && signs(&squeezed) {
            said = true;
        } else if name() {
            by_name = true;
        } else if !(said && (*kind == CellKind::Date || by_name && is_figures(&squeezed, 13))) {
            return false;
        }
        before = squeezed;
    }
    said
}

/// Whether who signs may stand behind the word: `审核人`, `村支书签字：`; never `已审核`, `核实情况`.
fn is_signatory(text: &str) -> bool {
    const ACTS: &str =
        "负责 经办 审核 审批 复核 审查 核实 核对 核准 填表 填报 制表 制单 报送 报表 监督 签收 联系 签字 签名 签章 盖章 领导 主管";
    const DONE: &str = "已 经 意见 结果 情况 同意 属实 无误 无异议 通过 完毕 公示 日期 时间 电话";
    let bare = text.trim_end_matches([':', '：']);
    let has = |words: &str| words.split_whitespace().any(|word| bare.replace("经办", "").contains(word));
    is_office_word(bare) && (bare.contains("经办") || has(ACTS)) && !has(DONE)
}

pub(super) fn squeeze(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_whitespace) { text.split_whitespace().collect() } else { text.into() }
}

pub(super) fn is_subtotal(text: &str) -> bool {
    // Almost every cell stops here.
    if !text.contains('计') {
        return false;
    }
    let squeezed = squeeze(text);
    for word in ["合计", "小计", "总计", "共计", "累计"] {
        if let Some(rest) = squeezed.strip_prefix(word) {
            return rest.chars().next().is_none_or(|next| next.is_ascii_digit() || "：:(（，,人户元".contains(next));
        }
        let behind = squeezed.split_once(word).map(|(_, behind)| behind);
        if behind.is_some_and(|behind| behind.is_empty() || behind.starts_with(['：', ':', '(', '（'])) {
            return true;
        }
    }
    false
}

pub(super) fn is_note(text: &str) -> bool {
    const OPENINGS: [&str; 18] = [
        "注",
        "备注",
        "说明",
        "填表说明",
        "填报说明",
        "填写说明",
        "审核人",
        "填表人",
        "填报人",
        "填报单位",
        "制表",
        "经办人",
        "负责人",
        "单位负责人",
        "联系电话",
        "联系人",
        "单位",
        "监督电话",
    ];
    let signs = |rest: &str| rest.starts_with(['：', ':', '；']) || rest.starts_with("人：") || rest.starts_with("人:");
    OPENINGS.iter().any(|opening| text.strip_prefix(opening).is_some_and(signs))
        || matches!(text, "说明" | "备注" | "注" | "填表说明" | "填写说明" | "填报说明")
        || ["（盖章）", "(盖章)", "（签字）", "(签字)", "（公章）", "(公章)"].iter().any(|stamp| text.contains(stamp))
}

/// `填报单位：瑞溪镇人民政府`, `公示时间：…`: a label of words and a colon.
pub(super) fn is_labelled(text: &str) -> bool {
    text.split_once(['：', ':']).is_some_and(|(label, _)| {
        let length = label.chars().count();
        (2..=10).contains(&length) && label.chars().all(|sign| sign.is_alphabetic() || "（）()".contains(sign))
    })
}

/// What a printed page says of itself, with any ornaments: `——以下空白——`, `（此页无正文）`, `承前页`.
pub(super) fn is_page_mark(text: &str) -> bool {
    const MARKS: [&str; 22] = [
        "以下空白",
        "以下为空",
        "以下空",
        "以下无",
        "以下无正文",
        "此页无正文",
        "本页无正文",
        "无正文",
        "空白",
        "过次页",
        "承前页",
        "承上页",
        "接上页",
        "接下页",
        "转下页",
        "转次页",
        "续上页",
        "续下页",
        "续表",
        "全文完",
        "以上",
        "以下作废",
    ];
    let bare = text.trim_matches(|sign: char| !sign.is_alphanumeric());
    MARKS.contains(&bare)
        || (bare.chars().count() <= 10
            && (bare.starts_with("以下空白") || bare.ends_with("以下空白") || bare.ends_with("无正文")))
}

/// What a page counts of itself: `第2页`, `共9人`, `第1页 共3页`, `共12户35人`.
pub(super) fn is_page_count(text: &str) -> bool {
    let bare = text.trim_matches(|sign: char| !sign.is_alphanumeric());
    bare.chars().any(|sign| is_numeral(sign) && sign != '第')
        && bare.contains(['页', '人', '户', '口', '名', '条', '张'])
        && bare.chars().all(|sign| is_numeral(sign) || "第共页张户人口名计本条行总合,，、/ -—：:。".contains(sign))
}

/// Where somebody signs or stamps.
pub(super) fn is_stamp(text: &str) -> bool {
    const STAMPS: [&str; 8] = ["盖章", "公章", "签字", "签章", "签名", "章", "签字盖章", "手印"];
    let bracket = text.rsplit_once(['（', '(']).map(|(_, inner)| inner.trim_end_matches(['）', ')', '：', ':']));
    bracket.is_some_and(|inner| STAMPS.contains(&inner))
        || ["盖章：", "盖章:", "签字：", "签字:", "公章：", "公章:", "签名：", "签名:"].iter().any(|end| text.ends_with(end))
}

/// An office that signs below a list.
pub(super) fn is_office(text: &str) -> bool {
    const OFFICES: [&str; 9] =
        ["村民委员会", "居民委员会", "村委会", "人民政府", "办事处", "民政局", "扶贫办", "民政办", "残疾人联合会"];
    OFFICES.iter().any(|office| text.ends_with(office))
}

/// What an office writes of itself or of a list, and nothing else: `盖章`, `村支书签字`, `经办人`, `情况属实`, `审核通过`, `分管领导`.
pub(super) fn is_office_word(text: &str) -> bool {
    const OFFICES: &str = "乡镇 街道 社区 驻村 包村 村级 村民 村委会 居委会 村两委 单位 部门 民政 主要 分管 第一 主管 具体 全体 会议 评议 民主 代表 县级 镇级 股室 科室 \
                           办公室 工作队 工作组 小组 县 镇 乡 村 组";
    // What speaks of rows is none of these: `未通过`, `不符合`, `审核人员`.
    const SAID: &str = "村支书 支部书记 支书 书记 主任 副主任 领导 镇长 乡长 县长 局长 站长 所长 科长 股长 组长 队长 村长 会计 出纳 文书 专干 网格员 \
                        班子 负责 经办 审核 审批 复核 审查 核实 核对 核准 填表 填报 制表 制单 报送 报表 监督 签收 联系 公示 日期 意见 结果 情况 \
                        签字 签名 签章 盖章 公章 印章 手印 指印 人员签字 人员签名 人员盖章 同意 属实 无异议 无误 通过 完毕 上报";
    const BESIDE: &str = "人 处 章 栏 已 经 并 予以 电话 时间";
    let bare = text.trim_matches(|sign: char| !sign.is_alphanumeric());
    if !(2..=16).contains(&bare.chars().count()) || is_subtotal(bare) {
        return false;
    }
    // An office alone says nothing.
    let all = || [OFFICES, SAID, BESIDE].into_iter().flat_map(str::split_whitespace).collect::<Vec<&str>>();
    SAID.split_whitespace().any(|word| bare.contains(word)) && is_made_of(bare, &all())
}

/// Whether a text is nothing but some of the words.
fn is_made_of(text: &str, words: &[&str]) -> bool {
    text.is_empty() || words.iter().any(|word| text.strip_prefix(word).is_some_and(|rest| is_made_of(rest, words)))
}

/// A date and nothing else: `2018年6月20日`, `年　月　日`.
pub(super) fn is_day(text: &str) -> bool {
    let squeezed = squeeze(text);
    let rest = |word: &str| squeezed.contains(word);
    let written = rest("年") && rest("月");
    written && squeezed.chars().all(|sign| sign.is_ascii_digit() || "年月日一二三四五六七八九十〇零○_至-—".contains(sign))
}

/// A row under the header that says what to write into each column: at least two cells do, and half of them.
fn is_instruction(cells: &[Cell<'_>]) -> bool {
    const SAID: [&str; 34] = [
        "必填",
        "选填",
        "非必填",
        "可不填",
        "填写",
        "下拉",
        "选择",
        "系统生成",
        "自动生成",
        "自动带出",
        "一致",
        "例如",
        "示例",
        "样例",
        "格式",
        "文本",
        "数字",
        "小数",
        "字符",
        "以内",
        "不超过",
        "末位",
        "位数",
        "18位",
        "15位",
        "是或否",
        "是/否",
        "男/女",
        "男或女",
        "配偶等",
        "子女等",
        "年月日",
        "yyyy",
        "YYYY",
    ];
    let told =
        cells.iter().filter(|(_, kind, text)| *kind == CellKind::Text && SAID.iter().any(|word| text.contains(word))).count();
    told >= 2 && told * 2 >= cells.len()
}

/// Whether the row is an example to be overwritten, numbers and all.
pub(super) fn is_example(cells: &[Cell<'_>]) -> bool {
    let first = cells.first().map_or("", |(_, _, text)| text.trim());
    let bare = first.trim_matches(|sign: char| !sign.is_alphanumeric());
    matches!(bare, "例" | "示例" | "样例" | "举例" | "范例" | "例子" | "填写示例" | "填表示例" | "示例行" | "例行")
}

/// The row for `rejects.parquet`: each cell masked on its own.
pub(super) fn masked(cells: &[Cell<'_>]) -> String {
    let shown: Vec<String> = cells.iter().take(12).map(|(_, _, text)| mask(text.trim()).chars().take(40).collect()).collect();
    shown.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aside_of(texts: &[&str]) -> Option<RejectReason> {
        let cells: Vec<Cell<'_>> = (0..).zip(texts).map(|(column, text)| (column, CellKind::Text, *text)).collect();
        aside(&cells, &RowContext { width: 8, below: 5, spread: false, in_notes: false, of_people: true })
    }

    #[test]
    fn subtotals_and_notes_are_not_people() {
        for text in ["合计", "小  计", "合计：12户35人", "凤仪镇小计", "总计（户）"] {
            assert_eq!(aside_of(&[text, "12"]), Some(RejectReason::Subtotal), "{text}");
        }
        for text in ["注：1、本表一式两份", "审核人：", "填表人:张三", "制表人：李四", "备注：无", "正安县民政局（盖章）"]
        {
            assert_eq!(aside_of(&[text, "联系电话：123"]), Some(RejectReason::Note), "{text}");
        }
        assert_eq!(aside_of(&["本表由各乡镇于每月五日前报送县扶贫办公室汇总备查用"]), Some(RejectReason::Note));
    }

    #[test]
    fn what_offices_write_below_and_above_rows_is_nobody() {
        for row in [
            &["以下空白"][..],
            &["——以下空白——"],
            &["（此页无正文）"],
            &["过次页", "1200"],
            &["村委会（公章）"],
            &["燕子坝村村民委员会", "2018年6月20日"],
            &["填报单位：瑞溪镇人民政府", "2018年6月20日"],
            &["单位：元"],
            &["年  月  日"],
            &["公示时间：2018年6月1日至6月7日"],
            &["领导签字：", "经办人签字："],
            &["负责人", "王五", "13985001234"],
            &["村支书签字", "王五", "审核人", "赵六"],
            &["64", "经办人", "骆秀建", "2018年6月20日"],
            &["村委会意见", "情况属实"],
            &["审核人", "王五", "联系电话", "0851-26421234"],
        ] {
            assert_eq!(aside_of(row), Some(RejectReason::Note), "{row:?}");
        }
        let told = [(0, CellKind::Text, "所在乡镇"), (1, CellKind::Text, "与身份证一致"), (2, CellKind::Text, "18位，末位X大写")];
        let context = |below| RowContext { width: 8, below, spread: false, in_notes: false, of_people: true };
        assert_eq!(aside(&told, &context(1)), Some(RejectReason::Note));
        assert_eq!(aside(&told, &context(9)), None);
    }

    #[test]
    fn people_are_not_subtotals_or_notes() {
        for row in [
            &["1", "张计", "凤仪"][..],
            &["计小明", "男"],
            &["注册", "王五"],
            &["12"],
            &["1", "会计", "瑞溪镇", "合计"],
            &["1", "阿卜杜拉·买买提", "瑞溪镇"],
            &["1", "无名氏", "是"],
            &["2", "丫", "女"],
            &["3", "章以上", "女"],
            &["4", "已审核", "王小明"],
            &["5", "王小明", "已核实"],
            &["6", "村主任", "王小明"],
            &["7", "王小明", "13985001234"],
        ] {
            assert_eq!(aside_of(row), None, "{row:?}");
        }
    }

    #[test]
    fn words_that_mean_nothing() {
        for text in ["/", "同上", "--------------", "——", " NULL ", "　", "N/A", "nan", "None", "#REF!", "#DIV/0!"] {
            assert!(is_empty(text), "{text}");
        }
        for text in ["无名", "0", "-1", "—5", "空调工"] {
            assert!(!is_empty(text), "{text}");
        }
    }
}
