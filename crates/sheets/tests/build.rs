//! Workbooks by hand, as a foreign program or an attacker would make them.

use std::{
    io::{Cursor, Write as _},
    ops::ControlFlow,
};

use sheets::{Choice, FileFault, Format, Kind, Limits, Row, Sink};
use zip::{ZipWriter, write::SimpleFileOptions};

pub(crate) const RELS: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
pub(crate) const BOOK: &str = r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="数据" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
pub(crate) const BOOK_RELS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#;
pub(crate) const STYLES: &str = r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="14"/><xf numFmtId="10"/></cellXfs></styleSheet>"#;

/// A workbook whose sheet has these rows.
pub(crate) fn book(rows: &str) -> Vec<u8> {
    book_with(rows, &[])
}

/// As [`book`], with parts added or replaced.
pub(crate) fn book_with(rows: &str, parts: &[(&str, &[u8])]) -> Vec<u8> {
    let sheet = format!(r#"<worksheet><sheetData>{rows}</sheetData></worksheet>"#);
    let mut all: Vec<(&str, &[u8])> = vec![
        ("_rels/.rels", RELS.as_bytes()),
        ("xl/workbook.xml", BOOK.as_bytes()),
        ("xl/_rels/workbook.xml.rels", BOOK_RELS.as_bytes()),
        ("xl/styles.xml", STYLES.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ];
    for (name, bytes) in parts {
        all.retain(|(known, _)| known != name);
        all.push((name, bytes));
    }
    zip(&all)
}

pub(crate) fn zip(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Everything that was read.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) rows: Vec<(u32, Vec<(Kind, String)>)>,
    pub(crate) merged: Vec<String>,
}

impl Table {
    /// The texts of all rows, without empty cells at their ends.
    pub(crate) fn texts(&self) -> Vec<Vec<String>> {
        let texts =
            |cells: &Vec<(Kind, String)>| cells.iter().map(|(_, text)| text.clone()).collect::<Vec<_>>();
        self.rows.iter().map(|(_, cells)| trimmed(texts(cells))).collect()
    }
}

pub(crate) fn trimmed(mut row: Vec<String>) -> Vec<String> {
    while row.last().is_some_and(String::is_empty) {
        row.pop();
    }
    row
}

impl Sink for Table {
    fn row(&mut self, row: &Row) -> ControlFlow<()> {
        let cells = row.cells().iter().map(|cell| (cell.kind, cell.text.clone())).collect();
        self.rows.push((row.number, cells));
        ControlFlow::Continue(())
    }

    fn merged(&mut self, range: &str) -> ControlFlow<()> {
        self.merged.push(range.to_owned());
        ControlFlow::Continue(())
    }
}

pub(crate) fn read_with(
    bytes: &[u8],
    format: Format,
    choice: &Choice,
    limits: &Limits,
) -> Result<Table, FileFault> {
    let mut table = Table::default();
    sheets::read(Cursor::new(bytes), format, choice, limits, &mut table)?;
    Ok(table)
}

pub(crate) fn read(bytes: &[u8], format: Format) -> Result<Table, FileFault> {
    read_with(bytes, format, &Choice::default(), &Limits::default())
}
