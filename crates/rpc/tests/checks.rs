//! Every rule of the checker, and all violations at once.

use std::time::Duration;

use kernel::{AssetId, CaseId, IpType};
use prost_types::Timestamp;
use rpc::Fault;
use rpc::check::{Checker, page_token};

type Found = Vec<(&'static str, String)>;

fn found(fault: &Fault) -> Found {
    fault.violations().iter().map(|(path, reason)| (reason.id, path.clone())).collect()
}

/// The single violation that `rule` finds, or none.
fn one<T>(rule: impl FnOnce(&mut Checker) -> Option<T>) -> Option<&'static str> {
    let mut check = Checker::new();
    let value = rule(&mut check);
    let fault = check.finish().err();
    assert_eq!(value.is_none(), fault.is_some(), "a value or a violation");
    fault.map(|fault| found(&fault)[0].0)
}

#[test]
fn texts_are_measured_in_characters_after_trimming() {
    for (text, expected) in [
        ("", Some("FIELD_REQUIRED")),
        (" \n\t ", Some("FIELD_REQUIRED")),
        ("知产质押", None),
        ("  知产质押  ", None),
        ("知产质押融", Some("FIELD_TOO_LONG")),
        ("a\u{0}b", Some("FIELD_INVALID")),
        ("a\nb", None),
    ] {
        assert_eq!(one(|check| check.text("purpose", text, 4)), expected, "{text:?}");
    }
    assert_eq!(one(|check| check.optional_text("note", "", 4)), None);
    assert_eq!(one(|check| check.note("note", "请补充近两年财报", 200)), None);
    assert_eq!(one(|check| check.note("note", "请致电 13800000000", 200)), Some("TEXT_HAS_IDENTIFIER"));
}

#[test]
fn codes_numbers_and_amounts_have_their_ranges() {
    for (number, expected) in
        [(0, Some("ENUM_UNSPECIFIED")), (1, None), (99, Some("ENUM_UNKNOWN")), (-1, Some("ENUM_UNKNOWN"))]
    {
        assert_eq!(one(|check| check.code("type", number, IpType::from_number)), expected, "{number}");
    }
    for (fen, expected) in [
        (0, Some("AMOUNT_OUT_OF_RANGE")),
        (-1, Some("AMOUNT_OUT_OF_RANGE")),
        (1, None),
        (30_000_000_000, None),
        (30_000_000_001, Some("AMOUNT_OUT_OF_RANGE")),
        (i64::MAX, Some("AMOUNT_OUT_OF_RANGE")),
    ] {
        assert_eq!(one(|check| check.amount("amount_fen", fen)), expected, "{fen}");
    }
    for (months, expected) in
        [(0, Some("TERM_OUT_OF_RANGE")), (1, None), (120, None), (121, Some("TERM_OUT_OF_RANGE"))]
    {
        assert_eq!(one(|check| check.term("term_months", months)), expected, "{months}");
    }
    assert_eq!(one(|check| check.number("wait_seconds", 61, 0..=60)), Some("NUMBER_OUT_OF_RANGE"));
    assert_eq!(one(|check| check.present("application", None::<i32>)), Some("FIELD_REQUIRED"));
}

#[test]
fn ids_dates_times_and_digests_have_one_form() {
    for (text, expected) in [
        ("", Some("FIELD_REQUIRED")),
        ("1", Some("UUID_INVALID")),
        ("0190a6c0-0000-7000-8000-000000000001", None),
        ("0190a6c000007000800000000000000", Some("UUID_INVALID")),
    ] {
        assert_eq!(one(|check| check.id::<CaseId>("case_id", text)), expected, "{text}");
    }
    assert_eq!(one(|check| check.request_id("")), Some("REQUEST_ID_INVALID"));
    for (text, expected) in [
        ("", Some("FIELD_REQUIRED")),
        ("2024-02-29", None),
        ("2023-02-29", Some("DATE_INVALID")),
        ("2024-2-29", Some("DATE_INVALID")),
        ("20240229", Some("DATE_INVALID")),
        ("1899-12-31", Some("DATE_INVALID")),
        ("+999-01-01", Some("DATE_INVALID")),
    ] {
        assert_eq!(one(|check| check.date("grant_date", text)), expected, "{text}");
    }
    assert_eq!(one(|check| check.optional_date("grant_date", "")), None);
    for (seconds, nanos, expected) in [
        (0, 0, None),
        (1_700_000_000, 999_999_999, None),
        (0, -1, Some("TIME_INVALID")),
        (0, 1_000_000_000, Some("TIME_INVALID")),
        (i64::MAX, 0, Some("TIME_INVALID")),
        (-10_000_000_000, 0, Some("TIME_INVALID")),
    ] {
        assert_eq!(
            one(|check| check.time("signed_at", Some(&Timestamp { seconds, nanos }))),
            expected,
            "{seconds}"
        );
    }
    assert_eq!(one(|check| check.time("signed_at", None)), Some("FIELD_REQUIRED"));
    assert_eq!(one(|check| check.sha256("sha256", &[1; 32])), None);
    assert_eq!(one(|check| check.sha256("sha256", &[1; 31])), Some("DIGEST_INVALID"));
    assert_eq!(one(|check| check.sha256("sha256", &[])), Some("FIELD_REQUIRED"));
}

