//! Checks of request fields that only the partner edge has.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use kernel::{DeclineReason, DocumentCode, EnhancementMode, EventId, LegId, ProductId, RepaymentMethod};
use proto::intake::v1::Offer;
use proto::partner::v1::{Decline, DeclineGiven, SupplementAsked};
use rpc::check::Checker;
use rpc::reasons as shared;

use crate::reasons;
use crate::wire::{ASSIGNMENTS, EVENTS, PRODUCTS};

/// Longest staff number.
const PERSON: usize = 64;
/// Longest free text, in characters.
const TEXT: usize = 200;
/// The highest nominal yearly rate: 36 %.
pub(super) const MAX_RATE_BP: i32 = 3600;
/// Fees may be nothing, and never more than the largest amount.
pub(super) const MAX_FEES_FEN: i64 = 30_000_000_000;

/// The field `name` of an assignment.
pub(super) fn assignment(check: &mut Checker, name: &str) -> Option<LegId> {
    resource(check, "name", name, ASSIGNMENTS)
}

/// The field `name` of a product.
pub(super) fn product(check: &mut Checker, name: &str) -> Option<ProductId> {
    resource(check, "name", name, PRODUCTS)
}

/// The name of an event, at this place of the list.
pub(super) fn event(check: &mut Checker, place: usize, name: &str) -> Option<EventId> {
    resource(check, &format!("names[{place}]"), name, EVENTS)
}

fn resource<T: FromStr>(check: &mut Checker, field: &str, name: &str, collection: &str) -> Option<T> {
    let id = name.strip_prefix(collection).and_then(|id| id.parse().ok());
    if id.is_none() {
        let reason = if name.is_empty() { &shared::FIELD_REQUIRED } else { &shared::FIELD_INVALID };
        check.refuse(field, reason);
    }
    id
}

/// The field `acted_by`: a staff number, never a name or an identity number.
pub(super) fn person(check: &mut Checker, value: &str) -> Option<String> {
    if value.is_empty() {
        check.refuse("acted_by", &shared::FIELD_REQUIRED);
        return None;
    }
    let person = check.note("acted_by", value, PERSON)?;
    if person.bytes().all(|byte| byte.is_ascii_graphic()) && !person.is_empty() {
        Some(person)
    } else {
        check.refuse("acted_by", &shared::FIELD_INVALID);
        None
    }
}

/// An offer whose shape is good. Whether it is still valid is a question of time, see [`crate::store::Act`].
pub(super) fn offer(check: &mut Checker, offer: Offer) -> Option<(Offer, DateTime<Utc>)> {
    check.within("offer", |check| {
        let valid_until = check.time("valid_until", offer.valid_until.as_ref());
        check.number("offer_seq", offer.offer_seq, 1..=i32::MAX);
        check.amount("amount_fen", offer.amount_fen);
        check.term("term_months", offer.term_months);
        if !(1..=MAX_RATE_BP).contains(&offer.annual_rate_bp) {
            check.refuse("annual_rate_bp", &reasons::RATE_OUT_OF_RANGE);
        }
        check.code("repayment", offer.repayment, RepaymentMethod::from_number);
        check.code("enhancement", offer.enhancement, EnhancementMode::from_number);
        check.number("fees_fen", offer.fees_fen, 0..=MAX_FEES_FEN);
        valid_until.filter(|_| check.is_clean()).map(|until| (offer, until))
    })
}

pub(super) fn decline(check: &mut Checker, decline: &Decline) -> Option<DeclineGiven> {
    check.within("decline", |check| {
        let reason = check.code("reason", decline.reason, DeclineReason::from_number);
        let text = check.note("text", &decline.text, TEXT);
        if reason.is_some_and(DeclineReason::needs_text) && text.as_deref() == Some("") {
            check.refuse("text", &reasons::DECLINE_TEXT_REQUIRED);
            return None;
        }
        Some(DeclineGiven { reason: reason?.number(), text: text? })
    })
}

