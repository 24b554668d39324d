//! Workbooks read back with another library.

use std::io::{Cursor, Read};

use calamine::{Data, Reader, Xlsx, open_workbook_from_rs};

use super::lists::Book;
use super::sample::{Sample, finding, sample};
use super::*;
use crate::model::change::{Change, Changed};
use crate::model::decision::{DecisionState, PairKey, Verdict};
use crate::model::finding::{Evidence, Finding};
use crate::model::link::WeightPart;
use crate::model::masking::Audience;
use crate::model::personal::Personal;
use crate::model::raw::{Refusal, SheetName};
use crate::model::receipt::{FileReceipt, Outcome, RowReceipt};
use crate::model::review::{ReviewEntry, ReviewSide};

#[path = "../../tests/support/golden.rs"]
mod golden;
#[path = "../../tests/support/workbook.rs"]
mod workbook;

pub(super) fn layouts() -> Layouts {
    Layouts::shipped().expect("shipped layouts")
}

fn files(sample: &Sample) -> Vec<OutputFile> {
    build(&sample.input(), &layouts()).expect("workbooks")
}

pub(super) fn find<'a>(files: &'a [OutputFile], part: &str) -> &'a OutputFile {
    files.iter().find(|file| file.path.contains(part)).unwrap_or_else(|| panic!("no {part}"))
}

fn open(file: &OutputFile) -> Xlsx<Cursor<&[u8]>> {
    open_workbook_from_rs(Cursor::new(file.bytes.as_slice())).expect("a workbook")
}

pub(super) fn cells(file: &OutputFile, sheet: &str) -> Vec<Vec<Data>> {
    open(file).worksheet_range(sheet).expect("a sheet").rows().map(<[Data]>::to_vec).collect()
}

/// Every cell as text, and how it looks.
pub(super) fn dump(file: &OutputFile) -> String {
    workbook::dump(&file.bytes)
}

/// A part of the package, as written.
fn part(file: &OutputFile, name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(file.bytes.as_slice())).expect("a zip");
    let mut text = String::new();
    archive.by_name(name).expect("the part").read_to_string(&mut text).expect("text");
    text
}

pub(super) fn every_part(file: &OutputFile) -> String {
    let archive = zip::ZipArchive::new(Cursor::new(file.bytes.as_slice())).expect("a zip");
    let names: Vec<String> = archive.file_names().map(|name| name.expect("a name").into_owned()).collect();
    names.iter().map(|name| part(file, name)).collect()
}

/// Compares a workbook, looks and all, with the one in tests/golden.
#[track_caller]
pub(super) fn same_as_golden(file: &OutputFile, name: &str) {
    golden::same_as_golden(name, &dump(file));
}

#[test]
fn golden_town() {
    same_as_golden(find(&files(&sample()), "瑞溪镇"), "report_town");
}

#[test]
fn golden_department() {
    same_as_golden(find(&files(&sample()), "县民政局"), "report_department");
}

#[test]
fn golden_identity() {
    same_as_golden(find(&files(&sample()), "身份信息更正"), "report_identity");
}

#[test]
fn golden_clauses() {
    same_as_golden(find(&files(&sample()), "政策落实对照表"), "report_clauses");
}

#[test]
fn golden_summary() {
    same_as_golden(find(&files(&sample()), "汇总"), "report_summary");
}

/// The sample's findings, each with another fate.
#[test]
fn golden_changes() {
    let of = |(finding, change): (&Finding, Change)| Changed { change, finding: finding.clone(), title: finding.rule.clone() };
    let findings = sample().findings;
    let all: Vec<Changed> = findings.iter().zip(Change::ALL.into_iter().cycle()).map(of).collect();
    let notes = ["上月的名册少一个".to_owned()];
    let input = ChangesInput { periods: ("2018-05", "2018-06"), as_of: "2018-06-30", changes: &all, notes: &notes, stood: None };
    same_as_golden(&changes(&input, &layouts()).expect("a workbook"), "report_changes");
}

