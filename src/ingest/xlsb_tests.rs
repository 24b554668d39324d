//! A minimal xlsb writer, and what it writes read back, whole and broken.

use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{Frame, Kind, Limits, cells, frames, frames_within, merges, refusals, zip};
use crate::ingest::grid::{Mark, Oddity};

/// One record: type, length, data.
fn record(kind: u32, data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut varint = |mut value: u32| loop {
        let byte = u8::try_from(value & 0x7F).expect("seven bits");
        value >>= 7;
        bytes.push(if value > 0 { byte | 0x80 } else { byte });
        if value == 0 {
            break;
        }
    };
    varint(kind);
    varint(u32::try_from(data.len()).expect("short"));
    bytes.extend_from_slice(data);
    bytes
}

fn wide(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut bytes = u32::try_from(units.len()).expect("short").to_le_bytes().to_vec();
    bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    bytes
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// A cell's column and style, then its value.
fn cell(kind: u32, column: u32, style: u32, value: &[u8]) -> Vec<u8> {
    record(kind, &[numbers(&[column, style]), value.to_vec()].concat())
}

fn row(row: u32) -> Vec<u8> {
    // Row, style, height in twentieths, flags, no spans.
    record(0, &[numbers(&[row, 0]), 300u16.to_le_bytes().to_vec(), vec![0, 0, 0], numbers(&[0])].concat())
}

fn text_cell(column: u32, text: &str) -> Vec<u8> {
    cell(6, column, 0, &wide(text))
}

fn real(column: u32, style: u32, value: f64) -> Vec<u8> {
    cell(5, column, style, &value.to_le_bytes())
}

/// An integer in thirty bits.
fn small(column: u32, value: i32) -> Vec<u8> {
    cell(2, column, 0, &((value << 2) | 2).to_le_bytes())
}

fn sheet(rows: &[u8], merged: &[[u32; 4]]) -> Vec<u8> {
    let mut bytes = record(129, &[]);
    bytes.extend(record(148, &numbers(&[0, 6, 0, 7])));
    bytes.extend(record(145, &[]));
    bytes.extend_from_slice(rows);
    bytes.extend(record(146, &[]));
    if !merged.is_empty() {
        bytes.extend(record(177, &numbers(&[u32::try_from(merged.len()).expect("few")])));
        for area in merged {
            bytes.extend(record(176, &numbers(area)));
        }
        bytes.extend(record(178, &[]));
    }
    bytes.extend(record(130, &[]));
    bytes
}

/// A font, a fill, a border, and two cell formats: general, and the date of number format 14.
fn styles() -> Vec<u8> {
    let format = |number: u16| {
        let parts = [0xFFFFu16, number, 0, 0, 0].iter().flat_map(|part| part.to_le_bytes()).collect::<Vec<u8>>();
        record(47, &[parts, vec![0, 0, 0x10, 0x10, 0, 0]].concat())
    };
    let cell_format = |number: u16| {
        let parts = [0u16, number, 0, 0, 0].iter().flat_map(|part| part.to_le_bytes()).collect::<Vec<u8>>();
        record(47, &[parts, vec![0, 0, 0x10, 0x10, 0, 0]].concat())
    };
    let font = [220u16, 0, 400, 0].iter().flat_map(|part| part.to_le_bytes()).collect::<Vec<u8>>();
    let font = [font, vec![0, 0, 134, 0, 7, 1, 0, 0, 0, 0, 0, 0xFF, 2], wide("宋体")].concat();
    let fill = [numbers(&[0]), [7u8, 0, 0, 0, 0, 0, 0, 0xFF].repeat(2), vec![0; 48]].concat();
    let border =
        [vec![0u8], [0u8; 2].iter().chain([7, 0, 0, 0, 0, 0, 0, 0xFF].iter()).copied().collect::<Vec<u8>>().repeat(5)].concat();
    [
        record(278, &[]),
        record(611, &numbers(&[1])),
        record(43, &font),
        record(612, &[]),
        record(603, &numbers(&[1])),
        record(45, &fill),
        record(604, &[]),
        record(613, &numbers(&[1])),
        record(46, &border),
        record(614, &[]),
        record(626, &numbers(&[1])),
        format(0),
        record(627, &[]),
        record(617, &numbers(&[2])),
        cell_format(0),
        cell_format(14),
        record(618, &[]),
        record(279, &[]),
    ]
    .concat()
}

fn workbook(names: &[&str]) -> Vec<u8> {
    let sheets = (1u32..)
        .zip(names)
        .flat_map(|(at, name)| record(156, &[numbers(&[0, at]), wide(&format!("rId{at}")), wide(name)].concat()));
    let sheets: Vec<u8> = sheets.collect();
    [record(131, &[]), record(143, &[]), sheets, record(144, &[]), record(157, &numbers(&[0, 0, 0, 0, 0])), record(132, &[])]
        .concat()
}

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/><Override PartName="/xl/worksheets/sheet1.bin" ContentType="application/vnd.ms-excel.worksheet"/><Override PartName="/xl/worksheets/sheet2.bin" ContentType="application/vnd.ms-excel.worksheet"/><Override PartName="/xl/styles.bin" ContentType="application/vnd.ms-excel.styles"/><Override PartName="/xl/sharedStrings.bin" ContentType="application/vnd.ms-excel.sharedStrings"/></Types>"#;
const PACKAGE: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.bin"/></Relationships>"#;
const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.bin"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet2.bin"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.bin"/><Relationship Id="rId4" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.bin"/></Relationships>"#;

fn strings(promised: u32, texts: &[&str]) -> Vec<u8> {
    let items = texts.iter().flat_map(|text| record(19, &[vec![0], wide(text)].concat()));
    let items: Vec<u8> = items.collect();
    [record(159, &numbers(&[promised, promised])), items, record(160, &[])].concat()
}

fn book(strings: &[u8], first: &[u8], second: &[u8]) -> Vec<u8> {
    zip(&[
        ("[Content_Types].xml", TYPES.as_bytes()),
        ("_rels/.rels", PACKAGE.as_bytes()),
        ("xl/workbook.bin", &workbook(&["名单", "Sheet2"])),
        ("xl/_rels/workbook.bin.rels", RELATIONS.as_bytes()),
        ("xl/styles.bin", &styles()),
        ("xl/sharedStrings.bin", strings),
        ("xl/worksheets/sheet1.bin", first),
        ("xl/worksheets/sheet2.bin", second),
    ])
}

/// What `fixtures/formats/sample.fods` says.
pub(super) fn sample() -> Vec<u8> {
    let rows = [
        row(0),
        text_cell(0, "正安县低保名单"),
        row(2),
        text_cell(0, "户编号"),
        text_cell(1, "姓名"),
        text_cell(2, "金额"),
        text_cell(3, "日期"),
        row(3),
        text_cell(0, "H1"),
        cell(7, 1, 0, &0u32.to_le_bytes()),
        real(2, 0, 294.58),
        real(3, 1, 43281.0),
        row(4),
        text_cell(1, "桴㯊"),
        real(2, 0, 520_324_199_001_010_000.0),
        cell(4, 3, 0, &[1]),
    ];
    let first = sheet(&rows.concat(), &[[0, 0, 0, 3], [3, 4, 0, 0]]);
    let second = sheet(&[row(1), text_cell(1, "第二张表")].concat(), &[]);
    book(&strings(1, &["张三"]), &first, &second)
}

#[test]
fn the_fixture_is_what_this_writer_writes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/formats/sample.xlsb");
    if std::env::var("BIDUI_GOLDEN").is_ok_and(|wish| wish == "write") {
        std::fs::write(path, sample()).expect("the fixture");
    }
    assert!(std::fs::read(path).expect("the fixture") == sample(), "fixtures/formats/sample.xlsb differs");
}

