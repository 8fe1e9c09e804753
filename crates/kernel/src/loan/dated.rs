//! Repayment of a loan that has dates (domain.md §4.2): interest by the day (实际天数/360 or /365), settled on a day of the
//! month or quarter (结息日), and what early repayment costs. Annuities and even parts of principal go by months whatever
//! the days are.

use std::ops::RangeInclusive;

use chrono::{Datelike as _, NaiveDate, TimeDelta};

use super::{Terms, float, schedule, yearly};
use crate::{
    codes::RepaymentMethod,
    money::{Fen, divide_half_up},
    rate::BasisPoints,
};

/// Days of a month on which interest may be settled: every month has them.
pub const SETTLE_DAYS: RangeInclusive<u8> = 1..=28;

/// Days of a year for interest by the day (计息基础).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InterestBasis {
    /// 实际天数/360, what banks do unless agreed otherwise.
    Actual360,
    /// 实际天数/365.
    Actual365,
}

impl InterestBasis {
    /// The basis of this many days.
    #[must_use]
    pub const fn of_days(days: i32) -> Option<Self> {
        match days {
            360 => Some(Self::Actual360),
            365 => Some(Self::Actual365),
            _ => None,
        }
    }

    /// Days of its year.
    #[must_use]
    pub const fn days(self) -> i32 {
        match self {
            Self::Actual360 => 360,
            Self::Actual365 => 365,
        }
    }

    /// The yearly rate that 365 days at `rate` come to, HALF_UP to the basis point: what makes loans of different bases
    /// comparable. Only methods that count days are touched.
    #[must_use]
    pub fn over_a_year(self, rate: BasisPoints, method: RepaymentMethod) -> BasisPoints {
        if !counts_days(method) {
            return rate;
        }
        let whole = divide_half_up(i128::from(rate.get()) * 365, i128::from(self.days()));
        whole.and_then(|bp| i32::try_from(bp).ok()).map_or(rate, BasisPoints::new)
    }
}

/// Whether interest of this method goes by days rather than by months.
#[must_use]
pub const fn counts_days(method: RepaymentMethod) -> bool {
    match method {
        RepaymentMethod::InterestFirst | RepaymentMethod::Bullet | RepaymentMethod::Revolving => true,
        RepaymentMethod::Annuity | RepaymentMethod::EqualPrincipal => false,
    }
}

/// How often interest is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cycle {
    /// 按月结息.
    Monthly,
    /// 按季结息: in March, June, September and December.
    Quarterly,
}

/// When interest is settled: it is counted to the end of this day and paid the day after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settlement {
    /// Within [`SETTLE_DAYS`].
    pub day: u8,
    /// In which months.
    pub cycle: Cycle,
}

/// What was agreed, with dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dated {
    /// Principal, rate, months and method; of a revolving loan the principal is the limit.
    pub terms: Terms,
    /// The day on which the money is paid out. The loan ends on this day of its last month, itself not counted.
    pub from: NaiveDate,
    /// For interest by the day.
    pub basis: InterestBasis,
    /// For interest first and revolving.
    pub settle: Settlement,
}

/// A drawing (above 0) or repayment (below 0) of a revolving loan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Movement {
    /// The balance is another from this day on.
    pub on: NaiveDate,
    /// By how much.
    pub amount: Fen,
}

/// One period of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub from: NaiveDate,
    /// The day after the last, on which is paid what is due.
    pub to: NaiveDate,
    /// Principal that is paid back in it.
    pub principal: Fen,
    /// Interest that is due at its end.
    pub interest: Fen,
    /// Of the principal, when all of that is paid.
    pub balance: Fen,
}

impl Period {
    /// Number of its days.
    #[must_use]
    pub fn days(&self) -> i64 {
        (self.to - self.from).num_days()
    }
}

/// Why there is no schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DatedError {
    /// The end of the loan is beyond the calendar.
    #[error("the loan has no last day")]
    NoLastDay,
    /// Beyond 64 bits, or a term of no month.
    #[error("the sums cannot be said")]
    OutOfRange,
    /// A movement before the one before it, or outside of the loan's days; counted from 0.
    #[error("movement {0} is not in the order of days within the loan")]
    MovementOutOfOrder(usize),
    /// A movement after which more than the limit, or less than nothing, is drawn; counted from 0.
    #[error("movement {0} leaves the limit")]
    MovementBeyondLimit(usize),
    /// Movements of a loan that is not revolving.
    #[error("only a revolving loan has movements")]
    NoMovements,
    /// Early repayment on a day that is not within the loan, or of a revolving loan, which is repaid at will.
    #[error("there is no early repayment on this day")]
    NotEarly,
}

