//! Lists come back: what `bidui receive` makes of them, through the program, on the fixtures' June.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rust_xlsxwriter::{Format, Formula, Note, Worksheet};
use serde_json::Value;

use crate::support::lists::{Sheet, save, save_edited, sheets};
use crate::support::{bidui, root, text};

const LIST: &str = "2018-06_土坪镇_疑点清单";

/// June's lists, and a ledger that knows of them.
struct June {
    folder: tempfile::TempDir,
}

impl June {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let june = Self { folder };
        let (ledger, out) = (june.path("台账.db"), june.path("lists"));
        let output = bidui(&[
            "run",
            "pipelines/village-lists.toml",
            "--input",
            "fixtures/2018-06",
            "--period",
            "2018-06",
            "--ledger",
            text(&ledger),
            "--out",
            text(&out),
        ]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        june
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Receives a file; its exit code and what it says of it.
    fn receive(&self, file: &Path) -> (i32, Value) {
        let ledger = self.path("台账.db");
        let output = bidui(&["receive", text(&ledger), text(file), "--out", text(&self.path("回执")), "--json"]);
        let json = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        (output.status.code().expect("a code"), json)
    }

    /// A list as it was sent, sheet by sheet; index and choices left out.
    fn sheets(&self, list: &str) -> Vec<Sheet> {
        sheets(&self.path("lists").join("reports").join(format!("{list}.xlsx")))
    }
}

/// What only these tests do to a sheet.
trait Filled {
    /// The same answer in every list row.
    fn fill_all(&mut self, title: &str, answer: &str);
    /// Rows below the header that are not blank.
    fn below(&self) -> usize;
}

impl Filled for Sheet {
    fn fill_all(&mut self, title: &str, answer: &str) {
        for row in self.listed() {
            self.fill(row, title, answer);
        }
    }

    fn below(&self) -> usize {
        self.rows.iter().skip(self.header() + 1).filter(|row| row.iter().any(|text| !text.is_empty())).count()
    }
}

/// Rows by outcome, over all files.
fn counts(json: &Value) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for row in rows(json) {
        *counts.entry(row["outcome"].as_str().expect("an outcome").to_owned()).or_default() += 1;
    }
    counts
}

fn rows(json: &Value) -> Vec<Value> {
    let files = json["files"].as_array().expect("files");
    files.iter().flat_map(|file| file["rows"].as_array().expect("rows").clone()).collect()
}

fn of(outcomes: &[(&str, u64)]) -> BTreeMap<String, u64> {
    outcomes.iter().map(|(outcome, count)| ((*outcome).to_owned(), *count)).collect()
}

/// What was understood of each row, wherever it stands in which file.
fn told(json: &Value) -> Vec<(String, String, String)> {
    let word = |row: &Value, key: &str| row[key].to_string();
    let mut told: Vec<_> =
        rows(json).iter().map(|row| (word(row, "finding_ids"), word(row, "outcome"), word(row, "reason"))).collect();
    told.sort();
    told
}

#[test]
fn lists_saved_by_another_program_in_three_formats_say_the_same() {
    let expected = of(&[("taken", 6), ("unclear", 1), ("empty", 1), ("aside", 7)]);
    let mut first = None;
    for format in ["xls", "xlsx", "ods"] {
        let june = June::new();
        let (code, json) = june.receive(&root("fixtures/returned").join(format!("{LIST}.{format}")));
        assert_eq!((code, counts(&json)), (3, expected.clone()), "{format}: {json:#}");
        assert_eq!(*first.get_or_insert_with(|| told(&json)), told(&json), "{format}");
    }
}

/// A header of other fields over rows of a list: the list's own is not put back above it again and again.
#[test]
fn a_list_that_lost_the_titles_of_its_answers_comes_to_an_end() {
    let june = June::new();
    let mut sheets = june.sheets(LIST);
    let mut listed = 0;
    for sheet in &mut sheets {
        listed += sheet.listed().len() as u64;
        let (header, number) = (sheet.header(), sheet.column("疑点编号"));
        let titles = ["核查结果", "现实情况", "未纳入原因", "处理意见", "更正后身份证号", "行标识"];
        for column in titles.map(|title| sheet.column(title)) {
            sheet.rows[header][column].clear();
        }
        "民族".clone_into(&mut sheet.rows[header][number]);
    }
    let file = june.path("回.xlsx");
    save(&file, &sheets);
    let (_, json) = june.receive(&file);
    let counts = counts(&json);
    assert_eq!(counts.get("empty"), Some(&listed), "{json:#}");
}

