//! What a loan costs: repayment month by month, exact to the fen, and the yearly rate of everything that is paid
//! (domain.md §4.2). A month is a twelfth of a year here; a loan that has dates is in [`dated`].

pub mod dated;

use crate::{
    codes::RepaymentMethod,
    money::{Fen, divide_half_up},
    rate::{BasisPoints, Months},
};

/// A year's basis points over twelve months: a monthly rate is `bp / MONTHLY`.
const MONTHLY: i128 = 10_000 * 12;
/// Parts of one in the discount factors of an annuity. Largest amount × highest rate × this stays within 128 bits.
const ONE: i128 = 10_i128.pow(22);
/// How close the monthly rate is searched for: a millionth of a basis point a year.
const PRECISION: f64 = 1e-11;

/// What was agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// What is lent.
    pub principal: Fen,
    /// Nominal yearly rate.
    pub annual_rate: BasisPoints,
    /// Number of months.
    pub term: Months,
    /// How it is paid back.
    pub method: RepaymentMethod,
}

/// What is paid at the end of one month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Installment {
    /// Of the principal.
    pub principal: Fen,
    /// Of the interest.
    pub interest: Fen,
}

impl Installment {
    /// Both together; `None` beyond 64 bits.
    #[must_use]
    pub const fn total(self) -> Option<Fen> {
        self.principal.checked_add(self.interest)
    }
}

/// What is paid at the end of each month. Every period is rounded HALF_UP to the fen and the remainder is in the last
/// one, so that the principals sum to the loan. Empty for a term of no month or sums beyond 64 bits.
#[must_use]
pub fn schedule(terms: &Terms) -> Vec<Installment> {
    let months = i128::from(terms.term.get());
    let paid = match terms.method {
        RepaymentMethod::Annuity => annuity(terms).map(|payment| by_payment(terms, payment)),
        RepaymentMethod::EqualPrincipal => {
            divide_half_up(i128::from(terms.principal.get()), months).map(|part| by_principal(terms, part))
        }
        // A revolving loan is compared as if it were drawn whole to the end.
        RepaymentMethod::InterestFirst | RepaymentMethod::Revolving => Some(by_principal(terms, 0)),
        RepaymentMethod::Bullet => bullet(terms),
    };
    paid.unwrap_or_default()
}

/// The yearly rate (IRR × 12, HALF_UP to the basis point) at which what is paid is worth what was received: the loan
/// less everything that was paid for it at the beginning. `None` where nothing was received, or no rate below
/// 100 % a month answers.
#[must_use]
pub fn apr(received: Fen, installments: &[Installment]) -> Option<BasisPoints> {
    let paid: Vec<Fen> = installments.iter().map(|one| one.total()).collect::<Option<_>>()?;
    apr_of_flows(received, &paid)
}

/// As [`apr`], for what flows to the lender at the end of each month, net of what the borrower gets from others then.
#[must_use]
pub fn apr_of_flows(received: Fen, paid: &[Fen]) -> Option<BasisPoints> {
    if paid.is_empty() {
        return None;
    }
    // Horner from the last month: a sum of falling terms, so the worth falls as the rate rises.
    yearly(received, |rate| {
        paid.iter().rev().fold(0.0, |later, now| (later + float(now.get())) / (1.0 + rate))
    })
}

/// Twelve times the monthly rate at which `worth`, which falls as the rate rises, is what was received.
fn yearly(received: Fen, worth: impl Fn(f64) -> f64) -> Option<BasisPoints> {
    let received = float(received.get());
    if received <= 0.0 {
        return None;
    }
    let (mut low, mut high) = (-0.5, 1.0);
    if worth(low) < received || worth(high) > received {
        return None;
    }
    // No more halvings than change the answer, which is a whole basis point a year.
    while high - low > PRECISION {
        let middle = f64::midpoint(low, high);
        if worth(middle) > received { low = middle } else { high = middle }
    }
    let basis_points = (f64::midpoint(low, high) * 120_000.0 + 0.5).floor();
    #[expect(clippy::cast_possible_truncation, reason = "the search ends within -60,000 and 120,000")]
    Some(BasisPoints::new(basis_points as i32))
}

