//! Any file a county office sends → frames, by content.
//!
//! Takes bytes that nobody vouches for, so it belongs in a child process; gives [`Frame`]s in the order that
//! [`Frame`] says. What cannot be read comes out as [`Frame::Refused`], in Chinese, without a cell's content.
//! Cost: linear in the inflated bytes; xlsx is streamed, the other formats stand in memory whole.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use sha2::{Digest, Sha256};

use super::archive::{self, Meter, Source};
use super::grid::Frame;
use super::html;
use super::limits::Limits;
use super::ods;
use super::parquet;
use super::sheet::Sink;
use super::sniff::{self, Kind};
use super::spreadsheetml;
use super::stop::{Refused, Stop};
use super::text;
use super::xls;
use super::xlsb;
use super::xlsx;
use crate::model::ids::hexadecimal;

/// Reads a file, or every member of a zip, and hands its frames to `sink`. `name` only helps to word a refusal.
/// Fails only when `sink` or `source` does.
pub fn parse(
    name: &str,
    mut source: impl Read + Seek,
    limits: &Limits,
    sink: &mut dyn FnMut(Frame) -> io::Result<()>,
) -> io::Result<()> {
    let size = source.seek(SeekFrom::End(0))?;
    source.rewind()?;
    let (mut meter, mut carried) = (Meter::new(limits, size), Carried::new(size, limits));
    let outcome = whole_file(name, &mut source, limits, &mut meter, &mut |frame| carried.pass(frame, sink));
    if !carried.is_over {
        return outcome;
    }
    let Carried { most_text, most_rows, .. } = carried;
    let what = format!("读出的文字超过 {most_text} 字节或 {most_rows} 行，远多于文件本身，疑为恶意构造");
    if carried.in_sheet {
        sink(Refused::over_limit(what.clone()).frame())?;
    }
    sink(Refused::over_limit(what).frame())?;
    sink(Frame::FileEnd)
}

/// What goes to the parent: no file, whatever is packed in it, may give more text or rows than its size allows.
struct Carried {
    text: u64,
    most_text: u64,
    rows: u64,
    most_rows: u64,
    in_sheet: bool,
    is_over: bool,
}

impl Carried {
    fn new(size: u64, limits: &Limits) -> Self {
        let most_text = size.saturating_mul(limits.given_ratio).max(limits.given_floor_bytes);
        let most_rows = size.max(u64::from(limits.rows));
        Self { text: 0, most_text, rows: 0, most_rows, in_sheet: false, is_over: false }
    }

    fn pass(&mut self, frame: Frame, sink: &mut Sink<'_>) -> io::Result<()> {
        match &frame {
            Frame::Sheet { .. } => self.in_sheet = true,
            Frame::Rows(block) => {
                self.text = self.text.saturating_add(block.text_len() as u64);
                self.rows = self.rows.saturating_add(block.len() as u64);
            }
            Frame::Aside { masked, .. } => {
                self.text = self.text.saturating_add(masked.len() as u64);
                self.rows = self.rows.saturating_add(1);
            }
            Frame::SheetEnd { .. } | Frame::Refused { .. } => self.in_sheet = false,
            _ => {}
        }
        self.is_over = self.text > self.most_text || self.rows > self.most_rows;
        if self.is_over { Err(io::ErrorKind::QuotaExceeded.into()) } else { sink(frame) }
    }
}

fn whole_file(
    name: &str,
    mut source: &mut dyn Source,
    limits: &Limits,
    meter: &mut Meter<'_>,
    sink: &mut Sink<'_>,
) -> io::Result<()> {
    let origin = Origin { name, inner: "" };
    match sniff::sniff(name, &mut source, limits) {
        Ok(Kind::Archive) => match members(&mut source, limits, meter, sink) {
            Err(Stop::Refused(refused)) => refuse(&origin, &mut source, refused, sink),
            Err(Stop::Io(error)) => Err(error),
            Ok(()) => Ok(()),
        },
        kind => file(&origin, kind, &mut source, limits, meter, sink),
    }
}

struct Origin<'a> {
    name: &'a str,
    inner: &'a str,
}

fn members(source: &mut dyn Source, limits: &Limits, meter: &mut Meter<'_>, sink: &mut Sink<'_>) -> Result<(), Stop> {
    let mut container = archive::open(source, limits)?;
    let members = archive::members(&mut container)?;
    if members.is_empty() {
        return Err(Refused::new("empty-file", "压缩包内没有文件", "请向提供单位核实，重新压缩").into());
    }
    limits.hold_members(members.len())?;
    for member in members {
        let origin = Origin { name: &member.path, inner: &member.path };
        if member.is_hidden {
            let (what, hint) =
                ("名字（或所在文件夹）以 . 或 ~$ 开头，像是临时文件，没有读；大小却像真的报表", "是要交的表就请改名后重新交来");
            refuse(&origin, &mut Cursor::new([]), Refused::new("hidden-member", what, hint), sink)?;
            continue;
        }
        match archive::read_member(&mut container, &member, meter) {
            Err(refused) => refuse(&origin, &mut Cursor::new([]), refused, sink)?,
            Ok(bytes) => {
                let mut bytes = Cursor::new(bytes);
                let kind = match sniff::sniff(&member.path, &mut bytes, limits) {
                    Ok(Kind::Archive) => Err(Refused::new("nested-zip", "压缩包里还有压缩包", "请解压到只剩一层后重新提供")),
                    kind => kind,
                };
                file(&origin, kind, &mut bytes, limits, meter, sink)?;
            }
        }
    }
    Ok(())
}

