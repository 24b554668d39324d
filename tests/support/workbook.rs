//! A written workbook as lines that a person can compare: what its cells hold, and how they look on screen and paper.
//!
//! Cells are read by calamine; looks out of the package's own XML. Sheet by sheet: `row: cell | cell`, then column widths, row heights,
//! merged cells, each cell style with the areas that have it, text in several styles, and every other element of the sheet's part (panes,
//! drop-downs, conditional formats, paper, header and footer, protection) and the workbook's names for it (print titles, print area, filter).
//! What all sheets that are shown have in common stands once, before them; charts and where they stand come last.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read as _};

use calamine::{Data, Reader as _, Xlsx, open_workbook_from_rs};
use quick_xml::Reader;
use quick_xml::escape::{resolve_xml_entity, unescape};
use quick_xml::events::{BytesStart, Event};

/// What is said elsewhere in the dump, follows from what is, or is where a cursor stood.
const NOT_REPEATED: [&str; 9] =
    ["cols", "dimension", "mergeCells", "numCache", "printSettings", "selection", "sheetData", "sheetFormatPr", "strCache"];
/// Attributes that number, or that a program writes for itself.
const NUMBERED: [&str; 8] = ["count", "horizontalDpi", "id", "priority", "sqref", "uri", "verticalDpi", "workbookViewId"];

/// The whole workbook.
pub(crate) fn dump(bytes: &[u8]) -> String {
    let book = Book::open(bytes);
    let mut cells: Xlsx<_> = open_workbook_from_rs(Cursor::new(bytes)).expect("a workbook");
    let looks: Vec<Vec<String>> = (0..book.sheets.len()).map(|at| book.looks(at)).collect();
    let shown: Vec<&Vec<String>> =
        book.sheets.iter().zip(&looks).filter(|(sheet, _)| sheet.attribute("state").is_none()).map(|(_, looks)| looks).collect();
    let in_all = |look: &String| shown.len() > 1 && shown.iter().all(|looks| looks.contains(look));
    let mut lines = Vec::new();
    if let Some(first) = shown.first().filter(|_| shown.len() > 1) {
        lines.push("# every sheet shown".to_owned());
        lines.extend(first.iter().filter(|look| in_all(look)).cloned());
    }
    for (sheet, looks) in book.sheets.iter().zip(&looks) {
        let (name, state) = (sheet.attribute("name").expect("a name"), sheet.attribute("state"));
        lines.push(format!("# {name}{}", state.map(|state| format!(" ({state})")).unwrap_or_default()));
        lines.extend(said(&mut cells, name));
        lines.extend(looks.iter().filter(|look| state.is_some() || !in_all(look)).cloned());
    }
    let drawn = book.parts.iter().filter(|(name, _)| name.starts_with("xl/charts/") || name.starts_with("xl/drawings/"));
    for (name, part) in drawn.filter(|(name, _)| !name.contains("_rels")) {
        lines.push(format!("# {name}"));
        lines.extend(part.below(""));
    }
    lines.join("\n") + "\n"
}

/// Every cell as text, formulas after their value; blanks at the end dropped, line breaks as `⏎`.
fn said(book: &mut Xlsx<Cursor<&[u8]>>, sheet: &str) -> Vec<String> {
    let range = book.worksheet_range(sheet).expect("a sheet");
    let formulas = book.worksheet_formula(sheet).expect("formulas");
    let line = |(row, cells): (u32, &[Data])| {
        let shown = (0u32..).zip(cells).map(|(column, cell)| match formulas.get_value((row, column)) {
            Some(formula) if !formula.is_empty() => format!("{cell} ={formula}"),
            _ => cell.to_string().replace('\n', "⏎"),
        });
        let line = shown.collect::<Vec<_>>().join(" | ");
        format!("{}: {}", row + 1, line.trim_end_matches([' ', '|'])).trim_end().to_owned()
    };
    (0u32..).zip(range.rows()).map(line).collect()
}

/// The parts of a package that say how it looks.
struct Book {
    parts: BTreeMap<String, Element>,
    sheets: Vec<Element>,
    /// By number, as cells name them.
    styles: Vec<String>,
}

