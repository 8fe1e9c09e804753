//! CSV (RFC 4180) in UTF-8 with a byte order mark, by which spreadsheets know it, or in GB18030.

use std::io::Write;

use crate::{
    encoding::{Encoding, to_gb18030},
    escape::escape,
    fault::WriteFault,
};

/// Writes rows one by one.
#[derive(Debug)]
pub struct CsvWriter<W> {
    out: W,
    encoding: Encoding,
    line: String,
}

impl<W: Write> CsvWriter<W> {
    pub fn new(mut out: W, encoding: Encoding) -> Result<Self, WriteFault> {
        if encoding == Encoding::Utf8 {
            out.write_all("\u{feff}".as_bytes())?;
        }
        Ok(Self { out, encoding, line: String::new() })
    }

    /// One row; every text that could be taken for a formula is escaped.
    pub fn row<S: AsRef<str>>(&mut self, cells: &[S]) -> Result<(), WriteFault> {
        self.line.clear();
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                self.line.push(',');
            }
            let text = escape(cell.as_ref());
            let quoted = text.contains(['"', ',', ';', '\t', '\r', '\n'])
                || text.starts_with([' ', '\u{3000}'])
                || text.ends_with([' ', '\u{3000}'])
                // A row of one empty cell would be an empty line.
                || (text.is_empty() && cells.len() == 1);
            if quoted {
                self.line.push('"');
                self.line.push_str(&text.replace('"', "\"\""));
                self.line.push('"');
            } else {
                self.line.push_str(&text);
            }
        }
        self.line.push_str("\r\n");
        match self.encoding {
            Encoding::Utf8 => self.out.write_all(self.line.as_bytes())?,
            Encoding::Gb18030 => {
                let bytes = to_gb18030(&self.line).ok_or(WriteFault::Unmappable)?;
                self.out.write_all(&bytes)?;
            }
        }
        Ok(())
    }

    pub fn finish(mut self) -> Result<W, WriteFault> {
        self.out.flush()?;
        Ok(self.out)
    }
}
