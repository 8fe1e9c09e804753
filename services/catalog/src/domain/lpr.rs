//! The loan prime rate (LPR, 贷款市场报价利率) as published: data, recorded month by month.

use chrono::NaiveDate;
use kernel::{BasisPoints, Months};

use super::choices::LprTenor;

/// Terms from here on are priced on the five-year rate.
const FIVE_YEARS: u16 = 60;
/// What a published rate can be, in basis points.
pub const RATES: std::ops::RangeInclusive<i32> = 1..=10_000;

/// One publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publication {
    pub on: NaiveDate,
    pub one_year: BasisPoints,
    pub five_years: BasisPoints,
}

/// Every publication, oldest first.
#[derive(Debug, Clone, Default)]
pub struct LprTable(Vec<Publication>);

/// Why a publication is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LprRefusal {
    #[error("the last publication is of {last}")]
    NotLater { last: NaiveDate },
    #[error("the day has not come")]
    InTheFuture,
}

impl LprTable {
    pub fn new(mut publications: Vec<Publication>) -> Self {
        publications.sort_by_key(|one| one.on);
        Self(publications)
    }

    /// Whether this publication continues the table: what is on record is never changed or put in between, because it
    /// has priced loans.
    ///
    /// # Errors
    /// [`LprRefusal`].
    pub fn admits(&self, on: NaiveDate, today: NaiveDate) -> Result<(), LprRefusal> {
        match self.0.last() {
            _ if on > today => Err(LprRefusal::InTheFuture),
            Some(last) if last.on >= on => Err(LprRefusal::NotLater { last: last.on }),
            Some(_) | None => Ok(()),
        }
    }

    /// The rate that prices a loan of this term on this day: the last one published on or before it, of `tenor` or of
    /// that which goes with the term. `None` before the table begins.
    pub fn rate(&self, day: NaiveDate, term: Months, tenor: Option<LprTenor>) -> Option<BasisPoints> {
        let published = self.0.iter().rev().find(|one| one.on <= day)?;
        let by_term = if term.get() >= FIVE_YEARS { LprTenor::FiveYears } else { LprTenor::OneYear };
        Some(match tenor.unwrap_or(by_term) {
            LprTenor::OneYear => published.one_year,
            LprTenor::FiveYears => published.five_years,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn table() -> LprTable {
        let rows = [
            ("2021-12-20", 380, 465),
            ("2022-08-22", 365, 430),
            ("2023-06-20", 355, 420),
            ("2023-08-21", 345, 420),
            ("2025-05-20", 300, 350),
        ];
        LprTable::new(
            rows.map(|(on, one, five)| Publication {
                on: on.parse().unwrap(),
                one_year: BasisPoints::new(one),
                five_years: BasisPoints::new(five),
            })
            .to_vec(),
        )
    }

    #[test]
    fn the_last_rate_published_on_or_before_the_day_prices_the_loan() {
        for (day, months, tenor, wanted) in [
            ("2021-12-19", 12, None, None),
            ("2021-12-20", 12, None, Some(380)),
            ("2022-09-15", 12, None, Some(365)),
            ("2022-09-15", 59, None, Some(365)),
            ("2022-09-15", 60, None, Some(430)),
            ("2022-09-15", 12, Some(LprTenor::FiveYears), Some(430)),
            ("2022-09-15", 60, Some(LprTenor::OneYear), Some(365)),
            ("2023-08-20", 36, None, Some(355)),
            ("2023-08-21", 36, None, Some(345)),
            ("2030-01-01", 120, None, Some(350)),
        ] {
            let rate = table().rate(day.parse().unwrap(), Months::new(months), tenor);
            assert_eq!(rate.map(BasisPoints::get), wanted, "{day} {months} {tenor:?}");
        }
    }

    #[test]
    fn a_publication_is_later_than_the_last_and_not_of_a_day_to_come() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let today = day("2025-06-20");
        assert_eq!(table().admits(day("2025-06-20"), today), Ok(()));
        assert_eq!(table().admits(day("2025-06-21"), today), Err(LprRefusal::InTheFuture));
        let last = day("2025-05-20");
        assert_eq!(table().admits(last, today), Err(LprRefusal::NotLater { last }));
        assert_eq!(LprTable::default().admits(last, today), Ok(()));
    }
}