impl Book {
    fn open(bytes: &[u8]) -> Self {
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).expect("a zip");
        let mut parts = BTreeMap::new();
        for at in 0..zip.len() {
            let mut part = zip.by_index(at).expect("a part");
            let (name, mut text) = (part.name().expect("a name").into_owned(), String::new());
            part.read_to_string(&mut text).expect("text");
            parts.insert(name, Element::parse(&text));
        }
        let sheets = parts["xl/workbook.xml"].child("sheets").expect("sheets").children.clone();
        let styles = styles(&parts["xl/styles.xml"]);
        Self { parts, sheets, styles }
    }

    fn looks(&self, at: usize) -> Vec<String> {
        let sheet = &self.parts[&format!("xl/worksheets/sheet{}.xml", at + 1)];
        let columns = sheet.all("cols").map(|column| {
            let [first, last] = ["min", "max"].map(|end| letters(number(column.attribute(end).expect("a column"))));
            let hidden = if column.attribute("hidden").is_some() { " hidden" } else { "" };
            format!("{} {:.2}{hidden}", span(&first, &last), column.attribute("width").map_or(0.0, float))
        });
        let rows: Vec<&Element> = sheet.all("sheetData").collect();
        let tall = runs(rows.iter().filter_map(|row| Some((number(row.attribute("r")?), how_tall(row)?))));
        let merged = sheet.all("mergeCells").filter_map(|cell| cell.attribute("ref").map(str::to_owned));
        let lists = [line("columns", columns), line("rows", tall), line("merged", merged)];
        let mut lines: Vec<String> = lists.into_iter().flatten().collect();

        let mut cells: BTreeMap<usize, Vec<(u32, u32)>> = BTreeMap::new();
        for cell in rows.iter().flat_map(|row| &row.children) {
            let style = cell.attribute("s").map_or(0, |style| style.parse().expect("a number"));
            cells.entry(style).or_default().push(place(cell.attribute("r").expect("a place")));
        }
        let mut styles: Vec<(Vec<String>, &str)> =
            cells.into_iter().map(|(style, cells)| (areas(cells), self.styles[style].as_str())).collect();
        styles.sort_by_key(|(areas, _)| areas.first().map(|area| place(area)));
        lines.extend(styles.into_iter().map(|(areas, style)| format!("style {}: {style}", areas.join(" "))));
        lines.extend(self.in_several_styles(&rows));
        lines.extend(sheet.below(""));

        let names = self.parts["xl/workbook.xml"].all("definedNames");
        let at = at.to_string();
        let names =
            names.filter(|name| name.attribute("localSheetId") == Some(at.as_str()) && name.attribute("hidden").is_none());
        let said =
            |name: &Element| Some(format!("{} {}", name.attribute("name")?.trim_start_matches("_xlnm."), reference(&name.text)));
        lines.extend(names.filter_map(said));
        // What conditional formats name by number.
        let differences: Vec<&Element> = self.parts["xl/styles.xml"].all("dxfs").collect();
        let rules = sheet.children.iter().filter(|child| child.name == "conditionalFormatting").flat_map(|child| &child.children);
        let used: BTreeSet<usize> = rules.filter_map(|rule| rule.attribute("dxfId")?.parse().ok()).collect();
        lines.extend(used.into_iter().flat_map(|at| differences[at].below(&format!("dxf {at}"))));
        lines
    }

    /// Cells whose text changes its style within.
    fn in_several_styles(&self, rows: &[&Element]) -> Vec<String> {
        let Some(strings) = self.parts.get("xl/sharedStrings.xml") else { return Vec::new() };
        let cells = rows.iter().flat_map(|row| &row.children).filter(|cell| cell.attribute("t") == Some("s"));
        let told = cells.filter_map(|cell| {
            let at: usize = cell.child("v")?.text.parse().expect("a number");
            let runs = strings.children[at].children.iter().filter(|run| run.name == "r");
            let shown = runs.map(|run| {
                let look = run.child("rPr").map(|look| format!(" ({})", font(look))).unwrap_or_default();
                format!("“{}”{look}", run.child("t").map_or("", |text| text.text.as_str()))
            });
            line(&format!("runs {}", cell.attribute("r")?), shown)
        });
        told.collect()
    }
}

/// A reference without the sheet that it stands with.
fn reference(text: &str) -> &str {
    text.rsplit_once('!').map_or(text, |(_, area)| area)
}

/// One line of a list; nothing where it is empty.
fn line(what: &str, items: impl Iterator<Item = String>) -> Option<String> {
    let items = items.collect::<Vec<_>>().join(", ");
    (!items.is_empty()).then(|| format!("{what}: {items}"))
}

fn how_tall(row: &Element) -> Option<String> {
    let mut look: Vec<String> = row.attribute("ht").map(|height| float(height).to_string()).into_iter().collect();
    let more = ["hidden", "outlineLevel", "collapsed"].into_iter();
    look.extend(more.filter_map(|name| row.attribute(name).map(|value| format!("{name}={value}"))));
    (!look.is_empty()).then(|| look.join(" "))
}

