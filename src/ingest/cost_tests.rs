//! What small files may cost, counted in work and not in seconds: bytes inflated, rows, cells and bytes of text given.

use super::*;

/// The defaults, a hundredth of the size.
fn limits() -> Limits {
    Limits { ratio_floor_bytes: 160_000, text_floor_bytes: 320_000, given_floor_bytes: 40_000, rows: 10_000, ..Limits::default() }
}

#[derive(Debug, Default)]
struct Work {
    inflated: u64,
    rows: u64,
    cells: u64,
    text: u64,
    refused: Vec<String>,
}

fn work(bytes: &[u8]) -> Work {
    let limits = limits();
    let size = bytes.len() as u64;
    let (mut meter, mut carried, mut work) = (Meter::new(&limits, size), Carried::new(size, &limits), Work::default());
    let mut count = |frame| {
        match frame {
            Frame::Rows(block) => {
                work.rows += block.len() as u64;
                work.cells += block.iter().map(|(_, cells)| cells.count() as u64).sum::<u64>();
                work.text += block.text_len() as u64;
            }
            Frame::Aside { .. } => work.rows += 1,
            Frame::Refused { code, .. } => work.refused.push(code),
            _ => {}
        }
        Ok(())
    };
    let outcome = whole_file("x", &mut Cursor::new(bytes), &limits, &mut meter, &mut |frame| carried.pass(frame, &mut count));
    if carried.is_over {
        work.refused.push("over-limit".to_owned());
    } else {
        outcome.expect("nothing fails");
    }
    work.inflated = meter.inflated();
    work
}

/// A block of rows, and what is inflated at a time.
const BLOCK: u64 = 1 << 20;

/// Whatever it claims, a small file costs no more than its limits say.
fn assert_cheap(kind: &str, bytes: &[u8], refused: &[&str]) {
    assert!(bytes.len() < 60_000, "{kind} has {} bytes", bytes.len());
    let (limits, size) = (limits(), bytes.len() as u64);
    let work = work(bytes);
    let most = limits.ratio_floor_bytes.max(size * limits.ratio);
    let most_text = limits.given_floor_bytes.max(size * limits.given_ratio);
    assert_eq!(work.refused, refused, "{kind}: {work:?}");
    assert!(work.inflated <= most + BLOCK && work.text <= most_text + BLOCK, "{kind}: {work:?}");
    assert!(work.rows <= size.max(u64::from(limits.rows)) + 4096 && work.cells <= most, "{kind}: {work:?}");
}

const HEADER: [&str; 3] = ["姓名", "证件号码", "乡镇"];
const PERSON: [&str; 3] = ["韩海荣", "520324195003071234", "土坪镇"];

/// A table whose first rows are honest, between what stands around cells and rows.
fn table(row: (&str, &str), cell: (&str, &str), behind: &str) -> String {
    let line = |texts: &[&str]| {
        let cells: String = texts.iter().map(|text| [cell.0, text, cell.1].concat()).collect();
        [row.0, &cells, row.1].concat()
    };
    [line(&HEADER), line(&PERSON).repeat(20), behind.to_owned()].concat()
}

#[test]
fn workbooks_of_nothing_cost_no_more_than_their_size_allows() {
    let rows = |behind: &str| table(("<row>", "</row>"), ("<c t=\"inlineStr\"><is><t>", "</t></is></c>"), behind);
    let sheet = |behind: &str| format!("<worksheet><sheetData>{}</sheetData></worksheet>", rows(behind));
    let strings = |all: &str| xlsx_parts(&sheet(""), &format!("<sst>{all}</sst>"));
    for (kind, behind) in [
        ("empty cells", format!("<row>{}</row>", "<c/>".repeat(16_000)).repeat(100)),
        ("empty cells with a style", format!("<row>{}</row>", "<c s=\"1\"/>".repeat(16_000)).repeat(50)),
        ("empty rows", "<row/>".repeat(1_000_000)),
        ("other elements", "<a/>".repeat(1_500_000)),
        ("comments", "<!---->".repeat(900_000)),
        ("equal numbers", "<row><c><v>1</v></c><c><v>1</v></c></row>".repeat(200_000)),
        ("headers again", rows("").repeat(2_000)),
    ] {
        assert_cheap(kind, &xlsx(&sheet(&behind)), &["over-limit"]);
    }
    assert_cheap("tiny strings", &strings(&"<si><t>a</t></si>".repeat(400_000)), &["over-limit"]);
    assert_cheap("empty strings", &strings(&"<si/>".repeat(1_200_000)), &["over-limit"]);
    // As wide and long as a sheet can be, but little of it: read.
    assert_cheap("few empty rows", &xlsx(&sheet(&"<row/>".repeat(9_000))), &[]);
}

