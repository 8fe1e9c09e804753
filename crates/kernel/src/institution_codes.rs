//! Codes by which institutions are known to one another (domain.md §2.5).

use std::fmt;

use crate::check_digits;
use crate::typed::normalise;

/// The text is no such code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InstitutionCodeError {
    /// It has another form.
    #[error("the code has not the form {form}")]
    Form {
        /// The form, as a pattern.
        form: &'static str,
    },
    /// The check digit does not come out.
    #[error("the check digit of the code does not come out")]
    Check,
}

/// A bank's line number (CNAPS 行号): 3 bank, 4 area, 4 serial, 1 check digit (ISO 7064 MOD 11,10).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CnapsCode(String);

/// A financial institution's code (金融机构编码), such as `C1010211000012`. Only the form is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FinancialInstitutionCode(String);

/// The code on a financial licence (金融许可证机构编码). Only the form is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LicenceCode(String);

impl CnapsCode {
    /// Reads a code as people type it.
    ///
    /// # Errors
    /// [`InstitutionCodeError`] when it is none.
    pub fn parse(text: &str) -> Result<Self, InstitutionCodeError> {
        let code = shaped(text, "999999999999", r"^\d{12}$")?;
        let (body, check) = code.split_at(11);
        if check_digits::mod_11_10(body) == check.chars().next() {
            Ok(Self(code))
        } else {
            Err(InstitutionCodeError::Check)
        }
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FinancialInstitutionCode {
    /// Reads a code as people type it: `^[A-Z]\d{13}$`.
    ///
    /// # Errors
    /// [`InstitutionCodeError::Form`] when it has another form.
    pub fn parse(text: &str) -> Result<Self, InstitutionCodeError> {
        shaped(text, "A9999999999999", r"^[A-Z]\d{13}$").map(Self)
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl LicenceCode {
    /// Reads a code as people type it: `^[A-Z]\d{4}[A-Z]\d{9}$`.
    ///
    /// # Errors
    /// [`InstitutionCodeError::Form`] when it has another form.
    pub fn parse(text: &str) -> Result<Self, InstitutionCodeError> {
        shaped(text, "A9999A999999999", r"^[A-Z]\d{4}[A-Z]\d{9}$").map(Self)
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! displayed {
    ($($code:ident),+) => {
        $(
            impl fmt::Display for $code {
                fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                    out.write_str(&self.0)
                }
            }
        )+
    };
}

displayed!(CnapsCode, FinancialInstitutionCode, LicenceCode);

/// The plain text if it is like `example`, where `A` stands for any capital and `9` for any digit.
fn shaped(text: &str, example: &str, form: &'static str) -> Result<String, InstitutionCodeError> {
    let plain = normalise(text);
    let like = plain.len() == example.len()
        && plain
            .bytes()
            .zip(example.bytes())
            .all(|(sign, like)| if like == b'A' { sign.is_ascii_uppercase() } else { sign.is_ascii_digit() });
    if like { Ok(plain) } else { Err(InstitutionCodeError::Form { form }) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD_OFFICES: [&str; 12] = [
        "102100099996",
        "103100000026",
        "104100000004",
        "105100000017",
        "301290000007",
        "302100011000",
        "303100000006",
        "304100040000",
        "305100000013",
        "306581000003",
        "307584007998",
        "308584000013",
    ];

    #[test]
    fn numbers_of_head_offices_pass() {
        for code in HEAD_OFFICES {
            assert_eq!(CnapsCode::parse(code).unwrap().as_str(), code);
        }
        assert_eq!(CnapsCode::parse("１０２ 1000 9999 6").unwrap().as_str(), "102100099996");
    }

    #[test]
    fn forms_are_checked() {
        assert_eq!(FinancialInstitutionCode::parse("c1010211000012").unwrap().as_str(), "C1010211000012");
        assert_eq!(LicenceCode::parse("B0001H141000001").unwrap().as_str(), "B0001H141000001");
        for text in
            ["", "1010211000012", "CC010211000012", "C10102110000123", "B0001H14100000", "B0001百141000"]
        {
            assert!(FinancialInstitutionCode::parse(text).is_err(), "{text}");
            assert!(LicenceCode::parse(text).is_err(), "{text}");
        }
        for text in ["", "10210009999", "1021000999960", "10210009999X"] {
            assert!(matches!(CnapsCode::parse(text), Err(InstitutionCodeError::Form { .. })), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_changed_digit_is_found(code in prop::sample::select(HEAD_OFFICES.to_vec()), place in 0..12_usize, other in "[0-9]") {
            prop_assume!(code[place..=place] != other);
            let mut changed = code.to_owned();
            changed.replace_range(place..=place, &other);
            prop_assert_eq!(CnapsCode::parse(&changed), Err(InstitutionCodeError::Check));
        }
    }
}
