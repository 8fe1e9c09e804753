//! Checks of what evaluators, insurers and guarantors offer (domain.md §4.5). What depends on the amount and the term
//! asked, such as the premium to the fen, is for insurance to check: they are not known here.

use chrono::{DateTime, Utc};
use proto::insurance::v1::{
    CounterGuarantee, GuaranteeCommitment, InsuranceKind, InsurerQuote, RiskShare, SumInsuredBasis,
};
use proto::intake::v1::{ValuationMethod, ValuationQuote};
use rpc::check::Checker;
use rpc::reasons as shared;

use super::checks::{MAX_FEES_FEN, MAX_RATE_BP};
use crate::reasons;

/// The whole, in basis points.
const WHOLE_BP: i32 = 10_000;
/// Solvency that an insurer of loans must have: core and comprehensive.
const LEAST_CORE_BP: i32 = 7_500;
const LEAST_COMPREHENSIVE_BP: i32 = 15_000;
/// No published solvency is higher than a hundredfold.
const MOST_SOLVENCY_BP: i32 = 1_000_000;
const MOST_CONDITIONS: usize = 20;
/// Longest code of a condition.
const CONDITION: usize = 40;

/// The methods of a valuation: at least one, each once.
pub(super) fn methods(check: &mut Checker, methods: &[i32]) {
    check.list(&"methods", methods, 1..=3, |check, path, number| {
        check.code(path, *number, |number| ValuationMethod::try_from(number).ok())
    });
}

pub(super) fn valuation(
    check: &mut Checker,
    quote: ValuationQuote,
) -> Option<(ValuationQuote, DateTime<Utc>)> {
    check.within("valuation", |check| {
        let valid_until = check.time("valid_until", quote.valid_until.as_ref());
        check.number("quote_seq", quote.quote_seq, 1..=i32::MAX);
        check.number("fee_fen", quote.fee_fen, 0..=MAX_FEES_FEN);
        check.number("report_working_days", quote.report_working_days, 1..=60);
        methods(check, &quote.methods);
        valid_until.filter(|_| check.is_clean()).map(|until| (quote, until))
    })
}

pub(super) fn insurance(check: &mut Checker, quote: InsurerQuote) -> Option<(InsurerQuote, DateTime<Utc>)> {
    check.within("insurance", |check| {
        let valid_until = check.time("valid_until", quote.valid_until.as_ref());
        check.number("quote_seq", quote.quote_seq, 1..=i32::MAX);
        check.code("kind", quote.kind, |number| InsuranceKind::try_from(number).ok());
        check.code("basis", quote.basis, |number| SumInsuredBasis::try_from(number).ok());
        check.amount("amount_fen", quote.amount_fen);
        check.number("coverage_bp", quote.coverage_bp, 1..=WHOLE_BP);
        if !(1..=MAX_RATE_BP).contains(&quote.annual_premium_bp) {
            check.refuse("annual_premium_bp", &reasons::RATE_OUT_OF_RANGE);
        }
        check.number("min_premium_fen", quote.min_premium_fen, 0..=MAX_FEES_FEN);
        check.number("premium_fen", quote.premium_fen, 0..=MAX_FEES_FEN);
        check.number("waiting_days", quote.waiting_days, 0..=365);
        check.number("deductible_bp", quote.deductible_bp, 0..=WHOLE_BP);
        check.number("deductible_abs_fen", quote.deductible_abs_fen, 0..=MAX_FEES_FEN);
        check.term("max_term_months", quote.max_term_months);
        check.list(&"conditions", &quote.conditions, 0..=MOST_CONDITIONS, condition);
        solvency(check, "core_solvency_bp", quote.core_solvency_bp, LEAST_CORE_BP);
        let comprehensive = quote.comprehensive_solvency_bp;
        solvency(check, "comprehensive_solvency_bp", comprehensive, LEAST_COMPREHENSIVE_BP);
        valid_until.filter(|_| check.is_clean()).map(|until| (quote, until))
    })
}

/// A code, never prose: conditions are compared by programs.
fn condition(check: &mut Checker, path: String, code: &String) -> Option<String> {
    let text = check.text(&path, code, CONDITION)?;
    let is_code = text == *code && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    if !is_code {
        check.refuse(path, &shared::FIELD_INVALID);
    } else if kernel::privacy::find_identifier(&text).is_some() {
        check.refuse(path, &shared::TEXT_HAS_IDENTIFIER);
    }
    Some(text)
}

fn solvency(check: &mut Checker, field: &str, value: i32, least: i32) {
    let known = check.number(field, value, 0..=MOST_SOLVENCY_BP);
    if known.is_some_and(|value| value < least) {
        check.refuse(field, &reasons::SOLVENCY_TOO_LOW);
    }
}

