//! Days of the zone. China has had one offset, +08:00, without summer time since 1992.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

const OFFSET: TimeDelta = TimeDelta::hours(8);

/// The date in Shanghai at this instant.
#[must_use]
pub fn date_of(instant: DateTime<Utc>) -> NaiveDate {
    instant.naive_utc().checked_add_signed(OFFSET).map_or(NaiveDate::MAX, |local| local.date())
}

/// 00:00:00 of the date in Shanghai.
#[must_use]
pub fn start_of_day(date: NaiveDate) -> DateTime<Utc> {
    date.and_time(NaiveTime::MIN)
        .checked_sub_signed(OFFSET)
        .map_or(DateTime::<Utc>::MIN_UTC, |local| local.and_utc())
}

/// 23:59:59 of the date in Shanghai: the last second in which something due that day is in time.
#[must_use]
pub fn end_of_day(date: NaiveDate) -> DateTime<Utc> {
    let length = TimeDelta::seconds(24 * 3_600 - 1);
    start_of_day(date).checked_add_signed(length).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
