//! Checks of what comes after the enterprise's choice: approvals, confirmations, valuation reports.

use chrono::{Months, NaiveDate};
use proto::common::v1::DocumentRef;
use proto::intake::v1::{Approval, AssetValue, ValuationReport};
use proto::partner::v1::{Confirmation, Confirmed};
use rpc::check::Checker;
use rpc::reasons as shared;

use super::checks::{MAX_FEES_FEN, MAX_RATE_BP};
use super::quotes;
use crate::reasons;

/// Longest number of a document.
const NUMBER: usize = 40;
/// Longest number of an asset.
const ASSET_NUMBER: usize = 64;
/// No dossier names more assets.
const MOST_ASSETS: usize = 500;
/// Longest place in the document store.
const DOCUMENT_ID: usize = 200;
const LEAST_SIGNERS: i32 = 2;
const MOST_SIGNERS: i32 = 100;
/// 评估报告 (domain.md §3.1).
const REPORT: &str = "D11";
/// A report is good for a year at most.
const YEAR: Months = Months::new(12);

/// A bank's approval of the chosen offer. That it does not go beyond the offer is intake's to check.
pub(super) fn approval(check: &mut Checker, approval: &Approval) -> Option<Approval> {
    check.within("approval", |check| {
        let approval_no = number(check, "approval_no", &approval.approval_no);
        check.amount("amount_fen", approval.amount_fen);
        check.term("term_months", approval.term_months);
        if !(1..=MAX_RATE_BP).contains(&approval.annual_rate_bp) {
            check.refuse("annual_rate_bp", &reasons::RATE_OUT_OF_RANGE);
        }
        check.time("approved_at", approval.approved_at.as_ref());
        approval_no
            .filter(|_| check.is_clean())
            .map(|approval_no| Approval { approval_no, ..approval.clone() })
    })
}

pub(super) fn confirmation(check: &mut Checker, given: &Confirmation) -> Option<Confirmed> {
    let document_no =
        check.within("confirmation", |check| number(check, "document_no", &given.document_no))?;
    Some(Confirmed { document_no })
}

/// A report that is complete and adds up, with its last day. `today` is the day in Shanghai.
pub(super) fn report(
    check: &mut Checker,
    report: ValuationReport,
    today: NaiveDate,
) -> Option<(ValuationReport, NaiveDate)> {
    check.within("report", |check| {
        let numbers =
            (number(check, "report_no", &report.report_no), number(check, "licence_no", &report.licence_no));
        check.number("signers", report.signers, LEAST_SIGNERS..=MOST_SIGNERS);
        let valid_until = period(check, &report, today);
        quotes::methods(check, &report.methods);
        values(check, &report);
        check.number("fee_fen", report.fee_fen, 0..=MAX_FEES_FEN);
        if let Some(document) = check.present("document", report.document.as_ref()) {
            check.within("document", |check| document_of_report(check, document));
        }
        let (Some(report_no), Some(licence_no)) = numbers else { return None };
        let valid_until = valid_until.filter(|_| check.is_clean())?;
        Some((ValuationReport { report_no, licence_no, ..report }, valid_until))
    })
}

fn period(check: &mut Checker, report: &ValuationReport, today: NaiveDate) -> Option<NaiveDate> {
    let base = check.date("base_date", &report.base_date);
    let until = check.date("valid_until", &report.valid_until);
    let (base, until) = (base?, until?);
    if base > today {
        check.refuse("base_date", &reasons::DATE_IN_FUTURE);
    }
    let last = base.checked_add_months(YEAR).unwrap_or(NaiveDate::MAX);
    if until <= base || until > last {
        check.refuse("valid_until", &reasons::REPORT_PERIOD_INVALID);
    }
    Some(until)
}

/// Each asset once, and the total is their sum.
fn values(check: &mut Checker, report: &ValuationReport) {
    let known = check.list(&"values", &report.values, 1..=MOST_ASSETS, value);
    let Some(known) = known else { return };
    // Each is at most 30,000,000,000 and there are at most 500, so that the sum fits.
    let sum: i64 = report.values.iter().map(|value| value.value_fen).sum();
    if known.len() == report.values.len() && sum != report.total_fen {
        check.refuse("total_fen", &reasons::TOTAL_WRONG);
    }
}

/// The asset's number, by which a second value for the same asset is found.
fn value(check: &mut Checker, path: String, value: &AssetValue) -> Option<String> {
    let number = check.text(format!("{path}.number"), &value.number, ASSET_NUMBER);
    // Some rights are worth nothing.
    check.number(format!("{path}.value_fen"), value.value_fen, 0..=MAX_FEES_FEN)?;
    number
}

fn document_of_report(check: &mut Checker, document: &DocumentRef) {
    if document.code != REPORT {
        check.refuse("code", &reasons::DOCUMENT_NOT_REPORT);
    }
    check.text("document_id", &document.document_id, DOCUMENT_ID);
    check.sha256("sha256", &document.sha256);
}

