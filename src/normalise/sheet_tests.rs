use std::collections::BTreeMap;

use super::*;
use crate::config::registry::{FieldDefinition, FieldUse};
use crate::model::field::{FieldKind, Per};
use crate::model::raw::{CellKind, HeaderColumn, Mapping, SheetName, TableHead};
use crate::model::registry::{Grain, RegistryId};
use arrow::array::{Array, AsArray, StringArray};
use arrow::datatypes::{Date32Type, Int32Type, Int64Type};

/// One field of every kind, and those that lend each other values.
const FIELDS: [(&str, FieldKind); 22] = [
    ("name", FieldKind::Name),
    ("id_number", FieldKind::IdNumber),
    ("disability_no", FieldKind::DisabilityNumber),
    ("birth", FieldKind::Date),
    ("sex", FieldKind::Code),
    ("relation", FieldKind::Relation),
    ("household_code", FieldKind::Identifier),
    ("head_name", FieldKind::Name),
    ("head_id_number", FieldKind::IdNumber),
    ("town", FieldKind::Place),
    ("village", FieldKind::Place),
    ("address", FieldKind::Place),
    ("phone", FieldKind::Phone),
    ("health", FieldKind::CodeList),
    ("covered", FieldKind::YesNo),
    ("covered_count", FieldKind::Count),
    ("amount_fen", FieldKind::Money),
    ("month", FieldKind::Month),
    ("year", FieldKind::Year),
    ("category", FieldKind::Text),
    ("disability_kind", FieldKind::CodeList),
    ("disability_grade", FieldKind::Code),
];

/// Fields that are for a month.
const AMOUNTS: [&str; 1] = ["amount_fen"];

pub(in crate::normalise) fn dictionary() -> Dictionary {
    let codes = |name: &str| match name {
        "sex" => vec![("男", "男"), ("女", "女")],
        "health" => vec![("健康", "健康"), ("长期慢性病", "长期慢性病"), ("残疾", "残疾")],
        "disability_kind" => vec![("肢体", "肢体"), ("肢体残疾", "肢体"), ("智力", "智力")],
        "disability_grade" => vec![("一级", "一级"), ("1级", "一级"), ("二级", "二级")],
        _ => vec![],
    };
    let field = |(name, kind): (&str, FieldKind)| FieldDefinition {
        name: name.to_owned(),
        kind,
        title: name.to_owned(),
        aliases: vec![],
        codes: codes(name)
            .into_iter()
            .map(|(spelling, value)| (spelling.to_owned(), value.to_owned()))
            .collect::<BTreeMap<_, _>>(),
        ..FieldDefinition::default()
    };
    Dictionary { fields: FIELDS.into_iter().map(|entry| (entry.0.to_owned(), field(entry))).collect(), registries: vec![] }
}

pub(in crate::normalise) fn gazetteer() -> Gazetteer {
    let villages = include_str!("../../pipelines/divisions/zhengan_villages.csv");
    Gazetteer::resolve(villages, include_str!("../../pipelines/divisions/zhengan_streets_history.csv"))
        .expect("the shipped lists")
}

/// A sheet: file, lines above the table, (field, header) per column, rows of cells.
pub(in crate::normalise) struct Sheet<'s> {
    pub(in crate::normalise) file: &'s str,
    pub(in crate::normalise) preamble: &'s [&'s str],
    pub(in crate::normalise) columns: &'s [(&'s str, &'s str)],
    pub(in crate::normalise) rows: &'s [&'s [&'s str]],
}

/// A register.
pub(in crate::normalise) fn definition(grain: Grain) -> RegistryDefinition {
    RegistryDefinition {
        part: None,
        being: Vec::new(),
        remarks: Vec::new(),
        proven_by: Vec::new(),
        proving_nothing: Vec::new(),
        id: RegistryId::from("test"),
        title: String::new(),
        department: String::new(),
        grain,
        fields: FIELDS
            .iter()
            .filter(|(name, _)| grain == Grain::HouseholdMonth || *name != "month")
            .map(|(name, _)| FieldUse { field: (*name).to_owned(), aliases: vec![] })
            .collect(),
        required: vec![],
        telling: vec![],
        excluded: vec![],
        title_words: vec![],
        other_titles: Vec::new(),
        other_rows: Vec::new(),
        other_kinds: Vec::new(),
        identified_by: Vec::new(),
        amounts: AMOUNTS.iter().map(|name| ((*name).to_owned(), Per::Month)).collect(),
        never_zero: Vec::new(),
        at_least: Vec::new(),
        below_zero: Vec::new(),
    }
}

