//! CSV (RFC 4180): read a character at a time, with every limit counted.

use std::io::{Read, Seek};

use super::{
    Choice, Limits, Sink,
    encoding::{Pieces, detect},
    escape::unescape,
    fault::FileFault,
    place,
    row::{Kind, Row},
};

const SEPARATORS: [char; 3] = [',', '\t', ';'];

pub(super) fn read<R: Read + Seek>(
    mut source: R,
    choice: &Choice,
    limits: &Limits,
    sink: &mut dyn Sink,
) -> Result<(), FileFault> {
    let detected = detect(&mut source, limits.file_bytes)?;
    let mut pieces = Pieces::new(source, choice.encoding.unwrap_or(detected));
    let mut state = None;
    while let Some(piece) = pieces.next()? {
        let state = state.get_or_insert_with(|| {
            let chosen = choice.separator.map(char::from);
            Reading::new(chosen.unwrap_or_else(|| separator(piece)), limits)
        });
        if state.take(piece, sink)?.is_break() {
            return Ok(());
        }
    }
    match state {
        Some(mut state) => state.end(sink),
        None => Err(FileFault::Empty),
    }
}

/// The separator that the first record holds most of, outside of quotation marks; a comma if none.
fn separator(piece: &str) -> char {
    let mut counts = [0_usize; 3];
    let mut quoted = false;
    for c in piece.chars() {
        match c {
            '"' => quoted = !quoted,
            '\n' | '\r' if !quoted => break,
            c if !quoted => {
                if let Some(at) = SEPARATORS.iter().position(|separator| *separator == c) {
                    counts[at] += 1;
                }
            }
            _ => {}
        }
    }
    let most = counts.into_iter().max().unwrap_or_default();
    SEPARATORS
        .into_iter()
        .zip(counts)
        .find(|(_, count)| *count == most)
        .map_or(',', |(separator, _)| separator)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// Nothing of the field was read yet.
    Start,
    Plain,
    Quoted,
    /// Behind a quotation mark within a quoted field: its end, or the first of two.
    Quote,
}

struct Reading<'a> {
    separator: char,
    limits: &'a Limits,
    at: At,
    row: Row,
    column: usize,
    chars: usize,
    /// The line that is read, and that on which the open quotation mark stands; from 1.
    line: u64,
    quote_line: u64,
    after_cr: bool,
    rows: u32,
}

impl<'a> Reading<'a> {
    fn new(separator: char, limits: &'a Limits) -> Self {
        let row = Row { number: 1, ..Row::default() };
        Self {
            separator,
            limits,
            at: At::Start,
            row,
            column: 0,
            chars: 0,
            line: 1,
            quote_line: 1,
            after_cr: false,
            rows: 0,
        }
    }

    fn take(&mut self, piece: &str, sink: &mut dyn Sink) -> Result<std::ops::ControlFlow<()>, FileFault> {
        for c in piece.chars() {
            if std::mem::take(&mut self.after_cr) && c == '\n' && self.at != At::Quoted {
                continue;
            }
            if c == '\0' {
                return Err(FileFault::Nul { line: self.line });
            }
            match (self.at, c) {
                (At::Start, '"') => {
                    self.at = At::Quoted;
                    self.quote_line = self.line;
                }
                (At::Quoted, '"') => self.at = At::Quote,
                (At::Quote, '"') => {
                    self.at = At::Quoted;
                    self.push('"')?;
                }
                (At::Quoted, c) => {
                    self.line += u64::from(c == '\n');
                    self.push(c)?;
                }
                (At::Start | At::Plain | At::Quote, c) if c == self.separator => self.end_field()?,
                (At::Start | At::Plain | At::Quote, '\n' | '\r') => {
                    self.after_cr = c == '\r';
                    self.line += 1;
                    if self.end_row(sink)?.is_break() {
                        return Ok(std::ops::ControlFlow::Break(()));
                    }
                }
                (At::Quote, _) => return Err(FileFault::TextAfterQuote { line: self.line }),
                (At::Start | At::Plain, c) => {
                    self.at = At::Plain;
                    self.push(c)?;
                }
            }
        }
        Ok(std::ops::ControlFlow::Continue(()))
    }

    fn push(&mut self, c: char) -> Result<(), FileFault> {
        self.chars += 1;
        if self.chars > self.limits.cell_chars {
            let place = place::cell(self.column, self.row.number);
            return Err(FileFault::CellTooLong { place, max: self.limits.cell_chars });
        }
        if self.column >= self.limits.columns {
            let place = place::cell(self.column, self.row.number);
            return Err(FileFault::TooManyColumns { place, max: self.limits.columns });
        }
        let cell = self.row.slot(self.column);
        cell.kind = Kind::Text;
        cell.text.push(c);
        Ok(())
    }

    fn end_field(&mut self) -> Result<(), FileFault> {
        if self.column < self.limits.columns {
            let cell = self.row.slot(self.column);
            let whole = unescape(&cell.text).len();
            if whole < cell.text.len() {
                let apostrophe = cell.text.len() - whole;
                cell.text.drain(..apostrophe);
            }
        }
        self.column += 1;
        // Separators without anything between them count too: a line of a million of them is no table.
        if self.column > place::SHEET_COLUMNS {
            let place = place::cell(self.column - 1, self.row.number);
            return Err(FileFault::TooManyColumns { place, max: self.limits.columns });
        }
        self.at = At::Start;
        self.chars = 0;
        Ok(())
    }

    fn end_row(&mut self, sink: &mut dyn Sink) -> Result<std::ops::ControlFlow<()>, FileFault> {
        self.end_field()?;
        self.column = 0;
        let mut flow = std::ops::ControlFlow::Continue(());
        if !self.row.is_blank() {
            if self.rows > self.limits.rows {
                return Err(FileFault::TooManyRows { max: self.limits.rows });
            }
            self.rows += 1;
            flow = sink.row(&self.row);
        }
        self.row.clear();
        self.row.number = self.row.number.saturating_add(1);
        Ok(flow)
    }

    fn end(&mut self, sink: &mut dyn Sink) -> Result<(), FileFault> {
        if self.at == At::Quoted {
            return Err(FileFault::OpenQuote { line: self.quote_line });
        }
        if (self.at != At::Start || self.column > 0) && self.end_row(sink)?.is_break() {
            return Ok(());
        }
        if self.rows == 0 { Err(FileFault::Empty) } else { Ok(()) }
    }
}
