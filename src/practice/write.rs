//! Sheets → the bytes of real files: xlsx, delimited text in several encodings, HTML and XML called .xls, zip with GBK names.

use std::io::{Cursor, Write};

use encoding_rs::GB18030;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};

use super::PracticeError;
use super::sheet::Sheet;
use super::table::Cell;

/// How a text file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextForm {
    /// Commas, GB18030 ("ANSI").
    CsvGb18030,
    /// Commas, UTF-8 with BOM, every filled cell `="…"`.
    CsvUtf8Formula,
    /// Tabs, UTF-16 little endian with BOM ("Unicode text").
    TsvUtf16,
    /// Tabs, GB18030, `'` before long all-digit cells, `NULL` for nothing.
    TsvQuoted,
    /// An HTML table, GB18030.
    Html,
    /// An Excel 2003 XML workbook of one sheet, GB18030.
    Xml2003,
}

/// An xlsx workbook; `created` is `2018-06-30`.
pub(super) fn xlsx(sheets: &[Sheet], created: &str) -> Result<Vec<u8>, PracticeError> {
    let written = || -> Result<Vec<u8>, XlsxError> {
        let mut workbook = Workbook::new();
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&ExcelDateTime::parse_from_str(created)?));
        let date = Format::new().set_num_format("yyyy-mm-dd");
        let plain = Format::new();
        for sheet in sheets {
            let page = workbook.add_worksheet();
            page.set_name(&sheet.name)?;
            for area in &sheet.merges {
                let (first, last) = (row_number(area.first_line), row_number(area.last_line));
                page.merge_range(first, column_number(area.first_column), last, column_number(area.last_column), "", &plain)?;
            }
            for (line, content) in sheet.lines.iter().enumerate() {
                for (column, cell) in content.cells.iter().enumerate() {
                    let (row, column) = (row_number(line), column_number(column));
                    match cell {
                        Cell::Empty => {}
                        Cell::Text(text) => {
                            page.write_string(row, column, text)?;
                        }
                        Cell::Number(number) => {
                            page.write_number(row, column, float(*number))?;
                        }
                        Cell::Money(fen) => {
                            page.write_number(row, column, float(*fen) / 100.0)?;
                        }
                        Cell::Date(day) => {
                            // Excel's day 0 is 1899-12-30 for every date after February 1900.
                            page.write_number_with_format(row, column, f64::from(day.0 + 25_569), &date)?;
                        }
                    }
                }
            }
        }
        workbook.save_to_buffer()
    };
    written().map_err(|error| PracticeError::Write { what: error.to_string() })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "amounts are small, and an ID number that loses digits here is what Excel does to it"
)]
fn float(number: i64) -> f64 {
    number as f64
}

