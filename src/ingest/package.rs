//! An Office package: a container of parts that name one another by relationships; shared by xlsx and xlsb.
//!
//! Part names are compared in any case and with any slash. Only parts that are asked for are inflated, so what a workbook carries along
//! beside its sheets may be as it likes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{BufReader, Read};

use zip::read::ZipFile;

use super::archive::{self, Container, Meter, Source};
use super::limits::Limits;
use super::stop::Refused;
use super::utf16::{AsUtf8, Decoding};
use super::xml::{Node, Xml};

/// Relationships of one part; a workbook has one for each sheet and a few more.
const MOST_RELATIONS: usize = 20_000;
/// What is read of a part at a time.
const BUFFER: usize = 1 << 16;

/// Where a relationship of a part leads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Relation {
    /// The last word of its type: `worksheet`, `styles`.
    pub(crate) kind: String,
    /// The part's full name.
    pub(crate) target: String,
}

/// An open package.
pub(crate) struct Package<'s> {
    container: Container<'s>,
    parts: BTreeMap<String, usize>,
}

impl<'s> Package<'s> {
    pub(crate) fn open(source: &'s mut dyn Source, limits: &Limits) -> Result<Self, Refused> {
        let container = archive::open(source, limits)?;
        let parts = container.file_names_raw().enumerate().map(|(index, name)| (part_name(name), index)).collect();
        Ok(Self { container, parts })
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.parts.contains_key(name)
    }

    /// Inflates a part to its end, a run of bytes at a time, every byte counted; gives its size.
    pub(crate) fn inflate(
        &mut self,
        name: &str,
        meter: &mut Meter<'_>,
        each: impl FnMut(&[u8]) -> Result<(), Refused>,
    ) -> Result<u64, Refused> {
        let mut part = self.part(name)?;
        meter.inflate(&mut part, name, each)
    }

    /// A part in memory, every byte counted.
    pub(crate) fn bytes(&mut self, name: &str, meter: &mut Meter<'_>) -> Result<Vec<u8>, Refused> {
        let mut part = self.part(name)?;
        meter.read(&mut part, name)
    }

    /// A part in memory that is XML.
    pub(crate) fn text(&mut self, name: &str, meter: &mut Meter<'_>) -> Result<Vec<u8>, Refused> {
        let bytes = self.bytes(name, meter)?;
        let decoded = match Decoding::default().run(&bytes, true).ok_or_else(|| not_utf16(name))? {
            Cow::Owned(decoded) => Some(decoded),
            Cow::Borrowed(_) => None,
        };
        Ok(decoded.unwrap_or(bytes))
    }

    /// A part as XML; its bytes are not counted again.
    pub(crate) fn xml(&mut self, name: &str) -> Result<Xml<BufReader<impl Read>>, Refused> {
        let part = self.part(name)?;
        Ok(Xml::new(BufReader::with_capacity(BUFFER, AsUtf8::new(part)), name))
    }

    fn part(&mut self, name: &str) -> Result<ZipFile<'_, &'s mut dyn Source>, Refused> {
        let missing = || Refused::damaged(format!("缺少部件 {name}，文件不完整"));
        let index = *self.parts.get(name).ok_or_else(missing)?;
        self.container.by_index(index).map_err(|_| Refused::damaged(format!("部件 {name} 无法解压")))
    }

    /// The part that the package is about, `None` where nothing says or it is not there.
    pub(crate) fn main_part(&mut self, usual: &str, meter: &mut Meter<'_>) -> Result<Option<String>, Refused> {
        let relations = self.relations("", meter)?;
        let named = relations.into_values().find(|relation| relation.kind == "officeDocument").map(|relation| relation.target);
        Ok(named.filter(|name| self.has(name)).or_else(|| self.has(usual).then(|| usual.to_owned())))
    }

    /// The part that belongs to another by a relationship of this kind, or stands beside it under this name.
    pub(crate) fn beside<'r>(
        &self,
        part: &str,
        relations: &'r BTreeMap<String, Relation>,
        kind: &str,
        usual: &str,
    ) -> Option<Cow<'r, str>> {
        let named =
            relations.values().find(|relation| relation.kind == kind).map(|relation| Cow::Borrowed(relation.target.as_str()));
        let usual = || Cow::Owned(resolved(part.rsplit_once('/').map_or("", |(folder, _)| folder), usual));
        named.or_else(|| Some(usual())).filter(|name| self.has(name))
    }

    /// Relationships of a part by id; of the package where `part` is empty. None where it has no such list.
    pub(crate) fn relations(&mut self, part: &str, meter: &mut Meter<'_>) -> Result<BTreeMap<String, Relation>, Refused> {
        let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
        let list = format!("{folder}{}_rels/{file}.rels", if folder.is_empty() { "" } else { "/" });
        let mut relations = BTreeMap::new();
        if !self.has(&list) {
            return Ok(relations);
        }
        let bytes = self.text(&list, meter)?;
        let mut xml = Xml::new(bytes.as_slice(), &list);
        loop {
            match xml.next()? {
                Node::Open(element) if element.name() == "Relationship" => {
                    let text = |name: &str| element.attribute(name).unwrap_or_default().into_owned();
                    let kind = text("Type").rsplit('/').next().unwrap_or_default().to_owned();
                    if relations.len() >= MOST_RELATIONS {
                        return Err(Refused::over_limit(format!("{list} 里有 {MOST_RELATIONS} 条以上的关系，疑为恶意构造")));
                    }
                    relations.insert(text("Id"), Relation { kind, target: resolved(folder, &text("Target")) });
                }
                Node::End => return Ok(relations),
                _ => {}
            }
        }
    }
}

/// A part that begins as UTF-16 and is none.
pub(crate) fn not_utf16(name: &str) -> Refused {
    Refused::damaged(format!("部件 {name} 的文字编码损坏"))
}

/// A target as written in the list of a part in `folder` → the part's full name.
fn resolved(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let full = if target.starts_with('/') { target } else { format!("{folder}/{target}") };
    let mut steps: Vec<&str> = Vec::new();
    for step in full.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                steps.pop();
            }
            step => steps.push(step),
        }
    }
    steps.join("/").to_lowercase()
}

/// A part's name as it is compared.
fn part_name(raw: &[u8]) -> String {
    String::from_utf8_lossy(raw).replace('\\', "/").trim_start_matches('/').to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_relative_to_the_part_that_names_them() {
        assert_eq!(resolved("xl", "worksheets/Sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolved("xl", "/xl/worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolved("xl/worksheets", "..\\styles.xml"), "xl/styles.xml");
        assert_eq!(resolved("", "xl/workbook.xml"), "xl/workbook.xml");
    }
}
