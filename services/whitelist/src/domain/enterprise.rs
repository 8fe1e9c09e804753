//! The enterprise (企业) and the qualifications (资质) it holds.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{EnterpriseId, EnterpriseSize, Qualification, Uscc};

use super::{
    place::{Industry, Park, Region},
    profile::Profile,
};

/// Longest name in characters.
pub const NAME_MAX: usize = 100;
/// Most qualifications that one registration may carry.
pub const QUALIFICATIONS_MAX: usize = 50;
/// Longest certificate number in characters.
pub const QUALIFICATION_NUMBER_MAX: usize = 60;

/// A registered name, 1 to [`NAME_MAX`] characters. Its `Debug` hides it, so that no log can show it by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Blanks around it are dropped; control characters are refused.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let good = (1..=NAME_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        good.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name(…)")
    }
}

/// A registered enterprise, domain.md §4.3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enterprise {
    pub id: EnterpriseId,
    pub uscc: Uscc,
    pub name: Name,
    pub size: EnterpriseSize,
    pub industry: Industry,
    pub park: Park,
    pub region: Region,
    pub qualifications: Vec<QualificationHeld>,
    pub profile: Profile,
    pub registered_at: DateTime<Utc>,
    /// Counts the amendments from 1; each version stays readable for ever.
    pub version: i32,
    /// `None`: as it was registered.
    pub amended_at: Option<DateTime<Utc>>,
}

impl Enterprise {
    /// The version that an amendment at `now` makes of `changed`, if that changes anything: an amendment that says what
    /// is known is no version of its own.
    pub fn amended(&self, changed: Self, now: DateTime<Utc>) -> Option<Self> {
        let same = Self { version: self.version, amended_at: self.amended_at, ..changed.clone() } == *self;
        (!same).then(|| Self { version: self.version + 1, amended_at: Some(now), ..changed })
    }
}

/// Who gave a qualification (级别).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum QualificationLevel {
    /// 示范区
    Zone,
    /// 省级
    Province,
    /// 国家级
    National,
}

impl QualificationLevel {
    pub const ALL: [Self; 3] = [Self::Zone, Self::Province, Self::National];

    pub fn code(self) -> &'static str {
        match self {
            Self::Zone => "ZONE",
            Self::Province => "PROVINCE",
            Self::National => "NATIONAL",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.code() == code)
    }

    /// The number in `zhirong.whitelist.v1.QualificationLevel`.
    pub fn number(self) -> i32 {
        match self {
            Self::Zone => 1,
            Self::Province => 2,
            Self::National => 3,
        }
    }

    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.number() == number)
    }
}

/// A qualification with the days on which it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QualificationHeld {
    pub code: Qualification,
    /// Certificate number; may be empty.
    pub number: String,
    /// `None`: not stated.
    pub level: Option<QualificationLevel>,
    valid_from: NaiveDate,
    valid_to: NaiveDate,
}

impl QualificationHeld {
    /// `None` if it would end before it begins.
    pub fn new(
        code: Qualification,
        number: String,
        valid_from: NaiveDate,
        valid_to: NaiveDate,
    ) -> Option<Self> {
        (valid_from <= valid_to).then_some(Self { code, number, level: None, valid_from, valid_to })
    }

    #[must_use]
    pub fn at_level(self, level: Option<QualificationLevel>) -> Self {
        Self { level, ..self }
    }

    pub fn valid_from(&self) -> NaiveDate {
        self.valid_from
    }

    /// Inclusive.
    pub fn valid_to(&self) -> NaiveDate {
        self.valid_to
    }

    /// Whether it counts on `day` (Asia/Shanghai): it stops counting the day after it ends (C11).
    pub fn counts_on(&self, day: NaiveDate) -> bool {
        (self.valid_from..=self.valid_to).contains(&day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_1_to_100_characters_and_never_shows_in_debug() {
        for (given, good) in [
            ("济源市沁铅新材料有限公司".to_owned(), true),
            (" x ".to_owned(), true),
            ("名".repeat(100), true),
            ("名".repeat(101), false),
            ("  ".to_owned(), false),
            ("a\nb".to_owned(), false),
        ] {
            assert_eq!(Name::parse(&given).is_some(), good, "{given:?}");
        }
        assert_eq!(format!("{:?}", Name::parse("沁铅").unwrap()), "Name(…)");
    }

    #[test]
    fn a_qualification_may_not_end_before_it_begins() {
        let day = |d| NaiveDate::from_ymd_opt(2022, 9, d).unwrap();
        let held =
            |from, to| QualificationHeld::new(Qualification::IpmsCert, String::new(), day(from), day(to));
        assert!(held(1, 1).is_some());
        assert!(held(2, 1).is_none());
    }

    #[test]
    fn a_qualification_counts_from_its_first_to_its_last_day() {
        let day = |d| NaiveDate::from_ymd_opt(2022, 9, d).unwrap();
        let held = QualificationHeld::new(Qualification::IpmsCert, String::new(), day(10), day(12)).unwrap();
        for (today, counts) in [(9, false), (10, true), (12, true), (13, false)] {
            assert_eq!(held.counts_on(day(today)), counts, "{today}");
        }
    }
}
