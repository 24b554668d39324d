use super::*;
use crate::config::registry::shipped;
use proptest::prelude::*;

const ID: &str = "52032419900101123X";

/// What a sheet gave, flattened.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    headers: Vec<String>,
    header_row: u32,
    preamble: Vec<String>,
    rows: Vec<(u32, Vec<String>)>,
    rejects: Vec<(u32, RejectReason)>,
    refused: Vec<String>,
    tally: Tally,
}

/// Cells of a row are parted by `|`; an empty one is left out. A short number is a number cell.
fn read(sheet: &[(u32, &str)], merges: &[(u32, u32, u32, u32)], block_rows: usize) -> Seen {
    let vocabulary = Vocabulary::new(&shipped());
    let merges = merges.iter().map(|&(first_row, first_column, last_row, last_column)| Merge {
        first_row,
        first_column,
        last_row,
        last_column,
    });
    let mut layout = Layout::new(SheetName::default(), merges.collect(), &vocabulary);
    let mut events = Vec::new();
    for rows in sheet.chunks(block_rows) {
        let mut block = RowBlock::default();
        for (row, text) in rows {
            block.begin_row(*row);
            for (column, cell) in (0..).zip(text.split('|')).filter(|(_, cell)| !cell.is_empty()) {
                let number = cell.len() < 10 && cell.parse::<f64>().is_ok();
                block.push_cell(column, if number { CellKind::Number } else { CellKind::Text }, cell);
            }
        }
        events.extend(layout.push(&block));
    }
    events.extend(layout.finish());
    let mut seen = Seen { tally: layout.tally(), ..Seen::default() };
    for event in events {
        match event {
            LayoutEvent::Head(head) => {
                seen.headers = head.columns.into_iter().map(|column| column.text).collect();
                (seen.header_row, seen.preamble) = (head.header_row, head.preamble);
            }
            LayoutEvent::Rows(table) => {
                assert!(table.columns.iter().all(|column| column.len() == table.rows.len()));
                for (position, row) in table.rows.iter().enumerate() {
                    let cells = table.columns.iter().map(|column| column.get(position).1.to_owned()).collect();
                    seen.rows.push((*row, cells));
                }
            }
            LayoutEvent::Rejected(reject) => {
                assert!(!reject.masked.contains(ID));
                seen.rejects.push((reject.row, reject.reason));
            }
            LayoutEvent::Refused(refusal) | LayoutEvent::PartRefused(refusal) => seen.refused.push(refusal.code.to_string()),
        }
    }
    assert!(seen.tally.balances());
    assert_eq!((seen.tally.emitted, seen.tally.rejected), (seen.rows.len() as u64, seen.rejects.len() as u64));
    seen
}

#[test]
fn title_and_unit_rows_stand_above_the_header_and_signatures_below_the_table() {
    let row = format!("1|张三|{ID}|300|");
    let sheet = [
        (1, "正安县农村低保花名册"),
        (2, "填报单位：凤仪街道（盖章）|||填报时间：2018年6月"),
        (3, "序号*|姓名*|身份证号码*|保障金（元）|备注"),
        (4, row.as_str()),
        (5, " | "),
        (6, "合计|||300"),
        (7, "注：1、本表一式两份"),
        (8, "2、按月报送"),
        (9, "审核人：||填表人：||联系电话：13800000000"),
    ];
    let seen = read(&sheet, &[(1, 0, 1, 4), (2, 0, 2, 2), (2, 3, 2, 4)], 2);
    assert_eq!((seen.header_row, seen.headers.len()), (3, 5));
    assert_eq!(seen.preamble[0], "正安县农村低保花名册");
    assert_eq!(seen.preamble.len(), 3);
    assert_eq!(seen.rows, [(4, vec!["1".to_owned(), "张三".into(), ID.into(), "300".into(), String::new()])]);
    assert_eq!(
        seen.rejects,
        [(6, RejectReason::Subtotal), (7, RejectReason::Note), (8, RejectReason::Note), (9, RejectReason::Note)]
    );
}