#[test]
fn pages_have_a_size_and_an_opaque_cursor() {
    for (size, expected) in
        [(0, Ok(50)), (200, Ok(200)), (201, Err("PAGE_SIZE_INVALID")), (-1, Err("PAGE_SIZE_INVALID"))]
    {
        let mut check = Checker::new();
        let value = check.page_size(size, 50, 200);
        assert_eq!(check.finish().map(|()| value.unwrap()).map_err(|fault| fault.reason().id), expected);
    }
    let cursor = (7_i64, "0190a6c0-0000-7000-8000-000000000001".parse::<CaseId>().unwrap());
    let token = page_token(&cursor);
    let mut check = Checker::new();
    assert_eq!(check.page_token::<(i64, CaseId)>(&token), Some(Some(cursor)));
    assert_eq!(check.page_token::<(i64, CaseId)>(""), Some(None));
    for bad in ["%", "AAAA", &"A".repeat(10_000), &page_token(&"another method's")] {
        assert_eq!(
            one(|check| check.page_token::<(i64, CaseId)>(bad)),
            Some("PAGE_TOKEN_INVALID"),
            "{bad:.20}"
        );
    }
}

#[test]
fn lists_are_counted_first_and_hold_each_value_once() {
    let id = "0190a6c0-0000-7000-8000-000000000001".to_owned();
    let many = vec!["nonsense".to_owned(); 10_000];
    let mut check = Checker::new();
    assert_eq!(check.ids::<AssetId>("asset_ids", &many, 1..=200), None);
    assert_eq!(found(&check.finish().unwrap_err()), [("TOO_MANY", "asset_ids".to_owned())]);

    let mut check = Checker::new();
    assert_eq!(check.ids::<AssetId>("asset_ids", &[id.clone(), "x".into(), id], 1..=200), None);
    let expected =
        [("UUID_INVALID", "asset_ids[1]".to_owned()), ("FIELD_REPEATED", "asset_ids[2]".to_owned())];
    assert_eq!(found(&check.finish().unwrap_err()), expected);

    assert_eq!(one(|check| check.ids::<AssetId>("asset_ids", &[], 1..=200)), Some("FIELD_REQUIRED"));
    let mut check = Checker::new();
    let types = check.codes("types", &[1, 2], 5, IpType::from_number);
    assert_eq!(check.all((types,)).unwrap().0, [IpType::Invention, IpType::Utility]);
}

#[test]
fn everything_wrong_is_told_at_once_by_its_path() {
    let mut check = Checker::new();
    let request_id = check.request_id("x");
    let (amount, term) = check.within("application", |check| {
        let term = check.within("terms[2]", |check| check.term("months", 0));
        (check.amount("amount_fen", 0), term)
    });
    check.refuse("channel", &rpc::reasons::ENUM_UNKNOWN);
    assert!(!check.is_clean());
    let fault = check.all((request_id, amount, term)).unwrap_err();
    assert_eq!(fault.reason().id, "REQUEST_ID_INVALID");
    assert_eq!(
        found(&fault),
        [
            ("REQUEST_ID_INVALID", "request_id".to_owned()),
            ("TERM_OUT_OF_RANGE", "application.terms[2].months".to_owned()),
            ("AMOUNT_OUT_OF_RANGE", "application.amount_fen".to_owned()),
            ("ENUM_UNKNOWN", "channel".to_owned()),
        ]
    );
}

#[test]
fn a_handler_that_forgets_to_check_gets_no_values() {
    let fault = Checker::new().all((Some(1), None::<i32>)).unwrap_err();
    assert_eq!(fault.reason().id, "INTERNAL");
    assert_eq!(Checker::new().all((Some(1), Some("a"))).unwrap(), (1, "a"));
}

#[test]
fn violations_stay_small_enough_for_headers() {
    let mut check = Checker::new();
    for index in 0..10_000 {
        check.refuse(format!("asset_ids[{index}]"), &rpc::reasons::UUID_INVALID);
    }
    let status: tonic::Status = check.finish().unwrap_err().retry_after(Duration::from_secs(1)).into();
    assert!(status.details().len() < 6_000, "{}", status.details().len());
}
