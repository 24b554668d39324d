//! OLE compound files: a small file system of sectors, in which an xls is one stream.
//!
//! Takes the file's bytes, gives a stream by name (in any case). A chain that leaves the file, turns in a circle or is shorter than its
//! stream is damage. Memory: the bytes and the stream.

use super::stop::Refused;

const HEADER: usize = 512;
const ENTRY: usize = 128;
/// Sector numbers from here on are marks.
const MARKS: u32 = 0xFFFF_FFFA;
/// How many sectors of the allocation table the header names.
const NAMED: usize = 109;

/// An open compound file.
pub(super) struct Compound<'b> {
    bytes: &'b [u8],
    sector: usize,
    small_sector: usize,
    /// Streams shorter than this stand in the stream of small sectors.
    cutoff: u64,
    next: Vec<u32>,
    next_small: Vec<u32>,
    small: Vec<u8>,
    entries: Vec<Entry>,
}

struct Entry {
    name: String,
    kind: u8,
    start: u32,
    size: u64,
}

fn damaged() -> Refused {
    Refused::damaged("xls 文件的扇区结构损坏或文件不完整")
}

impl<'b> Compound<'b> {
    pub(super) fn open(bytes: &'b [u8]) -> Result<Self, Refused> {
        let header = bytes.get(..HEADER).ok_or_else(damaged)?;
        let word = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let shift = |at: usize, allowed: &[u16]| {
            let shift = u16::from_le_bytes([header[at], header[at + 1]]);
            if allowed.contains(&shift) { Ok(1usize << shift) } else { Err(damaged()) }
        };
        let mut file = Self {
            bytes,
            sector: shift(30, &[9, 12])?,
            small_sector: shift(32, &[6])?,
            cutoff: u64::from(word(56)),
            next: Vec::new(),
            next_small: Vec::new(),
            small: Vec::new(),
            entries: Vec::new(),
        };
        // The sectors that the allocation table stands in: some in the header, the others in a chain of their own.
        let mut tables: Vec<u32> = (0..NAMED).map(|at| word(76 + 4 * at)).collect();
        let mut more = word(68);
        let most = bytes.len() / file.sector + 1;
        for _ in 0..most {
            if more >= MARKS {
                break;
            }
            let mut numbers = words(file.sector_bytes(more)?);
            more = numbers.pop().ok_or_else(damaged)?;
            tables.extend(numbers);
        }
        for table in tables.into_iter().filter(|table| *table < MARKS) {
            let numbers = words(file.sector_bytes(table)?);
            file.next.extend(numbers);
            if file.next.len() > most + file.sector {
                break;
            }
        }
        let directory = file.chain(word(48), u64::MAX)?;
        file.entries = directory.chunks_exact(ENTRY).map(Entry::read).collect();
        file.next_small = if word(60) < MARKS { words(&file.chain(word(60), u64::MAX)?) } else { Vec::new() };
        if let Some(root) = file.entries.iter().find(|entry| entry.kind == 5).filter(|root| root.start < MARKS) {
            file.small = file.chain(root.start, root.size)?;
        }
        Ok(file)
    }

    /// The stream of this name; `None` where there is none.
    pub(super) fn stream(&self, name: &str) -> Result<Option<Vec<u8>>, Refused> {
        let Some(entry) = self.entries.iter().find(|entry| entry.kind == 2 && entry.name.eq_ignore_ascii_case(name)) else {
            return Ok(None);
        };
        if entry.size >= self.cutoff {
            return self.chain(entry.start, entry.size).map(Some);
        }
        let mut stream = Vec::new();
        let mut at = entry.start;
        while (stream.len() as u64) < entry.size && at < MARKS {
            let start = at as usize * self.small_sector;
            stream.extend_from_slice(self.small.get(start..start + self.small_sector).ok_or_else(damaged)?);
            at = *self.next_small.get(at as usize).ok_or_else(damaged)?;
        }
        cut(stream, entry.size).map(Some)
    }

    /// The last sector of a file is often short.
    fn sector_bytes(&self, number: u32) -> Result<&'b [u8], Refused> {
        // The header takes a sector, however long that is.
        let start = (number as usize).saturating_add(1).saturating_mul(self.sector);
        let rest = self.bytes.get(start..).filter(|rest| !rest.is_empty()).ok_or_else(damaged)?;
        Ok(&rest[..rest.len().min(self.sector)])
    }

    /// The sectors from `start` on, as many as `size` needs; all where it is the largest number.
    fn chain(&self, start: u32, size: u64) -> Result<Vec<u8>, Refused> {
        let mut stream = Vec::new();
        let mut at = start;
        while at < MARKS && (stream.len() as u64) < size {
            stream.extend_from_slice(self.sector_bytes(at)?);
            if stream.len() > self.bytes.len() + self.sector {
                return Err(damaged());
            }
            at = *self.next.get(at as usize).ok_or_else(damaged)?;
        }
        if size == u64::MAX { Ok(stream) } else { cut(stream, size) }
    }
}

fn cut(mut stream: Vec<u8>, size: u64) -> Result<Vec<u8>, Refused> {
    let size = usize::try_from(size).map_err(|_| damaged())?;
    if stream.len() < size {
        return Err(damaged());
    }
    stream.truncate(size);
    Ok(stream)
}

fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect()
}

impl Entry {
    fn read(bytes: &[u8]) -> Self {
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        // The length counts the closing zero.
        let length = usize::from(u16::from_le_bytes([bytes[64], bytes[65]])).saturating_sub(2).min(62);
        let units: Vec<u16> = bytes[..length].chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
        // Older files leave rubbish in the upper half of the size; no xls needs it.
        Self { name: String::from_utf16_lossy(&units), kind: bytes[66], start: word(116), size: u64::from(word(120)) }
    }
}
