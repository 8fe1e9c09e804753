//! The `grpc-timeout` header, read and written.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};

pub(crate) const HEADER: &str = "grpc-timeout";

/// The caller's time limit; text that is no limit counts as none.
pub(crate) fn read(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(HEADER)?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    // The specification allows at most eight digits.
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

/// A time limit as header value, in milliseconds; beyond eight digits (27 hours) in seconds.
pub(crate) fn write(limit: Duration) -> HeaderValue {
    let millis = limit.as_millis();
    let text = if millis < 100_000_000 {
        format!("{millis}m")
    } else {
        format!("{}S", limit.as_secs().min(99_999_999))
    };
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("10S"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_in_every_unit_and_nonsense_is_none() {
        let table = [
            ("2H", Some(Duration::from_secs(7200))),
            ("3M", Some(Duration::from_secs(180))),
            ("5S", Some(Duration::from_secs(5))),
            ("250m", Some(Duration::from_millis(250))),
            ("7u", Some(Duration::from_micros(7))),
            ("9n", Some(Duration::from_nanos(9))),
            ("99999999H", Some(Duration::from_secs(99_999_999 * 3600))),
            ("999999999S", None),
            ("S", None),
            ("", None),
            ("-1S", None),
            ("1.5S", None),
            ("1x", None),
        ];
        for (text, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, HeaderValue::from_static(text));
            assert_eq!(read(&headers), expected, "{text}");
        }
        assert_eq!(read(&HeaderMap::new()), None);
    }

    #[test]
    fn what_is_written_is_read_again() {
        for limit in [Duration::from_millis(1), Duration::from_secs(5), Duration::from_secs(3_000_000)] {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, write(limit));
            assert_eq!(read(&headers), Some(limit));
        }
    }
}
