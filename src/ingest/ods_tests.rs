//! Content parts written by hand: what is no cell's text, what is repeated, hidden, cut or hostile.

use super::{Frame, cells, frames, merges, notes, refusals, zip};

const HEAD: &str = "<office:document-content xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\">";
const TAIL: &str = "</office:spreadsheet></office:body></office:document-content>";

fn ods(styles: &str, tables: &str) -> Vec<u8> {
    let content = format!(
        "{HEAD}<office:automatic-styles>{styles}</office:automatic-styles><office:body><office:spreadsheet>{tables}{TAIL}"
    );
    zip(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", b"<m/>"),
        ("content.xml", content.as_bytes()),
    ])
}

fn text(text: &str) -> String {
    format!("<table:table-cell office:value-type=\"string\">{text}</table:table-cell>")
}

#[test]
fn only_paragraphs_are_a_cells_text() {
    let row = [
        text("\n  <office:annotation><text:p>批注</text:p></office:annotation>\n <text:p>张<text:span>三</text:span></text:p>\n"),
        text("<text:p><text:ruby><text:ruby-base>李四</text:ruby-base><text:ruby-text>lisi</text:ruby-text></text:ruby></text:p>"),
        text("<text:p>一</text:p><text:p>二<text:s text:c=\"3\"/>三</text:p><draw:frame><text:p>图</text:p></draw:frame>"),
        "<table:table-cell office:value-type=\"float\" office:value=\"520324198008198708\"><text:p>5.2E17</text:p></table:table-cell>".to_owned(),
        "<table:table-cell office:value-type=\"float\" office:value=\"1236\"><text:p>001236</text:p></table:table-cell>".to_owned(),
        "<table:table-cell office:value-type=\"date\" office:date-value=\"1988-07-12\"><text:p>88/7/12</text:p></table:table-cell>".to_owned(),
        "<table:table-cell table:formula=\"of:=A1\" office:value-type=\"string\" calcext:value-type=\"error\"><text:p>#N/A</text:p></table:table-cell>".to_owned(),
        "<table:table-cell table:formula=\"of:=A1\"/>".to_owned(),
    ];
    let frames = frames(&ods(
        "",
        &format!("<table:table table:name=\"表\">\n<table:table-row>\n{}\n</table:table-row></table:table>", row.join("\n ")),
    ));
    assert_eq!(
        cells(&frames),
        [
            "1:0 Text 张三",
            "1:1 Text 李四",
            "1:2 Text 一\n二 三",
            "1:3 Text 520324198008198708",
            "1:4 Text 001236",
            "1:5 Date 1988-07-12"
        ]
    );
    assert!(notes(&frames)[0].contains("G 列 1 格"), "{:?}", notes(&frames));
    assert!(
        frames
            .iter()
            .any(|frame| matches!(frame, Frame::SheetEnd { unsolved, .. } if unsolved.len() == 1 && unsolved[0].column == 7))
    );
}

#[test]
fn rows_repeat_merge_hide_and_are_struck() {
    let styles = "<style:style style:name=\"ce1\"><style:text-properties style:text-line-through-style=\"solid\"/></style:style>\
        <style:style style:name=\"ta1\"><style:table-properties table:display=\"false\"/></style:style>";
    let tables = "<table:table table:name=\"甲\"><table:table-row table:number-rows-repeated=\"2\">\
        <table:table-cell table:number-columns-repeated=\"2\" office:value-type=\"string\"><text:p>x</text:p></table:table-cell></table:table-row>\
        <table:table-row table:visibility=\"collapse\"><table:table-cell table:number-rows-spanned=\"2\" office:value-type=\"string\"><text:p>y</text:p></table:table-cell></table:table-row>\
        <table:table-row table:number-rows-repeated=\"1048570\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>\
        <table:table-row><table:table-cell table:style-name=\"ce1\" office:value-type=\"string\"><text:p>z</text:p></table:table-cell></table:table-row></table:table>\
        <table:table table:name=\"乙\" table:style-name=\"ta1\"><table:table-row><table:table-cell office:value-type=\"string\"><text:p>藏</text:p></table:table-cell></table:table-row></table:table>";
    let frames = frames(&ods(styles, tables));
    assert_eq!(
        cells(&frames),
        ["1:0 Text x", "1:1 Text x", "2:0 Text x", "2:1 Text x", "3:0 Text y", "1048574:0 Text z", "1:0 Text 藏"]
    );
    assert_eq!(merges(&frames), [(3, 0, 4, 0)]);
    assert!(frames.iter().any(|frame| matches!(frame, Frame::Sheet { name, hidden: true, .. } if name == "乙")));
    let notes = notes(&frames);
    assert!(notes[0].contains("1 行是隐藏的（首处第 3 行）") && notes[1].contains("删除线（首处第 1048574 行）"), "{notes:?}");
}

#[test]
fn what_is_cut_locked_or_hostile_is_refused() {
    let row = format!("<table:table-row>{}</table:table-row>", text("<text:p>x</text:p>"));
    let whole = ods("", &format!("<table:table table:name=\"表\">{row}</table:table>"));
    assert_eq!(refusals(&frames(&whole)), []);
    let code = |bytes: &[u8]| refusals(&frames(bytes)).first().map_or("", |(code, _)| *code).to_owned();
    let cut = zip(&[
        ("META-INF/manifest.xml", b"<m/>"),
        ("content.xml", format!("{HEAD}<table:table table:name=\"表\">{row}").as_bytes()),
    ]);
    assert_eq!(code(&cut), "damaged-file");
    let locked = zip(&[("META-INF/manifest.xml", b"<m><manifest:encryption-data/></m>"), ("content.xml", b"\x01\x02")]);
    assert_eq!(code(&locked), "password-protected");
    let repeated =
        text("<text:p>x</text:p>").replace("office:value-type", "table:number-columns-repeated=\"16384\" office:value-type");
    let many = format!(
        "<table:table table:name=\"表\"><table:table-row table:number-rows-repeated=\"1048576\">{repeated}</table:table-row></table:table>"
    );
    assert_eq!(code(&ods("", &many)), "over-limit");
    assert_eq!(code(&ods("", "")), "empty-file");
    let flat = format!(
        "<?xml version=\"1.0\"?>\n<office:document xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\"><table:table table:name=\"表\">{row}</table:table></office:document>"
    );
    assert_eq!(cells(&frames(flat.as_bytes())), ["1:0 Text x"]);
    assert_eq!(code(&flat.as_bytes()[..flat.len() - 40]), "damaged-file");
}
