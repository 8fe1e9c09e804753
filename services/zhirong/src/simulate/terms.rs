//! The answers that a simulated institution makes: from its terms, what is asked for, and a little chance.

use chrono::{DateTime, Months as CalendarMonths, NaiveDate, TimeDelta, Utc};
use kernel::cover::cost;
use kernel::{BasisPoints, Fen, Months};
use prost_types::Timestamp;
use proto::catalog::v1::ProductTerms;
use proto::common::v1::RateKind;
use proto::insurance::v1::{CounterGuarantee, GuaranteeCommitment, InsurerQuote, RiskShare, SumInsuredBasis};
use proto::intake::v1::{
    Approval, AssetValue, Dossier, Offer, ValuationMethod, ValuationQuote, ValuationReport,
};
use rand::Rng;
use rand::seq::IndexedRandom as _;

use super::data::{EvaluatorTerms, GuarantorTerms, InsurerTerms, documents, mode};

/// The bank's own base rate where its product floats: LPR of one year and of five years and more, published 2025-05-20.
const BASE_SHORT_BP: i32 = 300;
const BASE_LONG_BP: i32 = 350;
const LONG_MONTHS: i32 = 60;
/// Amounts are whole 万元, fees whole yuan.
const WAN_FEN: i64 = 1_000_000;
const YUAN_FEN: i64 = 100;
const VALID_DAYS: i64 = 30;
/// A second offer is cheaper than the first by so many basis points.
pub(super) const BETTER_BP: i32 = 15;

/// An offer of number 1.
pub(super) fn offer(
    terms: &ProductTerms,
    dossier: &Dossier,
    now: DateTime<Utc>,
    random: &mut impl Rng,
) -> Offer {
    let share = i64::from(random.random_range(70..=100_i32));
    let amount = dossier.amount_fen.saturating_mul(share) / 100 / WAN_FEN * WAN_FEN;
    let amount_fen =
        amount.clamp(terms.amount_min_fen.max(1), terms.amount_max_fen.max(terms.amount_min_fen).max(1));
    let term_months = dossier.term_months.clamp(terms.term_min_months.max(1), terms.term_max_months.max(1));
    let drawn = random.random_range(terms.rate_min_bp..=terms.rate_max_bp.max(terms.rate_min_bp));
    let base = match RateKind::try_from(terms.rate_kind) {
        Ok(RateKind::LprFloat) if term_months >= LONG_MONTHS => BASE_LONG_BP,
        Ok(RateKind::LprFloat) => BASE_SHORT_BP,
        Ok(RateKind::Fixed | RateKind::Unspecified) | Err(_) => 0,
    };
    // Fees up to 0.3 % of the amount, and none at all from every other bank.
    let fees = if random.random_bool(0.5) { amount_fen / 1000 * random.random_range(1..=3_i64) } else { 0 };
    Offer {
        offer_seq: 1,
        amount_fen,
        term_months,
        annual_rate_bp: (base + drawn).clamp(1, 3600),
        repayment: choose(&terms.repayment, &dossier.repayment, random),
        enhancement: choose(&terms.enhancement, &dossier.enhancement, random),
        fees_fen: fees / YUAN_FEN * YUAN_FEN,
        valid_until: Some(valid_until(now)),
    }
}

/// A second, better offer.
pub(super) fn better(first: &Offer) -> Offer {
    Offer {
        offer_seq: first.offer_seq + 1,
        annual_rate_bp: (first.annual_rate_bp - BETTER_BP).max(1),
        ..*first
    }
}

/// An evaluator's quote of number 1.
pub(super) fn valuation(
    terms: &EvaluatorTerms,
    dossier: &Dossier,
    now: DateTime<Utc>,
    random: &mut impl Rng,
) -> ValuationQuote {
    // An evaluator is not shown the loan: it is paid by the right.
    let rights = i64::try_from(dossier.assets.len()).unwrap_or_default();
    let fee = i64::from(between(terms.fee_yuan, random)) * YUAN_FEN * rights;
    ValuationQuote {
        quote_seq: 1,
        fee_fen: fee,
        report_working_days: between(terms.working_days, random),
        methods: vec![ValuationMethod::Income.into()],
        valid_until: Some(valid_until(now)),
    }
}

