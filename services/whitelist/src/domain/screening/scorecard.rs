//! The scorecard (评分卡): indicators with their points and bands, the limits of grades, the limit for listing. A version is
//! good as a whole or not at all; a good one needs no rounding anywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use kernel::{Grade, Qualification};

use super::feature::Feature;

/// Hundredths of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Points(pub i32);

impl Points {
    /// What a card gives in all.
    pub const WHOLE: Self = Self(10_000);

    pub const fn of(points: i32) -> Self {
        Self(points.saturating_mul(100))
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// What an indicator is about; [`Dimension::Ip`] has to weigh most (C19).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    Ip,
    Research,
    Titles,
    Finance,
    Credit,
}

impl Dimension {
    pub const ALL: [Self; 5] = [Self::Ip, Self::Research, Self::Titles, Self::Finance, Self::Credit];

    pub fn code(self) -> &'static str {
        match self {
            Self::Ip => "IP",
            Self::Research => "RESEARCH",
            Self::Titles => "TITLES",
            Self::Finance => "FINANCE",
            Self::Credit => "CREDIT",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dimension| dimension.code() == code)
    }
}

/// Holds from `from` (inclusive; the first from minus infinity) to the next band's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Band {
    pub from: i32,
    pub ratio_bp: i32,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indicator {
    pub code: String,
    pub dimension: Dimension,
    pub name: String,
    pub points: Points,
    pub input: Feature,
    /// In order, the first from `i32::MIN`; never empty.
    pub bands: Vec<Band>,
}

impl Indicator {
    /// The band that `value` falls into.
    pub fn band(&self, value: i32) -> Option<&Band> {
        self.bands.iter().rev().find(|band| band.from <= value)
    }

    /// What `ratio_bp` of this indicator is worth; whole because the card was checked.
    pub fn share(&self, ratio_bp: i32) -> Points {
        Points(self.points.0 / 100 * ratio_bp / 100)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scorecard {
    pub indicators: Vec<Indicator>,
    /// The least points of A, B and C; below is D.
    pub grades: [(Grade, Points); 3],
    pub listing_at: Points,
    /// Invention, utility model, design.
    pub term_weights: [i64; 3],
    pub ip_titles: BTreeMap<Qualification, i32>,
    pub tech_titles: BTreeMap<Qualification, i32>,
}

/// What is wrong with a card; all of it is told at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    #[error("cannot be read: {0}")]
    Unreadable(String),
    #[error("points sum to {0}, not to 100")]
    Sum(Points),
    #[error("the IP dimension does not weigh most")]
    IpNotHeaviest,
    #[error("{0} stands twice")]
    Twice(String),
    #[error("{0}: not known")]
    Unknown(String),
    #[error("{0}: bands are not in order, or the first has a beginning")]
    Bands(String),
    #[error("{0}: a ratio is not between 0 and 10000, or not a whole number of hundredths")]
    Ratio(String),
    #[error("the limits of grades do not fall, or listing lies below grade C")]
    Limits,
    #[error("{0}: not a positive number")]
    NotPositive(String),
    #[error("{0} is missing")]
    Missing(String),
    #[error("parks differ from ZHIRONG_WHITELIST_PARKS: {0}")]
    Parks(String),
}

impl Scorecard {
    /// Everything that is wrong with it.
    pub(super) fn faults(&self) -> Vec<CardError> {
        let mut faults = Vec::new();
        let (mut codes, mut inputs) = (BTreeSet::new(), BTreeSet::new());
        let mut weight: BTreeMap<Dimension, i32> = BTreeMap::new();
        for one in &self.indicators {
            if !codes.insert(&one.code) {
                faults.push(CardError::Twice(one.code.clone()));
            }
            if !inputs.insert(one.input) {
                faults.push(CardError::Twice(one.input.code().to_owned()));
            }
            if one.points.0 <= 0 {
                faults.push(CardError::NotPositive(one.code.clone()));
            }
            let beginnings: Vec<i32> = one.bands.iter().map(|band| band.from).collect();
            if beginnings.first() != Some(&i32::MIN)
                || beginnings.iter().zip(beginnings.iter().skip(1)).any(|(one, next)| one >= next)
            {
                faults.push(CardError::Bands(one.code.clone()));
            }
            if one.bands.iter().any(|band| !(0..=10_000).contains(&band.ratio_bp) || band.ratio_bp % 100 != 0)
            {
                faults.push(CardError::Ratio(one.code.clone()));
            }
            let sum = weight.entry(one.dimension).or_default();
            *sum = sum.saturating_add(one.points.0);
        }
        let sum = weight.values().fold(0_i32, |sum, points| sum.saturating_add(*points));
        if Points(sum) != Points::WHOLE {
            faults.push(CardError::Sum(Points(sum)));
        }
        let ip = weight.remove(&Dimension::Ip).unwrap_or_default();
        if weight.values().any(|other| *other >= ip) {
            faults.push(CardError::IpNotHeaviest);
        }
        let [a, b, c] = self.grades.map(|(_, least)| least);
        if !(a > b && b > c && c > Points(0) && a <= Points::WHOLE && self.listing_at >= c) {
            faults.push(CardError::Limits);
        }
        if self.term_weights.iter().any(|weight| !(1..=1000).contains(weight)) {
            faults.push(CardError::NotPositive("term_weights".to_owned()));
        }
        faults
    }

    pub fn grade(&self, total: Points) -> Grade {
        self.grades.iter().find(|(_, least)| total >= *least).map_or(Grade::D, |(grade, _)| *grade)
    }
}