pub(super) fn guarantee(
    check: &mut Checker,
    given: GuaranteeCommitment,
) -> Option<(GuaranteeCommitment, DateTime<Utc>)> {
    check.within("guarantee", |check| {
        let valid_until = check.time("valid_until", given.valid_until.as_ref());
        check.number("commitment_seq", given.commitment_seq, 1..=i32::MAX);
        check.amount("amount_fen", given.amount_fen);
        check.number("cover_bp", given.cover_bp, 1..=WHOLE_BP);
        // A guarantee may be free of charge.
        check.number("fee_bp", given.fee_bp, 0..=MAX_RATE_BP);
        check.number("fee_fen", given.fee_fen, 0..=MAX_FEES_FEN);
        check.term("max_term_months", given.max_term_months);
        counter_guarantee(check, &given.counter_guarantee);
        check.number("deposit_bp", given.deposit_bp, 0..=WHOLE_BP);
        check.number("payout_days", given.payout_days, 1..=180);
        if let Some(shares) = check.present("risk_share", given.risk_share) {
            risk_share(check, &shares);
        }
        valid_until.filter(|_| check.is_clean()).map(|until| (given, until))
    })
}

/// "None" stands alone.
fn counter_guarantee(check: &mut Checker, numbers: &[i32]) {
    let known = check.list(&"counter_guarantee", numbers, 1..=5, |check, path, number| {
        check.code(path, *number, |number| CounterGuarantee::try_from(number).ok())
    });
    if known.is_some_and(|known| known.len() > 1 && known.contains(&CounterGuarantee::None)) {
        check.refuse("counter_guarantee", &shared::FIELD_INVALID);
    }
}

fn risk_share(check: &mut Checker, shares: &RiskShare) {
    let each = [
        ("risk_share.guarantor_bp", shares.guarantor_bp),
        ("risk_share.re_guarantor_bp", shares.re_guarantor_bp),
        ("risk_share.fund_bp", shares.fund_bp),
        ("risk_share.bank_bp", shares.bank_bp),
    ];
    let known: Vec<i32> =
        each.iter().filter_map(|(field, share)| check.number(field, *share, 0..=WHOLE_BP)).collect();
    if known.len() == each.len() && known.iter().sum::<i32>() != WHOLE_BP {
        check.refuse("risk_share", &reasons::SHARES_NOT_WHOLE);
    }
}

#[cfg(test)]
mod tests {
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

    fn valued() -> ValuationQuote {
        ValuationQuote {
            quote_seq: 1,
            fee_fen: 0,
            report_working_days: 7,
            methods: vec![1, 3],
            valid_until: Some(timestamp(DateTime::UNIX_EPOCH)),
        }
    }

    fn insured() -> InsurerQuote {
        InsurerQuote {
            quote_seq: 1,
            kind: 1,
            basis: 2,
            amount_fen: 300_000_000,
            coverage_bp: 8_000,
            annual_premium_bp: 120,
            min_premium_fen: 0,
            premium_fen: 2_880_000,
            waiting_days: 90,
            deductible_bp: 1_000,
            deductible_abs_fen: 0,
            max_term_months: 36,
            conditions: vec!["PLEDGE_REGISTERED".to_owned()],
            valid_until: Some(timestamp(DateTime::UNIX_EPOCH)),
            core_solvency_bp: 7_500,
            comprehensive_solvency_bp: 15_000,
        }
    }

    fn guaranteed() -> GuaranteeCommitment {
        GuaranteeCommitment {
            commitment_seq: 1,
            amount_fen: 300_000_000,
            cover_bp: 8_000,
            fee_bp: 100,
            fee_fen: 2_400_000,
            max_term_months: 24,
            counter_guarantee: vec![2, 3],
            deposit_bp: 0,
            payout_days: 60,
            risk_share: Some(RiskShare {
                guarantor_bp: 4_000,
                re_guarantor_bp: 3_000,
                fund_bp: 1_000,
                bank_bp: 2_000,
            }),
            valid_until: Some(timestamp(DateTime::UNIX_EPOCH)),
        }
    }

    #[test]
    fn a_valuation_quote_is_held_to_its_ranges() {
        let of = |quote: ValuationQuote| faults(|check| valuation(check, quote));
        assert!(of(valued()).is_empty());
        assert!(
            of(ValuationQuote { fee_fen: 30_000_000_000, report_working_days: 60, ..valued() }).is_empty()
        );
        for (quote, field, reason) in [
            (ValuationQuote { quote_seq: 0, ..valued() }, "valuation.quote_seq", "NUMBER_OUT_OF_RANGE"),
            (ValuationQuote { fee_fen: -1, ..valued() }, "valuation.fee_fen", "NUMBER_OUT_OF_RANGE"),
            (
                ValuationQuote { report_working_days: 61, ..valued() },
                "valuation.report_working_days",
                "NUMBER_OUT_OF_RANGE",
            ),
            (ValuationQuote { methods: vec![], ..valued() }, "valuation.methods", "FIELD_REQUIRED"),
            (ValuationQuote { methods: vec![4], ..valued() }, "valuation.methods[0]", "ENUM_UNKNOWN"),
            (ValuationQuote { methods: vec![1, 1], ..valued() }, "valuation.methods[1]", "FIELD_REPEATED"),
            (ValuationQuote { valid_until: None, ..valued() }, "valuation.valid_until", "FIELD_REQUIRED"),
        ] {
            assert_eq!(of(quote), one(field, reason));
        }
    }

