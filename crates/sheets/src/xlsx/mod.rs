//! Workbooks (XLSX): only the parts that a table needs are inflated, each within counted limits.

mod book;
mod cells;
mod package;
mod strings;
mod styles;
mod xml;

use std::io::{Read, Seek};

use super::{Choice, Limits, Sink, fault::FileFault};

pub(super) fn read<R: Read + Seek>(
    source: R,
    choice: &Choice,
    limits: &Limits,
    sink: &mut dyn Sink,
) -> Result<(), FileFault> {
    let mut package = package::Package::open(source, *limits)?;
    let book = book::read(&mut package, choice.sheet.as_deref())?;
    let dates = match &book.styles {
        Some(path) => styles::read(&mut package, path)?,
        None => styles::Styles::default(),
    };
    let strings = match &book.strings {
        Some(path) => strings::read(&mut package, path)?,
        None => strings::Strings::default(),
    };
    cells::read(&mut package, &book, &dates, &strings, sink)
}
