//! What a loan costs when it is compared with others (综合成本, domain.md §4.2): what is paid when, exact to the fen, and
//! the yearly rate of all that is paid and got back.

use chrono::{Months as CalendarMonths, NaiveDate};
use kernel::{
    BasisPoints, Fen, RepaymentMethod,
    loan::{
        self, Installment, Terms,
        dated::{self, Dated, DatedError, InterestBasis},
    },
};

/// What is paid for a loan, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paid {
    pub interest: Fen,
    flows: Flows,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Flows {
    /// At the end of each month of the loan.
    Monthly(Vec<Fen>),
    Dated {
        from: NaiveDate,
        paid: Vec<(NaiveDate, Fen)>,
    },
}

impl Paid {
    /// Of a loan whose days are not known: each month is a twelfth of 365 days. `None` beyond 64 bits.
    pub fn by_months(terms: &Terms, basis: InterestBasis) -> Option<Self> {
        let paid = schedule(terms, basis)?;
        let interest = Fen::checked_sum(paid.iter().map(|one| one.interest))?;
        let flows = paid.iter().map(|one| one.total()).collect::<Option<_>>()?;
        Some(Self { interest, flows: Flows::Monthly(flows) })
    }

    /// Of a loan that has dates; what is paid is what its schedule says.
    ///
    /// # Errors
    /// [`DatedError`].
    pub fn by_dates(loan: &Dated) -> Result<Self, DatedError> {
        let plan = dated::plan(loan, &[])?;
        let paid: Option<Vec<_>> =
            plan.iter().map(|one| Some((one.to, one.principal.checked_add(one.interest)?))).collect();
        let interest = Fen::checked_sum(plan.iter().map(|one| one.interest));
        let (paid, interest) = paid.zip(interest).ok_or(DatedError::OutOfRange)?;
        Ok(Self { interest, flows: Flows::Dated { from: loan.from, paid } })
    }

    /// The yearly rate (IRR × 12) where `received` is the loan less what was paid at the beginning.
    pub fn yearly(&self, received: Fen) -> Option<BasisPoints> {
        match &self.flows {
            Flows::Monthly(paid) => loan::apr_of_flows(received, paid),
            Flows::Dated { from, paid } => dated::apr(*from, received, paid),
        }
    }

    /// Net of what is got back after this month, from 1. `None` beyond the term or 64 bits.
    fn less(&mut self, month: u16, fen: Fen) -> Option<()> {
        match &mut self.flows {
            Flows::Monthly(paid) => {
                let flow = paid.get_mut(usize::from(month).checked_sub(1)?)?;
                *flow = flow.checked_sub(fen)?;
            }
            Flows::Dated { from, paid } => {
                let on = from.checked_add_months(CalendarMonths::new(u32::from(month)))?;
                paid.push((on, Fen::ZERO.checked_sub(fen)?));
            }
        }
        Some(())
    }
}

/// Month by month. Interest that goes by days is that of 365 days a year at the nominal rate over the basis: rounded once
/// from the loan's beginning to each month's end, so that the months sum to the whole and no rate is rounded on the way.
fn schedule(terms: &Terms, basis: InterestBasis) -> Option<Vec<Installment>> {
    let at_the_end = match terms.method {
        RepaymentMethod::Annuity | RepaymentMethod::EqualPrincipal => {
            return Some(loan::schedule(terms)).filter(|paid| !paid.is_empty());
        }
        RepaymentMethod::InterestFirst | RepaymentMethod::Revolving => false,
        RepaymentMethod::Bullet => true,
    };
    let months = terms.term.get();
    let year = 10_000 * 12 * i128::from(basis.days());
    let a_month = i128::from(terms.principal.get()) * i128::from(terms.annual_rate.get()) * 365;
    // HALF_UP; nothing here is below nothing.
    let due = |month: u16| i64::try_from((a_month * i128::from(month) * 2 + year) / (2 * year)).ok();
    let (mut paid, mut told) = (Vec::with_capacity(usize::from(months)), 0);
    for month in 1..=months {
        let last = month == months;
        let until_now = if at_the_end && !last { 0 } else { due(month)? };
        let principal = if last { terms.principal } else { Fen::ZERO };
        paid.push(Installment { principal, interest: Fen::new(until_now - told) });
        told = until_now;
    }
    Some(paid).filter(|paid| !paid.is_empty())
}

/// A loan's figures beside those of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    pub yearly: Option<BasisPoints>,
    pub net_yearly: Option<BasisPoints>,
    pub interest: Fen,
    pub fees: Fen,
    pub subsidies: Fen,
    /// Interest and fees less subsidies.
    pub net: Fen,
}