/// Neighbours that look alike, as one.
fn runs(items: impl Iterator<Item = (u32, String)>) -> impl Iterator<Item = String> {
    let mut runs: Vec<(u32, u32, String)> = Vec::new();
    for (at, look) in items {
        match runs.last_mut() {
            Some((_, last, same)) if *last + 1 == at && *same == look => *last = at,
            _ => runs.push((at, at, look)),
        }
    }
    runs.into_iter().map(|(first, last, look)| format!("{} {look}", span(&first.to_string(), &last.to_string())))
}

fn span(first: &str, last: &str) -> String {
    if first == last { first.to_owned() } else { format!("{first}-{last}") }
}

/// The fewest rectangles by rows: what is alike side by side, then what of that is alike below.
fn areas(mut cells: Vec<(u32, u32)>) -> Vec<String> {
    cells.sort_unstable();
    let mut wide: Vec<(u32, u32, u32)> = Vec::new();
    for (row, column) in cells {
        match wide.last_mut() {
            Some((above, _, last)) if *above == row && *last + 1 == column => *last = column,
            _ => wide.push((row, column, column)),
        }
    }
    let mut areas: Vec<(u32, u32, u32, u32)> = Vec::new();
    for (row, first, last) in wide {
        match areas.iter_mut().find(|area| area.1 + 1 == row && (area.2, area.3) == (first, last)) {
            Some(area) => area.1 = row,
            None => areas.push((row, row, first, last)),
        }
    }
    let corner = |row: u32, column: u32| format!("{}{row}", letters(column));
    let shown = areas.into_iter().map(|(top, bottom, first, last)| match (corner(top, first), corner(bottom, last)) {
        (one, other) if one == other => one,
        (one, other) => format!("{one}:{other}"),
    });
    shown.collect()
}

/// Row and column, from 1, of the first cell of an area.
fn place(area: &str) -> (u32, u32) {
    let letters: String = area.chars().take_while(char::is_ascii_uppercase).collect();
    let digits: String = area.chars().skip(letters.len()).take_while(char::is_ascii_digit).collect();
    (number(&digits), letters.bytes().fold(0, |column, letter| column * 26 + u32::from(letter - b'A') + 1))
}

fn letters(mut column: u32) -> String {
    let mut letters = Vec::new();
    while column > 0 {
        letters.push(char::from_u32(u32::from(b'A') + (column - 1) % 26).expect("a letter"));
        column = (column - 1) / 26;
    }
    letters.iter().rev().collect()
}

fn number(text: &str) -> u32 {
    text.parse().expect("a number")
}

fn float(text: &str) -> f64 {
    text.parse().expect("a number")
}

/// Cell styles in words.
fn styles(part: &Element) -> Vec<String> {
    let list = |name: &str| part.all(name).cloned().collect::<Vec<_>>();
    let (fonts, fills, borders) = (list("fonts"), list("fills"), list("borders"));
    let codes: BTreeMap<&str, &str> =
        part.all("numFmts").filter_map(|code| Some((code.attribute("numFmtId")?, code.attribute("formatCode")?))).collect();
    let of = |list: &[Element], at: Option<&str>| list[at.map_or(0, |at| at.parse().expect("a number"))].clone();
    let cell = |style: &Element| {
        let mut words = vec![font(&of(&fonts, style.attribute("fontId")))];
        let fill = of(&fills, style.attribute("fillId"));
        let colour = fill.child("patternFill").and_then(|pattern| pattern.child("fgColor")).and_then(colour);
        words.extend(colour.map(|colour| format!("on {colour}")));
        words.extend(border(&of(&borders, style.attribute("borderId"))));
        let told = style.children.iter().filter(|child| ["alignment", "protection"].contains(&child.name.as_str()));
        words.extend(told.map(Element::attributes));
        match style.attribute("numFmtId") {
            None | Some("0") => {}
            Some(id) => words.push(codes.get(id).map_or_else(|| format!("format {id}"), |code| format!("format “{code}”"))),
        }
        words.join("; ")
    };
    part.all("cellXfs").map(cell).collect()
}

fn font(font: &Element) -> String {
    let value = |name: &str| font.child(name).and_then(|child| child.attribute("val")).map(str::to_owned);
    let name = value("name").or_else(|| value("rFont"));
    let marks = ["b", "i", "u", "strike"].into_iter().filter(|mark| font.child(mark).is_some()).map(str::to_owned);
    let colour = font.child("color").and_then(colour);
    name.into_iter().chain(value("sz")).chain(marks).chain(colour).collect::<Vec<_>>().join(" ")
}

/// A colour that is not the theme's text.
fn colour(colour: &Element) -> Option<String> {
    colour.attribute("rgb").map(|rgb| format!("#{}", rgb.strip_prefix("FF").unwrap_or(rgb)))
}

