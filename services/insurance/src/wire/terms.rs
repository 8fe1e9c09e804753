//! Quotes and commitments between protobuf and the domain. The limits that partner holds are held here again: what the
//! schema refuses must not stop a batch.

use chrono::{DateTime, SubsecRound as _, Utc};
use kernel::{BasisPoints, Fen, Months};
use proto::insurance::v1 as wire;

use super::{instant, timestamp};
use crate::domain::{
    Quote, Terms,
    terms::{CounterGuarantee, Guarantee, Insurance, InsuranceKind, RiskShare, SumInsuredBasis},
};

const CONDITIONS_MAX: usize = 20;
const CONDITION_LENGTH: usize = 64;
const WAITING_DAYS_MAX: i32 = 365;
const PAYOUT_DAYS_MAX: i32 = 180;
/// The highest yearly rate: 36 %.
const RATE_MAX: i32 = 3_600;

/// None where a figure lies outside of what the contract allows.
pub(crate) fn insurance(quote: &wire::InsurerQuote) -> Option<Terms> {
    let conditions_fit = quote.conditions.len() <= CONDITIONS_MAX
        && quote.conditions.iter().all(|code| code.chars().count() <= CONDITION_LENGTH);
    Some(Terms::Insurance(Insurance {
        kind: match wire::InsuranceKind::try_from(quote.kind).ok()? {
            wire::InsuranceKind::Unspecified => return None,
            wire::InsuranceKind::Surety => InsuranceKind::Surety,
            wire::InsuranceKind::Credit => InsuranceKind::Credit,
        },
        basis: match wire::SumInsuredBasis::try_from(quote.basis).ok()? {
            wire::SumInsuredBasis::Unspecified => return None,
            wire::SumInsuredBasis::Principal => SumInsuredBasis::Principal,
            wire::SumInsuredBasis::PrincipalInterest => SumInsuredBasis::PrincipalInterest,
        },
        amount: Fen::amount(quote.amount_fen).ok()?,
        coverage: share(quote.coverage_bp, 1, BasisPoints::WHOLE.get())?,
        premium_rate: share(quote.annual_premium_bp, 1, RATE_MAX)?,
        min_premium: money(quote.min_premium_fen)?,
        premium: money(quote.premium_fen)?,
        waiting_days: days(quote.waiting_days, 0, WAITING_DAYS_MAX)?,
        deductible: share(quote.deductible_bp, 0, BasisPoints::WHOLE.get())?,
        deductible_abs: money(quote.deductible_abs_fen)?,
        max_term: Months::term(quote.max_term_months).ok()?,
        conditions: Some(quote.conditions.clone()).filter(|_| conditions_fit)?,
        valid_until: until(quote.valid_until.as_ref())?,
        core_solvency: share(quote.core_solvency_bp, 0, i32::MAX)?,
        comprehensive_solvency: share(quote.comprehensive_solvency_bp, 0, i32::MAX)?,
    }))
}

/// None where a figure lies outside of what the contract allows.
pub(crate) fn guarantee(given: &wire::GuaranteeCommitment) -> Option<Terms> {
    let shares = given.risk_share.as_ref()?;
    let part = |basis_points| share(basis_points, 0, BasisPoints::WHOLE.get());
    let counter = given.counter_guarantee.iter().map(|number| counter(*number));
    let counter = counter.collect::<Option<Vec<_>>>()?;
    if counter.is_empty() || counter.len() > CONDITIONS_MAX {
        return None;
    }
    Some(Terms::Guarantee(Guarantee {
        amount: Fen::amount(given.amount_fen).ok()?,
        cover: share(given.cover_bp, 1, BasisPoints::WHOLE.get())?,
        fee_rate: share(given.fee_bp, 0, RATE_MAX)?,
        fee: money(given.fee_fen)?,
        max_term: Months::term(given.max_term_months).ok()?,
        counter,
        deposit: part(given.deposit_bp)?,
        payout_days: days(given.payout_days, 1, PAYOUT_DAYS_MAX)?,
        risk_share: RiskShare {
            guarantor: part(shares.guarantor_bp)?,
            re_guarantor: part(shares.re_guarantor_bp)?,
            fund: part(shares.fund_bp)?,
            bank: part(shares.bank_bp)?,
        },
        valid_until: until(given.valid_until.as_ref())?,
    }))
}

