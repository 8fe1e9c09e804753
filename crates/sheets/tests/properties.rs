//! Properties: no bytes lead to a panic or beyond a limit, and writing then reading changes nothing.

use std::io::Cursor;

use proptest::prelude::*;
use sheets::{Choice, CsvWriter, Encoding, Format, Limits, XlsxWriter};

use crate::build::{Table, book, book_with, read, read_with, trimmed};

/// Small enough to be met by generated files.
fn small() -> Limits {
    Limits {
        file_bytes: 1 << 16,
        rows: 20,
        columns: 8,
        cell_chars: 40,
        parts: 20,
        part_bytes: 1 << 18,
        total_bytes: 1 << 19,
        ratio: 200,
        strings_bytes: 1 << 12,
    }
}

fn within(table: &Table) {
    assert!(table.rows.len() <= 21, "rows");
    for (_, cells) in &table.rows {
        assert!(cells.len() <= 8, "columns");
        assert!(cells.iter().all(|(_, text)| text.chars().count() <= 400), "cells");
    }
}

/// Text as it may stand in a cell: not only blanks, which count as nothing.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[\\p{Han}a-zA-Z0-9 ,;\"'=+@\\-\t\n&<>_x]{0,12}",
        1 => "'{0,3}[=+\\-@].{0,6}",
        1 => "_x00[0-9A-F]{2}_?.{0,3}",
    ]
    .prop_map(|text| {
        text.chars()
            .filter(|c| {
                (!c.is_control() || matches!(c, '\n' | '\t')) && !('\u{e000}'..='\u{f8ff}').contains(c)
            })
            .collect::<String>()
    })
    .prop_map(|text| if text.trim().is_empty() { String::new() } else { text })
}

fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    prop::collection::vec(prop::collection::vec(text(), 1..6), 1..8).prop_map(|rows| {
        let rows: Vec<_> = rows.into_iter().map(trimmed).filter(|row| !row.is_empty()).collect();
        if rows.is_empty() { vec![vec!["x".to_owned()]] } else { rows }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_end_in_rows_within_the_limits_or_in_a_fault(bytes in prop::collection::vec(any::<u8>(), 0..4_096)) {
        for format in [Format::Csv, Format::Xlsx] {
            if let Ok(table) = read_with(&bytes, format, &Choice::default(), &small()) {
                within(&table);
            }
        }
        let zip = [b"PK\x03\x04".as_slice(), &bytes, b"PK\x05\x06\0\0\0\0\x01\0\x01\0"].concat();
        let _ = read_with(&zip, Format::Xlsx, &Choice::default(), &small());
    }

    #[test]
    fn any_text_within_a_sheet_ends_in_rows_within_the_limits_or_in_a_fault(
        rows in "(<(row|c|v|f|is|t|si)( (r|t|s)=\"(A1|B2|ZZ9|1|s|str|inlineStr|n|b|e|d)\")?>|</(row|c|v|is|t)>|[0-9a-z&;#]{0,4}){0,40}",
        strings in "(<(si|t|r|rPh)>|</(si|t|r|rPh)>|[a-z&;_x0]{0,4}){0,20}",
    ) {
        let bytes = book_with(&rows, &[("xl/sharedStrings.xml", format!("<sst>{strings}</sst>").as_bytes())]);
        if let Ok(table) = read_with(&bytes, Format::Xlsx, &Choice::default(), &small()) {
            within(&table);
        }
    }

    #[test]
    fn a_workbook_with_changed_bytes_ends_in_rows_or_in_a_fault(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = book(r#"<row r="1"><c r="A1" t="str"><v>企业</v></c><c r="B1" s="1"><v>44819</v></c></row>"#);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(table) = read_with(&bytes, Format::Xlsx, &Choice::default(), &small()) {
            within(&table);
        }
    }

    #[test]
    fn what_is_written_as_csv_is_read_unchanged(table in table()) {
        for encoding in [Encoding::Utf8, Encoding::Gb18030] {
            let mut writer = CsvWriter::new(Vec::new(), encoding).unwrap();
            table.iter().for_each(|row| writer.row(row).unwrap());
            let bytes = writer.finish().unwrap();
            let choice = Choice { encoding: Some(encoding), separator: Some(b','), sheet: None };
            let found = read_with(&bytes, Format::Csv, &choice, &Limits::default()).unwrap();
            prop_assert_eq!(&found.texts(), &table);
        }
    }

    #[test]
    fn what_is_written_as_a_workbook_is_read_unchanged(table in table()) {
        let mut writer = XlsxWriter::new("数据", &std::env::temp_dir()).unwrap();
        table.iter().for_each(|row| writer.row(row).unwrap());
        let mut bytes = Cursor::new(Vec::new());
        writer.finish(&mut bytes).unwrap();
        let found = read(&bytes.into_inner(), Format::Xlsx).unwrap();
        prop_assert_eq!(found.texts(), table);
    }

    #[test]
    fn any_text_is_a_date_or_an_amount_or_neither(text in any::<String>()) {
        let _ = sheets::date(&text);
        let _ = sheets::fen(&text);
    }

    #[test]
    fn a_day_is_read_as_it_is_written_in_any_form(days in 0_i32..200_000) {
        use chrono::{Datelike as _, NaiveDate};
        let day = NaiveDate::from_num_days_from_ce_opt(693_596 + days).unwrap();
        for text in [
            day.to_string(),
            format!("{}/{}/{}", day.year(), day.month(), day.day()),
            format!("{}年{}月{}日", day.year(), day.month(), day.day()),
        ] {
            prop_assert_eq!(sheets::date(&text), Some(day));
        }
    }

    #[test]
    fn fen_are_read_as_they_are_written(fen in any::<i64>().prop_filter("MIN", |fen| *fen != i64::MIN)) {
        let sign = if fen < 0 { "-" } else { "" };
        let text = format!("{sign}{}.{:02}", fen.unsigned_abs() / 100, fen.unsigned_abs() % 100);
        prop_assert_eq!(sheets::fen(&text), Ok(fen));
    }
}