fn border(border: &Element) -> Option<String> {
    let sides: Vec<(&str, &str)> =
        border.children.iter().filter_map(|side| Some((side.name.as_str(), side.attribute("style")?))).collect();
    match sides.as_slice() {
        [] => None,
        [(_, style), others @ ..] if others.len() == 3 && others.iter().all(|(_, other)| other == style) => {
            Some(format!("border {style}"))
        }
        sides => Some(sides.iter().map(|(side, style)| format!("{side} {style}")).collect::<Vec<_>>().join(" ")),
    }
}

/// An element of a part, names without their prefix.
#[derive(Clone, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
    text: String,
}

impl Element {
    fn parse(xml: &str) -> Self {
        let mut reader = Reader::from_str(xml);
        let mut open = vec![Self::default()];
        loop {
            let event = reader.read_event().expect("XML");
            let inmost = open.last_mut().expect("an element");
            match event {
                Event::Start(start) => open.push(Self::begin(&start)),
                Event::Empty(start) => inmost.children.push(Self::begin(&start)),
                Event::End(_) => {
                    let done = open.pop().expect("an element");
                    open.last_mut().expect("what it stands in").children.push(done);
                }
                Event::Text(text) => inmost.text.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => match reference.resolve_char_ref().expect("a character") {
                    Some(character) => inmost.text.push(character),
                    None => inmost.text.push_str(resolve_xml_entity(&reference).expect("an entity")),
                },
                Event::Eof => break,
                _ => {}
            }
        }
        open.pop().and_then(|document| document.children.into_iter().next()).unwrap_or_default()
    }

    fn begin(start: &BytesStart<'_>) -> Self {
        let attributes = start.attributes().map(|attribute| attribute.expect("an attribute"));
        let own = attributes.filter(|attribute| !attribute.key.into_inner().starts_with("xmlns"));
        let attributes = own.map(|attribute| {
            let value = unescape(&attribute.value).expect("a value").into_owned();
            (attribute.key.local_name().into_inner().to_owned(), value)
        });
        Self { name: start.local_name().into_inner().to_owned(), attributes: attributes.collect(), ..Self::default() }
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All attributes but those that number; lengths in a few digits.
    fn attributes(&self) -> String {
        let told = self.attributes.iter().filter(|(name, _)| !NUMBERED.contains(&name.as_str()));
        let short = |value: &str| match value.parse::<f64>() {
            Ok(length) if value.contains('.') => format!("{length:.3}"),
            _ => value.replace('\n', "⏎"),
        };
        told.map(|(name, value)| format!("{name}={}", short(value))).collect::<Vec<_>>().join(" ")
    }

    fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The children of a child.
    fn all(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.child(name).into_iter().flat_map(|child| &child.children)
    }

    /// Whether it says no more than its text.
    fn is_plain(&self) -> bool {
        self.attributes.is_empty() && self.children.is_empty()
    }

    /// Where it applies: an attribute, or a child of its own.
    fn applies_to(&self) -> Option<&str> {
        self.attribute("sqref").or_else(|| self.child("sqref").map(|areas| areas.text.as_str()))
    }

    /// A line of what the element says by itself, with its plain children, and lines of the others.
    fn lines(&self, above: &str) -> Vec<String> {
        let path = format!("{above}{}", self.name);
        let mut words = vec![path.clone(), self.attributes(), self.text.trim().to_owned()];
        let plain = self.children.iter().filter(|child| child.is_plain() && !NUMBERED.contains(&child.name.as_str()));
        words.extend(
            plain.map(
                |child| {
                    if child.text.is_empty() { child.name.clone() } else { format!("{}=“{}”", child.name, child.text) }
                },
            ),
        );
        words.retain(|word| !word.is_empty());
        let below = self.below(&format!("{path}/"));
        let own = words.join(" ").replace('\n', "⏎");
        if words.len() > 1 || below.is_empty() || self.applies_to().is_some() { [vec![own], below].concat() } else { below }
    }

    /// Lines of the children that have more to say than a text; neighbours that say the same of different areas as one.
    fn below(&self, above: &str) -> Vec<String> {
        let mut groups: Vec<(Vec<&str>, Vec<String>)> = Vec::new();
        for child in self.children.iter().filter(|child| !child.is_plain() && !NOT_REPEATED.contains(&child.name.as_str())) {
            let (areas, lines) = (child.applies_to(), child.lines(above));
            match groups.last_mut() {
                Some((known, same)) if areas.is_some() && *same == lines => known.extend(areas),
                _ => groups.push((areas.into_iter().collect(), lines)),
            }
        }
        let told = groups.into_iter().flat_map(|(areas, mut lines)| {
            if let Some(first) = lines.first_mut().filter(|_| !areas.is_empty()) {
                *first = format!("{first} at {}", areas.join(" "));
            }
            lines
        });
        told.collect()
    }
}