pub(super) fn question(check: &mut Checker, codes: &[String], note: &str) -> Option<SupplementAsked> {
    let codes = check.list(&"document_codes", codes, 1..=DocumentCode::ALL.len(), |check, path, code| {
        let known = DocumentCode::from_code(code);
        if known.is_none() {
            check.refuse(path, &reasons::DOCUMENT_CODE_UNKNOWN);
        }
        known
    });
    let note = check.note("note", note, TEXT);
    let document_codes = codes?.into_iter().map(|code| code.code().to_owned()).collect();
    Some(SupplementAsked { document_codes, note: note? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::timestamp;

    fn good() -> Offer {
        Offer {
            offer_seq: 1,
            amount_fen: 300_000_000,
            term_months: 12,
            annual_rate_bp: 435,
            repayment: RepaymentMethod::InterestFirst.number(),
            enhancement: EnhancementMode::IpOnly.number(),
            fees_fen: 0,
            valid_until: Some(timestamp(DateTime::UNIX_EPOCH)),
        }
    }

    fn faults(offered: Offer) -> Vec<(String, &'static str)> {
        let mut check = Checker::new();
        let checked = offer(&mut check, offered);
        let violations = match check.finish() {
            Ok(()) => Vec::new(),
            Err(fault) => fault.violations().iter().map(|(path, reason)| (path.clone(), reason.id)).collect(),
        };
        assert_eq!(checked.is_some(), violations.is_empty());
        violations
    }

    #[test]
    fn an_offer_is_taken_to_the_ends_of_its_ranges_and_no_further() {
        assert!(faults(good()).is_empty());
        let taken = [
            Offer { amount_fen: 1, term_months: 1, annual_rate_bp: 1, ..good() },
            Offer { amount_fen: 30_000_000_000, term_months: 120, annual_rate_bp: 3600, ..good() },
            Offer { fees_fen: 30_000_000_000, offer_seq: i32::MAX, ..good() },
        ];
        for offered in taken {
            assert!(faults(offered).is_empty(), "{offered:?}");
        }
        let refused = [
            (Offer { amount_fen: 0, ..good() }, "offer.amount_fen", "AMOUNT_OUT_OF_RANGE"),
            (Offer { amount_fen: 30_000_000_001, ..good() }, "offer.amount_fen", "AMOUNT_OUT_OF_RANGE"),
            (Offer { term_months: 0, ..good() }, "offer.term_months", "TERM_OUT_OF_RANGE"),
            (Offer { term_months: 121, ..good() }, "offer.term_months", "TERM_OUT_OF_RANGE"),
            (Offer { annual_rate_bp: 0, ..good() }, "offer.annual_rate_bp", "RATE_OUT_OF_RANGE"),
            (Offer { annual_rate_bp: 3601, ..good() }, "offer.annual_rate_bp", "RATE_OUT_OF_RANGE"),
            (Offer { offer_seq: 0, ..good() }, "offer.offer_seq", "NUMBER_OUT_OF_RANGE"),
            (Offer { fees_fen: -1, ..good() }, "offer.fees_fen", "NUMBER_OUT_OF_RANGE"),
            (Offer { fees_fen: 30_000_000_001, ..good() }, "offer.fees_fen", "NUMBER_OUT_OF_RANGE"),
            (Offer { repayment: 0, ..good() }, "offer.repayment", "ENUM_UNSPECIFIED"),
            (Offer { repayment: 6, ..good() }, "offer.repayment", "ENUM_UNKNOWN"),
            (Offer { enhancement: 8, ..good() }, "offer.enhancement", "ENUM_UNKNOWN"),
            (Offer { valid_until: None, ..good() }, "offer.valid_until", "FIELD_REQUIRED"),
        ];
        for (offered, field, reason) in refused {
            assert_eq!(faults(offered), [(field.to_owned(), reason)], "{offered:?}");
        }
        let all_wrong = Offer { amount_fen: 0, term_months: 0, annual_rate_bp: 0, ..good() };
        assert_eq!(faults(all_wrong).len(), 3, "everything that is wrong is told at once");
    }

    #[test]
    fn a_refusal_needs_a_reason_and_r99_needs_words_without_identifiers() {
        let table = [
            (8, "", Ok(())),
            (99, "已有同类授信", Ok(())),
            (99, "", Err("DECLINE_TEXT_REQUIRED")),
            (99, "   ", Err("DECLINE_TEXT_REQUIRED")),
            (0, "", Err("ENUM_UNSPECIFIED")),
            (11, "", Err("ENUM_UNKNOWN")),
            (1, "请致电13800138000", Err("TEXT_HAS_IDENTIFIER")),
            (1, "企业91419001MA9ABC128H", Err("TEXT_HAS_IDENTIFIER")),
        ];
        for (reason, text, expected) in table {
            let mut check = Checker::new();
            let given = decline(&mut check, &Decline { reason, text: text.to_owned() });
            let outcome = check.finish().map_err(|fault| fault.reason().id);
            assert_eq!(outcome, expected, "{reason} {text}");
            assert_eq!(given.is_some(), expected.is_ok());
        }
        let mut check = Checker::new();
        decline(&mut check, &Decline { reason: 1, text: "长".repeat(201) });
        assert_eq!(check.finish().map_err(|fault| fault.reason().id), Err("FIELD_TOO_LONG"));
    }

    #[test]
    fn the_acting_person_is_a_staff_number() {
        let table = [
            ("B0172", None),
            ("", Some("FIELD_REQUIRED")),
            ("   ", Some("FIELD_INVALID")),
            ("张三", Some("FIELD_INVALID")),
            ("11010519491231002X", Some("TEXT_HAS_IDENTIFIER")),
        ];
        for (value, expected) in table {
            let mut check = Checker::new();
            let checked = person(&mut check, value);
            assert_eq!(check.finish().err().map(|fault| fault.reason().id), expected, "{value}");
            assert_eq!(checked.is_some(), expected.is_none());
        }
    }

    #[test]
    fn names_are_read_with_their_collection_only() {
        let id = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
        for (name, good) in [
            (format!("assignments/{id}"), true),
            (id.to_owned(), false),
            (format!("events/{id}"), false),
            ("assignments/x".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(assignment(&mut Checker::new(), &name).is_some(), good, "{name}");
        }
    }
}