/// The even payment, HALF_UP; exact far beyond the fen for every amount and term that can be asked for.
fn annuity(terms: &Terms) -> Option<i128> {
    let (principal, rate) = (i128::from(terms.principal.get()), i128::from(terms.annual_rate.get()));
    if rate == 0 {
        return divide_half_up(principal, i128::from(terms.term.get()));
    }
    let mut discount = ONE;
    for _ in 0..terms.term.get() {
        discount = divide_half_up(discount.checked_mul(MONTHLY)?, MONTHLY + rate)?;
    }
    let dividend = principal.checked_mul(rate)?.checked_mul(ONE)?;
    divide_half_up(dividend, MONTHLY.checked_mul(ONE - discount)?)
}

fn by_payment(terms: &Terms, payment: i128) -> Vec<Installment> {
    run(terms, |left, interest| (payment - interest).clamp(0, left))
}

fn by_principal(terms: &Terms, part: i128) -> Vec<Installment> {
    run(terms, |left, _| part.min(left))
}

/// Month by month: interest on what is left, then the part of the principal that `repaid` says; the last month all.
fn run(terms: &Terms, repaid: impl Fn(i128, i128) -> i128) -> Vec<Installment> {
    let mut left = i128::from(terms.principal.get());
    let mut installments = Vec::with_capacity(usize::from(terms.term.get()));
    for month in 1..=terms.term.get() {
        let Some(interest) = divide_half_up(left * i128::from(terms.annual_rate.get()), MONTHLY) else {
            return Vec::new();
        };
        let principal = if month == terms.term.get() { left } else { repaid(left, interest) };
        left -= principal;
        let (Ok(principal), Ok(interest)) = (i64::try_from(principal), i64::try_from(interest)) else {
            return Vec::new();
        };
        installments.push(Installment { principal: Fen::new(principal), interest: Fen::new(interest) });
    }
    installments
}

/// Nothing until the end, then everything; the interest is simple.
fn bullet(terms: &Terms) -> Option<Vec<Installment>> {
    let whole = i128::from(terms.principal.get())
        .checked_mul(i128::from(terms.annual_rate.get()))?
        .checked_mul(i128::from(terms.term.get()))?;
    let interest = Fen::new(i64::try_from(divide_half_up(whole, MONTHLY)?).ok()?);
    let nothing = Installment { principal: Fen::ZERO, interest: Fen::ZERO };
    let mut installments = vec![nothing; usize::from(terms.term.get())];
    *installments.last_mut()? = Installment { principal: terms.principal, interest };
    Some(installments)
}

