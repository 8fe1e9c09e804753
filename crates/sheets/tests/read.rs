//! Good files, ours and those of other programs.

use std::io::Cursor;

use calamine::Reader as _;
use sheets::{Choice, Column, CsvWriter, Encoding, Format, Kind, Limits, Note, Workbook, XlsxWriter};

use crate::build::{Table, book, book_with, read, read_with};

fn cells(table: &Table, row: usize) -> Vec<(Kind, &str)> {
    table.rows[row].1.iter().map(|(kind, text)| (*kind, text.as_str())).collect()
}

#[test]
fn a_workbook_is_read_with_its_strings_numbers_and_dates() {
    let strings = "<sst><si><t>企业</t></si><si><r><t>沁</t></r><r><t>铅 &amp; &#x94C5;</t></r><rPh><t>qin</t></rPh></si></sst>";
    let rows = r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="inlineStr"><is><t xml:space="preserve"> a_x000D_b </t></is></c></row>
        <row r="3"><c t="s"><v>1</v></c><c s="1"><v>44819</v></c><c s="2"><v>44819.5</v></c><c><v>123.45000000000000284</v></c>
        <c s="3"><v>0.125</v></c><c t="b"><v>1</v></c><c t="e"><v>#REF!</v></c><c t="d"><v>2022-09-15T00:00:00</v></c><c s="1"/></row>
        <row r="5"><c r="B5"><f>A1+1</f><v>2</v></c><c r="C5" t="str"><f t="shared" si="0"/><v>x</v></c></row>"#;
    let table =
        read(&book_with(rows, &[("xl/sharedStrings.xml", strings.as_bytes())]), Format::Xlsx).unwrap();
    assert_eq!(table.rows.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 3, 5]);
    assert_eq!(cells(&table, 0)[..3], [(Kind::Text, "企业"), (Kind::Empty, ""), (Kind::Text, " a\rb ")]);
    let wanted = [
        (Kind::Text, "沁铅 & 铅"),
        (Kind::Date, "2022-09-15"),
        (Kind::Date, "2022-09-15"),
        (Kind::Number, "123.45"),
        (Kind::Number, "12.5%"),
        (Kind::Bool, "TRUE"),
        (Kind::Error, ""),
        (Kind::Date, "2022-09-15"),
    ];
    assert_eq!(cells(&table, 1), wanted);
    assert_eq!(cells(&table, 2)[..3], [(Kind::Empty, ""), (Kind::Formula, ""), (Kind::Formula, "")]);
}

