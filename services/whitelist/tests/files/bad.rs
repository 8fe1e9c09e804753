//! Bad files, tried for real: each is refused with a reason and its place, or its faults are listed; nothing changes.

use std::io::{Cursor, Write as _};

use proto::whitelist::v1::{self as wire, upload_file_request::Part};
use tonic::Code;
use whitelist::files::FileKind;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::{
    files::desk::{CSV, Desk, ENTERPRISES, XLSX, two_firms, xlsx},
    support::{USCC, assert_refused},
};

const HEADER: &str = "uscc,name,size,industry,park,region\n";

/// Parts of a workbook besides its sheet.
const FRAME: [(&str, &str); 3] = [
    (
        "_rels/.rels",
        r#"<Relationships><Relationship Id="r1" Type="x/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
    (
        "xl/workbook.xml",
        r#"<workbook xmlns:r="r"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>"#,
    ),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<Relationships><Relationship Id="r1" Type="x/worksheet" Target="sheet.xml"/></Relationships>"#,
    ),
];

fn book(sheet: &[u8], more: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in FRAME.iter().chain(more) {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.start_file("xl/sheet.xml", SimpleFileOptions::default()).unwrap();
    writer.write_all(sheet).unwrap();
    writer.finish().unwrap().into_inner()
}

fn sheet(rows: &str) -> Vec<u8> {
    format!("<worksheet><sheetData>{rows}</sheetData></worksheet>").into_bytes()
}

/// The header row of enterprises with only what is required, and one firm.
fn firm(name_cell: &str) -> String {
    let text = |names: [&str; 6]| names.map(|name| format!(r#"<c t="str"><v>{name}</v></c>"#)).concat();
    let header = text(["uscc", "name", "size", "industry", "park", "region"]);
    let [uscc, _, rest @ ..] =
        [USCC, "", "小型", "C32", "JY-GX", "419001"].map(|cell| format!(r#"<c t="str"><v>{cell}</v></c>"#));
    format!("<row>{header}</row><row>{uscc}{name_cell}{}</row>", rest.concat())
}

#[tokio::test]
async fn files_that_are_no_tables_are_refused_with_their_reason_and_change_nothing() {
    let desk = Desk::new().await;
    let before = desk.stand.rows().await;
    let wide = (0..1_000_000).map(|i| i.to_string()).collect::<Vec<_>>().join(",");
    let long = "x".repeat(10 << 20);
    let laughs = br#"<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><worksheet><sheetData><row><c t="str"><v>&b;</v></c></row></sheetData></worksheet>"#;
    let good = book(&sheet(&firm(r#"<c t="str"><v>x</v></c>"#)), &[]);
    let (gb, _, _) = encoding_rs::GB18030.encode("统一社会信用代码\n企业\n");
    let bomb = [b"<worksheet>".as_slice(), &vec![b' '; 30 << 20], b"</worksheet>"].concat();
    // What it is, its format and bytes; reason, code and place of the fault.
    type Case = (&'static str, wire::FileFormat, Vec<u8>, &'static str, &'static str, Option<&'static str>);
    let cases: Vec<Case> = vec![
        ("empty", CSV, vec![], "FILE_EMPTY", "FILE_EMPTY", None),
        ("empty workbook", XLSX, vec![], "FILE_EMPTY", "FILE_EMPTY", None),
        ("text as workbook", XLSX, b"a,b".to_vec(), "FILE_FORMAT_WRONG", "FILE_NOT_XLSX", None),
        ("workbook as text", CSV, good.clone(), "FILE_FORMAT_WRONG", "FILE_NOT_CSV", None),
        ("truncated", XLSX, good[..good.len() / 2].to_vec(), "FILE_DAMAGED", "FILE_TRUNCATED", None),
        ("bomb", XLSX, book(&bomb, &[]), "FILE_BOMB", "FILE_BOMB", None),
        ("laughs", XLSX, book(laughs, &[]), "FILE_FORBIDDEN_CONTENT", "FILE_ENTITIES", Some("工作表")),
        (
            "links",
            XLSX,
            book(&sheet("<row/>"), &[("xl/externalLinks/externalLink1.xml", "<x/>")]),
            "FILE_FORBIDDEN_CONTENT",
            "FILE_EXTERNAL_LINKS",
            None,
        ),
        (
            "macros",
            XLSX,
            book(&sheet("<row/>"), &[("xl/vbaProject.bin", "x")]),
            "FILE_FORBIDDEN_CONTENT",
            "FILE_MACROS",
            None,
        ),
        ("a million columns", CSV, wide.into_bytes(), "TABLE_TOO_LARGE", "TOO_MANY_COLUMNS", Some("IW1")),
        (
            "a column far out",
            XLSX,
            book(&sheet(r#"<row r="1"><c r="XFD1"><v>1</v></c></row>"#), &[]),
            "TABLE_TOO_LARGE",
            "TOO_MANY_COLUMNS",
            Some("XFD1"),
        ),
        (
            "a long cell",
            CSV,
            format!("{HEADER}1,{long}\n").into_bytes(),
            "CELL_TOO_LONG",
            "CELL_TOO_LONG",
            Some("B2"),
        ),
        (
            "NULs",
            CSV,
            format!("{HEADER}1,\0\0\n").into_bytes(),
            "ENCODING_WRONG",
            "NUL_IN_TEXT",
            Some("第2行"),
        ),
        (
            "neither encoding",
            CSV,
            [HEADER.as_bytes(), b"\xff\xff\n"].concat(),
            "ENCODING_WRONG",
            "ENCODING_WRONG",
            Some("第2行"),
        ),
        ("UTF-16", CSV, b"\xff\xfeu\0".to_vec(), "ENCODING_WRONG", "ENCODING_UNSUPPORTED", None),
        (
            "an open quote",
            CSV,
            format!("{HEADER}\"x\n").into_bytes(),
            "QUOTES_UNMATCHED",
            "QUOTE_OPEN",
            Some("第2行"),
        ),
    ];
    for (what, format, bytes, reason, file_fault, place) in cases {
        let status = desk.upload(FileKind::Enterprises, format, &bytes).await.expect_err(what);
        let told = |key: &str| rpc::status::metadata(&status, key);
        assert_eq!(
            (told("file_fault").as_deref(), told("place").as_deref()),
            (Some(file_fault), place),
            "{what}"
        );
        assert_refused(Err::<(), _>(status), Code::InvalidArgument, reason, Some("chunk"));
    }
    let header = wire::FileHeader { kind: 1, format: 2, encoding: 1, ..wire::FileHeader::default() };
    let refused = desk.upload_as(header, &gb).await;
    assert_refused(refused, Code::InvalidArgument, "ENCODING_WRONG", Some("chunk"));
    let header =
        wire::FileHeader { kind: 1, format: 1, sheet: "没有".to_owned(), ..wire::FileHeader::default() };
    let refused = desk.upload_as(header, &good).await;
    assert_refused(refused, Code::InvalidArgument, "SHEET_NOT_FOUND", Some("chunk"));
    assert_eq!(desk.stand.rows().await, before);
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM file_import").fetch_one(&desk.stand.pool).await.unwrap();
    assert_eq!(left, 0, "a file that cannot be read leaves a trace");
}

#[tokio::test]
async fn a_bomb_is_stopped_by_what_it_inflates_to() {
    let desk = Desk::new().await;
    let bomb = book(&sheet(&"<x/>".repeat(5 << 20)), &[]);
    assert!(bomb.len() < 104_000, "{}", bomb.len());
    let refused = desk.upload(FileKind::ProvinceList, XLSX, &bomb).await.expect_err("a bomb");
    assert_eq!(rpc::status::metadata(&refused, "file_fault").as_deref(), Some("FILE_BOMB"));
    assert_refused(Err::<(), _>(refused), Code::InvalidArgument, "FILE_BOMB", Some("chunk"));
}

#[tokio::test]
async fn merged_cells_formulas_and_dates_as_text_are_faults_of_their_cells_or_none() {
    let desk = Desk::new().await;
    let formula = book(&sheet(&firm(r#"<c><f>HYPERLINK("http://127.0.0.1","x")</f><v>x</v></c>"#)), &[]);
    let import = desk.upload(FileKind::Enterprises, XLSX, &formula).await.unwrap().import.unwrap();
    assert_eq!(desk.faults(&import).await, [("B2".to_owned(), "FORMULA".to_owned())]);

    let merged = format!(
        r#"<worksheet><sheetData>{}</sheetData><mergeCells><mergeCell ref="B2:C2"/></mergeCells></worksheet>"#,
        firm(r#"<c t="str"><v>x</v></c>"#)
    );
    let import = desk
        .upload(FileKind::Enterprises, XLSX, &book(merged.as_bytes(), &[]))
        .await
        .unwrap()
        .import
        .unwrap();
    assert_eq!(desk.faults(&import).await, [("B2:C2".to_owned(), "CELLS_MERGED".to_owned())]);
    assert!(desk.accept(&import).await.is_err());

    // Dates as text are dates.
    let rows = [
        vec!["uscc", "name", "list", "valid_from", "valid_to"],
        vec![USCC, "=1+1", "省级白名单", "2022年9月15日", "2023/9/15"],
    ];
    let import = desk.upload(FileKind::ProvinceList, XLSX, &xlsx(&rows)).await.unwrap().import.unwrap();
    assert_eq!((import.rows_new, import.faults), (1, 0));
    desk.accept(&import).await.unwrap();
    // What looks like a formula is text, kept as it is and exported so that no program evaluates it.
    let kept: String =
        sqlx::query_scalar("SELECT name FROM province_list_entry").fetch_one(&desk.stand.pool).await.unwrap();
    assert_eq!(kept, "=1+1");
    let csv = desk.export(FileKind::ProvinceList, CSV, wire::FileEncoding::Utf8).await;
    assert!(String::from_utf8(csv).unwrap().contains(",'=1+1,"));
}

#[tokio::test]
async fn keys_that_come_twice_in_a_file_are_faults_of_the_later_rows() {
    let desk = Desk::new().await;
    let firms = two_firms();
    let twice = format!("{firms}{}", firms.strip_prefix(ENTERPRISES).unwrap());
    let import = desk.csv(FileKind::Enterprises, &twice).await;
    let wanted = [("A4".to_owned(), "ROW_REPEATED".to_owned()), ("A5".to_owned(), "ROW_REPEATED".to_owned())];
    assert_eq!(desk.faults(&import).await, wanted);
    assert_eq!((import.rows_new, import.rows_faulty), (2, 2));
}

#[tokio::test]
async fn an_upload_is_one_header_and_then_bytes() {
    let desk = Desk::new().await;
    let header = || Part::Header(wire::FileHeader { kind: 1, format: 2, ..wire::FileHeader::default() });
    for parts in [vec![], vec![Part::Chunk(b"x".to_vec())], vec![header(), header()]] {
        let refused = desk.send(parts).await;
        assert_refused(refused, Code::InvalidArgument, "UPLOAD_ORDER", Some("header"));
    }
    let unknown = Part::Header(wire::FileHeader { kind: 9, format: 0, ..wire::FileHeader::default() });
    let refused = desk.send(vec![unknown]).await;
    assert_refused(refused, Code::InvalidArgument, "ENUM_UNKNOWN", Some("header.kind"));
}
