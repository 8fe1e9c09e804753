//! Tables as files (表格文件): workbooks and CSV, read within bounds and written without formulas.
//!
//! Nothing here knows what a table is about. A file is foreign: every limit is counted while reading, no formula is
//! evaluated, no link followed, no entity expanded, and a file of any bytes ends in rows or in a [`FileFault`].

mod amount;
mod columns;
mod csv;
mod date;
mod encoding;
mod escape;
mod fault;
mod limits;
mod place;
mod row;
mod write;
mod xlsx;

use std::io::{Read, Seek};

pub use amount::{AmountError, fen};
pub use columns::{Column, Header, HeaderFault};
pub use date::{date, of_serial};
pub use encoding::Encoding;
pub use escape::{escape, unescape};
pub use fault::{FileFault, WriteFault};
pub use limits::Limits;
pub use place::{cell, column};
pub use row::{Cell, Kind, Row, Sink};
pub use write::{CsvWriter, Note, Workbook, XlsxWriter};

/// What kind of file it is said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Xlsx,
    Csv,
}

/// What the reader would otherwise find out by itself.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Name of the sheet; the first visible one without it. XLSX only.
    pub sheet: Option<String>,
    /// CSV only.
    pub encoding: Option<Encoding>,
    /// `b','`, `b'\t'` or `b';'`. CSV only.
    pub separator: Option<u8>,
}

/// Reads one table row by row into `sink`, the header row first; rows without any filled cell are left out.
///
/// # Errors
/// Why the file as a whole cannot be used, from the place on where that was seen.
pub fn read<R: Read + Seek>(
    source: R,
    format: Format,
    choice: &Choice,
    limits: &Limits,
    sink: &mut dyn Sink,
) -> Result<(), FileFault> {
    match format {
        Format::Xlsx => xlsx::read(source, choice, limits, sink),
        Format::Csv => csv::read(source, choice, limits, sink),
    }
}