/// A returned list with every outcome, and one that could not be read.
#[test]
fn golden_receipt() {
    let row = |(row, outcome): (u32, Outcome)| RowReceipt {
        town: Some("瑞溪镇".into()),
        village: (row % 2 == 0).then(|| "燕子坝村".into()),
        name: Some("王小山".into()),
        finding_ids: vec![format!("F{row}")],
        list: "2018-06".parse().ok(),
        understood: "属实；拟纳入".into(),
        reason: if outcome.needs_attention() { "没有写核查结果".to_owned() } else { String::new() },
        quote: "520324199003071234 在外".into(),
        ..RowReceipt::bare("燕子坝村".into(), row, outcome)
    };
    let returned = FileReceipt {
        file: "瑞溪镇/回.xlsx".into(),
        written: true,
        rows: (4..).zip(Outcome::ALL).map(row).collect(),
        ..FileReceipt::default()
    };
    let refusal = Refusal {
        name: SheetName { file: "锁着.xlsx".to_owned(), sheet: String::new() },
        code: "password-protected".into(),
        what: "文件设有打开密码".to_owned(),
        hint: "请取消密码后重新提供".to_owned(),
    };
    let locked = FileReceipt { file: "锁着.xlsx".into(), refusals: vec![refusal], ..FileReceipt::default() };
    let file = receipt("正安县", &[returned, locked], "2018-07-09".parse().expect("a day"), &layouts());
    same_as_golden(&file.expect("a workbook"), "report_receipt");
}

#[test]
fn same_input_gives_the_same_bytes_on_any_number_of_threads() {
    let sample = sample();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    let alone = pool.install(|| files(&sample));
    assert_eq!(alone, files(&sample));
    assert!(part(&alone[0], "docProps/core.xml").contains("2018-06-30T00:00:00Z"));
}

#[test]
fn every_finding_is_in_one_town_and_one_department_or_in_identity() {
    let sample = sample();
    let files = files(&sample);
    for finding in &sample.findings {
        let holding: Vec<&str> = files
            .iter()
            .filter(|file| !file.path.contains("汇总"))
            .filter(|file| {
                dump(file).contains(&format!("{}@", finding.finding_id))
                    || dump(file).contains(&format!("{};", finding.finding_id))
            })
            .map(|file| file.path.as_str())
            .collect();
        let expected = if finding.rule.starts_with("identity.") { 1 } else { 2 };
        assert_eq!(holding.len(), expected, "{} in {holding:?}", finding.finding_id);
    }
}

#[test]
fn a_household_under_two_rules_is_one_row_and_comes_before_its_head_and_members() {
    let files = files(&sample());
    let rows = cells(find(&files, "瑞溪镇"), "燕子坝");
    let shown: Vec<(String, String)> = rows[3..6].iter().map(|row| (row[7].to_string(), row[9].to_string())).collect();
    assert_eq!(
        shown,
        [("王大山", "整户"), ("王大山", "户主"), ("王小山", "之子")]
            .map(|(name, relation)| (name.to_owned(), relation.to_owned()))
    );
    assert_eq!(rows[3][10].to_string(), "“两无”户未纳入低保或特困；\n兜底户低保金低于保障标准");
    assert!(rows[3][12].to_string().contains("（确定）；\n2．该户低保月保障金额600.00元"));
    assert_eq!(rows[3][16].to_string(), "先核对", "the weakest of the two");
}

/// As `--mask` has it.
const POSTED: Option<Audience> = Some(Audience::Public { names: false });

#[test]
fn villages_never_see_whole_numbers_and_with_mask_nobody_does() {
    let sample = sample();
    let secrets = ["199003071", "13885211234", "52032419900307123442"];
    let masked = build(&ReportInput { posted: POSTED, ..sample.input() }, &layouts()).expect("workbooks");
    let open = files(&sample);
    for file in masked.iter().chain(open.iter().filter(|file| file.path.contains("镇"))) {
        let text = every_part(file);
        for secret in secrets {
            assert!(!text.contains(secret), "{} shows {secret}", file.path);
        }
    }
    assert!(dump(find(&open, "县残联")).contains("520324199003071234"), "departments need whole numbers");
}