#[test]
fn received_twice_and_received_in_another_format_adds_nothing() {
    let june = June::new();
    let returned = |format: &str| root("fixtures/returned").join(format!("{LIST}.{format}"));
    june.receive(&returned("xlsx"));
    let before = fs::read(june.path("台账.db")).expect("the ledger");
    let (_, again) = june.receive(&returned("xlsx"));
    assert_eq!(counts(&again), of(&[("known", 6), ("unclear", 1), ("empty", 1), ("aside", 7)]));
    assert_eq!(again["files"][0]["written"], false);
    assert!(again["files"][0]["received_before"].is_string());
    assert!(fs::read(june.path("台账.db")).expect("the ledger") == before, "the ledger was touched");
    let (_, other) = june.receive(&returned("ods"));
    assert_eq!(counts(&other)["known"], 6);
    let receipts = fs::read_dir(june.path("回执")).expect("receipts").count();
    assert_eq!(receipts, 3, "each receive has its receipt");
}

/// One way to change a list, and what its list rows must come to.
struct Change {
    what: &'static str,
    edit: fn(&mut Vec<Sheet>),
    expected: &'static [(&'static str, u64)],
}

/// Sheets as one, below each other.
fn pasted(sheets: &mut Vec<Sheet>) {
    let mut all = sheets.remove(0);
    for sheet in sheets.drain(..) {
        all.rows.extend(sheet.rows);
    }
    sheets.push(all);
}

fn each_row(sheets: &mut [Sheet], change: impl Fn(&mut Vec<String>, &Sheet)) {
    for sheet in sheets {
        let before = sheet.clone();
        for at in before.header()..sheet.rows.len() {
            change(&mut sheet.rows[at], &before);
        }
    }
}

