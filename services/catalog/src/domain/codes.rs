//! Small sets of code-table values, and the place codes that products name.

use std::marker::PhantomData;

use kernel::{EnhancementMode, EnterpriseSize, IpType, Qualification, RepaymentMethod, regions};

/// A code table whose numbers all lie below 32, so that a set of them fits one word.
pub trait Code: Copy + Eq + std::hash::Hash + 'static {
    fn every() -> &'static [Self];
    fn bit(self) -> u32;
    /// As the contract numbers it.
    fn number(self) -> i32;
    fn from_number(number: i32) -> Option<Self>;
    fn code(self) -> &'static str;
    fn from_code(code: &str) -> Option<Self>;
}

macro_rules! code {
    ($($table:ty),+) => {$(
        impl Code for $table {
            fn every() -> &'static [Self] {
                &Self::ALL
            }
            fn bit(self) -> u32 {
                1 << self.number()
            }
            fn number(self) -> i32 {
                self.number()
            }
            fn from_number(number: i32) -> Option<Self> {
                Self::from_number(number)
            }
            fn code(self) -> &'static str {
                self.code()
            }
            fn from_code(code: &str) -> Option<Self> {
                Self::from_code(code)
            }
        }
    )+};
}
code!(EnhancementMode, EnterpriseSize, IpType, Qualification, RepaymentMethod);

/// A set of one code table's values. Matching asks thousands of them per need, so a set is one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeSet<C>(u32, PhantomData<C>);

impl<C: Code> CodeSet<C> {
    pub const EMPTY: Self = Self(0, PhantomData);

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn contains(self, code: C) -> bool {
        self.0 & code.bit() != 0
    }

    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// In the order of the code table.
    pub fn iter(self) -> impl Iterator<Item = C> {
        C::every().iter().copied().filter(move |code| self.contains(*code))
    }

    /// The codes as stored.
    pub fn codes(self) -> Vec<&'static str> {
        self.iter().map(C::code).collect()
    }

    /// `None` if one of them is not in the table.
    pub fn from_codes<S: AsRef<str>>(codes: &[S]) -> Option<Self> {
        codes.iter().map(|code| C::from_code(code.as_ref())).collect()
    }
}

impl<C: Code> FromIterator<C> for CodeSet<C> {
    fn from_iter<I: IntoIterator<Item = C>>(codes: I) -> Self {
        Self(codes.into_iter().fold(0, |bits, code| bits | code.bit()), PhantomData)
    }
}

/// Administrative region (行政区划): six digits, not beginning with 0, always the present code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(u32);

impl Region {
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit());
        regions::present(text).parse().ok().filter(|number| digits && *number >= 100_000).map(Self)
    }

    pub fn text(self) -> String {
        self.0.to_string()
    }
}

/// Park code such as `JY-GX` (高新区), at most nine letters: kept in place, compared as one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Park([u8; 9]);

impl Park {
    /// Two letters, a dash, two to six letters. Which parks exist is known to the whitelist, not here.
    pub fn parse(text: &str) -> Option<Self> {
        let (zone, park) = text.split_once('-')?;
        let good = zone.len() == 2
            && (2..=6).contains(&park.len())
            && zone.bytes().chain(park.bytes()).all(|b| b.is_ascii_uppercase());
        let mut bytes = [0; 9];
        good.then(|| bytes[..text.len()].copy_from_slice(text.as_bytes()))?;
        Some(Self(bytes))
    }

    pub fn text(self) -> String {
        self.0.iter().take_while(|b| **b != 0).map(|b| char::from(*b)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_and_reads_back_from_its_codes() {
        let set: CodeSet<IpType> =
            [IpType::Software, IpType::Invention, IpType::Software].into_iter().collect();
        assert_eq!(set.codes(), ["INVENTION", "SOFTWARE"]);
        assert_eq!(CodeSet::from_codes(&set.codes()), Some(set));
        assert_eq!(CodeSet::<IpType>::from_codes(&["INVENTION", "PATENT"]), None);
        assert!(set.meets([IpType::Software].into_iter().collect()));
        assert!(!set.meets([IpType::Design].into_iter().collect()));
        assert!(CodeSet::<IpType>::EMPTY.is_empty());
    }

    #[test]
    fn every_code_table_fits_one_word() {
        fn fits<C: Code>() {
            let mut bits = 0_u32;
            for code in C::every() {
                assert_eq!(bits & code.bit(), 0, "{}", code.code());
                bits |= code.bit();
            }
        }
        fits::<EnhancementMode>();
        fits::<EnterpriseSize>();
        fits::<IpType>();
        fits::<Qualification>();
        fits::<RepaymentMethod>();
    }

    #[test]
    fn regions_and_parks_read_back() {
        assert_eq!(Region::parse("419001").map(Region::text), Some("419001".to_owned()));
        assert_eq!(Region::parse("410881"), Region::parse("419001"));
        for bad in ["41900", "4190011", "019001", "+19001", "41900x", ""] {
            assert_eq!(Region::parse(bad), None, "{bad}");
        }
        for good in ["JY-GX", "JY-WLK", "JY-ABCDEF"] {
            assert_eq!(Park::parse(good).map(Park::text), Some(good.to_owned()));
        }
        for bad in ["JYGX", "JY-G", "JY-ABCDEFG", "jy-gx", "JYY-GX", "JY-高新", ""] {
            assert_eq!(Park::parse(bad), None, "{bad}");
        }
    }
}
