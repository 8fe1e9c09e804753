//! Limits small enough to be met, and a sink that holds what is read to them.

use std::{io::Cursor, ops::ControlFlow};

use sheets::{Cell, Choice, Format, Kind, Limits, Row, Sink};

const LIMITS: Limits = Limits {
    file_bytes: 1 << 20,
    rows: 200,
    columns: 16,
    cell_chars: 100,
    parts: 50,
    part_bytes: 1 << 20,
    total_bytes: 1 << 21,
    ratio: 200,
    strings_bytes: 1 << 16,
};

#[derive(Default)]
struct Held {
    rows: u32,
    last: u32,
}

impl Sink for Held {
    fn row(&mut self, row: &Row) -> ControlFlow<()> {
        self.rows += 1;
        // The header is no row of its own.
        assert!(self.rows <= LIMITS.rows + 1);
        assert!(row.number > self.last);
        self.last = row.number;
        assert!(row.cells().len() <= LIMITS.columns);
        row.cells().iter().for_each(told_as_said);
        ControlFlow::Continue(())
    }

    fn merged(&mut self, _: &str) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// A cell's text is what its kind says that it is.
fn told_as_said(cell: &Cell) {
    assert!(cell.text.chars().count() <= LIMITS.cell_chars);
    match cell.kind {
        Kind::Empty | Kind::Formula | Kind::Error => assert_eq!(cell.text, ""),
        Kind::Number | Kind::Inexact => {
            let text = cell.text.strip_suffix('%').unwrap_or(&cell.text);
            assert!(text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'.')), "{text}");
        }
        Kind::Date => assert!(sheets::date(&cell.text).is_some(), "{}", cell.text),
        Kind::Bool => assert!(matches!(cell.text.as_str(), "TRUE" | "FALSE")),
        Kind::Text => {}
    }
}

pub fn hold(bytes: &[u8], format: Format) {
    let _ = sheets::read(Cursor::new(bytes), format, &Choice::default(), &LIMITS, &mut Held::default());
}
