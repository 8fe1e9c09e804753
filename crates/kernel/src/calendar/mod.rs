//! Working days (工作日), deadlines and quarters of the zone, which lives by Asia/Shanghai.
//! The tables are data; a year without a table leaves a deadline pending, never guessed (domain.md §2.9).

mod quarter;
mod shanghai;
mod span;
mod table;

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};

pub use quarter::{Quarter, QuarterError, Roll};
pub use shanghai::{date_of, end_of_day, start_of_day};
pub use span::{Span, SpanError};
pub use table::{DayTable, DayTableError};

/// The table of this year is not loaded (`CALENDAR_MISSING`): what depends on it waits, and nothing is refused for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no working-day table is loaded for {year}")]
pub struct CalendarMissing {
    /// The year whose table is needed.
    pub year: i32,
}

/// When something is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// In time up to and with this instant.
    At(DateTime<Utc>),
    /// Not known before the table of this year is loaded.
    Pending {
        /// The year whose table is needed.
        year: i32,
    },
}

/// The working-day tables that are loaded.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    years: BTreeMap<i32, DayTable>,
}

impl Calendar {
    /// A calendar of these tables; of two tables for one year the later in the sequence holds.
    #[must_use]
    pub fn from_tables(tables: impl IntoIterator<Item = DayTable>) -> Self {
        Self { years: tables.into_iter().map(|table| (table.year(), table)).collect() }
    }

    /// A calendar of the tables that come with the software.
    ///
    /// # Errors
    /// [`DayTableError`] when that data file contradicts itself.
    pub fn with_embedded() -> Result<Self, DayTableError> {
        DayTable::parse_all(include_str!("../../data/working_days.toml")).map(Self::from_tables)
    }

    /// Adds tables, which replace those of the same year.
    #[must_use]
    pub fn and_tables(mut self, tables: impl IntoIterator<Item = DayTable>) -> Self {
        self.years.extend(tables.into_iter().map(|table| (table.year(), table)));
        self
    }

    /// The years that are loaded, in order.
    pub fn years(&self) -> impl Iterator<Item = i32> + '_ {
        self.years.keys().copied()
    }

    /// Whether the date is worked; `None` when its year is not loaded.
    #[must_use]
    pub fn is_working_day(&self, date: NaiveDate) -> Option<bool> {
        self.years.get(&date.year()).map(|table| table.is_working_day(date))
    }

    /// The `days`-th working day after `date`; for 0 the first working day from `date` on.
    ///
    /// # Errors
    /// [`CalendarMissing`] when the count runs into a year that is not loaded.
    pub fn add_working_days(&self, date: NaiveDate, days: u16) -> Result<NaiveDate, CalendarMissing> {
        if days == 0 {
            return self.roll_forward(date);
        }
        let mut left = days;
        let mut day = date;
        loop {
            day = next_day(day)?;
            if self.worked(day)? {
                left -= 1;
                if left == 0 {
                    return Ok(day);
                }
            }
        }
    }

    /// The last day for a bank's return of the quarter (domain.md §2.9); it is in time to the end of that day.
    ///
    /// # Errors
    /// [`CalendarMissing`] when the rule needs a year that is not loaded.
    pub fn return_deadline(&self, quarter: Quarter, roll: Roll) -> Result<NaiveDate, CalendarMissing> {
        match roll {
            Roll::NextWorkday => self.roll_forward(quarter.nominal_deadline()),
            Roll::None => Ok(quarter.nominal_deadline()),
            Roll::TenWorkdays => self.add_working_days(quarter.last_day(), 10),
        }
    }

    /// When something is due that has `span` from `now`. Working days end at 23:59:59 in Shanghai.
    #[must_use]
    pub fn deadline(&self, now: DateTime<Utc>, span: Span) -> Due {
        match span {
            Span::Seconds(seconds) => {
                let seconds = TimeDelta::seconds(i64::from(seconds));
                Due::At(now.checked_add_signed(seconds).unwrap_or(DateTime::<Utc>::MAX_UTC))
            }
            Span::WorkingDays(days) => match self.add_working_days(date_of(now), days) {
                Ok(date) => Due::At(end_of_day(date)),
                Err(CalendarMissing { year }) => Due::Pending { year },
            },
        }
    }

    /// The first year without a table that begins or runs within `days` of `today`: reason for an alarm, 60 days ahead.
    #[must_use]
    pub fn missing_within(&self, today: NaiveDate, days: u16) -> Option<i32> {
        let last = today.checked_add_signed(TimeDelta::days(i64::from(days))).unwrap_or(NaiveDate::MAX);
        (today.year()..=last.year()).find(|year| !self.years.contains_key(year))
    }

    fn worked(&self, date: NaiveDate) -> Result<bool, CalendarMissing> {
        self.is_working_day(date).ok_or(CalendarMissing { year: date.year() })
    }

    fn roll_forward(&self, date: NaiveDate) -> Result<NaiveDate, CalendarMissing> {
        let mut day = date;
        while !self.worked(day)? {
            day = next_day(day)?;
        }
        Ok(day)
    }
}

/// There is no table beyond the end of dates either.
fn next_day(date: NaiveDate) -> Result<NaiveDate, CalendarMissing> {
    date.succ_opt().ok_or(CalendarMissing { year: date.year() })
}

#[cfg(test)]
mod tests;
