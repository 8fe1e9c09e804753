//! The cells of a sheet, a row at a time.

use std::{
    io::{Read, Seek},
    ops::ControlFlow,
};

use quick_xml::events::{BytesStart, Event};

use super::{
    book::Book,
    package::Package,
    strings::{Strings, plain},
    styles::{Shown, Styles},
    xml::{Markup, Trouble, attribute, resolve},
};
use crate::{
    Limits, Sink, date,
    fault::FileFault,
    place,
    row::{Kind, Row},
};

const PART: &str = "工作表";
/// Merged ranges that are told.
const MERGED: usize = 1_000;
/// Digits that a sheet keeps of a number.
const DIGITS: usize = 15;

pub(super) fn read<R: Read + Seek>(
    package: &mut Package<R>,
    book: &Book,
    styles: &Styles,
    strings: &Strings,
    sink: &mut dyn Sink,
) -> Result<(), FileFault> {
    let limits = package.limits;
    let part = package.part(&book.sheet)?.ok_or(FileFault::Broken { part: PART })?;
    let mut markup = Markup::new(part, PART);
    let mut reading = Reading {
        limits,
        styles,
        strings,
        since_1904: book.since_1904,
        row: Row::default(),
        rows: 0,
        within: Within::Sheet,
        column: 0,
        kind: String::new(),
        style: 0,
        formula: false,
        text: String::new(),
        into: Into::Nothing,
        hint: false,
        merged: 0,
    };
    loop {
        let event = match markup.next() {
            Ok(event) => event,
            Err(Trouble::Fault(fault)) => return Err(fault),
            Err(Trouble::TooLong) if reading.into == Into::Nothing => return Err(FileFault::Bomb),
            Err(Trouble::TooLong) => return Err(reading.too_long()),
        };
        let flow = match event {
            Event::Eof => break,
            Event::Start(element) => reading.start(&element, sink)?,
            Event::End(element) => reading.end(element.local_name().as_ref(), sink)?,
            Event::Text(text) => reading.text(&text.xml10_content())?,
            Event::CData(text) => reading.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => {
                let mut text = String::new();
                resolve(PART, &reference, &mut text)?;
                reading.text(&text)?
            }
            _ => ControlFlow::Continue(()),
        };
        if flow.is_break() {
            return Ok(());
        }
    }
    if reading.rows == 0 { Err(FileFault::Empty) } else { Ok(()) }
}

/// What text belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Into {
    Nothing,
    Value,
    Inline,
}

/// Rows lie in the sheet and cells in rows: a row or a cell within a cell would be told twice.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Sheet,
    Row,
    Cell,
}

struct Reading<'a> {
    limits: Limits,
    styles: &'a Styles,
    strings: &'a Strings,
    since_1904: bool,
    row: Row,
    rows: u32,
    within: Within,
    /// One behind the last cell of the row.
    column: usize,
    kind: String,
    style: usize,
    formula: bool,
    text: String,
    into: Into,
    hint: bool,
    merged: usize,
}

