//! Tables and properties of loans with dates; the fixtures are those of domain.md §4.2.

use proptest::prelude::*;

use super::*;
use crate::rate::Months;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn loan(method: RepaymentMethod) -> Dated {
    Dated {
        terms: Terms {
            principal: Fen::new(300_000_000),
            annual_rate: BasisPoints::new(435),
            term: Months::new(12),
            method,
        },
        from: day("2022-09-15"),
        basis: InterestBasis::Actual360,
        settle: Settlement { day: 20, cycle: Cycle::Quarterly },
    }
}

fn interests(periods: &[Period]) -> Vec<i64> {
    periods.iter().map(|period| period.interest.get()).collect()
}

/// domain.md §4.2.
#[test]
fn the_interest_first_fixture() {
    let periods = plan(&loan(RepaymentMethod::InterestFirst), &[]).unwrap();
    let days: Vec<i64> = periods.iter().map(Period::days).collect();
    assert_eq!(days, [6, 91, 90, 92, 86]);
    assert_eq!(interests(&periods), [217_500, 3_298_750, 3_262_500, 3_335_000, 3_117_500]);
    assert_eq!(interests(&periods).iter().sum::<i64>(), 13_231_250);
    assert_eq!(periods[0].to, day("2022-09-21"));
    assert_eq!((periods[4].to, periods[4].principal), (day("2023-09-15"), Fen::new(300_000_000)));
    assert!(
        periods[..4]
            .iter()
            .all(|period| period.principal == Fen::ZERO && period.balance.get() == 300_000_000)
    );
}

#[test]
fn a_year_of_365_days_costs_less_than_one_of_360() {
    let of_365 = Dated { basis: InterestBasis::Actual365, ..loan(RepaymentMethod::InterestFirst) };
    let periods = plan(&of_365, &[]).unwrap();
    // 3,000,000 × 4.35 % × days / 365, each rounded to the fen.
    assert_eq!(interests(&periods), [214_521, 3_253_562, 3_217_808, 3_289_315, 3_074_795]);
    let bullet = |basis| plan(&Dated { basis, ..loan(RepaymentMethod::Bullet) }, &[]).unwrap();
    assert_eq!(interests(&bullet(InterestBasis::Actual360)), [13_231_250]);
    assert_eq!(interests(&bullet(InterestBasis::Actual365)), [13_050_000]);
    let rate = |basis: InterestBasis, method| basis.over_a_year(BasisPoints::new(435), method).get();
    assert_eq!(rate(InterestBasis::Actual360, RepaymentMethod::InterestFirst), 441);
    assert_eq!(rate(InterestBasis::Actual365, RepaymentMethod::Bullet), 435);
    assert_eq!(rate(InterestBasis::Actual360, RepaymentMethod::Annuity), 435);
}

/// What each period pays, on its day.
fn paid(periods: &[Period]) -> Vec<(NaiveDate, Fen)> {
    periods.iter().map(|one| (one.to, one.principal.checked_add(one.interest).unwrap())).collect()
}

#[test]
fn the_yearly_rate_of_dated_payments_is_that_of_their_months_where_they_fall_on_ends_of_months() {
    for method in [RepaymentMethod::Annuity, RepaymentMethod::EqualPrincipal] {
        for from in ["2022-09-15", "2023-01-31", "2024-02-29"] {
            let annuity = Dated { from: day(from), ..loan(method) };
            let received = Fen::new(300_000_000 - 6_320_000);
            let dated = apr(day(from), received, &paid(&plan(&annuity, &[]).unwrap()));
            assert_eq!(
                dated,
                crate::loan::apr(received, &schedule(&annuity.terms)),
                "{method:?} from {from}"
            );
        }
    }
}

#[test]
fn interest_by_the_day_over_360_costs_more_a_year_than_its_nominal_rate() {
    let rate = |basis, fees: i64| {
        let one = Dated { basis, ..loan(RepaymentMethod::InterestFirst) };
        apr(one.from, Fen::new(300_000_000 - fees), &paid(&plan(&one, &[]).unwrap())).map(BasisPoints::get)
    };
    // Found by an independent calculation.
    assert_eq!(rate(InterestBasis::Actual360, 0), Some(439));
    assert_eq!(rate(InterestBasis::Actual365, 0), Some(433));
    assert_eq!(rate(InterestBasis::Actual360, 6_320_000), Some(657));
    assert_eq!(rate(InterestBasis::Actual360, 300_000_000), None);
    let late = [(day("2022-09-14"), Fen::new(1))];
    assert_eq!(apr(day("2022-09-15"), Fen::new(1), &late), None, "paid before anything was received");
    assert_eq!(apr(day("2022-09-15"), Fen::new(1), &[]), None);
}

