//! What an offer costs all in (综合成本, domain.md §4.2), and with which cover it can be taken.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{
    BasisPoints, EnhancementMode, Fen, LegId,
    cover::cost as cover_cost,
    loan::{
        self,
        dated::{self, Cycle, Dated, InterestBasis, Period, Settlement},
    },
};

use super::{
    cover::CoverOption,
    offer::Offer,
    subsidy::{Paid, Subsidies},
};

/// Whether a loan of this kind needs an insurer or a guarantor.
pub fn calls_for_cover(mode: EnhancementMode) -> bool {
    match mode {
        EnhancementMode::IpSuretyIns | EnhancementMode::IpCreditIns | EnhancementMode::IpGuarantee => true,
        EnhancementMode::IpOnly
        | EnhancementMode::IpPersonal
        | EnhancementMode::IpMixed
        | EnhancementMode::IpPool => false,
    }
}

/// Whether this cover is of the kind that the offer calls for, and large and long enough.
pub fn fits(cover: &CoverOption, offer: &Offer) -> bool {
    cover.kind == offer.enhancement && cover.amount >= offer.amount && cover.max_term >= offer.term
}

/// How a product counts interest (计息方式, domain.md §4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conventions {
    /// For interest by the day.
    pub basis: InterestBasis,
    /// 结息日, within `kernel::loan::dated::SETTLE_DAYS`; interest is settled quarterly.
    pub settle_day: u8,
}

impl Default for Conventions {
    /// What banks do unless agreed otherwise.
    fn default() -> Self {
        Self { basis: InterestBasis::Actual360, settle_day: 20 }
    }
}

/// What all offers of a comparison stand on.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    pub now: DateTime<Utc>,
    /// On which every loan is taken to be paid out: the same for all, or days would decide.
    pub from: NaiveDate,
    /// Fee of the cheapest valuation.
    pub valuation: Fen,
    pub covers: &'a [CoverOption],
    pub subsidies: &'a Subsidies,
}

/// What a loan costs all in, over the whole term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    pub interest: Fen,
    /// The bank's.
    pub fees: Fen,
    pub cover: Fen,
    pub valuation: Fen,
    pub total: Fen,
    /// IRR × 12 over the net cash flows; None where nothing is left of the loan.
    pub apr: Option<BasisPoints>,
    /// The second figure: less what the zone is expected to give back.
    pub net: Net,
    pub first_payment: Fen,
    pub largest_payment: Fen,
}

/// What is left of a cost when the expected subsidies have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Net {
    pub subsidies: Fen,
    pub total: Fen,
    /// As [`Cost::apr`]; the subsidies come with the last payment, because they are for who has paid (domain.md §6).
    pub apr: Option<BasisPoints>,
}

/// One way to take an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// None: without cover.
    pub cover: Option<LegId>,
    pub cost: Cost,
}

/// An offer with every way to take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The cheapest way's; without cover where none fits.
    pub cost: Cost,
    /// Cheapest first.
    pub ways: Vec<Way>,
    /// Cover is called for and none fits.
    pub cover_missing: bool,
}

/// What `offer` costs by every cover that fits, of a product that counts interest so.
pub fn compare(offer: &Offer, conventions: Conventions, ground: &Ground<'_>) -> Compared {
    let terms = loan::Terms {
        principal: offer.amount,
        annual_rate: offer.rate,
        term: offer.term,
        method: offer.repayment,
    };
    let settle = Settlement { day: conventions.settle_day, cycle: Cycle::Quarterly };
    let loan = Dated { terms, from: ground.from, basis: conventions.basis, settle };
    // Terms and amounts are bounded: only a day at the calendar's end has no plan, and a loan without one no rate.
    let plan = dated::plan(&loan, &[]).unwrap_or_default();
    let needs_cover = calls_for_cover(offer.enhancement);
    let bare = cost(offer, &plan, Fen::ZERO, ground);
    let mut ways: Vec<Way> = if needs_cover {
        ground
            .covers
            .iter()
            .filter(|cover| cover.stands_at(ground.now) && fits(cover, offer))
            .filter_map(|cover| {
                let price = cover_cost(offer.amount, cover.coverage, cover.rate, offer.term, cover.min_cost)?;
                Some(Way { cover: Some(cover.leg), cost: cost(offer, &plan, price, ground) })
            })
            .collect()
    } else {
        vec![Way { cover: None, cost: bare }]
    };
    ways.sort_by_key(|way| (way.cost.order(), way.cover.map(|leg| leg.uuid())));
    Compared {
        cost: ways.first().map_or(bare, |way| way.cost),
        cover_missing: needs_cover && ways.is_empty(),
        ways,
    }
}

fn cost(offer: &Offer, plan: &[Period], cover: Fen, ground: &Ground<'_>) -> Cost {
    let sum = |amounts: &[Fen]| {
        // Terms and amounts are bounded: their sums are far from 64 bits.
        Fen::checked_sum(amounts.iter().copied()).unwrap_or(Fen::new(i64::MAX))
    };
    let less = |from: Fen, what: Fen| from.checked_sub(what).unwrap_or(Fen::ZERO);
    let mut payments: Vec<(NaiveDate, Fen)> =
        plan.iter().map(|one| (one.to, sum(&[one.principal, one.interest]))).collect();
    let first_payment = payments.first().map_or(Fen::ZERO, |(_, fen)| *fen);
    let largest_payment = payments.iter().map(|(_, fen)| *fen).max().unwrap_or(Fen::ZERO);
    let interest = sum(&plan.iter().map(|one| one.interest).collect::<Vec<_>>());
    let valuation = ground.valuation;
    let before = sum(&[offer.fees, cover, valuation]);
    let received = less(offer.amount, before);
    let total = sum(&[interest, before]);
    let apr = dated::apr(ground.from, received, &payments);

    let subsidies = ground.subsidies.expected(ground.from, &Paid { interest, valuation, cover });
    if let Some((_, last)) = payments.last_mut() {
        *last = less(*last, subsidies);
    }
    let net_apr = dated::apr(ground.from, received, &payments);
    let net = Net { subsidies, total: less(total, subsidies), apr: net_apr };
    Cost { interest, fees: offer.fees, cover, valuation, total, apr, net, first_payment, largest_payment }
}

impl Cost {
    /// Cheapest first: by the yearly rate all in before subsidies, which nobody has been promised, then by the sum; what
    /// has no rate is dearest.
    pub fn order(&self) -> (i32, i64) {
        (self.apr.map_or(i32::MAX, BasisPoints::get), self.total.get())
    }
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
