//! XML 2003 workbooks, honest and hostile.

use super::{Limits, cells, code, format_of, frames, frames_within, merges, refusals};
use crate::ingest::grid::{Frame, Mark, Oddity};

const HEAD: &str = "<?xml version=\"1.0\"?>\r\n<?mso-application progid=\"Excel.Sheet\"?>\r\n<Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\" \
    xmlns:x=\"urn:schemas-microsoft-com:office:excel\" xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\" xmlns:html=\"http://www.w3.org/TR/REC-html40\">";

fn book(table: &str) -> String {
    format!("{HEAD}<Worksheet ss:Name=\"名&amp;单\"><Table ss:ExpandedColumnCount=\"4\">{table}</Table></Worksheet></Workbook>")
}

#[test]
fn cells_of_every_type_stand_where_their_index_says() {
    let text = book(
        "<Column ss:Index=\"2\" ss:Width=\"80\"/>\
        <Row ss:Index=\"3\"><Cell ss:Index=\"2\" ss:StyleID=\"s21\"><Data ss:Type=\"String\">姓 名&#10;A&amp;B</Data></Cell>\
        <Cell><Data ss:Type=\"String\">520324199001011234</Data></Cell><Cell/><Cell><Data ss:Type=\"Number\">520324199001011234</Data></Cell></Row>\
        <Row ss:Span=\"2\" ss:AutoFitHeight=\"0\"/>\
        <Row><Cell ss:Formula=\"=1+1\"><Data ss:Type=\"Number\">294.58</Data></Cell><Cell><Data ss:Type=\"DateTime\">2018-06-30T00:00:00.000</Data></Cell>\
        <Cell><Data ss:Type=\"Boolean\">1</Data></Cell><Cell><Data ss:Type=\"Error\">#N/A</Data></Cell><Cell><Data ss:Type=\"Number\">未知</Data></Cell></Row>",
    );
    let frames = frames(text.as_bytes());
    assert!(matches!(&frames[0], Frame::File { format, encoding, .. } if format == "xml-2003" && encoding == "UTF-8"));
    assert!(matches!(&frames[1], Frame::Sheet { name, .. } if name == "名&单"));
    assert_eq!(
        cells(&frames),
        [
            "3:1 Text 姓 名\nA&B",
            "3:2 Text 520324199001011234",
            "3:4 Text 520324199001011234",
            "7:0 Number 294.58",
            "7:1 Date 2018-06-30",
            "7:2 Bool 是",
            "7:4 Text 未知"
        ]
    );
    assert_eq!(refusals(&frames), []);
}

#[test]
fn merged_cells_take_their_columns_and_rows() {
    let text = book(
        "<Row><Cell ss:MergeAcross=\"2\"><Data ss:Type=\"String\">名单</Data></Cell><Cell><Data ss:Type=\"String\">右</Data></Cell></Row>\
        <Row><Cell ss:MergeDown=\"1\" ss:MergeAcross=\"1\"><Data ss:Type=\"String\">H1</Data></Cell><Cell><Data ss:Type=\"String\">张三</Data></Cell></Row>\
        <Row><Cell ss:Index=\"3\"><Data ss:Type=\"String\">李四</Data></Cell></Row>",
    );
    let frames = frames(text.as_bytes());
    assert_eq!(cells(&frames), ["1:0 Text 名单", "1:3 Text 右", "2:0 Text H1", "2:2 Text 张三", "3:2 Text 李四"]);
    assert_eq!(merges(&frames), [(1, 0, 1, 2), (2, 0, 3, 1)]);
    // Without the index 李四 may be 户编号 or 姓名: some writers count what a merged area covers and some do not. Nobody guesses.
    assert_eq!(code(text.replace(" ss:Index=\"3\"", "").as_bytes()), "damaged-file");
    assert_eq!(code(text.replace("<Cell ss:Index=\"3\">", "<Cell/><Cell>").as_bytes()), "damaged-file");
    assert_eq!(code(text.replace("<Cell ss:Index=\"3\">", "<Cell/><Cell/><Cell>").as_bytes()), "damaged-file");
}

#[test]
fn only_cells_of_tables_are_content() {
    let text = format!(
        "{HEAD}<x:ExcelWorkbook><Row><Cell><Data>1</Data></Cell></Row></x:ExcelWorkbook><Styles><Style ss:ID=\"s21\"/></Styles>\
        <Worksheet ss:Name=\"空\"/><Worksheet ss:Name=\"名单\"><Names><NamedRange ss:Name=\"a\"/></Names><Table><Row><Cell>\
        <Data ss:Type=\"String\"><html:B>张</html:B><html:Font html:Type=\"Number\">三</html:Font>丰<![CDATA[<1>]]></Data>\
        <Comment ss:Author=\"x\"><ss:Data ss:Type=\"Number\">批注</ss:Data></Comment></Cell></Row></Table>\
        <x:WorksheetOptions><x:Data>9</x:Data></x:WorksheetOptions><PageBreaks><RowBreaks><RowBreak><Row>14</Row></RowBreak></RowBreaks></PageBreaks>\
        </Worksheet></Workbook>"
    );
    let marked = frames_within("x", text.as_bytes(), &Limits { marks: true, ..Limits::default() });
    let comment = Mark { row: 1, column: 0, oddity: Oddity::Comment };
    assert!(marked.contains(&Frame::Marks(vec![comment])), "{marked:?}");
    let frames = frames(text.as_bytes());
    assert_eq!(cells(&frames), ["1:0 Text 张三丰<1>"]);
    let names = frames.iter().filter_map(|frame| if let Frame::Sheet { name, .. } = frame { Some(name.as_str()) } else { None });
    assert_eq!(names.collect::<Vec<_>>(), ["空", "名单"]);
    assert_eq!(frames.iter().filter(|frame| matches!(frame, Frame::SheetEnd { .. })).count(), 2);
    // The same with a prefix on everything.
    let prefixed = "<?xml version=\"1.0\"?><ss:Workbook xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\"><ss:Worksheet ss:Name=\"a\"><ss:Table>\
        <ss:Row><ss:Cell><ss:Data ss:Type=\"String\">甲</ss:Data></ss:Cell></ss:Row></ss:Table></ss:Worksheet></ss:Workbook>";
    assert_eq!(cells(&super::frames(prefixed.as_bytes())), ["1:0 Text 甲"]);
}

