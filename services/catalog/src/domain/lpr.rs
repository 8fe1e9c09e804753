//! The loan prime rate (LPR, 贷款市场报价利率) as published: data, recorded month by month by one person and confirmed by
//! another. A mistake is corrected by a later revision of its day.

use chrono::{DateTime, NaiveDate, Utc};
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

/// Number of a revision of a day's publication, from 1; signed, as PostgreSQL and protobuf keep it.
pub type Revision = i32;

/// A publication as somebody recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub publication: Publication,
    pub revision: Revision,
    pub recorded_at: DateTime<Utc>,
    pub recorded_by: String,
    /// By a second person; `None` while nobody has.
    pub confirmed_at: Option<DateTime<Utc>>,
}

/// Where an entry stands among those of its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It prices.
    InForce,
    /// It is the newest, and nobody has confirmed it.
    Waiting,
    /// A later one has taken its place.
    Superseded,
}

/// Every entry that was ever recorded.
#[derive(Debug, Clone, Default)]
pub struct Register(Vec<Entry>);

impl Register {
    /// In the order of days and revisions, whatever the order of `entries`.
    pub fn new(mut entries: Vec<Entry>) -> Self {
        entries.sort_by_key(|one| (one.publication.on, one.revision));
        Self(entries)
    }

    pub fn entries(&self) -> impl Iterator<Item = (&Entry, Place)> {
        self.0.iter().map(|one| (one, self.place(one)))
    }

    /// What prices.
    pub fn table(&self) -> LprTable {
        let in_force = self.entries().filter(|(_, place)| *place == Place::InForce);
        LprTable::new(in_force.map(|(one, _)| one.publication).collect())
    }

    fn place(&self, entry: &Entry) -> Place {
        let mut later = self.of(entry.publication.on).filter(|one| one.revision > entry.revision);
        let superseded = match entry.confirmed_at {
            // Until a correction is confirmed, what it corrects goes on to price.
            Some(_) => later.any(|one| one.confirmed_at.is_some()),
            None => later.next().is_some(),
        };
        match (superseded, entry.confirmed_at) {
            (true, _) => Place::Superseded,
            (false, Some(_)) => Place::InForce,
            (false, None) => Place::Waiting,
        }
    }

    fn of(&self, day: NaiveDate) -> impl Iterator<Item = &Entry> {
        self.0.iter().filter(move |one| one.publication.on == day)
    }

    fn newest(&self, day: NaiveDate) -> Option<&Entry> {
        self.of(day).max_by_key(|one| one.revision)
    }

    /// The revision that a publication of `on` gets; `supersedes` is the one that it corrects, 0 if it is the first of its
    /// day. A month that was left out is filled in like any other.
    ///
    /// # Errors
    /// [`LprRefusal`].
    pub fn admits(
        &self,
        on: NaiveDate,
        supersedes: Revision,
        today: NaiveDate,
    ) -> Result<Revision, LprRefusal> {
        if on > today {
            return Err(LprRefusal::InTheFuture);
        }
        let newest = self.newest(on).map_or(0, |one| one.revision);
        match supersedes {
            0 if newest > 0 => Err(LprRefusal::OnRecord { newest }),
            seen if seen != newest => Err(LprRefusal::MovedOn { newest }),
            _ => Ok(newest + 1),
        }
    }

    /// Whether `by` may confirm this revision; `Ok(false)`: it is confirmed already.
    ///
    /// # Errors
    /// [`LprRefusal`].
    pub fn confirms(&self, on: NaiveDate, revision: Revision, by: &str) -> Result<bool, LprRefusal> {
        let entry = self.of(on).find(|one| one.revision == revision).ok_or(LprRefusal::Unknown)?;
        let newest = self.newest(on).map_or(revision, |one| one.revision);
        match entry.confirmed_at {
            Some(_) => Ok(false),
            None if newest != revision => Err(LprRefusal::MovedOn { newest }),
            None if entry.recorded_by == by => Err(LprRefusal::SamePerson),
            None => Ok(true),
        }
    }
}

/// Every publication that prices, oldest first.
#[derive(Debug, Clone, Default)]
pub struct LprTable(Vec<Publication>);

