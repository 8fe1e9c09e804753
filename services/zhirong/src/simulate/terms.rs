//! The offer that a simulated bank makes: from its product's terms, what is asked for, and a little chance.

use chrono::{DateTime, TimeDelta, Utc};
use prost_types::Timestamp;
use proto::catalog::v1::ProductTerms;
use proto::common::v1::RateKind;
use proto::intake::v1::{Dossier, Offer};
use rand::Rng;
use rand::seq::IndexedRandom as _;

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
        valid_until: Some(Timestamp { seconds: (now + TimeDelta::days(VALID_DAYS)).timestamp(), nanos: 0 }),
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
}