impl Reading<'_> {
    fn broken() -> FileFault {
        FileFault::Broken { part: PART }
    }

    fn too_long(&self) -> FileFault {
        let place = place::cell(self.column.saturating_sub(1), self.row.number.max(1));
        FileFault::CellTooLong { place, max: self.limits.cell_chars }
    }

    fn start(&mut self, element: &BytesStart<'_>, sink: &mut dyn Sink) -> Result<ControlFlow<()>, FileFault> {
        match element.local_name().as_ref() {
            "row" => self.start_row(attribute(PART, element, "r")?)?,
            "c" => self.start_cell(element)?,
            "f" => self.formula = true,
            "v" => self.into = Into::Value,
            "rPh" => self.hint = true,
            "t" if !self.hint && self.kind == "inlineStr" => self.into = Into::Inline,
            "mergeCell" => {
                self.merged += 1;
                if self.merged <= MERGED {
                    return Ok(sink.merged(&attribute(PART, element, "ref")?.unwrap_or_default()));
                }
            }
            _ => {}
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Goes from one level of the sheet to another.
    fn step(&mut self, from: Within, to: Within) -> Result<(), FileFault> {
        if std::mem::replace(&mut self.within, to) == from { Ok(()) } else { Err(Self::broken()) }
    }

    fn start_row(&mut self, number: Option<String>) -> Result<(), FileFault> {
        self.step(Within::Sheet, Within::Row)?;
        let next = self.row.number + 1;
        let number = match number {
            Some(text) => text.parse().map_err(|_| Self::broken())?,
            None => next,
        };
        if !(next..=place::SHEET_ROWS).contains(&number) {
            return Err(Self::broken());
        }
        self.row.clear();
        self.row.number = number;
        self.column = 0;
        Ok(())
    }

    fn start_cell(&mut self, element: &BytesStart<'_>) -> Result<(), FileFault> {
        self.step(Within::Row, Within::Cell)?;
        self.kind.clear();
        self.style = 0;
        self.formula = false;
        self.text.clear();
        self.into = Into::Nothing;
        self.hint = false;
        let mut named = None;
        for attribute in element.attributes().with_checks(false) {
            let attribute = attribute.map_err(|_| Self::broken())?;
            let value: &str = &attribute.value;
            match attribute.key.as_ref() {
                "r" => named = Some(place::parse(value).ok_or_else(Self::broken)?),
                "t" => self.kind.push_str(value),
                "s" => self.style = value.parse().map_err(|_| Self::broken())?,
                _ => {}
            }
        }
        let column = match named {
            Some((column, row)) if row == self.row.number && column >= self.column => column,
            Some(_) => return Err(Self::broken()),
            None => self.column,
        };
        if column >= place::SHEET_COLUMNS {
            return Err(Self::broken());
        }
        self.column = column + 1;
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<ControlFlow<()>, FileFault> {
        if self.into != Into::Nothing {
            // A character of four bytes is the longest.
            if self.text.len() + text.len() > self.limits.cell_chars.saturating_mul(4) {
                return Err(self.too_long());
            }
            self.text.push_str(text);
        }
        Ok(ControlFlow::Continue(()))
    }

    fn end(&mut self, name: &str, sink: &mut dyn Sink) -> Result<ControlFlow<()>, FileFault> {
        match name {
            "v" | "t" => self.into = Into::Nothing,
            "rPh" => self.hint = false,
            "c" => self.end_cell()?,
            "row" => {
                self.step(Within::Row, Within::Sheet)?;
                if self.row.is_blank() {
                    return Ok(ControlFlow::Continue(()));
                }
                if self.rows > self.limits.rows {
                    return Err(FileFault::TooManyRows { max: self.limits.rows });
                }
                self.rows += 1;
                return Ok(sink.row(&self.row));
            }
            _ => {}
        }
        Ok(ControlFlow::Continue(()))
    }

    fn end_cell(&mut self) -> Result<(), FileFault> {
        self.step(Within::Cell, Within::Row)?;
        let column = self.column - 1;
        if self.text.is_empty() && !self.formula {
            return Ok(());
        }
        if column >= self.limits.columns {
            let place = place::cell(column, self.row.number);
            return Err(FileFault::TooManyColumns { place, max: self.limits.columns });
        }
        let cell = self.row.slot(column);
        if self.formula {
            cell.kind = Kind::Formula;
            return Ok(());
        }
        match self.kind.as_str() {
            "s" => {
                let index = self.text.trim().parse().map_err(|_| Self::broken())?;
                cell.text.push_str(self.strings.get(index).ok_or_else(Self::broken)?);
                cell.kind = if cell.text.is_empty() { Kind::Empty } else { Kind::Text };
            }
            "inlineStr" | "str" => {
                plain(&mut self.text);
                cell.text.push_str(&self.text);
                cell.kind = Kind::Text;
            }
            "b" => {
                cell.kind = Kind::Bool;
                cell.text.push_str(if self.text.trim() == "1" { "TRUE" } else { "FALSE" });
            }
            "e" => cell.kind = Kind::Error,
            "d" => {
                let day = date::date(&self.text).ok_or_else(Self::broken)?;
                cell.kind = Kind::Date;
                cell.text = day.to_string();
            }
            "" | "n" => {
                let raw = self.text.trim();
                let value: f64 =
                    raw.parse().ok().filter(|value: &f64| value.is_finite()).ok_or_else(Self::broken)?;
                let shown = self.styles.shown(self.style);
                match (shown, date::of_serial(value, self.since_1904)) {
                    (Shown::Date, Some(day)) => {
                        cell.kind = Kind::Date;
                        cell.text = day.to_string();
                    }
                    (Shown::Percent, _) => {
                        let hundredfold = value * 100.0;
                        if !hundredfold.is_finite() {
                            return Err(Self::broken());
                        }
                        cell.kind = number("", hundredfold, &mut cell.text);
                        cell.text.push('%');
                    }
                    (Shown::Number | Shown::Date, _) => cell.kind = number(raw, value, &mut cell.text),
                }
            }
            _ => return Err(Self::broken()),
        }
        if cell.text.len() > self.limits.cell_chars && cell.text.chars().count() > self.limits.cell_chars {
            return Err(self.too_long());
        }
        Ok(())
    }
}

/// Writes a number as a decimal. A sheet shows 15 digits and keeps a binary fraction: `123.45` may be stored as
/// `123.45000000000000284`, and an integer of more digits has lost its last ones.
fn number(raw: &str, value: f64, out: &mut String) -> Kind {
    if raw.len() <= DIGITS && raw.bytes().all(|byte| byte.is_ascii_digit()) && !raw.is_empty() {
        out.push_str(raw);
        return Kind::Number;
    }
    let shown: f64 = format!("{value:.*e}", DIGITS - 1).parse().unwrap_or(value);
    let _ = std::fmt::Write::write_fmt(out, format_args!("{shown}"));
    let whole = value.fract() == 0.0 && value.abs() >= 1e15;
    if whole { Kind::Inexact } else { Kind::Number }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_the_decimals_that_a_person_sees() {
        for (raw, wanted, kind) in [
            ("123.45", "123.45", Kind::Number),
            ("123.45000000000000284", "123.45", Kind::Number),
            ("1.1000000000000001", "1.1", Kind::Number),
            ("0.30000000000000004", "0.3", Kind::Number),
            ("7199523", "7199523", Kind::Number),
            ("007", "007", Kind::Number),
            ("2022101234561", "2022101234561", Kind::Number),
            ("-12.5", "-12.5", Kind::Number),
            ("1E3", "1000", Kind::Number),
            ("1.5E-3", "0.0015", Kind::Number),
            ("123456789012345678", "123456789012346000", Kind::Inexact),
        ] {
            let mut out = String::new();
            assert_eq!(number(raw, raw.parse().unwrap(), &mut out), kind, "{raw}");
            assert_eq!(out, wanted, "{raw}");
        }
    }
}
