use proptest::prelude::*;

use super::*;

fn vocabulary() -> BTreeSet<String> {
    ["姓名", "户主姓名", "身份证号", "身份证号码", "村", "保障人数/合计", "保障人数", "保障金", "低保证号", "户编号", "金额"]
        .map(str::to_owned)
        .into()
}

fn block(rows: &[(u32, &[(u32, &str)])]) -> RowBlock {
    let mut block = RowBlock::default();
    for (row, cells) in rows {
        block.begin_row(*row);
        for (column, text) in *cells {
            block.push_cell(*column, CellKind::Text, text);
        }
    }
    block
}

#[derive(Default, Debug)]
struct Seen {
    heads: Vec<TableHead>,
    rows: Vec<(u32, Vec<String>)>,
    rejects: Vec<(u32, RejectReason)>,
    refused: Vec<&'static str>,
}

fn read(merges: Vec<Merge>, blocks: &[RowBlock]) -> Seen {
    let vocabulary = vocabulary();
    let mut seen = Seen::default();
    let mut take = |event| match event {
        LayoutEvent::Head(head) => seen.heads.push(head),
        LayoutEvent::Rows(table) => {
            for (position, row) in table.rows.iter().enumerate() {
                seen.rows.push((*row, table.columns.iter().map(|column| column.get(position).1.to_owned()).collect()));
            }
        }
        LayoutEvent::Reject(reject) => seen.rejects.push((reject.row, reject.reason)),
        LayoutEvent::Refused(refusal) => seen.refused.push(refusal.code),
    };
    let mut layout = Layout::new(SheetName { file: "f.xlsx".into(), sheet: "Sheet1".into() }, merges, &vocabulary);
    for block in blocks {
        layout.push(block, &mut take);
    }
    layout.finish(&mut take);
    seen
}

fn headers(seen: &Seen) -> Vec<&str> {
    seen.heads[0].columns.iter().map(|column| column.text.as_str()).collect()
}

const ID: &str = "520324199001011234";

#[test]
fn title_unit_footer_and_totals_stand_around_the_table() {
    let seen = read(
        vec![Merge { first_row: 1, first_column: 0, last_row: 1, last_column: 3 }],
        &[block(&[
            (1, &[(0, "2018年6月低保名册")]),
            (2, &[(0, "填报单位：民政局（盖章）"), (3, "单位：人，元")]),
            (4, &[(0, "序号"), (1, "姓名*"), (2, "身份证号码"), (3, "保障金（元）")]),
            (5, &[(0, "1"), (1, "张三"), (2, ID), (3, "323")]),
            (6, &[(0, "小 计"), (3, "323")]),
            (7, &[(0, "序号"), (1, "姓名*"), (2, "身份证号码"), (3, "保障金（元）")]),
            (8, &[(0, "2"), (1, "李四"), (2, ID), (3, "/")]),
            (10, &[(0, "合计：12户35人")]),
            (11, &[(0, "审核人："), (2, "填表人：")]),
            (12, &[(0, "注：本表由各乡镇填报，一式两份，请于月底前报送县民政局")]),
        ])],
    );
    assert_eq!(headers(&seen), ["序号", "姓名*", "身份证号码", "保障金（元）"]);
    assert_eq!(seen.heads[0].header_row, 4);
    assert_eq!(seen.heads[0].preamble, ["2018年6月低保名册", "填报单位：民政局（盖章）", "单位：人，元"]);
    let names: Vec<_> = seen.rows.iter().map(|(row, cells)| (*row, cells[1].as_str(), cells[3].as_str())).collect();
    assert_eq!(names, [(5, "张三", "323"), (8, "李四", "")]);
    use RejectReason::{Note, RepeatedHeader, Subtotal};
    assert_eq!(seen.rejects, [(6, Subtotal), (7, RepeatedHeader), (10, Subtotal), (11, Note), (12, Note)]);
}

#[test]
fn three_header_rows_are_joined_by_path() {
    let down = |column| Merge { first_row: 1, first_column: column, last_row: 3, last_column: column };
    let merges = vec![
        down(0),
        down(1),
        Merge { first_row: 1, first_column: 2, last_row: 1, last_column: 4 },
        Merge { first_row: 2, first_column: 2, last_row: 3, last_column: 2 },
        Merge { first_row: 2, first_column: 3, last_row: 2, last_column: 4 },
    ];
    let seen = read(
        merges,
        &[block(&[
            (1, &[(0, "户主姓名"), (1, "身份证号码"), (2, "保障人数")]),
            (2, &[(2, "合计"), (3, "分解")]),
            (3, &[(3, "重点保障人数"), (4, "残疾人数")]),
            (4, &[(0, "张三"), (1, ID), (2, "3"), (3, "1"), (4, "0")]),
        ])],
    );
    assert_eq!(
        headers(&seen),
        ["户主姓名", "身份证号码", "保障人数/合计", "保障人数/分解/重点保障人数", "保障人数/分解/残疾人数"]
    );
    assert_eq!(seen.rows.len(), 1);
}