#[test]
fn the_damaged_number_is_never_suggested_whichever_registry_was_read_first() {
    let mut sample = sample();
    let files_in_order = files(&sample);
    let damaged = sample.findings.iter_mut().find(|finding| finding.rule == "identity.number_damaged").expect("the finding");
    damaged.evidence.reverse();
    for files in [files_in_order, files(&sample)] {
        let row = &cells(find(&files, "身份信息更正"), "号码受损（有建议）")[3];
        assert_eq!(row[8].to_string(), "520324199003071000", "as registered");
        assert!(row[9].to_string().starts_with("城乡居民医保参保名册"));
        assert_eq!(row[10].to_string(), "520324199003071234", "as suggested");
        assert!(row[11].to_string().starts_with("扶贫系统人口名册"));
    }
}

#[test]
fn rows_that_say_the_same_are_told_together() {
    let mut sample = sample();
    let finding = sample.findings.iter_mut().find(|finding| finding.evidence[0].row.is_some()).expect("a finding with a row");
    let first = finding.evidence[0].clone();
    let at = |row: u32| Evidence { row: Some(row), ..first.clone() };
    finding.evidence = vec![at(5), at(6), at(9), Evidence { value: "别的".into(), ..at(10) }];
    let (id, value) = (finding.finding_id.clone(), first.value.clone());
    let all = files(&sample).iter().map(dump).collect::<String>();
    let line = all.lines().find(|line| line.contains(&id) && line.contains("第5、6、9行")).expect("rows together");
    assert!(line.contains(value.expose()) && line.contains("第10行") && line.contains("别的"), "{line}");
}

#[test]
fn data_is_never_a_formula() {
    let files = files(&sample());
    for file in &files {
        let mut workbook = open(file);
        for sheet in workbook.sheet_names() {
            for (_, _, formula) in workbook.worksheet_formula(&sheet).expect("formulas").used_cells() {
                assert!(formula.is_empty() || formula.starts_with("SUM("), "{}: {formula}", file.path);
            }
        }
    }
    let text = dump(find(&files, "瑞溪镇"));
    assert!(text.contains("=HYPERLINK(\"http://x\")") && text.contains("=1+1"), "kept as text");
}

#[test]
fn the_index_counts_every_finding_and_totals_add_up() {
    let sample = sample();
    let files = files(&sample);
    let rows = cells(find(&files, "瑞溪镇"), "汇总");
    let totals = rows.iter().find(|row| row.iter().any(|cell| *cell == "合计")).expect("totals");
    let findings = sample.findings.iter().filter(|f| f.town.as_deref() == Some("瑞溪镇") && !f.rule.starts_with("identity."));
    assert_eq!(totals[3], Data::Float(f64::from(u32::try_from(findings.count()).expect("few"))));

    let cross = cells(find(&files, "汇总"), "乡镇×规则");
    let totals = cross.last().expect("totals");
    let sum: f64 = totals[3..totals.len() - 1].iter().map(|cell| cell.to_string().parse::<f64>().expect("a count")).sum();
    assert_eq!(totals.last().expect("a total").to_string(), sum.to_string());
    assert_eq!(sum.to_string(), sample.findings.len().to_string());
}

