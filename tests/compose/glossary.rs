//! `docs/GLOSSARY.md` against the code: its tables are the code tables, and its identifiers occur in the contracts or
//! the code.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{
    DeclineReason, DocumentCode, EnhancementMode, EnterpriseSize, Grade, InstitutionRole, IpType,
    Qualification, RateKind, RepaymentMethod,
};

use crate::compose::{root, text};

/// Number, code, Chinese name.
type Row = (String, String, String);

/// The tables under headings of the third level, by the identifier that ends the heading.
fn tables(page: &str) -> BTreeMap<String, Vec<Vec<String>>> {
    let mut tables: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    let mut heading = String::new();
    for line in page.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            heading = title.rsplit(' ').next().unwrap_or_default().trim_matches('`').to_owned();
        } else if line.starts_with("## ") {
            heading.clear();
        } else if line.starts_with('|') && !heading.is_empty() {
            let cells: Vec<String> = line
                .trim_matches('|')
                .split('|')
                .map(|cell| cell.trim().trim_matches('`').to_owned())
                .collect();
            tables.entry(heading.clone()).or_default().push(cells);
        }
    }
    // The first two lines of a table are its head.
    tables.values_mut().for_each(|rows| drop(rows.drain(..2)));
    tables
}

macro_rules! code_tables {
    ($($table:ident),+) => {
        [$((
            stringify!($table),
            $table::ALL
                .iter()
                .map(|value| (value.number().to_string(), value.code().to_owned(), value.chinese().to_owned()))
                .collect::<Vec<Row>>(),
        )),+]
    };
}

#[test]
fn every_code_table_stands_in_the_glossary_word_for_word_and_no_other_does() {
    let ours: BTreeMap<&str, Vec<Row>> = code_tables![
        IpType,
        InstitutionRole,
        RepaymentMethod,
        EnhancementMode,
        DeclineReason,
        Qualification,
        EnterpriseSize,
        Grade,
        RateKind,
        DocumentCode
    ]
    .into();
    let enums =
        text("proto/zhirong/common/v1/codes.proto").lines().filter(|line| line.starts_with("enum ")).count();
    assert_eq!(ours.len(), enums + 1, "a code table is missing above: the contract's, and the documents'");
    let page = tables(&text("docs/GLOSSARY.md"));
    assert_eq!(page.keys().map(String::as_str).collect::<Vec<_>>(), ours.keys().copied().collect::<Vec<_>>());
    for (name, rows) in ours {
        let written: Vec<Row> =
            page[name].iter().map(|row| (row[0].clone(), row[1].clone(), row[2].clone())).collect();
        assert_eq!(written, rows, "{name}");
    }
}

/// Rows `| 中文 | English | identifier | … |` of the part with the terms.
fn terms(page: &str) -> Vec<Vec<String>> {
    let part = page.split("\n## Terms").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = part.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

#[test]
fn every_identifier_of_the_glossary_occurs_in_the_contracts_or_the_code() {
    let mut code = String::new();
    for folder in ["proto", "crates", "services"] {
        read_all(&root().join(folder), &mut code);
    }
    let page = text("docs/GLOSSARY.md");
    let rows = terms(&page);
    assert!(rows.len() > 30, "{} terms", rows.len());
    let mut seen = BTreeSet::new();
    for row in rows {
        let [chinese, english, identifiers, ..] = row.as_slice() else { panic!("{row:?}") };
        assert!(!chinese.is_empty() && !english.is_empty() && seen.insert(chinese.clone()), "{row:?}");
        let identifiers: Vec<&str> = identifiers.split('`').skip(1).step_by(2).collect();
        assert!(!identifiers.is_empty(), "{chinese} has no identifier");
        for identifier in identifiers {
            assert!(code.contains(identifier), "{identifier} ({chinese}) occurs nowhere");
        }
    }
}

fn read_all(folder: &std::path::Path, into: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, into);
        } else if path.extension().is_some_and(|ending| ["rs", "proto", "sql"].iter().any(|of| ending == *of))
        {
            into.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}