#[test]
fn a_two_row_header_without_merges_is_joined_too() {
    let seen = read(
        Vec::new(),
        &[block(&[
            (1, &[(0, "户主姓名"), (1, "身份证号码"), (2, "保障人数")]),
            (2, &[(2, "合计"), (3, "残疾人数")]),
            (3, &[(0, "张三"), (1, ID), (2, "3"), (3, "0")]),
        ])],
    );
    assert_eq!(headers(&seen), ["户主姓名", "身份证号码", "保障人数/合计", "保障人数/残疾人数"]);
}

#[test]
fn a_merged_household_cell_fills_its_rows_and_no_further() {
    let seen = read(
        vec![Merge { first_row: 2, first_column: 0, last_row: 3, last_column: 0 }],
        &[
            block(&[(1, &[(0, "户编号"), (1, "姓名"), (2, "身份证号")]), (2, &[(0, "A1"), (1, "张三"), (2, ID)])]),
            block(&[(3, &[(1, "张小"), (2, ID)]), (4, &[(1, "李四"), (2, ID)])]),
        ],
    );
    let codes: Vec<_> = seen.rows.iter().map(|(_, cells)| cells[0].as_str()).collect();
    assert_eq!(codes, ["A1", "A1", ""]);
}

#[test]
fn a_cross_tab_is_refused_as_one() {
    let mut rows = RowBlock::default();
    for (row, label) in [(2, "学生数"), (3, "资助人数"), (4, "资助金额")] {
        rows.begin_row(row);
        rows.push_cell(0, CellKind::Text, label);
        for column in 1..5 {
            rows.push_cell(column, CellKind::Number, "120");
        }
    }
    let seen = read(Vec::new(), &[block(&[(1, &[(0, "项目"), (1, "学前"), (2, "小学"), (3, "初中"), (4, "高中")])]), rows]);
    assert_eq!(seen.refused, ["cross-tab"]);
    assert_eq!(read(Vec::new(), &[block(&[(1, &[(0, "会议记录")])])]).refused, ["no-header"]);
}

#[test]
fn another_table_below_starts_anew() {
    let seen = read(
        Vec::new(),
        &[block(&[
            (1, &[(0, "姓名"), (1, "身份证号"), (2, "村")]),
            (2, &[(0, "张三"), (1, ID), (2, "燕子坝")]),
            (5, &[(0, "户主姓名"), (1, "身份证号码"), (2, "保障人数"), (3, "保障金")]),
            (6, &[(0, "李四"), (1, ID), (2, "3"), (3, "900")]),
        ])],
    );
    assert_eq!(seen.heads.len(), 2);
    assert_eq!(seen.heads[1].header_row, 5);
    assert_eq!(seen.rows.len(), 2);
}

proptest! {
    /// Rows in = rows kept + rows rejected, whatever stands in the cells and wherever blocks are cut.
    #[test]
    fn no_row_is_lost(cells in prop::collection::vec(prop::collection::vec("(|张三|合计|注：x|姓名|12|同上|520324199001011234)", 3), 0..60), cut in 1usize..20) {
        let mut blocks = vec![block(&[(1, &[(0, "姓名"), (1, "身份证号"), (2, "村")])])];
        let mut blank = 0;
        for (chunk_number, chunk) in cells.chunks(cut).enumerate() {
            let mut next = RowBlock::default();
            for (position, row) in chunk.iter().enumerate() {
                next.begin_row(u32::try_from(2 + chunk_number * cut + position).expect("small"));
                blank += usize::from(row.iter().all(|text| text.is_empty() || text == "同上"));
                for (column, text) in (0u32..).zip(row) {
                    if !text.is_empty() {
                        next.push_cell(column, CellKind::Text, text);
                    }
                }
            }
            blocks.push(next);
        }
        let seen = read(Vec::new(), &blocks);
        prop_assert_eq!(seen.rows.len() + seen.rejects.len() + blank, cells.len());
        prop_assert!(seen.rows.iter().all(|(_, cells)| cells.len() == 3));
    }
}
