//! The number of any intellectual property, read by the rule of its kind.

use std::fmt;

use crate::checked::{Checked, Warning};
use crate::codes::IpType;
use crate::layout::{LayoutError, LayoutNumber};
use crate::patent::{PatentError, PatentNumber};
use crate::registrations::{SoftwareError, SoftwareNumber, is_work_number};
use crate::trademark::{TrademarkError, TrademarkNumber};
use crate::typed::normalise;

/// The most characters of a number that is taken as text.
pub const MAX_TEXT: usize = 64;

/// A number in its one written form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IpNumber {
    /// Of a patent.
    Patent(PatentNumber),
    /// Of a trademark, a certification or collective mark among them.
    Trademark(TrademarkNumber),
    /// Of an IC layout design.
    Layout(LayoutNumber),
    /// Of a software copyright.
    Software(SoftwareNumber),
    /// Of a kind whose numbers have no one form.
    Text(String),
}

/// Why a text is no number of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IpNumberError {
    /// No patent number at all.
    #[error("not a patent number")]
    Patent(#[source] PatentError),
    /// A patent number, but of another kind of patent than was said.
    #[error("the number is that of {found}, not of {expected}")]
    OtherKind {
        /// What was said.
        expected: IpType,
        /// What the number says.
        found: IpType,
    },
    /// No trademark number.
    #[error("not a trademark number")]
    Trademark(#[source] TrademarkError),
    /// No number of an IC layout.
    #[error("not a number of an IC layout")]
    Layout(#[source] LayoutError),
    /// No registration number of software.
    #[error("not a registration number of software")]
    Software(#[source] SoftwareError),
    /// Empty, longer than [`MAX_TEXT`] characters, or with control characters.
    #[error("a number has 1 to 64 printable characters")]
    Text,
}

impl IpNumberError {
    /// What to tell a person.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Patent(error) => error.chinese(),
            Self::OtherKind { .. } => "编号与所选知识产权类型不一致，请核对类型或编号",
            Self::Trademark(_) => "商标注册号应为5至8位数字（国际注册为G加6至7位数字），请对照注册证重新填写",
            Self::Layout(_) => "布图设计登记号应形如BS.08500145.7，请对照证书重新填写",
            Self::Software(error) => error.chinese(),
            Self::Text => "请对照证书填写编号，1至64个字符",
        }
    }
}

impl IpNumber {
    /// Reads a number of this kind as people type it.
    ///
    /// # Errors
    /// [`IpNumberError`] when it is none of that kind.
    pub fn parse(kind: IpType, text: &str) -> Result<Checked<Self>, IpNumberError> {
        match kind {
            IpType::Invention | IpType::Utility | IpType::Design => {
                let number = PatentNumber::parse(text).map_err(IpNumberError::Patent)?;
                let found = number.kind();
                if found != kind {
                    return Err(IpNumberError::OtherKind { expected: kind, found });
                }
                Ok(Checked::sure(Self::Patent(number)))
            }
            IpType::Trademark | IpType::GiMark => {
                let number = TrademarkNumber::parse(text).map_err(IpNumberError::Trademark)?;
                Ok(Checked::sure(Self::Trademark(number)))
            }
            IpType::IcLayout => {
                let number = LayoutNumber::parse(text).map_err(IpNumberError::Layout)?;
                Ok(number.map(Self::Layout))
            }
            IpType::Software => {
                let number = SoftwareNumber::parse(text).map_err(IpNumberError::Software)?;
                Ok(Checked::sure(Self::Software(number)))
            }
            IpType::Work => {
                let number = plain_text(text)?;
                let doubt = (!is_work_number(&number)).then_some(Warning::FreeText);
                Ok(Checked::doubted(Self::Text(number), doubt))
            }
            IpType::GiProductSign | IpType::LicenseRevenue | IpType::PlantVariety | IpType::DataIp => {
                Ok(Checked::doubted(Self::Text(plain_text(text)?), Some(Warning::FreeText)))
            }
        }
    }

    /// The number as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Patent(number) => number.as_str(),
            Self::Trademark(number) => number.as_str(),
            Self::Layout(number) => number.as_str(),
            Self::Software(number) => number.as_str(),
            Self::Text(number) => number,
        }
    }
}

impl fmt::Display for IpNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

fn plain_text(text: &str) -> Result<String, IpNumberError> {
    let plain = normalise(text);
    let fits = (1..=MAX_TEXT).contains(&plain.chars().count()) && !plain.chars().any(char::is_control);
    if fits { Ok(plain) } else { Err(IpNumberError::Text) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_kind_reads_by_its_own_rule() {
        for (kind, text, written, warnings) in [
            (IpType::Invention, "zl201710601862.3", "201710601862.3", vec![]),
            (IpType::Utility, "2022 2 1234567 1", "202221234567.1", vec![]),
            (IpType::Design, "202230345678.9", "202230345678.9", vec![]),
            (IpType::Trademark, "7199523", "7199523", vec![]),
            (IpType::GiMark, "10325554", "10325554", vec![]),
            (IpType::IcLayout, "BS085001457", "BS.08500145.7", vec![]),
            (IpType::IcLayout, "BS085001458", "BS.08500145.8", vec![Warning::LayoutCheckDigit]),
            (IpType::Software, "2021sr1055071", "2021SR1055071", vec![]),
            (IpType::Work, "国作登字－2021－F－00012345", "国作登字-2021-F-00012345", vec![]),
            (IpType::Work, "豫作登字 第 12 号", "豫作登字第12号", vec![Warning::FreeText]),
            (IpType::GiProductSign, "2022年第1号公告", "2022年第1号公告", vec![Warning::FreeText]),
            (IpType::PlantVariety, "cna20191234", "CNA20191234", vec![Warning::FreeText]),
        ] {
            let checked = IpNumber::parse(kind, text).unwrap();
            assert_eq!((checked.value.as_str(), checked.warnings), (written, warnings), "{kind} {text}");
        }
    }

    #[test]
    fn a_number_of_another_kind_is_refused() {
        let refused = IpNumberError::OtherKind { expected: IpType::Utility, found: IpType::Invention };
        assert_eq!(IpNumber::parse(IpType::Utility, "201710601862.3"), Err(refused));
        assert!(matches!(
            IpNumber::parse(IpType::Trademark, "201710601862.3"),
            Err(IpNumberError::Trademark(_))
        ));
        assert!(matches!(IpNumber::parse(IpType::Software, "7199523"), Err(IpNumberError::Software(_))));
        assert!(matches!(IpNumber::parse(IpType::IcLayout, "7199523"), Err(IpNumberError::Layout(_))));
        assert_eq!(
            IpNumber::parse(IpType::Invention, "201710601862.4"),
            Err(IpNumberError::Patent(PatentError::Check))
        );
    }

    #[test]
    fn text_has_a_length_and_no_control_characters() {
        for text in ["", " \u{3000}", &"1".repeat(65), "A\u{1}B"] {
            assert_eq!(IpNumber::parse(IpType::PlantVariety, text), Err(IpNumberError::Text), "{text:?}");
        }
        assert!(IpNumber::parse(IpType::PlantVariety, &"品".repeat(64)).is_ok());
    }

    proptest! {
        #[test]
        fn reading_what_was_written_changes_nothing(kind in prop::sample::select(IpType::ALL), text in any::<String>()) {
            if let Ok(checked) = IpNumber::parse(kind, &text) {
                prop_assert_eq!(IpNumber::parse(kind, checked.value.as_str()), Ok(checked.clone()));
                prop_assert!(!checked.value.as_str().is_empty());
            }
        }
    }
}