/// The schedule; `movements` are those of a revolving loan, and without any all is drawn on the first day. Each period's
/// interest is rounded HALF_UP once. What is drawn and what is paid back sum to the same.
///
/// # Errors
/// [`DatedError`].
pub fn plan(loan: &Dated, movements: &[Movement]) -> Result<Vec<Period>, DatedError> {
    let end = month_end(loan, loan.terms.term.get())?;
    if !movements.is_empty() && loan.terms.method != RepaymentMethod::Revolving {
        return Err(DatedError::NoMovements);
    }
    if loan.terms.term.get() == 0 {
        return Err(DatedError::OutOfRange);
    }
    let whole = [Movement { on: loan.from, amount: loan.terms.principal }];
    match loan.terms.method {
        RepaymentMethod::Annuity | RepaymentMethod::EqualPrincipal => by_months(loan),
        RepaymentMethod::Bullet => by_days(loan, &[loan.from, end], &whole),
        RepaymentMethod::InterestFirst | RepaymentMethod::Revolving => {
            let mut days = vec![loan.from];
            days.extend(settle_days(loan, end));
            days.push(end);
            by_days(loan, &days, if movements.is_empty() { &whole } else { movements })
        }
    }
}

/// The yearly rate (IRR × 12, HALF_UP to the basis point) of what is paid on days, as [`super::apr`] is of what is paid
/// at the ends of months: a day within a month of the loan counts as that part of it, so that the two agree where every
/// payment is at a month's end. `received` is the loan less everything that was paid for it at the beginning. `None`
/// where nothing was received or a payment is before `from`, or no rate below 100 % a month answers.
#[must_use]
pub fn apr(from: NaiveDate, received: Fen, paid: &[(NaiveDate, Fen)]) -> Option<BasisPoints> {
    let flows: Vec<(f64, f64)> = paid
        .iter()
        .map(|(on, fen)| Some((months_between(from, *on)?, float(fen.get()))))
        .collect::<Option<_>>()?;
    if flows.is_empty() {
        return None;
    }
    yearly(received, |rate| flows.iter().map(|(months, fen)| fen * (1.0 + rate).powf(-months)).sum())
}

/// Whole months from one day to another and the part of the month that has begun; `None` backwards.
fn months_between(from: NaiveDate, to: NaiveDate) -> Option<f64> {
    let end = |months: u32| from.checked_add_months(chrono::Months::new(months));
    let years = u32::try_from(to.year().checked_sub(from.year())?).ok()?;
    // The month of the calendar that `to` is in, or the one before: never more than one too many.
    let nominal = (years * 12 + to.month()).checked_sub(from.month())?;
    let whole = if end(nominal)? <= to { nominal } else { nominal.checked_sub(1)? };
    let (begun, next) = (end(whole)?, end(whole + 1)?);
    let part = |days: TimeDelta| i32::try_from(days.num_days()).ok().map(f64::from);
    Some(f64::from(whole) + part(to - begun)? / part(next - begun)?)
}

/// What is paid if all is paid back on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Early {
    /// Everything that is still owed.
    pub principal: Fen,
    /// Since the last period's end, by the day.
    pub interest: Fen,
    /// On that principal.
    pub penalty: Fen,
}

/// Pays everything back on `on`, at `penalty` of what is paid back early (提前还款违约金).
///
/// # Errors
/// [`DatedError::NotEarly`].
pub fn early(
    loan: &Dated,
    plan: &[Period],
    on: NaiveDate,
    penalty: BasisPoints,
) -> Result<Early, DatedError> {
    let last = plan.last().ok_or(DatedError::NotEarly)?;
    if loan.terms.method == RepaymentMethod::Revolving || on <= loan.from || on >= last.to {
        return Err(DatedError::NotEarly);
    }
    let passed = plan.iter().take_while(|period| period.to <= on).last();
    let (since, owed) =
        passed.map_or((loan.from, loan.terms.principal), |period| (period.to, period.balance));
    let fen_days = i128::from(owed.get()) * i128::from((on - since).num_days());
    let interest = interest(loan, fen_days).ok_or(DatedError::OutOfRange)?;
    let penalty = owed.mul_bp(penalty).ok_or(DatedError::OutOfRange)?;
    Ok(Early { principal: owed, interest, penalty })
}