fn code(bytes: &[u8]) -> String {
    let frames = frames(bytes);
    assert_eq!(frames.last(), Some(&Frame::FileEnd));
    refusals(&frames).iter().map(|(code, _)| *code).collect::<Vec<_>>().join(" ")
}

fn with(rows: &[u8], merged: &[[u32; 4]]) -> Vec<u8> {
    book(&strings(1, &["张三"]), &sheet(rows, merged), &sheet(&[], &[]))
}

#[test]
fn cells_with_comments_are_told() {
    let relations =
        r#"<Relationships><Relationship Id="rId1" Type="x/relationships/comments" Target="../comments1.bin"/></Relationships>"#;
    // Author, first and last row, first and last column, an id.
    let comment =
        |row, column| [record(635, &[numbers(&[0, row, row, column, column]), vec![0; 16]].concat()), record(636, &[])].concat();
    let comments = [record(628, &[]), comment(2, 1), comment(0, 0), record(629, &[])].concat();
    let rows = [row(0), text_cell(0, "姓名")].concat();
    let file = zip(&[
        ("[Content_Types].xml", TYPES.as_bytes()),
        ("_rels/.rels", PACKAGE.as_bytes()),
        ("xl/workbook.bin", &workbook(&["名单"])),
        ("xl/_rels/workbook.bin.rels", RELATIONS.as_bytes()),
        ("xl/worksheets/sheet1.bin", &sheet(&rows, &[])),
        ("xl/worksheets/_rels/sheet1.bin.rels", relations.as_bytes()),
        ("xl/comments1.bin", &comments),
    ]);
    let marked = frames_within("x", &file, &Limits { marks: true, ..Limits::default() });
    let at = |row, column| Mark { row, column, oddity: Oddity::Comment };
    assert!(marked.contains(&Frame::Marks(vec![at(1, 0), at(3, 1)])), "{marked:?}");
    assert!(!frames(&file).iter().any(|frame| matches!(frame, Frame::Marks(_))));
}

