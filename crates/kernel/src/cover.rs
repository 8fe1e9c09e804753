//! What cover costs (保费、担保费, domain.md §4.5): one formula for insurers and guarantors.

use crate::{
    money::{Fen, divide_half_up},
    rate::{BasisPoints, Months},
};

/// Shares and rates are in ten-thousandths, terms in twelfths of a year.
const WHOLE: i128 = 10_000 * 10_000 * 12;

/// Premium or fee for the whole term: amount × coverage × yearly rate × months / 12, HALF_UP to the fen, and never below
/// `minimum`. `None` beyond 64 bits.
#[must_use]
pub fn cost(
    amount: Fen,
    coverage: BasisPoints,
    annual_rate: BasisPoints,
    term: Months,
    minimum: Fen,
) -> Option<Fen> {
    let factors = [i128::from(coverage.get()), i128::from(annual_rate.get()), i128::from(term.get())];
    let product = factors.into_iter().try_fold(i128::from(amount.get()), i128::checked_mul)?;
    let exact = i64::try_from(divide_half_up(product, WHOLE)?).ok()?;
    Some(Fen::new(exact).max(minimum))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost_of(yuan: i64, coverage: i32, rate: i32, months: u16, minimum: i64) -> Option<i64> {
        let (coverage, rate) = (BasisPoints::new(coverage), BasisPoints::new(rate));
        cost(Fen::new(yuan * 100), coverage, rate, Months::new(months), Fen::new(minimum)).map(Fen::get)
    }

    /// domain.md §6, P5: 3 m × 80 % × 1.8 %.
    #[test]
    fn the_premium_fixture() {
        assert_eq!(cost_of(3_000_000, 8_000, 180, 12, 0), Some(4_320_000));
        assert_eq!(cost_of(3_000_000, 8_000, 180, 18, 0), Some(6_480_000));
    }

    #[test]
    fn a_premium_is_never_below_its_minimum() {
        assert_eq!(cost_of(10_000, 8_000, 100, 1, 50_000), Some(50_000));
    }

    #[test]
    fn a_half_fen_is_rounded_up() {
        // 1 yuan × 100 % × 6 % × 1/12 = 0.5 fen.
        assert_eq!(cost_of(1, 10_000, 600, 1, 0), Some(1));
        assert_eq!(cost_of(1, 10_000, 599, 1, 0), Some(0));
    }
}
