//! The ZIP around a workbook: its directory is counted before it is read, its parts while they inflate.

use std::io::{BufRead, Read, Seek, SeekFrom};

use zip::ZipArchive;

use crate::{Limits, encoding::fill, fault::FileFault};

/// Where the end of the directory may lie: its own 22 bytes and the longest comment.
const TAIL: u64 = 22 + 65_535;
const DIRECTORY_END: &[u8] = b"PK\x05\x06";
const DIRECTORY_END_64: &[u8] = b"PK\x06\x06";
/// From here on the ratio of inflated to packed size counts.
const RATIO_FROM: u64 = 16 << 20;
/// Bytes that one piece of markup or text may take. The longest text of a cell, each character written as `&#x10FFFF;`,
/// is far below it, because references are pieces of their own.
const PIECE: usize = 1 << 20;
const CHUNK: usize = 64 * 1024;

pub(super) struct Package<R> {
    archive: ZipArchive<R>,
    pub(super) limits: Limits,
    inflated: u64,
}

impl<R: Read + Seek> Package<R> {
    pub(super) fn open(mut source: R, limits: Limits) -> Result<Self, FileFault> {
        let size = source.seek(SeekFrom::End(0))?;
        if size == 0 {
            return Err(FileFault::Empty);
        }
        if size > limits.file_bytes {
            return Err(FileFault::TooLarge { max: limits.file_bytes });
        }
        source.seek(SeekFrom::Start(0))?;
        let mut head = [0; 4];
        let read = fill(&mut source, &mut head)?;
        if head[..read] == [0xd0, 0xcf, 0x11, 0xe0] {
            return Err(FileFault::LegacyOrEncrypted);
        }
        if !head[..read].starts_with(b"PK") {
            return Err(FileFault::NotXlsx);
        }
        count_parts(&mut source, size, &limits)?;
        source.seek(SeekFrom::Start(0))?;
        let archive = ZipArchive::new(source).map_err(|_| FileFault::Truncated)?;
        if archive.len() as u64 > limits.parts {
            return Err(FileFault::TooManyParts { max: limits.parts });
        }
        // Two parts of one name: which one is meant is a question that different programs answer differently.
        if archive.has_duplicate_names() {
            return Err(FileFault::Broken { part: "目录" });
        }
        for name in archive.file_names_raw() {
            let name = name.to_ascii_lowercase();
            if name.ends_with(b"vbaproject.bin") || name.starts_with(b"xl/macrosheets/") {
                return Err(FileFault::Macros);
            }
            if name.starts_with(b"xl/externallinks/") {
                return Err(FileFault::ExternalLinks);
            }
        }
        Ok(Self { archive, limits, inflated: 0 })
    }

    /// The part of this name; `None` if there is none.
    pub(super) fn part(&mut self, path: &str) -> Result<Option<Part<'_>>, FileFault> {
        // Names of parts are compared without regard to case (ECMA-376 part 2).
        let index = match self.archive.index_for_name(path) {
            Some(index) => index,
            None => {
                let wanted = path.to_ascii_lowercase();
                let mut names = self.archive.file_names_raw();
                match names.position(|name| name.to_ascii_lowercase() == wanted.as_bytes()) {
                    Some(index) => index,
                    None => return Ok(None),
                }
            }
        };
        let file = self.archive.by_index(index).map_err(|error| match error {
            zip::result::ZipError::UnsupportedArchive(_) => FileFault::LegacyOrEncrypted,
            _ => FileFault::Truncated,
        })?;
        let packed = file.compressed_size();
        Ok(Some(Part {
            source: Box::new(file),
            packed,
            limits: self.limits,
            inflated: 0,
            total: &mut self.inflated,
            buffer: vec![0; CHUNK],
            at: 0,
            end: 0,
            piece: 0,
            tripped: None,
        }))
    }
}

/// Looks at the directory's own count, so that a directory of millions is not even read.
fn count_parts<R: Read + Seek>(source: &mut R, size: u64, limits: &Limits) -> Result<(), FileFault> {
    let from = size.saturating_sub(TAIL + 20 + 56);
    source.seek(SeekFrom::Start(from))?;
    let mut tail = vec![0; usize::try_from(size - from).unwrap_or_default()];
    let read = fill(source, &mut tail)?;
    let tail = &tail[..read];
    let number = |at: usize, len: usize| {
        let mut bytes = [0; 8];
        if let Some(found) = tail.get(at..at + len) {
            bytes[..len].copy_from_slice(found);
        }
        u64::from_le_bytes(bytes)
    };
    let mut ends = 0;
    for at in 0..tail.len().saturating_sub(3) {
        let count = match &tail[at..at + 4] {
            found if found == DIRECTORY_END => number(at + 10, 2),
            found if found == DIRECTORY_END_64 => number(at + 32, 8),
            _ => continue,
        };
        ends += 1;
        // 65,535 means: see the record of 64 bits, which is counted by itself.
        if count > limits.parts && count != 0xffff {
            return Err(FileFault::TooManyParts { max: limits.parts });
        }
    }
    if ends == 0 { Err(FileFault::Truncated) } else { Ok(()) }
}

/// A part that is being inflated.
pub(super) struct Part<'a> {
    source: Box<dyn Read + 'a>,
    packed: u64,
    limits: Limits,
    inflated: u64,
    total: &'a mut u64,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    /// Bytes given since the last call of [`Part::next_piece`].
    piece: usize,
    tripped: Option<Trip>,
}

/// Which limit ended the inflating.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trip {
    Bomb,
    Piece,
}

impl Part<'_> {
    /// A piece of markup or text has been taken: the next one is counted anew.
    pub(super) fn next_piece(&mut self) {
        self.piece = 0;
    }

    pub(super) fn tripped(&self) -> Option<Trip> {
        self.tripped
    }

    fn trip(&mut self, trip: Trip) -> std::io::Error {
        self.tripped = Some(trip);
        std::io::Error::other("a limit was reached")
    }
}

impl Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let given = self.fill_buf()?;
        let read = given.len().min(buffer.len());
        buffer[..read].copy_from_slice(&given[..read]);
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Part<'_> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.piece > PIECE {
            return Err(self.trip(Trip::Piece));
        }
        if self.at == self.end {
            self.end = self.source.read(&mut self.buffer)?;
            self.at = 0;
            self.inflated += self.end as u64;
            *self.total += self.end as u64;
            let ratio = self.packed.saturating_mul(self.limits.ratio).max(RATIO_FROM);
            if self.inflated > self.limits.part_bytes
                || self.inflated > ratio
                || *self.total > self.limits.total_bytes
            {
                return Err(self.trip(Trip::Bomb));
            }
        }
        Ok(&self.buffer[self.at..self.end])
    }

    fn consume(&mut self, amount: usize) {
        self.at = (self.at + amount).min(self.end);
        self.piece += amount;
    }
}