#[test]
fn months_count_for_an_annuity_and_even_parts_whatever_days_they_have() {
    let from = day("2023-01-31");
    for (method, total) in
        [(RepaymentMethod::Annuity, 7_115_640), (RepaymentMethod::EqualPrincipal, 7_068_750)]
    {
        let periods = plan(&Dated { from, ..loan(method) }, &[]).unwrap();
        assert_eq!(periods.len(), 12);
        assert_eq!(interests(&periods).iter().sum::<i64>(), total);
        assert_eq!((periods[0].to, periods[1].to), (day("2023-02-28"), day("2023-03-31")));
        assert_eq!(periods[11].balance, Fen::ZERO);
    }
}

#[test]
fn interest_settled_monthly_has_a_period_for_each_month() {
    let monthly = Settlement { day: 20, cycle: Cycle::Monthly };
    let periods = plan(&Dated { settle: monthly, ..loan(RepaymentMethod::InterestFirst) }, &[]).unwrap();
    assert_eq!(periods.len(), 13);
    assert_eq!(periods.iter().map(Period::days).sum::<i64>(), 365);
    assert_eq!((periods[1].from, periods[1].to), (day("2022-09-21"), day("2022-10-21")));
    // Paid out on the day after a settlement day: that day ends no period.
    let from = day("2022-09-21");
    let periods =
        plan(&Dated { from, settle: monthly, ..loan(RepaymentMethod::InterestFirst) }, &[]).unwrap();
    assert_eq!((periods.len(), periods[0].to), (12, day("2022-10-21")));
}

#[test]
fn a_revolving_loan_pays_for_what_is_drawn_and_only_while_it_is() {
    let movements = [
        Movement { on: day("2022-10-01"), amount: Fen::new(100_000_000) },
        Movement { on: day("2022-10-11"), amount: Fen::new(-40_000_000) },
        Movement { on: day("2022-12-21"), amount: Fen::new(240_000_000) },
    ];
    let revolving = loan(RepaymentMethod::Revolving);
    let periods = plan(&revolving, &movements).unwrap();
    assert_eq!(periods[0].interest, Fen::ZERO);
    // 10 days of 1,000,000 and 71 of 600,000 yuan at 4.35 % / 360.
    assert_eq!((periods[1].interest, periods[1].principal), (Fen::new(635_583), Fen::new(40_000_000)));
    assert_eq!(periods[1].balance, Fen::new(60_000_000));
    assert_eq!((periods[2].interest, periods[2].balance), (Fen::new(3_262_500), Fen::new(300_000_000)));
    assert_eq!(periods.iter().map(|period| period.principal.get()).sum::<i64>(), 340_000_000);
    assert_eq!(plan(&revolving, &[]), plan(&loan(RepaymentMethod::InterestFirst), &[]));
}

#[test]
fn movements_outside_of_the_loan_or_its_limit_are_refused_by_their_place() {
    let moved = |on, fen| Movement { on: day(on), amount: Fen::new(fen) };
    let of = |movements: &[Movement]| plan(&loan(RepaymentMethod::Revolving), movements).unwrap_err();
    assert_eq!(of(&[moved("2022-09-14", 1)]), DatedError::MovementOutOfOrder(0));
    assert_eq!(of(&[moved("2023-09-15", 1)]), DatedError::MovementOutOfOrder(0));
    assert_eq!(of(&[moved("2022-10-02", 1), moved("2022-10-01", 1)]), DatedError::MovementOutOfOrder(1));
    assert_eq!(of(&[moved("2022-10-02", 1), moved("2022-10-02", -2)]), DatedError::MovementBeyondLimit(1));
    assert_eq!(of(&[moved("2022-10-02", 300_000_001)]), DatedError::MovementBeyondLimit(0));
    assert_eq!(plan(&loan(RepaymentMethod::Bullet), &[moved("2022-10-02", 1)]), Err(DatedError::NoMovements));
}