#[test]
fn three_row_header_with_merges_and_the_same_without() {
    let data = format!("1|张三|{ID}|D1|3|1|2|500|300|200|");
    let sheet = [
        (1, "农保名册"),
        (2, "序号|户主姓名|身份证号码|低保证号|保障人数|||领取金额|||领款人签字(章)"),
        (3, "||||合计|分解||合计|分解||"),
        (4, "|||||重点保障人数|残疾人数||家庭补差|重点救助60元|"),
        (5, data.as_str()),
    ];
    let merges = [
        (1, 0, 1, 10),
        (2, 0, 4, 0),
        (2, 1, 4, 1),
        (2, 2, 4, 2),
        (2, 3, 4, 3),
        (2, 4, 2, 6),
        (2, 7, 2, 9),
        (2, 10, 4, 10),
        (3, 4, 4, 4),
        (3, 5, 3, 6),
        (3, 7, 4, 7),
        (3, 8, 3, 9),
    ];
    let expected = [
        "序号",
        "户主姓名",
        "身份证号码",
        "低保证号",
        "保障人数/合计",
        "保障人数/分解/重点保障人数",
        "保障人数/分解/残疾人数",
        "领取金额/合计",
        "领取金额/分解/家庭补差",
        "领取金额/分解/重点救助60元",
        "领款人签字(章)",
    ];
    for merges in [&merges[..], &[]] {
        let seen = read(&sheet, merges, 100);
        assert_eq!(seen.headers, expected);
        assert_eq!((seen.header_row, seen.rows.len(), seen.preamble.len()), (4, 1, 1));
    }
}

#[test]
fn a_group_above_the_known_words_is_part_of_the_header() {
    let data = format!("张三|{ID}|李四|{ID}");
    let sheet = [(1, "本人||监护人|"), (2, "姓名|身份证号|姓名|身份证号"), (3, data.as_str())];
    let seen = read(&sheet, &[(1, 0, 1, 1), (1, 2, 1, 3)], 10);
    assert_eq!(seen.headers, ["本人/姓名", "本人/身份证号", "监护人/姓名", "监护人/身份证号"]);
}

#[test]
fn household_cells_are_filled_inside_their_merge_only() {
    let member = |name: &str| format!("||{name}|{ID}");
    let (first, second, third) = (format!("1|H1|张三|{ID}"), member("张四"), member("王五"));
    let sheet = [(1, "序号|户编号|姓名|身份证号"), (2, first.as_str()), (3, second.as_str()), (4, ""), (5, third.as_str())];
    let seen = read(&sheet, &[(2, 0, 4, 0), (2, 1, 4, 1)], 2);
    let codes: Vec<(u32, &str)> = seen.rows.iter().map(|(row, cells)| (*row, cells[1].as_str())).collect();
    assert_eq!(codes, [(2, "H1"), (3, "H1"), (5, "")], "row 4 is blank but for the merge, row 5 lies below it");
}

#[test]
fn words_for_nothing_are_empty_and_duplicate_headers_keep_their_place() {
    let row = format!("张三|{ID}|无|/|--------|NULL|7");
    let seen = read(&[(1, "姓名|身份证号|健康状况|电话|备注|补贴金额|补贴金额"), (2, row.as_str())], &[], 10);
    assert_eq!(seen.rows[0].1[2..], ["无", "", "", "", "7"], "无 may be a value: the field decides");
    assert_eq!(seen.headers[5..], ["补贴金额", "补贴金额"]);
}

#[test]
fn page_breaks_repeat_title_and_header_and_forms_number_their_columns() {
    let row = format!("1|张三|{ID}");
    let sheet = [
        (1, "低保花名册"),
        (2, "序号|姓名|身份证号"),
        (3, "1|2|3"),
        (4, row.as_str()),
        (5, "低保花名册"),
        (6, "序号|姓名|身份证号"),
        (7, row.as_str()),
    ];
    let seen = read(&sheet, &[], 3);
    assert_eq!(seen.rejects.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [3, 5, 6]);
    assert!(seen.rejects.iter().all(|(_, reason)| *reason == RejectReason::RepeatedHeader));
    assert_eq!(seen.rows.len(), 2);
}