/// A list of the fixtures' June has nine rows in seven sheets; they are answered `属实` before the change.
const CHANGES: [Change; 16] = [
    Change { what: "nothing", edit: |_| (), expected: &[("taken", 9)] },
    Change {
        what: "sorted backwards",
        edit: |sheets| {
            for sheet in sheets {
                let listed = sheet.listed();
                let rows: Vec<_> = listed.iter().map(|at| sheet.rows[*at].clone()).collect();
                listed.into_iter().zip(rows.into_iter().rev()).for_each(|(at, row)| sheet.rows[at] = row);
            }
        },
        expected: &[("taken", 9)],
    },
    Change {
        what: "a row deleted",
        edit: |sheets| {
            let at = sheets[0].listed()[0];
            sheets[0].rows.remove(at);
        },
        expected: &[("taken", 8)],
    },
    Change {
        what: "rows inserted: a blank one, a note, a person who was not asked about",
        edit: |sheets| {
            let (at, width, name) = (sheets[0].listed()[0], sheets[0].rows[2].len(), sheets[0].column("姓名"));
            let result = sheets[0].column("核查结果");
            let mut stranger = vec![String::new(); width];
            (stranger[name], stranger[result]) = ("王大明".to_owned(), "属实".to_owned());
            let mut note = vec![String::new(); width];
            note[0].push_str("以下为本村第一组，由驻村工作队逐户入户核实后填写。");
            sheets[0].rows.splice(at..at, [vec![String::new(); width], note, stranger]);
        },
        expected: &[("taken", 9), ("unknown", 1), ("aside", 2)],
    },
    Change {
        what: "a row copied, and copied with another answer",
        edit: |sheets| {
            let at = sheets[0].listed()[0];
            let (same, mut other) = (sheets[0].rows[at].clone(), sheets[0].rows[at].clone());
            "不属实".clone_into(&mut other[sheets[0].column("核查结果")]);
            sheets[0].rows.splice((at + 1)..=at, [same, other]);
        },
        expected: &[("taken", 9), ("copied", 1), ("conflicting", 1)],
    },
    Change { what: "columns moved", edit: |sheets| each_row(sheets, |row, _| row.rotate_left(11)), expected: &[("taken", 9)] },
    Change { what: "all villages pasted into one sheet", edit: pasted, expected: &[("taken", 9)] },
    Change {
        what: "pasted into one sheet, one of them with its columns moved",
        edit: |sheets| {
            each_row(&mut sheets[2..3], |row, _| row.rotate_right(5));
            pasted(sheets);
        },
        expected: &[("taken", 9)],
    },
    Change {
        what: "headers retyped",
        edit: |sheets| {
            for sheet in sheets {
                let header = sheet.header();
                for text in &mut sheet.rows[header] {
                    *text = match text.as_str() {
                        "核查结果" => "核 实 结 果：".to_owned(),
                        "疑点编号" => "疑点号".to_owned(),
                        "行标识" => " 行 标识".to_owned(),
                        "现实情况" => "实际\n情况".to_owned(),
                        other => other.to_owned(),
                    };
                }
            }
        },
        expected: &[("taken", 9)],
    },
    Change {
        what: "header cells emptied",
        edit: |sheets| {
            for sheet in sheets {
                let header = sheet.header();
                for title in ["核查结果", "行标识"] {
                    let column = sheet.column(title);
                    sheet.rows[header][column].clear();
                }
            }
        },
        expected: &[("taken", 9)],
    },
    Change {
        what: "header rows deleted",
        edit: |sheets| {
            for sheet in sheets {
                let header = sheet.header();
                sheet.rows.remove(header);
            }
        },
        // Titles above a header are no rows; without it they are.
        expected: &[("taken", 9), ("aside", 14)],
    },
    Change {
        what: "keys deleted, numbers in small letters",
        edit: |sheets| {
            each_row(sheets, |row, sheet| {
                let (key, id) = (sheet.column("行标识"), sheet.column("疑点编号"));
                row[key].clear();
                row[id] = row[id].to_lowercase();
            });
        },
        expected: &[("taken", 9)],
    },
    Change {
        what: "keys deleted, numbers cut",
        edit: |sheets| {
            each_row(sheets, |row, sheet| {
                let (key, id) = (sheet.column("行标识"), sheet.column("疑点编号"));
                row[key].clear();
                let cut = |id: &str| id.chars().take(if id.starts_with('F') { 11 } else { 40 }).collect::<String>();
                row[id] = row[id].split('\n').map(cut).collect::<Vec<_>>().join("\n");
            });
        },
        expected: &[("taken", 9)],
    },
    Change {
        what: "keys and numbers deleted",
        edit: |sheets| {
            each_row(sheets, |row, sheet| {
                row[sheet.column("行标识")].clear();
                if row[sheet.column("疑点编号")] != "疑点编号" {
                    row[sheet.column("疑点编号")].clear();
                }
            });
        },
        expected: &[("taken", 9)],
    },
    Change {
        what: "keys, numbers and kinds deleted",
        edit: |sheets| {
            each_row(sheets, |row, sheet| {
                for title in ["行标识", "疑点编号", "疑点类型"] {
                    if row[sheet.column(title)] != title {
                        row[sheet.column(title)].clear();
                    }
                }
            });
        },
        expected: &[("unknown", 9)],
    },
    Change {
        what: "answers in free text, in the wrong columns",
        edit: |sheets| {
            let answers = [
                ("核查结果", "情况属实已解决"),
                ("备注", ""),
                ("现实情况", "是"),
                ("乡镇审核意见", "同意"),
                ("处理意见", "属实，正在核对"),
                ("现实情况", "看情况"),
                ("核查结果", "否"),
            ];
            for (sheet, (title, answer)) in sheets.iter_mut().zip(answers) {
                sheet.fill_all("核查结果", "");
                if title != "备注" {
                    sheet.fill_all(title, answer);
                }
            }
        },
        // The second and the fifth sheet have two rows; what follows 属实 there is not understood and denies nothing.
        expected: &[("taken", 4), ("unclear", 2), ("empty", 3)],
    },
];

