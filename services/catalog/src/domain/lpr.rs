//! The loan prime rate (LPR) as published: a table that is data, so that a new month needs no new build.

use chrono::NaiveDate;
use kernel::{BasisPoints, Months};

/// Terms from here on are priced on the five-year rate.
const FIVE_YEARS: u16 = 60;

/// The table that is built in; an operator may give a newer one.
pub const EMBEDDED: &str = include_str!("lpr.csv");

/// Published rates, oldest first.
#[derive(Debug, Clone)]
pub struct LprTable(Vec<Published>);

#[derive(Debug, Clone, Copy)]
struct Published {
    on: NaiveDate,
    one_year: BasisPoints,
    five_years: BasisPoints,
}

/// A line that is not `date,basis points,basis points` or is out of order, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the LPR table is no publication, or is out of order")]
pub struct LprTableError {
    pub line: usize,
}

impl LprTable {
    /// Lines beginning with `#` and empty lines are skipped.
    pub fn parse(text: &str) -> Result<Self, LprTableError> {
        let mut table: Vec<Published> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let row = publication(line).filter(|row| table.last().is_none_or(|last| last.on < row.on));
            table.push(row.ok_or(LprTableError { line: index + 1 })?);
        }
        Ok(Self(table))
    }

    /// The rate that prices a loan of this term on this day: the last one published on or before it. `None` before the
    /// table begins.
    pub fn rate(&self, day: NaiveDate, term: Months) -> Option<BasisPoints> {
        let published = self.0.iter().rev().find(|row| row.on <= day)?;
        Some(if term.get() >= FIVE_YEARS { published.five_years } else { published.one_year })
    }
}

fn publication(line: &str) -> Option<Published> {
    let mut cells = line.split(',').map(str::trim);
    let on = cells.next()?.parse().ok()?;
    let mut rate =
        || cells.next()?.parse::<i32>().ok().filter(|bp| (1..=10_000).contains(bp)).map(BasisPoints::new);
    let (one_year, five_years) = (rate()?, rate()?);
    cells.next().is_none().then_some(Published { on, one_year, five_years })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_rate_published_on_or_before_the_day_prices_the_loan() {
        let table = LprTable::parse(EMBEDDED).unwrap();
        for (day, months, wanted) in [
            ("2021-12-19", 12, None),
            ("2021-12-20", 12, Some(380)),
            ("2022-09-15", 12, Some(365)),
            ("2022-09-15", 59, Some(365)),
            ("2022-09-15", 60, Some(430)),
            ("2023-08-20", 36, Some(355)),
            ("2023-08-21", 36, Some(345)),
            ("2030-01-01", 120, Some(350)),
        ] {
            let rate = table.rate(day.parse().unwrap(), Months::new(months));
            assert_eq!(rate.map(BasisPoints::get), wanted, "{day} {months}");
        }
    }

    #[test]
    fn a_bad_line_is_named() {
        for (text, line) in [
            ("2022-01-20,370,460\n2022-01-20,370,460", 2),
            ("# x\n2022-01-20,370", 2),
            ("2022-13-20,370,460", 1),
            ("2022-01-20,370,460,1", 1),
            ("2022-01-20,0,460", 1),
        ] {
            assert_eq!(LprTable::parse(text).unwrap_err().line, line, "{text}");
        }
    }
}
