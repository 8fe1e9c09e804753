//! Rates in basis points and terms in months.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::money::{Fen, divide_half_up};

/// A rate or share in basis points: 1 bp = 0.01 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BasisPoints(i32);

impl BasisPoints {
    /// The whole: 100 %.
    pub const WHOLE: Self = Self(10_000);

    /// Takes a number of basis points.
    #[must_use]
    pub const fn new(basis_points: i32) -> Self {
        Self(basis_points)
    }

    /// The number of basis points.
    #[must_use]
    pub const fn get(self) -> i32 {
        self.0
    }

    /// `part` of `whole`, HALF_UP to the basis point (two decimals of a percentage).
    /// `None` when the whole is 0 (shown as `—`, domain.md §5.1) or the share is beyond what can be said.
    #[must_use]
    pub fn ratio(part: Fen, whole: Fen) -> Option<Self> {
        let scaled = i128::from(part.get()).checked_mul(10_000)?;
        let share = divide_half_up(scaled, i128::from(whole.get()))?;
        i32::try_from(share).ok().map(Self)
    }
}

/// As a percentage with two decimals: `4.35%`.
impl fmt::Display for BasisPoints {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        write!(out, "{sign}{}.{:02}%", magnitude / 100, magnitude % 100)
    }
}

/// A term in whole months (期限).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Months(u16);

impl Months {
    /// The longest term of a loan that is taken in: ten years.
    pub const MAX_TERM: Self = Self(120);

    /// Takes a number of months.
    #[must_use]
    pub const fn new(months: u16) -> Self {
        Self(months)
    }

    /// The number of months.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The term of a loan: 1 to 120 months.
    ///
    /// # Errors
    /// [`TermError`] outside of that.
    pub fn term(months: i32) -> Result<Self, TermError> {
        match u16::try_from(months) {
            Ok(value) if (1..=Self::MAX_TERM.0).contains(&value) => Ok(Self(value)),
            Ok(_) | Err(_) => Err(TermError { months }),
        }
    }
}

/// A term of no month or of more than [`Months::MAX_TERM`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a term of {months} months is not between 1 and 120")]
pub struct TermError {
    /// What was asked.
    pub months: i32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yuan(yuan: i64) -> Fen {
        Fen::new(yuan * 100)
    }

    /// domain.md §5.3: columns A, B, C, zone.
    #[test]
    fn ratios_of_the_quarter_fixture() {
        let table = [
            (62_000_000, 132_000_000, 4697),
            (47_000_000, 110_000_000, 4273),
            (8_000_000, 15_500_000, 5161),
            (117_000_000, 257_500_000, 4544),
            (58_000_000, 132_000_000, 4394),
            (41_300_000, 110_000_000, 3755),
            (6_200_000, 15_500_000, 4000),
            (105_500_000, 257_500_000, 4097),
            (0, 58_000_000, 0),
            (1_860_000, 41_300_000, 450),
            (310_000, 6_200_000, 500),
            (2_170_000, 105_500_000, 206),
        ];
        for (part, whole, expected) in table {
            assert_eq!(
                BasisPoints::ratio(yuan(part), yuan(whole)),
                Some(BasisPoints::new(expected)),
                "{part}/{whole}"
            );
        }
    }

    #[test]
    fn growth_fixtures() {
        for (now, before, expected) in [
            (50_500_000, 45_200_000, 1173),
            (105_500_000, 92_400_000, 1418),
            (25, 22, 1364),
            (286_000_000, 252_000_000, 1349),
        ] {
            assert_eq!(
                BasisPoints::ratio(yuan(now - before), yuan(before)),
                Some(BasisPoints::new(expected))
            );
        }
    }

    #[test]
    fn pledge_ratio_of_the_bundle_fixture() {
        assert_eq!(BasisPoints::ratio(yuan(1_800_000), yuan(4_300_000)), Some(BasisPoints::new(4186)));
    }

    #[test]
    fn a_whole_of_nothing_has_no_ratio() {
        assert_eq!(BasisPoints::ratio(yuan(1), yuan(0)), None);
        assert_eq!(BasisPoints::ratio(Fen::new(i64::MAX), Fen::new(1)), None);
        assert_eq!(BasisPoints::ratio(Fen::new(i64::MIN), Fen::new(-1)), None);
    }

    #[test]
    fn percentages_have_two_decimals() {
        for (value, text) in
            [(435, "4.35%"), (0, "0.00%"), (-120, "-1.20%"), (-5, "-0.05%"), (10_000, "100.00%")]
        {
            assert_eq!(BasisPoints::new(value).to_string(), text);
        }
        assert_eq!(BasisPoints::new(i32::MIN).to_string(), "-21474836.48%");
    }

    #[test]
    fn a_term_is_one_to_a_hundred_and_twenty_months() {
        for months in [0, -1, 121, 70_000, i32::MIN, i32::MAX] {
            assert_eq!(Months::term(months), Err(TermError { months }));
        }
        assert_eq!(Months::term(1).map(Months::get), Ok(1));
        assert_eq!(Months::term(120).map(Months::get), Ok(120));
    }
}