    #[test]
    fn an_insurers_quote_is_held_to_its_ranges_and_to_its_solvency() {
        let of = |quote: InsurerQuote| faults(|check| insurance(check, quote));
        assert!(of(insured()).is_empty());
        let conditions = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
        for (quote, field, reason) in [
            (InsurerQuote { kind: 3, ..insured() }, "insurance.kind", "ENUM_UNKNOWN"),
            (InsurerQuote { basis: 0, ..insured() }, "insurance.basis", "ENUM_UNSPECIFIED"),
            (InsurerQuote { amount_fen: 0, ..insured() }, "insurance.amount_fen", "AMOUNT_OUT_OF_RANGE"),
            (
                InsurerQuote { coverage_bp: 10_001, ..insured() },
                "insurance.coverage_bp",
                "NUMBER_OUT_OF_RANGE",
            ),
            (
                InsurerQuote { annual_premium_bp: 0, ..insured() },
                "insurance.annual_premium_bp",
                "RATE_OUT_OF_RANGE",
            ),
            (
                InsurerQuote { waiting_days: 366, ..insured() },
                "insurance.waiting_days",
                "NUMBER_OUT_OF_RANGE",
            ),
            (
                InsurerQuote { max_term_months: 121, ..insured() },
                "insurance.max_term_months",
                "TERM_OUT_OF_RANGE",
            ),
            (
                InsurerQuote { conditions: conditions(&["请先办理质押"]), ..insured() },
                "insurance.conditions[0]",
                "FIELD_INVALID",
            ),
            (
                InsurerQuote { conditions: vec!["C1".to_owned(); 21], ..insured() },
                "insurance.conditions",
                "TOO_MANY",
            ),
            (
                InsurerQuote { core_solvency_bp: 7_499, ..insured() },
                "insurance.core_solvency_bp",
                "SOLVENCY_TOO_LOW",
            ),
            (
                InsurerQuote { comprehensive_solvency_bp: 14_999, ..insured() },
                "insurance.comprehensive_solvency_bp",
                "SOLVENCY_TOO_LOW",
            ),
            (
                InsurerQuote { core_solvency_bp: -1, ..insured() },
                "insurance.core_solvency_bp",
                "NUMBER_OUT_OF_RANGE",
            ),
        ] {
            assert_eq!(of(quote), one(field, reason));
        }
    }

    #[test]
    fn a_commitments_shares_are_the_whole() {
        let of = |given: GuaranteeCommitment| faults(|check| guarantee(check, given));
        assert!(of(guaranteed()).is_empty());
        assert!(of(GuaranteeCommitment { fee_bp: 0, fee_fen: 0, ..guaranteed() }).is_empty());
        let shares = |bank_bp| {
            Some(RiskShare { guarantor_bp: 4_000, re_guarantor_bp: 3_000, fund_bp: 1_000, bank_bp })
        };
        for (given, field, reason) in [
            (
                GuaranteeCommitment { risk_share: shares(1_999), ..guaranteed() },
                "guarantee.risk_share",
                "SHARES_NOT_WHOLE",
            ),
            (
                GuaranteeCommitment { risk_share: shares(-1), ..guaranteed() },
                "guarantee.risk_share.bank_bp",
                "NUMBER_OUT_OF_RANGE",
            ),
            (
                GuaranteeCommitment { risk_share: None, ..guaranteed() },
                "guarantee.risk_share",
                "FIELD_REQUIRED",
            ),
            (
                GuaranteeCommitment { counter_guarantee: vec![1, 2], ..guaranteed() },
                "guarantee.counter_guarantee",
                "FIELD_INVALID",
            ),
            (
                GuaranteeCommitment { counter_guarantee: vec![], ..guaranteed() },
                "guarantee.counter_guarantee",
                "FIELD_REQUIRED",
            ),
            (
                GuaranteeCommitment { payout_days: 181, ..guaranteed() },
                "guarantee.payout_days",
                "NUMBER_OUT_OF_RANGE",
            ),
            (
                GuaranteeCommitment { cover_bp: 0, ..guaranteed() },
                "guarantee.cover_bp",
                "NUMBER_OUT_OF_RANGE",
            ),
        ] {
            assert_eq!(of(given), one(field, reason));
        }
    }
}