fn share(basis_points: i32, least: i32, most: i32) -> Option<BasisPoints> {
    (least..=most).contains(&basis_points).then_some(BasisPoints::new(basis_points))
}

fn money(fen: i64) -> Option<Fen> {
    (0..=Fen::MAX_AMOUNT.get()).contains(&fen).then_some(Fen::new(fen))
}

fn days(number: i32, least: i32, most: i32) -> Option<u16> {
    u16::try_from(number).ok().filter(|_| (least..=most).contains(&number))
}

fn until(at: Option<&prost_types::Timestamp>) -> Option<DateTime<Utc>> {
    // What the database keeps of an instant, so that the same terms compare as equal.
    at.and_then(instant).map(|at| at.trunc_subsecs(6))
}

fn counter(number: i32) -> Option<CounterGuarantee> {
    match wire::CounterGuarantee::try_from(number).ok()? {
        wire::CounterGuarantee::Unspecified => None,
        wire::CounterGuarantee::None => Some(CounterGuarantee::None),
        wire::CounterGuarantee::Ip => Some(CounterGuarantee::Ip),
        wire::CounterGuarantee::Equity => Some(CounterGuarantee::Equity),
        wire::CounterGuarantee::Personal => Some(CounterGuarantee::Personal),
        wire::CounterGuarantee::Receivable => Some(CounterGuarantee::Receivable),
    }
}

/// An answer as staff is shown it.
pub(crate) fn answer(quote: &Quote) -> wire::cover_leg::Answer {
    let seq = i32::try_from(quote.seq).unwrap_or(i32::MAX);
    match &quote.terms {
        Terms::Insurance(given) => wire::cover_leg::Answer::Quote(wire::InsurerQuote {
            quote_seq: seq,
            kind: i32::from(match given.kind {
                InsuranceKind::Surety => wire::InsuranceKind::Surety,
                InsuranceKind::Credit => wire::InsuranceKind::Credit,
            }),
            basis: i32::from(match given.basis {
                SumInsuredBasis::Principal => wire::SumInsuredBasis::Principal,
                SumInsuredBasis::PrincipalInterest => wire::SumInsuredBasis::PrincipalInterest,
            }),
            amount_fen: given.amount.get(),
            coverage_bp: given.coverage.get(),
            annual_premium_bp: given.premium_rate.get(),
            min_premium_fen: given.min_premium.get(),
            premium_fen: given.premium.get(),
            waiting_days: i32::from(given.waiting_days),
            deductible_bp: given.deductible.get(),
            deductible_abs_fen: given.deductible_abs.get(),
            max_term_months: i32::from(given.max_term.get()),
            conditions: given.conditions.clone(),
            valid_until: Some(timestamp(given.valid_until)),
            core_solvency_bp: given.core_solvency.get(),
            comprehensive_solvency_bp: given.comprehensive_solvency.get(),
        }),
        Terms::Guarantee(given) => wire::cover_leg::Answer::Commitment(wire::GuaranteeCommitment {
            commitment_seq: seq,
            amount_fen: given.amount.get(),
            cover_bp: given.cover.get(),
            fee_bp: given.fee_rate.get(),
            fee_fen: given.fee.get(),
            max_term_months: i32::from(given.max_term.get()),
            counter_guarantee: given.counter.iter().map(|one| i32::from(counter_number(*one))).collect(),
            deposit_bp: given.deposit.get(),
            payout_days: i32::from(given.payout_days),
            risk_share: Some(wire::RiskShare {
                guarantor_bp: given.risk_share.guarantor.get(),
                re_guarantor_bp: given.risk_share.re_guarantor.get(),
                fund_bp: given.risk_share.fund.get(),
                bank_bp: given.risk_share.bank.get(),
            }),
            valid_until: Some(timestamp(given.valid_until)),
        }),
    }
}

fn counter_number(counter: CounterGuarantee) -> wire::CounterGuarantee {
    match counter {
        CounterGuarantee::None => wire::CounterGuarantee::None,
        CounterGuarantee::Ip => wire::CounterGuarantee::Ip,
        CounterGuarantee::Equity => wire::CounterGuarantee::Equity,
        CounterGuarantee::Personal => wire::CounterGuarantee::Personal,
        CounterGuarantee::Receivable => wire::CounterGuarantee::Receivable,
    }
}
