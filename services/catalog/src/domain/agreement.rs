//! Cooperation agreements (合作协议, C08): who, about what, from when to when.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use kernel::{AgreementId, InstitutionId};

use super::{choices::AgreementLine, codes::Park};

/// Longest number, in characters.
pub const NUMBER_MAX: usize = 60;
/// Longest text, in characters.
pub const TEXT_MAX: usize = 500;
/// Most institutions that are party to one.
pub const PARTIES_MAX: usize = 50;
/// How many days before its end people are told.
pub const WARNING_DAYS: u32 = 30;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    pub id: AgreementId,
    pub number: String,
    pub line: AgreementLine,
    pub institutions: BTreeSet<InstitutionId>,
    pub signed_on: NaiveDate,
    pub cover: Cover,
    pub text: String,
}

/// When and where an agreement counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover {
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// The first day on which it does not count because it was ended.
    pub ended: Option<NaiveDate>,
    /// Empty: the whole zone.
    pub parks: BTreeSet<Park>,
}

impl Cover {
    /// Whether it counts on this day.
    pub fn in_force(&self, day: NaiveDate) -> bool {
        (self.from..=self.to).contains(&day) && self.ended.is_none_or(|ended| day < ended)
    }

    /// Whether it counts on this day for a case of this park.
    pub fn holds(&self, day: NaiveDate, park: Option<Park>) -> bool {
        self.in_force(day) && (self.parks.is_empty() || park.is_some_and(|park| self.parks.contains(&park)))
    }

    /// The last day on which it counts.
    pub fn last_day(&self) -> Option<NaiveDate> {
        match self.ended {
            Some(ended) if ended <= self.to => ended.pred_opt(),
            Some(_) | None => Some(self.to),
        }
    }
}

/// What ending one comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Ended,
    AlreadyEnded,
    /// Not within its validity.
    Outside,
}

/// Ends it from `on` on. What has ended stays as it ended.
pub fn end(cover: &Cover, on: NaiveDate) -> Ending {
    match cover.ended {
        Some(_) => Ending::AlreadyEnded,
        None if (cover.from..=cover.to).contains(&on) => Ending::Ended,
        None => Ending::Outside,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn cover() -> Cover {
        Cover {
            from: day("2022-07-01"),
            to: day("2023-06-30"),
            ended: None,
            parks: [Park::parse("JY-GX").unwrap()].into(),
        }
    }

    #[test]
    fn it_counts_from_its_first_day_to_its_last_and_in_its_parks() {
        let (gx, hl) = (Park::parse("JY-GX"), Park::parse("JY-HL"));
        for (on, park, wanted) in [
            ("2022-06-30", gx, false),
            ("2022-07-01", gx, true),
            ("2023-06-30", gx, true),
            ("2023-07-01", gx, false),
            ("2023-01-01", hl, false),
            ("2023-01-01", None, false),
        ] {
            assert_eq!(cover().holds(day(on), park), wanted, "{on} {park:?}");
        }
        assert!(Cover { parks: BTreeSet::new(), ..cover() }.holds(day("2023-01-01"), None));
    }

    #[test]
    fn what_was_ended_does_not_count_from_that_day_on_and_ends_once() {
        let ended = Cover { ended: Some(day("2023-01-01")), ..cover() };
        assert!(ended.in_force(day("2022-12-31")) && !ended.in_force(day("2023-01-01")));
        assert_eq!(ended.last_day(), Some(day("2022-12-31")));
        assert_eq!(cover().last_day(), Some(day("2023-06-30")));
        assert_eq!(end(&ended, day("2023-02-01")), Ending::AlreadyEnded);
        assert_eq!(end(&cover(), day("2023-06-30")), Ending::Ended);
        assert_eq!(end(&cover(), day("2023-07-01")), Ending::Outside);
    }
}