#[test]
fn every_encoding_that_offices_use() {
    let text = book("<Row><Cell><Data ss:Type=\"String\">桴㯊镇</Data></Cell></Row>");
    let units = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    for (bytes, encoding) in [
        ([b"\xEF\xBB\xBF", text.as_bytes()].concat(), "UTF-8"),
        (encoding_rs::GB18030.encode(&text.replace("\"1.0\"?", "\"1.0\" encoding=\"GBK\"?")).0.into_owned(), "GB18030"),
        ([b"\xFF\xFE".to_vec(), units(u16::to_le_bytes)].concat(), "UTF-16LE"),
        (units(u16::to_be_bytes), "UTF-16BE"),
    ] {
        assert_eq!(format_of(&bytes), ("xml-2003".to_owned(), encoding.to_owned()));
        assert_eq!(cells(&frames(&bytes)), ["1:0 Text 桴㯊镇"], "{encoding}");
    }
}

#[test]
fn hostile_workbooks_are_refused() {
    let row = "<Row><Cell><Data ss:Type=\"String\">&c;</Data></Cell></Row>";
    let laughs = "<!DOCTYPE Workbook [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;\">]>";
    let bomb = book(row).replace("<Workbook ", &format!("{laughs}<Workbook "));
    assert_eq!(code(bomb.as_bytes()), "damaged-file");
    assert!(refusals(&frames(bomb.as_bytes()))[0].1.contains("DOCTYPE"));
    assert_eq!(code(book(row).as_bytes()), "damaged-file", "an entity that nobody declared");
    let cell = |attributes: &str| book(&format!("<Row><Cell {attributes}><Data ss:Type=\"String\">甲</Data></Cell></Row>"));
    for (attributes, expected) in [
        ("ss:Index=\"16385\"", "over-limit"),
        ("ss:Index=\"4294967297\"", "over-limit"),
        ("ss:Index=\"99999999999999999999\"", "over-limit"),
        ("ss:MergeAcross=\"16384\"", "over-limit"),
        ("ss:MergeDown=\"18446744073709551615\"", "over-limit"),
        ("ss:Index=\"0\"", "damaged-file"),
        ("ss:Index=\"-1\"", "damaged-file"),
        ("ss:Index=\"1\" ss:Index=\"2\"", "damaged-file"),
    ] {
        assert_eq!(code(cell(attributes).as_bytes()), expected, "{attributes}");
    }
    let far =
        book("<Row ss:Index=\"18446744073709551615\"><Cell><Data>甲</Data></Cell></Row><Row><Cell><Data>乙</Data></Cell></Row>");
    assert_eq!(code(far.as_bytes()), "over-limit");
    let back = book("<Row ss:Index=\"5\"/><Row ss:Index=\"5\"><Cell><Data>甲</Data></Cell></Row>");
    assert_eq!(code(back.as_bytes()), "damaged-file");
    let deep = book(&format!("<Row><Cell><Data ss:Type=\"String\">{}", "<B>".repeat(100_000)));
    assert_eq!(code(deep.as_bytes()), "damaged-file");
    let few = Limits { merges: 3, ..Limits::default() };
    let many = book(&"<Row><Cell ss:MergeAcross=\"1\"/></Row>".repeat(5));
    assert_eq!(refusals(&frames_within("名单.xls", many.as_bytes(), &few))[0].0, "over-limit");
}

#[test]
fn two_far_cells_cost_nothing() {
    let text = book(
        "<Row><Cell><Data ss:Type=\"Number\">1</Data></Cell></Row><Row ss:Index=\"1048576\"><Cell ss:Index=\"16384\"><Data ss:Type=\"Number\">2</Data></Cell></Row>",
    );
    assert_eq!(cells(&frames(text.as_bytes())), ["1:0 Number 1", "1048576:16383 Number 2"]);
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let text = book("<Row><Cell ss:MergeDown=\"1\"><Data ss:Type=\"String\">张三</Data></Cell></Row><Row/>");
    let body = text.find("<Worksheet").expect("a sheet");
    for length in (body..text.len()).filter(|length| text.is_char_boundary(*length)) {
        assert_eq!(code(&text.as_bytes()[..length]), "damaged-file", "{length} bytes");
    }
}

#[test]
fn a_cell_over_the_limit_costs_its_sheet_and_no_other() {
    let long = "长".repeat(32_768);
    let sheet = |name: &str, text: &str| {
        format!(
            "<Worksheet ss:Name=\"{name}\"><Table><Row><Cell><Data ss:Type=\"String\">{text}</Data></Cell></Row><Row/></Table></Worksheet>"
        )
    };
    let frames = frames(format!("{HEAD}{}{}</Workbook>", sheet("长", &long), sheet("短", "甲")).as_bytes());
    assert_eq!(refusals(&frames).iter().map(|(code, _)| *code).collect::<Vec<_>>(), ["over-limit"]);
    assert_eq!(cells(&frames), ["1:0 Text 甲"]);
}