#[test]
fn a_village_list_prints_on_a4_and_takes_answers_only_where_they_belong() {
    let files = files(&sample());
    let file = find(&files, "瑞溪镇");
    let sheet = part(file, "xl/worksheets/sheet3.xml");
    for wanted in [
        "paperSize=\"9\"",
        "orientation=\"landscape\"",
        "fitToHeight=\"0\"",
        "第 &amp;P 页 共 &amp;N 页",
        "<autoFilter ref=\"A3:AD6\"",
        "<pane xSplit=\"8\" ySplit=\"3\"",
        "numberStoredAsText=\"1\"",
        "<sheetProtection",
        "<formula1>'下拉选项'!$B$2:$B$16</formula1>",
        "type=\"date\"",
    ] {
        assert!(sheet.contains(wanted), "no {wanted} in\n{sheet}");
    }
    let workbook = part(file, "xl/workbook.xml");
    assert!(workbook.contains("'燕子坝'!$1:$3") || workbook.contains("燕子坝!$1:$3"), "header repeated: {workbook}");
    assert!(workbook.contains("state=\"hidden\""), "the lists of choices are hidden");
    let reasons: Vec<String> = cells(file, "下拉选项").iter().map(|row| row[1].to_string()).collect();
    assert!(reasons.concat().chars().count() > 60 && reasons.contains(&"正在办理（受理号）".to_owned()));
    assert!(dump(file).contains("村（居）委会（盖章）"));
}

#[test]
fn a_list_longer_than_a_sheet_goes_on_in_a_numbered_one() {
    let layouts = layouts();
    let sample = sample();
    let input = sample.input();
    let many: Vec<Finding> =
        (0..7).map(|n| finding(&format!("F{n:016}"), "living.nursing_missed", &format!("甲{n}"), Some("自强"))).collect();
    let none = super::entry::Histories::new();
    let book: Book<'_> = town_book(&many.iter().collect::<Vec<_>>(), &layouts, &none, &Caption::new(&input));
    let view = View::new(&input, &none, Audience::Village);
    let (bytes, rows) = book.write(&layouts.style, &view, input.as_of, 3).expect("a workbook");
    let file = OutputFile { path: String::new(), bytes, rows };
    assert_eq!(open(&file).sheet_names(), ["汇总", "自强", "自强（2）", "自强（3）", "下拉选项"]);
    assert_eq!(rows, 7);
    assert_eq!(cells(&file, "自强（3）")[3][0], Data::Float(7.0), "serial numbers go on");
}

#[test]
fn a_county_without_findings_still_gets_a_summary() {
    let sample =
        Sample { findings: Vec::new(), rates: Vec::new(), notes: Vec::new(), intake: Vec::new(), cards: Vec::new(), ..sample() };
    let files = files(&sample);
    assert_eq!(
        files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(),
        ["reports/2018-06_汇总.xlsx", "reports/2018-06_政策落实对照表.xlsx"]
    );
}

fn pair(held: &[&str], answer: Option<Verdict>) -> ReviewEntry {
    let part = |comparison: &str, level: &str, weight: f32| WeightPart {
        comparison: comparison.to_owned(),
        level: level.to_owned(),
        weight,
    };
    let side = |registry: &str, row: u32, name: &str, number: &str, birth: &str| ReviewSide {
        registry: registry.to_owned(),
        file: format!("2018年6月/{registry}.xlsx").into(),
        sheet: "Sheet1".into(),
        row,
        name: name.into(),
        number: number.into(),
        birth: Some(super::sample::day(birth)),
        sex: "女".to_owned(),
        place: "瑞溪镇燕子坝村".into(),
        household: "5200057613".into(),
        head: "张国强".into(),
        relation: "之女".to_owned(),
        phone: Personal::default(),
    };
    ReviewEntry {
        key: PairKey::new("R0000000000000001".to_owned(), "R0000000000000002".to_owned()),
        sides: [
            side("扶贫系统人口名册", 12, "张小明", "520324199003071221", "1990-03-07"),
            side("城乡居民医保参保名册", 345, "张晓明", "520324199003017221", "1990-03-07"),
        ],
        reason: "证据不足以认定".to_owned(),
        held: held.iter().map(|rule| (*rule).to_owned()).collect(),
        weight: Some(3.25),
        probability: Some(0.9048),
        parts: vec![
            part("prior", "", -12.5),
            part("id_number", "neighbours swapped", 11.0),
            part("name", "same sound", 2.5),
            part("name_frequency", "", 2.25),
        ],
        answer,
        by: "=王二".into(),
        on: Personal::default(),
        remark: Personal::default(),
        state: answer.map(|_| DecisionState::InForce),
        stratum: "repaired".to_owned(),
    }
}

