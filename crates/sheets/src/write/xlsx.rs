//! Workbooks: every cell a string, a number or a date, never a formula; memory does not grow with the rows.

use std::{
    io::{Seek, Write},
    path::Path,
};

use rust_xlsxwriter::{Color, Format as CellFormat, FormatAlign, Workbook as Book, Worksheet};

use crate::{columns::Column, fault::WriteFault};

/// The width of columns, in characters.
const WIDTH: f64 = 20.0;

/// What a template says of a column.
#[derive(Debug, Clone)]
pub struct Note {
    pub column: Column,
    /// What may stand in it.
    pub text: String,
}

/// A workbook of one table that grows row by row.
pub struct XlsxWriter {
    book: Book,
    sheet: Worksheet,
    row: u32,
}

impl std::fmt::Debug for XlsxWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("XlsxWriter").field("row", &self.row).finish_non_exhaustive()
    }
}

impl XlsxWriter {
    /// Rows wait in a file in `folder` until the end.
    pub fn new(name: &str, folder: &Path) -> Result<Self, WriteFault> {
        let mut book = Book::new();
        book.set_tempdir(folder)?;
        let mut sheet = book.new_worksheet_with_constant_memory()?;
        sheet.set_name(name)?;
        Ok(Self { book, sheet, row: 0 })
    }

    /// One row of texts; an empty one leaves its cell empty.
    pub fn row<S: AsRef<str>>(&mut self, cells: &[S]) -> Result<(), WriteFault> {
        for (at, cell) in cells.iter().enumerate() {
            let text = cell.as_ref();
            if !text.is_empty() {
                let at = u16::try_from(at).unwrap_or(u16::MAX);
                self.sheet.write_string(self.row, at, text)?;
            }
        }
        self.row += 1;
        Ok(())
    }

    pub fn finish<W: Write + Seek + Send>(mut self, out: W) -> Result<(), WriteFault> {
        self.book.push_worksheet(self.sheet);
        self.book.save_to_writer(out)?;
        Ok(())
    }
}

/// Small workbooks that are made at once: templates.
#[derive(Debug)]
pub struct Workbook;

impl Workbook {
    /// A template: an empty table of `name` with its header, and a second sheet that explains each column.
    pub fn template(name: &str, notes: &[Note]) -> Result<Vec<u8>, WriteFault> {
        let mut book = Book::new();
        let header = CellFormat::new().set_bold().set_background_color(Color::RGB(0xE7_EF_F7));
        let required = header.clone().set_font_color(Color::RGB(0xB0_00_20));
        let text = CellFormat::new().set_num_format("@");
        let wrapped = CellFormat::new().set_text_wrap().set_align(FormatAlign::Top);
        let sheet = book.add_worksheet();
        sheet.set_name(name)?;
        for (at, note) in notes.iter().enumerate() {
            let at = u16::try_from(at).unwrap_or(u16::MAX);
            let (mark, format) = if note.column.required { ("*", &required) } else { ("", &header) };
            sheet.set_column_width(at, WIDTH)?;
            // Numbers of certificates lose their zeros and last digits in cells that are no text.
            sheet.set_column_format(at, &text)?;
            sheet.write_string_with_format(0, at, format!("{}{mark}", note.column.chinese), format)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        let sheet = book.add_worksheet();
        sheet.set_name("填写说明")?;
        for (at, title) in ["列名", "英文列名", "是否必填", "填写要求"].into_iter().enumerate()
        {
            let at = u16::try_from(at).unwrap_or(u16::MAX);
            sheet.write_string_with_format(0, at, title, &header)?;
            sheet.set_column_width(at, if at == 3 { WIDTH * 4.0 } else { WIDTH })?;
        }
        for (row, note) in (1_u32..).zip(notes) {
            sheet.write_string(row, 0, note.column.chinese)?;
            sheet.write_string(row, 1, note.column.key)?;
            sheet.write_string(row, 2, if note.column.required { "必填" } else { "选填" })?;
            sheet.write_string_with_format(row, 3, note.text.as_str(), &wrapped)?;
        }
        Ok(book.save_to_buffer()?)
    }
}
