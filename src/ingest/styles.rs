//! Cell styles of a workbook, as far as they change what a cell says: its number format, and whether it is struck through.

use std::collections::BTreeMap;
use std::io::BufRead;

use super::format::NumberFormat;
use super::stop::Refused;
use super::xml::{Node, Xml};

/// Styles by number.
#[derive(Debug, Default)]
pub(crate) struct Styles(Vec<Style>);

#[derive(Clone, Debug, Default)]
pub(crate) struct Style {
    pub(crate) format: NumberFormat,
    pub(crate) struck: bool,
}

impl Styles {
    /// Styles from the numbers of their formats and fonts.
    pub(crate) fn new(cells: &[(u32, usize)], codes: &BTreeMap<u32, NumberFormat>, struck_fonts: &[bool]) -> Self {
        let style = |&(format, font): &(u32, usize)| Style {
            format: codes.get(&format).cloned().unwrap_or_else(|| NumberFormat::builtin(format)),
            struck: struck_fonts.get(font).copied().unwrap_or(false),
        };
        Self(cells.iter().map(style).collect())
    }

    /// Reads the part of styles of an xlsx.
    pub(crate) fn read(xml: &mut Xml<impl BufRead>) -> Result<Self, Refused> {
        let (mut cells, mut codes, mut fonts) = (Vec::new(), BTreeMap::new(), Vec::new());
        // Fonts and formats stand elsewhere too: only those of these lists have numbers.
        let mut list = String::new();
        loop {
            match xml.next()? {
                Node::Open(element) => match (list.as_str(), element.name()) {
                    ("", name @ ("numFmts" | "fonts" | "cellXfs")) => list = name.to_owned(),
                    ("numFmts", "numFmt") => {
                        if let (Some(id), Some(code)) = (number(element.number("numFmtId")), element.attribute("formatCode")) {
                            codes.insert(id, NumberFormat::read(&code));
                        }
                    }
                    ("fonts", "font") => fonts.push(false),
                    ("fonts", "strike") => {
                        if let Some(struck) = fonts.last_mut() {
                            *struck = element.attribute("val").is_none_or(|_| element.is_true("val"));
                        }
                    }
                    ("cellXfs", "xf") => {
                        let font = number(element.number("fontId")).unwrap_or(0);
                        cells.push((number(element.number("numFmtId")).unwrap_or(0), font as usize));
                    }
                    _ => {}
                },
                Node::Close(closed) if closed.name() == list => list.clear(),
                Node::End => return Ok(Self::new(&cells, &codes, &fonts)),
                _ => {}
            }
        }
    }

    pub(crate) fn get(&self, style: u64) -> Option<&Style> {
        self.0.get(usize::try_from(style).ok()?)
    }
}

fn number(written: Option<u64>) -> Option<u32> {
    u32::try_from(written?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::format::Shown;

    #[test]
    fn only_fonts_and_formats_of_cells_count() {
        let xml = "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"yyyy&quot;年&quot;\"/></numFmts>\
            <fonts><font/><font><strike/></font><font><strike val=\"0\"/></font></fonts>\
            <cellStyleXfs><xf numFmtId=\"14\" fontId=\"1\"/></cellStyleXfs>\
            <cellXfs><xf numFmtId=\"0\" fontId=\"0\"/><xf numFmtId=\"164\" fontId=\"1\"/><xf numFmtId=\"14\" fontId=\"2\"/></cellXfs>\
            <dxfs><dxf><font><strike/></font></dxf></dxfs></styleSheet>";
        let styles = Styles::read(&mut Xml::new(xml.as_bytes(), "styles.xml")).expect("sound");
        let read: Vec<_> = (0..4).map(|at| styles.get(at).map(|style| (style.format.shown(1e4), style.struck))).collect();
        assert_eq!(read, [Some((Shown::Plain, false)), Some((Shown::Day, true)), Some((Shown::Day, false)), None]);
    }
}
