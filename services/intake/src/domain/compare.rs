//! What an offer costs all in (综合成本, domain.md §4.2), and with which cover it can be taken.

use chrono::{DateTime, Utc};
use kernel::{BasisPoints, EnhancementMode, Fen, LegId, cover::cost as cover_cost, loan};

use super::{cover::CoverOption, offer::Offer};

/// Whether a loan of this kind needs an insurer or a guarantor.
pub fn calls_for_cover(mode: EnhancementMode) -> bool {
    match mode {
        EnhancementMode::IpSuretyIns | EnhancementMode::IpCreditIns | EnhancementMode::IpGuarantee => true,
        EnhancementMode::IpOnly
        | EnhancementMode::IpPersonal
        | EnhancementMode::IpMixed
        | EnhancementMode::IpPool => false,
    }
}

/// Whether this cover is of the kind that the offer calls for, and large and long enough.
pub fn fits(cover: &CoverOption, offer: &Offer) -> bool {
    cover.kind == offer.enhancement && cover.amount >= offer.amount && cover.max_term >= offer.term
}

/// What a loan costs all in, over the whole term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    pub interest: Fen,
    /// The bank's.
    pub fees: Fen,
    pub cover: Fen,
    pub valuation: Fen,
    pub total: Fen,
    /// IRR × 12 over the net cash flows; None where nothing is left of the loan.
    pub apr: Option<BasisPoints>,
    pub first_payment: Fen,
    pub largest_payment: Fen,
}

/// One way to take an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// None: without cover.
    pub cover: Option<LegId>,
    pub cost: Cost,
}

/// An offer with every way to take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The cheapest way's; without cover where none fits.
    pub cost: Cost,
    /// Cheapest first.
    pub ways: Vec<Way>,
    /// Cover is called for and none fits.
    pub cover_missing: bool,
}

/// What `offer` costs by every cover of `covers` that fits at `now`, with a valuation at this fee.
pub fn compare(offer: &Offer, covers: &[CoverOption], valuation: Fen, now: DateTime<Utc>) -> Compared {
    let plan = loan::schedule(&loan::Terms {
        principal: offer.amount,
        annual_rate: offer.rate,
        term: offer.term,
        method: offer.repayment,
    });
    let needs_cover = calls_for_cover(offer.enhancement);
    let bare = cost(offer, &plan, Fen::ZERO, valuation);
    let mut ways: Vec<Way> = if needs_cover {
        covers
            .iter()
            .filter(|cover| cover.stands_at(now) && fits(cover, offer))
            .filter_map(|cover| {
                let price = cover_cost(offer.amount, cover.coverage, cover.rate, offer.term, cover.min_cost)?;
                Some(Way { cover: Some(cover.leg), cost: cost(offer, &plan, price, valuation) })
            })
            .collect()
    } else {
        vec![Way { cover: None, cost: bare }]
    };
    ways.sort_by_key(|way| (way.cost.order(), way.cover.map(|leg| leg.uuid())));
    Compared {
        cost: ways.first().map_or(bare, |way| way.cost),
        cover_missing: needs_cover && ways.is_empty(),
        ways,
    }
}

fn cost(offer: &Offer, plan: &[loan::Installment], cover: Fen, valuation: Fen) -> Cost {
    let sum = |amounts: &[Fen]| {
        // Terms and amounts are bounded: their sums are far from 64 bits.
        Fen::checked_sum(amounts.iter().copied()).unwrap_or(Fen::new(i64::MAX))
    };
    let payments: Vec<Fen> = plan.iter().filter_map(|one| one.total()).collect();
    let interest = sum(&plan.iter().map(|one| one.interest).collect::<Vec<_>>());
    let before = sum(&[offer.fees, cover, valuation]);
    let received = offer.amount.checked_sub(before).unwrap_or(Fen::ZERO);
    Cost {
        interest,
        fees: offer.fees,
        cover,
        valuation,
        total: sum(&[interest, before]),
        apr: loan::apr(received, plan),
        first_payment: payments.first().copied().unwrap_or(Fen::ZERO),
        largest_payment: payments.iter().copied().max().unwrap_or(Fen::ZERO),
    }
}

