//! Patent application and patent numbers (ZC 0006, domain.md §2.2), and how long a patent lasts.

use std::fmt;

use chrono::{Months, NaiveDate};

use crate::check_digits;
use crate::codes::IpType;
use crate::typed::normalise;

/// A valid application number in the form `202210123456.1`; a patent's number is `ZL` before it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatentNumber(String);

/// Why a text is no patent number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatentError {
    /// Not 8 or 12 digits and a check character, after `ZL` or `CN` and the dot.
    #[error("a patent number has 8 or 12 digits and a check character, not {found} characters")]
    Length {
        /// Number of characters without prefix, blanks and dot.
        found: usize,
    },
    /// Something other than digits before the check character, or a dot elsewhere than before it.
    #[error("character {position} cannot stand there in a patent number")]
    Character {
        /// From 1, without prefix and blanks.
        position: usize,
    },
    /// Applications have been numbered since 1985, with four digits for the year since 2003.
    #[error("no application of that form was numbered in the year of the patent number")]
    Year,
    /// The digit for the kind is none of 1, 2, 3, 8, 9.
    #[error("the digit {digit} names no kind of patent")]
    Kind {
        /// The digit.
        digit: char,
    },
    /// The check character does not come out.
    #[error("the check character of the patent number does not come out")]
    Check,
}

impl PatentError {
    /// What to tell a person.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Length { .. } => "专利号位数不对，应为8位或12位数字加校验位，请对照专利证书重新填写",
            Self::Character { .. } => "专利号含有不应出现的字符，请对照专利证书重新填写",
            Self::Year => "专利号中的年份不对，请对照专利证书核对",
            Self::Kind { .. } => "专利号中的种类号不对（应为1、2、3、8或9），请对照专利证书核对",
            Self::Check => "专利号校验位不符，请对照专利证书核对每一位",
        }
    }
}

impl PatentNumber {
    /// Reads a number as people type it, with or without `ZL` or `CN`, blanks and the dot.
    ///
    /// # Errors
    /// [`PatentError`] when it is not one.
    pub fn parse(text: &str) -> Result<Self, PatentError> {
        let typed = normalise(text);
        let number =
            ["CNZL", "ZL", "CN"].iter().find_map(|prefix| typed.strip_prefix(prefix)).unwrap_or(&typed);
        let signs: Vec<char> = number.chars().collect();
        // The one dot that may be there is the one before the check character.
        let dotted = signs.len().checked_sub(2).is_some_and(|place| signs.get(place) == Some(&'.'));
        let mut plain = signs;
        if dotted {
            plain.remove(plain.len() - 2);
        }
        let (serial, check) = match plain.as_slice() {
            [serial @ .., check] if matches!(serial.len(), 8 | 12) => (serial, *check),
            other => return Err(PatentError::Length { found: other.len() }),
        };
        if let Some(place) = serial.iter().position(|sign| !sign.is_ascii_digit()) {
            return Err(PatentError::Character { position: place + 1 });
        }
        if !check.is_ascii_digit() && check != 'X' {
            return Err(PatentError::Character { position: plain.len() });
        }
        let serial: String = serial.iter().collect();
        let (year, rest) = serial.split_at(if serial.len() == 8 { 2 } else { 4 });
        if !year_fits(year) {
            return Err(PatentError::Year);
        }
        match rest.chars().next() {
            Some('1' | '2' | '3' | '8' | '9') => {}
            Some(digit) => return Err(PatentError::Kind { digit }),
            None => return Err(PatentError::Length { found: plain.len() }),
        }
        if check_digits::patent(&serial) != Some(check) {
            return Err(PatentError::Check);
        }
        Ok(Self(format!("{serial}.{check}")))
    }

    /// The application number, `202210123456.1`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number of the granted patent, `ZL202210123456.1`.
    #[must_use]
    pub fn granted(&self) -> String {
        format!("ZL{}", self.0)
    }

    /// Invention, utility model or design; international applications count as what they became.
    #[must_use]
    pub fn kind(&self) -> IpType {
        match self.kind_digit() {
            '2' | '9' => IpType::Utility,
            '3' => IpType::Design,
            _ => IpType::Invention,
        }
    }

    /// Whether it entered by way of an international application (PCT).
    #[must_use]
    pub fn is_international(&self) -> bool {
        matches!(self.kind_digit(), '8' | '9')
    }