/// One text in cell after cell, in header rows or below them.
#[test]
fn a_long_text_that_many_cells_point_to_is_given_no_more_often_than_the_size_allows() {
    let cells = |row: usize, cells: usize| format!("<row r=\"{row}\">{}</row>", "<c t=\"s\"><v>0</v></c>".repeat(cells));
    for (kind, rows, wide) in [("rows", 18_000, 6), ("a wide header", 30, 5_000)] {
        let rows: String = (1..=rows).map(|row| cells(row, wide)).collect();
        let strings = format!("<sst><si><t>{}</t></si></sst>", "520324195003071234、".repeat(1_500));
        let sheet = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
        // The sheet by its own size; where the file is smaller than that, the file, of which nothing more is read.
        let work = work(&xlsx_parts(&sheet, &strings));
        assert!(work.refused.iter().all(|code| code == "over-limit") && !work.refused.is_empty(), "{kind}: {work:?}");
        assert_cheap(kind, &xlsx_parts(&sheet, &strings), &work.refused.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

/// A remark of a thousand characters in each row, each another one: more text than four times its sheet, and all of it honest.
#[test]
fn a_register_of_long_remarks_is_read() {
    let mut digits = 1_u64;
    let mut remark = || -> String {
        let mut sign = || {
            digits = digits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from_u32(0x4E00 + u32::try_from(digits >> 52).unwrap_or(0)).unwrap_or('甲')
        };
        (0..1_000).map(|_| sign()).collect()
    };
    let strings = (0..400).map(|_| format!("<si><t>{}</t></si>", remark())).collect::<Vec<_>>().concat();
    let row = |row: usize| {
        let cells = PERSON.map(|text| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>")).concat();
        format!("<row>{cells}<c t=\"s\"><v>{row}</v></c></row>")
    };
    let sheet = format!("<worksheet><sheetData>{}</sheetData></worksheet>", (0..400).map(row).collect::<String>());
    let work = work(&xlsx_parts(&sheet, &format!("<sst>{strings}</sst>")));
    assert_eq!((work.rows, work.refused), (400, Vec::new()));
    assert!(work.text > 4 * sheet.len() as u64 && work.text > limits().text_floor_bytes, "{}", work.text);
}

#[test]
fn texts_and_pages_that_a_zip_blows_up_cost_no_more_than_their_size_allows() {
    let lines = |behind: &str| table(("", "\n"), ("", ","), behind);
    let page = |behind: &str| format!("<table>{}</table>", table(("<tr>", "</tr>"), ("<td>", "</td>"), behind));
    let cell = ("<Cell><Data ss:Type=\"String\">", "</Data></Cell>");
    let book = |behind: &str| {
        let head = "<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\" \
                    xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\"><Worksheet ss:Name=\"S\"><Table>";
        format!("{head}{}</Table></Worksheet></Workbook>", table(("<Row>", "</Row>"), cell, behind))
    };
    for (kind, text) in [
        ("line ends", lines(&"\n".repeat(6_000_000))),
        ("short rows", lines(&"a,b\n".repeat(1_500_000))),
        ("one quote", lines(&format!("\"{}", "x\n".repeat(3_000_000)))),
        ("a quote each", lines(&"a,\"b\n".repeat(1_200_000))),
        ("commas", lines(&format!("{}\n", ",".repeat(1_000)).repeat(6_000))),
        ("html cells", page(&format!("<tr>{}", "<td>".repeat(16_000)).repeat(90))),
        ("html rows", page(&"<tr>".repeat(1_500_000))),
        ("html tags", page(&"<b>".repeat(2_000_000))),
        ("one html cell", page(&format!("<tr><td>{}", "x".repeat(6_000_000)))),
        ("xml 2003 cells", book(&format!("<Row>{}</Row>", "<Cell/>".repeat(16_000)).repeat(60))),
        ("xml 2003 rows", book(&"<Row/>".repeat(900_000))),
    ] {
        assert_cheap(kind, &zip(&[("名单.csv", text.as_bytes())]), &["over-limit"]);
    }
}

#[test]
fn rows_need_bytes_to_stand_on() {
    let lines = |rows: usize| table(("", "\n"), ("", ","), &"a,b,c\n".repeat(rows));
    // Within what may be inflated, and more rows than a sheet has: the zip has not a byte for each, the text has.
    let many = zip(&[("名单.csv", lines(20_000).as_bytes())]);
    assert!(many.len() < 10_000 && lines(20_000).len() < 160_000);
    assert_cheap("rows in a zip", &many, &["over-limit"]);
    let text = work(lines(20_000).as_bytes());
    assert_eq!((text.rows, text.refused), (20_021, Vec::new()));
    let equal = parquet_tests::equal_rows(200_000);
    assert_cheap("equal rows of Parquet", &equal, &["over-limit"]);
}

#[test]
fn cells_that_stay_empty_are_not_held() {
    let page = format!("<table><tr><td>姓名</td></tr><tr>{}<td>张三</td></tr></table>", "<td></td>".repeat(300));
    assert_eq!(cells(&frames(page.as_bytes())), ["1:0 Text 姓名", "2:300 Text 张三"]);
}
