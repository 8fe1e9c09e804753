//! Figures as people read them; the width of texts comes from [`crate::simulate::columns`].

use std::time::Duration;

use chrono::{DateTime, Utc};
use prost_types::Timestamp;

pub(super) use crate::simulate::columns::{left, right, width};

/// 万元 with two decimals, exact to 100 yuan and rounded half up below.
pub(super) fn wan(fen: i64) -> String {
    decimal(fen.saturating_add(5_000) / 10_000, 2)
}

/// Yuan with two decimals.
pub(super) fn yuan(fen: i64) -> String {
    decimal(fen, 2)
}

/// Percent with two decimals.
pub(super) fn percent(basis_points: i32) -> String {
    decimal(i64::from(basis_points), 2)
}

fn decimal(number: i64, places: u32) -> String {
    let unit = 10_i64.pow(places);
    let sign = if number < 0 { "-" } else { "" };
    let (whole, rest) = (number.abs() / unit, number.abs() % unit);
    format!("{sign}{whole}.{rest:0width$}", width = places as usize)
}

pub(super) fn instant(at: Option<&Timestamp>) -> Option<DateTime<Utc>> {
    at.and_then(|at| DateTime::from_timestamp(at.seconds, u32::try_from(at.nanos).ok()?))
}

/// A short time: milliseconds below one second.
pub(super) fn span(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{:.2} s", time.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_exact() {
        for (fen, shown) in [
            (500_000_000, "500.00"),
            (1_000_000, "1.00"),
            (1_234_567, "1.23"),
            (1_235_000, "1.24"),
            (0, "0.00"),
        ] {
            assert_eq!(wan(fen), shown);
        }
        assert_eq!((percent(435), percent(5), percent(3600)), ("4.35".into(), "0.05".into(), "36.00".into()));
        assert_eq!((yuan(1_250_050), yuan(-5)), ("12500.50".into(), "-0.05".into()));
        assert_eq!(span(Duration::from_millis(87)), "87 ms");
        assert_eq!(span(Duration::from_millis(6543)), "6.54 s");
    }
}
