//! Files that are no tables, by accident or on purpose: each ends in a fault that says why and where.

use sheets::{Choice, Encoding, Format, Limits};

use crate::build::{BOOK, BOOK_RELS, book, book_with, read, read_with, zip};

#[track_caller]
fn refused(bytes: &[u8], format: Format, code: &str, place: Option<&str>) {
    let fault = read(bytes, format).unwrap_err();
    assert_eq!((fault.code(), fault.place().as_deref()), (code, place), "{fault}");
    assert!(!fault.chinese().is_ascii());
}

const X: Format = Format::Xlsx;
const C: Format = Format::Csv;

#[test]
fn files_that_are_something_else_are_told_apart() {
    refused(b"", X, "FILE_EMPTY", None);
    refused(b"", C, "FILE_EMPTY", None);
    refused(b"\r\n,,\r\n", C, "FILE_EMPTY", None);
    refused(&book(""), X, "FILE_EMPTY", None);
    refused(b"a,b\n", X, "FILE_NOT_XLSX", None);
    refused(&book("<row/>"), C, "FILE_NOT_CSV", None);
    refused(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1], X, "FILE_LEGACY_OR_ENCRYPTED", None);
    refused(&zip(&[("word/document.xml", b"<x/>")]), X, "FILE_NOT_XLSX", None);
}