impl Cost {
    /// Cheapest first: by the yearly rate all in, then by the sum; what has no rate is dearest.
    pub fn order(&self) -> (i32, i64) {
        (self.apr.map_or(i32::MAX, BasisPoints::get), self.total.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{CaseId, InstitutionId, InstitutionRole, Months, RepaymentMethod, ReplyId};
    use uuid::Uuid;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// domain.md §4.2: 3,000,000.00 at 4.35 % over 12 months.
    fn offer(repayment: RepaymentMethod, enhancement: EnhancementMode) -> Offer {
        Offer {
            reply: ReplyId::from_uuid(Uuid::from_u128(1)),
            leg: LegId::from_uuid(Uuid::from_u128(2)),
            case: CaseId::from_uuid(Uuid::from_u128(3)),
            seq: 1,
            amount: Fen::new(300_000_000),
            term: Months::new(12),
            rate: BasisPoints::new(435),
            repayment,
            enhancement,
            fees: Fen::ZERO,
            valid_until: at(2_000_000_000),
            submitted_at: at(1_600_000_000),
            late: false,
        }
    }

    fn cover(leg: u128, rate: i32, min_cost: i64) -> CoverOption {
        CoverOption {
            case: CaseId::from_uuid(Uuid::from_u128(3)),
            round: 1,
            leg: LegId::from_uuid(Uuid::from_u128(leg)),
            institution: InstitutionId::from_uuid(Uuid::from_u128(leg)),
            role: InstitutionRole::Insurer,
            kind: EnhancementMode::IpSuretyIns,
            amount: Fen::new(300_000_000),
            max_term: Months::new(12),
            coverage: BasisPoints::new(8_000),
            rate: BasisPoints::new(rate),
            min_cost: Fen::new(min_cost),
            cost: Fen::new(1),
            valid_until: at(2_000_000_000),
            gone: false,
        }
    }

    #[test]
    fn the_interest_and_payments_of_the_fixtures_are_exact_to_the_fen() {
        let annuity = offer(RepaymentMethod::Annuity, EnhancementMode::IpOnly);
        let cost = compare(&annuity, &[], Fen::ZERO, at(0)).cost;
        assert_eq!((cost.interest.get(), cost.first_payment.get()), (7_115_640, 25_592_970));
        assert_eq!(cost.apr, Some(BasisPoints::new(435)), "without any cost the rate is the nominal one");
        let equal = offer(RepaymentMethod::EqualPrincipal, EnhancementMode::IpOnly);
        let cost = compare(&equal, &[], Fen::ZERO, at(0)).cost;
        assert_eq!((cost.interest.get(), cost.largest_payment.get()), (7_068_750, 26_087_500));
    }

    #[test]
    fn a_loan_with_cover_has_a_way_for_each_cover_that_fits_and_the_cheapest_is_first() {
        let wanted = offer(RepaymentMethod::InterestFirst, EnhancementMode::IpSuretyIns);
        let small = CoverOption { amount: Fen::new(299_999_999), ..cover(8, 1, 0) };
        let short = CoverOption { max_term: Months::new(11), ..cover(9, 1, 0) };
        let other = CoverOption { kind: EnhancementMode::IpGuarantee, ..cover(10, 1, 0) };
        let over = CoverOption { valid_until: at(0), ..cover(11, 1, 0) };
        let gone = CoverOption { gone: true, ..cover(12, 1, 0) };
        let covers =
            [cover(5, 180, 0), cover(6, 100, 0), cover(7, 1, 9_000_000), small, short, other, over, gone];
        let compared = compare(&wanted, &covers, Fen::new(100_000), at(1));
        let legs: Vec<u128> = compared.ways.iter().map(|way| way.cover.unwrap().uuid().as_u128()).collect();
        assert_eq!(legs, [6, 5, 7]);
        // 3 m × 80 % × 1 %; 3 m × 80 % × 1.8 % (domain.md §6, P5); the minimum.
        let prices: Vec<i64> = compared.ways.iter().map(|way| way.cost.cover.get()).collect();
        assert_eq!(prices, [2_400_000, 4_320_000, 9_000_000]);
        assert_eq!(compared.cost, compared.ways[0].cost);
        assert_eq!(compared.cost.total.get(), 13_050_000 + 2_400_000 + 100_000);
        assert!(!compared.cover_missing);
    }

    #[test]
    fn an_offer_whose_cover_is_missing_has_no_way() {
        let wanted = offer(RepaymentMethod::InterestFirst, EnhancementMode::IpSuretyIns);
        let compared = compare(&wanted, &[], Fen::ZERO, at(0));
        assert!(compared.cover_missing && compared.ways.is_empty());
    }

    #[test]
    fn fees_that_eat_the_loan_leave_no_rate_and_come_last() {
        let eaten = Offer {
            fees: Fen::new(300_000_000),
            ..offer(RepaymentMethod::InterestFirst, EnhancementMode::IpOnly)
        };
        let cost = compare(&eaten, &[], Fen::ZERO, at(0)).cost;
        assert_eq!((cost.apr, cost.order().0), (None, i32::MAX));
    }
}