/// Why a publication is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LprRefusal {
    #[error("the day has a publication of revision {newest}")]
    OnRecord { newest: Revision },
    #[error("the newest revision of the day is {newest}")]
    MovedOn { newest: Revision },
    #[error("the day has no such revision")]
    Unknown,
    /// 第二人复核.
    #[error("who recorded a publication does not confirm it")]
    SamePerson,
    #[error("the day has not come")]
    InTheFuture,
}

impl LprTable {
    pub fn new(mut publications: Vec<Publication>) -> Self {
        publications.sort_by_key(|one| one.on);
        Self(publications)
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

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn entry(on: &str, revision: Revision, one_year: i32, confirmed: bool) -> Entry {
        let rates = (BasisPoints::new(one_year), BasisPoints::new(one_year + 50));
        Entry {
            publication: Publication { on: day(on), one_year: rates.0, five_years: rates.1 },
            revision,
            recorded_at: DateTime::UNIX_EPOCH,
            recorded_by: "staff:a".to_owned(),
            confirmed_at: confirmed.then_some(DateTime::UNIX_EPOCH),
        }
    }

    #[test]
    fn the_newest_confirmed_revision_of_a_day_prices_and_a_correction_only_when_it_is_confirmed() {
        let priced = |entries: &[Entry]| {
            let rate = Register::new(entries.to_vec()).table().rate(day("2025-06-30"), Months::new(12), None);
            rate.map(BasisPoints::get)
        };
        let places = |entries: &[Entry]| {
            let register = Register::new(entries.to_vec());
            register.entries().map(|(_, place)| place).collect::<Vec<_>>()
        };
        let (may, waiting) = (entry("2025-05-20", 1, 300, true), entry("2025-06-20", 1, 35, false));
        assert_eq!(priced(&[waiting.clone(), may.clone()]), Some(300));
        let wrong = entry("2025-06-20", 1, 35, true);
        assert_eq!(priced(&[may.clone(), wrong.clone()]), Some(35));
        let right = |confirmed| entry("2025-06-20", 2, 350, confirmed);
        assert_eq!(priced(&[right(false), may.clone(), wrong.clone()]), Some(35));
        assert_eq!(priced(&[right(true), may.clone(), wrong.clone()]), Some(350));
        assert_eq!(
            places(&[may.clone(), wrong.clone(), right(false)]),
            [Place::InForce, Place::InForce, Place::Waiting]
        );
        assert_eq!(places(&[may, wrong, right(true)]), [Place::InForce, Place::Superseded, Place::InForce]);
        assert_eq!(places(&[waiting, right(false)]), [Place::Superseded, Place::Waiting]);
    }

    #[test]
    fn a_day_has_one_publication_unless_a_correction_says_which_it_corrects() {
        let register =
            Register::new(vec![entry("2025-05-20", 1, 300, true), entry("2025-05-20", 2, 310, false)]);
        let today = day("2025-06-20");
        for (on, supersedes, wanted) in [
            ("2025-06-20", 0, Ok(1)),
            ("2025-04-20", 0, Ok(1)),
            ("2025-06-21", 0, Err(LprRefusal::InTheFuture)),
            ("2025-05-20", 0, Err(LprRefusal::OnRecord { newest: 2 })),
            ("2025-05-20", 1, Err(LprRefusal::MovedOn { newest: 2 })),
            ("2025-05-20", 2, Ok(3)),
            ("2025-06-20", 1, Err(LprRefusal::MovedOn { newest: 0 })),
        ] {
            assert_eq!(register.admits(day(on), supersedes, today), wanted, "{on} {supersedes}");
        }
        for (revision, by, wanted) in [
            (1, "staff:a", Ok(false)),
            (2, "staff:a", Err(LprRefusal::SamePerson)),
            (2, "staff:b", Ok(true)),
            (3, "staff:b", Err(LprRefusal::Unknown)),
        ] {
            assert_eq!(register.confirms(day("2025-05-20"), revision, by), wanted, "{revision} {by}");
        }
        let replaced =
            Register::new(vec![entry("2025-05-20", 1, 300, false), entry("2025-05-20", 2, 310, false)]);
        let answer = replaced.confirms(day("2025-05-20"), 1, "staff:b");
        assert_eq!(answer, Err(LprRefusal::MovedOn { newest: 2 }));
    }
}