#[expect(clippy::cast_precision_loss, reason = "an amount of fen has fewer digits than a float")]
const fn float(fen: i64) -> f64 {
    fen as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn terms(method: RepaymentMethod) -> Terms {
        Terms {
            principal: Fen::new(300_000_000),
            annual_rate: BasisPoints::new(435),
            term: Months::new(12),
            method,
        }
    }

    fn interest(installments: &[Installment]) -> i64 {
        installments.iter().map(|one| one.interest.get()).sum()
    }

    /// domain.md §4.2.
    #[test]
    fn the_annuity_fixture() {
        let paid = schedule(&terms(RepaymentMethod::Annuity));
        assert_eq!(paid.len(), 12);
        assert_eq!(paid[0].interest, Fen::new(1_087_500));
        assert!(paid[..11].iter().all(|one| one.total() == Some(Fen::new(25_592_970))));
        assert_eq!(interest(&paid), 7_115_640);
    }

    /// domain.md §4.2.
    #[test]
    fn the_equal_principal_fixture() {
        let paid = schedule(&terms(RepaymentMethod::EqualPrincipal));
        assert_eq!(interest(&paid), 7_068_750);
        assert_eq!(paid[0].total(), Some(Fen::new(26_087_500)));
        assert_eq!(paid[11].total(), Some(Fen::new(25_090_625)));
    }

    #[test]
    fn interest_first_pays_the_principal_at_the_end_and_a_bullet_pays_everything_then() {
        for method in [RepaymentMethod::InterestFirst, RepaymentMethod::Revolving] {
            let paid = schedule(&terms(method));
            assert!(paid[..11].iter().all(|one| one.principal == Fen::ZERO));
            assert!(paid.iter().all(|one| one.interest == Fen::new(1_087_500)));
            assert_eq!(paid[11].principal, Fen::new(300_000_000));
        }
        let paid = schedule(&terms(RepaymentMethod::Bullet));
        assert!(paid[..11].iter().all(|one| one.total() == Some(Fen::ZERO)));
        assert_eq!(paid[11].interest, Fen::new(13_050_000));
    }

    #[test]
    fn without_costs_the_yearly_rate_of_a_loan_paid_monthly_is_its_nominal_rate() {
        for method in
            [RepaymentMethod::Annuity, RepaymentMethod::EqualPrincipal, RepaymentMethod::InterestFirst]
        {
            let terms = terms(method);
            assert_eq!(apr(terms.principal, &schedule(&terms)), Some(terms.annual_rate), "{method:?}");
        }
    }

    #[test]
    fn costs_at_the_beginning_raise_the_yearly_rate() {
        let terms = terms(RepaymentMethod::InterestFirst);
        // 43,200 yuan of premium and 20,000 of valuation on 3,000,000: found by an independent calculation.
        let received = Fen::new(300_000_000 - 4_320_000 - 2_000_000);
        let found = apr(received, &schedule(&terms)).map(BasisPoints::get);
        assert_eq!(found, Some(653));
    }

    #[test]
    fn nothing_received_has_no_rate() {
        let paid = schedule(&terms(RepaymentMethod::Annuity));
        assert_eq!(apr(Fen::ZERO, &paid), None);
        assert_eq!(apr(Fen::new(-1), &paid), None);
        assert_eq!(apr(Fen::new(1), &[]), None);
        assert_eq!(apr(Fen::new(1), &paid), None);
    }

    fn any_terms() -> impl Strategy<Value = Terms> {
        let amount = 1..=Fen::MAX_AMOUNT.get();
        (amount, 0..=3_600_i32, 1..=120_u16, prop::sample::select(RepaymentMethod::ALL)).prop_map(
            |(fen, rate, months, method)| Terms {
                principal: Fen::new(fen),
                annual_rate: BasisPoints::new(rate),
                term: Months::new(months),
                method,
            },
        )
    }

    proptest! {
        #[test]
        fn principals_sum_to_the_loan_and_nothing_is_negative(terms in any_terms()) {
            let paid = schedule(&terms);
            prop_assert_eq!(paid.len(), usize::from(terms.term.get()));
            prop_assert_eq!(paid.iter().map(|one| one.principal.get()).sum::<i64>(), terms.principal.get());
            prop_assert!(paid.iter().all(|one| one.principal >= Fen::ZERO && one.interest >= Fen::ZERO));
        }

        #[test]
        fn an_annuity_is_even_but_for_the_last_month(fen in 1_000_000..=Fen::MAX_AMOUNT.get(), rate in 1..=3_600_i32, months in 2..=120_u16) {
            let terms = Terms {
                principal: Fen::new(fen),
                annual_rate: BasisPoints::new(rate),
                term: Months::new(months),
                method: RepaymentMethod::Annuity,
            };
            let paid = schedule(&terms);
            let totals: Vec<i64> = paid.iter().map(|one| one.principal.get() + one.interest.get()).collect();
            prop_assert!(totals[..totals.len() - 1].windows(2).all(|pair| pair[0] == pair[1]));
            // A fen of rounding in each month, compounded.
            prop_assert!((totals[totals.len() - 1] - totals[0]).abs() <= 2_000, "{:?}", totals);
        }
    }
}
