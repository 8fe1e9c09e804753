//! Takes a file row by row in a blocking thread, and hands on what is to be stored in pieces of bounded size.

use std::ops::ControlFlow;

use sheets::{Header, HeaderFault, Row, Sink};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{
    fault::{Found, RowReason},
    kind::FileKind,
    line::Lines,
    rows::Rows,
};

/// Bytes after which a piece is handed on.
const PIECE: usize = 256 * 1024;
/// Faults that are kept: more than anybody reads, and still a bounded table.
pub(super) const FAULTS_MAX: u32 = 500_000;

/// What is to be stored.
#[derive(Debug)]
pub(super) enum Piece {
    Rows(Vec<u8>),
    Faults(Vec<u8>),
}

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) rows: u32,
    pub(super) faulty: u32,
    pub(super) faults: u32,
    /// Reading ended at [`FAULTS_MAX`].
    pub(super) cut: bool,
}

pub(super) struct Taking {
    kind: FileKind,
    import_id: Uuid,
    rows: Rows,
    header: Option<Header>,
    lines: Lines,
    fault_lines: Lines,
    found: Vec<Found>,
    counts: Counts,
    /// Whether a range of merged cells, or the header, is at fault: then the rows say nothing.
    whole: bool,
    to: mpsc::Sender<Piece>,
}

impl Taking {
    pub(super) fn new(kind: FileKind, import_id: Uuid, rows: Rows, to: mpsc::Sender<Piece>) -> Self {
        Self {
            kind,
            import_id,
            rows,
            header: None,
            lines: Lines::default(),
            fault_lines: Lines::default(),
            found: Vec::new(),
            counts: Counts::default(),
            whole: false,
            to,
        }
    }

    /// Hands on what is left.
    pub(super) fn finish(mut self) -> Counts {
        let _ = self.hand_on(0);
        self.counts
    }

    fn hand_on(&mut self, above: usize) -> ControlFlow<()> {
        for (lines, piece) in
            [(&mut self.lines, Piece::Rows as fn(Vec<u8>) -> Piece), (&mut self.fault_lines, Piece::Faults)]
        {
            if lines.len() > above && self.to.blocking_send(piece(lines.take())).is_err() {
                // Who stores has given up: the caller will hear why from there.
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    fn note(&mut self) {
        for found in self.found.drain(..) {
            if self.counts.faults >= FAULTS_MAX {
                self.counts.cut = true;
                continue;
            }
            self.counts.faults += 1;
            self.fault_lines.id(self.import_id);
            self.fault_lines.plain(self.counts.faults);
            self.fault_lines.plain(found.row);
            self.fault_lines.text(&found.place);
            self.fault_lines.text(found.field);
            self.fault_lines.text(found.reason.code());
            self.fault_lines.text(&found.detail);
            self.fault_lines.end();
        }
    }

    fn find_header(&mut self, row: &Row) -> ControlFlow<()> {
        let columns: Vec<_> = self.kind.specs().iter().map(|spec| spec.column).collect();
        match Header::find(&columns, row) {
            Ok(header) => self.header = Some(header),
            Err(faults) => {
                for fault in faults {
                    let (place, field, reason) = match fault {
                        HeaderFault::Unknown { place } => (place, "", RowReason::ColumnUnknown),
                        HeaderFault::Repeated { place, column } => (place, column, RowReason::ColumnRepeated),
                        HeaderFault::Missing { column } => (String::new(), column, RowReason::ColumnMissing),
                        HeaderFault::NoText { place } => (place, "", RowReason::ColumnNotText),
                    };
                    let field = self.key_of(field);
                    self.found.push(Found { row: row.number, place, field, reason, detail: String::new() });
                }
                self.whole = true;
                self.note();
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    fn key_of(&self, chinese: &str) -> &'static str {
        let specs = self.kind.specs();
        specs.iter().find(|spec| spec.column.chinese == chinese).map_or("", |spec| spec.column.key)
    }
}

impl Sink for Taking {
    fn row(&mut self, row: &Row) -> ControlFlow<()> {
        let Some(header) = self.header.take() else { return self.find_header(row) };
        self.counts.rows += 1;
        if !self.rows.check(&header, row, &mut self.lines, &mut self.found) {
            self.counts.faulty += 1;
            self.note();
        }
        self.header = Some(header);
        if self.counts.cut { ControlFlow::Break(()) } else { self.hand_on(PIECE) }
    }

    fn merged(&mut self, range: &str) -> ControlFlow<()> {
        let row = range.chars().skip_while(char::is_ascii_alphabetic).take_while(char::is_ascii_digit);
        let row = row.collect::<String>().parse().unwrap_or_default();
        let place: String = range.chars().take(20).collect();
        self.found.push(Found { row, place, field: "", reason: RowReason::Merged, detail: String::new() });
        self.whole = true;
        self.note();
        ControlFlow::Continue(())
    }
}