/// The report on every right of the dossier: what each is worth is made up, the sum is exact (domain.md §4.5).
pub(super) fn report(
    terms: &EvaluatorTerms,
    dossier: &Dossier,
    quote: &ValuationQuote,
    today: NaiveDate,
    random: &mut impl Rng,
) -> ValuationReport {
    let values: Vec<AssetValue> = dossier
        .assets
        .iter()
        .map(|asset| AssetValue {
            number: asset.number.clone(),
            value_fen: i64::from(random.random_range(20..=300_i32)) * WAN_FEN,
        })
        .collect();
    let ends = today.checked_add_months(CalendarMonths::new(11)).unwrap_or(today);
    ValuationReport {
        report_no: format!("PG{}", random.random_range(100_000..1_000_000_u32)),
        licence_no: terms.licence_no.to_owned(),
        signers: 2,
        base_date: today.to_string(),
        methods: quote.methods.clone(),
        total_fen: values.iter().map(|value| value.value_fen).sum(),
        values,
        valid_until: ends.to_string(),
        fee_fen: quote.fee_fen,
        document: documents(&["D11"]).into_iter().next(),
    }
}

/// An insurer's quote of number 1; the premium is exact for the amount and term asked. `None` if it insures nothing of
/// what is asked, or the premium is beyond all measure.
pub(super) fn insurance(
    terms: &InsurerTerms,
    dossier: &Dossier,
    now: DateTime<Utc>,
    random: &mut impl Rng,
) -> Option<InsurerQuote> {
    let asked =
        |kind: &&_| dossier.cover_kinds.is_empty() || dossier.cover_kinds.contains(&mode(**kind).into());
    let kind = *terms.kinds.iter().find(asked)?;
    let annual_premium_bp = between(terms.premium_bp, random);
    let premium = cost(
        Fen::new(dossier.amount_fen),
        BasisPoints::new(terms.coverage_bp),
        BasisPoints::new(annual_premium_bp),
        Months::new(u16::try_from(dossier.term_months).ok()?),
        Fen::new(terms.min_premium_fen),
    )?;
    Some(InsurerQuote {
        quote_seq: 1,
        kind: kind.into(),
        basis: SumInsuredBasis::Principal.into(),
        amount_fen: dossier.amount_fen,
        coverage_bp: terms.coverage_bp,
        annual_premium_bp,
        min_premium_fen: terms.min_premium_fen,
        premium_fen: premium.get(),
        waiting_days: [60, 90][random.random_range(0..2_usize)],
        deductible_bp: [0, 500, 1000][random.random_range(0..3_usize)],
        deductible_abs_fen: 0,
        max_term_months: terms.term_max_months,
        conditions: Vec::new(),
        valid_until: Some(valid_until(now)),
        core_solvency_bp: terms.core_solvency_bp,
        comprehensive_solvency_bp: terms.comprehensive_solvency_bp,
    })
}

/// A guarantor's commitment of number 1, the fee likewise.
pub(super) fn guarantee(
    terms: &GuarantorTerms,
    dossier: &Dossier,
    now: DateTime<Utc>,
    random: &mut impl Rng,
) -> Option<GuaranteeCommitment> {
    let fee_bp = between(terms.fee_bp, random);
    let fee = cost(
        Fen::new(dossier.amount_fen),
        BasisPoints::new(terms.cover_bp),
        BasisPoints::new(fee_bp),
        Months::new(u16::try_from(dossier.term_months).ok()?),
        Fen::new(0),
    )?;
    // The national chain is 4:2:2:2; where no public money stands behind, guarantor and bank share (domain.md §3.3).
    let risk_share = if terms.government_backed {
        RiskShare { guarantor_bp: 4_000, re_guarantor_bp: 2_000, fund_bp: 2_000, bank_bp: 2_000 }
    } else {
        RiskShare { guarantor_bp: 8_000, re_guarantor_bp: 0, fund_bp: 0, bank_bp: 2_000 }
    };
    Some(GuaranteeCommitment {
        commitment_seq: 1,
        amount_fen: dossier.amount_fen,
        cover_bp: terms.cover_bp,
        fee_bp,
        fee_fen: fee.get(),
        max_term_months: terms.term_max_months,
        counter_guarantee: vec![CounterGuarantee::Ip.into()],
        deposit_bp: 0,
        payout_days: 30,
        risk_share: Some(risk_share),
        valid_until: Some(valid_until(now)),
    })
}

