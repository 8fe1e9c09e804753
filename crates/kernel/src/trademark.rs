//! Trademark registration numbers (注册号) and classes (domain.md §2.3). There is no check digit.

use std::fmt;

use crate::typed::normalise;

/// A registration number: 5 to 8 digits or a Madrid number, perhaps with the letter of a split.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrademarkNumber(String);

/// The text has not the form of a trademark's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a trademark number has 5 to 8 digits, or G and 6 to 7 digits, and at most one letter after them")]
pub struct TrademarkError;

impl TrademarkNumber {
    /// Reads a number as people type it: `^(G\d{6,7}[A-Z]?|\d{5,8}[A-Z]?)$`.
    ///
    /// # Errors
    /// [`TrademarkError`] when it has another form.
    pub fn parse(text: &str) -> Result<Self, TrademarkError> {
        let number = normalise(text);
        let (body, lengths) = match number.strip_prefix('G') {
            Some(body) => (body, 6..=7),
            None => (number.as_str(), 5..=8),
        };
        let digits = body.strip_suffix(|sign: char| sign.is_ascii_uppercase()).unwrap_or(body);
        let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        if all_digits && lengths.contains(&digits.len()) { Ok(Self(number)) } else { Err(TrademarkError) }
    }

    /// The number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it was registered by way of Madrid.
    #[must_use]
    pub fn is_international(&self) -> bool {
        self.0.starts_with('G')
    }
}

impl fmt::Display for TrademarkNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A class of the Nice classification: 1 to 34 goods, 35 to 45 services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NiceClass(u8);

impl NiceClass {
    /// The class with this number; `None` outside of 1 to 45.
    #[must_use]
    pub fn new(number: i32) -> Option<Self> {
        u8::try_from(number).ok().filter(|number| (1..=45).contains(number)).map(Self)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// Whether it is a class of services.
    #[must_use]
    pub const fn is_services(self) -> bool {
        self.0 >= 35
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_found_in_judgments_and_registers_pass() {
        for text in [
            "7199523",
            "1328994",
            "1344787",
            "626155",
            "8840949",
            "6020569",
            "10325554",
            "1590557",
            "G123456",
            "G1234567A",
            "12345",
            "7199523A",
        ] {
            let number = TrademarkNumber::parse(text).unwrap();
            assert_eq!(number.as_str(), text);
            assert_eq!(number.is_international(), text.starts_with('G'));
        }
        assert_eq!(TrademarkNumber::parse(" ｇ 1234567ａ").unwrap().as_str(), "G1234567A");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "G",
            "1234",
            "123456789",
            "G12345",
            "G12345678",
            "7199523AB",
            "A7199523",
            "71995-23",
            "七一九九五二三",
            "7199523/45",
        ] {
            assert_eq!(TrademarkNumber::parse(text), Err(TrademarkError), "{text}");
        }
    }

    #[test]
    fn classes_are_one_to_forty_five() {
        for number in [0, -1, 46, 300] {
            assert_eq!(NiceClass::new(number), None);
        }
        for (number, services) in [(1, false), (34, false), (35, true), (45, true)] {
            let class = NiceClass::new(number).unwrap();
            assert_eq!((i32::from(class.get()), class.is_services()), (number, services));
        }
    }
}
