//! Frames through a pipe: a tag, a length, the payload; numbers little-endian.
//!
//! The reader trusts nothing: a wrong tag, length or block is an error, and memory grows only with bytes that came.
//! A stream ends with its own mark, so a sender that dies is told from one that is done.

use std::io::{self, Read, Write};

use super::grid::{Frame, Mark, Merge, Oddity, RowBlock, Unsolved};
use crate::model::raw::{CellKind, RejectReason};

/// A frame longer than this is corrupt: blocks are about a megabyte, a million merged areas 16 MB.
const LONGEST_PAYLOAD: u32 = 256 << 20;

const FILE: u8 = 1;
const SHEET: u8 = 2;
const ROWS: u8 = 3;
const SHEET_END: u8 = 4;
const REFUSED: u8 = 5;
const FILE_END: u8 = 6;
const STREAM_END: u8 = 7;
const ASIDE: u8 = 8;
const MARKS: u8 = 9;

const KINDS: [CellKind; 5] = [CellKind::Empty, CellKind::Text, CellKind::Number, CellKind::Date, CellKind::Bool];

/// Writes a frame.
pub fn write_frame(out: &mut impl Write, frame: &Frame) -> io::Result<()> {
    let mut payload = Vec::new();
    let tag = match frame {
        Frame::File { inner, sha256, format, encoding } => {
            for text in [inner, sha256, format, encoding] {
                push_text(&mut payload, text)?;
            }
            FILE
        }
        Frame::Sheet { name, merges, hidden } => {
            push_text(&mut payload, name)?;
            payload.push(u8::from(*hidden));
            push_length(&mut payload, merges.len())?;
            for merge in merges {
                for number in [merge.first_row, merge.first_column, merge.last_row, merge.last_column] {
                    payload.extend_from_slice(&number.to_le_bytes());
                }
            }
            SHEET
        }
        Frame::Rows(block) => {
            push_block(&mut payload, block)?;
            ROWS
        }
        Frame::Aside { row, reason, masked } => {
            payload.extend_from_slice(&row.to_le_bytes());
            push_text(&mut payload, reason.as_str())?;
            push_text(&mut payload, masked)?;
            ASIDE
        }
        Frame::Marks(marks) => {
            push_length(&mut payload, marks.len())?;
            for Mark { row, column, oddity } in marks {
                payload.extend_from_slice(&row.to_le_bytes());
                payload.extend_from_slice(&column.to_le_bytes());
                payload.push(*oddity as u8);
            }
            MARKS
        }
        Frame::SheetEnd { notes, unsolved, errors } => {
            push_length(&mut payload, notes.len())?;
            for note in notes {
                push_text(&mut payload, note)?;
            }
            push_length(&mut payload, unsolved.len())?;
            for Unsolved { column, formulas, first_row } in unsolved {
                payload.extend_from_slice(&column.to_le_bytes());
                payload.extend_from_slice(&formulas.to_le_bytes());
                payload.extend_from_slice(&first_row.to_le_bytes());
            }
            push_length(&mut payload, errors.len())?;
            for column in errors {
                payload.extend_from_slice(&column.to_le_bytes());
            }
            SHEET_END
        }
        Frame::Refused { code, what, hint } => {
            for text in [code, what, hint] {
                push_text(&mut payload, text)?;
            }
            REFUSED
        }
        Frame::FileEnd => FILE_END,
    };
    let length = u32::try_from(payload.len()).ok().filter(|length| *length <= LONGEST_PAYLOAD).ok_or_else(corrupt)?;
    out.write_all(&[tag])?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(&payload)
}

/// Writes the mark that all frames have been sent.
pub fn write_end(out: &mut impl Write) -> io::Result<()> {
    out.write_all(&[STREAM_END, 0, 0, 0, 0])
}

/// Reads the next frame; `None` at the mark of the end.
///
/// # Errors
/// `UnexpectedEof` when the stream breaks off, `InvalidData` when it is no stream of frames.
pub fn read_frame(source: &mut impl Read) -> io::Result<Option<Frame>> {
    let mut head = [0; 5];
    source.read_exact(&mut head)?;
    let [tag, length @ ..] = head;
    let length = u32::from_le_bytes(length);
    if length > LONGEST_PAYLOAD {
        return Err(corrupt());
    }
    let mut payload = Vec::new();
    source.take(u64::from(length)).read_to_end(&mut payload)?;
    if payload.len() != length as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut rest = payload.as_slice();
    let frame = if tag == STREAM_END { None } else { Some(decode(tag, &mut rest).ok_or_else(corrupt)?) };
    if rest.is_empty() { Ok(frame) } else { Err(corrupt()) }
}

