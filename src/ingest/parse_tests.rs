//! Files of every format, honest and hostile, made here by code; xls and ods from `fixtures/formats`.

use std::io::Write as _;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::model::raw::CellKind;

#[path = "cost_tests.rs"]
mod cost_tests;
#[path = "ods_tests.rs"]
mod ods_tests;
#[path = "parquet_tests.rs"]
mod parquet_tests;
#[path = "spreadsheetml_tests.rs"]
mod spreadsheetml_tests;
#[path = "xlsb_tests.rs"]
mod xlsb_tests;

pub(super) fn frames_within(name: &str, bytes: &[u8], limits: &Limits) -> Vec<Frame> {
    let mut frames = Vec::new();
    parse(name, Cursor::new(bytes), limits, &mut |frame| {
        frames.push(frame);
        Ok(())
    })
    .expect("neither sink nor source fails");
    frames
}

pub(super) fn frames(bytes: &[u8]) -> Vec<Frame> {
    frames_within("文件", bytes, &Limits::default())
}

/// Every cell as `row:column kind text`, sheets one after another.
pub(super) fn cells(frames: &[Frame]) -> Vec<String> {
    let mut cells = Vec::new();
    for frame in frames {
        if let Frame::Rows(block) = frame {
            for (row, row_cells) in block.iter() {
                for (column, kind, text) in row_cells {
                    cells.push(format!("{row}:{column} {kind:?} {text}"));
                }
            }
        }
    }
    cells
}

pub(super) fn refusals(frames: &[Frame]) -> Vec<(&str, &str)> {
    let mut refusals = Vec::new();
    for frame in frames {
        if let Frame::Refused { code, what, hint } = frame {
            assert!(!hint.is_empty());
            refusals.push((code.as_str(), what.as_str()));
        }
    }
    refusals
}

pub(super) fn notes(frames: &[Frame]) -> Vec<&str> {
    frames
        .iter()
        .filter_map(|frame| if let Frame::SheetEnd { notes, .. } = frame { Some(notes) } else { None })
        .flatten()
        .map(String::as_str)
        .collect()
}

pub(super) fn code(bytes: &[u8]) -> String {
    let frames = frames(bytes);
    assert!(matches!(frames.first(), Some(Frame::File { sha256, .. }) if sha256.len() == 64));
    assert_eq!(frames.last(), Some(&Frame::FileEnd));
    let refusals = refusals(&frames);
    assert_eq!(refusals.len(), 1, "{frames:?}");
    refusals[0].0.to_owned()
}

pub(super) fn format_of(bytes: &[u8]) -> (String, String) {
    match frames(bytes).first() {
        Some(Frame::File { format, encoding, .. }) => (format.clone(), encoding.clone()),
        other => panic!("{other:?}"),
    }
}

pub(super) fn merges(frames: &[Frame]) -> Vec<(u32, u32, u32, u32)> {
    let of = |frame: &Frame| match frame {
        Frame::Sheet { merges, .. } => merges.iter().map(|m| (m.first_row, m.first_column, m.last_row, m.last_column)).collect(),
        _ => Vec::new(),
    };
    frames.iter().flat_map(of).collect()
}

pub(super) fn zip(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).expect("starts");
        writer.write_all(bytes).expect("writes");
    }
    writer.finish().expect("finishes").into_inner()
}

const WORKBOOK: &str = r#"<workbook xmlns:r="r"><sheets><sheet name="名单" sheetId="1" r:id="rId9"/></sheets></workbook>"#;
const STYLES: &str = r#"<styleSheet><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;

