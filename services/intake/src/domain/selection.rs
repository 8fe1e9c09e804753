//! The enterprise's choice (选择确认书, D16) and the bank's approval of it (授信批复, D17): what may be chosen, what may
//! be approved.

use chrono::{DateTime, Utc};
use kernel::{BasisPoints, EnhancementMode, Fen, InstitutionRole, LegId, Months, leg::LegState};
use serde::{Deserialize, Serialize};

use super::{
    compare::{calls_for_cover, fits},
    cover::CoverOption,
    decide::Refusal,
    leg::Leg,
    offer::Offer,
};

/// What was chosen, and how far it is bound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub bank: LegId,
    /// A leg of insurance.
    pub cover: Option<LegId>,
    pub evaluator: Option<LegId>,
    pub selected_at: DateTime<Utc>,
    /// None while the calendar of that year is missing.
    pub approve_by: Option<DateTime<Utc>>,
    /// The insurer has issued, the guarantor has signed.
    pub cover_bound: bool,
    /// Cover was refused after the bank's approval: a person must act. It never comes back, since a leg ends once.
    #[serde(default)]
    pub cover_lost: bool,
    /// Of the chosen offer.
    pub amount: Fen,
    pub term: Months,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The bank's own number.
    pub number: String,
    pub amount: Fen,
    pub term: Months,
    pub rate: BasisPoints,
    pub approved_at: DateTime<Utc>,
}

impl Approval {
    /// Whether this is no approval of `offer`: neither amount nor rate may be above what was chosen, nor the term longer,
    /// since the cover that was chosen with it need not last longer.
    pub fn exceeds(&self, offer: &Offer) -> bool {
        self.amount > offer.amount || self.rate > offer.rate || self.term > offer.term
    }
}

/// What a selection names, as far as it was found.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    pub bank: Option<(&'a Leg, &'a Offer)>,
    /// None: no cover was named; `Some(None)`: what was named is none of this round's.
    pub cover: Option<Option<&'a CoverOption>>,
    /// Likewise.
    pub evaluator: Option<Option<&'a Leg>>,
}

/// Whether these may be chosen together in `round` at `now`; the bank's offer then.
///
/// # Errors
/// The first refusal, in the order bank, cover, evaluator.
pub fn check<'a>(named: Named<'a>, round: u8, now: DateTime<Utc>) -> Result<&'a Offer, Refusal> {
    let (bank, offer) = named.bank.ok_or(Refusal::OfferNotStanding { field: "bank_leg_id" })?;
    if bank.round != round || !bank.is_offer_at(now) {
        return Err(Refusal::OfferNotStanding { field: "bank_leg_id" });
    }
    match (calls_for_cover(offer.enhancement), named.cover) {
        (true, None) => return Err(Refusal::CoverRequired),
        (false, Some(_)) => return Err(Refusal::CoverNotCalledFor),
        (true, Some(None)) => return Err(Refusal::OfferNotStanding { field: "cover_leg_id" }),
        (true, Some(Some(cover))) if !cover.stands_at(now) => {
            return Err(Refusal::OfferNotStanding { field: "cover_leg_id" });
        }
        (true, Some(Some(cover))) if !fits(cover, offer) => return Err(Refusal::CoverTooSmall),
        (true, Some(Some(_))) | (false, None) => {}
    }
    match named.evaluator {
        Some(Some(leg)) if is_usable_evaluator(leg, now) => {}
        Some(_) => return Err(Refusal::OfferNotStanding { field: "evaluator_leg_id" }),
        None => {}
    }
    Ok(offer)
}

/// A quote of any round of the case that stands; one that was engaged before stays usable, whatever its quote's time.
fn is_usable_evaluator(leg: &Leg, now: DateTime<Utc>) -> bool {
    leg.role == InstitutionRole::Evaluator
        && match leg.state {
            LegState::Offered { .. } => leg.is_valid_at(now),
            LegState::Confirmed { .. } | LegState::Fulfilled { .. } => true,
            LegState::Created
            | LegState::Received
            | LegState::Reviewing
            | LegState::InfoRequested
            | LegState::Declined { .. }
            | LegState::TimedOut
            | LegState::Expired { .. }
            | LegState::WithdrawnByInstitution { .. }
            | LegState::Selected { .. }
            | LegState::Released
            | LegState::Breached { .. } => false,
        }
}

/// What insurance is asked for: kinds, largest amount, longest term; never which bank, or how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverNeed {
    /// In the order of the code table.
    pub kinds: Vec<EnhancementMode>,
    pub amount: Fen,
    pub term: Months,
}

impl CoverNeed {
    /// What the standing offers of `round` call for; None where none does.
    pub fn of<'a>(legs: impl IntoIterator<Item = &'a Leg>, round: u8) -> Option<Self> {
        let called: Vec<_> = legs
            .into_iter()
            .filter(|leg| leg.round == round && leg.is_offered())
            .filter_map(|leg| leg.standing.and_then(|standing| standing.loan))
            .filter(|loan| calls_for_cover(loan.enhancement))
            .collect();
        Some(Self {
            kinds: EnhancementMode::ALL
                .iter()
                .copied()
                .filter(|mode| called.iter().any(|loan| loan.enhancement == *mode))
                .collect(),
            amount: called.iter().map(|loan| loan.amount).max()?,
            term: called.iter().map(|loan| loan.term).max()?,
        })
    }

    /// What an application may come to call for; None where it accepts no cover. An empty list accepts any.
    pub fn at_once(accepted: &[EnhancementMode], amount: Fen, term: Months) -> Option<Self> {
        let kinds: Vec<EnhancementMode> = EnhancementMode::ALL
            .iter()
            .copied()
            .filter(|mode| calls_for_cover(*mode))
            .filter(|mode| accepted.is_empty() || accepted.contains(mode))
            .collect();
        (!kinds.is_empty()).then_some(Self { kinds, amount, term })
    }
}
