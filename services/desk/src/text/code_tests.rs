//! Every code that other roles emit has words here. The contract carries codes as text, so the tables are held to the
//! sources that emit them: a kind or cause that is added there fails here until it has its Chinese.

use super::{deadline, entry, reason};

const EVENTS: &str = include_str!("../../../intake/src/domain/event.rs");
const CASES: &str = include_str!("../../../intake/src/domain/case.rs");
const APPLIED: &str = include_str!("../../../intake/src/domain/apply.rs");
const SCREENED: &str = include_str!("../../../intake/src/domain/plan.rs");
const PLANNED: &str = include_str!("../../../intake/src/work/planner.rs");
const ANSWERED: &str = include_str!("../../../intake/src/wire/planning.rs");
const PREVIEWED: &str = include_str!("../../../intake/src/rpc/preview.rs");
const DEADLINES: &str = include_str!("../../../intake/src/store/deadlines.rs");
const MATCHED: &str = include_str!("../../../catalog/src/domain/matching.rs");
const CONSENTS: &str = include_str!("../../../whitelist/src/domain/consent.rs");

/// The codes that stand in quotes within `source`, tests aside.
fn codes(source: &str) -> Vec<&str> {
    let own = source.split("#[cfg(test)]").next().unwrap();
    let is_code = |text: &&str| {
        text.len() > 3
            && text.chars().all(|sign| sign.is_ascii_uppercase() || sign == '_' || sign.is_ascii_digit())
    };
    own.split('"').skip(1).step_by(2).filter(is_code).collect()
}

/// The codes of one function of one type.
fn codes_of<'a>(source: &'a str, of: &str, name: &str) -> Vec<&'a str> {
    let body = source
        .split_once(&format!("impl {of} {{"))
        .and_then(|(_, rest)| rest.split_once(&format!("pub fn {name}(")))
        .and_then(|(_, rest)| rest.split_once("\n    }\n"))
        .map(|(body, _)| body)
        .unwrap_or_else(|| panic!("{of}::{name} is not where it was"));
    let found = codes(body);
    assert!(!found.is_empty(), "{of}::{name} has no codes");
    found
}

fn is_chinese(text: &str) -> bool {
    text.chars().any(|sign| ('\u{4e00}'..='\u{9fff}').contains(&sign))
}

#[test]
fn every_kind_of_the_timeline_is_told_in_chinese() {
    let kinds = codes_of(EVENTS, "Event", "kind");
    assert!(kinds.len() >= 39, "{}", kinds.len());
    for kind in kinds {
        assert!(is_chinese(&entry(kind)), "{kind}");
    }
}

#[test]
fn every_cause_and_reason_of_a_case_is_told_in_chinese() {
    let mut all: Vec<&str> = Vec::new();
    for cause in ["WithdrawCause", "ExpiryCause", "ReopenCause"] {
        all.extend(codes_of(CASES, cause, "code"));
    }
    all.extend(codes_of(MATCHED, "FitReason", "code"));
    all.extend(codes_of(MATCHED, "MisfitReason", "code"));
    all.extend(codes_of(CONSENTS, "Denial", "code"));
    // Reasons that intake gives by itself, where it gives them.
    for (source, among) in [
        (APPLIED, "NO_OFFER_LAPSED"),
        (SCREENED, "ENTERPRISE_UNKNOWN"),
        (PLANNED, "NOTHING_CHANGED"),
        (ANSWERED, "NO_PRODUCT"),
        (PREVIEWED, "VALUATION"),
    ] {
        let given = codes(source);
        assert!(given.contains(&among), "{among} is not where it was");
        all.extend(given);
    }
    assert!(all.len() > 50, "{}", all.len());
    for code in all {
        assert!(is_chinese(&reason(code)), "{code}");
    }
    for code in (1..=15).map(|number| format!("HX{number:02}")) {
        assert!(is_chinese(&reason(&code)), "{code}");
    }
}

#[test]
fn every_deadline_that_a_person_can_miss_has_a_name() {
    for kind in codes_of(DEADLINES, "Kind", "code") {
        // Planning, and telling the chosen again, are intake's own work.
        assert_eq!(deadline(kind).is_none(), ["PLAN", "CHOSEN"].contains(&kind), "{kind}");
    }
}

#[test]
fn codes_have_names_and_unknown_ones_are_shown_as_they_are() {
    assert_eq!(reason("D04"), "D04 近两年财报及近期报表");
    assert_eq!(reason("R05"), "现金流不足");
    assert_eq!(reason("SOMETHING_NEW"), "SOMETHING_NEW");
    assert_eq!(reason("HX01"), "HX01 失信被执行人");
    assert_eq!(entry("CASE_ACCEPTED"), "受理");
    assert_eq!(entry("NEW_KIND"), "NEW_KIND");
}