impl Figures {
    /// `fees` are paid at the beginning; `subsidies` are got back after a month of the loan, 0 being the beginning. `None`
    /// beyond 64 bits.
    pub fn of(principal: Fen, mut paid: Paid, fees: Fen, subsidies: &[(u16, Fen)]) -> Option<Self> {
        let interest = paid.interest;
        let received = principal.checked_sub(fees)?;
        let yearly = paid.yearly(received);
        let mut net_received = received;
        for (month, fen) in subsidies {
            match month {
                0 => net_received = net_received.checked_add(*fen)?,
                month => paid.less(*month, *fen)?,
            }
        }
        let subsidies = Fen::checked_sum(subsidies.iter().map(|(_, fen)| *fen))?;
        Some(Self {
            yearly,
            net_yearly: paid.yearly(net_received),
            interest,
            fees,
            subsidies,
            net: interest.checked_add(fees)?.checked_sub(subsidies)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use kernel::{
        Months,
        loan::dated::{Settlement, counts_days},
    };
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

    fn dated(terms: Terms, basis: InterestBasis) -> Dated {
        let settle = Settlement { day: 20, cycle: dated::Cycle::Quarterly };
        Dated { terms, from: "2022-09-15".parse().unwrap(), basis, settle }
    }

    /// domain.md §4.2: no rate is rounded to the basis point before the fen.
    #[test]
    fn a_year_costs_what_the_fixtures_say_with_and_without_dates() {
        use InterestBasis::{Actual360, Actual365};
        use RepaymentMethod::{Annuity, Bullet, EqualPrincipal, InterestFirst, Revolving};
        for (method, basis, wanted) in [
            (Annuity, Actual360, 7_115_640),
            (EqualPrincipal, Actual360, 7_068_750),
            (InterestFirst, Actual360, 13_231_250),
            (Revolving, Actual360, 13_231_250),
            (Bullet, Actual360, 13_231_250),
            (Bullet, Actual365, 13_050_000),
        ] {
            let paid = Paid::by_months(&terms(method), basis).unwrap();
            assert_eq!(paid.interest, Fen::new(wanted), "{method:?} {basis:?}");
            let paid = Paid::by_dates(&dated(terms(method), basis)).unwrap();
            assert_eq!(paid.interest, Fen::new(wanted), "{method:?} {basis:?} with dates");
        }
    }

    #[test]
    fn what_is_got_back_counts_when_it_comes_with_dates_as_without() {
        let (fees, back) = (Fen::new(6_320_000), Fen::new(2_000_000));
        let annuity = terms(RepaymentMethod::Annuity);
        let figures = |month, dates: bool| {
            let paid = if dates {
                Paid::by_dates(&dated(annuity, InterestBasis::Actual360)).unwrap()
            } else {
                Paid::by_months(&annuity, InterestBasis::Actual360).unwrap()
            };
            Figures::of(annuity.principal, paid, fees, &[(month, back)])
        };
        for month in [0, 1, 12] {
            assert_eq!(figures(month, true), figures(month, false), "{month}");
        }
        let (early, late) = (figures(0, false).unwrap(), figures(12, false).unwrap());
        assert!(early.net_yearly < late.net_yearly && late.net_yearly < late.yearly);
        assert_eq!(early.net, Fen::new(7_115_640 + 6_320_000 - 2_000_000));
        assert_eq!(figures(13, false), None);
    }

    proptest! {
        #[test]
        fn the_months_of_a_loan_sum_to_its_whole_interest_and_to_the_loan(
            fen in 1..=Fen::MAX_AMOUNT.get(),
            rate in 0..=10_000_i32,
            months in 1..=120_u16,
            method in prop::sample::select(RepaymentMethod::ALL),
            basis in prop::sample::select(&[InterestBasis::Actual360, InterestBasis::Actual365]),
        ) {
            let (principal, annual_rate) = (Fen::new(fen), BasisPoints::new(rate));
            let terms = Terms { principal, annual_rate, term: Months::new(months), method };
            let paid = schedule(&terms, basis).unwrap();
            prop_assert_eq!(paid.len(), usize::from(months));
            prop_assert_eq!(Fen::checked_sum(paid.iter().map(|one| one.principal)), Some(principal));
            prop_assert!(paid.iter().all(|one| one.interest >= Fen::ZERO));
            if counts_days(method) {
                let exact = i128::from(fen) * i128::from(rate) * 365 * i128::from(months);
                let year = 120_000 * i128::from(basis.days());
                let sum: i128 = paid.iter().map(|one| i128::from(one.interest.get())).sum();
                prop_assert!((sum * year - exact).abs() * 2 <= year, "{} of {}", sum, exact);
            }
        }
    }
}