#[test]
fn every_row_of_a_changed_list_is_taken_or_reported() {
    let june = June::new();
    let mut sheets = june.sheets(LIST);
    for sheet in &mut sheets {
        sheet.fill_all("核查结果", "属实");
    }
    assert_eq!(sheets.iter().map(|sheet| sheet.listed().len()).sum::<usize>(), 9);
    let ledger = fs::read(june.path("台账.db")).expect("the ledger");
    for change in CHANGES {
        let mut changed = sheets.clone();
        (change.edit)(&mut changed);
        let file = june.path(&format!("{LIST}.xlsx"));
        save(&file, &changed);
        for rest in ["台账.db-wal", "台账.db-shm"] {
            let _ = fs::remove_file(june.path(rest));
        }
        fs::write(june.path("台账.db"), &ledger).expect("as it was");
        let (code, json) = june.receive(&file);
        let mut told = counts(&json);
        // Rows in are rows out; what is blank is told above list rows only.
        let blank = rows(&json).iter().filter(|row| row["reason"].as_str().is_some_and(|why| why.starts_with("空白行"))).count();
        if !change.what.contains("pasted") && !change.what.contains("deleted") && !change.what.contains("emptied") {
            let heads = ["疑点编号", "疑点号"];
            let below: usize = changed
                .iter()
                .map(|sheet| {
                    let header = sheet.rows.iter().position(|row| row.iter().any(|text| heads.contains(&text.as_str())));
                    let rows = sheet.rows.iter().skip(header.expect("a header") + 1);
                    rows.filter(|row| row.iter().any(|text| !text.is_empty())).count()
                })
                .sum();
            assert_eq!(below + blank, rows(&json).len(), "{}", change.what);
        }
        assert!(json["files"][0]["refusals"].as_array().expect("refusals").is_empty(), "{}: {json:#}", change.what);
        let expected = of(change.expected);
        // Signatures, pasted titles.
        let aside = told.remove("aside").unwrap_or_default();
        let wanted = expected.get("aside").copied().unwrap_or_default();
        assert!(aside >= wanted, "{}: {json:#}", change.what);
        told.extend(expected.get("aside").map(|count| ("aside".to_owned(), *count)));
        assert_eq!(told, expected, "{}: {json:#}", change.what);
        // A row that denies another of the same list is to be sent again.
        let refused = expected.keys().any(|outcome| ["unclear", "unknown", "conflicting"].contains(&outcome.as_str()));
        assert_eq!(code, if refused { 3 } else { 0 }, "{}", change.what);
        let places: std::collections::BTreeSet<_> =
            rows(&json).iter().map(|row| (row["sheet"].to_string(), row["row"].to_string())).collect();
        assert_eq!(places.len(), rows(&json).len(), "{}: a row is told twice", change.what);
    }
    assert_eq!(sheets.iter().map(Sheet::below).sum::<usize>(), 16, "nine rows and seven signatures");
}

/// What is done to the page of a village with two rows, both answered; what its rows come to, and a word of the second one's reason.
struct Trick {
    what: &'static str,
    page: fn(&mut Worksheet, &Sheet),
    expected: [&'static str; 2],
    reason: &'static str,
}

/// The place of a list row's cell.
fn place(sheet: &Sheet, which: usize, title: &str) -> (u32, u16) {
    (sheet.listed()[which].try_into().expect("a row"), sheet.column(title).try_into().expect("a column"))
}

/// Cells of the two rows as one, as Excel leaves them.
fn merge(page: &mut Worksheet, sheet: &Sheet, titles: &[&str]) {
    for title in titles {
        let ((row, column), text) = (place(sheet, 0, title), &sheet.rows[sheet.listed()[0]][sheet.column(title)]);
        page.merge_range(row, column, row + 1, column, text, &Format::new()).expect("merged");
    }
}

/// The list's columns but for `left_out`.
fn titles<'s>(sheet: &'s Sheet, left_out: &[&str]) -> Vec<&'s str> {
    let titles = sheet.rows[sheet.header()].iter().map(String::as_str);
    titles.filter(|title| !title.is_empty() && !left_out.contains(title)).collect()
}

fn rewrite(page: &mut Worksheet, sheet: &Sheet, which: usize, title: &str, text: &str) {
    let (row, column) = place(sheet, which, title);
    // An empty text would leave what stands there.
    page.clear_cell(row, column);
    page.write_string(row, column, text).expect("written");
}