#[test]
fn early_repayment_costs_the_days_since_the_last_installment_and_the_penalty() {
    let interest_first = loan(RepaymentMethod::InterestFirst);
    let periods = plan(&interest_first, &[]).unwrap();
    let penalty = BasisPoints::new(100);
    // 10 days after 2022-12-21: 3,000,000 × 4.35 % × 10 / 360 = 3,625.00; penalty 1 %.
    let paid = early(&interest_first, &periods, day("2022-12-31"), penalty).unwrap();
    let wanted =
        Early { principal: Fen::new(300_000_000), interest: Fen::new(362_500), penalty: Fen::new(3_000_000) };
    assert_eq!(paid, wanted);
    // On the day of an installment nothing has been added since.
    let annuity = loan(RepaymentMethod::Annuity);
    let periods = plan(&annuity, &[]).unwrap();
    let paid = early(&annuity, &periods, periods[5].to, penalty).unwrap();
    assert_eq!((paid.principal, paid.interest), (periods[5].balance, Fen::ZERO));
    for on in ["2022-09-15", "2023-09-15", "2024-01-01"] {
        assert_eq!(early(&annuity, &periods, day(on), penalty), Err(DatedError::NotEarly), "{on}");
    }
    assert_eq!(
        early(&loan(RepaymentMethod::Revolving), &periods, day("2022-12-31"), penalty),
        Err(DatedError::NotEarly)
    );
}

prop_compose! {
    fn any_loan()(
        fen in 1..=Fen::MAX_AMOUNT.get(), rate in 0..=3_600_i32, months in 1..=120_u16,
        method in prop::sample::select(RepaymentMethod::ALL), offset in 0..3_000_i64, settle in SETTLE_DAYS,
        monthly in any::<bool>(), of_360 in any::<bool>(),
    ) -> Dated {
        Dated {
            terms: Terms {
                principal: Fen::new(fen),
                annual_rate: BasisPoints::new(rate),
                term: Months::new(months),
                method,
            },
            from: day("2022-01-01") + TimeDelta::days(offset),
            basis: if of_360 { InterestBasis::Actual360 } else { InterestBasis::Actual365 },
            settle: Settlement { day: settle, cycle: if monthly { Cycle::Monthly } else { Cycle::Quarterly } },
        }
    }
}

proptest! {
    #[test]
    fn principals_sum_to_the_loan_and_periods_follow_each_other_without_a_gap(loan in any_loan()) {
        let periods = plan(&loan, &[]).unwrap();
        prop_assert_eq!(periods.iter().map(|one| one.principal.get()).sum::<i64>(), loan.terms.principal.get());
        prop_assert!(periods.iter().all(|one| one.days() > 0 && one.interest >= Fen::ZERO && one.balance >= Fen::ZERO));
        prop_assert!(periods.windows(2).all(|pair| pair[0].to == pair[1].from));
        prop_assert_eq!((periods[0].from, periods[periods.len() - 1].balance), (loan.from, Fen::ZERO));
    }

    #[test]
    fn what_is_drawn_is_what_is_paid_back(loan in any_loan(), draws in prop::collection::vec((0..28_i64, -50..=100_i64), 0..20)) {
        let loan = Dated { terms: Terms { method: RepaymentMethod::Revolving, ..loan.terms }, ..loan };
        let (mut balance, mut on) = (0, loan.from);
        let mut movements = Vec::new();
        for (days, percent) in draws {
            on += TimeDelta::days(days);
            let amount = (loan.terms.principal.get() / 100 * percent).clamp(-balance, loan.terms.principal.get() - balance);
            balance += amount;
            movements.push(Movement { on, amount: Fen::new(amount) });
        }
        movements.retain(|one| one.on < month_end(&loan, loan.terms.term.get()).unwrap());
        let drawn: i64 = movements.iter().map(|one| one.amount.get().max(0)).sum();
        let drawn = if movements.is_empty() { loan.terms.principal.get() } else { drawn };
        let periods = plan(&loan, &movements).unwrap();
        prop_assert_eq!(periods.iter().map(|one| one.principal.get()).sum::<i64>(), drawn);
    }
}
