//! One year's working days, read from data: what is published, checked against itself.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate, Weekday};
use serde::Deserialize;

/// The working days of one year: weekdays but for holidays, and the weekend days that are worked instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayTable {
    year: i32,
    off: BTreeSet<NaiveDate>,
    on: BTreeSet<NaiveDate>,
}

/// Why a table cannot be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DayTableError {
    /// The file is not of the form of `working_days.toml`.
    #[error("the file of working days cannot be read: {message}")]
    Unreadable {
        /// What the reader says, with line and column.
        message: String,
    },
    /// There is no such day or range.
    #[error("{year}: {text:?} is not a day or range of days: write 01-31 or 01-31..02-04")]
    Day {
        /// The table's year.
        year: i32,
        /// What was written.
        text: String,
    },
    /// A day off that no weekday is, or a worked day that is no weekend.
    #[error("{date} is listed as {list} but falls on the wrong kind of day")]
    WrongKind {
        /// The day.
        date: NaiveDate,
        /// `off` or `on`.
        list: &'static str,
    },
    /// A day is listed twice.
    #[error("{date} is listed twice")]
    Twice {
        /// The day.
        date: NaiveDate,
    },
    /// A year is given twice.
    #[error("the year {year} is given twice")]
    YearTwice {
        /// The year.
        year: i32,
    },
    /// The lists give another number of working days than the table says.
    #[error("{year}: the lists give {counted} working days, the table says {stated}")]
    Total {
        /// The table's year.
        year: i32,
        /// What the lists give.
        counted: u16,
        /// What the table says.
        stated: u16,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    year: Vec<Year>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Year {
    year: i32,
    off: Vec<String>,
    on: Vec<String>,
    working_days: u16,
}

impl DayTable {
    /// Reads every table of a file in the form of `data/working_days.toml`.
    ///
    /// # Errors
    /// [`DayTableError`], naming the year and the day.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, DayTableError> {
        let file: File =
            toml::from_str(text).map_err(|error| DayTableError::Unreadable { message: error.to_string() })?;
        let mut seen = BTreeSet::new();
        let mut tables = Vec::with_capacity(file.year.len());
        for year in file.year {
            if !seen.insert(year.year) {
                return Err(DayTableError::YearTwice { year: year.year });
            }
            tables.push(Self::checked(year)?);
        }
        Ok(tables)
    }

    /// The year of the table.
    #[must_use]
    pub const fn year(&self) -> i32 {
        self.year
    }

    /// How many days of the year are worked.
    #[must_use]
    pub fn working_days(&self) -> u16 {
        let first = NaiveDate::from_ymd_opt(self.year, 1, 1);
        let days =
            first.into_iter().flat_map(|first| first.iter_days().take_while(|day| day.year() == self.year));
        days.fold(0, |count, day| count + u16::from(self.is_working_day(day)))
    }

    /// Only for dates of the table's own year.
    pub(super) fn is_working_day(&self, date: NaiveDate) -> bool {
        if is_weekend(date) { self.on.contains(&date) } else { !self.off.contains(&date) }
    }

    fn checked(source: Year) -> Result<Self, DayTableError> {
        let year = source.year;
        let table = Self {
            year,
            off: listed(year, &source.off, "off", |date| !is_weekend(date))?,
            on: listed(year, &source.on, "on", is_weekend)?,
        };
        let counted = table.working_days();
        if counted != source.working_days {
            return Err(DayTableError::Total { year, counted, stated: source.working_days });
        }
        Ok(table)
    }
}

fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

fn listed(
    year: i32,
    entries: &[String],
    list: &'static str,
    fits: impl Fn(NaiveDate) -> bool,
) -> Result<BTreeSet<NaiveDate>, DayTableError> {
    let mut days = BTreeSet::new();
    for entry in entries {
        let unreadable = || DayTableError::Day { year, text: entry.clone() };
        let (first, last) = entry.split_once("..").unwrap_or((entry, entry));
        let first = month_and_day(year, first).ok_or_else(unreadable)?;
        let last = month_and_day(year, last).filter(|last| first <= *last).ok_or_else(unreadable)?;
        for date in first.iter_days().take_while(|date| *date <= last) {
            if !fits(date) {
                return Err(DayTableError::WrongKind { date, list });
            }
            if !days.insert(date) {
                return Err(DayTableError::Twice { date });
            }
        }
    }
    Ok(days)
}

/// `MM-DD` and nothing else.
fn month_and_day(year: i32, text: &str) -> Option<NaiveDate> {
    let (month, day) = text.split_once('-')?;
    let shaped = month.len() == 2 && day.len() == 2;
    if !shaped || !month.bytes().chain(day.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    NaiveDate::from_ymd_opt(year, month.parse().ok()?, day.parse().ok()?)
}
