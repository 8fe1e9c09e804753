//! Publication numbers of patents (公开/公告号, ZC 0007). There is no check digit: only the form is known.

use std::fmt;

use crate::codes::IpType;
use crate::typed::normalise;

/// A publication number such as `CN114500000A`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicationNumber(String);

/// The text has not the form of a publication number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a publication number is CN, 1 to 3, 6 or 8 digits, and a kind such as A, B, U or S")]
pub struct PublicationError;

impl PublicationNumber {
    /// Reads a number as people type it: `^CN[123]\d{6}(\d{2})?[ABCUYSD]\d?$`.
    ///
    /// # Errors
    /// [`PublicationError`] when it has another form.
    pub fn parse(text: &str) -> Result<Self, PublicationError> {
        let number = normalise(text);
        if has_form(&number) { Ok(Self(number)) } else { Err(PublicationError) }
    }

    /// The number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Invention, utility model or design.
    #[must_use]
    pub fn kind(&self) -> IpType {
        match self.0.as_bytes().get(2) {
            Some(b'2') => IpType::Utility,
            Some(b'3') => IpType::Design,
            Some(_) | None => IpType::Invention,
        }
    }
}

impl fmt::Display for PublicationNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

fn has_form(number: &str) -> bool {
    let Some(rest) = number.strip_prefix("CN") else { return false };
    if !rest.starts_with(['1', '2', '3']) {
        return false;
    }
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let kind = rest.get(digits..).unwrap_or_default();
    let after_kind = kind.strip_prefix(['A', 'B', 'C', 'U', 'Y', 'S', 'D']);
    matches!(digits, 7 | 9)
        && after_kind.is_some_and(|version| {
            version.is_empty() || (version.len() == 1 && version.as_bytes()[0].is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_recognised() {
        for (text, kind) in [
            ("CN114500000A", IpType::Invention),
            ("cn 1145000 00 b2", IpType::Invention),
            ("CN1234567C", IpType::Invention),
            ("CN212345678U", IpType::Utility),
            ("CN2345678Y", IpType::Utility),
            ("ＣＮ306789012Ｓ", IpType::Design),
            ("CN3067890D", IpType::Design),
        ] {
            assert_eq!(PublicationNumber::parse(text).map(|number| number.kind()), Ok(kind), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "CN",
            "CN414500000A",
            "CN11450000A",
            "CN114500000",
            "CN114500000E",
            "CN114500000A12",
            "114500000A",
            "CN1145000000A",
            "CN114500000A一",
            "202210123456.1",
        ] {
            assert_eq!(PublicationNumber::parse(text), Err(PublicationError), "{text}");
        }
    }
}