#[test]
fn a_workbook_that_counts_from_1904_has_its_dates_right() {
    let book = crate::build::BOOK.replace("<sheets>", r#"<workbookPr date1904="1"/><sheets>"#);
    let rows = r#"<row><c s="1"><v>43357</v></c></row>"#;
    let table = read(&book_with(rows, &[("xl/workbook.xml", book.as_bytes())]), Format::Xlsx).unwrap();
    assert_eq!(cells(&table, 0), [(Kind::Date, "2022-09-15")]);
}

#[test]
fn hidden_sheets_are_passed_over_and_a_sheet_can_be_named() {
    let book = r#"<workbook><sheets><sheet name="甲" state="hidden" r:id="rId1"/><sheet name="乙" r:id="rId4"/><sheet name="丙" r:id="rId5"/></sheets></workbook>"#;
    let rels = r#"<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId4" Type="x/worksheet" Target="/xl/worksheets/two.xml"/><Relationship Id="rId5" Type="x/worksheet" Target="worksheets/three.xml"/></Relationships>"#;
    let sheet = |text: &str| {
        format!(r#"<worksheet><sheetData><row><c t="str"><v>{text}</v></c></row></sheetData></worksheet>"#)
    };
    let (two, three) = (sheet("two"), sheet("three"));
    let bytes = book_with(
        r#"<row><c t="str"><v>hidden</v></c></row>"#,
        &[
            ("xl/workbook.xml", book.as_bytes()),
            ("xl/_rels/workbook.xml.rels", rels.as_bytes()),
            ("xl/worksheets/two.xml", two.as_bytes()),
            ("xl/worksheets/three.xml", three.as_bytes()),
        ],
    );
    let named = |name: Option<&str>| {
        let choice = Choice { sheet: name.map(str::to_owned), ..Choice::default() };
        read_with(&bytes, Format::Xlsx, &choice, &Limits::default())
    };
    assert_eq!(named(None).unwrap().texts(), [["two"]]);
    assert_eq!(named(Some("丙")).unwrap().texts(), [["three"]]);
    assert_eq!(named(Some("甲")).unwrap_err().code(), "SHEET_UNKNOWN");
}

#[test]
fn merged_cells_are_told_with_their_range() {
    let sheet = r#"<worksheet><sheetData><row><c t="str"><v>x</v></c></row></sheetData><mergeCells count="1"><mergeCell ref="A1:B2"/></mergeCells></worksheet>"#;
    let bytes = book_with("", &[("xl/worksheets/sheet1.xml", sheet.as_bytes())]);
    assert_eq!(read(&bytes, Format::Xlsx).unwrap().merged, ["A1:B2"]);
}

#[test]
fn csv_is_read_in_both_encodings_and_with_any_separator() {
    let text = "名称,备注\r\n\"沁铅,\"\"甲\"\"\",\"两\n行\"\r\n\r\n'=1+1,-5\n'甲,最后";
    let wanted =
        vec![vec!["名称", "备注"], vec!["沁铅,\"甲\"", "两\n行"], vec!["=1+1", "-5"], vec!["'甲", "最后"]];
    let (gb, _, _) = encoding_rs::GB18030.encode(text);
    for bytes in [text.as_bytes().to_vec(), format!("\u{feff}{text}").into_bytes(), gb.into_owned()] {
        assert_eq!(read(&bytes, Format::Csv).unwrap().texts(), wanted);
    }
    assert_eq!(read(b"a\tb;c\n1\t2;3", Format::Csv).unwrap().texts(), [["a", "b;c"], ["1", "2;3"]]);
    assert_eq!(read(b"a;b\r1;2\r", Format::Csv).unwrap().texts(), [["a", "b"], ["1", "2"]]);
    let choice = Choice { separator: Some(b';'), ..Choice::default() };
    let table = read_with(b"a,a,a;b", Format::Csv, &choice, &Limits::default()).unwrap();
    assert_eq!(table.texts(), [["a,a,a", "b"]]);
}

#[test]
fn what_is_written_is_read_by_other_readers_too_and_no_formula_is_in_it() {
    let rows = [vec!["企业名称", "金额"], vec!["=cmd|'/c calc'!A1", "12.50"], vec!["@SUM(A1)", "007"]];
    let mut writer = XlsxWriter::new("数据", &std::env::temp_dir()).unwrap();
    rows.iter().for_each(|row| writer.row(row).unwrap());
    let mut bytes = Cursor::new(Vec::new());
    writer.finish(&mut bytes).unwrap();
    let mut book: calamine::Xlsx<_> = calamine::Xlsx::new(bytes).unwrap();
    assert!(book.worksheet_formula("数据").unwrap().is_empty());
    let range = book.worksheet_range("数据").unwrap();
    let theirs: Vec<Vec<String>> =
        range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
    assert_eq!(theirs, rows);

    let mut writer = CsvWriter::new(Vec::new(), Encoding::Utf8).unwrap();
    rows.iter().for_each(|row| writer.row(row).unwrap());
    let bytes = writer.finish().unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&bytes[3..]);
    let theirs: Vec<Vec<String>> =
        reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
    assert_eq!(theirs[1], ["'=cmd|'/c calc'!A1", "12.50"]);
    assert_eq!(theirs[2], ["'@SUM(A1)", "007"]);
}

#[test]
fn a_template_explains_each_column_and_its_first_sheet_is_the_empty_table() {
    let column = Column { key: "uscc", chinese: "统一社会信用代码", also: &[], required: true };
    let bytes = Workbook::template("企业", &[Note { column, text: "18位".to_owned() }]).unwrap();
    let table = read(&bytes, Format::Xlsx).unwrap();
    assert_eq!(table.texts(), [["统一社会信用代码*"]]);
    let choice = Choice { sheet: Some("填写说明".to_owned()), ..Choice::default() };
    let notes = read_with(&bytes, Format::Xlsx, &choice, &Limits::default()).unwrap();
    assert_eq!(notes.texts()[1], ["统一社会信用代码", "uscc", "必填", "18位"]);
}

#[test]
fn reading_ends_where_the_sink_says_so() {
    struct One(u32);
    impl sheets::Sink for One {
        fn row(&mut self, row: &sheets::Row) -> std::ops::ControlFlow<()> {
            self.0 = row.number;
            std::ops::ControlFlow::Break(())
        }
        fn merged(&mut self, _: &str) -> std::ops::ControlFlow<()> {
            std::ops::ControlFlow::Continue(())
        }
    }
    let rows = r#"<row><c><v>1</v></c></row><row><c><v>2</v></c></row>"#;
    for (bytes, format) in [(book(rows), Format::Xlsx), (b"1\n2\n".to_vec(), Format::Csv)] {
        let mut one = One(0);
        sheets::read(Cursor::new(bytes), format, &Choice::default(), &Limits::default(), &mut one).unwrap();
        assert_eq!(one.0, 1);
    }
}
