//! How those that fit are ranked: by comparable yearly cost, and by what comes after it.

use kernel::{BasisPoints, Fen, RateKind, RepaymentMethod};

use super::{
    choices::FeeKind,
    codes::Park,
    conditions::{Conditions, FeeItem, Price},
    matching::Need,
    matching_tests::{explain, need, on, order, product, set, spread},
    rank::RankedBy,
    terms::{ProductTerms, Span, tests::terms},
};

#[test]
fn the_cheapest_comes_first_whether_fixed_or_floating() {
    let fixed = |min, max| ProductTerms { rate_kind: RateKind::Fixed, rate: spread(min, max), ..terms() };
    let floating = |min, max| ProductTerms { rate: spread(min, max), ..terms() };
    let products = [
        product(1, 1, fixed(500, 500)),
        product(2, 2, floating(30, 150)),
        product(3, 3, fixed(394, 500)),
        product(4, 4, floating(30, 100)),
        product(5, 5, floating(-20, 300)),
    ];
    let answer = explain(&need(), &products);
    assert_eq!(order(&answer), [4, 2, 3, 1, 0]);
    // 345, 394, 395, 395 and 500 bp of 360 days are so much of 365.
    let costs: Vec<i32> = answer.fits.iter().map(|fit| fit.yearly_cost.unwrap().get()).collect();
    assert_eq!(costs, [350, 399, 400, 400, 507]);
    let by: Vec<_> = answer.fits.iter().map(|fit| fit.ranked_by).collect();
    let (cost, highest) = (Some(RankedBy::YearlyCost), Some(RankedBy::HighestRate));
    assert_eq!(by, [None, cost, cost, highest, cost]);
    let unknown = on(&|_, _| None, &need(), &products, false);
    assert_eq!(order(&unknown), [2, 0, 4, 3, 1]);
    assert_eq!(unknown.fits[2].yearly_cost, None);
}

#[test]
fn of_equal_cost_the_product_made_for_such_firms_comes_first() {
    let parks = [Park::parse("JY-GX").unwrap()].into();
    let products = [
        product(1, 1, terms()),
        product(2, 2, ProductTerms { parks, ..terms() }),
        product(
            3,
            3,
            ProductTerms { amount: Span::new(Fen::new(1), Fen::new(900_000_000)).unwrap(), ..terms() },
        ),
    ];
    let answer = explain(&need(), &products);
    assert_eq!(order(&answer), [1, 2, 0]);
    let by: Vec<_> = answer.fits.iter().map(|fit| fit.ranked_by).collect();
    assert_eq!(by, [None, Some(RankedBy::MadeForSuchFirms), Some(RankedBy::AmountHeadroom)]);
}

#[test]
fn fees_count_among_the_cost_and_so_does_how_the_loan_is_repaid() {
    let fee = |price| vec![FeeItem { code: "PG".to_owned(), kind: FeeKind::Evaluation, price }];
    let with = |fees, repayment: &[RepaymentMethod]| ProductTerms {
        repayment: set(repayment),
        conditions: Conditions { fees, ..Conditions::default() },
        ..terms()
    };
    let first = [RepaymentMethod::InterestFirst];
    let products = [
        product(1, 1, with(fee(Price::Amount(Fen::new(6_320_000))), &first)),
        product(2, 2, with(fee(Price::Share(BasisPoints::new(10))), &first)),
        product(3, 3, with(vec![], &first)),
        product(4, 4, with(vec![], &[RepaymentMethod::Bullet, RepaymentMethod::InterestFirst])),
        product(5, 5, with(fee(Price::Share(BasisPoints::new(10))), &[RepaymentMethod::Annuity])),
    ];
    let answer = explain(&need(), &products);
    assert_eq!(order(&answer), [3, 2, 1, 4, 0]);
    let costs: Vec<i32> = answer.fits.iter().map(|fit| fit.yearly_cost.unwrap().get()).collect();
    // Interest at the end costs less a year than the same interest each month; an annuity is lent for half the time, so
    // that a fee weighs almost twice. 3.95 % of 360 days is 4.00486 % of 365, which is not rounded before the fee is added.
    assert_eq!(costs, [393, 400, 411, 414, 618]);
    // Who wants an annuity is not compared by another way.
    let wanted = Need { repayment: set(&[RepaymentMethod::Annuity]), ..need() };
    assert_eq!(order(&explain(&wanted, &products)), [4]);
}
