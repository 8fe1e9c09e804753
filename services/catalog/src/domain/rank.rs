//! In which order fitting products are told: the enterprise's cost first, and of equal cost why one comes before another.

use std::cmp::Reverse;

use kernel::{BasisPoints, ProductId, RateKind, RepaymentMethod, loan::Terms};

use super::{
    conditions::{cheapest, total},
    cost::Paid,
    matching::{Ground, Need, Published},
};

/// Behind every cost that is known.
const UNKNOWN: i32 = i32::MAX / 2;

/// Smaller is better, field by field. The id decides last, so that the order never depends on that of the products.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// Comparable yearly cost at the lowest rate, or [`UNKNOWN`] and more.
    yearly: i32,
    /// The highest nominal rate.
    highest: i32,
    /// How many restrictions make the product one for such firms: it comes before the general one.
    made_for: Reverse<usize>,
    /// How much more could be lent: an amount that does not strain the range is better placed.
    headroom: Reverse<i64>,
    id: ProductId,
}

/// What puts a product behind the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RankedBy {
    YearlyCost,
    HighestRate,
    MadeForSuchFirms,
    AmountHeadroom,
    ProductId,
}

impl RankedBy {
    pub fn code(self) -> &'static str {
        match self {
            Self::YearlyCost => "YEARLY_COST",
            Self::HighestRate => "HIGHEST_RATE",
            Self::MadeForSuchFirms => "MADE_FOR_SUCH_FIRMS",
            Self::AmountHeadroom => "AMOUNT_HEADROOM",
            Self::ProductId => "PRODUCT_ID",
        }
    }
}

impl Rank {
    pub fn yearly_cost(&self) -> Option<BasisPoints> {
        (self.yearly < UNKNOWN / 2).then(|| BasisPoints::new(self.yearly))
    }

    /// The first thing in which it is behind `before`.
    pub fn behind(&self, before: &Self) -> Option<RankedBy> {
        [
            (self.yearly > before.yearly, RankedBy::YearlyCost),
            (self.highest > before.highest, RankedBy::HighestRate),
            (self.made_for > before.made_for, RankedBy::MadeForSuchFirms),
            (self.headroom > before.headroom, RankedBy::AmountHeadroom),
            (self.id > before.id, RankedBy::ProductId),
        ]
        .into_iter()
        .find_map(|(behind, by)| behind.then_some(by))
    }
}

pub(super) fn rank(need: &Need, product: &Published, ground: &Ground<'_>) -> Rank {
    let terms = &product.terms;
    let base = match terms.rate_kind {
        RateKind::Fixed => Some(0),
        RateKind::LprFloat => (ground.lpr)(need.term, terms.conditions.lpr_tenor).map(BasisPoints::get),
    };
    // Without a published LPR spreads are only compared with each other, behind every known rate.
    let nominal = |rate: BasisPoints| base.unwrap_or(UNKNOWN).saturating_add(rate.get());
    let yearly = match base {
        None => nominal(terms.rate.min()),
        Some(_) => yearly_cost(need, product, nominal(terms.rate.min())).unwrap_or(UNKNOWN),
    };
    let made_for = [
        !terms.parks.is_empty(),
        !terms.any_qualification.is_empty(),
        !terms.sizes.is_empty(),
        terms.lowest_grade.is_some(),
    ];
    Rank {
        yearly,
        highest: nominal(terms.rate.max()),
        made_for: Reverse(made_for.into_iter().filter(|restricted| *restricted).count()),
        headroom: Reverse(terms.amount.max().get().saturating_sub(need.amount.get())),
        id: product.product_id,
    }
}

/// IRR × 12 of the need's amount over its term, repaid in the cheapest way that both accept, with the product's fees.
fn yearly_cost(need: &Need, product: &Published, nominal: i32) -> Option<i32> {
    let conditions = &product.terms.conditions;
    let method = cheapest(product.terms.repayment, need.repayment)?;
    let annual_rate = BasisPoints::new(nominal.max(0));
    // Paid month by month without fees, what it costs is its rate: thousands of products need no search for it.
    if conditions.fees.is_empty() && method != RepaymentMethod::Bullet {
        return Some(conditions.basis.over_a_year(annual_rate, method).get());
    }
    let fees = total(&conditions.fees, need.amount)?;
    let terms = Terms { principal: need.amount, annual_rate, term: need.term, method };
    Paid::by_months(&terms, conditions.basis)?.yearly(need.amount.checked_sub(fees)?).map(BasisPoints::get)
}