fn pairs_of(
    posted: Option<Audience>,
    pending: &[ReviewEntry],
    decided: &[ReviewEntry],
    sample: &[ReviewEntry],
) -> Vec<OutputFile> {
    review_books(&ReviewInput { posted, pending, decided, sample, ..no_pairs() }, &layouts()).expect("workbooks")
}

fn no_pairs<'a>() -> ReviewInput<'a> {
    ReviewInput {
        county: "正安县",
        period: Month::new(2018, 6).expect("a month"),
        as_of: super::sample::day("2018-06-30"),
        tool_version: "0.1.0",
        posted: None,
        pending: &[],
        decided: &[],
        suspended: &[],
        notes: &[],
        cards: &[],
        sample: &[],
    }
}

#[test]
fn golden_review() {
    let (open, done) = (pair(&["应保未保", "应参保未参保"], None), pair(&[], Some(Verdict::Different)));
    let (sample, done) = (sample(), std::slice::from_ref(&done));
    let Sample { suspended, notes, cards, .. } = &sample;
    let input = ReviewInput { pending: &[open], decided: done, suspended, notes, cards, sample: done, ..no_pairs() };
    let files = review_books(&input, &layouts()).expect("workbooks");
    assert_eq!(files.len(), 2);
    same_as_golden(&files[0], "report_review");
    same_as_golden(&files[1], "report_sample");
}

#[test]
fn differing_characters_are_red_answers_unlocked_keys_hidden_and_pages_a4_landscape() {
    let files = pairs_of(None, &[pair(&[], None)], &[], &[]);
    let strings = part(&files[0], "xl/sharedStrings.xml");
    let red = strings.split("<r>").filter(|run| run.contains("FFC00000")).collect::<Vec<_>>().concat();
    assert!(red.contains(">小<") && red.contains(">晓<") && !red.contains("明"), "{red}");
    let sheet = part(&files[0], "xl/worksheets/sheet1.xml");
    for wanted in [
        "paperSize=\"9\"",
        "orientation=\"landscape\"",
        "fitToPage",
        "sheetProtection",
        "dataBar",
        "hidden=\"1\"",
        "type=\"list\"",
    ] {
        assert!(sheet.contains(wanted), "{wanted}: {sheet}");
    }
    assert!(!sheet.contains("<f>"), "a cell became a formula");
    assert_eq!(pairs_of(None, &[pair(&[], None)], &[], &[]), files, "the same bytes");
    assert!(pairs_of(None, &[], &[], &[]).is_empty());
}

#[test]
fn whom_a_short_register_leaves_waiting_stands_with_the_pairs_and_in_no_list() {
    let sample = sample();
    let Sample { suspended, notes, cards, .. } = &sample;
    let written =
        |posted| review_books(&ReviewInput { posted, suspended, notes, cards, ..no_pairs() }, &layouts()).expect("workbooks");
    let (open, masked) = (written(None), written(POSTED));
    assert_eq!(cells(&open[0], "暂缓（名册不全）").len(), 3 + suspended.len());
    assert!(dump(&open[0]).contains("520324199003071234") && !every_part(&masked[0]).contains("199003071234"));
    for file in files(&sample) {
        let text = every_part(&file);
        assert!(!text.contains("李一") && !text.contains("李二"), "{}", file.path);
    }
}

#[test]
fn masked_pairs_show_no_birth_date_inside_a_number() {
    let files = pairs_of(POSTED, &[pair(&[], None)], &[pair(&[], Some(Verdict::Same))], &[]);
    assert!(!every_part(&files[0]).contains("19900307"));
}