#[test]
fn a_second_table_is_named_and_not_read_under_the_first_header() {
    let (first, second) = (format!("1|张三|{ID}"), format!("{ID}|凤仪|李四|5"));
    let sheet = [(1, "序号|姓名|身份证号"), (2, first.as_str()), (5, "身份证号|乡镇|姓名|保障金"), (6, second.as_str())];
    let seen = read(&sheet, &[], 10);
    assert_eq!(seen.refused, ["second-table"]);
    assert_eq!(seen.rows.len(), 1);
    assert_eq!(seen.rejects, [(5, RejectReason::OtherTable), (6, RejectReason::OtherTable)]);
}

#[test]
fn a_cross_tab_and_a_sheet_without_header_are_refused() {
    let cross = [
        (1, "2017年学生资助情况汇总表"),
        (2, "单位：人，万元"),
        (3, "项目|学前教育|小学|初中|普通高中"),
        (4, "学生数|1200|5300|2800|--------"),
        (5, "资助人数|300|900|700|400"),
        (6, "资助金额|15.5|90|87.5|80"),
    ];
    assert_eq!(read(&cross, &[], 10).refused, ["cross-tab"]);
    assert_eq!(read(&[(1, "张三|52032419900101123X|瑞溪镇"), (2, "李四||安场镇")], &[], 10).refused, ["no-header"]);
    assert_eq!(read(&[(1, " "), (2, "")], &[], 10), Seen::default());
}

#[test]
fn the_header_may_stand_in_row_thirty_and_not_much_later() {
    let row = format!("张三|{ID}");
    let sheet = |blank: u32| -> Vec<(u32, String)> {
        let mut rows: Vec<(u32, String)> = (1..=blank).map(|row| (row, format!("说明第{row}段"))).collect();
        rows.extend([(blank + 1, "姓名|身份证号".to_owned()), (blank + 2, row.clone())]);
        rows
    };
    for (above, found) in [(29, true), (60, false)] {
        let rows = sheet(above);
        let rows: Vec<(u32, &str)> = rows.iter().map(|(row, text)| (*row, text.as_str())).collect();
        assert_eq!(read(&rows, &[], 7).header_row, if found { above + 1 } else { 0 });
    }
}

proptest! {
    /// Whatever stands below the header, and however it is cut into blocks, each non-blank row comes out once.
    #[test]
    fn rows_read_are_rows_emitted_and_rejected(
        body in proptest::collection::vec(
            prop_oneof![
                Just(format!("1|张三|{ID}|300")), Just("合计|||300".to_owned()), Just("注：略".to_owned()), Just(String::new()),
                Just("序号|姓名|身份证号|保障金".to_owned()), Just("||无|".to_owned()), "[0-9a-z|姓名合计注： ]{0,12}",
            ],
            0..80,
        ),
        gaps in proptest::collection::vec(1u32..3, 80),
        block_rows in 1usize..40,
    ) {
        let mut row = 2;
        let mut sheet = vec![(1, "名册"), (2, "序号|姓名|身份证号|保障金")];
        for (text, gap) in body.iter().zip(&gaps) {
            row += gap;
            sheet.push((row, text.as_str()));
        }
        let written = sheet.iter().skip(2).filter(|(_, text)| text.split('|').any(|cell| !cell.trim().is_empty())).count();
        let seen = read(&sheet, &[(3, 0, 6, 0)], block_rows);
        prop_assert_eq!(seen.header_row, 2);
        prop_assert_eq!(seen.tally.read, written as u64);
        let mut rows: Vec<u32> = seen.rows.iter().map(|(row, _)| *row).chain(seen.rejects.iter().map(|(row, _)| *row)).collect();
        rows.sort_unstable();
        rows.dedup();
        prop_assert_eq!(rows.len(), written);
        prop_assert_eq!(read(&sheet, &[(3, 0, 6, 0)], 1000), seen, "blocks do not matter");
    }
}