pub(in crate::normalise) fn normalise(sheet: &Sheet<'_>, grain: Grain) -> NormalisedSheet {
    let (dictionary, gazetteer) = (dictionary(), gazetteer());
    let context = Context {
        dictionary: &dictionary,
        gazetteer: &gazetteer,
        period: "2018-06".parse().expect("a month"),
        as_of: "2018-06-30".parse().expect("a day"),
    };
    let definition = definition(grain);
    let head = TableHead {
        name: SheetName { file: sheet.file.to_owned(), sheet: "Sheet1".to_owned() },
        header_row: 1,
        columns: (0..).zip(sheet.columns).map(|(index, (_, text))| HeaderColumn { index, text: (*text).to_owned() }).collect(),
        preamble: sheet.preamble.iter().map(|&line| line.to_owned()).collect(),
        ..TableHead::default()
    };
    let mapping = Mapping {
        registry: RegistryId::from("test"),
        fields: sheet.columns.iter().enumerate().map(|(at, (field, _))| ((*field).to_owned(), at)).collect(),
        left_over: vec![],
        pinned: false,
    };
    let mut normaliser = Normaliser::new(&context, &definition, &head, &mapping);
    // Two chunks, so that what is carried from one to the next is exercised.
    for (chunk, first) in sheet.rows.chunks(2).zip((2_u32..).step_by(2)) {
        let mut table = RawTable { rows: (first..).take(chunk.len()).collect(), ..RawTable::of_width(sheet.columns.len()) };
        for row in chunk {
            for (column, cell) in table.columns.iter_mut().zip(*row) {
                let (kind, text) = match cell.strip_prefix('#') {
                    Some(number) => (CellKind::Number, number),
                    None if cell.is_empty() => (CellKind::Empty, ""),
                    None => (CellKind::Text, *cell),
                };
                column.push(kind, text);
            }
        }
        normaliser.push(&table);
    }
    let result = normaliser.finish().expect("a batch");
    assert_eq!(result.read, (result.rows.len() + result.rejects.len()) as u64, "rows balance");
    assert_eq!(result.batch.num_rows(), result.rows.len());
    result
}

fn text<'b>(sheet: &'b NormalisedSheet, column: &str, row: usize) -> Option<&'b str> {
    let array: &StringArray = sheet.batch.column_by_name(column)?.as_string();
    array.is_valid(row).then(|| array.value(row))
}

const VALID: &str = "11010519491231002X";

#[test]
fn a_row_of_every_kind() {
    let sheet = normalise(
        &Sheet {
            file: "瑞溪.xlsx",
            preamble: &["单位：元"],
            columns: &[
                ("name", "姓名"),
                ("id_number", "证件号码"),
                ("relation", "关系"),
                ("household_code", "户编号"),
                ("address", "住址"),
                ("phone", "电话"),
                ("health", "健康状况"),
                ("covered", "是否保障对象"),
                ("covered_count", "人数"),
                ("amount_fen", "金额(元)"),
                ("sex", "性别"),
            ],
            rows: &[&[
                "张 三(户主)",
                "'11010519491231002x",
                "妻子",
                "52 03",
                "瑞溪镇燕子坝村三组",
                "138 0000 1234",
                "残疾，健康",
                "是",
                "#3",
                "#294.58",
                "男",
            ]],
        },
        Grain::Person,
    );
    for (column, expected) in [
        ("name", "张三"),
        ("name_raw", "张 三(户主)"),
        ("id_number", VALID),
        ("id_number_state", "valid"),
        ("id_number_raw", "'11010519491231002x"),
        ("relation", "配偶"),
        ("household_code", "5203"),
        ("town", "瑞溪镇"),
        ("village", "燕子坝村"),
        ("village_code", "520324101202"),
        ("group", "三组"),
        ("phone", "13800001234"),
        ("health", "健康,残疾"),
        ("sex", "女"),
        ("repairs", "id_number:space;id_number:check_letter;name:title;sex:differs_from_number;phone:space"),
    ] {
        assert_eq!(text(&sheet, column, 0), Some(expected), "{column}");
    }
    assert_eq!(text(&sheet, "place_raw", 0), None);
    assert_eq!(sheet.batch.column_by_name("amount_fen").expect("mapped").as_primitive::<Int64Type>().value(0), 29_458);
    let birth = sheet.batch.column_by_name("birth").expect("always").as_primitive::<Date32Type>().value(0);
    assert_eq!(Day(birth).to_string(), "1949-12-31");
    assert!(sheet.batch.column_by_name("disability_no").is_none(), "no cell gave one");
    assert!(sheet.headers.contains(&("id_number".to_owned(), "证件号码".to_owned())));
}