const TRICKS: [Trick; 15] = [
    Trick {
        what: "a key over two people",
        page: |page, sheet| merge(page, sheet, &["行标识"]),
        expected: ["taken", "taken"],
        reason: "行标识是从上面合并下来的，没有采用",
    },
    Trick {
        what: "key and number over two people",
        page: |page, sheet| merge(page, sheet, &["行标识", "疑点编号"]),
        expected: ["taken", "taken"],
        reason: "按姓名、疑点类型认作",
    },
    Trick {
        what: "key, number and name over two people",
        page: |page, sheet| merge(page, sheet, &["行标识", "疑点编号", "姓名"]),
        expected: ["taken", "unclear"],
        reason: "从上面合并下来的",
    },
    Trick {
        what: "all but the key over two people",
        page: |page, sheet| merge(page, sheet, &titles(sheet, &["行标识"])),
        expected: ["taken", "unclear"],
        reason: "被上面的合并单元格盖住",
    },
    Trick {
        what: "the answer over two people",
        page: |page, sheet| merge(page, sheet, &["核查结果"]),
        expected: ["taken", "taken"],
        reason: "核查结果是从上面合并下来的一格",
    },
    Trick {
        what: "key and number filled down",
        page: |page, sheet| {
            for title in ["行标识", "疑点编号"] {
                rewrite(page, sheet, 1, title, &sheet.rows[sheet.listed()[0]][sheet.column(title)]);
            }
        },
        expected: ["taken", "unclear"],
        reason: "姓名、证号不是这条疑点的人",
    },
    Trick {
        what: "numbers of two people in one cell",
        page: |page, sheet| {
            let of = |which: usize| sheet.rows[sheet.listed()[which]][sheet.column("疑点编号")].clone();
            rewrite(page, sheet, 1, "行标识", &format!("{};{}@2018-06", of(0), of(1)));
            rewrite(page, sheet, 1, "疑点编号", "");
        },
        expected: ["taken", "taken"],
        reason: "另有 1 条是别人的",
    },
    Trick {
        what: "an answer that is a formula without a result",
        page: |page, sheet| {
            let (row, column) = place(sheet, 1, "核查结果");
            page.write_formula(row, column, Formula::new("=S99").set_result("")).expect("written");
            page.write_formula(row, column, Formula::new("=S99")).expect("written");
        },
        expected: ["taken", "unclear"],
        reason: "没有保存计算结果的公式",
    },
    Trick {
        what: "an answer that is an error",
        page: |page, sheet| rewrite(page, sheet, 1, "核查结果", "#REF!"),
        expected: ["taken", "unclear"],
        reason: "核查结果是错误值",
    },
    Trick {
        what: "an answer struck through",
        page: |page, sheet| {
            let (row, column) = place(sheet, 1, "核查结果");
            page.write_string_with_format(row, column, "属实", &Format::new().set_font_strikethrough()).expect("written");
        },
        expected: ["taken", "unclear"],
        reason: "划了删除线",
    },
    Trick {
        what: "an answer in a comment",
        page: |page, sheet| {
            rewrite(page, sheet, 1, "核查结果", "");
            let (row, column) = place(sheet, 1, "核查结果");
            page.insert_note(row, column, &Note::new("不属实")).expect("noted");
        },
        expected: ["taken", "unclear"],
        reason: "有批注，批注没有读",
    },
    Trick {
        what: "a hidden row",
        page: |page, sheet| {
            page.set_row_hidden(place(sheet, 1, "核查结果").0).expect("hidden");
        },
        expected: ["taken", "taken"],
        reason: "这一行是隐藏的",
    },
    Trick {
        what: "an answer where somebody signs",
        page: |page, sheet| {
            rewrite(page, sheet, 1, "核查结果", "");
            rewrite(page, sheet, 1, "核查人", "不属实");
        },
        expected: ["taken", "unclear"],
        reason: "“核查人”一列里却像是回复",
    },
    Trick {
        what: "an answer over the name",
        page: |page, sheet| {
            rewrite(page, sheet, 1, "核查结果", "");
            rewrite(page, sheet, 1, "姓名", "属实");
        },
        expected: ["taken", "unclear"],
        reason: "“姓名”一列里却像是回复",
    },
    Trick {
        what: "a number corrected over two people",
        page: |page, sheet| {
            rewrite(page, sheet, 0, "更正后身份证号", "520324199003071235");
            let (row, column) = place(sheet, 0, "更正后身份证号");
            page.merge_range(row, column, row + 1, column, "520324199003071235", &Format::new()).expect("merged");
        },
        expected: ["taken", "taken"],
        reason: "更正后身份证号是从上面合并下来的，没有采用",
    },
];