fn row_number(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

fn column_number(column: usize) -> u16 {
    u16::try_from(column).unwrap_or(u16::MAX)
}

/// A text file; each line of the sheet is one line of the file.
pub(super) fn text(sheet: &Sheet, form: TextForm) -> Vec<u8> {
    let mut out = String::new();
    let markup = match form {
        TextForm::Html => Some(html as fn(&Sheet, &mut String)),
        TextForm::Xml2003 => Some(xml_2003 as fn(&Sheet, &mut String)),
        _ => None,
    };
    if let Some(write) = markup {
        write(sheet, &mut out);
        return GB18030.encode(&out).0.into_owned();
    }
    let width = sheet.lines.iter().map(|line| line.cells.len()).max().unwrap_or(0);
    let separator = if matches!(form, TextForm::TsvUtf16 | TextForm::TsvQuoted) { '\t' } else { ',' };
    for line in &sheet.lines {
        for column in 0..width {
            if column > 0 {
                out.push(separator);
            }
            delimited(&line.cells.get(column).map_or_else(String::new, Cell::text), form, line.pid.is_some(), &mut out);
        }
        out.push_str("\r\n");
    }
    match form {
        TextForm::CsvUtf8Formula => format!("\u{FEFF}{out}").into_bytes(),
        TextForm::TsvUtf16 => std::iter::once(0xFEFF).chain(out.encode_utf16()).flat_map(u16::to_le_bytes).collect(),
        _ => GB18030.encode(&out).0.into_owned(),
    }
}

fn delimited(value: &str, form: TextForm, is_row: bool, out: &mut String) {
    let all_digits = value.len() >= 11 && value.bytes().all(|byte| byte.is_ascii_digit());
    match form {
        TextForm::CsvUtf8Formula if !value.is_empty() => {
            out.push_str("\"=\"\"");
            out.push_str(&value.replace('"', "\"\"\"\""));
            out.push_str("\"\"\"");
        }
        TextForm::TsvQuoted if value.is_empty() && is_row => out.push_str("NULL"),
        TextForm::TsvQuoted if all_digits => {
            out.push('\'');
            out.push_str(value);
        }
        TextForm::CsvGb18030 if value.contains([',', '"']) => {
            out.push('"');
            out.push_str(&value.replace('"', "\"\""));
            out.push('"');
        }
        _ => out.push_str(value),
    }
}

/// The first row stands in the first line, so that line and row numbers agree.
fn html(sheet: &Sheet, out: &mut String) {
    out.push_str("<html xmlns:o=\"urn:schemas-microsoft-com:office:office\"><head><meta http-equiv=\"Content-Type\" ");
    out.push_str("content=\"text/html; charset=gb2312\"></head><body><table border=\"1\">");
    for (line, content) in sheet.lines.iter().enumerate() {
        out.push_str("<tr>");
        for (column, cell) in content.cells.iter().enumerate() {
            let inside = |area: &&super::sheet::Area| {
                (area.first_line..=area.last_line).contains(&line) && (area.first_column..=area.last_column).contains(&column)
            };
            let merged = sheet.merges.iter().find(inside);
            let spans = match merged {
                Some(area) if (area.first_line, area.first_column) != (line, column) => continue,
                Some(area) => format!(
                    " colspan=\"{}\" rowspan=\"{}\"",
                    area.last_column - area.first_column + 1,
                    area.last_line - area.first_line + 1
                ),
                None => String::new(),
            };
            let escaped = cell.text().replace('&', "&amp;").replace('<', "&lt;");
            out.extend(["<td", &spans, " style=\"mso-number-format:'\\@'\">", &escaped, "</td>"]);
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</table></body></html>\n");
}

/// Every cell with its index, so that what a merged area covers is no question.
fn xml_2003(sheet: &Sheet, out: &mut String) {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    out.push_str("<?xml version=\"1.0\" encoding=\"GBK\"?>\r\n<?mso-application progid=\"Excel.Sheet\"?>\r\n");
    out.push_str("<Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\" xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\">");
    out.extend(["<Worksheet ss:Name=\"", &escaped(&sheet.name), "\"><Table>\r\n"]);
    for (line, content) in sheet.lines.iter().enumerate() {
        out.extend(["<Row ss:Index=\"", &(line + 1).to_string(), "\">"]);
        for (column, cell) in content.cells.iter().enumerate() {
            let start = sheet.merges.iter().find(|area| (area.first_line, area.first_column) == (line, column));
            let merged = start.map_or_else(String::new, |area| {
                let (across, down) = (area.last_column - area.first_column, area.last_line - area.first_line);
                format!(" ss:MergeAcross=\"{across}\" ss:MergeDown=\"{down}\"")
            });
            let kind = match cell {
                Cell::Empty if merged.is_empty() => continue,
                Cell::Number(_) | Cell::Money(_) => "Number",
                Cell::Date(_) => "DateTime",
                Cell::Empty | Cell::Text(_) => "String",
            };
            let time = if kind == "DateTime" { "T00:00:00.000" } else { "" };
            let index = (column + 1).to_string();
            out.extend(["<Cell ss:Index=\"", &index, "\"", &merged, "><Data ss:Type=\"", kind, "\">"]);
            out.extend([&escaped(&cell.text()), time, "</Data></Cell>"]);
        }
        out.push_str("</Row>\r\n");
    }
    out.push_str("</Table></Worksheet></Workbook>\r\n");
}

/// A zip whose file names are GBK bytes without the UTF-8 flag, as Windows makes it.
pub(super) fn zip_gbk(files: &[(String, Vec<u8>)]) -> Result<Vec<u8>, PracticeError> {
    let failed = |error: &dyn std::fmt::Display| PracticeError::Write { what: error.to_string() };
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default());
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut names = Vec::new();
    for (position, (name, bytes)) in files.iter().enumerate() {
        let gbk = GB18030.encode(name).0.into_owned();
        // The library would set the UTF-8 flag: an ASCII name of the same length stands in and is replaced below.
        let stand_in = format!("{:~>width$}", format!("{position:03}"), width = gbk.len());
        archive.start_file(&*stand_in, options).map_err(|error| failed(&error))?;
        archive.write_all(bytes).map_err(|error| failed(&error))?;
        names.push((stand_in, gbk));
    }
    let mut bytes = archive.finish().map_err(|error| failed(&error))?.into_inner();
    for (stand_in, gbk) in names {
        let places: Vec<usize> = memchr::memmem::find_iter(&bytes, stand_in.as_bytes()).collect();
        for place in places {
            bytes[place..place + gbk.len()].copy_from_slice(&gbk);
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::sheet::Line;
    use super::*;

    fn sheet() -> Sheet {
        let line = |pid, cells: [&str; 2]| Line { pid, more: Vec::new(), cells: cells.map(Cell::from).to_vec() };
        Sheet {
            name: "桴㯊镇".into(),
            lines: vec![
                line(None, ["姓名", "身份证号"]),
                line(Some(1), ["张㯊", "520324199001010011"]),
                line(Some(2), ["李四", ""]),
            ],
            merges: vec![],
        }
    }

    #[test]
    fn text_forms_carry_their_marks() {
        let decoded = GB18030.decode(&text(&sheet(), TextForm::TsvQuoted)).0.into_owned();
        assert_eq!(decoded, "姓名\t身份证号\r\n张㯊\t'520324199001010011\r\n李四\tNULL\r\n");
        let formula = String::from_utf8(text(&sheet(), TextForm::CsvUtf8Formula)).expect("UTF-8");
        assert!(formula.contains("\"=\"\"520324199001010011\"\"\""));
        assert_eq!(text(&sheet(), TextForm::TsvUtf16)[..2], [0xFF, 0xFE]);
    }

    #[test]
    fn zip_names_are_gbk_and_the_content_survives() {
        let bytes = zip_gbk(&[("凤仪街道.csv".into(), b"1".to_vec()), ("桴㯊镇.csv".into(), b"2".to_vec())]).expect("a zip");
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("readable");
        assert_eq!(archive.by_index_raw(1).expect("second").name_raw(), &*GB18030.encode("桴㯊镇.csv").0);
        let mut content = String::new();
        std::io::Read::read_to_string(&mut archive.by_index(1).expect("second"), &mut content).expect("text");
        assert_eq!(content, "2");
    }
}
