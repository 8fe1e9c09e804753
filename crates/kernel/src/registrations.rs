//! Registration numbers without a check digit: software, works, pledges (domain.md §2.5).

use std::fmt;

use crate::typed::normalise;

/// A registration number of software copyright (软著登记号), such as `2021SR1055071`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SoftwareNumber(String);

/// Why a text is no registration number of software.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SoftwareError {
    /// The number of the certificate (软著登字第…号), which is another number on the same sheet.
    #[error("this is the number of the certificate, not of the registration")]
    CertificateNumber,
    /// The number under which the application was received (2019R11L…).
    #[error("this is the number of the application, not of the registration")]
    ApplicationNumber,
    /// Another form.
    #[error("a registration number of software is a year, SR, and 6 or 7 digits")]
    Form,
}

impl SoftwareError {
    /// What to tell a person.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::CertificateNumber => "这是证书号，请填写证书上的登记号（如2021SR1055071）",
            Self::ApplicationNumber => "这是受理流水号，请填写证书上的登记号（如2021SR1055071）",
            Self::Form => "软件著作权登记号应为年份、SR加6至7位数字，请对照证书重新填写",
        }
    }
}

impl SoftwareNumber {
    /// Reads a number as people type it: `^\d{4}SR\d{6,7}$`.
    ///
    /// # Errors
    /// [`SoftwareError`], which tells the two other numbers of the same registration apart.
    pub fn parse(text: &str) -> Result<Self, SoftwareError> {
        let number = normalise(text);
        if number.starts_with("软著登字") {
            return Err(SoftwareError::CertificateNumber);
        }
        let (year, rest) = number.split_at_checked(4).ok_or(SoftwareError::Form)?;
        if !all_digits(year) {
            return Err(SoftwareError::Form);
        }
        if let Some(serial) = rest.strip_prefix("SR") {
            let fits = all_digits(serial) && matches!(serial.len(), 6 | 7);
            return if fits { Ok(Self(number)) } else { Err(SoftwareError::Form) };
        }
        Err(if rest.starts_with('R') { SoftwareError::ApplicationNumber } else { SoftwareError::Form })
    }

    /// The number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SoftwareNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Whether a plain text has the form of a work's registration, `国作登字-YYYY-[A-L]-\d{8}`.
#[must_use]
pub(crate) fn is_work_number(number: &str) -> bool {
    let parts: Vec<&str> = number.split('-').collect();
    let [prefix, year, class, serial] = parts.as_slice() else { return false };
    *prefix == "国作登字"
        && year.len() == 4
        && all_digits(year)
        && class.len() == 1
        && class.bytes().all(|byte| (b'A'..=b'L').contains(&byte))
        && serial.len() == 8
        && all_digits(serial)
}

/// A registration number of a patent pledge (专利权质押登记号), such as `2015990000410` or `Y2021990000410`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PledgeNumber(String);

/// The text has not the form of a pledge's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a pledge registration number has 13 digits, with or without Y before them")]
pub struct PledgeNumberError;

impl PledgeNumber {
    /// Reads a number as people type it: `^Y?\d{13}$`.
    ///
    /// # Errors
    /// [`PledgeNumberError`] when it has another form.
    pub fn parse(text: &str) -> Result<Self, PledgeNumberError> {
        let number = normalise(text);
        let digits = number.strip_prefix('Y').unwrap_or(&number);
        if digits.len() == 13 && all_digits(digits) { Ok(Self(number)) } else { Err(PledgeNumberError) }
    }

    /// The number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PledgeNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_found_in_source_files_pass() {
        for text in [
            "2014SR001852",
            "2015SR229355",
            "2016SR172900",
            "2020SR0109251",
            "2020SR0408026",
            "2020SR1875227",
            "2021SR1055071",
            "2022SR0608056",
        ] {
            assert_eq!(SoftwareNumber::parse(text).unwrap().as_str(), text);
        }
        assert_eq!(SoftwareNumber::parse(" 2021 ｓｒ 1055071").unwrap().as_str(), "2021SR1055071");
    }

    #[test]
    fn the_other_numbers_of_a_registration_are_told_apart() {
        for (text, error) in [
            ("软著登字第1234567号", SoftwareError::CertificateNumber),
            ("2019R11L123456", SoftwareError::ApplicationNumber),
            ("2021SR12345", SoftwareError::Form),
            ("2021SR12345678", SoftwareError::Form),
            ("21SR1055071", SoftwareError::Form),
            ("2021S1055071", SoftwareError::Form),
            ("二零二一SR1055071", SoftwareError::Form),
            ("", SoftwareError::Form),
        ] {
            assert_eq!(SoftwareNumber::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn works_have_a_known_form() {
        assert!(is_work_number("国作登字-2021-F-00012345"));
        for text in [
            "国作登字-2021-M-00012345",
            "国作登字-21-F-00012345",
            "国作登字-2021-F-0001234",
            "作登字-2021-F-00012345",
            "",
        ] {
            assert!(!is_work_number(text), "{text}");
        }
    }

    #[test]
    fn pledge_numbers_have_thirteen_digits() {
        for (text, plain) in [("2015990000410", "2015990000410"), ("y2021 9900 00410", "Y2021990000410")] {
            assert_eq!(PledgeNumber::parse(text).unwrap().as_str(), plain);
        }
        for text in ["", "Y", "201599000041", "20159900004100", "X2015990000410", "YY2015990000410"] {
            assert_eq!(PledgeNumber::parse(text), Err(PledgeNumberError), "{text}");
        }
    }
}