fn decode(tag: u8, rest: &mut &[u8]) -> Option<Frame> {
    Some(match tag {
        FILE => Frame::File {
            inner: take_text(rest)?,
            sha256: take_text(rest)?,
            format: take_text(rest)?,
            encoding: take_text(rest)?,
        },
        SHEET => {
            let name = take_text(rest)?;
            let hidden = *take(rest, 1)?.first()? != 0;
            let count = take_length(rest, 16)?;
            let merges = (0..count).map(|_| take_merge(rest)).collect::<Option<_>>()?;
            Frame::Sheet { name, merges, hidden }
        }
        ROWS => Frame::Rows(take_block(rest)?),
        ASIDE => {
            let row = take_number(rest)?;
            let reason = take_text(rest)?;
            let reason = RejectReason::ALL.into_iter().find(|known| known.as_str() == reason)?;
            Frame::Aside { row, reason, masked: take_text(rest)? }
        }
        MARKS => {
            let count = take_length(rest, 9)?;
            Frame::Marks((0..count).map(|_| take_mark(rest)).collect::<Option<_>>()?)
        }
        SHEET_END => {
            // A text has at least its length.
            let count = take_length(rest, 4)?;
            let notes = (0..count).map(|_| take_text(rest)).collect::<Option<_>>()?;
            let count = take_length(rest, 16)?;
            let unsolved = (0..count).map(|_| take_unsolved(rest)).collect::<Option<_>>()?;
            let count = take_length(rest, 4)?;
            let errors = (0..count).map(|_| take_number(rest)).collect::<Option<_>>()?;
            Frame::SheetEnd { notes, unsolved, errors }
        }
        REFUSED => Frame::Refused { code: take_text(rest)?, what: take_text(rest)?, hint: take_text(rest)? },
        FILE_END => Frame::FileEnd,
        _ => return None,
    })
}

fn corrupt() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "not a stream of frames")
}

fn push_length(payload: &mut Vec<u8>, length: usize) -> io::Result<()> {
    payload.extend_from_slice(&u32::try_from(length).map_err(|_| corrupt())?.to_le_bytes());
    Ok(())
}

fn push_text(payload: &mut Vec<u8>, text: &str) -> io::Result<()> {
    push_length(payload, text.len())?;
    payload.extend_from_slice(text.as_bytes());
    Ok(())
}

fn push_block(payload: &mut Vec<u8>, block: &RowBlock) -> io::Result<()> {
    let (rows, cells, text) = block.buffers();
    payload.reserve(12 + rows.len() * 8 + cells.len() * 9 + text.len());
    push_length(payload, rows.len())?;
    push_length(payload, cells.len())?;
    for &(row, end) in rows {
        payload.extend_from_slice(&row.to_le_bytes());
        payload.extend_from_slice(&end.to_le_bytes());
    }
    for &(column, kind, end) in cells {
        payload.extend_from_slice(&column.to_le_bytes());
        payload.push(match kind {
            CellKind::Empty => 0,
            CellKind::Text => 1,
            CellKind::Number => 2,
            CellKind::Date => 3,
            CellKind::Bool => 4,
        });
        payload.extend_from_slice(&end.to_le_bytes());
    }
    push_text(payload, text)
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(taken)
}

fn take_number(rest: &mut &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(take(rest, 4)?.try_into().ok()?))
}

/// A count of items of `size` bytes that really are there.
fn take_length(rest: &mut &[u8], size: usize) -> Option<usize> {
    let count = take_number(rest)? as usize;
    (count.checked_mul(size)? <= rest.len()).then_some(count)
}

fn take_text(rest: &mut &[u8]) -> Option<String> {
    let length = take_length(rest, 1)?;
    Some(std::str::from_utf8(take(rest, length)?).ok()?.to_owned())
}

fn take_merge(rest: &mut &[u8]) -> Option<Merge> {
    Some(Merge {
        first_row: take_number(rest)?,
        first_column: take_number(rest)?,
        last_row: take_number(rest)?,
        last_column: take_number(rest)?,
    })
}

fn take_mark(rest: &mut &[u8]) -> Option<Mark> {
    let (row, column) = (take_number(rest)?, take_number(rest)?);
    let oddity = *take(rest, 1)?.first()?;
    let oddity = Oddity::ALL.into_iter().find(|known| *known as u8 == oddity)?;
    Some(Mark { row, column, oddity })
}

fn take_unsolved(rest: &mut &[u8]) -> Option<Unsolved> {
    let column = take_number(rest)?;
    let formulas = u64::from_le_bytes(take(rest, 8)?.try_into().ok()?);
    Some(Unsolved { column, formulas, first_row: take_number(rest)? })
}