/// A bank's approval of exactly what it offered.
pub(super) fn approval(offer: &Offer, now: DateTime<Utc>, random: &mut impl Rng) -> Approval {
    Approval {
        approval_no: format!("SP{}", random.random_range(100_000..1_000_000_u32)),
        amount_fen: offer.amount_fen,
        term_months: offer.term_months,
        annual_rate_bp: offer.annual_rate_bp,
        approved_at: Some(Timestamp { seconds: now.timestamp(), nanos: 0 }),
    }
}

fn valid_until(now: DateTime<Utc>) -> Timestamp {
    Timestamp { seconds: (now + TimeDelta::days(VALID_DAYS)).timestamp(), nanos: 0 }
}

fn between((least, most): (i32, i32), random: &mut impl Rng) -> i32 {
    random.random_range(least..=most.max(least))
}

/// One of what the product has and the enterprise would take; 0 only for a product without any.
fn choose(offered: &[i32], wanted: &[i32], random: &mut impl Rng) -> i32 {
    let both: Vec<i32> =
        offered.iter().copied().filter(|code| wanted.is_empty() || wanted.contains(code)).collect();
    both.choose(random).or_else(|| offered.first()).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::data;
    use super::super::seed::Seed;
    use super::*;

    #[test]
    fn offers_keep_within_the_products_terms_and_follow_from_the_seed() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        for bank in data::banks(12) {
            let wanted = vec![bank.terms.repayment[0]];
            for amount_fen in [1, 12_345_678_900, 30_000_000_000] {
                let dossier =
                    Dossier { amount_fen, term_months: 12, repayment: wanted.clone(), ..Dossier::default() };
                let draw = || offer(&bank.terms, &dossier, now, &mut Seed(3).random("terms", &bank.name));
                let made = draw();
                assert_eq!(made, draw());
                let terms = &bank.terms;
                assert!((terms.amount_min_fen..=terms.amount_max_fen).contains(&made.amount_fen));
                assert!((1..=3600).contains(&made.annual_rate_bp) && made.fees_fen % YUAN_FEN == 0);
                assert!(terms.enhancement.contains(&made.enhancement));
                assert_eq!(made.repayment, wanted[0]);
                let second = better(&made);
                assert_eq!((second.offer_seq, second.annual_rate_bp), (2, made.annual_rate_bp - BETTER_BP));
            }
        }
    }
    #[test]
    fn premiums_and_fees_are_exact_and_within_the_cap_of_public_guarantors() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let dossier = Dossier { amount_fen: 300_000_000, term_months: 12, ..Dossier::default() };
        for house in data::houses() {
            let mut random = Seed(3).random("terms", house.name);
            match &house.terms {
                data::HouseTerms::Insurer(terms) => {
                    let quote = insurance(terms, &dossier, now, &mut random).unwrap();
                    let exact = i128::from(dossier.amount_fen)
                        * i128::from(quote.coverage_bp)
                        * i128::from(quote.annual_premium_bp)
                        / 100_000_000;
                    assert_eq!(i128::from(quote.premium_fen), exact.max(i128::from(quote.min_premium_fen)));
                }
                data::HouseTerms::Guarantor(terms) => {
                    let made = guarantee(terms, &dossier, now, &mut random).unwrap();
                    assert!(!terms.government_backed || made.fee_bp <= 100);
                    let shares = made.risk_share.unwrap();
                    let sum = shares.guarantor_bp + shares.re_guarantor_bp + shares.fund_bp + shares.bank_bp;
                    assert_eq!(sum, 10_000);
                }
                data::HouseTerms::Evaluator(terms) => {
                    let quote = valuation(terms, &dossier, now, &mut random);
                    let day = NaiveDate::from_ymd_opt(2024, 2, 29).unwrap();
                    let made = report(terms, &dossier, &quote, day, &mut random);
                    assert_eq!(made.total_fen, made.values.iter().map(|value| value.value_fen).sum::<i64>());
                    assert!(made.fee_fen <= quote.fee_fen && made.signers == 2);
                }
            }
        }
    }
}
