//! Parts of a workbook of any bytes, packed as they should be: rows within the limits, or a fault. Bytes of a whole file
//! hardly ever get as far as its sheets.
#![no_main]

use std::io::{Cursor, Write as _};

use libfuzzer_sys::fuzz_target;
use sheets::Format;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

mod limits;

const RELS: &[u8] = br#"<Relationships><Relationship Id="rId1" Type="/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const BOOK: &[u8] = br#"<workbook><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const BOOK_RELS: &[u8] = br#"<Relationships><Relationship Id="rId1" Type="/worksheet" Target="sheet.xml"/><Relationship Id="rId2" Type="/styles" Target="styles.xml"/><Relationship Id="rId3" Type="/sharedStrings" Target="strings.xml"/></Relationships>"#;
/// The parts that follow each other in the bytes, and what stands in place of one that is missing.
const PARTS: [(&str, &[u8]); 5] = [
    ("xl/sheet.xml", b""),
    ("xl/strings.xml", b"<sst><si><t>a</t></si></sst>"),
    ("xl/styles.xml", br#"<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#),
    ("xl/workbook.xml", BOOK),
    ("xl/_rels/workbook.xml.rels", BOOK_RELS),
];
/// No part of a workbook in UTF-8 holds it.
const END: u8 = 0xff;

fn book(bytes: &[u8]) -> zip::result::ZipResult<Vec<u8>> {
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("_rels/.rels", stored)?;
    writer.write_all(RELS)?;
    let mut given = bytes.split(|byte| *byte == END);
    for (name, otherwise) in PARTS {
        writer.start_file(name, stored)?;
        writer.write_all(given.next().unwrap_or(otherwise))?;
    }
    Ok(writer.finish()?.into_inner())
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(book) = book(bytes) {
        limits::hold(&book, Format::Xlsx);
    }
});
