//! Writing tables: text stays text, whatever it begins with.

mod csv;
mod xlsx;

pub use csv::CsvWriter;
pub use xlsx::{Note, Workbook, XlsxWriter};
