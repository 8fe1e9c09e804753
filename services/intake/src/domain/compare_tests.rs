//! Tables of the comparison; the fixtures are those of domain.md §4.2 and §6.

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

/// The day of the fixture of domain.md §4.2.
fn ground<'a>(covers: &'a [CoverOption], valuation: i64, subsidies: &'a Subsidies) -> Ground<'a> {
    let from = "2022-09-15".parse().unwrap();
    Ground { now: at(1), from, valuation: Fen::new(valuation), covers, subsidies }
}

/// Without any subsidy, at 360 days a year and the 20th.
fn compared(offer: &Offer, covers: &[CoverOption], valuation: i64) -> Compared {
    compare(offer, Conventions::default(), &ground(covers, valuation, &Subsidies::default()))
}

#[test]
fn the_interest_and_payments_of_the_fixtures_are_exact_to_the_fen() {
    let annuity = offer(RepaymentMethod::Annuity, EnhancementMode::IpOnly);
    let cost = compared(&annuity, &[], 0).cost;
    assert_eq!((cost.interest.get(), cost.first_payment.get()), (7_115_640, 25_592_970));
    assert_eq!(cost.apr, Some(BasisPoints::new(435)), "without any cost the rate is the nominal one");
    let equal = offer(RepaymentMethod::EqualPrincipal, EnhancementMode::IpOnly);
    let cost = compared(&equal, &[], 0).cost;
    assert_eq!((cost.interest.get(), cost.largest_payment.get()), (7_068_750, 26_087_500));
    // 3,000,000.00 from 2022-09-15, actual/360, settled quarterly on the 20th: 6, 91, 90, 92 and 86 days.
    let interest_first = offer(RepaymentMethod::InterestFirst, EnhancementMode::IpOnly);
    let cost = compared(&interest_first, &[], 0).cost;
    assert_eq!((cost.interest.get(), cost.total.get()), (13_231_250, 13_231_250));
    assert_eq!((cost.first_payment.get(), cost.largest_payment.get()), (217_500, 300_000_000 + 3_117_500));
    assert_eq!(cost.apr, Some(BasisPoints::new(439)), "a year has five days more than the bank counts");
}

/// domain.md §4.2 and §6: P1 on interest of 132,312.50 is 66,156.25; P5 on a premium of 43,200.00 is 20,000.00, its cap;
/// P4 on a valuation of 20,000.00 is 10,000.00.
#[test]
fn the_second_figure_is_less_what_the_zone_gives_back_and_the_first_is_not_touched_by_it() {
    let rules = "INTEREST:5000:20000000,VALUATION:5000:10000000,COVER:5000:2000000";
    let subsidies = Subsidies::parse(rules).unwrap();
    let plain = offer(RepaymentMethod::InterestFirst, EnhancementMode::IpOnly);
    let cost = compare(&plain, Conventions::default(), &ground(&[], 0, &subsidies)).cost;
    assert_eq!((cost.net.subsidies.get(), cost.net.total.get()), (6_615_625, 6_615_625));
    // Found by an independent calculation.
    assert_eq!((cost.apr, cost.net.apr), (Some(BasisPoints::new(439)), Some(BasisPoints::new(222))));

    let covered = offer(RepaymentMethod::InterestFirst, EnhancementMode::IpSuretyIns);
    let covers = [cover(5, 180, 0)];
    let cost = compare(&covered, Conventions::default(), &ground(&covers, 2_000_000, &subsidies)).cost;
    assert_eq!(cost.total.get(), 13_231_250 + 4_320_000 + 2_000_000);
    assert_eq!(cost.net.subsidies.get(), 6_615_625 + 2_000_000 + 1_000_000);
    assert_eq!(cost.net.total.get(), 9_935_625);
    assert_eq!((cost.apr, cost.net.apr), (Some(BasisPoints::new(657)), Some(BasisPoints::new(339))));

    let none = compared(&covered, &covers, 2_000_000).cost;
    assert_eq!((none.net.subsidies, none.net.total, none.net.apr), (Fen::ZERO, none.total, none.apr));
    assert_eq!((none.apr, none.order()), (cost.apr, cost.order()), "subsidies do not rank");
}

#[test]
fn a_loan_counted_over_360_days_ranks_behind_a_dearer_one_counted_over_365() {
    let low = offer(RepaymentMethod::InterestFirst, EnhancementMode::IpOnly);
    let high = Offer { rate: BasisPoints::new(438), ..low };
    let of_365 = Conventions { basis: InterestBasis::Actual365, ..Conventions::default() };
    let subsidies = Subsidies::default();
    let ground = ground(&[], 0, &subsidies);
    let low = compare(&low, Conventions::default(), &ground).cost;
    let high = compare(&high, of_365, &ground).cost;
    assert_eq!((low.interest.get(), high.interest.get()), (13_231_250, 13_140_000));
    assert!(high.order() < low.order(), "{high:?} {low:?}");
}

#[test]
fn the_settlement_day_of_the_product_decides_when_interest_is_paid() {
    let subsidies = Subsidies::default();
    let interest_first = offer(RepaymentMethod::InterestFirst, EnhancementMode::IpOnly);
    let on_the_10th = Conventions { settle_day: 10, ..Conventions::default() };
    let cost = compare(&interest_first, on_the_10th, &ground(&[], 0, &subsidies)).cost;
    // From 2022-09-15 to 2022-12-11 are 87 days; over the year it is the same 365.
    assert_eq!((cost.first_payment.get(), cost.interest.get()), (3_153_750, 13_231_250));
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
    let compared = compared(&wanted, &covers, 100_000);
    let legs: Vec<u128> = compared.ways.iter().map(|way| way.cover.unwrap().uuid().as_u128()).collect();
    assert_eq!(legs, [6, 5, 7]);
    // 3 m × 80 % × 1 %; 3 m × 80 % × 1.8 % (domain.md §6, P5); the minimum.
    let prices: Vec<i64> = compared.ways.iter().map(|way| way.cost.cover.get()).collect();
    assert_eq!(prices, [2_400_000, 4_320_000, 9_000_000]);
    assert_eq!(compared.cost, compared.ways[0].cost);
    assert_eq!(compared.cost.total.get(), 13_231_250 + 2_400_000 + 100_000);
    assert!(!compared.cover_missing);
}

#[test]
fn an_offer_whose_cover_is_missing_has_no_way() {
    let wanted = offer(RepaymentMethod::InterestFirst, EnhancementMode::IpSuretyIns);
    let compared = compared(&wanted, &[], 0);
    assert!(compared.cover_missing && compared.ways.is_empty());
}

#[test]
fn fees_that_eat_the_loan_leave_no_rate_and_come_last() {
    let eaten = Offer {
        fees: Fen::new(300_000_000),
        ..offer(RepaymentMethod::InterestFirst, EnhancementMode::IpOnly)
    };
    let cost = compared(&eaten, &[], 0).cost;
    assert_eq!((cost.apr, cost.net.apr, cost.order().0), (None, None, i32::MAX));
}
