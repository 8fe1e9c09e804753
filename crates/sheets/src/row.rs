//! One row of a table, and who takes it.

use std::ops::ControlFlow;

use super::place;

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    #[default]
    Empty,
    Text,
    /// The text is a decimal without exponent, to 15 significant digits; with `%` behind it where it is shown so.
    Number,
    /// As [`Kind::Number`], but written with more than 15 digits: a sheet has lost the rest.
    Inexact,
    /// The text is `YYYY-MM-DD`.
    Date,
    /// The text is `TRUE` or `FALSE`.
    Bool,
    /// A formula: it was not evaluated, and what a program once made of it is not believed.
    Formula,
    /// An error value such as `#REF!`.
    Error,
}

/// One cell. Buffers are used again for the next row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    pub kind: Kind,
    /// Empty for [`Kind::Empty`], [`Kind::Formula`] and [`Kind::Error`].
    pub text: String,
}

impl Cell {
    /// Text without anything but blanks counts as empty.
    pub fn is_empty(&self) -> bool {
        match self.kind {
            Kind::Empty => true,
            Kind::Text => self.text.trim().is_empty(),
            Kind::Number | Kind::Inexact | Kind::Date | Kind::Bool | Kind::Formula | Kind::Error => false,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.kind = Kind::Empty;
        self.text.clear();
    }
}

/// One row with at least one filled cell.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// As a person counts: of a workbook the row of the sheet, of CSV the record; from 1.
    pub number: u32,
    pub(crate) cells: Vec<Cell>,
}

const NOTHING: &Cell = &Cell { kind: Kind::Empty, text: String::new() };

impl Row {
    /// The cell in this column, counted from 0; an empty one beyond the end.
    pub fn cell(&self, column: usize) -> &Cell {
        self.cells.get(column).unwrap_or(NOTHING)
    }

    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The name of the cell in this column: `C7`.
    pub fn place(&self, column: usize) -> String {
        place::cell(column, self.number)
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.cells.iter().all(Cell::is_empty)
    }

    /// The cell to be filled, emptied; those before it exist too.
    pub(crate) fn slot(&mut self, column: usize) -> &mut Cell {
        if self.cells.len() <= column {
            self.cells.resize_with(column + 1, Cell::default);
        }
        &mut self.cells[column]
    }

    pub(crate) fn clear(&mut self) {
        self.cells.iter_mut().for_each(Cell::clear);
    }
}

/// Takes what is read. `Break` ends the reading without a fault.
pub trait Sink {
    /// The first row is the header.
    fn row(&mut self, row: &Row) -> ControlFlow<()>;

    /// Cells that are merged, such as `A2:B3`; told after the rows.
    fn merged(&mut self, range: &str) -> ControlFlow<()>;
}