#[test]
fn a_workbook_that_is_cut_off_anywhere_is_refused_and_never_a_panic() {
    let rows: String = (1..50).map(|i| format!(r#"<row><c t="str"><v>{i}</v></c></row>"#)).collect();
    let whole = book(&rows);
    for end in (4..whole.len()).step_by(7) {
        let fault = read(&whole[..end], X).unwrap_err();
        assert_eq!(fault.code(), "FILE_TRUNCATED", "{end}");
    }
}

#[test]
fn a_zip_bomb_is_stopped_by_what_it_inflates_to_not_by_what_it_says() {
    let bomb = vec![b' '; 40 << 20];
    let sheet = [b"<worksheet>".as_slice(), "<!-- -->".repeat(5 << 20).as_bytes()].concat();
    let strict = Limits { ratio: 50, ..Limits::default() };
    let bytes = book_with("", &[("xl/worksheets/sheet1.xml", &sheet)]);
    assert_eq!(read_with(&bytes, X, &Choice::default(), &strict).unwrap_err().code(), "FILE_BOMB");
    refused(&book_with("<row/>", &[("xl/sharedStrings.xml", &bomb)]), X, "FILE_BOMB", None);
    refused(&book_with("<row/>", &[("xl/styles.xml", &bomb)]), X, "FILE_BOMB", None);
    let limits = Limits { total_bytes: 1 << 16, ..Limits::default() };
    let rows: String = (1..4_000).map(|i| format!(r#"<row><c><v>{i}</v></c></row>"#)).collect();
    let fault = read_with(&book(&rows), X, &Choice::default(), &limits).unwrap_err();
    assert_eq!(fault.code(), "FILE_BOMB");
    let many: Vec<String> = (0..3_000).map(|i| format!("x/{i}")).collect();
    let parts: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), &b""[..])).collect();
    refused(&zip(&parts), X, "FILE_TOO_MANY_PARTS", None);
    let limits = Limits { file_bytes: 10, ..Limits::default() };
    for (bytes, format) in [(book("<row/>"), X), (b"a,b,c,d,e,f,g".to_vec(), C)] {
        let fault = read_with(&bytes, format, &Choice::default(), &limits).unwrap_err();
        assert_eq!(fault.code(), "FILE_TOO_LARGE");
    }
}

#[test]
fn entities_are_never_expanded() {
    let laughs = r#"<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><worksheet><sheetData><row><c t="str"><v>&b;</v></c></row></sheetData></worksheet>"#;
    refused(
        &book_with("", &[("xl/worksheets/sheet1.xml", laughs.as_bytes())]),
        X,
        "FILE_ENTITIES",
        Some("工作表"),
    );
    let outside = r#"<!DOCTYPE x SYSTEM "file:///etc/passwd"><sst/>"#;
    refused(
        &book_with("<row/>", &[("xl/sharedStrings.xml", outside.as_bytes())]),
        X,
        "FILE_ENTITIES",
        Some("共享字符串"),
    );
    refused(&book(r#"<row><c t="str"><v>&b;</v></c></row>"#), X, "FILE_ENTITIES", Some("工作表"));
}

#[test]
fn links_to_other_files_and_macros_are_refused() {
    refused(
        &book_with("<row/>", &[("xl/externalLinks/externalLink1.xml", b"<x/>")]),
        X,
        "FILE_EXTERNAL_LINKS",
        None,
    );
    let external = BOOK_RELS.replace("</Relationships>", r#"<Relationship Id="rId9" Type="x/externalLink" Target="http://127.0.0.1/x.xlsx" TargetMode="External"/></Relationships>"#);
    refused(
        &book_with("<row/>", &[("xl/_rels/workbook.xml.rels", external.as_bytes())]),
        X,
        "FILE_EXTERNAL_LINKS",
        None,
    );
    refused(&book_with("<row/>", &[("xl/vbaProject.bin", b"x")]), X, "FILE_MACROS", None);
}

#[test]
fn a_workbook_without_a_visible_sheet_is_refused() {
    let hidden = BOOK.replace(r#"sheetId="1""#, r#"state="veryHidden""#);
    refused(&book_with("<row/>", &[("xl/workbook.xml", hidden.as_bytes())]), X, "SHEET_NONE", None);
}

#[test]
fn a_table_that_is_too_wide_too_long_or_too_deep_is_refused_at_its_place() {
    let header: String = (0..300).map(|i| format!(r#"<c t="str"><v>{i}</v></c>"#)).collect();
    refused(&book(&format!("<row>{header}</row>")), X, "TOO_MANY_COLUMNS", Some("IW1"));
    refused(&book(r#"<row r="1"><c r="XFD1"><v>1</v></c></row>"#), X, "TOO_MANY_COLUMNS", Some("XFD1"));
    // An empty cell that only has a format is nothing.
    let table = read(&book(r#"<row r="1"><c r="A1"><v>1</v></c><c r="XFD1" s="1"/></row>"#), X).unwrap();
    assert_eq!(table.texts(), [["1"]]);
    let wide = (0..1_000_000).map(|i| i.to_string()).collect::<Vec<_>>().join(",");
    refused(wide.as_bytes(), C, "TOO_MANY_COLUMNS", Some("IW1"));
    let limits = Limits { rows: 2, ..Limits::default() };
    let rows = "<row><c><v>1</v></c></row>".repeat(4);
    for (bytes, format) in [(book(&rows), X), (b"h\n1\n2\n3\n".to_vec(), C)] {
        let fault = read_with(&bytes, format, &Choice::default(), &limits).unwrap_err();
        assert_eq!(fault.code(), "TOO_MANY_ROWS");
    }
}

#[test]
fn a_cell_of_ten_megabytes_is_refused_with_its_place() {
    let long = "x".repeat(10 << 20);
    refused(format!("a,b\n1,{long}\n").as_bytes(), C, "CELL_TOO_LONG", Some("B2"));
    refused(format!("a,b\n1,\"{long}\"\n").as_bytes(), C, "CELL_TOO_LONG", Some("B2"));
    let rows = format!(
        r#"<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="B2" t="str"><v>{long}</v></c></row>"#
    );
    // Random enough not to be taken for a bomb.
    refused(&book(&rows), X, "CELL_TOO_LONG", Some("B2"));
    let pieces = "&amp;".repeat(200_000);
    let rows = format!(r#"<row r="1"><c r="A1" t="str"><v>{pieces}</v></c></row>"#);
    refused(&book(&rows), X, "CELL_TOO_LONG", Some("A1"));
    let comment = format!(r#"<row><c><v>1</v></c></row><!--{}-->"#, "<".repeat(3 << 20));
    refused(&book(&comment), X, "FILE_BOMB", None);
}

#[test]
fn text_in_a_wrong_encoding_is_told_with_its_line() {
    let (gb, _, _) = encoding_rs::GB18030.encode("a\n企业\n");
    let choice = Choice { encoding: Some(Encoding::Utf8), ..Choice::default() };
    let fault = read_with(&gb, C, &choice, &Limits::default()).unwrap_err();
    assert_eq!((fault.code(), fault.place().as_deref()), ("ENCODING_WRONG", Some("第2行")));
    refused(b"a\nb\xff\xff\n", C, "ENCODING_WRONG", Some("第2行"));
    refused(&[0xff, 0xfe, b'a', 0, b',', 0], C, "ENCODING_UNSUPPORTED", None);
    refused(b"a,b\n1,\0\n", C, "NUL_IN_TEXT", Some("第2行"));
}

#[test]
fn quotation_marks_that_do_not_match_are_told_with_their_line() {
    refused(b"a\n\"b\nc\n", C, "QUOTE_OPEN", Some("第2行"));
    refused(b"a\n\"b\"c\n", C, "QUOTE_FOLLOWED", Some("第2行"));
}

#[test]
fn a_sheet_whose_markup_is_none_is_refused() {
    for rows in [
        r#"<row r="2"/><row r="1"><c><v>1</v></c></row>"#,
        r#"<row r="x"/>"#,
        r#"<row r="1"><c r="A2"><v>1</v></c></row>"#,
        r#"<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>"#,
        r#"<row r="1"><c t="s"><v>7</v></c></row>"#,
        r#"<row r="1"><c><v>x</v></c></row>"#,
        r#"<row r="1"><c><v>inf</v></c></row>"#,
        r#"<row r="1"><c t="z"><v>1</v></c></row>"#,
        r#"<row r="1"><c s="-1"><v>1</v></c></row>"#,
        r#"<c><v>1</v></c>"#,
        "<row></c>",
        // A row within a row would be told twice, a cell within a cell would hold its text twice.
        r#"<row r="1"><row r="2"><c><v>1</v></c></row></row>"#,
        r#"<row r="1"><c><row r="2"></row></c></row>"#,
        r#"<row r="1"><c t="str"><c t="str"><v>x</v></c></c></row>"#,
        r#"<row r="1"><c><v>1</v></c></row><c><v>2</v></c>"#,
        // A hundred times the largest number is none.
        r#"<row r="1"><c s="3"><v>1e308</v></c></row>"#,
        r#"<row r="1"><c t="str"><v>&#x0;</v></c></row>"#,
    ] {
        assert_eq!(read(&book(rows), X).unwrap_err().code(), "FILE_BROKEN", "{rows}");
    }
}