/// The number of a document, as its maker numbers it: visible characters without blanks, of nobody's identity.
fn number(check: &mut Checker, field: &str, value: &str) -> Option<String> {
    let number = check.text(field, value, NUMBER)?;
    if number.chars().any(|c| c.is_whitespace() || c.is_control()) {
        check.refuse(field, &shared::FIELD_INVALID);
        return None;
    }
    check.note(field, &number, NUMBER)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::wire::timestamp;

    fn faults<T>(checked: impl FnOnce(&mut Checker) -> Option<T>) -> Vec<(String, &'static str)> {
        let mut check = Checker::new();
        let value = checked(&mut check);
        let faults = match check.finish() {
            Ok(()) => Vec::new(),
            Err(fault) => fault.violations().iter().map(|(path, reason)| (path.clone(), reason.id)).collect(),
        };
        assert_eq!(value.is_some(), faults.is_empty());
        faults
    }

    fn one(field: &str, reason: &'static str) -> Vec<(String, &'static str)> {
        vec![(field.to_owned(), reason)]
    }

    fn approved() -> Approval {
        Approval {
            approval_no: "济示范银审〔2022〕12号".to_owned(),
            amount_fen: 30_000_000_000,
            term_months: 12,
            annual_rate_bp: 435,
            approved_at: Some(timestamp(DateTime::UNIX_EPOCH)),
        }
    }

    fn value_of(number: &str, value_fen: i64) -> AssetValue {
        AssetValue { number: number.to_owned(), value_fen }
    }

    fn reported() -> ValuationReport {
        ValuationReport {
            report_no: "评报字2022-007".to_owned(),
            licence_no: "PG-41-0007".to_owned(),
            signers: 2,
            base_date: "2022-09-15".to_owned(),
            methods: vec![1],
            values: vec![value_of("ZL202010000001.5", 100_000_001), value_of("ZL202010000002.X", 0)],
            total_fen: 100_000_001,
            valid_until: "2023-09-15".to_owned(),
            fee_fen: 500_000,
            document: Some(DocumentRef {
                code: "D11".to_owned(),
                document_id: "reports/7".to_owned(),
                sha256: vec![7; 32],
            }),
        }
    }

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2022, 9, 15).unwrap()
    }

    #[test]
    fn an_approval_is_numbered_and_held_to_the_ranges_of_offers() {
        let of = |given: Approval| faults(|check| approval(check, &given));
        assert!(of(approved()).is_empty());
        for (given, field, reason) in [
            (Approval { approval_no: String::new(), ..approved() }, "approval.approval_no", "FIELD_REQUIRED"),
            (
                Approval { approval_no: "号".repeat(41), ..approved() },
                "approval.approval_no",
                "FIELD_TOO_LONG",
            ),
            (
                Approval { approval_no: "一 二".to_owned(), ..approved() },
                "approval.approval_no",
                "FIELD_INVALID",
            ),
            (
                Approval { approval_no: "13800138000".to_owned(), ..approved() },
                "approval.approval_no",
                "TEXT_HAS_IDENTIFIER",
            ),
            (
                Approval { amount_fen: 30_000_000_001, ..approved() },
                "approval.amount_fen",
                "AMOUNT_OUT_OF_RANGE",
            ),
            (Approval { term_months: 0, ..approved() }, "approval.term_months", "TERM_OUT_OF_RANGE"),
            (
                Approval { annual_rate_bp: 3_601, ..approved() },
                "approval.annual_rate_bp",
                "RATE_OUT_OF_RANGE",
            ),
            (Approval { approved_at: None, ..approved() }, "approval.approved_at", "FIELD_REQUIRED"),
        ] {
            assert_eq!(of(given), one(field, reason));
        }
    }

    #[test]
    fn a_report_adds_up_and_is_good_for_a_year_at_most() {
        let of = |given: ValuationReport| faults(|check| report(check, given, today()));
        assert!(of(reported()).is_empty());
        let twice = vec![value_of("ZL202010000001.5", 1), value_of("ZL202010000001.5", 1)];
        let code = |code: &str| DocumentRef { code: code.to_owned(), ..reported().document.unwrap() };
        let short = DocumentRef { sha256: vec![7; 31], ..reported().document.unwrap() };
        for (given, field, reason) in [
            (ValuationReport { total_fen: 100_000_000, ..reported() }, "report.total_fen", "TOTAL_WRONG"),
            (ValuationReport { signers: 1, ..reported() }, "report.signers", "NUMBER_OUT_OF_RANGE"),
            (
                ValuationReport { base_date: "2022-09-16".to_owned(), ..reported() },
                "report.base_date",
                "DATE_IN_FUTURE",
            ),
            (
                ValuationReport { valid_until: "2023-09-16".to_owned(), ..reported() },
                "report.valid_until",
                "REPORT_PERIOD_INVALID",
            ),
            (
                ValuationReport { valid_until: "2022-09-15".to_owned(), ..reported() },
                "report.valid_until",
                "REPORT_PERIOD_INVALID",
            ),
            (
                ValuationReport { valid_until: "2023-9-1".to_owned(), ..reported() },
                "report.valid_until",
                "DATE_INVALID",
            ),
            (ValuationReport { values: vec![], ..reported() }, "report.values", "FIELD_REQUIRED"),
            (
                ValuationReport { values: twice, total_fen: 2, ..reported() },
                "report.values[1]",
                "FIELD_REPEATED",
            ),
            (
                ValuationReport { values: vec![value_of("ZL1", -1)], total_fen: -1, ..reported() },
                "report.values[0].value_fen",
                "NUMBER_OUT_OF_RANGE",
            ),
            (ValuationReport { methods: vec![], ..reported() }, "report.methods", "FIELD_REQUIRED"),
            (ValuationReport { document: None, ..reported() }, "report.document", "FIELD_REQUIRED"),
            (
                ValuationReport { document: Some(code("D10")), ..reported() },
                "report.document.code",
                "DOCUMENT_NOT_REPORT",
            ),
            (
                ValuationReport { document: Some(short), ..reported() },
                "report.document.sha256",
                "DIGEST_INVALID",
            ),
            (
                ValuationReport { licence_no: String::new(), ..reported() },
                "report.licence_no",
                "FIELD_REQUIRED",
            ),
        ] {
            assert_eq!(of(given), one(field, reason));
        }
    }
}