fn take_block(rest: &mut &[u8]) -> Option<RowBlock> {
    let rows = take_length(rest, 8)?;
    let cells = take_length(rest, 9)?;
    let rows = (0..rows).map(|_| Some((take_number(rest)?, take_number(rest)?))).collect::<Option<_>>()?;
    let cells = (0..cells)
        .map(|_| {
            let column = take_number(rest)?;
            let kind = *KINDS.get(usize::from(*take(rest, 1)?.first()?))?;
            Some((column, kind, take_number(rest)?))
        })
        .collect::<Option<_>>()?;
    RowBlock::from_buffers(rows, cells, take_text(rest)?)
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    use super::*;

    fn block() -> impl Strategy<Value = RowBlock> {
        btree_map(1u32..2_000_000, btree_map(0u32..20_000, (0usize..5, ".{0,8}"), 0..5), 0..6).prop_map(|rows| {
            let mut block = RowBlock::default();
            for (row, cells) in rows {
                block.begin_row(row);
                for (column, (kind, text)) in cells {
                    block.push_cell(column, KINDS[kind], &text);
                }
            }
            block
        })
    }

    fn frame() -> impl Strategy<Value = Frame> {
        let merge = any::<[u32; 4]>().prop_map(|[first_row, first_column, last_row, last_column]| Merge {
            first_row,
            first_column,
            last_row,
            last_column,
        });
        prop_oneof![
            [".{0,9}", "[0-9a-f]{0,64}", "[a-z]{0,5}", "[A-Z0-9-]{0,9}"]
                .prop_map(|[inner, sha256, format, encoding]| Frame::File { inner, sha256, format, encoding }),
            (".{0,9}", vec(merge, 0..4), any::<bool>()).prop_map(|(name, merges, hidden)| Frame::Sheet { name, merges, hidden }),
            block().prop_map(Frame::Rows),
            (any::<u32>(), 0..RejectReason::ALL.len(), ".{0,9}")
                .prop_map(|(row, reason, masked)| { Frame::Aside { row, reason: RejectReason::ALL[reason], masked } }),
            vec((any::<(u32, u32)>(), 0..Oddity::ALL.len()), 0..4).prop_map(|marks| {
                let of = |((row, column), oddity): (_, usize)| Mark { row, column, oddity: Oddity::ALL[oddity] };
                Frame::Marks(marks.into_iter().map(of).collect())
            }),
            (vec(".{0,9}", 0..3), vec(any::<(u32, u64, u32)>(), 0..3), vec(any::<u32>(), 0..3)).prop_map(
                |(notes, unsolved, errors)| {
                    let of = |(column, formulas, first_row)| Unsolved { column, formulas, first_row };
                    Frame::SheetEnd { notes, unsolved: unsolved.into_iter().map(of).collect(), errors }
                }
            ),
            [".{0,9}", ".{0,9}", ".{0,9}"].prop_map(|[code, what, hint]| Frame::Refused { code, what, hint }),
            Just(Frame::FileEnd),
        ]
    }

    proptest! {
        #[test]
        fn frames_come_out_as_they_went_in(frames in vec(frame(), 0..6)) {
            let mut pipe = Vec::new();
            for frame in &frames {
                write_frame(&mut pipe, frame).expect("writes");
            }
            write_end(&mut pipe).expect("writes");
            let mut source = pipe.as_slice();
            let mut read = Vec::new();
            while let Some(frame) = read_frame(&mut source).expect("reads") {
                read.push(frame);
            }
            prop_assert_eq!(read, frames);
        }

        #[test]
        fn a_broken_stream_is_an_error_never_a_panic(frame in frame(), cut in any::<prop::sample::Index>(), flip in any::<(prop::sample::Index, u8)>()) {
            let mut pipe = Vec::new();
            write_frame(&mut pipe, &frame).expect("writes");
            let short = &pipe[..cut.index(pipe.len())];
            prop_assert!(read_frame(&mut &short[..]).is_err());
            let at = flip.0.index(pipe.len());
            pipe[at] ^= flip.1;
            // Some flips only change text; what is read must then stand up to being walked through.
            if let Ok(Some(Frame::Rows(block))) = read_frame(&mut pipe.as_slice()) {
                prop_assert_eq!(block.iter().count(), block.len());
                let text: usize = block.iter().flat_map(|(_, cells)| cells.map(|cell| cell.2.len())).sum();
                prop_assert_eq!(text, block.text_len());
            }
        }
    }

    #[test]
    fn a_huge_length_allocates_nothing() {
        assert!(read_frame(&mut &[ROWS, 0xFF, 0xFF, 0xFF, 0xFF][..]).is_err());
        assert!(read_frame(&mut &[ROWS, 12, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0x0F, 0, 0, 0, 0, 0, 0, 0, 0][..]).is_err());
    }
}
