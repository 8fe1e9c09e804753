//! Money in fen (分), CNY only: checked arithmetic, HALF_UP, shares that sum to the whole.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::rate::BasisPoints;

/// An amount in fen: 1 yuan = 100 fen. May be negative (a reversing entry).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fen(i64);

/// An amount that nobody can ask for or offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an amount of {fen} fen is not between 1 and 30,000,000,000")]
pub struct AmountError {
    /// What was asked, in fen.
    pub fen: i64,
}

/// Weights by which nothing can be split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// Every weight is 0, or there is none.
    #[error("no weight is above 0")]
    NoWeight,
    /// The line that takes the remainder is not one of the lines.
    #[error("line {line} of {lines} cannot take the remainder")]
    NoSuchLine {
        /// Index of the line that was named.
        line: usize,
        /// Number of lines.
        lines: usize,
    },
}

impl Fen {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The largest amount of one application or offer: 3 亿元.
    pub const MAX_AMOUNT: Self = Self(30_000_000_000);

    /// Takes a number of fen, of any sign.
    #[must_use]
    pub const fn new(fen: i64) -> Self {
        Self(fen)
    }

    /// An amount that can be asked for or offered.
    ///
    /// # Errors
    /// [`AmountError`] outside of 1 to [`Fen::MAX_AMOUNT`].
    pub const fn amount(fen: i64) -> Result<Self, AmountError> {
        if fen >= 1 && fen <= Self::MAX_AMOUNT.0 { Ok(Self(fen)) } else { Err(AmountError { fen }) }
    }

    /// The number of fen.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The sum; `None` beyond 64 bits.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// The difference; `None` beyond 64 bits.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Self(difference)),
            None => None,
        }
    }

    /// The sum of all; `None` beyond 64 bits.
    #[must_use]
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// This amount at a rate or share, HALF_UP to the fen; `None` beyond 64 bits.
    #[must_use]
    pub fn mul_bp(self, rate: BasisPoints) -> Option<Self> {
        let product = i128::from(self.0).checked_mul(i128::from(rate.get()))?;
        i64::try_from(divide_half_up(product, 10_000)?).ok().map(Self)
    }

    /// Splits by weight: each share is HALF_UP to the fen, and the line `remainder_to` (the bank's, by convention)
    /// takes what is left, so that the parts always sum to the whole and none has another sign than the whole.
    ///
    /// # Errors
    /// [`SplitError`] when no weight is above 0 or there is no line `remainder_to`.
    pub fn split(self, weights: &[u64], remainder_to: usize) -> Result<Vec<Self>, SplitError> {
        if remainder_to >= weights.len() {
            return Err(SplitError::NoSuchLine { line: remainder_to, lines: weights.len() });
        }
        let total: i128 = weights.iter().copied().map(i128::from).sum();
        if total == 0 {
            return Err(SplitError::NoWeight);
        }
        let whole = i128::from(self.0.unsigned_abs());
        let mut left = whole;
        let mut shares: Vec<i128> = Vec::with_capacity(weights.len());
        for (line, weight) in weights.iter().copied().enumerate() {
            let share = if line == remainder_to {
                0
            } else {
                // Many halves rounded up can ask for more than there is: the last of them get less.
                divide_half_up(whole * i128::from(weight), total).unwrap_or(0).min(left)
            };
            left -= share;
            shares.push(share);
        }
        if let Some(line) = shares.get_mut(remainder_to) {
            *line = left;
        }
        let sign = i128::from(self.0.signum());
        // Each share is at most the whole, which fits.
        Ok(shares.into_iter().map(|share| Self(i64::try_from(sign * share).unwrap_or(self.0))).collect())
    }
}

/// In yuan with two decimals: `1234567.89`.
impl fmt::Display for Fen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        write!(out, "{sign}{}.{:02}", magnitude / 100, magnitude % 100)
    }
}

/// Divides HALF_UP: a half goes away from zero. `None` for a divisor of 0 or beyond 128 bits.
pub(crate) fn divide_half_up(dividend: i128, divisor: i128) -> Option<i128> {
    let quotient = dividend.checked_div(divisor)?;
    let rest = dividend.checked_rem(divisor)?.unsigned_abs();
    let away = if dividend.is_negative() == divisor.is_negative() { 1 } else { -1 };
    // rest >= divisor - rest is 2 * rest >= divisor without leaving 128 bits.
    if rest >= divisor.unsigned_abs() - rest { quotient.checked_add(away) } else { Some(quotient) }
}

#[cfg(test)]
#[path = "money_tests.rs"]
mod tests;
