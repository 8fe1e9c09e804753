//! Numbers that the system itself issues: cases and, by the same scheme, others (domain.md §2.7).

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};

use crate::check_digits;
use crate::regions::JIYUAN;
use crate::typed::normalise;

/// What a number is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NumberKind {
    /// A financing case (融资).
    Case,
    /// A demand (需求).
    Demand,
    /// A whitelist (白名单).
    Whitelist,
    /// An insurance policy (保险).
    Policy,
    /// A circular (通报).
    Circular,
}

impl NumberKind {
    /// Every kind.
    pub const ALL: &'static [Self] =
        &[Self::Case, Self::Demand, Self::Whitelist, Self::Policy, Self::Circular];

    /// The two letters before the number.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Case => "RZ",
            Self::Demand => "XQ",
            Self::Whitelist => "BM",
            Self::Policy => "BX",
            Self::Circular => "TB",
        }
    }
}

/// Why there is no such number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Other letters, another region, or no digits where digits have to be.
    #[error("the number has not the form of {prefix}, 419001, a date, at least four digits and a check digit", prefix = .kind.prefix())]
    Form {
        /// What kind of number was expected.
        kind: NumberKind,
    },
    /// There is no such day, or it has not eight digits.
    #[error("the number names no day")]
    Date,
    /// The check digit does not come out.
    #[error("the check digit of the number does not come out")]
    Check,
}

impl NumberError {
    /// What to tell a person.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Form { .. } => "编号格式不对，请核对后重新填写",
            Self::Date => "编号中的日期不对，请核对后重新填写",
            Self::Check => "编号校验位不符，请核对每一位",
        }
    }
}

/// A number of any kind in its one written form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemNumber {
    kind: NumberKind,
    text: String,
}

impl SystemNumber {
    /// The number for the `serial`-th of the day; the serial widens beyond four digits when a day has more.
    ///
    /// # Errors
    /// [`NumberError::Date`] for a year that has not four digits.
    pub fn issue(kind: NumberKind, date: NaiveDate, serial: u64) -> Result<Self, NumberError> {
        if !(1000..=9999).contains(&date.year()) {
            return Err(NumberError::Date);
        }
        let digits = format!("{JIYUAN}{}{serial:04}", date.format("%Y%m%d"));
        let check = check_digits::mod_11_10(&digits).ok_or(NumberError::Check)?;
        Ok(Self { kind, text: format!("{}{digits}{check}", kind.prefix()) })
    }

    /// Reads a number as people type it.
    ///
    /// # Errors
    /// [`NumberError`] when it is none of this kind.
    pub fn parse(kind: NumberKind, text: &str) -> Result<Self, NumberError> {
        let form = NumberError::Form { kind };
        let text = normalise(text);
        let digits = text.strip_prefix(kind.prefix()).ok_or(form)?;
        // 6 region, 8 date, 4 or more serial (as many as 64 bits have), 1 check.
        if !(19..=35).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(form);
        }
        let (body, check) = digits.split_at(digits.len() - 1);
        let (region, rest) = body.split_at(JIYUAN.len());
        let (date, serial) = rest.split_at(8);
        // A wider serial never begins with 0, or one number would have two spellings.
        if region != JIYUAN || (serial.len() > 4 && serial.starts_with('0')) {
            return Err(form);
        }
        NaiveDate::parse_from_str(date, "%Y%m%d").map_err(|_| NumberError::Date)?;
        if check.chars().next() != check_digits::mod_11_10(body) {
            return Err(NumberError::Check);
        }
        Ok(Self { kind, text })
    }

    /// The number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it is of.
    #[must_use]
    pub const fn kind(&self) -> NumberKind {
        self.kind
    }
}

impl fmt::Display for SystemNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// The number of a case (业务编号), such as `RZ4190012022091500073`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseNumber(SystemNumber);

impl CaseNumber {
    /// The number of the `serial`-th case of the day.
    ///
    /// # Errors
    /// [`NumberError::Date`] for a year that has not four digits.
    pub fn issue(date: NaiveDate, serial: u64) -> Result<Self, NumberError> {
        SystemNumber::issue(NumberKind::Case, date, serial).map(Self)
    }

    /// Reads a number as people type it.
    ///
    /// # Errors
    /// [`NumberError`] when it is none.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        SystemNumber::parse(NumberKind::Case, text).map(Self)
    }

    /// The number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for CaseNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for CaseNumber {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::typed::tests::as_typed;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn published_numbers_are_issued_and_read() {
        for (day, serial, text) in
            [("2022-09-15", 7, "RZ4190012022091500073"), ("2023-12-29", 113, "RZ4190012023122901133")]
        {
            let number = CaseNumber::issue(date(day), serial).unwrap();
            assert_eq!(number.as_str(), text);
            assert_eq!(text.parse(), Ok(number));
        }
        assert_eq!(
            CaseNumber::parse(" ｒｚ 419001 20220915 0007 3 ").unwrap().as_str(),
            "RZ4190012022091500073"
        );
    }

    #[test]
    fn what_must_fail_fails() {
        let form = NumberError::Form { kind: NumberKind::Case };
        for (text, error) in [
            ("", form),
            ("RZ", form),
            ("4190012022091500073", form),
            ("XQ4190012022091500073", form),
            ("RZ419001202209150007", form),
            ("RZ4108812022091500073", form),
            ("RZ41900120220915000A3", form),
            ("RZ419001202209150000073", form),
            ("RZ41900120220915000一3", form),
            ("RZ4190012022093100073", NumberError::Date),
            ("RZ4190012022091500074", NumberError::Check),
        ] {
            assert_eq!(CaseNumber::parse(text), Err(error), "{text}");
        }
        assert!(CaseNumber::parse(&format!("RZ{}", "1".repeat(100_000))).is_err());
        assert_eq!(CaseNumber::issue(NaiveDate::MAX, 1), Err(NumberError::Date));
    }

    #[test]
    fn the_serial_widens_when_a_day_has_more() {
        for serial in [0, 9_999, 10_000, 123_456_789, u64::MAX] {
            let number = CaseNumber::issue(date("2026-01-05"), serial).unwrap();
            assert_eq!(CaseNumber::parse(number.as_str()), Ok(number));
        }
    }

    proptest! {
        #[test]
        fn every_kind_round_trips_as_typed(kind in prop::sample::select(NumberKind::ALL), day in 0..3_000_i64, serial: u64, seed in any::<prop::sample::Index>()) {
            let date = date("2022-01-01") + chrono::TimeDelta::days(day);
            let number = SystemNumber::issue(kind, date, serial).unwrap();
            prop_assert_eq!(SystemNumber::parse(kind, number.as_str()), Ok(number.clone()));
            let other = *seed.get(NumberKind::ALL);
            prop_assert_eq!(SystemNumber::parse(other, number.as_str()).is_ok(), other == kind);
        }

        #[test]
        fn a_changed_digit_is_found(serial in 0..20_000_u64, place in 2..21_usize, other in "[0-9]") {
            let number = CaseNumber::issue(date("2022-09-15"), serial).unwrap().0.text;
            prop_assume!(number[place..=place] != other);
            let mut changed = number;
            changed.replace_range(place..=place, &other);
            prop_assert!(CaseNumber::parse(&changed).is_err(), "{changed}");
        }

        #[test]
        fn every_way_of_typing_gives_the_same_number(typed in as_typed("RZ4190012022091500073")) {
            let number = CaseNumber::parse(&typed).unwrap();
            prop_assert_eq!(number.as_str(), "RZ4190012022091500073");
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = CaseNumber::parse(&text);
        }
    }
}
