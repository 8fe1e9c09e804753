//! What a fault says on the wire, and what it does not.

use std::collections::BTreeSet;
use std::time::Duration;

use rpc::{Fault, reasons, status};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

#[test]
fn every_reason_has_a_name_of_its_own_and_a_text_that_says_what_to_do() {
    let mut seen = BTreeSet::new();
    for reason in reasons::ALL {
        assert!(seen.insert(reason.id), "{} occurs twice", reason.id);
        assert!(reason.id.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') && reason.id.len() <= 63);
        assert!(
            reason.text.ends_with('。') && reason.text.contains(['请', '须']),
            "{}: {}",
            reason.id,
            reason.text
        );
        assert_ne!(reason.code, Code::Ok);
        assert_ne!(reason.code, Code::Unknown);
    }
    assert!(seen.len() >= 30);
}

#[test]
fn a_fault_carries_one_reason_its_fields_and_a_chinese_text() {
    let fault = Fault::new(&reasons::AMOUNT_OUT_OF_RANGE)
        .field("application.amount_fen")
        .violation("application.term_months", &reasons::TERM_OUT_OF_RANGE)
        .metadata("max_fen", "30000000000");
    let status = Status::from(fault);
    assert_eq!(status.code(), Code::InvalidArgument);
    let info = status.get_details_error_info().unwrap();
    assert_eq!((info.reason.as_str(), info.domain.as_str()), ("AMOUNT_OUT_OF_RANGE", "zhirong"));
    assert_eq!(status::metadata(&status, "max_fen").as_deref(), Some("30000000000"));
    let text = status.get_details_localized_message().unwrap();
    assert_eq!((text.locale.as_str(), text.message.as_str()), ("zh-CN", reasons::AMOUNT_OUT_OF_RANGE.text));
    let expected = [
        ("application.amount_fen".to_owned(), "AMOUNT_OUT_OF_RANGE".to_owned()),
        ("application.term_months".to_owned(), "TERM_OUT_OF_RANGE".to_owned()),
    ];
    assert_eq!(status::violations(&status), expected);
    assert!(status.get_details_retry_info().is_none());
    assert!(!status::is_retryable(&status));
}

#[test]
fn a_retryable_fault_says_when() {
    let status = Status::from(Fault::new(&reasons::OVERLOADED).retry_after(Duration::from_secs(7)));
    assert!(status::is_retryable(&status));
    let delay = status.get_details_retry_info().unwrap().retry_delay;
    assert_eq!(delay, Some(Duration::from_secs(7)));
    let default = Status::from(Fault::new(&reasons::UNAVAILABLE));
    assert!(default.get_details_retry_info().unwrap().retry_delay.is_some());
}

#[test]
fn a_cause_is_never_sent_but_can_be_found() {
    let secret = "password=hunter2";
    let status = Status::from(Fault::new(&reasons::INTERNAL).source(secret));
    let everything =
        format!("{} {:?} {}", status.message(), status, String::from_utf8_lossy(status.details()));
    assert!(!everything.contains("hunter2"), "{everything}");
    assert_eq!(status::metadata(&status, "error_id").unwrap().len(), 36);
    assert_eq!(status::metadata(&Fault::new(&reasons::NOT_FOUND).into(), "error_id"), None);
}

#[test]
fn the_database_is_away_in_conflict_or_wrong() {
    for (error, expected) in [
        (sqlx::Error::PoolTimedOut, "UNAVAILABLE"),
        (sqlx::Error::PoolClosed, "UNAVAILABLE"),
        (sqlx::Error::Io(std::io::ErrorKind::ConnectionRefused.into()), "UNAVAILABLE"),
        (sqlx::Error::RowNotFound, "INTERNAL"),
    ] {
        assert_eq!(Fault::from(error).reason().id, expected);
    }
}

#[test]
fn a_peer_that_is_away_is_retryable_and_a_peer_that_refuses_is_not() {
    for (status, expected) in [
        (Status::unavailable("connection refused"), "UNAVAILABLE"),
        (Fault::new(&reasons::DEADLINE_EXCEEDED).into(), "UNAVAILABLE"),
        (Fault::new(&reasons::PERMISSION_DENIED).into(), "INTERNAL"),
        (Status::internal("secret"), "INTERNAL"),
    ] {
        let fault = Fault::of_peer("catalog", status);
        assert_eq!(fault.reason().id, expected);
        let cause = std::error::Error::source(&fault).unwrap().to_string();
        assert!(cause.starts_with("catalog answered") && !cause.contains("secret"), "{cause}");
    }
}
