//! How long something may take: working days in production, seconds where a demonstration or a test says so.

use std::fmt;
use std::str::FromStr;

/// A length of time, as configured: `5wd` or `30s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Span {
    /// Working days (工作日).
    WorkingDays(u16),
    /// Seconds of real time.
    Seconds(u32),
}

/// The text is neither `5wd` nor `30s`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a span: write working days as 5wd or seconds as 30s")]
pub struct SpanError {
    /// What was written.
    pub text: String,
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let written = text.trim().to_ascii_lowercase();
        let days = written.strip_suffix("wd").and_then(digits).map(Self::WorkingDays);
        days.or_else(|| written.strip_suffix('s').and_then(digits).map(Self::Seconds))
            .ok_or_else(|| SpanError { text: text.to_owned() })
    }
}

/// Digits only: `parse` alone would take a sign.
fn digits<T: FromStr>(text: &str) -> Option<T> {
    let text = text.trim_end();
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

impl fmt::Display for Span {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WorkingDays(days) => write!(out, "{days}wd"),
            Self::Seconds(seconds) => write!(out, "{seconds}s"),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl serde::Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_written() {
        for (text, span) in [
            ("5wd", Span::WorkingDays(5)),
            (" 10 WD ", Span::WorkingDays(10)),
            ("0wd", Span::WorkingDays(0)),
            ("30s", Span::Seconds(30)),
            ("4294967295s", Span::Seconds(u32::MAX)),
        ] {
            assert_eq!(text.parse(), Ok(span), "{text}");
            assert_eq!(span.to_string().parse(), Ok(span));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["", "5", "wd", "s", "-5wd", "+5wd", "5d", "1.5s", "65536wd", "4294967296s", "5 w d", "五wd"]
        {
            assert_eq!(text.parse::<Span>(), Err(SpanError { text: text.to_owned() }), "{text}");
        }
    }
}