#[test]
fn a_row_that_merged_cells_cover_whole_is_told() {
    let june = June::new();
    let mut sheets = june.sheets(LIST);
    sheets.retain(|sheet| sheet.name == "石坪村");
    let [sheet] = sheets.as_mut_slice() else { panic!("no such village") };
    sheet.fill_all("核查结果", "属实");
    let file = june.path(&format!("{LIST}.xlsx"));
    save_edited(&file, &sheets, |page, sheet| merge(page, sheet, &titles(sheet, &[])));
    let (_, json) = june.receive(&file);
    let told = rows(&json).into_iter().filter(|row| row["reason"].as_str().is_some_and(|why| why.contains("被合并单元格盖住")));
    assert_eq!(told.count(), 1, "{json:#}");
}

#[test]
fn an_answer_reaches_nobody_but_whom_its_row_names() {
    let june = June::new();
    let mut sheets = june.sheets(LIST);
    sheets.retain(|sheet| sheet.name == "石坪村");
    let [sheet] = sheets.as_mut_slice() else { panic!("no such village") };
    sheet.fill_all("核查结果", "属实");
    let ids: Vec<String> = sheet.listed().iter().map(|row| sheet.rows[*row][sheet.column("疑点编号")].clone()).collect();
    assert_eq!(ids.len(), 2);
    let ledger = fs::read(june.path("台账.db")).expect("the ledger");
    for trick in TRICKS {
        fs::write(june.path("台账.db"), &ledger).expect("as it was");
        let file = june.path(&format!("{LIST}.xlsx"));
        save_edited(&file, &sheets, trick.page);
        let (code, json) = june.receive(&file);
        let listed: Vec<Value> = rows(&json).into_iter().filter(|row| row["outcome"] != "aside").collect();
        let outcomes: Vec<&str> = listed.iter().filter_map(|row| row["outcome"].as_str()).collect();
        assert_eq!(outcomes, trick.expected, "{}: {json:#}", trick.what);
        assert!(listed[1]["reason"].as_str().is_some_and(|why| why.contains(trick.reason)), "{}: {json:#}", trick.what);
        assert_eq!(code, if trick.expected.contains(&"unclear") { 3 } else { 0 }, "{}", trick.what);
        for (row, id) in listed.iter().zip(&ids).filter(|(row, _)| row["outcome"] == "taken") {
            assert_eq!(row["finding_ids"], serde_json::json!([id]), "{}", trick.what);
        }
        let before = fs::read(june.path("台账.db")).expect("the ledger");
        let (_, again) = june.receive(&file);
        assert!(!rows(&again).iter().any(|row| row["outcome"] == "taken"), "{}: {again:#}", trick.what);
        assert!(fs::read(june.path("台账.db")).expect("the ledger") == before, "{}: received again, changed", trick.what);
    }
}

#[test]
fn lists_side_by_side_are_two_lists() {
    let june = June::new();
    let sheets = june.sheets(LIST);
    // Two villages side by side, under one title, with and without a column between them.
    for gap in [0, 1] {
        let mut both = Sheet { name: "并排".to_owned(), rows: Vec::new() };
        let pair: Vec<Sheet> =
            sheets.iter().filter(|sheet| ["石坪村", "新乐村"].contains(&sheet.name.as_str())).cloned().collect();
        let filled = |mut sheet: Sheet, answer: &str| {
            sheet.fill_all("核查结果", answer);
            let listed = sheet.listed();
            let rows = [sheet.header()].into_iter().chain(listed).map(|row| sheet.rows[row].clone());
            rows.collect::<Vec<_>>()
        };
        let (left, right) = (filled(pair[0].clone(), "属实"), filled(pair[1].clone(), "不属实"));
        both.rows.push(vec!["正安县土坪镇民生保障疑点清单（2018年6月）".to_owned()]);
        both.rows
            .extend(left.iter().zip(&right).map(|(left, right)| [left.as_slice(), &vec![String::new(); gap], right].concat()));
        let june = June::new();
        let file = june.path("并排.xlsx");
        save(&file, &[both]);
        let (code, json) = june.receive(&file);
        assert_eq!((code, counts(&json)), (0, of(&[("taken", 4)])), "{json:#}");
        let ids: Vec<String> = rows(&json).iter().map(|row| row["finding_ids"][0].as_str().expect("an id").to_owned()).collect();
        let number = |list: &[Vec<String>], row: usize| list[row][pair[0].column("疑点编号")].clone();
        assert_eq!(ids, [number(&left, 1), number(&left, 2), number(&right, 1), number(&right, 2)]);
        assert!(rows(&json)[2]["sheet"].as_str().is_some_and(|sheet| sheet.contains("列起")), "{json:#}");
    }
}

