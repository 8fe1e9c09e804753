//! The terms of one product version (domain.md §4.2), checked as a whole.

use std::collections::BTreeSet;

use kernel::{
    BasisPoints, EnhancementMode, EnterpriseSize, Fen, Grade, IpType, Months, Qualification, RateKind,
    RepaymentMethod,
};

use super::{
    codes::{CodeSet, Park, Region},
    conditions::Conditions,
};

/// Longest product name in characters.
pub const NAME_MAX: usize = 60;
/// Longest term in months.
pub const TERM_MAX: u16 = 120;
/// Most regions, or parks, that one product may name.
pub const PLACES_MAX: usize = 100;
/// Most assets that a product may ask for.
pub const MIN_ASSETS_MAX: u16 = 1000;
/// A fixed rate, in basis points.
pub const FIXED_RATES: std::ops::RangeInclusive<i32> = 1..=10_000;
/// A spread over the LPR, in basis points: it may lie below.
pub const SPREADS: std::ops::RangeInclusive<i32> = -1_000..=10_000;

/// What a bank lends, to whom, on what. An empty set of places, sizes or qualifications means no restriction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductTerms {
    pub name: String,
    pub regions: BTreeSet<Region>,
    pub parks: BTreeSet<Park>,
    pub sizes: CodeSet<EnterpriseSize>,
    /// One of them must be held.
    pub any_qualification: CodeSet<Qualification>,
    /// At least one.
    pub accepted_ip: CodeSet<IpType>,
    /// Of accepted types; at least 1.
    pub min_assets: u16,
    pub amount: Span<Fen>,
    pub term: Span<Months>,
    pub rate_kind: RateKind,
    /// The rate itself, or the spread over the LPR.
    pub rate: Span<BasisPoints>,
    /// At least one.
    pub repayment: CodeSet<RepaymentMethod>,
    /// At least one.
    pub enhancement: CodeSet<EnhancementMode>,
    /// `None`: firms that were never screened are welcome.
    pub lowest_grade: Option<Grade>,
    pub conditions: Conditions,
}

/// From `min` to `max`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span<T> {
    min: T,
    max: T,
}

impl<T: Copy + PartialOrd> Span<T> {
    /// `None` if `max` lies below `min`.
    pub fn new(min: T, max: T) -> Option<Self> {
        (min <= max).then_some(Self { min, max })
    }

    pub fn min(self) -> T {
        self.min
    }

    pub fn max(self) -> T {
        self.max
    }
}

/// What is wrong with terms, each naming its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TermsFault {
    NoAcceptedIp,
    NoRepayment,
    NoEnhancement,
    MinAssetsOutOfRange,
    TooManyRegions,
    TooManyParks,
    RateMinOutOfRange,
    RateMaxOutOfRange,
    /// A guarantee is required, and the pledge alone is offered.
    GuaranteeContradicted,
    EndsBeforeItBegins,
}

impl ProductTerms {
    /// Every fault of these terms that is not already excluded by their types.
    pub fn faults(&self) -> Vec<TermsFault> {
        let rates = match self.rate_kind {
            RateKind::Fixed => FIXED_RATES,
            RateKind::LprFloat => SPREADS,
        };
        [
            (self.accepted_ip.is_empty(), TermsFault::NoAcceptedIp),
            (self.repayment.is_empty(), TermsFault::NoRepayment),
            (self.enhancement.is_empty(), TermsFault::NoEnhancement),
            (!(1..=MIN_ASSETS_MAX).contains(&self.min_assets), TermsFault::MinAssetsOutOfRange),
            (self.regions.len() > PLACES_MAX, TermsFault::TooManyRegions),
            (self.parks.len() > PLACES_MAX, TermsFault::TooManyParks),
            (!rates.contains(&self.rate.min.get()), TermsFault::RateMinOutOfRange),
            (!rates.contains(&self.rate.max.get()), TermsFault::RateMaxOutOfRange),
            (self.conditions.contradicts(self.enhancement), TermsFault::GuaranteeContradicted),
            (self.conditions.ends_before_it_begins(), TermsFault::EndsBeforeItBegins),
        ]
        .into_iter()
        .filter_map(|(wrong, fault)| wrong.then_some(fault))
        .collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn terms() -> ProductTerms {
        ProductTerms {
            name: "知产贷".to_owned(),
            regions: [Region::parse("419001").unwrap()].into(),
            parks: BTreeSet::new(),
            sizes: CodeSet::EMPTY,
            any_qualification: CodeSet::EMPTY,
            accepted_ip: [IpType::Invention, IpType::Utility].into_iter().collect(),
            min_assets: 1,
            amount: Span::new(Fen::new(10_000_000), Fen::new(500_000_000)).unwrap(),
            term: Span::new(Months::new(6), Months::new(36)).unwrap(),
            rate_kind: RateKind::LprFloat,
            rate: Span::new(BasisPoints::new(30), BasisPoints::new(150)).unwrap(),
            repayment: [RepaymentMethod::InterestFirst].into_iter().collect(),
            enhancement: [EnhancementMode::IpOnly].into_iter().collect(),
            lowest_grade: None,
            conditions: Conditions::default(),
        }
    }

    #[test]
    fn good_terms_have_no_fault_and_bad_ones_have_each_of_theirs() {
        assert_eq!(terms().faults(), []);
        let spread = |min, max| Span::new(BasisPoints::new(min), BasisPoints::new(max)).unwrap();
        let with = |conditions| ProductTerms { conditions, ..terms() };
        let lasting = |from: &str, to: &str| Conditions {
            effective_from: from.parse().ok(),
            effective_to: to.parse().ok(),
            ..Conditions::default()
        };
        let places = (100_000..).take(PLACES_MAX + 1).map(|n| Region::parse(&n.to_string()).unwrap());
        for (given, wanted) in [
            (ProductTerms { accepted_ip: CodeSet::EMPTY, ..terms() }, vec![TermsFault::NoAcceptedIp]),
            (
                ProductTerms { repayment: CodeSet::EMPTY, enhancement: CodeSet::EMPTY, ..terms() },
                vec![TermsFault::NoRepayment, TermsFault::NoEnhancement],
            ),
            (ProductTerms { min_assets: 0, ..terms() }, vec![TermsFault::MinAssetsOutOfRange]),
            (ProductTerms { min_assets: 1001, ..terms() }, vec![TermsFault::MinAssetsOutOfRange]),
            (ProductTerms { regions: places.collect(), ..terms() }, vec![TermsFault::TooManyRegions]),
            (ProductTerms { rate: spread(-1000, 10_000), ..terms() }, vec![]),
            (ProductTerms { rate: spread(-1001, 0), ..terms() }, vec![TermsFault::RateMinOutOfRange]),
            (
                ProductTerms { rate_kind: RateKind::Fixed, rate: spread(0, 10_001), ..terms() },
                vec![TermsFault::RateMinOutOfRange, TermsFault::RateMaxOutOfRange],
            ),
            (
                with(Conditions { guarantee_required: true, ..Conditions::default() }),
                vec![TermsFault::GuaranteeContradicted],
            ),
            (with(lasting("2023-01-02", "2023-01-01")), vec![TermsFault::EndsBeforeItBegins]),
            (with(lasting("2023-01-01", "2023-01-01")), vec![]),
        ] {
            assert_eq!(given.faults(), wanted, "{given:?}");
        }
    }

    #[test]
    fn a_span_may_not_end_before_it_begins() {
        assert!(Span::new(Fen::new(2), Fen::new(1)).is_none());
        assert!(Span::new(Fen::new(1), Fen::new(1)).is_some());
    }
}
