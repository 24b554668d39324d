use super::super::sheet::tests::{Sheet, normalise};
use super::*;

fn entry(file: &str, date: &str, grain: Grain, columns: &[(&str, &str)], rows: &[&[&str]]) -> Entry {
    let sheet = normalise(&Sheet { file, preamble: &[date], columns, rows }, grain);
    (SheetName { file: file.to_owned(), sheet: "Sheet1".to_owned() }, RegistryId::from("dibao"), grain, sheet)
}

fn names(set: &RecordSet) -> Vec<&str> {
    let records = &set.registries[0];
    (0..records.len()).filter_map(|row| records.text_at("name", row)).collect()
}

fn reasons(rejects: &[(SheetName, Reject)]) -> Vec<(&str, u32, RejectReason)> {
    rejects.iter().map(|(name, reject)| (name.file.as_str(), reject.row, reject.reason)).collect()
}

const ROSTER: [(&str, &str); 3] = [("name", "姓名"), ("town", "乡镇"), ("village", "村")];

#[test]
fn sheets_join_by_path_whatever_their_order() {
    let one = || entry("a.xlsx", "", Grain::Person, &[("name", "姓名"), ("phone", "电话")], &[&["张三", "13800001234"]]);
    let other =
        || entry("b.xlsx", "", Grain::Person, &[("name", "姓名"), ("amount_fen", "金额")], &[&["李四", "5"], &["李四", "5"]]);
    for sheets in [vec![one(), other()], vec![other(), one()]] {
        let (set, rejects) = assemble(sheets, &[], Day(17_712)).expect("small");
        assert_eq!(names(&set), ["张三", "李四", "李四"], "repeats within a sheet stay");
        assert!(rejects.is_empty());
        let records = &set.registries[0];
        assert_eq!((records.text_at("phone", 0), records.text_at("phone", 1)), (Some("13800001234"), None));
        assert_eq!(records.int("amount_fen").map(|amounts| (amounts.is_null(0), amounts.value(1))), Some((true, 500)));
        assert_eq!(set.origin(0, 2).map(|(source, row)| (source.name.file.as_str(), row)), Some(("b.xlsx", 3)));
    }
}

#[test]
fn a_row_that_another_sheet_has_is_a_copy() {
    let rows: &[&[&str]] = &[&["张三", "瑞溪镇", "燕子坝"], &["李四", "瑞溪镇", "燕子坝"]];
    let sheets = vec![
        entry("a.xlsx", "2018年6月", Grain::Person, &ROSTER, rows),
        entry("b.xlsx", "2018年6月", Grain::Person, &ROSTER, &[rows[0], &["王五", "瑞溪镇", "燕子坝"]]),
    ];
    let (set, rejects) = assemble(sheets, &[], Day(17_712)).expect("small");
    assert_eq!(names(&set), ["张三", "李四", "王五"]);
    assert_eq!(reasons(&rejects), [("b.xlsx", 2, RejectReason::DuplicateRow)]);
    assert!(!rejects[0].1.masked.contains("张三"));
}

#[test]
fn a_newer_snapshot_replaces_an_older_one_town_by_town() {
    let sheets = vec![
        entry(
            "5.xlsx",
            "2018年5月",
            Grain::Person,
            &ROSTER,
            &[&["张三", "瑞溪镇", ""], &["李四", "和溪镇", ""], &["王五", "", ""]],
        ),
        entry("6.xlsx", "2018年6月", Grain::Person, &ROSTER, &[&["赵六", "瑞溪镇", ""]]),
        entry("undated.xlsx", "", Grain::Person, &ROSTER, &[&["孙七", "瑞溪镇", ""]]),
    ];
    let (set, rejects) = assemble(sheets, &[], Day(17_712)).expect("small");
    assert_eq!(names(&set), ["李四", "王五", "赵六", "孙七"]);
    assert_eq!(reasons(&rejects), [("5.xlsx", 2, RejectReason::Superseded)]);
}

#[test]
fn payments_keep_their_months() {
    let columns = [("name", "姓名"), ("amount_fen", "金额")];
    let row: &[&[&str]] = &[&["张三", "300"]];
    let month = |file, title| entry(file, title, Grain::HouseholdMonth, &columns, row);
    let (set, rejects) =
        assemble(vec![month("5.xlsx", "2018年5月"), month("6.xlsx", "2018年6月")], &[], Day(17_712)).expect("small");
    assert_eq!((set.len(), rejects.len()), (2, 0));
    let (set, rejects) =
        assemble(vec![month("a.xlsx", "2018年6月"), month("b.xlsx", "2018年6月")], &[], Day(17_712)).expect("small");
    assert_eq!((set.len(), reasons(&rejects)), (1, vec![("b.xlsx", 2, RejectReason::DuplicateRow)]));
    let (set, _) = assemble(vec![month("a.xlsx", ""), month("b.xlsx", "")], &[], Day(17_712)).expect("small");
    assert_eq!(set.len(), 2, "without a month two equal rows may be two payments");
}

#[test]
fn registries_come_in_spine_order_and_rejects_of_sheets_are_passed_on() {
    let named = |registry: &str, rows: &[&[&str]]| {
        let mut entry = entry(&format!("{registry}.xlsx"), "", Grain::Person, &[("name", "姓名"), ("phone", "电话")], rows);
        entry.1 = RegistryId::from(registry);
        entry
    };
    let sheets = vec![
        named("dibao", &[&["张三", ""], &["", "13800001234"]]),
        named("poverty", &[&["张三", ""]]),
        named("alone", &[&["张三", ""]]),
    ];
    let (set, rejects) = assemble(sheets, &[RegistryId::from("poverty"), RegistryId::from("dibao")], Day(17_712)).expect("small");
    assert_eq!(set.registries.iter().map(|records| records.registry.as_str()).collect::<Vec<_>>(), ["poverty", "dibao", "alone"]);
    assert_eq!(reasons(&rejects), [("dibao.xlsx", 3, RejectReason::NoIdentity)]);
}