#[test]
fn every_member_of_a_zip_is_told_whatever_its_path() {
    let june = June::new();
    let mut sheets = june.sheets(LIST);
    for sheet in &mut sheets {
        sheet.fill_all("核查结果", "属实");
    }
    let file = june.path("a.xlsx");
    save(&file, &sheets);
    let list = fs::read(&file).expect("a list");
    fs::remove_file(&file).expect("gone");
    let mut zip = zip::ZipWriter::new(File::create(june.path("清单.zip")).expect("a zip"));
    for path in ["../../etc/a.xlsx", "/abs/a.xlsx", "C:\\x\\a.xlsx", "y/a.xlsx", "./y/a.xlsx", "y//a.xlsx", "~$a.xlsx"] {
        zip.start_file(path, zip::write::SimpleFileOptions::default()).expect("a member");
        std::io::Write::write_all(&mut zip, &list).expect("written");
    }
    zip.finish().expect("a zip");
    let (code, json) = june.receive(&june.path("清单.zip"));
    let files: Vec<&str> = json["files"].as_array().expect("files").iter().filter_map(|file| file["file"].as_str()).collect();
    let zip = |path: &str| format!("清单.zip/{path}");
    // The last is called as Excel's own file of an open workbook, and as large as a list.
    let expected = ["C:/x/a.xlsx", "abs/a.xlsx", "etc/a.xlsx", "y/a.xlsx", "y/a.xlsx（2）", "y/a.xlsx（3）", "~$a.xlsx"].map(zip);
    assert_eq!((code, files), (3, expected.iter().map(String::as_str).collect()));
    let told = counts(&json);
    assert_eq!((told["taken"], told["known"]), (9, 45), "{told:?}");
}

#[test]
fn the_command_tells_what_is_wrong_with_it() {
    let june = June::new();
    let (ledger, missing) = (june.path("台账.db"), june.path("没有.db"));
    let list = root("fixtures/returned").join(format!("{LIST}.xlsx"));
    let code = |arguments: &[&str]| {
        let output = bidui(arguments);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (none, told) = code(&["receive", text(&missing), text(&list)]);
    assert!(none == Some(2) && told.contains("没有台账"), "{told}");
    assert!(!missing.exists(), "asking after a ledger makes none");
    let (none, told) = code(&["receive", text(&ledger), text(&june.path("没有.xlsx"))]);
    assert!(none == Some(2) && told.contains("没有.xlsx"), "{told}");

    let lock =
        File::options().read(true).write(true).create(true).truncate(false).open(june.path("台账.db.lock")).expect("a lock");
    lock.lock().expect("held");
    let (held, told) = code(&["receive", text(&ledger), text(&list)]);
    assert!(held == Some(6) && told.contains("占用"), "{told}");
    drop(lock);

    let (strange, _) = june.receive(&root("fixtures/2018-06/残联"));
    assert_eq!(strange, 3, "registries are no lists");
}

#[test]
fn nothing_personal_is_shown_on_the_screen() {
    let june = June::new();
    let mut sheets = june.sheets(LIST);
    let mut names: Vec<String> = Vec::new();
    for sheet in &mut sheets {
        for row in sheet.listed() {
            let name = sheet.rows[row][sheet.column("姓名")].clone();
            sheet.fill(row, "现实情况", &format!("{name}说的，身份证520324199003071234，电话13885211234"));
            names.push(name);
        }
    }
    let file = june.path(&format!("{LIST}.xlsx"));
    save(&file, &sheets);
    let ledger = june.path("台账.db");
    for arguments in [vec![], vec!["--json"]] {
        let mut all = vec!["receive", text(&ledger), text(&file)];
        all.extend(arguments);
        let output = bidui(&all);
        let shown = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(shown.contains("看不懂") || shown.contains("unclear"), "{shown}");
        for secret in names.iter().map(String::as_str).chain(["19900307", "13885211234"]) {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
    let receipt = sheets_of_receipt(&june.path("回执_2018-06.xlsx"));
    assert!(receipt.contains("说的") && !receipt.contains("19900307") && !receipt.contains("13885211234"), "{receipt}");
}

fn sheets_of_receipt(path: &Path) -> String {
    sheets(path).iter().flat_map(|sheet| sheet.rows.concat()).collect::<Vec<_>>().join(" ")
}