#[test]
fn certificate_and_id_number_lend_each_other() {
    let columns = [
        ("name", "姓名"),
        ("id_number", "证件号码"),
        ("disability_no", "残疾证号"),
        ("disability_kind", "类别"),
        ("disability_grade", "等级"),
    ];
    let certificate = "11010519491231002X42";
    let sheet = normalise(
        &Sheet {
            file: "残联.xlsx",
            preamble: &[],
            columns: &columns,
            rows: &[
                &["张三", certificate, "", "", ""],
                &["张三", "", certificate, "", "1级"],
                &["张三", VALID, "", "肢体二级", ""],
                &["张三", VALID, "", "", "智力一级、肢体二级"],
                &["张三", VALID, "", "心脏", "九级"],
            ],
        },
        Grain::Person,
    );
    let row = |row: usize| {
        ["id_number", "disability_no", "disability_kind", "disability_grade"].map(|column| text(&sheet, column, row))
    };
    assert_eq!(row(0), [Some(VALID), Some(certificate), Some("肢体"), Some("二级")]);
    assert_eq!(row(1), [Some(VALID), Some(certificate), Some("肢体"), Some("一级")]);
    assert_eq!(row(2), [Some(VALID), None, Some("肢体"), Some("二级")]);
    assert_eq!(row(3), [Some(VALID), None, Some("肢体,智力"), Some("一级")]);
    assert_eq!(row(4), [Some(VALID), None, None, None]);
    assert_eq!(text(&sheet, "repairs", 1), Some("id_number:from_disability_no;disability_kind:from_disability_no"));
    assert_eq!(text(&sheet, "repairs", 4), Some("disability_kind:unknown_code;disability_grade:unknown_code"));
    let placeholder = Sheet { file: "残联.xlsx", preamble: &[], columns: &columns, rows: &[&["", "0", certificate, "", ""]] };
    let kept = normalise(&placeholder, Grain::Person);
    assert_eq!((text(&kept, "id_number", 0), text(&kept, "id_number_raw", 0)), (Some(VALID), Some("0")));
    let alone = normalise(
        &Sheet { file: "贫困.xlsx", preamble: &[], columns: &[("id_number", "证件号码")], rows: &[&[certificate]] },
        Grain::Person,
    );
    assert_eq!(text(&alone, "disability_no", 0), Some(certificate));
    assert_eq!(text(&alone, "disability_grade", 0), Some("二级"));
}

#[test]
fn rows_without_identity_and_after_the_period_are_set_aside() {
    let columns = [("name", "姓名"), ("id_number", "身份证"), ("month", "月份")];
    let sheet = normalise(
        &Sheet {
            file: "发放.xlsx",
            preamble: &["2018-05农村低保发放明细", "日期：2018-07-02"],
            columns: &columns,
            rows: &[
                &["", "0", "201806"],
                &["", "", "201806"],
                &["张三", "", "2018-07"],
                &["李四", "", ""],
                &["王五", "", "2018年4月"],
            ],
        },
        Grain::HouseholdMonth,
    );
    let reasons: Vec<_> = sheet.rejects.iter().map(|reject| (reject.row, reject.reason)).collect();
    assert_eq!(reasons, [(2, RejectReason::NoIdentity), (3, RejectReason::NoIdentity), (4, RejectReason::AfterPeriod)]);
    assert!(sheet.rejects.iter().all(|reject| !reject.masked.contains("张三")));
    let months = sheet.batch.column_by_name("month").expect("mapped").as_primitive::<Int32Type>();
    assert_eq!((months.value(0), months.value(1)), (201_805, 201_804));
    assert_eq!(text(&sheet, "repairs", 0), Some("month:from_data_date"));
}