fn refuse(origin: &Origin<'_>, source: &mut dyn Source, refused: Refused, sink: &mut Sink<'_>) -> io::Result<()> {
    sink(begin(origin, fingerprint(source)?, "", ""))?;
    sink(refused.frame())?;
    sink(Frame::FileEnd)
}

fn file(
    origin: &Origin<'_>,
    kind: Result<Kind, Refused>,
    source: &mut dyn Source,
    limits: &Limits,
    meter: &mut Meter<'_>,
    sink: &mut Sink<'_>,
) -> io::Result<()> {
    let kind = match kind {
        Ok(kind) => kind,
        Err(refused) => return refuse(origin, source, refused, sink),
    };
    let sha256 = fingerprint(source)?;
    // Whether anything was said of the file that whoever sent it could use.
    let mut said = false;
    let outcome = content(origin, kind, sha256, source, limits, meter, &mut |frame| {
        said |= match &frame {
            Frame::Rows(_) | Frame::Aside { .. } | Frame::Refused { .. } => true,
            Frame::Sheet { hidden, .. } => *hidden && limits.leave_out.hidden_sheets,
            Frame::SheetEnd { notes, unsolved, .. } => !notes.is_empty() || !unsolved.is_empty(),
            Frame::File { .. } | Frame::Marks(_) | Frame::FileEnd => false,
        };
        sink(frame)
    });
    match outcome {
        Ok(()) if said => {}
        Ok(()) => sink(blank(kind).frame())?,
        Err(Stop::Refused(refused)) => sink(refused.frame())?,
        Err(Stop::Io(error)) => return Err(error),
    }
    sink(Frame::FileEnd)
}

/// The sheets of a file whose kind is known, after its beginning.
fn content(
    origin: &Origin<'_>,
    kind: Kind,
    sha256: String,
    source: &mut dyn Source,
    limits: &Limits,
    meter: &mut Meter<'_>,
    sink: &mut Sink<'_>,
) -> Result<(), Stop> {
    match kind {
        Kind::Xlsx => {
            sink(begin(origin, sha256, "xlsx", ""))?;
            xlsx::read(source, limits, meter, sink)
        }
        Kind::Xls => {
            sink(begin(origin, sha256, "xls", ""))?;
            xls::read(source, limits, sink)
        }
        Kind::Xlsb => {
            sink(begin(origin, sha256, "xlsb", ""))?;
            xlsb::read(source, limits, meter, sink)
        }
        Kind::Ods => {
            sink(begin(origin, sha256, "ods", ""))?;
            ods::read(source, limits, meter, sink)
        }
        Kind::Parquet => {
            sink(begin(origin, sha256, "parquet", ""))?;
            parquet::read(source, limits, sink)
        }
        Kind::Text | Kind::Archive => match decoded(source, limits) {
            Err(stop) => {
                sink(begin(origin, sha256, "", ""))?;
                Err(stop)
            }
            Ok(decoded) => {
                // Before HTML: a workbook's <Table> is no table of a page.
                let head = html::head(&decoded.text);
                if ods::is_flat(&head) {
                    sink(begin(origin, sha256, "fods", decoded.encoding))?;
                    ods::read_flat(&decoded.text, limits, sink)
                } else if spreadsheetml::is_spreadsheetml(&head) {
                    sink(begin(origin, sha256, "xml-2003", decoded.encoding))?;
                    spreadsheetml::read(&decoded.text, limits, sink)
                } else if html::is_html(&decoded.text) {
                    sink(begin(origin, sha256, "html", decoded.encoding))?;
                    html::read(&decoded.text, limits, sink)
                } else {
                    let delimiter = text::delimiter(&decoded.text);
                    sink(begin(origin, sha256, if delimiter == b'\t' { "tsv" } else { "csv" }, decoded.encoding))?;
                    text::read(&decoded.text, delimiter, limits, sink)
                }
            }
        },
    }
}

/// A file that was read to its end and holds nothing.
fn blank(kind: Kind) -> Refused {
    let what = match kind {
        Kind::Text | Kind::Parquet | Kind::Archive => "文件里没有任何内容",
        _ => "各工作表里没有任何文字，没有表格；表格可能是贴进去的图片",
    };
    Refused::new("empty-file", what, "请打开核对：是图片的，请向提供单位索取可编辑的表格；确是空表的，请重新导出")
}

fn decoded(source: &mut dyn Source, limits: &Limits) -> Result<text::Decoded, Stop> {
    text::hold_lines(source)?;
    let decoded = text::decode(archive::whole(source, limits)?)?;
    let head = html::head(&decoded.text);
    if !spreadsheetml::is_spreadsheetml(&head) && !ods::is_flat(&head) {
        html::refuse_lookalikes(&decoded.text)?;
    }
    if decoded.text.trim().is_empty() {
        return Err(Refused::new("empty-file", "文件里没有内容", "请向提供单位核实，重新导出").into());
    }
    Ok(decoded)
}

fn begin(origin: &Origin<'_>, sha256: String, format: &str, encoding: &str) -> Frame {
    debug_assert!(origin.inner.is_empty() || origin.inner == origin.name);
    Frame::File { inner: origin.inner.to_owned(), sha256, format: format.to_owned(), encoding: encoding.to_owned() }
}

/// SHA-256 of all bytes, lower-case hexadecimal; leaves the source at its start.
fn fingerprint(source: &mut dyn Source) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    source.rewind()?;
    loop {
        match source.read(&mut buffer)? {
            0 => break,
            read => hash.update(&buffer[..read]),
        }
    }
    source.rewind()?;
    Ok(hexadecimal(&hash.finalize()))
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