#[test]
fn every_kind_of_cell_is_read_and_what_is_cut_short_is_refused() {
    // Cells that most readers do not know: inline rich text, cells without a column of their own.
    let rich = cell(62, 0, 0, &[vec![0], wide("甲")].concat());
    let short = record(17, &[numbers(&[0]), wide("乙")].concat());
    let dated = record(16, &[numbers(&[1]), 43_281f64.to_le_bytes().to_vec()].concat());
    let read = cells(&frames(&with(&[row(0), rich, short, dated].concat(), &[])));
    assert_eq!(read, ["1:0 Text 甲", "1:1 Text 乙", "1:2 Date 2018-06-30"]);
    // A row beyond the last ends its reading.
    assert_eq!(code(&with(&[row(0x0010_0001), text_cell(0, "甲")].concat(), &[])), "over-limit");
    assert_eq!(code(&with(&[row(0), text_cell(20_000, "甲")].concat(), &[])), "over-limit");
    // A record cut short would show what an earlier one left in the buffer.
    let short = [row(0), text_cell(0, "张三丰"), record(6, &[numbers(&[1, 0, 3]), vec![0x20, 0x5F]].concat())].concat();
    assert_eq!(code(&with(&short, &[])), "damaged-file");
    assert_eq!(code(&with(&[row(0), record(5, &numbers(&[0, 0]))].concat(), &[])), "damaged-file");
    assert_eq!(code(&with(&[row(0), cell(7, 0, 0, &9u32.to_le_bytes())].concat(), &[])), "damaged-file");
    assert_eq!(code(&with(&[row(1), text_cell(0, "甲"), row(0), text_cell(0, "乙")].concat(), &[])), "damaged-file");
}

#[test]
fn hostile_parts_are_refused() {
    // How many strings there are is counted.
    assert_eq!(code(&book(&strings(4_000_000_000, &["张三"]), &sheet(&[], &[]), &sheet(&row(0), &[]))), "empty-file");
    assert_eq!(code(&with(&row(0), &[[5, 0, 0, 3]])), "damaged-file");
    assert_eq!(code(&with(&row(0), &[[0, 4_000_000_000, 0, 3]])), "damaged-file");
    // A record that says it is longer than its part.
    let mut long = sheet(&row(0), &[]);
    long.extend([0x06, 0xFF, 0xFF, 0xFF, 0x7F]);
    assert_eq!(code(&book(&strings(0, &[]), &long, &sheet(&[], &[]))), "damaged-file");
    let missing = zip(&[("[Content_Types].xml", TYPES.as_bytes()), ("xl/workbook.bin", &workbook(&["名单"]))]);
    assert_eq!(code(&missing), "damaged-file");
}

#[test]
fn a_sheet_that_is_refused_leaves_the_other() {
    let bytes = book(
        &strings(0, &[]),
        &sheet(&[row(0), cell(62, 0, 0, &numbers(&[9]))].concat(), &[]),
        &sheet(&[row(0), small(2, -7)].concat(), &[]),
    );
    let frames = frames(&bytes);
    assert_eq!(cells(&frames), ["1:2 Number -7"]);
    assert_eq!(refusals(&frames).len(), 1);
}

#[test]
fn a_file_cut_anywhere_never_panics_and_ends_properly() {
    let whole = sample();
    for length in (4..whole.len()).step_by(61) {
        assert!(code(&whole[..length]).contains("damaged-file"), "{length} bytes");
    }
    // And with any byte of a sheet changed.
    let first =
        sheet(&[row(0), text_cell(0, "张三"), real(1, 1, 43281.0), cell(7, 2, 0, &0u32.to_le_bytes())].concat(), &[[0, 0, 0, 3]]);
    for at in 0..first.len() {
        let mut bytes = first.clone();
        bytes[at] ^= 0xFF;
        let frames = frames_within("文件", &book(&strings(1, &["张三"]), &bytes, &sheet(&[], &[])), &Limits::default());
        assert_eq!(frames.last(), Some(&Frame::FileEnd), "byte {at}");
    }
}

#[test]
fn it_is_told_by_content() {
    let mut source = Cursor::new(sample());
    assert_eq!(crate::ingest::sniff::sniff("名单.xls", &mut source, &Limits::default()), Ok(Kind::Xlsb));
    assert_eq!(merges(&frames(&sample())), [(1, 0, 1, 3), (4, 0, 5, 0)]);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("名单.xlsb", SimpleFileOptions::default()).expect("starts");
    writer.write_all(&sample()).expect("writes");
    let zipped = frames(&writer.finish().expect("finishes").into_inner());
    assert!(matches!(&zipped[0], Frame::File { inner, format, .. } if inner == "名单.xlsb" && format == "xlsb"));
}