fn month_end(loan: &Dated, months: u16) -> Result<NaiveDate, DatedError> {
    loan.from.checked_add_months(chrono::Months::new(u32::from(months))).ok_or(DatedError::NoLastDay)
}

fn by_months(loan: &Dated) -> Result<Vec<Period>, DatedError> {
    let installments = schedule(&loan.terms);
    if installments.is_empty() {
        return Err(DatedError::OutOfRange);
    }
    let (mut from, mut balance) = (loan.from, loan.terms.principal);
    let mut periods = Vec::with_capacity(installments.len());
    for (month, paid) in (1..).zip(installments) {
        let to = month_end(loan, month)?;
        balance = balance.checked_sub(paid.principal).ok_or(DatedError::OutOfRange)?;
        periods.push(Period { from, to, principal: paid.principal, interest: paid.interest, balance });
        from = to;
    }
    Ok(periods)
}

/// The days after the settlement days that lie strictly within the loan.
fn settle_days(loan: &Dated, end: NaiveDate) -> impl Iterator<Item = NaiveDate> + use<> {
    let Dated { from, settle, .. } = *loan;
    let months =
        (0..).map_while(move |month| from.with_day(1)?.checked_add_months(chrono::Months::new(month)));
    let settles = move |month: &NaiveDate| match settle.cycle {
        Cycle::Monthly => true,
        Cycle::Quarterly => month.month().is_multiple_of(3),
    };
    let after = move |month: NaiveDate| month.checked_add_signed(TimeDelta::days(i64::from(settle.day)));
    months
        .filter(settles)
        .map_while(after)
        .skip_while(move |day| *day <= from)
        .take_while(move |day| *day < end)
}

/// Interest on each day's balance between neighbouring `days`; on the last of them everything is paid back.
fn by_days(loan: &Dated, days: &[NaiveDate], movements: &[Movement]) -> Result<Vec<Period>, DatedError> {
    let Some(end) = days.last().copied() else { return Ok(Vec::new()) };
    in_order(loan, end, movements)?;
    let mut movements = movements.iter().peekable();
    let mut balance = 0_i64;
    let mut periods = Vec::with_capacity(days.len());
    for pair in days.windows(2) {
        let &[from, to] = pair else { continue };
        let (mut fen_days, mut repaid, mut since) = (0_i128, 0_i64, from);
        while let Some(movement) = movements.next_if(|movement| movement.on < to) {
            fen_days += i128::from(balance) * i128::from((movement.on - since).num_days());
            since = movement.on;
            balance += movement.amount.get();
            repaid += (-movement.amount.get()).max(0);
        }
        fen_days += i128::from(balance) * i128::from((to - since).num_days());
        if to == end {
            repaid += balance;
            balance = 0;
        }
        let interest = interest(loan, fen_days).ok_or(DatedError::OutOfRange)?;
        periods.push(Period { from, to, principal: Fen::new(repaid), interest, balance: Fen::new(balance) });
    }
    Ok(periods)
}

fn in_order(loan: &Dated, end: NaiveDate, movements: &[Movement]) -> Result<(), DatedError> {
    let (mut day, mut balance) = (loan.from, Fen::ZERO);
    for (index, movement) in movements.iter().enumerate() {
        if movement.on < day || movement.on >= end {
            return Err(DatedError::MovementOutOfOrder(index));
        }
        day = movement.on;
        let left = balance
            .checked_add(movement.amount)
            .filter(|left| (Fen::ZERO..=loan.terms.principal).contains(left));
        balance = left.ok_or(DatedError::MovementBeyondLimit(index))?;
    }
    Ok(())
}

/// Balance × days at the loan's rate and basis, HALF_UP to the fen.
fn interest(loan: &Dated, fen_days: i128) -> Option<Fen> {
    let year = i128::from(loan.basis.days()) * 10_000;
    let exact = divide_half_up(fen_days.checked_mul(i128::from(loan.terms.annual_rate.get()))?, year)?;
    i64::try_from(exact).ok().map(Fen::new)
}

#[cfg(test)]
#[path = "dated_tests.rs"]
mod tests;
