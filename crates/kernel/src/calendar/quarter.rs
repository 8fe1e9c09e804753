//! Quarters, and how the deadline of their returns falls.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};

/// A calendar quarter, from 2000Q1 to 2199Q4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quarter {
    year: i32,
    number: u8,
}

/// There is no such quarter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a quarter: write it as 2022Q1")]
pub struct QuarterError {
    /// What was written.
    pub text: String,
}

/// What happens when the tenth day is not a working day (domain.md §2.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Roll {
    /// The next working day (民法典 §203).
    #[default]
    NextWorkday,
    /// The tenth calendar day whatever it is.
    None,
    /// The tenth working day after the quarter.
    TenWorkdays,
}

impl Roll {
    /// The rule's code in configuration.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NextWorkday => "NEXT_WORKDAY",
            Self::None => "NONE",
            Self::TenWorkdays => "TEN_WORKDAYS",
        }
    }

    /// The rule with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::NextWorkday, Self::None, Self::TenWorkdays].into_iter().find(|roll| roll.code() == code)
    }
}

impl Quarter {
    /// The quarter with this number, 1 to 4.
    #[must_use]
    pub fn new(year: i32, number: u8) -> Option<Self> {
        ((2000..2200).contains(&year) && (1..=4).contains(&number)).then_some(Self { year, number })
    }

    /// The quarter in which the date lies; `None` outside of the years that are known.
    #[must_use]
    pub fn of(date: NaiveDate) -> Option<Self> {
        Self::new(date.year(), u8::try_from(date.month0() / 3 + 1).ok()?)
    }

    /// The year.
    #[must_use]
    pub const fn year(self) -> i32 {
        self.year
    }

    /// 1 to 4.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.number
    }

    /// Its first day.
    #[must_use]
    pub fn first_day(self) -> NaiveDate {
        day(self.year, u32::from(self.number) * 3 - 2, 1)
    }

    /// Its last day, at the end of which balances are taken.
    #[must_use]
    pub fn last_day(self) -> NaiveDate {
        let (year, month) = self.month_after();
        day(year, month, 1).pred_opt().unwrap_or(NaiveDate::MIN)
    }

    /// The tenth calendar day of the month after it.
    #[must_use]
    pub fn nominal_deadline(self) -> NaiveDate {
        let (year, month) = self.month_after();
        day(year, month, 10)
    }

    const fn month_after(self) -> (i32, u32) {
        match self.number {
            1 => (self.year, 4),
            2 => (self.year, 7),
            3 => (self.year, 10),
            _ => (self.year + 1, 1),
        }
    }
}

/// Every day asked for here exists: the 1st and the 10th of a month of a known year.
fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or(NaiveDate::MAX)
}

impl fmt::Display for Quarter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}Q{}", self.year, self.number)
    }
}

impl FromStr for Quarter {
    type Err = QuarterError;

    fn from_str(text: &str) -> Result<Self, QuarterError> {
        let written = crate::typed::normalise(text);
        let quarter = written.split_once('Q').and_then(|(year, number)| {
            let shaped = year.len() == 4 && number.len() == 1;
            let digits = shaped && (year.bytes().chain(number.bytes())).all(|byte| byte.is_ascii_digit());
            if digits { Self::new(year.parse().ok()?, number.parse().ok()?) } else { None }
        });
        quarter.ok_or_else(|| QuarterError { text: text.to_owned() })
    }
}