#[test]
fn a_snapshot_dated_after_the_period_is_set_aside_whole() {
    let late = Sheet {
        file: "a.xlsx", preamble: &["填报时间：2018年7月21日"], columns: &[("name", "姓名")], rows: &[&["张三"]]
    };
    let sheet = normalise(&late, Grain::Person);
    assert_eq!(sheet.rejects.iter().map(|reject| reject.reason).collect::<Vec<_>>(), [RejectReason::AfterPeriod]);
}

#[test]
fn on_a_household_row_the_heads_name_and_number_are_the_rows_own() {
    let columns = [("head_name", "户主姓名"), ("head_id_number", "身份证号码")];
    let sheet = normalise(
        &Sheet { file: "a.xlsx", preamble: &["2018年6月"], columns: &columns, rows: &[&["张三", VALID]] },
        Grain::HouseholdMonth,
    );
    assert_eq!((text(&sheet, "name", 0), text(&sheet, "id_number", 0)), (Some("张三"), Some(VALID)));
    assert!(sheet.headers.contains(&("name".to_owned(), "户主姓名".to_owned())));
    let months = sheet.batch.column_by_name("month").expect("from the title").as_primitive::<Int32Type>();
    assert_eq!(months.value(0), 201_806);
}

#[test]
fn the_first_column_with_a_value_wins() {
    let columns = [("phone", "成员联系电话"), ("phone", "户联系电话"), ("name", "姓名")];
    let sheet = normalise(
        &Sheet {
            file: "a.xlsx",
            preamble: &[],
            columns: &columns,
            rows: &[&["", "13800001234", "张三"], &["13900001234", "13800001234", "李四"]],
        },
        Grain::Person,
    );
    assert_eq!((text(&sheet, "phone", 0), text(&sheet, "phone", 1)), (Some("13800001234"), Some("13900001234")));
}

#[test]
fn the_sheets_own_town_is_the_last_resort() {
    let columns = [("name", "姓名"), ("village", "村"), ("town", "乡镇")];
    let sheet = normalise(
        &Sheet {
            file: "2018年6月/瑞溪镇/名册.xlsx",
            preamble: &[],
            columns: &columns,
            rows: &[&["张三", "燕子坝", ""], &["李四", "凤山", "和溪镇"], &["王五", "没有的村", "和溪镇"]],
        },
        Grain::Person,
    );
    let place = |row: usize| [text(&sheet, "town", row), text(&sheet, "village", row), text(&sheet, "repairs", row)];
    assert_eq!(place(0), [Some("瑞溪镇"), Some("燕子坝村"), Some("place:town_from_sheet")]);
    assert_eq!(place(1), [Some("和溪镇"), Some("凤山村"), None]);
    assert_eq!(place(2), [Some("和溪镇"), None, None]);
    assert_eq!(text(&sheet, "place_raw", 2), Some("和溪镇/没有的村"));
}

#[test]
fn what_cannot_be_read_is_null_and_said() {
    let columns =
        [("name", "姓名"), ("household_code", "户编号"), ("amount_fen", "金额"), ("covered", "是否"), ("birth", "出生")];
    let sheet = normalise(
        &Sheet {
            file: "a.xlsx",
            preamble: &[],
            columns: &columns,
            rows: &[&["张三", "#5203241012020000", "三百三", "也许", "1949年"], &["李四", "#42", "--------", "", ""]],
        },
        Grain::Person,
    );
    assert_eq!(text(&sheet, "household_code", 0), None);
    assert_eq!(
        text(&sheet, "repairs", 0),
        Some("birth:unreadable;household_code:float;covered:unknown_code;amount_fen:unreadable")
    );
    assert_eq!((text(&sheet, "household_code", 1), text(&sheet, "repairs", 1)), (Some("42"), None));
}