/// A workbook of one sheet whose part is not called as usual.
fn xlsx_parts(sheet: &str, strings: &str) -> Vec<u8> {
    zip(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("_rels/.rels", br#"<Relationships><Relationship Id="a" Type="x/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#),
        ("xl/_rels/workbook.xml.rels", br#"<Relationships><Relationship Id="rId9" Type="x/relationships/worksheet" Target="worksheets/Liste.xml"/></Relationships>"#),
        ("xl/workbook.xml", WORKBOOK.as_bytes()),
        ("xl/styles.xml", STYLES.as_bytes()),
        ("xl/sharedStrings.xml", strings.as_bytes()),
        ("xl/worksheets/Liste.xml", sheet.as_bytes()),
    ])
}

#[test]
fn no_file_gives_more_text_than_its_size_allows() {
    let rows: Vec<String> = (1..=200).map(|row| format!("<row r=\"{row}\"><c r=\"A{row}\" t=\"s\"><v>0</v></c></row>")).collect();
    let sheet = format!("<worksheet><sheetData>{}</sheetData></worksheet>", rows.concat());
    let file = xlsx_parts(&sheet, &format!("<sst><si><t>{}</t></si></sst>", "甲".repeat(1000)));
    let limits = Limits { given_ratio: 10, given_floor_bytes: 50_000, ..Limits::default() };
    let told = frames_within("文件", &file, &limits);
    // The sheet, and the file, of which nothing more is read.
    assert_eq!(refusals(&told).len(), 2, "{told:?}");
    assert!(cells(&told).is_empty() && refusals(&told)[0].1.contains("疑为恶意"), "{told:?}");
    assert_eq!(told.last(), Some(&Frame::FileEnd));
    assert_eq!(cells(&frames(&file)).len(), 200);
}

#[test]
fn a_line_that_no_table_has_is_refused_and_a_page_of_one_line_is_not() {
    let long = format!("姓名,证件号码\n{}\n", "x".repeat(5 << 20));
    assert!(refusals(&frames(long.as_bytes())).iter().any(|(_, what)| what.contains("第 2 行") && what.contains("不是表格的行")));
    let page = format!("<table><tr><td>姓名</td></tr>{}</table>", "<tr><td>张三</td></tr>".repeat(200_000));
    assert!(page.len() > 4 << 20 && refusals(&frames(page.as_bytes())).is_empty());
}

#[test]
fn two_sheets_of_one_part_are_one_sheet_and_a_refusal() {
    let book = "<workbook xmlns:r=\"r\"><sheets><sheet name=\"甲\" r:id=\"rId9\"/><sheet name=\"乙\" r:id=\"rId9\"/></sheets></workbook>";
    let sheet = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\"><v>1</v></c></row></sheetData></worksheet>";
    let relations = r#"<Relationships><Relationship Id="rId9" Type="x/worksheet" Target="worksheets/a.xml"/></Relationships>"#;
    let parts: [(&str, &[u8]); 4] = [
        ("[Content_Types].xml", b"<Types/>"),
        ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/worksheets/a.xml", sheet.as_bytes()),
    ];
    let told = frames(&zip(&parts));
    assert_eq!((cells(&told).len(), refusals(&told).len()), (1, 1), "{told:?}");
}

#[test]
fn parts_in_utf16_are_read_as_others() {
    let sheet = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c></row></sheetData>\
                 <mergeCells><mergeCell ref=\"A1:B2\"/></mergeCells></worksheet>";
    let plain = xlsx(sheet);
    for (mark, order) in [(true, u16::to_le_bytes as fn(u16) -> [u8; 2]), (false, u16::to_le_bytes), (true, u16::to_be_bytes)] {
        let mut container = ::zip::ZipArchive::new(Cursor::new(&plain)).expect("a zip");
        let parts: Vec<(String, Vec<u8>)> = (0..container.len())
            .map(|at| {
                let mut part = container.by_index(at).expect("a part");
                let mut text = String::new();
                std::io::Read::read_to_string(&mut part, &mut text).expect("text");
                let text = format!("{}<?xml version=\"1.0\" encoding=\"UTF-16\"?>{text}", if mark { "\u{feff}" } else { "" });
                (part.name().expect("a name").into_owned(), text.encode_utf16().flat_map(order).collect())
            })
            .collect();
        let parts: Vec<(&str, &[u8])> = parts.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        let frames = frames(&zip(&parts));
        assert_eq!((cells(&frames), merges(&frames)), (vec!["1:0 Text 甲".to_owned()], vec![(1, 0, 2, 1)]), "{mark}");
    }
}

fn xlsx(sheet: &str) -> Vec<u8> {
    xlsx_parts(sheet, "<sst><si><t>甲</t></si></sst>")
}

#[test]
fn xlsx_cells_of_every_kind_with_merges_after_and_a_wrong_dimension() {
    let frames = frames(&xlsx(
        r#"<worksheet><dimension ref="A1:A1"/><sheetData>
        <row r="3"><c r="B3" t="s"><v>0</v></c><c r="C3"><v>520324199001010000</v></c><c r="D3" s="1"><v>43281.5</v></c></row>
        <row r="5"><c r="A5" t="inlineStr"><is><t>="520324199001011234"</t></is></c><c r="B5" t="b"><v>1</v></c><c r="C5" t="e"><v>#N/A</v></c><c r="D5"><v>294.58</v></c><c r="E5" s="1"/></row>
        </sheetData><mergeCells count="2"><mergeCell ref="B3:B5"/><mergeCell ref="A1:D1"/></mergeCells></worksheet>"#,
    ));
    assert_eq!(
        cells(&frames),
        [
            "3:1 Text 甲",
            "3:2 Number 520324199001010000",
            "3:3 Date 2018-06-30",
            "5:0 Text 520324199001011234",
            "5:1 Bool 是",
            "5:3 Number 294.58"
        ]
    );
    assert_eq!(merges(&frames), [(1, 0, 1, 3), (3, 1, 5, 1)]);
    assert!(matches!(&frames[1], Frame::Sheet { name, .. } if name == "名单"));
    assert_eq!(refusals(&frames), []);
}

#[test]
fn two_far_cells_cost_nothing() {
    let frames = frames(&xlsx(
        r#"<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row></sheetData></worksheet>"#,
    ));
    assert_eq!(cells(&frames), ["1:0 Number 1", "1048576:16383 Number 2"]);
}

#[test]
fn wrong_positions_refuse_the_sheet_and_never_move_a_value() {
    for (wrong, expected) in [
        ("A1048577", "over-limit"),
        ("XFE2", "over-limit"),
        ("A4294967299", "damaged-file"),
        ("ZZZZZZZZZZZ2", "damaged-file"),
        ("A1", "damaged-file"),
    ] {
        let sheet = format!(
            r#"<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>1</v></c></row><row r="2"><c r="{wrong}"><v>2</v></c></row></sheetData></worksheet>"#
        );
        assert_eq!(code(&xlsx(&sheet)), expected, "{wrong}");
    }
}

#[test]
fn hostile_xlsx_parts_are_refused() {
    let sheet = r#"<worksheet><sheetData><row><c t="s"><v>1</v></c></row></sheetData></worksheet>"#;
    assert_eq!(code(&xlsx_parts(sheet, r#"<sst uniqueCount="4000000000"><si/></sst>"#)), "damaged-file");
    assert_eq!(code(&xlsx(&format!("<!DOCTYPE x [<!ENTITY a \"b\">]>{sheet}"))), "damaged-file");
    assert_eq!(code(&xlsx("<worksheet><sheetData><row><c><v>1</v>")), "damaged-file");
    let long = "长".repeat(32_768);
    let sheet = format!(
        r#"<worksheet><sheetData><row r="7"><c r="C7" t="inlineStr"><is><t>{long}</t></is></c></row></sheetData></worksheet>"#
    );
    let frames = frames(&xlsx(&sheet));
    assert_eq!(
        refusals(&frames).first().map(|(code, what)| (*code, what.contains("第 7 行第 3 列"))),
        Some(("over-limit", true))
    );
}

#[test]
fn only_parts_that_are_read_matter() {
    let sheet = r#"<worksheet><sheetData><row r="1"><c r="A1"><v>7</v></c></row></sheetData></worksheet>"#;
    let workbook =
        r#"<workbook xmlns:r="r"><sheets><sheet name="宏" r:id="rId1"/><sheet name="名单" r:id="rId2"/></sheets></workbook>"#;
    let relations = r#"<Relationships><Relationship Id="rId1" Type="x/xlMacrosheet" Target="macrosheets/sheet1.xml"/><Relationship Id="rId2" Type="x/worksheet" Target="/xl/worksheets/sheet1.xml"/></Relationships>"#;
    let parts: Vec<(&str, &[u8])> = vec![
        ("[Content_Types].xml", b"<Types/>"),
        ("xl/workbook.xml", workbook.as_bytes()),
        ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        ("xl/macrosheets/sheet1.xml", b"<no sheet"),
        ("customXml/item1.xml", b"\xFF\xFE<\0a\0/\0>\0"),
        ("docProps/app.xml", b"<!DOCTYPE x [<!ENTITY a \"b\">]><x/>"),
    ];
    let frames = frames(&zip(&parts));
    assert_eq!((cells(&frames), refusals(&frames)), (vec!["1:0 Number 7".to_owned()], Vec::new()));
    for missing in ["xl/workbook.xml", "xl/worksheets/sheet1.xml"] {
        let left: Vec<(&str, &[u8])> = parts.iter().copied().filter(|(name, _)| *name != missing).collect();
        assert_eq!(code(&zip(&left)), "damaged-file", "{missing}");
    }
}

#[test]
fn a_file_cut_anywhere_never_panics_and_ends_properly() {
    let whole = xlsx("<worksheet><sheetData><row r=\"1\"><c r=\"A1\"><v>1</v></c></row></sheetData></worksheet>");
    for length in (4..whole.len()).step_by(7) {
        assert_eq!(code(&whole[..length]), "damaged-file", "{length} bytes");
    }
}

#[test]
fn bombs_and_crowded_zips_are_refused() {
    let small = Limits { ratio_floor_bytes: 100_000, part_bytes: 3_000_000, entries: 50, ..Limits::default() };
    let refused = |bytes: &[u8]| {
        let frames = frames_within("x", bytes, &small);
        refusals(&frames).iter().map(|(code, _)| (*code).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(refused(&zip(&[("a.csv", &vec![b'0'; 2_000_000])])), ["over-limit"]);
    assert_eq!(refused(&xlsx(&format!("<worksheet>{}</worksheet>", " ".repeat(2_000_000)))), ["over-limit"]);
    let names: Vec<String> = (0..60).map(|number| format!("{number}.csv")).collect();
    let parts: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"a,b"[..])).collect();
    assert_eq!(refused(&zip(&parts)), ["over-limit"]);

    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("a.csv", SimpleFileOptions::default()).expect("starts");
    writer.write_all(b"a,b").expect("writes");
    writer.shallow_copy_file("a.csv", "b.csv").expect("copies");
    assert_eq!(code(&writer.finish().expect("finishes").into_inner()), "damaged-file");
}

#[test]
fn a_zip_gives_each_member_by_its_chinese_path() {
    // The writer sets no UTF-8 flag for ASCII names, so GBK bytes of the same length are put in their place.
    let gbk = encoding_rs::GB18030.encode("凤仪.csv").0;
    let inner = xlsx("<worksheet><sheetData><row r=\"1\"><c r=\"A1\"><v>1</v></c></row></sheetData></worksheet>");
    let nested = zip(&[("x.csv", b"a,b")]);
    let mut bytes = zip(&[
        ("QQQQ.csv", "姓名\t金额\n".as_bytes()),
        ("表.xlsx", &inner),
        ("__MACOSX/._a", b"x"),
        ("再.zip", &nested),
        ("空.csv", b""),
    ]);
    while let Some(at) = memchr::memmem::find(&bytes, b"QQQQ.csv") {
        bytes[at..at + gbk.len()].copy_from_slice(&gbk);
    }
    let frames = frames(&bytes);
    let files: Vec<(&str, &str)> = frames
        .iter()
        .filter_map(|frame| match frame {
            Frame::File { inner, format, .. } => Some((inner.as_str(), format.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(files, [("再.zip", ""), ("凤仪.csv", "tsv"), ("空.csv", ""), ("表.xlsx", "xlsx")]);
    assert_eq!(refusals(&frames).iter().map(|refusal| refusal.0).collect::<Vec<_>>(), ["nested-zip", "empty-file"]);
    assert_eq!(cells(&frames), ["1:0 Text 姓名", "1:1 Text 金额", "1:0 Number 1"]);
    assert_eq!(frames.iter().filter(|frame| **frame == Frame::FileEnd).count(), 4);
}

#[test]
fn text_is_decoded_strictly_in_every_encoding() {
    let text = "姓名,乡镇\r\n张三,桴㯊镇\r\n";
    let units = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let samples = [
        (text.as_bytes().to_vec(), "UTF-8"),
        ([b"\xEF\xBB\xBF", text.as_bytes()].concat(), "UTF-8"),
        (encoding_rs::GB18030.encode(text).0.into_owned(), "GB18030"),
        (units(u16::to_le_bytes), "UTF-16LE"),
        (units(u16::to_be_bytes), "UTF-16BE"),
        ([b"\xFF\xFE".to_vec(), units(u16::to_le_bytes)].concat(), "UTF-16LE"),
    ];
    for (bytes, encoding) in samples {
        assert_eq!(format_of(&bytes), ("csv".to_owned(), encoding.to_owned()));
        assert_eq!(cells(&frames(&bytes)), ["1:0 Text 姓名", "1:1 Text 乡镇", "2:0 Text 张三", "2:1 Text 桴㯊镇"]);
    }
}

#[test]
fn a_bad_byte_is_located_and_utf8_with_one_is_not_taken_for_gbk() {
    let mut gbk = encoding_rs::GB18030.encode("姓名,乡镇\n张三,凤仪\n李四,瑞").0.into_owned();
    gbk.extend_from_slice(b"\xFF\n");
    let refused = frames(&gbk);
    let (code, what) = refusals(&refused)[0];
    assert_eq!(code, "bad-encoding");
    assert!(what.contains("第 3 行第 5 个字") && what.contains(&format!("第 {} 字节", gbk.len() - 1)), "{what}");

    let mut utf8 = "姓名,乡镇,村\n张三丰,凤仪街道,凤山社区\n".as_bytes().to_vec();
    utf8.remove(20);
    let refused = frames(&utf8);
    assert!(refusals(&refused)[0].1.contains("UTF-8"));
}

#[test]
fn delimiters_are_found_and_rows_are_the_lines_they_start_on() {
    let tsv = "标题，没有分隔\n\n姓名\t地址\n\"张\n三\"\t甲,乙,丙\n'520324199001011234\t=\"0012\"\n";
    assert_eq!(format_of(tsv.as_bytes()).0, "tsv");
    assert_eq!(
        cells(&frames(tsv.as_bytes())),
        [
            "1:0 Text 标题，没有分隔",
            "3:0 Text 姓名",
            "3:1 Text 地址",
            "4:0 Text 张\n三",
            "4:1 Text 甲,乙,丙",
            "6:0 Text 520324199001011234",
            "6:1 Text 0012"
        ]
    );
    assert_eq!(cells(&frames("甲;乙\n1,5;2\n".as_bytes())), ["1:0 Text 甲", "1:1 Text 乙", "2:0 Text 1,5", "2:1 Text 2"]);
    assert_eq!(cells(&frames("甲|乙\r1|2\r".as_bytes()))[2], "2:0 Text 1");
    let frames = frames(format!("甲,乙\n\"开口,1\n{}", "张三,2\n".repeat(300)).as_bytes());
    assert_eq!(cells(&frames).len(), 2 * 301);
    assert!(frames.iter().any(|frame| matches!(frame, Frame::Aside { row: 2, .. })) && notes(&frames).len() == 1);
}

#[test]
fn html_tables_keep_spans_entities_and_nesting_apart() {
    let html = "<html><head><meta charset=gbk><style>td{x}</style></head><body><table>\
        <tr><th rowspan=2>户编号<th colspan=2>成员&amp;金额</tr>\
        <tr><td>姓&nbsp;名 <br>称</td><td x:num=\"520324199001010000\">5.2E+17</td></tr>\
        <tr><td>A1<td>张三<table><tr><td>内</td></tr></table><td>尾</table></body></html>";
    let frames = frames(&encoding_rs::GB18030.encode(html).0);
    assert!(matches!(&frames[0], Frame::File { format, encoding, .. } if format == "html" && encoding == "GB18030"));
    assert_eq!(
        cells(&frames),
        [
            "1:0 Text 户编号",
            "1:1 Text 成员&金额",
            "2:1 Text 姓\u{A0}名 \n称",
            "2:2 Number 520324199001010000",
            "3:0 Text A1",
            "3:1 Text 张三",
            "3:2 Text 尾",
            "1:0 Text 内"
        ]
    );
    assert_eq!(merges(&frames), [(1, 0, 2, 0), (1, 1, 1, 2)]);
}

#[test]
fn what_is_not_read_is_refused_by_name() {
    assert_eq!(code(b""), "empty-file");
    assert_eq!(code(b" \r\n"), "empty-file");
    assert_eq!(code(b"\x7FELF\0\0\0\x01\x02\x03"), "unknown-format");
    assert_eq!(code(b"%PDF-1.4"), "unknown-format");
    assert_eq!(code(b"Rar!\x1A\x07"), "unknown-format");
    assert_eq!(code(b"MIME-Version: 1.0\nX"), "mhtml");
    assert_eq!(code(&zip(&[("[Content_Types].xml", b"x"), ("xl/workbook.bin", b"x")])), "damaged-file");
    assert_eq!(code(br#"<?xml version="1.0"?><rows><row>1</row></rows>"#), "unknown-format");

    let mut compound = vec![0; 1024];
    compound[..4].copy_from_slice(&[0xD0, 0xCF, 0x11, 0xE0]);
    assert_eq!(refusals(&frames_within("名单.et", &compound, &Limits::default()))[0].0, "et");
    assert_eq!(code(&compound), "unknown-format");
    let name: Vec<u8> = "EncryptedPackage\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
    compound[640..640 + name.len()].copy_from_slice(&name);
    compound[640 + 64] = 34;
    compound[640 + 66] = 2;
    assert_eq!(code(&compound), "password-protected");
}

#[test]
fn a_failing_sink_ends_it() {
    let failed = parse("x", Cursor::new(b"a,b"), &Limits::default(), &mut |_| Err(io::ErrorKind::BrokenPipe.into()));
    assert_eq!(failed.expect_err("fails").kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn many_rows_come_in_blocks_and_none_is_lost() {
    let text = (0..10_000).fold(String::new(), |text, row| text + &format!("{row},甲\n"));
    let frames = frames(text.as_bytes());
    assert!(frames.iter().filter(|frame| matches!(frame, Frame::Rows(_))).count() > 1);
    assert_eq!(cells(&frames).len(), 20_000);
    assert_eq!(cells(&frames)[19_998], format!("10000:0 {:?} 9999", CellKind::Text));
}

#[test]
fn the_same_workbook_in_every_format_is_read_alike() {
    for (bytes, format) in [
        (&include_bytes!("../../fixtures/formats/sample.xls")[..], "xls"),
        (&include_bytes!("../../fixtures/formats/sample.ods")[..], "ods"),
        (&include_bytes!("../../fixtures/formats/sample.xlsx")[..], "xlsx"),
        (&include_bytes!("../../fixtures/formats/sample-2003.xml")[..], "xml-2003"),
        (&xlsb_tests::sample(), "xlsb"),
    ] {
        let frames = frames(bytes);
        assert!(matches!(&frames[0], Frame::File { format: found, .. } if found == format), "{format}");
        assert_eq!(refusals(&frames), []);
        assert_eq!(
            cells(&frames),
            [
                "1:0 Text 正安县低保名单",
                "3:0 Text 户编号",
                "3:1 Text 姓名",
                "3:2 Text 金额",
                "3:3 Text 日期",
                "4:0 Text H1",
                "4:1 Text 张三",
                "4:2 Number 294.58",
                "4:3 Date 2018-06-30",
                "5:1 Text 桴㯊",
                "5:2 Number 520324199001010000",
                "5:3 Bool 是",
                "2:1 Text 第二张表"
            ],
            "{format}"
        );
        assert_eq!(merges(&frames), [(1, 0, 1, 3), (4, 0, 5, 0)], "{format}");
    }
}