#[test]
fn a_second_header_of_the_same_fields_in_other_words_is_read_on() {
    let row = format!("1|张三|{ID}|户主");
    let other = format!("2|李四|{ID}|妻");
    let sheet = [
        (1, "序号|姓名|身份证号码|与户主关系"),
        (2, row.as_str()),
        (4, "序号|人员姓名|公民身份号码|与户主的关系"),
        (5, other.as_str()),
    ];
    let seen = read(&sheet, &[], 9);
    assert_eq!(seen.rows.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [2, 5]);
    assert_eq!(seen.rejects, [(4, RejectReason::RepeatedHeader)]);
    // Moved columns are another table.
    let moved = [sheet[0], sheet[1], (4, "序号|公民身份号码|人员姓名|与户主的关系"), sheet[3]];
    assert_eq!(read(&moved, &[], 9).refused, ["second-table"]);
}

#[test]
fn rows_that_are_nobody_are_set_aside_and_lines_under_the_header_speak_for_the_sheet() {
    let row = format!("1|张三|{ID}|户主");
    let example = format!("例|李四|{ID}|妻");
    let sheet = [
        (1, "序号|姓名|身份证号码|与户主关系"),
        (2, "填报单位：瑞溪镇燕子坝村"),
        (3, "|与户口簿一致|18位，末位X大写|下拉选择"),
        (4, example.as_str()),
        (5, "三组（2户）"),
        (6, row.as_str()),
        (7, "|以下空白"),
        (8, "承前页"),
        (9, "村委会（公章）"),
    ];
    let seen = read(&sheet, &[], 9);
    assert_eq!(seen.preamble, ["填报单位：瑞溪镇燕子坝村"]);
    assert_eq!(seen.rows.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [6]);
    assert!(seen.rejects.iter().all(|(_, reason)| *reason == RejectReason::Note), "{:?}", seen.rejects);
}

#[test]
fn a_form_of_one_household_is_its_persons() {
    let other = "520324199202022345";
    let applicant = format!("申请人姓名|张三|性别|男|身份证号|{ID}");
    let wife = format!("|李四|妻|{other}");
    let sheet = [
        (1, "农村低保申请表"),
        (2, applicant.as_str()),
        (3, "家庭住址|瑞溪镇燕子坝村三组||||"),
        (4, "家庭成员|姓名|与户主关系|身份证号"),
        (5, wife.as_str()),
        (6, "申请理由|因病致贫，特申请低保"),
        (7, "村委会意见|同意"),
    ];
    let seen = read(&sheet, &[], 20);
    assert_eq!(seen.headers, ["申请人姓名", "家庭住址", "姓名", "与户主关系", "身份证号", "性别"]);
    let row = |row: u32, own: [&str; 4]| {
        let household = ["张三", "瑞溪镇燕子坝村三组"];
        (row, household.into_iter().chain(own).map(str::to_owned).collect::<Vec<String>>())
    };
    assert_eq!(seen.rows, [row(2, ["张三", "", ID, "男"]), row(5, ["李四", "妻", other, ""])]);
    assert_eq!(seen.rejects, [(6, RejectReason::Note), (7, RejectReason::Note)]);
}

#[test]
fn a_table_with_cards_by_name_is_no_form() {
    let row = format!("张三|老张|居民身份证|{ID}");
    let seen = read(&[(1, "姓名|曾用名|证件类型|证件号码"), (2, row.as_str()), (3, row.as_str())], &[], 9);
    assert_eq!((seen.header_row, seen.rows.len()), (1, 2));
}

#[test]
fn labels_with_their_values_in_one_cell_are_a_form_too() {
    let first = format!("姓名：张三|性别：男|身份证号码：{ID}");
    let sheet = [(1, "残疾人登记表"), (2, first.as_str()), (3, "残疾类别：肢体|残疾等级：三级|联系电话：")];
    let seen = read(&sheet, &[], 20);
    assert_eq!(seen.headers, ["姓名", "性别", "身份证号码", "残疾类别", "残疾等级"]);
    assert_eq!(seen.rows, [(2, ["张三", "男", ID, "肢体", "三级"].map(str::to_owned).to_vec())]);
}
