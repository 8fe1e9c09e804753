//! Registration numbers of IC layout designs (集成电路布图设计, domain.md §2.4) and how long a layout lasts.

use std::fmt;

use chrono::{Months, NaiveDate};

use crate::check_digits;
use crate::checked::{Checked, Warning};
use crate::typed::normalise;

/// A registration number in the form `BS.08500145.7`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LayoutNumber(String);

/// The text has not the form of a layout's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an IC layout number is BS, two digits of the year, 5, five digits and a check character")]
pub struct LayoutError;

impl LayoutNumber {
    /// Reads a number as people type it, with or without the dots. A failing check character is a warning: that it
    /// follows the rule of patents was found in few numbers and is published nowhere.
    ///
    /// # Errors
    /// [`LayoutError`] when it has another form.
    pub fn parse(text: &str) -> Result<Checked<Self>, LayoutError> {
        let typed = normalise(text);
        let rest = typed.strip_prefix("BS").ok_or(LayoutError)?;
        let rest = rest.strip_prefix('.').unwrap_or(rest);
        let (serial, check) = rest.split_at_checked(8).ok_or(LayoutError)?;
        let check = check.strip_prefix('.').unwrap_or(check);
        let mut checks = check.chars();
        let (Some(given), None) = (checks.next(), checks.next()) else { return Err(LayoutError) };
        let digits = serial.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || serial.as_bytes().get(2) != Some(&b'5') || !(given.is_ascii_digit() || given == 'X') {
            return Err(LayoutError);
        }
        let doubt = (check_digits::patent(serial) != Some(given)).then_some(Warning::LayoutCheckDigit);
        Ok(Checked::doubted(Self(format!("BS.{serial}.{given}")), doubt))
    }

    /// The number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LayoutNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// The first day on which a layout no longer holds: 10 years from application or first commercial use, whichever was
/// first, and never later than 15 years from its creation.
#[must_use]
pub fn term_ends(
    application: NaiveDate,
    first_use: Option<NaiveDate>,
    created: Option<NaiveDate>,
) -> Option<NaiveDate> {
    let begins = first_use.map_or(application, |first_use| first_use.min(application));
    let ends = begins.checked_add_months(Months::new(10 * 12))?;
    let latest = created.and_then(|created| created.checked_add_months(Months::new(15 * 12)));
    Some(latest.map_or(ends, |latest| latest.min(ends)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_reported_case_verifies() {
        for text in ["BS.08500145.7", "bs.085001457", "BS085001457", "ｂｓ．08500145．7", "BS 08500145 7"]
        {
            let checked = LayoutNumber::parse(text).unwrap();
            assert_eq!(checked.value.as_str(), "BS.08500145.7", "{text}");
            assert_eq!(checked.warnings, []);
        }
    }

    #[test]
    fn a_failing_check_is_a_warning() {
        for text in ["BS.08500145.8", "BS.08500145.X"] {
            assert_eq!(LayoutNumber::parse(text).unwrap().warnings, [Warning::LayoutCheckDigit]);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "BS",
            "BS.",
            "BS.08500145",
            "BS.08400145.7",
            "BS.0850014.57",
            "BS.08500145.77",
            "08500145.7",
            "BS.08500145.A",
            "BS.0850014一.7",
            "BS..08500145.7",
        ] {
            assert_eq!(LayoutNumber::parse(text), Err(LayoutError), "{text}");
        }
    }

    #[test]
    fn terms_begin_with_the_first_of_application_and_use() {
        let date = |text: &str| text.parse::<NaiveDate>().unwrap();
        let (applied, used) = (date("2010-05-01"), date("2009-01-15"));
        assert_eq!(term_ends(applied, None, None), Some(date("2020-05-01")));
        assert_eq!(term_ends(applied, Some(used), None), Some(date("2019-01-15")));
        assert_eq!(term_ends(applied, Some(date("2011-01-01")), None), Some(date("2020-05-01")));
        assert_eq!(term_ends(applied, None, Some(date("2001-01-01"))), Some(date("2016-01-01")));
    }
}