    /// The year in which it was filed (for an international application, in which it was numbered here).
    #[must_use]
    pub fn year(&self) -> i32 {
        let digits = if self.is_old() { self.0.get(..2) } else { self.0.get(..4) };
        let year: i32 = digits.and_then(|digits| digits.parse().ok()).unwrap_or_default();
        match year {
            85..=99 => 1900 + year,
            0..=84 => 2000 + year,
            _ => year,
        }
    }

    fn is_old(&self) -> bool {
        self.0.len() == "99117225.6".len()
    }

    fn kind_digit(&self) -> char {
        self.0.chars().nth(if self.is_old() { 2 } else { 4 }).unwrap_or_default()
    }
}

impl fmt::Display for PatentNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Two digits: 1985 to 2003; four: from 2003 (on 1 October the numbers grew).
fn year_fits(year: &str) -> bool {
    let number: Option<u32> = year.parse().ok();
    match year.len() {
        2 => number.is_some_and(|year| year >= 85 || year <= 3),
        _ => number.is_some_and(|year| (2003..2100).contains(&year)),
    }
}

/// The first day on which a patent filed on `filing` no longer holds: 20 years for inventions, 10 for utility models,
/// 15 for designs filed since 2021-06-01, 10 for earlier ones. `None` for what is no patent.
#[must_use]
pub fn term_ends(kind: IpType, filing: NaiveDate) -> Option<NaiveDate> {
    let longer_designs = NaiveDate::from_ymd_opt(2021, 6, 1)?;
    let years = match kind {
        IpType::Invention => 20,
        IpType::Utility => 10,
        IpType::Design if filing >= longer_designs => 15,
        IpType::Design => 10,
        IpType::Trademark
        | IpType::GiMark
        | IpType::GiProductSign
        | IpType::IcLayout
        | IpType::Software
        | IpType::Work
        | IpType::LicenseRevenue
        | IpType::PlantVariety
        | IpType::DataIp => return None,
    };
    filing.checked_add_months(Months::new(years * 12))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::typed::tests::as_typed;

    /// domain.md §2.2: number, kind, year of filing.
    const VALID: [(&str, IpType, i32); 16] = [
        ("99117225.6", IpType::Invention, 1999),
        ("200410053749.9", IpType::Invention, 2004),
        ("201430009113.9", IpType::Design, 2014),
        ("97248479.5", IpType::Utility, 1997),
        ("02139508.X", IpType::Invention, 2002),
        ("201010137731.2", IpType::Invention, 2010),
        ("201110269715.3", IpType::Invention, 2011),
        ("200510105502.1", IpType::Invention, 2005),
        ("95119389.9", IpType::Invention, 1995),
        ("97101765.4", IpType::Invention, 1997),
        ("95115608.X", IpType::Invention, 1995),
        ("201710601862.3", IpType::Invention, 2017),
        ("200730008065.1", IpType::Design, 2007),
        ("202210123456.1", IpType::Invention, 2022),
        ("202221234567.1", IpType::Utility, 2022),
        ("202230345678.9", IpType::Design, 2022),
    ];

    /// `serial` with the check character that goes with it.
    fn with_check(serial: &str) -> String {
        format!("{serial}.{}", check_digits::patent(serial).unwrap())
    }

    #[test]
    fn verified_numbers_pass() {
        for (text, kind, year) in VALID {
            let number = PatentNumber::parse(text).unwrap();
            assert_eq!((number.as_str(), number.kind(), number.year()), (text, kind, year));
            assert_eq!(number.granted(), format!("ZL{text}"));
            assert!(!number.is_international());
        }
    }

    #[test]
    fn numbers_are_read_as_people_type_them() {
        for typed in [
            "ZL202210123456.1",
            "zl 2022 1 0123456.1",
            "CN202210123456.1",
            "cnzl2022101234561",
            "2022101234561",
            "ＺＬ２０２２１０１２３４５６．１",
            "ZL 2022 1 0123456。1",
            "\u{3000}202210123456 . 1\n",
        ] {
            assert_eq!(PatentNumber::parse(typed).unwrap().as_str(), "202210123456.1", "{typed}");
        }
        assert_eq!(PatentNumber::parse("zl02139508x").unwrap().as_str(), "02139508.X");
    }

    #[test]
    fn what_must_fail_fails() {
        let table = [
            ("201710601862.4", PatentError::Check),
            ("", PatentError::Length { found: 0 }),
            ("ZL", PatentError::Length { found: 0 }),
            ("202210123456", PatentError::Length { found: 12 }),
            ("2022101234.561", PatentError::Length { found: 14 }),
            ("202210123456.11", PatentError::Length { found: 15 }),
            ("202210123456..1", PatentError::Length { found: 14 }),
            ("99117225..6", PatentError::Length { found: 10 }),
            ("20221012345A.1", PatentError::Character { position: 12 }),
            ("202210123456.A", PatentError::Character { position: 13 }),
            ("X02210123456.1", PatentError::Character { position: 1 }),
            ("2022.0123456.1", PatentError::Character { position: 5 }),
            ("二〇二二一〇一二三四五六.1", PatentError::Character { position: 1 }),
            ("200210123456.1", PatentError::Year),
            ("190010123456.1", PatentError::Year),
            ("04117225.6", PatentError::Year),
        ];
        for (text, error) in table {
            assert_eq!(PatentNumber::parse(text), Err(error), "{text}");
        }
        for digit in ['0', '4', '5', '6', '7'] {
            for serial in [format!("2022{digit}0123456"), format!("99{digit}17225")] {
                let refused = Err(PatentError::Kind { digit });
                assert_eq!(
                    PatentNumber::parse(&with_check(&serial)),
                    refused,
                    "{serial}: though its check comes out"
                );
            }
        }
    }

    #[test]
    fn international_applications_count_as_what_they_became() {
        for (serial, kind) in [
            ("202280012345", IpType::Invention),
            ("202290012345", IpType::Utility),
            ("98812345", IpType::Invention),
        ] {
            let number = PatentNumber::parse(&with_check(serial)).unwrap();
            assert_eq!((number.kind(), number.is_international()), (kind, true));
        }
    }

    #[test]
    fn terms_run_from_filing() {
        let date = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (kind, filing, end) in [
            (IpType::Invention, "2010-03-31", Some("2030-03-31")),
            (IpType::Utility, "2016-02-29", Some("2026-02-28")),
            (IpType::Design, "2021-05-31", Some("2031-05-31")),
            (IpType::Design, "2021-06-01", Some("2036-06-01")),
            (IpType::Software, "2021-06-01", None),
        ] {
            assert_eq!(term_ends(kind, date(filing)), end.map(date), "{kind} {filing}");
        }
        assert_eq!(term_ends(IpType::Invention, NaiveDate::MAX), None);
    }

    fn number() -> impl Strategy<Value = String> {
        prop_oneof!["(20(0[3-9]|[1-9][0-9]))[12389][0-9]{7}", "(8[5-9]|9[0-9]|0[0-3])[12389][0-9]{5}"]
            .prop_map(|serial| with_check(&serial))
    }

    proptest! {
        #[test]
        fn a_changed_digit_is_found(number in number(), place in any::<prop::sample::Index>(), shift in 1..11_usize) {
            const SIGNS: &str = "0123456789X";
            let places: Vec<usize> = (0..number.len()).filter(|place| number.as_bytes()[*place] != b'.').collect();
            let place = *place.get(&places);
            let other = (SIGNS.find(&number[place..=place]).unwrap() + shift) % SIGNS.len();
            let mut changed = number;
            changed.replace_range(place..=place, &SIGNS[other..=other]);
            prop_assert!(PatentNumber::parse(&changed).is_err(), "{changed}");
        }

        #[test]
        fn every_way_of_typing_gives_the_same_number((number, typed) in number().prop_flat_map(|number| {
            let spellings = prop::sample::select(vec![number.clone(), format!("ZL{number}"), format!("CN{number}"), number.replace('.', "")]);
            (Just(number), spellings.prop_flat_map(|spelling| as_typed(&spelling)))
        })) {
            let parsed = PatentNumber::parse(&typed).unwrap();
            prop_assert_eq!(parsed.as_str(), number.as_str());
            prop_assert_eq!(PatentNumber::parse(&parsed.granted()).unwrap(), parsed);
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = PatentNumber::parse(&text);
        }
    }
}
